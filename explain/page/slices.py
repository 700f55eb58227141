"""Arrays with more than two axes on paper: one matrix after another, each with the index of its slice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from explain.engine.names import subscript, word
from explain.engine.nodes.base import Index, Symbol
from explain.engine.notation import ATOM, DOTS, Notation, Operator, Row, Word

MOST = 4  # slices; of more only the first two are shown
FEW = 108  # numbers; of so few every slice is shown, as a question on paper gives them
LONG = 12  # entries of a column
LARGE = 400  # entries; of a larger array a step shows the first slice only, and other places its first and last entry
LARGE_MATRIX = 1000  # entries; a larger matrix is not put into a formula, and other places show its two ends
EQUALS, ABOUT = Operator(" = ", " = "), Operator(" ≈ ", r" \approx ")
BETWEEN = Operator("   ", r"\quad ", breakable=True)
COMMA = Word(",")


class Slices(Row):
    """`X₁ = …,  X₂ = …` without the first name, which stands on the left: `left`."""

    __slots__ = ("left",)

    def __init__(self, left: Word, parts: Sequence[Notation]) -> None:
        super().__init__(parts, ATOM)
        self.left = left


def leads(shape: Sequence[int]) -> list[Index]:
    """The leading indices of the slices that are shown."""
    front = [range(size) for size in shape[:-2]]
    count = prod(len(places) for places in front)
    first = (0,) * len(front)
    if count > 1 and is_large(shape):
        return [first]
    if count <= MOST or count * prod(shape[-2:]) <= FEW:
        return list(product(*front))
    # the second one: the innermost axis with more than one place moves on
    at = max(axis for axis, places in enumerate(front) if len(places) > 1)
    return [first, tuple(int(axis == at) for axis in range(len(front)))]


def is_large(shape: Sequence[int | str]) -> bool:
    """Whether an array with more than two axes is too large for its slices to be read, or a matrix for its corners."""
    if len(shape) == 2 and all(isinstance(size, int) for size in shape):
        return min(map(int, shape)) > LONG and prod(map(int, shape)) > LARGE_MATRIX
    return len(shape) > 2 and prod(map(int, shape)) > LARGE


def is_vast(shape: Sequence[int | str]) -> bool:
    """Whether a matrix, or one long column, is so large that its step is laid out in as few lines as can be."""
    known = len(shape) == 2 and all(isinstance(size, int) for size in shape)
    return known and (is_large(shape) or (is_long(shape) and int(shape[0]) > LARGE_MATRIX))


def is_long(shape: Sequence[int | str]) -> bool:
    """Whether an array is one long column."""
    return len(shape) == 2 and int(shape[1]) == 1 and int(shape[0]) > LONG


def sliced(symbol: Symbol, drawn: Sequence[tuple[Index, tuple[Notation, bool]]]) -> Slices:
    """The slices of a quantity beside each other; of those left out the name of the last."""
    parts: list[Notation] = [drawn[0][1][0]]
    for lead, (grid, exact) in drawn[1:]:
        parts += [COMMA, BETWEEN, slice_word(symbol, lead), EQUALS if exact else ABOUT, grid]
    front = [int(size) for size in symbol.shape[:-2]]
    if len(drawn) < prod(front):
        parts += [COMMA, BETWEEN, DOTS, COMMA, BETWEEN, slice_word(symbol, [size - 1 for size in front])]
    return Slices(symbol.word if prod(front) == 1 else slice_word(symbol, drawn[0][0]), parts)


def slice_word(symbol: Symbol, lead: Sequence[int]) -> Word:
    """How one slice is written: X₂, or K₂,₁ for filter 2 and channel 1."""
    label = ",".join(str(at + 1) for at in lead)
    if symbol.word.text == word(symbol.name).text:
        return word(symbol.name, label)
    marked = symbol.word
    return Word(marked.text + subscript(label), f"{marked.latex}_{{{label}}}", key=marked.key, level=marked.level)


def left_of(symbol: Word, value: Notation) -> Word:
    """What stands on the left of a value: the quantity, or its first slice."""
    return value.left if isinstance(value, Slices) else symbol


def ends(symbol: Symbol, entry: Callable[[Index], tuple[Word, bool]]) -> Slices:
    """A large array by its first and its last entry: `Z[1,1,1] ≈ 7.8895, ⋯, Z[64,112,112] ≈ -13.2229`."""
    last = tuple(int(size) - 1 for size in symbol.shape)
    first = (0,) * len(last)
    number, exact = entry(last)
    sign = EQUALS if exact else ABOUT
    parts = [entry(first)[0], COMMA, BETWEEN, DOTS, COMMA, BETWEEN, entry_word(symbol, last), sign, number]
    return Slices(entry_word(symbol, first), parts)


def entry_word(symbol: Symbol, index: Sequence[int]) -> Word:
    """An entry with its whole index: `Z[64,112,112]`."""
    column = len(index) == 2 and symbol.shape[1] == 1
    label = ",".join(str(at + 1) for at in (index[:1] if column else index))
    return Word(f"{symbol.word.text}[{label}]", f"{{{symbol.word.latex}}}_{{{label}}}", key=symbol.word.key)
