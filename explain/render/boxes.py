"""Notation as boxes of text: matrices with tall brackets, fractions over a line, everything on its baseline."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from explain.engine.notation import (
    ATOM,
    QUOTIENT,
    Ceiling,
    Floor,
    Fraction,
    Grid,
    Notation,
    Operator,
    Paren,
    Power,
    Root,
    Word,
)
from explain.render.glyphs import UNICODE, Glyphs, superscript, width_of

Mark = tuple[int, int, str, str]  # row, column, text, style


class Box:
    """A rectangle of text: its size, the row of its baseline, and the marks placed in it."""

    __slots__ = ("base", "height", "marks", "width")

    def __init__(self, width: int, height: int, base: int, marks: Sequence[Mark]) -> None:
        self.width = width
        self.height = height
        self.base = base
        self.marks = marks

    def moved(self, down: int, right: int) -> list[Mark]:
        """The marks at another place."""
        if not down and not right:
            return list(self.marks)
        return [(row + down, column + right, text, style) for row, column, text, style in self.marks]


def text_box(text: str, style: str = "") -> Box:
    """One line of text."""
    return Box(width_of(text), 1, 0, [(0, 0, text, style)] if text else [])


def beside(boxes: Sequence[Box]) -> Box:
    """Boxes side by side on a common baseline."""
    if len(boxes) == 1:
        return boxes[0]
    base, below = 0, 1
    for box in boxes:
        if box.height > 1:
            base = max(base, box.base)
            below = max(below, box.height - box.base)
    marks: list[Mark] = []
    width = 0
    for box in boxes:
        down = base - box.base
        if down or width:
            marks += [(row + down, column + width, text, style) for row, column, text, style in box.marks]
        else:
            marks += box.marks
        width += box.width
    return Box(width, base + below, base, marks)


class BoxWriter:
    """Turns notation into boxes.

    Args:
        glyphs: the characters to draw with.
        columns: the most columns of a matrix that are drawn; the rest is elided.
        inline: fractions on one line, for sentences.

    The box of a matrix is kept: on a page it stands in several places.
    """

    def __init__(self, glyphs: Glyphs = UNICODE, columns: int = 99, inline: bool = False) -> None:
        self.glyphs = glyphs
        self.columns = columns
        self.inline = inline
        self._grids: dict[tuple[Grid, int], Box] = {}

    def changed(self, columns: int | None = None, inline: bool | None = None) -> BoxWriter:
        """The writer for narrower matrices or for one line; it knows the matrices that are drawn already."""
        other = type(self)(
            self.glyphs, self.columns if columns is None else columns, self.inline if inline is None else inline
        )
        other._grids = self._grids
        return other

    def box(self, part: Notation) -> Box:
        """The box of a piece of notation."""
        draw = _DRAW.get(type(part))
        return draw(self, part) if draw else beside(self._pieces(part))

    def _pieces(self, row: Notation) -> list[Box]:
        """The boxes of a row, and of the rows that stand in it."""
        boxes: list[Box] = []
        for part in row.parts:
            if type(part) in _DRAW:
                boxes.append(self.box(part))
            else:
                boxes += self._pieces(part)
        return boxes

    def _word(self, part: Word) -> Box:
        return text_box(self.glyphs.plain(part.text), f"symbol:{part.key}" if part.key else "")

    def _operator(self, part: Operator) -> Box:
        return text_box(self.glyphs.plain(part.text))

    def _root(self, part: Root) -> Box:
        inner = part.inner if part.inner.level >= ATOM else Paren(part.inner)
        return beside([text_box(self.glyphs.root), self.box(inner)])

    def _floor(self, part: Floor) -> Box:
        return self._bracketed(self.box(part.inner), self.glyphs.floor)

    def _ceiling(self, part: Ceiling) -> Box:
        return self._bracketed(self.box(part.inner), self.glyphs.ceiling)

    def _paren(self, part: Paren) -> Box:
        return self._bracketed(self.box(part.inner), self.glyphs.round)

    def _fraction(self, part: Fraction) -> Box:
        if self.inline:
            first = part.first if part.first.level > QUOTIENT else Paren(part.first)
            second = part.second if part.second.level > QUOTIENT else Paren(part.second)
            return beside([self.box(first), text_box("/"), self.box(second)])
        top, bottom = self.box(part.first), self.box(part.second)
        width = max(top.width, bottom.width)
        marks = top.moved(0, (width - top.width) // 2)
        marks.append((top.height, 0, self.glyphs.line * width, ""))
        marks += bottom.moved(top.height + 1, (width - bottom.width) // 2)
        return Box(width, top.height + 1 + bottom.height, top.height, marks)

    def _power(self, part: Power) -> Box:
        base = self.box(part.first if part.first.level >= ATOM else Paren(part.first))
        if isinstance(part.first, Word) and (part.first.level == QUOTIENT or part.first.text.endswith("⁾")):
            base = self.box(Paren(part.first))
        exponent = self.changed(inline=True).box(part.second)
        if exponent.height > 1:  # a matrix of exponents
            return beside([base, text_box("^"), self._bracketed(exponent, self.glyphs.round)])
        raised = superscript(_line(exponent)) if self.glyphs.superscripts else None
        if raised is not None:
            style = exponent.marks[0][3] if exponent.marks else ""
            height = base.height
            return Box(base.width + width_of(raised), height, base.base, [*base.marks, (0, base.width, raised, style)])
        simple = isinstance(part.second, Word) and part.second.level == ATOM
        parts = [base, text_box("^"), exponent] if simple else [base, text_box("^("), exponent, text_box(")")]
        return beside(parts)

    def bracket(self, inner: Box, side: int) -> Box:
        """One round bracket, as tall as a box: 0 opens, 1 closes."""
        both = self._bracketed(Box(0, inner.height, inner.base, []), self.glyphs.round)
        return Box(
            1,
            inner.height,
            inner.base,
            [(row, 0, text, style) for row, column, text, style in both.marks if column == side],
        )

    def _bracketed(self, inner: Box, brackets: Sequence[str]) -> Box:
        """A box between brackets: one pair, or top, middle and bottom of each side."""
        last = inner.height - 1
        left, right = ([brackets[0]], [brackets[1]]) if not last else (brackets[2:5], brackets[5:8])
        space = max(map(width_of, left))
        marks = inner.moved(0, space)
        for row in range(inner.height):
            at = 0 if row == 0 else 2 if row == last else 1
            marks.append((row, 0, left[at], ""))
            marks.append((row, space + inner.width, right[at], ""))
        return Box(space + inner.width + max(map(width_of, right)), inner.height, inner.base, marks)

    def _grid(self, grid: Grid) -> Box:
        key = (grid, self.columns)
        if key not in self._grids:
            self._grids[key] = self._matrix(grid)
        return self._grids[key]

    def _matrix(self, grid: Grid) -> Box:
        kept = narrowed(grid, self.columns)
        rows = [[cell for cell, keep in zip(row, kept, strict=True) if keep] if row else None for row in grid.rows]
        columns = sum(bool(keep) for keep in kept)
        cells = [[self._cell(row, at, kept) for at in range(columns)] for row in rows]
        widths = [_align([row[at] for row in cells]) for at in range(columns)]
        names = self._names(grid, kept)
        for at, name in enumerate(names):  # a name is wider than its numbers: they move to the right, under its end
            spare = max(0, width_of(name) - widths[at][1])
            widths[at] = (widths[at][0] + spare, widths[at][1] + spare)
        marks: list[Mark] = []
        spread = 2 if len(cells) == 2 else 1  # two rows leave a line for the baseline between them
        for down, row in enumerate(cells):
            right = 0
            for at, cell in enumerate(row):
                marks.append((down * spread, right + widths[at][0] - cell[1], cell[0], cell[2]))
                right += widths[at][1] + 2
        height = (len(cells) - 1) * spread + 1
        inner = Box(sum(width for _, width in widths) + 2 * (columns - 1), height, (height - 1) // 2, marks)
        box = self._bracketed(inner, self.glyphs.square)
        if names:
            box = _headed(box, names, widths, (box.width - inner.width) // 2)
        return _beside_names(box, list(map(self.glyphs.plain, grid.row_names)), spread, int(bool(names)))

    def _names(self, grid: Grid, kept: Sequence[str]) -> list[str]:
        """What stands above the columns that are drawn."""
        names = zip(grid.column_names, kept, strict=False)
        return [self.glyphs.plain(name) if keep == "keep" else "" for name, keep in names if keep]

    def _cell(self, row: Sequence[Notation] | None, at: int, kept: Sequence[str]) -> tuple[str, int, str]:
        """A cell's text, the width left of its decimal point, its style."""
        places = [keep for keep in kept if keep]
        if row is None:
            return (self.glyphs.plain("⋱" if places[at] == "dots" else "⋮"), 1, "")
        if places[at] == "dots":
            return (self.glyphs.plain("⋯"), 1, "")
        cell = row[at]
        if isinstance(cell, Word):
            text, style = self.glyphs.plain(cell.text), f"symbol:{cell.key}" if cell.key else ""
        else:
            box = BoxWriter(self.glyphs, inline=True).box(cell)
            text, style = _line(box), box.marks[0][3] if box.marks else ""
            if len(cell.parts) > 1:  # an expression, whose decimal points say nothing
                return (text, width_of(text), style)
        return (text, width_of(text.partition(".")[0].partition("×")[0]), style)


_DRAW: dict[type[Notation], Callable[[BoxWriter, Any], Box]] = {
    Word: BoxWriter._word,
    Operator: BoxWriter._operator,
    Fraction: BoxWriter._fraction,
    Power: BoxWriter._power,
    Root: BoxWriter._root,
    Paren: BoxWriter._paren,
    Floor: BoxWriter._floor,
    Ceiling: BoxWriter._ceiling,
    Grid: BoxWriter._grid,
}


def narrowed(grid: Grid, most: int) -> list[str]:
    """For each column of a grid: `keep`, `dots` (drawn as ⋯) or nothing (left out)."""
    count = len(grid.columns)
    marks = ["keep" if column is not None else "dots" for column in grid.columns]
    if count <= most:
        return marks
    if most == 1:
        return ["keep", "dots", *[""] * (count - 2)]
    head = max(1, most - 2)
    return ["keep"] * head + ["dots"] + [""] * (count - head - 2) + ["keep"]


def _align(cells: Sequence[tuple[str, int, str]]) -> tuple[int, int]:
    """A column's width left of the decimal point, and its whole width."""
    left = max(cell[1] for cell in cells)
    right = max(width_of(cell[0]) - cell[1] for cell in cells)
    return left, left + right


def _headed(box: Box, names: Sequence[str], widths: Sequence[tuple[int, int]], start: int) -> Box:
    """A matrix with the names of its columns above it."""
    marks = box.moved(1, 0)
    for name, (_, width) in zip(names, widths, strict=True):
        marks.append((0, start + width - width_of(name), name, "label"))
        start += width + 2
    return Box(box.width, box.height + 1, box.base + 1, marks)


def _beside_names(box: Box, names: Sequence[str], spread: int, above: int) -> Box:
    """A matrix with the names of its rows in front of it."""
    if not names:
        return box
    room = max(map(width_of, names)) + 1
    marks = box.moved(0, room)
    marks += [(above + at * spread, room - 1 - width_of(name), name, "label") for at, name in enumerate(names) if name]
    return Box(box.width + room, box.height, box.base, marks)


def _line(box: Box) -> str:
    """The text of a box of one line."""
    return "".join(text for _, _, text, _ in sorted(box.marks, key=lambda mark: mark[1]))
