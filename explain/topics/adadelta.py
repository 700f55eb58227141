"""Adadelta: the scale of the gradients divided out, the scale of the moves so far put in."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import (
    agree,
    all_gradients,
    check_end,
    check_memory,
    check_slopes,
    lifted,
    running,
)
from explain.topics._optimizers.course import Course, scalar
from explain.topics._optimizers.given import fading, read_problem, settled
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import tabulated
from explain.topics._optimizers.words import conventions, ends


@topic
def adadelta(
    theta: Annotated[Matrix, "parameters before the first step: 1, or 1,-2, or a matrix 1,2;3,4"],
    g: Annotated[
        Matrices | None, "gradient of each step, | between steps: 0.5,1 | 0.2,0.8; one alone serves all"
    ] = None,
    f: Annotated[
        Objective | None, "in place of g, a formula: 'x^2 + 3*y^2'; theta has one number for each name"
    ] = None,
    lr: Annotated[Scalar | None, "learning rate η; default 1"] = None,
    steps: Annotated[Count | None, "number of steps with one gradient or a formula; default 1"] = None,
    rho: Annotated[Scalar | None, "ρ, how slowly both averages fade; default 0.9"] = None,
    eps: Annotated[Scalar | None, "ε, added under both roots; default 1e-6"] = None,
    weight_decay: Annotated[Scalar | None, "λ: λ θ is added to the gradient"] = None,
    clip_norm: Annotated[Scalar | None, "a longer gradient is clipped to this length first"] = None,
    clip_value: Annotated[Scalar | None, "entries of a gradient are clipped to ± this first"] = None,
) -> Answer:
    """Adadelta: steps in the units of the parameters, without a rate of their own.

    v is a running average of the squared gradients, a of the squared moves; every parameter moves by
    √(a + ε)/√(v + ε) times its gradient. Shapes: θ and every gradient alike, one number, a vector or a matrix.

    Field: Optimisers

    Source: Zeiler 2012, ADADELTA: An Adaptive Learning Rate Method, algorithm 1; PyTorch documentation,
    torch.optim.Adadelta

    Examples:
        explain adadelta --theta 1 --g "0.5|0.2"
        explain adadelta --theta 1,-2 --g "0.5,1|0.25,-1" --rho 0.8 --eps 0.01
        explain adadelta --theta "1,2;0.5,-1" --g "0.5,1;2,0.1 | 0.2,0.8;1,-1" --lr 0.5
        explain adadelta --f "x^2 + 3*y^2" --theta 1,2 --steps 5 --eps 0.001

    Raises:
        InputError: gradients of another shape than the parameters, ρ outside 0 to 1, an ε that is not positive.
    """
    rule = Adadelta(rho, eps)
    problem = read_problem(theta, g, f, steps)
    common = settled(lr, "1", weight_decay, clip_norm, clip_value)
    sheet = Worksheet("Adadelta", adadelta.source)
    run = Course(sheet, problem, common)
    last = run.run(rule)
    conventions(run)
    rule.conventions(run)
    tabulated(run, [rule.v[1:], rule.a[1:]])
    rule.confirm(run)
    check_slopes(run)
    return sheet.answer(rule.v[-1], rule.a[-1], last)


class Adadelta:
    """The rule. By steps: `v` the averaged squares of the gradients, `a` of the moves, `u` the moves."""

    def __init__(self, rho: Scalar | None, eps: Scalar | None) -> None:
        self.given = rho, eps
        if rho is not None:
            fading("rho", rho)
        if eps is not None and not eps.array.item() > 0:
            raise InputError(
                f"{{eps}} is {eps.text(())}: it must be positive, because the first step has the factor √ε, and "
                "nothing would ever move; PyTorch has 1e-6"
            )
        self.v: list[Symbol] = []
        self.a: list[Symbol] = []
        self.u: list[Symbol] = []

    def begin(self, run: Course) -> None:
        """The settings, and both averages before the first step."""
        rho, eps = self.given
        self.rho = scalar(run, "rho", rho, "0.9", "how much of both averages stays", "rho")
        self.eps = scalar(run, "epsilon", eps, "1e-6", "stands under both roots, and begins the moves", "eps")
        self.v = [run.zero("v_0", "average of the squared gradients before the first step")]
        self.a = [run.zero("a_0", "average of the squared moves before the first step")]

    def step(self, run: Course, theta: Symbol, g: Symbol) -> None:
        """One step: the scale of the gradients, the scale of the moves, the move, the parameters."""
        t, old, moves = run.t, self.v[-1], self.a[-1]
        v = run.define(
            f"v_{t}", self.rho * old + (1 - self.rho) * g**2, "Average of the squared gradients",
            run.later(
                "a running average: {rho} of the old {old}, which is 0, and 1 - {rho} of the square of {g}",
                "{rho} of the old {old} stays, 1 - {rho} of the square of {g} comes in",
            ),
            rho=self.rho, old=old, g=g,
        )  # fmt: skip
        self.v.append(v)
        r = run.define(
            f"r_{t}", sqrt(v + self.eps), "Usual size of the gradients",
            run.later("RMS[g] in the paper, the root mean square of the gradients", "root of {v} and ε again"),
            v=v,
        )  # fmt: skip
        q = run.define(
            f"q_{t}", sqrt(moves + self.eps), "Usual size of the moves so far",
            run.later(
                "the same of the moves before this step, RMS[Δθ] in the paper; {a} is 0, so ε alone begins it",
                "the same of the moves before this step: the root of {a} and ε",
            ),
            a=moves,
        )  # fmt: skip
        u = run.define(
            f"u_{t}", q * g / r, "Move, before its sign",
            run.later(
                "{g} over its usual size {r} has no unit; times {q} it has the unit of the parameters",
                "{g} over {r}, times {q}",
            ),
            g=g, r=r, q=q,
        )  # fmt: skip
        self.u.append(u)
        self.a.append(run.define(
            f"a_{t}", self.rho * moves + (1 - self.rho) * u**2, "Average of the squared moves",
            run.later(
                "the running average of the squares of {u}, which the next step needs",
                "{rho} of the old {old} stays, 1 - {rho} of the square of {u} comes in",
            ),
            rho=self.rho, old=moves, u=u,
        ))  # fmt: skip
        run.moved(theta - run.eta * u, "against {u}, {eta} times its size", u=u, eta=run.eta)

    def conventions(self, run: Course) -> None:
        """The place of ε, and η."""
        if not run.single:
            run.sheet.convention("squares and roots are taken entry by entry")
        run.sheet.convention(
            "ε stands under both roots (paper and PyTorch); the paper has no {eta}: it is 1", eta=run.eta
        )

    def confirm(self, run: Course) -> None:
        """Both averages as sums over all steps; all moves in one sum."""
        import numpy as np

        check_memory(run, self.v[-1], self.rho, square=True)
        rho, last, a = float(run.value(self.rho)), len(self.u), self.a[-1]
        moves = np.stack([run.value(u) for u in self.u])
        again = np.asarray((1 - rho) * running(moves**2, rho)[-1])
        told = f"closed form: {{a}} = (1 - {{rho}}) Σᵢ {{rho}}{lifted(last)}⁻ⁱ uᵢ² is {ends(again)}"
        run.sheet.check(agree(run.value(a), again), [a], say(told, a=a, rho=self.rho))
        v, b = ((1 - rho) * running(values**2, rho) for values in (all_gradients(run), moves))
        b = np.concatenate([0 * b[:1], b[:-1]])  # each step sees the moves before it
        eps, eta = float(run.value(self.eps)), float(run.value(run.eta))
        end = np.asarray(
            run.value(run.theta[0]) - eta * (all_gradients(run) * np.sqrt((b + eps) / (v + eps))).sum(axis=0)
        )
        check_end(run, end, say("every step again from such sums alone: {end}", end=run.theta[-1]))
