"""Attention against PyTorch's scaled_dot_product_attention and autograd in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import attention

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
SIZES = st.integers(1, 5)
KEYS = st.integers(1, 8)  # from 7 keys on, the values are no longer written out one by one
SEEDS = st.integers(0, 2**32 - 1)


def normal(seed, *sizes):
    """Random arrays of the given sizes."""
    random = np.random.default_rng(seed)
    return [random.normal(scale=1.5, size=size) for size in sizes]


def tensor(array):
    """A leaf of the autograd graph."""
    return torch.tensor(np.asarray(array, dtype=float), dtype=torch.float64, requires_grad=True)


def weighted(scores, root, V, causal):
    """U, the masked U, A and Z from scores, all kept in the autograd graph."""
    U = scores / root**0.5
    seen = torch.ones(U.shape, dtype=torch.bool).tril() if causal else torch.ones(U.shape, dtype=torch.bool)
    masked = torch.where(seen, U, -torch.inf)
    A = torch.softmax(masked, dim=1)
    Z = A @ V
    for quantity in (U, masked, A, Z):
        quantity.retain_grad()
    return U, masked, A, Z


def assert_same(ours, theirs, name=""):
    """Equal to nine digits, with the same shape; −∞ only where the other is −∞."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert np.shape(ours) == theirs.shape, name
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=name)


def assert_all_same(answer, expected):
    """Every step of an answer, and no step besides."""
    assert {name for name in answer.names if not name.startswith("r_")} == set(expected)
    for name, theirs in expected.items():
        assert_same(answer[name].value, theirs, name)


@EXAMPLES
@given(n=SIZES, m=KEYS, d_k=SIZES, d_v=SIZES, causal=st.booleans(), backward=st.booleans(), seed=SEEDS)
def test_from_queries_keys_and_values(n, m, d_k, d_v, causal, backward, seed):
    """Protects S, U, the mask, A, Z and the gradients of Q, K and V: those of PyTorch's own attention."""
    given_Q, given_K, given_V, dZ = normal(seed, (n, d_k), (m, d_k), (m, d_v), (n, d_v))
    Q, K, V = tensor(given_Q), tensor(given_K), tensor(given_V)
    whole = functional.scaled_dot_product_attention(Q[None], K[None], V[None], is_causal=causal)[0]
    whole.backward(torch.tensor(dZ))

    q, k, v = tensor(given_Q), tensor(given_K), tensor(given_V)
    S = q @ k.T
    S.retain_grad()
    U, masked, A, Z = weighted(S, d_k, v, causal)
    Z.backward(torch.tensor(dZ))
    expected = {"S": S, "U": U, "A": A, "Z": whole}
    if causal:
        expected["U_m"] = masked
    if backward:
        expected |= {"dL/dQ": Q.grad, "dL/dK": K.grad, "dL/dV": V.grad}
        expected |= {"dL/dS": S.grad, "dL/dU": U.grad, "dL/dA": A.grad}
        if causal:
            expected["dL/dU_m"] = masked.grad
    answer = attention(
        Q=given_Q, K=given_K, V=given_V, mask="causal" if causal else "none", **({"dZ": dZ} if backward else {})
    )
    assert_all_same(answer, expected)


@EXAMPLES
@given(n=SIZES, m=KEYS, d_v=SIZES, causal=st.booleans(), d_k=st.sampled_from([None, 1, 2.5, 7]), seed=SEEDS)
def test_from_the_scores_of_several_queries(n, m, d_v, causal, d_k, seed):
    """Protects the start from scores, forward and backward down to dL/dS; without a d_k it is 64."""
    given_S, given_V, dZ = normal(seed, (n, m), (m, d_v), (n, d_v))
    S, V = tensor(given_S), tensor(given_V)
    U, masked, A, Z = weighted(S, d_k or 64, V, causal)
    Z.backward(torch.tensor(dZ))
    options = {"mask": "causal" if causal else "none", **({"d_k": d_k} if d_k else {})}
    expected = {"U": U, "A": A, "Z": Z} | ({"U_m": masked} if causal else {})
    gradients = {"dL/dV": V.grad, "dL/dS": S.grad, "dL/dU": U.grad, "dL/dA": A.grad}
    gradients |= {"dL/dU_m": masked.grad} if causal else {}
    assert_all_same(attention(scores=given_S, V=given_V, dZ=dZ, **options), expected | gradients)
    if n > 1 or causal:
        assert_all_same(attention(scores=given_S, V=given_V, **options), expected)


@EXAMPLES
@given(m=KEYS, d_v=SIZES, d_k=st.sampled_from([None, 1, 2.5, 7]), as_row=st.booleans(), seed=SEEDS)
def test_from_the_scores_of_one_query(m, d_v, d_k, as_row, seed):
    """Protects the page of one query: u, α and z₁, whether the scores are a list or a matrix of one row."""
    scores, V = normal(seed, (m,), (m, d_v))
    u = torch.tensor(scores)[None] / (d_k or 64) ** 0.5
    alpha = torch.softmax(u, dim=1)
    expected = {"u": u, "alpha": alpha, "z_1": alpha @ torch.tensor(V)}
    answer = attention(scores=scores[None] if as_row else scores, V=V, **({"d_k": d_k} if d_k else {}))
    assert_all_same(answer, expected)


@pytest.mark.parametrize("causal", [False, True])
def test_large_scores_do_not_overflow(causal):
    """Protects softmax of scores in the thousands, whose exponentials no float holds, and its gradients."""
    given_S, given_V, dZ = np.array([[9e4, -9e4], [8e4, 8.0001e4]]), np.array([[1.0, 2], [3, 4]]), np.eye(2)
    S, V = tensor(given_S), tensor(given_V)
    _, _, A, Z = weighted(S, 64, V, causal)
    Z.backward(torch.tensor(dZ))
    answer = attention(scores=given_S, V=given_V, dZ=dZ, mask="causal" if causal else "none")
    for name, theirs in {"A": A, "Z": Z, "dL/dS": S.grad, "dL/dV": V.grad}.items():
        assert_same(answer[name].value, theirs, name)


def test_causal_mask_is_aligned_top_left():
    """Protects the alignment with more keys than queries: query i sees keys 1 to i, as in PyTorch."""
    answer = attention(Q=[[1, 0], [0, 1]], K=[[1, 0], [0, 1], [1, 1]], V=[[1], [2], [3]], mask="causal")
    np.testing.assert_array_equal(answer["A"].value > 0, [[True, False, False], [True, True, False]])


@pytest.mark.parametrize("causal", [False, True])
def test_arrays_lists_and_text_give_the_same(causal):
    """Protects the three ways to hand numbers over: the very same floats come out."""
    Q, K, V, dZ = (array.round(6) for array in normal(5, (3, 2), (4, 2), (4, 3), (3, 3)))

    def text(array):
        return ";".join(",".join(map(repr, row)) for row in array.tolist())

    mask = "causal" if causal else "none"
    reference = attention(Q=Q, K=K, V=V, dZ=dZ, mask=mask)
    for form in (np.ndarray.tolist, text):
        answer = attention(Q=form(Q), K=form(K), V=form(V), dZ=form(dZ), mask=mask)
        assert answer.names == reference.names
        for step in reference.steps:
            np.testing.assert_array_equal(answer[step.name].value, step.value, err_msg=step.name)


def test_flat_arguments_keep_their_meaning_with_an_upstream_gradient():
    """Protects a flat V of one key, which is one row: giving dL/dZ must not turn it into a column."""
    flat = {"Q": [[1, 2]], "K": [[3, 4]], "V": [5, 6, 7]}
    assert attention(**flat)["Z"].value.shape == (1, 3)
    answer = attention(**flat, dZ=[1, 2, 3])
    assert_same(answer["dL/dV"].value, np.array([[1.0, 2.0, 3.0]]))


@pytest.mark.parametrize("keys", [2, 6, 7, 20])
def test_values_without_numbers_stay_symbols(keys):
    """Protects the output as SymPy where no values are given: the weighted sum, for few keys and for many."""
    scores = np.linspace(-1, 1, keys)
    step = attention(scores=scores)["z_1"]
    assert step.value is None
    weights = torch.softmax(torch.tensor(scores) / 8, dim=0)
    assert_same(attention(scores=scores)["alpha"].value[0], weights)
    assert step.sympy.free_symbols
