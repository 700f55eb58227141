"""A chain of layers: the shape, the parameters, the work and the view of each, and the totals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.chains import Chain
from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.nodes.base import Symbol
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.extents import Extent
from explain.layers.base import Flow, Framework, Layer, multiplied, whole_number
from explain.layers.branches import Skip
from explain.layers.convolution import TransposedConvolution
from explain.layers.sliding import Sliding
from explain.layers.vocabulary import Setting
from explain.topics._layers import told
from explain.topics._layers.chain import Passed, Shapes, run_through
from explain.topics._layers.checks import Slid, arrays_counted, windows_counted
from explain.topics._layers.conventions import FIELDS, conventions, field, reading, state, totals_told
from explain.topics._layers.stations import stations
from explain.topics._layers.totals import Costs, totals, work_and_memory
from explain.topics._layers.walk import Walk

Layout = Literal["channels-first", "channels-last"]


@topic
def network(
    chain: Annotated[Chain, "the layers in order, such as conv 32 3x3 same, relu, pool 2, flatten, dense 10"],
    input: Annotated[
        Extent, "shape of one sample: 3x32x32 (maps), 50x8 (time x features; for a convolution channels x length), 200"
    ],
    layout: Annotated[Layout, "where maps have their channels"] = "channels-first",
    framework: Annotated[Framework, "whose conventions hold for recurrent layers"] = "keras",
) -> Answer:
    """A network layer by layer: shapes, parameters, multiply-adds, receptive field.

    The table of a framework's summary, and how each number in it comes about. Layers: conv, depthwise, separable,
    transposed, pool, avgpool, globalpool, flatten, dense, embedding, batchnorm, layernorm, rnn, lstm, gru, dropout and
    the activations, skip and add (a residual block); after their sizes stride 2 (or /2), pad 1, same, dilation 2,
    groups 4, no-bias, sequences, bidirectional.

    Field: Counting

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning; Araujo, Norris and Sim 2019,
    Computing Receptive Fields of Convolutional Neural Networks, eqs. 1-2; Keras and PyTorch documentation

    Examples:
        explain network "conv 32 3x3 same, relu, pool 2, flatten, dense 10" --input 3x32x32
        explain network "lstm 30 sequences, lstm 30, dense 1" --input 3x1
        explain network "embedding 1000 16, lstm 32, dense 256, dense 1" --input 200
        explain network "skip, conv 16 3x3 same, relu, conv 16 3x3 same, add, relu" --input 16x8x8

    Raises:
        InputError: a word that is not understood, or a layer that does not fit what arrives; the layer is named.
    """
    layers = chain.layers(Setting(framework))
    shapes = Shapes(layout == "channels-last")
    first = shapes.read(input, layers)
    passed = run_through(layers, first, shapes)
    sheet = Worksheet(f"Network of {amount(len(layers), 'layer')}", network.source)
    slides = any(item.field and isinstance(item.layer, Sliding) for item in passed)
    walk = Walk(sheet, stations(passed), shapes, ("parameters", "work", "field") if slides else ("parameters", "work"))
    walk.layers()
    _conventions(sheet, layers, shapes, first, framework, slides)
    results = _totals(sheet, walk, passed)
    sheet.tables.append(_table(passed, shapes, slides))
    _checks(sheet, passed, framework, results)
    return sheet.answer(*results)


def _table(passed: Sequence[Passed], shapes: Shapes, slides: bool) -> Table:
    """What a framework's summary prints, with the work and the view beside it."""
    columns = [
        Column("", True),
        Column("layer"),
        Column("output"),
        Column("parameters", True, ("P",)),
        Column("multiply-adds", True, ("M",)),
    ]
    columns += [Column("receptive field", of=tuple(FIELDS))] * slides
    rows: list[list[Cell]] = []
    for at, item in enumerate(passed, 1):
        row: list[Cell] = [
            at,
            (told.shown(item.layer),),
            (shapes.text(item.given),),
            item.parameters,
            item.multiply_adds,
        ]
        if slides:
            row.append(("all" if item.field is None else "×".join(map(str, item.field)),))
        rows.append(row)
    fixed, work = sum(item.fixed for item in passed), sum(item.multiply_adds for item in passed)
    everything = sum(item.parameters for item in passed)
    totals: list[list[Cell]] = [[(), ("total",), (), everything, work]]
    if fixed:
        totals += [[(), ("trained",), (), everything - fixed, ()], [(), ("not trained",), (), fixed, ()]]
    rows += [[*total, *[()] * slides] for total in totals]
    note = () if fixed else ("all parameters are trained",)
    return Table("Layers", columns, rows, len(totals), note, needs=("P",))


def _conventions(
    sheet: Worksheet, layers: Sequence[Layer], shapes: Shapes, first: Flow, framework: Framework, slides: bool
) -> None:
    """How the input is read, and what holds for the kinds of layers that are there."""
    reading(sheet, first, shapes)
    state(sheet, conventions(layers, framework, with_work=True))
    totals_told(sheet, ("P", "M", "A", "B_P", "B_A"))
    if slides:
        field(sheet)
        if any(isinstance(layer, TransposedConvolution) for layer in layers):
            sheet.convention_about("rj", "the receptive field is not worked through a transposed convolution")


def _checks(sheet: Worksheet, passed: Sequence[Passed], framework: Framework, results: Sequence[Symbol]) -> None:
    """Second routes: windows counted place by place, and the arrays that the framework stores."""
    windows_counted(sheet, [Slid(item.layer, item.arrived, item.given) for item in passed])
    if any(item.parameters for item in passed):
        arrays = [array for item in passed for array in item.layer.stored(item.arrived, framework)]
        arrays_counted(sheet, arrays, framework, results[0])


def _totals(sheet: Worksheet, walk: Walk, passed: Sequence[Passed]) -> list[Symbol]:
    """The sums over all layers, and what they take in memory."""
    sheet.part("Totals")
    costs = []
    for item in passed:
        entries = 0 if isinstance(item.layer, Skip) else whole_number(multiplied(item.given.sizes))
        costs.append(Costs(item.parameters, item.fixed, item.multiply_adds, entries))
    found = totals(sheet, walk, costs)
    return [*found, *work_and_memory(sheet, walk, costs, found[0])]
