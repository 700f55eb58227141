"""Convolution against torch.nn.functional in float64: values and every gradient; and direct flipping and padding."""

from __future__ import annotations

import re
from itertools import product
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import conv
from explain.page import page
from explain.render.terminal import plain

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same'")
EXAMPLES = settings(max_examples=120, deadline=None, database=None, derandomize=True)
CONVOLUTIONS = {1: functional.conv1d, 2: functional.conv2d}


class Question(NamedTuple):
    """A convolution: N×C×sizes, F×C/groups×sizes, F numbers; how the kernel moves along each axis."""

    X: np.ndarray
    K: np.ndarray
    b: np.ndarray | None
    stride: tuple[int, ...]
    padding: tuple[int, ...] | str
    dilation: tuple[int, ...]
    groups: int

    @property
    def axes(self):
        """Along how many axes the kernel slides."""
        return self.X.ndim - 2

    def settings(self):
        """The keyword arguments that say how the kernel moves."""
        padding = self.padding if isinstance(self.padding, str) else "x".join(map(str, self.padding))
        stride, dilation = ("x".join(map(str, sizes)) for sizes in (self.stride, self.dilation))
        return {
            "stride": stride,
            "padding": padding,
            "dilation": dilation,
            "groups": self.groups,
            "dims": str(self.axes),
        }

    def arrays(self, with_samples, windows):
        """The arrays as keyword arguments: X with or without an axis of samples, K by filters or by windows."""
        X = self.X if with_samples else self.X[0]
        K = self.K.reshape(-1, *self.K.shape[2:]) if windows else self.K
        return {"X": X, "K": K} | ({} if self.b is None else {"b": self.b})


@st.composite
def questions(draw, most_axes=2, least_axes=1):
    """Small sizes that fit; the numbers come from a seed."""
    axes = draw(st.integers(least_axes, most_axes))
    kernel, dilation, stride = (
        tuple(draw(st.integers(1, most)) for _ in range(axes)) for most in (3, 2, 3)
    )  # fmt: skip
    padding = draw(st.just("valid") | st.just("same") | st.tuples(*[st.integers(0, 2)] * axes))
    inside = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    if isinstance(padding, tuple):
        inside = [max(1, covers - 2 * zeros) for covers, zeros in zip(inside, padding, strict=True)]
    elif padding == "same":
        inside = [1] * axes
    sizes = [low + draw(st.integers(0, 4)) for low in inside]
    groups, seen, each, samples = (draw(st.integers(1, most)) for most in (2, 3, 2, 2))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return Question(
        random.uniform(-2, 2, (samples, groups * seen, *sizes)),
        random.uniform(-1, 1, (groups * each, seen, *kernel)),
        random.uniform(-1, 1, groups * each) if draw(st.booleans()) else None,
        stride, padding, dilation, groups,
    )  # fmt: skip


def padded(X, question):
    """X with the zeros of same padding around it: TensorFlow's rule, the odd zero at the end."""
    pads = []
    moves = (question.X.shape[2:], question.K.shape[2:], question.stride, question.dilation)
    for size, kernel, stride, dilation in zip(*moves, strict=True):
        places = -(-size // stride)
        zeros = max(0, (places - 1) * stride + dilation * (kernel - 1) + 1 - size)
        pads = [zeros // 2, zeros - zeros // 2, *pads]
    return functional.pad(X, pads)


def with_torch(question, seed, flipped=False):
    """Z and the gradients of Z · seed."""
    X, K = (torch.tensor(value, requires_grad=True) for value in (question.X, question.K))
    b = None if question.b is None else torch.tensor(question.b, requires_grad=True)
    same, plain_stride = question.padding == "same", set(question.stride) == {1}
    inner = padded(X, question) if same and not plain_stride else X
    padding = 0 if inner is not X else question.padding
    kernel = torch.flip(K, tuple(range(2, K.ndim))) if flipped else K
    Z = CONVOLUTIONS[question.axes](inner, kernel, b, question.stride, padding, question.dilation, question.groups)
    arriving = torch.tensor(np.resize(seed, Z.shape))
    (Z * arriving).sum().backward()
    found = {"Z": Z.detach(), "dL/dX": X.grad, "dL/dK": K.grad} | ({} if b is None else {"dL/db": b.grad})
    return {name: value.numpy() for name, value in found.items()}, arriving.numpy()


def agrees(answer, expected):
    """Every value to nine digits, whatever axes of one are written."""
    for name, value in expected.items():
        found = answer[name].value
        assert sorted(size for size in found.shape if size > 1) == sorted(size for size in value.shape if size > 1)
        np.testing.assert_allclose(found.reshape(value.shape), value, rtol=1e-9, atol=1e-9, err_msg=name)


SEED = np.array([1.0, -0.5, 2.0, 0.25, -1.5, 0.75, 3.0])


@EXAMPLES
@given(questions(), st.booleans(), st.booleans())
def test_values_and_gradients(question, windows, batched):
    """Every number of a convolution and of its backward pass is PyTorch's."""
    expected, arriving = with_torch(question, SEED)
    batched = batched or len(question.X) > 1
    answer = conv(
        **question.arrays(batched, windows), **question.settings(), dZ=arriving if batched else arriving[0]
    )  # fmt: skip
    agrees(answer, expected)
    assert all(check.passed for check in answer.all_checks)


@settings(EXAMPLES, max_examples=60)
@given(questions())
def test_true_convolution_turns_the_kernel(question):
    """`--flip yes` is the cross-correlation with the kernel turned by 180°, gradients and all."""
    expected, arriving = with_torch(question, SEED, flipped=True)
    answer = conv(**question.arrays(True, False), **question.settings(), dZ=arriving, flip="yes")
    agrees(answer, expected)
    assert all(check.passed for check in answer.all_checks)


@settings(EXAMPLES, max_examples=60)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3), st.integers(0, 3), st.sampled_from(["no", "yes"]))
def test_rows_of_numbers(size, kernel, stride, padding, flip):
    """A row and a row, without channels; in full, the convolution of mathematics is NumPy's."""
    if kernel > size + 2 * padding:
        size = kernel
    random = np.random.default_rng(size * 10 + kernel)
    x, k = random.normal(size=size), random.normal(size=kernel)
    turned = k[::-1] if flip == "yes" else k
    wanted = np.correlate(np.pad(x, padding), turned, "valid")[::stride]
    answer = conv(X=x, K=k, stride=stride, padding=padding, flip=flip)
    np.testing.assert_allclose(answer["Z"].value[0], wanted, rtol=1e-9, atol=1e-12)
    if flip == "yes":
        whole = conv(X=x, K=k, padding=kernel - 1, flip=flip)
        np.testing.assert_allclose(whole["Z"].value[0], np.convolve(x, k), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(("size", "kernel", "dilation"), list(product((1, 2, 5, 6), (1, 2, 3, 4), (1, 2))))
def test_same_padding_puts_the_odd_zero_at_the_end(size, kernel, dilation):
    """As PyTorch and TensorFlow have it; the size stays."""
    x, k = np.arange(1.0, size + 1), np.arange(1.0, kernel + 1) ** 2
    total = dilation * (kernel - 1)
    long = np.pad(x, (total // 2, total - total // 2))
    wanted = [sum(long[at + dilation * u] * k[u] for u in range(kernel)) for at in range(size)]
    answer = conv(X=x, K=k, padding="same", dilation=dilation)
    np.testing.assert_array_equal(answer["Z"].value[0], wanted)
    torched = functional.conv1d(
        torch.tensor(x)[None, None], torch.tensor(k)[None, None], padding="same", dilation=dilation
    )
    np.testing.assert_allclose(answer["Z"].value[0], torched[0, 0].numpy())


@settings(EXAMPLES, max_examples=60)
@given(questions(least_axes=2))
def test_two_axes_with_one_row_are_one_axis(question):
    """C×1×L with 1×k kernels is C×L with k."""
    flat = question._replace(
        X=question.X[:, :, :1], K=question.K[:, :, :1], stride=(1, question.stride[1]),
        padding=(0, 1), dilation=(1, question.dilation[1]),
    )  # fmt: skip
    if flat.dilation[1] * (flat.K.shape[3] - 1) + 1 > flat.X.shape[3] + 2:
        return
    row = flat._replace(X=flat.X[:, :, 0], K=flat.K[:, :, 0], stride=flat.stride[1:], padding=(1,),
                        dilation=flat.dilation[1:])  # fmt: skip
    two, one = (conv(**form.arrays(True, False), **form.settings())["Z"].value for form in (flat, row))
    np.testing.assert_array_equal(two[:, :, 0], one)


# The index formula that is printed, worked by itself

FORMULA = re.compile(
    r"(?P<left>\S+?)\[(?P<at>[^]]+)\] = Σ\[(?P<over>[^]]+)\] (?P<A>\S+?)\[(?P<a>[^]]+)\] (?P<B>\S+?)\[(?P<b>[^]]+)\]"
    r"(?: \+ (?P<bias>\w)(?P<f>\[f\])?)?$",
    re.MULTILINE,
)
NAMES = {"∂L/∂X": "dL/dX", "∂L/∂K": "dL/dK", "∂L/∂Z": "dL/dZ"}


def place(text, at):
    """One index, counted from 1: `2i+u-2`, `4-u`, `i+2(4-u)-3`."""
    text = re.sub(r"(\d)\(([^)]*)\)", lambda found: str(int(found[1]) * place(found[2], at)), text)
    total = 0
    for sign, times, letter in re.findall(r"([+-]?)(\d*)([a-z]?)", text):
        if times or letter:
            total += (-1 if sign == "-" else 1) * int(times or 1) * (at[letter] if letter else 1)
    return total


def worked(found, values, shape, ranges):
    """The formula for every entry: what lies outside of an array counts as zero."""
    letters, over = found["at"].split(", "), found["over"].split(",")
    A, B = (values[NAMES.get(found[name], found[name])] for name in "AB")
    result = np.zeros(shape)
    for index in product(*map(range, shape)):
        at = {letter: number + 1 for letter, number in zip(letters, index, strict=True)}
        for inner in product(*(range(1, ranges[letter] + 1) for letter in over)):
            at.update(zip(over, inner, strict=True))
            term = 1.0
            for array, text in ((A, found["a"]), (B, found["b"])):
                where = [place(part, at) - 1 for part in text.split(", ")]
                inside = all(0 <= one < size for one, size in zip(where, array.shape, strict=True))
                term *= array[tuple(where)] if inside else 0.0
            result[index] += term
        if found["bias"]:
            result[index] += values["b"].reshape(-1)[at["f"] - 1 if found["f"] else 0]
    return result


def squeezed(value, letters):
    """An array with as many axes as the formula has letters for it: of a single row or column it is not counted."""
    return value.reshape(*value.shape[:-2], max(value.shape[-2:])) if value.ndim > letters else value


@settings(EXAMPLES, max_examples=80)
@given(questions(), st.sampled_from(["no", "yes"]))
def test_the_printed_index_formula_gives_the_values(question, flip):
    """What stands on the page as `Z[f, i, j] = Σ …` is the whole truth: each entry can be worked from it."""
    question = question._replace(X=question.X[:, : question.K.shape[1]], groups=1)
    _, arriving = with_torch(question, SEED)
    batched = len(question.X) > 1
    answer = conv(
        **question.arrays(batched, False), **question.settings(), dZ=arriving if batched else arriving[0], flip=flip
    )  # fmt: skip
    text = plain(page(answer), 400)
    formulas = list(FORMULA.finditer(text))
    alone = [name for name in answer.results if answer[name].value.size == 1]  # one number is worked in one line
    dilated = any(d > 1 for d in question.dilation)
    assert len(formulas) >= 3 - len(alone) - dilated, text
    K, places = question.K, answer["Z"].value.shape[-question.axes :]
    ones = [at for at in range(question.axes) if question.X.shape[2 + at] == K.shape[2 + at] == places[at] == 1]
    kept = [at for at in range(question.axes) if at not in ones] or [question.axes - 1]
    ranges = dict(zip("nfc", (len(question.X), *K.shape[:2]), strict=True))
    for at, letters in zip(kept, ("up", "vq"), strict=False):
        ranges |= {letters[0]: K.shape[2 + at], letters[1]: places[at]}
    for found in formulas:
        name = NAMES.get(found["left"], found["left"])
        values = {
            key: squeezed(value, len(text.split(", ")))
            for key, value in answer.values.items()
            for side, text in ((found["A"], found["a"]), (found["B"], found["b"]))
            if NAMES.get(side, side) == key
        } | ({} if question.b is None else {"b": question.b})
        wanted = squeezed(answer[name].value, len(found["at"].split(", ")))
        again = worked(found, values, wanted.shape, ranges)
        np.testing.assert_allclose(again, wanted, rtol=1e-9, atol=1e-9, err_msg=found[0])
