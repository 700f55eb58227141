"""Transposed convolution against PyTorch in float64: values and every gradient; and small maps stamp by stamp."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import InputError, transposed_conv
from explain.page import page
from explain.render.terminal import plain

CLOSE = 1e-9


def each(draw, axes, low, high):
    """One number an axis; half of the time the same along all."""
    number = st.integers(low, high)
    return (draw(number),) * axes if draw(st.booleans()) else tuple(draw(number) for _ in range(axes))


def text(sizes):
    return "x".join(map(str, sizes))


@settings(max_examples=200, deadline=None, database=None, derandomize=True)
@given(st.data())
def test_values_and_gradients_are_those_of_pytorch(data):
    """Protects where stamps lie, what is cut off or added, groups, batches, and all three gradients."""
    draw = data.draw
    chance = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    axes, groups = draw(st.sampled_from([1, 2])), draw(st.integers(1, 3))
    channels, filters = (groups * draw(st.integers(1, 2)) for _ in range(2))
    samples = draw(st.sampled_from([(), (1,), (2,)]))
    sizes, kernel = each(draw, axes, 1, 5), each(draw, axes, 1, 4)
    stride, padding, dilation = each(draw, axes, 1, 3), each(draw, axes, 0, 2), each(draw, axes, 1, 3)
    extra = each(draw, axes, 0, 2)
    x = chance.normal(size=(*samples, channels, *sizes)).round(3)
    weights = chance.normal(size=(channels, filters // groups, *kernel)).round(3)
    bias = chance.normal(size=filters).round(3) if draw(st.booleans()) else None
    asked = {"X": x, "K": weights, "stride": text(stride), "padding": text(padding), "dilation": text(dilation),
             "output_padding": text(extra), "groups": groups, "dims": str(axes)}  # fmt: skip
    if bias is not None:
        asked["b"] = bias
    leaves = [torch.tensor(part, requires_grad=True) for part in (x, weights, bias) if part is not None]
    layer = {1: torch.nn.functional.conv_transpose1d, 2: torch.nn.functional.conv_transpose2d}[axes]
    fits = all(
        (n - 1) * s - 2 * p + d * (k - 1) + e + 1 > 0 and (e < s or e < d)
        for n, s, p, d, k, e in zip(sizes, stride, padding, dilation, kernel, extra, strict=True)
    )
    if not fits:
        with pytest.raises(InputError):
            transposed_conv(**asked)
        return
    expected = layer(
        leaves[0], leaves[1], leaves[2] if bias is not None else None, stride=stride, padding=padding,
        output_padding=extra, groups=groups, dilation=dilation,
    )  # fmt: skip
    arriving = chance.normal(size=tuple(expected.shape)).round(3)
    answer = transposed_conv(**asked, dZ=arriving)
    assert answer.passed
    assert np.abs(answer["Z"].value.reshape(expected.shape) - expected.detach().numpy()).max() < CLOSE
    expected.backward(torch.tensor(arriving))
    for name, leaf in zip(("X", "K", "b"), leaves, strict=False):
        found = answer[f"dL/d{name}"].value.reshape(leaf.shape)
        assert np.abs(found - leaf.grad.numpy()).max() < CLOSE, name


def by_hand(x, kernel, stride=1, padding=0, extra=0, dilation=1):
    """Every entry of a small map stamps the kernel; the border is cut off at the end."""
    full = [(len(part) - 1) * stride + dilation * (len(k) - 1) + 1 for part, k in ((x, kernel), (x[0], kernel[0]))]
    out = [[0.0] * (full[1] + extra) for _ in range(full[0] + extra)]
    for i, j in product(range(len(x)), range(len(x[0]))):
        for u, v in product(range(len(kernel)), range(len(kernel[0]))):
            out[i * stride + u * dilation][j * stride + v * dilation] += x[i][j] * kernel[u][v]
    rows, columns = (range(padding, size + extra - padding) for size in full)
    return [[out[row][column] for column in columns] for row in rows]


HAND = [
    ([[0, 1], [2, 3]], [[0, 1], [2, 3]], {}),  # Dive into Deep Learning, figure 14.10.1
    ([[0, 1], [2, 3]], [[0, 1], [2, 3]], {"stride": 2}),
    ([[0, 1], [2, 3]], [[0, 1], [2, 3]], {"padding": 1}),
    ([[1, 2], [3, 4]], [[1, 0, 2], [0, 1, 0], [2, 0, 1]], {"stride": 2, "padding": 1}),
    ([[1, 2], [3, 4]], [[1, 0, 2], [0, 1, 0], [2, 0, 1]], {"stride": 2, "padding": 1, "extra": 1}),
    ([[1, 2, 3]], [[1, -1]], {"stride": 3}),
    ([[5]], [[1, 2], [3, 4]], {}),
    ([[1, 2], [3, 4]], [[1, 1], [1, 1]], {"dilation": 2}),
    ([[1, 2], [3, 4]], [[1, 2]], {"stride": 2, "extra": 1}),
    ([[-1, 0.5], [2, -3]], [[2]], {"stride": 2}),
    ([[1, 2, 0], [0, 1, 1]], [[1, 2, 1], [0, 1, 0]], {"padding": 0}),
    ([[1, 2], [3, 4]], [[1, 0, 2], [0, 1, 0], [2, 0, 1]], {"padding": 1}),
]


@pytest.mark.parametrize(("x", "kernel", "told"), HAND)
def test_small_maps_stamp_by_stamp(x, kernel, told):
    """Protects the sum of stamps against plain Python."""
    options = {"output_padding" if name == "extra" else name: value for name, value in told.items()}
    answer = transposed_conv(X=list(x), K=kernel, dims="2", **options)
    assert answer.passed
    assert np.allclose(answer["Z"].value, by_hand(x, kernel, **told), atol=1e-12)


def test_bars_divide_the_kernel_as_pytorch_has_it():
    """Protects the rule: || between the channels of X, | between the filters of a channel."""
    both = transposed_conv(X="1,2;3,4 | 0,1;1,0", K="1,0;0,1 | 2,2;1,0 || 1,1;0,2 | 0,1;1,0")
    assert both["Z"].value.shape == (2, 3, 3)
    single = transposed_conv(X="1,2;3,4 | 0,1;1,0", K="1,0;0,1 | 1,1;0,2")
    again = transposed_conv(X="1,2;3,4 | 0,1;1,0", K="1,0;0,1 || 1,1;0,2")
    assert np.array_equal(single["Z"].value, again["Z"].value)
    filters = transposed_conv(X="1,2;3,4", K="1,0;0,1 | 1,1;0,2")
    assert filters["Z"].value.shape == (2, 3, 3)


def test_a_page_shows_every_stamp_and_their_sum():
    """Protects the picture, and the sentences that tell a transposed convolution from an inverse."""
    shown = plain(page(transposed_conv(X="0,1;2,3", K="0,1;2,3")), 80)
    assert "Z = ⎢0  0  ⎥ + ⎢  2  3⎥ + ⎢0  2  ⎥ + ⎢  0  3⎥" in shown
    assert "it is no inverse" in " ".join(shown.split())
    assert "an ordinary convolution gives the same for all 9 entries of Z" in " ".join(shown.split())


def test_large_maps_are_quick():
    """Protects that the page costs little more than the values."""
    import time

    chance = np.random.default_rng(1)
    x, weights = chance.normal(size=(32, 28, 28)), chance.normal(size=(32, 16, 4, 4))
    start = time.perf_counter()
    answer = transposed_conv(X=x, K=weights, stride=2, padding=1)
    plain(page(answer), 80)
    assert answer.passed
    assert time.perf_counter() - start < 10


BAD = [
    ({"output_padding": 1}, "{output_padding} is 1, but {stride} is 1 and {dilation} 1: it must be smaller"),
    (
        {"padding": 2},
        "{padding} is 2: it cuts 4 of the 3 rows that the stamps reach, and nothing is left; take at most 1",
    ),
    ({"entry": "4,1"}, "{entry} is 4,1, but Z is 3x3: counted from 1 there is no 4"),
    ({"entry": "1"}, "{entry} is 1, but Z is 3x3: give 2 numbers, such as 1,1"),
    ({"dZ": "1,2"}, "{dZ} is 2, but Z is 3x3: it needs the shape of Z"),
    ({"groups": 2}, "{groups} is 2, but {X} has 1 channel: take a divisor of 1"),
    ({"groups": "g"}, "{groups} is g: a whole number from 1 belongs here"),
    ({"b": "1,2"}, "{b} has 2 numbers, but there is 1 filter: one number a filter belongs here"),
    ({"K": np.ones((2, 1, 2, 2))}, "{K} is 2x1x2x2, for 2 channels, but {X} has 1 channel"),
    ({"X": "1,2;3,4 | 1,2;3,4"}, "{K} has 1 window, but {X} has 2 channels: give every channel as many"),
    ({"stride": "2x2x2"}, "{stride} is 2x2x2: it needs 1 number, or 2, one for each axis"),
    ({"padding": "same"}, "{padding} is same: sizes are whole numbers from 0"),
]


@pytest.mark.parametrize(("asked", "told"), BAD)
def test_bad_input_is_told_in_one_line(asked, told):
    """Protects option, value, rule and mend."""
    with pytest.raises(InputError) as error:
        transposed_conv(**{"X": "1,2;3,4", "K": "1,0;0,1", **asked})
    assert error.value.message.startswith(told)
    assert "\n" not in error.value.message
