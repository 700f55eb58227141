"""Several matrices as one parameter: one a layer, or one a sequence, with | between them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.engine.values import Values
from explain.errors import InputError, shown
from explain.parameters import Matrix

MOST = 10_000


class Matrices:
    """One matrix or several: `1,2;3,4 | 5,6;7,8`, a list of matrices, an array with three axes."""

    __slots__ = ("items",)

    def __init__(self, items: Sequence[Values]) -> None:
        self.items = tuple(items)

    @classmethod
    def read(cls, name: str, raw: Any) -> Matrices:
        """The matrices, each read as a `Matrix`.

        >>> [item.shape for item in Matrices.read("W", "1,2;3,4 | 5,6").items]
        [(2, 2), (2,)]

        Raises:
            InputError: an empty item, or what `Matrix` refuses.
        """
        if isinstance(raw, Matrices):
            return raw
        items = _split(name, raw)
        if len(items) > MOST:
            raise InputError(f"{{{name}}} has {len(items)} matrices: at most {MOST} are worked")
        return cls([Matrix.read(name, item) for item in items])

    def __len__(self) -> int:
        return len(self.items)


def _split(name: str, raw: Any) -> list[Any]:
    if isinstance(raw, str) and raw.startswith("@"):
        from explain.files import read_numbers

        found = read_numbers(name, raw)
        return list(found) if not isinstance(found, list) and found.ndim == 3 else [raw]
    if isinstance(raw, str):
        items = raw.split("|")
        if len(items) > 1 and not all(item.strip() for item in items):
            raise InputError(f"{{{name}}} is {shown(raw)}: an empty place beside |; write it like 1,2;3,4 | 5,6;7,8")
        return [item.strip() if len(items) > 1 else item for item in items]
    if hasattr(raw, "__array__") and getattr(raw, "ndim", 0) == 3:
        return list(raw)
    deep = isinstance(raw, Sequence) and bool(raw) and all(_is_matrix(item) for item in raw)
    return list(raw) if deep else [raw]


def _is_matrix(item: Any) -> bool:
    """Whether an item of a list is a matrix itself: rows in rows, or an array with two axes."""
    if hasattr(item, "__array__"):
        return getattr(item, "ndim", 0) == 2
    return isinstance(item, Sequence) and not isinstance(item, str) and bool(item) and _has_rows(item[0])


def _has_rows(item: Any) -> bool:
    return hasattr(item, "__len__") and not isinstance(item, str)
