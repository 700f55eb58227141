"""The output of a transposed convolution, axis by axis."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent
from explain.layers.base import as_node, whole_number
from explain.layers.convolution import TransposedConvolution
from explain.topics._windows.axes import NAMES, Axis, Settings, alike


def extra_of(sheet: Worksheet, output_padding: Extent | None, slides: Settings, rank: int) -> Symbol | None:
    """The output padding as a given quantity.

    Raises:
        InputError: it is not smaller than the stride and the dilation, or differs along the axes.
    """
    if output_padding is None:
        return None
    given = set(output_padding.along("output_padding", rank))
    if len(given) > 1:
        raise InputError(f"{{output_padding}} is {output_padding.text}: give one number for all axes")
    extra = given.pop()
    for slide in slides.slides(rank):
        if extra >= max(whole_number(slide.stride), whole_number(slide.dilation)):
            raise InputError(
                f"{{output_padding}} is {extra}, but {{stride}} is {slide.stride}: it must be smaller, because a whole "
                "stride more is one place of the input more"
            )
    return sheet.given("a", whole(extra), "places added at one side (output padding)", option="output_padding")


def outputs(sheet: Worksheet, axes: Sequence[Axis], extra: Symbol | None) -> list[Symbol]:
    """The output size along each axis; one that is like the first refers to it."""
    _, same = alike([axis.size for axis in axes], [axis.slide for axis in axes])
    found: list[Symbol] = []
    for axis in axes:
        found.append(axis.copy(found[0]) if same and found else _output(sheet, axis, extra))
    return found


def _output(sheet: Worksheet, axis: Axis, extra: Symbol | None) -> Symbol:
    name, title = axis.title()
    if axis.slide.padding == "same":
        raise InputError("{padding} is same: for {type} transposed give a number; Keras' same gives input times stride")
    added = 0 if extra is None else int(sheet.values[extra.name].item())
    reached = (axis.size - 1) * axis.stride + axis.covers
    if reached - 2 * axis.zeros + added < 1:
        raise InputError(f"{{padding}} is {axis.zeros}: it cuts off all {reached} places; pad less")
    layer = TransposedConvolution(1, [axis.symbols], extra=0 if extra is None else extra)
    why = (
        "every place of the input stamps a window onto the output: the first covers {k} places, each of the other "
        "{i} - 1 begins {s} further; {p} places are cut off on each side"
    )
    if axis.slide.dilation != 1:
        why = why.replace("covers {k} places", "covers {d} ({k} - 1) + 1 places")
    out = sheet.define(
        name,
        as_node(layer.places(axis.symbols, axis.i)),
        title,
        say(
            why + ("" if extra is None else ", and {a} added at one"),
            i=axis.i,
            k=axis.k,
            s=axis.s,
            p=axis.p,
            d=axis.d,
            a=axis.i if extra is None else extra,
        ),
    )
    stamped = {start * axis.stride + place for start in range(min(axis.size, 10_000)) for place in (0, axis.covers - 1)}
    if axis.size <= 10_000:
        counted = max(stamped) + 1 - 2 * axis.zeros + added
        end = max(stamped) + 1
        cut = f" - 2·{axis.zeros}" if axis.zeros else ""
        told = f"the last of {axis.size} stamps ends at place {end}; so the {NAMES[axis.axis]} is {end}{cut}"
        told += (f" + {added}" if added else "") + (f" = {counted}" if cut or added else "")
        sheet.check(counted == int(sheet.values[name].item()), [out], say(told))
    return out
