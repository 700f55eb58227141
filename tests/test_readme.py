"""README tells the truth: every command prints what stands under it, every line of Python gives what it says."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from explain.cli import run as run_command
from explain.topics import all_topics
from tests.readme import README, Command, blocks, matches, run
from tests.rows import ROWS


@pytest.mark.parametrize("block", blocks(), ids=lambda block: block[0].text[:50])
def test_commands_print_what_stands_there(block: list[Command], tmp_path: Path) -> None:
    """Each command in a terminal of 80 columns, in the order and the folder of a reader."""
    for command in block:
        printed = run(command.text, tmp_path)
        assert matches(command.printed, printed), "\n".join([f"$ {command.text}", *printed])


def test_python_examples_run() -> None:
    """The Python session gives what README says."""
    text = re.search(r"```python\n(>>>.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert text is not None
    result = doctest.DocTestRunner(verbose=False)
    result.run(doctest.DocTestParser().get_doctest(text[1], {}, "README", "README.md", 0))
    assert result.failures == 0
    assert result.tries >= 6


def test_the_exam_file_that_is_shown_is_solved(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The questions in README are a paper whose expectations hold, and whose wrong printed answer is told."""
    shown = re.search(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert shown is not None
    (tmp_path / "paper.toml").write_text(shown[1], encoding="utf-8")
    assert run_command(["solve", str(tmp_path / "paper.toml"), "--check"]) == 0
    assert "1 expectation holds; the printed answer is wrong" in capsys.readouterr().out


def test_the_example_topic_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The topic that README adds is a whole topic: a file of its own, found without registration."""
    source = next(
        block
        for block in re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
        if "@topic" in block
    )
    imports = (
        "from __future__ import annotations\n"
        "from typing import Annotated\n"
        "from explain.declare import topic\n"
        "from explain.engine.answer import Answer\n"
        "from explain.engine.prose import say\n"
        "from explain.engine.worksheet import Worksheet\n"
        "from explain.parameters import Matrix, as_column\n"
    )
    (tmp_path / "dense.py").write_text(imports + source, encoding="utf-8")
    import explain.topics

    monkeypatch.setattr(explain.topics, "__path__", [*explain.topics.__path__, str(tmp_path)])
    assert "dense" in all_topics()
    assert run_command(["dense", "--x", "1,2", "--w", "0.5,-0.5", "--format", "terminal"]) == 0
    assert "0.5·1 + (-0.5)·2" in capsys.readouterr().out


def test_every_topic_has_a_golden_row() -> None:
    """No topic is without a page that was read."""
    assert {command.split()[1] for command in ROWS.values()} == set(all_topics())


def test_the_picture_is_what_the_program_draws(tmp_path: Path) -> None:
    """The picture in README is the program's own, as it draws it now, without a link to a font."""
    assert run_command(["attention", "--scores", "112,96", "-o", str(tmp_path / "attention.svg")]) == 0
    drawn = (tmp_path / "attention.svg").read_text(encoding="utf-8")
    assert drawn == (README.parent / "samples" / "attention.svg").read_text(encoding="utf-8")
    assert re.findall(r"https?://[^\"' ]+", drawn) == ["http://www.w3.org/2000/svg"]
