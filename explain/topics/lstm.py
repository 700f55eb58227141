"""The LSTM, gate by gate through time, and back-propagation through all of it."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.matrices import Matrices
from explain.parameters import Matrix
from explain.topics._recurrent.cells import Cell
from explain.topics._recurrent.network import Activation, Ends, GateActivation, OutputActivation, YesNo, worked
from explain.topics._recurrent.sequence_network import LossName, LossOn, Reduction
from explain.topics._recurrent.weights import Framework


@topic
def lstm(
    x: Annotated[Matrices, "inputs: 2,3 for two steps of one number, ; between steps of several; | between samples"],
    W_f: Annotated[Matrices | None, "input weights of the forget gate, one row a unit; | between layers"] = None,
    U_f: Annotated[Matrices | None, "recurrent weights of the forget gate; without any U, W reads [h; x]"] = None,
    b_f: Annotated[Matrices | None, "bias of the forget gate"] = None,
    W_i: Annotated[Matrices | None, "input weights of the input gate"] = None,
    U_i: Annotated[Matrices | None, "recurrent weights of the input gate"] = None,
    b_i: Annotated[Matrices | None, "bias of the input gate"] = None,
    W_c: Annotated[Matrices | None, "input weights of the candidate"] = None,
    U_c: Annotated[Matrices | None, "recurrent weights of the candidate"] = None,
    b_c: Annotated[Matrices | None, "bias of the candidate"] = None,
    W_o: Annotated[Matrices | None, "input weights of the output gate"] = None,
    U_o: Annotated[Matrices | None, "recurrent weights of the output gate"] = None,
    b_o: Annotated[Matrices | None, "bias of the output gate"] = None,
    W: Annotated[Matrices | None, "input weights of all gates in one matrix, as the framework keeps them"] = None,
    U: Annotated[Matrices | None, "recurrent weights of all gates in one matrix"] = None,
    b: Annotated[Matrices | None, "bias of all gates"] = None,
    b_U: Annotated[Matrices | None, "second bias of all gates (PyTorch's bias_hh)"] = None,
    framework: Annotated[
        Framework | None,
        "keras: W is inputs×4·units; pytorch: 4·units×inputs; gates i, f, c, o in both (default: keras)",
    ] = None,
    h_0: Annotated[Matrices | None, "state before the first step; zeros if not given; | between layers"] = None,
    c_0: Annotated[Matrices | None, "cell before the first step; zeros if not given"] = None,
    bidirectional: Annotated[YesNo, "a second LSTM reads each sequence backwards; weights forward | backward"] = "no",
    activation: Annotated[Activation, "activation of the candidate and of the cell that is shown"] = "tanh",
    gate_activation: Annotated[GateActivation, "activation of the gates"] = "sigmoid",
    V: Annotated[Matrix | None, "output weights, one row an output; without them the states are the outputs"] = None,
    b_y: Annotated[Matrix | None, "bias of the outputs"] = None,
    output_activation: Annotated[OutputActivation, "activation of the outputs"] = "identity",
    target: Annotated[Matrices | None, "targets, one row a step that has a loss"] = None,
    loss: Annotated[LossName | None, "loss that compares the outputs with the targets"] = None,
    loss_on: Annotated[LossOn | None, "every: a loss at every step; last: at the last one (default: every)"] = None,
    reduction: Annotated[Reduction | None, "of the loss, over steps and samples (default: sum)"] = None,
) -> Answer:
    """Long short-term memory: every gate, cell and state through time; gradients by back-propagation through time.

    f_t, i_t, o_t = σ(W x_t + U h_{t-1} + b) each with its own weights, c̃_t = tanh(…), c_t = f_t ⊙ c_{t-1} + i_t ⊙ c̃_t,
    h_t = o_t ⊙ tanh(c_t). Shapes: x_t (d×1), W (n×d), U (n×n), b, h_t and c_t (n×1); a batch has one sample a column.
    With a target and a loss, every gradient: of the states as the sum of their paths, of the shared weights as the sum
    over time.

    Field: Recurrent networks

    Source: Hochreiter and Schmidhuber 1997; Gers, Schmidhuber and Cummins 2000; Goodfellow, Bengio and Courville 2016,
        eqs. 10.40-10.44 and section 10.2.2

    Examples:
        explain lstm --x 1,2 --W 0.5,-0.5,1,0.25 --U 0.1,0.2,0.3,0.4 --b 0,1,0,0 --target 0.5,0.8 --loss squared-error
        explain lstm --x "1,0.5;-1,2" --W-f 1,0 --U-f 0.1 --W-i 0,1 --U-i 0.2 --W-c 1,1 --U-c 0.3 --W-o 1,0 --U-o 0.4
        explain lstm --x 1 --W-f 0.5,0.2 --W-i 0.1,0.3 --W-c 0.4,0.6 --W-o 0.7,0.8

    Raises:
        InputError: a gate without weights, shapes that do not meet, a target without a loss.
    """
    given = {
        "W_f": W_f, "U_f": U_f, "b_f": b_f, "W_i": W_i, "U_i": U_i, "b_i": b_i, "W_c": W_c, "U_c": U_c, "b_c": b_c,
        "W_o": W_o, "U_o": U_o, "b_o": b_o, "W": W, "U": U, "b": b, "b_U": b_U,
    }  # fmt: skip
    cell = Cell("lstm", activation, gate_activation)
    ends = Ends(h_0, c_0, V, b_y, output_activation, target, loss, loss_on, reduction)
    return worked(lstm, cell, given, x, bidirectional == "yes", ends, framework)
