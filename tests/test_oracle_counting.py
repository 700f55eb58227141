"""Counts of parameters, and the arrays behind them, against the layers of PyTorch and Keras and published numbers."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from math import prod
from typing import Any, NamedTuple

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import pytest
import sympy
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import (
    attention_params,
    conv_params,
    dense_params,
    embedding_params,
    gru_params,
    lstm_params,
    norm_params,
    rnn_params,
    transformer_params,
)
from explain.engine.lowering import to_sympy
from explain.layers.base import Flow, Layer, counted
from explain.layers.convolution import Convolution, Separable, TransposedConvolution
from explain.layers.recurrent import Recurrent
from explain.layers.simple import Dense, Embedding, Flatten, MultiHead, Normalisation, Pointwise
from explain.layers.sliding import GlobalPool, Pool, Slide
from explain.render.linear import sentence

MANY = settings(max_examples=16, deadline=None, database=None, derandomize=True)
SIZES, FEW, EITHER = st.integers(1, 9), st.integers(1, 4), st.booleans()
YES = {True: "yes", False: "no"}
FRAMEWORKS = ("keras", "pytorch")
RECURRENT = {
    "rnn": (rnn_params, torch.nn.RNN, keras.layers.SimpleRNN),
    "lstm": (lstm_params, torch.nn.LSTM, keras.layers.LSTM),
    "gru": (gru_params, torch.nn.GRU, keras.layers.GRU),
}
every_cell = pytest.mark.parametrize("cell", list(RECURRENT))
every_framework = pytest.mark.parametrize("framework", FRAMEWORKS)
nested = pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")


class Case(NamedTuple):
    """A question, the layer of a framework that it is about, and how the program describes that layer."""

    topic: Callable[..., Any]
    options: dict[str, Any]
    module: Any
    described: list[tuple[Layer, Flow]]

    def answer(self):
        return self.topic(**self.options)


class Array(NamedTuple):
    """An array of a framework's layer."""

    name: str
    shape: tuple[int, ...]
    trainable: bool = True


def built(layer, *shapes):
    """A layer of Keras for inputs of some shapes, each without its batch."""
    layer.build(*((None, *shape) for shape in shapes))
    return layer


def arrays(module):
    """The arrays of a module in its own order, but for the number of batches that PyTorch has seen."""
    if isinstance(module, keras.Layer):
        return [Array(keras_name(w.path), tuple(w.shape), w.trainable) for w in module.weights]
    learned = [Array(re.sub(r"_l\d+", "", name), tuple(p.shape)) for name, p in module.named_parameters()]
    kept = [Array(name, tuple(buffer.shape), False) for name, buffer in module.named_buffers()]
    return learned + [array for array in kept if array.name != "num_batches_tracked"]


def keras_name(path):
    """The name of an array in its layer; a projection of attention and a direction belong to it."""
    parts = path.split("/")
    name = "/".join(parts[-2:]) if path.startswith("multi_head_attention") else parts[-1]
    return name + "_reverse" if "/backward_" in path else name


def size(module):
    """The number of entries, as Keras counts them itself."""
    return module.count_params() if isinstance(module, keras.Layer) else sum(prod(a.shape) for a in arrays(module))


def dense(draw, framework):
    n, m, bias = draw(SIZES), draw(SIZES), draw(EITHER)
    in_keras = framework == "keras"
    module = built(keras.layers.Dense(n, use_bias=bias), (m,)) if in_keras else torch.nn.Linear(m, n, bias)
    options = {"units": n, "inputs": m, "bias": YES[bias], "framework": framework}
    return Case(dense_params, options, module, [(Dense(n, bias), Flow((m,), "vector"))])


def embedding(draw, framework):
    v, d = draw(st.integers(1, 99)), draw(SIZES)
    module = built(keras.layers.Embedding(v, d), ()) if framework == "keras" else torch.nn.Embedding(v, d)
    options = {"vocabulary": v, "dim": d, "framework": framework}
    return Case(embedding_params, options, module, [(Embedding(v, d), Flow((draw(SIZES),), "vector"))])


def recurrent_module(framework, cell, units, features, layers=1, both=False, bias=True, **options):
    """A stack of recurrent layers."""
    _, in_torch, in_keras = RECURRENT[cell]
    if framework == "pytorch":
        return in_torch(features, units, layers, bias=bias, bidirectional=both)
    stack = [in_keras(units, use_bias=bias, return_sequences=True, **options) for _ in range(layers)]
    stack = [keras.layers.Bidirectional(layer) for layer in stack] if both else stack
    return keras.Sequential([keras.Input((None, features)), *stack])


def recurrent(draw, framework, cell):
    n, m, layers, both, after = draw(SIZES), draw(SIZES), draw(st.integers(1, 3)), draw(EITHER), draw(EITHER)
    choice = {"reset_after": after} if cell == "gru" and framework == "keras" else {}
    module = recurrent_module(framework, cell, n, m, layers, both, **choice)
    options = {"units": n, "features": m, "layers": layers, "bidirectional": YES[both], "framework": framework}
    options |= {name: YES[yes] for name, yes in choice.items()}
    layer = Recurrent(cell, n, 2 if framework == "pytorch" or (choice and after) else 1, both)
    widths = [m, *[n * layer.directions] * (layers - 1)]
    return Case(RECURRENT[cell][0], options, module, [(layer, Flow((5, width), "sequence")) for width in widths])


def torch_convolution(kind, c, f, kernel, groups=1, multiplier=1, biases=(True, True)):
    """A convolution; the first of the two biases belongs to the depthwise part of a separable one."""
    plain, transposed = (getattr(torch.nn, f"Conv{name}{len(kernel)}d") for name in ("", "Transpose"))
    deep = partial(plain, c, c * multiplier, kernel, groups=c)
    if kind == "separable":
        return torch.nn.Sequential(deep(bias=biases[0]), plain(c * multiplier, f, (1,) * len(kernel), bias=biases[1]))
    if kind == "depthwise":
        return deep(bias=biases[1])
    layer = transposed if kind == "transposed" else plain
    return layer(c, f, kernel, groups=groups, bias=biases[1])


KERAS_CONVOLUTIONS = {
    "standard": "Conv{}D",
    "depthwise": "DepthwiseConv{}D",
    "separable": "SeparableConv{}D",
    "transposed": "Conv{}DTranspose",
}


def convolution(draw, framework, kind):
    """A convolution along one to three axes; depthwise and separable ones of Keras have one or two."""
    several, bias = kind in ("depthwise", "separable"), draw(EITHER)
    rank = draw(st.integers(1, 2 if several and framework == "keras" else 3))
    sides = (draw(FEW),) * rank if draw(EITHER) else draw(st.tuples(*[FEW] * rank))
    g, m = draw(FEW) if kind == "standard" else 1, draw(FEW) if several else 1
    c, f = g * draw(FEW), g * draw(FEW)
    own = {} if kind == "depthwise" else {"filters": f}
    own |= {"groups": g} if kind == "standard" else {"multiplier": m} if several else {}
    if framework == "keras":
        layer = getattr(keras.layers, KERAS_CONVOLUTIONS[kind].format(rank))
        named = {name.replace("multiplier", "depth_multiplier"): value for name, value in own.items()}
        module = built(layer(kernel_size=sides, use_bias=bias, **named), (*[None] * rank, c))
    else:
        module = torch_convolution(kind, c, f, sides, g, m, (False, bias))
    slides = [Slide(side) for side in sides]
    layer = {
        "standard": Convolution(f, slides, bias, g),
        "depthwise": Convolution(m, slides, bias, depthwise=True),
        "separable": Separable(f, slides, bias, m),
        "transposed": TransposedConvolution(f, slides, bias),
    }[kind]
    options = {"channels": c, **own, "type": kind, "bias": YES[bias], "framework": framework}
    options["kernel"] = sides[0] if len(set(sides)) == 1 else sides
    options |= {"dims": str(rank)} if rank != 2 or draw(EITHER) else {}
    return Case(conv_params, options, module, [(layer, Flow((c, *[7] * rank), "maps"))])


def norm(draw, framework, kind):
    c, batch, alone = draw(SIZES), kind == "batch", draw(EITHER)
    flow = Flow((c,), "vector") if alone else Flow((c, 5, 4), "maps") if batch else Flow((5, c), "sequence")
    if framework == "keras":
        layer = keras.layers.BatchNormalization() if batch else keras.layers.LayerNormalization()
        module = built(layer, (c,) if alone else (5, 4, c))
    else:
        module = (torch.nn.LayerNorm if not batch else torch.nn.BatchNorm1d if alone else torch.nn.BatchNorm2d)(c)
    options = {"features": c, "type": kind, "framework": framework}
    return Case(norm_params, options, module, [(Normalisation(batch), flow)])


def attention(draw, framework):
    h, k, bias, own, other = draw(FEW), draw(SIZES), draw(EITHER), draw(EITHER), draw(EITHER)
    own = own and framework == "keras"
    d = draw(SIZES) if own else h * k
    v = draw(SIZES) if own and other else k
    options = {"d_model": d, "heads": h, "bias": YES[bias], "framework": framework}
    options |= ({"key_dim": k} | ({"value_dim": v} if other else {})) if own else {}
    if framework == "keras":
        module = built(keras.layers.MultiHeadAttention(h, k, v, use_bias=bias), (7, d), (7, d))
    else:
        module = torch.nn.MultiheadAttention(d, h, bias=bias)
    described = [(MultiHead(d, h, h * k, h * v, bias), Flow((7, d), "sequence"))]
    return Case(attention_params, options, module, described)


MODELS = {
    "gpt": ("layers", "vocabulary", "positions"),
    "bert": ("layers", "vocabulary", "positions", "segments"),
    "encoder-decoder": ("layers", "vocabulary"),
}


def transformer(draw, part):
    """A block, a layer or a model; without biases its normalisations keep their shifts, and BERT's pooler its bias."""
    d, bias, tied = draw(SIZES), draw(EITHER), draw(EITHER)
    inner = draw(st.integers(1, 40) | st.just(4 * d))
    sizes = {name: draw(st.integers(1, 3)) for name in MODELS.get(part, ())}
    module = torch.nn.ModuleList(transformer_parts(part, d, inner, tied, *sizes.values()))
    for inside in () if bias else module.modules():
        for name in ("bias", "in_proj_bias"):
            if getattr(inside, name, None) is not None and not isinstance(inside, torch.nn.LayerNorm):
                inside.register_parameter(name, None)
    module.extend([torch.nn.Linear(d, d)] if part == "bert" else [])
    options = {"d_model": d, "d_ff": inner, **sizes}
    usual = {"d_ff": 4 * d, "segments": 2}
    options = {name: value for name, value in options.items() if value != usual.get(name)}
    options |= {"part": part, "bias": YES[bias]}
    options |= {"tied": YES[tied]} if part in ("gpt", "encoder-decoder") else {}
    return Case(transformer_params, options, module, [])


def transformer_parts(part, d, inner, tied, layers=1, *tables):
    """What a transformer is made of; `torch.nn.Transformer` has one normalisation more after each of its stacks."""
    sizes = {"d_model": d, "nhead": 1, "dim_feedforward": inner}
    if part == "feed-forward":
        return [torch.nn.Linear(d, inner), torch.nn.Linear(inner, d)]
    if part == "decoder-layer":
        return [torch.nn.TransformerDecoderLayer(**sizes)]
    if part == "encoder-decoder":
        pair = torch.nn.Transformer(num_encoder_layers=layers, num_decoder_layers=layers, **sizes)
        pair.encoder.norm = pair.decoder.norm = None
        return [pair, *(torch.nn.Embedding(tables[0], d) for _ in range(1 if tied else 3))]
    encoder = [torch.nn.TransformerEncoderLayer(**sizes) for _ in range(layers)]
    if part == "encoder-layer":
        return encoder
    output = [torch.nn.Linear(d, tables[0], bias=False)] if part == "gpt" and not tied else []
    return [*(torch.nn.Embedding(rows, d) for rows in tables), *encoder, torch.nn.LayerNorm(d), *output]


LAYERS = {
    **{"dense": dense, "embedding": embedding, "attention": attention},
    **{cell: partial(recurrent, cell=cell) for cell in RECURRENT},
    **{f"{kind} convolution": partial(convolution, kind=kind) for kind in KERAS_CONVOLUTIONS},
    **{f"{kind} norm": partial(norm, kind=kind) for kind in ("batch", "layer")},
}
DESCRIBED = {
    f"{name}, {whose}": partial(make, framework=whose) for name, make in LAYERS.items() for whose in FRAMEWORKS
}
PARTS = {part: partial(transformer, part=part) for part in ("feed-forward", "encoder-layer", "decoder-layer", *MODELS)}
every_layer = pytest.mark.parametrize("make", DESCRIBED.values(), ids=DESCRIBED)
every_question = pytest.mark.parametrize("make", [*DESCRIBED.values(), *PARTS.values()], ids=[*DESCRIBED, *PARTS])


def printed(answer):
    """The shapes of the arrays in the check of an answer, each as often as it is there."""
    listed = re.split("stores, |of these blocks, ", sentence(answer.checks[-1].text))[1].rpartition(": together")[0]
    found = Counter()
    for often, several, one in re.findall(r"(?:(\d+) times )?(?:\(([^)]*)\)|([^,()]+))(?:, |$)", listed):
        for array in (several or one).split(", "):
            found[tuple(map(int, array.rsplit(" ", 1)[1].split("×")))] += int(often or 1)
    return found


@every_question
@nested
@MANY
@given(data=st.data())
def test_count_and_printed_shapes_are_those_of_the_framework(make, data):
    """Protects the result and the arrays listed in its check: as many entries, and every shape as often."""
    case = make(data.draw)
    answer = case.answer()
    assert int(answer["P"].value) == size(case.module)
    assert printed(answer) == Counter(array.shape for array in arrays(case.module))
    assert answer.passed


@every_layer
@MANY
@given(data=st.data())
def test_described_arrays_are_those_of_the_framework(make, data):
    """Protects names, shapes, order and what is trained, and that all ways of counting a layer agree."""
    case = make(data.draw)
    stored = [array for layer, flow in case.described for array in layer.stored(flow, case.options["framework"])]
    assert [Array(*array) for array in stored] == arrays(case.module)
    tensors = [tensor for layer, flow in case.described for tensor in layer.tensors(flow)]
    assert sum(np.empty(array.shape, np.int8).size for array in stored) == counted(tensors) == counted(stored)
    assert counted(stored) == size(case.module) == int(case.answer()["P"].value)


@every_cell
@every_framework
@pytest.mark.parametrize("both", [False, True])
def test_recurrent_layers_without_biases(cell, framework, both):
    """Protects the layers of a chain with `no bias`, which no topic on one layer asks for."""
    layer, flow = Recurrent(cell, 4, 0, both), Flow((5, 3), "sequence")
    module = recurrent_module(framework, cell, 4, 3, both=both, bias=False)
    assert [Array(*array) for array in layer.stored(flow, framework)] == arrays(module)
    assert counted(layer.tensors(flow)) == size(module)


@every_framework
@pytest.mark.parametrize("layer", [Pool([Slide(2)]), GlobalPool("gap"), Flatten(), Pointwise("relu")])
def test_layers_without_parameters(layer, framework):
    """Protects the layers that only pass numbers on: nothing is stored and nothing counted."""
    flow = Flow((3, 8, 8), "maps")
    assert [*layer.stored(flow, framework), *layer.tensors(flow), counted(layer.tensors(flow))] == [0]


def told(answer, pattern):
    """The numbers in the one convention that a pattern fits."""
    (found,) = (match for text in answer.conventions if (match := re.search(pattern, sentence(text))))
    return list(map(int, found.groups()))


@every_framework
@MANY
@given(data=st.data())
def test_batch_normalisation_learns_half_of_its_numbers(framework, data):
    """Protects what is trained and what is only kept, in the steps and in the line on both frameworks."""
    case = norm(data.draw, framework, "batch")
    learned, kept = (sum(prod(a.shape) for a in arrays(case.module) if a.trainable == yes) for yes in (True, False))
    answer = case.answer()
    assert [int(answer[name].value) for name in ("P_trainable", "P_fixed", "P")] == [learned, kept, learned + kept]
    assert told(answer, r"(\d+) of them trainable.* counts (\d+) parameters and") == [learned, learned]


@every_cell
@every_framework
@MANY
@given(data=st.data())
def test_number_of_the_other_framework(cell, framework, data):
    """Protects the line that says what the other framework, or a GRU with the other number of biases, counts."""
    case = recurrent(data.draw, framework, cell)
    options = case.options
    if cell == "gru" and options.get("reset_after", "yes") == "yes":
        other, choice = "keras", {"reset_after": False}
    else:
        other, choice = FRAMEWORKS[framework == "keras"], {}
    sizes = [options[name] for name in ("units", "features", "layers")]
    module = recurrent_module(other, cell, *sizes, options["bidirectional"] == "yes", **choice)
    assert told(case.answer(), r"(\d+) in all$") == [size(module)]


@MANY
@given(data=st.data())
def test_numbers_of_other_choices(data):
    """Protects what a page tells beside its result: one bias more, no groups or parts, a key_dim of all heads."""
    c, f, m, sides = (data.draw(each) for each in (FEW, FEW, FEW, FEW.flatmap(lambda k: st.tuples(FEW, st.just(k)))))
    answer = conv_params(channels=c, filters=f, kernel=sides, multiplier=m, type="separable")
    assert told(answer, r"(\d+) in all$") == [size(torch_convolution("separable", c, f, sides, multiplier=m))]
    assert told(answer, r"plain convolution .* = (\d+)$") == [size(torch_convolution("standard", c, f, sides))]
    answer = conv_params(channels=2 * c, filters=2 * f, kernel=sides, groups=2)
    assert told(answer, r"plain convolution .* = (\d+)$") == [size(torch_convolution("standard", 2 * c, 2 * f, sides))]
    wide = built(keras.layers.MultiHeadAttention(m, m * f), (7, m * f), (7, m * f))
    answer = attention_params(d_model=m * f, heads=m)
    if m > 1:
        assert told(answer, r"one head, (\d+) here, .* there would be (\d+) parameters$") == [f, size(wide)]


def closed_form(answer):
    """P in what is given: its simplified form, or the formula with the steps before it put in."""
    forms = {sympy.Symbol(step.name): to_sympy(step.closed or step.expression) for step in answer.steps}
    form = sympy.Symbol("P")
    while form.free_symbols & forms.keys():
        form = form.subs(forms)
    return form


@every_question
@nested
@MANY
@given(data=st.data())
def test_closed_form_at_numbers_is_the_count(make, data):
    """Protects the answer in symbols, whatever they are called, for any of the sizes, one for two that are equal."""
    case, shared = make(data.draw), data.draw(EITHER)
    letters = iter(data.draw(st.permutations(["n", "m", "d", "h", "k", "p", "C", "F", "N", "V", "T", "S", "L", "z_1"])))
    numbers, chosen = {}, {}

    def lettered(value):
        if isinstance(value, tuple):
            return tuple(map(lettered, value))
        if not isinstance(value, int) or data.draw(FEW) == 1:
            return value
        letter = (chosen.get(value) if shared else None) or next(letters)
        numbers[letter], chosen[value] = value, letter
        return letter

    answer = case.topic(**{name: lettered(value) for name, value in case.options.items()})
    known = {name: value.item() for name, value in answer.values.items()}
    assert closed_form(answer).subs(numbers | known) == size(case.module)
    assert answer["P"].value is not None or numbers
    assert answer.passed


n, m = 10**20, 10**19


@pytest.mark.parametrize(
    ("topic", "options", "count"),
    [
        (dense_params, {"units": n, "inputs": m}, n * m + n),
        (embedding_params, {"vocabulary": n, "dim": m}, n * m),
        (rnn_params, {"units": n, "features": m}, n * m + n * n + n),
        (lstm_params, {"units": n, "features": m}, 4 * (n * m + n * n + n)),
        (lstm_params, {"units": n, "features": m, "framework": "pytorch"}, 4 * (n * m + n * n + 2 * n)),
        (gru_params, {"units": n, "features": m, "layers": m}, 3 * n * (m + n + 2) + (m - 1) * 3 * n * (n + n + 2)),
        (conv_params, {"channels": n, "filters": m, "kernel": 3, "groups": 10**18}, m * 100 * 9 + m),
        (norm_params, {"features": n}, 4 * n),
        (attention_params, {"d_model": n, "heads": m}, 4 * (n * n + n)),
        (transformer_params, {"d_model": n, "d_ff": m}, 4 * (n * n + n) + 2 * n * m + n + m + 4 * n),
    ],
)
def test_counts_of_any_size_are_exact(topic, options, count):
    """Protects whole numbers beyond 64 bits: right to the last digit."""
    answer = topic(**options)
    assert int(answer["P"].value) == count
    assert answer.passed


VGG = "Simonyan and Zisserman 2015, table 1, configuration D; summary of keras.applications.VGG16()"
RESNET = "He et al. 2016, table 1; conv1 of torchvision.models.resnet50()"
BASE = "Vaswani et al. 2017, section 3.3"
GPT = "Radford et al. 2019, table 2; transformers.GPT2LMHeadModel, gpt2"
BERT = "Devlin et al. 2019, section 3; transformers.BertModel, bert-base-uncased"


@pytest.mark.parametrize(
    ("topic", "options", "count", "source"),
    [
        (conv_params, {"channels": 3, "filters": 64, "kernel": 3}, 1792, VGG),
        (conv_params, {"channels": 64, "filters": 64, "kernel": 3}, 36928, VGG),
        (conv_params, {"channels": 64, "filters": 128, "kernel": 3}, 73856, VGG),
        (conv_params, {"channels": 512, "filters": 512, "kernel": 3}, 2359808, VGG),
        (dense_params, {"inputs": 25088, "units": 4096}, 102764544, VGG),
        (dense_params, {"inputs": 4096, "units": 4096}, 16781312, VGG),
        (dense_params, {"inputs": 4096, "units": 1000}, 4097000, VGG),
        (conv_params, {"channels": 3, "filters": 64, "kernel": 7, "bias": "no"}, 9408, RESNET),
        (attention_params, {"d_model": 512, "heads": 8}, 1050624, "torch.nn.MultiheadAttention(512, 8)"),
        (transformer_params, {"part": "feed-forward", "d_model": 512, "d_ff": 2048}, 2099712, BASE),
        (transformer_params, {"part": "gpt", "d_model": 768, "layers": 12, "vocabulary": 50257, "positions": 1024},
         124439808, GPT),
        (transformer_params, {"part": "bert", "d_model": 768, "layers": 12, "vocabulary": 30522, "positions": 512},
         109482240, BERT),
        (lstm_params, {"units": 30, "features": 1}, 3840, "keras.layers.LSTM(30) on 1 feature"),
        (lstm_params, {"units": 30, "features": 30}, 7320, "keras.layers.LSTM(30) on 30 features"),
        (lstm_params, {"units": 128, "features": 17, "framework": "pytorch"}, 75264, "torch.nn.LSTM(17, 128)"),
        (lstm_params, {"units": 256, "features": 128, "framework": "pytorch"}, 395264, "torch.nn.LSTM(128, 256)"),
        (lstm_params, {"units": 512, "features": 256, "framework": "pytorch"}, 1576960, "torch.nn.LSTM(256, 512)"),
    ],
)  # fmt: skip
def test_published_counts(topic, options, count, source):
    """Protects counts that students meet in papers and in the summaries of well-known models."""
    assert int(topic(**options)["P"].value) == count, source


@nested
@pytest.mark.parametrize(("tied", "tables"), [("yes", 1), ("no", 3)])
def test_transformer_of_pytorch_has_a_normalisation_after_each_stack(tied, tables):
    """Protects the line that says so, at the sizes of the paper: 4 d more than is counted without them."""
    answer = transformer_params(part="encoder-decoder", d_model=512, layers=6, vocabulary=37000, tied=tied)
    assert int(answer["P"].value) + 4 * 512 == size(torch.nn.Transformer(device="meta")) + tables * 37000 * 512
