"""Running averages of batch normalisation: how training updates them, how inference uses them.

Source: Ioffe and Szegedy 2015, Batch Normalization, section 3.1 and algorithm 2.
"""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.nodes.along import Along
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.over import stretched
from explain.engine.nodes.standard import OverRoot, Ratio
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Scalar
from explain.topics._norms.input import Scale, fitting, refuse_flat
from explain.topics._norms.normalised import Normalised

NAMES = ("running_mean", "running_var")
MOMENTUM = {"pytorch": "0.1", "keras": "0.99"}
WEIGHTS = {
    "pytorch": "momentum: how much the new batch counts (PyTorch; Keras gives the weight of what was there)",
    "keras": "momentum: how much of what was there is kept (Keras; PyTorch gives the weight of the new batch)",
}


class Averages(NamedTuple):
    """Running mean and variance, one number of each for each feature or channel."""

    mean: Symbol
    variance: Symbol
    along: Along


def give_averages(sheet: Worksheet, along: Along, each: str, typed: tuple[Values | None, Values | None]) -> Averages:
    """The running averages so far; mean 0 and variance 1 before the first batch."""
    symbols = []
    for option, name, values, usual, what in (
        (NAMES[0], "mu_run", typed[0], "0", "mean"),
        (NAMES[1], "sigma2_run", typed[1], "1", "variance"),
    ):
        numbers = fitting(option, values, along, each, usual)
        if what == "variance" and float(numbers.array.min()) < 0:
            raise InputError(
                f"{{{option}}} has the negative number {float(numbers.array.min()):g}: a variance is a mean of "
                "squares; give 0 or more"
            )
        symbols.append(sheet.given(name, numbers, f"running {what} of each {each} so far", option=option))
        if values is None:
            sheet.convention(f"{{s}} is {usual} everywhere (default: before the first batch)", s=symbols[-1])
    return Averages(symbols[0], symbols[1], along)


def give_momentum(sheet: Worksheet, momentum: Scalar | None, framework: str) -> Symbol:
    """The weight of a running average, between 0 and 1."""
    if momentum is not None and not 0 <= momentum.exact(()) <= 1:
        raise InputError(f"{{momentum}} is {momentum.text(())}: it is a share of an average and lies between 0 and 1")
    usual = MOMENTUM[framework]
    share = sheet.given("alpha", momentum or Values((), (usual,)), WEIGHTS[framework], option="momentum")
    if momentum is None:
        sheet.convention(
            f"{{a}} = {usual} (default: as in {'PyTorch' if framework == 'pytorch' else 'Keras'})", a=share
        )
    return share


def update(sheet: Worksheet, worked: Normalised, old: Averages, alpha: Symbol, framework: str) -> list[Symbol]:
    """Both averages after this batch."""
    assert worked.mean is not None
    sheet.part("Running averages, for inference")
    kept, new = (1 - alpha, alpha) if framework == "pytorch" else (alpha, 1 - alpha)
    mean = sheet.define(
        "mu_new",
        kept * old.mean + new * worked.mean,
        "Running mean",
        say(
            "an exponential moving average over the batches, in which this one counts {n}: at inference there may be a "
            "single example, and its output must not depend on its neighbours",
            n=new,
        ),
    )
    batch = worked.square
    if framework == "pytorch":
        batch = sheet.define(
            "sigma2_unbiased",
            worked.m / (worked.m - 1) * worked.square,
            "Variance for the running average",
            say(
                "the variance that inference needs is that of all data, which the batch only samples: divided by {n} "
                "in place of {m} it is right on average (unbiased); the batch itself was normalised by {v}",
                n=worked.m - 1, m=worked.m, v=worked.square,
            ),
        )  # fmt: skip
    text = "the same average of the variances" if framework == "pytorch" else (
        "the same average of the variances, the biased ones (Keras; PyTorch takes the unbiased ones)"
    )  # fmt: skip
    variance = sheet.define("sigma2_new", kept * old.variance + new * batch, "Running variance", text)
    return [mean, variance]


def normalise_by_averages(sheet: Worksheet, X: Symbol, old: Averages, epsilon: Symbol, each: str) -> Symbol:
    """X̂ of inference: mean and variance are constants."""
    refuse_flat(sheet, old.variance, each, "running variance")
    return sheet.define(
        "Xhat",
        OverRoot(X - stretched(old.mean, old.along), stretched(old.variance + epsilon, old.along)),
        "Normalised by the running averages",
        say(
            "the mean and variance of all batches in training take the place of those of this batch, so each example "
            "is worked by itself, and the averages stay as they are; {e} keeps the root away from 0",
            e=epsilon,
        ),
    )


def fold(sheet: Worksheet, X: Symbol, Y: Symbol, scale: Scale, old: Averages, epsilon: Symbol) -> list[Symbol]:
    """The whole layer as one scale and one shift, `Y = a X + c`; checked against Y."""
    import numpy as np

    from explain.engine.evaluate import evaluate

    assert scale.beta is not None
    sheet.part("Folded into one scale and one shift")
    factor = sheet.define(
        "a",
        Ratio(scale.gamma, sqrt(old.variance + epsilon)),
        "Scale",
        f"all that multiplies the numbers of one {scale.each}: it no longer depends on the input",
    )
    shift = sheet.define(
        "c",
        scale.beta - factor * old.mean,
        "Shift",
        say("all that is added; a linear layer or a convolution right before can take both in: its weights times {a}, "
            "its bias times {a} plus {c}",
            a=factor, c=Symbol("c")),
    )  # fmt: skip
    folded = stretched(factor, old.along) * X + stretched(shift, old.along)
    again, value = evaluate(folded, sheet.values), sheet.values[Y.name]
    size = max(1.0, *(float(np.abs(sheet.values[name]).max()) for name in ("a", "c", "X", "Y")))
    off = float(np.abs(again - value).max()) / size**2
    sheet.check(off < 1e-12, [Y, factor, shift], say("{f} gives the same {Y}, in one multiplication", f=folded, Y=Y))
    return [factor, shift]


def check_linear(sheet: Worksheet, old: Averages, X: Symbol, upstream: Symbol) -> None:
    """With constant mean and variance the layer is linear in X, and its slope is all that comes back."""
    import numpy as np

    from explain.engine.evaluate import evaluate

    gradient, factor = sheet.last(f"dL/d{X.name}"), sheet.last("a")
    sloped = upstream * stretched(factor, old.along)
    value = sheet.values[gradient.name]
    off = float(np.abs(evaluate(sloped, sheet.values) - value).max())
    text = "{Y} is linear in {X} with the slope {a}, the same for every example: {d} is {s}"
    parts = {"Y": Symbol("Y"), "X": X, "a": factor, "d": gradient, "s": sloped}
    sheet.check(off <= 1e-12 * max(1e-300, float(np.abs(value).max())), [gradient, factor], say(text, **parts))
