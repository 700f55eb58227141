"""Choosing a token against the logits processors of Hugging Face transformers, written again here in plain PyTorch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import sampling
from explain.errors import InputError
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = settings(max_examples=100, deadline=None, database=None, derandomize=True)
LOGITS = st.floats(-6, 6).map(lambda z: round(z, 2)) | st.sampled_from([-800.0, 0.0, 1.0, 30.0])
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.3, 0.7, 1, 1.5, 10]),
        "top_k": st.integers(1, 8),
        "top_p": st.sampled_from([0.1, 0.5, 0.77, 0.9, 0.99]),
    },
)
HIDDEN = -math.inf


def warped(scores, temperature=None, top_k=None, top_p=None):
    """TemperatureLogitsWarper, TopKLogitsWarper and TopPLogitsWarper, in this order."""
    scores = scores if temperature is None else scores / temperature
    if top_k is not None:
        least = torch.topk(scores, min(top_k, len(scores)))[0][-1]
        scores = scores.masked_fill(scores < least, HIDDEN)
    if top_p is not None:
        ordered, places = torch.sort(scores, descending=False)
        drop = ordered.softmax(dim=-1).cumsum(dim=-1) <= 1 - top_p
        drop[-1] = False
        scores = scores.masked_fill(torch.zeros_like(drop).scatter(0, places, drop), HIDDEN)
    return scores.softmax(dim=-1)


@EXAMPLES
@given(
    logits=st.lists(LOGITS, min_size=2, max_size=7, unique=True),
    chosen=SETTINGS,
    u=st.integers(0, 9989).map(lambda at: at / 10_000),
)
def test_from_logits(logits, chosen, u):
    """Protects every filter alone and all together, the entropy and the draw."""
    answer = sampling(logits=np.array(logits), u=u, **chosen)
    theirs = warped(torch.tensor(logits, dtype=torch.float64), **chosen).numpy()
    name = {"top_p": "q", "top_k": "p_k", "temperature": "p_T"}
    last = next((name[setting] for setting in name if setting in chosen), "p")
    np.testing.assert_allclose(answer[last].value[0], theirs, rtol=1e-9, atol=1e-15)
    assert int(answer["g"].value) == int(np.argmax(logits))
    drawn = int(np.searchsorted(np.cumsum(theirs), u, side="right"))
    assert int(answer["x"].value) == drawn
    positive = theirs[theirs > 0]
    found = answer["H_new" if "H_new" in answer.names else "H"].value
    assert float(found) == pytest.approx(float(-(positive * np.log(positive)).sum()), rel=1e-9, abs=1e-12)
    assert answer.passed


@EXAMPLES
@given(logits=st.lists(st.floats(-5, 5), min_size=2, max_size=7, unique=True), chosen=SETTINGS)
def test_from_probabilities(logits, chosen):
    """Protects probabilities as the start: the same as from the logits that gave them."""
    p = torch.tensor(logits, dtype=torch.float64).softmax(dim=-1).numpy()
    ours, again = sampling(p=p, **chosen), sampling(logits=np.array(logits), **chosen)
    for name in ("p_T", "p_k", "q"):
        assert (name in ours.names) == (name in again.names)
        if name in ours.names:
            np.testing.assert_allclose(ours[name].value, again[name].value, rtol=1e-9, atol=1e-12)
    assert ours.passed


def told(answer):
    """The page as one line."""
    return " ".join(plain(page(answer), 80).split())


def test_the_token_that_crosses_belongs_to_the_nucleus():
    """Protects the smallest set: reached exactly by two, and with the third where they fall short."""
    assert np.count_nonzero(sampling(p="0.6,0.3,0.1", top_p=0.9)["q"].value) == 2  # 0.6 + 0.3 < 0.9 in floats
    assert np.count_nonzero(sampling(p="0.6,0.3,0.1", top_p=0.91)["q"].value) == 3
    assert np.count_nonzero(sampling(p="0.6,0.3,0.1", top_p=0.01)["q"].value) == 1


def test_ties_at_place_k_all_stay():
    """Protects ties of top-k: as in transformers all of them stay, and the page says so."""
    answer = sampling(logits="2,1,1,0", top_k=2)
    theirs = warped(torch.tensor([2.0, 1, 1, 0], dtype=torch.float64), top_k=2).numpy()
    np.testing.assert_allclose(answer["p_k"].value[0], theirs, rtol=1e-9)
    assert "id 1, id 2 tie at place 2" in told(answer)
    assert " tie at" not in told(sampling(logits="2,1,0.5,0", top_k=2))


def test_ties_at_the_edge_of_the_nucleus_are_told():
    """Protects ties of top-p: as many tokens as are needed, the one listed first, and the page says so."""
    answer = sampling(p="0.25,0.5,0.25", top_p=0.6)
    assert answer["q"].value[0].tolist() == [1 / 3, 2 / 3, 0]
    assert "id 0 and id 2 tie" in told(answer)


def test_ties_of_the_greedy_choice_are_told():
    """Protects the greedy choice between equal tokens: the first one, and the page says so."""
    answer = sampling(p="0.2,0.4,0.4", vocabulary="a,b,c")
    assert answer["g"].value == 1
    assert '"b", "c" are equal' in told(answer)


@pytest.mark.parametrize(("u", "token"), [("0", 0), ("0.2", 1), ("0.5", 3), ("0.4999", 1), ("0.9", 3)])
def test_the_edges_of_the_intervals(u, token):
    """Protects u on an edge: it belongs to the next token, and never to one of probability 0."""
    answer = sampling(p="0.2,0.3,0,0.5", u=u)
    assert answer["x"].value == token
    assert answer.passed


def test_a_large_vocabulary():
    """Protects a page that stays short, with and without filters."""
    answer = sampling(logits=np.sin(np.arange(5000.0)), temperature=0.8, top_k=50, top_p=0.9, u=0.5)
    assert answer.passed
    assert len(plain(page(answer), 80).splitlines()) < 400


REFUSED = [
    ({}, "logits or p is missing"),
    ({"logits": "1,2", "p": "0.5,0.5"}, "logits and p are both given"),
    ({"logits": "1"}, "logits has one number"),
    ({"p": "0.5,0.4"}, r"p sums to 0\.9"),
    ({"p": "0.5,1.5"}, r"p has 1\.5: a probability"),
    ({"p": "0.5,0.5;1,0"}, "p is 2x2: a vector"),
    ({"p": "0.5,0.5", "temperature": 0}, "temperature is 0: it divides the logits"),
    ({"p": "0.5,0.5", "temperature": 0.0001}, "too small for floating point"),
    ({"p": "0.5,0.5", "top_k": "n"}, "top_k is n: give a whole number"),
    ({"p": "0.5,0.5", "top_p": 0}, "top_p is 0: it must be a number above 0"),
    ({"p": "0.5,0.5", "top_p": 1.1}, r"top_p is 1\.1"),
    ({"p": "0.5,0.5", "u": 1}, "u is 1: it must be a number from 0 up to, but not, 1"),
    ({"p": "0.333,0.333,0.333", "u": 0.9995}, r"the probabilities sum to 0\.999"),
    ({"p": "0.5,0.5", "vocabulary": "a"}, "vocabulary has 1 name, but p has 2 numbers"),
    ({"p": "0.5,0.5", "vocabulary": "a,a"}, "vocabulary has a twice"),
    ({"logits": "1e308,-1e308", "temperature": 0.1}, "z_T is beyond"),
]


@pytest.mark.parametrize(("given_", "told"), REFUSED)
def test_what_is_refused(given_, told):
    """Protects the errors: they name the option, its value, the rule and the mend."""
    with pytest.raises(InputError, match=told):
        sampling(**given_)


def test_names_that_are_words_are_quoted():
    """Protects sentences about tokens such as `a`, and the row of probabilities that carries their names."""
    page_ = told(sampling(p="0.3,0.5,0.2", top_p=0.7, vocabulary="a,the,cat"))
    assert 'kept, from the largest on: "the", "a"; 0 now: "cat"' in page_
    assert sampling(p="0.3,0.5,0.2", top_p=0.7)["q"].value.shape == (1, 3)
