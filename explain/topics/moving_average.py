"""Exponentially weighted moving average, with bias correction: what momentum and Adam keep of past gradients."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Column, Step, Table
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.powers import Power
from explain.engine.primitives import ONE
from explain.engine.prose import Prose, code, say
from explain.engine.repeat import Instance
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix, Scalar, as_column
from explain.topics._optimizers.checks import lifted
from explain.topics._schedules.plot import plotted

MOST = 200  # values
FIRST = 3  # of a long series are worked in full, and the last
WHOLE = 5  # values of which all are
WEIGHTS = 12  # rows of the table of weights, at most
LONG = 0.8  # β from which the weight after n steps is near 1/e
SEEN = 1e-3  # the smallest share of the first weight that stands in it


@topic
def moving_average(
    x: Annotated[Matrix, "the values over time: 10,12,11,15"],
    beta: Annotated[Scalar, "how much of the old average is kept, from 0 to below 1, such as 0.9"],
    correction: Annotated[Literal["yes", "no"], "yes: divided by 1 - β^t, since the average starts at 0"] = "yes",
    start: Annotated[Scalar | None, "the average before the first value; 0 if left out"] = None,
) -> Answer:
    """Exponentially weighted moving average with bias correction.

    v_t = β v_(t-1) + (1 - β) x_t: each average keeps β of the one before and takes 1 - β of the new value. Started at
    0 it is too small at first; divided by 1 - β^t it is not. The weights of past values and how many are remembered,
    with a table and a plot. Shapes: x is a column of n values (n×1).

    Field: Optimisers

    Source: Kingma and Ba 2015, Adam: A Method for Stochastic Optimization, section 3 (bias correction); Zhang et al.,
    Dive into Deep Learning, section 12.6 (effective sample weight)

    Examples:
        explain moving-average --x 10,12,11,15 --beta 0.9
        explain moving-average --x 1,2,3,2,1,0,4,5,3,2 --beta 0.5 --correction no
        explain moving-average --x 4,2,3 --beta 0.8 --correction no --start 4

    Raises:
        InputError: a β below 0 or not below 1, more than 200 values, a start together with the correction.
    """
    corrected = correction == "yes"
    _refuse(x, beta, start, corrected)
    sheet = Worksheet("Exponentially weighted moving average", moving_average.source)
    series = sheet.given("x", as_column("x", x), "the values, first to last", option="x")
    keep = sheet.given("beta", beta, "share of the old average that is kept", option="beta")
    begin = start if start is not None else Values((), ("0",))
    sheet.given("v_0", begin, "average before the first value", option="start")
    sheet.convention("values are counted from 1; {v} takes 1 - β of the new value, as Adam does", v=Symbol("v_t"))
    if not corrected and not float(begin.array):
        sheet.convention(
            "not corrected: started at 0, the first averages are too small; {option} divides by 1 - βᵗ",
            option=code("--correction yes"),
        )
    count = len(x)
    if count > WHOLE:
        sheet.convention(
            f"averages {FIRST + 1} to {count - 1} repeat those before with the next value: they stand in the table, "
            "and each is worked when it is asked for by its name"
        )
    sheet.part("Averages")
    for t in range(1, count + 1):
        _averaged(sheet, series, keep, t, t <= FIRST or t == count or count <= WHOLE, corrected)
    last = [sheet.last(f"v_{count}"), *([sheet.last(f"vhat_{count}")] if corrected else [])]
    memory = _memory(sheet, keep)
    _weights(sheet, keep, count)
    _over_time(sheet, count, corrected)
    _confirm(sheet, count, corrected)
    return sheet.answer(*last, memory)


def _refuse(x: Matrix, beta: Scalar, start: Scalar | None, corrected: bool) -> None:
    value = float(beta.array)
    if not 0 <= value < 1:
        what = "nothing new would ever come in" if value == 1 else "the old average would grow or change its sign"
        raise InputError(f"{{beta}} is {beta.text(())}: it lies from 0 to below 1, else {what}")
    if len(x) > MOST:
        raise InputError(f"{{x}} has {amount(len(x), 'value')}: at most {MOST}; give fewer")
    if start is not None and float(start.array) and corrected:
        raise InputError(
            f"{{start}} is {start.text(())} and {{correction}} is yes: the correction undoes a start at 0; give "
            "{correction} no, or leave {start} out"
        )


def _averaged(sheet: Worksheet, x: Symbol, keep: Symbol, t: int, shown: bool, corrected: bool) -> None:
    """The average after value t; of a long series those in the middle are worked without being printed."""
    before = sheet.last(f"v_{t - 1}") if t > 1 else Symbol("v_0")
    value = x.entry((t - 1, 0))
    rule = keep * before + (ONE - keep) * value
    why = say(
        "{b} of the average before, {v}, and the rest, 1 - {b}, of the new value {x}",
        b=keep,
        v=before,
        x=Symbol(f"x_{t}"),
    )
    _worked(sheet, f"v_{t}", rule, f"Average after value {t}", why, shown)
    if corrected:
        power: Node = Power(keep, Number(t, str(t)))
        if t == 1:
            sums = "the weight of x₁ in {v} is 1 - β, the rest lies on the start, 0: divided by that it counts fully"
        else:
            sums = f"the weights of the {t} values in {{v}} sum to 1 - β{lifted(t)}, the rest lies on the start, 0: "
            sums += "divided by that sum they sum to 1"
        told = say(sums, v=Symbol(f"v_{t}"))
        rule = sheet.last(f"v_{t}") / (ONE - power)
        _worked(sheet, f"vhat_{t}", rule, f"Corrected average after value {t}", told, shown)


def _worked(sheet: Worksheet, name: str, rule: Node, title: str, why: Prose, shown: bool) -> None:
    if shown:
        sheet.define(name, rule, title, why)
    else:
        value = name.partition("_")[2]
        sheet.hide(Step(Symbol(name), Instance(rule, 0), say(title), why, f"Averages after value {value}", None))


def _memory(sheet: Worksheet, keep: Symbol) -> Symbol:
    """How many values are remembered."""
    sheet.part("How far it remembers")
    n = sheet.define(
        "n", ONE / (ONE - keep), "About how many values are remembered",
        say("a value k steps back has the weight (1 - {b}) {b}ᵏ; all weights sum to 1, and so would 1/(1 - {b}) "
            "weights as large as the first, 1 - {b}", b=keep),
    )  # fmt: skip
    many, beta = float(sheet.values["n"]), float(sheet.values["beta"])
    if beta >= LONG:
        sheet.remark(
            n,
            say(f"{tidy(many)} steps back the weight has fallen to β{_raised(many)} = {tidy(beta**many)} of the first, "
                "near 1/e = 0.3679 where β is near 1"),
        )  # fmt: skip
    elif beta:
        sheet.remark(n, say("the nearer β is to 1, the more: β = 0.9 remembers about 10, β = 0.99 about 100"))
    else:
        sheet.remark(n, say("with β = 0 only the newest value counts: the average is the value itself"))
    return n


def _raised(number: float) -> str:
    """A number as an exponent: raised where it is whole."""
    return lifted(round(number)) if tidy(number) == str(round(number)) else f"^{tidy(number)}"


def _weights(sheet: Worksheet, keep: Symbol, count: int) -> None:
    """The weights of the last values."""
    beta = float(sheet.values[keep.name])
    backs = [k for k in range(min(count, WEIGHTS)) if beta**k >= SEEN]
    rows = [[(str(k),), *_value(count - k), (tidy((1 - beta) * beta**k),), (tidy(1 - beta ** (k + 1)),)] for k in backs]
    columns = [
        Column("steps back k", True), Column("value"), Column("weight (1 - β) βᵏ", True), Column("sum so far", True)
    ]  # fmt: skip
    title = f"Weights of the values in the average after value {count}"
    sheet.tables.append(Table(title, columns, rows, needs=(f"v_{count}",)))


def _value(at: int) -> list[Prose]:
    """The name of a value, as a cell."""
    return [say("{x}", x=Symbol(f"x_{at}"))]


def _over_time(sheet: Worksheet, count: int, corrected: bool) -> None:
    """Values and averages side by side, and as a plot."""
    beta, numbers = float(sheet.values["beta"]), [float(value) for value in sheet.values["x"].flat]
    plain = [float(sheet.values[f"v_{t}"]) for t in range(1, count + 1)]
    right = [float(sheet.values[f"vhat_{t}"]) for t in range(1, count + 1)] if corrected else []
    columns = [Column(title, True) for title in ("t", "xₜ", "vₜ", *(("1 - βᵗ", "v̂ₜ") if corrected else ()))]
    rows = []
    for at in range(count):
        more = [(tidy(1 - beta ** (at + 1)),), (tidy(right[at]),)] if corrected else []
        rows.append([(str(at + 1),), (tidy(numbers[at]),), (tidy(plain[at]),), *more])
    needs = [sheet.last(f"{name}_{count}") for name in ("v", *(("vhat",) if corrected else ()))]
    sheet.tables.append(Table("Averages over time", columns, rows, needs=tuple(symbol.name for symbol in needs)))
    if count > 1:
        curves = [("o", numbers), (".", plain), *([("*", right)] if corrected else [])]
        told = "o value, . average" + (", * corrected average" if corrected else "")
        sheet.drawing(f"Over time: {told}", plotted(list(range(1, count + 1)), curves, "t"), needs)


def _confirm(sheet: Worksheet, count: int, corrected: bool) -> None:
    """The last average as one weighted sum; the weights after correction."""
    beta, values = float(sheet.values["beta"]), [float(value) for value in sheet.values["x"].flat]
    weights = [(1 - beta) * beta ** (count - t) for t in range(1, count + 1)]
    left = beta**count
    again = math.fsum([left * float(sheet.values["v_0"]), *(w * v for w, v in zip(weights, values, strict=True))])
    scale = max(map(abs, [*values, float(sheet.values["v_0"])]))
    last = sheet.last(f"v_{count}")
    sheet.check(
        math.isclose(float(sheet.values[last.name]), again, rel_tol=1e-9, abs_tol=1e-12 * scale), [last],
        say(f"all {amount(count, 'value')} at once, each times its weight (1 - β) βᵏ, and β{lifted(count)} times the "
            f"start: {tidy(again)} = {{v}}", v=last),
    )  # fmt: skip
    if corrected:
        total = math.fsum(weights) / (1 - left)
        again = math.fsum(w * v for w, v in zip(weights, values, strict=True)) / math.fsum(weights)
        last = sheet.last(f"vhat_{count}")
        passed = math.isclose(float(sheet.values[last.name]), again, rel_tol=1e-9, abs_tol=1e-12 * scale)
        text = (
            f"the weights divided by 1 - β{lifted(count)} sum to {tidy(total)}: {{v}} is a weighted mean, {tidy(again)}"
        )
        sheet.check(passed and math.isclose(total, 1, rel_tol=1e-9), [last], say(text, v=last))
