"""Sizes that the code names and does not say: they stay symbols, and give the same numbers where they are given."""

from __future__ import annotations

import ast
import re
import time

import pytest
from published import KERAS, MODELS, TORCH

from explain import InputError, model
from explain.engine.evaluate import evaluate
from explain.page import page
from explain.render.linear import linear, sentence
from explain.render.terminal import plain
from explain.topics._layers.models import MOST_IN_SYMBOLS

TEXT = """model = Sequential()
model.add(Embedding(vocab_size, 16, input_length=200))
model.add(LSTM(32))
model.add(Dense(1))
"""


def told(answer, width=300):
    """The page with a sentence on each line."""
    return plain(page(answer, "exam", 4), width)


def at(answer, name, **sizes):
    """A step in symbols, with numbers put in."""
    step = answer[name]
    return int(step.value) if step.value is not None else int(evaluate(step.closed or step.expression, sizes))


def test_a_named_size_stays_a_symbol_and_the_rest_is_counted():
    """The total is P, in symbols; what does not depend on it is a number."""
    answer = model(code=TEXT)
    text = told(answer)
    assert answer["P_2"].value == 6272
    assert "P = 16 vocab_size + 6305" in text
    assert "P_known" not in answer.names
    assert "size in embedding: the code has no value for it" in text
    (row,) = answer.tables[1].rows
    assert row[1:3] == [2, ("vocab_size",)]
    assert "--let vocab_size=… gives it" in row[3][0]
    assert at(answer, "P", vocab_size=1000) == model(code=TEXT, let={"vocab_size": 1000})["P"].value == 22305
    assert answer.passed


def test_both_frameworks_alike():
    """The same network in both: the same polynomial."""
    keras = model(code="Sequential([Input((8,)), Dense(hidden), Dense(3)])")
    torch = model(code="nn.Sequential(nn.Linear(8, hidden), nn.Linear(hidden, 3))", input="8")
    assert at(keras, "P", hidden=5) == at(torch, "P", hidden=5) == 45 + 18
    assert "P = 12 hidden + 3" in told(keras)
    assert "P = 12 hidden + 3" in told(torch)
    assert at(torch, "M", hidden=5) == 55
    without_input = model(code="nn.Sequential(nn.Linear(8, hidden), nn.Linear(hidden, 3))")
    assert at(without_input, "P", hidden=5) == 63


@pytest.mark.parametrize(
    "code",
    [
        "Sequential([Dense(X.shape[1], input_shape=(4,)), Dense(3)])",
        "Sequential([Dense(2 * n, input_shape=(4,)), Dense(3)])",
        "Sequential([Conv2D(8, k, input_shape=(9, 9, 1)), Dense(3)])",
        "model = Sequential([Input((4,))])\nfor i in range(2):\n    n = g(i)\n    model.add(Dense(n))",
        "nn.Sequential(nn.LSTM(4, 8, num_layers=n), nn.Linear(8, 3))",
        "nn.Sequential(nn.Conv2d(4, n, 3, groups=2))",
    ],
)
def test_what_no_symbol_can_carry_stays_unknown(code):
    """Expressions, kernels, counts of layers, and a name that stands for several values."""
    answer = model(code=code)
    assert "P_known" in answer.names
    assert "P" not in answer.names


def test_a_name_is_one_symbol_only_where_it_is_one_value():
    """Arguments of two classes may have one name and differ."""
    code = """class A(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.fc = nn.Linear(4, size)
    def forward(self, x):
        return self.fc(x)
class B(nn.Module):
    def __init__(self, size):
        super().__init__()
        self.a = A(size)
        self.out = nn.Linear(size, 2)
    def forward(self, x):
        return self.out(self.a(x))
"""
    assert at(model(code=code), "P", size=3) == 15 + 8
    assert model(code=code, let={"size": 3})["P"].value == 23


def test_an_input_of_the_same_name_is_the_same_size():
    """An autoencoder: what comes out is as wide as what goes in."""
    code = "Sequential([Input((width,)), Dense(16), Dense(width)])"
    answer = model(code=code)
    assert "P = 33 width + 16" in told(answer)
    assert at(answer, "P", width=10) == model(code=code, let={"width": 10})["P"].value


def test_what_arrives_tells_a_size():
    """The features that arrive are known: the name must be that number, or the code does not run."""
    code = "nn.Sequential(nn.Conv2d(1, 2, 3), nn.Flatten(), nn.Linear(flat, 10))"
    answer = model(code=code, input="1x5x5")
    assert answer["P"].value == 20 + 190
    assert "flat must be 18" in told(answer)
    with pytest.raises(InputError, match="18 numbers arrive"):
        model(code=code, input="1x5x5", let={"flat": 20})


def test_what_arrives_in_symbols_must_be_what_is_expected():
    """One symbol in it: it must be a whole number, and which one is told."""
    code = "nn.Sequential(nn.Conv2d(1, maps, 3), nn.Flatten(), nn.Linear({}, 10))"
    assert "maps must be 2" in told(model(code=code.format(18), input="1x5x5"))
    with pytest.raises(InputError, match="9 maps arrive, it expects 20: there is no whole number maps"):
        model(code=code.format(20), input="1x5x5")
    assert "units must be 7" in told(model(code="nn.Sequential(nn.Linear(4, units), nn.Linear(7, 3))", input="4"))


def test_a_page_of_one_layer():
    """What is asked alone has its symbol, its check and no more."""
    answer = model(code=TEXT, find="P_1")
    text = told(answer)
    assert "P₁ = vocab_size · 16 = 16 vocab_size" in text
    assert "the same sum in symbols as P₁" in text
    assert "multiply-add" not in text
    assert "bytes" not in text
    assert "P are parameters" in text
    assert [linear(item.symbol.word) for item in answer.given] == ["vocab_size"]


def test_two_models_in_symbols():
    """Totals and their difference; sizes of layers of the other are put in."""
    one = "Sequential([Input((4,)), Dense(n_units), Dense(1)])"
    two = "Sequential([Input((7, 4)), Bidirectional(LSTM(n_units)), Dense(1)])"
    answer = model(code=one, against=two)
    known = [model(code=code, let={"n_units": 3})["P"].value for code in (one, two)]
    assert [at(answer, name, n_units=3) for name in ("P", "P_other")] == known
    assert at(answer, "D_P", n_units=3) == known[0] - known[1]
    assert answer.passed


def test_names_of_the_answer_are_not_taken():
    """A size called as a total or a step stays unknown, and nothing breaks."""
    for name in ("P", "M", "B_P", "T_0", "P_1"):
        assert "P_known" in model(code=f"Sequential([Input((4,)), Dense({name}), Dense(1)])").names
    for name in ("n", "N", "lambda_", "E", "beta", "S", "hidden_dim_2"):
        answer = model(code=f"Sequential([Input((4,)), Dense({name}), Dense(1)])")
        assert at(answer, "P", **{name: 3}) == 15 + 4


@pytest.mark.parametrize(
    "code",
    [
        "nn.Sequential(" + ", ".join(["nn.Linear(n, n)"] * 400) + ")",
        "model = Sequential([Input((4,))])\n" + "".join(f"model.add(Dense(a{at}))\n" for at in range(150)),
    ],
)
def test_very_many_layers_in_symbols(code):
    """What is too much stays unknown, and takes no long time."""
    start = time.perf_counter()
    answer = model(code=code)
    assert answer.passed
    assert "P_known" in answer.names
    assert time.perf_counter() - start < 6


def test_very_many_layers_of_an_open_input():
    """They are refused, with the mend."""
    with pytest.raises(InputError, match="give input"):
        model(code="model = Sequential([Input((None, 8))])\nfor i in range(398):\n    model.add(Conv1D(8, 3))")


# Conventions and columns go with what is asked


def test_conventions_go_with_what_is_asked():
    """Each names what it is about."""
    code = "Sequential([Conv2D(4, 3, input_shape=(8, 8, 1)), Flatten(), Dense(2)])"
    every = [sentence(text) for text in model(code=code).conventions]
    asked = {name: [sentence(text) for text in model(code=code, find=name).conventions] for name in ("P_1", "M", "B_P")}
    assert [text for text in every if text.startswith("P are")] != [text for text in asked["P_1"] if "P are" in text]
    assert asked["P_1"][-1] == "P are parameters"
    assert not any("window of k" in text or "multiply-add is" in text for text in asked["P_1"])
    assert asked["M"][-1] == "M are multiply-adds"
    assert asked["B_P"][-1] == "P are parameters, B_P their bytes in float32, 4 bytes each"
    assert [column.title for column in model(code=code, find="P").tables[0].columns][-1] == "parameters"


# Published models: a size taken out of the code

SIZES = {"Dense": 1, "Embedding": 2, "LSTM": 2, "GRU": 2, "Linear": 2, "Conv2d": 2, "Conv2D": 1, "Conv1D": 1}
SIZES |= {"ConvTranspose2d": 2, "Conv2DTranspose": 1, "SeparableConv2D": 1}


def taken_out(text: str, most: int = 4) -> list[tuple[str, int]]:
    """The code with a name in the place of one size, and what the size was."""
    found = []
    lines = text.split("\n")
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        for each in node.args[: SIZES.get(called, 0)]:
            if isinstance(each, ast.Constant) and type(each.value) is int and each.lineno == each.end_lineno:
                line = lines[each.lineno - 1]
                new = [*lines]
                new[each.lineno - 1] = line[: each.col_offset] + "open_size" + line[each.end_col_offset :]
                found.append(("\n".join(new), each.value))
    return found[:: max(1, len(found) // most)][:most]


@pytest.mark.parametrize("published", [*KERAS, *TORCH], ids=str)
def test_a_size_taken_out_gives_the_same_at_its_number(published):
    """In symbols, and supplied: both are what the code had."""
    which = {"which": published.which} if published.which else {}
    shape = {"input": "x".join(map(str, published.sample))} if published.sample else {}
    whole = model(code=str(MODELS / f"{published.file}.py"), **which, **shape)
    for code, size in taken_out(published.text):
        if not re.search(r"\bopen_size\b", code):
            continue
        supplied = model(code=code, let={"open_size": size}, **which, **shape) if used(code, which, shape) else whole
        assert supplied["P"].value == whole["P"].value
        answer = model(code=code, **which, **shape)
        assert answer.passed
        for name in ("P", "M", "A"):
            if name in answer.names and name in whole.names and whole[name].value is not None:
                assert at(answer, name, open_size=size) == whole[name].value, (name, code)
        large = len(answer.tables[0].rows) > MOST_IN_SYMBOLS  # there it stays unknown
        assert "P" in answer.names or large or "groups" in code or "open_size *" in code, code


def used(code: str, which: dict, shape: dict) -> bool:
    """Whether the model that is worked needs the name at all."""
    try:
        model(code=code, let={"open_size": 1}, **which, **shape)
    except InputError as error:
        return not error.message.startswith("{let} open_size")
    return True
