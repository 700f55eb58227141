"""A quantity written in another form: one line of algebra."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.notation import Notation

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
