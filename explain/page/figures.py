"""The numbers of an answer as notation: typed ones as typed, computed ones rounded, large arrays by their corners."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from explain.engine.answer import Answer
from explain.engine.nodes.base import Entry, Index, Node, Number, Style, Symbol
from explain.engine.nodes.linear import Transpose
from explain.engine.notation import Grid, Notation, Word, sized
from explain.engine.prose import SYMBOLIC, Symbolic
from explain.engine.rounding import Shown, near, number_word, show, typed
from explain.page.slices import ends, is_large, is_long, is_vast, leads, sliced

ROWS = COLUMNS = 12  # larger arrays are shown by their corners
SLICE = 4  # rows and columns of a slice of a large array; of a larger one the corners
VANISHED = 1e-20  # of the float noise: SymPy's number is noise of its own then
LONGEST_GIVEN = 10  # characters of a number in an array that a program has handed over; a longer one is rounded


class Figures:
    """Writes the quantities of one answer with a number of decimals."""

    def __init__(self, answer: Answer, digits: int) -> None:
        self.answer = answer
        self.digits = digits
        self.rounds = False  # whether a rounded number has been put into a table
        self._entries: dict[tuple[str, Index], Shown] = {}
        self._figures: dict[tuple[str, bool], tuple[Notation, bool]] = {}
        self._given = {item.symbol.name: item.values for item in answer.given if item.values is not None}

    def known(self, name: str) -> bool:
        """Whether a quantity has numbers."""
        return name in self.answer.values

    def closed(self, name: str, index: Index = ()) -> tuple[Notation, bool] | None:
        """What a step with unknowns (or an entry of it) came to, in symbols; whether every number in it is exact."""
        for step in self.answer.steps:
            if step.name == name and step.closed is not None:
                return self.symbolic(step.closed.entry(index) if index else step.closed)
        return None

    def symbolic(self, node: Node) -> tuple[Notation, bool]:
        """A formula whose computed numbers, which have no text, are rounded; whether that left them exact."""
        style = Rounded(self.digits)
        return style.write(node), style.exact

    def entry(self, name: str, index: Index) -> Shown:
        """One number of a quantity as it is shown."""
        key = (name, index)
        if key not in self._entries:
            given = self._given.get(name)
            if given is not None:
                shown = Shown(typed(given.text(index)), True)
                if given.texts is None and len(shown.text) > LONGEST_GIVEN:  # of a program: nobody typed that
                    shown = show(float(given.array[index]), self.digits)
                self._entries[key] = shown
            else:
                value = self.answer.values[name][index]
                self._entries[key] = self.rounded(value, lambda: self.answer.proof.entry(name, index))
        return self._entries[key]

    def rounded(self, value: Any, exact: Any) -> Shown:
        """A computed number; where it looks like a short decimal, `exact()` (SymPy) is asked what it is."""
        if isinstance(value, int):
            return show(value)
        number = float(value)
        if math.isinf(number):
            return show(number)
        proven = exact() if near(number, self.digits) else None
        if proven is not None and getattr(proven, "is_Float", False) and abs(proven) < VANISHED * abs(number):
            return show(0.0)  # what forty digits leave of terms that cancel, as sixteen do
        return show(number if proven is None else proven, self.digits)

    def figure(self, symbol: Symbol, transposed: bool = False) -> tuple[Notation, bool]:
        """A quantity with its numbers, and whether every number shown is exact."""
        key = (symbol.name, transposed)
        if key not in self._figures:
            self._figures[key] = self._drawn(symbol, transposed)
        return self._figures[key]

    def labelled(self, symbol: Symbol) -> tuple[Notation, bool]:
        """A quantity with its numbers and the names of its rows and columns, for where it stands by itself."""
        notation, exact = self.figure(symbol)
        names = self.answer.labels.get(symbol.name)
        if names is None or not isinstance(notation, Grid):
            return notation, exact
        places = shown_rows(self.answer.values[symbol.name].shape)
        beside = [names.rows[at] if at is not None else "" for at in places] if names.rows else ()
        above = [names.columns[at] if at is not None else "" for at in notation.columns] if names.columns else ()
        return Grid(notation.rows, notation.columns, notation.key, beside, above), exact

    def summary(self, symbol: Symbol) -> tuple[Notation, bool]:
        """A quantity where it is only to be recognised: a large array by its two ends."""
        shape = self.answer.values[symbol.name].shape
        if not (is_large(shape) or is_long(shape)):
            return self.labelled(symbol)

        def entry(index: Index) -> tuple[Word, bool]:
            shown = self.entry(symbol.name, index)
            return number_word(shown.text, symbol.name), shown.exact

        return ends(symbol, entry), entry((0,) * len(shape))[1]

    def _drawn(self, symbol: Symbol, transposed: bool) -> tuple[Notation, bool]:
        shape = tuple(int(size) for size in self.answer.values[symbol.name].shape)
        if all(size == 1 for size in shape):
            text, exact = self.entry(symbol.name, (0,) * len(shape))
            return number_word(text, symbol.name), exact
        if len(shape) == 1:  # the sizes of an array
            sizes = [self.entry(symbol.name, (at,)) for at in range(shape[0])]
            return sized(*(number_word(size.text, symbol.name) for size in sizes)), all(size.exact for size in sizes)
        if len(shape) > 2:
            drawn = [(lead, self._grid(symbol.name, shape, lead)) for lead in leads(shape)]
            return sliced(symbol, drawn), all(exact for _, (_, exact) in drawn)
        return self._grid(symbol.name, shape[::-1] if transposed else shape, (), transposed)

    def _grid(self, name: str, shape: Sequence[int], lead: Index, transposed: bool = False) -> tuple[Notation, bool]:
        """A matrix by its numbers, or one slice of an array with more axes."""
        columns = shape[-1]
        exact = True
        cells: list[list[Notation] | None] = []
        large = is_large(shape)
        places = [0, 1, None, columns - 1] if large and columns > SLICE else corners(columns, COLUMNS)
        for row in shown_rows(shape):
            if row is None:
                cells.append(None)
                continue
            line: list[Notation] = []
            for column in places:
                if column is None:
                    line.append(Word("⋯", r"\cdots"))
                    continue
                text, is_exact = self.entry(name, (column, row) if transposed else (*lead, row, column))
                exact = exact and is_exact
                line.append(number_word(text, name))
            cells.append(line)
        return Grid(cells, places, name), exact


def corners(size: int, most: int) -> list[int | None]:
    """The rows (or columns) that are shown; None stands for those left out."""
    if size <= most:
        return list(range(size))
    return [0, 1, 2, None, size - 1]


def shown_rows(shape: Sequence[int]) -> list[int | None]:
    """The rows of a matrix, or of a slice of a larger array, that are shown."""
    rows = shape[-2]
    return [0, None, rows - 1] if (is_large(shape) or is_vast(shape)) and rows > SLICE else corners(rows, ROWS)


def is_elided(shape: Sequence[int]) -> bool:
    """Whether an array is shown by its corners only."""
    return any(size > ROWS for size in shape)


class Rounded(Symbolic):
    """The style of a formula with computed numbers in it. `exact` falls when a rounded one is written."""

    def __init__(self, digits: int) -> None:
        self.digits = digits
        self.exact = True

    def write(self, node: Node) -> Notation:
        """The node with symbols, and rounded numbers."""
        if isinstance(node, Number) and not node.text:
            shown = show(node.value, self.digits)
            self.exact = self.exact and shown.exact
            return number_word(shown.text)
        return node.write(self)


class Numbers:
    """The style of a substitution: every known symbol by its numbers. `exact` falls when a rounded one is written."""

    numbers = True
    entries = False

    def __init__(self, figures: Figures) -> None:
        self.figures = figures
        self.exact = True
        self.used = 0
        self.partial = False

    def keep_symbols(self) -> None:
        """Say that a part is written with symbols, because its numbers would be too many."""
        self.partial = True

    def indexed(self, index: str) -> Style:
        """Index formulas are written with symbols."""
        return SYMBOLIC.indexed(index)

    def write(self, node: Node) -> Notation:
        """The node with numbers put in."""
        if isinstance(node, Entry):
            if not self.figures.known(node.symbol.name):
                return self._closed(self.figures.closed(node.symbol.name, node.index)) or node.write(self)
            return self._number(self.figures.entry(node.symbol.name, node.index), node.symbol.name)
        if isinstance(node, Number):
            return node.write(self) if node.text else self._number(show(node.value, self.figures.digits), "")
        if isinstance(node, Symbol):
            return self._symbol(node)
        if isinstance(node, Transpose) and isinstance(node.operands[0], Symbol):
            symbol = node.operands[0]
            if is_large(symbol.shape):
                self.keep_symbols()
                return node.write(self)
            return self._figure(symbol, True) if self.figures.known(symbol.name) else node.write(self)
        return node.write(self)

    def _symbol(self, symbol: Symbol) -> Notation:
        """Its numbers; else what it came to in symbols; else itself. With more than two axes it is never put in."""
        if len(symbol.shape) > 2 and any(size != 1 for size in symbol.shape):
            return symbol.word
        if is_large(symbol.shape):
            self.keep_symbols()
            return symbol.word
        if self.figures.known(symbol.name):
            return self._figure(symbol, False)
        return self._closed(self.figures.closed(symbol.name)) or symbol.word

    def _closed(self, found: tuple[Notation, bool] | None) -> Notation | None:
        """What a step came to, counted as put in."""
        if found is None:
            return None
        self.used += 1
        self.exact = self.exact and found[1]
        return found[0]

    def _figure(self, symbol: Symbol, transposed: bool) -> Notation:
        notation, exact = self.figures.figure(symbol, transposed)
        self.exact = self.exact and exact
        self.used += 1
        return notation

    def _number(self, shown: Shown, key: str) -> Notation:
        self.exact = self.exact and shown.exact
        self.used += 1
        return number_word(shown.text, key)
