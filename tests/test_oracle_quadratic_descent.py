"""Descent on a quadratic against torch.optim.SGD with autograd, its bounds against NumPy's eigenvalues."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import quadratic_descent
from explain.errors import InputError

EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
ENTRY = st.integers(-8, 8).map(lambda at: at / 2)
RATE = st.sampled_from([0.01, 0.1, 0.25, 0.5])


@st.composite
def problems(draw):
    """A symmetric matrix with eigenvalues above 0, a start, and perhaps a linear part."""
    size = draw(st.integers(1, 4))
    root = np.array(draw(st.lists(ENTRY, min_size=size * size, max_size=size * size))).reshape(size, size)
    vectors = st.lists(ENTRY, min_size=size, max_size=size)
    return root @ root.T + np.eye(size), draw(vectors), draw(st.none() | vectors)


@EXAMPLES
@given(problems(), RATE, st.integers(1, 4))
def test_steps_and_bounds(problem, lr, steps):
    """Protects the values, the gradients and the points of every step, and the rates that converge."""
    matrix, start, linear = problem
    answer = quadratic_descent(A=matrix, x=start, lr=lr, b=linear, steps=steps)
    a = torch.tensor(matrix, dtype=torch.float64)
    b = torch.tensor(linear or [0.0] * len(start), dtype=torch.float64)
    point = torch.nn.Parameter(torch.tensor(start, dtype=torch.float64))
    descent = torch.optim.SGD([point], lr=lr)
    for t in range(steps + 1):
        descent.zero_grad()
        f = point @ a @ point / 2 - b @ point
        f.backward()
        close(answer[f"x_{t}"].value if t else start, point.detach().numpy())
        close(answer[f"f_{t}"].value, f.item(), abs((point @ a @ point).item()) + 1)
        if t < steps:
            scale = float((a.abs() @ point.detach().abs()).max()) + 1
            close(answer[f"df_{t}/dx_{t}"].value, point.grad.numpy(), scale)
        descent.step()
    roots = np.linalg.eigvalsh(matrix)
    close(answer["eta_max"].value, 2 / roots[-1])
    close(answer["eta_best"].value, 2 / (roots[0] + roots[-1]))
    for at, root in enumerate(roots[::-1], 1):
        close(answer[f"r_{at}"].value, 1 - lr * root, 1 + lr * roots[-1])
    assert answer.passed


def close(mine, theirs, scale=0.0):
    mine, theirs = np.asarray(mine, dtype=float).ravel(), np.asarray(theirs, dtype=float).ravel()
    np.testing.assert_allclose(mine, theirs, rtol=1e-9, atol=1e-12 * (1 + scale))


@pytest.mark.parametrize(("lr", "told"), [(0.1, "converges"), (0.5, "neither"), (0.6, "diverges"), (0.25, "one step")])
def test_the_verdict(lr, told):
    """Protects what is said of a rate below, at and above the bound, and of the best one."""
    answer = quadratic_descent(A=4, x=1, lr=lr, steps=10)
    assert told in str(answer)
    size = abs(float(answer["x_10"].value))
    assert math.isclose(size, abs(1 - 4 * lr) ** 10, rel_tol=1e-9, abs_tol=1e-12)


def test_the_best_rate_is_the_best():
    """Protects 2/(λ_min + λ_max): no other rate has a smaller largest factor."""
    best = float(quadratic_descent(A=[[3, 1], [1, 3]], x=[1, 0])["eta_best"].value)
    roots = np.array([2, 4])
    slowest = [abs(1 - rate * roots).max() for rate in np.linspace(0.01, 0.5, 999)]
    assert abs(1 - best * roots).max() <= min(slowest) + 1e-12


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"A": [[3, 1], [0, 3]], "x": [1, 1]}, "symmetric"),
        ({"A": [[1, 2], [2, 1]], "x": [1, 1]}, "eigenvalue -1"),
        ({"A": [[1, 1], [1, 1]], "x": [1, 1]}, "eigenvalue 0"),
        ({"A": [[1, 0.999999999], [0.999999999, 1]], "x": [1, 1]}, "tiny beside the largest"),
        ({"A": [[1e-8, 0], [0, 1e8]], "x": [1, 1]}, "tiny beside the largest"),
        ({"A": -2, "x": 1}, "falls without end"),
        ({"A": 0, "x": 1}, "above 0"),
        ({"A": [[3, 1], [1, 3]], "x": [1, 1, 1]}, "2 belong here"),
        ({"A": 4, "x": [1, 1]}, "give one"),
        ({"A": [[1, 2, 3]], "x": [1, 1]}, "square"),
        ({"A": np.eye(5), "x": [1] * 5}, "at most 4"),
        ({"A": 4, "x": 1, "lr": 0}, "above 0"),
        ({"A": 4, "x": 1, "steps": 11}, "at most 10"),
        ({"A": 4, "x": 1, "steps": "n"}, "whole number"),
    ],
)
def test_what_is_refused(given, told):
    """Protects the errors: a function without a minimum, sizes that differ."""
    with pytest.raises(InputError, match=told):
        quadratic_descent(**given)
