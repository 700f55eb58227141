"""The tokens that ask and the tokens that are looked at: one sequence, or two in cross-attention."""

from __future__ import annotations

from typing import NamedTuple

from explain.errors import InputError
from explain.tokens import Tokens, named, names_for

Names = tuple[str, ...] | None


class Sequences(NamedTuple):
    """The names of the queries' tokens and of the keys', and whether they are the same tokens."""

    queries: Names
    keys: Names
    same: bool

    def query(self, at: int) -> str:
        """What a sentence calls query `at`, counted from 0."""
        return _called(self.queries, at, "token" if self.same else "query")

    def key(self, at: int) -> str:
        """What a sentence calls key `at`, counted from 0."""
        return _called(self.keys, at, "token" if self.same else "key")


def _called(names: Names, at: int, kind: str) -> str:
    """A name; where several tokens have the same, its place too."""
    called = named(None if names is None else Tokens(names), at, kind)
    return f"{called} ({at + 1})" if names is not None and names.count(called) > 1 else called


def sequences(
    tokens: Tokens | None,
    memory_tokens: Tokens | None,
    queries: tuple[str, int],
    keys: tuple[str, int],
    crossed: bool | None = None,
    what: tuple[str, str] = ("row", "row"),
) -> Sequences:
    """The names on both sides.

    Args:
        queries, keys: the option that gives each, and how many rows it has.
        crossed: keys and values come from another sequence; None where the names alone say so.
        what: what a query and a key is of the options that give them.

    Raises:
        InputError: there are more or fewer names than rows.
    """
    if memory_tokens is not None and crossed is False:
        raise InputError(
            "{memory_tokens} names the rows of {memory}, which is missing: name the rows of {X} with {tokens}"
        )
    asking = names_for("tokens", tokens, *queries, what[0])
    if crossed or memory_tokens is not None:
        return Sequences(asking, names_for("memory_tokens", memory_tokens, *keys, what[1]), False)
    same = queries[1] == keys[1]
    return Sequences(asking, asking if same else None, same)
