"""What a rule of differentiation is called on the page, and why it may be used: its name and its quantities."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Divide, Negative, Times
from explain.engine.nodes.base import Node, Number, Symbol
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
SHORT = {"derivative of leaky-relu": "derivative of LeakyReLU", "derivative of relu": "derivative of ReLU"}


def label(rules: Sequence[Rule]) -> Prose:
    """The names of the rules of one line: `constant factor, power rule`."""
    names = list(dict.fromkeys(SHORT.get(rule.name, rule.name) for rule in _told(rules)))
    ends = [name.removesuffix(" rule") for name in names[:-1]]
    return (", ".join([*ends, names[-1]]),)


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
    whole = rule.of
    if rule.name == "constant rule":
        if not symbols(whole):
            return say("{c} is a number: its derivative is 0", c=whole)
        return say("{c} does not depend on {w}: its derivative is 0", c=whole, w=wrt)
    if rule.name == "identity rule":
        return say("{w} itself has the derivative 1", w=wrt)
    if rule.name == "constant factor rule":
        return _constant(whole, wrt)
    if rule.name == "sum rule":
        return say("sum rule: {s} is differentiated term by term", s=whole)
    if rule.name == "product rule":
        return say(
            "product rule: in {p} one factor at a time is differentiated while the others stay, and the results are "
            "added",
            p=whole,
        )
    if rule.name == "quotient rule":
        top, bottom = whole.operands
        return say(
            "quotient rule: derivative of {a} times {b}, minus {a} times derivative of {b}, all over {b} squared",
            a=top, b=bottom,
        )  # fmt: skip
    if rule.name == "reciprocal rule":
        top, bottom = whole.operands
        return say(
            "quotient rule with a constant on top: minus {a} times derivative of {b}, over {b} squared",
            a=top, b=bottom,
        )  # fmt: skip
    if rule.name == "chain rule":
        return say(
            f"chain rule: the derivative {sign}{{u}}/{sign}{{w}} of what stands inside follows as a factor",
            u=whole,
            w=wrt,
        )
    if rule.name == "power rule":
        exponent = whole.operands[1]
        return say("power rule: in {p} the exponent {n} comes to the front and is lowered by 1", p=whole, n=exponent)
    if rule.name == "exponential rule":
        return say("exponential rule: {p} is e to the power {l}", p=whole, l=_logarithm(whole))
    if rule.name == "derivative of the root":
        return say("√t = t^(1/2) has the derivative 1/(2 √t), by the power rule")
    assert isinstance(whole, Apply)
    return say(FUNCTIONS[whole.function.name])


def _logarithm(power: Node) -> Node:
    from explain.engine.functions import LOG

    base, exponent = power.operands
    return exponent * LOG(base)


def _constant(whole: Node, wrt: Symbol) -> Prose:
    """Which factor stays."""
    if isinstance(whole, Negative):
        return say("the minus sign stays")
    if isinstance(whole, Divide):
        return say("the divisor {c} does not depend on {w} and stays", c=whole.operands[1], w=wrt)
    active = [factor for factor in whole.operands if wrt.name in symbols(factor)]
    fixed = [factor for factor in whole.operands if factor not in active]
    if not active or not fixed:
        return say("the constant factor stays")
    if len(fixed) == 1 and isinstance(fixed[0], Number):
        return say("the factor {c} stays", c=fixed[0])
    return say(
        "the factor {c} does not depend on {w} and stays", c=Times(*fixed) if len(fixed) > 1 else fixed[0], w=wrt
    )
