"""A chain of layers with values against the same layers of torch in float64: values and every gradient."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import InputError, cnn

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "sigmoid": torch.nn.Sigmoid, "gelu": torch.nn.GELU}


@st.composite
def chains(draw):
    """The words of a chain, the layers of torch that they mean, and a shape that fits."""
    shape = (draw(st.integers(1, 2)), draw(st.integers(4, 7)), draw(st.integers(4, 7)))
    words, layers = [], []
    channels, size = shape[0], np.array(shape[1:])
    for _ in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(("conv", "conv", "pool", "avgpool", "residual", "activation")))
        if kind == "conv":
            filters, kernel, stride = (draw(st.integers(1, most)) for most in (2, 3, 2))
            padding, bias = draw(st.integers(0, 1)), draw(st.booleans())
            if min(size) + 2 * padding < kernel:
                continue
            words.append(f"conv {filters} {kernel}x{kernel} stride {stride} pad {padding}" + " no-bias" * (not bias))
            layers.append(torch.nn.Conv2d(channels, filters, kernel, stride, padding, bias=bias))
            channels, size = filters, (size + 2 * padding - kernel) // stride + 1
        elif kind in ("pool", "avgpool") and min(size) >= 2:
            words.append(f"{kind} 2")
            layers.append(torch.nn.MaxPool2d(2) if kind == "pool" else torch.nn.AvgPool2d(2))
            size = size // 2
        elif kind == "residual":
            words += ["skip", f"conv {channels} 3x3 same", "relu", f"conv {channels} 1x1", "add"]
            layers.append(Residual(channels))
        elif kind == "activation":
            name = draw(st.sampled_from(sorted(ACTIVATIONS)))
            words.append(name)
            layers.append(ACTIVATIONS[name]())
    units = draw(st.integers(1, 3))
    words += ["flatten", f"dense {units}"]
    layers += [torch.nn.Flatten(0), torch.nn.Linear(channels * int(size.prod()), units)]
    return words, layers, shape, draw(st.integers(0, 2**32 - 1))


class Residual(torch.nn.Module):
    """Two convolutions, and what arrived added."""

    def __init__(self, channels):
        super().__init__()
        self.first = torch.nn.Conv2d(channels, channels, 3, padding=1)
        self.second = torch.nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        """The sum of both ways."""
        return x + self.second(torch.relu(self.first(x)))


def parameters(words, layers, random):
    """Weights by the names that the chain gives them, put into the layers of torch too."""
    named, at = {}, 0
    modules = [m for layer in layers for m in layer.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    for place, word in enumerate(words, 1):
        if word.split()[0] not in ("conv", "dense"):
            continue
        module, at = modules[at].double(), at + 1
        for letter, value in (("W", module.weight), ("b", module.bias)):
            if value is not None:
                array = random.uniform(-1, 1, tuple(value.shape))
                value.data = torch.tensor(array)
                named[f"{letter}_{place}"] = (array, value)
    return named


@given(chains())
@EXAMPLES
def test_values_and_gradients(drawn):
    """Protects the whole chain: the output and every gradient against torch."""
    words, layers, shape, seed = drawn
    random = np.random.default_rng(seed)
    named = parameters(words, layers, random)
    X = random.uniform(-2, 2, shape)
    x = torch.tensor(X, requires_grad=True)
    output = torch.nn.Sequential(*layers).double()(x)
    arriving = random.uniform(-1, 1, tuple(output.shape))
    output.backward(torch.tensor(arriving))
    answer = cnn(", ".join(words), X=X, weights={name: array for name, (array, _) in named.items()}, dY=arriving)
    assert answer.passed
    last = answer.results[0]
    np.testing.assert_allclose(answer[last].value.ravel(), output.detach().numpy(), rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(answer["dL/dX"].value, x.grad.numpy(), rtol=1e-9, atol=1e-11)
    for name, (array, value) in named.items():
        found = answer[f"dL/d{name}"].value.reshape(array.shape)
        np.testing.assert_allclose(found, value.grad.numpy(), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize(("loss", "last"), [("cross-entropy", "softmax"), ("binary-cross-entropy", "sigmoid")])
@pytest.mark.parametrize("scale", [1.0, 300.0])
def test_a_loss_at_the_end(loss, last, scale):
    """Protects the loss of a chain, also where its activation is saturated: against torch from the logits."""
    random = np.random.default_rng(7)
    X, kernel, weight = (random.uniform(-1, 1, size) for size in ((1, 4, 4), (2, 1, 3, 3), (3, 8)))
    weight = weight * scale
    target = np.array([0.0, 1.0, 0.0])
    x, k, w = (torch.tensor(value, requires_grad=True) for value in (X, kernel, weight))
    logits = w @ torch.relu(torch.nn.functional.conv2d(x, k)).reshape(-1)
    goal = torch.tensor(target)
    if loss == "cross-entropy":
        value = torch.nn.functional.cross_entropy(logits, goal)
    else:
        value = torch.nn.functional.binary_cross_entropy_with_logits(logits, goal)
    value.backward()
    answer = cnn(
        f"conv 2 3x3 no-bias, relu, flatten, dense 3 no-bias, {last}",
        X=X, weights={"W_1": kernel, "W_4": weight}, target=target, loss=loss,
    )  # fmt: skip
    assert answer.passed
    np.testing.assert_allclose(answer["L"].value, value.item(), rtol=1e-9, atol=1e-100)
    for name, grad in (("X", x.grad), ("W_1", k.grad), ("W_4", w.grad)):
        np.testing.assert_allclose(answer[f"dL/d{name}"].value, grad.numpy(), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("learned", [True, False])
def test_batch_normalisation_as_at_inference(learned):
    """Protects batchnorm in a chain: running averages are no parameters, scale and shift are."""
    random = np.random.default_rng(11)
    X, W = random.uniform(-1, 1, (1, 3, 3)), random.uniform(-1, 1, (2, 1, 2, 2))
    mu, v, gamma, beta = (random.uniform(0.5, 2, 2) for _ in range(4))
    arriving = random.uniform(-1, 1, (2, 2, 2))
    tensors = [torch.tensor(value, requires_grad=True) for value in (X, W, gamma, beta)]
    scaled = tensors[2:] if learned else [None, None]
    maps = torch.nn.functional.conv2d(tensors[0][None], tensors[1])
    found = torch.nn.functional.batch_norm(maps, torch.tensor(mu), torch.tensor(v), *scaled, eps=1e-5).relu()[0]
    found.backward(torch.tensor(arriving))
    given = {"W_1": W, "mu_2": mu, "v_2": v} | ({"gamma_2": gamma, "beta_2": beta} if learned else {})
    answer = cnn("conv 2 2x2, batchnorm, relu", X=X, weights=given, dY=arriving)
    assert answer.passed
    np.testing.assert_allclose(answer["A_3"].value, found.detach().numpy(), rtol=1e-9)
    names = ["X", "W_1", *(["gamma_2", "beta_2"] if learned else [])]
    for name, tensor in zip(names, tensors, strict=False):
        np.testing.assert_allclose(
            answer[f"dL/d{name}"].value.reshape(tensor.shape), tensor.grad.numpy(), rtol=1e-9, atol=1e-12
        )
    assert "dL/dmu_2" not in answer.names


@pytest.mark.parametrize(
    ("word", "settings"),
    [
        ("transposed 3 3x3 stride 2 pad 1", {"stride": 2, "padding": 1}),
        ("transposed 3 3x3 stride 2 pad 1 output-padding 1", {"stride": 2, "padding": 1, "output_padding": 1}),
        ("transposed 3 2x2 dilation 2 pad 0 no-bias", {"dilation": 2}),
    ],
)
def test_a_transposed_convolution(word, settings):
    """Protects the stamping layer of a chain: values and gradients against torch."""
    random = np.random.default_rng(5)
    size = 2 if "2x2" in word else 3
    X, W, b = random.uniform(-1, 1, (2, 3, 4)), random.uniform(-1, 1, (2, 3, size, size)), random.uniform(-1, 1, 3)
    tensors = [torch.tensor(value, requires_grad=True) for value in (X, W, b)]
    bias = None if "no-bias" in word else tensors[2]
    found = torch.nn.functional.conv_transpose2d(tensors[0][None], tensors[1], bias, **settings)[0].tanh()
    arriving = random.uniform(-1, 1, tuple(found.shape))
    found.backward(torch.tensor(arriving))
    given = {"W_1": W} | ({} if bias is None else {"b_1": b})
    answer = cnn(f"{word}, tanh", X=X, weights=given, dY=arriving)
    assert answer.passed
    np.testing.assert_allclose(answer["A_2"].value, found.detach().numpy(), rtol=1e-9, atol=1e-12)
    for name, tensor in zip(("X", *given), tensors, strict=False):
        np.testing.assert_allclose(
            answer[f"dL/d{name}"].value.reshape(tensor.shape), tensor.grad.numpy(), rtol=1e-9, atol=1e-12
        )


def test_other_layers():
    """Protects depthwise and grouped convolutions, strides with same padding, global pools and one dimension."""
    random = np.random.default_rng(3)
    X, W = random.uniform(-1, 1, (2, 5, 5)), random.uniform(-1, 1, (2, 3, 3))
    x = torch.tensor(X)
    conv = torch.nn.functional.conv2d(x[None], torch.tensor(W)[:, None], groups=2)[0]
    for words, expected in (
        ("depthwise 3x3, globalpool max", conv.amax((1, 2))),
        ("conv 2 3x3 groups 2, globalavgpool", conv.mean((1, 2))),
        ("conv 2 3x3 groups 2, dropout 0.5, avgpool 3", torch.nn.functional.avg_pool2d(conv, 3).reshape(-1)),
    ):
        given = W if words.startswith("depthwise") else W[:, None]
        answer = cnn(words, X=X, weights={"W_1": given})
        np.testing.assert_allclose(answer[answer.results[0]].value.ravel(), expected.numpy(), rtol=1e-12)
    rows = random.uniform(-1, 1, (2, 6))
    kernel = random.uniform(-1, 1, (3, 2, 2))
    answer = cnn("conv 3 2 no-bias, tanh, pool 2", X=rows, dims=1, weights={"W_1": kernel})
    expected = torch.nn.functional.conv1d(torch.tensor(rows), torch.tensor(kernel)).tanh()
    expected = torch.nn.functional.max_pool1d(expected, 2)
    np.testing.assert_allclose(answer["P_3"].value, expected.numpy(), rtol=1e-12)


@pytest.mark.parametrize(
    ("chain", "given", "told"),
    [
        ("conv 1 2x2", {}, "W_1 is missing: layer 1, conv 1 2x2, needs 1x1x2x2 (weights"),
        ("conv 1 2x2", {"W_1": [[1, 2, 3]]}, "W_1 is 1x3, but layer 1, conv 1 2x2, needs 1x1x2x2"),
        (
            "conv 1 2x2",
            {"W_1": [[1, 2], [3, 4]], "W_3": [1]},
            "W_3 belongs to no layer of the chain: there are W_1, b_1",
        ),
        ("lstm 3", {}, "layer 1, lstm 3"),
        ("relu, add", {}, "layer 2, add: nothing was kept"),
        ("skip, relu", {}, "a skip has no add after it"),
        ("dropout 0.5", {}, "the chain does nothing to X"),
        ("relu, dense 2", {}, "flatten first"),
        ("softmax", {}, "flatten first"),
        ("conv 1 5x5", {"W_1": [[1] * 5] * 5}, "its window covers 5 places, but 3 arrived"),
    ],
)
def test_what_does_not_fit_is_refused(chain, given, told):
    """Protects the errors of a chain: the layer, the weight, the shapes, the mend."""
    with pytest.raises(InputError) as refused:
        cnn(chain, X=[[1, 2, 3], [4, 5, 6], [7, 8, 9]], weights=given)
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"target": [1]}, "target is given, but loss is missing"),
        ({"loss": "squared-error"}, "loss is given, but target is missing"),
        ({"loss": "squared-error", "target": [1], "dY": [[1]]}, "dY and loss are both given"),
        ({"loss": "squared-error", "target": [1, 2]}, "target has 2 numbers, but the output of the chain is 1x3x3"),
        ({"dY": [[1, 2]]}, "dY is 1x2, but A_1 is 1x3x3"),
        ({"X": np.zeros((2, 1, 3, 3))}, "X is 2x1x3x3: one sample belongs here"),
    ],
)
def test_losses_and_targets_go_together(more, told):
    """Protects what belongs together."""
    with pytest.raises(InputError) as refused:
        cnn("relu", **({"X": [[1, 2, 3], [4, 5, 6], [7, 8, 9]]} | more))
    assert told in str(refused.value)
