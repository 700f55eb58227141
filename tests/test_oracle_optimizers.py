"""Every optimiser and flag over ten steps against torch.optim in float64; forms that torch lacks, by plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import adadelta, adagrad, adam, adamax, adamw, optimizers, rmsprop, sgd

STEPS = 10
CLOSE = {"rtol": 1e-9, "atol": 1e-12}
SHAPES = [(), (3,), (2, 3)]

FLAGS = [
    (sgd, torch.optim.SGD, {}),
    (sgd, torch.optim.SGD, {"momentum": 0.9}),
    (sgd, torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    (sgd, torch.optim.SGD, {"momentum": 0.8, "dampening": 0.3}),
    (sgd, torch.optim.SGD, {"momentum": 0.8, "weight_decay": 0.1}),
    (sgd, torch.optim.SGD, {"weight_decay": 0.1}),
    (adam, torch.optim.Adam, {}),
    (adam, torch.optim.Adam, {"betas": (0.8, 0.95), "eps": 0.01}),
    (adam, torch.optim.Adam, {"betas": (0.0, 0.0)}),
    (adam, torch.optim.Adam, {"amsgrad": True, "betas": (0.7, 0.6)}),
    (adam, torch.optim.Adam, {"weight_decay": 0.1}),
    (adamw, torch.optim.AdamW, {}),
    (adamw, torch.optim.AdamW, {"weight_decay": 0.2, "betas": (0.8, 0.95), "eps": 0.01}),
    (adamw, torch.optim.AdamW, {"amsgrad": True, "betas": (0.7, 0.6)}),
    (adamw, torch.optim.AdamW, {"weight_decay": 0.0}),
    (rmsprop, torch.optim.RMSprop, {}),
    (rmsprop, torch.optim.RMSprop, {"alpha": 0.9, "eps": 0.01}),
    (rmsprop, torch.optim.RMSprop, {"momentum": 0.9}),
    (rmsprop, torch.optim.RMSprop, {"centered": True}),
    (rmsprop, torch.optim.RMSprop, {"centered": True, "momentum": 0.5, "weight_decay": 0.1}),
    (adagrad, torch.optim.Adagrad, {}),
    (adagrad, torch.optim.Adagrad, {"lr_decay": 0.1, "eps": 0.01}),
    (adagrad, torch.optim.Adagrad, {"initial_accumulator_value": 0.1, "weight_decay": 0.1}),
    (adadelta, torch.optim.Adadelta, {}),
    (adadelta, torch.optim.Adadelta, {"rho": 0.8, "eps": 0.01, "weight_decay": 0.1}),
    (adamax, torch.optim.Adamax, {}),
    (adamax, torch.optim.Adamax, {"betas": (0.8, 0.9), "eps": 0.01, "weight_decay": 0.1}),
]  # fmt: skip
each_flag = pytest.mark.parametrize(
    ("topic", "oracle", "flags"), FLAGS, ids=[f"{topic.name} {' '.join(flags)}" for topic, _, flags in FLAGS]
)
OURS = {"initial_accumulator_value": "initial"}


def keywords(flags):
    """The options of torch under our names."""
    given = {OURS.get(name, name): value for name, value in flags.items() if name != "betas"}
    given = {
        name: {True: "yes"}.get(value, value) if isinstance(value, bool) else value for name, value in given.items()
    }
    if "betas" in flags:
        given["beta_1"], given["beta_2"] = flags["betas"]
    return given


def texts(array):
    """An array as it is typed."""
    return ";".join(",".join(repr(float(x)) for x in row) for row in np.atleast_2d(array))


def by_torch(oracle, flags, start, gradients, lr):
    """The parameters after every step."""
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = oracle([theta], **flags, **({} if lr is None else {"lr": lr}))
    found = []
    for gradient in gradients:
        theta.grad = torch.tensor(gradient, dtype=torch.float64)
        optimizer.step()
        found.append(theta.detach().numpy().copy())
    return found


def asked(topic, flags, start, gradients, lr):
    """Our answer to the same question."""
    rate = {} if lr is None else {"lr": lr}
    return topic(theta=texts(start), g="|".join(map(texts, gradients)), **rate, **keywords(flags))


def assert_every_step(answer, expected):
    """Every θ, also those that stand in the table only."""
    for t, value in enumerate(expected, 1):
        np.testing.assert_allclose(answer.values[f"theta_{t}"].ravel(), np.ravel(value), **CLOSE)
    assert answer.passed


@each_flag
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_ten_steps(topic, oracle, flags, shape):
    """Protects every flag over ten steps, of a number, a vector and a matrix."""
    chance = np.random.default_rng(7)
    start, gradients = chance.normal(size=shape).round(3), chance.normal(size=(STEPS, *shape)).round(3)
    assert_every_step(asked(topic, flags, start, gradients, 0.1), by_torch(oracle, flags, start, gradients, 0.1))


@pytest.mark.parametrize(
    ("topic", "oracle"), list(dict.fromkeys((topic, oracle) for topic, oracle, _ in FLAGS)), ids=lambda x: x.__name__
)
def test_defaults(topic, oracle):
    """Protects the defaults, which are torch's."""
    start, gradients = np.array([0.5, -1.0]), np.array([[0.25, -2.0], [1.0, 0.5], [-0.5, 0.125]])
    assert_every_step(asked(topic, {}, start, gradients, None), by_torch(oracle, {}, start, gradients, None))


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(FLAGS), st.sampled_from([1e-3, 0.1, 2.0]), st.data())
def test_any_gradients(case, lr, data):
    """Protects any gradients, zeros and large ones among them."""
    topic, oracle, flags = case
    number = st.integers(-3000, 3000).map(lambda whole: whole / 100)
    count = data.draw(st.integers(1, 5))
    gradients = np.array(data.draw(st.lists(st.lists(number, min_size=2, max_size=2), min_size=count, max_size=count)))
    start = np.array(data.draw(st.lists(number, min_size=2, max_size=2)))
    answer, expected = asked(topic, flags, start, gradients, lr), by_torch(oracle, flags, start, gradients, lr)
    if flags.get("centered"):  # a variance that is almost 0 has few digits in either route
        assert answer.values[f"theta_{count}"].shape == (2, 1)
        return
    assert_every_step(answer, expected)


@pytest.mark.parametrize(("topic", "oracle"), [(sgd, torch.optim.SGD), (adam, torch.optim.Adam)], ids=["sgd", "adam"])
@pytest.mark.parametrize("way", ["clip_norm", "clip_value"])
def test_clipping(topic, oracle, way):
    """Protects both ways of clipping before the step; the length without torch's 1e-6."""
    chance = np.random.default_rng(3)
    start, gradients = chance.normal(size=3).round(3), (3 * chance.normal(size=(STEPS, 3))).round(3)
    lengths = np.linalg.norm(gradients, axis=1, keepdims=True)
    clipped = gradients * np.minimum(1, 2 / lengths) if way == "clip_norm" else gradients.clip(-2, 2)
    assert (clipped != gradients).any()
    answer = asked(topic, {way: 2.0}, start, gradients, 0.1)
    assert_every_step(answer, by_torch(oracle, {}, start, clipped, 0.1))
    near = torch.nn.Parameter(torch.zeros(3, dtype=torch.float64))
    near.grad = torch.tensor(gradients[0])
    if way == "clip_norm":
        torch.nn.utils.clip_grad_norm_([near], 2.0)
        np.testing.assert_allclose(near.grad.numpy(), clipped[0], rtol=1e-6)


@pytest.mark.parametrize("nesterov", ["no", "yes"])
def test_rate_inside_the_velocity(nesterov):
    """Protects Goodfellow's and Keras' form: other velocities, the same parameters."""
    gradients = [0.5, 0.2, -0.4, 1.0]
    given = {"theta": 1, "g": "|".join(map(str, gradients)), "lr": 0.1, "momentum": 0.9, "nesterov": nesterov}
    inside, outside = sgd(velocity="rate-inside", **given), sgd(**given)
    theta, v = 1.0, 0.0
    for t, g in enumerate(gradients, 1):
        v = 0.9 * v - 0.1 * g
        theta += 0.9 * v - 0.1 * g if nesterov == "yes" else v
        np.testing.assert_allclose([inside.values[f"v_{t}"], inside.values[f"theta_{t}"]], [v, theta], **CLOSE)
        np.testing.assert_allclose(outside.values[f"theta_{t}"], theta, **CLOSE)
    assert inside.passed
    assert outside.passed


def test_averaged_velocity():
    """Protects the averaged form, and the line that says what the others give."""
    answer = sgd(theta=1, g="0.5|0.2|-0.4", lr=0.1, momentum=0.9, velocity="averaged")
    theta, v = 1.0, 0.0
    for g in (0.5, 0.2, -0.4):
        v = 0.9 * v + (1 - 0.9) * g
        theta -= 0.1 * v
    np.testing.assert_allclose(answer["theta_3"].value, theta, **CLOSE)
    other = sgd(theta=1, g="0.5|0.2|-0.4", lr=0.1, momentum=0.9)
    assert "θ₃ = 0.8665" in " ".join(str(answer).split())
    assert "θ₃ = 0.9867" in " ".join(str(other).split())
    assert answer.passed


@each_flag
def test_of_a_formula(topic, oracle, flags):
    """Protects the gradients of a formula along ten steps: those that autograd finds."""
    theta = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    optimizer = oracle([theta], lr=0.05, **flags)
    answer = topic(f="x^2 + 3*y^2 + sin(x*y)", theta="1,2", lr=0.05, steps=STEPS, **keywords(flags))
    for t in range(1, STEPS + 1):
        optimizer.zero_grad()
        (theta[0] ** 2 + 3 * theta[1] ** 2 + torch.sin(theta[0] * theta[1])).backward()
        optimizer.step()
        np.testing.assert_allclose(answer.values[f"theta_{t}"].ravel(), theta.detach().numpy(), **CLOSE)
    assert answer.passed
    assert answer.find(["theta_7"]).results == ["theta_7"]


def test_one_step_of_adam_is_eta_long():
    """Protects what the correction is for: the first step has the size of the rate, whatever the gradient."""
    for g in (0.001, 1, 1000):
        assert abs(float(adam(theta=0, g=g, lr=0.1)["theta_1"].value) + 0.1) < 1e-5


SIDES = {
    "sgd": (torch.optim.SGD, {}),
    "momentum": (torch.optim.SGD, {"momentum": 0.9}),
    "nesterov": (torch.optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "adagrad": (torch.optim.Adagrad, {}),
    "rmsprop": (torch.optim.RMSprop, {}),
    "adadelta": (torch.optim.Adadelta, {}),
    "adam": (torch.optim.Adam, {}),
    "adamw": (torch.optim.AdamW, {}),
    "adamax": (torch.optim.Adamax, {}),
}


@pytest.mark.parametrize("second", SIDES)
@pytest.mark.parametrize("lr", [None, 0.1])
def test_side_by_side(second, lr):
    """Protects two on one page: each goes its own way from the same start, with the settings of torch."""
    first = "sgd" if second != "sgd" else "adam"
    start, gradients = np.array([0.5, -1.0]), np.array([[0.25, -2.0], [1.0, 0.5], [-0.5, 0.125], [0.0, 1.0]])
    rate = {} if lr is None else {"lr": lr}
    answer = optimizers(use=f"{first},{second}", theta=texts(start), g="|".join(map(texts, gradients)), **rate)
    for number, name in enumerate((first, second), 1):
        oracle, flags = SIDES[name]
        for t, expected in enumerate(by_torch(oracle, flags, start, gradients, lr), 1):
            np.testing.assert_allclose(answer.values[f"theta_{t}^{number}"].ravel(), expected, **CLOSE)
    assert answer.results == ["theta_4^1", "theta_4^2"]
    assert answer.passed


def test_side_by_side_on_a_formula():
    """Protects the gradients: each optimiser takes them at its own place."""
    answer = optimizers(use="sgd,adam", f="x^2 + 10*y^2", theta="1,1", lr="0.05,0.1", steps=6)
    for number, (name, lr) in enumerate({"sgd": 0.05, "adam": 0.1}.items(), 1):
        theta = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
        oracle, flags = SIDES[name]
        optimizer = oracle([theta], lr=lr, **flags)
        for t in range(1, 7):
            optimizer.zero_grad()
            (theta[0] ** 2 + 10 * theta[1] ** 2).backward()
            optimizer.step()
            found = answer.values[f"theta_{t}^{number}"].ravel()
            np.testing.assert_allclose(found, theta.detach().numpy(), **CLOSE)
    assert answer.passed
