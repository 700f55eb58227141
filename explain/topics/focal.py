"""Focal loss: cross-entropy that turns away from the examples that are easy already."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import LOG, SIGMOID
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.extremes import Extreme
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.onehot import OneHot
from explain.engine.nodes.powers import Power
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.values import Values, constant
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._classification.binary import binary_table, same_shape
from explain.topics._classification.error_rate import class_told
from explain.topics._classification.focal_steps import gradients, loss_of_true, losses, true_probability
from explain.topics._classification.likelihoods import from_logits
from explain.topics._classification.logs import log_softmax
from explain.topics._classification.reading import class_ids, class_names, table_of
from explain.topics._probabilities import given_probabilities

GAMMA = "2"  # the value that worked best in the paper


@topic
def focal(
    p: Annotated[Matrix | None, "predicted probabilities: of 1 for labels y, or rows, one class a column"] = None,
    logits: Annotated[Matrix | None, "scores before sigmoid or softmax, in place of p"] = None,
    y: Annotated[Matrix | None, "labels 0 or 1, one a prediction: the binary loss"] = None,
    classes: Annotated[Tokens | None, "true class of each row, counted from 0, or by its name: several classes"] = None,
    names: Annotated[Tokens | None, "names of the classes, one a column"] = None,
    gamma: Annotated[Scalar | None, "focusing parameter, from 0; default 2"] = None,
    alpha: Annotated[Matrix | None, "weight: of class 1 (1 - alpha of class 0), or one number a class"] = None,
    reduction: Annotated[Literal["mean", "sum"], "whose gradient: mean or sum of the losses"] = "mean",
) -> Answer:
    """Focal loss, beside the cross-entropy it is reduced from.

    Each cross-entropy -log p_t is multiplied by (1 - p_t)^gamma, p_t the probability of the true class: an example that
    is right and sure counts next to nothing. Binary with labels, or of several classes; the gradient by the chain rule.
    Shapes: p or logits (N) or (N×K) with y of the same shape, or (N×K) with N classes.

    Field: Losses

    Source: Lin, Goyal, Girshick, He and Dollár 2017, Focal Loss for Dense Object Detection, eqs. 2 to 5

    Examples:
        explain focal --p 0.9,0.2,0.6 --y 1,0,1 --alpha 0.25
        explain focal --logits "2,1,0.1;0,3,-1" --classes 0,2 --gamma 1.5
        explain focal --logits 2,-1 --y 1,1 --reduction sum
        explain focal --p "0.7,0.2,0.1;0.3,0.4,0.3" --classes cat,dog --names cat,dog,cow --alpha 0.5,1,2

    Raises:
        InputError: a gamma below 0, an alpha outside its range, labels other than 0 and 1, probabilities that are none,
            a true class of probability 0 (the loss is infinite).
    """
    if (y is None) == (classes is None):
        told = "{y} and {classes} are both given" if y is not None else "{y} is missing, and so is {classes}"
        mend = "leave one out" if y is not None else "give labels such as {y} 1,0, or classes such as {classes} 0,2"
        raise InputError(f"{told}: {mend}")
    if gamma is not None and not 0 <= gamma.exact(()) <= 100:
        raise InputError(f"{{gamma}} is {gamma.text(())}: the power lies from 0 (cross-entropy itself) to 100")
    power = gamma if gamma is not None else Scalar((), (GAMMA,))
    if y is None:
        assert classes is not None
        return _multiclass(p, logits, classes, names, power, alpha, reduction)
    if names is not None:
        raise InputError("{names} is given, but labels 0 and 1 have no columns to be named; leave it out")
    return _binary(p, logits, y, power, alpha, reduction)


def _binary(
    p: Matrix | None, logits: Matrix | None, y: Matrix, gamma: Scalar, alpha: Matrix | None, reduction: str
) -> Answer:
    option, table = binary_table(p, logits)
    labels = same_shape("y", y, option, table)
    for row, numbers in enumerate(labels.array):
        for column, label in enumerate(numbers):
            if label not in (0, 1):
                raise InputError(f"{{y}} has {labels.text((row, column))}: a label is 0 or 1")
            if option == "p":
                _check(table, row, column, 1 - label)
    sheet = Worksheet("Focal loss, binary", focal.source)
    if option == "p":
        scores = sheet.given("P", table, "predicted probability of 1", option="p")
    else:
        scores = sheet.given("Z", table, "logits, scores before the sigmoid", option="logits")
    Y = sheet.given("Y", labels, "labels", option="y")
    g, n = _parameters(sheet, gamma, len(table))
    weight = _binary_alpha(sheet, alpha)
    _conventions(sheet, reduction, n is not None)

    sheet.part("Forward pass")
    if option == "p":
        why = say("probability of what is true: {P} for a label 1, 1 - {P} for a label 0", P=scores)
        pt = sheet.define("p_t", Y * scores + (1 - Y) * (1 - scores), "Probabilities of the true classes", why)
        c = _log(sheet, pt)
    else:
        told = say("sigmoid, 1/(1 + e^-z): every score becomes a probability of 1")
        P = sheet.define("P", SIGMOID(scores), "Probabilities of 1", told)
        stable = say(
            "-log {P} for a label 1 and -log(1 - {P}) for a label 0, from {Z} without the logarithm of a rounded 0: "
            "with softplus(z) = log(1 + e^z), -log(1 - σ(z)) is softplus(z), and -log σ(z) is softplus(z) - z",
            P=P, Z=scores,
        )  # fmt: skip
        c = sheet.define("c", from_logits(scores, Y, P, None), "Cross-entropies", stable)
        _undone(sheet, c)
    at = None
    if weight is not None:
        chosen = say("{a} for a label 1, 1 - {a} for a label 0", a=weight)
        at = sheet.define("alpha_t", weight * Y + (1 - weight) * (1 - Y), "Weights", chosen)
    return _finish(sheet, scores, c, at, g, n, reduction)


def _multiclass(
    p: Matrix | None,
    logits: Matrix | None,
    classes: Tokens,
    names: Tokens | None,
    gamma: Scalar,
    alpha: Matrix | None,
    reduction: str,
) -> Answer:
    option, table = table_of(p, logits)
    size = int(table.shape[1])
    called = class_names(names, option, size)
    ids = class_ids(classes, called, option, (int(table.shape[0]), size))
    sheet = Worksheet("Focal loss of several classes", focal.source)
    sheet.part("Forward pass")
    rows = "one example a row, one class a column"
    if option == "logits":
        scores = sheet.given("Z", table, f"logits, scores before softmax: {rows}", option="logits", columns=called)
    else:
        scores = given_probabilities(
            sheet, "P", "p", table, f"predicted probabilities: {rows}", "no", "rows", logits="logits", each="class",
            columns=called,
        )  # fmt: skip
        for row, column in enumerate(ids):
            _check(table, row, column, 0)
    names_of_rows = [class_told(called, at) for at in ids] if called is not None else None
    y = sheet.given("y", constant([[str(at)] for at in ids]), "true class of each example", option="classes",
                    rows=names_of_rows)  # fmt: skip
    g, n = _parameters(sheet, gamma, len(ids))
    weight = _class_alpha(sheet, alpha, size, called)
    sheet.convention("classes are counted from 0, as in PyTorch, rows and columns from 1: class k is column k + 1")
    _conventions(sheet, reduction, n is not None)

    told = say("{y} as rows of the shape of {Z}: 1 in the column of the true class, 0 elsewhere", y=y, Z=scores)
    Y = sheet.define("Y", OneHot(y, size), "One-hot targets", told, columns=called)
    if option == "p":
        own = say("{Y} leaves of each row of {P} only the true class's probability", Y=Y, P=scores)
        pt = sheet.define("p_t", Sum(Y * scores, 1), "Probabilities of the true classes", own, rows=names_of_rows)
        c = _log(sheet, pt)
    else:
        c = _log_of_scores(sheet, scores, Y)
        _undone(sheet, c)
    at: Symbol | None = None
    if weight is not None and weight.shape:
        chosen = say("the weight of the true class of each row", a=weight)
        at = sheet.define("alpha_t", Sum(Y * weight, 1), "Weights", chosen)
    return _finish(sheet, scores, c, at or weight, g, n, reduction)


def _check(table: Values, row: int, column: int, zero: float) -> None:
    """A probability lies between 0 and 1, and that of what is true is not 0."""
    value = table.array[row, column]
    if not 0 <= value <= 1:
        raise InputError(
            f"{{p}} has {table.text((row, column))}: a probability lies between 0 and 1; scores are given as {{logits}}"
        )
    if value == zero:
        raise InputError(
            f"{{p}} is {table.text((row, column))} in row {row + 1}, which gives what is true the probability 0: log 0 "
            "is -∞, so the loss is infinite; give it a probability above 0, or start from {logits}"
        )


def _parameters(sheet: Worksheet, gamma: Scalar, count: int) -> tuple[Symbol, Symbol | None]:
    g = sheet.given("gamma", gamma, "focusing parameter", option="gamma")
    return g, sheet.given("n", Values((), (str(count),)), "number of losses") if count > 1 else None


def _binary_alpha(sheet: Worksheet, alpha: Matrix | None) -> Symbol | None:
    if alpha is None:
        return None
    value = alpha.reshape((len(alpha),))
    if len(alpha) != 1 or not 0 < value.array[0] < 1:
        raise InputError(
            f"{{alpha}} is {value.text((0,))}{', …' if len(alpha) > 1 else ''}: of labels 0 and 1 it is one number "
            "between 0 and 1, the weight of label 1"
        )
    return sheet.given("alpha", alpha.reshape(()), "weight of label 1; label 0 has 1 - α", option="alpha")


def _class_alpha(sheet: Worksheet, alpha: Matrix | None, size: int, names: Sequence[str] | None) -> Symbol | None:
    if alpha is None:
        return None
    if len(alpha) not in (1, size):
        raise InputError(f"{{alpha}} has {len(alpha)} numbers: one for all, or one for each of the {size} classes")
    if not (alpha.array > 0).all():
        raise InputError("{alpha} has a number that is not positive: a weight of 0 takes a class out of the loss")
    if len(alpha) == 1:
        return sheet.given("alpha", alpha.reshape(()), "weight of every class", option="alpha")
    return sheet.given("alpha", alpha.reshape((1, size)), "weight of each class", option="alpha", columns=names)


def _conventions(sheet: Worksheet, reduction: str, several: bool) -> None:
    sheet.convention(
        "log is the natural logarithm; {g} = 0 without weights {a} gives the cross-entropy itself",
        g=word("gamma"), a=word("alpha"),
    )  # fmt: skip
    if several:
        other = "sum" if reduction == "mean" else "mean"
        sheet.convention(
            f"reduction {reduction}: the loss is {{a}}, with {other} {{b}}; the paper sums and divides by the number "
            "of anchors that hold an object, which is not known here",
            a=word(f"L_{reduction}"), b=word(f"L_{other}"),
        )  # fmt: skip


def _log(sheet: Worksheet, pt: Symbol) -> Symbol:
    why = say("minus the logarithm of {p}: 0 where it is 1, and the larger the smaller it is", p=pt)
    return sheet.define("c", -LOG(pt), "Cross-entropies", why)


def _undone(sheet: Worksheet, c: Symbol) -> Symbol:
    why = say("e undoes the logarithm: {c} is -log of what was predicted for the true class", c=c)
    return sheet.define("p_t", true_probability(c), "Probabilities of the true classes", why)


def _log_of_scores(sheet: Worksheet, Z: Symbol, Y: Symbol) -> Symbol:
    """The logarithm of the true class's probability, from scores."""
    why = say("softmax: e to the power of each score over the sum of these powers in its row")
    P = sheet.define("P", Softmax(Z, 1), "Probabilities", why)
    m = sheet.define(
        "m", Extreme(Z, 1), "Largest score of each row", "taken off next, so that no power of e overflows; it cancels"
    )
    stable = say("log of a quotient: {Z} minus the logarithm of the sum of the powers, {m} taken off both", Z=Z, m=m)
    written = Word("log P", r"\log P", key="logP")
    logs = sheet.define("logP", log_softmax(Z, m, "natural"), "Logarithms of all", stable, written=written)
    own = say("{Y} leaves of each row only the true class's logarithm, and the minus sign makes a loss of it", Y=Y)
    return sheet.define("c", loss_of_true(Y, logs, Z, P), "Cross-entropies", own)


def _finish(
    sheet: Worksheet,
    scores: Symbol,
    c: Symbol,
    alpha: Symbol | None,
    gamma: Symbol,
    n: Symbol | None,
    reduction: str,
) -> Answer:
    """From p_t on: the factor, the loss, beside it the cross-entropy; then back."""
    if 0 < float(sheet.values["gamma"]) < 1 and bool((sheet.values["p_t"] == 1).any()):
        raise InputError(
            "{gamma} is below 1 and a true class has probability 1: there (1 - p)^gamma has an infinite slope; give a "
            "gamma from 1, or a probability below 1"
        )
    pt = sheet.last("p_t")
    why = say("near 1 where {p} is small, near 0 where it is near 1: what is easy is turned down", p=pt)
    if float(sheet.values["gamma"]) == 0:
        why = say("a power of {g} = 0 is 1: no loss is turned down, and the cross-entropy is left", g=gamma)
    f = sheet.define("f", Power(1 - pt, gamma), "Modulating factors", why)
    loss, results = losses(sheet, f, c, alpha, n, reduction)
    sheet.part("Backward pass")
    results.append(gradients(sheet, loss, c.shape, scores))
    return sheet.answer(*results)
