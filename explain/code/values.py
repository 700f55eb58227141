"""Plain values of code that is read: their arithmetic, comparisons and methods, all of bounded size.

A value is plain where it is a number, a text, a bool, None, a range, or a tuple, list or dict. What would be too
large, or goes wrong in Python, raises `NoValueError`, whose message becomes the reason of an `Unknown`.
"""

from __future__ import annotations

import ast
import operator
import re
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from explain.code.parts import Unknown

MOST_BITS = 200
MOST_ITEMS = 20_000
LONGEST_TEXT = 10_000
Number = (int, float)
Plain = (int, float, str, type(None), bytes)
FORMAT = re.compile(r"[<>^=]?[+\- ]?#?0?\d{0,2}[,_]?(?:\.\d{1,2})?[a-zA-Z%]?")
PERCENT = re.compile(r"%(?:[sdifgx]|0?\d{1,2}d|\.\d{1,2}[fg]|%)")


class NoValueError(Exception):
    """An expression of plain values has no value here; the message says why."""


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
            _bounded(len(items) * max(0, times))
    if isinstance(sign, ast.Mod) and isinstance(left, (str, bytes)):
        if not isinstance(left, str):
            raise NoValueError("bytes are not read")
        return _percent(left, right)
    if isinstance(sign, ast.Add) and isinstance(left, (str, list, tuple)) and isinstance(right, type(left)):
        _bounded(len(left) + len(right))
    if not all(isinstance(each, (*Plain, list, tuple, set, dict)) for each in (left, right)):
        raise NoValueError("what stands there is no plain value")
    return bounded(_tried(ARITHMETIC[type(sign)], left, right))


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
    return bool(_tried(COMPARISONS[type(sign)], left, right))


def bounded(value: Any) -> Any:
    """A value that is not too large to go on with."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value.bit_length() > MOST_BITS:
        raise NoValueError("the number is too large to be read")
    if isinstance(value, complex):
        raise NoValueError("complex numbers are not read")
    return value


def formatted(value: Any, spec: str = "") -> str:
    """A number or a text inside a text."""
    if not isinstance(value, (*Plain, bool)) or not FORMAT.fullmatch(spec):
        raise NoValueError("only numbers and texts are put into texts")
    text = str(_tried(format, value, spec))
    _bounded(len(text), LONGEST_TEXT)
    return text


def items_of(value: Any) -> list[Any]:
    """What a loop over a plain value goes through.

    Raises:
        NoValueError: it is no list, or a very long one.
    """
    if not isinstance(value, (str, list, tuple, range, dict, set)) or isinstance(value, Unknown):
        raise NoValueError("it is no list of values")
    _bounded(len(value))
    return list(value)


def key(value: Any) -> Any:
    """A key of a dict: only what is looked up at once."""
    flat = isinstance(value, tuple) and not isinstance(value, Unknown) and len(value) < 50
    if isinstance(value, Plain) or (flat and all(isinstance(each, Plain) for each in value)):
        return value
    raise NoValueError("only numbers and texts are keys")


def text_method(text: str, name: str, given: Sequence[Any], named: dict[str, Any]) -> Any:
    """`text.lower()`, `"conv{}".format(1)` and the like."""
    if name == "format":
        return _braces(text, given, named)
    if name == "join" and given:
        parts = [formatted(each) for each in items_of(given[0])]
        _bounded(sum(map(len, parts)) + len(text) * len(parts), LONGEST_TEXT)
        return text.join(parts)
    if name not in {"lower", "upper", "strip", "split", "startswith", "endswith", "title", "capitalize", "isdigit"}:
        raise NoValueError(f"{name} of a text is not read")
    if not all(isinstance(each, (str, int, tuple)) for each in given):
        raise NoValueError("not all of it is known")
    return _tried(getattr(text, name), *given)


def _braces(text: str, given: Sequence[Any], named: dict[str, Any]) -> str:
    """`"conv{}_{b}".format(1, b=2)`: numbers and names in braces, nothing else."""
    numbers = iter(range(len(given)))

    def put(found: re.Match[str]) -> str:
        place, spec = found.group(1), found.group(2) or ""
        if place == "" or place.isdigit():
            at = int(place) if place else next(numbers, len(given))
            if at >= len(given):
                raise NoValueError("a value is missing for {}")
            return formatted(given[at], spec)
        if place not in named:
            raise NoValueError(f"a value is missing for {place}")
        return formatted(named[place], spec)

    _bounded(len(text), LONGEST_TEXT)
    filled = re.sub(r"\{([A-Za-z_]\w*|\d{0,3})(?::([^{}]{0,12}))?\}", put, text)
    _bounded(len(filled), LONGEST_TEXT)
    return filled


def _percent(text: str, right: Any) -> str:
    """`"conv%d" % 1`."""
    right = right if isinstance(right, tuple) and not isinstance(right, Unknown) else (right,)
    _bounded(len(text), LONGEST_TEXT)
    if "%" in PERCENT.sub("", text) or not all(isinstance(each, (str, int, float)) for each in right):
        raise NoValueError("only numbers and texts are put into texts")
    return str(_tried(operator.mod, text, right))


def _bounded(count: int, most: int = MOST_ITEMS) -> None:
    if count > most:
        raise NoValueError(f"it has {count} items: at most {most} are read" if count < 10**12 else "it is far too long")


def _tried(function: Callable[..., Any], *given: Any, **named: Any) -> Any:
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
    _bounded(len(found))
    return found


tried = _tried
