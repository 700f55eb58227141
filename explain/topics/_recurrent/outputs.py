"""The outputs of a recurrent network, and the loss over its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explain.engine.losses import loss_from_logits, loss_of, saturated, told
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._effects import EFFECT
from explain.topics._network import check_probabilities
from explain.topics._recurrent.cells import activated
from explain.topics._recurrent.sequence_network import Network

FROM_LOGITS = (("binary-cross-entropy", "sigmoid"), ("cross-entropy", "softmax"))


class Outputs:
    """The output layer and the loss on a worksheet.

    Args:
        symbolic: no numbers are put in; the loss is written in the form that keeps its digits everywhere.
        steps: over how many steps a mean is taken.
        parts: where each quantity is worked, by its name; what is worked here is added.
        named: what a path through it is called.
    """

    def __init__(
        self,
        sheet: Worksheet,
        network: Network,
        symbolic: bool,
        steps: int,
        parts: dict[str, str],
        named: dict[str, str],
    ) -> None:
        self.sheet, self.network, self.symbolic, self.steps = sheet, network, symbolic, steps
        self.parts, self.named = parts, named
        self.logits: dict[str, Symbol] = {}
        self.pairs: list[tuple[Symbol, Symbol]] = []  # outputs and their targets
        self.done: dict[int, Symbol] = {}  # outputs that were worked within their time step

    def of(self, read: Sequence[Symbol], known: Mapping[str, Symbol]) -> list[Symbol]:
        """The outputs that are asked: of every step, or of the last one; without an output layer, the states."""
        last = self.network.loss is not None and self.network.loss_on == "last"
        steps = [len(read)] if last else range(1, len(read) + 1)
        if "V" not in known:
            return [read[t - 1] for t in steps]
        return [self.done.get(t) or self.output(t, read[t - 1], known) for t in steps]

    def output(self, t: int, h: Symbol, known: Mapping[str, Symbol]) -> Symbol:
        """y_t, with its pre-activation where there is an activation."""
        sheet, name = self.sheet, self.network.output_activation
        heading = f"Output of step {t}" if len(self.network.weights) > 1 or self.network.both else f"Time step {t}"
        sheet.part(heading)
        affine: Node = known["V"] @ h
        if "b_y" in known:
            affine = affine + known["b_y"]
        why = say(
            f"the output reads {'both states in' if self.network.both else 'the state'} {{h}}, never the input itself",
            h=h,
        )
        if name == "identity":
            y = sheet.define(f"y_{t}", affine, f"Output of step {t}", why)
            self.logits[y.name] = y
        else:
            o = sheet.define(f"{self._logit}_{t}", affine, f"Output of step {t}, before the activation", why)
            applied: Node = Softmax(o, 0) if name == "softmax" else activated(name, o)
            y = sheet.define(f"y_{t}", applied, f"Output of step {t}", say(EFFECT[name], z=o))
            self.logits[y.name] = o
            self.parts[o.name] = heading
            self.named[o.name] = f"the output of step {t}"
        self.parts[y.name] = heading
        self.named[y.name] = f"the output of step {t}"
        return y

    @property
    def _logit(self) -> str:
        """The letter of what goes into the output's activation; `o` is a gate in an LSTM."""
        return "u" if self.network.cell.kind == "lstm" else "o"

    def loss(self, outputs: Sequence[Symbol], goals: Sequence[Symbol]) -> Symbol:
        """The loss of every step that has a target, and their sum or mean."""
        network, sheet = self.network, self.sheet
        assert network.loss is not None
        sheet.part("Loss")
        losses = []
        single = len(goals) == 1
        self.pairs = list(zip(outputs, goals, strict=True))
        for y, goal in self.pairs:
            t = goal.name.removeprefix("target_")
            name = "L" if single else f"L_{t}"
            title = "Loss" if single else f"Loss of step {t}"
            expression, logits = self._loss_of(y, goal)
            reason = f"{told(network.loss, int(y.shape[0]))}: {{y}} against {{d}}"
            if network.samples > 1:
                reason += f", the {network.reduction} over the {network.samples} samples"
            if logits:
                reason += "; with the activation put in it depends on {o}, the logits, and keeps its digits everywhere"
            losses.append(sheet.define(name, expression, title, say(reason, y=y, d=goal, o=self.logits.get(y.name, y))))
            self.parts[name] = "Loss"
            self.named[name] = f"the loss of step {t}"
        return losses[0] if single else self.total(losses)

    def total(self, losses: Sequence[Symbol]) -> Symbol:
        """The sum or mean of the losses of the steps."""
        total: Node = losses[0]
        for other in losses[1:]:
            total = total + other
        mean = self.network.reduction == "mean"
        if mean:
            total = total / self.steps
        way = "mean" if mean else "sum"
        return self.sheet.define("L", total, "Loss", say(f"the {way} over the {self.steps} steps that have a target"))

    def check_errors(self) -> None:
        """Sigmoid with binary cross-entropy, and softmax with cross-entropy, give y - target."""
        import numpy as np

        network, sheet = self.network, self.sheet
        if (network.loss, network.output_activation) not in FROM_LOGITS or not self.pairs:
            return
        number = self.steps * network.samples if network.reduction == "mean" else 1
        y, goal = self.pairs[-1]
        number *= int(y.shape[0]) if network.loss == "binary-cross-entropy" else 1
        gradients = [Symbol(f"dL/d{self.logits[y.name].name}") for y, _ in self.pairs]
        short = [(sheet.values[y.name] - sheet.values[d.name]) / number for y, d in self.pairs]
        found = [sheet.values[gradient.name] for gradient in gradients]
        over = f", over {number}" if number > 1 else ""
        each = "" if len(gradients) == 1 else ", and so in every step"
        sheet.check(
            all(np.allclose(a, b, rtol=1e-9, atol=1e-12) for a, b in zip(found, short, strict=True)),
            gradients,
            say(
                f"{network.loss} with its own activation must give {{g}} = {{y}} - {{d}}{over}{each}, and does",
                g=gradients[-1], y=y, d=goal,
            ),
        )  # fmt: skip

    def _loss_of(self, y: Symbol, goal: Symbol) -> tuple[Node, bool]:
        """The loss of one output, and whether it is taken from what goes into the last activation."""
        network, sheet = self.network, self.sheet
        assert network.loss is not None
        outputs = int(y.shape[0])
        samples = network.samples if network.reduction == "mean" else 1
        if self.symbolic:
            if (network.loss, network.output_activation) in FROM_LOGITS and network.V is not None:
                return loss_from_logits(network.loss, self.logits[y.name], goal, outputs, samples), True
            return loss_of(network.loss, y, goal, outputs, samples), False
        prediction, target = sheet.values[y.name], sheet.values[goal.name]
        check_probabilities(network.loss, network.output_activation, prediction, target, False, "output_activation")
        if y.name in self.logits and saturated(network.loss, network.output_activation, prediction, target, outputs):
            return loss_from_logits(network.loss, self.logits[y.name], goal, outputs, samples), True
        return loss_of(network.loss, y, goal, outputs, samples), False
