"""The backward pass of a formula: the chain rule over its steps, each gate told by its rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from explain.engine.answer import Step
from explain.engine.evaluate import evaluate, symbols
from explain.engine.functions import guarded
from explain.engine.nodes.arithmetic import Add, Negative, Times
from explain.engine.nodes.base import Entry, Node, Number, Symbol
from explain.engine.nodes.extremes import Extreme, Larger
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.linear import MatMul, Sum
from explain.engine.prose import Prose, say
from explain.engine.shapes import count
from explain.engine.wording import SAFER
from explain.engine.worksheet import Worksheet
from explain.formulas.closed import closed
from explain.topics._graph.circuit import drawn
from explain.topics._graph.gate_rules import rule
from explain.topics._graph.gates import is_mean

SATURATED = 1e-6
LONGEST_CLOSED = 100  # nodes of a derivative that is written in the inputs alone
MOST_CLOSED = 16  # entries of one that is


class Graph:
    """The steps of a formula as a graph, from the inputs to the result."""

    def __init__(self, sheet: Worksheet, result: Symbol, inputs: Sequence[Symbol], variables: Sequence[Symbol]) -> None:
        self.sheet = sheet
        self.result = result
        self.inputs = inputs
        self.variables = variables  # those of the inputs that are differentiated by
        self.steps = list(sheet.steps)
        self.guarded = False

    def backward(self) -> None:
        """The gradients, told gate by gate."""
        self._mark_ties()
        self._guard_digits()
        self._say_paths()
        columns = all(not symbol.shape or symbol.shape[1] == 1 or self._is_weight(symbol) for symbol in self._all())
        before = len(self.sheet.steps)
        self.sheet.backward(self.result, self.variables, jacobians=columns)
        for step in self.sheet.steps[before:]:
            self._retold(step)

    def _all(self) -> list[Symbol]:
        return [*self.inputs, *(step.symbol for step in self.steps)]

    def _is_weight(self, symbol: Symbol) -> bool:
        """Whether a matrix only stands on the left of matrix products, as weights do."""
        readers = [step.expression for step in self.steps if symbol.name in step.reads]
        given = symbol in self.inputs
        return given and all(isinstance(node, MatMul) and node.operands[0] is symbol for node in readers)

    def _mark_ties(self) -> None:
        """Where several are the largest, the derivative is shared."""
        for step in self.steps:
            node = step.expression
            if step.value is None:
                continue
            operands = [evaluate(operand, self.sheet.values) for operand in node.operands]
            if isinstance(node, Extreme):
                node.tied = node.is_tied(operands[0])
            elif isinstance(node, Larger):
                node.tied = bool((operands[0] == operands[1]).any())

    def _guard_digits(self) -> None:
        """A result that is a saturated σ or tanh is differentiated without 1 - f, whose digits are lost."""
        last, node = self.steps[-1], self.steps[-1].expression
        if isinstance(node, Apply) and node.function.safe_derivative and last.value is not None:
            self.guarded = 1 - abs(float(last.value)) < SATURATED
            if self.guarded:
                last.expression = Apply(guarded(node.function), *node.operands)

    def _say_paths(self) -> None:
        """Where each value goes; several ways are several paths back."""
        varied = {symbol.name for symbol in self.variables}
        for step in self.steps:
            if varied.intersection(step.reads):
                varied.add(step.name)
            readers = [other.symbol for other in self.steps if step.name in other.reads]
            if not readers:
                continue
            names = {f"r{at}": reader for at, reader in enumerate(readers)}
            listed = " and ".join("{" + name + "}" for name in names)
            several = ": two paths will meet here" if len(readers) == 2 else f": {len(readers)} paths will meet here"
            meets = len(readers) > 1 and step.name in varied
            told = say("; {u} goes on to " + listed + (several if meets else ""), u=step.symbol, **names)
            step.why = (*step.why, *told)

    def _expression(self, name: str) -> Node:
        return next(step.expression for step in self.steps if step.name == name)

    def _retold(self, step: Step) -> None:
        """The title and the reason of one step of the backward pass."""
        if step.local is not None:
            step.title = say("Local derivative of {u} by {x}", u=step.local.of, x=step.local.wrt)
            return
        if not step.name.startswith(f"d{self.result.name}/d"):
            return
        operand = next(symbol for symbol in self._all() if step.name == f"d{self.result.name}/d{symbol.name}")
        step.title = say("Gradient at {x}", x=operand)
        if isinstance(step.expression, Negative) and isinstance(step.expression.operands[0], Number):
            step.expression = Number(-step.expression.operands[0].value, "-1")
        through = [other for other in self.steps if operand.name in symbols(other.expression)]
        if len(through) > 1:
            if any(gate.name == self.result.name for gate in through):
                step.why = self._met(operand, [gate.symbol for gate in through if gate.name != self.result.name])
            twice = [gate.symbol for gate in through if _stands(operand, gate.expression) > 1]
            if twice:
                told = say("; {x} stands in {u} more than once, and counts each time", x=operand, u=twice[0])
                step.why = (*step.why, *told)
            return
        gate = through[0]
        told = rule(gate.expression, gate.symbol, operand)
        if isinstance(gate.expression, Apply) and gate.name != self.result.name:
            arriving, local = Symbol(f"d{self.result.name}/d{gate.name}"), Symbol(f"d{gate.name}/d{operand.name}")
            step.why = say(
                "chain rule: what arrives at {u}, {g}, is multiplied by the local derivative {J}",
                u=gate.symbol,
                g=arriving,
                J=local,
            )
        elif told:
            step.why = (*told, *self._arriving(gate, operand))

    def _met(self, operand: Symbol, others: Sequence[Symbol]) -> Prose:
        """Where a quantity enters the result itself, and by other paths."""
        names = {f"p{at}": path for at, path in enumerate(others)}
        told = " and ".join(
            [
                ", ".join(["directly", *("through {" + name + "}" for name in list(names)[:-1])]),
                "through {" + list(names)[-1] + "}",
            ]
        )
        return say(
            f"chain rule: {{x}} reaches {{f}} {told}; what comes back along the {len(others) + 1} paths is added",
            x=operand, f=self.result, **names,
        )  # fmt: skip

    def _arriving(self, gate: Step, operand: Symbol) -> Prose:
        """What the local derivative meets."""
        if gate.name == self.result.name:
            safer = ""
            if self.guarded and isinstance(gate.expression, Apply):
                safer = f"; {SAFER[gate.expression.function.name]} (saturated)"
            end = Symbol(f"d{self.result.name}/d{self.result.name}")
            return say(safer + "; {f} is the end of the graph: nothing arrives but {e} = 1", f=self.result, e=end)
        arriving = Symbol(f"d{self.result.name}/d{gate.name}")
        handed = isinstance(gate.expression, Sum | Extreme | Larger) or is_mean(gate.expression)
        handed = handed or (isinstance(gate.expression, Add | Times) and gate.symbol.shape != operand.shape)
        told = "; what arrives at {u} is {g}" if handed else "; it is multiplied by what arrives at {u}, {g}"
        return say(told, u=gate.symbol, g=arriving)

    def close(self) -> None:
        """Every step in which symbols remain, in the inputs without a value alone, where that is short."""
        proof = self.sheet.proof()
        unknown = {step.name: step.expression for step in self.sheet.steps if step.value is None}

        def number(leaf: Symbol | Entry) -> Fraction | float | None:
            name, index = (leaf.symbol.name, leaf.index) if isinstance(leaf, Entry) else (leaf.name, ())
            if name not in self.sheet.values:
                return None
            found = proof.entry(name, index)
            if found is not None and found.is_Rational:
                return Fraction(int(found.p), int(found.q))
            return float(self.sheet.values[name][index])

        sizes: dict[str, int] = {}
        for step in self.sheet.steps:
            if step.value is not None or count(step.symbol.shape) > MOST_CLOSED:
                continue
            if _size(step.symbol, unknown, sizes) < LONGEST_CLOSED:
                step.closed = closed(step.expression, unknown.get, number)

    def draw(self) -> None:
        """The graph in text, with its values and gradients."""
        gradients = {symbol.name: f"d{self.result.name}/d{symbol.name}" for symbol in self._all()}
        definitions = {step.name: step.expression for step in self.steps}
        title, lines = drawn(self.result, definitions, self.sheet.values, gradients)
        self.sheet.drawing(title, lines)


def _stands(symbol: Symbol, node: Node) -> int:
    """How often a symbol stands in an expression."""
    if isinstance(node, Symbol):
        return int(node.name == symbol.name)
    return sum(_stands(symbol, operand) for operand in node.operands)


def _size(node: Node, unknown: Mapping[str, Node], known: dict[str, int]) -> int:
    """How many nodes an expression has when every unknown step is put in."""
    if isinstance(node, Symbol) and node.name in unknown:
        if node.name not in known:
            known[node.name] = _size(unknown[node.name], unknown, known)
        return known[node.name]
    return 1 + sum(_size(operand, unknown, known) for operand in node.operands)
