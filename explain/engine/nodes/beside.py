"""Matrices side by side, and taken apart again by their columns: the heads of multi-head attention."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.notation import ATOM, GAP, Grid, Notation, Row, Word, held
from explain.engine.shapes import ShapeError
from explain.engine.shapes import write as written

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class Beside(Node):
    """Matrices of the same height side by side: `[H₁ H₂]`."""

    __slots__ = ()

    def __init__(self, *operands: Node) -> None:
        if len({operand.shape[0] for operand in operands}) > 1:
            told = " beside ".join(written(operand.shape) for operand in operands)
            raise ShapeError(f"{told}: the heights differ")
        self.operands = operands
        widths = [operand.shape[1] for operand in operands]
        known = [width for width in widths if isinstance(width, int)]
        whole: int | str = sum(known) if len(known) == len(widths) else "+".join(map(str, widths))
        self.shape = (operands[0].shape[0], whole)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.hstack(list(values))

    def entry(self, index: Index) -> Node:
        row, column = index
        for operand in self.operands:
            if column < int(operand.shape[1]):
                return operand.entry((row, column))
            column -= int(operand.shape[1])
        raise IndexError(index)

    def write(self, style: Style) -> Notation:
        parts = [style.write(operand) for operand in self.operands]
        grids = [part for part in parts if isinstance(part, Grid)]
        if style.numbers and len(grids) == len(parts) and all(None not in grid.columns for grid in grids):
            places = list(range(sum(len(grid.columns) for grid in grids)))
            lines = zip(*(grid.rows for grid in grids), strict=True)
            rows = [None if None in line else [c for cells in line for c in cells or ()] for line in lines]
            return Grid(rows, places)
        row: list[Notation] = [Word("[", r"\left[")]
        for at, part in enumerate(parts):
            row += [*([GAP] if at else []), held(part, ATOM)]
        return Row([*row, Word("]", r"\right]")])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        starts = [0]
        for operand in self.operands:
            starts.append(starts[-1] + int(operand.shape[1]))
        return [Columns(seed, start, stop) for start, stop in pairwise(starts)]


class Columns(Node):
    """The columns from `start` up to, but not with, `stop` of a matrix; counted from 1 where they are written."""

    __slots__ = ("start", "stop")

    def __init__(self, operand: Node, start: int, stop: int) -> None:
        self.operands = (operand,)
        self.start, self.stop = start, stop
        self.shape = (operand.shape[0], stop - start)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Columns(operands[0], self.start, self.stop)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0][:, self.start : self.stop]

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry((index[0], index[1] + self.start))

    def write(self, style: Style) -> Notation:
        first, last = self.start + 1, self.stop
        whole = style.write(self.operands[0])
        if style.numbers and isinstance(whole, Grid) and None not in whole.columns:
            rows = [None if row is None else row[self.start : self.stop] for row in whole.rows]
            only = rows[0]
            return (
                only[0]
                if len(rows) == 1 and only is not None and len(only) == 1
                else Grid(rows, [*range(last - first + 1)])
            )
        text = f"[:,{first}]" if first == last else f"[:,{first}…{last}]"
        inner = f"{first}" if first == last else rf"{first} \dots {last}"
        return Row([held(whole, ATOM), Word(text, rf"_{{[:,{inner}]}}")])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [Placed(seed, self.start, int(self.operands[0].shape[1]))]


class Placed(Node):
    """A matrix as some columns of a wider one that is zero elsewhere; `together` makes one matrix of such pieces."""

    __slots__ = ("start",)

    def __init__(self, operand: Node, start: int, width: int) -> None:
        self.operands = (operand,)
        self.start = start
        self.shape = (operand.shape[0], width)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Placed(operands[0], self.start, int(self.shape[1]))

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        found = np.zeros((values[0].shape[0], int(self.shape[1])))
        found[:, self.start : self.start + values[0].shape[1]] = values[0]
        return found

    def entry(self, index: Index) -> Node:
        column = index[1] - self.start
        return self.operands[0].entry((index[0], column)) if 0 <= column < int(self.operands[0].shape[1]) else Number(0)

    def write(self, style: Style) -> Notation:
        before, own = self.start, int(self.operands[0].shape[1])
        after = int(self.shape[1]) - before - own
        parts: list[Notation] = [style.write(self.operands[0])]
        zeros = Word("0", number=True)
        parts = [*([zeros, GAP] if before else []), *parts, *([GAP, zeros] if after else [])]
        return Row([Word("[", r"\left["), *parts, Word("]", r"\right]")])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [Columns(seed, self.start, self.start + int(self.operands[0].shape[1]))]


def together(pieces: Sequence[Node]) -> Node | None:
    """What several paths bring to one matrix, where each brings its own columns and none is left out."""
    placed = sorted((piece for piece in pieces if isinstance(piece, Placed)), key=lambda piece: piece.start)
    if not placed or len(placed) < len(pieces):
        return None
    end = 0
    for piece in placed:
        if piece.start != end:
            return None
        end += int(piece.operands[0].shape[1])
    return Beside(*(piece.operands[0] for piece in placed)) if end == placed[0].shape[1] else None
