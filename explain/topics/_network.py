"""The input of a network, checked: vectors turned the only way that fits, every number of layers agreeing.

Arrays come out in the layout of the answer: one sample a column (`columns`) or one sample a row (`rows`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from explain.engine.losses import NEARLY
from explain.engine.shapes import Shape, write
from explain.engine.values import Values
from explain.errors import InputError, amount
from explain.layers.base import Flow, whole_number
from explain.layers.simple import Dense

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array


class Network(NamedTuple):
    """The checked arrays of a network, its layer sizes, and how many samples there are."""

    x: Values
    W: list[Values]
    b: list[Values]
    activations: list[str]
    target: Values | None
    sizes: list[int]
    samples: int


def checked(
    x: Values,
    W: Sequence[Values],
    b: Sequence[Values] | None,
    activation: Sequence[str],
    target: Values | None,
    rows: bool,
) -> Network:
    """All arrays against each other.

    Raises:
        InputError: names the option, its shape, the rule and the mend.
    """
    weights, samples = _weights(x, W, rows)
    biases = _biases(b, weights, rows)
    sizes = [int(weights[0].shape[0 if rows else 1]), *(int(layer.shape[1 if rows else 0]) for layer in weights)]
    inputs = x.reshape((samples, sizes[0])) if samples > 1 or len(x.shape) == 1 else x.reshape((1, len(x)))
    goal = None if target is None else _target(target, sizes[-1], samples)
    return Network(
        inputs if rows else inputs.transposed(),
        weights,
        biases,
        _one_each(activation, len(W)),
        goal if goal is None or rows else goal.transposed(),
        sizes,
        samples,
    )


def _one_each(activation: Sequence[str], layers: int) -> list[str]:
    """The activation of every layer."""
    if len(activation) not in (1, layers):
        raise InputError(
            f"{{activation}} is given {amount(len(activation), 'time')} for {amount(layers, 'layer')}: "
            "give it once for all, or once a layer"
        )
    each = list(activation) * (layers if len(activation) == 1 else 1)
    if "softmax" in each[:-1]:
        raise InputError(
            f"{{activation}} is softmax in layer {each.index('softmax') + 1}: softmax belongs to the last layer"
        )
    return each


def _weights(x: Values, W: Sequence[Values], rows: bool) -> tuple[list[Values], int]:
    """The weights, vectors among them as matrices, and the number of samples in x."""
    into, out = (0, 1) if rows else (1, 0)  # which axis of W meets the input
    axis = "row" if rows else "column"
    width, samples = _entry(x, W[0], into)
    weights = []
    for at, given in enumerate(W, 1):
        source = "x" if at == 1 else f"h_{at - 1}"
        layer = given
        if len(given.shape) == 1:
            units = len(given) if width == 1 else 1
            layer = given.reshape(_shapes(units, width, rows)[0] if units * width == len(given) else (1, len(given)))
        if layer.shape != _shapes(int(layer.shape[out]), width, rows)[0]:
            which = f" number {at}" if len(W) > 1 else ""
            turned = f" ({{W}} transposed, {write(layer.shape[::-1])}, would fit)" if layer.shape[out] == width else ""
            raise InputError(
                f"{{W}}{which} is {write(layer.shape)}, but {source} has {amount(width, 'entry')}: "
                f"it needs {amount(width, axis)}{turned}"
            )
        weights.append(layer)
        width = int(layer.shape[out])
    return weights, samples


def _shapes(units: int, inputs: int, rows: bool) -> tuple[Shape, Shape]:
    """The shapes of the weights and of the bias of a layer: as Keras keeps them for rows, as PyTorch for columns."""
    layer = Dense(units).stored(Flow((inputs,), "vector"), "keras" if rows else "pytorch")
    weights, bias = (tuple(whole_number(size) for size in array.shape) for array in layer)
    return weights, (1, *bias) if rows else (*bias, 1)


def _entry(x: Values, first: Values, into: int) -> tuple[int, int]:
    """How many entries a sample has, and how many samples there are; a vector is one sample."""
    if len(x.shape) == 1:
        return len(x), 1
    samples, width = (int(size) for size in x.shape)
    wanted = first.shape[into] if len(first.shape) == 2 else None
    if width == 1 and wanted == samples:
        return samples, 1  # a column is one sample
    return width, samples


def _biases(b: Sequence[Values] | None, weights: Sequence[Values], rows: bool) -> list[Values]:
    if b is None:
        return []
    if len(b) != len(weights):
        raise InputError(
            f"{{b}} is given {amount(len(b), 'time')} for {amount(len(weights), 'layer')}: "
            "give it once a layer, or never"
        )
    shaped = []
    for at, (bias, layer) in enumerate(zip(b, weights, strict=True), 1):
        units, inputs = int(layer.shape[1 if rows else 0]), int(layer.shape[0 if rows else 1])
        if len(bias) != units or (len(bias.shape) == 2 and 1 not in bias.shape):
            which = f" number {at}" if len(b) > 1 else ""
            shape = write(bias.shape) if len(bias.shape) == 2 else amount(len(bias), "number")
            raise InputError(
                f"{{b}}{which} is {shape}, but layer {at} has {amount(units, 'unit')}: "
                f"it needs {amount(units, 'number')}"
            )
        shaped.append(bias.reshape(_shapes(units, inputs, rows)[1]))
    return shaped


def _target(target: Values, outputs: int, samples: int) -> Values:
    """The target with one sample a row."""
    if len(target) != outputs * samples:
        raise InputError(
            f"{{target}} has {amount(len(target), 'number')}, but the network has {amount(outputs, 'output')} for "
            f"{amount(samples, 'sample')}: it needs {outputs * samples}"
        )
    return target.reshape((samples, outputs))


def check_probabilities(
    name: str, activation: str, prediction: Array, target: Array, rows: bool, option: str = "activation"
) -> None:
    """Cross-entropies need probabilities on both sides, far enough from 0 and 1 for their logarithm.

    Raises:
        InputError: names the option and what would do.
    """
    import numpy as np

    if "cross-entropy" not in name:
        return
    if np.any((target < 0) | (target > 1)):
        raise InputError(f"{{target}} has a number outside [0, 1]: {name} needs probabilities")
    sums = target.sum(axis=1 if rows else 0)
    if name == "cross-entropy" and np.any(abs(sums - 1) > 1e-9):
        raise InputError(f"{{target}} sums to {sums.tolist()[0]:g}: cross-entropy needs a sum of 1, such as 0,1,0")
    usual = "sigmoid" if name.startswith("binary") else "softmax"
    unsafe = (prediction < NEARLY) | (prediction > 1 - NEARLY)
    if activation != usual and np.any(unsafe & (prediction >= 0) & (prediction <= 1)):
        raise InputError(
            f"{{{option}}} {activation} gives an output that is almost 0 or 1, and the logarithm in {name} "
            f"would lose its digits: end with {usual}, whose loss is taken from the logits"
        )
    if activation not in ("sigmoid", "softmax") and np.any((prediction <= 0) | (prediction >= 1)):
        raise InputError(
            f"{{{option}}} {activation} gives an output outside (0, 1): {name} needs probabilities; end with {usual}"
        )
