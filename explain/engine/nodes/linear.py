"""Linear operations on arrays: matrix product, transpose, sums, the diagonal matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from explain.engine import shapes
from explain.engine.names import subscript
from explain.engine.nodes.along import unravelled
from explain.engine.nodes.arithmetic import Add, Negative, Times, fit_entry, fit_shape, negative, times
from explain.engine.nodes.base import Index, Node, Number, Style, Symbol
from explain.engine.notation import ATOM, PRODUCT, Notation, Operator, Power, Row, Word, call, held, product

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

TRANSPOSED = Word("ᵀ", r"\top")
# Longer sums are never written out nor lowered term by term: no cost grows with what is not shown.
LONGEST = 64


def long_sum(count: int, term: Callable[[int], Node]) -> Node:
    """`term(0) + term(1) + …`; of a long one only the first two and the last."""
    if count <= 1:
        return term(0) if count else Number(0, "0")
    if count <= LONGEST:
        return Add(*(term(at) for at in range(count)))
    return Add(term(0), term(1), term(count - 1), skipped=count - 3)


class MatMul(Node):
    """The matrix product of two matrices."""

    __slots__ = ()

    def __init__(self, first: Node, second: Node) -> None:
        self.operands = (first, second)
        self.shape = shapes.matmul(first.shape, second.shape)

    def evaluate(self, values: Sequence[Array]) -> Array:
        first, second = values
        if isinstance(self.operands[1], Diagonal):  # scale the columns; never build the diagonal matrix
            return first * second.diagonal() if second.ndim == 2 else first * second
        return first @ second

    def entry(self, index: Index) -> Node:
        first, second = self.operands
        row, column = index
        if isinstance(second, Diagonal):
            return times(first.entry((row, column)), second.entry((column, column)))
        if isinstance(first, Diagonal):
            return times(first.entry((row, row)), second.entry((row, column)))
        return long_sum(int(first.shape[1]), lambda k: Times(first.entry((row, k)), second.entry((k, column))))

    def write(self, style: Style) -> Notation:
        # Wᵀ (g ⊙ s): an element-wise product is done first.
        written = (style.write(operand) for operand in self.operands)
        return product(
            [
                held(part, ATOM if _is_hadamard(operand) else PRODUCT)
                for part, operand in zip(written, self.operands, strict=True)
            ]
        )

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        first, second = self.operands
        return [matmul(seed, transpose(second)), matmul(transpose(first), seed)]


class Transpose(Node):
    """A matrix with rows and columns exchanged."""

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        self.shape = operand.shape[::-1]

    def evaluate(self, values: Sequence[Array]) -> Array:
        return values[0].T

    def entry(self, index: Index) -> Node:
        return self.operands[0].entry(index[::-1])

    def write(self, style: Style) -> Notation:
        return Power(held(style.write(self.operands[0]), ATOM), TRANSPOSED)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [transpose(seed)]


class Sum(Node):
    """The sum of all entries, or along one axis (which stays, with size 1)."""

    __slots__ = ("axis",)

    def __init__(self, operand: Node, axis: int | None = None) -> None:
        self.operands = (operand,)
        self.axis = axis
        self.shape = () if axis is None else tuple(1 if at == axis else n for at, n in enumerate(operand.shape))

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.asarray(values[0].sum(axis=self.axis, keepdims=self.axis is not None))

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Sum(operands[0], self.axis)

    def entry(self, index: Index) -> Node:
        operand, axis = self.operands[0], self.axis
        if axis is not None:
            size = int(operand.shape[axis])
            return long_sum(size, lambda at: operand.entry((*index[:axis], at, *index[axis + 1 :])))
        if not operand.shape:
            return operand
        return long_sum(shapes.count(operand.shape), lambda at: operand.entry(unravelled(at, operand.shape)))

    def write(self, style: Style) -> Notation:
        operand = self.operands[0]
        if self.axis is not None:
            name = "rowsum" if self.axis == 1 else "columnsum"
            return call(Word(name, rf"\mathrm{{{name}}}"), style.write(operand))
        if style.numbers and not any(isinstance(size, str) for size in operand.shape):
            return style.write(self.entry(()))
        if len(operand.shape) > 2:  # too many letters for a sum of everything
            return call(Word("sum", r"\mathrm{sum}"), style.write(operand))
        index = "".join(mark for mark, size in zip("ij", operand.shape, strict=False) if size != 1)
        if not index:
            return style.write(operand)
        sign = Operator(f"Σ{subscript(index)} ", rf"\sum_{{{index}}} ")
        written = style.indexed(index).write(operand)
        return Row([sign, held(written, PRODUCT)], PRODUCT)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [Spread(seed, self.operands[0].shape)]


class Spread(Node):
    """A number (or a row, or a column) standing for every entry of an array: the pull-back of a sum."""

    __slots__ = ()

    def __init__(self, operand: Node, shape: shapes.Shape) -> None:
        self.operands = (operand,)
        self.shape = shape

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.broadcast_to(values[0], cast("tuple[int, ...]", self.shape)).copy()

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Spread(operands[0], self.shape)

    def entry(self, index: Index) -> Node:
        return fit_entry(self.operands[0], index)

    def write(self, style: Style) -> Notation:
        return call(Word("each", r"\mathrm{each}"), style.write(self.operands[0]))

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        return [fit_shape(seed, self.operands[0].shape)]


class Diagonal(Node):
    """The square matrix with a column on its diagonal and zeros elsewhere."""

    __slots__ = ()

    def __init__(self, operand: Node) -> None:
        self.operands = (operand,)
        size = operand.shape[0]
        self.shape = (size, size)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.diag(values[0][:, 0])

    def entry(self, index: Index) -> Node:
        row, column = index
        return self.operands[0].entry((row, 0)) if row == column else Number(0, "0")

    def write(self, style: Style) -> Notation:
        return call(Word("diag", r"\mathrm{diag}"), style.write(self.operands[0]))


def _is_hadamard(operand: Node) -> bool:
    """Whether two arrays are multiplied entry by entry."""
    arrays = [part for part in operand.operands if any(size != 1 for size in part.shape)]
    return isinstance(operand, Times) and len(arrays) > 1


def transpose(operand: Node) -> Node:
    """The transpose; (Aᵀ)ᵀ is A, (A B)ᵀ is Bᵀ Aᵀ, a single number is its own."""
    if isinstance(operand, Transpose):
        return operand.operands[0]
    if isinstance(operand, MatMul):
        return matmul(transpose(operand.operands[1]), transpose(operand.operands[0]))
    if isinstance(operand, Negative):
        return negative(transpose(operand.operands[0]))
    if all(size == 1 for size in operand.shape):
        return operand
    return Transpose(operand)


def matmul(first: Node, second: Node) -> Node:
    """The matrix product; a sign moves to the front."""
    if not isinstance(second, Node):
        raise TypeError(f"{type(second).__name__} is no part of an expression: give it a name with given()")
    for at, operand in enumerate((first, second)):
        if isinstance(operand, Negative):
            inner = operand.operands[0]
            return negative(matmul(inner, second) if at == 0 else matmul(first, inner))
    return MatMul(first, second)


def is_leaf(operand: Node) -> bool:
    """A symbol or a transposed symbol: written as one piece, also with numbers put in."""
    return isinstance(operand, Symbol) or (isinstance(operand, Transpose) and isinstance(operand.operands[0], Symbol))
