"""Binary cross-entropy against PyTorch in float64: probabilities, logits far out, weights, soft labels, gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import bce
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=50, deadline=None, database=None, derandomize=True)
SCORES = st.floats(-9, 9).map(lambda z: round(z, 3)) | st.sampled_from([-800.0, 0.0, 40.0, 800.0])
LABELS = st.sampled_from([0.0, 1.0, 0.0, 1.0, 0.25, 0.9])
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


@st.composite
def tables(draw, numbers):
    """Predictions and labels of one shape."""
    shape = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    size = shape[0] * shape[1]
    values, labels = (draw(st.lists(kind, min_size=size, max_size=size)) for kind in (numbers, LABELS))
    return np.array(values).reshape(shape), np.array(labels).reshape(shape)


def assert_same(ours, theirs):
    """Equal to nine digits, with the same number of entries."""
    theirs = np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(np.asarray(ours).reshape(theirs.shape), theirs, rtol=1e-9, atol=1e-12)


def loss_name(labels, reduction):
    """The step that holds the loss of a reduction."""
    return "l" if labels.size == 1 else {"mean": "L_mean", "sum": "L_sum", "none": "l"}[reduction]


@EXAMPLES
@given(drawn=tables(SCORES), reduction=REDUCTIONS, weighted=st.booleans())
def test_from_logits(drawn, reduction, weighted):
    """Protects loss and gradient from scores, saturated ones too, with weights on the positive classes."""
    scores, labels = drawn
    weight = np.array([3.0, 0.5, 1.25])[: scores.shape[1]] if weighted else None
    answer = bce(y=labels, logits=scores, reduction=reduction, pos_weight=weight)
    z = torch.tensor(scores, requires_grad=True)
    loss = functional.binary_cross_entropy_with_logits(
        z, torch.tensor(labels), reduction=reduction, pos_weight=None if weight is None else torch.tensor(weight)
    )
    name = loss_name(labels, reduction)
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert_same(answer[f"d{name}/dZ"].value, gradient)
    assert answer.passed


@EXAMPLES
@given(drawn=tables(st.floats(0.01, 0.99).map(lambda p: round(p, 3))), reduction=REDUCTIONS)
def test_from_probabilities(drawn, reduction):
    """Protects loss, error rate and gradient from probabilities."""
    p, labels = drawn
    answer = bce(y=labels, p=p, reduction=reduction)
    given = torch.tensor(p, requires_grad=True)
    loss = functional.binary_cross_entropy(given, torch.tensor(labels), reduction=reduction)
    name = loss_name(labels, reduction)
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss.sum(), given)
    assert_same(answer[f"d{name}/dP"].value, gradient)
    if "error" in answer.names:
        assert_same(answer["error"].value, ((p > 0.5) != labels).mean())
    assert answer.passed


def test_weight_and_probabilities():
    """Protects the weight where probabilities are given: the same loss as from their logits."""
    p = np.array([0.9, 0.2, 0.6])
    ours = bce(y="1,0,1", p=p, pos_weight=2)
    theirs = bce(y="1,0,1", logits=np.log(p / (1 - p)), pos_weight=2)
    assert_same(ours["l"].value, theirs["l"].value)
    assert ours.passed


def test_certain_and_right():
    """Protects predictions of exactly 0 and 1 that are right: loss 0 as in PyTorch, and no gradient at the end."""
    answer = bce(y="1,0,1", p="1,0,0.5")
    loss = functional.binary_cross_entropy(
        torch.tensor([1, 0, 0.5]).double(), torch.tensor([1.0, 0, 1]).double(), reduction="none"
    )
    assert_same(answer["l"].value, loss)
    assert answer.names[-1] == "error"
    text = plain(page(answer), 400)
    assert "no gradient is worked" in text
    assert "0.5 exactly is taken as class 0" in text
    assert answer.passed


REFUSED = [
    ({"y": "1"}, "p is missing"),
    ({"y": "1", "p": "0.5", "logits": "1"}, "both given"),
    ({"y": "1,0", "p": "0.5"}, "y has 2 numbers, but p has 1 number"),
    ({"y": "1,0;0,1", "p": "0.5,0.5,0.5,0.5"}, "y is 2x2, but p is 4x1"),
    ({"y": "-1", "p": "0.5"}, "belong to the topic hinge"),
    ({"y": "2", "logits": "0.5"}, "a label is 0 or 1"),
    ({"y": "1", "p": "1.5"}, "given as logits"),
    ({"y": "1", "p": "-0.5"}, "between 0 and 1"),
    ({"y": "1", "p": "0"}, "the loss is infinite"),
    ({"y": "1,0", "p": "1,1"}, "in row 2"),
    ({"y": "1", "p": "0.5", "pos_weight": "0"}, "a weight is positive"),
    ({"y": "1", "p": "0.5", "pos_weight": "1,2"}, "one number, or one an output"),
    ({"y": "1", "p": "0.5", "reduction": "half"}, "choose mean, sum, none"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED)
def test_what_is_refused(given, told):
    """Protects the messages: each names the option, the value and the rule, in one line."""
    with pytest.raises(InputError) as found:
        bce(**given)
    assert told in str(found.value)
    assert "\n" not in str(found.value)
