"""Tables of an answer as sentences: expressions as their values, or in symbols where they have none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.engine.answer import Cell, Table
from explain.engine.evaluate import evaluate, symbols
from explain.engine.nodes.base import Entry, Node, Symbol
from explain.engine.notation import Word, sized
from explain.engine.prose import Prose
from explain.engine.rounding import number_word
from explain.page.figures import Figures, Numbers
from explain.page.model import Tabular

MOST_ROWS = 100  # longer tables show their first and last rows
FIRST, LAST = 40, 10
MOST_NUMBERS = 3  # of an array in one cell


def tabular(table: Table, figures: Figures) -> Tabular:
    """A table ready to be written; of a long one the first and the last rows."""
    body = list(table.rows[: len(table.rows) - table.totals])
    shown: list[list[Prose]] = [_row(row, figures) for row in _kept(body)]
    note = table.note
    if len(body) > MOST_ROWS:
        shown.insert(FIRST, [(Word("⋮", r"\vdots"),) for _ in table.columns])
        left_out = f"rows {FIRST + 1} to {len(body) - LAST} are left out here, not in the totals"
        note = (*note, "; " if note else "", left_out)
    shown += [_row(row, figures) for row in table.rows[len(table.rows) - table.totals :]]
    return Tabular(table.title, table.columns, shown, table.totals, tuple(part for part in note if part))


def _kept(rows: list[Sequence[Cell]]) -> list[Sequence[Cell]]:
    return rows if len(rows) <= MOST_ROWS else [*rows[:FIRST], *rows[-LAST:]]


def _row(cells: Sequence[Cell], figures: Figures) -> list[Prose]:
    return [_cell(cell, figures) for cell in cells]


def _cell(cell: Cell, figures: Figures) -> Prose:
    if isinstance(cell, int):
        return (str(cell),)
    if not isinstance(cell, Node):
        return cell
    if not all(figures.known(name) for name in symbols(cell)):
        return (Numbers(figures).write(cell),)
    if isinstance(cell, Entry) and figures.answer.values[cell.symbol.name].dtype.kind == "f":
        shown = figures.entry(cell.symbol.name, cell.index)
        figures.rounds = figures.rounds or not shown.exact
        return (shown.text,)
    value: Any = evaluate(cell, figures.answer.values)
    if isinstance(cell, Symbol) and value.size == 1 and value.dtype.kind == "f":
        shown = figures.entry(cell.name, (0,) * value.ndim)
        figures.rounds = figures.rounds or not shown.exact
        return (shown.text,)
    if getattr(value, "dtype", None) is not None and value.dtype.kind == "f":
        return _numbers(value, figures)
    if not cell.shape:
        return (str(int(value)),)
    return (sized(*(number_word(str(int(size))) for size in value)),)


def _numbers(value: Any, figures: Figures) -> Prose:
    """The first numbers of an array."""
    found = [figures.rounded(float(number), lambda: None) for number in value.flat[:MOST_NUMBERS]]
    figures.rounds = figures.rounds or not all(shown.exact for shown in found)
    return (", ".join([shown.text for shown in found] + ["…"] * (value.size > MOST_NUMBERS)),)
