"""Activation functions against PyTorch in float64: values, slopes and gradients, at kinks and far out."""

from __future__ import annotations

import re
from typing import get_args

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import activation, mlp
from explain.errors import InputError
from explain.render.markdown import prose
from explain.topics._activations.names import KNOWN
from explain.topics.mlp import Activation

EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
THEIRS = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": functional.relu,
    "leaky-relu": functional.leaky_relu,
    "hard-sigmoid": lambda z: functional.relu6(z + 3) / 6,  # its own hardsigmoid has 1/6 in float32 in its slope
    "softplus": lambda z: torch.logaddexp(z, torch.zeros_like(z)),  # its own softplus is a line from 20 on
    "elu": functional.elu,
    "selu": functional.selu,
    "gelu": functional.gelu,
    "gelu-tanh": lambda z: functional.gelu(z, approximate="tanh"),
    "silu": functional.silu,
    "mish": functional.mish,
    "softsign": functional.softsign,
    "hardtanh": functional.hardtanh,
    "relu6": functional.relu6,
    "hard-swish": functional.hardswish,
    "exponential": torch.exp,
    "identity": lambda z: 1 * z,
}
KINKS = [-3.0, -1.0, 0.0, 1.0, 3.0, 6.0]
NUMBERS = st.sampled_from(KINKS) | st.floats(-50, 50).map(lambda z: round(z, 6)) | st.sampled_from([-700.0, 700.0])
SIZES = st.integers(1, 4)
named = pytest.mark.parametrize("name", KNOWN)


def worked(function, x, upstream=None):
    """Values, slopes and gradient by autograd."""
    z = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    a = function(z)
    (slopes,) = torch.autograd.grad(a.sum(), z, retain_graph=True)
    arriving = torch.ones_like(a) if upstream is None else torch.tensor(upstream, dtype=torch.float64)
    (gradient,) = torch.autograd.grad(a, z, arriving)
    return a.detach().numpy(), slopes.numpy(), gradient.numpy()


def assert_same(ours, theirs):
    """Equal to nine digits, with the same shape."""
    assert ours.shape == theirs.shape
    np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-12)


def test_every_function_has_an_oracle():
    """Protects this file from testing less than there is."""
    assert THEIRS.keys() == KNOWN.keys()


@st.composite
def matrices(draw):
    """Two matrices of one shape: numbers with kinks among them, and what arrives from above."""
    rows, columns = draw(SIZES), draw(SIZES)
    cells = st.lists(NUMBERS, min_size=rows * columns, max_size=rows * columns)
    return [np.array(draw(cells)).reshape(rows, columns) for _ in range(2)]


@named
@EXAMPLES
@given(drawn=matrices())
def test_values_slopes_and_gradients(name, drawn):
    """Protects every activation as it is worked: PyTorch's values, slopes and gradients, at each kink as well."""
    x, upstream = drawn
    if name == "exponential":
        x = x / 4  # its value at 700, squared, is beyond double precision
    answer = activation(name, x=x, dA=upstream)
    value, slopes, gradient = worked(THEIRS[name], x, upstream)
    assert_same(answer["a"].value, value)
    assert_same(answer["da/dx"].value, slopes)
    assert_same(answer["dL/dx"].value, gradient)
    assert answer.passed


@EXAMPLES
@given(drawn=matrices(), slope=st.floats(0, 0.99), alpha=st.floats(0.01, 9))
def test_the_parameters_of_leaky_relu_and_elu(drawn, slope, alpha):
    """Protects --slope and --alpha: PyTorch with negative_slope and alpha, the slope at 0 as well."""
    slope, alpha = round(slope, 4), round(alpha, 4)
    answer = activation("leaky-relu,elu", x=drawn[0], slope=slope, alpha=alpha)
    for letters, function in (
        ("leakyrelu", lambda z: functional.leaky_relu(z, slope)),
        ("elu", lambda z: functional.elu(z, alpha)),
    ):
        value, slopes, _ = worked(function, drawn[0])
        assert_same(answer[f"a_{letters}"].value, value)
        assert_same(answer[f"da_{letters}/dx"].value, slopes)
    assert answer.passed


@named
@pytest.mark.parametrize("far", [-1e300, -800, 800, 1e300])
def test_far_out_nothing_overflows(name, far):
    """Protects the stable evaluation: far out every function has a finite value and slope, the exponential an error."""
    if name == "exponential" and far > 0:
        with pytest.raises(InputError, match="x: with these numbers a is beyond"):
            activation(name, x=[far])
        return
    answer = activation(name, x=[far])
    assert answer.passed
    assert abs(float(answer["da/dx"].value.item())) < 1.1
    if abs(far) == 800:
        value, slopes, _ = worked(THEIRS[name], [[far]])
        assert_same(answer["a"].value, value)
        assert_same(answer["da/dx"].value, slopes)


@pytest.mark.parametrize("name", get_args(Activation))
def test_every_activation_of_a_network(name):
    """Protects the choices of mlp: output and gradients of a hidden layer with each of them, and a page that checks."""
    if name == "softmax":
        return  # it stands in the last layer only; see the tests of mlp
    random = np.random.default_rng(5)
    x, W, V, y = (random.normal(size=size) for size in ((3, 2), (4, 2), (1, 4), (3, 1)))
    answer = mlp(x=x, W=[W, V], activation=[name, "identity"], target=y, loss="squared-error", reduction="sum")
    theirs = [torch.tensor(array, requires_grad=True) for array in (x, W, V)]
    output = THEIRS[name](theirs[0] @ theirs[1].T) @ theirs[2].T
    ((output - torch.tensor(y)) ** 2).sum().backward()
    assert_same(answer["yhat"].value.T, output.detach().numpy())
    assert_same(answer["dL/dW_1"].value, theirs[1].grad.numpy())
    assert_same(answer["dL/dW_2"].value, theirs[2].grad.numpy())
    assert answer.passed


# Function, number, value, slope: by hand, to four digits.
PUBLISHED = [
    ("sigmoid", 0, 0.5, 0.25),  # Goodfellow et al. 2016, section 6.3.2: largest slope at 0
    ("tanh", 0, 0, 1),
    ("softplus", 0, 0.6931, 0.5),  # log 2
    ("gelu", 1, 0.8413, 1.0833),  # Φ(1) = 0.8413, φ(1) = 0.2420
    ("gelu", -1, -0.1587, -0.0833),
    ("gelu-tanh", 1, 0.8412, 1.0830),
    ("silu", 1, 0.7311, 0.9277),  # σ(1) (1 + 1 - σ(1))
    ("selu", -1, -1.1113, 0.6468),  # λ α (1/e - 1) and λ α / e
    ("elu", -1, -0.6321, 0.3679),  # 1/e - 1 and 1/e
    ("mish", 1, 0.8651, 1.0490),
    ("softsign", -3, -0.75, 0.0625),
    ("hard-swish", 1, 0.6667, 0.8333),  # 4/6 and 5/6
    ("hard-sigmoid", 1, 0.6667, 0.1667),
    ("leaky-relu", -2, -0.02, 0.01),
]


@pytest.mark.parametrize(("name", "x", "value", "slope"), PUBLISHED)
def test_published_values(name, x, value, slope):
    """Protects from a definition that agrees with one library only."""
    answer = activation(name, x=x)
    assert float(answer["a"].value.item()) == pytest.approx(value, abs=6e-5)
    assert float(answer["da/dx"].value.item()) == pytest.approx(slope, abs=6e-5)


# Where the slope falls below 0.01, solved by hand or with PyTorch's slopes by bisection.
SATURATED = [
    ("sigmoid", "below -4.5849 and above 4.5849"),  # σ (1 - σ) = 0.01: log((1 + √0.96)/(1 - √0.96))
    ("tanh", "below -2.9932 and above 2.9932"),  # tanh² = 0.99
    ("softsign", "below -9 and above 9"),  # 1/(1 + t)² = 1/100
    ("softplus", "below -4.5951"),  # σ(t) = 0.01: log(1/99)
    ("exponential", "below -4.6052"),  # log 0.01
    ("elu", "below -4.6052"),
    ("relu", "up to 0"),
    ("relu6", "up to 0 and from 6 on"),
    ("hardtanh", "up to -1 and from 1 on"),
]


@pytest.mark.parametrize(("name", "where"), SATURATED)
def test_where_it_is_saturated(name, where):
    """Protects the numbers that are said of saturation."""
    note = prose(next(step.note for step in activation(name).steps if step.name.endswith("/dt")))
    assert f"for $t$ {where}: hardly any gradient" in note


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("relu", "0 on the left and 1 on the right, and PyTorch takes 0 there"),
        ("leaky-relu", "0.01 on the left and 1 on the right, and PyTorch takes 0.01 there"),
        ("selu", "1.7581 on the left and 1.0507 on the right, and PyTorch takes 1.7581 there"),
        ("hard-swish", "1.5 on the left and 1 on the right, and PyTorch takes 1 there"),
        ("hardtanh", "0 on the left and 1 on the right, and PyTorch takes 0 there"),
    ],
)
def test_kinks_are_told(name, told):
    """Protects what is said at a kink: both sides, and PyTorch's choice."""
    assert told in prose(next(step.note for step in activation(name).steps if step.name.endswith("/dt")))


@pytest.mark.parametrize("name", ["elu", "sigmoid", "gelu", "softsign"])
def test_smooth_functions_have_no_kink(name):
    """Protects from a kink where both slopes are the same, as in ELU with α = 1."""
    assert "kink" not in prose(next(step.note for step in activation(name).steps if step.name.endswith("/dt")))


def test_several_functions_stand_beside_each_other():
    """Protects the table: a column pair a function, a row a number, as typed."""
    answer = activation("all", x="-2.50,0,1")
    assert [len(table.columns) for table in answer.tables] == [7] * 6
    assert {column.title for table in answer.tables for column in table.columns} >= {"σ", "σ′", "ReLU", "ReLU′", "exp′"}
    assert [row[0][0].text for row in answer.tables[0].rows] == ["-2.50", "0", "1"]


@pytest.mark.parametrize(
    ("typed", "names"),
    [
        ("ReLU Sigmoid", ["relu", "sigmoid"]),
        ("swish;swish", ["silu"]),
        (["leaky_relu", "hardswish"], ["leaky-relu", "hard-swish"]),
        ("all", list(KNOWN)),
    ],
)
def test_names_as_people_type_them(typed, names):
    """Protects other spellings, and that each function is worked once."""
    answer = activation(typed)
    letters = [name.replace("-", "") for name in names]
    assert [step.name for step in answer.steps if "/" not in step.name] == letters


REFUSED = [
    ({"function": "relo"}, "FUNCTION has relo.*did you mean relu"),
    ({"function": ""}, "FUNCTION is empty"),
    ({"function": "cubist"}, "FUNCTION has cubist.*choose sigmoid"),
    ({"function": "relu," * 200}, "FUNCTION has 1000 characters"),
    ({"function": "relu", "slope": 0.1}, "slope is 0.1, but leaky-relu is not asked for"),
    ({"function": "relu", "alpha": 0.1}, "alpha is 0.1, but elu is not asked for"),
    ({"function": "leaky-relu", "slope": 1}, "slope is 1: it lies from 0 to below 1"),
    ({"function": "elu", "alpha": 0}, "alpha is 0: it must be positive"),
    ({"function": "relu", "dA": 1}, "dA is given, but x is missing"),
    ({"function": "relu,elu", "x": 1, "dA": 1}, "dA is given with 2 functions.*name one"),
    ({"function": "relu", "x": [1, 2], "dA": 1}, "dA is 1x1, but x is 1x2"),
]


@pytest.mark.parametrize(("given", "told"), REFUSED)
def test_what_is_refused(given, told):
    """Protects the errors: they name the option, its value, the rule and the mend."""
    with pytest.raises(InputError, match=re.compile(told)):
        activation(**given)
