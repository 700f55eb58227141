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


@pytest.mark.parametrize(
    ("formula", "given", "derived"),
    [
        ("u = w*x + b; p = sigmoid(u); L = -(y*log(p)+(1-y)*log(1-p))", {"wrt": "w"}, "x (σ(w x + b) - y)"),
        ("u = x^2; f = log(1 + u)", {}, "(2 x)/(x² + 1)"),
        ("u=w; L=log(1-u)", {}, "1/(w - 1)"),
        ("u = w*x + b; f = sigmoid(u)^2 + u", {"wrt": "b"}, "2 σ(w x + b)² (1 - σ(w x + b)) + 1"),
        ("u=x^2; f=exp(u)/(1+u)", {"order": "2"}, "(2 x² e^(x²) (2 x⁴ + x² + 3))/(x² + 1)³"),
        ("v=x*y; f=log(1+exp(v))", {"order": "2", "wrt": "x"}, "y² σ(x y) (1 - σ(x y))"),
    ],
)
def test_letters_keep_away_from_the_parts_of_the_question(formula, given, derived):
    """Protects `u` of the question from being taken for an inner function, and the order of the definitions."""
    answer = derivative(formula=formula, **given)
    assert answer.passed
    assert result(answer) == derived
    assert len(set(answer.names)) == len(answer.names)
    parts = [part.partition("=")[0].strip() for part in formula.split(";")]
    assert [name for name in answer.names if name in parts] == parts


def test_a_hessian_of_parts_is_worked():
    """Protects the second derivatives by their own names, whatever the parts are called."""
    answer = derivative(formula="v=x*y; f=log(1+exp(v))", hessian="yes", wrt="x,y")
    assert answer.passed
    assert {"d2f/dx2", "d2f/dxdy", "d2f/dy2"} <= set(answer.names)


def test_a_function_of_the_question_keeps_its_name():
    """Protects `p = sigmoid(z)` from becoming f, and five used names from leaving none."""
    assert derivative(formula="p = sigmoid(z)").results == ["dp/dz_form4"]
    assert derivative(formula="f*g*h*F*G", wrt="f").results == ["df_1/df"]


@pytest.mark.parametrize(
    ("formula", "at", "value", "told"),
    [
        ("abs(x)", "x=0", 0, "f has the slope -1 before it and 1 after it; 0 is the value that PyTorch takes"),
        ("relu(x)", "x=0", 0, "f has the slope 0 before it and 1 after it; 0 is the value that PyTorch takes"),
        ("leaky_relu(2*x)", "x=0", 0.02, "f has the slope 0.02 before it and 2 after it; 0.02 is the value"),
        ("x*relu(y - 1)", "x=3, y=1", 0, "f has the slope 0 before it and 3 after it; 0 is the value"),
    ],
)
def test_a_kink_at_the_point_is_said(formula, at, value, told):
    """Protects from a number that looks like a derivative where there is none: |x| at 0."""
    answer = derivative(formula=formula, at=at)
    shown = " ".join(text(answer).split())
    assert answer.passed
    assert float(answer[answer.results[-1]].value) == pytest.approx(value)
    assert "not differentiable here" in shown
    assert told in shown
    assert "difference quotients beside the kink" in shown
    assert "the convention of PyTorch; there it is no derivative" in shown


def test_what_is_smooth_at_a_kink_is_a_derivative():
    """Protects x |x|, which has the derivative 0 at 0, and a point close to a kink."""
    for formula, at, value in (("x*abs(x)", "x=0", 0), ("relu(x)^2", "x=0", 0), ("abs(x)", "x=1e-7", 1)):
        answer = derivative(formula=formula, at=at)
        assert answer.passed
        assert float(answer["df/dx_at"].value) == value
        assert "not differentiable" not in text(answer)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"formula": "relu(x) - relu(-x)", "at": "x=0"}, "the slope is 1 on both sides"),
        ({"formula": "relu(x + y - z)", "at": "x=0.1, y=0.2, z=0.3"}, "but for an error of rounding"),
        ({"formula": "x^2 + y^2 + abs(x)", "at": "x=0, y=1", "hessian": "yes"}, "no second derivatives to judge by"),
        ({"formula": "log(x)", "at": "x=0"}, "^at has x=0: formula, column 1: .* choose another number for x$"),
        ({"formula": "u = x - 2; f = y + log(u)", "at": "x=1, y=3"}, "^at has x=1: .* another number for x$"),
        ({"formula": "e^x"}, "column 1: e is read as a name, not as Euler's number: write exp"),
        ({"formula": "x + e^2"}, r"column 5: .* write exp\(2\)"),
        ({"formula": "e = x; f = e^x"}, "column 12: e is read as a name"),
        ({"formula": "sum(z^2)", "classes": "2"}, "without softmax every name is a number"),
        ({"formula": "softmax(z)", "classes": "0"}, "classes is 0: choose 2, 3, 4, 5, 6"),
        ({"formula": "softmax(z)", "classes": "n"}, "classes is n: choose 2, 3, 4, 5, 6"),
    ],
)
def test_refusals_name_the_option_and_the_mend(given, told):
    """Protects the messages, and from results that are no derivatives."""
    with pytest.raises(InputError, match=told):
        derivative(**given)


def test_a_part_called_e_may_be_squared():
    """Protects the error of a prediction, e = y - w x, from the refusal of Euler's number."""
    assert result(derivative(formula="e = w*x - y; L = e^2", wrt="w")) == "2 x (w x - y)"


def test_no_difference_quotient_vanishes_unsaid():
    """Protects the check: where no quotient can be taken the page says why."""
    assert "no difference quotient is taken for" in " ".join(text(derivative("x*sin(1/x)", at="x=0.0000001")).split())


def test_long_algebra_has_a_line_between():
    """Protects from a jump over a factorisation: common factors first, then the parentheses multiplied out."""
    answer = derivative(formula="exp(-x^2)/(1+x)", order="2")
    shown = text(answer)
    assert answer.passed
    assert result(answer) == "(2 x² e^(-x²) (2 x² + 4 x + 3))/(x + 1)³"
    assert answer.names[-2:] == ["d2f/dx2", "d2f/dx2_form1"]
    assert "Multiplied out" in shown
    assert "(x + 1)(1 - 2 x²)" not in shown
    assert "(2\n" not in shown  # no term is broken in two


def test_a_function_with_a_letter_is_written_by_it():
    """Protects r = tanh(x) from standing beside tanh(x)."""
    answer = derivative(formula="tanh(x)", order="3")
    shown = text(answer)
    assert answer.passed
    assert "t = -2 r (1 - r²)" in shown
    assert "tanh(x) (1 - r²)" not in shown


@pytest.mark.parametrize(
    ("formula", "told"),
    [
        ("abs(x)", "sign(t) is 1 where t is positive, -1 where it is negative, and 0 at 0"),
        ("x^y", "log is the natural logarithm"),
        ("x^y", "x^y is defined where its base is positive: x > 0"),
        ("softplus(x)", "σ(t) = 1/(1 + e^(-t))"),
        ("softplus(x)", "softplus(t) = log(1 + e^t)"),
    ],
)
def test_what_a_derivative_brings_is_introduced(formula, told):
    """Protects from functions that appear in the working only."""
    assert told in " ".join(text(derivative(formula=formula)).split("Find")[0].split())


def test_both_forms_of_softplus_are_said_to_be_the_same():
    """Protects the reader of a number who finds max(0, t) where log(1 + e^t) was said."""
    shown = " ".join(text(derivative(formula="softplus(x)", at="x=1")).split())
    assert "worked as max(0, t) + log(1 + e^(-|t|)), which is the same" in shown


@pytest.mark.parametrize("formula", ["softmax(z)", "-sum(y*log(softmax(z)))"])
def test_no_result_of_softmax_stands_twice(formula):
    """Protects Find and Result from two lines with one symbol."""
    built = page(derivative(formula=formula))
    names = [linear(notation) for notation in built.find]
    assert len(set(names)) == len(names)


def test_a_page_of_letters_says_nothing_of_rounding():
    """Protects from sentences about numbers where there are only coefficients."""
    letters, numbers = text(derivative(formula="3*x^2")), text(derivative(formula="3*x^2", at="x=0.5"))
    for said in ("nothing is rounded", "with exact fractions"):
        assert said not in letters
        assert said in numbers


def test_terms_with_sigmoid_may_cancel():
    """Protects σ(w) - e^w/(1 + e^w), in which no σ is left, from a traceback."""
    answer = derivative(formula="softplus(w) - log(1 + exp(w)) + x", wrt="w")
    assert answer.passed
    assert result(answer) == "0"
