"""Some rows of a matrix, and some of its entries as a column: what a search looks at and what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Entry, Index, Node, Number, Style, Symbol
from explain.engine.nodes.draws import Told
from explain.engine.notation import Grid, Notation, Word
from explain.engine.prose import SYMBOLIC, keep_symbols

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
MOST_WRITTEN = 12  # rows, and columns


class RowsAt(Told):
    """Rows of a matrix in a chosen order, one of them perhaps more than once.

    Args:
        operand: the matrix.
        rows: which rows.
        inner: they are part of a larger expression, in which their numbers are put in.

    >>> from explain.engine.nodes.base import Symbol
    >>> RowsAt(Symbol("P", (4, 3)), [1, 1]).shape
    (2, 3)
    """

    __slots__ = ("inner", "rows")
    NAME = Word("rows", r"\mathrm{rows}")

    def __init__(self, operand: Node, rows: Sequence[int], inner: bool = False) -> None:
        self.operands = (operand,)
        self.rows, self.inner = tuple(rows), inner
        self.shape = (len(self.rows), *operand.shape[1:])

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return RowsAt(operands[0], self.rows, self.inner)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0][list(self.rows)]

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry((self.rows[index[0]], *index[1:]))

    def write(self, style: Style) -> Notation:
        columns = range(int(self.operands[0].shape[1]))
        if not (style.numbers and self.inner) or max(len(self.rows), len(columns)) > MOST_WRITTEN:
            return super().write(style)
        return Grid(
            [[style.write(self.entry((at, column))) for column in columns] for at in range(len(self.rows))], columns
        )


class LargestAt(Told):
    """The largest entries of a matrix as a column, from the largest to the smallest.

    Args:
        operand: the matrix.
        places: where they stand.
    """

    __slots__ = ("places",)
    NAME = Word("largest", r"\mathrm{largest}")

    def __init__(self, operand: Node, places: Sequence[tuple[int, int]]) -> None:
        self.operands = (operand,)
        self.places = tuple(places)
        self.shape = (len(self.places), 1)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return LargestAt(operands[0], self.places)

    def evaluate(self, values: Sequence[Array]) -> Array:
        rows, columns = zip(*self.places, strict=True)
        return values[0][list(rows), list(columns)][:, None]

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry(self.places[index[0]])


class NamedEntry(Entry):
    """One entry of a table that has a name of its own, such as `P(B | A)`."""

    __slots__ = ("word",)

    def __init__(self, symbol: Symbol, index: Index, word: Word) -> None:
        super().__init__(symbol, index)
        self.word = word

    def write(self, style: Style) -> Notation:
        return self.word


class Gathered(Node):
    """Single numbers as a column: entries of several quantities, one below the other."""

    __slots__ = ()

    def __init__(self, *operands: Node) -> None:
        self.operands = operands
        self.shape = (len(operands), 1)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.array([float(value) for value in values])[:, None]

    def entry(self, index: Index) -> Node:
        return self.operands[index[0]].entry(())

    def write(self, style: Style) -> Notation:
        keep_symbols(style)
        return Grid([[SYMBOLIC.write(operand)] for operand in self.operands], [0])


class Lengths(Told):
    """How many tokens stand behind each entry of a column: numbers that the search has counted."""

    __slots__ = ("numbers",)
    NAME = Word("length", r"\mathrm{length}")

    def __init__(self, operand: Node, numbers: Sequence[int]) -> None:
        self.operands = (operand,)
        self.numbers = tuple(numbers)
        self.shape = operand.shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Lengths(operands[0], self.numbers)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.array(self.numbers, dtype=float)[:, None]

    def entry(self, index: Index) -> Node:
        number = self.numbers[index[0]]
        return Number(number, str(number))
