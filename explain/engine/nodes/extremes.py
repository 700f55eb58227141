"""The largest or smallest: of many entries, or of two numbers, entry by entry.

Where several entries are the largest, each gets an equal share of the derivative, as PyTorch's `max`, `amax` and
`maximum` have it. An axis that is searched along stays, with size 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.nodes.arithmetic import Divide, _Elementwise, fit_shape, times
from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.linear import LONGEST, Sum, is_leaf
from explain.engine.nodes.reductions import leaves_several
from explain.engine.notation import DOTS, Notation, Row, Word, call, listed

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


def extreme(operand: Node, axis: int | None = None, *, largest: bool = True) -> Node:
    """The largest (or smallest) of all entries, or along an axis; a number is its own."""
    if not operand.shape:
        return operand
    return Extreme(operand, axis if leaves_several(operand, axis) else None, largest)


class Extreme(Node):
    """The largest or smallest of all entries, or along one axis. `tied`: several entries are the largest."""

    __slots__ = ("axis", "largest", "tied")

    def __init__(self, operand: Node, axis: int | None = None, largest: bool = True, tied: bool = False) -> None:
        self.operands = (operand,)
        self.axis = axis
        self.largest = largest
        self.tied = tied
        self.shape = Sum(operand, axis).shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Extreme(operands[0], self.axis, self.largest, self.tied)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        search = np.max if self.largest else np.min
        return np.asarray(search(values[0], axis=self.axis, keepdims=self.axis is not None))

    def is_tied(self, value: Array) -> bool:
        """Whether the largest entry stands in several places."""
        hits = value == self.evaluate([value])
        return bool((hits.sum(axis=self.axis) > 1).any())

    def entry(self, index: Index) -> Node:
        operand, axis = self.operands[0], self.axis
        rows, columns = (int(size) for size in operand.shape)
        if axis is None:
            places: list[Index] = [divmod(at, columns) for at in range(rows * columns)]
        else:
            places = [(at, index[1]) if axis == 0 else (index[0], at) for at in range((rows, columns)[axis])]
        chosen = places if len(places) <= LONGEST else [*places[:2], places[-1]]
        return _Listed(
            [operand.entry(place) for place in chosen], "max" if self.largest else "min", len(places) - len(chosen)
        )

    def write(self, style: Style) -> Notation:
        operand = self.operands[0]
        if style.numbers and self.axis is None and is_leaf(operand):
            return style.write(self.entry(()))
        name = {None: "", 0: "column", 1: "row"}[self.axis] + ("max" if self.largest else "min")
        return call(Word(name, rf"\{name}" if self.axis is None else rf"\mathrm{{{name}}}"), style.write(operand))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        found: Node = Indicator(self.operands[0], output, "=")
        if self.tied:
            found = Divide(found, Sum(found, self.axis))
        return [times(seed, found)]


class _Listed(Node):
    """The largest or smallest of listed numbers; of many only a few are written, and nothing is worked."""

    __slots__ = ("name", "skipped")

    def __init__(self, operands: Sequence[Node], name: str, skipped: int) -> None:
        self.operands = tuple(operands)
        self.name = name
        self.skipped = skipped
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return _Listed(operands, self.name, self.skipped)

    def entry(self, index: Index) -> Node:
        return self.rebuild([operand.entry(()) for operand in self.operands])

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        from explain.engine.lowering import TooLongError

        if self.skipped:
            raise TooLongError(f"{len(operands) + self.skipped} numbers")
        return (sympy.Max if self.name == "max" else sympy.Min)(*operands)

    def write(self, style: Style) -> Notation:
        written = [style.write(operand) for operand in self.operands]
        if self.skipped:
            written.insert(-1, DOTS)
        return call(Word(self.name, rf"\{self.name}"), listed(written))


class Larger(_Elementwise):
    """The larger (or smaller) of two, entry by entry. `tied`: somewhere they are equal, and each gets one half."""

    __slots__ = ("largest", "tied")

    def __init__(self, first: Node, second: Node, largest: bool = True, tied: bool = False) -> None:
        super().__init__(first, second)
        self.largest = largest
        self.tied = tied

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Larger(operands[0], operands[1], self.largest, self.tied)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray((np.maximum if self.largest else np.minimum)(*values))

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        return (sympy.Max if self.largest else sympy.Min)(*operands)

    def write(self, style: Style) -> Notation:
        name = "max" if self.largest else "min"
        first, second = (style.write(operand) for operand in self.operands)
        return call(Word(name, rf"\{name}"), listed([first, second]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        pulled: list[Node | None] = []
        for mine, other in (self.operands, self.operands[::-1]):
            above = Indicator(mine, other, ">") if self.largest else Indicator(other, mine, ">")
            local = above + Indicator(mine, other, "=") / 2 if self.tied else above
            pulled.append(fit_shape(times(seed, local), mine.shape))
        return pulled


class Indicator(_Elementwise):
    """1 where a relation between two holds (`>` or `=`), entry by entry, and 0 elsewhere."""

    __slots__ = ("relation",)

    def __init__(self, first: Node, second: Node, relation: str) -> None:
        super().__init__(first, second)
        self.relation = relation

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Indicator(operands[0], operands[1], self.relation)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        first, second = values
        return np.asarray(first > second if self.relation == ">" else first == second, dtype=float)

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        relation = sympy.Gt if self.relation == ">" else sympy.Eq
        return sympy.Piecewise((1, relation(*operands)), (0, True))

    def write(self, style: Style) -> Notation:
        first, second = (style.write(operand) for operand in self.operands)
        sign = f" {self.relation} "
        return Row([Word("1[", r"\mathbb{1}\left[", number=True), first, Word(sign), second, Word("]", r" \right]")])
