"""The optimal discriminator against PyTorch: gradient ascent cannot do better, and the divergence is torch's."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import gan_optimum
from explain.errors import InputError

EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
WEIGHTS = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=5).filter(
    lambda pairs: all(map(any, pairs)) and any(p for p, _ in pairs) and any(g for _, g in pairs)
)


@EXAMPLES
@given(WEIGHTS)
def test_value_and_divergence(pairs):
    """Protects D*, the value and the divergence, zeros among the probabilities."""
    data, made = (torch.tensor(side, dtype=torch.float64) for side in zip(*pairs, strict=True))
    answer = gan_optimum(p_data=data.numpy(), p_g=made.numpy(), normalise="yes")
    p, g = data / data.sum(), made / made.sum()
    m = (p + g) / 2
    jsd = (functional.kl_div(m.log(), p, reduction="sum") + functional.kl_div(m.log(), g, reduction="sum")) / 2
    np.testing.assert_allclose(answer["D_best"].value[:, 0], (p / (p + g)).numpy(), rtol=1e-12)
    assert math.isclose(float(answer["JSD"].value), float(jsd), rel_tol=1e-9, abs_tol=1e-12)
    value = -math.log(4) + 2 * float(jsd)
    assert math.isclose(float(answer["V"].value), value, rel_tol=1e-9, abs_tol=1e-12)
    assert math.isclose(float(answer["C"].value), value, rel_tol=1e-9, abs_tol=1e-12)
    assert answer.passed


def test_ascent_ends_at_the_optimum():
    """Protects eq. 2: gradient ascent on the value arrives at D*."""
    p, g = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64), torch.tensor([0.1, 0.3, 0.6], dtype=torch.float64)
    logits = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    descent = torch.optim.SGD([logits], lr=4.0)
    for _ in range(4000):
        descent.zero_grad()
        (-(p * functional.logsigmoid(logits)).sum() - (g * functional.logsigmoid(-logits)).sum()).backward()
        descent.step()
    answer = gan_optimum(p_data=[0.5, 0.3, 0.2], p_g=[0.1, 0.3, 0.6])
    np.testing.assert_allclose(answer["D_best"].value[:, 0], torch.sigmoid(logits).detach().numpy(), rtol=1e-9)


def test_the_derivation_is_checked():
    """Protects the page with symbols: its three checks hold."""
    answer = gan_optimum()
    assert len(answer.checks) == 3
    assert answer.passed
    assert answer.results == ["D_best", "f_split", "JSD", "C"]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"p_data": [0.5, 0.5]}, "missing"),
        ({"p_g": [0.5, 0.5]}, "missing"),
        ({"p_data": [0.5, 0.5], "p_g": [1]}, "as many"),
        ({"p_data": [0.5, 0.6], "p_g": [0.5, 0.5]}, "sums to 1.1"),
        ({"p_data": [1.5, -0.5], "p_g": [0.5, 0.5]}, "between 0 and 1"),
        ({"p_data": [1, 0], "p_g": [1, 0]}, "leave it out"),
    ],
)
def test_what_is_refused(given, told):
    """Protects the errors: what is no pair of distributions."""
    with pytest.raises(InputError, match=told):
        gan_optimum(**given)
