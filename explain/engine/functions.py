"""The scalar functions: what others are made of, the activations and the losses, each defined once.

Sources: Goodfellow, Bengio and Courville 2016, Deep Learning, sections 3.10, 5.5 and 6.2; the activations name theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.activations import (
    ACTIVATIONS,
    ELU,
    GELU,
    GELU_TANH,
    HARD_SIGMOID,
    HARD_SWISH,
    HARDTANH,
    LEAKY_RELU,
    MISH,
    RELU,
    RELU6,
    SELU,
    SIGMOID,
    SILU,
    SOFTPLUS,
    SOFTSIGN,
    TANH,
    softplus,
)
from explain.engine.nodes.base import Node
from explain.engine.nodes.functions import Apply, ScalarFunction
from explain.engine.notation import Word
from explain.engine.primitives import ABS, BELOW, COS, DENSITY, ERF, EXP, LOG, MAX, MIN, SIGN, SIN, STEP

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

__all__ = [
    "ABS", "ACTIVATIONS", "BELOW", "BERNOULLI_FROM_LOGITS", "BERNOULLI_LIKELIHOOD", "COS", "DENSITY", "ELU", "ERF",
    "EXP", "GELU", "GELU_TANH", "HALF_SQUARED_ERROR", "HARDTANH", "HARD_SIGMOID", "HARD_SWISH", "LEAKY_RELU",
    "LIKELIHOOD", "LOG", "MAX", "MIN", "MISH", "RELU", "RELU6", "SELU", "SIGMOID", "SIGN", "SILU", "SIN", "SOFTPLUS",
    "SOFTSIGN", "SQUARED_ERROR", "STEP", "TANH", "guarded", "textbook",
]  # fmt: skip


def _xlogy(x: Array, y: Array) -> Array:
    """x·log y, with 0·log 0 = 0."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0.0, x * np.log(y))


SQUARED_ERROR = ScalarFunction(
    "squared-error",
    Word("SE", r"\mathrm{SE}"),
    lambda p, y: (p - y) ** 2,
    definition=lambda p, y: (p - y) ** 2,
    derivatives=[lambda args, out: 2 * (args[0] - args[1])],
    inline=True,
)
HALF_SQUARED_ERROR = ScalarFunction(
    "half-squared-error",
    Word("SE", r"\mathrm{SE}"),
    lambda p, y: (p - y) ** 2 / 2,
    definition=lambda p, y: (p - y) ** 2 / 2,
    derivatives=[lambda args, out: args[0] - args[1]],
    inline=True,
)
BERNOULLI_LIKELIHOOD = ScalarFunction(
    "bernoulli-likelihood",
    Word("log p", r"\log p"),
    lambda p, y: _xlogy(y, p) + _xlogy(1 - y, 1 - p),
    definition=lambda p, y: y * LOG(p) + (1 - y) * LOG(1 - p),
    derivatives=[lambda args, out: args[1] / args[0] - (1 - args[1]) / (1 - args[0])],
    inline=True,
)
BERNOULLI_FROM_LOGITS = ScalarFunction(
    "bernoulli-from-logits",
    Word("BCE", r"\mathrm{BCE}"),
    lambda z, y: (1 - y) * softplus(z) + y * softplus(-z),
    definition=lambda z, y: (1 - y) * SOFTPLUS(z) + y * SOFTPLUS(-z),
    derivatives=[lambda args, out: (1 - args[1]) * SIGMOID(args[0]) - args[1] * SIGMOID(-args[0])],
    inline=True,
)
LIKELIHOOD = ScalarFunction(
    "likelihood",
    Word("log p", r"\log p"),
    lambda p, y: _xlogy(y, p),
    definition=lambda p, y: y * LOG(p),
    derivatives=[lambda args, out: args[1] / args[0]],
    inline=True,
)


def guarded(function: ScalarFunction) -> ScalarFunction:
    """The same function, differentiated by the form that keeps its digits where it is saturated."""
    safe = function.safe_derivative
    assert safe is not None, function.name
    return ScalarFunction(
        function.name,
        function.word,
        function.numpy,
        definition=function.definition,
        sympy=function.sympy,
        derivatives=[lambda z, _: safe(z[0])],
        safe_derivative=safe,
    )


def textbook(applied: Apply) -> Node:
    """The formula of an activation as it is defined in books; tanh is worked by its name, but defined by powers."""
    z = applied.operands[0]
    return (EXP(z) - EXP(-z)) / (EXP(z) + EXP(-z)) if applied.function is TANH else applied.defined()
