"""Cross-entropy against PyTorch in float64: values, reductions, label smoothing, soft targets, gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import cross_entropy
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=50, deadline=None, database=None, derandomize=True)
SCORES = st.floats(-9, 9).map(lambda z: round(z, 3)) | st.sampled_from([-800.0, 0.0, 40.0, 800.0])
REDUCTIONS = st.sampled_from(["mean", "sum", "none"])


@st.composite
def tables(draw, scores=SCORES):
    """Scores, and the true class of each row."""
    rows, size = draw(st.integers(1, 5)), draw(st.integers(2, 5))
    cells = draw(st.lists(scores, min_size=rows * size, max_size=rows * size))
    classes = draw(st.lists(st.integers(0, size - 1), min_size=rows, max_size=rows))
    return np.array(cells).reshape(rows, size), classes


def assert_same(ours, theirs):
    """Equal to nine digits, with the same number of entries."""
    theirs = np.asarray(theirs, dtype=float)
    np.testing.assert_allclose(np.asarray(ours).reshape(theirs.shape), theirs, rtol=1e-9, atol=1e-12)


def loss_names(rows, reduction):
    """The step that holds the loss of a reduction."""
    return "H" if rows == 1 else {"mean": "L_mean", "sum": "L_sum", "none": "l"}[reduction]


@EXAMPLES
@given(drawn=tables(), reduction=REDUCTIONS, smoothing=st.sampled_from([None, 0, 0.1, 0.25]))
def test_from_logits(drawn, reduction, smoothing):
    """Protects loss and gradient from scores, far out and tied too, with PyTorch's label smoothing."""
    scores, classes = drawn
    answer = cross_entropy(logits=scores, classes=",".join(map(str, classes)), smoothing=smoothing, reduction=reduction)
    z = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    loss = functional.cross_entropy(z, torch.tensor(classes), label_smoothing=smoothing or 0.0, reduction=reduction)
    name = loss_names(len(scores), reduction)
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert_same(answer[f"d{name}/dZ"].value, gradient)
    assert answer.passed


@EXAMPLES
@given(
    drawn=tables(st.floats(-6, 6).map(lambda z: round(z, 3))),
    reduction=REDUCTIONS,
    base=st.sampled_from(["natural", "2", "10"]),
)
def test_from_probabilities(drawn, reduction, base):
    """Protects the loss of given probabilities: nll_loss of their logarithms, per class too, in any base."""
    scores, classes = drawn
    table = torch.softmax(torch.tensor(scores, dtype=torch.float64), dim=1)
    answer = cross_entropy(p=table.numpy(), classes=[str(at) for at in classes], reduction=reduction, base=base)
    unit = {"natural": 1.0, "2": math.log(2), "10": math.log(10)}[base]
    p = table.clone().requires_grad_()
    loss = functional.nll_loss(p.log() / unit, torch.tensor(classes), reduction=reduction)
    name = loss_names(len(scores), reduction)
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss.sum(), p)
    assert_same(answer[f"d{name}/dP"].value, gradient)
    if len(scores) > 1:
        each = functional.nll_loss(table.log() / unit, torch.tensor(classes), reduction="none")
        for at in range(table.shape[1]):
            assert_same(answer["L_class"].value[0, at], each[torch.tensor(classes) == at].sum())
        wrong = (table.argmax(dim=1) != torch.tensor(classes)).double().mean()
        assert_same(answer["error"].value, wrong)
    assert answer.passed


@EXAMPLES
@given(drawn=tables(), other=st.data(), reduction=REDUCTIONS)
def test_soft_targets(drawn, other, reduction):
    """Protects distributions as targets, from scores and in PyTorch's form with class probabilities."""
    scores, _ = drawn
    cells = other.draw(st.lists(st.integers(0, 5), min_size=scores.size, max_size=scores.size))
    weights = np.array(cells, dtype=float).reshape(scores.shape) + np.eye(*scores.shape)
    weights[weights.sum(axis=1) == 0] = 1.0
    y = weights / weights.sum(axis=1, keepdims=True)
    answer = cross_entropy(logits=scores, y=y, reduction=reduction)
    z = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    loss = functional.cross_entropy(z, torch.tensor(y), reduction=reduction)
    name = loss_names(len(scores), reduction)
    assert_same(answer[name].value, loss.detach())
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    assert_same(answer[f"d{name}/dZ"].value, gradient)
    assert answer.passed
    again = cross_entropy(logits=scores, y=weights, normalise="yes", reduction=reduction)
    assert_same(again[name].value, loss.detach())


def test_zero_log_zero_is_told():
    """Protects the page of a predicted 0 that no target meets: it counts 0, and the page says why."""
    answer = cross_entropy(y="1,0,0", p="0.9,0.1,0.0")
    assert_same(answer["H"].value, -math.log(0.9))
    assert_same(answer["dH/dP"].value, [[-1 / 0.9, 0, 0]])
    assert "0 log 0 counts as 0" in plain(page(answer), 400)
    assert answer.passed


def test_the_names_of_classes():
    """Protects classes given by name: the same answer as by number, and the page names what was said in place of it."""
    table = "0.8,0.2;0.6,0.4"
    answer = cross_entropy(p=table, classes="cat,dog", names="cat,dog")
    assert_same(answer["l"].value, cross_entropy(p=table, classes="0,1")["l"].value)
    assert "row 2 (cat in place of dog)" in plain(page(answer), 400)


def test_ties_are_told():
    """Protects the page of a tie: the first class is taken, as by torch.argmax of equal numbers on a CPU."""
    text = plain(page(cross_entropy(p="0.5,0.5;0.1,0.9", classes="1,1")), 400)
    assert "tied, and the first is taken, as in PyTorch and NumPy: row 1: class 0, class 1" in text


REFUSED = [
    ({"classes": "0"}, "p is missing"),
    ({"p": "0.5,0.5", "logits": "1,2", "classes": "0"}, "both given"),
    ({"p": "0.5,0.5"}, "classes is missing"),
    ({"p": "0.5,0.5", "classes": "0", "y": "1,0"}, "both given"),
    ({"p": "2,1,0.1", "classes": "0"}, "given as logits"),
    ({"p": "0.5,0.4", "classes": "0"}, "sums to 0.9"),
    ({"p": "-0.5,1.5", "classes": "0"}, "between 0 and 1"),
    ({"p": "0.5;0.5", "classes": "0,1"}, "one class"),
    ({"p": "0.5,0.5", "classes": "2"}, "whole number from 0 to 1"),
    ({"p": "0.5,0.5", "classes": "-1"}, "whole number from 0 to 1"),
    ({"p": "0.5,0.5", "classes": "0,1"}, "2 classes, but p has 1 row"),
    ({"p": "0.5,0.5", "classes": "cow", "names": "cat,dog"}, "a name such as cat"),
    ({"p": "0.5,0.5", "classes": "0", "names": "cat"}, "1 name"),
    ({"p": "0.5,0.5", "classes": "0", "names": "cat,cat"}, "cat twice"),
    ({"p": "0.5,0.5", "y": "1,0,0"}, "y is 1x3, but p is 1x2"),
    ({"p": "0.5,0.5", "y": "1,1"}, "y sums to 2"),
    ({"p": "1,0", "classes": "1"}, "the loss is infinite"),
    ({"p": "1,0", "classes": "0", "smoothing": "0.1"}, "the loss is infinite"),
    ({"logits": "1,2", "classes": "0", "smoothing": "1"}, "from 0 to below 1"),
    ({"logits": "1,2", "classes": "0", "smoothing": "-0.1"}, "from 0 to below 1"),
    ({"logits": "1,2,3", "y": "0.333,0.333,0.333"}, "fractions such as 1/3"),
    ({"logits": "1,2", "classes": "0", "normalise": "yes"}, "leave it out"),
    ({"p": "0,0", "y": "1,0", "normalise": "yes"}, "sums to 0"),
    ({"logits": "1,2", "classes": "0", "base": "3"}, "choose natural, 2, 10"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED)
def test_what_is_refused(given, told):
    """Protects the messages: each names the option, the value and the rule, in one line."""
    with pytest.raises(InputError) as found:
        cross_entropy(**given)
    assert told in str(found.value)
    assert "\n" not in str(found.value)
