"""Quantities of calculations quoted in a text: their numbers, their formulas, and symbols by their names.

`{cell.f_1}` is the number of the step f_1 of the calculation `cell`; `{cell.f_1=}` has its name before it, f₁ ≈ 0.9526.
`{net.h_1[0]}` is one entry of several, counted from 0, and `{net.W[0][1]}` an entry of a matrix; a vector without an
index is all its numbers. `{cell.c_1:formula}` is what the step is made of, c₁ = f₁ c₀ + i₁ c̃₁. `{c_t-1}` is the symbol
of that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from explain.engine.names import word
from explain.engine.notation import Notation, Row, Word, listed, related
from explain.engine.prose import SYMBOLIC, Prose
from explain.engine.rounding import number_word
from explain.engine.shapes import Shape
from explain.page.figures import Figures
from explain.quantities import entry_word

if TYPE_CHECKING:
    from explain.engine.answer import Answer
    from explain.engine.nodes.base import Symbol

PLACE = re.compile(r"\{([^{}]*)\}")
QUANTITY = re.compile(
    r"(?:(?P<of>[a-z][a-z0-9_]*)\.)?(?P<name>[^\[\]:.=]+)(?P<index>(?:\[\d+\])*)(?P<form>=|:formula)?"
)


class Place(NamedTuple):
    """What stands between braces: the calculation (empty for a symbol alone), the quantity, the entry, the form."""

    of: str
    name: str
    at: tuple[int, ...] = ()
    form: str = ""


def places(text: str) -> Iterator[Place]:
    """What a text quotes, in order.

    >>> list(places("{c_t} is {cell.c_1[0]}"))[1]
    Place(of='cell', name='c_1', at=(0,), form='')
    """
    return map(_place, PLACE.findall(text))


def _place(inside: str) -> Place:
    found = QUANTITY.fullmatch(inside)
    if found is None:
        raise ValueError(f"{{{inside}}} quotes nothing: write a symbol, or a calculation, a dot and the name of a step")
    index = tuple(map(int, re.findall(r"\d+", found["index"])))
    return Place(found["of"] or "", found["name"], index, found["form"] or "")


def filled(text: str, answers: Mapping[str, Answer], digits: int) -> Prose:
    """The text with its quotations put in, spaces and line ends as single spaces."""
    pieces = PLACE.split(" ".join(text.split()))
    said = [piece if at % 2 == 0 else _quoted(_place(piece), answers, digits) for at, piece in enumerate(pieces)]
    return tuple(piece for piece in said if piece != "")


def _quoted(place: Place, answers: Mapping[str, Answer], digits: int) -> Notation:
    if not place.of:
        return word(place.name)
    answer = answers[place.of].having(place.name)
    symbol = answer.symbol(place.name)
    if place.form == ":formula":
        return related(symbol.word, "=", SYMBOLIC.write(answer[place.name].expression))
    figures = Figures(answer, digits)
    written, exact = _number(place, symbol, answer, figures)
    if not place.form:
        return written
    if len(written.parts) > 1 and place.name in answer.values and not place.at:
        written = Row([Word("[", r"\lbrack "), written, Word("]", r"\rbrack ")])
    name = entry_word(answer, symbol, _index(place, symbol.shape)) if place.at else symbol.word
    return related(name, "=" if exact else "≈", written)


def _number(place: Place, symbol: Symbol, answer: Answer, figures: Figures) -> tuple[Notation, bool]:
    """The number as the page shows it, and whether it is exact; several of a vector in a list."""
    if place.name not in answer.values:
        closed = figures.closed(place.name)
        assert closed is not None, place
        return closed
    shape = answer.values[place.name].shape
    if all(size == 1 for size in shape) or (len(shape) == 1 and not place.at):
        return figures.figure(symbol)
    if place.at:
        shown = figures.entry(place.name, _index(place, shape))
        return number_word(shown.text, place.name), shown.exact
    several = [size for size in shape if size != 1]
    assert len(several) == 1, f"{place}: give row and column"
    every = [figures.entry(place.name, _index(Place("", "", (at,)), shape)) for at in range(several[0])]
    return listed([number_word(shown.text, place.name) for shown in every]), all(shown.exact for shown in every)


def _index(place: Place, shape: Shape) -> tuple[int, ...]:
    """The entry that is meant; one number counts along a row or a column."""
    if len(place.at) == len(shape):
        return place.at
    along = next(axis for axis, size in enumerate(shape) if size != 1)
    return tuple(place.at[0] if axis == along else 0 for axis in range(len(shape)))
