"""Transposed convolution: every entry of the input stamps the kernel onto the output; and the gradients."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.geometry import Axis
from explain.engine.nodes.linear import Sum
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent, Extra
from explain.maps import Maps
from explain.parameters import Count, Matrix
from explain.topics._windows.pages import entries_asked, slices_told, upstream
from explain.topics._windows.stamp_picture import drawn_stamps, drawn_zeros
from explain.topics._windows.stamped import Stamping, Stamps, check_zeros, sizes_worked, stamping, stamps


@topic
def transposed_conv(
    X: Annotated[Maps, "input: a row 1,2,3; a map 1,2;3,4; | between channels, || between samples"],
    K: Annotated[Maps, "kernel: 1,0;0,1; | between the filters of a channel, || between the channels of X"],
    b: Annotated[Matrix | None, "bias, one number a filter"] = None,
    stride: Annotated[Extent | None, "how far apart the stamps begin: 2, or 2x1; default 1"] = None,
    padding: Annotated[Extra | None, "places of the output cut off on each side: 1, or 1x2; default 0"] = None,
    output_padding: Annotated[Extra | None, "places added at the end of the output; default 0"] = None,
    dilation: Annotated[Extent | None, "distance between the entries of the kernel; default 1"] = None,
    groups: Annotated[Count | None, "parts of the channels, each with filters of its own; default 1"] = None,
    dims: Annotated[Literal["1", "2"] | None, "axes that the kernel is stamped along; 1 where it is one row"] = None,
    entry: Annotated[Extent | None, "the entry of Z to be worked in sight, such as 2,1 (row, column)"] = None,
    dZ: Annotated[Maps | None, "∂L/∂Z arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Transposed convolution: each entry of the input stamps the kernel onto the output.

    Stamps begin a stride apart, and where they overlap they are added; padding cuts the border off. X has the shape
    (H×W), (C×H×W) or (N×C×H×W), K (kh×kw) or (C×F/groups×kh×kw) as in PyTorch, Z (F×H'×W'); in one dimension a row,
    (C×L) or (N×C×L). It is called deconvolution too, but is not the inverse of a convolution.

    Field: Convolution

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning, chapter 4 (relationship 14);
    Zhang, Lipton, Li and Smola, Dive into Deep Learning, section 14.10; PyTorch documentation,
    torch.nn.ConvTranspose2d

    Examples:
        explain transposed-conv --X "0,1;2,3" --K "0,1;2,3"
        explain transposed-conv --X "1,2;3,4" --K "1,0,2;0,1,0;2,0,1" --stride 2 --padding 1 --dZ "1,0,2;0,1,0;2,0,1"
        explain transposed-conv --X "1,2;3,4" --K "1,2;0,1" --stride 2 --b 0.5 --entry 2,3
        explain transposed-conv --X "1,2;3,4 | 0,1;1,0" --K "1,0;0,1 || 1,1;0,2" --stride 2
        explain transposed-conv --X 1,2,3 --K 1,0,-1 --stride 2 --output-padding 1 --dZ 1,0,2,1,0,1,2,0

    Raises:
        InputError: axes, channels, groups or filters that do not go together, output padding as large as stride and
            dilation, padding that leaves nothing, an entry that is not there.
    """
    if groups is not None and groups.number is None:
        raise InputError(f"{{groups}} is {groups.name}: a whole number from 1 belongs here")
    settings = Stamping(stride, padding, output_padding, dilation, groups.number or 1 if groups else 1)
    given = stamps(X, K, b, settings, dims)
    layout = given.layout
    sheet = Worksheet("Transposed convolution", transposed_conv.source)
    x = sheet.given("X", given.x, "input", option="X")
    kernel = sheet.given("K", given.kernel, "kernel (the weights)", option="K")
    bias = None if given.bias is None else sheet.given("b", given.bias, "bias, one number a filter", option="b")
    arriving = upstream(sheet, "Z", dZ, Symbol("Z", layout.input_shape))
    _conventions(sheet, given, x, kernel)

    sheet.part("Forward pass" if arriving else "")
    sizes_worked(sheet, given)
    entries = entries_asked(entry, layout.input_shape, given.row)
    z = sheet.define("Z", stamping(x, kernel, bias, layout), "Output", _why(given, x, kernel), entries=entries)
    drawn_stamps(sheet, given, x, kernel, z)
    drawn_zeros(sheet, given, x, kernel, z)
    check_zeros(sheet, given, z, x, kernel, bias)
    if arriving is None:
        return sheet.answer(z)
    sheet.part("Backward pass")
    wanted = [x, kernel, *([bias] if bias is not None else [])]
    sheet.backward(z, wanted, seed=arriving, jacobians=False)
    reached = Sum(z * arriving)
    finite_difference(sheet, reached, wanted, reached)
    return sheet.answer(z, *(sheet.last(f"dL/d{symbol.name}") for symbol in wanted))


def _conventions(sheet: Worksheet, given: Stamps, x: Symbol, kernel: Symbol) -> None:
    layout = given.layout
    sheet.convention(
        "a transposed convolution has the connections of a convolution, backwards: it is how gradients come back "
        "through one. It gives the size of that convolution's input again, not its numbers: it is no inverse"
    )
    slices_told(sheet, layout, x, kernel, ("channel", "filter"))
    if layout.groups > 1:
        sheet.convention(
            f"{layout.groups} groups: the channels are divided into {layout.groups} parts of "
            f"{layout.filters // layout.groups}, and each part stamps {layout.seen} of the {layout.inputs} filters only"
        )


def _why(given: Stamps, x: Symbol, kernel: Symbol) -> Prose:
    """What the output is."""
    layout = given.layout
    strides = sorted({axis.stride for axis in layout.axes[1 if given.row else 0 :]})
    apart = (
        f"{strides[0]} apart"
        if len(strides) == 1
        else f"{layout.axes[0].stride} apart down, {layout.axes[1].stride} across"
    )
    over = f"every entry of {{x}} is multiplied by {{k}} and stamped on the output, {apart} (the stride)"
    over += "; where stamps overlap they are added" if _overlaps(given) else "; no two of them overlap"
    if layout.filters > layout.groups:
        over += f"; what {layout.filters // layout.groups} channels stamp is added"
    if layout.inputs > 1:
        over += "; every filter gives one channel of the output"
    if given.cut:
        over += "; the border is cut off (padding)"
    if given.bias is not None:
        over += "; then the bias is added"
    return say(over, x=x, k=kernel)


def _overlaps(given: Stamps) -> bool:
    """Whether two stamps of one channel meet."""
    return any(_meet(axis) for axis in given.layout.axes)


def _meet(axis: Axis) -> bool:
    """Whether the stamps of two entries along an axis have a place in common."""
    apart = (u * axis.dilation for u in range(1, axis.kernel))
    return any(places % axis.stride == 0 and places // axis.stride < axis.places for places in apart)
