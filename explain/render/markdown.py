"""The page as Markdown with LaTeX mathematics, readable as it is and on every page that renders it."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.notation import Grid, Notation, related
from explain.engine.prose import Prose
from explain.page.model import Equation, GivenLine, Page, Section, Tabular, grouped, joined
from explain.page.slices import Slices
from explain.render.latex import latex

SIGNS = {"=": "=", "≈": r"\approx"}


def markdown(page: Page, level: int = 1) -> str:
    """The whole page, its title a heading of the given level."""
    mark = "#" * level
    out: list[str] = []
    if page.title:
        out += [f"{mark} {escaped(page.title)}", "", f"*{escaped(page.source)}*", ""]
    if page.given:
        out += [f"{mark}# Given", "", *[line for item in page.given for line in _given(item)]]
    if page.conventions:
        out += ["", f"{mark}# Conventions", "", *[f"- {prose(text)}" for text in page.conventions]]
    if page.find:
        out += ["", f"{mark}# Find", "", ", ".join(f"${latex(name)}$" for name in page.find)]
    for drawing in page.drawings:
        out += ["", f"{mark}# {escaped(drawing.title)}", "", "```text", *(line or " " for line in drawing.lines), "```"]
    for table in page.tables:
        out += ["", f"{mark}# {escaped(table.title)}", "", *_table(table)]
    for heading, sections in page.parts:
        out += ["", f"{mark}# {escaped(heading or 'Working')}"]
        for group in grouped(sections):
            out += _section(group, mark)
    if page.results:
        out += ["", f"{mark}# Result", "", *[line for result in page.results for line in display(result)]]
    if page.checks:
        out += ["", f"{mark}# Check", ""]
    out += [f"- {'✓' if passed else '✗'} {prose(text)}" for passed, text in page.checks]
    return "\n".join(_single_blanks(out)) + "\n"


def _given(item: GivenLine) -> list[str]:
    told = prose(item.meaning) if item.meaning else ""
    shape = f" ({item.shape})" if item.shape else ""
    if item.value is None:
        return [f"${latex(item.symbol)}${shape}: {told}", ""]
    sign = "=" if item.exact else "≈"
    if isinstance(item.value, Slices) and item.value.left is item.symbol and not item.shape:
        return [told, "", *display(Equation(item.symbol, [(sign, item.value)]))]
    if isinstance(item.value, Slices) or (isinstance(item.value, Grid) and _is_tall(item.value)):
        return [f"${latex(item.symbol)}${shape}: {told}", "", *display(Equation(item.symbol, [(sign, item.value)]))]
    return [f"${latex(item.symbol)} {SIGNS[sign]} {latex(item.value)}${shape}: {told}", ""]


def _is_tall(grid: Grid) -> bool:
    return len(grid.rows) > 1 or bool(grid.column_names or grid.row_names)


def _table(table: Tabular) -> list[str]:
    """A table of pipes; totals are bold."""
    rows = [[prose(cell) for cell in row] for row in table.rows]
    for row in rows[len(rows) - table.totals :] if table.totals else []:
        row[:] = [f"**{cell}**" if cell and "$" not in cell else cell for cell in row]
    lines = [[escaped(column.title) for column in table.columns]]
    lines.append(["---:" if column.numbers else "---" for column in table.columns])
    written = [f"| {' | '.join(line)} |" for line in [*lines, *rows]]
    return [*written, "", *([prose(table.note), ""] if table.note else [])]


def _section(group: Sequence[Section], mark: str) -> list[str]:
    first = group[0]
    out = ["", f"{mark}## {first.number}. {prose(first.title)}", ""]
    if first.shapes:
        out += [f"Shapes: {first.shapes}", ""]
    why = joined([section.why for section in group])
    if why:
        out += [prose(why), ""]
    for line in (line for section in group for line in section.lines):
        if isinstance(line, Equation) and line.compact:
            out.append(f"- {prose(line.label)}: ${_inline(one_line(line))}$")
        else:
            out += ["", *(display(line) if isinstance(line, Equation) else [prose(line), ""])]
    return out


def display(item: Equation) -> list[str]:
    """An equation as display mathematics, relations under each other."""
    left = latex(item.left) if item.left is not None else ""
    label = [prose(item.label)[:1].upper() + prose(item.label)[1:] + ":", ""] if item.label else []
    rows = [f"&{SIGNS[sign]} {latex(right)}" for sign, right in item.relations]
    if item.label and item.left is None:
        rows = [
            latex(item.relations[0][1])
            + "".join(f" {SIGNS[sign]} {latex(right)}" for sign, right in item.relations[1:])
        ]
    elif len(rows) == 1:
        rows = [(left + " " + rows[0][1:]).strip()]
    if len(rows) == 1:
        return [*label, "$$", *rows, "$$", ""]
    rows[0] = f"{left} {rows[0]}"
    body = " \\\\\n".join(rows)
    return [*label, "$$", r"\begin{aligned}", body, r"\end{aligned}", "$$", ""]


def prose(text: Prose) -> str:
    """A sentence with its symbols as inline mathematics."""
    return "".join(escaped(part) if isinstance(part, str) else f"${_inline(part)}$" for part in text)


def one_line(item: Equation) -> Notation:
    """An equation on one line."""
    parts: list[Notation | str] = [] if item.left is None else [item.left]
    for sign, right in item.relations:
        parts += [sign, right] if parts else [right]
    return related(*parts)


def _inline(part: Notation) -> str:
    """Mathematics of a sentence; a space before the closing sign would make plain text of it."""
    return latex(part).replace("\n", " ").strip()


def escaped(text: str) -> str:
    """Text in which Markdown finds nothing to interpret."""
    return "".join("\\" + mark if mark in "\\`*_$<>[]|#~" else mark for mark in text)


def _single_blanks(lines: list[str]) -> list[str]:
    kept: list[str] = []
    for line in lines:
        if line or (kept and kept[-1]):
            kept.append(line)
    while kept and not kept[-1]:
        kept.pop()
    return kept
