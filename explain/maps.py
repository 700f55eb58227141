"""Feature maps and kernels as a parameter: numbers with one to four axes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from explain.engine.shapes import count, write
from explain.engine.values import Values
from explain.errors import InputError, shown
from explain.parameters import MOST_ENTRIES, PASTED, Matrix

MOST_AXES = 4
EXAMPLE = "write it like 1,2;3,4 with | between channels and || between samples or filters"


class Maps(Values):
    """Numbers in a row `(n,)`, a matrix `(h, w)`, channels of them `(c, h, w)`, or several of those `(n, c, h, w)`."""

    __slots__ = ("barred",)
    barred: bool

    @property
    def rows(self) -> Maps:
        """The same with each matrix of one row taken for that row, where bars were typed between them."""
        if not getattr(self, "barred", False) or self.shape[-2] != 1:
            return self
        return Maps((*self.shape[:-2], self.shape[-1]), self.texts, None if self.texts else self.array[..., 0, :])

    @classmethod
    def read(cls, name: str, raw: Any) -> Maps:
        """Numbers from `1,2;3,4`, `1,2;3,4 | 5,6;7,8`, nested lists, `@file.npy` or a NumPy array.

        A single `|` stands between the matrices of one array with three axes, `||` between those arrays.

        >>> Maps.read("X", "1,2;3,4 | 5,6;7,8").shape, Maps.read("K", "1,0;0,1 || 0,1;1,0").shape
        ((2, 2, 2), (2, 1, 2, 2))

        Raises:
            InputError: matrices of different sizes, more than four axes, what `Matrix` refuses.
        """
        if isinstance(raw, Maps):
            return raw
        if isinstance(raw, Values):
            return cls(raw.shape, raw.texts, None if raw.texts is not None else raw.array)
        if isinstance(raw, str) and raw.startswith("@"):
            from explain.files import read_numbers

            found = read_numbers(name, raw)
            texts = isinstance(found, list)
            return cls._stacked(name, [Matrix.read(name, raw)], ()) if texts else cls._of_array(name, found, raw)
        if isinstance(raw, str):
            _limited(name, max(raw.count("["), raw.count(",") + raw.count(";") + raw.count("|") // 2))
            deep = "|" not in raw and "".join(raw.split()).startswith("[[[")
            return cls._nested(name, _listed(name, raw)) if deep else cls._typed(name, raw)
        if hasattr(raw, "__array__") and raw.ndim:
            return cls._of_array(name, raw)
        return cls._nested(name, raw)

    @classmethod
    def _typed(cls, name: str, text: str) -> Maps:
        """Matrices with bars between them."""
        groups = [group.split("|") for group in text.split("||")]
        if "|" not in text:
            return cls._stacked(name, [Matrix.read(name, text)], ())
        for group in groups:
            if not all(item.strip() for item in group):
                raise InputError(f"{{{name}}} is {shown(text)}: an empty place beside a bar; {EXAMPLE}")
        widths = {len(group) for group in groups}
        if len(widths) > 1:
            raise InputError(
                f"{{{name}}} has {' and '.join(map(str, sorted(widths)))} matrices between its double bars: "
                "every sample or filter needs as many channels"
            )
        items = [Matrix.read(name, item.strip()) for group in groups for item in group]
        _limited(name, sum(map(len, items)))
        lead = (len(groups), len(groups[0])) if len(groups) > 1 else (len(items),)
        found = cls._stacked(name, [_as_matrix(item) for item in items], lead)
        found.barred = True
        return found

    @classmethod
    def _stacked(cls, name: str, items: Sequence[Values], lead: tuple[int, ...]) -> Maps:
        first = items[0]
        for at, item in enumerate(items, 1):
            if item.shape != first.shape:
                raise InputError(
                    f"{{{name}}} has a matrix of {write(first.shape)} first and one of {write(item.shape)} at place "
                    f"{at}: all must have the same size"
                )
        if first.texts is None:
            import numpy as np

            return cls(
                (*lead, *first.shape), None, np.stack([item.array for item in items]).reshape(*lead, *first.shape)
            )
        return cls((*lead, *first.shape), [text for item in items for text in item.texts or ()])

    @classmethod
    def _nested(cls, name: str, raw: Any) -> Maps:
        """Lists in lists: taken apart down to the matrices."""
        shape: list[int] = []
        level: list[Any] = [raw]
        while _depth(level[0]) > 2:
            lengths = {len(item) if _is_list(item) else 0 for item in level}
            if len(lengths) > 1 or 0 in lengths:
                raise InputError(f"{{{name}}} is {shown(raw)}: its lists differ in length at level {len(shape) + 1}")
            shape.append(lengths.pop())
            level = [item for part in level for item in part]
            if len(shape) + 2 > MOST_AXES:
                raise InputError(
                    f"{{{name}}} is {shown(raw)}: lists in lists more than {MOST_AXES} deep; samples, channels, rows "
                    "and columns are read"
                )
        if shape and any(_depth(item) != 2 for item in level if not _is_list(item) or len(item)):
            raise InputError(f"{{{name}}} is {shown(raw)}: numbers, rows and matrices are mixed at one level")
        items: list[Values] = [Matrix.read(name, item) for item in level]
        return cls._stacked(name, [_as_matrix(item) for item in items] if shape else items, tuple(shape))

    @classmethod
    def _of_array(cls, name: str, raw: Any, file: str = "") -> Maps:
        if not 1 <= raw.ndim <= MOST_AXES or raw.size == 0 or raw.dtype.kind not in "iuf":
            where = f"{{{name}}} {shown(file, 100)}" if file else f"{{{name}}}"
            raise InputError(
                f"{where} is an array of shape {shown(raw.shape)} and type {shown(raw.dtype)}: real numbers with 1 to "
                f"{MOST_AXES} axes are read"
            )
        flat = Matrix.read(name, raw.reshape(-1))
        return cls(raw.shape, None, flat.array.reshape(raw.shape))


def _limited(name: str, count: int) -> None:
    """Refuses more numbers than anybody types, before they are read."""
    if count > MOST_ENTRIES:
        raise InputError(
            f"{{{name}}} has more than {MOST_ENTRIES} numbers: that many cannot be typed; "
            "hand a NumPy array to the Python interface, or give @file.npy"
        )


def _listed(name: str, text: str) -> Any:
    """Brackets as lists, the numbers in them as text."""
    if re.search(r"[\[,]\s*,", text):
        raise InputError(f"{{{name}}} is {shown(text)}: nothing stands in front of a comma; write [[[1,2],[3,4]]]")
    stack: list[list[Any]] = [[]]
    for mark in text.translate(PASTED).replace("[", " [ ").replace("]", " ] ").replace(",", " ").split():
        if mark == "[":
            if len(stack) > MOST_AXES + 1:
                raise InputError(f"{{{name}}} is {shown(text)}: brackets more than {MOST_AXES} deep")
            stack[-1].append([])
            stack.append(stack[-1][-1])
        elif mark == "]":
            stack.pop()
            if not stack:
                break
        else:
            stack[-1].append(mark)
    if len(stack) != 1 or len(stack[0]) != 1:
        raise InputError(f"{{{name}}} is {shown(text)}: the brackets do not match; {EXAMPLE}")
    return stack[0][0]


def _is_list(item: Any) -> bool:
    return (isinstance(item, Sequence) and not isinstance(item, str)) or bool(getattr(item, "ndim", 0))


def _depth(item: Any) -> int:
    depth = 0
    while _is_list(item) and len(item) and depth <= MOST_AXES + 1:
        item, depth = item[0], depth + 1
    return depth


def _as_matrix(values: Values) -> Values:
    """A vector as a matrix of one row, where it stands among other matrices."""
    return values.reshape((1, count(values.shape))) if len(values.shape) == 1 else values
