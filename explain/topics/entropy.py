"""Entropy of a distribution: how uncertain its outcome is; the largest possible, and the perplexity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.parameters import Matrix
from explain.tokens import Tokens, named
from explain.topics._information.sums import entropy_of
from explain.topics._information.words import outcome_names, say_zeros, several_outcomes
from explain.topics._probabilities import Logarithm, given_probabilities, in_other_units, log_convention, logarithm

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

CLOSE = 1e-9


@topic
def entropy(
    p: Annotated[Matrix, "probabilities, one an outcome: 0.7,0.3"],
    base: Annotated[Literal["natural", "2", "10"], "base of the logarithm: nats, bits or hartleys"] = "natural",
    outcomes: Annotated[Tokens | None, "names of the outcomes, in order: red,blue"] = None,
    normalise: Annotated[Literal["no", "yes"], "yes: divide p by its sum first, so that counts may be given"] = "no",
) -> Answer:
    """Entropy: how uncertain an outcome is.

    The mean of the information -log p over all outcomes, its share of the largest entropy log n that n outcomes can
    have, and the perplexity. An outcome of probability 0 adds nothing. The entropy is told in nats, bits and hartleys.
    Shapes: p is a row (1×n), one number an outcome.

    Field: Information

    Source: Shannon 1948, A Mathematical Theory of Communication, section 6; Goodfellow, Bengio and Courville 2016, Deep
    Learning, section 3.13, eq. 3.49; perplexity: Jurafsky and Martin, Speech and Language Processing, 3rd edition
    draft, chapter on n-gram language models

    Examples:
        explain entropy --p 0.7,0.3 --base 2 --outcomes red,blue
        explain entropy --p 0.5,0.25,0.25,0
        explain entropy --p 9,5 --normalise yes --base 10

    Raises:
        InputError: a negative probability, one above 1, a sum that is not 1, more or fewer names than outcomes.
    """
    log = logarithm(base)
    sheet = Worksheet("Entropy", entropy.source)
    sheet.part("Entropy")
    names = outcome_names("outcomes", outcomes, "p", len(p))
    P = given_probabilities(sheet, "p", "p", p, "probabilities, one an outcome", normalise, "row", columns=names)
    several_outcomes("p", len(p))
    log_convention(sheet, log)
    zeros = say_zeros(sheet, [P], names, log)

    H = sheet.define(
        "H",
        entropy_of(sheet, P, log),
        "Entropy",
        say(
            "an outcome of probability {p} carries the information -{l} {p}, the more the rarer it is; the entropy is "
            "the mean of it, each outcome weighted by its probability" + ("; 0 {l} 0 counts as 0" if zeros else ""),
            p=word("p", "j"), l=log.word,
        ),
    )  # fmt: skip
    in_other_units(sheet, H, log)
    sheet.part("Compared")
    n = sheet.given("n", Values((), (str(len(p)),)), "number of outcomes")
    _largest(sheet, H, n, log)
    PPL = _perplexity(sheet, H, P, log)
    sheet.tables.append(_table(sheet, P, H, log, outcomes))
    return sheet.answer(H, PPL)


def _largest(sheet: Worksheet, H: Symbol, n: Symbol, log: Logarithm) -> None:
    """The entropy of n equally probable outcomes, and the share of it that H has."""
    even = say(
        "{n} outcomes are least certain when all have the same probability 1/{n}: {n} terms "
        "(1/{n}) {l}({n}) give {l}({n})",
        n=n, l=log.word,
    )  # fmt: skip
    top = sheet.define("H_max", log(n), "Largest entropy", even)
    why = say("{H} as a share of the largest: 0 where one outcome is certain, 1 where all are equal", H=H)
    share = sheet.define("r", H / top, "Share of the largest", why)
    value, most = float(sheet.values["H"]), float(sheet.values["H_max"])
    text = say(_between(sheet.values["p"]), H=H, t=top)
    sheet.check(-CLOSE <= value <= most * 1.01 + CLOSE, [H, top, share], text)


def _between(p: Array) -> str:
    """Where the entropy lies between 0 and the largest."""
    off = abs(float(p.sum()) - 1) > CLOSE
    if p.max() - p.min() < CLOSE:
        return "{H} is {t}, as it must be: all outcomes are equally probable" + (", up to rounding" if off else "")
    if off:
        return "{H} lies between 0 and {t}, up to what the rounded probabilities are off"
    if p.max() == 1:
        return "{H} is 0, the least there is: one outcome is certain"
    return "{H} lies between 0 and {t}, below {t} because the outcomes are not equally probable"


def _perplexity(sheet: Worksheet, H: Symbol, p: Symbol, log: Logarithm) -> Symbol:
    import numpy as np

    k = tidy(log.raised(float(sheet.values["H"])))
    why = say(
        f"{log.number} to the power of {{H}}: a fair choice among k outcomes has entropy {{l}} k, and the power takes "
        "the logarithm back; it is the same for every base",
        H=H, l=log.word,
    )  # fmt: skip
    note = say(
        f"read as: as uncertain as a fair choice among {k} outcomes" if k != "1" else "read as: no choice at all"
    )
    found = sheet.define("PPL", log.power(H), "Perplexity", why, note=note)
    value = sheet.values[p.name]
    kept = value[value > 0]
    again = float(np.prod((1 / kept) ** kept))
    text = say(
        "without a logarithm: the product of all 1/{p}, each to the power of its {p}, is {k}, the perplexity too",
        p=word(p.name, "j"), k=tidy(again),
    )  # fmt: skip
    sheet.check(math.isclose(again, float(sheet.values["PPL"]), rel_tol=CLOSE), [H, found], text)
    return found


def _table(sheet: Worksheet, p: Symbol, H: Symbol, log: Logarithm, outcomes: Tokens | None) -> Table:
    """What each outcome tells, and what it adds to the entropy."""
    columns = [
        Column("outcome"), Column("p", True), Column(f"information -{log.word.text} p", True),
        Column(f"adds -p {log.word.text} p", True),
    ]  # fmt: skip
    rows: list[Sequence[Cell]] = []
    for at in range(int(p.shape[1])):
        mine = p.entry((0, at))
        sure = float(sheet.values[p.name][0, at])
        information: Cell = -log(mine) if 0 < sure < 1 else ("∞",) if sure == 0 else ("0",)
        adds: Cell = -(mine * log(mine)) if 0 < sure < 1 else ("0",)
        rows.append([(named(outcomes, at, "outcome"),), mine, information, adds])
    rows.append([("total",), (tidy(float(sheet.values[p.name].sum())),), (), H])
    return Table("Outcome by outcome", columns, rows, 1, needs=("H",))
