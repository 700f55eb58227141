"""A formula as plain data, and the functions it may call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple


class Function(NamedTuple):
    """A function that formulas may call: how many arguments it takes, and whether it takes an axis."""

    least: int = 1
    most: int = 1
    axis: bool = False


FUNCTIONS = {
    "sigmoid": Function(), "tanh": Function(), "relu": Function(), "leaky_relu": Function(), "softplus": Function(),
    "exp": Function(), "log": Function(), "sqrt": Function(), "sin": Function(), "cos": Function(), "abs": Function(),
    "softmax": Function(axis=True), "sum": Function(axis=True), "mean": Function(axis=True),
    "max": Function(most=2, axis=True), "min": Function(most=2, axis=True),
}  # fmt: skip
OTHER_NAMES = {
    "ln": "log", "sigma": "sigmoid", "logistic": "sigmoid", "maximum": "max", "minimum": "min",
    "leakyrelu": "leaky_relu", "LeakyReLU": "leaky_relu", "ReLU": "relu", "average": "mean",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tree:
    """A formula as data; two trees are equal when they say the same, wherever they stand.

    `kind`: `number`, `name`, `+` (all terms of a sum, each with a sign), `*` (all factors), `/`, `@`, `^`, `neg`,
    `transpose`, `call`. `text`: the number as typed, the name, or the plain name of the function. `column`: where it
    begins, or where its operator stands, from 1.
    """

    kind: str
    text: str = ""
    operands: tuple[Tree, ...] = ()
    signs: tuple[int, ...] = ()
    axis: int | None = None
    column: int = field(default=1, compare=False)
    depth: int = field(default=1, compare=False)

    @property
    def names(self) -> dict[str, int]:
        """The names that are read, each with the column of its first appearance."""
        found = {self.text: self.column} if self.kind == "name" else {}
        for operand in self.operands:
            for name, column in operand.names.items():
                found.setdefault(name, column)
        return found

    def __str__(self) -> str:
        """The tree on one line, an operator before its operands: `(+ x -y)`."""
        if not self.operands:
            return self.text
        signs = self.signs or (1,) * len(self.operands)
        parts = " ".join(("-" if sign < 0 else "") + str(part) for sign, part in zip(signs, self.operands, strict=True))
        axis = "" if self.axis is None else f" axis={self.axis}"
        return f"({self.text or self.kind} {parts}{axis})"


class Statement(NamedTuple):
    """`target = tree`; without a name of its own the target is empty."""

    target: str
    tree: Tree
    column: int = 1


def parts(tree: Tree) -> list[Tree]:
    """A tree and everything in it."""
    return [tree, *(part for operand in tree.operands for part in parts(operand))]
