"""RMS normalisation: forward and backward."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.worksheet import Worksheet
from explain.maps import Maps
from explain.parameters import Scalar
from explain.topics._norms.checks import check_in_one, check_normal
from explain.topics._norms.input import give_epsilon, give_input, give_scale, give_upstream, read_input
from explain.topics._norms.normalised import Shared, backward, normalise_by_size, scale_and_shift
from explain.topics._norms.words import over_example, say_over_example, say_pairs, say_slices


@topic
def rms_norm(
    X: Annotated[Maps, "input: one example a row, or feature maps C×H×W or N×C×H×W"],
    gamma: Annotated[Maps | None, "scale γ, of the shape of one example (or token); default 1"] = None,
    eps: Annotated[Scalar | None, "ε under the root; default 1e-6"] = None,
    layout: Annotated[
        Literal["CHW", "NCL", "NTD"], "what three axes are: one example's maps, sequences, or tokens"
    ] = "CHW",
    dY: Annotated[Maps | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """RMS normalisation: each example divided by the root of its mean square.

    As layer normalisation without the mean: x/√(mean(x²) + ε), scaled by γ. There is no shift β. Used in place of
    layer normalisation in many language models.

    Field: Regularisation and normalisation

    Source: Zhang and Sennrich 2019, Root Mean Square Layer Normalization, eq. 4

    Examples:
        explain rms-norm --X "1,2,2;0,3,-4"
        explain rms-norm --X "1,2,2;0,3,-4" --gamma 1,2,0.5 --dY "1,0,-1;0,2,1"
        explain rms-norm --X "1,2;3,4 | 5,6;7,8" --layout NTD --eps 0.01 --dY "1,0;0,1 | 0,1;2,0"

    Raises:
        InputError: γ of another shape than an example, a negative ε, ε = 0 with an example of zeros.
    """
    sheet = Worksheet("RMS normalisation", rms_norm.source)
    found = read_input(X, layout)
    over = over_example(found)
    each = "token of each example" if found.letters == "NTD" else "example"
    shared = Shared(found.along(over), found.counted(over), each)
    given = give_input(sheet, found)
    scale = give_scale(sheet, found, "NT", gamma, None, shifts=False)
    epsilon = give_epsilon(
        sheet, eps, "1e-6", "as in Keras; PyTorch takes the machine epsilon of the number format, the paper none"
    )
    upstream = give_upstream(sheet, dY, found)
    say_over_example(sheet, found)
    say_slices(sheet, given, shared.along)
    say_pairs(sheet, given, shared.along, ("q",), scale)
    sheet.part("Forward pass")
    worked = normalise_by_size(sheet, given, shared, epsilon)
    Y = scale_and_shift(sheet, worked.normal, scale)
    check_normal(sheet, worked, epsilon)
    if upstream is None:
        return sheet.answer(Y)
    gradients = backward(sheet, given, Y, scale, upstream, worked)
    check_in_one(sheet, worked, given)
    return sheet.answer(Y, *gradients)
