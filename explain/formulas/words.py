"""The words of a formula: numbers, names, signs, each with its column; what cannot be typed is written otherwise."""

from __future__ import annotations

import re
from typing import NamedTuple, NoReturn

from explain.engine.names import GREEK, is_symbol
from explain.errors import InputError, shown

LONGEST = 5000  # characters of a formula
SIGNS = {
    "\u2212": "-", "\u2013": "-", "\u2010": "-", "\u00b7": "*", "\u22c5": "*", "\u00d7": "*", "\u2217": "*",
    "\u2299": "*", "**": "^", "\u00f7": "/", "\u2019": "'", "\u2032": "'", "\u1d40": "'", "\n": ";",
}  # fmt: skip
LETTERS = {letter: name for name, letter in GREEK.items()} | {"ϵ": "epsilon", "ϕ": "phi", "ŷ": "yhat"}
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_TOKEN = re.compile(
    r"(?P<gap>[ \t\r\u00a0\u202f\u2009]+)"
    r"|(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<dotted>\.\s*[^\W\d]\w*)"
    r"|(?P<name>[^\W\d⁰¹²³⁴⁵⁶⁷⁸⁹](?:[₀-₉]|(?![⁰¹²³⁴⁵⁶⁷⁸⁹])\w)*)"
    r"|(?P<raised>[⁰¹²³⁴⁵⁶⁷⁸⁹]+)"
    r"|(?P<sign>\*\*|==|<=|>=|!=|//|.|\n)"
)


class Token(NamedTuple):
    """A word: `number`, `name`, `raised` (a small exponent), `sign` or `end`; its text and the column it begins in.

    `typed` is a name as it was typed, where its text is the plain one.
    """

    kind: str
    text: str
    column: int
    typed: str = ""

    @property
    def told(self) -> str:
        """The word as an error shows it."""
        return self.typed or self.text


def tokens(text: str, name: str) -> list[Token]:
    """The words of a formula, with one `end` after the last.

    >>> [token.text for token in tokens("2·x₁ + Wᵀ", "formula")]
    ['2', '*', 'x_1', '+', 'W', "'", 'the end']

    Raises:
        InputError: a character or a name that belongs to no formula; too many characters.
    """
    if len(text) > LONGEST:
        raise InputError(f"{name} has {len(text)} characters: at most {LONGEST} are read; name parts of it")
    found = []
    for match in _TOKEN.finditer(text.rstrip()):
        kind, told, column = str(match.lastgroup), match[0], match.start() + 1
        if kind == "name" and told[-1] == "\u1d40":  # xᵀ
            found += [_named(told[:-1], column, name), Token("sign", "'", match.end())]
        elif kind == "name":
            found.append(_named(told, column, name))
        elif kind == "dotted":
            if told.replace(" ", "") != ".T":
                wrong(name, column, f"{shown(told)} is not read: only .T, the transpose, may follow a dot")
            found.append(Token("sign", "'", column))
        elif kind == "raised":
            found.append(Token(kind, told.translate(RAISED), column))
        elif kind != "gap":
            found.append(Token(kind, SIGNS.get(told, told), column))
    return [*found, Token("end", "the end", len(text.rstrip()) + 1)]


def plain_name(text: str) -> str | None:
    """A name in plain letters, `w₁` as `w_1`, `α` as `alpha`; None for what is no name."""
    stem = text.rstrip("₀₁₂₃₄₅₆₇₈₉")
    lowered = text[len(stem) :].translate(LOWERED)
    plain = LETTERS.get(stem[:1], stem[:1]) + stem[1:] + (f"_{lowered}" if lowered else "")
    return plain if is_symbol(plain) else None


def _named(text: str, column: int, name: str) -> Token:
    plain = plain_name(text)
    if plain is None:
        rule = "letters and digits, at most one _, at most 24 characters, such as w0 or b_1"
        wrong(name, column, f"{shown(text)} is not a name: {rule}")
    return Token("name", plain, column, text)


def wrong(name: str, column: int, message: str) -> NoReturn:
    """Refuse a formula at a column."""
    raise InputError(f"{name}, column {column}: {message}")
