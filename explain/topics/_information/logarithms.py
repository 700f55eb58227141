"""Logarithms of base e, 2 and 10, and what they measure information in.

Source of the units: MacKay 2003, Information Theory, Inference, and Learning Algorithms, section 2.4; ISO/IEC 80000-13
(bit, nat and hartley).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from explain.engine.answer import Place
from explain.engine.functions import EXP, LOG
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.nodes.powers import Power
from explain.engine.notation import Word
from explain.engine.worksheet import Worksheet

if TYPE_CHECKING:
    from typing import Any

    from explain.engine.nodes.base import Array

Base = Literal["natural", "2", "10"]


class Logarithm(NamedTuple):
    """A logarithm: its function, the name of its base in Python, and the unit of what it measures."""

    function: ScalarFunction
    base: Base
    unit: str
    number: str  # how a sentence calls the base

    def __call__(self, operand: Node) -> Node:
        return self.function(operand)

    def power(self, exponent: Node) -> Node:
        """The base raised to an exponent, which undoes the logarithm."""
        return EXP(exponent) if self.base == "natural" else Power(Number(int(self.base), self.base), exponent)

    def value(self, number: float) -> float:
        """The logarithm of a number."""
        import math

        return {"natural": math.log, "2": math.log2, "10": math.log10}[self.base](number)

    def raised(self, exponent: float) -> float:
        """The base to the power of a number."""
        import math

        return math.exp(exponent) if self.base == "natural" else float(self.base) ** exponent

    @property
    def word(self) -> Word:
        """How it is written."""
        return self.function.word


def _np_log(name: str) -> Any:
    def evaluate(values: Array) -> Any:
        import numpy as np

        return getattr(np, name)(values)

    return evaluate


def _sympy_log(base: int) -> Any:
    def lower(value: Any) -> Any:
        import sympy

        return sympy.log(value) / sympy.log(base) if value.is_Float else sympy.log(value, base)

    return lower


def _of_base(base: int) -> ScalarFunction:
    """log_b z = log z / log b, so its slope is 1/(z log b)."""
    number = Number(base, str(base))
    subscript = "₂" if base == 2 else "₁₀"
    return ScalarFunction(
        f"log{base}",
        Word(f"log{subscript}", rf"\log_{{{base}}}"),
        _np_log(f"log{base}"),
        sympy=_sympy_log(base),
        derivatives=[lambda z, _: Number(1, "1") / (z[0] * LOG(number))],
    )


LOG2, LOG10 = _of_base(2), _of_base(10)
UNITS = {"natural": "nats", "2": "bits", "10": "hartleys"}


@lru_cache(maxsize=3)
def logarithm(base: str) -> Logarithm:
    """The logarithm of base e (`natural`), 2 or 10.

    >>> logarithm("2").unit, logarithm("2").value(8), logarithm("natural").word.text
    ('bits', 3.0, 'log')
    """
    if base == "natural":
        return Logarithm(LOG, "natural", "nats", "e")
    return Logarithm(LOG2, "2", "bits", "2") if base == "2" else Logarithm(LOG10, "10", "hartleys", "10")


def log_convention(sheet: Worksheet, log: Logarithm) -> None:
    """State the base that was taken, and what it measures in."""
    if log.base == "natural":
        sheet.convention("log is the natural logarithm (base e), so that information is measured in nats")
    else:
        sheet.convention(
            f"{{l}} is the logarithm of base {log.base}: information is measured in {log.unit}", l=log.word
        )


def in_other_units(
    sheet: Worksheet, found: Symbol, log: Logarithm, wanted: Sequence[str] = ("nats", "bits", "hartleys")
) -> list[Symbol]:
    """The same quantity in other units, each on one line of the section of `found`.

    Source: change of base, log_c x = log_b x · log_c b; from nats it is shorter to divide, log_c x = log x / log c.
    """
    lines = []
    for base, unit in UNITS.items():
        if base == log.base or unit not in wanted:
            continue
        other = logarithm(base)
        if log.base == "natural":
            converted = found / LOG(Number(int(base), base))
        else:
            converted = found * other(Number(int(log.base), log.base))
        told = f"in base {other.number}"
        name = f"{found.name}_{other.unit}"
        written = word(name)
        if found.word.text.endswith(")"):  # D(P‖Q)_bits as H_bits
            text, latex = f"{found.word.text}_{other.unit}", rf"{found.word.latex}_{{\mathrm{{{other.unit}}}}}"
            written = Word(text, latex, key=name)
        lines.append(sheet.define(name, converted, "", "", place=Place(found.name, (told,)), written=written))
    return lines
