"""Contrastive loss of pairs: alike pairs are pulled together, others pushed apart up to a margin; gradient."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Larger
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import ConstantPower
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.rounding import tidy
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix, Scalar
from explain.topics._penalties.distances import Difference, Lengths, slope_of_length, told_of_kink, zero_rows
from explain.topics._regression.reductions import share

LISTED = 6  # pairs that are named one by one


@topic
def contrastive(
    x1: Annotated[Matrix, "embedding of the first of a pair, such as 1,2; several pairs: one a row"],
    x2: Annotated[Matrix, "embedding of the second, in the shape of x1"],
    label: Annotated[Matrix, "0 or 1, one a pair: whether the two are of one class; see similar"],
    margin: Annotated[Scalar | None, "distance from which on different ones cost nothing; default 1"] = None,
    similar: Annotated[Literal["0", "1"], "the label of two of one class: 0 as Hadsell, 1 as many programs"] = "0",
    reduction: Annotated[Literal["mean", "sum"], "mean over the pairs, or their sum, as Hadsell"] = "mean",
) -> Answer:
    """Contrastive loss of pairs (Siamese network), with gradient.

    A pair of one class costs half its squared distance, a pair of two classes half the square of what its distance is
    short of the margin. The gradients at both embeddings by the chain rule. Shapes: x1 and x2 (N×d), one pair a row.

    Field: Losses

    Source: Hadsell, Chopra and LeCun 2006, Dimensionality Reduction by Learning an Invariant Mapping, eqs. 3 and 4

    Examples:
        explain contrastive --x1 0,0 --x2 0.3,0.4 --label 1 --margin 2
        explain contrastive --x1 "0,0;1,1" --x2 "0.3,0.4;1,0.5" --label 0,1
        explain contrastive --x1 "0,0;1,1;2,0" --x2 "0.30,0.4;1,0.5;0,0" --label 1,0,0 --similar 1 --reduction sum

    Raises:
        InputError: embeddings whose shapes differ, a label that is neither 0 nor 1, another number of labels than of
            pairs, a margin that is not positive.
    """
    first, second, labels = _pairs(x1, x2, label)
    limit = margin if margin is not None else Scalar.read("margin", "1")
    if limit.exact(()) <= 0:
        raise InputError(f"{{margin}} is {limit.text(())}: it is a distance to be kept and must be positive, such as 1")
    sheet = Worksheet("Contrastive loss", contrastive.source)
    several = int(first.shape[0]) > 1
    rows = ", one pair a row" if several else ""
    a = sheet.given("x_1", first, f"first embedding of each pair{rows}" if several else "first embedding", option="x1")
    b = sheet.given("x_2", second, f"second embedding of each pair{rows}" if several else "second embedding",
                    option="x2")  # fmt: skip
    one, other = ("of two classes", "of one class") if similar == "0" else ("of one class", "of two classes")
    Y = sheet.given("Y", labels, f"label: 1 for a pair {one}, 0 for one {other}", option="label")
    m = sheet.given("m", limit, "margin" if margin is not None else "margin, chosen here", option="margin")
    N = sheet.given("N", Values((), (str(first.shape[0]),)), "number of pairs") if several else None

    sheet.part("Distance")
    told = "the arrow from {b} to {a}: its length is how far apart the two are"
    u = sheet.define("u", Difference(a, b), "Difference", say(told, a=a, b=b))
    zeros = zero_rows(sheet.values["u"])
    D = sheet.define(
        "D", Lengths(u, zeros), "Distances" if several else "Distance",
        say(f"the root of the sum of the squares of {'each row' if several else 'the entries'} of {{u}}", u=u),
    )  # fmt: skip
    sheet.part("Loss")
    told = "how far {D} is short of {m}; from the margin on nothing is missing, and max puts 0"
    t = sheet.define("t", Larger(m - D, Number(0, "0")), "What is missing of the margin", say(told, D=D, m=m))
    alike, unlike = (1 - Y, Y) if similar == "0" else (Y, 1 - Y)
    each = _each(alike, unlike, D, t)
    _conventions(sheet, each, similar, reduction, several, bool(zeros), D)
    of_pair = sheet.define(
        "l" if several else "L",
        each,
        "Loss of each pair" if several else "Loss",
        _kinds(sheet, Y, t, similar, several),
    )
    L = of_pair
    if N is not None:
        added = "the losses {l} are added up" + (" and divided by {N}" if reduction == "mean" else "")
        shares = {"mean": Sum(of_pair) / N, "sum": Sum(of_pair)}
        name = "sum" if reduction == "mean" else "mean"
        note = say(f"the {name} would be {tidy(float(evaluate(shares[name], sheet.values)))}")
        L = sheet.define("L", shares[reduction], "Loss", say(added, l=of_pair, N=N), note=note)
    sheet.part("Backward pass")
    sheet.backward(L, [a, b], jacobians=False)
    if several:
        share(sheet, L, of_pair)
    _reworded(sheet, of_pair, D, t)
    slope_of_length(sheet, u, D, L)
    finite_difference(sheet, L, [a, b], L)
    _check_forces(sheet, similar, int(first.shape[0]) if reduction == "mean" else 1)
    return sheet.answer(L, sheet.last("dL/dx_1"), sheet.last("dL/dx_2"))


def _each(alike: Node, unlike: Node, D: Symbol, t: Symbol) -> Node:
    """The loss of each pair; its label switches one of the two terms off."""
    two = Number(2, "2")
    return (alike * ConstantPower(D, two) + unlike * ConstantPower(t, two)) / two


def _pairs(x1: Matrix, x2: Matrix, label: Matrix) -> tuple[Values, Values, Values]:
    """Both embeddings with one pair a row, the labels as a column.

    Raises:
        InputError: their shapes differ, a label is neither 0 nor 1, a label is missing or too many.
    """
    first, second = (given.reshape((1, len(given))) if len(given.shape) == 1 else given for given in (x1, x2))
    if first.shape != second.shape:
        raise InputError(
            f"{{x2}} is {write(second.shape)}, but {{x1}} is {write(first.shape)}: the two of a pair have one length; "
            "give both in one shape"
        )
    count = int(first.shape[0])
    if len(label) != count:
        raise InputError(
            f"{{label}} has {amount(len(label), 'number')}, but {{x1}} has {amount(count, 'pair')}: one label a pair"
        )
    labels = label.reshape((count, 1))
    for at in range(count):
        if labels.exact((at, 0)) not in (0, 1):
            raise InputError(
                f"{{label}} has {labels.text((at, 0))}: a label is 0 or 1; {{similar}} says which is which"
            )
    return first, second, labels if count > 1 else labels.reshape(())


def _conventions(
    sheet: Worksheet, each: Node, similar: str, reduction: str, several: bool, zeros: bool, D: Symbol
) -> None:
    """The formula of one pair, which label is which, how pairs are put together."""
    whose = "as Hadsell, Chopra and LeCun have it" if similar == "0" else "as in many programs; Hadsell has it reversed"
    sheet.convention(f"label {similar} means one class, {whose}: a pair costs {{f}}", f=each.write(SYMBOLIC))
    if several:
        other = "; eq. 3 of the paper sums" if reduction == "mean" else ", eq. 3 of the paper"
        sheet.convention(f"a row is a pair; {{L}} is the {reduction} over the pairs{other}", L=Symbol("L"))
    if zeros:
        told_of_kink(sheet, [D])


def _kinds(sheet: Worksheet, Y: Symbol, t: Symbol, similar: str, several: bool) -> Prose:
    """Which pairs are pulled together, which are pushed apart, which are far enough apart."""
    kinds: dict[str, list[str]] = {"pulled": [], "pushed": [], "free": []}
    for at, (label, missing) in enumerate(zip(sheet.values["Y"].ravel(), sheet.values[t.name].ravel(), strict=True), 1):
        alike = label == float(similar)
        kinds["pulled" if alike else "pushed" if missing > 0 else "free"].append(str(at))
    said = {
        "pulled": "of one class, so half the square of the distance",
        "pushed": "of two classes and nearer than the margin, so half the square of what is missing",
        "free": "of two classes and far enough apart: no loss",
    }
    lead = "{Y} switches one of the two terms off; "
    if not several:
        return say(lead + "the pair is " + next(said[kind] for kind, places in kinds.items() if places), Y=Y)
    told = []
    for kind, places in kinds.items():
        if places:
            named = ", ".join(places) if len(places) <= LISTED else f"{len(places)} of them"
            told.append(f"{'pair' if len(places) == 1 else 'pairs'} {named} {said[kind]}")
    return say(lead + "; ".join(told), Y=Y)


def _reworded(sheet: Worksheet, l: Symbol, D: Symbol, t: Symbol) -> None:  # noqa: E741 - the page's letter
    """Say of the two derivatives of a pair's loss what they are."""
    said = {
        "dL/dt": "of {l} only the term with {t} depends on {t}; the 2 of the square and the half cancel",
        "dL/dD": "{D} stands in {l} itself, in the term of one class, and in {t}; what comes back on the two ways is "
        "added",
    }
    for name, told in said.items():
        next(step for step in sheet.steps if step.name == name).why = say(told, l=l, D=D, t=t)


def _check_forces(sheet: Worksheet, similar: str, number: int) -> None:
    """As springs: the paper's eqs. 6 and 8, and the two embeddings are moved in opposite directions."""
    import numpy as np

    values = sheet.values
    alike = values["Y"] == float(similar)
    direction = values["u"] / np.where(values["D"] == 0, 1.0, values["D"])
    springs = np.where(alike, values["u"], -values["t"] * direction) / number
    first, second = sheet.last("dL/dx_1"), sheet.last("dL/dx_2")
    scale = 1e-12 * max(float(abs(values["u"]).max()), float(abs(values["t"]).max()))
    over = f", over {number}" if number > 1 else ""
    sheet.check(
        bool(np.allclose(springs, values[first.name], rtol=1e-9, atol=scale))
        and bool(np.allclose(-springs, values[second.name], rtol=1e-9, atol=scale)),
        [first, second, sheet.last("u")],
        say(
            f"as springs (eqs. 6 and 8 of the paper): {{f}} is {{u}} for a pair of one class, -{{t}} along {{u}} for "
            f"one of two classes{over}; {{s}} is minus that",
            f=first, s=second, u=Symbol("u"), t=Symbol("t"),
        ),
    )  # fmt: skip
