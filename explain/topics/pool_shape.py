"""Shapes of a pooling layer."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent, Padding, Sides, Wanted
from explain.topics._windows import unknown as _unknown
from explain.topics._windows.axes import AXES, Settings, flattened, outputs, shape_of, taken_apart, told, worked


@topic
def pool_shape(
    input: Annotated[Extent | None, "shape of the input, images first or not: 100x3x64x64, 3x64x64"] = None,
    kernel: Annotated[Sides | None, "size of the window: 2 for all axes, or 2x3"] = None,
    stride: Annotated[Extent | None, "step from one place to the next; default: the size of the window"] = None,
    padding: Annotated[Padding | None, "places added on each side: 1, or 1x2, same, valid; default 0"] = None,
    dilation: Annotated[Extent | None, "distance between the entries of a window; default 1"] = None,
    dims: Annotated[Literal["1", "2", "3"] | None, "axes that the window slides along; default 2"] = None,
    ceil: Annotated[Literal["yes", "no"], "whether a last window that sticks out is used (ceil_mode)"] = "no",
    output_size: Annotated[
        Wanted | None, "the other way round: size of the output (14, 14x15, or same as the input)"
    ] = None,
) -> Answer:
    """Shapes of a pooling layer.

    The output (with its floor or ceiling) and the flattened size that a linear layer after it sees; there are no
    parameters. Channels come before the sliding axes, as in PyTorch.

    With the size of the output given, what is left out is found: the window, the input, the padding or the stride,
    the first of these that is missing. Sizes then stand without channels.

    Field: Convolution

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning, chapter 3; PyTorch
    documentation, torch.nn.MaxPool2d; Keras documentation, MaxPooling2D

    Examples:
        explain pool-shape --input 100x64x28x28 --kernel 2
        explain pool-shape --input 64x112x112 --kernel 3 --stride 2 --padding 1
        explain pool-shape --input 28 --output-size 14

    Raises:
        InputError: numbers of axes that do not agree, a window larger than the padded input, padding of more than half
            a window; no number gives the wanted output.
    """
    if output_size is not None:
        if ceil == "yes":
            raise InputError("{ceil} is yes, but with {output_size} the size is rounded down: leave one of them out")
        return _unknown.found("pooling", input, kernel, stride, padding, dilation, output_size, pool_shape.source)
    if input is None or kernel is None:
        name = "input" if input is None else "kernel"
        raise InputError(
            f"{{{name}}} is missing; for example: {pool_shape.examples[0]}; or give {{output_size}}, and it is found"
        )
    settings = Settings(kernel, stride, padding, dilation)
    names = AXES[settings.rank(dims)]
    batch, channels, sizes = taken_apart(input, len(names))
    slides = settings.slides(len(names), kernel.along("kernel", len(names)))
    for pad, window in ((slide.padding, slide.kernel) for slide in slides):
        if isinstance(pad, int) and isinstance(window, int) and 2 * pad > window:
            raise InputError(
                f"{{padding}} is {pad}, more than half of the {{kernel}} {window}: pad at most {window // 2}"
            )
    if ceil == "yes" and padding is not None and padding.word == "same":
        raise InputError("{ceil} is yes, but same padding rounds up anyway: leave one of them out")
    sheet = Worksheet("Shapes of a pooling layer", pool_shape.source)
    n = None if batch is None else sheet.given("N", whole(batch), "number of images in the batch", option="input")
    c = sheet.given("C", whole(channels), "channels of the input, and of the output", option="input")
    axes = worked(sheet, names, sizes, slides, "the window", "places added (they never win a maximum)")
    told(sheet, names, settings, "stride as large as the window")
    sheet.convention("a pooling layer has no parameters: it takes the largest entry, or the mean, of every window")
    places = outputs(axes, ceil == "yes")
    batched = [] if n is None else [n]
    shape = shape_of(sheet, [*batched, c, *places], "each channel is pooled by itself, so that their number stays")
    return sheet.answer(shape, flattened(sheet, c, places, n))
