"""The eigenvalues of a Hessian from its characteristic polynomial, and what their signs say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explain.engine.evaluate import symbols
from explain.engine.lowering import to_named
from explain.engine.nodes.arithmetic import Divide, sqrt
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.entries import Eigenvalue
from explain.engine.notation import Word
from explain.engine.prose import Prose, say
from explain.engine.reading import from_sympy
from explain.engine.rounding import tidy
from explain.topics._derivative.derivation import Derivation
from explain.topics._derivative.second_route import real
from explain.topics._derivative.verdict import undecided, verdict

Place = tuple[int, int]
TWO = Number(2, "2")
LONGEST = 24  # operations in the entries of a Hessian whose eigenvalues are worked in letters


class Definiteness:
    """The characteristic polynomial, the eigenvalues, the verdict.

    Source: Boyd and Vandenberghe 2004, Convex Optimization, section A.5.2 (definite matrices by their eigenvalues);
    Goodfellow et al. 2016, section 4.3.1 (second derivative test).

    Args:
        matrix: the Hessian; `half` are the steps in its upper half.
        variables: the names that its entries may depend on.
    """

    def __init__(
        self, work: Derivation, matrix: Symbol, half: Mapping[Place, Symbol], size: int, variables: Sequence[str]
    ) -> None:
        self.work, self.sheet, self.matrix, self.half, self.size = work, work.sheet, matrix, half, size
        self.variables = variables
        self.found: list[Symbol] = []

    def worked(self, still: Prose) -> list[Symbol]:
        """All steps; the eigenvalues. `still` begins the verdict: whether, and where, the gradient is 0."""
        known = all(symbol.name in self.sheet.values for symbol in self.half.values())
        if not known and self._operations() > LONGEST:
            self.sheet.steps[-1].note = self._open([])
            return []
        polynomial = self._polynomial()
        beside = [symbol for (row, column), symbol in self.half.items() if row != column]
        if all(self._is_zero(symbol) for symbol in beside):
            self._diagonal(polynomial, still)
        elif self.size == 2:
            self._quadratic(polynomial, still)
        elif known:
            self._cubic(polynomial, still)
        else:
            self.sheet.steps[-1].note = self._open([])
            return [polynomial]
        self._checked()
        return list(self.found)

    def _operations(self) -> int:
        """How long the entries are, in letters."""
        return sum(int(to_named(self.work.forms[symbol.name]).count_ops()) for symbol in self.half.values())

    def _is_zero(self, symbol: Symbol) -> bool:
        value = self.sheet.values.get(symbol.name)
        return value is not None and float(value) == 0

    def _cell(self, row: int, column: int) -> Symbol:
        return self.half[min(row, column), max(row, column)]

    def _polynomial(self) -> Symbol:
        """det(H - λI)."""
        name = "lambda" if "lambda" not in self.work.known else "mu"
        unknown = self.sheet.given(name, None, say("an eigenvalue of the Hessian, to be found"))
        rows = [
            [
                self._cell(row, column) - unknown if row == column else self._cell(row, column)
                for column in range(self.size)
            ]
            for row in range(self.size)
        ]
        expression = _determinant(rows)
        how = (
            "for two rows the product of the diagonal minus the product of the other two"
            if self.size == 2
            else "expanded along the first row"
        )
        return self.sheet.define(
            "chi",
            expression,
            say("Characteristic polynomial of {H}", H=self.matrix),
            say(
                f"{{l}} is an eigenvalue where {{H}} minus {{l}} on its diagonal has the determinant 0; {how}",
                l=unknown, H=self.matrix,
            ),
            written=Word("χ", r"\chi", key="chi"),
            closed=lambda _: self._expanded(expression, unknown),
        )  # fmt: skip

    def _expanded(self, expression: Node, unknown: Symbol) -> Node:
        """The polynomial by powers of λ."""
        import sympy

        inlined = self.work.resolved(self._valued(expression))
        found = sympy.collect(sympy.expand(to_named(inlined)), sympy.Symbol(unknown.name))
        order = {unknown.name: unknown, **self.work.known}
        return from_sympy(found, order, self.work.decimals)

    def _valued(self, node: Node) -> Node:
        """Steps with a number as that number."""
        if isinstance(node, Symbol) and node.name in self.sheet.values:
            exact = self.sheet.answer(node).proof.entry(node.name, ())
            return from_sympy(exact, {}, decimals=True) if exact.is_Rational else node
        return node.rebuild([self._valued(part) for part in node.operands]) if node.operands else node

    def _diagonal(self, polynomial: Symbol, still: Prose) -> None:
        for at in range(self.size):
            self._define(
                at, self._cell(at, at), f"Eigenvalue {at + 1}",
                say("beside the diagonal everything is 0, so {chi} is 0 where {l} is an entry of the diagonal",
                    chi=polynomial, l=Symbol("lambda")) if not at else say("the next entry of the diagonal"),
                still,
            )  # fmt: skip

    def _quadratic(self, polynomial: Symbol, still: Prose) -> None:
        a, b, c = self._cell(0, 0), self._cell(0, 1), self._cell(1, 1)
        trace = self._named(
            "tr", r"\mathrm{tr}", a + c, "Trace", "the sum of the diagonal, which is the sum of the eigenvalues"
        )
        product = self._named(
            "det",
            r"\det",
            a * c - b**2,
            "Determinant",
            "the product of the eigenvalues, which is the polynomial at λ = 0",
        )
        root = sqrt(trace**2 - 4 * product)
        self._define(
            0, Divide(trace + root, TWO), "The larger eigenvalue",
            say("quadratic formula for {chi} = λ² - tr λ + det = 0, with + before the root", chi=polynomial), still,
        )  # fmt: skip
        self._define(
            1, Divide(trace - root, TWO), "The smaller eigenvalue", "the same formula with - before the root", still
        )

    def _named(self, name: str, latex: str, expression: Node, title: str, why: str) -> Symbol:
        self.work.forms[name] = self.work.form(expression)
        form = self.work.forms[name]
        return self.sheet.define(
            name, expression, title, why, written=Word(name, latex, key=name), closed=lambda _: form
        )

    def _cubic(self, polynomial: Symbol, still: Prose) -> None:
        told = ("largest", "middle", "smallest")
        for at in range(3):
            why = say(
                "a symmetric matrix has real eigenvalues only: {chi} has three real roots, sought numerically",
                chi=polynomial,
            )  # fmt: skip
            self._define(
                at, Eigenvalue(self.matrix, at), f"The {told[at]} eigenvalue", why if not at else "the next root", still
            )

    def _define(self, at: int, expression: Node, title: str, why: str | Prose, still: Prose) -> None:
        form = None if isinstance(expression, Eigenvalue) else self.work.form(expression)
        symbol = self.sheet.define(
            f"lambda_{at + 1}", expression, title, why, closed=(lambda _: form) if form is not None else None
        )
        if form is not None:
            self.work.forms[symbol.name] = form
        self.found.append(symbol)
        if at == self.size - 1:
            self.sheet.steps[-1].note = self._verdict(still)

    def _verdict(self, still: Prose) -> Prose:
        signs = [self._sign(symbol) for symbol in self.found]
        known = [sign for sign in signs if sign is not None]
        return self._open(self.found) if len(known) < len(signs) else verdict(self.found, known, still)

    def _open(self, found: Sequence[Symbol]) -> Prose:
        entries = [self.work.forms[symbol.name] for symbol in self.half.values()]
        names = [name for name in self.work.given if any(name in symbols(entry) for entry in entries)]
        return undecided(found, [self.work.known[name] for name in names])

    def _sign(self, symbol: Symbol) -> int | None:
        """The sign of an eigenvalue; None where it depends on letters."""
        value = self.sheet.values.get(symbol.name)
        if value is not None:
            number = float(value)
            known = (self.sheet.values.get(other.name) for other in self.half.values())
            largest = max(abs(float(entry)) for entry in known if entry is not None)
            return 0 if abs(number) <= 1e-12 * largest else 1 if number > 0 else -1
        form = real(self.work.forms[symbol.name])
        return 1 if form.is_positive else -1 if form.is_negative else 0 if form.is_zero else None

    def _checked(self) -> None:
        """The sum of the eigenvalues is the trace."""
        values = self.sheet.values
        if not all(symbol.name in values for symbol in self.found):
            return
        total = sum(float(values[symbol.name]) for symbol in self.found)
        trace = sum(float(values[self._cell(at, at).name]) for at in range(self.size))
        scale = max(1.0, *(abs(float(values[symbol.name])) for symbol in self.found))
        self.sheet.check(
            abs(total - trace) <= 1e-9 * scale,
            self.found,
            say(
                f"the eigenvalues add up to {tidy(total)}, the sum of the diagonal of {{H}} is {tidy(trace)}",
                H=self.matrix,
            ),
        )


def _determinant(rows: Sequence[Sequence[Node]]) -> Node:
    if len(rows) == 2:
        (a, b), (c, d) = rows
        return a * d - (b**2 if b is c else b * c)
    terms = []
    for at, first in enumerate(rows[0]):
        minor = [[row[column] for column in range(len(row)) if column != at] for row in rows[1:]]
        terms.append(first * _determinant(minor))
    total = terms[0]
    for at, term in enumerate(terms[1:], 1):
        total = total - term if at % 2 else total + term
    return total
