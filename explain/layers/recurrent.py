"""Recurrent layers: simple RNN, LSTM and GRU, stacked and in both directions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from explain.engine.nodes.arithmetic import Times
from explain.engine.nodes.base import Node, node
from explain.layers.base import (
    Flow,
    Framework,
    Layer,
    MisfitError,
    Size,
    Stored,
    Tensor,
    Window,
    times,
)

Cell = Literal["rnn", "lstm", "gru"]
GATES: dict[Cell, int] = {"rnn": 1, "lstm": 4, "gru": 3}


class Recurrent(Layer):
    """One recurrent layer, in one or both directions.

    Args:
        cell: which cell; its gates have tensors of the same shape.
        units: width of the hidden state.
        biases: bias vectors a gate: 1 in textbooks and in Keras' RNN and LSTM; 2 in PyTorch and in Keras' GRU.
        both: whether a second layer reads the sequence backwards.
        every: whether the output of every time step is given, or that of the last one.
        beside: whether the states of both directions stand beside each other; else they are added or averaged.

    Source: Elman 1990; Hochreiter and Schmidhuber 1997, Gers et al. 2000; Cho et al. 2014, eqs. 5-8.
    """

    __slots__ = ("beside", "biases", "both", "cell", "every", "units")
    reads = "sequence"

    def __init__(
        self,
        cell: Cell,
        units: Size,
        biases: int,
        both: bool = False,
        every: bool = False,
        word: str = "",
        beside: bool = True,
    ) -> None:
        self.beside = beside
        self.cell, self.units, self.biases, self.both, self.every, self.word = cell, units, biases, both, every, word

    @property
    def directions(self) -> int:
        """1, or 2 for a bidirectional layer."""
        return 2 if self.both else 1

    def output(self, arrived: Flow) -> Flow:
        if len(arrived.sizes) != 2:
            raise MisfitError(
                f"{{arrived}} arrived, but {self.cell} reads a sequence, such as 50x8 for 50 steps of 8 features"
            )
        width = times(self.directions, self.units) if self.beside else self.units
        return Flow((arrived.sizes[0], width), "sequence") if self.every else Flow((width,), "vector")

    def gate(self, features: Size) -> Sequence[Tensor]:
        """The tensors of one gate in one direction."""
        n = self.units
        found = [
            Tensor("W", "input weights: a row for each unit, an entry for each feature", (n, features)),
            Tensor("U", "recurrent weights: a row and an entry for each unit", (n, n)),
        ]
        if self.biases == 1:
            found.append(Tensor("b", "bias: one for each unit", (n,)))
        elif self.biases == 2:
            found.append(Tensor("b_W", "bias beside W: one for each unit", (n,)))
            found.append(Tensor("b_U", "bias beside U: one for each unit", (n,)))
        return found

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        copies = self._copies(arrived.sizes[-1])
        return [tensor._replace(copies=copies) for tensor in self.gate(arrived.sizes[-1])]

    def _copies(self, beside: Size) -> Size:
        """Directions times gates; beside an expression written as 2·4."""
        gates = GATES[self.cell]
        if not self.both:
            return gates
        return Times(node(2), node(gates)) if isinstance(beside, Node) and self.cell != "rnn" else 2 * gates

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        n, m, gates = self.units, arrived.sizes[-1], GATES[self.cell]
        wide = times(gates, n)
        if framework == "pytorch":
            arrays = [Stored("weight_ih", (wide, m)), Stored("weight_hh", (wide, n))]
            arrays += [Stored("bias_ih", (wide,)), Stored("bias_hh", (wide,))][: self.biases]
        else:
            arrays = [Stored("kernel", (m, wide)), Stored("recurrent_kernel", (n, wide))]
            arrays += [Stored("bias", (2, wide) if self.biases == 2 else (wide,))] if self.biases else []
        return [
            array._replace(name=array.name + suffix)
            for suffix in ("", "_reverse")[: self.directions]
            for array in arrays
        ]

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        n, m = self.units, arrived.sizes[1]
        copies = self._copies(m)
        return times(arrived.sizes[0], times(copies, times(n, m + n)))

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None
