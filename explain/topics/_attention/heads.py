"""One head of attention, from queries, keys and values to its output: scores, scaled, masked, softmax, averaged.

Source: Vaswani et al. 2017, Attention Is All You Need, eq. 1.
"""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet
from explain.topics._attention.attended import attended
from explain.topics._attention.masked import Hidden
from explain.topics._attention.naming import Naming
from explain.topics._attention.sequences import Sequences

FIRST = "entry (i, j) is the dot product of query i and key j: large where they point the same way"
WHY_ROOT = (
    "if the entries of q and k vary independently by about 1, their dot product varies by about {r}; divided by {r} "
    "the scores keep a size at which softmax does not run into 0 and 1 ({d} terms in q·k)"
)


class Setting(NamedTuple):
    """What all heads of one attention share: √d_k, the mask, the names of the tokens."""

    root: Symbol
    mask: Hidden | None
    names: Sequences


def attend(
    sheet: Worksheet, queries: Symbol, keys: Symbol, values: Symbol, setting: Setting, naming: Naming, output: str
) -> Symbol:
    """Work one head: queries (n×d_k), keys (m×d_k), values (m×d_v) to its output (n×d_v), called `output`."""
    raw = scores_of(sheet, queries, keys, naming)
    weights = attention_weights(sheet, raw, setting, naming)
    return average(sheet, weights, values, naming, output)


def scores_of(sheet: Worksheet, queries: Symbol, keys: Symbol, naming: Naming) -> Symbol:
    """S = QKᵀ: every query against every key."""
    raw = sheet.define(naming.of("S"), queries @ keys.T, "Scores" + naming.told, FIRST)
    _refer(sheet, raw, "S", naming, say(f"{{Q}} against {{K}}, {naming.as_in}", Q=queries, K=keys))
    return raw


def _refer(sheet: Worksheet, symbol: Symbol, base: str, naming: Naming, why: Prose) -> None:
    """The reason of a later head, or of a second attention, beside the first one."""
    if naming.first is not None:
        sheet.refer(symbol, naming.first.of(base), why)


def attention_weights(sheet: Worksheet, raw: Symbol, setting: Setting, naming: Naming) -> Symbol:
    """The scores divided by √d_k, masked, and through softmax."""
    root = setting.root
    why = say(WHY_ROOT, r=sqrt(root), d=root)
    scaled = sheet.define(naming.of("U"), raw / sqrt(root), "Scaled scores" + naming.told, why)
    _refer(sheet, scaled, "U", naming, say("{S} is divided by {r} too", S=raw, r=sqrt(root)))
    if setting.mask is not None:
        scaled = _masked(sheet, scaled, setting.mask, naming)
    name = naming.of("A")
    weights = sheet.define(name, Softmax(scaled, 1), "Attention weights" + naming.told, _shares(naming, setting.mask))
    hidden = "" if setting.mask is None else ": a hidden key gets 0"
    _refer(sheet, weights, "A", naming, say(f"softmax of each row of {{U}}, {naming.as_in}{hidden}", U=scaled))
    told = attended(weights, sheet.values[name], setting.names)
    if told:
        sheet.remark(weights, told)
    return weights


def _shares(naming: Naming, mask: Hidden | None) -> str:
    """What softmax does, for the weights of one query or of each row of queries."""
    powers = "softmax, e to the power of each score over the sum of these powers"
    if naming.single:
        return (
            f"{powers}: "
            + ("the weights are positive and" if mask is None else "a hidden key gets 0, and the weights")
            + " add up to 1"
        )
    shares = "the weights are positive and each row adds up to 1"
    return f"{powers} in its row: {shares if mask is None else 'a hidden key gets 0, and each row adds up to 1'}"


def _masked(sheet: Worksheet, scaled: Symbol, mask: Hidden, naming: Naming) -> Symbol:
    """-∞ where a query must not look, which softmax turns into a weight of 0."""
    why = "-∞ is added where a query must not look, because e to the power of -∞ is 0; the other scores stay"
    masked = sheet.define(naming.of("U_m"), scaled + mask.symbol, "Masked scores" + naming.told, why)
    if naming.head > 1:
        _refer(sheet, masked, "U_m", naming, say("the same mask {M} for every head", M=mask.symbol))
    return masked


def average(sheet: Worksheet, weights: Symbol, values: Symbol, naming: Naming, output: str) -> Symbol:
    """AV: for each query the average of the values."""
    why = say("each row is the average of the rows of {V}, weighted by that query's row of {A}", V=values, A=weights)
    found = sheet.define(naming.of(output), weights @ values, "Output" + naming.told, why)
    if naming.head > 1:
        told = f"the rows of {{V}}, averaged by the weights in {{A}}, {naming.as_in}"
        _refer(sheet, found, output, naming, say(told, V=values, A=weights))
    return found
