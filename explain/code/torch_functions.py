"""Functions of PyTorch that are layers without parameters; their tensor is left out of the arguments.

Source: PyTorch documentation, torch.nn.functional and torch.Tensor.
"""

from __future__ import annotations

from functools import partial

from explain.code.arguments import Bound, short
from explain.code.kinds import Kind, entrywise
from explain.code.parts import NotReadError
from explain.code.signatures import ANYTHING
from explain.code.torch_convolutions import MEAN_POOL, adaptive_pool, enlarged, padded, pool, shuffled
from explain.layers.axes import JoinAxes
from explain.layers.base import Layer
from explain.layers.reshaping import Over, Reshape
from explain.layers.simple import Flatten


def flattened(bound: Bound) -> Layer:
    """All axes but the batch in one."""
    first, last = bound.value("start_dim"), bound.value("end_dim")
    if first == 0:
        raise NotReadError(
            f"{bound.called} begins at axis 0, so that the samples of a batch run into one row; write start_dim=1"
        )
    if last == -1 and isinstance(first, int) and first > 1:
        return JoinAxes(first, f"flatten from axis {first}")
    if (first, last) != (1, -1):
        raise NotReadError(
            f"{bound.called} joins the axes {short(first)} to {short(last)}: only axes up to the last, -1, are read"
        )
    return Flatten()


def _reshaped(bound: Bound) -> Layer:
    """`x.view(-1, 320)`: the first size is the batch, whatever stands there."""
    sizes = bound.rest
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        sizes = list(sizes[0])
    if len(sizes) < 2:
        raise NotReadError(f"{bound.called} puts the whole batch in one row; write {bound.called}(x.size(0), -1)")
    wanted = [bound.known("its sizes", size) for size in sizes[1:]]
    if wanted == [-1]:
        return Flatten()
    wanted = [size if size == -1 and not isinstance(size, bool) else bound.whole("a size", size, 1) for size in wanted]
    return Reshape(wanted, False, "reshape " + "x".join(map(str, wanted)))


def _over(word: str, bound: Bound) -> Layer:
    """A mean or sum over some axes of each sample."""
    value = bound.value("dim")
    axes = list(value) if isinstance(value, (tuple, list)) else [value]
    if not axes or any(isinstance(axis, bool) or not isinstance(axis, int) or axis == 0 for axis in axes):
        raise NotReadError(
            f"{bound.called} has dim = {short(value)}: the axes of a sample, from 1, are read; 0 would join the samples"
        )
    return Over(axes, f"{word} axis {' '.join(map(str, axes))}", keep=bound.flag("keepdim"))


# entry by entry: the name of the function is the word, but for spellings of its own
POINTWISE = (
    "relu", "relu_", "relu6", "leaky_relu", "elu", "selu", "celu", "gelu", "silu", "mish", "sigmoid", "tanh",
    "softmax", "log_softmax", "softmin", "softplus", "softsign", "logsigmoid", "hardtanh", "hardswish",
    "hardsigmoid", "hardshrink", "softshrink", "tanhshrink", "rrelu", "threshold", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "alpha_dropout", "feature_alpha_dropout", "normalize", "local_response_norm", "exp", "log", "log1p",
    "sqrt", "rsqrt", "square", "abs", "neg", "sin", "cos", "clamp", "identity",
)  # fmt: skip
POOL = "kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False, return_indices=False"
SIZED = "size=None, scale_factor=None, mode='nearest', align_corners=None"
OVER = "dim, keepdim=False, dtype=None"
FUNCTIONS: dict[str, Kind] = {
    **{name: Kind(ANYTHING, partial(entrywise, name.replace("_", ""))) for name in POINTWISE},
    **{f"max_pool{axes}d": Kind(POOL, partial(pool, "maxpool", axes)) for axes in (1, 2, 3)},
    "avg_pool1d": Kind(MEAN_POOL, partial(pool, "avgpool", 1)),
    "avg_pool2d": Kind(MEAN_POOL + ", divisor_override=None", partial(pool, "avgpool", 2)),
    "avg_pool3d": Kind(MEAN_POOL + ", divisor_override=None", partial(pool, "avgpool", 3)),
    **{
        f"adaptive_{kind}_pool{axes}d": Kind(
            "output_size, return_indices=False", partial(adaptive_pool, f"adaptive{kind}pool", axes)
        )
        for axes in (1, 2, 3)
        for kind in ("avg", "max")
    },
    "interpolate": Kind(f"{SIZED}, recompute_scale_factor=None, antialias=False", partial(enlarged, 0)),
    "upsample": Kind(SIZED, partial(enlarged, 0)),
    "pad": Kind("pad, mode='constant', value=None", partial(padded, None)),
    "pixel_shuffle": Kind("upscale_factor", shuffled),
    "flatten": Kind("start_dim=0, end_dim=-1", flattened),
    "view": Kind(ANYTHING, _reshaped),
    "reshape": Kind(ANYTHING, _reshaped),
    "mean": Kind(OVER, partial(_over, "mean")),
    "sum": Kind(OVER, partial(_over, "sum")),
    "amax": Kind("dim, keepdim=False", partial(_over, "max")),
}
