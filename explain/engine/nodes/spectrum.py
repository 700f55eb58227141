"""The spectral radius of a square matrix: the largest size among its eigenvalues."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import isqrt
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.notation import Grid, Notation, Word, call

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

RHO = Word("ρ", r"\rho")


class SpectralRadius(Node):
    """The largest |λ| among the eigenvalues λ of a square matrix, complex ones among them."""

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        self.shape = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(np.abs(np.linalg.eigvals(values[0])).max())

    def entry(self, index: Index) -> Node:
        operand = self.operands[0]
        rows, columns = (range(int(size)) for size in operand.shape)
        return _RadiusOfEntries(*(operand.entry(place) for place in product(rows, columns)))

    def write(self, style: Style) -> Notation:
        return call(RHO, style.write(self.operands[0]))


class _RadiusOfEntries(Node):
    """The same from the entries of the matrix, row by row."""

    __slots__ = ()

    def __init__(self, *operands: Node) -> None:
        self.operands = operands
        self.shape = ()

    def entry(self, index: Index) -> Node:
        return self

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        size = isqrt(len(operands))
        matrix = sympy.Matrix(size, size, list(operands))
        if size == 1:
            return abs(matrix[0, 0])
        if size == 2:
            return _of_two(matrix)
        polynomial = matrix.charpoly().as_expr()
        (unknown,) = polynomial.free_symbols
        roots = sympy.Poly(polynomial, unknown).sqf_part().nroots(n=40, maxsteps=500)
        return max(abs(root) for root in roots)

    def write(self, style: Style) -> Notation:
        size = isqrt(len(self.operands))
        cells = [style.write(operand) for operand in self.operands]
        rows = [cells[row * size : (row + 1) * size] for row in range(size)]
        return call(RHO, Grid(rows, list(range(size))))


def _of_two(matrix: Any) -> Any:
    """Of a 2×2 matrix: λ² - trace·λ + determinant = 0; a complex pair has the size √determinant."""
    import sympy

    trace, determinant = matrix.trace(), matrix.det()
    inside = trace**2 - 4 * determinant
    return (abs(trace) + sympy.sqrt(inside)) / 2 if inside >= 0 else sympy.sqrt(determinant)
