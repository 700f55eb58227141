"""Add & Norm, and several normalisations on one sheet, against PyTorch in float64 and in plain Python."""

from __future__ import annotations

import math
import shlex
import time

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import layer_norm
from explain.cli import run
from explain.engine.checks import finite_difference
from explain.engine.nodes.linear import Sum
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.topics._attention.add_norm import NormNames, NormWeights, add, add_and_norm, normalise_rows

EXAMPLES = settings(max_examples=50, deadline=None, database=None, derandomize=True)
SIZE = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)


def leaf(array):
    """A leaf of the autograd graph."""
    return torch.tensor(np.asarray(array, dtype=float), requires_grad=True)


def same(ours, theirs, name=""):
    """Equal to nine digits, whatever the shape of a row."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert ours.size == theirs.size, name
    scale = max(1.0, float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours.ravel(), theirs.ravel(), rtol=1e-9, atol=1e-9 * scale, err_msg=name)


@EXAMPLES
@given(data=st.data(), axes=st.integers(2, 4), named=st.booleans(), seed=SEEDS)
def test_layer_norm_of_a_sum(data, axes, named, seed):
    """Protects S, Y and all gradients; those of X and of R are what arrives at S."""
    shape = tuple(data.draw(SIZE) for _ in range(axes))
    own = shape[1:] if axes != 3 else shape
    random = np.random.default_rng(seed)
    X, R, dY = (random.normal(scale=1.5, size=shape) for _ in range(3))
    gamma, beta = (random.normal(size=own) for _ in range(2))
    told = {"tokens": [f"t{at}" for at in range(shape[0])]} if named and axes == 2 else {}
    answer = layer_norm(X=X, residual=R, gamma=gamma, beta=beta, eps="0.01", dY=dY, **told)
    leaves = {"X": leaf(X), "R": leaf(R), "gamma": leaf(gamma), "beta": leaf(beta)}
    S = leaves["R"] + leaves["X"]
    S.retain_grad()
    Y = functional.layer_norm(S, own, leaves["gamma"], leaves["beta"], 0.01)
    Y.backward(torch.tensor(dY))
    same(answer["S"].value, S, "S")
    same(answer["Y"].value, Y, "Y")
    same(answer["dL/dS"].value, S.grad, "dL/dS")
    for name, tensor in leaves.items():
        same(answer[f"dL/d{name}"].value, tensor.grad, name)
    assert answer.passed
    assert answer.results == ["Y", *(f"dL/d{name}" for name in leaves)]


def matrix(array):
    """Numbers of a NumPy array, as a topic is given them."""
    array = np.atleast_2d(array)
    return Values(array.shape, [repr(float(number)) for number in array.ravel()])


@EXAMPLES
@given(n=SIZE, d=SIZE, seed=SEEDS, before=st.booleans())
def test_three_normalisations_on_one_sheet(n, d, seed, before):
    """Protects the shared functions of a block: names with a suffix, gradients through every residual connection."""
    random = np.random.default_rng(seed)
    sheet = Worksheet("", "")
    X, W, dY = random.normal(size=(n, d)), random.normal(size=(d, d)), random.normal(size=(n, d))
    x, w = sheet.given("X", matrix(X), ""), sheet.given("W", matrix(W), "")
    epsilon = sheet.given("epsilon", Values((), ("0.01",)), "")
    up = sheet.given("dL/dY", matrix(dY), "")
    t = {"X": leaf(X), "W": leaf(W)}
    now, then, weights = x, t["X"], []
    for at in (1, 2, 3):
        values = {name: random.normal(size=(1, d)) for name in (f"gamma_{at}", f"beta_{at}")}
        t |= {name: leaf(value) for name, value in values.items()}
        gamma, beta = (sheet.given(name, matrix(value), "") for name, value in values.items())
        weights += [gamma, beta]
        of, names = NormWeights(gamma, beta, epsilon), NormNames(f"Shat_{at}", f"N_{at}", f"_{at}")
        scale = (t[f"gamma_{at}"].reshape(-1), t[f"beta_{at}"].reshape(-1))
        if before:
            inner = normalise_rows(sheet, now, of, names)
            now = add(sheet, now, sheet.define(f"Z_{at}", inner @ w, "", ""), f"S_{at}", "the sublayer")
            then = then + functional.layer_norm(then, (d,), *scale, 0.01) @ t["W"]
        else:
            returned = sheet.define(f"Z_{at}", now @ w, "", "")
            now = add_and_norm(sheet, now, returned, of, names, f"S_{at}", "the sublayer")
            then = functional.layer_norm(then + then @ t["W"], (d,), *scale, 0.01)
    then.backward(torch.tensor(dY))
    sheet.part("Backward pass")
    sheet.backward(now, [x, w, *weights], seed=up, jacobians=False)
    reached = Sum(now * up)
    finite_difference(sheet, reached, [x, w, *weights], reached)
    same(sheet.values[now.name], then, now.name)
    for name, tensor in t.items():
        same(sheet.values[f"dL/d{name}"], tensor.grad, name)
    assert [step.name for step in sheet.steps].count("m") == 1
    assert all(check.passed for check in sheet.checks)


def test_add_and_norm_by_hand():
    """Protects one token, in a loop: the sum, its mean, its biased variance, scale and shift."""
    X, R, gamma, beta = [0.5, 2.0, 6.0], [1.0, 0.0, -1.0], [1.0, 2.0, 0.5], [0.0, 1.0, -1.0]
    S = [x + r for x, r in zip(X, R, strict=True)]
    mean = sum(S) / 3
    root = math.sqrt(sum((s - mean) ** 2 for s in S) / 3 + 1e-5)
    expected = [(s - mean) / root * g + b for s, g, b in zip(S, gamma, beta, strict=True)]
    same(layer_norm(X=X, residual=R, gamma=gamma, beta=beta)["Y"].value, expected)


def test_the_residual_of_an_encoder_layer():
    """Protects Add & Norm as PyTorch has it: norm1 of the sum, with its own ε."""
    random = np.random.default_rng(5)
    layer = torch.nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, dtype=torch.float64)
    x, z = (torch.tensor(random.normal(size=(3, 4))) for _ in range(2))
    same(layer_norm(X=z.numpy(), residual=x.numpy())["Y"].value, layer.norm1(x + z))


ONE = 'layer-norm --X "0.5,2,6;0,4,2" '
SAID = [
    (ONE + '--residual "1,0,-1;2,0,1" --tokens Thinking,Machines', "each token has a mean of its own"),
    (ONE + '--residual "1,0,-1;2,0,1"', "post-norm, as in the paper"),
    (ONE + '--residual "1,0,-1;2,0,1"', "R passes by the sublayer and is added to what that returns, X"),
    (ONE + '--residual "1,0,-1;2,0,1" --dY "1,0,0;0,0,1"', "∂L/∂R is what comes back on the way around the sublayer"),
    (ONE + "--tokens Thinking,Machines", "each token has a mean of its own"),
    (ONE, "each example has a mean of its own"),
]


@pytest.mark.parametrize(("line", "told"), SAID)
def test_what_is_said(line, told, capsys):
    """Protects the words for tokens, and where the normalisation stands."""
    assert run([*shlex.split(line), "--format", "terminal", "--width", "200"]) == 0
    assert told in capsys.readouterr().out


REFUSED = [
    (ONE + '--residual "1,0;2,0"', "--residual is 2x2, but --X is 2x3: it needs the shape of --X"),
    (ONE + "--residual 1,2,3", "--residual has 3 numbers, but --X is 2x3"),
    (ONE + "--tokens a", "--tokens has 1 name, but --X has 2 rows: one name a row"),
    ('layer-norm --X "1,2;3,4 | 5,6;7,8" --tokens a,b', "--tokens is given, but --X is 2x2x2"),
    (ONE + '--residual "-0.5,-2,-6;1,2,3" --eps 0', "the variance of one token is 0"),
    (ONE + "--eps 1e200", "--eps is 1e200: it is a small number beside the variance; 1e-5 is usual"),
    (ONE + '--residual "1e308,0,0;0,0,0"', "beyond 1.8e308"),
]


@pytest.mark.parametrize(("line", "told"), REFUSED)
def test_what_is_refused(line, told, capsys):
    """Protects one line, at once, that names the option, what is wrong and what mends it."""
    start = time.perf_counter()
    assert run(shlex.split(line)) == 2
    assert time.perf_counter() - start < 1
    complaint = capsys.readouterr().err
    assert told in complaint
    assert complaint.count("\n") == 1
