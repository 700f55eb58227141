"""What names, attributes and items are set to."""

# ruff: noqa: ARG001 - the functions of a table have one interface
from __future__ import annotations

import ast
from typing import Any

from explain.code.expressions import items, value
from explain.code.objects import AxisSize, Container, Entries, Made, Outside, Shape, Tensor
from explain.code.operators import operated
from explain.code.parts import Unknown
from explain.code.program import Instance, Method, Scope
from explain.code.reading import Reading
from explain.code.values import NoValueError, key
from explain.layers.base import Size
from explain.layers.simple import Dense, Embedding
from explain.layers.tied import TiedDense


def assigned(reading: Reading, scope: Scope, node: ast.Assign) -> None:
    """`a = b = value`."""
    found = value(reading, scope, node.value)
    for target in node.targets:
        assign(reading, scope, target, found)


def annotated(reading: Reading, scope: Scope, node: ast.AnnAssign) -> None:
    """`a: int = 3`; in the body of a dataclass a field."""
    if node.value is not None:
        assign(reading, scope, node.target, value(reading, scope, node.value))


def augmented(reading: Reading, scope: Scope, node: ast.AugAssign) -> None:
    """`a += 3`; a list is extended where it stands."""
    target = node.target
    old = value(reading, scope, _loaded(target))
    new = value(reading, scope, node.value)
    if isinstance(old, list) and isinstance(node.op, ast.Add):
        try:
            old.extend(items(new))
        except NoValueError:
            old.append(reading.unknown(node.value, "how many items it has is not known"))
        return
    assign(reading, scope, target, operated(reading, node.op, old, new, _as_expression(node)))


def _loaded(target: ast.expr) -> ast.expr:
    """A target as an expression that is read."""
    if isinstance(target, ast.Name):
        return ast.copy_location(ast.Name(target.id, ast.Load()), target)
    return target


def _as_expression(node: ast.AugAssign) -> ast.BinOp:
    """`a += b` as `a + b`, at the same place of the code."""
    return ast.copy_location(ast.BinOp(_loaded(node.target), node.op, node.value), node)


def shared(reading: Reading, scope: Scope, node: ast.Global) -> None:
    """`global a`: the name is that of the file; what a function sets there stays."""
    for name in node.names:
        scope.outer.add(name)


def assign(reading: Reading, scope: Scope, target: ast.expr, found: Any) -> None:
    """Sets a name, an attribute, an item or several of them."""
    reading.step(target)
    if isinstance(target, ast.Name):
        scope = reading.scope if target.id in scope.outer else scope
        if target.id in reading.let and not isinstance(found, (Unknown, Tensor)):
            reading.remark(target.lineno, f"{target.id} is set here; what --let gives for it is not used")
            reading.taken.add(target.id)
        if isinstance(found, Unknown) and not isinstance(found, (AxisSize, Entries)):
            found = reading.open(found, target.id)
        scope.names[target.id] = found
        reading.named(found, target.id, scope)
    elif isinstance(target, ast.Attribute):
        _attribute(reading, value(reading, scope, target.value), target, found)
    elif isinstance(target, ast.Subscript):
        _item(value(reading, scope, target.value), value(reading, scope, target.slice), found)
    elif isinstance(target, (ast.Tuple, ast.List)):
        _several(reading, scope, target, found)
    elif isinstance(target, ast.Starred):
        assign(reading, scope, target.value, found)


def _attribute(reading: Reading, owner: Any, target: ast.Attribute, found: Any) -> None:
    name = target.attr
    if name in ("trainable", "requires_grad") and found is False:
        reading.remark(
            target.lineno, f"{reading.written(target)} = False: frozen weights are counted among the trained"
        )
    if isinstance(owner, Instance):
        owner.values[name] = found
    elif (
        isinstance(owner, Container)
        and owner.kind == "Sequential"
        and (name in owner.children or isinstance(found, (Made, Container, Instance)))
    ):
        owner.children[name] = found
    elif isinstance(owner, Made) and name == "weight":
        other = found.of if isinstance(found, Method) and found.name == "weight" else None
        once = isinstance(other, Made) and _tied(owner, other)
        told = "they are counted once" if once else "they are counted twice"
        reading.remark(
            target.lineno, f"{reading.written(target)} is tied to other weights here, which makes them one: {told}"
        )


def _tied(one: Made, other: Made) -> bool:
    """Lets a dense layer use the weights of another layer; not where their sizes are not known to be the same."""
    dense, kept = (one, other) if isinstance(one.layer, Dense) else (other, one)
    if not isinstance(dense.layer, Dense) or dense is kept or isinstance(dense.layer, TiedDense):
        return False
    shape: tuple[Size | None, ...] = (dense.layer.units, dense.arrives)
    if isinstance(kept.layer, Embedding):
        same: tuple[Size | None, ...] = (kept.layer.vocabulary, kept.layer.width)
    elif isinstance(kept.layer, Dense) and not isinstance(kept.layer, TiedDense):
        same = (kept.layer.units, kept.arrives)
    else:
        return False
    if None in shape or [str(size) for size in shape] != [str(size) for size in same]:
        return False
    dense.layer = TiedDense(dense.layer.units, dense.layer.bias, dense.layer.word, kept.line)
    return True


def _item(owner: Any, at: Any, found: Any) -> None:
    try:
        if isinstance(owner, dict):
            owner[key(at)] = found
        elif isinstance(owner, list) and isinstance(at, int):
            owner[at] = found
        elif isinstance(owner, Container) and isinstance(at, (int, str)):
            names = list(owner.children)
            owner.children[at if isinstance(at, str) else names[at]] = found
    except (NoValueError, IndexError):
        return


def _several(reading: Reading, scope: Scope, target: ast.Tuple | ast.List, found: Any) -> None:
    """`a, b = value`; what cannot be taken apart leaves every name unknown."""
    count = len(target.elts)
    parts = unpacked(reading, found, target, count)
    stars = [at for at, each in enumerate(target.elts) if isinstance(each, ast.Starred)]
    if stars and len(parts) >= count - 1:
        at, more = stars[0], len(parts) - count + 1
        parts = [*parts[:at], list(parts[at : at + more]), *parts[at + more :]]
    if len(parts) != count:
        why = f"{len(parts)} values stand for {count} names"
        parts = [Unknown(reading.written(each), each.lineno, why) for each in target.elts]
    for each, part in zip(target.elts, parts, strict=True):
        assign(reading, scope, each, part)


def unpacked(reading: Reading, found: Any, target: ast.expr, count: int) -> list[Any]:
    """The parts of a value for as many names."""
    if isinstance(found, Shape):
        from explain.code.tensors import axis_size

        return [axis_size(reading, found.tensor, found.start + at, target) for at in range(count)]
    if isinstance(found, Tensor):
        from explain.code.graph import unread

        why = "what one part of it holds is not read"
        doubt = Unknown(reading.written(target, 60), target.lineno, why)
        parts = [unread(reading, "part", [found], doubt) for _ in range(count)]
        for part in parts:
            part.used.made.weightless = True
        return parts
    try:
        return items(found)
    except NoValueError as error:
        unknown = found if isinstance(found, Unknown) else Unknown(reading.written(target), target.lineno, str(error))
        names = target.elts if isinstance(target, (ast.Tuple, ast.List)) else []
        told = f"it is a part of {unknown.text}: {unknown.why}"
        return [Unknown(reading.written(each), each.lineno, told) for each in names]


def imported(reading: Reading, scope: Scope, node: ast.Import) -> None:
    """`import torch.nn as nn`: the name stands for the module, which is not loaded."""
    for each in node.names:
        path = each.name if each.asname else each.name.split(".")[0]
        scope.names[each.asname or path] = Outside(path)


def imported_from(reading: Reading, scope: Scope, node: ast.ImportFrom) -> None:
    """`from keras.layers import Dense`; of a star only what layers are called is known."""
    for each in node.names:
        if each.name != "*":
            scope.names[each.asname or each.name] = Outside(f"{node.module or ''}.{each.name}".lstrip("."))
