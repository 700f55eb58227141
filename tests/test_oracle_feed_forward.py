"""The feed-forward network of a transformer against PyTorch in float64, and in plain Python."""

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

from explain import feed_forward
from explain.cli import run
from explain.engine.worksheet import Worksheet
from explain.topics._attention.feed_forward import FeedNames, FeedWeights, feed

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
SIZES = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)
OF_TORCH = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "gelu-tanh": lambda z: functional.gelu(z, approximate="tanh"),
    "silu": functional.silu,
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "leaky-relu": functional.leaky_relu,
    "elu": functional.elu,
    "selu": functional.selu,
    "mish": functional.mish,
    "softplus": functional.softplus,
    "softsign": functional.softsign,
    "hard-sigmoid": lambda z: torch.clamp((z + 3) / 6, 0, 1),  # PyTorch's own takes 1/6 as a float32 on the way back
    "hardtanh": functional.hardtanh,
    "relu6": functional.relu6,
    "hard-swish": lambda z: z * torch.clamp((z + 3) / 6, 0, 1),
}


def drawn(seed, n, d, units, out):
    """Random X, W₁, b₁, W₂, b₂ and dY."""
    random = np.random.default_rng(seed)
    shapes = {"X": (n, d), "W_1": (d, units), "b_1": (units,), "W_2": (units, out), "b_2": (out,), "dY": (n, out)}
    return {name: random.normal(scale=1.5, size=shape) for name, shape in shapes.items()}


def same(answer, name, theirs):
    """Equal to nine digits, with the same shape but for a bias, which is a row."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    ours = answer[name].value
    assert ours.shape == (theirs.shape if theirs.ndim == 2 else (1, *theirs.shape)), name
    np.testing.assert_allclose(ours.reshape(theirs.shape), theirs, rtol=1e-9, atol=1e-10, err_msg=name)


@EXAMPLES
@given(
    n=SIZES, d=SIZES, units=SIZES, out=SIZES, activation=st.sampled_from([*OF_TORCH]), first=st.booleans(),
    last=st.booleans(), seed=SEEDS,
)  # fmt: skip
def test_values_and_gradients(n, d, units, out, activation, first, last, seed):
    """Protects F, H, Y and every gradient, for every activation, with and without each bias."""
    given_ = drawn(seed, n, d, units, out)
    for name, there in (("b_1", first), ("b_2", last)):
        if not there:
            del given_[name]
    answer = feed_forward(**given_, activation=activation)
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in given_.items() if name != "dY"}
    F = functional.linear(leaf["X"], leaf["W_1"].T, leaf.get("b_1"))
    H = OF_TORCH[activation](F)
    Y = functional.linear(H, leaf["W_2"].T, leaf.get("b_2"))
    for kept in (F, H):
        kept.retain_grad()
    Y.backward(torch.tensor(given_["dY"]))
    for name, theirs in {"F": F, "H": H, "Y": Y, "dL/dF": F.grad, "dL/dH": H.grad}.items():
        same(answer, name, theirs)
    for name, tensor in leaf.items():
        same(answer, f"dL/d{name}", tensor.grad)
    assert answer.results == ["Y", *(f"dL/d{name}" for name in ("X", "W_1", "b_1", "W_2", "b_2") if name in leaf)]
    assert answer.passed
    assert feed_forward(**{k: v for k, v in given_.items() if k != "dY"}, activation=activation).passed


@pytest.mark.parametrize("activation", ["relu", "gelu"])
def test_the_feed_forward_block_of_an_encoder_layer(activation):
    """Protects the layout: W₁ and W₂ are PyTorch's linear weights transposed."""
    given_ = drawn(7, 3, 4, 6, 4)
    layer = torch.nn.TransformerEncoderLayer(4, 2, 6, dropout=0.0, activation=activation, dtype=torch.float64)
    with torch.no_grad():
        for name, at in (("W_1", layer.linear1.weight), ("W_2", layer.linear2.weight)):
            at.copy_(torch.tensor(given_[name].T))
        for name, at in (("b_1", layer.linear1.bias), ("b_2", layer.linear2.bias)):
            at.copy_(torch.tensor(given_[name]))
    theirs = layer._ff_block(torch.tensor(given_["X"]))
    same(feed_forward(**{k: v for k, v in given_.items() if k != "dY"}, activation=activation), "Y", theirs)


def test_one_token_by_hand():
    """Protects the exact GELU by the error function, summed in a loop: z Φ(z), unit by unit."""
    x, W_1, b_1, W_2 = [1.0, -0.5], [[0.5, -1.0, 2.0], [1.0, 0.25, -0.5]], [0.1, 0.0, -1.0], [[1.0], [2.0], [-0.5]]
    total = 0.3
    for unit in range(3):
        z = sum(x[row] * W_1[row][unit] for row in range(2)) + b_1[unit]
        total += z * (1 + math.erf(z / math.sqrt(2))) / 2 * W_2[unit][0]
    answer = feed_forward(X=x, W_1=W_1, b_1=b_1, W_2=W_2, b_2=0.3, activation="gelu")
    assert answer["Y"].value.shape == (1, 1)
    assert math.isclose(answer["Y"].value.item(), total, rel_tol=1e-12)


def test_two_networks_on_one_sheet():
    """Protects the names of the steps, by which a block uses the network several times."""
    sheet = Worksheet("", "")
    from explain.engine.values import Values

    X = sheet.given("X", Values((2, 2), ("1", "-2", "0", "1")), "")
    out = X
    for at in (1, 2):
        W = [sheet.given(f"{name}_{at}", Values((2, 2), ("1", "2", "-1", "1")), "") for name in ("V", "W")]
        out = feed(sheet, out, FeedWeights(W[0], None, W[1], None), "relu", FeedNames(f"F_{at}", f"H_{at}", f"Y_{at}"))
    assert [step.name for step in sheet.steps] == ["F_1", "H_1", "Y_1", "F_2", "H_2", "Y_2"]


ONE = 'feed-forward --X "1,2;0,-1" --W-1 "1,0,-1;0,1,1" --W-2 "1,0;0,1;1,1" '
NOTED = [
    (ONE + "--tokens Thinking,Machines", "hidden units above 0: 3 of 3 for Thinking, 0 of 3 for Machines"),
    (ONE, "hidden units above 0: 3 of 3 for token 1, 0 of 3 for token 2"),
    ('feed-forward --X "1,2;0,1" --W-1 "1,0;0,-1" --W-2 "1;1"', "unit 2 is 0 for every token"),
    ('feed-forward --X "1,2;0,1" --W-1 "1,0;0,-1" --W-2 "1;1"', "no b₁ and no b₂ are given: none is added"),
    (ONE + "--b-1 1,1,1", "no b₂ is given: none is added"),
    (ONE, "back to 2 numbers, as many as went in"),
    ('feed-forward --X 1,2 --W-1 "1;1" --W-2 3', "to 1 number"),
]


@pytest.mark.parametrize(("line", "told"), NOTED)
def test_what_is_said_beside_the_working(line, told, capsys):
    """Protects the notes: which units are off, which bias is missing, what widths the network goes through."""
    assert run([*shlex.split(line), "--format", "terminal", "--width", "200"]) == 0
    assert told in capsys.readouterr().out


REFUSED = [
    ('feed-forward --X 1,2 --W-1 "1,2" --W-2 "1;1;1"', "--W_2 is 3x1, but --W_1 is 2x1: --W_2 needs 1 row"),
    ('feed-forward --X 1,2 --W-1 "1,2,3" --W-2 1', "--W_1 has 3 numbers, but --X is 1x2: --W_1 needs 2 rows"),
    ('feed-forward --X 1,2 --W-1 "1,2;3,4" --W-2 1,2,3', "--W_2 has 3 numbers, but --W_1 is 2x2: --W_2 needs 2 rows"),
    (ONE + "--b-1 1,2", "--b_1 has 2 numbers, but --W_1 has 3 columns: --b_1 needs one number a column, 3"),
    (ONE + '--b-2 "1,2;3,4"', "--b_2 is 2x2, but --W_2 has 2 columns"),
    (ONE + '--dY "1,2"', "--dY has 2 numbers, but Y is 2x2: it needs the shape of Y"),
    (ONE + '--dY "1,2;3,4;5,6"', "--dY is 3x2, but Y is 2x2"),
    (ONE + "--tokens Thinking", "--tokens has 1 name, but --X has 2 rows: one name a row"),
    (ONE + "--activation softmax", "--activation is softmax: choose relu"),
    (ONE.replace('--W-2 "1,0;0,1;1,1"', ""), "--W_2 is missing"),
    ("feed-forward --X 1e308 --W-1 1e308 --W-2 1", "beyond 1.8e308"),
]


@pytest.mark.parametrize(("line", "told"), REFUSED)
def test_what_is_refused(line, told, capsys):
    """Protects one line, at once, that names the option, what is wrong and what mends it."""
    start = time.perf_counter()
    assert run(shlex.split(line)) == 2
    assert time.perf_counter() - start < 1
    complaint = capsys.readouterr().err
    assert told.replace("_", "-") in complaint.replace("_", "-")
    assert complaint.count("\n") == 1


def test_a_large_page_is_short():
    """Protects the length of a page of 512 tokens: corners and statistics, not every entry."""
    random = np.random.default_rng(0)
    X, W_1, W_2 = (random.normal(size=size) for size in ((512, 64), (64, 256), (256, 64)))
    assert len(str(feed_forward(X=X, W_1=W_1, W_2=W_2)).splitlines()) < 150
