"""The output layer against PyTorch in float64: probabilities, next token, loss, gradients; and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import output_softmax
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
NUMBERS = st.floats(-3, 3).map(lambda z: round(z, 3))
WILD = NUMBERS | st.sampled_from([-40.0, 30.0, 900.0])


def matrix(draw, rows, columns, numbers=NUMBERS):
    cells = st.lists(numbers, min_size=rows * columns, max_size=rows * columns)
    return np.array(draw(cells)).reshape(rows, columns)


@st.composite
def layers(draw):
    """Hidden states, weights or an embedding, perhaps a bias and a temperature; the targets, and what arrives at P."""
    count, width, size = draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(2, 5))
    tied = draw(st.booleans())
    given = {"H": matrix(draw, count, width)}
    given["tied" if tied else "W"] = matrix(draw, *((size, width) if tied else (width, size)), WILD)
    if draw(st.booleans()):
        given["b"] = matrix(draw, 1, size)[0]
    if draw(st.booleans()):
        given["temperature"] = draw(st.sampled_from([0.5, 1, 2, 10]))
    targets = draw(st.lists(st.integers(0, size - 1), min_size=count, max_size=count))
    return given, targets, matrix(draw, count, size)


def forward(given):
    """Logits and probabilities in PyTorch, and the tensors whose gradients are asked for."""
    leaves = {name: torch.tensor(given[name], requires_grad=True) for name in ("H", "W", "tied", "b") if name in given}
    weight = leaves["tied"].T if "tied" in leaves else leaves["W"]
    logits = leaves["H"] @ weight + leaves.get("b", 0.0)
    scores = logits / given.get("temperature", 1)
    return scores, torch.softmax(scores, dim=1), leaves


def assert_gradients(answer, leaves):
    for name, leaf in leaves.items():
        found = answer[f"dL/d{'E' if name == 'tied' else name}"].value
        expected = leaf.grad.numpy().reshape(found.shape)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * max(1.0, abs(expected).max()))


@given(layers(), st.sampled_from(["mean", "sum"]))
@EXAMPLES
def test_loss_and_gradients(question, reduction):
    """Everything as torch.nn.functional.cross_entropy has it, saturated probabilities included."""
    given, targets, _ = question
    answer = output_softmax(target=targets, reduction=reduction, **given)
    scores, probabilities, leaves = forward(given)
    loss = functional.cross_entropy(scores, torch.tensor(targets), reduction=reduction)
    loss.backward()
    np.testing.assert_allclose(answer["P"].value, probabilities.detach().numpy(), rtol=1e-9, atol=1e-300)
    np.testing.assert_allclose(answer["L"].value, loss.item(), rtol=1e-9, atol=1e-12)
    assert_gradients(answer, leaves)
    assert answer.passed


@given(layers())
@EXAMPLES
def test_gradient_from_above(question):
    """What arrives at the probabilities goes back through softmax as in PyTorch."""
    given, _, above = question
    answer = output_softmax(dP=above, **given)
    _, probabilities, leaves = forward(given)
    probabilities.backward(torch.tensor(above))
    assert_gradients(answer, leaves)
    assert answer.passed


@given(layers())
@EXAMPLES
def test_next_token(question):
    """The most probable token has the largest probability, and of a tie the smallest id."""
    given, _, _ = question
    answer = output_softmax(**given)
    chosen, P = answer["t"].value[:, 0].astype(int), answer["P"].value
    np.testing.assert_allclose(P[np.arange(len(P)), chosen], P.max(axis=1), rtol=1e-11)
    tie = output_softmax(logits="0.30,0.1,0.3;1,2,2")
    np.testing.assert_array_equal(tie["t"].value, [[0], [1]])
    assert answer.passed


def test_names_and_sentences():
    """Rows and columns carry names, and the page says which token comes next."""
    names = {"vocabulary": "a,learn,the", "tokens": "Thinking,Machines"}
    answer = output_softmax(H="1,0;0.5,-1", W="0.2,0.5,-0.3;0.1,-0.4,0.6", target="learn,the", **names)
    assert answer.labels["P"] == (("Thinking", "Machines"), ("a", "learn", "the"))
    assert answer.labels["dL/dW"].columns == ("a", "learn", "the")
    text = " ".join(plain(page(answer), 80).split())
    chance = answer["P"].value[1, 1]
    assert f'after "Machines" the most probable next token is "learn" with {chance:.4f}' in text
    tie = " ".join(plain(page(output_softmax(logits="1,2,2", vocabulary="a,b,c")), 80).split())
    assert 'the most probable next token is "b" with 0.4223, as probable as "c": of a tie the first is taken' in tie


def test_targets_by_name_and_by_id():
    """A name and its id are the same target; a number that is a name of the vocabulary is that name."""
    given = {"logits": "1,2,0.5;0,1,3"}
    by_id = output_softmax(target="1,2", **given)["L"].value
    np.testing.assert_array_equal(output_softmax(target="b,c", vocabulary="a,b,c", **given)["L"].value, by_id)
    np.testing.assert_array_equal(output_softmax(target="0,1", vocabulary="2,0,1", **given)["L"].value, by_id)


def test_a_large_one_stays_short():
    """512 tokens of width 64 and a vocabulary of 1000 on a page of under 150 lines."""
    chance = np.random.default_rng(3)
    answer = output_softmax(H=chance.normal(size=(512, 64)), W=chance.normal(size=(64, 1000)) / 8)
    assert len(plain(page(answer), 80).splitlines()) < 150
    assert answer.passed


H, W = "1,0;0.5,-1", "0.2,0.5,-0.3;0.1,-0.4,0.6"
REFUSED = [
    ({}, "logits", "missing"),
    ({"W": W}, "H", "missing"),
    ({"H": H}, "W", "missing", "tied"),
    ({"H": H, "W": W, "tied": "1,2;3,4"}, "W", "tied", "both"),
    ({"H": H, "W": W, "logits": "1,2"}, "logits", "H", "both"),
    ({"b": "1,2", "logits": "1,2"}, "logits", "b", "both"),
    ({"H": H, "W": "1,2,3"}, "W", "1x3", "2 rows"),
    ({"H": H, "W": "1,2;3,4;5,6"}, "W", "3x2", "transposed"),
    ({"H": H, "tied": "1,2,3;4,5,6"}, "tied", "2x3", "2 columns"),
    ({"H": H, "W": W, "b": "1,2"}, "b", "2 numbers", "3"),
    ({"H": H, "W": W, "b": "1,2;3,4"}, "b", "2x2", "3"),
    ({"logits": "1;2"}, "logits", "one column"),
    ({"H": "1;2", "tied": "3"}, "tied", "one row"),
    ({"logits": "1,2", "temperature": 0}, "temperature", "0", "positive"),
    ({"logits": "1,2", "temperature": -1}, "temperature", "-1", "positive"),
    ({"logits": "1,2", "target": "2"}, "target", "2", "0 to 1"),
    ({"logits": "1,2", "target": "0.5"}, "target", "0.5", "whole number"),
    ({"logits": "1,2", "target": [0.5]}, "target", "0.5", "whole number"),
    ({"logits": "1,2", "target": "0,1"}, "target", "2 tokens", "1 row"),
    ({"logits": "1,2", "target": "a"}, "target", "a", "vocabulary"),
    ({"logits": "1,2", "target": "lern", "vocabulary": "learn,the"}, "target", "did you mean learn?"),
    ({"logits": "1,2", "vocabulary": "a"}, "vocabulary", "1 name", "2 columns"),
    ({"logits": "1,2", "vocabulary": "a,a"}, "vocabulary", "a twice"),
    ({"logits": "1,2", "tokens": "a,b"}, "tokens", "2 names", "1 row"),
    ({"logits": "1,2", "target": "0", "dP": "1,1"}, "target", "dP", "both"),
    ({"logits": "1,2", "dP": "1,1,1"}, "dP", "1x3", "1x2"),
    ({"H": "1e308", "W": "1e308,1"}, "H", "W", "1.8e308"),
]


@pytest.mark.parametrize(("given", "told"), [(given, told) for given, *told in REFUSED])
def test_refused(given, told):
    """What cannot be worked is said in one line that names the parameter and the rule."""
    with pytest.raises(InputError) as caught:
        output_softmax(**given)
    text = str(caught.value)
    assert "\n" not in text
    for part in told:
        assert part in text
