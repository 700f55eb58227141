"""Which padding keeps the size of the input, whatever that is."""

from __future__ import annotations

from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.sizes import Quotient
from explain.engine.prose import say
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent, Padding, Sides


def keeping(
    kind: str, kernel: Sides, stride: Extent | None, padding: Padding | None, dilation: Extent | None, source: str
) -> Answer:
    """Which padding keeps the size, whatever it is."""
    if padding is not None:
        raise InputError(
            "{padding} is given with {output_size} same, but {input} is missing: leave {padding} out to find it"
        )
    if kind == "pooling" and stride is None:
        raise InputError("{stride} is missing: a pool moves by its own size unless {stride} 1 is given")
    if stride is not None and set(stride.sizes) != {1}:
        raise InputError(f"{{stride}} is {stride.text}: only a stride of 1 keeps the size; leave it out")
    if len(kernel.counts) > 1 or (dilation is not None and len(dilation.sizes) > 1):
        raise InputError(f"{{kernel}} is {kernel.text}: give one number, and ask for each axis by itself")
    sheet = Worksheet(f"Padding of a {kind} layer that keeps the size", source)
    count = kernel.counts[0]
    k = sheet.given(count.name or "k", count.values, "size of the window", option="kernel")
    d = None if dilation is None else sheet.given("d", whole(dilation.sizes[0]), "dilation", option="dilation")
    sheet.convention("stride 1: with a larger one the output is smaller than the input")
    lost: Node = k - 1 if d is None else d * (k - 1)
    z = sheet.define(
        "z",
        lost,
        "Zeros that are needed, on both sides together",
        say(
            "over n places a window of {k} stands n - {k} + 1 times: without padding that is less than n by so many",
            k=k,
        )
        if d is None
        else say(
            "{k} entries that are {d} apart cover {d} ({k} - 1) + 1 places; by all but one the output is smaller",
            k=k,
            d=d,
        ),
        closed=factored,
    )
    number = int(sheet.values["z"].item()) if "z" in sheet.values else None
    if number is not None and number % 2:
        sheet.convention(
            f"{number} zeros cannot be halved: {number // 2} on one side and {number - number // 2} on the other (same "
            "padding in Keras does that); an odd window has a padding of its own"
        )
        result = z
    else:
        even = dilation is not None and dilation.sizes[0] % 2 == 0
        odd_only = "" if number is not None or even else "; this is whole for an odd window only"
        told = "half of them on each side" + odd_only
        result = sheet.define("p", Quotient(z, Number(2, "2")), "Zeros on each side", told, closed=factored)
    if kind == "pooling" and count.number and number is not None and number > count.number:
        raise InputError(
            f"{{kernel}} is {count.number}: a pool pads at most half of its window, which is too little here"
        )
    _kept(sheet, result, count.number, dilation.sizes[0] if dilation else 1)
    return sheet.answer(result)


def _kept(sheet: Worksheet, result: Symbol, kernel: int | None, dilation: int) -> None:
    """A second route: the window slid over some sizes and its places counted; with symbols, over several windows."""
    kernels = [kernel] if kernel is not None else [1, 3, 5, 7]
    sizes = range(1, 40)
    good = all(
        len(range(0, size + dilation * (window - 1) - (dilation * (window - 1) + 1) + 1)) == size
        for size in sizes
        for window in kernels
    )
    told = "sizes 1 to 39" if kernel is not None else "sizes 1 to 39 and windows of 1, 3, 5 and 7"
    sheet.check(
        good, [result], say(f"with so many zeros the window has as many places as the input: counted for {told}")
    )
