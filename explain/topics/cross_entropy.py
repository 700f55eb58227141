"""Cross-entropy of predicted and true classes, or of two distributions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.argmax import ArgMax
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Extreme
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.onehot import OneHot
from explain.engine.notation import Word
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.values import Values, constant
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._classification.cross_entropy_words import (
    alternatives,
    check_rows,
    check_single,
    check_totals,
    conventions,
    smoothed_otherwise,
    smoothed_told,
    summary,
)
from explain.topics._classification.error_rate import by_argmax, class_told
from explain.topics._classification.gradients import gradient_step
from explain.topics._classification.logs import log_of_base, log_softmax, terms, terms_from_logits
from explain.topics._classification.reading import Targets, class_names, read_targets, table_of
from explain.topics._probabilities import given_probabilities, in_other_units, logarithm

WORKED = 4  # terms, and classes, that are worked one by one


@topic
def cross_entropy(
    p: Annotated[Matrix | None, "predicted probabilities: one example a row, one class a column"] = None,
    logits: Annotated[Matrix | None, "scores before softmax, in place of p"] = None,
    classes: Annotated[Tokens | None, "true class of each row, counted from 0 (0,1,0,2), or by its name"] = None,
    y: Annotated[Matrix | None, "true distributions in place of classes: one-hot or soft rows"] = None,
    names: Annotated[Tokens | None, "names of the classes, one a column"] = None,
    base: Annotated[Literal["natural", "2", "10"], "base of the logarithm"] = "natural",
    smoothing: Annotated[Scalar | None, "label smoothing epsilon, from 0 to below 1"] = None,
    reduction: Annotated[Literal["mean", "sum", "none"], "whose gradient: mean or sum over examples, or each"] = "mean",
    normalise: Annotated[Literal["no", "yes"], "yes: divide each row of p and y by its sum"] = "no",
) -> Answer:
    """Cross-entropy of a classifier, or of two distributions.

    From probabilities or logits: the terms -y log p, their sums per example and per class, total and mean, error rate
    and accuracy beside them, and the gradient. Of a single row it is H(P, Q), P the true and Q the predicted
    distribution. Shapes: p, logits and y (N×K), N examples, K classes; a vector is one example.

    Field: Losses

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, eqs. 3.51 and 6.30; Bishop 2006, Pattern Recognition
    and Machine Learning, eqs. 4.108 and 4.109; Szegedy et al. 2016, Rethinking the Inception Architecture, section 7
    (label smoothing)

    Examples:
        explain cross-entropy --p "0.4,0.3,0.3;0.3,0.4,0.3;0.5,0.2,0.3;0.8,0.1,0.1" --classes 0,1,0,2 --base 2
        explain cross-entropy --y 1,0,0 --p 0.7,0.2,0.1
        explain cross-entropy --logits "2,1,0.1;0,3,-1" --classes 0,2 --smoothing 0.1
        explain cross-entropy --p "0.8,0.2;0.4,0.6" --classes cat,dog --names cat,dog --reduction sum

    Raises:
        InputError: probabilities outside 0 to 1 or that do not sum to 1, a class that does not exist, a true class of
            probability 0 (the loss is infinite), a smoothing outside 0 to below 1, shapes that differ.
    """
    option, table = table_of(p, logits)
    if option == "logits" and normalise == "yes" and y is None:
        raise InputError("{normalise} is yes, but {logits} are scores: softmax makes them sum to 1; leave it out")
    called = class_names(names, option, int(table.shape[1]))
    targets = read_targets(classes, y, called, option, table, normalise)
    single = table.shape[0] == 1
    title = "Cross-entropy of two distributions" if single else f"Cross-entropy of {table.shape[0]} examples"
    sheet = Worksheet(title, cross_entropy.source)
    sheet.part("Forward pass")
    scores = _given_scores(sheet, option, table, called, normalise)
    ids, given_y = _given_targets(sheet, targets, called, normalise)
    epsilon = _smoothing(sheet, smoothing)
    n = None if single else sheet.given("n", Values((), (str(table.shape[0]),)), "number of examples")
    conventions(sheet, base, reduction, single, ids is not None)

    P, logs = _probabilities(sheet, scores, option, base)
    Y = given_y or _one_hot(sheet, ids, P, called)
    used = Y if epsilon is None else _smoothed(sheet, Y, epsilon)
    _finite(sheet, option, table, used, P, called)
    T = _terms(sheet, scores, logs, P, used, base, targets.hard and epsilon is None)
    route, results = _sums(sheet, T, n, base, reduction, targets, called)
    if n is not None and targets.hard:
        results += _beside(sheet, P, Y, ids, n, called)
    elif n is not None:
        sheet.convention("targets that are soft have no true class, so no error rate stands beside the loss")
    sheet.part("Backward pass")
    results.append(_gradient(sheet, [*route, T], scores if logs is not None else P, P, used, n, base))
    return sheet.answer(*results)


def _given_scores(sheet: Worksheet, option: str, table: Values, names: Sequence[str] | None, normalise: str) -> Symbol:
    rows = "one example a row, one class a column" if table.shape[0] != 1 else "one class a column"
    if option == "logits":
        return sheet.given("Z", table, f"logits, scores before softmax: {rows}", option="logits", columns=names)
    meaning = f"predicted probabilities: {rows}"
    return given_probabilities(
        sheet, "P", "p", table, meaning, normalise, "rows", logits="logits", each="class", columns=names
    )


def _given_targets(
    sheet: Worksheet, targets: Targets, names: Sequence[str] | None, normalise: str
) -> tuple[Symbol | None, Symbol | None]:
    """The classes, or the rows."""
    if targets.ids is not None:
        column = constant([[str(at)] for at in targets.ids])
        called = [class_told(names, at) for at in targets.ids] if names is not None else None
        told = "true class of each example" if len(targets.ids) > 1 else "true class"
        told += f" ({called[0]})" if called and len(called) == 1 else ""
        return sheet.given("y", column, told, option="classes", rows=called), None
    assert targets.rows is not None
    told = "true distribution" + ("" if targets.rows.shape[0] == 1 else " of each example, one a row")
    return None, given_probabilities(
        sheet, "Y", "y", targets.rows, told, normalise, "rows", each="class", columns=names
    )


def _smoothing(sheet: Worksheet, smoothing: Scalar | None) -> Symbol | None:
    if smoothing is None:
        return None
    if not 0 <= smoothing.exact(()) < 1:
        raise InputError(
            f"{{smoothing}} is {smoothing.text(())}: the share that is spread over all classes lies from 0 to below 1"
        )
    return sheet.given("epsilon", smoothing, "label smoothing", option="smoothing")


def _probabilities(sheet: Worksheet, scores: Symbol, option: str, base: str) -> tuple[Symbol, Symbol | None]:
    """The probabilities, and their logarithms where they come from scores."""
    if option == "p":
        return scores, None
    why = "softmax: e to the power of each score over the sum of these powers in its row, so that each row sums to 1"
    P = sheet.define("P", Softmax(scores, 1), "Probabilities", why)
    largest = "taken off each score next; e^m is then a common factor of numerator and denominator of {P}, and cancels"
    m = sheet.define("m", Extreme(scores, 1), "Largest score of each row", say(largest, P=P))
    stable = say(
        "log of a quotient: {Z} minus the logarithm of the sum of the powers, without dividing first; with {m} taken "
        "off no power overflows, and a probability too small for floating point still has its logarithm"
        + ("" if base == "natural" else f"; log to base {base} is log u divided by log {base}"),
        Z=scores, m=m,
    )  # fmt: skip
    written = Word("log P", r"\log P", key="logP")
    if base != "natural":
        written = Word("log₂ P" if base == "2" else "log₁₀ P", rf"\log_{{{base}}} P", key="logP")
    title = "Logarithms of the probabilities, in the form that does not overflow"
    return P, sheet.define("logP", log_softmax(scores, m, base), title, stable, written=written)


def _one_hot(sheet: Worksheet, ids: Symbol | None, P: Symbol, names: Sequence[str] | None) -> Symbol:
    """The classes as rows of the shape of the probabilities."""
    assert ids is not None
    why = say("{y} as rows of the shape of {P}: 1 in the column of the true class, 0 in every other", y=ids, P=P)
    return sheet.define("Y", OneHot(ids, int(P.shape[1])), "One-hot targets", why, columns=names)


def _smoothed(sheet: Worksheet, Y: Symbol, epsilon: Symbol) -> Symbol:
    size = int(Y.shape[1])
    one, K = Number(1, "1"), Number(size, str(size))
    why = say(
        f"label smoothing: {{e}} of each row of {{Y}} is spread evenly over all {size} classes, the true one included",
        e=epsilon, Y=Y,
    )  # fmt: skip
    written = Word("Ỹ", r"\tilde{Y}", key="Ytilde")
    return sheet.define(
        "Ytilde", (one - epsilon) * Y + epsilon / K, "Smoothed targets", why, written=written, note=smoothed_told(size)
    )


def _finite(sheet: Worksheet, option: str, table: Values, Y: Symbol, P: Symbol, names: Sequence[str] | None) -> None:
    """No target above 0 may meet a probability of 0; where both are 0 the page says what that counts."""
    import numpy as np

    if option == "logits":
        return
    y, p = sheet.values[Y.name], sheet.values[P.name]
    bad = np.argwhere((y > 0) & (p <= 0))
    if len(bad):
        row, column = (int(at) for at in bad[0])
        where = f"row {row + 1}, {class_told(names, column)}" if len(p) > 1 else class_told(names, column)
        raise InputError(
            f"{{p}} is {table.text((row, column))} in {where}, whose target is {tidy(float(y[row, column]))}: log 0 is "
            "-∞, so the loss is infinite; give the class a probability above 0, or start from {logits}"
        )
    if ((y == 0) & (p == 0)).any():
        sheet.convention(
            "0 log 0 counts as 0, the limit of x log x as x goes to 0: a class that never occurs adds nothing, "
            "whatever was predicted for it"
        )


def _terms(
    sheet: Worksheet, scores: Symbol, logs: Symbol | None, P: Symbol, Y: Symbol, base: str, hard: bool
) -> Symbol:
    """-y log p of every example and class."""
    import numpy as np

    values = sheet.values[Y.name], sheet.values[P.name]
    only = "; a target of 0 takes a term out, and of each row the true class's is left" if hard else ""
    why = say(
        "entry by entry: the logarithm of a predicted probability, weighted with the true one in {Y}; it is not above "
        "0, and the minus sign makes a loss of it" + only, Y=Y,
    )  # fmt: skip
    if logs is not None:
        node: Node = terms_from_logits(Y, logs, scores, P, values[0], base, hard)
    else:
        node = terms(Y, P, values, base)
    read = np.argwhere(values[0] > 0)[:WORKED]
    worked = [(int(row), int(column)) for row, column in read]
    return sheet.define("T", node, "Terms of the cross-entropy", why, entries=worked)


def _sums(
    sheet: Worksheet,
    T: Symbol,
    n: Symbol | None,
    base: str,
    reduction: str,
    targets: Targets,
    names: Sequence[str] | None,
) -> tuple[list[Symbol], list[Symbol]]:
    """Row sums, column sums, total and mean; the route from the loss back to the terms."""
    if n is None:
        log = logarithm(base).word.text
        why = say(f"the terms in {{T}} of all classes are added: the mean of -{log} of the predicted probabilities, "
                  "with the true ones as weights", T=T)  # fmt: skip
        H = sheet.define("H", Sum(T), "Cross-entropy", why)
        in_other_units(sheet, H, logarithm(base))
        check_single(sheet, H, base, targets.hard)
        return [H], [H]
    rows = None
    if targets.ids is not None and names is not None:
        rows = [names[at] for at in targets.ids]
    each = say("row sums of {T}: the terms of one example", T=T)
    l = sheet.define("l", Sum(T, 1), "Loss of each example", each, rows=rows)  # noqa: E741 - as in books
    of_class = say("column sums of {T}: what the examples add through one class", T=T)
    shown = [(0, at) for at in range(min(int(T.shape[1]), WORKED))]
    by_class = sheet.define("L_class", Sum(T, 0), "Cross-entropy per class", of_class, columns=names, entries=shown)
    total = sheet.define("L_sum", Sum(l), "Total", say("the losses in {l} of all examples are added", l=l))
    check_totals(sheet, l, by_class, total, base, targets.hard)
    shared = say("{L} shared among the {n} examples, so that sets of different size can be compared", L=total, n=n)
    mean = sheet.define("L_mean", total / n, "Mean", shared)
    smoothed = "Ytilde" in sheet.values and targets.hard
    otherwise = smoothed_otherwise(sheet, mean, base) if smoothed else ()
    sheet.remark(mean, alternatives(sheet, mean, base) + otherwise)
    if targets.hard:
        summary(sheet, l, names)
    route = {"mean": [mean, total, l], "sum": [total, l], "none": [l]}[reduction]
    return route, [l, by_class, total, mean]


def _beside(
    sheet: Worksheet, P: Symbol, Y: Symbol, ids: Symbol | None, n: Symbol, names: Sequence[str] | None
) -> list[Symbol]:
    sheet.part("Beside the loss")
    if ids is None:
        ids = sheet.define("y", ArgMax(Y), "True classes", say("the column of the 1 in each row of {Y}", Y=Y))
    error = by_argmax(sheet, P, ids, n, names)
    return [sheet.last("accuracy"), error]


def _gradient(
    sheet: Worksheet, route: Sequence[Symbol], wrt: Symbol, P: Symbol, Y: Symbol, n: Symbol | None, base: str
) -> Symbol:
    """At the scores P - Y, at probabilities -Y/P."""
    loss, T = route[0], route[-1]
    shared = say("; {L} shares it among {n}", L=loss, n=n) if loss.name == "L_mean" and n is not None else ()
    note: Prose = ()
    if loss.name in ("L_mean", "L_sum"):
        other, told = ("sum", "n times these numbers") if loss.name == "L_mean" else ("mean", "these numbers over n")
        note = say(f"the gradient of the {other} is {told}")
    elif loss.name == "l":
        note = say("each row is the gradient of that example's loss; no other example's depends on it")
    divisor = log_of_base(base)
    left = P - Y if divisor is None else (P - Y) / divisor
    written = logarithm(base).word.text
    quotient = f"{written} u = log u / log({base})"
    if wrt.name == "P":
        rule = "log u has the derivative 1/u, so -y log p has -y/p"
        if divisor is not None:
            rule = f"{quotient} has the derivative 1/(u log({base})), so -y {written} p has -y/(p log({base}))"
        why = say(rule + ": only where {Y} is above 0 does the loss read {P}, and the smaller the probability the "
                  "steeper", Y=Y, P=P)  # fmt: skip
        note += say("; " if note else "") + say("from logits, through softmax, {g} would be left", g=left)
        return gradient_step(sheet, route, wrt, why + shared, T, note)
    why = say(
        "softmax and logarithm together: -Σ y log p is log Σ e^z minus Σ y z, since each row of {Y} sums to 1; log Σ "
        "e^z has {P} as its derivative, so {g} is left" + ("" if divisor is None else f", and {quotient} divides it")
        + ": scores whose probability lies below the target are to rise",
        P=P, Y=Y, g=P - Y,
    )  # fmt: skip
    found = gradient_step(sheet, route, wrt, why + shared, T, note)
    check_rows(sheet, found)
    return found
