"""PyTorch modules and functions as descriptions: one table from a name to its signature and what it builds.

Source: PyTorch documentation, torch.nn; signatures as documented there (a test holds them against the installed torch).
"""

from __future__ import annotations

from functools import partial

from explain.code.arguments import Bound
from explain.code.kinds import Kind, built, entrywise
from explain.code.parts import Arguments, NotReadError, SlipError, Unknown
from explain.code.signatures import ANYTHING
from explain.code.torch_convolutions import CONVOLUTIONS
from explain.code.torch_functions import FUNCTIONS, flattened
from explain.code.torch_recurrent import RECURRENT
from explain.engine.nodes.base import Node
from explain.layers.base import Layer, Size
from explain.layers.reshaping import Over
from explain.layers.simple import Dense, Embedding, Normalisation, Pointwise, Slopes
from explain.layers.splitting import SplitAxis
from explain.layers.stacked import Stacked

ALSO = ("device", "dtype")


def build(arguments: Arguments) -> Layer:
    """The layer that a call of a class makes.

    >>> build(Arguments("Linear", [784, 10], {}, 1)).word
    'dense 10'

    Raises:
        NotReadError: a kind that is not read, an argument that is wrong or unknown.
    """
    return built(KINDS, arguments, ALSO, "pytorch")


def build_function(arguments: Arguments) -> Layer | None:
    """The layer that a function is, such as `F.max_pool2d(x, 2)`, without its tensor.

    Returns:
        None: the function is no layer.

    Raises:
        NotReadError: an argument that is wrong or unknown.
    """
    return built(FUNCTIONS, arguments, ("out",), "pytorch") if arguments.name in FUNCTIONS else None


def arrives(arguments: Arguments) -> Size | None:
    """The features or channels that a call says arrive, as `in_features`; None where it does not say it.

    >>> arrives(Arguments("Linear", [784, 10], {}, 1))
    784
    """
    kind = KINDS.get(arguments.name)
    if kind is None or not kind.arrives:
        return None
    try:
        bound = Bound(arguments, kind.signature, ALSO)
        value = bound.raw(kind.arrives)
        if isinstance(value, Stacked):  # an encoder's layers are as wide as what arrives
            value = next(each.units for each in value.layers[::-1] if isinstance(each, Dense))
        if isinstance(value, (tuple, list)) and value and not isinstance(value, Unknown):
            value = value[-1]
        return value if isinstance(value, Node) else bound.as_extent(kind.arrives, value)
    except NotReadError:
        return None


def _linear(bound: Bound) -> Layer:
    if bound.has("in_features"):
        bound.extent("in_features")
    units, bias = bound.extent("out_features"), bound.flag("bias")
    return Dense(units, bias, f"dense {units}" + ("" if bias else " no bias"), on="last")


def _embedding(bound: Bound) -> Layer:
    rows, width = bound.extent("num_embeddings"), bound.extent("embedding_dim")
    return Embedding(rows, width, f"embedding {rows} {width}")


def _bag(bound: Bound) -> Layer:
    """The rows of all tokens of a text, and their mean or sum."""
    table, mode = _embedding(bound), bound.one_of("mode", ("mean", "sum", "max"))
    return Stacked([table, Over([1], mode)], f"{table.word} {mode}")


def _batch_norm(bound: Bound) -> Layer:
    affine, kept = bound.flag("affine"), bound.flag("track_running_stats")
    word = "batchnorm" + ("" if affine else " not affine")
    return Normalisation(True, word, scale=affine, shift=affine and bound.flag("bias"), kept=kept)


def _instance_norm(bound: Bound) -> Layer:
    affine, kept = bound.flag("affine"), bound.flag("track_running_stats")
    word = "instancenorm" + (" affine" if affine else "")
    shift = affine and bound.flag("bias")
    return Normalisation(False, word, kind="instance", scale=affine, shift=shift, kept=kept)


def _group_norm(bound: Bound) -> Layer:
    groups, channels, affine = bound.size("num_groups"), bound.size("num_channels"), bound.flag("affine")
    if channels % groups:
        raise SlipError(
            f"{bound.called} has num_groups = {groups}, which does not divide num_channels = {channels}; take a divisor"
        )
    word = f"groupnorm {groups}" + ("" if affine else " not affine")
    shift = affine and bound.flag("bias")
    return Normalisation(False, word, kind="group", scale=affine, shift=shift, groups=groups)


def _layer_norm(bound: Bound) -> Layer:
    value = bound.raw("normalized_shape")
    each = value if isinstance(value, (tuple, list)) and not isinstance(value, Unknown) else [value]
    bound.known("normalized_shape", [size for size in each if not getattr(size, "symbol", "")])
    shape = [bound.as_extent("normalized_shape", size) for size in each]
    affine = bound.flag("elementwise_affine")
    shift = affine and bound.has("bias") and bound.flag("bias")
    word = ("layernorm" if bound.has("bias") else "rmsnorm") + ("" if affine else " not affine")
    return Normalisation(False, word, scale=affine, shift=shift, shape=shape)


def _slopes(bound: Bound) -> Layer:
    return Slopes(bound.size("num_parameters"), "prelu")


def _unflattened(bound: Bound) -> Layer:
    bound.only("dim", (1, -1), "only axis 1, the first of a sample, is read")
    value = bound.value("unflattened_size")
    sizes = [each if each == -1 else bound.whole("unflattened_size", each, 1) for each in value]
    return SplitAxis(sizes, "reshape " + "x".join(map(str, sizes)))


def _dropout(word: str, bound: Bound) -> Layer:
    rate = bound.raw("p")
    known = isinstance(rate, (int, float)) and not isinstance(rate, bool)
    return Pointwise(f"{word} {rate}" if known else word)


TABLE = "num_embeddings, embedding_dim, padding_idx=None, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, "
TABLE += "sparse=False, _weight=None, _freeze=False"
BAG = "num_embeddings, embedding_dim, max_norm=None, norm_type=2.0, scale_grad_by_freq=False, mode='mean', "
BAG += "sparse=False, _weight=None, include_last_offset=False, padding_idx=None"
NORM = "eps=1e-05, momentum=0.1, affine=True, track_running_stats=True, {}*, bias=True"
PLACED = NORM.format("device=None, dtype=None, ")
INSTANCE = PLACED.replace("True", "False", 2)
DROPPED = "p=0.5, inplace=False"
ACTIVATIONS = {  # by what they are called with
    "inplace=False": "ReLU ReLU6 SELU SiLU Mish Hardswish Hardsigmoid",
    "": "Sigmoid Tanh Softsign LogSigmoid Tanhshrink Softmax2d",
    "dim=None": "Softmax LogSoftmax Softmin",
    "alpha=1.0, inplace=False": "ELU CELU",
    "negative_slope=0.01, inplace=False": "LeakyReLU",
    "min_val=-1.0, max_val=1.0, inplace=False, min_value=None, max_value=None": "Hardtanh",
    "approximate='none'": "GELU",
    "beta=1.0, threshold=20.0": "Softplus",
    "lambd=0.5": "Hardshrink Softshrink",
    "threshold, value, inplace=False": "Threshold",
    ANYTHING: "Identity RReLU LocalResponseNorm CrossMapLRN2d ChannelShuffle",
}
NORMALISED = "device=None, dtype=None"
KINDS: dict[str, Kind] = {
    **CONVOLUTIONS,
    **RECURRENT,
    "Linear": Kind("in_features, out_features, bias=True", _linear, "in_features"),
    "LazyLinear": Kind("out_features, bias=True", _linear),
    "Embedding": Kind(TABLE, _embedding),
    "EmbeddingBag": Kind(BAG, _bag),
    **{f"BatchNorm{axes}d": Kind("num_features, " + PLACED, _batch_norm, "num_features") for axes in (1, 2, 3)},
    **{f"LazyBatchNorm{axes}d": Kind(PLACED, _batch_norm) for axes in (1, 2, 3)},
    **{f"InstanceNorm{axes}d": Kind("num_features, " + INSTANCE, _instance_norm, "num_features") for axes in (1, 2, 3)},
    "SyncBatchNorm": Kind(
        "num_features, " + NORM.format("process_group=None, device=None, dtype=None, "), _batch_norm, "num_features"
    ),
    "GroupNorm": Kind(
        f"num_groups, num_channels, eps=1e-05, affine=True, {NORMALISED}, *, bias=True", _group_norm, "num_channels"
    ),
    "LayerNorm": Kind(
        "normalized_shape, eps=1e-05, elementwise_affine=True, bias=True", _layer_norm, "normalized_shape"
    ),
    "RMSNorm": Kind("normalized_shape, eps=None, elementwise_affine=True", _layer_norm, "normalized_shape"),
    "PReLU": Kind("num_parameters=1, init=0.25", _slopes),
    "Flatten": Kind("start_dim=1, end_dim=-1", flattened),
    "Unflatten": Kind("dim, unflattened_size", _unflattened),
    **{
        name: Kind(DROPPED, partial(_dropout, name.lower()))
        for name in ("Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout")
    },
    **{
        name: Kind(text, partial(entrywise, name.lower()))
        for text, names in ACTIVATIONS.items()
        for name in names.split()
    },
}
