"""Layers made of layers: several on top of each other as one, and one at every time step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from explain.engine.nodes.base import Node
from explain.layers.base import (
    Flow,
    Framework,
    Layer,
    MisfitError,
    Size,
    Stored,
    Tensor,
    Window,
    as_node,
    entering,
    times,
)
from explain.layers.recurrent import Recurrent
from explain.layers.reshaping import as_flow, as_written


class Stacked(Layer):
    """Layers one after the other that are written as one, such as a recurrent layer with `num_layers=2`."""

    __slots__ = ("layers",)

    def __init__(self, layers: Sequence[Layer], word: str) -> None:
        self.layers, self.word = list(layers), word

    def each(self, arrived: Flow) -> Iterator[tuple[Layer, Flow, Flow]]:
        """The layers with what arrives at each and what it gives."""
        worked = any(isinstance(size, Node) for size in arrived.sizes)
        for layer in self.layers:
            given = layer.output(arrived)
            yield layer, arrived, given
            arrived = Flow(tuple(map(as_node, given.sizes)), given.kind) if worked else given

    def output(self, arrived: Flow) -> Flow:
        for _, _, given in self.each(arrived):
            arrived = given
        return arrived

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        return [tensor for layer, enters, _ in self.each(arrived) for tensor in layer.tensors(enters)]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        found = []
        for at, (layer, enters, _) in enumerate(self.each(arrived)):
            level = f"_l{at}" if framework == "pytorch" and isinstance(layer, Recurrent) else ""
            for array in layer.stored(enters, framework):
                name, reverse, _ = array.name.partition("_reverse")
                found.append(array._replace(name=name + level + reverse))
        return found

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        total: Size = 0
        for layer, enters, leaves in self.each(arrived):
            work = layer.multiply_adds(enters, leaves)
            total = work if isinstance(total, int) and total == 0 else total + work
        return total

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None


class EveryStep(Layer):
    """A layer used at every place of the first axis with the same weights, as Keras' TimeDistributed."""

    __slots__ = ("channels_last", "inner")

    def __init__(self, inner: Layer, channels_last: bool, word: str) -> None:
        self.inner, self.channels_last, self.word = inner, channels_last, word

    def one(self, arrived: Flow) -> Flow:
        """What one place holds."""
        one = as_flow(as_written(arrived, self.channels_last)[1:], self.channels_last)
        return entering(self.inner, one, self.channels_last)

    def output(self, arrived: Flow) -> Flow:
        steps, *_ = as_written(arrived, self.channels_last)
        if len(arrived.sizes) < 2:
            raise MisfitError("{arrived} arrived, but there must be time steps, such as 50x8: 50 steps of 8 features")
        given = self.inner.output(self.one(arrived))
        return as_flow((steps, *as_written(given, self.channels_last)), self.channels_last)

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        return self.inner.tensors(self.one(arrived))

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        return self.inner.stored(self.one(arrived), framework)

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        one = self.one(arrived)
        work = self.inner.multiply_adds(one, self.inner.output(one))
        return 0 if isinstance(work, int) and work == 0 else times(as_written(arrived, self.channels_last)[0], work)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
