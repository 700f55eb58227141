"""Backpropagation against torch autograd in float64, on formulas that hypothesis builds from the grammar."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explain import InputError, backprop

torch.set_default_dtype(torch.float64)
SOFT = settings(
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)
NUMBER = (1, 1)  # the shape of a number, here
N, M = 2, 3
COLUMN, TALL, ROW, WIDE, TURNED, SQUARE = (N, 1), (M, 1), (1, N), (M, N), (N, M), (N, N)
SHAPES = (NUMBER, COLUMN, TALL, ROW, WIDE, TURNED, SQUARE)
NAMES = {
    NUMBER: ["a", "b", "w_1"], COLUMN: ["x", "y"], TALL: ["t"], ROW: ["r"], WIDE: ["W", "V"], TURNED: ["U"],
    SQUARE: ["Q"],
}  # fmt: skip
SHAPE_OF = {name: shape for shape, names in NAMES.items() for name in names}


class Formula(NamedTuple):
    """A formula as it is typed, how torch works it, and how tightly it binds (a sum 0, a product 1, else 2)."""

    text: str
    work: Callable[[dict[str, torch.Tensor]], torch.Tensor]
    binds: int = 2

    def held(self, least: int) -> str:
        """The text, in parentheses where it binds more loosely."""
        return self.text if self.binds >= least else f"({self.text})"


def axis_sum(value, axis):
    """A sum along an axis that stays."""
    return value.sum(dim=axis, keepdim=True)


FUNCTIONS = {
    "sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu, "sin": torch.sin, "cos": torch.cos,
    "leaky_relu": torch.nn.functional.leaky_relu, "softplus": torch.nn.functional.softplus, "abs": torch.abs,
    "exp": torch.exp,
}  # fmt: skip
POSITIVE = {"log": torch.log, "sqrt": torch.sqrt}


@st.composite
def formulas(draw, shape=NUMBER, depth=3):
    """A formula whose value has this shape."""
    if depth <= 0 or draw(st.integers(0, 9)) == 0:
        return draw(leaves(shape))
    inner = formulas(shape, depth - 1)
    kinds = ["function", "sum", "product", "quotient", "power", "minus", "scaled", "positive", "larger", "general"]
    own = {NUMBER: ["reduce", "dot"] * 3, WIDE: ["outer", "turned", "stretched"], SQUARE: ["outer", "matrix"]}
    vector = ["matrix"] * 3 + ["softmax", "along"]
    kind = draw(st.sampled_from(kinds + own.get(shape, vector if shape in (COLUMN, TALL) else ["turned"])))
    return draw(MAKERS[kind](shape, depth, inner))


@st.composite
def leaves(draw, shape):
    """A name of the shape; for a number, also a number."""
    if shape == NUMBER and draw(st.integers(0, 3)) == 0:
        number = draw(st.sampled_from(["2", "0.5", "3", "1.25", "-1"]))
        return Formula(number, lambda _, n=float(number): torch.tensor([[n]]), 1 if number[0] == "-" else 2)
    name = draw(st.sampled_from(NAMES[shape]))
    return Formula(name, lambda known, n=name: known[n])


@st.composite
def applied(draw, shape, depth, inner):
    name = draw(st.sampled_from(sorted(FUNCTIONS)))
    part = draw(inner)
    return Formula(f"{name}({part.text})", lambda known: FUNCTIONS[name](part.work(known)))


@st.composite
def positive(draw, shape, depth, inner):
    name, part = draw(st.sampled_from(sorted(POSITIVE))), draw(inner)
    return Formula(f"{name}(1 + {part.held(3)}^2)", lambda known: POSITIVE[name](1 + part.work(known) ** 2))


@st.composite
def summed(draw, shape, depth, inner):
    parts, signs = draw(st.lists(inner, min_size=2, max_size=3)), draw(st.lists(st.booleans(), min_size=3, max_size=3))
    text = ("" if signs[0] else "-") + parts[0].held(1 + (parts[0].text[0] == "-"))
    for sign, part in zip(signs[1:], parts[1:], strict=False):
        text += (" + " if sign else " - ") + part.held(1)

    def work(known):
        total = 0
        for sign, part in zip(signs, parts, strict=False):
            total = total + part.work(known) if sign else total - part.work(known)
        return total

    return Formula(text, work, 0)


@st.composite
def product(draw, shape, depth, inner):
    first, second = draw(inner), draw(inner)
    return Formula(f"{first.held(1)}*{second.held(2)}", lambda known: first.work(known) * second.work(known), 1)


@st.composite
def scaled(draw, shape, depth, inner):
    first, second = draw(formulas(NUMBER, depth - 1)), draw(inner)
    return Formula(f"{first.held(1)}·{second.held(2)}", lambda known: first.work(known) * second.work(known), 1)


@st.composite
def quotient(draw, shape, depth, inner):
    first, second = draw(inner), draw(inner)
    return Formula(
        f"{first.held(1)}/(1 + {second.held(3)}^2)", lambda known: first.work(known) / (1 + second.work(known) ** 2), 1
    )


@st.composite
def power(draw, shape, depth, inner):
    exponent, sign = draw(st.integers(2, 3)), draw(st.sampled_from(["^", "**"]))
    part = draw(inner)
    return Formula(f"{part.held(3)}{sign}{exponent}", lambda known: part.work(known) ** exponent)


@st.composite
def general(draw, shape, depth, inner):
    first, second = draw(inner), draw(inner)
    return Formula(
        f"(1 + abs({first.text}))^{second.held(3)}", lambda known: (1 + first.work(known).abs()) ** second.work(known)
    )


@st.composite
def minus(draw, shape, depth, inner):
    part = draw(inner)
    return Formula(f"-{part.held(2)}", lambda known: -part.work(known), 0)


@st.composite
def larger(draw, shape, depth, inner):
    name, first, second = draw(st.sampled_from(["max", "min"])), draw(inner), draw(inner)
    work = torch.maximum if name == "max" else torch.minimum
    return Formula(
        f"{name}({first.text}, {second.text})",
        lambda known: work(*torch.broadcast_tensors(first.work(known), second.work(known))),
    )


@st.composite
def reduced(draw, shape, depth, inner):
    part = draw(formulas(draw(st.sampled_from(SHAPES[1:])), depth - 1))
    name = draw(st.sampled_from(["sum", "mean", "max", "min"]))
    work = {"sum": torch.sum, "mean": torch.mean, "max": torch.amax, "min": torch.amin}[name]
    return Formula(f"{name}({part.text})", lambda known: work(part.work(known)).reshape(1, 1))


@st.composite
def dot(draw, shape, depth, inner):
    size = draw(st.sampled_from([COLUMN, TALL]))
    first, second = draw(formulas(size, depth - 1)), draw(formulas(size, depth - 1))
    mark = draw(st.sampled_from(["'", ".T", "ᵀ"])) if first.binds == 2 and first.text.isalpha() else "'"
    return Formula(
        f"{first.held(3) if first.binds < 2 or not first.text.isalpha() else first.text}{mark} @ {second.held(2)}",
        lambda known: first.work(known).T @ second.work(known),
        1,
    )


@st.composite
def matrix(draw, shape, depth, inner):
    between = draw(st.sampled_from([N, M]))
    left = {(M, N): "W", (N, M): "U", (N, N): "Q"}.get((shape[0], between))
    if left is None:  # M x M
        between, left = N, "W"
    second = draw(formulas((between, shape[1]), depth - 1))
    return Formula(f"{left} @ {second.held(2)}", lambda known: known[left] @ second.work(known), 1)


@st.composite
def outer(draw, shape, depth, inner):
    first, second = draw(formulas((shape[0], 1), depth - 1)), draw(formulas((shape[1], 1), depth - 1))
    return Formula(f"{first.held(1)} @ ({second.text})'", lambda known: first.work(known) @ second.work(known).T, 1)


@st.composite
def turned(draw, shape, depth, inner):
    part = draw(formulas(shape[::-1], depth - 1))
    return Formula(f"({part.text})'", lambda known: part.work(known).T)


@st.composite
def stretched(draw, shape, depth, inner):
    first, other = draw(inner), draw(formulas(draw(st.sampled_from([TALL, ROW])), depth - 1))
    return Formula(f"{first.held(1)} + {other.held(1)}", lambda known: first.work(known) + other.work(known), 0)


@st.composite
def softmaxed(draw, shape, depth, inner):
    part = draw(inner)
    return Formula(f"softmax({part.text})", lambda known: torch.softmax(part.work(known), dim=0))


@st.composite
def along(draw, shape, depth, inner):
    whole = WIDE if shape == TALL else draw(st.sampled_from([TURNED, SQUARE]))
    part, name = draw(formulas(whole, depth - 1)), draw(st.sampled_from(["sum", "mean", "max", "softmax"]))
    work = {
        "sum": axis_sum,
        "mean": lambda value, axis: axis_sum(value, axis) / value.shape[axis],
        "max": lambda value, axis: torch.amax(value, axis, keepdim=True),
        "softmax": lambda value, axis: axis_sum(torch.softmax(value, axis) * value, axis),
    }[name]
    if name == "softmax":
        text = f"sum(softmax({part.text}, axis=1) * ({part.text}), axis=1)"
    else:
        text = f"{name}({part.text}, axis={draw(st.sampled_from(['1', '-1']))})"
    return Formula(text, lambda known: work(part.work(known), 1))


MAKERS = {
    "function": applied, "sum": summed, "product": product, "quotient": quotient, "power": power, "minus": minus,
    "scaled": scaled, "positive": positive, "larger": larger, "general": general, "reduce": reduced, "dot": dot,
    "matrix": matrix, "outer": outer, "turned": turned, "stretched": stretched, "softmax": softmaxed, "along": along,
}  # fmt: skip


def inputs_of(formula, seed):
    """Numbers for the names of a formula, as decimals of three places."""
    import re

    random = np.random.default_rng(seed)
    everything = {name: random.uniform(-1.5, 1.5, shape).round(3) for name, shape in SHAPE_OF.items()}
    read = set(re.findall(r"(?<![A-Za-z_])(?:w_1|[A-Za-z])(?![A-Za-z_])", formula.text))
    return {name: value for name, value in everything.items() if name in read}


def by_torch(formula, values):
    """The value and the gradients by autograd; a name that does not matter has a gradient of zeros."""
    known = {name: torch.tensor(value, requires_grad=True) for name, value in values.items()}
    result = formula.work(known)
    result.sum().backward()
    gradients = {
        name: np.zeros(value.shape) if value.grad is None else value.grad.numpy() for name, value in known.items()
    }
    return float(result.detach().sum()), gradients


def assert_same(formula, values, *, checked=False):
    """The value and every gradient, to nine digits."""
    expected, gradients = by_torch(formula, values)
    largest = max([abs(expected), *(abs(gradient).max() for gradient in gradients.values())])
    try:
        answer = backprop("f_0 = " + formula.text, values=values)
    except InputError as error:
        told = str(error)
        assert not np.isfinite(largest) or largest > 1e200 or "operations" in told or "domain" in told, told
        return
    if not np.isfinite(largest):
        return
    np.testing.assert_allclose(answer["f_0"].value, expected, rtol=1e-9, atol=1e-12)
    for name, gradient in gradients.items():
        ours = answer[f"df_0/d{name}"].value.reshape(gradient.shape)
        scale = max(1.0, float(abs(gradient).max()))
        np.testing.assert_allclose(ours, gradient, rtol=1e-9, atol=1e-11 * scale, err_msg=f"{name} of {formula.text}")
    if checked:
        assert answer.passed, [check for check in answer.all_checks if not check.passed]


@settings(SOFT, max_examples=400)
@given(formula=formulas(), seed=st.integers(0, 2**32 - 1))
def test_value_and_gradients_are_those_of_autograd(formula, seed):
    """Protects every rule of differentiation, and the paths that meet, on formulas nobody thought of."""
    values = inputs_of(formula, seed)
    if values:
        assert_same(formula, values)


@settings(SOFT, max_examples=60)
@given(formula=formulas(depth=2), seed=st.integers(0, 2**32 - 1))
def test_the_checks_of_an_answer_pass(formula, seed):
    """Protects the second routes: SymPy's digits and the finite differences agree with what autograd confirms."""
    values = inputs_of(formula, seed)
    if values:
        assert_same(formula, values, checked=True)
