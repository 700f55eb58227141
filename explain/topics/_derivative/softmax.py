"""Softmax of a vector: its Jacobian; a few classes stand for any number of them."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.answer import Answer, Place
from explain.engine.functions import EXP
from explain.engine.nodes.arithmetic import Add, Divide, Times, negative
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.entries import Entries
from explain.engine.nodes.linear import Diagonal
from explain.engine.nodes.rewritten import Rewritten
from explain.engine.notation import Word
from explain.engine.prose import Prose, say
from explain.engine.rules import ONE
from explain.engine.worksheet import Worksheet
from explain.topics._derivative.algebra import Algebra
from explain.topics._derivative.derivation import Derivation
from explain.topics._derivative.second_route import proved, real


class Asked(NamedTuple):
    """The names of the scores and of the target (empty: the Jacobian is asked for), and the name of the result."""

    z: str
    y: str
    target: str


class Softmax:
    """The page; the classes are numbered from 1."""

    def __init__(self, asked: Asked, classes: int, source: str) -> None:
        self.asked, self.count = asked, classes
        title = "Cross-entropy of softmax: gradient by the scores" if asked.y else "Softmax: the Jacobian"
        self.sheet = Worksheet(title, source)
        taken = {asked.z, asked.y, asked.target}
        self.p = next(name for name in ("p", "q", "s") if name not in taken)
        self.S = next(name for name in ("S", "T", "N") if name not in taken)
        z = [self._given(asked.z, at, "score (logit) of class {i}") for at in range(1, classes + 1)]
        self.y = (
            [self._given(asked.y, at, "target: share of class {i}") for at in range(1, classes + 1)] if asked.y else []
        )
        self.z = z
        self.work = Derivation(self.sheet, {symbol.name: symbol for symbol in [*z, *self.y]}, decimals=False)

    def _given(self, name: str, at: int, meaning: str) -> Symbol:
        return self.sheet.given(f"{name}_{at}", None, say(meaning, i=at))

    def answer(self) -> Answer:
        """The two cases, then the matrix."""
        sheet = self.sheet
        self.conventions()
        p = self.forward()
        same, other = self.case_same(p), self.case_other(p, 1, 2)
        sheet.part("Jacobian")
        rows = [[self.entry(p, row, column) for column in range(self.count)] for row in range(self.count)]
        matrix = sheet.define(
            "J",
            Rewritten(Entries(2, same, other), Entries(self.count, *(cell for row in rows for cell in row))),
            "All entries",
            say(
                "row i, column j holds the derivative of entry i of {p} by entry j of {z}: the case i = j on the "
                "diagonal, the case i ≠ j beside it; the cases hold for every i and j, because only the letters change",
                p=Symbol(self.p), z=Symbol(self.asked.z),
            ),
        )  # fmt: skip
        vector = self.column(self.p, p, "The probabilities as a column", "so that the matrix can be written with it")
        short = sheet.define(
            "J_short",
            Rewritten(matrix, Diagonal(vector) - vector @ vector.T),
            "The same as a formula of matrices",
            say(
                "{pp} has the product of entries i and j in row i, column j; taken away from {d} it leaves p - p² on "
                "the diagonal and minus the product beside it",
                pp=vector @ vector.T, d=Diagonal(vector),
            ),
            written=Word("J", key="J"),
        )  # fmt: skip
        self._check_jacobian(p, rows, matrix)
        return sheet.answer(same, other, short)

    def conventions(self) -> None:
        names = {"p": Symbol(self.p), "S": Symbol(self.S), "z": Symbol(self.asked.z)}
        self.sheet.convention(
            "{p} = softmax({z}): e to the power of each score, divided by the sum {S} of all these powers", **names
        )
        self.sheet.convention(f"{self.count} classes stand for any number of them: every step is the same with more")
        if self.y:
            total = Add(*self.y)
            self.sheet.convention(
                "{t} = 1: the target is a class (one 1, else 0) or a probability for each class", t=total
            )
            self.sheet.convention("log is the natural logarithm")

    def forward(self) -> list[Symbol]:
        """S and the probabilities."""
        self.sheet.part("Softmax")
        total = Add(*(EXP(z) for z in self.z))
        S = self.work.quantity(
            self.S, total, "The sum of the powers", "the denominator that all classes share gets a name"
        )
        found = []
        for at, z in enumerate(self.z, 1):
            name = f"{self.p}_{at}"
            place = Place(f"{self.p}_1", (f"class {at}",))
            why: Prose = say("each power divided by their sum {S}, so that they add up to 1", S=S) if at == 1 else ()
            symbol = self.sheet.define(name, EXP(z) / S, "The probabilities", why, place=place)
            self.work.definitions[name] = EXP(z) / S
            self.work.known[name] = symbol
            found.append(symbol)
        return found

    def case_same(self, p: list[Symbol]) -> Symbol:
        """∂p₁/∂z₁ = p₁(1 - p₁)."""
        self.sheet.part("Case i = j: a probability by its own score")
        z, S = self.z[0], self.work.known[self.S]
        first = self.work.along(p[0].name, z.name)
        lines = Algebra(self.sheet, first, first.name)
        lines.line(
            Times(Divide(EXP(z), S), Divide(S - EXP(z), S)),
            "One factor of the denominator under each factor on top",
            say("{e} is in both terms on top and goes in front; {q} is split over the two", e=EXP(z), q=S**2),
        )
        lines.line(
            Times(p[0], ONE - p[0]), say("{p} put in", p=p[0]),
            say("{e} is {p}, and {S} over {S} minus {e} is 1 minus {p}", e=EXP(z) / S, p=p[0], S=S),
        )  # fmt: skip
        lines.check()
        return lines.last

    def case_other(self, p: list[Symbol], of: int, by: int) -> Symbol:
        """∂p₁/∂z₂ = -p₁ p₂."""
        self.sheet.part("Case i ≠ j: a probability by the score of another class")
        mine, other, S = self.z[of - 1], self.z[by - 1], self.work.known[self.S]
        first = self.work.along(p[of - 1].name, other.name, direct=True)
        lines = Algebra(self.sheet, first, first.name)
        lines.line(
            negative(Times(Divide(EXP(mine), S), Divide(EXP(other), S))),
            "The quotient split",
            say("one {S} of the denominator stands under each of the two powers", S=S),
        )
        lines.line(
            negative(Times(p[of - 1], p[by - 1])), say("{p} and {q} put in", p=p[of - 1], q=p[by - 1]),
            say("both quotients are probabilities: {p} and {q}", p=p[of - 1], q=p[by - 1]),
        )  # fmt: skip
        lines.check()
        return lines.last

    def entry(self, p: list[Symbol], row: int, column: int) -> Node:
        return Times(p[row], ONE - p[row]) if row == column else negative(Times(p[row], p[column]))

    def column(self, name: str, entries: list[Symbol], title: str, why: str) -> Symbol:
        return self.sheet.define(name, Entries(1, *entries), title, why)

    def _check_jacobian(self, p: list[Symbol], rows: list[list[Node]], matrix: Symbol) -> None:
        import sympy

        wholes = [real(self.sheet.inlined(symbol)) for symbol in p]
        unknowns = [sympy.Symbol(z.name, real=True) for z in self.z]
        good = all(
            proved(real(self.sheet.inlined(rows[row][column])), sympy.diff(wholes[row], unknowns[column]))
            for row in range(self.count) for column in range(self.count)
        )  # fmt: skip
        text = f"SymPy differentiates all {self.count} quotients by all {self.count} scores: {{J}} is the same"
        self.sheet.check(good, [matrix], say(text, J=matrix))
        flat = [real(sum(row[1:], row[0])) for row in zip(*rows, strict=True)]
        good = all(proved(self._with_sum(total, p), sympy.Integer(0)) for total in flat)
        self.sheet.check(
            good,
            [matrix],
            say("every column of {J} adds up to 0, because the probabilities always add up to 1", J=matrix),
        )

    def _with_sum(self, form: object, p: list[Symbol]) -> object:
        """The last probability as 1 minus the others."""
        import sympy

        *others, last = (sympy.Symbol(symbol.name, real=True) for symbol in p)
        return form.subs(last, 1 - sum(others))  # type: ignore[attr-defined]
