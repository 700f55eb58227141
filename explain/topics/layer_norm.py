"""Layer normalisation: forward and backward."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.worksheet import Worksheet
from explain.maps import Maps
from explain.parameters import Scalar
from explain.topics._norms.checks import check_in_one, check_normal
from explain.topics._norms.input import give_epsilon, give_input, give_scale, give_upstream, read_input
from explain.topics._norms.normalised import Shared, backward, normalise, scale_and_shift
from explain.topics._norms.words import over_example, say_over_example, say_pairs, say_slices


@topic
def layer_norm(
    X: Annotated[Maps, "input: one example a row, or feature maps C×H×W or N×C×H×W"],
    gamma: Annotated[Maps | None, "scale γ, of the shape of one example (or token); default 1"] = None,
    beta: Annotated[Maps | None, "shift β, of the shape of one example (or token); default 0"] = None,
    eps: Annotated[Scalar | None, "ε under the root; default 1e-5"] = None,
    layout: Annotated[
        Literal["CHW", "NCL", "NTD"], "what three axes are: one example's maps, sequences, or tokens"
    ] = "CHW",
    dY: Annotated[Maps | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Layer normalisation: mean and variance of each example over its features.

    Every example is normalised by the mean and variance of its own numbers (feature maps: of all its channels, rows and
    columns; tokens: each token by itself), then scaled by γ and shifted by β, which all examples share. Nothing depends
    on the batch, so training and inference are the same.

    Source: Ba, Kiros and Hinton 2016, Layer Normalization, eqs. 3 and 4; gradients: as Ioffe and Szegedy
    2015, section 3

    Examples:
        explain layer-norm --X "1,2,6;0,4,2"
        explain layer-norm --X "1,2,6;0,4,2" --gamma 1,2,0.5 --beta 0,1,0 --dY "1,0,-1;0,2,1"
        explain layer-norm --X "1,2;3,4 | 0,1;1,2" --eps 0.01 --dY "1,0;0,1 | 0,1;2,0"
        explain layer-norm --X "1,2;3,4 | 0,1;1,2" --layout NTD

    Raises:
        InputError: γ or β of another shape than an example, a negative ε.
    """
    sheet = Worksheet("Layer normalisation", layer_norm.source)
    found = read_input(X, layout)
    over = over_example(found)
    each = "token of each example" if found.letters == "NTD" else "example"
    shared = Shared(found.along(over), found.counted(over), each)
    given = give_input(sheet, found)
    scale = give_scale(sheet, found, "NT", gamma, beta)
    epsilon = give_epsilon(sheet, eps, "1e-5", "as in PyTorch; Keras takes 1×10⁻³")
    upstream = give_upstream(sheet, dY, found)
    say_over_example(sheet, found)
    say_slices(sheet, given, shared.along)
    say_pairs(sheet, given, shared.along, ("mu", "sigma2"), scale)
    sheet.part("Forward pass")
    worked = normalise(sheet, given, shared, epsilon)
    Y = scale_and_shift(sheet, worked.normal, scale)
    check_normal(sheet, worked, epsilon)
    if upstream is None:
        return sheet.answer(Y)
    gradients = backward(sheet, given, Y, scale, upstream, worked)
    check_in_one(sheet, worked, given)
    return sheet.answer(Y, *gradients)
