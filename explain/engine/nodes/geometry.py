"""How a window moves: which places of input, kernel and output meet along each axis, and what one entry is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod
from typing import NamedTuple

from explain.engine.nodes.base import Index, Node, Number
from explain.engine.shapes import Shape

ZERO = Number(0, "0")
Line = list[tuple[int | None, int]]  # along one axis: the place of the left factor (None: padding), of the right one


class Axis(NamedTuple):
    """How the kernel moves along one axis: sizes of input, kernel and output, and the three numbers that join them."""

    size: int
    kernel: int
    places: int
    stride: int = 1
    before: int = 0
    dilation: int = 1

    @property
    def after(self) -> int:
        """How many places behind the input the last window reaches; those in front are `before`."""
        reach = (self.places - 1) * self.stride + self.dilation * (self.kernel - 1) + 1
        return max(0, reach - self.before - self.size)

    def at(self, place: int, u: int) -> int | None:
        """Where in the input entry `u` of the kernel lies at an output place; None in the padding."""
        found = place * self.stride + u * self.dilation - self.before
        return found if 0 <= found < self.size else None

    @property
    def entered(self) -> int:
        """The first output place whose window reaches into the input, not over padding alone."""
        first = -(-(self.before - (self.kernel - 1) * self.dilation) // self.stride)
        return min(max(0, first), self.places - 1)

    def seen(self, place: int) -> Line:
        """What the kernel sees at an output place: its entries, each with the input place under it."""
        return [(self.at(place, u), u) for u in range(self.kernel)]

    def reached(self, at: int) -> Line:
        """The output places that an input place counts in, each with the kernel's entry that joins them."""
        pairs: Line = []
        for u in reversed(range(self.kernel)):
            place, rest = divmod(at + self.before - u * self.dilation, self.stride)
            if not rest and 0 <= place < self.places:
                pairs.append((place, u))
        return pairs

    def joined(self, u: int) -> Line:
        """The input places that entry `u` of the kernel has met, each with its output place."""
        return [(self.at(place, u), place) for place in range(self.places)]


class Layout(NamedTuple):
    """The axes of input, kernel and output.

    Attributes:
        axes: those that the kernel slides along.
        channels: whether maps have channels (and kernels filters and channels) in front of them.
        samples: how many samples stand in front of the channels; 0: none are written.
        inputs, filters: channels of the input and of the output.
        groups: parts that the channels are divided into, each seen by its own filters.
        flipped: whether the kernel is turned round, as in mathematics.
    """

    axes: tuple[Axis, ...]
    channels: bool = False
    samples: int = 0
    inputs: int = 1
    filters: int = 1
    groups: int = 1
    flipped: bool = False

    @property
    def seen(self) -> int:
        """The channels that one filter sees."""
        return self.inputs // self.groups

    def maps(self, sizes: Sequence[int], channels: int) -> Shape:
        """The shape of maps with these sizes."""
        front = ((self.samples,) if self.samples else ()) + ((channels,) if self.channels else ())
        return (*front, *sizes)

    @property
    def input_shape(self) -> Shape:
        """Samples × channels × sizes, as far as they are written."""
        return self.maps([axis.size for axis in self.axes], self.inputs)

    @property
    def output_shape(self) -> Shape:
        """Samples × filters × places, as far as they are written."""
        return self.maps([axis.places for axis in self.axes], self.filters)

    @property
    def kernel_shape(self) -> Shape:
        """Filters × channels × sizes, as far as they are written."""
        front = (self.filters, self.seen) if self.channels else ()
        return (*front, *(axis.kernel for axis in self.axes))

    def taken_apart(self, index: Index) -> tuple[int, int, Index]:
        """Sample, channel and places of an entry of maps."""
        front = list(index[: len(index) - len(self.axes)])
        channel = front.pop() if self.channels else 0
        return front.pop() if front else 0, channel, index[len(index) - len(self.axes) :]

    def place(self, sample: int, channel: int, places: Sequence[int]) -> Index:
        """The index of an entry of maps."""
        front = ((sample,) if self.samples else ()) + ((channel,) if self.channels else ())
        return (*front, *places)

    def weight(self, filter: int, channel: int, places: Sequence[int]) -> Index:
        """The index of an entry of the kernel, turned round where the kernel is."""
        if self.flipped:
            places = [axis.kernel - 1 - at for axis, at in zip(self.axes, places, strict=True)]
        return (*((filter, channel) if self.channels else ()), *places)


class Patch(NamedTuple):
    """What one entry is made of, for one channel or filter: the factors that are paired, along each axis.

    Attributes:
        number: the channel, filter or sample that it belongs to, counted from 0.
        lines: for each axis the pairs of places.
        left, right: the entries of the two factors at given places.
    """

    number: int
    lines: Sequence[Line]
    left: Callable[[Sequence[int]], Node]
    right: Callable[[Sequence[int]], Node]

    @property
    def terms(self) -> int:
        """How many pairs are not in the padding."""
        return prod(sum(left is not None for left, _ in line) for line in self.lines)

    def pair(self, places: Sequence[tuple[int | None, int]]) -> tuple[Node, Node]:
        """The two factors at one place of the patch; a zero where the left one is padding."""
        at = [left for left, _ in places if left is not None]
        left = self.left(at) if len(at) == len(places) else ZERO
        return left, self.right([right for _, right in places])

    def inside(self, most: int) -> list[tuple[Node, Node]]:
        """The pairs that are not in the padding; of very many the first two and the last."""
        kept = [[pair for pair in line if pair[0] is not None] for line in self.lines]
        if self.terms <= most:
            return [self.pair(places) for places in product(*kept)]
        first = [line[0] for line in kept]
        second = [*first[:-1], kept[-1][1]] if len(kept[-1]) > 1 else [kept[0][1], *first[1:]]
        return [self.pair(places) for places in (first, second, [line[-1] for line in kept])]
