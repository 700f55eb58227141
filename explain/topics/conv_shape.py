"""Shapes of a convolution layer: weight, output, parameters, and what a linear layer after it sees."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import MAX
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.sizes import CeilingQuotient, FloorQuotient, Sizes
from explain.engine.prose import Prose, say
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent, Padding
from explain.parameters import Count

AXES = {1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}
NAMES = {"L": "length", "D": "depth", "H": "height", "W": "width"}


@topic
def conv_shape(
    input: Annotated[Extent, "shape of the input, images first or not: 100x3x64x64, 3x64x64"],
    filters: Annotated[Count, "number of filters, the channels of the output"],
    kernel: Annotated[Extent, "size of a filter: 4 for all axes, or 3x5"],
    stride: Annotated[Extent | None, "step from one place to the next: 2, or 2x1; default 1"] = None,
    padding: Annotated[Padding | None, "zeros on each side: 1, or 1x2, same, valid; default 0"] = None,
    dilation: Annotated[Extent | None, "distance between the entries of a filter; default 1"] = None,
    dims: Annotated[Literal["1", "2", "3"] | None, "axes that the filter slides along; default 2"] = None,
    bias: Annotated[Literal["yes", "no"], "whether each filter has a bias"] = "yes",
) -> Answer:
    """Shapes and parameters of a convolution layer.

    The weight, the output (with its floor), the parameters, the flattened size that a linear layer after it sees.
    Channels come before the sliding axes, as in PyTorch. Sizes are whole numbers.

    Source: Dumoulin and Visin 2016, A guide to convolution arithmetic for deep learning, relationships 6 and 15;
    PyTorch documentation, torch.nn.Conv2d

    Examples:
        explain conv-shape --input 100x3x64x64 --filters 2 --kernel 4 --stride 4
        explain conv-shape --input 3x32x32 --filters 16 --kernel 3 --stride 2 --padding 1

    Raises:
        InputError: numbers of axes that do not agree, a filter larger than the padded input.
    """
    axes = AXES[_rank(kernel, dims)]
    count = len(axes)
    batch, channels, sizes = _taken_apart(input, count)
    if filters.number is None:
        raise InputError(f"{{filters}} is {filters.name}: a whole number from 1 belongs here, such as 16")
    kernels = kernel.along("kernel", count)
    strides = (stride or Extent([1])).along("stride", count)
    dilations = (dilation or Extent([1])).along("dilation", count)
    pads = (padding or Padding([0])).along("padding", count)

    sheet = Worksheet("Shapes of a convolution layer", conv_shape.source)
    n = None if batch is None else sheet.given("N", whole(batch), "number of images in the batch", option="input")
    c = sheet.given("C", whole(channels), "channels of the input", option="input")
    f = sheet.given("F", whole(filters.number), "number of filters", option="filters")
    settings = list(zip(kernels, strides, dilations, pads, strict=True))
    shared = len(set(settings)) == 1
    layer = [
        _Axis(sheet, axis, size, numbers, "" if shared else f"_{axis}", introduced=shared and at > 0)
        for at, (axis, size, numbers) in enumerate(zip(axes, sizes, settings, strict=True))
    ]
    sliding = _listed([NAMES[axis] for axis in axes])
    sheet.convention(f"shapes have the channels before the {sliding}, as in PyTorch")
    usual = {"stride": (stride, 1), "padding": (padding, 0), "dilation": (dilation, 1)}
    defaults = [f"{name} {value}" for name, (given, value) in usual.items() if given is None]
    if defaults:
        sheet.convention(f"{_listed(defaults)} (default)")
    if padding is not None and padding.word == "same":
        sheet.convention(
            "same: zeros are added so that the output has the size of the input divided by the stride, rounded up "
            "(Keras; PyTorch takes same with a stride of 1 only)"
        )
    weight = sheet.define(
        "weight",
        Sizes(f, c, *(axis.k for axis in layer)),
        "Shape of the weight",
        say("each of the {f} filters covers all {c} channels of the input with a window of its own", f=f, c=c),
    )
    outputs: list[Symbol] = []
    for axis in layer:
        outputs.append(axis.output(outputs[0] if outputs and shared and len(set(sizes)) == 1 else None))
    shape = sheet.define(
        "output",
        Sizes(*([n] if n is not None else []), f, *outputs),
        "Shape of the output",
        say("every filter gives one channel" + ("" if n is None else "; the images of the batch do not mix"), f=f),
    )
    _parameters(sheet, f, c, [axis.k for axis in layer], bias == "yes")
    flat = _flattened(sheet, f, outputs, n)
    return sheet.answer(weight, shape, sheet.last("P"), flat)


class _Axis:
    """One axis the filter slides along: its givens, and the step that works its output size."""

    def __init__(
        self,
        sheet: Worksheet,
        axis: str,
        size: int,
        numbers: tuple[int, int, int, int | str],
        suffix: str,
        introduced: bool,
    ) -> None:
        kernel, stride, dilation, self.padding = numbers
        self.sheet, self.axis, self.size, self.step = sheet, axis, size, stride
        self.dilation, self.window = dilation, dilation * (kernel - 1) + 1
        self.i = sheet.given(axis, whole(size), f"{NAMES[axis]} of the input", option="input")
        self.k, self.s, self.p, self.d = (Symbol(letter + suffix) for letter in "kspd")
        if introduced:  # all axes share these numbers, and the first has them
            return
        where = f" along the {NAMES[axis]}" if suffix else ""
        sheet.given(self.k.name, whole(kernel), f"size of a filter{where}", option="kernel")
        sheet.given(self.s.name, whole(stride), f"stride{where}", option="stride")
        if isinstance(self.padding, int):
            sheet.given(self.p.name, whole(self.padding), f"zeros on each side{where}", option="padding")
        if dilation != 1:
            sheet.given(self.d.name, whole(dilation), f"dilation{where}", option="dilation")

    def output(self, same: Symbol | None) -> Symbol:
        """The output size; the second of two equal axes refers to the first."""
        name, title = f"{self.axis}_out", f"{NAMES[self.axis].capitalize()} of the output"
        if same is not None:
            why = f"{self.axis} is {self.size} too, and filter, stride and padding are the same: worked like {{h}}"
            return self.sheet.define(name, same, title, say(why, h=same))
        if self.padding == "same":
            return self._same(name, title)
        padded = self.size + 2 * int(self.padding)
        if self.window > padded:
            covers = amount(self.window, "place")
            with_zeros = f", {padded} with padding" if padded > self.size else ""
            raise InputError(
                f"{{kernel}} covers {covers}, but the {NAMES[self.axis]} of {{input}} is {self.size}{with_zeros}: "
                "make the kernel smaller or pad more"
            )
        places: Node = self.i + 2 * self.p - (self.k if self.dilation == 1 else self.d * (self.k - 1) + 1)
        spread = "; {k} entries {d} apart cover {d} ({k} - 1) + 1 places" if self.dilation != 1 else ""
        out = self.sheet.define(
            name,
            FloorQuotient(places, self.s) + 1,
            title,
            say(
                "one window stands at the edge (the 1); what is left of {i} with its padding holds one more for every "
                "{s} places, rounded down (⌊ ⌋), because a window that sticks out is not used" + spread,
                i=self.i,
                s=self.s,
                k=self.k,
                d=self.d,
            ),
            note=self._left_over(padded),
        )
        counted = len(range(0, padded - self.window + 1, self.step))
        self.sheet.check(
            counted == int(self.sheet.values[name].item()),
            [out],
            say(
                f"sliding the window along the {NAMES[self.axis]} and counting its places gives {{o}} = {counted}",
                o=out,
            ),
        )
        return out

    def _same(self, name: str, title: str) -> Symbol:
        """The output of same padding, and the zeros that it takes."""
        out = self.sheet.define(
            name,
            CeilingQuotient(self.i, self.s),
            title,
            say(
                "with same padding the output has one entry for every {s} of the input, rounded up (⌈ ⌉), so that a "
                "last, shorter stretch has one too",
                s=self.s,
            ),
        )
        covers: Node = self.k if self.dilation == 1 else self.d * (self.k - 1) + 1
        pad = self.sheet.define(
            f"pad_{self.axis}",
            MAX(Number(0, "0"), (out - 1) * self.s + covers - self.i),
            f"Zeros that are added along the {NAMES[self.axis]}, in all",
            say(
                "the last of {o} windows begins ({o} - 1) {s} places after the first and must still fit: what is "
                "missing is filled with zeros",
                o=out,
                s=self.s,
            ),
        )
        zeros = int(self.sheet.values[pad.name].item())
        counted = len(range(0, self.size + zeros - self.window + 1, self.step))
        split = f"{zeros // 2} before and {zeros - zeros // 2} after"
        self.sheet.check(
            counted == int(self.sheet.values[name].item()),
            [out, pad],
            say(f"with {split}, sliding along the {NAMES[self.axis]} and counting gives {{o}} = {counted}", o=out),
        )
        return out

    def _left_over(self, padded: int) -> Prose:
        lost, skipped = (padded - self.window) % self.step, self.step - self.window
        between = (
            f"; between two windows {amount(skipped, 'place')} {'is' if skipped == 1 else 'are'} skipped"
            if skipped > 0
            else ""
        )
        zeros = padded - self.size
        places = amount(self.size, "place") if not zeros else f"{padded} places ({self.size} and {zeros} zeros)"
        if not lost:
            return say(f"the last window ends at the edge of the {places}{between}")
        return say(f"of the {places} the last {'one is' if lost == 1 else f'{lost} are'} left over{between}")


def _parameters(sheet: Worksheet, f: Symbol, c: Symbol, kernels: list[Symbol], bias: bool) -> None:
    window: Node = c
    for kernel in kernels:
        window = window * kernel
    why = "each filter has one weight for each channel and each place of its window" + (
        ", and one bias" if bias else ""
    )
    total = sheet.define("P", f * window + f if bias else f * window, "Parameters of the layer", why)
    weight = sheet.values["weight"]
    product = 1
    for size in weight:
        product *= int(size)
    entries = product + (int(sheet.values["F"].item()) if bias else 0)
    told = f"the weight has {'·'.join(map(str, weight))} = {product} entries"
    if bias:
        told += f", the bias {sheet.values['F'].item()}: together {entries}"
    sheet.check(entries == int(sheet.values["P"].item()), [total], say(told))


def _flattened(sheet: Worksheet, f: Symbol, outputs: list[Symbol], n: Symbol | None) -> Symbol:
    size: Node = f
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


def _rank(kernel: Extent, dims: str | None) -> int:
    """How many axes the filter slides along."""
    rank = int(dims or (len(kernel.sizes) if len(kernel.sizes) > 1 else 2))
    if len(kernel.sizes) not in (1, rank) or rank > 3:
        raise InputError(
            f"{{kernel}} is {kernel.text}: a filter slides along 1 to 3 axes; give one number for all, or one for each"
        )
    return rank


def _taken_apart(extent: Extent, rank: int) -> tuple[int | None, int, list[int]]:
    """Batch, channels and sliding sizes."""
    sizes = extent.sizes
    if len(sizes) == rank + 2:
        return sizes[0], sizes[1], sizes[2:]
    if len(sizes) == rank + 1:
        return None, sizes[0], sizes[1:]
    shown = "x".join(("N", "C", *AXES[rank]))
    raise InputError(
        f"{{input}} is {extent.text}, but a filter that slides along {amount(rank, 'axis')} needs {shown}, or the same "
        f"without N: give {rank + 2} or {rank + 1} numbers, another {{kernel}}, or {{dims}}"
    )


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
