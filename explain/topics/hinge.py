"""Hinge loss: of labels -1 and 1, and of several classes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Indicator, Larger
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.onehot import OneHot
from explain.engine.nodes.powers import ConstantPower
from explain.engine.notation import product
from explain.engine.prose import Prose, say
from explain.engine.pullback import pull
from explain.engine.rounding import tidy
from explain.engine.values import Values, constant
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._classification.binary import as_predictions, count_of, same_shape, totals
from explain.topics._classification.error_rate import by_argmax, class_told, rates
from explain.topics._classification.gradients import arriving, gradient_step, slope_again
from explain.topics._classification.reading import class_ids, class_names
from explain.topics._language.tables import as_rows

ZERO, ONE, TWO = Number(0, "0"), Number(1, "1"), Number(2, "2")


@topic
def hinge(
    scores: Annotated[Matrix, "scores: one an example for labels, or one example a row, one class a column"],
    y: Annotated[Matrix | None, "labels -1 or 1, one an example"] = None,
    classes: Annotated[Tokens | None, "in place of y: true class of each row, counted from 0, or by its name"] = None,
    names: Annotated[Tokens | None, "names of the classes, one a column of scores"] = None,
    margin: Annotated[Scalar | None, "margin that a right score must reach; default 1"] = None,
    squared: Annotated[Literal["no", "yes"], "yes: the square of each missing margin"] = "no",
    reduction: Annotated[Literal["mean", "sum", "none"], "whose gradient: mean or sum of the losses, or each"] = "mean",
) -> Answer:
    """Hinge loss (margin loss), plain or squared.

    Of labels -1 and 1: max(0, 1 - y f), as in a support vector machine. Of several classes, as PyTorch's
    multi_margin_loss: every wrong class that comes nearer to the true one than the margin adds what is missing. Error
    rate beside it, and the gradient with its kinks. Shapes: scores (N) with y, or (N×K) with classes.

    Field: Losses

    Source: Cortes and Vapnik 1995, Support-Vector Networks; Weston and Watkins 1999, Support Vector Machines for
    Multi-Class Pattern Recognition; PyTorch documentation, torch.nn.MultiMarginLoss

    Examples:
        explain hinge --scores 2,0.3,-0.5 --y 1,1,-1
        explain hinge --scores 0.8,-1.5,0.25 --y 1,-1,-1 --squared yes --reduction sum
        explain hinge --scores "2,1.5,-1;0.2,0.6,0.1" --classes 0,2

    Raises:
        InputError: labels other than -1 and 1, a class that does not exist, both or neither of y and classes, a margin
            that is not positive.
    """
    if (y is None) == (classes is None):
        told = "{y} and {classes} are both given" if y is not None else "{y} is missing, and so is {classes}"
        mend = "leave one out" if y is not None else "give labels such as {y} 1,-1, or classes such as {classes} 0,2"
        raise InputError(f"{told}: {mend}")
    if margin is not None and margin.exact(()) <= 0:
        raise InputError(f"{{margin}} is {margin.text(())}: it must be positive, or scores of 0 everywhere are perfect")
    if y is not None:
        if names is not None:
            raise InputError("{names} is given, but labels -1 and 1 have no columns to be named; leave it out")
        return _binary(scores, y, margin, squared == "yes", reduction)
    assert classes is not None
    return _multiclass(scores, classes, names, margin, squared == "yes", reduction)


def _binary(scores: Matrix, y: Matrix, margin: Scalar | None, squared: bool, reduction: str) -> Answer:
    table = as_predictions("scores", scores)
    labels = same_shape("y", y, "scores", table)
    wrong = next((text for text in _texts(labels) if float(text) not in (-1, 1)), None)
    if wrong is not None:
        mend = "; labels 0 and 1 belong to the topic bce, or write -1 for 0" if float(wrong) == 0 else ""
        raise InputError(f"{{y}} has {wrong}: a label is -1 or 1{mend}")
    sheet = Worksheet("Squared hinge loss" if squared else "Hinge loss", hinge.source)
    f = sheet.given("f", table, "score of each example; its sign is the prediction", option="scores")
    Y = sheet.given("y", labels, "label of each example, -1 or 1", option="y")
    m = _margin(sheet, margin)
    n = count_of(sheet, table, "examples")
    _conventions(sheet, reduction, n is not None, m, squared)

    sheet.part("Forward pass")
    why = say("label times score: above 0 where the sign of {f} is right, and the further the surer", f=f)
    u = sheet.define("u", Y * f, "Signed scores", why)
    missing = say("what {u} lacks to reach the margin {m}; below 0 where it lies beyond", u=u, m=m)
    v = sheet.define("v", m - u, "Missing to the margin", missing)
    l, inside = _hinged(sheet, v, None, squared)  # noqa: E741 - as in books
    _check_inside(sheet, l, v, squared)
    route, results = totals(sheet, l, n, reduction)
    if n is not None:
        sheet.part("Beside the loss")
        sign = say("1 where the score {f} is above 0, else -1", f=f)
        tied = say("a score of 0 has no sign and is taken as -1") if bool((table.array == 0).any()) else ()
        predicted = sheet.define("yhat", 2 * Indicator(f, ZERO, ">") - 1, "Predicted labels", sign, note=tied)
        error = rates(sheet, predicted, Y, n)
        results += [sheet.last("accuracy"), error]
    sheet.part("Backward pass")
    rule = "2 v, from the square, times 1 where {v} is above 0" if squared else "1 where {v} is above 0"
    why = say(rule + " and 0 elsewhere; {v} falls by y where a score rises by 1: inside the margin {f} is pushed "
              "to the side of its label, beyond it nothing is", v=v, f=f)  # fmt: skip
    results.append(gradient_step(sheet, [*route, *inside, v, u], f, why + _shared(route[0], n), l))
    return sheet.answer(*results)


def _texts(table: Values) -> list[str]:
    return [table.text((row, column)) for row in range(int(table.shape[0])) for column in range(int(table.shape[1]))]


def _multiclass(
    scores: Matrix, classes: Tokens, names: Tokens | None, margin: Scalar | None, squared: bool, reduction: str
) -> Answer:
    table = as_rows(scores)
    as_predictions("scores", scores)
    size = int(table.shape[1])
    if size == 1:
        raise InputError("{scores} has one class: two or more belong in each row; labels -1 and 1 are given as {y}")
    called = class_names(names, "scores", size)
    ids = class_ids(classes, called, "scores", (int(table.shape[0]), size))
    title = ("Squared multi-class" if squared else "Multi-class") + " hinge loss"
    sheet = Worksheet(title, hinge.source)
    S = sheet.given("S", table, "scores: one example a row, one class a column", option="scores", columns=called)
    rows = [class_told(called, at) for at in ids] if called is not None else None
    Y_ids = sheet.given(
        "y", constant([[str(at)] for at in ids]), "true class of each example", option="classes", rows=rows
    )
    m = _margin(sheet, margin)
    count = int(table.shape[0])
    n = sheet.given("n", Values((), (str(count),)), "number of examples") if count > 1 else None
    K = sheet.given("K", Values((), (str(size),)), "number of classes")
    _conventions(sheet, reduction, n is not None, m, squared, multi=True)

    sheet.part("Forward pass")
    told = say("{y} as rows of the shape of {S}: 1 in the column of the true class, 0 elsewhere", y=Y_ids, S=S)
    Y = sheet.define("Y", OneHot(Y_ids, size), "One-hot targets", told, columns=called)
    own = say("{Y} leaves of each row of {S} only the true class's score", Y=Y, S=S)
    s = sheet.define("s", Sum(Y * S, 1), "Scores of the true classes", own)
    missing = say(
        "score of each class above that of the true one, {s}, plus the margin {m}: below 0 where a class stays behind "
        "by more than the margin", s=s, m=m,
    )  # fmt: skip
    V = sheet.define("V", S - s + m, "Missing to the margin", missing)
    H, inside = _hinged(sheet, V, Y, squared)
    each = say("row sums of {H} over the number of classes {K}, as PyTorch", H=H, K=K)
    l = sheet.define("l", Sum(H, 1) / K, "Loss of each example", each, note=_other(sheet, H, n, squared))  # noqa: E741
    _check_inside(sheet, H, V, squared, Y)
    route, results = totals(sheet, l, n, reduction)
    if n is not None:
        sheet.part("Beside the loss")
        error = by_argmax(sheet, S, Y_ids, n, called)
        results += [sheet.last("accuracy"), error]
    sheet.part("Backward pass")
    results.append(_gradient(sheet, [*route, H, *inside], V, S, squared, n))
    return sheet.answer(*results)


def _margin(sheet: Worksheet, margin: Scalar | None) -> Node:
    return ONE if margin is None else sheet.given("delta", margin, "margin", option="margin")


def _conventions(
    sheet: Worksheet, reduction: str, several: bool, margin: Node, squared: bool, multi: bool = False
) -> None:
    if multi:
        sheet.convention("classes are counted from 0, as in PyTorch, rows and columns from 1: class k is column k + 1")
    if several:
        told = {"mean": "L_mean", "sum": "L_sum", "none": "l"}
        others = " and ".join(f"with {name} {{{name}}}" for name in told if name != reduction)
        sheet.convention(
            f"reduction {reduction}: the loss a program reports is {{mine}}, {others}",
            mine=word(told[reduction]), **{name: word(symbol) for name, symbol in told.items()},
        )  # fmt: skip
    if not isinstance(margin, Symbol):
        sheet.convention("the margin is 1, as in a support vector machine" + (" and in PyTorch" if multi else ""))
    v = word("V" if multi else "v")
    if squared:
        sheet.convention(
            "max(0, {v})² has the slope 2 max(0, {v}), which is 0 on the margin from both sides: no kink", v=v
        )
    else:
        sheet.convention(
            "max(0, {v}) has a kink where {v} is 0, a score exactly on the margin; its slope there is taken as 0, as "
            "in PyTorch's multi_margin_loss", v=v,
        )  # fmt: skip


def _hinged(sheet: Worksheet, v: Symbol, Y: Symbol | None, squared: bool) -> tuple[Symbol, list[Symbol]]:
    """max(0, v), squared in a step of its own; of several classes without the true one. And what stands before it."""
    why = say("what is missing counts, and nothing is gained by more than the margin: {v} below 0 becomes 0", v=v)
    again = "squared: a small lack counts little, a large one much, and the kink becomes smooth"
    if Y is None and not squared:
        return sheet.define("l", Larger(ZERO, v), "Loss of each example", why), []
    h = sheet.define("R" if Y is not None else "h", Larger(ZERO, v), "Margins violated", why)
    if Y is None:
        return sheet.define("l", ConstantPower(h, TWO), "Loss of each example", again), [h]
    others = say("1 - {Y} takes out the true class, which does not compete with itself", Y=Y)
    others += say("; " + again) if squared else ()
    power: Node = ConstantPower(h, TWO) if squared else h
    return sheet.define("H", (1 - Y) * power, "Margins violated by the wrong classes", others), [h]


def _check_inside(sheet: Worksheet, l: Symbol, v: Symbol, squared: bool, Y: Symbol | None = None) -> None:  # noqa: E741
    """Only what lies inside the margin counts: counted, and added up."""
    values = sheet.values[v.name]
    competing = sheet.values[Y.name] == 0 if Y is not None else abs(values) >= 0
    picked = values[(values > 0) & competing]
    total = float((picked**2).sum() if squared else picked.sum())
    what = "wrong classes" if Y is not None else "examples"
    told = say(
        f"inside the margin {'lies' if len(picked) == 1 else 'lie'} {len(picked)} of {int(competing.sum())} {what}; "
        f"the {'squares' if squared else 'sum'} of all {{v}} above 0{' of wrong classes' if Y is not None else ''} "
        f"{'add up to' if squared else 'is'} {tidy(total)}, the sum of {{l}} too",
        v=v, l=l,
    )  # fmt: skip
    sheet.check(math.isclose(total, float(sheet.values[l.name].sum()), rel_tol=1e-9, abs_tol=1e-12), [l], told)


def _other(sheet: Worksheet, H: Symbol, n: Symbol | None, squared: bool) -> Prose:
    """The other conventions of a multi-class hinge loss."""
    values = sheet.values[H.name]
    each, top = float(values.sum(axis=1).mean()), float(values.max(axis=1).mean())
    mean = "mean over the examples" if n is not None else "loss"
    return say(
        f"without the division, as Weston and Watkins have it, the {mean} is {tidy(each)}; with the worst class "
        f"of each example only, as Crammer and Singer 2001{' (squared here)' if squared else ''}, it is {tidy(top)}"
    )


def _shared(loss: Symbol, n: Symbol | None) -> Prose:
    return say("; {L} shares it among {n}", L=loss, n=n) if loss.name == "L_mean" and n is not None else ()


def _gradient(
    sheet: Worksheet, route: Sequence[Symbol], V: Symbol, S: Symbol, squared: bool, n: Symbol | None
) -> Symbol:
    """First at what is missing to the margin, then at the scores, which enter it in two places."""
    loss = route[0]
    rule = "twice the violation where {V} is above 0" if squared else "1 where {V} is above 0"
    why = say(rule + ", 0 elsewhere and for the true class, divided by the number of classes", V=V)
    G = sheet.define(
        f"d{loss.name}/dV", arriving(sheet, route, V), say("Gradient at {V}", V=V), why + _shared(loss, n),
        chain=product([word(f"d{loss.name}/dl"), word("dl/dV")]) if loss.name != "l" else None,
    )  # fmt: skip
    definition, own = sheet.definition("V"), sheet.definition("s")
    assert definition is not None
    assert own is not None
    pieces = pull(definition, G, V, {"S", "s"})
    through = pull(own, pieces["s"], Symbol("s", (S.shape[0], 1)), {"S"})["S"]
    both = say(
        "two paths: a class's own score raises its own entry of {V}, so {G} passes; the true class's score lowers "
        "every entry of its row, so it receives minus the row's sum: it is to rise as much as they are to fall",
        V=V, G=G,
    )  # fmt: skip
    found = sheet.define(f"d{loss.name}/dS", pieces["S"] + through, say("Gradient at {S}", S=S), both)
    slope_again(sheet, [loss], S)
    off = float(abs(sheet.values[found.name].sum(axis=1)).max())
    told = say("each row of {g} sums to 0: only differences of scores count", g=found)
    sheet.check(off < 1e-9, [found], told)
    return found
