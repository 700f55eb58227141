"""Two axes that change places, however many there are: `x.transpose(1, 2)`."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Layer, MisfitError, Window
from explain.layers.reshaping import as_flow


class Swap(Layer):
    """Two axes in each other's place.

    Args:
        axes: counted from 1 without the batch, or from the end.

    Source: PyTorch torch.transpose.
    """

    __slots__ = ("axes",)

    def __init__(self, axes: tuple[int, int], word: str) -> None:
        self.axes, self.word = axes, word

    def output(self, arrived: Flow) -> Flow:
        sizes = list(arrived.sizes)
        first, last = (axis - 1 if axis > 0 else len(sizes) + axis for axis in self.axes)
        if not (0 <= first < len(sizes) and 0 <= last < len(sizes)):
            raise MisfitError(f"{{arrived}} arrived: it has no axes {self.axes[0]} and {self.axes[1]}")
        sizes[first], sizes[last] = sizes[last], sizes[first]
        return as_flow(sizes, False)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
