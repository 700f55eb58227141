"""The checked arrays of a recurrent network, and how its quantities are named and told."""

from __future__ import annotations

from typing import Literal, NamedTuple

from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount
from explain.topics._recurrent.cells import GATES, Cell, tensors

LossName = Literal["squared-error", "half-squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy"]
LossOn = Literal["every", "last"]
Reduction = Literal["sum", "mean"]


class Network(NamedTuple):
    """The checked arrays of a recurrent network.

    `weights[layer][direction]` holds the tensors by their plain names, `states` the first states in the same order;
    `joined` tells that all gates came in one matrix, `given_states` which first states were given: `h`, `c`, `hc`.
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
    joined: bool = False
    given_states: str = ""

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

    def option(self, name: str) -> str:
        """The parameter a weight was given by."""
        if not self.joined:
            return name
        return "b_U" if name.startswith("b_U") else name[0]

    def meaning(self, name: str, layer: int, way: int) -> str:
        """What a tensor is."""
        kind = self.cell.kind
        where = f", layer {layer + 1}" if len(self.weights) > 1 else ""
        where += ", backward direction" if way else ", forward direction" if self.both else ""
        for gate in GATES[kind]:
            entry, recurrent, bias, second = tensors(kind, gate.letter)
            of = "" if kind == "rnn" else f" of the {gate.name}"
            if self.cell.stacked and name in (entry, recurrent):
                return f"weights{of}, on the state stacked upon the input{where}"
            told = {
                entry: f"input weights{of}", recurrent: f"recurrent weights{of}", bias: f"bias{of or ' of the units'}",
                second: f"second bias{of}, beside the recurrent weights",
            }  # fmt: skip
            if name in told:
                return told[name] + where
        raise AssertionError(name)

    def heading(self, layer: int, way: int | None, place: str) -> str:
        """The heading of a part: only what there are several of is named."""
        text = ", ".join([*self._where(layer, way), place])
        return text[0].upper() + text[1:]

    def told(self, layer: int, way: int, thing: str) -> str:
        """A quantity in words, with its layer and direction where there are several."""
        return ", ".join([thing, *self._where(layer, way)])

    def _where(self, layer: int, way: int | None) -> list[str]:
        parts = [f"layer {layer + 1}"] if len(self.weights) > 1 else []
        return parts + (["backward direction" if way else "forward direction"] if self.both and way is not None else [])


def output_layer(
    V: Values | None, b_y: Values | None, width: int, activation: str
) -> tuple[Values | None, Values | None]:
    """The output weights and bias, checked against the states.

    Raises:
        InputError: shapes that do not meet; a bias or an activation without weights.
    """
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
