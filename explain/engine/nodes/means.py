"""Means over some axes of an array, and means of squares; their axes are said by `Along`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.along import Along
from explain.engine.nodes.arithmetic import Divide, times
from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.nodes.over import SumOver, stretched
from explain.engine.notation import GAP, PRODUCT, Fraction, Notation, Row, Word

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class MeanOver(SumOver):
    """The mean over some axes; `count` is how many numbers share it."""

    __slots__ = ()

    def __init__(self, operand: Node, count: Node, along: Along) -> None:
        super().__init__(operand, along)
        self.operands = (operand, count)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return type(self)(operands[0], operands[1], self.along)

    def evaluate(self, values: Sequence[Array]) -> Array:
        """From the first number on, so that the mean of equal numbers is exactly that number."""
        first = values[0][
            tuple(slice(0, 1) if axis in self.along.axes else slice(None) for axis in range(values[0].ndim))
        ]
        total = (values[0] - first).sum(axis=self.along.axes)
        return self.shaped(first.reshape(total.shape) + total / float(values[1]))

    def entry(self, index: Index) -> Node:
        return Divide(super().entry(index), self.operands[1].entry(()))

    def _index_sum(self, style: Style) -> Notation:
        one = Fraction(Word("1", number=True), style.write(self.operands[1]))
        return Row([one, GAP, super()._index_sum(style)], PRODUCT)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [Divide(stretched(seed, self.along), self.operands[1]), None]


class MeanSquare(MeanOver):
    """The mean of the squares over some axes; of deviations from a mean, the biased variance."""

    __slots__ = ()

    @property
    def term(self) -> Node:
        """What is summed: the squares."""
        return self.operands[0] ** 2

    def evaluate(self, values: Sequence[Array]) -> Array:
        return self.shaped((values[0] ** 2).sum(axis=self.along.axes) / float(values[1]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        """u²/m has the derivative 2u/m."""
        operand, number = self.operands
        return [times(stretched(seed, self.along), Divide(times(Number(2, "2"), operand), number)), None]
