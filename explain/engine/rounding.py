"""How numbers are shown: rounded half-up, never fewer than three significant digits, float noise never.

Full precision is carried; rounding is for display only. Four decimals by default; what would keep fewer than
three significant digits gets more (0.000204), below 10⁻⁴ a power of ten (1.00×10⁻⁵).
"""

from __future__ import annotations

import decimal
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

from explain.engine.notation import ATOM, NEGATIVE, PRODUCT, Word

DIGITS = 4
_CONTEXT = decimal.Context(prec=60, rounding=ROUND_HALF_UP, Emax=10**9, Emin=-(10**9))
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_SMALL = Decimal("0.0001")  # below, a power of ten is written
_ENDLESS = 10**250  # whole numbers that are no counts get a power of ten from here on
_LARGE = Decimal(10**9)  # from here on too, where digits are rounded away


class Shown(NamedTuple):
    """A number as it is shown, and whether nothing was rounded away."""

    text: str
    exact: bool


def show(value: Any, digits: int = DIGITS) -> Shown:
    """A number ready to print. Fractions and SymPy rationals are exact, floats and SymPy floats are not.

    >>> show(Fraction(59, 10)), show(1.25**2, 3), show(0.00020366), show(-1e-5)
    (Shown(text='5.9', exact=True), Shown(text='1.563', exact=False), Shown(text='0.000204', exact=False), \
Shown(text='-1.00×10⁻⁵', exact=False))
    """
    if digits >= DIGITS and (isinstance(value, float) or getattr(value, "is_Float", False)):
        quick = float(value)
        if 0.01 <= abs(quick) < 1e9 and not near(quick, digits):
            return Shown(f"{quick:.{digits}f}", False)  # no tie, no short decimal: the quick way
    rational = _rational(value)
    if rational is not None and rational.denominator == 1 and (isinstance(value, int) or abs(rational) < _ENDLESS):
        return Shown(str(rational.numerator), True)
    number = _decimal(value, rational)
    if not number.is_finite():
        return Shown("-∞" if number < 0 else "∞", True)
    if not number:
        return Shown("0", False)
    if abs(number) < _SMALL or abs(number) >= (_LARGE if rational is None else _LARGE**4):
        return _powered(number, digits, rational)
    rounded = number.quantize(Decimal(1).scaleb(-decimals(number, digits)), context=_CONTEXT)
    if rational is not None and Fraction(rounded) == rational:
        return Shown(_trimmed(rounded), True)
    return Shown(f"{rounded:f}", False)


def decimals(number: Decimal, digits: int) -> int:
    """How many decimals are kept, so that three significant digits stay."""
    return max(digits, 2 - number.adjusted())


def _rational(value: Any) -> Fraction | None:
    if isinstance(value, Fraction | int):
        return Fraction(value)
    if getattr(value, "is_Rational", False):
        return Fraction(int(value.p), int(value.q))
    return None


def _decimal(value: Any, rational: Fraction | None) -> Decimal:
    if rational is not None:
        return _CONTEXT.divide(Decimal(rational.numerator), Decimal(rational.denominator))
    if isinstance(value, float):
        return Decimal(repr(float(value)))
    if getattr(value, "is_Float", False) and -900 < value.num.exp < 900:
        return Decimal(repr(float(value)))  # sixteen digits of forty are enough to be shown
    text = str(value)
    return Decimal({"oo": "Infinity", "-oo": "-Infinity"}.get(text, text))


def _trimmed(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _powered(number: Decimal, digits: int, rational: Fraction | None) -> Shown:
    step = Decimal(1).scaleb(-max(2, digits - 2))
    power = number.adjusted()
    mantissa = number.scaleb(-power, _CONTEXT).quantize(step, context=_CONTEXT)
    if abs(mantissa) >= 10:
        mantissa, power = (mantissa / 10).quantize(step, context=_CONTEXT), power + 1
    exact = rational is not None and Fraction(mantissa) * Fraction(10) ** power == rational
    return Shown(f"{mantissa:f}×10{str(power).translate(_SUPERSCRIPTS)}", exact)


def near(value: float, digits: int) -> bool:
    """Whether a float is so close to a short decimal, or to nothing, that it may be exactly that."""
    if value == 0 or abs(value) < 1e-9:
        return True
    places = max(digits, 4) + 2
    return abs(value - round(value, places)) <= 1e-11 * max(1.0, abs(value))


def tidy(value: float, digits: int = DIGITS) -> str:
    """A float for a sentence: `2` rather than `2.0000` where it is that to twelve places."""
    short = round(value, 12)
    if abs(value) >= float(_LARGE) and not float(value).is_integer():
        return show(value, digits).text
    close = abs(value - short) <= 1e-13 * max(1.0, abs(value)) and abs(short - round(short, digits)) < 1e-13
    return show(Fraction(repr(round(short, digits)))).text if close else show(value, digits).text


def typed(text: str) -> str:
    """A typed number as it is printed: as it stands, `1e-8` with its power of ten."""
    mantissa, mark, power = text.lower().partition("e")
    return f"{mantissa}×10{str(int(power)).translate(_SUPERSCRIPTS)}" if mark else text


def number_word(text: str, key: str = "") -> Word:
    """The notation of a number from its text."""
    level = NEGATIVE if text.startswith("-") or "/" in text else PRODUCT if "×" in text else ATOM
    latex = text.replace("∞", r"\infty")
    if "×" in latex:
        mantissa, power = latex.split("×10")
        latex = rf"{mantissa} \times 10^{{{power.translate(_PLAIN)}}}"
    return Word(text, latex, key=key, level=level, number=True)


_PLAIN = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
