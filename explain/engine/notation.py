"""What is to be written, as a small tree.

An expression is turned into this tree once; order and parentheses are decided here.
Two writers read it: text boxes (`explain.render.boxes`) and LaTeX (`explain.render.latex`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

# How tightly a piece of notation holds together, loosest first.
SUM, NEGATIVE, PRODUCT, QUOTIENT, POWER, ATOM = range(6)


class Notation:
    """A piece of what is written; `level` says how tightly it binds."""

    __slots__ = ()
    level: int = ATOM

    @property
    def parts(self) -> tuple[Notation, ...]:
        """The pieces inside, in reading order."""
        return ()


class Word(Notation):
    """A symbol, a number or a word: its text, its LaTeX, and the symbol that colours it."""

    __slots__ = ("key", "latex", "level", "number", "text")

    def __init__(
        self, text: str, latex: str | None = None, *, key: str = "", level: int = ATOM, number: bool = False
    ) -> None:
        self.text = text
        self.latex = text if latex is None else latex
        self.key = key
        self.level = level
        self.number = number


class Operator(Notation):
    """A sign between two operands; a line may be broken before a `breakable` one."""

    __slots__ = ("breakable", "latex", "text")

    def __init__(self, text: str, latex: str, breakable: bool = False) -> None:
        self.text = text
        self.latex = latex
        self.breakable = breakable


PLUS = Operator(" + ", " + ", True)
MINUS = Operator(" - ", " - ", True)
UNARY_MINUS = Operator("-", "-")
UNARY_MINUS_WIDE = Operator("- ", "-")
DOT = Operator("·", r" \cdot ")
WIDE_DOT = Operator(" · ", r" \cdot ", True)
GAP = Operator(" ", " ", True)
CROSS = Operator("×", r" \times ")
JOINED = Operator("", " ")
HADAMARD = Operator(" ⊙ ", r" \odot ", True)
OSLASH = Operator(" ⊘ ", r" \oslash ", True)
DOTS = Word("⋯", r"\cdots")
COMMA = Word(",")


class Row(Notation):
    """Pieces one after the other."""

    __slots__ = ("_parts", "level")

    def __init__(self, parts: Sequence[Notation], level: int = ATOM) -> None:
        self._parts = tuple(parts)
        self.level = level

    @property
    def parts(self) -> tuple[Notation, ...]:
        """The pieces of the row."""
        return self._parts


class Call(Row):
    """A function applied to its argument."""

    __slots__ = ()


class _One(Notation):
    __slots__ = ("inner",)

    def __init__(self, inner: Notation) -> None:
        self.inner = inner

    @property
    def parts(self) -> tuple[Notation, ...]:
        return (self.inner,)


class Paren(_One):
    """Round brackets, as tall as what they hold."""

    __slots__ = ()


class Floor(_One):
    """The largest whole number that is not above what stands inside."""

    __slots__ = ()


class Ceiling(_One):
    """The smallest whole number that is not below what stands inside."""

    __slots__ = ()


class Root(_One):
    """A square root."""

    __slots__ = ()


class _Two(Notation):
    __slots__ = ("first", "second")

    def __init__(self, first: Notation, second: Notation) -> None:
        self.first = first
        self.second = second

    @property
    def parts(self) -> tuple[Notation, ...]:
        return (self.first, self.second)


class Fraction(_Two):
    """`first` over `second`."""

    __slots__ = ()
    level = QUOTIENT


class Power(_Two):
    """`first` to the power (or with the superscript) `second`."""

    __slots__ = ()
    level = POWER


class Grid(Notation):
    """A matrix in square brackets; `None` among the rows or columns stands for dots.

    Args:
        row_names, column_names: what stands beside each row and above each column; none where they are empty.
    """

    __slots__ = ("column_names", "columns", "key", "row_names", "rows")

    def __init__(
        self,
        rows: Sequence[Sequence[Notation] | None],
        columns: Sequence[int | None],
        key: str = "",
        row_names: Sequence[str] = (),
        column_names: Sequence[str] = (),
    ) -> None:
        self.rows = tuple(rows)
        self.columns = tuple(columns)
        self.key = key
        self.row_names = tuple(row_names)
        self.column_names = tuple(column_names)

    @property
    def parts(self) -> tuple[Notation, ...]:
        """All cells, row by row."""
        return tuple(cell for row in self.rows if row is not None for cell in row)


def held(part: Notation, level: int) -> Notation:
    """The part as it stands, or in parentheses where it binds more loosely than `level`."""
    return part if part.level >= level else Paren(part)


def glue(left: Notation, right: Notation) -> Operator:
    """What stands between two factors: `0.8·3`, `(-1.6)(-2)`, `W x`, `4 n`."""
    first, second = edge(left, -1), edge(right, 0)
    if _slashed(first) or _slashed(second) or _spelled(first) or (_spelled(second) and not _digits(first)):
        return WIDE_DOT
    if isinstance(first, Fraction) or isinstance(second, Fraction) or (isinstance(first, Grid) and _digits(second)):
        return WIDE_DOT
    if isinstance(first, Paren) and isinstance(second, Paren):
        return JOINED
    digits_first, digits_second = _digits(first), _digits(second)
    if digits_second or (digits_first and isinstance(second, Paren | Call)):
        return DOT
    if digits_first and isinstance(second, Root) and _digits(edge(second.inner, 0)):
        return DOT
    return GAP


def edge(part: Notation, end: int) -> Notation:
    """The outermost piece of a row at one end."""
    while isinstance(part, Row) and part.parts and not isinstance(part, Call):
        part = part.parts[end]
    return part


def _slashed(part: Notation) -> bool:
    return isinstance(part, Word) and part.level == QUOTIENT


def _spelled(part: Notation) -> bool:
    """Whether a symbol is a word of several letters, which beside another symbol would be read as one with it."""
    return type(part) is Word and part.latex.startswith(r"\mathrm") and part.level == ATOM


def _digits(part: Notation) -> bool:
    if isinstance(part, Power):
        return _digits(edge(part.first, 0))
    return isinstance(part, Word) and part.number


def product(parts: Sequence[Notation]) -> Notation:
    """Factors side by side, each in parentheses where it needs them."""
    factors = [held(part, PRODUCT) for part in parts]
    row: list[Notation] = [factors[0]]
    for left, right in pairwise(factors):
        row += [glue(left, right), right]
    return Row(row, PRODUCT)


def related(*parts: Notation | str) -> Row:
    """Pieces with signs between them, for a sentence: `related(a, "=", b)`."""
    signs = {"=": Operator(" = ", " = "), "≈": Operator(" ≈ ", r" \approx ")}
    return Row([signs[part] if isinstance(part, str) else part for part in parts])


def sized(*sizes: Notation) -> Row:
    """Sizes with a cross between them: `n×m`."""
    row: list[Notation] = [sizes[0]]
    for size in sizes[1:]:
        row += [CROSS, size]
    return Row(row, PRODUCT)


def listed(parts: Sequence[Notation]) -> Row:
    """Pieces with commas between them: `a, b, c`; a line may be broken after each comma."""
    row: list[Notation] = []
    for part in parts:
        row += [COMMA, GAP, part]
    return Row(row[2:])


def call(name: Word, argument: Notation) -> Notation:
    """A function applied: `σ(z)`."""
    return Call([name, argument if isinstance(argument, Paren) else Paren(argument)])


def minus(part: Notation) -> list[Notation]:
    """A sign in front; a fraction keeps a little distance from it."""
    part = held(part, PRODUCT)
    return [UNARY_MINUS_WIDE if isinstance(edge(part, 0), Fraction) else UNARY_MINUS, part]
