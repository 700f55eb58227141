"""The caption of a step: how the shapes of its formula go together."""

from __future__ import annotations

import re

from explain.engine import shapes
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Times
from explain.engine.nodes.base import Node, Repeated, Textbook
from explain.engine.nodes.blocks import Stack
from explain.engine.nodes.channels import OnMaps
from explain.engine.nodes.entries import Entries
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.linear import Diagonal, MatMul, is_leaf
from explain.engine.nodes.over import Stretched
from explain.engine.nodes.rewritten import Rewritten
from explain.engine.nodes.window import Sliding

MOST_TERMS = 6  # of a sum whose shapes are told one by one


def shape_line(expression: Node) -> str:
    """How the shapes go together: `(3×2)(2×1) + (3×1) → (3×1)`; nothing for plain numbers."""
    if len(expression.shape) < 2 or is_leaf(expression):
        return ""
    if isinstance(expression, Entries | Rewritten):
        return ""
    if all(size == 1 for size in expression.shape) and not _has_product(expression):
        return ""
    told = f"{_shapes(expression)} → {_bracketed(expression)}".strip()
    return (
        "" if told.startswith("→") or set(re.findall(r"\([^()]*\)", told)) == {"(1×1)"} else told
    )  # numbers in the form of matrices


def _has_product(node: Node) -> bool:
    return isinstance(node, MatMul) or any(_has_product(operand) for operand in node.operands)


def _shapes(node: Node) -> str:
    if isinstance(node, Textbook):
        return _shapes(node.printed)
    if isinstance(node, Sliding):
        return node.sign.text.join(map(_bracketed, node.factors))
    if isinstance(node, MatMul):
        return "".join(_shapes(operand) for operand in node.operands)
    if isinstance(node, Add):
        terms = [(sign, operand) for sign, operand in zip(node.signs, node.operands, strict=True) if operand.shape]
        left_out = len(terms) > MOST_TERMS
        shown = [*terms[:2], terms[-1]] if left_out else terms
        pieces = [(" + " if sign > 0 else " - ") + _term(operand) for sign, operand in shown]
        joined = "".join([*pieces[:2], " + …", pieces[2]] if left_out else pieces)
        return joined[3:]
    if isinstance(node, Times | Divide):
        sign = " ⊙ " if isinstance(node, Times) else " ⊘ "
        return sign.join(_bracketed(operand) for operand in node.operands if operand.shape)
    if isinstance(node, Stack):
        return f"[{'; '.join(_bracketed(operand) for operand in node.operands)}]"
    if isinstance(node, Negative) or (
        isinstance(node, Apply) and node.operands[0].operands and not node.function.inline
    ):
        return _shapes(node.operands[0])
    return _bracketed(node if is_leaf(node) or isinstance(node, Diagonal) else _widest(node))


def _term(node: Node) -> str:
    if isinstance(node, Repeated):
        node = node.formula
    if isinstance(node, OnMaps):
        node = node.operands[0]
    return _shapes(node) if isinstance(node, MatMul | Sliding) else _bracketed(node)


def _widest(node: Node) -> Node:
    return max(node.operands, key=lambda operand: len(operand.shape), default=node)


def _bracketed(node: Node) -> str:
    if isinstance(node, Stretched):  # told with the shape that it has itself
        node = node.operands[0]
    return f"({shapes.write(node.shape)})" if node.shape else ""
