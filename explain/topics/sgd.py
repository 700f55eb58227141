"""Stochastic gradient descent: plain, with momentum in its three conventions, with Nesterov's look ahead."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import agree, check_end, check_plain, check_slopes, letter, lifted
from explain.topics._optimizers.course import Course, other_end, scalar
from explain.topics._optimizers.given import fading, not_negative, read_problem, settled
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import tabulated
from explain.topics._optimizers.words import conventions, ends

Velocity = Literal["rate-outside", "rate-inside", "averaged"]


@topic
def sgd(
    theta: Annotated[Matrix, "parameters before the first step: 1, or 1,-2, or a matrix 1,2;3,4"],
    g: Annotated[
        Matrices | None, "gradient of each step, | between steps: 0.5,1 | 0.2,0.8; one alone serves all"
    ] = None,
    f: Annotated[
        Objective | None, "in place of g, a formula: 'x^2 + 3*y^2'; theta has one number for each name"
    ] = None,
    lr: Annotated[Scalar | None, "learning rate η; default 0.001, as in PyTorch"] = None,
    steps: Annotated[Count | None, "number of steps with one gradient or a formula; default 1"] = None,
    momentum: Annotated[Scalar | None, "β: how much of the velocity stays; none without it"] = None,
    velocity: Annotated[
        Velocity, "v = β v + g (PyTorch), v = β v - η g (Goodfellow, Keras), or v = β v + (1 - β) g"
    ] = "rate-outside",
    nesterov: Annotated[Literal["no", "yes"], "yes: Nesterov momentum, one velocity ahead"] = "no",
    dampening: Annotated[Scalar | None, "PyTorch's dampening: from step 2 on, 1 minus it multiplies g"] = None,
    weight_decay: Annotated[Scalar | None, "λ: λ θ is added to the gradient"] = None,
    clip_norm: Annotated[Scalar | None, "a longer gradient is clipped to this length first"] = None,
    clip_value: Annotated[Scalar | None, "entries of a gradient are clipped to ± this first"] = None,
) -> Answer:
    """SGD: gradient descent, with momentum or Nesterov momentum.

    θ = θ - η g, step after step. With momentum a velocity v collects the gradients, older ones weighed less and less,
    and θ follows v. The gradients are given, or taken of a formula at each new θ. Shapes: θ and every gradient alike,
    one number, a vector or a matrix.

    Field: Optimisers

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, algorithms 8.1 to 8.3, eqs. 8.15 and 8.16; PyTorch
    documentation, torch.optim.SGD; clipping: Pascanu, Mikolov and Bengio 2013, algorithm 1

    Examples:
        explain sgd --theta 1,-2 --g "0.5,1" --lr 0.1
        explain sgd --theta 1 --g "0.5|0.2|-0.4" --lr 0.1 --momentum 0.9
        explain sgd --theta "1,2;0.5,-1" --g "0.5,1;2,0 | 0.2,0.8;1,-1" --lr 0.1 --momentum 0.9 --nesterov yes
        explain sgd --f "x^2 + 3*y^2" --theta 1,2 --lr 0.1 --steps 5
        explain sgd --theta 1,-2 --g "3,4" --steps 6 --lr 0.1 --clip-norm 1 --weight-decay 0.01

    Raises:
        InputError: gradients of another shape than the parameters, a momentum of 1 or more, a rate that is not
            positive, Nesterov or dampening where they do not belong.
    """
    rule = Sgd(momentum, velocity, nesterov == "yes", dampening)
    rule.check()
    problem = read_problem(theta, g, f, steps)
    common = settled(lr, "0.001", weight_decay, clip_norm, clip_value)
    sheet = Worksheet(f"SGD{rule.title}", sgd.source)
    run = Course(sheet, problem, common)
    conventions(run)
    last = run.run(rule)
    rule.others(run)
    tabulated(run, [rule.v[1:]] if rule.remembers else [])
    rule.confirm(run)
    check_slopes(run)
    return sheet.answer(*([rule.v[-1]] if rule.remembers else []), last)


class Sgd:
    """The rule. `v` are the velocities by steps, `moves` what η multiplies in each step (None: it stands in v)."""

    def __init__(self, momentum: Scalar | None, velocity: Velocity, nesterov: bool, dampening: Scalar | None) -> None:
        self.momentum, self.velocity, self.nesterov, self.dampening = momentum, velocity, nesterov, dampening
        self.remembers = momentum is not None
        self.v: list[Symbol] = []
        self.moves: list[Symbol] = []
        self.title = "" if not self.remembers else " with Nesterov momentum" if nesterov else " with momentum"

    def check(self) -> None:
        """Refuse what does not fit together.

        Raises:
            InputError: settings of a velocity without one, or two conventions that exclude each other.
        """
        if self.momentum is None:
            for option, given in (
                ("nesterov", self.nesterov),
                ("dampening", self.dampening),
                ("velocity", self.velocity != "rate-outside"),
            ):
                if given:
                    raise InputError(
                        f"{{{option}}} is given without {{momentum}}: there is no velocity; give {{momentum}} 0.9"
                    )
            return
        fading("momentum", self.momentum)
        not_negative("dampening", self.dampening)
        if self.dampening is not None and (self.nesterov or self.velocity != "rate-outside"):
            other = "{nesterov} yes" if self.nesterov else f"{{velocity}} {self.velocity}"
            raise InputError(f"{{dampening}} is given with {other}: PyTorch allows it with neither; leave one out")
        if self.nesterov and self.velocity == "averaged":
            raise InputError("{nesterov} is yes with {velocity} averaged: it is defined for the other two; change one")

    def begin(self, run: Course) -> None:
        """β and the velocity before the first step."""
        if self.momentum is None:
            return
        told = "the part of the velocity that stays" if run.beside else "momentum: the part of the velocity that stays"
        self.beta = run.given("beta", self.momentum, told, option="momentum")
        if self.dampening is not None:
            self.delta = scalar(run, "delta", self.dampening, "0", "dampening", "dampening")
        self.v = [run.zero("v_0", "velocity before the first step")]

    def step(self, run: Course, theta: Symbol, g: Symbol) -> None:
        """One step: the velocity, then the parameters."""
        if self.momentum is None:
            self.moves.append(g)
            first = DOWNHILL if run.common.clip_value is None else "against {g}, {eta} times its length"
            why = run.later(first, "against {g} again, {eta} times its length")
            run.moved(theta - run.eta * g, why, g=g, eta=run.eta)
            return
        v = self._velocity(run, g)
        if self.velocity == "rate-inside":
            new: Node = theta + self.beta * v - run.eta * g if self.nesterov else theta + v
            why = AHEAD_INSIDE if self.nesterov else "{v} is the step itself: η and the sign are in it"
            run.moved(new, why, v=v, g=g)
            return
        along = v
        if self.nesterov:
            along = run.define(
                f"u_{run.t}", g + self.beta * v, "Direction, one velocity ahead", AHEAD, g=g, v=v, beta=self.beta
            )
        self.moves.append(along)
        run.moved(theta - run.eta * along, "against {u}, {eta} times its length", u=along, eta=run.eta)

    def _velocity(self, run: Course, g: Symbol) -> Symbol:
        """The velocity of this step, in the convention that was asked for."""
        t, before = run.t, self.v[-1]
        kept = self.beta * before
        new: Node = kept + g
        if self.velocity == "rate-inside":
            new = kept - run.eta * g
        elif self.velocity == "averaged":
            new = kept + (1 - self.beta) * g
        elif self.dampening is not None and t > 1:  # PyTorch starts with the whole gradient
            new = kept + (1 - self.delta) * g
        first = {
            "rate-outside": "{old} is 0, so the velocity begins as the gradient {g} itself",
            "rate-inside": "{old} is 0, so the velocity begins as the plain step -η {g}",
            "averaged": "{old} is 0, so the average begins with the part 1 - β of {g} alone",
        }[self.velocity]
        comes = {"rate-outside": "{g}", "rate-inside": "-{eta} {g}", "averaged": "1 - {beta} of {g}"}[self.velocity]
        if self.dampening is not None:
            comes = "1 - {delta} of {g}"
        again = (
            "{beta} of the old velocity {old} stays, " + comes + " comes in: gradients that agree add up, others cancel"
        )
        more = {} if self.dampening is None else {"delta": self.delta}
        v = run.define(
            f"v_{t}", new, "Velocity", run.later(first, again), old=before, g=g, beta=self.beta, eta=run.eta, **more
        )
        self.v.append(v)
        return v

    def others(self, run: Course) -> None:
        """The convention taken, and where the others would end."""
        if self.momentum is None:
            return
        problem, common = run.problem, run.common
        run.sheet.convention(FORMS[self.velocity])
        if self.nesterov:
            ahead = "θ + β v" if self.velocity == "rate-inside" else "θ - η β v"
            run.sheet.convention(
                "Nesterov as in PyTorch and Keras: the gradient is taken at θ and the step looks one velocity ahead; "
                f"in Goodfellow's algorithm 8.3 the gradient itself is taken ahead, at {ahead}"
            )
        if self.dampening is not None:
            run.sheet.convention(
                "dampening {d}: from step 2 on only 1 - {d} of the gradient comes in; v₁ takes the whole gradient, as "
                "PyTorch does",
                d=self.delta,
            )
            return
        end = Symbol(f"theta_{problem.steps}")
        other: Velocity = "rate-inside" if self.velocity != "rate-inside" else "rate-outside"
        same = "gives the same parameters as long as η stays the same; only v differs, by the factor -η"
        if self.velocity == "averaged":
            value = other_end(problem, common, Sgd(self.momentum, "rate-outside", False, None))
            run.sheet.convention(
                "with v = β v + g, or v = β v - η g, the same gradients give steps 1/(1 - β) times as long: "
                f"{{end}} = {ends(value)}",
                end=end,
            )
            return
        run.sheet.convention(f"{FORMS[other].split(':')[0]} {same}")
        if not self.nesterov:
            value = other_end(problem, common, Sgd(self.momentum, "averaged", False, None))
            run.sheet.convention(
                "with the averaged v = β v + (1 - β) g the same gradients give steps 1 - β times as long: "
                f"{{end}} = {ends(value)}",
                end=end,
            )

    def confirm(self, run: Course) -> None:
        """Every gradient by how often it enters the parameters, in place of step after step."""
        if self.momentum is None:
            check_plain(run)
            return
        beta, eta, last = float(run.value(self.beta)), float(run.value(run.eta)), len(run.gradients)
        share = 1 - beta if self.velocity == "averaged" else 1.0
        end, velocity = run.value(run.theta[0]), 0 * run.value(run.theta[0])
        for i, g in enumerate(run.gradients, 1):
            part = share * (1 - float(run.value(self.delta)) if self.dampening is not None and i > 1 else 1.0)
            stays = (1 - beta ** (last - i + 1)) / (1 - beta)
            end = end - eta * part * (1 + beta * stays if self.nesterov else stays) * run.value(g)
            velocity = velocity + part * beta ** (last - i) * run.value(g)
        if self.velocity == "rate-inside":
            velocity = -eta * velocity
        v, top = self.v[-1], lifted(last)
        scale = max(float(abs(run.value(symbol)).max()) for symbol in self.v[1:])
        factor = {"rate-outside": "", "rate-inside": "-η ", "averaged": "(1 - β) "}[self.velocity]
        c = letter(run) if self.dampening is None else f"{letter(run)}′"
        more = "" if self.dampening is None else f", {c} the gradients after dampening"
        told = f"closed form: {{v}} = {factor}Σᵢ β{top}⁻ⁱ {c}ᵢ{more} is {ends(velocity)}"
        run.sheet.check(agree(run.value(v), velocity, scale), [v], say(told, v=v))
        counts = f"(1 - β{lifted(last + 1)}⁻ⁱ)/(1 - β)"
        if self.nesterov:
            counts = f"(1 + β {counts})"
        if share != 1:
            counts = f"(1 - β{lifted(last + 1)}⁻ⁱ)"
        told = f"closed form: {{end}} = {{start}} - {{eta}} Σᵢ {counts} {c}ᵢ"
        check_end(run, end, say(told, end=run.theta[-1], start=run.theta[0], eta=run.eta))


DOWNHILL = "{g} points to where the loss grows fastest; the step goes the other way, {eta} times its length"
AHEAD = "Nesterov: the gradient, and what the velocity {v} will do with the next step, {beta} {v}"
AHEAD_INSIDE = "Nesterov: the plain step -η {g}, and what the velocity will do with the next step, β {v}"
FORMS = {
    "rate-outside": "v = β v + g and θ = θ - η v (PyTorch): η stands outside the velocity",
    "rate-inside": "v = β v - η g and θ = θ + v (Goodfellow eqs. 8.15 and 8.16, Keras): η stands inside the velocity",
    "averaged": "v = β v + (1 - β) g and θ = θ - η v: the velocity is a running average of the gradients",
}
