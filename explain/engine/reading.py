"""SymPy's expressions made printable nodes again, in an order that is easy to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, SquareRoot, Times, negative
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.powers import Power
from explain.engine.nodes.sizes import CeilingQuotient, FloorQuotient

if TYPE_CHECKING:
    from explain.engine.nodes.functions import ScalarFunction

ROUNDED = {"floor": FloorQuotient, "ceiling": CeilingQuotient}


def from_sympy(expression: Any, known: Mapping[str, Symbol], decimals: bool = False) -> Node:
    """A SymPy expression as nodes: symbols in the order of `known`, constants last in a sum, first in a product.

    A function of `explain.engine.functions` is known by its name, as `to_named` and SymPy itself write it.

    Args:
        decimals: a number that ends is written 0.6, not 3/5.

    Raises:
        TypeError: a function or an operation that has no node.
    """
    return _Reader(known, decimals).convert(expression)


class _Reader:
    """SymPy's expressions as nodes, in a fixed order."""

    def __init__(self, known: Mapping[str, Symbol], decimals: bool) -> None:
        self.known = known
        self.decimals = decimals
        self.order = {name: at for at, name in enumerate(known)}

    def rank(self, part: Any) -> tuple[int, int]:
        """The place of a factor or term: by its first symbol."""
        places = sorted(self.order.get(symbol.name, len(self.order)) for symbol in part.free_symbols)
        return (places[0], len(places)) if places else (len(self.order), 0)

    def convert(self, part: Any) -> Node:
        """One expression as a node."""
        if part.is_Symbol:
            return self.known.get(part.name) or Symbol(part.name)
        if part.is_Rational:
            return self.number(part)
        if part.is_Add:
            return self.sum(part)
        if part.is_Mul:
            return self.product(part)
        if part.is_Pow:
            return self.power(*part.args)
        if part.func.__name__ in ROUNDED:
            return ROUNDED[part.func.__name__](*map(self.convert, part.args[0].as_numer_denom()))
        function = _functions().get(part.func.__name__.lower())
        if function is None:
            raise TypeError(f"no node for {part}")
        return function(*map(self.convert, part.args))

    def number(self, part: Any) -> Number:
        value = Fraction(int(part.p), int(part.q))
        return Number(value, _decimal(value) if self.decimals and ends(value) else str(value))

    def sum(self, part: Any) -> Node:
        """Terms of many factors first; a constant before nothing but minus, or a function: 1 - h, 1 + e^z."""
        ordered = sorted(part.args, key=lambda term: (-_degree(term), self.rank(term)))
        constant_last = not ordered[-1].free_symbols and not is_negative(ordered[-1])
        alone = sum(not is_negative(term) for term in ordered) == 1
        if constant_last and (
            (alone and is_negative(ordered[0])) or (len(ordered) == 2 and _kind(_first(ordered[0])) == 1)
        ):
            ordered.insert(0, ordered.pop())
        equal = [term for term in ordered if _degree(term) == _degree(ordered[0]) and not is_negative(term)]
        if is_negative(ordered[0]) and equal:
            ordered.remove(equal[0])
            ordered.insert(0, equal[0])
        signs = [-1 if at and is_negative(term) else 1 for at, term in enumerate(ordered)]
        terms = [self.convert(term * sign) for term, sign in zip(ordered, signs, strict=True)]
        for at, term in enumerate(terms):
            if at and isinstance(term, Negative):
                terms[at], signs[at] = term.operands[0], -signs[at]
        return _sum(terms, signs)

    def product(self, part: Any) -> Node:
        """A product, as one quotient where something is divided by; minus signs where they are easiest to read."""
        import sympy
        from sympy.core.function import AppliedUndef

        if not part.atoms(AppliedUndef):
            top, bottom = part.as_numer_denom()
            part = sympy.Mul(top, sympy.Pow(bottom, -1))  # fractions inside a sum are brought together
        number, rest = part.as_coeff_Mul()
        sign, factors = _signed(-1 if number < 0 else 1, sympy.Mul.make_args(rest))
        number, factors = _content(abs(number), _from_one(factors))
        below = [factor for factor in factors if factor.is_Pow and is_negative(factor.exp)]
        above = [factor for factor in factors if factor not in below]
        kept = self.decimals and number.q != 1 and ends(Fraction(int(number.p), int(number.q)))
        above_nodes = self._factors(number if kept else sympy.Integer(number.p), above)
        below_nodes = self._factors(sympy.Integer(1 if kept else number.q), [1 / factor for factor in below])
        found = _product(above_nodes)
        if below_nodes:
            found = Divide(found, _product(below_nodes))
        return negative(found) if sign < 0 else found

    def _factors(self, number: Any, factors: Sequence[Any]) -> list[Node]:
        ordered = sorted(factors, key=lambda factor: (_kind(factor), self.rank(factor), factor.count_ops()))
        return ([] if number == 1 else [self.number(number)]) + [self.convert(factor) for factor in ordered]

    def power(self, base: Any, exponent: Any) -> Node:
        if exponent.is_Rational and exponent.q == 2 and abs(exponent.p) == 1:
            root = SquareRoot(self.convert(base))
            return root if exponent.p > 0 else Divide(Number(1, "1"), root)
        if is_negative(exponent):
            return Divide(Number(1, "1"), self.convert(base**-exponent))
        made = Raise if exponent.is_Rational else Power
        return made(self.convert(base), self.convert(exponent))


def _functions() -> Mapping[str, ScalarFunction]:
    """Every function of the engine by its name."""
    from explain.engine import functions
    from explain.engine.nodes.functions import ScalarFunction

    return {value.name: value for value in vars(functions).values() if isinstance(value, ScalarFunction)}


def _kind(factor: Any) -> int:
    """The order of factors in a product: symbols, functions, sums in parentheses."""
    base = factor.base if factor.is_Pow else factor
    return 2 if base.is_Add else 1 if base.is_Function else 0


def is_negative(term: Any) -> bool:
    """Whether a term begins with a minus."""
    return bool(term.as_coeff_Mul()[0] < 0)


def _signed(sign: int, factors: Sequence[Any]) -> tuple[int, list[Any]]:
    """Signs moved into sums where that saves one: -h (h - 1) is h (1 - h)."""
    turned = list(factors)
    for at, factor in enumerate(turned):
        inner = factor.base if factor.is_Pow else factor
        odd = not factor.is_Pow or (factor.exp.is_Integer and factor.exp % 2 == 1)
        if not (inner.is_Add and odd):
            continue
        signs = [is_negative(term) for term in inner.args]
        constant = [is_negative(term) for term in inner.args if not term.free_symbols]
        from_one = (
            constant == [True]
            and signs.count(True) == 1
            and all(_kind(_first(t)) == 1 for t in inner.args if t.free_symbols)
        )
        if all(signs) or from_one or (sign < 0 and any(signs) and constant != [False]):
            sign = -sign
            flipped = -inner
            turned[at] = flipped**factor.exp if factor.is_Pow else flipped
    return sign, turned


def _content(number: Any, factors: Sequence[Any]) -> tuple[Any, list[Any]]:
    """X (2 w - 2 y) as 2 x (w - y)."""
    found = []
    for factor in factors:
        whole = factor.is_Add and all(term.as_coeff_Mul()[0].is_Integer for term in factor.args)
        content, rest = factor.primitive() if whole else (1, factor)
        number *= content
        found.append(rest)
    return number, found


def _from_one(factors: list[Any]) -> list[Any]:
    """(y - p) / (p (p - 1)) as (p - y) / (p (1 - p)): two signs that cancel."""
    below = [at for at, part in enumerate(factors) if part.is_Pow and part.exp == -1 and _less_one(part.base)]
    above = [at for at, part in enumerate(factors) if part.is_Add and len(part.args) == 2 and _mixed(part)]
    for under, over in zip(below, above, strict=False):
        factors[under], factors[over] = 1 / (-factors[under].base), -factors[over]
    return factors


def _less_one(total: Any) -> bool:
    return bool(total.is_Add and len(total.args) == 2 and -1 in total.args and _mixed(total))


def _mixed(total: Any) -> bool:
    return {is_negative(term) for term in total.args} == {True, False}


def _first(term: Any) -> Any:
    """The first factor of a term that is not a constant."""
    return next((factor for factor in term.as_ordered_factors() if factor.free_symbols), term)


def ends(value: Fraction) -> bool:
    """Whether a number has at most four decimals."""
    return 10**4 % value.denominator == 0


def _decimal(value: Fraction) -> str:
    return str(value) if value.denominator == 1 else f"{float(value):.4f}".rstrip("0")


def _degree(term: Any) -> int:
    """How many symbols are multiplied in a term; of a sum in parentheses, one."""
    return sum(
        int(power) if power.is_Integer else 1 for base, power in term.as_powers_dict().items() if not base.is_Number
    )


def _sum(terms: Sequence[Node], signs: Sequence[int]) -> Node:
    return Add(*terms, signs=signs) if len(terms) > 1 or signs[0] < 0 else terms[0]


def _product(factors: Sequence[Node]) -> Node:
    if not factors:
        return Number(1, "1")
    return Times(*factors) if len(factors) > 1 else factors[0]
