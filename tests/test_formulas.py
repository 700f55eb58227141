"""The grammar of formulas: what is read, what is refused and at which column, and what trees are built into."""

from __future__ import annotations

import re
import time

import pytest
import sympy
from hypothesis import given, settings
from hypothesis import strategies as st

from explain import InputError
from explain.engine.lowering import to_sympy
from explain.engine.nodes.base import Symbol
from explain.formulas.build import Builder
from explain.formulas.closed import closed
from explain.formulas.grammar import parse
from explain.formulas.tree import FUNCTIONS

READ = [
    ("x", "x"),
    ("x + y - z", "(+ x y -z)"),
    ("-x + y", "(+ -x y)"),
    ("- x*y", "(neg (* x y))"),
    ("x*y*z", "(* x y z)"),
    ("x*(y*z)", "(* x (* y z))"),
    ("a*b/c*d", "(* (/ (* a b) c) d)"),
    ("a/b/c", "(/ (/ a b) c)"),
    ("2*W@x", "(@ (* 2 W) x)"),
    ("x' @ W @ x", "(@ (@ (transpose x) W) x)"),
    ("-x^2", "(neg (^ x 2))"),
    ("(-x)^2", "(^ (neg x) 2)"),
    ("x^y^z", "(^ x (^ y z))"),
    ("x**2", "(^ x 2)"),
    ("2^-1*x", "(* (^ 2 (neg 1)) x)"),
    ("x - -y", "(+ x -(neg y))"),
    ("(x^2)'", "(transpose (^ x 2))"),
    ("W.T", "(transpose W)"),
    ("W''", "W"),
    ("x²", "(^ x 2)"),
    ("Wᵀ @ x₁", "(@ (transpose W) x_1)"),
    ("2·x × y − z", "(+ (* 2 x y) -z)"),
    ("α*β", "(* alpha beta)"),
    ("σ(x)", "(sigmoid x)"),
    ("ln(x)", "(log x)"),
    ("ReLU(x)", "(relu x)"),
    ("max(x, y)", "(max x y)"),
    ("sum(W, axis=0)", "(sum W axis=0)"),
    ("mean(W, dim=-1)", "(mean W axis=1)"),
    ("1e-3*x + .5", "(+ (* 1e-3 x) .5)"),
    ("x +\ty", "(+ x y)"),
    ("lambda*x", "(* lambda x)"),
]


@pytest.mark.parametrize(("text", "tree"), READ)
def test_what_is_read(text, tree):
    """Protects precedence, association and every way to write a sign."""
    assert str(parse(text)[0].tree) == tree


def test_statements_have_names():
    """Protects parts with names, separated by ; or by lines."""
    for text in ("z = W @ x; L = sum(z)", "z = W @ x\nL = sum(z);"):
        assert [(part.target, str(part.tree)) for part in parse(text)] == [("z", "(@ W x)"), ("L", "(sum z)")]
    assert parse("x*y")[0].target == ""


def test_columns_are_those_of_the_text():
    """Protects the column that later errors name: that of the operator, or of the first letter."""
    tree = parse("f = a*b + W @ x")[0].tree
    assert (tree.column, tree.operands[0].column, tree.operands[1].column) == (9, 6, 13)


REFUSED = [
    ("", 1, "nothing stands here"),
    ("x +", 4, "ends too early"),
    ("(x", 3, "column 1 is still open"),
    ("x)", 2, "closes nothing"),
    ("x)(", 2, "closes nothing"),
    ("()", 2, "missing before"),
    ("2x", 2, "2*x"),
    ("x y", 3, "x*y"),
    ("x(y)", 1, "x*(…)"),
    ("(x)(y)", 4, "sign is missing"),
    ("*x", 1, "not expected"),
    ("x == y", 3, "once"),
    ("f = x = y", 7, "once"),
    ("f = f + 1", 5, "defined by itself"),
    ("a = x; a = y", 8, "used before"),
    ("x*y; z", 1, "needs a name"),
    ("max = x", 1, "is a function"),
    ("exp x", 1, "exp(…)"),
    ("sigmod(x)", 1, "did you mean sigmoid?"),
    ("w + foo(x)", 5, "functions: sigmoid"),
    ("exp(x, y)", 1, "takes 1 argument"),
    ("sum(x, 0)", 1, "axis=0"),
    ("max(x, y, z)", 1, "1 or 2 arguments"),
    ("sum(x, axis=2)", 13, "0 (down"),
    ("exp(x, axis=0)", 8, "not axis="),
    ("sum()", 1, "here are 0"),
    ("x^2'", 4, "no transpose"),
    ("W^T @ x", 2, "W' or W.T"),
    ("x.real", 2, "only .T"),
    ("x.__class__", 2, "only .T"),
    ("__import__('os')", 1, "not a name"),
    ("x_1_2", 1, "not a name"),
    ("é + 1", 1, "not a name"),
    ("x[0]", 2, "round brackets"),
    ("{x}", 1, "round brackets"),
    ("'x'", 1, "not expected"),
    ("x if y", 3, "sign is missing"),
    ("lambda: 0", 7, "not expected"),
    ("x % 2", 3, "not expected"),
    ("x // 2", 3, "not expected"),
    ("1e999*x", 1, "1e300"),
    ("1" * 30 + "*x", 1, "25 characters"),
    ("(" * 1000 + "x" + ")" * 1000, 51, "nested more than 50"),
    ("-" * 1000 + "x", 51, "nested more than 50"),
    ("exp(" * 1000 + "x", None, "nested more than 50"),
    ("x^" * 1000 + "x", None, "nested more than 50"),
    ("x/" * 1000 + "x", None, "nested more than 50"),
]


@pytest.mark.parametrize(("text", "column", "told"), REFUSED, ids=[text[:20] for text, _, _ in REFUSED])
def test_what_is_refused(text, column, told):
    """Protects one line with the column and the mend, at once."""
    begun = time.perf_counter()
    with pytest.raises(InputError) as caught:
        parse(text)
    assert time.perf_counter() - begun < 0.5
    message = str(caught.value)
    assert "\n" not in message
    assert told in message
    assert re.match(rf"formula, column {column or '[0-9]+'}: ", message)


def test_a_long_text_is_not_read():
    """Protects from texts of megabytes."""
    with pytest.raises(InputError, match="at most 5000"):
        parse("x+" * 10**6)


@settings(max_examples=400, deadline=None, database=None, derandomize=True)
@given(st.text(max_size=40) | st.text(alphabet="xyW_12.()+-*/^@',;= eET{}[]", max_size=60))
def test_any_text_is_read_or_refused(text):
    """Protects from every exception but the one line with a column."""
    parts, message = [], "column"
    try:
        parts = parse(text)
    except InputError as error:
        message = str(error)
    assert "\n" not in message
    assert "column" in message
    assert all(part.target for part in parts[:-1])


SHAPES = {"a": (), "b": (), "x": (2, 1), "y": (2, 1), "t": (3, 1), "r": (1, 2), "W": (2, 2), "V": (3, 2)}


def built(text):
    """The node of a formula."""
    known = {name: Symbol(name, shape) for name, shape in SHAPES.items()}
    return Builder(known, lambda node, tree, above: node).build(parse(text)[0].tree)


@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("a*x", (2, 1)), ("W @ x", (2, 1)), ("V @ W", (3, 2)), ("x' @ y", ()), ("x' @ W @ y", ()), ("x @ y'", (2, 2)),
        ("V + r", (3, 2)), ("V + t", (3, 2)), ("V / sum(V, axis=1)", (3, 2)), ("sum(V, axis=0)", (1, 2)),
        ("mean(V, axis=1)", (3, 1)), ("max(V)", ()), ("max(V, a)", (3, 2)), ("softmax(V, axis=1)", (3, 2)),
        ("sum(a)", ()), ("sum(x, axis=0)", ()), ("V'", (2, 3)), ("sigmoid(V)^2", (3, 2)), ("x @ (x' @ y)", (2, 1)),
    ],
)  # fmt: skip
def test_the_shape_of_what_is_built(text, shape):
    """Protects the shapes: vectors are columns, a number has no axes, an axis stays with size 1."""
    assert built(text).shape == shape


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-a^2", "-a**2"), ("a^b^2", "a**(b**2)"), ("a/b/2", "a/b/2"), ("1e-8*a", "a/10**8"), ("2^a", "2**a"),
        ("0.5*a^1.5", "a**(3/2)/2"), ("a^(1/2)", "sqrt(a)"), ("a^-1", "1/a"), ("1/sqrt(2)*a", "a/sqrt(2)"),
        ("max(a, b)", "Max(a, b)"), ("min(a, b)", "Min(a, b)"), ("abs(a)", "Abs(a)"), ("ln(a)", "log(a)"),
        ("x' @ y", None), ("tanh(a)", "tanh(a)"), ("sin(a)*cos(b)", "sin(a)*cos(b)"),
    ],
)  # fmt: skip
def test_what_is_built_says_the_same(text, expected):
    """Protects the meaning of a formula: SymPy reads it from the nodes as it stands."""
    found = to_sympy(built(text))
    if expected is not None:
        a, b = sympy.symbols("a b")
        assert sympy.simplify(found - sympy.sympify(expected, {"a": a, "b": b})) == 0
    else:
        assert len(found.args) == 2


UNMET = [
    ("a + V @ t", 7, "@ joins 3x2 with 3x1"),
    ("x @ y", 3, "x' @ y"),
    ("x + t", 3, "+ joins 2x1 with 3x1"),
    ("x + r", 3, "one shape"),
    ("W * x", 3, "written with @"),
    ("a @ x", 3, "multiplied with *"),
    ("softmax(V)", 1, "axis=0"),
    ("softmax(a)", 1, "sigmoid"),
    ("a^0", 2, "write 1"),
    ("9**9**9*a", 2, "exponent"),
    ("a^9^9", 4, "exponent"),
    ("a/0", 2, "divides by 0"),
    ("a + 1/(2 - 2)", 6, "divides by 0"),
    ("(-8)^(1/3)*a", 5, "no such root"),
    ("(2^500)^500*a", 8, "1e270"),
]


@pytest.mark.parametrize(("text", "column", "told"), UNMET)
def test_what_cannot_be_built(text, column, told):
    """Protects shapes that do not meet and constants out of bounds: the operation, both shapes, the rule."""
    with pytest.raises(InputError, match=rf"^formula, column {column}: ") as caught:
        built(text)
    assert told in str(caught.value)


def test_every_function_is_built():
    """Protects the list of functions: each that the grammar knows has a node."""
    for name in FUNCTIONS:
        assert built(f"{name}(x)").operands


def test_equal_parts_get_one_name():
    """Protects a graph in place of a tree: what stands twice is defined once."""
    defined = []

    def define(node, tree, above):
        defined.append(str(tree))
        return Symbol(f"u_{len(defined)}", node.shape)

    Builder({"x": Symbol("x"), "y": Symbol("y")}, define).build(parse("exp(x*y) + (x * y)^2")[0].tree)
    assert defined == ["(* x y)", "(exp (* x y))", "(^ (* x y) 2)", "(+ (exp (* x y)) (^ (* x y) 2))"]


@pytest.mark.parametrize(
    ("text", "expected"), [("2*a*3 + 0*b", "6*a"), ("-(a - 1) + 2", "3 - a"), ("(a - 1)*1", "a - 1"), ("2^3*a", "8*a")]
)
def test_closed_forms_are_short(text, expected):
    """Protects what a page with symbols ends in: numbers worked, ones and zeros gone."""
    found = closed(built(text), {}.get, {}.get)
    assert to_sympy(found) == sympy.sympify(expected)
