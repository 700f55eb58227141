"""Relations between numbers of worked answers, held and told: `P_1 + P_4 = 83985`, `0 < cell.f_1 < 1`.

    relation  = sum sign sum [sign sum]     the sums are those of formulas (explain.formulas.grammar)
    sign      = "=" | "!=" | "<" | "<=" | ">" | ">="
    quantity  = [calculation "."] step ("[" number "]")*

A step is named as for `--find`; a derivative is written without spaces, `dL/dW_1`, so that `dL / dW_1` is a quotient.
Entries are counted from 0, as in Python: `alpha[1]` of a row or a column, `W_1[0][1]`; `A[0]` is a row. What has
several numbers is compared entry by entry: `=` and `<` hold when they hold for all of them, `!=` when one differs.

A typed decimal stands for all that are rounded to it, as an expected one does (explain.expectations); a whole number is
exact, and so is what two calculations give, up to the noise of floats.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.nodes.base import Node, Style, Symbol
from explain.engine.notation import SUM, Notation, Operator, Row, Word
from explain.engine.prose import SYMBOLIC, Prose
from explain.engine.rounding import DIGITS, Shown, number_word, show, tidy, typed
from explain.errors import InputError, shown
from explain.expectations import holds
from explain.formulas.grammar import parse
from explain.formulas.tree import Tree
from explain.quantities import LISTED, Figure, Quantity, figure, listed, named

if TYPE_CHECKING:
    from explain.engine.answer import Answer

LONGEST = 2000  # characters of a relation
PIECE = 30  # characters of a sum that is not broken in a sentence
NOISE = 1e-9
SIGN = re.compile(r"!=|<=|>=|==|[=<>≠≤≥]")
SIGNS = {"==": "=", "≠": "!=", "≤": "<=", "≥": ">="}
WRITTEN = {"!=": "≠", "<=": "≤", ">=": "≥"}
OPPOSITE = {"=": "!=", "!=": "=", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}
Line = tuple[str, Notation]  # a part of what is told, and the sign before it


class Told(NamedTuple):
    """Whether a relation holds, and the working: names, numbers put in, value."""

    holds: bool
    prose: Prose


@dataclass(frozen=True, slots=True)
class Relation:
    """A relation as plain data: `text` as typed, its sides, the signs between them, what it speaks of."""

    text: str
    where: str
    sides: tuple[Tree, ...]
    signs: tuple[str, ...]
    quantities: Mapping[str, Quantity]

    @classmethod
    def read(cls, text: str, where: str = "relation") -> Relation:
        """A relation from text.

        >>> [str(side) for side in Relation.read("P_1 + P_4 = 83985").sides]
        ['(+ P_1 P_4)', '83985']

        Args:
            where: what the relation is called in errors.

        Raises:
            InputError: no sign, too many, or a side that is no formula; one line with the column of the mistake.
        """
        if len(text) > LONGEST:
            raise InputError(f"{where} has {len(text)} characters: at most {LONGEST} are read")
        plain, quantities = named(text)
        found = list(SIGN.finditer(plain))
        if not 1 <= len(found) <= 2:
            count = f"{len(found)} signs" if found else "no sign"
            rule = "one of = != < <= > >= stands between two sides, as in P_1 + P_4 = 7; two as in 0 < f_1 < 1"
            raise InputError(f"{where}: {shown(text)} has {count}: {rule}")
        starts, ends = [0, *(match.end() for match in found)], [*(match.start() for match in found), len(plain)]
        sides = [_side(plain, where, start, end) for start, end in zip(starts, ends, strict=True)]
        signs = tuple(SIGNS.get(match[0], match[0]) for match in found)
        return cls(text, where, tuple(sides), signs, quantities)

    def worked(self, answers: Mapping[str, Answer], digits: int = DIGITS) -> Told:
        """The relation held against answers; one that does not hold is told with the opposite sign.

        Args:
            answers: each calculation by its name; the only one may have the name "".
            digits: decimals shown.

        Raises:
            InputError: a calculation or a step that is not there, or that has no numbers; a side that is not finite.
        """
        every = list(self.quantities.values())
        figures = {key: figure(item, answers, digits, self.where, every) for key, item in self.quantities.items()}
        sides = [Side(tree, figures, digits, self) for tree in self.sides]
        pairs = list(zip(pairwise(sides), self.signs, strict=True))
        held = [compared(left, right, sign) for (left, right), sign in pairs]
        signs = [sign if fine else OPPOSITE[sign] for sign, fine in zip(self.signs, held, strict=True)]
        return Told(all(held), told(sides, signs))


def _side(text: str, where: str, start: int, end: int) -> Tree:
    """One side, read as a formula; columns are those of the whole text."""
    piece = text[start:end]
    if not piece.strip():
        raise InputError(f"{where}, column {start + 1}: a number or a step is missing here, as in P_1 + P_4 = 7")
    if ";" in piece or "\n" in piece:
        raise InputError(f"{where}: {shown(piece.strip())} is not one formula: write relations one by one")
    return parse(" " * start + piece, where)[0].tree


class _PutIn:
    """The style of a substitution."""

    numbers = True
    entries = False

    def __init__(self, figures: Mapping[str, Notation]) -> None:
        self.figures = figures

    def write(self, node: Node) -> Notation:
        """A quantity by its numbers, everything else as it is."""
        return self.figures[node.name] if isinstance(node, Symbol) else node.write(self)

    def indexed(self, index: str) -> Style:
        """Index formulas are written with symbols."""
        return SYMBOLIC.indexed(index)


class Side:
    """One side of a relation, worked: an exact fraction where it can be, else a float or an array of floats."""

    def __init__(self, tree: Tree, figures: Mapping[str, Figure], digits: int, relation: Relation) -> None:
        from explain.formulas.build import Builder

        self.figures = {key: figures[key] for key in tree.names}
        self.tree, self.digits = tree, digits
        known = {key: item.symbol for key, item in self.figures.items()}
        self.node = Builder(known, lambda node, _tree, _above: node, relation.where).build(tree)
        exact = _exact(tree, self.figures)
        self.value = exact if exact is not None else self._floats(relation)

    @property
    def literal(self) -> str:
        """The typed text of a side that is one number; else nothing."""
        negative = self.tree.kind == "neg"
        tree = self.tree.operands[0] if negative else self.tree
        return "-" * negative + tree.text if tree.kind == "number" else ""

    @property
    def speaks(self) -> bool:
        """Whether it speaks of steps, and not only of numbers."""
        return bool(self.figures)

    def _floats(self, relation: Relation) -> Any:
        import numpy as np

        from explain.engine.evaluate import evaluate

        values = {item.symbol.name: np.asarray(item.value, dtype=np.float64) for item in self.figures.values()}
        try:
            with np.errstate(all="ignore"):
                found = np.asarray(evaluate(self.node, values), dtype=np.float64)
        except (ArithmeticError, ValueError, TypeError) as error:
            raise InputError(f"{relation.where}: {shown(relation.text)} cannot be worked with these numbers") from error
        if not np.isfinite(found).all():
            raise InputError(f"{relation.where}: {shown(relation.text)} is not finite with these numbers")
        return found.item() if found.size == 1 else found

    def lines(self) -> list[Line]:
        """Names, numbers put in, value, each with the sign before it; none repeats the one before."""
        if self.literal:
            return [("", number_word(typed(self.literal)))]
        lines: list[Line] = [("", SYMBOLIC.write(self.node))]
        if self.speaks:
            numbers = _PutIn({item.symbol.name: item.written for item in self.figures.values()}).write(self.node)
            lines.append(("≈" if any(not item.exactly for item in self.figures.values()) else "=", numbers))
        if not self.speaks or self.node.operands:  # the numbers of one quantity are its value
            lines.append(self._result())
        return [line for at, line in enumerate(lines) if not at or _text(line[1]) != _text(lines[at - 1][1])]

    def _result(self) -> Line:
        """The value; `=` after rounded numbers only where they give just that: 0.88 + 0.12 = 1, e^1.3863 ≈ 4."""
        sign, value = self._shown()
        if sign == "=" and any(not item.exactly for item in self.figures.values()):
            from explain.engine.evaluate import evaluate

            try:
                put_in = {item.symbol.name: item.put_in for item in self.figures.values()}
                again = float(evaluate(self.node, put_in))
            except (ArithmeticError, ValueError, TypeError):
                return "≈", value
            return ("=" if abs(again - float(self.value)) <= NOISE * max(1.0, abs(again)) else "≈"), value
        return sign, value

    def _shown(self) -> Line:
        if isinstance(self.value, Fraction):
            text, exact = show(self.value, self.digits)
        elif isinstance(self.value, float):
            text, exact = _rounded(self.value, self.digits)
        elif self.value.size > LISTED:
            return "≈", Word("…", r"\dots")
        else:
            every = [Shown(*_rounded(float(value), self.digits)) for value in self.value.flat]
            columns = self.value.shape[-1] if min(self.value.shape) > 1 else None
            return "=" if all(shown.exact for shown in every) else "≈", listed(every, columns)
        return "=" if exact else "≈", number_word(text)


def _rounded(value: float, digits: int) -> tuple[str, bool]:
    """A worked number as it is shown, and whether nothing of it is lost by that."""
    text = tidy(value, digits)
    return text, "×" not in text and abs(float(text) - value) <= 1e-13 * max(1.0, abs(value))


def _text(part: Notation) -> str:
    from explain.render.linear import linear

    return linear(part)


def _exact(tree: Tree, figures: Mapping[str, Figure]) -> Fraction | None:
    """The value as a fraction, where every number is exact and only arithmetic joins them."""
    if tree.kind == "number":
        return Fraction(tree.text)
    if tree.kind == "name":
        return figures[tree.text].exact
    parts = [_exact(operand, figures) for operand in tree.operands]
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    if tree.kind == "+":
        return sum((sign * part for sign, part in zip(tree.signs, known, strict=True)), Fraction(0))
    if tree.kind == "neg":
        return -known[0]
    if tree.kind == "*":
        product = Fraction(1)
        for part in known:
            product *= part
        return product
    if tree.kind == "/" and known[1]:
        return known[0] / known[1]
    if tree.kind == "^" and known[1].denominator == 1 and 0 <= known[1] <= 12:
        return known[0] ** int(known[1])
    return abs(known[0]) if (tree.kind, tree.text) == ("call", "abs") else None


def compared(left: Side, right: Side, sign: str) -> bool:
    """Whether a sign holds between two sides, entry by entry."""
    import numpy as np

    pairs = list(np.broadcast(np.asarray(left.value, dtype=object), np.asarray(right.value, dtype=object)))
    if sign in ("=", "!="):
        return all(_equal(left, right, *pair) for pair in pairs) is (sign == "=")
    if sign in ("<", "<="):
        return all(a < b or (sign == "<=" and _equal(left, right, a, b)) for a, b in pairs)
    return all(a > b or (sign == ">=" and _equal(left, right, a, b)) for a, b in pairs)


def _equal(left: Side, right: Side, a: Any, b: Any) -> bool:
    for side, value in ((right, a), (left, b)):
        if "." in side.literal or "e" in side.literal.lower():
            return holds(side.literal, int(value) if isinstance(value, Fraction) and value.denominator == 1 else value)
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return a == b
    return abs(float(a) - float(b)) <= NOISE * max(1.0, abs(float(a)), abs(float(b)))


def told(sides: Sequence[Side], signs: Sequence[str]) -> Prose:
    """All sides in one sentence: names, numbers, value; the last one back from its value to its names."""
    chain: list[Line] = []
    for at, side in enumerate(sides):
        lines = side.lines()
        if at and side.literal and signs[at - 1] == "=" and _repeats(chain[-1], sides[at - 1], side):
            chain.pop()
        if at == len(sides) - 1 and any(other.speaks for other in sides[:at]):
            lines = [("", lines[-1][1])] + [(lines[k][0], lines[k - 1][1]) for k in range(len(lines) - 1, 0, -1)]
        chain += _joined(chain[-1][1], lines, signs[at - 1], _differ(sides[at - 1], side)) if at else lines
    said: list[str | Notation] = []
    for sign, part in chain:
        said += [f" {sign} "] if sign else []
        said += _broken(part)
    return tuple(said)


def _repeats(last: Line, before: Side, side: Side) -> bool:
    """Whether a rounded number is the typed one that it equals, 4.0000 for 4: that alone is told."""
    try:
        same = float(_text(last[1])) == float(side.literal)
    except ValueError:
        return False
    return last[0] == "≈" and same and not _differ(before, side)


def _joined(last: Notation, lines: list[Line], sign: str, differ: bool) -> list[Line]:
    """The lines of a side after the last line of the one before; what is equal to it does not stand there twice."""
    if sign == "=" and _text(last) == _text(lines[0][1]):
        return lines[1:]
    kept = lines[:-1] if sign == "=" and len(lines) > 1 and _text(last) == _text(lines[-1][1]) else lines
    return [("≈" if sign == "=" and differ else WRITTEN.get(sign, sign), kept[0][1]), *kept[1:]]


def _differ(left: Side, right: Side) -> bool:
    """Whether two sides, if they are equal, are so only to the digits that are shown."""
    import numpy as np

    if isinstance(left.value, Fraction) and isinstance(right.value, Fraction):
        return left.value != right.value
    first, second = (np.asarray(side.value, dtype=np.float64) for side in (left, right))
    return bool((np.abs(first - second) > NOISE * np.maximum(1, np.abs(first))).any())


def _broken(part: Notation) -> list[str | Notation]:
    """A long sum in pieces, so that a line may end between them; everything else as it is."""
    if part.level != SUM or len(_text(part)) <= PIECE:
        return [part]
    said: list[str | Notation] = []
    row: list[Notation] = []
    for inner in part.parts:
        if isinstance(inner, Operator) and inner.breakable:
            said += [Row(row), inner.text]
            row = []
        else:
            row.append(inner)
    return [*said, Row(row)]
