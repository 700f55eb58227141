"""Dropout on average: the fraction that a mask keeps, the mean of a factor, and the mean over all masks."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from explain.engine.names import word
from explain.engine.nodes.arithmetic import Add, Times, times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.notation import Word
from explain.engine.prose import index_for, say
from explain.engine.rounding import show
from explain.engine.shapes import count
from explain.engine.worksheet import Worksheet
from explain.errors import amount

EXACT = 1e-12
MOST_ENTRIES = 8  # whose masks are all gone through


def mean_factor(
    sheet: Worksheet, kept_part: Node, rate: Symbol, factor: Symbol, value: str, told: str, x: Symbol
) -> None:
    """The mean of one factor over all masks."""
    entry = word(factor.name, index_for("ij", factor.shape))
    sheet.define(
        "E",
        Add(kept_part, Times(rate, Number(0, "0"))),
        "Mean of a factor over all masks",
        say(
            f"{{k}} is {value} with the probability {{q}} and 0 with the probability {{p}}; " + told,
            k=entry, q=Symbol("q"), p=rate, X=x, K=factor,
        ),
        written=Word(f"E[{entry.text}]", rf"\mathrm{{E}}\left[{entry.latex}\right]", key="E"),
    )  # fmt: skip


def fraction_kept(sheet: Worksheet, kept: Symbol, share: Symbol) -> None:
    """How many entries are kept, against how many are expected."""
    number = count(kept.shape)
    stays = int(sheet.values[kept.name].sum())
    mean = show(number * share_of(sheet)).text
    sheet.define(
        "k",
        Sum(kept) / Number(number, str(number)),
        "Fraction kept",
        say(
            f"the ones in {{M}} out of {amount(number, 'entry')}; over many masks it is {{q}} on average, a single "
            "mask may keep more or fewer",
            M=kept, q=share,
        ),
        note=say(f"kept: {stays} of {number}, dropped: {number - stays}; on average {mean} are kept"),
    )  # fmt: skip


def share_of(sheet: Worksheet) -> Fraction:
    """The probability of keeping, as typed."""
    given = next(item for item in sheet.given_items if item.symbol.name == "p")
    assert given.values is not None
    return 1 - given.values.exact(())


def over_all_masks(sheet: Worksheet, x: Symbol, y: Symbol, mask: str | None, scaled_now: bool) -> None:
    """The mean over all masks, each with its probability, of a few entries; and the output, entry by entry."""
    import numpy as np

    given, found = sheet.values[x.name], sheet.values[y.name]
    share = float(share_of(sheet))
    few = given.ravel()[:MOST_ENTRIES]
    mean = np.zeros(few.shape)
    for bits in product((0, 1), repeat=len(few)):
        stays = np.array(bits)
        probability = share ** stays.sum() * (1 - share) ** (len(few) - stays.sum())
        mean += probability * few * stays / (share if scaled_now else 1.0)
    wanted = few if scaled_now else share * few
    entries = f"all {len(few)} entries" if len(few) == given.size else f"the first {len(few)} entries"
    same = bool(np.allclose(mean, wanted, rtol=1e-9, atol=EXACT))
    if mask is None:
        same = same and bool(np.allclose(found.ravel()[: len(few)], mean, rtol=1e-9, atol=EXACT))
        told = "what the {n} masks of {e} give in training, each with its probability, is {Y} on average"
    else:
        told = "the {n} masks of {e}, each with its probability, give on average " + ("{X}" if scaled_now else "{s}")
    sheet.check(same, [y], say(told, n=2 ** len(few), e=entries, Y=y, X=x, s=times(Symbol("q"), x)))
    if mask is not None:
        back = np.where(sheet.values[mask] == 1, given, 0.0)
        again = found * share if scaled_now else found
        times_q = "{q} times {Y}" if scaled_now else "{Y}"
        sheet.check(
            bool(np.allclose(again, back, rtol=1e-12, atol=0)),
            [y],
            say(f"{times_q} is {{X}} where the mask is 1 and 0 where it is 0", q=Symbol("q"), Y=y, X=x),
        )
