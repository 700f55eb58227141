"""Convolution: every entry of the output worked from its window, and the gradients of input, kernel and bias."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent, Padding
from explain.maps import Maps
from explain.parameters import Count, Matrix
from explain.topics._windows.convolved import Operands, Window, convolution, operands
from explain.topics._windows.output_sizes import sizes_worked
from explain.topics._windows.pages import check_total, entries_asked, slices_told, upstream
from explain.topics._windows.window_picture import drawn_window


@topic
def conv(
    X: Annotated[Maps, "input: a row 1,2,3; a map 1,2;3,4; | between channels, || between samples"],
    K: Annotated[Maps, "kernel: 1,0;0,1; | between the channels of a filter, || between filters"],
    b: Annotated[Matrix | None, "bias, one number a filter"] = None,
    stride: Annotated[Extent | None, "step from one place to the next: 2, or 2x1; default 1"] = None,
    padding: Annotated[Padding | None, "zeros on each side: 1, or 1x2, same, valid; default 0"] = None,
    dilation: Annotated[Extent | None, "distance between the entries of the kernel; default 1"] = None,
    groups: Annotated[Count | None, "parts of the channels, each seen by its own filters; default 1"] = None,
    dims: Annotated[Literal["1", "2"] | None, "axes that the kernel slides along; 1 where it is one row"] = None,
    flip: Annotated[
        Literal["yes", "no"], "yes: the kernel is turned by 180° first, the convolution of mathematics"
    ] = "no",
    entry: Annotated[Extent | None, "the entry of Z to be worked in sight, such as 2,1 (row, column)"] = None,
    dZ: Annotated[Maps | None, "∂L/∂Z arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Convolution: each entry of the output from its window.

    The kernel is laid on the maps at every place, the numbers that meet are multiplied, and the products are added,
    over all channels. X has the shape (H×W), (C×H×W) or (N×C×H×W), K (kh×kw) or (F×C/groups×kh×kw), Z (F×H'×W'); in
    one dimension a row, (C×L) or (N×C×L). As in deep learning the kernel is not turned, which mathematics calls
    cross-correlation.

    Field: Convolution

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, eqs. 9.6-9.8 and 9.11-9.13; Dumoulin and Visin
    2016, A guide to convolution arithmetic for deep learning; PyTorch documentation, torch.nn.Conv2d

    Examples:
        explain conv --X "1,2,0;0,1,3;2,1,1" --K "1,0;-1,2"
        explain conv --X "1,2;3,4" --K "1,1,1;0,1,0;1,1,1" --padding 1 --entry 2,1
        explain conv --X "1,2;3,4 | 0,1;1,0" --K "1,0;0,1 | 1,1;0,0" --b 0.5
        explain conv --X 1,2,3,4,5 --K 1,0,-1 --stride 2 --dZ 1,2

    Raises:
        InputError: axes, channels, groups or filters that do not go together, a kernel larger than the padded input,
            an entry that is not there.
    """
    if groups is not None and groups.number is None:
        raise InputError(f"{{groups}} is {groups.name}: a whole number from 1 belongs here")
    window = Window(stride, padding, dilation, groups.number or 1 if groups else 1, flip == "yes")
    given = operands(X, K, b, window, dims)
    layout = given.layout
    sheet = Worksheet("True convolution" if window.flipped else "Convolution", conv.source)
    x = sheet.given("X", given.x, "input", option="X")
    kernel = sheet.given("K", given.kernel, "kernel (the weights)", option="K")
    bias = None if given.bias is None else sheet.given("b", given.bias, "bias, one number a filter", option="b")
    arriving = upstream(sheet, "Z", dZ, Symbol("Z", layout.output_shape))
    _conventions(sheet, given, window, x, kernel)

    sheet.part("Forward pass" if arriving else "")
    sizes_worked(sheet, given, window)
    entries = entries_asked(entry, layout.output_shape, given.row)
    z = sheet.define("Z", convolution(x, kernel, bias, layout), "Output", _why(given, x, kernel), entries=entries)
    drawn_window(sheet, given, x, z)
    check_total(sheet, z, x, kernel, bias, layout)
    if arriving is None:
        return sheet.answer(z)
    sheet.part("Backward pass")
    wanted = [x, kernel, *([bias] if bias is not None else [])]
    sheet.backward(z, wanted, seed=arriving, jacobians=False)
    reached = Sum(z * arriving)
    finite_difference(sheet, reached, wanted, reached)
    return sheet.answer(z, *(sheet.last(f"dL/d{symbol.name}") for symbol in wanted))


def _conventions(sheet: Worksheet, given: Operands, window: Window, x: Symbol, kernel: Symbol) -> None:
    if window.flipped:
        sheet.convention("true convolution: the kernel is turned by 180° before it slides (--flip yes)")
    else:
        sheet.convention(
            "what deep learning calls convolution: the kernel slides as it is (cross-correlation; true convolution "
            "turns it by 180° first: --flip yes)"
        )
    slices_told(sheet, given.layout, x, kernel)
    if window.groups > 1:
        sheet.convention(
            f"{window.groups} groups, one after another: each has {amount(given.layout.seen, 'channel')} and "
            f"{amount(given.layout.filters // window.groups, 'filter')} of its own, which see no others"
        )


def _why(given: Operands, x: Symbol, kernel: Symbol) -> Prose:
    """What one entry is."""
    layout = given.layout
    turned = ", turned by 180°," if layout.flipped else ""
    over = (
        f"the kernel{turned} is laid on {{x}} at every place; the numbers that meet are multiplied, and the products "
    )
    over += "are added"
    if layout.seen > 1:
        over += f", over all {layout.seen} channels that a filter sees"
    if layout.filters > 1:
        over += "; every filter gives one channel of the output"
    if given.bias is not None:
        over += ", and its bias is added" if layout.filters > 1 else "; then the bias is added"
    if any(axis.before or axis.after for axis in layout.axes):
        over += "; outside of {x} there are zeros, whose products the sums leave out"
    return say(over, x=x, k=kernel)
