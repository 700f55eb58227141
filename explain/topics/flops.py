"""Multiply-adds and floating-point operations of a chain of layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from explain.chains import Chain
from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.lowering import factored
from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.extents import Extent
from explain.layers.base import Flow, Framework, Layer, multiplied, whole_number
from explain.layers.convolution import Separable, TransposedConvolution
from explain.layers.sliding import Sliding
from explain.layers.vocabulary import Setting
from explain.parameters import Count
from explain.topics._layers import told
from explain.topics._layers.chain import Passed, Shapes, run_through
from explain.topics._layers.conventions import conventions, reading, state
from explain.topics._layers.stations import stations
from explain.topics._layers.totals import summed
from explain.topics._layers.walk import Walk
from explain.topics.network import Layout


@topic
def flops(
    chain: Annotated[Chain, "the layers in order, such as conv 32 3x3 same, relu, pool 2, flatten, dense 10"],
    input: Annotated[
        Extent, "shape of one sample: 3x32x32 (maps), 50x8 (time x features; for a convolution channels x length), 200"
    ],
    batch: Annotated[Count, "samples that are worked at once"] = Count(1),  # noqa: B008 - never changed
    layout: Annotated[Layout, "where maps have their channels"] = "channels-first",
    framework: Annotated[Framework, "whose conventions hold for recurrent layers"] = "keras",
) -> Answer:
    """Multiply-adds and floating-point operations of a forward pass, layer by layer.

    One multiply-add (MAC) is one multiplication with its addition, and counts as two floating-point operations
    (FLOPs). Biases, activations, pooling, normalisation and look-ups are left out, as in most papers. The layers are
    written as for explain network.

    Field: Counting

    Source: Goodfellow et al. 2016, Deep Learning, section 9.2 (operations of dense and sparse layers); He et al. 2016,
    Deep Residual Learning, section 3.3 (multiply-adds); PyTorch documentation, torch.utils.flop_counter

    Examples:
        explain flops "conv 64 3x3 same, relu, pool 2, flatten, dense 10" --input 3x32x32
        explain flops "lstm 128, dense 10" --input 100x64 --batch 32

    Raises:
        InputError: a word that is not understood, or a layer that does not fit what arrives; the layer is named.
    """
    layers = chain.layers(Setting(framework))
    shapes = Shapes(layout == "channels-last")
    first = shapes.read(input, layers)
    passed = run_through(layers, first, shapes)
    sheet = Worksheet(f"Floating-point operations of {amount(len(layers), 'layer')}", flops.source)
    walk = Walk(sheet, stations(passed), shapes, ("work",))
    n = None
    if batch.number != 1:
        n = sheet.given(batch.name or "N", batch.values, "samples that are worked at once", option="batch")
    reading(sheet, first, shapes)
    state(sheet, conventions(layers, framework, with_work=True))
    walk.layers()
    sheet.part("Totals")
    work = summed(sheet, "M", walk.work, [item.multiply_adds for item in passed], "Multiply-adds of one sample")
    total = work
    if n is not None:
        total = sheet.define(
            "M_batch", n * work, "Multiply-adds of the batch", "every sample takes as many", closed=factored
        )
    operations = sheet.define(
        "F",
        2 * total,
        "Floating-point operations",
        "a multiplication and an addition for each multiply-add",
        closed=factored,
    )
    again = sum(_by_weights(item) for item in passed)
    sheet.check(
        again == int(sheet.values["M"].item()),
        [work],
        say(f"counted by weights, each as often as it is used (places of the output, time steps): {again}"),
    )
    sheet.tables.append(_table(passed, shapes, [total, operations]))
    return sheet.answer(*dict.fromkeys([work, total, operations]))


def _table(passed: Sequence[Passed], shapes: Shapes, results: Sequence[Symbol]) -> Table:
    """Layer by layer, for one sample."""
    columns = [
        Column("", True),
        Column("layer"),
        Column("output"),
        Column("multiply-adds", True),
        Column("FLOPs", True),
    ]
    rows: list[list[Cell]] = []
    for at, item in enumerate(passed, 1):
        rows.append(
            [at, (told.shown(item.layer),), (shapes.text(item.given),), item.multiply_adds, 2 * item.multiply_adds]
        )
    work = sum(item.multiply_adds for item in passed)
    rows.append([(), ("one sample",), (), work, 2 * work])
    return Table("Layers", columns, rows, 1, needs=tuple(symbol.name for symbol in results))


def _by_weights(item: Passed) -> int:
    """The work of a layer from its weights: how many there are, and how often each is used."""
    layer, arrived, given = item.layer, item.arrived, item.given
    weights = [tensor for tensor in layer.tensors(arrived) if tensor.name[0] in "WU"]
    if not weights or not item.multiply_adds:
        return 0
    uses = whole_number(multiplied(_places(layer, arrived, given)))
    return sum(whole_number(tensor.entries) for tensor in weights) * uses


def _places(layer: Layer, arrived: Flow, given: Flow) -> Sequence[int]:
    """Where each weight is used once: places of the output (of the input, where it is stamped), or time steps."""
    if isinstance(layer, TransposedConvolution):
        sizes = arrived.sizes[1:]
    elif isinstance(layer, Sliding | Separable):
        sizes = given.sizes[1:]
    else:
        sizes = arrived.sizes[:-1]
    return [whole_number(size) for size in sizes]
