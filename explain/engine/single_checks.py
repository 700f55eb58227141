"""A check for each gradient on its own, where only that one is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from typing import TYPE_CHECKING

from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Node, Symbol

if TYPE_CHECKING:
    from explain.engine.answer import Check
    from explain.engine.worksheet import Worksheet

MOST_NUMBERS = 20_000  # on a larger sheet one difference along all gradients has to do


def single_differences(
    sheet: Worksheet, loss: Node, parameters: Sequence[Symbol], written: Node, top: str = "L"
) -> None:
    """A finite difference along each gradient alone, taken where only that one is asked for.

    Args: as in `finite_difference`.
    """
    if sum(value.size for value in sheet.values.values()) > MOST_NUMBERS:
        return
    here = copy(sheet)  # with the steps that there are now
    here.steps = list(sheet.steps)

    def worked() -> list[Check]:
        here.checks = []
        for symbol in parameters:
            finite_difference(here, loss, [symbol], written, top)
        for check in here.checks:
            check.spare = True
        return here.checks

    sheet.spare = worked
