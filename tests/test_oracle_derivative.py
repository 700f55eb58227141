"""Derivatives with symbols against SymPy's diff and torch.autograd, over formulas made at random."""

from __future__ import annotations

import numpy as np
import pytest
import sympy
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from explain import derivative
from explain.engine.evaluate import evaluate

EXAMPLES = settings(
    max_examples=60, deadline=None, database=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
NAMES = ("x", "y", "w")
TORCH = {
    "exp": torch.exp, "tanh": torch.tanh, "sigmoid": torch.sigmoid, "sin": torch.sin, "cos": torch.cos,
    "softplus": torch.nn.functional.softplus,
}  # fmt: skip
SYMPY = {
    "exp": sympy.exp, "tanh": sympy.tanh, "sin": sympy.sin, "cos": sympy.cos,
    "sigmoid": lambda t: 1 / (1 + sympy.exp(-t)), "softplus": lambda t: sympy.log(1 + sympy.exp(t)),
}  # fmt: skip


class Grown:
    """A formula as text, as a function of torch tensors, and in SymPy: the three grow side by side."""

    def __init__(self, text, torched, sympied):
        self.text, self.torch, self.sympy = text, torched, sympied

    @property
    def names(self):
        """The names that it has, in the order of NAMES."""
        return [name for name in NAMES if sympy.Symbol(name) in self.sympy.free_symbols]


def leaf(name):
    """A variable."""
    return Grown(name, lambda at: at[name], sympy.Symbol(name))


def number(value):
    """A constant."""
    exact = sympy.Rational(value)
    return Grown(value, lambda at: torch.tensor(float(exact), dtype=torch.float64), exact)


def joined(sign, a, b):
    """Two formulas with a sign between them; a denominator is kept away from 0."""
    if sign == "/":
        b = Grown(f"(3 + ({b.text})^2)", lambda at, b=b.torch: 3 + b(at) ** 2, 3 + b.sympy**2)
    both = {"+": lambda p, q: p + q, "-": lambda p, q: p - q, "*": lambda p, q: p * q, "/": lambda p, q: p / q}[sign]
    return Grown(f"({a.text}) {sign} ({b.text})", lambda at: both(a.torch(at), b.torch(at)), both(a.sympy, b.sympy))


def applied(name, a):
    """A function of a formula; roots and logarithms of something positive."""
    if name in TORCH:
        return Grown(f"{name}({a.text})", lambda at: TORCH[name](a.torch(at)), SYMPY[name](a.sympy))
    inside, torched, sympied = f"2 + ({a.text})^2", lambda at: 2 + a.torch(at) ** 2, 2 + a.sympy**2
    if name == "log":
        return Grown(f"log({inside})", lambda at: torch.log(torched(at)), sympy.log(sympied))
    if name == "sqrt":
        return Grown(f"sqrt({inside})", lambda at: torch.sqrt(torched(at)), sympy.sqrt(sympied))
    power = int(name)
    return Grown(f"({a.text})^{power}", lambda at: a.torch(at) ** power, a.sympy**power)


leaves = st.sampled_from(NAMES).map(leaf) | st.sampled_from(["2", "3", "0.50", "1.5"]).map(number)
formulas = st.recursive(
    leaves,
    lambda parts: (
        st.tuples(st.sampled_from("+-*/"), parts, parts).map(lambda drawn: joined(*drawn))
        | st.tuples(st.sampled_from([*TORCH, "log", "sqrt", "2", "3"]), parts).map(lambda drawn: applied(*drawn))
    ),
    max_leaves=5,
)
points = st.fixed_dictionaries({name: st.integers(-150, 150).map(lambda n: str(n / 100)) for name in NAMES})


def at_point(grown, point):
    """A point as the topic takes it, and as tensors."""
    text = ", ".join(f"{name}={point[name]}" for name in grown.names)
    return text, {name: torch.tensor(float(point[name]), dtype=torch.float64) for name in grown.names}


def value(answer, name, point):
    """What a step of the working comes to at a point, from the form that the page prints."""
    step = answer[name]
    known = {name: np.array(float(number)) for name, number in point.items()}
    return float(step.value) if step.value is not None else float(evaluate(step.closed, known))


def last_form(answer, name):
    """The last form of a derivative: some are rewritten with σ, line by line."""
    return next(found for found in reversed(answer.names) if found.split("_form")[0] == name)


@EXAMPLES
@given(formulas, points)
def test_first_derivatives_are_those_of_sympy_and_torch(grown, point):
    """Protects every rule, and the collecting of terms: each partial derivative in its printed form."""
    names = grown.names
    assume(names)
    answer = derivative(formula=f"f = {grown.text}")
    assert answer.passed
    _, tensors = at_point(grown, point)
    slopes = torch.autograd.functional.jacobian(
        lambda *values: grown.torch(dict(zip(names, values, strict=True))), tuple(tensors.values())
    )
    numbers = {sympy.Symbol(name): sympy.Rational(point[name]) for name in names}
    for name, slope in zip(names, slopes, strict=True):
        ours = value(answer, last_form(answer, f"df/d{name}"), point)
        exact = float(sympy.N(sympy.diff(grown.sympy, sympy.Symbol(name)).subs(numbers), 30))
        assert ours == pytest.approx(exact, rel=1e-9, abs=1e-11)
        assert ours == pytest.approx(float(slope), rel=1e-9, abs=1e-11)


@EXAMPLES
@given(formulas, points)
def test_hessians_are_those_of_torch(grown, point):
    """Protects the second derivatives, the mixed ones too, and the eigenvalues at a point."""
    names = grown.names
    assume(len(names) > 1)
    text, tensors = at_point(grown, point)
    answer = derivative(formula=f"f = {grown.text}", hessian="yes", at=text)
    assert answer.passed
    rows = torch.autograd.functional.hessian(
        lambda *values: grown.torch(dict(zip(names, values, strict=True))), tuple(tensors.values())
    )
    order = [step.split("/d")[1].split("_form")[0] for step in answer.results[: len(names)]]
    expected = np.array([[float(rows[names.index(a)][names.index(b)]) for b in order] for a in order])
    found = np.asarray(answer["H_at"].value, dtype=float)
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-10)
    eigenvalues = sorted(float(answer[step].value) for step in answer.results if step.startswith("lambda_"))
    scale = max(1.0, float(abs(expected).max()))
    assert eigenvalues == pytest.approx(sorted(np.linalg.eigvalsh(expected)), rel=1e-9, abs=1e-9 * scale)


@EXAMPLES
@given(formulas, st.sampled_from(["2", "3"]), points)
def test_higher_derivatives_are_those_of_sympy(grown, order, point):
    """Protects a derivative of a derivative: what is named again in it keeps its meaning."""
    assume(grown.names)
    (name, *_) = grown.names
    answer = derivative(formula=f"f = {grown.text}", wrt=name, order=order)
    assert answer.passed
    numbers = {sympy.Symbol(other): sympy.Rational(point[other]) for other in grown.names}
    exact = float(sympy.N(sympy.diff(grown.sympy, sympy.Symbol(name), int(order)).subs(numbers), 30))
    ours = value(answer, last_form(answer, f"d{order}f/d{name}{order}"), point)
    assert ours == pytest.approx(exact, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize("classes", [2, 3, 5])
def test_softmax_is_that_of_torch(classes):
    """Protects the Jacobian of softmax and the gradient p - y."""
    random = np.random.default_rng(5)
    z = torch.tensor(random.normal(size=classes))
    y = torch.tensor(random.dirichlet(np.ones(classes)))
    known = {f"z_{at}": np.array(float(number)) for at, number in enumerate(z, 1)}
    known |= {f"y_{at}": np.array(float(number)) for at, number in enumerate(y, 1)}
    for formula, name in (("softmax(z)", "J_short"), ("-sum(y*log(softmax(z)))", "grad_L_short")):
        answer = derivative(formula=formula, classes=classes)
        assert answer.passed
        values = dict(known)
        for step in answer.steps:
            values[step.name] = evaluate(step.expression, values)
        if name == "J_short":
            expected = torch.autograd.functional.jacobian(lambda t: torch.softmax(t, 0), z).numpy()
        else:
            loss = lambda t: -(y * torch.log_softmax(t, 0)).sum()  # noqa: E731
            expected = torch.autograd.functional.jacobian(loss, z).numpy().reshape(-1, 1)
        assert values[name] == pytest.approx(expected, rel=1e-9, abs=1e-12)
