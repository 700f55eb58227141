r"""Reads printed LaTeX back as numbers: what a student with a calculator would make of the page.

A small recursive-descent reader that evaluates with interval arithmetic. After `\approx` a printed decimal stands
for everything that is rounded to it (half a unit of its last digit to either side); after `=` it stands for itself.
It shares no code with `explain`: it knows only what is printed.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction

import numpy as np

WIDER = 1e-12  # relative: room for the float error of the reader itself and of the value it is held against
LEAK = 0.01  # slope of LeakyReLU for negative numbers
WHOLE = 1e-9  # relative: a quotient of sizes this close to a whole number is that number
LARGEST = np.finfo(float).max

TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+\.\d*|\.\d+|\d+)|(?P<word>\\(?:mathrm|mathbb|begin|end)\{\w+\})|(?P<command>\\[A-Za-z]+)"
    r"|(?P<row>\\\\)|(?P<mark>\S))"
)
# A matrix with names beside its rows, behind a rule, or above its columns.
WITH_NAMES = re.compile(r"\\begin\{array\}\{(?P<beside>r\|)?r+\}\n(?P<body>.*?)\n\\end\{array\}", re.DOTALL)
# What cannot begin a factor: the factor before was the last one of its product.
ENDS = {
    "",
    "+",
    "-",
    r"\odot",
    r"\oslash",
    r"\star",
    "*",
    r"\times",
    r"\right",
    "}",
    ",",
    "&",
    r"\\",
    ">",
    "]",
    r"\end{bmatrix}",
}
BRACKETS = {r"\lfloor": (r"\rfloor", -1), r"\lceil": (r"\rceil", 1)}
FUNCTIONS = {r"\log", r"\tanh", r"\max", r"\min", r"\sigma", r"\exp", r"\Phi", r"\varphi", r"\sin", r"\cos"}
NAMED = (
    "softmax", "ReLU", "LeakyReLU", "diag", "rowsum", "columnsum", "erf", "softplus", "softsign", "hardtanh", "ReLU6",
    "hardswish", "SELU", "turn", "GELU", "SiLU", "Mish", "id",
)  # fmt: skip


class Unreadable(Exception):  # noqa: N818 - it is no error that a page has symbols
    """Symbols are left in the text, or parts of it are elided: it has no number."""


class Interval:
    """All numbers (or matrices) between `low` and `high`, entry by entry."""

    __slots__ = ("high", "low")

    def __init__(self, low, high=None, slack=0.0):
        low = np.asarray(low, dtype=float)
        high = low if high is None else np.asarray(high, dtype=float)
        room = np.nan_to_num(slack, nan=0.0, posinf=0.0)
        self.low = np.where(np.isnan(low), -np.inf, low) - room
        self.high = np.where(np.isnan(high), np.inf, high) + room

    @property
    def shape(self):
        return self.low.shape

    @property
    def size(self):
        """The largest absolute value, entry by entry."""
        return np.maximum(abs(self.low), abs(self.high))

    def bounded(self):
        """Whether it says anything at all: not every entry may be everything."""
        return not bool(np.all(np.isneginf(self.low) & np.isposinf(self.high)))

    def contains(self, value, slack=0.0):
        """Whether every entry of `value` lies inside; shapes may differ by axes of one."""
        value = np.asarray(value, dtype=float)
        if value.shape != self.shape:
            if value.size != 1 or self.low.size != 1:
                return False
            value = value.reshape(self.shape)
        return bool(np.all((self.low - slack <= value) & (value <= self.high + slack)))

    def __repr__(self):
        return f"[{self.low.tolist()}, {self.high.tolist()}]"


def widened(low, high, size=None):
    """The result of an operation, a little wider than float arithmetic made it."""
    low, high = np.asarray(low, dtype=float), np.asarray(high, dtype=float)
    return Interval(low, high, WIDER * np.maximum(abs(low), abs(high)) if size is None else WIDER * size)


def add(first, second, sign=1):
    low, high = (second.low, second.high) if sign > 0 else (-second.high, -second.low)
    return widened(first.low + low, first.high + high, first.size + second.size)


def negative(operand):
    return Interval(-operand.high, -operand.low)


def multiply(first, second):
    """Entry by entry; 0·∞ is 0, as in 0·log 0."""
    corners = np.stack([
        np.where((one == 0) | (other == 0), 0.0, one * other)
        for one in (first.low, first.high)
        for other in (second.low, second.high)
    ])  # fmt: skip
    return widened(corners.min(axis=0), corners.max(axis=0))


def divide(first, second):
    crosses = (second.low <= 0) & (second.high >= 0)
    low, high = np.where(crosses, 1.0, second.low), np.where(crosses, 1.0, second.high)
    quotient = multiply(first, Interval(1 / high, 1 / low))
    return Interval(np.where(crosses, -np.inf, quotient.low), np.where(crosses, np.inf, quotient.high))


def product(first, second):
    """What two things side by side mean: a matrix product of two matrices, else scaling."""
    if not first.shape or not second.shape:
        return multiply(first, second)
    if first.shape[1] != second.shape[0]:
        raise ArithmeticError(f"a {first.shape} and a {second.shape} matrix side by side have no product")
    terms = multiply(
        Interval(first.low[:, :, None], first.high[:, :, None]), Interval(second.low[None], second.high[None])
    )
    return total(terms, 1)


def total(operand, axis, keep=False):
    """The sum along an axis."""
    low, high = (bound.sum(axis=axis, keepdims=keep) for bound in (operand.low, operand.high))
    return widened(low, high, operand.size.sum(axis=axis, keepdims=keep))


def rising(function, lowest=-np.inf):
    """A function that never falls, applied to both ends; `lowest` is its value where it has none."""

    def apply(operand):
        low, high = function(operand.low), function(operand.high)
        return widened(np.where(np.isnan(low), lowest, low), high)

    return apply


def steady(function, steepest):
    """A function whose slope is never larger in size than `steepest`, from its value in the middle."""

    def apply(operand):
        low, high = (np.clip(end, -LARGEST, LARGEST) for end in (operand.low, operand.high))
        middle, half = low / 2 + high / 2, high / 2 - low / 2
        value = function(middle)
        return widened(value - steepest * half, value + steepest * half)

    return apply


def absolute(operand):
    """The size of a number."""
    crosses = (operand.low < 0) & (operand.high > 0)
    ends = abs(operand.low), abs(operand.high)
    return Interval(np.where(crosses, 0.0, np.minimum(*ends)), np.maximum(*ends))


def rounded_to_whole(operand, direction):
    """Rounded down (-1) or up (1); what float arithmetic left beside a whole number does not count."""
    function = np.floor if direction < 0 else np.ceil
    return Interval(*(function(end - direction * WHOLE * abs(end)) for end in (operand.low, operand.high)))


def exponential(operand):
    return widened(np.minimum(np.exp(operand.low), LARGEST), np.exp(operand.high))


def power(base, exponent):
    if exponent.shape or not np.all(exponent.low == exponent.high):
        raise Unreadable("a power whose exponent is not one exact number")
    n = float(exponent.low)
    if not n.is_integer():
        if np.any(base.low < 0):
            raise Unreadable("a fractional power of what may be negative")
        return widened(base.low**n, base.high**n)
    if n < 0:
        return divide(Interval(1.0), power(base, Interval(-n)))
    low, high = base.low**n, base.high**n
    if n % 2 == 0:
        crosses = (base.low < 0) & (base.high > 0)
        low, high = np.where(crosses, 0.0, np.minimum(low, high)), np.maximum(low, high)
    return widened(low, high)


def softmax(operand, axis):
    """Each weight is smallest where its own score is lowest and all others are highest, and the other way round."""
    low, high = np.moveaxis(operand.low, axis, -1), np.moveaxis(operand.high, axis, -1)
    own = np.eye(low.shape[-1], dtype=bool)

    def weight(mine, others):
        gaps = np.where(own, 0.0, others[..., None, :] - mine[..., :, None])
        share = 1 / np.exp(np.where(np.isnan(gaps), np.inf, gaps)).sum(axis=-1)
        return np.moveaxis(np.where(np.isneginf(mine), 0.0, share), -1, axis)

    return widened(weight(low, high), weight(high, low))


def sigmoid(z):
    return np.where(z >= 0, 1 / (1 + np.exp(-abs(z))), np.exp(-abs(z)) / (1 + np.exp(-abs(z))))


erf = np.vectorize(math.erf, otypes=[float])
below = np.vectorize(lambda z: math.erfc(-z / math.sqrt(2)) / 2, otypes=[float])


def soft_plus(z):
    return np.logaddexp(0.0, z)


def selu(z):
    return 1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * np.expm1(np.minimum(z, 0)))


RISING = {
    r"\log": rising(np.log),
    r"\tanh": rising(np.tanh),
    r"\sigma": rising(sigmoid),
    r"\exp": exponential,
    r"\sin": steady(np.sin, 1.0),
    r"\cos": steady(np.cos, 1.0),
    "ReLU": rising(lambda z: np.maximum(z, 0)),
    "LeakyReLU": rising(lambda z: np.where(z > 0, z, LEAK * z)),
    "erf": rising(erf),
    r"\Phi": rising(below),
    r"\varphi": steady(lambda z: np.exp(-(np.clip(z, -99, 99) ** 2) / 2) / np.sqrt(2 * np.pi), 0.25),
    "softplus": rising(soft_plus),
    "softsign": rising(lambda z: z / (1 + abs(z))),
    "hardtanh": rising(lambda z: np.clip(z, -1, 1)),
    "ReLU6": rising(lambda z: np.clip(z, 0, 6)),
    "SELU": rising(selu),
    "id": rising(lambda z: z),
    "hardswish": steady(lambda z: z * np.clip(z / 6 + 0.5, 0, 1), 1.5),
    "GELU": steady(lambda z: z * below(z), 1.13),
    "SiLU": steady(lambda z: z * sigmoid(z), 1.1),
    "Mish": steady(lambda z: z * np.tanh(soft_plus(z)), 1.09),
}


class Reader:
    """One pass over one text.

    Args:
        rounded: whether the text stands after `\\approx`.
        digits: decimals of the page; a number with fewer is not rounded, since rounded ones keep their zeros.
        axis: along which softmax sums to one; None reads only vectors, whose direction is plain.
        slides: what each kernel that slides gives (see `window_reader`), in order; None for what cannot be read.
    """

    def __init__(self, text, rounded, digits, axis, slides=()):
        self.tokens = [match[0].strip() for match in TOKEN.finditer(text)]
        self.at = 0
        self.rounded = rounded
        self.digits = digits
        self.axis = axis
        self.slides = list(slides)
        self.largest = 0.0

    @property
    def next(self):
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def take(self, expected=""):
        token = self.next
        if not token or (expected and token != expected):
            raise Unreadable(f"{token or 'the end'} where {expected or 'more'} belongs")
        self.at += 1
        return token

    def took(self, token):
        if self.next == token:
            self.at += 1
            return True
        return False

    def whole(self):
        result = self.sum()
        if self.next == r"\times":
            result = self.sizes(result)
        if self.next:
            raise Unreadable(f"{self.next} is left over")
        return result

    def sum(self):
        result = negative(self.elementwise()) if self.took("-") else self.elementwise()
        while self.next in ("+", "-"):
            sign = 1 if self.take() == "+" else -1
            result = add(result, self.elementwise(), sign)
        return result

    def sizes(self, first):
        """The sizes of an array, `2 \\times 3 \\times 4`: a row of numbers, which has no product."""
        found = [first]
        while self.took(r"\times"):
            found.append(self.sum())
        if any(size.shape for size in found):
            raise ArithmeticError("a matrix where a size belongs")
        return Interval(np.array([[size.low for size in found]]), np.array([[size.high for size in found]]))

    def elementwise(self):
        result = self.juxtaposed()
        while self.next in (r"\odot", r"\oslash", r"\star", "*"):
            sign = self.take()
            if sign in (r"\star", "*"):
                result = self.slid(result)
            else:
                result = (multiply if sign == r"\odot" else divide)(result, self.juxtaposed())
        return result

    def slid(self, first):
        """A kernel that slides over what stands in front of it."""
        transposed = self.tokens[self.at : self.at + 4] == ["^", "{", r"\top", "}"]
        self.at += 4 if transposed else 0
        second = self.juxtaposed()
        slide = self.slides.pop(0) if self.slides else None
        if slide is None:
            raise Unreadable("a kernel slides: how far at a time?")
        return slide(as_rows(first), as_rows(second), transposed)

    def juxtaposed(self):
        result = self.powered()
        while True:
            if self.took("/"):
                result = divide(result, self.powered())
            elif self.took(r"\cdot") or self.starts_factor():
                result = product(result, self.powered())
            else:
                return result

    def starts_factor(self):
        return self.next not in ENDS

    def powered(self):
        if self.next == "e" and self.tokens[self.at + 1 : self.at + 2] == ["^"]:
            self.at += 2
            return exponential(self.braced())
        base = self.atom()
        while self.took("^"):
            if self.tokens[self.at : self.at + 3] == ["{", r"\top", "}"]:
                self.at += 3
                base = Interval(base.low.T, base.high.T)
            else:
                base = power(base, self.braced())
        return base

    def braced(self):
        self.take("{")
        result = self.sum()
        self.take("}")
        return result

    def atom(self):
        token = self.take()
        if token[0].isdigit() or token[0] == ".":
            return self.number(token)
        if token == "{":
            self.at -= 1
            return self.braced()
        if token == r"\pi":
            return Interval(np.pi)
        if token == r"\infty":
            return Interval(np.inf)
        if token == r"\frac":
            return divide(self.braced(), self.braced())
        if token == r"\sqrt":
            return rising(np.sqrt, 0.0)(self.braced())
        if token == r"\left":
            if self.next in BRACKETS:
                return self.bracketed()
            if self.took("|"):
                operand = self.sum()
                self.take(r"\right")
                self.take("|")
                return absolute(operand)
            self.at -= 1
            return self.arguments(1)[0]
        if token == r"\begin{bmatrix}":
            return self.matrix()
        if token == r"\mathbb{1}":
            return self.indicator()
        if token in FUNCTIONS or token in [rf"\mathrm{{{name}}}" for name in NAMED]:
            return self.function(token.removeprefix(r"\mathrm{").removesuffix("}"))
        raise Unreadable(f"{token} is no number")

    def number(self, token):
        power_of_ten = 0
        if self.tokens[self.at : self.at + 4] == [r"\times", "10", "^", "{"]:
            self.at += 4
            sign = -1 if self.took("-") else 1
            power_of_ten = sign * int(self.take())
            self.take("}")
        decimals = len(token.partition(".")[2])
        scale = Fraction(10) ** power_of_ten
        fewest = 2 if power_of_ten else self.digits  # never fewer than three significant digits
        half = scale / 2 / 10**decimals if self.rounded and decimals >= fewest else Fraction(0)
        value = Fraction(token) * scale
        if value + half > LARGEST:
            return Interval(LARGEST, np.inf)
        self.largest = max(self.largest, float(value))
        return widened(float(value - half), float(value + half)) if half else Interval(float(value))

    def arguments(self, count):
        self.take(r"\left")
        self.take("(")
        found = [self.sum()]
        while self.took(","):
            found.append(self.sum())
        self.take(r"\right")
        self.take(")")
        if len(found) != count:
            raise Unreadable(f"{len(found)} arguments where {count} belong")
        return found

    def bracketed(self):
        """Between the brackets that round down or up."""
        closing, direction = BRACKETS[self.take()]
        operand = self.sum()
        self.take(r"\right")
        self.take(closing)
        return rounded_to_whole(operand, direction)

    def matrix(self):
        rows = [[]]
        while True:
            rows[-1].append(self.sum())
            if self.took(r"\\"):
                rows.append([])
            elif not self.took("&"):
                self.take(r"\end{bmatrix}")
                break
        if any(len(row) != len(rows[0]) or any(cell.shape for cell in row) for row in rows):
            raise ArithmeticError("a matrix with rows of different lengths")
        low, high = ([[getattr(cell, end) for cell in row] for row in rows] for end in ("low", "high"))
        return Interval(np.array(low, dtype=float), np.array(high, dtype=float))

    def indicator(self):
        self.take("[")
        operand = self.sum()
        self.take(">")
        self.take("0")
        self.take("]")
        return Interval((operand.low > 0).astype(float), (operand.high > 0).astype(float))

    def function(self, name):
        if name in (r"\max", r"\min"):
            first, second = self.arguments(2)
            chosen = np.maximum if name == r"\max" else np.minimum
            return Interval(chosen(first.low, second.low), chosen(first.high, second.high))
        operand = self.arguments(1)[0]
        if name in RISING:
            return RISING[name](operand)
        if not operand.shape:
            return Interval(1.0) if name == "softmax" else operand
        if name == "turn":
            return Interval(operand.low[::-1, ::-1], operand.high[::-1, ::-1])
        if name == "diag":
            return Interval(np.diag(operand.low[:, 0]), np.diag(operand.high[:, 0]))
        if name == "softmax":
            if self.axis is None and 1 not in operand.shape:
                raise Unreadable("softmax of a matrix: by rows or by columns?")
            return softmax(operand, (0 if operand.shape[1] == 1 else 1) if self.axis is None else self.axis)
        return total(operand, 1 if name == "rowsum" else 0, keep=True)


def without_names(found):
    """The matrix that has names, without them."""
    body = found["body"].rpartition("\\hline\n")[2]
    lines = body.split(" \\\\\n")
    if found["beside"]:
        lines = [line.partition(" & ")[2] for line in lines]
    return r"\begin{bmatrix}" + r" \\ ".join(lines) + r"\end{bmatrix}"


def as_rows(operand):
    """A number as a matrix with one entry."""
    return operand if operand.shape else Interval(operand.low.reshape(1, 1), operand.high.reshape(1, 1))


def read(text, *, rounded, digits=4, axis=None, slides=()):
    """The interval of a printed relation, and the largest number in it.

    Raises:
        Unreadable: it holds symbols or elided parts.
        ArithmeticError: it can be read, but makes no sense (shapes that do not meet).

    >>> read(r"0.5 \\cdot \\left(-2\\right) + 1.0000", rounded=False)[0].contains(0)
    True
    >>> read(r"\\frac{1}{3}", rounded=False)[0].contains(0.3333)
    False
    >>> read("0.3333", rounded=True)[0].contains(1 / 3), read("0.3334", rounded=True)[0].contains(1 / 3)
    (True, False)
    >>> read(r"\\left\\lfloor \\frac{30 + 2 - 4}{4} \\right\\rfloor", rounded=False)[0]
    [7.0, 7.0]
    >>> read(r"\\left\\lceil \\frac{7}{2} \\right\\rceil", rounded=False)[0]
    [4.0, 4.0]
    >>> read(r"2 \\times 10 \\times 4", rounded=False)[0]
    [[[2.0, 10.0, 4.0]], [[2.0, 10.0, 4.0]]]
    """
    reader = Reader(WITH_NAMES.sub(without_names, text), rounded, digits, axis, slides)
    with np.errstate(all="ignore"):
        return reader.whole(), reader.largest
