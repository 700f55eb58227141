"""Pooling against PyTorch in float64: values, winners and gradients, ties among them; and small maps by plain sums."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from explain import InputError, pool
from explain.page import page
from explain.render.terminal import plain

CLOSE = 1e-9
many = settings(max_examples=150, deadline=None, database=None, derandomize=True)


def each(draw, axes, low, high):
    """One number an axis; half of the time the same along all."""
    number = st.integers(low, high)
    return (draw(number),) * axes if draw(st.booleans()) else tuple(draw(number) for _ in range(axes))


def arrays(draw, shape):
    """Small whole numbers, so that ties are many, or decimals."""
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return chance.integers(-2, 3, shape).astype(float) if draw(st.booleans()) else chance.normal(size=shape).round(3)


def text(sizes):
    return "x".join(map(str, sizes))


@st.composite
def questions(draw, dilated):
    """Maps and a window, as they are asked for and as PyTorch takes them."""
    axes = draw(st.sampled_from([1, 2]))
    front = draw(st.sampled_from([(), (2,), (1,), (2, 3), (1, 2), (2, 1)]))
    kernel, sizes = each(draw, axes, 1, 4), each(draw, axes, 1, 8)
    stride = each(draw, axes, 1, 4) if draw(st.booleans()) else None
    dilation = each(draw, axes, 1, 3) if dilated and draw(st.booleans()) else (1,) * axes
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    ceil = draw(st.booleans())
    x = arrays(draw, (*front, *sizes))
    asked = {
        "X": x,
        "window": text(kernel),
        "padding": text(padding),
        "ceil": "yes" if ceil else "no",
        "dims": str(axes),
    }
    if dilation != (1,) * axes:
        asked["dilation"] = text(dilation)
    if stride is not None:
        asked["stride"] = text(stride)
    return asked, {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": ceil}, dilation, axes


def as_maps(x, axes):
    """With samples and channels in front."""
    return torch.tensor(x).reshape(*(1,) * (axes + 2 - x.ndim), *x.shape)


def held(answer, expected, arriving, leaf):
    """Value and gradient are PyTorch's."""
    assert answer.passed
    value = answer["Y"].value
    assert np.abs(value.reshape(expected.shape) - expected.detach().numpy()).max() < CLOSE
    expected.backward(torch.tensor(arriving).reshape(expected.shape))
    found = answer["dL/dX"].value.reshape(leaf.shape)
    assert np.abs(found - leaf.grad.numpy()).max() < CLOSE


@many
@given(st.data())
def test_a_maximum_is_that_of_pytorch(data):
    """Protects the value, the first of equal winners and where the gradient goes."""
    asked, options, dilation, axes = data.draw(questions(True))
    leaf = as_maps(asked["X"], axes).clone().requires_grad_()
    layer = {1: torch.nn.functional.max_pool1d, 2: torch.nn.functional.max_pool2d}[axes]
    try:
        expected, places = layer(leaf, **options, dilation=dilation, return_indices=True)
    except RuntimeError:
        with pytest.raises(InputError):
            pool(**asked)
        return
    if torch.isinf(expected).any():  # a window in which nothing of the map lies
        with pytest.raises(InputError, match="none of the"):
            pool(**asked)
        return
    arriving = arrays(data.draw, tuple(expected.shape[axes + 2 - asked["X"].ndim :]))
    answer = pool(**asked, dY=arriving)
    found = answer["C" if "C" in answer.names else "P"].value.astype(int) - 1
    if "R" in answer.names:
        found = (answer["R"].value.astype(int) - 1) * asked["X"].shape[-1] + found
    assert np.array_equal(found.reshape(places.shape), places.numpy())
    held(answer, expected, arriving, leaf)


@many
@given(st.data(), st.booleans())
def test_a_mean_is_that_of_pytorch(data, counted):
    """Protects what is divided by: with and without the zeros, at the border, in a window that sticks out."""
    asked, options, _, axes = data.draw(questions(False))
    leaf = as_maps(asked["X"], axes).clone().requires_grad_()
    layer = {1: torch.nn.functional.avg_pool1d, 2: torch.nn.functional.avg_pool2d}[axes]
    try:
        expected = layer(leaf, **options, count_include_pad=counted)
    except RuntimeError:
        with pytest.raises(InputError):
            pool(**asked, type="average")
        return
    arriving = arrays(data.draw, tuple(expected.shape[axes + 2 - asked["X"].ndim :]))
    answer = pool(**asked, type="average", count_padding="yes" if counted else "no", dY=arriving)
    held(answer, expected, arriving, leaf)


@settings(max_examples=60, deadline=None, database=None, derandomize=True)
@given(st.data(), st.sampled_from(["max", "average"]))
def test_a_global_pool_is_the_adaptive_one(data, kind):
    """Protects one number a channel."""
    front = data.draw(st.sampled_from([(), (3,), (2, 2)]))
    x = arrays(data.draw, (*front, *each(data.draw, 2, 1, 6)))
    leaf = as_maps(x, 2).clone().requires_grad_()
    layer = {"max": torch.nn.functional.adaptive_max_pool2d, "average": torch.nn.functional.adaptive_avg_pool2d}[kind]
    expected = layer(leaf, 1)
    arriving = arrays(data.draw, (*front, 1, 1))
    held(pool(X=x, window="global", type=kind, dY=arriving), expected, arriving, leaf)


@settings(max_examples=40, deadline=None, database=None, derandomize=True)
@given(st.data(), st.sampled_from(["max", "average"]))
def test_same_padding_is_that_of_keras(data, kind):
    """Protects the odd place at the end, and that Keras' means leave the padding out."""
    size, kernel, stride = (data.draw(st.integers(1, most)) for most in (9, 4, 4))
    x = arrays(data.draw, (size,))
    out = -(-size // stride)
    before = max(0, (out - 1) * stride + kernel - size) // 2
    windows = [
        [x[at] for at in range(p * stride - before, p * stride - before + kernel) if 0 <= at < size] for p in range(out)
    ]
    asked = {"X": x, "window": kernel, "stride": stride, "padding": "same", "type": kind}
    if kind == "average":
        asked["count_padding"] = "no"
    if 2 * before > kernel:
        assume(False)
    expected = [max(w) if kind == "max" else sum(w) / len(w) for w in windows]
    answer = pool(**asked)
    assert answer.passed
    assert np.abs(answer["Y"].value.ravel() - expected).max() < CLOSE


def slow(x, kernel, stride, kind, dy):
    """Small maps, window by window: the outputs and the gradient."""
    rows, columns = len(x), len(x[0])
    places = [range(0, rows - kernel[0] + 1, stride), range(0, columns - kernel[1] + 1, stride)]
    dx = [[0.0] * columns for _ in range(rows)]
    y = []
    for (row, top), (column, left) in product(enumerate(places[0]), enumerate(places[1])):
        cells = [(top + u, left + v) for u in range(kernel[0]) for v in range(kernel[1])]
        if kind == "max":
            best = cells[0]
            for cell in cells[1:]:
                if x[cell[0]][cell[1]] > x[best[0]][best[1]]:
                    best = cell
            y.append(x[best[0]][best[1]])
            dx[best[0]][best[1]] += dy[row][column]
        else:
            y.append(sum(x[i][j] for i, j in cells) / len(cells))
            for i, j in cells:
                dx[i][j] += dy[row][column] / len(cells)
    return y, dx


HAND = [
    ([[1, 3, 2, 1], [2, 0, 1, 4], [5, 1, 0, 2], [0, 6, 3, 1]], (2, 2), 2, [[1, 2], [3, 4]]),
    ([[1, 3, 2], [2, 0, 5], [4, 1, 0]], (2, 2), 1, [[1, 2], [3, 4]]),
    ([[1, 1], [1, 1]], (2, 2), 1, [[5]]),
    ([[0, -1, -2], [-3, -4, -5]], (2, 3), 1, [[2]]),
    ([[2, 2, 2, 2]], (1, 2), 1, [[1, 1, 1]]),
    ([[1, 2, 3], [3, 2, 1], [2, 3, 1]], (3, 1), 1, [[1, -1, 2]]),
]


@pytest.mark.parametrize("kind", ["max", "average"])
@pytest.mark.parametrize(("x", "kernel", "stride", "dy"), HAND)
def test_small_maps_by_hand(x, kernel, stride, dy, kind):
    """Protects value and gradient against sums in plain Python."""
    answer = pool(X=x, window=kernel, stride=stride, type=kind, dims="2", dY=dy)
    y, dx = slow(x, kernel, stride, kind, dy)
    assert answer.passed
    assert np.allclose(answer["Y"].value.ravel(), y, atol=1e-12)
    assert np.allclose(answer["dL/dX"].value, dx, atol=1e-12)


def test_a_page_tells_the_winner_and_the_tie():
    """Protects what a student looks for: the window, the winner's place, and which of two equal entries wins."""
    text_of = " ".join(plain(page(pool(X="1,3,3,0;2,0,1,5", window="2x3", stride=1)), 80).split())
    assert "max(1, 3, 3, 2, 0, 1) = 3" in text_of
    assert "the first of 2 largest entries stands in row 1, column 2" in text_of
    assert "the first in reading order wins" in text_of


def test_a_mean_says_what_it_divides_by():
    """Protects the two ways to count, told and worked."""
    with_zeros, without = (
        " ".join(plain(page(pool(X="1,2;3,4", window=2, padding=1, type="average", count_padding=word)), 80).split())
        for word in ("yes", "no")
    )
    assert "zeros of the padding count in a mean" in with_zeros
    assert "only entries inside of X count" in without


def test_large_maps_are_quick():
    """Protects that no loop runs over places, and that the page costs little more than the values."""
    import time

    x = np.random.default_rng(1).normal(size=(32, 112, 112))
    start = time.perf_counter()
    answer = pool(X=x, window=3, stride=2, padding=1, dY=np.ones((32, 56, 56)))
    plain(page(answer), 80)
    assert answer.passed
    assert time.perf_counter() - start < 10


BAD = [
    ({"X": "1,2;3,4", "window": 3}, "{window} covers 3 rows, but {X} has 2: take a smaller window or more {padding}"),
    (
        {"X": "1,2;3,4", "window": 2, "padding": 2},
        "{padding} is 2, more than half of the 2 rows that the window covers",
    ),
    ({"X": "1,2;3,4", "window": "big"}, "{window} is big: give its size, such as 2 or 2x3, or global"),
    ({"X": "1,2;3,4", "window": "global", "stride": 1}, "{stride} is 1, but {window} is global"),
    ({"X": "1,2;3,4", "window": 2, "entry": "2,1"}, "{entry} is 2,1, but Y is 1x1: counted from 1 there is no 2"),
    ({"X": "1,2;3,4", "window": 2, "dY": "1,2"}, "{dY} is 2, but Y is 1x1: it needs the shape of Y"),
    ({"X": "1,2;3,4", "window": 2, "type": "average", "dilation": 2}, "{dilation} belongs to max pooling"),
    ({"X": "1,2;3,4", "window": 2, "count_padding": "no"}, "{count_padding} belongs to {type} average"),
    ({"X": "1,2;3,4", "window": "2x2x2"}, "{window} is 2x2x2: it needs 1 number, or 2, one for each axis"),
    (
        {"X": "1", "window": 2, "padding": 1, "dilation": 2},
        "{dilation} is 2: none of the 2 entries of a window lies on",
    ),
    (
        {"X": "1,2;3,4", "window": 2, "padding": "same", "ceil": "yes"},
        "{ceil} is yes, but same padding rounds up anyway",
    ),
    ({"X": np.ones((2, 2, 2, 2)), "window": 2, "dims": "1"}, "{X} is 2x2x2x2, 4 axes"),
]


@pytest.mark.parametrize(("asked", "told"), BAD)
def test_bad_input_is_told_in_one_line(asked, told):
    """Protects option, value, rule and mend."""
    with pytest.raises(InputError) as error:
        pool(**asked)
    assert error.value.message.startswith(told)
    assert "\n" not in error.value.message
