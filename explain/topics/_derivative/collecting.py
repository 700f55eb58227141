"""The lines between a derivative as the rules leave it and its last form: common factors, then multiplied out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from explain.engine.lowering import simplified, to_named
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Times
from explain.engine.nodes.base import Node, Symbol
from explain.engine.reading import from_sympy

HEAVY = 10  # operations in parentheses that are not multiplied out in one's head
LONGEST = 120  # operations of an expression whose common factors are looked for


class Between(NamedTuple):
    """Common factors in front, as `first`; `inside` is what stays in parentheses, multiplied out it is `expanded`."""

    first: Node
    inside: Node
    expanded: Node


class Collected(NamedTuple):
    """The last form, and the line before it where one is needed; `plain` is not factored further than that line."""

    last: Node
    plain: Node
    between: Between | None


def collected(node: Node, known: Mapping[str, Symbol], decimals: bool) -> Collected:
    """An expression collected in lines.

    >>> from explain.engine.functions import EXP
    >>> x = Symbol("x")
    >>> found = collected(EXP(x) * (x**2 + x + 1) * (x + 1) + EXP(x) * (2 * x + 1) * (x + 2), {"x": x}, False)
    >>> str(to_named(found.between.first)), str(to_named(found.last))
    ('((x + 1)*(x**2 + x + 1) + (x + 2)*(2*x + 1))*exp(x)', '(x**3 + 4*x**2 + 7*x + 3)*exp(x)')
    """
    import sympy

    last = simplified(node, known, decimals)
    found = to_named(node)
    if found.count_ops() > LONGEST or found.is_polynomial(*found.free_symbols):
        return Collected(last, last, None)
    first = sympy.factor_terms(found)
    inside = _inside(first)
    if inside is None:
        return Collected(last, last, None)
    expanded = sympy.expand(inside)
    plain = sympy.factor_terms(first / inside * expanded)
    broken = len(_sums(to_named(last)) - _sums(first)) > 1
    if not (broken or inside.count_ops() >= HEAVY) or expanded == 0:
        return Collected(last, last, None)
    shown = from_sympy(first, known, decimals)
    written = _written(shown)  # as it stands on the page: its signs may be turned
    if written is None:
        return Collected(last, last, None)
    out = from_sympy(sympy.expand(to_named(written)), known, decimals)
    return Collected(last, from_sympy(plain, known, decimals) if broken else last, Between(shown, written, out))


def _written(node: Node) -> Node | None:
    """The longest sum among the factors of a printed form."""
    if isinstance(node, Add):
        return node
    parts = (
        node.operands if isinstance(node, Times | Negative) else node.operands[:1] if isinstance(node, Divide) else ()
    )
    found = [sum_ for part in parts if (sum_ := _written(part)) is not None]
    return max(found, key=_size, default=None)


def _size(node: Node) -> int:
    return 1 + sum(map(_size, node.operands))


def _inside(product: Any) -> Any:
    """The longest sum among the factors that changes when it is multiplied out."""
    import sympy

    found = [part for part in sympy.Mul.make_args(product) if part.is_Add and sympy.expand(part) != part]
    return max(found, key=lambda part: part.count_ops(), default=None)


def _sums(product: Any) -> set[Any]:
    """The sums among the factors on top."""
    import sympy

    return {part.as_base_exp()[0] for part in sympy.Mul.make_args(product) if part.as_base_exp()[0].is_Add}
