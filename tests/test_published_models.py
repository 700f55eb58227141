"""Published models: each layer's output and parameters against the framework that runs it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from published import KERAS, MODELS, TORCH, Row, own, rows_of_keras, rows_of_torch, run

from explain import model
from explain.code.read import read_model

pytestmark = pytest.mark.filterwarnings(
    "ignore:__array__ implementation:DeprecationWarning", "ignore:Do not pass an `input_shape`:UserWarning"
)
UNREAD = {"torch_time_sequence", "torch_gpt"}  # a loop over the data; products of matrices


def answered(published, given: str | None):
    """The answer, and one (name, shape, parameters) for each use of a layer, as its table has them."""
    which = {"which": published.which} if published.which else {}
    told = {} if given is None else {"input": given}
    answer = model(code=str(MODELS / f"{published.file}.py"), **which, **told)
    calls = read_model(published.text, {}, published.file, published.which).calls
    table = answer.tables[0]
    titles = [column.title for column in table.columns]
    rows = []
    for call, row in zip(calls, table.rows, strict=False):
        shape = row[titles.index("output")] if "output" in titles else ("?",)
        rows.append(
            (call.name, shape[0].split("×") if isinstance(shape[0], str) else None, row[titles.index("parameters")])
        )
    return answer, rows


def same_parameters(cell, known: int, first: dict, name: str) -> bool:
    """A number; a layer used again refers to its first use."""
    if isinstance(cell, tuple) and str(cell[0]).startswith("as "):
        return first[name] == known
    first.setdefault(name, cell)
    return cell == known


def compared(rows, truth: list[Row], shapes: bool) -> None:
    """Every use of a layer in the framework has its row, in the same order for each name."""
    first: dict = {}
    by_name: dict[str, list] = {}
    for row in rows:
        by_name.setdefault(row[0], []).append(row)
    for expected in truth:
        assert by_name.get(expected.name), f"{expected.name} is missing"
        name, shape, parameters = by_name[expected.name].pop(0)
        assert same_parameters(parameters, expected.parameters, first, name), expected
        if not shapes or expected.shape is None:
            continue
        assert len(shape) == len(expected.shape), expected
        for ours, theirs in zip(shape, expected.shape, strict=True):
            assert theirs is None or int(ours) == theirs, (expected, shape)


@pytest.mark.parametrize("published", KERAS, ids=str)
def test_keras(published):
    import keras

    keras.backend.clear_session()  # so that the names of layers count from the start
    made = run(published)
    truth = rows_of_keras(made)
    answer, rows = answered(published, None)
    if published.shared or any(map(own, made.layers)):
        # of the file's own classes Keras tells neither the order nor the shapes within
        plain = [
            (re.sub(r"_\d+$", "", name), parameters) for name, _, parameters in rows if isinstance(parameters, int)
        ]
        assert sorted(each for each in plain if each[1]) == sorted(
            (re.sub(r"_\d+$", "", name), count) for name, _, count in truth if count
        )
        assert rows[-1][1] == [str(size) for size in truth[-1].shape or rows[-1][1]]
    else:
        compared(rows, truth, shapes=all(None not in (each.shape or ()) for each in truth))
        assert len(rows) == len(truth)
    assert answer["P"].value == made.count_params()
    assert all(check.passed for check in answer.checks)
    kept = sum(weight.value.numel() for weight in made.non_trainable_weights)
    if kept:
        assert answer["P_fixed"].value == kept


@pytest.mark.parametrize("published", TORCH, ids=str)
def test_torch(published):
    made = run(published)
    truth = rows_of_torch(made, published)
    answer, rows = answered(published, "x".join(map(str, published.sample)))
    if published.file in UNREAD:
        truth = list({each.name: each for each in truth}.values())
    compared(rows, truth, shapes=published.file not in UNREAD)
    assert answer["P"].value == sum(each.numel() for each in made.parameters())
    assert all(check.passed for check in answer.checks)


@pytest.mark.parametrize("published", TORCH, ids=str)
def test_parameters_need_no_input(published):
    """PyTorch's layers say what arrives."""
    answer, _ = answered(published, None)
    assert answer["P"].value == sum(each.numel() for each in run(published).parameters())


@pytest.mark.parametrize(
    ("file", "given", "shapes"),
    [
        ("keras_bidirectional_lstm", "200", {"embedding": "200×128", "bidirectional": "200×128", "dense": "1"}),
        ("keras_seq2seq", ["9x71", "5x93"], {"lstm": "256", "lstm_1": "5×256", "dense": "5×93"}),
        ("keras_tickets", ["40", "80", "12"], {"embedding": "40×64", "embedding_1": "80×64", "concatenate": "172"}),
    ],
)
def test_open_sizes_are_told(file, given, shapes):
    """Where the code leaves a size open, the input says it."""
    published = next(each for each in KERAS if each.file == file)
    _, rows = answered(published, given)
    found = {name: "×".join(shape) for name, shape, _ in rows}
    assert {name: found[name] for name in shapes} == shapes


def test_every_model_is_compared():
    files = {path.stem for path in MODELS.glob("*.py")} - {"conftest"}
    assert files == {each.file for each in [*KERAS, *TORCH]}
    assert len([each for each in files if each.startswith("keras")]) >= 10
    assert len([each for each in files if each.startswith("torch")]) >= 10
    for published in [*KERAS, *TORCH]:
        assert re.match(r"# After (the|torchvision's|Keras') .+", published.text), published


EFFECTS = """
import os, sys, socket, subprocess, pathlib
import torch, torch.nn as nn

open({path!r} + "/opened", "w").write("x")
pathlib.Path({path!r}, "touched").touch()
os.system("touch " + {path!r} + "/system")
subprocess.run(["touch", {path!r} + "/run"])
os.environ["EXPLAIN_WAS_HERE"] = "1"
print("printed")
sys.path.insert(0, {path!r})
import effect
exec("open({path}/exec, 'w')")
eval("__import__('os').mkdir('" + {path!r} + "/eval')")
socket.create_connection(("127.0.0.1", 9))

class Loud(nn.Module):
    open({path!r} + "/class", "w")

    def __init__(self, width=open({path!r} + "/default", "w")):
        super().__init__()
        open({path!r} + "/init", "w")
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        print("forward")
        open({path!r} + "/forward", "w")
        return self.fc(x)

    def __del__(self):
        open({path!r} + "/del", "w")

net = Loud()
for epoch in range(10**9):
    loss = net(torch.zeros(1, 4)).sum()
    loss.backward()
while True:
    pass
sys.exit(3)
raise SystemExit(4)
os._exit(5)
"""


def test_nothing_of_the_code_runs(tmp_path: Path, capfd, monkeypatch):
    """Files, processes, sockets, prints, exits and endless loops around a model have no effect; the model is read."""
    import os

    monkeypatch.delenv("EXPLAIN_WAS_HERE", raising=False)
    (tmp_path / "effect.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w')")
    file = tmp_path / "loud.py"
    file.write_text(EFFECTS.replace("{path!r}", repr(str(tmp_path))).replace("{path}", str(tmp_path)))
    began = time.perf_counter()
    answer = model(code=str(file))
    assert time.perf_counter() - began < 3
    assert answer["P"].value == 15
    assert {path.name for path in tmp_path.iterdir()} == {"effect.py", "loud.py"}
    assert "EXPLAIN_WAS_HERE" not in os.environ
    assert capfd.readouterr().out == ""


def test_neither_framework_is_loaded():
    """The answer needs no framework, also where one is installed."""
    import subprocess
    import sys

    code = (
        "import sys; from explain import model; "
        f"model(code={str(MODELS / 'torch_unet.py')!r}, input='3x32x32'); "
        f"model(code={str(MODELS / 'keras_unet.py')!r}); "
        "sys.exit(any(name.split('.')[0] in ('torch', 'keras', 'tensorflow') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
