"""Sinusoidal positional encoding: sines and cosines of the position, and the sum with an embedding."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
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
from explain.errors import InputError, amount
from explain.parameters import Count, Matrix, Scalar
from explain.tokens import Tokens, names_for
from explain.topics._tokens.encoding_checks import check_encoding, other_reading
from explain.topics._tokens.encoding_input import USUAL_BASE, USUAL_WIDTH, Asked, asked_for, checked_base
from explain.topics._tokens.ids import Ids


@topic
def positional_encoding(
    positions: Annotated[Count | None, "how many positions, such as 3; with X as many as it has rows"] = None,
    d: Annotated[Count | None, "width: numbers a position, such as 4; with X as many as it has columns"] = None,
    X: Annotated[Matrix | None, "embeddings to which the encoding is added, one token a row"] = None,
    tokens: Annotated[Tokens | None, "names of the tokens, one a position: Cat,is,sleeping"] = None,
    dimension: Annotated[Ids | None, "one dimension only, from 0; X is then one number a position"] = None,
    start: Annotated[Ids | None, "the first position; 0 where it is not given"] = None,
    base: Annotated[Scalar | None, "what is raised to 2i/d; 10000 where it is not given"] = None,
    layout: Annotated[
        Literal["interleaved", "halves"], "interleaved: sine, cosine, sine, …; halves: first all sines"
    ] = "interleaved",
) -> Answer:
    """Positional encoding: sine and cosine of the position.

    PE(pos, 2i) = sin(pos/10000^(2i/d)) and PE(pos, 2i+1) = cos(pos/10000^(2i/d)), worked one by one: exponent, its
    power of 10000, frequency, wavelength, angle, sine and cosine; then X + PE where X is given. Shapes: n positions,
    m = ⌈d/2⌉ pairs, angles (n×m), PE and X (n×d). Positions and dimensions are counted from 0.

    Source: Vaswani et al. 2017, Attention Is All You Need, section 3.5

    Examples:
        explain positional-encoding --positions 3 --d 4
        explain positional-encoding --X "0.54,0.76,0.23,0.89;0.31,0.93,0.68,0.45" --tokens Cat,is
        explain positional-encoding --X 0.54,0.76,0.23,0.89,0.1,0.67 --dimension 0
        explain positional-encoding --positions 4 --d 5 --base 100 --layout halves

    Raises:
        InputError: neither X nor the number of positions and the width, sizes that do not meet, a base below 1,
            positions that are too many or too far out.
    """
    asked = asked_for(positions, d, X, dimension, start, len(tokens) if tokens is not None else None)
    power = checked_base(base)
    if layout == "halves" and asked.single is not None:
        raise InputError("{layout} is halves, but one {dimension} is asked for: that needs no layout; leave one out")
    sheet = Worksheet(_title(asked), positional_encoding.source)
    names = names_for("tokens", tokens, "X" if X is not None else "positions", asked.places, "position")
    rows = names or [f"pos {at}" for at in range(asked.start, asked.start + asked.places)]
    columns = [f"pair {at}" for at in asked.pairs] if asked.single is None else None
    x = _given_embedding(sheet, asked, names)
    places = Values((asked.places, 1), [str(at) for at in range(asked.start, asked.start + asked.places)])
    counted = "positions, counted from 0" if not asked.start else f"positions, the first one {asked.start}"
    where = sheet.given("pos", places, counted, option="positions", rows=rows)
    width = sheet.given("d", Values((), (str(asked.width),)), "width: numbers a position", option="d")
    meaning = "pairs of dimensions: dimensions 2i and 2i + 1"
    meaning = meaning if asked.single is None else f"the pair that dimension {asked.single} belongs to"
    i = sheet.given("i", Values((1, len(asked.pairs)), list(map(str, asked.pairs))), meaning, columns=columns)
    B: Node = Number(USUAL_BASE, str(USUAL_BASE))
    if base is not None:
        B = sheet.given("B", base, "base", option="base")
    _conventions(sheet, asked, B, d is None, layout)

    theta = _angles(sheet, asked, where, width, i, B, power)
    encoding = _encoded(sheet, asked, theta, layout)
    check_encoding(sheet, encoding, list(asked.pairs), asked.start, power, layout, asked.single)
    if x is None:
        return sheet.answer(encoding)
    output = sheet.define(
        "Y",
        x + encoding,
        "Sum of embedding and encoding",
        say("entry by entry: attention itself does not see the order of the tokens, and with {P} added the same token "
            "gets other numbers at another position; {P} is a constant, so nothing in it is learned, and a gradient "
            "at {Y} reaches {X} unchanged", P=encoding, X=x, Y=Symbol("Y")),
        note=other_reading(sheet, asked.single, x, power),
    )  # fmt: skip
    return sheet.answer(output) if asked.large else sheet.answer(encoding, output)


def _angles(sheet: Worksheet, asked: Asked, pos: Symbol, d: Symbol, i: Symbol, B: Node, base: float) -> Symbol:
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


def _encoded(sheet: Worksheet, asked: Asked, theta: Symbol, layout: str) -> Symbol:
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


def _title(asked: Asked) -> str:
    which = f"{amount(asked.places, 'position')}, d = {asked.width}"
    return f"Positional encoding: {which}" + ("" if asked.single is None else f", dimension {asked.single}")


def _given_embedding(sheet: Worksheet, asked: Asked, names: tuple[str, ...] | None) -> Symbol | None:
    if asked.X is None:
        return None
    meaning = "embeddings, one token a row" if asked.single is None else f"dimension {asked.single} of each embedding"
    return sheet.given("X", asked.X, meaning, option="X", rows=names)


def _conventions(sheet: Worksheet, asked: Asked, B: Node, usual: bool, layout: str) -> None:
    """The formula, and what the question leaves open."""
    pos, twice, d = Symbol("pos"), Symbol("i", (), Word("2i")), Symbol("d")
    angle = pos / Power(B, twice / d)
    even, odd = (Word(f"PE(pos, 2i{more})", rf"\mathrm{{PE}}(\mathrm{{pos}}, 2i{more})") for more in ("", "+1"))
    sheet.convention(
        "{s} and {c}: positions and dimensions are counted from 0, even dimensions are sines, odd ones cosines",
        s=related(even, "=", SIN(angle).write(SYMBOLIC)),
        c=related(odd, "=", COS(angle).write(SYMBOLIC)),
    )
    if asked.single is not None:
        if usual and asked.single < 2:
            sheet.convention(
                f"{{d}} = {USUAL_WIDTH} (default: Vaswani et al. 2017); in dimension {asked.single} the exponent is 0 "
                "and the angle the position itself, whatever {d} is",
                d=d,
            )
        return
    if asked.width % 2:
        sheet.convention(
            f"{{d}} = {asked.width} is odd: the last dimension is a sine without its cosine, as code has it that fills "
            "columns 0, 2, 4, … with sines and 1, 3, 5, … with cosines",
            d=d,
        )
    if layout == "halves":
        sheet.convention(
            "halves: all sines first, as in tensor2tensor, whose code also spaces the frequencies by i/(d/2 - 1) "
            "instead of 2i/d"
        )
    if asked.row:
        sheet.convention(
            f"{{X}} is one row: one token at position {asked.start} with {asked.width} numbers; as {asked.width} "
            "positions of one dimension it is another question, which {o} 0 answers",
            X=Symbol("X"),
            o=Word("--dimension", r"\texttt{--dimension}"),
        )
