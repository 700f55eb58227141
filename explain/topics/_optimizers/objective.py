"""A formula that is to be made small: its gradient with letters, rule by rule, and its value at any place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from explain.engine.nodes.base import Index, Node, Style, Symbol
from explain.engine.notation import Grid, Notation
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.formulas.inputs import Formula
from explain.parameters import Scalar
from explain.topics._derivative.derivation import Derivation
from explain.topics._derivative.functions_used import functions_used
from explain.topics._graph.formula import Point, Question, built, has_decimals, question

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

TOP = "f"
TAKEN = {
    TOP, "t", "T", "eta", "theta", "alpha", "beta", "beta_1", "beta_2", "rho", "epsilon", "lambda", "tau", "delta",
}  # fmt: skip


class Objective(Formula):
    """A formula given by an option."""

    POSITIONAL: ClassVar[bool] = False


class Asked(NamedTuple):
    """The formula: its names in order, and its statements."""

    question: Question
    parts: list[tuple[str, Node]]

    @property
    def names(self) -> list[str]:
        """The names in the order of their appearance: the entries of theta."""
        return self.question.names


def objective(formula: Formula, start: Values) -> Asked:
    """The formula, with one number of the start for every name.

    Raises:
        InputError: another number of names than of numbers, a name that the page uses, a place without a value.
    """
    asked = question(formula)
    names = asked.names
    if len(start) != len(names):
        raise InputError(
            f"{{theta}} has {amount(len(start), 'number')}, {{f}} has {amount(len(names), 'name')} "
            f"({', '.join(names)}): give one number for each, in this order"
        )
    for name in [*names, *(target for target in (s.target for s in asked.statements) if target != TOP)]:
        if name in TAKEN or "_" in name:
            raise InputError(f"{{f}} has the name {name}, which the page itself may use: take x, y or w")
    texts = start.texts or [repr(float(number)) for number in start.array.ravel()]
    at = {name: Scalar((), (text,)) for name, text in zip(names, texts, strict=True)}
    try:
        return Asked(asked, built(asked, Point(at)))
    except InputError as error:  # the point is the start here
        raise InputError(error.message.replace("{at}", "{theta}")) from error


class Gradient:
    """The gradient of the formula with letters, worked once; `at` puts a place in."""

    def __init__(self, sheet: Worksheet, asked: Asked) -> None:
        self.asked = asked
        plain: dict[str, Symbol] = {}
        for at, name in enumerate(asked.names, 1):
            told = "the parameter" if len(asked.names) == 1 else f"a parameter, entry {at} of {{theta}}"
            plain[name] = sheet.given(name, None, say(told, theta=Symbol("theta")))
        sheet.part("Gradient of the formula")
        targets = {target for target, _ in asked.parts if target}
        work = Derivation(sheet, plain, any(has_decimals(node) for _, node in asked.parts), {*targets, TOP})
        for target, node in asked.parts[:-1]:
            work.quantity(target, node, say("The part {u}", u=Symbol(target)), "named in the question")
        work.quantity(TOP, asked.parts[-1][1], "What is made small", "the formula of the question gets the name f")
        self.whole = sheet.inlined(work.known[TOP])
        self.symbols = [work.along(TOP, name, last=True) for name in asked.names]
        self.forms = [work.forms[symbol.name] for symbol in self.symbols]
        functions_used(sheet, [node for _, node in asked.parts], True)

    def at(self, theta: Symbol) -> Node:
        """The gradient at a place: a number, or a column."""
        forms = [self.put(form, theta) for form in self.forms]
        return forms[0] if not theta.shape else Listed(forms)

    def value(self, theta: Symbol) -> Node:
        """The formula at a place."""
        return self.put(self.whole, theta)

    def put(self, node: Node, theta: Symbol) -> Node:
        """An expression with the entries of theta for its names."""
        if isinstance(node, Symbol):
            return theta.entry((self.asked.names.index(node.name), 0) if theta.shape else ())
        return node.rebuild([self.put(operand, theta) for operand in node.operands]) if node.operands else node


class Listed(Node):
    """Numbers one under the other, a column; each has an expression of its own."""

    __slots__ = ()

    def __init__(self, operands: Sequence[Node]) -> None:
        self.operands = tuple(operands)
        self.shape = (len(self.operands), 1)

    def rebuild(self, operands: Sequence[Node]) -> Node:
        return Listed(operands)

    def evaluate(self, values: Sequence[Array]) -> Array:
        import numpy as np

        return np.array([float(value) for value in values]).reshape(len(values), 1)

    def entry(self, index: Index) -> Node:
        return self.operands[index[0]]

    def write(self, style: Style) -> Notation:
        return Grid([[style.write(operand)] for operand in self.operands], [0])
