"""Layers that give the numbers another shape: reshape, permute, repeat, enlarge, pad, crop, take one step."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import (
    Flow,
    Kind,
    Layer,
    MisfitError,
    Size,
    Window,
    divided,
    multiplied,
    times,
    written,
)


def as_written(flow: Flow, channels_last: bool) -> tuple[Size, ...]:
    """The sizes in the order in which the code has them, without the batch."""
    if flow.kind == "maps" and channels_last:
        return (*flow.sizes[1:], flow.sizes[0])
    return flow.sizes


def as_flow(sizes: Sequence[Size], channels_last: bool, kind: Kind | None = None) -> Flow:
    """What the sizes in the code's order are: one a vector, two a sequence, more maps.

    Args:
        kind: of two sizes, where that is known.
    """
    sizes = tuple(sizes)
    if len(sizes) < 2:
        return Flow(sizes or (1,), "vector")
    if len(sizes) == 2 and kind != "maps":
        return Flow(sizes, "sequence")
    return Flow((sizes[-1], *sizes[:-1]) if channels_last else sizes, "maps")


class Reshape(Layer):
    """The same numbers in other sizes.

    Args:
        sizes: as in the code, without the batch; one of them may be -1: what is left.
    """

    __slots__ = ("channels_last", "sizes")

    def __init__(self, sizes: Sequence[Size], channels_last: bool, word: str) -> None:
        self.sizes, self.channels_last, self.word = tuple(sizes), channels_last, word

    def output(self, arrived: Flow) -> Flow:
        open_ = [at for at, size in enumerate(self.sizes) if isinstance(size, int) and size == -1]
        if len(open_) > 1:
            raise MisfitError(f"{written(self.sizes)} has {len(open_)} sizes -1: one at most can be worked out")
        known = multiplied([size for at, size in enumerate(self.sizes) if at not in open_])
        count = arrived.entries
        if isinstance(known, int) and isinstance(count, int):
            fits = known > 0 and (count % known == 0 if open_ else count == known)
            if not fits:
                rule = f"{written(self.sizes)} are {known}; every number needs a place"
                if open_:
                    rule = f"they do not divide by {known}; every number needs a place"
                elif len(self.sizes) == 1:
                    rule = f"{known} are told; take {count}"
                raise MisfitError(f"{{arrived}} arrived, {count} numbers, but {rule}")
        left = divided(count, known) if open_ else 0
        return as_flow([left if at in open_ else size for at, size in enumerate(self.sizes)], self.channels_last)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()


class Permute(Layer):
    """The axes in another order.

    Args:
        order: which axis stands where, counted from 1 without the batch, as in Keras' Permute.
    """

    __slots__ = ("channels_last", "order")

    def __init__(self, order: Sequence[int], channels_last: bool, word: str) -> None:
        self.order, self.channels_last, self.word = tuple(order), channels_last, word

    def output(self, arrived: Flow) -> Flow:
        sizes = as_written(arrived, self.channels_last)
        if sorted(self.order) != list(range(1, len(sizes) + 1)):
            told = ", ".join(map(str, self.order))
            raise MisfitError(f"{{arrived}} arrived, but ({told}) does not name its {len(sizes)} axes once each")
        return as_flow([sizes[at - 1] for at in self.order], self.channels_last)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()


class RepeatVector(Layer):
    """A vector as a sequence: the same numbers at every time step."""

    __slots__ = ("times",)

    def __init__(self, times: Size, word: str) -> None:
        self.times, self.word = times, word

    def output(self, arrived: Flow) -> Flow:
        if len(arrived.sizes) != 1:
            raise MisfitError("{arrived} arrived, but one row of numbers is repeated; flatten first")
        return Flow((self.times, *arrived.sizes), "sequence")

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None


class _Places(Layer):
    """A layer that changes how many places there are along each axis of maps; `settings` has one item for all axes,
    or one for each.
    """

    __slots__ = ("settings",)
    reads = "maps"
    settings: Sequence[Size]

    def _each(self, arrived: Flow) -> Sequence[tuple[Size, Size]]:
        """Each axis: its size and its setting."""
        sizes = arrived.sizes[1:]
        if arrived.kind != "maps":
            raise MisfitError("{arrived} arrived, but this layer takes maps: channels and places, such as 3x32x32")
        if len(self.settings) not in (1, len(sizes)):
            raise MisfitError(
                f"{{arrived}} arrived, with {len(sizes)} axes of places, but the layer is told {len(self.settings)}"
            )
        settings = list(self.settings) * len(sizes) if len(self.settings) == 1 else list(self.settings)
        return list(zip(sizes, settings, strict=True))

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()


class Upsampling(_Places):
    """Every entry repeated, or points put between entries: each axis that many times as long."""

    __slots__ = ()

    def __init__(self, factors: Sequence[Size], word: str) -> None:
        self.settings, self.word = tuple(factors), word

    def output(self, arrived: Flow) -> Flow:
        return Flow((arrived.sizes[0], *(times(by, size) for size, by in self._each(arrived))), "maps")


class Resizing(_Places):
    """Maps brought to given sizes, by repeating or by interpolating."""

    __slots__ = ()

    def __init__(self, sizes: Sequence[Size], word: str) -> None:
        self.settings, self.word = tuple(sizes), word

    def output(self, arrived: Flow) -> Flow:
        return Flow((arrived.sizes[0], *(size for _, size in self._each(arrived))), "maps")


class ZeroPadding(_Places):
    """Zeros (or copies of the edge) around maps: a pair of numbers, before and after, for each axis."""

    __slots__ = ()

    def __init__(self, pairs: Sequence[tuple[int, int]], word: str) -> None:
        self.settings, self.word = tuple(sum(pair) for pair in pairs), word

    def output(self, arrived: Flow) -> Flow:
        return Flow((arrived.sizes[0], *(size + more if more else size for size, more in self._each(arrived))), "maps")


class Cropping(_Places):
    """Places cut off around maps: a pair of numbers, before and after, for each axis."""

    __slots__ = ()

    def __init__(self, pairs: Sequence[tuple[int, int]], word: str) -> None:
        self.settings, self.word = tuple(sum(pair) for pair in pairs), word

    def output(self, arrived: Flow) -> Flow:
        places = []
        for size, less in self._each(arrived):
            if isinstance(size, int) and isinstance(less, int) and less >= size:
                raise MisfitError(f"{{arrived}} arrived, but {less} of {size} places are cut off; cut fewer")
            places.append(size - less if less else size)
        return Flow((arrived.sizes[0], *places), "maps")


class Shuffle(Layer):
    """Channels laid out as places: factor² channels become factor times as many places along both axes.

    Source: Shi et al. 2016, Real-Time Single Image and Video Super-Resolution, eq. 4; PyTorch torch.nn.PixelShuffle.
    """

    __slots__ = ("factor",)
    reads = "maps"

    def __init__(self, factor: int, word: str) -> None:
        self.factor, self.word = factor, word

    def output(self, arrived: Flow) -> Flow:
        if len(arrived.sizes) != 3:
            raise MisfitError("{arrived} arrived, but channels and two axes of places are needed, such as 16x8x8")
        channels, *places = arrived.sizes
        if isinstance(channels, int) and channels % self.factor**2:
            raise MisfitError(f"{{arrived}} arrived: {channels} channels do not divide by {self.factor}²")
        return Flow((divided(channels, self.factor**2), *(times(self.factor, size) for size in places)), "maps")

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()


class Last(Layer):
    """One place along an axis is taken, as the last time step: `out[:, -1, :]`.

    Args:
        axis: which one, counted from 1 without the batch, in the code's order.
    """

    __slots__ = ("axis", "channels_last")

    def __init__(self, word: str, axis: int = 1, channels_last: bool = False) -> None:
        self.word, self.axis, self.channels_last = word, axis, channels_last

    def output(self, arrived: Flow) -> Flow:
        sizes = as_written(arrived, self.channels_last)
        if len(sizes) < 2:
            raise MisfitError(
                "{arrived} arrived, but a step is taken of a sequence; let the layer below give all steps"
            )
        if not 1 <= self.axis <= len(sizes):
            raise MisfitError(f"{{arrived}} arrived: it has no axis {self.axis}")
        return as_flow([size for at, size in enumerate(sizes, 1) if at != self.axis], self.channels_last)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()


class Over(Layer):
    """A mean, a sum or the largest entry over some axes: `x.mean(dim=1)`.

    Args:
        axes: counted from 1 without the batch (negative ones from the end), in the code's order.
        keep: whether the axes stay, with one place each.
    """

    __slots__ = ("axes", "channels_last", "keep")

    def __init__(self, axes: Sequence[int], word: str, channels_last: bool = False, keep: bool = False) -> None:
        self.axes, self.word, self.channels_last, self.keep = tuple(axes), word, channels_last, keep

    def output(self, arrived: Flow) -> Flow:
        sizes = as_written(arrived, self.channels_last)
        axes = {axis if axis > 0 else len(sizes) + 1 + axis for axis in self.axes}
        if not axes <= set(range(1, len(sizes) + 1)):
            raise MisfitError(f"{{arrived}} arrived, with {len(sizes)} axes: it has no axis {max(axes)}")
        left = [1 if at in axes else size for at, size in enumerate(sizes, 1) if self.keep or at not in axes]
        return as_flow(left, self.channels_last, arrived.kind if self.keep else None)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
