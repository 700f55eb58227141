"""Names of tokens as a parameter: `Thinking,Machines`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.errors import InputError, amount, shown

MOST = 1024
LONGEST = 24  # characters of a name: longer ones would push the numbers off the page


class Tokens:
    """Names of tokens, one a row of a matrix: `Thinking,Machines`, a list of names."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[str]) -> None:
        self.items = tuple(items)

    @classmethod
    def read(cls, name: str, raw: Any) -> Tokens:
        """The names: by commas, else by spaces.

        >>> Tokens.read("tokens", "Thinking, Machines").items, Tokens.read("tokens", "the cat sat").items
        (('Thinking', 'Machines'), ('the', 'cat', 'sat'))

        Raises:
            InputError: an empty name, one of more than 24 characters, with curly brackets or what cannot be printed.
        """
        if isinstance(raw, Tokens):
            return raw
        if isinstance(raw, str):
            items = raw.split(",") if "," in raw else raw.split()
        elif isinstance(raw, Sequence) and all(isinstance(item, str) for item in raw):
            items = list(raw)
        else:
            items = [str(raw)]
        items = [item.strip() for item in items]
        if not items or not all(items):
            raise InputError(f"{{{name}}} is {shown(raw) or 'empty'}: an empty name; write it like Thinking,Machines")
        if len(items) > MOST:
            raise InputError(f"{{{name}}} has {len(items)} names: at most {MOST} are read; leave it out")
        for item in items:
            if len(item) > LONGEST:
                raise InputError(f"{{{name}}} has {shown(item)}: at most {LONGEST} characters a name; shorten it")
            if "{" in item or "}" in item:
                raise InputError(f"{{{name}}} has {shown(item)}: curly brackets cannot stand in a name; write ( or [")
            if not item.isprintable():
                raise InputError(f"{{{name}}} has {shown(item)}: a name holds characters that cannot be printed")
        return cls(items)

    def __len__(self) -> int:
        return len(self.items)


def named(tokens: Tokens | None, at: int, kind: str = "token") -> str:
    """What a sentence calls row `at`, counted from 0: its name, or `token 1`.

    >>> named(Tokens(["Thinking"]), 0), named(None, 0, "query")
    ('Thinking', 'query 1')
    """
    return tokens.items[at] if tokens is not None else f"{kind} {at + 1}"


def names_for(name: str, tokens: Tokens | None, option: str, rows: int, what: str = "row") -> tuple[str, ...] | None:
    """The names, one for each of `rows` rows of what `option` gives; None where there are none.

    Raises:
        InputError: there are more or fewer names than rows.
    """
    if tokens is None:
        return None
    if len(tokens) != rows:
        names, has = amount(len(tokens), "name"), amount(rows, what)
        raise InputError(f"{{{name}}} has {names}, but {{{option}}} has {has}: one name a {what}")
    return tokens.items
