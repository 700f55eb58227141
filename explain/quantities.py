"""Quantities of worked answers by their typed names: `f_1`, `cell.f_1`, `alpha[1]`, `dL/dW_1[0][1]`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.names import subscript, word
from explain.engine.nodes.base import Index, Symbol, entry_label
from explain.engine.notation import QUOTIENT, Notation, Word
from explain.engine.rounding import Shown, number_word
from explain.errors import InputError, shown
from explain.formulas.tree import FUNCTIONS, OTHER_NAMES
from explain.formulas.words import plain_name

if TYPE_CHECKING:
    from explain.engine.answer import Answer

LISTED = 8  # entries that are written out
NO_TRANSPOSE = r"[^\W\d]\w*(?=\.(?!T\b))"
QUANTITY = re.compile(
    rf"(?<![\w.])(?:(?P<of>{NO_TRANSPOSE})\.)?"
    r"(?P<name>d[A-Za-z]\w*/d[A-Za-z]\w*|[^\W\d]\w*)(?P<index>(?:\[[0-9]{1,6}\])*)(?![\w(])"
)


class Quantity(NamedTuple):
    """A step or a given quantity of a calculation (of the only one where `of` is empty), or some entries of it."""

    of: str
    name: str
    entries: Index

    @classmethod
    def read(cls, text: str, where: str) -> Quantity:
        """A quantity from text.

        >>> Quantity.read("cell.dL/dW_f[0][1]", "slip")
        Quantity(of='cell', name='dL/dW_f', entries=(0, 1))

        Raises:
            InputError: the text is no name of a step.
        """
        match = QUANTITY.fullmatch(text.strip())
        if match is None:
            raise InputError(f"{where}: {shown(text)} is no step: write its name, and entries from 0, as in W_1[0][1]")
        return cls.matched(match)

    @classmethod
    def matched(cls, match: re.Match[str]) -> Quantity:
        """The quantity of a match of QUANTITY."""
        index = tuple(int(place) for place in re.findall(r"\[(\d+)\]", match["index"]))
        name = match["name"]
        return cls(match["of"] or "", name if "/" in name else plain_name(name) or name, index)

    @property
    def typed(self) -> str:
        """The quantity as it is typed."""
        return (f"{self.of}." if self.of else "") + self.name + "".join(f"[{at}]" for at in self.entries)


def named(text: str) -> tuple[str, dict[str, Quantity]]:
    """A text in which every quantity has a name that formulas can read, and what these names stand for.

    >>> named("a.f_1 + x < 2")[0]
    'q0    + x < 2'
    """
    found: dict[str, Quantity] = {}
    pattern = _reading(text)
    own = {match["name"] for match in pattern.finditer(text)}
    free = (name for at in range(len(text)) if (name := f"q{at}") not in own)

    def key_of(match: re.Match[str]) -> str:
        if match[0] in FUNCTIONS or match[0] in OTHER_NAMES:
            return match[0]
        quantity = Quantity.matched(match)
        plain = quantity.typed == quantity.name and "/" not in quantity.name
        known = next((key for key, other in found.items() if other == quantity), None)
        key = quantity.name if plain else known or next(free)
        found[key] = quantity
        return match[0] if plain else key.ljust(len(match[0]))

    return pattern.sub(key_of, text), found


def _reading(text: str) -> re.Pattern[str]:
    """QUANTITY; where another step of `chain` is spoken of, `chain.T` is its step T and no transpose."""
    known = {match["of"] for match in QUANTITY.finditer(text) if match["of"]}
    if not any(f"{name}.T" in text for name in known):
        return QUANTITY
    steps = rf"(?:{'|'.join(sorted(known))})(?=\.)"
    return re.compile(QUANTITY.pattern.replace(NO_TRANSPOSE, f"{steps}|{NO_TRANSPOSE}", 1))


class Figure(NamedTuple):
    """A quantity with its value, how it is written, its numbers, its one number as shown (None: it has several).

    `exactly`: nothing of the numbers is rounded away.
    """

    symbol: Symbol
    value: Any
    written: Notation
    number: Shown | None
    exactly: bool

    @property
    def exact(self) -> Fraction | None:
        """The one number as a fraction, where nothing of it is rounded away."""
        if self.number is None or not self.number.exact:
            return None
        try:
            return Fraction(self.number.text)
        except ValueError:  # with a power of ten, or without end
            return None

    @property
    def put_in(self) -> Any:
        """What is put into a formula, as floats; ValueError where several are rounded."""
        import numpy as np

        if self.exactly:
            return np.asarray(self.value, dtype=np.float64)
        if self.number is None:
            raise ValueError(self.symbol.name)
        return np.asarray(float(self.number.text))  # ValueError with a power of ten


def figure(
    quantity: Quantity, answers: Mapping[str, Answer], digits: int, where: str, others: Sequence[Quantity] = ()
) -> Figure:
    """A quantity of an answer.

    Args:
        answers: each calculation by its name; the only one may have the name "".
        others: what else is spoken of: the calculation is written beside a name only where there are two.

    Raises:
        InputError: a calculation, a step or an entry that is not there, or that has no numbers.
    """
    from explain.page.figures import Figures

    name = quantity.name
    try:
        answer = _answer(quantity, answers, where).having(name)
    except InputError as error:
        raise InputError(f"{where}: {str(error).removeprefix(f'{where}: ')}") from error
    if name not in answer.values:
        known = name in answer.names or any(item.symbol.name == name for item in answer.given)
        told = "stays in symbols: it has no number" if known else f"is no step: there are {', '.join(answer.names)}"
        raise InputError(f"{where}: {shown(quantity.typed)} {told}")
    whole = answer.values[name]
    index = _place(quantity, whole.shape, where)
    value: Any = whole[index]
    axes = getattr(value, "ndim", 0)
    if axes > 2:
        raise InputError(f"{where}: {quantity.typed} has {axes} axes: name an entry or a row of it, {name}[0][0]")
    figures = Figures(answer, digits)
    if getattr(value, "size", 1) == 1:
        number = figures.entry(name, index + (0,) * axes)
        symbol = _symbol(quantity, answer, index, (), others)
        return Figure(symbol, value.reshape(())[()] if axes else value, number_word(number.text), number, number.exact)
    if axes == 1:  # a row of a matrix, or sizes
        value = value.reshape(1, -1)
    symbol = _symbol(quantity, answer, index, value.shape, others)
    if value.size > LISTED:
        return Figure(symbol, value, symbol.word, None, False)
    places = [(*index, *rest) for rest in product(*map(range, whole.shape[len(index) :]))]
    numbers = [figures.entry(name, place) for place in places]
    columns = value.shape[1] if min(value.shape) > 1 else value.size
    return Figure(symbol, value, listed(numbers, columns), None, all(number.exact for number in numbers))


def _answer(quantity: Quantity, answers: Mapping[str, Answer], where: str) -> Answer:
    if quantity.of in answers:
        return answers[quantity.of]
    if not quantity.of and len(answers) == 1:
        return next(iter(answers.values()))
    known = ", ".join(name for name in answers if name)
    told = f"{shown(quantity.of)} is no calculation here: " + (f"there are {known}" if known else "there is only one")
    if not quantity.of:
        told = f"{shown(quantity.name)} of which calculation? write {next(iter(answers), 'a')}.{quantity.name}"
    raise InputError(f"{where}: {told}")


def _place(quantity: Quantity, shape: Sequence[int], where: str) -> Index:
    """The place of the entries; one number for a row or a column counts its entries."""
    index = quantity.entries
    if len(index) == 1 and len(shape) == 2 and 1 in shape:
        index = (0, *index) if shape[0] == 1 else (*index, 0)
    if len(index) > len(shape) or any(at >= size for at, size in zip(index, shape, strict=False)):
        size = "×".join(map(str, shape)) or "one number"
        raise InputError(f"{where}: {quantity.typed} is not there: {quantity.name} is {size}, counted from 0")
    return index


def _symbol(
    quantity: Quantity, answer: Answer, index: Index, shape: tuple[int, ...], others: Sequence[Quantity]
) -> Symbol:
    """How the quantity is written: with its calculation where two of them are spoken of."""
    whole = answer.symbol(quantity.name)
    written = whole.word
    if len(index) == len(whole.shape) > 0:
        written = entry_word(answer, whole, index)
    elif index:  # a row, written as formulas write it: X[1,:]
        place = ",".join([*(str(at + 1) for at in index), *":" * (len(whole.shape) - len(index))])
        row = Word(f"[{place}]", rf"\lbrack {place}\rbrack ")
        written = Word(written.text + row.text, written.latex + row.latex, key=written.key)
    if quantity.of and len({other.of for other in others}) > 1:
        of = quantity.of.replace("_", " ")
        written = Word(f"{written.text} ({of})", rf"{written.latex} \text{{ ({of})}}", key=written.key)
    alone = not quantity.entries and [other.name for other in others].count(quantity.name) < 2
    return Symbol(quantity.name if alone else quantity.typed, shape, written)


def entry_word(answer: Answer, symbol: Symbol, index: Index) -> Word:
    """How one entry is written: by the symbol of the page, θ′₂; of a Jacobian as a derivative, ∂p₁/∂z₂."""
    label = entry_label(index, symbol.shape)
    top, bar, bottom = symbol.name.removeprefix("d").partition("/d")
    if bar and {top, bottom} <= answer.values.keys():
        sizes = answer.values[top].size, answer.values[bottom].size
        if sizes[0] > 1 and sizes == tuple(symbol.shape):
            of, by = (word(name, str(at + 1)) for name, at in zip((top, bottom), index, strict=True))
            latex = rf"\frac{{\partial {of.latex}}}{{\partial {by.latex}}}"
            return Word(f"∂{of.text}/∂{by.text}", latex, key=symbol.name, level=QUOTIENT)
    own = symbol.word
    if own.text.endswith("′") and "/" not in own.text:
        return Word(own.text + subscript(label), rf"{{{own.latex}}}_{{{label}}}", key=own.key)
    return word(symbol.name, label)


def listed(numbers: Sequence[Shown], columns: int | None = None) -> Notation:
    """Several numbers in one line: `[0.25, 0.75]`; of a matrix row by row, `[1, 0; 2, 2]`."""
    places = range(0, len(numbers), columns or len(numbers))
    rows = [", ".join(number.text for number in numbers[at : at + places.step]) for at in places]
    text = "; ".join(rows)
    return Word(f"[{text}]", rf"\lbrack {text}\rbrack ", number=True)
