"""How the next token is chosen from one distribution: greedy, temperature, top-k, top-p, and a draw."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.draws import SLACK, ArgMax, CountUpTo, Cumulative, Entropy, Kept, Ordered, first_largest
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import Power
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count, Matrix, Scalar, as_column
from explain.tokens import Tokens
from explain.topics._language.stages import Stage, check_infinite, interval, stage_table
from explain.topics._language.tables import checked_rows, token_name, vocabulary_names

LISTED = 6  # tokens that are named one by one
MOST_TOKENS = 10**9
CLOSE = 1e-9
SMALLEST = 1e-290
ROUNDED = 0.006  # that rounded probabilities may be off by


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
    cumulative sums. Tokens are counted from 0. Shapes: everything is a column (V×1), V tokens.

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
    nucleus = _between(sheet, "top_p", top_p, "top-p: the sum that the kept probabilities reach")
    draw = _between(sheet, "u", u, "a number drawn evenly from 0 up to 1")
    _conventions(sheet, (k is not None) + (nucleus is not None))

    stages = _model(sheet, start)
    if T is not None:
        sheet.part("Temperature")
        stages.append(_heated(sheet, start, T))
    if k is not None:
        sheet.part("Top-k")
        stages.append(_largest(sheet, stages[-1].symbol, k, names))
    if nucleus is not None:
        sheet.part("Top-p")
        stages.append(_nucleus(sheet, stages[-1].symbol, nucleus, names))
    sheet.part("Choice")
    results = _choice(sheet, stages, draw, names)
    check_infinite(sheet, start, T, stages)
    stage_table(sheet, stages, names)
    return sheet.answer(*results)


def _start(
    sheet: Worksheet, logits: Matrix | None, p: Matrix | None, vocabulary: Tokens | None
) -> tuple[Symbol, Sequence[str] | None]:
    """The logits or the probabilities as a column, and the names of the tokens."""
    if (logits is None) == (p is None):
        if p is not None:
            raise InputError("{logits} and {p} are both given: probabilities follow from logits; leave one of them out")
        raise InputError("{logits} or {p} is missing: give one number a token, such as {logits} 2,1,0.5")
    option = "logits" if p is None else "p"
    given = logits if p is None else p
    assert given is not None
    column = as_column(option, given)
    if len(column) < 2:
        raise InputError(f"{{{option}}} has one number: with one token there is nothing to choose; give two or more")
    names = vocabulary_names("vocabulary", vocabulary, len(column), f"{{{option}}}", "number")
    if p is None:
        return sheet.given("z", column, "logits (scores before softmax), one a token", option=option, rows=names), names
    if not checked_rows("p", column.reshape((1, len(column)))):
        sheet.convention("the probabilities are rounded: they sum to a little less or more than 1")
    return sheet.given("p", column, "probabilities of the model, one a token", option=option, rows=names), names


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
    """The order, where there is anything to be ordered."""
    if filters:
        sheet.convention(
            "order as in Hugging Face transformers: temperature, then top-k, then top-p, each renormalised, that is, "
            "divided by the sum of what is kept" + ("; top-p looks at what top-k has left" if filters == 2 else "")
        )
    sheet.convention("tokens are counted from 0; log is the natural logarithm, entropy in nats")


def _model(sheet: Worksheet, start: Symbol) -> list[Stage]:
    """The distribution of the model at temperature 1."""
    if start.name == "p":
        return [Stage(start, "p")]
    sheet.part("Distribution of the model")
    why = "softmax: e to the power of each logit over the sum of these powers, so that they are positive and sum to 1"
    return [Stage(sheet.define("p", Softmax(start, 0), "Probabilities", why), "p")]


def _heated(sheet: Worksheet, start: Symbol, T: Symbol) -> Stage:
    """Logits divided by the temperature; of probabilities, powers of 1/T, which is the same."""
    value = float(sheet.values["T"])
    sharper = "below 1: large probabilities grow and small ones shrink"
    flatter = "above 1: the probabilities come closer to each other"
    effect = sharper if value < 1 else flatter if value > 1 else "of 1: nothing changes"
    if start.name == "z":
        scaled = sheet.define("z_T", start / T, "Logits divided by the temperature", say(f"a {{T}} {effect}", T=T))
        why = say("softmax of {z} in place of {y}", z=scaled, y=start)
        return Stage(sheet.define("p_T", Softmax(scaled, 0), "Probabilities at this temperature", why), "temperature")
    why = say(f"dividing log p by {{T}} raises p to the power of 1/{{T}}; a {{T}} {effect}", T=T)
    if float((sheet.values["p"] ** (1 / value)).max()) < SMALLEST:
        raise InputError(
            f"{{temperature}} is {tidy(value)}: every probability to the power of 1/T is too small for floating point; "
            "so cold a choice is the greedy one, leave {temperature} out"
        )
    powers = sheet.define("w", Power(start, 1 / T), "Powers of the probabilities", why)
    total = sheet.define("s_T", Sum(powers), "Sum of the powers", "what each is divided by next")
    divided = sheet.define(
        "p_T", powers / total, "Probabilities at this temperature", "renormalised: they sum to 1 again"
    )
    return Stage(divided, "temperature")


def _descending(sheet: Worksheet, p: Symbol) -> list[int]:
    """The tokens from the most to the least probable; equal ones in the order of the vocabulary."""
    values = sheet.values[p.name][:, 0].tolist()
    return sorted(range(len(values)), key=lambda at: -values[at])


def _listed(places: Sequence[int], names: Sequence[str] | None) -> str:
    """The names of a few tokens, or how many there are."""
    if len(places) > LISTED:
        return f"{len(places)} tokens"
    return ", ".join(token_name(names, at) for at in places)


def _largest(sheet: Worksheet, p: Symbol, k: Symbol, names: Sequence[str] | None) -> Stage:
    """The k most probable tokens; all that tie with the last of them stay too."""
    values, order = sheet.values[p.name][:, 0], _descending(sheet, p)
    count = min(int(sheet.values["k"]), len(order))
    least = values[order[count - 1]]
    kept = [at for at in order if values[at] >= least and values[at] > 0]
    if order != sorted(order):
        why = f"so that the first {count} can be read off: {_listed(order, names)}"
        rows = [token_name(names, at) for at in order]
        sheet.define("a", Ordered(p, order), "From the largest to the smallest", why, rows=rows)
    dropped = [at for at in order if at not in set(kept)]
    why = f"kept: {_listed(kept, names)}; " + (f"0 now: {_listed(dropped, names)}" if dropped else "nothing is dropped")
    if len(kept) > count:
        tied = [at for at in kept if values[at] == least]
        why += (
            f"; {_listed(tied, names)} tie at place {count}: all of them stay, as in transformers, "
            f"so {len(kept)} tokens are kept and not {count}"
        )
    return Stage(_renormalised(sheet, p, k, kept, ("v_k", "s_k", "p_k"), why), "top-k")


def _nucleus(sheet: Worksheet, p: Symbol, top_p: Symbol, names: Sequence[str] | None) -> Stage:
    """The smallest set whose probabilities reach top-p: from the largest on, the token that crosses it included."""
    order, goal = _descending(sheet, p), float(sheet.values["top_p"])
    called, b = [token_name(names, at) for at in order], p
    if order != sorted(order):
        why = f"so that tokens can be taken from the top: {_listed(order, names)}"
        b = sheet.define("b", Ordered(p, order), "From the largest to the smallest", why, rows=called)
    values = sheet.values[b.name][:, 0]
    sums = values.cumsum()
    count = min(int((sums < goal * (1 - SLACK)).sum()) + 1, len(order))
    reached = sheet.define(
        "c",
        Cumulative(b),
        "Cumulative sums",
        say(
            f"entry i adds the first i; {{t}} is reached with entry {count}: {called[count - 1]} crosses it and still "
            "belongs to the set", t=top_p,
        ),
        rows=called,
        entries=[(count - 1, 0)],
    )  # fmt: skip
    kept, dropped = order[:count], order[count:]
    told = f"kept: {_listed(kept, names)}; " + (
        f"0 now: {_listed(dropped, names)}" if dropped else "nothing is dropped"
    )
    if dropped and values[count] == values[count - 1]:
        told += f"; {called[count - 1]} and {called[count]} tie: the one that the vocabulary lists first is taken"
    q = _renormalised(sheet, p, top_p, kept, ("v_p", "s_p", "q"), told)
    text = say(
        f"the set is the smallest: {tidy(float(sums[count - 1]))} reaches {{t}}, and without {called[count - 1]} "
        f"it is {tidy(float(sums[count - 2])) if count > 1 else 0}", t=top_p,
    )  # fmt: skip
    before = float(sums[count - 2]) if count > 1 else 0.0
    sheet.check(before < goal <= float(sums[count - 1]) + CLOSE, [reached, q], text)
    return Stage(q, "top-p")


def _renormalised(
    sheet: Worksheet, p: Symbol, rule: Symbol, kept: Sequence[int], called: tuple[str, str, str], why: str
) -> Symbol:
    """The kept probabilities divided by their sum."""
    v = sheet.define(called[0], Kept(p, rule, kept), say("Kept by {r}", r=rule), why)
    left = 1 - float(sheet.values[v.name].sum())
    shared = f"; the other {tidy(left)} is shared out next" if left > SLACK else ""
    s = sheet.define(called[1], Sum(v), "Sum of what is kept", f"the probability that the kept tokens have{shared}")
    why = "each kept probability divided by {s}: they sum to 1 again and stand to each other as before"
    return sheet.define(called[2], v / s, "Renormalised", say(why, s=s))


def _choice(
    sheet: Worksheet, stages: Sequence[Stage], draw: Symbol | None, names: Sequence[str] | None
) -> list[Symbol]:
    """Entropies, the greedy choice, and the token that u draws."""
    import numpy as np

    first, last = stages[0].symbol, stages[-1].symbol
    _entropies(sheet, first, last)
    value = sheet.values[last.name][:, 0]
    best = first_largest(value)
    ties = [int(at) for at in np.flatnonzero(value == value[best])]
    told = f"the most probable token is {token_name(names, best)}; temperature, top-k and top-p never drop it"
    if len(ties) > 1:
        told += f"; {_listed(ties, names)} are equal: the first one in the vocabulary is taken"
    greedy = sheet.define("g", ArgMax(last), "Greedy choice", told, note=say(f"chosen: {token_name(names, best)}"))
    off = abs(float(value.sum()) - 1)
    sheet.check(off < ROUNDED, [last], say("the probabilities {p} sum to 1", p=last))
    if draw is None:
        return [*([last] if last.name in {step.name for step in sheet.steps} else []), greedy]
    return [*([last] if len(stages) > 1 else []), greedy, _drawn(sheet, last, draw, names)]


def _entropies(sheet: Worksheet, first: Symbol, last: Symbol) -> None:
    """How uncertain the choice is, before and after."""
    import numpy as np

    size = len(sheet.values[first.name])
    places = [[int(at) for at in np.flatnonzero(sheet.values[p.name][:, 0])] for p in (first, last)]
    why = f"the mean of -log of the probability: 0 for one certain token, log {size} ≈ {tidy(math.log(size))} for "
    H = sheet.define("H", Entropy(first, places[0]), "Entropy of the model", f"{why}{size} tokens that are all alike")
    if last is first:
        return
    left = len(places[1])
    gap = float(sheet.values["H"]) - float(Entropy(last, places[1]).evaluate([sheet.values[last.name]]))
    effect = (
        "more certain than {H} says" if gap > CLOSE else "less certain than {H} says" if gap < -CLOSE else "as before"
    )
    told = say(
        f"the same sum for {{q}}: of {size} tokens {left} can still be drawn; the choice is {effect}", q=last, H=H
    )
    sheet.define("H_new", Entropy(last, places[1]), "Entropy of what is drawn from", told)


def _drawn(sheet: Worksheet, p: Symbol, u: Symbol, names: Sequence[str] | None) -> Symbol:
    """The token in whose interval u lies: inverse transform sampling."""
    told = "entry i adds the first i of {p} in the order of the vocabulary: each token owns the interval from the sum "
    why = say(told + "before it up to its own, which is as long as its probability", p=p)
    F = sheet.define("F", Cumulative(p), "Cumulative sums of the vocabulary", why)
    sums, value = sheet.values["F"][:, 0], float(sheet.values["u"])
    at = int((sums <= value * (1 + SLACK)).sum())
    if at == len(sums):
        raise InputError(
            f"{{u}} is {tidy(value, 12)}, but the probabilities sum to {tidy(float(sums[-1]), 12)}: give a {{u}} "
            "further below their sum"
        )
    name = token_name(names, at)
    low = float(sums[at - 1]) if at else 0.0
    x = sheet.define(
        "x",
        CountUpTo(F, u),
        "Token that u draws",
        say(f"as many sums are at most {{u}} as tokens lie before the one drawn, which is {name}", u=u),
        note=say(f"drawn: {name}, because {tidy(low)} ≤ {{u}} < {tidy(float(sums[at]))}", u=u),
    )
    interval(sheet, F, value, names)
    inside = low <= value + CLOSE and value < float(sums[at]) + CLOSE
    length = tidy(float(sheet.values[p.name][at, 0]))
    told = (
        f"{{u}} lies in the interval of {name}, from {tidy(low)} up to {tidy(float(sums[at]))}, which is {length} long"
    )
    sheet.check(inside, [x], say(told, u=u))
    return x
