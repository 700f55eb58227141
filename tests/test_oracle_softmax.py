"""Softmax against PyTorch in float64: probabilities, logarithms, Jacobian and gradient, with scores far out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import softmax
from explain.errors import InputError
from explain.render.markdown import prose

EXAMPLES = settings(max_examples=80, deadline=None, database=None, derandomize=True)
NUMBERS = st.floats(-9, 9).map(lambda z: round(z, 3)) | st.sampled_from([-800.0, 0.0, 800.0, 1000.0])
SIZES = st.integers(2, 5)
TEMPERATURES = st.sampled_from([None, 0.1, 0.5, 1, 2, 10])


@st.composite
def scores(draw):
    """Scores of one example or of several, and what arrives from above."""
    rows, columns = draw(st.integers(1, 4)), draw(SIZES)
    cells = st.lists(NUMBERS, min_size=rows * columns, max_size=rows * columns)
    upstream = st.lists(st.floats(-3, 3), min_size=rows * columns, max_size=rows * columns)
    return np.array(draw(cells)).reshape(rows, columns), np.array(draw(upstream)).reshape(rows, columns)


def assert_same(ours, theirs):
    """Equal to nine digits, with the same shape."""
    theirs = np.asarray(theirs)
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@EXAMPLES
@given(drawn=scores(), temperature=TEMPERATURES)
def test_probabilities_jacobian_and_gradient(drawn, temperature):
    """Protects all that is worked: softmax, log-softmax, autograd's Jacobian and gradient, with ties and overflow."""
    Z, upstream = drawn
    single, T = len(Z) == 1, temperature or 1
    given_T = {} if temperature is None else {"temperature": temperature}
    answer = softmax(z=Z[0] if single else Z, dP=upstream[0] if single else upstream, log="yes", **given_T)

    z = torch.tensor(Z, dtype=torch.float64, requires_grad=True)
    p = torch.softmax(z / T, dim=1)
    (gradient,) = torch.autograd.grad(p, z, torch.tensor(upstream, dtype=torch.float64))
    jacobian = torch.autograd.functional.jacobian(lambda row: torch.softmax(row / T, dim=0), z.detach()[0])
    logarithms = torch.log_softmax(z.detach() / T, dim=1).numpy()

    shaped = (lambda array: array.T) if single else (lambda array: array)
    assert_same(answer["p" if single else "P"].value, shaped(p.detach().numpy()))
    assert_same(answer["logp" if single else "logP"].value, shaped(logarithms))
    assert_same(answer["dp/dz" if single else "dp_1/dz_1"].value, jacobian.numpy())
    assert_same(answer["dL/dz" if single else "dL/dZ"].value, shaped(gradient.numpy()))
    assert answer.passed


# Scores, temperature, probabilities: as printed in the places named, the others by hand.
PUBLISHED = [
    ([2, 1, 0.1], None, [0.7, 0.2, 0.1], 0.05),  # Udacity, Deep Learning, the scores 2.0, 1.0, 0.1
    ([-2.85, 0.86, 0.28], None, [0.016, 0.631, 0.353], 1e-3),  # CS231n, linear classification: softmax classifier
    ([123, 456, 789], None, [0, 0, 1], 1e-12),  # the scores of CS231n, numeric stability
    ([1, 2, 3, 4, 1, 2, 3], None, [0.024, 0.064, 0.175, 0.475, 0.024, 0.064, 0.175], 6e-4),  # Wikipedia, Softmax
    ([0, 0, 0, 0], None, [0.25] * 4, 1e-12),
    ([10, 8], None, [0.8808, 0.1192], 1e-4),  # a sigmoid of the difference 2
    ([10, 8], 2, [0.7311, 0.2689], 1e-4),  # of the difference 1
]


@pytest.mark.parametrize(("z", "temperature", "expected", "close"), PUBLISHED)
def test_published_values(z, temperature, expected, close):
    """Protects from agreeing with one library only."""
    answer = softmax(z=z, **({} if temperature is None else {"temperature": temperature}))
    np.testing.assert_allclose(answer["p"].value[:, 0], expected, atol=close)
    assert answer.passed


@pytest.mark.parametrize(
    ("z", "told"),
    [
        ("1000,1001,1002", "e^1002 is beyond"),
        ("-1000,-1001", "0/0 is no number"),
        ("1,2;1000,3", "e^1000 is beyond"),
        ("2,1,0.1", ""),
        ("1,-2000", ""),
    ],
)
def test_the_failure_of_the_form_without_the_shift_is_told(z, told):
    """Protects the reason for the shift: said where the textbook form has no value, and only there."""
    answer = softmax(z=z)
    assert answer.passed
    note = prose(answer["S" if ";" in z else "s"].note)
    assert (told in note) if told else not note


def test_a_temperature_is_compared_with_none():
    """Protects the line with T = 1: the probabilities without a temperature."""
    note = prose(softmax(z="2,1,0.1", temperature=0.5)["u"].note)
    assert "0.6590, 0.2424, 0.0986" in note


def test_one_example_in_any_form():
    """Protects a row, a column and a matrix of one row: all are one example, worked as a column."""
    answers = [softmax(z=z)["p"].value for z in ("2,1,0.1", "2;1;0.1", "[[2,1,0.1]]")]
    assert all(np.array_equal(answers[0], other) for other in answers)


def test_many_classes_have_no_jacobian():
    """Protects the page from a Jacobian that nobody reads."""
    answer = softmax(z=np.arange(65.0), dP=np.ones(65))
    assert "dp/dz" not in answer.names
    assert answer.passed
    assert "dp/dz" in softmax(z=np.arange(64.0)).names


REFUSED = [
    ({"z": 3}, "z has one score"),
    ({"z": [1, 2], "temperature": 0}, "temperature is 0: it must be positive"),
    ({"z": [1, 2], "temperature": -1}, "temperature is -1"),
    ({"z": [1, 2], "dP": [1, 2, 3]}, "dP has 3 numbers, but z has 2 numbers"),
    ({"z": [[1, 2], [3, 4]], "dP": [1, 2]}, "dP has 2 numbers, but z is 2x2"),
    ({"z": [1e308, -1e308]}, "z: with these numbers s is beyond"),
    ({"z": [1e308, -1e308], "temperature": 1e-5}, "with these numbers u is beyond"),
    ({"z": [1, 2], "log": "maybe"}, "log is maybe: choose no, yes"),
]


@pytest.mark.parametrize(("given_", "told"), REFUSED)
def test_what_is_refused(given_, told):
    """Protects the errors: they name the option, its value, the rule and the mend."""
    with pytest.raises(InputError, match=told):
        softmax(**given_)
