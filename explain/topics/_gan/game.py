"""The mathematics of the GAN losses: the lines that every page has, from outputs or from logits."""

from __future__ import annotations

from abc import ABC, abstractmethod

from explain.engine.checks import finite_difference
from explain.engine.functions import LOG, SIGMOID
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.reductions import mean
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.topics._gan.functions import LOG_OTHER, LOG_SIGMOID
from explain.topics._gan.given import FAKE, REAL
from explain.topics._gan.routes import retold, told_slopes

LOSS_D = Word("L_D", "L_D", key="L_D")
MINIMAX = Word("L_minimax", r"L_{\mathrm{minimax}}", key="L_minimax")
NON_SATURATING = Word("L_ns", r"L_{\mathrm{ns}}", key="L_ns")


class Game(ABC):
    """The lines that both kinds of input share."""

    def __init__(self, sheet: Worksheet) -> None:
        self.sheet = sheet

    @abstractmethod
    def outputs(self, x: Symbol | None, g: Symbol) -> None:
        """What is worked before the losses."""

    @abstractmethod
    def log_real(self, x: Symbol) -> Node:
        """The logarithm of D(x)."""

    @abstractmethod
    def log_fake(self, g: Symbol) -> Node:
        """The logarithm of 1 - D(G(z))."""

    @abstractmethod
    def log_fooled(self, g: Symbol) -> Node:
        """The logarithm of D(G(z))."""

    def losses(self, x: Symbol | None, g: Symbol) -> list[Symbol]:
        """The value and the losses."""
        sheet, found = self.sheet, []
        if x is not None:
            sheet.part("Value and loss of the discriminator")
            found += self._game(x, g)
        sheet.part("Losses of the generator")
        minimax = sheet.define(
            "L_minimax", mean(self.log_fake(g)), "Minimax loss of the generator",
            say("the part of {V} that {D} stands in; the other part is the same for every generator. It is minimised: "
                "{D} is to rise", V=Word("V(D, G)"), D=FAKE),
            written=MINIMAX,
        )  # fmt: skip
        saturated = sheet.define(
            "L_ns", -mean(self.log_fooled(g)), "Non-saturating loss of the generator",
            say("minimised too, and also pushes {D} up, with the same best point {D} = 1; its gradient is large where "
                "{D} is small", D=FAKE),
            written=NON_SATURATING,
        )  # fmt: skip
        return [*found, minimax, saturated]

    def _game(self, x: Symbol, g: Symbol) -> list[Symbol]:
        sheet = self.sheet
        value = sheet.define(
            "V", mean(self.log_real(x)) + mean(self.log_fake(g)), "Value of the game",
            say("the discriminator wants {x} near 1 and {g} near 0: then both logarithms are near 0, their largest; "
                "it maximises {V}, the generator minimises it", x=REAL, g=FAKE, V=Word("V(D, G)")),
            written=Word("V(D, G)", key="V"),
        )  # fmt: skip
        loss = sheet.define(
            "L_D", -mean(self.log_real(x)) - mean(self.log_fake(g)), "Loss of the discriminator",
            say("{V} with the other sign, to be minimised: binary cross-entropy with target 1 for each real sample "
                "and 0 for each fake one", V=value),
            written=LOSS_D,
        )  # fmt: skip
        half = float(sheet.values["L_D"]) / 2
        sheet.convention(
            f"the two means are added in {{L}}, as in the paper; code that halves the sum gets {tidy(half)}", L=LOSS_D
        )
        return [value, loss]

    def gradients(self, x: Symbol | None, g: Symbol) -> None:
        """The gradients by the chain rule, and a finite difference for each."""
        sheet = self.sheet
        if x is not None:
            self._back("Gradient of the discriminator's loss", "L_D", [x, g])
        self._back("Gradient of the minimax loss", "L_minimax", [g])
        self.at_logit("L_minimax", g)
        self._back("Gradient of the non-saturating loss", "L_ns", [g])
        self.at_logit("L_ns", g)
        told_slopes(sheet)

    def _back(self, heading: str, loss: str, wrt: list[Symbol]) -> None:
        sheet = self.sheet
        sheet.part(heading)
        top = sheet.last(loss)
        sheet.backward(top, wrt, jacobians=False)
        self.retell(loss, wrt[0] if len(wrt) > 1 else None, wrt[-1])
        finite_difference(sheet, top, wrt, top, top=loss)

    @abstractmethod
    def retell(self, loss: str, x: Symbol | None, g: Symbol) -> None:
        """The reasons of the gradients, by what the quantities are here."""

    @abstractmethod
    def at_logit(self, loss: str, g: Symbol) -> None:
        """The gradient carried on to the logit, where it does not stand there already."""


class FromOutputs(Game):
    """Worked from D(x) and D(G(z))."""

    def outputs(self, x: Symbol | None, g: Symbol) -> None:  # noqa: ARG002 - real samples need nothing before
        self.sheet.part("Probability of fake")
        self.u = self.sheet.define(
            "u", 1 - g, "Probability that a fake sample is fake",
            say("a sample is real or fake: what {g} leaves of 1", g=g),
        )  # fmt: skip

    def log_real(self, x: Symbol) -> Node:
        return LOG(x)

    def log_fake(self, g: Symbol) -> Node:  # noqa: ARG002 - by the probability of fake
        return LOG(self.u)

    def log_fooled(self, g: Symbol) -> Node:
        return LOG(g)

    def retell(self, loss: str, x: Symbol | None, g: Symbol) -> None:
        rule = "log has the derivative 1 over its argument: 1 over {q}"
        if loss == "L_D" and x is not None:
            told = "{D} stands in the first mean only; " + rule + _shared(x)
            retold(self.sheet, "dL_D/dD_x", say("Gradient at {D}", D=REAL), say(told, D=REAL, q=REAL))
        if loss == "L_ns":
            told = rule + _shared(g) + ": the smaller {D}, the larger"
            retold(self.sheet, "dL_ns/dD_G", say("Gradient of {L} at {D}", L=self.sheet.last(loss), D=FAKE),
                   say(told, D=FAKE, q=FAKE))  # fmt: skip
            return
        top = self.sheet.last(loss)
        retold(self.sheet, f"d{loss}/du", say("Gradient of {L} at {u}", L=top, u=self.u),
               say(rule + _shared(g), q=self.u))  # fmt: skip
        retold(self.sheet, f"d{loss}/dD_G", say("Gradient of {L} at {D}", L=top, D=FAKE),
               say("chain rule: {u} = 1 - {D} falls by as much as {D} rises, so the sign turns", u=self.u,
                   D=FAKE))  # fmt: skip

    def at_logit(self, loss: str, g: Symbol) -> None:
        sheet = self.sheet
        if loss == "L_minimax":
            logit = Symbol("a_G", g.shape)
            sheet.define(
                "dD_G/da_G", SIGMOID.derivatives[0]((logit,), g), "Slope of the discriminator's sigmoid",
                say("the output is {g} = σ({a}) of a logit {a}, and σ′ = σ(1 - σ): almost 0 where {g} is near 0 or 1",
                    g=g, a=logit),
                written=Word("∂D(G(z))/∂a_G", r"\frac{\partial D(G(z))}{\partial a_G}", key="dD_G/da_G"),
            )  # fmt: skip
        slope = sheet.last("dD_G/da_G")
        sheet.define(
            f"d{loss}/da_G", sheet.last(f"d{loss}/dD_G") * slope,
            say("Gradient of {L} at the logit", L=sheet.last(loss)),
            say("chain rule: {L} depends on the logit only through {g}; this is what goes back into the generator",
                L=sheet.last(loss), g=g),
        )  # fmt: skip


class FromLogits(Game):
    """Worked from the logits, without logarithms of numbers near 0."""

    def outputs(self, x: Symbol | None, g: Symbol) -> None:
        sheet = self.sheet
        sheet.convention(
            "the logarithms are taken from the logits, log σ(a) = -log(1 + e^-a) and, because 1 - σ(a) = σ(-a), "
            "log(1 - σ(a)) = -log(1 + e^a): both stay finite where an output is rounded to 0 or 1"
        )
        sheet.part("Outputs of the discriminator")
        for logit, name, written, kind in ((x, "D_x", REAL, "real"), (g, "D_G", FAKE, "fake")):
            if logit is not None:
                sheet.define(
                    name, SIGMOID(logit), f"Output for the {kind} samples",
                    say("the sigmoid makes a probability of the logits {a}", a=logit), written=written,
                )  # fmt: skip

    def log_real(self, x: Symbol) -> Node:
        return LOG_SIGMOID(x)

    def log_fake(self, g: Symbol) -> Node:
        return LOG_OTHER(g)

    def log_fooled(self, g: Symbol) -> Node:
        return LOG_SIGMOID(g)

    def retell(self, loss: str, x: Symbol | None, g: Symbol) -> None:
        top = self.sheet.last(loss)
        rule = "-log(1 + e^a) has the derivative -e^a/(1 + e^a) = -σ(a)"
        turned = "log(1 + e^-a) has the derivative -e^-a/(1 + e^-a) = -σ(-a), which is -(1 - {D})"
        if loss == "L_D" and x is not None:
            told = turned + _shared(x)
            retold(self.sheet, "dL_D/da_x", "Gradient at the real logits", say(told, D=REAL))
        told = turned if loss == "L_ns" else rule + ", and σ(a) is {D}"
        retold(self.sheet, f"d{loss}/da_G", say("Gradient of {L} at the fake logits", L=top),
               say(told + _shared(g), D=FAKE))  # fmt: skip

    def at_logit(self, loss: str, g: Symbol) -> None:
        """The gradient stands at the logit already."""


def _shared(samples: Symbol) -> str:
    """How a sample counts in the mean of its batch."""
    return f", shared by the {samples.shape[0]} samples of the mean" if samples.shape else ""
