"""Probabilities of the next token by all tokens before it, as a parameter: `start: 0.5,0.5 | A: 0.1,0.9`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explain.engine.values import Values
from explain.errors import InputError, amount, shown
from explain.parameters import Matrix

MOST = 500
START, ANY = "start", "*"
FORM = "write it like start: 0.5,0.5 | A: 0.1,0.9 | A B: 0.3,0.7"


class Prefixes:
    """A row of probabilities for each prefix: the tokens so far, `start` for none, `*` for every other prefix."""

    __slots__ = ("rows",)

    def __init__(self, rows: Mapping[str, Values]) -> None:
        self.rows = dict(rows)

    @classmethod
    def read(cls, name: str, raw: Any) -> Prefixes:
        """The rows by their prefix: text with bars, a list of such rows, or a table as exam files have it.

        >>> read = Prefixes.read("after", "start: 0.5,0.5 | A  B: 0.30,0.7")
        >>> list(read.rows), read.rows["A B"].texts
        (['start', 'A B'], ('0.30', '0.7'))

        Raises:
            InputError: a row without a prefix or without numbers, a prefix twice, or rows of different length.
        """
        if isinstance(raw, Prefixes):
            return raw
        rows: dict[str, Values] = {}
        for prefix, numbers in _pairs(name, raw):
            key = " ".join(prefix.replace(",", " ").split()) or START
            if key in rows:
                raise InputError(f"{{{name}}} has {shown(key)} twice: one row of probabilities a prefix")
            found = Matrix.read(name, numbers)
            if len(found.shape) > 1 and 1 not in found.shape:
                raise InputError(f"{{{name}}} has several rows for {shown(key)}: one row of probabilities a prefix")
            rows[key] = found.reshape((1, len(found)))
        if len(rows) > MOST:
            raise InputError(f"{{{name}}} has {len(rows)} prefixes: at most {MOST} are read")
        widths = [len(row) for row in rows.values()]
        for key, width in zip(rows, widths, strict=True):
            if width != widths[0]:
                first = f"{shown(next(iter(rows)))} has {amount(widths[0], 'number')}"
                raise InputError(f"{{{name}}}: {first} and {shown(key)} has {width}: one number a token in every row")
        return cls(rows)


def _pairs(name: str, raw: Any) -> Sequence[tuple[str, Any]]:
    """Prefix and numbers of each row."""
    if isinstance(raw, Mapping):
        pairs = [(str(key), value) for key, value in raw.items()]
    else:
        listed = isinstance(raw, Sequence) and not isinstance(raw, str) and all(isinstance(row, str) for row in raw)
        texts = [str(row) for row in raw] if listed else str(raw).split("|")
        if any(":" not in text for text in texts):
            lone = next((text for text in texts if ":" not in text), "")
            raise InputError(f"{{{name}}} has {shown(lone.strip()) or 'nothing'} where a row belongs: {FORM}")
        pairs = [(text.rpartition(":")[0], text.rpartition(":")[2].strip()) for text in texts]
    if not pairs:
        raise InputError(f"{{{name}}} is empty: {FORM}")
    for key, _ in pairs:
        if not key.isprintable():
            raise InputError(f"{{{name}}} has the prefix {shown(key)}: it holds characters that cannot be printed")
    return pairs
