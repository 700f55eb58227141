"""Beam search against all sequences, a search in plain Python, and the example of Dive into Deep Learning."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import beam_search, exam
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
# Zhang et al., Dive into Deep Learning, figures 10.8.1 and 10.8.2; prefixes that they leave open have the row *.
BOOK = {
    "after": "start: 0.5,0.2,0.2,0.1 | A: 0.1,0.4,0.3,0.2 | A B: 0.2,0.2,0.4,0.2 | A C: 0.1,0.6,0.2,0.1 | "
    "A B C: 0.0,0.2,0.2,0.6 | A C B: 0.1,0.2,0.1,0.6 | *: 0.25,0.25,0.25,0.25",
    "vocabulary": "A,B,C,<eos>",
    "end": "<eos>",
}


@st.composite
def tables(draw):
    """A table by the last token: a row for the start and one for each token; some entries are 0."""
    size = draw(st.integers(2, 4))
    weights = st.lists(st.integers(0, 9), min_size=size, max_size=size).filter(any)
    rows = [draw(weights) for _ in range(size + 1)]
    return np.array([[weight / sum(row) for weight in row] for row in rows])


def probability(table, tokens):
    """The product of the table's entries along a sequence."""
    rows = [0, *(token + 1 for token in tokens)]
    return math.prod(table[row, token] for row, token in zip(rows, tokens, strict=False))


def every(table, steps, end):
    """All sequences that stop at `end` or have `steps` tokens."""
    found = set()
    for tokens in itertools.product(range(table.shape[1]), repeat=steps):
        stop = tokens.index(end) + 1 if end in tokens else steps
        found.add(tokens[:stop])
    return [tokens for tokens in found if probability(table, tokens) > 0]


def by_hand(table, width, steps, end):
    """The probabilities of what a beam search ends with, in plain floats; None where a tie at the edge decides."""
    live, done = [((), 1.0)], []
    for _ in range(steps):
        found = [
            ((*tokens, nxt), probability(table, (*tokens, nxt))) for tokens, _ in live for nxt in range(len(table.T))
        ]
        found = sorted((item for item in found if item[1] > 0), key=lambda item: -item[1])
        room = width - len(done)
        if len(found) > room and math.isclose(found[room - 1][1], found[room][1], rel_tol=1e-9):
            return None
        done += [item for item in found[:room] if item[0][-1] == end]
        live = [item for item in found[:room] if item[0][-1] != end]
        if not live:
            break
    return sorted((item[1] for item in [*done, *live]), reverse=True)


@EXAMPLES
@given(table=tables(), width=st.integers(1, 4), steps=st.integers(1, 4), ends=st.booleans())
def test_the_search(table, width, steps, ends):
    """Protects what is kept: the best of what the plain search ends with, and never more than the best there is."""
    end = len(table.T) - 1 if ends else None
    given_ = {"end": str(end)} if ends else {}
    answer = beam_search(P=table, beam=width, steps=steps, **given_)
    assert answer.passed
    found = by_hand(table, width, steps, end)
    if found is not None:
        assert float(answer["P_best"].value) == pytest.approx(found[0], rel=1e-9)
    best = max(probability(table, tokens) for tokens in every(table, steps, end))
    assert float(answer["P_best"].value) <= best * (1 + 1e-9)
    assert float(answer["l_best"].value) == pytest.approx(math.log(answer["P_best"].value), abs=1e-12)


@EXAMPLES
@given(table=tables(), steps=st.integers(1, 3))
def test_a_beam_as_wide_as_the_tree(table, steps):
    """Protects the widest beam: nothing is dropped, so it finds the best of all sequences, and the page says so."""
    end = len(table.T) - 1
    width = min(50, len(table.T) ** steps)
    answer = beam_search(P=table, beam=width, steps=steps, end=str(end))
    best = max(probability(table, tokens) for tokens in every(table, steps, end))
    assert float(answer["P_best"].value) == pytest.approx(best, rel=1e-9)
    assert "search has found" in told(answer)


@EXAMPLES
@given(table=tables(), alpha=st.sampled_from([0, 0.5, 0.75, 1]))
def test_the_length_penalty(table, alpha):
    """Protects the score: with nothing dropped, the largest of log P / L^alpha over all sequences."""
    end, steps = len(table.T) - 1, 3
    answer = beam_search(P=table, beam=50, steps=steps, end=str(end), alpha=alpha)
    scores = {
        tokens: math.log(probability(table, tokens)) / len(tokens) ** alpha for tokens in every(table, steps, end)
    }
    tokens = factors(answer, "P_best")
    assert float(answer["l_best"].value) / tokens**alpha == pytest.approx(max(scores.values()), abs=1e-9)


def factors(answer, name):
    """How many factors a step multiplies."""
    return len(next(step for step in answer.steps if step.name == name).expression.operands) or 1


def told(answer):
    """The page as one line."""
    return " ".join(plain(page(answer), 80).split())


def test_the_example_of_the_book():
    """Protects Dive into Deep Learning's numbers: greedy 0.048, and 0.054 by the less probable second token."""
    answer = beam_search(**BOOK, beam=2)
    assert answer["P_best"].value == pytest.approx(0.054)
    assert answer["P_greedy"].value == pytest.approx(0.048)
    assert "= 0.5 · 0.3 · 0.6 · 0.6 = 0.054" in told(answer)
    assert "= 0.5 · 0.4 · 0.4 · 0.6 = 0.048" in told(answer)
    assert "P(C | A) · P(B | A C)" in told(answer)
    assert "P(A C B <eos>) = 0.054" in told(answer)
    assert "sequences of positive probability, one by one" in told(answer)
    greedy = beam_search(**BOOK, beam=1)
    assert greedy["P_best"].value == pytest.approx(0.048)
    assert "P_greedy" not in greedy.names


def test_what_ends_leaves_the_beam():
    """Protects the beam that becomes smaller: one hypothesis ends in step 1, one is left to go on."""
    answer = beam_search(P="0.3,0.2,0.5;0.3,0.3,0.4;0.1,0.1,0.8", vocabulary="a,b,end", end="end", beam=2)
    assert answer["h_1"].value[:, 0].tolist() == [0.5, 0.3]
    assert answer["g_1"].value.tolist() == [[0.3]]
    assert answer["C_2"].value.shape == (1, 3)
    assert answer["P_best"].value == 0.5
    assert 'without what has ended: "end"' in told(answer)


def test_ties_at_the_edge_of_the_beam_are_told():
    """Protects equal candidates of which only one fits: the first one stays, and the page says so."""
    answer = beam_search(P="0.5,0.25,0.25;1,0,0;1,0,0;1,0,0", steps=1)
    assert answer["h_1"].value[:, 0].tolist() == [0.5, 0.25]
    assert '"1" and "2" tie, the first one stays' in told(answer)


def test_equal_products_of_decimals_tie():
    """Protects the comparison from float noise: 0.3·0.3 is 0.1·0.9, and the order of the table decides."""
    answer = beam_search(P="0.3,0.1,0.6;0.3,0.3,0.4;0.9,0.1,0;1,0,0", steps=2, beam=3)
    assert 0.1 * 0.9 > 0.3 * 0.3
    assert '"0 0" and "0 1" tie, the first one stays' in told(answer)


def test_a_table_in_an_exam_file(tmp_path: Path):
    """Protects the form of the prefixes in TOML: a table of rows, numbers as typed."""
    file = tmp_path / "paper.toml"
    file.write_text(
        '[[question]]\ntopic = "beam-search"\nvocabulary = ["A", "B"]\n'
        'after = { start = [0.60, 0.4], A = [0.55, 0.45], "B" = [0.1, 0.9] }\n',
        encoding="utf-8",
    )
    found = exam.answers(exam.load(str(file)))["Question 1"]
    assert found is not None
    assert found["P_best"].value == pytest.approx(0.36)
    assert "0.60" in plain(page(found), 80)


def test_probabilities_are_compared_not_scores_without_alpha():
    """Protects the choice at the end: the shorter, more probable one; with alpha 1 the longer one."""
    table = "0.5,0.1,0.4;0.9,0.05,0.05;1,0,0;1,0,0"
    given_ = {"P": table, "end": "2", "beam": 2}
    assert beam_search(**given_)["P_best"].value == pytest.approx(0.405)
    assert factors(beam_search(**given_, alpha=1), "P_best") == 3
    shorter = beam_search(P="0.45,0.1,0.45;0.5,0.25,0.25;1,0,0;1,0,0", end="2", beam=2)
    assert shorter["P_best"].value == 0.45


REFUSED = [
    ({}, "P and after are missing"),
    ({"P": "1,0;1,0;1,0", "after": "start: 1,0"}, "P and after are both given"),
    ({"P": "0.5,0.5;0.5,0.5"}, "P has 2 rows and 2 columns: it needs 3 rows"),
    ({"P": "0.5,0.5;0.5,0.6;1,0"}, r"row 2 of P sums to 1\.1"),
    ({"P": "1;1"}, "P has one column"),
    ({"P": "1,0;1,0;1,0", "beam": "n"}, "beam is n: give a whole number from 1 to 50"),
    ({"P": "1,0;1,0;1,0", "beam": 51}, "beam is 51"),
    ({"P": "1,0;1,0;1,0", "steps": 13}, "steps is 13"),
    ({"P": "1,0,0;1,0,0;1,0,0;1,0,0", "steps": 12, "beam": 50}, "at most 1500 are worked"),
    ({"P": "1,0;1,0;1,0", "end": "x"}, "end is x: a token is a whole number from 0 to 1"),
    ({"P": "1,0;1,0;1,0", "end": "0,1"}, "end has 2 names"),
    ({"P": "1,0;1,0;1,0", "alpha": -1}, "alpha is -1"),
    ({"P": "1,0;1,0;1,0", "vocabulary": "a"}, "vocabulary has 1 name, but P has 2 columns"),
    ({"after": "A: 1,0"}, "after has no row start"),
    ({"after": "start: 0.5,0.5 | C: 0.5,0.5"}, "after has the prefix C, but C is no token"),
    ({"after": "start: 0.5,0.5 | 0: 0.5"}, "start has 2 numbers and 0 has 1"),
    ({"after": "start: 0.5,0.5 | 0: 0.5,0.5"}, "no row for the prefix 1"),
    ({"after": "start: 0.5,0.5 | start: 0.5,0.5"}, "after has start twice"),
    ({"after": "start 0.5,0.5"}, "where a row belongs: write it like start"),
    ({"after": "start: a,b"}, "after has a where a number belongs"),
    ({"after": {}}, "after is empty"),
    ({"after": "start: 1,0;0,1"}, "after has several rows for start"),
]


@pytest.mark.parametrize(("given_", "told"), REFUSED)
def test_what_is_refused(given_, told):
    """Protects the errors: they name the option, its value, the rule and the mend."""
    with pytest.raises(InputError, match=told):
        beam_search(**given_)
