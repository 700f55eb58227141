"""Entries worked out by SymPy from the typed decimals: exact rationals where possible, 40 digits where not.

This decides `=` against `≈`, tells float noise from small numbers, and is the second route for NumPy's values.
Entries are worked only when asked for, and remembered.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from explain.engine.lowering import TooLongError, lower
from explain.engine.nodes.base import Entry, Index, Node, Symbol

if TYPE_CHECKING:
    from explain.engine.values import Values

PRECISION = 40
LONGEST = 4000  # bits of a fraction that is carried on exactly; x squared again and again has no end
SHORT = 8  # operations of an expression that is carried on exactly
MOST_READ = 10_000  # numbers that the entries of one answer may read, all together; every page on paper needs fewer
UNPRINTABLE = 10**6  # bits in the exponent of a number that no page should show


class Proof:
    """SymPy's numbers for the entries of an answer's quantities."""

    def __init__(self, given: Mapping[str, Values], definitions: Mapping[str, Node]) -> None:
        self._given = given
        self._definitions = definitions
        self._known: dict[tuple[str, Index], Any] = {}
        self._rounded = self._rooted = False
        self._read = 0
        self._roots: dict[tuple[str, Index], Any] = {}

    def entry(self, name: str, index: Index) -> Any:
        """One entry as a SymPy number; None where it is too long or has unknowns in it."""
        key = (name, index)
        if key not in self._known:
            self._known[key] = None  # stays so if the entry cannot be worked
            self._known[key] = self._work(name, index)
        return self._known[key]

    def number(self, node: Node) -> Any:
        """A scalar expression as a SymPy number; None where that is not possible."""
        exact = self._lowered(node)
        number = None if exact is None else settle(exact)
        vanished = number is not None and number.is_Float and not number and exact != 0
        return None if vanished else number

    def _lowered(self, node: Node) -> Any:
        """The entry in SymPy; roots are carried on exactly only where nothing beside them is rounded."""
        outer = self._rounded, self._rooted  # of the entry that asks for this one
        self._rounded = self._rooted = False
        try:
            found = lower(node, self._leaf)
            return lower(node, self._settled) if self._rounded and self._rooted else found
        except (TooLongError, ZeroDivisionError, RecursionError):  # a power too small to be held; steps without end
            return None
        finally:
            self._rounded, self._rooted = outer

    def _work(self, name: str, index: Index) -> Any:
        import sympy

        if name in self._given:
            text = self._given[name].text(index)
            if "∞" in text:
                return -sympy.oo
            exact = self._given[name].exact(index)
            return sympy.Rational(exact.numerator, exact.denominator)
        if name not in self._definitions:
            return None
        exact = self._lowered(self._definitions[name].entry(index))
        if exact is not None and not exact.is_Number and _is_short_root(exact):
            self._roots[name, index] = exact  # with √2 kept, e^√2 / (e^√2 + e^√2) is seen to be 1/2
        return None if exact is None else settle(exact)

    def _leaf(self, leaf: Symbol | Entry) -> Any:
        symbol, index = (leaf.symbol, leaf.index) if isinstance(leaf, Entry) else (leaf, ())
        self._read += 1
        if self._read > MOST_READ:  # one entry of a deep network comes from all entries of all layers before it
            raise TooLongError(symbol.name)
        value = self.entry(symbol.name, index)
        if value is None:
            raise TooLongError(symbol.name)
        root = self._roots.get((symbol.name, index))
        self._rounded = self._rounded or (root is None and value.is_Float)
        self._rooted = self._rooted or root is not None
        return value if root is None else root

    def _settled(self, leaf: Symbol | Entry) -> Any:
        symbol, index = (leaf.symbol, leaf.index) if isinstance(leaf, Entry) else (leaf, ())
        return self._known[symbol.name, index]


def _is_short_root(value: Any) -> bool:
    """Whether a value is irrational, but short and made of roots only."""
    return _has_roots_only(value) and value.count_ops() < SHORT


def _has_roots_only(value: Any) -> bool:
    """Whether neither a function nor a rounded number is in an expression."""
    import sympy

    return not (value.is_Float or isinstance(value, sympy.Function)) and all(map(_has_roots_only, value.args))


def settle(value: Any) -> Any:
    """A SymPy number as it is when rational, else to forty digits; None when it is no number."""
    import sympy

    if value.is_Rational and value.q.bit_length() + abs(value.p).bit_length() < LONGEST:
        return value
    if not value.is_Float and not value.is_number:
        return None
    number = value if value.is_Float else sympy.N(value, PRECISION)
    if not number.is_Float:
        return number
    if abs(number.num.exp) > UNPRINTABLE:
        return sympy.Float(0) if number.num.exp < 0 else None
    return number
