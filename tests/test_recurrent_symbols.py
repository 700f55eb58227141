"""Recurrent networks in symbols: what the exam sheets ask, held against SymPy, not against the text of a page."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest
import sympy

from explain import topics
from explain.engine.lowering import to_sympy
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.paths import along, paths
from explain.engine.shapes import write
from explain.errors import InputError
from explain.page import page
from explain.page.model import Equation
from explain.render.glyphs import ASCII, width_of
from explain.render.linear import linear, sentence
from explain.render.terminal import plain

TOPICS = topics.all_topics()
GATES = "fico"


def work(name, **given):
    """The answer of a topic."""
    answer = TOPICS[name](**given)
    assert answer.passed
    return answer


def number(name):
    """The one entry of a 1×1 array of this name."""
    return sympy.MatrixSymbol(name, 1, 1)[0, 0]


def scalar(expression):
    """The one entry of an expression, or the expression of no shape itself."""
    found = to_sympy(expression)
    return found[0, 0] if found.is_Matrix else found


def closed(answer, name):
    """What a step came to."""
    step = answer[name]
    return scalar(step.closed or step.expression)


def same(first, second):
    """Whether two expressions are equal."""
    return sympy.simplify(sympy.expand((first - second).rewrite(sympy.exp))) == 0


def sigmoid(z):
    return 1 / (1 + sympy.exp(-z))


# --- the update equations ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("naming", "names"), [("W_ix", ("W_{}x", "W_{}h", "b_{}")), ("W_i", ("W_{}", "U_{}", "b_{}"))])
def test_lstm_equations(naming, names):
    """Protects case lstm-equations: six equations, in the naming that is asked for."""
    answer = work("lstm-equations", naming=naming, units=1, features=1)
    assert answer.names == ["f_t", "i_t", "ctilde_t", "o_t", "c_t", "h_t"]
    x, h, c = (number(name) for name in ("x_t", "h_t-1", "c_t-1"))
    for name, letter in (("f_t", "f"), ("i_t", "i"), ("o_t", "o"), ("ctilde_t", "c")):
        W, U, b = (number(pattern.format(letter)) for pattern in names)
        z = W * x + U * h + b
        assert same(scalar(answer[name].expression), sympy.tanh(z) if letter == "c" else sigmoid(z))
    f, i, g, o = (number(name) for name in ("f_t", "i_t", "ctilde_t", "o_t"))
    assert same(scalar(answer["c_t"].expression), f * c + i * g)
    assert same(scalar(answer["h_t"].expression), o * sympy.tanh(number("c_t")))


def test_stacked_equations():
    """Protects the stacked naming: one matrix of n + m columns a gate, for the state upon the input."""
    answer = work("lstm-equations", naming="stacked", units="d_2", features="d_1")
    shapes = {item.symbol.name: item.symbol.shape for item in answer.given}
    assert shapes["W_f"] == ("d_2", "d_2+d_1")
    assert work("lstm-equations", naming="stacked", units=30, features=1)["f_t"].symbol.shape == (30, 1)


@pytest.mark.parametrize("features", [1, 4, 40, 31, "m"])
@pytest.mark.parametrize("units", [1, 5, 30, "n"])
@pytest.mark.parametrize("naming", ["stacked", "W_i"])
def test_equations_of_every_size(naming, units, features):
    """Protects the check by numbers against sizes that are large, equal, or the sum of others."""
    for name in ("lstm-equations", "gru-equations"):
        assert work(name, naming=naming, units=units, features=features).checks


@pytest.mark.parametrize("after", ["yes", "no"])
@pytest.mark.parametrize("update", ["keeps", "renews"])
def test_gru_equations(after, update):
    """Protects the four forms of a GRU."""
    answer = work("gru-equations", reset_after=after, update=update, units=1, features=1)
    x, h = number("x_t"), number("h_t-1")
    r, z = (sigmoid(number(f"W_{letter}") * x + number(f"U_{letter}") * h + number(f"b_{letter}")) for letter in "rz")
    U, b = number("U_h"), number("b_h")
    inside = r * (U * h + number("b_Uh")) if after == "yes" else U * r * h
    candidate = sympy.tanh(number("W_h") * x + inside + b)
    expected = z * h + (1 - z) * candidate if update == "keeps" else (1 - z) * h + z * candidate
    found = scalar(answer["h_t"].expression)
    for step in reversed(answer.steps[:-1]):
        found = found.subs(number(step.name), scalar(step.expression))
    values = {symbol: sympy.Rational(at + 1, 7) for at, symbol in enumerate(sorted(expected.free_symbols, key=str))}
    put = {number(str(symbol)): value for symbol, value in values.items()}
    assert abs(sympy.N((found - expected).subs(put), 30)) < 1e-25


def test_zero_input():
    """Protects case lstm-zero-input: x_t = 0 put in, every gate with its own weights, and the answer no."""
    answer = work("lstm-equations", zero_input="yes", units=1, features=1)
    for letter, name in (("f", "f_t"), ("i", "i_t"), ("c", "ctilde_t"), ("o", "o_t")):
        assert answer[name].reads == [f"U_{letter}", "h_t-1", f"b_{letter}"]
    gate = {letter: number(f"U_{letter}") * number("h_t-1") + number(f"b_{letter}") for letter in GATES}
    cell = sigmoid(gate["f"]) * number("c_t-1") + sigmoid(gate["i"]) * sympy.tanh(gate["c"])
    assert same(closed(answer, "c_t"), cell)
    assert (closed(answer, "h_t") - sigmoid(gate["o"]) * sympy.tanh(number("c_t"))).equals(0)
    f = 1 / (1 + np.exp(-0.5))
    expected = f * np.tanh(f * 0.6 + f * np.tanh(0.5)) - 0.5
    assert answer["d"].value.item() == pytest.approx(expected, abs=1e-12)
    assert abs(answer["d"].value.item()) > 0.1
    assert "h₁ is not h₀" in str(answer)


def test_zero_input_of_a_gru():
    """Protects the counter-example of the GRU."""
    f = 1 / (1 + np.exp(-0.5))
    for after in ("yes", "no"):
        answer = work("gru-equations", zero_input="yes", reset_after=after)
        assert answer["d"].value.item() == pytest.approx(f * 0.5 + (1 - f) * np.tanh(f * 0.5) - 0.5, abs=1e-12)


# --- the cell written out ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", range(1, 9))
def test_cell_written_out(steps):
    """Protects cases lstm-unrolled and lstm-error-carousel, for any number of steps back."""
    answer = work("lstm-unroll", steps=steps, units=1)
    places = ["t", *(f"t-{back}" for back in range(1, steps + 1))]
    f, i, g = ([number(f"{base}_{place}") for place in places[:-1]] for base in ("f", "i", "ctilde"))
    expected = number(f"c_{places[-1]}")
    for back in reversed(range(steps)):
        expected = f[back] * expected + i[back] * g[back]
    assert same(closed(answer, "c_t"), expected)
    assert same(scalar(answer["c_t"].expression), expected)
    error = closed(answer, f"deltaC_t-{steps}")
    assert error == number("deltaC_t") * sympy.prod(f)
    assert sympy.diff(expected, number(f"c_{places[-1]}")) * number("deltaC_t") == error


def test_form_of_the_sheet():
    """Protects the written form: f_t (f_{t-1} c_{t-2} + i_{t-1} c̃_{t-1}) + i_t c̃_t, and δC_t f_t f_{t-1}."""
    text = str(work("lstm-unroll", steps=2))
    assert "fₜ ⊙ (fₜ₋₁ ⊙ cₜ₋₂ + iₜ₋₁ ⊙ c̃ₜ₋₁) + iₜ ⊙ c̃ₜ" in text
    assert "= δCₜ ⊙ fₜ ⊙ fₜ₋₁" in text
    assert "gates held constant" in text


def test_forget_gates_in_numbers():
    """Protects the product of the gates: 0.9·0.8, and the cell with its numbers multiplied."""
    answer = work("lstm-unroll", f="0.9,0.8")
    assert answer["deltaC_t-2"].value.item() == pytest.approx(0.72, abs=1e-15)
    c, i, g = sympy.symbols("c_t-2 i_t ctilde_t")
    i_1, g_1 = sympy.symbols("i_t-1 ctilde_t-1")
    expected = sympy.Rational(18, 25) * c + sympy.Rational(9, 10) * i_1 * g_1 + i * g
    assert same(closed(answer, "c_t"), expected)
    halved = work("lstm-unroll", f="0.5,1,0", delta="-8")
    assert [halved[f"deltaC_t-{back}"].value.item() for back in (1, 2, 3)] == [-4, -4, 0]


def test_full_derivative_of_the_cell():
    """Protects the paths through h_{t-1}: SymPy differentiates the whole cell, gates and all."""
    answer = work("lstm-unroll", steps=2, units=1)
    c = sympy.Symbol("c")
    h = number("o_t-1") * sympy.tanh(c)
    z = {letter: number(f"U_{letter}") * h + sympy.Symbol(f"a_{letter}") for letter in "fic"}
    f, i, g = sigmoid(z["f"]), sigmoid(z["i"]), sympy.tanh(z["c"])
    expected = sympy.diff(f * c + i * g, c)
    total = closed(answer, "total").subs(number("dh_t-1/dc_t-1"), scalar(answer["dh_t-1/dc_t-1"].expression))
    found = total.subs({number("f_t"): f, number("i_t"): i, number("ctilde_t"): g, number("c_t-1"): c})
    assert agree(found, expected)


def agree(first, second):
    """Whether two expressions have the same value at a point."""
    symbols = sorted((first - second).free_symbols | first.free_symbols | second.free_symbols, key=str)
    entries = sorted((first - second).atoms(sympy.matrices.expressions.matexpr.MatrixElement), key=str)
    point = {entry: sympy.Rational(2 * at + 1, 11) for at, entry in enumerate(entries)}
    point |= {symbol: sympy.Rational(3 * at + 2, 13) for at, symbol in enumerate(symbols) if symbol.is_Symbol}
    return abs(sympy.N((first - second).subs(point), 30)) < 1e-25


def test_derivatives_of_one_step():
    """Protects case lstm-cell-gradient: f_t along the cell path, and h_t by h_{t-1} as the sum of four paths."""
    answer = work("lstm-gradient", units=1)
    assert scalar(answer["dc_t/dc_t-1"].expression) == number("f_t")
    h = sympy.Symbol("h")
    z = {letter: number(f"U_{letter}") * h + sympy.Symbol(f"a_{letter}") for letter in GATES}
    f, i, o, g = sigmoid(z["f"]), sigmoid(z["i"]), sigmoid(z["o"]), sympy.tanh(z["c"])
    cell = f * number("c_t-1") + i * g
    known = {number("f_t"): f, number("i_t"): i, number("ctilde_t"): g, number("o_t"): o, number("c_t"): cell}
    assert agree(closed(answer, "dh_t/dh_t-1").subs(known), sympy.diff(o * sympy.tanh(cell), h))
    assert len(answer["dh_t/dh_t-1"].closed.operands) == 4
    symbolic = work("lstm-gradient")
    assert {step.symbol.shape for step in symbolic.steps} == {("n", "n")}


# --- the gates --------------------------------------------------------------------------------------------------------


def test_gates_are_named():
    """Protects case lstm-gates: forget, input and output gate and the candidate, and what each does."""
    answer = work("lstm-gates")
    names = [row[0][0].split()[0] for row in answer.tables[0].rows]
    assert names == ["forget", "input", "candidate", "output"]
    assert answer.tables[0].rows[2][2] == ("(-1, 1)",)


def test_limits_of_the_forget_gate():
    """Protects case forget-gate-range: 0 forgets the old cell, 1 keeps it (a sheet has it the wrong way round)."""
    text = str(work("lstm-gates"))
    row = next(line for line in text.splitlines() if "forget gate" in line and "cₜ = " in line)
    closed_, opened = row.split("cₜ = ")[1:]
    assert "cₜ₋₁" not in closed_
    assert "cₜ₋₁" in opened


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 5, 12, 200])
def test_picture_of_the_unfolded_network(steps):
    """Protects the drawing: cells in a row, c and h passed on, one output after the last."""
    answer = work("lstm-gates", steps=steps)
    for drawing in answer.drawings:
        assert max(map(width_of, drawing.lines)) <= 76
        assert [upright(ASCII.drawn(line)) for line in drawing.lines] == [upright(line) for line in drawing.lines]
        assert not any("_" in line or "~" in line for line in drawing.lines if "b_y" not in line)
    lines = answer.drawings[1].lines
    cells = min(steps, 4) if steps <= 4 else 3
    assert sum(line.count("LSTM") for line in lines) == cells
    assert [line.strip() for line in lines].count("y") == 1
    column = next(line for line in lines if line.strip() == "y").index("y")
    assert lines[-1][column:] == word(f"x_{steps}").text
    for passed in ("c₁", "h₁", "c₀", "h₀"):
        assert any(passed in line for line in lines) or (steps == 1 and passed.endswith("₁"))


def upright(line):
    """The columns in which the upright rules and arrows of a picture stand."""
    marks, column = [], 0
    for mark in line:
        if mark in ("|^v" if line.isascii() else "│↑↓"):
            marks.append(column)
        column += width_of(mark)
    return marks


def test_range_of_a_gate():
    """Protects case gate-range: gates lie in (0, 1), and do not sum to one."""
    answer = work("lstm-gates")
    assert answer["S"].value == 1.5
    z = sympy.Symbol("z", real=True)
    gate = to_sympy(answer["s"].expression).subs(sympy.Symbol("z"), z)
    assert (1 - gate).simplify().is_positive
    assert gate.is_positive
    other = work("lstm-gates", z="2,1,-1")
    assert other["S"].value == pytest.approx(sum(1 / (1 + np.exp(-x)) for x in (2, 1, -1)), abs=1e-14)


# --- the gradient of a recurrent network ------------------------------------------------------------------------------


@pytest.mark.parametrize("outputs", [None, 2])
@pytest.mark.parametrize("bias", ["yes", "no"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_gradient_passed_back(activation, bias, outputs):
    """Protects case rnn-gradient: W^T (dL/dh_{t+1} o sigma'(z_t)), entry by entry against SymPy's derivative."""
    answer = work("rnn-gradient", activation=activation, bias=bias, units=2, features=3, outputs=outputs)
    W, U, b, x, h, g = (
        sympy.MatrixSymbol(name, *shape)
        for name, shape in (
            ("W", (2, 2)), ("U", (2, 3)), ("b", (2, 1)), ("x_t", (3, 1)), ("h_t", (2, 1)), ("dL/dh_t+1", (2, 1)),
        )
    )  # fmt: skip
    z = sympy.Matrix(U * x) + sympy.Matrix(W * h) + (sympy.Matrix(b) if bias == "yes" else sympy.zeros(2, 1))
    new = z.applyfunc(sympy.tanh if activation == "tanh" else sigmoid)
    loss = sum(g[at, 0] * new[at] for at in range(2))
    if outputs:
        V, q = sympy.MatrixSymbol("V", 2, 2), sympy.MatrixSymbol("dL/dy_t", 2, 1)
        read = sympy.Matrix(V * h)
        loss += sum(q[at, 0] * read[at] for at in range(2))
    ours = to_sympy(answer["dL/dh_t"].closed)
    slope = to_sympy(answer["dh_t+1/dz_t"].expression)
    hidden, arrived = sympy.MatrixSymbol("h_t+1", 2, 1), sympy.MatrixSymbol("dh_t+1/dz_t", 2, 1)
    for at in range(2):
        found = ours[at, 0].subs({arrived[row, 0]: slope[row, 0] for row in range(2)})
        found = found.subs({hidden[row, 0]: new[row] for row in range(2)})
        assert agree(found, sympy.diff(loss, h[at, 0]))


def test_dimension_check():
    """Protects the shapes of the gradient, and the verdict on products in another order."""
    answer = work("rnn-gradient", units=64, features=32)
    assert answer["dL/dh_t"].symbol.shape == (64, 1)
    assert "Wᵀ (∂L/∂hₜ₊₁ ⊙ σ′(zₜ))" in str(answer)
    shapes = [row[2][0] for row in answer.tables[0].rows]
    assert shapes == ["(64×1)", "nothing: 1 is not 64", "(64×1)", "(32×1)", "nothing: 32 is not 64"]


@pytest.mark.parametrize(("activation", "threshold"), [("sigmoid", 4), ("tanh", 1)])
def test_threshold(activation, threshold):
    """Protects case vanishing-threshold: |w| = 4 for σ at 0, 1 for tanh."""
    answer = work("vanishing-gradient", activation=activation)
    assert answer["w_0"].value == threshold
    w, slope = sympy.symbols("w slope")
    assert same(to_sympy(answer["q"].expression), w * slope)
    assert answer["slope"].value == 1 / threshold
    assert to_sympy(answer["Q"].expression) == (w * slope) ** sympy.Symbol("T")


@pytest.mark.parametrize("z", ["-2", "0.5", "3"])
@pytest.mark.parametrize("activation", ["sigmoid", "tanh"])
def test_threshold_elsewhere(activation, z):
    """Protects the threshold away from 0, where the slope is smaller."""
    x = sympy.Symbol("x")
    function = sympy.tanh(x) if activation == "tanh" else sigmoid(x)
    expected = float(1 / sympy.diff(function, x).subs(x, sympy.Rational(z)))
    answer = work("vanishing-gradient", activation=activation, z=z)
    assert float(answer["w_0"].value) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("weight", "told"), [("2", "vanishes"), ("-3.9", "vanishes"), ("4.1", "explodes"), ("-8", "explodes")]
)
def test_factor_over_the_steps(weight, told):
    """Protects case rnn-problem: the product of the factors over T steps, and what becomes of the gradient."""
    answer = work("vanishing-gradient", weight=weight, steps=10)
    assert float(answer["Q"].value) == pytest.approx((float(weight) / 4) ** 10, rel=1e-12)
    assert f"the gradient {told}" in str(answer)
    (plot,) = answer.drawings
    assert plot.title == "Size of a gradient of 1, after each step back"
    assert len(plot.lines) == 11
    bars = [line.count("─") for line in plot.lines]
    assert bars == sorted(bars, reverse=told == "vanishes")


def test_clipping():
    """Protects the cure for exploding: the norm is cut, the direction stays, a short gradient is left alone."""
    answer = work("vanishing-gradient", gradient="3,4", max_norm=1)
    np.testing.assert_allclose(answer["g_clipped"].value, [[0.6], [0.8]], rtol=1e-15)
    short = work("vanishing-gradient", gradient="0.3,-0.4", max_norm=1)
    np.testing.assert_array_equal(short["g_clipped"].value, [[0.3], [-0.4]])
    zero = work("vanishing-gradient", gradient="0,0", max_norm=1)
    np.testing.assert_array_equal(zero["g_clipped"].value, [[0], [0]])


def test_gates_as_the_cure():
    """Protects the cure for vanishing: the forget gate to the power of the steps."""
    answer = work("vanishing-gradient", forget="0.95", steps=10)
    assert float(answer["F"].value) == pytest.approx(0.95**10, rel=1e-13)


MATRICES = ["0.5,0.1;0.2,0.4", "0,1;-1,0", "3,1;0,3", "0,5;0,0", "1,2,3;0,1,4;5,6,0", "2,0,0;0,2,0;0,0,2", "1,0;0,1",
            "3,1,1;-1,1,0;0,0,2", "300.3,400.4;-400.4,300.3"]  # fmt: skip


@pytest.mark.parametrize("weight", MATRICES)
def test_matrix_of_weights(weight):
    """Protects the largest singular value and the largest eigenvalue, real, complex, repeated or 0."""
    answer = work("vanishing-gradient", weight=weight, steps=5, activation="tanh")
    W = np.array([[float(entry) for entry in row.split(",")] for row in weight.split(";")])
    assert float(answer["norm_W"].value) == pytest.approx(np.linalg.norm(W, 2), rel=1e-7)
    assert float(answer["rho"].value) == pytest.approx(np.abs(np.linalg.eigvals(W)).max(), rel=1e-7)
    norm = np.linalg.norm(np.linalg.matrix_power(W, 5), 2)
    assert float(answer["R"].value) * (1 - 1e-7) <= norm <= float(answer["B"].value) * (1 + 1e-7)


def shown(name, detail="exam", width=80, **given):
    """The page in the terminal."""
    return plain(page(work(name, **given), detail), width)


def told(step):
    """Title, reason and note of a step as text."""
    return " ".join(sentence(part) for part in (step.title, step.why, step.note))


def test_along_the_eigenvector_is_no_bound_for_gradients():
    """Protects R: a gradient may shrink faster than along the eigenvector of the largest eigenvalue."""
    answer = work("vanishing-gradient", weight="0.5,0.1;0.2,0.4", activation="tanh", steps=10)
    W = np.array([[0.5, 0.1], [0.2, 0.4]])
    slow, fast = sorted(np.linalg.eig(W.T)[1].T, key=lambda v: -np.linalg.norm(v @ W))
    R = float(answer["R"].value)
    assert np.linalg.norm(np.linalg.matrix_power(W.T, 10) @ slow) == pytest.approx(R, rel=1e-9)
    assert np.linalg.norm(np.linalg.matrix_power(W.T, 10) @ fast) < R / 100
    assert told(answer["R"]).startswith("Over T steps, along the eigenvector of ρ")
    assert "not every gradient" in told(answer["R"])
    assert "at least" not in told(answer["R"])


def test_complex_pair_of_eigenvalues():
    """Protects the reason of ρ = √d, and that no real eigenvector is spoken of."""
    answer = work("vanishing-gradient", weight="0,-1;1,0")
    assert "D_W < 0" in told(answer["rho"])
    assert "complex pair" in told(answer["rho"])
    assert "|λ|²" in told(answer["rho"])
    assert "along the eigenvector" not in str(answer)
    assert "D_W = 0: both eigenvalues" in told(work("vanishing-gradient", weight="1,5;0,1")["rho"])


def test_plot_of_sizes_says_what_is_left_out():
    """Protects the chart: it shows sizes, and announces the rows that it leaves out."""
    (plot,) = work("vanishing-gradient", weight=-5, z=1, steps=20).drawings
    assert plot.title == "Size of a gradient of 1, after every 2nd step back; those between are left out"
    assert [int(line.split()[0]) for line in plot.lines] == list(range(0, 21, 2))
    (plot,) = work("vanishing-gradient", weight=-5, z=1, steps=35).drawings
    assert [int(line.split()[0]) for line in plot.lines] == [*range(0, 34, 3), 35]
    assert "after the last" in plot.title
    assert "the sign changes with every step" in told(work("vanishing-gradient", weight=-5)["Q"])


@pytest.mark.parametrize(
    ("weight", "listed", "rho"),
    [
        ("2,0,0;0,2,0;0,0,2", "2, 2, 2", "ρ = 2"),
        ("0,-1,0;1,0,0;0,0,3", "3, i, -i", "ρ = 3"),
        ("0,0,1;1,0,0;0,1,0", "1, ≈ -0.5 + 0.8660 i, ≈ -0.5 - 0.8660 i", "ρ = 1"),
        ("1,2,0;2,1,0;0,0,1", "3, 1, -1", "ρ = 3"),
    ],
)
def test_eigenvalues_of_three_units(weight, listed, rho):
    """Protects 3×3: ρ(A) is introduced once, the eigenvalues are listed, exact ones as such."""
    text = shown("vanishing-gradient", weight=weight, steps=4)
    assert f"eigenvalues of W, the largest in size first: {listed}" in " ".join(text.split())
    assert rho in text
    assert text.count("spectral radius") == 1
    assert "≈ 2.0000" not in text


def test_a_power_of_zero_is_zero():
    """Protects the factor over T steps where that of one step is 0."""
    assert closed(work("vanishing-gradient", weight=0), "Q") == 0
    assert closed(work("vanishing-gradient", weight="0,1;0,0"), "R") == 0
    assert "0·0" not in shown("vanishing-gradient", weight=0).partition("Many steps back")[2]


INTRODUCED = [
    ("vanishing-gradient", {"weight": "0.5,0;2,0.5"}),
    ("vanishing-gradient", {"weight": "0.5,0.1;0.2,0.4", "activation": "tanh", "steps": 10}),
    ("vanishing-gradient", {}),
    ("rnn-gradient", {"activation": "tanh"}),
    ("lstm-unroll", {}),
    ("lstm-gradient", {}),
    ("lstm-equations", {"zero_input": "yes"}),
    ("gru-equations", {}),
]


@pytest.mark.parametrize(("name", "given"), INTRODUCED)
def test_brief_pages_introduce_what_they_read(name, given):
    """Protects brief pages: every computed quantity that a printed formula reads has a line of its own."""
    answer = work(name, **given)
    lines = [line for _, sections in page(answer, "brief").parts for section in sections for line in section.lines]
    named = [linear(line.left) for line in lines if isinstance(line, Equation) and line.left is not None]
    for step in answer.steps:
        if linear(step.symbol.word) in named:
            assert {linear(answer[read].symbol.word) for read in step.reads if read in answer.names} <= set(named)
    assert len(named) == len(set(named))


@pytest.mark.parametrize(
    ("name", "given", "sizes"),
    [
        ("lstm-equations", {}, "sizes: n units, m numbers in the input"),
        ("gru-equations", {"units": "d", "features": 3}, "sizes: d units"),
        ("rnn-gradient", {"outputs": "k"}, "sizes: n units, m numbers in the input, k outputs"),
        ("lstm-gates", {}, "sizes: n units, k outputs"),
        ("lstm-gradient", {}, "sizes: n units"),
        ("lstm-unroll", {}, "sizes: n units"),
        ("vanishing-gradient", {}, "sizes: p entries of the gradient"),
    ],
)
def test_sizes_are_named(name, given, sizes):
    """Protects n, m, k and p in the shapes: each is introduced."""
    assert f"• {sizes}\n" in shown(name, **given)


def test_signs_are_explained():
    """Protects ⊙ on a page whose steps have none, and the shapes of stacked weights."""
    assert shown("lstm-gates").count("⊙ multiplies entry by entry") == 1
    assert shown("lstm-gradient").count("⊙ multiplies entry by entry") == 1
    text = shown("lstm-equations", naming="stacked")
    assert "(n×(n+m))((n+m)×1) + (n×1) → (n×1)" in text
    assert write(("n", "n+m")) == "n×(n+m)"
    assert write((3, 2)) == "3×2"


def test_gru_shows_the_variant_of_the_numeric_topic():
    """Protects the defaults: reset after the product, z keeps; the page says so, and says what else there is."""
    answer = work("gru-equations")
    assert answer["q_t"].reads == ["U_h", "h_t-1", "b_Uh"]
    text = " ".join(shown("gru-equations").split())
    assert "the reset gate rₜ multiplies the product of U_h and hₜ₋₁" in text
    assert "zₜ keeps hₜ₋₁" in text
    numeric = {parameter.name: parameter for parameter in TOPICS["gru"].parameters}
    ours = {parameter.name: parameter for parameter in TOPICS["gru-equations"].parameters}
    for name in ("reset_after", "update"):
        assert (numeric[name].choices, numeric[name].default) == (ours[name].choices, ours[name].default)
    assert "q_t" in work("gru-equations", naming="stacked").names


def test_cures_only_where_they_are_asked_for():
    """Protects the page against unasked steps: clipping and gates with their own numbers, or in the full story."""
    cures = {"norm_g", "r", "g_clipped", "F"}
    assert not cures & set(work("vanishing-gradient", weight=2, steps=10).names)
    assert cures <= set(work("vanishing-gradient").names)
    assert cures & set(work("vanishing-gradient", weight=2, gradient="3,4").names) == cures - {"F"}
    assert cures & set(work("vanishing-gradient", steps=9, forget="0.9").names) == {"F"}
    given = [item.symbol.name for item in work("vanishing-gradient", weight=2).given]
    assert given == ["T", "w", "z"]


def test_verdicts():
    """Protects the sentences that answer true or false, yes or no."""
    for kind in ("lstm", "gru"):
        answer = work(f"{kind}-equations", zero_input="yes")
        assert sentence(answer.steps[-1].note).startswith(f"false: with the input 0 the {kind.upper()} does not keep")
    gates = work("lstm-gates")
    assert "the gates lie in (0, 1): yes; they sum to one: no" in sentence(gates.steps[-1].note)
    assert [sentence(row[1]) for row in gates.tables[-1].rows] == ["yes", "no"]


def test_number_of_steps_is_not_listed_unused():
    """Protects the givens of the cell written out: nothing that no step uses."""
    answer = work("lstm-unroll", steps=2)
    assert "K" not in {item.symbol.name for item in answer.given}
    assert "the step run with numbers drawn at random gives the same cₜ" in shown("lstm-unroll", steps=1, width=120)
    assert "--" not in shown("lstm-unroll", f="0.9,0.8")


@pytest.mark.parametrize(
    ("name", "given"),
    [
        *itertools.product(
            ("lstm-equations", "gru-equations"),
            [{"zero_input": zero, "naming": naming} for zero in ("yes", "no") for naming in ("W_i", "W_ix")],
        ),
        ("lstm-gates", {}),
        ("vanishing-gradient", {"weight": "2"}),
        ("lstm-gradient", {}),
    ],
)
def test_no_line_breaks_within_a_term(name, given):
    """Protects terms such as W_ch hₜ₋₁ + b_c within a function, and z → ∞ in a sentence."""
    for line in shown(name, **given).splitlines():
        assert line.count("(") == line.count(")") or "⎛" in line or "cf." in line or _is_prose(line), line
        assert not re.search(r"(→|=|<|>|⊙) *$", line.replace("→ (", "")), line


def _is_prose(line):
    return len(re.findall(r"[a-z]{3,}", line)) > 3


# --- paths, and what is refused ---------------------------------------------------------------------------------------


def test_paths_of_a_chain():
    """Protects the rule: every way once, in the order of the formulas, and none to what is not reached."""
    x, y, z = (Symbol(name, ("n", 1)) for name in "xyz")
    definitions = {"y": (y, 2 * x), "z": (z, x * y)}
    assert [[symbol.name for symbol in path] for path in paths(definitions, z, x)] == [["x", "z"], ["x", "y", "z"]]
    assert paths(definitions, y, z) == []
    with pytest.raises(TypeError, match="itself"):
        along({"y": (y, x)}, (x, y))


REFUSED = [
    ("lstm-equations", {"zero_input": "yes", "naming": "stacked"}, "zero_input"),
    ("lstm-equations", {"units": 0}, "units"),
    ("lstm-equations", {"naming": "W_xi"}, "naming"),
    ("gru-equations", {"reset_after": "yes", "naming": "stacked"}, "reset_after"),
    ("lstm-unroll", {"steps": 9}, "steps"),
    ("lstm-unroll", {"steps": 0}, "steps is 0: give a whole number from 1 to 8$"),
    ("lstm-unroll", {"steps": "n"}, "steps is n: give a whole number from 1 to 8$"),
    ("lstm-gates", {"steps": 0}, "steps is 0: give a whole number from 1 to 200$"),
    ("vanishing-gradient", {"steps": 0}, "steps is 0: give a whole number from 1 to 100, or a symbol such as T$"),
    ("gru-equations", {"update": "replaces"}, "update"),
    ("lstm-unroll", {"steps": "k"}, "steps"),
    ("lstm-unroll", {"f": "0.9,1.1"}, "f"),
    ("lstm-unroll", {"f": "0.9,-0.1"}, "f"),
    ("lstm-unroll", {"f": "0.9,0.8", "steps": 3}, "f"),
    ("lstm-unroll", {"f": "0.9,0.8;0.7,0.6"}, "f"),
    ("lstm-unroll", {"f": ",".join(["0.9"] * 9)}, "f"),
    ("lstm-unroll", {"delta": 1}, "delta"),
    ("lstm-unroll", {"f": "0.9", "units": 3}, "units"),
    ("lstm-gates", {"steps": 201}, "steps"),
    ("lstm-gates", {"steps": "T"}, "steps"),
    ("lstm-gates", {"z": "1,2"}, "z"),
    ("vanishing-gradient", {"weight": "1,2"}, "weight"),
    ("vanishing-gradient", {"weight": "1,2;3,4;5,6"}, "weight"),
    ("vanishing-gradient", {"steps": 101}, "steps"),
    ("vanishing-gradient", {"weight": "1e200", "steps": 100}, "(steps|z|weight)"),
    ("vanishing-gradient", {"steps": "w"}, "steps"),
    ("vanishing-gradient", {"z": "6"}, "z"),
    ("vanishing-gradient", {"gradient": "1,2;3,4"}, "gradient"),
    ("vanishing-gradient", {"max_norm": "1"}, "max_norm"),
    ("vanishing-gradient", {"max_norm": "0", "gradient": "1"}, "max_norm"),
    ("vanishing-gradient", {"forget": "1.5"}, "forget"),
    ("rnn-gradient", {"activation": "softmax"}, "activation"),
]


@pytest.mark.parametrize(("name", "given", "parameter"), REFUSED)
def test_what_is_refused(name, given, parameter):
    """Protects one line that names the parameter."""
    with pytest.raises(InputError, match=rf"^{parameter}(?:\b|$)[^\n]*$"):
        TOPICS[name](**given)


@pytest.mark.parametrize(
    "name", ["lstm-equations", "lstm-unroll", "lstm-gradient", "rnn-gradient", "vanishing-gradient"]
)
def test_every_step_can_be_asked_for(name):
    """Protects --find: what leads to a step is enough to print it."""
    answer = work(name)
    for step, detail in itertools.product(answer.names, ("brief", "full")):
        found = TOPICS[name](find=step)
        assert found.results == [step]
        assert found.passed
        assert detail
