"""How many updates a training takes."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.sizes import CeilingQuotient, FloorQuotient
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Count
from explain.topics._counting import Asked, introduced, number_of


@topic
def updates(
    samples: Annotated[Count, "number of samples in the training set"],
    batch_size: Annotated[Count, "samples in a batch"],
    epochs: Annotated[Count, "passes over the training set"] = Count(1),  # noqa: B008 - never changed
    last: Annotated[Literal["keep", "drop"], "what becomes of a last batch that is not full (drop_last)"] = "keep",
    accumulate: Annotated[Count, "batches whose gradients are added up for one update"] = Count(1),  # noqa: B008
) -> Answer:
    """Updates of a training: from samples, batch size and epochs to steps.

    One update for every batch; a last batch that is not full counts as one, unless it is dropped. With accumulated
    gradients several batches make one update, and what is left at the end of an epoch makes one more.

    Field: Counting

    Source: Goodfellow et al. 2016, Deep Learning, section 8.1.3; PyTorch documentation, torch.utils.data.DataLoader
    (drop_last); Keras documentation, Model.fit (steps_per_epoch)

    Examples:
        explain updates --samples 50000 --batch-size 128 --epochs 10
        explain updates --samples N --batch-size B --epochs E

    Raises:
        InputError: no batch is full, and the last one is dropped.
    """
    if last == "drop" and samples.number and batch_size.number and batch_size.number > samples.number:
        raise InputError(
            f"{{batch_size}} is {batch_size.number}, but there are {samples.number} {{samples}}: no batch is full, and "
            "{last} drop leaves none; take a smaller batch or {last} keep"
        )
    sheet = Worksheet("Number of updates in training", updates.source)
    asked = [
        Asked("samples", samples, "N", "samples in the training set"),
        Asked("batch_size", batch_size, "B", "samples in a batch"),
        Asked("epochs", epochs, "E", "epochs: passes over the training set"),
    ]
    if accumulate.number != 1:
        asked.append(Asked("accumulate", accumulate, "a", "batches whose gradients are added up for one update"))
    n, b, e, *more = introduced(sheet, asked)
    sheet.convention(
        "a last batch that is not full is kept (PyTorch and Keras by default)"
        if last == "keep"
        else "a last batch that is not full is dropped (drop_last=True)"
    )
    batches = sheet.define(
        "S",
        CeilingQuotient(n, b) if last == "keep" else FloorQuotient(n, b),
        "Batches in an epoch",
        say("{n} samples in batches of {b}, rounded up (⌈ ⌉): the rest is a batch too", n=n, b=b)
        if last == "keep"
        else say("{n} samples in batches of {b}, rounded down (⌊ ⌋): the rest is dropped", n=n, b=b),
        closed=factored,
    )
    steps: Symbol = batches
    if more:
        steps = sheet.define(
            "S_update",
            CeilingQuotient(batches, more[0]),
            "Updates in an epoch",
            say("one for every {a} batches, rounded up: what is left at the end makes one more", a=more[0]),
            closed=factored,
        )
    total = sheet.define(
        "U",
        e * steps,
        "Updates",
        "every epoch has as many" if more else "one update for every batch of every epoch",
        closed=factored,
    )
    _told_rest(sheet, n, b, batches, last)
    if more:
        carried = FloorQuotient(e * batches, more[0])
        known = batches.name in sheet.values and e.name in sheet.values and more[0].name in sheet.values
        sheet.convention(
            "what is left at the end of an epoch makes an update of its own; carried over into the next epoch, as "
            "Keras' gradient_accumulation_steps does, there would be {c}"
            + (f" = {number_of(sheet, carried)}" if known else ""),
            c=carried,
        )
    _counted(sheet, batches, total, accumulate.number or 1)
    return sheet.answer(batches, *([steps] if more else []), total)


def _told_rest(sheet: Worksheet, n: Node, b: Node, batches: Symbol, last: str) -> None:
    """How large the last batch is."""
    if batches.name not in sheet.values:
        return
    samples, size = (int(sheet.values[symbol.name].item()) for symbol in (n, b) if isinstance(symbol, Symbol))
    rest = samples % size
    if rest and last == "keep":
        sheet.convention(f"the last batch of an epoch has {rest} of {size} samples")
    elif rest:
        sheet.convention(f"{amount(rest, 'sample')} left out in every epoch")


def _counted(sheet: Worksheet, batches: Symbol, total: Symbol, every: int) -> None:
    """A second route: the samples dealt out batch by batch; with symbols, the bounds of the quotient."""
    import sympy

    known = {name: int(value.item()) for name, value in sheet.values.items()}
    if total.name not in known:
        n, b = sympy.symbols("n b", positive=True, integer=True)
        tried = [(int(samples), int(size)) for samples in range(1, 40) for size in range(1, 12)]
        ceiling = sheet.steps[0].expression.__class__ is CeilingQuotient
        rounding = sympy.ceiling if ceiling else sympy.floor
        formula = rounding(n / b)
        good = all(
            int(formula.subs({n: samples, b: size})) == len(range(0, samples if ceiling else samples - size + 1, size))
            for samples, size in tried
        )
        sheet.check(
            good, [batches], say("samples dealt out batch by batch: counted for 1 to 39 samples and batches of 1 to 11")
        )
        return
    dealt = known[sheet.steps[0].name]
    samples, size, epochs = (int(item.values.array.item()) for item in sheet.given_items[:3] if item.values is not None)
    full, rest = divmod(samples, size)
    keeps = isinstance(sheet.steps[0].expression, CeilingQuotient)
    told = f"{amount(full, 'full batch')} of {size}, {amount(rest, 'sample')} left: {amount(dealt, 'batch')} an epoch"
    again = full + bool(rest and keeps)
    each = again // every + bool(again % every)
    sheet.check(again == dealt and epochs * each == known[total.name], [total], say(told))
