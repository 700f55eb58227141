"""The letters of index formulas, told once on a page: which of them count rows, columns, channels, filters, samples."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from explain.engine.notation import Notation, Operator, Word
from explain.engine.prose import Prose
from explain.page.model import Equation

SUMMED = re.compile(r"(?:Σ|max)\[([a-z](?:,[a-z])*)[\] ]")
OF_LETTERS = ("Σ[", "max[")  # how they begin
INDEX = re.compile(r"\[([^\]]*)\]$")
WHAT = {2: " are row and column", 1: " is the place"}  # said of the first ones
TOLD = (Word, Operator)  # a tuple: twice as quick as a union
COUNTED = (("f", "filter"), ("c", "channel"), ("n", "sample"))


def letters_told(equations: Iterable[Equation]) -> Prose:
    """`indices count from 1: i, j are row and column of the entry, …`; empty where there are none."""
    letters: set[str] = set()
    outer: set[str] = set()  # those of every entry that is written with letters, summed over or not
    slides, pools = False, False
    for equation in equations:
        found = [mark for _, notation in equation.relations if (mark := _summed(notation)) is not None]
        entry = INDEX.search(equation.left.text) if isinstance(equation.left, Word) else None
        outer.update(entry[1].split(", ") if entry else ())
        letters.update(*(summed.split(",") for summed, _ in found))
        slides = slides or any(sliding for _, sliding in found)
        pools = pools or any(not sliding for _, sliding in found)
    if not letters:
        return ()
    letters |= outer
    window = "kernel or the window" if slides and pools else "kernel" if slides else "window"
    places = _places((("ij", "of the entry"), ("uv", f"in the {window}"), ("pq", "of those summed over")), letters)
    counted = [(Word(letter, letter), what) for letter, what in COUNTED if letter in letters]
    told: list[str | Notation] = ["indices count from 1: ", *places]
    for at, (letter, what) in enumerate(counted):
        told += ["; " if not at and places else ", " if at else "", letter, f" {'' if at else 'is '}{what}"]
    told.append("; outside stands 0" if slides and letters & {"p", "q"} else "")
    return tuple(part for part in told if part != "")


def _summed(notation: Notation) -> tuple[str, bool] | None:
    """What an index formula sums over, and whether it is one of a sliding kernel, not of pooling."""
    if isinstance(notation, TOLD):
        matched = SUMMED.match(notation.text) if notation.text.startswith(OF_LETTERS) else None
        return None if matched is None else (matched[1], isinstance(notation, Word))
    for part in notation.parts:
        found = _summed(part)
        if found is not None:
            return found
    return None


def _places(pairs: Sequence[tuple[str, str]], letters: set[str]) -> Prose:
    """`i, j are row and column of the entry, u, v in the kernel`."""
    told: list[str | Notation] = []
    for pair, where in pairs:
        there = [letter for letter in pair if letter in letters]
        if there:
            named = [part for letter in there for part in (", ", Word(letter, letter))][1:]
            told += [*([", "] if told else []), *named, f"{'' if told else WHAT[len(there)]} {where}"]
    return tuple(told)
