"""Masks as a parameter: which keys each query may look at."""

from __future__ import annotations

import difflib
import re
from typing import Any

from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, shown
from explain.parameters import PASTED, Matrix

NAMED = ("none", "causal")
INFINITE = re.compile(r"(?<![\w.])-\s*(inf(inity)?|∞)(?![\w])", re.IGNORECASE)
FAR = "-1.7976931348623157e308"  # the lowest number there is stands for -∞ while the numbers are read
LONGEST = 10**6  # characters: what is longer has more numbers than are read, and is refused as such
WORD = re.compile(r"(?<![\w.])[^\W\d]\w*")
RULE = "it holds 1 where a query may look and 0 where not, or 0 and -inf to be added to the scores"


class Mask:
    """`none`, `causal`, or a matrix with 1 where a query may look and 0 where not (or 0 and -inf, which is added)."""

    __slots__ = ("name", "shape", "values")
    WORDS = NAMED

    def __init__(self, name: str, values: Values | None = None) -> None:
        self.name = name
        self.values = values
        self.shape = () if values is None else values.shape

    @classmethod
    def read(cls, name: str, raw: Any) -> Mask:
        """A mask from its name or its numbers.

        >>> Mask.read("mask", "causal").name, Mask.read("mask", "0,-inf;0,0").visible.tolist()
        ('causal', [[True, False], [True, True]])

        Raises:
            InputError: another word, numbers that are neither 1 and 0 nor 0 and -inf, or 0 alone.
        """
        if isinstance(raw, Mask):
            return raw
        if isinstance(raw, str) and raw.strip().lower() in NAMED:
            return cls(raw.strip().lower())
        if isinstance(raw, str) and len(raw) <= LONGEST:
            if raw.strip().startswith("@") or raw.strip() == "-":
                raw = _of_file(name, raw.strip())
            else:
                _no_words(name, raw.translate(PASTED).strip())
        values = Matrix.read(name, raw if isinstance(raw, str) and len(raw) > LONGEST else _without_infinity(raw))
        array = values.array
        hidden = array == float(FAR)
        allowed = (array == 0) | hidden if hidden.any() else (array == 0) | (array == 1)
        if not allowed.all():
            place = tuple(int(at) for at in (~allowed).nonzero()[0][:1]) if array.ndim == 1 else _first(allowed)
            found = values.text(place)
            mend = "; write -inf" if array[place] < -1 else ""
            raise InputError(f"{{{name}}} has {shown(found)}: {RULE}{mend}")
        if not array.any():
            raise InputError(
                f"{{{name}}} holds 0 alone: read as 1 and 0 it hides every key, read as 0 and -inf it hides none; "
                "leave it out, or write 1 where a query may look"
            )
        return cls("given", values)

    @property
    def visible(self) -> Any:
        """Which keys may be looked at, as an array of booleans (of a given matrix)."""
        assert self.values is not None
        array = self.values.array
        hidden = array == float(FAR)
        return ~hidden if hidden.any() else array == 1

    def __str__(self) -> str:
        return self.name if self.values is None else write(self.shape)


def _of_file(name: str, raw: str) -> Any:
    """What a file holds: an array may have -inf and truth values in it, a text has 1 and 0."""
    from explain.files import read_numbers

    try:
        return read_numbers(name, raw)
    except InputError as error:
        finite = "every number must be finite"
        mend = "in a text file a mask has 1 where a query may look and 0 where not"
        raise InputError(error.message.replace(finite, mend)) from None


def _no_words(name: str, plain: str) -> None:
    """Refuse what is neither the name of a mask nor numbers."""
    if re.fullmatch(r"[A-Za-z -]+", plain) and not INFINITE.search(plain):
        near = difflib.get_close_matches(plain[:20].lower(), NAMED, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"{{{name}}} is {shown(plain)}: choose none, causal, or a matrix such as 1,0;1,1{hint}")
    found = WORD.search(INFINITE.sub("0", plain))
    if found:
        whole = next(part for part in re.split(r"[\s,;]+", plain) if found[0] in part)  # with what stands around it
        raise InputError(f"{{{name}}} has {shown(whole)}: {RULE}")


def _first(allowed: Any) -> tuple[int, ...]:
    rows, columns = (~allowed).nonzero()
    return int(rows[0]), int(columns[0])


def _without_infinity(raw: Any) -> Any:
    """-inf by a number that stands for it, in text, lists and arrays."""
    if isinstance(raw, bool):
        return int(raw)
    if isinstance(raw, str):
        return INFINITE.sub(FAR, raw.translate(PASTED))
    if isinstance(raw, list | tuple):
        return [_without_infinity(item) for item in raw]
    if hasattr(raw, "__array__") and raw.ndim:
        import numpy as np

        array = np.asarray(raw)
        if array.dtype.kind == "b":
            return array.astype(np.float64)
        if array.dtype.kind != "f":
            return array
        wide = array.astype(np.float64)  # no smaller float holds the number that stands for -∞
        return np.where(np.isneginf(wide), float(FAR), wide)
    if isinstance(raw, float) and raw == float("-inf"):
        return float(FAR)
    return raw
