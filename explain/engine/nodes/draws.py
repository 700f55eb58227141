"""What is done with one distribution: entries in another order, some kept, cumulative sums, entropy, and a draw.

Which entries are kept and in which order they stand is told to the nodes; what they are worth is worked here.

Sources: Holtzman et al. 2020, The Curious Case of Neural Text Degeneration, section 3.1 (nucleus); Goodfellow, Bengio
and Courville 2016, Deep Learning, eq. 3.49 (entropy); Devroye 1986, Non-Uniform Random Variate Generation,
section II.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.arithmetic import Times, negative
from explain.engine.nodes.base import Index, Node, Number, Style, Symbol
from explain.engine.nodes.linear import LONGEST, long_sum
from explain.engine.notation import DOTS, Notation, Row, Word, call, listed
from explain.engine.prose import SYMBOLIC, keep_symbols

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

TINY = 1e-300  # probabilities below are 0 in floating point
SLACK = 1e-14  # relative; two sums of decimals that differ by less are equal: 0.6 + 0.3 is 0.9


class Told(Node):
    """An operation that is written by its name, without numbers put in."""

    __slots__ = ()
    NAME = Word("")

    def write(self, style: Style) -> Notation:
        keep_symbols(style)
        return call(self.NAME, listed([SYMBOLIC.write(operand) for operand in self.operands]))


class Ordered(Told):
    """A row in another order: entry j is entry `order[j]` of the operand."""

    __slots__ = ("order",)
    NAME = Word("sort", r"\mathrm{sort}")

    def __init__(self, operand: Node, order: Sequence[int]) -> None:
        self.operands = (operand,)
        self.order = tuple(order)
        self.shape = (1, len(self.order))

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Ordered(operands[0], self.order)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0][:, list(self.order)]

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry((0, self.order[index[1]]))


class Kept(Told):
    """A row with some entries kept and 0 in place of the others.

    Args:
        operand: the row.
        rule: the number that says how many are kept, or up to which sum.
        places: of the kept entries.
    """

    __slots__ = ("places",)
    NAME = Word("keep", r"\mathrm{keep}")

    def __init__(self, operand: Node, rule: Node, places: Sequence[int]) -> None:
        self.operands = (operand, rule)
        self.places = frozenset(places)
        self.shape = operand.shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Kept(operands[0], operands[1], sorted(self.places))

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        places = sorted(self.places)
        found = np.zeros_like(values[0])
        found[:, places] = values[0][:, places]
        return found

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry(index) if index[1] in self.places else Number(0, "0")


class Cumulative(Told):
    """The sums of the first 1, 2, 3, … entries of a row."""

    __slots__ = ()
    NAME = Word("cumsum", r"\mathrm{cumsum}")

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        self.shape = operand.shape

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0].cumsum(axis=1)

    def entry(self, index: Index) -> Node:
        return long_sum(index[1] + 1, lambda at: self.operands[0].entry((0, at)))


class Entropy(Node):
    """`-Σⱼ pⱼ log pⱼ` of a row; an entry that is 0 adds nothing, since p log p goes to 0 with p.

    Args:
        places: of the entries that are not 0.
    """

    __slots__ = ("places",)

    def __init__(self, operand: Node, places: Sequence[int]) -> None:
        self.operands = (operand,)
        self.places = tuple(places)
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Entropy(operands[0], self.places)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        p = values[0][:, list(self.places)]
        return np.asarray(0.0 - (p * np.log(p)).sum())

    def entry(self, index: Index) -> Node:
        from explain.engine.functions import LOG

        def term(at: int) -> Node:
            p = self.operands[0].entry((0, self.places[at]))
            return Times(p, LOG(p))

        return negative(long_sum(len(self.places), term))

    def write(self, style: Style) -> Notation:
        from explain.engine.names import word

        if style.numbers or not isinstance(self.operands[0], Symbol):
            return style.write(self.entry(()))
        p = word(self.operands[0].name, "j")
        log = Word("log ", r"\log ")
        return Row([Word("-Σⱼ ", r"-\sum_{j} "), p, Word(" ", r" \, "), log, p])


class CountUpTo(Told):
    """How many entries of a rising row are at most u: the place, counted from 0, of the first one above u."""

    __slots__ = ()

    def __init__(self, operand: Node, u: Node) -> None:
        self.operands = (operand, u)
        self.shape = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(float((values[0] <= values[1] * (1 + SLACK)).sum()))

    def entry(self, index: Index) -> Node:
        size = int(self.operands[0].shape[1])
        kept = range(size) if size <= LONGEST else (0, 1, size - 1)
        return _UpTo([self.operands[0].entry((0, at)) for at in kept] + [self.operands[1].entry(())], size - len(kept))

    def write(self, style: Style) -> Notation:
        from explain.engine.names import word

        keep_symbols(style)
        F, u = (SYMBOLIC.write(operand) for operand in self.operands)
        if isinstance(self.operands[0], Symbol):
            F = word(self.operands[0].name, "j")
        return Row([COUNT, F, AT_MOST, u, CLOSE])


COUNT, AT_MOST, CLOSE = Word("count(", r"\mathrm{count}("), Word(" ≤ ", r" \le "), Word(")")
WRITTEN = 6  # numbers of a list


class _UpTo(Node):
    """How many of listed numbers are at most the last of them."""

    __slots__ = ("skipped",)

    def __init__(self, operands: Sequence[Node], skipped: int) -> None:
        self.operands = tuple(operands)
        self.skipped = skipped
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return _UpTo(operands, self.skipped)

    def entry(self, index: Index) -> Node:
        return self

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        from explain.engine.lowering import TooLongError

        *numbers, u = operands
        if self.skipped or not all(getattr(number, "is_number", True) for number in operands):
            raise TooLongError(f"{len(operands) + self.skipped} numbers")
        return sympy.Integer(sum(bool(number <= u * (1 + sympy.Rational(1, 10**14)) + TINY) for number in numbers))

    def write(self, style: Style) -> Notation:
        *numbers, u = (style.write(operand) for operand in self.operands)
        if self.skipped or len(numbers) > WRITTEN:
            numbers = [*numbers[:2], DOTS, numbers[-1]]
        return Row([COUNT, *listed(numbers).parts, AT_MOST, u, CLOSE])
