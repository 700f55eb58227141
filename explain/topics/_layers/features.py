"""The features or channels that the weights of a layer go along: what arrives, what leaves, what the code says."""

from __future__ import annotations

from explain.code.parts import Call
from explain.layers.base import Flow, Layer, Size
from explain.layers.cells import RecurrentCell
from explain.layers.convolution import Convolution, Separable, TransposedConvolution
from explain.layers.recurrent import Recurrent
from explain.layers.reshaping import RepeatVector, Upsampling, ZeroPadding
from explain.layers.simple import Dense, Embedding, Normalisation, Pointwise, Slopes
from explain.layers.sliding import GlobalPool, Pool, Sliding
from explain.layers.stacked import Stacked
from explain.layers.words import axes_of
from explain.topics._layers.misfits import described


def fits_axes(layer: Layer, arrived: Flow) -> bool:
    """Whether a layer gets as many axes as it reads; where it does not, it says so itself."""
    if isinstance(layer, Sliding):
        return arrived.kind == "maps" and len(layer.slides) in (1, len(arrived.sizes) - 1)
    return layer.reads != "sequence" or len(arrived.sizes) == 2


def arriving(layer: Layer, arrived: Flow) -> Size:
    """The features of what arrives that the weights depend on; of maps the channels."""
    if isinstance(layer, Dense | Normalisation):
        return layer.features(arrived)
    return arrived.sizes[0] if arrived.kind == "maps" else arrived.sizes[-1]


def axis_of_weights(layer: Layer | None) -> str:
    """Which axis the weights of a layer go along: the channels or the last one; empty where it has no such weights."""
    if isinstance(layer, Sliding) and not isinstance(layer, Pool):
        return "channels"
    return "last" if isinstance(layer, Dense | Recurrent | Embedding) else ""


def leaves(layer: Layer, features: Size | None) -> Size | None:
    """The last size of what a layer of Keras gives, from the last size of what arrives."""
    found: Size | None = None
    if isinstance(layer, Dense):
        found = layer.units
    elif isinstance(layer, Embedding):
        found = layer.width
    elif isinstance(layer, RecurrentCell):
        found = layer.units
    elif isinstance(layer, Recurrent):
        found = layer.output(Flow((1, 1), "sequence")).sizes[-1]
    elif isinstance(layer, Convolution):
        found = layer.filters if not layer.depthwise else None if features is None else layer.channels(features)
    elif isinstance(layer, Separable):
        found = layer.second.filters
    elif isinstance(layer, TransposedConvolution):
        found = layer.filters
    elif isinstance(layer, Pointwise | Normalisation | Pool | GlobalPool | RepeatVector | Upsampling | ZeroPadding):
        found = features
    return found


def assumed(layer: Layer, call: Call, features: Size | None) -> Flow | None:
    """A shape with which the parameters can be counted where what arrives is not known; None where they cannot."""
    if isinstance(layer, Embedding):
        return Flow((1,), "vector")
    if isinstance(layer, Slopes):
        return None if layer.count is None else Flow((1,), "vector")
    if isinstance(layer, Normalisation) and layer.shape is not None:
        return Flow((1,), "vector")
    if type(layer).tensors is Layer.tensors or isinstance(layer, Pointwise):
        return Flow((1,), "vector")
    if isinstance(layer, Normalisation) and not (layer.scale or layer.shift or layer.kept):
        return Flow((1,), "vector")
    if features is None:
        return None
    if isinstance(layer, Sliding):
        axes = axes_of(described(call)) or len(layer.slides)
        return Flow((features, *[1] * axes), "maps")
    if isinstance(layer, Normalisation) and layer.kind != "layer":
        return Flow((features, 1, 1), "maps")
    steps = isinstance(layer, Recurrent | Stacked) or layer.reads == "sequence"
    return Flow((1, features), "sequence") if steps else Flow((features,), "vector")
