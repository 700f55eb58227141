"""Second routes for the counts of layers: windows counted place by place, and the arrays that a framework stores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from explain.engine.lowering import lower
from explain.engine.nodes.base import Entry, Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.layers.base import Flow, Framework, Layer, Size, Stored, multiplied, whole_number
from explain.layers.convolution import Convolution
from explain.layers.sliding import Pool, Sliding
from explain.topics._windows.axes import counted_places

if TYPE_CHECKING:
    from sympy import Expr

NAMES: dict[Framework, str] = {"keras": "Keras", "pytorch": "PyTorch"}


class Slid(NamedTuple):
    """A layer with what arrives and what it gives."""

    layer: Layer
    arrived: Flow
    given: Flow


def windows_counted(sheet: Worksheet, items: Sequence[Slid]) -> None:
    """Every window is slid along its axes, and its places are counted."""
    counted = [
        item
        for item in items
        if isinstance(item.layer, Convolution | Pool) and _is_plain(item.layer) and _is_known(item)
    ]
    if counted:
        good = all(_places(item) == item.given.sizes[1:] for item in counted)
        told_of = "each window slid along its axes and its places counted: the same sizes after "
        sheet.check(good, [], say(told_of + amount(len(counted), "layer")))


def _is_plain(layer: Sliding) -> bool:
    return all(slide.padding != "same" for slide in layer.slides)


def _is_known(item: Slid) -> bool:
    return all(isinstance(size, int) for size in (*item.arrived.sizes, *item.given.sizes))


def _places(item: Slid) -> tuple[int, ...]:
    """The places of a window along each axis, counted."""
    assert isinstance(item.layer, Sliding)
    found = []
    for slide, size in zip(item.layer.along(item.arrived), item.arrived.sizes[1:], strict=True):
        whole, covers, step, zeros = map(whole_number, (size, slide.covers, slide.stride, slide.padding))
        found.append(counted_places(whole, covers, step, zeros, bool(getattr(item.layer, "ceil", False))))
    return tuple(found)


def arrays_counted(
    sheet: Worksheet,
    arrays: Sequence[Stored],
    framework: Framework,
    total: Symbol,
    listed: str = "",
    spare: bool = False,
) -> None:
    """The arrays that the framework stores, counted one by one.

    Args:
        listed: the arrays by name, where they are few.
        spare: as in `Check`.
    """
    sizes = [multiplied(array.shape) for array in arrays]
    found = amount(len(arrays), "array")
    told = f"{found} that {NAMES[framework]} stores for these layers, counted one by one{listed}: "
    if all(isinstance(size, int) for size in sizes) and total.name in sheet.values:
        stored = sum(map(whole_number, sizes))
        sheet.check(stored == int(sheet.values[total.name].item()), [total], say(f"{told}{stored} numbers"), spare)
        return
    import sympy

    counted = sympy.Add(*(in_input(sheet, size) for size in sizes))
    good = sympy.expand(counted - in_input(sheet, total)) == 0
    sheet.check(good, [total], say(f"{told}the same sum in symbols as {{P}}", P=total), spare)


def in_input(sheet: Worksheet, size: Size) -> Expr:
    """A size in SymPy, with nothing but the symbols of the input left."""
    import sympy

    def leaf(part: Symbol | Entry) -> Expr:
        assert isinstance(part, Symbol)
        known, definition = sheet.values.get(part.name), sheet.definition(part.name)
        if known is not None:
            return sympy.Integer(int(known.item()))
        return sympy.Symbol(part.name, integer=True, positive=True) if definition is None else lower(definition, leaf)

    return sympy.Integer(size) if isinstance(size, int) else lower(size, leaf)
