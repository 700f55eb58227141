"""What binary losses share: how predictions and labels are read, and the sum and mean of their losses."""

from __future__ import annotations

from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix
from explain.topics._classification.reading import MOST


def as_predictions(option: str, given: Values) -> Values:
    """A vector as a column: one example a row.

    Raises:
        InputError: too many numbers.
    """
    if len(given) > MOST:
        raise InputError(f"{{{option}}} has {len(given)} numbers: at most {MOST} are worked; give fewer examples")
    return given.reshape((len(given), 1)) if len(given.shape) == 1 else given


def binary_table(p: Matrix | None, logits: Matrix | None) -> tuple[str, Values]:
    """Which of the two is given.

    Raises:
        InputError: both or neither.
    """
    if (p is None) == (logits is None):
        told = "{p} and {logits} are both given" if p is not None else "{p} is missing, and so is {logits}"
        mend = "leave one out" if p is not None else "give one: probabilities as {p} or scores as {logits}"
        raise InputError(f"{told}: the loss is worked from one of them; {mend}")
    if p is not None:
        return "p", as_predictions("p", p)
    assert logits is not None
    return "logits", as_predictions("logits", logits)


def same_shape(option: str, given: Matrix, other: str, table: Values) -> Values:
    """Labels in the shape of the predictions.

    Raises:
        InputError: another shape.
    """
    labels = as_predictions(option, given)
    if labels.shape != table.shape:
        both = write(labels.shape), write(table.shape)
        if 1 in labels.shape and 1 in table.shape:
            both = amount(len(labels), "number"), amount(len(table), "number")
            raise InputError(f"{{{option}}} has {both[0]}, but {{{other}}} has {both[1]}: one label a prediction")
        raise InputError(f"{{{option}}} is {both[0]}, but {{{other}}} is {both[1]}: one label a prediction")
    return labels


def count_of(sheet: Worksheet, table: Values, what: str = "predictions") -> Symbol | None:
    """How many losses share the mean; None for a single one."""
    count = len(table)
    return sheet.given("n", Values((), (str(count),)), f"number of {what}") if count > 1 else None


def totals(
    sheet: Worksheet,
    l: Symbol,  # noqa: E741 - as in books
    n: Symbol | None,
    reduction: str,
) -> tuple[list[Symbol], list[Symbol]]:
    """Sum and mean of the losses: the route from the chosen one back to them, and the results."""
    if n is None:
        return [l], [l]
    total = sheet.define("L_sum", Sum(l), "Total", say("the losses in {l} are added", l=l))
    shared = say("{L} shared among the {n} losses, so that sets of different size can be compared", L=total, n=n)
    mean = sheet.define("L_mean", total / n, "Mean", shared)
    return {"mean": [mean, total, l], "sum": [total, l], "none": [l]}[reduction], [l, total, mean]
