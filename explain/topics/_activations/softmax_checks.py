"""The second routes of the page on softmax."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.prose import say
from explain.engine.rounding import show
from explain.engine.worksheet import Worksheet
from explain.topics._activations.softmax_words import probabilities

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

ADDED = 3  # to every score
STEP = 1e-5
CLOSE = 1e-8
EXACT = 1e-12


def check_probabilities(sheet: Worksheet, p: Symbol, scaled: Symbol, single: bool) -> None:
    """They add up to 1, stay when all scores are moved, and are those of the form without a shift."""
    import numpy as np

    found, scores, axis = sheet.values[p.name], sheet.values[scaled.name], 0 if single else 1
    off = float(np.abs(found.sum(axis=axis) - 1).max())
    sheet.check(off < EXACT, [p], say("the probabilities {p} add up to 1" + ("" if single else " in every row"), p=p))
    moved = probabilities(scores + ADDED)
    sheet.check(
        bool(np.allclose(moved, found, rtol=1e-9, atol=EXACT) or abs(scores).max() > 1e6),
        [p],
        say(f"{ADDED} added to every score changes no probability: only differences of scores count"),
    )
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        plain = powers / powers.sum(axis=axis, keepdims=True)
    if np.isfinite(plain).all():
        gap = float(np.abs(plain - found).max())
        sheet.check(gap < CLOSE, [p], say("the form without the shift gives the same {p}", p=p))


def check_jacobian(sheet: Worksheet, found: Symbol, shifted: Array, T: Symbol | None) -> None:
    """The rows add up to 0, and the columns are what a small change of one score does.

    Args:
        shifted: the scores of the example as a column, the largest one taken off.
    """
    import numpy as np

    jacobian, classes = sheet.values[found.name], len(shifted)
    scale = 1.0 if T is None else float(sheet.values[T.name])
    off = float(np.abs(jacobian.sum(axis=1)).max()) * scale
    sheet.check(
        off < EXACT,
        [found],
        say("every row of {J} adds up to 0: raising all scores alike changes no probability", J=found),
    )
    along = Softmax(Symbol("z", (classes, classes)), 0)
    above, below = (along.evaluate([shifted + sign * STEP * np.eye(classes)]) for sign in (1, -1))
    gap = float(np.abs((above - below) / (2 * STEP) - jacobian * scale).max())
    divided = ", divided by {T}," if T is not None else ""
    sheet.check(
        gap < CLOSE,
        [found],
        say(
            f"finite differences: each score{divided} moved by ±10⁻⁵ changes the probabilities as its column of {{J}} "
            f"says; largest difference {show(gap).text}",
            J=found, T=T or "",
        ),
    )  # fmt: skip


def check_gradient(
    sheet: Worksheet, p: Symbol, raw: Symbol, T: Symbol | None, upstream: Symbol, jacobian: Symbol
) -> None:
    """The Jacobian times what arrives, and the slope along the gradient by a difference quotient of softmax itself."""
    import numpy as np

    single, gradient = p.shape[1] == 1, Symbol(f"dL/d{raw.name}")
    if "/d" in jacobian.name:
        arriving, found = sheet.values[upstream.name], sheet.values[gradient.name]
        first, ours = (arriving[:, 0], found[:, 0]) if single else (arriving[0], found[0])
        theirs = sheet.values[jacobian.name].T @ first
        scale = float(abs(sheet.values[jacobian.name]).max() * abs(first).max()) or 1.0
        which = "" if single else " for example 1"
        sheet.check(
            bool((np.abs(theirs - ours) <= CLOSE * scale).all()),
            [gradient, jacobian],
            say("the transpose of {J} times {g} gives the same {d}" + which, J=jacobian, g=upstream, d=gradient),
        )
    other = Worksheet(sheet.title, sheet.source)
    other.values = {read.name: sheet.values[read.name] for read in (raw, upstream, T) if read is not None}
    inner: Node = raw if T is None else raw / T
    scaled = other.define("scaled", inner, "", "")
    again = other.define(p.name, Softmax(scaled, 0 if p.shape[1] == 1 else 1), "", "")
    other.values[f"dL/d{raw.name}"] = sheet.values[f"dL/d{raw.name}"]
    reached = Sum(again * upstream)
    finite_difference(other, reached, [raw], reached)
    sheet.checks += other.checks
