"""PyTorch modules with a window: convolutions, pools, padding and enlarging along one to three axes.

Source: PyTorch documentation, torch.nn: Convolution Layers, Pooling Layers, Padding Layers, Vision Layers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from explain.code import windows
from explain.code.arguments import Bound, short
from explain.code.keras_shapes import beside, written
from explain.code.kinds import Kind
from explain.code.parts import NotReadError, SlipError
from explain.code.windows import Moved
from explain.layers.base import Layer
from explain.layers.padding import PadLast
from explain.layers.reshaping import Resizing, Shuffle, Upsampling
from explain.layers.sliding import AdaptivePool

LAZY = "out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True, padding_mode='zeros'"
LAZY_BACK = "out_channels, kernel_size, stride=1, padding=0, output_padding=0, groups=1, bias=True, dilation=1, "
LAZY_BACK += "padding_mode='zeros'"
MAX_POOL = "kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False"
MEAN_POOL = "kernel_size, stride=None, padding=0, ceil_mode=False, count_include_pad=True"
ENLARGED = "size=None, scale_factor=None, mode='nearest', align_corners=None, recompute_scale_factor=None"


def convolution(axes: int, bound: Bound) -> Layer:
    """A convolution; a depthwise one is written with as many groups as channels."""
    groups = bound.size("groups")
    read = bound.extent if groups == 1 else bound.size
    filters, channels = read("out_channels"), read("in_channels") if bound.has("in_channels") else groups
    for name, size in (("in_channels", channels), ("out_channels", filters)):
        if isinstance(size, int) and size % groups:
            raise SlipError(f"{bound.called} has groups = {groups}, which does not divide {name} = {size}")
    kernel, stride = bound.sizes("kernel_size", axes), bound.sizes("stride", axes)
    dilation = bound.sizes("dilation", axes)
    if not isinstance(bound.value("padding"), str):
        moved = Moved(kernel, stride, bound.sizes("padding", axes, 0), skipped=dilation)
        return windows.convolution(filters, moved, bound.flag("bias"), groups)
    same = bound.one_of("padding", ("same", "valid")) == "same"
    if same and max(stride) > 1:
        raise SlipError(
            f"{bound.called} has padding='same' and a stride of {windows.each(stride)}: PyTorch pads so only where "
            "the stride is 1; give padding a number"
        )
    return windows.convolution(filters, Moved(kernel, stride, same=same, skipped=dilation), bound.flag("bias"), groups)


def _transposed(axes: int, bound: Bound) -> Layer:
    bound.only("groups", (1,), "a transposed convolution in groups is not read")
    extra = bound.sizes("output_padding", axes, 0)
    if len(set(extra)) > 1:
        raise NotReadError(f"{bound.called} has an output_padding of its own for each axis, which is not read")
    kernel, stride = bound.sizes("kernel_size", axes), bound.sizes("stride", axes)
    moved = Moved(kernel, stride, bound.sizes("padding", axes, 0), skipped=bound.sizes("dilation", axes))
    return windows.transposed(bound.extent("out_channels"), moved, bound.flag("bias"), extra[0], filled=False)


def pool(word: str, axes: int, bound: Bound) -> Layer:
    """A pool; without a stride it moves by its window."""
    kernel = bound.sizes("kernel_size", axes)
    stride = kernel if bound.raw("stride") in (None, (), []) else bound.sizes("stride", axes)
    skipped = bound.sizes("dilation", axes) if bound.has("dilation") else [1] * axes
    pads = bound.sizes("padding", axes, 0)
    for size, pad in zip(kernel, pads, strict=True):
        if 2 * pad > size:
            raise SlipError(f"{bound.called} has padding = {pad}: more than half of its window of {size}; pad less")
    return windows.pool(word, Moved(kernel, stride, pads, skipped=skipped), bound.flag("ceil_mode"))


def adaptive_pool(word: str, axes: int, bound: Bound) -> Layer:
    """A pool with windows chosen so that the output has the sizes of the code; None keeps a size."""
    value = bound.value("output_size")
    each = [value] * axes if not isinstance(value, (tuple, list)) else list(value)
    if len(each) != axes:
        raise NotReadError(f"{bound.called} has output_size = {short(each)}: it needs 1 number, or {axes}")
    sizes = [None if size is None else bound.whole("output_size", size, 1) for size in each]
    told = "x".join("same" if size is None else str(size) for size in sizes)
    return AdaptivePool(sizes, f"{windows.called(word, axes)} {told}")


def padded(axes: int | None, bound: Bound) -> Layer:
    """Places put around; the code names the last axis first."""
    name = "padding" if axes else "pad"
    value = bound.value(name)
    if axes and not isinstance(value, (tuple, list)):
        pairs = [(bound.whole(name, value, 0),) * 2] * axes
    else:
        flat = list(value) if isinstance(value, (tuple, list)) else [value]
        if len(flat) % 2 or not flat or (axes and len(flat) != 2 * axes):
            raise SlipError(f"{bound.called} has {name} = {short(flat)}: it needs two numbers for each axis")
        sizes = [bound.whole(name, size, 0) for size in flat]
        pairs = list(zip(sizes[::2], sizes[1::2], strict=True))[::-1]
    return PadLast(pairs, f"{windows.called('zeropad', axes or 2)} {beside(pairs)}")


def enlarged(axes: int, bound: Bound) -> Layer:
    """Maps brought to a size, or made some times as large; axes 0: as many as there are."""
    size, factor = bound.value("size"), bound.value("scale_factor")
    if (size is None) == (factor is None):
        raise SlipError(f"{bound.called} needs one of size and scale_factor: give one of them")
    if size is not None:
        sizes = bound.sizes("size", len(size) if isinstance(size, (tuple, list)) else axes or 1)
        return Resizing(sizes, "resize " + written(sizes))
    each = list(factor) if isinstance(factor, (tuple, list)) else [factor] * (axes or 1)
    if any(isinstance(by, bool) or not isinstance(by, (int, float)) or by < 1 or by % 1 != 0 for by in each):
        raise NotReadError(f"{bound.called} has scale_factor = {short(factor)}: only whole numbers from 1 are read")
    factors = [bound.whole("scale_factor", int(by), 1) for by in each]
    return Upsampling(factors, f"upsample {windows.each(factors)}")


def shuffled(bound: Bound) -> Layer:
    """Channels laid out as places."""
    factor = bound.size("upscale_factor")
    return Shuffle(factor, f"pixelshuffle {factor}")


def _kinds(axes: int) -> dict[str, Kind]:
    """The modules that slide along so many axes, by name."""
    found: dict[str, Kind] = {}

    def add(names: str, text: str, build: Callable[[Bound], Layer], arrives: str = "") -> None:
        found.update({f"{name}{axes}d": Kind(text, build, arrives) for name in names.split()})

    add("Conv", "in_channels, " + LAZY, partial(convolution, axes), "in_channels")
    add("LazyConv", LAZY, partial(convolution, axes))
    add("ConvTranspose", "in_channels, " + LAZY_BACK, partial(_transposed, axes), "in_channels")
    add("LazyConvTranspose", LAZY_BACK, partial(_transposed, axes))
    add("MaxPool", MAX_POOL, partial(pool, "maxpool", axes))
    add("AvgPool", MEAN_POOL + (", divisor_override=None" if axes > 1 else ""), partial(pool, "avgpool", axes))
    add("AdaptiveAvgPool", "output_size", partial(adaptive_pool, "adaptiveavgpool", axes))
    add("AdaptiveMaxPool", "output_size, return_indices=False", partial(adaptive_pool, "adaptivemaxpool", axes))
    add("ZeroPad ReflectionPad ReplicationPad CircularPad", "padding", partial(padded, axes))
    add("ConstantPad", "padding, value", partial(padded, axes))
    return found


CONVOLUTIONS: dict[str, Kind] = {
    **{name: kind for axes in (1, 2, 3) for name, kind in _kinds(axes).items()},
    "Upsample": Kind(ENLARGED, partial(enlarged, 0)),
    "UpsamplingNearest2d": Kind("size=None, scale_factor=None", partial(enlarged, 2)),
    "UpsamplingBilinear2d": Kind("size=None, scale_factor=None", partial(enlarged, 2)),
    "PixelShuffle": Kind("upscale_factor", shuffled),
}
