"""What stands beside the working of activations: the functions that they bring along, and the table of all values."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.answer import Cell, Column, Table
from explain.engine.functions import textbook
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol, Textbook
from explain.engine.nodes.functions import Apply, ScalarFunction
from explain.engine.notation import Word, related
from explain.engine.primitives import BELOW, DENSITY, EXP, LOG
from explain.engine.prose import SYMBOLIC
from explain.engine.rounding import show
from explain.engine.worksheet import Worksheet
from explain.topics._activations.facts import derivative

BESIDE = 3  # functions in one table
MOST = 100  # numbers in a table
LONGEST = 10  # characters of a number that was typed by hand


def brought_along(sheet: Worksheet, functions: Sequence[ScalarFunction], t: Symbol) -> None:
    """One convention for each function or constant that the formulas use and that is not asked for itself."""
    used: dict[str, Apply] = {}
    for function in functions:
        _collect(textbook(function(t)), used)
        _collect(derivative(function, t), used)
    asked = {function.name for function in functions}
    for name in ("sigmoid", "tanh", "softplus"):
        if name in used and name not in asked:
            applied = used[name].function(t)
            formula = LOG(1 + EXP(t)) if name == "softplus" else textbook(applied)
            told = ", with numbers worked as {d}, which is the same: no power in it is large"
            sheet.convention(
                "{f}" + (told if name == "softplus" else ""),
                f=related(applied.write(SYMBOLIC), "=", formula.write(SYMBOLIC)),
                d=textbook(applied),
            )
    if "normal-distribution" in used:
        _say_normal(sheet, t)
    if {"log", "softplus"} & used.keys():
        sheet.convention("log is the natural logarithm")
    if "selu" in asked:
        sheet.convention(
            "{l} ≈ 1.0507 and {a} ≈ 1.6733 in SELU, worked with all their digits (Klambauer et al. 2017, section 2)",
            l=word("lambda"), a=word("alpha"),
        )  # fmt: skip


def _say_normal(sheet: Worksheet, t: Symbol) -> None:
    for function, told in (
        (BELOW, "the probability that a standard normal number lies below {t}"),
        (DENSITY, "the density of the standard normal distribution"),
    ):
        applied = function(t)
        formula = related(applied.write(SYMBOLIC), "=", applied.defined().write(SYMBOLIC))
        sheet.convention("{f}, " + told, f=formula, t=t)
    sheet.convention("erf is the error function: 2/√π times the integral of e^(-v²) over v from 0 to its argument")


def _collect(node: Node, used: dict[str, Apply]) -> None:
    """The functions in an expression by their names."""
    if isinstance(node, Apply):
        used.setdefault(node.function.name, node)
    for operand in (node.printed,) if isinstance(node, Textbook) else node.operands:
        _collect(operand, used)


def tables(sheet: Worksheet, asked: Sequence[tuple[ScalarFunction, str]], x: Symbol) -> None:
    """All numbers with value and slope, a few functions beside each other."""
    rows, columns = (int(size) for size in x.shape)
    if rows * columns > MOST:
        return
    places = [(row, column) for row in range(rows) for column in range(columns)]
    for first in range(0, len(asked), BESIDE):
        shown = asked[first : first + BESIDE]
        headings = [Column(x.name, True)]
        needs: list[str] = []
        for function, value in shown:
            called = "exp" if function.name == "exp" else function.word.text
            headings += [Column(called, True), Column(f"{called}′", True)]
            needs += [value, f"d{value}/d{x.name}"]
        body: list[list[Cell]] = []
        for place in places:
            read = [Symbol(name, x.shape).entry(place) for name in needs]
            body.append([(Word(typed(sheet, x, place), number=True),), *read])
        sheet.tables.append(Table("Values and slopes", headings, body, needs=tuple(needs)))


def typed(sheet: Worksheet, x: Symbol, place: tuple[int, ...]) -> str:
    """A given number as it was typed; rounded where it was not typed by hand."""
    item = next(item for item in sheet.given_items if item.symbol.name == x.name)
    assert item.values is not None
    text = item.values.text(tuple(map(int, place)))
    return text if len(text) <= LONGEST else show(float(sheet.values[x.name][place])).text
