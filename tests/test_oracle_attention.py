"""Attention against PyTorch's scaled_dot_product_attention and autograd in float64: values, masks, every gradient."""

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


MASKS = st.sampled_from(["none", "causal", "given", "one row", "added"])


def some_mask(kind, padded, n, m, seed):
    """The options of a mask, as texts or arrays, and what each query then sees: one key at least."""
    random = np.random.default_rng(seed + 1)
    padding = np.ones(m, dtype=int)
    if padded:
        padding = random.integers(0, 2, m)
        padding[0] = 1  # what the first query of a causal mask sees
    seen = np.ones((n, m), dtype=bool)
    options = {"padding": padding} if padded else {}
    if kind == "causal":
        seen = np.tri(n, m, dtype=bool)
    elif kind != "none":
        seen = random.integers(0, 2, (1 if kind == "one row" else n, m)).astype(bool)
        seen[:, 0] = True
    if kind == "added" and seen.all():
        pass  # 0 alone is no mask
    elif kind == "added":
        options["mask"] = ";".join(",".join("0" if one else "-inf" for one in row) for row in seen)
    elif kind in ("none", "causal"):
        options["mask"] = kind
    else:
        options["mask"] = seen[0].astype(int) if kind == "one row" else seen
    return options, np.broadcast_to(seen, (n, m)) & (padding == 1)


def by_torch(Q, K, V, seen):
    """PyTorch's own attention of one sequence."""
    mask = torch.tensor(seen)[None]
    return functional.scaled_dot_product_attention(Q[None], K[None], V[None], attn_mask=mask)[0]


def assert_hidden(answer, U, seen):
    """The scores with -∞ where a query must not look, and weights of exactly 0 there."""
    if not seen.all():
        assert_same(answer["U_m"].value, np.where(seen, U.detach().numpy(), -np.inf), "U_m")
    assert not answer["A"].value[~seen].any()


@EXAMPLES
@given(n=SIZES, m=KEYS, d_k=SIZES, d_v=SIZES, kind=MASKS, padded=st.booleans(), seed=SEEDS)
def test_masks(n, m, d_k, d_v, kind, padded, seed):
    """Protects every kind of mask, alone and with padding: what is hidden has weight 0 and sends no gradient."""
    given_Q, given_K, given_V, dZ = normal(seed, (n, d_k), (m, d_k), (m, d_v), (n, d_v))
    options, seen = some_mask(kind, padded, n, m, seed)
    Q, K, V = tensor(given_Q), tensor(given_K), tensor(given_V)
    Z = by_torch(Q, K, V, seen)
    Z.backward(torch.tensor(dZ))
    answer = attention(Q=given_Q, K=given_K, V=given_V, dZ=dZ, **options)
    assert_same(answer["Z"].value, Z, "Z")
    assert_hidden(answer, Q @ K.T / d_k**0.5, seen)
    assert not answer["dL/dS"].value[~seen].any()
    for name, leaf in {"dL/dQ": Q, "dL/dK": K, "dL/dV": V}.items():
        assert_same(answer[name].value, leaf.grad, name)
    assert answer.passed
    assert_same(attention(Q=given_Q, K=given_K, V=given_V, **options)["Z"].value, Z, "Z without gradients")


@EXAMPLES
@given(data=st.data(), kind=MASKS, padded=st.booleans(), crossed=st.booleans(), seed=SEEDS)
def test_from_tokens(data, kind, padded, crossed, seed):
    """Protects Q, K, V, Z and the gradients of X, memory, weights and biases, self- and cross-attention."""
    n, d, d_m, d_k, d_v = (data.draw(SIZES) for _ in range(5))
    m, d_m = (data.draw(KEYS), d_m) if crossed else (n, d)
    biased = [role for role in "QKV" if data.draw(st.booleans())]
    names = ["X", "X_m", "W_Q", "W_K", "W_V", "b_Q", "b_K", "b_V", "Z"]
    sizes = [(n, d), (m, d_m), (d, d_k), (d_m, d_k), (d_m, d_v), (1, d_k), (1, d_k), (1, d_v), (n, d_v)]
    arrays = dict(zip(names, normal(seed, *sizes), strict=True))
    dZ = arrays.pop("Z")
    arrays = {name: array for name, array in arrays.items() if name[0] != "b" or name[2] in biased}
    if not crossed:
        del arrays["X_m"]
    leaves = {name: tensor(array) for name, array in arrays.items()}
    projected = {
        role: leaves["X_m" if crossed and role != "Q" else "X"] @ leaves[f"W_{role}"] + leaves.get(f"b_{role}", 0)
        for role in "QKV"
    }
    options, seen = some_mask(kind, padded, n, m, seed)
    Z = by_torch(*projected.values(), seen)
    Z.backward(torch.tensor(dZ))
    told = {{"X_m": "memory"}.get(name, name): array for name, array in arrays.items()}
    answer = attention(**told, dZ=dZ, **options)
    for name, theirs in {**projected, "Z": Z}.items():
        assert_same(answer[name].value, theirs, name)
    assert_hidden(answer, projected["Q"] @ projected["K"].T / d_k**0.5, seen)
    assert answer.results == ["Z", *(f"dL/d{name}" for name in sorted(arrays, key=_on_the_page))]
    for name, leaf in leaves.items():
        assert_same(answer[f"dL/d{name}"].value, leaf.grad, name)
    assert answer.passed


def _on_the_page(name):
    """Tokens first, then each weight with its bias."""
    return ("X", "X_m").index(name) if name[0] == "X" else 2 + 2 * "QKV".index(name[2]) + (name[0] == "b")


@EXAMPLES
@given(n=SIZES, m=SIZES, size=st.sampled_from([10.0, 1e3, 1e6]), causal=st.booleans(), seed=SEEDS)
def test_extreme_scores(n, m, size, causal, seed):
    """Protects softmax that has run into 0 and 1: no overflow, and gradients that are as small as they are."""
    signs = np.random.default_rng(seed).choice([-1, 1], (n, m))
    given_S, given_V, dZ = signs * size + normal(seed, (n, m))[0], *normal(seed + 1, (m, 2), (n, 2))
    S, V = tensor(given_S), tensor(given_V)
    _, _, A, Z = weighted(S, 1, V, causal)
    Z.backward(torch.tensor(dZ))
    answer = attention(scores=given_S, V=given_V, dZ=dZ, d_k=1, mask="causal" if causal else "none")
    for name, theirs in {"A": A, "Z": Z, "dL/dS": S.grad, "dL/dV": V.grad}.items():
        assert_same(answer[name].value, theirs, name)
    assert answer.passed


@EXAMPLES
@given(m=KEYS, kind=st.sampled_from(["none", "one row", "added"]), padded=st.booleans(), seed=SEEDS)
def test_masks_of_one_query(m, kind, padded, seed):
    """Protects the page of one query, u and α, with what is hidden from it."""
    scores, V = normal(seed, (m,), (m, 2))
    options, seen = some_mask(kind, padded, 1, m, seed)
    u = np.where(seen[0], scores / 8, -np.inf)
    alpha = torch.softmax(torch.tensor(u), dim=0)
    answer = attention(scores=scores, V=V, **options)
    assert_same(answer["alpha"].value[0], alpha, "alpha")
    assert_same(answer["z_1"].value[0], alpha @ torch.tensor(V), "z_1")
    assert answer.passed


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_masks_of_smaller_floats(dtype):
    """Protects a mask of 0 and -inf as PyTorch makes it, in float32: -inf of every float type is read."""
    mask = np.triu(np.full((3, 3), -np.inf, dtype=dtype), 1)
    scores = normal(3, (3, 3))[0]
    causal = attention(scores=scores, mask="causal")["A"].value
    np.testing.assert_array_equal(attention(scores=scores, mask=mask)["A"].value, causal)
    np.testing.assert_array_equal(attention(scores=scores, mask=torch.tensor(mask))["A"].value, causal)
    np.testing.assert_array_equal(attention(scores=scores, mask=mask.tolist())["A"].value, causal)
