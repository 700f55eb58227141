"""Whole-number arithmetic of shapes: quotients rounded down or up, and shapes as lists of sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.base import Index, Node, Number, Style
from explain.engine.notation import POWER, Ceiling, Floor, Fraction, Notation, held, sized

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class FloorQuotient(Node):
    """A quotient of whole numbers, rounded down."""

    __slots__ = ()

    def __init__(self, top: Node, bottom: Node) -> None:
        self.operands = (top, bottom)
        self.shape = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0] // values[1]

    def entry(self, index: Index) -> Node:
        return self.rebuild([operand.entry(()) for operand in self.operands])

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        return sympy.floor(operands[0] / operands[1])

    def write(self, style: Style) -> Notation:
        return Floor(_over(style, self.operands))

    def unrounded(self, value: Any) -> Node:
        """The quotient as a number that is still to be rounded: ⌊55.5⌋."""
        return type(self)(Number(value), Number(1, "1"))


class CeilingQuotient(FloorQuotient):
    """A quotient of whole numbers, rounded up."""

    __slots__ = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return -(-values[0] // values[1])

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        return sympy.ceiling(operands[0] / operands[1])

    def write(self, style: Style) -> Notation:
        return Ceiling(_over(style, self.operands))


def _over(style: Style, operands: Sequence[Node]) -> Notation:
    """A quotient; nothing is written over 1."""
    top, bottom = operands
    written = style.write(top)
    one = isinstance(bottom, Number) and bottom.value == 1
    return written if one else Fraction(written, style.write(bottom))


class Quotient(FloorQuotient):
    """A quotient of whole numbers that leaves no rest."""

    __slots__ = ()

    def lower(self, operands: Sequence[Any]) -> Any:
        return operands[0] / operands[1]

    def write(self, style: Style) -> Notation:
        return Fraction(*(style.write(operand) for operand in self.operands))


class Sizes(Node):
    """The sizes of an array side by side, `2×3×4×4`: the value of a question for a shape."""

    __slots__ = ()

    def __init__(self, *operands: Node) -> None:
        self.operands = operands
        self.shape = (len(operands),)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.array([int(value) for value in values], dtype=object)

    def entry(self, index: Index) -> Node:
        return self.operands[index[0]].entry(())

    def write(self, style: Style) -> Notation:
        sizes = [style.write(operand) for operand in self.operands]
        return sized(*(held(size, POWER) for size in sizes)) if len(sizes) > 1 else sizes[0]
