"""What a step with symbols came to, in the inputs without a value alone: every step put in, numbers worked."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from fractions import Fraction
from functools import reduce
from itertools import product as places

from explain.engine.lowering import scalar, to_sympy
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, Times, negative, times
from explain.engine.nodes.base import Entry, Node, Number, Symbol
from explain.engine.nodes.entries import Entries
from explain.formulas.constants import number

Real = Fraction | float  # exact, or rounded to sixteen digits
Definition = Callable[[str], Node | None]
Value = Callable[[Symbol | Entry], Real | None]
SHORT = 8  # characters of an exact number that is written as it is; a longer one is rounded where it is printed
CRUMB = 1e-13  # what is left where rounded terms of size 1 cancel


def closed(node: Node, definition: Definition, value: Value) -> Node:
    """An expression with the steps before it put in; an array entry by entry.

    Args:
        definition: the expression of a step that still has symbols in it; None for everything else.
        value: the number of a quantity or an entry of it, exact or rounded; None where it has none.

    >>> x, u = Symbol("x"), Symbol("u")
    >>> found = closed(3 * u + 2 * u, {"u": 4 * x}.get, {}.get)
    >>> [part.value for part in found.operands if isinstance(part, Number)]
    [Fraction(20, 1)]
    """
    if node.shape:
        rows, columns = (int(size) for size in node.shape)
        cells = [closed(node.entry(index), definition, value) for index in places(range(rows), range(columns))]
        return Entries(columns, *cells)
    if isinstance(node, Symbol | Entry):
        name, index = (node.symbol.name, node.index) if isinstance(node, Entry) else (node.name, ())
        found, inner = value(node), definition(name)
        if found is not None:
            return _number(found)
        return node if inner is None else closed(inner.entry(index), definition, value)
    if not node.operands:
        return node
    node = scalar(node)
    if not node.operands:
        return closed(node, definition, value) if isinstance(node, Symbol | Entry) else node
    return _folded(node, [closed(operand, definition, value) for operand in node.operands])


def _folded(node: Node, parts: list[Node]) -> Node:
    """An operation on closed operands, its numbers worked."""
    if isinstance(node, Times):
        return _product(parts)
    if isinstance(node, Add) and not node.skipped:
        return _sum(parts, node.signs)
    if isinstance(node, Negative):
        return _product([_number(Fraction(-1)), parts[0]])
    if isinstance(node, Divide):
        return _product([Divide(*parts)])
    if isinstance(node, Raise) and _real(parts[1]) == 1:
        return parts[0]
    made = node.rebuild(parts)
    return _worked(made) if all(isinstance(part, Number) for part in parts) else made


def _number(value: Real) -> Number:
    """A number; without a text, and so to be rounded where it is printed, unless it is exact and short."""
    if isinstance(value, Fraction):
        written = number(value)
        return written if len(written.text) <= SHORT else Number(value)
    import sympy

    return Number(sympy.Float(value, 17))


def _real(node: Node) -> Real | None:
    """The value of a number; None for everything else."""
    if not isinstance(node, Number):
        return None
    return Fraction(node.value) if isinstance(node.value, int | Fraction) else float(node.value)


def _worked(node: Node) -> Node:
    """A function or a condition of numbers as a number; as it stands where it has no finite one."""
    import sympy

    try:
        found = to_sympy(node) + sympy.Integer(0)  # a SymPy number, whatever it was
        if found.is_Rational:
            return _number(Fraction(int(found.p), int(found.q)))
        return _number(float(found)) if found.is_real and found.is_finite else node
    except (ArithmeticError, TypeError, ValueError, NotImplementedError):
        return node


def _size(value: Real) -> Real:
    return value if value >= 0 else -value


def _product(parts: list[Node]) -> Node:
    """A product with one number in front, and at most one line of a fraction."""
    factors: list[Node] = []
    below: list[Node] = []
    coefficient: Real = Fraction(1)
    under: Real = Fraction(1)
    left = list(parts)
    while left:
        part = left.pop(0)
        value = _real(part)
        if value is not None:
            coefficient *= value
        elif isinstance(part, Negative):
            coefficient = -coefficient
            left.insert(0, part.operands[0])
        elif isinstance(part, Times):
            left = [*part.operands, *left]
        elif isinstance(part, Divide):
            left.insert(0, part.operands[0])
            divisor, rest = _split(part.operands[1])
            if divisor:
                under *= divisor
            below += [rest] if rest is not None else [] if divisor else [part.operands[1]]
        else:
            factors.append(part)
    if not coefficient:
        return _number(Fraction(0))
    if under != 1 and (abs(coefficient) != 1 or not factors or isinstance(under, float) or below):
        coefficient, under = coefficient / under, Fraction(1)
    if under < 0:
        coefficient, under = -coefficient, -under
    if isinstance(coefficient, Fraction) and "/" in _number(coefficient).text and (factors or below):
        coefficient, under = Fraction(coefficient.numerator), Fraction(coefficient.denominator) * under
    top = _scaled(_size(coefficient), factors)
    whole = Divide(top, _scaled(under, below)) if below or under != 1 else top
    return whole if coefficient > 0 else negative(whole)


def _scaled(coefficient: Real, factors: list[Node]) -> Node:
    if not factors:
        return _number(coefficient)
    return reduce(times, factors) if coefficient == 1 else Times(_number(coefficient), *factors)


def _sum(parts: list[Node], signs: Sequence[int]) -> Node:
    """A sum with like terms together, and its numbers added at the end."""
    terms: dict[Hashable, tuple[Real, Node]] = {}
    total: Real = Fraction(0)
    largest = 0.0
    for sign, part in _terms(parts, signs):
        coefficient, rest = _split(part)
        largest = max(largest, abs(float(coefficient)))
        if rest is None:
            total += sign * coefficient
            continue
        before = terms.get(key := _key(rest), (Fraction(0), rest))[0]
        terms[key] = before + sign * coefficient, rest

    def vanishes(value: Real) -> bool:
        return not value or (isinstance(value, float) and abs(value) < CRUMB * largest)

    found = [(value > 0, _scaled(_size(value), [rest])) for value, rest in terms.values() if not vanishes(value)]
    if not vanishes(total) or not found:
        found.append((total >= 0, _number(Fraction(0) if vanishes(total) else _size(total))))
    found = [(more, _flat(part)) for more, part in found]
    first = next((at for at, (more, _) in enumerate(found) if more), 0)  # what is added comes first
    found.insert(0, found.pop(first))
    if len(found) == 1:
        return found[0][1] if found[0][0] else negative(found[0][1])
    return Add(*(part for _, part in found), signs=[1 if more else -1 for more, _ in found])


def _terms(parts: Sequence[Node], signs: Sequence[int]) -> list[tuple[int, Node]]:
    """The terms of a sum, those of a sum in it among them, each with its sign."""
    found: list[tuple[int, Node]] = []
    for sign, part in zip(signs, parts, strict=True):
        inner, own = (part.operands[0], -sign) if isinstance(part, Negative) else (part, sign)
        if isinstance(inner, Add) and not inner.skipped:
            found += _terms(inner.operands, [own * inside for inside in inner.signs])
        else:
            found.append((own, inner))
    return found


def _split(part: Node) -> tuple[Real, Node | None]:
    """The number in front of a term, and the rest; a number alone has none."""
    value = _real(part)
    if value is not None:
        return value, None
    first = _real(part.operands[0]) if isinstance(part, Times) else None
    if first is None:
        return Fraction(1), part
    return first, reduce(times, part.operands[1:])


def _flat(part: Node) -> Node:
    """`2·(3 x)` as `6 x`."""
    return _product([part]) if isinstance(part, Times | Divide) else part


def _key(node: Node) -> Hashable:
    """What two expressions have in common that are the same."""
    if isinstance(node, Symbol):
        return node.name
    if isinstance(node, Entry):
        return node.symbol.name, node.index
    if isinstance(node, Number):
        return "number", str(node.value)
    slots = [slot for kind in type(node).__mro__ for slot in getattr(kind, "__slots__", ())]
    told = [getattr(node, slot) for slot in slots if slot not in ("operands", "shape")]
    return type(node), *told, *map(_key, node.operands)
