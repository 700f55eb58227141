"""Divergences a second time: as differences of entropies, worked with numbers only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.topics._information.words import Pair
from explain.topics._probabilities import Logarithm

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

CLOSE = 1e-9


def mean_information(p: Array, q: Array, log: Logarithm) -> float:
    """-Σ p log q over the outcomes with p above 0, summed without rounding between the terms."""
    pairs = zip(p.ravel().tolist(), q.ravel().tolist(), strict=True)
    return 0.0 - math.fsum(mine * log.value(other) for mine, other in pairs if mine > 0)


def check_difference(sheet: Worksheet, pair: Pair, log: Logarithm, needs: Sequence[Symbol]) -> None:
    """D(P‖Q) = H(P, Q) - H(P). Source: Goodfellow, Bengio and Courville 2016, section 3.13, after eq. 3.51."""
    p, q = sheet.values[pair.first], sheet.values[pair.second]
    crossed, own = mean_information(p, q, log), mean_information(p, p, log)
    found = float(sheet.values[pair.word.key])
    agrees = math.isclose(crossed - own, found, rel_tol=CLOSE, abs_tol=CLOSE * max(1.0, crossed))
    P, Q = pair.first.upper(), pair.second.upper()
    sheet.check(
        agrees,
        needs,
        say(
            f"cross-entropy minus entropy, H({P}, {Q}) - H({P}) = {tidy(crossed)} - {_held(own)} = "
            f"{tidy(found)}, is {{D}} too",
            D=pair.word,
        ),
    )


def check_mixture(sheet: Worksheet, needs: Sequence[Symbol], log: Logarithm, word: Word) -> None:
    """JS = H(M) - (H(P) + H(Q))/2, at most log 2.

    Source: Lin 1991, Divergence Measures Based on the Shannon Entropy.
    """
    p, q, m = (sheet.values[name] for name in "pqm")
    mixed, first, second = (mean_information(each, each, log) for each in (m, p, q))
    found = float(sheet.values["JS"])
    agrees = math.isclose(mixed - (first + second) / 2, found, rel_tol=CLOSE, abs_tol=CLOSE)
    most = log.value(2)
    text = (
        f"the entropy of M minus the mean entropy of P and Q, {tidy(mixed)} - ({tidy(first)} + {tidy(second)})/2, is "
        f"{{j}} = {tidy(found)} too; it lies between 0 and {{l}} 2 = {tidy(most)}, as it must"
    )
    inside = -CLOSE <= found <= most * 1.01
    sheet.check(agrees and inside, needs, say(text, j=word, l=log.word))


def _held(value: float) -> str:
    return tidy(value) if value >= 0 else f"({tidy(value)})"
