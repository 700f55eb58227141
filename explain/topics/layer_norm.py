"""Layer normalisation: forward and backward."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Symbol
from explain.engine.shapes import write
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.maps import Maps
from explain.parameters import Scalar
from explain.tokens import Tokens, names_for
from explain.topics._attention.add_norm import add
from explain.topics._norms.checks import check_in_one, check_normal
from explain.topics._norms.input import Input, give_epsilon, give_input, give_scale, give_upstream, in_shape, read_input
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
    residual: Annotated[Maps | None, "R, added to X before the normalisation (Add & Norm), of the shape of X"] = None,
    tokens: Annotated[Tokens | None, "names of the tokens, one a row: Thinking,Machines"] = None,
    dY: Annotated[Maps | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Layer normalisation: mean and variance of each example over its features.

    Every example is normalised by the mean and variance of its own numbers (feature maps: of all its channels, rows and
    columns; tokens: each token by itself), then scaled by γ and shifted by β, which all examples share. Nothing depends
    on the batch, so training and inference are the same. With a residual R it is the Add & Norm of a transformer: R
    went into a sublayer, X came out of it, and X + R is normalised, one token a row.

    Field: Regularisation and normalisation

    Source: Ba, Kiros and Hinton 2016, Layer Normalization, eqs. 3 and 4; gradients: as Ioffe and Szegedy
    2015, section 3

    Examples:
        explain layer-norm --X "1,2,6;0,4,2"
        explain layer-norm --X "1,2,6;0,4,2" --gamma 1,2,0.5 --beta 0,1,0 --dY "1,0,-1;0,2,1"
        explain layer-norm --X "1,2;3,4 | 0,1;1,2" --eps 0.01 --dY "1,0;0,1 | 0,1;2,0"
        explain layer-norm --X "1,2;3,4 | 0,1;1,2" --layout NTD
        explain layer-norm --X "0.5,2,6;0,4,2" --residual "1,0,-1;2,0,1" --tokens Thinking,Machines

    Raises:
        InputError: γ or β of another shape than an example, a residual of another shape than X, names that are not
            one a row, a negative ε.
    """
    sheet = Worksheet("Layer normalisation" if residual is None else "Add & Norm", _source(residual is not None))
    found = read_input(X, layout, "ND" if residual is None and tokens is None else "TD")
    names = _named(tokens, found)
    over = over_example(found)
    each = {"NTD": "token of each example", "TD": "token"}.get(found.letters, "example")
    shared = Shared(found.along(over), found.counted(over), each)
    given = give_input(sheet, found, names, "input" if residual is None else "what the sublayer returned")
    passing = _give_residual(sheet, residual, found, names)
    scale = give_scale(sheet, found, "NT", gamma, beta)
    epsilon = give_epsilon(sheet, eps, "1e-5", "as in PyTorch; Keras takes 1×10⁻³")
    upstream = give_upstream(sheet, dY, found, names)
    _say_residual(sheet, passing, upstream)
    say_over_example(sheet, found)
    total = given if passing is None else Symbol("S", given.shape)
    normal = f"{total.name}hat"
    say_slices(sheet, total, shared.along)
    say_pairs(sheet, total, shared.along, ("mu", "sigma2"), scale, normal)
    sheet.part("Forward pass")
    if passing is not None:
        total = add(sheet, passing, given, total.name, "the sublayer")
    worked = normalise(sheet, total, shared, epsilon, normal)
    Y = scale_and_shift(sheet, worked.normal, scale)
    check_normal(sheet, worked, epsilon)
    if upstream is None:
        return sheet.answer(Y)
    gradients = backward(sheet, total, Y, scale, upstream, worked, [] if passing is None else [given, passing])
    check_in_one(sheet, worked, total)
    return sheet.answer(Y, *gradients)


def _source(added: bool) -> str:
    """Where the formulas come from; Add & Norm has a source of its own."""
    paper = "Vaswani et al. 2017, Attention Is All You Need, section 3.1; "
    return (paper if added else "") + layer_norm.source


def _named(tokens: Tokens | None, found: Input) -> tuple[str, ...] | None:
    """The names of the rows.

    Raises:
        InputError: the rows of X are not the tokens of one sequence.
    """
    if tokens is not None and len(found.shape) != 2:
        raise InputError(
            f"{{tokens}} is given, but {{X}} is {write(found.shape)}: names stand beside the rows of a matrix; leave "
            "{tokens} out, or give one example alone"
        )
    return names_for("tokens", tokens, "X", int(found.shape[0]))


def _give_residual(
    sheet: Worksheet, residual: Maps | None, found: Input, names: tuple[str, ...] | None
) -> Symbol | None:
    """R, of the shape of X."""
    if residual is None:
        return None
    given = in_shape("residual", residual, found, "{X}")
    return sheet.given("R", given, "what went into the sublayer, and passes by it", option="residual", rows=names)


def _say_residual(sheet: Worksheet, passing: Symbol | None, upstream: Symbol | None) -> None:
    """Where the normalisation stands, and what else comes back to R."""
    if passing is None:
        return
    sheet.convention(
        "the sum is normalised (post-norm, as in the paper); in pre-norm {R} is normalised before it goes into the "
        "sublayer, and the sum is passed on as it is",
        R=passing,
    )
    if upstream is not None:
        sheet.convention(
            "{g} is what comes back on the way around the sublayer; what {x} sends back through the sublayer, which is "
            "not on this page, is added to it",
            g=Symbol("dL/dR"), x=Symbol("dL/dX"),
        )  # fmt: skip
