"""What holds for all layers of a kind, and how the shape of the input is read: the conventions of a page."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.sizes import FloorQuotient
from explain.engine.notation import Notation
from explain.engine.prose import SYMBOLIC, Prose, Telling, speaks
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

SIZES = ("C", "D", "H", "W", "L", "T", "d", "n")  # what the sizes after a layer are called
FIELDS = [letter + axis for letter in "rj" for axis in ("", "L", "D", "H", "W")]
BYTES = 4  # of a number in float32


class Rule(NamedTuple):
    """What holds for all layers of a kind, with the kinds of steps that it is about; none: all."""

    text: str
    parts: Mapping[str, Notation] = {}
    of: tuple[str, ...] = ()


def state(sheet: Worksheet, rules: Sequence[Rule]) -> None:
    """Put them on a worksheet."""
    for rule in rules:
        sheet.convention_about(rule.of, rule.text, **rule.parts)


def conventions(
    layers: Sequence[Layer], framework: Framework, with_work: bool, called: Sequence[str] | None = None
) -> list[Rule]:
    """What holds for all layers of a kind that are there.

    Args:
        called: what the code calls each layer, where they come from code.
    """
    found: list[Rule] = []
    sliding = [layer for layer in layers if isinstance(layer, Sliding)]
    stamping = [layer for layer in sliding if isinstance(layer, TransposedConvolution)]
    i, p, k, s, d = (Symbol(name) for name in "ipksd")
    letters: dict[str, Notation] = {symbol.name: symbol.word for symbol in (i, p, k, s, d)}
    plain = [layer for layer in sliding if layer not in stamping]
    if any(slide.padding != "same" for layer in plain for slide in layer.slides):
        told = "along an axis of size {i} a window of {k} places with stride {s} and {p} zeros on each side fits {f} "
        told += "times; without a stride it moves by 1, a pooling window by its own size"
        fits = SYMBOLIC.write(FloorQuotient(i + 2 * p - k, s) + 1)
        found.append(Rule(told, {**letters, "f": fits}, SIZES))
    if stamping:
        made = SYMBOLIC.write((i - 1) * s + k - 2 * p)
        found.append(Rule("a transposed convolution makes {f} of a size {i}", {**letters, "f": made}, SIZES))
    if any(slide.dilation != 1 for layer in sliding for slide in layer.slides):
        spread = SYMBOLIC.write(d * (k - 1) + 1)
        found.append(Rule("{k} entries that are {d} apart (dilation) cover {f} places", {**letters, "f": spread}))
    if same(plain):
        told = "same padding adds as many zeros as keep the size; with a stride it is divided by it, rounded up"
        found.append(Rule(told, of=SIZES))
    found += _entrywise(layers, called)
    if any(isinstance(layer, Skip) for layer in layers):
        told = "skip keeps what arrives there, and add adds it again, entry by entry"
        projected = any(isinstance(layer, Add) and layer.projection is not None for layer in layers)
        found.append(Rule(told + "; with sizes, after a convolution on the skip" * projected))
    if any(isinstance(layer, Pool) for layer in layers):
        found.append(Rule("pooling takes each channel by itself and has no parameters"))
    if any(isinstance(layer, GlobalPool) for layer in layers):
        found.append(Rule("a global pool makes one number of each channel: the largest entry, or the mean"))
    if any(isinstance(layer, Normalisation) and layer.kept for layer in layers):
        name = "batchnorm" if called is None else "batch normalisation"
        told = f"{name} keeps a running mean and a running variance for each channel: Keras counts them as "
        told += "parameters that are not trained, PyTorch as buffers, so that it counts the trained ones only"
        found.append(Rule(told, of=("P",)))
    if any(isinstance(layer, Recurrent | Stacked) for layer in layers):
        found.append(Rule((RECURRENT if called is None else IN_CODE)[framework]))
    if any(isinstance(layer, Merge) for layer in layers):
        found.append(Rule("where several arrays meet, nothing is counted: sums and the like go entry by entry"))
    return [*found, _work(layers)] if with_work else found


def _work(layers: Sequence[Layer]) -> Rule:
    """What a multiply-add is."""
    told = "a multiply-add is one multiplication with its addition; biases, activations, pooling, normalisation, "
    told += "look-ups and the element-wise products of gates "
    told += "and sums of skips " if any(isinstance(layer, Add) for layer in layers) else ""
    told += "are not counted; floating-point operations (FLOPs) are twice as many"
    return Rule(told, of=("M",))


def _entrywise(layers: Sequence[Layer], called: Sequence[str] | None) -> list[Rule]:
    """The layers that change no shape and count nothing."""
    told = [layer.word.split()[0] for layer in layers] if called is None else called
    names = dict.fromkeys(
        name
        for layer, name in zip(layers, told, strict=True)
        if layer.pointwise and not isinstance(layer, Skip | Slopes)
    )
    found: list[Rule] = []
    alone = [name for name in names if "softmax" not in name.lower()]
    if alone and called is None:
        found.append(Rule(f"{_listed(alone)}: entry by entry, so that no shape changes and nothing is counted"))
    elif alone:
        found.append(Rule(f"{_listed(alone)}: no shape changes and nothing is counted"))
    if len(alone) < len(names):
        softmax = "softmax: over the last axis, so that each entry depends on all of them; nothing is counted"
        found.append(Rule(softmax if called is None else "softmax: no shape changes and nothing is counted"))
    return found


def totals_told(sheet: Worksheet, names: Collection[str]) -> None:
    """What the totals are called; where only some are asked for, those.

    Args:
        names: of the totals that there are: P, or P_known where not all layers are known.
    """

    def told(asked: Collection[str]) -> Prose:
        kinds = {"P": "parameters", "M": "multiply-adds", "A": "numbers that the layers give out"}
        known = [(kind, f"{kind}_known", what) for kind, what in kinds.items()]
        counts = [(kind, word(name if name in asked else kind), what) for kind, name, what in known]
        there = [(letter, what) for kind, letter, what in counts if speaks((kind,), asked)]
        stored = [(word(f"B_{kind}"), letter) for kind, letter, _ in counts if f"B_{kind}" in asked]
        said: list[str | Notation] = []
        for at, (letter, what) in enumerate(there):
            said += [", " * (at > 0), letter, " are " * (at == 0) or " ", what]
        if len(stored) == len(there) == 1:
            said += [", ", stored[0][0], f" their bytes in float32, {BYTES} bytes each"]
        elif stored:
            said += [", ", *_and([one for one, _ in stored]), " the bytes of ", *_and([of for _, of in stored], " of ")]
            said.append(f" in float32, {BYTES} bytes each")
        if speaks(("A",), asked):
            said.append(ONCE)
        return tuple(part for part in said if part != "")

    sheet.conventions.append(Telling(told(names), "PMAB", told))


ONCE = (
    "; the output of every layer is counted once, also where a framework could use the memory of the one before again"
)


def _and(words: Sequence[Notation], between: str = "") -> list[str | Notation]:
    """`B_P and B_A`."""
    return [part for each in words for part in (f" and{between or ' '}", each)][1:]


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
    sheet.convention_about(
        FIELDS,
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
