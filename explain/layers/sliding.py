"""A window that slides along axes, and the layers that only look through it: pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from explain.engine.nodes.arithmetic import Times
from explain.engine.nodes.base import Node, node
from explain.layers.base import Flow, Layer, MisfitError, Size, Window, rounded_down, rounded_up, times, written

Pad = Size | Literal["same"]


class Slide:
    """How a window moves along one axis."""

    __slots__ = ("dilation", "kernel", "padding", "stride")

    def __init__(self, kernel: Size, stride: Size = 1, padding: Pad = 0, dilation: Size = 1) -> None:
        self.kernel, self.stride, self.padding, self.dilation = kernel, stride, padding, dilation

    @property
    def covers(self) -> Size:
        """The places from the first to the last entry of the window."""
        return self.kernel if self.dilation == 1 else times(self.dilation, self.kernel - 1) + 1

    def places(self, size: Size, ceil: bool = False) -> Size:
        """How many places the window has: the output size.

        Source: Dumoulin and Visin 2016, relationships 6 and 15; TensorFlow's documentation for same padding.

        Raises:
            MisfitError: the window is larger than what it slides over.
        """
        if self.padding == "same":
            return rounded_up(size, self.stride)
        if isinstance(self.kernel, int) and self.kernel == self.stride == 1 and not self.padding:
            return size
        padded = size + zeros(size, self.padding) if self.padding else size
        if not ceil and isinstance(padded, int) and isinstance(self.covers, int) and self.covers > padded:
            raise MisfitError(self._too_large(padded, size))
        free = padded - (self._worked_covers() if isinstance(padded, Node) else self.covers)
        if not ceil:
            return rounded_down(free, self.stride) + 1
        count = rounded_up(free, self.stride) + 1
        known = [part for part in (count, size, self.stride, self.padding) if isinstance(part, int)]
        if len(known) == 4:
            if known[0] < 1:
                raise MisfitError(self._too_large(padded, size))
            if (known[0] - 1) * known[2] >= known[1] + known[3]:
                return known[0] - 1  # the last window must begin inside the input or the padding before it
        return count

    def _worked_covers(self) -> Size:
        """What the window covers, worked where it is dilated: 2·(3 - 1) + 1."""
        if isinstance(self.dilation, int) and isinstance(self.kernel, int) and self.dilation != 1:
            return Times(node(self.dilation), node(self.kernel) - 1) + 1
        return self.covers

    def _too_large(self, padded: Size, size: Size) -> str:
        with_zeros = f" ({padded} with padding)" if self.padding else ""
        return f"its window covers {self.covers} places, but {size} arrived{with_zeros}; make it smaller or pad more"


def zeros(size: Size, padding: Size) -> Size:
    """Zeros on both sides; beside an expression written as 2·1."""
    return Times(node(2), node(padding)) if isinstance(size, Node) or isinstance(padding, Node) else 2 * padding


class Sliding(Layer):
    """A layer with a window; one `Slide` stands for all axes, or there is one for each."""

    __slots__ = ("slides",)
    reads = "maps"
    slides: Sequence[Slide]

    def along(self, arrived: Flow) -> Sequence[Slide]:
        """One slide an axis.

        Raises:
            MisfitError: there are other axes than the window has.
        """
        axes = len(arrived.sizes) - 1
        if axes < 1 or not arrived.kind == "maps":
            raise MisfitError("{arrived} arrived, but a window slides over maps: channels and places, such as 3x32x32")
        if len(self.slides) not in (1, axes):
            window = written([slide.kernel for slide in self.slides])
            found = "1 axis" if axes == 1 else f"{axes} axes"
            raise MisfitError(f"{{arrived}} arrived, with {found} to slide along, but the window is {window}")
        return list(self.slides) * axes if len(self.slides) == 1 else self.slides

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return [Window(slide.covers, slide.stride) for slide in self.along(arrived)]


class Pool(Sliding):
    """The largest entry, or the mean, of every window; each channel by itself.

    Source: Goodfellow et al. 2016, section 9.3; PyTorch torch.nn.MaxPool2d, Keras MaxPooling2D.
    """

    __slots__ = ("ceil",)

    def __init__(self, slides: Sequence[Slide], ceil: bool = False, word: str = "") -> None:
        self.slides, self.ceil, self.word = slides, ceil, word

    def output(self, arrived: Flow) -> Flow:
        for slide in self.slides:
            if isinstance(slide.padding, int) and isinstance(slide.kernel, int) and 2 * slide.padding > slide.kernel:
                raise MisfitError(
                    f"padding {slide.padding} is more than half of its window of {slide.kernel}; pad less"
                )
        slides = zip(self.along(arrived), arrived.sizes[1:], strict=True)
        return Flow((arrived.sizes[0], *(slide.places(size, self.ceil) for slide, size in slides)), "maps")


class GlobalPool(Layer):
    """One number for each channel: the largest entry, or the mean, of its whole map.

    Args:
        keep: whether the axes stay, with one place each.

    Source: Lin, Chen and Yan 2014, Network in Network, section 3.2.
    """

    __slots__ = ("keep",)
    reads = "maps"

    def __init__(self, word: str, keep: bool = False) -> None:
        self.word, self.keep = word, keep

    def output(self, arrived: Flow) -> Flow:
        if arrived.kind != "maps":
            raise MisfitError("{arrived} arrived, but a global pool takes maps: channels and places, such as 64x7x7")
        if self.keep:
            return Flow((arrived.sizes[0], *[1] * (len(arrived.sizes) - 1)), "maps")
        return Flow(arrived.sizes[:1], "vector")

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None


class AdaptivePool(Layer):
    """Windows chosen so that the output has given sizes; a size of None is kept.

    Source: PyTorch torch.nn.AdaptiveAvgPool2d.
    """

    __slots__ = ("sizes",)
    reads = "maps"

    def __init__(self, sizes: Sequence[Size | None], word: str) -> None:
        self.sizes, self.word = tuple(sizes), word

    def output(self, arrived: Flow) -> Flow:
        places = arrived.sizes[1:]
        if arrived.kind != "maps":
            raise MisfitError("{arrived} arrived, but a pool takes maps: channels and places, such as 64x7x7")
        if len(self.sizes) not in (1, len(places)):
            raise MisfitError(f"{{arrived}} arrived, with {len(places)} axes of places, but {len(self.sizes)} are told")
        wanted = list(self.sizes) * len(places) if len(self.sizes) == 1 else self.sizes
        made = [size if told is None else told for size, told in zip(places, wanted, strict=True)]
        return Flow((arrived.sizes[0], *made), "maps")

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        ones = all(isinstance(size, int) and size == 1 for size in self.output(arrived).sizes[1:])
        return None if ones else ()
