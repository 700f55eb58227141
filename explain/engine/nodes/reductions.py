"""Many numbers made one: the sum, the mean, the product of a row and a column. An axis stays, with size 1."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING

from explain.engine import shapes
from explain.engine.nodes.arithmetic import Divide, times
from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.nodes.linear import MatMul, Sum, Transpose, transpose
from explain.engine.notation import Notation, product

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def total(operand: Node, axis: int | None = None) -> Node:
    """The sum of all entries, or along an axis; a number is its own sum."""
    if not operand.shape:
        return operand
    return Sum(operand, axis if leaves_several(operand, axis) else None)


def mean(operand: Node, axis: int | None = None) -> Node:
    """The sum divided by the number of its terms.

    >>> from explain.engine.nodes.base import Symbol
    >>> mean(Symbol("x", (3, 2)), 0).shape
    (1, 2)
    """
    if not operand.shape:
        return operand
    count = shapes.count(operand.shape) if axis is None else int(operand.shape[axis])
    return Divide(total(operand, axis), Number(Fraction(count), str(count)))


def leaves_several(operand: Node, axis: int | None) -> bool:
    """Whether an axis leaves more than one number."""
    return axis is not None and any(size != 1 for at, size in enumerate(operand.shape) if at != axis)


class Dot(Node):
    """A row times a column: one number, of shape (), so that it can stand anywhere a number can.

    Both are kept as they are given: a column that stands for a row is written with its transpose.
    """

    __slots__ = ()

    def __init__(self, first: Node, second: Node) -> None:
        self.operands = tuple(part.operands[0] if isinstance(part, Transpose) else part for part in (first, second))
        self.shape = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(values[0].ravel() @ values[1].ravel())

    def entry(self, index: Index) -> Node:
        return MatMul(*self._turned()).entry((0, 0))

    def _turned(self) -> tuple[Node, Node]:
        """The first as a row, the second as a column."""
        first, second = self.operands
        return first if first.shape[0] == 1 else transpose(first), second if second.shape[1] == 1 else transpose(second)

    def write(self, style: Style) -> Notation:
        return product([style.write(operand) for operand in self._turned()])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        first, second = self.operands
        turned = first.shape != second.shape
        return [times(seed, transpose(other) if turned else other) for other in (second, first)]
