"""Shapes of a convolution against torch.nn.Conv1d, Conv2d and Conv3d on the meta device, and counted by hand."""

from __future__ import annotations

import math
import re
from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from explain import InputError, conv_shape

LAYERS = {1: torch.nn.Conv1d, 2: torch.nn.Conv2d, 3: torch.nn.Conv3d}
AXES = {1: "L", 2: "HW", 3: "DHW"}
MANY = settings(max_examples=120, deadline=None, database=None, derandomize=True)

every_rank = pytest.mark.parametrize("rank", [1, 2, 3])
# PyTorch says that it copies the input where same padding is not symmetric; the shape is the same.
copies = pytest.mark.filterwarnings("ignore:Using padding='same'")


class Layer(NamedTuple):
    """A layer and the shape of its input, one number an axis; `padding` may be a word."""

    batch: int | None
    channels: int
    sizes: list[int]
    filters: int
    kernel: list[int]
    stride: list[int]
    padding: list[int] | str
    dilation: list[int]
    bias: bool

    @property
    def rank(self):
        return len(self.sizes)

    @property
    def input(self):
        return [*([] if self.batch is None else [self.batch]), self.channels, *self.sizes]

    def keywords(self):
        """The arguments of `conv_shape`, one number an axis as text, `dims` always said."""

        def text(sizes):
            return sizes if isinstance(sizes, str) else "x".join(map(str, sizes))

        return {
            "input": text(self.input),
            "filters": self.filters,
            "kernel": text(self.kernel),
            "stride": text(self.stride),
            "padding": text(self.padding),
            "dilation": text(self.dilation),
            "dims": str(self.rank),
            "bias": "yes" if self.bias else "no",
        }

    def torch(self):
        """The layer of PyTorch, without memory for its numbers."""
        padding = self.padding if isinstance(self.padding, str) else tuple(self.padding)
        return LAYERS[self.rank](
            self.channels, self.filters, tuple(self.kernel), tuple(self.stride), padding, tuple(self.dilation),
            bias=self.bias, device="meta",
        )  # fmt: skip


@st.composite
def layers(draw, rank, paddings=("numbers", "numbers", "valid", "same")):
    """Layers whose axes have the same numbers half of the time; a filter may be larger than its input."""
    alike = draw(st.booleans())

    def each(low, high):
        sizes = st.integers(low, high)
        return [draw(sizes)] * rank if alike else [draw(sizes) for _ in range(rank)]

    word = draw(st.sampled_from(paddings))
    return Layer(
        batch=draw(st.none() | st.integers(1, 9)),
        channels=draw(st.integers(1, 6)),
        sizes=[draw(st.integers(1, 40)) for _ in range(rank)] if draw(st.booleans()) else each(1, 40),
        filters=draw(st.integers(1, 8)),
        kernel=each(1, 7),
        stride=[1] * rank if word == "same" else each(1, 5),
        padding=each(0, 4) if word == "numbers" else word,
        dilation=each(1, 3),
        bias=draw(st.booleans()),
    )


def torch_output(layer):
    """The shape of the output by running the layer; None where PyTorch refuses."""
    try:
        return list(layer.torch()(torch.empty(layer.input, device="meta")).shape)
    except RuntimeError as refused:
        if "Kernel size can't be greater than actual input size" not in str(refused):
            raise
        return None


def numbers(answer):
    """The four results as plain integers."""
    return {name: answer[name].value.tolist() for name in ("weight", "output", "P", "flat")}


def assert_as_in_torch(layer, given, output):
    """Weight, output, parameters and flattened size of an answer, and one size an axis."""
    answer, theirs = conv_shape(**given), layer.torch()
    assert numbers(answer) == {
        "weight": list(theirs.weight.shape),
        "output": output,
        "P": sum(parameter.numel() for parameter in theirs.parameters()),
        "flat": math.prod(output[1:] if layer.batch is not None else output),
    }
    assert answer.results == ["weight", "output", "P", "flat"]
    for axis, size in zip(AXES[layer.rank], output[-layer.rank :], strict=True):
        assert answer[f"{axis}_out"].value.item() == size
    assert answer.passed
    return answer


@every_rank
@copies
@MANY
@given(data=st.data())
def test_every_shape_is_that_of_pytorch(rank, data):
    """Protects all four results for every setting, and refuses a filter that is too large just where PyTorch does."""
    layer = data.draw(layers(rank))
    output = torch_output(layer)
    if output is None:
        with pytest.raises(InputError, match=r"^kernel\b[^\n]*$"):
            conv_shape(**layer.keywords())
    else:
        assert_as_in_torch(layer, layer.keywords(), output)


@every_rank
@MANY
@given(data=st.data())
def test_a_filter_about_as_large_as_its_input(rank, data):
    """Protects the border between the smallest output and a refusal: one place more or less decides."""
    layer = data.draw(layers(rank, paddings=("numbers",)))
    spans = [d * (k - 1) + 1 for d, k in zip(layer.dilation, layer.kernel, strict=True)]
    fitting = [max(1, span - 2 * p) for span, p in zip(spans, layer.padding, strict=True)]
    off = data.draw(st.lists(st.sampled_from([-1, 0, 0, 1]), min_size=rank, max_size=rank))
    layer = layer._replace(sizes=[max(1, size + more) for size, more in zip(fitting, off, strict=True)])
    output = torch_output(layer)
    refused = any(span > i + 2 * p for span, i, p in zip(spans, layer.sizes, layer.padding, strict=True))
    assert refused == (output is None)
    if refused:
        with pytest.raises(InputError, match=r"^kernel\b[^\n]*$"):
            conv_shape(**layer.keywords())
    else:
        assert_as_in_torch(layer, layer.keywords(), output)


@every_rank
@copies
@MANY
@given(data=st.data())
def test_what_may_be_left_out(rank, data):
    """Protects the defaults and one number for all axes: they mean what they mean in PyTorch."""
    layer = data.draw(layers(rank))
    defaults = {"stride": [1] * rank, "padding": [0] * rank, "dilation": [1] * rank, "bias": True}
    left = data.draw(st.sets(st.sampled_from(sorted(defaults))))
    layer = layer._replace(**{name: defaults[name] for name in left})
    assume(layer.padding != "same" or set(layer.stride) == {1})
    output = torch_output(layer)
    assume(output is not None)
    given = {name: value for name, value in layer.keywords().items() if name not in left}
    for name in ("kernel", "stride", "padding", "dilation"):
        sizes = getattr(layer, name)
        if name in given and not isinstance(sizes, str) and len(set(sizes)) == 1:
            given[name] = sizes[0]
    if rank == 2 or len(str(given["kernel"]).split("x")) == rank > 1:
        del given["dims"]
    assert_as_in_torch(layer, given, output)


@every_rank
@MANY
@given(data=st.data())
def test_same_padding_with_a_stride_is_the_rule_of_keras(rank, data):
    """Protects same with a stride, which PyTorch does not take: the input divided by the stride, rounded up."""
    layer = data.draw(layers(rank, paddings=("same",)))
    layer = layer._replace(stride=[data.draw(st.integers(1, 5)) for _ in range(rank)])
    answer = conv_shape(**layer.keywords())
    sizes = [math.ceil(size / stride) for size, stride in zip(layer.sizes, layer.stride, strict=True)]
    assert answer["output"].value.tolist() == [*layer.input[: -rank - 1], layer.filters, *sizes]
    assert answer["flat"].value.item() == layer.filters * math.prod(sizes)
    assert answer.passed


def told(note):
    """A note as plain text."""
    return "".join(part for part in note if isinstance(part, str))


@every_rank
@MANY
@given(data=st.data())
def test_left_over_places_are_those_never_covered(rank, data):
    """Protects the note below each output size: the window is put at every place, and what lies beyond is counted."""
    layer = data.draw(layers(rank, paddings=("numbers", "valid")))
    assume(torch_output(layer) is not None)
    answer = conv_shape(**layer.keywords())
    pads = [0] * rank if layer.padding == "valid" else layer.padding
    explained = 0
    for axis, i, k, s, p, d in zip(
        AXES[rank], layer.sizes, layer.kernel, layer.stride, pads, layer.dilation, strict=True
    ):
        padded, last, places, at = i + 2 * p, 0, 0, 0
        while at + d * (k - 1) < padded:
            last, places, at = at + d * (k - 1), places + 1, at + s
        beyond = len(range(last + 1, padded))
        assert answer[f"{axis}_out"].value.item() == places
        note = told(answer[f"{axis}_out"].note)
        if not note:  # the second of two equal axes refers to the first
            assert axis != AXES[rank][0]
            continue
        explained += 1
        skipped = s - (d * (k - 1) + 1)
        between = (
            f"; between two windows {skipped} place{' is' if skipped == 1 else 's are'} skipped" if skipped > 0 else ""
        )
        assert note.endswith(between)
        assert ("skipped" in note) == bool(between)
        found = re.match(
            r"of the (\d+) places?(?: \((\d+) and (\d+) of padding\))? the last (?:(\d+) are|one is) left over", note
        )
        if beyond:
            assert found, note
            every, size, zeros, lost = found.groups()
            assert (int(every), int(lost or 1)) == (padded, beyond)
            assert (size, zeros) == ((str(i), str(2 * p)) if p else (None, None))
        else:
            assert re.match(rf"the last window ends at the edge of the {padded} place", note), note
    assert explained


@every_rank
@copies
@MANY
@given(data=st.data())
def test_unbatched_inputs_lose_only_the_batch(rank, data):
    """Protects an input without a batch: the same numbers, one axis fewer in the output."""
    layer = data.draw(layers(rank))._replace(batch=data.draw(st.integers(1, 100)))
    assume(torch_output(layer) is not None)
    whole, single = (numbers(conv_shape(**each.keywords())) for each in (layer, layer._replace(batch=None)))
    assert single == {**whole, "output": whole["output"][1:]}
    assert whole["output"][0] == layer.batch


@pytest.mark.parametrize(
    "form",
    [list, tuple, lambda sizes: "×".join(map(str, sizes)), str, torch.Size, lambda sizes: tuple(map(np.int64, sizes))],
    ids=["list", "tuple", "crosses", "text of a list", "torch.Size", "tuple of NumPy integers"],
)  # fmt: skip
def test_sizes_may_be_any_sequence(form):
    """Protects shapes as programs have them: `tensor.shape` of PyTorch, tuples of NumPy integers, lists, text."""
    answer = conv_shape(input=form([8, 3, 20, 30]), filters=4, kernel=form([3, 5]), stride=form([2, 1]))
    assert answer["output"].value.tolist() == [8, 4, 9, 26]


@pytest.mark.parametrize(
    "change",
    [
        {"input": "3x999999999x999999999"},
        {"input": "3x99999999x99999999x99999999", "kernel": "1x1x1"},
        {"filters": 10**18},
        {"filters": 10**50},
        {"filters": 10**50, "bias": "no"},
        {"filters": 10**50, "padding": "same"},
    ],
)
def test_sizes_beyond_machine_integers(change):
    """Protects whole numbers of any size: the count is right to the last digit, and nothing wraps around."""
    given = {"input": "3x8x8", "filters": 1000, "kernel": 1, **change}
    answer = conv_shape(**given)
    channels, *sizes = map(int, given["input"].split("x"))
    filters = given["filters"]
    ones = [1] * len(sizes)
    assert numbers(answer) == {
        "weight": [filters, channels, *ones],
        "output": [filters, *sizes],
        "P": filters * channels + (0 if given.get("bias") == "no" else filters),
        "flat": filters * math.prod(sizes),
    }
    assert answer.passed


GOOD = {"input": "8x3x20x30", "filters": 4, "kernel": "3x5", "stride": "2x1", "padding": "1x0", "dilation": "1x2"}


def test_what_the_errors_start_from_is_accepted():
    """Protects the tests of errors: without the one change the question is a good one."""
    assert conv_shape(**GOOD).passed


@pytest.mark.parametrize(
    ("named", "changes"),
    [
        ("input", {"input": "20"}),
        ("input", {"input": "20x30"}),
        ("input", {"input": "2x8x3x20x30"}),
        ("input", {"input": "1x2x8x3x20x30"}),
        ("input", {"input": "8x0x20x30"}),
        ("input", {"input": "8x3x20x-30"}),
        ("input", {"input": "8x3x20x3.5"}),
        ("input", {"input": "8x3x20xw"}),
        ("input", {"input": ""}),
        ("filters", {"filters": 0}),
        ("filters", {"filters": -4}),
        ("filters", {"filters": 2.5}),
        ("filters", {"filters": "F"}),
        ("filters", {"filters": True}),
        ("kernel", {"kernel": 0}),
        ("kernel", {"kernel": "3x0"}),
        ("kernel", {"kernel": "3x5", "dims": "1"}),
        ("kernel", {"kernel": "3x5", "dims": "3"}),
        ("kernel", {"kernel": "1x1x1x1"}),
        ("kernel", {"kernel": "23x5"}),
        ("kernel", {"kernel": "3x16"}),
        ("kernel", {"kernel": "three"}),
        ("stride", {"stride": 0}),
        ("stride", {"stride": "1x2x3"}),
        ("stride", {"stride": -1}),
        ("padding", {"padding": -1}),
        ("padding", {"padding": "1x1x1"}),
        ("padding", {"padding": "half"}),
        ("padding", {"padding": ""}),
        ("dilation", {"dilation": 0}),
        ("dilation", {"dilation": "1x1x1"}),
        ("dims", {"dims": "4"}),
        ("bias", {"bias": "maybe"}),
    ],
)
def test_what_does_not_fit_is_refused(named, changes):
    """Protects one line that names the parameter for everything that is no size or fits no axis."""
    with pytest.raises(InputError, match=rf"^{named}\b[^\n]*$"):
        conv_shape(**{**GOOD, **changes})


def test_a_filter_as_large_as_the_padded_input_is_accepted():
    """Protects the border of the error above: 22 places with padding, a filter of 22, one place for it."""
    assert conv_shape(**{**GOOD, "kernel": "22x5"})["H_out"].value.item() == 1
    assert conv_shape(**{**GOOD, "kernel": "3x15"})["W_out"].value.item() == 2
