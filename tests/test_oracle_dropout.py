"""Dropout against PyTorch in float64: outputs and gradients with PyTorch's own masks, and published examples."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import dropout
from explain.errors import InputError

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
SIZES = st.integers(1, 4)
RATES = st.floats(0, 0.95).map(lambda p: round(p, 3)) | st.sampled_from([0.0, 0.5])
SEEDS = st.integers(0, 2**32 - 1)


def assert_same(ours, theirs):
    """Equal to nine digits, with the same shape."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def drawn(seed, rows, columns):
    """Random X without zeros, and dY."""
    random = np.random.default_rng(seed)
    torch.manual_seed(seed % 2**31)
    return random.normal(size=(rows, columns)) + 10, random.normal(size=(rows, columns))


@EXAMPLES
@given(rows=SIZES, columns=SIZES, p=RATES, seed=SEEDS)
def test_training_is_that_of_pytorch(rows, columns, p, seed):
    """Protects inverted dropout: with the mask that PyTorch drew, its output and its gradient."""
    X, dY = drawn(seed, rows, columns)
    x = torch.tensor(X, requires_grad=True)
    y = functional.dropout(x, p, training=True)
    y.backward(torch.tensor(dY))
    mask = (y != 0).to(torch.int64).numpy()
    answer = dropout(X=X, mask=mask, p=p, dY=dY)
    assert_same(answer["Y"].value, y)
    assert_same(answer["dL/dX"].value, x.grad)
    assert float(answer["k"].value) == pytest.approx(mask.mean())
    assert float(answer["E"].value) == pytest.approx(1)
    assert answer.passed


@EXAMPLES
@given(rows=SIZES, columns=SIZES, p=RATES, inverted=st.sampled_from(["yes", "no"]), seed=SEEDS)
def test_test_time(rows, columns, p, inverted, seed):
    """Protects test time: PyTorch passes everything; the original form multiplies by 1 - p, forward and backward."""
    X, dY = drawn(seed, rows, columns)
    answer = dropout(X=X, p=p, mode="test", inverted=inverted, dY=dY)
    factor = 1 if inverted == "yes" else 1 - p
    assert_same(answer["Y"].value, factor * functional.dropout(torch.tensor(X), p, training=False))
    assert_same(answer["dL/dX"].value, factor * dY)
    assert answer.passed


@EXAMPLES
@given(rows=SIZES, columns=SIZES, p=RATES.filter(bool), seed=SEEDS)
def test_training_in_the_original_form(rows, columns, p, seed):
    """Protects the form of Srivastava et al.: r ∗ y with r of 0 and 1, not scaled, and its gradient."""
    X, dY = drawn(seed, rows, columns)
    mask = np.random.default_rng(seed).integers(0, 2, (rows, columns))
    answer = dropout(X=X, mask=mask, p=p, inverted="no", dY=dY)
    assert_same(answer["Y"].value, mask * X)
    assert_same(answer["dL/dX"].value, mask * dY)
    assert float(answer["E"].value) == pytest.approx(1 - p)
    assert answer.passed


def test_published_example():
    """Protects the layer of Dive into Deep Learning, section 5.6: X = 0 … 15 in two rows, p = 0.5 and p = 0."""
    X = np.arange(16.0).reshape(2, 8)
    kept = np.array([[1, 0, 1, 0, 0, 1, 1, 0], [0, 1, 1, 1, 0, 0, 1, 1]])
    assert_same(dropout(X=X, mask=kept, p=0.5)["Y"].value, 2 * X * kept)
    assert_same(dropout(X=X, p=0)["Y"].value, X)


def test_numbers_by_hand():
    """Protects a page worked by hand: what is kept of 1 2; 3 4 is divided by 0.5."""
    answer = dropout(X="1,2;3,4", mask="1,0;1,1", p="0.5", dY="1,1;2,-1")
    assert answer["Y"].value.tolist() == [[2, 0], [6, 8]]
    assert answer["dL/dX"].value.tolist() == [[2, 0], [4, -2]]
    assert (float(answer["k"].value), float(answer["q"].value)) == (0.75, 0.5)


REFUSED = [
    ({"X": [1, 2], "p": 1, "mask": [1, 1]}, "p is 1: the probability of dropping lies from 0 to below 1"),
    ({"X": [1, 2], "p": -0.1, "mask": [1, 1]}, "p is -0.1"),
    ({"X": [1, 2], "p": 0.5}, "mask is missing: in training.*random.*1x2"),
    ({"X": [1, 2], "p": 0.5, "mask": [1, 1, 0]}, "mask is 1x3, but X is 1x2"),
    ({"X": [1, 2], "p": 0.5, "mask": [1, 0.5]}, "mask has 0.5 as entry 2: a mask holds 1"),
    ({"X": [[1, 2], [3, 4]], "p": 0.5, "mask": [[1, 1], [2, 0]]}, r"mask has 2 as entry \(2,1\)"),
    ({"X": [1, 2], "p": 0, "mask": [1, 0]}, "mask has 0 as entry 2, but p is 0"),
    ({"X": [1, 2], "p": 0.5, "mask": [1, 0], "mode": "test"}, "mask is given, but mode is test"),
    ({"X": [1, 2], "p": 0.5, "mask": [1, 0], "dY": [1]}, "dY is 1x1, but Y is 1x2"),
    ({"X": [1, 2]}, "p is missing"),
]


@pytest.mark.parametrize(("given_", "told"), REFUSED)
def test_what_is_refused(given_, told):
    """Protects the errors: they name the option, its value, the rule and the mend."""
    with pytest.raises(InputError, match=told):
        dropout(**given_)
