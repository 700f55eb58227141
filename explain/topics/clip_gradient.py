"""Gradient clipping: by the norm of all gradients together, or entry by entry."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.names import word
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Node, Symbol, Textbook
from explain.engine.nodes.extremes import Larger
from explain.engine.nodes.reductions import total
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import show, tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

NORM = Word("‖g‖", r"\lVert g \rVert", key="norm")
AFTER = Word("‖ĝ‖", r"\lVert \hat{g} \rVert", key="norm_new")
EPSILON = 1e-6  # that PyTorch adds to the norm
LISTED = 6  # entries that are written into a sentence


@topic
def clip_gradient(
    g: Annotated[tuple[Matrix, ...], "a gradient: 3,4 or a matrix 1,2;3,4; again for each further parameter"],
    beta: Annotated[Scalar, "threshold: the largest norm, or the largest size of an entry"],
    by: Annotated[Literal["norm", "value"], "norm: all gradients scaled together; value: each entry cut off"] = "norm",
) -> Answer:
    """Gradient clipping by norm or by value.

    By norm: if the length of the gradient is above β, it is scaled down to length β, and its direction stays. Several
    gradients share one length, that of all their entries together. By value: each entry is cut off at -β and β, which
    changes the direction too. Shapes: a gradient stays as it is, a vector is a column (n×1).

    Field: Optimisers

    Source: Pascanu, Mikolov and Bengio 2013, On the difficulty of training recurrent neural networks, algorithm 1;
    Goodfellow et al. 2016, Deep Learning, section 10.11.1 (eqs. 10.48 and 10.49)

    Examples:
        explain clip-gradient --g 3,4 --beta 1
        explain clip-gradient --g 3,4 --g "1,2;-2,0.5" --beta 5
        explain clip-gradient --g 3,-0.5,0.2 --beta 1 --by value

    Raises:
        InputError: a threshold that is not above 0.
    """
    if beta.array <= 0:
        raise InputError(f"{{beta}} is {beta.text(())}: a threshold is above 0; for no clipping give a large one")
    sheet = Worksheet(f"Gradient clipping by {by}", clip_gradient.source)
    gradients = _given(sheet, g)
    threshold = sheet.given("beta", beta, "threshold", option="beta")
    told = "" if len(g) == 1 else "; g without a number is all gradients together, as one long vector"
    sheet.convention("{after} is the gradient after clipping" + told, after=word("ghat"))
    work = _by_norm if by == "norm" else _by_value
    return sheet.answer(*work(sheet, gradients, threshold))


def _given(sheet: Worksheet, all_given: tuple[Matrix, ...]) -> list[Symbol]:
    """Every gradient, a vector as a column and a single number as itself."""
    found = []
    for at, given in enumerate(all_given, 1):
        values: Values = given
        if len(given) == 1:
            values = given.reshape(())
        elif len(given.shape) == 1:
            values = given.reshape((len(given), 1))
        name, of = ("g", "gradient of the loss") if len(all_given) == 1 else (f"g_{at}", f"gradient at parameter {at}")
        found.append(sheet.given(name, values, of, option="g"))
    return found


def _after(gradient: Symbol) -> str:
    """The name of a gradient after clipping: ĝ."""
    return gradient.name.replace("g", "ghat", 1)


def _norm(sheet: Worksheet, gradients: list[Symbol], name: str, written: Word, told: str) -> Symbol:
    """The root of the sum of the squares of all entries."""
    squares = [total(gradient**2) for gradient in gradients]
    sum_of: Node = squares[0]
    for each in squares[1:]:
        sum_of = sum_of + each
    why = "the root of the sum of the squares of all entries"
    if len(gradients) > 1:
        why += f" of all {len(gradients)} gradients, as if they were one long vector"
    length = Textbook(sqrt(sum_of), gradients, _length)  # squares would leave double precision before their root does
    return sheet.define(name, length, told, why, written=written)


def _length(*arrays: Array) -> Array:
    import numpy as np

    return np.asarray(math.hypot(*(float(entry) for array in arrays for entry in np.ravel(array))))


def _by_norm(sheet: Worksheet, gradients: list[Symbol], beta: Symbol) -> list[Symbol]:
    several = len(gradients) > 1
    sheet.convention(
        "the norm is the Euclidean one"
        + (", of all gradients together as torch.nn.utils.clip_grad_norm_ has it" if several else "")
        + "; where it is not above {b}, nothing changes",
        b=beta,
    )
    sheet.part("Length of the gradient")
    norm = _norm(sheet, gradients, "norm", NORM, "Norm of the gradient")
    length, most = float(sheet.values["norm"]), float(sheet.values["beta"])
    clipped = length > most
    relation = f"{tidy(length)} > {tidy(most)}" if clipped else f"{tidy(length)} ≤ {tidy(most)}"
    sheet.remark(
        norm,
        say(f"{relation}: it is longer than {{b}} allows, and is clipped" if clipped
            else f"{relation}: no longer than {{b}}, so nothing is clipped", b=beta),
    )  # fmt: skip
    sheet.part("Clipping")
    results = _scaled(sheet, gradients, beta, norm) if clipped else _kept(sheet, gradients, norm, beta)
    _pytorch(sheet, length, most)
    _other_way(sheet, gradients, most)
    return [norm, *results]


def _scaled(sheet: Worksheet, gradients: list[Symbol], beta: Symbol, norm: Symbol) -> list[Symbol]:
    factor = sheet.define(
        "c", beta / norm, "Factor", say("below 1; it brings the length from {n} to {b}", n=norm, b=beta)
    )
    why = "every entry of {g} times the same {c}: the length changes, the direction does not"
    if len(gradients) > 1:
        why = "every entry times {c}, which all gradients share: the length changes, the direction does not"
    found = [
        sheet.define(
            _after(gradient), factor * gradient, say("{g} after clipping", g=gradient),
            say("the same {c}, so that the proportions of the gradients stay too" if at else why, g=gradient,
                c=factor),
        )
        for at, gradient in enumerate(gradients)
    ]  # fmt: skip
    again = math.hypot(*(float(x) for symbol in found for x in sheet.values[symbol.name].flat))
    most = float(sheet.values["beta"])
    sheet.check(
        math.isclose(again, most, rel_tol=1e-9), found,
        say(f"the entries after clipping have the norm {tidy(again)}, which is {{b}}", b=beta),
    )  # fmt: skip
    return found


def _kept(sheet: Worksheet, gradients: list[Symbol], norm: Symbol, beta: Symbol) -> list[Symbol]:
    found = [
        sheet.define(
            _after(gradient), gradient, say("{g} after clipping", g=gradient),
            say("{n} is not above {b}: {g} stays as it is", n=norm, b=beta, g=gradient),
        )
        for gradient in gradients
    ]  # fmt: skip
    again = math.hypot(*(float(x) for symbol in found for x in sheet.values[symbol.name].flat))
    sheet.check(
        again <= float(sheet.values["beta"]) * (1 + 1e-12), [norm, *found],
        say(f"the entries after clipping have the norm {tidy(again)}, not above {{b}}", b=beta),
    )  # fmt: skip
    return found


def _pytorch(sheet: Worksheet, length: float, most: float) -> None:
    """PyTorch adds a little to the norm."""
    if length <= most:
        return
    less = show(EPSILON / (length + EPSILON)).text
    sheet.convention(
        "{n} itself is divided by; clip_grad_norm_ of PyTorch adds 10⁻⁶ to it, so that its factor is smaller by a "
        f"fraction of {less}",
        n=NORM,
    )


def _other_way(sheet: Worksheet, gradients: list[Symbol], most: float) -> None:
    """What clipping by value would give, where it fits a line."""
    entries = [float(x) for gradient in gradients for x in sheet.values[gradient.name].flat]
    if len(entries) <= LISTED:
        cut = ", ".join(tidy(min(max(x, -most), most)) for x in entries)
        same = all(abs(x) <= most for x in entries)
        told = "clipped by value instead, with the same threshold, "
        sheet.convention(told + ("no entry would change" if same else f"the entries would be {cut}"))


def _by_value(sheet: Worksheet, gradients: list[Symbol], beta: Symbol) -> list[Symbol]:
    sheet.convention(
        "each entry by itself is cut off at -{b} and {b}, as torch.nn.utils.clip_grad_value_ has it", b=beta
    )
    sheet.part("Clipping")
    most = float(sheet.values["beta"])
    found = []
    for gradient in gradients:
        values = sheet.values[gradient.name]
        cut = int((abs(values) > most).sum())
        found.append(
            sheet.define(
                _after(gradient), Larger(Larger(gradient, -beta), beta, largest=False),
                say("{g} after clipping", g=gradient),
                say("what is below -{b} becomes -{b}, what is above {b} becomes {b}, the rest of {g} stays",
                    b=beta, g=gradient),
                note=say(f"{cut} of {values.size} entries cut off" if values.size > 1 else
                         "it is cut off" if cut else "it is not cut off"),
            )
        )  # fmt: skip
    largest = max(float(abs(sheet.values[symbol.name]).max()) for symbol in found)
    again = all(_cut(sheet, gradient, most) for gradient in gradients)
    sheet.check(
        again and largest <= most, found,
        say(f"no entry is larger in size than {{b}}, the largest is {tidy(largest)}; none changed its sign", b=beta),
    )  # fmt: skip
    return [*found, *_direction(sheet, gradients, found)]


def _cut(sheet: Worksheet, gradient: Symbol, most: float) -> bool:
    """Each entry is itself, or the threshold with the entry's sign."""
    before, after = sheet.values[gradient.name], sheet.values[_after(gradient)]
    return all(
        new == old if abs(old) <= most else new == math.copysign(most, old)
        for old, new in zip(before.flat, after.flat, strict=True)
    )


def _direction(sheet: Worksheet, before: list[Symbol], after: list[Symbol]) -> list[Symbol]:
    """Lengths and the cosine of the angle between both, where there is a direction."""
    if not any(sheet.values[symbol.name].any() for symbol in before):
        return []
    sheet.part("What happens to the direction")
    first = _norm(sheet, before, "norm", NORM, "Norm before")
    second = _norm(sheet, after, "norm_new", AFTER, "Norm after")
    inner: Node = total(before[0] * after[0])
    for old, new in zip(before[1:], after[1:], strict=True):
        inner = inner + total(old * new)
    cosine = sheet.define(
        "cos", inner / (first * second), "Cosine of the angle between both",
        say("the products of the entries before and after, added, divided by both lengths: 1 for the same direction"),
        written=Word("cos φ", r"\cos \varphi", key="cos"),
    )  # fmt: skip
    value = min(1.0, float(sheet.values["cos"]))
    degrees = math.degrees(math.acos(value))
    same = value > 1 - 1e-15 or math.isclose(value, 1, rel_tol=1e-14)
    sheet.remark(
        cosine,
        say("the same direction as before" if same else
            f"the direction turns by {tidy(degrees)}°: large entries lose more than small ones. Clipping by norm would "
            "keep it"),
    )  # fmt: skip
    return [cosine]
