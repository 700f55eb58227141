"""Second routes: sums over all gradients in place of step after step, differences in place of derivatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.evaluate import evaluate
from explain.engine.names import RAISED
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import Prose, say
from explain.topics._optimizers import words as said
from explain.topics._optimizers.course import Course

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

CLOSE = 1e-9  # relative, of two routes over many sums
LARGEST_CHECKED = 50  # entries whose slope is taken by differences


def agree(found: Array, expected: Array, scale: float = 0.0) -> bool:
    """Whether two routes meet, beside the size of what was added up."""
    import numpy as np

    size = max(float(np.abs(expected).max(initial=0.0)), float(np.abs(found).max(initial=0.0)), scale)
    return bool(np.abs(found - expected).max(initial=0.0) <= CLOSE * size + 1e-300)


def faded(run: Course, beta: float, share: float, square: bool = False) -> Array:
    """Σ share · β^(T-i) · gᵢ over all steps, or of the squared gradients: a memory without its steps."""
    last = len(run.gradients)
    values = [run.value(g) for g in run.gradients]
    terms = [share * beta ** (last - i) * (g * g if square else g) for i, g in enumerate(values, 1)]
    return sum(terms[1:], terms[0])


def largest_gradient(run: Course) -> float:
    """The size of the largest entry of all gradients."""
    import numpy as np

    return max(float(np.abs(run.value(g)).max()) for g in run.gradients)


def check_memory(run: Course, memory: Symbol, beta: Symbol, square: bool = False) -> None:
    """A running average as one sum over all gradients."""
    b = float(run.value(beta))
    again = faded(run, b, 1 - b, square)
    scale = largest_gradient(run) ** (2 if square else 1)
    run.sheet.check(
        agree(run.value(memory), again, scale),
        [memory],
        say(
            f"closed form: {{m}} = (1 - {{b}}) Σᵢ {{b}}{lifted(len(run.gradients))}⁻ⁱ {letter(run)}ᵢ"
            + ("²" if square else "") + f" is {said.ends(again)}",
            m=memory, b=beta,
        ),
    )  # fmt: skip


def lifted(number: int) -> str:
    """A whole number as an exponent."""
    return str(number).translate(RAISED)


def letter(run: Course) -> str:
    """What the rule was given: g, or the clipped c (in some steps g itself), or d with weight decay."""
    return max((g.name[0] for g in run.gradients), key="gcd".index)


def check_plain(run: Course) -> None:
    """Gradient descent in one sum."""
    total = sum(run.value(g) for g in run.gradients)
    again = run.value(run.theta[0]) - float(run.value(run.eta)) * total
    told = f"all steps in one: {{end}} = {{start}} - {{eta}} Σᵢ {letter(run)}ᵢ"
    check_end(run, again, say(told, end=run.theta[-1], start=run.theta[0], eta=run.eta))


def check_end(run: Course, again: Array, text: Prose) -> None:
    """The parameters at the end by another route, with the numbers it gave."""
    end = run.theta[-1]
    scale = max(abs(float(x)) for theta in run.theta for x in run.value(theta).ravel())
    run.sheet.check(agree(run.value(end), again, scale), [end], (*text, f" is {said.ends(again)}"))


def check_slopes(run: Course) -> None:
    """The gradients of a formula against symmetric differences, at the start."""
    import numpy as np

    if run.formula is None:
        return
    start, g = run.theta[0], run.raw[0]
    at = run.value(start)
    if at.size > LARGEST_CHECKED:
        return
    found = np.zeros(at.size)
    size = 1e-6 * max(1.0, float(np.abs(at).max()))
    with np.errstate(all="ignore"):
        for place in range(at.size):
            sides = [_value(run.formula.value(start), start, at, place, sign * size) for sign in (1, -1)]
            found[place] = (sides[0] - sides[1]) / (2 * size)
    if not np.isfinite(found).all():
        return
    expected = run.value(g).ravel()
    noise = 1e-15 * abs(float(evaluate(run.formula.value(start), {start.name: at}))) / size
    good = np.abs(found - expected).max() <= 1e-4 * max(1.0, float(np.abs(expected).max())) + 10 * noise
    kinked = not good and _has_kink(run.formula.whole)
    if kinked:
        return
    run.sheet.check(
        bool(good), [g],
        say("finite differences: (f({t} + h) - f({t} - h))/(2 h) with h = 10⁻⁶ in each entry gives "
            f"{said.ends(found)} for {{g}}", t=start, g=g),
    )  # fmt: skip


def _value(formula: Node, start: Symbol, at: Array, place: int, by: float) -> float:
    moved = at.astype(float).ravel().copy()
    moved[place] += by
    return float(evaluate(formula, {start.name: moved.reshape(at.shape)}))


def _has_kink(node: Node) -> bool:
    from explain.engine.checks import KINKS

    function = getattr(node, "function", None)
    return (function is not None and function.name in (*KINKS, "abs", "relu", "leaky-relu")) or any(
        map(_has_kink, node.operands)
    )


def adam_again(run: Course, settings: Sequence[float], amsgrad: bool = False) -> Array:
    """Adam without its recursions: in every step both averages as weighted sums whose weights are divided by their sum.

    A decay that is decoupled from the gradient shrinks the parameters first.
    """
    import numpy as np

    b1, b2, eps = settings
    eta, keep = float(run.value(run.eta)), 1.0
    if run.decay is not None and not run.coupled:
        keep = 1 - eta * float(run.value(run.decay))
    g = all_gradients(run)
    ones = np.ones(g.shape)
    m, v = (running(g**power, b) / running(ones, b) for power, b in ((1, b1), (2, b2)))
    if amsgrad:
        weights = (1 - b2) * running(ones, b2)
        v = np.maximum.accumulate(v * weights) / weights
    theta = run.value(run.theta[0])
    for direction in m / (np.sqrt(v) + eps):
        theta = keep * theta - eta * direction
    return np.asarray(theta)


def all_gradients(run: Course) -> Array:
    """The gradients of all steps, the steps along the first axis."""
    import numpy as np

    return np.stack([run.value(g) for g in run.gradients])


def running(values: Array, beta: float) -> Array:
    """Σ β^(t-i) xᵢ over i up to t, for every t at once: one triangular matrix of weights, no recursion."""
    import numpy as np

    at = np.arange(len(values), dtype=float)
    lags = at[:, None] - at[None, :]
    weights = np.where(lags >= 0, beta ** np.maximum(lags, 0), 0.0)
    return np.asarray(np.tensordot(weights, values, axes=1))
