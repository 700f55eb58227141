"""What the page on cross-entropy says beside its steps, and its second routes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from explain.engine.answer import Cell, Column, Table
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.topics._classification.error_rate import class_told
from explain.topics._probabilities import UNITS, logarithm

MOST = 24  # examples of the table that sums up
SMALLEST = 600.0  # negative logarithm of a product that is still a float
LN = {"natural": 1.0, "2": math.log(2), "10": math.log(10)}
CLOSE = 1e-9


def conventions(sheet: Worksheet, base: str, reduction: str, single: bool, ids: bool) -> None:
    """What the question leaves open."""
    log = logarithm(base).word.text
    if single:
        sheet.convention(
            f"the cross-entropy is -Σ y {log} p over the classes: the true distribution {{Y}} stands in front of the "
            f"logarithm, the predicted one, {{P}}, inside; where a sheet writes H(P, Q) = -Σ P(x) {log} Q(x), its P is "
            "{Y} here and its Q is {P}, and exchanged they give another number",
            Y=word("Y"), P=word("P"),
        )  # fmt: skip
    if ids:
        sheet.convention(
            "classes are counted from 0, as in PyTorch and Keras, rows and columns from 1: class k is column k + 1"
        )
    if base == "natural":
        sheet.convention("log is the natural logarithm, and losses are in nats, as in PyTorch, Keras and scikit-learn")
    else:
        sheet.convention(
            f"the loss is taken with the logarithm of base {base}, in {UNITS[base]}; log without a base is the natural "
            "one, which PyTorch and Keras take"
        )
    if not single:
        told = {
            "mean": "the loss a program reports is {M}; with sum it is {S}, with none {l}",
            "sum": "the loss a program reports is {S}; with mean, PyTorch's own choice, it is {M}, with none {l}",
            "none": "a program reports {l}, one loss an example; with sum it is {S}, with mean, PyTorch's own choice, "
            "{M}",
        }[reduction]
        sheet.convention(f"reduction {reduction}: {told}", M=word("L_mean"), S=word("L_sum"), l=word("l"))


def smoothed_told(size: int) -> Prose:
    """The other convention of label smoothing, in one line."""
    return say(
        f"this is PyTorch's and Keras's label smoothing: a one-hot row becomes 1 - ε + ε/{size} for the true class and "
        f"ε/{size} for each other; where ε is shared among the other {size - 1} only, it is 1 - ε and ε/{size - 1}"
    )


def alternatives(sheet: Worksheet, loss: Symbol, base: str) -> Prose:
    """The same loss in the other bases."""
    nats = float(sheet.values[loss.name]) * LN[base]
    others = [f"{tidy(nats / LN[other])} {UNITS[other]}" for other in LN if other != base]
    bases = [f"base {'e' if other == 'natural' else other}" for other in LN if other != base]
    return say(f"in {bases[0]} this is {others[0]}, in {bases[1]} {others[1]}")


def smoothed_otherwise(sheet: Worksheet, loss: Symbol, base: str) -> Prose:
    """What the other convention of label smoothing would give: epsilon is shared among the wrong classes only."""
    import numpy as np

    Y, epsilon = sheet.values["Y"], float(sheet.values["epsilon"])
    logs = sheet.values["logP"] if "logP" in sheet.values else np.log(sheet.values["P"]) / LN[base]
    other = (1 - epsilon) * Y + epsilon / (Y.shape[1] - 1) * (1 - Y)
    value = float(-(other * logs).sum() / len(Y))
    return say(f"; with ε shared among the wrong classes only, {{L}} would be {tidy(value)}", L=loss)


def check_single(sheet: Worksheet, H: Symbol, base: str, hard: bool) -> None:
    """The entropy of the true distribution is the least that the cross-entropy can be."""
    Y = sheet.values["Ytilde" if "Ytilde" in sheet.values else "Y"]
    entropy = -sum(float(q) * math.log(float(q)) for q in Y.flat if q > 0) / LN[base]
    value = float(sheet.values[H.name])
    if hard and "Ytilde" not in sheet.values:
        told = "a one-hot distribution has entropy 0, so this is the Kullback-Leibler divergence too"
        sheet.check(value >= -CLOSE, [H], say("{H} is not below 0: " + told, H=H))
        return
    off = float(abs(sheet.values["P"].sum() - 1)) + float(abs(Y.sum() - 1))
    sheet.check(
        value >= entropy - CLOSE - 4 * off,
        [H],
        say(
            f"Gibbs' inequality: {{H}} is not below the entropy of the true distribution, {tidy(entropy)}; the "
            f"difference, {tidy(max(value - entropy, 0.0))}, is the Kullback-Leibler divergence", H=H,
        ),
    )  # fmt: skip


def check_totals(sheet: Worksheet, each: Symbol, by_class: Symbol, total: Symbol, base: str, hard: bool) -> None:
    """The classes add up to the total; minus the logarithm of the product of the true classes' probabilities is it."""
    value = float(sheet.values[total.name])
    again = float(sheet.values[by_class.name].sum())
    told = say("the sums per class in {C} add up to the same total", C=by_class)
    sheet.check(math.isclose(again, value, rel_tol=CLOSE, abs_tol=1e-12), [by_class, total], told)
    if not hard or "Ytilde" in sheet.values or value * LN[base] > SMALLEST:
        return
    chosen = sheet.values["P"][sheet.values["Y"] > 0]
    joint = math.prod(float(q) for q in chosen)
    sheet.check(
        math.isclose(-math.log(joint) / LN[base], value, rel_tol=CLOSE, abs_tol=1e-12),
        [each, total],
        say(f"{{L}} is minus the logarithm of the probabilities of the true classes multiplied, {tidy(joint)}",
            L=total),
    )  # fmt: skip


def check_rows(sheet: Worksheet, gradient: Symbol) -> None:
    """Every row of the gradient at the scores sums to 0."""
    off = float(abs(sheet.values[gradient.name].sum(axis=1)).max())
    rows = "the row of {g} sums" if gradient.shape[0] == 1 else "every row of {g} sums"
    told = say(rows + " to 0: the same number added to all scores of a row changes nothing", g=gradient)
    sheet.check(off < 1e-9, [gradient], told)


def summary(sheet: Worksheet, each: Symbol, names: Sequence[str] | None) -> None:
    """One line an example: its class, the probability it was given, its loss."""
    Y = sheet.values["Y"]
    if not 1 < len(Y) <= MOST:
        return
    columns = [
        Column("Example", True), Column("True class"), Column("Its probability", True), Column("Loss", True),
    ]  # fmt: skip
    P = Symbol("P", Y.shape)
    rows: list[Sequence[Cell]] = []
    for at, line in enumerate(Y):
        column = int(line.argmax())
        rows.append([at + 1, say(class_told(names, column)), P.entry((at, column)), each.entry((at, 0))])
    sheet.tables.append(Table("Example by example", columns, rows, needs=("P", each.name)))
