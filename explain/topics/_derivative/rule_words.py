"""What a rule of differentiation is called on the page, and why it may be used: its name and its quantities."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.evaluate import symbols
from explain.engine.functions import LOG
from explain.engine.nodes.arithmetic import Divide, Negative
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.prose import Prose, say
from explain.engine.rules import Rule
from explain.engine.wording import RULES

FUNCTIONS = {
    "exp": "the exponential function is its own derivative",
    "log": "log t has the derivative 1/t",
    "sin": "sin t has the derivative cos t",
    "cos": "cos t has the derivative -sin t",
    "abs": "|t| has the slope 1 where t is positive and -1 where it is negative",
    "sign": "the sign is constant on both sides of its jump",
    "step": "the condition is constant on both sides of its jump",
    "softplus": "softplus t = log(1 + e^t) has the derivative σ(t)",
    "sigmoid": RULES["sigmoid"],
    "tanh": RULES["tanh"],
    "relu": RULES["relu"],
    "leaky-relu": RULES["leaky-relu"],
}


def label(rules: Sequence[Rule]) -> Prose:
    """The names of the rules of one line: `power rule`, or `constant factor, log, chain rule`."""
    names = list(dict.fromkeys(rule.name for rule in _told(rules)))
    if len(names) == 1:
        return (names[0],)
    short = [name.removeprefix("derivative of ") for name in names]
    return (", ".join([*(name.removesuffix(" rule") for name in short[:-1]), short[-1]]),)


def _told(rules: Sequence[Rule]) -> list[Rule]:
    """The rules worth a word: that t has the derivative 1 goes without saying beside another rule."""
    kept = [rule for rule in rules if rule.name != "identity rule"]
    return kept or list(rules)


def reason(rules: Sequence[Rule], wrt: Symbol, sign: str) -> Prose:
    """Why the line holds: each rule with the quantities it was used on."""
    said: list[Prose] = []
    for rule in _told(rules):
        prose = _reason(rule, wrt, sign)
        if prose not in said:
            said.append(prose)
    return tuple(piece for at, prose in enumerate(said) for piece in (("; ", *prose) if at else prose))


def _reason(rule: Rule, wrt: Symbol, sign: str) -> Prose:
    """One rule and its quantities: {p} the expression, {a} and {b} its first two parts, {w} the variable."""
    if rule.name == "constant factor rule":
        return _constant(rule, wrt)
    if rule.name == "constant rule" and not symbols(rule.of):
        return say("{p} is a number: its derivative is 0", p=rule.of)
    if rule.name not in TOLD:
        assert isinstance(rule.of, Apply)
        return say(FUNCTIONS[rule.of.function.name])
    first, second = [*rule.of.operands, rule.of, rule.of][:2]
    parts = {"p": rule.of, "a": first, "b": second, "w": wrt, "l": LOG(first)}
    return say(TOLD[rule.name].replace("∂", sign), **parts)


TOLD = {
    "constant rule": "{p} does not depend on {w}: its derivative is 0",
    "identity rule": "{w} itself has the derivative 1",
    "sum rule": "sum rule: {p} is differentiated term by term",
    "product rule": "product rule: in {p} one factor at a time is differentiated while the others stay, and the "
    "results are added",
    "quotient rule": "quotient rule: derivative of {a} times {b}, minus {a} times derivative of {b}, all over the "
    "square of {b}",
    "reciprocal rule": "quotient rule with a constant on top: minus {a} times derivative of {b}, over the square of "
    "{b}",
    "chain rule": "chain rule: the derivative ∂{p}/∂{w} of what stands inside follows as a factor",
    "power rule": "power rule: in {p} the exponent {b} comes to the front and is lowered by 1",
    "exponential rule": "exponential rule: with a constant base, the derivative of {p} by its exponent is {p} times "
    "{l}",
    "power and exponential rule": "base and exponent of {p} both depend on {w}: the power rule with the exponent held "
    "constant, plus the exponential rule (the power times {l}) with the base held constant",
    "derivative of the root": "√t = t^(1/2) has the derivative 1/(2 √t), by the power rule",
}


def _constant(rule: Rule, wrt: Symbol) -> Prose:
    """Which factor stays."""
    if isinstance(rule.of, Negative):
        return say("the minus sign of {p} stays", p=rule.of)
    if isinstance(rule.of, Divide):
        return say("the divisor {c} does not depend on {w} and stays", c=rule.of.operands[1], w=wrt)
    assert rule.fixed is not None
    if not symbols(rule.fixed):
        return say("the factor {c} stays", c=rule.fixed)
    return say("the factor {c} does not depend on {w} and stays", c=rule.fixed, w=wrt)
