"""The next-token loss against PyTorch in float64: nll_loss, cross_entropy with padding, and autograd's gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import next_token_loss
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
SCORES = st.floats(-9, 9).map(lambda z: round(z, 3)) | st.sampled_from([-800.0, 0.0, 40.0, 800.0])
PADDING = -100


@st.composite
def texts(draw):
    """Logits, right tokens, some of them padding."""
    rows, size = draw(st.integers(1, 5)), draw(st.integers(2, 6))
    cells = draw(st.lists(SCORES, min_size=rows * size, max_size=rows * size))
    tokens = st.lists(st.sampled_from([*range(size), PADDING]), min_size=rows, max_size=rows)
    return np.array(cells).reshape(rows, size), draw(tokens.filter(lambda found: any(at >= 0 for at in found)))


def assert_same(ours, theirs):
    """Equal to nine digits, with the same shape."""
    theirs = np.asarray(theirs)
    assert np.shape(ours) == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


@EXAMPLES
@given(drawn=texts(), reduction=st.sampled_from(["mean", "sum"]))
def test_from_logits(drawn, reduction):
    """Protects losses, probabilities and gradient, with scores far out, ties and padding."""
    scores, targets = drawn
    answer = next_token_loss(logits=scores, targets=",".join(map(str, targets)), ignore=PADDING, reduction=reduction)
    z = torch.tensor(scores, dtype=torch.float64, requires_grad=True)
    y = torch.tensor(targets)
    losses = {kind: functional.cross_entropy(z, y, reduction=kind) for kind in ("mean", "sum")}
    (gradient,) = torch.autograd.grad(losses[reduction], z)
    counted = [at for at, token in enumerate(targets) if token != PADDING]
    each = -functional.cross_entropy(z, y, reduction="none").detach().numpy()[counted]
    assert_same(answer["l"].value, each[:, None])
    assert_same(answer["P"].value, torch.softmax(z, dim=1).detach().numpy())
    for kind, loss in losses.items():
        assert_same(answer[f"L_{kind}"].value, loss.item())
    assert_same(answer[f"dL_{reduction}/dZ"].value, gradient.numpy())
    if "PPL" in answer.names:
        assert_same(answer["PPL"].value, math.exp(losses["mean"].item()))
    assert answer.passed


@EXAMPLES
@given(drawn=texts())
def test_from_probabilities(drawn):
    """Protects the table of probabilities: nll_loss of its logarithms, and the same from the right tokens alone."""
    scores, targets = np.clip(drawn[0], -9, 9), drawn[1]
    table = torch.softmax(torch.tensor(scores, dtype=torch.float64), dim=1)
    loss = functional.nll_loss(table.log(), torch.tensor(targets), reduction="sum", ignore_index=PADDING).item()
    answer = next_token_loss(P=table.numpy(), targets=[str(token) for token in targets], ignore=PADDING)
    right = [float(table[row, token]) for row, token in enumerate(targets) if token != PADDING]
    again = next_token_loss(p=right)
    for found in (answer, again):
        assert_same(found["L_sum"].value, loss)
        assert_same(found["b"].value, loss / len(right) / math.log(2))
        assert_same(found["PPL"].value, math.prod(right) ** (-1 / len(right)))
        assert_same(found["P_text"].value, math.prod(right))
        assert found.passed


def test_a_long_text():
    """Protects a text whose probability is too small for floating point, and a page that stays short."""
    answer = next_token_loss(p=np.full(2000, 0.25))
    assert_same(answer["PPL"].value, 4.0)
    assert "P_text" not in answer.names
    printed = plain(page(answer), 80)
    assert "too small for floating point" in " ".join(printed.split())
    assert len(printed.splitlines()) < 150


def test_probabilities_too_small_for_floating_point():
    """Protects the loss from logits where softmax itself gives 0."""
    answer = next_token_loss(logits="1000,0", targets="1")
    assert answer["p"].value.item() == 0
    assert answer["L_mean"].value.item() == 1000
    assert not {"PPL", "P_text"} & set(answer.names)
    assert answer.passed


def test_certain_of_every_token():
    """Protects the best loss: 0, and perplexity 1, without a sign in front of the 0."""
    answer = next_token_loss(p="1,1")
    assert (answer["L_sum"].value, answer["PPL"].value) == (0, 1)
    assert "-0" not in plain(page(answer), 80)


def test_targets_by_name():
    """Protects names in place of numbers: the same columns."""
    table = "0.1,0.2,0.7;0.6,0.3,0.1"
    named = next_token_loss(P=table, targets="sat,the", vocabulary="the,cat,sat")
    numbered = next_token_loss(P=table, targets="2,0")
    assert named["p"].value.tolist() == numbered["p"].value.tolist() == [[0.7], [0.6]]


def test_rounded_rows_are_told():
    """Protects the difference between rounded probabilities, which are told, and wrong ones, which are refused."""
    told = "rounded, so that a row may sum"
    assert told in " ".join(plain(page(next_token_loss(P="0.333,0.333,0.333", targets="0")), 80).split())
    assert told not in " ".join(plain(page(next_token_loss(P="0.25,0.25,0.5", targets="0")), 80).split())
    with pytest.raises(InputError, match=r"P sums to 0\.99"):
        next_token_loss(P="0.33,0.33,0.33", targets="0")


@pytest.mark.parametrize("given_", [{}, {"length": "n"}, {"length": 3}, {"length": 50}, {"tokens": "the,cat,sat"}])
def test_without_numbers(given_):
    """Protects the formulas: the objective in symbols, and nothing computed."""
    answer = next_token_loss(**given_)
    assert answer.passed
    assert answer.results == ["P_text", "L_sum", "L_mean", "PPL"]
    assert all(step.value is None for step in answer.steps)


def test_the_gradient_is_the_engines():
    """Protects P - Y: with one position more of padding its row is zero, and the others stay."""
    short = next_token_loss(logits="2,1;0,3", targets="0,1")
    long = next_token_loss(logits="2,1;0,3;5,5", targets="0,1,-1", ignore=-1)
    np.testing.assert_array_equal(long["dL_mean/dZ"].value[:2], short["dL_mean/dZ"].value)
    np.testing.assert_array_equal(long["dL_mean/dZ"].value[2], [0, 0])


REFUSED = [
    ({"p": "0.5,0,0.8"}, "p is 0 for the right token of position 2: log 0"),
    ({"p": "0.5,1.2"}, "p is 1.2 at position 2"),
    ({"p": "-0.1"}, "p is -0.1 at position 1"),
    ({"p": "0.5,0.5", "tokens": "a"}, "tokens has 1 name, but p has 2 numbers"),
    ({"p": "0.5", "P": "0.5,0.5"}, "p and P are given"),
    ({"p": "0.5", "length": 3}, "length is given beside p"),
    ({"p": "0.5", "targets": "0"}, "targets is given, but neither P nor logits"),
    ({"P": "0.5,0.6;0.5,0.5", "targets": "0,1"}, "row 1 of P sums to 1.1"),
    ({"P": "2,-1", "targets": "0"}, "P has 2: a probability lies between 0 and 1"),
    ({"P": "1,0", "targets": "1"}, r"P is 0 for the right token of position 1 \(id 1\)"),
    ({"P": "1,0", "targets": "2"}, "targets is 2 in position 1: a token is a whole number from 0 to 1"),
    ({"P": "1,0", "targets": "0,0"}, "targets has 2 tokens, but P has 1 row"),
    ({"P": "1,0", "targets": "-100"}, "if it marks padding, add ignore -100"),
    ({"P": "1,0", "targets": "-100", "ignore": -100}, "no position counts"),
    ({"P": "1,0", "targets": "a", "vocabulary": "b,c"}, "targets is a in position 1"),
    ({"P": "1,0", "targets": "a", "vocabulary": "a,a"}, "vocabulary has a twice"),
    ({"P": "1,0", "targets": "a", "vocabulary": "a"}, "vocabulary has 1 name, but P has 2 columns"),
    ({"P": "1,0"}, "targets is missing"),
    ({"logits": "1", "targets": "0"}, "logits has one column"),
    ({"logits": "1,2", "targets": "0", "ignore": 0.5}, "ignore is 0.5"),
    ({"logits": "1,2", "targets": "0", "tokens": "a"}, "tokens is given beside logits"),
    ({"tokens": "a,b,c,d,e,f,g"}, "tokens has 7 names"),
    ({"length": "L_sum"}, "length is L_sum: the answer itself uses that name"),
]


@pytest.mark.parametrize(("given_", "told"), REFUSED)
def test_what_is_refused(given_, told):
    """Protects the errors: they name the option, its value, the rule and the mend."""
    with pytest.raises(InputError, match=told):
        next_token_loss(**given_)


def test_padding_by_an_id_of_the_vocabulary():
    """Protects the one-hot targets where padding is itself an id: its rows have no 1, and no gradient reaches them."""
    answer = next_token_loss(logits="2,1,0.1;0,3,-1;1,2,3", targets="1,2,0", ignore=0)
    assert answer["Y"].value.tolist() == [[0, 1, 0], [0, 0, 1], [0, 0, 0]]
    assert answer["dL_mean/dZ"].value[2].tolist() == [0, 0, 0]
    assert answer.passed
