"""Multi-head attention as a layer of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from explain.layers.base import Flow, Framework, Layer, MisfitError, Size, Stored, Tensor, Window, multiplied, times
from explain.layers.simple import MultiHead


class MultiHeadAttention(Layer):
    """Attention of a sequence on itself or, with a second flow, on another one.

    Args:
        key_size, value_size: columns of one head.
        flows: queries, then keys and values, where they are not the same; `among` tells it.

    Source: Vaswani et al. 2017, section 3.2.2; Keras MultiHeadAttention, PyTorch torch.nn.MultiheadAttention.
    """

    __slots__ = ("bias", "flows", "heads", "key_size", "value_size")
    several: ClassVar[bool] = True
    reads = "sequence"

    def __init__(
        self, heads: Size, key_size: Size, value_size: Size, bias: bool, word: str, flows: Sequence[Flow] = ()
    ) -> None:
        self.heads, self.key_size, self.value_size, self.bias = heads, key_size, value_size, bias
        self.word, self.flows = word, flows

    def among(self, flows: Sequence[Flow]) -> MultiHeadAttention:
        """The same, with all that arrives."""
        return MultiHeadAttention(self.heads, self.key_size, self.value_size, self.bias, self.word, tuple(flows))

    def inside(self, arrived: Flow) -> MultiHead:
        """The projections, for what arrives."""
        keys, values = times(self.heads, self.key_size), times(self.heads, self.value_size)
        return MultiHead(arrived.sizes[-1], self.heads, keys, values, self.bias, self.word)

    def output(self, arrived: Flow) -> Flow:
        if len(arrived.sizes) != 2:
            raise MisfitError("{arrived} arrived, but attention reads a sequence, such as 50x8: 50 steps of 8 features")
        widths = {str(flow.sizes[-1]) for flow in self.flows}
        if len(widths) > 1:
            raise MisfitError(f"queries, keys and values have {' and '.join(sorted(widths))} features: not read")
        return arrived

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        return self.inside(arrived).tensors(arrived)

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        return self.inside(arrived).stored(arrived, framework)

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        """Projections of every step, scores and weighted sums of every pair of steps."""
        steps, width = arrived.sizes
        others = self.flows[1].sizes[0] if len(self.flows) > 1 else steps
        keys, values = times(self.heads, self.key_size), times(self.heads, self.value_size)
        ours = multiplied((steps, width, keys + values))
        theirs = multiplied((others, width, keys + values))
        return ours + theirs + multiplied((steps, others, keys + values))

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None
