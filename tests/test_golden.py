"""What is printed, whole: every row as a terminal page of 80 and 120 columns and as Markdown.

Rewrite with `python -m pytest tests/test_golden.py --rewrite-golden` and read the diff as you would read prose.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pypandoc
import pytest

from explain.cli import run
from explain.render.glyphs import width_of
from tests.rows import ROWS

GOLDEN = Path(__file__).parent / "golden"
FORMS = {
    "80.txt": ["--format", "terminal", "--width", "80"],
    "120.txt": ["--format", "terminal", "--width", "120"],
    "md": ["--format", "markdown"],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("name", ROWS)
def test_page_is_as_kept(
    name: str, form: str, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    """Nothing that is printed changes unseen."""
    code = run([*shlex.split(ROWS[name])[1:], *FORMS[form]])
    printed = capsys.readouterr().out
    assert code == 0
    kept = GOLDEN / f"{name}.{form}"
    if request.config.getoption("--rewrite-golden"):
        kept.write_text(printed, encoding="utf-8")
    assert printed == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ROWS)
def test_markdown_mathematics_parses(name: str) -> None:
    """Pandoc reads every formula of every golden page without a warning."""
    text = (GOLDEN / f"{name}.md").read_text(encoding="utf-8")
    html = pypandoc.convert_text(
        text, "html", format="gfm+tex_math_dollars", extra_args=["--mathml", "--fail-if-warnings"]
    )
    assert "<math" in html


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.*")), ids=lambda path: path.name)
def test_golden_file_has_a_row(path: Path) -> None:
    """No golden file outlives its command."""
    assert path.name.split(".")[0] in ROWS


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.name)
def test_lines_fit(path: Path) -> None:
    """No line of a golden terminal page is wider than its terminal."""
    width = int(path.name.split(".")[1])
    assert max(map(width_of, path.read_text(encoding="utf-8").splitlines())) <= width
