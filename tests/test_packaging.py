"""What is installed is whole: the wheel and the source distribution carry all that they need."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from configparser import ConfigParser
from pathlib import Path

import pytest

import explain

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution, built from a copy of the tree."""
    source, target = tmp_path_factory.mktemp("source") / "tree", tmp_path_factory.mktemp("built")
    ignored = shutil.ignore_patterns(".git", ".venv", "*.egg-info", "__pycache__", "build", "dist", ".*_cache")
    shutil.copytree(ROOT, source, ignore=ignored)
    done = subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(target), str(source)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return target


def test_wheel_and_sdist_carry_every_module(built: Path) -> None:
    """Every file of the package is in both."""
    wanted = {str(path.relative_to(ROOT)) for path in (ROOT / "explain").rglob("*.py")} | {"explain/py.typed"}
    wanted |= {
        str(path.relative_to(ROOT)) for kind in ("toml", "json") for path in (ROOT / "explain").rglob(f"*.{kind}")
    }
    wheel = set(zipfile.ZipFile(next(built.glob("*.whl"))).namelist())
    assert wanted <= wheel
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        packed = {name.partition("/")[2] for name in archive.getnames()}
    assert wanted | {"README.md", "LICENSE", "setup.cfg", "pyproject.toml"} <= packed
    assert not any(name.startswith("tests") for name in wheel)


def test_wheel_installs_and_answers(built: Path, tmp_path: Path) -> None:
    """The wheel alone, away from the source tree, answers through its module."""
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            str(tmp_path),
            str(next(built.glob("*.whl"))),
        ],
        check=True,
    )
    done = subprocess.run(
        [sys.executable, "-m", "explain", "lstm-params", "--units", "30", "--features", "1"],
        check=False, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert "3840" in done.stdout
    assert done.returncode == 0


def test_core_needs_four_packages_only() -> None:
    """SymPy, NumPy, Rich and click; everything else is an extra."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg")
    needed = [line.split()[0] for line in settings["options"]["install_requires"].split("\n") if line]
    assert needed == ["click", "numpy", "rich", "sympy"]
    assert explain.__version__ == "0.1.0"
