"""Hinge loss against PyTorch in float64: multi_margin_loss, and max(0, 1 - y f) by autograd; kinks."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import hinge
from explain.errors import InputError

EXAMPLES = settings(max_examples=50, deadline=None, database=None, derandomize=True)
SCORES = st.sampled_from([-1.0, 0.0, 0.5, 1.0, 1.5]) | st.floats(-4, 4).map(lambda z: round(z, 3))
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])
YES = st.sampled_from(["no", "yes"])


def assert_same(ours, theirs):
    """Equal to nine digits, with the same number of entries."""
    theirs = np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(np.asarray(ours).reshape(theirs.shape), theirs, rtol=1e-9, atol=1e-12)


def loss_name(rows, reduction):
    """The step that holds the loss of a reduction."""
    return "l" if rows == 1 else {"mean": "L_mean", "sum": "L_sum", "none": "l"}[reduction]


@EXAMPLES
@given(drawn=st.data(), reduction=REDUCTIONS, squared=YES, margin=st.sampled_from([None, 0.5, 2]))
def test_of_labels(drawn, reduction, squared, margin):
    """Protects the binary loss, scores on the margin among them: ReLU has slope 0 there too."""
    rows = drawn.draw(st.integers(1, 5))
    scores = drawn.draw(st.lists(SCORES, min_size=rows, max_size=rows))
    labels = drawn.draw(st.lists(st.sampled_from([-1, 1]), min_size=rows, max_size=rows))
    answer = hinge(scores=scores, y=labels, reduction=reduction, squared=squared, margin=margin)
    f = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(labels)
    each = torch.relu((margin or 1) - y * f) ** (2 if squared == "yes" else 1)
    loss = {"mean": each.mean(), "sum": each.sum(), "none": each}[reduction]
    name = loss_name(rows, reduction)
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss.sum(), f)
    assert_same(answer[f"d{name}/df"].value, gradient)
    if rows > 1:
        assert_same(answer["error"].value, (torch.where(f > 0, 1, -1) != y).double().mean())
    assert answer.passed


@EXAMPLES
@given(drawn=st.data(), reduction=REDUCTIONS, squared=YES, margin=st.sampled_from([None, 0.5, 2]))
def test_of_classes(drawn, reduction, squared, margin):
    """Protects the loss of several classes and its gradient: multi_margin_loss, kinks among them."""
    rows, size = drawn.draw(st.integers(1, 4)), drawn.draw(st.integers(2, 4))
    cells = drawn.draw(st.lists(SCORES, min_size=rows * size, max_size=rows * size))
    classes = drawn.draw(st.lists(st.integers(0, size - 1), min_size=rows, max_size=rows))
    scores = np.array(cells).reshape(rows, size)
    answer = hinge(
        scores=scores, classes=[str(at) for at in classes], reduction=reduction, squared=squared, margin=margin
    )
    s = torch.tensor(scores, requires_grad=True)
    loss = functional.multi_margin_loss(
        s, torch.tensor(classes), p=2 if squared == "yes" else 1, margin=margin or 1, reduction=reduction
    )
    name = loss_name(rows, reduction)
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss.sum(), s)
    assert_same(answer[f"d{name}/dS"].value, gradient)
    assert answer.passed


REFUSED = [
    ({"scores": "1,2"}, "y is missing"),
    ({"scores": "1,2", "y": "1,-1", "classes": "0"}, "both given"),
    ({"scores": "1,2", "y": "1,0"}, "belong to the topic bce"),
    ({"scores": "1,2", "y": "1,2"}, "a label is -1 or 1"),
    ({"scores": "1,2", "y": "1"}, "y has 1 number, but scores has 2 numbers"),
    ({"scores": "1,2", "y": "1,1", "names": "a,b"}, "leave it out"),
    ({"scores": "1,2", "y": "1,1", "margin": "0"}, "must be positive"),
    ({"scores": "1;2", "classes": "0,0"}, "one class"),
    ({"scores": "1,2", "classes": "2"}, "from 0 to 1"),
    ({"scores": "1,2;3,4", "classes": "1"}, "1 class, but scores has 2 rows"),
    ({"scores": "1,2", "classes": "0", "names": "a,b,c"}, "3 names"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED)
def test_what_is_refused(given, told):
    """Protects the messages: each names the option, the value and the rule, in one line."""
    with pytest.raises(InputError) as found:
        hinge(**given)
    assert told in str(found.value)
    assert "\n" not in str(found.value)
