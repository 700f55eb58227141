"""Names of program text as parameters: values for those that it leaves open, and the name of something in it."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Any

from explain.errors import InputError, shown
from explain.parameters import PASTED

LONGEST_VALUE = 1_000  # characters


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


class Name:
    """The name of something in the code, such as a class: `Encoder`, `models.encoder`."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    @classmethod
    def read(cls, name: str, raw: Any) -> Name:
        """A name from text.

        >>> Name.read("which", " Encoder ").text
        'Encoder'

        Raises:
            InputError: it is no name.
        """
        text = str(raw).strip()
        if isinstance(raw, Name):
            return raw
        if not all(part.isidentifier() for part in text.split(".")) or len(text) > 200:
            raise InputError(f"{{{name}}} is {shown(text) or 'empty'}: give a name of the code, such as Encoder")
        return cls(text)
