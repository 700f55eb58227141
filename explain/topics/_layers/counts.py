"""Why a layer has the parameters that it has."""

from __future__ import annotations

from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import Prose, say
from explain.layers.attention import MultiHeadAttention
from explain.layers.base import Flow, Layer, Size, as_node, divided
from explain.layers.branches import Add
from explain.layers.convolution import Convolution, Separable, TransposedConvolution
from explain.layers.products import PlainAttention
from explain.layers.recurrent import GATES, Recurrent
from explain.layers.simple import Dense, Embedding, Normalisation, Slopes
from explain.layers.sliding import Sliding
from explain.layers.stacked import EveryStep, Stacked
from explain.layers.tied import TiedDense


def count(layer: Layer, arrived: Flow, buffers: bool = True) -> Prose:
    """Why a layer has the parameters that it has.

    Args:
        buffers: whether what is not trained is counted.
    """
    if isinstance(layer, Add) and layer.projection is not None:
        return count(layer.projection, layer.kept, buffers)
    made = _made_of_layers(layer, arrived, buffers)
    if made:
        return made
    ending = ", and one bias" if getattr(layer, "bias", False) else ", and no bias"
    if isinstance(layer, TiedDense):
        own = f"{_each(layer.units, 'unit')} has a bias"
        return say(f"its weights are those of line {layer.line}, counted there; {own}")
    if isinstance(layer, Dense):
        each = "the unit" if layer.units == 1 else _each(layer.units, "unit")
        return say(f"{each} has one weight for each of the {{m}} inputs{ending}", m=as_node(layer.features(arrived)))
    if isinstance(layer, Convolution) and layer.depthwise:
        each = f"{layer.filters} windows" if layer.filters != 1 else "one window"
        own = ", each with one bias" if layer.bias else ending
        return say(f"each channel has {each} of {_window(layer, arrived)} weights of its own{own}")
    if isinstance(layer, Convolution):
        sees = "{c} channels" if layer.groups == 1 else "{c} channels of its group"
        return say(
            f"{_each(layer.filters, 'filter')} has {_window(layer, arrived)} weights for each of the {sees}{ending}",
            c=as_node(divided(arrived.sizes[0], layer.groups)),
        )
    if isinstance(layer, Separable):
        windows = "one window" if layer.first.filters == 1 else f"{layer.first.filters} windows"
        return say(
            f"first {windows} of {_window(layer, arrived)} weights for each channel, then for "
            f"{_each(layer.second.filters, 'filter')} one weight for each channel that comes out, and "
            + ("one bias" if layer.second.bias else "no bias")
        )
    if isinstance(layer, TransposedConvolution):
        window = f"a window of {_window(layer, arrived)} weights"
        return say(f"each channel has {window} for {_each(layer.filters, 'filter')}; each filter has{ending[5:]}")
    if isinstance(layer, Embedding):
        return say(f"{_each(layer.vocabulary, 'token')} has a row of {{d}} numbers", d=_shown(layer.width))
    if isinstance(layer, Normalisation):
        return say(_learned(layer, arrived, buffers))
    assert isinstance(layer, Recurrent)
    return _recurrent(layer, arrived)


def _made_of_layers(layer: Layer, arrived: Flow, buffers: bool) -> Prose:
    """Layers with layers inside, and those with one kind of weight; nothing for the others."""
    if isinstance(layer, EveryStep):
        return (*count(layer.inner, layer.one(arrived), buffers), "; the same weights at every step")
    if isinstance(layer, Stacked):
        return _stacked(layer, arrived, buffers)
    if isinstance(layer, MultiHeadAttention):
        return _attention(layer, arrived)
    if isinstance(layer, PlainAttention):
        return say("one weight for each feature" if layer.scale == "feature" else "one scale of all scores")
    if isinstance(layer, Slopes):
        return say("one slope for each number" if layer.count is None else f"{layer.count} learned slopes")
    return ()


def _recurrent(layer: Recurrent, arrived: Flow) -> Prose:
    gates = {
        1: "the cell has",
        3: "each of the 2 gates and the candidate has",
        4: "each of the 3 gates and the candidate has",
    }[GATES[layer.cell]]
    n = _shown(layer.units)
    biases = ("no bias", "1 bias" if layer.units == 1 else "{n} biases", "twice {n} biases")[layer.biases]
    both = "in each of 2 directions " if layer.both else ""
    return say(
        f"{both}{gates} {{n}} weights for each of the {{m}} features, {{n}} for each entry of the previous state, and "
        f"{biases}",
        m=as_node(arrived.sizes[-1]),
        n=n,
    )


def _each(size: Size, what: str) -> str:
    """`each of the 32 units`; of a number that is not known `each unit`."""
    return f"each {what}" if isinstance(size, Symbol) else f"each of the {size} {what}s"


def _shown(size: Size) -> str | Node:
    """A size for a sentence: a number in words, a symbol as one."""
    return size if isinstance(size, Node) else str(size)


def _learned(layer: Normalisation, arrived: Flow, buffers: bool) -> str:
    """The numbers of a normalisation."""
    each = "channel" if arrived.kind == "maps" and layer.shape is None else "feature"
    parts = ["a scale"] * layer.scale + ["a shift"] * layer.shift
    told = f"{' and '.join(parts) or 'nothing is learned'} for each {each}" if parts else "nothing is learned"
    if not layer.kept:
        return told
    kept = "a running mean and a running variance"
    return told + f"; {kept}, which are not trained" if buffers else told + f"; {kept} are buffers, no parameters"


def _stacked(layer: Stacked, arrived: Flow, buffers: bool) -> Prose:
    """The first of several layers, and what changes above it."""
    (first, enters, leaves), *others = layer.each(arrived)
    told = count(first, enters, buffers)
    if not others:
        return told
    above = "layer above counts" if len(others) == 1 else f"{len(others)} layers above count"
    return (*told, *say(f"; the {above} alike, with {{m}} features", m=as_node(leaves.sizes[-1])))


def _attention(layer: MultiHeadAttention, arrived: Flow) -> Prose:
    """The four projections."""
    inside = layer.inside(arrived)
    bias = ", each with one bias a column" if layer.bias else ", without biases"
    columns = f"{inside.keys}" if inside.keys == inside.values else f"{inside.keys} (values: {inside.values})"
    return say(
        f"queries, keys and values are projections from {{m}} features to the {columns} columns of all "
        f"{layer.heads} heads, and the output one from these back to {{m}}{bias}",
        m=as_node(arrived.sizes[-1]),
    )


def _window(layer: Sliding, arrived: Flow) -> str:
    return "·".join(str(slide.kernel) for slide in layer.along(arrived))
