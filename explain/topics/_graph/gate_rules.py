"""The rule by which each gate passes a gradient back to one of its operands, in words."""

from __future__ import annotations

from explain.engine import wording
from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, SquareRoot, Times
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.extremes import Extreme, Larger
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.powers import ConstantPower, Power
from explain.engine.nodes.reductions import Dot
from explain.engine.prose import Prose, say
from explain.topics._graph.gates import is_mean, listed

FACTOR = "power rule: the exponent on {x} comes down as a factor and is lowered by 1"
SIMPLE = {
    ConstantPower: FACTOR,
    Raise: FACTOR,
    SquareRoot: "the root of {x} has the derivative 1 over twice that root, and the root, {u}, is known from forward",
    Negative: "a minus sign has the local derivative -1",
    Sum: "every entry of {x} enters {u} with the factor 1: each gets all that arrives",
    Symbol: "{u} is {x} itself: the local derivative is 1",
}


def rule(node: Node, gate: Symbol, operand: Symbol) -> Prose:
    """The local derivative of a gate in words; empty for products of matrices, which the chain rule tells itself."""
    parts: dict[str, Node] = {"u": gate, "x": operand}
    if isinstance(node, Apply):
        return say("the local derivative at {x}: " + wording.RULES[node.function.name], **parts)
    if isinstance(node, Add):
        return _sum(node, parts, operand)
    if isinstance(node, Times):
        return _product(node, parts, operand)
    if isinstance(node, Divide):
        return _quotient(node, parts, operand)
    if isinstance(node, Dot):
        return _dot(node, parts, operand)
    if isinstance(node, Power):
        return _power(node, parts, operand)
    if isinstance(node, Extreme | Larger):
        return say(_extreme(node), **parts)
    return say(SIMPLE[type(node)], **parts) if type(node) in SIMPLE else ()


def _sum(node: Add, parts: dict[str, Node], operand: Symbol) -> Prose:
    signs = [sign for sign, part in zip(node.signs, node.operands, strict=True) if operand.name in symbols(part)]
    told = "{x} is added in {u}: the local derivative is 1"
    if signs == [-1]:
        told = "{x} is taken away in {u}: the local derivative is -1"
    elif len(signs) > 1:
        told = "{x} stands in {u} several times: its local derivatives, 1 or -1, are added"
    if node.shape != operand.shape:
        told += ", and one entry of {x} goes to several places of {u}: what arrives at them is added"
    return say(told, **parts)


def _product(node: Times, parts: dict[str, Node], operand: Symbol) -> Prose:
    others = [part for part in node.operands if operand.name not in symbols(part)]
    if len(others) < len(node.operands) - 1:
        return say("product rule: {x} stands in {u} several times, and each time adds the product of the rest", **parts)
    told, named = listed(others, "o")
    beside = "the factor" if len(others) == 1 else "the factors"
    added = "; {x} multiplies several entries of {u}, so what comes back from them is added"
    return say(
        f"product rule: the local derivative at {{x}} is {beside} beside it, {told}"
        + (added if node.shape != operand.shape else ""),
        **parts,
        **named,
    )


def _dot(node: Dot, parts: dict[str, Node], operand: Symbol) -> Prose:
    others = [part for part in node.operands if operand.name not in symbols(part)]
    told = "{u} is an inner product: the local derivative at {x} is what stands beside it, "
    if others:
        return say(told + "{o}", o=others[0], **parts)
    return say(told + "{x} again, and twice, because {x} stands on both sides", **parts)


def _quotient(node: Divide, parts: dict[str, Node], operand: Symbol) -> Prose:
    top, bottom = node.operands
    if is_mean(node):
        return say(
            "every entry of {x} enters {u} with the factor 1 over {n}: each gets that share of what arrives",
            n=bottom,
            **parts,
        )
    if operand.name in symbols(bottom):
        both = ", and above it too" if operand.name in symbols(top) else ""
        return say(f"quotient rule: {{x}} stands below the line of {{u}}{both}; a/x has the derivative -a/x²", **parts)
    return say("{x} is divided by {d} in {u}: the local derivative is 1 over {d}", d=bottom, **parts)


def _power(node: Power, parts: dict[str, Node], operand: Symbol) -> Prose:
    base, exponent = node.operands
    if operand.name not in symbols(exponent):
        return say(FACTOR, **parts)
    if operand.name in symbols(base):
        return say(
            "{x} is base and exponent of {u}, and the two parts are added: power rule for the base, {u} times the "
            "logarithm of the base for the exponent",
            **parts,
        )
    return say(
        "{x} is the exponent in {u}: the derivative is {u} times the logarithm of the base, {b}", b=base, **parts
    )


def _extreme(node: Extreme | Larger) -> str:
    which = "largest" if node.largest else "smallest"
    if isinstance(node, Extreme) and node.tied:
        if node.axis is not None:
            line = "row" if node.axis == 1 else "column"
            return f"in each {line} of {{x}} the {which} entries share what arrives there equally, as in PyTorch"
        return f"the {which} value stands in several entries of {{x}}: they share what arrives equally, as in PyTorch"
    if isinstance(node, Extreme):
        return f"only the {which} entry of {{x}} decides {{u}}: it gets what arrives, the others get 0"
    more = "larger" if node.largest else "smaller"
    if node.tied and not node.shape:
        return "the two are equal at {u}: each gets one half of what arrives, as in PyTorch"
    shared = "; where both are equal each gets one half, as in PyTorch" if node.tied else ""
    return f"only the {more} of the two decides {{u}}: it gets what arrives, the other 0{shared}"
