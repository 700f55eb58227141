"""The identity matrix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.notation import Grid, Notation, Word

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

LARGEST_WRITTEN = 6  # rows of one that is put in with its numbers


class Identity(Node):
    """I: ones on the diagonal, zeros elsewhere."""

    __slots__ = ()

    def __init__(self, size: int) -> None:
        self.operands = ()
        self.shape = (size, size)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return self

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.eye(int(self.shape[0]))

    def entry(self, index: Index) -> Node:
        return Number(1, "1") if index[0] == index[1] else Number(0, "0")

    def write(self, style: Style) -> Notation:
        size = int(self.shape[0])
        if not style.numbers or size > LARGEST_WRITTEN:
            return Word("I")
        rows = [[Word(str(int(row == column)), number=True) for column in range(size)] for row in range(size)]
        return Grid(rows, list(range(size)))
