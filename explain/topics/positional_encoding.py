"""Sinusoidal positional encoding: sines and cosines of the position, and the sum with an embedding."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Count, Matrix, Scalar
from explain.tokens import Tokens, names_for
from explain.topics._tokens.encoding import angles, encoded, give_places, say_formula
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

    Field: Attention and transformers

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
    x = _given_embedding(sheet, asked, names)
    where, width, i = give_places(sheet, asked, names)
    B: Node = Number(USUAL_BASE, str(USUAL_BASE))
    if base is not None:
        B = sheet.given("B", base, "base", option="base")
    _conventions(sheet, asked, B, d is None, layout)

    theta = angles(sheet, asked, where, width, i, B, power)
    encoding = encoded(sheet, asked, theta, layout)
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
    say_formula(sheet, B)
    d = Symbol("d")
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
