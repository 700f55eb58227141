"""A layer made of a call: its arguments in plain values, its description, or why there is none."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from explain.code.objects import Made, Numbers, Outside
from explain.code.parts import Arguments, NotReadError, SlipError, Unknown
from explain.code.program import Function, Given, Partial
from explain.code.reading import Reading
from explain.layers.base import Layer

MOST_NESTED = 50
MOST_PUT = 4  # names in a call whose values are told


def layer(
    reading: Reading, kind: str, positional: Sequence[Any], named: Mapping[str, Any], given: Given,
    build: Callable[[Arguments], Layer],
) -> Made:  # fmt: skip
    """The layer that a call makes; its arguments may be layers themselves."""
    plain = [_plain(reading, each, given) for each in positional]
    told = {name: _plain(reading, each, given) for name, each in named.items()}
    arguments = Arguments(kind, plain, told, given.line)
    inner = next((each for each in [*positional, *named.values()] if isinstance(each, Made)), None)
    found: Layer | None = None
    unknown: Unknown | None = None
    written = reading.written(given.node)
    try:
        if "**" in told:
            raise NotReadError(f"{kind} is given **{told['**'].text}: {told['**'].why}")
        found = build(arguments)
    except NotReadError as error:
        unknown = _told(error, written, [*plain, *told.values()], given)
    reading.makes(given.line)
    return Made(reading.framework, arguments, written, found, unknown, inner=inner, put=_put(reading, given))


def _put(reading: Reading, given: Given) -> str:
    """What the names among the arguments stand for: `a = 784, b = 256`."""
    plain = not any(isinstance(each, ast.Starred) for each in given.node.args)
    pairs = list(zip(given.node.args, given.positional, strict=False)) if plain else []
    pairs += [(each.value, given.named[each.arg]) for each in given.node.keywords if each.arg in given.named]
    told = [
        f"{reading.written(node, 60)} = {value}"
        for node, value in pairs
        if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and type(value) is int
    ]
    return ", ".join(dict.fromkeys(told[:MOST_PUT]))


def _told(error: NotReadError, written: str, values: Sequence[Any], given: Given) -> Unknown:
    """Why there is no description, and the name whose value would give one."""
    message, slip = str(error), isinstance(error, SlipError)
    for each in values:
        if isinstance(each, Unknown) and each.lacking and each.text[:50] in message:
            mend = f"give --let {each.lacking}=…"
            return Unknown(written, given.line, message.replace("write the value in its place", mend), each.lacking)
    return Unknown(written, given.line, message, slip=slip)


def _plain(reading: Reading, value: Any, given: Given, deep: int = 0) -> Any:
    """An argument as a plain value: a layer as its description, a function as its name."""
    if isinstance(value, Made):
        return value.layer if value.layer is not None else Unknown(value.written, value.line, _why(value))
    if isinstance(value, Outside):
        return value.last
    if isinstance(value, (list, tuple)) and not isinstance(value, Unknown) and deep < 4:
        return type(value)(_plain(reading, each, given, deep + 1) for each in value)
    if isinstance(value, (int, float, str, dict, type(None), Unknown)):
        return value
    name = (
        value.name
        if isinstance(value, Function)
        else type(value.function).__name__
        if isinstance(value, Partial)
        else ""
    )
    return Unknown(name or "(…)", given.line, "it is no plain value")


def _why(made: Made) -> str:
    return made.unknown.why if made.unknown else "it is not read"


def array(given: Given) -> Any:
    """`torch.randn(1, 3, 32, 32)`, `np.zeros((2, 3))`: nothing but its shape is read."""
    sizes = list(given.positional) or [given.named.get("size", given.named.get("shape"))]
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)) and not isinstance(sizes[0], Unknown):
        sizes = list(sizes[0])
    if sizes and all(isinstance(each, int) and not isinstance(each, bool) for each in sizes):
        return Numbers(tuple(sizes))
    return Unknown("array", given.line, "it is made of data")
