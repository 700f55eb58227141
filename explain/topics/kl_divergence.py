"""Kullback-Leibler divergence of two distributions, both ways, and the Jensen-Shannon divergence made of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.names import word
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix
from explain.tokens import Tokens, named
from explain.topics._information.second_route import check_difference, check_mixture
from explain.topics._information.sums import cross_entropy_of, divergence_of, entropy_of
from explain.topics._information.words import (
    Pair,
    infinite_place,
    outcome_names,
    say_infinite,
    say_negative,
    say_zeros,
    several_outcomes,
)
from explain.topics._probabilities import Logarithm, given_probabilities, in_other_units, log_convention, logarithm

FORWARD = Pair("p", "q", Word("D_KL(P‖Q)", r"D_{\mathrm{KL}}(P \Vert Q)", key="KL"))
REVERSE = Pair("q", "p", Word("D_KL(Q‖P)", r"D_{\mathrm{KL}}(Q \Vert P)", key="KL_reverse"))
TO_MIXTURE = (
    Pair("p", "m", Word("D_KL(P‖M)", r"D_{\mathrm{KL}}(P \Vert M)", key="KL_PM")),
    Pair("q", "m", Word("D_KL(Q‖M)", r"D_{\mathrm{KL}}(Q \Vert M)", key="KL_QM")),
)
JS = Word("JS(P, Q)", r"\mathrm{JS}(P, Q)", key="JS")
USUAL = ("nats", "bits")
TINY = 1e-12  # a divergence whose root would be noise


@topic
def kl_divergence(
    p: Annotated[Matrix, "probabilities of P, one an outcome: 0.7,0.3"],
    q: Annotated[Matrix, "probabilities of Q, of the same outcomes: 0.5,0.5"],
    base: Annotated[Literal["natural", "2", "10"], "base of the logarithm: nats, bits or hartleys"] = "natural",
    outcomes: Annotated[Tokens | None, "names of the outcomes, in order: red,blue"] = None,
    normalise: Annotated[Literal["no", "yes"], "yes: divide p and q by their sums first (counts)"] = "no",
) -> Answer:
    """KL divergence both ways, and Jensen-Shannon divergence.

    D(P‖Q), the mean under P of log(p/q), with the entropy H(P) and the cross-entropy H(P, Q), whose difference it is;
    D(Q‖P), which is another number; and the Jensen-Shannon divergence by the mixture M = (P + Q)/2. A divergence is
    infinite where the second distribution gives 0 to what the first one allows: then the page says so, and works the
    others. Shapes: p, q and m are rows (1×n), one number an outcome.

    Field: Information

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 3.13, eqs. 3.50 and 3.51; Lin 1991, Divergence
    Measures Based on the Shannon Entropy (Jensen-Shannon)

    Examples:
        explain kl-divergence --p 0.7,0.3 --q 0.5,0.5 --base 2 --outcomes red,blue
        explain kl-divergence --p 0.36,0.48,0.16 --q 0.30,0.40,0.3
        explain kl-divergence --p 1,0,0 --q 0.7,0.2,0.1

    Raises:
        InputError: a negative probability, one above 1, a sum that is not 1, p and q of different length.
    """
    if len(p) != len(q):
        raise InputError(f"{{p}} has {amount(len(p), 'number')}, {{q}} has {len(q)}: both need one number an outcome")
    log = logarithm(base)
    sheet = Worksheet("KL divergence", kl_divergence.source)
    sheet.part("Divergence of P from Q")
    names = outcome_names("outcomes", outcomes, "p", len(p))
    P = given_probabilities(sheet, "p", "p", p, "probabilities of P, one an outcome", normalise, "row", columns=names)
    Q = given_probabilities(sheet, "q", "q", q, "probabilities of Q", normalise, "row", columns=names)
    several_outcomes("p", len(p))
    log_convention(sheet, log)
    say_zeros(sheet, [P, Q], names, log)
    results = _forward(sheet, P, Q, log, names)
    sheet.part("Divergence of Q from P")
    results += _reverse(sheet, P, Q, log, names)
    sheet.part("Jensen-Shannon divergence")
    results += _jensen_shannon(sheet, P, Q, log)
    sheet.tables.append(_table(sheet, P, Q, log, outcomes))
    return sheet.answer(*results)


def _forward(sheet: Worksheet, p: Symbol, q: Symbol, log: Logarithm, names: Sequence[str] | None) -> list[Symbol]:
    """D(P‖Q), with the entropy and the cross-entropy that it is the difference of."""
    if infinite_place(sheet, p, q) is not None:
        say_infinite(sheet, FORWARD, log, names)
        return []
    why = say(
        "the mean under P of {l}({p}/{q}): {p}/{q} tells how many times as probable outcome j is under P as under Q",
        l=log.word, p=word("p", "j"), q=word("q", "j"),
    )  # fmt: skip
    found = sheet.define("KL", divergence_of(sheet, p, q, log), "KL divergence of P from Q", why, written=FORWARD.word)
    say_negative(sheet, found)
    told = f"in a code made for Q, outcomes of P cost {{D}} more {log.unit} each than {{H}}"
    H_P = Word("H(P)", "H(P)", key="H_P")
    H_PQ = Word("H(P, Q)", "H(P, Q)", key="H_PQ")
    in_other_units(sheet, found, log)
    entropy = sheet.define(
        "H_P", entropy_of(sheet, p, log), "Entropy of P",
        say("the mean information -{l} {p} of an outcome of P, in a code made for P", l=log.word, p=word("p", "j")),
        written=H_P,
    )  # fmt: skip
    crossed = sheet.define(
        "H_PQ", cross_entropy_of(sheet, p, q, log), "Cross-entropy of P and Q",
        say("outcomes still come from P, but the code is made for Q: the mean of -{l} {q} under P", l=log.word,
            q=word("q", "j")),
        written=H_PQ, note=say(told, D=found, H=entropy),
    )  # fmt: skip
    check_difference(sheet, FORWARD, log, [found, entropy, crossed])
    return [found]


def _reverse(sheet: Worksheet, p: Symbol, q: Symbol, log: Logarithm, names: Sequence[str] | None) -> list[Symbol]:
    """D(Q‖P): which of them it is matters."""
    if infinite_place(sheet, q, p) is not None:
        say_infinite(sheet, REVERSE, log, names)
        return []
    why = say(
        "P and Q exchanged: the mean of {l}({q}/{p}) is taken under Q, so outcomes count by {q}",
        l=log.word,
        p=word("p", "j"),
        q=word("q", "j"),
    )
    node = divergence_of(sheet, q, p, log)
    found = sheet.define("KL_reverse", node, "KL divergence of Q from P", why, written=REVERSE.word)
    if "KL" in sheet.values:
        gap = float(sheet.values["KL_reverse"]) - float(sheet.values["KL"])
        both = "equal here, though in general they differ" if abs(gap) < 1e-9 else "two numbers: it is no distance"
        sheet.remark(found, say(f"{{a}} and {{b}} are {both}", a=FORWARD.word, b=found))
    say_negative(sheet, found)
    in_other_units(sheet, found, log, USUAL)
    check_difference(sheet, REVERSE, log, [found])
    return [found]


def _jensen_shannon(sheet: Worksheet, p: Symbol, q: Symbol, log: Logarithm) -> list[Symbol]:
    """The mean divergence from the mixture, which is never infinite."""
    why = say("half of {p} and half of {q}: it gives 0 only to what both give 0, so nothing is divided by 0", p=p, q=q)
    m = sheet.define("m", (p + q) / 2, "Mixture M of P and Q", why)
    parts = []
    for pair, mine in zip(TO_MIXTURE, (p, q), strict=True):
        letter = pair.first.upper()
        text = say("how far {p} is from {m}, the mean taken under " + letter, p=mine, m=m)
        node = divergence_of(sheet, mine, m, log)
        parts.append(sheet.define(pair.word.key, node, f"KL divergence of {letter} from M", text, written=pair.word))
    first, second = parts
    both = say("the mean of {a} and {b}: the same when P and Q are exchanged", a=first, b=second)
    js = sheet.define("JS", (first + second) / 2, "Jensen-Shannon divergence", both, written=JS)
    check_mixture(sheet, [js, m], log, JS)
    if float(sheet.values["JS"]) < TINY:
        return [js]
    in_other_units(sheet, js, log, USUAL)
    why = say("the root of {j} is a distance: it fulfils the triangle inequality, which {j} itself does not", j=js)
    return [js, sheet.define("d_JS", sqrt(js), "Jensen-Shannon distance", why)]


def _table(sheet: Worksheet, p: Symbol, q: Symbol, log: Logarithm, outcomes: Tokens | None) -> Table:
    """What each outcome adds to each divergence."""
    ways = [(name, pair) for name, pair in (("KL", FORWARD), ("KL_reverse", REVERSE)) if name in sheet.values]
    columns = [Column("outcome"), Column("p", True), Column("q", True)]
    columns += [Column(f"{w.first} {log.word.text}({w.first}/{w.second})", True) for _, w in ways]
    both = {"p": p, "q": q}
    rows: list[Sequence[Cell]] = []
    for at in range(int(p.shape[1])):
        cells: list[Cell] = [(named(outcomes, at, "outcome"),), p.entry((0, at)), q.entry((0, at))]
        for _, way in ways:
            mine, other = both[way.first].entry((0, at)), both[way.second].entry((0, at))
            zero = sheet.values[way.first][0, at] == 0
            cells.append(("0",) if zero else mine * log(mine / other))
        rows.append(cells)
    sums = [(tidy(float(sheet.values[name].sum())),) for name in ("p", "q")]
    rows.append([("total",), *sums, *(sheet.last(name) for name, _ in ways)])
    return Table("Outcome by outcome", columns, rows, 1, needs=tuple(name for name, _ in ways) or ("JS",))
