"""Input and kernel of a transposed convolution: checked, laid out, its output's size, and the check by zeros put in."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.nodes.base import Node, Number, Symbol, node
from explain.engine.nodes.channels import OnMaps
from explain.engine.nodes.geometry import Axis, Layout
from explain.engine.nodes.window import Spreading
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent, Extra
from explain.layers.convolution import TransposedConvolution
from explain.layers.sliding import Slide
from explain.maps import Maps
from explain.parameters import Matrix
from explain.topics._windows.convolved import NAMES, bias_of, front
from explain.topics._windows.output_sizes import size_steps

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


MOST_PLACES, MOST_PRODUCTS = 20_000_000, 5_000_000_000


class Stamping(NamedTuple):
    """The settings of a stamping kernel, as they were given."""

    stride: Extent | None = None
    padding: Extra | None = None
    output_padding: Extra | None = None
    dilation: Extent | None = None
    groups: int = 1


class Stamps(NamedTuple):
    """Input, kernel and bias, and how the kernel is stamped along each axis.

    The layout is that of the convolution which the stamping runs backwards: its input is the output here.
    """

    x: Values
    kernel: Values
    bias: Values | None
    layout: Layout
    row: bool
    moves: list[Move]

    @property
    def cut(self) -> bool:
        """Whether a border is cut off."""
        return any(axis.before for axis in self.layout.axes)


class Move(NamedTuple):
    """Stride, places cut off on each side, places added at the end, and dilation along one axis."""

    stride: int = 1
    padding: int = 0
    extra: int = 0
    dilation: int = 1


def stamps(X: Maps, K: Maps, b: Matrix | None, settings: Stamping, dims: str | None) -> Stamps:
    """What is given, checked and brought to one layout.

    Raises:
        InputError: numbers of axes, channels, groups or filters that do not go together; output padding as large as
            stride and dilation; padding that cuts everything off; a bias that is not one number a filter.
    """
    axes = int(dims or (1 if len(K.shape) == 1 and (len(K) > 1 or len(X.shape) == 1) else 2))
    if axes == 1:
        X, K = X.rows, K.rows
    for name, given in (("X", X), ("K", K)):
        if len(given.shape) > axes + 2:
            raise InputError(
                f"{{{name}}} is {write(given.shape)}, {len(given.shape)} axes: with {amount(axes, 'axis')} to slide "
                f"along it has at most {axes + 2}"
            )
    row = axes == 1 and len(X.shape) == len(K.shape) == 1
    moves = _moves(settings, axes)
    if row:  # a row of numbers is a matrix with one row
        x, kernel, axes, moves = front(X, 1), front(K, 1), 2, [Move(), *moves]
    else:
        x, kernel = front(X, axes - len(X.shape)), front(K, axes - len(K.shape))
    channels = int(x.shape[-axes - 1]) if len(x.shape) > axes else 1
    samples = int(x.shape[0]) if len(x.shape) == axes + 2 else 0
    kernel, each = _by_channel(kernel, channels, settings.groups, axes)
    filters = each * settings.groups
    plain = len(x.shape) == axes and filters == 1 and not samples
    found = tuple(
        _axis(int(size), int(k), move, name)
        for size, k, move, name in zip(x.shape[-axes:], kernel.shape[-axes:], moves, NAMES[axes], strict=True)
    )
    layout = Layout(found, not plain, samples, filters, channels, settings.groups)
    _limited(layout)
    bias = None if b is None else bias_of(b, filters, plain)
    return Stamps(x.reshape(layout.output_shape), kernel.reshape(layout.kernel_shape), bias, layout, row, moves)


def _limited(layout: Layout) -> None:
    """Refuses what would keep the machine busy for longer than anybody waits for a page."""
    reach = prod(
        max(axis.before + axis.size, (axis.places - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1)
        for axis in layout.axes
    )
    stamped = prod(axis.kernel * axis.places for axis in layout.axes)
    for what, count, most in (
        ("places of the output", max(1, layout.samples) * layout.inputs * reach, MOST_PLACES),
        ("numbers in all stamps", layout.inputs * stamped, MOST_PLACES),
        ("products", max(1, layout.samples) * layout.inputs * layout.filters // layout.groups * stamped, MOST_PRODUCTS),
    ):
        if count > most:
            far = reach > 9 * stamped
            name, mend = (
                ("X", "take smaller arrays") if not far else ("stride", "take a smaller one, or less {dilation}")
            )
            raise InputError(f"{{{name}}} is too large: there would be {count} {what}, and {most} are the most; {mend}")


def _moves(settings: Stamping, axes: int) -> list[Move]:
    one, none = Extent([1]), Extra([0])
    found = [
        Move(*numbers)
        for numbers in zip(
            (settings.stride or one).along("stride", axes),
            (settings.padding or none).along("padding", axes),
            (settings.output_padding or none).along("output_padding", axes),
            (settings.dilation or one).along("dilation", axes),
            strict=True,
        )
    ]
    for move in found:
        if move.extra and move.extra >= max(move.stride, move.dilation):
            most = max(move.stride, move.dilation) - 1
            raise InputError(
                f"{{output_padding}} is {move.extra}, but {{stride}} is {move.stride} and {{dilation}} "
                f"{move.dilation}: it must be smaller than one of them; "
                + (f"take at most {most}" if most else "leave it out, or take a larger {stride}")
            )
    return found


def _by_channel(kernel: Values, channels: int, groups: int, axes: int) -> tuple[Values, int]:
    """The kernel as channels of the input × filters of the group × sizes, and how many filters a group has."""
    if channels % groups:
        raise InputError(
            f"{{groups}} is {groups}, but {{X}} has {amount(channels, 'channel')}: take a divisor of {channels}"
        )
    if len(kernel.shape) == axes + 2:
        if kernel.shape[0] != channels:
            raise InputError(
                f"{{K}} is {write(kernel.shape)}, for {amount(int(kernel.shape[0]), 'channel')}, but {{X}} has "
                f"{amount(channels, 'channel')}: the first axis of {{K}} counts the channels of {{X}}, the second the "
                "filters"
            )
        return kernel, int(kernel.shape[1])
    windows = int(kernel.shape[0]) if len(kernel.shape) > axes else 1
    if windows % channels:
        raise InputError(
            f"{{K}} has {amount(windows, 'window')}, but {{X}} has {amount(channels, 'channel')}: give every channel "
            "as many, one a filter, with | between them and || between the channels"
        )
    each = windows // channels
    return kernel.reshape((channels, each, *kernel.shape[len(kernel.shape) - axes :])), each


def _axis(size: int, kernel: int, move: Move, name: str) -> Axis:
    """How the kernel is stamped along one axis.

    Raises:
        InputError: nothing of the output is left.
    """
    reach = (size - 1) * move.stride + move.dilation * (kernel - 1) + 1
    left = reach - 2 * move.padding + move.extra
    if left < 1:
        raise InputError(
            f"{{padding}} is {move.padding}: it cuts {2 * move.padding} of the {reach} {name} that the stamps reach, "
            f"and nothing is left; take at most {(reach + move.extra - 1) // 2}"
        )
    return Axis(left, kernel, size, move.stride, move.padding, move.dilation)


def sizes_worked(sheet: Worksheet, given: Stamps) -> None:
    """The step that works the size of the output."""
    worked = [(_size(axis, move), _why(axis, move)) for axis, move in zip(given.layout.axes, given.moves, strict=True)]
    size_steps(sheet, given.layout.axes, given.row, worked)


def _size(axis: Axis, move: Move) -> Node:
    """(2 - 1)·2 + 3 - 2·1 + 1 with its numbers."""
    stride = 1 if move.stride == 1 else node(move.stride)
    dilation = 1 if move.dilation == 1 else node(move.dilation)
    slide = Slide(node(axis.kernel), stride, node(move.padding) if move.padding else 0, dilation)
    layer = TransposedConvolution(1, [slide], extra=node(move.extra) if move.extra else 0)
    found = layer.places(slide, node(axis.places))
    return found if isinstance(found, Node) else Number(found, str(found))


def _why(axis: Axis, move: Move) -> str:
    covers = move.dilation * (axis.kernel - 1) + 1
    apart = f" ({axis.kernel} entries, {move.dilation} apart)" if move.dilation != 1 else ""
    begins = amount((axis.places - 1) * move.stride, "place")
    last = f"the last of {axis.places} stamps begins {begins} after the first, and"
    first = f"{last if axis.places > 1 else 'the one stamp'} covers {covers}{apart}"
    cut = f"; {move.padding} cut off on each side" if move.padding else ""
    return first + cut + (f"; {move.extra} added at the end (output padding)" if move.extra else "")


def stamping(x: Node, kernel: Node, bias: Symbol | None, layout: Layout) -> Node:
    """X ⋆ᵀ K + b."""
    found = Spreading(x, kernel, layout)
    if bias is None:
        return found
    return found + (OnMaps(bias, layout.input_shape, len(layout.axes)) if layout.channels else bias)


def check_zeros(sheet: Worksheet, given: Stamps, z: Symbol, x: Symbol, kernel: Symbol, bias: Symbol | None) -> None:
    """All of Z again by an ordinary convolution: zeros between the entries of X, the kernel turned by 180°."""
    import numpy as np

    from explain.engine.window_numpy import correlated

    layout = given.layout
    spaced = with_zeros(given, sheet.values[x.name])
    axes = tuple(
        Axis(size, a.kernel, a.size, 1, 0, a.dilation) for size, a in zip(spaced.shape[2:], layout.axes, strict=True)
    )
    other = Layout(axes, True, max(1, layout.samples), layout.filters, layout.inputs, layout.groups)
    again = correlated(other, spaced, turned(given, sheet.values[kernel.name]))
    if bias is not None:
        again = again + sheet.values[bias.name].reshape(-1, *(1,) * len(layout.axes))
    found = sheet.values[z.name]
    scale = float(np.abs(sheet.values[x.name]).sum() * np.abs(sheet.values[kernel.name]).max()) + float(
        np.abs(found).max()
    )
    same = bool(np.all(np.abs(again.reshape(found.shape) - found) <= 1e-12 * scale + 1e-300))
    between = max(move.stride for move in given.moves) - 1
    zeros = f"{{x}} with {amount(between, 'zero')} between its entries" if between else "{x} with zeros around it"
    entries = "the entry" if found.size == 1 else f"all {found.size} entries"
    sheet.check(
        same,
        [z],
        say(
            f"an ordinary convolution gives the same for {entries} of {{z}}: over {zeros}, in steps of 1, with {{k}} "
            "turned by 180°", x=x, k=kernel, z=z,
        ),
    )  # fmt: skip


def with_zeros(given: Stamps, x: Array) -> Array:
    """The input with zeros between its entries and around them: samples × channels × sizes."""
    import numpy as np

    layout = given.layout
    maps = x.reshape(max(1, layout.samples), layout.filters, *(axis.places for axis in layout.axes))
    around = [border(axis, move) for axis, move in zip(layout.axes, given.moves, strict=True)]
    inner = [(axis.places - 1) * axis.stride + 1 for axis in layout.axes]
    spaced = np.zeros((*maps.shape[:2], *inner))
    every: list[Any] = [slice(None, None, axis.stride) for axis in layout.axes]
    spaced[(slice(None), slice(None), *every)] = maps
    padded = np.pad(spaced, [(0, 0), (0, 0), *((max(0, low), max(0, high)) for low, high in around)])
    kept: list[Any] = [
        slice(max(0, -low), size + max(0, low) + high) for (low, high), size in zip(around, inner, strict=True)
    ]
    found: Array = padded[(slice(None), slice(None), *kept)]
    return found


def border(axis: Axis, move: Move) -> tuple[int, int]:
    """The zeros before and after; negative where some of the input is cut off."""
    low = axis.dilation * (axis.kernel - 1) - move.padding
    return low, low + move.extra


def turned(given: Stamps, kernel: Array) -> Array:
    """The kernel of that convolution: filters first, and turned by 180°."""
    import numpy as np

    layout = given.layout
    sizes = [axis.kernel for axis in layout.axes]
    each = layout.filters // layout.groups
    weights = kernel.reshape(layout.groups, each, layout.seen, *sizes).swapaxes(1, 2)
    return np.flip(weights.reshape(layout.inputs, each, *sizes), tuple(range(-len(sizes), 0)))
