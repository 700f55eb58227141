"""Expressions read for their values: plain ones, layers, tensors, or Unknown."""

# ruff: noqa: ARG001 - the functions of a table have one interface
from __future__ import annotations

import ast
from collections.abc import Callable
from functools import cache
from typing import Any

from explain.code import attributes, builtin
from explain.code.objects import AxisSize, Container, Entries, Outside, Shape
from explain.code.parts import Unknown
from explain.code.program import MODULES, Function, Instance, Scope
from explain.code.reading import Reading
from explain.code.texts import formatted
from explain.code.values import NoValueError, first_items, items_of, key
from explain.errors import InputError

# modules by the names that everybody gives them, for code that is printed without its imports
USUAL = {
    "nn": "torch.nn", "F": "torch.nn.functional", "torch": "torch", "keras": "keras", "tf": "tensorflow",
    "layers": "keras.layers", "ops": "keras.ops", "models": "keras.models", "K": "keras.backend", "np": "numpy",
    "math": "math", "cast": "typing.cast",
    "torchvision": "torchvision", "functools": "functools", "itertools": "itertools", "collections": "collections",
    "OrderedDict": "collections.OrderedDict", "partial": "functools.partial",
    "argparse": "argparse", "pl": "pytorch_lightning",
}  # fmt: skip
SPOKEN = {"isinstance", "getattr", "setattr", "hasattr", "print", "super", "map", "type", "callable", "next", "iter",
          "exit", "quit", "vars", "id"}  # fmt: skip


def value(reading: Reading, scope: Scope, node: ast.expr) -> Any:
    """What an expression stands for."""
    reading.step(node)
    read = _readers().get(type(node))
    if read is None:
        return reading.unknown(node, "this kind of expression is not read")
    try:
        return read(reading, scope, node)
    except NoValueError as error:
        return reading.unknown(node, error.needs or str(error))


@cache
def _readers() -> dict[type[ast.expr], Callable[[Reading, Scope, Any], Any]]:
    """What reads each kind of expression."""
    from explain.code.comprehensions import COMPREHENSIONS
    from explain.code.operators import OPERATORS

    return {**EXPRESSIONS, **OPERATORS, **COMPREHENSIONS}


def items(found: Any) -> list[Any]:
    """What a loop goes through.

    Raises:
        NoValueError: that is not known.
    """
    if isinstance(found, Container):
        return list(found.children) if found.kind == "ModuleDict" else list(found.children.values())
    if isinstance(found, Instance):
        return [each for each in found.values.values() if isinstance(each, MODULES)]
    if isinstance(found, Shape):  # the product of the sizes of a sample is all that is known of them
        sizes = Entries("the sizes of a sample", 0, "how large they are is known when data passes")
        sizes.tensor = found.tensor
        if found.start == found.tensor.batch + 1:
            return [sizes]
    if isinstance(found, Unknown):
        raise NoValueError(found.why, found)
    return items_of(found)


def _name(reading: Reading, scope: Scope, node: ast.Name) -> Any:
    here = scope.find(node.id)
    if here is not None:
        found = here.names[node.id]
        if isinstance(found, Unknown) and node.id in reading.let and not isinstance(found, (AxisSize, Entries)):
            return reading.supplied(node.id)
        return found
    outside = named_outside(node.id)
    if outside is None and node.id not in reading.let and reading.knows(node.id):
        return Outside(node.id)
    return outside or reading.lacking(node.id, node.lineno, "nothing in the code sets it", key="name")


def named_outside(name: str) -> Outside | None:
    """A name that needs no import: of Python, or of a module as everybody calls it."""
    if name in builtin.NAMES or name in SPOKEN:
        return Outside(name)
    return Outside(USUAL[name]) if name in USUAL else None


def _constant(reading: Reading, scope: Scope, node: ast.Constant) -> Any:
    return node.value


def _tuple(reading: Reading, scope: Scope, node: ast.Tuple) -> Any:
    slip = reading.source.thousands(node)
    if slip:
        raise slip_error(reading, node, slip)
    return tuple(several(reading, scope, node.elts))


def slip_error(reading: Reading, node: ast.expr, slip: str) -> InputError:
    """A comma for thousands."""
    from explain.errors import shown

    parts = [str(int(part)) for part in slip.split(",")]
    return InputError(
        f"line {node.lineno}, {shown(reading.written(node), 60)}: {slip} has a comma for thousands, which Python reads "
        f"as {len(parts)} numbers, {' and '.join(parts)}; write {slip.replace(',', '')}"
    )


def several(reading: Reading, scope: Scope, nodes: list[ast.expr]) -> list[Any]:
    """The values of some expressions, those with a star taken apart."""
    found: list[Any] = []
    for node in nodes:
        if not isinstance(node, ast.Starred):
            found.append(value(reading, scope, node))
            continue
        inner = value(reading, scope, node.value)
        try:
            found += items(inner)
        except NoValueError as error:
            found.append(inner if isinstance(inner, Unknown) else reading.unknown(node, str(error)))
    return first_items(found)


def _dict(reading: Reading, scope: Scope, node: ast.Dict) -> Any:
    found: dict[Any, Any] = {}
    for name, item in zip(node.keys, node.values, strict=True):
        inner = value(reading, scope, item)
        if name is None:
            if not isinstance(inner, dict):
                raise NoValueError("not all of it is known")
            found.update(inner)
        else:
            found[key(value(reading, scope, name))] = inner
    return found


def _joined(reading: Reading, scope: Scope, node: ast.JoinedStr) -> Any:
    return "".join(str(_text(reading, scope, part)) for part in node.values)


def _text(reading: Reading, scope: Scope, part: ast.expr) -> str:
    if not isinstance(part, ast.FormattedValue):
        return formatted(value(reading, scope, part))
    found = value(reading, scope, part.value)
    if isinstance(found, Unknown):
        raise NoValueError(found.why, found)
    spec = _joined(reading, scope, part.format_spec) if isinstance(part.format_spec, ast.JoinedStr) else ""
    return formatted(found, spec)


def _lambda(reading: Reading, scope: Scope, node: ast.Lambda) -> Any:
    from explain.code.classes import defaults

    return Function(node, scope, defaults(reading, scope, node.args))


def _walrus(reading: Reading, scope: Scope, node: ast.NamedExpr) -> Any:
    from explain.code.assignments import assign

    found = value(reading, scope, node.value)
    assign(reading, scope, node.target, found)
    return found


def _call(reading: Reading, scope: Scope, node: ast.Call) -> Any:
    from explain.code import calls

    return calls.called(reading, scope, node)


def _slice(reading: Reading, scope: Scope, node: ast.Slice) -> Any:
    parts = [value(reading, scope, each) if each else None for each in (node.lower, node.upper, node.step)]
    return slice(*parts)


EXPRESSIONS: dict[type[ast.expr], Callable[[Reading, Scope, Any], Any]] = {
    ast.Constant: _constant,
    ast.Name: _name,
    ast.Attribute: attributes.attribute,
    ast.Subscript: attributes.subscript,
    ast.Slice: _slice,
    ast.Call: _call,
    ast.Tuple: _tuple,
    ast.List: lambda reading, scope, node: several(reading, scope, node.elts),
    ast.Set: lambda reading, scope, node: several(reading, scope, node.elts),
    ast.Dict: _dict,
    ast.JoinedStr: _joined,
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
}
