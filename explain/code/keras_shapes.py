"""Keras layers that change or join shapes: reshaping, padding, cropping, enlarging, merging.

Source: Keras 3 API, Reshaping layers, Merging layers and Image preprocessing layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from explain.code.arguments import Bound, short
from explain.code.keras_convolutions import channels_last
from explain.code.kinds import Kind
from explain.code.parts import NotReadError, SlipError
from explain.code.windows import called, each
from explain.layers.base import Layer
from explain.layers.merging import Joint, Merge
from explain.layers.products import DotProduct
from explain.layers.reshaping import Cropping, Permute, RepeatVector, Reshape, Resizing, Upsampling, ZeroPadding
from explain.layers.simple import Flatten


def _flatten(bound: Bound) -> Layer:
    channels_last(bound)
    return Flatten()


def _reshape(name: str, bound: Bound) -> Layer:
    value = bound.value(name)
    sizes = list(value) if isinstance(value, (tuple, list)) else [value]
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, int) or (size < 1 and size != -1):
            raise SlipError(
                f"{bound.called} has a size {short(size)}: sizes are whole numbers from 1, and -1 for the rest"
            )
    return Reshape(sizes, True, "reshape " + written(sizes))


def written(sizes: Sequence[int]) -> str:
    """Sizes as a chain of layers has them: `3x4`."""
    return "x".join(map(str, sizes))


def _permute(bound: Bound) -> Layer:
    value = bound.value("dims")
    order = bound.sizes("dims", len(value) if isinstance(value, (tuple, list)) else 1)
    if sorted(order) != list(range(1, len(order) + 1)):
        raise SlipError(
            f"{bound.called} has dims = {short(order)}: they are the axes 1 to {len(order)} in another order; "
            "the batch is not one of them"
        )
    return Permute(order, True, f"permute {' '.join(map(str, order))}")


def _repeat(bound: Bound) -> Layer:
    times = bound.size("n")
    return RepeatVector(times, f"repeat {times}")


def _enlarged(axes: int, bound: Bound) -> Layer:
    channels_last(bound)
    factors = bound.sizes("size", axes)
    return Upsampling(factors, f"{called('upsample', axes)} {each(factors)}")


def _padded(axes: int, bound: Bound) -> Layer:
    channels_last(bound)
    pairs = bound.pairs("padding", axes)
    return ZeroPadding(pairs, f"{called('zeropad', axes)} {beside(pairs)}")


def _cropped(axes: int, bound: Bound) -> Layer:
    channels_last(bound)
    pairs = bound.pairs("cropping", axes)
    return Cropping(pairs, f"{called('crop', axes)} {beside(pairs)}")


def beside(pairs: Sequence[tuple[int, int]]) -> str:
    """What is put or cut at both ends of each axis: `1` everywhere, else `0,1 0,1`."""
    if len({size for pair in pairs for size in pair}) == 1:
        return str(pairs[0][0])
    return " ".join(f"{first},{last}" for first, last in pairs)


def _resized(bound: Bound) -> Layer:
    channels_last(bound)
    sizes = [bound.size("height"), bound.size("width")]
    return Resizing(sizes, "resize " + written(sizes))


def _merged(kind: Joint, bound: Bound) -> Layer:
    if kind != "concatenate":
        return Merge(kind, kind, channels_last=True)
    axis = bound.value("axis")
    if isinstance(axis, bool) or not isinstance(axis, int):
        raise NotReadError(
            f"{bound.called} has axis = {short(axis)}: it must be a whole number, such as -1, the last axis"
        )
    if axis == 0:
        raise NotReadError(f"{bound.called} has axis = 0, the batch: samples are not joined to each other; take -1")
    return Merge(kind, "concatenate" if axis == -1 else f"concatenate axis {axis}", axis, channels_last=True)


def _dotted(bound: Bound) -> Layer:
    value = bound.value("axes")
    first, last = value if isinstance(value, (tuple, list)) and len(value) == 2 else (value, value)
    for axis in (first, last):
        if isinstance(axis, bool) or not isinstance(axis, int) or axis == 0:
            raise NotReadError(
                f"{bound.called} has axes = {short(value)}: one axis, or one of each array, but not 0, the batch"
            )
    return DotProduct((first, last), f"dot axes {first} {last}")


MERGES: tuple[Joint, ...] = ("add", "subtract", "multiply", "average", "maximum", "minimum")


def _by_axes(axes: int, ones: str, none: str) -> dict[str, Kind]:
    """The layers that change the places along so many axes."""
    layout, smooth = ", data_format=None" * (axes > 1), ", interpolation='nearest'" * (axes == 2)
    return {
        f"UpSampling{axes}D": Kind(f"size=2{layout}{smooth}", partial(_enlarged, axes)),
        f"ZeroPadding{axes}D": Kind(f"padding={ones}, data_format=None", partial(_padded, axes)),
        f"Cropping{axes}D": Kind(f"cropping={none}{layout}", partial(_cropped, axes)),
    }


SMOOTH = "interpolation='bilinear', crop_to_aspect_ratio=False, pad_to_aspect_ratio=False, fill_mode='constant', "
SMOOTH += "fill_value=0.0, antialias=False, data_format=None"
SHAPES: dict[str, Kind] = {
    "Flatten": Kind("data_format=None", _flatten),
    "Reshape": Kind("target_shape", partial(_reshape, "target_shape")),
    "Permute": Kind("dims", _permute),
    "RepeatVector": Kind("n", _repeat),
    "Resizing": Kind("height, width, " + SMOOTH, _resized),
    "CenterCrop": Kind("height, width, data_format=None", _resized),
    "RandomCrop": Kind("height, width, seed=None, data_format=None, name=None", _resized),
    **_by_axes(1, "1", "(1, 1)"),
    **_by_axes(2, "(1, 1)", "((0, 0), (0, 0))"),
    **_by_axes(3, "((1, 1), (1, 1), (1, 1))", "((1, 1), (1, 1), (1, 1))"),
    **{kind.capitalize(): Kind("", partial(_merged, kind)) for kind in MERGES},
    "Concatenate": Kind("axis=-1", partial(_merged, "concatenate")),
    "Dot": Kind("axes, normalize=False", _dotted),
}
# The same as functions, whose tensors are left out of the arguments.
SHAPE_FUNCTIONS: dict[str, Kind] = {
    **{kind: Kind("name=None", partial(_merged, kind)) for kind in MERGES},
    "concatenate": Kind("axis=-1", partial(_merged, "concatenate")),
    "dot": Kind("axes=-1", _dotted),
    "concat": Kind("axis=-1, name=None", partial(_merged, "concatenate")),
    "reshape": Kind("newshape", partial(_reshape, "newshape")),
}
