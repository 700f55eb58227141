"""A chain of layers in whole numbers: what passes from layer to layer, and what each layer costs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.prose import SYMBOLIC
from explain.errors import InputError, shown
from explain.extents import Extent
from explain.layers.base import Flow, Layer, MisfitError, Size, counted, entering, whole_number
from explain.layers.branches import Add, Skip, joined
from explain.layers.simple import Embedding, Normalisation
from explain.layers.stacked import Stacked

AXES = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
LARGEST = 10**30


class Passed(NamedTuple):
    """One layer: what arrives (as the layer reads it), what it gives, and what it costs."""

    layer: Layer
    arrived: Flow
    given: Flow
    parameters: int
    fixed: int  # parameters that are not trained
    multiply_adds: int
    field: tuple[int, ...] | None  # what one output sees along each axis; None: everything; empty: not worked
    jump: tuple[int, ...]


def letters(flow: Flow) -> Sequence[str]:
    """The letters of the sizes of a shape."""
    if flow.kind == "maps":
        return ("C", *AXES.get(len(flow.sizes) - 1, [f"L{axis}" for axis in range(1, len(flow.sizes))]))
    return ("T", "d") if flow.kind == "sequence" else ("n",)


class Shapes:
    """How shapes are read and written: channels first or last."""

    def __init__(self, channels_last: bool, swaps: bool = True) -> None:
        """Take a layout.

        Args:
            swaps: whether features of a sequence become the channels of a convolution, and back; else, as in PyTorch,
                the sizes stay in their order whatever a layer takes them for.
        """
        self.channels_last, self.swaps = channels_last, swaps

    def read(self, extent: Extent, layers: Sequence[Layer]) -> Flow:
        """The shape of the input; whether two sizes are a sequence or maps, the first layer that cares decides."""
        sizes = tuple(extent.sizes)
        if len(sizes) > 4:
            raise InputError(
                f"{{input}} is {extent.text}: one sample has at most channels and 3 axes, such as 3x8x32x32"
            )
        if len(sizes) == 1:
            return Flow(sizes, "vector")
        cares = next((layer.suggests for layer in layers if layer.suggests is not None), "sequence")
        if len(sizes) == 2 and (cares == "sequence" or self.channels_last):
            return Flow(sizes, "sequence")
        return Flow((sizes[-1], *sizes[:-1]) if self.channels_last else sizes, "maps")

    def shown(self, flow: Flow) -> tuple[Size, ...]:
        """The sizes in the order in which they are written."""
        return (*flow.sizes[1:], flow.sizes[0]) if flow.kind == "maps" and self.channels_last else flow.sizes

    def text(self, flow: Flow) -> str:
        """`64×6×6`; a size that is not known by its symbol."""
        return "×".join(map(_text, self.shown(flow)))

    def entering(self, layer: Layer, arrived: Flow) -> Flow:
        """What arrived as the layer reads it."""
        if isinstance(layer, Stacked) and layer.layers:
            layer = layer.layers[0]
        if self.swaps or len(arrived.sizes) != 2:
            return entering(layer, arrived, self.channels_last)
        channels = layer.reads == "maps" or (isinstance(layer, Normalisation) and layer.kind != "layer")
        if channels:
            return Flow(arrived.sizes, "maps")
        return Flow(arrived.sizes, "sequence") if layer.reads == "sequence" or layer.by_row else arrived


def _text(size: Size) -> str:
    """One size; an expression in brackets, so that it stands as one."""
    if isinstance(size, Symbol):
        return size.word.text
    if isinstance(size, int):
        return str(size)
    from explain.render.linear import sentence

    return f"({sentence((SYMBOLIC.write(size),))})"


def run_through(layers: Sequence[Layer], first: Flow, shapes: Shapes) -> list[Passed]:
    """The whole chain; a layer that meets the same shape again is not worked again.

    Raises:
        InputError: a layer that does not fit what arrives.
    """
    found: list[Passed] = []
    known: dict[tuple[int, Flow], tuple[Flow, Flow, int, int, int]] = {}
    flow, jump = first, (1,) * max(1, len(first.sizes) - 1)
    field: tuple[int, ...] | None = jump
    misjoined = joined(layers)
    if misjoined:
        raise InputError(misjoined)
    kept: list[Flow] = []
    for at, each in enumerate(layers, 1):
        layer = each.at(kept.pop()) if isinstance(each, Add) else each
        kept += [flow] if isinstance(layer, Skip) else []
        key = (id(layer), flow)
        if key not in known:
            try:
                known[key] = _costs(layer, shapes.entering(layer, flow), at)
            except MisfitError as error:
                told = str(error).replace("{arrived}", shapes.text(flow))
                told += _mend(layer, flow, layers[: at - 1])
                raise InputError(f"layer {at}, {shown(layer.word, 60)}: {told}") from error
        arrived, flow, parameters, fixed, work = known[key]
        field, jump = seen(layer, arrived, field, jump)
        found.append(Passed(layer, arrived, flow, parameters, fixed, work, field, jump))
    return found


def _costs(layer: Layer, arrived: Flow, at: int) -> tuple[Flow, Flow, int, int, int]:
    if isinstance(layer, Embedding) and at > 1:
        raise MisfitError("{arrived} arrived, but an embedding reads token numbers; put it first")
    given, tensors = layer.output(arrived), layer.tensors(arrived)
    fixed = counted([tensor for tensor in tensors if not tensor.trainable])
    sizes = (counted(tensors), fixed, layer.multiply_adds(arrived, given), given.entries)
    parameters, unchanged, work, entries = map(whole_number, sizes)
    if max(parameters, work, entries) > LARGEST:
        raise MisfitError("its numbers go beyond 10^30; make it smaller")
    return arrived, given, parameters, unchanged, work


def _mend(layer: Layer, flow: Flow, before: Sequence[Layer]) -> str:
    """What is missing before a recurrent layer: the one below gives its last state only."""
    below = next((at for at in range(len(before), 0, -1) if not before[at - 1].pointwise), 0)
    if layer.reads != "sequence" or flow.kind != "vector" or not below or before[below - 1].reads != "sequence":
        return ""
    return f"; let layer {below} give all its states: {shown(before[below - 1].word, 60)} sequences"


def seen(
    layer: Layer, arrived: Flow, field: tuple[int, ...] | None, jump: tuple[int, ...]
) -> tuple[tuple[int, ...] | None, tuple[int, ...]]:
    """The receptive field after a layer, and the distance between two of its outputs, in places of the input.

    Source: Araujo, Norris and Sim 2019, Computing Receptive Fields of Convolutional Neural Networks, eqs. 1 and 2.
    """
    if layer.pointwise or not field:
        return field, jump
    windows = layer.windows(arrived)
    if not windows:
        return None if windows is None else (), jump
    if len(windows) != len(field):
        return field, jump
    wider = tuple(r + (whole_number(w.covers) - 1) * j for r, j, w in zip(field, jump, windows, strict=True))
    return wider, tuple(j * whole_number(w.step) for j, w in zip(jump, windows, strict=True))
