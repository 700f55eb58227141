"""Padding that is told from the last axis on, as in PyTorch."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Layer, MisfitError, Window


class PadLast(Layer):
    """Places put before and after, along the last axes; the axes before them stay.

    Args:
        pairs: the numbers before and after, one pair an axis, in the order of the axes.

    Source: PyTorch torch.nn.functional.pad, torch.nn.ZeroPad2d.
    """

    __slots__ = ("pairs",)

    def __init__(self, pairs: Sequence[tuple[int, int]], word: str) -> None:
        self.pairs, self.word = tuple(pairs), word

    def output(self, arrived: Flow) -> Flow:
        kept = len(arrived.sizes) - len(self.pairs)
        if kept < 0:
            raise MisfitError(f"{{arrived}} arrived, but {len(self.pairs)} axes are padded; pad fewer")
        padded = list(arrived.sizes[kept:])
        for at, pair in enumerate(self.pairs):
            for more in filter(None, pair):
                padded[at] = padded[at] + more
        return Flow((*arrived.sizes[:kept], *padded), arrived.kind)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
