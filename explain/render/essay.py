"""A worked concept as one document: text, statements, calculations and checks, in every format."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from explain.errors import amount
from explain.essay import Essay, Verdict, Worked
from explain.page import page
from explain.render.glyphs import Glyphs, width_of
from explain.render.layout import Line, wrap
from explain.render.linear import sentence
from explain.render.markdown import escaped, markdown, prose
from explain.render.terminal import lines as page_lines
from explain.schema import VERSIONS

if TYPE_CHECKING:
    from explain.engine.prose import Prose

SCHEMA = "explain-concept"
HELD = "What the text says, held against the numbers"
WORD = re.compile(r"(?:'[^']*'|[^\s'])+")  # of a command line; what stands in quotes is one
WORDS = {True: "True", False: "False"}


class EssayDocument:
    """A worked concept, ready to be written."""

    def __init__(self, essay: Essay) -> None:
        self.essay = essay

    def lines(self, width: int, glyphs: Glyphs) -> list[Line]:
        """As lines for a terminal."""
        return essay_lines(self.essay, width, glyphs)

    def markdown(self) -> str:
        """As Markdown."""
        return essay_markdown(self.essay)

    def json(self, ascii_only: bool) -> str:
        """As JSON: the text with its mathematics, and each calculation as `explain-answer` describes it."""
        return json.dumps(document(self.essay), ensure_ascii=ascii_only, indent=1) + "\n"


def essay_lines(essay: Essay, width: int, glyphs: Glyphs) -> list[Line]:
    """A concept for a terminal."""
    out = wrap((essay.title,), glyphs, width, style="title")
    out.append([(glyphs.rule * min(width, width_of(glyphs.plain(essay.title))), "rule")])
    out += wrap((essay.source,), glyphs, width, style="source")
    item = False
    for block in essay.blocks:
        out += [] if item and block.item else [[]]
        item = block.item
        out += wrap(block.said, glyphs, width, *((f"  {glyphs.bullet} ", "    ") if item else ("", "")))
    if essay.verdicts:
        out += _heading("True or false", width, glyphs)
    for verdict in essay.verdicts:
        out += _verdict_lines(verdict, width, glyphs)
    for worked in essay.worked:
        out += [[], *wrap((worked.told.title,), glyphs, width, style="heading")]
        out.append([(glyphs.line * min(width, width_of(glyphs.plain(worked.told.title))), "rule")])
        out += wrap(worked.text, glyphs, width) if worked.text else []
        out += _command_lines(worked.command, width, glyphs)
        out += page_lines(worked.page, width, glyphs)
    if _checks(essay):
        out += _heading(HELD, width, glyphs)
    for passed, text in _checks(essay):
        out += _judged_line(passed, text, width, glyphs, "  ")
    return out


def _heading(text: str, width: int, glyphs: Glyphs) -> list[Line]:
    return [[], *wrap((text,), glyphs, width, style="heading")]


def _checks(essay: Essay) -> list[tuple[bool, Prose]]:
    """What stands at the end: the relations, the checks that the pages leave out, and what an exam file expects."""
    held = sum(worked.passed for worked in essay.worked)
    left_out = [(True, (f"{amount(held, 'more check')} of the numbers, by a second route, hold{'s' * (held == 1)}",))]
    return [*essay.checks, *(left_out if held else []), *([essay.expected] if essay.expected is not None else [])]


def _verdict_lines(verdict: Verdict, width: int, glyphs: Glyphs) -> list[Line]:
    out = wrap(verdict.says, glyphs, width, f"  {glyphs.bullet} ", "    ")
    said = (f"{WORDS[verdict.true]}: ", *verdict.because)
    block = wrap(said, glyphs, width, "    ", "    ")
    (text, _), *rest = block[0]
    word, colon, because = text.partition(":")
    block[0] = [(word + colon, "step"), (because, ""), *rest]
    out += block
    if verdict.shown is not None:
        out += _judged_line(*verdict.shown, width, glyphs, "    ")
    return out


def _command_lines(command: str, width: int, glyphs: Glyphs) -> list[Line]:
    """The command as it can be pasted, broken between its words where it is long, and in a word only if it must be."""
    lines = ["$"]
    for word in WORD.findall(glyphs.plain(command)):
        if len(lines[-1]) > 4 and len(lines[-1]) + len(word) + 3 > width:
            lines[-1] += " \\"
            lines.append("   ")
        first, *rest = _cut(word, width - 6)
        lines[-1] += " " + first
        for piece in rest:
            lines[-1] += "\\"
            lines.append(piece)
    return [[(line, "label")] for line in lines]


def _cut(word: str, room: int) -> list[str]:
    """A word of a command in pieces that the shell puts together again, each in quotes where the word is."""
    if len(word) <= room:
        return [word]
    if not word.startswith("'"):
        return [word[at : at + room] for at in range(0, len(word), room)]
    inner, room = word[1:-1], room - 2
    return [f"'{inner[at : at + room]}'" for at in range(0, len(inner), room)]


def _judged_line(passed: bool, text: Prose, width: int, glyphs: Glyphs, margin: str) -> list[Line]:
    mark = glyphs.plain("✓" if passed else "✗")
    block = wrap(text, glyphs, width, f"{margin}{mark} ", f"{margin}  ")
    block[0][0] = (block[0][0][0], "good" if passed else "bad")
    return block


def essay_markdown(essay: Essay, level: int = 0) -> str:
    """A concept as Markdown; under a heading of some level its title is no heading, for Markdown has six levels."""
    title, mark = escaped(essay.title), "#" * max(level, 1)
    blocks = [f"**{title}**" if level else f"# {title}", f"*{escaped(essay.source)}*"]
    item = False
    for block in essay.blocks:
        text = f"- {prose(block.said)}" if block.item else prose(block.said)
        if item and block.item:
            blocks[-1] += "\n" + text
        else:
            blocks.append(text)
        item = block.item
    if essay.verdicts:
        blocks += [f"{mark}# True or false", "\n".join(map(_verdict_markdown, essay.verdicts))]
    for worked in essay.worked:
        blocks += [f"{mark}# {escaped(worked.told.title)}", *([prose(worked.text)] if worked.text else [])]
        blocks += [f"```console\n$ {worked.command}\n```", markdown(worked.page, len(mark) + 1).rstrip("\n")]
    if _checks(essay):
        listed = "\n".join(f"- {'✓' if passed else '✗'} {prose(text)}" for passed, text in _checks(essay))
        blocks += [f"{mark}# {HELD}", listed]
    return "\n\n".join(blocks) + "\n"


def _verdict_markdown(verdict: Verdict) -> str:
    said = f"- {prose(verdict.says)} **{WORDS[verdict.true]}**: {prose(verdict.because)}"
    if verdict.shown is None:
        return said
    passed, text = verdict.shown
    return f"{said}\n  - {'✓' if passed else '✗'} {prose(text)}"


def document(essay: Essay) -> dict[str, Any]:
    """A concept as dicts, lists and texts."""
    return {
        "schema": SCHEMA,
        "version": VERSIONS["concept"],
        "name": essay.name,
        "title": essay.title,
        "source": essay.source,
        "text": [{"item": block.item, **_prose(block.said)} for block in essay.blocks],
        "statements": [_verdict(verdict) for verdict in essay.verdicts],
        "calculations": [_calculation(worked, essay) for worked in essay.worked],
        "checks": [_judged(*judged) for judged in essay.checks],
    }


def _verdict(verdict: Verdict) -> dict[str, Any]:
    return {
        "says": _prose(verdict.says),
        "true": verdict.true,
        "because": _prose(verdict.because),
        "check": None if verdict.shown is None else _judged(*verdict.shown),
    }


def _calculation(worked: Worked, essay: Essay) -> dict[str, Any]:
    from explain.render.json_page import document as answer_document

    return {
        "name": worked.told.name,
        "title": worked.told.title,
        "text": _prose(worked.text),
        "command": worked.command,
        "answer": answer_document(worked.answer, page(worked.answer, worked.page.detail, essay.digits)),
    }


def _judged(passed: bool, text: Prose) -> dict[str, Any]:
    return {"passed": passed, **_prose(text)}


def _prose(text: Prose) -> dict[str, str]:
    return {"text": sentence(text), "markdown": prose(text)}
