"""Optimisers side by side: the same start, the same gradients or the same formula, step after step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.names import word
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import check_slopes, lifted
from explain.topics._optimizers.course import Beside, Course
from explain.topics._optimizers.given import Common, positive, read_problem
from explain.topics._optimizers.known import Known, Optimizers
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import left_out, length
from explain.topics._optimizers.words import conventions

LISTED = 2  # parameters that are listed one by one


@topic
def optimizers(
    use: Annotated[Optimizers, "2 or 3 of sgd, momentum, nesterov, adagrad, rmsprop, adadelta, adam, adamw, adamax"],
    theta: Annotated[Matrix, "parameters before the first step: 1, or 1,-2, or a matrix 1,2;3,4"],
    g: Annotated[
        Matrices | None, "gradient of each step, | between steps: 0.5,1 | 0.2,0.8; one alone serves all"
    ] = None,
    f: Annotated[
        Objective | None, "in place of g, a formula: 'x^2 + 3*y^2'; theta has one number for each name"
    ] = None,
    lr: Annotated[Matrix | None, "learning rate for all, or one for each: 0.1,0.01; default as PyTorch"] = None,
    steps: Annotated[Count | None, "number of steps with one gradient or a formula; default 1"] = None,
) -> Answer:
    """Optimisers side by side: the same steps by two or three of them.

    Each optimiser starts at the same place and gets the same gradients, or those of the same formula at its own place.
    A table holds every step; the first and the last are worked. Every setting but the rate is PyTorch's default,
    momentum is 0.9; the topic of each optimiser has its settings. Shapes: θ and every gradient alike.

    Field: Optimisers

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, chapter 8; Kingma and Ba 2015, Adam; PyTorch
    documentation, torch.optim

    Examples:
        explain optimizers --use sgd,adam --theta 1 --g "0.5|0.2|-0.4" --lr 0.1
        explain optimizers --use momentum,nesterov --theta 1,-2 --g "0.5,1|0.25,-1" --lr 0.1,0.05
        explain optimizers --use sgd,momentum,adam --f "x^2 + 10*y^2" --theta 1,1 --lr 0.05 --steps 10

    Raises:
        InputError: one optimiser or too many, gradients of another shape than the parameters, rates that do not fit.
    """
    problem = read_problem(theta, g, f, steps)
    rates = _rates(lr, use.known)
    sheet = Worksheet("Optimisers side by side: " + ", ".join(known.label for known in use.known), optimizers.source)
    runs: list[Course] = []
    rules = [known.make() for known in use.known]
    for number, (known, rate, rule) in enumerate(zip(use.known, rates, rules, strict=True), 1):
        beside = Beside(number, known.label, runs[0] if runs else None)
        decay = Scalar((), (known.decay,)) if known.decay else None
        common = Common(rate, lr is not None, decay, decay_told=False)
        runs.append(Course(sheet, problem, common, not known.decay, beside))
        runs[-1].run(rule)
    conventions(runs[0])
    marks = ", ".join(f"⁽{lifted(number)}⁾ is {known.label}" for number, known in enumerate(use.known, 1))
    sheet.convention(f"what belongs to one of them carries its number: {marks}; the sums of the checks leave it out")
    if not runs[0].single:
        sheet.convention("squares and roots are taken entry by entry")
    sheet.tables.append(_side_by_side(runs, use.known))
    for run, rule in zip(runs, rules, strict=True):
        rule.confirm(run)
    check_slopes(runs[0])
    return sheet.answer(*(run.theta[-1] for run in runs))


def _rates(lr: Matrix | None, known: Sequence[Known]) -> list[Scalar]:
    """A rate for each.

    Raises:
        InputError: neither one rate nor one for each, or one that is not positive.
    """
    if lr is None:
        return [Scalar((), (one.rate,)) for one in known]
    count = len(lr)
    if count not in (1, len(known)):
        raise InputError(f"{{lr}} has {amount(count, 'number')}: give one for all, or {len(known)}, one for each")
    numbers = lr.reshape((count,))
    rates = [positive("lr", Scalar((), (numbers.text((at,)),))) for at in range(count)]
    return rates if count > 1 else rates * len(known)


def _side_by_side(runs: Sequence[Course], known: Sequence[Known]) -> Table:
    """Where each is after every step, and how large the formula is there."""
    columns = [Column("t", True)]
    body: list[list[Cell]] = [[t] for t in range(runs[0].problem.steps + 1)]
    for number, run in enumerate(runs, 1):
        start = run.theta[0]
        size = len(run.problem.start)
        listed = size <= LISTED and len(runs) * size <= 2 * LISTED
        if not start.shape:
            columns.append(Column(word(f"theta^{number}").text, True))
        elif listed:
            columns += [Column(word(f"theta^{number}", f"t,{at + 1}").text, True) for at in range(size)]
        else:
            columns.append(Column(f"‖{word(f'theta^{number}').text}‖", True))
        columns += [Column(word(f"f^{number}").text, True)] if run.formula is not None else []
        for row, theta in zip(body, run.theta, strict=True):
            if not theta.shape:
                row.append(theta)
            elif listed:
                row.extend(theta.entry(divmod(at, int(theta.shape[1]))) for at in range(size))
            else:
                row.append(length(theta))
            if run.formula is not None:
                row.append(run.formula.value(theta))
    told = "; ".join(f"⁽{lifted(number)}⁾ {one.label}" for number, one in enumerate(known, 1))
    told += "".join(f"; {line}" for line in left_out(runs[-1]))
    if any("‖" in column.title for column in columns):
        told += "; ‖ ‖ is the root of the sum of all squared entries"
    needs = tuple(theta.name for run in runs for theta in run.theta[1:])
    return Table("All steps", columns, body, note=(told,), needs=needs)
