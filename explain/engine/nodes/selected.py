"""Some rows of a matrix, and some of its entries as a column: what a search looks at and what it keeps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.nodes.draws import Told
from explain.engine.notation import Grid, Notation, Word

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class RowsAt(Told):
    """Rows of a matrix in a chosen order, one of them perhaps more than once.

    >>> from explain.engine.nodes.base import Symbol
    >>> RowsAt(Symbol("P", (4, 3)), [1, 1]).shape
    (2, 3)
    """

    __slots__ = ("rows",)
    NAME = Word("rows", r"\mathrm{rows}")

    def __init__(self, operand: Node, rows: Sequence[int]) -> None:
        self.operands = (operand,)
        self.rows = tuple(rows)
        self.shape = (len(self.rows), *operand.shape[1:])

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return RowsAt(operands[0], self.rows)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0][list(self.rows)]

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry((self.rows[index[0]], *index[1:]))


class EntriesAt(Told):
    """Some entries of a matrix as a column.

    Args:
        operand: the matrix.
        places: where they stand.
    """

    __slots__ = ("places",)
    NAME = Word("entries", r"\mathrm{entries}")

    def __init__(self, operand: Node, places: Sequence[tuple[int, int]]) -> None:
        self.operands = (operand,)
        self.places = tuple(places)
        self.shape = (len(self.places), 1)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return type(self)(operands[0], self.places)

    def evaluate(self, values: Sequence[Array]) -> Array:
        rows, columns = zip(*self.places, strict=True)
        return values[0][list(rows), list(columns)][:, None]

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry(self.places[index[0]])


class LargestAt(EntriesAt):
    """The largest entries of a matrix as a column, from the largest to the smallest."""

    __slots__ = ()
    NAME = Word("largest", r"\mathrm{largest}")


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
        from explain.engine.prose import SYMBOLIC

        keep = getattr(style, "keep_symbols", None)
        if keep is not None:
            keep()
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
