"""Pooling: the largest entry or the mean of every window, which entry wins, and where the gradient goes."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Index, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.pooling import MaxPool, MeanPool, Winners
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent, Padding
from explain.maps import Maps
from explain.topics._windows.pages import entries_asked, slices_told, upstream
from explain.topics._windows.pooled import Pooled, PoolWindow, Settings, pooled, sizes_worked
from explain.topics._windows.pooled_checks import (
    check_gradient,
    check_maximum,
    check_mean,
    is_even,
    told_ties,
    winner_of,
)
from explain.topics._windows.window_picture import Marks, drawn_window


@topic
def pool(
    X: Annotated[Maps, "input: a row 1,2,3; a map 1,2;3,4; | between channels, || between samples"],
    window: Annotated[PoolWindow, "size of the window: 2, or 2x3; global: the whole map"],
    type: Annotated[Literal["max", "average"], "the largest entry of every window, or its mean"] = "max",
    stride: Annotated[Extent | None, "step from one place to the next; default: the size of the window"] = None,
    padding: Annotated[Padding | None, "places on each side: 1, or 1x0, same, valid; default 0"] = None,
    dilation: Annotated[Extent | None, "distance between the entries of a window (max only); default 1"] = None,
    ceil: Annotated[Literal["yes", "no"], "whether a last window that sticks out is used (ceil_mode)"] = "no",
    count_padding: Annotated[
        Literal["yes", "no"] | None, "whether zeros of the padding count in a mean (count_include_pad); default yes"
    ] = None,
    dims: Annotated[Literal["1", "2"] | None, "axes that the window slides along; 1 where X is one row"] = None,
    entry: Annotated[Extent | None, "the entry of Y to be worked in sight, such as 2,1 (row, column)"] = None,
    dY: Annotated[Maps | None, "∂L/∂Y arriving from above: the gradient is worked too"] = None,
) -> Answer:
    """Pooling: the largest entry, or the mean, of every window.

    Each channel is pooled by itself: X has the shape (H×W), (C×H×W) or (N×C×H×W), Y as many channels; in one
    dimension a row, (C×L) or (N×C×L). For a maximum the page tells which entry wins each window; its gradient goes
    there. A mean hands its gradient on in equal shares.

    Field: Convolution

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 9.3; Lin, Chen and Yan 2014, Network in
    Network, section 3.2 (global pooling); PyTorch documentation, torch.nn.MaxPool2d, AvgPool2d

    Examples:
        explain pool --X "1,3,2,1;2,0,1,4;5,1,0,2;0,6,3,1" --window 2 --dY "1,2;3,4"
        explain pool --X "1,3,2;2,0,5;4,1,0" --window 2 --stride 1 --dY "1,2;3,4"
        explain pool --X "1,3,2;2,0,5;4,1,0" --window 2 --type average --padding 1 --stride 2 --dY "1,0;0,4"
        explain pool --X "1,2;3,4 | 0,1;1,6" --window global --type average --dY 2,4
        explain pool --X 1,3,2,5,4 --window 2 --ceil yes --entry 3

    Raises:
        InputError: a window larger than the padded map, padding of more than half a window, options that do not go
            together, an entry that is not there, a gradient of another shape.
    """
    if count_padding is not None and type == "max":
        raise InputError("{count_padding} belongs to {type} average: leave it out, or take the mean")
    settings = Settings(window, stride, padding, dilation, ceil == "yes", type == "average", count_padding != "no")
    given = pooled(X, settings, dims)
    layout = given.layout
    sheet = Worksheet({"max": "Max pooling", "average": "Average pooling"}[type], pool.source)
    x = sheet.given("X", given.x, "input", option="X")
    output = Symbol("Y", layout.output_shape)
    arriving = upstream(sheet, "Y", dY, output)
    entries = entries_asked(entry, output.shape, given.row, "Y")
    _conventions(sheet, given, settings, x)

    sheet.part("Forward pass" if arriving else "")
    sizes_worked(sheet, given, settings)
    worked = _mean if settings.mean else _maximum
    y, *places = worked(sheet, given, settings, x, entries)
    if arriving is None:
        return sheet.answer(y, *places)
    sheet.part("Backward pass")
    sheet.backward(y, [x], seed=arriving, jacobians=False)
    gradient = sheet.last("dL/dX")
    check_gradient(sheet, given, arriving, gradient)
    reached = Sum(y * arriving)
    finite_difference(sheet, reached, [x], reached)
    return sheet.answer(y, *places, gradient)


def _maximum(sheet: Worksheet, given: Pooled, settings: Settings, x: Symbol, entries: list[Index]) -> list[Symbol]:
    """The largest entry of every window, and the row and column in which it stands."""
    y = sheet.define("Y", MaxPool(x, given.layout), "Output", _why(given, x, "the largest entry"), entries=entries)
    around = Marks("-∞", "-∞", winner_of(sheet, given, x, entries), "; < > marks the largest entry")
    if not (settings.window.whole and given.row):
        drawn_window(sheet, given, x, y, around)
    told_ties(sheet, given, x, y)
    check_maximum(sheet, given, x, y)
    names = {1: [("P", "Place")], 2: [("R", "Row"), ("C", "Column")]}[len(given.layout.axes)]
    if given.row:
        names = [("", ""), ("C", "Column")]
    winners = []
    for axis, (name, title) in enumerate(names):
        if name:
            why = say(
                f"for each window the {title.lower()} of {{x}} in which its largest entry stands: {{y}} looks at {{x}} "
                "there only",
                x=x, y=y,
            )  # fmt: skip
            found = Winners(x, given.layout, axis)
            winners.append(sheet.define(name, found, f"{title} of each winner", why, entries=entries))
    return [y, *winners]


def _mean(sheet: Worksheet, given: Pooled, settings: Settings, x: Symbol, entries: list[Index]) -> list[Symbol]:
    """The mean of every window."""
    mean = MeanPool(x, given.layout, given.ends)
    y = sheet.define("Y", mean, "Output", _why(given, x, "the mean of the entries"), entries=entries)
    if not is_even(mean):
        which = "that lie inside of {x}" if given.ends is None else "that count"
        one, told = (
            ("i,j", "(i,j)") if len(given.layout.axes) == 2 and not given.row else ("j" if given.row else "i",) * 2
        )
        sheet.convention(f"n[{one}] is the number of entries of window {told} {which}", x=x)
    if not settings.window.whole and not (given.sticks_out and given.padded):
        zeros = given.ends is not None and given.padded
        drawn_window(sheet, given, x, y, Marks("zeros", "0") if zeros else Marks("empty places", ""))
    check_mean(sheet, given, x, y)
    return [y]


def _conventions(sheet: Worksheet, given: Pooled, settings: Settings, x: Symbol) -> None:
    layout = given.layout
    if settings.window.whole:
        sheet.convention("global pooling: the window is the whole map, and every channel becomes one number")
    elif settings.stride is None:
        sheet.convention(f"the window of {given.kernel} moves on by its own size (default of the stride)")
    if layout.channels:
        sheet.convention("each channel is pooled by itself")
        slices_told(sheet, layout, x)
    if not given.reaches_out:
        return
    if not settings.mean:
        sheet.convention("outside of {x} stands -∞, which is never the largest", x=x)
        return
    if given.ends is None:
        sheet.convention("only entries inside of {x} count in a mean (--count-padding no)", x=x)
        return
    if given.padded:
        sheet.convention(
            "zeros of the padding count in a mean, as PyTorch has it by default (count_include_pad; --count-padding no "
            "leaves them out, as Keras does)"
        )
    if given.sticks_out:
        sheet.convention("what a last window has beyond {x} and its padding does not count in its mean", x=x)


def _why(given: Pooled, x: Symbol, what: str) -> Prose:
    """What one entry is."""
    over = f"each entry is {what} of {{x}} under its window"
    if given.layout.channels and given.layout.inputs > 1:
        over += f", in each of the {given.layout.inputs} channels by itself"
    return say(over + "; there are no weights to be learnt", x=x)
