"""Sums over the outcomes that can happen: an outcome of probability 0 adds nothing, since 0 log 0 counts as 0."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Index, Node, Style, Symbol
from explain.engine.nodes.linear import Sum, long_sum
from explain.engine.notation import Notation
from explain.engine.worksheet import Worksheet
from explain.topics._probabilities import Logarithm

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

SAME = 1e-12  # relative: numbers that are equal but for rounding errors


class PossibleSum(Node):
    """The sum of a term over the places whose weight is not 0; elsewhere it would be 0 times a logarithm of 0.

    Args:
        term: makes the term from the operands: `p log q` from p and q.
        operands: arrays of one shape.
        places: of the entries that are added.
    """

    __slots__ = ("places", "term")

    def __init__(self, term: Callable[..., Node], operands: Sequence[Node], places: Sequence[Index]) -> None:
        self.operands = tuple(operands)
        self.term = term
        self.places = tuple(places)
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return PossibleSum(self.term, operands, self.places)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        at = tuple(np.transpose(self.places))
        known = {f"t_{number}": value[at] for number, value in enumerate(values)}
        term = self.term(*(Symbol(name, value.shape) for name, value in known.items()))
        return np.asarray(evaluate(term, known).sum())

    def entry(self, index: Index) -> Node:  # noqa: ARG002 - a single number has no index
        return long_sum(
            len(self.places), lambda at: self.term(*(operand.entry(self.places[at]) for operand in self.operands))
        )

    def write(self, style: Style) -> Notation:
        return style.write(self.entry(()) if style.numbers else Sum(self.term(*self.operands)))


class Divergence(PossibleSum):
    """Σ p log(p/q): exactly 0 where p and q differ by what float arithmetic has left of equal numbers only."""

    __slots__ = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Divergence(self.term, operands, self.places)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        p, q = (value[tuple(np.transpose(self.places))] for value in values)
        equal = bool((np.abs(p - q) <= SAME * p).all())  # a divergence of such a pair is smaller than SAME squared
        return np.asarray(0.0) if equal else super().evaluate(values)


def possible(sheet: Worksheet, p: Symbol) -> list[Index]:
    """The places of the outcomes that have a probability above 0."""
    import numpy as np

    return [tuple(int(at) for at in place) for place in np.argwhere(sheet.values[p.name] > 0)]


def entropy_of(sheet: Worksheet, p: Symbol, log: Logarithm) -> Node:
    """H(P) = -Σ p log p. Source: Shannon 1948, A Mathematical Theory of Communication, section 6."""
    return -PossibleSum(lambda each: each * log(each), [p], possible(sheet, p))


def cross_entropy_of(sheet: Worksheet, p: Symbol, q: Symbol, log: Logarithm) -> Node:
    """H(P, Q) = -Σ p log q. Source: Goodfellow, Bengio and Courville 2016, eq. 3.51."""
    return -PossibleSum(lambda each, other: each * log(other), [p, q], possible(sheet, p))


def divergence_of(sheet: Worksheet, p: Symbol, q: Symbol, log: Logarithm) -> Node:
    """D(P‖Q) = Σ p log(p/q). Source: Goodfellow, Bengio and Courville 2016, eq. 3.50."""
    return Divergence(lambda each, other: each * log(each / other), [p, q], possible(sheet, p))
