"""Layers with a window, from settings that Keras and PyTorch share: the layer, and its words in a chain."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Size, written
from explain.layers.convolution import Convolution, Separable, TransposedConvolution
from explain.layers.sliding import Pad, Pool, Slide


class Moved:
    """How a window moves along each axis.

    Args:
        same: whether zeros are added so that only the stride changes the size.
        skipped: the dilation along each axis.
    """

    def __init__(
        self,
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int] = (),
        same: bool = False,
        skipped: Sequence[int] = (),
    ) -> None:
        axes = len(kernel)
        self.kernel, self.stride, self.same = kernel, stride, same
        self.padding, self.skipped = padding or [0] * axes, skipped or [1] * axes

    @property
    def slides(self) -> list[Slide]:
        """One for each axis."""
        pads: Sequence[Pad] = ["same"] * len(self.kernel) if self.same else self.padding
        return [Slide(*axis) for axis in zip(self.kernel, self.stride, pads, self.skipped, strict=True)]

    def words(self, usual: Sequence[int] = ()) -> str:
        """As a chain of layers has it, without what is usual: `3x3 same stride 2`."""
        found = [written(self.kernel).replace("×", "x"), *(["same"] if self.same else [])]
        for name, sizes, default in (
            ("stride", self.stride, usual or [1] * len(self.kernel)),
            ("pad", self.padding, [0] * len(self.kernel)),
            ("dilation", self.skipped, [1] * len(self.kernel)),
        ):
            if list(sizes) != list(default):
                found.append(f"{name} {each(sizes)}")
        return " ".join(found)


def each(sizes: Sequence[int]) -> str:
    """One number where all axes have the same: `2`, else `2x1`."""
    return str(sizes[0]) if len(set(sizes)) == 1 else "x".join(map(str, sizes))


def called(kind: str, axes: int) -> str:
    """A kind of layer with its axes where they are not two: `conv`, `conv1d`."""
    return kind if axes == 2 else f"{kind}{axes}d"


def convolution(filters: Size, moved: Moved, bias: bool, groups: int = 1) -> Convolution:
    """A convolution, perhaps in groups."""
    word = f"{called('conv', len(moved.kernel))} {filters} {moved.words()}"
    word += f" groups {groups}" if groups != 1 else ""
    return Convolution(filters, moved.slides, bias, groups, word=word + _without(bias))


def depthwise(multiplier: int, moved: Moved, bias: bool) -> Convolution:
    """A convolution of every channel by itself."""
    word = f"{called('depthwise', len(moved.kernel))} {moved.words()}{_times(multiplier)}{_without(bias)}"
    return Convolution(multiplier, moved.slides, bias, depthwise=True, word=word)


def separable(filters: Size, multiplier: int, moved: Moved, bias: bool) -> Separable:
    """A depthwise convolution, then one of 1×1."""
    word = f"{called('separable', len(moved.kernel))} {filters} {moved.words()}{_times(multiplier)}{_without(bias)}"
    return Separable(filters, moved.slides, bias, multiplier, word=word)


def transposed(filters: Size, moved: Moved, bias: bool, extra: int, filled: bool) -> TransposedConvolution:
    """A convolution turned round; `extra` is the output padding."""
    word = f"{called('transposed', len(moved.kernel))} {filters} {moved.words()}"
    word += f" outputpadding {extra}" if extra else ""
    return TransposedConvolution(filters, moved.slides, bias, extra, filled, word=word + _without(bias))


def pool(kind: str, moved: Moved, ceil: bool = False) -> Pool:
    """A pool; its stride is its window unless it is said."""
    word = f"{called(kind, len(moved.kernel))} {moved.words(moved.kernel)}" + (" ceil" if ceil else "")
    return Pool(moved.slides, ceil, word=word)


def _without(bias: bool) -> str:
    return "" if bias else " no bias"


def _times(multiplier: int) -> str:
    return f" multiplier {multiplier}" if multiplier != 1 else ""
