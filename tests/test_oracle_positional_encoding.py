"""Positional encoding against the code of PyTorch's tutorial, its rotation, and the sum; what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import positional_encoding
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)


def tutorial(count, width, start=0, base=10000.0):
    """The encoding as the PyTorch tutorial on transformers fills its columns; the last cosine is cut where d is odd."""
    position = torch.arange(start, start + count, dtype=torch.float64).unsqueeze(1)
    div_term = torch.exp(torch.arange(0, width, 2, dtype=torch.float64) * (-math.log(base) / width))
    found = torch.zeros(count, width, dtype=torch.float64)
    found[:, 0::2] = torch.sin(position * div_term)
    found[:, 1::2] = torch.cos(position * div_term[: width // 2])
    return found.numpy()


@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 1000), st.sampled_from([None, 1, 2.5, 100, 1e6]))
@EXAMPLES
def test_as_the_tutorial(count, width, start, base):
    """Every number of the interleaved form, and of the halves with its columns in another order."""
    optional = {} if base is None else {"base": base}
    expected = tutorial(count, width, start, base or 10000.0)
    answer = positional_encoding(positions=count, d=width, start=start, **optional)
    np.testing.assert_allclose(answer["PE"].value, expected, rtol=1e-9, atol=1e-9)
    assert answer.passed
    halves = positional_encoding(positions=count, d=width, start=start, layout="halves", **optional)
    order = [*range(0, width, 2), *range(1, width, 2)]
    np.testing.assert_allclose(halves["PE"].value, expected[:, order], rtol=1e-9, atol=1e-9)
    assert halves.passed


@given(st.integers(1, 9), st.integers(1, 9), st.data())
@EXAMPLES
def test_one_dimension_is_a_column(count, width, data):
    """One dimension alone is that column of the whole."""
    which = data.draw(st.integers(0, width - 1))
    answer = positional_encoding(positions=count, d=width, dimension=which)
    np.testing.assert_allclose(answer["PE"].value[:, 0], tutorial(count, width)[:, which], rtol=1e-9, atol=1e-9)
    assert answer.passed


@given(st.integers(1, 14), st.integers(1, 14))
@EXAMPLES
def test_added_to_an_embedding(count, width):
    """X + PE, the sizes taken from X."""
    x = np.arange(count * width).reshape(count, width) / 7
    answer = positional_encoding(X=x)
    np.testing.assert_allclose(answer["Y"].value, x + tutorial(count, width), rtol=1e-9, atol=1e-9)


def test_names_stand_on_the_rows():
    """Tokens are carried from the positions on to the sum, dimensions stand above."""
    answer = positional_encoding(X="0.1,0.2;0.3,0.4", tokens="Cat,is")
    assert answer.labels["Y"] == (("Cat", "is"), ("dim 0", "dim 1"))
    assert positional_encoding(tokens="Cat,is,sleeping", d=4)["PE"].value.shape == (3, 4)
    halves = positional_encoding(positions=2, d=5, layout="halves")
    assert halves.labels["PE"].columns == ("dim 0", "dim 2", "dim 4", "dim 1", "dim 3")


def test_the_two_readings_of_a_row():
    """Six numbers are one token, or six positions of one dimension: each page says what the other would be."""
    row = "0.54,0.76,0.23,0.89,0.1,0.67"
    one = positional_encoding(X=row)
    np.testing.assert_allclose(one["Y"].value, [[0.54, 1.76, 0.23, 1.89, 0.1, 1.67]])
    assert "--dimension 0" in plain(page(one), 200)
    several = positional_encoding(X=row, dimension=0)
    assert several["Y"].value.shape == (6, 1)
    assert "0.54, 1.76, 0.23, 1.89, 0.1, 1.67" in plain(page(several), 200)


@pytest.mark.parametrize("layout", ["interleaved", "halves"])
def test_a_large_one_stays_short(layout):
    """512 positions of width 64, alone and added to embeddings, on pages of under 150 lines."""
    x = np.random.default_rng(5).normal(size=(512, 64))
    for answer in (positional_encoding(positions=512, d=64, layout=layout), positional_encoding(X=x, layout=layout)):
        assert len(plain(page(answer), 80).splitlines()) < 150
        assert answer.passed


REFUSED = [
    ({}, "positions", "missing", "d"),
    ({"positions": 3}, "d", "missing"),
    ({"d": 3}, "positions", "missing"),
    ({"positions": "n", "d": 4}, "positions", "n", "whole number"),
    ({"positions": 3, "d": 0}, "d", "0", "whole number"),
    ({"positions": "9" * 30, "d": 4}, "positions", "at most"),
    ({"positions": 100001, "d": 1}, "positions", "100001"),
    ({"positions": 1, "d": 1, "start": 200000}, "start", "200000"),
    ({"positions": 1, "d": 1, "start": "9" * 30}, "start", "at most"),
    ({"positions": 90000, "d": 90000}, "d", "90000", "at most"),
    ({"positions": 2, "d": 4, "base": 0.5}, "base", "0.5", "at least 1"),
    ({"positions": 2, "d": 4, "base": 0}, "base", "0", "at least 1"),
    ({"positions": 2, "d": 4, "dimension": 4}, "dimension", "4", "0 to 3"),
    ({"positions": 2, "dimension": 4}, "d", "missing"),
    ({"positions": 2, "dimension": "0,1"}, "dimension", "2 numbers"),
    ({"positions": 2, "dimension": 0, "layout": "halves"}, "layout", "dimension"),
    ({"X": "1,2;3,4", "dimension": 0}, "X", "2x2", "dimension"),
    ({"X": "1,2;3,4", "positions": 3}, "positions", "3", "2 rows"),
    ({"X": "1,2;3,4", "d": 3}, "d", "3", "2 columns"),
    ({"X": "1,2;3,4", "tokens": "a"}, "tokens", "1 name", "2 positions"),
    ({"positions": 2, "d": 4, "tokens": "a"}, "tokens", "1 name", "2 positions"),
    ({"positions": 2, "d": 4, "start": -1}, "start", "-1"),
]


@pytest.mark.parametrize(("given", "told"), [(given, told) for given, *told in REFUSED])
def test_refused(given, told):
    """What cannot be worked is said in one line that names the parameter and the rule."""
    with pytest.raises(InputError) as caught:
        positional_encoding(**given)
    text = str(caught.value)
    assert "\n" not in text
    for part in told:
        assert part in text
