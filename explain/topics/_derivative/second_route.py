"""SymPy as a second route: it differentiates the whole formula by itself, and both must be the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explain.engine.answer import Check
from explain.engine.evaluate import evaluate, symbols
from explain.engine.lowering import lower
from explain.engine.nodes.base import Entry, Node, Symbol
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError

POINTS = 5
DIGITS = 30  # that must agree; more are carried, because some are lost where terms cancel
CARRIED = 80
MOST_PROVED = 250  # operations of a difference that is proved to be 0
LARGEST_PROVED = 12  # exponent
STEPS = (1e-5, 1e-6, 1e-7, 1e-9, 1e-11)  # the first that the formula is straight in is taken
MODEST = 1e12  # numbers on the way to a point that SymPy works with


def real(node: Node) -> Any:
    """A scalar expression in SymPy, its symbols real numbers."""
    return lower(node, _leaf)


def _leaf(leaf: Symbol | Entry) -> Any:
    import sympy

    assert isinstance(leaf, Symbol)
    return sympy.Symbol(leaf.name, real=True)


def check_derivative(sheet: Worksheet, whole: Node, wrt: Sequence[str], found: Node, result: Symbol) -> None:
    """SymPy's own derivative of the whole formula against ours, proved or at random points; then a difference quotient.

    Args:
        whole: the formula in the names of the question alone; so is `found`, what the working came to.
        wrt: the variables, one after the other.
        result: the step that is checked.
    """
    import sympy

    ours = real(found)
    theirs = sympy.diff(real(whole), *(sympy.Symbol(name, real=True) for name in wrt))
    if proved(ours, theirs):
        sheet.check(
            True,
            [result],
            say("SymPy differentiates the whole formula at once: the same as {d}, proved by algebra", d=result),
        )
        return
    agreed, count = agree(ours, theirs, whole, found)
    if not count:
        raise InputError(
            "formula: at no point that was tried it is a number of moderate size, so that the derivative cannot be "
            "checked; ask for a part of it"
        )
    text = (
        f"SymPy differentiates the whole formula at once: at {count} random points the same as {{d}} to {DIGITS} digits"
    )
    sheet.check(agreed, [result], say(text if agreed else "SymPy's own derivative differs from {d}", d=result))


def proved(ours: Any, theirs: Any) -> bool:
    """Whether algebra shows the two to be the same."""
    import sympy

    difference = ours - theirs
    if difference == 0:
        return True
    piecewise = (sympy.Max, sympy.Piecewise, sympy.Heaviside, sympy.Abs, sympy.sign, sympy.DiracDelta)
    if difference.has(*piecewise) or difference.count_ops() > MOST_PROVED:
        return False
    powers = difference.atoms(sympy.Pow)
    if any(not power.exp.is_Integer or abs(power.exp) > LARGEST_PROVED for power in powers if power.base != sympy.E):
        return False
    difference = sympy.expand_power_exp(difference.rewrite(sympy.exp))
    return bool(sympy.cancel(sympy.together(difference)) == 0)


def points(node: Node, other: Node) -> list[dict[str, Any]]:
    """Random points at which no number on the way is large, undefined or at a kink."""
    import numpy as np
    import sympy

    chance = np.random.default_rng(7)  # the same points in every run
    names = list(symbols(node) | symbols(other))
    found: list[dict[str, Any]] = []
    for trial in range(60):
        if len(found) == POINTS:
            break
        low, high = ((0.2, 1.7), (-1.5, 1.5), (0.9, 1.1))[trial % 3]
        point = {name: sympy.Rational(round(float(chance.uniform(low, high)) * 1000), 1000) for name in names}
        values = {name: np.array(float(value)) for name, value in point.items()}
        with np.errstate(all="ignore"):
            if modest(node, values) and modest(other, values):
                found.append(point)
    return found


def modest(node: Node, values: Mapping[str, Any]) -> bool:
    """Whether every number on the way to a value is finite and not too large."""
    import numpy as np

    value = np.abs(np.asarray(evaluate(node, values), dtype=float))
    fine = bool(np.isfinite(value).all() and (value < MODEST).all())
    return fine and all(modest(operand, values) for operand in node.operands)


def agree(ours: Any, theirs: Any, node: Node, other: Node) -> tuple[bool, int]:
    """Whether the two are the same at random points, and at how many that was seen."""
    import sympy

    seen = 0
    for point in points(node, other):
        put = {sympy.Symbol(name, real=True): sympy.Float(value, CARRIED) for name, value in point.items()}
        mine, other_value = (sympy.N(form.subs(put).doit(), CARRIED) for form in (ours, theirs))
        if not (mine.is_Number and other_value.is_Number and mine.is_finite and other_value.is_finite):
            continue
        seen += 1
        if abs(mine - other_value) > sympy.Float(10) ** -DIGITS * max(1, abs(other_value)):
            return False, seen
    return True, seen


def check_slope(
    sheet: Worksheet, whole: Node, values: Mapping[str, Any], wrt: Symbol, slope: float, top: Symbol, result: Symbol
) -> None:
    """The slope between two points close by must be the derivative at the point between them."""
    import numpy as np

    tried: list[tuple[float, bool]] = []
    reason = "beside the point {f} leaves the domain of a function"
    for step in STEPS:
        with np.errstate(all="ignore"):
            quotient, noise, bent = _quotient(whole, values, wrt.name, step * max(1.0, abs(float(values[wrt.name]))))
        if not np.isfinite(quotient):
            continue
        if bent:
            reason = "{f} bends too much beside the point for a straight line"
            continue
        tried.append((quotient, abs(quotient - slope) <= 1e-4 * abs(slope) + 100 * noise + 1e-8))
        if tried[-1][1]:
            break
    if not tried:
        sheet.check(True, [result], say(f"no difference quotient is taken for {{d}}: {reason}", d=result, f=top))
        return
    quotient, agreed = tried[-1] if tried[-1][1] else tried[0]
    text: Prose = say(
        f"difference quotient: a step of ±h in {{w}} changes {{f}} with slope {tidy(quotient)}; the derivative is "
        f"{tidy(slope)}",
        w=wrt, f=top,
    )  # fmt: skip
    sheet.checks.append(Check(text, agreed, (result.name,)))


def _quotient(whole: Node, values: Mapping[str, Any], wrt: str, step: float) -> tuple[float, float, bool]:
    """The difference quotient, the noise in it, and whether the formula is no straight line there."""
    import numpy as np

    below, middle, above = (
        float(evaluate(whole, {**values, wrt: np.asarray(values[wrt] + sign * step)})) for sign in (-1, 0, 1)
    )
    bent = abs((above - middle) - (middle - below)) > 0.01 * abs(above - below) + 1e-9 * max(1.0, abs(middle))
    noise = 1e-15 * max(abs(above), abs(below)) / step
    return (above - below) / (2 * step), noise, bent
