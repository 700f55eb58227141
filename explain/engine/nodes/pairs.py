"""Every row of one matrix with every row of another, added; and the sums that send back what arrives at the pairs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.arithmetic import Add
from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.index_sums import sigma
from explain.engine.nodes.linear import long_sum
from explain.engine.notation import PRODUCT, Notation, Row, Word, call, held
from explain.engine.prose import SYMBOLIC, keep_symbols
from explain.engine.shapes import ShapeError, write

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class Pairs(Node):
    """Of Q (t×a) and K (m×a) the sums Qᵢ + Kⱼ, one pair a row: (t·m)×a, the pairs of the first row of Q first.

    >>> from explain.engine.nodes.base import Symbol
    >>> Pairs(Symbol("Q", (2, 3)), Symbol("K", (4, 3))).shape
    (8, 3)
    """

    __slots__ = ()

    def __init__(self, first: Node, second: Node) -> None:
        if first.shape[1] != second.shape[1]:
            raise ShapeError(f"pairs of {write(first.shape)} and {write(second.shape)}: the widths differ")
        self.operands = (first, second)
        self.shape = (int(first.shape[0]) * int(second.shape[0]), first.shape[1])

    def evaluate(self, values: Sequence[Array]) -> Array:
        first, second = values
        return (first[:, None, :] + second[None, :, :]).reshape(-1, first.shape[1])

    def entry(self, index: Index) -> Node:
        row, column = divmod(index[0], int(self.operands[1].shape[0]))
        return Add(self.operands[0].entry((row, index[1])), self.operands[1].entry((column, index[1])))

    def write(self, style: Style) -> Notation:
        first, second = (style.write(operand) for operand in self.operands)
        return call(Word("pairs", r"\mathrm{pairs}"), Row([first, Word(", "), second]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        rows = (int(self.operands[0].shape[0]), int(self.operands[1].shape[0]))
        return [PairSum(seed, rows, 0), PairSum(seed, rows, 1)]


class PairSum(Node):
    """Of one number a pair (i, j), (t·m)×a, the sum over j for each i (`kept` 0), or over i for each j (`kept` 1)."""

    __slots__ = ("kept", "rows")

    def __init__(self, operand: Node, rows: tuple[int, int], kept: int) -> None:
        self.operands = (operand,)
        self.rows = rows
        self.kept = kept
        self.shape = (rows[kept], operand.shape[1])

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return PairSum(operands[0], self.rows, self.kept)

    def evaluate(self, values: Sequence[Array]) -> Array:
        pairs = values[0].reshape(*self.rows, values[0].shape[1])
        total: Array = pairs.sum(axis=1 - self.kept)
        return total

    def entry(self, index: Index) -> Node:
        own, column = index
        _, several = self.rows

        def term(at: int) -> Node:
            row = own * several + at if self.kept == 0 else at * several + own
            return self.operands[0].entry((row, column))

        return long_sum(self.rows[1 - self.kept], term)

    def write(self, style: Style) -> Notation:
        """As an index sum; the numbers of a pair are not put in row by row."""
        keep_symbols(style)
        written = SYMBOLIC.indexed("ij,:").write(self.operands[0])
        return Row([sigma("ji"[self.kept]), held(written, PRODUCT)], PRODUCT)
