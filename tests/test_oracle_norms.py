"""Normalisation against PyTorch and Keras in float64, against direct sums in plain Python, and against fractions."""

from __future__ import annotations

import math
import os
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from keras.src.backend.common import dtypes
from torch.nn import functional

from explain import batch_norm, group_norm, instance_norm, layer_norm, rms_norm
from explain.errors import InputError

# Keras reads torch's tensors in a way that NumPy 2 warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)
EITHER = st.booleans()
SIZE = st.integers(1, 4)
# The letters of the axes and what `layout` they need.
LETTERS = {"ND": "CHW", "CHW": "CHW", "NCL": "NCL", "NCHW": "CHW"}


class Drawn:
    """Random numbers of one shape, with γ, β and the gradient from above."""

    def __init__(self, draw, letters, own, least=1):
        self.letters, self.layout = letters, LETTERS.get(letters, letters)
        sizes = {letter: draw(SIZE) for letter in letters}
        self.shape = tuple(sizes.values())
        self.sizes = sizes
        random = np.random.default_rng(draw(SEEDS))
        self.random = random
        self.X = random.normal(draw(st.sampled_from([0, 3])), 1.5, self.shape)
        self.dY = random.normal(size=self.shape)
        self.own = tuple(sizes[letter] for letter in own)
        self.gamma, self.beta = random.normal(size=self.own), random.normal(size=self.own)
        self.eps = draw(st.sampled_from([1e-5, 1e-3, 0.5]))

    def arguments(self, *left_out):
        """The keyword arguments of the topic."""
        given = {name: getattr(self, name) for name in ("X", "gamma", "beta", "eps", "dY")}
        given["layout"] = self.layout
        return {name: value for name, value in given.items() if name not in left_out}

    def tensors(self):
        """X, γ and β as leaves of the autograd graph."""
        return [torch.tensor(value, requires_grad=True) for value in (self.X, self.gamma, self.beta)]

    def per_channel(self, tensor):
        """One number a channel, as it meets the array."""
        return tensor.reshape([-1 if letter in "CD" else 1 for letter in self.letters])


def by_steps(X, axes, eps, centred=True):
    """Mean, variance and X̂ in the autograd graph, every one with its gradient kept."""
    mean = X.mean(dim=axes, keepdim=True) if centred else torch.zeros(())
    square = ((X - mean) ** 2).mean(dim=axes, keepdim=True)
    normal = (X - mean) / torch.sqrt(square + eps)
    for kept in (mean, square, normal):
        if kept.requires_grad:
            kept.retain_grad()
    return mean, square, normal


def same(answer, name, theirs):
    """Equal to nine digits; what is one number for each mean may have another shape."""
    ours = answer[name].value
    theirs = theirs.detach().numpy() if isinstance(theirs, torch.Tensor) else np.asarray(theirs)
    assert ours.size == theirs.size, name
    scale = max(1.0, float(np.abs(theirs).max()))
    np.testing.assert_allclose(ours.ravel(), theirs.ravel(), rtol=1e-9, atol=1e-9 * scale, err_msg=name)


def assert_steps(answer, mean, square, normal, names=("mu", "sigma2", "Xhat")):
    """Mean, variance and X̂ with their gradients."""
    for name, tensor in zip(names, (mean, square, normal), strict=True):
        if name:
            same(answer, name, tensor)
            same(answer, f"dL/d{name}", tensor.grad)
    assert answer.passed


def assert_ends(answer, Y, X, gamma, beta=None):
    """Y and the gradients of what was given."""
    same(answer, "Y", Y)
    same(answer, "dL/dX", X.grad)
    same(answer, "dL/dgamma", gamma.grad)
    if beta is not None:
        same(answer, "dL/dbeta", beta.grad)
    assert answer["Y"].value.shape == answer["dL/dX"].value.shape == tuple(X.shape)


def worked_in_batches(drawn):
    """Axes of the mean of a batch."""
    return tuple(at for at, letter in enumerate(drawn.letters) if letter not in "CD")


@EXAMPLES
@given(data=st.data(), letters=st.sampled_from(list(LETTERS)), keras_too=EITHER, running=EITHER)
def test_batch_norm_in_training(data, letters, keras_too, running):
    """Protects values, all gradients and the running averages of PyTorch, and those averages as Keras has them."""
    drawn = Drawn(data.draw, letters, "D" if letters == "ND" else "C")
    if drawn.X.size == drawn.own[0]:
        with pytest.raises(InputError, match="its own mean"):
            batch_norm(**drawn.arguments())
        return
    momentum = data.draw(st.sampled_from([None, 0.25]))
    old = (drawn.random.normal(size=drawn.own), drawn.random.uniform(0.5, 2, drawn.own))
    told = {"running_mean": old[0], "running_var": old[1]} if running else {}
    told |= {"momentum": momentum} if momentum else {}
    answer = batch_norm(**drawn.arguments(), **told, framework="keras" if keras_too else "pytorch")
    X, gamma, beta = drawn.tensors()
    means, squares = (torch.tensor(v.copy()) for v in (old if running else (np.zeros(drawn.own), np.ones(drawn.own))))
    before = means.clone(), squares.clone()
    batched = X[None] if letters == "CHW" else X
    Y = functional.batch_norm(batched, means, squares, gamma, beta, True, momentum or 0.1, drawn.eps)
    Y.backward(torch.tensor(drawn.dY).reshape(Y.shape))
    assert_ends(answer, Y, X, gamma, beta)
    x, g, b = drawn.tensors()
    steps = by_steps(x, worked_in_batches(drawn), drawn.eps)
    (drawn.per_channel(g) * steps[2] + drawn.per_channel(b)).backward(torch.tensor(drawn.dY))
    assert_steps(answer, *steps)
    if keras_too:
        kept = momentum or 0.99
        same(answer, "mu_new", kept * before[0] + (1 - kept) * steps[0].ravel())
        same(answer, "sigma2_new", kept * before[1] + (1 - kept) * steps[1].ravel())
    else:
        same(answer, "mu_new", means)
        same(answer, "sigma2_new", squares)


@EXAMPLES
@given(data=st.data(), letters=st.sampled_from(list(LETTERS)))
def test_batch_norm_in_inference(data, letters):
    """Protects the running averages in place of the batch's, and gradients without the terms of mean and variance."""
    drawn = Drawn(data.draw, letters, "D" if letters == "ND" else "C")
    old = (drawn.random.normal(size=drawn.own), drawn.random.uniform(0.5, 2, drawn.own))
    answer = batch_norm(**drawn.arguments(), mode="inference", running_mean=old[0], running_var=old[1])
    X, gamma, beta = drawn.tensors()
    batched = X[None] if letters == "CHW" else X
    Y = functional.batch_norm(batched, *map(torch.tensor, old), gamma, beta, False, 0.1, drawn.eps)
    Y.backward(torch.tensor(drawn.dY).reshape(Y.shape))
    assert_ends(answer, Y, X, gamma, beta)
    assert answer.passed
    same(answer, "a", gamma / torch.sqrt(torch.tensor(old[1]) + drawn.eps))


@EXAMPLES
@given(data=st.data(), letters=st.sampled_from([*LETTERS, "NTD"]), kind=st.sampled_from(["layer", "rms"]))
def test_layer_and_rms_norm(data, letters, kind):
    """Protects values and all gradients, of examples, maps, sequences and tokens."""
    own = "D" if letters == "NTD" else letters.replace("N", "")
    drawn = Drawn(data.draw, letters, own)
    axes = tuple(at for at, letter in enumerate(letters) if letter in own)
    X, gamma, beta = drawn.tensors()
    if kind == "layer":
        answer = layer_norm(**drawn.arguments())
        Y = functional.layer_norm(X, drawn.own, gamma, beta, drawn.eps)
    else:
        answer = rms_norm(**drawn.arguments("beta"))
        Y = functional.rms_norm(X, drawn.own, gamma, drawn.eps)
    Y.backward(torch.tensor(drawn.dY))
    assert_ends(answer, Y, X, gamma, beta if kind == "layer" else None)
    x, g, b = drawn.tensors()
    steps = by_steps(x, axes, drawn.eps, centred=kind == "layer")
    Y = g * steps[2] + (b if kind == "layer" else 0)
    Y.backward(torch.tensor(drawn.dY))
    assert_steps(answer, *steps, names=("mu", "sigma2", "Xhat") if kind == "layer" else ("", "q", "Xhat"))


@EXAMPLES
@given(data=st.data(), letters=st.sampled_from(["CL", "CHW", "NCL", "NCHW"]))
def test_instance_norm(data, letters):
    """Protects values and all gradients; one row a channel is PyTorch's C×L."""
    drawn = Drawn(data.draw, letters, "C")
    axes = tuple(at for at, letter in enumerate(letters) if letter in "HWL")
    arguments = drawn.arguments(*(["layout"] if letters == "CL" else []))
    if math.prod(drawn.shape[axis] for axis in axes) == 1:
        with pytest.raises(InputError, match="its own mean"):
            instance_norm(**arguments)
        return
    answer = instance_norm(**arguments)
    X, gamma, beta = drawn.tensors()
    batched = X if "N" in letters else X[None]
    Y = functional.instance_norm(batched, weight=gamma, bias=beta, eps=drawn.eps)
    Y.backward(torch.tensor(drawn.dY).reshape(Y.shape))
    assert_ends(answer, Y, X, gamma, beta)
    x, g, b = drawn.tensors()
    steps = by_steps(x, axes, drawn.eps)
    (drawn.per_channel(g) * steps[2] + drawn.per_channel(b)).backward(torch.tensor(drawn.dY))
    assert_steps(answer, *steps)


@EXAMPLES
@given(data=st.data(), letters=st.sampled_from(list(LETTERS)))
def test_group_norm(data, letters):
    """Protects values and all gradients for every number of groups, those of the rows of groups among them."""
    drawn = Drawn(data.draw, letters, "D" if letters == "ND" else "C")
    channels = drawn.own[0]
    groups = data.draw(st.sampled_from([number for number in range(1, channels + 1) if channels % number == 0]))
    answer = group_norm(**drawn.arguments(), groups=groups)
    if drawn.X.size == groups:  # one example with one number in each group, which PyTorch refuses
        assert np.array_equal(answer["Y"].value.ravel(), drawn.beta)
        return
    X, gamma, beta = drawn.tensors()
    batched = X[None] if letters == "CHW" else X
    Y = functional.group_norm(batched, groups, gamma, beta, drawn.eps)
    Y.backward(torch.tensor(drawn.dY).reshape(Y.shape))
    assert_ends(answer, Y, X, gamma, beta)
    x, g, b = drawn.tensors()
    examples = drawn.sizes.get("N", 1)
    rows = x.reshape(examples * groups, -1)
    rows.retain_grad()
    mean, square, normal = by_steps(rows, (1,), drawn.eps)
    (drawn.per_channel(g) * normal.reshape(x.shape) + drawn.per_channel(b)).backward(torch.tensor(drawn.dY))
    same(answer, "dL/dR", rows.grad)
    assert_steps(answer, mean, square, normal, names=("mu", "sigma2", "Rhat"))


@pytest.fixture
def in_float64():
    """On torch, Keras works in float32 what its table does not call float64."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(dtypes.BIT64_TO_BIT32_DTYPE, "float64", "float64")
        yield


def numpy_of(tensor):
    return keras.ops.convert_to_numpy(tensor)


@pytest.mark.parametrize("training", [True, False])
def test_batch_norm_of_keras(in_float64, training):
    """Protects --framework keras: ε 1e-3, momentum 0.99, the biased variance in the running average."""
    random = np.random.default_rng(3)
    X, gamma, beta = random.normal(size=(4, 3)), random.normal(size=3), random.normal(size=3)
    means, variances = random.normal(size=3), random.uniform(0.5, 2, 3)
    layer = keras.layers.BatchNormalization(dtype="float64")
    layer.build(X.shape)
    layer.set_weights([gamma, beta, means, variances])
    theirs = numpy_of(layer(X, training=training))
    told = {"X": X, "gamma": gamma, "beta": beta, "running_mean": means, "running_var": variances}
    answer = batch_norm(**told, framework="keras", mode="training" if training else "inference")
    np.testing.assert_allclose(answer["Y"].value, theirs, rtol=1e-6)
    if training:
        same(answer, "mu_new", numpy_of(layer.moving_mean))
        np.testing.assert_allclose(answer["sigma2_new"].value[0], numpy_of(layer.moving_variance), rtol=1e-6)


def test_layer_group_and_rms_norm_of_keras(in_float64):
    """Protects the other layers of Keras with their own ε; their channels are last."""
    X = np.random.default_rng(4).normal(size=(2, 4))
    layer = keras.layers.LayerNormalization(dtype="float64")
    np.testing.assert_allclose(layer_norm(X=X, eps="1e-3")["Y"].value, numpy_of(layer(X)), rtol=1e-6)
    layer = keras.layers.RMSNormalization(dtype="float64")
    np.testing.assert_allclose(rms_norm(X=X)["Y"].value, numpy_of(layer(X)), rtol=1e-6)
    maps = np.random.default_rng(5).normal(size=(2, 4, 3, 3))
    layer = keras.layers.GroupNormalization(groups=2, dtype="float64")
    theirs = np.moveaxis(numpy_of(layer(np.moveaxis(maps, 1, -1))), -1, 1)
    np.testing.assert_allclose(group_norm(X=maps, groups=2, eps="1e-3")["Y"].value, theirs, rtol=1e-6)


def directly(X, belongs, own, gamma, beta, eps, G, centred=True):
    """Every output and gradient by sums in plain Python.

    Args:
        belongs: which mean the number at an index shares.
        own: which γ and β it has.
    """
    places = list(product(*map(range, np.shape(X))))
    at = {place: float(np.asarray(X)[place]) for place in places}
    g = {place: float(np.asarray(G)[place]) * gamma[own(place)] for place in places}
    sets = {}
    for place in places:
        sets.setdefault(belongs(place), []).append(place)
    Y, dX = np.zeros(np.shape(X)), np.zeros(np.shape(X))
    for members in sets.values():
        m = len(members)
        mean = sum(at[place] for place in members) / m if centred else 0.0
        square = sum((at[place] - mean) ** 2 for place in members) / m
        root = math.sqrt(square + eps)
        normal = {place: (at[place] - mean) / root for place in members}
        first = sum(g[place] for place in members) / m if centred else 0.0
        second = sum(g[place] * normal[place] for place in members) / m
        for place in members:
            Y[place] = gamma[own(place)] * normal[place] + beta[own(place)]
            dX[place] = (g[place] - first - normal[place] * second) / root
    return Y, dX


ROWS = [[1.0, 2.0, 6.0], [0.0, 4.0, 2.0], [5.0, -1.0, 2.5]]
ROWS_UP = [[1.0, 0.0, -1.0], [0.5, 2.0, 1.0], [0.0, 0.25, -2.0]]
MAPS = np.arange(32.0).reshape(2, 4, 2, 2) ** 1.5 % 7
MAPS_UP = np.cos(np.arange(32.0)).reshape(2, 4, 2, 2)
THREE, FOUR = [1.0, 2.0, -0.5], [1.0, 0.5, -2.0, 3.0]
BY_HAND = {
    "batch of rows": (batch_norm, {}, ROWS, ROWS_UP, THREE, lambda p: p[1], lambda p: p[1], True),
    "batch of maps": (batch_norm, {}, MAPS, MAPS_UP, FOUR, lambda p: p[1], lambda p: p[1], True),
    "batch of one map": (batch_norm, {}, MAPS[0], MAPS_UP[0], FOUR, lambda p: p[0], lambda p: p[0], True),
    "batch of sequences": (
        batch_norm, {"layout": "NCL"}, MAPS[:, :, 0], MAPS_UP[:, :, 0], FOUR, lambda p: p[1], lambda p: p[1], True,
    ),
    "layer of rows": (layer_norm, {}, ROWS, ROWS_UP, THREE, lambda p: p[0], lambda p: p[1], True),
    "layer of tokens": (
        layer_norm, {"layout": "NTD"}, MAPS[:, :3, 0], MAPS_UP[:, :3, 0], [2.0, -1.0], lambda p: p[:2], lambda p: p[2],
        True,
    ),
    "instance of rows": (instance_norm, {}, ROWS, ROWS_UP, THREE, lambda p: p[0], lambda p: p[0], True),
    "instance of maps": (instance_norm, {}, MAPS, MAPS_UP, FOUR, lambda p: p[:2], lambda p: p[1], True),
    "group of maps": (
        group_norm, {"groups": 2}, MAPS, MAPS_UP, FOUR, lambda p: (p[0], p[1] // 2), lambda p: p[1], True,
    ),
    "group of rows": (
        group_norm, {"groups": 3}, ROWS, ROWS_UP, THREE, lambda p: p, lambda p: p[1], True,
    ),
    "rms of rows": (rms_norm, {}, ROWS, ROWS_UP, THREE, lambda p: p[0], lambda p: p[1], False),
    "rms of tokens": (
        rms_norm, {"layout": "NTD"}, MAPS[:, :3, 0], MAPS_UP[:, :3, 0], [2.0, -1.0], lambda p: p[:2], lambda p: p[2],
        False,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BY_HAND)
def test_by_direct_sums(name):
    """Protects the small examples that can be worked by hand: sums over the numbers that share a mean, in a loop."""
    topic, told, X, G, gamma, belongs, own, centred = BY_HAND[name]
    beta = [0.5 * at for at in range(len(gamma))] if topic is not rms_norm else [0.0] * len(gamma)
    shift = {} if topic is rms_norm else {"beta": beta}
    answer = topic(X=X, gamma=gamma, **shift, eps="0.01", dY=G, **told)
    Y, dX = directly(X, belongs, own, gamma, beta, 0.01, G, centred)
    same(answer, "Y", Y)
    same(answer, "dL/dX", dX)
    assert answer.passed


@pytest.mark.parametrize(
    ("topic", "told", "number"),
    [
        (batch_norm, {"X": MAPS}, 8), (batch_norm, {"X": ROWS}, 3), (layer_norm, {"X": MAPS}, 16),
        (layer_norm, {"X": ROWS[:2]}, 3), (instance_norm, {"X": MAPS}, 4), (group_norm, {"X": MAPS, "groups": 2}, 8),
        (rms_norm, {"X": MAPS[:, :, 0], "layout": "NTD"}, 2),
    ],
)  # fmt: skip
def test_how_many_numbers_share_a_mean(topic, told, number):
    """Protects the count that every page begins with."""
    assert float(topic(**told)["m"].value) == number


@pytest.mark.parametrize("constant", ["0", "3", "0.1", "-7e5"])
def test_equal_numbers_have_no_variance(constant):
    """Protects σ² = 0, exactly, from equal numbers, outputs of β, and gradients that stay finite."""
    X = ";".join([f"{constant},{constant}"] * 3)
    answer = batch_norm(X=X, beta="2,-1", dY="1,0;0,2;1,1")
    assert np.all(answer["sigma2"].value == 0)
    assert np.all(answer["Xhat"].value == 0)
    assert np.array_equal(answer["Y"].value, [[2, -1]] * 3)
    assert answer.passed
    same(answer, "dL/dX", (np.array([[1.0, 0], [0, 2], [1, 1]]) - [[2 / 3, 1]]) / math.sqrt(1e-5))


@pytest.mark.parametrize(
    ("answer", "said", "silent"),
    [
        (layer_norm(X="5;7"), "a single number is its own mean", "equally far"),
        (layer_norm(X="1,2;4,4"), "two numbers lie equally far", "single"),
        (layer_norm(X="1,2;4,4"), "is 0 all $m$ numbers are equal", "single"),
        (layer_norm(X="1,2", eps="1"), "Normalised", "equally far"),
        (layer_norm(X="1e-200,2e-200,3e-200"), "Normalised", "are equal:"),
        (layer_norm(X="1,2,3;4,5,6"), "entry $X_{ij}$ is worked with $\\mu_i$ and $\\sigma^{2}_i$", "equal:"),
        (batch_norm(X="1,2;3,6;5,7"), "$\\hat{X}_{ij}$ with $\\gamma_j$ and $\\beta_j$", "equal:"),
        (batch_norm(X="1;3"), "Normalised", "broadcasting"),
    ],
)
def test_what_is_said_beside_the_working(answer, said, silent):
    """Protects the notes on one, two and equal numbers, and which mean and scale an entry is worked with."""
    assert said in answer.to_markdown()
    assert silent not in answer.to_markdown()


def test_a_large_offset_keeps_its_digits():
    """Protects the variance in two passes: with 10⁸ in front of every number, E[x²] - E[x]² has no digit left."""
    small = [["1.25", "2"], ["-3", "0.5"], ["2", "7"], ["0.75", "-1"]]
    X = [[float(text) + 1e8 for text in row] for row in small]
    answer = batch_norm(X=X, dY="1,0;0,1;2,-1;0.5,0.25")
    plain = batch_norm(X=[[float(text) for text in row] for row in small], dY="1,0;0,1;2,-1;0.5,0.25")
    assert answer.passed
    for column in range(2):
        numbers = [Fraction(row[column]) for row in small]
        mean = sum(numbers) / 4
        exact = sum((number - mean) ** 2 for number in numbers) / 4
        assert answer["sigma2"].value[0, column] == pytest.approx(float(exact), rel=1e-13)
    for name in ("Xhat", "dL/dX", "dL/dgamma"):
        np.testing.assert_allclose(answer[name].value, plain[name].value, rtol=1e-8, atol=1e-8)


def test_examples_of_very_different_size():
    """Protects the checks where no step is short beside one example and long beside the precision of another."""
    answer = layer_norm(X="1e15,1e15;1,2", dY="1,2;3,4")
    assert answer.passed
    assert np.array_equal(answer["Xhat"].value[0], [0, 0])
    assert batch_norm(X="100000001;100000002.5;100000000.25", dY="1;0;2").passed


@pytest.mark.parametrize(
    ("topic", "told", "text"),
    [
        (batch_norm, {"X": "1,2,3"}, "X has one number for each feature"),
        (batch_norm, {"X": "1,2;3,4", "gamma": "1,2,3"}, "gamma has 3 numbers, but X has 2 features"),
        (batch_norm, {"X": "1,2;3,4", "beta": "1"}, "beta has 1 number, but X has 2 features"),
        (batch_norm, {"X": "1,2;3,4", "eps": "-1"}, "eps is -1"),
        (batch_norm, {"X": "1,2;1,4", "eps": "0"}, "the variance of one feature is 0"),
        (batch_norm, {"X": "1,2;3,4", "mode": "inference"}, "running_mean and running_var are missing"),
        (batch_norm, {"X": "1,2;3,4", "running_var": "1,-1"}, "running_var has the negative number -1"),
        (batch_norm, {"X": "1,2;3,4", "running_mean": "1"}, "running_mean has 1 number"),
        (batch_norm, {"X": "1,2;3,4", "momentum": "2"}, "momentum is 2"),
        (batch_norm, {"X": "1,2;3,4", "dY": "1,2"}, "dY has 2 numbers, but Y is 2x2"),
        (
            batch_norm,
            {"X": "1", "mode": "inference", "running_mean": "0", "running_var": "1", "momentum": "0.1"},
            "momentum has no meaning",
        ),
        (layer_norm, {"X": "1,2;3,4 | 0,1;1,2", "gamma": "1,2"}, "gamma has 2 numbers.*the shape 2x2x2"),
        (group_norm, {"X": "1,2,3;3,4,5", "groups": "2"}, "groups is 2, but X is 2x3 with 3 features.*1, 3"),
        (group_norm, {"X": "1,2,3;3,4,5", "groups": "n"}, "groups is n"),
        (instance_norm, {"X": "1;2"}, "X has one place in each channel"),
        (rms_norm, {"X": "0,0;1,2", "eps": "0"}, "the mean square of one example is 0"),
        (batch_norm, {"X": "1,2;3,4", "layout": "NCL"}, "layout is NCL, but X is 2x2"),
        (layer_norm, {"X": "1,2", "layout": "NTD"}, "layout is NTD, but X is 1x2"),
    ],
)
def test_unusable_input_is_named(topic, told, text):
    """Protects the one line that names option, shapes, rule and mend."""
    with pytest.raises(InputError, match=text):
        topic(**told)
