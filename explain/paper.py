"""A solved paper: every question of an exam file worked, and held against what it expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from explain.errors import InputError
from explain.exam import Exam, Part, answers, load
from explain.expectations import Outcome, outcomes
from explain.page import page
from explain.page.model import Page
from explain.printed import Printed, printed

if TYPE_CHECKING:
    from explain.engine.answer import Answer
    from explain.engine.prose import Prose
    from explain.essay import Essay, WorkedConcept


@dataclass(slots=True)
class Solved:
    """A question or a part: its page (None for a text), its whole answer, how its expectations compare, its concept."""

    part: Part
    page: Page | None
    whole: Answer | None
    outcomes: list[Outcome]
    detail: str = "exam"
    digits: int = 4
    concept: WorkedConcept | None = None
    printed: list[Printed] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        """Whether the checks of the answer and of the concept hold."""
        return (self.whole is None or self.whole.passed) and (self.concept is None or self.concept.passed)

    @property
    def failed(self) -> list[str]:
        """What differs: expectations, and slips that do not give what the sheet prints."""
        told = [outcome.told for outcome in self.outcomes if not outcome.holds]
        return told + [item.failed for item in self.printed if item.failed]

    def essay(self) -> Essay | None:
        """The concept as it is printed; what is expected of it stands there where there is no page."""
        if self.concept is None:
            return None
        found = self.concept.essay(self.detail, self.digits)
        if self.outcomes and self.page is None:
            found.expected = _as_expected(self.outcomes)
        return found

    def whole_page(self) -> Page:
        """The page of the answer with nothing left out."""
        assert self.whole is not None
        return page(self.whole, self.detail, self.digits)


@dataclass(slots=True)
class Paper:
    """A whole solved paper."""

    path: str
    exam: Exam
    solved: list[Solved]

    @property
    def holds(self) -> bool:
        """Whether every expectation holds and every check passes."""
        return all(item.passed and not item.failed for item in self.solved)


def solve(path: str, detail: str = "exam", digits: int = 4) -> Paper:
    """Work every question of an exam file.

    Raises:
        InputError: the file cannot be used, a question cannot be worked, or asks for a step that is not there.
    """
    exam = load(path)
    found = answers(exam)
    solved: list[Solved] = []
    for question in exam.questions:
        shown: set[str] = set()  # the steps of the question's answer that stand on the paper already
        for part in (question, *question.parts):
            answer = found[part.label]
            if answer is None:
                solved.append(_without_answer(part, detail, digits))
                continue
            solved.append(_worked(question, part, answer, shown, detail, digits))
    return Paper(path, exam, solved)


def _concept(part: Part) -> WorkedConcept | None:
    if not part.concept:
        return None
    from explain.essay import work

    return work(part.concept)


def _without_answer(part: Part, detail: str, digits: int) -> Solved:
    """A text, or a concept with what is expected of its calculations."""
    concept = _concept(part)
    if concept is None:
        return Solved(part, None, None, [], detail, digits)
    compared = outcomes(part, None, concept.answers)
    return Solved(part, None, None, compared, detail, digits, concept, printed(part, concept.answers, digits))


def _worked(question: Part, part: Part, answer: Answer, shown: set[str], detail: str, digits: int) -> Solved:
    """One question or part; parts that share their question's answer show each of its steps once."""
    concept = _concept(part)
    calculations = concept.answers if concept is not None else {}
    compared = outcomes(part, answer, calculations)
    sharing = [inner for inner in question.parts if inner.shares]
    asked = _found(answer, part)
    built = page(asked, detail, digits)
    if part is question and sharing:
        wanted = [name for inner in sharing for name in inner.find if name in answer.names]
        every = _found(answer, Part(part.label, where=part.where, find=wanted))
        built = page(every, detail, digits)
        built.parts, built.results, built.find, built.checks = [], [], [], []
    elif part in sharing:
        built.title, built.given, built.conventions, built.tables, built.drawings = "", [], [], [], []
        built.parts = [
            (heading, kept)
            for heading, sections in built.parts
            if (kept := [section for section in sections if section.step not in shown])
        ]
        _renumber(built, _having(answer, part.find))
        shown.update(asked.names)
    if compared:
        built.checks.append(_as_expected(compared))
    on_sheet = printed(part, {"": answer, **calculations}, digits)
    return Solved(part, built, asked, compared, detail, digits, concept, on_sheet)


def _as_expected(compared: Sequence[Outcome]) -> tuple[bool, Prose]:
    """One check of all that is expected."""
    failed = [outcome.told for outcome in compared if not outcome.holds]
    names = ", ".join(outcome.name for outcome in compared)
    return not failed, ("; ".join(failed) if failed else f"as expected: {names}",)


def _having(answer: Answer, names: Sequence[str]) -> Answer:
    """The answer with the steps that are worked only because they are asked for."""
    for name in names:
        answer = answer.having(name)
    return answer


def _renumber(built: Page, answer: Answer) -> None:
    """Number the steps as in the question's whole answer, so that they count on from part to part."""
    places = answer.numbers
    for _, sections in built.parts:
        for section in sections:
            section.number = places[section.step]


def _found(answer: Answer, part: Part) -> Answer:
    if not part.find:
        return answer
    try:
        return answer.find(part.find)
    except InputError as error:
        raise InputError(f"{part.where}: " + str(error).replace("{", "{{")) from error
