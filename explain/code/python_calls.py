"""Calls of what Python itself has, beyond plain values: of classes and attributes, of functions as values."""

# ruff: noqa: ARG001, ARG005 - the functions of a table have one interface
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explain.code import attributes, options, tensors
from explain.code.calls import call
from explain.code.expressions import items
from explain.code.objects import Container, Made, Numbers, Outside, Tensor
from explain.code.parts import Unknown
from explain.code.program import Given, Instance, Partial
from explain.code.reading import Reading
from explain.code.values import NoValueError, first_items


def length(reading: Reading, given: Given) -> Any:
    """`len(x)` of layers and tensors."""
    of = given.positional[0]
    if isinstance(of, Container):
        return len(of.children)
    if isinstance(of, Tensor):
        return tensors.axis_size(reading, of, 0, given.node)
    return reading.unknown(given.node, "how many axes there are is not known")


def _partial(reading: Reading, given: Given) -> Any:
    if not given.positional:
        return reading.unknown(given.node, "it is not read")
    return Partial(given.positional[0], given.positional[1:], given.named)


def _map(reading: Reading, given: Given) -> Any:
    """`map(f, values)`."""
    if len(given.positional) < 2:
        return reading.unknown(given.node, "it is not read")
    function, *lists = given.positional
    rows = zip(*map(items, lists), strict=False)
    return first_items(call(reading, function, Given(given.node, list(row), {})) for row in rows)


def _isinstance(reading: Reading, given: Given) -> Any:
    if len(given.positional) != 2 or isinstance(given.positional[0], Unknown):
        raise NoValueError("what it is is not known")
    of, kinds = given.positional
    every = list(kinds) if isinstance(kinds, tuple) and not isinstance(kinds, Unknown) else [kinds]
    names = {kind.last if isinstance(kind, Outside) else getattr(kind, "name", "") for kind in every}
    if isinstance(of, Made):
        return of.kind in names or "Module" in names or "Layer" in names
    if isinstance(of, Instance):
        return bool(names & {each.name for each in of.of.order()}) or "Module" in names
    if isinstance(of, Container):
        return of.kind in names or "Module" in names
    if isinstance(of, Tensor):
        return bool(names & {"Tensor"})
    return type(of).__name__ in names or (isinstance(of, bool) and "int" in names)


def _getattr(reading: Reading, given: Given) -> Any:
    if len(given.positional) < 2 or not isinstance(given.positional[1], str):
        raise NoValueError("which attribute it is is not known")
    owner, name, *otherwise = given.positional
    if otherwise and isinstance(owner, Instance) and name not in owner.values and owner.of.member(name) is None:
        return otherwise[0]
    return attributes.of(reading, owner, name, given.node)


def _setattr(reading: Reading, given: Given) -> None:
    if len(given.positional) == 3 and isinstance(given.positional[1], str):
        owner, name, found = given.positional
        if isinstance(owner, Instance):
            owner.values[name] = found
        elif isinstance(owner, Container):
            owner.children[name] = found


def _hasattr(reading: Reading, given: Given) -> Any:
    if len(given.positional) != 2 or not isinstance(given.positional[0], Instance):
        raise NoValueError("what it has is not known")
    owner, name = given.positional
    return isinstance(name, str) and (name in owner.values or owner.of.member(name) is not None)


def _repeat(reading: Reading, given: Given) -> Any:
    times = given.get(1, "times")
    if not isinstance(times, int) or times > 10_000:
        raise NoValueError("how often it is repeated is not known")
    return [given.positional[0]] * times


def _summary(reading: Reading, given: Given) -> None:
    """`summary(model, (1, 28, 28))` tells the shape of the input; torchinfo's has the batch in it."""
    model, shape = given.get(0, "model"), given.get(1, "input_size")
    if isinstance(model, (Container, Instance)) and isinstance(shape, (tuple, list)) and not isinstance(shape, Unknown):
        inner = shape[0] if shape and isinstance(shape[0], (tuple, list)) else shape
        batch = "input_size" in given.named and len(inner) in (2, 4, 5)
        model.samples = model.samples or [Numbers(tuple(inner) if batch else (1, *inner))]


def _nothing(reading: Reading, given: Given) -> None:
    """What is left out: it only prints, or ends the program."""


def _several_(reading: Reading, given: Given) -> Any:
    """`itertools.chain(a, b)`."""
    return first_items(item for each in given.positional for item in items(each))


SPECIAL: dict[str, Callable[[Reading, Given], Any]] = {
    "partial": _partial,
    "typing.cast": lambda reading, given: given.get(1, "val"),
    "map": _map,
    "isinstance": _isinstance,
    "getattr": _getattr,
    "setattr": _setattr,
    "hasattr": _hasattr,
    "repeat": _repeat,
    "chain": _several_,
    "argparse.ArgumentParser": options.parser,
    "ArgumentParser": options.parser,
    "summary": _summary,
    "torchsummary.summary": _summary,
    "torchinfo.summary": _summary,
    "print": _nothing,
    "exit": _nothing,
    "quit": _nothing,
    "sys.exit": _nothing,
    "os._exit": _nothing,
}
