"""The symbolic side: expressions lowered to SymPy, and SymPy's results made printable nodes again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Add, Divide, Raise, SquareRoot, Times, negative
from explain.engine.nodes.base import Entry, Node, Number, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.linear import MatMul, Transpose
from explain.engine.nodes.sizes import CeilingQuotient, FloorQuotient
from explain.engine.shapes import write

ROUNDED = {"floor": FloorQuotient, "ceiling": CeilingQuotient}


class TooLongError(ValueError):
    """A sum too long to be lowered term by term."""


def lower(node: Node, leaf: Callable[[Symbol | Entry], Any]) -> Any:
    """A scalar expression in SymPy; `leaf` gives the SymPy form of a symbol or of one entry."""
    if isinstance(node, Entry) or isinstance(node, Symbol):  # noqa: SIM101 - twice as quick as a union
        return leaf(node)
    if isinstance(node, Add):
        if node.skipped:
            raise TooLongError(f"{node.skipped + len(node.operands)} terms")
    elif isinstance(node, Apply) and node.function.sympy is None:
        return lower(node.defined(), leaf)
    return node.lower([lower(operand, leaf) for operand in node.operands])


def sympy_leaf(leaf: Symbol | Entry) -> Any:
    """A symbol as a SymPy symbol, an entry as an element of a SymPy matrix symbol."""
    import sympy

    if isinstance(leaf, Symbol):
        return sympy.Symbol(leaf.name)
    rows, columns = (*leaf.symbol.shape, 1)[:2]
    return sympy.MatrixSymbol(leaf.symbol.name, rows, columns)[(*leaf.index, 0)[:2]]


def to_sympy(node: Node) -> Any:
    """An expression in SymPy: a scalar, or an immutable matrix of its entries.

    Raises:
        TypeError: a size is a symbol, and the operation has no form in SymPy's matrix expressions.
        TooLongError: an entry is a sum of more than 64 terms.
    """
    import sympy

    if not node.shape:
        return lower(scalar(node), sympy_leaf)
    if any(isinstance(size, str) for size in node.shape):
        return _matrix_expression(node)
    rows, columns = (int(size) for size in (*node.shape, 1)[:2])
    entries = [
        lower(node.entry((row, column)[: len(node.shape)]), sympy_leaf)
        for row, column in product(range(rows), range(columns))
    ]
    return sympy.ImmutableDenseMatrix(rows, columns, entries)


def _matrix_expression(node: Node) -> Any:
    """An expression of matrices with symbolic sizes, as SymPy's matrix expressions have it."""
    import sympy

    if isinstance(node, Symbol):
        sizes = [sympy.Symbol(size) if isinstance(size, str) else size for size in node.shape]
        return sympy.MatrixSymbol(node.name, *sizes)
    operands = [_matrix_expression(operand) for operand in node.operands]
    if isinstance(node, MatMul):
        return operands[0] * operands[1]
    if isinstance(node, Transpose):
        return operands[0].T
    raise TypeError(f"a shape of {write(node.shape)} has no entries, and {type(node).__name__} no matrix form in SymPy")


def scalar(node: Node) -> Node:
    """A node without axes with every array in it taken apart into entries."""
    if not node.operands or node.shape:
        return node
    return node.entry(())


def from_sympy(expression: Any, known: Mapping[str, Symbol]) -> Node:
    """A SymPy expression as nodes: symbols in the order of `known`, constants last in a sum, first in a product."""
    order = {name: at for at, name in enumerate(known)}

    def rank(part: Any) -> tuple[int, int]:
        places = sorted(order.get(symbol.name, len(order)) for symbol in part.free_symbols)
        return (places[0], len(places)) if places else (len(order), 0)

    def convert(part: Any) -> Node:
        if part.is_Symbol:
            return known.get(part.name) or Symbol(part.name)
        if part.is_Rational:
            value = Fraction(int(part.p), int(part.q))
            return Number(value, str(value))
        if part.is_Add:
            ordered = sorted(part.args, key=lambda term: (-_degree(term), rank(term)))
            signs = [-1 if at and term.could_extract_minus_sign() else 1 for at, term in enumerate(ordered)]
            return _sum([convert(term * sign) for term, sign in zip(ordered, signs, strict=True)], signs)
        if part.is_Mul and part.as_numer_denom()[1] != 1:
            return Divide(*map(convert, part.as_numer_denom()))
        if part.is_Mul:
            numbers = [factor for factor in part.args if factor.is_Number]
            others = sorted((f for f in part.args if not f.is_Number), key=lambda f: (f.is_Add, rank(f)))
            return _product([convert(factor) for factor in numbers + others])
        if part.is_Pow:
            base, exponent = part.args
            if exponent.is_Rational and exponent.q == 2 and exponent.p == 1:
                return SquareRoot(convert(base))
            if exponent.is_negative:
                return Divide(Number(1, "1"), convert(part**-1))
            return Raise(convert(base), convert(exponent))
        if part.func.__name__ in ROUNDED:
            return ROUNDED[part.func.__name__](*map(convert, part.args[0].as_numer_denom()))
        raise TypeError(f"no node for {part}")

    return convert(expression)


def _degree(term: Any) -> int:
    """How many symbols are multiplied in a term; of a sum in parentheses, one."""
    return sum(
        int(power) if power.is_Integer else 1 for base, power in term.as_powers_dict().items() if not base.is_Number
    )


def _sum(terms: Sequence[Node], signs: Sequence[int]) -> Node:
    return Add(*terms, signs=signs) if len(terms) > 1 or signs[0] < 0 else terms[0]


def _product(factors: Sequence[Node]) -> Node:
    first = factors[0]
    if isinstance(first, Number) and first.value == -1:
        return negative(_product(factors[1:]))
    return Times(*factors) if len(factors) > 1 else first


def factored(node: Node) -> Node:
    """A scalar expression with its common factors in front, in the symbols' own order; numbers alone are no factor.

    >>> n, m = Symbol("n"), Symbol("m")
    >>> str(to_sympy(factored(4 * (n * m + n**2 + n))))
    '4*n*(m + n + 1)'
    """
    import sympy

    expanded = sympy.expand(to_sympy(node))
    common = sympy.terms_gcd(expanded)
    symbolic = any(factor.free_symbols and not factor.is_Add for factor in sympy.Mul.make_args(common))
    return from_sympy(common if symbolic else expanded, symbols(node))
