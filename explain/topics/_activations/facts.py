"""What is found out about a slope by looking: its kinks, its largest value, where it is nearly 0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.checks import KINKS
from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from explain.engine.nodes.base import Array

FLAT = 0.01  # in size; a slope below this lets hardly any gradient pass
FAR, FINE = 50, 200  # how far and how finely a slope is looked at
BESIDE = 1e-12  # how far beside a kink
SAME = 1e-9


def derivative(function: ScalarFunction, operand: Node, output: Node | None = None) -> Node:
    """The textbook derivative of a function at an operand."""
    return function.derivatives[0]([operand], function(operand) if output is None else output)


def slopes(function: ScalarFunction, at: Array, known: Mapping[str, Array]) -> Array:
    """The derivative at some numbers."""
    import numpy as np

    t = Symbol("t", at.shape)
    with np.errstate(all="ignore"):
        return np.broadcast_to(evaluate(derivative(function, t), {**known, "t": at}), at.shape)


def kinks(function: ScalarFunction, known: Mapping[str, Array]) -> dict[float, tuple[float, float, float]]:
    """The kinks: the slope on the left, the slope taken at the kink itself, the slope on the right."""
    import numpy as np

    found = {}
    for place in KINKS.get(function.name, ()):
        left, here, right = map(float, slopes(function, place + np.array([-BESIDE, 0.0, BESIDE]), known))
        if abs(left - right) > SAME:
            found[place] = (left, here, right)
    return found


def told(function: ScalarFunction, known: Mapping[str, Array]) -> Prose:
    """The kinks, the largest slope and the flat ends in one line."""
    import numpy as np

    grid = np.linspace(-FAR, FAR, 2 * FAR * FINE + 1)
    found = slopes(function, grid, known)
    parts = [*_kinks(function, known), *_largest(function, grid, found), *_flat(function, known, grid, found)]
    return say("; ".join(parts), t=Symbol("t")) if parts else ()


def _kinks(function: ScalarFunction, known: Mapping[str, Array]) -> list[str]:
    return [
        f"a kink at {{t}} = {tidy(place)}: the slope is {_short(left)} on the left and {_short(right)} on the right, "
        f"and PyTorch takes {_short(here)} there"
        for place, (left, here, right) in kinks(function, known).items()
    ]


def _short(number: float) -> str:
    return tidy(round(number, 9))


def _largest(function: ScalarFunction, grid: Array, found: Array) -> list[str]:
    """The largest slope, where there is one; beside a kink, what is said of the kink is enough."""
    import numpy as np

    top = float(found.max())
    at = np.flatnonzero(found >= top - SAME)
    if top > FAR:
        return ["the slope grows without bound"]
    if found.min() == top or (len(at) == 1 and function.name in KINKS):
        return []
    if len(at) > 1:
        return [f"the slope is never larger than {_short(top)}"]
    place = float(grid[at[0]])
    return [f"the slope is largest {'at' if place == 0 else 'near'} {{t}} = {tidy(round(place, 2))}: {_short(top)}"]


def _flat(function: ScalarFunction, known: Mapping[str, Array], grid: Array, found: Array) -> list[str]:
    """Where the slope stays below a hundredth up to the end."""
    import numpy as np

    steep = np.flatnonzero(abs(found) >= FLAT)
    flat_kinks = [place for place, (_, here, _) in kinks(function, known).items() if abs(here) < FLAT]
    ends = []
    if steep[0] > 0:
        edge = _edge(function, known, grid[steep[0] - 1], grid[steep[0]])
        ends.append(f"up to {edge}" if float(edge) in flat_kinks else f"below {edge}")
    if steep[-1] < len(grid) - 1:
        edge = _edge(function, known, grid[steep[-1] + 1], grid[steep[-1]])
        ends.append(f"from {edge} on" if float(edge) in flat_kinks else f"above {edge}")
    if not ends:
        return []
    return [
        f"saturated, with a slope of less than {FLAT} in size, for {{t}} {' and '.join(ends)}: hardly any gradient "
        "passes there"
    ]


def _edge(function: ScalarFunction, known: Mapping[str, Array], flat: float, steep: float) -> str:
    """Between a flat and a steep place, by bisection."""
    import numpy as np

    for _ in range(60):
        middle = (flat + steep) / 2
        if abs(float(slopes(function, np.array([middle]), known)[0])) >= FLAT:
            steep = middle
        else:
            flat = middle
    return _short(float(steep))
