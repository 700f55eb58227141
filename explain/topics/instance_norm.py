"""Instance normalisation: forward and backward."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.maps import Maps
from explain.parameters import Matrix, Scalar
from explain.topics._norms.checks import check_in_one, check_normal, check_scaled
from explain.topics._norms.input import give_epsilon, give_input, give_scale, give_upstream, read_input
from explain.topics._norms.normalised import Shared, backward, normalise, scale_and_shift
from explain.topics._norms.words import say_pairs, say_slices

OVER = "HWL"  # the axes of a mean: the places of one map


@topic
def instance_norm(
    X: Annotated[Maps, "input: one channel a row (C×L), or feature maps C×H×W or N×C×H×W"],
    gamma: Annotated[Matrix | None, "scale γ, one number a channel; default 1"] = None,
    beta: Annotated[Matrix | None, "shift β, one number a channel; default 0"] = None,
    eps: Annotated[Scalar | None, "ε under the root; default 1e-5"] = None,
    layout: Annotated[Literal["CHW", "NCL"], "what three axes are: one example's maps, or sequences"] = "CHW",
    dY: Annotated[Maps | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Instance normalisation: mean and variance of each channel of each example by itself.

    Every map is normalised by the mean and variance of its own places, then scaled by γ and shifted by β, one number of
    each for each channel. It takes the contrast out of an image, which is why style transfer uses it.

    Field: Regularisation and normalisation

    Source: Ulyanov, Vedaldi and Lempitsky 2016, Instance Normalization, section 2; gradients: as Ioffe and Szegedy
    2015, section 3

    Examples:
        explain instance-norm --X "1,2;3,4 | 0,1;1,2"
        explain instance-norm --X "1,2,6;0,4,2" --gamma 1,2 --beta 0,1 --dY "1,0,-1;0,2,1"
        explain instance-norm --X "1,2;3,4 | 0,1;1,2 || 1,1;0,2 | 3,1;2,2" --gamma 2,0.5 --eps 0.01

    Raises:
        InputError: γ or β of another length, maps of a single place, a negative ε.
    """
    sheet = Worksheet("Instance normalisation", instance_norm.source)
    found = read_input(X, layout, flat="CL")
    each = "channel of each example" if "N" in found.letters else "channel"
    shared = Shared(found.along(OVER), found.counted(OVER), each)
    if len(found.values) == shared.means:
        raise InputError(
            "{X} has one place in each channel, and its number is its own mean and has no variance: give maps with at "
            "least 2 places, or use batch-norm or layer-norm"
        )
    given = give_input(sheet, found)
    scale = give_scale(sheet, found, "N" + OVER, gamma, beta)
    epsilon = give_epsilon(sheet, eps, "1e-5", "as in PyTorch; Keras has it as GroupNormalization with ε = 1×10⁻³")
    if gamma is not None or beta is not None:
        sheet.convention("PyTorch has {g} and {b} with affine=True only", g=scale.gamma, b=scale.beta or "")
    upstream = give_upstream(sheet, dY, found)
    say_slices(sheet, given, shared.along)
    say_pairs(sheet, given, shared.along, ("mu", "sigma2"), scale)
    sheet.part("Forward pass")
    worked = normalise(sheet, given, shared, epsilon)
    Y = scale_and_shift(sheet, worked.normal, scale)
    check_normal(sheet, worked, epsilon)
    check_scaled(sheet, worked, Y, scale, epsilon)
    if upstream is None:
        return sheet.answer(Y)
    gradients = backward(sheet, given, Y, scale, upstream, worked)
    check_in_one(sheet, worked, given)
    return sheet.answer(Y, *gradients)
