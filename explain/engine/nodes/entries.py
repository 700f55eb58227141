"""Matrices put together from single numbers, and the eigenvalues of small symmetric ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.notation import Grid, Notation, Operator, Power, Row, Word, call

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


WIDEST = 60  # characters of a row; what is put in for the symbols of a matrix must not be wider


class Entries(Node):
    """A matrix of scalar expressions, row by row; its symbols stay where what they came to would be too wide.

    >>> from explain.engine.nodes.base import Symbol
    >>> Entries(2, Symbol("a"), Symbol("b")).shape
    (1, 2)
    """

    __slots__ = ("width",)

    def __init__(self, width: int, *operands: Node) -> None:
        self.operands = operands
        self.width = width
        self.shape = (len(operands) // width, width)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Entries(self.width, *operands)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.array([float(value) for value in values]).reshape(cast("tuple[int, ...]", self.shape))

    def entry(self, index: Index) -> Node:
        return self.operands[index[0] * self.width + index[1]].entry(())

    def write(self, style: Style) -> Notation:
        rows = self._rows([style.write(operand) for operand in self.operands])
        if style.numbers and sum(max(map(_length, column)) + 2 for column in zip(*rows, strict=True)) > WIDEST:
            from explain.engine.prose import SYMBOLIC

            rows = self._rows([SYMBOLIC.write(operand) for operand in self.operands])
        return Grid(rows, list(range(self.width)))

    def _rows(self, cells: list[Notation]) -> list[list[Notation]]:
        return [cells[at : at + self.width] for at in range(0, len(cells), self.width)]


def _length(part: Notation) -> int:
    """How many characters a cell takes, nearly."""
    if isinstance(part, Word | Operator):
        return len(part.text)
    return sum(map(_length, part.parts)) + (0 if isinstance(part, Row | Power) else 2)


class Eigenvalue(Node):
    """One eigenvalue of a symmetric matrix, counted from the largest; its size must be a number.

    Source: Golub and Van Loan 2013, Matrix Computations, section 8.1 (real eigenvalues of a symmetric matrix).
    """

    __slots__ = ("place",)

    def __init__(self, operand: Node, place: int) -> None:
        self.operands = (operand,)
        self.place = place
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Eigenvalue(operands[0], self.place)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(np.linalg.eigvalsh(values[0])[::-1][self.place])

    def entry(self, index: Index) -> Node:
        rows, columns = (int(size) for size in self.operands[0].shape)
        cells = [self.operands[0].entry((row, column)) for row in range(rows) for column in range(columns)]
        return _EigenvalueOf(self.place, columns, cells)

    def write(self, style: Style) -> Notation:
        return _written(self.place, style.write(self.operands[0]))


class _EigenvalueOf(Node):
    """The same from the entries, for SymPy."""

    __slots__ = ("place", "width")

    def __init__(self, place: int, width: int, operands: Sequence[Node]) -> None:
        self.operands = tuple(operands)
        self.place, self.width, self.shape = place, width, ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return _EigenvalueOf(self.place, self.width, operands)

    def entry(self, index: Index) -> Node:
        return self

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        unknown = sympy.Symbol("lambda")
        matrix = sympy.Matrix(len(operands) // self.width, self.width, [sympy.nsimplify(value) for value in operands])
        polynomial = sympy.Poly(matrix.charpoly(unknown).as_expr(), unknown)
        found = []
        for factor, times in polynomial.sqf_list()[1]:  # a root that is there twice is found as one of a simple factor
            found += [sympy.re(root) for root in factor.nroots(n=40, maxsteps=200)] * times
        return sorted(found, reverse=True)[self.place]

    def write(self, style: Style) -> Notation:
        cells = [style.write(operand) for operand in self.operands]
        rows = [cells[at : at + self.width] for at in range(0, len(cells), self.width)]
        return _written(self.place, Grid(rows, list(range(self.width))))


def _written(place: int, matrix: Notation) -> Notation:
    number = str(place + 1)
    return Row([call(Word(f"root{number}", rf"\mathrm{{root}}_{{{number}}}"), matrix)])
