"""A transposed convolution on paper: every entry of its input stamps the kernel onto the output, and stamps add up."""

from __future__ import annotations

from itertools import product
from math import prod

from explain.engine.answer import Step
from explain.engine.nodes.arithmetic import Add, Times
from explain.engine.nodes.base import Index, Number, Symbol
from explain.engine.nodes.window import Correlate, Sliding, Spreading
from explain.engine.notation import PLUS, SUM, Grid, Notation, Row, Word
from explain.engine.prose import SYMBOLIC, say
from explain.page.figures import Figures, Numbers
from explain.page.model import Equation, Line
from explain.page.slices import slice_word

MOST = 4  # stamps that are written out
WRITTEN = 6  # rows and columns of an output on which they are
BLANK = Word("")


def is_transposed(found: Sliding) -> bool:
    """Whether a product belongs to a transposed convolution: it stamps forward, and slides over what arrives."""
    first, second = found.operands
    if isinstance(found, Spreading):
        return not _arrives(first)
    return _arrives(first) if isinstance(found, Correlate) else _arrives(second)


def _arrives(part: object) -> bool:
    return isinstance(part, Symbol) and "/d" in part.name


def stamped(figures: Figures, step: Step) -> list[Line]:
    """`Z = 1·K at its place + 2·K at its place + …`, literally, where there are few stamps."""
    terms = step.expression.operands if isinstance(step.expression, Add) else (step.expression,)
    found = next((term for term in terms if isinstance(term, Spreading)), None)
    if found is None or not is_transposed(found) or len(found.layout.axes) != 2 or found.layout.samples > 1:
        return []
    layout = found.layout
    channels = layout.filters // layout.groups
    places = list(product(range(channels), *(range(axis.places) for axis in layout.axes)))
    several = prod(int(size) for size in step.symbol.shape[:-2]) > 1
    if (
        not 1 < len(places) <= MOST
        or (several and len(terms) > 1)
        or layout.axes[1].size > WRITTEN
        or layout.axes[0].size > WRITTEN
    ):
        return []
    row: list[Notation] = []
    exact = True
    for channel, *place in places:
        grid, is_exact = _stamp(figures, found, channel, tuple(place))
        exact = exact and is_exact
        row += [PLUS, grid]
    left: Notation = slice_word(step.symbol, (0,) * (len(step.symbol.shape) - 2)) if several else step.symbol.word
    told = say(
        "every entry of {x} times {k}, each at its place on the output (blank: 0)"
        + ("; the bias is added in every place afterwards" if len(terms) > 1 else ""),
        x=found.operands[0], k=found.operands[1],
    )  # fmt: skip
    if len(terms) > 1:
        left = Row([SYMBOLIC.write(found)])
    return [told, Equation(left, [("=" if exact else "≈", Row(row[1:], SUM))])]


def _stamp(figures: Figures, found: Spreading, channel: int, place: Index) -> tuple[Grid, bool]:
    """One entry of the input times the kernel, on the first map of the output."""
    layout = found.layout
    first, second = found.operands
    entry = first.entry(layout.place(0, channel, place))
    style = Numbers(figures)
    rows, columns = layout.axes
    cells: list[list[Notation] | None] = [[BLANK] * columns.size for _ in range(rows.size)]
    for (down, u), (across, v) in product(rows.seen(place[0]), columns.seen(place[1])):
        if down is None or across is None:
            continue
        product_ = Times(entry, second.entry(layout.weight(channel, 0, (u, v))))
        worked = figures.answer.proof.number(product_)
        line = cells[down]
        assert line is not None
        line[across] = style.write(product_ if worked is None else Number(worked))
    return Grid(cells, list(range(columns.size))), style.exact
