"""Convolutions: plain, grouped, depthwise, separable and transposed."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Framework, MisfitError, Size, Stored, Tensor, Window, divided, multiplied, times
from explain.layers.sliding import Slide, Sliding, zeros


class Convolution(Sliding):
    """Filters that slide over all channels of their group.

    Args:
        filters: channels of the output; for a depthwise convolution, outputs a channel of the input.
        groups: parts that the channels are divided into, each seen by its own filters.

    Source: Dumoulin and Visin 2016; PyTorch torch.nn.Conv2d, Keras Conv2D and DepthwiseConv2D.
    """

    __slots__ = ("bias", "depthwise", "filters", "groups")

    def __init__(
        self,
        filters: Size,
        slides: Sequence[Slide],
        bias: bool = True,
        groups: Size = 1,
        depthwise: bool = False,
        word: str = "",
    ) -> None:
        self.filters, self.slides, self.bias, self.word = filters, slides, bias, word
        self.groups, self.depthwise = groups, depthwise

    def output(self, arrived: Flow) -> Flow:
        slides = self.along(arrived)
        channels = arrived.sizes[0]
        for name, size in (
            (("channels that arrived", channels), ("filters", self.filters)) if not self.depthwise else ()
        ):
            if isinstance(size, int) and isinstance(self.groups, int) and size % self.groups:
                raise MisfitError(f"{self.groups} groups do not divide the {size} {name}; take a divisor")
        places = [slide.places(size) for slide, size in zip(slides, arrived.sizes[1:], strict=True)]
        return Flow((self.channels(channels), *places), "maps")

    def channels(self, channels: Size) -> Size:
        """The channels of the output."""
        return times(channels, self.filters) if self.depthwise else self.filters

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        kernel = [slide.kernel for slide in self.along(arrived)]
        channels = arrived.sizes[0]
        filters = self.channels(channels)
        seen = () if self.depthwise else (divided(channels, self.groups),)
        told = "one window for each filter" if self.depthwise else "for each filter a window over every channel it sees"
        weights = Tensor("W", f"weights: {told}", (filters, *seen, *kernel))
        return [weights, *([Tensor("b", "bias: one for each filter", (filters,))] if self.bias else [])]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        kernel = [slide.kernel for slide in self.along(arrived)]
        channels = arrived.sizes[0]
        filters = self.channels(channels)
        seen: Size = 1 if self.depthwise else divided(channels, self.groups)
        if framework == "pytorch":
            weight = Stored("weight", (filters, seen, *kernel))
        else:
            weight = Stored("kernel", (*kernel, channels, self.filters) if self.depthwise else (*kernel, seen, filters))
        return [weight, *([Stored("bias", (filters,))] if self.bias else [])]

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        return multiplied((*given.sizes, *self.tensors(arrived)[0].shape[1:]))


class Separable(Sliding):
    """A depthwise convolution without bias, then a 1×1 convolution over all its outputs.

    Source: Chollet 2017, Xception, section 1; Keras SeparableConv2D (one bias, after the second).
    """

    __slots__ = ("first", "second")

    def __init__(
        self, filters: Size, slides: Sequence[Slide], bias: bool = True, multiplier: Size = 1, word: str = ""
    ) -> None:
        self.slides, self.word = slides, word
        self.first = Convolution(multiplier, slides, bias=False, depthwise=True)
        self.second = Convolution(filters, [Slide(1)], bias=bias)

    def output(self, arrived: Flow) -> Flow:
        return self.second.output(self.first.output(arrived))

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        middle = Flow((self.first.channels(arrived.sizes[0]), *arrived.sizes[1:]), "maps")
        depth, (point, *bias) = self.first.tensors(arrived)[0], self.second.tensors(middle)
        windows = "one window" if isinstance(self.first.filters, int) and self.first.filters == 1 else "as many windows"
        return [
            depth._replace(name="W_d", meaning=f"depthwise weights: {windows} for each channel"),
            Tensor("W_p", "pointwise weights: 1×1, from all channels to each filter", point.shape[:2]),
            *bias,
        ]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        middle = Flow((self.first.channels(arrived.sizes[0]), *arrived.sizes[1:]), "maps")
        depth, (point, *bias) = self.first.stored(arrived, framework)[0], self.second.stored(middle, framework)
        names = ("depthwise_kernel", "pointwise_kernel") if framework == "keras" else ("0.weight", "1.weight")
        bias = [array._replace(name="bias" if framework == "keras" else "1.bias") for array in bias]
        return [depth._replace(name=names[0]), point._replace(name=names[1]), *bias]

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        middle = Flow((self.first.channels(arrived.sizes[0]), *given.sizes[1:]), "maps")
        return self.first.multiply_adds(arrived, middle) + multiplied((*given.sizes, middle.sizes[0]))


class TransposedConvolution(Sliding):
    """Every entry of the input stamps the kernel onto the output, `stride` places apart.

    Args:
        extra: output padding, added at one side.
        filled: whether a stride larger than the kernel leaves its gap after the last stamp too, as in Keras.

    Source: Dumoulin and Visin 2016, relationship 14; PyTorch torch.nn.ConvTranspose2d, Keras Conv2DTranspose.
    """

    __slots__ = ("bias", "extra", "filled", "filters")

    def __init__(
        self,
        filters: Size,
        slides: Sequence[Slide],
        bias: bool = True,
        extra: Size = 0,
        filled: bool = False,
        word: str = "",
    ) -> None:
        self.filters, self.slides, self.bias, self.word = filters, slides, bias, word
        self.extra, self.filled = extra, filled

    def places(self, slide: Slide, size: Size) -> Size:
        """The output size along one axis."""
        if slide.padding == "same":
            return size if slide.stride == 1 else size * slide.stride
        covers, stride = slide.covers, slide.stride
        if self.filled and isinstance(covers, int) and isinstance(stride, int):
            covers = max(covers, stride)  # Keras keeps the gap after the last stamp
        total = (size - 1 if stride == 1 else (size - 1) * stride) + covers
        total = total - zeros(size, slide.padding) if slide.padding else total
        total = total + self.extra if self.extra != 0 else total
        if isinstance(total, int) and isinstance(slide.padding, int) and total < 1:
            raise MisfitError(f"padding {slide.padding} takes away all {total + 2 * slide.padding} places; pad less")
        return total

    def output(self, arrived: Flow) -> Flow:
        for slide in self.slides:
            steps = [step for step in (slide.stride, slide.dilation) if isinstance(step, int)]
            if isinstance(self.extra, int) and self.extra and len(steps) == 2 and self.extra >= max(steps):
                raise MisfitError(
                    f"output padding {self.extra} is not smaller than the stride {slide.stride}; take less"
                )
        places = [self.places(slide, size) for slide, size in zip(self.along(arrived), arrived.sizes[1:], strict=True)]
        return Flow((self.filters, *places), "maps")

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        kernel = [slide.kernel for slide in self.along(arrived)]
        weights = Tensor(
            "W", "weights: for each channel a window for every filter", (arrived.sizes[0], self.filters, *kernel)
        )
        return [weights, *([Tensor("b", "bias: one for each filter", (self.filters,))] if self.bias else [])]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        kernel = [slide.kernel for slide in self.along(arrived)]
        c, f = arrived.sizes[0], self.filters
        weight = Stored("weight", (c, f, *kernel)) if framework == "pytorch" else Stored("kernel", (*kernel, f, c))
        return [weight, *([Stored("bias", (f,))] if self.bias else [])]

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        return multiplied((*self.tensors(arrived)[0].shape, *arrived.sizes[1:]))

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
