"""The stamps of a transposed convolution as a picture in text, and the input with the zeros that replace them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import product

from explain.engine.nodes.base import Index, Symbol
from explain.engine.rounding import show, tidy
from explain.engine.worksheet import Worksheet
from explain.page.stamps import MOST, WRITTEN
from explain.topics._windows.stamped import Stamps, turned, with_zeros
from explain.topics._windows.window_picture import APART, LARGEST, WIDEST


def drawn_stamps(sheet: Worksheet, given: Stamps, x: Symbol, kernel: Symbol, z: Symbol) -> None:
    """The first stamps beside each other, on the output and the border that is cut off; nothing where too large."""
    layout = given.layout
    full = _full(given)
    if len(full) != 2 or max(full) > LARGEST or layout.output_shape != x.shape:
        return
    places = list(product(*(range(axis.places) for axis in layout.axes)))
    if len(places) * layout.filters <= MOST and not given.cut and max(full) <= WRITTEN:
        return  # the step itself writes all of them
    blocks = [_block(given, place) for place in places[:MOST]]
    while len(blocks) > 1 and sum(len(block[0]) for block in blocks) + len(APART) * (len(blocks) - 1) > WIDEST:
        blocks.pop()
    if len(blocks[0][0]) > WIDEST:
        return
    lines = [APART.join(parts).rstrip() for parts in zip(*blocks, strict=True)]
    first = ", channel 1 and filter 1" if layout.inputs > 1 else ", channel 1" if layout.filters > 1 else ""
    shown = "The stamps" if len(blocks) == len(places) else f"The first {len(blocks)} of {len(places)} stamps"
    framed = "; what lies outside the frame is cut off" if given.cut else ""
    sheet.drawing(f"{shown}{first}: an entry of {x.name} times {kernel.name}, at its place{framed}", lines, [z])


def _full(given: Stamps) -> list[int]:
    """How far the stamps reach along each axis, places that are added at the end included."""
    return [
        max(axis.before + axis.size, (axis.places - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1)
        for axis in given.layout.axes
    ]


def _block(given: Stamps, place: Index) -> list[str]:
    """One stamp, its heading first; all lines of one width."""
    layout = given.layout
    at = layout.place(0, 0, place)
    rows, columns = layout.axes
    cells = [["."] * _full(given)[1] for _ in range(_full(given)[0])]
    for u, v in product(range(rows.kernel), range(columns.kernel)):
        number = given.x.exact(at) * given.kernel.exact(layout.weight(0, 0, (u, v)))
        row, column = place[0] * rows.stride + u * rows.dilation, place[1] * columns.stride + v * columns.dilation
        cells[row][column] = show(Fraction(number)).text
    wide = max(len(cell) for line in _all_cells(given) for cell in line)
    named = str(place[1] + 1) if given.row else f"({place[0] + 1},{place[1] + 1})"
    drawn = _framed(given, [[f"{cell:>{wide}}" for cell in line] for line in cells], wide)
    told = f"entry {named}: {given.x.text(at)}·K"
    width = max(len(told), len(drawn[0]))
    return [line.ljust(width) for line in [told, *drawn]]


def _all_cells(given: Stamps) -> list[list[str]]:
    """All numbers of the stamps that may be drawn, for one width of all columns."""
    layout = given.layout
    places = list(product(*(range(axis.places) for axis in layout.axes)))[:MOST]
    kernel = list(product(*(range(axis.kernel) for axis in layout.axes)))
    return [
        [
            show(Fraction(given.x.exact(layout.place(0, 0, at)) * given.kernel.exact(layout.weight(0, 0, u)))).text
            for u in kernel
        ]
        for at in places
    ]


def _framed(given: Stamps, cells: list[list[str]], wide: int) -> list[str]:
    """The lines of a grid; where a border is cut off, a frame stands around what is kept."""
    if not given.cut:
        return ["  ".join(line) for line in cells]
    (top, bottom), (left, right) = ((axis.before, axis.before + axis.size) for axis in given.layout.axes)
    lines = []
    for row, line in enumerate(cells):
        bar = "|" if top <= row < bottom else " "
        parts = [f"{'  ' if at else ''}{cell}" for at, cell in enumerate(line)]
        parts.insert(right, f" {bar}")
        parts.insert(left, f"{' ' if left else ''}{bar}" + ("" if left else " "))
        lines.append("".join(parts))
    start = len("".join(f"{'  ' if at else ''}{' ' * wide}" for at in range(left))) + (1 if left else 0)
    inner = lines[top].rindex("|") - start - 1
    rule = " " * start + "+" + "-" * inner + "+"
    width = max(map(len, lines))
    return [line.ljust(width) for line in [*lines[:top], rule, *lines[top:bottom], rule, *lines[bottom:]]]


def drawn_zeros(sheet: Worksheet, given: Stamps, x: Symbol, kernel: Symbol, z: Symbol) -> None:
    """The input with zeros between and around, and the turned kernel that slides over it; nothing where too large."""
    layout = given.layout
    spaced = with_zeros(given, sheet.values[x.name])
    if len(layout.axes) != 2 or max(spaced.shape[2:]) > LARGEST or layout.filters * layout.inputs > 1 or layout.samples:
        return
    over = _numbers(spaced[0, 0])
    kernel_lines = _numbers(turned(given, sheet.values[kernel.name])[0, 0])
    height = max(len(over), len(kernel_lines))
    wide = max(len("turned K"), *map(len, kernel_lines))
    left = [line.ljust(len(over[0])) for line in [f"{x.name} with zeros", *over, *[""] * (height - len(over))]]
    width = max(map(len, left))
    right = ["turned K", *kernel_lines, *[""] * (height - len(kernel_lines))]
    if width + len(APART) + wide > WIDEST:
        return
    lines = [f"{a:<{width}}{APART}{b}".rstrip() for a, b in zip(left, right, strict=True)]
    dilated = any(axis.dilation > 1 for axis in layout.axes)
    steps = ", its entries as far apart as given by the dilation" if dilated else ""
    sheet.drawing(
        f"The same by an ordinary convolution: the turned kernel slides over this in steps of 1{steps}", lines, [z]
    )


def _numbers(array: Iterable[Iterable[float]]) -> list[str]:
    """A matrix of numbers as lines."""
    cells = [[tidy(float(number)) if number else "0" for number in line] for line in array]
    wide = max(len(cell) for line in cells for cell in line)
    return ["  ".join(f"{cell:>{wide}}" for cell in line) for line in cells]
