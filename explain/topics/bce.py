"""Binary cross-entropy: the loss of yes-or-no predictions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import SIGMOID
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Indicator
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix
from explain.topics._classification.binary import binary_table, count_of, same_shape, totals
from explain.topics._classification.error_rate import rates
from explain.topics._classification.gradients import gradient_step
from explain.topics._classification.likelihoods import from_logits, from_probabilities

WORKED = 4  # predictions that are worked one by one
SATURATED = 1e-6  # how near to 0 or 1 a probability is whose textbook loss has lost its digits
SMALLEST = 600.0  # negative logarithm of a product that is still a float


@topic
def bce(
    y: Annotated[Matrix, "labels 0 or 1, or probabilities between: one example a row, one output a column"],
    p: Annotated[Matrix | None, "predicted probabilities of 1, in the shape of y"] = None,
    logits: Annotated[Matrix | None, "scores before the sigmoid, in place of p"] = None,
    pos_weight: Annotated[Matrix | None, "weight of the positive class: one number, or one an output"] = None,
    reduction: Annotated[Literal["mean", "sum", "none"], "whose gradient: mean or sum of the losses, or each"] = "mean",
) -> Answer:
    """Binary cross-entropy (log loss).

    From probabilities or, in the form that stays finite, from logits: the loss of each prediction, total and mean,
    error rate and accuracy at 0.5, and the gradient. Shapes: y, p and logits (N×K), N examples, K independent outputs;
    a vector is N examples of one output.

    Field: Losses

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, sections 5.5 and 6.2.2.2; Bishop 2006, Pattern
    Recognition and Machine Learning, eqs. 4.90 and 4.91; PyTorch documentation, torch.nn.BCEWithLogitsLoss

    Examples:
        explain bce --y 1,0,1 --p 0.9,0.2,0.6
        explain bce --y 1,0 --logits 2,-1.5 --pos-weight 3
        explain bce --y "1,0;0,1" --logits "0.5,-2;1,40" --reduction sum

    Raises:
        InputError: labels outside 0 to 1, probabilities outside 0 to 1, a probability of 0 for what is true (the loss
            is infinite), shapes that differ, a weight that is not positive.
    """
    option, table = binary_table(p, logits)
    labels = same_shape("y", y, option, table)
    _check_labels(labels)
    several = len(table) > 1
    sheet = Worksheet("Binary cross-entropy" + (f" of {len(table)} predictions" if several else ""), bce.source)
    shape = "" if not several else ": one example a row" + (", one output a column" if table.shape[1] != 1 else "")
    if option == "p":
        _check_probabilities(table, labels)
        scores = sheet.given("P", table, f"predicted probability of 1{shape}", option="p")
    else:
        scores = sheet.given("Z", table, f"logits, scores before the sigmoid{shape}", option="logits")
    Y = sheet.given("Y", labels, "label of each prediction" if several else "label", option="y")
    w = _weight(sheet, pos_weight, int(table.shape[1]))
    n = count_of(sheet, table)
    _conventions(sheet, reduction, several, int(table.shape[1]), w)

    sheet.part("Forward pass")
    P = scores
    if option == "logits":
        why = say("sigmoid, 1/(1 + e^-z): every score becomes a probability of 1, {Z} = 0 becomes 0.5", Z=scores)
        P = sheet.define("P", SIGMOID(scores), "Probabilities", why)
    l = _losses(sheet, scores, P, Y, w)  # noqa: E741 - as in books
    route, results = totals(sheet, l, n, reduction)
    _check_again(sheet, l, P, Y, w, option)
    hard = bool(((labels.array == 0) | (labels.array == 1)).all())
    if n is not None and hard:
        results += _beside(sheet, P, Y, n)
    elif n is not None:
        sheet.convention("labels between 0 and 1 have no true class, so no error rate stands beside the loss")
    at_end = option == "p" and bool(((table.array == 0) | (table.array == 1)).any())
    if at_end:
        sheet.convention(
            "no gradient is worked: {P} has a prediction of exactly 0 or 1, an end of its range, where log u has a "
            "slope to one side only (PyTorch gives 0 there)", P=P,
        )  # fmt: skip
        return sheet.answer(*results)
    sheet.part("Backward pass")
    results.append(_gradient(sheet, route, scores, P, Y, w, n))
    return sheet.answer(*results)


def _check_labels(labels: Values) -> None:
    import numpy as np

    bad = np.argwhere((labels.array < 0) | (labels.array > 1))
    if len(bad):
        at = (int(bad[0][0]), int(bad[0][1]))
        mend = "; labels -1 and 1 belong to the topic hinge" if labels.array[at] == -1 else ""
        raise InputError(f"{{y}} has {labels.text(at)}: a label is 0 or 1, or a probability between them{mend}")


def _check_probabilities(table: Values, labels: Values) -> None:
    """Each between 0 and 1, and none that makes the loss infinite."""
    import numpy as np

    bad = np.argwhere((table.array < 0) | (table.array > 1))
    if len(bad):
        text = table.text((int(bad[0][0]), int(bad[0][1])))
        raise InputError(
            f"{{p}} has {text}: a probability lies between 0 and 1; scores before the sigmoid are given as {{logits}}"
        )
    endless = np.argwhere(((table.array == 0) & (labels.array > 0)) | ((table.array == 1) & (labels.array < 1)))
    if len(endless):
        at = (int(endless[0][0]), int(endless[0][1]))
        where = f" in row {at[0] + 1}" if table.shape[0] != 1 else ""
        raise InputError(
            f"{{p}} is {table.text(at)}{where}, but {{y}} is {labels.text(at)}: log 0 is -∞, so the loss is infinite "
            "(PyTorch cuts it at 100); give a probability between, or start from {logits}: the sigmoid never ends"
        )


def _weight(sheet: Worksheet, pos_weight: Matrix | None, outputs: int) -> Symbol | None:
    if pos_weight is None:
        return None
    if len(pos_weight) not in (1, outputs):
        raise InputError(
            f"{{pos_weight}} has {len(pos_weight)} numbers, but {{y}} has {outputs} outputs: one number, or one an "
            "output"
        )
    for at, weight in enumerate(pos_weight.array.ravel()):
        if not weight > 0:
            text = pos_weight.reshape((len(pos_weight),)).text((at,))
            raise InputError(f"{{pos_weight}} is {text}: a weight is positive; 1 changes nothing")
    shape = () if len(pos_weight) == 1 else (1, outputs)
    return sheet.given("w", pos_weight.reshape(shape), "weight of the positive class", option="pos_weight")


def _conventions(sheet: Worksheet, reduction: str, several: bool, outputs: int, w: Symbol | None) -> None:
    sheet.convention("log is the natural logarithm, as in PyTorch, Keras and scikit-learn")
    if several:
        told = {"mean": "L_mean", "sum": "L_sum", "none": "l"}
        others = " and ".join(f"with {name} {{{name}}}" for name in told if name != reduction)
        each = "; the mean is taken over all examples and outputs alike" if outputs > 1 else ""
        sheet.convention(
            f"reduction {reduction}: the loss a program reports is {{mine}}, {others}{each}",
            mine=word(told[reduction]), **{name: word(symbol) for name, symbol in told.items()},
        )  # fmt: skip
    if w is not None:
        sheet.convention(
            "{w} multiplies the term of the positive class only, as PyTorch's pos_weight; the mean still divides by "
            "the number of predictions, not by the sum of weights", w=w,
        )  # fmt: skip


def _losses(sheet: Worksheet, scores: Symbol, P: Symbol, Y: Symbol, w: Symbol | None) -> Symbol:
    """The loss of each prediction."""
    entries = [divmod(at, int(P.shape[1])) for at in range(min(WORKED, int(P.shape[0]) * int(P.shape[1])))]
    title = "Loss of each prediction" if int(P.shape[0]) * int(P.shape[1]) > 1 else "Loss"
    weighted = say(", the term of label 1 {w} times", w=w) if w is not None else ()
    y = sheet.values[Y.name]
    if not ((y == 0) | (y == 1)).all():
        weighted += say("; a label between takes its share of both")
    if scores is not P:
        why = (
            say("with softplus(z) = log(1 + e^z), -log(1 - σ(z)) is softplus(z), the loss of a label 0, and -log σ(z) "
                "is softplus(z) - z, that of a label 1")
            + weighted
            + say("; from {Z}, with softplus as max(z, 0) + log(1 + e^-|z|), nothing overflows and no logarithm is "
                  "taken of a probability rounded to 0 or 1", Z=scores)
        )  # fmt: skip
        return sheet.define("l", from_logits(scores, Y, P, w), title, why, entries=entries)
    why = (
        say("{Y} chooses the term: a label 1 leaves -log p, a label 0 leaves -log(1 - p), the probability of 0", Y=Y)
        + weighted
    )
    p = sheet.values[P.name]
    if ((p == 0) | (p == 1)).any():
        why += say("; 0 log 0 counts as 0, the limit of x log x as x goes to 0")
    return sheet.define("l", from_probabilities(P, Y, w, p), title, why, entries=entries)


def _check_again(sheet: Worksheet, l: Symbol, P: Symbol, Y: Symbol, w: Symbol | None, option: str) -> None:  # noqa: E741
    """From scores, the textbook form; from probabilities, the product of those of what is true."""
    import numpy as np

    p, y = sheet.values[P.name], sheet.values[Y.name]
    weight = 1.0 if w is None else sheet.values[w.name]
    value = float(sheet.values["l"].sum())
    if option == "logits" and bool((np.minimum(p, 1 - p) > SATURATED).all()):
        again = float(-(weight * y * np.log(p) + (1 - y) * np.log(1 - p)).sum())
        first = "y log p" if w is None else "w y log p"
        told = say(f"the form with probabilities, -({first} + (1 - y) log(1 - p)), gives the same sum from {{P}}", P=P)
        sheet.check(math.isclose(again, value, rel_tol=1e-7), [l], told)
        return
    joint = math.prod(float(q) for q in np.where(y == 1, p, 1 - p).ravel())
    if option == "logits" or w is not None or not ((y == 0) | (y == 1)).all() or not value < SMALLEST:
        if option == "p":
            every = -(np.where(y > 0, weight * y * np.log(np.where(y > 0, p, 1)), 0))
            every = every - np.where(y < 1, (1 - y) * np.log(np.where(y < 1, 1 - p, 1)), 0)
            told = say("the terms of label 1 and those of label 0 added separately give the same sum")
            sheet.check(math.isclose(float(every.sum()), value, rel_tol=1e-9, abs_tol=1e-12), [l], told)
        return
    told = say(
        f"the probabilities of what is true multiplied are {tidy(joint)}, and minus its logarithm is the sum of the "
        "losses"
    )
    sheet.check(math.isclose(-math.log(joint), value, rel_tol=1e-9, abs_tol=1e-12), [l], told)


def _beside(sheet: Worksheet, P: Symbol, Y: Symbol, n: Symbol) -> list[Symbol]:
    sheet.part("Beside the loss")
    half = Number(0.5, "0.5")
    tied = bool((sheet.values[P.name] == 0.5).any())
    note = say("0.5 exactly is taken as class 0") if tied else ()
    why = say("1 where {P} is above 0.5, where 1 is more probable than 0; else 0", P=P)
    predicted = sheet.define("yhat", Indicator(P, half, ">"), "Predicted classes", why, note=note)
    error = rates(sheet, predicted, Y, n, what="prediction")
    return [sheet.last("accuracy"), error]


def _gradient(
    sheet: Worksheet, route: Sequence[Symbol], scores: Symbol, P: Symbol, Y: Symbol, w: Symbol | None, n: Symbol | None
) -> Symbol:
    loss, l = route[0], route[-1]  # noqa: E741 - as in books
    shared = say("; {L} shares it among {n}", L=loss, n=n) if loss.name == "L_mean" and n is not None else ()
    note: Prose = ()
    if n is not None and loss.name != "l":
        other, told = ("sum", "n times these numbers") if loss.name == "L_mean" else ("mean", "these numbers over n")
        note = say(f"the gradient of the {other} is {told}")
    if scores is P:
        why = say("log u has the derivative 1/u, and the inner derivative of 1 - p is -1: {P} is pushed up by labels 1 "
                  "and down by labels 0, the harder the more wrong it is", P=P)  # fmt: skip
        why += say(", by labels 1 {w} times", w=w) if w is not None else ()
        return gradient_step(sheet, route, scores, why + shared, l, note)
    left: Node = P - Y if w is None else P * (1 - Y) - w * Y * (1 - P)
    weighted = "" if w is None else ", the label 1 weighted"
    why = say("softplus has the derivative σ, which is {P}, and y z has y: what is left is {g}, the prediction "
              "minus the label" + weighted, P=P, g=left)  # fmt: skip
    return gradient_step(sheet, route, scores, why + shared, l, note)
