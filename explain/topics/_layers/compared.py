"""Two models side by side: layer by layer, their parameters, their totals."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING

from explain.code.parts import OpenSize
from explain.engine.answer import Cell, Column, Table
from explain.engine.evaluate import symbols
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import SYMBOLIC, say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.layers.base import Size, as_node, whole_number
from explain.topics._layers.checks import arrays_counted
from explain.topics._layers.graph import Visit
from explain.topics._layers.summary import LONGEST, callee, short
from explain.topics._layers.totals import Costs, numbers, total
from explain.topics._layers.walk import closed_form

if TYPE_CHECKING:
    from explain.topics._layers.models import Walked

Pair = tuple[Visit | None, Visit | None]


def compared(
    sheet: Worksheet, one: Walked, other: Walked, names: tuple[str, str], results: Sequence[Symbol]
) -> list[Symbol]:
    """The table of both models, and how their totals differ.

    Args:
        names: what the two are called.
    """
    sheet.part(f"Against {names[1]}")
    pairs = aligned(one.visits, other.visits)
    found = []
    costs = [Costs(*(other.inlined(size) for size in item)) for item in other.costs()]
    sums = {"P": ([item.parameters for item in costs], one.whole and other.whole, "parameters")}
    sums["M"] = ([item.multiply_adds for item in costs], one.worked and other.worked, "multiply-adds")
    _take_input(sheet, [*sums["P"][0], *sums["M"][0]], names)
    for letter, (counts, known, what) in sums.items():
        if known and any(symbol.name == letter for symbol in results):
            found += _difference(sheet, letter, counts, what, names)
    if not (one.whole and other.whole):
        sheet.convention("the totals are not compared: the parameters of some layers are not known")
    sheet.tables.append(_table(pairs, one, other, names, (results[0].name,)))
    arrays = [
        array._replace(shape=tuple(other.inlined(size) for size in array.shape))
        for visit in other.visits
        for array in visit.stored
    ]
    theirs = next((symbol for symbol in found if symbol.name == "P_other"), None)
    if arrays and theirs is not None:
        arrays_counted(sheet, arrays, other.model.framework, theirs, f" ({names[1]})")
    return found


def _take_input(sheet: Worksheet, counts: Sequence[Size | None], names: tuple[str, str]) -> None:
    """Sizes of the other's input that its code does not say: they are those of the first, or symbols of their own."""
    read = {name: each for count in counts if isinstance(count, Node) for name, each in symbols(count).items()}
    open_ = [name for name, each in read.items() if not isinstance(each, OpenSize)]
    known = {item.symbol.name for item in sheet.given_items} | {step.name for step in sheet.steps}
    if known.intersection(open_):
        sheet.convention(
            f"the code of {names[1]} does not say the shape of its input: it is taken to be that of {names[0]}"
        )
    for name in open_:
        if name not in known:
            sheet.given(name, None, f"size of the input of {names[1]}, not known: it stays a symbol")


def _difference(
    sheet: Worksheet, letter: str, counts: Sequence[Size], what: str, names: tuple[str, str]
) -> list[Symbol]:
    """A total of the other model, and how much more the first has."""
    theirs = sheet.define(
        f"{letter}_other",
        total(numbers(counts)),
        f"{what.capitalize()} of {names[1]}",
        "its layers in the table, each worked like those above",
        closed=closed_form,
    )
    mine = sheet.last(letter)
    why = say("how many more {a} has; below 0 it has fewer", a=names[0])
    title = f"Difference of the {what}"
    return [theirs, sheet.define(f"D_{letter}", mine - theirs, title, why, closed=closed_form)]


def aligned(one: Sequence[Visit], other: Sequence[Visit]) -> list[Pair]:
    """The layers of both in order; those that stand in one only have no partner."""
    said = [[_said(visit) for visit in visits] for visits in (one, other)]
    found: list[Pair] = []
    for tag, a, b, c, d in SequenceMatcher(None, said[0], said[1], autojunk=False).get_opcodes():
        mine, theirs = one[a:b], other[c:d]
        if tag == "replace":
            found += _replaced(mine, theirs)
        else:
            found += zip_longest(mine, theirs)
    return found


def _replaced(mine: Sequence[Visit], theirs: Sequence[Visit]) -> list[Pair]:
    """Where the models differ, layers of one kind stand beside each other."""
    kinds = [[_kind(visit) for visit in visits] for visits in (mine, theirs)]
    found: list[Pair] = []
    for tag, a, b, c, d in SequenceMatcher(None, kinds[0], kinds[1], autojunk=False).get_opcodes():
        if tag == "equal":
            found += zip(mine[a:b], theirs[c:d], strict=True)
        else:
            found += [*((visit, None) for visit in mine[a:b]), *((None, visit) for visit in theirs[c:d])]
    return found


def _said(visit: Visit) -> str:
    """What makes two layers the same: their settings, whatever the framework and the names."""
    return visit.call.written if visit.layer is None else visit.layer.word


def _kind(visit: Visit) -> str:
    return callee(visit.call) if visit.layer is None else visit.layer.word.split()[0]


def _table(pairs: Sequence[Pair], one: Walked, other: Walked, names: tuple[str, str], needs: tuple[str, ...]) -> Table:
    columns = [
        Column("layer"),
        Column("output"),
        Column(f"parameters of {names[0]}", True),
        Column(f"of {names[1]}", True),
        Column("", False),
    ]
    rows: list[list[Cell]] = []
    differing = 0
    for mine, theirs in pairs:
        mark = _mark(mine, theirs, one, other)
        differing += bool(mark)
        rows.append(
            [
                (_either(*(None if visit is None else short(visit.call) for visit in (mine, theirs))),),
                (_either(_output(mine, one), _output(theirs, other)),),
                _count(mine, one),
                _count(theirs, other),
                (mark,) if mark else (),
            ]
        )
    total_row: list[Cell] = [("total",), (), _total(one), _total(other), ()]
    note = amount(differing, "layer") + (" differs" if differing == 1 else " differ") if differing else "no differences"
    return Table(f"{names[0]} and {names[1]}, layer by layer", columns, [*rows, total_row], 1, (note,), needs)


def _either(mine: str | None, theirs: str | None) -> str:
    """What both have; else one beside the other, a dash for what is not there."""
    if mine == theirs:
        return mine or ""
    return f"{mine or '–'} | {theirs or '–'}"


def _output(visit: Visit | None, walked: Walked) -> str | None:
    if visit is None:
        return None
    return "?" if visit.given is None else walked.shapes.text(visit.given)


def _count(visit: Visit | None, of: Walked) -> Cell:
    if visit is None:
        return ("–",)
    return ("?",) if visit.parameters is None else (_told(visit.parameters, of),)


def _told(size: Size, of: Walked) -> str:
    """A number, or what it is in the symbols of the code; where that is long the totals below tell it."""
    if isinstance(size, int):
        return str(size)
    from explain.render.linear import sentence

    text = sentence((SYMBOLIC.write(closed_form(as_node(of.inlined(size)))),))
    return text if len(text) <= LONGEST else "in symbols"


def _total(walked: Walked) -> Cell:
    counts = [visit.parameters for visit in walked.visits]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts):
        return ("?",)
    if all(isinstance(count, int) for count in known):
        return sum(map(whole_number, known))
    return (_told(total(numbers(known)), walked),)


def _mark(mine: Visit | None, theirs: Visit | None, one: Walked, other: Walked) -> str:
    if mine is None or theirs is None:
        return "only one has it"
    if _said(mine) != _said(theirs):
        return "differs"
    if isinstance(mine.parameters, int) and isinstance(theirs.parameters, int) and mine.parameters != theirs.parameters:
        return "other weights"
    return "" if _output(mine, one) == _output(theirs, other) else "other shape"
