"""A chain of layers with values: a convolutional network worked layer by layer, and every gradient."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.chains import Chain
from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.losses import LOSSES, loss_from_logits, loss_of, saturated, told
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.single_checks import single_differences
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.extents import Extent
from explain.layers.base import Layer
from explain.layers.branches import Skip
from explain.layers.convolution import Convolution
from explain.layers.sliding import GlobalPool, Sliding
from explain.layers.vocabulary import Setting
from explain.maps import Maps
from explain.parameters import Matrix
from explain.topics._layers.chain import Shapes, run_through
from explain.topics._layers.steps import LayerSteps
from explain.topics._layers.weights import LayerWeights, Weights
from explain.topics._network import check_probabilities
from explain.topics._windows.pages import FILTERS, check_total, example_of, upstream

LossName = Literal["squared-error", "half-squared-error", "mean-squared-error", "binary-cross-entropy", "cross-entropy"]


@topic
def cnn(
    chain: Annotated[Chain, "the layers in order, such as conv 1 3x3 same, relu, pool 2, flatten, dense 2"],
    X: Annotated[Maps, "one input: a map 1,2;3,4; | between channels; a row 1,2,3"],
    weights: Annotated[Weights | None, "weights of the layers by their places: --W-1 1,0;0,1 --b-1 0.5"] = None,
    dims: Annotated[Literal["1", "2"], "axes that windows slide along; 1: X is channels x length"] = "2",
    target: Annotated[Matrix | None, "target y, one number an output; of classes 1 for the right one, else 0"] = None,
    loss: Annotated[LossName | None, "loss that compares the output with the target"] = None,
    dY: Annotated[Maps | None, "gradient arriving at the output from above, in place of target and loss"] = None,
) -> Answer:
    """Convolutional network with values: each layer worked, then every gradient.

    The layers are written as in `explain network`: conv, transposed, the activations, pool, globalpool, batchnorm (as
    at inference), flatten, dense, dropout, and skip … add for a residual block. The weights of layer 3 are W_3 (filters
    × channels × rows × columns, or units × inputs) and b_3; a bias that is not given is left out. X is one sample,
    (H×W) or (C×H×W).

    Field: Convolution

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, sections 6.5 and 9.1-9.3; PyTorch documentation,
    torch.nn.Conv2d, MaxPool2d, Linear

    Examples:
        explain cnn "conv 1 2x2, relu, flatten, dense 1" --X "1,2,0;0,1,3;2,1,1" --W-1 "1,0;-1,2" --W-4 1,-1,0,0.5
        explain cnn "skip, conv 1 1x1, relu, add" --X "-1,2;1,1" --W-2 2 --dY "1,0;0,1"

    Raises:
        InputError: a layer that is not understood or does not fit what arrives, weights that are missing, have another
            shape or belong to no layer, a target without a loss.
    """
    layers = chain.layers(Setting())
    shapes = Shapes(False)
    x = _entering(X, dims, layers)
    sizes = x.shape[:1] if x.shape[1:] == (1,) else x.shape
    passed = run_through(layers, shapes.read(Extent([int(size) for size in sizes]), layers), shapes)
    _together(target, loss, dY)
    sheet = Worksheet(f"Convolutional network of {amount(len(layers), 'layer')}", cnn.source)
    entry = sheet.given("X", x, "input", option="X")
    known = LayerWeights(sheet, passed, weights.values if weights is not None else {})
    backward = loss is not None or dY is not None
    _conventions(sheet, layers, known)
    goal = None if target is None else sheet.given("y", target.reshape((len(target), 1)), "target", option="target")

    sheet.part("Forward pass" if backward else "")
    steps = LayerSteps(sheet, known, entry)
    for at, item in enumerate(passed, 1):
        steps.layer(at, item)
    output = steps.flow
    for z, read, kernel, bias, layout in steps.layouts:
        check_total(sheet, z, read, kernel, bias, layout)
    if output is entry:
        raise InputError("the chain does nothing to X: give a layer that works, such as conv, pool or dense")
    wanted = [entry, *known.trained]
    if goal is not None and loss is not None:
        value = _loss(sheet, steps, goal, loss)
        sheet.part("Backward pass")
        sheet.backward(value, wanted, jacobians=False)
        finite_difference(sheet, value, wanted, value)
        single_differences(sheet, value, wanted, value)
        return sheet.answer(output, value, *_gradients(sheet, wanted))
    arriving = upstream(sheet, output.name, dY, output, "dY")
    if arriving is None:
        return sheet.answer(output)
    sheet.part("Backward pass")
    sheet.backward(output, wanted, seed=arriving, jacobians=False)
    reached = Sum(output * arriving)
    finite_difference(sheet, reached, wanted, reached)
    return sheet.answer(output, *_gradients(sheet, wanted))


def _entering(X: Maps, dims: str, layers: Sequence[Layer]) -> Values:
    """The input with the axes that the layers read: channels and places, or one column.

    Raises:
        InputError: more axes than one sample has.
    """
    axes = int(dims)
    if not any(isinstance(layer, Sliding | GlobalPool) for layer in layers):
        column = sum(size != 1 for size in X.shape) <= 1 and len(X.shape) < 3
        return X.reshape((len(X), 1)) if column else _maps(X, axes)
    return _maps(X, axes)


def _maps(X: Maps, axes: int) -> Values:
    given = X.reshape((*(1,) * (axes + 1 - len(X.shape)), *X.shape)) if len(X.shape) <= axes else X
    if len(given.shape) > axes + 1:
        what = "channels, rows and columns" if axes == 2 else "channels and length"
        raise InputError(
            f"{{X}} is {write(X.shape)}: one sample belongs here, with {what}; give the samples one by one"
        )
    return given


def _together(target: Matrix | None, loss: str | None, dY: Maps | None) -> None:
    """Target and loss go together, and neither with a gradient from above."""
    if (target is None) != (loss is None):
        there, missing = ("{loss}", "{target}") if target is None else ("{target}", "{loss}")
        raise InputError(f"{there} is given, but {missing} is missing: give both; losses: {', '.join(LOSSES)}")
    if loss is not None and dY is not None:
        raise InputError("{dY} and {loss} are both given: the gradient starts from one of them; leave the other out")


def _conventions(sheet: Worksheet, layers: Sequence[Layer], known: LayerWeights) -> None:
    sheet.convention(
        "the letter of a quantity has the place of its layer in the chain: {z} comes from layer 1", z=word("Z_1")
    )
    if any(isinstance(layer, Convolution) for layer in layers):
        sheet.convention("kernels slide as they are (cross-correlation)")
        kernels = [known.of("W", at) for at, layer in enumerate(layers, 1) if isinstance(layer, Convolution)]
        examples = [example for kernel in kernels if kernel is not None and (example := example_of(kernel, FILTERS))]
        sheet.conventions += examples[:1]
    if known.unbiased:
        listed = ", ".join(map(str, known.unbiased))
        places = f"layer {listed} has" if len(known.unbiased) == 1 else f"layers {listed} have"
        sheet.convention(f"{places} no bias here, because none is given")
    if any(isinstance(layer, Skip) for layer in layers):
        sheet.convention("skip keeps what arrives there, and add adds it again before the next layer")
    if any(layer.word.startswith(("dropout", "spatialdropout")) for layer in layers):
        sheet.convention("dropout is worked as in a test: nothing is dropped")


def _loss(sheet: Worksheet, steps: LayerSteps, goal: Symbol, name: LossName) -> Symbol:
    """The loss of the output; where that is saturated, from what goes into the last activation.

    Raises:
        InputError: an output that is no column, a target of another length, numbers that are no probabilities.
    """
    output = steps.flow
    if output.shape != goal.shape:
        raise InputError(
            f"{{target}} has {amount(int(goal.shape[0]), 'number')}, but the output of the chain is "
            f"{write(output.shape)}: one number an output belongs here"
        )
    prediction, target = sheet.values[output.name], sheet.values[goal.name]
    try:
        check_probabilities(name, steps.last, prediction, target, False)
    except InputError as error:
        raise InputError(error.message.replace(f"{{activation}} {steps.last}", "the chain")) from error
    outputs = int(output.shape[0])
    expression: Node = loss_of(name, output, goal, outputs, 1)
    why = say(f"{told(name, outputs)}: {{p}} against {{y}}", p=output, y=goal)
    if saturated(name, steps.last, prediction, target, outputs):
        expression = loss_from_logits(name, steps.logits, goal, outputs, 1)
        why = say("{p} is almost 0 or 1; worked from {z}, the logits, it keeps its digits", p=output, z=steps.logits)
    return sheet.define("L", expression, "Loss", why)


def _gradients(sheet: Worksheet, wanted: Sequence[Symbol]) -> list[Symbol]:
    return [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
