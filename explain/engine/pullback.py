"""What arrives at an expression, handed back to the symbols it reads: the vector-Jacobian product of one line.

Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.5.2; PyTorch and JAX call it so.
"""

from __future__ import annotations

from functools import reduce

from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Negative, Times, times
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Apply, Softmax


class UnnamedError(TypeError):
    """A function of something that has no name: the topic must define that first."""


def pull(expression: Node, seed: Node, output: Node, active: set[str]) -> dict[str, Node]:
    """What each active symbol of an expression receives when `seed` arrives at the expression.

    >>> W, x = Symbol("W", (3, 2)), Symbol("x", (2, 1))
    >>> pulled = pull(W @ x, Symbol("g", (3, 1)), Symbol("z", (3, 1)), {"W", "x"})
    >>> pulled["W"].shape, pulled["x"].shape
    ((3, 2), (2, 1))
    """
    found: dict[str, Node] = {}
    if isinstance(expression, Symbol):
        if expression.name in active:
            found[expression.name] = seed
        return found
    if isinstance(expression, Apply | Softmax):
        for operand in expression.operands:
            if operand.operands and active & symbols(operand).keys():
                raise UnnamedError(f"name {type(operand).__name__} before a function of it is differentiated")
    for operand, adjoint in zip(expression.operands, expression.pull(seed, output), strict=True):
        if adjoint is None or not active & symbols(operand).keys():
            continue
        for name, piece in pull(operand, adjoint, operand, active).items():
            found[name] = joined(found[name], piece) if name in found else piece
    return found


def joined(first: Node, second: Node) -> Node:
    """Two contributions added; a minus sign becomes a difference, a common first factor goes in front."""
    sign = -1 if isinstance(second, Negative) else 1
    inner = second.operands[0] if isinstance(second, Negative) else second
    if isinstance(first, Times) and isinstance(inner, Times) and first.operands[0] is inner.operands[0]:
        rest = [reduce(times, part.operands[1:]) for part in (first, inner)]
        if rest[0].shape == rest[1].shape:  # what arrives is a factor of both
            return times(first.operands[0], rest[0] + rest[1] if sign > 0 else rest[0] - rest[1])
    return first - inner if sign < 0 else first + inner
