"""What the page on softmax says: why the largest score is taken off, and what a temperature does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.functions import EXP
from explain.engine.names import subscript, word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.notation import PRODUCT, Fraction, Notation, Operator, Row, related
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.rounding import show, tidy
from explain.engine.worksheet import Worksheet

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

LARGEST = 709.782712893384  # beyond, e to the power of it is infinite in double precision
SMALLEST = -745.133219101941  # below, it is 0
MOST_LISTED = 6  # probabilities in one line
ENTRIES = {True: ("i", "j"), False: ("ij", "ik")}  # one entry, and every entry of its example


def conventions(sheet: Worksheet, single: bool) -> None:
    """Softmax, entry by entry."""
    mine, other = ENTRIES[single]
    z, p = ("z", "p") if single else ("Z", "P")
    sheet.convention(
        "softmax: {p}, e to the power of a score over the sum of these powers"
        + ("" if single else " in its row; every row is an example of its own"),
        p=related(word(p, mine), "=", _quotient(_entry(z, mine), _entry(z, other), other[-1])),
    )
    if not single:
        sheet.convention("rowmax takes the largest number of each row")


def _entry(name: str, index: str) -> Symbol:
    """An array by one entry."""
    return Symbol(name, (), word(name, index))


def _quotient(mine: Node, every: Node, over: str) -> Notation:
    """A power of e, of one score over the sum of these powers."""
    below = Row([Operator(f"Σ{subscript(over)} ", rf"\sum_{{{over}}} "), EXP(every).write(SYMBOLIC)], PRODUCT)
    return Fraction(EXP(mine).write(SYMBOLIC), below)


def cancels(scaled: Symbol, single: bool) -> Prose:
    """Why a shift changes nothing: the common factor cancels."""
    i, j = (_entry(scaled.name, index) for index in ENTRIES[single])
    m, over = _entry("m", "" if single else "i"), ENTRIES[single][1][-1]
    return say(
        "{a}, so the common factor {f} stands in the numerator and in every term of the denominator and cancels: {b}; "
        "now the largest exponent is 0, and no power overflows",
        a=related(EXP(i - m).write(SYMBOLIC), "=", (EXP(i) / EXP(m)).write(SYMBOLIC)),
        f=1 / EXP(m),
        b=related(_quotient(i - m, j - m, over), "=", _quotient(i, j, over)),
    )


def spared(sheet: Worksheet, scaled: Symbol) -> Prose:
    """What would happen without the shift, where that is no number."""
    scores = sheet.values[scaled.name]
    tops = scores.max(axis=0 if scores.shape[1] == 1 else 1)
    if tops.max() > LARGEST:
        return say(
            "without the shift: e^{x} is beyond 1.8×10³⁰⁸, the largest number in double precision, and the quotient "
            "∞/∞ is no number",
            x=tidy(float(tops.max())),
        )
    if tops.min() < SMALLEST:
        return say(
            "without the shift: e^({x}) is so small that it is 0 in double precision, and the quotient 0/0 is no "
            "number",
            x=tidy(float(tops.min())),
        )
    return ()


def outcome(T: Symbol, value: float) -> Prose:
    """What this temperature does."""
    if value == 1:
        return say("{T} = 1 leaves the scores as they are", T=T)
    if value < 1:
        return say(
            "{T} below 1 stretches the differences between the scores: softmax becomes sharper, with more probability "
            "for the largest score",
            T=T,
        )
    return say(
        "{T} above 1 shrinks the differences between the scores: softmax becomes flatter, nearer to equal "
        "probabilities",
        T=T,
    )


def without_temperature(sheet: Worksheet, raw: Symbol, T: Symbol) -> Prose:
    """The probabilities that T = 1 would give, to compare."""
    import numpy as np

    with np.errstate(over="ignore"):  # of scores too far apart the smaller one is -∞ after the shift, its power 0
        usual = probabilities(sheet.values[raw.name])
    first = usual.ravel() if usual.shape[1] == 1 else usual[0]
    shown = [show(float(number)).text for number in first[:MOST_LISTED]]
    more = ", …" if len(first) > MOST_LISTED else ""
    where = "" if usual.shape[1] == 1 else " of the first row"
    return say(f"with {{T}} = 1 the probabilities{where} would be {', '.join(shown)}{more}", T=T)


def probabilities(scores: Array) -> Array:
    """Softmax of a column, or of each row."""
    return Softmax(Symbol("z", scores.shape), 0 if scores.shape[1] == 1 else 1).evaluate([scores])
