"""The Huber function as an expression: quadratic near 0, linear further out, with the branch of each entry known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.functions import ABS
from explain.engine.nodes.arithmetic import fit_shape, negative, times
from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.extremes import Larger
from explain.engine.notation import Notation, Word, call, listed

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

JUST = 1 + 1e-12  # 0.1 + 0.2 is not above 0.3


class Huber(Node):
    """r²/2 where |r| ≤ δ, δ (|r| - δ/2) elsewhere. `linear`: the entries of the second kind.

    The slope is r limited to [-δ, δ]: the two branches meet with the same value and the same slope.

    Source: Huber 1964, Robust Estimation of a Location Parameter; PyTorch documentation, torch.nn.HuberLoss
    """

    __slots__ = ("linear",)

    def __init__(self, r: Node, delta: Node, linear: frozenset[Index]) -> None:
        self.operands = (r, delta)
        self.shape = r.shape
        self.linear = linear

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Huber(operands[0], operands[1], self.linear)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        r, delta = values
        near = np.where(abs(r) <= delta * JUST, r, 0.0)  # no square of what is far out
        return np.asarray(np.where(abs(r) <= delta * JUST, near**2 / 2, delta * (abs(r) - delta / 2)))

    def entry(self, index: Index) -> Node:
        r, delta = self.operands[0].entry(index), self.operands[1]
        return delta * (ABS(r) - delta / 2) if index in self.linear else r**2 / 2

    def write(self, style: Style) -> Notation:
        return call(Word("huber", r"\mathrm{huber}"), listed([style.write(operand) for operand in self.operands]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:  # noqa: ARG002
        r, delta = self.operands
        limited = Larger(Larger(r, delta, largest=False), negative(delta))
        return [fit_shape(times(seed, limited), r.shape), None]


def far_out(residuals: Array, delta: float) -> list[Index]:
    """The entries whose loss is linear."""
    import numpy as np

    return [(int(row), int(column)) for row, column in np.argwhere(abs(residuals) > delta * JUST)]
