"""A quantity written in another form: one line of algebra, or a part of a sum in brackets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.notation import PRODUCT, Notation, held

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class Rewritten(Node):
    """`after`, which is `before` in another form: written and worked as `after`, but known to come from `before`.

    >>> from explain.engine.evaluate import symbols
    >>> from explain.engine.nodes.base import Symbol
    >>> list(symbols(Rewritten(Symbol("f"), Symbol("x") ** 2)))
    ['f', 'x']
    """

    __slots__ = ()

    def __init__(self, before: Node, after: Node) -> None:
        self.operands = (before, after)
        self.shape = after.shape

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[1]

    def lower(self, operands: Sequence[Any]) -> Any:
        return operands[1]

    def entry(self, index: Index) -> Node:
        return self.operands[1].entry(index)

    def write(self, style: Style) -> Notation:
        return style.write(self.operands[1])


class Bracketed(Node):
    """A number that is a sum of its own within a larger sum, and keeps its brackets until it is worked."""

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        self.shape = ()

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0]

    def lower(self, operands: Sequence[Any]) -> Any:
        return operands[0]

    def entry(self, index: Index) -> Node:
        return self

    def write(self, style: Style) -> Notation:
        return held(style.write(self.operands[0]), PRODUCT)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [seed]
