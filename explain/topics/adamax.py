"""Adamax: Adam with the largest gradient, fading, in place of the second moment."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import ABS
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.extremes import Larger
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import (
    agree,
    all_gradients,
    check_end,
    check_memory,
    check_slopes,
    letter,
    lifted,
    running,
)
from explain.topics._optimizers.course import Course, scalar
from explain.topics._optimizers.given import fading, not_negative, read_problem, settled
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import tabulated
from explain.topics._optimizers.words import conventions, ends


@topic
def adamax(
    theta: Annotated[Matrix, "parameters before the first step: 1, or 1,-2, or a matrix 1,2;3,4"],
    g: Annotated[
        Matrices | None, "gradient of each step, | between steps: 0.5,1 | 0.2,0.8; one alone serves all"
    ] = None,
    f: Annotated[
        Objective | None, "in place of g, a formula: 'x^2 + 3*y^2'; theta has one number for each name"
    ] = None,
    lr: Annotated[Scalar | None, "learning rate η; default 0.002"] = None,
    steps: Annotated[Count | None, "number of steps with one gradient or a formula; default 1"] = None,
    beta_1: Annotated[Scalar | None, "β₁, how slowly the average of the gradients fades; default 0.9"] = None,
    beta_2: Annotated[Scalar | None, "β₂, how slowly the largest gradient fades; default 0.999"] = None,
    eps: Annotated[Scalar | None, "ε, added to the size of each gradient; default 1e-8"] = None,
    weight_decay: Annotated[Scalar | None, "λ: λ θ is added to the gradient"] = None,
    clip_norm: Annotated[Scalar | None, "a longer gradient is clipped to this length first"] = None,
    clip_value: Annotated[Scalar | None, "entries of a gradient are clipped to ± this first"] = None,
) -> Answer:
    """Adamax: Adam with the largest gradient as the scale.

    m is a running average of the gradients, corrected for its start at 0; w is the largest size of a gradient, which
    fades by β₂ a step; every parameter moves by η m̂/w. Shapes: θ and every gradient alike, one number, a vector or a
    matrix.

    Field: Optimisers

    Source: Kingma and Ba 2015, Adam, algorithm 2 (its u is w here); PyTorch documentation, torch.optim.Adamax

    Examples:
        explain adamax --theta 1 --g "0.5|0.2" --lr 0.1
        explain adamax --theta 1,-2 --g "0.5,1|0.25,-1" --beta-1 0.8 --beta-2 0.9
        explain adamax --theta "1,2;0.5,-1" --g "0.5,1;2,0.1 | 0.2,0.8;1,-1" --eps 0.01
        explain adamax --f "x^2 + 3*y^2" --theta 1,2 --lr 0.1 --steps 5

    Raises:
        InputError: gradients of another shape than the parameters, a β outside 0 to 1, 0/0 because ε is 0.
    """
    rule = Adamax(beta_1, beta_2, eps)
    problem = read_problem(theta, g, f, steps)
    common = settled(lr, "0.002", weight_decay, clip_norm, clip_value)
    sheet = Worksheet("Adamax", adamax.source)
    run = Course(sheet, problem, common)
    last = run.run(rule)
    conventions(run)
    rule.conventions(run)
    tabulated(run, [rule.m[1:], rule.w[1:]])
    rule.confirm(run)
    check_slopes(run)
    return sheet.answer(rule.m[-1], rule.w[-1], last)


class Adamax:
    """The rule. By steps: `m` the averaged gradients, `w` the largest ones."""

    def __init__(self, beta_1: Scalar | None, beta_2: Scalar | None, eps: Scalar | None) -> None:
        self.given = beta_1, beta_2, not_negative("eps", eps)
        for option, share in (("beta_1", beta_1), ("beta_2", beta_2)):
            if share is not None:
                fading(option, share)
        self.m: list[Symbol] = []
        self.w: list[Symbol] = []

    def begin(self, run: Course) -> None:
        """The settings, and what is remembered before the first step."""
        one, two, eps = self.given
        self.b1 = scalar(run, "beta_1", one, "0.9", "how much of the average stays", "beta_1")
        self.b2 = scalar(run, "beta_2", two, "0.999", "how much of the largest gradient stays", "beta_2")
        self.eps = scalar(run, "epsilon", eps, "1e-8", "keeps the quotient from 0/0", "eps")
        self.m = [run.zero("m_0", "average of the gradients before the first step")]
        self.w = [run.zero("w_0", "largest gradient before the first step")]

    def step(self, run: Course, theta: Symbol, g: Symbol) -> None:
        """One step: average and largest, correction, direction, parameters."""
        t, old, largest = run.t, self.m[-1], self.w[-1]
        m = run.define(
            f"m_{t}", self.b1 * old + (1 - self.b1) * g, "Average of the gradients",
            run.later(
                "a running average: {b} of the old {old}, which is 0, and 1 - {b} of the gradient {g}",
                "{b} of the old {old} stays, 1 - {b} of the gradient {g} comes in",
            ),
            b=self.b1, old=old, g=g,
        )  # fmt: skip
        w = run.define(
            f"w_{t}", Larger(self.b2 * largest, ABS(g) + self.eps), "Largest gradient, fading",
            run.later(
                "{old} is 0, so the size of {g} itself is the largest",
                "the larger of what {old} has faded to, {b} of it, and the size of {g}",
            ),
            old=largest, g=g, b=self.b2,
        )  # fmt: skip
        self.m.append(m)
        self.w.append(w)
        run.never_zero(w, float(run.value(self.eps)), "the largest gradient")
        mhat = run.define(
            f"mhat_{t}", m / (1 - self.b1**t), "Average, corrected for its start at 0",
            run.later(
                "the weight in {m} is 1 - {b} = 1 - {p} only, because {zero} = 0 has the rest; divided by that it is "
                "an average; {w} needs no correction, because a largest one has no weights",
                "the weights of the gradients in {m} sum to 1 - {p}, and {m} is divided by that sum",
            ),
            m=m, b=self.b1, p=self.b1**t, zero=self.m[0], w=w,
        )  # fmt: skip
        u = run.define(
            f"u_{t}", mhat / w, "Direction" if run.single else "Direction, every entry on its own scale",
            run.later(
                "{m} over {w}, the largest size of a gradient: at most about 1 in size",
                "{m} over {w}",
            ),
            m=mhat, w=w,
        )  # fmt: skip
        run.moved(theta - run.eta * u, "against {u}, {eta} times its size", u=u, eta=run.eta)

    def conventions(self, run: Course) -> None:
        """The place of ε."""
        if not run.single:
            run.sheet.convention("largest ones and sizes | | are taken entry by entry")
        run.sheet.convention(
            "ε is added to the size of each gradient before the larger is taken (PyTorch); the paper has none"
        )

    def confirm(self, run: Course) -> None:
        """The average as a sum, the largest one as a maximum over all steps; the parameters from both."""
        import numpy as np

        check_memory(run, self.m[-1], self.b1)
        b1, b2, eps, eta = (float(run.value(x)) for x in (self.b1, self.b2, self.eps, run.eta))
        gradients = all_gradients(run)
        times = np.arange(1.0, len(gradients) + 1).reshape(-1, *[1] * (gradients.ndim - 1))
        sizes = np.abs(gradients) + eps
        if b2:  # a fading maximum is a plain one of logarithms
            with np.errstate(divide="ignore"):
                logs = np.maximum.accumulate(np.log(sizes) - times * np.log(b2), axis=0)
            sizes = np.exp(logs + times * np.log(b2))
        m = running(gradients, b1) / running(np.ones(gradients.shape), b1)
        end, largest = np.asarray(run.value(run.theta[0]) - eta * (m / sizes).sum(axis=0)), np.asarray(sizes[-1])
        w, last = self.w[-1], lifted(len(gradients))
        told = f"closed form: {{w}} = maxᵢ {{b}}{last}⁻ⁱ (|{letter(run)}ᵢ| + ε) is {ends(largest)}"
        run.sheet.check(agree(run.value(w), largest), [w], say(told, w=w, b=self.b2))
        check_end(run, end, say("every step again from those two alone: {end}", end=run.theta[-1]))
