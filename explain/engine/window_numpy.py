"""The three products of a sliding kernel as products of matrices: patches as columns (im2col), and back (col2im).

Source: Chellapilla, Puri and Simard 2006, High Performance Convolutional Neural Networks for Document Processing,
section 3.1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
    from explain.engine.nodes.geometry import Layout


def correlated(layout: Layout, x: Array, kernel: Array) -> Array:
    """Every patch times the kernel."""
    maps, weights = _maps(layout, x, layout.inputs), _weights(layout, kernel)
    outputs = [[w @ _columns(layout, part) for w, part in _grouped(layout, weights, sample)] for sample in maps]
    return _shaped(outputs, layout.output_shape)


def spread(layout: Layout, outputs: Array, kernel: Array) -> Array:
    """Every output entry stamps the kernel; where stamps overlap they are added."""
    weights = _weights(layout, kernel)
    maps = [
        [_stamped(layout, w.T @ part.reshape(len(part), -1)) for w, part in _grouped(layout, weights, sample)]
        for sample in _maps(layout, outputs, layout.filters)
    ]
    return _shaped(maps, layout.input_shape)


def gathered(layout: Layout, outputs: Array, x: Array) -> Array:
    """For every entry of the kernel, the inputs that it met times the outputs they went to."""
    total: Any = 0.0
    for sample, arriving in zip(_maps(layout, x, layout.inputs), _maps(layout, outputs, layout.filters), strict=True):
        seeds = arriving.reshape(layout.groups, layout.filters // layout.groups, -1)
        parts = np.split(sample, layout.groups)
        total = total + np.stack([g @ _columns(layout, part).T for g, part in zip(seeds, parts, strict=True)])
    found = total.reshape(layout.filters, layout.seen, *(axis.kernel for axis in layout.axes))
    return _turned(layout, found).reshape([int(size) for size in layout.kernel_shape])


def _maps(layout: Layout, values: Array, channels: int) -> Array:
    """Maps with all their axes: samples, channels, places."""
    return values.reshape(max(1, layout.samples), channels, *values.shape[values.ndim - len(layout.axes) :])


def _weights(layout: Layout, kernel: Array) -> Array:
    """The kernel as one matrix a group: filters × (channels and places)."""
    return _turned(layout, kernel).reshape(layout.groups, layout.filters // layout.groups, -1)


def _turned(layout: Layout, kernel: Array) -> Array:
    return np.flip(kernel, tuple(range(-len(layout.axes), 0))) if layout.flipped else kernel


def _grouped(layout: Layout, weights: Array, sample: Array) -> Any:
    """The matrix of each group, and the channels that belong to it."""
    return zip(weights, np.split(sample, layout.groups), strict=True)


def _padded_sizes(layout: Layout) -> list[int]:
    """How far the last window reaches, from the first place of the padding on; never less than the input."""
    return [
        max(axis.before + axis.size, (axis.places - 1) * axis.stride + (axis.kernel - 1) * axis.dilation + 1)
        for axis in layout.axes
    ]


def _columns(layout: Layout, maps: Array) -> Array:
    """One column a window: (channels and places of the kernel) × (places of the output)."""
    padded = maps
    sizes = _padded_sizes(layout)
    if sizes != list(maps.shape[1:]):
        padded = np.zeros((len(maps), *sizes))
        padded[_inner(layout)] = maps
    axes = len(layout.axes)
    strides = padded.strides[1:]
    windows = np.lib.stride_tricks.as_strided(
        padded,
        (len(maps), *(axis.kernel for axis in layout.axes), *(axis.places for axis in layout.axes)),
        (
            padded.strides[0],
            *(stride * axis.dilation for stride, axis in zip(strides, layout.axes, strict=True)),
            *(stride * axis.stride for stride, axis in zip(strides, layout.axes, strict=True)),
        ),
        writeable=False,
    )
    places = int(np.prod([axis.places for axis in layout.axes]))
    assert windows.ndim == 1 + 2 * axes
    return windows.reshape(-1, places)


def _stamped(layout: Layout, columns: Array) -> Array:
    """The way back: every column added to the places that its window covers."""
    kernel = [axis.kernel for axis in layout.axes]
    parts = columns.reshape(-1, *kernel, *(axis.places for axis in layout.axes))
    padded = np.zeros((len(parts), *_padded_sizes(layout)))
    for offsets in np.ndindex(*kernel):
        places = tuple(
            slice(u * axis.dilation, u * axis.dilation + (axis.places - 1) * axis.stride + 1, axis.stride)
            for u, axis in zip(offsets, layout.axes, strict=True)
        )
        padded[(slice(None), *places)] += parts[(slice(None), *offsets)]
    return padded[_inner(layout)]


def _inner(layout: Layout) -> tuple[slice, ...]:
    """Where the maps lie in their padded form."""
    return (slice(None), *(slice(axis.before, axis.before + axis.size) for axis in layout.axes))


def _shaped(parts: list[list[Array]], shape: Any) -> Array:
    """Groups and samples put together again."""
    if len(parts) == 1 and len(parts[0]) == 1:
        return parts[0][0].reshape(shape)
    return np.stack([np.concatenate([part.reshape(len(part), -1) for part in sample]) for sample in parts]).reshape(
        shape
    )
