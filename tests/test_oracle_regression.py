"""Mean squared error, mean absolute error and Huber loss against torch.nn.functional in float64, with gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import huber, mae, mse

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
NUMBERS = st.floats(-9, 9).map(lambda number: round(number, 2)) | st.sampled_from([0.0, 1.0, -1.0, 300.0])


@st.composite
def pairs(draw):
    """Targets and predictions of one shape, equal in some entries."""
    rows, columns = draw(st.integers(1, 4)), draw(st.integers(1, 4))
    size = rows * columns
    y = draw(st.lists(NUMBERS, min_size=size, max_size=size))
    moved = draw(st.lists(NUMBERS | st.just(0.0), min_size=size, max_size=size))
    targets = np.array(y).reshape(rows, columns)
    return targets, np.round(targets + np.array(moved).reshape(rows, columns), 2)


def theirs(loss, y, yhat):
    """A loss and its gradient at the predictions."""
    p = torch.tensor(yhat, dtype=torch.float64, requires_grad=True)
    value = loss(p, torch.tensor(y, dtype=torch.float64))
    (gradient,) = torch.autograd.grad(value, p)
    return value.item(), gradient.numpy()


def assert_same(answer, loss, y, yhat):
    """Loss and gradient equal to nine digits, all checks passed."""
    value, gradient = theirs(loss, y, yhat)
    np.testing.assert_allclose(answer["L"].value, value, rtol=1e-9, atol=1e-12)
    assert answer["dL/dyhat"].value.shape == gradient.shape
    np.testing.assert_allclose(answer["dL/dyhat"].value, gradient, rtol=1e-9, atol=1e-12)
    assert answer.passed


@EXAMPLES
@given(drawn=pairs(), reduction=st.sampled_from(["mean", "sum"]))
def test_mse_as_pytorch(drawn, reduction):
    """Protects mse_loss: the mean is over all entries."""
    answer = mse(y=drawn[0], yhat=drawn[1], reduction=reduction)
    assert_same(answer, lambda p, y: functional.mse_loss(p, y, reduction=reduction), *drawn)
    root = np.sqrt(np.mean((drawn[0] - drawn[1]) ** 2))
    np.testing.assert_allclose(answer["RMSE"].value, root, rtol=1e-9, atol=1e-12)


@EXAMPLES
@given(
    drawn=pairs(),
    reduction=st.sampled_from(["mean", "half", "half-mean"]),
    over=st.sampled_from(["entries", "examples", None]),
)
def test_mse_over_examples(drawn, reduction, over):
    """Protects the conventions that PyTorch does not have: 1/N Σ ‖y - ŷ‖², its half, and half the sum."""
    y, yhat = drawn
    over = over or ("examples" if reduction == "half-mean" else "entries")
    number = {"half": 2, "mean": 1, "half-mean": 2}[reduction]
    if reduction != "half":
        number *= y.size if over == "entries" else len(y)
    answer = mse(y=y, yhat=yhat, reduction=reduction, over=over)
    assert_same(answer, lambda p, t: functional.mse_loss(p, t, reduction="sum") / number, y, yhat)


@EXAMPLES
@given(drawn=pairs(), reduction=st.sampled_from(["mean", "sum"]))
def test_mae_as_pytorch(drawn, reduction):
    """Protects l1_loss, the gradient 0 at a residual of 0 included."""
    answer = mae(y=drawn[0], yhat=drawn[1], reduction=reduction)
    assert_same(answer, lambda p, y: functional.l1_loss(p, y, reduction=reduction), *drawn)


@EXAMPLES
@given(drawn=pairs(), reduction=st.sampled_from(["mean", "sum"]), delta=st.sampled_from([0.01, 0.5, 1, 2.5, 100]))
def test_huber_as_pytorch(drawn, reduction, delta):
    """Protects huber_loss on both sides of its turn, and smooth L1 as the same divided by delta."""
    answer = huber(y=drawn[0], yhat=drawn[1], reduction=reduction, delta=delta)
    assert_same(answer, lambda p, y: functional.huber_loss(p, y, reduction=reduction, delta=delta), *drawn)
    smooth, _ = theirs(lambda p, y: functional.smooth_l1_loss(p, y, reduction=reduction, beta=delta), *drawn)
    np.testing.assert_allclose(answer["L"].value / delta, smooth, rtol=1e-9, atol=1e-12)


def test_huber_names_its_branches():
    """Protects which entries are called quadratic and which linear; the turn itself counts as quadratic."""
    page = str(huber(y=[0.3, 0, 0], yhat=[1.3, 3, 0.5]))
    assert "at most δ, so quadratic: entries 1, 3; above δ, so linear: entry 2" in " ".join(page.split())


@pytest.mark.parametrize(
    ("reduction", "says"),
    [
        ("half-mean", "sum 1.23, mean over 6 entries 0.205, mean over 2 examples and half the sum 0.615, "
         "half the mean over 6 entries 0.1025"),
        ("mean", "sum 1.23, mean over 2 examples and half the sum 0.615, half the mean over 6 entries 0.1025, half "
         "the mean over 2 examples 0.3075"),
    ],
)  # fmt: skip
def test_what_the_others_give(reduction, says):
    """Protects the line of the other conventions: each of them once, none that was taken."""
    page = " ".join(str(mse(y="0,1,0;1,0,0", yhat="0.3,0.4,0.1;0.2,0.30,0.2", reduction=reduction)).split())
    assert f"with another reduction: {says}" in page


def test_huber_works_a_linear_entry_of_the_gradient():
    """Protects the cut at δ: the entry of the gradient that is worked in sight is one that is cut."""
    assert "entry 2: 0.5·max(min(4, 1), -1)" in " ".join(str(huber(y=[1, 2], yhat=[1.5, 6])).split())
