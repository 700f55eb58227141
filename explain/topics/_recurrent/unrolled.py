"""A recurrent network unrolled through time: every cell, output and loss, and back-propagation through all of it.

Source: Goodfellow, Bengio and Courville 2016, section 10.2.2, eqs. 10.17-10.28; Werbos 1990, Backpropagation through
time: what it does and how to do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explain.engine.answer import Answer
from explain.engine.chain import Course
from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.blocks import Stack
from explain.engine.prose import say
from explain.engine.single_checks import single_differences
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.topics._recurrent.cells import GATES, At, Cell, State, shares
from explain.topics._recurrent.outputs import Outputs
from explain.topics._recurrent.sequence_network import Network

WEIGHTS = "Gradients of the weights"


class Unrolled:
    """The network on a worksheet.

    Args:
        symbolic: no numbers are put in; the loss is written in the form that keeps its digits everywhere.
        steps: over how many steps a mean is taken, where the network stands for a longer one.
    """

    def __init__(self, sheet: Worksheet, network: Network, symbolic: bool = False, steps: int = 0) -> None:
        self.sheet = sheet
        self.network = network
        self.symbolic = symbolic
        self.parts: dict[str, str] = {}  # where each quantity is worked
        self.named: dict[str, str] = {}  # what a path through it is called
        self.steps = steps or len(network.targets)
        self.outputs = Outputs(sheet, network, symbolic, self.steps, self.parts, self.named)
        self.weights: list[Symbol] = []
        self.tops: list[State] = []  # the last states of the last layer, one a direction
        self.asked: list[Symbol] = []  # the outputs, or the states where there is no output layer

    def answered(self) -> Answer:
        """The answer; gradients are compared with finite differences."""
        if self.network.loss is None:
            cells = [state.c for state in self.tops[:1] if state.c is not None and self.network.V is None]
            return self.sheet.answer(*self.asked, *cells)
        loss = self.sheet.last("L")
        finite_difference(self.sheet, loss, self.weights, loss)
        single_differences(self.sheet, loss, self.moved, loss)
        self.outputs.check_errors()
        gradients = [self.sheet.last(f"dL/d{weight.name}") for weight in self.weights]
        return self.sheet.answer(*self.asked, loss, *gradients)

    def write(self) -> None:
        """Every line: forward, loss and backward."""
        network = self.network
        known = self.givens()
        read, last = self.inputs, known[-1][-1]
        single = len(network.weights) == 1 and not network.both
        inline = single and "V" in last and (network.loss is None or network.loss_on == "every")
        self.after = last if inline else None  # the output is worked within its time step
        for layer in range(len(network.weights)):
            read = self._layer(layer, read, known[layer])
        self.asked = self.outputs.of(read, last)
        if network.loss is not None:
            self._backward(self.outputs.loss(self.asked, self.goals))

    def givens(self, shown: frozenset[int] = frozenset()) -> list[list[dict[str, Symbol]]]:
        """Everything the question gives; of a long sequence only some steps are printed."""
        self.inputs = [
            self._given(f"x_{t}", value, f"input of time step {t}", "x", hidden=bool(shown) and t not in shown)
            for t, value in enumerate(self.network.x, 1)
        ]
        self.first = [
            [self._first_state(layer, way) for way in range(len(ways))]
            for layer, ways in enumerate(self.network.weights)
        ]
        known = self._given_weights()
        steps, count = len(self.network.x), len(self.network.targets)
        self.goals = [
            self._given(
                f"target_{t}", value, f"target of time step {t}", "target", hidden=bool(shown) and t not in shown
            )
            for t, value in zip(range(steps - count + 1, steps + 1), self.network.targets, strict=True)
        ]
        return known

    def _given(self, name: str, values: Values, meaning: str, option: str, hidden: bool = False) -> Symbol:
        numbers = None if self.symbolic else values
        return self.sheet.given(name, numbers, meaning, option=option, shape=values.shape, hidden=hidden)

    def _first_state(self, layer: int, way: int) -> State:
        values, mark = self.network.states[layer][way], self.network.mark(layer, way)
        first = len(self.network.x) + 1 if way else 0
        told = "before its first step, at the end" if way else "before the first step"
        h = self._given(f"h_{first}{mark}", values[0], f"state {told}", "h_0")
        if len(values) == 1:
            return State(h)
        return State(h, self._given(f"c_{first}{mark}", values[1], f"cell {told}", "c_0"))

    def _given_weights(self) -> list[list[dict[str, Symbol]]]:
        network = self.network
        known: list[list[dict[str, Symbol]]] = []
        for layer, ways in enumerate(network.weights):
            known.append([])
            for way, tensors_ in enumerate(ways):
                mark = network.mark(layer, way)
                known[-1].append({})
                for name, values in tensors_.items():
                    symbol = self._given(
                        f"{name}{mark}", values, self.network.meaning(name, layer, way), self.network.option(name)
                    )
                    known[-1][-1][name] = symbol
                    self.weights.append(symbol)
        for name, found, meaning in (("V", network.V, "output weights"), ("b_y", network.b_y, "bias of the outputs")):
            if found is not None:
                known[-1][-1][name] = self._given(name, found, meaning, name)
                self.weights.append(known[-1][-1][name])
        return known

    def _layer(self, layer: int, read: Sequence[Symbol], known: Sequence[Mapping[str, Symbol]]) -> list[Symbol]:
        """All time steps of a layer, in one or both directions; what the next layer reads."""
        found: list[list[Symbol]] = []
        self.tops = []
        for way, weights in enumerate(known):
            mark = self.network.mark(layer, way)
            steps = list(range(1, len(read) + 1))
            order = steps[::-1] if way else steps
            before = str(len(read) + 1) if way else "0"
            state = self.first[layer][way]
            states: dict[int, Symbol] = {}
            for t in order:
                at = At(str(t), before, mark)
                state = self._step(at, layer, way, read[t - 1], state, weights)
                states[t], before = state.h, str(t)
            self.tops.append(state)
            found.append([states[t] for t in steps])
        return found[0] if len(found) == 1 else self._joined(layer, found)

    def _step(self, at: At, layer: int, way: int, x: Symbol, state: State, weights: Mapping[str, Symbol]) -> State:
        heading = self.network.heading(layer, way, f"time step {at.step}")
        done = len(self.sheet.steps)
        self.sheet.part(heading)
        after = self.network.cell.step(self.sheet.define, at, x, state, weights)
        for step in self.sheet.steps[done:]:
            self.parts[step.name] = heading
            self.named[step.name] = self.network.told(layer, way, _named(step.name, at, self.network.cell))
        if self.after is not None:
            self.outputs.done[int(at.step)] = self.outputs.output(int(at.step), after.h, self.after)
        return after

    def _joined(self, layer: int, found: Sequence[Sequence[Symbol]]) -> list[Symbol]:
        """Both directions of every step, one upon the other."""
        mark = f"^{layer + 1}" if len(self.network.weights) > 1 else ""
        heading = self.network.heading(layer, None, "both directions")
        self.sheet.part(heading)
        joined = []
        for t, (forward, back) in enumerate(zip(*found, strict=True), 1):
            name = f"s_{t}{mark}"
            self.parts[name] = heading
            self.named[name] = f"both directions at step {t}"
            joined.append(
                self.sheet.define(
                    name,
                    Stack(forward, back),
                    f"Both directions at step {t}",
                    say("{f} has read up to step {t}, {b} from the end down to it", f=forward, b=back, t=t),
                )
            )
        return joined

    def _backward(self, loss: Symbol) -> None:
        """Back-propagation through time: from the loss to every weight and input."""

        def heading(name: str) -> str:
            where = self.parts.get(name, "")
            return WEIGHTS if name in shared else f"Backward: {where[0].lower()}{where[1:]}" if where else "Backward"

        shared = frozenset(weight.name for weight in self.weights)
        for t, entry in enumerate(self.inputs, 1):
            self.parts[entry.name] = self.network.heading(0, None, f"time step {t}")
        firsts = [symbol for ways in self.first for state in ways for symbol in shares(state)]
        asked = [symbol for symbol in firsts if symbol.name[0] in self.network.given_states]
        for symbol in asked:
            self.parts[symbol.name] = "before the first step"
        self.moved = [*self.weights, *self.inputs, *asked]
        self.sheet.backward(
            loss,
            self.moved,
            jacobians=False,
            course=Course(heading, shared, self.named),
        )


def _named(name: str, at: At, cell: Cell) -> str:
    """What a path through a quantity is called."""
    base = name.partition("_")[0]
    letter = name.partition("_")[2].partition(",")[0] if "," in name else ""
    for gate in GATES[cell.kind]:
        if (letter and letter == gate.letter) or base == gate.base:
            return f"the {gate.name} of step {at.step}"
    step = f"step {at.step}"
    return {
        "c": f"the cell of {step}", "h": f"the state of {step}", "z": f"the state of {step} before its activation",
        "v": f"state and input of {step}, stacked", "w": f"reset state and input of {step}, stacked",
        "q": f"the old state of {step}, through its weights" if cell.reset_after and not cell.stacked
        else f"the reset old state of {step}",
    }[base]  # fmt: skip
