"""Finite differences along the parameters that a step can move: numbers of ordinary size."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.checks import finite_difference
from explain.engine.evaluate import largest_of
from explain.engine.nodes.base import Node, Symbol
from explain.engine.worksheet import Worksheet

LARGEST = 1e6  # a step that shows beside a larger number is too long for the others
BEYOND = 1e12  # beside such a number nothing is left of a step in any of them


def differences(sheet: Worksheet, reached: Node, wanted: Sequence[Symbol]) -> None:
    """Hold the gradients of `reached` against finite differences; those of parameters beyond 10⁶ are left out.

    With numbers beyond 10¹² none is taken: the check by SymPy stands alone.

    Args:
        reached: what the gradients are of, an expression of the quantities on the sheet.
        wanted: what they were taken with respect to.
    """
    sizes = {symbol.name: largest_of(sheet.values[symbol.name]) for symbol in wanted}
    if max(sizes.values()) > BEYOND:
        return
    moved = [symbol for symbol in wanted if sizes[symbol.name] <= LARGEST]
    if len(moved) == len(wanted) or any(sheet.values[f"dL/d{symbol.name}"].any() for symbol in moved):
        finite_difference(sheet, reached, moved, reached)
