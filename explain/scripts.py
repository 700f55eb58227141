"""Program text as a parameter: a file, standard input, or the code itself; nothing of it is imported or run."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from explain.errors import InputError, shown
from explain.parameters import PASTED
from explain.streams import opened, standard_input

LARGEST = 1_000_000  # bytes
LARGEST_NOTEBOOK = 50_000_000  # with its outputs
TYPOGRAPHIC = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\ufeff": ""})


class Code:
    """Program text, and the name of the file it comes from (empty where it was typed)."""

    __slots__ = ("name", "text")
    POSITIONAL: ClassVar[bool] = True  # it follows the command without an option

    def __init__(self, text: str, name: str = "") -> None:
        self.text, self.name = text, name

    @classmethod
    def read(cls, name: str, raw: Any) -> Code:
        """The text of a file (`model.py`, `@model.py`, a notebook), of standard input (`-`), or what was typed itself.

        >>> Code.read("code", "Sequential([Dense(1)])").text
        'Sequential([Dense(1)])'

        Raises:
            InputError: no such file, no text, too long.
        """
        if isinstance(raw, Code):
            return raw
        text = str(raw)
        if text.strip() == "-":
            return cls(cls._text(_where(name, "-"), standard_input(_where(name, "-"), LARGEST, "name a file")))
        if text.startswith("@") and "\n" not in text and not text.startswith("@tf."):
            return cls._of_file(name, text[1:])
        if "\n" in text or any(bracket in text for bracket in "([{") or len(text) > 4000:
            return cls._of_file(name, text) if _is_file(text) else cls._typed(name, text)
        if not text.strip():
            raise InputError(f"{_where(name)} is empty: give a file, - for standard input, or the code itself")
        return cls._of_file(name, text)

    @classmethod
    def _typed(cls, name: str, text: str) -> Code:
        if len(text.encode("utf-8", "replace")) > LARGEST:
            raise InputError(f"{_where(name)} has more than {LARGEST // 10**6} MB of text: give what has the model")
        return cls(text.translate(PASTED).translate(TYPOGRAPHIC))

    @classmethod
    def _of_file(cls, name: str, path: str) -> Code:
        where = _where(name, path)
        notebook = path.lower().endswith(".ipynb")
        with opened(where, os.path.expanduser(path), "name a file, or give the code itself") as stream:
            data = stream.read((LARGEST_NOTEBOOK if notebook else LARGEST) + 1)
        return cls(cls._text(where, _cells(where, data) if notebook else data), os.path.basename(path))

    @staticmethod
    def _text(where: str, data: bytes) -> str:
        if len(data) > LARGEST:
            raise InputError(f"{where} has more than {LARGEST // 10**6} MB: give the file that holds the model")
        if not data.strip():
            raise InputError(f"{where} is empty: it must hold the code of a model")
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = data.count(b"\n", 0, error.start) + 1
            raise InputError(f"{where}: line {line} is not text in UTF-8: save it as a Python file in UTF-8") from error
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def __str__(self) -> str:
        return self.name or "the code"


class Script(Code):
    """Program text that follows an option."""

    __slots__ = ()
    POSITIONAL: ClassVar[bool] = False


def _where(name: str, source: str = "") -> str:
    """What a message speaks of: an option, or the value that follows the command."""
    called = "the code" if name == "code" else f"{{{name}}}"
    return f"{called} {shown(source, 100)}" if source else called


def _is_file(text: str) -> bool:
    """Whether a text with brackets is the name of a file."""
    if "\n" in text or len(text) > 255:
        return False
    try:
        return os.path.isfile(os.path.expanduser(text))
    except (OSError, ValueError):
        return False


def _cells(where: str, data: bytes) -> bytes:
    """The code of a notebook, one cell after the other."""
    import json

    if len(data) > LARGEST_NOTEBOOK:
        raise InputError(f"{where} has more than {LARGEST_NOTEBOOK // 10**6} MB: clear its outputs")
    try:
        cells = json.loads(data)["cells"]
        found = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{where} is no notebook that can be read: save its code as a Python file") from error
    return "\n\n".join(found).encode("utf-8", "replace")
