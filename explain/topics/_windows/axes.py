"""The axes that a window slides along: their given numbers, and the step that works each output size."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.functions import MAX
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.sizes import Sizes
from explain.engine.prose import Prose, say
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent, Padding, Sides
from explain.layers.base import MisfitError, as_node, whole_number
from explain.layers.sliding import Pad, Slide

AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
NAMES = {"L": "length", "D": "depth", "H": "height", "W": "width"}


class Settings(NamedTuple):
    """What was given for the window; None where it was left out."""

    kernel: Sides
    stride: Extent | None
    padding: Padding | None
    dilation: Extent | None

    def rank(self, dims: str | None) -> int:
        """How many axes the window slides along.

        Raises:
            InputError: the kernel has another number of sizes.
        """
        count = len(self.kernel.counts)
        rank = int(dims or (count if count > 1 else 2))
        if count not in (1, rank):
            raise InputError(
                f"{{kernel}} is {self.kernel.text}: a window slides along 1 to 3 axes; give one number for all, or one "
                "for each"
            )
        return rank

    def slides(self, rank: int, stride: Sequence[int] | None = None) -> list[Slide]:
        """The window along each axis, in whole numbers; `stride` is what holds where none is given."""
        kernels = self.kernel.along("kernel", rank)
        strides = self.stride.along("stride", rank) if self.stride else (stride or [1] * rank)
        dilations = (self.dilation or Extent([1])).along("dilation", rank)
        pads = (self.padding or Padding([0])).along("padding", rank)
        found: list[Slide] = []
        for kernel, step, pad, dilation in zip(kernels, strides, pads, dilations, strict=True):
            checked: Pad = pad if isinstance(pad, int) else "same"
            found.append(Slide(kernel, step, checked, dilation))
        return found


class Axis:
    """One axis: its givens, and the step of its output size.

    Args:
        suffix: what tells its letters from those of other axes, such as `_H`.
        introduced: whether another axis has introduced the numbers of the window already.
        noun: what the window is called, such as `a filter`; `padding` what is on its sides, such as zeros.
    """

    def __init__(
        self,
        sheet: Worksheet,
        axis: str,
        size: int,
        slide: Slide,
        suffix: str,
        introduced: bool,
        noun: str,
        padding: str,
    ) -> None:
        self.sheet, self.axis, self.size, self.slide = sheet, axis, size, slide
        self.covers, self.stride = whole_number(slide.covers), whole_number(slide.stride)
        self.zeros = 0 if slide.padding == "same" else whole_number(slide.padding)
        self.i = sheet.given(axis, whole(size), f"{NAMES[axis]} of the input", option="input")
        self.k, self.s, self.p, self.d = (Symbol(letter + suffix) for letter in "kspd")
        if introduced:
            return
        where = f" along the {NAMES[axis]}" if suffix else ""
        sheet.given(self.k.name, whole(whole_number(slide.kernel)), f"size of {noun}{where}", option="kernel")
        sheet.given(self.s.name, whole(self.stride), f"stride{where}", option="stride")
        if isinstance(slide.padding, int):
            sheet.given(self.p.name, whole(slide.padding), f"{padding} on each side{where}", option="padding")
        if slide.dilation != 1:
            sheet.given(self.d.name, whole(whole_number(slide.dilation)), f"dilation{where}", option="dilation")

    @property
    def symbols(self) -> Slide:
        """The window in letters."""
        padding: Pad = "same" if self.slide.padding == "same" else self.p
        return Slide(self.k, self.s, padding, 1 if self.slide.dilation == 1 else self.d)

    def title(self) -> tuple[str, str]:
        """The name and the title of the step of the output size."""
        return f"{self.axis}_out", f"{NAMES[self.axis].capitalize()} of the output"

    def copy(self, other: Symbol) -> Symbol:
        """The output size where the axis is like another one."""
        name, title = self.title()
        why = f"{self.axis} is {self.size} too, and window, stride and padding are the same: worked like {{h}}"
        return self.sheet.define(name, other, title, say(why, h=other))

    def output(self, ceil: bool = False) -> Symbol:
        """The output size.

        Raises:
            InputError: the window is larger than the padded input.
        """
        if self.slide.padding == "same":
            return self._same()
        places = self._fitting(ceil)
        name, title = self.title()
        formula = as_node(self.symbols.places(self.i, ceil))
        spread = "; {k} entries {d} apart cover {d} ({k} - 1) + 1 places" if self.slide.dilation != 1 else ""
        if ceil:
            last = "rounded up (⌈ ⌉): a last window that sticks out is used too, if it begins inside the input"
        else:
            last = "rounded down (⌊ ⌋), because a window that sticks out is not used"
        why = say(
            "one window stands at the edge (the 1); what is left of {i} with its padding holds one more for every "
            f"{{s}} places, {last}{spread}",
            i=self.i,
            s=self.s,
            k=self.k,
            d=self.d,
        )
        fewer = ceil and places < self._unlimited()
        if fewer:
            formula = formula - 1
        note = (
            say("the last window would begin outside the input: it is taken away") if fewer else self._left_over(ceil)
        )
        out = self.sheet.define(name, formula, title, why, note=note)
        counted = counted_places(self.size, self.covers, self.stride, self.zeros, ceil)
        told = f"sliding the window along the {NAMES[self.axis]} and counting its places gives {{o}} = {counted}"
        self.sheet.check(counted == int(self.sheet.values[name].item()), [out], say(told, o=out))
        return out

    def _fitting(self, ceil: bool) -> int:
        """The output size in whole numbers."""
        try:
            return whole_number(self.slide.places(self.size, ceil))
        except MisfitError as error:
            covers, padded = amount(self.covers, "place"), self._padded()
            with_zeros = f", {padded} with padding" if padded > self.size else ""
            raise InputError(
                f"{{kernel}} covers {covers}, but the {NAMES[self.axis]} of {{input}} is {self.size}{with_zeros}: "
                "make the kernel smaller or pad more"
            ) from error

    def _padded(self) -> int:
        return self.size + 2 * self.zeros

    def _unlimited(self) -> int:
        """Places rounded up, wherever the last window begins."""
        return -(-(self._padded() - self.covers) // self.stride) + 1

    def _same(self) -> Symbol:
        """The output of same padding, and the zeros that it takes."""
        name, title = self.title()
        out = self.sheet.define(
            name,
            as_node(self.symbols.places(self.i)),
            title,
            say(
                "with same padding the output has one entry for every {s} of the input, rounded up (⌈ ⌉), so that a "
                "last, shorter stretch has one too",
                s=self.s,
            ),
        )
        pad = self.sheet.define(
            f"pad_{self.axis}",
            MAX(Number(0, "0"), (out - 1) * self.s + as_node(self.symbols.covers) - self.i),
            f"Zeros that are added along the {NAMES[self.axis]}, in all",
            say(
                "the last of {o} windows begins ({o} - 1) {s} places after the first and must still fit: what is "
                "missing is filled with zeros",
                o=out,
                s=self.s,
            ),
        )
        zeros = int(self.sheet.values[pad.name].item())
        counted = len(range(0, self.size + zeros - self.covers + 1, self.stride))
        split = f"{zeros // 2} before and {zeros - zeros // 2} after"
        self.sheet.check(
            counted == int(self.sheet.values[name].item()),
            [out, pad],
            say(f"with {split}, sliding along the {NAMES[self.axis]} and counting gives {{o}} = {counted}", o=out),
        )
        return out

    def _left_over(self, ceil: bool) -> Prose:
        padded, stride = self._padded(), self.stride
        lost, skipped = (padded - self.covers) % stride, stride - self.covers
        is_or_are = "is" if skipped == 1 else "are"
        between = f"; between two windows {amount(skipped, 'place')} {is_or_are} skipped" if skipped > 0 else ""
        zeros = padded - self.size
        places = amount(self.size, "place") if not zeros else f"{padded} places ({self.size} and {zeros} of padding)"
        if not lost:
            return say(f"the last window ends at the edge of the {places}{between}")
        if ceil:
            return say(f"the last window sticks out of the {places}{between}")
        return say(f"of the {places} the last {'one is' if lost == 1 else f'{lost} are'} left over{between}")


def counted_places(size: int, covers: int, stride: int, zeros: int, ceil: bool = False) -> int:
    """The places of a window, counted from its starts.

    Rounded up, a last one that sticks out counts if it begins inside and the one before did not reach the end.
    """
    places = len(range(-zeros, size + zeros - covers + 1, stride))
    start = -zeros + places * stride
    return places + (ceil and start < size and start - stride + covers < size + zeros)


def taken_apart(extent: Extent, rank: int) -> tuple[int | None, int, list[int]]:
    """Batch, channels and sliding sizes.

    Raises:
        InputError: the input has another number of sizes.
    """
    sizes = extent.sizes
    if len(sizes) == rank + 2:
        return sizes[0], sizes[1], sizes[2:]
    if len(sizes) == rank + 1:
        return None, sizes[0], sizes[1:]
    shown = "x".join(("N", "C", *AXES[rank]))
    raise InputError(
        f"{{input}} is {extent.text}, but a window that slides along {amount(rank, 'axis')} needs {shown}, or the same "
        f"without N: give {rank + 2} or {rank + 1} numbers, another {{kernel}}, or {{dims}}"
    )


def alike(sizes: Sequence[int], slides: Sequence[Slide]) -> tuple[bool, bool]:
    """Whether all windows have the same numbers, and whether the sizes are the same too."""
    numbers = {(slide.kernel, slide.stride, slide.padding, slide.dilation) for slide in slides}
    return len(numbers) == 1, len(numbers) == 1 and len(set(sizes)) == 1


def listed(names: Sequence[str]) -> str:
    """`stride 1, padding 0 and dilation 1`."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]


def worked(
    sheet: Worksheet,
    axes: Sequence[str],
    sizes: Sequence[int],
    slides: Sequence[Slide],
    noun: str,
    padding: str = "zeros",
) -> list[Axis]:
    """The axes with their givens; what is the same along all of them is given once."""
    shared, _ = alike(sizes, slides)
    found = [
        Axis(sheet, axis, size, slide, "" if shared else f"_{axis}", shared and at > 0, noun, padding)
        for at, (axis, size, slide) in enumerate(zip(axes, sizes, slides, strict=True))
    ]
    first = next(at for at, item in enumerate(sheet.given_items) if item.symbol.name == axes[0])
    sheet.given_items[first:] = sorted(sheet.given_items[first:], key=lambda item: item.symbol.name not in axes)
    return found


def outputs(axes: Sequence[Axis], ceil: bool = False) -> list[Symbol]:
    """The output size along each axis; one that is like the first refers to it."""
    _, same = alike([axis.size for axis in axes], [axis.slide for axis in axes])
    found: list[Symbol] = []
    for axis in axes:
        found.append(axis.copy(found[0]) if same and found else axis.output(ceil))
    return found


def told(sheet: Worksheet, axes: Sequence[str], settings: Settings, stride: str = "stride 1") -> None:
    """The conventions of a sliding window: where the channels stand, which numbers are defaults, what same means."""
    sliding = listed([NAMES[axis] for axis in axes])
    sheet.convention(f"shapes have the channels before the {sliding}, as in PyTorch")
    usual = {stride: settings.stride, "padding 0": settings.padding, "dilation 1": settings.dilation}
    defaults = [name for name, given in usual.items() if given is None]
    if defaults:
        sheet.convention(f"{listed(defaults)} (default)")
    if settings.padding is not None and settings.padding.word == "same":
        sheet.convention(
            "same: zeros are added so that the output has the size of the input divided by the stride, rounded up "
            "(Keras; PyTorch takes same with a stride of 1 only)"
        )


def shape_of(sheet: Worksheet, sizes: Sequence[Node], why: str, **parts: Node) -> Symbol:
    """The step of the output's shape."""
    return sheet.define("output", Sizes(*sizes), "Shape of the output", say(why, **parts))


def flattened(sheet: Worksheet, channels: Node, outputs: Sequence[Node], n: Symbol | None) -> Symbol:
    """What a linear layer after it sees."""
    size: Node = channels
    for output in outputs:
        size = size * output
    rows = "" if n is None else "; the batch stays, so that {n} such rows reach it"
    return sheet.define(
        "flat",
        size,
        "Flattened size",
        say(
            "a linear layer takes one row of numbers for each image, all channels and places one after the other: this "
            "is its input dimension, in_features" + rows,
            **({} if n is None else {"n": n}),
        ),
    )
