"""Chains of layers against PyTorch and Keras: shapes, parameters, multiply-adds, receptive fields, known networks."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Mapping
from functools import cache, partial
from itertools import product
from types import MappingProxyType, SimpleNamespace
from typing import NamedTuple

import pytest
import torch
from hypothesis import given, note, settings
from hypothesis import strategies as st
from torch.utils.flop_counter import FlopCounterMode

from explain import InputError, network
from explain.page import page
from explain.render.glyphs import width_of
from explain.render.terminal import plain

os.environ["KERAS_BACKEND"] = "torch"
import keras

AXES = {1: "L", 2: "HW", 3: "DHW"}
# PyTorch says that it copies the input where same padding is not symmetric; the shape is the same.
copies = pytest.mark.filterwarnings("ignore:Using padding='same'")


def many(examples):
    """The settings of a test with so many random chains."""
    return settings(max_examples=examples, deadline=None, database=None, derandomize=True)


# The two frameworks


class Row(NamedTuple):
    """What a framework has for one layer; Keras counts no multiply-adds."""

    output: str
    parameters: int
    work: int | None


def run_in_torch(build, x):
    """What a layer gives on the meta device, its row, and how many of its parameters are trained."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        module = build().eval()
        y = module(x)
    if not y.numel():
        raise ValueError("nothing is left")  # which a transposed convolution passes over on the meta device
    trained = sum(parameter.numel() for parameter in module.parameters())
    kept = sum(buffer.numel() for buffer in module.buffers() if buffer.ndim)
    return y, Row("×".join(map(str, y.shape[1:])), trained + kept, counter.get_total_flops() // 2), trained


def run_in_keras(build, x):
    """The same on a symbolic tensor."""
    layer = build()
    y = layer(x)
    trained = sum(math.prod(weight.shape) for weight in layer.trainable_weights)
    return y, Row("×".join(map(str, y.shape[1:])), layer.count_params(), None), trained


def torch_window(kind, rank, channels, kernel, filters=1, multiplier=1, groups=1, bias=True, **options):
    of_kind, conv = (getattr(torch.nn, f"{name}{rank}d", None) for name in (kind, "Conv"))
    if kind in ("MaxPool", "AvgPool"):
        return of_kind(kernel, **options)
    if kind in ("Conv", "ConvTranspose"):
        return of_kind(channels, filters, kernel, groups=groups, bias=bias, **options)
    middle, whole = channels * multiplier, kind == "DepthwiseConv"
    first = conv(channels, middle, kernel, groups=channels, bias=bias and whole, **options)
    return first if whole else torch.nn.Sequential(first, conv(middle, filters, 1, bias=bias))


def keras_window(kind, rank, channels, kernel, filters=None, **options):
    name = {"MaxPool": "MaxPooling{}D", "AvgPool": "AveragePooling{}D", "ConvTranspose": "Conv{}DTranspose"}
    theirs = {"stride": "strides", "dilation": "dilation_rate", "multiplier": "depth_multiplier", "bias": "use_bias"}
    build = getattr(keras.layers, name.get(kind, kind + "{}D").format(rank))
    options = {theirs.get(option, option): value for option, value in options.items()}
    return build(kernel, **options) if filters is None else build(filters, kernel, **options)


def torch_recurrent(cell, width, units, bias, both, every):
    class States(getattr(torch.nn, cell)):
        def forward(self, x):
            return super().forward(x)[0][:, slice(None) if every else -1]

    return States(width, units, bias=bias, bidirectional=both, batch_first=True)


def keras_recurrent(cell, width, units, bias, both, every):
    name = "SimpleRNN" if cell == "RNN" else cell
    layer = getattr(keras.layers, name)(units, use_bias=bias, return_sequences=every)
    return keras.layers.Bidirectional(layer) if both else layer


PYTORCH = SimpleNamespace(
    question={"framework": "pytorch", "layout": "channels-first"},
    refusals=(RuntimeError, ValueError),
    channels=1,  # the axis
    input=lambda channels, *sizes: torch.zeros(
        (1, channels, *sizes), dtype=None if sizes else torch.long, device="meta"
    ),
    run=run_in_torch, window=torch_window, recurrent=torch_recurrent,
    dense=torch.nn.Linear, embedding=torch.nn.Embedding, flatten=torch.nn.Flatten, plain=torch.nn.Identity,
    layernorm=lambda x: torch.nn.LayerNorm(x.shape[-1]),
    batchnorm=lambda x: getattr(torch.nn, f"BatchNorm{max(x.ndim - 2, 1)}d")(x.shape[1]),
    globalpool=lambda x: torch.nn.Sequential(
        getattr(torch.nn, f"AdaptiveAvgPool{x.ndim - 2}d")(1), torch.nn.Flatten()
    ),
)  # fmt: skip
KERAS = SimpleNamespace(
    question={"framework": "keras", "layout": "channels-last"},
    refusals=(ValueError,),
    channels=-1,
    input=lambda channels, *sizes: keras.KerasTensor((None, *sizes, channels)),
    run=run_in_keras, window=keras_window, recurrent=keras_recurrent,
    dense=lambda width, units, bias: keras.layers.Dense(units, use_bias=bias),
    embedding=keras.layers.Embedding, flatten=keras.layers.Flatten, plain=keras.layers.Identity,
    layernorm=lambda x: keras.layers.LayerNormalization(),
    batchnorm=lambda x: keras.layers.BatchNormalization(),
    globalpool=lambda x: getattr(keras.layers, f"GlobalAveragePooling{len(x.shape) - 2}D")(),
)  # fmt: skip


# Random layers: the words, what builds the layer in a framework, and what it gives (None: what it got)

SPELLINGS = {
    "stride": ("stride {}", "s{}", "strides={}"),
    "padding": ("pad {}", "p{}", "padding={}"),
    "dilation": ("dilation {}", "d{}", "dilation_rate {}"),
    "groups": ("groups {}", "g{}"),
    "multiplier": ("multiplier {}", "depth_multiplier={}"),
    "output_padding": ("output-padding {}", "output_padding={}"),
    "bias": ("no-bias", "bias=false", "no bias"),
    "ceil_mode": ("ceil",),
    "both": ("bidirectional",),
    "last": ("last",),
    "sequences": ("sequences", "return_sequences"),
}
LEFT_OUT = {"bias": True, "groups": 1, "multiplier": 1, "output_padding": 0}  # without these, False
NAMES = {
    "Conv": ("conv", "Conv{}D"),
    "DepthwiseConv": ("depthwise", "DepthwiseConv{}D"),
    "SeparableConv": ("separable", "SeparableConv{}D"),
    "ConvTranspose": ("transposed", "ConvTranspose{}d", "Conv{}DTranspose"),
    "MaxPool": ("pool", "max-pool", "MaxPooling{}D"),
    "AvgPool": ("avgpool", "AveragePooling{}D", "AvgPool{}d"),
}


def one_of(draw, *values):
    return draw(st.sampled_from(values))


def each(draw, rank, low, high):
    """One number an axis; half of the time the same along all."""
    number = st.integers(low, high)
    return (draw(number),) * rank if draw(st.booleans()) else tuple(draw(number) for _ in range(rank))


def some(draw, rank, **ranges):
    """Numbers for some of the options; the others are left out."""
    return {name: each(draw, rank, *ends) for name, ends in ranges.items() if draw(st.booleans())}


def written(draw, name, *sizes, **options):
    """The words of a layer: its name and sizes, then its options in any order and spelling."""

    def text(value):
        alike = isinstance(value, tuple) and len(set(value)) == 1 and draw(st.booleans())
        return str(value[0]) if alike else "x".join(map(str, value)) if isinstance(value, tuple) else str(value)

    said = []
    for option, value in options.items():
        if value == "same":
            said.append(one_of(draw, "same", "padding=same"))
        elif value != LEFT_OUT.get(option, False):
            said.append(one_of(draw, *SPELLINGS[option]).format(text(value)))
    return " ".join([name, *map(text, sizes), *draw(st.permutations(said))])


def sliding(draw, side, kind, sizes, kernel):
    """Stride, zeros and dilation as far as the framework takes them together."""
    rank, pool = len(sizes), kind.endswith("Pool")
    if side is KERAS:
        found = some(draw, rank, **one_of(draw, {"stride": (1, 3)}, {} if pool else {"dilation": (1, 3)}))
        return {**found, **one_of(draw, {}, {"padding": "same"})}
    outside = kind == "AvgPool" and rank == 3 and any(k > i for k, i in zip(kernel, sizes, strict=True))
    zeros = {} if outside else {"padding": (0, 2)}  # AvgPool3d wants its window inside the input without the zeros
    found = some(draw, rank, stride=(1, 3), **zeros, **({} if kind == "AvgPool" else {"dilation": (1, 2)}))
    zeros, dilation = found.get("padding", (0,) * rank), found.get("dilation", (1,) * rank)
    if pool:
        spare = [i + 2 * p - d * (k - 1) for i, p, d, k in zip(sizes, zeros, dilation, kernel, strict=True)]
        found["ceil_mode"] = min(spare) > 0 and draw(st.booleans())
    elif kind == "ConvTranspose":
        steps = map(max, found.get("stride", dilation), dilation)
        found["output_padding"] = draw(st.integers(0, min(steps) - 1))
    elif draw(st.integers(0, 3)) == 0:
        found = {**found, "stride": (1,) * rank, "padding": "same"}
    return found


def windowed(draw, side, x, kinds=("Conv", *NAMES)):
    """A convolution of any kind, or a pool."""
    rank, channels = len(x.shape) - 2, x.shape[side.channels]
    without = ("DepthwiseConv", "SeparableConv") if side is KERAS and rank == 3 else ()  # Keras has none there
    kind, kernel = one_of(draw, *(kind for kind in kinds if kind not in without)), each(draw, rank, 1, 4)
    options = sliding(draw, side, kind, x.shape[2:] if side is PYTORCH else x.shape[1:-1], kernel)
    filters = {} if kind.endswith("Pool") or kind == "DepthwiseConv" else {"filters": draw(st.integers(1, 4))}
    if not kind.endswith("Pool"):
        options["bias"] = draw(st.booleans())
    if kind in ("DepthwiseConv", "SeparableConv"):
        options["multiplier"] = draw(st.integers(1, 2))
    elif kind == "Conv":
        options["groups"] = one_of(draw, 1, 1, 1, 2, channels)
        filters["filters"] *= options["groups"]
    elif kind == "ConvTranspose" and side is KERAS:  # where a window is smaller than its stride, Keras fills up
        kernel = tuple(map(max, kernel, options.get("stride", kernel)))
    word = written(draw, one_of(draw, *NAMES[kind]).format(rank), *filters.values(), kernel, **options)
    return word, partial(side.window, kind, rank, channels, kernel, **filters, **options), "maps"


def recurrent(draw, side, x):
    cell, units, bias, both, every = one_of(draw, "RNN", "LSTM", "GRU"), draw(st.integers(1, 6)), *draw(THREE)
    how = {"last": not every} if side is PYTORCH else {"sequences": every}
    word = written(draw, one_of(draw, cell, cell.lower()), units, bias=bias, both=both, **how)
    gives = "sequence" if every else "vector"
    return word, partial(side.recurrent, cell, x.shape[-1], units, bias, both, every), gives


def dense(draw, side, x):
    units, bias = draw(st.integers(1, 9)), draw(st.booleans())
    word = written(draw, one_of(draw, "dense", "Linear"), units, bias=bias)
    return word, partial(side.dense, x.shape[-1], units, bias), None


def embedding(draw, side, x):
    tokens, width = draw(st.integers(1, 20)), draw(st.integers(1, 6))
    return f"embedding {tokens} {width}", partial(side.embedding, tokens, width), "sequence"


def simple(words, build, gives=None):
    return lambda draw, side, x: (one_of(draw, *words), partial(build, side, x), gives)


layernorm = simple(("layernorm", "LayerNormalization"), lambda side, x: side.layernorm(x))
batchnorm = simple(("bn", "BatchNorm2d"), lambda side, x: side.batchnorm(x))
globalpool = simple(("globalpool", "GAP"), lambda side, x: side.globalpool(x), "vector")
flatten = simple(("flatten",), lambda side, x: side.flatten(), "vector")
unchanged = simple(("relu", "LeakyReLU", "softmax", "dropout 0.5", "Dropout"), lambda side, x: side.plain())

THREE = st.tuples(*[st.booleans()] * 3)
OF_MAPS = (*(windowed,) * 7, batchnorm, globalpool, flatten, unchanged)
FOLLOWING = {
    "maps": OF_MAPS,
    "line": (*OF_MAPS, recurrent),  # maps with one axis are a sequence for what reads one
    "sequence": (*(recurrent,) * 4, dense, layernorm, batchnorm, windowed, globalpool, flatten, unchanged),
    "vector": (dense, dense, layernorm, batchnorm, flatten, unchanged),
}
READS = {windowed: "line", globalpool: "line", batchnorm: "line", recurrent: "sequence"}


# What the program says

PLACES = {
    "channels-first": {"n": 0, "T": 0, "d": -1, "C": 0, "L": -1, "W": -1, "H": -2, "D": -3},
    "channels-last": {"n": 0, "T": 0, "d": -1, "C": -1, "L": 0, "W": -2, "H": -3, "D": -4},
}


def sizes_of(text):
    return tuple(map(int, re.split("[x×]", text)))


def layers_of(answer):
    """The rows of the table that are layers, without the totals."""
    table = answer.tables[0]
    return list(table.rows[: len(table.rows) - table.totals])


def totals_of(answer):
    """The rows of the table that are totals."""
    table = answer.tables[0]
    return list(table.rows[len(table.rows) - table.totals :])


def numbers(answer):
    """The value of every step, by its name."""
    return {step.name: step.value.item() for step in answer.steps}


def reach(worked, letter, at, rank):
    """The receptive field (r) or the jump (j) after a layer along each axis: the last one that was worked."""
    axes = AXES[rank] if any(re.match("[rj][LDHW]_", name) for name in worked) else ("",)
    found = [max([1, *(worked.get(f"{letter}{axis}_{number}", 1) for number in range(1, at + 1))]) for axis in axes]
    return found * rank if axes == ("",) else found


def assert_steps_agree(answer, arrived, layout="channels-first"):
    """The lines of working have the numbers that the table has, layer by layer, and the totals are their sums."""
    worked, places = numbers(answer), PLACES[layout]
    rows, (_, _, _, parameters, work, *_) = layers_of(answer), totals_of(answer)[0]
    for at, _, (output,), own, own_work, *field in rows:
        gives = sizes_of(output)
        assert (worked.get(f"P_{at}", 0), worked.get(f"M_{at}", 0)) == (own, own_work)
        lines = {letter: worked[f"{letter}_{at}"] for letter in places if f"{letter}_{at}" in worked}
        assert {letter: gives[places[letter]] for letter in lines} == lines
        if len(gives) == len(arrived) > 2:
            axes = [places[letter] for letter in AXES[len(gives) - 1]]
            assert {gives[axis] for axis in axes if gives[axis] != arrived[axis]} <= set(lines.values())
        if field and field[0][0] not in ("", "all"):
            seen = sizes_of(field[0][0])
            assert list(seen) == reach(worked, "r", at, len(seen))
        arrived = gives
    assert [number for number, *_ in rows] == list(range(1, len(rows) + 1))
    assert worked["P"] == parameters == sum(row[3] for row in rows)
    assert worked["M"] == work == sum(row[4] for row in rows)
    assert worked["A"] == sum(math.prod(sizes_of(row[2][0])) for row in rows)
    assert worked.get("P_trainable", worked["P"]) + worked.get("P_fixed", 0) == worked["P"]
    assert (worked["B_P"], worked["B_A"]) == (4 * worked["P"], 4 * worked["A"])
    assert all(check.passed for check in answer.checks)


def assert_as_in(side, draw, first):
    """A chain of 2 to 7 layers that begins with a window, a recurrent layer or an embedding has the framework's table.

    What the framework refuses is refused, with the number of the layer.
    """
    rank = draw(st.integers(1, 3)) if first is windowed else int(first is recurrent)
    size = st.integers(5, 18) if first is windowed else st.integers(1, 6)
    x = side.input(draw(st.integers(1, 4) if rank else size), *(draw(size) for _ in range(rank)))
    kind = {0: "vector", 1: "line"}.get(rank, "maps")
    if first is recurrent and side is PYTORCH:
        x, kind = x.transpose(1, 2), "sequence"
    asked, chain, rows, trained, makers = {"input": tuple(x.shape[1:]), **side.question}, [], [], 0, (first,)
    for _ in range(draw(st.integers(2, 7))):
        make = one_of(draw, *makers)
        turned = side is PYTORCH and {kind, READS.get(make, kind)} == {"line", "sequence"}
        x = x.transpose(1, 2) if turned else x
        word, build, gives = make(draw, side, x)
        chain.append(word)
        note(f"{', '.join(chain)} on {asked}")
        try:
            x, row, more = side.run(build, x)
        except side.refusals:
            with pytest.raises(InputError, match=rf"^layer {len(chain)}, [^\n]*$"):
                network(chain=chain, **asked)
            return
        x = x.transpose(1, 2) if turned and gives is None else x
        rows.append(row._replace(output="×".join(map(str, x.shape[1:]))))
        trained += more
        kind = gives or kind
        kind = "line" if kind == "maps" and len(x.shape) == 3 else kind
        makers = FOLLOWING[kind]
    answer = network(chain=chain, **asked)
    for (_, _, (output,), parameters, work, *_), row in zip(layers_of(answer), rows, strict=True):
        assert Row(output, parameters, work if side is PYTORCH else None) == row
    assert numbers(answer).get("P_trainable", numbers(answer)["P"]) == trained
    assert_steps_agree(answer, asked["input"], asked["layout"])


@copies
@many(250)
@given(data=st.data())
def test_convolutional_chains_are_those_of_pytorch(data):
    """Protects shapes, parameters and multiply-adds of every window along 1 to 3 axes, and what is refused."""
    assert_as_in(PYTORCH, data.draw, windowed)


@copies
@pytest.mark.parametrize("first", [recurrent, embedding])
@many(70)
@given(data=st.data())
def test_recurrent_chains_are_those_of_pytorch(first, data):
    """Protects two biases a gate, every state unless last is said, both directions, and sequences read as maps."""
    assert_as_in(PYTORCH, data.draw, first)


@pytest.mark.parametrize("first", [windowed, recurrent, embedding])
@many(60)
@given(data=st.data())
def test_chains_are_those_of_keras(first, data):
    """Protects channels last, same padding with a stride, one bias a gate (the GRU two), the last state only."""
    assert_as_in(KERAS, data.draw, first)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_pools_rounded_up_are_those_of_pytorch(kernel):
    """Protects the border of ceil: a last window that would begin beyond the input is left out, in the working too."""
    for size, stride, padding in product(range(1, 10), range(1, 6), range(kernel // 2 + 1)):
        if size + 2 * padding >= kernel:
            theirs = torch.nn.MaxPool1d(kernel, stride, padding, ceil_mode=True)(torch.zeros(1, 1, size))
            answer = network(chain=f"pool {kernel} stride {stride} pad {padding} ceil", input=(1, size))
            assert answer.tables[0].rows[0][2] == (f"1×{theirs.shape[-1]}",)
            assert_steps_agree(answer, (1, size))


# Receptive fields: which places of the input move one output


def views(layers, sizes):
    """How many places an output in the middle sees along each axis, and how far its neighbours see from there.

    All weights are 1, so that no two ways to the same place cancel.
    """
    module = torch.nn.Sequential(*layers).double()
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    x = torch.zeros((1, *sizes), dtype=torch.float64, requires_grad=True)
    y = module(x)[0, 0]
    middle = torch.tensor(y.shape) // 2

    def ends(at):
        (moved,) = torch.autograd.grad(y[tuple(at)], x, retain_graph=True)
        first, last = moved.nonzero()[:, 2:].aminmax(dim=0)
        assert (first > 0).all()
        assert (last < torch.tensor(sizes[1:]) - 1).all()
        return first, last

    first, last = ends(middle)
    beside = [ends(middle + step)[0] - first for step in torch.eye(len(middle), dtype=torch.long)]
    return (last - first + 1).tolist(), torch.stack(beside).diagonal().tolist()


@copies
@pytest.mark.parametrize(("rank", "size", "most"), [(1, 500, 3), (2, 150, 2)])
@many(40)
@given(data=st.data())
def test_receptive_fields_are_what_moves_an_output(rank, size, most, data):
    """Protects the receptive field and the jump for strides and dilations that differ along the axes."""
    kinds = ("Conv", "DepthwiseConv", "SeparableConv", "AvgPool")
    x = PYTORCH.input(data.draw(st.integers(1, 2)), *[size] * rank)
    sizes, layers, words = tuple(x.shape[1:]), [], []
    while len(words) < most and (not words or data.draw(st.booleans())):
        word, build, _ = windowed(data.draw, PYTORCH, x, kinds)
        try:
            x = PYTORCH.run(build, x)[0]
        except PYTORCH.refusals:
            continue
        words.append(word)
        layers.append(build())
    answer = network(chain=", ".join(words), input=sizes, framework="pytorch")
    field, jump = views(layers, sizes)
    assert answer.tables[0].rows[len(words) - 1][-1] == ("×".join(map(str, field)),)
    assert reach(numbers(answer), "r", len(words), rank) == field
    assert reach(numbers(answer), "j", len(words), rank) == jump


# Known networks


class Published(NamedTuple):
    """A network, and what is published about it: its parameters, its multiply-adds, and those of some layers."""

    source: str
    chain: str
    input: str
    parameters: int
    work: int | None = None
    layers: Mapping[int, int] = MappingProxyType({})  # the parameters of a layer, by its number
    field: tuple[int, int, int] | None = None  # number of a layer, its receptive field and jump


ALEXNET = (
    "conv {} 11 /4{}, relu, pool 3 /2, conv {} 5 pad 2{groups}, relu, pool 3 /2, conv 384 3 pad 1, relu, "
    "conv {} 3 pad 1{groups}, relu, conv 256 3 pad 1{groups}, relu, pool 3 /2, "
    "flatten, dense 4096, relu, dense 4096, relu, dense 1000"
)


def vgg(*blocks):
    """Blocks of 3×3 convolutions with a pool after each."""
    blocks = zip((64, 128, 256, 512, 512), blocks, strict=True)
    maps = [f"conv {filters} 3 pad 1, relu, " * times + "pool 2" for filters, times in blocks]
    return ", ".join([*maps, "flatten, dense 4096, relu, dense 4096, relu, dense 1000"])


def mobilenet():
    """A convolution, 13 depthwise separable ones, each part with batch normalisation, and a classifier."""
    ends = "no-bias, batchnorm, relu6"
    strides, filters = (1, 2, 1, 2, 1, 2, *[1] * 5, 2, 1), (64, 128, 128, 256, 256, *[512] * 6, 1024, 1024)
    parts = [f"depthwise 3 /{s} pad 1 {ends}, conv {f} 1 {ends}" for s, f in zip(strides, filters, strict=True)]
    return ", ".join([f"conv 32 3 /2 pad 1 {ends}", *parts, "globalpool, dense 1000"])


PUBLISHED = {
    "LeNet-5": Published(
        "Zhang et al., Dive into Deep Learning, section 7.6: each map of C3 sees all of S2, pools without weights; "
        "LeCun et al. 1998, section II.B: C1 has 156 parameters, C5 48120, F6 10164",
        "conv 6 5 pad 2, tanh, avgpool 2, conv 16 5, tanh, avgpool 2, flatten, dense 120, tanh, dense 84, tanh, "
        "dense 10", "1x28x28", 61_706, 416_520, {1: 156, 8: 48_120, 10: 10_164},
    ),
    "AlexNet in two parts": Published(
        "Krizhevsky, Sutskever and Hinton 2012, section 3.5: layers 2, 4 and 5 in two parts; counts of the Caffe model",
        ALEXNET.format(96, "", 256, 384, groups=" groups 2"), "3x227x227", 60_965_224, 724_406_816,
    ),
    "AlexNet": Published(
        "Krizhevsky 2014; torchvision AlexNet_Weights; receptive field and jump: Araujo, Norris and Sim 2019",
        ALEXNET.format(64, " pad 2", 192, 256, groups=""), "3x224x224", 61_100_840, 714_188_480,
        {1: 23_296, 15: 37_752_832}, (13, 195, 32),
    ),
    "VGG-11": Published("torchvision VGG11_Weights", vgg(1, 1, 2, 2, 2), "3x224x224", 132_863_336),
    "VGG-16": Published(
        "Simonyan and Zisserman 2015, configuration D; torchvision VGG16_Weights; the layers in Keras' summary; "
        "receptive field and jump: Araujo, Norris and Sim 2019", vgg(2, 2, 3, 3, 3), "3x224x224", 138_357_544,
        15_470_264_320, {1: 1_792, 3: 36_928, 33: 102_764_544, 35: 16_781_312, 37: 4_097_000}, (31, 212, 32),
    ),
    "VGG-19": Published("torchvision VGG19_Weights", vgg(2, 2, 4, 4, 4), "3x224x224", 143_667_240),
    "MobileNet": Published(
        "Howard et al. 2017, table 8: 569 million multiply-adds; Keras' summary; receptive field and jump: Araujo, "
        "Norris and Sim 2019", mobilenet(), "3x224x224", 4_253_864, 568_740_352, {83: 1_025_000}, (81, 315, 32),
    ),
}  # fmt: skip


@cache
def published(name):
    return network(chain=PUBLISHED[name].chain, input=PUBLISHED[name].input, framework="pytorch")


WINDOW = re.compile(
    r"(?P<kind>conv|depthwise|pool|avgpool)(?: (?P<filters>\d+))? (?P<kernel>\d+)(?: /(?P<stride>\d+))?"
    r"(?: pad (?P<padding>\d+))?(?: groups (?P<groups>\d+))?"
)
KINDS = {"conv": "Conv", "depthwise": "DepthwiseConv", "pool": "MaxPool", "avgpool": "AvgPool"}


def window_of(word, channels=1, **instead):
    """A window of a known network in PyTorch."""
    said = WINDOW.match(word).groupdict()
    kind = KINDS[said.pop("kind")]
    sizes = {name: int(value) for name, value in said.items() if value}
    return PYTORCH.window(instead.pop("kind", kind), 2, channels, bias="no-bias" not in word, **{**sizes, **instead})


@pytest.mark.parametrize("name", PUBLISHED)
def test_known_networks(name):
    """Protects the counts that papers and frameworks print, and every row: PyTorch has the same layer by layer."""
    row, answer = PUBLISHED[name], published(name)
    rows, total = layers_of(answer), totals_of(answer)[0]
    x = PYTORCH.input(*sizes_of(row.input))
    builds = {"flatten": torch.nn.Flatten, "globalpool": lambda: PYTORCH.globalpool(x)}
    builds["batchnorm"] = lambda: PYTORCH.batchnorm(x)
    for word, (_, _, (output,), parameters, work, *_) in zip(row.chain.split(", "), rows, strict=True):
        build = builds.get(word, torch.nn.Identity)
        if word.startswith("dense"):
            build = partial(torch.nn.Linear, x.shape[-1], int(word.split()[1]))
        elif WINDOW.match(word):
            build = partial(window_of, word, x.shape[1])
        x, theirs, _ = PYTORCH.run(build, x)
        assert Row(output, parameters, work) == theirs
    assert total[3] == row.parameters
    assert row.work is None or total[4] == row.work
    assert {number: rows[number - 1][3] for number in row.layers} == row.layers
    assert answer.passed


@pytest.mark.parametrize("name", [name for name, row in PUBLISHED.items() if row.field])
def test_receptive_fields_of_known_networks(name):
    """Protects published receptive fields, and finds them again from gradients, with one channel all along."""
    number, field, jump = PUBLISHED[name].field
    words = filter(WINDOW.match, PUBLISHED[name].chain.split(", ")[:number])
    instead = {"pool": {"kind": "AvgPool"}, "conv": {"filters": 1}}
    layers = [window_of(word, **instead.get(word.split()[0], {})) for word in words]
    assert views(layers, (1, 3 * field, 3 * field)) == ([field] * 2, [jump] * 2)
    assert published(name).tables[0].rows[number - 1][-1] == (f"{field}×{field}",)


def resnet_50():
    """The chains of ResNet-50 with their inputs: stem, blocks and the projections beside them, classifier."""
    ends = "no-bias, batchnorm"
    yield f"conv 64 7 /2 pad 3 {ends}, relu, pool 3 /2 pad 1", (3, 224, 224)
    channels, size = 64, 56
    for width, times, first in zip((64, 128, 256, 512), (3, 4, 6, 3), (1, 2, 2, 2), strict=True):
        for stride in (first, *[1] * (times - 1)):
            last, middle = f"conv {4 * width} 1", f"conv {width} 3 pad 1 /{stride} {ends}"
            yield f"conv {width} 1 {ends}, relu, {middle}, relu, {last} {ends}", (channels, size, size)
            if channels != 4 * width:
                yield f"{last} /{stride} {ends}", (channels, size, size)
            channels, size = 4 * width, size // stride
    yield "globalpool, dense 1000", (channels, size, size)


def test_resnet_50_is_the_sum_of_its_chains():
    """Protects convolutions without bias and batch normalisation: torchvision counts 25557032, and 4.09 GFLOPS.

    A chain has no branches, so that each block, and each projection beside one, is a chain of its own.
    """
    counted = [numbers(network(chain=chain, input=sizes, framework="pytorch")) for chain, sizes in resnet_50()]
    assert len(counted) == 1 + 16 + 4 + 1
    assert sum(each.get("P_trainable", each["P"]) for each in counted) == 25_557_032
    assert sum(each.get("P_fixed", 0) for each in counted) == 53_120
    assert sum(each["M"] for each in counted) == 4_089_184_256


@pytest.mark.parametrize(
    ("chain", "input", "framework", "counts"),
    [
        ("lstm 30 sequences, lstm 30, dense 1", "3x1", "keras", [3840, 7320, 31, 11191]),
        ("lstm 128, lstm 256, lstm 512, dense 17", "9x17", "pytorch", [75264, 395264, 1576960, 8721, 2056209]),
        (
            "embedding 1000 16, lstm 32, flatten, dropout 0.1, dense 256, sigmoid, dense 1, sigmoid",
            "200", "keras", [16000, 6272, 0, 0, 8448, 0, 257, 0, 30977],
        ),
    ],
    ids=["lstm stack in Keras", "lstm stack in PyTorch", "classifier of texts"],
)  # fmt: skip
def test_counts_of_recurrent_models(chain, input, framework, counts):
    """Protects the summaries of three recurrent models, layer by layer and in all."""
    answer = network(chain=chain, input=input, framework=framework)
    assert [row[3] for row in answer.tables[0].rows] == counts
    assert answer.passed


# How chains are written


@pytest.mark.parametrize("arrow", ["->", " -> ", ">", " > ", "→", " → ", "=>", ";", "\n", " ,"])
def test_arrows_and_commas_are_the_same(arrow):
    """Protects chains as lectures write them, and lists of layers."""
    layers = ["conv 4 3x3", "relu", "pool 2", "flatten", "dense 5"]
    expected = network(chain=", ".join(layers), input="3x12x12")
    for chain in (arrow.join(layers), layers):
        answer = network(chain=chain, input="3x12x12")
        assert answer.tables[0].rows == expected.tables[0].rows
        assert numbers(answer) == numbers(expected)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("max pool 2, batch norm", "pool 2, batchnorm"),
        ("Conv2D 4 3x3 padding=same", "conv 4 3x3 same"),
        ("conv 4 3 s=2 p=1", "conv 4 3 stride 2 pad 1"),
        ("conv 4 3 /2x1", "conv 4 3 stride 2x1"),
        ("bilstm 3", "lstm 3 bidirectional"),
    ],
)
def test_spellings_of_one_layer(typed, meant):
    """Protects the other ways to write a layer: names in two words, short options, frameworks' names."""
    given = "5x4" if "lstm" in typed else "2x9x9"
    one, other = (layers_of(network(chain=chain, input=given)) for chain in (typed, meant))
    assert [row[2:] for row in one] == [row[2:] for row in other]


def test_ten_thousand_layers():
    """Protects long chains: the table has every layer, the first ones are worked, the totals have all."""
    answer = network(chain=", ".join(["conv 4 3 pad 1, relu"] * 5000), input="4x9x9")
    rows, total = layers_of(answer), totals_of(answer)[0]
    assert len(rows) == 10_000
    assert rows[-1][2:] == [("4×9×9",), 0, 0, ("10001×10001",)]
    assert (numbers(answer)["P"], numbers(answer)["M"]) == tuple(total[3:5]) == (148 * 5000, 36 * 4 * 81 * 5000)
    assert answer.passed


REFUSED = [
    ("conv 8 3, relu, dense 10", "3x32x32", ["layer 3", "dense 10", "8x30x30", "flatten"]),
    ("flatten, dense 10, cnov 8 3", "3x9x9", ["layer 3", "cnov", "did you mean conv"]),
    ("lsmt 8", "9x2", ["layer 1", "lsmt", "did you mean lstm"]),
    ("xyz 3", "9", ["layer 1", "xyz", "conv", "dense", "lstm", "dropout"]),
    ("conv 8 3 strid 2", "3x9x9", ["layer 1", "strid", "did you mean stride"]),
    ("conv 8 0", "3x9x9", ["layer 1", "window is 0", "from 1"]),
    ("conv 8 -3", "3x9x9", ["layer 1", "-3", "whole numbers from 1"]),
    ("relu, conv 8 3.5", "3x9x9", ["layer 2", "3.5", "whole numbers from 1"]),
    ("dense 0", "5", ["layer 1", "units is 0", "from 1"]),
    ("dense -4", "5", ["layer 1", "-4", "whole numbers from 1"]),
    ("dense 2.5", "5", ["layer 1", "2.5", "whole numbers from 1"]),
    ("lstm 0", "5x2", ["layer 1", "units is 0", "from 1"]),
    ("conv 8 3 stride 0", "3x9x9", ["layer 1", "stride is 0", "from 1"]),
    ("conv 8 3 stride 1.5", "3x9x9", ["layer 1", "stride is 1.5", "whole number"]),
    ("conv 8 3 pad -1", "3x9x9", ["layer 1", "pad is -1"]),
    ("dropout 1.5", "5", ["layer 1", "from 0 to below 1", "dropout 0.5"]),
    ("embedding 1000", "5", ["layer 1", "vocabulary", "embedding 1000 16"]),
    ("conv 32", "3x9x9", ["layer 1", "filters and its window", "conv 32 3x3"]),
    ("pool 2, conv 8 3 dilation 2", "3x9x9", ["layer 2", "covers 5 places", "4 arrived"]),
    ("conv 8 12 pad 1", "3x9x9", ["layer 1", "covers 12 places", "9 arrived", "11 with padding"]),
    ("conv 8 3x10", "3x9x9", ["layer 1", "covers 10 places", "9 arrived"]),
    ("conv 8 3x3x3", "3x9x9", ["layer 1", "3x9x9", "2 axes", "window is 3x3x3"]),
    ("pool 2 pad 2", "3x9x9", ["layer 1", "padding 2", "half", "window of 2"]),
    ("transposed 8 3 pad 2", "3x2x2", ["layer 1", "padding 2", "all 4 places"]),
    ("transposed 8 3 /2 output-padding 2", "3x2x2", ["layer 1", "output padding 2", "stride 2"]),
    ("conv 8 3 groups 3", "6x9x9", ["layer 1", "groups is 3", "8 filters"]),
    ("conv 6 3 groups 3", "4x9x9", ["layer 1", "4 channels that arrived", "3 groups"]),
    ("pool 2 groups 2", "4x9x9", ["layer 1", "groups does not belong to pool"]),
    ("lstm 4, dense 3, lstm 4", "9x2", ["layer 3", "3 arrived", "reads a sequence"]),
    ("lstm 4, gru 4", "9x2", ["layer 2", "4 arrived", "reads a sequence", "lstm 4 sequences"]),
    ("lstm 4", "3x9x9", ["layer 1", "3x9x9 arrived", "reads a sequence"]),
    ("conv 8 3", "9", ["layer 1", "9 arrived", "window slides over maps"]),
    ("embedding 10 3", "3x9", ["layer 1", "3x9 arrived", "one row of token numbers"]),
    ("relu,, dense 3", "5", ["layer 2", "nothing between two separators"]),
    ("relu -> -> dense 3", "5", ["layer 2", "nothing between two separators"]),
    (", relu", "5", ["layer 1", "nothing between two separators"]),
    ("conv(32, 3)", "3x9x9", ["layer 1", "bracket", "conv 32 3x3"]),
    ("", "3x9x9", ["chain is empty"]),
    ("conv 8 3", "3x0x9", ["input is 3x0x9", "from 1"]),
    ("conv 8 3", "3x9x9x9x9", ["input is 3x9x9x9x9", "3 axes"]),
]


@pytest.mark.parametrize(("chain", "input", "says"), REFUSED, ids=[chain or "nothing" for chain, _, _ in REFUSED])
def test_what_does_not_fit_is_refused_in_one_line(chain, input, says):
    """Protects the message: the layer by its number and its words, what is wrong, and what to write instead."""
    with pytest.raises(InputError, match=r"^[^\n]*$") as refused:
        network(chain=chain, input=input)
    assert [words for words in says if words not in str(refused.value)] == []


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize(
    ("chain", "input"),
    [
        ("conv 32 3x3 same, batchnorm, relu, pool 2 ceil, transposed 8 3x2 /2, flatten, dense 10", "3x31x33"),
        ("embedding 50000 512, lstm 1024 sequences bidirectional, gru 2048, dense 50000, softmax", "1000"),
        (mobilenet(), "3x224x224"),
    ],
    ids=["convolutional", "recurrent", "MobileNet"],
)
def test_no_line_of_a_page_is_longer_than_the_width(chain, input, width):
    """Protects tables with many columns and long sums on narrow terminals."""
    answer = network(chain=chain, input=input)
    for detail in ("brief", "exam", "full"):
        lines = plain(page(answer, detail, 4), width).split("\n")
        assert [line for line in lines if width_of(line) > width] == []
