"""Sentences and tables that all optimisers share: how far a step moved, where it ends, the steps side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.nodes.base import Symbol
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.values import Values

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
    from explain.topics._optimizers.course import Course

LISTED = 4  # numbers of a result in a sentence


def _unclipped(run: Course) -> str:
    """What c means in a step that clips nothing."""
    letters = {g.name[0] for g in run.gradients}
    return "; where nothing is clipped, c is g" if letters == {"g", "c"} else ""


def moved_by(move: Array, lr: Values, eta: Symbol) -> Prose:
    """By how much the parameters moved, and how often the learning rate that is."""
    import numpy as np

    rate = float(lr.array)
    sizes = np.abs(move).ravel()
    if not sizes.any():
        return say("nothing moved: the step is 0")
    if sizes.size == 1:
        by = float(np.asarray(move).item())
        return say(f"it moved by {tidy(by)}, which is {tidy(abs(by) / rate)} times {{eta}}", eta=eta)
    if np.allclose(sizes, sizes[0], rtol=1e-6, atol=0):
        size = float(sizes[0])
        return say(f"every entry moved by {tidy(size)}, which is {tidy(size / rate)} times {{eta}}", eta=eta)
    low, high = float(sizes.min()), float(sizes.max())
    return say(
        f"the entries moved by {tidy(low)} to {tidy(high)}, which is {tidy(low / rate)} to {tidy(high / rate)} times "
        "{eta}",
        eta=eta,
    )


def ends(value: Array | None) -> str:
    """Where the parameters would end, in a sentence: all numbers, or the first ones."""
    if value is None:
        return "no number"
    numbers = [tidy(float(number)) for number in value.ravel()]
    if len(numbers) == 1:
        return numbers[0]
    return f"({', '.join([*numbers[:LISTED], *(['…'] if len(numbers) > LISTED else [])])})"


def conventions(run: Course) -> None:
    """What holds for every optimiser: the order of the entries, entry by entry, clipping, decay."""
    sheet, problem = run.sheet, run.problem
    if problem.formula is not None:
        names = ", ".join(problem.formula.names)
        sheet.convention(f"{{theta}} stands for ({names})" if not run.single else f"{{theta}} stands for {names}",
                         theta=Symbol("theta"))  # fmt: skip
    if run.common.clip_norm is not None:
        sheet.convention(
            "clipping by length: a gradient longer than {tau} is multiplied by {tau} over its length; PyTorch adds "
            "10⁻⁶ to that length, which is left out here" + _unclipped(run),
            tau=Symbol("tau"),
        )
    if run.decay is not None and run.coupled:
        sheet.convention(
            "weight decay is the penalty λ/2 times the sum of all squared parameters (PyTorch): {l} θ is added to the "
            "gradient"
            + (", after clipping" if run.limit is not None else "")
            + "; with the penalty λ it would be 2 {l} θ",
            l=run.decay,
        )


def would_be(value: Array | None, own: Array) -> str:
    """Where another convention leads, beside where this page's does."""
    told = ends(value)
    return "is the same in the digits shown" if told == ends(own) else f"would be {told}"
