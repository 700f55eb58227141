"""Adam: running averages of the gradients and of their squares, both corrected for their start at 0."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.extremes import Larger
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import adam_again, check_end, check_memory, check_slopes
from explain.topics._optimizers.course import Course, other_end, scalar
from explain.topics._optimizers.given import fading, not_negative, read_problem, settled
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import tabulated
from explain.topics._optimizers.words import conventions, would_be


@topic
def adam(
    theta: Annotated[Matrix, "parameters before the first step: 1, or 1,-2, or a matrix 1,2;3,4"],
    g: Annotated[
        Matrices | None, "gradient of each step, | between steps: 0.5,1 | 0.2,0.8; one alone serves all"
    ] = None,
    f: Annotated[
        Objective | None, "in place of g, a formula: 'x^2 + 3*y^2'; theta has one number for each name"
    ] = None,
    lr: Annotated[Scalar | None, "learning rate η; default 0.001"] = None,
    steps: Annotated[Count | None, "number of steps with one gradient or a formula; default 1"] = None,
    beta_1: Annotated[Scalar | None, "β₁, how slowly the average of the gradients fades; default 0.9"] = None,
    beta_2: Annotated[Scalar | None, "β₂, how slowly the average of their squares fades; default 0.999"] = None,
    eps: Annotated[Scalar | None, "ε, added to the root; default 1e-8"] = None,
    amsgrad: Annotated[Literal["no", "yes"], "yes: the largest second moment so far is used"] = "no",
    weight_decay: Annotated[Scalar | None, "λ: λ θ is added to the gradient; see adamw for the other way"] = None,
    clip_norm: Annotated[Scalar | None, "a longer gradient is clipped to this length first"] = None,
    clip_value: Annotated[Scalar | None, "entries of a gradient are clipped to ± this first"] = None,
) -> Answer:
    """Adam: both moments, bias correction and the step.

    m is a running average of the gradients, v of their squares; both start at 0 and are corrected for that; every
    parameter moves by η m̂/(√v̂ + ε), about η where its gradients agree. Shapes: θ and every gradient alike, one
    number, a vector or a matrix.

    Field: Optimisers

    Source: Kingma and Ba 2015, Adam, algorithm 1 and section 3 (bias correction); Goodfellow et al. 2016, Deep
    Learning, algorithm 8.7; AMSGrad: Reddi, Kale and Kumar 2018, algorithm 2, as in torch.optim.Adam

    Examples:
        explain adam --theta 1 --g 0.5 --lr 0.1
        explain adam --theta 1,-2 --g "0.5,1|0.25,-1" --lr 0.01 --beta-1 0.8 --beta-2 0.99
        explain adam --theta "1,2;0.5,-1" --g "0.5,1;2,0.1 | 0.2,0.8;1,-1" --eps 0.01 --amsgrad yes
        explain adam --f "x^2 + 3*y^2" --theta 1,2 --lr 0.1 --steps 5
        explain adam --theta 1,-2 --g "3,4" --steps 6 --lr 0.1 --clip-norm 1 --weight-decay 0.01

    Raises:
        InputError: gradients of another shape than the parameters, a β outside 0 to 1, 0/0 because ε is 0.
    """
    rule = Adam(beta_1, beta_2, eps, amsgrad == "yes")
    problem = read_problem(theta, g, f, steps)
    common = settled(lr, "0.001", weight_decay, clip_norm, clip_value)
    sheet = Worksheet("AMSGrad" if rule.amsgrad else "Adam", adam.source)
    run = Course(sheet, problem, common)
    last = run.run(rule)
    conventions(run)
    rule.conventions(run)
    tabulated(run, [rule.m[1:], rule.v[1:]])
    rule.confirm(run)
    check_slopes(run)
    return sheet.answer(*rule.results(), last)


class Adam:
    """The rule. `m`, `v` are the moments by steps (`m[0]` before the first), `mhat`, `vhat` the corrected ones."""

    def __init__(self, beta_1: Scalar | None, beta_2: Scalar | None, eps: Scalar | None, amsgrad: bool = False) -> None:
        self.given = beta_1, beta_2, not_negative("eps", eps)
        for option, share in (("beta_1", beta_1), ("beta_2", beta_2)):
            if share is not None:
                fading(option, share)
        self.amsgrad = amsgrad
        self.inside = False  # ε under the root, which the page compares with
        self.corrected = True
        self.m: list[Symbol] = []
        self.v: list[Symbol] = []
        self.mhat: list[Symbol] = []
        self.vhat: list[Symbol] = []
        self.largest: list[Symbol] = []

    def begin(self, run: Course) -> None:
        """The settings, and both moments before the first step."""
        one, two, eps = self.given
        self.b1 = scalar(run, "beta_1", one, "0.9", "how much of the first moment stays", "beta_1")
        self.b2 = scalar(run, "beta_2", two, "0.999", "how much of the second moment stays", "beta_2")
        self.eps = scalar(run, "epsilon", eps, "1e-8", "keeps the quotient from 0/0", "eps")
        self.m = [run.zero("m_0", "first moment before the first step")]
        self.v = [run.zero("v_0", "second moment before the first step")]

    def step(self, run: Course, theta: Symbol, g: Symbol) -> None:
        """One step: moments, correction, direction, parameters."""
        t = run.t
        self.m.append(run.define(
            f"m_{t}", self.b1 * self.m[-1] + (1 - self.b1) * g, "First moment: average of the gradients",
            run.later(
                "a running average: {b} of the old {old}, which is 0, and 1 - {b} of the gradient {g}",
                "{b} of the old {old} stays, 1 - {b} of the gradient {g} comes in",
            ),
            b=self.b1, old=self.m[-1], g=g,
        ))  # fmt: skip
        self.v.append(run.define(
            f"v_{t}", self.b2 * self.v[-1] + (1 - self.b2) * g**2, "Second moment: average of the squared gradients",
            run.later(
                "the same with the square of every entry of {g}: how large the gradients are, whatever their sign",
                "{b} of the old {old} stays, 1 - {b} of the squared gradient comes in",
            ) if not run.single else run.later(
                "the same with the square of {g}: how large the gradients are, whatever their sign",
                "{b} of the old {old} stays, 1 - {b} of the squared gradient comes in",
            ),
            b=self.b2, old=self.v[-1], g=g,
        ))  # fmt: skip
        mhat, vhat = self._corrected(run)
        run.never_zero(vhat, float(run.value(self.eps)), "the second moment")
        root: Node = sqrt(vhat + self.eps) if self.inside else sqrt(vhat) + self.eps
        u = run.define(
            f"u_{t}", mhat / root, "Direction, every entry on its own scale" if not run.single else "Direction",
            run.later(
                "{m} over the root of {v}: gradients that agree give a number near 1 or -1 however large they are; "
                "gradients that change their sign give less",
                "{m} over the root of {v}, as in step 1",
            ),
            m=mhat, v=vhat,
        )  # fmt: skip
        self.update(run, theta, u)

    def _corrected(self, run: Course) -> tuple[Symbol, Symbol]:
        """Both moments without the bias of their start."""
        t, m, v = run.t, self.m[-1], self.v[-1]
        if not self.corrected:
            return m, v
        mhat = run.define(
            f"mhat_{t}", m / (1 - self.b1**t), "First moment, corrected for its start at 0",
            run.later(
                "the weights in {m} sum to 1 - {b} = 1 - {p} only, because {zero} = 0 has the rest; dividing by that "
                "sum makes it an average",
                "the weights of the gradients in {m} sum to 1 - {p}, and {m} is divided by that sum",
            ),
            m=m, b=self.b1, p=self.b1**t, zero=self.m[0],
        )  # fmt: skip
        if self.amsgrad:
            before = self.largest[-1] if self.largest else self.v[0]
            v = run.define(
                f"w_{t}", Larger(before, v), "Largest second moment so far",
                run.later(
                    "AMSGrad: the larger of {old} and {v}, so that no step grows because a large "
                    "gradient is forgotten",
                    "the larger of {old} and {v}",
                ),
                old=before, v=v,
            )  # fmt: skip
            self.largest.append(v)
        vhat = run.define(
            f"vhat_{t}", v / (1 - self.b2**t), "Second moment, corrected for its start at 0",
            run.later(
                "PyTorch divides the largest one, {v}, by that sum of weights too, here 1 - {b}"
                if self.amsgrad
                else "the same for {v}: its weights sum to 1 - {b} only",
                "{v} is divided by 1 - {p}" if self.amsgrad else "its weights sum to 1 - {p}",
            ),
            v=v, b=self.b2, p=self.b2**t,
        )  # fmt: skip
        self.mhat.append(mhat)
        self.vhat.append(vhat)
        return mhat, vhat

    def update(self, run: Course, theta: Symbol, u: Symbol) -> None:
        """The parameters after the step."""
        run.moved(theta - run.eta * u, "against {u}, {eta} times its size", u=u, eta=run.eta)

    def results(self) -> list[Symbol]:
        """Moments of the last step, as they are and corrected."""
        return [self.m[-1], self.v[-1], self.mhat[-1], self.vhat[-1]]

    def conventions(self, run: Course) -> None:
        """Names, the place of ε, and what the page would be without the correction."""
        sheet, end = run.sheet, run.theta[-1]
        sheet.convention(
            "{m} and {v} are the names of the paper and of PyTorch; some courses call them V and S",
            m=Symbol("m"), v=Symbol("v"),
        )  # fmt: skip
        if not run.single:
            sheet.convention(
                "squares, roots and largest ones are taken entry by entry"
                if self.amsgrad
                else "squares and roots are taken entry by entry"
            )
        inside, plain = self.again(), self.again()
        inside.inside, plain.corrected = True, False
        other, biased = (other_end(run.problem, run.common, rule, run.coupled) for rule in (inside, plain))
        own = run.value(end)
        sheet.convention(
            "ε stands outside the root, √v̂ + ε (PyTorch, Keras); inside, √(v̂ + ε), {end} " + would_be(other, own),
            end=end,
        )
        if self.amsgrad:
            sheet.convention(
                "the largest v is taken before its correction, as PyTorch does; the paper has no correction"
            )
        else:
            sheet.convention("without bias correction {end} " + would_be(biased, own), end=end)

    def again(self) -> Adam:
        """The same rule from the start."""
        return type(self)(*self.given, self.amsgrad)

    def confirm(self, run: Course) -> None:
        """The moments as sums over all gradients; the parameters from those sums, without the steps between."""
        check_memory(run, self.m[-1], self.b1)
        check_memory(run, self.v[-1], self.b2, square=True)
        end = adam_again(run, [float(run.value(x)) for x in (self.b1, self.b2, self.eps)], self.amsgrad)
        told = "every step again from those sums alone: {end}"
        if len(run.gradients) == 1 and not run.decay:
            told = "bias correction cancels in step 1: {end} = {start} - {eta} " + f"{_g(run)}/(|{_g(run)}| + ε)"
        check_end(run, end, say(told, end=run.theta[-1], start=run.theta[0], eta=run.eta))


def _g(run: Course) -> str:
    return run.gradients[0].word.text
