"""Regularised losses, triplet and contrastive loss against torch in float64: values, gradients, one step of SGD."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import contrastive, regularization, triplet

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
SIZES = st.integers(1, 4)
NUMBERS = st.floats(-4, 4).map(lambda number: round(number, 2)) | st.sampled_from([0.0, 1.0, -1.0])


@st.composite
def matrices(draw, rows=SIZES, columns=SIZES):
    """A matrix with some zeros in it."""
    shape = draw(rows), draw(columns)
    return np.array(draw(st.lists(NUMBERS, min_size=shape[0] * shape[1], max_size=shape[0] * shape[1]))).reshape(shape)


def tensor(values, wanted=False):
    """The numbers in float64."""
    return torch.tensor(np.asarray(values), dtype=torch.float64, requires_grad=wanted)


def assert_same(ours, theirs):
    """Equal to nine digits, with the same shape."""
    theirs = np.asarray(theirs.detach() if isinstance(theirs, torch.Tensor) else theirs)
    assert np.shape(ours) == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@EXAMPLES
@given(
    thetas=st.lists(matrices(), min_size=1, max_size=3),
    lam=st.sampled_from([0, 0.2, 3]),
    penalty=st.sampled_from(["l1", "l2", "elastic-net"]),
    coefficient=st.sampled_from(["lambda", "lambda/2", "lambda/2N", "lambda/N"]),
    N=st.integers(1, 9),
)
def test_regularised_loss(thetas, lam, penalty, coefficient, N):
    """Protects penalty, whole loss and gradient of every penalty with every strength."""
    answer = regularization(theta=thetas, lam=lam, penalty=penalty, coefficient=coefficient, N=N, loss=1.25)
    theirs = [tensor(theta, True) for theta in thetas]
    one, two = sum(abs(theta).sum() for theta in theirs), sum((theta**2).sum() for theta in theirs)
    norm = {"l1": one, "l2": two, "elastic-net": 0.5 * one + 0.5 * two}[penalty]
    strength = {"lambda": lam, "lambda/2": lam / 2, "lambda/2N": lam / (2 * N), "lambda/N": lam / N}[coefficient]
    R = strength * norm
    assert_same(answer["R"].value, R)
    assert_same(answer["J"].value, 1.25 + R)
    names = ["theta"] if len(thetas) == 1 else [f"theta_{at}" for at in range(1, len(thetas) + 1)]
    for name, gradient in zip(names, torch.autograd.grad(R, theirs), strict=True):
        assert_same(answer[f"dR/d{name}"].value, gradient)
    assert answer.passed


@EXAMPLES
@given(drawn=st.data(), lam=st.sampled_from([0, 0.1, 2]), lr=st.sampled_from([0.01, 0.5, 3]))
def test_a_step_is_that_of_sgd_with_weight_decay(drawn, lam, lr):
    """Protects the step: lambda/2 in the loss is PyTorch's weight_decay=lambda, and the shrinking factor fits."""
    theta = drawn.draw(matrices())
    rows, columns = theta.shape
    gradient = drawn.draw(matrices(st.just(rows), st.just(columns)))
    answer = regularization(theta=theta, lam=lam, gradient=gradient, lr=lr)
    weight = tensor(theta, True)
    weight.grad = tensor(gradient)
    torch.optim.SGD([weight], lr=lr, weight_decay=lam).step()
    assert_same(answer["theta_new"].value, weight)
    assert_same(answer["k"].value, np.array(1 - lr * lam))
    assert answer.passed


@pytest.mark.parametrize(("coefficient", "number"), [("lambda", 0.3), ("lambda/2", 0.15), ("lambda/N", 0.1)])
def test_the_strengths_in_one_line(coefficient, number):
    """Protects the line of the other conventions, each from its own formula."""
    page = " ".join(str(regularization(theta=[1, -1], lam=0.15, N=3, coefficient="lambda/2N", loss=1)).split())
    written = {"lambda": "λ", "lambda/2": "λ/2", "lambda/N": "λ/N"}[coefficient]
    assert f"{written}: R = {number:g}, J = {1 + number:g}" in page


def test_the_data_loss_is_worked_from_the_examples():
    """Protects 1/(2N) Σ ‖y - ŷ‖² with the penalty that has the same N, by default."""
    y, yhat = [[0, 1], [1, 0], [1, 1]], [[0.5, 1], [1, 0.25], [0, 1]]
    answer = regularization(theta=[3, -4], lam=0.3, y=y, yhat=yhat)
    assert_same(answer["J_data"].value, ((tensor(y) - tensor(yhat)) ** 2).sum() / 6)
    assert_same(answer["R"].value, np.array(0.3 / 6 * 25))


@st.composite
def rows(draw, number):
    """So many matrices of one shape."""
    first = draw(matrices())
    shape = [st.just(size) for size in first.shape]
    return [first, *(draw(matrices(*shape)) for _ in range(number - 1))]


@EXAMPLES
@given(
    drawn=rows(3),
    margin=st.sampled_from([0.01, 0.37, 1, 5]),
    reduction=st.sampled_from(["mean", "sum"]),
    distance=st.sampled_from(["euclidean", "squared"]),
)
def test_triplet_as_pytorch(drawn, margin, reduction, distance):
    """Protects triplet_margin_loss, without its 1e-6, and FaceNet's squared distances, with all three gradients."""
    answer = triplet(
        anchor=drawn[0], positive=drawn[1], negative=drawn[2], margin=margin, reduction=reduction, distance=distance
    )
    theirs = [tensor(values, True) for values in drawn]
    if distance == "euclidean":
        L = functional.triplet_margin_loss(*theirs, margin=margin, eps=0, reduction=reduction)
    else:
        a, p, n = theirs
        each = torch.clamp_min(((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + margin, 0)
        L = each.mean() if reduction == "mean" else each.sum()
    assert_same(answer["L"].value, L)
    if not ((answer["t"].value != 0) & (abs(answer["t"].value) < 1e-9)).any() and not rounded_kink(answer, theirs):
        for name, gradient in zip("apn", torch.autograd.grad(L, theirs), strict=True):
            assert_same(answer[f"dL/d{name}"].value, gradient)
    assert answer.passed


def rounded_kink(answer, theirs):
    """Whether rounding decides on which side of the kink a triple stands."""
    a, p, n = theirs
    near = abs(answer["t"].value) < 1e-12
    exact = all(float(value).is_integer() for part in (a, p, n) for value in part.detach().ravel())
    return bool(near.any()) and not exact


@EXAMPLES
@given(
    drawn=rows(2),
    labels=st.lists(st.sampled_from([0, 1]), min_size=4, max_size=4),
    margin=st.sampled_from([0.37, 1, 5]),
    similar=st.sampled_from(["0", "1"]),
    reduction=st.sampled_from(["mean", "sum"]),
)
def test_contrastive_as_autograd(drawn, labels, margin, similar, reduction):
    """Protects eq. 4 of Hadsell, Chopra and LeCun with both meanings of the label, and its gradients."""
    labels = labels[: len(drawn[0])]
    answer = contrastive(x1=drawn[0], x2=drawn[1], label=labels, margin=margin, similar=similar, reduction=reduction)
    first, second = (tensor(values, True) for values in drawn)
    D = functional.pairwise_distance(first, second, eps=0)
    Y = tensor([label != int(similar) for label in labels])
    each = (1 - Y) / 2 * D**2 + Y / 2 * torch.clamp_min(margin - D, 0) ** 2
    L = each.mean() if reduction == "mean" else each.sum()
    assert_same(answer["L"].value, L)
    for name, gradient in zip(("x_1", "x_2"), torch.autograd.grad(L, [first, second]), strict=True):
        assert_same(answer[f"dL/d{name}"].value, gradient)
    assert answer.passed


def test_kinks_are_pytorchs():
    """Protects a triple exactly at its margin, and one whose anchor is its positive, or its negative."""
    for triple in ([[0, 0], [1, 0], [0, 2]], [[0, 0], [0, 0], [0, 0.5]], [[0, 0], [3, 4], [0, 0]]):
        answer = triplet(anchor=triple[0], positive=triple[1], negative=triple[2])
        theirs = [tensor([part], True) for part in triple]
        L = functional.triplet_margin_loss(*theirs, eps=0)
        for name, gradient in zip("apn", torch.autograd.grad(L, theirs), strict=True):
            assert_same(answer[f"dL/d{name}"].value, gradient)
        assert answer.passed
        assert "as in PyTorch" in str(answer)


def test_nothing_is_divided_by_a_length_of_0():
    """Protects the page of a distance of 0 from an arrow over 0; the direction is written as a function instead."""
    same = triplet(anchor=[0, 0], positive=[0, 0], negative=[0, 0.5])
    for answer in (same, contrastive(x1=[1, 2], x2=[1, 2], label=[1])):
        text = " ".join(str(answer).split())
        assert "dir(u)" in text
        assert "torch.linalg.vector_norm" in text
        assert "u/d_p" not in text
        assert "u/D" not in text


def test_kinds_of_triples():
    """Protects FaceNet's words for the three kinds."""
    text = str(triplet(anchor="0,0;0,0;0,0", positive="1,0;1,0;1,0", negative="3,0;1.5,0;0.5,0"))
    text = " ".join(text.split())
    assert "triple 1 easy" in text
    assert "triple 2 semi-hard" in text
    assert "triple 3 hard" in text
