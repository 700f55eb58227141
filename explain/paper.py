"""A solved paper: every question of an exam file worked, and held against what it expects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from explain.errors import InputError
from explain.exam import Exam, Part, answers, load
from explain.expectations import Outcome, outcomes
from explain.page import page
from explain.page.model import Page

if TYPE_CHECKING:
    from explain.engine.answer import Answer


@dataclass(slots=True)
class Solved:
    """A question or a part: its page (None for a text), its whole answer, how its expectations compare."""

    part: Part
    page: Page | None
    whole: Answer | None
    outcomes: list[Outcome]
    detail: str = "exam"
    digits: int = 4

    @property
    def passed(self) -> bool:
        """Whether the answer's own checks hold."""
        return self.whole is None or self.whole.passed

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
        return all(item.passed and all(outcome.holds for outcome in item.outcomes) for item in self.solved)


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
                solved.append(Solved(part, None, None, []))
                continue
            solved.append(_worked(question, part, answer, shown, detail, digits))
    return Paper(path, exam, solved)


def _worked(question: Part, part: Part, answer: Answer, shown: set[str], detail: str, digits: int) -> Solved:
    """One question or part; parts that share their question's answer show each of its steps once."""
    compared = outcomes(part, answer)
    sharing = [inner for inner in question.parts if inner.topic is None]
    asked = _found(answer, part)
    built = page(asked, detail, digits)
    if part is question and sharing:
        wanted = [name for inner in sharing for name in inner.find if name in answer.names]
        every = _found(answer, Part(part.label, where=part.where, find=wanted))
        built = page(every, detail, digits)
        built.parts, built.results, built.find, built.checks = [], [], [], []
    elif part in sharing:
        built.title, built.given, built.conventions, built.tables = "", [], [], []
        built.parts = [
            (heading, kept)
            for heading, sections in built.parts
            if (kept := [section for section in sections if section.step not in shown])
        ]
        _renumber(built, _having(answer, part.find))
        shown.update(asked.names)
    if compared:
        failed = [outcome.told for outcome in compared if not outcome.holds]
        names = ", ".join(outcome.name for outcome in compared)
        built.checks.append((not failed, ("; ".join(failed) if failed else f"as expected: {names}",)))
    return Solved(part, built, asked, compared, detail, digits)


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
