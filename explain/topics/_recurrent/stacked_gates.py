"""The second route for recurrent networks: plain NumPy with all gates in one matrix, no expression of the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from explain.engine.functions import ACTIVATIONS
from explain.engine.values import Values
from explain.topics._recurrent.cells import GATES, Cell, tensors

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
    from explain.topics._recurrent.sequence_network import Network


def last_states(network: Network) -> list[Array]:
    """The last state of the last layer in each direction."""
    import numpy as np

    read = [values.array for values in network.x]
    tops: list[Array] = []
    for ways, states in zip(network.weights, network.states, strict=True):
        each = []
        for way, (weights, state) in enumerate(zip(ways, states, strict=True)):
            order = read[::-1] if way else read
            found = _run(network.cell, weights, order, [values.array for values in state])
            each.append(found[::-1] if way else found)
        tops = [found[0 if way else -1] for way, found in enumerate(each)]
        read = [np.vstack(both) for both in zip(*each, strict=True)]
    return tops


def _run(cell: Cell, weights: dict[str, Values], inputs: list[Array], state: list[Array]) -> list[Array]:
    """The states of one layer in one direction, in reading order."""
    step = {"rnn": _rnn, "lstm": _lstm, "gru": _gru}[cell.kind]
    units = len(state[0])
    gates = [_gate(cell, weights, gate.letter, units) for gate in GATES[cell.kind]]
    found = []
    for x in inputs:
        state = step(cell, gates, x, state)
        found.append(state[0])
    return found


def _gate(cell: Cell, weights: dict[str, Values], letter: str, units: int) -> tuple[Any, ...]:
    """Recurrent part, input part, bias and second bias of one gate."""
    import numpy as np

    entry, recurrent, bias, second = tensors(cell.kind, letter)
    if cell.stacked:
        whole = weights["W" if cell.kind == "rnn" else entry].array
        U, W = whole[:, :units], whole[:, units:]
    else:
        W, U = weights[entry].array, weights[recurrent].array
    nothing = np.zeros((units, 1))
    b = weights[bias].array if bias in weights else nothing
    return U, W, b, weights[second].array if second in weights else nothing


def _f(name: str, z: Array) -> Any:
    return z if name == "identity" else ACTIVATIONS[name].numpy(z)


def _product(gates: list[tuple[Any, ...]], x: Array, h: Array, apart: bool) -> list[Array]:
    """All gates by one product with the state upon the input; or each with its two parts `apart`."""
    import numpy as np

    if apart:  # the page itself reads both at once
        return [U @ h + W @ x + b + second for U, W, b, second in gates]
    together = np.vstack([np.hstack([U, W]) for U, W, _, _ in gates]) @ np.vstack([h, x])
    return [part + gate[2] + gate[3] for part, gate in zip(np.split(together, len(gates)), gates, strict=True)]


def _rnn(cell: Cell, gates: list[tuple[Any, ...]], x: Array, state: list[Array]) -> list[Array]:
    return [_f(cell.activation, _product(gates, x, state[0], cell.stacked)[0])]


def _lstm(cell: Cell, gates: list[tuple[Any, ...]], x: Array, state: list[Array]) -> list[Array]:
    h, c = state
    f, i, candidate, o = _product(gates, x, h, cell.stacked)
    act, gate = cell.activation, cell.gate_activation
    c = _f(gate, f) * c + _f(gate, i) * _f(act, candidate)
    return [_f(gate, o) * _f(act, c), c]


def _gru(cell: Cell, gates: list[tuple[Any, ...]], x: Array, state: list[Array]) -> list[Array]:
    h = state[0]
    r, z = (_f(cell.gate_activation, part) for part in _product(gates[:2], x, h, cell.stacked))
    U, W, b, second = gates[2]
    after = cell.reset_after and not cell.stacked
    reset = r * (U @ h + second) if after else U @ (r * h) + second
    candidate = _f(cell.activation, W @ x + b + reset)
    return [z * h + (1 - z) * candidate if cell.update_keeps else (1 - z) * h + z * candidate]
