"""Sums over axes and numbers that stand in many places: each is the pull-back of the other, for any number of axes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.engine.evaluate import evaluate
from explain.engine.nodes.along import Along, along
from explain.engine.nodes.arithmetic import Add, Divide, Times, fit_shape
from explain.engine.nodes.base import Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.means import MeanOver, MeanSquare
from explain.engine.nodes.over import Stretched, SumOver, summed
from explain.engine.nodes.standard import OverRoot, Reshaped
from explain.engine.prose import SYMBOLIC
from explain.engine.shapes import count
from explain.render.linear import linear

EXAMPLES = settings(max_examples=60, deadline=None, database=None, derandomize=True)
SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def alongs(draw):
    """Some axes of an array with one to four of them."""
    full = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    axes = tuple(at for at in range(len(full)) if draw(st.booleans()))
    kept = tuple(size for at, size in enumerate(full) if at not in axes)
    return Along(full, axes, draw(st.sampled_from([kept, (1, count(kept)), (count(kept), 1)])))


def entries(node, values):
    """The value of a node from its entries, one by one."""
    return np.array([
        float(evaluate(node.entry(index), values)) for index in np.ndindex(*node.shape)
    ]).reshape(node.shape)  # fmt: skip


@EXAMPLES
@given(where=alongs(), seed=SEEDS)
def test_entries_and_values_agree(where, seed):
    """Protects the worked entry: that of every operation is what NumPy finds at that place."""
    random = np.random.default_rng(seed)
    values = {"X": random.normal(size=where.full), "v": random.normal(size=where.shape), "m": np.array(3.0)}
    X, v, m = Symbol("X", where.full), Symbol("v", where.shape), Symbol("m")
    for node in (
        SumOver(X, where), MeanOver(X, m, where), MeanSquare(X, m, where), Stretched(v, where),
        OverRoot(X, Stretched(v * v, where) + Number(1, "1")), Reshaped(X, (count(where.full), 1)),
    ):  # fmt: skip
        value = evaluate(node, values)
        assert value.shape == node.shape
        if isinstance(node, MeanOver) and not isinstance(node, MeanSquare):  # its count is that of its numbers
            values["m"] = np.array(float(where.members((0,) * len(where.shape))[0]))
            value = evaluate(node, values)
        np.testing.assert_allclose(entries(node, values), value, rtol=1e-12, atol=1e-12)


@EXAMPLES
@given(where=alongs(), seed=SEEDS)
def test_a_sum_and_its_pull_back_are_adjoint(where, seed):
    """Protects every gradient that is a sum: what goes out and what comes back have the same scalar product."""
    random = np.random.default_rng(seed)
    values = {"X": random.normal(size=where.full), "g": random.normal(size=where.shape)}
    X, g = Symbol("X", where.full), Symbol("g", where.shape)
    out = SumOver(X, where)
    (back,) = out.pull(g, out)
    assert np.sum(evaluate(out, values) * values["g"]) == pytest.approx(np.sum(values["X"] * evaluate(back, values)))
    (again,) = Stretched(g, where).pull(X, X)
    np.testing.assert_allclose(evaluate(again, values), evaluate(out, values))


@EXAMPLES
@given(where=alongs(), seed=SEEDS)
def test_what_does_not_change_may_stand_in_front(where, seed):
    """Protects -a ⊙ Σ b in place of Σ -a ⊙ b: the same number, for products, quotients and signs."""
    random = np.random.default_rng(seed)
    values = {"X": random.normal(size=where.full), "v": random.uniform(1, 2, where.shape)}
    X, v = Symbol("X", where.full), Stretched(Symbol("v", where.shape), where)
    for node in (-(v * X), Times(X, v, X), Divide(X, v), Divide(-(v * X), v + Number(1, "1")), Times(v, v)):
        np.testing.assert_allclose(
            evaluate(summed(node, where), values), evaluate(SumOver(node, where), values), rtol=1e-9, atol=1e-12
        )


@EXAMPLES
@given(data=st.data(), seed=SEEDS)
def test_stretched_operands_receive_sums(data, seed):
    """Protects fit_shape: sums over leading and stretched axes, as PyTorch's broadcasting has them."""
    full = tuple(data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=4)))
    cut = data.draw(st.integers(0, len(full)))
    shape = tuple(1 if data.draw(st.booleans()) else size for size in full[cut:])
    random = np.random.default_rng(seed)
    x, b, g = random.normal(size=full), random.normal(size=shape), random.normal(size=full)
    tensor = torch.tensor(b, requires_grad=True)
    (torch.tensor(x) * tensor + tensor).backward(torch.tensor(g))
    X, B, G = Symbol("X", full), Symbol("B", shape), Symbol("G", full)
    values = {"X": x, "B": b, "G": g}
    for node in (Add(X, B), Times(X, B)):
        np.testing.assert_allclose(evaluate(node, values), x + b if isinstance(node, Add) else x * b)
        np.testing.assert_allclose(entries(node, values), evaluate(node, values))
    found = evaluate(fit_shape(G, shape), values) + evaluate(fit_shape(G * X, shape), values)
    assert np.shape(found) == shape
    np.testing.assert_allclose(found, tensor.grad, rtol=1e-9, atol=1e-12)


def test_index_sums_are_written_as_in_books():
    """Protects the notation: a letter for each axis summed over, a colon for each other one."""
    where = Along((2, 3, 4, 4), (0, 2, 3), (1, 3))
    X, mu, m = Symbol("X", where.full), Symbol("mu", where.shape), Symbol("m")
    assert linear(SYMBOLIC.write(SumOver(X, where))) == "Σ_nhw X[n,:,h,w]"
    assert linear(SYMBOLIC.write(SumOver(X - Stretched(mu, where), where))) == "Σ_nhw (X[n,:,h,w] - μ)"
    rows = along((3, 2), (1, 2))
    assert linear(SYMBOLIC.write(MeanOver(Symbol("X", (3, 2)), m, rows))) == "1/m Σᵢ X[i,:]"
    assert linear(SYMBOLIC.write(Sum(X))) == "sum(X)"
