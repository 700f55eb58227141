"""One number a channel beside whole maps: the bias of a convolution, and back again its gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.linear import long_sum
from explain.engine.notation import Notation, Word, call
from explain.engine.shapes import Shape, count

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class OnMaps(Node):
    """A column with one number a channel, each standing in every place of its channel's map.

    Args:
        axes: how many axes a map has; the channels stand in front of them.
    """

    __slots__ = ("axes",)

    def __init__(self, operand: Node, shape: Shape, axes: int) -> None:
        self.operands = (operand,)
        self.shape = shape
        self.axes = axes

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return OnMaps(operands[0], self.shape, self.axes)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        sizes = tuple(int(size) for size in self.shape)
        return np.broadcast_to(values[0].reshape(-1, *(1,) * self.axes), sizes)

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry((index[-self.axes - 1], 0))

    def write(self, style: Style) -> Notation:
        return style.write(self.operands[0])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [MapSums(seed, self.axes)]


class MapSums(Node):
    """The sum of each channel's map, over all samples, as a column: the gradient of a bias."""

    __slots__ = ("axes",)

    def __init__(self, operand: Node, axes: int) -> None:
        self.operands = (operand,)
        self.axes = axes
        self.shape = (operand.shape[-axes - 1], 1)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return MapSums(operands[0], self.axes)

    def evaluate(self, values: Sequence[Array]) -> Array:
        value = values[0]
        kept = value.ndim - self.axes - 1
        summed: Array = value.sum(axis=tuple(at for at in range(value.ndim) if at != kept))
        return summed.reshape(-1, 1)

    def entry(self, index: Index) -> Node:
        operand, channel = self.operands[0], index[0]
        front, sizes = operand.shape[: -self.axes - 1], operand.shape[-self.axes :]
        places = count(sizes)

        def term(at: int) -> Node:
            sample, place = divmod(at, places)
            found: list[int] = []
            for size in reversed(sizes):
                place, rest = divmod(place, int(size))
                found.insert(0, rest)
            return operand.entry((*((sample,) if front else ()), channel, *found))

        return long_sum(count(front) * places, term)

    def write(self, style: Style) -> Notation:
        return call(Word("mapsum", r"\mathrm{mapsum}"), style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [OnMaps(seed, self.operands[0].shape, self.axes)]
