"""The course of an optimiser: step after step, each gradient clipped and decayed first; long courses by a table.

Up to three steps are worked in full. Of more, the first two and the last; those between are evaluated from the same
formulas, stand in the table, and are printed where `--find` asks for one of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from explain.engine.answer import Step
from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import Prose, say
from explain.engine.repeat import Instance
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Scalar
from explain.topics._optimizers.given import Common, Problem, number_of_steps
from explain.topics._optimizers.objective import Gradient
from explain.topics._optimizers.prepared import clipped, decayed
from explain.topics._optimizers.words import moved_by

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

IN_FULL = 3


class Rule(Protocol):
    """An optimiser: what it begins with, and how a step follows from a gradient."""

    def begin(self, run: Course) -> None:
        """Introduce its settings and what it remembers."""

    def step(self, run: Course, theta: Symbol, g: Symbol) -> None:
        """Work one step; it ends in `run.moved(...)`."""

    def confirm(self, run: Course) -> None:
        """Check where the steps have led by a second route."""


class Beside(NamedTuple):
    """A course among others on one sheet: its number, by which its quantities are marked, and what it shares."""

    number: int
    label: str
    first: Course | None


class Course:
    """The steps of one optimiser on a sheet.

    Attributes:
        t: the number of the step that is worked.
        theta: the parameters by steps, the start first.
        gradients: what each step was given to work with, clipped and decayed.
        coupled: weight decay is added to the gradient; else it is the rule's own matter.
    """

    def __init__(
        self,
        sheet: Worksheet,
        problem: Problem,
        common: Common,
        coupled: bool = True,
        beside: Beside | None = None,
    ) -> None:
        self.sheet, self.problem, self.common, self.coupled = sheet, problem, common, coupled
        self.beside = beside
        self.mark = "" if beside is None else f"^{beside.number}"
        last = problem.steps
        self.shown = set(range(1, last + 1)) if last <= IN_FULL else {1, 2, last}
        if beside is not None:
            self.shown = {1, last}
        self.t = 0
        self.gradients: list[Symbol] = []
        self.theta: list[Symbol] = []
        self.raw: list[Symbol] = []
        self.formula: Gradient | None = None
        self._begin(beside.first if beside is not None else None)
        self.eta = self.given("eta", common.lr, "learning rate" + _default(common.told), option="lr")
        decay, norm, value = common.weight_decay, common.clip_norm, common.clip_value
        told = "weight decay" + _default(common.decay_told)
        self.decay = None if decay is None else self.given("lambda", decay, told, option="weight_decay")
        told = "largest length of a gradient" if norm is not None else "largest size of an entry of a gradient"
        limit = norm or value
        option = "clip_norm" if norm is not None else "clip_value"
        self.limit = None if limit is None else self.given("tau", limit, told, option=option)

    def _begin(self, first: Course | None) -> None:
        """The start and the gradients; those that another course beside this one has are shared."""
        if first is not None:
            self.theta, self.formula = first.theta[:1], first.formula
            self.raw = [] if self.formula is not None else first.raw
            return
        self.theta = [self.sheet.given("theta_0", self.problem.start, self._what(), option="theta")]
        self._give_gradients()
        number_of_steps(self.sheet, self.problem)

    def run(self, rule: Rule) -> Symbol:
        """All steps; the parameters at the end."""
        rule.begin(self)
        if self.problem.formula is not None and self.formula is None:
            self.formula = Gradient(self.sheet, self.problem.formula)
            self._inside(self.theta[0])
        for t in range(1, self.problem.steps + 1):
            self.t = t
            self.sheet.part(self.part if t in self.shown else "")
            rule.step(self, self.theta[-1], self._gradient())
        return self.theta[-1]

    def given(self, name: str, values: Values, meaning: str, *, option: str) -> Symbol:
        """A setting among the givens."""
        whose = "" if self.beside is None else f"{self.beside.label}: "
        return self.sheet.given(name + self.mark, values, whose + meaning, option=option)

    @property
    def part(self) -> str:
        """The heading of the step that is worked."""
        return f"Step {self.t}" if self.beside is None else f"{self.beside.label}: step {self.t}"

    @property
    def single(self) -> bool:
        """Whether there is one parameter only."""
        return not self.theta[0].shape

    def value(self, symbol: Symbol) -> Array:
        """The value of a quantity of the sheet."""
        return self.sheet.values[symbol.name]

    def zero(self, name: str, what: str) -> Symbol:
        """What an optimiser remembers before the first step: nothing."""
        told = what if self.single else f"{what}, in every entry"
        return self.given(name, Scalar((), ("0",)), told, option="")

    def define(self, name: str, expression: Node, title: str, why: str, **parts: Node | str | int) -> Symbol:
        """A line of the step; of a step that is not printed only its value."""
        name += self.mark
        named, reason = say(title, **parts), say(why, **parts)
        if self.t in self.shown:
            return self.sheet.define(name, expression, named, reason)
        import numpy as np

        symbol = Symbol(name, expression.shape)
        with np.errstate(all="ignore"):  # what is no number is refused
            self.sheet.hide(Step(symbol, Instance(expression, 0), named, reason, self.part, None))
        return symbol

    def moved(self, expression: Node, why: str, **parts: Node | str | int) -> Symbol:
        """The new parameters, and by how much they moved."""
        before = self.theta[-1]
        after = self.define(f"theta_{self.t}", expression, "Parameters after step " + str(self.t), why, **parts)
        self.theta.append(after)
        self._inside(after)
        if self.t in self.shown:
            note = moved_by(self.value(after) - self.value(before), self.common.lr, self.eta)
            self.sheet.remark(after, note)
        return after

    def remark(self, symbol: Symbol, note: Prose) -> None:
        """Add what a value says, where it is printed."""
        if self.t in self.shown:
            self.sheet.remark(symbol, note)

    def later(self, first: str, again: str) -> str:
        """A reason in full for the first step, a short one for those after it."""
        return first if self.t == 1 else again

    def never_zero(self, symbol: Symbol, eps: float, what: str) -> None:
        """Refuse 0/0.

        Raises:
            InputError: an entry under the root is 0, and ε, which would keep the quotient defined, is 0 too.
        """
        if eps == 0 and (self.value(symbol) == 0).any():
            raise InputError(
                f"{{eps}} is 0: in step {self.t} {what} has an entry that is 0, and a gradient of 0 would be divided "
                "by 0; give a small {eps}, such as 1e-8"
            )

    def _inside(self, theta: Symbol) -> None:
        """Refuse a formula that has no number where a step has led.

        Raises:
            InputError: a logarithm or a root of a negative number, or a number beyond double precision.
        """
        import numpy as np

        if self.formula is None:
            return
        values = {theta.name: self.value(theta)}
        try:
            with np.errstate(all="raise", under="ignore"):  # nothing on the way is beyond double precision either
                found = [evaluate(node, values) for node in (self.formula.value(theta), self.formula.at(theta))]
            good = all(np.isfinite(value).all() for value in found)
        except (FloatingPointError, OverflowError, ZeroDivisionError):
            good = False
        if not good:
            where = (
                f"where step {self.t} leads: take a smaller {{lr}}, fewer {{steps}} or"
                if self.t
                else "at the start: take"
            )
            raise InputError(f"{{f}} has no finite number, or no derivative, {where} another {{theta}}")

    def _what(self) -> str:
        return "the parameter before the first step" if not self.problem.start.shape else (
            "the parameters before the first step"
        )  # fmt: skip

    def _give_gradients(self) -> None:
        """The gradients that are given: one for all steps, or one for each."""
        if self.problem.constant:
            self.raw = [self.sheet.given("g", self.problem.gradients[0], "gradient of every step", option="g")]
            return
        for at, gradient in enumerate(self.problem.gradients, 1):
            # every number that was typed is printed, also those of steps that stand in the table only
            where = f"gradient at {{theta}}: step {at}"
            told = say(where, theta=Symbol(f"theta_{at - 1}"))
            self.raw.append(self.sheet.given(f"g_{at}", gradient, told, option="g"))

    def _gradient(self) -> Symbol:
        """What the rule works with in this step."""
        theta, t = self.theta[-1], self.t
        if self.formula is not None:
            g = self.define(
                f"g_{t}", self.formula.at(theta), "Gradient at {theta}",
                self.later(
                    "{theta} is put into the derivatives of {f}", "the same derivatives at the new place {theta}"
                ),
                theta=theta, f=Symbol("f"),
            )  # fmt: skip
            self.raw.append(g)
        g = self.raw[0] if self.problem.constant else self.raw[t - 1]
        g = decayed(self, clipped(self, g), theta)
        self.gradients.append(g)
        return g


def scalar(run: Course, name: str, given: Scalar | None, default: str, meaning: str, option: str) -> Symbol:
    """A setting among the givens; where it was not given, its default, and that it is one."""
    number = Scalar((), (default,)) if given is None else given
    return run.given(name, number, meaning + _default(given is not None), option=option)


def _default(told: bool) -> str:
    return "" if told else " (default)"


def other_end(problem: Problem, common: Common, rule: Rule, coupled: bool = True) -> Array | None:
    """Where another rule, or the same one under another convention, would end; None where it would end nowhere."""
    course = Course(Worksheet("", ""), problem, common, coupled)
    try:
        return course.value(course.run(rule))
    except InputError:
        return None
