"""Why the gradients of parts stand side by side: matrices taken apart by their columns, and joined again."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.beside import Beside, Columns
from explain.engine.prose import Prose, say


def gradient(
    operand: Symbol, through: Sequence[Symbol], expression: Node, arriving: Node
) -> tuple[Prose, Prose] | None:
    """The title and the why of ∂L/∂operand; None where nothing is taken apart or joined.

    Args:
        through: the quantities it is reached through.
        expression: the gradient.
        arriving: what arrives at the first of them.
    """
    title = say("Gradient at {x}", x=operand)
    if isinstance(expression, Beside) and len(through) > 1:
        parts = {f"p{at}": symbol for at, symbol in enumerate(through)}
        listed = [f"{{p{at}}}" for at in range(len(through))]
        return title, say(
            "each column of {x} goes to one of " + ", ".join(listed[:-1]) + f" and {listed[-1]}: what comes back from "
            "them is put side by side, in the order of the columns",
            x=operand, **parts,
        )  # fmt: skip
    if isinstance(expression, Columns):
        width = int(expression.operands[0].shape[1])
        if expression.stop - expression.start == width:
            return title, say("{x} is the whole of {z}, so {g} passes as it is", x=operand, z=through[0], g=arriving)
        return title, say(
            f"{{x}} is {_places(expression)} of {{z}}, unchanged: its gradient is {_places(expression)} of {{g}}",
            x=operand, z=through[0], g=arriving,
        )  # fmt: skip
    return None


def _places(columns: Columns) -> str:
    first, last = columns.start + 1, columns.stop
    return f"column {first}" if first == last else f"columns {first} to {last}"
