"""Eigenvalues of a symmetric matrix, some of which may be the same.

Source: Golub and Van Loan 2013, Matrix Computations, section 8.1 (real eigenvalues of a symmetric matrix).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from explain.engine.nodes.base import Index, Node, Symbol
from explain.engine.nodes.entries import Eigenvalue, _EigenvalueOf
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet

PLACES = ("largest", "second", "third", "fourth")


class Curvature(Eigenvalue):
    """One eigenvalue, counted from the largest; an eigenvalue that comes twice is counted twice.

    >>> from explain.engine.nodes.base import Symbol
    >>> Curvature(Symbol("A", (3, 3)), 0).shape
    ()
    """

    __slots__ = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Curvature(operands[0], self.place)

    def entry(self, index: Index) -> Node:  # noqa: ARG002 - a single number has no index
        rows, columns = (int(size) for size in self.operands[0].shape)
        cells = [self.operands[0].entry((row, column)) for row in range(rows) for column in range(columns)]
        return _CurvatureOf(self.place, columns, cells)


class _CurvatureOf(_EigenvalueOf):
    """The same from the entries; numerical root finders fail at double roots, so those are divided out first."""

    __slots__ = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return _CurvatureOf(self.place, self.width, operands)

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        unknown = sympy.Symbol("lambda")
        cells = [sympy.nsimplify(value, rational=True) for value in operands]
        matrix = sympy.Matrix(len(cells) // self.width, self.width, cells)
        found: list[Any] = []
        for factor, times in sympy.Poly(matrix.charpoly(unknown).as_expr(), unknown).sqf_list()[1]:
            found += times * [sympy.re(root) for root in factor.nroots(n=40, maxsteps=500)]
        return sorted(found, reverse=True)[self.place]


def more_than_two(sheet: Worksheet, a: Symbol, matrix: Values) -> list[Symbol]:
    """The eigenvalues of a 3×3 or 4×4 matrix: off its diagonal, or the roots of an equation that is written out."""
    size = int(a.shape[0])
    if diagonal(matrix):
        order = sorted(range(size), key=lambda at: -matrix.exact((at, at)))
        return [
            sheet.define(
                f"lambda_{at + 1}", a[place, place], _title(at, size),
                say("{A} is diagonal: its eigenvalues stand on the diagonal" if not at else "the next by size", A=a),
            )
            for at, place in enumerate(order)
        ]  # fmt: skip
    equation = "λ³ - tr λ² + m λ - det" if size == 3 else _polynomial(matrix)
    if size == 3:
        _coefficients(sheet, a)
    found = [
        sheet.define(
            f"lambda_{at + 1}", Curvature(a, at), _title(at, size),
            say(f"det({{A}} - λI) = 0 is the equation {equation} = 0; its roots are found numerically, and root1 is "
                "the largest: the curvature of f along its eigenvector" if not at else
                f"root {at + 1} of the same equation, by size", A=a),
        )
        for at in range(size)
    ]  # fmt: skip
    _sums(sheet, a, matrix, found)
    return found


def diagonal(matrix: Values) -> bool:
    """Whether everything beside the diagonal is 0."""
    size = int(matrix.shape[0])
    return all(matrix.exact((row, column)) == 0 for row in range(size) for column in range(size) if row != column)


def _title(at: int, size: int) -> str:
    return "Smallest eigenvalue" if at == size - 1 else f"{PLACES[at].capitalize()} eigenvalue"


def _coefficients(sheet: Worksheet, a: Symbol) -> None:
    """Trace, principal minors and determinant of a 3×3 matrix: the coefficients of its equation."""
    first, second, third = (a[r, r] * a[s, s] - a[r, s] * a[s, r] for r, s in ((0, 1), (0, 2), (1, 2)))
    sheet.define("tr", a[0, 0] + a[1, 1] + a[2, 2], "Trace", say("the sum of the diagonal of {A}", A=a))
    sheet.define(
        "m", first + second + third, "Sum of the principal minors",
        say("the determinants of the 2×2 matrices that are left without row and column 3, 2 and 1, added"),
    )  # fmt: skip
    sheet.define(
        "det",
        a[0, 0] * (a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1])
        - a[0, 1] * (a[1, 0] * a[2, 2] - a[1, 2] * a[2, 0])
        + a[0, 2] * (a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0]),
        "Determinant", say("expanded along the first row of {A}", A=a),
    )  # fmt: skip


def _sums(sheet: Worksheet, a: Symbol, matrix: Values, found: list[Symbol]) -> None:
    """The eigenvalues add up to the trace, and their product is the determinant."""
    size = int(a.shape[0])
    roots = [float(sheet.values[symbol.name]) for symbol in found]
    trace = math.fsum(float(matrix.exact((at, at))) for at in range(size))
    det = float(characteristic(matrix)[-1]) * (-1) ** size
    passed = math.isclose(math.fsum(roots), trace, rel_tol=1e-9)
    passed = passed and abs(math.prod(roots) - det) <= 1e-9 * roots[0] ** size
    sheet.check(
        passed, found,
        say(f"the eigenvalues add up to {tidy(trace)}, the trace of {{A}}, and their product is {tidy(det)}, its "
            "determinant", A=a),
    )  # fmt: skip


def characteristic(matrix: Values) -> list[Fraction]:
    """The coefficients of det(λI - A), the highest power first, by Faddeev and LeVerrier."""
    size = int(matrix.shape[0])
    rows = [[matrix.exact((row, column)) for column in range(size)] for row in range(size)]
    found, product = [Fraction(1)], rows
    for k in range(1, size + 1):
        found.append(-sum((product[at][at] for at in range(size)), Fraction(0)) / k)
        shifted = [[product[r][c] + (found[-1] if r == c else 0) for c in range(size)] for r in range(size)]
        product = [
            [sum((rows[r][at] * shifted[at][c] for at in range(size)), Fraction(0)) for c in range(size)]
            for r in range(size)
        ]
    return found


def _polynomial(matrix: Values) -> str:
    """The characteristic polynomial with its numbers."""
    found = characteristic(matrix)
    size = len(found) - 1
    text = f"λ{_RAISED[size]}"
    for at, number in enumerate(found[1:], 1):
        if number:
            power = f" λ{_RAISED[size - at]}" if size - at else ""
            text += f" {'-' if number < 0 else '+'} {tidy(abs(float(number)))}{power}"
    return text


_RAISED = ("", "", "²", "³", "⁴")
