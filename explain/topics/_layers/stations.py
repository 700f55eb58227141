"""The layers on the way through a network, as they are worked on paper."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.layers.base import Flow, Layer, Size
from explain.layers.simple import Dense
from explain.topics._layers import told
from explain.topics._layers.chain import Passed


class Station(NamedTuple):
    """A layer on the way: which one, what arrives, what it gives, and what of it is worked.

    Args:
        before: what arrives, as the layers below gave it; nothing where that is not known.
        arrived: the same as this layer reads it.
        sources: the numbers of the layers below; 0 is the input, -1 the second input and so on.
        features: the features that arrive according to the code, where what arrives does not say it.
        again: the number of the layer whose weights these are.
    """

    at: int
    title: str
    layer: Layer
    before: tuple[Flow, ...]
    arrived: Flow
    given: Flow
    parameters: bool
    fixed: bool
    work: bool
    field: tuple[int, ...] | None = ()
    jump: tuple[int, ...] = ()
    sources: tuple[int, ...] = ()
    features: Size | None = None
    again: int = 0


def stations(chain: Sequence[Passed]) -> list[Station]:
    """A chain: every layer takes what the one before it gave."""
    found = []
    for at, item in enumerate(chain, 1):
        before = chain[at - 2].given if at > 1 else item.arrived
        counts = (bool(item.parameters), bool(item.fixed), bool(item.multiply_adds))
        title = f"Layer {at}: {told.shown(item.layer)}"
        found.append(
            Station(
                at, title, item.layer, (before,), item.arrived, item.given, *counts, item.field, item.jump, (at - 1,)
            )
        )
    return found


class Source(NamedTuple):
    """An input: its shape as the first layer reads it, and what it is called in its meaning."""

    shape: Flow
    called: str = "the input"
    tokens: bool = False
    mark: str = ""  # after the 0 of its sizes, where there are several inputs


def with_features(layer: Layer, arrived: Flow, features: Size) -> Flow:
    """What arrives, with the features (of maps: the channels) that the code says."""
    sizes = arrived.sizes
    first = arrived.kind == "maps" and not (isinstance(layer, Dense) and layer.on == "last")
    return Flow((features, *sizes[1:]) if first else (*sizes[:-1], features), arrived.kind)


def with_ones(flow: Flow, known: Flow) -> Flow:
    """A shape in symbols, with the axes of one place as plain numbers."""
    pairs = zip(flow.sizes, known.sizes, strict=True)
    return Flow(tuple(1 if isinstance(number, int) and number == 1 else size for size, number in pairs), flow.kind)


def weighs(layer: Layer) -> bool:
    """Whether its kind has weights."""
    return type(layer).tensors is not Layer.tensors
