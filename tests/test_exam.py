"""Exam files: papers worked in every format, expectations held against the answers, one line for what is unusable."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
import tomllib
import xml.etree.ElementTree as ET
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pypandoc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from explain import paper as papers
from explain import schema
from explain.cli import run
from explain.exam import load
from explain.expectations import holds
from explain.interface import WorkedAnswer
from explain.render.glyphs import width_of

SAMPLES = sorted((Path(__file__).parent.parent / "samples").glob("*.toml"))
every_sample = pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
VALIDATOR = Draft202012Validator(schema.load())
STEP = re.compile(r"^#+ (\d+)\. (.+)$", re.MULTILINE)
FILE = "paper.toml"
HEAD = "[[question]]\n"
ATTENTION = HEAD + 'topic = "attention"\nscores = [112, 96]\n'
LSTM = HEAD + 'topic = "lstm-params"\nunits = "n"\nfeatures = 1\n'
MLP = HEAD + (
    'topic = "mlp"\nx = [1, 2]\nW = [[[0.5, -0.25], [0.30, 1.10]], [[1, -1]]]\nactivation = ["sigmoid"]\n'
    'target = [1]\nloss = "binary-cross-entropy"\n'
)
PART = "[[question.part]]\n"


@pytest.fixture
def solved(tmp_path, monkeypatch, capsys):
    """Solves the text of an exam file as a user does who stands in its folder: exit code, output, errors."""
    monkeypatch.chdir(tmp_path)

    def of(content: str | bytes, *arguments: str, name: str = FILE) -> tuple[int, str, str]:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
        code = run(["solve", name, *arguments])
        return code, *capsys.readouterr()

    return of


def worked(path: Path, capsys, *arguments: str) -> str:
    """What `solve` prints for a file that is in order."""
    code = run(["solve", str(path), *arguments])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    return out


def sections(markdown: str) -> dict[str, str]:
    """The blocks of a paper by the label of their question or part."""
    pieces = re.split(r"^#{2,3} (Question \d+(?: \(\w+\))?).*$", markdown, flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def expected_names(expect: dict) -> list[str]:
    """The steps that a file expects; those of a concept's calculations with the name of the calculation."""
    return [
        f"{name}.{step}" if step else name
        for name, value in expect.items()
        for step in (value if isinstance(value, dict) else [""])
    ]


# The samples in every format


@every_sample
def test_a_sample_holds_what_it_expects(sample, capsys):
    """`--check` prints one line for every question and part, and all of them hold."""
    lines = worked(sample, capsys, "--check").splitlines()
    exam = load(str(sample))
    assert len(lines) == sum(1 + len(question.parts) for question in exam.questions)
    for line in lines:
        assert str(sample) in line
        assert re.search(
            r"Question \d+( \([a-z]\))?: (\d+ (expectation|sentence)s? holds?|nothing|asked in parts|text only)", line
        )


@every_sample
@pytest.mark.parametrize("detail", ["brief", "exam", "full"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_wider_than_the_terminal(sample, detail, width, capsys):
    """A paper fits its terminal; matrices of these sizes fit into 40 columns as well."""
    page = worked(sample, capsys, "--format", "terminal", "--width", str(width), "--detail", detail)
    assert max(map(width_of, page.splitlines())) <= width
    assert "\x1b" not in page


@every_sample
def test_a_sample_as_markdown_is_read_by_pandoc(sample, capsys):
    """Every formula parses without a warning, and every question has its heading with its points."""
    text = worked(sample, capsys, "--format", "markdown")
    html = pypandoc.convert_text(
        text, "html", format="gfm+tex_math_dollars", extra_args=["--mathml", "--fail-if-warnings"]
    )
    assert "<math" in html
    exam = load(str(sample))
    parts = [part for question in exam.questions for part in (question, *question.parts)]
    assert list(sections(text)) == [part.label for part in parts]
    plain = re.sub(r"\\(?=[\W_])", "", text)
    for part in parts:
        points = f" ({part.points} point{'s' * (part.points != '1')})" if part.points else ""
        assert f"## {part.label}{points}{': ' * bool(part.title)}{part.title}\n" in plain
        assert part.text in plain


@every_sample
@pytest.mark.parametrize("detail", ["brief", "exam", "full"])
def test_a_sample_as_json_has_answers_of_the_schema(sample, detail, capsys):
    """The paper's own fields, and each answer as `explain-answer` describes it."""
    document = json.loads(worked(sample, capsys, "--format", "json", "--detail", detail))
    exam = load(str(sample))
    assert (document["schema"], document["version"], document["title"]) == (
        "explain-paper",
        schema.VERSIONS["paper"],
        exam.title,
    )
    Draft202012Validator(schema.load("paper")).validate(document)
    parts = [part for question in exam.questions for part in (question, *question.parts)]
    assert [item["label"] for item in document["questions"]] == [part.label for part in parts]
    for item, part in zip(document["questions"], parts, strict=True):
        assert (item["title"], item["points"], item["text"]) == (part.title, part.points, part.text)
        assert sorted(expected["name"] for expected in item["expected"]) == sorted(expected_names(part.expect))
        assert [shown["name"] for shown in item["printed"]] == list(part.printed)
        assert all(shown["fits"] is not False for shown in item["printed"])
        assert all(expected["holds"] and expected["told"] == "" for expected in item["expected"])
        if item["answer"] is not None:
            VALIDATOR.validate(item["answer"])
            assert all(check["passed"] for check in item["answer"]["checks"])


@every_sample
def test_a_sample_as_a_picture(sample, capsys):
    """The SVG is one well-formed picture."""
    assert ET.fromstring(worked(sample, capsys, "--format", "svg")).tag.endswith("svg")


@every_sample
@pytest.mark.parametrize(
    ("suffix", "form"), [("md", "markdown"), ("txt", "terminal"), ("svg", "svg"), ("json", "json")]
)
def test_a_paper_in_a_file_is_the_printed_one(sample, suffix, form, tmp_path, capsys):
    """`-o` takes the format from the suffix, prints nothing and leaves nothing beside the file."""
    file = tmp_path / f"paper.{suffix}"
    assert worked(sample, capsys, "-o", str(file)) == ""
    assert os.listdir(tmp_path) == [file.name]
    text = file.read_text("utf-8")
    printed = worked(sample, capsys, "-o", str(file), "--format", form) or file.read_text("utf-8")
    assert text == printed
    begins = {"md": "# ", "txt": load(str(sample)).title, "svg": "<svg", "json": "{"}
    assert text.startswith(begins[suffix])


def test_several_papers_are_printed_one_after_the_other(capsys):
    """Files in their order; a difference in one of them is a difference."""
    both = [worked(path, capsys) for path in SAMPLES]
    assert run(["solve", *map(str, SAMPLES)]) == 0
    assert capsys.readouterr().out == "".join(both)
    assert run(["solve", *map(str, SAMPLES), "--check"]) == 0
    assert capsys.readouterr().out == "".join(worked(path, capsys, "--check") for path in SAMPLES)


def test_the_printed_exam_can_be_solved(solved, capsys):
    """`new-exam` prints a commented file that `solve` takes as it is."""
    assert run(["new-exam"]) == 0
    text, err = capsys.readouterr()
    assert err == ""
    code, out, err = solved(text, "--check")
    assert (code, err) == (0, "")
    assert "expectation holds" in out
    for arguments in ([], ["--format", "terminal"], ["--format", "json"], ["--format", "svg"]):
        assert solved(text, *arguments)[0] == 0


# What a typed number stands for

HOLDS = [
    ("0.88", 0.8808, True),
    ("0.88", 0.875, True),
    ("0.88", 0.8749, False),
    ("0.88", 0.885, True),
    ("0.88", 0.8851, False),
    ("0.88", -0.88, False),
    ("+0.88", 0.88, True),
    (".88", 0.88, True),
    ("0.881", 0.8804, False),
    ("0.881", 0.8808, True),
    ("0.8810", 0.8808, False),
    ("0.8808", 0.8807970779778823, True),
    ("1", 0.5, True),
    ("1", 1.49, True),
    ("1", 1.51, False),
    ("1.", 1.49, True),
    ("1.0", 1.049, True),
    ("1.0", 1.051, False),
    ("0", 0.0, True),
    ("-0", 0.0, True),
    ("0", -0.5, True),
    ("0", -0.51, False),
    ("-0.5", -0.45, True),
    ("-0.5", -0.55, True),
    ("-0.5", -0.4499, False),
    ("-0.5", -0.5501, False),
    ("-0.5", 0.5, False),
    ("-0.50", -0.505, True),
    ("-0.50", -0.4949, False),
    ("-1", -0.5, True),
    ("-1", -0.49, False),
    ("1e-3", 0.0005, True),
    ("1e-3", 0.00149, True),
    ("1e-3", 0.00151, False),
    ("1E-3", 0.00149, True),
    ("1.0e-3", 0.00104, True),
    ("1.0e-3", 0.00106, False),
    ("1.00e-3", 0.00104, False),
    ("0.001", 0.00149, True),
    ("1e3", 1400.0, True),
    ("1e3", 1501.0, False),
    ("1.5e+3", 1540.0, True),
    ("-1e-3", -0.0014, True),
    ("1e300", 1e300, True),
    ("1e-300", 1e-300, True),
    ("0.3", 0.1 + 0.2, True),
    ("0.3", 0.1 + 0.2 + 0.05, True),  # 0.35 and a little noise
    ("1/3", 1 / 3, True),
    ("1/3", 0.3333, False),
    ("-1/3", -1 / 3, True),
    ("1/2", 0.5, True),
    ("1/2", 0.51, False),
    ("3840", 3840, True),
    ("3840", 3841, False),
    ("3840.0", 3840, True),
    ("3.84e3", 3840, True),
    ("4e3", 3840, False),  # a count is exact
    ("3840.4", 3840, False),
    ("7680/2", 3840, True),
    ("-3840", 3840, False),
    (str(10**80), 10**80, True),
    (str(10**80), 10**80 + 1, False),
]


@pytest.mark.parametrize(("text", "value", "expected"), HOLDS)
def test_a_typed_number_stands_for_what_rounds_to_it(text, value, expected):
    """Half of the last typed decimal on both sides, borders included; fractions and counts are exact."""
    assert holds(text, value) is expected


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.floats(-1e3, 1e3), st.integers(0, 8))
def test_a_value_rounds_to_its_own_rounding_and_to_no_neighbour(value, places):
    """The rounded value is held, one unit of its last decimal away is not, unless the value is the border."""
    unit = Decimal(1).scaleb(-places)
    rounded = Decimal(value).quantize(unit, ROUND_HALF_UP)
    assert holds(f"{rounded:f}", value)
    for other in (rounded - 2 * unit, rounded + 2 * unit):
        assert not holds(f"{other:f}", value)


MET = [
    (ATTENTION, "alpha = [0.88, 0.12]"),
    (ATTENTION, "alpha = [0.8808, 0.1192]"),
    (ATTENTION, "alpha = [[0.88, 0.12]]"),
    (ATTENTION, "u = [14, 12]"),
    (ATTENTION, 'u = ["14", "24/2"]'),
    (ATTENTION, "u = [14, 12.000]\nalpha = [1, 0]"),
    (LSTM, 'P = "4 n (n + 2)"'),
    (LSTM, 'P = "4n(n+2)"'),
    (LSTM.replace('"n"', "30"), "P = 3840"),
    (LSTM.replace('"n"', "30"), "P = 3.84e3"),
    (MLP, '"dL/dW_1" = [[-0.151, -0.3022], [0.0424, 0.0848]]'),
    (MLP, '"dL/dW_1" = [-0.15, -0.30, 0.04, 8.5e-2]'),
    (HEAD + 'topic = "conv-shape"\ninput = "3x8x8"\nfilters = 2\nkernel = 3\n', "output = [2, 6, 6]"),
]


@pytest.mark.parametrize(("question", "expected"), MET, ids=[item[1] for item in MET])
def test_an_expectation_holds(question, expected, solved):
    """Vectors, matrices flat or nested, shapes, counts, symbols: what is right is found right, and said."""
    code, out, err = solved(f"{question}[question.expect]\n{expected}\n", "--check")
    assert (code, err) == (0, ""), out
    assert re.search(r"\d expectations? holds?$", out)
    code, out, _ = solved(f"{question}[question.expect]\n{expected}\n")
    assert code == 0
    assert "as expected: " in out


DIFFERENT = [
    (ATTENTION, "alpha = [0.88, 0.13]", "alpha, entry 2: expected 0.13, the answer is 0.119203"),
    (ATTENTION, "alpha = [0.881, 0.12]\nu = [14, 13]", "u, entry 2: expected 13, the answer is 12"),
    (LSTM.replace('"n"', "30"), "P = 3841", "P: expected 3841, the answer is 3840"),
    (LSTM, 'P = "4 n (n + 1)"', "P: expected 4 n (n + 1), the answer is 4 n (n + 2)"),
    (LSTM, "P = 3840", "P: expected 3840, the answer is 4 n (n + 2)"),
    (LSTM, 'P = "{n}"', "P: expected {n}, the answer is 4 n (n + 2)"),
    (MLP, "yhat = 0.7", "yhat: expected 0.7, the answer is 0.3"),
    (MLP, '"dL/dW_2" = [[0, 0]]', "dL/dW_2, entry "),
    (
        HEAD + 'topic = "conv-shape"\ninput = "3x8x8"\nfilters = 2\nkernel = 3\n',
        "output = [2, 6, 7]",
        "output, entry 3: expected 7, the answer is 6",
    ),
]


@pytest.mark.parametrize(("question", "expected", "told"), DIFFERENT, ids=[item[1] for item in DIFFERENT])
def test_a_difference_is_exit_code_one(question, expected, told, solved):
    """The line names file, question, step, what was expected and what came out; the paper says the same."""
    text = f"{ATTENTION}title = 'One'\n{question}[question.expect]\n{expected}\n"
    code, out, err = solved(text, "--check")
    assert (code, err) == (1, "")
    first, second = out.splitlines()
    assert "nothing is expected" in first
    assert f"{FILE}: Question 2: " in second
    assert told in second
    for form in ("markdown", "terminal"):
        code, out, err = solved(text, "--format", form, "--width", "400")
        assert (code, err) == (1, "")
        assert "expected" in out
        assert told.rpartition(" ")[2] in out
    code, out, _ = solved(text, "--format", "json")
    document = json.loads(out)
    assert code == 1
    assert any(told in item["told"] and not item["holds"] for item in document["questions"][1]["expected"])


@every_sample
def test_every_expectation_of_a_sample_counts(sample, solved):
    """Each of them, changed, makes a paper of its question fail at its own place."""
    questions = tomllib.loads(sample.read_text("utf-8"))["question"]
    changed = 0
    for question in questions:
        for part in (question, *question.get("part", [])):
            expect = part.get("expect", {})
            places = [(part, "expect", name) for name, value in expect.items() if not isinstance(value, dict)]
            places += [(expect, of, name) for of, value in expect.items() if isinstance(value, dict) for name in value]
            for table, of, name in places:
                before = table[of]
                table[of] = {**before, name: spoilt(before[name])}
                code, out, _ = solved(json.dumps({"question": [question]}), "--check", name="paper.json")
                table[of] = before
                assert code == 1
                assert re.search(rf"{re.escape(name)}(, entry \S+)?: expected 987654", out)
                changed += 1
    assert changed > 5


def spoilt(value):
    """An expected value, the first number of it changed."""
    if isinstance(value, list):
        return [spoilt(value[0]), *value[1:]]
    return 987654 if isinstance(value, int | float) else f"987654{value}"


# Numbers as typed


def test_a_typed_number_is_printed_as_typed(solved):
    """`0.30` is not `0.3`, alone, in lists and in lists of lists; whole numbers stay whole."""
    text = HEAD + (
        'topic = "rnn"\nx = [2, 3]\nh_0 = [0.0, 0.00]\nU = [0.50, 0.6]\nW = [[0.10, 0.2], [0.300, 4]]\n'
        "b_h = [0.1, -0.10]\nV = [1.0, 2]\nb_y = 0.10\n"
    )
    code, out, err = solved(text, "--format", "terminal", "--width", "100")
    assert (code, err) == (0, "")
    given = out.partition("Given")[2].partition("Conventions")[0]
    typed = re.findall(r"(?<![\w.])-?\d+(?:\.\d+)?(?![\w.])", re.sub(r"\(\d+.\d+\).*", "", given))
    assert sorted(typed) == sorted(
        ["2", "3", "0.0", "0.00", "0.50", "0.6", "0.10", "0.2", "0.300", "4", "0.1", "-0.10", "1.0", "2", "0.10"]
    )
    code, markdown, _ = solved(text)
    for number in ("0.30", "0.10", "0.50", "0.00"):
        assert number in markdown


@pytest.mark.parametrize("number", ["0.30", "1.10", "2e-3", "-0.50", "3", "64.0"])
def test_a_number_from_the_file_is_the_number_of_the_command_line(number, solved, capsys):
    """The paper shows the page that the command shows."""
    code, out, _ = solved(HEAD + f'topic = "attention"\nscores = [{number}, 1.50]\nd_k = 4.0\n', "--detail", "full")
    assert code == 0
    assert run(["attention", "--scores", f"{number},1.50", "--d-k", "4.0", "--detail", "full"]) == 0
    command = capsys.readouterr().out
    assert re.sub(r"^#+ ", "", command, flags=re.MULTILINE) in re.sub(r"^#+ ", "", out, flags=re.MULTILINE)


def test_a_dash_in_a_key_is_an_underscore(solved):
    """`d-k` is `d_k`, as on the command line."""
    assert solved(ATTENTION + "d-k = 16\n")[1] == solved(ATTENTION + "d_k = 16\n")[1]


# Parts


@pytest.mark.parametrize("text", [*(path.read_text("utf-8") for path in SAMPLES), "new"], ids=range(len(SAMPLES) + 1))
def test_parts_show_each_step_once_and_count_on(text, solved, capsys):
    """No step stands twice in one question; they are counted from part to part without a gap."""
    if text == "new":
        run(["new-exam"])
        text = capsys.readouterr().out
    markdown = solved(text)[1]
    exam = load(FILE)
    shared = 0
    for question in exam.questions:
        sharing = [part for part in question.parts if part.shares and not part.concept]
        if question.topic is None or not sharing:
            continue
        answer = question.topic(**question.given)
        blocks = sections(markdown)
        steps = [step for part in sharing for step in STEP.findall(blocks[part.label])]
        assert steps
        assert len({title for _, title in steps}) == len({number for number, _ in steps}) == len(steps)
        for name in (name for part in sharing for name in part.find):
            answer = answer.having(name)  # a derivative that is worked because it is asked for
        whole = dict(STEP.findall(WorkedAnswer.of(answer).to_markdown()))
        first = int(steps[0][0])  # a part that a concept answers may have had steps before
        assert [int(number) for number, _ in steps] == list(range(first, first + len(steps)))
        assert {title for _, title in steps} <= set(whole.values())
        assert not STEP.findall(blocks[question.label])
        shared += 1
    assert shared or all(not part.shares for question in exam.questions for part in question.parts)


def test_a_step_that_two_parts_ask_for_stands_in_the_first(solved):
    """What the second part needs and the first has shown is not shown again, but its result is."""
    text = MLP + PART + 'find = "yhat"\n' + PART + 'find = ["z_1", "yhat", "L"]\n' + PART + 'find = "z_1"\n'
    code, out, _ = solved(text)
    assert code == 0
    blocks = sections(out)
    first, second, third = (STEP.findall(blocks[f"Question 1 ({letter})"]) for letter in "abc")
    assert [number for number, _ in first] == ["1", "2", "3", "4"]
    assert [number for number, _ in second] == ["5"]
    assert third == []
    assert "Result" in blocks["Question 1 (c)"]


def test_parts_are_lettered_and_have_their_points(solved):
    """(a) to (z), then numbers; one point is a point."""
    text = HEAD + 'text = "Say."\n' + "".join(f'{PART}text = "Part {at}"\npoints = {at}\n' for at in range(1, 29))
    code, out, err = solved(text)
    assert (code, err) == (0, "")
    labels = list(sections(out))
    letters = [*"abcdefghijklmnopqrstuvwxyz", "27", "28"]
    assert labels == ["Question 1", *(f"Question 1 ({letter})" for letter in letters)]
    assert "## Question 1 (a) (1 point)\n" in out
    assert "## Question 1 (b) (2 points)\n" in out


@pytest.mark.parametrize("points", ["10", "2.5", "2.50", '"12"'])
def test_points_are_shown_as_typed(points, solved):
    """Half points are points too."""
    assert f"Question 1 ({points.strip(chr(34))} points)" in solved(ATTENTION + f"points = {points}\n")[1]


def test_a_part_may_have_a_topic_of_its_own(solved):
    """Its page is the topic's page, whatever the question has."""
    text = ATTENTION + PART + 'topic = "lstm-params"\nunits = 30\nfeatures = 1\nexpect = { P = 3840 }\n'
    text += PART + 'find = "alpha"\nexpect = { alpha = [0.88, 0.12] }\n'
    code, out, err = solved(text)
    assert (code, err) == (0, "")
    blocks = sections(out)
    assert "Parameters of an LSTM layer" in blocks["Question 1 (a)"]
    assert "3840" in blocks["Question 1 (a)"]
    assert "LSTM" not in blocks["Question 1 (b)"]
    assert "1 expectation holds" in solved(text, "--check")[1].splitlines()[2]


def test_a_question_may_be_a_text(solved):
    """Nothing is worked, nothing fails, and the text stands on the paper in every format."""
    text = 'title = "Words"\ntext = "Say *why*."\n' + HEAD + 'text = "What is a_b * c?"\npoints = 3\n'
    text += PART + 'text = "And $why$?"\n'
    for form in ("terminal", "markdown", "svg", "json"):
        code, _, err = solved(text, "--format", form)
        assert (code, err) == (0, ""), form
    assert "What is a_b * c?" in solved(text, "--format", "terminal")[1]
    html = pypandoc.convert_text(solved(text)[1], "html", format="gfm+tex_math_dollars")
    assert "What is a_b * c?" in html
    assert "And $why$?" in html
    assert "Say *why*." in html
    assert [item["answer"] for item in json.loads(solved(text, "--format", "json")[1])["questions"]] == [None, None]
    assert "text only" in solved(text, "--check")[1]


def test_a_paper_without_a_title_has_the_name_of_its_file(solved):
    """`midterm.toml` is the paper midterm."""
    assert solved(ATTENTION, name="midterm.toml")[1].startswith("# midterm\n")


@pytest.mark.parametrize("form", ["terminal", "markdown", "svg", "json"])
@pytest.mark.parametrize("key", ["title", "text"])
@pytest.mark.parametrize("place", ["paper", "question", "part"])
def test_no_escape_character_of_a_file_reaches_the_terminal(form, key, place, solved):
    """Titles and texts are words: a colour code or a bell in them is not sent to the terminal, nor into an SVG."""
    bad = f'{key} = "Red\\u001b[31mRed\\u0007\\u009b2J"\n'
    text = {"paper": bad + ATTENTION, "question": ATTENTION + bad, "part": ATTENTION + PART + bad}[place]
    code, out, err = solved(text, "--format", form)
    assert (code, err) == (0, "")
    control = [mark for mark in out if ord(mark) < 32 and mark != "\n"]
    assert not control
    assert form == "json" or "\x9b" not in out
    if form == "svg":
        ET.fromstring(out)


def test_one_line_a_question_whatever_the_file_is_called(solved):
    """A file name with control characters neither breaks the line nor colours it."""
    code, out, _ = solved(ATTENTION, "--check", name="a\x1b[31m\nb.toml")
    assert code == 0
    assert out.count("\n") == 1
    assert out[:-1].isprintable()


@pytest.mark.parametrize("width", [40, 80])
def test_a_text_of_several_lines_fits(width, solved):
    """Line breaks in a text break lines; long lines are wrapped all the same."""
    text = f'text = """\n{"first words " * 12}\nsecond\n\n{"third " * 30}"""\n{ATTENTION}'
    code, out, _ = solved(text, "--format", "terminal", "--width", str(width))
    assert code == 0
    assert max(map(len, out.splitlines())) <= width


# What cannot be used

WRONG = [
    # text, and what the one line names besides the file
    # own keys of the wrong type
    ("title = 3\n" + ATTENTION, "title", "3"),
    ("title = 1.5\n" + ATTENTION, "title", "1.5"),
    ("text = [1]\n" + ATTENTION, "text", "[1]"),
    ("title = 1979-05-27\n" + ATTENTION, "title", "1979-05-27"),
    ("question = 3\n", "[[question]]"),
    ("question = []\n", "no questions"),
    ("question = [1]\n", "question 1", "[[question]]"),
    ('[question]\ntopic = "attention"\n', "[[question]]"),
    (ATTENTION + "title = true\n", "question 1", "title", "True"),
    (ATTENTION + "text = 1\n", "question 1", "text"),
    (ATTENTION + "find = 1\n", "question 1", "find", "1"),
    (ATTENTION + "find = 1.5\n", "question 1", "find", "1.5"),
    (ATTENTION + "find = [1]\n", "question 1", "find"),
    (ATTENTION + "find = {a = 1}\n", "question 1", "find"),
    (ATTENTION + "expect = 3\n", "question 1", "expect", "{"),
    (ATTENTION + 'expect = "alpha"\n', "question 1", "expect"),
    (ATTENTION + "expect = [0.88]\n", "question 1", "expect"),
    (ATTENTION + "part = 3\n", "question 1", "part", "[[question.part]]"),
    (ATTENTION + "part = [3]\n", "question 1 (a)"),
    (ATTENTION + "[question.part]\ntext = 'x'\n", "question 1", "[[question.part]]"),
    (HEAD + "topic = 3\n", "question 1", "topic", "3"),
    (HEAD + "topic = ['mlp']\n", "question 1", "topic"),
    # points
    (ATTENTION + "points = -1\n", "question 1", "points", "-1"),
    (ATTENTION + "points = true\n", "question 1", "points"),
    (ATTENTION + "points = nan\n", "question 1", "points", "nan"),
    (ATTENTION + "points = inf\n", "question 1", "points"),
    (ATTENTION + "points = [1]\n", "question 1", "points"),
    (ATTENTION + "points = 'ten'\n", "question 1", "points", "ten"),
    (ATTENTION + "points = '1\\n2'\n", "question 1", "points"),
    (ATTENTION + 'points = "10\\n"\n', "question 1", "points"),
    (ATTENTION + "points = 1" + "0" * 400 + "\n", "question 1", "points"),
    (ATTENTION + "points = 0x" + "f" * 5000 + "\n", "question 1", "points"),
    # keys that do not exist
    ("titel = 'x'\n" + ATTENTION, "titel", "did you mean title?"),
    ("questions = 3\n" + ATTENTION, "questions", "did you mean question?"),
    ("xyzzy = 3\n" + ATTENTION, "xyzzy", "question, text, title"),
    (ATTENTION + "point = 3\n", "question 1", "point", "did you mean points?"),
    (ATTENTION + "scors = [1]\n", "question 1", "scors", "did you mean scores?"),
    (ATTENTION + "dk = 3\n", "question 1", "dk", "did you mean d_k?"),
    (ATTENTION + "units = 3\n", "question 1", "units"),
    (ATTENTION + "q = [1]\n", "question 1", "q "),
    (ATTENTION + "format = 'json'\n", "question 1", "format"),
    (ATTENTION + "d-k = 4\nd_k = 9\n", "question 1", "d_k"),
    (HEAD + "text = 'x'\nscores = [1, 2]\n", "question 1", "scores"),
    (HEAD + "topik = 'attention'\n", "question 1", "topik", "did you mean topic?"),
    (ATTENTION + PART + "pionts = 2\n", "question 1 (a)", "pionts", "did you mean points?"),
    (ATTENTION + PART + "scores = [1, 2]\n", "question 1 (a)", "scores"),
    (ATTENTION + PART + "text = 'x'\n" + PART + "fnd = 'z'\n", "question 1 (b)", "did you mean find?"),
    (ATTENTION + PART + "[[question.part.part]]\ntext = 'x'\n", "question 1 (a)", "part"),
    (ATTENTION + HEAD + "text = 'x'\ntxt = 1\n", "question 2", "txt", "did you mean text?"),
    # topics and what they take
    (HEAD + "topic = 'atention'\n", "question 1", "atention", "did you mean attention?"),
    (HEAD + "topic = 'lstm_params'\n", "question 1", "lstm_params", "did you mean lstm-params?"),
    (HEAD + "topic = 'frobnicate'\n", "question 1", "frobnicate", "explain topics"),
    (HEAD + "topic = '{x}'\n", "question 1", "{x}"),
    (HEAD + "topic = 'solve'\n", "question 1", "solve"),
    (HEAD + "topic = 'attention'\n", "question 1", "scores", "missing"),
    (HEAD + "topic = 'lstm-params'\nunits = 3\n", "question 1", "features", "missing"),
    (HEAD + "topic = 'lstm-params'\nunits = 2.5\nfeatures = 1\n", "question 1", "units", "2.5"),
    (HEAD + "topic = 'lstm-params'\nunits = 0\nfeatures = 1\n", "question 1", "units"),
    (HEAD + "topic = 'lstm-params'\nunits = true\nfeatures = 1\n", "question 1", "units"),
    (HEAD + "topic = 'lstm-params'\nunits = [30]\nfeatures = 1\n", "question 1", "units"),
    (HEAD + "topic = 'lstm-params'\nunits = 0x" + "f" * 5000 + "\nfeatures = 1\n", "question 1", "units"),
    (ATTENTION.replace("112", "true"), "question 1", "scores", "number"),
    (ATTENTION.replace("112", "1979-05-27"), "question 1", "scores", "number"),
    (ATTENTION.replace("112", "inf"), "question 1", "scores", "finite"),
    (ATTENTION.replace("112", "nan"), "question 1", "scores", "finite"),
    (ATTENTION.replace("112", "1e999"), "question 1", "scores", "1e999"),
    (ATTENTION.replace("112", "'a'"), "question 1", "scores", "a"),
    (ATTENTION.replace("112", "0x" + "f" * 5000), "question 1", "scores"),
    (ATTENTION.replace("112", "[1]"), "question 1", "scores"),
    (ATTENTION.replace("[112, 96]", "[]"), "question 1", "scores"),
    (ATTENTION.replace("[112, 96]", "{a = 1}"), "question 1", "scores"),
    (ATTENTION.replace("[112, 96]", "[[1, 2], [3]]"), "question 1", "scores", "row"),
    (ATTENTION.replace("[112, 96]", "[{a = 1}]"), "question 1", "scores"),
    (ATTENTION.replace("[112, 96]", "'@missing.csv'"), "question 1", "scores", "missing.csv"),
    (ATTENTION + "mask = 'casual'\n", "question 1", "mask", "did you mean causal?"),
    (ATTENTION + "mask = 3\n", "question 1", "mask"),
    (ATTENTION + "d_k = 0\n", "question 1", "d_k"),
    (MLP.replace("[1, 2]", "[1, 2, 3]"), "question 1", "W"),
    (MLP.replace("[1]", "[7]"), "question 1", "target"),
    (MLP.replace("sigmoid", "sigmod"), "question 1", "activation", "did you mean sigmoid?"),
    (ATTENTION + HEAD + "topic = 'attention'\nscores = 'x'\n", "question 2", "scores"),
    (ATTENTION + PART + "topic = 'attention'\nscores = 'x'\n", "question 1 (a)", "scores"),
    # what is asked or expected of an answer
    (ATTENTION + "find = 'beta'\n", "question 1", "beta", "alpha, z_1"),
    (ATTENTION + "find = ''\n", "question 1", "alpha, z_1"),
    (ATTENTION + "find = ['alpha', '{x}']\n", "question 1", "{x}", "alpha, z_1"),
    (ATTENTION + PART + "find = 'beta'\n", "question 1 (a)", "beta", "alpha, z_1"),
    (ATTENTION + "expect = {beta = 1}\n", "question 1", "beta", "alpha, z_1"),
    (ATTENTION + "expect = {'' = 1}\n", "question 1", "alpha, z_1"),
    (ATTENTION + "expect = {scores = 1}\n", "question 1", "scores", "alpha, z_1"),
    (ATTENTION + PART + "expect = {Alpha = 1}\n", "question 1 (a)", "Alpha", "alpha, z_1"),
    (ATTENTION + "expect = {alpha = 1}\n", "question 1", "alpha", "1 number", "2"),
    (ATTENTION + "expect = {alpha = [1, 2, 3]}\n", "question 1", "alpha", "3 numbers", "2"),
    (ATTENTION + "expect = {alpha = []}\n", "question 1", "alpha", "0 numbers", "2"),
    (ATTENTION + "expect = {alpha = ['a', 'b']}\n", "question 1", "alpha", "number"),
    (ATTENTION + "expect = {alpha = [true, 1]}\n", "question 1", "alpha", "True"),
    (ATTENTION + "expect = {alpha = [nan, 1]}\n", "question 1", "alpha", "nan"),
    (ATTENTION + "expect = {alpha = {a = 1}}\n", "question 1", "alpha", "number"),
    (ATTENTION + "expect = {alpha = [1e99999, 1]}\n", "question 1", "alpha", "1e99999"),
    (ATTENTION + "expect = {alpha = ['1/0', 1]}\n", "question 1", "alpha", "1/0"),
    (ATTENTION + "expect = {alpha = [0x" + "f" * 5000 + ", 1]}\n", "question 1", "alpha"),
    (ATTENTION + "expect = {alpha = ['{0}', 1]}\n", "question 1", "alpha", "{0}"),
    (LSTM.replace('"n"', "30") + "expect = {P = 'many'}\n", "question 1", "P", "many"),
    (HEAD + "text = 'x'\nfind = 'alpha'\n", "question 1", "topic"),
    (HEAD + "text = 'x'\nexpect = {alpha = 1}\n", "question 1", "topic"),
    (HEAD + "text = 'x'\n" + PART + "find = 'alpha'\n", "question 1 (a)", "topic"),
    (HEAD + "text = 'x'\n" + PART + "expect = {alpha = 1}\n", "question 1 (a)", "topic"),
    # papers without questions, or with one too many
    ("", "no questions"),
    ("\n\n# nothing\n", "no questions"),
    ("title = 'x'\n", "no questions"),
    (HEAD, "question 1", "asks nothing"),
    (HEAD + "title = 'x'\n", "question 1", "asks nothing"),
    (ATTENTION + ATTENTION, "question 2", "question 1"),
    (ATTENTION + MLP + ATTENTION, "question 3", "question 1"),
    # no TOML
    ("[[question]", "TOML", "line 1"),
    (ATTENTION + "scores = [1]\n", "TOML"),
    (ATTENTION + "mask = causal\n", "TOML", "line 4"),
    ("{" + ATTENTION, "TOML"),
    ("title = '\n" + ATTENTION, "TOML"),
    ("title = 'a\x1bb'\n" + ATTENTION, "TOML"),
    ("title = '\x00'\n" + ATTENTION, "TOML"),
    ("key\x1b[31m{x} = 1\n" + ATTENTION, "TOML"),
    ('title = "\\ud800"\n' + ATTENTION, "TOML"),
    ("<html>\n", "TOML"),
    (b"\xff\xfe" + ATTENTION.encode("utf-16-le"), "TOML"),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "TOML"),
    ("title = 'é'\n".encode("latin-1"), "TOML"),
    (b"\x00" * 100, "TOML"),
    ("n = " + "1" * 5000 + "\n" + ATTENTION,),
    # too deep
    ("a = " + "[" * 10_000 + "]" * 10_000 + "\n", "deep"),
    ("a = " + "[" * 10_000 + "\n", "deep"),
    (ATTENTION.replace("[112, 96]", "[" * 10_000 + "1" + "]" * 10_000), "deep"),
    (ATTENTION.replace("[112, 96]", "[" * 200 + "1" + "]" * 200), "question 1", "scores"),
    (ATTENTION + "expect = {alpha = " + "[" * 200 + "]" * 200 + "}\n", "question 1", "alpha"),
    ("a = " + "{a = " * 10_000 + "1" + "}" * 10_000 + "\n", "deep"),
    (ATTENTION + "a." * 5000 + "b = 1\n",),
    # words that would be read as something else
    (ATTENTION + "'{x}' = 1\n", "question 1", "{x}"),
    (ATTENTION + "'{' = 1\n", "question 1", "{"),
    (ATTENTION + "'}{{' = 1\n", "question 1", "}{{"),
    (ATTENTION + '"a\\u001b[31m\\n\\r\\u2028{b" = 1\n', "question 1", "{b"),
    (ATTENTION + '"" = 1\n', "question 1"),
    (ATTENTION + "'" + "k" * 5000 + "' = 1\n", "question 1"),
    ("'{name}' = 1\n" + ATTENTION, "{name}"),
    (ATTENTION.replace("112", "'{scores}'"), "question 1", "{scores}"),
    (ATTENTION.replace("112", '"a\\n\\u001b[1m"'), "question 1", "scores"),
    (ATTENTION + "mask = '{mask}'\n", "question 1", "{mask}"),
    (ATTENTION + 'find = "\\u001b]0;x\\u0007\\n"\n', "question 1"),
    (ATTENTION + 'expect = {"{\\n\\u001b" = 1}\n', "question 1", "{"),
    (ATTENTION + "'%s' = 1\n", "question 1", "%s"),
    (ATTENTION + "'[red]x[/red]' = 1\n", "question 1", "[red]x[/red]"),
]


def refused(code: int, out: str, err: str) -> str:
    """The one line with which a file is refused."""
    assert code == 2, (code, out[:200], err)
    assert out == ""
    assert err.startswith("explain: ")
    assert err.endswith("\n")
    assert err[:-1].isprintable(), repr(err)
    assert len(err) < 700
    return err


@pytest.mark.parametrize("arguments", [["--check"], []], ids=["check", "solve"])
@pytest.mark.parametrize(
    ("content", "fragments"), [(case[0], case[1:]) for case in WRONG], ids=[f"{at}" for at in range(len(WRONG))]
)
def test_one_line_that_names_file_question_and_key(content, fragments, arguments, solved):
    """An unusable file is refused by name, with the nearest right key or what belongs there."""
    start = time.perf_counter()
    told = refused(*solved(content, *arguments))
    assert time.perf_counter() - start < 3
    for fragment in (FILE, *fragments):
        assert fragment in told


@pytest.mark.parametrize("content", ["", "[[question]", ATTENTION + "'{x}' = 1\n", ATTENTION + "find = '{y}'\n"])
@pytest.mark.parametrize("name", ["{x}.toml", "{.toml", "a}{{b.toml", "two words.toml", "-dash.toml", "ü\x1b[1m.toml"])
def test_the_name_of_the_file_is_shown_as_it_is(name, content, solved, capsys, tmp_path, monkeypatch):
    """Braces in a path are no option names, escape characters are left out, blanks and dashes are fine."""
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(content, "utf-8")
    told = refused(run(["solve", "--", name]), *capsys.readouterr())
    assert name.replace("\x1b", " ") in told


def test_a_mark_at_the_beginning_is_no_error(solved):
    """Editors that write a byte order mark, or end lines with CR LF, write exam files too."""
    usual = solved(ATTENTION)
    assert solved(b"\xef\xbb\xbf" + ATTENTION.encode()) == usual
    assert solved(ATTENTION.replace("\n", "\r\n")) == usual


PLACES = [
    ("missing.toml", "no such file"),
    ("folder", "a folder"),
    (".", "a folder"),
    ("/dev/zero", "not a regular file"),
    ("pipe", "not a regular file"),
    ("paper.toml/inner.toml", ""),
    ("\0", ""),
    ("\ud800.toml", ""),
    ("x" * 300, ""),
    ("", ""),
    ("~/no such folder/{x}.toml", "no such file"),
]


@pytest.mark.parametrize(("path", "reason"), PLACES, ids=[repr(place[0][:12]) for place in PLACES])
def test_only_a_regular_file_is_read(path, reason, solved, tmp_path, monkeypatch, capsys):
    """What is no file is named as what it is, at once; a device that never ends is not read."""
    solved(ATTENTION)
    Path("folder").mkdir()
    os.mkfifo("pipe")
    for arguments in ([path], [FILE, path], [path, FILE, "--check"]):
        told = refused(run(["solve", *arguments]), *capsys.readouterr())
        assert reason in told
        assert "".join(mark for mark in path[:100] if mark.isprintable()) in told


def test_a_file_of_ten_megabytes_is_refused_at_once(solved):
    """The size is said, and what is accepted; the file is not read."""
    start = time.perf_counter()
    told = refused(*solved(b"#" * 10_000_000 + b"\n" + ATTENTION.encode()))
    assert time.perf_counter() - start < 2
    assert FILE in told
    assert "bytes" in told
    assert "1000000" in told


def test_a_large_paper_is_solved(solved):
    """A paper of three hundred questions is long, not wrong; what is alike is told apart by its numbers."""
    text = "".join(ATTENTION.replace("112", str(at)) for at in range(300))
    assert solved(text, "--check")[1].count("\n") == 300


def test_a_file_that_may_not_be_read(solved, capsys):
    """Permissions are said in one line."""
    if os.geteuid() == 0:
        pytest.skip("root may read everything")
    solved(ATTENTION)
    Path(FILE).chmod(0)
    told = refused(run(["solve", FILE]), *capsys.readouterr())
    assert FILE in told
    assert "permission" in told


@pytest.mark.parametrize(
    ("arguments", "fragments"),
    [
        ([], ("FILE", "new-exam")),
        (["--check"], ("FILE", "new-exam")),
        ([FILE, FILE, "-o", "all.md"], ("--output", "one by one")),
        ([FILE, "-o", "nowhere/out.md"], ("--output", "nowhere/out.md")),
        ([FILE, "-o", "out.docx"], ("--output", "out.docx", ".md")),
        ([FILE, "-o", ""], ("--output", "empty")),
        ([FILE, "-o", "."], ("--output",)),
        ([FILE, "-o", "{x}/{y}.md"], ("--output", "{x}/{y}.md")),
        ([FILE, "--format", "pdf"], ("--format", "pdf")),
        ([FILE, "--digits", "0"], ("--digits", "1 to 15")),
        ([FILE, "--width", "5"], ("--width", "20 to 400")),
        ([FILE, "--detail", "exm"], ("--detail", "did you mean exam?")),
        ([FILE, "--chek"], ("--chek", "did you mean --check?")),
        ([FILE, "--find", "alpha"], ("--find",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_options_of_solve_that_cannot_be_used(arguments, fragments, solved, capsys):
    """Refused by name before anything is printed or written."""
    solved(ATTENTION)
    before = sorted(os.listdir())
    told = refused(run(["solve", *arguments]), *capsys.readouterr())
    for fragment in fragments:
        assert fragment in told
    assert sorted(os.listdir()) == before


def test_nothing_is_printed_before_every_file_is_known_to_be_usable(solved, capsys):
    """A bad second file leaves no half output."""
    solved(ATTENTION)
    Path("bad.toml").write_text(ATTENTION + "find = 'beta'\n", "utf-8")
    for more in ([], ["--check"]):
        assert "bad.toml: question 1" in refused(run(["solve", FILE, "bad.toml", *more]), *capsys.readouterr())


# Full disks and interruptions

LIMITED = """
import resource, signal, sys
from explain.cli import run
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))
sys.exit(run(sys.argv[1:]))
"""


def python(code: str, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """Code in a process of its own."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"} | {"PYTHONUTF8": "1"}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output="stdout" not in options,
        encoding="utf-8",
        timeout=60,
        check=False,
        env=environment,
        **options,
    )


@pytest.mark.parametrize("suffix", ["md", "txt", "svg", "json"])
def test_a_paper_that_does_not_fit_on_the_disk(suffix, tmp_path):
    """One line, exit code 2, the file that was there is kept, and nothing half-written is left."""
    file = tmp_path / f"paper.{suffix}"
    file.write_text("kept", encoding="utf-8")
    ran = python(LIMITED, "solve", str(SAMPLES[0]), "-o", str(file))
    assert "--output" in refused(ran.returncode, ran.stdout, ran.stderr)
    assert file.read_text("utf-8") == "kept"
    assert os.listdir(tmp_path) == [file.name]


def test_a_paper_that_does_not_fit_into_the_file_of_the_shell(tmp_path):
    """`explain solve … > file` on a full disk is one line too, not a traceback."""
    with open(tmp_path / "paper.md", "w", encoding="utf-8") as stream:
        ran = python(LIMITED, "solve", str(SAMPLES[0]), stdout=stream, stderr=subprocess.PIPE)
    assert ran.returncode == 2
    assert ran.stderr.startswith("explain: ")
    assert ran.stderr.count("\n") == 1


def test_a_disk_that_is_really_full(tmp_path, capsys):
    """The same on a file system without room."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", str(tmp_path)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("only who may mount a file system can fill one")
    try:
        (tmp_path / "kept.md").write_text("kept", encoding="utf-8")
        told = refused(run(["solve", str(SAMPLES[0]), "-o", str(tmp_path / "kept.md")]), *capsys.readouterr())
        assert "--output" in told
        assert os.listdir(tmp_path) == ["kept.md"]
        assert (tmp_path / "kept.md").read_text("utf-8") == "kept"
    finally:
        subprocess.run(["umount", str(tmp_path)], capture_output=True, check=True)


def test_interrupt_is_130(monkeypatch, capsys):
    """Ctrl-C while a paper is worked: the exit code that shells expect, and no word."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(papers, "solve", interrupted)
    assert run(["solve", str(SAMPLES[0])]) == 130
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err


def test_an_interrupt_from_the_keyboard_leaves_nothing_behind(tmp_path):
    """The signal arrives while the file is written: 130, no traceback, no half file."""
    wait = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # jobs in the background ignore it
        "import os, sys, time, explain.output as o; from explain.cli import run\n"
        "o.os.replace = lambda *_: (print('up', flush=True), time.sleep(60))\n"
        "sys.exit(run(sys.argv[1:]))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", wait, "solve", str(SAMPLES[0]), "-o", str(tmp_path / "paper.md")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert b"Traceback" not in process.stderr.read()
    assert os.listdir(tmp_path) == []


# Answers in words


SAID = """
[[question]]
topic = "lstm-params"
units = 30
features = 1
answer = "{answer.P} in all, {answer.P=}."
remark = "Neither {h_t} nor the batch stands in it."
"""


def test_an_answer_in_words_stands_first_with_its_numbers(solved):
    """Its numbers are those of the answer; the remark stands with what the sheet prints."""
    markdown = solved(SAID)[1]
    assert "**Answer:** $3840$ in all, $P = 3840$." in markdown
    assert markdown.index("**Answer:**") < markdown.index("Tensors")
    assert markdown.index("On the sheet") < markdown.index("Neither $h_t$ nor the batch")


def test_a_concept_shows_the_calculations_that_are_named(solved):
    """With a calculation goes what the concept states of it."""
    markdown = solved('[[question]]\nconcept = "rnn-vs-lstm"\nshow = ["simple", "gated"]\n')[1]
    assert "$ explain rnn --x" in markdown
    assert "$ explain lstm-params" not in markdown
    assert "four times the parameters of a simple" not in markdown


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('topic = "entropy"\np = [0.5, 0.5]\nanswer = "{answer.Q}"', "question 1: answer quotes what is not there"),
        ('text = "Why?"\nremark = "{answer.Q}"', "question 1: remark quotes what is not there"),
        ('concept = "entropy"\nshow = "nothing"', "show has nothing: entropy has"),
        ('concept = "entropy"\nshow = []', "show is empty: name a calculation"),
        ('topic = "entropy"\np = [0.5, 0.5]\nshow = "coin"', "question 1 has show, but no concept"),
        ('concept = "entropy"\nshow = 3', "show is 3: write names of calculations"),
    ],
)
def test_answers_in_words_are_refused_in_one_line(line, message, solved):
    """A number or a calculation that is not there is named."""
    code, _, told = solved(f"[[question]]\n{line}\n")
    assert code == 2
    assert message in told
    assert told.count("\n") == 1
