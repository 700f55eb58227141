"""The page of an answer: its sections and lines as notation, the same for every output format."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.answer import Answer, Given, Step
from explain.engine.checks import has_numbers
from explain.engine.notation import Notation
from explain.engine.prose import SYMBOLIC, Prose, Quoted, say
from explain.engine.rounding import number_word
from explain.engine.shapes import write
from explain.page.captions import shape_line
from explain.page.figures import Figures
from explain.page.glossary import explained
from explain.page.model import Equation, GivenLine, Page, Section
from explain.page.slices import is_vast, left_of
from explain.page.tables import tabular
from explain.page.working import Working

DETAILS = ("brief", "exam", "full")


def page(answer: Answer, detail: str = "exam", digits: int = 4) -> Page:
    """Lay an answer out as a page.

    Args:
        detail: `brief` (formula, substitution, value of what is asked), `exam`, or `full` (every shown entry).
        digits: decimals shown; never fewer than three significant digits are.
    """
    figures = Figures(answer, digits)
    working = Working(figures, detail)
    built = Page(
        title=answer.title,
        source=answer.source,
        given=[_given(item, figures) for item in answer.shown_given],
        conventions=[],
        find=[answer.symbol(name).word for name in answer.asked],
        detail=detail,
        digits=digits,
    )
    numbers = answer.numbers
    shown = {step.name for step in answer.shown_steps}
    for step in answer.shown_steps:
        if detail == "brief" and step.name not in answer.asked:
            continue
        if not built.parts or built.parts[-1][0] != step.part:
            built.parts.append((step.part, []))
        built.parts[-1][1].append(_section(numbers[step.name], step, working, detail, shown))
    everything = [section for _, sections in built.parts for section in sections]
    built.tables = [tabular(table, figures) for table in answer.tables]
    built.conventions = [*answer.conventions, *explained(everything)]
    rounding = policy(digits, everything, has_numbers(answer), figures.rounds)
    built.conventions += [rounding] if rounding else []
    built.results = [_result(answer[name], figures) for name in answer.results]
    built.drawings = list(answer.drawings)
    built.checks = [(check.passed, check.text) for check in answer.all_checks]
    return built


def policy(digits: int, sections: Sequence[Section], numbers: bool = True, tables: bool = False) -> Prose:
    """What is done about rounding, said once; nothing where there are coefficients only, and none is rounded."""
    lines = [line for section in sections for line in section.lines if isinstance(line, Equation)]
    notes = [part for section in sections for line in section.lines if isinstance(line, tuple) for part in line]
    if all(sign == "=" for line in lines for sign, _ in line.relations):
        if any(isinstance(part, str) and "≈" in part for part in notes):
            return say("every number is exact, except where ≈ is written")
        if tables:
            return say(f"every number is exact, except in the tables: they are rounded to {digits} decimals (half-up)")
        return say("every number is exact: nothing is rounded") if numbers else ()
    return say(
        f"numbers are shown to {digits} decimals (half-up) and at least three significant digits; "
        "= is exact, ≈ is rounded, and unrounded values are carried on"
    )


def _given(item: Given, figures: Figures) -> GivenLine:
    shape = write(item.symbol.shape) if item.symbol.shape else ""
    value: Notation | None = None
    exact = True
    if item.values is not None:
        value, exact = figures.summary(item.symbol)
    left = item.symbol.word if value is None else left_of(item.symbol.word, value)
    if left is not item.symbol.word:
        return GivenLine(left, value, "", (item.symbol.word, f" is {shape}: ", *item.meaning), exact)
    return GivenLine(left, value, shape, item.meaning, exact)


def _section(number: int, step: Step, working: Working, detail: str, shown: set[str]) -> Section:
    brief = detail == "brief"
    caption = step.place.caption if step.place else shape_line(step.expression)
    return Section(
        step.name,
        number,
        step.title,
        "" if brief else caption,
        () if brief else step.again.why if step.again is not None and step.again.of in shown else step.why,
        [*working.lines(step), *([_quoted(step.note, working.figures)] if step.note and not brief else [])],
        not brief and step.value is not None and is_vast(step.value.shape),
    )


def _quoted(text: Prose, figures: Figures) -> Prose:
    """A sentence with the numbers it quotes."""
    return tuple(
        number_word(figures.entry(part.name, part.index).text, part.name) if isinstance(part, Quoted) else part
        for part in text
    )


def _result(step: Step, figures: Figures) -> Equation:
    sliced = step.local is not None and step.local.form == "slice"
    left = SYMBOLIC.write(step.expression) if sliced else step.symbol.word
    if step.value is not None:
        value, exact = figures.summary(step.symbol)
        return Equation(
            left_of(step.symbol.word, value) if left is step.symbol.word else left, [("=" if exact else "≈", value)]
        )
    if step.closed is not None:
        closed, exact = figures.symbolic(step.closed)
        return Equation(left, [("=" if exact else "≈", closed)])
    return Equation(left, [Working(figures, "brief").head(step)[-1]])
