"""Derivatives proved against SymPy and against finite differences, and the bridges between nodes, SymPy and NumPy."""

from __future__ import annotations

import inspect

import numpy as np
import pytest
import sympy

from explain import attention, lstm_params, mlp
from explain.engine import functions
from explain.engine.evaluate import evaluate, symbols
from explain.engine.lowering import TooLongError, factored, from_sympy, to_sympy
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import LogSumExp, ScalarFunction, Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.pullback import UnnamedError, pull

FUNCTIONS = {value.name: value for value in vars(functions).values() if isinstance(value, ScalarFunction)}
DERIVED = [function for function in FUNCTIONS.values() if function.derivatives]
SAFE = [function for function in FUNCTIONS.values() if function.safe_derivative]
PROBABILITIES = ("bernoulli-likelihood", "likelihood", "log")

named = pytest.mark.parametrize("function", DERIVED, ids=lambda function: function.name)


def arguments(function):
    """Symbols for the arguments of a function."""
    count = len(inspect.signature(function.definition).parameters) if function.definition else 1
    if function.name in ("max", "min"):
        count = 2
    return [Symbol(name) for name in ("a", "b")[:count]]


def points(function, count=30):
    """Random points in the domain of a function, away from its kink: one tuple of numbers each."""
    random = np.random.default_rng(11)
    signs = random.choice([-1.0, 1.0], count)
    first = signs * random.uniform(0.01, 8, count)
    second = random.uniform(0, 1, count)
    if function.name in PROBABILITIES:
        first = random.uniform(0.01, 0.99, count)
    if function.name in ("max", "min"):
        second = random.normal(size=count)
    return list(zip(first, second, strict=True))


def exactly(expression, operands, values):
    """An expression at a point, by SymPy with 40 digits from the exact floats."""
    numbers = {symbol.name: sympy.Rational(float(value)) for symbol, value in zip(operands, values, strict=True)}
    return sympy.N(expression.subs({symbol: numbers[symbol.name] for symbol in expression.free_symbols}), 40)


def is_zero(difference, function):
    """Whether an expression is 0: proved, or for functions with a kink at many points away from it."""
    difference = difference.subs({symbol: sympy.Symbol(symbol.name, real=True) for symbol in difference.free_symbols})
    difference = difference.doit()
    if not difference.has(sympy.Max, sympy.Piecewise, sympy.Heaviside, sympy.Abs):
        return sympy.simplify(difference.rewrite(sympy.exp)) == 0
    operands = arguments(function)
    return all(abs(exactly(difference, operands, point[: len(operands)])) < 1e-30 for point in points(function))


def test_the_functions_are_found():
    """Protects the tests of this file from testing nothing."""
    assert {"sigmoid", "tanh", "relu", "leaky-relu", "squared-error", *PROBABILITIES} <= FUNCTIONS.keys()
    assert FUNCTIONS.keys() >= {*functions.ACTIVATIONS, "erf", "normal-distribution", "normal-density"}
    assert len(functions.ACTIVATIONS) == 16
    assert {function.name for function in SAFE} == {"sigmoid", "tanh"}
    assert {function.name for function in DERIVED} >= {f.name for f in FUNCTIONS.values() if f.definition}


@named
def test_textbook_derivative_is_that_of_sympy(function):
    """Protects every derivative of an activation and of a loss: SymPy differentiates the definition to the same."""
    operands = arguments(function)
    definition = to_sympy(function(*operands))
    assert len(function.derivatives) <= len(operands)
    for operand, derivative in zip(operands, function.derivatives, strict=False):
        textbook = to_sympy(derivative(operands, function(*operands)))
        assert is_zero(textbook - sympy.diff(definition, sympy.Symbol(operand.name)), function)


@pytest.mark.parametrize("function", SAFE, ids=lambda function: function.name)
def test_safe_derivative_is_that_of_sympy(function):
    """Protects the form that keeps its digits under saturation: it is the same function."""
    z = Symbol("a")
    difference = to_sympy(function.safe_derivative(z)) - sympy.diff(to_sympy(function(z)), sympy.Symbol("a"))
    assert is_zero(difference, function)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_numpy_evaluates_the_definition(function):
    """Protects the two faces of a function: what NumPy computes is what its formula says, to twelve digits."""
    operands = arguments(function)
    lowered = to_sympy(function(*operands))
    for point in points(function):
        values = point[: len(operands)]
        ours = float(function.numpy(*(np.array(value) for value in values)))
        assert ours == pytest.approx(float(exactly(lowered, operands, values)), rel=1e-12, abs=1e-15)


@named
def test_numpy_evaluates_the_derivative(function):
    """Protects the derivative as it is computed: textbook and safe form at random points, to twelve digits."""
    operands = arguments(function)
    real = sympy.Symbol("a", real=True)
    lowered = sympy.diff(to_sympy(function(*operands)).subs(sympy.Symbol("a"), real), real).doit()
    forms = [function.derivatives[0](operands, function(*operands))]
    forms += [function.safe_derivative(operands[0])] if function.safe_derivative else []
    for point in points(function):
        known = {symbol.name: np.array(value) for symbol, value in zip(operands, point, strict=False)}
        exact = float(exactly(lowered, operands, point[: len(operands)]))
        textbook, *safe = (float(evaluate(form, known)) for form in forms)
        assert textbook == pytest.approx(exact, rel=1e-9, abs=1e-12)
        assert safe == pytest.approx([exact] * len(safe), rel=1e-12)


def test_safe_derivative_keeps_its_digits_under_saturation():
    """Protects σ′(40) and tanh′(20), which h(1 - h) and 1 - h² round to 0."""
    for function, z in ((functions.SIGMOID, 40.0), (functions.TANH, 20.0)):
        exact = sympy.diff(to_sympy(function(Symbol("a"))), sympy.Symbol("a")).subs("a", sympy.Rational(z))
        ours = float(evaluate(function.safe_derivative(Symbol("a")), {"a": np.array(z)}))
        assert ours == pytest.approx(float(sympy.N(exact.rewrite(sympy.exp), 60, maxn=500)), rel=1e-12)


A, C, M = Symbol("A", (2, 3)), Symbol("C", (2, 3)), Symbol("M", (3, 2))
COLUMN, ROW, ONE, X = Symbol("c", (2, 1)), Symbol("r", (1, 3)), Symbol("o", (1, 1)), Symbol("x")
EXPRESSIONS = {
    "a symbol": A,
    "add": A + C,
    "add the same twice": A + A + C,
    "subtract": A - C,
    "three terms": A - C + 2 * A,
    "negative": -A,
    "bias, a column": M.T + COLUMN,
    "bias subtracted": A - COLUMN,
    "add a row": A + ROW,
    "add a number": A + X,
    "add a 1 by 1": A + ONE,
    "column plus row": COLUMN + ROW,
    "times": A * C,
    "times itself": A * A,
    "three factors": A * C * A,
    "times a column": A * COLUMN,
    "times a row": ROW * A,
    "times a number": X * A,
    "outer product by stretching": COLUMN * ROW,
    "divide": A / C,
    "divide by itself": (A + C) / A,
    "divide by a column": A / COLUMN,
    "divide by a number": A / X,
    "a number divided": X / A,
    "column divided by row": COLUMN / ROW,
    "matrix product": A @ M,
    "matrix product of three": A @ M @ C,
    "matrix product with its transpose": A @ A.T,
    "layer": A @ M + COLUMN,
    "transpose": A.T,
    "transpose of a product": (A @ M).T,
    "sum": Sum(A),
    "sum of rows": Sum(A, 1),
    "sum of columns": Sum(A, 0),
    "sum of a product": Sum(A * C),
    "sum of a square": Sum((A - C) ** 2),
    "sum of a matrix product": Sum(A @ M),
    "sum of a transpose": Sum(A.T),
    "sum of a stretched sum": Sum(A + COLUMN),
    "sum of a stretched product": Sum(A * COLUMN),
    "row sums of a matrix product": Sum(A @ M, 1),
    "mean": Sum(A * A) / 6,
    "softmax of rows": Softmax(A, 1),
    "softmax of columns": Softmax(A, 0),
    "log-sum-exp": LogSumExp(A),
    "cross-entropy from logits": Sum(LogSumExp(A)) - Sum(C * A),
    "square root": sqrt(C),
    "square root of a product": sqrt(C * C),
    "divided by a root": A / sqrt(X),
    "normalised by its length": A / sqrt(Sum(C * C, 1)),
    "square": A**2,
    "cube": A**3,
    "power of a sum": (A + COLUMN) ** 2,
    "inverse": C**-1,
    "first power": C**1,
    "minus a square": -(A**2),
    "chain of elementwise operations": (A * C - COLUMN) / (C + X) ** 2,
}
RANDOM = np.random.default_rng(3)
VALUES = {
    symbol.name: np.asarray(RANDOM.uniform(0.4, 2, symbol.shape) * (-1 if symbol is A else 1))
    for symbol in (A, C, M, COLUMN, ROW, ONE, X)
}


def slope(expression, seed, name, values):
    """The gradient of the sum of seed ⊙ expression by symmetric differences."""
    gradient = np.zeros_like(values[name])
    for index in np.ndindex(gradient.shape):
        ends = []
        for step in (1e-6, -1e-6):
            moved = {**values, name: values[name].copy()}
            moved[name][index] += step
            ends.append((seed * evaluate(expression, moved)).sum())
        gradient[index] = (ends[0] - ends[1]) / 2e-6
    return gradient


def assert_pulls_to_finite_differences(expression, values, names):
    """What every symbol receives has its shape and the value that differences give."""
    value = np.asarray(evaluate(expression, values))
    seed = np.random.default_rng(4).normal(size=value.shape)
    pulled = pull(expression, Symbol("seed", value.shape), Symbol("out", value.shape), set(names))
    assert pulled.keys() == set(names)
    for name in names:
        found = evaluate(pulled[name], {**values, "seed": seed, "out": value})
        assert pulled[name].shape == np.shape(found) == values[name].shape, name
        np.testing.assert_allclose(found, slope(expression, seed, name, values), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_pull_is_the_gradient(expression):
    """Protects the pull-back of every operation, alone, stretched and nested, against finite differences."""
    assert_pulls_to_finite_differences(expression, VALUES, list(symbols(expression)))


@named
def test_pull_through_a_function_is_the_gradient(function):
    """Protects the chain rule through every activation and loss, entry by entry, stretched ones included."""
    operand = C if function.name in PROBABILITIES else A
    values = {**VALUES, "C": VALUES["C"] / 3, "c": VALUES["c"] / 3}
    single = len(arguments(function)) == 1
    for expression in [function(operand)] if single else [function(operand, COLUMN), function(COLUMN, ROW)]:
        assert_pulls_to_finite_differences(expression, values, [expression.operands[0].name])


@pytest.mark.parametrize("composite", [functions.SIGMOID(A @ M), Softmax(A @ M, 0), functions.TANH(A + C)])
def test_an_unnamed_composite_is_refused(composite):
    """Protects the chain rule's form: a function of something without a name has no ∂h/∂z to write."""
    with pytest.raises(UnnamedError, match="name"):
        pull(composite, Symbol("seed", composite.shape), Symbol("out", composite.shape), {"A"})


def test_an_unnamed_composite_of_constants_is_not_differentiated():
    """Protects the reach of that refusal: where nothing wanted is inside, nothing is pulled and nothing refused."""
    assert pull(functions.SIGMOID(A @ M), Symbol("seed", (2, 2)), Symbol("out", (2, 2)), {"x"}) == {}


def numbers(answer):
    """The numbers of an answer under the SymPy names of their entries."""
    known = {}
    for name, value in answer.values.items():
        array = np.asarray(value, dtype=float)
        if not array.shape:
            known[sympy.Symbol(name)] = sympy.Float(float(array), 30)
            continue
        rows, columns = array.shape
        matrix = sympy.MatrixSymbol(name, rows, columns)
        for row, column in np.ndindex(array.shape):
            number = array[row, column]
            known[matrix[row, column]] = sympy.Float(float(number), 30) if np.isfinite(number) else -sympy.oo
    return known


NETWORK = {
    "x": [-2, 3], "W": [[[-1.6, 0.8], [0.3, 0.6], [1.6, -0.2]], [[0.2, 0.8, -0.5], [0.7, -0.1, 0.4]]],
    "b": [[0.3, 0.5, -0.7], [0.6, -0.2]],
}  # fmt: skip
ANSWERS = {
    "mlp": lambda: mlp(**NETWORK, activation="sigmoid", target=[1, 0], loss="binary-cross-entropy"),
    "mlp-tanh": lambda: mlp(**NETWORK, activation=["tanh", "leaky-relu"], target=[1, 0], loss="mean-squared-error"),
    "mlp-softmax": lambda: mlp(**NETWORK, activation=["relu", "softmax"], target=[1, 0], loss="cross-entropy"),
    "mlp-saturated": lambda: mlp(
        x=[30, -25], W=[[[1, 0], [0, 1]]], activation="softmax", target=[0, 1], loss="cross-entropy"
    ),
    "attention": lambda: attention(
        Q=[[1, 0.5], [0.2, 2]], K=[[1, 1], [0, 1], [-1, 0.3]], V=[[2, 0], [0, 4], [1, 1]], dZ=[[1, 2], [3, 4]]
    ),
    "attention-causal": lambda: attention(
        Q=[[1, 0.5], [0.2, 2]], K=[[1, 1], [0, 1]], V=[[2, 0], [0, 4]], mask="causal"
    ),
    "attention-scores": lambda: attention(scores=[112, 96], V=[[1, 0], [0, 1]]),
    "lstm-params": lambda: lstm_params(units=30, features=7),
}


@pytest.mark.parametrize("question", ANSWERS)
def test_the_sympy_form_of_a_step_has_the_value_of_the_step(question):
    """Protects `step.sympy`: with the numbers put in, every entry of every step is the step's value."""
    answer = ANSWERS[question]()
    known = numbers(answer)
    for step in answer.steps:
        lowered = sympy.Matrix([[step.sympy]]) if not step.value.shape else step.sympy
        assert lowered.shape == (step.value.shape or (1, 1)), step.name
        for index in np.ndindex(lowered.shape):
            ours = float(step.value[index] if step.value.shape else step.value)
            theirs = float(sympy.N(lowered[index].xreplace(known), 20))
            assert ours == pytest.approx(theirs, rel=1e-10, abs=1e-13), (step.name, index)


def test_the_sympy_form_of_a_network_is_its_formula():
    """Protects the very expression: z₁ = W₁ x + b₁ entry by entry."""
    found = ANSWERS["mlp"]()["z_1"].sympy
    W, x, b = sympy.MatrixSymbol("W_1", 3, 2), sympy.MatrixSymbol("x", 2, 1), sympy.MatrixSymbol("b_1", 3, 1)
    assert found == sympy.Matrix([W[row, 0] * x[0, 0] + W[row, 1] * x[1, 0] + b[row, 0] for row in range(3)])


def test_a_sum_too_long_for_sympy_is_refused():
    """Protects from silently dropped terms: a sum of more than 64 terms is an error, not a short sum."""
    with pytest.raises(TooLongError):
        to_sympy(Sum(Symbol("v", (65, 1))))
    assert len(to_sympy(Sum(Symbol("v", (64, 1)))).args) == 64


n, m, k = sympy.symbols("n m k")
POLYNOMIALS = [
    n, -n, sympy.Integer(3), sympy.Rational(-2, 3), n - m, -n - m, m - 2, 2 - m, -2 * n, n / 2 - m / 3, n**2 - m**2,
    4 * (n * m + n**2 + n), n * m - 3 * n * k + k, (n + 1) ** 3, n / m, 1 / n, 1 / (n + m) ** 2, n**-3 + 1,
    sympy.sqrt(n), 1 / sympy.sqrt(n), sympy.sqrt(n * m + 1), -n * (m - 1) * (k + 2), 6 * n**2 * m - 9 * n * m**2,
    -(n + m) / (n - m), (n + sympy.Rational(1, 2)) ** 2,
]  # fmt: skip


@pytest.mark.parametrize("expression", POLYNOMIALS, ids=str)
def test_sympy_to_nodes_and_back(expression):
    """Protects the way back from SymPy: the nodes mean the same, factored, expanded and as it stands."""
    known = {name: Symbol(name) for name in ("n", "m", "k")}
    for form in (expression, sympy.expand(expression), sympy.factor(expression)):
        nodes = from_sympy(form, known)
        assert isinstance(nodes, Node)
        assert sympy.simplify(to_sympy(nodes) - expression) == 0
        values = {"n": np.array(2.5), "m": np.array(1.25), "k": np.array(-3.0)}
        exact = expression.subs({n: 2.5, m: 1.25, k: -3.0})
        assert float(evaluate(nodes, values)) == pytest.approx(float(exact), rel=1e-12)


def test_factoring_keeps_the_meaning():
    """Protects the closed form of a count: the factored nodes are the same polynomial, and a product."""
    units, features = Symbol("n"), Symbol("m")
    count = 4 * (units * features + units**2 + units)
    found = to_sympy(factored(count))
    assert sympy.expand(found - to_sympy(count)) == 0
    assert found.is_Mul


def test_what_sympy_has_and_nodes_do_not_is_refused():
    """Protects from a wrong formula: a function without a node is an error."""
    with pytest.raises(TypeError, match="no node"):
        from_sympy(sympy.gamma(n), {})


@pytest.mark.parametrize(
    "number", [2, sympy.Integer(2), sympy.Rational(1, 2), sympy.Symbol("q"), np.float64(2), np.int64(2)], ids=repr
)
def test_a_number_on_the_left_gives_a_node(number):
    """Protects the author's order: SymPy and NumPy numbers hand over to the node, whichever side they are on."""
    x = Symbol("x")
    plain, q = sympy.sympify(number), sympy.Symbol("x")
    pairs = [
        (number + x, plain + q), (number - x, plain - q), (number * x, plain * q), (number / x, plain / q),
        (x + number, q + plain), (x - number, q - plain), (x * number, q * plain), (x / number, q / plain),
    ]  # fmt: skip
    for ours, theirs in pairs:
        assert isinstance(ours, Node)
        assert sympy.simplify(to_sympy(ours) - theirs) == 0


def test_sympify_takes_the_official_bridge():
    """Protects `sympify(node)`: SymPy gets the expression, not an opaque symbol."""
    assert sympy.sympify(Symbol("n") ** 2 + 1) == n**2 + 1
    matrix = sympy.sympify(Symbol("W", (1, 2)) @ Symbol("x", (2, 1)))
    W, x = sympy.MatrixSymbol("W", 1, 2), sympy.MatrixSymbol("x", 2, 1)
    assert matrix[0, 0] == W[0, 0] * x[0, 0] + W[0, 1] * x[1, 0]


@pytest.mark.parametrize("take", [list, tuple, iter, sum, sorted, len, float], ids=lambda take: take.__name__)
@pytest.mark.parametrize("node", [Symbol("x"), Symbol("W", (2, 3)), Symbol("W", (2, 3)) @ Symbol("x", (3, 1))])
def test_a_node_is_no_sequence_and_no_number(take, node):
    """Protects from endless or empty loops: Python takes a node neither for a list nor for a number."""
    with pytest.raises(TypeError):
        take(node)


OPERATIONS = {
    "array + node": lambda array, node: array + node,
    "array - node": lambda array, node: array - node,
    "array * node": lambda array, node: array * node,
    "array / node": lambda array, node: array / node,
    "array @ node": lambda array, node: array @ node,
    "node + array": lambda array, node: node + array,
    "node - array": lambda array, node: node - array,
    "node * array": lambda array, node: node * array,
    "node / array": lambda array, node: node / array,
    "node @ array": lambda array, node: node @ array,
}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_array_never_swallows_a_node(operation):
    """Protects from object arrays, and from an array mistaken for one constant: it is refused, or evaluates right."""
    array, values = np.full((2, 2), 3.0), {"B": np.array([[1.0, 2.0], [4.0, 8.0]])}
    try:
        found = operation(array, Symbol("B", (2, 2)))
        value = evaluate(found, values)
    except (TypeError, ValueError, AttributeError):
        return
    assert isinstance(found, Node)
    np.testing.assert_allclose(value, operation(array, values["B"]))


@pytest.mark.parametrize("function", [np.exp, np.sqrt, np.negative])
def test_numpy_functions_refuse_a_node(function):
    """Protects from object arrays by way of NumPy's own functions."""
    with pytest.raises(TypeError):
        function(Symbol("x"))
