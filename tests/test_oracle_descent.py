"""One step of gradient descent against torch.optim.SGD in float64, for both layouts and both reductions."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from test_oracle_mlp import EXAMPLES, FUNCTIONS, LOSSES, assert_same, moderate, networks, tensor, torch_pass
from torch.nn import functional

from explain import InputError, mlp

CASES = {case["id"]: case for case in json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))}
RATES = st.sampled_from([1e-3, 0.1, 0.5, 1.0, 2.5])
REDUCTIONS = ("mean", "sum")


def summed_loss(name, prediction, target):
    """The loss summed over the samples; over outputs it is a sum or a mean by its own definition."""
    outputs = prediction.shape[1]
    if name == "cross-entropy":
        return -torch.special.xlogy(target, prediction).sum()
    if name == "binary-cross-entropy":
        return functional.binary_cross_entropy(prediction, target, reduction="sum") / outputs
    squares = functional.mse_loss(prediction, target, reduction="sum")
    return squares / {"squared-error": 1, "half-squared-error": 2, "mean-squared-error": outputs}[name]


def stepped(network, lr, reduction):
    """The loss, and every parameter after one step of SGD, under our names and in our shapes."""
    parameters, h = {}, torch.tensor(network.x)
    for at, (weight, activation) in enumerate(zip(network.W, network.activations, strict=True), 1):
        parameters[f"W_{at}_new"] = tensor(weight)
        if network.b is not None:
            parameters[f"b_{at}_new"] = tensor(network.b[at - 1])
        h = FUNCTIONS[activation](functional.linear(h, parameters[f"W_{at}_new"], parameters.get(f"b_{at}_new")))
    optimizer = torch.optim.SGD(parameters.values(), lr=lr)
    loss = summed_loss(network.loss, h, torch.tensor(network.target))
    loss = loss / len(network.x) if reduction == "mean" else loss
    loss.backward()
    optimizer.step()
    found = {name: value.detach().numpy() for name, value in parameters.items()}
    return loss.item(), {name: value[:, None] if name[0] == "b" else value for name, value in found.items()}


def by_rows(network):
    """The keywords of the same question with one column a unit."""
    return {**network.keywords(), "W": [weight.T for weight in network.W], "layout": "rows"}


@st.composite
def questions(draw, loss):
    """A network away from kinks and saturation, a learning rate, a reduction."""
    network = draw(networks(loss))
    assume(moderate(network, torch_pass(network)))
    return network, draw(RATES), draw(st.sampled_from(REDUCTIONS))


@pytest.mark.parametrize("loss", LOSSES)
@EXAMPLES
@given(data=st.data())
def test_every_parameter_is_that_of_sgd(loss, data):
    """Protects W and b after the step in both layouts, and the loss it descends, for every loss and reduction."""
    network, lr, reduction = data.draw(questions(loss))
    value, parameters = stepped(network, lr, reduction)
    columns = mlp(**network.keywords(), lr=lr, reduction=reduction)
    rows = mlp(**by_rows(network), lr=lr, reduction=reduction)
    for answer in (columns, rows):
        assert_same(answer["L"].value.item(), value)
        assert {name for name in answer.names if name.endswith("_new")} == set(parameters)
        assert answer.results[-len(parameters) :] == list(parameters)
    for name, theirs in parameters.items():
        assert_same(columns[name].value, theirs, name)
        assert_same(rows[name].value, theirs.T, name)


@pytest.mark.parametrize("loss", LOSSES)
@EXAMPLES
@given(data=st.data())
def test_rows_are_columns_transposed(loss, data):
    """Protects the layout of rows: every quantity and gradient that stands in both is the other one transposed."""
    network, lr, reduction = data.draw(questions(loss))
    columns = mlp(**network.keywords(), lr=lr, reduction=reduction)
    rows = mlp(**by_rows(network), lr=lr, reduction=reduction)
    whole = [[step.name for step in answer.steps if step.local is None] for answer in (columns, rows)]
    named = [[name for name in names if not name.startswith("r_")] for names in whole]  # r: what softmax adds up
    assert named[0] == named[1]
    assert columns.results == rows.results
    for name in named[0]:
        assert_same(rows[name].value, columns[name].value.T, name)
    for name in set(columns.names) & set(rows.names) - set(named[0]):
        assert rows[name].value.size == columns[name].value.size, name


@pytest.mark.parametrize(
    ("hidden", "activations"),
    [([], ["softmax"]), ([1], ["tanh", "identity"]), ([1], ["relu", "sigmoid"]), ([2], ["tanh", "sigmoid"])],
)
def test_a_batch_of_single_numbers_is_no_column_vector(hidden, activations):
    """Protects layers of one unit in rows: a batch of them has the shape of a column, but stays a batch.

    Its Jacobians are no matrices, so that rows show just the local derivatives that columns show.
    """
    widths = [1, *hidden, 1]
    W = [np.full(size, 0.5) for size in zip(widths[1:], widths[:-1], strict=True)]
    question = {"x": [[1], [2]], "activation": activations, "target": [0, 1], "loss": "squared-error"}
    columns = mlp(**question, W=W)
    rows = mlp(**question, W=[weight.T for weight in W], layout="rows")
    for name in columns.results:
        assert_same(rows[name].value, columns[name].value.T, name)
    assert rows.passed
    local = [{step.name for step in answer.steps if step.local is not None} for answer in (rows, columns)]
    assert local[0] <= local[1]


@EXAMPLES
@given(network=networks("squared-error"))
def test_rows_forward_alone(network):
    """Protects the layout of rows without a target: the same z, h and ŷ, transposed."""
    bare = network._replace(target=None, loss=None)
    columns, rows = mlp(**bare.keywords()), mlp(**by_rows(bare))
    assert columns.names == rows.names
    for step in columns.steps:
        assert_same(rows[step.name].value, step.value.T, step.name)


@pytest.mark.parametrize("loss", LOSSES)
@EXAMPLES
@given(data=st.data())
def test_sum_is_the_mean_times_the_samples(loss, data):
    """Protects --reduction: loss and gradients of the sum are those of the mean times the number of samples."""
    network = data.draw(networks(loss, batches=st.integers(2, 4)))
    assume(moderate(network, torch_pass(network)))
    mean, total = (mlp(**network.keywords(), reduction=reduction) for reduction in REDUCTIONS)
    samples = len(network.x)
    for name in mean.results[1:]:
        assert_same(total[name].value, mean[name].value * samples, name)
    assert_same(total[mean.results[0]].value, mean[mean.results[0]].value)


@pytest.mark.parametrize("layout", ["columns", "rows"])
@pytest.mark.parametrize("lr", [0.1, 0.5, 3])
def test_step_of_the_published_network(lr, layout):
    """Protects the step of the 2-3-1 network whose gradients are published: W - lr·∂L/∂W to their ten decimals."""
    case = CASES["mlp-2-3-1"]
    given, expected = case["inputs"], case["expected"]
    weights = [np.array(given[f"W_{at}"]) for at in (1, 2)]
    answer = mlp(
        x=given["x"],
        W=[weight.T if layout == "rows" else weight for weight in weights],
        b=[given["b_1"], given["b_2"]],
        activation="sigmoid",
        target=given["y"],
        loss="binary-cross-entropy",
        lr=lr,
        layout=layout,
    )
    for name in ("W_1", "b_1", "W_2", "b_2"):
        moved = np.array(given[name], dtype=float) - lr * np.array(expected[f"dL/d{name}"], dtype=float)
        found = answer[f"{name}_new"].value
        found = found.T if layout == "rows" else found
        np.testing.assert_allclose(found.ravel(), moved.ravel(), rtol=0, atol=6e-11 * max(1, lr), err_msg=name)
    assert answer.passed


def test_step_lowers_the_loss():
    """Protects the sign: after a small step of descent the same network has a smaller loss, not a larger one."""
    random = np.random.default_rng(3)
    x, target = random.normal(size=(4, 3)), random.normal(size=(4, 2))
    W, b = [random.normal(size=(3, 3)), random.normal(size=(2, 3))], [random.normal(size=3), random.normal(size=2)]
    settings = {"x": x, "target": target, "activation": ["tanh", "identity"], "loss": "squared-error"}
    before = mlp(**settings, W=W, b=b, lr=0.01)
    after = mlp(
        **settings,
        W=[before[f"W_{at}_new"].value for at in (1, 2)],
        b=[before[f"b_{at}_new"].value for at in (1, 2)],
    )
    assert after["L"].value < before["L"].value


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"lr": 0}, "lr"),
        ({"lr": -0.1}, "lr"),
        ({"lr": [0.1, 0.2]}, "lr"),
        ({"lr": 0.1, "loss": None, "target": None}, "lr"),
        ({"layout": "diagonal"}, "layout"),
        ({"reduction": "median"}, "reduction"),
        ({"layout": "rows"}, "W"),
    ],
)
def test_what_is_refused(change, named):
    """Protects the errors of the step and the layout: one line that names the parameter."""
    question = {
        "x": [[1, 2]], "W": [[[1, 2], [3, 4], [5, 6]]], "activation": "tanh", "target": [1, 2, 3],
        "loss": "squared-error", **change,
    }  # fmt: skip
    with pytest.raises(InputError, match=rf"^{named}\b[^\n]*$"):
        mlp(**{name: value for name, value in question.items() if value is not None})
