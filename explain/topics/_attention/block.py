"""The sublayers of a transformer block in their order, each with its residual connection and normalisation.

Source: Vaswani et al. 2017, Attention Is All You Need, section 3.1 (post-norm); Xiong et al. 2020, On Layer
Normalization in the Transformer Architecture, table 1 (pre-norm).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.worksheet import Worksheet
from explain.topics._attention.add_norm import NormNames, NormWeights, add, normalise_rows
from explain.topics._attention.feed_forward import FeedNames, FeedWeights, feed
from explain.topics._attention.masked import Hidden
from explain.topics._attention.multi import Given, OnSheet, multi_head
from explain.topics._attention.naming import Naming
from explain.topics._attention.sequences import Sequences


class Sublayer(NamedTuple):
    """One sublayer: a heading, what sentences call it, and how it is worked on its input under a name."""

    heading: str
    called: str
    work: Callable[[Symbol, str, str], Symbol]


def run(sheet: Worksheet, x: Symbol, sublayers: list[Sublayer], norms: list[NormWeights], pre: bool) -> Symbol:
    """Work a block on x; the result is Y.

    Post-norm: x ← LayerNorm(x + sublayer(x)). Pre-norm: x ← x + sublayer(LayerNorm(x)).
    """
    for at, (sublayer, norm) in enumerate(zip(sublayers, norms, strict=True), 1):
        last = at == len(sublayers)
        heading = f"Sublayer {at}: {sublayer.heading}"
        sheet.part(heading)
        names = NormNames(f"Nhat_{at}", f"N_{at}", f"_{at}")
        if pre:
            inner = normalise_rows(sheet, x, norm, names)
            returned = sublayer.work(inner, f"Z_{at}", heading)
            x = add(sheet, x, returned, "Y" if last else f"R_{at}", sublayer.called)
            continue
        returned = sublayer.work(x, f"Z_{at}", heading)
        total = add(sheet, x, returned, f"R_{at}", sublayer.called)
        x = normalise_rows(sheet, total, norm, names._replace(output="Y") if last else names)
    return x


def attending(
    sheet: Worksheet, weights: OnSheet, mask: Hidden | None, names: Sequences, naming: Naming, memory: Symbol | None
) -> Sublayer:
    """An attention as a sublayer: to itself, or to the memory."""
    masked = "masked " if mask is not None and memory is None else ""

    def work(x: Symbol, output: str, part: str) -> Symbol:
        return multi_head(sheet, Given(x, memory or x, weights, mask, names), naming, output, part)

    if memory is not None:
        return Sublayer("cross-attention", "the cross-attention", work)
    return Sublayer(f"{masked}self-attention", f"the {masked}self-attention", work)


def feeding(sheet: Worksheet, weights: FeedWeights, activation: str, names: Sequences) -> Sublayer:
    """The feed-forward network as a sublayer."""

    def work(x: Symbol, output: str, _: str) -> Symbol:
        return feed(sheet, x, weights, activation, FeedNames("F", "G", output), names.queries)

    return Sublayer("feed-forward network", "the feed-forward network", work)
