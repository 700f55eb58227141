"""Sizes that the code names and does not say: symbols of the answer, with the line and the mend."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from explain.code.parts import Call, Model, OpenSize, Unknown
from explain.engine.evaluate import evaluate, symbols
from explain.engine.nodes.base import Symbol
from explain.engine.worksheet import Worksheet
from explain.layers.base import Layer, Size


def open_sizes(model: Model) -> dict[str, tuple[OpenSize, list[str]]]:
    """Each such size by its name, with the layers that have it."""
    found: dict[str, tuple[OpenSize, list[str]]] = {}
    for call in model.calls:
        for size in _of_call(call):
            layers = found.setdefault(size.name, (size, []))[1]
            if call.name not in layers:
                layers.append(call.name)
    return found


def _of_call(call: Call) -> Iterator[OpenSize]:
    if call.layer is None:
        return
    if isinstance(call.arrives, OpenSize):
        yield call.arrives
    yield from _within(call.layer)


def _within(value: Any) -> Iterator[OpenSize]:
    """The sizes among the settings of a layer, and of the layers in it."""
    if isinstance(value, OpenSize):
        yield value
    elif isinstance(value, Layer):
        for kind in type(value).__mro__:
            for name in getattr(kind, "__slots__", ()):
                yield from _within(getattr(value, name, None))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _within(each)


def introduce(sheet: Worksheet, models: Sequence[Model], inputs: Sequence[Symbol]) -> None:
    """Put the symbols of some models on a worksheet, but for those that are sizes of the input."""
    known = {symbol.name for symbol in inputs}
    for model in models:
        for name, (size, layers) in open_sizes(model).items():
            if name not in known:
                known.add(name)
                sheet.given(
                    name, None, f"size in {told_layers(layers)}: the code has no value for it", written=size.word
                )


def without_symbols(model: Model) -> Model:
    """The model with the layers that need such a size as layers that are not known: for very many layers."""

    def known(call: Call) -> Call:
        size = next(_of_call(call), None)
        if size is None:
            return call
        unknown = Unknown(size.name, size.line, size.why, size.name)
        return replace(call, layer=None, arrives=None, unknown=unknown)

    return replace(model, calls=[known(call) for call in model.calls])


def told_layers(layers: Sequence[str]) -> str:
    """Some layers in a sentence."""
    return ", ".join(layers) if len(layers) < 4 else f"{', '.join(layers[:3])} and {len(layers) - 3} more layers"


def solved(size: Size, value: int) -> tuple[str, int, int, int | None] | None:
    """The symbol of the code for which a size has a value.

    Returns:
        Its name, the size without it, how often it is added, and its number; None for the number where no whole one
        fits. Nothing at all where other symbols are in the size, or it is no straight line.
    """
    names = [] if isinstance(size, int) else list(symbols(size).values())
    if isinstance(size, int) or len(names) != 1 or not isinstance(names[0], OpenSize):
        return None
    from explain.engine.worksheet import as_array

    name = names[0].name
    first, second, third = (int(evaluate(size, {name: as_array(at)})) for at in (1, 2, 3))
    each = second - first
    if each < 1 or third - second != each:
        return None
    number, rest = divmod(value - first, each)
    fits = rest == 0 and number >= 0
    return name, first - each, each, number + 1 if fits else None
