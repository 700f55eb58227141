"""The forward pass of a formula: what is checked about it, and every operation of it a step."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from textwrap import wrap

from explain.engine.functions import textbook
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.notation import related
from explain.engine.prose import SYMBOLIC, say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, printable
from explain.formulas.build import SCALAR, Builder
from explain.formulas.domains import within
from explain.formulas.inputs import Formula
from explain.formulas.tree import Statement, Tree, parts
from explain.formulas.words import wrong
from explain.parameters import Scalar
from explain.topics._graph import gates
from explain.topics._graph.circuit import WIDEST
from explain.topics._graph.formula import Names

MOST = 100  # operations
LETTERS = "uvqghabcdekmnprst"


class Forward:
    """The formula worked forward, every operation a step."""

    def __init__(self, formula: Formula, known: Mapping[str, Values], source: str) -> None:
        self.statements = formula.statements
        self.typed = formula.typed
        self._checked(formula, known)
        self.names = names = {*formula.inputs, *(statement.target for statement in self.statements)}
        self.last = self.statements[-1].target or _free("fLJyo" + LETTERS, names)
        stems = {re.split(r"[_0-9]", name)[0] for name in {*names, self.last}}
        self.letter = _free(LETTERS, stems)
        self.sheet = Worksheet(f"Backpropagation through {word(self.last).text}", source)
        self.inputs = {name: self._given(name, known.get(name)) for name in formula.inputs}
        self.written = _written(formula.text, self.last)
        self.count = 0
        self.target = ""
        self.result = self._worked()

    def _checked(self, formula: Formula, known: Mapping[str, Values]) -> None:
        """Every value belongs to an input, and every part to the result."""
        inputs = formula.inputs
        for name in known:
            if any(name == statement.target for statement in self.statements):
                told = self._told(name)
                raise InputError(f"{{{told}}} is worked from the formula: leave its value out, or name it otherwise")
            if name not in inputs:
                raise InputError(f"{{{name}}} is not an input of the formula: {self._listed(inputs)}")
        alike: dict[str, str] = {}
        for name in inputs:
            first = alike.setdefault(word(name).text, name)
            if first != name:
                both = f"{{{self._told(name)}}} and {{{self._told(first)}}}"
                raise InputError(f"{both} are written alike: rename one of them")
        if not inputs:
            wrong("formula", 1, "there is no input to differentiate by: write a name, such as x")
        for at, statement in enumerate(self.statements):
            later = {name for other in self.statements[at + 1 :] for name in other.tree.names}
            if not statement.tree.names:
                mend = "write it where it is used, or give it as a value"
                told = self._told(statement.target) or "this part"
                wrong("formula", statement.column, f"{told} is a constant: {mend}")
            if at < len(self.statements) - 1 and statement.target not in later:
                told = self._told(statement.target)
                wrong("formula", statement.column, f"{told} is not used in what follows: leave it out")

    def _told(self, name: str) -> str:
        """A name as it was typed in the formula."""
        return self.typed.get(name, name)

    def _listed(self, inputs: Collection[str]) -> str:
        return f"its inputs are {', '.join(map(self._told, inputs)) or 'none'}"

    def variables(self, wrt: Names | None) -> list[Symbol]:
        """The inputs to differentiate by, all of them where none are chosen.

        Raises:
            InputError: a name that is no input.
        """
        if wrt is None:
            return list(self.inputs.values())
        for name in wrt.names:
            if name not in self.inputs:
                raise InputError(f"{{wrt}} has {self._told(name)}, which is no input: {self._listed(self.inputs)}")
        chosen = [symbol for name, symbol in self.inputs.items() if name in wrt.names]
        if len(chosen) < len(self.inputs):
            told, parts = gates.listed(chosen, "v")
            kind = "is the variable" if len(chosen) == 1 else "are the variables"
            self.sheet.convention(f"{told} {kind}; every other input is a constant", **parts)
        return chosen

    def check_descent(self, variables: Sequence[Symbol], lr: Scalar) -> None:
        """Refuse a learning rate that is none, and names that a step of gradient descent needs itself."""
        if lr.exact(()) <= 0:
            raise InputError(f"{{lr}} is {lr.text(())}: a learning rate must be positive, such as 0.1")
        if "eta" in self.names:
            told = self._told("eta")
            raise InputError(f"{{lr}} is written η, and the formula has {told} too: give {told} another name there")
        for name in [f"{symbol.name}_new" for symbol in variables]:
            if name in self.names:
                raise InputError(f"{{lr}}: the step itself needs the name {name}: give it another one in the formula")

    def _sources(self, tree: Tree) -> list[str]:
        """The inputs that a part of the formula comes from, as they were typed."""
        found: dict[str, None] = {}
        for name in tree.names:
            statement = next((other for other in self.statements if other.target == name), None)
            found.update(dict.fromkeys([self._told(name)] if statement is None else self._sources(statement.tree)))
        return list(found)

    def _given(self, name: str, values: Values | None) -> Symbol:
        shape = "" if values is None or not values.shape else "vector" if 1 in values.shape else "matrix"
        meaning = "input, without a value: it stays a symbol" if values is None else f"input {shape}".strip()
        return self.sheet.given(name, values, meaning, option=self._told(name))

    def _worked(self) -> Symbol:
        """The steps of all statements; the last symbol is the result."""
        _conventions(self.sheet, self.statements, self.inputs)
        self.sheet.part("Forward pass")
        unknown = {name for name in self.inputs if name not in self.sheet.values}
        builder = Builder(self.inputs, self._defined, unknown=unknown)
        symbol = next(iter(self.inputs.values()))
        for statement in self.statements:
            self.target = statement.target or self.last
            self.tree = statement.tree
            node = builder.build(statement.tree)
            if not isinstance(node, Symbol) or node.name != self.target:  # a name, a transpose or what is known already
                node = self._step(self.target, node)
            symbol = builder.known[self.target] = node
        if symbol.shape:
            wrong(
                "formula",
                self.statements[-1].column,
                f"the value is {write(symbol.shape)}, but a gradient belongs to one number: put sum(…) around it",
            )
        return symbol

    def _defined(self, node: Node, tree: Tree, above: Tree | None) -> Node:
        """Every operation gets a name; a transpose only where a function of it is taken."""
        if isinstance(node, Symbol) or (tree.kind == "transpose" and (above is None or above.kind != "call")):
            return node
        within(node, self.sheet.values, tree, sources=self._sources)
        if above is None and tree is self.tree:
            return self._step(self.target, node)
        self.count += 1
        if self.count > MOST:
            wrong("formula", tree.column, f"more than {MOST} operations: give a shorter formula")
        return self._step(f"{self.letter}_{self.count}", node)

    def _step(self, name: str, node: Node) -> Symbol:
        title = say(gates.kind(node) + " {u}", u=word(name))
        return self.sheet.define(name, node, title, gates.forward(node))


def _written(text: str, last: str) -> list[str]:
    """The formula as it was typed, a part a line."""
    lines = [" ".join(printable(part).split()) for part in re.split(r"[;\n]", text) if part.strip()]
    if not re.match(r"\w+ *=", lines[-1]):
        lines[-1] = f"{last} = {lines[-1]}"
    return [row for line in lines for row in wrap(line, WIDEST, subsequent_indent="    ", break_long_words=True)]


def _free(letters: str, taken: Collection[str]) -> str:
    """The first letter that is not taken, or a word made of one."""
    words = (letter * times for times in range(1, 9) for letter in letters)
    return next(word for word in words if word not in taken)


def _conventions(sheet: Worksheet, statements: Sequence[Statement], inputs: Mapping[str, Symbol]) -> None:
    """What holds for the operations that are there."""
    trees = [tree for statement in statements for tree in parts(statement.tree)]
    called = {tree.text for tree in trees if tree.kind == "call"}
    shaped = any(symbol.shape for symbol in inputs.values())
    if shaped:
        told = "a list of numbers is a column; + - * / ^ and functions work entry by entry"
        sheet.convention(told + (", @ is the matrix product" if any(tree.kind == "@" for tree in trees) else ""))
    for name in SCALAR:
        if name in called and name not in ("exp", "log", "sin", "cos", "abs"):
            applied = SCALAR[name](Symbol("z"))
            sheet.convention("{f}", f=related(applied.write(SYMBOLIC), "=", textbook(applied).write(SYMBOLIC)))
    if "log" in called:
        sheet.convention("log is the natural logarithm")
    if "softmax" in called:
        sheet.convention("softmax divides e to the power of each entry by the sum of these powers")
    if any(tree.axis is not None for tree in trees):
        sheet.convention("an axis stays, with size 1: axis 0 leaves one number a column, axis 1 one number a row")
    sheet.convention(
        "a gradient has the shape of its input; backward, each operation multiplies what arrives by its local "
        "derivative" + (", in the order and with the transposes that fit" if shaped else "")
    )
