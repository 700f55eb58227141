"""The gates of a computation graph in words: what each does forward, and what it does with a gradient backward."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, SquareRoot, Times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Extreme, Larger
from explain.engine.nodes.functions import Apply, Softmax
from explain.engine.nodes.linear import MatMul, Sum, Transpose
from explain.engine.nodes.powers import ConstantPower, Power, Product
from explain.engine.nodes.reductions import Dot
from explain.engine.prose import Prose, say

EFFECT = {
    "sigmoid": "σ takes {x} into (0, 1)",
    "tanh": "tanh takes {x} into (-1, 1)",
    "relu": "ReLU keeps {x} where it is positive and gives 0 elsewhere",
    "leaky-relu": "LeakyReLU keeps {x} where it is positive and takes a hundredth of it elsewhere",
    "softplus": "softplus is a smooth ReLU: it gives the logarithm of 1 + e to the power of {x}",
    "exp": "e is raised to the power of {x}",
    "log": "the natural logarithm of {x}",
    "sin": "the sine of {x}, in radians",
    "cos": "the cosine of {x}, in radians",
    "abs": "{x} without its sign",
}
TITLES = {
    "sigmoid": "Sigmoid", "tanh": "Hyperbolic tangent", "relu": "ReLU", "leaky-relu": "LeakyReLU",
    "softplus": "Softplus", "exp": "Exponential", "log": "Logarithm", "sin": "Sine", "cos": "Cosine",
    "abs": "Absolute value",
}  # fmt: skip


def is_mean(node: Node) -> bool:
    """Whether a quotient is a sum over the number of its terms."""
    return isinstance(node, Divide) and isinstance(node.operands[0], Sum) and isinstance(node.operands[1], Number)


def kind(node: Node) -> str:
    """What a gate is called."""
    if isinstance(node, Apply):
        return TITLES[node.function.name]
    if is_mean(node):
        return "Mean"
    if isinstance(node, Extreme | Larger):
        return "Maximum" if node.largest else "Minimum"
    if isinstance(node, Raise) and isinstance(node.operands[1], Number) and node.operands[1].value == 2:
        return "Square"
    if isinstance(node, Add):
        return "Difference" if max(node.signs[1:]) < 0 else "Sum"
    named = {
        Times: "Product", Product: "Product", Divide: "Quotient", Raise: "Power", ConstantPower: "Power",
        Power: "Power", SquareRoot: "Square root",
        MatMul: "Matrix product", Dot: "Inner product", Negative: "Minus", Transpose: "Transpose", Softmax: "Softmax",
        Sum: "Sum", Symbol: "Copy",
    }  # fmt: skip
    return named[type(node)]


def listed(parts: Sequence[Node], prefix: str) -> tuple[str, dict[str, Node]]:
    """`{a0}, {a1} and {a2}` with its parts."""
    names = {f"{prefix}{at}": part for at, part in enumerate(parts)}
    marks = ["{" + name + "}" for name in names]
    return (" and ".join([", ".join(marks[:-1]), marks[-1]]) if len(marks) > 1 else marks[0]), dict(names)


def forward(node: Node) -> Prose:
    """What a gate does with what comes in."""
    entries = ", entry by entry" if node.shape else ""
    if isinstance(node, Apply):
        each = " each entry of" if node.shape else ""
        told = EFFECT[node.function.name]
        return say(told.replace(" {x}", each + " {x}", 1) if told[0] != "{" else told, x=node.operands[0])
    if isinstance(node, Add):
        return _added(node, entries)
    if isinstance(node, Times):
        told, parts = listed(node.operands, "a")
        return say(f"{told} are multiplied{entries}", **parts)
    if isinstance(node, MatMul):
        first, second = node.operands
        place = "entry i is row i of {a} times {b}" if second.shape[1] == 1 else "entry (i, j) is row i of {a} times"
        return say(
            place + ("" if second.shape[1] == 1 else " column j of {b}") + ", product by product", a=first, b=second
        )
    if isinstance(node, Dot):
        return say("the entries of {a} are multiplied by those of {b}, and the products are added",
                   a=node.operands[0], b=node.operands[1])  # fmt: skip
    if isinstance(node, Softmax):
        line = "them" if 1 in node.shape else "each row" if node.axis == 1 else "each column"
        return say(f"softmax makes the entries of {{x}} positive and lets {line} sum to 1", x=node.operands[0])
    if is_mean(node) or isinstance(node, Sum | Extreme):
        return _reduced(node)
    return _plain(node, entries)


def _added(node: Add, entries: str) -> Prose:
    more = [part for sign, part in zip(node.signs, node.operands, strict=True) if sign > 0]
    less = [part for sign, part in zip(node.signs, node.operands, strict=True) if sign < 0]
    if len(more) == 1 and less:
        taken, parts = listed(less, "b")
        verb = "is" if len(less) == 1 else "are"
        return say(f"{taken} {verb} taken away from {{a}}{entries}", a=more[0], **parts)
    told, parts = listed(more, "a") if more else ("", {})
    taken, others = listed(less, "b") if less else ("", {})
    added = f"{told} are added" if more else ""
    away = f"{taken} {'is' if len(less) == 1 else 'are'} taken away" if less else ""
    return say(", ".join(part for part in (added, away) if part) + entries, **parts, **others)


def _reduced(node: Node) -> Prose:
    """A sum, a mean or an extreme."""
    inner = node.operands[0] if is_mean(node) else node
    axis = getattr(inner, "axis", None)
    which = {None: "all entries of {x}", 0: "the entries of each column of {x}", 1: "the entries of each row of {x}"}
    if isinstance(node, Extreme):
        return say(f"the {'largest' if node.largest else 'smallest'} of " + which[axis], x=inner.operands[0])
    divided = " and the sum is divided by their number, {n}" if is_mean(node) else ""
    parts: dict[str, Node] = {"x": inner.operands[0]}
    if is_mean(node):
        parts["n"] = node.operands[1]
    return say(which[axis] + " are added" + divided, **parts)


def _plain(node: Node, entries: str) -> Prose:
    first, last = node.operands[0] if node.operands else node, node.operands[-1] if node.operands else node
    if isinstance(node, Divide):
        return say("{a} is divided by {b}" + entries, a=first, b=last)
    if isinstance(node, Power):
        return say("{a} is raised to the power of {b}" + entries, a=first, b=last)
    if isinstance(node, Raise):
        squared = kind(node) == "Square"
        return say(("{a} is squared" if squared else "{a} is raised to the power {b}") + entries, a=first, b=last)
    if isinstance(node, SquareRoot):
        return say("the square root of {a} is taken" + entries, a=first)
    if isinstance(node, Negative):
        return say("{a} changes its sign" + entries, a=first)
    if isinstance(node, Larger):
        return say(f"the {'larger' if node.largest else 'smaller'} of {{a}} and {{b}}{entries}", a=first, b=last)
    if isinstance(node, Transpose):
        return say("rows and columns of {a} change places", a=first)
    return say("{a} is passed on as it is", a=first)
