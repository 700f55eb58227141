"""Losses of a generative adversarial network, and what each of them tells the generator."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.names import word
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.parameters import Matrix
from explain.topics._gan.game import FromLogits, FromOutputs, Game
from explain.topics._gan.given import FAKE, REAL, batch
from explain.topics._gan.routes import compared, other_route


@topic
def gan(
    fake: Annotated[Matrix, "D(G(z)), what the discriminator says of fake samples: 0.2 or 0.2,0.1"],
    real: Annotated[
        Matrix | None, "D(x), what it says of real samples; without them the generator's losses only"
    ] = None,
    logits: Annotated[Literal["no", "yes"], "yes: real and fake are logits, before the sigmoid"] = "no",
) -> Answer:
    """GAN losses: the value V(D, G), the discriminator's loss, both losses of the generator.

    D(x) is the probability, by the discriminator, that a sample is real. Worked are the value of the game, the loss
    of the discriminator, and for the generator the minimax loss and the non-saturating one, with their gradients; the
    gradients at the logit of D(G(z)) show why the second is used in training. Shapes: one number a sample, (m×1).

    Field: Generative models

    Source: Goodfellow et al. 2014, Generative Adversarial Nets, eq. 1 (value), algorithm 1 (both gradients) and
    section 3 (the generator that maximises log D(G(z)))

    Examples:
        explain gan --real 0.9 --fake 0.2
        explain gan --real 0.9,0.8 --fake 0.2,0.1
        explain gan --real 2.2,1.4 --fake -1.4,-3 --logits yes
        explain gan --fake 0.01

    Raises:
        InputError: an output outside 0 to 1, or so that a loss is infinite (D(x) of 0, D(G(z)) of 0 or 1); a batch of
            several rows and columns.
    """
    from_logits = logits == "yes"
    fakes = batch("fake", fake, from_logits)
    reals = None if real is None else batch("real", real, from_logits)
    sheet = Worksheet("Losses of a generative adversarial network", gan.source)
    if from_logits:
        page: Game = FromLogits(sheet)
        x = None if reals is None else sheet.given("a_x", reals, "logits of the real samples x", option="real")
        g = sheet.given("a_G", fakes, "logits of the fake samples G(z)", option="fake")
        page.outputs(x, g)
    else:
        page = FromOutputs(sheet)
        told = "the discriminator's output for real samples x: the probability that they are real"
        x = None if reals is None else sheet.given("D_x", reals, told, option="real", written=REAL)
        told = "its output" if x is not None else "the discriminator's output"
        sheet.convention(
            "{D} is written {d} where an index or a ∂ stands" if x is None else
            "{R} and {D} are written {r} and {d} where an index or a ∂ stands",
            R=REAL, D=FAKE, r=word("D_x"), d=word("D_G"),
        )  # fmt: skip
        g = sheet.given("D_G", fakes, f"{told} for fake samples G(z), made from noise z", option="fake", written=FAKE)
        page.outputs(x, g)
    sheet.convention("log is the natural logarithm; an expectation over samples is the mean of the batch")
    results = page.losses(x, g)
    page.gradients(x, g)
    other_route(sheet, from_logits)
    compared(sheet, _slopes)
    places = ("a_x", "a_G") if from_logits else ("D_x", "D_G")
    of_discriminator = [] if x is None else [sheet.last(f"dL_D/d{place}") for place in places]
    return sheet.answer(*results, *of_discriminator, sheet.last("dL_minimax/da_G"), sheet.last("dL_ns/da_G"))


def _slopes(output: str) -> tuple[float, float]:
    """Both gradients at the logit for one fake sample."""
    sheet = Worksheet("", "")
    page = FromOutputs(sheet)
    g = sheet.given("D_G", Values((), (output,)), "")
    page.outputs(None, g)
    page.losses(None, g)
    page.gradients(None, g)
    return float(sheet.values["dL_minimax/da_G"]), float(sheet.values["dL_ns/da_G"])
