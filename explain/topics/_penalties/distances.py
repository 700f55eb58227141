"""Distances between rows and the hinge, as expressions, with PyTorch's derivative where there is none.

Sources: PyTorch documentation, torch.linalg.vector_norm (0 at a distance of 0) and torch.clamp (the slope at the bound
itself is 1); Goodfellow, Bengio and Courville 2016, Deep Learning, section 2.5 (norms).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.arithmetic import Add, Divide, Negative, fit_shape, sqrt, times
from explain.engine.nodes.base import Index, Node, Number, Style, Symbol
from explain.engine.nodes.extremes import Indicator, Larger
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import ConstantPower
from explain.engine.notation import Notation, Word, call
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

NONE = frozenset[int]()
DIRECTION = Word("dir", r"\mathrm{dir}")


def told_of_kink(sheet: Worksheet, far: Sequence[Symbol]) -> None:
    """The convention of a distance of 0."""
    listed = " or ".join(f"{{d{at}}} = 0" for at in range(len(far)))
    sheet.convention(
        f"dir gives each row the length 1; where {listed} the root has a kink and a row no direction: the derivative "
        "is taken as 0 there, as in torch.linalg.vector_norm",
        **{f"d{at}": symbol for at, symbol in enumerate(far)},
    )


def squared_lengths(u: Node) -> Node:
    """The squared length of every row, one a row; of a single row a number."""
    return Sum(u**2) if u.shape[0] == 1 else Sum(ConstantPower(u, Number(2, "2")), 1)


class Lengths(Node):
    """The length of every row, √(Σⱼ uⱼ²), one a row; of a single row a number.

    `zeros`: the rows of length 0, whose derivative is taken as 0.
    """

    __slots__ = ("zeros",)

    def __init__(self, u: Node, zeros: frozenset[int] = NONE) -> None:
        self.operands = (u,)
        self.shape = () if u.shape[0] == 1 else (u.shape[0], 1)
        self.zeros = zeros

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Lengths(operands[0], self.zeros)

    @property
    def formula(self) -> Node:
        """As it is written."""
        return sqrt(squared_lengths(self.operands[0]))

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        largest = abs(values[0]).max(axis=1, keepdims=True)
        scale = np.where(largest > 0, largest, 1.0)  # a square of what is very small would be 0
        lengths = np.asarray(scale * np.sqrt(((values[0] / scale) ** 2).sum(axis=1, keepdims=True)))
        return lengths if self.shape else lengths.reshape(())

    def entry(self, index: Index) -> Node:
        return self.formula.entry(index)

    def write(self, style: Style) -> Notation:
        return style.write(self.formula)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [times(seed, Directions(self.operands[0], output, self.zeros))]


class Directions(Node):
    """Every row divided by its length: vectors of length 1; a row of length 0 has no direction and stays 0."""

    __slots__ = ("zeros",)

    def __init__(self, u: Node, lengths: Node, zeros: frozenset[int]) -> None:
        self.operands = (u, lengths)
        self.shape = u.shape
        self.zeros = zeros

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Directions(operands[0], operands[1], self.zeros)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(values[0] / np.where(values[1] == 0, 1.0, values[1]))

    def entry(self, index: Index) -> Node:
        u, lengths = self.operands
        if index[0] in self.zeros:
            return Number(0, "0")
        return Divide(u.entry(index), lengths.entry((index[0], 0) if lengths.shape else ()))

    def write(self, style: Style) -> Notation:
        if self.zeros:  # a length of 0 divides nothing
            return call(DIRECTION, style.write(self.operands[0]))
        return style.write(Divide(*self.operands))


class Hinge(Larger):
    """max(t, 0) with the slope 1 at t = 0, as PyTorch's clamp has it."""

    __slots__ = ()

    def __init__(self, t: Node) -> None:
        super().__init__(t, Number(0, "0"))

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Larger(operands[0], operands[1])

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:  # noqa: ARG002
        t, zero = self.operands
        return [fit_shape(times(seed, 1 - Indicator(zero, t, ">")), t.shape), None]


def zero_rows(values: Array) -> frozenset[int]:
    """The rows in which every number is 0."""
    return frozenset(int(row) for row in (values == 0).all(axis=1).nonzero()[0])


def slope_of_length(sheet: Worksheet, u: Symbol, far: Symbol, L: Symbol, squared: bool = False) -> None:
    """Say of ∂L/∂u why the derivative of a length is the direction, and of its square twice the arrow."""
    step = next((step for step in sheet.steps if step.name == f"d{L.name}/d{u.name}"), None)
    if step is None:
        return
    zeros = not squared and bool(zero_rows(sheet.values[u.name]))
    told = "chain rule: {f} is a sum of squares, and the derivative of each square is twice what is squared: 2 {u}"
    if not squared:
        told = (
            "chain rule: a distance grows fastest along its arrow, 1 for 1, so the derivative of {f} is the arrow of "
            "length 1 along {u}, that is {u} divided by {f}"
        )
    if zeros:
        told += "; 0 where {f} is 0"
    step.why = say(told, f=far, u=u)


class Difference(Add):
    """first - second + rest, entry by entry; what comes back to `second` is written without a minus where it is 0."""

    __slots__ = ()

    def __init__(self, first: Node, second: Node, *rest: Node) -> None:
        super().__init__(first, second, *rest, signs=[1, -1, *[1] * len(rest)])

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Add(*operands, signs=self.signs)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:  # noqa: ARG002
        return [
            fit_shape(seed if sign > 0 else _Opposite(seed), operand.shape)
            for sign, operand in zip(self.signs, self.operands, strict=True)
        ]


class _Opposite(Negative):
    """Minus an expression; of a single 0 that is 0."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return 0.0 - values[0]  # there is no -0

    def write(self, style: Style) -> Notation:
        written = style.write(self.operands[0])
        return written if getattr(written, "text", "") == "0" else super().write(style)
