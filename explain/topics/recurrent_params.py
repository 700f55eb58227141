"""Parameters of recurrent layers: RNN, LSTM and GRU, stacked and in both directions."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.sizes import Sizes
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.layers.base import Flow, Framework, Size, Stored, as_node, counted, multiplied, times
from explain.layers.recurrent import GATES, Cell, Recurrent
from explain.parameters import Count
from explain.topics._counting import Asked, direct_count, introduced, other_count, tensors_table

YesNo = Literal["yes", "no"]
Units = Annotated[Count, "number of units n: the width of the hidden state"]
Features = Annotated[Count, "number of features m of the input at one time step"]
Layers = Annotated[Count, "layers on top of each other; all after the first read the states of the one below"]
Both = Annotated[YesNo, "whether a second layer reads the sequence backwards"]
Whose = Annotated[Framework, "keras: one bias vector a gate (the GRU two); pytorch: two"]

NAMES: dict[Cell, str] = {"rnn": "a simple recurrent layer", "lstm": "an LSTM layer", "gru": "a GRU layer"}
GATED: dict[Cell, str] = {
    "rnn": "the same W, U and b are used at every time step and for every sample",
    "lstm": "an LSTM has four sets of weights of one shape: three gates (forget, input, output) and the candidate; "
    "they are reused at every time step and for every sample",
    "gru": "a GRU has three sets of weights of one shape: two gates (reset, update) and the candidate; "
    "they are reused at every time step and for every sample",
}


@topic
def rnn_params(
    units: Units,
    features: Features,
    layers: Layers = Count(1),  # noqa: B008 - never changed
    bidirectional: Both = "no",
    framework: Whose = "keras",
) -> Answer:
    """Parameters of a simple recurrent layer.

    Input weights, recurrent weights and a bias; the count does not depend on the batch or on the number of time
    steps. Sizes may be symbols.

    Field: Counting

    Source: Elman 1990, Finding Structure in Time; Goodfellow et al. 2016, eqs. 10.8-10.9

    Examples:
        explain rnn-params --units 64 --features 10
        explain rnn-params --units n --features m

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    question = _Question("rnn", units, features, layers, bidirectional == "yes", framework, framework == "pytorch")
    return _counted(question, rnn_params.source)


@topic
def lstm_params(
    units: Units,
    features: Features,
    layers: Layers = Count(1),  # noqa: B008
    bidirectional: Both = "no",
    framework: Whose = "keras",
) -> Answer:
    """Parameters of an LSTM layer.

    Four gates of the same shape read the input and the last hidden state; the count does not depend on the batch
    or on the number of time steps. Units and features may be symbols.

    Field: Counting

    Source: Gers, Schmidhuber and Cummins 2000, Learning to Forget; Goodfellow et al. 2016, eqs. 10.40-10.44

    Examples:
        explain lstm-params --units 30 --features 1
        explain lstm-params --units n --features m

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    question = _Question("lstm", units, features, layers, bidirectional == "yes", framework, framework == "pytorch")
    return _counted(question, lstm_params.source)


@topic
def gru_params(
    units: Units,
    features: Features,
    layers: Layers = Count(1),  # noqa: B008
    bidirectional: Both = "no",
    framework: Whose = "keras",
    reset_after: Annotated[YesNo, "whether the reset gate acts after the recurrent product, with a bias there"] = "yes",
) -> Answer:
    """Parameters of a GRU layer.

    Three gates of the same shape. Keras (reset_after=True, its default) and PyTorch keep two bias vectors a gate;
    textbooks, and Keras with reset_after=False, one.

    Field: Counting

    Source: Cho et al. 2014, Learning Phrase Representations, eqs. 5-8; Keras documentation, GRU (reset_after);
    PyTorch documentation, torch.nn.GRU

    Examples:
        explain gru-params --units 32 --features 16
        explain gru-params --units n --features m --reset-after no

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    if framework == "pytorch" and reset_after == "no":
        raise InputError("{reset_after} is no, but PyTorch's GRU has no such form: leave it out, or {framework} keras")
    two = framework == "pytorch" or reset_after == "yes"
    question = _Question("gru", units, features, layers, bidirectional == "yes", framework, two)
    return _counted(question, gru_params.source)


class _Question(NamedTuple):
    """What is asked about one kind of cell."""

    cell: Cell
    units: Count
    features: Count
    layers: Count
    both: bool
    framework: Framework
    two: bool  # bias vectors a gate


def _counted(question: _Question, source: str) -> Answer:
    """The whole answer: one gate, one direction, one layer, the stack."""
    cell, _, _, layers, both, framework, two = question
    sheet = Worksheet(f"Parameters of {NAMES[cell]}", source)
    asked = [
        Asked("units", question.units, "n", "number of units, the width of the hidden state"),
        Asked("features", question.features, "m", "number of features of the input at one time step"),
    ]
    stacked = layers.number != 1
    if stacked:
        asked.append(Asked("layers", layers, "L", "number of layers on top of each other"))
    n, m, *depth = introduced(sheet, asked)
    sheet.convention(GATED[cell])
    sheet.convention("W weighs the input and U the previous state (Keras: kernel and recurrent_kernel)")
    layer = Recurrent(cell, n, 2 if two else 1, both)
    total = _layer(sheet, layer, m, "1" if stacked else "")
    arrays = _stored(layer, m, framework, 1, "")
    if stacked:
        below = times(layer.directions, n)
        later = _layer(sheet, layer, below, "2")
        sheet.part("All layers")
        total = sheet.define(
            "P",
            total + (depth[0] - 1) * later,
            "Parameters of all layers",
            say("the layers above the first are alike, and there are {l} - 1 of them", l=depth[0]),
            closed=factored,
        )
        arrays += _stored(layer, below, framework, as_node(depth[0] - 1), " in the layers above")
    _other_convention(
        sheet, question, multiplied([depth[0] if stacked else 1, layer.directions, GATES[cell], n]), total
    )
    first, title = (sheet.last("P_1"), "Tensors of the first layer") if stacked else (total, "Tensors")
    tensors_table(sheet, layer.tensors(Flow((1, m), "sequence")), first, _each(layer), title)
    direct_count(sheet, total, arrays, framework)
    return sheet.answer(total)


def _stored(
    layer: Recurrent, features: Size, framework: Framework, layers: Size, where: str
) -> list[tuple[Size, Stored]]:
    """The arrays of some layers, each with how many there are."""
    arrays = layer.stored(Flow((1, features), "sequence"), framework)
    forward = arrays[: len(arrays) // layer.directions]
    return [(times(layer.directions, layers), array._replace(name=array.name + where)) for array in forward]


def _layer(sheet: Worksheet, layer: Recurrent, features: Size, index: str) -> Symbol:
    """The parameters of one layer: a gate, all gates, both directions."""
    n, m = as_node(layer.units), as_node(features)
    if index:
        sheet.part("The first layer" if index == "1" else "Each layer above it")
    gates, name = GATES[layer.cell], _name(index)
    biases = ("no bias", "one bias (b has {n} entries)", "two biases (b_W and b_U have {n} entries each)")[layer.biases]
    what = "{m} input features" if index != "2" else "{m} entries of the states below"
    why = say(
        f"each of {'its' if gates > 1 else 'the'} {{n}} units has one weight for each of the {what} (W is {{nm}}), one "
        f"weight for each of the {{n}} entries of the previous hidden state (U is {{nn}}), and {biases}",
        n=n,
        m=m,
        nm=Sizes(n, m),
        nn=Sizes(n, n),
    )
    formula = as_node(counted(layer.gate(features)))
    one_way = f"P_dir{index}" if layer.both else name
    if gates == 1:
        found = sheet.define(one_way, formula, _titled(one_way), why, closed=factored)
    else:
        gate = sheet.define(
            f"P_gate{index}",
            formula,
            say("{g}, the parameters of one gate (the candidate has as many)", g=word(f"P_gate{index}")),
            why,
            closed=factored,
        )
        number = {3: "three", 4: "four"}[gates]
        same = f"the {number} sets of weights have the same shape, so the count of one is taken {number} times"
        found = sheet.define(one_way, gates * gate, _titled(one_way), same, closed=factored)
    if layer.both:
        twice = "a second layer of the same shape reads the sequence backwards; the two states are concatenated"
        found = sheet.define(name, 2 * found, _titled(name), twice, closed=factored)
    return found


def _name(index: str) -> str:
    return f"P_{index}" if index else "P"


def _titled(name: str) -> Prose:
    what = {"P": "the layer", "P_1": "the first layer", "P_2": "a layer above"}.get(name, "one direction")
    return say(f"{{p}}, the parameters of {what}", p=word(name))


def _each(layer: Recurrent) -> str:
    gates = {1: "", 3: "gates", 4: "gates"}[GATES[layer.cell]]
    return " and ".join(part for part in ("directions" * layer.both, gates) if part)


def _other_convention(sheet: Worksheet, question: _Question, vectors: Size, total: Symbol) -> None:
    """What the framework counts, and what the others would."""
    if question.cell == "gru" and question.two:
        told = "two bias vectors a gate (PyTorch, and Keras with reset_after=True, its default); textbooks, and Keras "
        other_count(sheet, told + "with reset_after=False, have one and count {more} fewer", vectors, total, -1)
    elif question.cell == "gru":
        told = "one bias vector a gate (textbooks, and Keras with reset_after=False); PyTorch, and Keras by default, "
        other_count(sheet, told + "keep two and count {more} more", vectors, total)
    elif question.two:
        told = "two bias vectors a gate (PyTorch); Keras keeps one and counts {more} fewer"
        other_count(sheet, told.replace(" a gate", "" if question.cell == "rnn" else " a gate"), vectors, total, -1)
    else:
        told = "one bias vector a gate (Keras); PyTorch keeps two and counts {more} more"
        other_count(sheet, told.replace(" a gate", "" if question.cell == "rnn" else " a gate"), vectors, total)
