"""How the losses of the examples become one number: the sum, the mean, the half of either.

Sources: PyTorch documentation, torch.nn.MSELoss (reduction: the mean is over all entries); Goodfellow, Bengio and
Courville 2016, Deep Learning, section 5.1.4, eq. 5.4 (mean over the examples); Bishop 2006, Pattern Recognition and
Machine Learning, eq. 1.2 (half the sum).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.notation import Notation
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.topics._regression.pairs import Pair

REDUCTIONS: Mapping[str, Callable[[Node, Node], Node]] = {
    "mean": lambda total, count: total / count,
    "sum": lambda total, _: total,
    "half": lambda total, _: total / 2,
    "half-mean": lambda total, count: total / (2 * count),
}
WHY = {
    "mean": "{e} is added up and divided by {n}, so that more numbers do not make a larger loss",
    "sum": "{e} is added up; nothing is divided, so the loss grows with the number of its terms",
    "half": "{e} is added up and halved: the half takes away the 2 of the derivative of a square",
    "half-mean": "{e} is added up and divided by 2 and by {n}: a mean, and the half takes away the 2 of the derivative",
}


WHY_ONE = {
    "mean": "there is one entry only: the mean of {e} is {e} itself",
    "sum": "there is one entry only: nothing is added to {e}",
    "half": "{e} is halved: the half takes away the 2 of the derivative of a square",
    "half-mean": "there is one entry only; the half takes away the 2 of the derivative of a square",
}


def reduced(e: Symbol, reduction: str, count: Symbol | None) -> Node:
    """One number from the losses of the examples or entries."""
    return REDUCTIONS[reduction](Sum(e), count if count is not None else Number(1, "1"))


def why(e: Symbol, reduction: str, count: Symbol | None) -> Prose:
    """What the reduction does."""
    alone = all(size == 1 for size in e.shape)
    return say((WHY_ONE if alone else WHY)[reduction], e=e, n=count if count is not None else "")


def others(sheet: Worksheet, e: Symbol, pair: Pair, taken: str, over: str, offered: Sequence[str]) -> Prose:
    """What the reductions that were not taken would give, in one line; each is worked from its own expression.

    Args:
        taken, over: the reduction of the answer, and what a mean divides by, `entries` or `examples`.
        offered: those that the topic knows; with `half-mean` among them, means over the examples too.
    """
    found: dict[str, list[str]] = {}
    shares = {"entries": pair.entries, "examples": pair.examples}
    if pair.outputs == 1 or "half-mean" not in offered:
        shares = {over: shares[over]}
    if pair.entries == 1:  # a mean of one number is that number
        offered = [name for name in offered if name == ("half" if taken in ("mean", "sum") else "sum")]
    for name in offered:
        for which, number in shares.items():
            if name == taken and (which == over or "mean" not in name):
                continue
            value = evaluate(REDUCTIONS[name](Sum(e), Number(number, str(number))), sheet.values)
            told = NAMED[name].format(amount(number, EACH[which])) if "mean" in name else NAMED[name]
            if told not in found.setdefault(tidy(float(value)), []):
                found[tidy(float(value))].append(told)
    if not found:
        return ()
    values = ", ".join(f"{' and '.join(names)} {value}" for value, names in found.items())
    return say(f"with another reduction: {values}")


EACH = {"entries": "entry", "examples": "example"}
NAMED = {
    "mean": "mean over {}",
    "sum": "sum",
    "half": "half the sum",
    "half-mean": "half the mean over {}",
}


def stated(sheet: Worksheet, e: Symbol, expression: Node, told: str) -> None:
    """The loss with its formula as a convention."""
    parts: dict[str, Notation] = {"L": Symbol("L").word, "f": expression.write(SYMBOLIC), "e": e.word}
    sheet.convention("{L} = {f}" + f": {told}", **parts)


def share(sheet: Worksheet, L: Symbol, e: Symbol) -> None:
    """Say of ∂L/∂e what it is: the share with which every entry counts in the loss."""
    step = next(step for step in sheet.steps if step.name == f"d{L.name}/d{e.name}")
    step.title = say("Share of {e} in {L}", e=e, L=L)
    alone = all(size == 1 for size in e.shape)
    told = (
        "{e} counts in {L} with the factor that stands before it"
        if alone
        else ("every entry of {e} is a term of {L} and counts with the factor that stands before it")
    )
    step.why = say(told, e=e, L=L)
