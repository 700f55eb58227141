"""The page: what is printed, in order, before any output format is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import groupby

from explain.engine.answer import Column, Drawing
from explain.engine.notation import Notation
from explain.engine.prose import Prose


@dataclass(slots=True)
class Equation:
    """`left = first = second …`; a label in front makes it a line of side work.

    A `continued` equation goes on from the one before: its left side is not written again. A `compact` one is one
    line of a section of several.
    """

    left: Notation | None
    relations: list[tuple[str, Notation]]
    label: Prose = ()
    continued: bool = False
    compact: bool = False


Line = Equation | Prose


@dataclass(slots=True)
class Section:
    """One step: what is done, its shapes, why, and the lines of working.

    Sections with the same number are printed as one: the title of the first, every why, every line. A `dense` one has
    a matrix of which only the corners can be shown: it is laid out in few lines.
    """

    step: str
    number: int
    title: Prose
    shapes: str
    why: Prose
    lines: list[Line]
    dense: bool = False


@dataclass(slots=True)
class GivenLine:
    """One given quantity; without a value it is a symbol. Numbers of a program may be too long to be exact here."""

    symbol: Notation
    value: Notation | None
    shape: str
    meaning: Prose
    exact: bool = True


@dataclass(slots=True)
class Tabular:
    """A table, ready to be written: every cell a sentence; the last `totals` rows stand under a rule."""

    title: str
    columns: Sequence[Column]
    rows: list[list[Prose]]
    totals: int
    note: Prose


@dataclass(slots=True)
class Page:
    """A whole worked answer, ready to be written in any format."""

    title: str
    source: str
    given: list[GivenLine]
    conventions: list[Prose]
    find: list[Notation]
    parts: list[tuple[str, list[Section]]] = field(default_factory=list)
    results: list[Equation] = field(default_factory=list)
    checks: list[tuple[bool, Prose]] = field(default_factory=list)
    detail: str = "exam"
    digits: int = 4
    tables: list[Tabular] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)


def grouped(sections: Sequence[Section]) -> list[list[Section]]:
    """Sections that are printed as one, together."""
    return [list(group) for _, group in groupby(sections, lambda section: section.number)]


def joined(sentences: Sequence[Prose]) -> Prose:
    """Several reasons as one sentence."""
    parts = [sentence for sentence in sentences if sentence]
    return tuple(piece for at, part in enumerate(parts) for piece in (("; ", *part) if at else part))
