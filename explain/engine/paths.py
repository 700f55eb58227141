"""The chain rule along paths: every way from one quantity to another, and the Jacobian along each of them.

A derivative with several ways is their sum; where some quantities are held constant, the ways through them are left
out. Each way comes from `chain.pull`, one definition after the other; no derivative is written here.
Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 6.5.2, eq. 6.49 (the sum over all paths).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Times, negative, times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.identity import Identity
from explain.engine.nodes.linear import Diagonal, MatMul, transpose
from explain.engine.pullback import pull

Definitions = Mapping[str, tuple[Symbol, Node]]
Path = tuple[Symbol, ...]


def paths(definitions: Definitions, of: Symbol, wrt: Symbol) -> list[Path]:
    """All ways from `wrt` to `of`, both ends included, in the order in which the formulas name them.

    >>> h, z, y = (Symbol(name, ("n", 1)) for name in "hzy")
    >>> found = paths({"z": (z, 2 * h), "y": (y, h + z)}, y, h)
    >>> [[symbol.name for symbol in path] for path in found]
    [['h', 'y'], ['h', 'z', 'y']]
    """
    if of.name == wrt.name:
        return [(wrt,)]
    if of.name not in definitions:
        return []
    through = symbols(definitions[of.name][1]).values()
    return [(*path, of) for middle in through for path in paths(definitions, middle, wrt)]


def pulled_along(definitions: Definitions, path: Path, seed: Node) -> Node:
    """What arrives at the start of a path when `seed` comes in at its end; all that is off the path is constant."""
    for operand, result in zip(path[-2::-1], path[:0:-1], strict=True):
        seed = pull(definitions[result.name][1], seed, result, {operand.name})[operand.name]
    return seed


def along(definitions: Definitions, path: Path) -> Node:
    """The Jacobian of the end of a path with respect to its start: outputs are rows, inputs columns.

    >>> W, h, z = Symbol("W", ("n", "n")), Symbol("h", ("n", 1)), Symbol("z", ("n", 1))
    >>> along({"z": (z, W @ h)}, (h, z)) is W
    True
    """
    found = linked(definitions, path)
    if found is None:
        raise TypeError(f"{path[-1].name} is {path[0].name} itself: give the identity no step")
    return found


def linked(definitions: Definitions, path: Path) -> Node | None:
    """The Jacobian along a path; None where it is the identity.

    Raises:
        TypeError: it has no form as a matrix of the quantities on the path.
    """
    seed = Symbol("seed", path[-1].shape)
    return _matrix(pulled_along(definitions, path, seed), seed)


def _matrix(pulled: Node, seed: Symbol) -> Node | None:
    """J, read off Jᵀ times the seed; None where J is the identity."""
    if isinstance(pulled, Symbol):
        return None
    if isinstance(pulled, Negative):
        inner = _matrix(pulled.operands[0], seed)
        return None if inner is None else negative(inner)
    if isinstance(pulled, Add):
        terms = [_matrix(operand, seed) for operand in pulled.operands]
        kept = [term for term in terms if term is not None]
        if len(kept) < len(terms):
            raise TypeError("the identity beside other terms has no node")
        return Add(*kept, signs=pulled.signs)
    if isinstance(pulled, Divide) and not symbols(pulled.operands[1]).keys() & {seed.name}:
        inner = _matrix(pulled.operands[0], seed)
        single = all(size == 1 for size in seed.shape)
        return (
            Number(1, "1") if single else Identity(int(seed.shape[0])) if inner is None else inner
        ) / pulled.operands[1]
    carrier, others = _split(pulled, seed)
    inner = _matrix(carrier, seed)
    if isinstance(pulled, MatMul):
        outer = transpose(others[0])
        return outer if inner is None else inner @ outer
    factor = reduce(times, others)
    if all(size == 1 for size in seed.shape):
        return factor if inner is None else times(inner, factor)
    if all(size == 1 for size in factor.shape):  # every entry by the same number
        return times(factor, Identity(int(seed.shape[0])) if inner is None else inner)
    return Diagonal(factor) if inner is None else inner @ Diagonal(factor)


def _split(pulled: Node, seed: Symbol) -> tuple[Node, Sequence[Node]]:
    """The factor that carries the seed, and the other factors."""
    if not isinstance(pulled, Times | MatMul):
        raise TypeError(f"{type(pulled).__name__} is not linear in what arrives")
    carriers = [operand for operand in pulled.operands if seed.name in symbols(operand)]
    return carriers[0], [operand for operand in pulled.operands if operand is not carriers[0]]
