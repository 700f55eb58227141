"""What holds for all layers of a kind, and how the shape of the input is read: the conventions of a page."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Symbol
from explain.engine.nodes.sizes import FloorQuotient
from explain.engine.notation import Notation
from explain.engine.prose import SYMBOLIC
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.layers.base import Flow, Framework, Layer, whole_number
from explain.layers.branches import Add, Skip
from explain.layers.convolution import TransposedConvolution
from explain.layers.merging import Merge
from explain.layers.recurrent import Recurrent
from explain.layers.simple import Normalisation, Slopes
from explain.layers.sliding import GlobalPool, Pool, Sliding
from explain.layers.stacked import Stacked
from explain.topics._layers.chain import Shapes
from explain.topics._layers.told import same


def conventions(
    layers: Sequence[Layer], framework: Framework, with_work: bool, called: Sequence[str] | None = None
) -> list[tuple[str, dict[str, Notation]]]:
    """What holds for all layers of a kind that are there.

    Args:
        called: what the code calls each layer, where they come from code.
    """
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
    if same(plain):
        told = "same padding adds as many zeros as keep the size; with a stride it is divided by it, rounded up"
        found.append((told, {}))
    found += _entrywise(layers, called)
    if any(isinstance(layer, Skip) for layer in layers):
        told = "skip keeps what arrives there, and add adds it again, entry by entry"
        projected = any(isinstance(layer, Add) and layer.projection is not None for layer in layers)
        found.append((told + "; with sizes, after a convolution on the skip" * projected, {}))
    if any(isinstance(layer, Pool) for layer in layers):
        found.append(("pooling takes each channel by itself and has no parameters", {}))
    if any(isinstance(layer, GlobalPool) for layer in layers):
        found.append(("a global pool makes one number of each channel: the largest entry, or the mean", {}))
    if any(isinstance(layer, Normalisation) and layer.kept for layer in layers):
        name = "batchnorm" if called is None else "batch normalisation"
        found.append(
            (
                f"{name} keeps a running mean and a running variance for each channel: Keras counts them as "
                "parameters that are not trained, PyTorch as buffers, so that it counts the trained ones only",
                {},
            )
        )
    if any(isinstance(layer, Recurrent | Stacked) for layer in layers):
        found.append(((RECURRENT if called is None else IN_CODE)[framework], {}))
    if any(isinstance(layer, Merge) for layer in layers):
        found.append(("where several arrays meet, nothing is counted: sums and the like go entry by entry", {}))
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


def _entrywise(layers: Sequence[Layer], called: Sequence[str] | None) -> list[tuple[str, dict[str, Notation]]]:
    """The layers that change no shape and count nothing."""
    told = [layer.word.split()[0] for layer in layers] if called is None else called
    names = dict.fromkeys(
        name
        for layer, name in zip(layers, told, strict=True)
        if layer.pointwise and not isinstance(layer, Skip | Slopes)
    )
    found: list[tuple[str, dict[str, Notation]]] = []
    alone = [name for name in names if "softmax" not in name.lower()]
    if alone and called is None:
        found.append((f"{_listed(alone)}: entry by entry, so that no shape changes and nothing is counted", {}))
    elif alone:
        found.append((f"{_listed(alone)}: no shape changes and nothing is counted", {}))
    if len(alone) < len(names):
        softmax = "softmax: over the last axis, so that each entry depends on all of them; nothing is counted"
        found.append((softmax if called is None else "softmax: no shape changes and nothing is counted", {}))
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


IN_CODE: dict[Framework, str] = {
    "keras": "recurrent layers in Keras: one bias vector a gate (the GRU two, unless reset_after=False), and the state "
    "of the last step only, unless return_sequences=True",
    "pytorch": "recurrent layers in PyTorch: two bias vectors a gate, bias_ih and bias_hh, and the state of every step",
}


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
