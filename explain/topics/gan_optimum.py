"""The best discriminator of a GAN, and the value of the game at it."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import LOG
from explain.engine.names import word
from explain.engine.nodes.arithmetic import times
from explain.engine.nodes.base import Number, Symbol
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix
from explain.topics._gan.derived import derived
from explain.topics._information.sums import PossibleSum, divergence_of, possible
from explain.topics._probabilities import given_probabilities, logarithm

BEST = word("D_best")
KL_DATA = Word("KL(p_data‖m)", r"\mathrm{KL}(p_{\mathrm{data}} \Vert m)", key="KL_data")
KL_MADE = Word("KL(p_g‖m)", r"\mathrm{KL}(p_g \Vert m)", key="KL_g")
VALUE = Word("V(D_best, G)", r"V(D_{\mathrm{best}}, G)", key="V")
COST = Word("C(G)", "C(G)", key="C")


@topic
def gan_optimum(
    p_data: Annotated[
        Matrix | None, "probability of each outcome in the data: 0.5,0.5; without it, with symbols"
    ] = None,
    p_g: Annotated[Matrix | None, "probability of each outcome from the generator: 0.9,0.1"] = None,
    normalise: Annotated[Literal["no", "yes"], "yes: numbers of any positive sum are divided by it"] = "no",
) -> Answer:
    """Optimal discriminator of a GAN and the value at it, -log 4 + 2 JSD.

    For a fixed generator the best discriminator is D*(x) = p_data(x)/(p_data(x) + p_g(x)). The value of the game at it
    is -log 4 plus twice the Jensen-Shannon divergence of the two distributions, which is smallest, -log 4, where the
    generator has the distribution of the data. Without numbers the derivation with symbols. Shapes: one probability an
    outcome, (n×1).

    Field: Generative models

    Source: Goodfellow et al. 2014, Generative Adversarial Nets, section 4.1: proposition 1 (eq. 2) and theorem 1
    (eqs. 4 to 6)

    Examples:
        explain gan-optimum --p-data 0.5,0.5 --p-g 0.9,0.1
        explain gan-optimum --p-data 0.5,0.5,0 --p-g 0,0.25,0.75
        explain gan-optimum

    Raises:
        InputError: probabilities that do not sum to 1, lengths that differ, one of the two missing, an outcome that has
            the probability 0 in both.
    """
    if p_data is None and p_g is None:
        return derived(gan_optimum.source)
    if p_data is None or p_g is None:
        missing, there = ("p_data", "p_g") if p_data is None else ("p_g", "p_data")
        raise InputError(f"{{{missing}}} is missing: {{{there}}} is one of two distributions; give both, or neither")
    if len(p_data) != len(p_g):
        raise InputError(
            f"{{p_data}} has {amount(len(p_data), 'number')} and {{p_g}} {len(p_g)}: both give one probability for "
            "each outcome, so they need as many; write 0 for what never occurs"
        )
    sheet = Worksheet("Optimal discriminator of a GAN", gan_optimum.source)
    d = given_probabilities(sheet, "p_data", "p_data", p_data, "probability of each outcome in the data", normalise)
    g = given_probabilities(sheet, "p_g", "p_g", p_g, "probability of each outcome from the generator", normalise)
    _refuse_nothing(sheet)
    sheet.convention("log is the natural logarithm; an expectation is the sum over the outcomes, each with its weight")
    if not (sheet.values["p_data"].all() and sheet.values["p_g"].all()):
        sheet.convention("0 log 0 = 0, the limit of p log p at 0: an outcome that never occurs adds nothing")
    sheet.convention("{D} is the D* of the paper, and {u} its 1 - D*", D=BEST, u=word("u_best"))
    best, rest = _discriminator(sheet, d, g)
    value = _value(sheet, d, g, best, rest)
    jsd, cost = _divergence(sheet, d, g)
    _confirm(sheet, value, cost)
    return sheet.answer(best, value, jsd, cost)


def _refuse_nothing(sheet: Worksheet) -> None:
    """D* is 0/0 where neither distribution has anything."""
    empty = (sheet.values["p_data"] + sheet.values["p_g"] == 0).nonzero()[0]
    if len(empty):
        raise InputError(
            f"{{p_data}} and {{p_g}} are both 0 for outcome {int(empty[0]) + 1}: it never occurs, and the "
            "discriminator is never asked about it; leave it out of both"
        )


def _discriminator(sheet: Worksheet, d: Symbol, g: Symbol) -> tuple[Symbol, Symbol]:
    sheet.part("Best discriminator for this generator")
    best = sheet.define(
        "D_best", d / (d + g), "Optimal discriminator",
        say("for each outcome {d} log D + {g} log(1 - D) is largest where its derivative {d}/D - {g}/(1 - D) is 0: "
            "the share of the data among all samples of that outcome (eq. 2)", d=d, g=g),
    )  # fmt: skip
    rest = sheet.define(
        "u_best", g / (d + g), "What it leaves for fake",
        say("the rest of 1: the share of the generator, {g}, among all samples of the outcome", g=g),
    )  # fmt: skip
    half = [at + 1 for at, each in enumerate(sheet.values["D_best"].flat) if each == 0.5]
    if len(half) == len(p := sheet.values["D_best"]):
        told = "1/2 everywhere: the generator has the distribution of the data, and the discriminator can only guess"
    else:
        at = int(abs(p - 0.5).argmax())
        side = "data" if p.flat[at] > 0.5 else "generator"
        told = f"farthest from a guess, 1/2, at outcome {at + 1}: it comes more often from the {side}"
    sheet.remark(best, say(told))
    return best, rest


def _value(sheet: Worksheet, d: Symbol, g: Symbol, best: Symbol, rest: Symbol) -> Symbol:
    sheet.part("Value of the game at it")
    real, fake = (
        PossibleSum(lambda weight, share: weight * LOG(share), [weight, share], possible(sheet, weight))
        for weight, share in ((d, best), (g, rest))
    )
    return sheet.define(
        "V", real + fake, "Value at the optimal discriminator",
        say("eq. 4: log {D} expected over the data, plus log {N} expected over the generator's samples",
            D=best, N=rest),
        written=VALUE,
    )  # fmt: skip


def _divergence(sheet: Worksheet, d: Symbol, g: Symbol) -> tuple[Symbol, Symbol]:
    sheet.part("The same by the Jensen-Shannon divergence")
    m = sheet.define(
        "m", (d + g) / 2, "Mixture of the two",
        say("half of the samples from the data, half from the generator; {D} is {d}/(2m), which brings a log 2 from "
            "each of the two terms", D=BEST, d=d),
    )  # fmt: skip
    found = []
    for p, name, written, told in (
        (d, "data", KL_DATA, "from the data to the mixture"),
        (g, "g", KL_MADE, "from the generator to the mixture"),
    ):
        found.append(
            sheet.define(
                f"KL_{name}",
                divergence_of(sheet, p, m, logarithm("natural")),
                f"KL divergence {told}",
                say("log({p}/{m}), expected under {p}: 0 where {p} is the mixture itself", p=p, m=m),
                written=written,
            )
        )
    jsd = sheet.define(
        "JSD", (found[0] + found[1]) / 2, "Jensen-Shannon divergence",
        say("the mean of the two: 0 where the distributions are the same, log 2 = 0.6931 where they share no outcome"),
    )  # fmt: skip
    cost = sheet.define(
        "C", -LOG(Number(4, "4")) + times(Number(2, "2"), jsd), "Cost of the generator",
        say("eq. 6: the two log 2 are log 4; what is left is twice {J}, so the generator does best with {J} = 0, "
            "that is p_g = p_data, where the cost is -log 4 = -1.3863", J=jsd),
        written=COST,
    )  # fmt: skip
    return jsd, cost


def _confirm(sheet: Worksheet, value: Symbol, cost: Symbol) -> None:
    """The two routes to the value, and discriminators beside the best one."""
    first, second = (float(sheet.values[symbol.name]) for symbol in (value, cost))
    passed = math.isclose(first, second, rel_tol=1e-9, abs_tol=1e-12)
    sheet.check(passed, [value, cost], say("both routes agree: {V} of eq. 4 is {C} of eq. 6", V=value, C=cost))
    for step, told in ((0.01, "above"), (-0.01, "below")):
        other = _moved(sheet, step)
        text = f"a discriminator {abs(step)} {told} {{D}}, kept between 0 and 1, has the value "
        text += f"{tidy(other)}, less than {{V}}" if math.isfinite(other) else "-∞, less than {V}"
        sheet.check(other <= first + 1e-12, [value], say(text, D=BEST, V=value))


def _moved(sheet: Worksheet, step: float) -> float:
    """The value at a discriminator beside the best one."""
    found = 0.0
    for p, g, best in zip(*(sheet.values[name].flat for name in ("p_data", "p_g", "D_best")), strict=True):
        y = min(max(float(best) + step, 0.0), 1.0)
        found += _weighted(float(p), y) + _weighted(float(g), 1 - y)
    return found


def _weighted(weight: float, y: float) -> float:
    """A logarithm with its weight, with 0 log 0 = 0."""
    return 0.0 if weight == 0 else weight * math.log(y) if y > 0 else -math.inf
