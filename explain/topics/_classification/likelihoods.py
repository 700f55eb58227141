"""The loss of a yes-or-no prediction, from probabilities and from logits, with a weight on the positive class.

Source: Bishop 2006, Pattern Recognition and Machine Learning, eqs. 4.90 and 4.91; PyTorch documentation,
torch.nn.BCEWithLogitsLoss (pos_weight).
"""

# ruff: noqa: ARG005 - one interface for all functions: a derivative may need some of the operands only
from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.activations import softplus
from explain.engine.functions import BERNOULLI_LIKELIHOOD, LOG, SIGMOID, SOFTPLUS
from explain.engine.nodes.arithmetic import times
from explain.engine.nodes.base import Index, Node, Symbol, Textbook
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.notation import Word

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def _weighted(p: Array, y: Array, w: Array) -> Array:
    """w·y·log p + (1 - y)·log(1 - p), with 0 log 0 = 0."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(y == 0, 0.0, w * y * np.log(p)) + np.where(y == 1, 0.0, (1 - y) * np.log(1 - p))


WEIGHTED = ScalarFunction(
    "weighted-likelihood",
    Word("log p", r"\log p"),
    _weighted,
    definition=lambda p, y, w: w * y * LOG(p) + (1 - y) * LOG(1 - p),
    derivatives=[lambda args, out: args[2] * args[1] / args[0] - (1 - args[1]) / (1 - args[0])],
    inline=True,
)


def from_probabilities(P: Symbol, Y: Symbol, w: Symbol | None, p: Array) -> Node:
    """`-(y log p + (1 - y) log(1 - p))`; where p is exactly 0 or 1, only the term that is not 0 log 0 is worked.

    Args:
        p: the value of P.
    """
    operands = (P, Y) if w is None else (P, Y, w)
    function = BERNOULLI_LIKELIHOOD if w is None else WEIGHTED
    printed = -function(*operands)
    if not ((p == 0) | (p == 1)).any():
        return printed

    def entry(index: Index) -> Node:
        here = p[index]
        if here not in (0, 1):
            return printed.entry(index)
        y = Y.entry(index)
        if here == 0:
            return -((1 - y) * LOG(1 - P.entry(index)))
        return -(y * LOG(P.entry(index)))

    return Textbook(printed, operands, lambda *values: -function.numpy(*values) + 0.0, None, entry)


def from_logits(Z: Symbol, Y: Symbol, P: Symbol, w: Symbol | None) -> Node:
    """The same from scores, finite however far out: softplus(z) - y z; to the scores goes σ(z) - y."""
    printed = SOFTPLUS(Z) - Y * Z if w is None else (1 - Y) * SOFTPLUS(Z) + w * Y * (SOFTPLUS(Z) - Z)
    operands = (Z, Y, P) if w is None else (Z, Y, P, w)

    def numpy(z: Array, y: Array, _: Array, weight: Array | float = 1.0) -> Array:
        return (1 - y) * softplus(z) + weight * y * softplus(-z)

    def pulled(seed: Node) -> list[Node | None]:
        return [times(seed, _error(Z, Y, P, w)), *([None] * (len(operands) - 1))]

    return Textbook(printed, operands, numpy, pulled)


def _error(Z: Symbol, Y: Symbol, P: Symbol, w: Symbol | None) -> Node:
    """`P - Y`, evaluated without the cancellation where a probability is nearly 1."""
    if w is None:
        return Textbook(P - Y, (P, Y, Z), lambda p, y, z: (1 - y) * p - y * SIGMOID.numpy(-z))
    printed = P * (1 - Y) - w * Y * (1 - P)
    return Textbook(printed, (P, Y, Z, w), lambda p, y, z, weight: (1 - y) * p - weight * y * SIGMOID.numpy(-z))
