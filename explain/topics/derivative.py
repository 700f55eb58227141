"""Derivatives on the blackboard: with symbols, rule by rule and named."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import SYMBOLIC, say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.formulas.inputs import Formula
from explain.topics._derivative.algebra import from_definition, is_defined_quotient, multiplied_out, sigmoid_line
from explain.topics._derivative.at_point import AtPoint
from explain.topics._derivative.curvature import Curvature
from explain.topics._derivative.derivation import Derivation
from explain.topics._derivative.functions_used import functions_used
from explain.topics._derivative.second_route import check_derivative
from explain.topics._derivative.softmax_formula import softmax_page
from explain.topics._graph.formula import Names, Point, Question, built, checked_point, chosen, has_decimals, question

MOST_CURVED = 3
LONGEST_TITLE = 50  # characters of a formula in the title


@topic
def derivative(
    formula: Annotated[Formula, "the formula in quotes, such as 'sigmoid(w*x + b)', or parts: 'u = w*x; f = u^2'"],
    wrt: Annotated[Names | None, "the variables: w, or x,y; all names of the formula if not given"] = None,
    order: Annotated[Literal["1", "2", "3"], "2 or 3 differentiates the result again"] = "1",
    hessian: Annotated[Literal["no", "yes"], "gradient, Hessian and its definiteness, for 2 or 3 variables"] = "no",
    at: Annotated[Point | None, "numbers put in at the end, one for every name: x=1, y=2"] = None,
    classes: Annotated[Literal["2", "3", "4", "5", "6"], "entries of the vectors in a formula with softmax"] = "3",
) -> Answer:
    """Derivative of a formula with symbols: every rule named, from the inner functions to the result.

    What stands inside a function gets a letter of its own, so that the chain rule can be written; every part is
    differentiated by one rule; then the letters are put back. sigmoid(z) and tanh(z) alone are derived from their
    definition. Every name is a number, except in two formulas: softmax(z) of a vector z gives the Jacobian, and
    -sum(y*log(softmax(z))) the gradient p - y of a target y that sums to 1. Functions: sigmoid, tanh, relu,
    leaky_relu, softplus, exp, log (natural), sqrt, sin, cos, abs. Without wrt every name is a variable; with a point
    the result is worked in numbers too; at a kink, such as |x| at 0, the value is PyTorch's, and the page says so.

    Field: Networks and gradients

    Source: Deisenroth, Faisal and Ong 2020, Mathematics for Machine Learning, sections 5.1 to 5.3 (rules)
    and 5.7 (Hessian); Goodfellow et al. 2016, Deep Learning, sections 3.10 and 4.3.1

    Examples:
        explain derivative "sigmoid(w*x+b)" --wrt w
        explain derivative "x^2 + 3*x*y + y^2" --hessian yes --at "x=1, y=-0.50"
        explain derivative "sigmoid(z)"
        explain derivative "x^3*exp(-x)" --order 2 --at "x=0.5"
        explain derivative "softmax(z)" --classes 2
        explain derivative "-sum(y*log(softmax(z)))" --wrt z

    Raises:
        InputError: a formula that cannot be read, with the column; a variable that it does not have; a point without
            a number for each name, or outside the domain of a function; a Hessian of one or of more than 3 variables.
    """
    asked = question(formula)
    if any("softmax" in str(statement.tree) for statement in asked.statements):
        return softmax_page(asked, wrt, int(classes), order, hessian, at, derivative.source)
    variables = chosen(wrt, asked)
    _fits(variables, hessian, order)
    return _Page(asked, variables, checked_point(at, asked.names)).answer(int(order), hessian == "yes")


def _fits(variables: list[str], hessian: str, order: str) -> None:
    """What cannot be asked for together."""
    if hessian == "yes" and not 2 <= len(variables) <= MOST_CURVED:
        raise InputError(
            f"{{hessian}} is yes, but there are {len(variables)} variables ({', '.join(variables)}): it takes 2 or 3; "
            "for one variable use {order} 2, for more name three of them with {wrt}"
            if len(variables) != 1
            else f"{{hessian}} is yes, but {variables[0]} is the only variable: use {{order}} 2"
        )
    if hessian == "yes" and order != "1":
        raise InputError(
            f"{{order}} is {order} and {{hessian}} is yes: the Hessian has the second order; leave one out"
        )


class _Page:
    """The page of a formula of numbers."""

    def __init__(self, asked: Question, variables: list[str], point: Point | None) -> None:
        self.asked, self.variables = asked, variables
        plain: dict[str, Symbol] = {}
        self.parts = built(asked, point)
        self.sheet = Worksheet(_title(self.parts[-1][1], variables), derivative.source)
        for name in asked.names:
            meaning = "the variable" if len(variables) == 1 else "a variable"
            plain[name] = self.sheet.given(name, None, meaning if name in variables else "held constant")
        targets = {target for target, _ in self.parts if target}
        taken = {*asked.names, *targets}
        self.top = self.parts[-1][0] or next(name for name in _top_names() if name not in taken)
        decimals = any(has_decimals(node) for _, node in self.parts)
        self.work = Derivation(self.sheet, plain, decimals, {*targets, self.top})
        self.point = AtPoint(self.work, point, asked.names, taken) if point is not None else None
        self.plain = plain

    def answer(self, order: int, curved: bool) -> Answer:
        """The finished page."""
        alone = is_defined_quotient(self.parts[-1][1]) if len(self.parts) == 1 else None
        several = len(self.variables) > 1 or order > 1 or curved or self.point
        self.sheet.part("The function" if several else "")
        results = self._defined(alone, order) if alone else self._worked(order)
        if curved:
            results += Curvature(self.work, self.top, self.whole, self.variables, self.firsts, self.point).worked()
        elif self.point:
            results += self.point.worked([(self.work.known[self.top], self.whole), *self.asked_forms])
        self._conventions()
        return self.sheet.answer(*results)

    def _worked(self, order: int) -> list[Symbol]:
        """Names, then one part for every variable and order."""
        self._quantities()
        self.work.stepwise = True
        self.whole = self.work.sheet.inlined(self.work.known[self.top])
        results: list[Symbol] = []
        self.firsts: dict[str, tuple[Symbol, Node]] = {}
        self.asked_forms: list[tuple[Symbol, Node]] = []
        for name in self.variables:
            if len(self.variables) > 1 or order > 1 or self.point:
                self.sheet.part(f"Derivative with respect to {self.plain[name].word.text}")
            symbol = self.work.along(self.top, name, last=True)
            found = self._finished(symbol)
            check_derivative(self.sheet, self.whole, [name], found[1], found[0])
            self.firsts[name] = found
            results.append(found[0])
            self.asked_forms.append(found)
            results += self._again(name, found, order, 2)
        return results

    def _finished(self, symbol: Symbol) -> tuple[Symbol, Node]:
        """A derivative with the lines of algebra after it: the last of them, and its form."""
        return sigmoid_line(self.work, *multiplied_out(self.work, symbol), self.plain)

    def _quantities(self) -> None:
        """The parts of the formula as named quantities."""
        for target, node in self.parts[:-1]:
            self.work.quantity(target, node, say("The part {u}", u=Symbol(target)), "named in the question")
        target, node = self.parts[-1]
        why = "the last part of the question" if target else "the formula of the question gets the name {f}"
        self.work.quantity(self.top, node, "What is differentiated", say(why, f=Symbol(self.top)))

    def _again(self, name: str, found: tuple[Symbol, Node], order: int, this: int) -> list[Symbol]:
        """Derivatives of higher order, each from the one before."""
        if this > order:
            return []
        work, (last, form) = self.work, found
        work.stepwise = True
        self.sheet.part(f"{('Second', 'Third')[this - 2]} derivative with respect to {self.plain[name].word.text}")
        written = work.higher(self.top, [name] * this)
        symbol = work.once_more(last, form, name, f"d{this}{self.top}/d{name}{this}", written)
        after = self._finished(symbol)
        check_derivative(self.sheet, self.whole, [name] * this, after[1], after[0])
        self.asked_forms.append(after)
        return [after[0], *self._again(name, after, order, this + 1)]

    def _defined(self, function: str, order: int) -> list[Symbol]:
        """σ and tanh from their definition."""
        node = self.parts[-1][1]
        z = node.operands[0]
        assert isinstance(z, Symbol)
        last, self.whole, form = from_definition(self.work, function, self.plain[z.name], self.top)
        check_derivative(self.sheet, self.whole, [z.name], form, last)
        self.asked_forms, self.firsts = [(last, form)], {}
        self.work.forms[last.name] = form
        return [last, *self._again(z.name, (last, form), order, 2)]

    def _conventions(self) -> None:
        others = [name for name in self.asked.names if name not in self.variables]
        if len(self.asked.names) > 1:
            x = self.plain[self.variables[0]]
            self.sheet.convention(
                f"∂/∂{x.word.text} is the partial derivative: {{x}} is the variable, every other name is held constant"
                if others or len(self.variables) > 1
                else "{x} is the variable",
                x=x,
            )
        functions_used(self.sheet, [node for _, node in self.parts], self.point is not None)
        if self.point:
            self.point.convention(self.sheet)


def _top_names() -> Iterator[str]:
    """Names for a formula without one."""
    yield from ("f", "g", "h", "F", "G")
    yield from (f"f_{at}" for at in count(1))


def _title(node: Node, variables: list[str]) -> str:
    """What the page is about; a long formula stands on the page only."""
    from explain.render.linear import linear

    written = linear(SYMBOLIC.write(node))
    return f"Derivative of {written if len(written) <= LONGEST_TITLE else 'a formula'} by {', '.join(variables)}"
