"""The page of a convolution: the entry asked for, what is asked, exam files, large images, and what is refused."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from explain import conv, schema
from explain.cli import run
from explain.page import page
from explain.render.glyphs import width_of
from explain.render.markdown import markdown
from explain.render.terminal import plain
from tests.benchmarks.convolution import PADDING, STRIDE, image, memory_of_an_image

TWO = 'conv --X "1,2;3,4 | 0,1;1,0" --K "1,0;0,1 | 1,1;0,0" --b 0.50'
CASES = json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))


def printed(capsys, line, *more):
    """What a command prints for a terminal of 100 columns."""
    assert run([*shlex.split(line), *more, "--format", "terminal", "--width", "100"]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "entries"),
    [
        ("conv --X 1,2,3,4 --K 1,1 --entry 3", ["entry 3:  3 + 4 = 7"]),
        ("conv --X 1,2,3,4 --K 1,1 --entry 1,2", ["entry 2:  2 + 3 = 5"]),
        ("conv --X '1,2;3,4' --K '1,1,1;0,1,0;1,1,1' --padding 1 --entry 2,1", ["entry (2,1):  1 + 2 + 3 + 0 = 6"]),
        ("conv --X '1,2;3,4' --K '1,1,1;0,1,0;1,1,1' --padding 1 --entry 2x1", ["entry (2,1):  "]),
        ("conv --X '1,2;3,4' --K '1 || 2' --entry 2,1,2", ["entry (2,1,2):  2·2 = 4"]),
        ("conv --X '1,2;3,4 || 5,6;7,8' --K 1 --dims 2 --entry 2,1,2,2", ["entry (2,1,2,2):  8·1 = 8"]),
        ("conv --X '1,2,3;4,5,6' --K '1,1 | 1,0' --dims 1 --entry 1,2", ["entry 2:  "]),
    ],
)
def test_the_entry_asked_for_is_worked(line, entries, capsys):
    """`--entry` names the entry of Z that is worked in sight, and no other one is."""
    text = printed(capsys, line)
    assert re.findall(r"^ *(entry [\d(),]+:)", text, re.MULTILINE) == [
        entry.partition(":")[0] + ":" for entry in entries
    ]
    for entry in entries:
        assert entry in text


def test_the_picture_shows_the_channel_that_the_entry_sees(capsys):
    """In groups, a filter sees its own channels only: the drawn maps are those."""
    text = printed(capsys, "conv --X '1,2 | 3,4 || 5,6 | 7,8' --K '1 || 1' --groups 2 --entry 2,2,1,1")
    assert "channel 2 of sample 2" in text
    assert "[7] 8" in text


def test_find_and_details(capsys):
    """What is asked is what is shown; brief shows no window, full every shown entry."""
    line = TWO + " --padding 1 --dZ '1,0,0;0,1,0;0,0,1'"
    brief, exam, full = (
        printed(capsys, line, "--find", "Z", "--detail", detail) for detail in ("brief", "exam", "full")
    )
    assert "window of" not in brief
    assert exam.count("window of entry") == 3
    assert full.count("window of entry") == 9
    for text in (brief, exam, full):
        assert "Gradient" not in text
    found = printed(capsys, line, "--find", "dL/dK")
    assert "Gradient at K" in found
    assert "Gradient at X" not in found
    assert "size = 2 + 2·1 - 2 + 1" in printed(capsys, line, "--find", "size")


def test_channels_stand_below_each_other(capsys):
    """Two channels of a filter stand below each other, and their sums are added."""
    text = printed(capsys, TWO + " --padding 1")
    assert text.count("channel 1:") == text.count("channel 2:") == 3
    assert "entry (1,1):  1 + 0 + 0.50 = 1.5" in text


# JSON, exam files, the Python interface

ARGUMENTS = ["--dZ", "2", "--detail", "full"]


def test_json_holds_every_number(capsys):
    """Arrays with three and four axes are nested lists, and the document keeps to its schema."""
    assert run([*shlex.split(TWO), *ARGUMENTS, "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    Draft202012Validator(schema.load()).validate(document)
    values = {step["name"]: step["value"] for step in document["steps"]}
    assert np.array(values["Z"]).shape == (1, 1, 1)
    assert values["dL/dX"] == [[[2, 0], [0, 2]], [[2, 2], [0, 0]]]
    assert values["dL/dK"] == [[[[2, 4], [6, 8]], [[0, 2], [2, 0]]]]
    given = {item["name"]: item["value"] for item in document["given"]}
    assert given["X"] == [[[1, 2], [3, 4]], [[0, 1], [1, 0]]]
    assert np.array(given["K"]).shape == (1, 2, 2, 2)


PAPER = """
[[question]]
topic = "conv"
X = [[[1, 2], [3, 4]], [[0, 0.30], [1, 0]]]
K = [[[[1, 0], [0, 1]], [[1.50, 1], [0, 0]]]]
b = [0.50]
dZ = [[[2]]]
expect = { Z = [[[5.8]]], "dL/dX" = [[[2, 0], [0, 2]], [[3, 2], [0, 0]]], "dL/db" = 2 }

[[question]]
topic = "conv"
X = "1,2;3,4"
K = [[1, 0], [0, 1]]
padding = "same"
stride = 2
entry = [1, 1]
expect = { Z = 5 }

[[question.part]]
topic = "conv"
X = [1, 2, 3]
K = [1, 1]
expect = { Z = [3, 5] }
"""


@pytest.fixture
def solved(tmp_path, monkeypatch, capsys):
    """Solves the text of an exam file: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def of(text, *arguments):
        Path("paper.toml").write_text(text, encoding="utf-8")
        code = run(["solve", "paper.toml", *arguments])
        return code, *capsys.readouterr()

    return of


def test_exam_file_with_nested_lists(solved):
    """Lists in lists are maps; the numbers stay as typed, and what is expected is held against every entry."""
    code, out, err = solved(PAPER, "--format", "terminal", "--width", "100")
    assert (code, err) == (0, "")
    assert "0.30" in out
    assert "1.50" in out
    assert "K₁,₂ = ⎢" in out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("[[2, 0], [0, 2]]", "[[2, 0], [1, 2]]", "dL/dX, entry (1,2,1): expected 1, the answer is 0"),
        ("expect = { Z = 5 }", "expect = { Z = 6 }", "expected 6"),
    ],
)
def test_a_wrong_expectation_is_found(solved, old, new, told):
    """Exit code 1, and the entry that differs."""
    code, out, _ = solved(PAPER.replace(old, new, 1), "--check")
    assert code == 1
    assert told in out


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("X = [[[1, 2], [3, 4]], [[0, 0.30], [1, 0]]]", "X = [[[1, 2], [3]], [[0, 0.30], [1, 0]]]", "X"),
        ("X = [[[1, 2], [3, 4]], [[0, 0.30], [1, 0]]]", "X = [[[[[1]]]]]", "X"),
        ("X = [[[1, 2], [3, 4]], [[0, 0.30], [1, 0]]]", "X = [[[1, 2], [3, nan]], [[0, 0.30], [1, 0]]]", "finite"),
        ("b = [0.50]", "b = [1, 2]", "b has 2 numbers"),
        ("entry = [1, 1]", "entry = [2, 2]", "entry is 2,2"),
        ("expect = { Z = 5 }", "expect = { Z = [5, 6] }", "expect Z has 2 numbers"),
        ("stride = 2", "stride = 0", "stride is 0"),
        ("stride = 2", "strides = 2", "stride"),
    ],
)
def test_an_unusable_exam_file_is_one_line(solved, old, new, told):
    """Exit code 2, nothing printed, one line that names the question and the parameter."""
    assert old in PAPER
    code, out, err = solved(PAPER.replace(old, new, 1))
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "paper.toml" in err
    assert told in err


def test_python_interface():
    """Arrays in, an answer with arrays out."""
    X = np.arange(18.0).reshape(2, 3, 3)
    K = np.ones((3, 2, 2, 2))
    answer = conv(X=X, K=K, b=[1, 2, 3], dZ=np.ones((3, 2, 2)))
    assert answer["Z"].value.shape == (3, 2, 2)
    assert answer["dL/dK"].value.shape == (3, 2, 2, 2)
    assert answer["dL/dX"].value.sum() == 3 * 2 * 4 * 4
    assert answer.passed
    for detail in ("brief", "exam", "full"):
        assert plain(page(answer, detail), 80)
        assert markdown(page(answer, detail))
    assert conv(X=[[1, 2], [3, 4]], K=[[1, 0], [0, 1]], stride=(1, 1), padding=0)["Z"].value.item() == 5
    assert list(conv(X=X, K=K, find="Z").results) == ["Z"]


@pytest.mark.parametrize(("x", "k"), [((3, 5, 5), (2, 3, 2, 2)), ((2, 3, 5, 5), (2, 3, 2, 2)), ((5, 5), (2, 2))])
def test_array_files(x, k, tmp_path, monkeypatch, capsys):
    """`@file.npy` with two, three and four axes."""
    monkeypatch.chdir(tmp_path)
    random = np.random.default_rng(0)
    np.save("x.npy", random.normal(size=x))
    np.save("k.npy", random.normal(size=k))
    assert run(["conv", "--X", "@x.npy", "--K", "@k.npy", "--format", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    found = next(step["value"] for step in document["steps"] if step["name"] == "Z")
    expected = conv(X=np.load("x.npy"), K=np.load("k.npy"))["Z"].value
    np.testing.assert_array_equal(np.array(found), expected)


def test_the_case_of_a_hundred_images():
    """The paper's question about shapes, with numbers in the arrays: weights, output, biases and all."""
    case = next(case for case in CASES if case["id"] == "conv-shapes")
    inputs, expected = case["inputs"], case["expected"]
    random = np.random.default_rng(0)
    K, b = random.normal(size=expected["weight"]), random.normal(size=inputs["filters"])
    answer = conv(
        X=random.normal(size=inputs["input"]), K=K, b=b, stride=inputs["stride"], padding=inputs["padding"]
    )  # fmt: skip
    assert list(answer["Z"].value.shape) == expected["output"]
    assert np.prod(answer["Z"].value.shape[1:]) == expected["linear_in"]
    assert K.size + b.size == expected["params_with_bias"]
    assert answer.passed


# A whole image


def test_the_page_of_an_image_is_short():
    """3×224×224 with 64 filters 7×7: what is shown does not grow with what is not."""
    answer = conv(**image(), stride=STRIDE, padding=PADDING)
    lines = plain(page(answer), 80).splitlines()
    assert len(lines) < 150
    assert max(map(len, lines)) <= 80
    assert answer.passed
    assert len(markdown(page(answer))) < 20_000


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize(("x", "k"), [((8, 5, 5), (2, 8, 3, 3)), ((1, 40), (1, 9)), ((9, 9), (5, 5))])
def test_wide_windows_are_broken(x, k, width):
    """Random decimals take much room: patch, kernel and products then stand below each other."""
    random = np.random.default_rng(0)
    X, K = 100 * random.normal(size=x), random.normal(size=k)
    shape = conv(X=X, K=K, padding=1)["Z"].value.shape
    answer = conv(X=X, K=K, padding=1, dZ=random.normal(size=shape))
    for detail in ("exam", "full"):
        lines = plain(page(answer, detail), width).splitlines()
        assert max(map(width_of, lines)) <= width, next(line for line in lines if width_of(line) > width)
        assert width < 80 or len(lines) < 4000


def test_an_image_needs_little_memory():
    """The peak of the whole answer is at most three times what the arrays of a plain implementation take."""
    ours, theirs = memory_of_an_image()
    assert ours <= 3 * theirs


def test_the_topic_loads_without_numpy():
    """`explain conv --help` waits for neither NumPy nor SymPy."""
    code = (
        "import sys, explain.topics.conv, explain.page.model, explain.engine.nodes.window; "
        "from explain.cli import run; run(['conv', '--help']); "
        "sys.exit(' '.join({'numpy', 'sympy', 'rich.console'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "explain conv --X" in done.stdout


# What is refused

C = "conv --X 1,2;3,4 --K 1,0;0,1 "
REFUSED = [
    ("conv --K 1", "--X", "missing", "explain conv"),
    ("conv --X 1", "--K", "missing"),
    # axes, channels, filters, groups
    ("conv --X 1|2|3 --K 1|1", "--K", "2 windows", "3 channels", "|"),
    ("conv --X 1|2|3 --K 1|1||1|1", "--K", "2x2x1x1", "3 channels"),
    ("conv --X 1,2;3,4 --K 1,2", "--K", "1 window", "2 channels", "--dims 2"),
    ("conv --X 1|2|3 --K 1 --groups 2", "--groups", "3 channels", "divisor"),
    ("conv --X 1|2|3 --K 1 --groups 3", "--groups", "1 filter", "multiple of 3"),
    ("conv --X 1|2|3|4 --K 1|1|1 --groups 2", "--K", "3 windows", "2 groups"),
    ("conv --X 1|2 --K 1|1||1|1 --groups 2", "--K", "2 channels", "1 channel"),
    (C + "--groups 2", "--groups", "1 channel"),
    (C + "--groups 0", "--groups", "whole number from 1"),
    (C + "--groups n", "--groups", "n", "whole number"),
    (C + "--groups 1.5", "--groups", "1.5"),
    ("conv --X [[[[1]]]] --K 1 --dims 1", "--X", "1x1x1x1", "at most 3", "--dims 2"),
    (C + "--dims 3", "--dims", "1, 2"),
    # the bias
    (C + "--b 1,2", "--b", "2 numbers", "1 filter"),
    (C + "--b 1,2;3,4", "--b", "4 numbers"),
    (C + "--b a", "--b", "number"),
    ("conv --X 1,2;3,4 --K 1||2 --b 1", "--b", "1 number", "2 filters"),
    # sizes
    ("conv --X 1,2 --K 1,2,3", "--K", "covers 3", "2", "--padding"),
    ("conv --X 1,2;3,4 --K 1,1,1;1,1,1;1,1,1", "--K", "covers 3 rows", "--padding"),
    ("conv --X 1,2;3,4 --K 1;1;1;1;1 --padding 1", "--K", "covers 5 rows", "4 with padding"),
    (C + "--dilation 5", "--K", "covers 6", "2"),
    (C + "--stride 0", "--stride", "0", "from 1"),
    (C + "--stride 1x1x1", "--stride", "1x1x1", "2"),
    ("conv --X 1,2,3;4,5,6 --K 1,1|1,1 --dims 1 --stride 1x1", "--stride", "needs 1 number"),
    (C + "--stride two", "--stride", "two"),
    (C + "--padding full", "--padding", "same or valid"),
    (C + "--padding -1", "--padding", "-1", "from 0"),
    (C + "--padding 1x1x1", "--padding", "1x1x1"),
    (C + "--dilation 0", "--dilation", "from 1"),
    (C + "--padding 5000", "--padding", "100020001", "less padding"),
    (C + "--padding 999999999", "--padding", "less padding"),
    (C + "--padding 999999999 --dilation 999999999", "--padding"),
    ("conv --X 1,2 --K 1 --padding 999999999", "--padding", "less padding"),
    # the entry
    (C + "--entry 2,2", "--entry", "2,2", "1x1", "no 2"),
    (C + "--entry 1", "--entry", "1x1", "2 numbers", "1,1"),
    (C + "--entry 1,1,1", "--entry", "1,1,1", "2 numbers"),
    (C + "--entry 0,1", "--entry", "0,1", "from 1"),
    (C + "--entry a", "--entry", "a"),
    ("conv --X 1,2,3 --K 1,1 --entry 3", "--entry", "3", "1x2"),
    ("conv --X 1,2;3,4|1,2;3,4 --K 1|1||1|1 --entry 1,1", "--entry", "2x2x2", "3 numbers"),
    # the gradient
    (C + "--dZ 1,2", "--dZ", "2", "1x1", "shape of Z"),
    (C + "--dZ 1|2", "--dZ", "2x1x1", "1x1"),
    (C + "--dZ a", "--dZ", "number"),
    (C + "--dZ 1 --find dL/db", "--find", "dL/db", "dL/dK"),
    (C + "--find dL/dX", "--find", "dL/dX", "Z"),
    # words, and numbers beyond float64
    (C + "--flip maybe", "--flip", "yes, no"),
    ("conv --X 1e308,1e308 --K 10,10", "--X", "1.8e308"),
    ("conv --X 1e200 --K 1 --dZ 1e200", "--"),
]


@pytest.mark.parametrize(("line", "option", "fragments"), [(case[0], case[1], case[2:]) for case in REFUSED])
def test_one_line_that_names_the_option(line, option, fragments, capsys):
    """Option, value, rule and mend, exit code 2, nothing else."""
    code = run(line.split())
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1), (code, err)
    assert err.startswith("explain: ")
    for fragment in (option, *fragments):
        assert fragment in err, err


def test_plurals(capsys):
    """`1 channels` tells the reader that nobody has read it."""
    for case in REFUSED:
        run(case[0].split())
        _, err = capsys.readouterr()
        assert not re.search(r"\b1 (channels|windows|filters|numbers|axes|rows|columns|places)\b", err), err
