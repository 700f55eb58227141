"""Expressions read for their values: plain ones, layers, tensors, or Unknown."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from explain.code import attributes, builtin
from explain.code.objects import AxisSize, Container, Entries, Function, Method, Outside, Scope, Shape, Tensor
from explain.code.parts import Unknown
from explain.code.reading import Reading
from explain.code.values import NoValueError, arithmetic, compared, first_items, formatted, items_of, key
from explain.errors import InputError

# modules by the names that everybody gives them, for code that is printed without its imports
USUAL = {
    "nn": "torch.nn", "F": "torch.nn.functional", "torch": "torch", "keras": "keras", "tf": "tensorflow",
    "layers": "keras.layers", "ops": "keras.ops", "cast": "typing.cast", "models": "keras.models", "K": "keras.backend", "np": "numpy", "math": "math",
    "torchvision": "torchvision", "functools": "functools", "itertools": "itertools", "collections": "collections",
    "OrderedDict": "collections.OrderedDict", "partial": "functools.partial",
}  # fmt: skip
SPOKEN = {"isinstance", "getattr", "setattr", "hasattr", "print", "super", "map", "type", "callable", "next", "iter",
          "exit", "quit", "vars", "id"}  # fmt: skip


def value(reading: Reading, scope: Scope, node: ast.expr) -> Any:
    """What an expression stands for."""
    reading.step(node)
    read = EXPRESSIONS.get(type(node))
    if read is None:
        return reading.unknown(node, "this kind of expression is not read")
    try:
        return read(reading, scope, node)
    except NoValueError as error:
        return reading.unknown(node, str(error))


def items(found: Any) -> list[Any]:
    """What a loop goes through.

    Raises:
        NoValueError: that is not known.
    """
    if isinstance(found, Container):
        return list(found.children) if found.kind == "ModuleDict" else list(found.children.values())
    if isinstance(found, Shape):  # the product of the sizes of a sample is all that is known of them
        sizes = Entries("the sizes of a sample", 0, "how large they are is known when data passes")
        sizes.tensor = found.tensor
        if found.start == found.tensor.batch + 1:
            return [sizes]
    if isinstance(found, Unknown):
        raise NoValueError(found.why)
    return items_of(found)


def _name(reading: Reading, scope: Scope, node: ast.Name) -> Any:
    here = scope.find(node.id)
    if here is not None:
        found = here.names[node.id]
        if isinstance(found, Unknown) and node.id in reading.let and not isinstance(found, (AxisSize, Entries)):
            return reading.supplied(node.id)
        return found
    outside = named_outside(node.id)
    return outside or reading.lacking(node.id, node.lineno, "nothing in the code sets it")


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
        raise NoValueError(found.why)
    spec = _joined(reading, scope, part.format_spec) if isinstance(part.format_spec, ast.JoinedStr) else ""
    return formatted(found, spec)


def _binary(reading: Reading, scope: Scope, node: ast.BinOp) -> Any:
    return operated(reading, node.op, value(reading, scope, node.left), value(reading, scope, node.right), node)


def operated(reading: Reading, sign: ast.operator, left: Any, right: Any, node: ast.BinOp) -> Any:
    """`left + right` of any values."""
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        from explain.code import tensors

        return tensors.joined(reading, sign, left, right, node)
    sides = [each for each in (left, right) if isinstance(each, Entries)]
    if sides and isinstance(sign, ast.Mult) and (left == 1 or right == 1):
        return sides[0]
    for each in (left, right):
        if isinstance(each, Unknown):
            return reading.unknown(node, _of(each))
    try:
        return arithmetic(sign, left, right)
    except NoValueError as error:
        return reading.unknown(node, str(error))


def _of(unknown: Unknown) -> str:
    """Why something that is made of an unknown value is not known."""
    return unknown.why if unknown.why.startswith(("it needs ", "this ")) else f"it needs {unknown.text}: {unknown.why}"


def _unary(reading: Reading, scope: Scope, node: ast.UnaryOp) -> Any:
    found = value(reading, scope, node.operand)
    if isinstance(found, Tensor):
        from explain.code import tensors

        return tensors.pointwise(reading, "negative", [found], node)
    if isinstance(found, Unknown):
        return reading.unknown(node, _of(found))
    if isinstance(node.op, ast.Not):
        return not found
    if not isinstance(found, (int, float)):
        raise NoValueError("it is no number")
    if isinstance(node.op, ast.USub):
        return -found
    return ~found if isinstance(node.op, ast.Invert) and isinstance(found, int) else found


def _both(reading: Reading, scope: Scope, node: ast.BoolOp) -> Any:
    """`and`, `or`: what decides is known, or else nothing is."""
    found: Any = None
    doubt: Unknown | None = None
    for part in node.values:
        found = value(reading, scope, part)
        if isinstance(found, (Unknown, Tensor, Method, Outside)):
            doubt = doubt or (found if isinstance(found, Unknown) else reading.unknown(part, "it depends on data"))
        elif bool(found) == isinstance(node.op, ast.Or) and (doubt is None or isinstance(node.op, ast.And)):
            return found
    return reading.unknown(node, _of(doubt)) if doubt else found


def _compare(reading: Reading, scope: Scope, node: ast.Compare) -> Any:
    left = value(reading, scope, node.left)
    for sign, following in zip(node.ops, node.comparators, strict=True):
        right = value(reading, scope, following)
        for each in (left, right):
            if isinstance(each, Unknown):
                return reading.unknown(node, _of(each))
        if isinstance(sign, (ast.In, ast.NotIn)) and isinstance(right, Container):
            right = list(right.children)
        if not compared(sign, left, right):
            return False
        left = right
    return True


def _choice(reading: Reading, scope: Scope, node: ast.IfExp) -> Any:
    condition = value(reading, scope, node.test)
    if not isinstance(condition, (Unknown, Tensor, Method, Outside)):
        return value(reading, scope, node.body if condition else node.orelse)
    why = _of(condition) if isinstance(condition, Unknown) else "it depends on the numbers that pass"
    return reading.unknown(node, why)


def _comprehended(
    reading: Reading, scope: Scope, generators: list[ast.comprehension], give: Callable[[Scope], Any]
) -> Iterator[Any]:
    """The items that a comprehension gives, one after the other."""
    from explain.code.assignments import assign

    if not generators:
        yield give(scope)
        return
    first, *rest = generators
    for item in items(value(reading, scope, first.iter)):
        inner = Scope({}, scope)
        assign(reading, inner, first.target, item)
        conditions = [value(reading, inner, each) for each in first.ifs]
        if any(isinstance(each, Unknown) for each in conditions):
            raise NoValueError("which items are taken is not known")
        if all(conditions):
            yield from _comprehended(reading, inner, rest, give)


def _list_made(reading: Reading, scope: Scope, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Any:
    return first_items(_comprehended(reading, scope, node.generators, lambda inner: value(reading, inner, node.elt)))


def _dict_made(reading: Reading, scope: Scope, node: ast.DictComp) -> Any:
    def pair(inner: Scope) -> tuple[Any, Any]:
        return key(value(reading, inner, node.key)), value(reading, inner, node.value)

    return dict(first_items(_comprehended(reading, scope, node.generators, pair)))


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
    ast.BinOp: _binary,
    ast.UnaryOp: _unary,
    ast.BoolOp: _both,
    ast.Compare: _compare,
    ast.IfExp: _choice,
    ast.Tuple: _tuple,
    ast.List: lambda reading, scope, node: several(reading, scope, node.elts),
    ast.Set: lambda reading, scope, node: several(reading, scope, node.elts),
    ast.Dict: _dict,
    ast.JoinedStr: _joined,
    ast.ListComp: _list_made,
    ast.GeneratorExp: _list_made,
    ast.SetComp: _list_made,
    ast.DictComp: _dict_made,
    ast.Lambda: _lambda,
    ast.NamedExpr: _walrus,
}
