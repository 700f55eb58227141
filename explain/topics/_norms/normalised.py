"""Normalisation over any axes: the mathematics that batch, layer, instance, group and RMS norm share.

They differ only in which numbers share a mean, and that is said by `Shared`; the working is written once, here.
Source: Ioffe and Szegedy 2015, Batch Normalization, algorithm 1; Ba, Kiros and Hinton 2016; Wu and He 2018, eqs. 1-6.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import reduce
from typing import NamedTuple

from explain.engine.checks import finite_difference
from explain.engine.evaluate import evaluate, largest_of
from explain.engine.names import word
from explain.engine.nodes.along import Along
from explain.engine.nodes.arithmetic import Times, sqrt
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.means import MeanOver, MeanSquare
from explain.engine.nodes.over import SumOver, stretched
from explain.engine.nodes.standard import OverRoot
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.topics._norms.input import Scale, refuse_flat
from explain.topics._norms.words import degenerate

LARGEST_OFFSET = 1e6  # of numbers in standard deviations, for a finite difference that keeps enough digits


class Shared(NamedTuple):
    """Which numbers share a mean.

    Attributes:
        along: where they lie in the array.
        axes: the axes that a mean is taken over, by letter, with size and what is counted along them.
        each: what has a mean of its own, such as "feature", or "channel of each example".
    """

    along: Along
    axes: tuple[tuple[str, int, str], ...]
    each: str

    @property
    def means(self) -> int:
        """How many means there are."""
        return reduce(lambda total, size: total * int(size), self.along.shape, 1)


class Normalised(NamedTuple):
    """What the working of one normalisation leaves for the steps after it.

    Attributes:
        of: what was normalised.
        mean: None in RMS norm.
    """

    of: Symbol
    shared: Shared
    m: Symbol
    mean: Symbol | None
    square: Symbol
    normal: Symbol
    root: Node


def counted(sheet: Worksheet, shared: Shared, what: str = "mean") -> Symbol:
    """m, how many numbers are in each mean; said once where several normalisations stand on one sheet."""
    if sheet.definition("m") is not None:
        return sheet.last("m")
    letters = "·".join(letter for letter, _, _ in shared.axes)
    over = [f"the {amount(size, noun)} ({letter})" for letter, size, noun in shared.axes]
    told = " and ".join([", ".join(over[:-1]), over[-1]] if len(over) > 1 else over)
    sizes = [Number(Fraction(size), str(size)) for _, size, _ in shared.axes]
    number = int(reduce(lambda total, axis: total * axis[1], shared.axes, 1))
    means = f"{amount(shared.means, what)} of {amount(number, 'number')}" + (" each" if shared.means > 1 else "")
    return sheet.define(
        "m",
        Times(*sizes) if len(sizes) > 1 else sizes[0],
        f"How many numbers share a {what}: m = {letters}",
        f"each {shared.each} has a {what} of its own, taken over {told}: {means}",
    )


def normalise(
    sheet: Worksheet, X: Symbol, shared: Shared, epsilon: Symbol, name: str = "Xhat", suffix: str = ""
) -> Normalised:
    """Mean, variance and the normalised numbers.

    Args:
        name: of the normalised numbers.
        suffix: of the names of mean and variance, `_1` as in `mu_1`, where several stand on one sheet.
    """
    along, each = shared.along, shared.each
    again = any(step.name.startswith("mu") for step in sheet.steps)  # the reasons were told with the first one
    m = counted(sheet, shared)
    mean = sheet.define(
        f"mu{suffix}",
        MeanOver(X, m, along),
        "Mean",
        say(f"the average of the {{m}} numbers of each {each} of {{X}}", m=m, X=X)
        if again
        else say(f"the average of the {{m}} numbers of each {each}: taken away, it moves them to lie around 0", m=m),
    )
    deviation = X - stretched(mean, along)
    variance = sheet.define(
        f"sigma2{suffix}",
        MeanSquare(deviation, m, along),
        "Variance",
        say("the mean square of the distances from {mu}, divided by {m}", mu=mean, m=m)
        if again
        else say(
            "the mean square of the distances from the mean: how widely the {m} numbers spread. It is divided by {m} "
            "and not by {n} (the biased variance): it describes these numbers themselves, not others that they are a "
            "sample of",
            m=m, n=m - 1,
        ),
    )  # fmt: skip
    refuse_flat(sheet, variance, each)
    distances = abs(evaluate(deviation, sheet.values)).max(axis=along.axes)
    normal = sheet.define(
        name,
        OverRoot(deviation, stretched(variance + epsilon, along)),
        "Normalised",
        say(
            "each number of {X} as its distance from {mu} in standard deviations, as in the first normalisation",
            X=X,
            mu=mean,
        )
        if again
        else say(
            "each number as its distance from the mean, measured in standard deviations: the numbers of each "
            f"{each} get mean 0 and variance (nearly) 1; {{e}} keeps the root away from 0 where they are all equal",
            e=epsilon,
        ),
        note=degenerate(sheet, m, variance, epsilon, word(name), distances),
    )
    return Normalised(X, shared, m, mean, variance, normal, sqrt(variance + epsilon))


def normalise_by_size(sheet: Worksheet, X: Symbol, shared: Shared, epsilon: Symbol) -> Normalised:
    """RMS norm: divided by the root of the mean square, no mean taken away.

    Source: Zhang and Sennrich 2019, Root Mean Square Layer Normalization, eq. 4.
    """
    m = counted(sheet, shared, "mean square")
    square = sheet.define(
        "q",
        MeanSquare(X, m, shared.along),
        "Mean square",
        say(
            f"the mean of the squares of the {{m}} numbers of each {shared.each}: how large they are; no mean is taken "
            "away first, which saves a pass over the numbers",
            m=m,
        ),
    )
    refuse_flat(sheet, square, shared.each, "mean square")
    normal = sheet.define(
        "Xhat",
        OverRoot(X, stretched(square + epsilon, shared.along)),
        "Normalised",
        say(
            f"divided by the root mean square {{r}}, the numbers of each {shared.each} get mean square (nearly) 1; "
            "their mean is not moved to 0; {e} keeps the root away from 0",
            r=sqrt(square + epsilon), e=epsilon,
        ),
    )  # fmt: skip
    return Normalised(X, shared, m, None, square, normal, sqrt(square + epsilon))


def scale_and_shift(sheet: Worksheet, normal: Symbol, scale: Scale, name: str = "Y") -> Symbol:
    """Y = γ X̂ + β; γ X̂ where there is no β."""
    scaled = stretched(scale.gamma, scale.along) * normal
    if scale.beta is None:
        why = say(
            "{g} is learned, one number for each {each}: it lets the layer give each {each} a size of its own",
            g=scale.gamma,
            each=scale.each,
        )
        return sheet.define(name, scaled, "Scaled", why)
    return sheet.define(
        name,
        scaled + stretched(scale.beta, scale.along),
        "Scaled and shifted",
        say(
            "{g} and {b} are learned, one of each for each {each}: they let the layer give each {each} a spread and a "
            "mean of its own, where that makes the loss smaller",
            g=scale.gamma, b=scale.beta, each=scale.each,
        ),
    )  # fmt: skip


def backward(
    sheet: Worksheet,
    X: Symbol,
    Y: Symbol,
    scale: Scale,
    upstream: Symbol,
    found: Normalised | None = None,
    terms: Sequence[Symbol] = (),
) -> list[Symbol]:
    """The gradients at γ, β and X from ∂L/∂Y, by the chain rule over the named steps.

    Args:
        found: how X was normalised; None where mean and variance are constants.
        terms: what X is the sum of, where that is asked for in its place.
    """
    sheet.part("Backward pass")
    inputs = list(terms) or [X]
    wanted = [*inputs, *(symbol for symbol in (scale.gamma, scale.beta) if symbol is not None)]
    sheet.backward(Y, wanted, seed=upstream, jacobians=False)
    everything = Along(Y.shape, tuple(range(len(Y.shape))), (), scale.along.letters)
    reached = Sum(Y * upstream) if len(Y.shape) == 2 else SumOver(Y * upstream, everything)
    moved = [symbol for symbol in wanted if found is None or symbol not in inputs or _can_be_moved(sheet, X, found)]
    if len(moved) == len(wanted) or any(sheet.values[f"dL/d{symbol.name}"].any() for symbol in moved):
        finite_difference(sheet, reached, moved, reached)
    return [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]


def _can_be_moved(sheet: Worksheet, X: Symbol, found: Normalised) -> bool:
    """Whether a float has room for a step in X that is short beside √(σ² + ε); else its gradient is checked by sums."""
    root = float(evaluate(found.root, sheet.values).min())
    return largest_of(sheet.values[X.name]) < LARGEST_OFFSET * root
