"""The symbolic side: expressions lowered to SymPy; the way back is `explain.engine.reading`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import product
from typing import Any

from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Add
from explain.engine.nodes.base import Entry, Node, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.linear import MatMul, Transpose
from explain.engine.reading import from_sympy
from explain.engine.shapes import write

__all__ = [
    "TooLongError",
    "factored",
    "from_sympy",
    "lower",
    "scalar",
    "simplified",
    "sympy_leaf",
    "to_named",
    "to_sympy",
]


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
    """A symbol as a SymPy symbol, an entry as an element of a SymPy matrix symbol (with more axes, of an array)."""
    import sympy

    if isinstance(leaf, Symbol):
        return sympy.Symbol(leaf.name)
    if len(leaf.index) > 2:
        return sympy.IndexedBase(leaf.symbol.name, shape=leaf.symbol.shape)[leaf.index]
    rows, columns = (*leaf.symbol.shape, 1)[:2]
    return sympy.MatrixSymbol(leaf.symbol.name, rows, columns)[(*leaf.index, 0)[:2]]


def to_sympy(node: Node) -> Any:
    """An expression in SymPy: a scalar, or an immutable matrix (with more than two axes: array) of its entries.

    Raises:
        TypeError: a size is a symbol, and the operation has no form in SymPy's matrix expressions.
        TooLongError: an entry is a sum of more than 64 terms.
    """
    import sympy

    if not node.shape:
        return lower(scalar(node), sympy_leaf)
    if any(isinstance(size, str) for size in node.shape):
        return _matrix_expression(node)
    if len(node.shape) > 2:
        sizes = [int(size) for size in node.shape]
        found = [lower(node.entry(index), sympy_leaf) for index in product(*map(range, sizes))]
        return sympy.ImmutableDenseNDimArray(found, tuple(sizes))
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


def to_named(node: Node) -> Any:
    """A scalar expression in SymPy with every function kept by its name, so that nothing is rewritten unasked.

    >>> from explain.engine.functions import SIGMOID
    >>> str(to_named(SIGMOID(Symbol("z")) * 2))
    '2*sigmoid(z)'
    """
    import sympy

    if isinstance(node, Symbol | Entry):
        return sympy_leaf(node)
    operands = [to_named(operand) for operand in node.operands]
    if isinstance(node, Apply):
        return sympy.Function(node.function.name)(*operands)
    return node.lower(operands)


LONGEST_FACTORED = 60  # operations
LARGEST_FACTORED = 12  # exponent


def simplified(node: Node, known: Mapping[str, Symbol] | None = None, decimals: bool = False) -> Node:
    """A scalar expression collected: like terms together, and common factors in front where functions are in it.

    >>> from explain.engine.functions import EXP
    >>> x = Symbol("x")
    >>> str(to_named(simplified(2 * x * EXP(x) + x**2 * EXP(x))))
    'x*(x + 2)*exp(x)'
    """
    import sympy

    found = to_named(node)
    if any(power.exp.free_symbols for power in found.atoms(sympy.Pow)):
        found = sympy.powsimp(found, combine="exp")
    small = found.count_ops() <= LONGEST_FACTORED and all(
        power.exp.is_Integer and abs(power.exp) <= LARGEST_FACTORED for power in found.atoms(sympy.Pow)
    )
    if small and not found.is_polynomial(*found.free_symbols):
        together = sympy.factor(found)
        found = _squares(together) if together.count_ops() < found.count_ops() else found
    return from_sympy(found, known or symbols(node), decimals)


def _squares(found: Any) -> Any:
    """(1 - h)(1 + h) as 1 - h², which is the derivative of tanh."""
    import sympy
    from sympy.core.function import AppliedUndef

    for function in found.atoms(AppliedUndef):
        if function.func.__name__ != "tanh":
            continue
        powers = found.as_powers_dict()
        while {function - 1, function + 1} <= powers.keys():
            found = sympy.Mul(found / (function - 1) / (function + 1), function**2 - 1, evaluate=True)
            powers = found.as_powers_dict()
    return found


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
