"""Next-token loss from logits: the logarithms without dividing first, and the gradient at the logits.

Source: Goodfellow, Bengio and Courville 2016, Deep Learning, eq. 6.30, and section 4.1 for
the form that does not overflow.
"""

from __future__ import annotations

from explain.engine.checks import finite_difference
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Extreme
from explain.engine.nodes.onehot import OneHot
from explain.engine.nodes.picked import LogSoftmaxPicked
from explain.engine.notation import product
from explain.engine.prose import say
from explain.engine.pullback import pull
from explain.engine.values import constant
from explain.engine.worksheet import Worksheet
from explain.topics._language.targets import Text
from explain.topics._tokens.output_words import error_reason


def given_mask(sheet: Worksheet, text: Text) -> Symbol | None:
    """A column that says which positions count; None where all do."""
    if not text.padding:
        return None
    counted = {row for row, _ in text.places}
    marks = constant([["1" if row in counted else "0"] for row in range(text.rows)])
    return sheet.given("c", marks, "1 where a position counts, 0 where it is padding")


def logarithms(sheet: Worksheet, Z: Symbol, P: Symbol, p: Symbol, y: Symbol, c: Symbol | None, text: Text) -> Symbol:
    """The logarithm of the probability of each right token, from the scores."""
    largest = "taken off each score next; e^m is then a common factor of {p}'s numerator and denominator, and cancels"
    m = sheet.define("m", Extreme(Z, 1), "Largest score of each row", say(largest, p=p))
    node = LogSoftmaxPicked([Z, m, y], text.places, P, Symbol("Y", Z.shape), c)
    why = say(
        "the logarithm of {p} from the scores, without dividing first: log of a quotient is the logarithm of the top, "
        "the right token's score, minus that of the sum; with {m} taken off no power overflows, and a probability too "
        "small for floating point still has its logarithm", p=p, m=m,
    )  # fmt: skip
    return sheet.define("l", node, "Logarithms, in the form that does not overflow", why, rows=text.names)


def gradient(
    sheet: Worksheet, loss: Symbol, logs: Symbol, Z: Symbol, P: Symbol, y: Symbol, padding: int | None
) -> Symbol:
    """What arrives at the logits when the loss is pulled back through its steps.

    Args:
        padding: the id that marks it, where it is one of the vocabulary.
    """
    import numpy as np

    Y = sheet.define(
        "Y", OneHot(y, int(Z.shape[1]), padding), "One-hot targets",
        say("{y} as a table of the shape of {P}: in each row 1 for the right token and 0 for every other", y=y, P=P)
        + say("; a row of padding has no 1" if "c" in sheet.values else ""),
    )  # fmt: skip
    name = f"d{loss.name}/dZ"
    n = Symbol("n") if loss.name == "L_mean" else None
    other, told = ("sum", "n times these numbers") if n is not None else ("mean", "these numbers divided by n")
    found = sheet.define(
        name,
        _arriving(sheet, loss, logs, Z),
        say("Gradient at {Z}", Z=Z),
        say("chain rule through {l}, ", l=logs) + error_reason(P, Y)
        + (say("; {L} shares it among {n}", L=loss, n=n) if n is not None else ())
        + say("; {c} leaves out what is padding" if "c" in sheet.values else "", c=Symbol("c")),
        chain=product([word(f"d{loss.name}/dl"), word("dl/dZ")]),
        note=say(f"the gradient of the {other}, {{L}}, is {told}", L=word(f"L_{other}")),
    )  # fmt: skip
    _slope_again(sheet, loss, Z, found)
    off = float(np.abs(sheet.values[name].sum(axis=1)).max())
    text = say("every row of {g} sums to 0: the same number added to all scores of a row changes nothing", g=found)
    sheet.check(off < 1e-12, [found], text)
    return found


def _arriving(sheet: Worksheet, loss: Symbol, logs: Symbol, Z: Symbol) -> Node:
    """The loss pulled back to the scores, step by step."""
    arriving: Node = Number(1, "1")
    route = [loss, *([sheet.last("L_sum")] if loss.name == "L_mean" else []), logs]
    for here, before in zip(route, [*route[1:], Z], strict=True):
        definition = sheet.definition(here.name)
        assert definition is not None
        arriving = pull(definition, arriving, here, {before.name})[before.name]
    return arriving


def _slope_again(sheet: Worksheet, loss: Symbol, Z: Symbol, gradient: Symbol) -> None:
    """A finite difference of the loss; what is taken off the scores stays, since the loss does not depend on it."""
    other = Worksheet(sheet.title, sheet.source)
    other.values = {name: sheet.values[name] for name in ("Z", "y", "n", "m")}
    for name in ("l", "L_sum", "L_mean"):
        definition = sheet.definition(name)
        assert definition is not None
        other.define(name, definition, "", "")
    other.values[gradient.name] = sheet.values[gradient.name]
    finite_difference(other, loss, [Z], loss, top=loss.name)
    sheet.checks += other.checks
