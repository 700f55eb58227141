"""Rows with a single 1, in the column that an id names, and 0 elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.nodes.extremes import Indicator
from explain.engine.notation import Notation, Word, call

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class OneHot(Node):
    """A row for each id, counted from 0; an id that is `hidden`, or names no column (padding), has no 1.

    Args:
        operand: the ids, in a row or in a column.
        width: the number of columns.

    >>> from explain.engine.nodes.base import Symbol
    >>> OneHot(Symbol("t", (1, 3)), 5).shape, OneHot(Symbol("y", (2, 1)), 5).shape
    ((3, 5), (2, 5))
    """

    __slots__ = ("hidden", "width")

    def __init__(self, operand: Node, width: int, hidden: int | None = None) -> None:
        self.operands = (operand,)
        self.width = width
        self.hidden = hidden
        self.shape = (operand.shape[1] if operand.shape[0] == 1 else operand.shape[0], width)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return OneHot(operands[0], self.width, self.hidden)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        ids = values[0].ravel()
        known = np.flatnonzero((ids >= 0) & (ids < self.width))
        rows = np.zeros((len(ids), self.width))
        rows[known, ids[known].astype(int)] = 1.0
        if self.hidden is not None:
            rows[:, self.hidden] = 0.0
        return rows

    def entry(self, index: Index) -> Node:
        row, column = index
        if column == self.hidden:
            return Number(0, "0")
        place = (0, row) if self.operands[0].shape[0] == 1 else (row, 0)
        return Indicator(self.operands[0].entry(place), Number(column, str(column)), "=")

    def write(self, style: Style) -> Notation:
        return call(Word("onehot", r"\mathrm{onehot}"), style.write(self.operands[0]))
