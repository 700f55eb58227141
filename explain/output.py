"""Where an answer goes, and in what form: terminal, pipe or file."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from explain.errors import InputError, shown

if TYPE_CHECKING:
    from explain.engine.answer import Answer
    from explain.render.glyphs import Glyphs
    from explain.render.layout import Line

SUFFIXES = {".md": "markdown", ".markdown": "markdown", ".txt": "terminal", ".svg": "svg", ".json": "json"}
WIDEST = 120  # wider lines are hard to read; --width asks for them
CHOICES = {
    "detail": ("brief", "exam", "full"),
    "format": ("terminal", "markdown", "svg", "json"),
    "color": ("auto", "always", "never"),
}


@dataclass(frozen=True)
class Output:
    """The output options of one run, checked before anything is computed."""

    format: str
    file: Path | None
    detail: str
    digits: int
    width: int
    color: str

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Output:
        """The options from their texts.

        Raises:
            InputError: an unknown choice, a number out of range, a file whose suffix names no format.
        """
        for name, choices in CHOICES.items():
            if raw[name] is not None and raw[name] not in choices:
                near = get_close_matches(str(raw[name]), choices, 1)
                hint = f"; did you mean {near[0]}?" if near else ""
                raise InputError(f"{{{name}}} is {shown(raw[name])}: choose {', '.join(choices)}{hint}")
        if raw["output"] is not None and not raw["output"].strip():
            raise InputError("{output} is empty: give the name of a file, such as notes.md")
        file = Path(raw["output"]) if raw["output"] else None
        width = _number("width", raw["width"], 20, 400) if raw["width"] is not None else 0
        return cls(
            raw["format"] or _format_of(file),
            file,
            raw["detail"],
            _number("digits", raw["digits"], 1, 15),
            width,
            raw["color"],
        )

    def write(self, document: Document) -> None:
        """Write a document where it is wanted."""
        if self.file is not None:
            write_whole(self.file, self._text(document, ascii_only=False))
        elif self.format != "terminal" or not self._coloured():
            sys.stdout.write(self._text(document, ascii_only=not has_utf8()))
        else:
            self._paint(document)

    def _coloured(self) -> bool:
        return self.color == "always" or (self.color == "auto" and sys.stdout.isatty())

    def _columns(self) -> int:
        """The width of the page: as wanted, else the terminal's, but not too wide to read."""
        return self.width or max(20, min(shutil.get_terminal_size((80, 24)).columns, WIDEST))

    def _text(self, document: Document, ascii_only: bool) -> str:
        from explain.render.glyphs import ASCII, UNICODE, to_ascii

        if self.format == "svg":
            from explain.render.svg import svg

            return svg(document.lines(self.width or 80, UNICODE), self.width or 80)
        if self.format == "json":
            return document.json(ascii_only)
        if self.format == "markdown":
            text = document.markdown()
            return to_ascii(text) if ascii_only else text
        from explain.render.terminal import uncoloured

        width = self._columns() if self.file is None and sys.stdout.isatty() else self.width or 80
        return uncoloured(document.lines(width, ASCII if ascii_only else UNICODE))

    def _paint(self, document: Document) -> None:
        """Colour, through Rich, which honours NO_COLOR and the terminal's abilities."""
        from rich.console import Console

        from explain.render.glyphs import ASCII, UNICODE
        from explain.render.terminal import paint_lines

        always = self.color == "always"
        console = Console(
            width=self._columns(),
            force_terminal=True if always else None,
            no_color=False if always else None,
            legacy_windows=False,
        )
        paint_lines(document.lines(self._columns(), UNICODE if has_utf8() else ASCII), console)


class Document(Protocol):
    """What can be written: an answer, or a solved paper."""

    def lines(self, width: int, glyphs: Glyphs) -> list[Line]:
        """As lines for a terminal."""

    def markdown(self) -> str:
        """As Markdown."""

    def json(self, ascii_only: bool) -> str:
        """As JSON."""


class AnswerDocument:
    """The page of one answer."""

    def __init__(self, answer: Answer, detail: str, digits: int) -> None:
        from explain.page import page

        self.answer = answer
        self.page = page(answer, detail, digits)

    def lines(self, width: int, glyphs: Glyphs) -> list[Line]:
        """As lines for a terminal."""
        from explain.render.terminal import lines

        return lines(self.page, width, glyphs)

    def markdown(self) -> str:
        """As Markdown."""
        from explain.render.markdown import markdown

        return markdown(self.page)

    def json(self, ascii_only: bool) -> str:
        """As JSON."""
        from explain.render.json_page import json_page

        return json_page(self.answer, self.page, ascii_only)


def _format_of(file: Path | None) -> str:
    if file is None:
        return "terminal" if sys.stdout.isatty() else "markdown"
    if file.suffix.lower() not in SUFFIXES:
        raise InputError(
            f"{{output}} is {shown(file)}: its suffix names no format; use {', '.join(SUFFIXES)}, or give {{format}}"
        )
    return SUFFIXES[file.suffix.lower()]


def _number(name: str, raw: Any, low: int, high: int) -> int:
    text = str(raw).strip()
    if not text.isdecimal() or len(text) > 6 or not low <= int(text) <= high:
        raise InputError(f"{{{name}}} is {shown(raw)}: it must be a whole number from {low} to {high}")
    return int(text)


def has_utf8() -> bool:
    """Whether standard output can show Unicode."""
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


def write_whole(file: Path, text: str) -> None:
    """Write a file beside its place and rename it, so that nothing is left half-written; a device is written to.

    Raises:
        InputError: the place cannot be written.
    """
    try:
        if file.is_dir():
            raise IsADirectoryError(21, "is a directory")
        if file.exists() and not file.is_file():  # /dev/null, a pipe: renaming would put a file in its place
            file.write_text(text, encoding="utf-8")
            return
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
        try:
            with open(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            os.chmod(name, 0o666 & ~_umask())
            os.replace(name, file)
        except BaseException:
            os.unlink(name)
            raise
    except OSError as error:
        raise InputError(
            f"{{output}} is {shown(file)}: {(error.strerror or str(error)).lower()}; choose another place"
        ) from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
