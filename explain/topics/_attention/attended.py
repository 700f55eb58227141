"""Attention weights in words: `Thinking attends 0.8808 to itself and 0.1192 to Machines`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.nodes.base import Symbol
from explain.engine.notation import Notation
from explain.engine.prose import Prose, Quoted
from explain.topics._attention.sequences import Sequences

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

MOST_QUERIES = 4  # of more, three are told
MOST_KEYS = 4  # of more, the largest weight only


def attended(weights: Symbol, value: Array, names: Sequences, first: int = 0) -> Prose:
    """A sentence on each query, where tokens have names; nothing without them.

    Args:
        first: the place of the first row's token in its sequence.
    """
    if names.queries is None and names.keys is None:
        return ()
    rows = len(value) if len(value) <= MOST_QUERIES else MOST_QUERIES - 1
    told: list[str | Notation] = []
    for row in range(rows):
        told += [*(["; "] if row else []), names.query(row + first), " attends "]
        told += _shares(weights, value[row], row, names, first)
    return tuple(told)


def _shares(weights: Symbol, shares: Array, row: int, names: Sequences, first: int) -> list[str | Notation]:
    """What one query gives to whom."""
    seen = [at for at in range(len(shares)) if shares[at] > 0]

    def who(at: int) -> str:
        return "itself" if names.same and at == row + first else names.key(at)

    if len(seen) == 1:
        return [f"to {who(seen[0])} alone"]
    if len(seen) > MOST_KEYS:
        top = int(shares.argmax())
        return ["most to ", f"{who(top)}, ", Quoted(weights.name, (row, top))]
    told: list[str | Notation] = []
    for place, at in enumerate(seen):
        between = "" if place == 0 else " and " if place == len(seen) - 1 else ", "
        told += [between, Quoted(weights.name, (row, at)), f" to {who(at)}"]
    return told
