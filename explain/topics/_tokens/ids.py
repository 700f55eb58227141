"""Ids of tokens as parameters, and the vocabulary that gives each of them a name."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from explain.engine.values import Values
from explain.errors import InputError, amount, shown
from explain.parameters import NUMBER, Matrix
from explain.tokens import LONGEST, Tokens

MOST = 100_000  # ids that may be given
MOST_NAMED = 6  # names of a vocabulary that an error lists


class Ids(Values):
    """Ids of tokens, whole numbers from 0: `2,0,2`."""

    __slots__ = ()

    @classmethod
    def read(cls, name: str, raw: Any) -> Ids:
        """Ids from text, a list or an array.

        >>> Ids.read("ids", "2,0,2").numbers
        [2, 0, 2]

        Raises:
            InputError: rows and columns, too many, or a number that is not whole or below 0.
        """
        if isinstance(raw, Ids):
            return raw
        found = Matrix.read(name, raw)
        if len(found.shape) == 2 and 1 not in found.shape:
            raise InputError(
                f"{{{name}}} has {found.shape[0]} rows: the ids of one sequence stand in one row, as 2,0,2"
            )
        row = found.reshape((1, len(found)))
        if len(row) > MOST:
            raise InputError(f"{{{name}}} has {len(row)} ids: at most {MOST} are looked up; give fewer")
        for at in range(len(row)):
            text = row.text((0, at))
            if not text.isdecimal():
                raise InputError(f"{{{name}}} has {text} as number {at + 1}: an id is a whole number from 0, such as 2")
        return cls(row.shape, [row.text((0, at)) for at in range(len(row))])

    @property
    def numbers(self) -> list[int]:
        """The ids as whole numbers."""
        return [int(self.text((0, at))) for at in range(len(self))]


class Targets:
    """Tokens by name or by id: `learn,the` or `1,2`."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[str]) -> None:
        self.items = tuple(items)

    @classmethod
    def read(cls, name: str, raw: Any) -> Targets:
        """Names or ids from text, a list or an array.

        >>> Targets.read("target", "learn, the").items, Targets.read("target", [1, 2]).items
        (('learn', 'the'), ('1', '2'))

        Raises:
            InputError: an empty or overlong name, or a number that is no id.
        """
        if isinstance(raw, Targets):
            return raw
        if hasattr(raw, "__array__") or (isinstance(raw, Sequence) and not all(isinstance(one, str) for one in raw)):
            ids = Ids.read(name, raw)
            return cls([ids.text((0, at)) for at in range(len(ids))])
        items = Tokens.read(name, raw).items
        for at, item in enumerate(items, 1):
            if NUMBER.fullmatch(item) and not item.isdecimal():
                raise InputError(
                    f"{{{name}}} has {item} as number {at}: an id is a whole number from 0, or give a name"
                )
        return cls(items)

    def ids(self, name: str, vocabulary: Tokens | None, size: int, option: str, line: str) -> list[int]:
        """The ids: a name that is in the vocabulary is looked up there, else a whole number is the id itself.

        Args:
            size: how many tokens there are, one for each `line` of what `option` gives.

        Raises:
            InputError: an id that is too large, a name that is not in the vocabulary, or that has none.
        """
        known = {} if vocabulary is None else {token: at for at, token in enumerate(vocabulary.items)}
        found = []
        for at, item in enumerate(self.items, 1):
            if item in known:
                found.append(known[item])
            elif item.isdecimal():
                found.append(within(name, at, item, size, option, line))
            elif vocabulary is None:
                raise InputError(f"{{{name}}} has the name {shown(item)}: give {{vocabulary}} too, or ids from 0")
            else:
                found.append(looked_up(name, at, item, vocabulary))
        return found


def within(name: str, at: int, text: str, size: int, option: str, line: str) -> int:
    """An id that is in the vocabulary.

    Raises:
        InputError: it is too large.
    """
    if len(text) > 9 or int(text) >= size:
        only = "the only id is 0" if size == 1 else f"ids run from 0 to {size - 1}"
        has = f"{amount(size, line)}, one a token"
        raise InputError(f"{{{name}}} has {shown(text)} as number {at}, but {{{option}}} has {has}: {only}")
    return int(text)


def looked_up(name: str, at: int, token: str, vocabulary: Tokens) -> int:
    """The id of a token, its place in the vocabulary counted from 0.

    Raises:
        InputError: it is not there; the nearest name is offered.
    """
    if token in vocabulary.items:
        return vocabulary.items.index(token)
    near = get_close_matches(token[:LONGEST], vocabulary.items, 1)
    listed = ", ".join(map(shown, vocabulary.items[:MOST_NAMED])) + (", …" if len(vocabulary) > MOST_NAMED else "")
    hint = f"did you mean {shown(near[0])}?" if near else f"it has {listed}"
    raise InputError(f"{{{name}}} has {shown(token)} as number {at}, which is not in {{vocabulary}}: {hint}")


def checked_vocabulary(vocabulary: Tokens | None, size: int, option: str, line: str) -> tuple[str, ...] | None:
    """The names of a vocabulary of `size` tokens, each of them once; None where none are given.

    Raises:
        InputError: more or fewer names than tokens, or a name that stands twice.
    """
    if vocabulary is None:
        return None
    if len(vocabulary) != size:
        names, has = amount(len(vocabulary), "name"), amount(size, line)
        raise InputError(f"{{vocabulary}} has {names}, but {{{option}}} has {has}: one name a {line}")
    for at, token in enumerate(vocabulary.items):
        if token in vocabulary.items[:at]:
            raise InputError(f"{{vocabulary}} has {shown(token)} twice: every token stands there once; leave one out")
    return vocabulary.items


def as_values(ids: Sequence[int]) -> Values:
    """Ids in a row."""
    return Values((1, len(ids)), [str(number) for number in ids])
