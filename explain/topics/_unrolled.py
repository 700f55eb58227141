"""A recurrent network unrolled through time: every cell, output and loss, and back-propagation through all of it.

Source: Goodfellow, Bengio and Courville 2016, section 10.2.2, eqs. 10.17-10.28; Werbos 1990, Backpropagation through
time: what it does and how to do it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from explain.engine.answer import Answer
from explain.engine.chain import Course
from explain.engine.checks import finite_difference
from explain.engine.losses import loss_from_logits, loss_of, saturated, told
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.blocks import Stack
from explain.engine.nodes.functions import Softmax
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.topics._cells import EFFECT, GATES, At, Cell, State, activated, tensors
from explain.topics._network import check_probabilities

LossName = Literal["squared-error", "half-squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy"]
LossOn = Literal["every", "last"]
Reduction = Literal["sum", "mean"]
WEIGHTS = "Gradients of the weights"
FROM_LOGITS = (("binary-cross-entropy", "sigmoid"), ("cross-entropy", "softmax"))


class Network(NamedTuple):
    """The checked arrays of a recurrent network.

    `weights[layer][direction]` holds the tensors by their plain names; `states` the first states in the same order.
    """

    cell: Cell
    x: list[Values]
    weights: list[list[dict[str, Values]]]
    units: list[int]
    states: list[list[list[Values]]]
    V: Values | None
    b_y: Values | None
    output_activation: str
    targets: list[Values]
    loss: LossName | None
    loss_on: LossOn
    reduction: Reduction

    @property
    def samples(self) -> int:
        """How many sequences are worked side by side."""
        return int(self.x[0].shape[1])

    @property
    def both(self) -> bool:
        """Whether a second cell reads each sequence backwards."""
        return len(self.weights[0]) > 1

    def mark(self, layer: int, way: int) -> str:
        """What marks the quantities of a layer and direction: `^1`, `^1b`; nothing where there is only one."""
        text = (str(layer + 1) if len(self.weights) > 1 else "") + ("b" if way else "")
        return f"^{text}" if text else ""


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
        self.steps = steps or len(network.targets)
        self.parts: dict[str, str] = {}  # where each quantity is worked
        self.named: dict[str, str] = {}  # what a path through it is called
        self.weights: list[Symbol] = []
        self.logits: dict[str, Symbol] = {}
        self.tops: list[State] = []  # the last states of the last layer, one a direction
        self.asked: list[Symbol] = []  # the outputs, or the states where there is no output layer

    def work(self) -> Answer:
        """Forward, and backward where there is a loss."""
        self.write()
        if self.network.loss is None:
            cells = [state.c for state in self.tops[:1] if state.c is not None and self.network.V is None]
            return self.sheet.answer(*self.asked, *cells)
        return self._answered(self.asked[-1:])

    def _answered(self, outputs: Sequence[Symbol]) -> Answer:
        """The answer with its gradients, compared with finite differences."""
        loss = self.sheet.last("L")
        finite_difference(self.sheet, loss, self.weights, loss)
        gradients = [self.sheet.last(f"dL/d{weight.name}") for weight in self.weights]
        return self.sheet.answer(*outputs, loss, *gradients)

    def write(self) -> None:
        """Every line: forward, loss and backward."""
        network = self.network
        known = self.givens()
        read, last = self.inputs, known[-1][-1]
        single = len(network.weights) == 1 and not network.both
        inline = single and "V" in last and (network.loss is None or network.loss_on == "every")
        self.outputs: dict[int, Symbol] = {}
        self.after = last if inline else None  # the output is worked within its time step
        for layer in range(len(network.weights)):
            read = self._layer(layer, read, known[layer])
        self.asked = self._outputs(read, last)
        if network.loss is not None:
            self._backward(self._loss(self.asked))

    def givens(self, shown: int = 0) -> list[list[dict[str, Symbol]]]:
        """Everything the question gives; of a long sequence the first `shown` steps are printed."""
        self.inputs = [
            self._given(f"x_{t}", value, f"input of time step {t}", "x", hidden=0 < shown < t)
            for t, value in enumerate(self.network.x, 1)
        ]
        known = self._given_weights()
        steps, count = len(self.network.x), len(self.network.targets)
        self.goals = [
            self._given(f"target_{t}", value, f"target of time step {t}", "target", hidden=0 < shown < t < steps)
            for t, value in zip(range(steps - count + 1, steps + 1), self.network.targets, strict=True)
        ]
        self.first = [
            [self._first_state(layer, way) for way in range(len(ways))]
            for layer, ways in enumerate(self.network.weights)
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
                    symbol = self._given(f"{name}{mark}", values, self._meaning(name, layer, way), name)
                    known[-1][-1][name] = symbol
                    self.weights.append(symbol)
        for name, found, meaning in (("V", network.V, "output weights"), ("b_y", network.b_y, "bias of the outputs")):
            if found is not None:
                known[-1][-1][name] = self._given(name, found, meaning, name)
                self.weights.append(known[-1][-1][name])
        return known

    def _meaning(self, name: str, layer: int, way: int) -> str:
        kind = self.network.cell.kind
        where = f", layer {layer + 1}" if len(self.network.weights) > 1 else ""
        where += ", backward direction" if way else ", forward direction" if self.network.both else ""
        for gate in GATES[kind]:
            entry, recurrent, bias, second = tensors(kind, gate.letter)
            of = "" if kind == "rnn" else f" of the {gate.name}"
            if self.network.cell.stacked and name in (entry, recurrent):
                return f"weights{of}, on the state stacked upon the input{where}"
            told = {
                entry: f"input weights{of}", recurrent: f"recurrent weights{of}", bias: f"bias{of or ' of the units'}",
                second: f"second bias{of}, beside the recurrent weights",
            }  # fmt: skip
            if name in told:
                return told[name] + where
        raise AssertionError(name)

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
        heading = self._heading(layer, way, f"time step {at.step}")
        done = len(self.sheet.steps)
        self.sheet.part(heading)
        after = self.network.cell.step(self.sheet.define, at, x, state, weights)
        for step in self.sheet.steps[done:]:
            self.parts[step.name] = heading
            self.named[step.name] = _named(step.name, at, self.network.cell)
        if self.after is not None:
            self.outputs[int(at.step)] = self._output(int(at.step), after.h, self.after)
        return after

    def _heading(self, layer: int, way: int, place: str) -> str:
        """The heading of a part: only what there are several of is named."""
        parts = [f"layer {layer + 1}"] if len(self.network.weights) > 1 else []
        parts += ["backward direction" if way else "forward direction"] if self.network.both else []
        text = ", ".join([*parts, place])
        return text[0].upper() + text[1:]

    def _joined(self, layer: int, found: Sequence[Sequence[Symbol]]) -> list[Symbol]:
        """Both directions of every step, one upon the other."""
        mark = f"^{layer + 1}" if len(self.network.weights) > 1 else ""
        heading = self._heading(layer, 0, "both directions").replace("forward direction, ", "")
        heading = heading.replace("Forward direction, b", "B")
        self.sheet.part(heading)
        joined = []
        for t, (forward, back) in enumerate(zip(*found, strict=True), 1):
            name = f"s_{t}{mark}"
            self.parts[name] = heading
            joined.append(
                self.sheet.define(
                    name,
                    Stack(forward, back),
                    f"Both directions at step {t}",
                    say("{f} has read up to step {t}, {b} from the end down to it", f=forward, b=back, t=t),
                )
            )
        return joined

    def _outputs(self, read: Sequence[Symbol], known: Mapping[str, Symbol]) -> list[Symbol]:
        """The outputs that are asked: of every step, or of the last one; without an output layer, the states."""
        last = self.network.loss is not None and self.network.loss_on == "last"
        steps = [len(read)] if last else range(1, len(read) + 1)
        if "V" not in known:
            return [read[t - 1] for t in steps]
        return [self.outputs.get(t) or self._output(t, read[t - 1], known) for t in steps]

    def _output(self, t: int, h: Symbol, known: Mapping[str, Symbol]) -> Symbol:
        """y_t, with its pre-activation where there is an activation."""
        sheet, name = self.sheet, self.network.output_activation
        heading = f"Output of step {t}" if len(self.network.weights) > 1 or self.network.both else f"Time step {t}"
        sheet.part(heading)
        affine: Node = known["V"] @ h
        if "b_y" in known:
            affine = affine + known["b_y"]
        why = say("the output reads the state {h}, never the input itself", h=h)
        if name == "identity":
            y = sheet.define(f"y_{t}", affine, f"Output of step {t}", why)
            self.logits[y.name] = y
        else:
            o = sheet.define(f"{self._logit}_{t}", affine, f"Output of step {t}, before the activation", why)
            applied: Node = Softmax(o, 0) if name == "softmax" else activated(name, o)
            y = sheet.define(f"y_{t}", applied, f"Output of step {t}", say(EFFECT[name], z=o))
            self.logits[y.name] = o
            self.parts[o.name] = heading
            self.named[o.name] = f"the output of step {t}"
        self.parts[y.name] = heading
        self.named[y.name] = f"the output of step {t}"
        return y

    @property
    def _logit(self) -> str:
        """The letter of what goes into the output's activation; `o` is a gate in an LSTM."""
        return "u" if self.network.cell.kind == "lstm" else "o"

    def _loss(self, outputs: Sequence[Symbol]) -> Symbol:
        """The loss of every step that has a target, and their sum or mean."""
        network, sheet = self.network, self.sheet
        assert network.loss is not None
        sheet.part("Loss")
        losses = []
        single = len(self.goals) == 1
        for y, goal in zip(outputs, self.goals, strict=True):
            t = goal.name.removeprefix("target_")
            name = "L" if single else f"L_{t}"
            title = "Loss" if single else f"Loss of step {t}"
            expression, logits = self._loss_of(y, goal)
            reason = f"{told(network.loss, int(y.shape[0]))}: {{y}} against {{d}}"
            if logits:
                reason += "; with the activation put in it depends on {o}, the logits, and keeps its digits everywhere"
            losses.append(sheet.define(name, expression, title, say(reason, y=y, d=goal, o=self.logits.get(y.name, y))))
            self.parts[name] = "Loss"
            self.named[name] = f"the loss of step {t}"
        return losses[0] if single else self.total(losses)

    def total(self, losses: Sequence[Symbol]) -> Symbol:
        """The sum or mean of the losses of the steps."""
        total: Node = losses[0]
        for other in losses[1:]:
            total = total + other
        mean = self.network.reduction == "mean"
        if mean:
            total = total / self.steps
        way = "mean" if mean else "sum"
        return self.sheet.define("L", total, "Loss", say(f"the {way} over the {self.steps} steps that have a target"))

    def _loss_of(self, y: Symbol, goal: Symbol) -> tuple[Node, bool]:
        """The loss of one output, and whether it is taken from what goes into the last activation."""
        network, sheet = self.network, self.sheet
        assert network.loss is not None
        outputs = int(y.shape[0])
        samples = network.samples if network.reduction == "mean" else 1
        if self.symbolic:
            if (network.loss, network.output_activation) in FROM_LOGITS and network.V is not None:
                return loss_from_logits(network.loss, self.logits[y.name], goal, outputs, samples), True
            return loss_of(network.loss, y, goal, outputs, samples), False
        prediction, target = sheet.values[y.name], sheet.values[goal.name]
        check_probabilities(network.loss, network.output_activation, prediction, target, False)
        if y.name in self.logits and saturated(network.loss, network.output_activation, prediction, target, outputs):
            return loss_from_logits(network.loss, self.logits[y.name], goal, outputs, samples), True
        return loss_of(network.loss, y, goal, outputs, samples), False

    def _backward(self, loss: Symbol) -> None:
        """Back-propagation through time: from the loss to every weight and input."""

        def heading(name: str) -> str:
            where = self.parts.get(name, "")
            return WEIGHTS if name in shared else f"Backward: {where[0].lower()}{where[1:]}" if where else "Backward"

        shared = frozenset(weight.name for weight in self.weights)
        for t, entry in enumerate(self.inputs, 1):
            self.parts[entry.name] = self._heading(0, 0, f"time step {t}")
        self.sheet.backward(
            loss,
            [*self.weights, *self.inputs],
            jacobians=False,
            course=Course(heading, shared, self.named),
        )


def _named(name: str, at: At, cell: Cell) -> str:
    """What a path through a quantity is called."""
    base = name.partition("_")[0]
    letter = name.partition("_")[2].partition(",")[0] if "," in name else ""
    for gate in GATES[cell.kind]:
        if letter == gate.letter or base == gate.base:
            return f"the {gate.name} of step {at.step}"
    return {
        "c": f"the cell of step {at.step}", "h": f"the state of step {at.step}", "z": f"the state of step {at.step}",
        "v": f"the stacked input of step {at.step}", "w": f"the candidate of step {at.step}",
        "q": f"the candidate of step {at.step}",
    }[base]  # fmt: skip


def output_layer(
    V: Values | None, b_y: Values | None, width: int, activation: str
) -> tuple[Values | None, Values | None]:
    """The output weights and bias, checked against the states.

    Raises:
        InputError: shapes that do not meet; a bias or an activation without weights.
    """
    from explain.engine.shapes import write
    from explain.errors import amount

    if V is None:
        if b_y is not None:
            raise InputError("{b_y} is given, but {V} is missing: the bias belongs to the outputs that {V} makes")
        if activation != "identity":
            raise InputError(
                f"{{output_activation}} is {activation}, but {{V}} is missing: there are no outputs without {{V}}"
            )
        return None, None
    shaped = V if len(V.shape) == 2 else V.reshape((1, len(V)) if len(V) == width else (len(V), 1))
    if shaped.shape[1] != width:
        raise InputError(
            f"{{V}} is {write(shaped.shape)}, but the states have {amount(width, 'entry')}: it needs {width} columns"
        )
    outputs = int(shaped.shape[0])
    if b_y is not None and (len(b_y) != outputs or (len(b_y.shape) == 2 and 1 not in b_y.shape)):
        raise InputError(
            f"{{b_y}} has {amount(len(b_y), 'number')}, but there {'is' if outputs == 1 else 'are'} "
            f"{amount(outputs, 'output')}: it needs {amount(outputs, 'number')}"
        )
    return shaped, None if b_y is None else b_y.reshape((outputs, 1))
