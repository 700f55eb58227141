"""What the pages of convolution, pooling and stamps share: slices in words, the entry asked for, what arrives, sums."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from explain.engine.names import word
from explain.engine.nodes.base import Index, Symbol
from explain.engine.nodes.geometry import Layout
from explain.engine.nodes.window import Gathering
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent

FILTERS = ("filter", "channel")  # what the first two axes of a kernel count


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
        f"dL/d{name}",
        given.reshape(output.shape),
        "gradient of the loss L, arriving from above",
        option=option or f"d{name}",
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
