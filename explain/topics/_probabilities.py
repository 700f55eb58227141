"""Probabilities as they are typed, the same for every topic that takes them: checked, normalised, told where rounded.

The logarithms of base e, 2 and 10 that measure them come along.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, shown
from explain.parameters import as_column
from explain.topics._information.logarithms import (
    LOG2,
    LOG10,
    UNITS,
    Logarithm,
    in_other_units,
    log_convention,
    logarithm,
)

__all__ = [
    "LOG2",
    "LOG10",
    "UNITS",
    "Kind",
    "Logarithm",
    "Read",
    "as_shape",
    "given_probabilities",
    "in_other_units",
    "log_convention",
    "logarithm",
    "read_probabilities",
]  # fmt: skip

ROUNDED = 0.005  # that probabilities rounded by hand may miss 1 by, at most
SINGLE = 1e-5  # that a NumPy array in single precision may miss it by
EXACT = 1e-12
FLAG = "normalise"  # the option that divides by the sum

Kind = Literal["column", "row", "rows", "table"]


class Read(NamedTuple):
    """Checked probabilities; the sums that are off, as they are to be told (empty: every sum is 1)."""

    values: Values
    off: str


def read_probabilities(
    option: str,
    values: Values,
    normalise: str = "no",
    kind: Kind = "column",
    *,
    logits: str = "",
    can_normalise: bool = True,
    each: str = "outcome",
) -> Read:
    """Probabilities in the shape that is asked for, checked.

    Args:
        option: the parameter that gives them.
        normalise: `yes` where they may have any positive sum.
        kind: a `column` (n×1) or a `row` (1×n) that sums to 1, a matrix whose `rows` sum to 1 each, or a `table` that
            sums to 1 as a whole.
        logits: the parameter for scores before softmax, where the topic has one: `logits`.
        can_normalise: whether the topic has the option `normalise`.
        each: what a probability belongs to: outcome, class, token.

    Raises:
        InputError: a negative number, one above 1, another sum than 1; the message tells the row and its sum. Numbers
            with three decimals or more may be rounded, so that their sum is off by 0.005 at most.

    >>> from explain.parameters import Matrix
    >>> read_probabilities("p", Matrix.read("p", "0.333,0.333,0.333")).off
    '0.999'
    """
    import numpy as np

    table = as_shape(option, values, kind)
    with np.errstate(over="ignore"):  # told as an error below
        sums = table.array.sum(axis=1) if kind == "rows" else table.array.sum().reshape(1)
    free = normalise == "yes"
    _refuse_entries(option, table, kind, free, logits)
    off: list[str] = []
    for at, total in enumerate(sums):
        where = f"row {at + 1} of {{{option}}}" if kind == "rows" and len(sums) > 1 else f"{{{option}}}"
        if free and total == float("inf"):
            raise InputError(f"{where} sums to more than 1.8e308; give smaller numbers")
        if free and total <= 0:
            raise InputError(f"{where} sums to 0: what is divided by its sum needs a number above 0")
        gap = abs(float(total) - 1)
        if gap <= EXACT:
            continue
        if not free and gap > _allowed(table, at if kind == "rows" else None):
            raise InputError(
                f"{where} sums to {_told(float(total))}: {_rule(kind, each)}{_mend(table, float(total), can_normalise)}"
            )
        off.append(_told(float(total)))
    return Read(table, ", ".join(off))


def as_shape(option: str, values: Values, kind: Kind) -> Values:
    """A vector as a column or a row, or as a matrix of one row.

    Raises:
        InputError: a matrix where a vector belongs.
    """
    if kind in ("column", "row"):
        column = as_column(option, values)
        return column if kind == "column" else column.reshape((1, len(column)))
    return values.reshape((1, len(values))) if len(values.shape) == 1 else values


def given_probabilities(
    sheet: Worksheet,
    name: str,
    option: str,
    values: Values,
    meaning: str,
    normalise: str = "no",
    kind: Kind = "column",
    *,
    logits: str = "",
    each: str = "outcome",
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    written: Word | None = None,
) -> Symbol:
    """Introduce probabilities on a sheet; where they are to be normalised, as weights that are divided by their sum.

    Raises:
        InputError: as `read_probabilities`.
    """
    read = read_probabilities(option, values, normalise, kind, logits=logits, each=each)
    mine = written or word(name)
    if normalise == "yes" and read.off:
        raw = f"w_{name.removeprefix('p_')}"
        told = f"{meaning}, not yet divided by their sum"
        weights = sheet.given(raw, read.values, told, option=option, rows=rows, columns=columns)
        axis = 1 if kind == "rows" else None
        whole = "the sum of its row" if kind == "rows" and len(read.values.array) > 1 else f"the sum {read.off}"
        why = say(f"each number of {{w}} is divided by {whole}, so that all together sum to 1", w=weights)
        return sheet.define(name, weights / Sum(weights, axis), say("{p} normalised", p=mine), why, written=written)
    symbol = sheet.given(name, read.values, meaning, option=option, rows=rows, columns=columns, written=written)
    if read.off:
        sheet.convention(f"the numbers of {{p}} are rounded: they sum to {read.off}, and are taken as they are", p=mine)
    return symbol


def _refuse_entries(option: str, table: Values, kind: Kind, free: bool, logits: str) -> None:
    """No probability is negative or above 1.

    Raises:
        InputError: says the number, its row, and what it may be instead.
    """
    import numpy as np

    bad = np.argwhere((table.array < 0) | ((table.array > 1) & (not free)))
    if not len(bad):
        return
    row, column = (int(at) for at in bad[0])
    several = kind in ("rows", "table") and len(table.array) > 1
    number = shown(table.text((row, column)))
    where = f" in row {row + 1}" if several else ""
    if free:
        raise InputError(f"{{{option}}} has {number}{where}: what is normalised must not be negative")
    rule = "a probability lies between 0 and 1"
    mend = f"; scores before softmax (logits) are given as {{{logits}}}" if logits else _counts(table)
    raise InputError(f"{{{option}}} has {number}{where}: {rule}{mend}")


def _counts(table: Values) -> str:
    """What numbers outside 0 to 1 may be."""
    if bool((table.array >= 0).all()):
        return f"; counts become probabilities with {{{FLAG}}} yes"
    return "; these look like scores (logits), which softmax makes probabilities of"


def _rule(kind: Kind, each: str) -> str:
    if kind == "table":
        return "the probabilities of the whole table sum to 1"
    return f"the probabilities of all {each[:-1] + 'ies' if each.endswith('y') else _plural(each)} sum to 1"


def _plural(each: str) -> str:
    return each + ("es" if each.endswith("s") else "s")


def _mend(table: Values, total: float, can_normalise: bool) -> str:
    """How a wrong sum is put right."""
    if len(table) == 1 and 0 < total < 1:
        left = Fraction(1) - table.exact((0,) * len(table.shape))
        rest = f"{float(left):.12g}" if "/" not in table.text((0, 0)) else str(left)
        return f"; of two outcomes give both: {table.text((0, 0))},{rest}"
    return f"; {{{FLAG}}} yes divides by the sum" if can_normalise and total > 0 else ""


def _told(total: float) -> str:
    """A sum that is not 1, with as many digits as tell it from 1."""
    short = tidy(total)
    return short if float(short.replace("×10", "e").translate(_DIGITS)) != 1 else f"{total:.10g}"


_DIGITS = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")


def _allowed(table: Values, row: int | None) -> float:
    """How far a sum may be off because its numbers are rounded."""
    if table.texts is None:
        return SINGLE
    width = int(table.shape[1])
    texts = table.texts if row is None else table.texts[row * width : (row + 1) * width]
    places = max(len(text.partition(".")[2]) for text in texts)
    return min(ROUNDED, len(texts) * 0.5 * 10.0**-places) * (1 + 1e-9)
