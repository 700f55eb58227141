"""Dropout with a given mask: inverted or not, in training and at test time, and the gradient through it."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.arithmetic import Times, times
from explain.engine.nodes.base import Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.prose import say
from explain.engine.shapes import count, write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.topics._activations.dropout_mean import fraction_kept, mean_factor, over_all_masks

Answered = Literal["yes", "no"]


@topic
def dropout(
    X: Annotated[Matrix, "what dropout is applied to: 1,2,3, or one example a row as 1,2;3,4"],
    p: Annotated[Scalar, "probability of dropping an entry, from 0 to below 1"],
    mask: Annotated[Matrix | None, "1 where an entry is kept, 0 where it is dropped; of the shape of X"] = None,
    mode: Annotated[Literal["train", "test"], "train: entries are dropped by the mask; test: none is"] = "train",
    inverted: Annotated[Answered, "yes: divided by 1 - p in training; no: multiplied by 1 - p at test time"] = "yes",
    dY: Annotated[Matrix | None, "∂L/∂Y arriving from above: the gradient at X is worked too"] = None,
) -> Answer:
    """Dropout: entries dropped by a mask, and the rest scaled.

    Inverted dropout (PyTorch, Keras) divides what is kept by 1 - p in training, so that nothing is left to do at test
    time; the original form multiplies by 1 - p at test time instead. The mask is given, since nothing here is random.

    Field: Regularisation and normalisation

    Source: Srivastava, Hinton, Krizhevsky, Sutskever and Salakhutdinov 2014, Dropout: A Simple Way to Prevent Neural
    Networks from Overfitting, sections 4 and 10; Zhang et al., Dive into Deep Learning, section 5.6 (inverted)

    Examples:
        explain dropout --X "1,2;3,4" --mask "1,0;1,1" --p 0.5
        explain dropout --X "1,2;3,4" --mask "1,0;1,1" --p 0.25 --dY "1,1;2,-1"
        explain dropout --X 1,2,3 --p 0.5 --mode test --inverted no

    Raises:
        InputError: a probability outside 0 to below 1, a mask that is missing, of another shape than X or not of 0 and
            1, a mask at test time, a gradient of another shape.
    """
    training, scaled_now = mode == "train", inverted == "yes"
    entries = _rows(X)
    _refuse(entries, p, mask, training)
    form = "inverted" if scaled_now else "not inverted"
    sheet = Worksheet(f"Dropout {'in training' if training else 'at test time'}, {form}", dropout.source)
    x = sheet.given("X", entries, "what dropout is applied to", option="X")
    rate = sheet.given("p", p, "probability of dropping an entry", option="p")
    kept = _given_mask(sheet, entries, mask) if training else None
    upstream = _upstream(sheet, dY, entries)
    _conventions(sheet, scaled_now, rate)

    sheet.part("Forward pass" if upstream else "")
    y = _tested(sheet, x, rate, scaled_now) if kept is None else _trained(sheet, x, kept, rate, scaled_now)
    results = [y]
    over_all_masks(sheet, x, y, None if kept is None else kept.name, scaled_now)
    if upstream is not None:
        if kept is not None:
            sheet.convention("the gradient goes back through the same mask: an entry that was dropped gets 0")
        sheet.part("Backward pass")
        sheet.backward(y, [x], seed=upstream, jacobians=False)
        reached = Sum(y * upstream)
        finite_difference(sheet, reached, [x], reached)
        results.append(sheet.last("dL/dX"))
    return sheet.answer(*results)


def _rows(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def _refuse(X: Values, p: Scalar, mask: Matrix | None, training: bool) -> None:
    """What cannot be worked."""
    if not 0 <= p.exact(()) < 1:
        raise InputError(
            f"{{p}} is {p.text(())}: the probability of dropping lies from 0 to below 1 (with 1 nothing would be left)"
        )
    if mask is None:
        if training and p.exact(()) > 0:
            example = ";".join(",".join("1" for _ in range(int(X.shape[1]))) for _ in range(int(X.shape[0])))
            told = f", such as {example} with 0 where one is dropped" if count(X.shape) <= 16 else ""
            raise InputError(
                f"{{mask}} is missing: in training it says which entries of {{X}} are kept, since nothing here is "
                f"random; give 0 and 1 in the shape {write(X.shape)}{told}, or {{mode}} test"
            )
        return
    if not training:
        raise InputError("{mask} is given, but {mode} is test: nothing is dropped at test time; leave it out")
    given = _rows(mask)
    if given.shape != X.shape:
        raise InputError(f"{{mask}} is {write(given.shape)}, but {{X}} is {write(X.shape)}: every entry needs a 0 or 1")
    _refuse_entries(given, p)


def _refuse_entries(mask: Values, p: Scalar) -> None:
    """A mask holds 0 and 1; with p = 0 nothing is dropped."""
    numbers = mask.array
    for wrong, told in (
        ((numbers != 0) & (numbers != 1), "a mask holds 1 (kept) and 0 (dropped) only"),
        ((numbers == 0) & (p.exact(()) == 0), "but {p} is 0: nothing is dropped; make it 1, or give a larger {p}"),
    ):
        if wrong.any():
            row, column = (int(place[0]) for place in wrong.nonzero())
            place = f"entry {column + 1}" if mask.shape[0] == 1 else f"entry ({row + 1},{column + 1})"
            joint = ", " if told.startswith("but") else ": "
            raise InputError(f"{{mask}} has {mask.text((row, column))} as {place}{joint}{told}")


def _given_mask(sheet: Worksheet, X: Values, mask: Matrix | None) -> Symbol:
    """The mask; with p = 0 it is all ones where none is given."""
    if mask is None:
        sheet.convention("no mask is given: with a probability of 0 nothing is dropped, and the mask is all ones")
    given = Values(X.shape, ["1"] * count(X.shape)) if mask is None else _rows(mask)
    return sheet.given("M", given, "mask: 1 keeps an entry, 0 drops it", option="mask")


def _upstream(sheet: Worksheet, dY: Matrix | None, X: Values) -> Symbol | None:
    if dY is None:
        return None
    given = _rows(dY)
    if given.shape != X.shape:
        raise InputError(f"{{dY}} is {write(given.shape)}, but Y is {write(X.shape)}: it needs the shape of {{X}}")
    return sheet.given("dL/dY", given, "gradient of the loss L, arriving from above", option="dY")


def _conventions(sheet: Worksheet, scaled_now: bool, rate: Symbol) -> None:
    sheet.convention(
        "{p} is the probability of dropping, as in PyTorch and Keras; in Srivastava et al. 2014 p is the probability "
        "of keeping",
        p=rate,
    )
    if scaled_now:
        sheet.convention(
            "inverted dropout (default, as in PyTorch and Keras): divided by {q} in training, unchanged at test time",
            q=1 - rate,
        )
    else:
        sheet.convention(
            "not inverted (Srivastava et al. 2014): not scaled in training, multiplied by {q} at test time", q=1 - rate
        )


def _keeping(sheet: Worksheet, rate: Symbol) -> Symbol:
    return sheet.define(
        "q",
        1 - rate,
        "Probability of keeping",
        say("an entry is dropped with the probability {p}, and kept otherwise", p=rate),
    )


def _tested(sheet: Worksheet, x: Symbol, rate: Symbol, scaled_now: bool) -> Symbol:
    """Test time: nothing is dropped."""
    if scaled_now:
        why = say(
            "nothing is dropped at test time, and the division by {q} in training has seen to it that {x} is what the "
            "next layer got on average: nothing is left to do",
            x=x, q=1 - rate,
        )  # fmt: skip
        return sheet.define("Y", x, "Output at test time", why)
    share = _keeping(sheet, rate)
    why = say(
        "nothing is dropped at test time, so more comes through than in training, where an entry was there with the "
        "probability {q} only; multiplied by {q} it is what the next layer got on average",
        q=share,
    )
    return sheet.define("Y", times(share, x), "Output at test time", why)


def _trained(sheet: Worksheet, x: Symbol, kept: Symbol, rate: Symbol, scaled_now: bool) -> Symbol:
    """Training: the mask, scaled or not, is multiplied entry by entry."""
    share = _keeping(sheet, rate)
    fraction_kept(sheet, kept, share)
    if not scaled_now:
        mean_factor(
            sheet,
            Times(share, Number(1, "1")),
            rate,
            kept,
            "1",
            "at test time {X} is multiplied by this mean, so that the next layer gets the same on average",
            x,
        )
        why = say("each entry of {X} times its 0 or 1 in {M}: dropped, or passed as it is", X=x, M=kept)
        return sheet.define("Y", x * kept, "Output", why)
    scaled = sheet.define(
        "K",
        kept / share,
        "Scaled mask",
        say("divided by {q}: what is kept is made larger, to make up for what is dropped", q=share),
    )
    told = "so the mean of {X} times {K} over all masks is {X} itself: this is why it is divided by {q}"
    mean_factor(sheet, share * (1 / share), rate, scaled, "1/q", told, x)
    why = say(
        "each entry of {X} times its factor in {K}: dropped, or made 1/{q} times as large", X=x, K=scaled, q=share
    )
    return sheet.define("Y", x * scaled, "Output", why)
