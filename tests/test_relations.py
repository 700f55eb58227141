"""Relations between numbers of answers: what they hold, how they are told, what is refused."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import attention, lstm, lstm_gates, lstm_params, mlp, network, regularization, softmax, vanishing_gradient
from explain.errors import InputError
from explain.relations import SIGN, Relation
from explain.render.linear import sentence


@pytest.fixture(scope="module")
def answers():
    """Calculations with counts, one number, rows, columns, matrices, derivatives and symbols."""
    gates = {"W": [0.5, -0.5, 1, 0.25], "U": [0.1, 0.2, 0.3, 0.4], "b": [0, 1, 0, 0]}
    return {
        "cell": lstm_gates(z="1,0.4,0.25"),
        "net": network(chain="lstm 128, lstm 256, lstm 512, linear 17", input="20x17", framework="pytorch"),
        "att": attention(scores=[112, 96]),
        "two": lstm(x=[1, 2], target=[0.5, 0.8], loss="squared-error", **gates),
        "deep": mlp(
            x=[1, 2], W=[[[0.5, -0.25], [0.3, 1.1]], [[1, -1]]], activation="sigmoid", target=[1],
            loss="binary-cross-entropy",
        ),
        "count": lstm_params(units="n", features=1),
        "chain": vanishing_gradient(weight=2, steps=10),
        "decay": regularization(theta="3,0.1", lam=0.2, penalty="l2", gradient="0,0", lr=0.5),
        "soft": softmax(z=[14, 12]),
    }  # fmt: skip


TOLD = [
    ("net.P_1 + net.P_4 = 83985", True, "P₁ + P₄ = 75264 + 8721 = 83985"),
    ("83985 = net.P_1 + net.P_4", True, "83985 = P₁ + P₄ = 75264 + 8721"),
    ("net.P_1 + net.P_4 = 83986", False, "P₁ + P₄ = 75264 + 8721 = 83985 ≠ 83986"),
    ("cell.f_1 + cell.i_1 + cell.o_1 != 1", True, "f₁ + i₁ + o₁ ≈ 0.7311 + 0.5987 + 0.5622 ≈ 1.8919 ≠ 1"),
    ("cell.f_1 < 1", True, "f₁ ≈ 0.7311 < 1"),
    ("0 < cell.f_1 < 1", True, "0 < f₁ ≈ 0.7311 < 1"),
    ("1 > cell.f_1 ≥ 0.7311", True, "1 > f₁ ≈ 0.7311 ≥ 0.7311"),
    ("cell.f_1 >= 0.74", False, "f₁ ≈ 0.7311 < 0.74"),
    ("cell.S = 1.89", True, "S ≈ 1.8919 ≈ 1.89"),
    ("cell.S != 1.89", False, "S ≈ 1.8919 ≈ 1.89"),
    ("cell.S = 2", False, "S ≈ 1.8919 ≠ 2"),
    ("cell.S ≠ 2", True, "S ≈ 1.8919 ≠ 2"),
    ("att.alpha[0] + att.alpha[1] = 1", True, "α₁ + α₂ ≈ 0.8808 + 0.1192 = 1"),
    ("att.alpha > 0", True, "α ≈ [0.8808, 0.1192] > 0"),
    ("att.alpha > 0.5", False, "α ≈ [0.8808, 0.1192] ≤ 0.5"),
    ("att.u[0] = 112/8", True, "u₁ = 14 = 112/8"),
    ("att.u[0]/att.u[1] = 7/6", True, "u₁/u₂ = 14/12 ≈ 1.1667 ≈ 7/6"),
    ("cell.f_1 < att.alpha[0]", True, "f₁ (cell) ≈ 0.7311 < 0.8808 ≈ α₁ (att)"),
    ("abs(cell.f_1 - 1) < 0.5", True, "|f₁ - 1| ≈ |0.7311 - 1| ≈ 0.2689 < 0.5"),
    ("4.52 = 10.1/sqrt(5)", True, "4.52 ≈ 10.1/√5 ≈ 4.5169"),
    ("0.1 + 0.2 = 0.3", True, "0.1 + 0.2 = 0.3"),
    ("two.h_1 != two.h_2", True, "h₁ ≈ 0.2482 ≠ 0.4793 ≈ h₂"),
    ("two.dL/dW_f < 0", True, "∂L/∂W_f ≈ -0.0440 < 0"),
    ("two.dL/dW_f / two.dL/dW_f = 1", True, "(∂L/∂W_f)/(∂L/∂W_f) ≈ (-0.0440)/(-0.0440) = 1"),
    ("two.x_1 = 1", True, "x₁ = 1"),
    ("deep.dL/dW_1[0][1] = -0.302", True, "∂L/∂W₁,₁₂ ≈ -0.3022 ≈ -0.302"),
    ("deep.W_1[0] <= 0.5", True, "W₁[1,:] = [0.5, -0.25] ≤ 0.5"),
    ("chain.Q = chain.q ^ chain.T", True, "Q ≈ 0.000977 ≈ 0.5¹⁰ = q^T"),
    ("decay.theta_new[1] < 0.1", True, "θ′₂ = 0.09 < 0.1"),
    ("soft.dp/dz[0][1] < 0", True, "∂p₁/∂z₂ ≈ -0.1050 < 0"),
    ("exp(cell.f_1 - cell.f_1) = 1", True, "e^(f₁ - f₁) ≈ e^(0.7311 - 0.7311) = 1"),
]


@pytest.mark.parametrize(("text", "expected", "told"), TOLD, ids=[row[0] for row in TOLD])
def test_a_relation_is_held_and_told(text, expected, told, answers):
    """Names first, then numbers, then the value; where it does not hold, the sign that does."""
    found = Relation.read(text).worked(answers)
    assert (found.holds, sentence(found.prose)) == (expected, told)


def test_the_only_calculation_needs_no_name(answers):
    """A question has one answer: its steps are named alone."""
    for key in ("", "any"):
        assert Relation.read("P_1 + P_4 = 83985").worked({key: answers["net"]}).holds
    assert Relation.read("2·f₁ = 1.4621").worked({"": answers["cell"]}).holds


def test_a_step_that_is_worked_when_it_is_asked_for(answers):
    """What `--find` would work is there for relations too."""
    answer = answers["att"]
    assert "dz_1/dv_2" not in answer.names
    with pytest.raises(InputError, match="slip: find dz_1/dv_9"):
        Relation.read("dz_1/dv_9 = 1", "slip").worked({"": answer})
    two = answers["two"]
    assert Relation.read("dh_2/dh_1 < 1").worked({"": two}).holds


REFUSED = [
    ("", "'' has no sign|has no sign"),
    ("x", "has no sign"),
    ("1 < 2 < 3 < 4", "has 3 signs"),
    ("cell.f_1 <", "column 11: a number or a step is missing"),
    ("< cell.f_1", "column 1: a number or a step is missing"),
    ("cell.f_1 < 3)", r"column 13: this \) closes nothing"),
    ("cell.f_1 < (3", r"a \) is missing"),
    ("cell.f_1; 2 < 3", "is not one formula"),
    ("cell.f_9 < 1", "cell.f_9 is no step: there are y, s, g, f_1"),
    ("sell.f_1 < 1", "sell is no calculation here: there are cell, net"),
    ("f_1 < 1", "f_1 of which calculation"),
    ("att.alpha[5] < 1", "att.alpha.5. is not there: alpha is 1x2"),
    ("cell.S[0] < 1", "S is one number"),
    ("count.P = 4", "count.P stays in symbols"),
    ("cell.f_1/(cell.i_1 - cell.i_1) = 1", "is not finite"),
    ("1/0 = 1", "divides by 0"),
    ("deep.W_1 @ deep.W_1[0] = 1", "joins"),
    ("1e999 < 2", "is not read"),
    ("9**9**9 < 2", "exponent"),
    ("cell.f_1.real < 2", "only .T"),
    ("__import__('os') < 2", "is not"),
    ("x" * 3000 + " < 1", "has 3004 characters"),
    ("(" * 300 + "1" + ")" * 300 + " < 2", "nested"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=[row[0][:40] for row in REFUSED])
def test_what_is_no_relation_is_refused(text, message, answers):
    """One line that says what is wrong, at once."""
    start = time.perf_counter()
    with pytest.raises(InputError, match=message) as raised:
        Relation.read(text, "slip of P").worked(answers)
    assert time.perf_counter() - start < 1
    assert str(raised.value).startswith("slip of P")
    assert "\n" not in str(raised.value)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(
    st.lists(st.decimals(-99, 99, places=2), min_size=1, max_size=4), st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
)
def test_relations_of_exact_numbers_are_those_of_fractions(terms, sign):
    """Sums of decimals are compared exactly, whatever floats make of them."""
    left, right = sum(map(Fraction, terms)), Fraction(terms[-1])
    signs = {"=": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right}
    signs[">="] = left >= right
    text = " + ".join(f"({term})" for term in terms) + f" {sign} ({terms[-1]} + 0)"
    assert Relation.read(text).worked({}).holds is signs[sign]


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=4))
def test_what_is_told_agrees_with_numpy(scores):
    """The weights of attention from our relation and from NumPy; what is told has the signs of what was asked."""
    answer = attention(scores=[f"{score:.4f}" for score in scores], d_k="1")
    values = np.array([float(f"{score:.4f}") for score in scores])
    weights = np.exp(values - values.max()) / np.exp(values - values.max()).sum()
    for at, weight in enumerate(weights):
        assert Relation.read(f"alpha[{at}] = {weight:.6f}").worked({"": answer}).holds
    found = Relation.read("0 < sum(alpha) <= 1").worked({"": answer})
    assert found.holds
    assert SIGN.findall(sentence(found.prose))[0] == "<"
