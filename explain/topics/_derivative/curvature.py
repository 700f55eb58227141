"""Gradient and Hessian of a function of two or three variables, in letters or at a point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.entries import Entries
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.errors import InputError
from explain.topics._derivative.at_point import AtPoint
from explain.topics._derivative.definiteness import Definiteness
from explain.topics._derivative.derivation import Derivation
from explain.topics._derivative.kinks import kink
from explain.topics._derivative.second_route import check_derivative, check_slope
from explain.topics._derivative.stationary import stationary

Place = tuple[int, int]


class Curvature:
    """The steps from the first derivatives to the definiteness of the Hessian.

    Source: Goodfellow et al. 2016, section 4.3.1.

    Args:
        top: the plain name of the function, whose expression in the names of the question is `whole`.
        firsts: the first derivatives and what they came to, by variable.
    """

    def __init__(
        self,
        work: Derivation,
        top: str,
        whole: Node,
        variables: Sequence[str],
        firsts: Mapping[str, tuple[Symbol, Node]],
        point: AtPoint | None,
    ) -> None:
        self.work, self.sheet, self.top, self.whole = work, work.sheet, top, whole
        self.variables, self.firsts, self.point = list(variables), firsts, point
        self.size = len(self.variables)
        self.seconds: dict[Place, Symbol] = {}

    def worked(self) -> list[Symbol]:
        """All steps; the results."""
        self.sheet.part("Gradient and Hessian")
        self.work.stepwise = False
        gradient = self._gradient()
        for row in range(self.size):
            for column in range(row, self.size):
                self._second(row, column)
        hessian = self._hessian()
        results = [gradient, *self.seconds.values(), hessian]
        if self.point is None:
            rows = [form for _, form in self.firsts.values()]
            still = stationary(self.work, gradient, rows, self.variables)
            self.sheet.part("Definiteness")
            found = Definiteness(self.work, hessian, self.seconds, self.size, self.variables)
            return [*results, *([still.symbol] if still.symbol else []), *found.worked(still.told)]
        return [*results, *self._at_point(self.point, hessian)]

    def _gradient(self) -> Symbol:
        f = self.work.known[self.top]
        word = Word(f"∇{f.word.text}", rf"\nabla {f.word.latex}", key=f"grad_{self.top}")
        variables = ", ".join(self.work.known[name].word.text for name in self.variables)
        return self.sheet.define(
            f"grad_{self.top}",
            Entries(1, *(symbol for symbol, _ in self.firsts.values())),
            say("Gradient of {f}", f=f),
            say(f"the partial derivatives of {{f}} below each other, in the order {variables}", f=f),
            written=word,
        )

    def _second(self, row: int, column: int) -> None:
        """∂²f/∂x∂y: the first derivative by x, differentiated by y."""
        first, second = self.variables[row], self.variables[column]
        symbol, form = self.firsts[first]
        name = f"d2{self.top}/d{first}2" if first == second else f"d2{self.top}/d{first}d{second}"
        made = self.work.once_more(symbol, form, second, name, self.work.higher(self.top, [first, second]))
        self.seconds[row, column] = made
        check_derivative(self.sheet, self.whole, [first, second], self.work.forms[name], made)

    def _hessian(self) -> Symbol:
        return self.sheet.define(
            next(name for name in ("H", "Hess", "H_f") if name not in self.work.known),
            Entries(self.size, *cells(self.seconds, self.size)),
            "Hessian",
            "the second derivatives, row by row; the matrix is symmetric: where they are continuous, the order of the "
            "two variables does not matter (Schwarz), so that one half of it was worked",
        )

    def _at_point(self, point: AtPoint, hessian: Symbol) -> list[Symbol]:
        """The same in numbers."""
        self.sheet.part("At the point")
        f = self.work.known[self.top]
        for name in self.variables:
            at = kink(self.whole, name, point.values)
            if at is not None:
                raise InputError(
                    f"{{hessian}} is yes and {{at}} puts a kink of {at.function.name} there: at a kink there are no "
                    "second derivatives to judge by; choose another point"
                )
        slopes = [point.value(symbol, form) for symbol, form in self.firsts.values()]
        for name, slope in zip(self.variables, slopes, strict=True):
            number = float(self.sheet.values[slope.name])
            check_slope(self.sheet, self.whole, point.values, Symbol(name), number, f, slope)
        numbers = {place: point.value(symbol, self.work.forms[symbol.name]) for place, symbol in self.seconds.items()}
        matrix = self.sheet.define(
            f"{hessian.name}_at",
            Entries(self.size, *cells(numbers, self.size)),
            "Hessian at the point",
            "the numbers in the places of the second derivatives",
            written=Word(f"{hessian.word.text}|₀", rf"\left.{hessian.word.latex}\right|_0", key="H_at"),
        )
        self.sheet.part("Definiteness")
        flat = all(float(self.sheet.values[slope.name]) == 0 for slope in slopes)
        listed = [part for slope in slopes for part in (", ", slope.word)][1:]
        told = (
            ("the gradient is 0 at the point (", *listed, " are 0), so it is ")
            if flat
            else ("the gradient is not 0 at the point, so it is neither a minimum nor a maximum nor a saddle point",)
        )
        found = Definiteness(self.work, matrix, numbers, self.size, self.variables).worked(told)
        return [*slopes, matrix, *found]


def cells(half: Mapping[Place, Node], size: int) -> list[Node]:
    """All entries of a symmetric matrix, row by row, from the upper half."""
    return [half[min(row, column), max(row, column)] for row in range(size) for column in range(size)]
