"""Reasons said once: what the backward pass of one head, attention or normalisation repeats refers to the first."""

from __future__ import annotations

import re

from explain.engine.answer import Again, Step
from explain.engine.evaluate import symbols
from explain.engine.names import word
from explain.engine.nodes.base import Node
from explain.engine.nodes.beside import Columns
from explain.engine.nodes.linear import MatMul
from explain.engine.notation import Notation
from explain.engine.prose import Prose, say
from explain.engine.worksheet import Worksheet

AVERAGES = "as for {r}: only what differs from the average of its row comes back through softmax"
PLACE = re.compile(r"\^\d+$")  # of the second attention of a decoder
NUMBER = re.compile(r"_?\d+$")  # of a head, or of a sublayer
GRADIENT = "dL/d"
SHORT = 90  # characters of a reason that needs no other to lean on
LAST = {"Y": "N", "dL/dY": "dL/dN"}  # the last normalisation of a block makes its output
Pattern = tuple[object, ...]


def refer_back(sheet: Worksheet, since: int) -> None:
    """Shorten the reasons of the gradients from step `since` on that repeat an earlier one with other numbers.

    Two steps are alike where their formulas are the same but for the numbers of heads and sublayers. The short reason
    stands on pages that show the earlier step too. It keeps what one entry is; a quotient or a copy has a short reason
    already.

    >>> from explain.engine.values import constant
    >>> from explain.render.linear import sentence
    >>> sheet = Worksheet("", "")
    >>> X, U, V, g = (sheet.given(name, constant([["1", "2"], ["3", "4"]]), "") for name in ("X", "V_1", "V_2", "g"))
    >>> heads = sheet.define("H_1", X @ U, "", ""), sheet.define("H_2", X @ V, "", "")
    >>> sheet.backward(sheet.define("Z", heads[0] * heads[1], "", ""), [U, V], seed=g, jacobians=False)
    >>> refer_back(sheet, 3)
    >>> [sentence(step.again.why) for step in sheet.steps if step.again]
    ['as for V₂: entry (i, j) is column i of X times column j of ∂L/∂H₁']
    """
    first: dict[Pattern, Step] = {}
    for step in sheet.steps[since:]:
        found = first.setdefault((_base(step.name), *_pattern(step.expression)), step)
        if found is step:
            continue
        if not step.name.startswith(GRADIENT):  # the averages that softmax takes away
            step.again = Again(found.name, say(AVERAGES, r=found.symbol))
            continue
        short = _short(step.why, step.expression, word(found.name.removeprefix(GRADIENT)))
        step.again = Again(found.name, short) if short != step.why else None


def _short(why: Prose, expression: Node, earlier: Notation) -> Prose:
    """A reason that refers to an earlier one; itself where it is short."""
    ends = [at for at, part in enumerate(why) if isinstance(part, str) and ": " in part]
    told = sum(len(part) if isinstance(part, str) else 2 for part in why)
    if not ends or told < SHORT:
        return why
    if isinstance(expression, MatMul) or _averaged(expression):
        last = why[ends[-1]]
        assert isinstance(last, str)
        return ("as for ", earlier, ": " + last.rpartition(": ")[2], *why[ends[-1] + 1 :])
    arriving = [name for name in symbols(expression) if name.startswith(GRADIENT)]
    if not arriving:
        return why
    parts: dict[str, Notation] = {f"g{at}": word(name) for at, name in enumerate(arriving)}
    listed = [f"{{{key}}}" for key in parts]
    joined = listed[0] if len(listed) == 1 else ", ".join(listed[:-1]) + f" and {listed[-1]}"
    return say("as for {e}, from " + joined, e=earlier, **parts)


def _averaged(expression: Node) -> bool:
    """Whether something comes back through softmax: what arrives, less the average of its row."""
    return any(name.startswith("r_") for name in symbols(expression))


def _base(name: str) -> str:
    """A name without the numbers of heads and sublayers: `dL/dW_Q2^2` is `dL/dW_Q`."""
    base = NUMBER.sub("", PLACE.sub("", name))
    return LAST.get(base, base)


def _pattern(node: Node) -> list[object]:
    """An expression by its operations and the names in it, their numbers left out."""
    if not node.operands:
        return [_base(getattr(node, "name", type(node).__name__))]
    found: list[object] = [type(node).__name__]
    if isinstance(node, Columns):  # of which head it is
        found.append(node.start)
    for operand in node.operands:
        found += _pattern(operand)
    return [*found, ")"]
