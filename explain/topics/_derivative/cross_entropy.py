"""Softmax with cross-entropy: the gradient by the scores is p - y."""

from __future__ import annotations

from collections.abc import Callable

from explain.engine.answer import Answer, Place
from explain.engine.functions import LOG
from explain.engine.nodes.arithmetic import Add, Divide, Times, negative
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.entries import Entries
from explain.engine.nodes.rewritten import Rewritten
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rules import ONE
from explain.topics._derivative.algebra import Algebra
from explain.topics._derivative.second_route import proved, real
from explain.topics._derivative.softmax import Softmax


class CrossEntropy(Softmax):
    """-Σ y log p of a target that adds up to 1: by the probabilities, these by the first score, all paths added.

    Source: Goodfellow et al. 2016, section 6.2.2.3 (softmax units for multinoulli output distributions).
    """

    def answer(self) -> Answer:
        """-Σ y log p: by the probabilities, these by the first score, all paths added."""
        self.conventions()
        p = self.forward()
        sheet, work, y, z = self.sheet, self.work, self.y, self.z[0]
        name = self.asked.target or next(n for n in ("L", "E", "C") if n not in (self.asked.z, self.asked.y))
        terms = [Times(target, LOG(probability)) for target, probability in zip(y, p, strict=True)]
        loss = work.quantity(name, negative(Add(*terms)), "Cross-entropy", "the sum of the question, written out")
        sheet.part("The loss by the probabilities")
        outer = self._outer(loss, p)
        inner = [self.case_same(p), self.case_other(p, 2, 1)]
        for at in range(3, self.count + 1):
            inner.append(
                sheet.define(
                    f"d{self.p}_{at}/d{z.name}", Rewritten(inner[1], negative(Times(p[at - 1], p[0]))),
                    say("The same for class {i}", i=at),
                    say("only the letter changes: {p} in place of {q}", p=p[at - 1], q=p[1]),
                    closed=_always(negative(Times(p[at - 1], p[0]))),
                )
            )  # fmt: skip
        sheet.part("All paths together")
        first = self._joined(loss, outer, inner, p)
        sheet.part("Every class")
        rows = [probability - target for probability, target in zip(p, y, strict=True)]
        gradient = sheet.define(
            f"grad_{name}", Rewritten(first, Entries(1, *rows)), say("Gradient by all scores", i=1),
            say("nothing in the working depended on which class is called 1: row i is the derivative by entry i of {z}",
                z=Symbol(self.asked.z)), written=Word(f"∂{loss.word.text}/∂{self.asked.z}",
                rf"\frac{{\partial {loss.word.latex}}}{{\partial {self.asked.z}}}", key=f"grad_{name}"),
        )  # fmt: skip
        columns = [
            self.column(self.p, p, "The probabilities as a column", "the output of softmax"),
            self.column(self.asked.y, y, "The target as a column", "in the order of the classes"),
        ]
        short = sheet.define(
            f"grad_{name}_short", Rewritten(gradient, columns[0] - columns[1]), "The same with columns",
            say("row by row, {p} minus {y}: what was predicted minus what was wanted", p=columns[0], y=columns[1]),
            written=gradient.word,
        )  # fmt: skip
        self._check_loss(loss, rows, gradient)
        return sheet.answer(first, short)

    def _outer(self, loss: Symbol, p: list[Symbol]) -> list[Symbol]:
        """∂L/∂pᵢ, each with the other probabilities held constant."""
        found = []
        for at, (target, probability) in enumerate(zip(self.y, p, strict=True), 1):
            why = (
                say(
                    "minus sign and {y} stay, log t has the derivative 1/t; the other terms do not have {p} in them",
                    y=target,
                    p=probability,
                )
                if at == 1
                else say("the same with {p}", p=probability)
            )
            name = f"d{loss.name}/d{probability.name}"
            form = negative(Divide(target, probability))
            found.append(
                self.sheet.define(
                    name, self.work.derived(loss.name, probability),
                    say("Derivative of {L} with respect to each probability", L=loss),
                    why, closed=_always(form), place=Place(f"d{loss.name}/d{p[0].name}", (f"class {at}",)),
                    written=self.work.word(loss.name, probability.name),
                )
            )  # fmt: skip
            self.work.forms[name] = form
        return found

    def _joined(self, loss: Symbol, outer: list[Symbol], inner: list[Symbol], p: list[Symbol]) -> Symbol:
        """The chain rule over all classes, and the algebra to p₁ - y₁."""
        y, z = self.y, self.z[0]
        paths = Add(*(Times(a, b) for a, b in zip(outer, inner, strict=True)))
        put = Add(*(Times(negative(Divide(y[at], p[at])), self.entry(p, at, 0)) for at in range(self.count)))
        first = self.sheet.define(
            f"d{loss.name}/d{z.name}", paths, say("Derivative of {L} with respect to {z}", L=loss, z=z),
            say("chain rule: {z} is in every probability, because it is in the sum {S}; along each path the two "
                "derivatives are multiplied, and the paths are added", z=z, S=self.work.known[self.S]),
            closed=lambda _: put,
        )  # fmt: skip
        lines = Algebra(self.sheet, first, first.name)
        lines.forms.append(put)
        others = [Times(y[at], p[0]) for at in range(1, self.count)]
        lines.line(Add(Times(y[0], ONE - p[0]), *others, signs=(-1, *[1] * len(others))), "The probabilities cancelled",
                   "each target is divided by its own probability, which is a factor of the other derivative too; two "
                   "minus signs make a plus")  # fmt: skip
        lines.line(Times(p[0], Add(*y)) - y[0], say("{p} in front", p=p[0]),
                   say("the parentheses multiplied out; then {p} is a factor of every term but {y}",
                       p=p[0], y=y[0]))  # fmt: skip
        lines.check()
        return lines.line(p[0] - y[0], "The target adds up to 1", say("{s} = 1, the property of a target", s=Add(*y)))

    def _check_loss(self, loss: Symbol, rows: list[Node], gradient: Symbol) -> None:
        import sympy

        last = sympy.Symbol(self.y[-1].name, real=True)
        rest = 1 - sum(sympy.Symbol(symbol.name, real=True) for symbol in self.y[:-1])
        whole = real(self.sheet.inlined(loss))
        good = all(
            proved(
                real(self.sheet.inlined(row)).subs(last, rest),
                sympy.diff(whole, sympy.Symbol(z.name, real=True)).subs(last, rest),
            )
            for row, z in zip(rows, self.z, strict=True)
        )  # fmt: skip
        text = "SymPy differentiates the whole loss by every score, {y} being 1 minus the rest: the same in every row"
        self.sheet.check(good, [gradient], say(text, y=self.y[-1]))


def _always(form: Node) -> Callable[[Node], Node]:
    """What a step came to, known beforehand."""
    return lambda _: form
