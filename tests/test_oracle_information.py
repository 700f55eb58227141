"""Entropy, divergences and mutual information against PyTorch's distributions; the Gaussian against an integral."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.distributions import Categorical, Normal, kl_divergence

import explain
from explain.page import page
from explain.render.terminal import plain
from explain.topics._probabilities import logarithm, read_probabilities

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
BASES = {"natural": math.e, "2": 2.0, "10": 10.0}
UNITS = {"natural": "nats", "2": "bits", "10": "hartleys"}
WEIGHTS = st.lists(st.integers(0, 60) | st.integers(0, 3), min_size=2, max_size=7).filter(any)


def shared(weights):
    """Weights as probabilities in double precision."""
    return torch.tensor(weights, dtype=torch.float64) / sum(weights)


def mean_gap(p, q):
    """Σ p log(p/q) as PyTorch has it: 0 for an outcome that p excludes, infinite where q does."""
    return float(torch.special.xlogy(p, p).sum() - torch.special.xlogy(p, q).sum())


@EXAMPLES
@given(weights=WEIGHTS, base=st.sampled_from(sorted(BASES)))
def test_entropy(weights, base):
    """Protects the entropy in every unit, its share of the largest, and the perplexity."""
    answer, p = explain.entropy(p=weights, base=base, normalise="yes"), shared(weights)
    nats = float(Categorical(probs=p).entropy())
    assert float(answer["H"].value) == pytest.approx(nats / math.log(BASES[base]), rel=1e-9, abs=1e-12)
    for other in BASES.keys() - {base}:
        found = float(answer[f"H_{UNITS[other]}"].value)
        assert found == pytest.approx(nats / math.log(BASES[other]), rel=1e-9, abs=1e-12)
    assert float(answer["PPL"].value) == pytest.approx(float(Categorical(probs=p).perplexity()), rel=1e-9)
    assert float(answer["r"].value) == pytest.approx(nats / math.log(len(weights)), rel=1e-9, abs=1e-12)
    assert answer.passed


@EXAMPLES
@given(pair=st.integers(2, 6).flatmap(lambda n: st.tuples(*[st.lists(st.integers(0, 9), min_size=n, max_size=n)] * 2)))
def test_divergences(pair):
    """Protects both directions, the mixture and the distance; an infinite one is said, not worked."""
    if not all(map(any, pair)):
        return
    answer = explain.kl_divergence(p=pair[0], q=pair[1], normalise="yes")
    p, q = map(shared, pair)
    told = plain(page(answer), 400)
    for name, first, second, written in (("KL", p, q, "D_KL(P‖Q)"), ("KL_reverse", q, p, "D_KL(Q‖P)")):
        theirs = mean_gap(first, second)
        if math.isinf(theirs):
            assert name not in answer.names
            assert f"{written} is infinite" in told
        else:
            assert float(answer[name].value) == pytest.approx(theirs, rel=1e-9, abs=1e-12)
            assert float(answer[f"{name}_bits"].value) == pytest.approx(theirs / math.log(2), rel=1e-9, abs=1e-12)
    m = (p + q) / 2
    js = (mean_gap(p, m) + mean_gap(q, m)) / 2
    assert float(answer["JS"].value) == pytest.approx(js, rel=1e-9, abs=1e-12)
    if js > 1e-9:
        assert float(answer["d_JS"].value) == pytest.approx(math.sqrt(js), rel=1e-9)
    assert answer.passed


def test_divergence_as_torch_has_it():
    """Protects the order of P and Q: kl_div takes the logarithm of Q first."""
    p, q = torch.tensor([0.36, 0.48, 0.16], dtype=torch.float64), torch.tensor([0.3, 0.4, 0.3], dtype=torch.float64)
    answer = explain.kl_divergence(p="0.36,0.48,0.16", q="0.3,0.4,0.3")
    forward = torch.nn.functional.kl_div(q.log(), p, reduction="sum")
    assert float(answer["KL"].value) == pytest.approx(float(forward), rel=1e-9)
    reverse = kl_divergence(Categorical(probs=q), Categorical(probs=p))
    assert float(answer["KL_reverse"].value) == pytest.approx(float(reverse), rel=1e-9)
    gap = answer["H_PQ"].value - answer["H_P"].value
    assert float(gap) == pytest.approx(float(forward), rel=1e-9)


def test_against_scipy():
    """Protects the conventions of SciPy: bases, the Jensen-Shannon distance as a root, infinite divergences."""
    from scipy import stats
    from scipy.spatial import distance

    for base, number in BASES.items():
        answer = explain.kl_divergence(p="0.7,0.2,0.1,0", q="0.1,0.3,0.5,0.1", base=base)
        p, q = [0.7, 0.2, 0.1, 0.0], [0.1, 0.3, 0.5, 0.1]
        assert float(answer["KL"].value) == pytest.approx(stats.entropy(p, q, base=number), rel=1e-9)
        assert math.isinf(stats.entropy(q, p))
        assert "KL_reverse" not in answer.names
        assert float(answer["d_JS"].value) == pytest.approx(distance.jensenshannon(p, q, number), rel=1e-9)
        assert float(explain.entropy(p=p, base=base)["H"].value) == pytest.approx(
            stats.entropy(p, base=number), rel=1e-9
        )


@EXAMPLES
@given(
    table=st.tuples(st.integers(2, 4), st.integers(2, 4)).flatmap(
        lambda shape: st.lists(
            st.lists(st.integers(0, 9), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
        )
    ),
    base=st.sampled_from(sorted(BASES)),
)
def test_mutual_information(table, base):
    """Protects the mutual information, the entropies and the conditional ones, from entropies of PyTorch."""
    if not any(map(any, table)):
        return
    answer = explain.mutual_information(P=table, base=base, normalise="yes")
    P = torch.tensor(table, dtype=torch.float64) / sum(map(sum, table))
    x, y, both = (
        float(Categorical(probs=p).entropy()) / math.log(BASES[base]) for p in (P.sum(1), P.sum(0), P.ravel())
    )
    expected = {"I": x + y - both, "H_X": x, "H_Y": y, "H_XY": both, "H_XgivenY": both - y, "H_YgivenX": both - x}
    for name, value in expected.items():
        assert float(answer[name].value) == pytest.approx(value, rel=1e-9, abs=1e-12), name
    assert answer.passed


def test_independent_variables():
    """Protects a mutual information of exactly 0, and what is said of it."""
    answer = explain.mutual_information(P="0.06,0.14;0.24,0.56")
    assert float(answer["I"].value) == 0
    assert "X and Y are independent" in plain(page(answer), 80)


SPREADS = st.lists(st.tuples(st.floats(-3, 3), st.floats(-4, 3)), min_size=1, max_size=4)


@EXAMPLES
@given(pairs=SPREADS, by_sigma=st.booleans())
def test_gaussian(pairs, by_sigma):
    """Protects the closed form and its gradients by those of torch.distributions."""
    mu = torch.tensor([pair[0] for pair in pairs], dtype=torch.float64, requires_grad=True)
    logvar = torch.tensor([pair[1] for pair in pairs], dtype=torch.float64, requires_grad=True)
    sigma = (logvar / 2).exp()
    sigma.retain_grad()
    loss = kl_divergence(Normal(mu, sigma), Normal(torch.zeros_like(mu), torch.ones_like(mu))).sum()
    loss.backward()
    spread = {"sigma": sigma.detach().numpy()} if by_sigma else {"logvar": logvar.detach().numpy()}
    answer = explain.gaussian_kl(mu=mu.detach().numpy(), **spread)
    assert float(answer["KL"].value) == pytest.approx(float(loss.detach()), rel=1e-9, abs=1e-12)
    np.testing.assert_allclose(answer["dKL/dmu"].value[0], mu.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(answer["dKL/dlogvar"].value[0], logvar.grad.numpy(), rtol=1e-9, atol=1e-12)
    if by_sigma:
        np.testing.assert_allclose(answer["dKL/dsigma"].value[0], sigma.grad.numpy(), rtol=1e-9, atol=1e-11)
    assert answer.passed


@pytest.mark.parametrize(("mu", "sigma"), [(0.5, 1.2), (-2.0, 0.3), (0.0, 1.0), (1.0, 3.0)])
def test_gaussian_by_integration(mu, sigma):
    """Protects the closed form by its definition: the integral of q(z) (log q(z) - log p(z)), by sums."""
    z = np.linspace(mu - 12 * sigma, mu + 12 * sigma, 20_001)
    log_q = -0.5 * ((z - mu) / sigma) ** 2 - math.log(sigma * math.sqrt(2 * math.pi))
    log_p = -0.5 * z**2 - math.log(math.sqrt(2 * math.pi))
    integral = float((np.exp(log_q) * (log_q - log_p)).sum() * (z[1] - z[0]))
    assert float(explain.gaussian_kl(mu=mu, sigma=sigma)["KL"].value) == pytest.approx(integral, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("base", sorted(BASES))
def test_logarithms(base):
    """Protects the base, its inverse, its slope and its SymPy form."""
    import sympy

    from explain.engine.nodes.base import Symbol

    log = logarithm(base)
    assert log.unit == UNITS[base]
    assert log.raised(log.value(7.0)) == pytest.approx(7.0, rel=1e-12)
    z = sympy.Symbol("z", positive=True)
    theirs = sympy.log(z) / (1 if base == "natural" else sympy.log(int(base)))
    assert sympy.simplify(log.function.sympy(z) - theirs) == 0
    slope = sympy.sympify(log.function.derivatives[0]([Symbol("z")], None)).subs(sympy.Symbol("z"), z)
    assert sympy.simplify(slope - sympy.diff(theirs, z)) == 0


def test_rounded_probabilities():
    """Protects thirds written with three decimals, and the report of their sum."""
    from explain.parameters import Matrix

    assert read_probabilities("p", Matrix.read("p", "0.333,0.333,0.333")).off == "0.999"
    assert read_probabilities("p", Matrix.read("p", "1/3,1/3,1/3")).off == ""
    assert read_probabilities("p", Matrix.read("p", np.float32([0.1, 0.2, 0.7]))).values.shape == (3, 1)
    told = plain(page(explain.entropy(p="0.333,0.333,0.333")), 80)
    assert "are rounded: they sum to 0.999" in told


def test_below_zero_by_rounding():
    """Protects the word on a divergence that rounded probabilities made negative."""
    told = plain(page(explain.kl_divergence(p="0.333,0.333,0.333", q="0.334,0.333,0.333")), 400)
    assert "below 0, which it never is of probabilities that sum to 1: these are rounded" in told
