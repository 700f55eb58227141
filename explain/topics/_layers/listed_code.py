"""Code that was given as text, printed with the numbers of its lines: the page speaks of them."""

from __future__ import annotations

from collections.abc import Iterable

from explain.code.parts import Model
from explain.code.source import parse
from explain.errors import printable
from explain.render.glyphs import width_of

WIDEST = 76  # columns
MOST = 60  # lines
BROKEN = "\u21aa"  # stands before the rest of a line that is too long


def listed(text: str, model: Model) -> list[str]:
    r"""The lines with their numbers; of long code those that build the model.

    >>> listed("a = 3\nb = Dense(a)", Model("keras", "", [], [], ()))
    ['1  a = 3', '2  b = Dense(a)']
    """
    lines = [line.decode(errors="replace") for line in parse(text.rstrip()).lines]  # those that are numbered
    kept = range(1, len(lines) + 1) if len(lines) <= MOST else _building(model, len(lines))
    width = len(str(len(lines)))
    found: list[str] = []
    before = 0
    for number in kept:
        if number > before + 1:
            found.append("…".rjust(width))
        found += _broken(printable(lines[number - 1].expandtabs(4).rstrip()), number, width)
        before = number
    if before < len(lines):
        found.append("…".rjust(width))
    return found


def _building(model: Model, last: int) -> Iterable[int]:
    """The lines of inputs and layers, and those that something is said about."""
    said = {item.line for item in model.inputs} | {item.line for item in model.calls}
    said |= {item.line for item in model.remarks}
    return [line for line in sorted(said) if 0 < line <= last][:MOST]


def _broken(line: str, number: int, width: int) -> list[str]:
    """One line of code in rows that are not too wide; the rest of a row stands behind a mark."""
    found, start = [], f"{number:>{width}}  "
    while width_of(start + line) > WIDEST:
        room = WIDEST - width_of(start)
        while width_of(line[:room]) > WIDEST - width_of(start):
            room -= 1
        blank = max(line.rfind(sign, room // 2, room - 1) for sign in " ,")
        blank = blank if blank >= 0 else line.rfind("(", room // 2, room - 1)
        at = blank + 1 if blank > len(line) - len(line.lstrip()) else room
        found.append(start + line[:at].rstrip())
        line, start = line[at:].lstrip(), f"{'':>{width}}  {BROKEN} "
    return [*found, (start + line).rstrip()]
