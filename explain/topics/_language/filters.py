"""What changes a distribution before a token is chosen from it: temperature, top-k and top-p."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.functions import LOG
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.draws import SLACK, Cumulative, Kept, Ordered
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import Power
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.topics._activations.softmax_words import outcome
from explain.topics._language.stages import Stage
from explain.topics._language.tables import token_name, token_told

LISTED = 6  # tokens that are named one by one
CLOSE = 1e-9
SMALLEST = 1e-290


def told(places: Sequence[int], names: Sequence[str] | None) -> str:
    """The names of a few tokens, or how many there are."""
    if len(places) > LISTED:
        return f"{len(places)} tokens"
    return ", ".join(token_told(names, at) for at in places)


def _split(kept: Sequence[int], dropped: Sequence[int], names: Sequence[str] | None) -> str:
    rest = f"0 now: {told(dropped, names)}" if dropped else "nothing is dropped"
    return f"kept, from the largest on: {told(kept, names)}; {rest}"


def heated(sheet: Worksheet, start: Symbol, T: Symbol) -> Stage:
    """Logits divided by the temperature; of probabilities, powers of 1/T, which is the same."""
    value = float(sheet.values["T"])
    if start.name == "z":
        scaled = sheet.define("z_T", start / T, "Logits divided by the temperature", outcome(T, value))
        why = say("softmax of {z} in place of {y}", z=scaled, y=start)
        return Stage(sheet.define("p_T", Softmax(scaled, 1), "Probabilities at this temperature", why), "temperature")
    if float((sheet.values["p"] ** (1 / value)).max()) < SMALLEST:
        raise InputError(
            f"{{temperature}} is {tidy(value)}: every probability to the power of 1/T is too small for floating point; "
            "so cold a choice is the greedy one, leave {temperature} out"
        )
    sharper, flatter = "below 1 makes large probabilities larger", "above 1 makes the probabilities more alike"
    effect = "" if value == 1 else f"; {{T}} {sharper if value < 1 else flatter}"
    f = Word("e^(log(p)/T) = p^(1/T)", r"e^{\log(p)/T} = p^{1/T}")
    why = say(
        "the logits are {l} but for a constant, which cancels; divided by {T}: {f}" + effect, l=LOG(start), T=T, f=f
    )
    powers = sheet.define("w", Power(start, 1 / T), "Powers of the probabilities", why)
    why = say("{w} divided by its sum, so that the probabilities sum to 1 again", w=powers)
    return Stage(sheet.define("p_T", powers / Sum(powers), "Probabilities at this temperature", why), "temperature")


def _descending(sheet: Worksheet, p: Symbol) -> list[int]:
    """The tokens from the most to the least probable; equal ones in the order of the vocabulary."""
    values = sheet.values[p.name][0].tolist()
    return sorted(range(len(values)), key=lambda at: -values[at])


def most_probable(sheet: Worksheet, p: Symbol, k: Symbol, names: Sequence[str] | None) -> Stage:
    """The k most probable tokens; all that tie with the last of them stay too."""
    values, order = sheet.values[p.name][0], _descending(sheet, p)
    count = min(int(sheet.values["k"]), len(order))
    least = values[order[count - 1]]
    kept = [at for at in order if values[at] >= least and values[at] > 0]
    dropped = [at for at in order if at not in set(kept)]
    why = _split(kept, dropped, names)
    if len(kept) > count:
        tied = [at for at in kept if values[at] == least]
        why += (
            f"; {told(tied, names)} tie at place {count}: all of them stay, as in transformers, "
            f"so {len(kept)} tokens are kept and not {count}"
        )
    return Stage(_renormalised(sheet, p, k, kept, ("v_k", "p_k"), why), "top-k")


def nucleus(sheet: Worksheet, p: Symbol, top_p: Symbol, names: Sequence[str] | None) -> Stage:
    """The smallest set whose probabilities reach top-p: from the largest on, the token that crosses it included."""
    order, goal = _descending(sheet, p), float(sheet.values["top_p"])
    moved = order != sorted(order)
    columns = [token_name(names, at) for at in order] if moved or names is not None else None
    called = [token_told(names, at) for at in order]
    values = sheet.values[p.name][0, order]
    sums = values.cumsum()
    count = min(int((sums < goal * (1 - SLACK)).sum()) + 1, len(order))
    last, before = called[count - 1], float(sums[count - 2]) if count > 1 else 0.0
    reached = sheet.define(
        "c",
        Cumulative(Ordered(p, order) if moved else p),
        "Cumulative sums",
        say(
            "the probabilities are added up, the largest first; "
            f"{{t}} is reached with entry {count}: {last} crosses it and still belongs to "
            "the set", t=top_p,
        ),
        columns=columns,
        entries=[(0, count - 1)],
    )  # fmt: skip
    kept, dropped = order[:count], order[count:]
    why = _split(kept, dropped, names)
    if dropped and values[count] == values[count - 1]:
        why += (
            f"; {last} and {called[count]} tie: the one that the vocabulary lists first is taken (a program that sorts "
            "in another way takes the other)"
        )
    q = _renormalised(sheet, p, top_p, kept, ("v_p", "q"), why)
    text = f"the set is the smallest: {tidy(float(sums[count - 1]))} reaches {{t}}, without {last} it is {tidy(before)}"
    sheet.check(before < goal <= float(sums[count - 1]) + CLOSE, [reached, q], say(text, t=top_p))
    return Stage(q, "top-p")


def _renormalised(
    sheet: Worksheet, p: Symbol, rule: Symbol, kept: Sequence[int], called: tuple[str, str], why: str
) -> Symbol:
    """The kept probabilities divided by their sum."""
    v = sheet.define(called[0], Kept(p, rule, kept), say("Kept by {r}", r=rule), why)
    total = float(sheet.values[v.name].sum())
    left = 1 - total
    shared = f"; their sum is {tidy(total)}, and the other {tidy(left)} is shared out" if left > SLACK else ""
    why = "each entry of {v} divided by the sum of all: they sum to 1 again and stand to each other as before"
    return sheet.define(called[1], v / Sum(v), "Renormalised", say(why + shared, v=v))
