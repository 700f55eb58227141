"""Eigenvalues of a symmetric matrix, some of which may be the same.

Source: Golub and Van Loan 2013, Matrix Computations, section 8.1 (real eigenvalues of a symmetric matrix).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.engine.nodes.base import Index, Node
from explain.engine.nodes.entries import Eigenvalue, _EigenvalueOf


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
