"""The sliding window as a picture in text: the padded input, the places under the kernel in brackets."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from explain.engine.nodes.base import Index, Symbol
from explain.engine.nodes.window import Layout
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet

WIDEST = 76
LARGEST = 12  # rows and columns, padding included
APART = "    "


class Laid(Protocol):
    """Maps and how a window moves over them."""

    @property
    def x(self) -> Values:
        """The maps."""

    @property
    def layout(self) -> Layout:
        """Their axes."""

    @property
    def row(self) -> bool:
        """Whether they are a single row."""


class Marks(NamedTuple):
    """What stands around the maps, in the title and in a cell, and which place in a window is marked with < >.

    Attributes:
        winner: the row and column that are marked, from an entry of the output.
    """

    around: str = "zeros"
    outside: str = "0"
    winner: Callable[[Index], Index | None] | None = None
    told: str = ""


PLAIN = Marks()


def drawn_window(sheet: Worksheet, given: Laid, x: Symbol, z: Symbol, marks: Marks = PLAIN) -> None:
    """Three places of the window beside each other, on the first channel seen; nothing where that is too large."""
    layout = given.layout
    if len(layout.axes) == 1:
        return
    rows, columns = (range(-axis.before, _end(layout, at)) for at, axis in enumerate(layout.axes))
    if len(rows) > LARGEST or len(columns) > LARGEST:
        return
    places = [(0, 0), (0, 1), (1, 0)] if layout.axes[0].places > 1 else [(0, 0), (0, 1), (0, 2)]
    step = next((s.entries for s in sheet.steps if s.name == z.name), ())
    sample, channel = _seen(layout, step[0]) if step else (0, 0)
    cells = [[_text(given, (sample, channel), row, column, marks.outside) for column in columns] for row in rows]
    wide = max(len(cell) for line in cells for cell in line)
    chosen = [entry[-2:] for entry in step] or [
        place for place in places if all(at < axis.places for at, axis in zip(place, layout.axes, strict=True))
    ]
    blocks = [
        _block(layout, cells, wide, place, given.row, marks.winner(place) if marks.winner else None) for place in chosen
    ]
    while len(blocks) > 1 and sum(len(block[0]) for block in blocks) + len(APART) * (len(blocks) - 1) > WIDEST:
        blocks.pop()
    if len(blocks[0][0]) > WIDEST:
        return
    lines = [APART.join(parts).rstrip() for parts in zip(*blocks, strict=True)]
    which = f", channel {channel + 1}" if layout.inputs > 1 else ""
    which += (f" of sample {sample + 1}" if which else f", sample {sample + 1}") if layout.samples > 1 else ""
    beyond = any(_end(layout, at) > axis.size for at, axis in enumerate(layout.axes))
    beyond = beyond and bool(marks.told or marks.around == "zeros")
    zeros = f", {marks.around} around it" if beyond or any(axis.before for axis in layout.axes) else ""
    sheet.drawing(f"The window slides over {x.name}{which}{zeros}{marks.told}", lines, [z])


def _end(layout: Layout, at: int) -> int:
    """One past the last place that is drawn: the input and its padding, as far as a window reaches."""
    axis = layout.axes[at]
    reach = (axis.places - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1 - axis.before
    return max(axis.size, reach)


def _seen(layout: Layout, entry: Index) -> tuple[int, int]:
    """The sample of an entry of the output, and the first channel that its filter sees."""
    sample, filter, _ = layout.taken_apart(entry)
    return sample, filter // (layout.filters // layout.groups) * layout.seen


def _text(given: Laid, front: tuple[int, int], row: int, column: int, outside: str) -> str:
    rows, columns = given.layout.axes
    if not (0 <= row < rows.size and 0 <= column < columns.size):
        return outside
    index = given.layout.place(*front, (row, column))
    return given.x.text(index) if given.x.texts is not None else tidy(float(given.x.array[index]))


def _block(
    layout: Layout, cells: list[list[str]], wide: int, place: tuple[int, ...], row_only: bool, winner: Index | None
) -> list[str]:
    """The picture of one place, its heading first; all lines of one width."""
    under = [
        {at * axis.stride + u * axis.dilation for u in range(axis.kernel)}
        for at, axis in zip(place, layout.axes, strict=True)
    ]
    best = None if winner is None else tuple(at + axis.before for at, axis in zip(winner, layout.axes, strict=True))
    drawn = []
    for row, line in enumerate(cells):
        marked = [
            f"<{cell:>{wide}}>"
            if (row, column) == best
            else f"[{cell:>{wide}}]"
            if row in under[0] and column in under[1]
            else f" {cell:>{wide}} "
            for column, cell in enumerate(line)
        ]
        drawn.append("".join(marked))
    told = f"entry {place[1] + 1}" if row_only else f"entry ({place[0] + 1},{place[1] + 1})"
    width = max(len(told), len(drawn[0]))
    return [line.ljust(width) for line in [told, *drawn]]
