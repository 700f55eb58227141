"""The kinds of parameter, and how each is read from what a user typed or a program passed.

Nothing is evaluated: numbers are matched by one pattern, symbols by another, the rest is refused by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.names import is_symbol
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount, shown

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?|[+-]?\d+/\d+", re.ASCII)
NONZERO = re.compile(r"[^eE]*[1-9]")
LONGEST_NUMBER = 40  # characters
LONGEST_COUNT = 100  # digits
MOST_ENTRIES = 100_000  # that may be typed; arrays handed over by a program may be larger
PASTED = str.maketrans({"\u2212": "-", "\u2013": "-", "\u2010": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " "})


class Count:
    """A whole number from 1, or a symbol for one: `--units 30`, `--units n`."""

    __slots__ = ("name", "number")

    def __init__(self, number: int | None, name: str = "") -> None:
        self.number = number
        self.name = name

    def __str__(self) -> str:
        return self.name if self.number is None else str(self.number)

    @property
    def values(self) -> Values | None:
        """The number as a value, None for a symbol."""
        from explain.engine.values import whole

        return None if self.number is None else whole(self.number)

    @classmethod
    def read(cls, name: str, raw: Any) -> Count:
        """A count from text or a number.

        >>> Count.read("units", "30").number, Count.read("units", "n").name
        (30, 'n')
        """
        if isinstance(raw, Count):
            return raw
        text = str(raw).translate(PASTED).strip()
        if re.fullmatch(r"[0-9]+", text):
            if len(text) > LONGEST_COUNT:
                raise InputError(
                    f"{{{name}}} is a number of {len(text)} digits: at most {LONGEST_COUNT} are accepted; "
                    "give a smaller number or a symbol such as n"
                )
            if int(text) > 0:
                return cls(int(text))
        elif is_symbol(text) and not isinstance(raw, bool):
            return cls(None, text)
        raise InputError(
            f"{{{name}}} is {shown(text) or 'empty'}: it must be a whole number from 1, or a symbol such as n"
        )


class Scalar(Values):
    """One number."""

    __slots__ = ()

    @classmethod
    def read(cls, name: str, raw: Any) -> Scalar:
        """A number from text or a number.

        >>> Scalar.read("d_k", "64").text(())
        '64'
        """
        if isinstance(raw, Scalar):
            return raw
        return cls((), (number_text(name, _as_text(raw), ""),))


class Matrix(Values):
    """Numbers in a row (shape `(n,)`) or in rows and columns (shape `(m, n)`)."""

    __slots__ = ()

    @classmethod
    def read(cls, name: str, raw: Any) -> Matrix:
        """Numbers from `1,2,3`, `1,2;3,4`, `[[1,2],[3,4]]`, `@file.csv`, `-`, nested sequences or a NumPy array.

        >>> Matrix.read("W", "0.30,−2;1/3,4").texts
        ('0.30', '-2', '1/3', '4')
        """
        if isinstance(raw, Matrix):
            return raw
        if isinstance(raw, str) and (raw.startswith("@") or raw == "-"):
            return cls._of_file(name, raw)
        if hasattr(raw, "__array__") and raw.ndim:
            return cls._of_array(name, raw)
        rows = _split(name, raw) if isinstance(raw, str) else _nested(name, raw)
        width = len(rows[0])
        for at, row in enumerate(rows, 1):
            if len(row) != width:
                first = amount(width, "number")
                raise InputError(f"{{{name}}} has {first} in row 1 and {len(row)} in row {at}: every row needs as many")
        flat = len(rows) == 1 and not (isinstance(raw, Sequence) and not isinstance(raw, str) and _is_nested(raw))
        places = (f" in row {at}" if len(rows) > 1 else "" for at, row in enumerate(rows, 1) for _ in row)
        texts = [
            number_text(name, text, place) for text, place in zip((t for r in rows for t in r), places, strict=True)
        ]
        return cls((width,) if flat and not _double(raw) else (len(rows), width), texts)

    @classmethod
    def _of_file(cls, name: str, raw: str) -> Matrix:
        """One line is a vector, as in `1,2,3`; a column of lines is a matrix of one column."""
        from explain.files import read_numbers

        found = read_numbers(name, raw)
        if not isinstance(found, list):
            return cls._of_array(name, found, f" {shown(raw, 100)}")
        width = len(found[0])
        return cls((width,) if len(found) == 1 else (len(found), width), [text for row in found for text in row])

    @classmethod
    def _of_array(cls, name: str, raw: Any, place: str = "") -> Matrix:
        import numpy as np

        if raw.ndim > 2 or raw.size == 0 or raw.dtype.kind not in "iuf":
            raise InputError(
                f"{{{name}}}{place} is an array of shape {shown(raw.shape)} and type {shown(raw.dtype)}: "
                "1 or 2 axes of real numbers"
            )
        with np.errstate(over="ignore"):  # a number too large for float64 becomes an infinity, and is refused
            array: Array = np.array(raw, dtype=np.float64)
        if not np.isfinite(array).all():
            raise InputError(f"{{{name}}}{place} holds NaN or infinity: every number must be finite")
        return cls(array.shape, None, array)


def number_text(name: str, text: str, place: str) -> str:
    """A number as typed, checked: finite, not too long, not a word.

    Raises:
        InputError: names the parameter, the text and what is accepted.
    """
    plain = text.translate(PASTED).strip()
    where = f"{{{name}}}{place}"
    if plain.lower().lstrip("+-") in ("nan", "inf", "infinity", "∞"):
        raise InputError(f"{where} is {shown(plain)}: every number must be finite")
    if len(plain) > LONGEST_NUMBER:
        raise InputError(f"{where} is {shown(plain)}: at most {LONGEST_NUMBER} characters a number; round it")
    if not NUMBER.fullmatch(plain):
        raise InputError(
            f"{where} has {shown(plain) or 'nothing'} where a number belongs: write it like -1.6, 2e-3 or 1/3"
        )
    if "/" in plain:
        if not int(plain.split("/")[1]):
            raise InputError(f"{where} is {plain}: the denominator must not be 0")
    elif abs(float(plain)) == float("inf") or (abs(float(plain)) < 1e-300 and NONZERO.match(plain)):
        raise InputError(f"{where} is {shown(plain)}: its size must lie between 1e-300 and 1e308")
    return plain.removeprefix("+")


def _as_text(raw: Any) -> str:
    if isinstance(raw, bool) or (not isinstance(raw, int | float | str) and not hasattr(raw, "__float__")):
        return str(raw)
    if isinstance(raw, str | int):
        return str(raw)
    number = float(raw)
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _split(name: str, raw: str) -> list[list[str]]:
    """Rows and entries of typed numbers: `;` or brackets between rows, commas or spaces between entries."""
    text = raw.translate(PASTED).strip()
    if text.count(",") + text.count(" ") + text.count(";") > 4 * MOST_ENTRIES or len(text) > 50 * MOST_ENTRIES:
        raise InputError(
            f"{{{name}}} has more than {MOST_ENTRIES} numbers: that many cannot be typed; "
            "hand a NumPy array to the Python interface"
        )
    if "[" in text:
        text = _unbracketed(name, text)
    rows = list(re.split(r"[;\n]", text.rstrip("; \n")))
    split = [re.split(r"\s*,\s*|\s+", row.strip().rstrip(",")) if row.strip() else [] for row in rows]
    if any(not row for row in split):
        raise InputError(f"{{{name}}} is {shown(raw) or 'empty'}: a row without numbers; write it like 1,2;3,4")
    if sum(len(row) for row in split) > MOST_ENTRIES:
        raise InputError(
            f"{{{name}}} has {sum(len(row) for row in split)} numbers: at most {MOST_ENTRIES} can be typed; "
            "hand a NumPy array to the Python interface"
        )
    return split


def _unbracketed(name: str, text: str) -> str:
    inner = re.fullmatch(r"\[(.*)\]", re.sub(r"\s+", " ", text))
    body = inner[1].strip() if inner else ""
    if "[" in body:
        rows = re.split(r"\]\s*[,;]?\s*\[", body.removeprefix("[").removesuffix("]"))
        body = ";".join(row.strip() for row in rows)
    if not inner or "[" in body or "]" in body or text.count("[") != text.count("]"):
        raise InputError(
            f"{{{name}}} is {shown(text)}: the brackets do not match; write it like [[1,2],[3,4]] or 1,2;3,4"
        )
    return body


def _nested(name: str, raw: Any) -> list[list[str]]:
    if isinstance(raw, int | float) or not isinstance(raw, Sequence):
        return [[_as_text(raw)]]
    if not raw or any(isinstance(row, Sequence) and not isinstance(row, str) and not row for row in raw):
        raise InputError(f"{{{name}}} is {shown(raw)}: a list without numbers")
    if _is_nested(raw):
        if not all(hasattr(row, "__len__") and not isinstance(row, str) for row in raw):
            raise InputError(f"{{{name}}} is {shown(raw)}: rows and single numbers are mixed; write [[1, 2], [3, 4]]")
        return [[_as_text(item) for item in row] for row in raw]
    return [[_as_text(item) for item in raw]]


def _is_nested(raw: Sequence[Any]) -> bool:
    return any((isinstance(row, Sequence) and not isinstance(row, str)) or hasattr(row, "shape") for row in raw)


def _double(raw: Any) -> bool:
    return isinstance(raw, str) and raw.strip().startswith("[[")


def as_column(name: str, given: Values, height: int | None = None) -> Values:
    """A vector as a column; a matrix of one row may stand for it.

    Raises:
        InputError: it has more than one row and column, or not `height` entries.
    """
    column = given.reshape((len(given), 1))
    if len(given.shape) == 2 and 1 not in given.shape:
        raise InputError(f"{{{name}}} is {write(given.shape)}: a vector belongs here, one row or one column")
    if height is not None and len(given) != height:
        raise InputError(f"{{{name}}} has {amount(len(given), 'number')}: {height} belong here")
    return column
