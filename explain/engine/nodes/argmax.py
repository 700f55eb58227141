"""Where the largest entry stands, counted from 0: the id of the token that greedy decoding takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.largest import PlaceOfLargest
from explain.engine.nodes.linear import LONGEST
from explain.engine.notation import Notation, Word, call

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

TIED = 1e-12  # relative: what differs by less is equal but for rounding


class ArgMax(Node):
    """For each row the place of its largest entry, counted from 0; of several, the first, as in PyTorch and NumPy.

    Args:
        operand: the matrix.
        single: it has one row, and the place is a number instead of a column of one.

    >>> from explain.engine.nodes.base import Symbol
    >>> ArgMax(Symbol("P", (2, 5))).shape
    (2, 1)
    """

    __slots__ = ("single",)

    def __init__(self, operand: Node, single: bool = False) -> None:
        self.operands = (operand,)
        self.single = single
        self.shape = () if single else (operand.shape[0], 1)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return ArgMax(operands[0], self.single)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        places = tied(values[0]).argmax(axis=1)
        return np.asarray(places[0] if self.single else places[:, None], dtype=float)

    def entry(self, index: Index) -> Node:
        operand, size = self.operands[0], int(self.operands[0].shape[1])
        places = range(size) if size <= LONGEST else (0, 1, size - 1)
        entries = [operand.entry((0 if self.single else index[0], at)) for at in places]
        return PlaceOfLargest(entries, size - len(places), list(places), "id")

    def write(self, style: Style) -> Notation:
        return call(Word("argmax", r"\mathrm{argmax}"), style.write(self.operands[0]))


def tied(values: Array) -> Array:
    """True where an entry is the largest of its row, or equal to it but for rounding."""
    import numpy as np

    top = values.max(axis=1, keepdims=True)
    return np.asarray(values >= top - TIED * np.abs(top))
