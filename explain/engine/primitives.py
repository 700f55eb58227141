"""The functions that the others are made of: powers, logarithms, extremes, signs, and the number π.

Source: PyTorch documentation for the value of a derivative at a kink (0 for |z| at 0).
"""

# ruff: noqa: ARG005 - one interface for all functions: a derivative may need the operand or the output only
from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Number, Style
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.notation import Notation, Word

if TYPE_CHECKING:
    from collections.abc import Sequence

    from explain.engine.nodes.base import Array

FAR = 10**6  # where SymPy need not work a function that has levelled off
DIGITS = 40  # that SymPy's numbers are carried with


class Pi(Number):
    """The number π, which SymPy keeps exactly."""

    __slots__ = ()

    def __init__(self) -> None:
        import math

        super().__init__(math.pi, "π")

    def write(self, style: Style) -> Notation:  # noqa: ARG002
        """Its letter."""
        return Word("π", r"\pi", number=True)

    def lower(self, operands: Sequence[Any]) -> Any:  # noqa: ARG002
        """SymPy's own."""
        import sympy

        return sympy.pi


class Constant(Number):
    """A constant of many digits: its letter in a formula, its rounded value where numbers are put in."""

    __slots__ = ("word",)

    def __init__(self, value: Fraction, word: Word) -> None:
        super().__init__(value)
        self.word = word

    def write(self, style: Style) -> Notation:  # noqa: ARG002
        """Its letter."""
        return self.word


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


def _maximum(first: Any, second: Any) -> Any:
    import numpy as np

    if all(isinstance(value, int) or (value.dtype == object and not value.shape) for value in (first, second)):
        return max(int(first), int(second))  # whole numbers of any size
    return np.maximum(first, second)


def _step(z: Array) -> Array:
    return (z > 0).astype(float)


def _lower_step(z: Any) -> Any:
    import sympy

    return sympy.Piecewise((1, z > 0), (0, True))


def _each(name: str) -> Any:
    """A function of Python's `math` for each entry: NumPy has no error function."""

    def evaluate(z: Array) -> Array:
        import math

        import numpy as np

        return np.asarray(np.vectorize(getattr(math, name), otypes=[float])(z))

    return evaluate


def _below(z: Array) -> Array:
    import numpy as np

    return np.asarray(_each("erfc")(-z / np.sqrt(2)) / 2)  # 1 + erf would lose its digits where it is nearly 0


def level(z: Any, below: int, above: int) -> Any:
    """What a function has levelled off at for a number in SymPy that is far out; None for all others."""
    import sympy

    far = bool(z.is_number and z.is_real and abs(z) > FAR)
    return sympy.Float(below if z < 0 else above, DIGITS) if far else None


def _lower_erf(z: Any) -> Any:
    import sympy

    found = level(z, -1, 1)
    return sympy.erf(z) if found is None else found


def _lower_below(z: Any) -> Any:
    import sympy

    found = level(z, 0, 1)  # and for the rest, 1 + erf far below 0 would make SymPy carry thousands of digits
    return sympy.erfc(-z / sympy.sqrt(2)) / 2 if found is None else found


def _lower_density(z: Any) -> Any:
    import sympy

    found = level(z, 0, 0)
    return sympy.exp(-(z**2) / 2) / sympy.sqrt(2 * sympy.pi) if found is None else found


def _density(z: Array) -> Array:
    import numpy as np

    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


ZERO, ONE, TWO, PI = Number(0, "0"), Number(1, "1"), Number(2, "2"), Pi()

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
MIN = ScalarFunction("min", Word("min", r"\min"), _np("minimum"), sympy=_sympy("Min"))
SIGN = ScalarFunction("sign", Word("sign", r"\mathrm{sign}"), _np("sign"), sympy=_sympy("sign"))
ABS = ScalarFunction("abs", Word("abs"), _np("abs"), sympy=_sympy("Abs"), derivatives=[lambda z, h: SIGN(z[0])])
ERF = ScalarFunction(
    "erf",
    Word("erf", r"\mathrm{erf}"),
    _each("erf"),
    sympy=_lower_erf,
    derivatives=[lambda z, h: TWO / sqrt(PI) * EXP(-(z[0] ** 2))],
)
DENSITY: ScalarFunction = ScalarFunction(
    "normal-density",
    Word("φ", r"\varphi"),
    _density,
    definition=lambda z: EXP(-(z**2 / 2)) / sqrt(TWO * PI),
    sympy=_lower_density,
    derivatives=[lambda z, h: -(z[0] * h)],
)
BELOW = ScalarFunction(
    "normal-distribution",
    Word("Φ", r"\Phi"),
    _below,
    definition=lambda z: (ONE + ERF(z / sqrt(TWO))) / 2,
    sympy=_lower_below,
    derivatives=[lambda z, h: DENSITY(z[0])],
)
