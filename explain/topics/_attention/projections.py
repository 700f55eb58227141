"""Queries, keys and values from tokens: X times a weight matrix, with a bias where there is one."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.nodes.along import along
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.over import stretched
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.topics._attention.naming import Naming

ROLES = {
    "Q": ("Queries", "what token i looks for"),
    "K": ("Keys", "what token i can be found by"),
    "V": ("Values", "what token i passes on"),
}


class Projection(NamedTuple):
    """A weight matrix and its bias on the sheet; `transposed` where its rows are outputs, as PyTorch keeps it."""

    W: Symbol
    b: Symbol | None
    transposed: bool = False

    @property
    def width(self) -> int:
        """Columns of what it makes."""
        return int(self.W.shape[0 if self.transposed else 1])

    @property
    def all(self) -> list[Symbol]:
        """The symbols that are there."""
        return [self.W] if self.b is None else [self.W, self.b]


def give_projection(
    sheet: Worksheet,
    role: str,
    W: Values,
    b: Values | None,
    naming: Naming,
    option: str = "",
    transposed: bool = False,
) -> Projection:
    """Put W_Q, W_K or W_V on the sheet."""
    kind = ROLES[role][0].lower()
    head = f" of head {naming.head}" if naming.head else ""
    head += " of the cross-attention" if naming.place else ""
    how = ", one output a row, as PyTorch keeps it" if transposed else ""
    matrix = sheet.given(naming.of(f"W_{role}"), W, f"weights of the {kind}{head}{how}", option=option or f"W_{role}")
    if b is None:
        return Projection(matrix, None, transposed)
    row = b.reshape((1, len(b)))
    source = f"b{option[1:]}" if option else f"b_{role}"
    return Projection(
        matrix, sheet.given(naming.of(f"b_{role}"), row, f"bias of the {kind}{head}", option=source), transposed
    )


def project(sheet: Worksheet, role: str, x: Symbol, weights: Projection, naming: Naming) -> Symbol:
    """Q = X W_Q (+ b_Q), one token a row."""
    title, meaning = ROLES[role]
    parts: dict[str, Node | int] = {"X": x, "W": weights.W.T if weights.transposed else weights.W, "h": naming.head}
    times = "times {W}"
    if weights.b is not None:
        times, parts["b"] = "times {W}, plus {b}", weights.b
    row = f"row i is row i of {{X}}, token i, {times}: {meaning}"
    found = sheet.define(naming.of(role), product(x, weights), title + naming.told, say(row, **parts))
    if naming.head > 1 and naming.first is not None:
        sheet.refer(found, naming.first.of(role), say(f"head {{h}}: {{X}} {times}", **parts))
    return found


def product(x: Node, weights: Projection) -> Node:
    """X W + b, the bias added to every row."""
    found = x @ (weights.W.T if weights.transposed else weights.W)
    return found if weights.b is None else found + stretched(weights.b, along(found.shape, weights.b.shape))


def fitting(W: Values, option: str, rows: int, source: str, shape: tuple[int | str, ...]) -> Values:
    """W as a matrix with `rows` rows.

    Raises:
        InputError: it has another number of rows than `source` has columns.
    """
    matrix = W.reshape((len(W), 1) if rows != 1 else (1, len(W))) if len(W.shape) == 1 else W
    if matrix.shape[0] != rows:
        raise InputError(
            f"{{{option}}} is {write(matrix.shape)}, but {{{source}}} is {write(shape)}: it needs {amount(rows, 'row')}"
        )
    return matrix


def bias(b: Values | None, option: str, width: int, matrix: str) -> Values | None:
    """A bias with one number a column of the result.

    Raises:
        InputError: it has more or fewer.
    """
    if b is not None and len(b) != width:
        raise InputError(
            f"{{{option}}} has {amount(len(b), 'number')}, but {{{matrix}}} makes {amount(width, 'column')}: one "
            "number a column is needed"
        )
    return b
