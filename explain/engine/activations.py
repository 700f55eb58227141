"""The activation functions: each defined once by its textbook formula, with the textbook form of its derivative.

Sources: Goodfellow, Bengio and Courville 2016, Deep Learning, sections 3.10 and 6.3; Maas, Hannun and Ng 2013 (leaky
ReLU); Clevert, Unterthiner and Hochreiter 2016, eq. 15 (ELU); Klambauer et al. 2017, eq. 2 (SELU); Hendrycks and
Gimpel 2016, section 2 (GELU); Elfwing, Uchibe and Doya 2018 (SiLU), Ramachandran, Zoph and Le 2017
(Swish); Misra 2020 (Mish); Glorot and Bengio 2010 (softsign); Krizhevsky 2010 (ReLU6); Howard et al.
2019, section 5.2 (hard swish). At a kink a derivative has the value that PyTorch's autograd gives.
"""

# ruff: noqa: ARG005 - one interface for all functions: a derivative may need the operand or the output only
from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.arithmetic import sqrt, times
from explain.engine.nodes.base import Node, Number, Textbook
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.notation import Word
from explain.engine.primitives import ABS, BELOW, DENSITY, EXP, LOG, MAX, MIN, ONE, PI, STEP, TWO, ZERO, Constant, level

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

LEAK = Number(Fraction(1, 100), "0.01")
SELU_ALPHA = Constant(Fraction("1.6732632423543772848170429916717"), Word("α", r"\alpha"))
SELU_SCALE = Constant(Fraction("1.0507009873554804934193349852946"), Word("λ", r"\lambda"))
HALF, THREE, SIX = Number(Fraction(1, 2), "0.5"), Number(3, "3"), Number(6, "6")
CUBED = Number(Fraction("0.044715"), "0.044715")


def _sigmoid(z: Array) -> Array:
    import numpy as np

    # e^-|z| never overflows; the quotient is the textbook one for either sign.
    small = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, small) / (1.0 + small)


def _clipped(low: float, high: float, z: Array) -> Array:
    import numpy as np

    return np.clip(z, low, high)


def softplus(z: Array) -> Array:
    """log(1 + e^z) with the larger term pulled out."""
    import numpy as np

    return np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z)))


def _mish(z: Array) -> Array:
    import numpy as np

    return np.asarray(z * np.tanh(softplus(z)))


def _tanh(z: Array) -> Array:
    import numpy as np

    return np.tanh(z)


def _lower_tanh(z: Any) -> Any:
    import sympy

    found = level(z, -1, 1)
    return sympy.tanh(z) if found is None else found


def _cubed(z: Array) -> Array:
    """√(2/π) (z + 0.044715 z³)."""
    import numpy as np

    near = np.clip(z, -100.0, 100.0)  # beyond, its tanh is ±1
    return np.asarray(np.sqrt(2 / np.pi) * (near + 0.044715 * near**3))


def _gelu_tanh_slope(z: Array) -> Array:
    import numpy as np

    near = np.clip(z, -100.0, 100.0)
    u, inner = _cubed(near), np.sqrt(2 / np.pi) * (1 + 3 * 0.044715 * near**2)
    return np.asarray(_sigmoid(2 * u) + near * 2 * _sigmoid(2 * u) * _sigmoid(-2 * u) * inner)


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
    _tanh,
    sympy=_lower_tanh,
    derivatives=[lambda z, h: 1 - h**2],
    # 1 - tanh² z = 4 σ(2z) σ(-2z), again without cancellation.
    safe_derivative=lambda z: 4 * SIGMOID(2 * z) * SIGMOID(-(2 * z)),
)
RELU = ScalarFunction(
    "relu",
    Word("ReLU", r"\mathrm{ReLU}"),
    lambda z: z * (z > 0),
    definition=lambda z: MAX(ZERO, z),
    derivatives=[lambda z, h: STEP(z[0])],
)
HARD_SIGMOID = ScalarFunction(
    "hard-sigmoid",
    Word("hardσ", r"\mathrm{hard}\sigma"),
    lambda z: _clipped(0.0, 1.0, (z + 3) / 6),
    definition=lambda z: MAX(ZERO, MIN(ONE, (z + 3) / 6)),
    derivatives=[lambda z, h: STEP(h * (1 - h)) / 6],
)
SOFTPLUS = ScalarFunction(
    "softplus",
    Word("softplus", r"\mathrm{softplus}"),
    softplus,
    # log(1 + e^z) with the larger term pulled out, so that no power is ever large.
    definition=lambda z: MAX(ZERO, z) + LOG(1 + EXP(-ABS(z))),
    derivatives=[lambda z, h: SIGMOID(z[0])],
)


def leaky_relu(slope: Node, leak: float) -> ScalarFunction:
    """The slope is 1 for positive numbers and `slope`, whose value `leak` is below 1, for the others."""
    return ScalarFunction(
        "leaky-relu",
        Word("LeakyReLU", r"\mathrm{LeakyReLU}"),
        lambda z: z * (leak + (1 - leak) * (z > 0)),
        definition=lambda z: MAX(slope * z, z),
        derivatives=[lambda z, h: STEP(z[0]) + slope * (1 - STEP(z[0]))],
    )


def elu(alpha: Node, low: float) -> ScalarFunction:
    """The line z above 0, and below it α (e^z - 1), which levels off at -α; `low` is the value of α, positive."""
    return _exponential_below("elu", Word("ELU", r"\mathrm{ELU}"), alpha, low)


def _exponential_below(
    name: str, word: Word, alpha: Node, low: float, scale: Node = ONE, factor: float = 1.0
) -> ScalarFunction:
    """A line above 0 and α (e^z - 1) below it, both scaled."""

    def evaluate(z: Array) -> Array:
        import numpy as np

        return np.where(z > 0, factor * z, factor * low * np.expm1(np.minimum(z, 0.0)))

    def slope(z: Array, *_: Array) -> Array:
        import numpy as np

        return np.where(z > 0, factor, factor * low * np.exp(np.minimum(z, 0.0)))

    def derivative(z: Node) -> Node:
        below = (1 - STEP(z)) * times(alpha, EXP(z))
        return Textbook(times(scale, STEP(z) + below), (z, alpha), slope)

    return ScalarFunction(
        name,
        word,
        evaluate,
        definition=lambda z: times(scale, MAX(ZERO, z) + MIN(ZERO, times(alpha, EXP(z) - 1))),
        derivatives=[lambda z, h: derivative(z[0])],
    )


LEAKY_RELU = leaky_relu(LEAK, 0.01)
ELU = elu(ONE, 1.0)
SELU = _exponential_below(
    "selu",
    Word("SELU", r"\mathrm{SELU}"),
    SELU_ALPHA,
    float(SELU_ALPHA.value),
    SELU_SCALE,
    float(SELU_SCALE.value),
)
GELU = ScalarFunction(
    "gelu",
    Word("GELU", r"\mathrm{GELU}"),
    lambda z: z * BELOW.numpy(z),
    definition=lambda z: z * BELOW(z),
    derivatives=[lambda z, h: BELOW(z[0]) + z[0] * DENSITY(z[0])],
)


def _rounded(z: Node) -> Node:
    """What stands in the tanh of the approximate GELU."""
    return sqrt(TWO / PI) * (z + CUBED * z**3)


def _gelu_tanh_derivative(z: Node) -> Node:
    t = TANH(_rounded(z))
    inner = 1 + 3 * CUBED * z**2
    rest = HALF * sqrt(TWO / PI) * z * (1 - t**2) * inner  # numbers first, so that ⊙ stands between the arrays
    return Textbook(HALF * (1 + t) + rest, (z,), _gelu_tanh_slope)


GELU_TANH = ScalarFunction(
    "gelu-tanh",
    Word("GELUtanh", r"\mathrm{GELU}_{\tanh}"),
    lambda z: z * _sigmoid(2 * _cubed(z)),
    definition=lambda z: HALF * z * (1 + TANH(_rounded(z))),
    derivatives=[lambda z, h: _gelu_tanh_derivative(z[0])],
)
SILU = ScalarFunction(
    "silu",
    Word("SiLU", r"\mathrm{SiLU}"),
    lambda z: z * _sigmoid(z),
    definition=lambda z: z * SIGMOID(z),
    derivatives=[lambda z, h: SIGMOID(z[0]) * (1 + z[0] * (1 - SIGMOID(z[0])))],
)
MISH = ScalarFunction(
    "mish",
    Word("Mish", r"\mathrm{Mish}"),
    _mish,
    definition=lambda z: z * TANH(SOFTPLUS(z)),
    derivatives=[lambda z, h: TANH(SOFTPLUS(z[0])) + z[0] * SIGMOID(z[0]) * (1 - TANH(SOFTPLUS(z[0])) ** 2)],
)
SOFTSIGN = ScalarFunction(
    "softsign",
    Word("softsign", r"\mathrm{softsign}"),
    lambda z: z / (1 + abs(z)),
    definition=lambda z: z / (1 + ABS(z)),
    derivatives=[lambda z, h: 1 / (1 + ABS(z[0])) ** 2],
)
HARDTANH = ScalarFunction(
    "hardtanh",
    Word("hardtanh", r"\mathrm{hardtanh}"),
    lambda z: _clipped(-1.0, 1.0, z),
    definition=lambda z: MAX(Number(-1, "-1"), MIN(ONE, z)),
    derivatives=[lambda z, h: STEP(1 - ABS(z[0]))],
)
RELU6 = ScalarFunction(
    "relu6",
    Word("ReLU6", r"\mathrm{ReLU6}"),
    lambda z: _clipped(0.0, 6.0, z),
    definition=lambda z: MIN(MAX(ZERO, z), SIX),
    derivatives=[lambda z, h: STEP(z[0]) * STEP(6 - z[0])],
)
HARD_SWISH = ScalarFunction(
    "hard-swish",
    Word("hardswish", r"\mathrm{hardswish}"),
    lambda z: z * _clipped(0.0, 1.0, (z + 3) / 6),
    definition=lambda z: z * (MIN(MAX(ZERO, z + 3), SIX) / 6),
    derivatives=[lambda z, h: STEP(z[0] + 3) * STEP(3 - z[0]) * (z[0] / 3 + HALF) + (1 - STEP(3 - z[0]))],
)
IDENTITY = ScalarFunction(
    "identity",
    Word("id", r"\mathrm{id}"),
    lambda z: z,
    definition=lambda z: z,
    derivatives=[lambda z, h: ONE],
)
ACTIVATIONS = {
    function.name: function
    for function in (
        SIGMOID, TANH, RELU, LEAKY_RELU, HARD_SIGMOID, SOFTPLUS, ELU, SELU, GELU, GELU_TANH, SILU, MISH, SOFTSIGN,
        HARDTANH, RELU6, HARD_SWISH,
    )
}  # fmt: skip
