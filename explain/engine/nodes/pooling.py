"""Pooling: the largest entry of every window, where it stands, or the mean; and the ways back of their gradients.

Every channel is pooled by itself. Of several largest entries the first in reading order wins, as PyTorch's max_pool
has it. Evaluated axis by axis (`pooling_numpy`): the largest of a window is the largest of the largest of its rows.

Sources: Goodfellow, Bengio and Courville 2016, Deep Learning, section 9.3; Boureau, Ponce and LeCun 2010, A Theoretical
Analysis of Feature Pooling in Visual Recognition, section 2; PyTorch documentation, torch.nn.MaxPool2d, AvgPool2d.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import partial
from itertools import islice, product
from math import prod
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.arithmetic import Add, Divide, times
from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.nodes.geometry import ZERO, Axis, Layout, Line, Patch
from explain.engine.nodes.largest import Largest, PlaceOfLargest, Wins
from explain.engine.nodes.linear import LONGEST
from explain.engine.notation import Notation, Word, call
from explain.engine.shapes import Shape

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

COMPARED = 1024  # numbers of a window that SymPy is asked about
Ends = tuple[int, ...]


class Pooling(Node):
    """What all of these share: how the window moves. Each channel is a group of its own."""

    __slots__ = ("layout",)
    name = ""

    def __init__(self, operands: Sequence[Node], layout: Layout, shape: Shape) -> None:
        self.operands = tuple(operands)
        self.layout = layout
        self.shape = shape

    def window(self, index: Index) -> list[Line]:
        """What the window of an output holds along each axis: places of the input (None outside), of the window."""
        _, _, places = self.layout.taken_apart(index)
        return [axis.seen(place) for axis, place in zip(self.layout.axes, places, strict=True)]

    def inside(self, index: Index, most: int) -> tuple[list[Index], int]:
        """The places of the input in the window of an output, in reading order, and how many of them are left out.

        Of more than `most` there are the first two and the last.
        """
        sample, channel, _ = self.layout.taken_apart(index)
        kept = [[at for at, _ in line if at is not None] for line in self.window(index)]
        total = prod(map(len, kept))
        chosen = list(islice(product(*kept), total if total <= most else 2))
        chosen += [tuple(line[-1] for line in kept)] if total > most else []
        return [self.layout.place(sample, channel, places) for places in chosen], total - len(chosen)

    def entries(self, operand: Node, index: Index, most: int) -> tuple[list[Node], int]:
        """The same as entries of the input."""
        places, skipped = self.inside(index, most)
        return [operand.entry(place) for place in places], skipped

    def write(self, style: Style) -> Notation:
        return call(Word(self.name, rf"\mathrm{{{self.name}}}"), style.write(self.operands[0]))


class MaxPool(Pooling):
    """The largest entry of every window; outside of the input stands -∞."""

    __slots__ = ()
    name = "maxpool"

    def __init__(self, operand: Node, layout: Layout) -> None:
        super().__init__([operand], layout, layout.output_shape)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return MaxPool(operands[0], self.layout)

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.pooling_numpy import largest

        return largest(self.layout, values[0])

    def entry(self, index: Index) -> Node:
        entries, skipped = self.entries(self.operands[0], index, COMPARED)
        if all(axis.kernel == 1 for axis in self.layout.axes):
            return entries[0]
        return Largest(entries, skipped)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [MaxBack(seed, self.operands[0], self.layout)]


class Winners(Pooling):
    """Where the largest entry of every window stands: its place along one axis of the input, counted from 1."""

    __slots__ = ("axis",)
    NAMES = ("row", "column")

    def __init__(self, operand: Node, layout: Layout, axis: int) -> None:
        super().__init__([operand], layout, layout.output_shape)
        self.axis = axis

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Winners(operands[0], self.layout, self.axis)

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.pooling_numpy import winners

        found: Array = (winners(self.layout, values[0])[self.axis] + 1).astype(object)
        return found.reshape([int(size) for size in self.shape])

    @property
    def direction(self) -> str:
        """What the axis is called."""
        return self.NAMES[self.axis] if len(self.layout.axes) == 2 else "place"

    def entry(self, index: Index) -> Node:
        places, skipped = self.inside(index, COMPARED)
        entries = [self.operands[0].entry(place) for place in places]
        where = [place[len(place) - len(self.layout.axes) + self.axis] + 1 for place in places]
        return PlaceOfLargest(entries, skipped, where, self.direction)

    def write(self, style: Style) -> Notation:
        from explain.engine.prose import SYMBOLIC

        name = f"argmax{self.direction}"  # the numbers stand in the step of the maximum already
        return call(Word(name, rf"\mathrm{{{name}}}"), SYMBOLIC.write(self.operands[0]))


class MaxBack(Pooling):
    """Every entry of `seed` at the place in the input where the largest entry of its window stands, added up there."""

    __slots__ = ()

    def __init__(self, seed: Node, operand: Node, layout: Layout) -> None:
        super().__init__([seed, operand], layout, layout.input_shape)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return MaxBack(operands[0], operands[1], self.layout)

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.pooling_numpy import sent_to_winners

        return sent_to_winners(self.layout, values[0], values[1])

    def patches(self, index: Index) -> list[Patch]:
        """The windows that hold an entry: what arrives at each, and 1 where the entry wins it."""
        return _held(self, index, partial(self._won, index))

    def _won(self, index: Index, offsets: Sequence[int]) -> Node:
        """1 where an entry is the largest of the window in which it has this place, else 0."""
        layout = self.layout
        sample, channel, at = layout.taken_apart(index)
        window = layout.place(sample, channel, _places(layout.axes, at, offsets))
        places, skipped = self.inside(window, COMPARED)
        if len(places) == 1:
            return Number(1, "1")
        entries = [self.operands[1].entry(place) for place in places]
        return Wins(entries, skipped, 0 if skipped else places.index(index))

    def entry(self, index: Index) -> Node:
        return _added(self.patches(index)[0])

    def write(self, style: Style) -> Notation:
        return call(Word("maxpoolᵀ", r"\mathrm{maxpool}^{\top}"), style.write(self.operands[0]))


class Averaging(Pooling):
    """The mean of every window and its way back.

    Args:
        ends: along each axis one past the last place that counts, the padding in front counting too; None: only what
            lies inside the input counts.
    """

    __slots__ = ("ends",)

    def __init__(self, operand: Node, layout: Layout, ends: Ends | None, shape: Shape) -> None:
        super().__init__([operand], layout, shape)
        self.ends = ends

    def counts(self, positions: Sequence[int]) -> bool:
        """Whether a place counts: inside of the input, or a zero of the padding."""
        ends = [axis.size for axis in self.layout.axes] if self.ends is None else self.ends
        first = 0 if self.ends is None else None
        return all(at < end and (first is None or at >= first) for at, end in zip(positions, ends, strict=True))

    def counted(self, window: Index) -> int:
        """How many entries of a window count."""
        _, _, places = self.layout.taken_apart(window)
        numbers = []
        for at, (axis, place) in enumerate(zip(self.layout.axes, places, strict=True)):
            start = place * axis.stride - axis.before
            end = axis.size if self.ends is None else self.ends[at]
            numbers.append(min(start + axis.kernel, end) - (max(start, 0) if self.ends is None else start))
        return prod(numbers)

    @property
    def uniform(self) -> int | None:
        """The number of entries that count where that is the same for every window."""
        first = [0] * len(self.layout.axes)
        last = [axis.places - 1 for axis in self.layout.axes]
        found = {self.counted(self.layout.place(0, 0, places)) for places in (first, last)}
        whole = prod(axis.kernel for axis in self.layout.axes)
        return found.pop() if len(found) == 1 and (self._single or found == {whole}) else None

    @property
    def _single(self) -> bool:
        return all(axis.places == 1 for axis in self.layout.axes)


class MeanPool(Averaging):
    """The mean of every window."""

    __slots__ = ()
    name = "avgpool"

    def __init__(self, operand: Node, layout: Layout, ends: Ends | None = None) -> None:
        super().__init__(operand, layout, ends, layout.output_shape)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return MeanPool(operands[0], self.layout, self.ends)

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.pooling_numpy import means

        return means(self.layout, values[0], self.ends)

    def entry(self, index: Index) -> Node:
        entries, skipped = self.entries(self.operands[0], index, LONGEST)
        added = entries[0] if len(entries) == 1 else Add(*entries, skipped=skipped)
        count = self.counted(index)
        alone = all(axis.kernel == 1 for axis in self.layout.axes)
        return added if alone else Divide(added, Number(count, str(count)))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [MeanBack(seed, self.layout, self.ends)]


class MeanBack(Averaging):
    """Every entry of `seed`, divided by the number of entries in its window, at every place of the window, added up."""

    __slots__ = ()

    def __init__(self, seed: Node, layout: Layout, ends: Ends | None = None) -> None:
        super().__init__(seed, layout, ends, layout.input_shape)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return MeanBack(operands[0], self.layout, self.ends)

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.pooling_numpy import spread_evenly

        return spread_evenly(self.layout, values[0], self.ends)

    def patches(self, index: Index) -> list[Patch]:
        """The windows that hold an entry: what arrives at each, and the share of the entry in it."""
        return _held(self, index, partial(self._share, index))

    def _share(self, index: Index, offsets: Sequence[int]) -> Node:
        layout = self.layout
        sample, channel, at = layout.taken_apart(index)
        count = self.counted(layout.place(sample, channel, _places(layout.axes, at, offsets)))
        return Number(1, "1") if count == 1 else Number(Fraction(1, count), f"1/{count}")

    def entry(self, index: Index) -> Node:
        return _added(self.patches(index)[0])

    def write(self, style: Style) -> Notation:
        return call(Word("avgpoolᵀ", r"\mathrm{avgpool}^{\top}"), style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [MeanPool(seed, self.layout, self.ends)]


def _held(found: Pooling, index: Index, right: Any) -> list[Patch]:
    """The windows that hold an entry of the input, as one patch: their gradients, and what each is multiplied by."""
    layout = found.layout
    sample, channel, at = layout.taken_apart(index)
    lines = [axis.reached(place) for axis, place in zip(layout.axes, at, strict=True)]

    def left(places: Sequence[int]) -> Node:
        return found.operands[0].entry(layout.place(sample, channel, places))

    return [Patch(channel, lines, left, right)]


def _places(axes: Sequence[Axis], at: Sequence[int], offsets: Sequence[int]) -> list[int]:
    """The window in which an entry of the input stands at some offsets."""
    return [
        (place + axis.before - u * axis.dilation) // axis.stride
        for axis, place, u in zip(axes, at, offsets, strict=True)
    ]


def _added(patch: Patch) -> Node:
    """The products of a patch added up; of very many the first two and the last."""
    if not patch.terms:
        return ZERO
    terms = [times(left, right) for left, right in patch.inside(LONGEST)]
    return terms[0] if len(terms) == 1 else Add(*terms, skipped=patch.terms - len(terms))
