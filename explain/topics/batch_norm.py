"""Batch normalisation: forward and backward, training and inference."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.maps import Maps
from explain.parameters import Matrix, Scalar
from explain.topics._norms.checks import check_in_one, check_normal, check_scaled
from explain.topics._norms.input import Input, give_epsilon, give_input, give_scale, give_upstream, read_input
from explain.topics._norms.normalised import Shared, backward, normalise, scale_and_shift
from explain.topics._norms.running import (
    NAMES,
    check_linear,
    fold,
    give_averages,
    give_momentum,
    normalise_by_averages,
    update,
)
from explain.topics._norms.words import say_pairs, say_slices

OVER = "NHWL"  # the axes of a mean: all but the features or channels
EPSILON = {
    "pytorch": ("1e-5", "as in PyTorch; Keras takes 1×10⁻³"),
    "keras": ("1e-3", "as in Keras; PyTorch takes 1×10⁻⁵"),
}


@topic
def batch_norm(
    X: Annotated[Maps, "input: one example a row, or feature maps C×H×W or N×C×H×W"],
    gamma: Annotated[Matrix | None, "scale γ, one number a feature or channel; default 1"] = None,
    beta: Annotated[Matrix | None, "shift β, one number a feature or channel; default 0"] = None,
    eps: Annotated[Scalar | None, "ε under the root; default 1e-5, with --framework keras 1e-3"] = None,
    mode: Annotated[Literal["training", "inference"], "inference: normalise by the running averages"] = "training",
    framework: Annotated[Literal["pytorch", "keras"], "whose ε, momentum and running variance"] = "pytorch",
    running_mean: Annotated[Matrix | None, "running mean so far, one number a feature or channel"] = None,
    running_var: Annotated[Matrix | None, "running variance so far, one number a feature or channel"] = None,
    momentum: Annotated[Scalar | None, "PyTorch: weight of the new batch, 0.1; Keras: of what was there, 0.99"] = None,
    layout: Annotated[Literal["CHW", "NCL"], "what three axes are: one example's maps, or sequences"] = "CHW",
    dY: Annotated[Maps | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Batch normalisation: mean and variance of each feature over the batch.

    In training each feature (each channel of feature maps) is normalised by the mean and variance of the batch, scaled
    by γ and shifted by β; the running averages are updated. In inference the running averages are used, and the layer
    is one scale and one shift.

    Field: Regularisation and normalisation

    Source: Ioffe and Szegedy 2015, Batch Normalization, algorithms 1 and 2; gradients: section 3

    Examples:
        explain batch-norm --X "1,2;3,6;5,7"
        explain batch-norm --X "1,2;3,6;5,7" --gamma 1,2 --beta 0,1 --dY "1,0;0,1;2,-1"
        explain batch-norm --X "1,2;3,4 | 0,1;1,2" --gamma 2,0.5
        explain batch-norm --X "1,2;3,6" --mode inference --running-mean 2,3 --running-var 4,1 --dY "1,0;0,1"
        explain batch-norm --X "1,2;3,4 | 0,1;1,2" --layout NCL --framework keras --momentum 0.9 --eps 0.01

    Raises:
        InputError: γ, β or running averages of another length, a batch with one number for each mean, a negative ε.
    """
    sheet = Worksheet(f"Batch normalisation, {mode}", batch_norm.source)
    found = read_input(X, layout)
    each = "feature" if found.letters == "ND" else "channel"
    shared = Shared(found.along(OVER), found.counted(OVER), each)
    _check_mode(mode, found, shared, momentum, {NAMES[0]: running_mean, NAMES[1]: running_var})
    given = give_input(sheet, found)
    scale = give_scale(sheet, found, OVER, gamma, beta)
    epsilon = give_epsilon(sheet, eps, *EPSILON[framework])
    running = give_averages(sheet, shared.along, each, (running_mean, running_var))
    alpha = give_momentum(sheet, momentum, framework) if mode == "training" else None
    upstream = give_upstream(sheet, dY, found)
    if alpha is not None or upstream is not None:
        say_slices(sheet, given, shared.along)
    statistics = ("mu_run", "sigma2_run") if alpha is None else ("mu", "sigma2")
    say_pairs(sheet, given, shared.along, statistics, scale)
    sheet.part("Forward pass")
    if alpha is None:
        normal = normalise_by_averages(sheet, given, running, epsilon, each)
        Y = scale_and_shift(sheet, normal, scale)
        results = [Y, *fold(sheet, given, Y, scale, running, epsilon)]
        if upstream is not None:
            results += backward(sheet, given, Y, scale, upstream)
            check_linear(sheet, running, given, upstream)
        return sheet.answer(*results)
    worked = normalise(sheet, given, shared, epsilon)
    Y = scale_and_shift(sheet, worked.normal, scale)
    check_normal(sheet, worked, epsilon)
    check_scaled(sheet, worked, Y, scale, epsilon)
    results = [Y, *update(sheet, worked, running, alpha, framework)]
    if upstream is not None:
        results += backward(sheet, given, Y, scale, upstream, worked)
        check_in_one(sheet, worked, given)
    return sheet.answer(*results)


def _check_mode(mode: str, found: Input, shared: Shared, momentum: Scalar | None, running: dict[str, object]) -> None:
    """What a mode needs, and what has no meaning in it."""
    missing = [f"{{{name}}}" for name, values in running.items() if values is None]
    if mode == "inference" and missing:
        raise InputError(
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing: in {{mode}} inference the "
            f"running averages take the place of the batch's; give {amount(shared.means, 'number')} each, one a "
            f"{shared.each}"
        )
    if mode == "inference" and momentum is not None:
        raise InputError("{momentum} has no meaning in {mode} inference, where nothing is updated: leave it out")
    if mode == "training" and len(found.values) == shared.means:
        raise InputError(
            f"{{X}} has one number for each {shared.each}, which is its own mean and has no variance: in training give "
            "at least 2 examples (rows), or choose {mode} inference"
        )
