"""The number in front of a penalty: λ, λ/2, λ/(2N) or λ/N, and what the ones that were not taken would give.

Sources: λ/2 Goodfellow, Bengio and Courville 2016, Deep Learning, section 7.1.1, eq. 7.2; λ/(2N) Nielsen 2015, Neural
Networks and Deep Learning, chapter 3, eq. 87; λ Hastie, Tibshirani and Friedman 2009, The Elements of Statistical
Learning, eq. 3.41.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Literal

from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count

Coefficient = Literal["lambda", "lambda/2", "lambda/2N", "lambda/N"]

STRENGTHS: Mapping[str, Callable[[Node, Node], Node]] = {
    "lambda": lambda lam, _: lam,
    "lambda/2": lambda lam, _: lam / 2,
    "lambda/2N": lambda lam, N: lam / (2 * N),
    "lambda/N": lambda lam, N: lam / N,
}
# The factor of θ in the gradient of strength · ‖θ‖²; the engine's own gradient is checked against it.
DECAYS: Mapping[str, Callable[[Node, Node], Node]] = {
    "lambda": lambda lam, _: 2 * lam,
    "lambda/2": lambda lam, _: lam,
    "lambda/2N": lambda lam, N: lam / N,
    "lambda/N": lambda lam, N: 2 * lam / N,
}
WRITTEN = {"lambda": "λ", "lambda/2": "λ/2", "lambda/2N": "λ/(2N)", "lambda/N": "λ/N"}
WITHOUT_N = {"l1": "lambda", "l2": "lambda/2", "elastic-net": "lambda"}
WHOSE = {
    "lambda": "as in statistics and in Keras",
    "lambda/2": "as Goodfellow, Bengio and Courville have it for L2, and PyTorch's weight_decay",
    "lambda/2N": "shared among the examples, as in a data loss with 1/(2N)",
    "lambda/N": "shared among the examples",
}


def chosen(coefficient: str | None, penalty: str, number: int | None) -> str:
    """The strength that is taken: the one asked for; with a number of examples λ/(2N), as the data loss; else a book's.

    Raises:
        InputError: one with N is asked for, and N is not known.
    """
    if coefficient is None:
        return "lambda/2N" if number is not None else WITHOUT_N[penalty]
    if coefficient.endswith("N") and number is None:
        raise InputError(
            f"{{coefficient}} is {coefficient}, but the number of examples is missing: "
            "give {N}, or {y} and {yhat}"
        )
    return coefficient


def examples_of(N: Count | None, rows: int | None) -> int | None:
    """The number of examples, from the option or the targets.

    Raises:
        InputError: the two differ, or a symbol is given.
    """
    if N is None:
        return rows
    if N.number is None:
        raise InputError(f"{{N}} is {N.name}: the penalty is worked with numbers; give one, such as 5")
    if rows is not None and rows != N.number:
        raise InputError(f"{{N}} is {N.number}, but {{y}} has {rows} examples: leave {{N}} away, or make them equal")
    return N.number


def counted(sheet: Worksheet, number: int) -> Symbol:
    """N as a given."""
    return sheet.given("N", Values((), (str(number),)), "number of examples")


def others(sheet: Worksheet, lam: Node, norm: Node, taken: str, number: int | None, data: Symbol | None) -> Prose:
    """The penalty and the whole loss with the strengths that were not taken, in one line."""
    told = []
    count: Node = Number(number, str(number)) if number is not None else Number(1, "1")
    for name, strength in STRENGTHS.items():
        if name == taken or (name.endswith("N") and number is None):
            continue
        penalty = strength(lam, count) * norm
        found = f"{WRITTEN[name]}: R = {tidy(float(evaluate(penalty, sheet.values)))}"
        if data is not None:
            found += f", J = {tidy(float(evaluate(data + penalty, sheet.values)))}"
        told.append(found)
    return say("with another strength, " + "; ".join(told))
