"""Focal loss against its formula in PyTorch float64 by autograd: binary, several classes, weights, far scores."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import bce, cross_entropy, focal
from explain.errors import InputError

EXAMPLES = settings(max_examples=50, deadline=None, database=None, derandomize=True)
SCORES = st.floats(-6, 6).map(lambda z: round(z, 3))
GAMMAS = st.sampled_from([0, 0.5, 1, 1.5, 2, 5])
REDUCTIONS = st.sampled_from(["mean", "sum"])


def assert_same(ours, theirs):
    """Equal to nine digits, with the same number of entries."""
    theirs = np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(np.asarray(ours).reshape(theirs.shape), theirs, rtol=1e-9, atol=1e-12)


def reduced(each, reduction):
    """The loss, and the step that holds it."""
    name = "l" if each.numel() == 1 else f"L_{reduction}"
    return (each.mean() if reduction == "mean" else each.sum()), name


def compare(answer, each, given, reduction, wrt):
    """Losses, loss and gradient."""
    loss, name = reduced(each, reduction)
    assert_same(answer["l"].value, each.detach())
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss, given)
    assert_same(answer[f"d{name}/d{wrt}"].value, gradient)
    assert answer.passed


@EXAMPLES
@given(drawn=st.data(), gamma=GAMMAS, alpha=st.sampled_from([None, 0.25, 0.8]), reduction=REDUCTIONS, far=st.booleans())
def test_binary(drawn, gamma, alpha, reduction, far):
    """Protects the binary loss from logits and from probabilities, with and without a weight."""
    rows = drawn.draw(st.integers(1, 4))
    scores = torch.tensor(drawn.draw(st.lists(SCORES, min_size=rows, max_size=rows)), dtype=torch.float64)
    labels = drawn.draw(st.lists(st.sampled_from([0, 1]), min_size=rows, max_size=rows))
    y = torch.tensor(labels, dtype=torch.float64)
    weight = 1.0 if alpha is None else alpha * y + (1 - alpha) * (1 - y)
    z = scores.clone().requires_grad_()
    entropy = functional.binary_cross_entropy_with_logits(z, y, reduction="none")
    each = weight * (1 - torch.exp(-entropy)) ** gamma * entropy
    answer = focal(logits=scores.numpy(), y=labels, gamma=gamma, alpha=alpha, reduction=reduction)
    compare(answer, each, z, reduction, "Z")
    if far:
        p = torch.sigmoid(scores).requires_grad_()
        true = torch.where(y == 1, p, 1 - p)
        each = -weight * (1 - true) ** gamma * torch.log(true)
        answer = focal(p=p.detach().numpy(), y=labels, gamma=gamma, alpha=alpha, reduction=reduction)
        compare(answer, each, p, reduction, "P")


@EXAMPLES
@given(drawn=st.data(), gamma=GAMMAS, weighted=st.booleans(), reduction=REDUCTIONS)
def test_of_classes(drawn, gamma, weighted, reduction):
    """Protects the loss of several classes from logits and from probabilities, one weight a class."""
    rows, size = drawn.draw(st.integers(1, 4)), drawn.draw(st.integers(2, 4))
    cells = drawn.draw(st.lists(SCORES, min_size=rows * size, max_size=rows * size))
    scores = torch.tensor(cells, dtype=torch.float64).reshape(rows, size)
    classes = torch.tensor(drawn.draw(st.lists(st.integers(0, size - 1), min_size=rows, max_size=rows)))
    alpha = torch.tensor([0.5, 1.5, 2.0, 0.25][:size], dtype=torch.float64) if weighted else None
    weight = 1.0 if alpha is None else alpha[classes]
    told = {"classes": [str(int(at)) for at in classes], "gamma": gamma, "reduction": reduction,
            "alpha": None if alpha is None else alpha.numpy()}  # fmt: skip
    z = scores.clone().requires_grad_()
    entropy = functional.cross_entropy(z, classes, reduction="none")
    each = weight * (1 - torch.exp(-entropy)) ** gamma * entropy
    compare(focal(logits=scores.numpy(), **told), each, z, reduction, "Z")
    p = torch.softmax(scores, dim=1).requires_grad_()
    true = p[torch.arange(rows), classes]
    compare(focal(p=p.detach().numpy(), **told), -weight * (1 - true) ** gamma * torch.log(true), p, reduction, "P")


def test_gamma_0_is_the_cross_entropy():
    """Protects the other end: without focus and weight it is the cross-entropy, value and gradient."""
    ours, theirs = (
        focal(logits="2,1,0.1;0,3,-1", classes="0,2", gamma=0),
        cross_entropy(logits="2,1,0.1;0,3,-1", classes="0,2"),
    )
    assert_same(ours["dL_mean/dZ"].value, theirs["dL_mean/dZ"].value)
    ours, theirs = focal(logits="2,-1", y="1,0", gamma=0), bce(logits="2,-1", y="1,0")
    assert_same(ours["l"].value, theirs["l"].value)
    assert_same(ours["dL_mean/dZ"].value, theirs["dL_mean/dZ"].value)


def test_far_scores():
    """Protects saturated scores: the surely wrong keeps its cross-entropy, the surely right counts nothing."""
    answer = focal(logits="-800,800", y="1,1")
    assert_same(answer["l"].value, [800, 0])
    assert_same(answer["dL_mean/dZ"].value, [-0.5, 0])
    answer = focal(logits="800,0;0,800", classes="1,1")
    assert_same(answer["l"].value, [800, 0])
    assert answer.passed


REFUSED = [
    ({"p": "0.5"}, "y is missing"),
    ({"p": "0.5", "y": "1", "classes": "0"}, "both given"),
    ({"y": "1"}, "p is missing"),
    ({"p": "0.5", "logits": "1", "y": "1"}, "both given"),
    ({"p": "0.5", "y": "0.5"}, "a label is 0 or 1"),
    ({"p": "0.5", "y": "1,0"}, "y has 2 numbers, but p has 1 number"),
    ({"p": "1.5", "y": "1"}, "given as logits"),
    ({"p": "0", "y": "1"}, "the loss is infinite"),
    ({"p": "1,1", "y": "1,0"}, "in row 2"),
    ({"p": "0.5", "y": "1", "gamma": "-1"}, "the power lies from 0"),
    ({"p": "1", "y": "1", "gamma": "0.5"}, "infinite slope"),
    ({"p": "0.5", "y": "1", "alpha": "1"}, "between 0 and 1"),
    ({"p": "0.5", "y": "1", "alpha": "0.2,0.8"}, "one number"),
    ({"p": "0.5", "y": "1", "names": "a,b"}, "leave it out"),
    ({"p": "0.5,0.4", "classes": "0"}, "sums to 0.9"),
    ({"p": "1,0", "classes": "1"}, "the loss is infinite"),
    ({"p": "0.5,0.5", "classes": "2"}, "from 0 to 1"),
    ({"p": "0.5,0.5", "classes": "0", "alpha": "1,2,3"}, "one for each of the 2 classes"),
    ({"p": "0.5,0.5", "classes": "0", "alpha": "0,1"}, "not positive"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED)
def test_what_is_refused(given, told):
    """Protects the messages: each names the option, the value and the rule, in one line."""
    with pytest.raises(InputError) as found:
        focal(**given)
    assert told in str(found.value)
    assert "\n" not in str(found.value)
