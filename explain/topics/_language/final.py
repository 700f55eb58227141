"""Which of the hypotheses that a search ends with is the best: by its probability, or with a length penalty.

Source: Zhang et al., Dive into Deep Learning, eq. 10.8.4.
"""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.functions import LOG
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.powers import Power
from explain.engine.nodes.selected import Gathered, Lengths
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._language.search import Hypothesis, Model, Round, finals
from explain.topics._language.searches import Setting

CLOSE = 1e-12


def best_of(sheet: Worksheet, setting: Setting, rounds: Sequence[Round], kept: Sequence[Symbol]) -> Hypothesis:
    """The final candidate with the largest probability, or with a length penalty the largest score."""
    found, model = finals(rounds), setting.model
    best = max((hypothesis for _, _, hypothesis in found), key=lambda hypothesis: hypothesis.p)
    early = any(step < len(kept) - 1 for step, _, _ in found)
    if len(found) == 1 or not (early or setting.alpha is not None):
        return best
    sheet.part("Comparison")
    called = [model.told(hypothesis.tokens) for _, _, hypothesis in found]
    f = kept[-1]
    if early:
        cells = [kept[step].entry((at, 0)) for step, at, _ in found]
        told = "what ended on the way, and what was kept in the last step"
        told += f"; the most probable is {model.quoted(best.tokens)}" if setting.alpha is None else ""
        f = sheet.define("f", Gathered(*cells), "Final candidates", told, rows=called)
    return best if setting.alpha is None else _penalised(sheet, model, f, [one for _, _, one in found])


def _penalised(sheet: Worksheet, model: Model, f: Symbol, found: Sequence[Hypothesis]) -> Hypothesis:
    """The final candidate with the largest logarithm over length^alpha."""
    alpha = Symbol("alpha")
    why = say("of {f}: the larger a probability, the larger its logarithm, which is below 0", f=f)
    s = sheet.define("s", LOG(f), "Logarithms of the final candidates", why)
    lengths = Lengths(f, [len(hypothesis.tokens) for hypothesis in found])
    ends = ", the end token among them" if model.end is not None else ""
    L = sheet.define("L", lengths, "Their lengths", f"how many tokens each has{ends}")
    scores = s / Power(L, alpha)
    value = scores.evaluate([sheet.values["s"], sheet.values["L"] ** float(sheet.values["alpha"])])[:, 0].tolist()
    top = max(value) - CLOSE * abs(max(value))
    best = next(hypothesis for hypothesis, score in zip(found, value, strict=True) if score >= top)
    why = say(
        "every further token lowers the logarithm, so that short sequences would win; dividing by {L} to the power of "
        "{a} makes up for it: not at all with {a} = 0, and with {a} = 1 the score is the mean per token. The largest "
        f"is that of {model.quoted(best.tokens)}",
        L=L, a=alpha,
    )  # fmt: skip
    sheet.define("score", scores, "Scores with the length penalty", why)
    return best
