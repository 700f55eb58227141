"""Keras layers as descriptions: one table from the name of a class to its signature and what it builds.

Source: Keras 3 API, Layers; signatures as documented there (a test holds them against the installed Keras).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from explain.code.arguments import Bound, first_unknown
from explain.code.keras_convolutions import CONVOLUTIONS, SET
from explain.code.keras_norms import NORMS
from explain.code.keras_recurrent import RECURRENT
from explain.code.keras_shapes import SHAPE_FUNCTIONS, SHAPES
from explain.code.kinds import Kind, built, entrywise
from explain.code.parts import Arguments, NotReadError
from explain.code.signatures import ANYTHING
from explain.layers.base import Layer
from explain.layers.fixed import FixedShape
from explain.layers.simple import Dense, Embedding, Pointwise, Slopes
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
    units, bias = bound.extent("units"), bound.flag("use_bias")
    return Dense(units, bias, f"dense {units}" + ("" if bias else " no bias"), on="channels")


def _embedding(bound: Bound) -> Layer:
    vocabulary, width = bound.extent("input_dim"), bound.extent("output_dim")
    return Embedding(vocabulary, width, f"embedding {vocabulary} {width}")


def _function(bound: Bound) -> Layer:
    """A function of the code's own; its output is known where the code tells it."""
    if bound.raw("output_shape") is None:
        raise NotReadError(f"what {bound.called} gives only running it would tell; write output_shape=(…)")
    value = bound.value("output_shape")
    sizes = bound.sizes("output_shape", len(value) if isinstance(value, (tuple, list)) else 1)
    return FixedShape(sizes, "function " + "x".join(map(str, sizes)))


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


KEPT_ROWS = "input_dim, output_dim, embeddings_initializer=None, embeddings_regularizer=None, "
KEPT_ROWS += "embeddings_constraint=None, mask_zero=False, weights=None"
NOISE = ", seed=None, name=None, dtype=None"
# images changed at random keep their size; their settings are many, and none of them counts here
RANDOM = (
    "Flip", "Rotation", "Zoom", "Translation", "Contrast", "Brightness", "Shear", "Hue", "Saturation", "Grayscale",
    "Erasing", "Invert",
)  # fmt: skip
KINDS: dict[str, Kind] = {
    **CONVOLUTIONS,
    **NORMS,
    **RECURRENT,
    **SHAPES,
    "Dense": Kind("units, activation=None, use_bias=True, " + SET.format("kernel"), _dense),
    "Embedding": Kind(KEPT_ROWS, _embedding),
    "Lambda": Kind("function, output_shape=None, mask=None, arguments=None", _function),
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
