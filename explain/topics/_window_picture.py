"""The sliding window as a picture in text: the padded input, the places under the kernel in brackets."""

from __future__ import annotations

from explain.engine.nodes.base import Symbol
from explain.engine.nodes.window import Layout
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.topics._convolved import Operands

WIDEST = 76
LARGEST = 12  # rows and columns, padding included
APART = "    "


def drawn_window(sheet: Worksheet, given: Operands, x: Symbol, z: Symbol) -> None:
    """Three places of the window beside each other, on the first channel; nothing where that is too large."""
    layout = given.layout
    if len(layout.axes) == 1:
        return
    rows, columns = (range(-axis.before, _end(layout, at)) for at, axis in enumerate(layout.axes))
    if len(rows) > LARGEST or len(columns) > LARGEST:
        return
    cells = [[_text(given, row, column) for column in columns] for row in rows]
    wide = max(len(cell) for line in cells for cell in line)
    places = [(0, 0), (0, 1), (1, 0)] if layout.axes[0].places > 1 else [(0, 0), (0, 1), (0, 2)]
    step = next((s.entries for s in sheet.steps if s.name == z.name), ())
    chosen = [entry[-2:] for entry in step] or [
        place for place in places if all(at < axis.places for at, axis in zip(place, layout.axes, strict=True))
    ]
    blocks = [_block(layout, cells, wide, place, given.row) for place in chosen]
    while len(blocks) > 1 and sum(len(block[0]) for block in blocks) + len(APART) * (len(blocks) - 1) > WIDEST:
        blocks.pop()
    if len(blocks[0][0]) > WIDEST:
        return
    lines = [APART.join(parts).rstrip() for parts in zip(*blocks, strict=True)]
    which = ", channel 1" if layout.inputs > 1 else ""
    sample = " of sample 1" if layout.samples > 1 else ""
    zeros = ", zeros around it" if any(axis.before for axis in layout.axes) else ""
    sheet.drawing(f"The window slides over {x.name}{which}{sample}{zeros}", lines, [z])


def _end(layout: Layout, at: int) -> int:
    """One past the last place that is drawn: the input and its padding, as far as a window reaches."""
    axis = layout.axes[at]
    reach = (axis.places - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - axis.before
    return max(axis.size, reach)


def _text(given: Operands, row: int, column: int) -> str:
    rows, columns = given.layout.axes
    if not (0 <= row < rows.size and 0 <= column < columns.size):
        return "0"
    index = given.layout.place(0, 0, (row, column))
    return given.x.text(index) if given.x.texts is not None else tidy(float(given.x.array[index]))


def _block(layout: Layout, cells: list[list[str]], wide: int, place: tuple[int, ...], row_only: bool) -> list[str]:
    """The picture of one place, its heading first; all lines of one width."""
    under = [
        {at * axis.stride + u * axis.dilation for u in range(axis.kernel)}
        for at, axis in zip(place, layout.axes, strict=True)
    ]
    drawn = []
    for row, line in enumerate(cells):
        marked = [
            f"[{cell:>{wide}}]" if row in under[0] and column in under[1] else f" {cell:>{wide}} "
            for column, cell in enumerate(line)
        ]
        drawn.append("".join(marked))
    told = f"entry {place[1] + 1}" if row_only else f"entry ({place[0] + 1},{place[1] + 1})"
    width = max(len(told), len(drawn[0]))
    return [line.ljust(width) for line in [told, *drawn]]
