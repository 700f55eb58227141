"""One axis made into several."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Layer, Window
from explain.layers.reshaping import Reshape, as_flow


class SplitAxis(Layer):
    """The first axis becomes several: `nn.Unflatten(1, (16, 5, 5))`.

    Args:
        sizes: of the axes; one of them may be -1: what is left.

    Source: PyTorch torch.nn.Unflatten.
    """

    __slots__ = ("sizes",)

    def __init__(self, sizes: Sequence[int], word: str) -> None:
        self.sizes, self.word = tuple(sizes), word

    def output(self, arrived: Flow) -> Flow:
        first = Reshape(self.sizes, False, self.word).output(Flow(arrived.sizes[:1], "vector"))
        return as_flow((*first.sizes, *arrived.sizes[1:]), False)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
