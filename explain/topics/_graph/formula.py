"""What a derivative is asked of: the formula as expressions of numbers, the variables, the point."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.evaluate import evaluate
from explain.engine.nodes.base import Node, Number, Symbol
from explain.errors import InputError, shown
from explain.formulas.build import Builder
from explain.formulas.constants import exact
from explain.formulas.domains import within
from explain.formulas.inputs import Formula
from explain.formulas.tree import Statement, Tree
from explain.formulas.words import plain_name, wrong
from explain.parameters import PASTED, Scalar

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

MOST_NAMES = 12
MOST_OPERATIONS = 80
RESERVED = re.compile(r"rule_\d+|lambda_\d+|grad_\w+|\w+_(at|form\d+|short)|tr|det|chi")  # names of steps


class Names:
    """Names of variables: `x`, or `x,y`."""

    __slots__ = ("names",)

    def __init__(self, names: list[str]) -> None:
        self.names = names

    @classmethod
    def read(cls, name: str, raw: Any) -> Names:
        """Names from text or a list.

        >>> Names.read("wrt", "x, y").names
        ['x', 'y']
        """
        if isinstance(raw, Names):
            return raw
        texts = re.split(r"[,;\s]+", str(raw).strip()) if not isinstance(raw, list | tuple) else list(map(str, raw))
        found = []
        for text in texts:
            plain = plain_name(text)
            if plain is None:
                raise InputError(f"{{{name}}} has {shown(text) or 'nothing'} where a name belongs: write it like x,y")
            found.append(plain)
        return cls(list(dict.fromkeys(found)))


class Point:
    """Numbers for names: `x=1, y=2`."""

    __slots__ = ("values",)

    def __init__(self, values: dict[str, Scalar]) -> None:
        self.values = values

    @classmethod
    def read(cls, name: str, raw: Any) -> Point:
        """A point from text or a mapping.

        >>> Point.read("at", "x=1, y=-0.50").values["y"].text(())
        '-0.50'
        """
        if isinstance(raw, Point):
            return raw
        if isinstance(raw, Mapping):
            return cls({str(key): Scalar.read(name, value) for key, value in raw.items()})
        values: dict[str, Scalar] = {}
        for item in re.split(r"[,;]", str(raw).translate(PASTED).strip().rstrip(",;")):
            left, equals, right = item.partition("=")
            plain = plain_name(left.strip())
            if not equals or plain is None:
                raise InputError(f"{{{name}}} has {shown(item.strip()) or 'nothing'}: write a point like x=1, y=2")
            if plain in values:
                raise InputError(f"{{{name}}} gives {plain} twice: give each name one number")
            values[plain] = Scalar.read(name, right.strip())
        return cls(values)


class Question(NamedTuple):
    """The names of the formula in order, and the statements as trees."""

    names: list[str]
    statements: list[Statement]

    @property
    def last(self) -> Tree:
        """What is to be differentiated."""
        return self.statements[-1].tree


def question(formula: Formula) -> Question:
    """The names of a formula.

    Raises:
        InputError: no name, or too many; a formula that is too long.
    """
    trees = [statement.tree for statement in formula.statements]
    names = list(formula.inputs)
    if not names:
        for tree in trees:
            exact(tree, "formula")
        wrong("formula", trees[-1].column, "no name is in it: there is nothing to differentiate by; write one, x^2")
    if len(names) > MOST_NAMES:
        raise InputError(f"formula has {len(names)} names: at most {MOST_NAMES} are differentiated; use fewer")
    for name in [*names, *(statement.target for statement in formula.statements)]:
        if RESERVED.fullmatch(name):
            raise InputError(f"formula has the name {name}, which the page itself uses: choose another letter")
    size = sum(map(_size, trees))
    if size > MOST_OPERATIONS:
        raise InputError(f"formula has {size} operations: at most {MOST_OPERATIONS} are worked; ask for a part of it")
    for tree in trees:
        exact(tree, "formula")
    return Question(names, formula.statements)


def _size(tree: Tree) -> int:
    return bool(tree.operands) + sum(map(_size, tree.operands))


def chosen(wrt: Names | None, asked: Question) -> list[str]:
    """The variables; all names of the formula where none is given.

    Raises:
        InputError: a name that the formula does not have.
    """
    for name in wrt.names if wrt else []:
        if name not in asked.names:
            raise InputError(f"{{wrt}} is {shown(name)}: not in the formula, whose names are {', '.join(asked.names)}")
    return wrt.names if wrt else asked.names


def checked_point(at: Point | None, names: list[str]) -> Point | None:
    """The point, with a number for every name.

    Raises:
        InputError: a name is missing, or is not in the formula.
    """
    if at is None:
        return None
    for name in at.values:
        if name not in names:
            raise InputError(f"{{at}} has {name}: not in the formula, whose names are {', '.join(names)}")
    missing = [name for name in names if name not in at.values]
    if missing:
        raise InputError(f"{{at}} has no number for {', '.join(missing)}: give one for each of {', '.join(names)}")
    return at


def built(asked: Question, at: Point | None = None) -> list[tuple[str, Node]]:
    """The statements as expressions of numbers.

    Args:
        at: the point; where a function is not defined there, the formula is refused.

    Raises:
        InputError: an operation that has no derivative here, with the column.
    """
    known = {name: Symbol(name) for name in asked.names}
    values = {name: number.array for name, number in at.values.items()} if at else {}
    found: list[tuple[str, Node]] = []

    def define(node: Node, tree: Tree, _above: Tree | None) -> Node:
        if node.operands:
            _inside(node, values, tree, at, asked)
        return node

    for statement in asked.statements:
        _refuse(statement.tree)
        node = Builder(known, define).build(statement.tree)
        if values and statement.target:
            values[statement.target] = evaluate(node, values)
        found.append((statement.target, node))
        known[statement.target] = Symbol(statement.target)
    return found


def _inside(node: Node, values: Mapping[str, Array], tree: Tree, at: Point | None, asked: Question) -> None:
    """Refuse a point at which an operation is not defined, by the numbers that lead there."""
    try:
        within(node, values, tree)
    except InputError as error:
        if at is None:
            raise
        names = [name for name in asked.names if name in _origins(tree, asked)]
        given = ", ".join(f"{name}={at.values[name].text(())}" for name in names)
        raise InputError(
            f"{{at}} has {given}: {error.message}; choose another number for {' or '.join(names)}"
        ) from error


def _origins(tree: Tree, asked: Question) -> set[str]:
    """The names that a tree comes from, those of its parts too."""
    found = set(tree.names)
    for statement in reversed(asked.statements):
        if statement.target in found:
            found |= set(statement.tree.names)
    return found


def _refuse(tree: Tree) -> None:
    """What has no place in a formula of numbers."""
    if tree.kind in ("@", "transpose"):
        wrong("formula", tree.column, "matrix products and transposes belong to backprop; here numbers are written w*x")
    if tree.kind == "call" and tree.text in ("sum", "mean"):
        mend = (
            "write the sum out, or give backprop the vectors; only softmax(z) and -sum(y*log(softmax(z))) have vectors"
        )
        wrong("formula", tree.column, f"{tree.text} needs a vector, and without softmax every name is a number: {mend}")
    if tree.kind == "call" and tree.text in ("max", "min"):
        wrong("formula", tree.column, f"{tree.text} is not differentiated here; relu, leaky_relu and abs are")
    if tree.operands and not tree.names:
        _constant(tree)
        return
    if tree.kind == "^" and tree.operands[1].names:
        base = exact(tree.operands[0], "formula")
        if base is not None and base <= 0:
            wrong("formula", tree.column, "a name stands in the exponent: the base must be positive")
    for operand in tree.operands:
        _refuse(operand)


def _constant(tree: Tree) -> None:
    """An expression of numbers must have a value."""
    import numpy as np

    with np.errstate(all="ignore"):
        value = evaluate(Builder({}, lambda node, _tree, _above: node).build(tree), {})
    if not np.isfinite(np.asarray(value, dtype=float)).all():
        wrong("formula", tree.column, "this comes to no number: change it")


def has_decimals(node: Node) -> bool:
    """Whether a number is written with a decimal point."""
    return (isinstance(node, Number) and "." in node.text) or any(map(has_decimals, node.operands))
