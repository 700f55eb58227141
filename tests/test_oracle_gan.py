"""GAN losses against PyTorch's binary cross-entropy and autograd."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch
from cases import CASES, works
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explain import gan
from explain.engine.lowering import to_sympy
from explain.engine.nodes.base import Symbol
from explain.errors import InputError
from explain.topics._gan.functions import LOG_OTHER, LOG_SIGMOID

EXAMPLES = settings(max_examples=40, deadline=None, database=None, derandomize=True)
OUTPUTS = st.lists(st.integers(1, 999).map(lambda at: at / 1000), min_size=1, max_size=5)
LOGITS = st.lists(st.integers(-400, 400).map(lambda at: at / 10), min_size=1, max_size=5)


def close(ours, theirs):
    theirs = theirs.detach().numpy()
    np.testing.assert_allclose(np.asarray(ours).reshape(theirs.shape), theirs, rtol=1e-9, atol=1e-300)


def slopes(loss, *leaves):
    return torch.autograd.grad(loss, leaves, retain_graph=True)


@EXAMPLES
@given(real=OUTPUTS, fake=OUTPUTS)
def test_from_outputs(real, fake):
    """Protects the losses and all gradients that are worked from probabilities."""
    answer = gan(real=real, fake=fake)
    x, g = (torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in (real, fake))
    loss = functional.binary_cross_entropy(x, torch.ones_like(x)) + functional.binary_cross_entropy(
        g, torch.zeros_like(g)
    )
    minimax, other = torch.log1p(-g).mean(), functional.binary_cross_entropy(g, torch.ones_like(g))
    for name, value in (("L_D", loss), ("V", -loss), ("L_minimax", minimax), ("L_ns", other)):
        close(answer[name].value, value)
    for name, value in zip(("dL_D/dD_x", "dL_D/dD_G"), slopes(loss, x, g), strict=True):
        close(answer[name].value, value)
    a = torch.logit(g.detach()).requires_grad_()
    for name, value in (
        ("dL_minimax/dD_G", slopes(minimax, g)[0]),
        ("dL_ns/dD_G", slopes(other, g)[0]),
        ("dL_minimax/da_G", slopes(-functional.softplus(a).mean(), a)[0]),
        ("dL_ns/da_G", slopes(functional.softplus(-a).mean(), a)[0]),
    ):
        close(answer[name].value, value)
    assert answer.passed


@EXAMPLES
@given(real=LOGITS, fake=LOGITS)
def test_from_logits(real, fake):
    """Protects the same from logits, where sigmoids are saturated too."""
    answer = gan(real=real, fake=fake, logits="yes")
    x, g = (torch.tensor(values, dtype=torch.float64, requires_grad=True) for values in (real, fake))
    with_logits = functional.binary_cross_entropy_with_logits
    loss = with_logits(x, torch.ones_like(x)) + with_logits(g, torch.zeros_like(g))
    minimax, other = functional.logsigmoid(-g).mean(), -functional.logsigmoid(g).mean()
    for name, value in (
        ("L_D", loss),
        ("L_minimax", minimax),
        ("L_ns", other),
        ("dL_D/da_x", -torch.sigmoid(-x) / len(real)),
        ("dL_D/da_G", torch.sigmoid(g) / len(fake)),
        ("dL_minimax/da_G", -torch.sigmoid(g) / len(fake)),
        ("dL_ns/da_G", -torch.sigmoid(-g) / len(fake)),
    ):
        close(answer[name].value, value)
    assert answer.passed


def test_a_certain_discriminator():
    """Protects D(x) = 1: its logarithm is 0, and nothing is infinite."""
    answer = gan(real=1, fake=0.5)
    assert abs(float(answer["L_D"].value) - np.log(2)) < 1e-12
    assert answer.passed


@works("gan-losses")
def test_the_numbers_of_the_question():
    """Protects the row `gan-losses`."""
    case = CASES["gan-losses"]
    answer = gan(real=case["inputs"]["D_x"], fake=case["inputs"]["D_Gz"])
    names = {"L_G_nonsaturating": "L_ns", "L_G_minimax": "L_minimax"}
    for name, expected in case["expected"].items():
        assert abs(float(answer[names.get(name, name)].value) - expected) < 6e-11


def test_the_logarithms_have_their_derivatives():
    """Protects the two functions of this topic: what is told as derivative is SymPy's."""
    a, z = Symbol("a"), sympy.Symbol("a", real=True)
    for function in (LOG_SIGMOID, LOG_OTHER):
        told = to_sympy(function.derivatives[0]([a], a))
        mine = sympy.diff(to_sympy(function(a)), sympy.Symbol("a"))
        gap = (told - mine).subs(sympy.Symbol("a"), z)
        assert all(abs(sympy.N(gap.subs(z, at), 30)) < 1e-25 for at in (-3, sympy.Rational(1, 2), 7))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"fake": [2.2]}, "logits"),
        ({"fake": [-0.1]}, "between 0 and 1"),
        ({"fake": [0]}, r"log D\(G\(z\)\)"),
        ({"fake": [1], "real": [0.5]}, "infinite"),
        ({"fake": [0.5], "real": [0.5, 0]}, "log 0"),
        ({"fake": [[0.5, 0.5], [0.1, 0.2]]}, "one number a sample"),
        ({"fake": [1e9], "logits": "yes"}, "500"),
        ({"real": [0.5]}, "missing"),
    ],
)
def test_what_is_refused(given, told):
    """Protects the errors: what is no probability, and what makes a loss infinite."""
    with pytest.raises(InputError, match=told):
        gan(**given)
