"""Maps and the window that pools them: options checked, sizes worked, conventions told, checks by a second route."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any, NamedTuple

from explain.engine.nodes.geometry import Axis, Layout
from explain.engine.nodes.pooling import Ends
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent, Padding
from explain.layers.base import MisfitError, rounded_up, whole_number
from explain.layers.sliding import Slide
from explain.maps import Maps
from explain.topics._windows.convolved import NAMES
from explain.topics._windows.output_sizes import size_of, size_steps

WIDEST_WINDOW = 100_000
MOST_PLACES = 50_000_000  # that windows reach over, in all channels


class PoolWindow(Extent):
    """The size of the window: `2`, `2x3`, or `global` for the whole map."""

    __slots__ = ("whole",)

    def __init__(self, sizes: Sequence[int], whole: bool = False) -> None:
        super().__init__(sizes)
        self.whole = whole

    @classmethod
    def read(cls, name: str, raw: Any) -> PoolWindow:
        """A window from `2`, `2x3` or `global`.

        Raises:
            InputError: neither sizes nor the word.
        """
        if isinstance(raw, PoolWindow):
            return raw
        if str(raw).strip().lower() == "global":
            return cls([], True)
        if isinstance(raw, str) and not any(mark.isdigit() for mark in raw):
            raise InputError(f"{{{name}}} is {raw.strip() or 'empty'}: give its size, such as 2 or 2x3, or global")
        return cls(super().read(name, raw).sizes)


class Settings(NamedTuple):
    """The options of a pooling, as they were given."""

    window: PoolWindow
    stride: Extent | None = None
    padding: Padding | None = None
    dilation: Extent | None = None
    ceil: bool = False
    mean: bool = False
    count_padding: bool = True


class Pooled(NamedTuple):
    """Maps in the layout of one pooling, and how the window moves along each axis."""

    x: Values
    layout: Layout
    row: bool
    slides: list[Slide]
    ends: Ends | None  # of a mean: one past the last place that counts; None: what lies inside the maps

    @property
    def reaches_out(self) -> bool:
        """Whether a window sticks out of the maps."""
        return any(axis.before or last_place(axis) > axis.size for axis in self.layout.axes)

    @property
    def padded(self) -> bool:
        """Whether there is padding."""
        return any(slide.padding != 0 for slide in self.slides)

    @property
    def sticks_out(self) -> bool:
        """Whether a last window goes beyond what counts in a mean."""
        ends = self.ends or [axis.size for axis in self.layout.axes]
        return any(last_place(axis) > end for axis, end in zip(self.layout.axes[-len(ends) :], ends, strict=True))

    @property
    def kernel(self) -> str:
        """The size of the window, as told."""
        axes = self.layout.axes[1:] if self.row else self.layout.axes
        return write(tuple(axis.kernel for axis in axes))


def pooled(X: Maps, settings: Settings, dims: str | None) -> Pooled:
    """What is given, checked and brought to one layout.

    Raises:
        InputError: too many axes, a window larger than the padded map, padding of more than half a window, a window
            in which nothing of the map lies.
    """
    axes = int(dims or (2 if len(X.shape) > 1 else 1))
    X = X.rows if axes == 1 else X
    if len(X.shape) > axes + 2:
        raise InputError(
            f"{{X}} is {write(X.shape)}, {len(X.shape)} axes: with {amount(axes, 'axis')} to slide along it has at "
            f"most {axes + 2}"
        )
    row = len(X.shape) < 2
    missing = (1,) * max(0, axes - len(X.shape)) if not row else (1,)
    x: Values = X.reshape((*missing, *X.shape))
    sizes = [int(size) for size in x.shape[-axes:]] if not row else [len(X)]
    slides = _slides(settings, sizes)
    found = [
        _axis(size, slide, settings, name) for size, slide, name in zip(sizes, slides, NAMES[len(sizes)], strict=True)
    ]
    if row:  # a row of numbers is a matrix with one row
        slides, found = [Slide(1), *slides], [Axis(1, 1, 1), *found]
    slid = len(found)
    channels = int(x.shape[-slid - 1]) if len(x.shape) > slid else 1
    samples = int(x.shape[0]) if len(x.shape) == slid + 2 else 0
    layout = Layout(tuple(found), len(x.shape) > slid, samples, channels, channels, channels)
    _limited(layout)
    return Pooled(x, layout, row, slides, _ends(settings, found, slides))


def _limited(layout: Layout) -> None:
    """Refuses what would fill the memory."""
    reach = (
        max(1, layout.samples)
        * layout.inputs
        * prod(max(axis.size, last_place(axis)) + axis.before for axis in layout.axes)
    )
    if reach > MOST_PLACES:
        name = "X" if all(axis.before + last_place(axis) <= 3 * axis.size for axis in layout.axes) else "window"
        raise InputError(
            f"{{{name}}} is too large: the windows reach over {reach} places, and {MOST_PLACES} are the most; take a "
            "smaller one"
        )


def _slides(settings: Settings, sizes: Sequence[int]) -> list[Slide]:
    """How the window moves along each axis; the stride is the size of the window where none is given."""
    count = len(sizes)
    if settings.window.whole:
        for name, given in (
            ("stride", settings.stride),
            ("padding", settings.padding),
            ("dilation", settings.dilation),
        ):
            if given is not None:
                raise InputError(
                    f"{{{name}}} is {given.text}, but {{window}} is global: it does not move; leave it out"
                )
    kernels = list(sizes) if settings.window.whole else settings.window.along("window", count)
    strides = (
        [1] * count
        if settings.window.whole
        else kernels
        if settings.stride is None
        else settings.stride.along("stride", count)
    )
    pads = (settings.padding or Padding([0])).along("padding", count)
    dilations = (settings.dilation or Extent([1])).along("dilation", count)
    if settings.mean and any(dilation > 1 for dilation in dilations):
        raise InputError("{dilation} belongs to max pooling: leave it out, or take {type} max")
    if settings.ceil and settings.padding is not None and settings.padding.word == "same":
        raise InputError("{ceil} is yes, but same padding rounds up anyway: leave one of them out")
    return [
        Slide(k, s, p if isinstance(p, int) else "same", d)
        for k, s, p, d in zip(kernels, strides, pads, dilations, strict=True)
    ]


def _axis(size: int, slide: Slide, settings: Settings, name: str) -> Axis:
    """The window along one axis in numbers; same padding puts the odd place at the end."""
    kernel, stride, dilation = (whole_number(number) for number in (slide.kernel, slide.stride, slide.dilation))
    covers, padding = dilation * (kernel - 1) + 1, slide.padding
    if covers > max(size, WIDEST_WINDOW):
        raise InputError(
            f"{{window}} covers {covers} {name}, but {{X}} has {size}: more than {WIDEST_WINDOW} belong to larger "
            "maps; take a smaller one"
        )
    if isinstance(padding, int) and 2 * padding > covers:
        raise InputError(
            f"{{padding}} is {padding}, more than half of the {covers} {name} that the window covers: pad at most "
            f"{covers // 2}"
        )
    try:
        places = whole_number(slide.places(size, settings.ceil))
    except MisfitError as error:
        with_padding = f" ({size + 2 * padding} with padding)" if isinstance(padding, int) and padding else ""
        raise InputError(
            f"{{window}} covers {covers} {name}, but {{X}} has {size}{with_padding}: take a smaller window or more "
            "{padding}" + ("; along rows of numbers give {dims} 1" if name == "rows" and size == 1 else "")
        ) from error
    before = padding if isinstance(padding, int) else max(0, (places - 1) * stride + covers - size) // 2
    axis = Axis(size, kernel, places, stride, before, dilation)
    for start in (-before, (places - 1) * stride - before):
        first = max(0, -(start // dilation))  # the first entry that does not lie in front of the map
        if first >= kernel or start + first * dilation >= size:
            raise InputError(
                f"{{dilation}} is {dilation}: none of the {kernel} entries of a window lies on the {size} {name} of "
                "{X}; take a smaller one, or less {padding}"
            )
    return axis


def last_place(axis: Axis) -> int:
    """One past the last place that a window reaches."""
    return (axis.places - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - axis.before


def _ends(settings: Settings, axes: Sequence[Axis], slides: Sequence[Slide]) -> Ends | None:
    """Where the padding that counts in a mean ends: what a last window has beyond it never counts."""
    if not settings.count_padding:
        return None
    return tuple(
        axis.size + slide.padding if isinstance(slide.padding, int) else max(axis.size, last_place(axis))
        for axis, slide in zip(axes, slides, strict=True)
    )


def sizes_worked(sheet: Worksheet, given: Pooled, settings: Settings) -> None:
    """The step that works the size of the output."""
    worked = []
    for axis, slide in zip(given.layout.axes, given.slides, strict=True):
        formula, dropped = size_of(axis, slide, settings.ceil), False
        if settings.ceil:
            up = whole_number(rounded_up(axis.size + 2 * axis.before - whole_number(slide.covers), axis.stride)) + 1
            dropped = up > axis.places
            formula = formula - 1 if dropped else formula
        worked.append((formula, _why(axis, slide, settings.ceil, dropped)))
    size_steps(sheet, given.layout.axes, given.row, worked)


def _why(axis: Axis, slide: Slide, ceil: bool, dropped: bool) -> str:
    if slide.padding == "same":
        return "same padding: places are added until the window fits at every place that the stride reaches"
    if axis.places == 1 and axis.kernel == axis.size and not axis.before:
        return f"the window covers all {axis.size} places, so it stands once"
    around = f" and {slide.padding} more on each side" if slide.padding else ""
    covers = f"the window covers {whole_number(slide.covers)}"
    covers += f" ({axis.kernel} entries, {axis.dilation} apart)" if axis.dilation != 1 else ""
    step = "" if axis.stride == 1 else f" in steps of {axis.stride}"
    free = axis.size + 2 * axis.before - whole_number(slide.covers)
    if free % axis.stride:
        rest = free % axis.stride
        missed = f" ({rest} at the end {'is' if rest == 1 else 'are'} not reached)"
        step += "; rounded up, a last window sticks out" if ceil else missed
    step += ", but it would begin outside of X, and is dropped" if dropped else ""
    return f"{axis.size} places{around}, {covers}: it stands at the start, and moves on through what is left{step}"
