"""What a step with symbols came to, in the inputs alone: every step put in, numbers multiplied and added."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import reduce

from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, Times, negative, times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.formulas.constants import number

Definition = Callable[[str], Node | None]
Value = Callable[[str], Fraction | None]


def closed(node: Node, definition: Definition, value: Value) -> Node:
    """An expression with the steps before it put in.

    Args:
        definition: the expression of a step that still has symbols in it; None for everything else.
        value: the exact number of a quantity; None where it has none.

    >>> x, u = Symbol("x"), Symbol("u")
    >>> found = closed(3 * u + 2 * u, {"u": 4 * x}.get, {}.get)
    >>> found.signs, found.operands[0].operands[0].value
    ((1, 1), Fraction(12, 1))
    """
    if isinstance(node, Symbol):
        exact = None if node.shape else value(node.name)
        if exact is not None:
            return number(exact)
        inner = definition(node.name)
        return node if inner is None else closed(inner, definition, value)
    if not node.operands or node.shape:
        return node
    parts = [closed(operand, definition, value) for operand in node.operands]
    if isinstance(node, Times):
        return _product(parts)
    if isinstance(node, Add):
        return _sum(parts, node.signs)
    if isinstance(node, Negative):
        return _product([number(Fraction(-1)), parts[0]])
    if isinstance(node, Raise) and all(isinstance(part, Number) for part in parts):
        base, exponent = (Fraction(part.value) for part in parts if isinstance(part, Number))
        if exponent.denominator == 1 and 0 <= exponent < 10 and abs(base) < 1000:
            return number(base**exponent.numerator)
    return node.rebuild(parts)


def _product(parts: list[Node]) -> Node:
    """A product with one number in front, and at most one line of a fraction."""
    factors: list[Node] = []
    below: list[Node] = []
    coefficient = Fraction(1)
    left = list(parts)
    while left:
        part = left.pop(0)
        if isinstance(part, Negative):
            coefficient = -coefficient
            left.insert(0, part.operands[0])
        elif isinstance(part, Times):
            left = [*part.operands, *left]
        elif isinstance(part, Divide):
            left.insert(0, part.operands[0])
            below.append(part.operands[1])
        elif isinstance(part, Number) and isinstance(part.value, int | Fraction):
            coefficient *= part.value
        else:
            factors.append(part)
    if not coefficient:
        return number(coefficient)
    top = _scaled(abs(coefficient), factors)
    whole = Divide(top, reduce(times, below)) if below else top
    return whole if coefficient > 0 else negative(whole)


def _scaled(coefficient: Fraction, factors: list[Node]) -> Node:
    if not factors:
        return number(coefficient)
    return reduce(times, factors) if coefficient == 1 else Times(number(coefficient), *factors)


def _sum(parts: list[Node], signs: tuple[int, ...]) -> Node:
    """A sum with its numbers added, at the end."""
    terms: list[Node] = []
    kept: list[int] = []
    total = Fraction(0)
    for part, sign in zip(parts, signs, strict=True):
        inner, own = (part.operands[0], -sign) if isinstance(part, Negative) else (part, sign)
        if isinstance(inner, Number) and isinstance(inner.value, int | Fraction):
            total += own * inner.value
        elif isinstance(inner, Add) and not inner.skipped:
            terms += inner.operands
            kept += [own * inside for inside in inner.signs]
        else:
            terms.append(inner)
            kept.append(own)
    if total or not terms:
        terms.append(number(abs(total)))
        kept.append(1 if total >= 0 else -1)
    if len(terms) == 1:
        return terms[0] if kept[0] > 0 else negative(terms[0])
    if kept[0] < 0 and 1 in kept:  # what is added comes first
        first = kept.index(1)
        terms.insert(0, terms.pop(first))
        kept.insert(0, kept.pop(first))
    return Add(*terms, signs=kept)
