"""Moving averages against plain Python, and against the first moment that Adam keeps in PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import moving_average
from explain.errors import InputError

EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
VALUES = st.lists(st.integers(-500, 500).map(lambda at: at / 10), min_size=1, max_size=12)
BETA = st.integers(0, 999).map(lambda at: at / 1000)


def averages(values, beta, start=0.0):
    found, v = [], start
    for value in values:
        v = beta * v + (1 - beta) * value
        found.append(v)
    return found


def close(mine, theirs):
    assert math.isclose(float(mine), theirs, rel_tol=1e-9, abs_tol=1e-11)


@EXAMPLES
@given(VALUES, BETA)
def test_averages_and_correction(values, beta):
    """Protects every average, printed or not, and its correction."""
    answer = moving_average(x=values, beta=beta)
    for t, v in enumerate(averages(values, beta), 1):
        close(answer[f"v_{t}"].value, v)
        close(answer[f"vhat_{t}"].value, v / (1 - beta**t))
    close(answer["n"].value, 1 / (1 - beta))
    assert answer.passed


@EXAMPLES
@given(VALUES, BETA, st.integers(-30, 30))
def test_another_start(values, beta, start):
    """Protects an average that does not start at 0."""
    answer = moving_average(x=values, beta=beta, correction="no", start=start)
    for t, v in enumerate(averages(values, beta, start), 1):
        close(answer[f"v_{t}"].value, v)
    assert answer.passed


def test_the_first_moment_of_adam():
    """Protects the recursion as PyTorch keeps it."""
    values = [0.5, -1.0, 2.0, 0.25]
    parameter = torch.nn.Parameter(torch.zeros(1, dtype=torch.float64))
    adam = torch.optim.Adam([parameter], betas=(0.9, 0.999))
    answer = moving_average(x=values, beta=0.9)
    for t, value in enumerate(values, 1):
        parameter.grad = torch.tensor([value], dtype=torch.float64)
        adam.step()
        close(answer[f"v_{t}"].value, float(adam.state[parameter]["exp_avg"]))


def test_what_is_not_printed_can_be_asked_for():
    """Protects the averages in the middle of a long series."""
    answer = moving_average(x=np.arange(30.0), beta=0.9, find="vhat_17")
    assert [step.name for step in answer.shown_steps][-1] == "vhat_17"
    assert "vhat_17" not in str(moving_average(x=np.arange(30.0), beta=0.9))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"x": [1, 2], "beta": 1}, "below 1"),
        ({"x": [1, 2], "beta": -0.1}, "below 1"),
        ({"x": [1, 2], "beta": 0.5, "start": 3}, "correction"),
        ({"x": [[1, 2], [3, 4]], "beta": 0.5}, "vector"),
        ({"x": list(range(201)), "beta": 0.5}, "at most 200"),
        ({"x": [], "beta": 0.5}, "x"),
    ],
)
def test_what_is_refused(given, told):
    """Protects the errors: a β of 1, a start that the correction would undo."""
    with pytest.raises(InputError, match=told):
        moving_average(**given)
