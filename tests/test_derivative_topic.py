"""Derivatives on the blackboard: what stands on the page, what is refused, and what the Hessian is said to be."""

from __future__ import annotations

import time

import numpy as np
import pytest

from explain import InputError, derivative
from explain.cli import run
from explain.engine.evaluate import evaluate
from explain.engine.functions import EXP, SIGMOID
from explain.engine.lowering import simplified, to_named
from explain.engine.nodes.base import Symbol
from explain.engine.rules import differentiate
from explain.formulas.build import Builder
from explain.formulas.grammar import parse
from explain.page import page
from explain.render.linear import linear, sentence
from explain.render.terminal import plain


def text(answer, detail="exam"):
    """The page at 80 columns."""
    return plain(page(answer, detail), 80)


def result(answer):
    """The last result as one line of text."""
    return linear(page(answer).results[-1].relations[-1][1])


def node(formula):
    """A formula of numbers as an expression."""
    tree = parse(formula)[-1].tree
    return Builder({name: Symbol(name) for name in tree.names}, lambda made, _tree, _above: made).build(tree)


@pytest.mark.parametrize(
    ("formula", "names", "derived"),
    [
        ("x^3", ["power rule"], "3 x²"),
        ("5*x^3", ["constant factor rule", "power rule"], "15 x²"),
        (
            "x^2 + a*x + a",
            ["sum rule", "power rule", "constant factor rule", "identity rule", "constant rule"],
            "2 x + a",
        ),
        ("x^2*exp(x)", ["product rule", "power rule", "derivative of exp"], "x eˣ (x + 2)"),
        ("x/(x + 1)", ["quotient rule", "identity rule", "sum rule", "identity rule", "constant rule"], "1/(x + 1)²"),
        ("1/x", ["reciprocal rule", "identity rule"], "- 1/x²"),
        (
            "log(x^2 + 1)",
            ["derivative of log", "chain rule", "sum rule", "power rule", "constant rule"],
            "(2 x)/(x² + 1)",
        ),
        ("2^x", ["exponential rule"], "2ˣ·log(2)"),
        ("x^n", ["power rule"], "n x^(n - 1)"),
        ("x^x", ["power and exponential rule"], "xˣ log(x) + xˣ"),
        ("sqrt(x)", ["derivative of the root"], "1/(2 √x)"),
        ("relu(x)", ["derivative of relu"], "1[x > 0]"),
        ("sigmoid(x)", ["derivative of sigmoid"], "σ(x) (1 - σ(x))"),
    ],
)
def test_rules_are_named_in_their_order(formula, names, derived):
    """Protects the names on the page, and that the rules give the derivative that is known."""
    found = differentiate(node(formula), Symbol("x"))
    assert [rule.name for rule in found.rules] == names
    from explain.engine.prose import SYMBOLIC

    assert linear(SYMBOLIC.write(simplified(found.node))) == derived


def test_collecting_keeps_the_meaning():
    """Protects the closed form: the collected expression has the same values."""
    x, y = Symbol("x"), Symbol("y")
    expression = 2 * x * EXP(y) + x**2 * EXP(y) - SIGMOID(x) * (SIGMOID(x) - 1)
    known = {"x": np.array(0.7), "y": np.array(-0.4)}
    collected = simplified(expression)
    assert float(evaluate(collected, known)) == pytest.approx(float(evaluate(expression, known)), rel=1e-14)
    assert to_named(collected).free_symbols == to_named(expression).free_symbols


def test_sigmoid_is_derived_from_its_definition():
    """Protects the page of σ′: quotient rule, every line of algebra, and the form σ(1 - σ) at the end."""
    answer = derivative(formula="sigmoid(z)")
    shown = text(answer)
    for piece in ("u = -z", "quotient rule", "chain rule", "1 added and taken away", "σ put in"):
        assert piece in shown
    assert result(answer) == "σ(z) (1 - σ(z))"


def test_tanh_is_derived_from_its_definition():
    """Protects the page of tanh′."""
    answer = derivative(formula="tanh(z)")
    assert "The two derivatives recognised" in text(answer)
    assert result(answer) == "1 - tanh(z)²"


def test_the_neuron_has_an_inner_function():
    """Protects the chain rule page: u named, differentiated term by term, put back."""
    shown = text(derivative(formula="sigmoid(w*x+b)", wrt="w"))
    for line in (
        "u = w x + b",
        "∂/∂w(w x) = x",
        "∂/∂w(b) = 0",
        "∂f/∂w = ∂f/∂u · ∂u/∂w",
        "= x σ(w x + b) (1 - σ(w x + b))",
    ):
        assert line in shown


@pytest.mark.parametrize(
    ("formula", "derived"),
    [
        ("log(1 + exp(-y*w*x))", "-y x σ(-y w x)"),
        ("log(1 + exp(w))", "σ(w)"),
        ("-(y*log(w) + (1 - y)*log(1 - w))", "(w - y)/(w (1 - w))"),
        ("u = w*x; f = u^2", "2 w x²"),
        ("0.30*w^2", "0.6 w"),
        ("(z - w)^2/2", "-(z - w)"),
    ],
)
def test_known_derivatives(formula, derived):
    """Protects the form in which well-known results stand on the page."""
    answer = derivative(formula=formula, wrt="w")
    assert answer.passed
    assert result(answer).replace("w - z", "-(z - w)") == derived


@pytest.mark.parametrize(
    ("formula", "at", "told"),
    [
        ("x^2 + 3*x*y + y^2", None, "indefinite; the gradient is 0 at c, which is a saddle point"),
        ("x^2 + x*y + y^2", None, "positive definite; the gradient is 0 at c, which is a strict minimum"),
        ("-x^2 + x*y - y^2", None, "negative definite; the gradient is 0 at c, which is a strict maximum"),
        ("(x + y)^2", None, "positive semidefinite"),
        ("x + 2*y", None, "the Hessian is zero"),
        ("x^2 + y^2 + z^2 + x*y + y*z", None, "positive definite"),
        ("x^2 - y^2 + z^2 + x*z", None, "indefinite"),
        ("exp(x) + exp(y)", None, "positive definite"),
        ("x^3 + y^2", None, "--at settles them at a point"),
        ("x^3 + y^2", "x=1, y=0", "the gradient is not 0 at the point"),
        ("x^4 + y^2", "x=0, y=0", "undecided by the second derivatives"),
        ("(1-x)^2 + 100*(y-x^2)^2", "x=1, y=1", "so it is a strict minimum"),
    ],
)
def test_the_verdict_on_the_hessian(formula, at, told):
    """Protects the reading of the eigenvalues."""
    answer = derivative(formula=formula, hessian="yes", at=at)
    assert answer.passed
    assert told in " ".join(text(answer).split())


def test_eigenvalues_are_those_of_numpy():
    """Protects the quadratic formula and the roots of the cubic."""
    for formula, matrix in (
        ("x^2 + 3*x*y + y^2", [[2, 3], [3, 2]]),
        ("x^2 + y^2 + z^2 + x*y + 3*y*z", [[2, 1, 0], [1, 2, 3], [0, 3, 2]]),
    ):
        answer = derivative(formula=formula, hessian="yes")
        found = [float(answer[name].value) for name in answer.results if name.startswith("lambda_")]
        assert sorted(found) == pytest.approx(sorted(np.linalg.eigvalsh(np.array(matrix, dtype=float))), rel=1e-12)


def test_softmax_pages_end_in_their_matrices():
    """Protects the two results that papers ask for, and that Σ y = 1 is said where it is used."""
    assert result(derivative(formula="softmax(z)", classes=4)) == "diag(p) - p pᵀ"
    answer = derivative(formula="-sum(y*log(softmax(z)))", wrt="z")
    assert result(answer) == "p - y"
    assert "y₁ + y₂ + y₃ = 1, the property of a target" in text(answer)
    for other in ("sum(-y*log(softmax(z)))", "p = softmax(s); E = -sum(t*log(p))", "-sum(log(softmax(a))*b)"):
        assert derivative(formula=other).passed


def test_a_point_is_put_in_at_the_end():
    """Protects the letters of the derivation: numbers stand only where the point is put in."""
    answer = derivative(formula="x^2*y", at="x=1.50, y=2")
    assert float(answer["df/dx_at"].value) == 6
    before = text(answer).split("At the point")[0]
    assert "1.50" not in before.split("Find")[1]


def test_find_keeps_what_leads_to_a_step():
    """Protects --find: an intermediate derivative with its own lines."""
    answer = derivative(formula="sigmoid(w*x+b)", wrt="w", find="du/dw")
    assert answer.names == ["rule_1", "rule_2", "du/dw"]


def test_every_reason_names_its_rule():
    """Protects the reasons: none is empty and none is said twice in the same words on one page."""
    answer = derivative(formula="x^2*exp(-x)/(x + 2) + log(x)*sin(x)")
    reasons = [sentence(step.why) for step in answer.steps if not step.place]
    assert all(reasons)
    assert len(set(reasons)) == len(reasons)


BAD = {
    "9**9**9": "column 2",
    "x + 9**9**9": "column 6",
    "__import__('os')": "column 1",
    "x.real": "column 2",
    "sigmod(x)": "did you mean sigmoid?",
    "((x": "column 4",
    "(" * 1000 + "x" + ")" * 1000: "nested",
    "3 + 4": "no name",
    "max(x, y)": "not differentiated here",
    "sum(x^2)": "needs a vector",
    "W @ x": "belong to backprop",
    "softmax(z)*2": "softmax(z), or as",
    "-sum(z*log(softmax(z)))": "score and target at once",
    "0^x": "must be positive",
    "x*log(0)": "no number",
    "x + sqrt(-2)": "no number",
    "1/(x - x)": "divides by 0",
    "exp(" * 40 + "x" + ")" * 40: "too many functions",
}


@pytest.mark.parametrize("formula", BAD)
def test_bad_formulas_are_refused_in_one_line(formula, capsys):
    """Protects from tracebacks and from waiting."""
    started = time.perf_counter()
    assert run(["derivative", formula]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert BAD[formula] in error
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"wrt": "q"}, "whose names are x, y"),
        ({"wrt": "x,,2"}, "where a name belongs"),
        ({"at": "x=1"}, "no number for y"),
        ({"at": "x=1, y=2, z=3"}, "at has z"),
        ({"at": "x=1, x=2"}, "twice"),
        ({"at": "x"}, "write a point like"),
        ({"at": "x=a, y=1"}, "where a number belongs"),
        ({"hessian": "yes", "wrt": "x"}, "the only variable"),
        ({"hessian": "yes", "order": "2"}, "leave one out"),
        ({"order": "4"}, "choose 1, 2, 3"),
    ],
)
def test_bad_options_say_what_belongs_there(given, told):
    """Protects the messages: option, value, mend."""
    with pytest.raises(InputError, match=told):
        derivative(formula="x^2*y", **given)


def test_a_point_outside_the_domain_is_refused_with_the_column():
    """Protects from NaN on the page."""
    with pytest.raises(InputError, match="column 3: the logarithm of -1"):
        derivative(formula="x*log(x)", at="x=-1")


def test_a_formula_may_begin_with_a_minus_sign(capsys):
    """Protects `-sum(…)` and `-x^2 + 1` on the command line from being taken for options."""
    assert run(["derivative", "-x^2 + 1", "--format", "terminal"]) == 0
    assert "-2 x" in capsys.readouterr().out


def test_a_derivative_that_is_too_long_is_refused():
    """Protects from pages that nobody can read, and from waiting for them."""
    formula = "tanh(w/x/softplus(x) + leaky_relu(x)*a)*sin(x*tanh(x*a))*exp(x/w)"
    with pytest.raises(InputError, match="too long for a page"):
        derivative(formula=formula, order="3", wrt="x")
