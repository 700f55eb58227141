"""What is said about a layer: what it is called, where its work and its sizes come from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from explain.engine.prose import Prose, say
from explain.layers.attention import MultiHeadAttention
from explain.layers.axes import JoinAxes
from explain.layers.base import Flow, Layer
from explain.layers.branches import Add
from explain.layers.cells import RecurrentCell
from explain.layers.convolution import Separable, TransposedConvolution
from explain.layers.merging import Merge
from explain.layers.products import DotProduct, PlainAttention
from explain.layers.recurrent import Recurrent
from explain.layers.reshaping import Cropping, Reshape, Shuffle, Upsampling, ZeroPadding
from explain.layers.simple import Dense, Flatten
from explain.layers.sliding import Pool, Sliding
from explain.layers.stacked import EveryStep, Stacked


def shown(layer: Layer) -> str:
    """A layer as it was written, `3×3` for `3x3`."""
    return re.sub(r"(?<=\d)x(?=\d)", "×", layer.word)


def kind(layer: Layer) -> str:
    """Layers of one kind are explained once; what changes the count makes another kind."""
    if isinstance(layer, EveryStep):
        return "every step " + kind(layer.inner)
    if isinstance(layer, Stacked):
        return f"{len(layer.layers)} stacked " + kind(layer.layers[0])
    settings = ("depthwise", "batch", "cell", "bias", "biases", "both", "kind", "scale", "shift", "kept", "count")
    marks = [f"{name} {getattr(layer, name)}" for name in settings if hasattr(layer, name)]
    return " ".join([type(layer).__name__, *marks, f"groups {getattr(layer, 'groups', 1) != 1}"])


def work(layer: Layer, arrived: Flow) -> Prose:
    """Where the multiply-adds come from."""
    if isinstance(layer, Add) and layer.projection is not None:
        return work(layer.projection, layer.kept)
    if isinstance(layer, TransposedConvolution):
        return say("every weight is used once at each place of the input")
    if isinstance(layer, Separable):
        return say("first every number of the depthwise output takes its window, then every filter all channels there")
    if isinstance(layer, Sliding):
        return say("every number of the output takes one multiplication for each weight of its window")
    if isinstance(layer, RecurrentCell):
        return say("every weight, but no bias, is used once")
    if isinstance(layer, Recurrent | Stacked):
        return say("every weight, but no bias, is used once at each time step")
    if isinstance(layer, EveryStep):
        inside = work(layer.inner, layer.one(arrived))
        return (*inside, "; this at each of the steps, with the same weights")
    if isinstance(layer, MultiHeadAttention):
        return say(
            "first the queries and the way back from the weighted sums, then the keys and values, one multiplication "
            "for each weight at each time step; then for each pair of steps the score and the weighted value"
        )
    if isinstance(layer, PlainAttention):
        return say(
            "each pair of steps takes one multiplication for each entry of the keys (the score) and one for each of "
            "the values (the weighted sum)"
        )
    if isinstance(layer, DotProduct):
        return say("one multiplication for each pair of entries that is summed")
    if isinstance(layer, Dense) and arrived.kind == "maps":
        return say("every weight, but no bias, is used once at each place")
    every = " at each time step" if len(arrived.sizes) > 1 else ""
    return say(f"every weight, but no bias, is used once{every}")


def size(layer: Layer) -> tuple[str, Prose]:
    """What decides the sizes that a layer gives, and how it is said."""
    how = _how(layer)
    return how, say(SIZES[how]) if how else ()


SIZES = {
    "same stamp": "same padding: stride times as many numbers come out as go in",
    "stamp": "the first place of the input stamps a whole window, each of the others begins one stride further",
    "same": "same padding: one output for every stride of the input, rounded up",
    "ceil": "the window stands once at the edge, and once more for every stride of what is left, rounded up: a last "
    "window that sticks out is used, unless it begins outside, which takes 1 away",
    "window": "the window stands once at the edge, and once more for every stride of what is left, rounded down",
    "row": "all numbers in one row",
    "beside": "what is joined stands beside each other along one axis, whose sizes are added",
    "joined": "the axes that become one: their sizes multiplied",
    "left": "-1 stands for what is left: all numbers, divided by the other sizes",
    "repeated": "every place is repeated so many times",
    "padded": "what is added at both ends of the axis",
    "cropped": "what is cut off at both ends of the axis",
    "laid out": "factor·factor channels become factor times as many places along both axes",
}


PLAIN = {
    Flatten: "row", JoinAxes: "joined", Reshape: "left", Upsampling: "repeated", ZeroPadding: "padded",
    Cropping: "cropped", Shuffle: "laid out",
}  # fmt: skip


def _how(layer: Layer) -> str:
    """What decides the sizes that a layer gives."""
    if isinstance(layer, TransposedConvolution):
        return "same stamp" if same([layer]) else "stamp"
    if isinstance(layer, Pool) and layer.ceil:
        return "ceil"
    if isinstance(layer, Sliding):
        return "same" if same([layer]) else "window"
    if isinstance(layer, Merge):
        return "beside" if layer.kind == "concatenate" else ""
    plain = {
        Flatten: "row",
        JoinAxes: "joined",
        Reshape: "left",
        Upsampling: "repeated",
        ZeroPadding: "padded",
        Cropping: "cropped",
    }
    return {**plain, Shuffle: "laid out"}.get(type(layer), "")


def same(layers: Sequence[Layer]) -> bool:
    """Whether one of them has same padding."""
    return any(slide.padding == "same" for layer in layers if isinstance(layer, Sliding) for slide in layer.slides)
