"""Functions of Python, `math` and NumPy that give plain values from plain values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from explain.code.parts import Unknown
from explain.code.texts import formatted
from explain.code.values import MOST_BITS, NoValueError, Number, bounded, first_items, items_of, small, tried


def _range(*given: Any) -> Any:
    if not given or not all(isinstance(each, int) for each in given):
        raise NoValueError("not all of it is known")
    found = tried(range, *given)
    if max(abs(found.start), abs(found.stop)).bit_length() > 60:
        raise NoValueError("the number is too large to be read")
    return found


def _whole(value: Any = 0, *rest: Any) -> int:
    if rest or not isinstance(value, (*Number, str)) or (isinstance(value, str) and len(value) > 60):
        raise NoValueError("it is no number")
    return int(bounded(tried(int, value)))


def _decimal(value: Any = 0.0) -> float:
    if not isinstance(value, (*Number, str)) or (isinstance(value, str) and len(value) > 60):
        raise NoValueError("it is no number")
    return float(tried(float, value))


def _power(base: Any, exponent: Any) -> Any:
    if isinstance(base, int) and isinstance(exponent, int) and abs(exponent) * base.bit_length() > MOST_BITS:
        raise NoValueError("the number is too large to be read")
    return _numeric(pow)(base, exponent)


def _numeric(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of numbers."""

    def read(*given: Any) -> Any:
        if not given or not all(isinstance(each, Number) for each in given):
            raise NoValueError("not all of it is known")
        return bounded(tried(function, *given))

    return read


def _over(function: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    """A function of the numbers of a list, or of several numbers."""

    def read(*given: Any) -> Any:
        values = list(given) if len(given) != 1 else items_of(given[0])
        if not small(values, 50_000) or any(isinstance(value, (list, tuple, dict)) for value in values):
            raise NoValueError("not all of it is known")
        return bounded(tried(function, values))

    return read


def _product(values: list[Any]) -> Any:
    total: Any = 1
    for value in values:
        total = bounded(total * value)
    return total


def _sum(*given: Any) -> Any:
    """A sum of numbers; of lists, one after the other: `sum([[1], [2]], [])`."""
    if len(given) == 2 and isinstance(given[1], list):
        parts = [items_of(each) for each in items_of(given[0])]
        return first_items(item for part in [given[1], *parts] for item in part)
    return _over(sum)(given[0]) if len(given) == 1 else _numeric(sum)(*given)


def _zip(*given: Any) -> Any:
    return list(zip(*map(items_of, given), strict=False))


def _enumerate(values: Any, start: int = 0) -> Any:
    if not isinstance(start, int) or start.bit_length() > 60:
        raise NoValueError("not all of it is known")
    return list(enumerate(items_of(values), start))


def _length(value: Any) -> int:
    if isinstance(value, Unknown) or not isinstance(value, (str, list, tuple, dict, range, set)):
        raise NoValueError("its length is not known")
    return len(value)


def _sorted(value: Any) -> Any:
    items = items_of(value)
    if not small(items, 50_000):
        raise NoValueError("not all of it is known")
    return tried(sorted, items)


def _truth(value: Any = False) -> bool:
    if isinstance(value, Unknown):
        raise NoValueError("not all of it is known")
    return bool(value)


def _sequence(kind: Callable[[list[Any]], Any]) -> Callable[..., Any]:
    return lambda value=(): kind(items_of(value))


def _dict(value: Any = (), **named: Any) -> dict[Any, Any]:
    if isinstance(value, dict):
        return {**value, **named}
    pairs = [items_of(pair) for pair in items_of(value)]
    if any(len(pair) != 2 or not isinstance(pair[0], (str, int)) for pair in pairs):
        raise NoValueError("not all of it is known")
    return {**{pair[0]: pair[1] for pair in pairs}, **named}


# what looks into lists only for their items: parts that are not known stay so
STRUCTURAL: dict[str, Callable[..., Any]] = {
    "range": _range,
    "len": _length,
    "list": _sequence(list),
    "tuple": _sequence(tuple),
    "reversed": _sequence(lambda items: items[::-1]),
    "zip": _zip,
    "enumerate": _enumerate,
    "dict": _dict,
    "OrderedDict": _dict,
}
NUMERIC: dict[str, Callable[..., Any]] = {
    "int": _whole,
    "float": _decimal,
    "str": lambda value="": formatted(value),
    "bool": _truth,
    "abs": _numeric(abs),
    "round": _numeric(round),
    "pow": _power,
    "divmod": _numeric(divmod),
    "min": _over(min),
    "max": _over(max),
    "sum": _sum,
    "sorted": _sorted,
    "any": _over(any),
    "all": _over(all),
    "set": lambda value=(): list(dict.fromkeys(_sorted(value))),
}
OF_NUMBERS: dict[str, Callable[..., Any]] = {
    "sqrt": _numeric(math.sqrt),
    "log": _numeric(math.log),
    "log2": _numeric(math.log2),
    "log10": _numeric(math.log10),
    "exp": _numeric(math.exp),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
    "pow": _power,
    "gcd": _numeric(math.gcd),
    "prod": _over(_product),
}
OF_ARRAYS: dict[str, Callable[..., Any]] = {
    "prod": _over(_product),
    "sum": _over(sum),
    "sqrt": _numeric(math.sqrt),
    "log2": _numeric(math.log2),
    "ceil": _numeric(math.ceil),
    "floor": _numeric(math.floor),
}
TABLES: dict[str, dict[str, Callable[..., Any]]] = {"math": OF_NUMBERS, "numpy": OF_ARRAYS, "np": OF_ARRAYS}
NAMES = (*STRUCTURAL, *NUMERIC)


def function(path: str) -> Callable[..., Any] | None:
    """The function of a name such as `len` or `math.sqrt`; None where it is not one that is read."""
    module, _, name = path.rpartition(".")
    if module in TABLES:
        return TABLES[module].get(name)
    return (STRUCTURAL.get(name) or NUMERIC.get(name)) if module in ("", "builtins", "collections") else None


def called(function: Callable[..., Any], given: Sequence[Any], named: dict[str, Any]) -> Any:
    """What such a function gives.

    Raises:
        NoValueError: something is not known, or Python refuses it.
    """
    needs = next((each for each in given if isinstance(each, Unknown)), None)
    if needs is not None:
        raise NoValueError(needs.why, needs)
    try:
        return function(*given, **named)
    except (TypeError, ValueError, ArithmeticError) as error:
        raise NoValueError(f"Python refuses it ({str(error)[:80]})") from error
