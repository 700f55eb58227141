"""The gradient of a loss at what a classifier gives, pulled back step by step, and its slope once more."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.checks import finite_difference
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Negative, Times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Indicator
from explain.engine.nodes.linear import Spread, Sum
from explain.engine.notation import Word, product
from explain.engine.prose import Prose, say
from explain.engine.pullback import pull
from explain.engine.worksheet import Worksheet


def arriving(sheet: Worksheet, route: Sequence[Symbol], wrt: Symbol) -> Node:
    """The derivative of `route[0]` at `wrt`; each of the route reads the next. Of many losses, that of each."""
    seed: Node = Number(1, "1")
    for here, before in zip(route, [*route[1:], wrt], strict=True):
        definition = sheet.definition(here.name)
        assert definition is not None
        seed = pull(definition, seed, here, {before.name})[before.name]
        if isinstance(seed, Spread) and not seed.operands[0].shape:
            seed = seed.operands[0]  # one number for every entry is written once
    return seed


def gradient_step(
    sheet: Worksheet, route: Sequence[Symbol], wrt: Symbol, why: Prose, through: Symbol, note: Prose = ()
) -> Symbol:
    """The gradient as a step, and a finite difference of the loss.

    Args:
        through: the quantity whose derivatives the chain names in the middle.
    """
    loss = route[0]
    chain = None
    if through.name != loss.name:
        chain = product([word(f"d{loss.name}/d{through.name}"), word(f"d{through.name}/d{wrt.name}")])
    found = sheet.define(
        f"d{loss.name}/d{wrt.name}",
        _indicator_last(arriving(sheet, route, wrt)),
        say("Gradient at {Z}", Z=wrt),
        why,
        chain=chain,
        note=note,
    )
    slope_again(sheet, route, wrt)
    return found


def _indicator_last(found: Node) -> Node:
    """`-y 1[v > 0]` for `-1[v > 0] y`: no number begins with a minus before a 0."""
    if isinstance(found, Negative) and isinstance(found.operands[0], Times):
        first, *others = found.operands[0].operands
        if isinstance(first, Indicator) and len(others) == 1:
            return -(others[0] * first)
    return found


def slope_again(sheet: Worksheet, route: Sequence[Symbol], wrt: Symbol) -> None:
    """A finite difference on a sheet of its own: only the steps between the loss and `wrt` move."""
    other = Worksheet(sheet.title, sheet.source)
    between = _between(sheet, route[0], wrt)
    other.values = {name: value for name, value in sheet.values.items() if name not in between}
    for step in sheet.steps:
        if step.name in between:
            other.define(step.name, step.expression, "", "")
    loss = route[0]
    total: Node = Sum(loss) if loss.shape else loss
    written: Node = loss
    if any(size != 1 for size in loss.shape):
        written = Symbol("sum", (), Word(f"the sum of {loss.word.text}", rf"\sum_i {loss.word.latex}_i"))
    finite_difference(other, total, [wrt], written, top=loss.name)
    sheet.checks += other.checks


def _between(sheet: Worksheet, loss: Symbol, wrt: Symbol) -> set[str]:
    """The steps that the loss is worked from and that depend on `wrt`, but for the largest scores, which cancel."""
    moved = {wrt.name}
    for step in sheet.steps:
        if step.name != "m" and moved & set(step.reads):
            moved.add(step.name)
    needed = {loss.name}
    for step in reversed(sheet.steps):
        if step.name in needed:
            needed.update(step.reads)
    return (moved & needed) - {wrt.name}
