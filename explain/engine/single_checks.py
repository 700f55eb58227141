"""A check for each gradient on its own, where only that one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Node, Symbol

if TYPE_CHECKING:
    from explain.engine.worksheet import Worksheet

MOST_NUMBERS = 20_000  # on a larger sheet one difference along all gradients has to do


def single_differences(
    sheet: Worksheet, loss: Node, parameters: Sequence[Symbol], written: Node, top: str = "L"
) -> None:
    """A finite difference along each gradient alone; each stands on the page of that gradient only.

    Args: as in `finite_difference`.
    """
    if sum(value.size for value in sheet.values.values()) > MOST_NUMBERS:
        return
    for symbol in parameters:
        done = len(sheet.checks)
        finite_difference(sheet, loss, [symbol], written, top)
        for check in sheet.checks[done:]:
            check.spare = True
