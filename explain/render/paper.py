"""A solved paper as one document: question by question, with points, in every format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from explain.errors import amount, printable
from explain.render.essay import essay_lines, essay_markdown
from explain.render.glyphs import Glyphs
from explain.render.layout import Line, wrap
from explain.render.linear import sentence
from explain.render.markdown import escaped, markdown, prose
from explain.render.terminal import lines as page_lines
from explain.schema import VERSIONS

if TYPE_CHECKING:
    from explain.exam import Part
    from explain.paper import Paper, Solved
    from explain.printed import Printed

SCHEMA = "explain-paper"
ON_SHEET = "On the sheet"
ANSWER = "Answer"


class PaperDocument:
    """A solved paper, ready to be written."""

    def __init__(self, paper: Paper) -> None:
        self.paper = paper

    def lines(self, width: int, glyphs: Glyphs) -> list[Line]:
        """As lines for a terminal."""
        exam = self.paper.exam
        out = wrap((exam.title,), glyphs, width, style="title")
        if exam.text:
            out += [[], *wrap((exam.text,), glyphs, width)]
        for item in self.paper.solved:
            out += [[], [(glyphs.rule * width, "rule")], *wrap((heading(item.part),), glyphs, width, style="title")]
            out += wrap((item.part.text,), glyphs, width) if item.part.text else []
            out += _answer_lines(item, width, glyphs)
            essay = item.essay()
            if essay is not None:
                out += [[], *essay_lines(essay, width, glyphs)]
            if item.page is not None:
                drawn = page_lines(item.page, width, glyphs)
                out += drawn if not drawn[0] else [[], *drawn]
            out += _on_sheet(item, width, glyphs)
        return out

    def markdown(self) -> str:
        """As Markdown."""
        exam = self.paper.exam
        blocks = [f"# {escaped(exam.title)}\n", *([f"{escaped(exam.text)}\n"] if exam.text else [])]
        for item in self.paper.solved:
            level = 3 if item.part.label.endswith(")") else 2
            blocks.append(f"{'#' * level} {escaped(heading(item.part))}\n")
            if item.part.text:
                blocks.append(f"{escaped(item.part.text)}\n")
            if item.said:
                blocks.append(f"**{ANSWER}:** {prose(item.said)}\n")
            essay = item.essay()
            if essay is not None:
                blocks.append(essay_markdown(essay, level))
            if item.page is not None:
                blocks.append(markdown(item.page, level + 1 if item.page.title else level))
            if item.printed or item.remark:
                told = "\n".join(
                    [
                        *(f"- {_mark(shown.right)} {prose(shown.said)}" for shown in item.printed),
                        *([f"- {prose(item.remark)}"] if item.remark else []),
                    ]
                )
                blocks.append(f"{'#' * (level + 1 + bool(item.page and item.page.title))} {ON_SHEET}\n\n{told}\n")
        return "\n".join(blocks)

    def json(self, ascii_only: bool) -> str:
        """As JSON: the paper's own fields, and each answer as `explain-answer` describes it."""
        exam = self.paper.exam
        document = {
            "schema": SCHEMA,
            "version": VERSIONS["paper"],
            "title": exam.title,
            "text": exam.text,
            "questions": [_question(item) for item in self.paper.solved],
        }
        return json.dumps(document, ensure_ascii=ascii_only, indent=1) + "\n"


def _mark(right: bool) -> str:
    """✓ or ✗."""
    return "✓" if right else "✗"


def _on_sheet(item: Solved, width: int, glyphs: Glyphs) -> list[Line]:
    """What the sheet prints, told as lines of a terminal."""
    out: list[Line] = [[], [(ON_SHEET, "heading")]] if item.printed or item.remark else []
    for shown in item.printed:
        block = wrap(shown.said, glyphs, width, f"  {glyphs.plain(_mark(shown.right))} ", "    ")
        block[0][0] = (block[0][0][0], "good" if shown.right else "bad")
        out += block
    if item.remark:
        out += wrap(item.remark, glyphs, width, f"  {glyphs.bullet} ", "    ")
    return out


def _answer_lines(item: Solved, width: int, glyphs: Glyphs) -> list[Line]:
    """The answer in words."""
    if not item.said:
        return []
    block = wrap((f"{ANSWER}: ", *item.said), glyphs, width)
    (text, style), *rest = block[0]
    block[0] = [(text[: len(ANSWER) + 1], "heading"), (text[len(ANSWER) + 1 :], style), *rest]
    return [[], *block]


def _question(item: Solved) -> dict[str, Any]:
    from explain.render.essay import document as essay_document
    from explain.render.json_page import document

    essay = item.essay()
    return {
        "label": item.part.label,
        "title": item.part.title,
        "points": item.part.points,
        "text": item.part.text,
        "in_words": {"text": sentence(item.said), "markdown": prose(item.said)} if item.said else None,
        "remark": {"text": sentence(item.remark), "markdown": prose(item.remark)} if item.remark else None,
        "expected": [{"name": outcome.name, "holds": outcome.holds, "told": outcome.told} for outcome in item.outcomes],
        "printed": [_printed(shown) for shown in item.printed],
        "concept": None if essay is None else essay_document(essay),
        "answer": None if item.whole is None else document(item.whole, item.whole_page()),
    }


def _printed(shown: Printed) -> dict[str, Any]:
    return {
        "name": shown.name,
        "printed": shown.typed,
        "right": shown.right,
        "fits": shown.fits,
        "told": {"text": sentence(shown.said), "markdown": prose(shown.said)},
    }


def heading(part: Part) -> str:
    """`Question 4 (20 points): title`."""
    points = f" ({part.points} point{'' if part.points == '1' else 's'})" if part.points else ""
    return f"{part.label}{points}" + (f": {part.title}" if part.title else "")


def checked_lines(paper: Paper) -> list[str]:
    """One line a question: whether what is expected holds."""
    out = []
    for item in paper.solved:
        failed = item.failed
        if item.page is None and item.concept is None:
            said = "asked in parts" if item.part.parts else "text only"
        elif failed:
            said = "; ".join(failed)
        elif not item.passed:
            said = "a check of the answer itself fails"
        else:
            said = _holding(item)
        wrong = sum(not shown.right for shown in item.printed)
        if wrong:
            of = f"{wrong} of {len(item.printed)} printed answers" if len(item.printed) > 1 else "the printed answer"
            said += f"; {of} {'is' if wrong == 1 else 'are'} wrong"
        mark = "✗" if failed or not item.passed else "✓" if item.outcomes or item.concept else "-"
        out.append(f"{mark} {printable(paper.path)}: {item.part.label}: {said}")
    return out


def _holding(item: Solved) -> str:
    """How many expectations hold, or sentences of a concept that are held against numbers."""
    count, what = len(item.outcomes), "expectation"
    if not count and item.concept is not None:
        count, what = len(item.concept.relations), "sentence"
    return f"{amount(count, what)} hold{'s' * (count == 1)}" if count else "nothing is expected"
