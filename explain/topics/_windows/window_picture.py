"""The sliding window as a picture in text: the padded input, the places under the kernel in brackets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from explain.engine.nodes.base import Index, Symbol, entry_place
from explain.engine.nodes.geometry import Axis, Layout
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
        _drawn_over_rows(sheet, given, x, z, marks)
        return
    rows, columns = (range(-axis.before, _end(layout, at)) for at, axis in enumerate(layout.axes))
    if len(rows) > LARGEST or len(columns) > LARGEST:
        return
    down, across = (axis.entered for axis in layout.axes)
    more = (down + 1, across) if layout.axes[0].places > 1 else (down, across + 2)
    places = [(down, across), (down, across + 1), more]
    step = next((s.entries for s in sheet.steps if s.name == z.name), ())
    sample, channel = _seen(layout, step[0]) if step else (0, 0)
    cells = [[_text(given, (sample, channel), row, column, marks.outside) for column in columns] for row in rows]
    wide = max(len(cell) for line in cells for cell in line)
    chosen = list(step) or [
        layout.place(0, 0, place)
        for place in places
        if all(at < axis.places for at, axis in zip(place, layout.axes, strict=True))
    ]
    blocks = []
    for entry in chosen:
        place, told = entry[-2:], f"entry {entry_place(entry, z.shape)}"
        blocks.append(_block(layout.axes, cells, wide, place, told, marks.winner(place) if marks.winner else None))
    lines = _beside(blocks)
    if not lines:
        return
    which = f", channel {channel + 1}" if layout.inputs > 1 else ""
    which += (f" of sample {sample + 1}" if which else f", sample {sample + 1}") if layout.samples > 1 else ""
    beyond = any(_end(layout, at) > axis.size for at, axis in enumerate(layout.axes))
    beyond = beyond and bool(marks.told or marks.around == "zeros")
    zeros = f", {marks.around} around it" if beyond or any(axis.before for axis in layout.axes) else ""
    sheet.drawing(f"The window slides over {x.name}{which}{zeros}{marks.told}", lines, [z])


def _drawn_over_rows(sheet: Worksheet, given: Laid, x: Symbol, z: Symbol, marks: Marks) -> None:
    """In one dimension: the channels of the first sample are rows, and the window covers those that its filter sees."""
    layout, (axis,) = given.layout, given.layout.axes
    columns, channels = range(-axis.before, _end(layout, 0)), layout.inputs
    if marks is not PLAIN or len(columns) > LARGEST or channels > LARGEST:
        return
    flat = given.x.reshape((max(1, layout.samples) * channels, axis.size))
    asked = next((step.entries for step in sheet.steps if step.name == z.name), ())
    entries = asked or [layout.place(0, 0, (at,)) for at in range(axis.entered, axis.places)][:3]
    sample, _ = _seen(layout, entries[0])
    cells = [
        [_number(flat, (sample * channels + row, at)) if 0 <= at < axis.size else marks.outside for at in columns]
        for row in range(channels)
    ]
    wide = max(len(cell) for line in cells for cell in line)
    groups = Axis(channels, layout.seen, layout.groups, layout.seen)  # the window moves on to the next group
    blocks = []
    for entry in entries:
        group = _seen(layout, entry)[1] // layout.seen
        told = f"entry {entry_place(entry, z.shape)}"
        blocks.append(_block((groups, axis), cells, wide, (group, entry[-1]), told, None))
    lines = _beside(blocks)
    zeros = f", {marks.around} around it" if axis.before or _end(layout, 0) > axis.size else ""
    which = f", sample {sample + 1}" if layout.samples > 1 else ""
    if lines:
        sheet.drawing(f"The window slides over {x.name}{which}{zeros}", lines, [z])


def _beside(blocks: list[list[str]]) -> list[str]:
    """The pictures beside each other, as many as there is room for; none where the first is too wide."""
    while len(blocks) > 1 and sum(len(block[0]) for block in blocks) + len(APART) * (len(blocks) - 1) > WIDEST:
        blocks.pop()
    if len(blocks[0][0]) > WIDEST:
        return []
    return [APART.join(parts).rstrip() for parts in zip(*blocks, strict=True)]


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
    return _number(given.x, given.layout.place(*front, (row, column)))


def _number(values: Values, index: Index) -> str:
    return values.text(index) if values.texts is not None else tidy(float(values.array[index]))


def _block(
    axes: Sequence[Axis], cells: list[list[str]], wide: int, place: Index, told: str, winner: Index | None
) -> list[str]:
    """The picture of one place, its heading first; all lines of one width."""
    under = [
        {at * axis.stride + u * axis.dilation for u in range(axis.kernel)} for at, axis in zip(place, axes, strict=True)
    ]
    best = None if winner is None else tuple(at + axis.before for at, axis in zip(winner, axes, strict=True))
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
    width = max(len(told), len(drawn[0]))
    return [line.ljust(width) for line in [told, *drawn]]
