"""Mean squared error: residuals, squares, the reduction and what the others give, RMSE, gradient."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Place
from explain.engine.checks import finite_difference
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import ConstantPower
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.parameters import Matrix
from explain.topics._regression.pairs import Pair, counted, introduced, read_pair, residuals
from explain.topics._regression.reductions import others, reduced, share, stated, why

Reduction = Literal["mean", "sum", "half", "half-mean"]
Over = Literal["entries", "examples"]


@topic
def mse(
    y: Annotated[Matrix, "targets: one number an example (0.5,0.8), or one example a row (0,1;1,0)"],
    yhat: Annotated[Matrix, "predictions, in the shape of y"],
    reduction: Annotated[Reduction, "how the squares become one number; half-mean is 1/(2N) of their sum"] = "mean",
    over: Annotated[
        Over | None, "what a mean divides by; default entries, as PyTorch; of half-mean examples, as 1/(2N) ‖y - ŷ‖²"
    ] = None,
) -> Answer:
    """Mean squared error (MSE), with RMSE and gradient.

    Residuals, their squares, of several outputs the squared error of each example, and one number of them: their mean,
    sum, half the sum, or half the mean; what the other reductions would give stands in one line. The gradient at the
    predictions by the chain rule. Shapes: y and ŷ (N×d), one example a row; a vector is N examples of one number.

    Field: Losses

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 5.1.4, eq. 5.4; PyTorch documentation,
    torch.nn.MSELoss (mean over all entries, or sum)

    Examples:
        explain mse --y 0.5,0.8 --yhat 0.2174,-0.18988
        explain mse --y "0,1,0;1,0,0" --yhat "0.3,0.4,0.1;0.2,0.30,0.2" --reduction half-mean
        explain mse --y "1,2;3,4" --yhat "1.5,2;2,5" --over examples

    Raises:
        InputError: targets and predictions whose shapes differ, numbers whose squares leave double precision.
    """
    pair = read_pair(y, yhat)
    sheet = Worksheet("Mean squared error", mse.source)
    target, prediction = introduced(sheet, pair)
    divided: str = over or ("examples" if reduction == "half-mean" else "entries")
    divided = "examples" if pair.outputs == 1 else divided
    count = counted(sheet, pair, divided) if "mean" in reduction else None

    sheet.part("Loss")
    r = residuals(sheet, target, prediction)
    e = _squared(sheet, r, pair)
    expression = reduced(e, reduction, count)
    stated(sheet, e, expression, _told(reduction, divided, pair))
    note = others(sheet, e, pair, reduction, divided, ("sum", "mean", "half", "half-mean"))
    L = sheet.define("L", expression, "Loss", why(e, reduction, count), note=note)
    all_entries = count is not None and count.name == ("N" if pair.outputs == 1 else "n")
    root = sqrt(Sum(e) / (count if all_entries and count is not None else Number(pair.entries, str(pair.entries))))
    told = (
        "over both entries"
        if pair.entries == 2
        else f"over {'all ' * (pair.entries > 1)}{amount(pair.entries, 'entry')}"
    )
    sheet.define("RMSE", root, "", "", place=Place("L", (told,)))
    sheet.convention("RMSE, the root of the mean squared error over all entries, has the unit of the targets")
    sheet.part("Backward pass")
    sheet.backward(L, [prediction], jacobians=False)
    share(sheet, L, e)
    told = "chain rule: a square has the derivative 2 {r}, and counts in {L} with its share {s}"
    told += "; the share of a row is that of each of its entries" if e.shape != r.shape else ""
    next(step for step in sheet.steps if step.name == "dL/dr").why = say(told, r=r, L=L, s=sheet.last("dL/de"))
    finite_difference(sheet, L, [prediction], L)
    _check_gradient(sheet, r, prediction, reduction, pair.examples if divided == "examples" else pair.entries)
    return sheet.answer(L, sheet.last("dL/dyhat"))


def _squared(sheet: Worksheet, r: Symbol, pair: Pair) -> Symbol:
    """The squares; of several examples with several outputs added up in each row."""
    if pair.outputs > 1 and pair.examples > 1:
        added = say(
            "the squares of a row of {r} are added up: the squared length of the residual of that example, "
            "so that one number an example is left",
            r=r,
        )
        return sheet.define("e", Sum(ConstantPower(r, Number(2, "2")), 1), "Squared error of each example", added)
    squared = say(
        "a square has no sign, so that errors above and below the target in {r} do not cancel; an error twice as large "
        "counts four times",
        r=r,
    )
    return sheet.define(
        "e", ConstantPower(r, Number(2, "2")), "Squared errors" if pair.entries > 1 else "Squared error", squared
    )


def _told(reduction: str, over: str, pair: Pair) -> str:
    """The reduction in words, and whose it is."""
    if reduction == "sum":
        return "the sum of all squares (PyTorch: reduction sum); some sheets call it MSE, though it is no mean"
    if reduction == "half":
        return "half the sum of all squares"
    half = "half the mean" if reduction == "half-mean" else "the mean"
    if pair.outputs == 1:
        return f"{half} over the N examples" + ("" if "half" in reduction else ", as in PyTorch")
    if over == "examples":
        return f"{half} over the examples of the squared error of each; PyTorch's mean would divide by all entries"
    tail = ", as in PyTorch; a mean over the examples would not divide by the number of outputs"
    return f"{half} over all entries{tail}"


def _check_gradient(sheet: Worksheet, r: Symbol, prediction: Symbol, reduction: str, number: int) -> None:
    """The gradient in one line: a factor times the residuals."""
    import numpy as np

    factor = {"mean": 2 / number, "sum": 2.0, "half": 1.0, "half-mean": 1 / number}[reduction]
    written = {"mean": f"2/{number} = ", "half-mean": f"1/{number} = "}.get(reduction, "")
    gradient = sheet.last(f"dL/d{prediction.name}")
    sheet.check(
        bool(np.allclose(factor * sheet.values["r"], sheet.values[gradient.name], rtol=1e-9, atol=1e-300)),
        [gradient, r],
        say(f"all factors in one, {{g}} is {written if number > 1 else ''}{tidy(factor)} times {{r}}", r=r, g=gradient),
    )
