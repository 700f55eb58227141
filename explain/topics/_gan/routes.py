"""Second routes for the losses, and the two gradients of the generator side by side."""

from __future__ import annotations

import math
from collections.abc import Callable

from explain.engine.answer import Column, Table
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.topics._gan.given import FAKE

DIGITS = 260  # an output of a logit of 500 differs from 1 in the 217th
SHOWN = ("0.001", "0.01", "0.1", "0.5", "0.9")  # outputs for which the table compares the gradients


def other_route(sheet: Worksheet, from_logits: bool) -> None:
    """The losses once more: from the logits where outputs are given, from the outputs where logits are."""
    if "L_D" in sheet.values:
        again = _mean(sheet, "x", _minus_log(from_logits)) + _mean(sheet, "G", _minus_log(from_logits, fake=True))
        _agrees(sheet, "L_D", again, from_logits, "target 1 for real and 0 for fake")
    again = _mean(sheet, "G", _minus_log(from_logits))
    _agrees(sheet, "L_ns", again, from_logits, "target 1 for each fake sample, as code has it")


def _agrees(sheet: Worksheet, name: str, again: float, from_logits: bool, targets: str) -> None:
    loss = sheet.last(name)
    where = (
        f"from the outputs, kept with {DIGITS} digits" if from_logits else "from the logits log(D/(1 - D)), by softplus"
    )
    passed = math.isclose(float(sheet.values[name]), again, rel_tol=1e-9, abs_tol=1e-12)
    text = f"binary cross-entropy {where}, with {targets}, gives {tidy(again)} = {{L}}"
    sheet.check(passed, [loss], say(text, L=loss))


def _minus_log(from_logits: bool, fake: bool = False) -> Callable[[float], float]:
    """-log D, or -log(1 - D) for `fake`, of a number that is given."""

    def of_output(d: float) -> float:
        if d == 1:  # only of a real sample: its logit is infinite, and its loss 0
            return 0.0
        logit = math.log(d) - math.log1p(-d)
        turned = logit if fake else -logit
        return max(turned, 0.0) + math.log1p(math.exp(-abs(turned)))

    def of_logit(a: float) -> float:
        import sympy

        output = 1 / (1 + sympy.exp(-sympy.Float(repr(a), DIGITS)))
        return float(-sympy.log(1 - output if fake else output))

    return of_logit if from_logits else of_output


def _mean(sheet: Worksheet, of: str, each: Callable[[float], float]) -> float:
    name = f"a_{of}" if any(item.symbol.name == f"a_{of}" for item in sheet.given_items) else f"D_{of}"
    numbers = [each(float(value)) for value in sheet.values[name].flat]
    return sum(numbers) / len(numbers)


def retold(sheet: Worksheet, name: str, title: str | Prose, why: Prose) -> None:
    """Give a gradient that the chain rule wrote a title and a reason of the topic's own."""
    step = next(step for step in sheet.steps if step.name == name)
    step.title, step.why = say(title) if isinstance(title, str) else title, why


def told_slopes(sheet: Worksheet) -> None:
    """What the two gradients at the logit say of this batch."""
    minimax, other = (sheet.values[f"d{loss}/da_G"] for loss in ("L_minimax", "L_ns"))
    outputs = sheet.values["D_G"]
    at = int(outputs.argmin())
    small, large = (abs(float(values.flat[at])) for values in (minimax, other))
    d = float(outputs.flat[at])
    share = "" if outputs.size == 1 else f"/{outputs.size}"
    which = "" if outputs.size == 1 else f" of sample {at + 1}"
    sheet.remark(
        sheet.last("dL_minimax/da_G"),
        say("it is -{D}" + share + f": the better a fake sample is recognised, the less the generator learns from it; "
            f"{{D}} = {tidy(d)}{which} leaves {tidy(small)}", D=FAKE),
    )  # fmt: skip
    ratio = large / small if small else math.inf
    compare = (
        f"{tidy(ratio)} times the minimax loss's {tidy(small)}"
        if math.isfinite(ratio)
        else "where the minimax loss leaves nothing"
    )
    sheet.remark(
        sheet.last("dL_ns/da_G"),
        say("it is -(1 - {D})" + share + f": large where the sample is recognised; here {tidy(large)}{which}, "
            + compare, D=FAKE),
    )  # fmt: skip


def compared(sheet: Worksheet, slopes: Callable[[str], tuple[float, float]]) -> None:
    """The gradients at the logit for one sample, from rejected to accepted.

    Args:
        slopes: both gradients for an output, given as text.
    """
    rows = []
    for text in SHOWN:
        minimax, other = slopes(text)
        rows.append([(text,), (tidy(minimax),), (tidy(other),), (tidy(other / minimax),)])
    columns = ["D(G(z))", "minimax", "non-saturating", "how many times as large"]
    sheet.tables.append(
        Table(
            "Gradient at the logit for one sample, by how real it looks",
            [Column(title, True) for title in columns],
            rows,
            note=say("early in training the discriminator rejects nearly every sample: the first rows"),
            needs=("dL_minimax/da_G", "dL_ns/da_G"),
        )
    )
