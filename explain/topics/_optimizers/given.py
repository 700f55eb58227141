"""What an optimiser is asked: where it starts, the gradients of its steps, how many steps; and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.values import Values, whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.objective import Asked, Objective, objective

MOST_STEPS = 1000
MOST_NUMBERS = 1_000_000  # entries times steps


class Problem(NamedTuple):
    """The start, the gradients (one for every step, or one for all of them), or the formula that has them.

    Attributes:
        constant: one gradient serves every step.
        told: the number of steps as it was asked for; None where the gradients tell it.
    """

    start: Values
    gradients: Sequence[Values]
    formula: Asked | None
    steps: int
    constant: bool
    told: Count | None


class Common(NamedTuple):
    """The settings that every optimiser has; `told` says whether a number was given or is a default."""

    lr: Scalar
    told: bool = True
    weight_decay: Scalar | None = None
    clip_norm: Scalar | None = None
    clip_value: Scalar | None = None
    decay_told: bool = True


def read_problem(theta: Matrix, g: Matrices | None, f: Objective | None, steps: Count | None) -> Problem:
    """What is given, checked: every gradient has the shape of the parameters.

    Raises:
        InputError: neither or both of gradients and formula, a gradient of another shape, steps that do not fit.
    """
    start = shaped(theta)
    if (g is None) == (f is None):
        told = "both are given: keep one" if g is not None else "is missing: give the gradients, or {f} and its start"
        raise InputError("{g} and {f}: " + told if g is not None else "{g} " + told)
    count = _counted(steps)
    if f is not None:
        asked = objective(f, start)
        return _bounded(Problem(start, (), asked, count or 1, False, steps))
    assert g is not None
    gradients = [shaped(item) for item in g.items]
    for at, gradient in enumerate(gradients, 1):
        if gradient.shape != start.shape:
            where = f" in step {at}" if len(gradients) > 1 else ""
            raise InputError(
                f"{{g}} has {_size(gradient)}{where}, {{theta}} has {_size(start)}: every parameter needs its "
                "gradient; write one gradient a step, with | between steps"
            )
    if count and 1 < len(gradients) != count:
        raise InputError(
            f"{{steps}} is {count}, but {{g}} has gradients for {amount(len(gradients), 'step')}: leave {{steps}} out, "
            "or give one gradient for all steps"
        )
    constant = len(gradients) == 1 and (count or 1) > 1
    return _bounded(Problem(start, gradients, None, count or len(gradients), constant, steps))


def shaped(given: Values) -> Values:
    """One number as a number, a list as a column, a matrix as it is."""
    if len(given) == 1:
        return given.reshape(())
    return given.reshape((len(given), 1)) if len(given.shape) == 1 else given


def _counted(steps: Count | None) -> int | None:
    if steps is None:
        return None
    if steps.number is None or steps.number > MOST_STEPS:
        told = steps.name or str(steps.number)[:40]
        raise InputError(f"{{steps}} is {told}: give a whole number from 1 to {MOST_STEPS}")
    return steps.number


def _bounded(problem: Problem) -> Problem:
    if len(problem.start) * problem.steps > MOST_NUMBERS:
        raise InputError(
            f"{{theta}} has {len(problem.start)} numbers, and there are {amount(problem.steps, 'step')}: at most "
            f"{MOST_NUMBERS} numbers times steps are worked; take fewer steps"
        )
    return problem


def _size(values: Values) -> str:
    if len(values.shape) == 2 and values.shape[1] != 1:
        return f"{values.shape[0]}×{values.shape[1]} numbers"
    return amount(len(values), "number")


def positive(option: str, value: Scalar) -> Scalar:
    """A number above 0.

    Raises:
        InputError: it is not.
    """
    if not value.array.item() > 0:
        raise InputError(f"{{{option}}} is {value.text(())}: it must be positive")
    return value


def not_negative(option: str, value: Scalar | None) -> Scalar | None:
    """A number from 0, where it is given.

    Raises:
        InputError: it is negative.
    """
    if value is not None and value.array.item() < 0:
        raise InputError(f"{{{option}}} is {value.text(())}: it must not be negative")
    return value


def fading(option: str, value: Scalar) -> Scalar:
    """A number by which the past fades: from 0, below 1.

    Raises:
        InputError: 1 would keep everything for ever and take nothing in.
    """
    if not 0 <= value.array.item() < 1:
        raise InputError(
            f"{{{option}}} is {value.text(())}: it must lie from 0 up to, but not at, 1, or the past never fades; "
            "0.9 is common"
        )
    return value


def settled(
    lr: Scalar | None,
    default: str,
    weight_decay: Scalar | None = None,
    clip_norm: Scalar | None = None,
    clip_value: Scalar | None = None,
) -> Common:
    """The common settings, checked.

    Raises:
        InputError: a rate or a threshold that is not positive, a negative weight decay, two ways of clipping.
    """
    rate = Scalar((), (default,)) if lr is None else positive("lr", lr)
    not_negative("weight_decay", weight_decay)
    if clip_norm is not None and clip_value is not None:
        raise InputError("{clip_norm} and {clip_value} are both given: a gradient is clipped in one way; keep one")
    if clip_norm is not None:
        positive("clip_norm", clip_norm)
    if clip_value is not None:
        positive("clip_value", clip_value)
    return Common(rate, lr is not None, weight_decay, clip_norm, clip_value)


def number_of_steps(sheet: Worksheet, problem: Problem) -> None:
    """How many steps were asked for, among the givens."""
    if problem.told is not None:
        sheet.given("T", whole(problem.steps), "number of steps")
