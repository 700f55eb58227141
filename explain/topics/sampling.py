"""How the next token is chosen from one distribution: greedy, temperature, top-k, top-p, and a draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.names import word
from explain.engine.nodes.argmax import ArgMax, tied
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.draws import SLACK, CountUpTo, Cumulative, Entropy, Ordered
from explain.engine.nodes.functions import Softmax
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count, Matrix, Scalar, as_column
from explain.tokens import Tokens
from explain.topics._language.filters import CLOSE, heated, most_probable, nucleus, told
from explain.topics._language.stages import Stage, check_infinite, interval, stage_table
from explain.topics._language.tables import checked_rows, token_told, vocabulary_names

MOST_TOKENS = 10**9
ROUNDED = 0.006  # that rounded probabilities may be off by
SAID = {
    "v_k v_p": "keep writes 0 in place of what is not kept",
    "c F": "cumsum adds up from the left: each entry is the sum of all up to it",
    "x": "count tells how many entries fulfil the condition",
}  # what the signs mean that stand in these steps


@topic
def sampling(
    logits: Annotated[Matrix | None, "scores before softmax, one a token: 2,1,0.5"] = None,
    p: Annotated[Matrix | None, "probabilities in place of logits: 0.5,0.3,0.2"] = None,
    temperature: Annotated[Scalar | None, "divides the logits: below 1 sharper, above 1 flatter"] = None,
    top_k: Annotated[Count | None, "keep the k most probable tokens"] = None,
    top_p: Annotated[Scalar | None, "keep the smallest set whose probabilities reach this sum (nucleus)"] = None,
    u: Annotated[Scalar | None, "a uniform random number, 0 up to 1, that draws the token: 0.37"] = None,
    vocabulary: Annotated[Tokens | None, "names of the tokens, in order"] = None,
) -> Answer:
    """Choosing the next token: greedy, temperature, top-k, top-p.

    From logits or probabilities over a small vocabulary: the greedy choice, then temperature, top-k and top-p in this
    order, each renormalised, the entropy before and after, and with a number u the token that it draws by the
    cumulative sums. Tokens are counted from 0. Shapes: everything is a row (1×V), V tokens.

    Field: Language models

    Source: Holtzman et al. 2020, The Curious Case of Neural Text Degeneration, section 3.1 (top-p); Fan, Lewis and
    Dauphin 2018, Hierarchical Neural Story Generation (top-k); order and ties: the logits processors of Hugging Face
    transformers

    Examples:
        explain sampling --logits 2,1,0.5
        explain sampling --logits 2,1,0.5,-1 --temperature 0.7 --top-k 3 --top-p 0.9 --u 0.37
        explain sampling --p 0.5,0.3,0.15,0.05 --top-p 0.8 --u 0.7 --vocabulary cat,dog,fish,cow

    Raises:
        InputError: neither logits nor probabilities, probabilities that do not sum to 1, a temperature that is not
            positive, a top-p outside 0 to 1, a u that is not from 0 up to 1, names that do not match.
    """
    sheet = Worksheet("Choosing the next token", sampling.source)
    start, names = _start(sheet, logits, p, vocabulary)
    T = _temperature(sheet, temperature)
    k = _top_k(sheet, top_k)
    goal = _between(sheet, "top_p", top_p, "top-p: the sum that the kept probabilities reach")
    draw = _between(sheet, "u", u, "random number, uniform from 0 up to 1")
    _conventions(sheet, (k is not None) + (goal is not None))

    stages = _model(sheet, start)
    if T is not None:
        sheet.part("Temperature")
        stages.append(heated(sheet, start, T))
    if k is not None:
        sheet.part("Top-k")
        stages.append(most_probable(sheet, stages[-1].symbol, k, names))
    if goal is not None:
        sheet.part("Top-p")
        stages.append(nucleus(sheet, stages[-1].symbol, goal, names))
    sheet.part("Choice")
    results = _choice(sheet, stages, draw, names)
    check_infinite(sheet, start, T, stages)
    stage_table(sheet, stages, names)
    steps = {step.name for step in sheet.steps}
    ordered = isinstance(getattr(sheet.definition("c"), "operands", [None])[0], Ordered)
    words = ["sort puts the largest entry first"] if ordered else []
    words += [text for places, text in SAID.items() if steps.intersection(places.split())]
    if words:
        sheet.convention("; ".join(words))
    return sheet.answer(*results)


def _start(
    sheet: Worksheet, logits: Matrix | None, p: Matrix | None, vocabulary: Tokens | None
) -> tuple[Symbol, Sequence[str] | None]:
    """The logits or the probabilities as a row, and the names of the tokens."""
    if (logits is None) == (p is None):
        if p is not None:
            raise InputError("{logits} and {p} are both given: probabilities follow from logits; leave one of them out")
        raise InputError("{logits} or {p} is missing: give one number a token, such as {logits} 2,1,0.5")
    option = "logits" if p is None else "p"
    given = logits if p is None else p
    assert given is not None
    row = as_column(option, given)
    row = row.reshape((1, len(row)))
    if len(row) < 2:
        raise InputError(f"{{{option}}} has one number: with one token there is nothing to choose; give two or more")
    names = vocabulary_names("vocabulary", vocabulary, len(row), f"{{{option}}}", "number")
    if p is None:
        return sheet.given("z", row, "logits (scores before softmax), one a token", option=option, columns=names), names
    if not checked_rows("p", row):
        sheet.convention("the probabilities are rounded: they sum to a little less or more than 1")
    return sheet.given("p", row, "probabilities of the model, one a token", option=option, columns=names), names


def _temperature(sheet: Worksheet, temperature: Scalar | None) -> Symbol | None:
    if temperature is None:
        return None
    if temperature.exact(()) <= 0:
        told = f"{{temperature}} is {temperature.text(())}: it divides the logits, so it must be positive"
        raise InputError(f"{told}; temperature 0 means the greedy choice, which every page shows")
    return sheet.given("T", temperature, "temperature, which divides the logits", option="temperature")


def _top_k(sheet: Worksheet, top_k: Count | None) -> Symbol | None:
    if top_k is None:
        return None
    if top_k.values is None or top_k.number is None or top_k.number > MOST_TOKENS:
        raise InputError(
            f"{{top_k}} is {top_k.name or top_k.number}: give a whole number of tokens such as 3, at most 10^9"
        )
    return sheet.given("k", top_k.values, "top-k: how many tokens are kept", option="top_k")


def _between(sheet: Worksheet, name: str, number: Scalar | None, meaning: str) -> Symbol | None:
    """A number between 0 and 1: a sum of probabilities is above 0, a uniform number below 1."""
    if number is None:
        return None
    value, closed = number.exact(()), name == "top_p"
    if not (0 < value <= 1 if closed else 0 <= value < 1):
        rule = "above 0 and at most 1" if closed else "from 0 up to, but not, 1"
        raise InputError(f"{{{name}}} is {number.text(())}: it must be a number {rule}")
    return sheet.given(name, number, meaning, option=name, written=Word("top-p", r"\text{top-p}") if closed else None)


def _conventions(sheet: Worksheet, filters: int) -> None:
    """The order, where there is anything to be ordered; how tokens are counted."""
    if filters:
        sheet.convention(
            "order as in Hugging Face transformers: temperature, then top-k, then top-p, each renormalised, that is, "
            "divided by the sum of what is kept" + ("; top-p looks at what top-k has left" if filters == 2 else "")
        )
    sheet.convention(
        "ids are counted from 0, as in PyTorch and Keras: id k is column k + 1 of {p}; argmax tells the id of "
        "the largest entry",
        p=word("p"),
    )
    sheet.convention("log is the natural logarithm, so entropies are in nats")


def _model(sheet: Worksheet, start: Symbol) -> list[Stage]:
    """The distribution of the model at temperature 1."""
    if start.name == "p":
        return [Stage(start, "model")]
    sheet.part("Distribution of the model")
    why = "softmax: e to the power of each logit over the sum of these powers, so that they are positive and sum to 1"
    return [Stage(sheet.define("p", Softmax(start, 1), "Probabilities", why), "model")]


def _choice(
    sheet: Worksheet, stages: Sequence[Stage], draw: Symbol | None, names: Sequence[str] | None
) -> list[Symbol]:
    """Entropies, the greedy choice, and the token that u draws."""
    import numpy as np

    first, last = stages[0].symbol, stages[-1].symbol
    _entropies(sheet, first, last)
    value = sheet.values[last.name]
    ties = [int(at) for at in np.flatnonzero(tied(value))]
    best = ties[0]
    why = "the id of the largest probability in {q} (greedy decoding)"
    why += "; temperature, top-k and top-p leave the same token the largest" if last is not first else ""
    if len(ties) > 1:
        why += f"; {told(ties, names)} are equal: of a tie the first is taken, as in PyTorch and NumPy"
    chosen = say(f"chosen: {token_told(names, best)}")
    greedy = sheet.define("g", ArgMax(last, single=True), "Greedy choice", say(why, q=last), note=chosen)
    off = abs(float(value.sum()) - 1)
    sheet.check(off < ROUNDED, [last], say("the probabilities {p} sum to 1", p=last))
    if draw is None:
        return [*([last] if last.name in {step.name for step in sheet.steps} else []), greedy]
    return [*([last] if len(stages) > 1 else []), greedy, _drawn(sheet, last, draw, names)]


def _entropies(sheet: Worksheet, first: Symbol, last: Symbol) -> None:
    """How uncertain the choice is, before and after."""
    import numpy as np

    size = int(first.shape[1])
    places = [[int(at) for at in np.flatnonzero(sheet.values[p.name])] for p in (first, last)]
    why = f"the mean of -log of the probability: 0 for one certain token, log {size} ≈ {tidy(math.log(size))} for "
    H = sheet.define("H", Entropy(first, places[0]), "Entropy of the model", f"{why}{size} equally probable tokens")
    if last is first:
        return
    left = len(places[1])
    gap = float(sheet.values["H"]) - float(Entropy(last, places[1]).evaluate([sheet.values[last.name]]))
    effect = (
        "more certain than {H} says" if gap > CLOSE else "less certain than {H} says" if gap < -CLOSE else "as before"
    )
    same = say(f"the same for {{q}}: of {size} tokens {left} can still be drawn; the choice is {effect}", q=last, H=H)
    sheet.define("H_new", Entropy(last, places[1]), "Entropy of what is drawn from", same)


def _drawn(sheet: Worksheet, p: Symbol, u: Symbol, names: Sequence[str] | None) -> Symbol:
    """The token in whose interval u lies: inverse transform sampling."""
    why = say(
        "in the order of the vocabulary: each token owns the interval from the sum before it up to its own, which is "
        "as long as its probability in {p}", p=p,
    )  # fmt: skip
    F = sheet.define("F", Cumulative(p), "Cumulative sums of the vocabulary", why)
    sums, value = sheet.values["F"][0], float(sheet.values["u"])
    at = int((sums <= value * (1 + SLACK)).sum())
    if at == len(sums):
        raise InputError(
            f"{{u}} is {tidy(value, 12)}, but the probabilities sum to {tidy(float(sums[-1]), 12)}: give a {{u}} "
            "further below their sum"
        )
    name = token_told(names, at)
    low = float(sums[at - 1]) if at else 0.0
    x = sheet.define(
        "x",
        CountUpTo(F, u),
        "Token that u draws",
        say("the sums that are at most {u} belong to the tokens before the one in whose interval {u} lies, so their "
            "number is its id", u=u),
        note=say(f"drawn: {name}, because {tidy(low)} ≤ {{u}} < {tidy(float(sums[at]))}", u=u),
    )  # fmt: skip
    interval(sheet, F, value, names)
    inside = low <= value + CLOSE and value < float(sums[at]) + CLOSE
    length = tidy(float(sheet.values[p.name][0, at]))
    text = f"{{u}} lies in the interval of {name}, from {tidy(low)} up to {tidy(float(sums[at]))}: {length} long"
    sheet.check(inside, [x], say(text, u=u))
    return x
