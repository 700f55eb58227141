"""The step that works the size of what a window gives: how often it stands along each axis."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.answer import Place
from explain.engine.nodes.base import Node, Number, node
from explain.engine.nodes.geometry import Axis
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.layers.base import whole_number
from explain.layers.sliding import Slide
from explain.topics._windows.convolved import NAMES, Operands, Window, along_the_row

SIZE_TITLES = {
    "length": "Length of the output",
    "size": "Size of the output, rows and columns alike",
    "rows": "Rows and columns of the output",
}
DIRECTIONS = {"length": "along", "size": "each way", "rows": "down", "columns": "across"}


def sizes_worked(sheet: Worksheet, given: Operands, window: Window) -> None:
    """The step that works the size of the output; rows and columns that are alike are worked once."""
    window = along_the_row(window) if given.row else window
    slides = window.slides([axis.kernel for axis in given.layout.axes])
    worked = [(size_of(axis, slide), _why(axis, slide)) for axis, slide in zip(given.layout.axes, slides, strict=True)]
    size_steps(sheet, given.layout.axes, given.row, worked)


def size_steps(sheet: Worksheet, axes: Sequence[Axis], row: bool, worked: Sequence[tuple[Node, str]]) -> None:
    """One step for the size of the output: a line an axis, each with its formula and its reason."""
    names = NAMES[len(axes)]
    lines = [
        (name, (formula, f"{name}: {why}" if len(names) > 1 else why))
        for name, (formula, why) in zip(names, worked, strict=True)
    ]
    if row:
        lines = [("length", worked[1])]
    elif len(lines) == 2 and axes[0] == axes[1]:
        lines = [("size", worked[0])]
    title = SIZE_TITLES[lines[0][0]]
    for name, (formula, why) in lines:
        sheet.define(name, formula, title, why, place=Place(lines[0][0], (DIRECTIONS[name],)))


def size_of(axis: Axis, slide: Slide, ceil: bool = False) -> Node:
    """The output size with its numbers: ⌊(5 + 2·1 - 3)/2⌋ + 1."""
    padding = node(slide.padding) if isinstance(slide.padding, int) and slide.padding else slide.padding
    dilation = node(axis.dilation) if axis.dilation != 1 else 1
    stride = node(axis.stride) if axis.stride != 1 else 1  # nothing is divided by 1
    worked = Slide(node(axis.kernel), stride, padding, dilation).places(node(axis.size), ceil)
    return worked if isinstance(worked, Node) else Number(worked, str(worked))


def _why(axis: Axis, slide: Slide) -> str:
    covers = f"the kernel covers {whole_number(slide.covers)}"
    covers += f" ({axis.kernel} entries, {axis.dilation} apart)" if axis.dilation != 1 else ""
    if slide.padding == "same":
        return _why_same(axis, covers)
    zeros = f" with {amount(axis.before, 'zero')} on each side" if slide.padding else ""
    rest = (axis.size + 2 * axis.before - whole_number(slide.covers)) % axis.stride
    step = "" if axis.stride == 1 else f" in steps of {axis.stride}"
    step += f" ({rest} at the end {'is' if rest == 1 else 'are'} not reached)" if rest else ""
    moves = f"it stands at the start, and moves on through what is left{step}"
    return f"{amount(axis.size, 'place')}{zeros}, {covers}: {moves}"


def _why_same(axis: Axis, covers: str) -> str:
    """How many places same padding keeps, and how many zeros that takes."""
    kept = f"each of the {axis.size}" if axis.stride == 1 else f"every {axis.stride} of the {axis.size}"
    added = axis.before + axis.after
    needed = "no zero is" if not added else f"{amount(added, 'zero')} {'is' if added == 1 else 'are'}"
    sides = f", {axis.before} in front and {axis.after} behind" if added else ""
    return f"same padding: a place of the output for {kept}; {covers}, so {needed} added{sides}"
