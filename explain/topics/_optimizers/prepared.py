"""A gradient made ready for its step: clipped first, then with the weight decay that belongs to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.extremes import Larger
from explain.engine.nodes.reductions import total
from explain.engine.prose import say

if TYPE_CHECKING:
    from explain.topics._optimizers.course import Course


def clipped(run: Course, g: Symbol) -> Symbol:
    """The gradient made shorter where it is too long, or its entries where they are too large."""
    if run.limit is None:
        return g
    t, limit = run.t, run.limit
    if run.common.clip_value is not None:
        return run.define(
            f"c_{t}", Larger(Larger(g, -limit), limit, largest=False), "Gradient clipped by value",
            "every entry of {g} beyond ±{tau} is put at that bound; the others stay, so the direction may change",
            g=g, tau=limit,
        )  # fmt: skip
    n = run.define(
        f"n_{t}", sqrt(total(g**2)), "Length of {g}", "root of the sum of its squared entries", g=g
    )  # fmt: skip
    if float(run.value(n)) <= float(run.value(limit)):
        run.remark(n, say("not longer than {tau}: {g} stays as it is", tau=limit, g=g))
        return g
    run.remark(n, say("longer than {tau}: {g} is clipped", tau=limit, g=g))
    return run.define(
        f"c_{t}", limit / n * g, "Gradient clipped by its length",
        "{g} keeps its direction and gets the length {tau}", g=g, tau=limit,
    )  # fmt: skip


def decayed(run: Course, g: Symbol, theta: Symbol) -> Symbol:
    """Weight decay in the gradient."""
    if run.decay is None or not run.coupled:
        return g
    return run.define(
        f"d_{run.t}", g + run.decay * theta, "Gradient with weight decay",
        run.later(
            "the penalty λ/2 times the sum of all squared parameters has the gradient {lam} {theta}, which is "
            "added to {g}",
            "{lam} {theta} is added to {g}",
        ),
        lam=run.decay, theta=theta, g=g,
    )  # fmt: skip
