"""Adagrad: every gradient divided by the root of the sum of all its squares so far."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import agree, all_gradients, check_end, check_slopes, letter
from explain.topics._optimizers.course import Course, scalar
from explain.topics._optimizers.given import not_negative, read_problem, settled
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import tabulated
from explain.topics._optimizers.words import conventions, ends


@topic
def adagrad(
    theta: Annotated[Matrix, "parameters before the first step: 1, or 1,-2, or a matrix 1,2;3,4"],
    g: Annotated[
        Matrices | None, "gradient of each step, | between steps: 0.5,1 | 0.2,0.8; one alone serves all"
    ] = None,
    f: Annotated[
        Objective | None, "in place of g, a formula: 'x^2 + 3*y^2'; theta has one number for each name"
    ] = None,
    lr: Annotated[Scalar | None, "learning rate η; default 0.01"] = None,
    steps: Annotated[Count | None, "number of steps with one gradient or a formula; default 1"] = None,
    lr_decay: Annotated[Scalar | None, "γ: in step t the rate is η/(1 + (t - 1) γ); none without it"] = None,
    initial: Annotated[Scalar | None, "the sum of squares before the first step; default 0"] = None,
    eps: Annotated[Scalar | None, "ε, added to the root; default 1e-10"] = None,
    weight_decay: Annotated[Scalar | None, "λ: λ θ is added to the gradient"] = None,
    clip_norm: Annotated[Scalar | None, "a longer gradient is clipped to this length first"] = None,
    clip_value: Annotated[Scalar | None, "entries of a gradient are clipped to ± this first"] = None,
) -> Answer:
    """Adagrad: a learning rate for every parameter, which only falls.

    s is the sum of all squared gradients; every parameter moves by η g/(√s + ε), so one that was moved often moves less
    and less. Shapes: θ and every gradient alike, one number, a vector or a matrix.

    Field: Optimisers

    Source: Duchi, Hazan and Singer 2011, Adaptive Subgradient Methods, section 1.1; Goodfellow et al. 2016, Deep
    Learning, algorithm 8.4; PyTorch documentation, torch.optim.Adagrad

    Examples:
        explain adagrad --theta 1 --g "0.5|0.2" --lr 0.1
        explain adagrad --theta 1,-2 --g "0.5,1|0.25,-1" --lr 0.1 --lr-decay 0.5 --initial 0.1
        explain adagrad --theta "1,2;0.5,-1" --g "0.5,1;2,0.1 | 0.2,0.8;1,-1" --eps 0.01
        explain adagrad --f "x^2 + 3*y^2" --theta 1,2 --lr 0.5 --steps 5

    Raises:
        InputError: gradients of another shape than the parameters, a negative decay, sum or ε, 0/0 because ε is 0.
    """
    rule = Adagrad(lr_decay, initial, eps)
    problem = read_problem(theta, g, f, steps)
    common = settled(lr, "0.01", weight_decay, clip_norm, clip_value)
    sheet = Worksheet("Adagrad", adagrad.source)
    run = Course(sheet, problem, common)
    last = run.run(rule)
    conventions(run)
    rule.conventions(run)
    tabulated(run, [rule.s[1:], *([rule.rates] if rule.rates else [])])
    rule.confirm(run)
    check_slopes(run)
    return sheet.answer(rule.s[-1], last)


class Adagrad:
    """The rule. By steps: `s` the sums of squares, `rates` the falling η where it falls by itself too."""

    def __init__(self, lr_decay: Scalar | None, initial: Scalar | None, eps: Scalar | None) -> None:
        self.lr_decay = not_negative("lr_decay", lr_decay)
        self.initial = not_negative("initial", initial)
        self.given_eps = not_negative("eps", eps)
        self.s: list[Symbol] = []
        self.rates: list[Symbol] = []

    def begin(self, run: Course) -> None:
        """The settings, and the sum before the first step."""
        self.eps = scalar(run, "epsilon", self.given_eps, "1e-10", "keeps the quotient from 0/0", "eps")
        if self.lr_decay is not None:
            self.gamma = run.given("gamma", self.lr_decay, "decay of the learning rate", option="lr_decay")
        told = "sum of the squared gradients before the first step"
        if self.initial is None:
            self.s = [run.zero("s_0", told)]
        else:
            self.s = [run.given("s_0", self.initial, told, option="initial")]

    def step(self, run: Course, theta: Symbol, g: Symbol) -> None:
        """One step: the sum, the direction, the parameters."""
        t, before = run.t, self.s[-1]
        self.s.append(run.define(
            f"s_{t}", before + g**2, "Sum of the squared gradients",
            run.later(
                "the square of {g} is added to {old}; nothing fades, so the sum only grows",
                "the square of {g} is added to {old}",
            ),
            g=g, old=before,
        ))  # fmt: skip
        run.never_zero(self.s[-1], float(run.value(self.eps)), "the sum of the squares")
        u = run.define(
            f"u_{t}", g / (sqrt(self.s[-1]) + self.eps),
            "Direction" if run.single else "Direction, every entry on its own scale",
            run.later(
                "{g} over the root of {s}: a parameter that had large gradients, or many, moves less",
                "{g} over the root of {s}, which is never smaller than before",
            ),
            g=g, s=self.s[-1],
        )  # fmt: skip
        eta = run.eta
        if self.lr_decay is not None:
            eta = run.define(
                f"eta_{t}", run.eta / (1 + (t - 1) * self.gamma), "Learning rate of this step",
                run.later(
                    "the first step has the full rate {eta}, because t - 1 is 0",
                    f"{{eta}} divided by 1 and {t - 1} times {{gamma}}",
                ),
                eta=run.eta, gamma=self.gamma,
            )  # fmt: skip
            self.rates.append(eta)
        run.moved(theta - eta * u, "against {u}, {eta} times its size", u=u, eta=eta)

    def conventions(self, run: Course) -> None:
        """The place of ε, and PyTorch's additions."""
        if not run.single:
            run.sheet.convention("squares and roots are taken entry by entry")
        run.sheet.convention(
            "ε stands outside the root, √s + ε (PyTorch with 10⁻¹⁰, Goodfellow with 10⁻⁷); Keras has √(s + ε) and "
            "starts with s₀ = 0.1"
        )

    def confirm(self, run: Course) -> None:
        """The sum in one line; the parameters from such sums."""
        import numpy as np

        squares = sum(run.value(g) ** 2 for g in run.gradients)
        s = self.s[-1]
        total = np.asarray(run.value(self.s[0]) + squares)
        told = f"closed form: {{s}} = {{old}} + Σᵢ {letter(run)}ᵢ² is {ends(total)}"
        run.sheet.check(agree(run.value(s), total), [s], say(told, s=s, old=self.s[0]))
        end = run.value(run.theta[0])
        gradients = all_gradients(run)
        fall = float(run.value(self.gamma)) if self.lr_decay is not None else 0.0
        sums = run.value(self.s[0]) + np.cumsum(gradients**2, axis=0)
        for t, g in enumerate(gradients):
            end = end - float(run.value(run.eta)) / (1 + t * fall) * g / (np.sqrt(sums[t]) + float(run.value(self.eps)))
        check_end(run, end, say("every step again from such sums alone: {end}", end=run.theta[-1]))
