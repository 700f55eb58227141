"""What the recurrent topics share: their options read and checked, their conventions, the second route."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, NamedTuple

from explain.engine.answer import Answer
from explain.engine.jacobian import NoJacobianError, jacobian
from explain.engine.losses import LOSSES
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount, shown
from explain.matrices import Matrices
from explain.topics._recurrent.cells import Cell
from explain.topics._recurrent.equations import conventions
from explain.topics._recurrent.long import LONGEST_IN_FULL, Long
from explain.topics._recurrent.sequence_network import LossName, LossOn, Network, Reduction, output_layer
from explain.topics._recurrent.sequences import initial, targets, time_steps
from explain.topics._recurrent.stacked_gates import last_states
from explain.topics._recurrent.unrolled import Unrolled
from explain.topics._recurrent.weights import Framework, Given, Layers, layers

if TYPE_CHECKING:
    from explain.declare import Topic

Activation = Literal["tanh", "sigmoid", "relu", "leaky-relu", "softplus", "hard-sigmoid", "identity"]
GateActivation = Literal["sigmoid", "hard-sigmoid", "tanh", "relu", "leaky-relu", "softplus", "identity"]
OutputActivation = Literal["identity", "sigmoid", "tanh", "relu", "leaky-relu", "softmax"]
JACOBIAN = re.compile(r"d([^/]+)/d([^/]+)")
LONGEST_JACOBIAN = 24  # steps of time that are worked in full for a derivative across them
YesNo = Literal["yes", "no"]
CALLED = {"rnn": "Simple recurrent network", "lstm": "LSTM", "gru": "GRU"}


class Ends(NamedTuple):
    """What stands around the cells: first states, output layer, targets and loss."""

    h_0: Matrices | None
    c_0: Matrices | None
    V: Values | None
    b_y: Values | None
    output_activation: str
    target: Matrices | None
    loss: LossName | None
    loss_on: LossOn | None
    reduction: Reduction | None


def worked(
    topic: Topic, cell: Cell, given: Given, x: Matrices, both: bool, ends: Ends, framework: Framework | None = None
) -> Answer:
    """The whole answer of a recurrent topic.

    Raises:
        InputError: weights, sequences, states, outputs or targets that do not meet.
    """
    found = layers(cell.kind, given, 2 if both else 1, framework or "keras")
    if framework is not None and not found.joined:
        raise InputError(
            f"{{framework}} is {framework}, but every gate has its own weights: it is for all gates in one {{W}}"
        )
    cell = cell._replace(stacked=found.stacked)
    network = _network(cell, found, x, both, ends)
    steps, units = len(network.x), " and ".join(map(str, found.units))
    depth = f", {amount(len(found.units), 'layer')}" if len(found.units) > 1 else ""
    told = amount(found.units[0], "unit") if len(set(found.units)) == 1 else f"{units} units"
    way = "bidirectional, " if both else ""
    passes = ": forward pass and back-propagation through time" if ends.loss else ""
    title = f"{CALLED[cell.kind]}: {way}{amount(steps, 'time step')}{depth}, {told}{passes}"
    sheet = Worksheet(title, topic.source)
    conventions(
        sheet,
        network,
        zeros=(ends.h_0 is None, ends.c_0 is None),
        joined=(framework or "keras") if found.joined else "",
    )
    done = (Long if steps > LONGEST_IN_FULL else Unrolled)(sheet, network)
    done.write()
    _check_stacked(sheet, network, done)
    result = done.answered()
    result.more = lambda name: _worked_too(sheet, network, result, name)
    return result


def _worked_too(sheet: Worksheet, network: Network, answer: Answer, name: str) -> Answer | None:
    """The answer with the Jacobian of one quantity with respect to an earlier one, such as dh_2/dh_1.

    Raises:
        InputError: a gradient without a loss; two quantities that do not depend on each other.
    """
    asked = JACOBIAN.fullmatch(name)
    if asked is None:
        return None
    top, bottom = asked[1], asked[2]
    if top == "L" and network.loss is None:
        raise InputError(f"{{find}} {shown(name)}: a gradient needs a loss; give {{loss}} and {{target}} too")
    if any(step.hidden for step in answer.steps):
        if len(network.x) > LONGEST_JACOBIAN or not {top, bottom} <= set(answer.values):
            return None
        whole = Worksheet(sheet.title, sheet.source)  # every step between is worked in full
        Unrolled(whole, network).write()
        sheet = whole
    sheet.part("From one quantity to another")
    try:
        jacobian(sheet, top, bottom)
    except NoJacobianError as error:
        known = {step.name for step in answer.steps} | {item.symbol.name for item in answer.given}
        if {top, bottom} <= known and "L" not in (top, bottom):
            raise InputError(f"{{find}} {shown(name)}: {error}") from error
        return None
    wider = sheet.answer(*(answer.symbol(result) for result in answer.results))
    wider.more = answer.more
    wider.conventions = [
        *answer.conventions,
        say("∂ holds constant what else stands in the one formula; a straight d counts every path between the two"),
    ]
    return wider


def _network(cell: Cell, found: Layers, x: Matrices, both: bool, ends: Ends) -> Network:
    """All arrays, checked against each other."""
    entry = _entry(cell, found)
    inputs = time_steps(x, found.inputs[0], entry)
    samples = int(inputs[0].shape[1])
    directions = 2 if both else 1
    states = _states(cell, found, directions, samples, ends)
    V, b_y = output_layer(ends.V, ends.b_y, directions * found.units[-1], ends.output_activation)
    outputs = directions * found.units[-1] if V is None else int(V.shape[0])
    goals = _goals(ends, outputs, len(inputs), samples)
    return Network(
        cell, inputs, found.tensors, found.units, states, V, b_y, ends.output_activation, goals, ends.loss,
        ends.loss_on or "every", ends.reduction or "sum", found.joined,
        ("h" if ends.h_0 is not None else "") + ("c" if ends.c_0 is not None else ""),
    )  # fmt: skip


def _entry(cell: Cell, found: Layers) -> str:
    """The parameter that fixes how many numbers a time step has."""
    if found.joined or (cell.stacked and cell.kind == "rnn"):
        return "W"
    return "U" if cell.kind == "rnn" else next(iter(found.tensors[0][0]))


def _states(cell: Cell, found: Layers, directions: int, samples: int, ends: Ends) -> list[list[list[Values]]]:
    """The first states of every layer and direction."""
    wanted = {"h_0": ends.h_0, **({"c_0": ends.c_0} if cell.kind == "lstm" else {})}
    total = len(found.units) * directions
    for name, matrices in wanted.items():
        if matrices is not None and len(matrices) != total:
            each = "layer and direction" if directions > 1 else "layer"
            raise InputError(
                f"{{{name}}} has {amount(len(matrices), 'matrix')}, but there {'is' if total == 1 else 'are'} "
                f"{amount(total, 'state')} to begin with: one a {each}, with | between them"
            )
    return [
        [
            [
                initial(name, None if m is None else m.items[at * directions + way], units, samples)
                for name, m in wanted.items()
            ]
            for way in range(directions)
        ]
        for at, units in enumerate(found.units)
    ]


def _goals(ends: Ends, outputs: int, steps: int, samples: int) -> list[Values]:
    """The targets; they go together with a loss."""
    if (ends.target is None) != (ends.loss is None):
        there, missing = ("{target}", "{loss}") if ends.target is not None else ("{loss}", "{target}")
        raise InputError(
            f"{there} is given, but {missing} is missing: the gradients need both; losses: {', '.join(LOSSES)}"
        )
    if ends.target is None:
        for name, value in (("loss_on", ends.loss_on), ("reduction", ends.reduction)):
            if value is not None:
                raise InputError(f"{{{name}}} is {value}, but there is no loss: give {{loss}} and {{target}} too")
        return []
    if ends.loss == "cross-entropy" and outputs == 1:
        raise InputError(
            "{loss} is cross-entropy, but there is one output: it needs one a class; take binary-cross-entropy"
        )
    return targets(ends.target, outputs, 1 if ends.loss_on == "last" else steps, samples)


def _check_stacked(sheet: Worksheet, network: Network, done: Unrolled) -> None:
    """The states again with all gates in one product a step, as the frameworks work them."""
    import numpy as np

    found = last_states(network)
    tops = [state.h for state in done.tops]
    off = max(float(np.abs(found[at] - sheet.values[top.name]).max()) for at, top in enumerate(tops))
    scale = max(1.0, *(float(np.abs(sheet.values[top.name]).max()) for top in tops))
    what = "all gates in one matrix" if network.cell.kind != "rnn" else "the weights as one matrix"
    told = f"worked again with {what}, on the state stacked upon the input, {{h}} is the same"
    if network.cell.stacked:
        told = "worked again with each matrix split into a part for the state and one for the input, {h} is the same"
    sheet.check(
        off <= 1e-12 * scale,
        tops,
        say(told, h=tops[0]),
    )
