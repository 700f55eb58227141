"""Small convolutions worked by hand: what textbooks print, and every setting once, by direct summation."""

from __future__ import annotations

import re
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from explain import conv
from explain.page import page
from explain.render.terminal import plain

EXAMPLES = [
    ("d2l 7.2: two by two on three by three", "0,1,2;3,4,5;6,7,8", "0,1;2,3", {},
     [[19, 25], [37, 43]]),
    ("d2l 7.4: two channels", "0,1,2;3,4,5;6,7,8 | 1,2,3;4,5,6;7,8,9", "0,1;2,3 | 1,2;3,4", {},
     [[[56, 72], [104, 120]]]),
    ("d2l 7.4: three filters of two channels", "0,1,2;3,4,5;6,7,8 | 1,2,3;4,5,6;7,8,9",
     "0,1;2,3 | 1,2;3,4 || 1,2;3,4 | 2,3;4,5 || 2,3;4,5 | 3,4;5,6", {},
     [[[56, 72], [104, 120]], [[76, 100], [148, 172]], [[96, 128], [192, 224]]]),
    ("d2l 7.2: edges between black and white", "1,1,0,0,0,0,1,1;1,1,0,0,0,0,1,1", "1,-1", {"dims": "2"},
     [[0, 1, 0, 0, 0, -1, 0], [0, 1, 0, 0, 0, -1, 0]]),
    ("identity kernel", "1,2,3;4,5,6;7,8,9", "0,0,0;0,1,0;0,0,0", {"padding": "same"},
     [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
    ("identity kernel of one number", "1,-2;3,4", "1", {"dims": "2"},
     [[1, -2], [3, 4]]),
    ("shift to the left", "1,2,3;4,5,6", "0,0,1", {"dims": "2", "padding": "same"},
     [[2, 3, 0], [5, 6, 0]]),
    ("box blur", "9,0,0;0,9,0;0,0,9", "1/9,1/9,1/9;1/9,1/9,1/9;1/9,1/9,1/9", {"padding": "same"},
     [[2, 2, 1], [2, 3, 2], [1, 2, 2]]),
    ("Sobel on a step", "0,0,1,1;0,0,1,1;0,0,1,1", "-1,0,1;-2,0,2;-1,0,1", {},
     [[4, 4]]),
    ("Sobel on rows alike", "1,1,1,1;1,1,1,1;1,1,1,1", "-1,0,1;-2,0,2;-1,0,1", {},
     [[0, 0]]),
    ("Sobel with padding sees the border", "1,1,1;1,1,1;1,1,1", "-1,0,1;-2,0,2;-1,0,1", {"padding": "1"},
     [[3, 0, -3], [4, 0, -4], [3, 0, -3]]),
    ("Prewitt, horizontal edge", "0,0,0;0,0,0;5,5,5", "-1,-1,-1;0,0,0;1,1,1", {"padding": "valid"},
     [[15]]),
    ("Laplace on a peak", "0,0,0;0,1,0;0,0,0", "0,1,0;1,-4,1;0,1,0", {"padding": "1"},
     [[0, 1, 0], [1, -4, 1], [0, 1, 0]]),
    ("sharpen", "2,2,2;2,3,2;2,2,2", "0,-1,0;-1,5,-1;0,-1,0", {},
     [[7]]),
    ("a peak shows the kernel turned", "0,0,0;0,1,0;0,0,0", "1,2,3;4,5,6;7,8,9", {"padding": "1"},
     [[9, 8, 7], [6, 5, 4], [3, 2, 1]]),
    ("a peak shows the kernel as it is, turned first", "0,0,0;0,1,0;0,0,0",
     "1,2,3;4,5,6;7,8,9", {"padding": "1", "flip": "yes"},
     [[1, 2, 3], [4, 5, 6], [7, 8, 9]]),
    ("the kernel as large as the input", "1,2;3,4", "5,6;7,8", {},
     [[70]]),
    ("stride 2", "1,2,3,4;5,6,7,8;9,10,11,12;13,14,15,16", "1,0;0,1", {"stride": "2"},
     [[7, 11], [23, 27]]),
    ("stride 2, a rest is left over", "1,2,3;4,5,6;7,8,9", "1,1;1,1", {"stride": "2"},
     [[12]]),
    ("strides 2 and 1", "1,2,3;4,5,6;7,8,9", "1,1;1,1", {"stride": "2x1"},
     [[12, 16]]),
    ("stride larger than the kernel", "1,2,3,4;5,6,7,8;9,10,11,12;13,14,15,16", "1", {"stride": "3", "dims": "2"},
     [[1, 4], [13, 16]]),
    ("dilation 2", "1,2,3;4,5,6;7,8,9", "1,2;3,4", {"dilation": "2"},
     [[64]]),
    ("dilation along columns only", "1,2,3;4,5,6", "1,10;100,1000", {"dilation": "1x2"},
     [[6431]]),
    ("padding 1 of one number", "5", "1,2,3;4,5,6;7,8,9", {"padding": "1"},
     [[25]]),
    ("padding in rows only", "1,2", "1;10;100", {"padding": "1x0"},
     [[10, 20]]),
    ("same padding, even kernel: the odd zero at the end", "1,2;3,4", "1,10;100,1000", {"padding": "same"},
     [[4321, 402], [43, 4]]),
    ("same padding with stride 2", "1,2,3;4,5,6;7,8,9", "1,0;0,1", {"padding": "same", "stride": "2"},
     [[6, 3], [7, 9]]),
    ("same padding with stride 2, nothing to add in front", "1,2,3,4", "1,1,1", {"padding": "same", "stride": "2"},
     [[6, 7]]),
    ("one by one: mixes channels", "1,2;3,4 | 10,20;30,40 | 100,200;300,400", "1 | 1 | 1 || 1 | -1 | 0", {},
     [[[111, 222], [333, 444]], [[-9, -18], [-27, -36]]]),
    ("a bias for every filter", "1,2;3,4", "1 || -1", {"b": "0.5,1"},
     [[[1.5, 2.5], [3.5, 4.5]], [[0, -1], [-2, -3]]]),
    ("two groups", "1,2;3,4 | 5,6;7,8", "1,1;1,1 || 1,0;0,-1", {"groups": "2"},
     [[[10]], [[-3]]]),
    ("depthwise, two filters a channel", "1,2 | 3,4", "1 || 10 || 100 || 1000", {"groups": "2", "dims": "2"},
     [[[1, 2]], [[10, 20]], [[300, 400]], [[3000, 4000]]]),
    ("two samples", "1,2;3,4 || 0,1;1,0", "1,0;0,1", {"b": "1"},
     [[[[6]]], [[[1]]]]),
    ("a row: differences", "1,4,9,16,25", "-1,1", {},
     [[3, 5, 7, 9]]),
    ("a row: moving mean", "2,4,6,8", "0.5,0.5", {"stride": "2"},
     [[3, 7]]),
    ("a row of mathematics: polynomials multiplied", "1,2,3", "1,1", {"padding": "1", "flip": "yes"},
     [[1, 3, 5, 3]]),
    ("a row with dilation", "1,2,3,4,5", "1,10", {"dilation": "3"},
     [[41, 52]]),
    ("channels × length, as in text", "1,2,3;4,5,6", "1,0;0,1 | 1,1;1,1", {"dims": "1"},
     [[6, 8], [12, 16]]),
    ("decimals stay exact", "0.1,0.2;0.3,0.4", "0.30", {"dims": "2"},
     [[0.03, 0.06], [0.09, 0.12]]),
]  # fmt: skip

ids = [row[0] for row in EXAMPLES]


def read(text, front):
    """Typed maps as nested lists of fractions, with as many axes in front of the rows as asked for."""
    stacks = [[[[Fraction(number) for number in row.split(",")] for row in matrix.split(";")]
               for matrix in stack.split("|")] for stack in text.split("||")]  # fmt: skip
    return stacks if front == 2 else stacks[0]


def surrounded(matrix, above, below, left, right):
    """A matrix with zeros around it."""
    width = left + len(matrix[0]) + right
    return [[0] * width] * above + [[0] * left + row + [0] * right for row in matrix] + [[0] * width] * below


def zeros(padding, size, kernel, stride, dilation):
    """How many zeros stand in front and behind along one axis."""
    if padding != "same":
        return (0, 0) if padding == "valid" else (int(padding), int(padding))
    total = max(0, (-(-size // stride) - 1) * stride + dilation * (kernel - 1) + 1 - size)
    return total // 2, total - total // 2


def summed(X, K, b, stride, dilation, groups):
    """The definition, and nothing else: padded channels X[c][i][j], filters K[f][c][u][v]."""
    covers = [dilation[0] * (len(K[0][0]) - 1), dilation[1] * (len(K[0][0][0]) - 1)]
    rows, columns = range(0, len(X[0]) - covers[0], stride[0]), range(0, len(X[0][0]) - covers[1], stride[1])
    each = len(K) // groups
    return [
        [
            [
                b[f]
                + sum(
                    X[f // each * len(kernel) + c][i + dilation[0] * u][j + dilation[1] * v] * weight
                    for c, matrix in enumerate(kernel)
                    for u, line in enumerate(matrix)
                    for v, weight in enumerate(line)
                )
                for j in columns
            ]
            for i in rows
        ]
        for f, kernel in enumerate(K)
    ]


def by_hand(X, K, settings):
    """Z of every sample, flat, by direct summation of what was typed."""
    row = ";" not in X + K and "|" not in X + K and settings.get("dims") != "2"
    if settings.get("dims") == "1":  # the rows of a matrix are the channels
        X, K = (
            text.replace(";", "|") if at == 0 else text.replace("|", "||").replace(";", "|")
            for at, text in enumerate((X, K))
        )
        row = True
    groups = int(settings.get("groups", 1))
    samples = read(X, 2) if "||" in X else [read(X, 1)]
    filters = read(K, 2) if "||" in K else [read(K, 1)]
    seen = len(samples[0]) // groups
    if {len(kernel) for kernel in filters} != {seen}:  # windows one after another
        windows = [window for kernel in filters for window in kernel]
        filters = [windows[at : at + seen] for at in range(0, len(windows), seen)]
    if settings.get("flip") == "yes":
        filters = [[[line[::-1] for line in window[::-1]] for window in kernel] for kernel in filters]

    def both(name, default):
        sizes = str(settings.get(name, default)).split("x")
        if len(sizes) == 2:
            return sizes
        return [sizes[0] if sizes[0] in ("same", "valid") or not row else str(default), sizes[0]]

    stride, dilation = ([int(size) for size in both(name, 1)] for name in ("stride", "dilation"))
    sizes, kernel = ([len(matrix), len(matrix[0])] for matrix in (samples[0][0], filters[0][0]))
    around = [zeros(*of) for of in zip(both("padding", 0), sizes, kernel, stride, dilation, strict=True)]
    b = [Fraction(number) for number in settings.get("b", ",".join("0" for _ in filters)).split(",")]
    found = []
    for sample in samples:
        padded = [surrounded(matrix, *around[0], *around[1]) for matrix in sample]
        found += [n for part in summed(padded, filters, b, stride, dilation, groups) for line in part for n in line]
    return found


@pytest.mark.parametrize(("X", "K", "settings", "expected"), [row[1:] for row in EXAMPLES], ids=ids)
def test_example(X, K, settings, expected):
    """The numbers written here are those of the definition, and those of the page."""
    flat = np.array(expected, dtype=float)
    np.testing.assert_allclose([float(number) for number in by_hand(X, K, settings)], flat.ravel(), rtol=1e-12)
    answer = conv(X=X, K=K, **settings)
    np.testing.assert_allclose(answer["Z"].value, flat, rtol=1e-12, atol=1e-12)
    assert all(check.passed for check in answer.all_checks)


WINDOW = re.compile(r"window of entry \S+: (?P<told>[^;\n]*)(?:;[^\n]*)?\n(?P<drawn>.*?)entry", re.DOTALL)
FIRST_MATRIX = re.compile(r"^\s*[⎡⎢⎣\[]([^⎤⎥⎦\]]*)[⎤⎥⎦\]]", re.MULTILINE)
ONE_CHANNEL = [row[1:4] for row in EXAMPLES if "|" not in row[1] and row[3].get("dims") != "1"]


@pytest.mark.parametrize(("X", "K", "settings"), ONE_CHANNEL, ids=[f"{X} {K}" for X, K, _ in ONE_CHANNEL])
def test_the_window_told_is_the_window_drawn(X, K, settings):
    """`rows 0 to 1, columns 2 to 3` names what lies under the kernel: the numbers there are those that are drawn."""
    answer = conv(X=X, K=K, **settings)
    image = answer.values["X"].reshape(answer.values["X"].shape[-2:])
    windows = list(WINDOW.finditer(plain(page(answer, "full"), 400)))
    assert windows or answer["Z"].value.size == 1
    for found in windows:
        drawn = [number(text) for row in FIRST_MATRIX.findall(found["drawn"]) for text in row.split()]
        places = {name: spanned(span) for name, span in re.findall(r"(row|column)s? ([-\d, andto]+)", found["told"])}
        under = product(places.get("row", [1]), places["column"])
        assert drawn == [at(image, row - 1, column - 1) for row, column in under], found[0]


def number(text):
    """A number as printed."""
    return float(Fraction(text))


def spanned(text):
    """The numbers in `2`, `0 to 3`, `1 and 3`, `1, 3 and 5`."""
    numbers = [int(one) for one in re.findall(r"-?\d+", text)]
    return list(range(numbers[0], numbers[-1] + 1)) if "to" in text else numbers


def at(image, row, column):
    """An entry of a map, zero outside of it."""
    inside = 0 <= row < image.shape[0] and 0 <= column < image.shape[1]
    return image[row, column] if inside else 0.0
