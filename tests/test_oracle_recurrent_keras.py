"""Recurrent networks through time against Keras: weights straight from `get_weights`, options that torch lacks."""

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

from explain import gru, lstm, rnn

# Keras reads torch's tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
EITHER = st.booleans()
YES = {True: "yes", False: "no"}
TOPICS = {"rnn": rnn, "lstm": lstm, "gru": gru}
LAYERS = {"rnn": keras.layers.SimpleRNN, "lstm": keras.layers.LSTM, "gru": keras.layers.GRU}
ORDER = {"lstm": "ifco", "gru": "zrh"}


@pytest.fixture(scope="module", autouse=True)
def in_float64():
    """On torch, Keras works products of float64 in float32, from a table that says so."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
        yield


@keras.saving.register_keras_serializable()
def leaky(z):
    """Keras' own slope is 0.2; Bidirectional copies a layer by the names of its functions."""
    return keras.activations.leaky_relu(z, negative_slope=0.01)


@keras.saving.register_keras_serializable()
def hard_sigmoid(z):
    """Keras' formula; torch's own kernel, which Keras calls, has its slope of 1/6 in single precision."""
    return keras.ops.clip((z + 3) / 6, 0, 1)


FUNCTIONS = {
    "tanh": "tanh",
    "sigmoid": "sigmoid",
    "relu": "relu",
    "identity": "linear",
    "leaky-relu": leaky,
    "softplus": "softplus",
    "hard-sigmoid": hard_sigmoid,
}


class Network:
    """A stack of recurrent layers of Keras, their weights drawn at random."""

    def __init__(self, draw, kind, after=True):
        self.kind, self.after = kind, after
        self.random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
        self.both, self.bias, self.stated = draw(EITHER), draw(EITHER), draw(EITHER)
        self.activation = draw(st.sampled_from(list(FUNCTIONS)))
        self.gate = draw(st.sampled_from(["sigmoid", "tanh"]))
        self.samples, self.steps, features = (draw(st.integers(1, most)) for most in (3, 4, 4))
        self.units = draw(st.lists(st.integers(1, 4), min_size=1, max_size=2))
        self.x = torch.tensor(self.random.uniform(-2, 2, (self.samples, self.steps, features)), requires_grad=True)
        self.layers = [self.layer(units) for units in self.units]
        self.states = [self.state(units) for units in self.units]
        self.output = self.run()

    def layer(self, units):
        """One layer, in one direction or both."""
        options = {"use_bias": self.bias, "return_sequences": True, "dtype": "float64"}
        if self.kind != "rnn":
            options["recurrent_activation"] = self.gate
        if self.kind == "gru":
            options["reset_after"] = self.after
        layer = LAYERS[self.kind](units, activation=FUNCTIONS[self.activation], **options)
        return keras.layers.Bidirectional(layer, dtype="float64") if self.both else layer

    def state(self, units):
        """h, or h and c, of each direction."""
        return [
            [self.random.uniform(-1, 1, (self.samples, units)) for _ in range(2 if self.kind == "lstm" else 1)]
            for _ in range(1 + self.both)
        ]

    def run(self):
        """The states of the last layer at every step."""
        read = self.x
        for layer, states in zip(self.layers, self.states, strict=True):
            layer.build(read.shape)
            layer.set_weights([self.random.uniform(-1, 1, array.shape) for array in layer.get_weights()])
            first = [torch.tensor(array) for way in states for array in way]
            read = layer(read, initial_state=first if self.stated else None)
        return read

    @property
    def cells(self):
        """Each layer's cells: forward, and backward."""
        return [[layer.forward_layer, layer.backward_layer] if self.both else [layer] for layer in self.layers]

    def arguments(self):
        """The arguments of the topic, straight from `get_weights`."""
        found = {}
        for cell in (cell for layer in self.cells for cell in layer):
            kernel, recurrent, *bias = cell.get_weights()
            if self.kind == "rnn":
                given = {"U": kernel.T, "W": recurrent.T} | ({"b_h": bias[0][None]} if bias else {})
            else:
                given = {"W": kernel, "U": recurrent}
                given |= {"b": np.atleast_2d(bias[0])} if bias else {}  # a GRU has both its biases in one array
            for name, array in given.items():
                found.setdefault(name, []).append(array)
        if self.stated:
            ways = [way for layer in self.states for way in layer]
            found |= {base: [way[at] for way in ways] for at, base in enumerate(("h_0", "c_0")[: len(ways[0])])}
        found |= {"x": self.x.detach().numpy(), "bidirectional": YES[self.both], "activation": self.activation}
        if self.kind != "rnn":
            found["gate_activation"] = self.gate
        if self.kind == "gru":
            found["reset_after"] = YES[self.after]
        return found

    def mark(self, layer, way):
        """What marks a layer and direction on the page."""
        text = (str(layer + 1) if len(self.units) > 1 else "") + ("b" if way else "")
        return f"^{text}" if text else ""

    def assert_gradients(self, answer):
        """The gradient of every kernel and bias, put together from those of the gates."""
        for at, layer in enumerate(self.cells):
            for way, cell in enumerate(layer):
                mark = self.mark(at, way)
                kernel, recurrent, *bias = (weight.value.grad for weight in cell.trainable_weights)
                self.assert_joined(answer, "W", mark, kernel)
                self.assert_joined(answer, "U", mark, recurrent)
                rows = torch.atleast_2d(bias[0]) if bias else []
                for base, row in zip(("b", "b_U"), rows, strict=False):
                    self.assert_joined(answer, base, mark, row[None])

    def assert_joined(self, answer, base, mark, theirs):
        if self.kind == "rnn":
            parts = [{"W": "U", "U": "W", "b": "b_h"}[base]]
        else:
            parts = [base + ("" if base == "b_U" else "_") + gate for gate in ORDER[self.kind]]
        ours = np.vstack([answer[f"dL/d{part}{mark}"].value for part in parts])
        assert_close(ours, theirs.T, f"{base}{mark}")


def assert_close(ours, theirs, name):
    theirs = theirs.detach().numpy()
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12 * np.abs(theirs).max(), err_msg=name)


CELLS = [("rnn", True), ("lstm", True), ("gru", True), ("gru", False)]


@pytest.mark.parametrize(("kind", "after"), CELLS, ids=["rnn", "lstm", "gru-reset-after", "gru-reset-before"])
@EXAMPLES
@given(data=st.data(), last=EITHER)
def test_layers_of_keras(kind, after, data, last):
    """Protects every state and gradient of Keras' layers: both directions, stacks, batches, other activations."""
    network = Network(data.draw, kind, after)
    asked = network.output[:, -1:] if last else network.output
    target = torch.tensor(network.random.uniform(-1, 1, asked.shape))
    loss = keras.losses.mean_squared_error(target, asked).mean()
    loss.backward()
    answer = TOPICS[kind](
        **network.arguments(), target=target.numpy(), loss="mean-squared-error", reduction="mean",
        loss_on="last" if last else "every",
    )  # fmt: skip
    top = ("s_{}" if network.both else "h_{}") + (f"^{len(network.units)}" if len(network.units) > 1 else "")
    for t in range(network.steps):
        assert_close(answer[top.format(t + 1)].value, network.output[:, t].T, f"output {t + 1}")
        assert_close(answer[f"dL/dx_{t + 1}"].value, network.x.grad[:, t].T, f"dL/dx_{t + 1}")
    assert_close(answer["L"].value.item(), loss, "L")
    network.assert_gradients(answer)
    assert answer.passed


@pytest.mark.parametrize("kind", list(TOPICS))
def test_defaults_are_those_of_keras(kind):
    """Protects the defaults: the activations, and for a GRU the reset after the product and z that keeps."""
    keras.utils.set_random_seed(1)
    layer = LAYERS[kind](3, return_sequences=True, dtype="float64")
    x = np.random.default_rng(1).normal(size=(1, 4, 2))
    states = layer(torch.tensor(x))
    kernel, recurrent, bias = layer.get_weights()
    if kind == "rnn":
        answer = rnn(x=x[0], U=kernel.T, W=recurrent.T, b_h=bias)
    elif kind == "lstm":
        answer = lstm(x=x[0], W=kernel, U=recurrent, b=bias)
    else:
        answer = gru(x=x[0], W=kernel, U=recurrent, b=bias)
        apart = gru(x=x[0], W=kernel, U=recurrent, b=bias[0], b_U=bias[1])
        assert [step.value.tolist() for step in apart.steps] == [step.value.tolist() for step in answer.steps]
    for t in range(4):
        assert_close(answer[f"h_{t + 1}"].value[:, 0], states[0, t], f"h_{t + 1}")


def test_what_a_bidirectional_layer_gives_without_sequences():
    """Protects the difference: Keras hands on both last states, the page's s_T stands at the last position."""
    layer = keras.layers.Bidirectional(keras.layers.LSTM(2, dtype="float64"), dtype="float64")
    x = np.random.default_rng(2).normal(size=(1, 3, 2))
    joined = layer(torch.tensor(x))
    weights = [cell.get_weights() for cell in (layer.forward_layer, layer.backward_layer)]
    W, U, b = ([way[at] for way in weights] for at in range(3))
    answer = lstm(x=x[0], W=W, U=U, b=[row[None] for row in b], bidirectional="yes")
    both = np.vstack([answer["h_3"].value, answer["h_1^b"].value])
    assert_close(both[:, 0], joined[0], "both directions at their ends")
