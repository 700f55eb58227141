"""Layers where several ways meet: sums, products, means and concatenations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from explain.layers.base import Flow, Layer, MisfitError, Size, alike, written
from explain.layers.reshaping import as_flow, as_written

Joint = Literal["add", "concatenate", "multiply", "average", "maximum", "minimum", "subtract"]


class Merge(Layer):
    """Brings several arrays together, entry by entry or one beside the other.

    Args:
        axis: of a concatenation, counted as in the code: the batch is axis 0, -1 is the last one.
        flows: what arrives; `among` tells it.

    Source: He et al. 2016, eq. 1 (sums); Huang et al. 2017, Densely Connected Convolutional Networks, eq. 2
    (concatenations); Keras Add, Concatenate; PyTorch torch.cat.
    """

    __slots__ = ("axis", "channels_last", "flows", "kind")
    several: ClassVar[bool] = True

    def __init__(
        self, kind: Joint, word: str, axis: int = -1, channels_last: bool = False, flows: Sequence[Flow] = ()
    ) -> None:
        self.kind, self.word, self.axis, self.channels_last, self.flows = kind, word, axis, channels_last, flows

    def among(self, flows: Sequence[Flow]) -> Merge:
        """The same, with all that arrives."""
        return Merge(self.kind, self.word, self.axis, self.channels_last, tuple(flows))

    def output(self, arrived: Flow) -> Flow:
        return self.joined(self.flows or [arrived])

    def joined(self, flows: Sequence[Flow]) -> Flow:
        """The shape that all of them give together.

        Raises:
            MisfitError: they do not fit each other.
        """
        shapes = [as_written(flow, self.channels_last) for flow in flows]
        told = " and ".join(written(shape) for shape in shapes)
        if len({len(shape) for shape in shapes}) > 1:
            raise MisfitError(f"{told} arrive: they need as many axes each")
        if self.kind != "concatenate":
            return as_flow(_stretched(shapes, told), self.channels_last, flows[0].kind)
        first = shapes[0]
        at = self.axis - 1 if self.axis > 0 else self.axis + len(first)
        if self.axis == 0 or not 0 <= at < len(first):
            raise MisfitError(f"axis {self.axis} of {told}: axes go from 1 (0 is the batch) to {len(first)}")
        for shape in shapes[1:]:
            if any(not alike(*pair) for place, pair in enumerate(zip(first, shape, strict=True)) if place != at):
                raise MisfitError(f"{told} arrive: along all axes but axis {at + 1} they need the same sizes")
        total = first[at]
        for shape in shapes[1:]:
            total = total + shape[at]
        return as_flow((*first[:at], total, *first[at + 1 :]), self.channels_last, flows[0].kind)


def _stretched(shapes: Sequence[tuple[Size, ...]], told: str) -> tuple[Size, ...]:
    """One size for each axis; a size of 1 is repeated as often as the others need."""
    found: list[Size] = []
    for sizes in zip(*shapes, strict=True):
        wide = [size for size in sizes if not (isinstance(size, int) and size == 1)]
        if any(not alike(wide[0], size) for size in wide):
            raise MisfitError(f"{told} arrive: entry by entry they need the same shape")
        found.append(wide[0] if wide else 1)
    return tuple(found)
