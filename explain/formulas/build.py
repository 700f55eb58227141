"""Trees built into expressions of the engine: shapes are checked here, operation by operation."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from fractions import Fraction
from functools import reduce
from itertools import pairwise
from typing import NoReturn

from explain.engine import functions, shapes
from explain.engine.nodes.arithmetic import Add, Divide, SquareRoot, negative, times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.extremes import Larger, extreme
from explain.engine.nodes.functions import ScalarFunction, Softmax
from explain.engine.nodes.linear import matmul, transpose
from explain.engine.nodes.powers import ConstantPower, Power, Product
from explain.engine.nodes.reductions import Dot, mean, total
from explain.engine.shapes import Shape, ShapeError
from explain.formulas.constants import exact, in_bounds, number, typed
from explain.formulas.tree import Tree
from explain.formulas.words import wrong

Define = Callable[[Node, Tree, Tree | None], Node]
SCALAR: dict[str, ScalarFunction] = {
    "sigmoid": functions.SIGMOID, "tanh": functions.TANH, "relu": functions.RELU, "leaky_relu": functions.LEAKY_RELU,
    "softplus": functions.SOFTPLUS, "exp": functions.EXP, "log": functions.LOG, "sin": functions.SIN,
    "cos": functions.COS, "abs": functions.ABS,
}  # fmt: skip


class Builder:
    """Builds trees over known symbols.

    Args:
        known: the symbols of the names; their shapes are those of their values: `()`, `(n, 1)`, `(m, n)`.
        define: called with every operation, its tree and the tree above it (None at the top); what it returns, the
            node itself or a symbol that stands for it, goes into the expression above. Equal trees get one symbol.
        name: what the formula is called in errors.
        unknown: the names without a value, for errors: each stands for one number.

    >>> from explain.formulas.grammar import parse
    >>> x, W = Symbol("x", (2, 1)), Symbol("W", (3, 2))
    >>> Builder({"x": x, "W": W}, lambda node, tree, above: node).build(parse("sigmoid(W @ x)")[0].tree).shape
    (3, 1)
    """

    def __init__(
        self,
        known: Mapping[str, Symbol],
        define: Define,
        name: str = "formula",
        unknown: Collection[str] = (),
    ) -> None:
        self.known = dict(known)
        self.define = define
        self.name = name
        self.unknown = unknown
        self._named: dict[Tree, Symbol] = {}

    def build(self, tree: Tree, above: Tree | None = None) -> Node:
        """The expression of a tree.

        Raises:
            InputError: shapes that do not meet, a constant out of range; with the column.
        """
        if tree in self._named:
            return self._named[tree]
        if tree.kind == "name":
            return self.known[tree.text]
        if tree.kind == "number":
            return typed(tree.text)
        if not tree.names:
            exact(tree, self.name)
            return self._made(tree)
        found = self.define(self._made(tree), tree, above)
        if isinstance(found, Symbol):
            self._named[tree] = found
        return found

    def _made(self, tree: Tree) -> Node:
        if tree.kind == "^":
            return self._power(tree)
        operands = [self.build(operand, tree) for operand in tree.operands]
        try:
            return getattr(self, f"_{MAKERS[tree.kind]}")(tree, *operands)  # type: ignore[no-any-return]
        except ShapeError:
            self._unmet(tree, operands)

    def _sum(self, tree: Tree, *terms: Node) -> Node:
        self._meet(tree, terms)
        return Add(*terms, signs=tree.signs)

    def _product(self, tree: Tree, *factors: Node) -> Node:
        self._meet(tree, factors)
        for left, right in pairwise(factors):
            if _is_matrix(left.shape) and right.shape == (left.shape[1], 1):
                self._refuse(tree, left.shape, right.shape, "a matrix times a vector is written with @")
        return Product(*factors)

    def _quotient(self, tree: Tree, top: Node, bottom: Node) -> Node:
        if exact(tree.operands[1], self.name) == 0:
            wrong(self.name, tree.column, "this divides by 0: change the denominator")
        self._meet(tree, (top, bottom))
        return Divide(top, bottom)

    def _matrix_product(self, tree: Tree, first: Node, second: Node) -> Node:
        if not first.shape or not second.shape:
            joined = (first.shape or (1, 1))[-1], (second.shape or (1, 1))[0]
            if joined != (1, 1):
                which = "left" if not first.shape else "right"
                self._refuse(
                    tree, first.shape, second.shape, f"a number stands on the {which}; it is multiplied with *"
                )
            return times(first, second)
        product = matmul(first, second)
        return Dot(first, second) if product.shape == (1, 1) else product

    def _power(self, tree: Tree) -> Node:
        base, above = self.build(tree.operands[0], tree), tree.operands[1]
        value = exact(above, self.name)
        if value is None:
            exponent = self.build(above, tree)
            self._meet(tree, (base, exponent))
            return Power(base, exponent)
        in_bounds(above, value, self.name)
        if value == 0:
            wrong(self.name, tree.column, "a power with the exponent 0 is 1: write 1")
        if value == 1:
            return base
        if value == Fraction(1, 2):
            return SquareRoot(base)
        return ConstantPower(
            base, number(value, above.text if above.kind == "number" and "e" not in above.text.lower() else "")
        )

    def _minus(self, _tree: Tree, operand: Node) -> Node:
        if isinstance(operand, Number) and operand.text:
            return number(-operand.value, operand.text[1:] if operand.value < 0 else "-" + operand.text)
        return negative(operand)

    def _transpose(self, _tree: Tree, operand: Node) -> Node:
        return transpose(operand)

    def _call(self, tree: Tree, *operands: Node) -> Node:
        first, axis = operands[0], tree.axis
        if tree.text in SCALAR:
            return SCALAR[tree.text](first)
        if tree.text == "sqrt":
            return SquareRoot(first)
        if tree.text in ("max", "min") and len(operands) == 2:
            self._meet(tree, operands)
            return Larger(first, operands[1], tree.text == "max")
        if tree.text == "softmax":
            return self._softmax(tree, first)
        if tree.text in ("max", "min"):
            return extreme(first, axis, largest=tree.text == "max")
        return (total if tree.text == "sum" else mean)(first, axis)

    def _softmax(self, tree: Tree, operand: Node) -> Node:
        if not operand.shape:
            wrong(self.name, tree.column, "softmax of one number is 1: it needs a vector, or use sigmoid")
        if _is_matrix(operand.shape) and tree.axis is None:
            size = shapes.write(operand.shape)
            wrong(
                self.name,
                tree.column,
                f"softmax of a {size} matrix needs an axis: axis=0 lets each column sum to 1, axis=1 each row",
            )
        along = 1 if operand.shape[0] == 1 else 0
        return Softmax(operand, along if tree.axis is None else tree.axis)

    def _meet(self, tree: Tree, operands: tuple[Node, ...]) -> None:
        """Entry by entry, a row never meets a column."""

        def joined(first: Shape, second: Shape) -> Shape:
            if first and second and 1 in first and 1 in second and first != second:
                self._refuse(tree, first, second, "")
            try:
                return shapes.broadcast(first, second)
            except ShapeError:
                self._refuse(tree, first, second, "")

        reduce(joined, (operand.shape for operand in operands))

    def _unmet(self, tree: Tree, operands: list[Node]) -> NoReturn:
        """Two shapes whose inner sizes differ."""
        first, second = (operand.shape for operand in operands)
        rule = "the columns of the left must be as many as the rows of the right"
        if first[1] == second[1] == 1 and first[0] == second[0]:
            rule += "; for the product of two vectors write x' @ y"
        self._refuse(tree, first, second, rule)

    def _refuse(self, tree: Tree, first: Shape, second: Shape, rule: str) -> NoReturn:
        sign = tree.text or tree.kind
        rule = rule or (
            "entry by entry both need one shape, or one is a number; a row or a column may also stand beside a matrix "
            "that it fits"
        )
        without = [operand.text for operand in tree.operands if operand.kind == "name" and operand.text in self.unknown]
        if without:
            rule = f"{without[0]} has no value and stands for one number: give {without[0]}=1,2;3,4"
        wrong(self.name, tree.column, f"{sign} joins {shapes.write(first)} with {shapes.write(second)}: {rule}")


MAKERS = {
    "+": "sum", "*": "product", "/": "quotient", "@": "matrix_product", "neg": "minus",
    "transpose": "transpose", "call": "call",
}  # fmt: skip


def _is_matrix(shape: Shape) -> bool:
    return len(shape) == 2 and 1 not in shape
