"""The training objective of a language model in words, and proven in symbols."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.notation import UNARY_MINUS, Row, Word, related
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._language.words import general, joint, over


def objective_conventions(sheet: Worksheet, reduction: str = "") -> None:
    """Where the objective comes from, and the objective; they stand on every page."""
    sheet.convention(
        "chain rule of probability: {f}, each token given all tokens before it; {t} are the weights of the model",
        f=related(joint("n"), "=", over("Π", r"\prod", general())),
        t=word("theta"),
    )
    logarithm = Row([Word("log ", r"\log "), general()])
    sheet.convention(
        "GPT is trained to make {f} small over {t}, the negative logarithm of that product, here {L}; log is the "
        "natural logarithm",
        f=Row([UNARY_MINUS, over("Σ", r"\sum", logarithm)]), t=word("theta"), L=word("L_sum"),
    )  # fmt: skip
    sheet.convention(
        "teacher forcing: at each position the tokens before it are those of the text, not the model's own"
    )
    if reduction:
        other = "sum" if reduction == "mean" else "mean"
        sheet.convention(
            f"reduction {reduction}: the loss that a program reports is {{L}}; with {other} it is {{M}} (PyTorch's "
            "cross_entropy takes the mean unless told otherwise)",
            L=word(f"L_{reduction}"), M=word(f"L_{other}"),
        )  # fmt: skip


def check_symbols(sheet: Worksheet, needs: Sequence[Symbol]) -> None:
    """For three tokens of any probability, the perplexity is the product to the power of -1/3."""
    import sympy

    p = sympy.symbols("p1:4", positive=True)
    mean = -sum(map(sympy.log, p)) / 3
    gap = sympy.simplify(sympy.expand_log(sympy.log(sympy.prod(p) ** sympy.Rational(-1, 3)) - mean))
    sheet.check(
        gap == 0,
        needs,
        say(
            "SymPy, for three tokens of any probabilities: their product to the power of -1/3 is e to the power of the "
            "mean loss"
        ),
    )
