"""Embedding against PyTorch in float64: rows, gradient, padding; names, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import embedding
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
NUMBERS = st.floats(-9, 9).map(lambda z: round(z, 3))


def matrix(draw, rows, columns):
    cells = st.lists(NUMBERS, min_size=rows * columns, max_size=rows * columns)
    return np.array(draw(cells)).reshape(rows, columns)


@st.composite
def questions(draw):
    """A matrix, ids of its rows, what arrives from above, and perhaps a padding id."""
    size, width, count = draw(st.integers(1, 6)), draw(st.integers(1, 5)), draw(st.integers(1, 7))
    rows = matrix(draw, size, width)
    ids = draw(st.lists(st.integers(0, size - 1), min_size=count, max_size=count))
    padding = draw(st.none() | st.integers(0, size - 1))
    if padding is not None:
        rows[padding] = 0.0
    return rows, ids, matrix(draw, count, width), padding


@given(questions(), st.booleans())
@EXAMPLES
def test_as_pytorch(question, scaled):
    """Values and gradient are those of torch.nn.functional.embedding, times √d where that is asked for."""
    rows, ids, above, padding = question
    optional = {} if padding is None else {"padding": padding}
    answer = embedding(E=rows, ids=ids, dX=above, scale="yes" if scaled else "no", **optional)
    weight = torch.tensor(rows, requires_grad=True)
    found = functional.embedding(torch.tensor(ids), weight, padding_idx=padding)
    found = found * rows.shape[1] ** 0.5 if scaled else found
    found.backward(torch.tensor(above))
    np.testing.assert_allclose(answer["X"].value, found.detach().numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(answer["dL/dE"].value, weight.grad.numpy(), rtol=1e-9, atol=1e-12)
    assert answer.passed


@given(questions())
@EXAMPLES
def test_the_one_hot_matrix_is_pytorchs(question):
    """O is torch.nn.functional.one_hot."""
    rows, ids, _, _ = question
    expected = functional.one_hot(torch.tensor(ids), len(rows)).numpy()
    np.testing.assert_array_equal(embedding(E=rows, ids=ids)["O"].value, expected)


def test_names_are_looked_up():
    """The same tokens by name and by id are one answer, with the names on rows and columns."""
    given = {"E": "0.1,0.2;0.3,-0.4;0.5,0.6", "vocabulary": "a,cat,the"}
    by_name, by_id = embedding(tokens="the,cat,the", **given), embedding(ids="2,1,2", **given)
    both = embedding(tokens="the,cat,the", ids="2,1,2", **given)
    for answer in (by_name, by_id, both):
        np.testing.assert_array_equal(answer["X"].value, [[0.5, 0.6], [0.3, -0.4], [0.5, 0.6]])
        assert answer.labels["X"].rows == ("the", "cat", "the")
        assert answer.labels["O"].columns == ("a", "cat", "the")


def test_names_of_the_sequence_alone():
    """Without a vocabulary the names stand on the rows only, also where there are as many ids as rows of E."""
    answer = embedding(E="1;2", ids="1,0", tokens="x,y")
    assert answer.labels["O"] == (("x", "y"), None)
    assert answer.labels["X"] == (("x", "y"), None)


def test_the_page_says_that_it_is_a_look_up():
    """The page counts what is saved, says which rows add up, and which are not taught."""
    answer = embedding(E="0.1,0.2;0.3,-0.4;0.5,0.6", vocabulary="a,cat,the", tokens="the,a,the", dX="1,0;0,1;2,1")
    text = " ".join(plain(page(answer), 80).split())
    assert "in practice nothing is multiplied" in text
    assert "3·3·2 = 18 multiplications, 6 of them by 1 and 12 by 0" in text
    assert '"the" stands at places 1 and 3, so its row is the sum of rows 1 and 3' in text
    assert '"cat" is not looked up, so its row is 0' in text


def test_a_large_one_stays_short():
    """A vocabulary of 1000, 512 tokens and a width of 64 on a page of under 150 lines."""
    chance = np.random.default_rng(7)
    ids = chance.integers(0, 1000, 512)
    rows = chance.normal(size=(1000, 64))
    answer = embedding(E=rows, ids=ids, dX=chance.normal(size=(512, 64)))
    np.testing.assert_array_equal(answer["X"].value, rows[ids])
    assert len(plain(page(answer), 80).splitlines()) < 150


REFUSED = [
    ({"ids": "3"}, "ids", "3", "3 rows", "0 to 2"),
    ({"ids": "0,99999999999999999999"}, "ids", "number 2", "3 rows"),
    ({"ids": "-1"}, "ids", "-1", "whole number"),
    ({"ids": "0.5"}, "ids", "0.5", "whole number"),
    ({"ids": "1e0"}, "ids", "1e0", "whole number"),
    ({"ids": "1,2;0,1"}, "ids", "2 rows", "one row"),
    ({"ids": "cat"}, "ids", "cat"),
    ({}, "ids", "missing", "tokens"),
    ({"tokens": "the"}, "vocabulary", "missing"),
    ({"tokens": "hat", "vocabulary": "a,cat,the"}, "tokens", "hat", "did you mean cat?"),
    ({"tokens": "zzz", "vocabulary": "a,cat,the"}, "tokens", "zzz", "a, cat, the"),
    ({"tokens": "a", "vocabulary": "a,cat"}, "vocabulary", "2 names", "3 rows"),
    ({"tokens": "a", "vocabulary": "a,cat,a"}, "vocabulary", "a twice"),
    ({"ids": "1,2", "tokens": "x"}, "tokens", "1 name", "2 ids"),
    ({"ids": "1", "tokens": "the", "vocabulary": "a,cat,the"}, "tokens", "the", "cat"),
    ({"ids": "1,2", "dX": "1,2,3;1,2,3"}, "dX", "2x3", "2x2"),
    ({"ids": "1", "padding": "3"}, "padding", "3", "0 to 2"),
    ({"ids": "1", "padding": "0,1"}, "padding", "2 ids"),
    ({"ids": "1", "padding": "0"}, "E", "0.1", "padding"),
]


@pytest.mark.parametrize(("given", "told"), [(given, told) for given, *told in REFUSED])
def test_refused(given, told):
    """What cannot be worked is said in one line that names the parameter and the rule."""
    with pytest.raises(InputError) as caught:
        embedding(E="0.1,0.2;0.3,-0.4;0.5,0.6", **given)
    text = str(caught.value)
    assert "\n" not in text
    for part in told:
        assert part in text
