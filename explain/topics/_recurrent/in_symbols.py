"""Recurrent cells with symbols for everything: their weights in a paper's naming, and numbers drawn to check a page.

A page in symbols has no numbers of its own, so numbers are drawn (always the same ones), put into the printed
expressions, and held against a second route.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from explain.engine.evaluate import evaluate, run, symbols
from explain.engine.functions import ACTIVATIONS, textbook
from explain.engine.lowering import lower
from explain.engine.names import word
from explain.engine.nodes.base import Entry, Node, Number, Symbol
from explain.engine.nodes.blocks import Stack
from explain.engine.notation import Notation, Operator, Row, Word, related
from explain.engine.paths import Definitions
from explain.engine.prose import SYMBOLIC, Prose
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, shown
from explain.parameters import Count
from explain.topics._recurrent.cells import GATES, At, Cell, Kind, State, tensors

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

Naming = Literal["W_i", "W_ix", "stacked"]
Size = int | str
Introduce = Callable[[str, str, tuple[Size, ...]], Symbol]
Sums = Mapping[Size, tuple[Size, Size]]
NO_SUMS: Sums = {}
NOW = At("t", "t-1")
DRAWN = (3, 2, 4, 5)  # what symbolic and large sizes are when numbers are drawn
LARGEST = 8


class Lines:
    """Takes the lines of a cell and keeps them as definitions, without writing them on a sheet."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[Symbol, Node]] = {}

    def __call__(self, name: str, expression: Node, title: str | Prose, why: str | Prose) -> Symbol:  # noqa: ARG002
        """Keep one line."""
        symbol = Symbol(name, expression.shape)
        self.found[name] = (symbol, expression)
        return symbol


class FewSteps(Count):
    """A number of steps with a limit; a symbol for it only where `SYMBOL` names one."""

    __slots__ = ()
    MOST = 8
    SYMBOL = ""

    @classmethod
    def read(cls, name: str, raw: Any) -> Count:
        """A number of steps from text or a number.

        >>> FewSteps.read("steps", "2").number
        2

        Raises:
            InputError: it is no whole number from 1 to the limit, and no symbol that is allowed.
        """
        try:
            found = Count.read(name, raw)
        except InputError:
            found = Count(0)
        if found.number is None and cls.SYMBOL:
            return found
        if found.number is None or not 1 <= found.number <= cls.MOST:
            written = shown(found.name if found.number is None else raw) or "empty"
            other = f", or a symbol such as {cls.SYMBOL}" if cls.SYMBOL else ""
            raise InputError(f"{{{name}}} is {written}: give a whole number from 1 to {cls.MOST}{other}")
        return found


def size_of(count: Count) -> Size:
    """A size as it stands in a shape."""
    return count.name if count.number is None else count.number


def plain(name: str, meaning: str, shape: tuple[Size, ...]) -> Symbol:  # noqa: ARG001
    """A symbol that is not introduced on a sheet."""
    return Symbol(name, shape)


def introduced(sheet: Worksheet) -> Introduce:
    """Introduces each quantity among what is given."""
    return lambda name, meaning, shape: sheet.given(name, None, meaning, shape=shape)


def weights_of(
    kind: Kind, n: Size, x: Symbol, h: Symbol, introduce: Introduce, naming: Naming = "W_i", second: str = ""
) -> dict[str, Symbol]:
    """The weights of every gate by the names that a cell knows them by.

    Args:
        introduce: makes the symbol from its name, its meaning and its shape.
        second: the letter of the gate that has a second bias, inside the reset of a GRU.
    """
    found: dict[str, Symbol] = {}
    m = x.shape[0]
    for gate in GATES[kind]:
        W, U, b, b_U = tensors(kind, gate.letter)
        of = f"of the {gate.name}"
        if naming == "stacked":
            found[W] = introduce(W, f"weights {of}, for {h.word.text} and {x.word.text}", (n, Stack(h, x).shape[0]))
        else:
            names = (W, U) if naming == "W_i" else (f"W_{gate.letter}x", f"W_{gate.letter}h")
            found[W] = introduce(names[0], f"input weights {of}", (n, m))
            found[U] = introduce(names[1], f"recurrent weights {of}", (n, n))
        found[b] = introduce(b, f"bias {of}", (n, 1))
        if gate.letter == second:
            found[b_U] = introduce(b_U, "second bias of the candidate, added before the reset", (n, 1))
    return found


def cell_lines(
    kind: Kind, n: Size, m: Size = "m", at: At = NOW, merged: bool = False, reset_after: bool = True
) -> dict[str, tuple[Symbol, Node]]:
    """The lines of one step of a cell, each quantity by its name, in order."""
    x, h = Symbol(f"x_{at.step}", (m, 1)), Symbol(f"h_{at.before}", (n, 1))
    state = State(h, Symbol(f"c_{at.before}", (n, 1)) if kind == "lstm" else None)
    lines = Lines()
    weights = weights_of(kind, n, x, h, plain)
    Cell(kind, merged=merged, reset_after=reset_after).step(lines, at, x, state, weights)
    return lines.found


SIGNS = {
    "=": Operator(" = ", " = "), "<": Operator(" < ", " < "), ">": Operator(" > ", " > "),
    "≥": Operator(" ≥ ", r" \ge "), "→": Operator(" → ", r" \to "),
}  # fmt: skip


def compared(first: Node | Notation, sign: str, second: Node | Notation) -> Notation:
    """Two sides with a sign between them, as one piece that no line breaks."""
    left, right = (part.write(SYMBOLIC) if isinstance(part, Node) else part for part in (first, second))
    return Row([left, SIGNS[sign], right])


def power_of(sheet: Worksheet, base: Symbol, exponent: Symbol) -> Callable[[Node], Node] | None:
    """What a power with an unknown exponent comes to where that can be said: 0 for the base 0, 1 for the base 1."""
    value = sheet.values.get(base.name)
    if exponent.name in sheet.values or value is None or float(value) not in (0.0, 1.0):
        return None
    digit = int(value)
    return lambda _: Number(digit, str(digit))


def sizes_named(sheet: Worksheet, **sizes: Size) -> None:
    """State what the sizes that are symbols count: `units=n, inputs=m` as "n units, m numbers in the input"."""
    told: dict[str, list[str]] = {}
    for what, size in sizes.items():
        if isinstance(size, str):
            told.setdefault(size, []).append(COUNTED[what])
    if told:
        parts: list[str | Notation] = []
        for name, counted in told.items():
            parts += [", ", word(name), " " + " and ".join(counted)]
        sheet.conventions.append(("sizes: ", *parts[1:]))


COUNTED = {
    "units": "units",
    "inputs": "numbers in the input",
    "outputs": "outputs",
    "entries": "entries of the gradient",
}


def entry_by_entry(sheet: Worksheet) -> None:
    """Explain ⊙ where only a table or a convention uses it."""
    sheet.convention("{s} multiplies entry by entry", s=Word("⊙", r"\odot"))


def formula(sheet: Worksheet, defined: tuple[Symbol, Node], ending: str = "") -> None:
    """State a formula among the conventions."""
    symbol, expression = defined
    sheet.convention("{f}" + ending, f=related(symbol.word, "=", expression.write(SYMBOLIC)))


def functions(sheet: Worksheet, *names: str) -> None:
    """State what the activations are."""
    z = Symbol("z")
    for name in dict.fromkeys(names):
        if name in ACTIVATIONS:
            applied = ACTIVATIONS[name](z)
            sheet.convention("{f}", f=related(applied.write(SYMBOLIC), "=", textbook(applied).write(SYMBOLIC)))


def small(leaves: Sequence[Symbol], sums: Sums) -> dict[Size, int]:
    """A small number for every size that is a symbol or large; a sum stays the sum of its parts."""
    sizes = dict.fromkeys(size for symbol in leaves for size in symbol.shape if size not in sums)
    free = [size for size in sizes if isinstance(size, str) or size > LARGEST]
    found: dict[Size, int] = {size: size for size in sizes if isinstance(size, int)}
    found |= {size: DRAWN[at % len(DRAWN)] for at, size in enumerate(free)}
    return {**found, **{total: found[first] + found[second] for total, (first, second) in sums.items()}}


def drawn(leaves: Iterable[Symbol], sums: Sums = NO_SUMS) -> dict[str, Array]:
    """Numbers for every symbol, between -1.5 and 1.5, the same ones every time.

    Args:
        sums: the sizes that are the sum of two others, as where a state stands upon an input.
    """
    import numpy as np

    random = np.random.default_rng(20)
    every = list(leaves)
    sizes = small(every, sums)
    return {symbol.name: random.uniform(-1.5, 1.5, [sizes[size] for size in symbol.shape]) for symbol in every}


def sizes_told(leaves: Iterable[Symbol], sums: Sums = NO_SUMS) -> str:
    """`(n = 3, m = 2)`: which sizes the drawn numbers have, where a symbol or a large number stands for them."""
    sizes = {size: number for size, number in small(list(leaves), sums).items() if size != number and size not in sums}
    told = [
        f"{size} = {number}" if isinstance(size, str) else f"{number} in place of {size}"
        for size, number in sizes.items()
    ]
    return f" ({', '.join(told)})" if told else ""


def slopes(definitions: Definitions, given: Mapping[str, Array], of: str, wrt: str) -> Array:
    """The Jacobian of a quantity by symmetric differences: the definitions are run twice for each entry of `wrt`."""
    import numpy as np

    ordered = [(name, expression) for name, (_, expression) in definitions.items()]
    step = 1e-5
    columns = []
    for at in range(given[wrt].size):
        moved = []
        for sign in (1, -1):
            start = given[wrt].copy()
            start.flat[at] += sign * step
            kept = [(name, expression) for name, expression in ordered if name != wrt]
            moved.append(run(kept, {**given, wrt: start})[of])
        columns.append((moved[0] - moved[1]).ravel() / (2 * step))
    return np.stack(columns, axis=1)


def worked(definitions: Definitions, given: Mapping[str, Array]) -> dict[str, Array]:
    """All quantities from drawn numbers."""
    return run([(name, expression) for name, (_, expression) in definitions.items()], given)


def put_in(node: Node, known: Mapping[str, Node]) -> Node:
    """An expression with some symbols replaced by what they are."""
    if isinstance(node, Symbol):
        return known.get(node.name, node)
    return node.rebuild([put_in(operand, known) for operand in node.operands]) if node.operands else node


def free(definitions: Definitions) -> list[Symbol]:
    """The symbols that no definition defines, in the order in which they are read."""
    found: dict[str, Symbol] = {}
    for _, expression in definitions.values():
        found.update({name: symbol for name, symbol in symbols(expression).items() if name not in definitions})
    return list(found.values())


def steps_worked(sheet: Worksheet, values: Mapping[str, Array]) -> dict[str, Array]:
    """The printed expressions with numbers put in, as far as the numbers go; what has a value keeps it."""
    found = dict(values)
    for step in sheet.steps:
        if step.name not in found and all(name in found for name in step.reads):
            found[step.name] = evaluate(step.expression, found)
    return found


def entry_in_sympy(node: Node) -> Any:
    """One entry of an element-wise expression, in SymPy: every array by its entry, under its own name."""
    import sympy

    def leaf(part: Symbol | Entry) -> Any:
        return sympy.Symbol((part.symbol if isinstance(part, Entry) else part).name)

    return lower(node.entry((0,) * len(node.shape)), leaf)


def close(ours: Array, theirs: Array) -> bool:
    """Whether two routes agree to seven digits of the largest entry."""
    import numpy as np

    return bool(np.abs(ours - theirs).max() <= 1e-7 * max(1.0, float(np.abs(theirs).max())))
