"""The commands of README and what they print; run as a module, it puts the present output into README.

A line `[…]` in README stands for lines left out. `python -m tests.readme` rewrites every `console` block,
shortening each long output where it is shortened now.
"""

from __future__ import annotations

import os
import pty
import re
import struct
import subprocess
import sys
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
LEFT_OUT = "[…]"


@dataclass
class Command:
    """A command of README and the lines that stand under it."""

    text: str
    printed: list[str]


def blocks() -> list[list[Command]]:
    """The console blocks of README, in order."""
    return [commands(block) for block in BLOCK.findall(README.read_text(encoding="utf-8"))]


def commands(block: str) -> list[Command]:
    """The commands of one block; a backslash continues a command."""
    found: list[Command] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(Command(line[2:], []))
        elif found[-1].text.endswith("\\") and not found[-1].printed:
            found[-1].text += "\n" + line
        else:
            found[-1].printed.append(line)
    return found


def run(command: str, folder: Path) -> list[str]:
    """What a command prints in a terminal of 80 columns without colour, in a folder that has the samples."""
    if not (folder / "samples").exists():
        (folder / "samples").symlink_to(README.parent / "samples", target_is_directory=True)
    main, side = pty.openpty()
    ioctl(side, TIOCSWINSZ, struct.pack("HHHH", 50, 80, 0, 0))
    environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm-256color", "PYTHONUTF8": "1"}
    environment["PYTHONPATH"] = str(README.parent)
    environment.pop("COLUMNS", None)
    script = f'explain() {{ "{sys.executable}" -m explain "$@"; }}\n{command}'
    with subprocess.Popen(["bash", "-c", script], stdout=side, stderr=side, stdin=side, cwd=folder, env=environment):
        os.close(side)
        chunks: list[bytes] = []
        while chunk := _read(main):
            chunks.append(chunk)
    os.close(main)
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", b"".join(chunks).decode()).replace("\r\n", "\n")
    return [line.rstrip() for line in text.splitlines()]


def _read(main: int) -> bytes:
    try:
        return os.read(main, 65536)
    except OSError:  # the other side is closed
        return b""


def matches(kept: list[str], printed: list[str]) -> bool:
    """Whether README shows what is printed, `[…]` standing for any lines."""
    pieces: list[list[str]] = [[]]
    for line in kept:
        if line.strip() == LEFT_OUT:
            pieces.append([])
        else:
            pieces[-1].append(line)
    if len(pieces) == 1:
        return kept == printed
    at = len(pieces[0])
    if printed[:at] != pieces[0]:
        return False
    for piece in pieces[1:-1]:
        while printed[at : at + len(piece)] != piece:
            at += 1
            if at > len(printed):
                return False
        at += len(piece)
    return printed[max(at, len(printed) - len(pieces[-1])) :] == pieces[-1]


def shortened(kept: list[str], printed: list[str]) -> list[str]:
    """The present output, shortened as README shortens it: as many lines at the start and at the end, and what stands
    between from its first line to its last."""
    if LEFT_OUT not in kept:
        return printed
    head, tail = kept.index(LEFT_OUT), kept[::-1].index(LEFT_OUT)
    out, at = [*printed[:head], LEFT_OUT], head
    middle = kept[head + 1 : len(kept) - tail]
    while middle:
        size = middle.index(LEFT_OUT)
        start = printed.index(middle[0], at)
        at = printed.index(middle[size - 1], start) + 1
        out += [*printed[start:at], LEFT_OUT]
        middle = middle[size + 1 :]
    return [*out, *printed[len(printed) - tail :]]


def refresh(folder: Path) -> None:
    """Put what the commands print now into README."""

    def block(found: re.Match[str]) -> str:
        lines: list[str] = []
        for command in commands(found[1]):
            lines += ["$ " + command.text, *shortened(command.printed, run(command.text, folder))]
        return "```console\n" + "\n".join(lines) + "\n```"

    README.write_text(BLOCK.sub(block, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        refresh(Path(scratch))
    run("explain attention --scores 112,96 -o samples/attention.svg", README.parent)
