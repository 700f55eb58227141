"""Plain values of code that is read: their arithmetic, comparisons and methods, all of bounded size.

A value is plain where it is a number, a text, a bool, None, a range, or a tuple, list or dict. What would be too
large, or goes wrong in Python, raises `NoValueError`, whose message becomes the reason of an `Unknown`.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

from explain.code.parts import Unknown

MOST_BITS = 200
MOST_ITEMS = 5_000
Number = (int, float)
Plain = (int, float, str, type(None), bytes)


class NoValueError(Exception):
    """An expression of plain values has no value here; the message says why, or the unknown value that it needs."""

    def __init__(self, why: str, needs: Unknown | None = None) -> None:
        self.needs = needs
        super().__init__(why)


ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.In: lambda left, right: left in right,
    ast.NotIn: lambda left, right: left not in right,
}
FAILURES = (TypeError, ValueError, ArithmeticError, LookupError, AttributeError)


def small(value: Any, most: int = 2000) -> bool:
    """Whether a value is plain through and through, and has few parts; looking at it costs little then."""
    waiting = [value]
    for _ in range(most):
        if not waiting:
            return True
        each = waiting.pop()
        if isinstance(each, Unknown):
            return False
        if isinstance(each, (tuple, list, set)):
            waiting += each
        elif isinstance(each, dict):
            waiting += [*each, *each.values()]
        elif not isinstance(each, (*Plain, range)):
            return False
        if len(waiting) > most:
            return False
    return not waiting


def arithmetic(sign: ast.operator, left: Any, right: Any) -> Any:
    """`left + right` and the like, of plain values.

    >>> arithmetic(ast.Mult(), 16 * 5, 5)
    400

    Raises:
        NoValueError: too large, or Python refuses it.
    """
    whole = isinstance(left, int) and isinstance(right, int)
    if isinstance(sign, (ast.Pow, ast.LShift)) and whole:
        grown = abs(right) * max(1, left.bit_length()) if isinstance(sign, ast.Pow) else left.bit_length() + abs(right)
        if grown > MOST_BITS:
            raise NoValueError("the number is too large to be read")
    if isinstance(sign, ast.Mult) and not (isinstance(left, Number) and isinstance(right, Number)):
        items, times = (right, left) if isinstance(left, int) else (left, right)
        if isinstance(items, (str, list, tuple, bytes)) and isinstance(times, int):
            at_most(len(items) * max(0, times))
    if isinstance(sign, ast.Mod) and isinstance(left, (str, bytes)):
        if not isinstance(left, str):
            raise NoValueError("bytes are not read")
        from explain.code.texts import percent

        return percent(left, right)
    if isinstance(sign, ast.Add) and isinstance(left, (str, list, tuple)) and isinstance(right, type(left)):
        at_most(len(left) + len(right))
    if not all(isinstance(each, (*Plain, list, tuple, set, dict)) for each in (left, right)):
        raise NoValueError("what stands there is no plain value")
    return bounded(tried(ARITHMETIC[type(sign)], left, right))


def compared(sign: ast.cmpop, left: Any, right: Any) -> bool:
    """`left < right` and the like, of plain values.

    Raises:
        NoValueError: something in them is not known, or Python refuses it.
    """
    if isinstance(sign, (ast.Is, ast.IsNot)):
        return (left is right) == isinstance(sign, ast.Is)
    if isinstance(sign, (ast.In, ast.NotIn)) and isinstance(right, dict):
        right = list(right)
    if not small(left) or not small(right):
        raise NoValueError("not all of it is known")
    return bool(tried(COMPARISONS[type(sign)], left, right))


def bounded(value: Any) -> Any:
    """A value that is not too large to go on with."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise NoValueError("the number is too large to be read")
    if isinstance(value, complex):
        raise NoValueError("complex numbers are not read")
    return value


def items_of(value: Any) -> list[Any]:
    """What a loop over a plain value goes through.

    Raises:
        NoValueError: it is no list, or a very long one.
    """
    if not isinstance(value, (str, list, tuple, range, dict, set)) or isinstance(value, Unknown):
        raise NoValueError("it is no list of values")
    at_most(len(value))
    return list(value)


def key(value: Any) -> Any:
    """A key of a dict: only what is looked up at once."""
    flat = isinstance(value, tuple) and not isinstance(value, Unknown) and len(value) < 50
    if isinstance(value, Plain) or (flat and all(isinstance(each, Plain) for each in value)):
        return value
    raise NoValueError("only numbers and texts are keys")


def at_most(count: int, most: int = MOST_ITEMS) -> None:
    """Refuses what is too long.

    Raises:
        NoValueError: it has more items than are read.
    """
    if count > most:
        raise NoValueError(f"it has {count} items: at most {most} are read" if count < 10**12 else "it is far too long")


def tried(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
    """What a function gives.

    Raises:
        NoValueError: Python refuses it.
    """
    try:
        return function(*given, **named)
    except FAILURES as error:
        raise NoValueError(f"Python refuses it ({str(error)[:80] or type(error).__name__})") from error


def first_items(values: Iterable[Any]) -> list[Any]:
    """The items of what might be endless.

    Raises:
        NoValueError: there are too many.
    """
    found = list(islice(values, MOST_ITEMS + 1))
    at_most(len(found))
    return found
