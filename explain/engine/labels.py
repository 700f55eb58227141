"""The names of rows and columns: which tokens a matrix speaks of, carried on from operands to results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.beside import Beside, Columns
from explain.engine.nodes.blocks import Rows, Stack
from explain.engine.nodes.linear import MatMul, Transpose
from explain.engine.nodes.onehot import OneHot
from explain.engine.shapes import Shape

Names = tuple[str, ...] | None


class Labels(NamedTuple):
    """The names of a matrix's rows and of its columns."""

    rows: Names = None
    columns: Names = None


NONE = Labels()
Named = Mapping[str, Labels]


def labels(rows: Sequence[str] | None, columns: Sequence[str] | None) -> Labels:
    """Names as they are kept."""
    return Labels(None if rows is None else tuple(rows), None if columns is None else tuple(columns))


def carried_on(name: str, expression: Node, table: Named) -> Labels:
    """The names that a result takes over: a gradient those of its parameter, any other those of its operands.

    >>> Q, K = Symbol("Q", (2, 3)), Symbol("K", (2, 3))
    >>> carried_on("S", Q @ K.T, {"Q": Labels(("a", "b")), "K": Labels(("c", "d"))})
    Labels(rows=('a', 'b'), columns=('c', 'd'))
    """
    of, _, wrt = name.partition("/d")
    if wrt and of.startswith("d"):
        return fitting(table.get(wrt, NONE), expression.shape)
    return _of(expression, table)


def fitting(found: Labels, shape: Shape) -> Labels:
    """The names where there are as many as rows and columns."""
    if len(shape) != 2:
        return NONE
    return Labels(*(names if names and len(names) == size else None for names, size in zip(found, shape, strict=True)))


def _of(node: Node, table: Named) -> Labels:
    if isinstance(node, Symbol):
        return fitting(table.get(node.name, NONE), node.shape)
    inner = [_of(operand, table) for operand in node.operands]
    if all(found == NONE for found in inner):
        return NONE
    if isinstance(node, Transpose):
        return Labels(inner[0].columns, inner[0].rows)
    if isinstance(node, MatMul):
        return Labels(inner[0].rows, inner[-1].columns)
    if isinstance(node, Rows):
        rows = inner[0].rows
        return Labels(rows[node.start : node.stop] if rows else None, inner[0].columns)
    if isinstance(node, Stack):
        return Labels(_joined(inner[0].rows, inner[1].rows), inner[0].columns)
    if isinstance(node, Columns):
        columns = inner[0].columns
        return Labels(inner[0].rows, columns[node.start : node.stop] if columns else None)
    if isinstance(node, Beside):
        return Labels(inner[0].rows)
    if isinstance(node, OneHot):
        return Labels(inner[0].columns if node.operands[0].shape[0] == 1 else inner[0].rows)
    return fitting(_aligned(node, inner), node.shape)


def _joined(first: Names, second: Names) -> Names:
    return first + second if first and second else None


def _aligned(node: Node, inner: Sequence[Labels]) -> Labels:
    """An operation on matching entries: for each axis the first names that have its length."""
    found = [fitting(names, operand.shape) for names, operand in zip(inner, node.operands, strict=True)]
    size = dict(enumerate(node.shape))
    rows = next((names.rows for names in found if names.rows and len(names.rows) == size.get(0)), None)
    columns = next((names.columns for names in found if names.columns and len(names.columns) == size.get(1)), None)
    return Labels(rows, columns)
