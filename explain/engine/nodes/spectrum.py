"""The spectral radius of a square matrix: the largest size among its eigenvalues."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import isqrt
from typing import TYPE_CHECKING, Any, NamedTuple

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

        matrix = values[0]
        if len(matrix) < 3 or np.array_equal(matrix, matrix.T):
            return np.asarray(np.abs(np.linalg.eigvals(matrix)).max())
        return np.asarray(_exactly(matrix))  # floats keep only a third of the digits of a triple eigenvalue

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
        return max((size for size, _ in _roots(matrix)), key=lambda size: sympy.N(size, 40))

    def write(self, style: Style) -> Notation:
        size = isqrt(len(self.operands))
        cells = [style.write(operand) for operand in self.operands]
        rows = [cells[row * size : (row + 1) * size] for row in range(size)]
        return call(RHO, Grid(rows, list(range(size))))


def _exactly(matrix: Array) -> float:
    """The spectral radius of the decimals that the floats stand for."""
    import sympy

    entries = [[sympy.Rational(repr(float(number))) for number in row] for row in matrix]
    return max(float(sympy.N(size, 30)) for size, _ in _roots(sympy.Matrix(entries)))


class Eigenvalue(NamedTuple):
    """An eigenvalue in figures, and whether it is real."""

    text: str
    real: bool


def eigenvalues(entries: Sequence[Sequence[Any]]) -> list[Eigenvalue]:
    """All eigenvalues of a matrix of SymPy numbers, the largest in size first; `≈` stands before rounded ones.

    >>> import sympy
    >>> [root.text for root in eigenvalues(sympy.Matrix([[0, -1, 0], [1, 0, 0], [0, 0, 3]]).tolist())]
    ['3', 'i', '-i']
    """
    import sympy

    found = _roots(sympy.Matrix(entries))
    found.sort(key=lambda pair: (-sympy.N(pair[0], 30), -sympy.re(sympy.N(pair[1], 30)), -sympy.im(pair[1])))
    return [Eigenvalue(_figures(root), bool(sympy.im(root) == 0)) for _, root in found]


def _roots(matrix: Any) -> list[tuple[Any, Any]]:
    """Size and value of each root of the characteristic polynomial: exact where a factor has degree 1 or 2."""
    import sympy

    polynomial = matrix.charpoly().as_expr()
    unknown = next(iter(polynomial.free_symbols - matrix.free_symbols))
    whole = sympy.Poly(polynomial, unknown)
    if any(not number.is_Rational for number in whole.all_coeffs()):
        return [(abs(root), root) for root in whole.sqf_part().nroots(n=40, maxsteps=500)]
    found = []
    for factor, times in whole.factor_list()[1]:
        found += times * _of_factor(factor)
    return found


def _of_factor(factor: Any) -> list[tuple[Any, Any]]:
    """Size and value of the roots of a polynomial that has no rational factor."""
    import sympy

    coefficients = factor.all_coeffs()
    if len(coefficients) > 3:
        return [(abs(root), root) for root in factor.nroots(n=40, maxsteps=500)]
    if len(coefficients) == 2:
        root = -coefficients[1] / coefficients[0]
        return [(abs(root), root)]
    a, b, c = coefficients
    inside = b**2 - 4 * a * c
    pair = [(-b + sign * sympy.sqrt(inside)) / (2 * a) for sign in (1, -1)]
    return [(abs(root) if inside > 0 else sympy.sqrt(c / a), root) for root in pair]


def _figures(root: Any) -> str:
    """A number in figures, complex ones as a + b i."""
    import sympy

    from explain.engine.rounding import show

    parts = [sympy.nsimplify(part) if part.is_Rational else sympy.N(part, 30) for part in root.as_real_imag()]
    (real, exact), (imaginary, also) = (show(part) for part in (parts[0], abs(parts[1])))
    rounded = "" if (exact or not parts[0]) and (also or not parts[1]) else "≈ "
    if not parts[1]:
        return rounded + real
    turned = "i" if imaginary == "1" else f"{imaginary} i"
    sign = "-" if parts[1] < 0 else "+"
    return rounded + (f"{real} {sign} {turned}" if parts[0] else f"{sign.strip('+')}{turned}")


def _of_two(matrix: Any) -> Any:
    """Of a 2×2 matrix: λ² - trace·λ + determinant = 0; a complex pair has the size √determinant."""
    import sympy

    trace, determinant = matrix.trace(), matrix.det()
    inside = trace**2 - 4 * determinant
    return (abs(trace) + sympy.sqrt(inside)) / 2 if inside >= 0 else sympy.sqrt(determinant)
