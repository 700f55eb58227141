"""The totals of some layers: parameters, multiply-adds, numbers, memory; and the check from the stored arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.nodes.arithmetic import Add
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.layers.base import Size
from explain.topics._layers.conventions import BYTES
from explain.topics._layers.walk import MOST, Walk, closed_form
from explain.topics._units import in_units


class Costs(NamedTuple):
    """What one layer costs, in whole numbers where nothing unknown stays in them.

    Args:
        entries: the numbers that it gives out; 0 where it only passes them on.
    """

    parameters: Size
    fixed: Size
    multiply_adds: Size
    entries: Size


def totals(sheet: Worksheet, walk: Walk, costs: Sequence[Costs], whole: bool = True) -> list[Symbol]:
    """The sums over all layers, and what they take in memory.

    Args:
        whole: whether the parameters of every layer are known; else those that are known are summed.
    """
    counts = [item.parameters for item in costs]
    title = "Parameters of the network" if whole else "Parameters of the layers that are known"
    found = [summed(sheet, "P" if whole else "P_known", walk.parameters, counts, title, walk.most)]
    fixed = [item.fixed for item in costs]
    if any(map(_some, fixed)):
        told_of = "the running means and variances of batch normalisation"
        kept = sheet.define(
            "P_fixed",
            total([*walk.fixed, *numbers(fixed[walk.most :])]),
            "Parameters that are not trained",
            told_of,
            closed=closed_form,
        )
        trained = sheet.define(
            "P_trainable", found[0] - kept, "Parameters that are trained", "all others", closed=closed_form
        )
        found += [trained, kept]
    return found


def work_and_memory(
    sheet: Worksheet,
    walk: Walk,
    costs: Sequence[Costs],
    parameters: Symbol,
    worked: bool = True,
    shaped: bool = True,
) -> list[Symbol]:
    """Multiply-adds and bytes of all layers.

    Args:
        worked: whether the multiply-adds of every layer are known; `shaped`, whether its output is.
    """
    work = [item.multiply_adds for item in costs]
    title = "Multiply-adds of the network, for one sample" if worked else "Multiply-adds of the layers that are known"
    found = [summed(sheet, "M" if worked else "M_known", walk.work, work, title, walk.most)]
    activations = sheet.define(
        "A" if shaped else "A_known",
        total(numbers([item.entries for item in costs])),
        "Numbers that the layers give out" if shaped else "Numbers that the layers give out whose shape is known",
        "the entries of every output in the table, for one sample",
        closed=closed_form,
    )
    return [*found, memory(sheet, "B_P", parameters, "parameters"), memory(sheet, "B_A", activations, "activations")]


def memory(sheet: Worksheet, name: str, count: Symbol, what: str) -> Symbol:
    """What some numbers take in float32."""
    known = sheet.values.get(count.name)
    return sheet.define(
        name,
        BYTES * count,
        f"Memory of the {what}, in bytes",
        f"a number in float32 takes {BYTES} bytes",
        note=() if known is None else say(in_units(BYTES * int(known.item()))),
        closed=closed_form,
    )


def summed(
    sheet: Worksheet, name: str, worked: Sequence[Symbol], counts: Sequence[Size], title: str, most: int = MOST
) -> Symbol:
    """The sum over all layers.

    Args:
        worked: the steps of the layers that are worked.
        counts: the numbers of all layers; those that are not worked are added as they are.
    """
    terms: list[Node] = [*worked]
    rest = counts[most:]
    if any(map(_some, rest)):
        why = f"layers {most + 1} to {len(counts)}, worked like the others"
        terms.append(sheet.define(f"{name}_rest", total(numbers(rest)), title + ", the other layers", why))
    return sheet.define(name, total(terms), title, "all layers together", closed=closed_form)


def numbers(counts: Sequence[Size]) -> list[Node]:
    """Counts as terms; those that are 0 are left out."""
    return [Number(count, str(count)) if isinstance(count, int) else count for count in counts if _some(count)]


def _some(count: Size) -> bool:
    return not isinstance(count, int) or count != 0


def total(terms: Sequence[Node]) -> Node:
    """A sum of any number of terms."""
    if not terms:
        return Number(0, "0")
    return terms[0] if len(terms) == 1 else Add(*terms)
