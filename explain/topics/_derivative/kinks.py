"""Points at which a function has a kink: the slopes on both sides, and what the value there is worth.

The value at a kink is a convention: 0 for |t| and ReLU, 0.01 for leaky ReLU, as PyTorch has it. It is used in deep
learning, so it is printed; that it is no derivative is said beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.checks import KINKED
from explain.engine.evaluate import evaluate, symbols
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.errors import InputError

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

BESIDE = 1e-6  # of the size of a number: how far beside a kink is looked
CRUMB = 1e-13  # what floats leave of terms that cancel
AT_KINK = {"relu": "0", "abs": "0", "leaky-relu": "0.01"}  # as in PyTorch


class Sides(NamedTuple):
    """What is seen on both sides of a kink: slopes by difference quotients and by the formula, and the values."""

    kink: Apply
    quotients: tuple[float, float]
    slopes: tuple[float, float]
    values: tuple[float, float]

    @property
    def agreed(self) -> bool:
        """Whether the formula of the derivative has the slopes that were seen."""
        return all(map(_near, self.quotients, self.slopes))

    @property
    def jumps(self) -> bool:
        """Whether what is differentiated jumps at the point."""
        return not _near(*self.values)


def kink(whole: Node, wrt: str, values: Mapping[str, Array]) -> Apply | None:
    """The first function that stands at its kink and is moved over it by a variable; None where there is none.

    Raises:
        InputError: it stands so close to its kink that rounding decides the side.
    """
    if isinstance(whole, Apply) and whole.function.name in KINKED and wrt in symbols(whole):
        inside = float(evaluate(whole.operands[0], values))
        if abs(inside) <= CRUMB * _largest(whole.operands[0], values):
            if inside:
                raise InputError(
                    f"{{at}} puts {whole.function.name} at its kink but for an error of rounding: the "
                    "side cannot be told; choose another point, or numbers that add up without rounding, such as 0.25"
                )
            return whole
    found = (kink(operand, wrt, values) for operand in whole.operands)
    return next((one for one in found if one is not None), None)


def sides(at: Apply, before: Node, form: Node, wrt: str, values: Mapping[str, Array]) -> Sides:
    """Both sides of a kink; `form` is said to be the derivative of `before`."""
    import numpy as np

    place = float(values[wrt])
    h = BESIDE * max(1.0, abs(place))

    def found(node: Node, steps: int) -> float:
        return float(evaluate(node, {**values, wrt: np.asarray(place + steps * h)}))

    with np.errstate(all="ignore"):
        below, above = ((found(before, 3 * way) - found(before, way)) / (2 * h * way) for way in (-1, 1))
        return Sides(
            at, (below, above), (found(form, -2), found(form, 2)), (found(before, -1), found(before, 1))
        )  # fmt: skip


def told(seen: Sides, value: float, top: Symbol, wrt: Symbol) -> Prose:
    """What the value at the kink is worth; nothing where the derivative exists and is the value.

    Raises:
        InputError: the derivative exists, and is not what the conventions at the kinks add up to.
    """
    (left, right), (low, high) = seen.slopes, seen.values
    parts: dict[str, Any] = {"k": seen.kink, "t": seen.kink.operands[0], "f": top, "w": wrt}
    kinked = "{k} stands at its kink, {t} = 0"
    if seen.jumps:
        return say(
            f"no derivative: {kinked}, and {{f}} jumps there from {_short(low)} to {_short(high)}; {tidy(value)} is "
            "the value that the formula of the two sides gives",
            **parts,
        )
    if not _near(left, right):
        return say(
            f"not differentiable here: {kinked}, and {{f}} has the slope {_short(left)} before it and {_short(right)} "
            f"after it; {tidy(value)} is the value that PyTorch takes, a convention",
            **parts,
        )
    if not _near(left, value):
        raise InputError(
            f"{{at}} puts {seen.kink.function.name} at its kink, where no rule holds: the rules come to {tidy(value)}, "
            f"but the slope is {_short(left)} on both sides; write the formula without the kink, or choose another "
            "point"
        )
    return ()


def checked(seen: Sides, top: Symbol, wrt: Symbol, result: Symbol) -> Prose:
    """What the check says."""
    below, above = map(_short, seen.quotients)
    return say(
        f"difference quotients beside the kink: {{f}} changes in {{w}} with slope {below} before it and {above} after "
        "it, " + ("as the formula of {d} has it there" if seen.agreed else "but the formula of {d} differs"),
        f=top, w=wrt, d=result,
    )  # fmt: skip


def _largest(node: Node, values: Mapping[str, Array]) -> float:
    """The largest number on the way to a value."""
    own = abs(float(evaluate(node, values)))
    return max([own, *(_largest(operand, values) for operand in node.operands)])


def _near(first: float, second: float) -> bool:
    return abs(first - second) <= 1e-4 * max(1.0, abs(second))


def _short(value: float) -> str:
    """A slope beside the point, to four digits: a difference quotient has no more."""
    return tidy(float(f"{value:.4g}") if abs(value) > 100 * BESIDE else 0.0)
