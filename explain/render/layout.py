"""Pages as lines of styled text for a given width: sentences wrapped, equations broken at operators."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.notation import (
    ATOM,
    QUOTIENT,
    Fraction,
    Grid,
    Notation,
    Operator,
    Paren,
    Power,
    Root,
    Row,
    Word,
    held,
)
from explain.engine.prose import Prose
from explain.page.model import Equation
from explain.render.boxes import Box, BoxWriter, Mark, beside, text_box
from explain.render.glyphs import Glyphs, width_of

Segment = tuple[str, str]  # text, style
Line = list[Segment]


def paint(box: Box, indent: int = 0) -> list[Line]:
    """A box as lines of segments."""
    rows: list[list[Mark]] = [[] for _ in range(box.height)]
    for mark in box.marks:
        rows[mark[0]].append(mark)
    lines: list[Line] = []
    for marks in rows:
        line: Line = []
        at = -indent
        marks.sort()
        for _, column, text, style in marks:
            if column > at:
                line.append((" " * (column - at), ""))
            line.append((text, style))
            at = column + width_of(text)
        lines.append(line)
    return lines


def inline(part: Notation, glyphs: Glyphs) -> Box:
    """Notation on one line, for sentences."""
    return BoxWriter(glyphs, inline=True).box(part)


def wrap(prose: Prose, glyphs: Glyphs, width: int, first: str = "", rest: str = "", style: str = "") -> list[Line]:
    """A sentence with its symbols, wrapped at spaces; `first` and `rest` begin the lines."""
    words: list[Line] = [[]]
    for part in prose:
        if isinstance(part, str):
            head, *rest_of = glyphs.plain(part).split(" ")
            words[-1].append((head, style))
            words += [[(word, style)] for word in rest_of]
        elif type(part) is Word:
            words[-1].append((glyphs.plain(part.text), f"symbol:{part.key}" if part.key else style))
        else:  # a formula stays in one piece
            words[-1] += [(text, mark or style) for line in paint(inline(part, glyphs)) for text, mark in line]
    line: Line = [(first, "")] if first else []
    lines = [line]
    used, indent = width_of(first), width_of(rest)
    empty = True
    for word in words:
        if len(word) == 1 and not empty:  # most words: a space and the word at once
            text, mark = word[0]
            size = width_of(text)
            if size and used + 1 + size <= width and mark == style == line[-1][1]:
                line[-1] = (f"{line[-1][0]} {text}", style)
                used += 1 + size
                continue
        whole = width_of(word[0][0]) if len(word) == 1 else sum([width_of(text) for text, _ in word])
        for piece, size in [(word, whole)] if whole <= width - indent else _cut(word, width - indent):
            if not size:
                continue
            if not empty and used + 1 + size > width:
                line = [(rest, "")] if rest else []
                lines.append(line)
                used, empty = indent, True
            used += size if empty else 1 + size
            if not empty:
                append(line, " ", style)
            for text, mark in piece:
                append(line, text, mark)
            empty = False
    return lines


def _cut(word: Line, room: int) -> list[tuple[Line, int]]:
    """A word that is longer than any line in pieces that fit, and their widths."""
    text, room = "".join(text for text, _ in word), max(1, room)
    pieces = (text[at : at + room] for at in range(0, len(text), room))
    return [([(piece, word[0][1])], width_of(piece)) for piece in pieces]


def append(line: Line, text: str, style: str) -> None:
    """Add text to a line, to its last segment where that has the same style."""
    if line and line[-1][1] == style:
        line[-1] = (line[-1][0] + text, style)
    else:
        line.append((text, style))


def equation(
    item: Equation, writer: BoxWriter, width: int, indent: int, margin: int = 0, inline: bool = False
) -> list[Line]:
    """An equation: its relations under each other, or side work in one line where it fits.

    Args:
        margin: the width that the label is given at least, so that several lines stand aligned.
        inline: fractions are written on one line.
    """
    glyphs = writer.glyphs
    writer = writer.changed(inline=item.compact or inline)
    if item.label:
        return _side_work(item, writer, width, indent, margin)
    left = writer.box(item.left) if item.left is not None else Box(0, 1, 0, [])
    if item.continued:
        left = Box(left.width, 1, 0, [])
    lines: list[Line] = []
    tall = False
    column = indent + left.width
    for at, (sign, right) in enumerate(item.relations):
        head = beside([left, text_box(f" {glyphs.plain(sign)} ")]) if at == 0 else text_box(f" {glyphs.plain(sign)} ")
        start = indent if at == 0 else column
        whole = writer.box(right)
        room = width - start - head.width
        boxes = broken(right, writer, room, whole)
        if any(box.width > room - 2 * (place > 0) for place, box in enumerate(boxes)):
            # further left there is more room; a long left side has a line of its own then
            if at == 0 and not item.continued and left.width > 2:
                assert item.left is not None
                for place, box in enumerate(broken(item.left, writer, width - indent)):
                    tall = _stack(lines, paint(box, indent + 2 * (place > 0)), tall)
                head = text_box(f" {glyphs.plain(sign)} ")
            start = indent + 2 if at or lines else start
            boxes = broken(right, writer, width - start - head.width, whole)
        block = [paint(beside([head, boxes[0]]), start)]
        further = start + head.width + 2  # what is too wide even so stands further left
        block += [paint(box, max(0, min(further, width - box.width))) for box in boxes[1:]]
        for piece in block:
            tall = _stack(lines, piece, tall)
    return lines


def _stack(lines: list[Line], piece: list[Line], tall: bool) -> bool:
    """A block under the lines so far, with an empty line where either is tall; tells whether the block is."""
    if lines and (tall or len(piece) > 1):
        lines.append([])
    lines += piece
    return len(piece) > 1


def _side_work(item: Equation, writer: BoxWriter, width: int, indent: int, margin: int) -> list[Line]:
    """`first entry:  a + b = c = d`; broken before a relation where the line is full."""
    glyphs = writer.glyphs
    label = "".join(part if isinstance(part, str) else "" for part in item.label)
    label = label.ljust(margin) + "  " if item.compact else label + ":  "
    parts: list[Box] = [text_box(label, "label")]
    if item.left is not None:
        parts += [writer.box(item.left), text_box(f" {glyphs.plain(item.relations[0][0])} ")]
    start = sum(part.width for part in parts)
    rows: list[list[Box]] = [parts]
    if item.left is not None and indent + start > width:  # the label stands above its line
        rows = [[text_box(label.rstrip(), "label")], [Box(2, 1, 0, []), *parts[1:]]]
        start = sum(part.width for part in rows[1])
    used = indent + start
    drawn = [writer.box(right) for _, right in item.relations]
    widest = max(
        width_of(glyphs.plain(sign)) + 2 + box.width for (sign, _), box in zip(item.relations, drawn, strict=True)
    )
    if used + widest > width:  # the label gets a line of its own
        start = 2
        rows.append([Box(start, 1, 0, [])])
        used = indent + start
    for at, (sign, right) in enumerate(item.relations):
        mark = text_box(f" {glyphs.plain(sign)} ") if at else Box(0, 1, 0, [])
        boxes = broken(right, writer, width - indent - start - mark.width, drawn[at])
        for place, box in enumerate(boxes):
            size = box.width + (mark.width if place == 0 else 0)
            if (at or place) and used + size > width:
                rows.append([Box(start, 1, 0, [])])
                used = indent + start
            rows[-1] += [mark, box] if place == 0 else [box]
            used += size
    lines: list[Line] = []
    tall = False
    for row in rows:
        tall = _stack(lines, paint(beside(row), indent), tall)
    return lines


def broken(part: Notation, writer: BoxWriter, width: int, whole: Box | None = None) -> list[Box]:
    """A right-hand side in as many boxes as the width needs; `whole` is its box, where that is drawn already.

    It is broken before top-level operators; if that is not enough, columns of matrices are elided; then fractions
    are written on one line and parentheses are broken too.
    """
    if whole is not None and whole.width <= width:
        return [whole]
    most = most_columns(part)
    for columns in (99, 7, 6, 5, 4, 3, 2):
        if most <= columns < 99:
            continue  # nothing is elided
        narrow = writer.changed(columns)
        whole = narrow.box(part)
        if whole.width <= width:
            return [whole]
        for deep in (-1, 0):  # between the terms of a sum rather than within one
            rows = _packed(groups(part, narrow, deep), width)
            if all(row.width <= width - (2 if at else 0) for at, row in enumerate(rows)):
                return rows
    flat = writer.changed(2, inline=True)
    for last, deep in ((flat, 1), (flat, 2), (writer.changed(1, inline=True), 2)):
        rows = _packed(groups(part, last, deep), width)
        if all(row.width <= width - (2 if at else 0) for at, row in enumerate(rows)):
            return rows
    return _packed(groups(part, flat, deep=2), width)


def most_columns(part: Notation) -> int:
    """The columns of the widest matrix in a piece of notation; 0 where there is none."""
    columns = len(part.columns) if isinstance(part, Grid) else 0
    return max(columns, *map(most_columns, part.parts)) if part.parts else columns


def groups(part: Notation, writer: BoxWriter, deep: int) -> list[Box]:
    """The pieces between operators, each with the operator before it.

    Args:
        part: what is broken.
        writer: draws the pieces.
        deep: -1 keeps what stands between two operators whole, 1 goes into parentheses and quotients, 2 breaks inside
            products of numbers too.
    """
    if isinstance(part, Row):
        return _row_groups(part, writer, deep)
    if deep > 0 and isinstance(part, Paren):
        inner = groups(part.inner, writer, deep)
        inner[0] = beside([writer.bracket(inner[0], 0), inner[0]])
        inner[-1] = beside([inner[-1], writer.bracket(inner[-1], 1)])
        return inner
    if deep == 2 and isinstance(part, Root) and part.inner.level < ATOM:
        inner = groups(Paren(part.inner), writer, deep)
        return [beside([text_box(writer.glyphs.root), inner[0]]), *inner[1:]]
    if deep == 2 and isinstance(part, Power) and isinstance(part.first, Paren):
        inner = groups(part.first, writer, deep)
        return [*inner[:-1], beside([inner[-1], writer.box(Power(Word(""), part.second))])]
    if deep > 0 and isinstance(part, Fraction):
        top = groups(held(part.first, QUOTIENT + 1), writer, deep)
        bottom = groups(held(part.second, QUOTIENT + 1), writer, deep)
        over = beside([text_box("/"), bottom[0]])
        return [*top, over, *bottom[1:]] if deep == 2 else [*top[:-1], beside([top[-1], over]), *bottom[1:]]
    return [writer.box(part)]


def _row_groups(row: Row, writer: BoxWriter, deep: int) -> list[Box]:
    pieces: list[Box] = []
    for part in row.parts:
        if isinstance(part, Operator) and (part.breakable or (deep == 2 and part.text.strip())) and pieces:
            pieces.append(writer.box(part))
            continue
        found = [writer.box(part)] if deep < 0 else groups(part, writer, deep)
        if pieces:
            pieces[-1] = beside([pieces[-1], found[0]])
            found = found[1:]
        pieces += found
    return pieces or [Box(0, 1, 0, [])]


def _packed(groups: Sequence[Box], width: int) -> list[Box]:
    rows: list[list[Box]] = [[]]
    used = 0
    for group in groups:
        limit = width if len(rows) == 1 else width - 2
        if rows[-1] and used + group.width > limit:
            rows.append([])
            used = 0
        rows[-1].append(group)
        used += group.width
    return [beside(row) for row in rows]
