"""Beam search and greedy search for a probable sequence, on a small table of probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import LOG
from explain.engine.names import latex_name
from explain.engine.nodes.arithmetic import Add, times
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.products import Factors
from explain.engine.nodes.selected import LargestAt, NamedEntry, RowsAt
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.parameters import Count, Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._language.final import CLOSE, best_of
from explain.topics._language.prefixes import Prefixes
from explain.topics._language.search import Hypothesis, Model, Round, exhausted, finals, searched
from explain.topics._language.searches import Setting, read_setting
from explain.topics._language.tree import candidates, drawn

LISTED = 4  # candidates that are named one by one


@topic
def beam_search(
    P: Annotated[
        Matrix | None, "probabilities of the next token: row 1 at the start, then a row for each last token"
    ] = None,
    after: Annotated[Prefixes | None, "the same by all tokens before: start: 0.5,0.5 | A: 0.1,0.9 | *: 0.5,0.5"] = None,
    vocabulary: Annotated[Tokens | None, "names of the tokens, in the order of the columns"] = None,
    beam: Annotated[Count, "how many hypotheses are kept; 1 is greedy search"] = Count(2),  # noqa: B008 - never changed
    steps: Annotated[
        Count | None, "how many tokens a sequence has at most; default 3, or one more than the prefixes"
    ] = None,
    end: Annotated[Tokens | None, "the token that ends a sequence, such as <eos>"] = None,
    alpha: Annotated[Scalar | None, "length penalty: the logarithm divided by length^alpha is compared"] = None,
) -> Answer:
    """Beam search and greedy search for the most probable sequence.

    At each step every hypothesis is continued by every token, the products of the probabilities are compared, and the
    most probable are kept. Probabilities depend on the last token (P), or on all tokens so far (after: a row for each
    prefix, `start` for none, `*` for every prefix that is not listed; in an exam file a table, { A = [0.1, 0.9] }).
    What ends leaves the beam with its place. Greedy search and, where it is small, all sequences stand beside it.

    Field: Language models

    Source: Zhang et al., Dive into Deep Learning, sections 10.8.1 to 10.8.3 and eq. 10.8.4 (length penalty); Jurafsky
    and Martin, Speech and Language Processing, 3rd edition draft (hypotheses that end leave the beam)

    Examples:
        explain beam-search --P "0.6,0.4;0.5,0.5;0.1,0.9" --steps 2
        explain beam-search --P "0.5,0.4,0.1;0.3,0.3,0.4;0.1,0.1,0.8" --vocabulary a,b,end --end end --alpha 0.75
        explain beam-search --after "start: 0.6,0.4 | A: 0.55,0.45 | B: 0.1,0.9" --vocabulary A,B --beam 2

    Raises:
        InputError: neither or both tables, rows that do not sum to 1, rows or names that do not match the vocabulary,
            a prefix that the search reaches and that has no row, an end that is no token, a search too large for paper.
    """
    setting = read_setting(P, after, vocabulary, beam, steps, end, alpha)
    model, width = setting.model, setting.beam
    rounds = searched(model, width, setting.steps)
    sheet = Worksheet("Beam search" if width > 1 else "Greedy search", beam_search.source)
    table = _givens(sheet, setting, alpha)
    _conventions(sheet, setting, steps is None)

    kept, products = _rounds(sheet, table, model, rounds)
    best = best_of(sheet, setting, rounds, kept)
    greedy = finals(searched(model, 1, setting.steps))[0][2]
    sheet.part("Best sequence" if width > 1 else "Sequence")
    results = [*_sequence(sheet, table, model, best, "best", _compared(setting, best, greedy))]
    if greedy.tokens != best.tokens:
        sheet.part("Greedy search")
        results += _sequence(sheet, table, model, greedy, "greedy")
    candidates(sheet, model, rounds, products)
    drawn(sheet, model, rounds, best, [*kept, results[0]])
    _check_all(sheet, setting, best, results[0])
    return sheet.answer(*results)


def _givens(sheet: Worksheet, setting: Setting, alpha: Scalar | None) -> Symbol:
    """The table, the sizes of the search, and the length penalty."""
    model = setting.model
    by_last = "P(next token | last token): one last token a row"
    by_all = "P(next token | all tokens before): one prefix a row"
    told = (by_last if model.by_prefix is None else by_all) + ", one next token a column"
    option = "P" if model.by_prefix is None else "after"
    table = sheet.given("P", model.table, told, option=option, rows=model.called, columns=model.names)
    sheet.given("k", _whole(setting.beam), "beam width: how many hypotheses are kept", option="beam")
    sheet.given("N", _whole(setting.steps), "steps: tokens that a sequence has at most", option="steps")
    if alpha is not None:
        sheet.given("alpha", alpha, "length penalty", option="alpha")
    return table


def _whole(number: int) -> Values:
    return Values((), (str(number),))


def _conventions(sheet: Worksheet, setting: Setting, usual: bool) -> None:
    model = setting.model
    if usual:
        why = "default" if model.by_prefix is None else "one more than the longest prefix has tokens"
        sheet.convention(f"{setting.steps} steps ({why})")
    kept = "k" if setting.beam > 1 else "1"
    sheet.convention(
        f"each hypothesis is continued by every token, and the {kept} most probable of all these candidates are kept; "
        "of equal ones, those that come first in the table"
    )
    if list(model.names) == [str(at) for at in range(len(model.names))]:
        sheet.convention("tokens are called by their numbers, counted from 0")
    if model.end is not None:
        sheet.convention(
            f'"{model.names[model.end]}" ends a hypothesis: it leaves the beam with its place, so that the beam '
            "becomes smaller; what has not ended after the last step counts as it is"
        )
    lengths = "; length counts tokens" if setting.alpha is not None else ""
    sheet.convention(
        "rows takes the rows of {P} that follow the hypotheses, one below the other; largest takes the largest "
        "entries, the largest first" + lengths, P=Symbol("P"),
    )  # fmt: skip
    if not setting.exact:
        sheet.convention("the probabilities are rounded, so that a row may sum to a little less or more than 1")
    if setting.beam > 1:
        sheet.convention("greedy search is beam search with one hypothesis: it takes the most probable next token")


def _rounds(
    sheet: Worksheet, table: Symbol, model: Model, rounds: Sequence[Round]
) -> tuple[list[Symbol], list[Symbol]]:
    """For each step the probabilities of all candidates, and of those that are kept."""
    kept: list[Symbol] = []
    products: list[Symbol] = []
    for at, done in enumerate(rounds, 1):
        sheet.part(f"Step {at}")
        before = [model.told(hypothesis.tokens) for hypothesis in done.live]
        rows = RowsAt(table, [model.row(hypothesis.tokens) for hypothesis in done.live], at > 1)
        if at == 1:
            why = "before the first token there is one hypothesis, the empty one: its row of the table"
            C = sheet.define("C_1", rows, "Candidates with one token", why, rows=before, columns=model.names)
        else:
            C = _continued(sheet, table, at, rows, rounds[at - 2], kept[-1], model, before)
        products.append(C)
        places = [place for place, _ in done.candidates[: done.kept]]
        called = [model.told(found.tokens) for _, found in done.candidates[: done.kept]]
        title = f"Kept in step {at}"
        kept.append(sheet.define(f"h_{at}", LargestAt(C, places), title, _which(model, done), rows=called))
    return kept, products


def _continued(
    sheet: Worksheet, table: Symbol, at: int, rows: RowsAt, last: Round, h: Symbol, model: Model, before: Sequence[str]
) -> Symbol:
    """The candidates of a later step: what goes on, times what may follow it."""
    g = h
    if last.ended:
        ended = ", ".join(model.quoted(last.candidates[place][1].tokens) for place in last.ended)
        g = sheet.define(
            f"g_{at - 1}",
            RowsAt(h, last.going_on),
            "Hypotheses that go on",
            f"without what has ended: {ended}",
            rows=before,
        )
    after = " and ".join(f'"{name}"' for name in before) if len(before) <= LISTED else f"{len(before)} hypotheses"
    row = "row i of {C} is hypothesis i, its" if len(before) > 1 else "the"
    return sheet.define(
        f"C_{at}",
        times(g, rows),
        f"Candidates with {at} tokens",
        say(f"chain rule of probability: {row} probability in {{g}} times every entry of the row of {{P}} after "
            f"{after}", C=Symbol(f"C_{at}"), g=g, P=table),
        rows=before, columns=model.names,
    )  # fmt: skip


def _which(model: Model, done: Round) -> str:
    """Which candidates are kept, and which is the first that is dropped."""
    found = [hypothesis for _, hypothesis in done.candidates]
    kept, dropped = found[: done.kept], [hypothesis for hypothesis in found[done.kept :] if hypothesis.p]
    told = f"the {f'{len(kept)} ' if len(kept) > 1 else ''}largest of {len(found)} candidates: {_listed(model, kept)}"
    if dropped:
        told += f"; dropped: {_listed(model, dropped)}"
        if dropped[0].p == kept[-1].p:
            told += f"; {model.quoted(kept[-1].tokens)} and {model.quoted(dropped[0].tokens)} tie, the first one stays"
    return told


def _listed(model: Model, found: Sequence[Hypothesis]) -> str:
    """A few hypotheses, and how many more there are."""
    text = ", ".join(model.quoted(hypothesis.tokens) for hypothesis in found[:LISTED])
    return text + (f" and {len(found) - LISTED} more" if len(found) > LISTED else "")


def _sequence(
    sheet: Worksheet, table: Symbol, model: Model, found: Hypothesis, which: str, note: str = ""
) -> list[Symbol]:
    """The probability of one sequence, factor by factor, and the sum of the logarithms."""
    tokens, text = found.tokens, model.told(found.tokens)
    factors = [
        NamedEntry(table, (model.row(tokens[:at]), token), model.conditional(tokens[:at], token))
        for at, token in enumerate(tokens)
    ]
    key, latex = f"P_{which}", latex_name(text)
    given = "the token before it" if model.by_prefix is None else "all tokens before it"
    P = sheet.define(
        key,
        Factors(factors) if len(factors) > 1 else factors[0],
        f"Probability of {text}",
        f"chain rule of probability: each token given {given}, multiplied",
        written=Word(f"P({text})", f"P({latex})", key=key), note=say(note),
    )  # fmt: skip
    logs = [LOG(factor) for factor in factors]
    why = "log of a product is the sum of the logs"
    why += ": programs add logarithms, because a product of many factors becomes too small" if which == "best" else ""
    logarithm = sheet.define(
        f"l_{which}", Add(*logs) if len(logs) > 1 else logs[0], "Its logarithm, as a sum", why,
        written=Word(f"log P({text})", rf"\log P({latex})", key=f"l_{which}"),
    )  # fmt: skip
    value, log = float(sheet.values[key]), float(sheet.values[logarithm.name])
    same = math.isclose(math.log(value), log, rel_tol=1e-9, abs_tol=1e-12)
    told = f"log {tidy(value)} is {tidy(log)}: the product and the sum of the logarithms are the same"
    sheet.check(same, [P, logarithm], say(told))
    return [P, logarithm]


def _compared(setting: Setting, best: Hypothesis, greedy: Hypothesis) -> str:
    """What greedy search finds beside the beam."""
    if best.tokens == greedy.tokens:
        return "greedy search, one hypothesis only, finds the same sequence" if setting.beam > 1 else ""
    model = setting.model
    name, p = model.quoted(greedy.tokens), tidy(float(greedy.p))
    more = f", {tidy(float(best.p / greedy.p))} times as probable" if best.p > greedy.p else ""
    return f"greedy search finds {name} with {p}; {model.quoted(best.tokens)} has {tidy(float(best.p))}{more}"


def _check_all(sheet: Worksheet, setting: Setting, best: Hypothesis, P: Symbol) -> None:
    """All sequences there are, where they are few: whether the search has found the best of them."""
    every = exhausted(setting.model, setting.steps)
    if every is None:
        sheet.convention(
            "all sequences are too many here, or not all in the table: whether there is a better one is left open"
        )
        return
    power = setting.alpha or 0.0

    def score(hypothesis: Hypothesis) -> float:
        return math.log(hypothesis.p) / float(len(hypothesis.tokens) ** power)

    top = max(every, key=score)
    ours, model = score(best), setting.model
    measure = "score" if power else "probability"
    shown = tidy(score(top)) if power else tidy(float(top.p))
    told = f"all {len(every)} sequences of positive probability, one by one: the largest {measure} is {shown}, "
    found = ours >= score(top) - CLOSE * abs(score(top))
    search = "beam search" if setting.beam > 1 else "greedy search"
    mine = tidy(ours) if power else tidy(float(best.p))
    told += (
        f"which {search} has found"
        if found
        else f"that of {model.quoted(top.tokens)}; {search} has missed it and stops at {mine}"
    )
    sheet.check(ours <= score(top) + CLOSE * abs(score(top)), [P], say(told))
