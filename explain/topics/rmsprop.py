"""RMSprop: every gradient divided by the root of a running average of its squares."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import all_gradients, check_end, check_memory, check_slopes, running
from explain.topics._optimizers.course import Course, other_end, scalar
from explain.topics._optimizers.given import fading, not_negative, read_problem, settled
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import tabulated
from explain.topics._optimizers.words import conventions, would_be


@topic
def rmsprop(
    theta: Annotated[Matrix, "parameters before the first step: 1, or 1,-2, or a matrix 1,2;3,4"],
    g: Annotated[
        Matrices | None, "gradient of each step, | between steps: 0.5,1 | 0.2,0.8; one alone serves all"
    ] = None,
    f: Annotated[
        Objective | None, "in place of g, a formula: 'x^2 + 3*y^2'; theta has one number for each name"
    ] = None,
    lr: Annotated[Scalar | None, "learning rate η; default 0.01"] = None,
    steps: Annotated[Count | None, "number of steps with one gradient or a formula; default 1"] = None,
    alpha: Annotated[Scalar | None, "α, how slowly the average of the squares fades; default 0.99"] = None,
    eps: Annotated[Scalar | None, "ε, added to the root; default 1e-8"] = None,
    momentum: Annotated[Scalar | None, "μ: how much of the last step stays; none without it"] = None,
    centered: Annotated[Literal["no", "yes"], "yes: the squared average of the gradients is taken off first"] = "no",
    weight_decay: Annotated[Scalar | None, "λ: λ θ is added to the gradient"] = None,
    clip_norm: Annotated[Scalar | None, "a longer gradient is clipped to this length first"] = None,
    clip_value: Annotated[Scalar | None, "entries of a gradient are clipped to ± this first"] = None,
) -> Answer:
    """RMSprop: gradients on the scale of their own size, with momentum, centered.

    v is a running average of the squared gradients; every parameter moves by η g/(√v + ε). With momentum these steps
    are collected; centered, v is replaced by the variance. Shapes: θ and every gradient alike, one number, a vector or
    a matrix.

    Field: Optimisers

    Source: Tieleman and Hinton 2012, Lecture 6.5; Goodfellow et al. 2016, Deep Learning, algorithms 8.5 and 8.6;
    centered: Graves 2013, Generating Sequences with Recurrent Neural Networks, eqs. 38 to 41; PyTorch documentation,
    torch.optim.RMSprop

    Examples:
        explain rmsprop --theta 1 --g "0.5|0.2" --lr 0.1 --alpha 0.9
        explain rmsprop --theta 1,-2 --g "0.5,1|0.25,-1" --momentum 0.9 --centered yes
        explain rmsprop --theta "1,2;0.5,-1" --g "0.5,1;2,0.1 | 0.2,0.8;1,-1" --eps 0.01
        explain rmsprop --f "x^2 + 3*y^2" --theta 1,2 --lr 0.1 --steps 5

    Raises:
        InputError: gradients of another shape than the parameters, α or a momentum outside 0 to 1, 0/0 because ε is 0.
    """
    rule = RMSprop(alpha, eps, momentum, centered == "yes")
    problem = read_problem(theta, g, f, steps)
    common = settled(lr, "0.01", weight_decay, clip_norm, clip_value)
    more = [word for word, given in (("centered", rule.centered), ("with momentum", momentum is not None)) if given]
    sheet = Worksheet(", ".join(["RMSprop", *more]), rmsprop.source)
    run = Course(sheet, problem, common)
    last = run.run(rule)
    conventions(run)
    rule.conventions(run)
    tabulated(run, [rule.v[1:], *([rule.b[1:]] if rule.b else [])])
    rule.confirm(run)
    check_slopes(run)
    return sheet.answer(rule.v[-1], *([rule.b[-1]] if rule.b else []), last)


class RMSprop:
    """The rule. By steps: `v` the averaged squares, `mean` the averaged gradients, `b` the collected steps."""

    def __init__(self, alpha: Scalar | None, eps: Scalar | None, momentum: Scalar | None, centered: bool) -> None:
        self.given = (
            alpha and fading("alpha", alpha),
            not_negative("eps", eps),
            momentum and fading("momentum", momentum),
        )
        self.centered = centered
        self.inside = False  # ε under the root, which the page compares with
        self.v: list[Symbol] = []
        self.mean: list[Symbol] = []
        self.b: list[Symbol] = []
        self.u: list[Symbol] = []

    def begin(self, run: Course) -> None:
        """The settings, and what is remembered before the first step."""
        alpha, eps, momentum = self.given
        self.alpha = scalar(run, "alpha", alpha, "0.99", "how much of the average of the squares stays", "alpha")
        self.eps = scalar(run, "epsilon", eps, "1e-8", "keeps the quotient from 0/0", "eps")
        self.v = [run.zero("v_0", "average of the squared gradients before the first step")]
        if self.centered:
            self.mean = [run.zero("gbar_0", "average of the gradients before the first step")]
        if momentum is not None:
            self.mu = run.given("mu", momentum, "momentum: how much of the last step stays", option="momentum")
            self.b = [run.zero("b_0", "collected steps before the first one")]

    def step(self, run: Course, theta: Symbol, g: Symbol) -> None:
        """One step: the average, the direction, the parameters."""
        t = run.t
        self.v.append(run.define(
            f"v_{t}", self.alpha * self.v[-1] + (1 - self.alpha) * g**2, "Average of the squared gradients",
            run.later(
                "a running average: {a} of the old {old}, which is 0, and 1 - {a} of the square of {g}; nothing "
                "corrects it for that 0, so the first steps are long",
                "{a} of the old {old} stays, 1 - {a} of the square of {g} comes in",
            ),
            a=self.alpha, old=self.v[-1], g=g,
        ))  # fmt: skip
        size = self._spread(run, g)
        run.never_zero(size, float(run.value(self.eps)), "the average of the squares")
        root: Node = sqrt(size + self.eps) if self.inside else sqrt(size) + self.eps
        u = run.define(
            f"u_{t}", g / root, "Direction, every entry on its own scale" if not run.single else "Direction",
            run.later(
                "{g} over the root of {v}, "
                + ("how far the gradients usually lie from their average: where they agree, the steps are longer"
                   if self.centered else
                   "the usual size of the gradients: large and small gradients take steps alike"),
                "{g} over the root of {v}",
            ),
            g=g, v=size,
        )  # fmt: skip
        self.u.append(u)
        if self.b:
            u = run.define(
                f"b_{t}", self.mu * self.b[-1] + u, "Collected steps",
                run.later("{old} is 0, so they begin as {u}", "{mu} of the old {old} stays, {u} is added"),
                old=self.b[-1], u=u, mu=self.mu,
            )  # fmt: skip
            self.b.append(u)
        run.moved(theta - run.eta * u, "against {u}, {eta} times its size", u=u, eta=run.eta)

    def _spread(self, run: Course, g: Symbol) -> Symbol:
        """What stands under the root: the average of the squares, or the variance."""
        v, t = self.v[-1], run.t
        if not self.centered:
            return v
        self.mean.append(run.define(
            f"gbar_{t}", self.alpha * self.mean[-1] + (1 - self.alpha) * g, "Average of the gradients",
            run.later(
                "the same running average of {g} itself, without the square",
                "{a} of the old {old} stays, 1 - {a} of {g} comes in",
            ),
            g=g, a=self.alpha, old=self.mean[-1],
        ))  # fmt: skip
        return run.define(
            f"s_{t}", v - self.mean[-1] ** 2, "Variance of the gradients",
            run.later(
                "average of the squares minus the square of the average: how far the gradients lie from their average, "
                "with the start at 0 counted in",
                "{v} minus the square of {mean}",
            ),
            v=v, mean=self.mean[-1],
        )  # fmt: skip

    def conventions(self, run: Course) -> None:
        """The place of ε, and the other default."""
        alpha, eps, momentum = self.given
        if not run.single:
            run.sheet.convention("squares and roots are taken entry by entry")
        inside = RMSprop(alpha, eps, momentum, self.centered)
        inside.inside, own = True, run.value(run.theta[-1])
        value = other_end(run.problem, run.common, inside)
        run.sheet.convention(
            "ε stands outside the root, √v + ε (PyTorch); inside, √(v + ε) (Goodfellow), {end} " + would_be(value, own),
            end=run.theta[-1],
        )
        if alpha is None:
            value = other_end(run.problem, run.common, RMSprop(Scalar((), ("0.9",)), eps, momentum, self.centered))
            run.sheet.convention(
                "{a} = 0.99 is PyTorch's default; with Hinton's 0.9 {end} " + would_be(value, own),
                a=self.alpha, end=run.theta[-1],
            )  # fmt: skip

    def confirm(self, run: Course) -> None:
        """The averages as sums; the parameters from such sums, without the steps between."""
        import numpy as np

        check_memory(run, self.v[-1], self.alpha, square=True)
        if self.centered:
            check_memory(run, self.mean[-1], self.alpha)
        a, eps, eta = (float(run.value(x)) for x in (self.alpha, self.eps, run.eta))
        gradients = all_gradients(run)
        v, mean = ((1 - a) * running(gradients**power, a) for power in (2, 1))
        root = np.sqrt(np.maximum(v - mean**2, 0)) if self.centered else np.sqrt(v)
        end, mu = run.value(run.theta[0]), float(run.value(self.mu)) if self.b else 0.0
        for stays, direction in enumerate(reversed(gradients / (root + eps)), 1):
            end = end - eta * (1 - mu**stays) / (1 - mu) * direction  # as often as momentum takes it
        told = "every step again from such sums alone: {end}"
        check_end(run, end, say(told, end=run.theta[-1]))
