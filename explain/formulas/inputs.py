"""The kinds of parameter that a formula brings: the formula itself, and values for its names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from explain.engine.values import Values
from explain.errors import InputError, shown
from explain.formulas.grammar import parse
from explain.formulas.tree import Statement
from explain.formulas.words import plain_name, tokens
from explain.parameters import Matrix

MOST_INPUTS = 200


class Formula:
    """A formula as it was typed, its statements, and how each name was typed: `{"eta": "η"}`."""

    __slots__ = ("statements", "text", "typed")
    POSITIONAL: ClassVar[bool] = True  # it follows the command without an option

    def __init__(self, text: str, statements: Sequence[Statement], typed: Mapping[str, str]) -> None:
        self.text = text
        self.statements = list(statements)
        self.typed = typed

    @classmethod
    def read(cls, name: str, raw: Any) -> Formula:
        """A formula from text.

        >>> str(Formula.read("formula", "f = (x + y)*z").statements[0].tree)
        '(* (+ x y) z)'
        """
        if isinstance(raw, Formula):
            return raw
        if not isinstance(raw, str):
            raise InputError(f"{name} is {shown(raw)}: write it as a text, such as 'f = (x + y)*z'")
        typed: dict[str, str] = {}
        for token in tokens(raw, name):
            if token.kind == "name":
                typed.setdefault(token.text, token.told)
        return cls(raw, parse(raw, name), typed)

    @property
    def inputs(self) -> dict[str, int]:
        """The names that no statement defines, in order, each with its column."""
        found: dict[str, int] = {}
        defined: set[str] = set()
        for statement in self.statements:
            for name, column in statement.tree.names.items():
                if name not in defined:
                    found.setdefault(name, column)
            defined.add(statement.target)
        return found


class Inputs:
    """Values for the names of a formula: words `w0=2`, a mapping, or every name that the topic does not declare."""

    __slots__ = ("values",)
    LOOSE: ClassVar[bool] = True

    def __init__(self, values: Mapping[str, Values]) -> None:
        self.values = dict(values)

    @classmethod
    def read(cls, name: str, raw: Any) -> Inputs:
        """Values from words, pairs or a mapping; a single number has the shape (), a list is a column.

        >>> Inputs.read("values", ["x=1,-1", "W=1,2;3,4"]).values["x"].shape
        (2, 1)

        Raises:
            InputError: a word without `=`, a name that is none or stands twice, no numbers.
        """
        if isinstance(raw, Inputs):
            return raw
        found: dict[str, Values] = {}
        for given, value in _pairs(raw):
            plain = plain_name(given)
            if plain is None:
                raise InputError(f"{shown(given)} is not a name that a formula can have: write w0=2")
            if plain in found:
                raise InputError(f"{{{given}}} is given twice: keep one value")
            if len(found) == MOST_INPUTS:
                raise InputError(f"{{{name}}} has more than {MOST_INPUTS} names: give fewer")
            found[plain] = cls.value(given, value)
        return cls(found)

    @staticmethod
    def value(name: str, raw: Any) -> Values:
        """One number as a number, a list as a column."""
        read = Matrix.read(name, raw)
        if len(read) == 1:
            return read.reshape(())
        return read.reshape((len(read), 1)) if len(read.shape) == 1 else read

    @classmethod
    def joined(cls, own: Any, others: Mapping[str, Any]) -> list[tuple[str, Any]]:
        """What was given under the parameter's own name, and what was given beside it."""
        return [*([] if own is None else _pairs(own)), *others.items()]


def _pairs(raw: Any) -> list[tuple[str, Any]]:
    if isinstance(raw, Mapping):
        return list(raw.items())
    words = raw.split() if isinstance(raw, str) else list(raw)
    return [word if isinstance(word, tuple) else _pair(word) for word in words]


def _pair(word: Any) -> tuple[str, Any]:
    given, told, value = str(word).partition("=")
    if not told:
        raise InputError(f"{shown(word)} is no value: a value is written w0=2, and the formula stands in quotes")
    return given.strip(), value.strip()
