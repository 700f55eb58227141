"""Sums of element-wise products multiplied out, in the author's order."""

from __future__ import annotations

from functools import reduce

from explain.engine.lowering import from_sympy, to_sympy
from explain.engine.nodes.arithmetic import Add, Times, is_number, times
from explain.engine.nodes.base import Node, Number


def distributed(node: Node) -> Node:
    """Products of sums multiplied out, in the author's order: f ⊙ (a + b) as f ⊙ a + f ⊙ b.

    >>> from explain.engine.nodes.base import Symbol
    >>> a, b, f = (Symbol(name, ("n", 1)) for name in "abf")
    >>> len(distributed(f * (a + b)).operands)
    2
    """
    return reduce(lambda total, term: Add.join(total, term, 1), _terms(node))


def _terms(node: Node) -> list[Node]:
    """The terms of a sum of products in which nothing is subtracted."""
    if isinstance(node, Add):
        return [term for operand in node.operands for term in _terms(operand)]
    if isinstance(node, Times):
        factors = [_terms(operand) for operand in node.operands]
        return reduce(lambda left, right: [times(a, b) for a in left for b in right], factors)
    return [node]


def folded(node: Node) -> Node:
    """Products of sums multiplied out, the numbers of each term made one; a term with the factor 0 is gone."""
    kept = [term for term in map(_one_number, _terms(node)) if not is_number(term, 0)]
    return reduce(lambda total, term: Add.join(total, term, 1), kept) if kept else Number(0, "0")


def _one_number(term: Node) -> Node:
    """A product with one number in front."""
    import sympy

    factors = _factors(term)
    number = sympy.Mul(*(to_sympy(factor) for factor in factors if isinstance(factor, Number)))
    others = [factor for factor in factors if not isinstance(factor, Number)]
    front = from_sympy(number, {}, decimals=True)
    return front if is_number(front, 0) else reduce(times, others, front)


def _factors(term: Node) -> list[Node]:
    return [factor for operand in term.operands for factor in _factors(operand)] if isinstance(term, Times) else [term]
