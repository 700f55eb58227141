"""Expressions as plain Python objects that keep the author's order.

A node knows its operands and its shape, and five things about itself: how it is written, how NumPy evaluates
it, what one entry of it is, how that entry is lowered to SymPy, and how a derivative is pulled back through it.
Neither SymPy nor NumPy is imported here: `--help` must not wait for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from numbers import Rational, Real
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from explain.engine import names
from explain.engine.notation import ATOM, NEGATIVE, Notation, Word
from explain.engine.shapes import Shape, ShapeError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Index = tuple[int, ...]


class Style(Protocol):
    """How the leaves of an expression are written: as symbols, or as numbers."""

    def write(self, node: Node) -> Notation:
        """The node in this style."""

    def indexed(self, index: str) -> Style:
        """The same style, every array standing for its entry `index`."""

    @property
    def numbers(self) -> bool:
        """Whether numbers are put in."""

    @property
    def entries(self) -> bool:
        """Whether every array stands for one entry of it, so that products are plain."""


class Node:
    """An expression. Subclasses are one operation each."""

    __slots__ = ("operands", "shape")
    operands: tuple[Node, ...]
    shape: Shape

    # SymPy and NumPy must not swallow a node they meet, nor Python take it for a list.
    _op_priority: ClassVar[float] = 1000.0
    __array_ufunc__: ClassVar[None] = None
    __iter__: ClassVar[None] = None

    def evaluate(self, values: Sequence[Array]) -> Array:
        """The value, from the values of the operands."""
        raise NotImplementedError(type(self).__name__)

    def write(self, style: Style) -> Notation:
        """The expression as notation."""
        raise NotImplementedError(type(self).__name__)

    def entry(self, index: Index) -> Node:
        """One entry, as an expression in the entries of the operands."""
        raise NotImplementedError(type(self).__name__)

    def lower(self, operands: Sequence[Any]) -> Any:
        """A scalar operation in SymPy, from its operands in SymPy."""
        raise NotImplementedError(type(self).__name__)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        """What each operand receives when `seed` arrives at this node (a vector-Jacobian product)."""
        raise NotImplementedError(type(self).__name__)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        """The same operation on other operands."""
        return type(self)(*operands)

    def _sympy_(self) -> Any:
        """The official bridge: SymPy calls this when it meets a node."""
        from explain.engine.lowering import to_sympy

        return to_sympy(self)

    def __add__(self, other: Node | int) -> Node:
        from explain.engine.nodes.arithmetic import Add

        return Add.join(self, node(other), 1)

    def __radd__(self, other: int) -> Node:
        return node(other) + self

    def __sub__(self, other: Node | int) -> Node:
        from explain.engine.nodes.arithmetic import Add

        return Add.join(self, node(other), -1)

    def __rsub__(self, other: int) -> Node:
        return node(other) - self

    def __neg__(self) -> Node:
        from explain.engine.nodes.arithmetic import negative

        return negative(self)

    def __mul__(self, other: Node | int) -> Node:
        from explain.engine.nodes.arithmetic import times

        return times(self, node(other))

    def __rmul__(self, other: int) -> Node:
        return node(other) * self

    def __truediv__(self, other: Node | int) -> Node:
        from explain.engine.nodes.arithmetic import Divide

        return Divide(self, node(other))

    def __rtruediv__(self, other: int) -> Node:
        return node(other) / self

    def __pow__(self, exponent: int) -> Node:
        from explain.engine.nodes.arithmetic import Raise

        return Raise(self, node(exponent))

    def __matmul__(self, other: Node) -> Node:
        from explain.engine.nodes.linear import matmul

        return matmul(self, other)

    @property
    def T(self) -> Node:
        """The transposed matrix."""
        from explain.engine.nodes.linear import transpose

        return transpose(self)

    def __getitem__(self, index: Index | int) -> Node:
        return self.entry(index if isinstance(index, tuple) else (index,))


class Symbol(Node):
    """A named quantity. `name` is the plain name, `word` how it is written."""

    __slots__ = ("name", "word")

    def __init__(self, name: str, shape: Shape = (), word: Word | None = None) -> None:
        self.operands = ()
        self.name = name
        self.shape = shape
        self.word = word or names.word(name)

    def write(self, style: Style) -> Notation:
        return self.word

    def entry(self, index: Index) -> Node:
        if len(index) != len(self.shape):
            raise ShapeError(f"{self.name} has {len(self.shape)} axes, the index {len(index)}")
        return Entry(self, index) if index else self


class Entry(Node):
    """One entry of a named quantity, counted from 0."""

    __slots__ = ("index", "symbol")

    def __init__(self, symbol: Symbol, index: Index) -> None:
        self.operands = ()
        self.shape = ()
        self.symbol = symbol
        self.index = index

    def write(self, style: Style) -> Notation:
        return names.word(self.symbol.name, entry_label(self.index, self.symbol.shape))

    def entry(self, index: Index) -> Node:
        return self


class Number(Node):
    """A constant: its text as it is to be written (empty: to be formatted), and its value."""

    __slots__ = ("text", "value")

    def __init__(self, value: Any, text: str = "") -> None:
        self.operands = ()
        self.shape = ()
        self.value = value
        self.text = text

    def write(self, style: Style) -> Notation:
        level = NEGATIVE if self.text.startswith("-") else ATOM
        return Word(self.text, number=True, level=level)

    def entry(self, index: Index) -> Node:
        return self

    def evaluate(self, values: Sequence[Array]) -> Array:
        # A whole number stays Python's own, so that counts of any size stay exact.
        number: Any = self.value if isinstance(self.value, int) else float(self.value)
        return number  # type: ignore[no-any-return]

    def lower(self, operands: Sequence[Any]) -> Any:
        import sympy

        if isinstance(self.value, int | Fraction):
            return sympy.Rational(self.value.numerator, self.value.denominator)
        return self.value  # a SymPy number already


class Repeated(Node):
    """An expression that is evaluated from another one; its own formula is made when it is asked for."""

    __slots__ = ()

    @property
    def formula(self) -> Node:
        """The expression written out."""
        raise NotImplementedError(type(self).__name__)

    def value(self, values: Mapping[str, Array]) -> Array:
        """The value, from the quantities by their names."""
        raise NotImplementedError(type(self).__name__)


class Textbook(Node):
    """An expression that is printed as the textbook has it and evaluated in a way that keeps its digits.

    Args:
        printed: the textbook form: what is written, lowered to SymPy and worked entry by entry.
        numpy: evaluates it from the values of `operands`.
        pulled: its pull-back, where that differs from the printed form's.
        entries: one entry, where the printed form's would lose its digits.
    """

    __slots__ = ("entries", "numpy", "printed", "pulled")

    def __init__(
        self,
        printed: Node,
        operands: Sequence[Node],
        numpy: Callable[..., Array],
        pulled: Callable[[Node], Sequence[Node | None]] | None = None,
        entries: Callable[[Index], Node] | None = None,
    ) -> None:
        self.entries = entries
        self.printed = printed
        self.operands = tuple(operands)
        self.numpy = numpy
        self.pulled = pulled
        self.shape = printed.shape

    def rebuild(self, operands: Sequence[Node]) -> Node:
        put_in = {id(old): new for old, new in zip(self.operands, operands, strict=True)}
        return Textbook(_exchanged(self.printed, put_in), operands, self.numpy)

    def evaluate(self, values: Sequence[Array]) -> Array:
        return self.numpy(*values)

    def write(self, style: Style) -> Notation:
        return style.write(self.printed)

    def entry(self, index: Index) -> Node:
        return self.entries(index) if self.entries else self.printed.entry(index)

    def pull(self, seed: Node, output: Node) -> Sequence[Node | None]:
        if self.pulled is None:
            raise TypeError("this expression is not differentiated again")
        return self.pulled(seed)


def _exchanged(part: Node, put_in: Mapping[int, Node]) -> Node:
    """The expression with some of its parts, told by their identity, exchanged for others."""
    if id(part) in put_in:
        return put_in[id(part)]
    if not part.operands:
        return part
    return part.rebuild([_exchanged(operand, put_in) for operand in part.operands])


def node(value: Any) -> Node:
    """A node; a number or a SymPy expression made one; anything else is refused."""
    if isinstance(value, Node):
        return value
    if isinstance(value, Real) and not isinstance(value, bool):
        exact = Fraction(repr(float(value))) if not isinstance(value, Rational) else Fraction(value)
        whole = exact.denominator == 1
        return Number(
            int(exact) if whole else exact, str(exact) if whole or isinstance(value, Rational) else str(value)
        )
    if hasattr(value, "free_symbols"):
        from explain.engine.lowering import from_sympy

        return from_sympy(value, {})
    raise TypeError(f"{type(value).__name__} is no part of an expression: give it a name with given()")


def entry_label(index: Index, shape: Shape) -> str:
    """How an entry is numbered on paper: from 1, vectors with one number."""
    kept = [place + 1 for place, size in zip(index, shape, strict=True) if size != 1]
    if not kept:
        kept = [1]
    return ("" if all(place < 10 for place in kept) else ",").join(map(str, kept))


def entry_place(index: Index, shape: Shape) -> str:
    """Which entry that is, for a reader: `2`, `(2,1)`; among several maps the whole index, `(2,1,1)`."""
    if any(size != 1 for size in shape[:-2]):
        return f"({','.join(str(place + 1) for place in index)})"
    kept = [str(place + 1) for place, size in zip(index, shape, strict=True) if size != 1] or ["1"]
    return kept[0] if len(kept) == 1 else f"({','.join(kept)})"
