"""A quantity over the root of another, as in every normalisation: `(X - μ) / √(σ² + ε)`; arrays in another shape."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, cast

from explain.engine.nodes.along import Along, ravelled, unravelled
from explain.engine.nodes.arithmetic import Divide, Raise, SquareRoot, fit_entry, negative, times
from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.nodes.over import Stretched, SumOver, stretched
from explain.engine.notation import Fraction as Over
from explain.engine.notation import Notation, Root, Word, call
from explain.engine.shapes import Shape, broadcast

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class Ratio(Divide):
    """A quotient, entry by entry, written as a fraction also between arrays: so normalisation is written."""

    __slots__ = ()

    def entry(self, index: Index) -> Node:
        return Divide(*(fit_entry(operand, index) for operand in self.operands))

    def write(self, style: Style) -> Notation:
        return Over(*(style.write(operand) for operand in self.operands))


class OverRoot(Node):
    """A quantity over the square root of another, entry by entry.

    The derivative with respect to what stands under the root is taken as papers have it: u^(-1/2) has the derivative
    -½ u^(-3/2) (Ioffe and Szegedy 2015, section 3).
    """

    __slots__ = ()

    def __init__(self, top: Node, square: Node) -> None:
        self.operands = (top, square)
        self.shape = broadcast(top.shape, square.shape)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(values[0] / np.sqrt(values[1]))

    def entry(self, index: Index) -> Node:
        top, square = (fit_entry(operand, index) for operand in self.operands)
        return Divide(top, SquareRoot(square))

    def write(self, style: Style) -> Notation:
        top, square = (style.write(operand) for operand in self.operands)
        return Over(top, Root(square))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        top, square = self.operands
        half, power = Number(Fraction(1, 2), "1/2"), Number(Fraction(-3, 2), "-3/2")
        slope = times(half, Raise(square, power))
        if isinstance(square, Stretched):  # the root of one number, standing in many places
            root: Node = stretched(SquareRoot(square.operands[0]), square.along)
        else:
            root = SquareRoot(square)
        return [Ratio(seed, root), negative(times(slope, times(seed, top)))]


class Reshaped(Node):
    """The same numbers, read row by row, in another shape."""

    __slots__ = ()

    def __init__(self, operand: Node, shape: Shape) -> None:
        self.operands = (operand,)
        self.shape = shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Reshaped(operands[0], self.shape)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0].reshape(cast("tuple[int, ...]", self.shape))

    def entry(self, index: Index) -> Node:
        operand = self.operands[0]
        return operand.entry(unravelled(ravelled(index, self.shape), operand.shape))

    def write(self, style: Style) -> Notation:
        return call(Word("reshape", r"\mathrm{reshape}"), style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [Reshaped(seed, self.operands[0].shape)]


def in_one(arriving: Node, normal: Node, root: Node, number: Node, along: Along, centred: bool = True) -> Node:
    """The gradient at what was normalised, its terms put together: `(m g - Σ g - x̂ Σ g x̂) / (m √(σ² + ε))`.

    Args:
        arriving: g, the gradient at the normalised numbers `normal`.
        root: √(σ² + ε), one number for each mean.
        number: m, how many numbers share a mean; `along` says which.
        centred: whether a mean was taken away; without that there is no Σ g.

    Source: the sum of the three terms of Ioffe and Szegedy 2015, section 3, with Σ (x - μ) = 0.
    """
    share = stretched(SumOver(times(arriving, normal), along), along)
    rest = times(number, arriving)
    if centred:
        rest = rest - stretched(SumOver(arriving, along), along)
    return Ratio(rest - times(normal, share), times(number, stretched(root, along)))
