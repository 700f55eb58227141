"""A dense layer with the weights of another layer: one array, which is counted there."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Framework, Size, Stored, Tensor
from explain.layers.simple import Dense


class TiedDense(Dense):
    """A dense layer whose weights are those of an embedding or of another dense layer; its bias is its own.

    Args:
        line: of the code where the other one is made.

    Source: Press and Wolf 2017, Using the Output Embedding to Improve Language Models, section 2.
    """

    __slots__ = ("line",)

    def __init__(self, units: Size, bias: bool, word: str, line: int) -> None:
        super().__init__(units, bias, f"{word} tied", on="last")
        self.line = line

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        return super().tensors(arrived)[1:]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        return super().stored(arrived, framework)[1:]
