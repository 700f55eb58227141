"""One entry worked on paper: numbers put in, the innermost operations done, and so on down to the value."""

from __future__ import annotations

from explain.engine.nodes.arithmetic import Add, Negative
from explain.engine.nodes.base import Entry, Node, Number, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.sizes import FloorQuotient, Quotient
from explain.engine.proof import Proof


def stages(node: Node, proof: Proof) -> list[Node]:
    """The lines of working of a scalar expression, from the definition put in to the value.

    Each line does every operation whose operands are plain numbers in the line before.
    """
    lines = [spelled_out(node)]
    while not isinstance(lines[-1], Number):
        reduced = _value(lines[-1], proof) if _plain(lines[-1]) else _reduce(lines[-1], proof)
        if reduced is None:
            break
        lines.append(reduced)
    return lines


def spelled_out(node: Node) -> Node:
    """Functions replaced by their textbook formula: σ(z) by 1 / (1 + e^-z)."""
    if isinstance(node, Apply) and node.function.definition is not None:
        return spelled_out(node.defined())
    if not node.operands:
        return node
    operands = [spelled_out(operand) for operand in node.operands]
    first = operands[0]
    if isinstance(node, Add) and isinstance(first, Add) and not first.skipped:  # one sum, not a sum in a sum
        return Add(*first.operands, *operands[1:], signs=[*first.signs, *node.signs[1:]], skipped=node.skipped)
    return node.rebuild(operands)


def _reduce(node: Node, proof: Proof) -> Node | None:
    """The expression with its innermost operations done; None where SymPy has no number for them."""
    if _plain(node):
        return node
    if all(_plain(operand) for operand in node.operands):
        return _unrounded(node, proof) or _value(node, proof)
    operands = [_reduce(operand, proof) for operand in node.operands]
    known = [operand for operand in operands if operand is not None]
    if len(known) < len(operands):
        return None
    if isinstance(node, Negative) and isinstance(known[0], Number):
        return Number(-known[0].value)
    return node.rebuild(known)


def _unrounded(node: Node, proof: Proof) -> Node | None:
    """A quotient that is to be rounded, divided but not rounded yet; None for every other node."""
    if not isinstance(node, FloorQuotient) or isinstance(node, Quotient):
        return None
    top, bottom = (proof.number(operand) for operand in node.operands)
    if top is None or bottom is None or bottom == 1 or not (top / bottom).is_Rational or (top / bottom).is_Integer:
        return None
    if not (top / bottom * 10**4).is_Integer:  # an endless decimal says less than the quotient
        return None
    return node.unrounded(top / bottom)


def _value(node: Node, proof: Proof) -> Number | None:
    value = proof.number(node)
    return None if value is None else Number(value)


def _plain(node: Node) -> bool:
    """A number, or a symbol that stands for one, with or without a sign."""
    if isinstance(node, Negative):
        return _plain(node.operands[0]) and not isinstance(node.operands[0], Negative)
    return isinstance(node, Number | Symbol | Entry)
