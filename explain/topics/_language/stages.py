"""A distribution on its way to the choice of a token: the table of its stages, its interval drawn, a second route."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from explain.engine.answer import Cell, Column, Table
from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._language.tables import token_name

MOST_ROWS = 20  # of the table
WIDE = 60  # characters of the interval from 0 to 1


class Stage(NamedTuple):
    """A distribution on the way, and what it is called in the table."""

    symbol: Symbol
    heading: str


def check_infinite(sheet: Worksheet, start: Symbol, T: Symbol | None, stages: Sequence[Stage]) -> None:
    """What a program does: the scores of dropped tokens are set to -∞ and softmax is taken once."""
    import numpy as np

    last = stages[-1].symbol
    if len(stages) < 2:
        return
    with np.errstate(divide="ignore"):
        given = sheet.values[start.name][0]
        scores = given if start.name == "z" else np.log(given)
    found = sheet.values[last.name][0]
    scaled = np.where(found > 0, scores / (1.0 if T is None else float(sheet.values["T"])), -np.inf)
    powers = np.exp(scaled - scaled.max())
    what = "the logits" if start.name == "z" else "log {p}"
    divided = "" if T is None else ", divided by {T}"
    dropped = "" if found.all() else ", -∞ in place of dropped tokens as in a program"
    text = f"one softmax over {what}{divided}{dropped} gives the same {{q}}"
    same = bool(np.allclose(powers / powers.sum(), found / found.sum(), rtol=1e-9, atol=1e-12))
    sheet.check(same, [last], say(text, q=last, p=start, T=T or ""))


def stage_table(sheet: Worksheet, stages: Sequence[Stage], names: Sequence[str] | None) -> None:
    """Every token with its probability after each stage."""
    size = int(stages[0].symbol.shape[1])
    if len(stages) < 2 or size > MOST_ROWS:
        return
    columns = [Column("token"), *(Column(stage.heading, True) for stage in stages)]
    rows: list[list[Cell]] = [
        [(token_name(names, at),), *(stage.symbol.entry((0, at)) for stage in stages)] for at in range(size)
    ]
    sheet.tables.append(
        Table("Probabilities after each stage", columns, rows, needs=tuple(s.symbol.name for s in stages[1:]))
    )


def interval(sheet: Worksheet, F: Symbol, u: float, names: Sequence[str] | None) -> None:
    """The interval from 0 to 1, cut at the cumulative sums, with u marked."""
    sums = [0.0, *map(float, sheet.values[F.name][0])]
    if len(sums) > WIDE // 8:
        return
    places = [round(at * WIDE) for at in sums]
    bar, told = ["-"] * (WIDE + 1), [" "] * (WIDE + 1)
    for at, (left, right) in enumerate(pairwise(places)):
        name = token_name(names, at) if names is not None else str(at)
        if right - left > len(name) + 1:
            begin = (left + right - len(name)) // 2 + 1
            told[begin : begin + len(name)] = name
    for place in places:
        bar[place] = "|"
    mark = min(round(u * WIDE), WIDE)
    lines = ["0" + " " * (WIDE - 1) + "1", "".join(bar), "".join(told).rstrip(), " " * mark + "^ u"]
    sheet.drawing("The interval from 0 to 1, one piece a token, cut at the cumulative sums F", lines, [F])
