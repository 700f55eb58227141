"""Tab completion in the shells themselves: what is typed and completed in an interactive bash, zsh and fish.

Each shell starts with the line of README in its start-up file, in a terminal of its own; a key that no shell uses
writes the command line as it stands to a file. That is what the user would run on Enter.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
KEY, CLEAR = "\x18p", "\x15"  # Ctrl-X p; Ctrl-U
PATIENCE = 60  # seconds for one answer, on a busy machine

COMPLETED = {
    # what is typed before Tab, and the command line after it
    "explain embedding-p": "explain embedding-params ",
    "explain top": "explain topics ",
    "explain --ver": "explain --version ",
    "explain attention --sco": "explain attention --scores ",
    "explain attention --d-": "explain attention --d-k ",
    "explain attention --d_": "explain attention --d_k ",
    "explain attention --mask c": "explain attention --mask causal ",
    "explain attention --scores 1,2 --mask n": "explain attention --scores 1,2 --mask none ",
    "explain attention --format mark": "explain attention --format markdown ",
    "explain attention --detail f": "explain attention --detail full ",
    "explain mlp --activation sig": "explain mlp --activation sigmoid ",
    "explain mlp --x -2,3 --W '1,2;3,4' --act": "explain mlp --x -2,3 --W '1,2;3,4' --activation ",
    "explain mlp --x @a.csv --act": "explain mlp --x @a.csv --activation ",
    "explain attention -o note": "explain attention -o notes.md ",
    # nothing to complete: the line stays, and no message is written into it
    "explain atention --sco": "explain atention --sco",
    "explain attention --frob": "explain attention --frob",
}

STARTED = {
    # the shell as it is started, and its start-up file; the line that README gives stands where %s is
    "bash": (
        ["bash", "--noprofile", "--rcfile", ".bashrc", "-i"],
        ".bashrc",
        '%s\nbind -x \'"\\C-xp": printf "%%s|\\n" "$READLINE_LINE" >> lines\'\nPS1=\'$ \'\n',
    ),
    "zsh": (
        ["zsh", "-d", "-i"],
        ".zshrc",
        "autoload -Uz compinit && compinit -u\n%s\nPS1='$ '\nunsetopt beep\nbindkey -e\n"
        "keep() { print -r -- \"$BUFFER|\" >> lines }\nzle -N keep\nbindkey '^Xp' keep\n",
    ),
    "fish": (
        ["fish", "-i"],
        ".config/fish/config.fish",
        "set -g fish_greeting\n%s\nfunction keep; printf '%%s|\\n' (commandline) >> lines; end\nbind \\cxp keep\n",
    ),
}


def installation(shell: str) -> str:
    """The line of README that turns completion on, as it stands in a start-up file."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    line = re.search(rf"^(.*_EXPLAIN_COMPLETE={shell}_source explain.*?)(?:  +#.*)?$", readme, re.MULTILINE)
    assert line is not None
    return line[1]


def why_not(shell: str) -> str:
    """Why a shell cannot be tested here; empty where it can."""
    if shutil.which(shell) is None:
        return f"{shell} is not installed"
    if shell == "bash":
        version = subprocess.check_output(["bash", "-c", "echo ${BASH_VERSINFO[0]} ${BASH_VERSINFO[1]}"])
        if tuple(map(int, version.split())) < (4, 4):
            return "click completes in bash 4.4 and later; this one is older"
    return ""


class Session:
    """An interactive shell in a terminal of its own."""

    def __init__(self, shell: str, home: Path) -> None:
        command, start_up, text = STARTED[shell]
        (home / start_up).parent.mkdir(parents=True, exist_ok=True)
        (home / start_up).write_text(text % installation(shell))
        self.lines = home / "lines"
        self.lines.touch()
        (home / "notes.md").touch()
        launcher = home / "bin" / "explain"
        launcher.parent.mkdir()
        launcher.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m explain "$@"\n')
        launcher.chmod(0o755)
        environment = {
            "PATH": f"{launcher.parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(home),
            "ZDOTDIR": str(home),
            "XDG_CONFIG_HOME": str(home / ".config"),
            "XDG_DATA_HOME": str(home / ".data"),
            "PYTHONPATH": str(ROOT),
            "INPUTRC": os.devnull,
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
        }
        self.process, self.terminal = pty.fork()
        if self.process == 0:
            try:
                os.chdir(home)
                os.execvpe(command[0], command, environment)
            finally:  # never two test runs
                os._exit(127)
        self.shown = b""

    def completed(self, typed: str) -> str:
        """The command line after Tab."""
        return self.ask(f"{typed}\t{KEY}{CLEAR}")

    def start(self) -> None:
        """Wait until the shell reads keys: it may drop what is typed before."""
        end = time.monotonic() + PATIENCE
        while not self.lines.read_text():
            assert time.monotonic() < end, self.shown[-2000:]
            os.write(self.terminal, KEY.encode())
            self.wait(0.5)
        self.wait(0.5)

    def ask(self, keys: str) -> str:
        """What the key writes after these keys."""
        before = len(self.kept())
        os.write(self.terminal, keys.encode())
        end = time.monotonic() + PATIENCE
        while len(self.kept()) == before or not self.lines.read_text().endswith("\n"):
            assert time.monotonic() < end, self.shown[-2000:]
            self.wait(0.02)
        return self.kept()[-1]

    def kept(self) -> list[str]:
        """The lines that the key wrote, without the empty ones from before the first question."""
        return [line.removesuffix("|") for line in self.lines.read_text().splitlines() if line != "|"]

    def wait(self, seconds: float) -> None:
        """Let the shell work, and read what it shows, so that it is not held up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.terminal], [], [], left)[0]:
                self.shown += os.read(self.terminal, 65536)

    def close(self) -> None:
        """End the shell."""
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.terminal)


@pytest.mark.filterwarnings("ignore:This process.*multi-threaded:DeprecationWarning")  # the child only starts a shell
@pytest.mark.parametrize("shell", STARTED)
def test_tab_completes(shell: str, tmp_path: Path) -> None:
    """Commands, options and choices are completed; an option in the spelling that was begun, once."""
    if why_not(shell):
        pytest.skip(why_not(shell))
    session = Session(shell, tmp_path)
    try:
        session.start()
        assert {typed: session.completed(typed) for typed in COMPLETED} == COMPLETED
        shown = session.shown.decode(errors="replace")
        assert "explain: " not in shown
        assert "Traceback" not in shown
        assert "not found" not in shown
    finally:
        session.close()
