"""What `⋆` and `⋆ᵀ` mean between two printed matrices: products added place by place, in interval arithmetic.

How the kernel moves does not stand in the formula, so it is told: size, kernel, places, stride, padding in front and
dilation of each axis. It shares no code with `explain`.
"""

from __future__ import annotations

from itertools import product
from typing import NamedTuple

import numpy as np

from oracles.latex_reader import Interval, multiply, widened


class Moves(NamedTuple):
    """How a kernel moves along two axes, whether it is turned, and which of the three products is meant."""

    axes: tuple
    flipped: bool
    gathers: bool

    def __call__(self, first, second, transposed):
        """The printed product of two intervals."""
        size, kernel, places = ([getattr(axis, name) for axis in self.axes] for name in ("size", "kernel", "places"))
        if transposed:
            shapes, chosen = (places, kernel, size), lambda at, u, p: (p, u, at)
        elif self.gathers:
            shapes, chosen = (size, places, kernel), lambda at, u, p: (at, p, u)
        else:
            shapes, chosen = (size, kernel, places), lambda at, u, p: (at, u, p)
        if [list(first.shape), list(second.shape)] != [list(shape) for shape in shapes[:2]]:
            raise ArithmeticError(f"a {first.shape} and a {second.shape} matrix where {shapes[:2]} belong")
        low, high, largest = (np.zeros(shapes[2]) for _ in range(3))
        for at, u, p in self.met():
            here, there, where = chosen(at, u, p)
            term = multiply(part(first, here), part(second, there))
            low[where] += term.low
            high[where] += term.high
            largest[where] += term.size
        return widened(low, high, largest)

    def met(self):
        """The places of input, kernel and output that meet."""
        for u in product(*(range(axis.kernel) for axis in self.axes)):
            for p in product(*(range(axis.places) for axis in self.axes)):
                at = tuple(
                    place * axis.stride + offset * axis.dilation - axis.before
                    for axis, place, offset in zip(self.axes, p, u, strict=True)
                )
                if all(0 <= where < axis.size for where, axis in zip(at, self.axes, strict=True)):
                    turned = tuple(axis.kernel - 1 - offset for axis, offset in zip(self.axes, u, strict=True))
                    yield at, turned if self.flipped and not self.gathers else u, p


def part(interval, index):
    """One entry of a matrix of intervals."""
    return Interval(interval.low[index], interval.high[index])
