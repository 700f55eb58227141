"""A kernel that slides over maps: cross-correlation, and the two products that its gradients are.

All three meet the same triples of places: along each axis the kernel's place `u` joins the output's place `p` with the
input's place `p·stride + u·dilation - before`. Each of them runs over the places that one of the three leaves free, so
the derivative of any of them is made of the other two. Evaluated as products of matrices (`window_numpy`).

Sources: Goodfellow, Bengio and Courville 2016, Deep Learning, eqs. 9.6 and 9.11-9.13; Dumoulin and Visin 2016, A guide
to convolution arithmetic for deep learning, chapter 4.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from explain.engine.nodes.arithmetic import Add, times
from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.geometry import ZERO, Layout, Patch
from explain.engine.nodes.linear import LONGEST
from explain.engine.nodes.rewritten import Bracketed
from explain.engine.notation import PRODUCT, QUOTIENT, Notation, Operator, Row, Word, call, held
from explain.engine.shapes import Shape

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

STAR = Operator(" ⋆ ", r" \star ", True)
CONVOLUTION = Operator(" * ", " * ", True)
TRANSPOSED_STAR = Operator(" ⋆ᵀ ", r" \star^{\top} ", True)
TRANSPOSED_CONVOLUTION = Operator(" *ᵀ ", r" *^{\top} ", True)


class Sliding(Node):
    """What the three products share."""

    __slots__ = ("layout",)

    def __init__(self, first: Node, second: Node, layout: Layout) -> None:
        self.operands = (first, second)
        self.layout = layout
        self.shape = self._shape()

    def _shape(self) -> Shape:
        raise NotImplementedError

    def patches(self, index: Index) -> list[Patch]:
        """What one entry is the sum of, one patch a channel."""
        raise NotImplementedError

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return type(self)(operands[0], operands[1], self.layout)

    def entry(self, index: Index) -> Node:
        """The sum of the products that are not in the padding; of a long one the first two and the last."""
        patches = [patch for patch in self.patches(index) if patch.terms]
        total = sum(patch.terms for patch in patches)
        if not total:
            return ZERO
        if total > LONGEST:
            pairs = [pair for patch in patches[:2] for pair in patch.inside(LONGEST)[:2]]
            terms = [times(*pair) for pair in [*pairs[:2], patches[-1].inside(0)[-1]]]
            return Add(*terms, skipped=total - len(terms))
        sums = [_added([times(*pair) for pair in patch.inside(LONGEST)]) for patch in patches]
        return sums[0] if len(sums) == 1 else Add(*map(Bracketed, sums))

    @property
    def sign(self) -> Operator:
        """What stands between the two operands."""
        return CONVOLUTION if self.layout.flipped else STAR

    @property
    def factors(self) -> tuple[Node, Node]:
        """The two operands in the order in which they are written."""
        return self.operands[0], self.operands[1]

    def write(self, style: Style) -> Notation:
        first, second = (style.write(factor) for factor in self.factors)
        return Row([held(first, PRODUCT), self.sign, held(second, QUOTIENT)], PRODUCT)


class Correlate(Sliding):
    """`X ⋆ K`: every output is the sum of a patch of X times the kernel, entry by entry."""

    __slots__ = ()

    def _shape(self) -> Shape:
        return self.layout.output_shape

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.window_numpy import correlated

        return correlated(self.layout, values[0], values[1])

    def patches(self, index: Index) -> list[Patch]:
        layout = self.layout
        sample, filter, places = layout.taken_apart(index)
        first = filter // (layout.filters // layout.groups) * layout.seen
        lines = [axis.seen(place) for axis, place in zip(layout.axes, places, strict=True)]
        return [
            Patch(
                first + channel,
                lines,
                partial(_of_maps, self.operands[0], layout, sample, first + channel),
                partial(_of_kernel, self.operands[1], layout, filter, channel),
            )
            for channel in range(layout.seen)
        ]

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        first, second = self.operands
        return [Spreading(seed, second, self.layout), Gathering(seed, first, self.layout)]


class Spreading(Sliding):
    """What the outputs send back to the input, or a transposed convolution: every entry of G stamps the kernel."""

    __slots__ = ()

    def _shape(self) -> Shape:
        return self.layout.input_shape

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.window_numpy import spread

        return spread(self.layout, values[0], values[1])

    def patches(self, index: Index) -> list[Patch]:
        layout = self.layout
        sample, channel, places = layout.taken_apart(index)
        group, local = divmod(channel, layout.seen)
        each = layout.filters // layout.groups
        lines = [axis.reached(at) for axis, at in zip(layout.axes, places, strict=True)]
        return [
            Patch(
                filter,
                lines,
                partial(_of_maps, self.operands[0], layout, sample, filter),
                partial(_of_kernel, self.operands[1], layout, filter, local),
            )
            for filter in range(group * each, (group + 1) * each)
        ]

    @property
    def sign(self) -> Operator:
        return TRANSPOSED_CONVOLUTION if self.layout.flipped else TRANSPOSED_STAR

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        first, second = self.operands
        return [Correlate(seed, second, self.layout), Gathering(first, seed, self.layout)]


class Gathering(Sliding):
    """The gradient of the kernel: each of its entries gathers the inputs that it has met times their outputs."""

    __slots__ = ()

    def _shape(self) -> Shape:
        return self.layout.kernel_shape

    def evaluate(self, values: Sequence[Array]) -> Array:
        from explain.engine.window_numpy import gathered

        return gathered(self.layout, values[0], values[1])

    def patches(self, index: Index) -> list[Patch]:
        layout = self.layout
        filter, local = index[:2] if layout.channels else (0, 0)
        offsets = layout.weight(0, 0, index[-len(layout.axes) :])[-len(layout.axes) :]
        channel = filter // (layout.filters // layout.groups) * layout.seen + local
        lines = [axis.joined(u) for axis, u in zip(layout.axes, offsets, strict=True)]
        return [
            Patch(
                sample,
                lines,
                partial(_of_maps, self.operands[1], layout, sample, channel),
                partial(_of_maps, self.operands[0], layout, sample, filter),
            )
            for sample in range(max(1, layout.samples))
        ]

    @property
    def factors(self) -> tuple[Node, Node]:
        return self.operands[1], self.operands[0]

    @property
    def sign(self) -> Operator:
        return STAR

    def write(self, style: Style) -> Notation:
        written = super().write(style)  # for a kernel that was turned before it slid, what it gathers is turned back
        return call(Word("turn", r"\mathrm{turn}"), written) if self.layout.flipped else written

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        first, second = self.operands
        return [Correlate(second, seed, self.layout), Spreading(first, seed, self.layout)]


def _added(terms: list[Node]) -> Node:
    return terms[0] if len(terms) == 1 else Add(*terms)


def _of_maps(maps: Node, layout: Layout, sample: int, channel: int, places: Sequence[int]) -> Node:
    """One entry of maps."""
    return maps.entry(layout.place(sample, channel, places))


def _of_kernel(kernel: Node, layout: Layout, filter: int, channel: int, places: Sequence[int]) -> Node:
    """One entry of a kernel."""
    return kernel.entry(layout.weight(filter, channel, places))
