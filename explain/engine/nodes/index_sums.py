"""How a sum over some axes is written: `Σᵢ X[i,:]`, the colon as in Goodfellow, Bengio and Courville 2016, Notation."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine import names
from explain.engine.nodes.base import Node, Symbol
from explain.engine.notation import Fraction, Notation, Operator, Row, Word
from explain.engine.prose import Symbolic
from explain.engine.shapes import Shape


class Slices(Symbolic):
    """The style of an index sum of arrays: the axes summed over have letters, a colon stands for each other one."""

    def __init__(self, letters: str, axes: Sequence[int], shape: Shape) -> None:
        self.letters = letters
        self.axes = axes
        # Where no axis is left every array stands for one entry, and products are plain.
        self.entries = all(size == 1 or axis in axes for axis, size in enumerate(shape))

    def write(self, node: Node) -> Notation:
        """The node with its arrays cut along the axes summed over; what does not change along them stays."""
        if not isinstance(node, Symbol) or len(node.shape) != len(self.letters):
            return node.write(self)
        marks = [self.letters[axis] if axis in self.axes else ":" for axis, size in enumerate(node.shape) if size != 1]
        if not set(marks) - {":"}:
            return node.word
        place = ",".join(marks)
        if ":" in marks:
            return Word(f"{node.word.text}[{place}]", f"{{{node.word.latex}}}_{{[{place}]}}", key=node.name)
        return names.word(node.name, place)


def sigma(letters: str) -> Operator:
    """`Σᵢ `; with letters that have no subscript form, `Σ_nhw `."""
    subscripted = all(mark in names.LOWERED for mark in letters)
    text = names.subscript(",".join(letters)) if subscripted else f"_{letters}"
    return Operator(f"Σ{text} ", rf"\sum_{{{','.join(letters)}}} ")


def length(part: Notation) -> int:
    """How many characters a piece takes, nearly; of a fraction, its wider half."""
    if isinstance(part, Word | Operator):
        return len(part.text)
    if isinstance(part, Fraction):
        return max(length(part.first), length(part.second))
    return sum(map(length, part.parts)) + (0 if isinstance(part, Row) else 2)
