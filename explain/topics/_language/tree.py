"""A search drawn: the tree of hypotheses in text, and the table of all candidates."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.answer import Cell, Column, Table
from explain.engine.functions import LOG
from explain.engine.nodes.base import Symbol
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.topics._language.search import Hypothesis, Model, Round

MOST_LINES = 36  # of the tree; of a larger one only what is kept is drawn
MOST_ROWS = 40  # of the table
WIDEST = 76


def drawn(sheet: Worksheet, model: Model, rounds: Sequence[Round], best: Hypothesis, needs: Sequence[Symbol]) -> None:
    """The tree, one candidate a line: its token, its probability, and whether it was kept."""
    every = sum(len(done.candidates) for done in rounds) < MOST_LINES
    marks: dict[tuple[int, ...], str] = {}
    children: dict[tuple[int, ...], list[Hypothesis]] = {}
    for done in rounds:
        for at, (_, found) in enumerate(done.candidates):
            if at < done.kept or every:
                children.setdefault(found.tokens[:-1], []).append(found)
            if at < done.kept:
                marks[found.tokens] = "ended" if at in done.ended else "kept"
    marks[best.tokens] = "best"
    lines = _branches(model, children, marks, (), "")
    width = max(len(text) for text, _, _ in lines) + 2
    numbers = max(len(number) for _, number, _ in lines)
    told = ["start", *(f"{text:<{width}}{number:<{numbers}}  {mark}".rstrip() for text, number, mark in lines)]
    if len(told) > 2 * MOST_LINES or max(map(len, told)) > WIDEST:
        return
    shown = "; what has no mark is dropped" if every else "; what is dropped is left out"
    sheet.drawing(f"The tree: each token, and the probability of all tokens up to it{shown}", told, needs)


def _branches(
    model: Model,
    children: dict[tuple[int, ...], list[Hypothesis]],
    marks: dict[tuple[int, ...], str],
    prefix: tuple[int, ...],
    indent: str,
) -> list[tuple[str, str, str]]:
    """The lines below a prefix: what stands in front of the number, the number, and the mark."""
    lines = []
    below = sorted(children.get(prefix, []), key=lambda found: found.tokens)
    for found in below:
        last = found is below[-1]
        text = f"{indent}{'└─ ' if last else '├─ '}{model.names[found.tokens[-1]]}"
        lines.append((text, tidy(float(found.p)), marks.get(found.tokens, "")))
        lines += _branches(model, children, marks, found.tokens, indent + ("   " if last else "│  "))
    return lines


def candidates(sheet: Worksheet, model: Model, rounds: Sequence[Round], products: Sequence[Symbol]) -> None:
    """All candidates of every step with their logarithms; of many those that are kept and the best that is dropped."""
    total = sum(len(done.candidates) for done in rounds)
    rows: list[list[Cell]] = []
    for step, (done, C) in enumerate(zip(rounds, products, strict=True), 1):
        for at, (place, found) in enumerate(done.candidates):
            if total > MOST_ROWS and at > done.kept:
                break
            log: Cell = LOG(C.entry(place)) if found.p else ("-∞",)
            end = "kept, ended" if at in done.ended else "kept" if at < done.kept else "dropped"
            rows.append([step, (model.told(found.tokens),), C.entry(place), log, (end,)])
    columns = [Column("step", True), Column("candidate"), Column("probability", True), Column("log", True), Column("")]
    note = ("of each step only what is kept, and the best of what is dropped",) if total > MOST_ROWS else ()
    needs = tuple(C.name for C in products)
    sheet.tables.append(
        Table("Candidates of every step, the most probable first", columns, rows, note=note, needs=needs)
    )
