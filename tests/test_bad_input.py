"""Input that cannot be used: exit code 2, one line on standard error that names the option, and nothing else."""

from __future__ import annotations

import io
import re
import shlex
import time
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import explain
from explain.cli import run
from explain.topics import all_topics

MLP = "mlp --x 1,2 --W 1,2 --activation sigmoid "
ONE = "attention --scores 1,2 "
LSTM = "lstm-params --features 1 "

REFUSED = [
    # shapes
    ("mlp --x 1,2,3 --W 1,2 --activation tanh", "--W", "1x2", "3 columns"),
    ("mlp --x 1,2 --W 1;2 --activation tanh", "--W", "2x1", "transposed"),
    ("mlp --x 1,2 --W '1,2;3' --activation tanh", "--W", "row 1", "row 2"),
    ("mlp --x 1,2 --W '1,2;3,4' --W 1,2,3 --activation tanh", "--W", "number 2", "1x3", "2 columns"),
    (MLP + "--b 1 --b 2", "--b", "2 times"),
    (MLP + "--b 1,2", "--b", "2 numbers"),
    (MLP + "--b '1,2;3,4'", "--b", "2x2"),
    (MLP + "--target 1,2 --loss squared-error", "--target", "2 numbers"),
    ("attention --Q 1,2 --K 1,2,3", "--K", "1x3", "1x2"),
    (ONE + "--V 1,2,3", "--V", "3x1", "2 rows"),
    (ONE + "--V '1;2' --dZ 1,2", "--dZ", "1x2", "1x1"),
    ("attention --Q 1 --K 1 --V 1,2 --dZ 1", "--dZ", "1x1", "1x2"),
    # what is no number
    (MLP.replace("1,2", "a,b", 1), "--x", "a", "number"),
    (MLP.replace("1,2", "1,two", 1), "--x", "two", "number"),
    (MLP.replace("1,2", "nan,1", 1), "--x", "nan", "finite"),
    (MLP.replace("1,2", "1,inf", 1), "--x", "inf", "finite"),
    (MLP.replace("1,2", "1,-Infinity", 1), "--x", "-Infinity", "finite"),
    (MLP.replace("1,2", "∞,1", 1), "--x", "∞", "finite"),
    (MLP.replace("1,2", "1e999,1", 1), "--x", "1e999", "1e308"),
    (MLP.replace("1,2", "1e-999,1", 1), "--x", "1e-999", "1e-300"),
    (MLP.replace("1,2", "1/0,1", 1), "--x", "1/0", "denominator"),
    (MLP.replace("1,2", "1_000,1", 1), "--x", "1_000"),
    (MLP.replace("1,2", "0x10,1", 1), "--x", "0x10"),
    (MLP.replace("1,2", "1+1,1", 1), "--x", "1+1"),
    (MLP.replace("1,2", "1,,2", 1), "--x", "nothing"),
    (MLP.replace("1,2", "0." + "1" * 60 + ",1", 1), "--x", "40 characters"),
    (ONE + "--d-k x", "--d-k", "x", "number"),
    (ONE + "--d-k 1,2", "--d-k", "1,2"),
    (ONE + "--d-k ''", "--d-k", "nothing"),
    # nothing at all
    ("attention --scores ''", "--scores", "empty"),
    ("attention --scores=", "--scores", "empty"),
    ("attention --scores ' '", "--scores"),
    ("attention --scores []", "--scores", "[]"),
    ("attention --scores [[]]", "--scores", "[[]]"),
    ("attention --scores ,", "--scores"),
    ("attention --scores ';'", "--scores"),
    # brackets
    ("attention --scores [[1,2],[3,4]", "--scores", "brackets"),
    ("attention --scores [[1,2]", "--scores", "brackets"),
    ("attention --scores [1,2", "--scores", "brackets"),
    ("attention --scores [1,2]]", "--scores", "brackets"),
    ("attention --scores ]1,2[", "--scores", "brackets"),
    ("attention --scores [[1,2],[3,4]]]", "--scores", "brackets"),
    ("attention --scores [[[1,2],[3,4]]]", "--scores", "brackets"),
    ("attention --scores '1,2]'", "--scores", "2]"),
    ("attention --scores '(1,2)'", "--scores", "(1"),
    # sizes
    (LSTM + "--units 0", "--units", "0", "whole number from 1"),
    (LSTM + "--units -3", "--units", "-3"),
    (LSTM + "--units 2.5", "--units", "2.5"),
    (LSTM + "--units 1e3", "--units", "1e3"),
    (LSTM + "--units ''", "--units", "empty"),
    (LSTM + "--units 'n m'", "--units", "n m"),
    (LSTM + "--units " + "9" * 400, "--units", "400 digits"),
    (LSTM + "--units " + "n" * 400, "--units"),
    (ONE + "--d-k 0", "--d-k", "0", "positive"),
    (ONE + "--d-k -1", "--d-k", "-1", "positive"),
    ("attention --Q 1,2 --K 3,4 --d-k 64", "--d-k", "64", "2 columns"),
    # names that do not exist
    ("mlp --x 1 --W 1 --activation sigmod", "--activation", "sigmod", "did you mean sigmoid?"),
    ("mlp --x 1 --W 1 --activation Sigmoid", "--activation", "did you mean sigmoid?"),
    ("mlp --x 1 --W 1 --activation leaky_relu", "--activation", "did you mean leaky-relu?"),
    ("mlp --x 1 --W 1 --activation cubist", "--activation", "choose", "relu"),
    (MLP + "--target 1 --loss binary-crossentropy", "--loss", "did you mean binary-cross-entropy?"),
    (ONE + "--mask casual", "--mask", "casual", "did you mean causal?"),
    (ONE + "--find nope", "--find", "nope", "alpha, z_1"),
    (ONE + "--find ''", "--find", "alpha, z_1"),
    (ONE + "--find Z_1", "--find", "Z_1", "z_1"),
    # what does not go together
    ("attention", "--scores", "--Q", "missing"),
    ("attention --Q 1,2", "--K", "missing"),
    (ONE + "--Q 1,2", "--scores", "--Q"),
    (ONE + "--dZ 1", "--V", "missing"),
    (LSTM, "--units", "missing", "explain lstm-params"),
    ("mlp --x 1 --W 1", "--activation", "missing"),
    (MLP + "--target 1", "--loss", "missing", "squared-error"),
    (MLP + "--loss squared-error", "--target", "missing"),
    (MLP + "--target 1.5 --loss binary-cross-entropy", "--target", "[0, 1]"),
    (MLP + "--target -0.1 --loss binary-cross-entropy", "--target", "[0, 1]"),
    ("mlp --x 1 --W '1;2' --activation softmax --target 1,1 --loss cross-entropy", "--target", "sum"),
    ("mlp --x 3 --W 1 --activation relu --target 1 --loss binary-cross-entropy", "--activation", "probabilities"),
    ("mlp --x 1 --W '1;1' --W 1,1 --activation softmax", "--activation", "last layer"),
    ("mlp --x 1 --W 1 --activation tanh --activation tanh", "--activation", "2 times"),
    # numbers that overflow on the way
    ("attention --scores 1e308,1e308 --d-k 1e-300", "--"),
    ("mlp --x 1e308,1e308 --W 10,10 --activation identity", "--"),
    # options of the program
    (ONE + "--digits 0", "--digits", "1 to 15"),
    (ONE + "--digits 16", "--digits", "1 to 15"),
    (ONE + "--digits ''", "--digits", "1 to 15"),
    (ONE + "--digits 2.5", "--digits", "2.5"),
    (ONE + "--digits ²", "--digits", "²"),
    (ONE + "--width 5", "--width", "20 to 400"),
    (ONE + "--width 100000000000", "--width", "20 to 400"),
    (ONE + "--width ''", "--width", "20 to 400"),
    (ONE + "--width wide", "--width", "wide"),
    (ONE + "--format markdwon", "--format", "did you mean markdown?"),
    (ONE + "--format ''", "--format"),
    (ONE + "--detail exams", "--detail", "did you mean exam?"),
    (ONE + "--color red", "--color", "auto, always, never"),
    (ONE + "-o answer.docx", "--output", "answer.docx", ".md"),
    (ONE + "-o answer", "--output", "answer", ".md"),
    (ONE + "-o ''", "--output"),
    # words of the command line
    (ONE + "--scroes 1", "--scroes", "did you mean --scores?"),
    (ONE + "--dk 1", "--dk", "did you mean --d"),
    (ONE + "--SCORES 1", "--SCORES"),
    (ONE + "--frobnicate", "--frobnicate"),
    (ONE + "-z 3", "-z"),
    ("--frobnicate", "--frobnicate"),
    ("attention --scores", "--scores"),
    # text that would be read as something else
    ("attention --scores {scores}", "--scores", "{scores}"),
    (ONE + "--find {x}", "--find", "{x}"),
    (ONE + "--find '{find}}{'", "--find", "{find}}{"),
    (ONE + "--mask {}", "--mask", "{}"),
    ("attention --scores '1,[red]2[/red]'", "--scores", "[red]"),
    (ONE + "--find '[bold]z[/bold]'", "--find", "[bold]z[/bold]"),
    (ONE + "--find %s", "--find", "%s"),
]

NO_OPTION = [
    ("attenton --scores 1,2", "attenton", "did you mean attention?"),
    ("lstm_params --units 1", "lstm_params", "did you mean lstm-params?"),
    ("MLP --x 1", "MLP", "did you mean mlp?"),
    ("frobnicate", "frobnicate", "explain topics"),
    ("'[red]x[/red]'", "[red]x[/red]", "explain topics"),
    ("'{x}'", "{x}", "explain topics"),
    ("attention 1,2", "1,2"),
    ("topics extra", "extra"),
]


def complaint(arguments: list[str], capsys) -> str:
    """The one line that a refused command line is answered with."""
    code = run(arguments)
    out, err = capsys.readouterr()
    assert code == 2, (code, out[:200], err)
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1, err
    assert err.startswith("explain: ")
    assert "Traceback" not in err
    assert all(mark.isprintable() for mark in err[:-1]), repr(err)
    return err


@pytest.mark.parametrize(("line", "option", "fragments"), [(case[0], case[1], case[2:]) for case in REFUSED])
def test_one_line_that_names_the_option(line, option, fragments, capsys):
    """Unusable input is refused by name, with what was given and what belongs there."""
    told = complaint(shlex.split(line), capsys)
    assert option in told
    for fragment in fragments:
        assert fragment in told


@pytest.mark.parametrize(("line", "fragments"), [(case[0], case[1:]) for case in NO_OPTION])
def test_one_line_that_names_the_word(line, fragments, capsys):
    """A command that does not exist gets the nearest name, a word too many is named."""
    told = complaint(shlex.split(line), capsys)
    for fragment in fragments:
        assert fragment in told


@pytest.mark.parametrize(
    "value",
    [
        "1,2\n3",
        "a\nb",
        "\x1b[31m1\x1b[0m",
        "1,\x00",
        "\r1,2x",
        "1\u2028x",
        "\u202e1,x",
        "\ud800",
        "1,2\x07",
        "x" * 5000,
    ],
)
def test_control_characters_do_not_reach_the_terminal(value, capsys):
    """Escape sequences and line breaks in a value stay out of the message: it is one line, and a short one."""
    told = complaint(["attention", "--scores", value], capsys)
    assert "--scores" in told
    assert len(told) < 400
    assert "\x1b" not in told
    assert "\x1b" not in complaint(["attention", "--scores", "1,2", "--find", value], capsys)
    assert "\x1b" not in complaint([value], capsys)


@pytest.mark.parametrize(
    "code", ["__import__('os').system('x')", "9**9**9", "lambda:0", "exec('x')", "().__class__", "E**I"]
)
def test_code_is_text(code, capsys):
    """Nothing that is typed is ever evaluated."""
    complaint(["attention", "--scores", code], capsys)
    complaint(["attention", "--scores", "1,2", "--d-k", code], capsys)
    complaint(["lstm-params", "--units", code, "--features", "1"], capsys)
    complaint(["lstm-params", "--units", "1", "--features", code], capsys)


def test_nothing_in_the_program_evaluates_text():
    """No eval, exec or sympify in the sources: what is typed is matched by patterns."""
    root = Path(explain.__file__).parent
    for source in root.rglob("*.py"):
        found = re.search(
            r"(?<![\w.])(eval|exec|compile|__import__)\(|sympify\(|parse_expr|pickle(?!=False)",
            source.read_text("utf-8"),
        )
        assert not found, (source.name, found)


@pytest.mark.parametrize(
    "text",
    [
        "1," * 10**7,
        "1 " * 10**7,
        "1;" * 10**7,
        "1" * 10**7,
        "[" * 10**6,
        "[[1]," * 10**6,
        " " * 10**7,
        "1,[" * 10**6,
        "]" * 10**6,
    ],
    ids=[
        "commas",
        "spaces",
        "rows",
        "digits",
        "brackets",
        "rows in brackets",
        "blanks",
        "open brackets",
        "closed brackets",
    ],
)
def test_ten_million_numbers_are_refused_at_once(text, capsys):
    """A pasted file of numbers is answered in under two seconds, not parsed for minutes."""
    start = time.perf_counter()
    assert "--scores" in complaint(["attention", "--scores", text], capsys)
    assert time.perf_counter() - start < 2


def test_digits_of_other_scripts_are_refused_or_printed_as_digits(capsys):
    """`١,٢` is either no number or the number 1, 2; what a locale cannot print may not get into the answer."""
    code = run(["attention", "--scores", "１,٢", "--format", "terminal"])
    out, err = capsys.readouterr()
    assert (code == 2 and "--scores" in err) or "s = [1  2]" in out


@pytest.mark.parametrize("names", [("P", "P_gate"), ("P_gate", "P"), ("P", "n"), ("n", "P")])
def test_a_symbol_may_not_hide_a_step(names, capsys):
    """`--units P` names what the answer itself defines: refused by name, or given another letter; never a loop."""
    code = run(["lstm-params", "--units", names[0], "--features", names[1]])
    out, err = capsys.readouterr()
    if code == 2:
        assert "--units" in err or "--features" in err
    else:
        assert out.count("P_gate =") + out.count(r"P_{\mathrm{gate}} &=") <= 1


def test_a_plural_is_a_plural(capsys):
    """`1 layers` tells the reader that nobody has read it."""
    for line in (MLP + "--b 1 --b 2", MLP + "--b 1,2", MLP + "--target 1,2 --loss squared-error"):
        assert not re.search(r"\b1 (layers|units|numbers|outputs|samples)\b", complaint(shlex.split(line), capsys))


TEXTS = st.one_of(
    st.text(max_size=12),
    st.text("0123456789.,;-+/eE[] \n", max_size=12),
    st.sampled_from(
        ["1,2", "1", "0", "-1.5,2", "1,2;3,4", "n", "sigmoid", "softmax", "causal", "cross-entropy", "1/3", "1e-8"]
    ),
)
USUAL = {
    # what the other parameters are set to while one is tried
    "attention": [{"scores": "1,2"}, {"Q": "1,2", "K": "3,4", "V": "1,2"}],
    "mlp": [{"x": "1,2", "W": "1,2", "activation": "sigmoid", "target": "1", "loss": "squared-error"}],
    "lstm-params": [{"units": "3", "features": "n"}],
}


@st.composite
def command_lines(draw) -> list[str]:
    """A command line with any text for some of the parameters of any topic."""
    topic = draw(st.sampled_from(sorted(all_topics().values(), key=lambda topic: topic.name)))
    values = dict(draw(st.sampled_from(USUAL.get(topic.name, [{}]))))
    names = [parameter.name for parameter in topic.parameters]
    for name in draw(st.lists(st.sampled_from(names), min_size=1, max_size=3)):
        values[name] = draw(TEXTS)
    if draw(st.booleans()):
        values[draw(st.sampled_from(["find", "digits", "width", "format", "detail", "color"]))] = draw(TEXTS)
    return [topic.name, *(f"--{name}={value}" for name, value in values.items())]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(command_lines())
def test_any_text_is_answered(arguments):
    """Whatever is typed: an answer, or one line; never an exception."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = run(arguments)
    assert code in (0, 1, 2)
    if code == 2:
        assert out.getvalue() == ""
        assert err.getvalue().startswith("explain: ")
        assert err.getvalue().count("\n") == 1
    else:
        assert err.getvalue() == ""
        assert "nan" not in out.getvalue().lower()


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(TEXTS, max_size=3))
def test_any_words_are_answered(words):
    """The command itself may be anything."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as err:
        assert run(words) in (0, 2)
    assert err.getvalue().count("\n") <= 1


BAD_CALLS = [
    ("attention", {"scores": [[1, 2], [3]]}, "scores"),
    ("attention", {"scores": []}, "scores"),
    ("attention", {"scores": None, "Q": None}, "scores"),
    ("attention", {"scores": "1,2", "d_k": float("nan")}, "d_k"),
    ("attention", {"scores": "1,2", "d_k": 0}, "d_k"),
    ("attention", {"scores": {"a": 1}}, "scores"),
    ("attention", {"scores": object()}, "scores"),
    ("attention", {"scores": "1,2", "dk": 4}, "d_k"),
    ("attention", {"scores": "1,2", "mask": None, "d_k": True}, "d_k"),
    ("lstm_params", {"units": 2.5, "features": 1}, "units"),
    ("lstm_params", {"units": True, "features": 1}, "units"),
    ("lstm_params", {"units": -1, "features": 1}, "units"),
    ("mlp", {"x": [1, 2], "W": [], "activation": "tanh"}, "W"),
    ("mlp", {"x": [1, 2], "W": [[1, 2]], "activation": []}, "activation"),
    ("mlp", {"x": [[[1.0]]], "W": [[1, 2]], "activation": "tanh"}, "x"),
]


@pytest.mark.parametrize(("topic", "values", "name"), BAD_CALLS, ids=range(len(BAD_CALLS)))
def test_a_program_is_told_the_same_with_plain_names(topic, values, name):
    """From Python the same refusal is a ValueError that names the keyword, not the option."""
    with pytest.raises(explain.InputError, match=rf"\b{name}\b") as caught:
        getattr(explain, topic)(**values)
    assert "--" not in str(caught.value)
    assert "\n" not in str(caught.value)
