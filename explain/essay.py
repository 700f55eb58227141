"""A concept worked: its text with the numbers put in, its statements judged, its calculations as pages."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from explain.concepts import Calculation, Concept, Statement, load
from explain.engine.prose import Prose
from explain.engine.rounding import DIGITS
from explain.interface import WorkedAnswer
from explain.page import page
from explain.page.model import Page
from explain.quoting import filled
from explain.relations import Relation, Told
from explain.render.linear import sentence
from explain.topics import find_topic

ITEM = "- "


@dataclass(slots=True)
class Block:
    """A paragraph of the text, or an item of a list."""

    said: Prose
    item: bool = False


@dataclass(slots=True)
class Verdict:
    """A statement with its verdict, the reason, and the relation that shows it, with numbers: whether it holds."""

    says: Prose
    true: bool
    because: Prose
    shown: Told | None


@dataclass(slots=True)
class Worked:
    """A calculation: what it shows, the command that works it whole, what is shown of it, and that as a page.

    `page` is ready to stand under a heading: it has no title of its own and repeats no convention. In brief it has the
    given numbers and the steps; the command shows the rest. `passed` counts the checks that hold and are not shown.
    """

    told: Calculation
    text: Prose
    command: str
    answer: WorkedAnswer
    page: Page
    passed: int = 0


@dataclass(slots=True)
class Essay:
    """A concept as it is printed, in any format."""

    name: str
    title: str
    source: str
    blocks: list[Block]
    verdicts: list[Verdict]
    worked: list[Worked]
    checks: list[Told]
    expected: tuple[bool, Prose] | None = None
    detail: str = "exam"
    digits: int = 4


@dataclass(slots=True)
class WorkedConcept:
    """What `concept` returns: `print(it)` shows the page, `it["cell"]` is the answer of the calculation `cell`."""

    concept: Concept
    answers: Mapping[str, WorkedAnswer] = field(default_factory=dict)

    def __getitem__(self, name: str) -> WorkedAnswer:
        if name not in self.answers:
            raise KeyError(f"{name}: this concept has {', '.join(self.answers)}")
        return self.answers[name]

    @property
    def title(self) -> str:
        """The title."""
        return self.concept.title

    @property
    def relations(self) -> list[str]:
        """What must hold for its sentences to be true."""
        return [*self.concept.holds, *(said.relation for said in self.concept.statements if said.relation)]

    @property
    def passed(self) -> bool:
        """Whether every relation of the text holds, and every check of the calculations that are shown."""
        shown = [_shown(item, self.answers) for item in self.concept.calculations]
        return all(self._told(text).holds for text in self.relations) and all(part.passed for part in shown)

    def essay(self, detail: str = "exam", digits: int = 4, show: Sequence[str] = ()) -> Essay:
        """The concept laid out: `brief` leaves one formula a step, `full` works every calculation whole.

        Args:
            show: the calculations that are shown, all if it is empty; with one goes what the text says of it.
        """
        concept = self.concept
        calculations = [item for item in concept.calculations if not show or item.name in show]
        hidden = {item.name for item in concept.calculations} - {item.name for item in calculations}
        return Essay(
            concept.name,
            concept.title,
            concept.source,
            [Block(filled(text, self.answers, digits), item) for text, item in _blocks(concept.text)],
            [self._verdict(said, digits) for said in concept.statements if not _about(said.relation, hidden)],
            self._worked(calculations, detail, digits),
            [self._told(relation, digits) for relation in concept.holds if not _about(relation, hidden)],
            detail=detail,
            digits=digits,
        )

    def to_markdown(self, detail: str = "exam", digits: int = 4) -> str:
        """The page as Markdown with LaTeX mathematics."""
        from explain.render.essay import EssayDocument

        return EssayDocument(self.essay(detail, digits)).markdown()

    def to_json(self, detail: str = "exam", digits: int = 4) -> str:
        """The page as a JSON document; `explain.schema.load("concept")` is its schema."""
        from explain.render.essay import EssayDocument

        return EssayDocument(self.essay(detail, digits)).json(False)

    def __str__(self) -> str:
        from explain.render.essay import EssayDocument
        from explain.render.glyphs import UNICODE
        from explain.render.terminal import uncoloured

        return uncoloured(EssayDocument(self.essay()).lines(80, UNICODE))

    def _repr_markdown_(self) -> str:
        return self.to_markdown()

    def _verdict(self, said: Statement, digits: int) -> Verdict:
        says, because = (filled(text, self.answers, digits) for text in (said.says, said.because))
        return Verdict(says, said.true, because, self._told(said.relation, digits) if said.relation else None)

    def _told(self, text: str, digits: int = DIGITS) -> Told:
        """A relation with its numbers."""
        return Relation.read(text, self.concept.name).worked(self.answers, digits)

    def _worked(self, calculations: Sequence[Calculation], detail: str, digits: int) -> list[Worked]:
        """The calculations as pages; a convention is said where it is needed first."""
        said: set[str] = set()
        found = []
        for item in calculations:
            answer = _shown(item, self.answers)
            built = page(answer, item.detail if detail == "exam" else detail, digits)
            built.title, built.find = "", []
            built.drawings = built.drawings if item.pictures else []
            built.results = built.results if not built.parts else []  # they stand at the end of the steps
            if built.detail == "brief":
                built.tables, built.conventions = [], built.conventions[-1:]  # the last one is about rounding
                _renumber(built)
            held = len(built.checks) if built.detail == "brief" and all(passed for passed, _ in built.checks) else 0
            built.checks = [] if held else built.checks
            built.conventions = [text for text in built.conventions if sentence(text) not in said]
            said.update(map(sentence, built.conventions))
            found.append(Worked(item, filled(item.text, self.answers, digits), command(item), answer, built, held))
        return found


def _about(relation: str, names: set[str]) -> bool:
    """Whether a relation needs one of these calculations."""
    return any(re.search(rf"(?<![\w.]){re.escape(name)}\.", relation) for name in names)


def _renumber(built: Page) -> None:
    """Number the steps that are shown from 1; lines of one section keep their common number."""
    numbers: dict[int, int] = {}
    for _, sections in built.parts:
        for section in sections:
            section.number = numbers.setdefault(section.number, len(numbers) + 1)


def work(name: str) -> WorkedConcept:
    """A concept with its calculations worked.

    Raises:
        InputError: there is no such concept; the message names the nearest one.
    """
    concept = load(name)
    return WorkedConcept(concept, {item.name: _answer(item) for item in concept.calculations})


def _answer(item: Calculation) -> WorkedAnswer:
    topic = find_topic(item.topic)
    assert topic is not None, item.topic
    return topic(**item.given)


def _shown(item: Calculation, answers: Mapping[str, WorkedAnswer]) -> WorkedAnswer:
    """What the page shows of a calculation."""
    whole = answers[item.name]
    return WorkedAnswer.of(whole.find(item.find)) if item.find else whole


def _blocks(text: str) -> list[tuple[str, bool]]:
    """Paragraphs, which an empty line ends, and items, each of which begins with a hyphen on a line of its own."""
    found: list[tuple[str, bool]] = []
    for paragraph in text.split("\n\n"):
        head, *items = f"\n{paragraph.strip()}".split(f"\n{ITEM}")
        found += [(head.strip(), False)] if head.strip() else []
        found += [(item, True) for item in items]
    return found


def command(item: Calculation) -> str:
    """The command line that works a calculation whole."""
    topic = find_topic(item.topic)
    assert topic is not None, item.topic
    positional = {parameter.name for parameter in topic.parameters if parameter.positional}
    words = ["explain", item.topic, *(str(item.given[name]) for name in item.given if name in positional)]
    for name, value in item.given.items():
        for one in _each(value) if name not in positional else ():
            words += ["--" + name.replace("_", "-"), str(one)]
    return shlex.join(words)


def _each(value: Any) -> Sequence[Any]:
    """The values of an option, which is repeated where there are several."""
    return value if isinstance(value, list) else [value]
