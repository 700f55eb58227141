"""Triplet loss: distances from the anchor, the hinge, mean or sum, the gradient at all three."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Larger
from explain.engine.nodes.linear import Sum
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.topics._penalties.distances import (
    Difference,
    Hinge,
    Lengths,
    slope_of_length,
    squared_lengths,
    told_of_kink,
    zero_rows,
)
from explain.topics._regression.reductions import share

ARROW = "the arrow from {x} to {a}: its length is how far apart the two are"
LISTED = 6  # triples that are named one by one


@topic
def triplet(
    anchor: Annotated[Matrix, "embedding of the anchor, such as 1,2; several: one a row"],
    positive: Annotated[Matrix, "embedding of the same class as its anchor, in the shape of anchor"],
    negative: Annotated[Matrix, "embedding of another class, in the shape of anchor"],
    margin: Annotated[Scalar | None, "by how much the negative must be further away; default 1, as PyTorch"] = None,
    distance: Annotated[
        Literal["euclidean", "squared"], "euclidean, as PyTorch, or its square, as FaceNet"
    ] = "euclidean",
    reduction: Annotated[
        Literal["mean", "sum"], "mean over the triples, as PyTorch, or their sum, as FaceNet"
    ] = "mean",
) -> Answer:
    """Triplet loss (margin loss of FaceNet), with gradient.

    max(d(a, p) - d(a, n) + margin, 0) of each triple: 0 as soon as the negative is further from the anchor than the
    positive by the margin. Which triples are easy, semi-hard and hard is said; the gradients at anchor, positive and
    negative by the chain rule. Shapes: anchor, positive and negative (N×d), one triple a row.

    Field: Losses

    Source: Schroff, Kalenichenko and Philbin 2015, FaceNet, section 3.1, eq. 3; PyTorch documentation,
    torch.nn.TripletMarginLoss

    Examples:
        explain triplet --anchor 0,0 --positive 3,4 --negative 6,0 --margin 2
        explain triplet --anchor "0,0;1,1" --positive "0.5,0;1,2" --negative "1,0;4,5" --distance squared
        explain triplet --anchor "0,0;1,1" --positive "0.5,0.1;1,2" --negative "0.30,0;4,5" --reduction sum

    Raises:
        InputError: three shapes that differ, a margin below 0.
    """
    a_, p_, n_ = _embeddings(anchor, positive, negative)
    limit = margin if margin is not None else Scalar.read("margin", "1")
    if limit.exact(()) < 0:
        raise InputError(f"{{margin}} is {limit.text(())}: the negative must be further away by it; give 0 or more")
    sheet = Worksheet("Triplet loss", triplet.source)
    several = int(a_.shape[0]) > 1
    a = sheet.given("a", a_, "anchors, one triple a row" if several else "anchor", option="anchor")
    p = sheet.given("p", p_, "positives: of the class of their anchors" if several else "positive: of the class of "
                    "the anchor", option="positive")  # fmt: skip
    n = sheet.given("n", n_, "negatives: of another class" if several else "negative: of another class",
                    option="negative")  # fmt: skip
    default = "" if margin is not None else ", PyTorch's default"
    m = sheet.given("m", limit, f"margin{default}", option="margin")
    N = sheet.given("N", Values((), (str(a_.shape[0]),)), "number of triples") if several else None
    _conventions(sheet, distance, reduction, several)

    sheet.part("Distances")
    u = sheet.define("u", Difference(a, p), "From positive to anchor", say(ARROW, x=p, a=a))
    v = sheet.define("v", Difference(a, n), "From negative to anchor", say(ARROW, x=n, a=a))
    d_p = _distance(sheet, "d_p", u, distance, "positive")
    d_n = _distance(sheet, "d_n", v, distance, "negative")
    kinks = [far for arrow, far in ((u, d_p), (v, d_n)) if zero_rows(sheet.values[arrow.name])]
    if kinks and distance == "euclidean":
        told_of_kink(sheet, kinks)
    sheet.part("Loss")
    told = "{p} should be below {n} by at least {m}: {t} is positive where something of that is missing, else 0 or less"
    t = sheet.define(
        "t", Difference(d_p, d_n, m), "What is missing of the margin", say(told, p=d_p, n=d_n, m=m, t=Symbol("t"))
    )
    hinge = _hinge(sheet, t)
    one = sheet.define(
        "l" if several else "L", hinge, "Loss of each triple" if several else "Loss", _kinds(sheet, t, several)
    )
    L = one
    if N is not None:
        added = "the losses {l} are added up" + (" and divided by {N}" if reduction == "mean" else "")
        total = Sum(one) / N if reduction == "mean" else Sum(one)
        other = total * N if reduction == "mean" else total / N
        L = sheet.define("L", total, "Loss", say(added, l=one, N=N), note=_other(sheet, other, reduction))
    sheet.part("Backward pass")
    sheet.backward(L, [a, p, n], jacobians=False)
    if several:
        share(sheet, L, one)
    else:
        _slope_of_hinge(sheet, t)
    for arrow, far in ((u, d_p), (v, d_n)):
        slope_of_length(sheet, arrow, far, L, squared=distance == "squared")
    finite_difference(sheet, L, [a, p, n], L)
    gradients = [sheet.last(f"dL/d{symbol.name}") for symbol in (a, p, n)]
    _check_shift(sheet, gradients)
    return sheet.answer(L, *gradients)


def _embeddings(anchor: Matrix, positive: Matrix, negative: Matrix) -> list[Values]:
    """All three with one triple a row.

    Raises:
        InputError: their shapes differ.
    """
    found: list[Values] = []
    for option, given in (("anchor", anchor), ("positive", positive), ("negative", negative)):
        rows = given.reshape((1, len(given))) if len(given.shape) == 1 else given
        if found and rows.shape != found[0].shape:
            raise InputError(
                f"{{{option}}} is {write(rows.shape)}, but {{anchor}} is {write(found[0].shape)}: every triple needs "
                "an anchor, a positive and a negative of one length; give all three in one shape"
            )
        found.append(rows)
    return found


def _distance(sheet: Worksheet, name: str, u: Symbol, distance: str, which: str) -> Symbol:
    """Euclidean or squared, one number a triple."""
    which_of = "each row" if u.shape[0] != 1 else "the entries"
    if distance == "squared":
        told = say(f"the squares of {which_of} of {{u}} are added up", u=u)
        return sheet.define(name, squared_lengths(u), f"Squared distance to the {which}", told)
    zeros = zero_rows(sheet.values[u.name])
    told = say(f"Pythagoras: the root of the sum of the squares of {which_of} of {{u}}", u=u)
    return sheet.define(name, Lengths(u, zeros), f"Distance to the {which}", told)


def _hinge(sheet: Worksheet, t: Symbol) -> Node:
    """max(t, 0); where t is exactly 0, with PyTorch's slope."""
    if not bool((sheet.values["t"] == 0).any()):
        return Larger(t, Number(0, "0"))
    sheet.convention("{t} = 0 is a kink of max({t}, 0): the slope there is taken as 1, as in PyTorch", t=t)
    return Hinge(t)


def _slope_of_hinge(sheet: Worksheet, t: Symbol) -> None:
    """Say of ∂L/∂t of a single triple what it is."""
    step = next(step for step in sheet.steps if step.name == "dL/dt")
    step.title = say("Slope of the loss at {t}", t=t)
    step.why = say("max({t}, 0) rises as {t} where {t} is above 0, and is flat below", t=t)


def _kinds(sheet: Worksheet, t: Symbol, several: bool) -> Prose:
    """Which triples are easy, semi-hard and hard, in FaceNet's words."""
    values = sheet.values
    found: dict[str, list[str]] = {"easy": [], "semi-hard": [], "hard": []}
    for at, (missing, near, far) in enumerate(
        zip(values["t"].ravel(), values["d_p"].ravel(), values["d_n"].ravel(), strict=True), 1
    ):
        found["easy" if missing <= 0 else "semi-hard" if near < far else "hard"].append(str(at))
    said = {
        "easy": "easy, the margin is kept and nothing is lost",
        "semi-hard": "semi-hard, the negative is further away, but not by the margin",
        "hard": "hard, the negative is no further away than the positive",
    }
    lead = "where {t} is below 0 nothing is lost, and max puts 0; "
    if not several:
        return say(lead + "the triple is " + next(said[kind] for kind, places in found.items() if places), t=t)
    told = []
    for kind, places in found.items():
        if places:
            named = ", ".join(places) if len(places) <= LISTED else f"{len(places)} of them"
            told.append(f"{'triple' if len(places) == 1 else 'triples'} {named} {said[kind]}")
    return say(lead + "; ".join(told), t=t)


def _other(sheet: Worksheet, other: Node, reduction: str) -> Prose:
    """The other reduction."""
    name = "sum" if reduction == "mean" else "mean"
    return say(f"the {name} would be {tidy(float(evaluate(other, sheet.values)))}")


def _conventions(sheet: Worksheet, distance: str, reduction: str, several: bool) -> None:
    if several:
        whose = "as in PyTorch; FaceNet sums" if reduction == "mean" else "as in FaceNet; PyTorch's default is the mean"
        sheet.convention(f"a row is a triple; {{L}} is the {reduction} over the triples, {whose}", L=Symbol("L"))
    if distance == "euclidean":
        sheet.convention(
            "the distance is Euclidean, as in PyTorch, which adds 1e-6 to each difference besides, left out here; "
            "FaceNet squares the distances"
        )
    else:
        sheet.convention("the distance is the squared Euclidean one, as in FaceNet; PyTorch takes the root")


def _check_shift(sheet: Worksheet, gradients: Sequence[Symbol]) -> None:
    """Moving a whole triple changes no distance."""
    import numpy as np

    a, p, n = (sheet.values[symbol.name] for symbol in gradients)
    scale = float(max(abs(a).max(), abs(p).max(), abs(n).max()))
    names = dict(zip(("a", "p", "n"), gradients, strict=True))
    sheet.check(
        bool(np.all(abs(a + p + n) <= 1e-9 * scale)),
        gradients,
        say("{a} + {p} + {n} is 0 in every entry: a triple that is moved as a whole keeps its distances", **names),
    )
