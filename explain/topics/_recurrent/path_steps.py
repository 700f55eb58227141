"""The paths through the gates of an LSTM cell, one step of working a path."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import pairwise

from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.notation import Notation, Operator, Row, Word, product, related
from explain.engine.paths import Definitions, Path, along, paths
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.wording import RULES
from explain.engine.worksheet import Worksheet
from explain.topics._recurrent.cells import LSTM, At
from explain.topics._recurrent.in_symbols import NOW, Size, cell_lines, formula, functions

DIAGONALS = Word("diag(u) diag(v) = diag(u ⊙ v)", r"\mathrm{diag}(u) \cdot \mathrm{diag}(v) = \mathrm{diag}(u \odot v)")
ARROW = Operator(" → ", r" \to ")
LETTERS = {NOW.name(gate.base): gate.letter for gate in LSTM}


def stated(sheet: Worksheet, n: Size, before: bool, only: Sequence[str] = ()) -> Definitions:
    """State the cell's equations; the same with what goes into each gate named, for the chain rule.

    Args:
        before: whether the state of step t-1 is a function of its cell.
        only: how the steps that need derivatives begin, where others can be asked for.
    """
    merged, named = (cell_lines("lstm", n, merged=short) for short in (True, False))
    last = cell_lines("lstm", n, at=At("t-1", "t-2"))["h_t-1"]
    for name, defined in merged.items():
        if not before or name[0] in "fic":
            formula(sheet, defined)
    if before:
        formula(sheet, last)
    x, W, U, b, f, z = (Symbol(name) for name in ("x_t", "W_f", "U_f", "b_f", "f_t", "z_f,t"))
    sheet.convention(
        "{W}, {U} and {b} are the input weights, the recurrent weights and the bias of the forget gate, {x} the input, "
        "{z} what stands in the brackets of {f}; likewise in the others",
        W=W, U=U, b=b, x=x, z=z, f=f,
    )  # fmt: skip
    functions(sheet, "sigmoid", "tanh")
    sheet.convention_about(only, f"derivatives: {RULES['sigmoid']}, {RULES['tanh']}")
    sheet.convention_about(only, "in a Jacobian outputs are rows and inputs columns; {d}", d=DIAGONALS)
    return {"h_t-1": last, **named} if before else named


def path_steps(sheet: Worksheet, definitions: Definitions, ways: Sequence[Path]) -> list[Symbol]:
    """One step for each path: the product of the Jacobians of its links."""
    found = []
    for path in ways:
        through = next(symbol for symbol in path[1:] if symbol.name in LETTERS)
        links = list(pairwise(path))[::-1]
        found.append(
            sheet.define(
                f"J_{LETTERS[through.name]}",
                along(definitions, path),
                ("Path ", arrows(path)),
                _why(definitions, links),
                chain=product([word(f"d{later.name}/d{earlier.name}") for earlier, later in links]),
            )
        )
    return found


def all_paths(sheet: Worksheet, definitions: Definitions, of: Symbol, wrt: Symbol) -> Symbol:
    """The paths one by one, and their sum: the whole Jacobian."""
    ways = path_steps(sheet, definitions, paths(definitions, of, wrt))
    return sheet.define(
        f"d{of.name}/d{wrt.name}",
        _sum(ways),
        say("From {a} to {b}, all paths", a=wrt, b=of),
        say(f"{{a}} reaches {{b}} along {len(ways)} paths: what comes along each of them is added", a=wrt, b=of),
    )


def _sum(terms: Sequence[Node]) -> Node:
    return reduce(lambda total, term: total + term, terms)


def arrows(path: Path) -> Notation:
    """`h → f → c`."""
    row: list[Notation] = [path[0].word]
    for symbol in path[1:]:
        row += [ARROW, symbol.word]
    return Row(row)


def _why(definitions: Definitions, links: list[tuple[Symbol, Symbol]]) -> Prose:
    """The Jacobian of each link, the last one first."""
    said: Prose = ("chain rule along this path: ",)
    for at, (earlier, later) in enumerate(links):
        local = word(f"d{later.name}/d{earlier.name}")
        jacobian = along(definitions, (earlier, later)).write(SYMBOLIC)
        said = (*said, ", " if at else "", related(local, "=", jacobian))
    return said
