"""The schedules: each one formula for the rate in epoch t, and the same rates by a second route.

Sources: PyTorch documentation, torch.optim.lr_scheduler (StepLR, ExponentialLR, CosineAnnealingLR); Loshchilov and
Hutter 2017, SGDR, eq. 5 (cosine); Goyal et al. 2017, Accurate, Large Minibatch SGD, section 2.2 (gradual warm-up);
Vaswani et al. 2017, Attention Is All You Need, eq. 3; Robbins and Monro 1951 (rates that fall as 1/t).
"""

# ruff: noqa: ARG005 - one interface for all schedules: not each of them needs the numbers
from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple

from explain.engine.functions import COS
from explain.engine.nodes.arithmetic import times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Larger
from explain.engine.nodes.powers import Power
from explain.engine.nodes.sizes import FloorQuotient
from explain.engine.primitives import ONE, PI, TWO

Symbols = Mapping[str, Symbol]
Numbers = Mapping[str, float]


class Schedule(NamedTuple):
    """A schedule.

    Attributes:
        title: what it is called.
        needs, may: the parameters that it takes, in the order of the page.
        formula: the rate in epoch t.
        why: the reason of the formula; the names of the parameters in braces.
        told: what happens in one epoch, from the numbers.
        shown: epochs that are worked where none are chosen, from the numbers and the last epoch.
        again: the rate by another route.
        route: what that route is called.
        first: where counting begins.
    """

    title: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    formula: Callable[[Node, Symbols], Node]
    why: str
    told: Callable[[int, Numbers], str]
    shown: Callable[[Numbers, int], list[int]]
    again: Callable[[int, Numbers], float]
    route: str
    first: int = 0


def _product(t: int, every: int, known: Numbers) -> float:
    rate = known["lr"]
    for epoch in range(1, t + 1):
        rate *= known["gamma"] if epoch % every == 0 else 1.0
    return rate


def _cosine(t: Node, s: Symbols) -> Node:
    low, high = s["lr_min"], s["lr"]
    return low + times((high - low) / TWO, ONE + COS(times(PI, t) / s["period"]))


def _transformer(t: Node, s: Symbols) -> Node:
    less, more = (Number(value, str(value)) for value in (-0.5, -1.5))
    return times(Power(s["d_model"], less), Larger(Power(t, less), times(t, Power(s["warmup"], more)), largest=False))


def _warm(t: int, known: Numbers) -> float:
    rate = 0.0
    for epoch in range(t + 1):
        rate += known["lr"] / known["warmup"] if epoch < known["warmup"] else 0.0
    return rate


def _slower(t: int, known: Numbers) -> float:
    """1/η grows by k/η in every epoch."""
    return 1 / math.fsum([1 / known["lr"], t * known["decay"] / known["lr"]])


SCHEDULES = {
    "step": Schedule(
        "Step decay", ("lr", "gamma", "step"), (),
        lambda t, s: times(s["lr"], Power(s["gamma"], FloorQuotient(t, s["step"]))),
        "⌊t/s⌋ counts how many times {step} epochs are over by epoch {t}; each time the rate is multiplied by {gamma}",
        lambda t, n: f"{t // int(n['step'])} periods of {n['step']:g} epochs are over: that is the power of γ"
        if t // int(n["step"]) != 1 else f"1 period of {n['step']:g} epochs is over: that is the power of γ",
        lambda n, last: [0, int(n["step"]) - 1, int(n["step"]), last],
        lambda t, n: _product(t, int(n["step"]), n),
        "epoch by epoch, the rate multiplied by γ whenever s divides the epoch",
    ),
    "exponential": Schedule(
        "Exponential decay", ("lr", "gamma"), (),
        lambda t, s: times(s["lr"], Power(s["gamma"], t)),
        "after every epoch the rate is multiplied by {gamma}: in epoch {t} that has been done t times",
        lambda t, n: f"before epoch {t} lie {t} others: γ to the power of {t}",
        lambda n, last: [0, 1, 2, last],
        lambda t, n: _product(t, 1, n),
        "epoch by epoch, each rate γ times the one before",
    ),
    "cosine": Schedule(
        "Cosine annealing", ("lr", "period"), ("lr_min",),
        _cosine,
        "the cosine falls from 1 to -1 while {t} goes from 0 to {period}, so 1 + cos falls from 2 to 0 and the rate "
        "from {lr} to {lr_min}: slowly at both ends, fastest in the middle",
        lambda t, n: f"{t} of {n['period']:g} epochs: the angle is {t}/{n['period']:g} of π, "
        f"{180 * t / n['period']:.4g}°",
        lambda n, last: [0, 1, int(n["period"]) // 2, last],
        lambda t, n: n["lr_min"] + (n["lr"] - n["lr_min"]) * math.cos(math.pi * t / n["period"] / 2) ** 2,
        "by the half angle, since (1 + cos 2a)/2 = cos² a",
    ),
    "linear-warmup": Schedule(
        "Linear warm-up", ("lr", "warmup"), (),
        lambda t, s: times(s["lr"], Larger(ONE, (t + ONE) / s["warmup"], largest=False)),
        "{t} + 1 epochs of {warmup} have begun: the rate is that share of {lr}, and stays at {lr} from then on",
        lambda t, n: f"epoch {t} is number {t + 1} of {n['warmup']:g}: "
        + ("the rate still rises" if t + 1 < n["warmup"] else "the full rate is reached, both numbers are 1")
        if t < n["warmup"] else f"epoch {t} lies {t + 1 - n['warmup']:g} after the warm-up: the smaller number is 1",
        lambda n, last: [0, 1, int(n["warmup"]) - 1, int(n["warmup"]), last],
        _warm,
        "epoch by epoch, an equal share of η added until the warm-up is over",
    ),
    "transformer": Schedule(
        "Warm-up and inverse square root", ("d_model", "warmup"), (),
        _transformer,
        "eq. 3: the second number rises with {t}, the first falls; they are equal at {t} = {warmup}, so the rate "
        "rises in a straight line for {warmup} steps and then falls as 1/√t",
        lambda t, n: f"step {t} is {'before' if t < n['warmup'] else 'at' if t == n['warmup'] else 'after'} the end of "
        f"the warm-up, {n['warmup']:g}: "
        + ("the rising number is the smaller one" if t < n["warmup"] else "both numbers are equal: the largest rate"
           if t == n["warmup"] else "the falling number is the smaller one"),
        lambda n, last: [1, int(n["warmup"]), 4 * int(n["warmup"]), last],
        lambda t, n: math.sqrt(min(1 / t, t * t / n["warmup"] ** 3) / n["d_model"]),
        "by the squares: the root of the smaller of 1/t and t²/w³, divided by d",
        1,
    ),
    "inverse-time": Schedule(
        "Decay as 1/t", ("lr", "decay"), (),
        lambda t, s: s["lr"] / (ONE + times(s["decay"], t)),
        "the divisor grows by {decay} in every epoch: the rate falls as 1/t, so the sum of all rates has no bound, "
        "but the sum of their squares has one, as Robbins and Monro ask for",
        lambda t, n: f"before epoch {t} lie {t} others: the divisor has grown by {t} times k",
        lambda n, last: [0, 1, round(1 / n["decay"]), last],
        _slower,
        "by the inverse 1/η, which grows by k/η in every epoch",
    ),
}  # fmt: skip
