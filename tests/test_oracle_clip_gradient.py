"""Gradient clipping against torch.nn.utils."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from cases import CASES, works
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import clip_gradient
from explain.errors import InputError

EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
NUMBER = st.integers(-500, 500).map(lambda at: at / 100)
GRADIENT = st.tuples(st.integers(1, 3), st.integers(1, 3)).flatmap(
    lambda shape: st.lists(NUMBER, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]).map(
        lambda numbers: np.array(numbers).reshape(shape)
    )
)
THRESHOLD = st.sampled_from([0.01, 0.5, 1, 3.3, 5, 100])


def clipped(gradients, how, beta):
    """What PyTorch makes of the gradients, in double precision."""
    parameters = []
    for gradient in gradients:
        parameter = torch.nn.Parameter(torch.zeros(gradient.shape, dtype=torch.float64))
        parameter.grad = torch.tensor(gradient, dtype=torch.float64)
        parameters.append(parameter)
    told = how(parameters, beta)
    return [parameter.grad.numpy() for parameter in parameters], told


def named(count):
    return ["ghat"] if count == 1 else [f"ghat_{at}" for at in range(1, count + 1)]


@EXAMPLES
@given(st.lists(GRADIENT, min_size=1, max_size=3), THRESHOLD)
def test_by_norm(gradients, beta):
    """Protects the global norm, and the gradients but for the 10⁻⁶ that PyTorch adds to it."""
    answer = clip_gradient(g=gradients, beta=beta)
    theirs, norm = clipped(gradients, torch.nn.utils.clip_grad_norm_, beta)
    norm = float(norm)
    np.testing.assert_allclose(float(answer["norm"].value), norm, rtol=1e-9)
    for name, before, after in zip(named(len(gradients)), gradients, theirs, strict=True):
        undone = after * (norm + 1e-6) / norm if norm > beta else before
        np.testing.assert_allclose(answer[name].value.reshape(before.shape), undone, rtol=1e-9)
    assert answer.passed


@EXAMPLES
@given(st.lists(GRADIENT, min_size=1, max_size=3), THRESHOLD)
def test_by_value(gradients, beta):
    """Protects the cut, and the cosine between before and after."""
    answer = clip_gradient(g=gradients, beta=beta, by="value")
    theirs, _ = clipped(gradients, torch.nn.utils.clip_grad_value_, beta)
    for name, before, after in zip(named(len(gradients)), gradients, theirs, strict=True):
        np.testing.assert_array_equal(answer[name].value.reshape(before.shape), after)
    if any(gradient.any() for gradient in gradients):
        first, second = (torch.cat([torch.tensor(one).flatten() for one in side]) for side in (gradients, theirs))
        cosine = torch.nn.functional.cosine_similarity(first, second, dim=0, eps=1e-300)
        np.testing.assert_allclose(float(answer["cos"].value), float(cosine), rtol=1e-9)
    assert answer.passed


def test_tiny_and_large_gradients():
    """Protects the norm where the squares alone would be 0 or infinite."""
    for size in (1e-200, 1e300):
        answer = clip_gradient(g=[[3 * size, 4 * size]], beta=size)
        np.testing.assert_allclose(answer["ghat"].value[:, 0], [0.6 * size, 0.8 * size], rtol=1e-12)
        assert answer.passed


@works("gradient-clip")
def test_the_numbers_of_the_question():
    """Protects the row `gradient-clip`."""
    case = CASES["gradient-clip"]
    answer = clip_gradient(g=[case["inputs"]["g"]], beta=case["inputs"]["beta"])
    assert float(answer["norm"].value) == case["expected"]["norm"]
    np.testing.assert_allclose(answer["ghat"].value[:, 0], case["expected"]["g"], rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"g": [[3, 4]], "beta": 0}, "above 0"),
        ({"g": [[3, 4]], "beta": -1}, "above 0"),
        ({"g": [[3, 4]]}, "missing"),
        ({"beta": 1}, "missing"),
        ({"g": "3,x", "beta": 1}, "where a number belongs"),
        ({"g": [[1.5e308, 1.5e308]], "beta": 1}, "1.8e308"),
    ],
)
def test_what_is_refused(given, told):
    """Protects the errors: a threshold of 0, and a norm that leaves double precision."""
    with pytest.raises(InputError, match=told):
        clip_gradient(**given)
