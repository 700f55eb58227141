"""The page: what is printed, in order, before any output format is chosen."""

from __future__ import annotations

from dataclasses import dataclass, field

from explain.engine.notation import Notation
from explain.engine.prose import Prose


@dataclass(slots=True)
class Equation:
    """`left = first = second …`; a label in front makes it a line of side work.

    A `continued` equation goes on from the one before: its left side is not written again.
    """

    left: Notation | None
    relations: list[tuple[str, Notation]]
    label: Prose = ()
    continued: bool = False


Line = Equation | Prose


@dataclass(slots=True)
class Section:
    """One step: what is done, its shapes, why, and the lines of working."""

    number: int
    title: Prose
    shapes: str
    why: Prose
    lines: list[Line]


@dataclass(slots=True)
class GivenLine:
    """One given quantity; without a value it is a symbol."""

    symbol: Notation
    value: Notation | None
    shape: str
    meaning: Prose


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
