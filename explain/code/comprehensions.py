"""Comprehensions: lists and dicts made item by item."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from typing import Any

from explain.code.assignments import assign
from explain.code.expressions import items, value
from explain.code.parts import Unknown
from explain.code.program import Scope
from explain.code.reading import Reading
from explain.code.values import NoValueError, first_items, key


def _comprehended(
    reading: Reading, scope: Scope, generators: list[ast.comprehension], give: Callable[[Scope], Any]
) -> Iterator[Any]:
    """The items that a comprehension gives, one after the other."""
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


def listed(reading: Reading, scope: Scope, node: ast.ListComp | ast.GeneratorExp | ast.SetComp) -> Any:
    """`[f(a) for a in b]`; of a generator as well, whose items are made at once."""
    return first_items(_comprehended(reading, scope, node.generators, lambda inner: value(reading, inner, node.elt)))


def paired(reading: Reading, scope: Scope, node: ast.DictComp) -> Any:
    """`{a: b for a, b in c}`."""

    def pair(inner: Scope) -> tuple[Any, Any]:
        return key(value(reading, inner, node.key)), value(reading, inner, node.value)

    return dict(first_items(_comprehended(reading, scope, node.generators, pair)))


COMPREHENSIONS: dict[type[ast.expr], Callable[[Reading, Scope, Any], Any]] = {
    ast.ListComp: listed,
    ast.GeneratorExp: listed,
    ast.SetComp: listed,
    ast.DictComp: paired,
}
