"""Operators: arithmetic, comparisons, `and`, `or`, `not` and choices, of plain values and of tensors."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

from explain.code import tensors
from explain.code.expressions import value
from explain.code.objects import Container, Entries, Outside, Shape, Tensor
from explain.code.parts import Unknown
from explain.code.program import Method, Scope
from explain.code.reading import Reading
from explain.code.values import NoValueError, arithmetic, compared


def binary(reading: Reading, scope: Scope, node: ast.BinOp) -> Any:
    """`a + b`."""
    return operated(reading, node.op, value(reading, scope, node.left), value(reading, scope, node.right), node)


def operated(reading: Reading, sign: ast.operator, left: Any, right: Any, node: ast.BinOp) -> Any:
    """`left + right` of any values."""
    if isinstance(left, Tensor) or isinstance(right, Tensor):
        return tensors.joined(reading, sign, left, right, node)
    sides = [each for each in (left, right) if isinstance(each, Entries)]
    if sides and isinstance(sign, ast.Mult) and (left == 1 or right == 1):
        return sides[0]
    for each in (left, right):
        if isinstance(each, Unknown):
            return reading.unknown(node, each)
    for each in (left, right):
        if isinstance(each, (list, tuple)):
            reading.step(node, len(each) // 20)
    try:
        return arithmetic(sign, left, right)
    except NoValueError as error:
        return reading.unknown(node, str(error))


def unary(reading: Reading, scope: Scope, node: ast.UnaryOp) -> Any:
    """`-a`, `not a`."""
    found = value(reading, scope, node.operand)
    if isinstance(found, Tensor):
        return tensors.pointwise(reading, "negative", [found], node)
    if isinstance(found, Unknown):
        return reading.unknown(node, found)
    if isinstance(node.op, ast.Not):
        return not found
    if not isinstance(found, (int, float)):
        raise NoValueError("it is no number")
    if isinstance(node.op, ast.USub):
        return -found
    return ~found if isinstance(node.op, ast.Invert) and isinstance(found, int) else found


def both(reading: Reading, scope: Scope, node: ast.BoolOp) -> Any:
    """`and`, `or`: what decides is known, or else nothing is."""
    found: Any = None
    doubt: Unknown | None = None
    for part in node.values:
        found = value(reading, scope, part)
        if isinstance(found, (Unknown, Tensor, Method, Outside)):
            doubt = doubt or (found if isinstance(found, Unknown) else reading.unknown(part, "it depends on data"))
        elif bool(found) == isinstance(node.op, ast.Or) and (doubt is None or isinstance(node.op, ast.And)):
            return found
    return reading.unknown(node, doubt) if doubt else found


def comparison(reading: Reading, scope: Scope, node: ast.Compare) -> Any:
    """`a < b`, `a in b`, `a < b < c`."""
    left = value(reading, scope, node.left)
    for sign, following in zip(node.ops, node.comparators, strict=True):
        right = value(reading, scope, following)
        for each in (left, right):
            if isinstance(each, Unknown):
                return reading.unknown(node, each)
            if isinstance(each, Shape):
                return reading.unknown(node, "how large the data is is known when it passes")
        if isinstance(sign, (ast.In, ast.NotIn)) and isinstance(right, Container):
            right = list(right.children)
        if not compared(sign, left, right):
            return False
        left = right
    return True


def choice(reading: Reading, scope: Scope, node: ast.IfExp) -> Any:
    """`a if condition else b`."""
    condition = value(reading, scope, node.test)
    if not isinstance(condition, (Unknown, Tensor, Method, Outside)):
        return value(reading, scope, node.body if condition else node.orelse)
    why = condition if isinstance(condition, Unknown) else "it depends on the numbers that pass"
    return reading.unknown(node, why)


OPERATORS: dict[type[ast.expr], Callable[[Reading, Scope, Any], Any]] = {
    ast.BinOp: binary,
    ast.UnaryOp: unary,
    ast.BoolOp: both,
    ast.Compare: comparison,
    ast.IfExp: choice,
}
