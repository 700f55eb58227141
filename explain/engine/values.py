"""Given numbers: an array of them, with the text each was typed as."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from explain.engine.shapes import Shape, count

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array, Index


class Values:
    """Numbers of a shape. `texts` holds them as typed, row by row; a NumPy array needs none.

    >>> Values((2,), ("0.30", "-2")).text((0,)), Values((2,), ("0.30", "-2")).exact((0,))
    ('0.30', Fraction(3, 10))
    """

    __slots__ = ("_array", "shape", "texts")

    def __init__(self, shape: Shape, texts: Sequence[str] | None = None, array: Array | None = None) -> None:
        self.shape = shape
        self.texts = None if texts is None else tuple(texts)
        self._array = array

    @property
    def array(self) -> Array:
        """The numbers in float64."""
        if self._array is None:
            import numpy as np

            assert self.texts is not None
            self._array = np.array([_float(text) for text in self.texts], dtype=np.float64).reshape(
                cast("tuple[int, ...]", self.shape)
            )
        return self._array

    def text(self, index: Index) -> str:
        """One number as it was typed; of an array, its shortest decimal form."""
        if self.texts is not None:
            return self.texts[self._place(index)]
        value = float(self.array[index])
        if value == float("-inf"):  # of a mask
            return "-∞"
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)

    def exact(self, index: Index) -> Fraction:
        """One number as the decimal that was typed, without float error."""
        return Fraction(self.text(index))

    def reshape(self, shape: Shape) -> Values:
        """The same numbers in another shape."""
        array = None if self._array is None else self._array.reshape(cast("tuple[int, ...]", shape))
        return Values(shape, self.texts, array)

    def transposed(self) -> Values:
        """Rows and columns exchanged."""
        rows, columns = (int(size) for size in self.shape)
        texts = None
        if self.texts is not None:
            texts = [self.texts[row * columns + column] for column in range(columns) for row in range(rows)]
        return Values((columns, rows), texts, None if self._array is None else self._array.T)

    def row(self, at: int) -> Values:
        """One row, as a matrix of one row."""
        columns = int(self.shape[1])
        texts = None if self.texts is None else self.texts[at * columns : (at + 1) * columns]
        return Values((1, columns), texts, None if texts else self.array[at : at + 1])

    def block(self, rows: range, columns: range) -> Values:
        """Some rows and columns of a matrix."""
        shape = (len(rows), len(columns))
        if self.texts is None:
            return Values(shape, None, self.array[rows.start : rows.stop, columns.start : columns.stop])
        return Values(shape, [self.text((row, column)) for row in rows for column in columns])

    def _place(self, index: Index) -> int:
        place = 0
        for at, size in zip(index, self.shape, strict=True):
            place = place * int(size) + at
        return place

    def __len__(self) -> int:
        return count(self.shape)


def _float(text: str) -> float:
    return float(Fraction(text)) if "/" in text else float(text.replace("∞", "inf"))


def whole(number: int) -> Values:
    """A count: a whole number of any size, kept as such."""
    import numpy as np

    return Values((), (str(number),), np.array(number, dtype=object))


def constant(rows: Sequence[Sequence[Any]]) -> Values:
    """A matrix of constants from their texts: `constant([["0", "-∞"]])`."""
    return Values((len(rows), len(rows[0])), [text for row in rows for text in row])
