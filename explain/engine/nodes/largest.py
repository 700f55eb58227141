"""The largest of listed numbers, where it stands, and whether a number is it: entries of a pooling by a maximum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.engine.nodes.base import Index, Node, Style
from explain.engine.nodes.geometry import ZERO
from explain.engine.notation import DOTS, Notation, Row, Word, call, listed

LISTED = 9  # numbers of a window that are written; of more the first two and the last


class Largest(Node):
    """The largest of listed numbers; of many only a few are written. `skipped` counts those that are not there."""

    __slots__ = ("skipped",)

    def __init__(self, operands: Sequence[Node], skipped: int = 0) -> None:
        self.operands = tuple(operands)
        self.skipped = skipped
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Largest(operands, self.skipped)

    def entry(self, index: Index) -> Node:
        return self

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        _refuse(self.skipped)
        return max(operands) if _known(operands) else sympy.Max(*operands)

    def write(self, style: Style) -> Notation:
        return call(Word("max", r"\max"), _listed(self.operands, self.skipped, style))


class PlaceOfLargest(Node):
    """Where the first of the largest of listed numbers stands.

    Args:
        where: the place of each, along one axis.
        direction: what the axis is called.
    """

    __slots__ = ("direction", "skipped", "where")

    def __init__(self, operands: Sequence[Node], skipped: int, where: Sequence[int], direction: str) -> None:
        self.operands = tuple(operands)
        self.skipped, self.where, self.direction = skipped, where, direction
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return PlaceOfLargest(operands, self.skipped, self.where, self.direction)

    def entry(self, index: Index) -> Node:
        return self

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        _refuse(self.skipped)
        if not _known(operands):
            cases = [(number, _largest_at(operands, at)) for at, number in enumerate(self.where)]
            return sympy.Piecewise(*cases)
        return sympy.Integer(self.where[max(range(len(operands)), key=lambda at: (operands[at], -at))])

    def write(self, style: Style) -> Notation:
        name = Word(f"{self.direction} of max", rf"\mathrm{{{self.direction}}}\ \mathrm{{of}}\ \max")
        return call(name, _listed(self.operands, self.skipped, style))


class Wins(Node):
    """1 where one of listed numbers is the first of the largest of them, else 0."""

    __slots__ = ("at", "skipped")

    def __init__(self, operands: Sequence[Node], skipped: int, at: int) -> None:
        self.operands = tuple(operands)
        self.skipped, self.at = skipped, at
        self.shape = ()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Wins(operands, self.skipped, self.at)

    def entry(self, index: Index) -> Node:
        return self

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        _refuse(self.skipped)
        if not _known(operands):
            return sympy.Piecewise((1, _largest_at(operands, self.at)), (0, True))
        return sympy.Integer(int(max(range(len(operands)), key=lambda at: (operands[at], -at)) == self.at))

    def write(self, style: Style) -> Notation:
        row = [
            Word("1[", r"\mathbb{1}\left[", number=True),
            style.write(self.operands[self.at] if not self.skipped else ZERO),
        ]
        top = call(Word("max", r"\max"), _listed(self.operands, self.skipped, style))
        return Row([*row, Word(" = "), top, Word("]", r" \right]")])


def _largest_at(operands: Sequence[Any], at: int) -> Any:
    """The condition that one operand is the first of the largest, in SymPy."""
    import sympy

    mine = operands[at]
    return sympy.And(*(mine > other for other in operands[:at]), *(mine >= other for other in operands[at + 1 :]))


def _known(operands: Sequence[Any]) -> bool:
    return all(getattr(operand, "is_number", True) for operand in operands)


def _refuse(skipped: int) -> None:
    if skipped:
        from explain.engine.lowering import TooLongError

        raise TooLongError(f"a window with {skipped} more numbers")


def _listed(operands: Sequence[Node], skipped: int, style: Style) -> Row:
    """Numbers with commas between them; of many the first and the last."""
    if not skipped and len(operands) <= LISTED:
        return listed([style.write(operand) for operand in operands])
    return listed([*map(style.write, operands[:2]), DOTS, style.write(operands[-1])])
