"""Axes of one place put in or taken away, and axes joined: squeeze, unsqueeze, flatten from an axis on."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Layer, MisfitError, Window, multiplied
from explain.layers.reshaping import as_flow, as_written


class Squeeze(Layer):
    """An axis of one place is taken away; a longer one stays.

    Args:
        axis: counted from 1 without the batch, or from the end; None: every axis of one place.

    Source: PyTorch torch.squeeze.
    """

    __slots__ = ("axis", "channels_last")

    def __init__(self, axis: int | None, word: str, channels_last: bool = False) -> None:
        self.axis, self.word, self.channels_last = axis, word, channels_last

    def output(self, arrived: Flow) -> Flow:
        sizes = as_written(arrived, self.channels_last)
        if self.axis is None:
            return as_flow([size for size in sizes if not (isinstance(size, int) and size == 1)], self.channels_last)
        at = self.axis - 1 if self.axis > 0 else len(sizes) + self.axis
        if not 0 <= at < len(sizes):
            raise MisfitError(f"{{arrived}} arrived: it has no axis {self.axis}")
        size = sizes[at]
        if len(sizes) == 1 or not (isinstance(size, int) and size == 1):
            return arrived
        return as_flow([*sizes[:at], *sizes[at + 1 :]], self.channels_last)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()


class Unsqueeze(Layer):
    """An axis of one place is put in.

    Args:
        axis: its place, counted from 1 without the batch, or from the end.

    Source: PyTorch torch.unsqueeze.
    """

    __slots__ = ("axis", "channels_last")

    def __init__(self, axis: int, word: str, channels_last: bool = False) -> None:
        self.axis, self.word, self.channels_last = axis, word, channels_last

    def output(self, arrived: Flow) -> Flow:
        sizes = as_written(arrived, self.channels_last)
        at = self.axis - 1 if self.axis > 0 else len(sizes) + 1 + self.axis
        if not 0 <= at <= len(sizes):
            raise MisfitError(f"{{arrived}} arrived: an axis cannot be put at {self.axis}")
        return as_flow([*sizes[:at], 1, *sizes[at:]], self.channels_last)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()


class JoinAxes(Layer):
    """The axes from one on become one: `x.flatten(2)`.

    Args:
        first: counted from 1 without the batch.

    Source: PyTorch torch.flatten.
    """

    __slots__ = ("channels_last", "first")

    def __init__(self, first: int, word: str, channels_last: bool = False) -> None:
        self.first, self.word, self.channels_last = first, word, channels_last

    def output(self, arrived: Flow) -> Flow:
        sizes = as_written(arrived, self.channels_last)
        if not 1 <= self.first <= len(sizes):
            raise MisfitError(f"{{arrived}} arrived: it has no axis {self.first}")
        return as_flow([*sizes[: self.first - 1], multiplied(sizes[self.first - 1 :])], self.channels_last)

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return ()
