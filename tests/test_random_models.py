"""Random stacks of layers, written as code: the frameworks run it, `explain model` reads it; all numbers must agree."""

from __future__ import annotations

import os
import random
import re
from math import prod

import pytest

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from keras import layers
from torch import nn

from explain import model
from explain.errors import InputError

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning",
    "ignore:dropout2d:UserWarning",
    "ignore:input's size:UserWarning",
)
SEEDS = range(40)


def one_of(rng: random.Random, *texts: str) -> str:
    """A call, with its sizes chosen."""
    text = rng.choice(texts)
    for mark, values in (("N", (1, 2, 5, 8, 16)), ("K", (1, 2, 3)), ("S", (1, 2)), ("U", (3, 4, 10, 32))):
        while f"<{mark}>" in text:
            text = text.replace(f"<{mark}>", str(rng.choice(values)), 1)
    padding = rng.choice(("'same'", "'valid'"))
    yes = rng.choice(("True", "False"))
    return text.replace("<P>", padding).replace("<B>", yes)


def keras_layer(rng: random.Random, shape: tuple[int, ...]) -> str:
    """A layer that fits what arrives."""
    if len(shape) == 1:
        return one_of(
            rng, "Dense(<U>, activation='relu')", "Dense(units=<U>, use_bias=<B>)", "Dropout(0.5)",
            "BatchNormalization(center=<B>, scale=<B>)", "Activation('tanh')", "RepeatVector(<N>)",
            f"Reshape(({shape[0]}, 1))", "LayerNormalization()", "LeakyReLU(0.1)",
        )  # fmt: skip
    if len(shape) == 2:
        return one_of(
            rng, "LSTM(<U>, return_sequences=<B>)", "GRU(<U>, return_sequences=<B>, reset_after=<B>)",
            "SimpleRNN(<U>, use_bias=<B>)", "Bidirectional(LSTM(<U>, return_sequences=<B>))", "Flatten()",
            "Bidirectional(GRU(<U>), merge_mode='ave')", "TimeDistributed(Dense(<U>))", "Dense(<U>)",
            f"Conv1D(<N>, {min(3, shape[0])}, padding='causal')", "Conv1D(<N>, 1, strides=<S>, use_bias=<B>)",
            "GlobalAveragePooling1D()", "MaxPooling1D(<S>, padding='same')", "Permute((2, 1))", "UpSampling1D(<S>)",
            "BatchNormalization()", "ZeroPadding1D((<S>, <K>))", "SpatialDropout1D(0.2)",
            "SeparableConv1D(<N>, <K>, padding='same')", "Conv1DTranspose(<N>, <K>, <S>)",
        )  # fmt: skip
    small = min(shape[:2]) < 4
    return one_of(
        rng, "Conv2D(<N>, <K>, strides=<S>, padding='same', use_bias=<B>)", "Flatten()", "GlobalMaxPooling2D()",
        f"Conv2D(<N>, ({1 if small else '<K>'}, 1), padding=<P>)", "BatchNormalization(scale=<B>)", "ReLU(6.0)",
        "MaxPooling2D(<S>, padding='same')", "AveragePooling2D(pool_size=<K>, strides=<S>, padding='same')",
        "SeparableConv2D(<N>, <K>, padding='same', depth_multiplier=<S>)", "DepthwiseConv2D(<K>, padding='same')",
        "Conv2DTranspose(<N>, <K>, strides=<S>, padding=<P>)", "UpSampling2D((<S>, <S>))", "ZeroPadding2D(<S>)",
        f"Reshape((-1, {shape[2]}))", "Dense(<U>)", "LayerNormalization(center=<B>)", "Permute((3, 1, 2))",
        "GlobalAveragePooling2D(keepdims=<B>)", "SpatialDropout2D(0.1)",
    )  # fmt: skip


def keras_code(rng: random.Random) -> tuple[str, list]:
    """The code of a model, and of each layer what it gives and how many numbers it holds."""
    start = rng.choice(((24,), (7, 3), (11, 6), (12, 12, 3), (9, 14, 1)))
    x, calls, truth = keras.Input(start), [], []
    for _ in range(rng.randint(2, 7)):
        call = keras_layer(rng, tuple(x.shape[1:]))
        layer = eval(call, vars(layers))
        given = layer(x)
        if 0 in given.shape[1:] or prod(given.shape[1:]) > 50_000:
            break
        x, calls = given, [*calls, call]
        truth.append((tuple(given.shape[1:]), layer.count_params()))
    lines = ["from keras import Input, Model, Sequential", "from keras.layers import *"]
    style = rng.choice(("list", "add", "functional", "loop"))
    if style == "list":
        lines.append(f"model = Sequential([Input({start}), {', '.join(calls)}])")
    elif style == "add":
        lines += ["model = Sequential()", f"model.add(Input(shape={start}))", *(f"model.add({call})" for call in calls)]
    elif style == "loop":
        lines += ["model = Sequential()", f"model.add(Input({start}))"]
        lines += [f"for layer in [{', '.join(calls)}]:", "    model.add(layer)"]
    else:
        lines += [f"inputs = x = Input({start})", *(f"x = {call}(x)" for call in calls), "model = Model(inputs, x)"]
    return "\n".join(lines), truth


def torch_layer(rng: random.Random, shape: tuple[int, ...]) -> str:
    """A module that fits what arrives."""
    n = shape[0]
    if len(shape) == 1:
        halves = f"nn.Unflatten(1, ({n // 2}, 2))" if n % 2 == 0 else "nn.Identity()"
        return one_of(
            rng, f"nn.Linear({n}, <U>, bias=<B>)", "nn.ReLU(inplace=True)", f"nn.BatchNorm1d({n}, affine=<B>)",
            f"nn.LayerNorm({n})", "nn.Dropout(0.3)", "nn.Softmax(dim=1)", halves, "nn.PReLU()",
        )  # fmt: skip
    if len(shape) == 2:
        return one_of(
            rng, f"nn.Conv1d({n}, <N>, 1, stride=<S>, bias=<B>)", f"nn.BatchNorm1d({n})", "nn.Flatten()", "nn.GELU()",
            f"nn.Conv1d({n}, <N>, kernel_size=3, padding=<K>)", "nn.AdaptiveMaxPool1d(<N>)", "nn.ZeroPad1d((<S>, <K>))",
            f"nn.ConvTranspose1d({n}, <N>, <K>, stride=<S>)", f"nn.Linear({shape[1]}, <U>)", f"nn.GroupNorm(1, {n})",
        )  # fmt: skip
    return one_of(
        rng, f"nn.Conv2d({n}, <N>, <K>, stride=<S>, padding=1, bias=<B>)", f"nn.BatchNorm2d({n}, affine=<B>)",
        f"nn.Conv2d({n}, {2 * n}, (1, <K>), padding=(0, 1), groups={n})", "nn.MaxPool2d(2, <S>, padding=1)",
        f"nn.Conv2d({n}, <N>, 3, padding='same')", "nn.AvgPool2d(3, stride=<S>, padding=1, ceil_mode=<B>)",
        f"nn.ConvTranspose2d({n}, <N>, <K>, <S>)", "nn.AdaptiveAvgPool2d((<N>, <K>))", "nn.Flatten()", "nn.ELU()",
        f"nn.InstanceNorm2d({n}, affine=<B>)", "nn.Upsample(scale_factor=<S>)", "nn.ZeroPad2d((<K>, <S>, 0, 1))",
        f"nn.GroupNorm({n}, {n})", "nn.Dropout2d()", "nn.LeakyReLU(0.2)", f"nn.PReLU({n})", "nn.ReflectionPad2d(1)",
        f"nn.ConvTranspose2d({n}, <N>, 3, stride=2, padding=1, output_padding=1)",
    )  # fmt: skip


def torch_code(rng: random.Random) -> tuple[str, str, list]:
    """The code of a model, the shape of a sample, and of each module what it gives and how many numbers it holds."""
    start = rng.choice(((24,), (7, 12), (3, 12, 12), (2, 9, 14)))
    x, calls, truth = torch.zeros(2, *start), [], []
    for _ in range(rng.randint(2, 7)):
        call = torch_layer(rng, tuple(x.shape[1:]))
        module = eval(call, {"nn": nn}).eval()
        if "InstanceNorm" in call and prod(x.shape[2:]) < 2:
            break
        if "ReflectionPad" in call and min(x.shape[2:]) < 2:
            break
        with torch.no_grad():
            given = module(x)
        if prod(given.shape[1:]) > 50_000:
            break
        x, calls = given, [*calls, call]
        truth.append((tuple(given.shape[1:]), sum(each.numel() for each in module.parameters())))
    style = rng.choice(("sequential", "module", "list", "ordered"))
    lines = ["import torch.nn as nn"]
    if style == "sequential":
        lines.append(f"net = nn.Sequential({', '.join(calls)})")
    elif style == "list":
        lines += ["layers = []", *(f"layers.append({call})" for call in calls), "net = nn.Sequential(*layers)"]
    elif style == "ordered":
        pairs = ", ".join(f"('part{at}', {call})" for at, call in enumerate(calls))
        lines += ["from collections import OrderedDict", f"net = nn.Sequential(OrderedDict([{pairs}]))"]
    else:
        lines += ["class Net(nn.Module):", "    def __init__(self):", "        super().__init__()"]
        lines += [f"        self.part{at} = {call}" for at, call in enumerate(calls)]
        lines += ["    def forward(self, x):", *(f"        x = self.part{at}(x)" for at in range(len(calls)))]
        lines += ["        return x"]
    return "\n".join(lines), "x".join(map(str, start)), truth


def held(code: str, truth: list, **told) -> None:
    """The table of the answer has the frameworks' numbers, row by row."""
    answer = model(code=code, **told)
    table = answer.tables[0]
    titles = [column.title for column in table.columns]
    rows = table.rows[: len(truth)]
    shapes = ["×".join(map(str, shape)) for shape, _ in truth]
    assert [row[titles.index("output")][0] for row in rows] == shapes, code
    assert [row[titles.index("parameters")] for row in rows] == [count for _, count in truth], code
    assert answer["P"].value == sum(count for _, count in truth), code
    assert all(check.passed for check in answer.checks), code


@pytest.mark.parametrize("seed", SEEDS)
def test_keras(seed):
    keras.backend.clear_session()
    code, truth = keras_code(random.Random(seed))
    if truth:
        held(code, truth)


@pytest.mark.parametrize("seed", SEEDS)
def test_torch(seed):
    code, start, truth = torch_code(random.Random(seed))
    if truth:
        held(code, truth, input=start)


# Layers that do not fit


def result(code: str, count: int, **told) -> str | None:
    """The shape that the last layer gives; None where it is refused."""
    try:
        table = model(code=code, **told).tables[0]
    except InputError as error:
        return None if str(error).startswith("line 1, ") else str(error)
    return table.rows[count - 1][[column.title for column in table.columns].index("output")][0]


@pytest.mark.parametrize("seed", SEEDS)
def test_keras_refuses_the_same(seed):
    rng = random.Random(seed)
    start = rng.choice(((24,), (7, 3), (12, 12, 3), (9, 14, 1)))
    shapes = [start, start, (24,), (7, 3), (12, 12, 3)]
    calls = [keras_layer(rng, rng.choice(shapes)) for _ in range(rng.randint(1, 3))]
    x = keras.Input(start)
    try:
        for call in calls:
            x = eval(call, vars(layers))(x)
        expected = "×".join(map(str, x.shape[1:]))
    except (ValueError, RuntimeError, IndexError, AssertionError, TypeError):
        expected = None
    code = f"model = Sequential([Input({start}), {', '.join(calls)}])"
    assert result(code, len(calls)) == expected, code


# without the axis of the batch PyTorch takes the samples of a batch for channels: shapes that pass there by accident
BY_ACCIDENT = re.compile(r"(AvgPool|MaxPool|InstanceNorm|Pad|Dropout|Upsample)")


@pytest.mark.parametrize("seed", SEEDS)
def test_torch_refuses_the_same(seed):
    rng = random.Random(seed)
    start = rng.choice(((24,), (7, 12), (3, 12, 12), (2, 9, 14)))
    shapes = [start, start, (24,), (7, 12), (3, 12, 12), (8,), (5, 6), (16, 4, 4)]
    calls = [torch_layer(rng, rng.choice(shapes)) for _ in range(rng.randint(1, 3))]
    x = torch.zeros(2, *start)
    try:
        for call in calls:
            with torch.no_grad():
                x = eval(call, {"nn": nn}).eval()(x)
        expected = "×".join(map(str, x.shape[1:]))
    except (ValueError, RuntimeError, IndexError, AssertionError):
        expected = None
    code = f"net = nn.Sequential({', '.join(calls)})"
    found = result(code, len(calls), input="x".join(map(str, start)))
    assert found == expected or (found is None and BY_ACCIDENT.search(code)), code
