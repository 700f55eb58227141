"""Targets times logarithms of probabilities, in which 0 log 0 is 0.

Source: Cover and Thomas 2006, Elements of Information Theory, section 2.1 (0 log 0 = 0); PyTorch
documentation, torch.nn.functional.cross_entropy (class probabilities as targets).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.nodes.arithmetic import negative, times
from explain.engine.nodes.base import Index, Node, Number, Symbol, Textbook
from explain.engine.nodes.linear import Spread, Sum
from explain.engine.nodes.picked import difference
from explain.engine.primitives import EXP, LOG
from explain.topics._probabilities import logarithm

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def log_of_base(base: str) -> Node | None:
    """The natural logarithm of a base, which a derivative is divided by; None for the natural one."""
    return None if base == "natural" else LOG(Number(int(base), base))


def terms(Y: Symbol, P: Symbol, values: tuple[Array, Array], base: str) -> Node:
    """`-Y ⊙ log P`: a target of 0 gives 0, whatever its probability; the derivative at P is -Y/P.

    Args:
        values: those of Y and P, which tell where 0 log 0 stands.
    """
    log = logarithm(base).function

    def numpy(y: Array, p: Array) -> Array:
        import numpy as np

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y == 0, 0.0, -(y * log.numpy(p)))

    def entry(index: Index) -> Node:
        y, p = (array[index] for array in values)
        if y:
            return printed.entry(index)
        return Y.entry(index) * log(P.entry(index)) if p else Number(0, "0")

    divisor = log_of_base(base)
    printed = -(Y * log(P))

    def pulled(seed: Node) -> list[Node | None]:
        share = shares(Y, P, values)
        return [None, negative(times(seed, share if divisor is None else share / divisor))]

    return Textbook(printed, (Y, P), numpy, pulled, entry)


def shares(Y: Symbol, P: Symbol, values: tuple[Array, Array]) -> Node:
    """`Y ⊘ P`, 0 where the target is 0."""
    printed = Y / P

    def numpy(y: Array, p: Array) -> Array:
        import numpy as np

        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(y == 0, 0.0, y / p)

    def entry(index: Index) -> Node:
        y, p = (array[index] for array in values)
        return Number(0, "0") if y == 0 and p == 0 else printed.entry(index)

    return Textbook(printed, (Y, P), numpy, None, entry)


def log_softmax(Z: Symbol, m: Symbol, base: str) -> Node:
    """`Z - m - log(rowsum(e^(Z - m)))`, in another base divided by its logarithm."""
    printed: Node = Z - m - LOG(Sum(EXP(Z - m), 1))
    divisor = log_of_base(base)
    if divisor is not None:
        printed = printed / divisor

    def numpy(z: Array, top: Array) -> Array:
        import math

        import numpy as np

        powers = np.exp(z - top)
        powers[np.arange(len(z)), z.argmax(axis=1)] -= 1.0  # e⁰ = 1, which log1p adds without losing digits
        found = z - top - np.log1p(powers.sum(axis=1, keepdims=True))
        return np.asarray(found if base == "natural" else found / math.log(int(base)))

    return Textbook(printed, (Z, m), numpy)


def terms_from_logits(Y: Symbol, logP: Symbol, Z: Symbol, P: Symbol, targets: Array, base: str, hard: bool) -> Node:
    """`-Y ⊙ log P` with the logarithms at hand; to the scores goes P - Y, row by row.

    Args:
        targets: the value of Y.
        hard: every row of Y is one-hot.
    """
    printed = -(Y * logP)

    def pulled(seed: Node) -> list[Node | None]:
        shared = seed.operands[0] if isinstance(seed, Spread) else seed
        if shared.shape:
            raise TypeError("the derivative is worked for sums and means of these rows")
        error = difference(P, Y) if hard else P - Y
        divisor = log_of_base(base)
        return [None, None, times(shared, error if divisor is None else error / divisor)]

    def entry(index: Index) -> Node:
        return printed.entry(index) if targets[index] else Y.entry(index) * logP.entry(index)

    return Textbook(printed, (Y, logP, Z), lambda y, logs, _: -(y * logs) + 0.0, pulled, entry)
