"""Multi-head attention against PyTorch's and Keras' layers and the paper's formula, in float64, with gradients."""

from __future__ import annotations

import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from keras.src.backend.common import dtypes

from explain import multi_head_attention

# Keras reads torch's tensors in a way that NumPy 2 warns of, and warns of softmax where there is one key only.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:You are using a softmax:UserWarning"),
]
EXAMPLES = settings(max_examples=30, deadline=None, database=None, derandomize=True)
SIZE = st.integers(1, 4)
HEADS = st.integers(1, 3)
SEEDS = st.integers(0, 2**32 - 1)
EITHER = st.booleans()


@pytest.fixture(scope="module", autouse=True)
def in_float64():
    """On torch, Keras works products of float64 in float32, from a table that says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
        yield


def normal(seed, **sizes):
    """Random arrays of the given sizes, by name."""
    random = np.random.default_rng(seed)
    return {name: random.normal(size=size) for name, size in sizes.items()}


def leaf(array):
    """A leaf of the autograd graph."""
    return torch.tensor(np.asarray(array, dtype=float), dtype=torch.float64, requires_grad=True)


def same(ours, theirs, name=""):
    """Equal to nine digits, whatever the shape of a bias."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert ours.size == theirs.size, (name, ours.shape, theirs.shape)
    assert ours.ndim != 2 or 1 in ours.shape or ours.shape == theirs.shape, name
    scale = max(1.0, float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours.ravel(), theirs.ravel(), rtol=1e-9, atol=1e-12 * scale, err_msg=name)


def same_weights(answer, heads, theirs):
    """The attention weights of every head; of a single head they have no number."""
    for head in range(heads):
        name = f"A_{head + 1}" if heads > 1 else "A"
        same(answer[name].value, theirs[head], name)


def seen_by(random, kind, padded, n, m):
    """What each query sees, and the padding: one key at least."""
    padding = random.integers(0, 2, m).astype(bool) if padded else np.ones(m, dtype=bool)
    padding[0] = True
    seen = np.ones((n, m), dtype=bool)
    if kind == "causal":
        seen = np.tri(n, m, dtype=bool)
    elif kind == "given":
        seen = random.integers(0, 2, (n, m)).astype(bool)
        seen[:, 0] = True
    return seen, padding


def masked(kind, padded, seen, padding):
    """The options that say so."""
    options = {"mask": seen if kind == "given" else kind}
    return options | ({"padding": padding.astype(int)} if padded else {})


MASKS = st.sampled_from(["none", "causal", "given"])


@EXAMPLES
@given(data=st.data(), heads=HEADS, crossed=EITHER, bias=EITHER, kind=MASKS, padded=EITHER, seed=SEEDS)
def test_pytorch_layer(data, heads, crossed, bias, kind, padded, seed):
    """Protects PyTorch's own weights, in_proj_weight or three of them, and biases, masks, every gradient."""
    n, size = data.draw(SIZE), data.draw(SIZE)
    d = heads * size
    m, d_m = (data.draw(SIZE), data.draw(SIZE)) if crossed else (n, d)
    layer = torch.nn.MultiheadAttention(d, heads, bias=bias, kdim=d_m, vdim=d_m, batch_first=True, dtype=torch.float64)
    random = np.random.default_rng(seed)
    for parameter in layer.parameters():
        parameter.data = torch.tensor(random.normal(size=tuple(parameter.shape)))
    x, y, dZ = random.normal(size=(n, d)), random.normal(size=(m, d_m)), random.normal(size=(n, d))
    X = leaf(x)
    Y = leaf(y) if crossed else X
    seen, padding = seen_by(random, kind, padded, n, m)
    Z, A = layer(
        X[None], Y[None], Y[None], key_padding_mask=torch.tensor(~padding)[None], attn_mask=torch.tensor(~seen),
        average_attn_weights=False,
    )  # fmt: skip
    Z[0].backward(torch.tensor(dZ))

    held = {name: parameter.detach().numpy() for name, parameter in layer.named_parameters()}
    together = "in_proj_weight" in held
    given = {"X": x, "layout": "pytorch", "heads": heads, "W_O": held["out_proj.weight"], "dZ": dZ}
    given |= (
        {"W_in": held["in_proj_weight"]} if together else {f"W_{r}": held[f"{r.lower()}_proj_weight"] for r in "QKV"}
    )
    given |= {"b_in": held["in_proj_bias"], "b_O": held["out_proj.bias"]} if bias else {}
    given |= {"memory": y} if crossed else {}
    answer = multi_head_attention(**given, **masked(kind, padded, seen, padding))
    same(answer["Z"].value, Z[0], "Z")
    same_weights(answer, heads, A[0])

    expected = {"X": X.grad, "W_O": layer.out_proj.weight.grad}
    expected |= {"X_m": Y.grad} if crossed else {}
    parts = layer.in_proj_weight.grad.chunk(3) if together else [
        getattr(layer, f"{role}_proj_weight").grad for role in "qkv"
    ]  # fmt: skip
    expected |= {f"W_{role}": part for role, part in zip("QKV", parts, strict=True)}
    if bias:
        biases = layer.in_proj_bias.grad.chunk(3)
        expected |= {"b_O": layer.out_proj.bias.grad} | {f"b_{r}": b for r, b in zip("QKV", biases, strict=True)}
    assert set(answer.results) == {"Z", *(f"dL/d{name}" for name in expected)}
    for name, theirs in expected.items():
        same(answer[f"dL/d{name}"].value, theirs, name)
    assert answer.passed


@EXAMPLES
@given(data=st.data(), heads=HEADS, crossed=EITHER, bias=EITHER, kind=MASKS, padded=EITHER, seed=SEEDS)
def test_keras_layer(data, heads, crossed, bias, kind, padded, seed):
    """Protects Keras' kernels d×h×d_k and h×d_v×d with their biases, masks, and every gradient of every head."""
    n, d, d_k, d_v = (data.draw(SIZE) for _ in range(4))
    m, d_m = (data.draw(SIZE), data.draw(SIZE)) if crossed else (n, d)
    layer = keras.layers.MultiHeadAttention(heads, d_k, value_dim=d_v, use_bias=bias, dtype="float64")
    random = np.random.default_rng(seed)
    x, y, dZ = random.normal(size=(n, d)), random.normal(size=(m, d_m)), random.normal(size=(n, d))
    X = leaf(x)
    Y = leaf(y) if crossed else X
    seen, padding = seen_by(random, kind, padded, n, m)
    layer.build((1, n, d), (1, m, d_m))
    layer.set_weights([random.normal(size=weight.shape) for weight in layer.weights])
    whole = seen & padding
    Z, A = layer(
        X[None], Y[None], return_attention_scores=True, use_causal_mask=kind == "causal",
        attention_mask=None if whole.all() else torch.tensor(padding[None] if kind == "causal" else whole)[None],
    )  # fmt: skip
    Z[0].backward(torch.tensor(dZ))

    order = [f"{kind}_{role}" for role in "QKVO" for kind in ("Wb" if bias else "W")]
    weights = dict(zip(order, layer.weights, strict=True))
    given = {name: weight.numpy() for name, weight in weights.items()}
    given |= {"memory": y} if crossed else {}
    answer = multi_head_attention(X=x, layout="keras", dZ=dZ, **given, **masked(kind, padded, seen, padding))
    same(answer["Z"].value, Z[0], "Z")
    same_weights(answer, heads, A[0])

    expected = {"X": X.grad, "W_O": weights["W_O"].value.grad.reshape(heads * d_v, d)}
    expected |= {"X_m": Y.grad} if crossed else {}
    expected |= {"b_O": weights["b_O"].value.grad} if bias else {}
    for head in range(heads):
        for name in (name for name in order if name[2] != "O"):
            gradient = weights[name].value.grad
            number = head + 1 if heads > 1 else ""
            expected[f"{name}{number}"] = gradient[:, head] if name[0] == "W" else gradient[head]
    assert set(answer.results) == {"Z", *(f"dL/d{name}" for name in expected)}
    for name, theirs in expected.items():
        same(answer[f"dL/d{name}"].value, theirs, name)
    assert answer.passed


def by_formula(X, Y, weights, seen):
    """softmax(Q_i K_iᵀ/√d_k) V_i of each head, side by side, times W_O: section 3.2.2 as it is written."""
    found, shares = [], []
    for W_Q, W_K, W_V, b_Q, b_K, b_V in zip(*(weights[name] for name in NAMES), strict=True):
        Q, K, V = X @ W_Q + b_Q, Y @ W_K + b_K, Y @ W_V + b_V
        U = (Q @ K.T) / W_K.shape[1] ** 0.5
        A = torch.softmax(torch.where(torch.tensor(seen), U, -torch.inf), dim=1)
        found.append(A @ V)
        shares.append(A)
    H = torch.cat(found, dim=1)
    return (H if weights["W_O"] is None else H @ weights["W_O"] + weights["b_O"]), shares


NAMES = ("W_Q", "W_K", "W_V", "b_Q", "b_K", "b_V")


def text(array):
    """A matrix as it is typed."""
    return ";".join(",".join(map(repr, row)) for row in np.atleast_2d(array).tolist())


@EXAMPLES
@given(data=st.data(), heads=HEADS, split=EITHER, crossed=EITHER, bias=EITHER, kind=MASKS, padded=EITHER, seed=SEEDS)
def test_paper(data, heads, split, crossed, bias, kind, padded, seed):
    """Protects weights side by side and by head, typed with bars, with and without W_O and biases; d_v is not d_k."""
    mixed = data.draw(EITHER)
    n, d, d_k, d_v, width = (data.draw(SIZE) for _ in range(5))
    m, d_m = (data.draw(SIZE), data.draw(SIZE)) if crossed else (n, d)
    width = width if mixed else heads * d_v
    arrays = normal(
        seed, X=(n, d), memory=(m, d_m), dZ=(n, width), W_O=(heads * d_v, width), b_O=(1, width),
        W_Q=(heads, d, d_k), W_K=(heads, d_m, d_k), W_V=(heads, d_m, d_v),
        b_Q=(heads, 1, d_k), b_K=(heads, 1, d_k), b_V=(heads, 1, d_v),
    )  # fmt: skip
    if not bias:
        arrays |= {name: np.zeros_like(array) for name, array in arrays.items() if name[:2] == "b_"}
    random = np.random.default_rng(seed)
    seen, padding = seen_by(random, kind, padded, n, m)
    leaves = {name: [leaf(part) for part in arrays[name]] for name in NAMES}
    leaves |= {name: leaf(arrays[name]) if mixed else None for name in ("W_O", "b_O")}
    X = leaf(arrays["X"])
    Y = leaf(arrays["memory"]) if crossed else X
    Z, A = by_formula(X, Y, leaves, seen & padding)
    Z.backward(torch.tensor(arrays["dZ"]))

    used = [name for name in (*NAMES, "W_O", "b_O") if (bias or name[0] == "W") and (mixed or name[2] != "O")]
    given = {"X": arrays["X"], "dZ": arrays["dZ"]} | ({"memory": arrays["memory"]} if crossed else {})
    for name in used:
        array = arrays[name]
        if name[2] == "O":
            given[name] = array
        elif split:
            typed = data.draw(EITHER) and heads > 1
            given[name] = " | ".join(map(text, array)) if typed else array if name[0] == "W" else array[:, 0]
        else:
            given[name] = np.concatenate(list(array), axis=1)
    if not split or (heads == 1 and isinstance(given["W_Q"], str)):
        given["heads"] = heads
    answer = multi_head_attention(**given, **masked(kind, padded, seen, padding))
    same(answer["Z"].value, Z, "Z")
    same_weights(answer, heads, A)

    expected = {"X": X.grad} | ({"X_m": Y.grad} if crossed else {})
    for name in used:
        if name[2] == "O":
            expected[name] = leaves[name].grad
        elif split and heads > 1:
            expected |= {f"{name}{head + 1}": part.grad for head, part in enumerate(leaves[name])}
        else:
            expected[name] = torch.cat([part.grad for part in leaves[name]], dim=1)
    assert set(answer.results) == {"Z", *(f"dL/d{name}" for name in expected)}
    for name, theirs in expected.items():
        same(answer[f"dL/d{name}"].value, theirs, name)
    assert answer.passed


def test_three_layouts_give_the_same():
    """Protects the order of heads: the same weights, kept in the three ways, give the same Z."""
    arrays = normal(7, X=(3, 4), W_Q=(4, 4), W_K=(4, 4), W_V=(4, 4), W_O=(4, 4))
    X = arrays.pop("X")
    paper = multi_head_attention(X=X, heads=2, **arrays)["Z"].value
    torch_way = {name: array.T for name, array in arrays.items()}
    same(multi_head_attention(X=X, heads=2, layout="pytorch", **torch_way)["Z"].value, paper)
    keras_way = {name: array.reshape((2, 2, 4) if name == "W_O" else (4, 2, 2)) for name, array in arrays.items()}
    same(multi_head_attention(X=X, layout="keras", **keras_way)["Z"].value, paper)
    by_head = {name: array.reshape(4, 2, 2).transpose(1, 0, 2) for name, array in arrays.items() if name != "W_O"}
    same(multi_head_attention(X=X, W_O=arrays["W_O"], **by_head)["Z"].value, paper)


def test_one_head_is_attention():
    """Protects the single head: its steps have no number, and without W_O its output is Z."""
    answer = multi_head_attention(X="1,0;0,1", heads=1, W_Q="1,2;0,1", W_K="1,0;1,1", W_V="2,0;0,3")
    assert answer.names == ["Q", "K", "V", "S", "U", "A", "Z"]
