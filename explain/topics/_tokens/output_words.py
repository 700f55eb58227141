"""What the page on the output layer says of its probabilities, and its second routes."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.checks import finite_difference
from explain.engine.nodes.argmax import tied
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.extremes import Extreme
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet

MOST_TOLD = 6  # rows, or tokens, that are told one by one
CLOSE = 1e-9


def next_tokens(sheet: Worksheet, P: Symbol, rows: Sequence[str] | None, columns: Sequence[str] | None) -> Prose:
    """`after "Machines" the most probable next token is "learn" with 0.6123`, the last row first."""
    value = sheet.values[P.name]
    last, largest = len(value) - 1, tied(value)
    found = []
    for at in [last, *range(min(last, MOST_TOLD - 1))]:
        winners = [int(place) for place in largest[at].nonzero()[0]]
        chance = tidy(float(value[at, winners[0]]))
        name = _token(winners[0], columns)
        if at == last:
            after = "" if last == 0 and rows is None else f"after {_row(at, rows)} "
            told = f"{after}the most probable next token is {name} with {chance}"
        else:
            told = f"after {_row(at, rows)} it is {name} with {chance}"
        if len(winners) > 1:
            listed = [_token(place, columns) for place in winners[1:MOST_TOLD]]
            more = ", …" if len(winners) > MOST_TOLD else ""
            told += f", as probable as {', '.join(listed)}{more}: of a tie the first is taken, as in PyTorch and NumPy"
        found.append(told)
    return say("; ".join(found) + ("; …" if last > MOST_TOLD - 1 else ""))


def rows_told(sheet: Worksheet, y: Symbol, columns: Sequence[str] | None) -> str:
    """Which token each row has as its target."""
    ids = [int(number) for number in sheet.values[y.name][:, 0]]
    told = [f"row {at + 1} {_token(number, columns)}" for at, number in enumerate(ids[:MOST_TOLD])]
    return ", ".join(told) + (", …" if len(ids) > MOST_TOLD else "")


def check_rows(sheet: Worksheet, P: Symbol) -> None:
    """Every row of probabilities sums to 1."""
    import numpy as np

    value = sheet.values[P.name]
    off = float(np.abs(value.sum(axis=1) - 1).max())
    rows = "the probabilities in {P} sum" if len(value) == 1 else f"each of the {len(value)} rows of {{P}} sums"
    sheet.check(off < CLOSE, [P], say(f"{rows} to 1", P=P))


def check_error(sheet: Worksheet, scores: Symbol, P: Symbol, Y: Symbol, divisor: int) -> None:
    """The gradient at the scores is P - Y, and so its rows sum to 0."""
    import numpy as np

    gradient = sheet.last(f"dL/d{scores.name}")
    found = sheet.values[gradient.name]
    expected = (sheet.values[P.name] - sheet.values[Y.name]) / divisor
    same = bool(np.allclose(found, expected, rtol=CLOSE, atol=1e-12))
    over = f", divided by {divisor}" if divisor > 1 else ""
    sheet.check(
        same and float(np.abs(found.sum(axis=1)).max()) < CLOSE,
        [gradient],
        say("{g} is {d}" + over + ", and each of its rows sums to 0: what the target's score gains, others lose",
            g=gradient, d=P - Y),
    )  # fmt: skip


def error_reason(P: Symbol, Y: Symbol) -> Prose:
    """Why what a loss by softmax and logarithm sends back to its scores is P - Y."""
    return say(
        "softmax and logarithm together: the logarithm of a probability is its score minus the logarithm of the sum of "
        "all powers, which has {P} as its derivative; with the minus sign of the loss {d} is left: the target's score "
        "is to rise, all others are to fall",
        P=P, d=P - Y,
    )  # fmt: skip


def slope_again(sheet: Worksheet, reached: Node, wanted: Sequence[Symbol]) -> None:
    """A finite difference; the largest score that is taken off first stays, since the loss does not depend on it."""
    other = Worksheet(sheet.title, sheet.source)
    other.values = sheet.values
    other.steps = [step for step in sheet.steps if not isinstance(step.expression, Extreme)]
    finite_difference(other, reached, wanted, reached)
    sheet.checks += other.checks


def _row(at: int, rows: Sequence[str] | None) -> str:
    return f"token {at + 1}" if rows is None else f'"{rows[at]}"'


def _token(number: int, columns: Sequence[str] | None) -> str:
    return f"id {number}" if columns is None else f'"{columns[number]}"'
