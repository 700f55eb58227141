"""The sinusoidal encoding itself: exponents, frequencies, angles, sines and cosines, put in their columns.

Source: Vaswani et al. 2017, Attention Is All You Need, section 3.5.
"""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.functions import COS, SIN
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.beside import Columns
from explain.engine.nodes.interleaved import Interleaved, Joined
from explain.engine.nodes.powers import Power
from explain.engine.notation import Word, related
from explain.engine.primitives import PI, TWO
from explain.engine.prose import SYMBOLIC, say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.topics._tokens.encoding_checks import check_encoding
from explain.topics._tokens.encoding_input import USUAL_BASE, Asked


def give_places(sheet: Worksheet, asked: Asked, names: Sequence[str] | None) -> tuple[Symbol, Symbol, Symbol]:
    """The positions, the width and the pairs of dimensions."""
    rows = names or [f"pos {at}" for at in range(asked.start, asked.start + asked.places)]
    columns = [f"pair {at}" for at in asked.pairs] if asked.single is None else None
    places = Values((asked.places, 1), [str(at) for at in range(asked.start, asked.start + asked.places)])
    counted = "positions, counted from 0" if not asked.start else f"positions, the first one {asked.start}"
    where = sheet.given("pos", places, counted, option="positions", rows=rows)
    width = sheet.given("d", Values((), (str(asked.width),)), "width: numbers a position", option="d")
    meaning = "pairs of dimensions: dimensions 2i and 2i + 1"
    meaning = meaning if asked.single is None else f"the pair that dimension {asked.single} belongs to"
    i = sheet.given("i", Values((1, len(asked.pairs)), list(map(str, asked.pairs))), meaning, columns=columns)
    return where, width, i


def say_formula(sheet: Worksheet, B: Node) -> None:
    """The two formulas, among the conventions."""
    pos, twice, d = Symbol("pos"), Symbol("i", (), Word("2i")), Symbol("d")
    angle = pos / Power(B, twice / d)
    even, odd = (Word(f"PE(pos, 2i{more})", rf"\mathrm{{PE}}(\mathrm{{pos}}, 2i{more})") for more in ("", "+1"))
    sheet.convention(
        "{s} and {c}: positions and dimensions are counted from 0, even dimensions are sines, odd ones cosines",
        s=related(even, "=", SIN(angle).write(SYMBOLIC)),
        c=related(odd, "=", COS(angle).write(SYMBOLIC)),
    )


def encoding_of(sheet: Worksheet, places: int, width: int, names: Sequence[str] | None) -> Symbol:
    """The encoding of positions 0, 1, … in few steps, for a page on which much more follows."""
    asked = Asked(0, places, width, None, None, False, True)
    pos, d, i = give_places(sheet, asked, names)
    B = Number(USUAL_BASE, str(USUAL_BASE))
    say_formula(sheet, B)
    theta = angles(sheet, asked, pos, d, i, B, float(USUAL_BASE))
    encoding = encoded(sheet, asked, theta, "interleaved")
    check_encoding(sheet, encoding, list(asked.pairs), 0, float(USUAL_BASE), "interleaved", None)
    return encoding


def angles(sheet: Worksheet, asked: Asked, pos: Symbol, d: Symbol, i: Symbol, B: Node, base: float) -> Symbol:
    """Exponent, divisor, frequency, wavelength and angle of every pair."""
    several = len(asked.pairs) > 1
    second = (0, 1 if several else 0)  # the pair that is worked: in the first one every line is trivial
    exponent: Node = 2 * i / d
    if not asked.large:
        last = f": from 0 in the first pair to {tidy(2 * asked.pairs[-1] / asked.width)} in the last" if several else ""
        why = say("pair i has the exponent 2i/{d}" + last, d=d)
        exponent = sheet.define("r", exponent, "Exponents" if several else "Exponent", why)
    growth = f": each divisor is {tidy(base ** (2 / asked.width))} times the one before" if several else ""
    q = sheet.define(
        "q",
        Power(B, exponent),
        "Divisors" if several else "Divisor",
        say("{B} to the power of the exponent {r}, by which the position is divided" + growth, B=B, r=exponent),
        entries=[second],
    )
    turns = "; the first pair turns fastest" if several and base > 1 else ""
    omega = sheet.define(
        "omega",
        1 / q,
        "Frequencies" if several else "Frequency",
        say("1 over the divisor {q}: the angle in radians by which a pair turns from one position to the next" + turns,
            q=q),
        entries=[second],
    )  # fmt: skip
    if asked.large:
        return _multiplied(sheet, asked, pos, omega)
    series = ", a geometric progression from 2π towards 2π times {B}" if several and base > 1 else ""
    sheet.define(
        "lambda",
        TWO * PI * q,
        "Wavelengths" if several else "Wavelength",
        say("a full turn is 2π, so a pair repeats after 2π/{w} = 2π {q} positions" + series, w=omega, q=q, B=B),
        entries=[second],
    )
    return _multiplied(sheet, asked, pos, omega)


def _multiplied(sheet: Worksheet, asked: Asked, pos: Symbol, omega: Symbol) -> Symbol:
    """The angle of every position in every pair."""
    several = len(asked.pairs) > 1
    return sheet.define(
        "theta",
        pos @ omega,
        "Angles, in radians",
        "each position times each frequency: one row a position, one column a pair"
        if several
        else "each position times the frequency",
        entries=[(min(1, asked.places - 1), int(several))],
    )


def encoded(sheet: Worksheet, asked: Asked, theta: Symbol, layout: str) -> Symbol:
    """Sines and cosines of the angles, put in their columns."""
    if asked.single is not None:
        even = asked.single % 2 == 0
        return sheet.define(
            "PE",
            (SIN if even else COS)(theta),
            f"Encoding: dimension {asked.single}",
            f"dimension {asked.single} is {'even, so it is the sine' if even else 'odd, so it is the cosine'} of the "
            "angle",
        )
    half, worked = asked.width // 2, [(min(1, asked.places - 1), 0)]
    if asked.large:
        return _at_once(sheet, asked, theta, layout)
    told = "the even dimensions 2i: the sine of the angle of pair i, in radians"
    sines = sheet.define("S", SIN(theta), "Sines", told, entries=worked)
    if not half:
        return sheet.define("PE", sines, "Positional encoding", "there is one dimension, which is even: a sine")
    cut = theta if len(asked.pairs) == half else Columns(theta, 0, half)
    if cut is not theta:
        cut = sheet.define(
            "theta_c",
            cut,
            "Angles that have a cosine",
            f"{asked.width} dimensions have {half + 1} even and {half} odd ones: the last pair has no cosine",
        )
    told = "the odd dimensions 2i + 1: the cosine of the same angle"
    cosines = sheet.define("C", COS(cut), "Cosines", told, entries=worked)
    interleaved = layout == "interleaved"
    return sheet.define(
        "PE",
        Interleaved(sines, cosines) if interleaved else Joined(sines, cosines),
        "Positional encoding",
        say("sine and cosine of a pair stand side by side: dimension 2i is column i of {S}, dimension 2i + 1 column i "
            "of {C}, all counted from 0" if interleaved else
            "first all sines {S}, then all cosines {C}: the same numbers in another order", S=sines, C=cosines),
        columns=_dimensions(asked.width, layout),
    )  # fmt: skip


def _at_once(sheet: Worksheet, asked: Asked, theta: Symbol, layout: str) -> Symbol:
    """The same in one step, for a page that stays short."""
    half = asked.width // 2
    cut = theta if len(asked.pairs) == half else Columns(theta, 0, half)
    interleaved = layout == "interleaved"
    merged = Interleaved(SIN(theta), COS(cut)) if interleaved else Joined(SIN(theta), COS(cut))
    where = "dimension 2i is the sine and dimension 2i + 1 the cosine of the angle of pair i, all counted from 0"
    return sheet.define(
        "PE",
        merged,
        "Positional encoding",
        where if interleaved else "first the sines of all angles, then their cosines",
        columns=_dimensions(asked.width, layout),
        entries=[(min(1, asked.places - 1), 0)],
    )


def _dimensions(width: int, layout: str) -> list[str]:
    """The names of the columns."""
    halves = [*range(0, width, 2), *range(1, width, 2)]
    return [f"dim {at}" for at in (range(width) if layout == "interleaved" else halves)]
