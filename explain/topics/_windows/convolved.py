"""Maps, kernels and biases as they are given, brought to the layout of one convolution."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.channels import OnMaps
from explain.engine.nodes.geometry import Axis, Layout
from explain.engine.nodes.window import Correlate
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount
from explain.extents import Extent, Padding
from explain.layers.base import MisfitError, whole_number
from explain.layers.sliding import Slide
from explain.maps import Maps
from explain.parameters import Matrix

NAMES = {1: ("length",), 2: ("rows", "columns")}
MOST_OUTPUTS, MOST_PATCHES, MOST_PRODUCTS = 5_000_000, 50_000_000, 5_000_000_000


class Window(NamedTuple):
    """The settings of a sliding kernel, as they were given."""

    stride: Extent | None = None
    padding: Padding | None = None
    dilation: Extent | None = None
    groups: int = 1
    flipped: bool = False

    def slides(self, kernel: Sequence[int]) -> list[Slide]:
        """The window along each axis."""
        axes = len(kernel)
        strides = (self.stride or Extent([1])).along("stride", axes)
        dilations = (self.dilation or Extent([1])).along("dilation", axes)
        pads = (self.padding or Padding([0])).along("padding", axes)
        return [
            Slide(k, s, p if isinstance(p, int) else "same", d)
            for k, s, p, d in zip(kernel, strides, pads, dilations, strict=True)
        ]


class Operands(NamedTuple):
    """Input, kernel and bias, each with all the axes that the layout writes."""

    x: Values
    kernel: Values
    bias: Values | None
    layout: Layout
    row: bool  # the input is a single row of numbers


def operands(
    X: Maps, K: Maps, b: Matrix | None, window: Window, dims: str | None, channels_written: bool = False
) -> Operands:
    """What is given, checked and brought to one layout.

    Args:
        channels_written: a single channel has an axis of its own too.

    Raises:
        InputError: numbers of axes, channels, groups or filters that do not go together; a kernel larger than the
            padded input; a bias that is not one number a filter.
    """
    axes = int(dims or (1 if len(K.shape) == 1 and (len(K) > 1 or len(X.shape) == 1) else 2))
    if axes == 1:
        X, K = X.rows, K.rows
    if len(X.shape) > axes + 2 or len(K.shape) > axes + 2:
        name, given = ("X", X) if len(X.shape) > axes + 2 else ("K", K)
        raise InputError(
            f"{{{name}}} is {write(given.shape)}, {len(given.shape)} axes: with {amount(axes, 'axis')} to slide along "
            f"it has at most {axes + 2}" + ("; a row that slides over maps is {dims} 2" if axes == 1 else "")
        )
    row = axes == 1 and len(X.shape) == len(K.shape) == 1
    if row:  # a row of numbers is a matrix with one row
        x, kernel, axes = front(X, 1), front(K, 1), 2
        window = along_the_row(window)
    else:
        x, kernel = front(X, axes - len(X.shape)), front(K, axes - len(K.shape))
    channels = int(x.shape[-axes - 1]) if len(x.shape) > axes else 1
    samples = int(x.shape[0]) if len(x.shape) == axes + 2 else 0
    as_maps = "; a row that slides over a map is {dims} 2" if dims is None and axes == 1 and len(X.shape) == 2 else ""
    kernel, filters = _filters(kernel, channels, window.groups, axes, as_maps)
    plain = len(x.shape) == axes and filters == 1 and not samples and not channels_written
    slides = window.slides([int(size) for size in kernel.shape[-axes:]])
    sizes = [int(size) for size in x.shape[-axes:]]
    layout = Layout(
        tuple(axis_of(size, slide, name) for size, slide, name in zip(sizes, slides, NAMES[axes], strict=True)),
        not plain, samples, channels, filters, window.groups, window.flipped,
    )  # fmt: skip
    limited(layout, "padding" if any(axis.before > axis.size + axis.kernel for axis in layout.axes) else "X")
    bias = None if b is None else bias_of(b, filters, plain)
    return Operands(x.reshape(layout.input_shape), kernel.reshape(layout.kernel_shape), bias, layout, row)


def limited(layout: Layout, name: str) -> None:
    """Refuses what would keep the machine busy for longer than anybody waits for a page.

    Raises:
        InputError: names `name` and how many numbers or products there would be.
    """
    places = prod(axis.places for axis in layout.axes)
    outputs = max(1, layout.samples) * layout.filters * places
    patches = layout.inputs * prod(axis.kernel for axis in layout.axes) * places
    padded = prod(max(axis.size, (axis.places - 1) * axis.stride + axis.dilation * axis.kernel) for axis in layout.axes)
    for what, count, most in (
        ("entries", outputs, MOST_OUTPUTS),
        ("numbers under all its windows", patches, MOST_PATCHES),
        ("places with the padding, in all channels", layout.inputs * padded, MOST_PATCHES),
        ("products", outputs * patches // (layout.groups * places), MOST_PRODUCTS),
    ):
        if count > most:
            less = "less padding" if name == "padding" else "smaller arrays"
            raise InputError(
                f"{{{name}}} is too large: Z would have {count} {what}, and {most} are the most; take {less}"
            )


def front(given: Values, missing: int) -> Values:
    return given.reshape((*(1,) * max(0, missing), *given.shape))


def along_the_row(window: Window) -> Window:
    """One number of stride, padding or dilation belongs to the columns of the row."""

    def second(given: Extent | None, first: int) -> Extent | None:
        if given is None or len(given.sizes) != 1 or (isinstance(given, Padding) and given.word):
            return given
        return type(given)([first, given.sizes[0]])

    padding = second(window.padding, 0)
    assert padding is None or isinstance(padding, Padding)
    return window._replace(stride=second(window.stride, 1), padding=padding, dilation=second(window.dilation, 1))


def _filters(kernel: Values, channels: int, groups: int, axes: int, hint: str = "") -> tuple[Values, int]:
    """The kernel as filters × channels × sizes, and how many filters there are."""
    if channels % groups:
        raise InputError(
            f"{{groups}} is {groups}, but {{X}} has {amount(channels, 'channel')}: take a divisor of {channels}"
        )
    seen = channels // groups
    each = f"{{X}} has {amount(channels, 'channel')}" + (f" in {groups} groups" if groups > 1 else "")
    if len(kernel.shape) == axes + 2:
        if kernel.shape[1] != seen:
            raise InputError(
                f"{{K}} is {write(kernel.shape)}, its filters with {amount(int(kernel.shape[1]), 'channel')}, but "
                f"{each}: every filter needs {amount(seen, 'channel')}"
            )
        filters = int(kernel.shape[0])
    else:
        windows = int(kernel.shape[0]) if len(kernel.shape) > axes else 1
        if windows % seen:
            raise InputError(
                f"{{K}} has {amount(windows, 'window')}, but {each}: every filter needs {amount(seen, 'window')}, one "
                "a channel, with | between them" + hint
            )
        filters = windows // seen
    if filters % groups:
        raise InputError(
            f"{{groups}} is {groups}, but {{K}} has {amount(filters, 'filter')}: {groups} groups need a multiple of "
            f"{groups} filters"
        )
    return kernel.reshape((filters, seen, *kernel.shape[len(kernel.shape) - axes :])), filters


def axis_of(size: int, slide: Slide, name: str, ceil: bool = False) -> Axis:
    """The window along one axis in numbers; same padding puts the odd zero at the end.

    Raises:
        InputError: the window is larger than what it slides over.
    """
    kernel, stride, dilation = (whole_number(number) for number in (slide.kernel, slide.stride, slide.dilation))
    try:
        places = whole_number(slide.places(size, ceil))
    except MisfitError as error:
        covers, padding = slide.covers, slide.padding
        with_zeros = f" ({size + 2 * padding} with padding)" if isinstance(padding, int) and padding else ""
        raise InputError(
            f"{{K}} covers {covers} {name}, but {{X}} has {size}{with_zeros}: take a smaller kernel or more {{padding}}"
        ) from error
    if isinstance(slide.padding, int):
        before = slide.padding
    else:
        before = max(0, (places - 1) * stride + dilation * (kernel - 1) + 1 - size) // 2
    return Axis(size, kernel, places, stride, before, dilation)


def bias_of(b: Matrix, filters: int, plain: bool) -> Values:
    if len(b) != filters:
        raise InputError(
            f"{{b}} has {amount(len(b), 'number')}, but there {'is' if filters == 1 else 'are'} "
            f"{amount(filters, 'filter')}: one number a filter belongs here"
        )
    return b.reshape(() if plain else (filters, 1))


def convolution(x: Node, kernel: Node, bias: Symbol | None, layout: Layout) -> Node:
    """X ⋆ K + b."""
    slid = Correlate(x, kernel, layout)
    if bias is None:
        return slid
    return slid + (OnMaps(bias, layout.output_shape, len(layout.axes)) if layout.channels else bias)
