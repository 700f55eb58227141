"""The GRU, gate by gate through time, and back-propagation through all of it."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.errors import InputError
from explain.matrices import Matrices
from explain.parameters import Matrix
from explain.topics._recurrent.cells import Cell
from explain.topics._recurrent.network import Activation, Ends, GateActivation, OutputActivation, YesNo, worked
from explain.topics._recurrent.sequence_network import LossName, LossOn, Reduction
from explain.topics._recurrent.weights import Framework


@topic
def gru(
    x: Annotated[Matrices, "inputs: 2,3 for two steps of one number, ; between steps of several; | between samples"],
    W_r: Annotated[Matrices | None, "input weights of the reset gate, one row a unit; | between layers"] = None,
    U_r: Annotated[Matrices | None, "recurrent weights of the reset gate; without any U, W reads [h; x]"] = None,
    b_r: Annotated[Matrices | None, "bias of the reset gate"] = None,
    W_z: Annotated[Matrices | None, "input weights of the update gate"] = None,
    U_z: Annotated[Matrices | None, "recurrent weights of the update gate"] = None,
    b_z: Annotated[Matrices | None, "bias of the update gate"] = None,
    W_h: Annotated[Matrices | None, "input weights of the candidate"] = None,
    U_h: Annotated[Matrices | None, "recurrent weights of the candidate"] = None,
    b_h: Annotated[Matrices | None, "bias of the candidate"] = None,
    b_Uh: Annotated[Matrices | None, "second bias of the candidate, beside U, which the reset gate multiplies"] = None,
    W: Annotated[Matrices | None, "input weights of all gates in one matrix, as the framework keeps them"] = None,
    U: Annotated[Matrices | None, "recurrent weights of all gates in one matrix"] = None,
    b: Annotated[Matrices | None, "bias of all gates; two rows as Keras keeps them: beside W, beside U"] = None,
    b_U: Annotated[Matrices | None, "second bias of all gates, beside U"] = None,
    framework: Annotated[
        Framework | None,
        "keras: W is inputs×3·units, gates z, r, h; pytorch: 3·units×inputs, gates r, z, h (default: keras)",
    ] = None,
    reset_after: Annotated[
        YesNo | None, "yes: r multiplies U h + b (Keras, PyTorch); no: r multiplies h (Cho et al.); [h; x]: no"
    ] = None,
    update: Annotated[
        Literal["keeps", "renews"], "keeps: z h + (1 - z) h̃ (Cho et al., Keras, PyTorch); renews: (1 - z) h + z h̃"
    ] = "keeps",
    h_0: Annotated[Matrices | None, "state before the first step; zeros if not given; | between layers"] = None,
    bidirectional: Annotated[YesNo, "a second GRU reads each sequence backwards; weights forward | backward"] = "no",
    activation: Annotated[Activation, "activation of the candidate"] = "tanh",
    gate_activation: Annotated[GateActivation, "activation of the gates"] = "sigmoid",
    V: Annotated[Matrix | None, "output weights, one row an output; without them the states are the outputs"] = None,
    b_y: Annotated[Matrix | None, "bias of the outputs"] = None,
    output_activation: Annotated[OutputActivation, "activation of the outputs"] = "identity",
    target: Annotated[Matrices | None, "targets, one row a step that has a loss"] = None,
    loss: Annotated[LossName | None, "loss that compares the outputs with the targets"] = None,
    loss_on: Annotated[LossOn | None, "every: a loss at every step; last: at the last one (default: every)"] = None,
    reduction: Annotated[Reduction | None, "of the loss, over steps and samples (default: sum)"] = None,
) -> Answer:
    """Gated recurrent unit: both gates, candidate and state through time; gradients by back-propagation through time.

    r_t, z_t = σ(W x_t + U h_{t-1} + b) each with its own weights; the candidate h̃_t = tanh(…) sees the old state as
    far as r_t shows it; h_t = z_t ⊙ h_{t-1} + (1 - z_t) ⊙ h̃_t. Shapes: x_t (d×1), W (n×d), U (n×n), b and h_t (n×1);
    a batch has one sample a column. With a target and a loss, every gradient through time.

    Field: Recurrent networks

    Source: Cho et al. 2014, eqs. 5-8; Chung et al. 2014, section 3.2, where z lets in the new state; Keras and PyTorch
        documentation of GRU

    Examples:
        explain gru --x 1,2 --W 0.5,-0.5,1 --U 0.1,0.2,0.3 --b 0,1,0 --target 0.5,0.8 --loss squared-error
        explain gru --x "1,0;0,1" --W-r 0.2,0.6 --U-r 0.1 --W-z 0.5,-0.4 --U-z 0.3 --W-h -0.7,0.9 --U-h 0.4
        explain gru --x 1 --W-r 0.5,0.2 --W-z 0.1,0.3 --W-h 0.4,0.6 --update renews

    Raises:
        InputError: a gate without weights, shapes that do not meet, a target without a loss; a second bias, or a reset
            after the product, where the weights read [h; x].
    """
    given = {
        "W_r": W_r, "U_r": U_r, "b_r": b_r, "W_z": W_z, "U_z": U_z, "b_z": b_z, "W_h": W_h, "U_h": U_h, "b_h": b_h,
        "b_Uh": b_Uh, "W": W, "U": U, "b": b, "b_U": b_U,
    }  # fmt: skip
    stacked = W is None and U_r is None and U_z is None and U_h is None
    if stacked and reset_after == "yes":
        raise InputError(
            "{reset_after} is yes, but without {U_r}, {U_z} and {U_h} the weights read the state stacked upon the "
            "input: give W and U apart, or {reset_after} no"
        )
    cell = Cell("gru", activation, gate_activation, reset_after=reset_after != "no", update_keeps=update == "keeps")
    ends = Ends(h_0, None, V, b_y, output_activation, target, loss, loss_on, reduction)
    return worked(gru, cell, given, x, bidirectional == "yes", ends, framework)
