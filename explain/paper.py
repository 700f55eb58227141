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
from explain.quoting import filled

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
    said: Prose = ()  # the answer in words
    remark: Prose = ()  # what else is said of the sheet

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
        found = self.concept.essay(self.detail, self.digits, self.part.show)
        if self.outcomes and self.page is None:
            found.expected = _as_expected(self.outcomes)
        return found

    def whole_page(self) -> Page:
        """The page of the answer with nothing left out."""
        assert self.whole is not None
        return page(self.whole, self.detail, self.digits)


@dataclass(slots=True)
class Shown:
    """What stands on the paper already of a question: steps of an answer that parts share, their numbers, pictures."""

    steps: set[str] = field(default_factory=set)
    numbers: dict[int, int] = field(default_factory=dict)
    heading: str = ""
    pictures: list[Sequence[str]] = field(default_factory=list)


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
        shown = Shown()
        for part in (question, *question.parts):
            answer = found[part.label]
            if answer is None:
                item = _without_answer(part, detail, digits)
            else:
                item = _worked(question, part, answer, shown, detail, digits)
            item.said, item.remark = (_in_words(item, answer, key) for key in ("answer", "remark"))
            solved.append(item)
    return Paper(path, exam, solved)


def _in_words(item: Solved, answer: Answer | None, key: str) -> Prose:
    """A text of the file with its numbers put in; empty where the file has none."""
    text = item.part.answer if key == "answer" else item.part.remark
    if not text:
        return ()
    calculations = item.concept.answers if item.concept is not None else {}
    known = {**calculations, **({"answer": answer} if answer is not None else {})}
    try:
        return filled(text, known, item.digits)
    except (ValueError, LookupError, AssertionError, StopIteration) as error:
        raise InputError(
            f"{item.part.where}: {key} quotes what is not there: write {{{{answer.P_1}} with the name of a step, "
            "{{answer.P_1[0]} for an entry of it"
        ) from error


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


def _worked(question: Part, part: Part, answer: Answer, shown: Shown, detail: str, digits: int) -> Solved:
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
            if (kept := [section for section in sections if section.step not in shown.steps])
        ]
        _continue(built, _having(answer, part.find), shown)
        shown.steps.update(asked.names)
    built.drawings = [drawing for drawing in built.drawings if drawing.lines not in shown.pictures]
    shown.pictures += [drawing.lines for drawing in built.drawings]
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


def _continue(built: Page, answer: Answer, shown: Shown) -> None:
    """Count the steps on from part to part, and leave out a heading that the part before has ended under."""
    places = answer.numbers
    for at, (heading, sections) in enumerate(built.parts):
        for section in sections:
            section.number = shown.numbers.setdefault(places[section.step], len(shown.numbers) + 1)
        if sections:
            built.parts[at] = ("" if heading == shown.heading else heading, sections)
            shown.heading = heading


def _found(answer: Answer, part: Part) -> Answer:
    if not part.find:
        return answer
    try:
        return answer.find(part.find)
    except InputError as error:
        raise InputError(f"{part.where}: " + str(error).replace("{", "{{")) from error
