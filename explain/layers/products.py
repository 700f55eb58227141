"""Layers that multiply two arrays with each other: dot products, and attention without projections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from explain.layers.base import (
    Flow,
    Framework,
    Layer,
    MisfitError,
    Size,
    Stored,
    Tensor,
    Window,
    alike,
    multiplied,
    written,
)
from explain.layers.reshaping import as_flow, as_written


class DotProduct(Layer):
    """Sums of products of two arrays along one axis of each, as between the vectors of a user and of a film.

    Args:
        axes: one of each array, counted as in the code: the batch is axis 0, -1 is the last one.
        flows: what arrives; `among` tells it.

    Source: Koren, Bell and Volinsky 2009, Matrix Factorization Techniques, eq. 1; Keras Dot.
    """

    __slots__ = ("axes", "flows")
    several: ClassVar[bool] = True

    def __init__(self, axes: tuple[int, int], word: str, flows: Sequence[Flow] = ()) -> None:
        self.axes, self.word, self.flows = axes, word, flows

    def among(self, flows: Sequence[Flow]) -> DotProduct:
        """The same, with all that arrives."""
        return DotProduct(self.axes, self.word, tuple(flows))

    def _parts(self) -> tuple[Size, tuple[Size, ...]]:
        """How many products a sum has, and the shape of the sums."""
        shapes = [as_written(flow, True) for flow in self.flows]
        if len(shapes) != 2:
            raise MisfitError(f"{len(shapes)} arrays arrive: a dot product takes two")
        summed, left = [], []
        for axis, shape in zip(self.axes, shapes, strict=True):
            at = axis - 1 if axis > 0 else axis + len(shape)
            if axis == 0 or not 0 <= at < len(shape):
                raise MisfitError(f"axis {axis} of {written(shape)}: axes go from 1 (0 is the batch) to {len(shape)}")
            summed.append(shape[at])
            left += [size for place, size in enumerate(shape) if place != at]
        if not alike(*summed):
            raise MisfitError(f"sums over {summed[0]} and {summed[1]} entries do not go together; they need as many")
        return summed[0], tuple(left) or (1,)

    def output(self, arrived: Flow) -> Flow:
        return as_flow(self._parts()[1], True)

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        summed, left = self._parts()
        return multiplied((*left, summed))

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None


class PlainAttention(Layer):
    """Attention without projections: queries, then values, then keys where they are not the values.

    Args:
        scale: numbers it learns: none, one for the scores, or one for each feature (in additive attention).
        flows: what arrives; `among` tells it.

    Source: Luong, Pham and Manning 2015, section 3.1 (dot); Bahdanau, Cho and Bengio 2015, appendix A.1.2 (additive);
    Keras Attention and AdditiveAttention.
    """

    __slots__ = ("flows", "scale")
    several: ClassVar[bool] = True
    reads = "sequence"

    def __init__(self, scale: str, word: str, flows: Sequence[Flow] = ()) -> None:
        self.scale, self.word, self.flows = scale, word, flows

    def among(self, flows: Sequence[Flow]) -> PlainAttention:
        """The same, with all that arrives."""
        return PlainAttention(self.scale, self.word, tuple(flows))

    def _others(self, arrived: Flow) -> Flow:
        """The values."""
        values = self.flows[1] if len(self.flows) > 1 else arrived
        for flow in (arrived, values):
            if len(flow.sizes) != 2:
                raise MisfitError(
                    "{arrived} arrived, but attention reads sequences, such as 50x8: 50 steps, 8 features"
                )
        keys = self.flows[2] if len(self.flows) > 2 else values
        if not alike(arrived.sizes[1], keys.sizes[-1]):
            raise MisfitError(
                f"queries of {arrived.sizes[1]} features arrive with keys of {keys.sizes[-1]}; they need as many"
            )
        return values

    def output(self, arrived: Flow) -> Flow:
        return Flow((arrived.sizes[0], self._others(arrived).sizes[1]), "sequence")

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        if not self.scale:
            return ()
        each = self.scale == "feature"
        told = "weights of the sum: one for each feature" if each else "scale of all scores"
        return [Tensor("v" if each else "s", told, (arrived.sizes[-1] if each else 1,))]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        shape = (arrived.sizes[-1],) if self.scale == "feature" else ()
        return [Stored("scale", shape)] if self.scale else []

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        steps, others = arrived.sizes[0], self._others(arrived)
        scores = multiplied((steps, others.sizes[0], arrived.sizes[1]))
        return scores + multiplied((steps, *others.sizes))

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None
