"""Hostile input by the thousand: whatever is typed or stands in an exam file ends in an answer or in one line.

The command lines come from the declarations of all topics and the examples of their docstrings, the exam files from
the samples and from what `new-exam` prints; no topic and no parameter is named here.
"""

from __future__ import annotations

import faulthandler
import io
import os
import re
import shlex
import signal
import sys
import time
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from importlib.resources import files as resources
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from explain.cli import output_options, run
from explain.topics import all_topics

SECONDS = 5  # that one run may take
TOPICS = sorted(all_topics())
SAMPLES = Path(__file__).parent.parent / "samples"
FILE = "hostile.toml"
OUTPUT = "hostile.md"
thorough = settings(
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate, Phase.shrink],
)


class TooSlow(BaseException):
    """Not an Exception: nothing may catch it on the way."""


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A folder of its own for the one file that is read and the one that may be written."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("hostile"))
    yield
    os.chdir(before)


@contextmanager
def limited():
    """Stops a run that hangs: by a signal, and should it hang inside of C, with the whole process."""

    def late(*_):
        raise TooSlow

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    faulthandler.dump_traceback_later(10 * SECONDS, exit=True, file=sys.__stderr__)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        faulthandler.cancel_dump_traceback_later()
        signal.signal(signal.SIGALRM, before)


def answered(arguments: list[str]) -> int:
    """Runs a command line and makes sure that its end is one of the ends there are."""
    out, err, stdin = io.StringIO(), io.StringIO(), sys.stdin
    sys.stdin = io.TextIOWrapper(io.BytesIO(b"1,2\n3,4\n"))
    start = time.perf_counter()
    try:
        with redirect_stdout(out), redirect_stderr(err), limited():
            code = run(arguments)
    finally:
        sys.stdin = stdin
    assert time.perf_counter() - start < SECONDS
    assert code in (0, 1, 2)
    told = err.getvalue()
    if code == 2:
        assert out.getvalue() == ""
        assert told.startswith("explain: ")
        assert told.endswith("\n")
        assert told[:-1].isprintable(), told
        assert len(told) < 2000
    else:
        assert told == ""
        assert out.getvalue() or OUTPUT in " ".join(arguments)
    return code


# Text that was never meant to be typed

CONTROL = "".join(map(chr, range(32))) + "\x7f\x9b\u2028\u202e\ufeff\ud800"
MARKS = "0123456789.,;-+/eEx[](){}=\"'@#%$\\ \t\nnabσ×−∞½٣" + CONTROL
WORDS = (
    "",
    " ",
    "0",
    "-0",
    "1",
    "-1",
    "1e308",
    "-1e308",
    "1e-300",
    "1e999",
    "9" * 39,
    "9" * 400,
    "0." + "0" * 30 + "1",
    "1/3",
    "1/0",
    "nan",
    "inf",
    "True",
    "None",
    "n",
    "P",
    "1,2",
    "1;2",
    "1,2;3",
    "[[1,2],[3,4]]",
    "[" * 60,
    "1," * 200 + "1",
    "3x64x64",
    "0x0",
    "999999999x999999999",
    "-",
    "--",
    "--help",
    "@",
    "@missing.csv",
    "@/dev/zero",
    "@.",
    f"@{FILE}",
    "{x}",
    "{{",
    "%s",
    "[red]x[/red]",
    "\x1b[31m",
    "same",
    "__import__('os')",
)
texts = st.sampled_from(WORDS) | st.text(MARKS, max_size=10) | st.text(max_size=6)


def spoiled(draw, text: str) -> str:
    """A text with one place changed: a piece taken out, doubled, replaced or put in."""
    at = draw(st.integers(0, len(text)))
    to = min(len(text), at + draw(st.integers(0, 3)))
    piece = draw(st.sampled_from(("", text[at:to] * 2, None)))
    return text[:at] + (draw(st.text(MARKS, min_size=1, max_size=2)) if piece is None else piece) + text[to:]


# Command lines


def choices(option) -> st.SearchStrategy[str]:
    """What an option of the program may be given: what it takes, or any text; no place but one is ever written."""
    if option.name == "output":
        return st.sampled_from([OUTPUT, OUTPUT, "missing/x.md", ".", "", " ", "{x}/a.md", "x.docx", "a\x1b/x.svg"])
    kept = getattr(option.type, "choices", None) or ["1", "4", "15", "20", "80", "400", "alpha", "z_1", "L", "P"]
    return st.sampled_from(list(kept)) | texts


OPTIONS = {option.opts[-1]: choices(option) for option in output_options()}


@st.composite
def command_lines(draw, name: str) -> list[str]:
    """An example of a topic, ill-treated: options dropped, doubled, swapped, added, their values spoiled."""
    topic = all_topics()[name]
    words = shlex.split(draw(st.sampled_from(topic.examples)))[2:]
    pairs: list[list[str]] = []
    for word in words:  # a value follows its option; the words before the first option are one value each
        if word.startswith("--") or not pairs or len(pairs[-1]) == 2 or not pairs[-1][0].startswith("--"):
            pairs.append([word])
        else:
            pairs[-1].append(word)
    for _ in range(draw(st.integers(1, 3))):
        _ill_treated(draw, topic, pairs)
    line = [name, *(word for pair in pairs for word in pair)]
    if draw(st.integers(0, 9)) == 0:
        at = draw(st.integers(0, len(line) - 1))
        line[at] = spoiled(draw, line[at])
    if draw(st.integers(0, 3)) == 0:
        option = draw(st.sampled_from(sorted(OPTIONS)))
        line += [option, draw(OPTIONS[option])]
    return line


def _ill_treated(draw, topic, pairs: list[list[str]]) -> None:
    what = draw(st.sampled_from(("spoil", "spoil", "replace", "drop", "double", "swap", "add", "join")))
    if what == "add" or not pairs:
        parameter = draw(st.sampled_from(topic.parameters))
        value = draw(st.sampled_from(parameter.choices) | texts if parameter.choices else texts)
        pairs.append([f"--{parameter.name}", value])
        return
    at, other = draw(st.integers(0, len(pairs) - 1)), draw(st.integers(0, len(pairs) - 1))
    if what == "spoil":
        pairs[at][-1] = spoiled(draw, pairs[at][-1])
    elif what == "replace":
        pairs[at][-1] = draw(texts)
    elif what == "drop":
        del pairs[at]
    elif what == "double":
        pairs.insert(other, list(pairs[at]))
    elif what == "swap":
        pairs[at][-1], pairs[other][-1] = pairs[other][-1], pairs[at][-1]
    else:
        pairs[at] = ["=".join(pairs[at])]


@pytest.mark.parametrize("name", TOPICS)
def test_any_command_line_is_answered(name):
    """An answer, a failed check, or one line that names what is wrong: never an exception, never half of both."""
    codes = set()

    @settings(thorough, max_examples=2400 // len(TOPICS))
    @given(command_lines(name))
    def every(arguments):
        codes.add(answered(arguments))

    every()
    assert {0, 2} <= codes, "neither all good nor all bad, or too little was tried"


# Exam files

SOURCES = {
    **{path.stem: path.read_text("utf-8") for path in sorted(SAMPLES.glob("*.toml"))},
    "new-exam": resources("explain").joinpath("new-exam.toml").read_text("utf-8"),
}
VALUES = (
    "0",
    "-1",
    "1.5",
    "0.30",
    "1e999",
    "1e-999999",
    "nan",
    "-inf",
    "true",
    "1979-05-27",
    "07:32:00",
    "0x" + "f" * 5000,
    "0b1",
    "1" * 400,
    "1" * 5000,
    "[]",
    "[[]]",
    "[1, [2]]",
    "[" * 300 + "]" * 300,
    "{}",
    "{ a = 1 }",
    "[{ a = 1 }]",
    '""',
    '"n"',
    '"1/0"',
    '"1/3"',
    '"{x}"',
    '"@/dev/zero"',
    '"-"',
    r'"\u001b[31m\n\u2028"',
    "'''\n'''",
    '["z_1"]',
    '["z_1", 3]',
    "{ z_1 = 0.5 }",
    '{ P = "4 n" }',
    '{ "{" = [[1]] }',
)
VALUE = re.compile(r"(?<== )[^=\n]+$|(?<=[\[ ])-?[\d.]+(?=[,\] ])", re.MULTILINE)
LINES = (
    "[[question]]",
    "[[question.part]]",
    "[question.expect]",
    "[question]",
    "[]",
    'topic = "attention"',
    'topic = "lstm-params"',
    "scores = [1, 2]",
    "units = 3",
    'features = "n"',
    'find = "alpha"',
    "points = 3",
    '"{x}" = 1',
    "a.b.c = 1",
    "# nothing",
    'text = """',
    "x",
    "=",
)
CHANGES = ("value", "value", "value", "swap", "drop", "move", "double", "insert", "spoil", "cut")


@st.composite
def exam_files(draw, source: str) -> bytes:
    """An exam file, ill-treated: lines, values and bytes of its questions changed."""
    head, *questions = re.split(r"(?=^\[\[question\]\])", source, flags=re.MULTILINE)
    text = head + "".join(draw(st.lists(st.sampled_from(questions), min_size=1, max_size=2)))
    for _ in range(draw(st.sampled_from((1, 1, 2)))):
        text = _changed(draw, text)
    data = text.encode(errors="surrogatepass")
    for _ in range(draw(st.sampled_from((0, 0, 0, 0, 0, 0, 0, 1, 3)))):
        at = draw(st.integers(0, len(data)))
        data = data[:at] + draw(st.binary(max_size=2)) + data[at + draw(st.integers(0, 1)) :]
    return data


def _changed(draw, text: str) -> str:
    lines = text.split("\n")
    at, other = draw(st.integers(0, len(lines) - 1)), draw(st.integers(0, len(lines) - 1))
    what = draw(st.sampled_from(CHANGES))
    places = [match.span() for match in VALUE.finditer(text)]
    if what in ("value", "swap") and places:
        (start, end), (first, last) = draw(st.sampled_from(places)), draw(st.sampled_from(places))
        new = text[first:last] if what == "swap" else draw(st.sampled_from(VALUES))
        return text[:start] + new + text[end:]
    if what == "drop":
        del lines[at]
    elif what == "move":
        lines[at], lines[other] = lines[other], lines[at]
    elif what == "double":
        lines.insert(other, lines[at])
    elif what == "insert":
        lines.insert(at, draw(st.sampled_from(LINES)))
    elif what == "cut":
        return text[: draw(st.integers(0, len(text)))]
    else:
        return spoiled(draw, text)
    return "\n".join(lines)


@st.composite
def random_files(draw) -> bytes:
    """Lines that look like TOML, in any order."""
    name = draw(st.sampled_from(TOPICS))
    own = ("title", "text", "points", "find", "expect", "part", '"{"')
    keys = st.sampled_from([*own, *(parameter.name for parameter in all_topics()[name].parameters)])
    pairs = st.tuples(keys, st.sampled_from(VALUES)).map(" = ".join)
    lines = draw(st.lists(st.one_of(st.sampled_from(LINES), *[pairs] * 5), max_size=4))
    lines += draw(st.sampled_from(([], [], [], [draw(st.text(MARKS, max_size=8))])))
    start = draw(st.sampled_from(("", "[[question]]\n", f'[[question]]\ntopic = "{name}"\n')))
    return (start + "\n".join(lines)).encode(errors="surrogatepass")


def solved(content: bytes) -> set[int]:
    """Solves a file both ways."""
    Path(FILE).write_bytes(content)
    return {answered(["solve", FILE, "--check"]), answered(["solve", FILE])}


@pytest.mark.parametrize("name", SOURCES)
def test_any_exam_file_is_answered(name):
    """A paper, a difference, or one line: never an exception; `--check` and the paper agree about it."""
    seen = set()

    @settings(thorough, max_examples=1800 // len(SOURCES))
    @given(exam_files(SOURCES[name]))
    def every(content):
        codes = solved(content)
        assert len(codes) == 1
        seen.update(codes)

    every()
    assert seen >= {0, 2}, "good files and bad ones were tried"


def test_any_text_is_answered_as_an_exam_file():
    """The same for what was never an exam file."""

    @settings(thorough, max_examples=600)
    @given(random_files())
    def every(content):
        assert len(solved(content)) == 1

    every()
