"""A computation graph drawn in text: as a circuit from left to right where it fits, else as a tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, SquareRoot, Times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Extreme, Larger
from explain.engine.nodes.functions import Apply, Softmax
from explain.engine.nodes.linear import MatMul, Sum, Transpose
from explain.engine.nodes.reductions import Dot
from explain.engine.rounding import tidy
from explain.engine.shapes import write
from explain.topics._graph.gates import is_mean

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

WIDEST, TALLEST = 76, 44
DEEPEST = 24  # levels of a tree
SHORT = 14  # characters of a vector that is written out
# What stands where wires meet, by whether there is one above, below, to the left and to the right.
JOINTS = {
    (0, 0, 1, 1): "─", (0, 1, 1, 0): "┐", (1, 0, 1, 0): "┘", (1, 1, 0, 0): "│", (1, 1, 1, 0): "┤", (1, 1, 0, 1): "├",
    (1, 1, 1, 1): "┼", (0, 1, 1, 1): "┬", (1, 0, 1, 1): "┴",
}  # fmt: skip


class Part(NamedTuple):
    """A gate or a leaf of the drawing: what it is called, its sign, its value and gradient, and what goes into it."""

    name: str
    sign: str
    value: str
    gradient: str
    inputs: Sequence[Part]


def drawn(
    result: Symbol, definitions: Mapping[str, Node], values: Mapping[str, Array], gradients: Mapping[str, str]
) -> tuple[str, list[str]]:
    """The title and the lines of the drawing.

    Args:
        definitions: the expression of every gate.
        gradients: the name of the gradient of each quantity.
    """
    tree = _Reader(definitions, values, gradients).part(result)
    told = "value above, gradient below" if any(name in values for name in gradients.values()) else "from the inputs"
    lines, _ = _circuit(tree)
    lines = [line.rstrip() for line in lines]
    if len(lines) <= TALLEST and max(map(len, lines)) <= WIDEST:
        return f"Computation graph: {told}", lines
    return "Computation graph: from the result to the inputs, value and gradient", _tree(tree)


class _Reader:
    """Reads the graph as a tree: what is used again is drawn once, and named after that."""

    def __init__(
        self, definitions: Mapping[str, Node], values: Mapping[str, Array], gradients: Mapping[str, str]
    ) -> None:
        self.definitions = definitions
        self.values = values
        self.gradients = gradients
        self.seen: set[str] = set()

    def part(self, symbol: Symbol, mark: str = "") -> Part:
        name = symbol.word.text + mark
        if symbol.name in self.seen:
            return Part(name, "", "(again)", "", ())
        self.seen.add(symbol.name)
        definition = self.definitions.get(symbol.name)
        value, gradient = self.number(symbol.name, symbol), self.number(self.gradients.get(symbol.name, ""), symbol)
        if definition is None:
            return Part(name, "", value, gradient, ())
        operands = (definition,) if isinstance(definition, Symbol) else definition.operands
        if isinstance(definition, Raise):
            operands = tuple(part for part in operands if not isinstance(part, Number)) or operands[:1]
        inner = operands[0].operands if is_mean(definition) else operands
        inputs = [part for operand in inner for part in self.inputs(operand)]
        return Part(name, sign_of(definition), value, gradient, inputs)

    def inputs(self, operand: Node) -> list[Part]:
        if isinstance(operand, Symbol):
            return [self.part(operand)]
        if isinstance(operand, Transpose) and isinstance(operand.operands[0], Symbol):
            return [self.part(operand.operands[0], "ᵀ")]
        return [Part(operand.text, "", "", "", ())] if isinstance(operand, Number) else []

    def number(self, name: str, symbol: Symbol) -> str:
        """One number, a short vector, or the shape of an array."""
        if name not in self.values:
            return "1" if name and name not in self.definitions and name.startswith("d") and self._is_end(name) else ""
        value = self.values[name]
        if not symbol.shape:
            return tidy(float(value))
        listed = "[" + " ".join(tidy(float(entry)) for entry in value.flat) + "]" if value.size <= SHORT else ""
        if symbol.shape[1] == 1 and 0 < len(listed) < SHORT:
            return listed + "ᵀ"
        return f"({write(symbol.shape)})"

    def _is_end(self, name: str) -> bool:
        top, _, bottom = name[1:].partition("/d")
        return top == bottom


def sign_of(node: Node) -> str:
    """How a gate is marked."""
    if isinstance(node, Apply):
        return node.function.name if node.function.name in ("exp", "abs") else node.function.word.text
    if isinstance(node, Raise):
        exponent = node.operands[1]
        return "^" + exponent.text if isinstance(exponent, Number) else "^"
    if isinstance(node, Add):
        return "-" if max(node.signs[1:]) < 0 else "+"
    if isinstance(node, Extreme | Larger):
        return "max" if node.largest else "min"
    if is_mean(node):
        return "mean"
    signs: list[tuple[type[Node], str]] = [
        (Times, "*"), (Divide, "/"), (SquareRoot, "sqrt"), (MatMul, "@"), (Dot, "@"), (Negative, "-"), (Sum, "sum"),
        (Softmax, "softmax"), (Transpose, "transpose"), (Symbol, "="),
    ]  # fmt: skip
    return next(sign for kind, sign in signs if isinstance(node, kind))


def _circuit(part: Part) -> tuple[list[str], int]:
    """The lines of a part, all of one width, and the line that its wire leaves on."""
    label = f"{part.name} {part.value}".rstrip() + " "
    below = " " * (len(part.name) + 1) + part.gradient + " " if part.gradient else ""
    if not part.sign:
        return _even([label, below] if below else [label], 0)
    blocks = [_circuit(inner) for inner in part.inputs]
    width = max(len(lines[0]) for lines, _ in blocks) + 1
    rows: list[str] = []
    wires: list[int] = []
    for lines, leaves in blocks:
        wires.append(len(rows) + leaves)
        rows += [line.ljust(width, "─" if at == leaves else " ") for at, line in enumerate(lines)]
    middle = len(wires) // 2
    out = wires[middle] if len(wires) % 2 else (wires[middle - 1] + wires[middle]) // 2
    first, last = wires[0], wires[-1]
    bus = [
        JOINTS.get((first < at <= last, first <= at < last, at in wires, at == out), " ")
        if first <= at <= last
        else " "
        for at in range(len(rows))
    ]
    lead = f"─ {part.sign} ─ "
    if out + 1 == len(rows) and below:
        rows.append(" " * width)
        bus.append(" ")
    made = [row + joint for row, joint in zip(rows, bus, strict=True)]
    made[out] += lead + label
    if below:
        made[out + 1] += " " * len(lead) + below
    return _even(made, out)


def _even(lines: list[str], out: int) -> tuple[list[str], int]:
    width = max(map(len, lines))
    return [line.ljust(width, "─" if at == out else " ") for at, line in enumerate(lines)], out


def _tree(root: Part) -> list[str]:
    """One line a part, what goes into it below, indented; no more lines than a page takes."""
    rows: list[tuple[str, Part]] = []
    left_out = 0

    def add(part: Part, lead: str, inner: str, depth: int) -> None:
        nonlocal left_out
        if len(rows) >= TALLEST or depth > DEEPEST:
            left_out += 1
            return
        rows.append((lead, part))
        for at, child in enumerate(part.inputs):
            last = at == len(part.inputs) - 1
            add(child, inner + ("└ " if last else "├ "), inner + ("  " if last else "│ "), depth + 1)

    add(root, "", "", 0)
    heads = [f"{lead}{part.name}" + (f" = {part.sign}" if part.sign else "") for lead, part in rows]
    width = max(map(len, heads)) + 2
    numbers = max(len(part.value) for _, part in rows) + 2
    lines = [
        f"{head.ljust(width)}{part.value.ljust(numbers)}{part.gradient}".rstrip()[:WIDEST]
        for head, (_, part) in zip(heads, rows, strict=True)
    ]
    return [*lines, f"… and {left_out} more branches"] if left_out else lines
