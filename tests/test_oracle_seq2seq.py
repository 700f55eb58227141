"""Attention between encoder and decoder against PyTorch by the papers' formulas, Keras' layers, and plain Python."""

from __future__ import annotations

import math
import os
import shlex
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from keras.src.backend.common import dtypes

from explain import seq2seq_attention
from explain.cli import run

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
SIZE = st.integers(1, 4)
SEEDS = st.integers(0, 2**32 - 1)
SMALL = {"C": "c", "A": "alpha", "E": "e", "U": "u", "Htilde": "htilde", "D": "delta", "S": "s"}


def same(answer, name, theirs):
    """Equal to nine digits; a name of several states is the small one where there is one."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    ours = answer[name].value
    assert ours.size == theirs.size, name
    np.testing.assert_allclose(ours.ravel(), theirs.ravel(), rtol=1e-9, atol=1e-11, err_msg=name)


def columns(score, H, S, leaf):
    """The scores of every pair by the formula of the paper, state by state, with columns."""
    rows = []
    for s in S:
        line = []
        for h in H:
            if score == "dot":
                line.append(s @ h)
            elif score == "general":
                line.append(s @ leaf["W"] @ h)
            else:
                line.append(leaf["v"] @ torch.tanh(leaf["W"] @ s + leaf["U"] @ h))
        rows.append(torch.stack(line))
    return torch.stack(rows)


@EXAMPLES
@given(
    m=SIZE, t=SIZE, d=SIZE, d_h=SIZE, a=SIZE, score=st.sampled_from(["dot", "scaled", "general", "additive"]),
    joined=st.booleans(), backward=st.booleans(), seed=SEEDS,
)  # fmt: skip
def test_by_the_formulas_of_the_papers(m, t, d, d_h, a, score, joined, backward, seed):
    """Protects scores, weights, context, attentional vector and every gradient, for one state and for several."""
    random = np.random.default_rng(seed)
    scaled, score = score == "scaled", "dot" if score == "scaled" else score
    d_h = d if score == "dot" else d_h
    shapes = {"dot": {}, "general": {"W": (d, d_h)}, "additive": {"W": (a, d), "U": (a, d_h), "v": (a,)}}[score]
    told = {"H": random.normal(size=(m, d_h)), "s": random.normal(size=(t, d))}
    told |= {name: random.normal(size=shape) for name, shape in shapes.items()}
    leaf = {name: torch.tensor(value, requires_grad=True) for name, value in told.items()}
    raw = columns(score, leaf["H"], leaf["s"], leaf)
    E = raw / math.sqrt(d) if scaled else raw
    A = torch.softmax(E, dim=1)
    C = A @ leaf["H"]
    expected = {"E": raw, "A": A, "C": C} | ({"U": E} if scaled else {})
    if joined:
        told["W_c"] = random.normal(size=(3, d_h + d))
        both = torch.cat([C, leaf["s"]], dim=1)
        expected["Htilde"] = torch.tanh(both @ torch.tensor(told["W_c"]).T)
    if backward:
        told["dC"] = random.normal(size=(t, d_h))
        C.backward(torch.tensor(told["dC"]))
        expected |= {f"dL/d{'S' if name == 's' else name}": value.grad for name, value in leaf.items()}
    answer = seq2seq_attention(**told, score=score, scaled="yes" if scaled else "no")
    expected |= {"c_last": told["H"][-1:], "D": C.detach().numpy() - told["H"][-1]}
    for name, theirs in expected.items():
        own = SMALL.get(name, "dL/ds" if name == "dL/dS" else name) if t == 1 else name
        same(answer, own, theirs)
    assert answer.passed


@pytest.fixture
def in_float64():
    """On torch, Keras works in float32 what its table does not call float64."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
        yield


def test_the_layers_of_keras(in_float64):
    """Protects Luong's dot and Bahdanau's additive score as keras.layers.Attention and AdditiveAttention work them."""
    random = np.random.default_rng(2)
    H, S = random.normal(size=(5, 3)), random.normal(size=(4, 3))
    layer = keras.layers.Attention(dtype="float64")
    theirs, weights = layer([S[None], H[None]], return_attention_scores=True)
    answer = seq2seq_attention(H=H, s=S)
    np.testing.assert_allclose(answer["C"].value, keras.ops.convert_to_numpy(theirs)[0], rtol=1e-9)
    np.testing.assert_allclose(answer["A"].value, keras.ops.convert_to_numpy(weights)[0], rtol=1e-9)
    layer = keras.layers.AdditiveAttention(use_scale=False, dtype="float64")
    theirs = keras.ops.convert_to_numpy(layer([S[None], H[None]]))[0]
    answer = seq2seq_attention(H=H, s=S, score="additive", W=np.eye(3), U=np.eye(3), v=np.ones(3))
    np.testing.assert_allclose(answer["C"].value, theirs, rtol=1e-9)


def test_one_state_by_hand():
    """Protects a small additive score, summed in loops of plain Python."""
    H, s, W, U, v = [[1.0, 0.5], [-1.0, 2.0]], [0.5], [[1.0], [-2.0]], [[1.0, 0.0], [0.5, 1.0]], [1.0, -0.5]
    scores = []
    for h in H:
        hidden = [math.tanh(W[at][0] * s[0] + sum(U[at][k] * h[k] for k in range(2))) for at in range(2)]
        scores.append(sum(v[at] * hidden[at] for at in range(2)))
    powers = [math.exp(score) for score in scores]
    alpha = [power / sum(powers) for power in powers]
    answer = seq2seq_attention(H=H, s=s, score="additive", W=[[1.0], [-2.0]], U=U, v=v)
    same(answer, "alpha", alpha)
    same(answer, "c", [sum(alpha[j] * H[j][k] for j in range(2)) for k in range(2)])
    same(answer, "c_last", H[-1])


@pytest.mark.parametrize(("s", "H"), [("1000,0", "1,0;0,1"), ("-1000,999", "1,0;0,1;1,1")])
def test_large_scores_do_not_overflow(s, H):
    """Protects softmax of scores whose exponentials no float holds."""
    answer = seq2seq_attention(H=H, s=s, dC="1,-1")
    assert answer.passed
    assert math.isclose(answer["alpha"].value.sum(), 1)


def test_vectors_are_read_by_what_fits():
    """Protects flat lists: encoder states of one number each, and a single encoder state."""
    assert seq2seq_attention(H=[1, 2, 3], s=[2])["alpha"].value.shape == (1, 3)
    assert seq2seq_attention(H=[1, 2, 3], s=[2, 0, 1])["alpha"].value.shape == (1, 1)
    assert seq2seq_attention(H=[1, 2], s=[1, 2], score="general", W=[1, 2])["c"].value.shape == (1, 1)


ONE = 'seq2seq-attention --H "1,0;0,1;1,1" '
ADDITIVE = '--score additive --W "1,0;0,1" --U "1,1;0,1" --v 1,-1 '
SAID = [
    (ONE + "--s 2,1 --tokens Je,suis,ici", "Je gets 0.2447 of the attention, suis 0.0900, ici 0.6652"),
    (ONE + "--s 2,1 --tokens Je,suis,ici --digits 6", "Je gets 0.244728 of the attention"),
    (ONE + "--s 2,1", "token 1 gets 0.2447 of the attention, token 2 0.0900"),
    (ONE + '--s "2,1;0,1" --output-tokens I,am', "for I: token 1 gets 0.2447 of the attention"),
    (ONE + "--s 2,1 --tokens Je,suis,ici", "of Je and suis only what the recurrence has kept in its 2 numbers"),
    (ONE + "--s 2,1 --tokens Je,suis,ici", "that of ici"),
    ("seq2seq-attention --H 1,2 --s 3,4", "it is the only encoder state there is"),
    ('seq2seq-attention --H "1;2;3;4;5;6" --s 1', "token 6 gets the largest share of the attention, 0.6337"),
    (ONE + "--s 2,1 --dC 1,0", "without attention it would arrive at h₃ alone"),
    (ONE + "--s 2,1 " + ADDITIVE, "without it q would add one and the same number to all scores"),
    (ONE + '--s "2,1;1,1" --tokens Je,suis,ici --output-tokens I,am ' + ADDITIVE, "am, suis"),
    (ONE + "--s 2,1 --scaled yes", "divided by the root of their width, as in the Transformer"),
]


@pytest.mark.parametrize(("line", "told"), SAID)
def test_what_is_said(line, told, capsys):
    """Protects the shares in words, and what each of the two contexts can see."""
    assert run([*shlex.split(line), "--format", "terminal", "--width", "200"]) == 0
    assert told in capsys.readouterr().out


REFUSED = [
    (ONE + "--s 1,2,3", "--H is 3x2, but --s has 3 columns: a dot product needs states of one width"),
    (
        ONE + "--s 1,2 --W 1,2",
        "--W is given, but --score is dot, sᵀh, without it: leave it out, or make --score general",
    ),
    (ONE + "--s 1,2 --score general", "--W is missing: --score general is sᵀW h; give --W too"),
    (ONE + "--s 1,2 --score general --W 1,2 --v 1", "--v is given, but --score is general"),
    (ONE + "--s 1,2 --score additive --W 1,2 --U 1,2", "--v is missing"),
    (ONE + '--s 1,2 --score general --W "1,2,3"', "--W has 3 numbers, but it needs 2 rows, as many as --s has columns"),
    (ONE + '--s 1,2 --score general --W "1;2"', "--H is 3x2, but --W has 1 column"),
    (ONE + '--s 1,2 --score additive --W "1,2" --U "1,2;3,4" --v 1,2', "--W has 2 numbers, but it needs 2 rows"),
    (ONE + '--s 1,2 --score additive --W "1,2;1,2" --U "1;2" --v 1,2', "--H is 3x2, but --U has 1 column"),
    (ONE + '--s 1,2 --score additive --W "1,2;1,2" --U "1,2;2,2" --v "1,2;3,4"', "--v is 2x2: it is a vector"),
    (ONE + "--s 1,2 --score general --W '1,0;0,1' --scaled yes", "--scaled is yes, but --score is general"),
    (ONE + "--s 1,2 --W-c 1,2,3", "--W_c has 3 numbers, but it needs 4 columns, as many as [c s] has numbers"),
    (ONE + "--s 1,2 --dC 1", "--dC has 1 number, but the context is 1x2: it needs the shape of the context"),
    (ONE + "--s 1,2 --tokens Je,suis", "--tokens has 2 names, but --H has 3 rows: one name a row"),
    (ONE + "--s 1,2 --output-tokens I,am", "--output_tokens has 2 names, but --s has 1 row: one name a row"),
    ("seq2seq-attention --H 1e308,1e308 --s 1e308,1e308", "beyond 1.8e308"),
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


def test_many_scores_are_refused_at_once():
    """Protects the time and the memory: pairs of a state and a token are counted before they are worked."""
    start = time.perf_counter()
    with pytest.raises(ValueError, match="at most 10000000 scores"):
        seq2seq_attention(H=np.ones((10**4, 1)), s=np.ones((10**4, 1)))
    assert time.perf_counter() - start < 1


@pytest.mark.parametrize(("states", "lines"), [(1, 150), (32, 160)])
def test_a_large_page_is_short(states, lines):
    """Protects the length of a page of 512 input tokens: corners and statistics, the largest share in words."""
    random = np.random.default_rng(0)
    answer = seq2seq_attention(H=random.normal(size=(512, 16)), s=random.normal(size=(states, 16)))
    assert len(str(answer).splitlines()) < lines
