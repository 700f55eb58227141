"""Models as code against the framework that runs the same code: outputs, parameters, multiply-adds, layer by layer."""

from __future__ import annotations

import os
import random

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from explain import InputError, model

os.environ["KERAS_BACKEND"] = "torch"
import keras
from keras import layers

BATCH = 2


def table(answer):
    """Each row: its output as numbers, its parameters, its multiply-adds."""
    titles = [column.title for column in answer.tables[0].columns]
    at = [titles.index(title) for title in ("output", "parameters", "multiply-adds")]
    found = []
    for row in answer.tables[0].rows[: -answer.tables[0].totals]:
        output, parameters, work = (row[place] for place in at)
        found.append((tuple(map(int, output[0].split("×"))), parameters, work))
    return found


def steps_agree(answer):
    """The working gives what the table says."""
    for at, (_, parameters, work) in enumerate(table(answer), 1):
        for name, stated in ((f"P_{at}", parameters), (f"M_{at}", work)):
            if isinstance(stated, int) and stated and at <= 60:
                assert int(answer[name].value) == stated
    assert answer.passed


# PyTorch: layers in order

TORCH = [
    ("nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2, bias=False)", (4,)),
    ("nn.Linear(4, 6), nn.LayerNorm(6), nn.PReLU()", (5, 4)),
    ("nn.Linear(4, 6), nn.BatchNorm1d(6), nn.PReLU(6)", (4,)),
    ("nn.Conv1d(4, 6, 3, stride=2), nn.BatchNorm1d(6), nn.MaxPool1d(2)", (4, 20)),
    ("nn.Conv2d(3, 8, (3, 5), stride=2, padding=1), nn.Flatten()", (3, 17, 19)),
    ("nn.Conv2d(4, 8, 3, groups=2, dilation=2), nn.GroupNorm(4, 8)", (4, 12, 12)),
    ("nn.Conv2d(3, 6, 3, padding='same'), nn.InstanceNorm2d(6, affine=True)", (3, 9, 9)),
    ("nn.Conv2d(3, 6, 3), nn.InstanceNorm2d(6), nn.Dropout2d(0.5)", (3, 9, 9)),
    ("nn.Conv2d(3, 6, 3), nn.BatchNorm2d(6, affine=False)", (3, 9, 9)),
    ("nn.Conv3d(2, 4, 3, padding=1), nn.AvgPool3d(2)", (2, 8, 8, 8)),
    ("nn.ConvTranspose2d(4, 3, 4, stride=2, padding=1, bias=False), nn.Tanh()", (4, 7, 7)),
    ("nn.ConvTranspose1d(4, 3, 3, stride=2, output_padding=1)", (4, 7)),
    ("nn.MaxPool2d(3, stride=2, ceil_mode=True), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 5)", (3, 12, 12)),
    ("nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten(1), nn.Linear(3, 2)", (3, 12, 12)),
    ("nn.AdaptiveMaxPool2d((None, 3))", (3, 12, 12)),
    ("nn.Upsample(scale_factor=2), nn.Conv2d(3, 5, 3, padding=1)", (3, 6, 6)),
    ("nn.Upsample(size=(9, 7)), nn.ZeroPad2d((1, 2, 3, 4))", (3, 6, 6)),
    ("nn.Conv2d(3, 12, 3, padding=1), nn.PixelShuffle(2)", (3, 6, 6)),
    ("nn.Unflatten(1, (4, 5, 5)), nn.Conv2d(4, 2, 3), nn.Flatten(), nn.Softmax(dim=1)", (100,)),
    ("nn.Flatten(), nn.Linear(100, 36), nn.Unflatten(1, (1, 6, 6)), nn.ConvTranspose2d(1, 2, 3)", (4, 5, 5)),
    ("nn.Linear(5, 7), nn.Flatten(), nn.Linear(84, 3)", (3, 4, 5)),
]


@pytest.mark.parametrize(("code", "sample"), TORCH, ids=[code for code, _ in TORCH])
def test_layers_of_pytorch(code, sample):
    """Every kind of layer whose output and weights PyTorch can be asked for."""
    made = eval(f"nn.Sequential({code})", {"nn": nn})
    answer = model(code=f"nn.Sequential({code})", input="x".join(map(str, sample)))
    x = torch.zeros(BATCH, *sample)
    made.eval()
    for layer, (output, parameters, work) in zip(made, table(answer), strict=True):
        with FlopCounterMode(display=False) as counter:
            x = layer(x)
        assert tuple(x.shape[1:]) == output, layer
        assert sum(weight.numel() for weight in layer.parameters()) == parameters, layer
        assert counter.get_total_flops() == 2 * BATCH * work, layer
    assert int(answer["P"].value) == sum(weight.numel() for weight in made.parameters())
    steps_agree(answer)


@pytest.mark.parametrize("cell", ["RNN", "LSTM", "GRU"])
@pytest.mark.parametrize("more", ["", ", num_layers=2", ", bidirectional=True, num_layers=3", ", bias=False"])
def test_recurrent_layers_of_pytorch(cell, more):
    """Stacked and bidirectional layers: each array of the framework is counted."""
    made = eval(f"nn.{cell}(4, 6, batch_first=True{more})", {"nn": nn})
    wide = 12 if "bidirectional" in more else 6
    code = (
        f"class Net(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        f"        self.rnn = nn.{cell}(4, 6, batch_first=True{more})\n        self.out = nn.Linear({wide}, 2)\n\n"
        "    def forward(self, x):\n        out, _ = self.rnn(x)\n        return self.out(out[:, -1, :])\n"
    )
    answer = model(code=code, input="5x4")
    rows = table(answer)
    assert [row[0] for row in rows] == [(5, wide), (wide,), (2,)]
    assert rows[0][1] == sum(weight.numel() for weight in made.parameters())
    matrices = sum(weight.numel() for weight in made.parameters() if weight.dim() > 1)
    assert rows[0][2] == 5 * matrices
    steps_agree(answer)


def test_running_averages_are_no_parameters_in_pytorch():
    """Buffers are not counted for PyTorch; Keras counts the same arrays as not trained."""
    theirs = model(code="nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4))", input="3x8x8")
    ours = model(code="Sequential([Conv2D(4, 3), BatchNormalization()])", input="8x8x3")
    assert int(theirs["P"].value) == 3 * 4 * 9 + 4 + 8
    assert [int(ours[name].value) for name in ("P", "P_trainable", "P_fixed")] == [128, 120, 8]


def layer_for(shape, chance):
    """A layer that fits a shape, or now and then one that expects another size."""
    wrong = int(chance.random() < 0.08)
    channels, last, n, k = shape[0] + wrong, shape[-1] + wrong, chance.randint(1, 5), chance.randint(1, 3)
    fit = [f"Linear({last}, {n})", f"LayerNorm({last})", "ReLU()", "Flatten()", "Softmax(dim=-1)", "PReLU()"]
    fit += {
        1: [f"BatchNorm1d({channels})", f"Linear({last}, {n}, bias=False)"],
        2: [
            f"Conv1d({channels}, {n}, {k}, padding=1)", f"BatchNorm1d({channels})", "MaxPool1d(2)",
            f"ConvTranspose1d({channels}, {n}, {k}, stride=2)", "AdaptiveAvgPool1d(1)", "Upsample(scale_factor=2)",
        ],
        3: [
            f"Conv2d({channels}, {n}, {k}, stride=2, padding=1)", f"BatchNorm2d({channels})", "MaxPool2d(2)",
            f"ConvTranspose2d({channels}, {n}, 3, stride=2, output_padding=1)", "AvgPool2d(3, 2, 1)", "ZeroPad2d(1)",
            "AdaptiveAvgPool2d((1, 1))", "Upsample(scale_factor=2)", f"GroupNorm(1, {channels})", "Flatten(2)",
        ],
    }[len(shape)]  # fmt: skip
    return "nn." + chance.choice(fit)


def random_model(chance):
    """Layers, the shape of a sample, and what the framework gives; None where it refuses them."""
    sample = shape = tuple(chance.randint(2, 9) for _ in range(chance.randint(1, 3)))
    code, found = [], []
    for _ in range(chance.randint(1, 6)):
        code.append(layer_for(shape, chance))
        layer = eval(code[-1], {"nn": nn}).eval()
        try:
            shape = tuple(layer(torch.zeros(BATCH, *shape)).shape[1:])
        except (RuntimeError, ValueError):
            return code, sample, None
        found.append((shape, sum(weight.numel() for weight in layer.parameters())))
    return code, sample, found


@pytest.mark.parametrize("number", range(120))
def test_random_models_of_pytorch(number):
    """What PyTorch runs is worked as it runs, with and without an input; what it refuses is refused."""
    code, sample, found = random_model(random.Random(number))
    text, given = f"nn.Sequential({', '.join(code)})", "x".join(map(str, sample))
    if found is None:
        with pytest.raises(InputError, match=r"^line 1, "):
            model(code=text, input=given)
        return
    answer = model(code=text, input=given)
    assert [row[:2] for row in table(answer)] == found
    steps_agree(answer)
    assert [row[-1] for row in model(code=text).tables[0].rows[:-1]] == [parameters for _, parameters in found]


# Keras: layers in order

KERAS = [
    ("Dense(6, activation='relu'), Dense(2, use_bias=False)", (4,)),
    ("Dense(6), LayerNormalization(), PReLU()", (5, 4)),
    ("Conv1D(6, 3, strides=2), BatchNormalization(), MaxPooling1D(2)", (20, 4)),
    ("Conv2D(8, (3, 5), strides=2, padding='same'), Flatten()", (17, 19, 3)),
    ("Conv2D(8, 3, groups=2, dilation_rate=2), GroupNormalization(4)", (12, 12, 4)),
    ("DepthwiseConv2D(3, depth_multiplier=2), SeparableConv2D(5, 3, padding='same')", (9, 9, 3)),
    ("Conv3D(4, 3, padding='same'), AveragePooling3D(2)", (8, 8, 8, 2)),
    ("Conv2DTranspose(3, 4, strides=2, padding='same', use_bias=False)", (7, 7, 4)),
    ("Conv2D(4, 3), Dense(5), GlobalAveragePooling2D(), Dense(2)", (9, 9, 3)),
    ("Conv2D(4, 3), LayerNormalization(center=False), GlobalMaxPooling2D(keepdims=True)", (9, 9, 3)),
    ("UpSampling2D(2), Conv2D(5, 3), Cropping2D(((1, 2), (0, 1)))", (6, 6, 3)),
    ("ZeroPadding2D(((1, 2), (0, 1))), MaxPooling2D(3, padding='same')", (6, 6, 3)),
    ("Dense(48), Reshape((4, 4, 3)), Conv2D(2, 3), Reshape((-1,))", (10,)),
    ("Reshape((-1, 5)), Permute((2, 1)), LSTM(4)", (10, 2)),
    ("RepeatVector(3), LSTM(5, return_sequences=True), TimeDistributed(Dense(2))", (4,)),
    ("TimeDistributed(Conv2D(4, 3)), TimeDistributed(Flatten()), GRU(6)", (3, 8, 8, 2)),
    ("Bidirectional(LSTM(5, return_sequences=True)), Bidirectional(GRU(3), merge_mode='sum')", (6, 4)),
    ("GRU(5, reset_after=False, return_sequences=True), SimpleRNN(4, use_bias=False)", (6, 4)),
    ("LSTM(3, return_sequences=True), GlobalAveragePooling1D(), Dropout(0.3), Softmax()", (6, 4)),
    ("Conv1D(4, 3, padding='causal', dilation_rate=2), UpSampling1D(2), Cropping1D((1, 2))", (12, 3)),
    ("Rescaling(1 / 255), BatchNormalization(scale=False), Activation('relu')", (8, 8, 3)),
]


@pytest.mark.parametrize(("code", "sample"), KERAS, ids=[code for code, _ in KERAS])
def test_layers_of_keras(code, sample):
    """Every kind of layer whose output and weights Keras can be asked for."""
    keras.backend.clear_session()
    made = keras.Sequential([keras.Input(sample), *eval(f"[{code}]", vars(layers).copy())])
    answer = model(code=f"Sequential([{code}])", input="x".join(map(str, sample)))
    rows = table(answer)
    assert [row[0] for row in rows] == [tuple(layer.output.shape[1:]) for layer in made.layers]
    assert [row[1] for row in rows] == [layer.count_params() for layer in made.layers]
    assert int(answer["P"].value) == made.count_params()
    steps_agree(answer)


HEAD = "x = inputs = Input((8, 8, 4))\ny = Conv2D(4, 3, padding='same')(x)\nz = Conv2D(4, 1)(x)\n"
MERGES = [
    ("Add()([x, y])", (8, 8, 4)),
    ("add([x, y, z])", (8, 8, 4)),
    ("Concatenate()([x, y, z])", (8, 8, 12)),
    ("Concatenate(axis=1)([x, y])", (16, 8, 4)),
    ("concatenate([x, y], axis=-1)", (8, 8, 8)),
    ("Multiply()([x, GlobalAveragePooling2D(keepdims=True)(y)])", (8, 8, 4)),
    ("Subtract()([x, y])", (8, 8, 4)),
    ("Average()([x, y])", (8, 8, 4)),
    ("Maximum()([x, y])", (8, 8, 4)),
]


@pytest.mark.parametrize(("code", "output"), MERGES, ids=[code for code, _ in MERGES])
def test_where_ways_meet(code, output):
    """Merging layers of Keras: the shape, and no weights of their own."""
    names = {**vars(layers), "Input": keras.Input}
    exec(f"{HEAD}out = {code}", names)
    made = keras.Model(names["inputs"], layers.Dense(2)(names["out"]))
    assert tuple(names["out"].shape[1:]) == output
    answer = model(code=f"{HEAD}out = {code}\nmodel = Model(inputs, Dense(2)(out))")
    assert output in [row[0] for row in table(answer)]
    assert int(answer["P"].value) == made.count_params()
    steps_agree(answer)


def test_a_layer_used_twice_has_its_weights_once():
    """Keras and PyTorch share the weights; the work is done twice."""
    code = "d = Dense(4, activation='relu')\ninputs = Input((4,))\nx = d(inputs)\nx = d(x)\nmodel = Model(inputs, x)\n"
    answer = model(code=code)
    assert [row[1:] for row in table(answer)] == [(20, 16), (("as 1",), 16)]
    assert (int(answer["P"].value), int(answer["M"].value)) == (20, 32)
    assert "weights of layer 1 again" in str(answer)


def test_attention_of_both_frameworks():
    """Four projections; PyTorch's heads divide the width, Keras' have their own."""
    theirs = nn.MultiheadAttention(16, 4, batch_first=True)
    code = (
        "class Block(nn.Module):\n    def __init__(self):\n        super().__init__()\n"
        "        self.attention = nn.MultiheadAttention(16, 4, batch_first=True)\n"
        "        self.norm = nn.LayerNorm(16)\n\n"
        "    def forward(self, x):\n        a, _ = self.attention(x, x, x)\n        return self.norm(x + a)\n"
    )
    answer = model(code=code, input="10x16")
    assert table(answer)[0][:2] == ((10, 16), sum(weight.numel() for weight in theirs.parameters()))
    assert table(answer)[0][2] == 4 * 10 * 16 * 16 + 2 * 10 * 10 * 16
    made = layers.MultiHeadAttention(3, 5)
    x = keras.Input((10, 16))
    made(x, x)
    code = "x = inputs = Input((10, 16))\ny = MultiHeadAttention(3, 5)(x, x)\nmodel = Model(inputs, Add()([x, y]))\n"
    answer = model(code=code)
    assert table(answer)[0][:2] == ((10, 16), made.count_params())
    steps_agree(answer)


def test_what_pytorch_refuses_is_refused():
    """The shape error that running would give, with its line and the mend."""
    code = "net = nn.Sequential(\n    nn.Conv2d(3, 16, 5),\n    nn.Flatten(),\n    nn.Linear(256, 10),\n)\n"
    with pytest.raises(RuntimeError):
        nn.Sequential(nn.Conv2d(3, 16, 5), nn.Flatten(), nn.Linear(256, 10))(torch.zeros(1, 3, 9, 9))
    with pytest.raises(InputError, match=r"line 4, .*400 numbers arrive \(16x5x5 flattened\), it expects 256") as error:
        model(code=code, input="3x9x9")
    assert "write nn.Linear(400, 10)" in str(error.value)
