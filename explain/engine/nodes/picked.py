"""One entry of each row, told by a column of numbers: what a model says of the right tokens.

Source: the loss of PyTorch's `cross_entropy` for class indices; Goodfellow, Bengio and Courville 2016, Deep Learning,
eq. 6.30 (log softmax), and section 4.1 for the form that does not overflow.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.arithmetic import Add, negative, times
from explain.engine.nodes.base import Index, Node, Style, Symbol, Textbook
from explain.engine.nodes.functions import exp
from explain.engine.nodes.linear import Spread, long_sum
from explain.engine.notation import ATOM, MINUS, SUM, Notation, Power, Row, Word, held
from explain.engine.prose import SYMBOLIC, keep_symbols

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

Places = Sequence[tuple[int, int]]


class Picked(Node):
    """Of a matrix one entry of each row that counts, as a column; y says in which column it stands, counted from 0.

    Args:
        places: row and column of each entry.
    """

    __slots__ = ("places",)

    def __init__(self, matrix: Node, y: Node, places: Places) -> None:
        self.operands = (matrix, y)
        self.places = tuple(places)
        self.shape = (len(self.places), 1)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Picked(operands[0], operands[1], self.places)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return _picked(values[0], self.places)

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry(self.places[index[0]])

    def write(self, style: Style) -> Notation:
        keep_symbols(style)
        matrix = SYMBOLIC.write(self.operands[0]) if style.numbers else style.write(self.operands[0])
        return Row([held(matrix, ATOM), Word("[i, yᵢ]", r"_{i, y_i}")])


class LogSoftmaxPicked(Node):
    """The logarithm of softmax at the place that y names, from the scores: `zᵢ,yᵢ - mᵢ - log Σⱼ e^(zᵢⱼ - mᵢ)`.

    m cancels, so nothing is sent back to it; to the scores goes the one-hot target minus the probabilities.

    Args:
        scores, m, y: the scores, the largest of each row, and the column of the right token of each row.
        places: row and column of each right token that counts.
        P, Y: the names under which probabilities and one-hot targets stand on the sheet, for the derivative.
        c: a column with 1 for rows that count and 0 for the others; None where all count.
    """

    __slots__ = ("P", "Y", "c", "places")

    def __init__(self, operands: Sequence[Node], places: Places, P: Symbol, Y: Symbol, c: Symbol | None) -> None:
        self.operands = tuple(operands)
        self.places = tuple(places)
        self.shape = (len(self.places), 1)
        self.P, self.Y, self.c = P, Y, c

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return LogSoftmaxPicked(operands, self.places, self.P, self.Y, self.c)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        rows = [row for row, _ in self.places]
        scores, top = values[0][rows], values[1][rows]
        powers = np.exp(scores - top)
        powers[np.arange(len(rows)), scores.argmax(axis=1)] -= 1.0  # e⁰ = 1, which log1p adds without losing digits
        return np.asarray(_picked(values[0], self.places) - top - np.log1p(powers.sum(axis=1, keepdims=True)))

    def entry(self, index: Index) -> Node:
        from explain.engine.functions import LOG

        row, column = self.places[index[0]]
        scores, top = self.operands[0], self.operands[1].entry((row, 0))
        total = long_sum(int(scores.shape[1]), lambda at: exp(scores.entry((row, at)) - top))
        return Add(scores.entry((row, column)), top, LOG(total), signs=(1, -1, -1))

    def write(self, style: Style) -> Notation:
        from explain.engine.names import word

        keep_symbols(style)
        scores, top = (operand for operand in self.operands[:2] if isinstance(operand, Symbol))
        z, m = word(scores.name, "ij"), word(top.name, "i")
        inner = Power(Word("e"), Row([z, MINUS, m], SUM))
        picked = Word(f"{scores.word.text}[i, yᵢ]", rf"{scores.word.latex}_{{i, y_i}}")
        return Row([picked, MINUS, m, MINUS, Word("log Σⱼ ", r"\log \sum_{j} "), inner], SUM)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        """Of a `seed` that is the same number for every row that counts; rows that do not count receive 0."""
        if not isinstance(seed, Spread):
            raise TypeError("the derivative is worked for sums and means of these logarithms")
        error = difference(self.P, self.Y)
        return [times(negative(seed.operands[0]), error if self.c is None else times(self.c, error)), None, None]


def difference(P: Symbol, Y: Symbol) -> Node:
    """`P - Y` of one-hot targets, evaluated without the cancellation where a probability is nearly 1."""

    def evaluate(p: Array, y: Array) -> Array:
        import numpy as np

        rest = np.where(y > 0, 0.0, p).sum(axis=1, keepdims=True)
        return np.asarray(np.where(y > 0, -rest, p))

    return Textbook(P - Y, (P, Y), evaluate)


def _picked(values: Array, places: Places) -> Array:
    import numpy as np

    rows, columns = zip(*places, strict=True)
    return np.asarray(values[list(rows), list(columns)][:, None])
