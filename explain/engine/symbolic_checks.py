"""Second routes for gradients in which symbols remain: SymPy's own derivative of the whole, or a difference."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

from explain.engine.evaluate import evaluate
from explain.engine.lowering import lower
from explain.engine.nodes.base import Entry, Index, Node, Symbol
from explain.engine.prose import say
from explain.engine.shapes import count

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
    from explain.engine.worksheet import Worksheet

PLACES = (Fraction(3, 7), Fraction(5, 3), Fraction(7, 11), Fraction(13, 6), Fraction(9, 5), Fraction(4, 13))
MOST_NODES = 400  # of a formula with all its steps put in, that SymPy differentiates
MOST_ENTRIES = 4  # of one gradient
PRECISION = 30
STEP = 1e-6


def symbolic_difference(sheet: Worksheet, value: Symbol, parameters: Sequence[Symbol]) -> None:
    """The derivatives that SymPy finds of the whole formula at once, against the gradients.

    Both are compared at a place where the symbols have numbers: equal formulas need not look alike. A formula that is
    too long for SymPy is differentiated numerically at that place.
    """
    gradients = [Symbol(f"d{value.name}/d{symbol.name}") for symbol in parameters]
    names = [part for symbol in parameters for part in (", ", symbol.word)][1:]
    if _size(sheet, value, {}) > MOST_NODES:
        told = say("at a place with numbers, a symmetric difference of {f} has the slope of its gradient in ", f=value)
        sheet.check(_sampled(sheet, value, parameters, gradients), gradients, (*told, *names))
        return
    told = say("SymPy, differentiating {f} in one piece, finds the same derivatives by ", f=value)
    sheet.check(_by_sympy(sheet, value, parameters, gradients), gradients, (*told, *names))


def _by_sympy(sheet: Worksheet, value: Symbol, parameters: Sequence[Symbol], gradients: Sequence[Symbol]) -> bool:
    import sympy

    leaf, numbers = _leaves(sheet)
    whole = lower(value, leaf)
    for symbol, gradient in zip(parameters, gradients, strict=True):
        for index in list(product(*(range(int(size)) for size in symbol.shape)))[:MOST_ENTRIES]:
            variable = leaf(_at(symbol, index))
            found = sympy.N(lower(_at(Symbol(gradient.name, symbol.shape), index), leaf).subs(numbers), PRECISION)
            expected = sympy.N(whole.diff(variable).doit().subs(numbers), PRECISION)
            if abs(found - expected) > 1e-15 * max(1, abs(expected)):
                return False
    return True


def _at(symbol: Symbol, index: Index) -> Any:
    return symbol.entry(index) if index else symbol


def _leaves(sheet: Worksheet) -> tuple[Callable[[Symbol | Entry], Any], dict[Any, Any]]:
    """What a symbol or an entry is in SymPy, every step put in, and a number for each that is given."""
    import sympy

    known: dict[tuple[str, Index], Any] = {}
    numbers: dict[Any, Any] = {}
    given = {item.symbol.name: item.values for item in sheet.given_items}

    def leaf(node: Symbol | Entry) -> Any:
        name, index = (node.symbol.name, node.index) if isinstance(node, Entry) else (node.name, ())
        if (name, index) not in known:
            definition = sheet.definition(name)
            if definition is not None:
                known[name, index] = lower(definition.entry(index), leaf)
            else:
                own = known[name, index] = sympy.Symbol("_".join([name, *map(str, index)]), real=True)
                values = given[name]
                exact = PLACES[len(numbers) % len(PLACES)] if values is None else values.exact(index)
                numbers[own] = sympy.Rational(exact.numerator, exact.denominator)
        return known[name, index]

    return leaf, numbers


def _size(sheet: Worksheet, node: Node, known: dict[str, int]) -> int:
    """How many nodes an expression has with every step put in, an array counted by its entries."""
    if isinstance(node, Symbol):
        if node.name not in known:
            definition = sheet.definition(node.name)
            known[node.name] = 1 if definition is None else _size(sheet, definition, known) * count(node.shape)
        return known[node.name]
    return 1 + sum(_size(sheet, operand, known) for operand in node.operands)


def _sampled(sheet: Worksheet, value: Symbol, parameters: Sequence[Symbol], gradients: Sequence[Symbol]) -> bool:
    """Whether the slope along the gradient, at numbers for all symbols, is what the gradient says."""
    import numpy as np

    given: dict[str, Array] = {}
    for at, item in enumerate(sheet.given_items):
        place = np.array(float(PLACES[at % len(PLACES)]))
        given[item.symbol.name] = place if item.values is None else item.values.array
    with np.errstate(all="ignore"):
        here = _run(sheet, given)
        squares = sum(float((here[gradient.name] ** 2).sum()) for gradient in gradients)
        moved = []
        for sign in (1, -1):
            there = dict(given)
            for symbol, gradient in zip(parameters, gradients, strict=True):
                there[symbol.name] = given[symbol.name] + sign * STEP * here[gradient.name]
            moved.append(float(_run(sheet, there)[value.name]))
    slope = (moved[0] - moved[1]) / (2 * STEP)
    return not np.isfinite(slope) or abs(slope - squares) <= 1e-4 * max(1.0, abs(squares))


def _run(sheet: Worksheet, given: dict[str, Array]) -> dict[str, Array]:
    values = dict(given)
    for step in sheet.steps:
        values[step.name] = evaluate(step.expression, values)
    return values
