"""The multilayer perceptron: forward pass, loss and every gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.functions import ACTIVATIONS, EXP, LOG, SOFTPLUS
from explain.engine.losses import LOSSES, NEARLY, loss_from_logits, loss_of, saturated, told
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.notation import PLUS, product, related
from explain.engine.prose import SYMBOLIC, say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix

Activation = Literal["sigmoid", "tanh", "relu", "leaky-relu", "identity", "softmax"]
LossName = Literal["squared-error", "half-squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy"]
EFFECT = {
    "sigmoid": "σ takes each entry of {z} into (0, 1)",
    "tanh": "tanh takes each entry of {z} into (-1, 1)",
    "relu": "ReLU keeps what is positive in {z} and sets the rest to 0",
    "leaky-relu": "LeakyReLU keeps what is positive in {z} and takes a hundredth of the rest",
    "identity": "the activation is the identity: {z} passes as it is",
    "softmax": "softmax makes the entries of {z} positive and lets them sum to 1: probabilities",
}


@topic
def mlp(
    x: Annotated[Matrix, "input, such as -2,3; a batch has one sample a row: 1,2;3,4"],
    W: Annotated[tuple[Matrix, ...], "weights of a layer, one row a unit; once a layer, in order"],
    activation: Annotated[tuple[Activation, ...], "activation: once for all layers, or once a layer"],
    b: Annotated[tuple[Matrix, ...] | None, "bias of a layer; as often as W, or never"] = None,
    target: Annotated[Matrix | None, "target y, one number an output"] = None,
    loss: Annotated[LossName | None, "loss that compares the output with the target"] = None,
) -> Answer:
    """Multilayer perceptron: forward pass, loss and gradients.

    z = W x + b and h = activation(z), layer by layer; with a target and a loss, every local derivative and every
    gradient by the chain rule. Shapes: x (d×1), W (units×inputs), b (units×1); a batch has one sample a column.

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.5, algorithms 6.3 and 6.4

    Examples:
        explain mlp --x 1,2 --W "0.5,-0.5" --activation sigmoid --target 1 --loss binary-cross-entropy

    Raises:
        InputError: shapes that do not meet, a number of biases or activations that fits no layer, a target without
            a loss, probabilities that are none.
    """
    activations = _one_each(activation, len(W))
    weights, inputs = _oriented(x, W)
    samples = int(inputs.shape[1])
    biases = _biases(b, weights)
    sizes = [int(inputs.shape[0]), *(int(layer.shape[0]) for layer in weights)]
    ends = "forward and backward pass" if loss else "forward pass"
    sheet = Worksheet(f"Multilayer perceptron {'-'.join(map(str, sizes))}: {ends}", mlp.source)
    if (target is None) != (loss is None):
        missing, there = ("{loss}", "{target}") if loss is None else ("{target}", "{loss}")
        raise InputError(
            f"{there} is given, but {missing} is missing: the gradients need both; losses: {', '.join(LOSSES)}"
        )

    name, meaning = ("x", "input") if samples == 1 else ("X", "inputs, one sample a column")
    entry = sheet.given(name, inputs, meaning, option="x")
    W_, b_ = [], []
    for at, layer in enumerate(weights, 1):
        W_.append(sheet.given(f"W_{at}", layer, f"weights of layer {at}", option="W"))
        if biases:
            b_.append(sheet.given(f"b_{at}", biases[at - 1], f"bias of layer {at}", option="b"))
    y = None
    if target is not None:
        y = sheet.given("y", _target(target, sizes[-1], samples), "target", option="target")
    _conventions(sheet, activations, entry, loss, sizes[-1])

    sheet.part("Forward pass" if loss else "")
    outputs, logits = _forward(sheet, entry, W_, b_, activations)
    if y is None or loss is None:
        return sheet.answer(outputs)
    return _with_loss(
        sheet,
        outputs,
        logits,
        y,
        loss,
        activations[-1],
        [s for pair in zip(W_, b_ or W_, strict=True) for s in dict.fromkeys(pair)],
    )


def _forward(
    sheet: Worksheet, entry: Symbol, W: Sequence[Symbol], b: Sequence[Symbol], activations: Sequence[str]
) -> tuple[Symbol, Symbol]:
    """Z and h of every layer; the last h is ŷ."""
    h = z = entry
    for at, (weight, activation) in enumerate(zip(W, activations, strict=True), 1):
        last = at == len(W)
        layer = "Output layer" if last else "Hidden layer" if len(W) == 2 else f"Hidden layer {at}"
        units = f"each of the {weight.shape[0]} units" if weight.shape[0] != 1 else "the unit"
        sums = ", adds the products, and adds its bias" if b else " and adds the products"
        z = sheet.define(
            f"z_{at}",
            weight @ h + b[at - 1] if b else weight @ h,
            f"{layer}, before the activation",
            say(f"{units} multiplies the entries of {{h}} by its row of {{W}}{sums}", h=h, W=weight),
        )
        h = sheet.define(
            "yhat" if last else f"h_{at}",
            _activated(activation, z),
            "Output" if last else f"{layer}, after the activation",
            say(EFFECT[activation], z=z),
        )
    return h, z


def _activated(activation: str, z: Symbol) -> Node:
    if activation == "identity":
        return z
    return Softmax(z, 0) if activation == "softmax" else ACTIVATIONS[activation](z)


def _with_loss(
    sheet: Worksheet, output: Symbol, logits: Symbol, y: Symbol, name: LossName, activation: str, wrt: Sequence[Symbol]
) -> Answer:
    _check_target(name, activation, sheet, output, y)
    safe = saturated(name, activation, sheet.values[output.name], sheet.values[y.name])
    if safe:
        title, why = "Loss, from the logits", say(
            "{p} is so close to 0 or 1 that in floating point its logarithm, or that of 1 minus it, is unreliable "
            "(saturated); with the activation put in, the loss depends on {z}, the logits, directly and keeps all its "
            "digits",
            p=output,
            z=logits,
        )  # fmt: skip
        if name == "binary-cross-entropy":
            z = Symbol("z")
            same = related(SOFTPLUS(z).write(SYMBOLIC), "=", LOG(1 + EXP(z)).write(SYMBOLIC))
            sheet.convention("{s}, worked as {d}", s=same, d=SOFTPLUS(z).defined())
    else:
        title, why = "Loss", say(f"{told(name, int(output.shape[0]))}: {{p}} against {{y}}", p=output, y=y)
    expression = loss_from_logits(name, logits, y) if safe else loss_of(name, output, y)
    value = sheet.define("L", expression, title, why)
    sheet.part("Backward pass")
    layers = sum(symbol.name.startswith("W_") for symbol in wrt)
    sheet.backward(value, wrt, links={f"z_{at}": f"z_{at + 1}" for at in range(1, layers)})
    finite_difference(sheet, value, wrt, value)
    return sheet.answer(output, value, *(sheet.last(f"dL/d{symbol.name}") for symbol in wrt))


def _conventions(
    sheet: Worksheet, activations: Sequence[str], entry: Symbol, loss: LossName | None, outputs: int
) -> None:
    z, samples = Symbol("z"), int(entry.shape[1])
    biased = any(item.symbol.name == "b_1" for item in sheet.given_items)
    affine = [product([word("W"), entry.word]), *([PLUS, word("b")] if biased else [])]
    layout = "vectors are columns" if samples == 1 else "every column is a sample"
    added = "; b is added to each column" if biased and samples > 1 else ""
    sheet.convention(f"{layout}: {{f}}{added}", f=related(z.word, "=", *affine))
    for name in dict.fromkeys(activations):
        if name in ACTIVATIONS:
            function = ACTIVATIONS[name]
            defined = function(z).defined()
            if name == "tanh":
                defined = (EXP(z) - EXP(-z)) / (EXP(z) + EXP(-z))
            sheet.convention("{f}", f=related(function(z).write(SYMBOLIC), "=", defined.write(SYMBOLIC)))
        if name == "softmax":
            sheet.convention("softmax divides e to the power of each entry by the sum of these powers")
    if loss is not None:
        sheet.convention(
            f"{{L}}: {told(loss, outputs)}" + ("; log is the natural logarithm" if "cross" in loss else ""),
            L=Symbol("L"),
        )
        if samples > 1:
            sheet.convention(f"{{L}} is the mean over the {samples} samples", L=Symbol("L"))
        sheet.convention(
            "a gradient has the shape of its parameter; in a Jacobian outputs are rows and inputs columns; a gradient "
            "step first names the chain of derivatives, then writes it in the order and with the transposes that fit"
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


def _oriented(x: Values, W: Sequence[Values]) -> tuple[list[Values], Values]:
    """Weights as units×inputs and the input with one sample a column, vectors turned the only way that fits."""
    first = W[0]
    inputs = x.reshape((len(x), 1)) if len(x.shape) == 1 else x.transposed()
    columns = first.shape[1] if len(first.shape) == 2 else None
    if len(x.shape) == 2 and columns is not None and inputs.shape[0] != columns and inputs.shape[0] == 1:
        inputs = x  # a column was given
    width = int(inputs.shape[0])
    weights = []
    for at, given in enumerate(W, 1):
        source = "x" if at == 1 else f"h_{at - 1}"
        layer = _as_matrix(given, width)
        if layer.shape[1] != width:
            which = f" number {at}" if len(W) > 1 else ""
            turned = f" ({{W}} transposed, {write(layer.shape[::-1])}, would fit)" if layer.shape[0] == width else ""
            raise InputError(
                f"{{W}}{which} is {write(layer.shape)}, but {source} has {amount(width, 'row')}: "
                f"it needs {amount(width, 'column')}{turned}"
            )
        weights.append(layer)
        width = int(layer.shape[0])
    return weights, inputs


def _as_matrix(given: Values, width: int) -> Values:
    if len(given.shape) == 2:
        return given
    return given.reshape((len(given), 1) if width == 1 else (1, len(given)))


def _biases(b: Sequence[Values] | None, weights: Sequence[Values]) -> list[Values]:
    if b is None:
        return []
    if len(b) != len(weights):
        raise InputError(
            f"{{b}} is given {amount(len(b), 'time')} for {amount(len(weights), 'layer')}: "
            "give it once a layer, or never"
        )
    columns = []
    for at, (bias, layer) in enumerate(zip(b, weights, strict=True), 1):
        units = int(layer.shape[0])
        if len(bias) != units or (len(bias.shape) == 2 and 1 not in bias.shape):
            which = f" number {at}" if len(b) > 1 else ""
            shape = write(bias.shape) if len(bias.shape) == 2 else amount(len(bias), "number")
            raise InputError(
                f"{{b}}{which} is {shape}, but layer {at} has {amount(units, 'unit')}: "
                f"it needs {amount(units, 'number')}"
            )
        columns.append(bias.reshape((units, 1)))
    return columns


def _target(target: Values, outputs: int, samples: int) -> Values:
    """The target with the shape of the output: one sample a column."""
    if len(target) != outputs * samples:
        raise InputError(
            f"{{target}} has {amount(len(target), 'number')}, but the network has {amount(outputs, 'output')} for "
            f"{amount(samples, 'sample')}: it needs {outputs * samples}"
        )
    return target.reshape((samples, outputs)).transposed()


def _check_target(name: str, activation: str, sheet: Worksheet, output: Symbol, y: Symbol) -> None:
    """Cross-entropies need probabilities on both sides."""
    import numpy as np

    target, prediction = sheet.values[y.name], sheet.values[output.name]
    if "cross-entropy" not in name:
        return
    if np.any((target < 0) | (target > 1)):
        raise InputError(f"{{target}} has a number outside [0, 1]: {name} needs probabilities")
    if name == "cross-entropy" and np.any(abs(target.sum(axis=0) - 1) > 1e-9):
        raise InputError(
            f"{{target}} sums to {target.sum(axis=0).tolist()[0]:g}: cross-entropy needs a sum of 1, such as 0,1,0"
        )
    usual = "sigmoid" if name.startswith("binary") else "softmax"
    unsafe = (prediction < NEARLY) | (prediction > 1 - NEARLY)
    if activation != usual and np.any(unsafe & (prediction >= 0) & (prediction <= 1)):
        raise InputError(
            f"{{activation}} {activation} gives an output that is almost 0 or 1, and the logarithm in {name} "
            f"would lose its digits: end with {usual}, whose loss is taken from the logits"
        )
    if activation not in ("sigmoid", "softmax") and np.any((prediction <= 0) | (prediction >= 1)):
        raise InputError(
            f"{{activation}} {activation} gives an output outside (0, 1): {name} needs probabilities; end with {usual}"
        )
