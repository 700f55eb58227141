"""Texts that code puts together, as `f"conv{i}"`: numbers and words in them, all of bounded length."""

from __future__ import annotations

import operator
import re
from collections.abc import Sequence
from typing import Any

from explain.code.parts import Unknown
from explain.code.values import NoValueError, Plain, at_most, items_of, tried

FORMAT = re.compile(r"[<>^=]?[+\- ]?#?0?\d{0,2}[,_]?(?:\.\d{1,2})?[a-zA-Z%]?")
PERCENT = re.compile(r"%(?:[sdifgx]|0?\d{1,2}d|\.\d{1,2}[fg]|%)")
LONGEST_TEXT = 10_000


def formatted(value: Any, spec: str = "") -> str:
    """A number or a text inside a text."""
    if not isinstance(value, (*Plain, bool)) or not FORMAT.fullmatch(spec):
        raise NoValueError("only numbers and texts are put into texts")
    text = str(tried(format, value, spec))
    at_most(len(text), LONGEST_TEXT)
    return text


def text_method(text: str, name: str, given: Sequence[Any], named: dict[str, Any]) -> Any:
    """`text.lower()`, `"conv{}".format(1)` and the like."""
    if name == "format":
        return _braces(text, given, named)
    if name == "join" and given:
        parts = [formatted(each) for each in items_of(given[0])]
        at_most(sum(map(len, parts)) + len(text) * len(parts), LONGEST_TEXT)
        return text.join(parts)
    if name not in {"lower", "upper", "strip", "split", "startswith", "endswith", "title", "capitalize", "isdigit"}:
        raise NoValueError(f"{name} of a text is not read")
    if not all(isinstance(each, (str, int, tuple)) for each in given):
        raise NoValueError("not all of it is known")
    return tried(getattr(text, name), *given)


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

    at_most(len(text), LONGEST_TEXT)
    filled = re.sub(r"\{([A-Za-z_]\w*|\d{0,3})(?::([^{}]{0,12}))?\}", put, text)
    at_most(len(filled), LONGEST_TEXT)
    return filled


def percent(text: str, right: Any) -> str:
    """`"conv%d" % 1`."""
    right = right if isinstance(right, tuple) and not isinstance(right, Unknown) else (right,)
    at_most(len(text), LONGEST_TEXT)
    if "%" in PERCENT.sub("", text) or not all(isinstance(each, (str, int, float)) for each in right):
        raise NoValueError("only numbers and texts are put into texts")
    return str(tried(operator.mod, text, right))
