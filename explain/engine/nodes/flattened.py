"""Maps as one column, and back."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Node, Style
from explain.engine.nodes.standard import Reshaped
from explain.engine.notation import Notation, Word, call
from explain.engine.shapes import Shape, count


class Flattened(Reshaped):
    """All numbers of an array as one column, channel by channel and row by row."""

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        super().__init__(operand, (count(operand.shape), 1))

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Flattened(operands[0])

    def write(self, style: Style) -> Notation:
        return call(Word("flatten", r"\mathrm{flatten}"), style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [Unflattened(seed, self.operands[0].shape)]


class Unflattened(Reshaped):
    """A column as the maps that it was made of."""

    __slots__ = ()

    def __init__(self, operand: Node, shape: Shape) -> None:
        super().__init__(operand, shape)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Unflattened(operands[0], self.shape)

    def write(self, style: Style) -> Notation:
        return call(Word("unflatten", r"\mathrm{unflatten}"), style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [Flattened(seed)]
