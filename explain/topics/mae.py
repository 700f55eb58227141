"""Mean absolute error: residuals, absolute values, mean or sum, gradient by signs."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.functions import ABS
from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.parameters import Matrix
from explain.topics._regression.pairs import counted, introduced, read_pair, residuals
from explain.topics._regression.reductions import others, reduced, share, stated, why


@topic
def mae(
    y: Annotated[Matrix, "targets: one number an example (1,2,3), or one example a row (0,1;1,0)"],
    yhat: Annotated[Matrix, "predictions, in the shape of y"],
    reduction: Annotated[Literal["mean", "sum"], "mean over all entries, as PyTorch, or their sum"] = "mean",
) -> Answer:
    """Mean absolute error (MAE, L1 loss), with gradient.

    Residuals, their absolute values, and the mean or the sum; the other one stands in one line. The gradient at the
    predictions is made of signs only; at a residual of 0, a kink, it is 0 as in PyTorch. Shapes: y and ŷ (N×d), one
    example a row; a vector is N examples of one number.

    Field: Losses

    Source: PyTorch documentation, torch.nn.L1Loss; Goodfellow, Bengio and Courville 2016, Deep Learning, section
    6.2.1.2, eq. 6.16

    Examples:
        explain mae --y 1,2,3 --yhat 1.5,2,2.2
        explain mae --y "0,1;1,0" --yhat "0.30,0.4;0.2,0.9" --reduction sum

    Raises:
        InputError: targets and predictions whose shapes differ.
    """
    pair = read_pair(y, yhat)
    sheet = Worksheet("Mean absolute error", mae.source)
    target, prediction = introduced(sheet, pair)
    count = counted(sheet, pair, "entries") if reduction == "mean" else None

    sheet.part("Loss")
    r = residuals(sheet, target, prediction)
    told = say(
        "the sign of each entry of {r} is dropped, so that errors above and below the target do not cancel; an error "
        "twice as large counts twice",
        r=r,
    )
    a = sheet.define("a", ABS(r), "Absolute errors" if pair.entries > 1 else "Absolute error", told)
    expression = reduced(a, reduction, count)
    every = "the mean over all entries" if reduction == "mean" else "the sum over all entries"
    stated(sheet, a, expression, f"{every}, PyTorch's L1Loss with reduction {reduction}")
    over = "examples" if pair.outputs == 1 else "entries"
    note = others(sheet, a, pair, reduction, over, ("sum", "mean"))
    L = sheet.define("L", expression, "Loss", why(a, reduction, count), note=note)
    sheet.part("Backward pass")
    sheet.backward(L, [prediction], jacobians=False)
    share(sheet, L, a)
    _retitled(sheet, r)
    finite_difference(sheet, L, [prediction], L)
    _check_signs(sheet, prediction, pair.entries if reduction == "mean" else 1)
    return sheet.answer(L, sheet.last("dL/dyhat"))


def _retitled(sheet: Worksheet, r: Symbol) -> None:
    """The engine calls every function of one quantity an activation; this one is none."""
    step = next(step for step in sheet.steps if step.name == f"da/d{r.name}")
    step.title = say("Derivative of the absolute value at {r}", r=r)


def _check_signs(sheet: Worksheet, prediction: Symbol, number: int) -> None:
    """Every entry of the gradient is the same share with the sign of its residual."""
    import numpy as np

    gradient, residual = sheet.last(f"dL/d{prediction.name}"), sheet.last("r")
    signs = np.sign(sheet.values["r"])
    counts = {text: int((signs == sign).sum()) for text, sign in (("positive", 1), ("negative", -1), ("0", 0))}
    share = f"1/{number}" if number > 1 else "1"
    listed = ", ".join(f"{amount(count, 'entry')} {text}" for text, count in counts.items() if count)
    gives = f"so {{g}} holds {share} with the sign of the residual" + (
        ", and 0 for a residual of 0" * bool(counts["0"])
    )
    sheet.check(
        bool(np.allclose(signs / number, sheet.values[gradient.name], rtol=1e-12, atol=0)),
        [gradient, residual],
        say(f"of {{r}}, {listed}, {gives}", r=residual, g=gradient),
    )
