"""The numeric side: expressions walked onto NumPy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Entry, Node, Repeated, Symbol

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def evaluate(node: Node, values: Mapping[str, Array]) -> Array:
    """The value of an expression from the values of its symbols; KeyError names a symbol without one."""
    import numpy as np

    if isinstance(node, Symbol):
        return values[node.name]
    if isinstance(node, Entry):
        return np.asarray(values[node.symbol.name][node.index])
    if isinstance(node, Repeated):
        return node.value(values)
    return node.evaluate([evaluate(operand, values) for operand in node.operands])


def run(definitions: Sequence[tuple[str, Node]], given: Mapping[str, Array]) -> dict[str, Array]:
    """All definitions in order, each from its own expression and the values before it."""
    values = dict(given)
    for name, expression in definitions:
        values[name] = evaluate(expression, values)
    return values


def largest_of(values: Array) -> float:
    """The largest finite magnitude in an array."""
    import numpy as np

    if values.dtype == object:  # whole numbers, of any size
        return float(min(max((abs(value) for value in values.flat), default=0), 10**308))
    sizes = np.abs(values.astype(np.float64))
    largest = float(sizes.max(initial=0.0))
    return largest if math.isfinite(largest) else float(sizes[np.isfinite(sizes)].max(initial=0.0))


def symbols(node: Node) -> dict[str, Symbol]:
    """The symbols an expression reads, by name, in the order of their first appearance."""
    found: dict[str, Symbol] = {}
    _collect(node, found)
    return found


def _collect(node: Node, found: dict[str, Symbol]) -> None:
    if isinstance(node, Repeated):
        node = node.formula
    if isinstance(node, Entry):
        node = node.symbol
    if isinstance(node, Symbol):
        found.setdefault(node.name, node)
    for operand in node.operands:
        _collect(operand, found)
