"""Keras' layers of normalisation and of attention.

Source: Keras 3 API, Normalization layers and Attention layers.
"""

from __future__ import annotations

from functools import partial

from explain.code.arguments import Bound, short
from explain.code.keras_convolutions import SET
from explain.code.kinds import Kind, entrywise
from explain.code.parts import NotReadError
from explain.layers.adapted import AdaptedNormalisation
from explain.layers.attention import MultiHeadAttention
from explain.layers.base import Layer
from explain.layers.products import PlainAttention
from explain.layers.simple import Normalisation, Pointwise


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
    return AdaptedNormalisation("normalization")


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


NORM = "center=True, scale=True, beta_initializer=None, gamma_initializer=None, "
CHECKED = "beta_regularizer=None, gamma_regularizer=None, beta_constraint=None, gamma_constraint=None"
BATCH_NORM = f"axis=-1, momentum=0.99, epsilon=0.001, {NORM}moving_mean_initializer=None, "
BATCH_NORM += f"moving_variance_initializer=None, {CHECKED}, renorm=False, renorm_clipping=None, "
BATCH_NORM += "renorm_momentum=0.99, synchronized=False"
HEADS = "num_heads, key_dim, value_dim=None, dropout=0.0, use_bias=True, output_shape=None, attention_axes=None, "
HEADS += "sliding_window=None, flash_attention=None, " + SET.format("kernel") + ", use_gate=False, seed=None"
NORMS: dict[str, Kind] = {
    "BatchNormalization": Kind(BATCH_NORM, _batch_norm),
    "LayerNormalization": Kind(f"axis=-1, epsilon=0.001, {NORM}{CHECKED}", _layer_norm),
    "GroupNormalization": Kind(f"groups=32, axis=-1, epsilon=0.001, {NORM}{CHECKED}", _group_norm),
    "RMSNormalization": Kind("axis=-1, epsilon=1e-06", _rms_norm),
    "UnitNormalization": Kind("axis=-1", partial(entrywise, "unitnorm")),
    "Normalization": Kind("axis=-1, mean=None, variance=None, invert=False", _adapted),
    "MultiHeadAttention": Kind(HEADS, _attention),
    "Attention": Kind("use_scale=False, score_mode='dot', dropout=0.0, seed=None", partial(_plain_attention, "one")),
    "AdditiveAttention": Kind("use_scale=True, dropout=0.0", partial(_plain_attention, "feature")),
}
