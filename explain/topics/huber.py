"""Huber loss: quadratic for small residuals, linear for large ones; smooth L1; gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Place
from explain.engine.checks import finite_difference
from explain.engine.names import word
from explain.engine.nodes.base import Index, Symbol, entry_label, entry_place
from explain.engine.notation import Word
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.topics._regression.huber_node import Huber, far_out
from explain.topics._regression.pairs import Pair, counted, introduced, read_pair, residuals
from explain.topics._regression.reductions import others, reduced, share, stated, why

LISTED = 8  # entries that are named one by one
QUADRATIC = Word("r²/2", r"\frac{r^{2}}{2}")
LINEAR = Word("δ·(|r| - δ/2)", r"\delta \left(\left|r\right| - \frac{\delta}{2}\right)")


@topic
def huber(
    y: Annotated[Matrix, "targets: one number an example (1,2,3), or one example a row (0,1;1,0)"],
    yhat: Annotated[Matrix, "predictions, in the shape of y"],
    delta: Annotated[Scalar | None, "where the loss turns from quadratic to linear; default 1, as PyTorch"] = None,
    reduction: Annotated[Literal["mean", "sum"], "mean over all entries, as PyTorch, or their sum"] = "mean",
) -> Answer:
    """Huber loss and smooth L1, with gradient.

    Of each residual r: r²/2 where |r| is at most δ, δ(|r| - δ/2) where it is larger, so that an outlier pulls with a
    force of at most δ. Which entries are which is said; smooth L1, this divided by δ, stands in one line. Shapes: y and
    ŷ (N×d), one example a row; a vector is N examples of one number.

    Field: Losses

    Source: Huber 1964, Robust Estimation of a Location Parameter; PyTorch documentation, torch.nn.HuberLoss and
    torch.nn.SmoothL1Loss

    Examples:
        explain huber --y 1,2,3,4 --yhat 1.5,2,6,1
        explain huber --y "0,1;1,0" --yhat "0.30,0.4;0.2,0.9" --delta 0.5 --reduction sum

    Raises:
        InputError: targets and predictions whose shapes differ, a δ that is not positive.
    """
    pair = read_pair(y, yhat)
    turn = delta if delta is not None else Scalar.read("delta", "1")
    if turn.exact(()) <= 0:
        raise InputError(f"{{delta}} is {turn.text(())}: it is a distance and must be positive, such as 1")
    sheet = Worksheet("Huber loss", huber.source)
    target, prediction = introduced(sheet, pair)
    default = "" if delta is not None else ", PyTorch's default"
    d = sheet.given("delta", turn, f"where quadratic turns to linear{default}", option="delta")
    count = counted(sheet, pair, "entries") if reduction == "mean" else None
    sheet.convention(
        "huber(r, {d}) is {q} where {a} ≤ {d}, and {l} elsewhere; at {a} = {d} the two have the same value and slope",
        d=d,
        q=QUADRATIC,
        a=Word("|r|", r"\left|r\right|"),
        l=LINEAR,
    )

    sheet.part("Loss")
    r = residuals(sheet, target, prediction)
    outside = far_out(sheet.values["r"], float(turn.array))
    far = frozenset(outside)
    inside = [at for at in _places(pair) if at not in far]
    e = sheet.define(
        "e",
        Huber(r, d, far),
        "Huber loss of each entry" if pair.entries > 1 else "Huber loss of the entry",
        _why_branches(sheet, r, d, inside, outside, pair),
        entries=inside[:1],
    )
    if inside and outside:
        at, label = outside[0], entry_label(outside[0], e.shape)
        branch = sheet.definition("e")
        assert branch is not None
        place = Place("e", (f"first linear entry, {entry_place(at, e.shape)}",))
        sheet.define(f"e_{label}", branch.entry(at), "", "", written=word("e", label), place=place)
    expression = reduced(e, reduction, count)
    every = "the mean over all entries" if reduction == "mean" else "the sum over all entries"
    stated(sheet, e, expression, f"{every}, PyTorch's HuberLoss with reduction {reduction}")
    L = sheet.define("L", expression, "Loss", why(e, reduction, count))
    over = "examples" if pair.outputs == 1 else "entries"
    note = others(sheet, e, pair, reduction, over, ("sum", "mean"))
    sheet.remark(L, (*note, *_smooth(sheet, d, "; " if note else "")))
    sheet.part("Backward pass")
    sheet.backward(L, [prediction], jacobians=False)
    share(sheet, L, e)
    _slope_of_branches(sheet, r, d, outside)
    finite_difference(sheet, L, [prediction], L)
    _check_forces(sheet, r, d, len(outside), pair.entries if reduction == "mean" else 1)
    return sheet.answer(L, sheet.last("dL/dyhat"))


def _places(pair: Pair) -> list[Index]:
    return [(row, column) for row in range(pair.examples) for column in range(pair.outputs)]


def _why_branches(
    sheet: Worksheet, r: Symbol, d: Symbol, inside: Sequence[Index], outside: Sequence[Index], pair: Pair
) -> Prose:
    """Which entries are quadratic, which linear."""
    shape = sheet.values["r"].shape
    if pair.entries == 1:
        side, kind = ("above", "linear") if outside else ("at most", "quadratic")
        return say(f"the size of {{r}} is {side} {{d}}, so the loss is {kind}", r=r, d=d)
    near = f"at most {{d}}, so quadratic: {_named(inside, shape)}" if inside else ""
    far = f"above {{d}}, so linear: {_named(outside, shape)}" if outside else ""
    return say("the size of each entry of {r} decides; " + "; ".join(part for part in (near, far) if part), r=r, d=d)


def _slope_of_branches(sheet: Worksheet, r: Symbol, d: Symbol, outside: Sequence[Index]) -> None:
    """Why both branches have one slope, r cut off at ±δ; a linear entry, where that matters, is worked."""
    step = next(step for step in sheet.steps if step.name == "dL/dr")
    told = (
        "chain rule, by branches: {q} has the slope {r}, {l} the slope {d} with the sign of {r}; both are written at "
        "once as {r} cut off at -{d} and at {d}"
    )
    step.why = say(told, r=r, d=d, q=QUADRATIC, l=LINEAR)
    step.entries = tuple(outside[:1])


def _named(found: Sequence[Index], shape: tuple[int, ...]) -> str:
    noun = "entry" if len(found) == 1 else "entries"
    if len(found) > LISTED:
        return f"{len(found)} {noun}"
    return f"{noun} {', '.join(entry_place(at, shape) for at in found)}"


def _smooth(sheet: Worksheet, d: Symbol, lead: str) -> Prose:
    """Smooth L1 of the same numbers."""
    loss, delta = float(sheet.values["L"]), float(sheet.values["delta"])
    if delta == 1:
        return say(lead + "with {d} = 1 smooth L1 (β = 1) is the same", d=d)
    return say(lead + f"smooth L1 with β = {{d}} is this divided by {{d}}: {tidy(loss / delta)}", d=d)


def _check_forces(sheet: Worksheet, r: Symbol, d: Symbol, linear: int, number: int) -> None:
    """By branches: the gradient is r inside, and δ with the sign of r outside."""
    import numpy as np

    gradient, residual = sheet.last("dL/dyhat"), sheet.values["r"]
    delta = float(sheet.values["delta"])
    found = np.where(abs(residual) <= delta, residual, delta * np.sign(residual)) / number
    over = f", over {number}" if number > 1 else ""
    inside = "{r} itself" if linear < residual.size else ""
    outside = "{d} with the sign of {r}" if linear else ""
    parts = " where the loss is quadratic and ".join(part for part in (inside, outside) if part)
    parts += " where it is linear" if inside and outside else ""
    sheet.check(
        bool(np.allclose(found, sheet.values[gradient.name], rtol=1e-9, atol=1e-300)),
        [gradient],
        say(f"by branches, {{g}} is {parts}{over}", g=gradient, r=r, d=d),
    )
