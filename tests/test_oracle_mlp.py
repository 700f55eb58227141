"""The multilayer perceptron against PyTorch's autograd in float64, and against mpmath where PyTorch loses digits."""

from __future__ import annotations

from typing import NamedTuple

import mpmath
import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch.autograd.functional import jacobian
from torch.nn import functional

from explain import InputError, mlp

HIDDEN = ("sigmoid", "tanh", "relu", "leaky-relu", "identity")
LAST = {"binary-cross-entropy": ("sigmoid",), "cross-entropy": ("softmax",)}
LOSSES = ("squared-error", "half-squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy")
FUNCTIONS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": functional.relu,
    "leaky-relu": functional.leaky_relu,
    "identity": torch.clone,
    "softmax": lambda z: functional.softmax(z, dim=1),
}
# Beyond these sizes an output is saturated and PyTorch's own gradients lose digits; those cases have tests below.
MODERATE = {"sigmoid": 12.0, "tanh": 6.0, "softmax": 6.0}
SAMPLES = st.integers(1, 4)
EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)


class Network(NamedTuple):
    """A network and its data, one sample a row as PyTorch has it."""

    x: np.ndarray
    W: list[np.ndarray]
    b: list[np.ndarray] | None
    activations: list[str]
    target: np.ndarray | None
    loss: str | None

    def keywords(self, form=lambda array: array):
        """The arguments of `mlp`, every array in the given form."""
        known = {
            "x": form(self.x),
            "W": [form(weight) for weight in self.W],
            "b": None if self.b is None else [form(bias) for bias in self.b],
            "activation": self.activations,
            "target": None if self.target is None else form(self.target),
            "loss": self.loss,
        }
        return {name: value for name, value in known.items() if value is not None}


@st.composite
def networks(draw, loss, batches=SAMPLES):
    """Networks of 1-4 layers with 1-5 units; their shape is drawn, their numbers come from a seed."""
    widths = draw(st.lists(st.integers(1, 5), min_size=2, max_size=5))
    batch, layers = draw(batches), len(widths) - 1
    activations = [draw(st.sampled_from(HIDDEN)) for _ in range(layers - 1)]
    activations.append(draw(st.sampled_from(LAST.get(loss, (*HIDDEN, "softmax")))))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    weights = [random.uniform(-1.5, 1.5, size) for size in zip(widths[1:], widths[:-1], strict=True)]
    biases = [random.uniform(-1.5, 1.5, size) for size in widths[1:]] if draw(st.booleans()) else None
    target = random.uniform(-2, 2, (batch, widths[-1]))
    hard = draw(st.booleans())
    if loss == "binary-cross-entropy":
        target = random.integers(0, 2, target.shape).astype(float) if hard else random.uniform(0, 1, target.shape)
    if loss == "cross-entropy":
        target = np.eye(widths[-1])[random.integers(0, widths[-1], batch)] if hard else np.exp(target)
        target = target / target.sum(axis=1, keepdims=True)
    return Network(random.uniform(-2, 2, (batch, widths[0])), weights, biases, activations, target, loss)


def tensor(array):
    """A leaf of the autograd graph."""
    return torch.tensor(np.asarray(array, dtype=float), dtype=torch.float64, requires_grad=True)


def torch_loss(name, prediction, target):
    """The loss by the conventions of the topic: mean over the samples."""
    samples = prediction.shape[0]
    if name == "squared-error":
        return functional.mse_loss(prediction, target, reduction="sum") / samples
    if name == "half-squared-error":
        return functional.mse_loss(prediction, target, reduction="sum") / (2 * samples)
    if name == "mean-squared-error":
        return functional.mse_loss(prediction, target)
    if name == "binary-cross-entropy":
        return functional.binary_cross_entropy(prediction, target)
    return -torch.special.xlogy(target, prediction).sum() / samples


def torch_pass(network):
    """Every forward quantity and every gradient by PyTorch, under our names and in our shapes."""
    h, last = tensor(network.x), len(network.W)
    graph = {}
    for at, (weight, activation) in enumerate(zip(network.W, network.activations, strict=True), 1):
        W = graph[f"W_{at}"] = tensor(weight)
        b = None
        if network.b is not None:
            b = graph[f"b_{at}"] = tensor(network.b[at - 1])
        z = graph[f"z_{at}"] = functional.linear(h, W, b)
        h = graph["yhat" if at == last else f"h_{at}"] = FUNCTIONS[activation](z)
    for quantity in graph.values():
        quantity.retain_grad()
    target = torch.tensor(network.target)
    loss = torch_loss(network.loss, h, target)
    if network.loss == "cross-entropy":
        torch.testing.assert_close(loss, functional.cross_entropy(z, target), rtol=1e-10, atol=1e-13)
    loss.backward()
    found = {"L": loss.detach().numpy()}
    for name, quantity in graph.items():
        if name[0] == "W":
            found[f"dL/d{name}"] = quantity.grad.numpy()
        elif name[0] == "b":
            found[f"dL/d{name}"] = quantity.grad.numpy()[:, None]
        else:
            found[name] = quantity.detach().numpy().T
            found[f"dL/d{name}"] = quantity.grad.numpy().T
    return found


def moderate(network, found):
    """Whether no activation is saturated and no rectifier stands at its kink."""
    for at, activation in enumerate(network.activations, 1):
        size = np.abs(found[f"z_{at}"])
        if activation in ("relu", "leaky-relu") and size.min() <= 1e-6:
            return False
        if size.max() > MODERATE.get(activation, np.inf):
            return False
    return True


def assert_same(ours, theirs, name=""):
    """Equal to nine digits, with the same shape."""
    assert np.shape(ours) == np.shape(theirs), name
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12, err_msg=name)


def relative(ours, exact):
    """The relative distance of one number from mpmath's."""
    return float(abs((mpmath.mpf(float(ours)) - exact) / exact))


def single(z, activation, target, loss):
    """One layer whose pre-activations are `z` itself: the input is `z`, the weights are the identity."""
    z = np.atleast_2d(np.asarray(z, dtype=float))
    return mlp(x=z, W=[np.eye(z.shape[1])], activation=activation, target=np.atleast_2d(target), loss=loss)


@pytest.mark.parametrize("loss", LOSSES)
@EXAMPLES
@given(data=st.data(), as_lists=st.booleans())
def test_every_quantity_is_that_of_pytorch(loss, data, as_lists):
    """Protects z, h, ŷ, L and every gradient, for every activation, loss, depth, width and batch."""
    network = data.draw(networks(loss))
    found = torch_pass(network)
    assume(moderate(network, found))
    answer = mlp(**network.keywords(np.ndarray.tolist if as_lists else np.asarray))
    whole = {name for name in answer.names if name.startswith("dL/") or ("/" not in name and not name.startswith("r_"))}
    assert whole == set(found)
    for name, theirs in found.items():
        assert_same(answer[name].value, theirs, name)


@EXAMPLES
@given(network=networks("squared-error"))
def test_forward_pass_alone_is_that_of_pytorch(network):
    """Protects the answer without a target: the same z and h, and no step of a backward pass."""
    found = torch_pass(network)
    answer = mlp(**network._replace(target=None, loss=None).keywords())
    assert set(answer.names) == {name for name in found if "/" not in name} - {"L"}
    for step in answer.steps:
        assert_same(step.value, found[step.name], step.name)


@pytest.mark.parametrize("loss", LOSSES)
def test_arrays_lists_and_text_give_the_same(loss):
    """Protects the three ways to hand numbers over: the very same floats come out."""
    random = np.random.default_rng(7)
    target = np.array([[0.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    network = Network(
        random.normal(size=(3, 4)).round(6),
        [random.normal(size=(3, 4)).round(6), random.normal(size=(2, 3)).round(6)],
        [random.normal(size=3).round(6), random.normal(size=2).round(6)],
        ["tanh", LAST.get(loss, ("leaky-relu",))[0]],
        target,
        loss,
    )

    def text(array):
        return ";".join(",".join(map(repr, row)) for row in np.atleast_2d(array).tolist())

    reference = mlp(**network.keywords())
    for form in (np.ndarray.tolist, text):
        answer = mlp(**network.keywords(form))
        assert answer.names == reference.names
        for step in reference.steps:
            np.testing.assert_array_equal(answer[step.name].value, step.value, err_msg=step.name)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
def test_derivative_at_a_kink_is_that_of_pytorch(activation):
    """Protects the convention at exactly 0: the slope from the left, 0 for ReLU and 0.01 for LeakyReLU."""
    network = Network(
        np.array([[1.0, 2.0], [3.0, 0.5], [0.0, 0.0]]),
        [np.array([[2.0, -1.0], [1.0, 1.0], [-1.0, 0.0]]), np.array([[1.0, 2.0, 3.0]])],
        None,
        [activation, "identity"],
        np.array([[1.0], [2.0], [3.0]]),
        "half-squared-error",
    )
    found, answer = torch_pass(network), mlp(**network.keywords())
    assert answer["z_1"].value[0, 0] == 0
    assert answer["dh_1/dz_1"].value[0, 0] == (0 if activation == "relu" else 0.01)
    for name, theirs in found.items():
        assert_same(answer[name].value, theirs, name)


@pytest.mark.parametrize("activation", ["relu", "leaky-relu"])
def test_a_kink_in_the_output_layer(activation):
    """Protects the kink where the loss is taken of the rectified value itself."""
    network = Network(
        np.array([[1.0, 2.0]]), [np.array([[2.0, -1.0]])], None, [activation], np.array([[3.0]]), "squared-error"
    )
    found, answer = torch_pass(network), mlp(**network.keywords())
    for name, theirs in found.items():
        assert_same(answer[name].value, theirs, name)


def test_no_check_fails_at_a_kink():
    """Protects a right answer from a false ✗: at a kink a symmetric difference is no derivative."""
    answer = mlp(x=[1, 1], W=[[[1, -1]]], activation="relu", target=1, loss="half-squared-error")
    assert answer.passed
    assert "✗" not in str(answer)
    batch = mlp(x=[[1, 1], [2, 1]], W=[[[1, -1]]], activation="relu", target=[[3], [3]], loss="half-squared-error")
    assert batch.passed
    assert "✗" not in str(batch)


@pytest.mark.parametrize("target", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("z", [800.0, -800.0])
def test_saturated_sigmoid_with_binary_cross_entropy(z, target):
    """Protects the loss and gradients where σ(z) is exactly 0 or 1 in floats, and that the answer says so."""
    answer = single(z, "sigmoid", target, "binary-cross-entropy")
    logits = tensor([[z]])
    loss = functional.binary_cross_entropy_with_logits(logits, torch.tensor([[target]], dtype=torch.float64))
    loss.backward()
    assert_same(answer["L"].value.item(), loss.item())
    assert_same(answer["dL/dz_1"].value, logits.grad.numpy())
    assert_same(answer["dL/dW_1"].value, logits.grad.numpy() * z)
    assert "saturated" in str(answer)


def test_saturated_samples_in_a_batch():
    """Protects the means over outputs and samples where the loss is taken from the logits."""
    z = np.array([[800.0, -800.0, 0.3], [-2.0, 30.0, 1.5]])
    target = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.5]])
    answer = single(z, "sigmoid", target, "binary-cross-entropy")
    logits = tensor(z)
    loss = functional.binary_cross_entropy_with_logits(logits, torch.tensor(target))
    loss.backward()
    assert_same(answer["L"].value.item(), loss.item())
    assert_same(answer["dL/dz_1"].value, logits.grad.numpy().T)
    assert_same(answer["dL/dW_1"].value, logits.grad.numpy().T @ z)


@pytest.mark.parametrize("target", [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.2, 0.3, 0.5]])
def test_saturated_softmax_with_cross_entropy(target):
    """Protects the loss and gradients where a probability is exactly 0 or 1 in floats, and that the answer says so."""
    answer = single([800, 0, -5], "softmax", target, "cross-entropy")
    logits = tensor([[800, 0, -5]])
    loss = functional.cross_entropy(logits, torch.tensor([target], dtype=torch.float64))
    loss.backward()
    assert_same(answer["L"].value.item(), loss.item())
    assert_same(answer["dL/dz_1"].value, logits.grad.numpy().T)
    assert_same(answer["dL/dW_1"].value, logits.grad.numpy().T @ np.array([[800.0, 0, -5]]))
    assert "saturated" in str(answer)


def test_saturated_softmax_in_a_batch():
    """Protects the mean over samples where only one of them is saturated."""
    z = np.array([[800.0, 0.0, -5.0], [0.5, -1.0, 2.0], [-3.0, -900.0, 900.0]])
    target = np.array([[0.0, 1.0, 0.0], [0.1, 0.2, 0.7], [1.0, 0.0, 0.0]])
    answer = single(z, "softmax", target, "cross-entropy")
    logits = tensor(z)
    loss = functional.cross_entropy(logits, torch.tensor(target))
    loss.backward()
    assert_same(answer["L"].value.item(), loss.item())
    assert_same(answer["dL/dz_1"].value, logits.grad.numpy().T)


@pytest.mark.parametrize("z", [14.0, 17.0, 20.0, 40.0, 300.0])
@pytest.mark.parametrize("right", [True, False])
def test_loss_of_a_sure_sigmoid_keeps_its_digits(z, right):
    """Protects the promise that a saturated loss and its gradient stay exact, also where they are tiny."""
    answer = single(z, "sigmoid", float(right), "binary-cross-entropy")
    with mpmath.workdps(200):
        power = mpmath.exp(-mpmath.mpf(z))
        loss = mpmath.log1p(power) + (0 if right else z)
        gradient = (-power if right else 1) / (1 + power)
        assert relative(answer["L"].value.item(), loss) < 1e-9
        assert relative(answer["dL/dz_1"].value.item(), gradient) < 1e-9
    assert "✗" not in str(answer)


@pytest.mark.parametrize("z", [14.0, 17.0, 20.0, 40.0, 300.0])
@pytest.mark.parametrize("right", [True, False])
def test_loss_of_a_sure_softmax_keeps_its_digits(z, right):
    """Protects the same promise for softmax with cross-entropy: both classes, both gradients."""
    answer = single([z, 0.0], "softmax", [1, 0] if right else [0, 1], "cross-entropy")
    with mpmath.workdps(200):
        power = mpmath.exp(-mpmath.mpf(z))
        loss = mpmath.log1p(power) + (0 if right else z)
        gradient = (-power if right else 1) / (1 + power)
        assert relative(answer["L"].value.item(), loss) < 1e-9
        assert relative(answer["dL/dz_1"].value[0, 0], gradient) < 1e-9
        assert relative(answer["dL/dz_1"].value[1, 0], -gradient) < 1e-9
    assert "✗" not in str(answer)


def finite_or_refused(z, activation, target, loss):
    """The answer, every number of it finite; None where the question was refused and the refusal names why."""
    told = ""
    try:
        answer = single(z, activation, target, loss)
    except InputError as refused:
        answer, told = None, str(refused)
    if answer is None:
        assert activation in told
    else:
        assert all(np.isfinite(step.value).all() for step in answer.steps)
    return answer


@pytest.mark.parametrize("z", [[800.0, 0.0, -5.0], [30.0, -30.0, 0.0]])
def test_saturated_softmax_with_binary_cross_entropy(z):
    """Protects softmax with a loss that is not its usual one: no NaN and no warning, but the value or a refusal."""
    answer = finite_or_refused(z, "softmax", [1.0, 0.0, 0.0], "binary-cross-entropy")
    if answer is not None:
        with mpmath.workdps(60):
            powers = [mpmath.exp(mpmath.mpf(value)) for value in z]
            p = [power / mpmath.fsum(powers) for power in powers]
            # The mean over 3 outputs: -log p for the first, -log(1 - p) for the others.
            loss = -(mpmath.log(p[0]) + mpmath.log1p(-p[1]) + mpmath.log1p(-p[2])) / 3
        assert_same(answer["L"].value.item(), float(loss))


def test_saturated_sigmoid_with_cross_entropy():
    """Protects sigmoid outputs with cross-entropy: -log σ(-800) is 800, not infinite; or the question is refused."""
    answer = finite_or_refused([-800.0, 0.5], "sigmoid", [1, 0], "cross-entropy")
    if answer is not None:
        assert_same(answer["L"].value.item(), 800.0)
        assert_same(answer["dL/dz_1"].value, np.array([[-1.0], [0.0]]))


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
@pytest.mark.parametrize("z", [7.5, 8.5, 15.5, 17.0, 40.0, -8.5, -40.0])
def test_hidden_saturation_keeps_its_digits(activation, z):
    """Protects the gradient through a saturated hidden unit; 1 - σ(z) and 1 - tanh² z would have lost it."""
    x, out, target = np.array([0.5, 0.25]), np.array([[0.75, -1.25]]), 2.0
    weights = np.array([[z, 2 * z], [0.5, -0.25]])
    answer = mlp(x=x, W=[weights, out], activation=[activation, "identity"], target=target, loss="half-squared-error")
    with mpmath.workdps(60):
        inner = [mpmath.mpf(float(value)) for value in weights @ x]
        if activation == "sigmoid":
            h = [1 / (1 + mpmath.exp(-value)) for value in inner]
            slopes = [mpmath.exp(-value) / (1 + mpmath.exp(-value)) ** 2 for value in inner]
        else:
            h = [mpmath.tanh(value) for value in inner]
            slopes = [mpmath.sech(value) ** 2 for value in inner]
        error = mpmath.fsum(float(w) * value for w, value in zip(out[0], h, strict=True)) - target
        for row in range(2):
            for column in range(2):
                exact = error * float(out[0, row]) * slopes[row] * float(x[column])
                assert relative(answer["dL/dW_1"].value[row, column], exact) < 1e-9
    if abs(z) > 30 and (activation == "tanh" or z > 0):
        assert "saturated" in str(answer)


@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_vanished_gradients_stay_finite(activation):
    """Protects z = ±800 in a hidden layer: the derivative is too small for a float, so 0, and never NaN."""
    answer = mlp(
        x=[1.0, -1.0], W=[[[400.0, -400.0], [-400.0, 400.0]], [[1.0, 1.0]]], activation=[activation, "identity"],
        target=0.5, loss="squared-error",
    )  # fmt: skip
    assert (answer["dL/dW_1"].value == 0).all()
    assert all(np.isfinite(step.value).all() for step in answer.steps)


def jacobian_of(step):
    """The Jacobian that a local derivative stands for: axes of its output, then axes of its input."""
    form, value = step.local.form, step.value
    outputs = step.local.of.shape[0]
    if form == "slice":
        return np.einsum("ik,j->ikj", np.eye(outputs), value[0])
    if form == "diagonal":
        return np.diag(value[:, 0])
    return value.reshape(outputs, *step.local.wrt.shape) if step.local.wrt.name.startswith("W") else value


def torch_jacobian(network, answer, of, wrt):
    """∂of/∂wrt by PyTorch, for one sample: the part of the network between the two, in our column shapes."""
    layers, values = len(network.W), answer.values

    def linear(at, h, W=None):
        bias = None if network.b is None else torch.tensor(network.b[at - 1])
        return functional.linear(h, torch.tensor(network.W[at - 1]) if W is None else W, bias)

    def between(start):
        row = start.T  # columns are samples here, rows are for PyTorch
        at = layers if of == "yhat" else int(of[2:])
        if wrt[0] == "W":
            before = network.x if at == 1 else values[f"h_{at - 1}"].T
            return linear(at, torch.tensor(before), start)
        if wrt[0] == "h":
            return linear(at, row)
        after = FUNCTIONS[network.activations[int(wrt[2:]) - 1]](row)
        return linear(at, after) if of[0] == "z" else after

    start = torch.tensor(network.W[int(wrt[2:]) - 1] if wrt[0] == "W" else values[wrt])
    found = jacobian(between, start).numpy()
    return found.reshape(found.shape[1], *start.shape) if wrt[0] == "W" else found[0, :, :, 0]


@pytest.mark.parametrize("loss", ["half-squared-error", "cross-entropy"])
@EXAMPLES
@given(data=st.data())
def test_local_derivatives_are_the_jacobians_of_pytorch(loss, data):
    """Protects ∂z/∂h, ∂z/∂W, ∂h/∂z, ∂ŷ/∂z and ∂z₂/∂z₁ for one sample: rows are outputs, columns are inputs."""
    network = data.draw(networks(loss, batches=st.just(1)))
    assume(moderate(network, torch_pass(network)))
    answer = mlp(**network.keywords())
    layers = len(network.W)
    named = [name for name in answer.names if "/" in name and not name.startswith("dL/")]
    for name in named:
        of, wrt = (part[1:] for part in name.split("/"))
        assert_same(jacobian_of(answer[name]), torch_jacobian(network, answer, of, wrt), name)
    expected = {f"dz_{at}/dW_{at}" for at in range(1, layers + 1)}
    expected |= {f"dz_{at + 1}/dh_{at}" for at in range(1, layers)}
    for at, activation in enumerate(network.activations, 1):
        from_logits = "dL/dyhat" not in answer.names and at == layers
        if activation != "identity" and not from_logits:
            expected.add(f"d{'yhat' if at == layers else f'h_{at}'}/dz_{at}")
            if at < layers:
                expected.add(f"dz_{at + 1}/dz_{at}")
    assert expected <= set(named)
