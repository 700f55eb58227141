"""Long sequences: what is carried on by the formulas of three written steps is what full working gives."""

from __future__ import annotations

import re

import numpy as np
import pytest

from explain import InputError, gru, lstm, rnn
from explain.engine.evaluate import evaluate
from explain.page import page
from explain.render.markdown import markdown
from explain.render.terminal import plain
from explain.topics._recurrent import network as _recurrent

GATES = {"rnn": 1, "lstm": 4, "gru": 3}
TOPICS = {"rnn": rnn, "lstm": lstm, "gru": gru}
LOSSES = (
    ("squared-error", "identity"), ("mean-squared-error", "tanh"), ("binary-cross-entropy", "sigmoid"),
    ("cross-entropy", "softmax"),
)  # fmt: skip


def question(
    kind, steps, draw, *, layers=1, both=False, samples=1, loss=None, on="every", output=True, reduction="sum"
):
    """The keyword arguments of a random network of two units that reads two features."""
    d, n, k = 2, 2, 3
    count = layers * (2 if both else 1)
    inputs = [d if at < (2 if both else 1) else n * (2 if both else 1) for at in range(count)]
    given = {"x": draw.normal(size=(samples, steps, d)), "bidirectional": "yes" if both else "no"}
    if kind == "rnn":
        given |= {"U": [draw.normal(size=(n, m)).tolist() for m in inputs], "W": draw.normal(size=(count, n, n)) / 2}
        given["b_h"] = draw.normal(size=(count, n, 1))
    else:
        wide = GATES[kind] * n
        given |= {
            "W": [draw.normal(size=(m, wide)).tolist() for m in inputs],
            "U": draw.normal(size=(count, n, wide)) / 2,
        }
        given["b"] = draw.normal(size=(count, 1, wide))
    if output:
        given |= {"V": draw.normal(size=(k, n * (2 if both else 1))), "b_y": draw.normal(size=k)}
    if loss is not None:
        name, activation = loss
        width = k if output else n * (2 if both else 1)
        places = 1 if on == "last" else steps
        target = draw.random(size=(samples, places, width))
        given |= {"target": target / target.sum(axis=-1, keepdims=True), "loss": name, "loss_on": on}
        given |= {"output_activation": activation if output else "identity", "reduction": reduction}
    return given


CASES = [
    (kind, steps, settings)
    for kind in TOPICS
    for steps, settings in (
        (7, {}), (8, {"loss": LOSSES[0]}), (7, {"loss": LOSSES[2], "reduction": "mean"}),
        (9, {"loss": LOSSES[3], "on": "last"}), (7, {"loss": LOSSES[1], "samples": 3, "reduction": "mean"}),
        (7, {"loss": LOSSES[0], "output": False, "both": True}), (8, {"loss": LOSSES[0], "layers": 2, "both": True}),
        (7, {"loss": LOSSES[3], "layers": 3, "on": "last"}), (7, {"layers": 2, "output": False}),
        (7, {"loss": LOSSES[0], "on": "last", "both": True, "samples": 2}),
    )
]  # fmt: skip


@pytest.mark.parametrize(("kind", "steps", "settings"), CASES)
def test_what_is_carried_on_is_what_full_working_gives(kind, steps, settings, monkeypatch):
    """Protects every number of a long sequence: states, losses and gradients, those in the table too."""
    given = question(kind, steps, np.random.default_rng(len(str(settings)) + steps), **settings)
    short = TOPICS[kind](**given)
    monkeypatch.setattr(_recurrent, "LONGEST_IN_FULL", 10)
    full = TOPICS[kind](**given)
    assert any(step.hidden for step in short.steps)
    assert not any(step.hidden for step in full.steps)
    left_out = set(full.names) - set(short.names)  # a long sequence takes these losses from the logits
    assert set(short.names) <= set(full.names)
    assert all(re.search(r"y_\d", name) for name in left_out)
    assert not left_out or settings["loss"] in LOSSES[2:]
    for step in full.steps:
        if step.name in left_out:
            continue
        ours = short.values[step.name]
        np.testing.assert_allclose(ours, step.value, rtol=1e-9, atol=1e-12, err_msg=step.name)
    assert short.passed
    assert full.passed


def test_a_hidden_step_is_its_own_formula():
    """Protects the first law: a step that is only evaluated reads what its formula says, and comes from it."""
    answer = lstm(**question("lstm", 7, np.random.default_rng(3), loss=LOSSES[0]))
    known = {item.symbol.name for item in answer.given}
    for step in answer.steps:
        assert known.issuperset(step.reads), step.name
        known.add(step.name)
        formula = getattr(step.expression, "formula", step.expression)
        np.testing.assert_allclose(evaluate(formula, answer.values), step.value, rtol=1e-12, atol=1e-14)


def test_a_page_shows_two_steps_and_a_table():
    """Protects the page of a long sequence: its length does not grow with what is not shown, but for the table."""
    draw = np.random.default_rng(4)
    pages = {n: plain(page(lstm(**question("lstm", n, draw, loss=LOSSES[0], on="last"))), 80) for n in (10, 40)}
    lines = {n: text.count("\n") for n, text in pages.items()}
    assert lines[40] - lines[10] < 3 * 30 + 45
    for text in pages.values():
        assert "Time step 2\n" in text
        assert "Time step 3\n" not in text
        assert "Backward: time step 2\n" in text
        assert "\nEvery step\n" in text
    row = next(line for line in pages[40].splitlines() if line.strip().startswith("40 "))
    assert len(re.findall(r"-?\d+\.\d+", row)) >= 2


def test_a_step_of_the_table_is_worked_when_asked():
    """Protects --find for any step: its part of the working is printed, in the words of the written step."""
    answer = lstm(**question("lstm", 9, np.random.default_rng(5), loss=LOSSES[0])).find(["h_7"])
    text = plain(page(answer), 80)
    assert "Time step 7\n" in text
    assert "Time step 6\n" not in text
    assert "Forget gate of step 7, before the activation" in text
    assert "z_f,7 = W_f x₇ + U_f h₆ + b_f" in text
    assert answer.passed
    assert "h_7" in markdown(page(answer, "full"))
    gradient = rnn(**question("rnn", 9, np.random.default_rng(6), loss=LOSSES[0])).find(["dL/dh_5"])
    text = plain(page(gradient), 80)
    assert "Backward: time step 5" in text
    assert "∂L/∂h₅ = " in text


def test_one_quantity_through_time():
    """Protects Jacobians across steps that are shown; one across the table is refused with the names there are."""
    answer = rnn(**question("rnn", 4, np.random.default_rng(7)))
    found = answer.find(["dh_4/dh_1"])
    W, h = answer.values["W"], answer.values
    expected = np.eye(2)
    for t in (2, 3, 4):
        expected = np.diag(1 - h[f"h_{t}"][:, 0] ** 2) @ W @ expected
    np.testing.assert_allclose(found["dh_4/dh_1"].value, expected, rtol=1e-9)
    assert found.passed
    with pytest.raises(InputError, match=r"find dh_1/dh_4: h_1 does not depend on h_4"):
        answer.find(["dh_1/dh_4"])
