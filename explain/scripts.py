"""Program text as a parameter: a file, standard input, or the code itself; and the values of names it leaves open.

Nothing of it is imported or run here: it is text, and a value is read as a literal.
"""

from __future__ import annotations

import ast
import os
import stat
import sys
from collections.abc import Mapping
from typing import Any, ClassVar

from explain.errors import InputError, shown
from explain.parameters import PASTED

LARGEST = 1_000_000  # bytes
LONGEST_VALUE = 1_000  # characters
TYPOGRAPHIC = str.maketrans({"\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'", "\ufeff": ""})


class Code:
    """Program text, and the name of the file it comes from (empty where it was typed)."""

    __slots__ = ("name", "text")
    POSITIONAL: ClassVar[bool] = True  # it follows the command without an option

    def __init__(self, text: str, name: str = "") -> None:
        self.text, self.name = text, name

    @classmethod
    def read(cls, name: str, raw: Any) -> Code:
        """The text of a file (`model.py`, `@model.py`), of standard input (`-`), or what was typed itself.

        >>> Code.read("code", "Sequential([Dense(1)])").text
        'Sequential([Dense(1)])'

        Raises:
            InputError: no such file, no text, too long.
        """
        if isinstance(raw, Code):
            return raw
        text = str(raw)
        if text.strip() == "-":
            return cls(cls._text(_where(name, "-"), _standard_input(_where(name, "-"))))
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
        data = _regular_file(where, os.path.expanduser(path))
        return cls(cls._text(where, data), os.path.basename(path))

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


def _standard_input(where: str) -> bytes:
    try:
        stream = getattr(sys.stdin, "buffer", sys.stdin)
        data = stream.read(LARGEST + 1) if stream is not None else b""
    except (OSError, ValueError) as error:  # closed, or not to be read here
        raise InputError(f"{where}: standard input cannot be read: name a file") from error
    return data.encode() if isinstance(data, str) else bytes(data)


def _regular_file(where: str, path: str) -> bytes:
    """The start of a file, enough to see that it is too large; a pipe or a device might never end."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise InputError(f"{where} is a folder: name a file in it")
        if not stat.S_ISREG(mode):
            raise InputError(f"{where} is a pipe or a device: give - to read standard input")
        with open(path, "rb") as stream:
            return stream.read(LARGEST + 1)
    except InputError:  # a ValueError too
        raise
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise InputError(f"{where}: {reason}: name a file, or give the code itself") from error
    except ValueError as error:  # a zero byte or half a character in the name
        raise InputError(f"{where} is no name of a file: name one, or give the code itself") from error


class Binding:
    """Values for names that the code does not set: `n_steps=3`; in an exam file a table."""

    __slots__ = ("values",)

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = dict(values)

    @classmethod
    def read(cls, name: str, raw: Any) -> Binding:
        """A name with its value, which is a literal: a number, a text, a list or tuple of them, True, False, None.

        >>> Binding.read("let", "n_steps=3").values, Binding.read("let", {"sizes": "(3, 4)"}).values
        ({'n_steps': 3}, {'sizes': (3, 4)})

        Raises:
            InputError: it is not written `name=value`, or the value is no literal.
        """
        if isinstance(raw, Binding):
            return raw
        if isinstance(raw, Mapping):
            return cls({cls._name(name, key): cls._value(name, key, value) for key, value in raw.items()})
        key, told, value = str(raw).translate(PASTED).partition("=")
        if not told:
            raise InputError(f"{{{name}}} is {shown(raw)}: write a name and its value, such as n_steps=3")
        return cls({cls._name(name, key.strip()): cls._value(name, key.strip(), value.strip())})

    @staticmethod
    def _name(name: str, key: Any) -> str:
        if not isinstance(key, str) or not key.isidentifier():
            raise InputError(f"{{{name}}} has the name {shown(key) or 'nothing'}: it must be one name of the code")
        return key

    @staticmethod
    def _value(name: str, key: str, value: Any) -> Any:
        if not isinstance(value, str):
            return tuple(value) if isinstance(value, list) else value
        if len(value) > LONGEST_VALUE:
            raise InputError(f"{{{name}}} {shown(key)} has {len(value)} characters: at most {LONGEST_VALUE} are read")
        try:
            return ast.literal_eval(value)
        except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError) as error:
            if value.isidentifier():
                return value  # a word, as in activation=relu
            told = f"{{{name}}} {shown(key)} is {shown(value) or 'empty'}"
            raise InputError(f"{told}: write a number, a text in quotes or a tuple, such as {shown(key)}=3") from error

    def __str__(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self.values.items())


class Named:
    """The name of something in the code, such as a class: `Encoder`, `models.encoder`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def read(cls, name: str, raw: Any) -> Named:
        """A name from text.

        >>> Named.read("which", " Encoder ").text
        'Encoder'

        Raises:
            InputError: it is no name.
        """
        text = str(raw).strip()
        if isinstance(raw, Named):
            return raw
        if not all(part.isidentifier() for part in text.split(".")) or len(text) > 200:
            raise InputError(f"{{{name}}} is {shown(text) or 'empty'}: give a name of the code, such as Encoder")
        return cls(text)
