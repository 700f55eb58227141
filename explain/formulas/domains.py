"""Where functions are defined: a value outside is refused where it stands in the formula."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from explain.engine.evaluate import evaluate
from explain.engine.nodes.arithmetic import Divide, Raise, SquareRoot
from explain.engine.nodes.base import Node, Number
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.powers import Power
from explain.engine.rounding import tidy
from explain.formulas.tree import Tree
from explain.formulas.words import wrong

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def within(node: Node, values: Mapping[str, Array], tree: Tree, name: str = "formula") -> None:
    """Refuse an operation on values for which it, or its derivative, is not defined.

    Raises:
        InputError: a logarithm of 0, a root of a negative number, a division by 0, a number too large; with the column.
    """
    import numpy as np

    with np.errstate(all="ignore"):
        try:
            result = evaluate(node, values)
            first, last = (np.asarray(evaluate(operand, values)) for operand in (node.operands[0], node.operands[-1]))
        except KeyError:
            return  # a symbol is in it
    least = float(first.min())
    column = tree.column
    if isinstance(node, Apply) and node.function.name == "log" and least <= 0:
        wrong(name, column, f"the logarithm of {tidy(least)}: it needs a positive number")
    if isinstance(node, SquareRoot) and least <= 0:
        rule = "a root needs a positive number" if least < 0 else "the root has no derivative at 0"
        wrong(name, column, f"the root of {tidy(least)}: {rule}")
    if isinstance(node, Divide) and not np.all(last):
        wrong(name, column, "this divides by 0: give other values")
    if isinstance(node, Power) and least <= 0:
        wrong(name, column, f"{tidy(least)} to a power that changes: the base must be positive")
    if isinstance(node, Raise) and isinstance(node.operands[1], Number):
        exponent = node.operands[1].value
        if exponent.denominator != 1 and least < 0:
            wrong(name, column, f"{tidy(least)} to the power {node.operands[1].text}: a root of a negative number")
        if exponent < 1 and not np.all(first):
            wrong(name, column, "0 to a negative power or a root: it divides by 0, there or in its derivative")
    if not np.isfinite(np.asarray(result, dtype=float)).all():
        wrong(name, column, "with these values this is beyond 1.8e308: give smaller ones")
