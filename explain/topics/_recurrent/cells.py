"""The recurrent cells: one time step of a simple RNN, an LSTM or a GRU, written once for numbers and for symbols.

Sources: Elman 1990; Hochreiter and Schmidhuber 1997 with the forget gate of Gers, Schmidhuber and Cummins 2000 (as in
Goodfellow, Bengio and Courville 2016, eqs. 10.40-10.44); Cho et al. 2014, eqs. 5-8; Keras and PyTorch documentation of
LSTM and GRU for the order of the gates and the reset after the product.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol

from explain.engine.functions import ACTIVATIONS, SIGMOID
from explain.engine.nodes.arithmetic import negative
from explain.engine.nodes.base import Node, Symbol, Textbook
from explain.engine.nodes.blocks import Stack
from explain.engine.prose import Prose, say
from explain.topics._effects import EFFECT

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

Kind = Literal["rnn", "lstm", "gru"]


class Gate(NamedTuple):
    """A gate: the letter of its weights, its plain name, what it is called, and what it does in one line."""

    letter: str
    base: str
    name: str
    meaning: str


LSTM = (
    Gate("f", "f", "forget gate", "how much of each entry of the old cell {c} is kept: 0 forgets it, 1 keeps it all"),
    Gate("i", "i", "input gate", "how much of the candidate is written into the cell"),
    Gate("c", "ctilde", "candidate", "what may be written into the cell, made from the input and the old state"),
    Gate("o", "o", "output gate", "how much of the cell is shown as the new state"),
)
GRU = (
    Gate("r", "r", "reset gate", "how much of the old state {h} the candidate sees"),
    Gate("z", "z", "update gate", "how the new state is mixed from the old state {h} and the candidate"),
    Gate("h", "htilde", "candidate", "what the new state may become, made from the input and the reset old state"),
)
RNN = (Gate("", "h", "state", "what {x} brings in through {U} is added to what {h} keeps through {W}"),)
GATES: Mapping[Kind, Sequence[Gate]] = {"rnn": RNN, "lstm": LSTM, "gru": GRU}


class At(NamedTuple):
    """A place in the network: the time step, the one before it in reading order, and the mark of the layer."""

    step: str
    before: str
    layer: str = ""

    def name(self, base: str) -> str:
        """The plain name of a quantity here: `f_1`, `h_2^1`."""
        return f"{base}_{self.step}{self.layer}"


class State(NamedTuple):
    """What a cell hands on: the state h, and the cell c of an LSTM."""

    h: Symbol
    c: Symbol | None = None

    def at(self, move: Callable[[str], str]) -> State:
        """The state under other names."""
        h, c = self
        return State(Symbol(move(h.name), h.shape), c and Symbol(move(c.name), c.shape))


class Write(Protocol):
    """Takes one line of working and gives the symbol it defines."""

    def __call__(self, name: str, expression: Node, title: str | Prose, why: str | Prose) -> Symbol:
        """Define a quantity."""


class Cell(NamedTuple):
    """A cell and its conventions.

    Attributes:
        activation: of the candidate (and of the cell that is shown); of the state in a simple RNN.
        gate_activation: of the gates.
        stacked: whether one matrix a gate reads `[h; x]`.
        reset_after: GRU: the reset gate multiplies U h + b (Keras' default, PyTorch), else h itself (Cho et al.).
        update_keeps: GRU: the update gate keeps the old state (Cho et al., Keras, PyTorch), else it lets in the new.
        merged: whether a gate is one line, without a name for what goes into its activation.
    """

    kind: Kind
    activation: str = "tanh"
    gate_activation: str = "sigmoid"
    stacked: bool = False
    reset_after: bool = True
    update_keeps: bool = True
    merged: bool = False

    def step(self, write: Write, at: At, x: Symbol, state: State, weights: Mapping[str, Symbol]) -> State:
        """One time step: every gate, then the state."""
        worked = _Step(self, write, at, x, state, weights)
        return {"rnn": worked.rnn, "lstm": worked.lstm, "gru": worked.gru}[self.kind]()


def tensors(kind: Kind, letter: str) -> tuple[str, str, str, str]:
    """The plain names of a gate's input weights, recurrent weights, bias, and second bias."""
    return ("U", "W", "b_h", "b_W") if kind == "rnn" else (f"W_{letter}", f"U_{letter}", f"b_{letter}", f"b_U{letter}")


def activated(name: str, z: Node) -> Node:
    """An activation of an expression."""
    return z if name == "identity" else ACTIVATIONS[name](z)


class _Step:
    """The lines of one time step."""

    def __init__(
        self, cell: Cell, write: Write, at: At, x: Symbol, state: State, weights: Mapping[str, Symbol]
    ) -> None:
        self.cell, self.write, self.at, self.x, self.state, self.weights = cell, write, at, x, state, weights
        self.before: dict[str, Symbol] = {}  # what went into the activation of each gate
        self.read = x  # what the stacked weights read
        if cell.stacked:
            self.read = write(
                at.name("v"),
                Stack(state.h, x),
                f"{self._where('State and input')}, stacked",
                say("the old state {h} stands upon the input {x}: every gate reads both at once", h=state.h, x=x),
            )

    def rnn(self) -> State:
        """h_t = f(U x_t + W h_{t-1} + b_h)."""
        meaning = "{W} reads the old state {h} and the input {x} at once" if self.cell.stacked else RNN[0].meaning
        z = self._defined("z", self._affine(""), "State", "before the activation", self._filled(meaning))
        told = say(EFFECT[self.cell.activation], z=z)
        return State(self.write(self.at.name("h"), activated(self.cell.activation, z), self._where("State"), told))

    def lstm(self) -> State:
        """c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t, h_t = o_t ⊙ tanh(c_t)."""
        f, i, candidate, o = (self._gate(gate) for gate in LSTM)
        old = self.state.c
        assert old is not None
        c = self.write(
            self.at.name("c"),
            f * old + i * candidate,
            self._where("Cell"),
            say(
                "what {f} keeps of {old}, plus what {i} lets in of {new}: a sum, so what is kept goes on unchanged",
                f=f, old=old, i=i, new=candidate,
            ),
        )  # fmt: skip
        h = self.write(
            self.at.name("h"),
            o * activated(self.cell.activation, c),
            self._where("State"),
            say("{o} lets out its share of the cell {c}", o=o, c=c),
        )
        return State(h, c)

    def gru(self) -> State:
        """h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t, or z and 1 - z exchanged."""
        r, z = (self._gate(gate) for gate in GRU[:2])
        candidate = self._gate(GRU[2], r)
        old = self.state.h
        rest = self._rest(z)
        keep, new = (z, rest) if self.cell.update_keeps else (rest, z)
        h = self.write(
            self.at.name("h"),
            keep * old + new * candidate,
            self._where("State"),
            say(
                "{k} keeps {old}, {n} lets in {new}: the two shares add up to 1", k=keep, old=old, n=new, new=candidate
            ),
        )
        return State(h)

    def _rest(self, z: Symbol) -> Node:
        """1 - z, evaluated as σ(-a) where z = σ(a): it keeps its digits where z is nearly 1."""
        before = self.before.get(z.name)
        if before is None or self.cell.gate_activation != "sigmoid":
            return 1 - z

        def evaluate(_: Array, a: Array) -> Array:
            return SIGMOID.numpy(-a)

        return Textbook(1 - z, (z, before), evaluate, pulled=lambda seed: [negative(seed), None])

    def _gate(self, gate: Gate, reset: Symbol | None = None) -> Symbol:
        """A gate or candidate: what goes in, and its activation."""
        activation = self.cell.activation if gate.base.endswith("tilde") else self.cell.gate_activation
        affine = self._affine(gate.letter) if reset is None else self._reset(gate.letter, reset)
        name = gate.name.capitalize()
        letter = "a" if self.cell.kind == "gru" else "z"
        title = self._where(name)
        if self.cell.merged:
            return self.write(self.at.name(gate.base), activated(activation, affine), title, self._meaning(gate))
        z = self._defined(
            f"{letter}_{gate.letter},", affine, name, "before the activation", self._reads(gate.letter, reset)
        )
        self.before[self.at.name(gate.base)] = z
        why = (*self._meaning(gate), "; ", *say(EFFECT[activation], z=z))
        return self.write(self.at.name(gate.base), activated(activation, z), title, why)

    def _reset(self, letter: str, r: Symbol) -> Node:
        """What goes into the candidate of a GRU: the old state as far as the reset gate shows it."""
        W, U, b, b_U = tensors("gru", letter)
        weights, h = self.weights, self.state.h
        if self.cell.stacked or not self.cell.reset_after:
            q = self.write(
                self.at.name("q"),
                r * h,
                f"{self._where('Old state')}, reset",
                say("{r} takes its share of {h}", r=r, h=h),
            )
            if self.cell.stacked:
                both = self.write(
                    self.at.name("w"),
                    Stack(q, self.x),
                    f"{self._where('Reset state and input')}, stacked",
                    say("the candidate reads {q} in place of {h}", q=q, h=h),
                )
                return self._added(weights[W] @ both, b)
            return self._added(self._added(weights[W] @ self.x + weights[U] @ q, b), b_U)
        q = self.write(
            self.at.name("q"),
            self._added(weights[U] @ h, b_U),
            f"{self._where('Old state')}, through its weights",
            say(
                "{U} reads the old state {h}; the reset gate multiplies the result, after the product",
                U=weights[U],
                h=h,
            ),
        )
        # The author's order: what comes in, the bias, then the reset part.
        return self._added(weights[W] @ self.x, b) + r * q

    def _affine(self, letter: str) -> Node:
        """W x + U h + b, or W [h; x] + b."""
        W, U, b, b_U = tensors(self.cell.kind, letter)
        weights = self.weights
        if self.cell.stacked:
            return self._added(weights["W" if self.cell.kind == "rnn" else W] @ self.read, b)
        return self._added(self._added(weights[W] @ self.x + weights[U] @ self.state.h, b), b_U)

    def _added(self, total: Node, bias: str) -> Node:
        return total + self.weights[bias] if bias in self.weights else total

    def _reads(self, letter: str, reset: Symbol | None) -> Prose:
        """What the weights of a gate read."""
        W, U, b, _ = tensors(self.cell.kind, letter)
        names: dict[str, Node] = {"W": self.weights[W], "x": self.x, "h": self.state.h}
        if self.cell.stacked:
            return say("{W} reads the state and the input at once", **names)
        names["U"] = self.weights[U]
        shift = "" if b not in self.weights else ", {b} shifts the sum"
        names["b"] = self.weights.get(b, self.x)
        if reset is None:
            return say("{W} reads the input {x}, {U} the old state {h}" + shift, **names)
        names["r"] = reset
        return say("{W} reads the input {x}; of the old state only what {r} lets through is added" + shift, **names)

    def _defined(self, base: str, affine: Node, name: str, ending: str, why: Prose) -> Symbol:
        plain = base + self.at.step + self.at.layer if base.endswith(",") else self.at.name(base)
        return self.write(plain, affine, f"{self._where(name)}, {ending}", why)

    def _meaning(self, gate: Gate) -> Prose:
        return self._filled(gate.meaning)

    def _filled(self, meaning: str) -> Prose:
        known = {name: self.weights[name] for name in ("U", "W") if name in self.weights}
        return say(meaning, x=self.x, h=self.state.h, c=self.state.c or self.state.h, **known)

    def _where(self, name: str) -> str:
        return f"{name} of step {self.at.step}"


def shares(state: State) -> Sequence[Symbol]:
    """The symbols of a state."""
    return [state.h] if state.c is None else [state.h, state.c]
