"""A convolution of a whole image: the program's values and gradients, and the same written by hand in NumPy."""

from __future__ import annotations

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np

import explain
from explain.engine.evaluate import run
from explain.page import page
from explain.render.terminal import plain

CHANNELS, SIZE, FILTERS, KERNEL, STRIDE, PADDING = 3, 224, 64, 7, 2, 3
PLACES = (SIZE + 2 * PADDING - KERNEL) // STRIDE + 1


def image() -> dict[str, Any]:
    """The arrays of the question: an image, the filters with their biases, and the gradient that arrives."""
    draw = np.random.default_rng(0)
    return {
        "X": draw.normal(size=(CHANNELS, SIZE, SIZE)),
        "K": draw.normal(size=(FILTERS, CHANNELS, KERNEL, KERNEL)) / 12,
        "b": draw.normal(size=FILTERS),
        "dZ": draw.normal(size=(FILTERS, PLACES, PLACES)),
    }


def over_an_image() -> tuple[Callable[[], dict[str, Any]], Callable[[], dict[str, Any]]]:
    """Both ways as things to be timed, after they were found to agree to nine digits."""
    question = image()
    start = time.perf_counter()
    answer = explain.conv(**question, stride=STRIDE, padding=PADDING)
    lines = plain(page(answer), 80).splitlines()
    took = 1000 * (time.perf_counter() - start)
    print(
        f"one answer with checks and its page of a convolution of {CHANNELS}×{SIZE}×{SIZE} with {FILTERS} filters "
        f"{KERNEL}×{KERNEL}: {took:.0f} ms, {len(lines)} lines"
    )
    given = {item.symbol.name: item.values.array for item in answer.given if item.values is not None}
    definitions = [(step.name, step.expression) for step in answer.steps]

    def ours() -> dict[str, Any]:
        return run(definitions, given)

    def by_hand() -> dict[str, Any]:
        return by_columns(**question)

    mine, theirs = ours(), by_hand()
    for name in ("Z", "dL/dX", "dL/dK", "dL/db"):
        np.testing.assert_allclose(mine[name].reshape(theirs[name].shape), theirs[name], rtol=1e-9, atol=1e-9)
    return ours, by_hand


def by_columns(X: Any, K: Any, b: Any, dZ: Any) -> dict[str, Any]:
    """Forward and backward by products of matrices, as in d2l and CS231n: im2col, the columns kept, col2im."""
    padded = np.pad(X, ((0, 0), (PADDING, PADDING), (PADDING, PADDING)))
    columns = np.empty((CHANNELS, KERNEL, KERNEL, PLACES, PLACES))
    for row in range(KERNEL):
        for column in range(KERNEL):
            columns[:, row, column] = padded[:, under(row), under(column)]
    columns = columns.reshape(-1, PLACES * PLACES)
    weights, seeds = K.reshape(FILTERS, -1), dZ.reshape(FILTERS, -1)
    Z = weights @ columns + b[:, None]
    dK, db = seeds @ columns.T, seeds.sum(axis=1)
    back = (weights.T @ seeds).reshape(CHANNELS, KERNEL, KERNEL, PLACES, PLACES)
    dX = np.zeros_like(padded)
    for row in range(KERNEL):
        for column in range(KERNEL):
            dX[:, under(row), under(column)] += back[:, row, column]
    inner = slice(PADDING, PADDING + SIZE)
    return {
        "Z": Z.reshape(dZ.shape), "dL/dX": dX[:, inner, inner], "dL/dK": dK.reshape(K.shape), "dL/db": db,
        "columns": columns,
    }  # fmt: skip


def under(offset: int) -> slice:
    """The rows (or columns) that one row of the kernel meets."""
    return slice(offset, offset + STRIDE * (PLACES - 1) + 1, STRIDE)


def memory_of_an_image() -> tuple[float, float]:
    """MiB: the peak of a whole answer with its checks and its page, and the arrays of the way by hand."""
    question = image()
    arrays = [*question.values(), *by_columns(**question).values()]
    plain(page(explain.conv(X="1,2", K="1,1", dZ="1")), 80)  # what is imported on the way does not count
    tracemalloc.start()
    copies = {name: value.copy() for name, value in question.items()}  # the question's own arrays count on both sides
    plain(page(explain.conv(**copies, stride=STRIDE, padding=PADDING)), 80)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 2**20, sum(array.nbytes for array in arrays) / 2**20
