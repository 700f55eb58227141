"""Feature maps and kernels as a parameter: numbers with one to four axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.engine.shapes import count, write
from explain.engine.values import Values
from explain.errors import InputError, shown
from explain.parameters import Matrix

MOST_AXES = 4
EXAMPLE = "write it like 1,2;3,4 with | between channels and || between samples or filters"


class Maps(Values):
    """Numbers in a row `(n,)`, a matrix `(h, w)`, channels of them `(c, h, w)`, or several of those `(n, c, h, w)`."""

    __slots__ = ()

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
            return cls._typed(name, raw) if isinstance(found, list) else cls._of_array(name, found)
        if isinstance(raw, str):
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
        lead = (len(groups), len(groups[0])) if len(groups) > 1 else (len(items),)
        return cls._stacked(name, [_as_matrix(item) for item in items], lead)

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
        items: list[Values] = [Matrix.read(name, item) for item in level]
        return cls._stacked(name, [_as_matrix(item) for item in items] if shape else items, tuple(shape))

    @classmethod
    def _of_array(cls, name: str, raw: Any) -> Maps:
        if not 1 <= raw.ndim <= MOST_AXES:
            raise InputError(f"{{{name}}} is an array with {raw.ndim} axes: 1 to {MOST_AXES} are read")
        flat = Matrix.read(name, raw.reshape(-1) if raw.size else raw)
        return cls(raw.shape, None, flat.array.reshape(raw.shape))


def _listed(name: str, text: str) -> Any:
    """Brackets as lists, the numbers in them as text."""
    stack: list[list[Any]] = [[]]
    for mark in _marks(text):
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


def _marks(text: str) -> list[str]:
    return text.replace("[", " [ ").replace("]", " ] ").replace(",", " ").replace(";", " ").split()


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
