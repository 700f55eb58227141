"""The sizes of arrays as parameters: shapes such as 3x64x64, and padding."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from explain.errors import InputError, shown
from explain.parameters import PASTED, Count


class Extent:
    """Sizes with crosses between them: `64`, `3x64x64`, `100×3×64×64`."""

    __slots__ = ("sizes", "text")
    LEAST = 1

    def __init__(self, sizes: Sequence[int]) -> None:
        self.sizes = list(sizes)
        self.text = "x".join(map(str, self.sizes))

    @classmethod
    def read(cls, name: str, raw: Any) -> Extent:
        """Sizes from text, a number or a sequence.

        >>> Extent.read("input", "3x64x64").sizes, Extent.read("kernel", 4).sizes
        ([3, 64, 64], [4])
        """
        if isinstance(raw, Extent):
            return raw
        if hasattr(raw, "__len__") and not isinstance(raw, str):
            raw = "x".join(str(int(size)) for size in raw if hasattr(size, "__index__")) or str(raw)
        text = str(raw).translate(PASTED)
        parts = re.split(r"\s*[x×*,]\s*|\s+", text.strip().strip("[]()").lower())
        if not all(re.fullmatch(r"[0-9]{1,9}", part) and int(part) >= cls.LEAST for part in parts):
            raise InputError(
                f"{{{name}}} is {shown(text) or 'empty'}: sizes are whole numbers from {cls.LEAST} to 999999999 with x "
                "between them, such as 2 or 3x64x64"
            )
        if len(parts) > 5:
            raise InputError(f"{{{name}}} has {len(parts)} sizes: at most 5, such as 100x3x8x64x64")
        return cls([int(part) for part in parts])

    def along(self, name: str, axes: int) -> list[int]:
        """One size for each axis; a single one stands for all."""
        if len(self.sizes) not in (1, axes):
            several = f", or {axes}, one for each axis" if axes > 1 else ""
            raise InputError(f"{{{name}}} is {self.text}: it needs 1 number{several}")
        return self.sizes * axes if len(self.sizes) == 1 else self.sizes


class Padding(Extent):
    """Zeros on each side: numbers from 0, or `same` or `valid`."""

    __slots__ = ("word",)
    LEAST = 0

    def __init__(self, sizes: Sequence[int], word: str = "") -> None:
        super().__init__(sizes)
        self.word = word

    @classmethod
    def read(cls, name: str, raw: Any) -> Padding:
        """Padding from `1`, `1x2`, `same` or `valid`."""
        if isinstance(raw, Padding):
            return raw
        word = str(raw).strip().lower()
        if word in ("same", "valid"):
            return cls([0], word)
        if not any(mark.isdigit() for mark in word):
            raise InputError(f"{{{name}}} is {shown(raw) or 'empty'}: give a number from 0, same or valid")
        return cls(super().read(name, raw).sizes)

    def along(self, name: str, axes: int) -> list[int | str]:  # type: ignore[override]
        """One padding for each axis; `same` is worked from the other numbers."""
        return ["same"] * axes if self.word == "same" else list(super().along(name, axes))


class Extra(Extent):
    """Places that are added: numbers from 0."""

    __slots__ = ()
    LEAST = 0


class Sides:
    """The sizes of a window, each a whole number or a symbol: `3`, `3x5`, `k`."""

    __slots__ = ("counts", "text")

    def __init__(self, counts: Sequence[Count]) -> None:
        self.counts = list(counts)
        self.text = "x".join(str(count.number or count.name) for count in counts)

    def along(self, name: str, axes: int) -> list[int]:
        """One size for each axis, all of them numbers; a single one stands for all."""
        for count in self.counts:
            if count.number is None:
                raise InputError(f"{{{name}}} is {count.name}: a whole number from 1 belongs here, such as 3")
            if count.number > 999_999_999:
                raise InputError(f"{{{name}}} is {count.number}: sizes go up to 999999999 here")
        return Extent([count.number or 0 for count in self.counts]).along(name, axes)

    @classmethod
    def read(cls, name: str, raw: Any) -> Sides:
        """Sizes from text, a number or a sequence.

        >>> Sides.read("kernel", "3x5").text, Sides.read("kernel", "k").counts[0].name
        ('3x5', 'k')
        """
        if isinstance(raw, Sides):
            return raw
        listed = hasattr(raw, "__len__") and not isinstance(raw, str)
        parts = raw if listed else re.split(r"(?<=\w)\s*[x×*,]\s*(?=\w)|\s+", str(raw).strip().strip("[]()"))
        if isinstance(raw, Mapping) or not 1 <= len(parts) <= 3:
            raise InputError(f"{{{name}}} is {shown(raw)}: a window has 1 to 3 sizes, such as 3 or 3x5")
        return cls([Count.read(name, part) for part in parts])


class Wanted(Extent):
    """The size of an output that is asked for: sizes, or `same` as the input."""

    __slots__ = ("word",)

    def __init__(self, sizes: Sequence[int], word: str = "") -> None:
        super().__init__(sizes)
        self.word = word

    @classmethod
    def read(cls, name: str, raw: Any) -> Wanted:
        """Sizes such as `28`, or `same`."""
        if isinstance(raw, Wanted):
            return raw
        if str(raw).strip().lower() == "same":
            return cls([], "same")
        return cls(super().read(name, raw).sizes)
