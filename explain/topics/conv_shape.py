"""Shapes of a convolution layer: weight, output, parameters, and what a linear layer after it sees."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.sizes import Sizes
from explain.engine.prose import say
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent, Extra, Padding, Sides, Wanted
from explain.layers.base import Flow, as_node, counted
from explain.layers.convolution import Convolution, TransposedConvolution
from explain.layers.sliding import Slide
from explain.parameters import Count
from explain.topics._windows import transposed as _transposed
from explain.topics._windows import unknown as _unknown
from explain.topics._windows.axes import AXES, Settings, flattened, outputs, shape_of, taken_apart, told, worked


@topic
def conv_shape(
    input: Annotated[Extent | None, "shape of the input, images first or not: 100x3x64x64, 3x64x64"] = None,
    filters: Annotated[Count | None, "number of filters, the channels of the output"] = None,
    kernel: Annotated[Sides | None, "size of a filter: 4 for all axes, or 3x5"] = None,
    stride: Annotated[Extent | None, "step from one place to the next: 2, or 2x1; default 1"] = None,
    padding: Annotated[Padding | None, "zeros on each side: 1, or 1x2, same, valid; default 0"] = None,
    dilation: Annotated[Extent | None, "distance between the entries of a filter; default 1"] = None,
    dims: Annotated[Literal["1", "2", "3"] | None, "axes that the filter slides along; default 2"] = None,
    bias: Annotated[Literal["yes", "no"], "whether each filter has a bias"] = "yes",
    type: Annotated[Literal["standard", "transposed"], "which convolution"] = "standard",
    output_padding: Annotated[Extra | None, "places added to one side of a transposed convolution's output"] = None,
    output_size: Annotated[
        Wanted | None, "the other way round: size of the output (28, 28x30, or same as the input)"
    ] = None,
) -> Answer:
    """Shapes and parameters of a convolution layer.

    The weight, the output (with its floor), the parameters, the flattened size that a linear layer after it sees.
    Channels come before the sliding axes, as in PyTorch. Sizes are whole numbers.

    A transposed convolution goes the other way: its output is larger than its input, and output padding tells apart
    the sizes that a stride would make the same.

    With the size of the output given, what is left out is found: the kernel, the input, the padding or the stride,
    the first of these that is missing. Sizes then stand without channels: which kernel gives 28 from 32.

    Field: Convolution

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning, relationships 6, 14
    and 15; PyTorch documentation, torch.nn.Conv2d, torch.nn.ConvTranspose2d

    Examples:
        explain conv-shape --input 100x3x64x64 --filters 2 --kernel 4 --stride 4
        explain conv-shape --input 3x32x32 --filters 16 --kernel 3 --stride 2 --padding 1
        explain conv-shape --input 32 --output-size 28
        explain conv-shape --kernel 5 --output-size same
        explain conv-shape --input 8x7x7 --filters 4 --kernel 3 --stride 2 --padding 1 --type transposed

    Raises:
        InputError: numbers of axes that do not agree, a filter larger than the padded input; no number gives the
            wanted output.
    """
    if type == "standard" and output_padding is not None:
        raise InputError(
            "{output_padding} belongs to a transposed convolution: leave it out, or take {type} transposed"
        )
    if output_size is not None:
        if type == "transposed":
            raise InputError(
                "{output_size} is for a standard convolution: leave out {output_size} or {type} transposed"
            )
        for name, value in (("filters", filters), ("dims", dims), ("bias", None if bias == "yes" else bias)):
            if value is not None:
                raise InputError(
                    f"{{{name}}} does not change the size of the output: leave it out with {{output_size}}"
                )
        return _unknown.found("convolution", input, kernel, stride, padding, dilation, output_size, conv_shape.source)
    if input is None or kernel is None or filters is None:
        name = "input" if input is None else "filters" if filters is None else "kernel"
        raise InputError(
            f"{{{name}}} is missing; for example: {conv_shape.examples[0]}; or give {{output_size}}, and it is found"
        )
    if filters.number is None:
        raise InputError(f"{{filters}} is {filters.name}: a whole number from 1 belongs here, such as 16")
    settings = Settings(kernel, stride, padding, dilation)
    names = AXES[settings.rank(dims)]
    batch, channels, sizes = taken_apart(input, len(names))
    called = "a transposed convolution" if type == "transposed" else "a convolution"
    sheet = Worksheet(f"Shapes of {called} layer", conv_shape.source)
    n = None if batch is None else sheet.given("N", whole(batch), "number of images in the batch", option="input")
    c = sheet.given("C", whole(channels), "channels of the input", option="input")
    f = sheet.given("F", whole(filters.number), "number of filters", option="filters")
    padding_is = "places of the output cut off" if type == "transposed" else "zeros"
    axes = worked(sheet, names, sizes, settings.slides(len(names)), "a filter", padding_is)
    told(sheet, names, settings)
    arrived = Flow((c, *(axis.i for axis in axes)), "maps")
    layer: Convolution | TransposedConvolution
    if type == "transposed":
        extra = _transposed.extra_of(sheet, output_padding, settings, len(names))
        layer = TransposedConvolution(f, [axis.symbols for axis in axes], bias == "yes")
        weight = _weight(
            sheet, layer, arrived, "each of the {c} channels has a window of its own for each of the {f} filters"
        )
        places = _transposed.outputs(sheet, axes, extra)
    else:
        layer = Convolution(f, [axis.symbols for axis in axes], bias == "yes")
        weight = _weight(
            sheet,
            layer,
            arrived,
            "each of the {f} filters covers all {c} channels of the input with a window of its own",
        )
        places = outputs(axes)
    batched = [] if n is None else [n]
    mixed = "" if n is None else "; the images of the batch do not mix"
    shape = shape_of(sheet, [*batched, f, *places], "every filter gives one channel" + mixed)
    total = _parameters(sheet, layer, arrived, sizes)
    return sheet.answer(weight, shape, total, flattened(sheet, f, places, n))


def _weight(sheet: Worksheet, layer: Convolution | TransposedConvolution, arrived: Flow, why: str) -> Symbol:
    """The shape of the weight, as PyTorch has it."""
    sizes = Sizes(*map(as_node, layer.tensors(arrived)[0].shape))
    return sheet.define("weight", sizes, "Shape of the weight", say(why, f=Symbol("F"), c=Symbol("C")))


def _parameters(
    sheet: Worksheet, layer: Convolution | TransposedConvolution, arrived: Flow, sizes: list[int]
) -> Symbol:
    """The count, and the entries of the arrays that PyTorch stores as its check."""
    tensors = layer.tensors(arrived)
    biased = len(tensors) > 1
    why = "each filter has one weight for each channel and each place of its window" + (
        ", and one bias" if biased else ""
    )
    total = sheet.define("P", as_node(counted(tensors)), "Parameters of the layer", why)
    channels, filters = (int(sheet.values[name].item()) for name in "CF")
    slides = [Slide(int(size)) for size in sheet.values["weight"][2:]]
    numbered = type(layer)(filters, slides, biased)
    stored = numbered.stored(Flow((channels, *sizes), "maps"), "pytorch")
    entries = counted(stored)
    said = f"the weight has {'·'.join(map(str, stored[0].shape))} = {counted(stored[:1])} entries"
    if biased:
        said += f", the bias {filters}: together {entries}"
    sheet.check(entries == int(sheet.values["P"].item()), [total], say(said))
    return total
