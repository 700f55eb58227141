"""Tables for a terminal: columns aligned, long texts wrapped in their column, never a number cut."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.prose import Prose
from explain.page.model import Tabular
from explain.render.glyphs import Glyphs, width_of
from explain.render.layout import Line, wrap

GAP = 3
INDENT = 2


def tabulated(table: Tabular, glyphs: Glyphs, width: int) -> list[Line]:
    """The lines of a table; where even its narrowest form does not fit, one line a cell."""
    sizes = _sizes(table, glyphs, width - INDENT)
    out = _records(table, glyphs, width) if sizes is None else _columns(table, glyphs, sizes)
    return out + (wrap(table.note, glyphs, width, " " * INDENT, " " * INDENT, "label") if table.note else [])


def _columns(table: Tabular, glyphs: Glyphs, sizes: Sequence[int]) -> list[Line]:
    rule: Line = [(" " * INDENT + glyphs.line * (sum(sizes) + GAP * (len(sizes) - 1)), "rule")]
    heads = [
        wrap((column.title,), glyphs, size, style="label") for column, size in zip(table.columns, sizes, strict=True)
    ]
    out = [*_beside(heads, table, sizes), rule]
    for at, row in enumerate(table.rows):
        if table.totals and at == len(table.rows) - table.totals:
            out.append(rule)
        out += _beside([wrap(cell, glyphs, size) for cell, size in zip(row, sizes, strict=True)], table, sizes)
    return out


def _beside(cells: Sequence[list[Line]], table: Tabular, sizes: Sequence[int]) -> list[Line]:
    """One row: its cells side by side, numbers to the right."""
    out: list[Line] = []
    for height in range(max(1, *map(len, cells))):
        line: Line = [(" " * INDENT, "")]
        for at, (cell, size) in enumerate(zip(cells, sizes, strict=True)):
            piece = cell[height] if height < len(cell) else []
            room = size - sum(width_of(text) for text, _ in piece)
            gap = " " * (GAP if at else 0)
            line.append((gap + " " * room if table.columns[at].numbers else gap, ""))
            line += piece
            if not table.columns[at].numbers:
                line.append((" " * room, ""))
        out.append(line)
    return out


def _records(table: Tabular, glyphs: Glyphs, width: int) -> list[Line]:
    out: list[Line] = []
    for row in table.rows:
        for at, (column, cell) in enumerate(zip(table.columns, row, strict=True)):
            head = f"{column.title}: " if column.title else ""
            out += wrap((head, *cell), glyphs, width, " " * (2 if at == 0 else 4), "    ") if cell else []
    return out


def _sizes(table: Tabular, glyphs: Glyphs, room: int) -> list[int] | None:
    """The width of each column; columns of text give way first. None where the table does not fit."""
    sizes, least, heads = [], [], []
    for at, column in enumerate(table.columns):
        cells = [_text(row[at], glyphs) for row in table.rows]
        head = max(map(width_of, column.title.split(" ")))
        body = max(map(width_of, cells), default=0)
        longest = max((width_of(word) for cell in cells for word in cell.split(" ")), default=0)
        sizes.append(max(head, body))
        least.append(max(head, body if column.numbers else longest))
        heads.append(width_of(column.title))
    room -= GAP * (len(sizes) - 1)
    if sum(least) > room:
        return None
    while sum(sizes) > room:  # the widest column that can still give way does
        at = max((at for at in range(len(sizes)) if sizes[at] > least[at]), key=lambda at: sizes[at])
        sizes[at] -= 1
    for at, head in enumerate(heads):  # a heading stands in one line where there is room for it
        if head > sizes[at] and sum(sizes) + head - sizes[at] <= room:
            sizes[at] = head
    return sizes


def _text(cell: Prose, glyphs: Glyphs) -> str:
    return "".join(text for line in wrap(cell, glyphs, 10**6) for text, _ in line)
