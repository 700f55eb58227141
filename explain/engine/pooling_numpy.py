"""Pooling in NumPy: one axis after another, each window a strided slice; no loop runs over places.

The largest entry of a window is the largest of the largest of its rows, and the first of several in reading order
stands in the first row that has one, at its first place there: so the winners, too, are found axis by axis.
"""

from __future__ import annotations

from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from explain.engine.nodes.base import Array
    from explain.engine.nodes.geometry import Axis, Layout

    Places = NDArray[np.int64]

LOOPED = 64  # entries of a window along an axis that are taken one by one


def largest(layout: Layout, x: Array) -> Array:
    """The largest entry of every window."""
    return _shaped(_reduced(layout, x, np.maximum, -np.inf), layout.output_shape)


def means(layout: Layout, x: Array, ends: tuple[int, ...] | None) -> Array:
    """The mean of every window."""
    return _shaped(_reduced(layout, x, np.add, 0.0) / counts(layout, ends), layout.output_shape)


def winners(layout: Layout, x: Array, last: bool = False) -> list[Places]:
    """Where the largest entry of every window stands, from 0, along each axis; of several the first (or the `last`)."""
    values = _padded(layout, x, -np.inf)
    found: list[Places] = []
    for at in reversed(range(len(layout.axes))):
        axis, place = layout.axes[at], at - len(layout.axes)
        view = _under(values, place, axis)
        chosen = axis.kernel - 1 - view[..., ::-1].argmax(axis=-1) if last else view.argmax(axis=-1)
        picked = chosen[..., None]
        found = [np.take_along_axis(_under(known, place, axis), picked, -1)[..., 0] for known in found]
        values = np.take_along_axis(view, picked, -1)[..., 0]
        found.insert(0, _along(place, np.arange(axis.places) * axis.stride - axis.before) + chosen * axis.dilation)
    return found


def sent_to_winners(layout: Layout, seed: Array, x: Array) -> Array:
    """What arrives at each window, added up at the place of its largest entry."""
    sizes = [axis.size for axis in layout.axes]
    maps = max(1, layout.samples) * layout.inputs
    found = np.ravel_multi_index(tuple(winners(layout, x)), sizes).reshape(maps, -1)
    flat = (found + np.arange(maps)[:, None] * int(np.prod(sizes))).ravel()
    summed = np.bincount(flat, weights=seed.ravel(), minlength=maps * int(np.prod(sizes)))
    return _shaped(summed, layout.input_shape)


def spread_evenly(layout: Layout, seed: Array, ends: tuple[int, ...] | None) -> Array:
    """What arrives at each window, divided by the number of its entries and added at every place of it."""
    values = _maps(layout, seed) / counts(layout, ends)
    for at, axis in enumerate(layout.axes):
        values = _spread(values, at - len(layout.axes), axis)
    return _shaped(values[_inner(layout)], layout.input_shape)


def counts(layout: Layout, ends: tuple[int, ...] | None) -> Array:
    """How many entries of each window count: (places along the first axis) × (along the second)."""
    total: Any = 1.0
    for at, axis in enumerate(layout.axes):
        start = np.arange(axis.places) * axis.stride - axis.before
        end = np.minimum(start + axis.kernel, axis.size if ends is None else ends[at])
        begin = np.maximum(start, 0) if ends is None else start
        total = total * _along(at - len(layout.axes), (end - begin).astype(float))
    return np.asarray(total)


def _reduced(layout: Layout, x: Array, operation: np.ufunc, outside: float) -> Array:
    """All windows reduced by `operation`, one axis after another."""
    values = _padded(layout, x, outside)
    for at, axis in reversed(list(enumerate(layout.axes))):
        place = at - len(layout.axes)
        if axis.kernel > LOOPED:
            values = operation.reduce(_under(values, place, axis), axis=-1)
        else:
            values = reduce(operation, (values[_at(place, _starts(axis, u))] for u in range(axis.kernel)))
    return values


def _spread(values: Array, place: int, axis: Axis) -> Array:
    """The way back along one axis: every entry at all places of its window."""
    shape = list(values.shape)
    shape[place] = _reach(axis)
    spread = np.zeros(shape)
    if axis.kernel <= axis.places:
        for u in range(axis.kernel):
            spread[_at(place, _starts(axis, u))] += values
    else:  # few windows, each with many entries
        for p in range(axis.places):
            covered = slice(p * axis.stride, p * axis.stride + (axis.kernel - 1) * axis.dilation + 1, axis.dilation)
            spread[_at(place, covered)] += values[_at(place, slice(p, p + 1))]
    return spread


def _starts(axis: Axis, u: int) -> slice:
    """The padded places on which entry `u` of all windows lies."""
    first = u * axis.dilation
    return slice(first, first + (axis.places - 1) * axis.stride + 1, axis.stride)


def _under(values: Any, place: int, axis: Axis) -> Any:
    """What lies under the windows along one axis, as a last axis of its own; no copy is made."""
    shape, strides = list(values.shape), list(values.strides)
    step = strides[place]
    shape[place], strides[place] = axis.places, step * axis.stride
    return np.lib.stride_tricks.as_strided(
        values, (*shape, axis.kernel), (*strides, step * axis.dilation), writeable=False
    )


def _reach(axis: Axis) -> int:
    """How far the last window reaches, padding in front included; never less than the input."""
    return max(axis.before + axis.size, (axis.places - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1)


def _padded(layout: Layout, x: Array, outside: float) -> Array:
    """Maps with what stands outside of them."""
    maps = _maps(layout, x)
    sizes = [_reach(axis) for axis in layout.axes]
    if sizes == [axis.size for axis in layout.axes]:
        return maps
    padded = np.full((len(maps), *sizes), outside)
    padded[_inner(layout)] = maps
    return padded


def _inner(layout: Layout) -> tuple[slice, ...]:
    return (slice(None), *(slice(axis.before, axis.before + axis.size) for axis in layout.axes))


def _maps(layout: Layout, values: Array) -> Array:
    """All maps of all samples, one after another."""
    return values.reshape(-1, *values.shape[values.ndim - len(layout.axes) :])


def _at(place: int, part: slice) -> tuple[Any, ...]:
    """A part along one axis, counted from the end."""
    return (Ellipsis, part, *(slice(None),) * (-place - 1))


def _along(place: int, values: Any) -> Any:
    """Numbers along one axis, counted from the end."""
    return values.reshape(-1, *(1,) * (-place - 1))


def _shaped(values: Any, shape: Any) -> Array:
    shaped: Array = values.reshape([int(size) for size in shape])
    return shaped
