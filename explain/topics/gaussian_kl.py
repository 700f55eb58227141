"""KL divergence of a Gaussian from the standard normal distribution: the regulariser of a variational autoencoder."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.checks import finite_difference
from explain.engine.functions import EXP, LOG
from explain.engine.nodes.base import Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import ConstantPower
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix, as_column
from explain.topics._probabilities import in_other_units, logarithm

LARGEST = 700.0  # log-variance beyond which σ² leaves double precision
CLOSE = 1e-9
POSTERIOR = Word("q(z) = N(μ, σ²)", r"q(z) = \mathcal{N}(\mu, \sigma^2)")
PRIOR = Word("p(z) = N(0, 1)", r"p(z) = \mathcal{N}(0, 1)")
DIVERGENCE = Word("D_KL(q‖p)", r"D_{\mathrm{KL}}(q \Vert p)")


@topic
def gaussian_kl(
    mu: Annotated[Matrix, "means, one a latent dimension: 0.5,-1"],
    logvar: Annotated[Matrix | None, "log-variances log σ², as the encoder gives them: 0.2,-0.3"] = None,
    sigma: Annotated[Matrix | None, "standard deviations in place of logvar: 1.2,0.8"] = None,
) -> Answer:
    """KL divergence of a VAE: Gaussian against N(0, 1).

    The closed form -1/2 (1 + log σ² - μ² - σ²) in each latent dimension, its sum, and the gradients with respect to μ
    and log σ² (from sigma: also σ). Shapes: mu, logvar and sigma are rows (1×d), one number a latent dimension.

    Field: Generative models

    Source: Kingma and Welling 2014, Auto-Encoding Variational Bayes, eq. 10 and appendix B

    Examples:
        explain gaussian-kl --mu 0.5,-1 --logvar 0.2,-0.30
        explain gaussian-kl --mu 0.5,-1,0 --sigma 1.2,0.80,1
        explain gaussian-kl --mu 1 --logvar 0

    Raises:
        InputError: neither logvar nor sigma or both of them, a sigma that is not positive, lengths that differ, a
            log-variance beyond 700.
    """
    sheet = Worksheet("KL divergence of a Gaussian from N(0, 1)", gaussian_kl.source)
    sheet.part("Forward pass")
    mean, spread = _given(sheet, mu, logvar, sigma)
    _conventions(sheet, sigma is not None)
    s, variance = _variance(sheet, spread)
    u = sheet.define(
        "u",
        1 + s - ConstantPower(mean, Number(2, "2")) - variance,
        "Bracket of each dimension",
        say(
            "twice the mean of log p(z) - log q(z) under q, in each dimension by itself: log q(z) is -(log 2π + log "
            "{v} + (z - {m})²/{v})/2 and log p(z) is -(log 2π + z²)/2, so that log 2π cancels; under q the mean of z² "
            "is {m}² + {v}, and that of (z - {m})²/{v} is 1",
            m=mean, v=variance,
        ),
        note=say("0 where {m} = 0 and {v} = 1, where q is p, and negative everywhere else", m=mean, v=variance),
    )  # fmt: skip
    why = say(
        "{D} is the mean of log q(z) - log p(z), so half of {u} with the other sign; the dimensions of z are "
        "independent under q and under p, so what they give adds up",
        D=DIVERGENCE, u=u,
    )  # fmt: skip
    loss = sheet.define("KL", -(Sum(u) / 2), "KL divergence", why)
    in_other_units(sheet, loss, logarithm("natural"), ("bits",))
    _check_points(sheet, mean, loss)
    sheet.part("Backward pass")
    wanted = [mean, spread]
    sheet.backward(loss, wanted, jacobians=False)
    _retell(sheet, loss, u)
    sheet.tables.append(_table(mean, variance, u, loss))
    finite_difference(sheet, loss, wanted, loss, "KL")
    names = ["dKL/dmu", "dKL/dlogvar"] + (["dKL/dsigma"] if sigma is not None else [])
    return sheet.answer(loss, *(sheet.last(name) for name in names))


def _given(sheet: Worksheet, mu: Matrix, logvar: Matrix | None, sigma: Matrix | None) -> tuple[Symbol, Symbol]:
    """The means, and the log-variances or the standard deviations.

    Raises:
        InputError: neither or both, other lengths, a spread that is no spread.
    """
    if (logvar is None) == (sigma is None):
        if sigma is not None:
            raise InputError("{logvar} and {sigma} are both given: one follows from the other; leave one of them out")
        raise InputError("{logvar} or {sigma} is missing: give one number for each mean, such as {logvar} 0.2,-0.3")
    option, spread = ("logvar", logvar) if logvar is not None else ("sigma", sigma)
    assert spread is not None
    if len(spread) != len(mu):
        has = amount(len(spread), "number")
        raise InputError(f"{{{option}}} has {has}, {{mu}} has {len(mu)}: each latent dimension has one of both")
    for at, value in enumerate(spread.array.ravel()):
        place = f"number {at + 1} of {{{option}}}" if len(spread) > 1 else f"{{{option}}}"
        if option == "sigma" and not value > 0:
            raise InputError(f"{place} is {tidy(float(value))}: a standard deviation is positive")
        if option == "logvar" and value > LARGEST:
            raise InputError(f"{place} is {tidy(float(value))}: e to its power is beyond 1.8e308; give at most 700")
    mean = sheet.given("mu", _row("mu", mu), "means of q, one a latent dimension", option="mu")
    told = "log-variances log σ² of q" if option == "logvar" else "standard deviations of q"
    return mean, sheet.given(option, _row(option, spread), told, option=option)


def _row(option: str, given: Matrix) -> Values:
    return as_column(option, given).reshape((1, len(given)))


def _conventions(sheet: Worksheet, by_sigma: bool) -> None:
    sheet.convention(
        "{q} is what the encoder gives for one example, {p} the prior of each dimension", q=POSTERIOR, p=PRIOR
    )
    sheet.convention(
        "KL is {D}; summed over the latent dimensions, of one example: over a batch the sums are averaged or added up, "
        "as the reconstruction loss is",
        D=DIVERGENCE,
    )
    sheet.convention(
        "log is the natural logarithm; logvar is one name, for log σ²"
        + (", and logsigma for log σ" if by_sigma else "")
    )


def _variance(sheet: Worksheet, spread: Symbol) -> tuple[Symbol, Symbol]:
    """The log-variance and the variance."""
    s = spread
    if spread.name == "sigma":
        why = say("the natural logarithm of each {s}, defined because {s} is positive", s=spread)
        root = sheet.define("logsigma", LOG(spread), "Logarithm of the standard deviation", why)
        why = say("log of a square is twice the log: what an encoder gives, free to be negative")
        s = sheet.define("logvar", 2 * root, "Log-variance", why)
    why = say("e to the power of {s} takes the logarithm back: positive whatever {s} is", s=s)
    if spread.name == "sigma":
        why = say("e to the power of {s} takes the logarithm back: it is the square of {r}, worked by way of {s} so "
                  "that the gradient there, which an encoder needs, is found too", s=s, r=spread)  # fmt: skip
    return s, sheet.define("sigma2", EXP(s), "Variance", why)


def _retell(sheet: Worksheet, loss: Symbol, u: Symbol) -> None:
    """Say of steps of the backward pass what they are here: there is no target, and no activation."""
    for step in sheet.steps:
        if step.name == f"dKL/d{u.name}":
            step.title = say("Derivative of {L} at {u}", L=loss, u=u)
            step.why = say("{L} is -1/2 times the sum of all entries of {u}: each counts with -1/2", L=loss, u=u)
        for of, wrt in ((Symbol("sigma2"), Symbol("logvar")), (Symbol("logsigma"), Symbol("sigma"))):
            if step.name == f"d{of.name}/d{wrt.name}":
                step.title = say("Derivative of {v} with respect to {s}", v=of, s=wrt)


def _table(mean: Symbol, variance: Symbol, u: Symbol, loss: Symbol) -> Table:
    """What each latent dimension adds: those near 0 tell the decoder nothing."""
    columns = [Column("dimension"), Column("μ", True), Column("σ²", True), Column("adds -u/2", True)]
    rows: list[Sequence[Cell]] = []
    for at in range(int(u.shape[1])):
        place = (0, at)
        rows.append([(str(at + 1),), mean.entry(place), variance.entry(place), -(u.entry(place) / 2)])
    rows.append([("total",), (), (), loss])
    return Table("Dimension by dimension", columns, rows, 1, needs=(u.name, loss.name))


def _check_points(sheet: Worksheet, mean: Symbol, loss: Symbol) -> None:
    """The mean of log q - log p again: it is a quadratic in z, so two points give it (Gauss-Hermite)."""
    import numpy as np

    mu, logvar = sheet.values[mean.name], sheet.values["logvar"]
    sigma = np.exp(logvar / 2)
    points = [mu - sigma, mu + sigma]
    # log q(μ ± σ) = -(log 2π + log σ² + 1)/2 and log p(z) = -(log 2π + z²)/2
    gaps = [float(((z**2 - logvar - 1) / 2).sum()) for z in points]
    again, found = sum(gaps) / 2, float(sheet.values["KL"])
    size = max(1.0, *(abs(gap) for gap in gaps))
    sheet.check(
        math.isclose(again, found, rel_tol=CLOSE, abs_tol=CLOSE * size),
        [loss],
        say(
            f"log q(z) - log p(z) is quadratic in z, so two points give its mean: {tidy(gaps[0])} at z = {{m}} - σ and "
            f"{tidy(gaps[1])} at z = {{m}} + σ have the mean {tidy(again)}, {{L}} too",
            m=mean, L=loss,
        ),
    )  # fmt: skip
