"""Maps, kernels and biases as they are given, brought to the layout of one convolution."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from explain.engine.answer import Place
from explain.engine.names import word
from explain.engine.nodes.base import Index, Node, Number, Symbol, node
from explain.engine.nodes.channels import OnMaps
from explain.engine.nodes.window import Axis, Correlate, Gathering, Layout
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent, Padding
from explain.layers.base import MisfitError
from explain.layers.sliding import Slide
from explain.maps import Maps
from explain.parameters import Matrix

NAMES = {1: ("length",), 2: ("rows", "columns")}
SIZE_TITLES = {
    "length": "Length of the output",
    "size": "Size of the output, rows and columns alike",
    "rows": "Rows and columns of the output",
}
FILTERS = ("filter", "channel")  # what the first two axes of a kernel count
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
    axes = int(dims or (2 if len(K.shape) > 1 else 1))
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
    kernel, stride, dilation = (int(number) for number in (slide.kernel, slide.stride, slide.dilation))  # type: ignore[arg-type]
    try:
        places = int(slide.places(size, ceil))  # type: ignore[arg-type]
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


def sizes_worked(sheet: Worksheet, given: Operands, window: Window) -> None:
    """The step that works the size of the output; rows and columns that are alike are worked once."""
    window = along_the_row(window) if given.row else window
    slides = window.slides([axis.kernel for axis in given.layout.axes])
    worked = [(size_of(axis, slide), _why(axis, slide)) for axis, slide in zip(given.layout.axes, slides, strict=True)]
    size_steps(sheet, given.layout.axes, given.row, worked)


def size_steps(sheet: Worksheet, axes: Sequence[Axis], row: bool, worked: Sequence[tuple[Node, str]]) -> None:
    """One step for the size of the output: a line an axis, each with its formula and its reason."""
    names = NAMES[len(axes)]
    lines = [
        (name, (formula, f"{name}: {why}" if len(names) > 1 else why))
        for name, (formula, why) in zip(names, worked, strict=True)
    ]
    if row:
        lines = [("length", worked[1])]
    elif len(lines) == 2 and axes[0] == axes[1]:
        lines = [("size", worked[0])]
    title = SIZE_TITLES[lines[0][0]]
    for name, (formula, why) in lines:
        sheet.define(name, formula, title, why, place=Place(lines[0][0], (name,)))


def size_of(axis: Axis, slide: Slide, ceil: bool = False) -> Node:
    """The output size with its numbers: ⌊(5 + 2·1 - 3)/2⌋ + 1."""
    padding = node(slide.padding) if isinstance(slide.padding, int) and slide.padding else slide.padding
    dilation = node(axis.dilation) if axis.dilation != 1 else 1
    worked = Slide(node(axis.kernel), node(axis.stride), padding, dilation).places(node(axis.size), ceil)
    return worked if isinstance(worked, Node) else Number(worked, str(worked))


def _why(axis: Axis, slide: Slide) -> str:
    covers = f"the kernel covers {int(slide.covers)}"  # type: ignore[arg-type]
    covers += f" ({axis.kernel} entries, {axis.dilation} apart)" if axis.dilation != 1 else ""
    if slide.padding == "same":
        return _why_same(axis, covers)
    zeros = f" with {amount(axis.before, 'zero')} on each side" if slide.padding else ""
    rest = (axis.size + 2 * axis.before - int(slide.covers)) % axis.stride  # type: ignore[arg-type]
    step = "" if axis.stride == 1 else f" in steps of {axis.stride}"
    step += f" ({rest} at the end {'is' if rest == 1 else 'are'} not reached)" if rest else ""
    moves = f"it stands at the start, and moves on through what is left{step}"
    return f"{amount(axis.size, 'place')}{zeros}, {covers}: {moves}"


def _why_same(axis: Axis, covers: str) -> str:
    """How many places same padding keeps, and how many zeros that takes."""
    kept = f"each of the {axis.size}" if axis.stride == 1 else f"every {axis.stride} of the {axis.size}"
    added = axis.before + axis.after
    needed = "no zero is" if not added else f"{amount(added, 'zero')} {'is' if added == 1 else 'are'}"
    sides = f", {axis.before} in front and {axis.after} behind" if added else ""
    return f"same padding: a place of the output for {kept}; {covers}, so {needed} added{sides}"


def convolution(x: Node, kernel: Node, bias: Symbol | None, layout: Layout) -> Node:
    """X ⋆ K + b."""
    slid = Correlate(x, kernel, layout)
    if bias is None:
        return slid
    return slid + (OnMaps(bias, layout.output_shape, len(layout.axes)) if layout.channels else bias)


def slices_told(
    sheet: Worksheet, layout: Layout, x: Symbol, kernel: Symbol | None = None, counts: Sequence[str] = FILTERS
) -> None:
    """What the numbers of a slice mean, by an example: `K₂,₁ is channel 1 of filter 2 of K`.

    Args:
        counts: what the first two axes of the kernel count.
    """
    front = (*(["sample"] if layout.samples else []), "channel")
    inner = len(layout.axes) == 1  # the channels are the rows of a slice
    told = [example_of(x, front[:-1] if inner else front)]
    told += [example_of(kernel, counts[:1] if inner else counts)] if kernel is not None else []
    parts = [part for example in told if example for part in ("; ", *example)][1:]
    if inner and layout.inputs > 1:
        parts += [
            "; " if parts else "",
            *say("each row of {x}" + (" and of {k}" if kernel else ""), x=x, k=kernel or x),
        ]
        parts += [" is a channel"]
    if parts:
        sheet.conventions.append(tuple(part for part in parts if part != ""))


def example_of(symbol: Symbol, counts: Sequence[str]) -> Prose:
    """`K₂,₁ is channel 1 of filter 2 of K`; empty where there is one slice only."""
    sizes = [int(size) for size in symbol.shape[: len(counts)]]
    if len(symbol.shape) < 3 or prod(sizes) == 1:
        return ()
    second = next(at for at, size in enumerate(sizes) if size > 1)
    places = ["2" if at == second else "1" for at in range(len(sizes))]
    which = " of ".join(f"{what} {place}" for what, place in reversed(list(zip(counts, places, strict=True))))
    return say(f"{{slice}} is {which} of {{whole}}", slice=word(symbol.name, ",".join(places)), whole=symbol)


def entries_asked(entry: Extent | None, shape: Sequence[int | str], row: bool, name: str = "Z") -> list[Index]:
    """The entry that is to be worked, counted from 0; empty where none is asked for.

    Raises:
        InputError: it has another number of places than the output has axes, or lies outside.
    """
    if entry is None:
        return []
    sizes = [int(size) for size in shape]
    asked = [1, *entry.sizes] if row and len(entry.sizes) == 1 else list(entry.sizes)
    told = ",".join(map(str, entry.sizes))
    if len(asked) != len(sizes):
        raise InputError(
            f"{{entry}} is {told}, but {name} is {write(tuple(shape))}: give {amount(len(sizes), 'number')}, such as "
            + ",".join("1" for _ in sizes)
        )
    for at, size in zip(asked, sizes, strict=True):
        if at > size:
            raise InputError(
                f"{{entry}} is {told}, but {name} is {write(tuple(shape))}: counted from 1 there is no {at}"
            )
    return [tuple(at - 1 for at in asked)]


def upstream(sheet: Worksheet, name: str, given: Values | None, output: Symbol, option: str = "") -> Symbol | None:
    """The gradient arriving from above, which has the shape of the output; `option` is not `d` and its name.

    Raises:
        InputError: it has another one.
    """
    if given is None:
        return None
    sizes = [int(size) for size in output.shape]
    if [int(size) for size in given.shape if size != 1] != [size for size in sizes if size != 1]:
        raise InputError(
            f"{{{option or f'd{name}'}}} is {write(given.shape)}, but {name} is {write(output.shape)}: it needs the "
            f"shape of {name}"
        )
    return sheet.given(
        f"dL/d{name}", given.reshape(output.shape), "gradient arriving from above", option=option or f"d{name}"
    )


def check_total(sheet: Worksheet, z: Symbol, x: Symbol, kernel: Symbol, bias: Symbol | None, layout: Layout) -> None:
    """The sum of all outputs, added up the other way round: weight by weight instead of window by window."""
    import numpy as np

    met = np.ones(sheet.values[z.name].shape)
    ones = Symbol("1", z.shape)
    inputs = Gathering(ones, x, layout).evaluate([met, sheet.values[x.name]])
    weights = sheet.values[kernel.name]
    places = met.size // layout.filters
    total = float((weights * inputs).sum()) + (0.0 if bias is None else places * float(sheet.values[bias.name].sum()))
    found = float(sheet.values[z.name].sum())
    scale = float(np.abs(weights * inputs).sum()) + abs(total) + 1e-300
    which = "the bias" if layout.filters == 1 else "each bias"
    added = "" if bias is None else f", and {which} {'once' if places == 1 else f'{places} times'}"
    sheet.check(
        abs(total - found) <= 1e-12 * scale,
        [z],
        say(
            f"added up weight by weight, each times the sum of all inputs that lie under it{added}: "
            f"{tidy(total) if total else 0}, the sum of the entries of {{z}}",
            z=z,
        ),
    )
