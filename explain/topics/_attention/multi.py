"""Several heads beside each other: project, split, attend, put side by side, times W_O.

Source: Vaswani et al. 2017, Attention Is All You Need, section 3.2.2.
"""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.beside import Beside, Columns
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.topics._attention.heads import Setting, attend
from explain.topics._attention.layouts import Weights
from explain.topics._attention.masked import Hidden
from explain.topics._attention.naming import Naming
from explain.topics._attention.projections import Projection, give_projection, product, project
from explain.topics._attention.sequences import Sequences


class OnSheet(NamedTuple):
    """The weights of one attention on the sheet: by role one projection a head, or one for all heads."""

    heads: int
    roles: dict[str, list[Projection]]
    output: Projection | None
    root: Symbol

    @property
    def all(self) -> list[Symbol]:
        """Every weight and bias, in the order of the page."""
        found = [symbol for role in self.roles.values() for projection in role for symbol in projection.all]
        return [*found, *(self.output.all if self.output is not None else [])]


class Given(NamedTuple):
    """What one attention works on: tokens, what keys and values are made from, weights, mask, names."""

    x: Symbol
    memory: Symbol
    weights: OnSheet
    mask: Hidden | None
    names: Sequences


def give_weights(
    sheet: Worksheet, found: Weights, naming: Naming, root: Symbol | None = None, suffix: str = ""
) -> OnSheet:
    """Put the weights on the sheet, and what they say of the sizes.

    Args:
        root: d_k, where another attention has brought it already.
        suffix: of the options that the weights come from.
    """
    roles: dict[str, list[Projection]] = {}
    for role, matrices in found.matrices.items():
        roles[role] = [
            give_projection(
                sheet, role, W, found.biases[role][at] if found.biases[role] else None,
                naming._replace(head=at + 1) if found.split else naming, found.options[role] + suffix, found.transposed,
            )
            for at, W in enumerate(matrices)
        ]  # fmt: skip
    output = None
    W, b = found.output
    if W is not None:
        how = ", one output a row, as PyTorch keeps it" if found.transposed else ""
        which = " of the cross-attention" if naming.place else ", which mix the heads" if found.heads > 1 else ""
        W_O = sheet.given(naming.of("W_O"), W, f"output weights{which}{how}", option=f"W_O{suffix}")
        b_O = None
        if b is not None:
            b_O = sheet.given(naming.of("b_O"), b, "bias of the output", option=f"b_O{suffix}")
        output = Projection(W_O, b_O, found.transposed)
    if root is None:
        root = sheet.given(
            "d_k", Values((), (str(found.d_k),)), "size of a key in one head, the number of terms in q·k"
        )
        _conventions(sheet, found)
    return OnSheet(found.heads, roles, output, root)


def _conventions(sheet: Worksheet, found: Weights) -> None:
    sheet.convention("one token a row, so a row is multiplied by a weight matrix from the right")
    if found.transposed:
        sheet.convention("PyTorch keeps weights with one output a row: a token is multiplied by the transpose")
    if not found.split and found.heads > 1:
        sheet.convention(
            f"{found.heads} heads share the columns: each takes {found.d_k} of queries and keys and {found.d_v} of the "
            "values, the first head the first ones"
        )
    if any("in" in option for option in found.options.values()):
        sheet.convention(
            "{q}, {k} and {v} are the upper, the middle and the lower third of the rows of {w}",
            q=word("W_Q"), k=word("W_K"), v=word("W_V"), w=word("W_in"),
        )  # fmt: skip
    sheet.convention("no dropout, as at inference")


def multi_head(sheet: Worksheet, given: Given, naming: Naming, output: str, part: str = "") -> Symbol:
    """Work all heads; the result (n×d) is called `output`."""
    weights = given.weights
    setting = Setting(weights.root, given.mask, given.names)
    sheet.part(part)
    split = len(weights.roles["Q"]) < weights.heads
    whole = _projected(sheet, given, naming) if split else {}
    found = []
    for head in range(1, weights.heads + 1):
        own = naming._replace(head=head if weights.heads > 1 else 0)
        if split:
            q, k, v = (_share(sheet, role, whole[role], head, weights.heads, own) for role in "QKV")
        else:
            q, k, v = (
                project(sheet, role, given.x if role == "Q" else given.memory, weights.roles[role][head - 1], own)
                for role in "QKV"
            )
        last = weights.heads == 1 and weights.output is None
        found.append(attend(sheet, q, k, v, setting, own, output if last else "H"))
    return _mixed(sheet, found, weights, naming, output)


def _projected(sheet: Worksheet, given: Given, naming: Naming) -> dict[str, Symbol]:
    """Queries, keys and values of all heads at once."""
    roles = given.weights.roles
    return {
        role: project(sheet, role, given.x if role == "Q" else given.memory, roles[role][0], naming) for role in "QKV"
    }


def _share(sheet: Worksheet, role: str, whole: Symbol, head: int, heads: int, naming: Naming) -> Symbol:
    """The columns of one head."""
    size = int(whole.shape[1]) // heads
    kind = {"Q": "Queries", "K": "Keys", "V": "Values"}[role]
    first, last = (head - 1) * size + 1, head * size
    places = f"column {first}" if first == last else f"columns {first} to {last}"
    why = say(f"head {head} has {places} of {{M}}", M=whole)
    return sheet.define(naming.of(role), Columns(whole, first - 1, last), kind + naming.told, why)


def _mixed(sheet: Worksheet, found: list[Symbol], weights: OnSheet, naming: Naming, output: str) -> Symbol:
    """The heads side by side, times W_O."""
    joined = found[0]
    if len(found) > 1:
        joined = sheet.define(
            naming.of("H") if weights.output is not None else output,
            Beside(*found),
            "Heads side by side" if weights.output is not None else "Output: the heads side by side",
            f"each token has the outputs of its {len(found)} heads in one row",
        )
    if weights.output is None:
        return joined
    mixes = "mixes what the heads have found" if weights.heads > 1 else "mixes the columns of {H}"
    why = f"{{W}} {mixes}: each output column is a weighted sum of all columns of {{H}}"
    parts = {"W": weights.output.W, "H": joined}
    if weights.output.b is not None:
        why, parts["b"] = why + ", plus its entry of {b}", weights.output.b
    return sheet.define(output, product(joined, weights.output), "Output of the attention", say(why, **parts))
