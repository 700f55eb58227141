"""Add & Norm of a transformer: a residual connection, and layer normalisation of each token, a row.

Source: Vaswani et al. 2017, Attention Is All You Need, section 3.1: LayerNorm(x + Sublayer(x)); Ba, Kiros and Hinton
2016, Layer Normalization, eqs. 3 and 4; Xiong et al. 2020, On Layer Normalization in the Transformer Architecture, for
the normalisation in front of the sublayer (pre-norm).
"""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.nodes.along import Along
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._norms.checks import check_normal
from explain.topics._norms.input import Scale
from explain.topics._norms.normalised import Normalised, Shared, normalise, scale_and_shift


class NormWeights(NamedTuple):
    """γ and β (1×d), one number a feature, and ε, which must be named `epsilon`; without γ there is no scaling."""

    gamma: Symbol | None
    beta: Symbol | None
    epsilon: Symbol

    @property
    def all(self) -> list[Symbol]:
        """γ and β, where they are there."""
        return [symbol for symbol in (self.gamma, self.beta) if symbol is not None]


class NormNames(NamedTuple):
    """What the steps of one normalisation are called, so that several stand on one sheet.

    Attributes:
        normal: the normalised numbers, before scale and shift.
        output: after scale and shift.
        suffix: of mean and variance: `_1` gives `mu_1` and `sigma2_1`.
    """

    normal: str = "Xhat"
    output: str = "Y"
    suffix: str = ""


def add(sheet: Worksheet, x: Symbol, returned: Node, name: str, sublayer: str) -> Symbol:
    """Work the residual connection: x plus what the sublayer returned, both (n×d).

    Args:
        sublayer: what it is called in a sentence, such as `the feed-forward network`.
    """
    return sheet.define(
        name,
        x + returned,
        "Residual connection",
        say(
            f"{{x}} passes by {sublayer} and is added to what that returns, {{r}}, entry by entry: {sublayer} has only "
            "to learn what to change in {x}, and the gradient has a way around it",
            x=x, r=returned,
        ),
    )  # fmt: skip


def rows_along(x: Symbol) -> tuple[Along, Along]:
    """Which numbers of x (n×d) share a mean, those of a row; and which share γ and β, those of a column."""
    rows, columns = x.shape
    return Along(x.shape, (1,), (rows, 1), "ij"), Along(x.shape, (0,), (1, columns), "ij")


def normalise_rows(
    sheet: Worksheet,
    x: Symbol,
    weights: NormWeights,
    names: NormNames = NormNames(),  # noqa: B008 - it never changes
) -> Symbol:
    """Work layer normalisation of each row of x (n×d): mean, variance, x̂ and γ x̂ + β, with the check of x̂.

    How many numbers share a mean, `m`, is worked once on a sheet: all normalisations on it have the same width.
    """
    return worked_rows(sheet, x, weights, names)[0]


def worked_rows(sheet: Worksheet, x: Symbol, weights: NormWeights, names: NormNames) -> tuple[Symbol, Normalised]:
    """The output, and what was found on the way for further checks, such as `check_in_one`."""
    over, under = rows_along(x)
    shared = Shared(over, (("d", int(x.shape[1]), "feature"),), "token")
    name = names.output if weights.gamma is None else names.normal
    found = normalise(sheet, x, shared, weights.epsilon, name, names.suffix)
    if weights.gamma is None:
        check_normal(sheet, found, weights.epsilon)
        return found.normal, found
    scale = Scale(weights.gamma, weights.beta, under, "feature")
    output = scale_and_shift(sheet, found.normal, scale, names.output)
    check_normal(sheet, found, weights.epsilon)
    return output, found


def add_and_norm(
    sheet: Worksheet,
    x: Symbol,
    returned: Symbol,
    weights: NormWeights,
    names: NormNames,
    total: str,
    sublayer: str,
) -> Symbol:
    """Work LayerNorm(x + returned), post-norm as in the paper; `total` is the name of the sum.

    >>> sheet = Worksheet("", "")
    >>> from explain.engine.values import constant
    >>> X, Z = (sheet.given(name, constant([["1", "2"], ["3", "5"]]), "") for name in "XZ")
    >>> gamma, beta = (sheet.given(name, constant([["1", "1"]]), "") for name in ("gamma", "beta"))
    >>> epsilon = sheet.given("epsilon", constant([["0.01"]]).reshape(()), "")
    >>> names = NormNames("Shat_1", "N_1", "_1")
    >>> add_and_norm(sheet, X, Z, NormWeights(gamma, beta, epsilon), names, "S_1", "attention").name
    'N_1'
    >>> [step.name for step in sheet.steps]
    ['S_1', 'm', 'mu_1', 'sigma2_1', 'Shat_1', 'N_1']
    """
    return normalise_rows(sheet, add(sheet, x, returned, total, sublayer), weights, names)
