"""The derivative of one named quantity with respect to an earlier one: every path between them, in the forward order.

Each definition is linear in a symbol, or works entry by entry: its local Jacobian is read off its own pull-back. Along
a path the Jacobians are multiplied, and where paths meet they are added (Goodfellow et al. 2016, eqs. 6.44-6.46).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.answer import Local
from explain.engine.evaluate import evaluate, symbols
from explain.engine.names import total, word
from explain.engine.nodes.arithmetic import Divide
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax, softmax_jacobian
from explain.engine.nodes.identity import Identity
from explain.engine.notation import PLUS, SUM, Notation, Row, product
from explain.engine.paths import linked
from explain.engine.prose import Prose, say
from explain.engine.pullback import pull

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
    from explain.engine.worksheet import Worksheet

STEP = 1e-6


class NoJacobianError(ValueError):
    """There is no such derivative on the sheet, or it has no matrix form."""


def jacobian(sheet: Worksheet, top: str, bottom: str) -> Symbol:
    """Define ∂top/∂bottom and every derivative on the way; outputs are rows, inputs columns.

    Raises:
        NoJacobianError: `top` does not depend on `bottom`, or one of them is no single column.
    """
    known = {item.symbol.name: item.symbol for item in sheet.given_items} | {s.name: s.symbol for s in sheet.steps}
    if top not in known or bottom not in known:
        raise NoJacobianError(f"{top}, {bottom}")
    wide = next((name for name in (top, bottom) if known[name].shape[1:] != (1,)), None)
    if wide is not None:
        raise NoJacobianError(f"{wide} is no single column; ask for it with one sample, and for a vector")
    between = [s for s in sheet.steps if "/d" not in s.name and not s.hidden]
    needed = _leading([(s.name, s.expression) for s in between], top)
    reached: dict[str, Symbol | None] = {bottom: None}
    for step in between:
        paths = [
            symbol
            for name, symbol in symbols(step.expression).items()
            if name in reached and pull(step.expression, step.symbol, step.symbol, {name})
        ]
        if step.name in needed and paths and step.name != bottom:
            reached[step.name] = _defined(sheet, step.symbol, step.expression, known[bottom], paths, reached)
    found = reached.get(top)
    if found is None:
        raise NoJacobianError(f"{top} does not depend on {bottom}; ask for a later quantity by an earlier one")
    _check(
        sheet, [(s.name, s.expression) for s in between if s.name in reached and s.name != bottom], top, bottom, found
    )
    return found


def _leading(definitions: list[tuple[str, Node]], top: str) -> set[str]:
    """The names that lead to `top`."""
    needed = {top}
    for name, expression in reversed(definitions):
        if name in needed:
            needed.update(symbols(expression))
    return needed


def _defined(
    sheet: Worksheet,
    symbol: Symbol,
    expression: Node,
    bottom: Symbol,
    paths: list[Symbol],
    reached: dict[str, Symbol | None],
) -> Symbol:
    """∂symbol/∂bottom: the sum over the paths that end in it."""
    terms: list[Node] = []
    chain: list[Notation] = []
    for path in sorted(paths, key=lambda path: reached[path.name] is not None):  # the direct way first
        local = _local(expression, symbol, path)
        inner = reached[path.name]
        terms.append(_joined(local, inner, symbol))
        link = word(f"d{symbol.name}/d{path.name}")
        chain += [PLUS, link if inner is None else product([link, inner.word])]
    added = terms[0]
    for term in terms[1:]:
        added = added + term
    name = f"d{symbol.name}/d{bottom.name}"
    return next((s.symbol for s in sheet.steps if s.name == name), None) or sheet.define(
        name,
        added,
        say("How {z} depends on {h}", z=symbol, h=bottom),
        _why(symbol, bottom, paths, reached),
        written=total(symbol.name, bottom.name),
        chain=Row(chain[1:], SUM) if any(reached[path.name] is not None for path in paths) else None,
        local=Local("matrix", symbol, bottom),
    )


def _local(expression: Node, symbol: Symbol, path: Symbol) -> Node | None:
    """The local Jacobian; None for the identity."""
    if isinstance(expression, Softmax):
        return softmax_jacobian(symbol, False)
    try:
        return linked({symbol.name: (symbol, expression)}, (path, symbol))
    except (TypeError, NotImplementedError) as error:
        raise NoJacobianError(f"how {symbol.name} depends on {path.name} has no form as a matrix") from error


def _joined(local: Node | None, inner: Symbol | None, symbol: Symbol) -> Node:
    """A local Jacobian times what leads to it."""
    if inner is None:
        return Identity(int(symbol.shape[0])) if local is None else local
    if local is None:
        return inner
    if isinstance(local, Divide) and isinstance(local.operands[0], Identity):
        return inner / local.operands[1]
    return local @ inner if len(local.shape) == 2 else local * inner


def _why(symbol: Symbol, bottom: Symbol, paths: list[Symbol], reached: dict[str, Symbol | None]) -> Prose:
    later = [path for path in paths if reached[path.name] is not None]
    names: dict[str, Node] = {f"p{at}": path for at, path in enumerate(later)}
    if len(paths) > 1:
        ways = [f"through {{p{at}}}" for at in range(len(later))]
        listed = ["directly", *ways] if len(later) < len(paths) else ways
        text = ", ".join(listed[:-1]) + f" and {listed[-1]}"
        told = f"{{h}} reaches {{z}} {text}: the derivatives along these paths are added"
        return say(told, h=bottom, z=symbol, **names)
    if not later:
        return say("{h} enters {z} directly: what stands beside it is the derivative", h=bottom, z=symbol)
    return say("chain rule: {h} reaches {z} only through {p0}", h=bottom, z=symbol, **names)


def _check(sheet: Worksheet, definitions: list[tuple[str, Node]], top: str, bottom: str, found: Symbol) -> None:
    """Each column again from two small steps of one entry."""
    import numpy as np

    size = max(1.0, float(np.abs(sheet.values[bottom]).max())) * STEP
    columns = []
    for at in range(len(sheet.values[bottom])):
        ends = [_run(sheet, definitions, bottom, at, sign * size)[top] for sign in (1, -1)]
        columns.append((ends[0] - ends[1]) / (2 * size))
    slope = np.hstack(columns)
    value = sheet.values[found.name]
    off = float(np.abs(slope - value).max())
    sheet.check(
        off <= 1e-6 * max(1e-3, float(np.abs(value).max())),
        [found],
        say(
            "finite differences: {h} moved by ±10⁻⁶ in each entry changes {z} as {J} says",
            h=word(bottom),
            z=word(top),
            J=found,
        ),
    )


def _run(sheet: Worksheet, definitions: list[tuple[str, Node]], bottom: str, at: int, by: float) -> dict[str, Array]:
    """The quantities between again, one entry moved."""
    values = dict(sheet.values)
    values[bottom] = values[bottom].copy()
    values[bottom][at] += by
    for name, expression in definitions:
        values[name] = evaluate(expression, values)
    return values
