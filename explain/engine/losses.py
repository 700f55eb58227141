"""Losses: one scalar from predictions and targets, with the scale they are named for.

Sources: Goodfellow et al. 2016, sections 5.5 and 6.2; PyTorch documentation, torch.nn.functional.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from explain.engine.functions import (
    BERNOULLI_FROM_LOGITS,
    BERNOULLI_LIKELIHOOD,
    HALF_SQUARED_ERROR,
    LIKELIHOOD,
    SQUARED_ERROR,
)
from explain.engine.nodes.base import Node, Number
from explain.engine.nodes.functions import cross_entropy_from_logits
from explain.engine.nodes.linear import Sum

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
    from explain.engine.nodes.functions import ScalarFunction


class Loss(NamedTuple):
    """A loss: its function of one output, its sign, whether it is averaged over the outputs, what that is called."""

    function: ScalarFunction
    sign: int
    mean: bool
    told: str


NEARLY = 1e-6  # a probability as near to 0 or 1 as this is saturated: 1 - p keeps fewer than ten digits

LOSSES = {
    "squared-error": Loss(SQUARED_ERROR, 1, False, "squared error, summed over the outputs"),
    "half-squared-error": Loss(HALF_SQUARED_ERROR, 1, False, "half the squared error, summed over the outputs"),
    "mean-squared-error": Loss(SQUARED_ERROR, 1, True, "mean squared error, over the outputs"),
    "binary-cross-entropy": Loss(
        BERNOULLI_LIKELIHOOD, -1, True, "binary cross-entropy, the mean over the outputs as in PyTorch and Keras"
    ),
    "cross-entropy": Loss(LIKELIHOOD, -1, False, "cross-entropy, summed over the classes"),
}


def told(name: str, outputs: int) -> str:
    """What a loss is called; how it treats several outputs only where there are several."""
    text = LOSSES[name].told
    return text if outputs > 1 else text.split(",")[0]


def loss_of(name: str, prediction: Node, target: Node, outputs: int, samples: int) -> Node:
    """The loss of a prediction, averaged over `samples` (1: summed) and over the outputs where its name says so."""
    loss = LOSSES[name]
    total = Sum(loss.function(prediction, target))
    return _averaged(total if loss.sign > 0 else -total, (outputs if loss.mean else 1) * samples)


def loss_from_logits(name: str, logits: Node, target: Node, outputs: int, samples: int) -> Node:
    """The same loss with the sigmoid or softmax put in, which stays finite where that is saturated.

    Columns are samples here.
    """
    if name == "binary-cross-entropy":
        return _averaged(Sum(BERNOULLI_FROM_LOGITS(logits, target)), outputs * samples)
    return _averaged(cross_entropy_from_logits(logits, target), samples)


def _averaged(total: Node, number: int) -> Node:
    return total if number == 1 else total / Number(number, str(number))


def saturated(name: str, activation: str, prediction: Array, target: Array, outputs: int) -> bool:
    """Whether the textbook loss of this prediction would lose its digits or be infinite."""
    import numpy as np

    if (name, activation) == ("binary-cross-entropy", "sigmoid"):
        return bool(np.any(np.minimum(prediction, 1 - prediction) < NEARLY))
    if (name, activation) == ("cross-entropy", "softmax") and outputs > 1:
        used = prediction[target > 0]
        return bool(np.any((used < 1e-300) | (1 - used < NEARLY)))
    return False
