"""Keras layers as descriptions: one table from the name of a class to its signature and what it builds.

Source: Keras 3 API, Layers; signatures as documented there (a test holds them against the installed Keras).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from explain.code.arguments import ANYTHING, Bound, first_unknown, short
from explain.code.keras_convolutions import CONVOLUTIONS, SET
from explain.code.keras_recurrent import RECURRENT
from explain.code.keras_shapes import SHAPE_FUNCTIONS, SHAPES
from explain.code.kinds import Kind, built, entrywise
from explain.code.parts import Arguments, NotReadError
from explain.layers.attention import MultiHeadAttention
from explain.layers.base import Layer
from explain.layers.products import PlainAttention
from explain.layers.simple import Dense, Embedding, Normalisation, Pointwise, Slopes
from explain.layers.vocabulary import ACTIVATIONS
from explain.layers.words import plain_name

# what every layer takes; nothing of it changes a count
ALSO = (
    "name", "dtype", "trainable", "autocast", "activity_regularizer", "input_shape", "batch_input_shape", "input_dim",
    "input_length", "batch_size", "weights", "dynamic", "implementation", "time_major", "input_dtype",
)  # fmt: skip


def build(arguments: Arguments) -> Layer:
    """The layer that a call of a class makes.

    >>> build(Arguments("Dense", [10], {"use_bias": False}, 1)).word
    'dense 10 no bias'

    Raises:
        NotReadError: a kind that is not read, an argument that is wrong or unknown.
    """
    return built(KINDS, arguments, ALSO, "keras")


def build_function(arguments: Arguments) -> Layer | None:
    """The layer that a function is, such as `keras.ops.relu(x)` or `concatenate([a, b])`, without its tensors.

    Returns:
        None: the function is no layer.

    Raises:
        NotReadError: an argument that is wrong or unknown.
    """
    name = plain_name(arguments.name)
    if arguments.name in SHAPE_FUNCTIONS:
        return built(SHAPE_FUNCTIONS, arguments, ("name",), "keras")
    return Pointwise(name) if name in ACTIVATIONS else None


def _dense(bound: Bound) -> Layer:
    units, bias = bound.size("units"), bound.flag("use_bias")
    return Dense(units, bias, f"dense {units}" + ("" if bias else " no bias"), on="channels")


def _embedding(bound: Bound) -> Layer:
    vocabulary, width = bound.size("input_dim"), bound.size("output_dim")
    return Embedding(vocabulary, width, f"embedding {vocabulary} {width}")


def _over_last_axis(bound: Bound) -> None:
    axis = bound.value("axis")
    first = axis[0] if isinstance(axis, (tuple, list)) and len(axis) == 1 else axis
    if first not in (-1, 2, 3, 4):
        raise NotReadError(
            f"{bound.called} has axis = {short(axis)}: only the last axis, -1, is read, where Keras has the channels"
        )


def _batch_norm(bound: Bound) -> Layer:
    _over_last_axis(bound)
    scale, shift = bound.flag("scale"), bound.flag("center")
    return Normalisation(True, "batchnorm" + _without(scale, shift), scale=scale, shift=shift)


def _layer_norm(bound: Bound) -> Layer:
    _over_last_axis(bound)
    scale, shift = bound.flag("scale"), bound.flag("center")
    return Normalisation(False, "layernorm" + _without(scale, shift), scale=scale, shift=shift, places=True)


def _rms_norm(bound: Bound) -> Layer:
    _over_last_axis(bound)
    return Normalisation(False, "rmsnorm", shift=False, places=True)


def _group_norm(bound: Bound) -> Layer:
    _over_last_axis(bound)
    scale, shift = bound.flag("scale"), bound.flag("center")
    if bound.value("groups") == -1:  # one channel a group
        word = "instancenorm" + _without(scale, shift)
        return Normalisation(False, word, kind="instance", scale=scale, shift=shift)
    groups = bound.size("groups")
    word = f"groupnorm {groups}" + _without(scale, shift)
    return Normalisation(False, word, kind="group", scale=scale, shift=shift, groups=groups)


def _adapted(bound: Bound) -> Layer:
    """Mean and variance of each feature, taken from the data once; none where they are written down."""
    if bound.raw("mean") is not None and bound.raw("variance") is not None:
        return Pointwise("normalization")
    _over_last_axis(bound)
    return Normalisation(True, "normalization", scale=False, shift=False)


def _without(scale: bool, shift: bool) -> str:
    return ("" if scale else " no scale") + ("" if shift else " no shift")


def _attention(bound: Bound) -> Layer:
    for name in ("output_shape", "attention_axes"):
        bound.only(name, (None,), "this setting is not read; leave it out")
    bound.only("use_gate", (False,), "this setting is not read; leave it out")
    heads, keys = bound.size("num_heads"), bound.size("key_dim")
    values = keys if bound.raw("value_dim") is None else bound.size("value_dim")
    return MultiHeadAttention(heads, keys, values, bound.flag("use_bias"), f"attention {heads} heads")


def _plain_attention(scale: str, bound: Bound) -> Layer:
    if scale == "one":
        bound.only("score_mode", ("dot",), "only the dot product is read")
    word = "additive attention" if scale == "feature" else "dot attention"
    return PlainAttention(scale if bound.flag("use_scale") else "", word)


def _slopes(bound: Bound) -> Layer:
    bound.only("shared_axes", (None,), "slopes that some axes share are not read; leave it out")
    return Slopes(None, "prelu")


def _dropout(word: str, bound: Bound) -> Layer:
    rate = bound.raw("rate")
    known = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    return Pointwise(f"{word} {rate}" if known else word)


def _activation(bound: Bound) -> Layer:
    """An activation by its name; which one, where the code has a function, its own name tells."""
    return Pointwise(activation_word(bound.raw("activation")))


def activation_word(value: Any) -> str:
    """`relu` from 'relu', tf.nn.relu or a layer."""
    unknown = first_unknown(value)
    text = unknown.text if unknown else value.word if isinstance(value, Layer) else str(value)
    name = plain_name(text.rsplit(".", 1)[-1]) if text else ""
    return name if name in ACTIVATIONS else "activation"


NORM = "center=True, scale=True, beta_initializer=None, gamma_initializer=None, "
CHECKED = "beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None"
BATCH_NORM = f"axis=-1, momentum=0.99, epsilon=0.001, {NORM}moving_mean_initializer=None, "
BATCH_NORM += f"moving_variance_initializer=None, {CHECKED}, renorm=False, renorm_clipping=None, "
BATCH_NORM += "renorm_momentum=0.99, synchronized=False"
KEPT_ROWS = "input_dim, output_dim, embeddings_initializer=None, embeddings_regularizer=None, "
KEPT_ROWS += "embeddings_constraint=None, mask_zero=False, weights=None"
HEADS = "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None, "
HEADS += "sliding_window=None, flash_attention=None, " + SET.format("kernel") + ", use_gate=False, seed=None"
NOISE = ", seed=None, name=None, dtype=None"
# images changed at random keep their size; their settings are many, and none of them counts here
RANDOM = (
    "Flip", "Rotation", "Zoom", "Translation", "Contrast", "Brightness", "Shear", "Hue", "Saturation", "Grayscale",
    "Erasing", "Invert",
)  # fmt: skip
KINDS: dict[str, Kind] = {
    **CONVOLUTIONS,
    **RECURRENT,
    **SHAPES,
    "Dense": Kind("units, activation=None, use_bias=True, " + SET.format("kernel"), _dense),
    "Embedding": Kind(KEPT_ROWS, _embedding),
    "BatchNormalization": Kind(BATCH_NORM, _batch_norm),
    "LayerNormalization": Kind(f"axis=-1, epsilon=0.001, {NORM}{CHECKED}", _layer_norm),
    "GroupNormalization": Kind(f"groups=32, axis=-1, epsilon=0.001, {NORM}{CHECKED}", _group_norm),
    "RMSNormalization": Kind("axis=-1, epsilon=1e-06", _rms_norm),
    "UnitNormalization": Kind("axis=-1", partial(entrywise, "unitnorm")),
    "Normalization": Kind("axis=-1, mean=None, variance=None, invert=False", _adapted),
    "MultiHeadAttention": Kind(HEADS, _attention),
    "Attention": Kind("use_scale=False, score_mode='dot', dropout=0.0, seed=None", partial(_plain_attention, "one")),
    "AdditiveAttention": Kind("use_scale=True, dropout=0.0", partial(_plain_attention, "feature")),
    "PReLU": Kind("alpha_initializer=None, alpha_regularizer=None, alpha_constraint=None, shared_axes=None", _slopes),
    "Activation": Kind("activation", _activation),
    "ReLU": Kind("max_value=None, negative_slope=0.0, threshold=0.0", partial(entrywise, "relu")),
    "LeakyReLU": Kind("negative_slope=0.3, *, alpha=None", partial(entrywise, "leakyrelu")),
    "ELU": Kind("alpha=1.0", partial(entrywise, "elu")),
    "ThresholdedReLU": Kind("theta=1.0", partial(entrywise, "relu")),
    "Softmax": Kind("axis=-1", partial(entrywise, "softmax")),
    "Identity": Kind("", partial(entrywise, "identity")),
    "Masking": Kind("mask_value=0.0", partial(entrywise, "masking")),
    "Rescaling": Kind("scale, offset=0.0", partial(entrywise, "rescaling")),
    "ActivityRegularization": Kind("l1=0.0, l2=0.0", partial(entrywise, "activity regularization")),
    "Dropout": Kind("rate, noise_shape=None, seed=None", partial(_dropout, "dropout")),
    "AlphaDropout": Kind("rate, noise_shape=None, seed=None", partial(_dropout, "alphadropout")),
    "GaussianDropout": Kind("rate, seed=None", partial(_dropout, "gaussiandropout")),
    "GaussianNoise": Kind("stddev, seed=None", partial(entrywise, "gaussiannoise")),
    "SpatialDropout1D": Kind("rate" + NOISE, partial(_dropout, "spatialdropout1d")),
    "SpatialDropout2D": Kind("rate, data_format=None" + NOISE, partial(_dropout, "spatialdropout2d")),
    "SpatialDropout3D": Kind("rate, data_format=None" + NOISE, partial(_dropout, "spatialdropout3d")),
    **{f"Random{what}": Kind(ANYTHING, partial(entrywise, f"random {what.lower()}")) for what in RANDOM},
}
