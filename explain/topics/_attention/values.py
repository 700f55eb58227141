"""The values of an attention and its output: as one matrix, or row by row where they are unknown or few."""

from __future__ import annotations

from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.topics._attention.heads import average
from explain.topics._attention.naming import Naming
from explain.topics._attention.sequences import Sequences
from explain.topics._attention.source import as_rows

MOST_WRITTEN_OUT = 6  # keys whose values are written one by one: z = α₁v₁ + α₂v₂ + …


def give_values(
    sheet: Worksheet, V: Values | None, keys: int, naming: Naming, names: Sequences
) -> Symbol | list[Symbol]:
    """The values: one matrix; for one query, or where they are unknown, each row by itself.

    Raises:
        InputError: V has more or fewer rows than there are keys.
    """
    V = _as_matrix(V, keys)
    if V is None:
        first, last = word("v_1"), word(f"v_{keys}")
        between = "stays a symbol" if keys == 1 else "and {z} stay symbols" if keys == 2 else "to {z} stay symbols"
        sheet.convention("no values are given: {a} " + between, a=first, z=last)
    if keys > MOST_WRITTEN_OUT or (V is not None and not naming.single):
        shape = (keys, "d_v")
        return sheet.given("V", V, "values, one a row", option="V", shape=shape, rows=names.keys)
    rows = [None if V is None else V.row(at) for at in range(keys)]
    return [
        sheet.given(f"v_{at + 1}", row, say("value of {k}: what it passes on", k=_key(names, at)), option="V")
        for at, row in enumerate(rows)
    ]


def _as_matrix(V: Values | None, keys: int) -> Values | None:
    """V with one row a key."""
    if V is None:
        return None
    given = as_rows(V, keys)
    if given.shape[0] != keys:
        raise InputError(
            f"{{V}} is {write(given.shape)}, but there are {amount(keys, 'key')}: {{V}} needs {amount(keys, 'row')}"
        )
    return given


def _key(names: Sequences, at: int) -> str:
    return names.key(at) if names.keys is not None else f"key {at + 1}"


def outputs(
    sheet: Worksheet, weights: Symbol, values: Symbol | list[Symbol], naming: Naming, names: Sequences
) -> list[Symbol]:
    """The weighted averages of the values."""
    if isinstance(values, Symbol):
        return [average(sheet, weights, values, naming, "z_1" if naming.single else "Z")]
    found = []
    for row in range(int(weights.shape[0])):
        total: Node = weights[row, 0] * values[0]
        for at, value in enumerate(values[1:], 1):
            total = total + weights[row, at] * value
        named = names.queries is not None
        query = names.query(row) if named else "the query" if naming.single else f"query {row + 1}"
        why = say("{q} takes from each value the share that its weight in {A} says", q=query, A=weights)
        title = say("Output" if naming.single and not named else "Output of {q}", q=query)
        found.append(sheet.define(f"z_{row + 1}", total, title, why))
    return found
