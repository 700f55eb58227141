"""The recurrent network against torch.nn.RNN in float64, and against the formula that Keras documents."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import InputError, rnn

EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
SOMETIMES = st.booleans()
OUTPUTS = ("identity", "sigmoid", "tanh", "relu", "leaky-relu", "softmax")


def softmax(z):
    """Along the last axis; the numbers here are moderate."""
    return np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)


FUNCTIONS = {
    "identity": np.copy,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky-relu": lambda z: np.where(z > 0, z, 0.01 * z),
    "softmax": softmax,
}


class Question(NamedTuple):
    """A network and its inputs; vectors have one axis, what was not given is None."""

    x: np.ndarray
    U: np.ndarray
    W: np.ndarray
    b_h: np.ndarray | None
    V: np.ndarray | None
    b_y: np.ndarray | None
    h_0: np.ndarray | None

    def keywords(self, form=np.asarray):
        """The arguments of `rnn`, every array in the given form."""
        return {name: form(value) for name, value in self._asdict().items() if value is not None}

    def read_out(self, activation):
        """The activation of the outputs, where there are any: without V it is refused."""
        return {} if self.V is None else {"output_activation": activation}

    def bias(self, name, size):
        """A bias or state, zeros where it was not given."""
        value = getattr(self, name)
        return np.zeros(size) if value is None else value


@st.composite
def questions(draw, outputs=SOMETIMES):
    """1-6 steps of 1-4 features, 1-5 units, 1-4 outputs; their shape is drawn, their numbers come from a seed."""
    steps, d, n, k = (draw(st.integers(1, most)) for most in (6, 4, 5, 4))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    b_h, b_y, h_0 = (random.uniform(-1, 1, size) if draw(st.booleans()) else None for size in (n, k, n))
    V = random.uniform(-1, 1, (k, n)) if draw(outputs) else None
    return Question(
        random.uniform(-2, 2, (steps, d)),
        random.uniform(-1, 1, (n, d)),
        random.uniform(-1, 1, (n, n)),
        b_h,
        V,
        None if V is None else b_y,
        h_0,
    )


def torch_states(question, nonlinearity):
    """z and h of every step, one step a row: h from torch.nn.RNN, z from the h before it."""
    x, U, W = (torch.tensor(getattr(question, name)) for name in ("x", "U", "W"))
    n, d = U.shape
    b_h, h_0 = (torch.tensor(question.bias(name, n)) for name in ("b_h", "h_0"))
    layer = torch.nn.RNN(d, n, nonlinearity=nonlinearity, dtype=torch.float64)
    with torch.no_grad():
        for parameter, value in zip(layer.parameters(), (U, W, b_h, torch.zeros(n)), strict=True):
            parameter.copy_(value)
        h, last = layer(x, h_0[None])
        torch.testing.assert_close(h[-1:], last)
        before = torch.cat([h_0[None], h[:-1]])
        z = torch.nn.functional.linear(x, U, b_h) + torch.nn.functional.linear(before, W)
    return z.numpy(), h.numpy()


def keras_states(question, activation):
    """z and h of every step by the formula of Keras' SimpleRNN, whose kernels stand on the right: f(x W + h U + b)."""
    kernel, recurrent = question.U.T, question.W.T
    h, found = question.bias("h_0", len(recurrent)), []
    for x in question.x:
        z = x @ kernel + h @ recurrent + question.bias("b_h", len(recurrent))
        h = FUNCTIONS[activation](z)
        found.append((z, h))
    return tuple(np.array(rows) for rows in zip(*found, strict=True))


def assert_same(answer, quantity, theirs):
    """A quantity of every step, a column each, to nine digits."""
    for t, expected in enumerate(theirs, 1):
        ours = answer[f"{quantity}_{t}"].value
        assert ours.shape == (len(expected), 1)
        np.testing.assert_allclose(ours[:, 0], expected, rtol=1e-9, atol=1e-12, err_msg=f"{quantity}_{t}")


def assert_whole_answer(answer, question, z, h, output):
    """z, h, o and y of every step, and no other step."""
    steps = len(question.x)
    per_step = ["z", "h"]
    if question.V is not None:
        per_step += ["y"] if output == "identity" else ["o", "y"]
    assert answer.names == [f"{quantity}_{t}" for t in range(1, steps + 1) for quantity in per_step]
    asked = range(1, steps + 1) if steps <= 6 else [steps]  # of a long sequence the last one, the rest in a table
    assert answer.results == [f"{per_step[-1]}_{t}" for t in asked]
    assert_same(answer, "z", z)
    assert_same(answer, "h", h)
    if question.V is not None:
        o = h @ question.V.T + question.bias("b_y", len(question.V))
        assert_same(answer, "y", FUNCTIONS[output](o))
        if output != "identity":
            assert_same(answer, "o", o)
    assert answer.passed


@pytest.mark.parametrize("activation", ["tanh", "relu"])
@EXAMPLES
@given(question=questions(), output=st.sampled_from(OUTPUTS), as_lists=st.booleans())
def test_every_step_is_that_of_pytorch(activation, question, output, as_lists):
    """Protects z, h and y of every time step for the two activations that torch.nn.RNN has."""
    z, h = torch_states(question, activation)
    form = np.ndarray.tolist if as_lists else np.asarray
    answer = rnn(**question.keywords(form), activation=activation, **question.read_out(output))
    assert_whole_answer(answer, question, z, h, output)


@pytest.mark.parametrize("activation", ["sigmoid", "identity", "leaky-relu", "tanh"])
@EXAMPLES
@given(question=questions(), output=st.sampled_from(OUTPUTS))
def test_every_step_is_that_of_keras(activation, question, output):
    """Protects the other activations, with kernels on the right as Keras has them."""
    z, h = keras_states(question, activation)
    answer = rnn(**question.keywords(), activation=activation, **question.read_out(output))
    assert_whole_answer(answer, question, z, h, output)


@EXAMPLES
@given(question=questions())
def test_the_two_references_agree(question):
    """Protects the tests themselves: the formula written here is what torch.nn.RNN does."""
    for ours, theirs in zip(keras_states(question, "tanh"), torch_states(question, "tanh"), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


@EXAMPLES
@given(question=questions(outputs=st.just(True)))
def test_defaults_are_tanh_and_identity(question):
    """Protects the defaults: tanh for the state, no activation for the output, zeros for what is not given."""
    z, h = torch_states(question, "tanh")
    assert_whole_answer(rnn(**question.keywords()), question, z, h, "identity")


@EXAMPLES
@given(question=questions(), turned=st.sampled_from(["column", "row"]))
def test_biases_and_state_stand_either_way(question, turned):
    """Protects b_h, b_y and h_0 as a column or a row: the same floats as from a plain list."""

    def form(value):
        shape = (-1, 1) if turned == "column" else (1, -1)
        return value.reshape(shape) if value.ndim == 1 else value

    plain, other = rnn(**question.keywords()), rnn(**question.keywords(form))
    for step in plain.steps:
        np.testing.assert_array_equal(other[step.name].value, step.value, err_msg=step.name)


@pytest.mark.parametrize("steps", [1, 3])
def test_text_lists_and_arrays_give_the_same(steps):
    """Protects the ways to hand numbers over: the very same floats come out."""
    random = np.random.default_rng(steps)
    sizes = {"x": (steps, 2), "U": (3, 2), "W": (3, 3), "b_h": (3,), "V": (2, 3), "b_y": (2,), "h_0": (3,)}
    question = Question(**{name: random.normal(size=size).round(6) for name, size in sizes.items()})

    def text(array):
        return ";".join(",".join(map(repr, row)) for row in np.atleast_2d(array).tolist())

    reference = rnn(**question.keywords())
    for form in (np.ndarray.tolist, text, lambda array: f"[{text(array)}]"):
        answer = rnn(**question.keywords(form))
        assert answer.names == reference.names
        for step in reference.steps:
            np.testing.assert_array_equal(answer[step.name].value, step.value, err_msg=step.name)


TWO_UNITS = {"W": "0.1,0.2;0.3,0.4"}
ONE_UNIT = {"W": "0.9"}


@pytest.mark.parametrize(
    ("given", "inputs"),
    [
        # U has one column: every number is a step of its own
        ({"x": "2,3", "U": "0.5,0.6", **TWO_UNITS}, [[2], [3]]),
        ({"x": "2;3", "U": "0.5,0.6", **TWO_UNITS}, [[2], [3]]),
        ({"x": "2,3", "U": "0.5;0.6", **TWO_UNITS}, [[2], [3]]),
        ({"x": [2, 3], "U": [[0.5], [0.6]], **TWO_UNITS}, [[2], [3]]),
        ({"x": [[2, 3]], "U": [0.5, 0.6], **TWO_UNITS}, [[2], [3]]),
        ({"x": [[2], [3]], "U": [0.5, 0.6], **TWO_UNITS}, [[2], [3]]),
        ({"x": np.array([2, 3]), "U": np.array([0.5, 0.6]), **TWO_UNITS}, [[2], [3]]),
        ({"x": np.array([[2, 3]]), "U": np.array([[0.5], [0.6]]), **TWO_UNITS}, [[2], [3]]),
        ({"x": np.array([[2], [3]]), "U": np.array([0.5, 0.6]), **TWO_UNITS}, [[2], [3]]),
        ({"x": "2,3,4", "U": "0.5,0.6", **TWO_UNITS}, [[2], [3], [4]]),
        ({"x": 2, "U": "0.5,0.6", **TWO_UNITS}, [[2]]),
        # U has two columns: one step of two features, or one step a row
        ({"x": "2,3", "U": "0.5,0.6;0.7,0.8", **TWO_UNITS}, [[2, 3]]),
        ({"x": "[[2,3]]", "U": "0.5,0.6;0.7,0.8", **TWO_UNITS}, [[2, 3]]),
        ({"x": [[2, 3]], "U": "0.5,0.6;0.7,0.8", **TWO_UNITS}, [[2, 3]]),
        ({"x": "1,2;3,4", "U": "0.5,0.6;0.7,0.8", **TWO_UNITS}, [[1, 2], [3, 4]]),
        ({"x": "1,2;3,4;5,6", "U": "0.5,0.6;0.7,0.8", **TWO_UNITS}, [[1, 2], [3, 4], [5, 6]]),
        ({"x": np.array([[1, 2], [3, 4]]), "U": [[0.5, 0.6], [0.7, 0.8]], **TWO_UNITS}, [[1, 2], [3, 4]]),
        # one unit
        ({"x": "2,3", "U": "0.5", **ONE_UNIT}, [[2], [3]]),
        ({"x": 2, "U": 0.5, "W": 0.9}, [[2]]),
        ({"x": "2,3", "U": "0.5,0.6", **ONE_UNIT}, [[2, 3]]),
        ({"x": "1,2;3,4", "U": "0.5,0.6", **ONE_UNIT}, [[1, 2], [3, 4]]),
        ({"x": "1,2;3,4", "U": np.array([[0.5, 0.6]]), "W": np.array([[0.9]])}, [[1, 2], [3, 4]]),
    ],
)  # fmt: skip
def test_what_a_time_step_is(given, inputs):
    """Protects the reading of x: whether 2,3 is two steps or one step of two features is U's to say."""
    answer = rnn(**given)
    known = {item.symbol.name: item.values.array for item in answer.given}
    assert [name for name in known if name.startswith("x_")] == [f"x_{t}" for t in range(1, len(inputs) + 1)]
    for t, column in enumerate(inputs, 1):
        np.testing.assert_array_equal(known[f"x_{t}"], np.array(column, dtype=float)[:, None])
    U, W = known["U"].astype(float), known["W"].astype(float)
    question = Question(np.array(inputs, dtype=float), U, W, None, None, None, None)
    assert_whole_answer(answer, question, *torch_states(question, "tanh"), "identity")


@pytest.mark.parametrize(
    ("V", "shape"),
    [
        ("1,2", (1, 2)),
        ("1,2;3,4", (2, 2)),
        ([[1, 2]], (1, 2)),
        (np.array([1.0, 2.0]), (1, 2)),
        ("1,2;3,4;5,6", (3, 2)),
    ],
)
def test_the_way_that_V_stands(V, shape):
    """Protects V as a vector: with two units it is one output."""
    answer = rnn(x="2,3", U="0.5,0.6", V=V, **TWO_UNITS)
    known = {item.symbol.name: item.values.array for item in answer.given}
    assert known["V"].shape == shape
    for t in (1, 2):
        expected = known["V"].astype(float) @ answer[f"h_{t}"].value
        np.testing.assert_allclose(answer[f"y_{t}"].value, expected, rtol=1e-12)


@pytest.mark.parametrize(("V", "outputs"), [("2", 1), ("1,2,3", 3), ("1;2;3", 3), ([[1], [2]], 2)])
def test_V_of_one_unit(V, outputs):
    """Protects V with one unit, where a vector has one number an output."""
    answer = rnn(x="2", U="0.5", W="0.9", V=V)
    assert answer["y_1"].value.shape == (outputs, 1)


GOOD = {
    "x": "1,2;3,4", "U": "1,2;3,4;5,6", "W": "1,2,3;4,5,6;7,8,9", "b_h": "1,2,3", "V": "1,2,3;4,5,6", "b_y": "1,2",
    "h_0": "1,2,3",
}  # fmt: skip


def test_what_the_errors_start_from_is_accepted():
    """Protects the tests of errors: without the one change the question is a good one."""
    assert rnn(**GOOD).passed


@pytest.mark.parametrize(
    ("named", "value"),
    [
        ("x", "1,2,3;4,5,6"),
        ("x", "1,2,3,4"),
        ("x", "1;2"),
        ("x", ";".join(["1,2"] * 2001)),
        ("x", np.ones((2001, 2))),
        ("x", "1,2;3"),
        ("U", "1,2;3,4"),
        ("U", "1,2,3;4,5,6"),
        ("U", "1,2"),
        ("W", "1,2,3"),
        ("W", "1,2,3;4,5,6"),
        ("W", "1,2;3,4;5,6"),
        ("b_h", "1,2"),
        ("b_h", "1,2,3,4"),
        ("b_h", "1"),
        ("b_y", "1"),
        ("b_y", "1,2,3"),
        ("h_0", "1,2"),
        ("h_0", "1,2;3,4"),
        ("h_0", "0"),
        ("V", "1,2;3,4"),
        ("V", "1;2;3"),
        ("b_y", None),
        ("x", "1,two"),
        ("W", "1,2,3;4,nan,6;7,8,9"),
        ("activation", "softmax"),
        ("output_activation", "softsign"),
    ],
)
def test_what_does_not_fit_is_refused(named, value):
    """Protects one line that names the parameter for every shape that does not meet W."""
    changed = {**GOOD, named: value}
    if value is None:  # the bias of the outputs without V
        changed = {name: kept for name, kept in GOOD.items() if name != "V"}
    with pytest.raises(InputError, match=rf"^{named}\b[^\n]*$"):
        rnn(**changed)


def test_two_hundred_steps_are_worked():
    """Protects the limit from the other side: 200 steps are accepted and right to the last."""
    random = np.random.default_rng(1)
    question = Question(
        random.normal(size=(200, 1)), random.normal(size=(2, 1)), random.normal(size=(2, 2)), None, None, None, None
    )
    answer = rnn(**question.keywords())
    assert_whole_answer(answer, question, *torch_states(question, "tanh"), "identity")
    with pytest.raises(InputError, match=r"^x has 2001 time steps"):
        rnn(x=[1.0] * 2001, U="0.5,0.6", **TWO_UNITS)
