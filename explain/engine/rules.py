"""The rules of differentiation, one at a time and by name.

Forward mode: `differentiate` uses one rule on an expression and asks `inner` for the derivatives of its parts. What a
rule does is what the nodes know of themselves (`Node.pull`, `ScalarFunction.derivatives`); only the quotient rule has
a layout of its own. The chain rule is part of every rule here: each part brings its own derivative along.
Sources: Deisenroth, Faisal and Ong 2020, Mathematics for Machine Learning, section 5.1.2 (eqs. 5.29-5.32);
Griewank and Walther 2008, Evaluating Derivatives, section 3.1 (forward mode).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import NamedTuple

from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, SquareRoot, Times, is_number, negative
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.functions import Apply

POWERS = {(True, False): "power rule", (False, True): "exponential rule", (True, True): "power and exponential rule"}
ZERO, ONE = Number(0, "0"), Number(1, "1")


class Rule(NamedTuple):
    """A rule by its name, and the expression that it was used on; `fixed` is the constant factor that stays."""

    name: str
    of: Node
    fixed: Node | None = None


class Derivative(NamedTuple):
    """A derivative, not simplified, and the rules that it took, the outermost first."""

    node: Node
    rules: tuple[Rule, ...]


Inner = Callable[[Node], Derivative]


def moves(expression: Node, moving: Collection[str]) -> bool:
    """Whether an expression depends on one of these names."""
    return any(name in moving for name in symbols(expression))


def differentiate(
    expression: Node, wrt: Symbol, inner: Inner | None = None, moving: Collection[str] = ()
) -> Derivative:
    """The derivative of a scalar expression by one rule; `inner` gives those of its parts.

    >>> from explain.engine.functions import EXP
    >>> x = Symbol("x")
    >>> found = differentiate(x**2 * EXP(x), x)
    >>> [rule.name for rule in found.rules]
    ['product rule', 'power rule', 'derivative of exp']

    Args:
        inner: the derivative of a part; without it the parts are differentiated in the same way.
        moving: names besides `wrt` that depend on it; `inner` must know their derivatives.

    Raises:
        TypeError: a node that is no scalar operation.
    """
    return _Once(wrt, {wrt.name, *moving}, inner).derivative(expression)


class _Once:
    """One rule used on one expression."""

    def __init__(self, wrt: Symbol, moving: Collection[str], inner: Inner | None) -> None:
        self.wrt = wrt
        self.moving = moving
        self.inner = inner or (lambda part: differentiate(part, wrt, None, moving))

    def derivative(self, whole: Node) -> Derivative:
        """The derivative by the rule that fits the outermost operation."""
        if not moves(whole, self.moving):
            return Derivative(ZERO, (Rule("constant rule", whole),))
        if isinstance(whole, Symbol):
            if whole.name != self.wrt.name:
                return self.inner(whole)
            return Derivative(ONE, (Rule("identity rule", whole),))
        if isinstance(whole, Add):
            return self._joined("sum rule", whole, whole.operands, whole.rebuild)
        if isinstance(whole, Negative):
            return self._joined("constant factor rule", whole, whole.operands, lambda parts: _negated(parts[0]))
        if isinstance(whole, Times):
            return self._product(whole)
        if isinstance(whole, Divide):
            return self._quotient(whole)
        if isinstance(whole, Raise):
            base, exponent = (moves(operand, self.moving) for operand in whole.operands)
            return self._outer(POWERS[base, exponent], whole)
        if isinstance(whole, SquareRoot):
            return self._outer("derivative of the root", whole)
        if isinstance(whole, Apply):
            return self._outer(f"derivative of {whole.function.name}", whole)
        raise TypeError(f"no rule for {type(whole).__name__}")

    def _joined(
        self, name: str, whole: Node, parts: tuple[Node, ...], join: Callable[[list[Node]], Node]
    ) -> Derivative:
        """A rule that is linear: each part is replaced by its derivative."""
        found = [self.inner(part) for part in parts]
        rules = (rule for part in found for rule in part.rules)
        return Derivative(join([part.node for part in found]), (Rule(name, whole), *rules))

    def _product(self, whole: Times) -> Derivative:
        factors = [factor for factor in whole.operands if moves(factor, self.moving)]
        if len(factors) == 1:
            found = self.inner(factors[0])
            others = [factor for factor in whole.operands if factor is not factors[0]]
            fixed = Times(*others) if len(others) > 1 else others[0]
            return Derivative(_scaled(others, found.node), (Rule("constant factor rule", whole, fixed), *found.rules))
        terms, rules = [], [Rule("product rule", whole)]
        for at, factor in enumerate(whole.operands):
            if factor in factors:
                found = self.inner(factor)
                terms.append(whole.pull(found.node, whole)[at])
                rules += found.rules
        return Derivative(Add(*(term for term in terms if term is not None)), tuple(rules))

    def _quotient(self, whole: Divide) -> Derivative:
        """(u′v - uv′)/v²; where u or v is constant, what is left of it."""
        top, bottom = whole.operands
        if not moves(bottom, self.moving):
            return self._joined("constant factor rule", whole, (top,), lambda parts: parts[0] / bottom)
        if not moves(top, self.moving):
            below = self.inner(bottom)
            node = negative(_scaled([top], below.node) / bottom**2)
            return Derivative(node, (Rule("reciprocal rule", whole), *below.rules))
        above, below = self.inner(top), self.inner(bottom)
        node = (_scaled([above.node], bottom) - _scaled([top], below.node)) / bottom**2
        return Derivative(node, (Rule("quotient rule", whole), *above.rules, *below.rules))

    def _outer(self, name: str, whole: Node) -> Derivative:
        """The chain rule: the outer derivative, which the node knows, times the inner one; one path an argument."""
        terms: list[Node] = []
        rules = [Rule(name, whole)]
        for operand, local in zip(whole.operands, whole.pull(ONE, whole), strict=True):
            if not moves(operand, self.moving):
                continue
            if local is None:  # a jump: flat on both sides
                terms.append(ZERO)
            elif isinstance(operand, Symbol) and operand.name == self.wrt.name:
                terms.append(local)
            else:
                found = self.inner(operand)
                terms.append(_scaled([local], found.node))
                rules += [Rule("chain rule", operand), *found.rules]
        return Derivative(Add(*terms) if len(terms) > 1 else terms[0], tuple(rules))


def _negated(node: Node) -> Node:
    return Number(-node.value, f"-{node.text}") if is_number(node, 1) and isinstance(node, Number) else negative(node)


def _scaled(factors: list[Node], last: Node) -> Node:
    """Factors side by side, without ones; a sum stays in its parentheses, a minus sign with its factor."""
    flat: list[Node] = []
    for factor in [*factors, last]:
        flat += factor.operands if isinstance(factor, Times) else [factor]
    kept = [factor for factor in flat if not is_number(factor, 1)]
    return Times(*kept) if len(kept) > 1 else kept[0] if kept else ONE
