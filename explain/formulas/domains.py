"""Where functions are defined: a value outside is refused where it stands in the formula."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from explain.engine.evaluate import evaluate
from explain.engine.nodes.arithmetic import Divide, Raise, SquareRoot
from explain.engine.nodes.base import Node, Number
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.powers import Power
from explain.engine.rounding import tidy
from explain.formulas.tree import Tree
from explain.formulas.words import wrong

MOST_NAMES = 4

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def within(
    node: Node,
    values: Mapping[str, Array],
    tree: Tree,
    name: str = "formula",
    sources: Callable[[Tree], Sequence[str]] = lambda _tree: (),
) -> None:
    """Refuse an operation on values for which it, or its derivative, is not defined.

    Args:
        sources: the inputs, as they were typed, that a part of the formula comes from: their values are to be changed.

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
    column, below = tree.column, tree.operands[0]

    def change(part: Tree) -> str:
        return _change(sources(part))

    if isinstance(node, Apply) and node.function.name == "log" and least <= 0:
        wrong(name, column, f"the logarithm of {tidy(least)}: it needs a positive number{change(below)}")
    if isinstance(node, SquareRoot) and least <= 0:
        rule = "a root needs a positive number" if least < 0 else "the root has no derivative at 0"
        wrong(name, column, f"the root of {tidy(least)}: {rule}{change(below)}")
    if isinstance(node, Divide) and not np.all(last):
        wrong(name, column, f"this divides by 0{change(tree.operands[-1]) or '; give other values'}")
    if isinstance(node, Power) and least <= 0:
        wrong(name, column, f"{tidy(least)} to a power that changes: the base must be positive{change(below)}")
    if isinstance(node, Raise) and isinstance(node.operands[1], Number):
        exponent = node.operands[1].value
        if exponent.denominator != 1 and least < 0:
            told = f"{tidy(least)} to the power {node.operands[1].text}: a root of a negative number"
            wrong(name, column, told + change(below))
        if exponent < 1 and not np.all(first):
            told = "0 to a negative power or a root: it divides by 0, there or in its derivative"
            wrong(name, column, told + change(below))
    if not np.isfinite(np.asarray(result, dtype=float)).all():
        wrong(name, column, "with these values this is beyond 1.8e308" + (change(tree) or "; give smaller ones"))


def _change(names: Sequence[str]) -> str:
    """Which values are to be changed; of many names only the first ones are listed."""
    if not names:
        return ""
    if len(names) == 1:
        return f"; change the value of {names[0]}"
    if len(names) > MOST_NAMES:
        return f"; change the value of {', '.join(names[:MOST_NAMES])} or another of its inputs"
    return f"; change the value of {', '.join(names[:-1])} or {names[-1]}"
