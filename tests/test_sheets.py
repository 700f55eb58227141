"""The five sheets under samples/: whole, with their points, and with every answer that a sheet prints itself."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from cases import CASES

from explain.exam import load
from explain.paper import solve

SAMPLES = Path(__file__).parent.parent / "samples"
SHEETS = {
    "000": ("recurrent-and-attention", 6, 100),
    "001": ("networks-and-transformers", 5, 100),
    "002": ("optimisers-and-lstm", 5, 0),
    "003": ("transformer-and-gan-notes", 20, 100),
    "004": ("lstm-and-resnet", 5, 12),
}
LOST = {"adam-matrices": "the gradients are lost", "lstm-two-steps": "the weights are lost"}  # told in words there


@pytest.mark.parametrize(("name", "questions", "points"), SHEETS.values(), ids=SHEETS)
def test_a_sheet_is_whole(name, questions, points):
    """As many questions as on the sheet, with its points; the points of the parts are those of the question."""
    exam = load(str(SAMPLES / f"{name}.toml"))
    assert len(exam.questions) == questions
    assert sum(Fraction(question.points or 0) for question in exam.questions) == points
    for question in exam.questions:
        parts = [Fraction(part.points) for part in question.parts if part.points and part.title != "bonus"]
        assert not parts or sum(parts) == Fraction(question.points)
        assert bool(question.points) >= any(part.points for part in question.parts)


def numbers(value) -> set[Fraction]:
    """Every number in a value, however deep."""
    if isinstance(value, dict | list):
        return {number for item in (value.values() if isinstance(value, dict) else value) for number in numbers(item)}
    try:
        return {Fraction(str(value))}
    except ValueError:
        return set()


@pytest.fixture(scope="module")
def papers():
    """Each sheet, solved."""
    return {sheet: solve(str(SAMPLES / f"{name}.toml")) for sheet, (name, _, _) in SHEETS.items()}


@pytest.mark.parametrize("case", [case for case in CASES.values() if "published" in case], ids=lambda case: case["id"])
def test_what_a_sheet_prints_is_held_against_the_answer(case, papers):
    """No printed number of a case is missing on its sheet; of lost inputs the text says it."""
    items = papers[case["sheet"][:3]].solved
    printed = {number for item in items for shown in item.printed for number in numbers(shown.typed)}
    if case["id"] in LOST:
        told = (
            " ".join(f"{item.part.text} {item.part.remark}" for item in items)
            .replace("0.070", "0.07")
            .replace("0.110", "0.11")
        )
        assert "lost" in told
        assert all(str(float(number)) in told for number in numbers(case["published"]) - printed)
        return
    assert numbers(case["published"]) <= printed


def test_a_wrong_answer_of_a_sheet_is_told_with_its_slip(papers):
    """The slips that are known, and that they give what is printed."""
    found = {
        shown.typed if isinstance(shown.typed, int) else str(shown.typed): shown
        for paper in papers.values()
        for item in paper.solved
        for shown in item.printed
        if shown.fits is not None
    }
    assert {83985, "10850.0256", "1.0597"} <= found.keys()
    assert all(shown.fits and not shown.right for shown in found.values())
    assert all(paper.holds for paper in papers.values())


def test_every_number_of_a_sheet_has_an_expectation(papers):
    """A question with points and a calculation expects something, in itself, in a part or in its concept."""
    for paper in papers.values():
        for question in paper.exam.questions:
            for part in [*question.parts, *([] if question.parts else [question])]:
                topic = part.topic or (question.topic if part.find else None)
                symbolic = topic is None or topic.name in (
                    "lstm-equations",
                    "lstm-gates",
                    "lstm-gradient",
                    "gan-optimum",
                )
                assert symbolic or part.expect, part.where
