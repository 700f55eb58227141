"""The table over the steps: parameters and what the optimiser remembers, or only lengths where there are many."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.answer import Cell, Column, Table
from explain.engine.names import word
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.reductions import total
from explain.topics._optimizers.course import Course

MOST_COLUMNS = 7
REMEMBERED = 2  # entries up to which what is remembered is listed by entries


def length(x: Node) -> Node:
    """The Euclidean length of all entries."""
    return sqrt(total(x**2))


def tabulated(run: Course, memories: Sequence[Sequence[Symbol]] = ()) -> None:
    """Add the table, where there are several steps.

    Args:
        memories: what is remembered, by steps, the first step first.
    """
    if len(run.theta) < 3:
        return
    few = len(run.problem.start) <= 3 and (not run.single or not run.theta[0].shape)
    columns = [Column("t", True)]
    columns += _heads("θ", run.theta[0], few)
    columns += [Column("f(θ)", True)] if run.formula is not None else []
    varied = run.formula is not None or not run.problem.constant
    columns += [Column("‖g‖" if run.theta[0].shape else "g", True)] if varied else []
    kept = []
    for memory in memories:
        heads = _heads(_letter(memory[0]), memory[0], len(run.problem.start) <= REMEMBERED)
        if len(columns) + len(heads) <= MOST_COLUMNS:
            columns += heads
            kept.append((memory, len(run.problem.start) <= REMEMBERED))
    rows: list[Sequence[Cell]] = []
    for t, theta in enumerate(run.theta):
        row: list[Cell] = [t, *_cells(theta, few)]
        row += [run.formula.value(theta)] if run.formula is not None else []
        if varied:
            g = run.raw[t - 1]
            row += [("",)] if t == 0 else [length(g) if g.shape else g]
        for memory, listed in kept:
            row += [("",)] * len(_cells(memory[0], listed)) if t == 0 else _cells(memory[t - 1], listed)
        rows.append(row)
    needs = tuple(symbol.name for symbol in run.theta[1:])
    run.sheet.tables.append(Table("All steps", columns, rows, note=_note(run, columns), needs=needs))


def _heads(letter: str, symbol: Symbol, few: bool) -> list[Column]:
    if not symbol.shape:
        return [Column(letter, True)]
    if not few:
        return [Column(f"‖{letter}‖", True)]
    word_of = Symbol(symbol.name, symbol.shape).word.key.partition("_")[0]
    return [Column(word(word_of, f"t,{at + 1}").text, True) for at in range(_count(symbol))]


def _cells(symbol: Symbol, few: bool) -> list[Cell]:
    if not symbol.shape:
        return [symbol]
    if not few:
        return [length(symbol)]
    rows, columns = (int(size) for size in symbol.shape)
    return [symbol.entry((row, column)) for row in range(rows) for column in range(columns)]


def _count(symbol: Symbol) -> int:
    rows, columns = (int(size) for size in symbol.shape)
    return rows * columns


def _letter(symbol: Symbol) -> str:
    """The letter of a quantity without its step: `m`, `v̂`."""
    return symbol.word.text.rstrip("₀₁₂₃₄₅₆₇₈₉")


def _note(run: Course, columns: Sequence[Column]) -> tuple[str, ...]:
    told = []
    if any("‖" in column.title for column in columns):
        told.append("‖ ‖ is the root of the sum of all squared entries")
    return ("; ".join([*told, *left_out(run)]),)


def left_out(run: Course) -> list[str]:
    """Which steps stand in the table only, and how to see them."""
    hidden = [t for t in range(1, run.problem.steps + 1) if t not in run.shown]
    if not hidden:
        return []
    which = f"step {hidden[0]}" if len(hidden) == 1 else f"steps {hidden[0]} to {hidden[-1]}"
    return [f"{which}: by the same formulas, worked where --find {run.theta[hidden[0]].name} asks for it"]
