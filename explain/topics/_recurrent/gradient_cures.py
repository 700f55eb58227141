"""What is done about gradients through time: clipping against exploding, gates against vanishing."""

from __future__ import annotations

from explain.engine.functions import MAX
from explain.engine.nodes.arithmetic import Raise, sqrt
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.notation import Word, related
from explain.engine.paths import pulled_along
from explain.engine.prose import SYMBOLIC, say
from explain.engine.worksheet import Worksheet
from explain.topics._recurrent.in_symbols import cell_lines, put_in


def clipped(sheet: Worksheet, given: dict[str, Symbol]) -> Symbol:
    """Clipping by norm: the cure for exploding."""
    sheet.part("Cure for exploding: clipping by norm")
    g, c = given["g"], given["c"]
    length = sheet.define(
        "norm_g",
        sqrt(Sum(g**2)),
        say("Norm of {g}", g=g),
        say("root of the sum of all squared entries"),
        written=Word("‖g‖", r"\lVert g \rVert", key="norm_g"),
    )
    divisor = sheet.define(
        "r",
        MAX(Number(1, "1"), length / c),
        say("How many times too long {g} is", g=g),
        say("a gradient that is short enough is divided by 1: it stays as it is"),
    )
    clipped = sheet.define(
        "g_clipped",
        g / divisor,
        "Clipped gradient",
        say("every entry is divided by the same {r}: the direction stays, the norm is at most {c}", r=divisor, c=c),
        written=Word("g′", "g'", key="g_clipped"),
    )
    if clipped.name in sheet.values:
        import numpy as np

        lengths = [float(np.linalg.norm(sheet.values[name])) for name in (clipped.name, g.name)]
        most = float(sheet.values[c.name])
        sheet.check(
            abs(lengths[0] - min(lengths[1], most)) <= 1e-12 * max(most, 1e-300),
            [clipped],
            say("the norm of {a} is the smaller of {n} and {c}", a=clipped, n=length, c=c),
        )
    return clipped


def gated(sheet: Worksheet, given: dict[str, Symbol]) -> Symbol:
    """The forget gate in place of weight and slope: the cure for vanishing."""
    sheet.part("Cure for vanishing: gates")
    f, T, old, cell = given["f"], given["T"], Symbol("c_t-1"), Symbol("c_t")
    line = cell_lines("lstm", 1)["c_t"][1]
    kept = pulled_along({cell.name: (cell, _scalars(line))}, (old, cell), Number(1, "1"))
    return sheet.define(
        "F",
        Raise(put_in(kept, {"f_t": f}), T),
        say("Factor over {T} steps along the cell path of an LSTM", T=T),
        say(
            "in {e} each step back multiplies by the forget gate alone: no weight, no slope; the network can learn "
            "a gate near 1",
            e=related(cell.word, "=", _scalars(line).write(SYMBOLIC)),
        ),
        note=say(
            "it never explodes, as {f} is at most 1, and at {f} = 1 it passes unchanged; the gates are held constant",
            f=f,
        ),
    )


def _scalars(node: Node) -> Node:
    """The formula of one unit, every quantity a number."""
    if isinstance(node, Symbol):
        return Symbol(node.name)
    return node.rebuild([_scalars(operand) for operand in node.operands])
