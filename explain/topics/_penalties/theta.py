"""The parameters that are penalised, and what belongs to each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

from explain.engine.functions import ABS
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix


def introduced(sheet: Worksheet, theta: Sequence[Matrix]) -> list[Symbol]:
    """θ, or θ₁, θ₂, … as givens; a vector is a column."""
    several = len(theta) > 1
    return [
        sheet.given(
            f"theta_{at}" if several else "theta",
            _column(given),
            f"parameter {at}" if several else "parameters",
            option="theta",
        )
        for at, given in enumerate(theta, 1)
    ]


def with_gradients(sheet: Worksheet, gradient: Sequence[Matrix], thetas: Sequence[Symbol]) -> list[Symbol]:
    """The gradients of the data loss as givens, one a parameter and in its shape.

    Raises:
        InputError: another number of them, or another shape.
    """
    if len(gradient) != len(thetas):
        raise InputError(
            f"{{gradient}} is given {amount(len(gradient), 'time')}, but {{theta}} {len(thetas)}: "
            "once for every parameter"
        )
    found = []
    for at, (mine, theta) in enumerate(zip(gradient, thetas, strict=True), 1):
        column = _column(mine)
        if column.shape != theta.shape:
            which = f" number {at}" if len(thetas) > 1 else ""
            raise InputError(
                f"{{gradient}}{which} is {write(column.shape)}, but its parameter in {{theta}} is "
                f"{write(theta.shape)}: a gradient has the shape of its parameter"
            )
        name = f"g_{at}" if len(thetas) > 1 else "g"
        found.append(sheet.given(name, column, f"gradient of the data loss at {theta.word.text}", option="gradient"))
    return found


def _column(given: Matrix) -> Values:
    return given.reshape((len(given), 1)) if len(given.shape) == 1 else given


def squares(thetas: Sequence[Symbol]) -> Node:
    """‖θ‖²: the squares of all entries of all parameters, added up."""
    return _added(thetas, lambda theta: theta**2)


def sizes(thetas: Sequence[Symbol]) -> Node:
    """‖θ‖₁: the absolute values, added up."""
    return _added(thetas, ABS)


def _added(thetas: Sequence[Symbol], of: Callable[[Symbol], Node]) -> Node:
    sums: list[Node] = [Sum(of(theta)) for theta in thetas]
    return reduce(lambda first, second: first + second, sums)
