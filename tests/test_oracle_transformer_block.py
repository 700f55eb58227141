"""Transformer blocks against PyTorch's layers and the paper's formula, in float64, with every gradient."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import positional_encoding, transformer_block

EXAMPLES = settings(max_examples=30, deadline=None, database=None, derandomize=True)
TOKENS = st.integers(1, 4)
HEADS = st.integers(1, 3)
HIDDEN = st.integers(1, 5)
SEEDS = st.integers(0, 2**32 - 1)
EITHER = st.booleans()
NORMS = st.sampled_from(["post", "pre"])
KINDS = st.sampled_from(["encoder", "decoder"])
MASKS = st.sampled_from([None, "none", "causal", "given"])
ACTIVATIONS = st.sampled_from(["relu", "gelu"])
EPSILONS = st.sampled_from([None, 1e-5, 1e-3, 0.1])


def leaf(array):
    """A leaf of the autograd graph."""
    return torch.tensor(np.asarray(array, dtype=float), dtype=torch.float64, requires_grad=True)


def same(ours, theirs, name="", largest=1.0):
    """Equal to nine digits, whatever the shape of a bias; `largest` is the size of what float arithmetic cancelled."""
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert ours.size == theirs.size, (name, ours.shape, theirs.shape)
    assert ours.ndim != 2 or 1 in ours.shape or ours.shape == theirs.shape, name
    scale = max(1.0, largest, float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours.ravel(), theirs.ravel(), rtol=1e-9, atol=1e-12 * scale, err_msg=name)


def same_gradients(answer, expected):
    """Exactly these gradients are results beside Y, each equal; and every check of the page holds."""
    assert answer.results[0] == "Y"
    assert set(answer.results[1:]) == {f"dL/d{name}" for name in expected}
    largest = max(float(theirs.abs().max()) for theirs in expected.values())
    for name, theirs in expected.items():
        same(answer[f"dL/d{name}"].value, theirs, name, largest)
    assert answer.passed


def some_seen(random, shape):
    """What each query sees: one key at least, which is no padding."""
    seen = random.integers(0, 2, shape).astype(bool)
    seen[..., 0] = True
    return seen


class Masked:
    """Masks of a random block: what is hidden, as PyTorch wants it, and the options that say so."""

    def __init__(self, random, kind, mask, padded, n, m):
        self.options = {} if mask is None else {"mask": mask}
        self.seen = np.ones((n, n), dtype=bool)
        if mask == "causal" or (mask is None and kind == "decoder"):
            self.seen = np.tri(n, dtype=bool)
        elif mask == "given":
            self.seen = some_seen(random, (n, n))
            self.options = {"mask": self.seen}
        self.padding, self.memory = np.ones(n, dtype=bool), np.ones(m, dtype=bool)
        if padded:
            self.padding = some_seen(random, n)
            self.options["padding"] = self.padding.astype(int)
            if kind == "decoder":
                self.memory = some_seen(random, m)
                self.options["memory_padding"] = self.memory.astype(int)

    @property
    def torch(self):
        """Self-attention's mask, its padding, the memory's padding: True where nobody looks."""
        return torch.tensor(~self.seen), torch.tensor(~self.padding)[None], torch.tensor(~self.memory)[None]


def options_of(layer, kind, biased):
    """A layer's parameters by the option that takes them, W_in and b_in whole."""
    attentions = {"": layer.self_attn} | ({"_2": layer.multihead_attn} if kind == "decoder" else {})
    found = {"W_1": layer.linear1.weight, "W_2": layer.linear2.weight}
    found |= {"b_1": layer.linear1.bias, "b_2": layer.linear2.bias} if biased else {}
    for suffix, attention in attentions.items():
        found |= {f"W_in{suffix}": attention.in_proj_weight, f"W_O{suffix}": attention.out_proj.weight}
        if biased:
            found |= {f"b_in{suffix}": attention.in_proj_bias, f"b_O{suffix}": attention.out_proj.bias}
    for at in range(1, 4 if kind == "decoder" else 3):
        normalisation = getattr(layer, f"norm{at}")
        found[f"gamma_{at}"] = normalisation.weight
        found |= {f"beta_{at}": normalisation.bias} if biased else {}
    return found


def on_the_page(option):
    """What a page calls the quantities of an option; in_proj is three of them."""
    letter, _, rest = option.partition("_")
    role, _, second = rest.partition("_")
    place = "^2" if second else ""
    return [f"{letter}_{one}{place}" for one in ("QKV" if role == "in" else [role])]


def layer_of(kind, norm, activation, biased, sizes, eps):
    """PyTorch's layer, without dropout."""
    maker = torch.nn.TransformerDecoderLayer if kind == "decoder" else torch.nn.TransformerEncoderLayer
    d, heads, hidden = sizes
    return maker(
        d, heads, hidden, dropout=0.0, activation=activation, layer_norm_eps=eps or 1e-5, batch_first=True,
        norm_first=norm == "pre", bias=biased, dtype=torch.float64,
    )  # fmt: skip


@EXAMPLES
@given(
    data=st.data(), kind=KINDS, norm=NORMS, activation=ACTIVATIONS, biased=EITHER, mask=MASKS, padded=EITHER,
    eps=EPSILONS, seed=SEEDS,
)  # fmt: skip
def test_pytorch_layers(data, kind, norm, activation, biased, mask, padded, eps, seed):
    """Protects Y and every gradient of PyTorch's encoder and decoder layers, with their own weights and masks."""
    heads = data.draw(HEADS)
    d, n, m, hidden = heads * data.draw(st.integers(1, 6 // heads)), *map(data.draw, (TOKENS, TOKENS, HIDDEN))
    random = np.random.default_rng(seed)
    layer = layer_of(kind, norm, activation, biased, (d, heads, hidden), eps)
    for parameter in layer.parameters():
        parameter.data = torch.tensor(random.normal(size=tuple(parameter.shape)))
    x, memory, dY = random.normal(size=(n, d)), random.normal(size=(m, d)), random.normal(size=(n, d))
    masked = Masked(random, kind, mask, padded, n, m)
    X, X_m = leaf(x), leaf(memory)
    hides, padding, memory_padding = masked.torch
    if kind == "decoder":
        Y = layer(
            X[None], X_m[None], tgt_mask=hides, tgt_key_padding_mask=padding, memory_key_padding_mask=memory_padding
        )
    else:
        Y = layer(X[None], src_mask=hides, src_key_padding_mask=padding)
    Y[0].backward(torch.tensor(dY))

    parameters = options_of(layer, kind, biased)
    assert len(parameters) == len(list(layer.parameters()))
    given = {option: parameter.detach().numpy() for option, parameter in parameters.items()}
    given |= masked.options | ({} if eps is None else {"eps": eps}) | ({"memory": memory} if kind == "decoder" else {})
    answer = transformer_block(
        X=x, kind=kind, norm=norm, heads=heads, layout="pytorch", activation=activation, dY=dY, **given
    )
    same(answer["Y"].value, Y[0], "Y")
    expected = {"X": X.grad} | ({"X_m": X_m.grad} if kind == "decoder" else {})
    for option, parameter in parameters.items():
        names = on_the_page(option)
        expected |= dict(zip(names, parameter.grad.chunk(len(names)), strict=True))
    same_gradients(answer, expected)


def attention_by_formula(X, Y, weights, seen):
    """MultiHead(X, Y): softmax(Q_i K_iᵀ/√d_k) V_i side by side, times W_O, as in section 3.2.2."""
    found = []
    for W_Q, W_K, W_V, b_Q, b_K, b_V in zip(*(weights[name] for name in BY_HEAD), strict=True):
        Q, K, V = X @ W_Q + b_Q, Y @ W_K + b_K, Y @ W_V + b_V
        U = torch.where(torch.tensor(seen), Q @ K.T / math.sqrt(W_K.shape[1]), -torch.inf)
        found.append(torch.softmax(U, dim=1) @ V)
    return torch.cat(found, dim=1) @ weights["W_O"] + weights["b_O"]


def normalised(x, gamma, beta, eps):
    """γ (x - μ)/√(σ² + ε) + β of each row, the variance over d."""
    centred = x - x.mean(dim=1, keepdim=True)
    return gamma * centred / torch.sqrt((centred**2).mean(dim=1, keepdim=True) + eps) + beta


def block_by_formula(x, sublayers, norms, eps, pre):
    """x + sublayer(norm(x)), or norm(x + sublayer(x)), one after the other."""
    for sublayer, (gamma, beta) in zip(sublayers, norms, strict=True):
        x = x + sublayer(normalised(x, gamma, beta, eps)) if pre else normalised(x + sublayer(x), gamma, beta, eps)
    return x


BY_HEAD = ("W_Q", "W_K", "W_V", "b_Q", "b_K", "b_V")
FEED = ("W_1", "b_1", "W_2", "b_2")


def text(array):
    """A matrix as it is typed."""
    return ";".join(",".join(map(repr, row)) for row in np.atleast_2d(array).tolist())


def typed_attention(arrays, layout, split):
    """The options of one attention from its arrays by head."""
    if layout == "keras":
        found = {name: np.moveaxis(arrays[name], 0, 1) for name in BY_HEAD[:3]}
        found |= {name: arrays[name][:, 0] for name in BY_HEAD[3:]}
        heads, d_v = arrays["W_V"].shape[0], arrays["W_V"].shape[2]
        return found | {"W_O": arrays["W_O"].reshape(heads, d_v, -1), "b_O": arrays["b_O"]}
    if split:
        found = {name: " | ".join(map(text, arrays[name])) if len(arrays[name]) > 1 else arrays[name]
                 for name in BY_HEAD[:3]} | {name: arrays[name][:, 0] for name in BY_HEAD[3:]}  # fmt: skip
    else:
        found = {name: np.concatenate(list(arrays[name]), axis=1) for name in BY_HEAD}
    return found | {"W_O": arrays["W_O"], "b_O": arrays["b_O"]}


def gradients_of_attention(leaves, split, place):
    """The gradients of one attention by the names of the page."""
    found = {f"{name}{place}": leaves[name].grad for name in ("W_O", "b_O")}
    for name in BY_HEAD:
        if split and len(leaves[name]) > 1:
            found |= {f"{name}{head}{place}": part.grad for head, part in enumerate(leaves[name], 1)}
        else:
            found[f"{name}{place}"] = torch.cat([part.grad for part in leaves[name]], dim=1)
    return found


@EXAMPLES
@given(
    data=st.data(), layout=st.sampled_from(["paper", "keras"]), split=EITHER, kind=KINDS, norm=NORMS, mask=MASKS,
    padded=EITHER, encoded=EITHER, seed=SEEDS,
)  # fmt: skip
def test_paper_and_keras(data, layout, split, kind, norm, mask, padded, encoded, seed):
    """Protects weights by head and side by side, Keras' kernels, d_v that is not d_k, a memory of another width."""
    heads, n, m, d, hidden, d_k, d_v, d_m = map(data.draw, (HEADS, TOKENS, TOKENS, *[HIDDEN] * 5))
    d, split, eps = d + encoded, split or layout == "keras", 1e-3
    random = np.random.default_rng(seed)
    places = ["", "_2"] if kind == "decoder" else [""]
    arrays, leaves, given = {}, {}, {}
    for place in places:
        of = d_m if place else d
        sizes = {"W_Q": (heads, d, d_k), "W_K": (heads, of, d_k), "W_V": (heads, of, d_v)}
        sizes |= {"b_Q": (heads, 1, d_k), "b_K": (heads, 1, d_k), "b_V": (heads, 1, d_v)}
        sizes |= {"W_O": (heads * d_v, d), "b_O": (1, d)}
        arrays[place] = {name: random.normal(size=size) for name, size in sizes.items()}
        leaves[place] = {
            name: [leaf(part) for part in array] if name in BY_HEAD else leaf(array)
            for name, array in arrays[place].items()
        }
        typed = typed_attention(arrays[place], layout, split)
        given |= {f"{name}{place}": value for name, value in typed.items()}
    others = {"W_1": (d, hidden), "b_1": (1, hidden), "W_2": (hidden, d), "b_2": (1, d)}
    others |= {f"{name}_{at}": (1, d) for at in range(1, len(places) + 2) for name in ("gamma", "beta")}
    other = {name: random.normal(size=size) for name, size in others.items()}
    free = {name: leaf(array) for name, array in other.items()}
    x, memory, dY = random.normal(size=(n, d)), random.normal(size=(m, d_m)), random.normal(size=(n, d))
    X, X_m = leaf(x), leaf(memory)
    masked = Masked(random, kind, mask, padded, n, m)

    sublayers = [lambda z: attention_by_formula(z, z, leaves[""], masked.seen & masked.padding)]
    if kind == "decoder":
        sublayers.append(lambda z: attention_by_formula(z, X_m, leaves["_2"], np.tile(masked.memory, (n, 1))))
    sublayers.append(lambda z: functional.gelu(z @ free["W_1"] + free["b_1"]) @ free["W_2"] + free["b_2"])
    norms = [(free[f"gamma_{at}"], free[f"beta_{at}"]) for at in range(1, len(sublayers) + 1)]
    start = X + torch.tensor(encoding(n, d)) if encoded else X
    Y = block_by_formula(start, sublayers, norms, eps, norm == "pre")
    Y.backward(torch.tensor(dY))

    given |= other | masked.options | ({"memory": memory} if kind == "decoder" else {})
    given |= {} if split and layout == "paper" and heads > 1 else {"heads": heads}
    given |= {"encoding": "sinusoidal"} if encoded else {}
    answer = transformer_block(X=x, kind=kind, norm=norm, layout=layout, activation="gelu", eps=eps, dY=dY, **given)
    same(answer["Y"].value, Y, "Y")
    expected = {"E" if encoded else "X": X.grad} | ({"X_m": X_m.grad} if kind == "decoder" else {})
    for place in places:
        expected |= gradients_of_attention(leaves[place], split, "^2" if place else "")
    expected |= {name: free[name].grad for name in others}
    same_gradients(answer, expected)


def encoding(n, d):
    """Sines in even columns and cosines in odd ones: section 3.5, number by number."""
    angle = [[at / 10000 ** (2 * (column // 2) / d) for column in range(d)] for at in range(n)]
    return np.array([[(math.cos if column % 2 else math.sin)(a) for column, a in enumerate(row)] for row in angle])


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize("kind", ["encoder", "decoder"])
def test_scales_that_are_not_given_are_one(kind, norm):
    """Protects what is left out: γ = 1, β = 0, no biases; a γ is 1 where only its β is given."""
    random = np.random.default_rng(3)
    layer = layer_of(kind, norm, "relu", False, (4, 2, 3), None)
    x, memory = random.normal(size=(3, 4)), random.normal(size=(2, 4))
    names = [name for name in options_of(layer, kind, False) if not name.startswith("gamma")]
    for name in names:
        parameter = options_of(layer, kind, False)[name]
        parameter.data = torch.tensor(random.normal(size=tuple(parameter.shape)))
    given = {name: options_of(layer, kind, False)[name].detach().numpy() for name in names}
    given |= {"memory": memory} if kind == "decoder" else {}
    tensors = [torch.tensor(array)[None] for array in ([x, memory] if kind == "decoder" else [x])]
    hides = {"tgt_mask": torch.tensor(~np.tri(3, dtype=bool))} if kind == "decoder" else {}
    expected = layer(*tensors, **hides)[0]
    answer = transformer_block(X=x, kind=kind, norm=norm, heads=2, layout="pytorch", **given)
    same(answer["Y"].value, expected, "Y")
    shift = random.normal(size=4)
    layer.norm2.bias = torch.nn.Parameter(torch.tensor(shift))
    moved = transformer_block(X=x, kind=kind, norm=norm, heads=2, layout="pytorch", beta_2=shift, **given)
    same(moved["Y"].value, layer(*tensors, **hides)[0], "Y")
    assert answer.passed
    assert moved.passed


def test_up_to_the_end_of_the_attention():
    """Protects a block without feed-forward weights: Y is LayerNorm(X + Z), and X + attention(LayerNorm(X))."""
    random = np.random.default_rng(5)
    arrays = {name: random.normal(size=(3, 3)) for name in ("X", "W_Q", "W_K", "W_V", "W_O")}
    X, *weights = (torch.tensor(array) for array in arrays.values())

    def attended(z):
        Q, K, V, O = (*(z @ W for W in weights[:3]), weights[3])  # noqa: E741 - as in the paper
        return torch.softmax(Q @ K.T / 3**0.5, dim=1) @ V @ O

    def flat(z):
        return functional.layer_norm(z, (3,), eps=1e-5)

    same(transformer_block(heads=1, **arrays)["Y"].value, flat(X + attended(X)))
    same(transformer_block(heads=1, norm="pre", **arrays)["Y"].value, X + attended(flat(X)))


def test_encoding_is_that_of_its_own_topic():
    """Protects one encoding for both: what goes into the block is what positional-encoding makes of X."""
    X = np.random.default_rng(6).normal(size=(3, 4))
    answer = transformer_block(X=X, encoding="sinusoidal", heads=1, W_Q=X.T, W_K=X.T, W_V=np.eye(4))
    same(answer["X"].value, positional_encoding(X=X)["Y"].value)
    same(answer["X"].value, X + encoding(3, 4))


def test_a_causal_block_reads_no_later_token():
    """Protects the mask: a change of the last token changes the last row of Y alone, in both kinds of norm."""
    random = np.random.default_rng(8)
    arrays = {name: random.normal(size=(4, 4)) for name in ("W_Q", "W_K", "W_V", "W_O", "W_1", "W_2")}
    X = random.normal(size=(3, 4))
    later = X + np.array([[0], [0], [1]]) * random.normal(size=4)
    for norm in ("post", "pre"):
        one, other = (
            transformer_block(X=x, heads=2, norm=norm, mask="causal", **arrays)["Y"].value for x in (X, later)
        )
        np.testing.assert_array_equal(one[:2], other[:2])
        assert np.abs(one[2] - other[2]).max() > 1e-3
