"""Second routes: what confirms an answer without repeating its formula."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.answer import Answer, Check
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import say
from explain.engine.rounding import show, tidy

if TYPE_CHECKING:
    from explain.engine.worksheet import Worksheet

CLOSE = 1e-9


def sympy_check(answer: Answer) -> Check | None:
    """The worked entry of every step, from the typed decimals by SymPy with 30 digits, against NumPy's value.

    None where no step has numbers.
    """
    worked, largest, exact = 0, 0.0, True
    for step in answer.steps:
        if step.value is None:
            continue
        index = answer.worked_index(step)
        proven = answer.proof.entry(step.name, index)
        if proven is None or proven.is_infinite:
            continue
        worked += 1
        exact = exact and bool(proven.is_Rational)
        value = step.value[index]
        gap = abs(proven - (value if isinstance(value, int) else float(value)))
        scale = max(abs(proven), abs(float(step.value.max())) * 1e-3 if step.value.size > 1 else 0)
        largest = max(largest, float(gap / scale if scale else gap))
    if not worked:
        return None
    entries = "the one step" if worked == 1 else f"one entry of each of the {worked} steps with numbers"
    if exact and largest == 0:
        return Check(say(f"SymPy, with exact fractions from the numbers as typed, gives the same for {entries}"), True)
    told = f"largest relative difference {show(largest).text}" if largest else "no difference in sixteen digits"
    return Check(
        say(f"SymPy, with 30 digits from the numbers as typed, gives the same for {entries}; " + told),
        largest < CLOSE,
    )


def finite_difference(
    sheet: Worksheet, loss: Node, parameters: Sequence[Symbol], written: Node, top: str = "L"
) -> None:
    """The slope of the loss along its gradient, by a symmetric difference, must be the gradient's length.

    Args:
        loss: an expression of the quantities on the sheet; `written` is how the check names it.

    Source: Goodfellow, Bengio and Courville 2016, section 11.5, "Compare back-propagated derivatives to numerical
    derivatives".
    """
    import numpy as np

    gradients = {symbol.name: sheet.values[f"d{top}/d{symbol.name}"] for symbol in parameters}
    length = float(np.sqrt(sum(float((gradient**2).sum()) for gradient in gradients.values())))
    needs = [Symbol(f"d{top}/d{symbol.name}") for symbol in parameters]
    if length == 0:
        sheet.check(True, needs, say("every gradient is exactly 0: there is no slope to compare"))
        return
    scale = max(float(np.abs(sheet.values[symbol.name]).max()) for symbol in parameters)
    step = 1e-6 * max(1.0, scale)

    def moved(sign: int) -> float:
        given = dict(sheet.values)
        for symbol in parameters:
            given[symbol.name] = given[symbol.name] + sign * step * gradients[symbol.name] / length
        return float(sheet.run_from(given, loss).item())

    slope = (moved(1) - moved(-1)) / (2 * step)
    sheet.check(
        abs(slope - length) <= 1e-5 * max(length, 1e-4),
        needs,
        say(
            "finite differences: moving all parameters by ±h along the gradient (h = 10⁻⁶) changes {L} with slope "
            f"{tidy(slope)}; the length of the gradient is {tidy(length)}",
            L=written,
        ),
    )
