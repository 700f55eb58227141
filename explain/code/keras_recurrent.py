"""Keras' recurrent layers, their cells, and the wrappers that take a layer.

Source: Keras 3 API, Recurrent layers.
"""

from __future__ import annotations

from functools import partial

from explain.code.arguments import Bound
from explain.code.kinds import Kind
from explain.code.parts import NotReadError
from explain.layers.base import Layer
from explain.layers.cells import DenseEachStep
from explain.layers.recurrent import Cell, Recurrent
from explain.layers.simple import Dense
from explain.layers.stacked import EveryStep, Stacked


def _biases(cell: Cell, bound: Bound) -> int:
    """Bias vectors a gate: a GRU whose reset gate comes after the product keeps two."""
    if not bound.flag("use_bias"):
        return 0
    return 2 if cell == "gru" and bound.flag("reset_after") else 1


def _word(cell: Cell, units: object, biases: int, both: bool, every: bool) -> str:
    told = [
        cell,
        str(units),
        "bidirectional" if both else "",
        "sequences" if every else "",
        "" if biases else "no bias",
    ]
    return " ".join(filter(None, told))


def _recurrent(cell: Cell, bound: Bound) -> Layer:
    units, biases, every = bound.extent("units"), _biases(cell, bound), bound.flag("return_sequences")
    word = _word(cell, units, biases, False, every)
    if cell == "gru" and biases == 1:
        word += " reset before the product"
    return Recurrent(cell, units, biases, every=every, word=word)


def _cell(cell: Cell, bound: Bound) -> Layer:
    units, biases = bound.extent("units"), _biases(cell, bound)
    return Recurrent(cell, units, biases, word=_word(cell, units, biases, False, False))


def _over_cells(bound: Bound) -> Layer:
    """RNN(cell) and RNN([cell, cell]): a layer of each cell."""
    cells, every = bound.value("cell"), bound.flag("return_sequences")
    found = []
    for cell in cells.layers if isinstance(cells, Stacked) else cells if isinstance(cells, (list, tuple)) else [cells]:
        if not isinstance(cell, Recurrent):
            raise NotReadError(f"{bound.called} is given something else than the cells of Keras; they are read alone")
        found.append(cell)
    if not found:
        raise NotReadError(f"{bound.called} is given no cell: write {bound.called}(LSTMCell(32))")
    steps = [every or at < len(found) for at in range(1, len(found) + 1)]
    layers = [
        Recurrent(each.cell, each.units, each.biases, every=all_,
                  word=_word(each.cell, each.units, each.biases, False, all_))
        for each, all_ in zip(found, steps, strict=True)
    ]  # fmt: skip
    return layers[0] if len(layers) == 1 else Stacked(layers, ", ".join(layer.word for layer in layers))


def _stacked_cells(bound: Bound) -> Layer:
    cells = bound.value("cells")
    if not isinstance(cells, (list, tuple)) or not all(isinstance(cell, Recurrent) for cell in cells):
        raise NotReadError(f"{bound.called} is given something else than a list of Keras' cells; they are read alone")
    return Stacked(list(cells), "cells")


def _both_ways(bound: Bound) -> Layer:
    inner = bound.value("layer")
    if not isinstance(inner, Recurrent) or inner.both:
        raise NotReadError(f"{bound.called} takes one recurrent layer, such as LSTM(32)")
    bound.only("backward_layer", (None,), "a backward layer of its own is not read; leave it out")
    mode = bound.value("merge_mode")
    if mode is None:
        raise NotReadError(f"{bound.called} has merge_mode = None, which gives two outputs: this is not read")
    beside = bound.one_of("merge_mode", ("concat", "sum", "mul", "ave")) == "concat"
    word = _word(inner.cell, inner.units, inner.biases, True, inner.every) + ("" if beside else f" merged by {mode}")
    return Recurrent(inner.cell, inner.units, inner.biases, True, inner.every, word, beside)


def _every_step(bound: Bound) -> Layer:
    inner = bound.value("layer")
    if not isinstance(inner, Layer):
        raise NotReadError(f"{bound.called} takes a layer, such as Dense(10)")
    if isinstance(inner, Dense):
        return DenseEachStep(inner.units, inner.bias, inner.word, on=inner.on)
    return EveryStep(inner, True, f"every step: {inner.word}")


def _settings(gates: bool, end: str, layer: bool = True) -> str:
    """The long signatures of Keras' recurrent layers."""
    text = "units, activation='tanh', " + ("recurrent_activation='sigmoid', " if gates else "") + "use_bias=True, "
    text += "kernel_initializer=None, recurrent_initializer=None, bias_initializer=None, "
    text += "unit_forget_bias=True, " if "forget" in end else ""
    for what in ("regularizer", "constraint"):
        text += f"kernel_{what}=None, recurrent_{what}=None, bias_{what}=None, "
        text += "activity_regularizer=None, " if layer and what == "regularizer" else ""
    return text + "dropout=0.0, recurrent_dropout=0.0, "


STATES = "return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False"
RECURRENT: dict[str, Kind] = {
    "SimpleRNN": Kind(_settings(False, "") + STATES + ", seed=None", partial(_recurrent, "rnn")),
    "LSTM": Kind(_settings(True, "forget") + f"seed=None, {STATES}, use_cudnn='auto'", partial(_recurrent, "lstm")),
    "GRU": Kind(
        _settings(True, "") + f"seed=None, {STATES}, reset_after=True, use_cudnn='auto'", partial(_recurrent, "gru")
    ),
    "SimpleRNNCell": Kind(_settings(False, "", False) + "seed=None", partial(_cell, "rnn")),
    "LSTMCell": Kind(_settings(True, "forget", False) + "seed=None", partial(_cell, "lstm")),
    "GRUCell": Kind(_settings(True, "", False) + "reset_after=True, seed=None", partial(_cell, "gru")),
    "RNN": Kind("cell, " + STATES + ", zero_output_for_mask=False", _over_cells),
    "StackedRNNCells": Kind("cells", _stacked_cells),
    "Bidirectional": Kind("layer, merge_mode='concat', weights=None, backward_layer=None", _both_ways),
    "TimeDistributed": Kind("layer", _every_step),
}
