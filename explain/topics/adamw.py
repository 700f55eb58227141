"""AdamW: Adam, with weight decay taken from the parameters themselves and not through the gradient."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Symbol
from explain.engine.worksheet import Worksheet
from explain.matrices import Matrices
from explain.parameters import Count, Matrix, Scalar
from explain.topics._optimizers.checks import check_slopes
from explain.topics._optimizers.course import Course, other_end
from explain.topics._optimizers.given import read_problem, settled
from explain.topics._optimizers.objective import Objective
from explain.topics._optimizers.table import tabulated
from explain.topics._optimizers.words import conventions, would_be
from explain.topics.adam import Adam


@topic
def adamw(
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
    weight_decay: Annotated[Scalar | None, "λ: every step shrinks the parameters by η λ; default 0.01"] = None,
    clip_norm: Annotated[Scalar | None, "a longer gradient is clipped to this length first"] = None,
    clip_value: Annotated[Scalar | None, "entries of a gradient are clipped to ± this first"] = None,
) -> Answer:
    """AdamW: Adam with decoupled weight decay.

    The moments see the gradient alone; every step first shrinks the parameters to 1 - η λ of themselves, then takes
    Adam's step. With λ θ in the gradient, as in Adam, the decay would be divided by √v̂ too. Shapes: θ and every
    gradient alike, one number, a vector or a matrix.

    Field: Optimisers

    Source: Loshchilov and Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2; PyTorch documentation,
    torch.optim.AdamW

    Examples:
        explain adamw --theta 1 --g 0.5 --lr 0.1 --weight-decay 0.1
        explain adamw --theta 1,-2 --g "0.5,1|0.25,-1" --lr 0.01 --beta-1 0.8 --beta-2 0.99
        explain adamw --theta "1,2;0.5,-1" --g "0.5,1;2,0.1 | 0.2,0.8;1,-1" --eps 0.01 --amsgrad yes
        explain adamw --f "x^2 + 3*y^2" --theta 1,2 --lr 0.1 --steps 5

    Raises:
        InputError: gradients of another shape than the parameters, a β outside 0 to 1, 0/0 because ε is 0.
    """
    rule = AdamW(beta_1, beta_2, eps, amsgrad == "yes")
    problem = read_problem(theta, g, f, steps)
    decay = Scalar((), ("0.01",)) if weight_decay is None else weight_decay
    common = settled(lr, "0.001", decay, clip_norm, clip_value)._replace(decay_told=weight_decay is not None)
    sheet = Worksheet("AdamW" + (" with AMSGrad" if rule.amsgrad else ""), adamw.source)
    run = Course(sheet, problem, common, coupled=False)
    last = run.run(rule)
    conventions(run)
    rule.conventions(run)
    tabulated(run, [rule.m[1:], rule.v[1:]])
    rule.confirm(run)
    check_slopes(run)
    return sheet.answer(*rule.results(), last)


class AdamW(Adam):
    """The rule: Adam's moments, and another last line."""

    def update(self, run: Course, theta: Symbol, u: Symbol) -> None:
        """The parameters, first shrunk, then moved."""
        assert run.decay is not None
        run.moved(
            (1 - run.eta * run.decay) * theta - run.eta * u,
            run.later(
                "weight decay keeps 1 - {eta} {l} of {theta}, whatever the gradient; then {eta} times {u} is taken off",
                "{theta} keeps the part 1 - {eta} {l}, then {eta} times {u} is taken away",
            ),
            eta=run.eta, l=run.decay, theta=theta, u=u,
        )  # fmt: skip

    def conventions(self, run: Course) -> None:
        """Where the decay of Adam would lead."""
        super().conventions(run)
        coupled = Adam(*self.given, self.amsgrad)
        value = other_end(run.problem, run.common, coupled, coupled=True)
        run.sheet.convention(
            "weight decay is taken from θ itself, {eta} {l} θ a step (PyTorch; the paper's λ has no η in it); with "
            f"{{l}} θ in the gradient (Adam with L2) {{end}} {would_be(value, run.value(run.theta[-1]))}",
            eta=run.eta, l=run.decay or "λ", end=run.theta[-1],
        )  # fmt: skip
