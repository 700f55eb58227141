"""Probabilities and tokens as they are typed: rows that sum to one, names of a vocabulary, places of tokens."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.errors import InputError, amount, shown
from explain.tokens import Tokens

ROUNDED = 0.005  # that rounded probabilities of one row may be off by, at most
SINGLE = 1e-5  # that a row of a NumPy array in single precision may be off by


def as_rows(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def checked_rows(option: str, table: Values, mend: str = "") -> bool:
    """Whether every row sums to one exactly; rows that are rounded to three decimals or more may be a little off.

    Args:
        mend: what to do where they are no probabilities at all.

    Raises:
        InputError: a number outside 0 to 1, or a row with another sum; the message names the row.
    """
    import numpy as np

    values = table.array
    several = len(values) > 1
    bad = np.argwhere((values < 0) | (values > 1))
    if len(bad):
        row, column = (int(at) for at in bad[0])
        where = f" in row {row + 1}" if several else ""
        number = shown(table.text((row, column)))
        raise InputError(f"{{{option}}} has {number}{where}: a probability lies between 0 and 1{mend}")
    off = np.abs(values.sum(axis=1) - 1)
    for at in np.flatnonzero(off > 1e-12):
        if off[at] > _allowed(table, int(at)):
            where = f"row {at + 1} of {{{option}}}" if several else f"{{{option}}}"
            raise InputError(
                f"{where} sums to {tidy(float(values[at].sum()))}: the probabilities of all tokens sum to 1{mend}"
            )
    return not bool((off > 1e-12).any())


def _allowed(table: Values, row: int) -> float:
    """How far the sum of a row may be off because its numbers are rounded."""
    if table.texts is None:
        return SINGLE
    width = int(table.shape[1])
    texts = table.texts[row * width : (row + 1) * width]
    places = max(len(text.partition(".")[2]) for text in texts)
    return min(ROUNDED, width * 0.5 * 10.0**-places) * (1 + 1e-9)


def vocabulary_names(
    option: str, vocabulary: Tokens | None, size: int, what: str, each: str = "column"
) -> tuple[str, ...] | None:
    """The names of the tokens of the vocabulary, each once; None where there are none.

    Raises:
        InputError: a name twice, or more or fewer than `size`.
    """
    if vocabulary is None:
        return None
    if len(vocabulary) != size:
        names = amount(len(vocabulary), "name")
        raise InputError(f"{{{option}}} has {names}, but {what} has {amount(size, each)}: one name a {each}")
    twice = next((name for at, name in enumerate(vocabulary.items) if name in vocabulary.items[:at]), None)
    if twice is not None:
        raise InputError(f"{{{option}}} has {shown(twice)} twice: each token of a vocabulary has a name of its own")
    return vocabulary.items


def place_of(option: str, text: str, names: Sequence[str] | None, size: int, where: str) -> int:
    """The column of a token, by its name or by its number from 0.

    Raises:
        InputError: neither a name of the vocabulary nor a number in its range.
    """
    if names is not None and text in names:
        return list(names).index(text)
    if text.isascii() and text.isdigit() and len(text) < 10 and int(text) < size:
        return int(text)
    known = f", or a name such as {shown(names[0])}" if names is not None else ", or a name, with {vocabulary}"
    raise InputError(
        f"{{{option}}} is {shown(text)}{where}: a token is a whole number from 0 to {size - 1}{known}; "
        f"the vocabulary has {amount(size, 'token')}"
    )


def token_name(names: Sequence[str] | None, at: int) -> str:
    """What a row of a token is called: its name, or `id 2`, counted from 0 as in a program."""
    return names[at] if names is not None else f"id {at}"


def token_told(names: Sequence[str] | None, at: int) -> str:
    """What a sentence calls a token: its name in quotation marks, since `a` is a word too, or `id 2`."""
    return f'"{names[at]}"' if names is not None else f"id {at}"
