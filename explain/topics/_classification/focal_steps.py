"""The steps of a focal loss from the probability of the true class on, and its gradient by the chain rule.

Source: Lin, Goyal, Girshick, He and Dollár 2017, Focal Loss for Dense Object Detection, eqs. 2 to 5.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from explain.engine.answer import Cell, Column, Table
from explain.engine.functions import EXP
from explain.engine.names import word
from explain.engine.nodes.arithmetic import negative, times
from explain.engine.nodes.base import Node, Number, Symbol, Textbook
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.picked import difference
from explain.engine.notation import product
from explain.engine.prose import say
from explain.engine.pullback import joined, pull
from explain.engine.rounding import tidy
from explain.engine.shapes import Shape
from explain.engine.worksheet import Worksheet
from explain.topics._classification.gradients import arriving, slope_again

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

MOST = 24  # losses of the table that sums up


def loss_of_true(Y: Symbol, logs: Symbol, Z: Symbol, P: Symbol) -> Node:
    """`-rowsum(Y ⊙ log P)` of one-hot rows; to the scores goes P - Y, row by row."""

    def numpy(y: Array, values: Array, _: Array) -> Array:
        found: Array = -(y * values).sum(axis=1, keepdims=True) + 0.0
        return found

    return Textbook(-Sum(Y * logs, 1), (Y, logs, Z), numpy, lambda seed: [None, None, times(seed, difference(P, Y))])


def true_probability(c: Symbol) -> Node:
    """`e^-c`, which is its own derivative but for the sign."""

    def numpy(values: Array) -> Array:
        import numpy as np

        return np.asarray(np.exp(-values))

    return Textbook(EXP(-c), (c,), numpy, lambda seed: [negative(times(seed, Symbol("p_t", c.shape)))])


def losses(
    sheet: Worksheet, f: Symbol, c: Symbol, alpha: Symbol | None, n: Symbol | None, reduction: str
) -> tuple[Symbol, list[Symbol]]:
    """The loss of each prediction, beside its cross-entropy, and the reduction that is asked for."""
    node = f * c if alpha is None else alpha * f * c
    weighted = say(", weighted with {a}", a=alpha) if alpha is not None else ()
    why = say("the cross-entropy {c} times the factor {f}", c=c, f=f) + weighted
    title = "Focal loss of each prediction" if n is not None else "Focal loss"
    each = sheet.define("l", node, title, why)
    entropy = sheet.values[c.name]
    _table(sheet, each)
    if n is None:
        value, whole = float(sheet.values["l"].sum()), float(entropy.sum())
        weights = "" if alpha is None else ", weight included"
        share = f"; the focal loss is {tidy(100 * value / whole)} % of it{weights}" if whole > 0 else ""
        sheet.remark(each, say(f"beside it the cross-entropy: {tidy(whole)}{share}"))
        _check(sheet, each, f, c, alpha)
        return each, [each]
    _check(sheet, each, f, c, alpha)
    total = sheet.define("L_sum", Sum(each), "Total", say("the losses in {l} are added", l=each))
    mean = sheet.define("L_mean", total / n, "Mean", say("{L} shared among the {n} losses", L=total, n=n))
    told = say("the sum of {c}, without factors and weights: what the focal loss is reduced from", c=c)
    plain = sheet.define("CE", Sum(c), "Cross-entropy beside it, total", told)
    value, whole = float(sheet.values["L_sum"]), float(sheet.values["CE"])
    if whole > 0:
        weights = "" if alpha is None else ", weights included"
        share = f"the focal loss, {tidy(value)} in total, is {tidy(100 * value / whole)} % of this{weights}"
        sheet.remark(plain, say(f"{share}; the mean of the cross-entropy is {tidy(whole / entropy.size)}"))
    return (mean if reduction == "mean" else total), [each, total, mean, plain]


def _check(sheet: Worksheet, each: Symbol, f: Symbol, c: Symbol, alpha: Symbol | None) -> None:
    """No factor is above 1, so without weights no focal loss is above its cross-entropy."""
    factors, entropy = sheet.values[f.name], sheet.values[c.name]
    gamma = float(sheet.values["gamma"])
    if alpha is None:
        held = bool((sheet.values[each.name] <= entropy * (1 + 1e-12)).all())
        told = say("no focal loss is above the cross-entropy it comes from, since no factor is above 1", l=each)
        sheet.check(held, [each], told)
        return
    again = math.fsum(float(h) * math.exp(gamma * math.log(-math.expm1(-h))) if h > 0 else 0.0 for h in entropy.ravel())
    held = math.isclose(again, float((factors * entropy).sum()), rel_tol=1e-7, abs_tol=1e-9)
    told = say(f"without {{a}} the losses are the factors e^(γ log(1 - {{p}})) times {{c}}: {tidy(again)} in all",
               a=alpha, p=Symbol("p_t", c.shape), c=c)  # fmt: skip
    sheet.check(held, [each], told)


def _table(sheet: Worksheet, each: Symbol) -> None:
    """One line a loss: the probability of what is true, factor, focal loss."""
    rows_columns = [(row, column) for row in range(int(each.shape[0])) for column in range(int(each.shape[1]))]
    if not 1 < len(rows_columns) <= MOST:
        return
    columns = [
        Column("Loss", True), Column("pₜ", True), Column("-log pₜ", True), Column("(1 - pₜ)^γ", True),
        Column("Focal loss", True),
    ]  # fmt: skip
    rows: list[list[Cell]] = []
    for at, index in enumerate(rows_columns):
        parts = (Symbol(name, each.shape).entry(index) for name in ("p_t", "c", "f", "l"))
        rows.append([at + 1, *parts])
    sheet.tables.append(Table("Loss by loss", columns, rows, needs=("p_t", "c", "f", "l")))


def gradients(sheet: Worksheet, loss: Symbol, shape: Shape, wrt: Symbol) -> Symbol:
    """First at the cross-entropy or at p_t, which the loss reads twice, then at what is given."""
    each, f, c, pt = (Symbol(name, shape) for name in ("l", "f", "c", "p_t"))
    route = {"L_mean": [loss, Symbol("L_sum")], "L_sum": [loss]}.get(loss.name)
    seed = Number(1, "1") if route is None else arriving(sheet, route, each)
    pieces = pull(_made(sheet, "l"), seed, each, {"f", "c"})
    falling = pull(_made(sheet, "f"), pieces["f"], f, {"p_t"})["p_t"]
    scores = wrt.name == "Z"
    middle = c if scores else pt
    if scores:
        direct, through = pieces["c"], pull(_made(sheet, "p_t"), falling, pt, {"c"})["c"]
    else:
        direct, through = pull(_made(sheet, "c"), pieces["c"], c, {"p_t"})["p_t"], falling
    constant = float(sheet.values["gamma"]) == 0
    own = say("{c} itself has the slope {f}", c=c, f=f) if scores else say("{c} has the slope -1/{p}", c=c, p=pt)
    other = say(", and {f} has -γ (1 - {p})^(γ - 1), by the power rule and the inner derivative -1", f=f, p=pt)
    if scores:
        other += say(", times -{p}, the slope of e^-c", p=pt, c=c)
    if constant:
        other = say("; {f} is 1 everywhere, since {g} is 0, and adds nothing", f=f, g=Symbol("gamma"))
    rule = () if constant else say("product rule, since {m} moves both factors: ", m=middle)
    weight = next((Symbol(name) for name in ("alpha_t", "alpha") if name in sheet.values), None)
    rest = say("; {a} stays as a factor", a=weight) if weight is not None else ()
    if loss.name == "L_mean":
        rest += say("; {L} shares it among {n}", L=loss, n=Symbol("n"))
    G = sheet.define(
        f"d{loss.name}/d{middle.name}",
        direct if constant else joined(direct, through),
        say("Gradient at {c}", c=middle),
        rule + own + other + rest,
    )
    multi = int(wrt.shape[1]) > 1 and shape != wrt.shape
    name = "softmax" if multi else "the sigmoid"
    last = say(
        f"chain rule: {{c}} is the cross-entropy of {name}, whose slope at {{Z}} is {{g}}",
        c=c,
        Z=wrt,
        g=Symbol("P", wrt.shape) - Symbol("Y", wrt.shape),
    )
    if not scores:
        told = "so only that one receives {G}" if multi else "so it receives {G}, with a minus sign where it is 1 - p"
        last = say("chain rule: {p} is what {P} says of the true class, " + told, p=pt, P=wrt, G=G)
    found = sheet.define(
        f"d{loss.name}/d{wrt.name}",
        pull(_made(sheet, middle.name), G, middle, {wrt.name})[wrt.name],
        say("Gradient at {Z}", Z=wrt),
        last,
        chain=product([word(G.name), word(f"d{middle.name}/d{wrt.name}")]),
    )
    slope_again(sheet, [loss], wrt)
    return found


def _made(sheet: Worksheet, name: str) -> Node:
    """The expression of a step."""
    found = sheet.definition(name)
    assert found is not None
    return found
