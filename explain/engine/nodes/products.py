"""The product of all entries: `Πᵢ pᵢ`, the probability of a sequence from those of its tokens."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import mul
from typing import TYPE_CHECKING, Any

from explain.engine import shapes
from explain.engine.names import subscript
from explain.engine.nodes.along import unravelled
from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.linear import LONGEST
from explain.engine.notation import DOTS, PRODUCT, WIDE_DOT, Notation, Operator, Row, held

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

WRITTEN = 9  # factors; of more the first two and the last


class Product(Node):
    """The product of all entries.

    >>> from explain.engine.nodes.base import Symbol
    >>> Product(Symbol("p", (3, 1))).shape
    ()
    """

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        self.shape = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(values[0].prod())

    def entry(self, index: Index) -> Node:
        operand = self.operands[0]
        count = shapes.count(operand.shape)
        kept = range(count) if count <= LONGEST else (0, 1, count - 1)
        return Factors([operand.entry(unravelled(at, operand.shape)) for at in kept], count - len(kept))

    def write(self, style: Style) -> Notation:
        operand = self.operands[0]
        if style.numbers and not any(isinstance(size, str) for size in operand.shape):
            return style.write(self.entry(()))
        index = "".join(mark for mark, size in zip("ij", operand.shape, strict=False) if size != 1)
        if not index:
            return style.write(operand)
        sign = Operator(f"Π{subscript(index)} ", rf"\prod_{{{index}}} ")
        return Row([sign, held(style.indexed(index).write(operand), PRODUCT)], PRODUCT)


class Factors(Node):
    """Numbers multiplied; of many only a few are written. `skipped` counts those that are not there."""

    __slots__ = ("skipped",)

    def __init__(self, operands: Sequence[Node], skipped: int = 0) -> None:
        self.operands = tuple(operands)
        self.skipped = skipped
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Factors(operands, self.skipped)

    def entry(self, index: Index) -> Node:
        return self

    def evaluate(self, values: Sequence[Array]) -> Array:
        return reduce(mul, values)

    def lower(self, operands: Sequence[Any]) -> Any:
        if self.skipped:
            from explain.engine.lowering import TooLongError

            raise TooLongError(f"{len(operands) + self.skipped} factors")
        return reduce(mul, operands)

    def write(self, style: Style) -> Notation:
        parts = [held(style.write(operand), PRODUCT + 1) for operand in self.operands]
        if self.skipped or len(parts) > WRITTEN:
            parts = [*parts[:2], DOTS, parts[-1]]
        row: list[Notation] = [parts[0]]
        for part in parts[1:]:
            row += [WIDE_DOT, part]
        return Row(row, PRODUCT)
