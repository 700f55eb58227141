"""Where the largest entry of each row stands, counted from 0: the token that greedy decoding takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.largest import LISTED, PlaceOfLargest
from explain.engine.nodes.linear import LONGEST
from explain.engine.notation import DOTS, GAP, Notation, Row, Word, call

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

COMMA = (Word(","), GAP)  # a line may be broken after it
TIED = 1e-12  # relative: what differs by less is equal but for rounding


class ArgMax(Node):
    """For each row the place of its largest entry, counted from 0; of several, the first, as in PyTorch and NumPy.

    >>> from explain.engine.nodes.base import Symbol
    >>> ArgMax(Symbol("P", (2, 5))).shape
    (2, 1)
    """

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        self.shape = (operand.shape[0], 1)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(tied(values[0]).argmax(axis=1)[:, None], dtype=float)

    def entry(self, index: Index) -> Node:
        operand, size = self.operands[0], int(self.operands[0].shape[1])
        places = range(size) if size <= LONGEST else (0, 1, size - 1)
        entries = [operand.entry((index[0], at)) for at in places]
        return IdOfLargest(entries, size - len(places), list(places), "id")

    def write(self, style: Style) -> Notation:
        return call(Word("argmax", r"\mathrm{argmax}"), style.write(self.operands[0]))


class IdOfLargest(PlaceOfLargest):
    """The id of the largest of listed numbers; the list may be broken where a line is full."""

    __slots__ = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return IdOfLargest(operands, self.skipped, self.where, self.direction)

    def write(self, style: Style) -> Notation:
        many = self.skipped or len(self.operands) > LISTED
        row: list[Notation] = []
        for operand in self.operands[:2] if many else self.operands:
            row += [*COMMA, style.write(operand)]
        row += [*COMMA, DOTS, *COMMA, style.write(self.operands[-1])] if many else []
        return call(Word("id of max", r"\mathrm{id}\ \mathrm{of}\ \max"), Row(row[len(COMMA) :]))


def tied(values: Array) -> Array:
    """True where an entry is the largest of its row, or equal to it but for rounding."""
    import numpy as np

    top = values.max(axis=1, keepdims=True)
    return np.asarray(values >= top - TIED * np.abs(top))
