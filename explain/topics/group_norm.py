"""Group normalisation: forward and backward."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.along import Along
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.standard import Reshaped
from explain.engine.prose import say
from explain.engine.shapes import count, write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.maps import Maps
from explain.parameters import Count, Matrix, Scalar
from explain.topics._norms.checks import check_in_one, check_normal
from explain.topics._norms.input import (
    NOUNS,
    Input,
    give_epsilon,
    give_input,
    give_scale,
    give_upstream,
    read_input,
)
from explain.topics._norms.normalised import Shared, backward, normalise, scale_and_shift
from explain.topics._norms.words import say_pairs, say_slices


@topic
def group_norm(
    X: Annotated[Maps, "input: one example a row, or feature maps C×H×W or N×C×H×W"],
    groups: Annotated[Count, "number of groups G that the channels are divided into"],
    gamma: Annotated[Matrix | None, "scale γ, one number a channel; default 1"] = None,
    beta: Annotated[Matrix | None, "shift β, one number a channel; default 0"] = None,
    eps: Annotated[Scalar | None, "ε under the root; default 1e-5"] = None,
    layout: Annotated[Literal["CHW", "NCL"], "what three axes are: one example's maps, or sequences"] = "CHW",
    dY: Annotated[Maps | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Group normalisation: mean and variance of each group of channels of each example.

    The C channels of an example are divided into G groups of neighbours, and the numbers of each group are normalised
    by their own mean and variance; then each channel is scaled by γ and shifted by β. One group has the means of layer
    normalisation, C groups those of instance normalisation, and nothing depends on the batch.

    Field: Regularisation and normalisation

    Source: Wu and He 2018, Group Normalization, eqs. 1-7; gradients: Ioffe and Szegedy 2015, section 3

    Examples:
        explain group-norm --X "1,2,6,0,4,2;3,0,3,1,1,4" --groups 2
        explain group-norm --X "1,2,6,0,4,5" --groups 2 --gamma 1,2,1,0.5,1,3 --beta 0,1,0,0,2,0 --dY 1,0,-1,0,2,1
        explain group-norm --X "1,2;3,4 | 0,1;1,2 | 2,2;0,4 | 1,1;1,0" --groups 2 --eps 0.01

    Raises:
        InputError: groups that do not divide the channels, γ or β of another length, a negative ε.
    """
    sheet = Worksheet("Group normalisation", group_norm.source)
    found = read_input(X, layout)
    G, C = _divided(found, groups)
    given = give_input(sheet, found)
    sheet.given("G", Values((), (str(G),)), "number of groups", option="groups")
    scale = give_scale(sheet, found, "NHWL", gamma, beta)
    epsilon = give_epsilon(sheet, eps, "1e-5", "as in PyTorch; Keras takes 1×10⁻³")
    upstream = give_upstream(sheet, dY, found)
    examples = found.size("N") if "N" in found.letters else 1
    rows, columns = examples * G, count(found.shape) // (examples * G)
    along = Along((rows, columns), (1,), (rows, 1), "ij")
    say_slices(sheet, Symbol("R"), along)
    say_pairs(sheet, Symbol("R"), along, ("mu", "sigma2"), scale)
    sheet.part("Forward pass")
    kind = NOUNS["D" if "D" in found.letters else "C"]
    of_each = " of each example" if examples > 1 else ""
    order = ", the groups of example 1 first" if examples > 1 and G > 1 else ""
    R = sheet.define(
        "R",
        Reshaped(given, (rows, columns)),
        "One group a row",
        say(
            f"{amount(C, kind)} in {amount(G, 'group')}: {amount(C // G, kind)} a group, neighbours in order; the "
            f"numbers of each group{of_each} become one row: {amount(rows, 'row')} of {columns}{order}"
        ),
    )
    axes = ((f"{'D' if kind == 'feature' else 'C'}/G", C // G, kind), *found.counted("HWL"))
    each = "group of each example" if examples > 1 else "group"
    worked = normalise(sheet, R, Shared(along, axes, each), epsilon, "Rhat")
    normal = sheet.define(
        "Xhat",
        Reshaped(worked.normal, found.shape),
        "Back in the shape of X",
        say(f"the numbers return to their places, {write(found.shape)}, where each {kind} has its own scale and shift"),
    )
    Y = scale_and_shift(sheet, normal, scale)
    check_normal(sheet, worked, epsilon)
    if upstream is None:
        return sheet.answer(Y)
    gradients = backward(sheet, given, Y, scale, upstream, worked)
    check_in_one(sheet, worked, R)
    return sheet.answer(Y, *gradients)


def _divided(found: Input, groups: Count) -> tuple[int, int]:
    """The number of groups and of channels; the first divides the second."""
    letter = "D" if "D" in found.letters else "C"
    noun, channels = NOUNS[letter], found.size(letter)
    if groups.number is None:
        raise InputError(f"{{groups}} is {groups.name}: the numbers of X are worked, so it must be a number such as 2")
    if channels % groups.number:
        fitting = ", ".join(str(number) for number in range(1, channels + 1) if channels % number == 0)
        raise InputError(
            f"{{groups}} is {groups.number}, but {{X}} is {write(found.shape)} with {amount(channels, noun)}: groups "
            f"must divide {channels}, so that each has as many; choose one of {fitting}"
        )
    return groups.number, channels
