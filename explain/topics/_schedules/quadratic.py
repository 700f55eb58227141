"""Half a quadratic form, ½ xᵀ A x with a symmetric A, as one function: its gradient is A x.

Source: Petersen and Pedersen 2012, The Matrix Cookbook, eq. 81; Goodfellow et al. 2016, Deep Learning, section 4.3.
"""

from __future__ import annotations

from explain.engine.evaluate import evaluate
from explain.engine.nodes.arithmetic import times
from explain.engine.nodes.base import Node, Number, Symbol, Textbook
from explain.engine.nodes.linear import MatMul
from explain.engine.nodes.reductions import Dot

HALF = Number(2, "2")


class HalfForm(Textbook):
    """½ xᵀ A x, of a number x just a/2 x²; A is symmetric, so that ∂/∂x is A x and not (A + Aᵀ)/2 x.

    >>> HalfForm(Symbol("A", (2, 2)), Symbol("x", (2, 1))).shape
    ()
    """

    __slots__ = ()

    def __init__(self, A: Symbol, x: Symbol) -> None:
        product: Node = MatMul(A, x) if A.shape else times(A, x)
        printed = Dot(x, product) / HALF if A.shape else times(A, x**2) / HALF
        super().__init__(
            printed,
            (A, x),
            lambda matrix, point: evaluate(printed, {A.name: matrix, x.name: point}),
            lambda seed: [None, times(seed, product)],
        )
