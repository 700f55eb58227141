"""A step with a large matrix in few lines: a formula on one line, what the matrix holds beside its corners."""

from __future__ import annotations

from collections.abc import Sequence

from explain.page.model import Equation
from explain.page.model import Line as Written
from explain.render.boxes import Box, BoxWriter, beside, text_box
from explain.render.glyphs import width_of
from explain.render.layout import Line, equation, paint, wrap

BETWEEN = 3  # columns between a matrix and what stands beside it
INDENT = 4


def dense(written: Sequence[Written], writer: BoxWriter, width: int) -> list[Line]:
    """The lines of working of a section without empty lines between them; remarks that do not fit beside come below."""
    glyphs = writer.glyphs
    out: list[Line] = []
    block: list[Line] = []  # the matrix above, as long as nothing stands beside it
    for line in written:
        if not isinstance(line, Equation):
            if not _put_beside(block, wrap(line, glyphs, width - _room(block), style="label"), width):
                out += wrap(line, glyphs, width, " " * INDENT, " " * INDENT, "label")
            block = []
            continue
        block = _on_one_line(line, writer, width) or equation(line, writer, width, INDENT, inline=True)
        out += block
    return out


def _on_one_line(item: Equation, writer: BoxWriter, width: int) -> list[Line]:
    """`left = chain = formula`; nothing where it is no such thing, or does not fit."""
    if item.label or item.continued or item.left is None:
        return []
    writer = writer.changed(inline=True)
    boxes: list[Box] = [writer.box(item.left)]
    for sign, right in item.relations:
        boxes += [text_box(f" {writer.glyphs.plain(sign)} "), writer.box(right)]
    whole = beside(boxes)
    return paint(whole, INDENT) if whole.height == 1 and INDENT + whole.width <= width else []


def _room(block: Sequence[Line]) -> int:
    """The column at which a remark beside a block begins."""
    return max((sum(width_of(text) for text, _ in line) for line in block), default=0) + BETWEEN


def _put_beside(block: list[Line], told: Sequence[Line], width: int) -> bool:
    """Add the lines of a remark to those of a matrix; whether there is room for them."""
    start = _room(block)
    widest = max((sum(width_of(text) for text, _ in line) for line in told), default=0)
    if len(block) < 2 or len(told) > len(block) or start + widest > width:
        return False
    first = (len(block) - len(told)) // 2
    for row, line in zip(block[first:], told, strict=False):
        row += [(" " * (start - sum(width_of(text) for text, _ in row)), ""), *line]
    return True
