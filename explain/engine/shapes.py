"""The sizes of things: how shapes combine, and how they are written."""

from __future__ import annotations

Size = int | str
Shape = tuple[Size, ...]


class ShapeError(ValueError):
    """Two shapes that do not meet; a topic turns it into an error that names the option."""


def broadcast(first: Shape, second: Shape) -> Shape:
    """The shape of an element-wise operation, sizes of 1 stretched as NumPy does."""
    longer, shorter = (first, second) if len(first) >= len(second) else (second, first)
    shorter = (1,) * (len(longer) - len(shorter)) + shorter
    sizes: list[Size] = []
    for a, b in zip(longer, shorter, strict=True):
        if a != b and 1 not in (a, b):
            raise ShapeError(f"{write(first)} and {write(second)} do not fit element by element")
        sizes.append(b if a == 1 else a)
    return tuple(sizes)


def matmul(first: Shape, second: Shape) -> Shape:
    """The shape of a matrix product: the inner sizes must agree."""
    if len(first) != 2 or len(second) != 2 or first[1] != second[0]:
        raise ShapeError(f"{write(first)} times {write(second)}: the inner sizes differ")
    return (first[0], second[1])


def write(shape: Shape) -> str:
    """`3×2`; a single number is called so, a size that is a sum stands in brackets: `n×(n+m)`."""
    if not shape:
        return "a number"
    return "×".join(f"({size})" if "+" in str(size) and len(shape) > 1 else str(size) for size in shape)


def count(shape: Shape) -> int:
    """How many entries a shape with known sizes has."""
    total = 1
    for size in shape:
        total *= int(size)
    return total
