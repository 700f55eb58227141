"""How many examples are classified right: it stands beside a loss, and is no function that can be descended.

Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 5.1.2 (accuracy and error rate).
"""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.argmax import ArgMax, tied
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Indicator
from explain.engine.nodes.linear import Sum
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet

TOLD = 4  # examples that are told one by one


def class_told(names: Sequence[str] | None, at: int) -> str:
    """What a sentence calls a class: its name, or `class 2`, counted from 0."""
    return names[at] if names is not None else f"class {at}"


def by_argmax(sheet: Worksheet, P: Symbol, y: Symbol, n: Symbol, names: Sequence[str] | None) -> Symbol:
    """The most probable class of each row, and how often it is the right one."""
    why = say("the class of the largest entry of each row of {P}, counted from 0", P=P)
    predicted = sheet.define("yhat", ArgMax(P), "Predicted classes", why, note=_ties(sheet, P, names))
    return rates(sheet, predicted, y, n, names)


def rates(
    sheet: Worksheet,
    predicted: Symbol,
    y: Symbol,
    n: Node,
    names: Sequence[str] | None = None,
    what: str = "example",
) -> Symbol:
    """Accuracy and error rate from predicted and true classes."""
    import numpy as np

    why = say("1 where {p} is the true class {y}, else 0", p=predicted, y=y)
    right = sheet.define(
        "c", Indicator(predicted, y, "="), "Right or wrong", why, note=_wrong(sheet, predicted, y, names)
    )
    count = int(np.sum(sheet.values["c"]))
    size = int(sheet.values["c"].size)
    accuracy = sheet.define(
        "accuracy", Sum(right) / n, "Accuracy", say(f"share of the {size} {what}s that {{c}} counts as right", c=right)
    )
    told = say(
        "what is left of 1: the share classified wrong; it counts only which side a prediction falls on, while the "
        "loss also reads how sure it was, so two models with one error rate can differ in their loss"
    )
    error = sheet.define("error", Number(1, "1") - accuracy, "Error rate", told)
    wrong = size - count
    sheet.check(
        abs(float(sheet.values["error"]) - wrong / size) < 1e-12,
        [error],
        say(f"counted one by one: {wrong} of {size} wrong"),
    )
    return error


def _ties(sheet: Worksheet, P: Symbol, names: Sequence[str] | None) -> Prose:
    """Rows in which several classes are the most probable."""
    equal = [(row, marks.nonzero()[0]) for row, marks in enumerate(tied(sheet.values[P.name])) if marks.sum() > 1]
    if not equal:
        return ()
    listed = [
        f"row {row + 1}: " + ", ".join(class_told(names, int(at)) for at in places[:TOLD])
        for row, places in equal[:TOLD]
    ]
    more = "; …" if len(equal) > TOLD else ""
    return say("tied, and the first is taken, as in PyTorch and NumPy: " + "; ".join(listed) + more)


def _wrong(sheet: Worksheet, predicted: Symbol, y: Symbol, names: Sequence[str] | None) -> Prose:
    """Which are wrong, and what was said in place of what."""
    import numpy as np

    said, true = sheet.values[predicted.name], sheet.values[y.name]
    found = np.argwhere(said != true)
    if not len(found):
        return say("every prediction is right")
    wide = said.shape[1] > 1
    listed = []
    for row, column in found[:TOLD]:
        both = [class_told(names, int(array[row, column])) for array in (said, true)]
        place = f"row {row + 1}" + (f", column {column + 1}" if wide else "")
        listed.append(f"{place} ({both[0]} in place of {both[1]})")
    return say("wrong: " + ", ".join(listed) + (", …" if len(found) > TOLD else ""))
