"""Where a gradient is 0, if SymPy solves the equations easily."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from explain.engine.lowering import to_named
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.entries import Entries
from explain.engine.nodes.rewritten import Rewritten
from explain.engine.notation import Word
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.reading import from_sympy
from explain.topics._derivative.derivation import Derivation

HIGHEST = 3  # degree of equations in two variables that are solved
MOST = 6  # points that are listed


class Stationary(NamedTuple):
    """The step with the one point where the gradient is 0, if there is one; how the verdict on it begins."""

    symbol: Symbol | None
    told: Prose


def stationary(work: Derivation, gradient: Symbol, rows: Sequence[Node], variables: Sequence[str]) -> Stationary:
    """The points where all rows of the gradient are 0."""
    import sympy

    unknowns = [sympy.Symbol(name) for name in variables]
    found = _solved([to_named(row) for row in rows], unknowns)
    if found is None:
        return Stationary(None, ("where the gradient is 0, such a point is ",))
    if not found:
        return Stationary(None, ("the gradient is 0 nowhere, so there is no point that is ",))
    if len(found) > 1:
        listed = "; ".join("(" + ", ".join(map(str, point)) + ")" for point in found)
        names = ", ".join(variables)
        return Stationary(
            None, (f"the gradient is 0 at ({names}) = {listed}; with at, the page says for each whether it is ",)
        )
    order = {name: symbol for name, symbol in work.known.items() if name not in variables}
    point = Entries(1, *(from_sympy(value, order, work.decimals) for value in found[0]))
    name = next(name for name in ("c", "s", "m", "k", "e", "stationary") if name not in work.known)
    equations = [part for row in rows for part in (" and ", SYMBOLIC.write(row), " = 0")][1:]
    symbol = work.sheet.define(
        name,
        Rewritten(gradient, point),
        "Where the gradient is 0",
        ("every row set to 0: ", *equations, "; solved together"),
    )
    work.sheet.check(
        all(sympy.simplify(to_named(row).subs(dict(zip(unknowns, found[0], strict=True)))) == 0 for row in rows),
        [symbol],
        say("{c} put into the gradient gives 0 in every row", c=symbol),
    )
    return Stationary(symbol, ("the gradient is 0 at ", Word(name), ", which is "))


def _solved(rows: Sequence[Any], unknowns: Sequence[Any]) -> list[tuple[Any, ...]] | None:
    """All real solutions where they are rational or in letters; None where that is not easy."""
    import sympy

    if not all(row.is_polynomial(*unknowns) for row in rows):
        return None
    degrees = [sympy.Poly(row, *unknowns).total_degree() for row in rows]
    if max(degrees) <= 1:
        solution = sympy.linsolve(rows, *unknowns)
        points = list(solution)
        if any(point.free_symbols & set(unknowns) for point in points):
            return None  # a whole line
        return points
    if max(degrees) > HIGHEST or len(unknowns) > 2 or any(row.free_symbols - set(unknowns) for row in rows):
        return None
    try:
        points = [tuple(map(sympy.simplify, point)) for point in sympy.solve(rows, *unknowns, dict=False)]
    except NotImplementedError:
        return None
    kept = [point for point in points if not any(value.has(sympy.I) for value in point)]
    easy = len(kept) <= MOST and all(value.is_Rational for point in kept for value in point)
    return sorted(kept) if easy else None
