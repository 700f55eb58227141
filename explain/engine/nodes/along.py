"""Which entries of an array belong together, and the places of entries."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.shapes import Shape, count

Index = tuple[int, ...]
LETTERS = {1: "i", 2: "ij", 3: "chw", 4: "nchw"}  # of the axes, where nothing else is said


class Along(NamedTuple):
    """Which numbers of an array belong together: those that differ in their places along some axes only.

    Attributes:
        full: the shape of the array.
        axes: those along which they differ.
        shape: what is one number for each set of them has this shape: the sizes of the other axes.
        letters: of all axes, in an index sum.
    """

    full: Shape
    axes: tuple[int, ...]
    shape: Shape
    letters: str = ""

    @property
    def kept(self) -> tuple[int, ...]:
        """The shape with the axes left standing at size 1."""
        return tuple(1 if at in self.axes else int(size) for at, size in enumerate(self.full))

    @property
    def marks(self) -> str:
        """The letters of the axes."""
        return self.letters or LETTERS[len(self.full)]

    def place(self, index: Index) -> Index:
        """The index in `shape` of the set that an entry of the array belongs to."""
        return unravelled(
            ravelled(tuple(0 if at in self.axes else i for at, i in enumerate(index)), self.kept), self.shape
        )

    def members(self, index: Index) -> tuple[int, list[int]]:
        """How many numbers belong to the set at `index`, and the place of the first in the array."""
        first = unravelled(ravelled(index, self.shape), self.kept)
        return count(tuple(self.full[axis] for axis in self.axes)), list(first)


def along(full: Shape, shape: Shape) -> Along:
    """Along the axes in which `shape` has size 1, or which it lacks at the front, as NumPy stretches arrays.

    >>> along((2, 3, 4, 4), (3, 1, 1)).axes
    (0, 2, 3)
    """
    padded = (1,) * (len(full) - len(shape)) + shape
    return Along(full, tuple(at for at, size in enumerate(full) if size != padded[at]), shape)


def ravelled(index: Index, shape: Shape) -> int:
    """The place of an entry when the rows are read one after the other."""
    place = 0
    for at, size in zip(index, shape, strict=True):
        place = place * int(size) + at
    return place


def unravelled(place: int, shape: Shape) -> Index:
    """The entry at that place."""
    found: list[int] = []
    for size in reversed(shape):
        place, at = divmod(place, int(size))
        found.insert(0, at)
    return tuple(found)
