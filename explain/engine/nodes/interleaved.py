"""Two matrices made one: column by column by turns, or side by side; written with symbols, whatever their size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.beside import Beside
from explain.engine.notation import Notation, Word, call, listed
from explain.engine.prose import SYMBOLIC, keep_symbols

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class Interleaved(Node):
    """The columns of two matrices by turns; the first one may have one column more.

    >>> from explain.engine.nodes.base import Symbol
    >>> Interleaved(Symbol("S", (3, 2)), Symbol("C", (3, 2))).shape
    (3, 4)
    """

    __slots__ = ()

    def __init__(self, first: Node, second: Node) -> None:
        self.operands = (first, second)
        self.shape = (first.shape[0], int(first.shape[1]) + int(second.shape[1]))

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        merged = np.empty((values[0].shape[0], values[0].shape[1] + values[1].shape[1]))
        merged[:, 0::2], merged[:, 1::2] = values
        return merged

    def entry(self, index: Index) -> Node:
        row, column = index
        return self.operands[column % 2].entry((row, column // 2))

    def write(self, style: Style) -> Notation:
        """By name also where numbers are put in: side by side they would be read as a product."""
        keep_symbols(style)
        first, second = (SYMBOLIC.write(operand) for operand in self.operands)
        return call(Word("interleave", r"\mathrm{interleave}"), listed([first, second]))


class Joined(Interleaved):
    """Two matrices side by side."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.hstack(list(values))

    def entry(self, index: Index) -> Node:
        row, column = index
        first, second = self.operands
        width = int(first.shape[1])
        return first.entry(index) if column < width else second.entry((row, column - width))

    def write(self, style: Style) -> Notation:
        """By name also where numbers are put in: the value repeats them."""
        keep_symbols(style)
        return Beside(*self.operands).write(SYMBOLIC)
