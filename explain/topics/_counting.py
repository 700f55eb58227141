"""What the counting topics share: letters for sizes, the table of tensors, the count from the stored arrays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from explain.engine.answer import Cell, Column, Table
from explain.engine.evaluate import evaluate, symbols
from explain.engine.lowering import factored, lower
from explain.engine.names import word
from explain.engine.nodes.base import Entry, Symbol
from explain.engine.nodes.sizes import Sizes
from explain.engine.notation import sized
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.rounding import number_word
from explain.layers.base import Framework, Size, Stored, Tensor, as_node
from explain.parameters import Count

if TYPE_CHECKING:
    from sympy import Expr

    from explain.engine.worksheet import Worksheet

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
NAMES = {"keras": "Keras", "pytorch": "PyTorch"}


class Asked(NamedTuple):
    """A size that a question gives: its option, what was given, its usual letter, what it is."""

    option: str
    given: Count
    letter: str
    meaning: str


def introduced(sheet: Worksheet, sizes: Sequence[Asked]) -> list[Symbol]:
    """Every size as a symbol: the user's own, or the usual letter where that is free.

    One symbol given for two sizes is one quantity.
    """
    taken = {size.given.name for size in sizes if size.given.name}
    found: list[Symbol] = []
    known: dict[str, Symbol] = {}
    for option, given, letter, meaning in sizes:
        name = given.name or (letter if letter not in taken else f"{letter}_0")
        if name not in known:
            known[name] = sheet.given(name, given.values, meaning, option=option)
            if name != given.name and letter in taken:
                sheet.convention("{u} is in use here, so this is called {n}", u=word(letter), n=known[name])
        else:
            item = next(item for item in sheet.given_items if item.symbol.name == name)
            item.meaning = (*item.meaning, f"; {meaning}")
        found.append(known[name])
    return found


def number_of(sheet: Worksheet, size: Size) -> int | None:
    """A size as a number; None where symbols stay in it."""
    if isinstance(size, int):
        return size
    if not all(name in sheet.values for name in symbols(size)):
        return None
    return int(evaluate(size, sheet.values))


def tensors_table(
    sheet: Worksheet, tensors: Sequence[Tensor], total: Symbol, each: str = "", title: str = "Tensors"
) -> None:
    """The tensors with their shapes and sizes.

    Args:
        each: what there are several copies for, as in `4 gates`.
    """
    for tensor in tensors:
        sheet.keep_free(tensor.name)
    numbers = all(number_of(sheet, tensor.entries) is not None for tensor in tensors)
    lettered = any(not isinstance(size, int) for tensor in tensors for size in tensor.shape)
    columns = [Column("tensor"), Column("what it is")]
    columns += [Column("shape")] * lettered + [Column("in numbers")] * numbers + [Column("entries", numbers=True)]
    rows: list[list[Cell]] = []
    for tensor in tensors:
        row: list[Cell] = [(word(tensor.name),), (tensor.meaning,)]
        if lettered:
            row.append(_copies(sheet, tensor, False))
        if numbers:
            row.append(_copies(sheet, tensor, True))
        entries = as_node(tensor.entries)
        rows.append([*row, entries if numbers else factored(sheet.inlined(entries))])
    if len(rows) > 1:
        rows.append([("together",), *[()] * (len(columns) - 2), total])
    needs = (total.name,)
    sheet.tables.append(Table(title, columns, rows, int(len(rows) > 1), _told(each), needs))


def _told(each: str) -> Prose:
    return (f"the first factor counts the {each}",) if each else ()


def _copies(sheet: Worksheet, tensor: Tensor, numbers: bool) -> Cell:
    """The shape, with the number of its copies in front."""
    sizes = [number_word(str(number_of(sheet, size))) for size in tensor.shape] if numbers else None
    shape = sized(*sizes) if sizes else Sizes(*map(as_node, tensor.shape)).write(SYMBOLIC)
    if isinstance(tensor.copies, int) and tensor.copies == 1:
        return (shape,)
    copies = number_word(str(number_of(sheet, tensor.copies))) if numbers else as_node(tensor.copies).write(SYMBOLIC)
    return (copies, " · ", shape) if len(tensor.shape) == 1 else (copies, " · (", shape, ")")


def other_count(sheet: Worksheet, told: str, extra: Size, total: Symbol, sign: int = 1) -> None:
    """What another convention counts: `told` has {more} where the difference goes; `sign` says which way it goes."""
    more = SYMBOLIC.write(factored(as_node(extra)))
    known = number_of(sheet, extra)
    if known is None or total.name not in sheet.values:
        sheet.convention(told, more=more)
        return
    count = int(sheet.values[total.name].item()) + sign * known
    sheet.convention(f"{told} = {known}, {count} in all", more=more)


def direct_count(
    sheet: Worksheet,
    total: Symbol,
    arrays: Sequence[tuple[Size, Stored]],
    framework: Framework,
    whose: str = "",
) -> None:
    """A second route: the arrays that a framework keeps, counted from their shapes.

    Args:
        arrays: each array with how many there are of it.
        whose: what they are called where no framework stores just these.
    """
    whose = whose or f"that {NAMES[framework]} stores"
    import sympy

    def size(part: Size) -> Expr:
        return sympy.Integer(part) if isinstance(part, int) else lower(part, leaf)

    def leaf(part: Symbol | Entry) -> Expr:
        assert isinstance(part, Symbol)
        known, definition = sheet.values.get(part.name), sheet.definition(part.name)
        if known is not None:
            return sympy.Integer(int(known.item()))
        return sympy.Symbol(part.name) if definition is None else lower(definition, leaf)

    groups = [
        (size(copies), [(array.name, [size(part) for part in array.shape]) for _, array in group])
        for copies, group in groupby(arrays, lambda item: item[0])
    ]
    sizes = [copies * sympy.Add(*(sympy.Mul(*shape) for _, shape in group)) for copies, group in groups]
    terms = sizes if len(sizes) > 1 else [sympy.Mul(*shape) for _, shape in groups[0][1]]
    counted = sympy.Add(*sizes)
    stated = leaf(total)
    listed = ", ".join(_listed(copies, group) for copies, group in groups)
    summed = " + ".join(map(plain_size, terms if len(terms) < 6 else [sympy.expand(counted)]))
    result = f" = {total.name}" if counted.free_symbols else "" if len(terms) in (1, *range(6, 99)) else f" = {counted}"
    sheet.check(
        sympy.expand(counted - stated) == 0,
        [total],
        say(f"direct count of the arrays {whose}, {listed}: together {summed}{result}"),
    )


def _listed(copies: Expr, group: Sequence[tuple[str, Sequence[Expr]]]) -> str:
    arrays = ", ".join(f"{name} {'×'.join(map(plain_size, shape))}" for name, shape in group)
    if copies == 1:
        return arrays
    return f"{plain_size(copies)} times {arrays}" if len(group) == 1 else f"{plain_size(copies)} times ({arrays})"


def plain_size(size: Expr) -> str:
    """A size for a sentence: `4n`, `4n² + 4n`."""
    raised = re.sub(r"\*\*(\d+)", lambda found: found[1].translate(RAISED), str(size))
    return raised.replace("*", "")
