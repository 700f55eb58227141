"""The steps of an attention put together again: Z = softmax(QKᵀ/√d_k) V."""

from __future__ import annotations

from collections.abc import Collection

from explain.engine.nodes.base import Node, Symbol
from explain.engine.notation import related
from explain.engine.prose import SYMBOLIC, say
from explain.engine.worksheet import Worksheet


def say_equation(sheet: Worksheet, output: Symbol, inner: Collection[str]) -> None:
    """Write the output in one line, the steps named `inner` put in."""
    definition = sheet.definition(output.name)
    assert definition is not None
    whole = _put_in(sheet, definition, inner).write(SYMBOLIC)
    sheet.remark(output, say("in one line: {Z}", Z=related(output.word, "=", whole)))


def _put_in(sheet: Worksheet, node: Node, inner: Collection[str]) -> Node:
    if isinstance(node, Symbol):
        definition = sheet.definition(node.name) if node.name in inner else None
        return node if definition is None else _put_in(sheet, definition, inner)
    return node.rebuild([_put_in(sheet, operand, inner) for operand in node.operands]) if node.operands else node
