"""The functions that stand on a page of derivatives, introduced: those of the question, and those they bring along."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explain.engine.evaluate import symbols
from explain.engine.functions import EXP, LEAKY_RELU, LOG, RELU, SIGMOID, SIGN, SOFTPLUS, TANH, textbook
from explain.engine.nodes.arithmetic import Raise
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.notation import related
from explain.engine.prose import SYMBOLIC
from explain.engine.rules import ONE
from explain.engine.worksheet import Worksheet

DEFINED = (SIGMOID, TANH, RELU, LEAKY_RELU)


def functions_used(sheet: Worksheet, formulas: Sequence[Node], at_point: bool) -> None:
    """One convention for each function in the formulas and in the steps.

    Args:
        at_point: numbers are worked too, so that the form in which they are is said.
    """
    used: dict[str, Node] = {}
    for node in [*formulas, *(step.expression for step in sheet.steps)]:
        _collect(node, used)
    for step in sheet.steps:
        if step.closed is not None:
            _collect(step.closed, used)
    _said(sheet, used, at_point)


def _said(sheet: Worksheet, used: Mapping[str, Node], at_point: bool) -> None:
    """The functions on the page, and where they are defined."""
    t = Symbol("t")
    for function in DEFINED:
        if function.name in used:
            applied = function(t)
            sheet.convention("{d}", d=related(applied.write(SYMBOLIC), "=", textbook(applied).write(SYMBOLIC)))
    if "softplus" in used:
        short = related(SOFTPLUS(t).write(SYMBOLIC), "=", LOG(ONE + EXP(t)).write(SYMBOLIC))
        also = ", with numbers worked as {q}, which is the same: e^t or 1, whichever is larger, is a factor of 1 + e^t"
        sheet.convention("{d}" + (also if at_point else ""), d=short, q=SOFTPLUS(t).defined())
    if "sign" in used:
        sheet.convention("{s} is 1 where t is positive, -1 where it is negative, and 0 at 0", s=SIGN(t))
    if "log" in used or ("softplus" in used):
        sheet.convention("log is the natural logarithm, defined where what stands inside is positive")
    if "power" in used:
        base = used["power"].operands[0]
        sheet.convention("{p} is defined where its base is positive: {b} > 0", p=used["power"], b=base)


def _collect(node: Node, used: dict[str, Node]) -> None:
    """The functions in an expression by their names; a power with a letter above as `power`."""
    if isinstance(node, Apply):
        used.setdefault(node.function.name, node)
    if isinstance(node, Raise) and symbols(node.operands[0]) and symbols(node.operands[1]):
        used.setdefault("power", node)
    for operand in node.operands:
        _collect(operand, used)
