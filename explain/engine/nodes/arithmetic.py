"""Element-wise arithmetic: sums, differences, products, quotients and powers, in the author's order."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.notation import (
    DOTS,
    HADAMARD,
    MINUS,
    NEGATIVE,
    OSLASH,
    PLUS,
    POWER,
    PRODUCT,
    SUM,
    Notation,
    Power,
    Root,
    Row,
    Word,
    glue,
    held,
    minus,
    product,
)
from explain.engine.notation import (
    Fraction as Over,
)
from explain.engine.shapes import Shape, broadcast

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def fit_entry(operand: Node, index: Index) -> Node:
    """The entry of an operand that element-wise operations meet at `index`, as NumPy stretches arrays.

    Sizes of 1 stand for every place, and an operand with fewer axes has the last ones.
    """
    place = index[len(index) - len(operand.shape) :]
    return operand.entry(tuple(0 if size == 1 else at for at, size in zip(place, operand.shape, strict=True)))


def fit_shape(adjoint: Node, shape: Shape) -> Node:
    """An adjoint brought to the shape of its operand: summed over the axes along which the operand was stretched."""
    from explain.engine.nodes.linear import Spread, Sum

    if adjoint.shape == shape:
        return adjoint
    if not shape:
        return Sum(adjoint)
    if broadcast(adjoint.shape, shape) == shape:  # the adjoint is the smaller one
        return Spread(adjoint, shape)
    if len(adjoint.shape) > 2 or len(shape) == 1:
        from explain.engine.nodes.along import along
        from explain.engine.nodes.over import SumOver

        return SumOver(adjoint, along(adjoint.shape, shape))
    axis = 1 if shape[1] == 1 and adjoint.shape[1] != 1 else 0
    return fit_shape(Sum(adjoint, axis), shape)


_NOISE = 1e-30


class _Elementwise(Node):
    __slots__ = ()

    def __init__(self, *operands: Node) -> None:
        self.operands = operands
        shape = operands[0].shape
        for operand in operands:
            if operand.shape != shape:
                shape = broadcast(shape, operand.shape)
        self.shape = shape

    def entry(self, index: Index) -> Node:
        return self.rebuild([fit_entry(operand, index) for operand in self.operands])


class Add(_Elementwise):
    """Terms added or subtracted. `skipped` counts terms of a long sum that are not written."""

    __slots__ = ("signs", "skipped")
    signs: tuple[int, ...]
    SHOWN = 9

    def __init__(self, *operands: Node, signs: Sequence[int] = (), skipped: int = 0) -> None:
        super().__init__(*operands)
        self.signs = tuple(signs) or (1,) * len(operands)
        self.skipped = skipped

    @staticmethod
    def join(first: Node, second: Node, sign: int) -> Node:
        """`first ± second`; a sum on the left is extended."""
        if isinstance(first, Add) and not first.skipped:
            return Add(*first.operands, second, signs=(*first.signs, sign))
        return Add(first, second, signs=(1, sign))

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Add(*operands, signs=self.signs, skipped=self.skipped)

    def entry(self, index: Index) -> Node:
        from explain.engine.nodes.linear import MatMul

        terms: list[Node] = []
        signs: list[int] = []
        for sign, operand in zip(self.signs, self.operands, strict=True):
            part = fit_entry(operand, index)
            if sign > 0 and isinstance(operand, MatMul) and isinstance(part, Add) and not part.skipped:
                terms += part.operands  # the products of a matrix product stand in the sum themselves
                signs += part.signs
            else:
                terms.append(part)
                signs.append(sign)
        return Add(*terms, signs=signs, skipped=self.skipped)

    def evaluate(self, values: Sequence[Array]) -> Array:
        total = values[0] if self.signs[0] > 0 else -values[0]
        for sign, value in zip(self.signs[1:], values[1:], strict=True):
            total = total + value if sign > 0 else total - value
        return total

    def lower(self, operands: Sequence[Any]) -> Any:
        total = operands[0] if self.signs[0] > 0 else -operands[0]
        for sign, term in zip(self.signs[1:], operands[1:], strict=True):
            total = total + term if sign > 0 else total - term
        if total.is_Float and _is_noise(total, operands):
            import sympy

            return sympy.Float(0)  # terms that cancel to all forty digits
        return total

    def write(self, style: Style) -> Notation:
        last = len(self.operands) - 1
        head = last if self.skipped else (last + 1 if last < self.SHOWN else self.SHOWN - 4)
        row: list[Notation] = []
        nested = head > 1 and all(isinstance(operand, Add) for operand in self.operands)
        for at in range(head):
            part = style.write(self.operands[at])
            row += self._term(held(part, PRODUCT) if nested else part, self.signs[at], first=at == 0)
        if head <= last:
            row += [PLUS, DOTS, *self._term(style.write(self.operands[last]), self.signs[last], first=False)]
        return Row(row, SUM)

    @staticmethod
    def _term(part: Notation, sign: int, first: bool) -> list[Notation]:
        if first:
            return [part] if sign > 0 or getattr(part, "text", "") == "0" else minus(part)  # there is no -0
        return [PLUS if sign > 0 else MINUS, held(part, PRODUCT)]

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [
            fit_shape(seed if sign > 0 else negative(seed), operand.shape)
            for sign, operand in zip(self.signs, self.operands, strict=True)
        ]


def _is_noise(total: Any, terms: Sequence[Any]) -> bool:
    """Whether terms cancel but for noise; their powers of two mostly tell that they do not, without SymPy."""
    if total and all(term.is_Float or term.is_Rational for term in terms):
        power = _power_of_two(total)
        if all(not term or power > _power_of_two(term) - 90 for term in terms):
            return False
    return bool(abs(total) < _NOISE * max(abs(term) for term in terms))


def _power_of_two(number: Any) -> int:
    """The power of two just above a SymPy number that is not 0, or the one above that."""
    if number.is_Float:
        return int(number._mpf_[2] + number._mpf_[3])
    return int(number.p.bit_length() - number.q.bit_length() + 1)


class Negative(_Elementwise):
    """Minus an expression."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return -values[0]

    def lower(self, operands: Sequence[Any]) -> Any:
        return -operands[0]

    def write(self, style: Style) -> Notation:
        inner = style.write(self.operands[0])
        if isinstance(inner, Word) and inner.number and not inner.text.strip("0."):
            return inner  # there is no minus zero
        return Row(minus(inner), NEGATIVE)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [negative(seed)]


class Times(_Elementwise):
    """A product, entry by entry; between two arrays it is written ⊙."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return reduce(lambda total, value: total * value, values)

    def lower(self, operands: Sequence[Any]) -> Any:
        return reduce(mul, operands)

    def write(self, style: Style) -> Notation:
        parts = [style.write(operand) for operand in self.operands]
        if style.entries or sum(_is_array(operand) for operand in self.operands) < 2:
            return product(parts)
        row: list[Notation] = [held(parts[0], PRODUCT)]
        for at in range(1, len(parts)):
            both = _is_array(self.operands[at - 1]) and _is_array(self.operands[at])
            part = held(parts[at], PRODUCT)
            row += [HADAMARD if both else glue(row[-1], part), part]
        return Row(row, PRODUCT)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        pulled: list[Node | None] = []
        for at, operand in enumerate(self.operands):
            others = [other for place, other in enumerate(self.operands) if place != at]
            pulled.append(fit_shape(reduce(times, others, seed), operand.shape))
        return pulled


class Divide(_Elementwise):
    """A quotient, entry by entry."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0] / values[1]

    def lower(self, operands: Sequence[Any]) -> Any:
        return operands[0] / operands[1]

    def write(self, style: Style) -> Notation:
        top, bottom = (style.write(operand) for operand in self.operands)
        if style.entries or not _is_array(self.operands[1]):
            return Over(top, bottom)
        return Row([held(top, PRODUCT), OSLASH, held(bottom, POWER)], PRODUCT)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        top, bottom = self.operands
        return [
            fit_shape(seed / bottom, top.shape),
            fit_shape(negative(times(seed, top / bottom**2)), bottom.shape),
        ]


class Raise(_Elementwise):
    """A power with a constant exponent."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0] ** float(values[1]) if isinstance(values[1], float) else values[0] ** int(values[1])

    def lower(self, operands: Sequence[Any]) -> Any:
        return operands[0] ** operands[1]

    def write(self, style: Style) -> Notation:
        base, exponent = (style.write(operand) for operand in self.operands)
        return Power(held(base, POWER + 1), exponent)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        base, exponent = self.operands
        if not isinstance(exponent, Number):
            raise TypeError("only constant exponents are differentiated")
        lowered = base if exponent.value == 2 else base ** (exponent.value - 1)
        return [times(seed, times(exponent, lowered)), None]


class SquareRoot(_Elementwise):
    """A square root, entry by entry."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.sqrt(values[0])

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        return sympy.sqrt(operands[0])

    def write(self, style: Style) -> Notation:
        return Root(style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [seed / times(Number(Fraction(2), "2"), output)]


def _is_array(operand: Node) -> bool:
    shape: Shape = getattr(operand, "written_shape", operand.shape)  # a number that is stretched is written as it is
    return any(size != 1 for size in shape)


def is_number(operand: Node, value: int) -> bool:
    """Whether an operand is this constant."""
    return isinstance(operand, Number) and bool(operand.value == value)


def negative(operand: Node) -> Node:
    """Minus an expression; two signs cancel."""
    return operand.operands[0] if isinstance(operand, Negative) else Negative(operand)


def flipped(operand: Node) -> Node:
    """Minus an expression, the sign taken into a sum: -(a - b) as -a + b."""
    if isinstance(operand, Add):
        return Add(*operand.operands, signs=[-sign for sign in operand.signs], skipped=operand.skipped)
    return negative(operand)


def times(first: Node, second: Node) -> Node:
    """A product without factors of one; signs move to the front, a product on the left is extended."""
    if is_number(first, 1):
        return second
    if is_number(second, 1):
        return first
    from explain.engine.nodes.linear import Spread

    if isinstance(first, Spread) and broadcast(second.shape, first.shape) == second.shape:
        return times(first.operands[0], second)  # an element-wise product stretches it anyway
    if isinstance(first, Negative):
        return flipped(times(first.operands[0], second))
    left = first.operands if isinstance(first, Times) else (first,)
    right = second.operands if isinstance(second, Times) and not isinstance(first, Number) else (second,)
    return Times(*left, *right)


def sqrt(operand: Node) -> Node:
    """The square root of an expression."""
    return SquareRoot(operand)
