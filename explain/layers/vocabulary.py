"""The words of a chain of layers, and what each builds: `conv 32 3x3 same stride 2`, `lstm 30 sequences`, `relu`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import NamedTuple

from explain.layers.base import Framework, Layer
from explain.layers.branches import Add, Skip
from explain.layers.convolution import Convolution, Separable, TransposedConvolution
from explain.layers.recurrent import Cell, Recurrent
from explain.layers.simple import Dense, Embedding, Flatten, Normalisation, Pointwise
from explain.layers.sliding import GlobalPool, Pad, Pool, Slide
from explain.layers.words import WordError, Words, plain_name

# Activations: entry by entry, so that only their names matter here.
ACTIVATIONS = (
    "relu", "sigmoid", "tanh", "softmax", "gelu", "elu", "selu", "silu", "swish", "leakyrelu", "softplus", "relu6",
    "hardswish", "mish", "identity", "logsoftmax",
)  # fmt: skip
WINDOW = ("kernel", "stride", "padding", "same", "valid", "dilation")


class Setting(NamedTuple):
    """How the words are read: whose defaults hold, whether a convolution may leave its filters out."""

    framework: Framework = "keras"
    windows_only: bool = False


Build = Callable[[Words, Setting], Layer]


class Word(NamedTuple):
    """A kind of layer: how it is written, its other names, the options it takes, what builds it."""

    usage: str
    names: Sequence[str]
    options: Sequence[str]
    sizes: int
    build: Build


def _slides(words: Words, kernel: Sequence[int], stride: Sequence[int] | None = None) -> list[Slide]:
    """The window along each axis."""
    if min(kernel) < 1:
        raise WordError(f"the window is {'x'.join(map(str, kernel))}: sizes are whole numbers from 1")
    strides = words.each("stride", 1) if stride is None or words.has("stride") else stride
    dilations, pads = words.each("dilation", 1), words.each("padding", 0, 0)
    axes = next((len(sizes) for sizes in (kernel, strides, dilations, pads) if len(sizes) > 1), 1)
    if words.axes and axes not in (1, words.axes):
        raise WordError(f"the window has {axes} sizes, but {words.text.split()[0]} slides along {words.axes}")
    axes = words.axes or axes
    for name, sizes in (("window", kernel), ("stride", strides), ("dilation", dilations), ("padding", pads)):
        if len(sizes) not in (1, axes):
            raise WordError(f"{name} is {'x'.join(map(str, sizes))}: it needs 1 number, or {axes}, one for each axis")
    spread = [list(sizes) * axes if len(sizes) == 1 else list(sizes) for sizes in (kernel, strides, pads, dilations)]
    padding: list[list[Pad]] = [["same"] * axes if words.has("same") else [*spread[2]]]
    return [Slide(*axis) for axis in zip(spread[0], spread[1], padding[0], spread[3], strict=True)]


def _filters(words: Words, setting: Setting, what: str) -> tuple[int, list[int]]:
    """The filters and the window of a convolution."""
    given = [*words.sizes]
    named = words.options.get("filters")
    if named is not None and not isinstance(named, str):
        given.insert(0, named)
    kernel = words.options.get("kernel")
    if kernel is not None and not isinstance(kernel, str):
        given.append(kernel)
    if len(given) == 1 and setting.windows_only:
        given.insert(0, [1])
    if len(given) != 2 or len(given[0]) > 1:
        like = "add 32 1x1" if words.text.split()[0] == "add" else f"{what} 32 3x3"
        raise WordError(f"{words.text} needs its filters and its window: write it like {like}")
    return words.number("the number of filters", given[0]), given[1]


def _same_allowed(words: Words, setting: Setting, step: int) -> None:
    """PyTorch has same padding for convolutions with a stride of 1 only."""
    if setting.framework == "pytorch" and words.has("same") and set(words.each("stride", step)) != {1}:
        raise WordError("same padding in PyTorch goes with a convolution of stride 1 only: give pad a number")


def _conv(words: Words, setting: Setting) -> Layer:
    filters, kernel = _filters(words, setting, "conv")
    _same_allowed(words, setting, 1)
    groups = words.one("groups", 1)
    if filters % groups:
        raise WordError(f"groups is {groups}, which does not divide the {filters} filters: take a divisor")
    return Convolution(filters, _slides(words, kernel), not words.has("no bias"), groups, word=words.text)


def _depthwise(words: Words, setting: Setting) -> Layer:
    kernel = _window(words, "depthwise")
    _same_allowed(words, setting, 1)
    multiplier = words.one("multiplier", 1)
    return Convolution(multiplier, _slides(words, kernel), not words.has("no bias"), depthwise=True, word=words.text)


def _separable(words: Words, setting: Setting) -> Layer:
    filters, kernel = _filters(words, setting, "separable")
    _same_allowed(words, setting, 1)
    multiplier = words.one("multiplier", 1)
    return Separable(filters, _slides(words, kernel), not words.has("no bias"), multiplier, word=words.text)


def _transposed(words: Words, setting: Setting) -> Layer:
    filters, kernel = _filters(words, setting, "transposed")
    if setting.framework == "pytorch" and words.has("same"):
        raise WordError("PyTorch has no same padding for transposed convolutions: give pad a number")
    extra = words.one("output padding", 0, 0)
    filled = setting.framework == "keras" and not (words.has("padding") or words.has("output padding"))
    return TransposedConvolution(
        filters, _slides(words, kernel), not words.has("no bias"), extra, filled, word=words.text
    )


def _window(words: Words, what: str) -> list[int]:
    given = [*words.sizes]
    kernel = words.options.get("kernel")
    if kernel is not None and not isinstance(kernel, str):
        given.append(kernel)
    if len(given) != 1:
        raise WordError(f"{words.text} needs one window: write it like {what} 2, or {what} 3 stride 2")
    return given[0]


def _pool(words: Words, setting: Setting) -> Layer:
    kernel = _window(words, "pool")
    _same_allowed(words, setting, 0)  # no stride of a pool is allowed
    return Pool(_slides(words, kernel, stride=kernel), words.has("ceil"), word=words.text)


def _dense(words: Words, setting: Setting) -> Layer:
    named = words.options.get("units")
    sizes = [*words.sizes, *([named] if isinstance(named, list) else [])]
    if len(sizes) != 1:
        raise WordError(f"{words.text} needs its number of units: write it like dense 128")
    return Dense(words.number("the number of units", sizes[0]), not words.has("no bias"), words.text)


def _embedding(words: Words, setting: Setting) -> Layer:
    if len(words.sizes) != 2:
        raise WordError(
            f"{words.text} needs the size of the vocabulary and the width of a row: write it like embedding 1000 16"
        )
    vocabulary, width = (words.number("a size", size) for size in words.sizes)
    return Embedding(vocabulary, width, words.text)


def _recurrent(cell: Cell) -> Build:
    def build(words: Words, setting: Setting) -> Layer:
        named = words.options.get("units")
        sizes = [*words.sizes, *([named] if isinstance(named, list) else [])]
        if len(sizes) != 1:
            raise WordError(f"{words.text} needs its number of units: write it like {cell} 32")
        every = words.has("sequences") or (setting.framework == "pytorch" and not words.has("last"))
        biases = 2 if setting.framework == "pytorch" or cell == "gru" else 1
        both = words.has("bidirectional") or words.name.startswith("bi")
        return Recurrent(
            cell, words.number("the number of units", sizes[0]), 0 if words.has("no bias") else biases, both, every,
            words.text,
        )  # fmt: skip

    return build


def _skip(words: Words, setting: Setting) -> Layer:
    return Skip(words.text)


def _add(words: Words, setting: Setting) -> Layer:
    if not words.sizes and not words.options:
        return Add(None, words.text)
    projection = _conv(words, setting)
    assert isinstance(projection, Convolution)
    return Add(projection, words.text)


def _plain(words: Words, setting: Setting) -> Layer:
    return Pointwise(words.text)


def _flatten(words: Words, setting: Setting) -> Layer:
    return Flatten(words.text)


def _global(words: Words, setting: Setting) -> Layer:
    return GlobalPool(words.text)


def _batch(words: Words, setting: Setting) -> Layer:
    return Normalisation(True, words.text)


def _layer(words: Words, setting: Setting) -> Layer:
    return Normalisation(False, words.text)


CONVOLVED = (*WINDOW, "filters", "bias", "no bias")
STEPPED = ("units", "bias", "no bias", "sequences", "last", "bidirectional")
BIAS = ("bias", "no bias")
KINDS = (
    Word("conv 32 3x3", ("conv", "convolution"), (*CONVOLVED, "groups"), 2, _conv),
    Word("depthwise 3x3", ("depthwise", "depthwiseconv", "dwconv"), (*WINDOW, *BIAS, "multiplier"), 1, _depthwise),
    Word("separable 32 3x3", ("separable", "separableconv", "sepconv"), (*CONVOLVED, "multiplier"), 2, _separable),
    Word(
        "transposed 32 3x3",
        ("transposed", "transposedconv", "convtranspose", "convtransposed", "deconv", "upconv"),
        (*CONVOLVED, "output padding"),
        2,
        _transposed,
    ),
    Word("pool 2", ("pool", "maxpool"), (*WINDOW, "ceil", "max", "avg"), 1, _pool),
    Word("avgpool 2", ("avgpool", "meanpool"), (*WINDOW, "ceil"), 1, _pool),
    Word("globalpool", ("globalpool", "globalavgpool", "globalmaxpool", "gap"), ("max", "avg"), 0, _global),
    Word("flatten", ("flatten",), (), 0, _flatten),
    Word("dense 128", ("dense", "linear", "fc", "fullyconnected"), ("units", *BIAS), 1, _dense),
    Word("embedding 1000 16", ("embedding", "embed"), (), 2, _embedding),
    Word("batchnorm", ("batchnorm", "bn"), (), 0, _batch),
    Word("layernorm", ("layernorm", "ln"), (), 0, _layer),
    Word("rnn 32", ("rnn", "simplernn", "birnn"), STEPPED, 1, _recurrent("rnn")),
    Word("lstm 32", ("lstm", "bilstm"), STEPPED, 1, _recurrent("lstm")),
    Word("gru 32", ("gru", "bigru"), STEPPED, 1, _recurrent("gru")),
    Word("skip", ("skip", "shortcut"), (), 0, _skip),
    Word("add 16 1x1", ("add",), (*CONVOLVED, "groups"), 2, _add),
    Word("relu", ACTIVATIONS, (), 0, _plain),
)
BY_NAME = {name: kind for kind in KINDS for name in kind.names}


def layer(text: str, setting: Setting) -> Layer:
    """One layer from its words.

    >>> from explain.layers.base import Flow
    >>> layer("conv 64 3x3", Setting()).output(Flow((3, 32, 32), "maps")).sizes
    (64, 30, 30)

    Raises:
        WordError: a word that is not understood, a size that is missing or no whole number.
    """
    text = _joined(text)
    name = plain_name(text.split(maxsplit=1)[0])
    if name == "dropout" or name.startswith("spatialdropout"):
        return _dropout(text)
    if name not in BY_NAME:
        raise WordError(_unknown(text.split(maxsplit=1)[0], name))
    words = Words(text, BY_NAME)
    kind = BY_NAME[name]
    for option in words.options:
        if option not in kind.options:
            raise WordError(f"{option} does not belong to {text.split(maxsplit=1)[0]}: leave it out")
    if words.sizes and not kind.sizes:
        raise WordError(f"{text.split(maxsplit=1)[0]} takes no size: leave {' '.join(text.split()[1:])} out")
    if len(words.sizes) > kind.sizes:
        raise WordError(f"{words.text} has {len(words.sizes)} sizes: write it like {kind.usage}")
    return kind.build(words, setting)


def _joined(text: str) -> str:
    """A name in two words as one: `max pool 2`, `batch norm`."""
    first, *rest = text.split()
    if rest and plain_name(first) not in BY_NAME and plain_name(first + rest[0]) in BY_NAME:
        return " ".join([first + rest[0], *rest[1:]])
    return text


def _dropout(text: str) -> Layer:
    """Dropout with its rate, which changes no count."""
    rates = text.split()[1:]
    if len(rates) > 1 or not all(re.fullmatch(r"0|0?\.\d{1,9}|0\.\d{1,9}", rate, re.ASCII) for rate in rates):
        raise WordError(f"{' '.join(rates) or 'nothing'} is no rate: it is from 0 to below 1, as in dropout 0.5")
    return Pointwise(" ".join(text.split()))


def _unknown(typed: str, name: str) -> str:
    if "(" in typed:
        return f"{typed} has a bracket: write it with spaces, like conv 32 3x3"
    if typed[:1].isdigit():
        return f"{typed} is no layer: a layer begins with its name; a decimal comma is read as a separator, write 0.5"
    stem = re.match(r"[a-z]+", name)
    near = get_close_matches(name, BY_NAME, 1) or (get_close_matches(stem[0], BY_NAME, 1, 0.5) if stem else [])
    kinds = ", ".join(kind.names[0] for kind in KINDS)
    return f"{typed} is not a layer: " + (f"did you mean {near[0]}?" if near else f"there are {kinds}, dropout")
