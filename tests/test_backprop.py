"""`explain backprop`: the pages, --find, --lr, symbols, the ways to give values, and what is refused."""

from __future__ import annotations

import json
import re
import shlex
import time

import numpy as np
import pytest
import sympy

from explain import InputError, backprop
from explain.cli import run
from explain.engine.answer import Answer
from explain.exam import answers, load
from explain.page import page
from explain.render.markdown import prose
from explain.render.terminal import plain

CIRCUIT = 'backprop "f = sigmoid(w0*x0 + w1*x1 + w2)" --w0 2 --x0 -1 --w1 -3 --x1 -2 --w2 -3'
SQUARES = 'backprop "L = sum((W @ x - y)^2)" W="1,2;3,4" x=1,-1 y=0,1'
PRODUCT = 'backprop "(x + y) * z" x=-2 y=5 z=-4'


def printed(capsys, line, *options):
    """What a command prints; it must succeed."""
    code = run([*shlex.split(line), *options])
    shown = capsys.readouterr()
    assert (code, shown.err) == (0, "")
    return shown.out


def refused(capsys, line):
    """The line on standard error; nothing else may be there, and it must come at once."""
    begun = time.perf_counter()
    code = run(shlex.split(line))
    assert time.perf_counter() - begun < 1
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert shown.err.count("\n") == 1
    return shown.err


def values(answer: Answer) -> dict[str, float]:
    """The results as plain numbers, rounded as a paper has them."""
    return {name: round(float(answer[name].value), 4) for name in answer.results}


def test_the_circuit_of_the_textbook():
    """Protects the sigmoid circuit of CS231n with its numbers."""
    answer = backprop("f = sigmoid(w0*x0 + w1*x1 + w2)", w0=2, x0=-1, w1=-3, x1=-2, w2=-3)
    assert values(answer) == {
        "f": 0.7311, "df/dw0": -0.1966, "df/dx0": 0.3932, "df/dw1": -0.3932, "df/dx1": -0.5898, "df/dw2": 0.1966,
    }  # fmt: skip
    assert answer.passed


def test_the_product_of_the_textbook():
    """Protects (x + y) z of CS231n; a formula without a name is called f."""
    answer = backprop("(x + y) * z", x=-2, y=5, z=-4)
    assert values(answer) == {"f": -12, "df/dx": -4, "df/dy": -4, "df/dz": 3}


def test_the_squares_by_hand():
    """Protects the gradient of a sum of squares: 2 Wᵀ(Wx - y), 2 (Wx - y) xᵀ."""
    answer = backprop("L = sum((W @ x - y)^2)", W="1,2;3,4", x="1,-1", y="0,1")
    assert answer["L"].value == 5
    np.testing.assert_array_equal(answer["dL/dW"].value, [[-2, 2], [-4, 4]])
    np.testing.assert_array_equal(answer["dL/dx"].value, [[-14], [-20]])
    np.testing.assert_array_equal(answer["dL/dy"].value, [[2], [4]])


@pytest.mark.parametrize("line", [CIRCUIT, SQUARES, PRODUCT])
def test_a_page_has_all_its_parts(capsys, line):
    """Protects the order: givens, graph, forward, backward, the gradients together, checks."""
    shown = printed(capsys, line, "--format", "terminal", "--width", "80")
    parts = ["Given", "Conventions", "Formula", "Computation graph", "Forward pass", "Backward pass", "Result", "Check"]
    places = [shown.index(f"\n{part}") for part in parts]
    assert places == sorted(places)
    assert "✗" not in shown


def test_every_reason_speaks_of_its_own_step():
    """Protects the whys: a sentence that would fit another step says nothing."""
    for line in (CIRCUIT, SQUARES, PRODUCT):
        answer = backprop(**keywords(line))
        whys = [prose(step.why) for step in answer.steps]
        assert all(whys)
        assert len(set(whys)) == len(whys)


def keywords(line):
    """The keyword arguments of a command of this file."""
    _, formula, *rest = shlex.split(line)
    pairs = [word.split("=", 1) for word in rest if "=" in word]
    if rest[0].startswith("--"):
        pairs = [[name[2:], value] for name, value in zip(rest[::2], rest[1::2], strict=True)]
    return {"formula": formula, **dict(pairs)}


def test_paths_that_meet_are_added():
    """Protects the sum where an input or a gate is used more than once."""
    answer = backprop("f = x*y + exp(x*y) + x", x=0.5, y=2)
    assert answer["u_1"].reads == ["x", "y"]  # x*y is one gate with two readers
    assert "paths will meet" in prose(answer["u_1"].why)
    assert float(answer["df/dx"].value) == pytest.approx(2 * (1 + np.e) + 1, rel=1e-12)
    shown = plain(page(answer), 100)
    assert "∂f/∂u₂ · ∂u₂/∂u₁" in shown
    assert "the 2 paths" in shown


def test_a_graph_is_drawn_as_a_circuit(capsys):
    """Protects the drawing: inputs left, values above and gradients below their wires."""
    shown = printed(capsys, PRODUCT, "--format", "terminal", "--width", "80")
    assert "  x -2 ─┐\n    -4  ├─ + ─ u₁ 3 ──┐\n  y 5 ──┘         -4  ├─ * ─ f -12" in shown


def test_a_wide_graph_is_drawn_as_a_tree():
    """Protects the drawing of what is no circuit for 76 columns, and its limit."""
    deep = backprop("exp(sin(exp(sin(exp(sin(exp(sin(x*y)))))))) + x", x=0.1, y=0.2)
    lines = deep.drawings[1].lines
    assert lines[0].startswith("f = +")
    assert any("(again)" in line for line in lines)
    many = backprop("+".join(f"a{at}*b{at}" for at in range(60)), values={f"a{at}": 1 for at in range(60)})
    assert len(many.drawings[1].lines) <= 45
    assert "more branches" in many.drawings[1].lines[-1]
    for answer in (deep, many):
        assert max(map(len, answer.drawings[1].lines)) <= 76


def test_find_picks_a_derivative(capsys):
    """Protects --find: what leads to one derivative, nothing else."""
    shown = json.loads(printed(capsys, CIRCUIT, "--find", "df/dw0", "--format", "json"))
    steps = [section["step"] if "step" in section else section["name"] for section in shown["steps"]]
    assert "df/dw0" in steps
    assert "df/dw1" not in steps


def test_a_step_of_descent():
    """Protects --lr: every input against its gradient."""
    answer = backprop("L = (w*x - y)^2", w=2, x=3, y=5, lr=0.1)
    assert values(answer)["w_new"] == 1.4
    assert answer.passed


def test_names_of_the_answer_itself_stay_free():
    """Protects the names of gates: another letter where the formula has u."""
    assert "v_1" in backprop("u*x + 1", u=1, x=2).names
    assert "f" not in backprop("f*x", f=1, x=2).results
    everything = "+".join("abcdefghijklmnopqrstuvwxyz")
    assert backprop(everything, values=dict.fromkeys("abcdefghijklmnopqrstuvwxyz", 1)).passed


def test_symbols_stay():
    """Protects a formula without values: SymPy's derivative of the whole is the closed form."""
    answer = backprop("f = x^2*sin(y) + exp(x*y)/z")
    x, y, z = sympy.symbols("x y z")
    f = x**2 * sympy.sin(y) + sympy.exp(x * y) / z
    for name in (x, y, z):
        step = answer[f"df/d{name}"]
        assert step.value is None
        assert sympy.simplify(_plain(step.closed) - sympy.diff(f, name)) == 0
    assert answer.passed


def _plain(node):
    from explain.engine.lowering import to_sympy

    return to_sympy(node)


def test_numbers_where_known_symbols_where_not():
    """Protects the mixture: what does not depend on the symbol is a number."""
    answer = backprop("max(x*y, z)^2 + a*x", x=2, y=3, z=5)
    assert answer["df/da"].value == 2
    assert answer["df/dx"].value is None
    a = sympy.Symbol("a")
    assert _plain(answer["df/dx"].closed) == a + 36
    assert answer.passed


def test_a_formula_that_doubles_is_worked_at_once():
    """Protects from steps put into each other, or digits that double, without end."""
    letters = "abcdefghij"
    text = ";".join(f"{new}={old}*{old}" for old, new in zip("x" + letters, letters, strict=False))
    begun = time.perf_counter()
    for given in ({}, {"x": "1.0000001"}):
        answer = backprop(text, **given)
        assert answer.passed
        str(answer)
    assert time.perf_counter() - begun < 4


@pytest.mark.parametrize(
    "given",
    [
        {"W": [[1, 2], [3, 4]], "x": [1, -1], "y": [0, 1]},
        {"W": np.array([[1, 2], [3, 4]]), "x": np.array([1, -1]), "y": np.array([[0], [1]])},
        {"values": ["W=1,2;3,4", "x=1,-1", "y=0,1"]},
        {"values": {"W": "1,2;3,4", "x": [1, -1]}, "y": "0,1"},
    ],
)
def test_the_ways_to_give_values_in_python(given):
    """Protects lists, arrays, words and mappings: the same numbers."""
    answer = backprop("L = sum((W @ x - y)^2)", **given)
    np.testing.assert_array_equal(answer["dL/dx"].value, [[-14], [-20]])


@pytest.mark.parametrize(
    ("line", "name", "expected"),
    [
        ('backprop "-x^2" x=3', "df/dx", -6),
        ('backprop "-x" --x 3', "df/dx", -1),
        ('backprop --digits 2 "x*y" --y=2 x=3', "df/dx", 2),
        ('backprop "x*lr" lr=2 x=3 --lr 0.1', "df/dx", 2),
        ('backprop "find*format" find=2 format=3', "df/dfind", 3),
        ('backprop "λ·x₁" --x_1 3 λ=2', "df/dx_1", 2),
        ('backprop "b_1*x" --b-1 3 --x 2', "df/dx", 3),
    ],
)
def test_the_ways_to_give_values_in_the_shell(capsys, line, name, expected):
    """Protects --name value, name=value, a formula that begins with -, names that are options."""
    shown = json.loads(printed(capsys, line, "--format", "json"))
    answer = json.dumps(shown)
    assert name in answer
    code = run([*shlex.split(line), "--find", name, "--format", "terminal", "--width", "80"])
    assert code == 0
    assert capsys.readouterr().out.rsplit("Result", 1)[1].split("\n")[1].endswith(f" = {expected}")


def test_a_question_of_an_exam_file(tmp_path):
    """Protects exam files: unknown keys are the inputs, `values` those with a name of the paper's own."""
    paper = tmp_path / "paper.toml"
    paper.write_text(
        '[[question]]\ntopic = "backprop"\nformula = """z = W @ x\nL = sum(z) * points"""\n'
        'W = [[1, 2], [3, 4]]\nx = [0.50, -1]\nvalues = { points = 2 }\npoints = 5\nexpect = { "dL/dx" = [8, 12] }\n',
        encoding="utf-8",
    )
    exam = load(str(paper))
    found = answers(exam)["Question 1"]
    assert found is not None
    np.testing.assert_array_equal(found["dL/dx"].value, [[8], [12]])
    assert "0.50" in plain(page(found), 80)


def test_a_misspelled_key_of_an_exam_file_is_named(tmp_path):
    """Protects the error where every key could be an input."""
    paper = tmp_path / "paper.toml"
    paper.write_text('[[question]]\ntopic = "backprop"\nformula = "x*y"\nx = 1\nz = 2\n', encoding="utf-8")
    with pytest.raises(InputError, match="question 1: z is not an input of the formula: its inputs are x, y"):
        answers(load(str(paper)))


REFUSED = [
    ("backprop", "FORMULA is missing"),
    ('backprop ""', "column 1: nothing"),
    ('backprop "sigmod(x)" x=1', "column 1: sigmod is not a function here; did you mean sigmoid?"),
    ('backprop "(x" x=1', "column 3"),
    ("backprop \"__import__('os').system('x')\"", "column 1"),
    ('backprop "x.__class__" x=1', "column 2"),
    ('backprop "9**9**9*x" x=1', "column 2"),
    (f'backprop "{"(" * 1000}x{")" * 1000}" x=1', "column 51: nested"),
    ('backprop "W @ x" W=1,2 x=1,2', "column 3: @ joins 2x1 with 2x1"),
    ('backprop "W @ x" W="1,2;3,4" x=1,2,3', "column 3: @ joins 2x2 with 3x1: the columns"),
    ('backprop "W @ x" x=1,2', "W has no value"),
    ('backprop "x + y" x=1,2 y=1,2,3', "column 3: + joins 2x1 with 3x1: entry by entry"),
    ('backprop "W @ x" W="1,2;3,4" x=1,2', "put sum(…) around it"),
    ('backprop "log(x)" x=-1', "column 1: the logarithm of -1: it needs a positive number; change the value of x"),
    (
        'backprop "z = α*b - x; log(z)" x=3 α=1 b=1',
        "the logarithm of -2: it needs a positive number; change the value of α",
    ),
    ('backprop "e^x" x=3', "exp(x)"),
    ('backprop "η*x" η=2 x=3 --lr 0.1', "--lr is written η, and the formula has η too"),
    ('backprop "η*x" η=2 y=3', "its inputs are η, x"),
    ('backprop "η*x" η=abc', "--η has abc"),
    ('backprop "x_new*x" x=1 x_new=3 --lr 0.1', "--lr: the step itself needs the name x_new"),
    ('backprop "x*y" x=1 y=2 --wrt z', "--wrt has z, which is no input: its inputs are x, y"),
    ('backprop "x*y" x=1 y=2 --find ""', "--find is empty"),
    ('backprop "1/x" x=0', "column 2: this divides by 0"),
    ('backprop "sqrt(x)" x=0', "column 1: the root of 0"),
    ('backprop "x^y" x=-2 y=3', "column 2: -2 to a power"),
    ('backprop "x^0.3" x=-2', "column 2: -2 to the power 0.3"),
    ('backprop "x^-1" x=0', "column 2: 0 to a negative power"),
    ('backprop "exp(x)" x=1000', "column 1: with these values"),
    ('backprop "1/x" x=1e-200', "--x: "),
    ('backprop "3*4"', "no input"),
    ('backprop "a = 2; a*x" x=1', "column 1: a is a constant"),
    ('backprop "z = x*y; x^2" x=1 y=1', "column 1: z is not used"),
    ('backprop "z = x*y; z^2" x=1 y=1 z=2', "--z is worked from the formula"),
    ('backprop "x*y" x=1 z=3', "--z is not an input of the formula: its inputs are x, y"),
    ('backprop "x*y" x=1 y', "y is no value"),
    ('backprop "x*y" x=1 --y', "--y needs a value"),
    ('backprop "x*y" x=1 --detial brief', "--detial is not an option here: did you mean --detail?"),
    ('backprop "x*y" x=abc y=1', "--x has abc"),
    ('backprop "x*y" x=nan y=1', "--x is nan"),
    ('backprop "x*y" x=1 x=2', "--x is given twice"),
    ('backprop "x*y" "{x}=2"', "not a name"),
    ('backprop "x*y" x=1 y=2 --lr 0', "--lr is 0"),
    (f'backprop "{"+".join(f"sin({n}*x)" for n in range(2, 80))}" x=1', "more than 100 operations"),
]


@pytest.mark.parametrize(("line", "told"), REFUSED, ids=[line[:40] for line, _ in REFUSED])
def test_bad_input_is_refused_at_once(capsys, line, told):
    """Protects one line with the column or the option, in under a second."""
    assert told in refused(capsys, line)


def test_help_tells_how_values_are_given(capsys):
    """Protects --help: the formula, its values, and an example."""
    shown = printed(capsys, "backprop --help")
    assert re.search(r"FORMULA: .*quotes", " ".join(shown.split()))
    assert "VALUES: " in shown
    assert "--lr" in shown


@pytest.mark.parametrize(
    ("formula", "given", "chain"),
    [
        ("f = a*b + a", {"a": 2, "b": 3}, "∂f/∂a = 1 + ∂f/∂u₁ · ∂u₁/∂a"),
        ("f = a + sin(a)", {"a": 1}, "∂f/∂a = 1 + ∂f/∂u₁ · ∂u₁/∂a"),
        ("f = a - a*b", {"a": 1, "b": 3}, "∂f/∂a = 1 + ∂f/∂u₁ · ∂u₁/∂a"),
        ("f = sin(a) - a", {"a": 1}, "∂f/∂a = -1 + ∂f/∂u₁ · ∂u₁/∂a"),
        ("f = a*exp(a*b)", {"a": 1, "b": 3}, "∂f/∂a = u₂ + ∂f/∂u₁ · ∂u₁/∂a"),
    ],
)
def test_what_enters_the_result_directly_is_told_so(formula, given, chain):
    """Protects from ∂f/∂a = ∂f/∂a + …: the direct term is its local factor."""
    answer = backprop(formula, **given)
    shown = plain(page(answer), 100)
    assert chain in shown
    assert "a reaches f directly and through u₁; what comes back along the 2 paths" in shown
    assert "reaches f through f" not in shown
    assert answer.passed


def test_the_power_rule_names_the_base():
    """Protects the exponent: it stands on the base, not on the result."""
    for formula in ("L = (w*x + b - y)^2", "L = (w*x + b - y)^3"):
        answer = backprop(formula, w=2, x=-1, b=0.5, y=1)
        assert "the exponent on u₂ comes down" in prose_text(answer["dL/du_2"].why)
    powers = backprop("f = x^y", x=2, y=3)
    assert "the exponent on x comes down" in prose_text(powers["df/dx"].why)
    assert "y is the exponent in f" in prose_text(powers["df/dy"].why)
    assert "logarithm of the base, x" in prose_text(powers["df/dy"].why)
    assert "x is base and exponent of f" in prose_text(backprop("f = x^x", x=2)["df/dx"].why)


def prose_text(told):
    """A sentence as the terminal has it."""
    from explain.render.linear import sentence

    return sentence(told)


def results(answer):
    """The results as they are printed."""
    return [line.strip() for line in plain(page(answer), 100).split("\nResult\n")[1].split("\n\n")[0].split("\n")]


def test_results_hold_only_inputs_without_values():
    """Protects the mixture: what is known is put in, and rounded with ≈ where it must be."""
    answer = backprop("f = a*sigmoid(w*x) + a", x=2, w=0.3)
    assert results(answer) == ["f ≈ 1.6457 a", "∂f/∂a ≈ 1.6457", "∂f/∂w ≈ 0.4576 a", "∂f/∂x ≈ 0.0686 a"]
    assert answer["df/du_1"].closed is not None
    shown = plain(page(answer), 100)
    assert "≈ a·0.2288\n           ≈ 0.2288 a" in shown
    assert "a · ∂u₂/∂u₁" not in shown
    assert "1.645656 a" in plain(page(answer, digits=6), 100)
    assert json.loads(answer.to_json())["steps"][3]["closed"]["text"] == "1.6457 a"


@pytest.mark.parametrize(
    ("formula", "given", "expected"),
    [
        ("f = a/b/x", {"x": 0.3}, {"f": "[10*a/(3*b)]", "df/dx": "[-100*a/(9*b)]"}),
        ("f = a*b - a*b + x", {"x": 0.3}, {"f": "[3/10]", "df/da": "[0]"}),
        ("f = (a*x)^y", {"x": 2, "y": 2}, {"df/da": "[8*a]"}),
        ("f = sum(a*x)", {"x": "1,2"}, {"f": "[3*a]"}),
        ("f = a*max(x)", {"x": "1,2"}, {"f": "[2*a]", "df/dx": "[0, a]"}),
        ("f = sum((W@x - a)^2)", {"W": "1,2;3,4", "x": "1,2"}, {"df/da": "[-2*(5 - a) - 2*(11 - a)]"}),
    ],
)
def test_known_numbers_are_put_into_what_stays(formula, given, expected):
    """Protects closed forms: entry by entry, like terms together, conditions of numbers decided."""
    answer = backprop(formula, **given)
    assert answer.passed
    for name, text in expected.items():
        wanted, found = sympy.Matrix(sympy.sympify(text)), _plain(answer[name].closed)
        found = sympy.Matrix(found if hasattr(found, "shape") else [found])
        assert sympy.simplify(found - wanted) == sympy.zeros(*wanted.shape)


def test_a_step_of_descent_in_symbols():
    """Protects w′: the learning rate and the gradient are multiplied."""
    answer = backprop("L = (w*x + b - y)^2", w=2, lr=0.1, wrt="w")
    assert results(answer)[-1] == "w′ = 2 - 0.2·(2 x + b - y) x"


def test_only_the_chosen_inputs_are_moved():
    """Protects --wrt: neither gradient nor step for data; without it the page says that all are moved."""
    given = {"w": 2, "x": -1, "b": 0.5, "y": 1}
    chosen = backprop("L = (w*x + b - y)^2", **given, wrt="w,b", lr=0.1)
    assert chosen.results == ["L", "dL/dw", "dL/db", "w_new", "b_new"]
    assert not {"dL/dx", "dL/dy", "x_new"} & set(chosen.names)
    assert "w and b are the variables; every other input is a constant" in plain(page(chosen), 100)
    assert chosen.passed
    every = backprop("L = (w*x + b - y)^2", **given, lr=0.1)
    assert "every input is moved, data and targets too: --wrt chooses which ones" in plain(page(every), 100)
    assert set(backprop("L = w*x", w=1, x=2, wrt=["x"]).results) == {"L", "dL/dx"}


def test_a_tie_has_one_rule():
    """Protects the reason where several are the largest: only how they share is said."""
    for formula in ("f = max(x)", "f = sum(max(x, axis=0))"):
        told = prose_text(backprop(formula, x="1,1")["df/dx"].why)
        assert "share what arrives" in told
        assert "the others get 0" not in told
    assert "the others get 0" in prose_text(backprop("f = max(x)", x="1,2")["df/dx"].why)
    assert "each gets one half" in prose_text(backprop("f = max(a, b)", a=1, b=1)["df/da"].why)


def test_signs_of_the_graph():
    """Protects the marks: a difference is -, a sum +, a mixture +."""
    marks = {"a - b - c": " - ─", "a + b - c": " + ─", "a + b + c": " + ─"}
    for formula, mark in marks.items():
        answer = backprop(formula, a=1, b=2, c=4)
        assert mark.strip() in "\n".join(answer.drawings[1].lines)
        assert "+-" not in "\n".join(answer.drawings[1].lines)
    assert answer.drawings[0].title == "Formula, as typed"


def test_a_brief_page_introduces_what_it_reads():
    """Protects brief detail: u₂ = u₁ ⊙ c is followed by u₁ with its value."""
    answer = backprop("f = sum(softmax(z)*c)", z="1,1,0", c="1,2,3")
    shown = plain(page(answer, "brief"), 100)
    assert shown.index("u₂ = u₁ ⊙ c") < shown.index("u₁ = softmax(z)") < shown.index("Backward pass")


def test_finite_differences_tell_their_step():
    """Protects h: its size stands in the check."""
    answer = backprop("f = a*b", a=2, b=3)
    assert "a step of ±h (h = 3×10⁻⁶) along the gradient in a, b" in prose_text(answer.checks[0].text)
    assert "(h = 10⁻⁶)" in prose_text(backprop("f = a*b", a=0.5, b=1).checks[0].text)


def test_a_greek_input_is_named_either_way(capsys):
    """Protects --eta for η: near to --detail, but an input."""
    assert "∂f/∂x = 5" in printed(capsys, 'backprop "f = η*x" x=3 --eta 5', "--format", "terminal", "--width", "80")
