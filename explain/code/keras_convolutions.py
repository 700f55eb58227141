"""Keras layers with a window: convolutions and pools of one to three axes.

Source: Keras 3 API, Convolution layers and Pooling layers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from explain.code import windows
from explain.code.arguments import Bound
from explain.code.kinds import Kind
from explain.code.parts import NotReadError, SlipError
from explain.code.windows import Moved
from explain.layers.base import Layer
from explain.layers.sliding import AdaptivePool, GlobalPool

SET = "{0}_initializer=None, bias_initializer=None, {0}_regularizer=None, bias_regularizer=None, "
SET += "activity_regularizer=None, {0}_constraint=None, bias_constraint=None"
TWO = "depthwise_initializer=None, pointwise_initializer=None, bias_initializer=None, depthwise_regularizer=None, "
TWO += "pointwise_regularizer=None, bias_regularizer=None, activity_regularizer=None, depthwise_constraint=None, "
TWO += "pointwise_constraint=None, bias_constraint=None"
ENDS = "activation=None, use_bias=True, "
CONV = "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, groups=1, "
CONV += ENDS + SET.format("kernel")
TRANSPOSED = "filters, kernel_size, strides=1, padding='valid', output_padding=None, data_format=None, "
TRANSPOSED += "dilation_rate=1, " + ENDS + SET.format("kernel")
TRANSPOSED_3D = TRANSPOSED.replace("output_padding=None, data_format=None", "data_format=None, output_padding=None")
DEPTHWISE = "kernel_size, strides=1, padding='valid', depth_multiplier=1, data_format=None, dilation_rate=1, "
DEPTHWISE += ENDS + SET.format("depthwise")
SEPARABLE = "filters, kernel_size, strides=1, padding='valid', data_format=None, dilation_rate=1, "
SEPARABLE += "depth_multiplier=1, " + ENDS + TWO
MAX_POOL = "pool_size=2, strides=None, padding='valid', data_format=None, name=None"
MEAN_POOL = "pool_size, strides=None, padding='valid', data_format=None, name=None"
GLOBAL_POOL = "data_format=None, keepdims=False"
ADAPTIVE_POOL = "output_size, data_format=None"


def channels_last(bound: Bound) -> None:
    """Refuses the other layout: the shapes of the code would mean something else."""
    if bound.given("data_format"):
        why = "only Keras' usual channels_last is read; write the shapes with the channels last and leave it out"
        bound.only("data_format", (None, "channels_last"), why)


def _moved(bound: Bound, axes: int, kernel: str = "kernel_size", also: tuple[str, ...] = ()) -> Moved:
    channels_last(bound)
    window = bound.sizes(kernel, axes)
    strides = window if bound.raw("strides") is None else bound.sizes("strides", axes)
    same = bound.one_of("padding", ("valid", "same", *also)) != "valid"
    skipped = [1] * axes if kernel == "pool_size" else bound.sizes("dilation_rate", axes)
    if max(strides) > 1 and max(skipped) > 1:
        raise SlipError(
            f"{bound.called} has strides and dilation_rate above 1: Keras refuses both together; take one of them"
        )
    return Moved(window, strides, same=same, skipped=skipped)


def _convolution(axes: int, bound: Bound) -> Layer:
    groups = bound.size("groups")
    filters = bound.extent("filters") if groups == 1 else bound.size("filters")
    if isinstance(filters, int) and filters % groups:
        raise SlipError(f"{bound.called} has groups = {groups}, which does not divide its {filters} filters")
    causal = ("causal",) if axes == 1 else ()  # all zeros in front: as many places as with same padding
    return windows.convolution(filters, _moved(bound, axes, also=causal), bound.flag("use_bias"), groups)


def _transposed(axes: int, bound: Bound) -> Layer:
    channels_last(bound)
    window, strides = bound.sizes("kernel_size", axes), bound.sizes("strides", axes)
    skipped, same = bound.sizes("dilation_rate", axes), bound.one_of("padding", ("valid", "same")) == "same"
    if bound.raw("output_padding") is None:
        moved = Moved(window, strides, same=same, skipped=skipped)
        return windows.transposed(bound.extent("filters"), moved, bound.flag("use_bias"), 0, filled=True)
    extra = bound.sizes("output_padding", axes, 0)
    if len(set(extra)) > 1:
        raise NotReadError(f"{bound.called} has an output_padding of its own for each axis, which is not read")
    covers = [(size - 1) * step + 1 for size, step in zip(window, skipped, strict=True)]
    pads = [size // 2 if same else 0 for size in covers]
    moved = Moved(window, strides, pads, skipped=skipped)
    return windows.transposed(bound.extent("filters"), moved, bound.flag("use_bias"), extra[0], filled=False)


def _depthwise(axes: int, bound: Bound) -> Layer:
    return windows.depthwise(bound.size("depth_multiplier"), _moved(bound, axes), bound.flag("use_bias"))


def _separable(axes: int, bound: Bound) -> Layer:
    multiplier = bound.size("depth_multiplier")
    return windows.separable(bound.extent("filters"), multiplier, _moved(bound, axes), bound.flag("use_bias"))


def _pool(word: str, axes: int, bound: Bound) -> Layer:
    return windows.pool(word, _moved(bound, axes, "pool_size"))


def _global_pool(word: str, axes: int, bound: Bound) -> Layer:
    channels_last(bound)
    return GlobalPool(windows.called(word, axes), bound.flag("keepdims"))


def _adaptive_pool(word: str, axes: int, bound: Bound) -> Layer:
    channels_last(bound)
    sizes = bound.sizes("output_size", axes)
    return AdaptivePool(tuple(sizes), f"{windows.called(word, axes)} {'x'.join(map(str, sizes))}")


def _kinds(axes: int) -> dict[str, Kind]:
    """The layers that slide along so many axes, by name."""
    found: dict[str, Kind] = {}

    def add(names: str, text: str, build: Callable[[Bound], Layer]) -> None:
        found.update({name.format(axes): Kind(text, build) for name in names.split()})

    add("Conv{}D Convolution{}D", CONV, partial(_convolution, axes))
    text = TRANSPOSED if axes < 3 else TRANSPOSED_3D
    add("Conv{}DTranspose Convolution{}DTranspose", text, partial(_transposed, axes))
    if axes < 3:
        add("DepthwiseConv{}D", DEPTHWISE, partial(_depthwise, axes))
        add("SeparableConv{}D SeparableConvolution{}D", SEPARABLE, partial(_separable, axes))
    add("MaxPool{0}D MaxPooling{0}D", MAX_POOL, partial(_pool, "maxpool", axes))
    add("AvgPool{0}D AveragePooling{0}D", MEAN_POOL, partial(_pool, "avgpool", axes))
    add("GlobalMaxPool{0}D GlobalMaxPooling{0}D", GLOBAL_POOL, partial(_global_pool, "globalmaxpool", axes))
    add("GlobalAvgPool{0}D GlobalAveragePooling{0}D", GLOBAL_POOL, partial(_global_pool, "globalavgpool", axes))
    add("AdaptiveMaxPooling{}D", ADAPTIVE_POOL, partial(_adaptive_pool, "adaptivemaxpool", axes))
    add("AdaptiveAveragePooling{}D", ADAPTIVE_POOL, partial(_adaptive_pool, "adaptiveavgpool", axes))
    return found


CONVOLUTIONS = {name: kind for axes in (1, 2, 3) for name, kind in _kinds(axes).items()}
