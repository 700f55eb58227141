"""The second routes of the page on activations: SymPy's derivative of the definition, and difference quotients."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Symbol
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.prose import say
from explain.engine.rounding import show
from explain.engine.worksheet import Worksheet
from explain.topics._activations.facts import derivative, kinks

if TYPE_CHECKING:
    from collections.abc import Mapping

    from explain.engine.nodes.base import Array

POINTS = (Fraction(-13, 4), Fraction(-6, 5), Fraction(3, 10), Fraction(9, 4), Fraction(8))  # none is a kink
SAME = 1e-25
STEP = 1e-5  # of the size of a number
CLOSE = 1e-5


def proved(sheet: Worksheet, function: ScalarFunction, known: Mapping[str, Array], slope: Symbol) -> None:
    """SymPy differentiates the definition; its derivative and the textbook one are the same at some points."""
    import sympy

    from explain.engine.lowering import to_sympy

    t = Symbol("t")
    real = sympy.Symbol("t", real=True)
    put_in = {sympy.Symbol(name): sympy.Rational(float(value)) for name, value in known.items()}
    put_in[sympy.Symbol("t")] = real
    theirs = sympy.diff(to_sympy(function(t)).subs(put_in), real).doit()
    ours = to_sympy(derivative(function, t)).subs(put_in)
    gaps = [sympy.N((theirs - ours).subs(real, sympy.Rational(at.numerator, at.denominator)), 30) for at in POINTS]
    listed = [show(at).text for at in POINTS]
    sheet.check(
        all(abs(gap) < SAME for gap in gaps),
        [slope],
        say(
            f"SymPy differentiates the definition: the same {{s}} at {{t}} = {', '.join(listed[:-1])} and {listed[-1]}"
            ", to 25 digits",
            s=slope, t=t,
        ),
    )  # fmt: skip


def differences(
    sheet: Worksheet, function: ScalarFunction, known: Mapping[str, Array], x: Symbol, slope: Symbol
) -> None:
    """Symmetric difference quotients at all numbers that stand at no kink."""
    import numpy as np

    at, slopes = sheet.values[x.name], sheet.values[slope.name]
    h = STEP * np.maximum(1.0, abs(at))
    smooth = np.ones(at.shape, dtype=bool)
    for place in kinks(function, known):
        smooth &= abs(at - place) > h
    with np.errstate(all="ignore"):
        above, below = function.numpy(at + h), function.numpy(at - h)
        gaps = abs((above - below) / ((at + h) - (at - h)) - slopes)
        noise = 1e-15 * np.maximum(abs(above), abs(below)) / h
        room = CLOSE * np.maximum(1.0, abs(slopes)) + noise
    usable = smooth & np.isfinite(gaps)
    if not usable.any():
        sheet.check(True, [slope], say("no finite difference is taken for {s}: every number stands at a kink", s=slope))
        return
    largest = show(float(gaps[usable].max())).text
    left_out = "" if usable.all() else ", numbers at a kink left out"
    sheet.check(
        bool((gaps <= room)[usable].all()),
        [slope],
        say(
            "finite differences: each number of {x} moved by ±h, h = 10⁻⁵ times its size and at least 10⁻⁵, changes "
            f"the value at the rate that {{s}} says; largest difference {largest}{left_out}",
            x=x, s=slope,
        ),
    )  # fmt: skip
