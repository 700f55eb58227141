"""The scalar functions: each defined once by its textbook formula, with the textbook form of its derivative.

Sources: Goodfellow, Bengio and Courville 2016, Deep Learning, sections 3.10 and 6.3; PyTorch documentation
for the value of a derivative at a kink (0 for ReLU at 0).
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.base import Node, Number
from explain.engine.nodes.functions import Apply, ScalarFunction
from explain.engine.notation import Word

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def _np(name: str) -> Any:
    def evaluate(*values: Array) -> Any:
        import numpy as np

        return getattr(np, name)(*values)

    return evaluate


def _sympy(name: str) -> Any:
    def lower(*values: Any) -> Any:
        import sympy

        return getattr(sympy, name)(*values)

    return lower


def _sigmoid(z: Array) -> Array:
    import numpy as np

    # e^-|z| never overflows; the quotient is the textbook one for either sign.
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def _maximum(first: Any, second: Any) -> Any:
    import numpy as np

    if all(isinstance(value, int) or (value.dtype == object and not value.shape) for value in (first, second)):
        return max(int(first), int(second))  # whole numbers of any size
    return np.maximum(first, second)


def _minimum(first: Any, second: Any) -> Any:
    import numpy as np

    return np.minimum(first, second)


def _hard_sigmoid(z: Array) -> Array:
    import numpy as np

    return np.clip((z + 3) / 6, 0.0, 1.0)


def _step(z: Array) -> Array:
    return (z > 0).astype(float)


def _lower_step(z: Any) -> Any:
    import sympy

    return sympy.Piecewise((1, z > 0), (0, True))


def _xlogy(x: Array, y: Array) -> Array:
    """x·log y, with 0·log 0 = 0."""
    import numpy as np

    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(x == 0, 0.0, x * np.log(y))


def _softplus(z: Array) -> Array:
    import numpy as np

    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


LEAK = Number(Fraction(1, 100), "0.01")

EXP = ScalarFunction("exp", Word("e"), _np("exp"), sympy=_sympy("exp"), derivatives=[lambda z, h: h])
LOG = ScalarFunction(
    "log", Word("log", r"\log"), _np("log"), sympy=_sympy("log"), derivatives=[lambda z, h: Number(1, "1") / z[0]]
)
SIN: ScalarFunction = ScalarFunction(
    "sin", Word("sin", r"\sin"), _np("sin"), sympy=_sympy("sin"), derivatives=[lambda z, h: COS(z[0])]
)
COS: ScalarFunction = ScalarFunction(
    "cos", Word("cos", r"\cos"), _np("cos"), sympy=_sympy("cos"), derivatives=[lambda z, h: -SIN(z[0])]
)
STEP = ScalarFunction("step", Word("1"), _step, sympy=_lower_step)
MAX = ScalarFunction("max", Word("max", r"\max"), _maximum, sympy=_sympy("Max"))

SIGN = ScalarFunction("sign", Word("sign", r"\mathrm{sign}"), _np("sign"), sympy=_sympy("sign"))
MIN = ScalarFunction("min", Word("min", r"\min"), _minimum, sympy=_sympy("Min"))

ABS = ScalarFunction("abs", Word("abs"), _np("abs"), sympy=_sympy("Abs"), derivatives=[lambda z, h: SIGN(z[0])])
SIGMOID: ScalarFunction = ScalarFunction(
    "sigmoid",
    Word("σ", r"\sigma"),
    _sigmoid,
    definition=lambda z: 1 / (1 + EXP(-z)),
    derivatives=[lambda z, h: h * (1 - h)],
    # σ(-z) is 1 - σ(z) without the loss of digits where σ(z) is nearly 1.
    safe_derivative=lambda z: SIGMOID(z) * SIGMOID(-z),
)
TANH = ScalarFunction(
    "tanh",
    Word("tanh", r"\tanh"),
    _np("tanh"),
    sympy=_sympy("tanh"),
    derivatives=[lambda z, h: 1 - h**2],
    # 1 - tanh² z = 4 σ(2z) σ(-2z), again without cancellation.
    safe_derivative=lambda z: 4 * SIGMOID(2 * z) * SIGMOID(-(2 * z)),
)
RELU = ScalarFunction(
    "relu",
    Word("ReLU", r"\mathrm{ReLU}"),
    lambda z: z * (z > 0),
    definition=lambda z: MAX(Number(0, "0"), z),
    derivatives=[lambda z, h: STEP(z[0])],
)
LEAKY_RELU = ScalarFunction(
    "leaky-relu",
    Word("LeakyReLU", r"\mathrm{LeakyReLU}"),
    lambda z: z * (0.01 + 0.99 * (z > 0)),
    definition=lambda z: MAX(LEAK * z, z),
    derivatives=[lambda z, h: STEP(z[0]) + LEAK * (1 - STEP(z[0]))],
)
HARD_SIGMOID = ScalarFunction(
    "hard-sigmoid",
    Word("hardσ", r"\mathrm{hard}\sigma"),
    _hard_sigmoid,
    definition=lambda z: MAX(Number(0, "0"), MIN(Number(1, "1"), (z + 3) / 6)),
    derivatives=[lambda z, h: STEP(h * (1 - h)) / 6],
)

SOFTPLUS = ScalarFunction(
    "softplus",
    Word("softplus", r"\mathrm{softplus}"),
    _softplus,
    # log(1 + e^z) with the larger term pulled out, so that no power is ever large.
    definition=lambda z: MAX(Number(0, "0"), z) + LOG(1 + EXP(-ABS(z))),
    derivatives=[lambda z, h: SIGMOID(z[0])],
)
ACTIVATIONS = {function.name: function for function in (SIGMOID, TANH, RELU, LEAKY_RELU, HARD_SIGMOID, SOFTPLUS)}
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
    lambda z, y: (1 - y) * _softplus(z) + y * _softplus(-z),
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
