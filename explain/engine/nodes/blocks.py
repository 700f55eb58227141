"""Matrices stacked one upon the other, and taken apart again by their rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.notation import ATOM, Grid, Notation, Row, Word, held
from explain.engine.shapes import Shape, ShapeError
from explain.engine.shapes import write as written

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class Stack(Node):
    """One matrix upon another of the same width: `[h; x]`."""

    __slots__ = ()

    def __init__(self, first: Node, second: Node) -> None:
        self.operands = (first, second)
        self.shape = _stacked(first.shape, second.shape)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.vstack(list(values))

    def entry(self, index: Index) -> Node:
        first, second = self.operands
        above = int(first.shape[0])
        row, *rest = index
        return first.entry(index) if row < above else second.entry((row - above, *rest))

    def write(self, style: Style) -> Notation:
        first, second = (style.write(operand) for operand in self.operands)
        if style.numbers and not any(isinstance(operand, Stack) for operand in self.operands):
            upper, lower = _rows(first), _rows(second)
            if upper is not None and lower is not None:
                return Grid([*upper, *lower], first.columns if isinstance(first, Grid) else [0])
        return Row([Word("[", r"\left["), first, Word("; ", "; "), second, Word("]", r"\right]")])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        above, total = int(self.operands[0].shape[0]), int(self.shape[0])
        return [Rows(seed, 0, above), Rows(seed, above, total)]


class Rows(Node):
    """The rows from `start` up to, but not with, `stop` of a matrix; counted from 1 where they are written."""

    __slots__ = ("start", "stop")

    def __init__(self, operand: Node, start: int, stop: int) -> None:
        self.operands = (operand,)
        self.start, self.stop = start, stop
        self.shape = (stop - start, *operand.shape[1:])

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Rows(operands[0], self.start, self.stop)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0][self.start : self.stop]

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry((index[0] + self.start, *index[1:]))

    def write(self, style: Style) -> Notation:
        first, last = self.start + 1, self.stop
        text = f"[{first}]" if first == last else f"[{first}…{last}]"
        inner = f"{first}" if first == last else rf"{first} \dots {last}"
        return Row([held(style.write(self.operands[0]), ATOM), Word(text, rf"_{{[{inner}]}}")])


def _stacked(first: Shape, second: Shape) -> Shape:
    if first[1:] != second[1:]:
        raise ShapeError(f"{written(first)} upon {written(second)}: the widths differ")
    above, below = first[0], second[0]
    total = above + below if isinstance(above, int) and isinstance(below, int) else f"{above}+{below}"
    return (total, *first[1:])


def _rows(part: Notation) -> Sequence[Sequence[Notation] | None] | None:
    """The rows of a matrix of numbers; a single number is one row."""
    if isinstance(part, Grid):
        return part.rows
    return [[part]] if isinstance(part, Word) and part.number else None
