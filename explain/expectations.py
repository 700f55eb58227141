"""What an exam file expects, held against the answer: a typed number stands for all that are rounded to it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.nodes.base import entry_place
from explain.engine.rounding import tidy
from explain.errors import InputError, printable, shown
from explain.parameters import NUMBER

if TYPE_CHECKING:
    from explain.engine.answer import Answer
    from explain.exam import Part


class Outcome(NamedTuple):
    """How one expected value compares: its name, whether it holds, and what to say if not."""

    name: str
    holds: bool
    told: str


def outcomes(part: Part, answer: Answer | None, calculations: Mapping[str, Answer] | None = None) -> list[Outcome]:
    """Every expectation of a question against its answer, `cell.f_1` against the calculation `cell` of its concept.

    Raises:
        InputError: a name that is no step, a shape that does not fit, words for numbers.
    """
    calculations = calculations or {}
    found = []
    for name, expected in _named(part.expect, calculations):
        of, _, step = name.partition(".")
        if step and of in calculations:
            own = _outcome(step, expected, calculations[of], part.where)
            found.append(Outcome(name, own.holds, f"{of}.{own.told}" if own.told else ""))
        elif answer is None:
            known = " or ".join(f'"{of}.step"' for of in calculations)
            raise InputError(f"{part.where}: expect has {shown(name)}: name a step of the concept as {known}")
        else:
            found.append(_outcome(name, expected, answer, part.where))
    return found


def _named(expect: Mapping[str, Any], calculations: Mapping[str, Answer]) -> list[tuple[str, Any]]:
    """What is expected by name; a table of a calculation, `cell = { f_1 = 0.95 }`, by its steps."""
    tables = [name for name, value in expect.items() if isinstance(value, dict) and name in calculations]
    inner = [(f"{of}.{step}", value) for of in tables for step, value in expect[of].items()]
    return [(name, value) for name, value in expect.items() if name not in tables] + inner


def _outcome(name: str, expected: Any, answer: Answer, where: str) -> Outcome:
    answer = answer.having(name)
    if name not in answer.names:
        raise InputError(f"{where}: expect has {shown(name)}, which is no step: there are {', '.join(answer.names)}")
    step = answer[name]
    if step.value is None:
        return _symbolic(name, expected, answer)
    texts = _flat(expected, where, name)
    values = [value if isinstance(value, int) else float(value) for value in step.value.flat]
    if len(texts) != len(values):
        raise InputError(
            f"{where}: expect {name} has {len(texts)} numbers, but {name} has {len(values)}: give {len(values)}"
        )
    for at, (text, value) in enumerate(zip(texts, values, strict=True)):
        if not holds(text, value):
            place = f", entry {_place(at, step.value.shape)}" if len(values) > 1 else ""
            typed = len(text.lower().partition("e")[0].partition(".")[2])
            computed = str(value) if isinstance(value, int) else tidy(value, max(6, typed + 2))
            return Outcome(name, False, f"{name}{place}: expected {text}, the answer is {computed}")
    return Outcome(name, True, "")


def _place(at: int, shape: Sequence[int]) -> str:
    """Where the entry at a place of the flat array stands, as a page says it."""
    index: list[int] = []
    for size in reversed(shape):
        at, rest = divmod(at, size)
        index.insert(0, rest)
    return entry_place(tuple(index), tuple(shape))


def _symbolic(name: str, expected: Any, answer: Answer) -> Outcome:
    """A result in symbols, compared as it is printed, spaces apart."""
    from explain.page import page
    from explain.render.terminal import plain

    lines = plain(page(answer.find([name]), "brief"), 400).split("Result\n")[1].splitlines()
    printed = lines[0].partition("=")[2].strip()
    same = "".join(str(expected).split()) == "".join(printed.split())
    told = "" if same else f"{name}: expected {printable(str(expected))[:80]}, the answer is {printed}"
    return Outcome(name, same, told)


def _flat(expected: Any, where: str, name: str) -> list[str]:
    if isinstance(expected, list):
        return [text for item in expected for text in _flat(item, where, name)]
    text = str(expected)
    if isinstance(expected, bool) or not NUMBER.fullmatch(text) or re.search("/0+$", text):
        raise InputError(f"{where}: expect {name} has {shown(expected)} where a number belongs")
    return [text]


def holds(text: str, value: float | int) -> bool:
    """Whether a value rounds to the typed number: 0.88 holds for all from 0.875 to 0.885.

    >>> holds("0.88", 0.8808), holds("0.881", 0.8804), holds("3840", 3840)
    (True, False, True)
    """
    expected = Fraction(text)
    if isinstance(value, int):
        return value == expected
    mantissa, _, power = text.lower().partition("e")
    decimals = len(mantissa.partition(".")[2])
    half = Fraction(1, 10**9) if "/" in text else Fraction(1, 2) * Fraction(10) ** (int(power or 0) - decimals)
    slack = Fraction(1, 10**12) * max(Fraction(1), abs(expected))  # a value that stands on the border by float noise
    return abs(Fraction(value) - expected) <= half + slack
