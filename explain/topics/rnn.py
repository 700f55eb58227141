"""The simple recurrent network, step by step through time, and back-propagation through all of it."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.matrices import Matrices
from explain.parameters import Matrix
from explain.topics._recurrent.cells import Cell
from explain.topics._recurrent.network import Activation, Ends, OutputActivation, YesNo, worked
from explain.topics._recurrent.sequence_network import LossName, LossOn, Reduction


@topic
def rnn(
    x: Annotated[Matrices, "inputs: 2,3 for two steps of one number, ; between steps of several; | between samples"],
    W: Annotated[Matrices, "recurrent weights, units×units; without U they read [h; x]; | between layers"],
    U: Annotated[Matrices | None, "input weights, one row a unit"] = None,
    b_h: Annotated[Matrices | None, "bias of the hidden units"] = None,
    V: Annotated[Matrix | None, "output weights, one row an output; without them the states are the outputs"] = None,
    b_y: Annotated[Matrix | None, "bias of the outputs"] = None,
    h_0: Annotated[Matrices | None, "initial state; zeros if not given; | between layers"] = None,
    bidirectional: Annotated[YesNo, "a second RNN reads each sequence backwards; weights forward | backward"] = "no",
    activation: Annotated[Activation, "activation of the hidden units"] = "tanh",
    output_activation: Annotated[OutputActivation, "activation of the outputs"] = "identity",
    target: Annotated[Matrices | None, "targets, one row a step that has a loss"] = None,
    loss: Annotated[LossName | None, "loss that compares the outputs with the targets"] = None,
    loss_on: Annotated[LossOn | None, "every: a loss at every step; last: at the last one (default: every)"] = None,
    reduction: Annotated[Reduction | None, "of the loss, over steps and samples (default: sum)"] = None,
) -> Answer:
    """Simple recurrent network: every state and output through time; gradients by back-propagation through time.

    h_t = f(U x_t + W h_{t-1} + b_h), y_t = g(V h_t + b_y). Shapes: x_t (d×1), U (n×d), W (n×n), h_t (n×1), V (k×n); a
    batch has one sample a column. W fixes the number of units n, so that U's shape says whether 2,3 is two time steps
    or one step of two features. With a target and a loss, every gradient: of the states as the sum of their paths, of
    the shared weights as the sum over time.

    Field: Recurrent networks

    Source: Elman 1990, Finding Structure in Time; Goodfellow et al. 2016, eqs. 10.8-10.11 and 10.17-10.28

    Examples:
        explain rnn --x 2,3 --U 0.5,0.6 --W "0.1,0.2;0.3,0.4" --b-h 0.1,-0.1 --V 1,2 --b-y 0.1
        explain rnn --x "1,2;3,4" --U "0.5,-0.5" --W 0.9 --activation relu
        explain rnn --x 2,3 --U 0.5 --W 0.9 --V 1 --target 1,2 --loss squared-error

    Raises:
        InputError: shapes that do not meet; too many time steps; b_y without V; a target without a loss.
    """
    ends = Ends(h_0, None, V, b_y, output_activation, target, loss, loss_on, reduction)
    return worked(rnn, Cell("rnn", activation), {"U": U, "W": W, "b_h": b_h}, x, bidirectional == "yes", ends)
