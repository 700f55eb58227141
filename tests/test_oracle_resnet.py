"""The residual block against torch in float64: values and every gradient, identity and projection."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
import torch
from cases import CASES, works
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.functional import conv2d, relu

from explain import InputError, resnet_block

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)


@st.composite
def blocks(draw):
    """A block that fits: channels, filters, odd kernels, stride with a projection; one sample or several."""
    channels, inner, samples = (draw(st.integers(1, most)) for most in (3, 3, 2))
    rows, columns = draw(st.integers(2, 5)), draw(st.integers(2, 5))
    first, second = draw(st.sampled_from((1, 3))), draw(st.sampled_from((1, 3)))
    projected = draw(st.booleans())
    stride = draw(st.integers(1, 2)) if projected else 1
    outer = draw(st.integers(1, 3)) if projected else channels
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    arrays = {
        "X": random.uniform(-2, 2, (samples, channels, rows, columns)),
        "K_1": random.uniform(-1, 1, (inner, channels, first, first)),
        "K_2": random.uniform(-1, 1, (outer, inner, second, second)),
    }
    if draw(st.booleans()):
        arrays["b_1"], arrays["b_2"] = random.uniform(-1, 1, inner), random.uniform(-1, 1, outer)
    if projected:
        arrays["K_s"] = random.uniform(-1, 1, (outer, channels, 1, 1))
        if draw(st.booleans()):
            arrays["b_s"] = random.uniform(-1, 1, outer)
    if draw(st.booleans()):  # whole numbers: ties and kinks
        arrays = {name: np.round(value) for name, value in arrays.items()}
    return arrays, stride


def torch_block(arrays, stride):
    """The block by torch: every quantity by its name."""
    given = {name: torch.tensor(value, requires_grad=True) for name, value in arrays.items()}
    padding = [given[name].shape[-1] // 2 for name in ("K_1", "K_2")]
    z_1 = conv2d(given["X"], given["K_1"], given.get("b_1"), stride, padding[0])
    a_1 = relu(z_1)
    z_2 = conv2d(a_1, given["K_2"], given.get("b_2"), 1, padding[1])
    carried = given["X"]
    if "K_s" in given:
        carried = conv2d(carried, given["K_s"], given.get("b_s"), stride)
    return given, {"Z_1": z_1, "A_1": a_1, "Z_2": z_2, "Y": z_2 + carried, "A_2": relu(z_2 + carried)}


@given(blocks(), st.integers(0, 2**32 - 1))
@EXAMPLES
def test_values_and_gradients(block, seed):
    """Protects the block: every quantity and every gradient against torch, the gradient of ReLU at 0 included."""
    arrays, stride = block
    given, expected = torch_block(arrays, stride)
    arriving = np.random.default_rng(seed).uniform(-1, 1, tuple(expected["A_2"].shape))
    expected["A_2"].backward(torch.tensor(arriving))
    odd = {"padding": "same"} if stride == 1 else {"padding": padding_of(arrays)}
    if odd["padding"] is None:
        return  # two kernels of different sizes with a stride: one padding does not serve both
    answer = resnet_block(**arrays, stride=stride, dA_2=arriving, **odd)
    assert answer.passed
    for name, value in expected.items():
        close(answer[name].value, value.detach().numpy())
    for name, value in given.items():
        close(answer[f"dL/d{name}"].value, value.grad.numpy())


def padding_of(arrays):
    """The padding that keeps sizes apart from the stride, where both kernels need the same."""
    sizes = {arrays[name].shape[-1] for name in ("K_1", "K_2")}
    return sizes.pop() // 2 if len(sizes) == 1 else None


def close(value, expected):
    """Equal to 1e-9 relative, whatever axes of size 1 are left out."""
    np.testing.assert_allclose(value.reshape(expected.shape), expected, rtol=1e-9, atol=1e-11)


@works("resnet-block")
def test_the_block_of_a_paper():
    """Protects the published question: z and a of both layers, the sum with the skip, and no other shape."""
    case = CASES["resnet-block"]
    answer = resnet_block(X=case["inputs"]["a"], K_1=case["inputs"]["w_1"], K_2=case["inputs"]["w_2"])
    names = {"z_1": "Z_1", "a_1": "A_1", "z_2": "Z_2", "z_2+a": "Y", "a_2": "A_2"}
    for asked, name in names.items():
        assert answer[name].value.tolist() == case["expected"][asked], asked
    assert answer.passed


def test_the_gradient_of_the_input_takes_both_ways():
    """Protects the skip: ∂L/∂X is what the skip brings back, plus what comes through the two layers."""
    answer = resnet_block(X=[[1.0, 2.0], [3.0, 4.0]], K_1=[[0.5]], K_2=[[-0.25]], dA_2=[[1, 1], [1, 1]])
    through = answer["dL/dZ_1"].value * 0.5
    np.testing.assert_allclose(answer["dL/dX"].value, answer["dL/dY"].value + through)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"K_2": [[1, 0], [0, 1]], "padding": 0}, "X is 2x2, but the two convolutions give 1x1"),
        ({"K_1": [[[1]], [[1]]], "K_2": [[[[1]], [[1]]], [[[1]], [[1]]]]}, "give a projection K_s"),
        ({"K_s": [[[1]], [[2]]]}, "the projection needs as many filters as K_2"),
        ({"b_s": [1]}, "b_s is given, but K_s is missing"),
        ({"b_1": [1, 2]}, "b_1 has 2 numbers, but there is 1 filter"),
        ({"K_2": [[[[1]], [[1]]]]}, "K_2 is 1x2x1x1"),
        ({"dA_2": [[1, 2, 3]]}, "dA_2 is 1x3, but A_2 is 2x2"),
        ({"K_1": [[1] * 5] * 5, "padding": 1}, "K_1 covers 5 rows, but X has 2 (4 with padding)"),
    ],
)
def test_what_does_not_fit_is_refused(wrong, told):
    """Protects the errors: the option, its shape, the rule and the mend, in one line."""
    fitting = {"X": [[1, 2], [3, 4]], "K_1": [[1]], "K_2": [[1]]}
    with pytest.raises(InputError) as refused:
        resnet_block(**(fitting | wrong))
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_command_of_the_paper():
    """Protects the command line: the block with options as they are typed."""
    command = ["resnet-block", "--X", "-1,-1;1,1", "--K-1", "1,1,1;-1,-1,-1;1,1,1", "--K-2", "1,-1,1;1,-1,1;1,-1,1"]
    printed = subprocess.run(
        [sys.executable, "-m", "explain", *command, "--format", "terminal", "--width", "80"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert "└───────── X itself ─────────┘" in printed
    assert "A₂ = ⎢    ⎥" in printed
