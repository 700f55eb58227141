"""What `explain model` refuses: one line with the line of the code, what is wrong and the mend, in under a second."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stderr, redirect_stdout

import pytest

from explain import InputError, model
from explain.cli import run

STACK = "Sequential([LSTM(3), LSTM(4)])"
CONV = "nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(144, 10))"
SMALL = "Sequential([Dense(4)])"
REFUSED = [
    # what the code says does not fit what arrives
    ([STACK, "--input", "5x2"], "line 1, lstm_1 = LSTM(4): 3 arrived", "line 1", "return_sequences=True"),
    ([STACK, "--input", "5"], "line 1, lstm = LSTM(3): 5 arrived", "such as 50x8"),
    ([CONV, "--input", "1x9x9"], "nn.Linear(144, 10)", "196 numbers arrive (4x7x7 flattened)", "nn.Linear(196, 10)"),
    ([CONV, "--input", "8x8x1"], "8 channels arrive (8x8x1), it expects 1", "--input 1x8x8"),
    ([CONV, "--input", "3x8x8"], "3 channels arrive", "give --input with 1, or write nn.Conv2d(3, 4, 3)"),
    ([CONV, "--input", "8x8"], "the channels are missing: --input 1x8x8"),
    (["nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(196, 6))", "--input", "3x9x9"], "flatten first: 4x7x7 are 196"),
    (
        ["nn.Sequential(nn.Conv2d(3, 4, 3), nn.Linear(5, 6))", "--input", "3x9x9"],
        "the last axis of 4x7x7 has 7 entries",
    ),
    (
        ["nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(5, 6))"],
        "4 features arrive from line 1",
        "nn.Linear(4, 6)",
    ),
    (
        ["nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Conv2d(5, 6, 3))"],
        "it expects 5",
        "nn.Conv2d(4, 6, 3)",
    ),
    (["nn.Sequential(nn.LSTM(3, 4))", "--input", "5x2"], "2 features arrive at each time step (5x2), it expects 3"),
    (["Sequential([Reshape((3, 4))])", "--input", "10"], "10 arrived, 10 numbers, but 3x4 are 12"),
    (["Sequential([Flatten(), Embedding(10, 3)])", "--input", "4x5x6x7x8x9"], "at most 5"),
    (["Sequential([Conv2D(4, 9)])", "--input", "8x8x1"], "line 1, conv2d = Conv2D(4, 9): its window covers 9 places"),
    (["Sequential([Dense(999999999), Dense(999999999)])", "--input", "999999999x999999999x999999999"], "10^30"),
    # the slips of a comma
    (["Sequential([Embedding(1,000, 16), LSTM(2)])"], "line 1", "comma for thousands", "write 1000"),
    (["Sequential([Embedding(1,024, 16), LSTM(2)])"], "line 1", "comma for thousands", "write 1024"),
    # no model
    (["print(1)"], "no model", "Sequential"),
    (["print("], "line 1", "never closed"),
    (["nowhere.py"], "the code nowhere.py: no such file", "or give the code itself"),
    (["@nowhere.py"], "the code nowhere.py: no such file"),
    (["."], "is a folder"),
    ([""], "the code is empty"),
    ([], "CODE is missing", "explain model"),
    (["model\0.py"], "no name of a file"),
    # options
    ([SMALL, "--input", "0"], "--input is 0", "from 1"),
    ([SMALL, "--input", "4", "--input", "5x2"], "--input is given 2 times, but the model has 1 input"),
    ([SMALL, "--let", "n_steps"], "--let is n_steps", "such as n_steps=3"),
    ([SMALL, "--let", "3=n"], "--let has the name 3"),
    ([SMALL, "--let", "n=open('x')"], "--let n is open('x')", "such as n=3"),
    ([SMALL, "--let", "n=" + "9" * 2000], "at most 1000"),
    ([SMALL, "--let", "n_steps=3"], "--let n_steps", "no variable of this name"),
    ([SMALL, "--which", "a b"], "--which is a b", "such as Encoder"),
    ([SMALL, "--against", "nowhere.py"], "--against nowhere.py: no such file"),
    ([SMALL, "--against", STACK, "--input", "4x2"], "--against, line 1", "return_sequences=True"),
    ([SMALL, "--against", SMALL, "--let", "k=3"], "--let k", "no variable of this name"),
    ([SMALL, "--find", "P_9"], "P_9 is not in this answer", "P_1"),
    # work without end
    (["x = 10 ** 10 ** 10\nmodel = Sequential([Dense(x)])"], "x"),
    (["Sequential([" + "Dense(1), " * 100_000 + "])"], ""),
    (["Sequential([Dense(" + "(" * 100_000 + ")])"], "line 1"),
    (["x = 'a' * 10 ** 9\nmodel = Sequential([Dense(1)])\n" + "#" * 2_000_000], "MB"),
]


@pytest.mark.parametrize(
    ("words", "says"), [(row[0], row[1:]) for row in REFUSED], ids=lambda value: str(value)[:70].replace("\0", "")
)
def test_one_line_says_what_to_mend(words, says):
    """The message names the line of the code or the option, what is wrong, and the mend."""
    out, err = io.StringIO(), io.StringIO()
    start = time.perf_counter()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(["model", *words])
    assert time.perf_counter() - start < 1.5
    if code == 0:
        assert says in (("x",), ("",)), "an answer is as good where there is one"
        return
    assert code == 2
    assert err.getvalue().count("\n") == 1, err.getvalue()
    assert [part for part in says if part not in err.getvalue()] == [], err.getvalue()


def test_python_names_parameters_as_python_does():
    """The same message for a program: no dashes."""
    with pytest.raises(InputError, match=r"^input is 0: "):
        model(code=SMALL, input="0")
    with pytest.raises(InputError, match="give input with 1, or write"):
        model(code=CONV, input="3x8x8")


def test_the_other_model_without_a_shape_takes_the_input_of_the_first():
    """What the other's code leaves open is said, and never missing from what is given."""
    answer = model(code="Sequential([Input((4,)), Dense(8)])", against="Sequential([Dense(4), Dense(1)])")
    assert int(answer["P_other"].value) == 4 * 4 + 4 + 4 + 1
    assert any("taken to be that of" in part for text in answer.conventions for part in text if isinstance(part, str))
    answer = model(code="Sequential([Dense(8)])", input=["4", "4"], against="Sequential([Dense(4)])")
    assert int(answer["P_other"].value) == 4 * 4 + 4
