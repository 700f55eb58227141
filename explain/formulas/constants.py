"""The numbers of a formula: kept as typed, worked exactly to see that they are within bounds."""

from __future__ import annotations

from fractions import Fraction

from explain.engine.nodes.arithmetic import Raise, Times
from explain.engine.nodes.base import Node, Number
from explain.formulas.tree import Tree
from explain.formulas.words import wrong

LARGEST_EXPONENT = 1000
MOST_BITS = 900  # of numerator or denominator: about 1e270
SHORT = 12  # characters of a number that is written without a power of ten


def number(value: Fraction, text: str = "") -> Number:
    """A constant with its text.

    >>> number(Fraction(1, 3)).text, number(Fraction("0.50"), "0.50").text
    ('1/3', '0.50')
    """
    return Number(value, text or _text(value))


def typed(text: str) -> Node:
    """A number as it was typed; `1e-8` as a power of ten."""
    value = Fraction(text)
    mantissa, mark, power = text.lower().partition("e")
    if not mark:
        return number(value, text.removesuffix("."))
    plain = _text(value)
    if len(plain) <= SHORT and "/" not in plain:
        return number(value, plain)
    ten = Raise(number(Fraction(10)), number(Fraction(int(power))))
    return ten if Fraction(mantissa) == 1 else Times(number(Fraction(mantissa), mantissa.removesuffix(".")), ten)


def _text(value: Fraction) -> str:
    """A decimal where it is short, else a quotient."""
    decimal = f"{float(value):.10f}".rstrip("0").rstrip(".") if value.denominator != 1 else str(value)
    return decimal if Fraction(decimal) == value else str(value)


def exact(tree: Tree, name: str) -> Fraction | None:
    """What a tree of numbers comes to; None where a name or a function is in it.

    Raises:
        InputError: a division by 0, a root of a negative number, or a number beyond bounds, with the column.
    """
    if tree.kind == "number":
        return Fraction(tree.text)
    parts = [exact(operand, name) for operand in tree.operands]
    known = [part for part in parts if part is not None]
    if tree.kind in ("name", "call") or len(known) < len(parts):
        return None
    value = _worked(tree, known, name)
    if value is not None and max(value.numerator.bit_length(), value.denominator.bit_length()) > MOST_BITS:
        wrong(name, tree.column, "this number is beyond 1e270: give a smaller one")
    return value


def _worked(tree: Tree, parts: list[Fraction], name: str) -> Fraction | None:
    if tree.kind == "+":
        return sum((sign * part for sign, part in zip(tree.signs, parts, strict=True)), Fraction(0))
    if tree.kind == "neg":
        return -parts[0]
    if tree.kind == "transpose":
        return parts[0]
    if tree.kind == "^":
        return _power(tree, *parts, name=name)
    if tree.kind == "/":
        if not parts[1]:
            wrong(name, tree.column, "this divides by 0: change the denominator")
        return parts[0] / parts[1]
    product = Fraction(1)
    for part in parts:
        product *= part
    return product


def _power(tree: Tree, base: Fraction, exponent: Fraction, *, name: str) -> Fraction | None:
    in_bounds(tree, exponent, name)
    if not base and exponent < 0:
        wrong(name, tree.column, "this divides by 0: 0 has no negative power")
    if exponent.denominator != 1:
        if base < 0:
            wrong(name, tree.column, "a negative number has no such root")
        return None
    size = max(base.numerator.bit_length(), base.denominator.bit_length(), 1)
    if size * abs(exponent) > 2 * MOST_BITS:
        wrong(name, tree.column, "this number is beyond 1e270: give a smaller one")
    return base**exponent.numerator


def in_bounds(tree: Tree, exponent: Fraction, name: str) -> None:
    """Refuse an exponent that no page should show."""
    if abs(exponent) > LARGEST_EXPONENT:
        wrong(name, tree.column, f"an exponent lies between -{LARGEST_EXPONENT} and {LARGEST_EXPONENT}")
