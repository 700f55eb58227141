"""One row of a matrix that has a name of its own: h₃, the third row of H."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Node, Style
from explain.engine.nodes.blocks import Rows
from explain.engine.notation import Notation, Word


class RowOf(Rows):
    """The row at `at`, counted from 0, as a matrix of one row; written by its own name.

    >>> from explain.engine.nodes.base import Symbol
    >>> RowOf(Symbol("H", (3, 2)), 2, Word("h₃", "h_3")).shape
    (1, 2)
    """

    __slots__ = ("called",)

    def __init__(self, operand: Node, at: int, called: Word) -> None:
        super().__init__(operand, at, at + 1)
        self.called = called

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return RowOf(operands[0], self.start, self.called)

    def write(self, style: Style) -> Notation:
        return self.called
