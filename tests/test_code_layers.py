"""The tables of layers against the frameworks: signatures, arrays one by one, shapes; and what is refused, how."""

from __future__ import annotations

import ast
import inspect
import os

import pytest

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from torch import nn

from explain import model
from explain.code import keras_layers, torch_layers
from explain.code.parts import Arguments, NotReadError, SlipError, Unknown
from explain.code.signatures import ANYTHING, REQUIRED, signature
from explain.errors import InputError
from explain.layers.base import Flow, Layer, counted, entering
from explain.layers.reshaping import as_flow, as_written
from explain.layers.vocabulary import Setting
from explain.layers.vocabulary import layer as from_words

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


class L:
    """A call of a layer, as a row of a table has it: the same for the framework and for the reader."""

    def __init__(self, called: str, /, *positional, **named) -> None:
        self.name, self.positional, self.named = called, positional, named

    def __repr__(self) -> str:
        values = [*map(repr, self.positional), *(f"{name}={value!r}" for name, value in self.named.items())]
        return f"{self.name}({', '.join(values)})"

    def made(self, module):
        """As the framework has it."""
        return getattr(module, self.name)(*self._each("made", module), **self._named("made", module))

    def read(self, build) -> Layer:
        """As it is read."""
        return build(Arguments(self.name, self._each("read", build), self._named("read", build), 1))

    def _each(self, how: str, given) -> list:
        return [self._one(value, how, given) for value in self.positional]

    def _named(self, how: str, given) -> dict:
        return {name: self._one(value, how, given) for name, value in self.named.items()}

    def _one(self, value, how: str, given):
        if isinstance(value, list):
            return [self._one(each, how, given) for each in value]
        return getattr(value, how)(given) if isinstance(value, L) else value


IMAGE, WIDE, ROW, STEPS = (12, 12, 6), (9, 14, 3), (24,), (11, 6)
# Keras: a call, and the shape of one sample that it gets
KERAS = [
    (L("Dense", 7), ROW),
    (L("Dense", 7, use_bias=False), STEPS),
    (L("Dense", units=7, activation="relu"), IMAGE),
    (L("Embedding", 50, 8, mask_zero=True), (11,)),
    (L("Embedding", input_dim=50, output_dim=8), (5,)),
    (L("Conv1D", 16, 3), STEPS),
    (L("Conv1D", 16, 3, padding="causal", dilation_rate=2), STEPS),
    (L("Conv1D", 8, 5, strides=2, padding="same"), STEPS),
    (L("Conv1D", 8, 3, strides=3, padding="causal"), STEPS),
    (L("Conv2D", 32, (3, 3)), IMAGE),
    (L("Conv2D", 32, 3, 2, "same", activation="relu"), WIDE),
    (L("Conv2D", 32, (3, 2), strides=(1, 3), use_bias=False), WIDE),
    (L("Conv2D", 12, 3, groups=3, dilation_rate=2), IMAGE),
    (L("Conv3D", 4, (3, 3, 2), padding="same"), (6, 5, 7, 2)),
    (L("Convolution2D", 4, 3), IMAGE),
    (L("DepthwiseConv1D", 3), STEPS),
    (L("DepthwiseConv2D", 3, depth_multiplier=2, strides=2, padding="same"), IMAGE),
    (L("SeparableConv1D", 9, 3, use_bias=False), STEPS),
    (L("SeparableConv2D", 9, 3, depth_multiplier=3, padding="same"), IMAGE),
    (L("Conv1DTranspose", 7, 3, strides=2, padding="same"), STEPS),
    (L("Conv2DTranspose", 7, 4, strides=2, padding="same", use_bias=False), IMAGE),
    (L("Conv2DTranspose", 7, 3, strides=2), IMAGE),
    (L("Conv2DTranspose", 7, 2, strides=3), IMAGE),
    (L("Conv2DTranspose", 7, 3, strides=2, padding="same", output_padding=1), IMAGE),
    (L("Conv2DTranspose", 7, (3, 5), strides=2, output_padding=1), IMAGE),
    (L("Conv3DTranspose", 3, 2, 2), (4, 5, 6, 2)),
    (L("MaxPooling1D", 2), STEPS),
    (L("MaxPooling1D"), STEPS),
    (L("MaxPooling2D", (2, 2)), WIDE),
    (L("MaxPool2D", 3, strides=2, padding="same"), WIDE),
    (L("AveragePooling2D", (2, 3)), WIDE),
    (L("AveragePooling3D", 2), (6, 5, 7, 2)),
    (L("GlobalAveragePooling1D"), STEPS),
    (L("GlobalMaxPooling2D"), IMAGE),
    (L("GlobalAveragePooling2D", keepdims=True), IMAGE),
    (L("GlobalMaxPool1D", keepdims=True), STEPS),
    (L("AdaptiveAveragePooling2D", 4), IMAGE),
    (L("AdaptiveMaxPooling1D", 4), STEPS),
    (L("Flatten"), IMAGE),
    (L("Reshape", (12, 72)), IMAGE),
    (L("Reshape", (3, -1, 2)), ROW),
    (L("Permute", (2, 1)), STEPS),
    (L("Permute", (3, 1, 2)), WIDE),
    (L("RepeatVector", 4), ROW),
    (L("UpSampling1D", 3), STEPS),
    (L("UpSampling2D", (2, 3)), WIDE),
    (L("UpSampling3D"), (2, 3, 4, 5)),
    (L("ZeroPadding1D", 2), STEPS),
    (L("ZeroPadding2D", ((0, 1), (2, 3))), WIDE),
    (L("ZeroPadding2D", (1, 2)), WIDE),
    (L("ZeroPadding2D", padding=3), WIDE),
    (L("Cropping1D", (1, 2)), STEPS),
    (L("Cropping2D", ((1, 1), (2, 0))), WIDE),
    (L("Resizing", 24, 32), IMAGE),
    (L("CenterCrop", 5, 6), IMAGE),
    (L("Rescaling", 1 / 255), IMAGE),
    (L("Normalization"), ROW),
    (L("LSTM", 30), (3, 1)),
    (L("LSTM", 30, return_sequences=True, dropout=0.2), STEPS),
    (L("LSTM", 30, use_bias=False), STEPS),
    (L("GRU", 5), STEPS),
    (L("GRU", 5, reset_after=False), STEPS),
    (L("SimpleRNN", 5, "relu", return_sequences=True), STEPS),
    (L("Bidirectional", L("LSTM", 5, return_sequences=True)), STEPS),
    (L("Bidirectional", L("GRU", 5), merge_mode="sum"), STEPS),
    (L("Bidirectional", layer=L("SimpleRNN", 5)), STEPS),
    (L("RNN", L("LSTMCell", 5), return_sequences=True), STEPS),
    (L("RNN", [L("GRUCell", 5), L("SimpleRNNCell", 4)]), STEPS),
    (L("TimeDistributed", L("Dense", 10)), STEPS),
    (L("TimeDistributed", L("Conv2D", 4, 3)), (5, 8, 8, 3)),
    (L("TimeDistributed", L("Flatten")), (5, 8, 3)),
    (L("TimeDistributed", L("Conv1D", 4, 3)), (5, 8, 3)),
    (L("TimeDistributed", L("MaxPooling1D", 2)), (5, 8, 3)),
    (L("TimeDistributed", L("LSTM", 6)), (5, 8, 3)),
    (L("TimeDistributed", L("Dense", 6)), (5, 8, 3)),
    (L("TimeDistributed", L("GlobalAveragePooling2D")), (5, 8, 8, 3)),
    (L("BatchNormalization"), IMAGE),
    (L("BatchNormalization", center=False), STEPS),
    (L("BatchNormalization", scale=False, axis=-1), ROW),
    (L("LayerNormalization"), STEPS),
    (L("LayerNormalization", epsilon=1e-6, center=False), IMAGE),
    (L("GroupNormalization", 3), IMAGE),
    (L("GroupNormalization", groups=-1), IMAGE),
    (L("RMSNormalization"), STEPS),
    (L("UnitNormalization"), ROW),
    (L("PReLU"), STEPS),
    (L("Activation", "relu"), IMAGE),
    (L("LeakyReLU", 0.2), IMAGE),
    (L("ReLU", max_value=6), ROW),
    (L("Softmax"), ROW),
    (L("Dropout", 0.5), ROW),
    (L("SpatialDropout1D", 0.2), STEPS),
    (L("SpatialDropout2D", rate=0.2), IMAGE),
    (L("GaussianNoise", 0.1), ROW),
    (L("Masking", mask_value=0.0), STEPS),
    (L("RandomFlip", "horizontal"), IMAGE),
    (L("RandomRotation", 0.1), IMAGE),
]
# PyTorch: the same, with the channels first; the last number is what the code says arrives
TORCH = [
    (L("Linear", 24, 7), ROW, 24),
    (L("Linear", 6, 7, bias=False), STEPS, 6),
    (L("LazyLinear", 7), ROW, None),
    (L("Embedding", 50, 8, padding_idx=0), (11,), None),
    (L("EmbeddingBag", 50, 8, sparse=False), (11,), None),
    (L("Conv1d", 11, 16, 3, padding=1), STEPS, 11),
    (L("Conv2d", 3, 6, 5), (3, 32, 32), 3),
    (L("Conv2d", 3, 6, (3, 5), stride=(2, 1), padding=(1, 2)), (3, 9, 14), 3),
    (L("Conv2d", 3, 6, 3, padding="same", bias=False), (3, 9, 14), 3),
    (L("Conv2d", 8, 16, 3, 1, 1, 2, 4), (8, 9, 14), 8),
    (L("Conv2d", in_channels=8, out_channels=8, kernel_size=3, groups=8), (8, 9, 14), 8),
    (L("Conv3d", 2, 4, 3), (2, 6, 5, 7), 2),
    (L("LazyConv2d", 4, 3), (3, 9, 9), None),
    (L("ConvTranspose1d", 11, 3, 4, 2), STEPS, 11),
    (L("ConvTranspose2d", 100, 64, 4, 1, 0, bias=False), (100, 1, 1), 100),
    (L("ConvTranspose2d", 6, 4, 3, stride=2, padding=1, output_padding=1), (6, 7, 8), 6),
    (L("MaxPool1d", 2), STEPS, None),
    (L("MaxPool2d", 2, 2), (3, 9, 14), None),
    (L("MaxPool2d", 3, stride=2, padding=1, ceil_mode=True), (3, 9, 14), None),
    (L("MaxPool2d", 2, dilation=3), (3, 9, 14), None),
    (L("AvgPool2d", (2, 3), padding=1), (3, 9, 14), None),
    (L("AdaptiveAvgPool2d", (1, 1)), (3, 9, 14), None),
    (L("AdaptiveAvgPool2d", (None, 5)), (3, 9, 14), None),
    (L("AdaptiveMaxPool1d", 4), STEPS, None),
    (L("ZeroPad2d", (1, 0, 2, 3)), (3, 9, 14), None),
    (L("ReflectionPad2d", 2), (3, 9, 14), None),
    (L("ConstantPad1d", 2, 0.5), STEPS, None),
    (L("Upsample", scale_factor=2, mode="bilinear"), (3, 9, 14), None),
    (L("Upsample", (20, 30)), (3, 9, 14), None),
    (L("UpsamplingNearest2d", scale_factor=2.0), (3, 9, 14), None),
    (L("PixelShuffle", 2), (8, 3, 5), None),
    (L("RNN", 6, 5, 2, "relu"), STEPS, 6),
    (L("LSTM", 6, 5), STEPS, 6),
    (L("LSTM", 6, 5, 2, batch_first=True, dropout=0.1, bidirectional=True), STEPS, 6),
    (L("GRU", input_size=6, hidden_size=5, num_layers=3, bias=False), STEPS, 6),
    (L("GRU", 6, 5, bidirectional=True), STEPS, 6),
    (L("LSTMCell", 24, 5), ROW, 24),
    (L("GRUCell", 24, 5, False), ROW, 24),
    (L("RNNCell", 24, 5), ROW, 24),
    (L("BatchNorm1d", 24), ROW, 24),
    (L("BatchNorm2d", 3, affine=False), (3, 9, 14), 3),
    (L("BatchNorm2d", 3, track_running_stats=False), (3, 9, 14), 3),
    (L("LazyBatchNorm2d"), (3, 9, 14), None),
    (L("InstanceNorm2d", 3), (3, 9, 14), 3),
    (L("InstanceNorm2d", 3, affine=True, track_running_stats=True), (3, 9, 14), 3),
    (L("GroupNorm", 2, 6), (6, 9, 14), 6),
    (L("LayerNorm", 6), STEPS, 6),
    (L("LayerNorm", [3, 9, 14]), (3, 9, 14), 14),
    (L("LayerNorm", 6, elementwise_affine=False), STEPS, 6),
    (L("LayerNorm", 6, bias=False), STEPS, 6),
    (L("RMSNorm", 6), STEPS, 6),
    (L("PReLU"), (3, 9, 14), None),
    (L("PReLU", 3), (3, 9, 14), None),
    (L("Flatten"), (3, 9, 14), None),
    (L("Flatten", 2), (3, 9, 14), None),
    (L("Flatten", start_dim=1, end_dim=-1), STEPS, None),
    (L("Unflatten", 1, (4, 6)), ROW, None),
    (L("Dropout", 0.3), ROW, None),
    (L("Dropout2d"), (3, 9, 14), None),
    (L("ReLU", inplace=True), (3, 9, 14), None),
    (L("LeakyReLU", 0.2, True), ROW, None),
    (L("LogSoftmax", dim=1), ROW, None),
    (L("Identity", 54, unused=0.1), ROW, None),
    (L("LocalResponseNorm", 5), (3, 9, 14), None),
    (L("TransformerEncoderLayer", 6, 2, 16), STEPS, 6),
    (L("TransformerEncoder", L("TransformerEncoderLayer", 6, 2, 16, batch_first=True), 3), STEPS, 6),
]
FUNCTIONS = [
    ("relu", (), {}, (3, 9, 14)),
    ("max_pool2d", (2,), {}, (3, 9, 14)),
    ("max_pool2d", (3, 2), {"padding": 1}, (3, 9, 14)),
    ("avg_pool2d", (4,), {}, (3, 9, 14)),
    ("avg_pool1d", (2,), {}, STEPS),
    ("adaptive_avg_pool2d", (1,), {}, (3, 9, 14)),
    ("adaptive_max_pool2d", ((2, 3),), {}, (3, 9, 14)),
    ("dropout", (0.3,), {"training": True}, ROW),
    ("log_softmax", (), {"dim": 1}, ROW),
    ("interpolate", (), {"scale_factor": 2, "mode": "nearest"}, (3, 9, 14)),
    ("interpolate", ((5, 6),), {}, (3, 9, 14)),
    ("pad", ((1, 2, 3, 4),), {}, (3, 9, 14)),
    ("pixel_shuffle", (2,), {}, (8, 3, 5)),
]


def sizes_of(flow: Flow, channels_last: bool) -> tuple[int, ...]:
    """The shape in the framework's order."""
    return tuple(int(size) for size in as_written(flow, channels_last))


def arrays(layer: Layer, flow: Flow, framework: str) -> dict[bool, list]:
    """The shapes of what is stored, trained and not."""
    found: dict[bool, list] = {True: [], False: []}
    for stored in layer.stored(flow, framework):
        found[stored.trainable].append(tuple(stored.shape))
    return found


@pytest.mark.parametrize(("call", "shape"), KERAS, ids=str)
def test_keras(call, shape):
    layer = call.read(keras_layers.build)
    arrived = entering(layer, as_flow(shape, True), True)
    made = call.made(keras.layers)
    given = made(keras.Input(shape))
    assert sizes_of(layer.output(arrived), True) == tuple(given.shape[1:])
    found = arrays(layer, arrived, "keras")
    assert sorted(found[True]) == sorted(tuple(each.shape) for each in made.trainable_weights)
    kept = [tuple(each.shape) for each in made.non_trainable_weights if "seed" not in each.path]
    if call.name == "Normalization":
        assert found[False][:2] == kept[:2]  # older versions have no count
        assert found[False][2:] == [(1,)]
    else:
        assert sorted(found[False]) == sorted(kept)
    assert counted(layer.tensors(arrived)) == counted(layer.stored(arrived, "keras"))


@pytest.mark.parametrize(("call", "shape", "arrives"), TORCH, ids=str)
def test_torch(call, shape, arrives):
    layer = call.read(torch_layers.build)
    inner = [each.read(torch_layers.build) if isinstance(each, L) else each for each in call.positional]
    assert torch_layers.arrives(Arguments(call.name, inner, call.named, 1)) == arrives
    flow = as_flow(shape, False, layer.suggests)
    if call.name in ("RNN", "LSTM", "GRU"):
        call = L(call.name, *call.positional, **{**call.named, "batch_first": True})
    made = call.made(nn)
    tokens = call.name.startswith("Embedding")
    sample = torch.zeros(2, *shape, dtype=torch.long if tokens else torch.get_default_dtype())
    given = made(sample)
    while isinstance(given, tuple):
        given = given[0]
    assert sizes_of(layer.output(entering(layer, flow)), False) == tuple(given.shape[1:])
    found = arrays(layer, entering(layer, flow), "pytorch")
    assert sorted(found[True]) == sorted(tuple(each.shape) for each in made.parameters())
    kept = [tuple(each.shape) for each in made.buffers() if each.ndim]
    assert sorted(found[False]) == sorted(kept)
    assert counted(layer.tensors(entering(layer, flow))) == counted(layer.stored(entering(layer, flow), "pytorch"))


@pytest.mark.parametrize(
    "call",
    [L("MultiHeadAttention", 3, 5), L("MultiHeadAttention", num_heads=2, key_dim=4, value_dim=7, use_bias=False)],
)
def test_attention_of_keras(call):
    layer, made, x = call.read(keras_layers.build), call.made(keras.layers), keras.Input(STEPS)
    given, flow = made(x, x), as_flow(STEPS, True)
    assert sizes_of(layer.output(flow), True) == tuple(given.shape[1:])
    assert sorted(arrays(layer, flow, "keras")[True]) == sorted(tuple(each.shape) for each in made.trainable_weights)


@pytest.mark.parametrize(
    ("call", "shapes"),
    [
        (L("Attention"), [(11, 6), (5, 6)]),
        (L("Attention", use_scale=True), [(11, 6), (5, 7), (5, 6)]),
        (L("AdditiveAttention"), [(11, 6), (5, 6)]),
        (L("Dot", axes=1), [(8,), (8,)]),
        (L("Dot", (1, 2)), [(8, 3), (5, 8)]),
        (L("Dot", -1, normalize=True), [(4, 8), (5, 8)]),
        (L("Concatenate"), [(4, 8), (4, 3)]),
        (L("Concatenate", axis=1), [(4, 5, 3), (2, 5, 3), (3, 5, 3)]),
        (L("Add"), [(4, 5, 3), (4, 5, 3)]),
        (L("Multiply"), [(4, 5, 3), (1, 1, 3)]),
        (L("Average"), [(8,), (8,)]),
        (L("Subtract"), [(8,), (8,)]),
    ],
    ids=str,
)
def test_layers_of_several_arrays(call, shapes):
    layer, made = call.read(keras_layers.build), call.made(keras.layers)
    flows = [as_flow(shape, True) for shape in shapes]
    layer = layer.among(flows)
    given = made([keras.Input(shape) for shape in shapes])
    assert sizes_of(layer.output(flows[0]), True) == tuple(given.shape[1:])
    assert sorted(arrays(layer, flows[0], "keras")[True]) == sorted(
        tuple(each.shape) for each in made.trainable_weights
    )


@pytest.mark.parametrize("call", [L("MultiheadAttention", 6, 3), L("MultiheadAttention", 6, 2, 0.1, False)])
def test_attention_of_torch(call):
    layer, made = call.read(torch_layers.build), call.made(nn)
    assert torch_layers.arrives(Arguments(call.name, call.positional, call.named, 1)) == 6
    found = arrays(layer, as_flow(STEPS, False), "pytorch")[True]
    assert sorted(found) == sorted(tuple(each.shape) for each in made.parameters())


@pytest.mark.parametrize(("name", "positional", "named", "shape"), FUNCTIONS)
def test_functions(name, positional, named, shape):
    layer = torch_layers.build_function(Arguments(name, positional, named, 1))
    assert layer is not None
    flow = entering(layer, as_flow(shape, False, layer.suggests))
    given = getattr(nn.functional, name)(torch.zeros(2, *shape), *positional, **named)
    assert sizes_of(layer.output(flow), False) == tuple(given.shape[1:])


@pytest.mark.parametrize(
    ("name", "positional", "named", "shape", "given"),
    [
        ("view", (-1, 378), {}, (3, 9, 14), (378,)),
        ("view", (Unknown("x.size(0)", 3, ""), -1), {}, (3, 9, 14), (378,)),
        ("reshape", ((-1, 9, 42),), {}, (3, 9, 14), (9, 42)),
        ("flatten", (1,), {}, (3, 9, 14), (378,)),
        ("mean", (1,), {}, STEPS, (6,)),
        ("mean", ([2, 3],), {}, (3, 9, 14), (3,)),
        ("sum", (-1,), {"keepdim": True}, STEPS, (11, 1)),
    ],
)
def test_methods_of_tensors(name, positional, named, shape, given):
    layer = torch_layers.build_function(Arguments(name, positional, named, 1))
    assert layer is not None
    assert sizes_of(layer.output(as_flow(shape, False)), False) == given


def test_functions_that_are_no_layers():
    assert torch_layers.build_function(Arguments("cat", [], {}, 1)) is None
    assert keras_layers.build_function(Arguments("print", [], {}, 1)) is None
    merge = keras_layers.build_function(Arguments("concatenate", [], {"axis": 3}, 1))
    assert merge is not None
    assert merge.word == "concatenate axis 3"


# Signatures


def documented(made) -> list[inspect.Parameter]:
    found = list(inspect.signature(made.__init__).parameters.values())[1:]
    return [each for each in found if each.kind not in (each.VAR_KEYWORD, each.VAR_POSITIONAL)]


def same_default(ours, theirs) -> bool:
    if isinstance(theirs, tuple) and not isinstance(ours, tuple):
        return set(theirs) == {ours}  # one number for all axes
    return ours == theirs


NEWER = {
    "use_gate",
    "sliding_window",
    "flash_attention",
    "renorm",
    "renorm_clipping",
    "renorm_momentum",
    "bias",
    "alpha",
}
TORCH_BY_HAND = ("RNN", "LSTM", "GRU")  # in Python they take anything


@pytest.mark.parametrize("framework", ["keras", "torch"])
def test_signatures_are_those_of_the_framework(framework):
    kinds, module = (keras_layers.KINDS, keras.layers) if framework == "keras" else (torch_layers.KINDS, nn)
    missing = []
    for name, kind in kinds.items():
        made = getattr(module, name, None)
        if made is None:
            missing.append(name)
            continue
        if kind.signature == ANYTHING or (framework == "torch" and name in TORCH_BY_HAND):
            continue
        ours, theirs = signature(kind.signature), documented(made)
        # later versions of a framework have more parameters: those of the installed one stand among ours, in order
        known = {each.name: each for each in theirs}
        told = [each.name for each in ours if each.name in known]
        assert told == [name for name in known if name in told], name
        left = set(known) - set(told)
        assert left <= {"device", "dtype", "lora_rank", "lora_alpha", "quantization_config"}, (name, left)
        assert {each.name for each in ours} - set(known) <= NEWER, name
        for mine in ours:
            if mine.name not in known:
                continue
            default = known[mine.name].default
            assert (mine.default is REQUIRED) == (default is inspect.Parameter.empty), (name, mine.name)
            if mine.default is not None and mine.default is not REQUIRED:
                assert same_default(mine.default, default), (name, mine.name)
    assert missing == (["ThresholdedReLU"] if framework == "keras" else [])


def test_signatures_of_recurrent_modules():
    told = [each.name for each in documented(nn.RNNBase)][1:]
    for name in ("LSTM", "GRU"):
        ours = [each.name for each in signature(torch_layers.KINDS[name].signature)]
        assert ours == told[: len(ours)]
    made = nn.RNN(4, 5, 2, "relu", False)
    assert (made.nonlinearity, made.bias) == ("relu", False)


@pytest.mark.parametrize("framework", ["keras", "pytorch"])
def test_tables_have_signatures_that_are_read(framework):
    kinds = keras_layers.KINDS if framework == "keras" else torch_layers.KINDS
    for name, kind in kinds.items():
        if kind.signature != ANYTHING:
            names = [each.name for each in signature(kind.signature)]
            assert len(names) == len(set(names)), name
            assert not kind.arrives or kind.arrives in names, name


# Words


CHAIN = {"keras": KERAS, "pytorch": [row[:2] for row in TORCH]}
OWN = (  # words that `explain network` does not have
    "reshape", "permute", "repeat", "upsample", "zeropad", "crop", "resize", "every step", "adaptive", "groupnorm",
    "instancenorm", "rmsnorm", "no scale", "no shift", "merged", "not affine", "×", "cell", "encoder", "mean",
    "pixelshuffle", "prelu", "masking", "noise", "random", "rescaling", "normalization", "unitnorm", "norm 5", "local",
    "global", ",", "flatten from", "reset", "dropout2d", "logsoftmax", "affine",
)  # fmt: skip


@pytest.mark.parametrize("framework", ["keras", "pytorch"])
def test_words_are_those_of_a_chain(framework):
    build = keras_layers.build if framework == "keras" else torch_layers.build
    tried = 0
    for call, shape in CHAIN[framework]:
        layer = call.read(build)
        if any(word in layer.word for word in OWN) or call.named.get("track_running_stats") is False:
            continue
        if call.named.get("output_padding") or (call.name == "LayerNorm" and "bias" in call.named):
            continue
        last = framework == "keras"
        read = from_words(layer.word, Setting(framework))
        flow = as_flow(shape, last, layer.suggests)
        if call.name in ("Dense", "TimeDistributed", "LayerNormalization", "LayerNorm") and flow.kind == "maps":
            continue
        arrived = entering(layer, flow, last)
        assert read.output(arrived) == layer.output(arrived), layer.word
        assert counted(read.tensors(arrived)) == counted(layer.tensors(arrived)), layer.word
        tried += 1
    assert tried > (40 if framework == "keras" else 25)


# What is refused


UNKNOWN = Unknown("n_units", 3, "nothing in the code sets it")
REFUSED = [
    ("keras", L("Dense"), "Dense needs units: write Dense(units=…)"),
    ("keras", L("Dense", 10.0), "Dense has units = 10.0: it must be a whole number from 1; write 10, and // in place"),
    ("keras", L("Dense", 1.5), "Dense has units = 1.5: it must be a whole number from 1"),
    ("keras", L("Dense", True), "Dense has units = True: it must be a whole number from 1"),
    ("keras", L("Dense", "10"), "Dense has units = '10': it must be a whole number from 1"),
    ("keras", L("Dense", 10**4000), "Dense has units = a number of about 4000 digits: it must be a whole number from"),
    ("keras", L("Dense", 10, uints=3), "Dense has no argument uints; did you mean units?"),
    ("keras", L("Dense", 10, units=3), "Dense is given units twice: by its place and by its name; give it once"),
    ("keras", L("Flatten", *"abcd"), "Flatten has 4 arguments without a name, but takes 1: data_format"),
    ("keras", L("Dense", UNKNOWN), "Dense has units = n_units in line 3: nothing in the code sets it; give --let"),
    ("keras", L("Conv2D", 32, (3, UNKNOWN)), "Conv2D has kernel_size = n_units in line 3"),
    ("keras", L("Embedding", 1, 0, 16), "Embedding has output_dim = 0: it must be a whole number from 1"),
    ("keras", L("Conv2D", 32, (3, 3, 3)), "Conv2D has kernel_size = (3, 3, 3): it needs one number, or 2, one for"),
    ("keras", L("Conv2D", 32, 3, padding="full"), "Conv2D has padding = 'full': it is one of valid, same"),
    ("keras", L("Conv2D", 32, 3, data_format="channels_first"), "only Keras' usual channels_last is read"),
    ("keras", L("Conv2D", 32, 3, groups=3), "Conv2D has groups = 3, which does not divide its 32 filters"),
    ("keras", L("Conv2D", 32, 3, strides=2, dilation_rate=2), "Keras refuses both together"),
    ("keras", L("BatchNormalization", axis=1), "only the last axis, -1, is read"),
    ("keras", L("Concatenate", axis=0), "Concatenate has axis = 0, the batch"),
    ("keras", L("Bidirectional", L("Dense", 3)), "Bidirectional takes one recurrent layer, such as LSTM(32)"),
    ("keras", L("Bidirectional", L("LSTM", 3), merge_mode=None), "which gives two outputs"),
    ("keras", L("TimeDistributed", 3), "TimeDistributed takes a layer, such as Dense(10)"),
    ("keras", L("Permute", (0, 1)), "Permute has dims = 0: it must be a whole number from 1"),
    ("keras", L("Permute", (1, 3)), "Permute has dims = (1, 3): they are the axes 1 to 2 in another order"),
    ("keras", L("Conv2d", 3, 3), "Conv2d is no layer of Keras that is read; did you mean Conv2D?"),
    ("keras", L("Lambda", 3), "what Lambda gives only running it would tell; write output_shape=(…)"),
    ("keras", L("ConvLSTM2D", 3, 3), "ConvLSTM2D is no layer of Keras that is read"),
    ("torch", L("Linear", 10), "Linear needs out_features: write Linear(out_features=…)"),
    ("torch", L("Linear", UNKNOWN, 10), "Linear has in_features = n_units in line 3"),
    ("torch", L("LSTM", 1, 30, proj_size=5), "projections of the hidden state are not read"),
    ("torch", L("Conv2d", 3, 6, 5, padding="same", stride=2), "PyTorch pads so only where the stride is 1"),
    ("torch", L("Conv2d", 3, 6, 5, groups=3), None),
    ("torch", L("Conv2d", 3, 8, 5, groups=3), "Conv2d has groups = 3, which does not divide out_channels = 8"),
    ("torch", L("MaxPool2d", 2, padding=2), "MaxPool2d has padding = 2: more than half of its window of 2"),
    ("torch", L("GroupNorm", 4, 6), "GroupNorm has num_groups = 4, which does not divide num_channels = 6"),
    ("torch", L("MultiheadAttention", 10, 3), "MultiheadAttention has a width of 10, which its 3 heads do not divide"),
    ("torch", L("Flatten", 0), "begins at axis 0, so that the samples of a batch run into one row"),
    ("torch", L("LSTM", 1, 30, 10**8), "LSTM has num_layers = 100000000: at most 200 layers in one are read"),
    ("torch", L("Upsample", scale_factor=1.5), "only whole numbers from 1 are read"),
    ("torch", L("Upsample"), "Upsample needs one of size and scale_factor"),
]


@pytest.mark.parametrize(("framework", "call", "message"), REFUSED, ids=[str(row[1])[:60] for row in REFUSED])
def test_refused(framework, call, message):
    build = keras_layers.build if framework == "keras" else torch_layers.build
    if message is None:
        assert call.read(build).word
        return
    with pytest.raises(NotReadError) as error:
        call.read(build)
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 250


SLIPS = [
    ("keras", L("Dense")),
    ("keras", L("Dense", 10, uints=3)),
    ("keras", L("Dense", 1.5)),
    ("keras", L("Dense", "ten")),
    ("keras", L("Dense", -3)),
    ("keras", L("LSTM", 5, return_sequence=True)),
    ("keras", L("Conv2D", 32)),
    ("keras", L("Conv2D", 0, 3)),
    ("keras", L("Conv2D", 32, (3, 3, 3))),
    ("keras", L("Conv2D", 32, 3, padding="full")),
    ("keras", L("Conv2D", 32, 3, groups=3)),
    ("keras", L("Conv2D", 32, 3, strides=2, dilation_rate=2)),
    ("keras", L("Flatten", *"abcd")),
    ("keras", L("Permute", (1, 3))),
    ("torch", L("Linear", 10)),
    ("torch", L("Linear", 10, 2.5)),
    ("torch", L("Linear", 10, 3, biass=False)),
    ("torch", L("Linear", 10, 3, in_features=3)),
    ("torch", L("Conv2d", 3, 8, 5, groups=3)),
    ("torch", L("Conv2d", 3, 6, 5, padding="same", stride=2)),
    ("torch", L("GroupNorm", 4, 6)),
    ("torch", L("MultiheadAttention", 10, 3)),
    ("torch", L("Dropout", 0.5, True, True)),
]


@pytest.mark.parametrize(("framework", "call"), SLIPS, ids=str)
def test_slips_are_what_the_framework_refuses(framework, call):
    """They stop the answer, with the line; what is only not read leaves a gap in it."""
    with pytest.raises((TypeError, ValueError, RuntimeError, AssertionError)):
        call.made(keras.layers if framework == "keras" else nn)
    with pytest.raises(SlipError):
        call.read(keras_layers.build if framework == "keras" else torch_layers.build)
    code = f"keras.Sequential([{call!r}])" if framework == "keras" else f"nn.Sequential(nn.{call!r})"
    with pytest.raises(InputError, match=r"^line 1, "):
        model(code=code)


def test_settings_that_do_not_count_may_be_unknown():
    silent = {"kernel_initializer": UNKNOWN, "activation": UNKNOWN, "name": UNKNOWN, "trainable": UNKNOWN}
    assert L("Dense", 10, **silent).read(keras_layers.build).word == "dense 10"
    assert L("Dropout", UNKNOWN).read(keras_layers.build).word == "dropout"
    assert L("Dropout", UNKNOWN).read(torch_layers.build).word == "dropout"
    assert L("Activation", Unknown("tf.nn.relu", 2, "")).read(keras_layers.build).word == "relu"
    assert L("LSTM", 5, dropout=UNKNOWN).read(keras_layers.build).word == "lstm 5"


def test_hostile_values_are_refused_at_once():
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    for build, call in (
        (keras_layers.build, L("Conv2D", 32, deep)),
        (keras_layers.build, L("Reshape", (1,) * 10**6)),
        (torch_layers.build, L("AdaptiveAvgPool2d", (1,) * 10**6)),
        (torch_layers.build, L("ZeroPad2d", "1" * 10**6)),
        (keras_layers.build, L("Dense" * 10**5, 1)),
    ):
        arguments = Arguments(call.name, call.positional, call.named, 1)
        with pytest.raises(NotReadError) as error:
            build(arguments)
        assert len(str(error.value)) < 250


def test_signatures_are_no_code():
    with pytest.raises((SyntaxError, ValueError)):
        signature("units=open('x')")
    assert ast.literal_eval("1") == 1
