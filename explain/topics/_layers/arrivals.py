"""The inputs of a model: their shapes from the code or from the user; a size that nobody says is a symbol."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.code.parts import Arrival, Call, Model, OpenSize, Unknown
from explain.engine.nodes.base import Symbol
from explain.errors import InputError, amount, shown
from explain.extents import Extent
from explain.layers.base import Flow, Size
from explain.layers.reshaping import as_flow
from explain.layers.simple import Embedding, Flatten, Normalisation
from explain.layers.words import axes_of
from explain.topics._layers.chain import Shapes, letters
from explain.topics._layers.misfits import described
from explain.topics._layers.open_sizes import open_sizes
from explain.topics._layers.stations import Source

MOST_AXES = 5


class Entered(NamedTuple):
    """The inputs as the first layers read them.

    Args:
        flows: their shapes; None where nothing is known of one.
        sources: the same for the worksheet, those that are known.
        told: what is to be said about them.
    """

    flows: list[Flow | None]
    sources: list[Source]
    told: list[str]


def entered(model: Model, given: Sequence[Extent], shapes: Shapes) -> Entered:
    """The shapes of all inputs.

    Raises:
        InputError: another number of shapes is given than the model has inputs.
    """
    arrivals = model.inputs or [Arrival("", None, 0)]
    if not model.ordered:
        return Entered([None] * len(arrivals), [], [])
    if len(arrivals) == 1 and len(given) > 1 and all(len(each.sizes) == 1 for each in given):
        given = [Extent([size for each in given for size in each.sizes])]  # a list of sizes handed over by a program
    if given and len(given) != len(arrivals):
        names = ", ".join(shown(each.name) for each in arrivals)
        raise InputError(
            f"{{input}} is given {amount(len(given), 'time')}, but the model has {amount(len(arrivals), 'input')}"
            + (f" ({names}): give one shape for each, in this order" if len(arrivals) > 1 else ": give one shape")
        )
    flows: list[Flow | None] = []
    sources, told = [], []
    for at, arrival in enumerate(arrivals):
        called = "the input" if len(arrivals) == 1 else _called(arrival.name, at)
        first = _first(model, -1 - at)
        sizes, words = _sizes(
            arrival, given[at] if given else None, first, called, model.framework == "keras", _behind(model, first)
        )
        told += words
        if sizes is None:
            flows.append(None)
            continue
        if len(sizes) > MOST_AXES:
            raise InputError(f"{{input}} has {len(sizes)} sizes: one sample has at most {MOST_AXES}")
        mark = "" if len(arrivals) == 1 else str(at + 1)
        flow = as_flow([1 if size is None else size for size in sizes], shapes.channels_last)
        open_ = as_flow([0 if size is None else 1 for size in sizes], shapes.channels_last)
        if first is not None and first.layer is not None:
            flow, open_ = (shapes.entering(first.layer, each) for each in (flow, open_))
        own = _in_layers(model, arrival)
        ids = as_flow(list(range(2, 2 + len(sizes))), shapes.channels_last)  # which size of the code each one is
        ids = ids if first is None or first.layer is None else shapes.entering(first.layer, ids)
        named: list[Size] = [
            size if known else own.get(int(str(at)) - 2) or Symbol(f"{letter}_0{mark}")
            for letter, size, known, at in zip(letters(flow), flow.sizes, open_.sizes, ids.sizes, strict=True)
        ]
        flow = Flow(tuple(named), flow.kind)
        flows.append(flow)
        tokens = first is not None and isinstance(first.layer, Embedding)
        sources.append(Source(flow, called, tokens, mark))
    return Entered(flows, sources, told)


def _in_layers(model: Model, arrival: Arrival) -> dict[int, OpenSize]:
    """The sizes of an input, by their place, that stand in a layer too: one name is one size."""
    known = open_sizes(model)
    named = {at: getattr(size, "symbol", "") for at, size in enumerate(arrival.shape or ())}
    return {at: known[name][0] for at, name in named.items() if name in known}


def _called(name: str, at: int) -> str:
    """One of several inputs in a sentence."""
    if not name:
        return f"input {at + 1}"
    return name if name.startswith("input") else f"input {name}"


def _first(model: Model, source: int) -> Call | None:
    """The first layer that cares for the axes of an input; None where a layer that is not read comes before."""
    reached = {source}
    for at, call in enumerate(model.calls):
        if not reached.intersection(call.sources):
            continue
        if call.layer is None:
            return None
        if not call.layer.pointwise and not isinstance(call.layer, Normalisation):
            return call
        reached.add(at)
    return None


def _behind(model: Model, first: Call | None) -> Call | None:
    """The layer that takes what a first one flattens; None where the first is another."""
    if first is None or not isinstance(first.layer, Flatten):
        return None
    at = next(place for place, call in enumerate(model.calls) if call is first)
    return next((call for call in model.calls if at in call.sources and isinstance(call.arrives, int)), None)


def _sizes(
    arrival: Arrival, given: Extent | None, first: Call | None, called: str, keras: bool, weighing: Call | None = None
) -> tuple[list[int | None] | None, list[str]]:
    """The sizes of one input, None for one that is not known; and what is to be said.

    Args:
        weighing: the layer behind a first one that only flattens: it says how many numbers arrive.
    """
    in_code = None if arrival.shape is None else [size if isinstance(size, int) else None for size in arrival.shape]
    text = "" if arrival.shape is None else _written(arrival.shape)
    where = f"line {arrival.line}" if arrival.line else "the code"
    if given is not None:
        if in_code is None or in_code == list(given.sizes):
            return [*given.sizes], []
        same = len(in_code) == len(given.sizes) and all(
            one in (None, other) for one, other in zip(in_code, given.sizes, strict=True)
        )
        if same:
            return [*given.sizes], [f"{given.text} gives the sizes that {text} in {where} leaves open"]
        return [*given.sizes], [f"{given.text} is worked, as the question says, and not {text}, which {where} has"]
    if in_code is not None:
        return in_code or [1], []
    if not keras:
        return None, [_missing(weighing or first, called)]
    axes = _axes(first)
    unknown: list[int | None] = [None] * axes
    like = {1: "200", 2: "50x8", 3: "28x28x1"}.get(axes, "8x28x28x1")
    return unknown, [
        f"the code does not say the shape of {called}: it is taken as {_ROWS.get(axes, 'maps')}, whose sizes stay "
        f"symbols; --input {like} would give them"
    ]


_ROWS = {1: "one row of numbers", 2: "a sequence of time steps and features", 3: "maps: height, width, channels"}


def _axes(first: Call | None) -> int:
    """How many sizes the first layer reads."""
    if first is None or first.layer is None or isinstance(first.layer, Embedding):
        return 1
    if first.layer.reads == "maps":
        return 1 + (axes_of(described(first)) or 2)
    return 2 if first.layer.reads == "sequence" else 1


def _missing(first: Call | None, called: str) -> str:
    """PyTorch's layers count without a shape; how one is given."""
    told = f"the shape of {called} is not in the code: the parameters follow from what each layer says, "
    like = "3x32x32"
    if first is not None and first.arrives is not None and first.layer is not None:
        known = first.arrives if isinstance(first.arrives, int) else 8  # any number will do as an example
        sizes = {"maps": [known, *[32] * (axes_of(described(first)) or 2)], "sequence": [50, known]}
        like = "x".join(map(str, sizes.get(first.layer.reads or "", [known])))
    elif first is not None and isinstance(first.layer, Embedding):
        like = "200"
    return told + f"shapes and multiply-adds need --input, such as --input {like}"


def _written(shape: Sequence[int | Unknown]) -> str:
    sizes = ", ".join(str(size) if isinstance(size, int) else shown(getattr(size, "text", size)) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"
