"""The multilayer perceptron: forward pass, loss, every gradient, and a step of gradient descent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.functions import ACTIVATIONS, EXP, LOG, SOFTPLUS, textbook
from explain.engine.losses import LOSSES, loss_from_logits, loss_of, saturated, told
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.notation import PLUS, product, related
from explain.engine.prose import SYMBOLIC, say
from explain.engine.single_checks import single_differences
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar
from explain.topics._activations.tables import brought_along
from explain.topics._descent import descended
from explain.topics._effects import EFFECT
from explain.topics._network import Network, check_probabilities, checked

Activation = Literal[
    "sigmoid", "tanh", "relu", "leaky-relu", "identity", "softmax", "elu", "selu", "gelu", "gelu-tanh", "silu", "mish",
    "softplus", "softsign", "hard-sigmoid", "hardtanh", "relu6", "hard-swish",
]  # fmt: skip
LossName = Literal["squared-error", "half-squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy"]
Reduction = Literal["mean", "sum"]


@topic
def mlp(
    x: Annotated[Matrix, "input, such as -2,3; a batch has one sample a row: 1,2;3,4"],
    W: Annotated[tuple[Matrix, ...], "weights of a layer, one row a unit; once a layer, in order"],
    activation: Annotated[tuple[Activation, ...], "activation: once for all layers, or once a layer"],
    b: Annotated[tuple[Matrix, ...] | None, "bias of a layer; as often as W, or never"] = None,
    target: Annotated[Matrix | None, "target y, one number an output; one sample a row"] = None,
    loss: Annotated[LossName | None, "loss that compares the output with the target"] = None,
    reduction: Annotated[Reduction, "mean or sum of the loss over the samples of a batch"] = "mean",
    layout: Annotated[
        Literal["columns", "rows"], "columns: z = W x + b; rows: z = x W + b, one column a unit"
    ] = "columns",
    lr: Annotated[Scalar | None, "learning rate: one step of gradient descent is worked too"] = None,
) -> Answer:
    """Multilayer perceptron: forward pass, loss and gradients.

    z = W x + b and h = activation(z), layer by layer; with a target and a loss, every gradient by the chain rule, and
    for one sample in columns every local derivative on its own; with a learning rate, the weights after one step.
    Shapes: x (d×1), W (units×inputs), b (units×1), a batch with one sample a column; with rows x (1×d), W
    (inputs×units), b (1×units).

    Field: Networks and gradients

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.5, algorithms 6.3 and 6.4

    Examples:
        explain mlp --x 1,2 --W "0.5,-0.5" --activation sigmoid --target 1 --loss binary-cross-entropy
        explain mlp --x "1,2;3,4" --W "0.5,-0.5" --b 0.1 --activation tanh --target 1,0 --loss squared-error --lr 0.5

    Raises:
        InputError: shapes that do not meet, a number of biases or activations that fits no layer, a target without
            a loss, probabilities that are none, a learning rate without a loss.
    """
    rows = layout == "rows"
    network = checked(x, W, b, activation, target, rows)
    _together(target is not None, loss, lr)
    ends = "forward and backward pass" if loss else "forward pass"
    sheet = Worksheet(f"Multilayer perceptron {'-'.join(map(str, network.sizes))}: {ends}", mlp.source)
    entry, W_, b_, y = _givens(sheet, network, rows)
    _conventions(sheet, network, entry, loss, reduction, rows)

    sheet.part("Forward pass" if loss else "")
    output, logits = _forward(sheet, entry, W_, b_, network.activations, rows)
    if y is None or loss is None:
        return sheet.answer(output)
    value = _loss(sheet, output, logits, y, loss, reduction, network, rows)
    sheet.part("Backward pass")
    wrt = [symbol for at, weight in enumerate(W_) for symbol in (weight, *b_[at : at + 1])]
    links = {f"z_{at}": f"z_{at + 1}" for at in range(1, len(W_))}
    sheet.backward(value, wrt, links=links, jacobians=network.samples == 1 and not rows)
    finite_difference(sheet, value, wrt, value)
    single_differences(sheet, value, wrt, value)
    if (loss, network.activations[-1]) in (("binary-cross-entropy", "sigmoid"), ("cross-entropy", "softmax")):
        outputs = network.sizes[-1] if LOSSES[loss].mean else 1
        _check_error(sheet, output, logits, y, loss, outputs * (network.samples if reduction == "mean" else 1))
    gradients = [sheet.last(f"dL/d{symbol.name}") for symbol in wrt]
    if lr is None:
        return sheet.answer(output, value, *gradients)
    return sheet.answer(output, value, *gradients, *descended(sheet, wrt, gradients, lr))


def _forward(
    sheet: Worksheet, entry: Symbol, W: Sequence[Symbol], b: Sequence[Symbol], activations: Sequence[str], rows: bool
) -> tuple[Symbol, Symbol]:
    """z and h of every layer; the last h is ŷ."""  # noqa: D403 - a symbol
    h = z = entry
    for at, (weight, activation) in enumerate(zip(W, activations, strict=True), 1):
        last = at == len(W)
        layer = "Output layer" if last else "Hidden layer" if len(W) == 2 else f"Hidden layer {at}"
        count = weight.shape[1 if rows else 0]
        units = f"each of the {count} units" if count != 1 else "the unit"
        sums = ", adds the products, and adds its bias" if b else " and adds the products"
        affine = h @ weight if rows else weight @ h
        z = sheet.define(
            f"z_{at}",
            affine + b[at - 1] if b else affine,
            f"{layer}, before the activation",
            say(
                f"{units} multiplies the entries of {{h}} by its {'column' if rows else 'row'} of {{W}}{sums}",
                h=h,
                W=weight,
            ),
        )
        h = sheet.define(
            "yhat" if last else f"h_{at}",
            _activated(activation, z, rows),
            "Output" if last else f"{layer}, after the activation",
            say(EFFECT[activation], z=z),
        )
    return h, z


def _activated(activation: str, z: Symbol, rows: bool) -> Node:
    if activation == "identity":
        return z
    return Softmax(z, 1 if rows else 0) if activation == "softmax" else ACTIVATIONS[activation](z)


def _loss(
    sheet: Worksheet,
    output: Symbol,
    logits: Symbol,
    y: Symbol,
    name: LossName,
    reduction: Reduction,
    network: Network,
    rows: bool,
) -> Symbol:
    """The loss: from the output, or where that is saturated from what goes into the last activation."""
    prediction, target = sheet.values[output.name], sheet.values[y.name]
    check_probabilities(name, network.activations[-1], prediction, target, rows)
    outputs, samples = network.sizes[-1], network.samples if reduction == "mean" else 1
    if not saturated(name, network.activations[-1], prediction, target, outputs):
        why = say(f"{told(name, outputs)}: {{p}} against {{y}}", p=output, y=y)
        expression = loss_of(name, output, y, outputs, samples)
        _say_loss(sheet, name, outputs, expression)
        return sheet.define("L", expression, "Loss", why)
    if name == "binary-cross-entropy":
        z = Symbol("z")
        same = related(SOFTPLUS(z).write(SYMBOLIC), "=", LOG(1 + EXP(z)).write(SYMBOLIC))
        sheet.convention("{s}, worked as {d}", s=same, d=SOFTPLUS(z).defined())
    why = say(
        "{p} is so close to 0 or 1 that in floating point its logarithm, or that of 1 minus it, is unreliable "
        "(saturated); with the activation put in, the loss depends on {z}, the logits, directly and keeps all its "
        "digits",
        p=output,
        z=logits,
    )
    columns, goal = (logits.T, y.T) if rows else (logits, y)
    expression = loss_from_logits(name, columns, goal, outputs, samples)
    _say_loss(sheet, name, outputs, expression)
    return sheet.define("L", expression, "Loss, from the logits", why)


def _say_loss(sheet: Worksheet, name: LossName, outputs: int, expression: Node) -> None:
    """The loss with its formula, which stands even where its value is not asked."""
    natural = "; log is the natural logarithm" if "cross" in name else ""
    formula = related(word("L"), "=", expression.write(SYMBOLIC))
    sheet.convention(f"{told(name, outputs)}: {{f}}{natural}", f=formula)


def _check_error(sheet: Worksheet, output: Symbol, logits: Symbol, y: Symbol, name: LossName, number: int) -> None:
    """Sigmoid with binary cross-entropy, and softmax with cross-entropy, give ŷ - y."""
    import numpy as np

    gradient = sheet.last(f"dL/d{logits.name}")
    short = (sheet.values[output.name] - sheet.values[y.name]) / number
    over = f" divided by {number}" if number > 1 else ""
    sheet.check(
        bool(np.allclose(sheet.values[gradient.name], short, rtol=1e-9, atol=1e-12)),
        [gradient],
        say(
            f"{name} with its own activation must give {{g}} = {{p}} - {{y}}{over}, and does", g=gradient, p=output, y=y
        ),
    )


def _together(target: bool, loss: LossName | None, lr: Scalar | None) -> None:
    """Target and loss go together, and a step needs both."""
    if target != (loss is not None):
        there, missing = ("{target}", "{loss}") if target else ("{loss}", "{target}")
        raise InputError(
            f"{there} is given, but {missing} is missing: the gradients need both; losses: {', '.join(LOSSES)}"
        )
    if lr is not None and loss is None:
        raise InputError("{lr} is given, but {loss} and {target} are missing: a step needs the gradients of a loss")
    if lr is not None and lr.exact(()) <= 0:
        raise InputError(f"{{lr}} is {lr.text(())}: a learning rate must be positive, such as 0.1")


def _givens(sheet: Worksheet, network: Network, rows: bool) -> tuple[Symbol, list[Symbol], list[Symbol], Symbol | None]:
    batch = f"inputs, one sample a {'row' if rows else 'column'}"
    name, meaning = ("x", "input") if network.samples == 1 else ("X", batch)
    entry = sheet.given(name, network.x, meaning, option="x")
    W_, b_ = [], []
    for at, layer in enumerate(network.W, 1):
        W_.append(sheet.given(f"W_{at}", layer, f"weights of layer {at}", option="W"))
        if network.b:
            b_.append(sheet.given(f"b_{at}", network.b[at - 1], f"bias of layer {at}", option="b"))
    if network.target is None:
        return entry, W_, b_, None
    return entry, W_, b_, sheet.given("y", network.target, "target", option="target")


def _conventions(
    sheet: Worksheet, network: Network, entry: Symbol, loss: LossName | None, reduction: Reduction, rows: bool
) -> None:
    z, line = Symbol("z"), "row" if rows else "column"
    factors = [entry.word, word("W")] if rows else [word("W"), entry.word]
    affine = [product(factors), *([PLUS, word("b")] if network.b else [])]
    kept = f"vectors are {line}s" if network.samples == 1 else f"every {line} is a sample"
    added = f"; b is added to each {line}" if network.b and network.samples > 1 else ""
    sheet.convention(f"{kept}: {{f}}{added}", f=related(z.word, "=", *affine))
    for name in dict.fromkeys(network.activations):
        if name in ACTIVATIONS:
            applied = ACTIVATIONS[name](z)
            sheet.convention("{f}", f=related(applied.write(SYMBOLIC), "=", textbook(applied).write(SYMBOLIC)))
        if name == "softmax":
            sheet.convention(f"softmax divides e to the power of each entry by the sum of these powers in its {line}")
    brought_along(sheet, [ACTIVATIONS[name] for name in network.activations if name in ACTIVATIONS], z)
    if loss is None:
        return
    L = Symbol("L")
    if network.samples > 1:
        other = "multiplied by" if reduction == "mean" else "divided by"
        instead = "sum" if reduction == "mean" else "mean"
        samples = f"the {network.samples} samples (the {instead} would be {{L}} {other} {network.samples})"
        sheet.convention(f"{{L}} is the {reduction} over {samples}", L=L)
    sheet.convention(
        "a gradient has the shape of its parameter; in a Jacobian outputs are rows and inputs columns; a gradient "
        "step first names the chain of derivatives, then writes it in the order and with the transposes that fit"
    )
