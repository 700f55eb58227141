"""What is said about a layer of a chain: how it counts, where its work comes from, what holds for all of its kind."""

from __future__ import annotations

import re
from collections.abc import Sequence

from explain.engine.nodes.base import Symbol
from explain.engine.nodes.sizes import FloorQuotient
from explain.engine.notation import Notation
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.layers.base import Flow, Framework, Layer, as_node, divided, whole_number
from explain.layers.branches import Add, Skip
from explain.layers.convolution import Convolution, Separable, TransposedConvolution
from explain.layers.recurrent import GATES, Recurrent
from explain.layers.simple import Dense, Embedding, Flatten, Normalisation
from explain.layers.sliding import GlobalPool, Pool, Sliding
from explain.topics._layers.chain import Shapes


def shown(layer: Layer) -> str:
    """A layer as it was written, `3×3` for `3x3`."""
    return re.sub(r"(?<=\d)x(?=\d)", "×", layer.word)


def kind(layer: Layer) -> str:
    """Layers of one kind are explained once; what changes the count makes another kind."""
    settings = ("depthwise", "batch", "cell", "bias", "biases", "both")
    marks = [f"{name} {getattr(layer, name)}" for name in settings if hasattr(layer, name)]
    return " ".join([type(layer).__name__, *marks, f"groups {getattr(layer, 'groups', 1) != 1}"])


def count(layer: Layer, arrived: Flow) -> Prose:
    """Why a layer has the parameters that it has."""
    if isinstance(layer, Add) and layer.projection is not None:
        return count(layer.projection, layer.kept)
    ending = ", and one bias" if getattr(layer, "bias", False) else ", and no bias"
    if isinstance(layer, Dense):
        each = "the unit" if layer.units == 1 else f"each of the {layer.units} units"
        return say(f"{each} has one weight for each of the {{m}} inputs{ending}", m=as_node(arrived.sizes[-1]))
    if isinstance(layer, Convolution) and layer.depthwise:
        each = f"{layer.filters} windows" if layer.filters != 1 else "one window"
        own = ", each with one bias" if layer.bias else ending
        return say(f"each channel has {each} of {_window(layer, arrived)} weights of its own{own}")
    if isinstance(layer, Convolution):
        sees = "{c} channels" if layer.groups == 1 else "{c} channels of its group"
        return say(
            f"each of the {layer.filters} filters has {_window(layer, arrived)} weights for each of the {sees}{ending}",
            c=as_node(divided(arrived.sizes[0], layer.groups)),
        )
    if isinstance(layer, Separable):
        windows = "one window" if layer.first.filters == 1 else f"{layer.first.filters} windows"
        return say(
            f"first {windows} of {_window(layer, arrived)} weights for each channel, then for each of the "
            f"{layer.second.filters} filters one weight for each channel that comes out, and "
            + ("one bias" if layer.second.bias else "no bias")
        )
    if isinstance(layer, TransposedConvolution):
        window = f"a window of {_window(layer, arrived)} weights"
        return say(f"each channel has {window} for each of the {layer.filters} filters; each filter has{ending[5:]}")
    if isinstance(layer, Embedding):
        return say(f"each of the {layer.vocabulary} tokens has a row of {layer.width} numbers")
    if isinstance(layer, Normalisation):
        learned = "a scale and a shift for each " + ("channel" if arrived.kind == "maps" else "feature")
        return say(learned + ("; a running mean and a running variance, which are not trained" if layer.batch else ""))
    assert isinstance(layer, Recurrent)
    return _recurrent(layer, arrived)


def _recurrent(layer: Recurrent, arrived: Flow) -> Prose:
    gates = {
        1: "the cell has",
        3: "each of the 2 gates and the candidate has",
        4: "each of the 3 gates and the candidate has",
    }[GATES[layer.cell]]
    biases = ("no bias", amount(int(str(layer.units)), "bias"), f"twice {layer.units} biases")[layer.biases]
    both = "in each of 2 directions " if layer.both else ""
    return say(
        f"{both}{gates} {layer.units} weights for each of the {{m}} features, {layer.units} for each entry of the "
        f"previous state, and {biases}",
        m=as_node(arrived.sizes[-1]),
    )


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
    if isinstance(layer, Recurrent):
        return say("every weight, but no bias, is used once at each time step")
    every = " at each time step" if len(arrived.sizes) > 1 else ""
    return say(f"every weight, but no bias, is used once{every}")


def size(layer: Layer, already: set[tuple[str, str]]) -> Prose:
    """Where a size comes from, at the first layer that says so."""
    how = _how(layer)
    if ("size", how) in already:
        return ()
    already.add(("size", how))
    return say(SIZES[how]) if how else ()


SIZES = {
    "same stamp": "same padding: stride times as many numbers come out as go in",
    "stamp": "the first place of the input stamps a whole window, each of the others begins one stride further",
    "same": "same padding: one output for every stride of the input, rounded up",
    "ceil": "the window stands once at the edge, and once more for every stride of what is left, rounded up: a last "
    "window that sticks out is used, unless it begins outside, which takes 1 away",
    "window": "the window stands once at the edge, and once more for every stride of what is left, rounded down",
    "row": "all numbers in one row",
}


def _how(layer: Layer) -> str:
    """What decides the sizes that a layer gives."""
    if isinstance(layer, TransposedConvolution):
        return "same stamp" if _same([layer]) else "stamp"
    if isinstance(layer, Pool) and layer.ceil:
        return "ceil"
    if isinstance(layer, Sliding):
        return "same" if _same([layer]) else "window"
    return "row" if isinstance(layer, Flatten) else ""


def _window(layer: Sliding, arrived: Flow) -> str:
    return "·".join(str(slide.kernel) for slide in layer.along(arrived))


def _same(layers: Sequence[Layer]) -> bool:
    return any(slide.padding == "same" for layer in layers if isinstance(layer, Sliding) for slide in layer.slides)


def conventions(
    layers: Sequence[Layer], framework: Framework, with_work: bool
) -> list[tuple[str, dict[str, Notation]]]:
    """What holds for all layers of a kind that the chain has."""
    found: list[tuple[str, dict[str, Notation]]] = []
    sliding = [layer for layer in layers if isinstance(layer, Sliding)]
    stamping = [layer for layer in sliding if isinstance(layer, TransposedConvolution)]
    i, p, k, s, d = (Symbol(name) for name in "ipksd")
    letters: dict[str, Notation] = {symbol.name: symbol.word for symbol in (i, p, k, s, d)}
    plain = [layer for layer in sliding if layer not in stamping]
    if any(slide.padding != "same" for layer in plain for slide in layer.slides):
        found.append(
            (
                "along an axis of size {i} a window of {k} places with stride {s} and {p} zeros on each side fits {f} "
                "times; without a stride it moves by 1, a pooling window by its own size",
                {**letters, "f": SYMBOLIC.write(FloorQuotient(i + 2 * p - k, s) + 1)},
            )
        )
    if stamping:
        formula = (i - 1) * s + k - 2 * p
        found.append(("a transposed convolution makes {f} of a size {i}", {**letters, "f": SYMBOLIC.write(formula)}))
    if any(slide.dilation != 1 for layer in sliding for slide in layer.slides):
        spread = SYMBOLIC.write(d * (k - 1) + 1)
        found.append(("{k} entries that are {d} apart (dilation) cover {f} places", {**letters, "f": spread}))
    if _same(plain):
        told = "same padding adds as many zeros as keep the size; with a stride it is divided by it, rounded up"
        found.append((told, {}))
    names = dict.fromkeys(layer.word.split()[0] for layer in layers if layer.pointwise and not isinstance(layer, Skip))
    alone = [name for name in names if "softmax" not in name.lower()]
    if alone:
        found.append((f"{_listed(alone)}: entry by entry, so that no shape changes and nothing is counted", {}))
    if len(alone) < len(names):
        told = "softmax: over the last axis, so that each entry depends on all of them; nothing is counted"
        found.append((told, {}))
    if any(isinstance(layer, Skip) for layer in layers):
        told = "skip keeps what arrives there, and add adds it again, entry by entry"
        projected = any(isinstance(layer, Add) and layer.projection is not None for layer in layers)
        found.append((told + "; with sizes, after a convolution on the skip" * projected, {}))
    if any(isinstance(layer, Pool) for layer in layers):
        found.append(("pooling takes each channel by itself and has no parameters", {}))
    if any(isinstance(layer, GlobalPool) for layer in layers):
        found.append(("a global pool makes one number of each channel: the largest entry, or the mean", {}))
    if any(isinstance(layer, Normalisation) and layer.batch for layer in layers):
        found.append(
            (
                "batchnorm keeps a running mean and a running variance for each channel: Keras counts them as "
                "parameters that are not trained, PyTorch as buffers, so that it counts the trained ones only",
                {},
            )
        )
    if any(isinstance(layer, Recurrent) for layer in layers):
        found.append((RECURRENT[framework], {}))
    if with_work:
        found.append(
            (
                "a multiply-add is one multiplication with its addition; biases, activations, pooling, normalisation, "
                "look-ups and the element-wise products of gates "
                + ("and sums of skips " if any(isinstance(layer, Add) for layer in layers) else "")
                + "are not counted; floating-point operations (FLOPs) are twice as many",
                {},
            )
        )
    return found


def reading(sheet: Worksheet, first: Flow, shapes: Shapes) -> None:
    """How the shape of the input is read."""
    text, sizes = shapes.text(first), first.sizes
    if first.kind == "maps":
        looks_last = not shapes.channels_last and len(sizes) > 2 and sizes[-1] in (1, 3) and sizes[0] not in (1, 3)

        places = "×".join(map(str, sizes[1:]))
        other = Shapes(not shapes.channels_last).text(first)
        mine, theirs = ("last", "first") if shapes.channels_last else ("first", "last")
        sheet.convention(
            f"channels {mine}: {text} is {amount(whole_number(sizes[0]), 'channel')} of {places}; with channels "
            f"{theirs} ({'PyTorch' if shapes.channels_last else 'Keras by default'}) it is written {other}, and no "
            "count changes" + (f"; if {text} ends with the channels, say --layout channels-last" if looks_last else "")
        )
    elif first.kind == "sequence":
        sheet.convention(
            f"{text} is {amount(whole_number(sizes[0]), 'time step')} of {amount(whole_number(sizes[1]), 'feature')}"
        )
    sheet.convention("shapes are those of one sample: the batch is left out")


def field(sheet: Worksheet) -> None:
    """What the receptive field and the jump are, and how a window changes them."""
    r, j, k, s = (Symbol(name) for name in "rjks")
    sheet.convention(
        "the receptive field {r} is how many places of the input one number sees along an axis, and the jump {j} how "
        "many places of the input lie between two neighbours; both begin with 1; a window of {k} entries makes {r} "
        "wider by {w} with the jump before it, a stride {s} makes {j} {s} times as large, and a stride of 1 leaves it",
        r=r,
        j=j,
        k=k,
        s=s,
        w=(k - 1) * j,
    )


RECURRENT: dict[Framework, str] = {
    "keras": "recurrent layers as in Keras: one bias vector a gate (the GRU two), and the state of the last step only, "
    "unless sequences is said; --framework pytorch counts two and gives every state",
    "pytorch": "recurrent layers as in PyTorch: two bias vectors a gate, and the state of every step, unless last is "
    "said; --framework keras counts one (the GRU two) and gives the last state",
}


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
