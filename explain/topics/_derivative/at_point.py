"""Numbers put in at the end: the point gets symbols of its own, x₀ for x, so that the derivation stays with letters."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.notation import QUOTIENT, Word
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.topics._derivative.derivation import Derivation
from explain.topics._derivative.kinks import AT_KINK, checked, kink, sides, told
from explain.topics._derivative.second_route import check_slope
from explain.topics._graph.formula import Point

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class AtPoint:
    """The point as givens, and values of expressions at it."""

    def __init__(self, work: Derivation, point: Point, names: Sequence[str], reserved: Collection[str]) -> None:
        self.work, self.sheet, self.names = work, work.sheet, names
        self.symbols: dict[str, Symbol] = {}
        self.kinks: dict[str, Apply] = {}
        for name in names:
            plain = name + ("0" if "_" in name else "_0")
            taken = {*reserved, *(symbol.name for symbol in self.symbols.values())}
            while plain in taken:
                plain += "0"
            given = point.values[name]
            texts = given.texts if given.array.item() else ["0"]  # there is no -0.0
            symbol = self.sheet.given(plain, Values((), texts), say("{x} at the point", x=Symbol(name)), option="at")
            symbol.word = self.sheet.given_items[-1].symbol.word = Word(*_written(name, plain), key=plain)
            self.symbols[name] = symbol

    @property
    def values(self) -> dict[str, Array]:
        """The point, by the names of the formula."""
        return {name: self.sheet.values[symbol.name] for name, symbol in self.symbols.items()}

    def convention(self, sheet: Worksheet) -> None:
        """What the mark of the point says."""
        first = self.symbols[self.names[0]]
        for name, at in self.kinks.items():
            sheet.convention(
                f"where {{k}} has its kink, {{t}} = 0, its slope is taken as {AT_KINK[name]}: the convention of "
                "PyTorch; there it is no derivative",
                k=at.function(Symbol("t")), t=Symbol("t"),
            )  # fmt: skip
        sheet.convention("|₀ says that the point is put in: {x} for {y}, and so on", x=first, y=Symbol(self.names[0]))

    def put(self, node: Node) -> Node:
        """An expression with the point put in."""
        if isinstance(node, Symbol):
            return self.symbols.get(node.name, node)
        return node.rebuild([self.put(operand) for operand in node.operands]) if node.operands else node

    def value(self, symbol: Symbol, form: Node, what: str = "") -> Symbol:
        """One expression at the point."""
        return self.sheet.define(
            f"{symbol.name}_at",
            self.put(form),
            say(f"{what or 'Value of'} {{d}} at the point", d=symbol),
            say("{d} = {form}: each letter is replaced by its number at the point", d=symbol, form=form),
            written=Word(
                f"{symbol.word.text}|₀", rf"\left.{symbol.word.latex}\right|_0", key=f"{symbol.name}_at", level=QUOTIENT
            ),
        )

    def worked(self, forms: Sequence[tuple[Symbol, Node]]) -> list[Symbol]:
        """The formula (the first of `forms`) and its derivatives at the point; slopes are checked."""
        self.sheet.part("At the point")
        (top, whole), *derivatives = forms
        found = [self.value(top, whole)]
        before = {0: (top, whole)}
        for symbol, form in derivatives:
            found.append(self.value(symbol, form))
            wrt, order = self._read(symbol.name.split("_form")[0], top.name)
            self._checked(found[-1], form, wrt, order, *before[order - 1], *before[0])
            before[order] = symbol, form
        return found

    def _read(self, name: str, top: str) -> tuple[str, int]:
        """By what a derivative is taken, and how often: `d2f/dx2`."""
        forms = {f"d{top}/d{name}": (name, 1) for name in self.names}
        forms |= {f"d{order}{top}/d{name}{order}": (name, order) for name in self.names for order in (2, 3)}
        return forms[name]

    def _checked(
        self, result: Symbol, form: Node, wrt: str, order: int, last: Symbol, before: Node, top: Symbol, whole: Node
    ) -> None:
        """The slope by a difference quotient; at a kink both slopes, and what the value there is worth."""
        value = float(self.sheet.values[result.name])
        at = kink(whole, wrt, self.values)
        if at is not None:
            seen = sides(at, before, form, wrt, self.values)
            self.sheet.steps[-1].note = told(seen, value, last, Symbol(wrt))
            self.sheet.check(seen.agreed, [result], checked(seen, last, Symbol(wrt), result))
            self.kinks.setdefault(at.function.name, at)
        elif order == 1:
            check_slope(self.sheet, whole, self.values, Symbol(wrt), value, top, result)


def _written(name: str, plain: str) -> tuple[str, str]:
    """x₀ for x; where the question has an x₀ of its own, x₀₀."""
    written = word(name, "0") if len(plain) <= len(name) + 2 and "00" not in plain else word(plain)
    return written.text, written.latex
