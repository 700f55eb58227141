"""Exam questions without numbers of their own: gates, gradients and the cell, each answered and then computed."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import numpy as np
import pytest
import sympy
from cases import CASES, WORKED, works

from explain import (
    clip_gradient,
    lstm,
    lstm_equations,
    lstm_gates,
    lstm_gradient,
    lstm_unroll,
    rnn,
    rnn_gradient,
    vanishing_gradient,
)
from explain.engine.evaluate import evaluate
from explain.engine.prose import SYMBOLIC
from explain.relations import Relation
from explain.render.linear import linear, sentence

WEIGHTS = [f"{kind}_{gate}" for kind in "WUb" for gate in "fico"]


def written(answer, name):
    """The formula of a step, and what it came to in symbols."""
    step = answer[name]
    return linear(SYMBOLIC.write(step.expression)), step.closed and linear(SYMBOLIC.write(step.closed))


def put_in(answer, values):
    """Every step worked by NumPy from numbers for what is given."""
    found = dict(values)
    for step in answer.steps:
        if step.name not in found and all(name in found for name in step.reads):
            found[step.name] = evaluate(step.expression, found)
    return found


def cell_by_numpy(values):
    """One step of an LSTM with columns, the gates by their formulas."""

    def sigma(z):
        return 1 / (1 + np.exp(-z))

    x, h, c = (values[name] for name in ("x_t", "h_t-1", "c_t-1"))
    z = {gate: values[f"W_{gate}"] @ x + values[f"U_{gate}"] @ h + values[f"b_{gate}"] for gate in "fico"}
    new = sigma(z["f"]) * c + sigma(z["i"]) * np.tanh(z["c"])
    return sigma(z["o"]) * np.tanh(new), new


def drawn(units, features):
    """Numbers for one step of an LSTM."""
    random = np.random.default_rng(7)
    shapes = {"W": (units, features), "U": (units, units), "b": (units, 1)}
    values = {name: random.normal(size=shapes[name[0]]) for name in WEIGHTS}
    return values | {"x_t": random.normal(size=(features, 1))} | {
        name: random.normal(size=(units, 1)) for name in ("h_t-1", "c_t-1")
    }  # fmt: skip


def test_every_case_has_a_test():
    """A row of the file that no test works is a row that nobody would miss."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        if re.search(r"^from cases import .*\bworks\b", path.read_text(encoding="utf-8"), re.MULTILINE):
            importlib.import_module(path.stem)
    assert len(CASES) == 43
    assert [name for name in CASES if name not in WORKED] == []


@works("lstm-gates")
def test_names_of_the_gates_and_the_drawing():
    """The three gates and the candidate by name; three cells in a row, c and h passed on, one y above the third."""
    case = CASES["lstm-gates"]
    answer = lstm_gates(**case["inputs"])
    named = [sentence(row[0]) for row in answer.tables[0].rows]
    assert sorted(name.split()[0] for name in named) == sorted(case["expected"]["gates"])
    drawing = next(item.lines for item in answer.drawings if "unfolded" in item.title)
    (cells,) = (line for line in drawing if "LSTM" in line)
    assert cells.count("LSTM") == CASES["lstm-gates"]["inputs"]["steps"]
    text = "\n".join(drawing)
    for passed in ("c₀", "c₁", "c₂", "h₀", "h₁", "h₂", "x₁", "x₂", "x₃"):
        assert passed in text
    (above,) = (line for line in drawing if line.strip() == "y")
    assert above.index("y") > cells.rindex("LSTM")
    assert answer.passed


@works("lstm-gates", "gate-and-cell-texts")
@pytest.mark.parametrize("units", [1, 3])
def test_what_each_gate_does(units):
    """Each gate closed and open in numbers: what is kept, what is written, what is shown."""
    values = drawn(units, 2)

    def with_gate(gate, at):
        return cell_by_numpy(values | {f"b_{gate}": np.full((units, 1), 40.0 * (2 * at - 1))})

    other = values | {"c_t-1": values["c_t-1"] + 1}
    closed = cell_by_numpy(other | {"b_f": np.full((units, 1), -40.0)})[1]
    np.testing.assert_allclose(closed, with_gate("f", 0)[1], atol=1e-12)  # forgotten: the old cell does not matter
    moved = cell_by_numpy(other | {"b_f": np.full((units, 1), 40.0)})[1] - with_gate("f", 1)[1]
    np.testing.assert_allclose(moved, 1)  # kept whole
    known = put_in(lstm_equations(units=units, features=2), values)
    np.testing.assert_allclose(with_gate("i", 0)[1], known["f_t"] * values["c_t-1"])  # nothing is written
    np.testing.assert_allclose(with_gate("i", 1)[1], known["f_t"] * values["c_t-1"] + known["ctilde_t"])
    np.testing.assert_allclose(with_gate("o", 0)[0], 0, atol=1e-12)  # nothing is shown
    np.testing.assert_allclose(with_gate("o", 1)[0], np.tanh(known["c_t"]))


@works("rnn-problem")
def test_gradients_vanish_and_explode_and_the_cures():
    """The product of the factors over ten steps; clipping bounds what explodes, a forget gate near 1 keeps it."""
    expected = CASES["rnn-problem"]["expected"]
    assert [name.split()[0] for name in expected["problem"]] == ["vanishing", "exploding"]
    assert [cure.split(" for ")[1] for cure in expected["cures"]] == ["exploding", "vanishing"]
    found = {weight: float(vanishing_gradient(weight=weight, steps=10)["Q"].value) for weight in (2, 4, 8)}
    assert found == pytest.approx({2: 0.5**10, 4: 1, 8: 2**10})
    exploded = clip_gradient(g=[[found[8], 0]], beta=1)
    assert float(exploded["norm"].value) == pytest.approx(1024)
    np.testing.assert_allclose(exploded["ghat"].value.ravel(), [1, 0])
    cell = lstm_unroll(f=["0.95"] * 8)
    assert float(cell["deltaC_t-8"].value) == pytest.approx(0.95**8)
    assert 0.95**8 > 0.5 > float(vanishing_gradient(weight=2, steps=8)["Q"].value)


@works("lstm-equations")
@pytest.mark.parametrize("units", [1, 3])
def test_update_equations(units):
    """Six equations in the naming that is asked for; with numbers put in they are those of the cell."""
    answer = lstm_equations(naming="W_ix", units=units, features=2)
    assert len(answer.steps) == CASES["lstm-equations"]["expected"]["equations"]
    assert answer.results == ["c_t", "h_t"]
    assert written(answer, "i_t")[0] == "σ(W_ix xₜ + W_ih hₜ₋₁ + bᵢ)"
    values = drawn(units, 2)
    kinds = {"W": "W_{}x", "U": "W_{}h", "b": "b_{}"}
    renamed = {kinds[name[0]].format(name[2]) if name in WEIGHTS else name: value for name, value in values.items()}
    found = put_in(answer, renamed)
    for name, theirs in zip(("h_t", "c_t"), cell_by_numpy(values), strict=True):
        np.testing.assert_allclose(found[name], theirs)
    assert answer.passed


@works("rnn-gradient")
def test_gradient_of_the_state():
    """Wᵀ in front and the slope inside, as the dimensions ask for; the sheet's order fits no vector."""
    answer = rnn_gradient()
    closed = written(answer, "dL/dh_t")[1]
    theirs = CASES["rnn-gradient"]["expected"]["result"].partition(" = ")[2]
    plain = theirs.replace("W^T", "Wᵀ").replace("dL/dh_{t+1}", "∂L/∂hₜ₊₁").replace(" o ", " ⊙ ")
    assert closed == plain.replace("sigma'(z_t)", "σ′(zₜ)")
    random = np.random.default_rng(3)
    W, h, back = random.normal(size=(3, 3)), random.normal(size=(3, 1)), random.normal(size=(3, 1))
    z = W @ h
    slope = 1 / (1 + np.exp(-z)) * (1 - 1 / (1 + np.exp(-z)))
    values = {"W": W, "h_t": h, "U": np.zeros((3, 2)), "x_t": np.zeros((2, 1)), "b": np.zeros((3, 1))}
    found = put_in(rnn_gradient(units=3, features=2), values | {"dL/dh_t+1": back})
    np.testing.assert_allclose(found["dL/dh_t"], W.T @ (back * slope))
    with pytest.raises(ValueError, match=r"mismatch|not aligned"):
        (back * slope) @ W.T
    verdicts = {sentence(row[0]): sentence(row[-1]) for row in answer.tables[0].rows}
    assert verdicts["∂L/∂zₜ · Wᵀ"] == "wrong order"


@works("vanishing-threshold")
@pytest.mark.parametrize(("weight", "told"), [(3.9, "<"), (4, "="), (4.1, ">")])
def test_threshold_of_the_weight(weight, told):
    """A unit with the slope 1/4 keeps its gradient at the weight 4; below it vanishes, above it explodes."""
    answer = vanishing_gradient(weight=weight, steps=50)
    threshold = CASES["vanishing-threshold"]["expected"]["threshold"]
    assert float(answer["slope"].value) == 0.25
    assert float(answer["w_0"].value) == threshold
    assert Relation.read(f"Q {told} 1").worked({"": answer}).holds
    assert float(answer["Q"].value) == pytest.approx((0.25 * weight) ** 50)


@works("lstm-zero-input")
def test_an_input_of_zero_does_not_keep_the_state():
    """The counter-example moves the state; the forget gate reads U_f and b_f, where the sheet writes U_o and b_o."""
    case = CASES["lstm-zero-input"]
    answer = lstm_equations(zero_input="yes")
    assert bool(Relation.read("h_1 = h_0").worked({"": answer}).holds) is case["expected"]["answer"]
    c = written(answer, "c_t")[0]
    assert c == "σ(U_f hₜ₋₁ + b_f) ⊙ cₜ₋₁ + σ(Uᵢ hₜ₋₁ + bᵢ) ⊙ tanh(U_c hₜ₋₁ + b_c)"
    assert "U_o" not in c
    assert "U_o, b_o" in case["note"]
    values = drawn(2, 2) | {"x_t": np.zeros((2, 1))}
    found = put_in(lstm_equations(zero_input="yes", units=2, features=2), values)
    np.testing.assert_allclose(found["h_t"], cell_by_numpy(values)[0])
    assert not np.allclose(found["h_t"], values["h_t-1"])
    weights = {"W_f": 1, "W_i": 1, "W_c": 1, "W_o": 1, "U_f": 1, "U_i": 1, "U_c": 1, "U_o": 1}
    again = lstm(x=0, h_0=0.5, c_0=0.6, **weights)
    assert float(again["h_1"].value[0, 0]) == pytest.approx(float(answer["h_1"].value[0, 0]))


@works("lstm-cell-gradient")
def test_gradient_along_the_cell():
    """f_t along the cell, the gates held constant; the state's derivative is the sum of four paths."""
    expected = CASES["lstm-cell-gradient"]["expected"]
    assert expected["3b"] is True
    assert expected["dc_t/dc_{t-1}"] == "f_t"
    answer = lstm_gradient()
    assert written(answer, "dc_t/dc_t-1")[0] == "diag(fₜ)"
    closed = written(answer, "dh_t/dh_t-1")[1]
    assert all(closed.count(f" {name}") == 1 for name in ("U_o", "U_f", "Uᵢ", "U_c"))
    assert closed.count(" + ") == 3
    values, step = drawn(1, 1), 1e-6
    up, down = (cell_by_numpy(values | {"c_t-1": values["c_t-1"] + by})[1] for by in (step, -step))
    found = put_in(lstm_gradient(units=1), values | put_in(lstm_equations(units=1, features=1), values))
    assert float((up - down)[0, 0]) / (2 * step) == pytest.approx(float(found["f_t"][0, 0]), rel=1e-8)
    up, down = (cell_by_numpy(values | {"h_t-1": values["h_t-1"] + by})[0] for by in (step, -step))
    assert float((up - down)[0, 0]) / (2 * step) == pytest.approx(float(found["dh_t/dh_t-1"][0, 0]), rel=1e-6)


@works("gate-range", "gate-and-cell-texts")
@pytest.mark.parametrize("z", ["0,0,0", "5,-5,2", "-5,-5,-5", "0.1,-3,1"])
def test_gates_lie_between_0_and_1_and_sum_to_anything(z):
    """3c is true whatever goes into the gates; 3d is false in every one of these examples."""
    expected, answer = CASES["gate-range"]["expected"], {"": lstm_gates(z=z)}
    for gate in ("f_1", "i_1", "o_1"):
        assert Relation.read(f"0 < {gate} < 1").worked(answer).holds is expected["3c"]
    assert Relation.read("f_1 + i_1 + o_1 = 1").worked(answer).holds is expected["3d"]
    limits = [sympy.limit(1 / (1 + sympy.exp(-sympy.Symbol("z"))), sympy.Symbol("z"), end) for end in ("-oo", "oo")]
    assert limits == [0, 1]


@works("forget-gate-range")
@pytest.mark.parametrize(("forget", "meaning"), [("0", "forget"), ("1", "keep")])
def test_what_0_and_1_of_the_forget_gate_mean(forget, meaning):
    """0 loses the old cell and 1 keeps it, in the cell written out and in numbers; the sheet has it turned."""
    assert CASES["forget-gate-range"]["expected"][forget] == meaning
    assert "wrong way round" in CASES["forget-gate-range"]["note"]
    kept = float(lstm_unroll(f=[forget])["deltaC_t-1"].value)
    assert {0: "forget", 1: "keep"}[kept] == meaning
    for old in (-0.7, 2.0):
        gates = {f"{kind}_{gate}": 0 for kind in "WUb" for gate in "fico" if f"{kind}_{gate}" != "b_f"}
        answer = lstm(x=0, c_0=old, b_f=-40 if forget == "0" else 40, **gates)
        assert float(answer["c_1"].value[0, 0]) == pytest.approx(old * kept, abs=1e-12)


@works("lstm-unrolled")
@pytest.mark.parametrize("steps", [2, 5])
def test_the_cell_over_several_steps(steps):
    """c_t by c_{t-2} as the sheet has it, and any number of steps back equal to the cell run step by step."""
    given = CASES["lstm-unrolled"]["expected"]["c_t"]
    two = lstm_unroll(steps=2)
    plain = re.sub(r"[{}\s]|⊙", "", given.replace("c~", "g"))
    ours = written(two, "c_t")[0].replace("c\u0303", "g").translate(str.maketrans("ₜ₋₁₂ᵢ", "t-12i"))
    assert re.sub(r"[\s⊙]", "", ours) == plain.replace("_", "")
    random = np.random.default_rng(steps)
    places = ["t", *(f"t-{back}" for back in range(1, steps))]
    values = {f"{gate}_{place}": random.uniform(size=(2, 1)) for gate in ("f", "i", "ctilde") for place in places}
    values[f"c_t-{steps}"] = cell = random.normal(size=(2, 1))
    for place in places[::-1]:
        cell = values[f"f_{place}"] * cell + values[f"i_{place}"] * values[f"ctilde_{place}"]
    np.testing.assert_allclose(put_in(lstm_unroll(steps=steps, units=2), values)["c_t"], cell)


@works("lstm-error-carousel", "gate-and-cell-texts")
def test_the_error_along_the_cell():
    """δC_{t-2} = δC_t f_t f_{t-1}; in numbers it stays, where the error of a simple network vanishes."""
    assert CASES["lstm-error-carousel"]["expected"]["delta"] == "delta C_t f_t f_{t-1}"
    assert written(lstm_unroll(steps=2), "deltaC_t-2")[1] == "δCₜ ⊙ fₜ ⊙ fₜ₋₁"
    numbers = lstm_unroll(f="0.9,0.8", delta=0.5)
    assert float(numbers["deltaC_t-2"].value) == pytest.approx(0.5 * 0.9 * 0.8)
    gated = float(lstm_unroll(f=["0.9"] * 8)["deltaC_t-8"].value)
    plain = float(vanishing_gradient(weight=1, steps=8)["Q"].value)
    assert gated == pytest.approx(0.9**8)
    assert gated > 10_000 * plain


@works("gate-and-cell-texts")
def test_what_an_lstm_has_that_a_simple_cell_has_not():
    """Four times the weights of the same size, and a cell beside the state, in numbers of one step of both."""
    simple = rnn(x=[1], U=[[0.5]], W=[[0.3]], b_h=[0])
    gates = {f"{kind}_{gate}": "0.5" if kind == "W" else "0.3" for kind in "WU" for gate in "fico"}
    gated = lstm(x=1, **gates)
    assert not any(name.startswith("c_") for name in simple.names)
    assert {"f_1", "i_1", "ctilde_1", "o_1", "c_1", "h_1"} <= set(gated.names)
    h = float(gated["h_1"].value[0, 0])
    assert h == pytest.approx(float(gated["o_1"].value[0, 0]) * np.tanh(float(gated["c_1"].value[0, 0])))
    assert float(simple["h_1"].value.ravel()[0]) == pytest.approx(np.tanh(0.5))
