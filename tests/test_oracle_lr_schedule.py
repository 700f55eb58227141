"""Learning-rate schedules against torch.optim.lr_scheduler, and the transformer's against its paper in plain Python."""

from __future__ import annotations

import math

import pytest
import torch
from cases import CASES, works
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from explain import lr_schedule
from explain.errors import InputError

EXAMPLES = settings(max_examples=30, deadline=None, database=None, derandomize=True)
RATE = st.integers(1, 500).map(lambda at: at / 1000)
FACTOR = st.integers(10, 100).map(lambda at: at / 100)
EPOCHS = st.integers(1, 12)


def rates(make, lr, epochs):
    """The rate that the optimiser has in each epoch."""
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=lr)
    schedule, found = make(optimizer), []
    for _ in range(epochs):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return found


def same(answer, theirs, first=0):
    for at, rate in enumerate(theirs, first):
        mine = float(answer[f"eta_{at}"].value)
        assert math.isclose(mine, rate, rel_tol=1e-9, abs_tol=1e-12), at
    assert answer.passed


@EXAMPLES
@given(RATE, FACTOR, st.integers(1, 6), EPOCHS)
def test_step(lr, gamma, step, epochs):
    """Protects StepLR, epoch by epoch."""
    answer = lr_schedule(schedule="step", lr=lr, gamma=gamma, step=step, epochs=epochs, at=list(range(epochs)))
    same(answer, rates(lambda o: lr_scheduler.StepLR(o, step, gamma), lr, epochs))


@EXAMPLES
@given(RATE, FACTOR, EPOCHS)
def test_exponential(lr, gamma, epochs):
    """Protects ExponentialLR."""
    answer = lr_schedule(schedule="exponential", lr=lr, gamma=gamma, epochs=epochs, at=list(range(epochs)))
    same(answer, rates(lambda o: lr_scheduler.ExponentialLR(o, gamma), lr, epochs))


@EXAMPLES
@given(RATE, FACTOR, EPOCHS, st.integers(0, 5))
def test_cosine(lr, share, epochs, more):
    """Protects CosineAnnealingLR, with a smallest rate."""
    period = max(1, epochs - 1) + more
    answer = lr_schedule(
        schedule="cosine", lr=lr, lr_min=lr * share, period=period, epochs=epochs, at=list(range(epochs))
    )
    same(answer, rates(lambda o: lr_scheduler.CosineAnnealingLR(o, period, lr * share), lr, epochs))


@EXAMPLES
@given(RATE, FACTOR, st.integers(1, 9), EPOCHS)
def test_warmup_and_inverse_time(lr, decay, warmup, epochs):
    """Protects both by LambdaLR; the warm-up also by LinearLR, which begins at a share of the rate."""
    chosen = list(range(epochs))
    answer = lr_schedule(schedule="linear-warmup", lr=lr, warmup=warmup, epochs=epochs, at=chosen)
    same(answer, rates(lambda o: lr_scheduler.LambdaLR(o, lambda t: min(1, (t + 1) / warmup)), lr, epochs))
    if warmup > 1:
        same(answer, rates(lambda o: lr_scheduler.LinearLR(o, 1 / warmup, total_iters=warmup - 1), lr, epochs))
    answer = lr_schedule(schedule="inverse-time", lr=lr, decay=decay, epochs=epochs, at=chosen)
    same(answer, rates(lambda o: lr_scheduler.LambdaLR(o, lambda t: 1 / (1 + decay * t)), lr, epochs))


@EXAMPLES
@given(st.integers(1, 1024), st.integers(1, 8), EPOCHS)
def test_transformer(d_model, warmup, steps):
    """Protects eq. 3 of Vaswani et al., step by step."""
    answer = lr_schedule(
        schedule="transformer", d_model=d_model, warmup=warmup, epochs=steps, at=list(range(1, steps + 1))
    )
    same(answer, [d_model**-0.5 * min(t**-0.5, t * warmup**-1.5) for t in range(1, steps + 1)], 1)


@works("step-lr")
def test_the_numbers_of_the_question():
    """Protects the row `step-lr`."""
    case = CASES["step-lr"]
    answer = lr_schedule(schedule="step", epochs=50, **case["inputs"])
    for name, expected in case["expected"].items():
        assert math.isclose(float(answer[name.replace("epoch", "eta")].value), expected, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"schedule": "step", "lr": 0.1, "gamma": 0.5, "epochs": 3}, "step.* is missing"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": 0.5, "step": 2, "epochs": 3}, "leave it out"),
        ({"schedule": "exponential", "lr": 0, "gamma": 0.5, "epochs": 3}, "above 0"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": -1, "epochs": 3}, "above 0"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": 0.5, "epochs": "n"}, "whole number"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": 0.5, "epochs": 10**7}, "at most"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": 0.5, "epochs": 3, "at": [3]}, "0 to 2"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": 0.5, "epochs": 3, "at": [0.5]}, "whole numbers"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": 0.5, "epochs": 30, "at": list(range(13))}, "at most 12"),
        ({"schedule": "cosine", "lr": 0.1, "period": 3, "epochs": 9}, "at its end"),
        ({"schedule": "cosine", "lr": 0.1, "lr_min": 1, "epochs": 9}, "not above"),
        ({"schedule": "transformer", "lr": 0.1, "d_model": 4, "warmup": 3, "epochs": 9}, "leave it out"),
        ({"schedule": "exponential", "lr": 0.1, "gamma": 99, "epochs": 100000}, "1.8e308"),
        ({"schedule": "stairs", "lr": 0.1, "epochs": 9}, "choose"),
    ],
)
def test_what_is_refused(given, told):
    """Protects the errors: what a schedule lacks, has no use for, or cannot work with."""
    with pytest.raises(InputError, match=told):
        lr_schedule(**given)
