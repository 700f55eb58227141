"""The receptive field of a chain of windows, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, NamedTuple

from explain.chains import Chain
from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Place, Table
from explain.engine.nodes.arithmetic import Times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount, shown
from explain.layers.base import Flow, Layer, as_node, whole_number
from explain.layers.simple import Flatten
from explain.layers.sliding import Slide, Sliding
from explain.layers.vocabulary import Setting
from explain.topics._layers import told
from explain.topics._layers.conventions import field
from explain.topics._layers.walk import wider

AXES = {1: ("",), 2: ("H", "W"), 3: ("D", "H", "W")}
NAMES = {"D": "depth", "H": "height", "W": "width"}
MOST = 200


class _Layer(NamedTuple):
    """A layer that looks through a window: its place in the chain, and its window along one axis."""

    at: int
    layer: Layer
    slide: Slide
    covers: int
    step: int


@topic
def receptive_field(
    chain: Annotated[Chain, "the layers in order; a window is enough: conv 3, pool 2, conv 3 stride 2 dilation 2"],
) -> Answer:
    """Receptive field: how much of the input one number of the output sees, layer by layer.

    A window makes the field wider by what it covers beyond one place, counted in places of the input; a stride moves
    the neighbours apart. Filters may be left out: conv 3x3 stride 2. The borders of the input are left aside.

    Field: Convolution

    Source: Araujo, Norris and Sim 2019, Computing Receptive Fields of Convolutional Neural Networks, eqs. 1-2;
    Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning

    Examples:
        explain receptive-field "conv 3, conv 3, pool 2, conv 3"
        explain receptive-field "conv 7 stride 2, pool 3 stride 2, conv 3 dilation 2"

    Raises:
        InputError: a word that is not understood; a transposed convolution; a layer that sees everything at once.
    """
    layers = chain.layers(Setting(windows_only=True))
    axes = _axes(layers)
    sheet = Worksheet(f"Receptive field of {amount(len(layers), 'layer')}", receptive_field.source)
    field(sheet)
    sheet.convention("padding and the borders of the input are left aside: they change what is seen there, not how far")
    spread = next(
        (layer for layer in layers if any(slide.dilation != 1 for slide in getattr(layer, "slides", ()))), None
    )
    if spread is not None:
        d, k = Symbol("d"), Symbol("k")
        sheet.convention("{k} entries that are {d} apart cover {c} places", k=k, d=d, c=d * (k - 1) + 1)
    names = dict.fromkeys(layer.word.split()[0] for layer in layers if layer.pointwise)
    if names:
        sheet.convention(f"{', '.join(names)}: entry by entry, so that nothing changes")
    results = []
    tables: list[dict[int, tuple[Node, Node]]] = []
    for axis in axes:
        windows = _windows(layers, axes.index(axis), len(axes))
        if axis:
            sheet.part(NAMES[axis].capitalize())
        found = _worked(sheet, windows, axis)
        tables.append(found)
        results.append(_result(sheet, windows, axis))
    sheet.tables.append(_table(layers, axes, tables, results))
    return sheet.answer(*results)


def _axes(layers: Sequence[Layer]) -> tuple[str, ...]:
    """The axes that are worked: one, where all windows are alike along all of them.

    Raises:
        InputError: a layer without a window, or windows for different numbers of axes.
    """
    ranks: set[int] = set()
    alike, flat = True, False
    for at, layer in enumerate(layers, 1):
        where = f"layer {at}, {shown(layer.word, 60)}"
        if not isinstance(layer, Sliding):
            if not layer.pointwise and layer.windows(Flow((1,), "vector")) is None:
                raise InputError(f"{where}: after it one number sees the whole input; leave it and what follows out")
            flat = flat or isinstance(layer, Flatten)
            continue
        if flat:
            raise InputError(f"{where}: all numbers stand in one row after flatten, and a window slides over maps")
        if layer.windows(Flow((1,) * (1 + len(layer.slides)), "maps")) == ():
            raise InputError(
                f"{where}: the receptive field is not worked through a transposed convolution; leave it out"
            )
        ranks.add(len(layer.slides))
        alike = alike and len({(slide.covers, slide.stride) for slide in layer.slides}) == 1
    ranks.discard(1)
    if len(ranks) > 1:
        raise InputError(
            f"the windows have {' and '.join(map(str, sorted(ranks)))} sizes: give all of them as many axes"
        )
    if len(layers) > MOST:
        raise InputError(
            f"the chain has {len(layers)} layers: at most {MOST} are worked here; explain network has no such limit"
        )
    return AXES[1] if alike else AXES[ranks.pop()]


def _windows(layers: Sequence[Layer], axis: int, axes: int) -> list[_Layer]:
    """The windows along one axis."""
    found = []
    for at, layer in enumerate(layers, 1):
        if isinstance(layer, Sliding):
            slide = layer.slides[axis if len(layer.slides) == axes else 0]
            found.append(_Layer(at, layer, slide, whole_number(slide.covers), whole_number(slide.stride)))
    return found


def _worked(sheet: Worksheet, windows: Sequence[_Layer], axis: str) -> dict[int, tuple[Node, Node]]:
    """The steps of every layer; the field and the jump after each."""
    field: Node = Number(1, "1")
    jump: Node = Number(1, "1")
    found: dict[int, tuple[Node, Node]] = {}
    jump_told = True
    for number, item in enumerate(windows):
        group = f"r{axis}_{item.at}"
        title = f"Layer {item.at}: {told.shown(item.layer)}"
        field = sheet.define(
            group,
            field + wider(item.slide, jump),
            title,
            say("the field grows by the entries of the window beside the first, each a jump apart")
            if number == 0
            else (),
            place=Place(group, ("receptive field",)),
        )
        if item.step != 1:
            why = say("a stride moves the neighbours apart: as many times as it says") if jump_told else ()
            jump_told = False
            place = Place(group, ("jump",))
            jump = sheet.define(f"j{axis}_{item.at}", Times(jump, as_node(item.step)), title, why, place=place)
        found[item.at] = (field, jump)
    return found


def _result(sheet: Worksheet, windows: Sequence[_Layer], axis: str) -> Symbol:
    """The field after the last layer, and the check from the last layer back to the first."""
    if not windows:
        return sheet.define(
            "r", Number(1, "1"), "Receptive field", "no layer has a window: every number sees its own place"
        )
    last = sheet.last(f"r{axis}_{windows[-1].at}")
    back = 1
    for item in reversed(windows):
        back = (back - 1) * item.step + item.covers
    along = f" along the {NAMES[axis]}" if axis else ""
    sheet.check(
        back == int(sheet.values[last.name].item()),
        [last],
        say(
            f"backwards from one number to the input{along}: n neighbours see (n - 1) times the stride and one window "
            f"of the layer below; from the last layer to the first this gives {back}"
        ),
    )
    return last


def _table(
    layers: Sequence[Layer],
    axes: Sequence[str],
    found: Sequence[dict[int, tuple[Node, Node]]],
    results: Sequence[Symbol],
) -> Table:
    columns = [Column("", True), Column("layer")]
    for axis in axes:
        along = f", {NAMES[axis]}" if axis else ""
        columns += [Column(f"receptive field{along}", True), Column(f"jump{along}", True)]
    rows: list[list[Cell]] = []
    current: list[tuple[Node, Node]] = [(Number(1, "1"), Number(1, "1"))] * len(axes)
    for at, layer in enumerate(layers, 1):
        current = [steps.get(at, before) for steps, before in zip(found, current, strict=True)]
        rows.append([at, (told.shown(layer),), *(node for pair in current for node in pair)])
    return Table("Layers", columns, rows, needs=tuple(result.name for result in results))
