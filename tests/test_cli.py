"""The command as a process: exit codes, streams, files, terminals, locales; and the same through Python."""

from __future__ import annotations

import io
import os
import pty
import re
import shlex
import signal
import stat
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules

import numpy as np
import pytest

import explain
from explain import cli, commands
from explain.listing import short
from explain.topics import FIELDS, all_topics, declared, topics_of

TOPICS = sorted(all_topics())
COMMAND = [sys.executable, "-m", "explain"]
MLP = shlex.split("mlp --x -2,3 --W 0.5,-0.2 --b 0.1 --activation sigmoid --target 1 --loss binary-cross-entropy")
SCORES = ["attention", "--scores", "112,96"]
LONG = shlex.split(
    "mlp --x 1,2,3,4 --W '1,2,3,4;1,2,3,4;1,2,3,4' --W '1,2,3;1,2,3' --activation tanh --target 1,2 "
    "--loss squared-error --detail full"
)
ESCAPE = "\x1b"


LEFT_OUT = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE")


def environment(**changed: str | None) -> dict[str, str]:
    """The environment of this process without what changes the output, and with what a test asks for."""
    plain = {key: value for key, value in os.environ.items() if key not in LEFT_OUT}
    plain |= {"TERM": "xterm-256color", "PYTHONUTF8": "1"} | changed
    return {key: value for key, value in plain.items() if value is not None}


def call(*arguments: str, **options) -> subprocess.CompletedProcess[str]:
    """`explain …` as a process of its own, its output piped."""
    options.setdefault("env", environment())
    return subprocess.run(
        [*COMMAND, *arguments], capture_output=True, encoding="utf-8", timeout=60, check=False, **options
    )


def in_terminal(*arguments: str, columns: int = 100, **changed: str | None) -> tuple[int, str]:
    """`explain …` with a terminal as its output: exit code, and what was written to it."""
    import fcntl
    import struct
    import termios

    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    with subprocess.Popen(
        [*COMMAND, *arguments], stdin=follower, stdout=follower, stderr=follower, env=environment(**changed)
    ) as process:
        os.close(follower)
        written = b""
        while True:
            try:
                piece = os.read(leader, 65536)
            except OSError:  # the other side has gone
                break
            if not piece:
                break
            written += piece
        os.close(leader)
    return process.returncode, written.decode().replace("\r\n", "\n")


def test_bare_explain_shows_three_examples_that_run():
    """Whoever types `explain` alone learns what it can do, and nothing has failed."""
    shown = call()
    assert (shown.returncode, shown.stderr) == (0, "")
    examples = re.findall(r"^  explain (.+)$", shown.stdout, re.MULTILINE)
    assert len(examples) == 3
    for example in examples:
        assert call(*shlex.split(example)).returncode == 0, example


def test_version():
    """`--version` prints the one version of the package."""
    for option in ("--version", "-V"):
        assert call(option).stdout == f"explain {explain.__version__}\n"


def test_help_lists_every_topic():
    """`--help` and `topics` list what can be asked, with its title."""
    helped, listed = call("--help"), call("topics")
    assert helped.returncode == listed.returncode == 0
    for name, topic in all_topics().items():
        assert name in helped.stdout
        assert " ".join(f"{name} {topic.title} {short(topic.source)}".split()) in " ".join(listed.stdout.split())
    assert "topics" in helped.stdout


def test_what_is_listed_is_what_is_declared():
    """Protects the list that is read from the files: no topic is missed, none has another title or module."""
    loaded = {}
    for module in iter_modules(explain.topics.__path__):
        for topic in topics_of(import_module(f"explain.topics.{module.name}")):
            if topic.function.__module__ == f"explain.topics.{module.name}":
                loaded[topic.name] = (topic.title, module.name, topic.field, topic.source)
    assert {name: tuple(entry[:4]) for name, entry in declared().items()} == loaded
    assert {entry.field for entry in declared().values()} == set(FIELDS)
    assert all(entry.source for entry in declared().values())


@pytest.mark.parametrize("command", [(), ("topics",), *((name,) for name in TOPICS)], ids=" ".join)
def test_help_ends_with_an_example_that_runs(command, capsys):
    """The last thing a help page says can be pasted into the shell."""
    assert cli.run([*command, "--help"]) == 0
    example = " ".join(capsys.readouterr().out.rpartition("Example:")[2].split())
    assert example.startswith("explain ")
    assert cli.run(shlex.split(example)[1:]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("name", TOPICS)
def test_every_example_of_a_topic_runs(name, capsys):
    """All examples of a docstring work, not only the one that the help page shows."""
    assert all_topics()[name].examples
    for example in all_topics()[name].examples:
        assert cli.run(shlex.split(example)[1:]) == 0
        out, err = capsys.readouterr()
        assert err == "", example
        assert "✗" not in out


CLOSED = {
    "mlp": MLP,
    "plain": [*MLP, "--format", "terminal"],
    "colour": [*MLP, "--format", "terminal", "--color", "always"],
    "long": LONG,
    "help": ["--help"],
    "topics": ["topics"],
    "bare": [],
}


@pytest.mark.parametrize("unbuffered", [None, "1"], ids=["", "unbuffered"])
@pytest.mark.parametrize("arguments", CLOSED.values(), ids=CLOSED)
def test_a_closed_pipe_is_no_error(arguments, unbuffered):
    """`explain … | head -1` ends quietly, however much was still to be written."""
    with subprocess.Popen(
        [*COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(PYTHONUNBUFFERED=unbuffered),
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0


def test_a_full_disk_is_said_in_one_line():
    """What cannot be written is an error of its own, without a traceback."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with open("/dev/full", "w") as full:
        ran = subprocess.run(
            [*COMMAND, *SCORES], stdout=full, stderr=subprocess.PIPE, env=environment(), encoding="utf-8", check=False
        )
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert ran.stderr.startswith("explain: ")


@pytest.mark.parametrize("arguments", [SCORES, ["--help"], ["nonsense"]], ids=["answer", "help", "error"])
def test_closed_streams_are_no_traceback(arguments):
    """`explain … >&-` has nowhere to write: still no traceback."""
    line = shlex.join([*COMMAND, *arguments])
    ran = subprocess.run(
        ["sh", "-c", f"{line} >&-"], stderr=subprocess.PIPE, env=environment(), encoding="utf-8", check=False
    )
    assert "Traceback" not in ran.stderr


def test_interrupt_is_130(monkeypatch):
    """Ctrl-C while an answer is worked: the exit code that shells expect."""

    def interrupted(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(commands, "deliver", interrupted)
    assert cli.run(SCORES) == 130


def test_an_interrupt_from_the_keyboard_is_130_without_traceback():
    """The same as a signal to the process, while it works."""
    wait = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "  # a background job is deaf to it
    wait += "import explain.cli as c, explain.commands as m, time, sys; "
    wait += "m.deliver = lambda *_: (print('up', flush=True), time.sleep(60)); "
    with subprocess.Popen(
        [sys.executable, "-c", wait + f"sys.exit(c.run({SCORES!r}))"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    ) as process:
        assert process.stdout.readline() == b"up\n"
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=20) == 130
        assert b"Traceback" not in process.stderr.read()


def test_a_failed_check_is_exit_code_one(monkeypatch):
    """An answer whose own check fails is not a success."""
    monkeypatch.setattr("explain.engine.answer.Answer.passed", property(lambda _: False))
    assert cli.run(SCORES) == 1


def test_a_failed_check_that_is_printed_is_a_failure(capsys):
    """A page with ✗ on it and an exit code of 0 would contradict each other."""
    for line in ("mlp --x -800 --W 1 --activation sigmoid", "mlp --x 1 --W 1 --activation tanh"):
        code = cli.run(shlex.split(line))
        assert (code == 1) == ("✗" in capsys.readouterr().out)


@pytest.mark.parametrize(
    ("suffix", "begins"), [(".md", "# "), (".markdown", "# "), (".txt", "Scaled"), (".TXT", "Scaled")]
)
def test_a_file_is_written_whole(tmp_path, suffix, begins):
    """`-o` takes the format from the suffix, writes everything, replaces what was there and leaves nothing beside."""
    file = tmp_path / f"answer{suffix}"
    file.write_text("old", encoding="utf-8")
    ran = call(*SCORES, "-o", str(file))
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    text = file.read_text("utf-8")
    assert text.startswith(begins + "Scaled"[: 6 if begins == "# " else 0])
    assert text.endswith("\n")
    assert "0.8808" in text
    assert ESCAPE not in text
    assert os.listdir(tmp_path) == [file.name]
    assert file.stat().st_mode & 0o777 == 0o666 & ~_umask()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_a_file_says_what_the_pipe_says(tmp_path):
    """One answer, one Markdown: the file is the piped text; `--format` overrules the suffix."""
    assert call(*SCORES, "-o", "a.md", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.md").read_text("utf-8") == call(*SCORES).stdout
    assert call(*SCORES, "-o", "a.data", "--format", "terminal", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.data").read_text("utf-8") == call(*SCORES, "--format", "terminal").stdout


def test_a_pipe_is_written_to_and_not_replaced(tmp_path):
    """`-o /dev/stdout` and the like: a file must not take the place of what is no file."""
    pipe = tmp_path / "answer.md"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    assert cli.run(["attention", "--scores", "112,96", "-o", str(pipe)]) == 0
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert os.read(reader, 65536).decode().startswith("# Scaled dot-product attention")
    os.close(reader)


@pytest.mark.parametrize("place", ["missing/answer.md", "file.md/answer.md", "folder.md"])
def test_a_place_that_cannot_be_written(tmp_path, place):
    """A folder that is not there, a file for a folder, a folder for a file: one line, and nothing left behind."""
    (tmp_path / "file.md").write_text("kept", encoding="utf-8")
    (tmp_path / "folder.md").mkdir()
    ran = call(*SCORES, "--output", str(tmp_path / place))
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("explain: --output is ")
    assert ran.stderr.count("\n") == 1
    assert sorted(os.listdir(tmp_path)) == ["file.md", "folder.md"]
    assert (tmp_path / "file.md").read_text("utf-8") == "kept"


def test_a_folder_without_permission(tmp_path):
    """An unwritable folder is unusable input too."""
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    tmp_path.chmod(0o500)
    ran = call(*SCORES, "-o", str(tmp_path / "answer.md"))
    tmp_path.chmod(0o700)
    assert ran.returncode == 2
    assert ran.stderr.startswith("explain: --output is ")


def test_an_unusable_option_leaves_the_file_alone(tmp_path):
    """Options are checked before anything is written."""
    file = tmp_path / "answer.md"
    file.write_text("kept", encoding="utf-8")
    assert call(*SCORES, "-o", str(file), "--digits", "99").returncode == 2
    assert file.read_text("utf-8") == "kept"


def test_a_pipe_gets_markdown():
    """Piped output is Markdown without a single escape code; `--format terminal` gives the plain page."""
    piped = call(*SCORES)
    assert piped.stdout.startswith("# Scaled dot-product attention\n")
    assert "$$" in piped.stdout
    assert ESCAPE not in piped.stdout
    page = call(*SCORES, "--format", "terminal")
    assert page.stdout.startswith("Scaled dot-product attention\n═")
    assert ESCAPE not in page.stdout
    coloured = call(*SCORES, "--format", "terminal", "--color", "always").stdout
    assert ESCAPE in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == page.stdout


@pytest.mark.parametrize("chosen", [[], ["--format", "markdown"], ["--format", "terminal"]], ids=" ".join)
def test_color_never_changes_the_format(chosen, capsys):
    """`--color` chooses colour and nothing else."""
    shown = set()
    for color in ([], ["--color", "auto"], ["--color", "always"], ["--color", "never"]):
        assert cli.run([*SCORES, *chosen, *color]) == 0
        shown.add(_plain(capsys.readouterr().out))
    assert len(shown) == 1


def test_color_never_changes_the_format_of_a_terminal():
    """Without colour a terminal still gets the page, not Markdown."""
    assert _plain(in_terminal(*SCORES, "--color", "never")[1]) == _plain(in_terminal(*SCORES)[1])


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def colours(text: str) -> list[str]:
    """The escape codes that set a colour; bold, dim and italic are none."""
    return [
        code for code in re.findall(r"\x1b\[([0-9;]*)m", text) if re.search(r"(^|;)(3[0-8]|4[0-8]|9\d|10\d)(;|$)", code)
    ]


def test_a_terminal_gets_colour():
    """In a terminal the page is drawn in its width and in colour; NO_COLOR and `--color never` turn colour off."""
    code, text = in_terminal(*MLP, columns=70)
    assert code == 0
    assert _plain(text).startswith("Multilayer perceptron")
    assert len(set(colours(text))) > 3
    assert max(map(len, _plain(text).split("\n"))) <= 70
    assert not colours(in_terminal(*MLP, NO_COLOR="1")[1])
    assert ESCAPE not in in_terminal(*MLP, TERM="dumb")[1]


def test_the_option_outranks_the_environment():
    """`--color never` writes no escape code at all, `--color always` colours although NO_COLOR is set."""
    assert ESCAPE not in in_terminal(*SCORES, "--color", "never")[1]
    assert colours(call(*SCORES, "--format", "terminal", "--color", "always", env=environment(NO_COLOR="1")).stdout)


def test_an_explicit_choice_of_markdown_in_a_terminal():
    """`--format markdown` prints in a terminal exactly what a pipe would get."""
    code, text = in_terminal(*SCORES, "--format", "markdown")
    assert code == 0
    assert text == call(*SCORES).stdout


def test_a_terminal_page_has_the_width_of_the_terminal():
    """`--width` overrules the terminal; without it very wide terminals are not filled."""
    widest = {
        columns: max(map(len, _plain(in_terminal(*MLP, columns=columns)[1]).split("\n"))) for columns in (60, 300)
    }
    assert widest[60] <= 60 < widest[300] <= 120
    assert max(map(len, _plain(in_terminal(*MLP, "--width", "50", columns=200)[1]).split("\n"))) <= 50


ASCII = [
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": None},
    {"PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"},
]


def printed(lines: list[list[str]], **locale: str | None) -> list[bytes]:
    """What several command lines print, run in one process of that locale."""
    code = (
        f"import sys; from explain.cli import run\nfor a in {lines!r}: assert run(a) == 0; print(chr(12), flush=True)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment(**locale), check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    return ran.stdout.split(b"\f")[:-1]


@pytest.mark.parametrize("locale", ASCII, ids=["ascii", "C", "latin-1"])
@pytest.mark.parametrize(
    "chosen",
    [[], ["--format", "terminal"], ["--format", "terminal", "--color", "always"]],
    ids=["markdown", "plain", "colour"],
)
def test_a_locale_without_utf8_gets_ascii(chosen, locale):
    """Terminal page and Markdown in pure ASCII, without error and without characters thrown away."""
    examples = [shlex.split(line)[1:] for topic in all_topics().values() for line in topic.examples]
    for shown in printed([[*line, *chosen] for line in [MLP, *examples]], **locale):
        assert shown.isascii()
        assert b"?" not in shown


@pytest.mark.parametrize("locale", ASCII[:2], ids=["ascii", "C"])
def test_help_in_a_locale_without_utf8_is_ascii(locale):
    """Help and listing are output like any other: signs that the locale lacks must not become bytes of another."""
    for shown in printed([["--help"], ["topics"], [], ["--version"], *([name, "--help"] for name in TOPICS)], **locale):
        assert shown.isascii()


def test_an_error_in_a_locale_without_utf8():
    """A message with a character that the locale lacks still arrives, in one line."""
    ran = subprocess.run(
        [*COMMAND, "attention", "--scores", "∞"], capture_output=True, env=environment(**ASCII[1]), check=False
    )
    assert ran.returncode == 2
    assert ran.stderr.isascii()
    assert ran.stderr.count(b"\n") == 1


def test_a_file_is_utf8_in_every_locale(tmp_path):
    """What is written to a file does not depend on the terminal."""
    for at, locale in enumerate([{}, *ASCII]):
        assert call(*SCORES, "-o", str(tmp_path / f"{at}.md"), env=environment(**locale)).returncode == 0
    assert len({file.read_bytes() for file in tmp_path.iterdir()}) == 1


def test_a_dash_and_an_underscore_are_one_option(capsys):
    """`--d-k` and `--d_k` are the same; `--d-k=` and the last of several too."""
    outs = []
    for option in (["--d-k", "16"], ["--d_k", "16"], ["--d-k=16"], ["--d_k=16"], ["--d-k", "3", "--d_k", "16"]):
        assert cli.run([*SCORES, *option]) == 0
        outs.append(capsys.readouterr().out)
    assert len(set(outs)) == 1
    assert "{16}" in outs[0]


def test_upper_and_lower_case_differ(capsys):
    """`--W` and `--w` are different options: W is a matrix of weights, w would be a vector."""
    assert cli.run(["mlp", "--x", "1", "--w", "1", "--activation", "tanh"]) == 2
    assert "--w" in capsys.readouterr().err
    assert cli.run(["attention", "--q", "1", "--K", "1"]) == 2
    assert cli.run(["attention", "--Q", "1", "--K", "1"]) == 0


def test_a_negative_number_is_a_value():
    """`--x -2,3` begins with a dash and is a value all the same."""
    assert cli.run(shlex.split("mlp --x -2,3 --W -1,-.5 --activation identity --width 60")) == 0


def test_find_shows_only_what_leads_there(capsys):
    """`--find` keeps the steps that are needed, numbered from one."""
    assert cli.run([*MLP, "--find", "z_1"]) == 0
    out = capsys.readouterr().out
    assert re.findall(r"^### (\d+)\.", out, re.MULTILINE) == ["1"]
    assert "Backward" not in out
    assert cli.run([*MLP, "--find", "z_1", "--find", "z_1"]) == 0
    assert capsys.readouterr().out == out, "asked for twice is asked for once"


def test_one_value_of_several_numbers(capsys):
    """With one key `--V 1,2` is one row of two numbers, and the gradient that arrives has two as well."""
    assert cli.run(shlex.split("attention --Q 1 --K 1 --V 1,2 --dZ 3,4")) == 0, capsys.readouterr().err


def test_the_three_levels_of_detail_differ(capsys):
    """brief is shorter than exam, exam shorter than full."""
    sizes = []
    for detail in ("brief", "exam", "full"):
        assert cli.run([*MLP, "--detail", detail]) == 0
        sizes.append(len(capsys.readouterr().out))
    assert sizes[0] < sizes[1] < sizes[2]


def test_shell_completion():
    """Completion offers topics, options and choices."""

    def offered(words: str, at: int) -> str:
        asked = environment(_EXPLAIN_COMPLETE="bash_complete", COMP_WORDS=words, COMP_CWORD=str(at))
        return subprocess.run(
            ["explain"], executable=str(console), capture_output=True, text=True, env=asked, check=False
        ).stdout

    console = Path(sys.executable).with_name("explain")
    if not console.exists():
        pytest.skip("not installed as a command")
    assert "attention" in offered("explain att", 1)
    assert "--d-k" in offered("explain attention --d", 2)
    assert "causal" in offered("explain attention --mask ca", 3)
    assert "markdown" in offered("explain attention --format mark", 3)


EVERY = """
from importlib import import_module
from pkgutil import iter_modules
for module in iter_modules(import_module("{0}").__path__):
    import_module("{0}." + module.name)
"""


def heavy_after(code: str) -> set[str]:
    """Which of the slow libraries are loaded once the code has run."""
    report = (
        "import sys; print(*{name.split('.')[0] for name in sys.modules} & {'sympy', 'numpy', 'rich'}, file=sys.stderr)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, env=environment(), check=False
    )
    assert ran.returncode == 0, ran.stderr
    return set(ran.stderr.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import explain",
        "import explain; explain.attention; explain.lstm_params.parameters",
        "from explain.cli import run; run(['--help'])",
        "from explain.cli import run; run(['topics'])",
        "from explain.cli import run; run([])",
        "from explain.cli import run; run(['--version'])",
        "from explain.cli import run; run(['mlp', '--help'])",
        "from explain.cli import run; run(['mpl', '--help'])",
        "from explain.topics import all_topics; all_topics()",
        EVERY.format("explain.engine.nodes"),
        EVERY.format("explain.topics"),
    ],
)
def test_help_does_not_wait_for_slow_libraries(code):
    """SymPy alone takes ten times what click takes: it is loaded when something is worked, not before."""
    assert heavy_after(code) == set()


def test_markdown_does_not_wait_for_rich():
    """Piped output needs no Rich."""
    assert "rich" not in heavy_after(f"from explain.cli import run; run({SCORES!r})")


def test_python_returns_the_answer_that_the_command_prints(capsys):
    """`from explain import attention` gives the same page as the command, and its numbers as arrays."""
    from explain import attention
    from explain.engine.answer import Answer

    answer = attention(scores=[112, 96])
    assert isinstance(answer, Answer)
    assert cli.run(SCORES) == 0
    assert answer.to_markdown() == capsys.readouterr().out == answer._repr_markdown_()
    assert isinstance(answer["alpha"].value, np.ndarray)
    assert answer["alpha"].value == pytest.approx(np.array([[0.8807970779778823, 0.11920292202211755]]), abs=1e-15)
    assert answer["alpha"].sympy is not None
    assert answer.passed
    assert answer.results == ["z_1"]
    assert attention(scores=[112, 96], find="alpha").names[-1] == "alpha"
    with pytest.raises(KeyError, match="alpha, z_1"):
        answer["beta"]


def test_python_takes_what_programs_have():
    """Text, nested lists, tuples and arrays are the same matrix."""
    forms = [
        "1,2;3,4",
        [[1, 2], [3, 4]],
        ((1, 2), (3, 4)),
        [["1", "2"], ["3", "4"]],
        np.array([[1, 2], [3, 4]]),
        [np.array([1, 2]), np.array([3, 4])],
    ]
    values = [explain.attention(scores=form)["A"].value for form in forms]
    for value in values[1:]:
        np.testing.assert_array_equal(value, values[0])
    assert explain.lstm_params(units=np.int64(30), features=1)["P"].value.item() == 3840


def test_unknown_names_in_python():
    """A topic that does not exist is an AttributeError, a parameter that does not exist an InputError."""
    with pytest.raises(AttributeError, match="nonsense"):
        explain.nonsense  # noqa: B018
    with pytest.raises(ImportError):
        from explain import atention  # noqa: F401
    with pytest.raises(explain.InputError, match="d_k") as caught:
        explain.attention(scores="1,2", dk=3)
    assert isinstance(caught.value, ValueError)
    assert "--" not in str(caught.value)
    assert not hasattr(explain, "__wrapped__")


def test_printing_an_answer(capsys):
    """`print(answer)` shows the page of 80 columns."""
    print(explain.attention(scores="112,96"))
    shown = capsys.readouterr().out
    assert shown.startswith("Scaled dot-product attention")
    assert max(map(len, shown.split("\n"))) <= 80


def test_run_returns_and_does_not_leave(monkeypatch):
    """`run` gives back an exit code, so that programs may call it; its output goes where stdout goes."""
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    assert cli.run(SCORES) == 0
    assert cli.run(["--help"]) == 0
    assert cli.run(["--version"]) == 0
    assert out.getvalue().startswith("# Scaled")
