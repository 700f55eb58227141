"""The page for a terminal: Rich paints the lines, one colour a symbol in formula, numbers and matrices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from explain.page.model import Equation, GivenLine, Page, Section, grouped, joined
from explain.render.boxes import Box, BoxWriter, beside, text_box
from explain.render.dense import dense
from explain.render.glyphs import UNICODE, Glyphs, width_of
from explain.render.layout import Line, equation, paint, wrap
from explain.render.linear import sentence
from explain.render.tables import tabulated

if TYPE_CHECKING:
    from rich.console import Console

    from explain.engine.answer import Drawing

# Mid-bright colours that can be read on a dark and on a light ground.
PALETTE = ("color(32)", "color(166)", "color(35)", "color(133)", "color(136)", "color(161)", "color(37)", "color(67)")
STYLES = {
    "title": "bold", "heading": "bold", "step": "bold", "shapes": "dim", "why": "italic", "label": "dim",
    "source": "dim", "rule": "dim", "good": "green", "bad": "bold red",
}  # fmt: skip


def lines(page: Page, width: int, glyphs: Glyphs = UNICODE) -> list[Line]:
    """All lines of a page."""
    writer = BoxWriter(glyphs)
    out = _front(page, writer, width)
    for heading, sections in page.parts:
        if heading:
            out += [
                [],
                *wrap((heading,), glyphs, width, style="heading"),
                [(glyphs.line * min(width, len(heading)), "rule")],
            ]
        for group in grouped(sections):
            out += _section(group, writer, width)
    if page.results:
        out += _heading("Result")
    tall = False
    for at, result in enumerate(page.results):
        block = equation(result, writer, width, 2)
        out += [[], *block] if at and (tall or len(block) > 1) else block
        tall = len(block) > 1
    if page.checks:
        out += _heading("Check")
    for passed, text in page.checks:
        mark = glyphs.plain("✓" if passed else "✗")
        block = wrap(text, glyphs, width, f"  {mark} ", "    ")
        block[0][0] = (block[0][0][0], "good" if passed else "bad")
        out += block
    return out


def _front(page: Page, writer: BoxWriter, width: int) -> list[Line]:
    """What stands before the working: title, given, conventions, what is asked, tables."""
    glyphs = writer.glyphs
    out: list[Line] = []
    if page.title:
        out += wrap((page.title,), glyphs, width, style="title")
        out.append([(glyphs.rule * min(width, width_of(glyphs.plain(page.title))), "rule")])
        out += wrap((page.source,), glyphs, width, style="source")
    if page.given:
        out += [*_heading("Given"), *_givens(page.given, writer, width)]
    if page.conventions:
        out += _heading("Conventions")
    for convention in page.conventions:
        out += wrap(convention, glyphs, width, f"  {glyphs.bullet} ", "    ")
    if page.find:
        out += _heading("Find")
        found = [part for name in page.find for part in (", ", name)][1:]
        out += wrap(tuple(found), glyphs, width, "  ", "  ")
    for drawing in page.drawings:
        out += _drawing(drawing, glyphs, width)
    for table in page.tables:
        out += [[], *wrap((table.title,), glyphs, width, style="heading"), *tabulated(table, glyphs, width)]
    return out


def _drawing(drawing: Drawing, glyphs: Glyphs, width: int) -> list[Line]:
    """A picture in text; where it does not fit, its title and how much room it needs."""
    drawn = [glyphs.drawn(line) for line in drawing.lines]
    needed = 2 + max(map(width_of, drawn), default=0)
    out: list[Line] = [[], *wrap((drawing.title,), glyphs, width, style="heading")]
    if needed > width:
        return [*out, *wrap((f"this picture needs {needed} columns: --width {needed}",), glyphs, width, "  ", "  ")]
    return [*out, *([("  " + line, "")] if line else [] for line in drawn)]


def _heading(text: str) -> list[Line]:
    return [[], [(text, "heading")]]


def _givens(items: Sequence[GivenLine], writer: BoxWriter, width: int) -> list[Line]:
    """The given quantities, what they are in a column of its own where that fits."""
    glyphs = writer.glyphs
    drawn = [_drawn(item, writer, width) for item in items]
    fitting = [box.width for box in drawn if box.width <= width - 32]
    column = 2 + max(fitting, default=0) + 3
    tall = False
    out: list[Line] = []
    for item, box in zip(items, drawn, strict=True):
        note = (f"({item.shape})  ",) if item.shape else ()
        block = paint(box, 2)
        if 2 + box.width > width and item.value is not None:  # slices beside each other, which may be broken
            block = equation(Equation(item.symbol, [("=" if item.exact else "≈", item.value)]), writer, width, 2)
        if out and (tall or len(block) > 1):
            out.append([])
        tall = len(block) > 1
        if 2 + box.width + 3 > column:
            out += [*block, *wrap((*note, *item.meaning), glyphs, width, "      ", "      ", "label")]
            continue
        told = wrap((*note, *item.meaning), glyphs, width - column, style="label")
        block += [[] for _ in range(box.base + len(told) - len(block))]
        for at, line in enumerate(told):
            row = block[box.base + at]
            used = sum(width_of(text) for text, _ in row)
            row += [(" " * (column - used), ""), *line]
        out += block
    return out


def _drawn(item: GivenLine, writer: BoxWriter, width: int) -> Box:
    """`symbol = value`, columns of a wide matrix elided."""
    symbol = writer.box(item.symbol)
    if item.value is None:
        return symbol
    head = [symbol, text_box(" = " if item.exact else f" {writer.glyphs.plain('≈')} ")]
    for columns in (99, 7, 6, 5, 4, 3, 2):
        box = beside([*head, writer.changed(columns).box(item.value)])
        if box.width <= width - 2:
            break
    return box


def _section(group: Sequence[Section], writer: BoxWriter, width: int) -> list[Line]:
    glyphs, first = writer.glyphs, group[0]
    number = f"{first.number}  "
    under = " " * len(number)
    out: list[Line] = [[], *wrap(first.title, glyphs, width, number, " " * len(number), "step")]
    out[1][0] = (out[1][0][0], "step")
    shapes = glyphs.plain(first.shapes)
    if shapes:
        used = sum(width_of(text) for text, _ in out[-1])
        if used + 3 + width_of(shapes) <= width:
            out[-1].append((" " * (width - used - width_of(shapes)) + shapes, "shapes"))
        else:
            out += wrap((first.shapes,), glyphs, width, under, under, "shapes")
    why = joined([section.why for section in group])
    if why:
        out += wrap(why, glyphs, width, under, under, "why")
    written = [line for section in group for line in section.lines]
    if all(section.dense for section in group):
        return out + dense(written, writer, width)
    labels = [sentence(line.label) for line in written if isinstance(line, Equation) and line.compact]
    margin = max(map(width_of, labels), default=0)
    close = False  # whether side work in one line stands above, under which no empty line is needed
    for line in written:
        if not isinstance(line, Equation):
            out += [[], *wrap(line, glyphs, width, "    ", "    ", "label")]
            close = False
            continue
        block = equation(line, writer, width, 4, margin if line.compact else 0)
        short = bool(line.label) and len(block) == 1
        out += block if short and close else [[], *block]
        close = short
    return out


def plain(page: Page, width: int, glyphs: Glyphs = UNICODE) -> str:
    """The page without colour."""
    return uncoloured(lines(page, width, glyphs))


def uncoloured(drawn: Iterable[Line]) -> str:
    """Lines without colour."""
    return "".join(["".join([text for text, _ in line]).rstrip() + "\n" for line in drawn])


def show(page: Page, console: Console, width: int, glyphs: Glyphs = UNICODE) -> None:
    """Print the page on a Rich console."""
    paint_lines(lines(page, width, glyphs), console)


def paint_lines(drawn: Iterable[Line], console: Console) -> None:
    """Print lines in colour. Content never passes through Rich markup."""
    from rich.text import Text

    colours: dict[str, str] = {}
    for line in drawn:
        text = Text(no_wrap=True, overflow="ignore", end="")
        for piece, style in line:
            text.append(piece, style_of(style, colours))
        text.rstrip()
        console.print(text, markup=False, highlight=False, soft_wrap=True)


def style_of(style: str, colours: dict[str, str]) -> str:
    """The Rich style of a segment; symbols get the next colour of the palette as they appear."""
    kind, _, key = style.partition(":")
    if kind != "symbol":
        return STYLES.get(style, "")
    return colours.setdefault(key, PALETTE[len(colours) % len(PALETTE)])
