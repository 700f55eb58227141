"""Why a gradient is a sum, or has several terms: for numbers that stand in many places, for means and for roots.

Source: the terms are those of Ioffe and Szegedy 2015, Batch Normalization, section 3.
"""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Times, sqrt
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.means import MeanOver, MeanSquare
from explain.engine.nodes.over import Stretched
from explain.engine.nodes.pairs import Pairs
from explain.engine.nodes.standard import OverRoot, Reshaped
from explain.engine.prose import Prose, say
from explain.engine.shapes import count
from explain.errors import amount

NUMERALS = {2: "two", 3: "three", 4: "four"}
Path = tuple[Symbol, Node]  # a quantity and the expression that defines it


def gradient(top: Symbol, operand: Symbol, paths: Sequence[Path], own: Node | None) -> tuple[Prose, Prose] | None:
    """The title and the why of ∂top/∂operand; None where nothing is averaged, stretched or reshaped on the way.

    Args:
        paths: the quantities that the operand is read by.
        own: the expression that defines the operand itself; None for what is given.
    """
    title = say("Gradient at {x}", x=operand)
    if len(paths) == 1:
        why = _alone(top, operand, *paths[0])
        return None if why is None else (title, why)
    told = [_along(operand, symbol, definition, own) for symbol, definition in paths]
    clauses = [clause for clause in told if clause is not None]
    if len(clauses) < len(told):
        return None
    number = NUMERALS.get(len(paths), str(len(paths)))
    said: Prose = say(f"chain rule: {{x}} reaches {{L}} on {number} paths, and each is a term: ", x=operand, L=top)
    for at, clause in enumerate(clauses):
        said = (*said, "; " if at else "", *clause)
    return title, tuple(part for part in said if part != "")


def _alone(top: Symbol, operand: Symbol, middle: Symbol, definition: Node) -> Prose | None:
    """A quantity that is read once."""
    only = "chain rule: {L} depends on {x} only through {z}"
    parts: dict[str, Node] = {"L": top, "x": operand, "z": middle}
    if isinstance(definition, Reshaped):
        return say(
            "{z} holds the numbers of {x} in another shape: what arrives is put back in the shape of {x}", **parts
        )
    if isinstance(definition, OverRoot):
        above, below = (operand.name in symbols(part) for part in definition.operands)
        many = _places(definition, operand)
        if below and not above:
            where = f" for each of {amount(many, 'number')}, and what these send back is added" if many > 1 else ""
            return say(
                f"{only}, where it stands under the root{where}: u^(-1/2) has the derivative -1/2 u^(-3/2)", **parts
            )
        if above and not below and many == 1:
            return say(
                only + ", where it is divided by {r}; mean and variance are constants here and do not depend on {x}, "
                "so no further term comes back through them",
                r=sqrt(_bare(definition.operands[1])), **parts,
            )  # fmt: skip
        return None
    if isinstance(definition, Pairs):
        own = next(at for at, part in enumerate(definition.operands) if operand.name in symbols(part))
        pairs = amount(int(definition.operands[1 - own].shape[0]), "pair")
        return say(f"{only}, where each row of {{x}} stands in {pairs}: it receives the sum of their rows", **parts)
    found = _stretched(definition, operand)
    if found is None:
        return None
    each = f"{only}, where each number of {{x}} "
    places = amount(_members(found), "number")
    factor = _beside(definition, operand)
    if factor is not None:
        return say(
            each
            + f"multiplies {places} of {{F}}: it receives what arrives at each of them times that number, added up",
            F=factor, **parts,
        )  # fmt: skip
    return say(each + f"is added to {places}: it receives the sum of what arrives there", **parts)


def _along(operand: Symbol, middle: Symbol, definition: Node, own: Node | None) -> Prose | None:
    """One path of several: how the quantity enters, and so what comes back."""
    many = _places(definition, operand)
    if isinstance(definition, OverRoot) and operand.name not in symbols(definition.operands[1]):
        root = sqrt(_bare(definition.operands[1]))
        if many == 1:
            return say("through {z} itself, divided by {r}", z=middle, r=root)
        return say(f"through {{z}}, where it is taken away from {amount(many, 'number')}: a minus, and a sum", z=middle)
    if isinstance(definition, MeanSquare):
        if many == 1:
            return say(
                "through {z}, a mean of {m} squares: u²/m has the derivative 2u/m", z=middle, m=definition.operands[1]
            )
        if isinstance(own, MeanOver) and not isinstance(own, MeanSquare):
            return say("through {z}: this term is always 0, because the distances from a mean add up to 0", z=middle)
        return say("through {z}, a mean of squares", z=middle)
    if isinstance(definition, MeanOver):
        return say("through {z}, a mean in which each of {m} numbers counts 1/{m}", z=middle, m=definition.operands[1])
    return None


def _stretched(node: Node, operand: Symbol) -> Stretched | None:
    """Where a quantity stands in many places."""
    if isinstance(node, Stretched) and operand.name in symbols(node):
        return node
    return next((found for part in node.operands if (found := _stretched(part, operand)) is not None), None)


def _places(definition: Node, operand: Symbol) -> int:
    found = _stretched(definition, operand)
    return 1 if found is None else _members(found)


def _members(found: Stretched) -> int:
    return count(tuple(found.along.full[axis] for axis in found.along.axes))


def _beside(node: Node, operand: Symbol) -> Node | None:
    """The factor that a quantity multiplies."""
    if isinstance(node, Times):
        others = [part for part in node.operands if operand.name not in symbols(part)]
        return others[0] if len(others) == 1 else None
    return next((found for part in node.operands if (found := _beside(part, operand)) is not None), None)


def _bare(node: Node) -> Node:
    return node.operands[0] if isinstance(node, Stretched) else node
