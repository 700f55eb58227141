"""What a page of `explain model` tells: what was read, what is not known, what two models differ in."""

from __future__ import annotations

import io
import json
import shlex
import sys

import pytest
import torch
from published import KERAS, TORCH

from explain import InputError, model
from explain.cli import run
from explain.code.read import read_model
from explain.engine.evaluate import evaluate
from explain.engine.worksheet import Worksheet
from explain.extents import Extent
from explain.layers.base import as_node
from explain.page import page
from explain.render.glyphs import width_of
from explain.render.terminal import plain
from explain.topics._layers.models import Walked
from explain.topics._layers.walk import Walk

STACK = """model = Sequential()
model.add(LSTM(30, return_sequences=True, input_shape=(n_steps, 1)))
model.add(LSTM(30))
model.add(Dense(1))
"""


def told(answer, width=300):
    """The page with a sentence on each line."""
    return plain(page(answer, "exam", 4), width)


def rows(answer, at=0):
    """A table as text, with its headings."""
    table = answer.tables[at]
    cells = [["".join(map(str, cell)) if isinstance(cell, tuple) else cell for cell in row] for row in table.rows]
    return [column.title for column in table.columns], cells


def numbers(answer):
    """The value of each step that has one."""
    return {step.name: int(step.value) for step in answer.steps if step.value is not None}


# What stands on the page


def test_a_page_names_each_layer_and_its_line():
    """The title, the summary and the sections speak of the code as it stands."""
    answer = model(code=STACK, let="n_steps=3")
    text = told(answer)
    assert answer.title == "Model of 3 layers, Keras"
    assert "Layer 2: lstm_1 = LSTM(30), line 3" in text
    titles, found = rows(answer)
    assert titles == ["", "layer", "line", "output", "parameters", "multiply-adds"]
    assert found[1] == [2, "lstm_1 = LSTM(30)", 3, "30", 7320, 21600]
    assert found[-1] == ["", "total", "", "", 11191, 32790]
    assert "every weight, but no bias, is used once at each time step" in text
    assert "lstm_1 kernel 30×120, recurrent_kernel 30×120, bias 120" in text
    assert numbers(answer)["P_1"] == 3840


def test_an_open_size_stays_a_symbol():
    """Parameters that do not depend on it are numbers; work is in symbols; the mend is told."""
    answer = model(code=STACK)
    text = told(answer)
    assert numbers(answer) == {"P_1": 3840, "P_2": 7320, "P_3": 31, "M_3": 30, "P": 11191, "B_P": 4 * 11191}
    assert "T₀×1 → T₀×30" in text
    assert "M = 10920 T₀ + 30" in text
    titles, found = rows(answer, 1)
    assert titles == ["layer", "line", "code", "why"]
    assert found == [["input", 2, "n_steps", "nothing in the code sets it; --let n_steps=… gives it"]]
    assert answer.passed


def test_an_open_size_may_enter_a_count():
    """A flattened sequence of unknown length: the count is an expression, and the stored arrays give the same."""
    code = "Sequential([LSTM(30, return_sequences=True, input_shape=(None, 1)), Flatten(), Dense(1)])"
    answer = model(code=code)
    assert "P = 30 T₀ + 3841" in told(answer)
    assert "the same sum in symbols as P" in told(answer)
    assert answer.passed
    with_steps = model(code=code, input="7x1")
    assert numbers(with_steps)["P"] == 30 * 7 + 3841


def test_the_input_replaces_what_the_code_has_and_says_so():
    """What is asked goes before what stands there."""
    code = "Sequential([LSTM(4, input_shape=(3, 1)), Dense(1)])"
    assert "5x2 is worked, as the question says, and not (3, 1), which line 1 has" in told(
        model(code=code, input="5x2")
    )
    assert "5x2" not in told(model(code=code, input="3x1"))
    assert "3x1 gives the sizes that (n_steps, 1) in line 2 leaves open" in told(model(code=STACK, input="3x1"))


def test_what_is_not_known_is_told_and_the_rest_goes_on():
    """A layer whose arguments are open: the sum is that of the others and has another name."""
    code = "Sequential([Dense(8, input_shape=(4,)), Dense(len(width)), Flatten(), Dense(10), Dropout(0.5), Dense(2)])"
    answer = model(code=code)
    assert numbers(answer)["P_known"] == 40 + 22
    assert "P" not in answer.names
    _, found = rows(answer, 1)
    assert [row[0] for row in found] == ["dense_1", "dense_2"]
    assert "width" in found[0][3]
    assert rows(answer)[1][3][3:] == ["?", "?", "?"]
    assert numbers(model(code=code, let={"width": (1, 2, 3, 4, 5)}))["P"] == 40 + 45 + 60 + 22


def test_pytorch_counts_without_an_input():
    """Each layer says what arrives; shapes need the input, and the page says which."""
    answer = model(code="nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))")
    assert numbers(answer) == {"P_1": 224, "P_4": 2890, "P": 3114, "B_P": 12456}
    assert rows(answer)[0] == ["", "layer", "line", "parameters"]
    assert "need --input, such as --input 3x32x32" in told(answer)
    assert numbers(model(code="nn.Sequential(nn.Linear(784, 10))", input="784"))["M"] == 7840


def test_a_page_of_one_layer_gives_its_reason_and_its_check():
    """`--find` leaves out the layer that explained the kind; the reason stands here then."""
    text = told(model(code=STACK, let="n_steps=3", find="P_2"))
    assert "each of the 3 gates and the candidate has 30 weights for each of the 30 features" in text
    assert "the arrays that Keras stores (lstm_1 kernel 30×120, recurrent_kernel 30×120, bias 120): 7320" in text


@pytest.mark.parametrize("form", ["markdown", "json", "terminal", "svg"])
def test_every_format(form, capsysbinary):
    """The page in all formats; names of the code are no marks of Markdown."""
    code = "inputs = keras.Input((8, 8, 3), name='the_*image*')\nx = layers.Conv2D(2, 3, name='a_b_c')(inputs)\n"
    code += "model = keras.Model(inputs, x)\n"
    assert run(["model", code, "--format", form]) == 0
    text = capsysbinary.readouterr().out.decode()
    assert ("a\\_b\\_c" if form == "markdown" else "a_b_c") in text
    if form == "json":
        assert json.loads(text)["results"]


# Two models


def test_two_models_layer_by_layer():
    """Layers are aligned; what one alone has stands alone; the totals differ by what the working says."""
    other = "Sequential([LSTM(50, input_shape=(3, 1)), Dropout(0.2), Dense(1)])"
    answer = model(code=STACK, let={"n_steps": 3}, against=other)
    titles, found = rows(answer, 1)
    assert titles[2:4] == ["parameters of this model", "of the other"]
    assert [row[0] for row in found] == [
        "LSTM(30, return_sequences=True, …) | LSTM(50, input_shape=(3, 1))",
        "LSTM(30) | –",
        "– | Dropout(0.2)",
        "Dense(1)",
        "total",
    ]
    assert [row[-1] for row in found[:-1]] == ["differs", "only one has it", "only one has it", "other weights"]
    worked = numbers(answer)
    assert (worked["P_other"], worked["D_P"]) == (10_451, 11_191 - 10_451)
    assert worked["D_M"] == worked["M"] - worked["M_other"]
    assert answer.passed


def test_one_model_in_two_frameworks_is_the_same():
    """The layers are compared by what they are: Keras and PyTorch differ in the biases of an LSTM alone."""
    keras = "Sequential([Dense(8, input_shape=(4,)), ReLU(), Dense(2)])"
    torch = "nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))"
    answer = model(code=keras, against=torch, input="4")
    assert answer.tables[1].note == ("no differences",)
    assert numbers(answer)["D_P"] == 0


def test_a_model_against_itself(tmp_path):
    """Files are named as they are; what only one of them leaves open is given to that one."""
    for name, code in (("a.py", STACK), ("b.py", "n_steps = 3\n" + STACK)):
        (tmp_path / name).write_text(code)
    answer = model(code=str(tmp_path / "a.py"), against=str(tmp_path / "b.py"), let="n_steps=3")
    assert answer.tables[1].title == "a.py and b.py, layer by layer"
    assert answer.tables[1].note == ("no differences",)


# Where the code comes from


def test_code_from_files_and_standard_input(tmp_path, monkeypatch, capsys):
    """A name, @name, - and the code itself are one model."""
    file = tmp_path / "net (1).py"
    file.write_bytes(("\ufeff" + STACK).replace("\n", "\r\n").encode())
    pages = []
    for words in ([str(file)], [f"@{file}"], ["-"], [STACK]):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(STACK.encode())))
        assert run(["model", *words, "--let", "n_steps=3", "--format", "terminal"]) == 0
        page_, listing = capsys.readouterr().out.replace("net (1).py is", "the code is"), "\nCode\n"
        assert (listing in page_) == (words[0] in ("-", STACK))  # a file stands in the editor
        before, _, rest = page_.partition(listing)
        pages.append(before + rest[rest.index("\nLayers") :] if rest else page_)
    assert len(set(pages)) == 1


def test_code_from_a_notebook(tmp_path):
    """The code cells together; text and outputs are left out."""
    cells = [
        {"cell_type": "markdown", "source": ["# a model"]},
        {
            "cell_type": "code",
            "source": ["n_steps = 3\n", "%matplotlib inline"],
            "outputs": [{"data": "x" * 2_000_000}],
        },
        {"cell_type": "code", "source": STACK.splitlines(keepends=True)},
    ]
    file = tmp_path / "lab.ipynb"
    file.write_text(json.dumps({"cells": cells, "nbformat": 4}))
    answer = model(code=str(file))
    assert numbers(answer)["P"] == 11191
    assert "counted over all code cells" in told(answer)
    file.write_text("{}")
    with pytest.raises(InputError, match=r"no notebook that can be read"):
        model(code=str(file))


def test_code_in_an_exam_file(tmp_path, capsys):
    """A text of several lines, a table of values, expectations."""
    file = tmp_path / "exam.toml"
    file.write_text(
        'title = "t"\n[[question]]\ntopic = "model"\ntitle = "q"\npoints = 2\nlet = { n_steps = 3 }\n'
        f'code = """\n{STACK}"""\nexpect = {{ P_1 = 3840, P_2 = 7320, P = 11191 }}\n'
        '[[question]]\ntopic = "model"\ntitle = "r"\ncode = "Sequential([LSTM(2), Dense(1)])"\ninput = "3x1"\n'
        "expect = { P = 35 }\n"
    )
    assert run(["solve", str(file), "--check"]) == 0
    assert "3 expectations hold" in capsys.readouterr().out


def test_several_inputs_have_their_own_sizes():
    """A shape for each input, in the order of the code; what is open has a symbol of its own."""
    code = (
        "a = Input((None, 4), name='query')\nb = Input((None, 6), name='key')\n"
        "x = Concatenate()([LSTM(3)(a), GRU(2)(b)])\nmodel = Model([a, b], Dense(1)(x))\n"
    )
    answer = model(code=code)
    assert numbers(answer)["P"] == 4 * 3 * 8 + 3 * (2 * 8 + 4) + 6
    assert "time steps of input key, not known" in told(answer)
    assert numbers(model(code=code, input=["5x4", "7x6"]))["M"] == 5 * 4 * 3 * 7 + 7 * 3 * 2 * 8 + 5
    with pytest.raises(InputError, match=r"given 1 time, but the model has 2 inputs \(query, key\)"):
        model(code=code, input="5x4")


def test_what_the_reader_says_is_on_the_page():
    """Another model in the file, and lines that are left out."""
    code = "a = Sequential([Dense(1, input_shape=(2,))])\nb = Sequential([Dense(2, input_shape=(2,))])\n"
    remarks = read_model(code, {}, "").remarks
    assert remarks
    text = " ".join(told(model(code=code)).split())
    assert all(" ".join(remark.text.split()) in text for remark in remarks)
    assert numbers(model(code=code, which="a"))["P"] == 3


# All published models

MODELS = [*KERAS, *TORCH]


def walked(published):
    """A published model with its shapes run through."""
    given = [Extent(list(published.sample))] if published.sample else []
    return Walked(read_model(published.text, {}, published.file, published.which), given)


@pytest.mark.parametrize("published", MODELS, ids=str)
def test_the_working_follows_the_shapes(published):
    """Each size that is worked in symbols is the size of the table, for every layer of every published model."""
    found = walked(published)
    keras = found.model.framework == "keras"
    sheet = Worksheet("", "")
    walk = Walk(
        sheet, found.stations(), found.shapes, ("parameters", "work"), found.entered.sources, 10**9, keras
    )  # fmt: skip
    walk.layers()
    for visit in found.visits:
        if visit.given is None or visit.at not in walk.flows:
            continue
        for worked, size in zip(walk.flows[visit.at].sizes, visit.given.sizes, strict=True):
            if isinstance(size, int):
                assert int(evaluate(as_node(worked), sheet.values)) == size, visit.call.written
        for name, size in ((f"P_{visit.at}", visit.parameters), (f"M_{visit.at}", visit.multiply_adds)):
            if isinstance(size, int) and size:
                assert int(sheet.values[name]) == size, visit.call.written


@pytest.mark.parametrize("width", [40, 60, 80, 120])
@pytest.mark.parametrize("published", MODELS[::7], ids=str)
def test_no_line_is_longer_than_the_width(published, width):
    """Long names, long calls and wide tables on narrow terminals."""
    given = {"input": "x".join(map(str, published.sample))} if published.sample else {}
    which = {"which": published.which} if published.which else {}
    answer = model(code=published.text, **given, **which)
    for detail in ("brief", "exam", "full"):
        lines = plain(page(answer, detail, 4), width).split("\n")
        assert [line for line in lines if width_of(line) > width] == []


def test_a_model_of_thousands_of_layers():
    """The first layers are worked, the totals have all."""
    code = "model = Sequential([Input((8,))])\nfor _ in range(1500):\n    model.add(Dense(8))\n"
    answer = model(code=code)
    assert numbers(answer)["P"] == 72 * 1500
    assert "P_61" not in answer.names
    assert answer.passed


def test_the_examples_run(tmp_path):
    """Every example of the docstring runs as it stands."""
    for line in model.examples:
        assert run([*shlex.split(line)[1:], "--format", "json", "-o", str(tmp_path / "out.json")]) == 0


TIED = """class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Embedding(50, 16)
        self.rnn = nn.LSTM(16, 16, batch_first=True)
        self.decoder = nn.Linear(16, 50{bias})
        {tie}
    def forward(self, x):
        out, _ = self.rnn(self.encoder(x))
        return self.decoder(out)
"""


@pytest.mark.parametrize("bias", ["", ", bias=False"])
@pytest.mark.parametrize(
    "tie", ["self.decoder.weight = self.encoder.weight", "self.encoder.weight = self.decoder.weight", "pass"]
)
def test_tied_weights_are_counted_once(bias, tie):
    """As PyTorch counts them: one array is one parameter, whoever uses it."""
    code = TIED.format(bias=bias, tie=tie)
    scope = {"nn": torch.nn}
    exec(code, scope)
    answer = model(code=code, input="7")
    assert answer["P"].value == sum(each.numel() for each in scope["Words"]().parameters())
    assert answer["M"].value == model(code=TIED.format(bias=bias, tie="pass"), input="7")["M"].value
    assert ("they are counted once" in told(answer)) == (tie != "pass")
    assert answer.passed


def test_tied_weights_of_other_sizes_stay_two():
    """What does not fit is told, and nothing is guessed."""
    code = TIED.format(bias="", tie="self.decoder.weight = self.encoder.weight").replace("(50, 16)", "(60, 16)")
    assert "they are counted twice" in told(model(code=code))


def test_long_code_is_listed_by_the_lines_that_build_the_model():
    """Rows fit a terminal, numbers are those that the page speaks of."""
    code = "import keras\n" + "# a remark\n" * 80 + STACK.replace("n_steps", "3")
    (drawing,) = model(code=code).drawings
    assert drawing.title == "Code"
    assert [line.split()[0] for line in drawing.lines] == ["…", "83", "84", "85"]
    wide = model(code="Sequential([" + ", ".join(f"Dense({at})" for at in range(10, 40)) + "])", input="4")
    (drawing,) = wide.drawings
    assert len(drawing.lines) > 3
    assert max(map(width_of, drawing.lines)) <= 76
    assert "".join(line.lstrip("1↪ ") for line in drawing.lines).count("Dense(") == 30
