"""Sums over some axes of an array; and their counterpart, one number standing in many places.

A number that stands in many places receives the sum of what arrives there, and a sum sends what arrives to each of
its terms: each of the two is the pull-back of the other. `Along` says once which numbers belong together.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING, cast

from explain.engine.nodes.along import Along
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Times, negative
from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.nodes.index_sums import Slices, length, sigma
from explain.engine.nodes.linear import long_sum
from explain.engine.nodes.rewritten import Bracketed
from explain.engine.notation import PRODUCT, Grid, Notation, Row, held
from explain.engine.prose import SYMBOLIC, keep_symbols
from explain.engine.shapes import Shape

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

WIDEST, WIDEST_CELL = 56, 24  # characters of a row of sums with their numbers put in, and of one of them
MOST_ROWS = 8  # of such sums


class Stretched(Node):
    """One number for each set of places, standing in all of them; written as it is.

    >>> from explain.engine.nodes.along import along
    >>> from explain.engine.nodes.base import Symbol
    >>> Stretched(Symbol("b", (1, 3)), along((2, 3), (1, 3))).shape
    (2, 3)
    """

    __slots__ = ("along",)

    def __init__(self, operand: Node, along: Along) -> None:
        self.operands = (operand,)
        self.along = along
        self.shape = along.full

    @property
    def written_shape(self) -> Shape:
        """The shape of what is written."""
        return self.operands[0].shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Stretched(operands[0], self.along)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.broadcast_to(values[0].reshape(self.along.kept), cast("tuple[int, ...]", self.shape))

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry(self.along.place(index))

    def write(self, style: Style) -> Notation:
        return style.write(self.operands[0])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [summed(seed, self.along)]


class SumOver(Node):
    """The sum over some axes.

    >>> from explain.engine.nodes.base import Symbol
    >>> SumOver(Symbol("X", (2, 3, 4, 4)), Along((2, 3, 4, 4), (0, 2, 3), (1, 3))).shape
    (1, 3)
    """

    __slots__ = ("along",)

    def __init__(self, operand: Node, along: Along) -> None:
        self.operands = (operand,)
        self.along = along
        self.shape = along.shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return SumOver(operands[0], self.along)

    @property
    def term(self) -> Node:
        """What is summed."""
        return self.operands[0]

    def evaluate(self, values: Sequence[Array]) -> Array:
        return self.shaped(values[0].sum(axis=self.along.axes))

    def shaped(self, value: Array) -> Array:
        """A value with the shape of the node."""
        return value.reshape(cast("tuple[int, ...]", self.shape))

    def entry(self, index: Index) -> Node:
        """The sum of the entries that belong together."""
        number, place = self.along.members(index)

        def at(which: int) -> Node:
            for axis in reversed(self.along.axes):
                which, place[axis] = divmod(which, int(self.along.full[axis]))
            entry = self.term.entry(tuple(place))
            return Summand(entry) if isinstance(entry, Add) else entry

        return long_sum(number, at)

    def write(self, style: Style) -> Notation:
        """As an index sum; with numbers put in every sum by itself, where they are short."""
        if not style.numbers:
            return self._index_sum(style)
        listed = self._listed(style)
        if listed is not None:
            return listed
        keep_symbols(style)
        return self._index_sum(SYMBOLIC)

    def _index_sum(self, style: Style) -> Notation:
        along = self.along
        axes = [axis for axis in along.axes if along.full[axis] != 1]
        inner = style if style.entries else Slices(along.marks, axes, along.full)
        written = inner.write(self.term)
        if not axes:
            return written
        return Row([sigma("".join(along.marks[axis] for axis in axes)), held(written, PRODUCT)], PRODUCT)

    def _listed(self, style: Style) -> Notation | None:
        """Each sum with its numbers: `[(1 + 3)/2  (2 + 4)/2]`; None where that is too wide."""
        if len(self.shape) > 2 or len(self.along.full) > 2:
            return None
        rows, columns = ((1, 1), *self.shape[-2:])[-2:] if len(self.shape) == 2 else (1, 1)
        rows, columns = int(rows), int(columns)
        if rows > MOST_ROWS or columns * self.along.members((0,) * len(self.shape))[0] > WIDEST // 4:
            return None
        draft = copy(style)  # nothing counts as put in that is not kept
        cells = self._cells(draft, rows, columns)
        widths = [max(map(length, column)) for column in zip(*cells, strict=True)]
        if max(widths) > WIDEST_CELL or sum(widths) + 2 * columns > WIDEST:
            return None
        cells = self._cells(style, rows, columns)
        return cells[0][0] if rows == columns == 1 else Grid(cells, list(range(columns)))

    def _cells(self, style: Style, rows: int, columns: int) -> list[list[Notation]]:
        if len(self.shape) < 2:
            return [[style.write(self.entry((0,) * len(self.shape)))]]
        return [[style.write(self.entry((row, column))) for column in range(columns)] for row in range(rows)]

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [stretched(seed, self.along)]


class Summand(Bracketed):
    """A term of a sum that is a sum itself: it keeps its brackets until it is one number."""

    __slots__ = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return operands[0] if isinstance(operands[0], Number) else Summand(operands[0])


def stretched(operand: Node, along: Along) -> Node:
    """One number for each set of places in all of them; itself where there is a number in each already."""
    return operand if operand.shape == along.full else Stretched(operand, along)


def summed(operand: Node, along: Along) -> Node:
    """The sum along some axes, what does not change along them in front: `-a ⊙ Σᵢ bᵢ`."""
    if isinstance(operand, Negative):
        return negative(summed(operand.operands[0], along))
    if isinstance(operand, Divide):
        below = _steady(operand.operands[1], along)
        if below is not None:
            return operand.rebuild([summed(operand.operands[0], along), below])
    if isinstance(operand, Times):
        steady = [_steady(factor, along) for factor in operand.operands]
        varying = [factor for factor, found in zip(operand.operands, steady, strict=True) if found is None]
        front = [found for found in steady if found is not None]
        if front and varying:
            inner = summed(Times(*varying) if len(varying) > 1 else varying[0], along)
            sign, inner = (-1, inner.operands[0]) if isinstance(inner, Negative) else (1, inner)
            parts = inner.operands if isinstance(inner, Times) else (inner,)
            return Times(*front, *parts) if sign > 0 else negative(Times(*front, *parts))
    return SumOver(operand, along)


def _steady(node: Node, along: Along) -> Node | None:
    """One number for each set of places, where a node is made of such numbers only; else None."""
    if isinstance(node, Stretched):
        return node.operands[0] if node.along[1:3] == along[1:3] else None
    if not node.shape:
        return node
    if not node.operands or isinstance(node, SumOver):
        return None
    parts = [_steady(operand, along) for operand in node.operands]
    kept = [part for part in parts if part is not None]
    return node.rebuild(kept) if len(kept) == len(parts) else None
