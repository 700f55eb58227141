"""Second routes: what confirms an answer without repeating its formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.answer import Answer, Check, Step
from explain.engine.evaluate import evaluate, largest_of
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.extremes import Extreme, Larger
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.pooling import MaxPool
from explain.engine.prose import say
from explain.engine.rounding import show, tidy

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array, Index
    from explain.engine.worksheet import Worksheet

CLOSE = 1e-9
MOST_BITS = 900  # of a number that is compared as a float
CANCELLED = 1e-4  # of what a number comes from; through three normalisations 1/√ε enlarges what rounding has left
KINKS = {
    "relu": (0.0,), "leaky-relu": (0.0,), "abs": (0.0,), "elu": (0.0,), "selu": (0.0,), "hard-sigmoid": (-3.0, 3.0),
    "hardtanh": (-1.0, 1.0), "relu6": (0.0, 6.0), "hard-swish": (-3.0, 3.0),
}  # fmt: skip
KINKED = tuple(KINKS)


def has_numbers(answer: Answer) -> bool:
    """Whether numbers stand in an answer that are more than coefficients of formulas: given ones, or a result."""
    if any(item.values is not None for item in answer.given) or all(step.value is not None for step in answer.steps):
        return True
    results = (answer[name] for name in answer.results)
    return any(step.value is not None and any(read in answer.values for read in step.reads) for step in results)


def sympy_check(answer: Answer) -> list[Check]:
    """The worked entry of every step, from the typed decimals by SymPy with 30 digits, against NumPy's value.

    Empty where no step has numbers, and where all that there are stand in front of letters.
    """
    if answer.checks and not has_numbers(answer):
        return []
    worked, left, largest, exact = 0, 0, 0.0, True
    sources = _sources(answer)
    for step in answer.shown_steps:
        if step.value is None:
            continue
        index = answer.worked_index(step)
        proven = answer.proof.entry(step.name, index)
        if proven is None or not (proven.is_Rational or proven.is_Float):  # not there, or infinite
            left += proven is None
            continue
        worked += 1
        exact = exact and bool(proven.is_Rational)
        largest = max(largest, _difference(step, index, proven, sources[step.name]))
    if not worked:
        return []
    scalars = all(step.value is None or step.value.size == 1 for step in answer.shown_steps)
    several = (
        f"each of the {worked} numbers that are worked"
        if scalars
        else f"one entry of each of {_of_all(worked, left)} steps with numbers"
    )
    alone = "the one step" if all(step.value is not None for step in answer.steps) else "the one step with a number"
    entries = alone if worked == 1 else several
    if exact and largest == 0:
        return [
            Check(say(f"SymPy, with exact fractions from the numbers as typed, gives the same for {entries}"), True)
        ]
    told = f"largest relative difference {show(largest).text}" if largest else "no difference in sixteen digits"
    text = f"SymPy, with 30 digits from the numbers as typed, gives the same for {entries}; {told}"
    return [Check(say(text), largest < CLOSE)]


def _of_all(worked: int, left: int) -> str:
    """How many steps are worked, and of how many where some come from too many numbers."""
    return f"{worked} of the {worked + left}" if left else f"the {worked}"


def _sources(answer: Answer) -> dict[str, float]:
    """The largest number that each step comes from, over any number of steps: what its rounding errors are made of."""
    found: dict[str, float] = {}
    for step in answer.shown_steps:
        read = (
            max(found.get(name, 0.0), largest_of(answer.values[name])) for name in step.reads if name in answer.values
        )
        found[step.name] = max(read, default=0.0)
    return found


def _difference(step: Step, index: Index, proven: Any, source: float) -> float:
    """How far NumPy's value is from SymPy's, relative to it; where terms cancel, relative to what they come from."""
    assert step.value is not None
    value = step.value[index]
    if value == 0 and abs(proven) < 1e-300:
        return 0.0  # too small for a float
    if not isinstance(value, int) and proven.is_Float and abs(proven._mpf_[2]) < MOST_BITS:
        exact = _as_fraction(proven)
        size, gap = float(abs(exact)), float(abs(exact - Fraction(float(value))))
    elif (
        not isinstance(value, int)
        and proven.is_Rational
        and max(proven.p.bit_length(), proven.q.bit_length()) < MOST_BITS
    ):
        size, gap = abs(proven.p / proven.q), abs(proven.p / proven.q - float(value))
    else:
        size, gap = abs(proven), abs(proven - (value if isinstance(value, int) else float(value)))
    scale = max(size, largest_of(step.value) / 1e3, CANCELLED * source)
    return float(gap / scale if scale else gap)


def _as_fraction(number: Any) -> Fraction:
    """A SymPy float with all its bits: SymPy's own arithmetic takes ten times as long."""
    sign, mantissa, exponent, _ = number._mpf_
    mantissa = -int(mantissa) if sign else int(mantissa)
    return Fraction(mantissa << exponent) if exponent >= 0 else Fraction(mantissa, 1 << -exponent)


def finite_difference(
    sheet: Worksheet, loss: Node, parameters: Sequence[Symbol], written: Node, top: str = "L"
) -> None:
    """The slope of the loss along its gradient, by a symmetric difference, must be what the gradient says.

    Args:
        sheet: the worksheet with the steps and the gradients.
        loss: an expression of the quantities on the sheet; `written` is how the check names it.
        parameters: what the gradients are taken with respect to.
        written: the loss as it is named in the check.
        top: the name in front of the gradients, `L` in `dL/dW_1`.

    Source: Goodfellow, Bengio and Courville 2016, section 11.5, "Compare back-propagated derivatives to numerical
    derivatives".
    """
    import numpy as np

    gradients = {symbol.name: sheet.values[f"d{top}/d{symbol.name}"] for symbol in parameters}
    needs = [Symbol(f"d{top}/d{symbol.name}") for symbol in parameters]
    length = _length(gradients.values())
    if not 0 < length < float("inf"):
        sheet.check(length == 0, needs, say("every gradient is exactly 0: there is no slope to compare"))
        return
    if length < SMALLEST:
        told = "no finite difference is taken: the gradients are so small that no step would show in {L}"
        sheet.check(True, needs, say(told, L=written))
        return
    largest = max(1.0, *(largest_of(sheet.values[symbol.name]) for symbol in parameters))
    tried = [_slope(sheet, loss, parameters, gradients, size * largest / length) for size in LADDER[:1]]
    for size in LADDER[1:]:  # steps that are too coarse or too fine for the numbers at hand are tried again
        if tried[-1].agrees or not tried[-1].moving:
            break
        tried.append(_slope(sheet, loss, parameters, gradients, size * largest / length))
    found = tried[-1] if tried[-1].agrees else tried[0]
    if not found.moving or not np.isfinite(found.slope):
        reason = "a step leaves the domain of a function" if found.moving else _kink(sheet)
        sheet.check(True, needs, say(f"no finite difference is taken: {reason}"))
        return
    which = "" if len(found.moving) == len(parameters) else " (those that leave every kink alone)"
    names = [part for symbol in parameters for part in (", ", symbol.word)][1:]
    sheet.check(
        found.agrees,
        needs,
        (
            f"finite differences: a step of ±h ({_size(found.step)}) along the gradient in ", *names,
            f"{which} changes ",
            *say("{L}", L=written), f" with slope {tidy(found.slope)}; the root of the sum of their squared gradient "
            f"entries is {tidy(found.expected)}",
        ),
    )  # fmt: skip


def _kink(sheet: Worksheet) -> str:
    """What stands at its kink: of a maximum, the number of windows in which the largest entry stands twice."""
    import numpy as np

    from explain.engine.pooling_numpy import winners

    for step in sheet.steps:
        if isinstance(step.expression, MaxPool):
            layout, seen = step.expression.layout, evaluate(step.expression.operands[0], sheet.values)
            first, last = (winners(layout, seen, last) for last in (False, True))
            tied = int(np.any([one != other for one, other in zip(first, last, strict=True)], axis=0).sum())
            if tied:
                windows = "a window" if tied == 1 else f"{tied} windows"
                return f"in {windows} of {step.symbol.word.text} the largest entry stands more than once, a kink"
    return "a unit stands at its kink"


def _length(gradients: Iterable[Array]) -> float:
    """The root of the sum of all squared entries, without squares that leave the range of a float."""
    import numpy as np

    arrays = list(gradients)
    largest = max((float(np.abs(array).max(initial=0.0)) for array in arrays), default=0.0)
    if not largest or not np.isfinite(largest):
        return largest
    return largest * float(np.sqrt(sum(float(((array / largest) ** 2).sum()) for array in arrays)))


SMALLEST = 1e-200  # of the length of a gradient that a step can be taken along
LADDER = (1e-6, 1e-7, 1e-5, 1e-8, 1e-9, 1e-10, 1e-11, 1e-12, 1e-13, 1e-14)


def _size(step: float) -> str:
    """How far a step goes: `h = 3×10⁻⁶`."""
    text, exact = show(Fraction(f"{step:.9g}"))
    if not exact:
        return f"h ≈ {text}"
    mantissa, mark, power = text.partition("×")
    mantissa = mantissa.rstrip("0").rstrip(".") if mark else mantissa
    return f"h = {power}" if mark and mantissa == "1" else f"h = {mantissa}{mark}{power}"


class Slope(NamedTuple):
    """A symmetric difference: the parameters moved, how far, the slope found, the slope that the gradient predicts."""

    moving: Sequence[Symbol]
    step: float
    slope: float
    expected: float
    agrees: bool


def _slope(
    sheet: Worksheet, loss: Node, parameters: Sequence[Symbol], gradients: Mapping[str, Array], step: float
) -> Slope:
    """The slope of the loss along the gradient, from two steps of `step` times the gradient."""
    import numpy as np

    with np.errstate(all="ignore"):
        moving = _smooth(sheet, parameters, gradients, step)
        above, below = (_moved(sheet, moving, gradients, sign * step) for sign in (1, -1))
        expected = _length([gradients[symbol.name] for symbol in moving])
        distance = 2 * step * (expected or 1.0)
        slope = float((evaluate(loss, above) - evaluate(loss, below)).item()) / distance
        noise = 4e-16 * abs(float(evaluate(loss, sheet.values).item())) / distance
    return Slope(moving, distance / 2, slope, expected, abs(slope - expected) <= 1e-5 * max(expected, 1e-4) + noise)


def _moved(
    sheet: Worksheet, parameters: Sequence[Symbol], gradients: Mapping[str, Array], step: float
) -> dict[str, Array]:
    """All quantities with the parameters moved along their gradients."""
    given = dict(sheet.values)
    for symbol in parameters:
        given[symbol.name] = given[symbol.name] + step * gradients[symbol.name]
    return sheet.run_from(given)


def _smooth(
    sheet: Worksheet, parameters: Sequence[Symbol], gradients: Mapping[str, Array], step: float
) -> list[Symbol]:
    """The parameters that can be moved without carrying a unit over its kink."""
    import numpy as np

    def keeps(moving: Sequence[Symbol]) -> bool:
        above, below = (_moved(sheet, moving, gradients, sign * step) for sign in (1, -1))
        return all(bool(np.array_equal(side(above), side(below))) for side in sides)

    sides = [side for step in sheet.steps if (side := _side_of(step)) is not None]
    if not sides or keeps(parameters):
        return list(parameters)
    alone = [symbol for symbol in parameters if keeps([symbol])]
    return alone if keeps(alone) else []


def _side_of(step: Step) -> Callable[[Mapping[str, Array]], Any] | None:
    """On which side of its kink each entry of a step stands; None for what has no kink."""
    node = step.expression
    if isinstance(node, Apply) and node.function.name in KINKED:
        points = KINKS[node.function.name]
        return lambda values: sum((evaluate(node.operands[0], values) > point) * 1.0 for point in points)
    if isinstance(node, Larger):
        return lambda values: evaluate(node.operands[0], values) > evaluate(node.operands[1], values)
    if isinstance(node, Extreme):
        return lambda values: evaluate(node.operands[0], values) == values[step.name]
    if isinstance(node, MaxPool):
        from explain.engine.pooling_numpy import winners

        return lambda values: winners(node.layout, evaluate(node.operands[0], values))
    return None
