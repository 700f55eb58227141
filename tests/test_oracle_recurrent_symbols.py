"""Our symbolic derivatives of recurrent cells, numbers put in, against torch.autograd in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.engine.evaluate import evaluate
from explain.engine.lowering import to_sympy
from explain.topics import all_topics

TOPICS = all_topics()
EXAMPLES = settings(max_examples=30, deadline=None, database=None)
sizes = st.tuples(st.integers(1, 4), st.integers(1, 3), st.integers(0, 2**32 - 1))
ACTIVATIONS = {"sigmoid": torch.sigmoid, "tanh": torch.tanh, "relu": torch.relu}


class Cell:
    """An LSTM cell in torch, one column a vector, with random weights."""

    def __init__(self, n, m, seed):
        random = np.random.default_rng(seed)
        self.values = {"x_t": random.normal(size=(m, 1)), "h_t-1": random.normal(size=(n, 1))}
        self.values |= {"c_t-1": random.normal(size=(n, 1)), "o_t-1": random.uniform(0, 1, (n, 1))}
        for letter in "fico":
            self.values[f"W_{letter}"] = random.normal(size=(n, m))
            self.values[f"U_{letter}"] = random.normal(size=(n, n))
            self.values[f"b_{letter}"] = random.normal(size=(n, 1))

    def __call__(self, h, c):
        """All gates, the cell and the state; h and c are torch columns."""
        weights = {name: torch.tensor(value) for name, value in self.values.items()}
        z = {letter: weights[f"W_{letter}"] @ weights["x_t"] + weights[f"U_{letter}"] @ h + weights[f"b_{letter}"]
             for letter in "fico"}  # fmt: skip
        f, i, o, g = (*(torch.sigmoid(z[letter]) for letter in "fio"), torch.tanh(z["c"]))
        new = f * c + i * g
        return {"f_t": f, "i_t": i, "o_t": o, "ctilde_t": g, "c_t": new, "h_t": o * torch.tanh(new)}

    def jacobian(self, of, wrt):
        """∂of/∂wrt, the other one held constant."""
        h, c = torch.tensor(self.values["h_t-1"]), torch.tensor(self.values["c_t-1"])
        function = (lambda moved: self(moved, c)[of]) if wrt == "h_t-1" else (lambda moved: self(h, moved)[of])
        found = torch.autograd.functional.jacobian(function, h if wrt == "h_t-1" else c)
        return found[:, 0, :, 0].numpy()

    def known(self):
        """Every quantity that our expressions read."""
        now = self(torch.tensor(self.values["h_t-1"]), torch.tensor(self.values["c_t-1"]))
        return self.values | {name: value.numpy() for name, value in now.items()}


def put_in(answer, values):
    """Our steps with numbers put in, one after the other; what is there already stays."""
    found = dict(values)
    for step in answer.steps:
        if step.name not in found and all(name in found for name in step.reads):
            found[step.name] = evaluate(step.expression, found)
    return found


@EXAMPLES
@given(sizes)
def test_derivatives_of_one_step(drawn):
    """Protects the four Jacobians of a step: state and cell by state and cell."""
    n, m, seed = drawn
    cell, answer = Cell(n, m, seed), TOPICS["lstm-gradient"](units=n)
    found = put_in(answer, cell.known())
    for of in ("c_t", "h_t"):
        for wrt in ("c_t-1", "h_t-1"):
            np.testing.assert_allclose(found[f"d{of}/d{wrt}"], cell.jacobian(of, wrt), rtol=1e-9, atol=1e-12)
    closed = evaluate(answer["dh_t/dh_t-1"].closed, found)
    np.testing.assert_allclose(closed, cell.jacobian("h_t", "h_t-1"), rtol=1e-9, atol=1e-12)


@EXAMPLES
@given(sizes)
def test_full_derivative_of_the_cell(drawn):
    """Protects the derivative of c_t by c_{t-1} with nothing held constant: h_{t-1} moves with c_{t-1}."""
    n, m, seed = drawn
    cell = Cell(n, m, seed)
    o = torch.tensor(cell.values["o_t-1"])
    c = torch.tensor(cell.values["c_t-1"])
    cell.values["h_t-1"] = (o * torch.tanh(c)).numpy()
    expected = torch.autograd.functional.jacobian(lambda moved: cell(o * torch.tanh(moved), moved)["c_t"], c)[
        :, 0, :, 0
    ]
    answer = TOPICS["lstm-unroll"](steps=2, units=n)
    found = put_in(answer, cell.known())
    np.testing.assert_allclose(found["total"], expected.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(evaluate(answer["total"].closed, found), expected.numpy(), rtol=1e-9, atol=1e-12)
    held = torch.autograd.functional.jacobian(lambda moved: cell(torch.tensor(cell.values["h_t-1"]), moved)["c_t"], c)
    np.testing.assert_allclose(found["dc_t/dc_t-1"], held[:, 0, :, 0].numpy(), rtol=1e-12, atol=0)


@EXAMPLES
@given(st.integers(1, 8), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_error_along_the_cell_path(steps, n, seed):
    """Protects the cell written out and its error, with the gates as leaves that do not depend on the state."""
    random = np.random.default_rng(seed)
    answer = TOPICS["lstm-unroll"](steps=steps, units=n)
    places = ["t", *(f"t-{back}" for back in range(1, steps + 1))]
    values = {f"{gate}_{place}": random.uniform(-1, 1, (n, 1)) for gate in ("f", "i", "ctilde") for place in places}
    values |= {f"c_t-{steps}": random.normal(size=(n, 1)), "deltaC_t": random.normal(size=(n, 1))}
    start = torch.tensor(values[f"c_t-{steps}"], requires_grad=True)
    c = start
    for place in places[-2::-1]:
        f, i, g = (torch.tensor(values[f"{gate}_{place}"]) for gate in ("f", "i", "ctilde"))
        c = f * c + i * g
    (error,) = torch.autograd.grad(c, start, torch.tensor(values["deltaC_t"]))
    found = put_in(answer, values)
    np.testing.assert_allclose(found["c_t"], c.detach().numpy(), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(evaluate(answer["c_t"].closed, values), c.detach().numpy(), rtol=1e-11, atol=1e-14)
    np.testing.assert_allclose(found[f"deltaC_t-{steps}"], error.numpy(), rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@EXAMPLES
@given(sizes, st.sampled_from([None, 1, 3]))
def test_gradient_passed_back(activation, drawn, outputs):
    """Protects dL/dh_t of a simple recurrent network, with and without an output of its own."""
    n, m, seed = drawn
    random = np.random.default_rng(seed)
    shapes = {"x_t": (m, 1), "h_t": (n, 1), "U": (n, m), "W": (n, n), "b": (n, 1), "dL/dh_t+1": (n, 1)}
    if outputs:
        shapes |= {"V": (outputs, n), "b_y": (outputs, 1), "dL/dy_t": (outputs, 1)}
    values = {name: random.normal(size=shape) for name, shape in shapes.items()}
    known = {name: torch.tensor(value) for name, value in values.items()}
    h = known["h_t"].clone().requires_grad_()
    new = ACTIVATIONS[activation](known["U"] @ known["x_t"] + known["W"] @ h + known["b"])
    loss = (known["dL/dh_t+1"] * new).sum()
    if outputs:
        loss = loss + (known["dL/dy_t"] * (known["V"] @ h + known["b_y"])).sum()
    (expected,) = torch.autograd.grad(loss, h)
    answer = TOPICS["rnn-gradient"](activation=activation, units=n, features=m, outputs=outputs)
    found = put_in(answer, values)
    np.testing.assert_allclose(found["dL/dh_t"], expected.numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(evaluate(answer["dL/dh_t"].closed, found), expected.numpy(), rtol=1e-10, atol=1e-12)
    if max(n, outputs or 1) <= 2 and n > 1:
        assert to_sympy(answer["dL/dh_t"].expression).shape == (n, 1)


@pytest.mark.parametrize("naming", ["W_i", "W_ix"])
@EXAMPLES
@given(drawn=sizes)
def test_equations_are_those_of_torch(naming, drawn):
    """Protects the update equations against torch.nn.LSTMCell, whose gates stand in the order i, f, g, o."""
    n, m, seed = drawn
    cell = Cell(n, m, seed)
    layer = torch.nn.LSTMCell(m, n, dtype=torch.float64)
    with torch.no_grad():
        for name, base in (("weight_ih", "W"), ("weight_hh", "U"), ("bias_ih", "b")):
            stacked = np.vstack([cell.values[f"{base}_{letter}"] for letter in "ifco"])
            parameter = getattr(layer, name)
            parameter.copy_(torch.tensor(stacked).reshape(parameter.shape))
        layer.bias_hh.zero_()
        x, h, c = (torch.tensor(cell.values[name].T) for name in ("x_t", "h_t-1", "c_t-1"))
        new_h, new_c = layer(x, (h, c))
    values = dict(cell.values)
    if naming == "W_ix":
        for letter in "fico":
            values[f"W_{letter}x"], values[f"W_{letter}h"] = values.pop(f"W_{letter}"), values.pop(f"U_{letter}")
    found = put_in(TOPICS["lstm-equations"](naming=naming, units=n, features=m), values)
    np.testing.assert_allclose(found["h_t"].T, new_h.numpy(), rtol=1e-10, atol=1e-13)
    np.testing.assert_allclose(found["c_t"].T, new_c.numpy(), rtol=1e-10, atol=1e-13)


@EXAMPLES
@given(st.floats(-8, 8), st.integers(1, 30), st.floats(-4, 4), st.sampled_from(["sigmoid", "tanh"]))
def test_factor_over_the_steps(weight, steps, z, activation):
    """Protects the factor over T steps: torch differentiates a network whose pre-activation is z in every step."""
    answer = TOPICS["vanishing-gradient"](weight=f"{weight:.6f}", steps=steps, z=f"{z:.6f}", activation=activation)
    w, at = float(f"{weight:.6f}"), float(f"{z:.6f}")
    h = start = torch.zeros((), dtype=torch.float64, requires_grad=True)
    for _ in range(steps):
        h = ACTIVATIONS[activation](w * h + (at - w * h.detach()))
    (expected,) = torch.autograd.grad(h, start)
    assert float(answer["Q"].value) == pytest.approx(expected.item(), rel=1e-8, abs=1e-300)
