"""A function of the code's own, whose output the code tells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from explain.layers.base import Flow, Layer, Size, Window
from explain.layers.reshaping import as_flow


class FixedShape(Layer):
    """Gives sizes that stand in the code, whatever arrives, and has no parameters.

    Source: Keras Lambda, its argument output_shape.
    """

    __slots__ = ("sizes",)
    several: ClassVar[bool] = True

    def __init__(self, sizes: Sequence[Size], word: str) -> None:
        self.sizes, self.word = tuple(sizes), word

    def among(self, flows: Sequence[Flow]) -> FixedShape:
        """The same: what arrives does not matter."""
        return self

    def output(self, arrived: Flow) -> Flow:
        return as_flow(self.sizes, True)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
