"""A working that repeats itself: written for three steps of time, carried on to any number of them.

Of a sequence the first, the second and the last step are written out once on a sheet without numbers. Every step
between is the second one with another index; its formulas are evaluated as they stand, with the index moved, and are
made only when somebody looks at them. So no cost but that of the numbers grows with the length.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from explain.engine.answer import Step
from explain.engine.evaluate import evaluate
from explain.engine.names import word
from explain.engine.nodes.base import Entry, Index, Node, Repeated, Style, Symbol
from explain.engine.notation import Notation, Word
from explain.engine.prose import Prose

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array
    from explain.engine.worksheet import Worksheet

INDEX = re.compile(r"(?<=[_,])\d+")  # the step of time in a plain name: h_2, z_f,2, dL/dh_2^1
WRITTEN = 3  # steps that are written out: the first, one that stands for all between, the last


@lru_cache(maxsize=1 << 16)
def moved(name: str, by: int) -> str:
    """A plain name at another step of time.

    >>> moved("dL/dz_f,2^1", 5), moved("W_f", 5)
    ('dL/dz_f,7^1', 'W_f')
    """
    return INDEX.sub(lambda found: str(int(found[0]) + by), name)


class Instance(Repeated):
    """An expression at another step of time: every index in it moved by `by`."""

    __slots__ = ("by", "template")

    def __init__(self, template: Node, by: int) -> None:
        self.operands = ()
        self.shape = template.shape
        self.template = template
        self.by = by

    @property
    def formula(self) -> Node:
        """The expression as it would have been written there."""
        return _renamed(self.template, self.by)

    def value(self, values: Mapping[str, Array]) -> Array:
        """The value, from the quantities by their names."""
        return evaluate(self.template, Moved(values, self.by))

    def rebuild(self, operands: Sequence[Node]) -> Node:  # noqa: ARG002 - it has none
        """Itself."""
        return self

    def write(self, style: Style) -> Notation:
        """As the expression it stands for."""
        return style.write(self.formula)

    def entry(self, index: Index) -> Node:
        """As of the expression it stands for."""
        return self.formula.entry(index)


class Moved(Mapping[str, "Array"]):
    """Quantities looked up under names with another index."""

    def __init__(self, values: Mapping[str, Array], by: int) -> None:
        self.values_of = values
        self.by = by

    def __getitem__(self, name: str) -> Array:
        return self.values_of[moved(name, self.by)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.values_of)

    def __len__(self) -> int:
        return len(self.values_of)


def _renamed(node: Node, by: int) -> Node:
    """The expression with every index moved."""
    if isinstance(node, Symbol):
        name = moved(node.name, by)
        return node if name == node.name else Symbol(name, node.shape)
    if isinstance(node, Entry):
        return Entry(Symbol(moved(node.symbol.name, by), node.symbol.shape), node.index)
    if not node.operands:
        return node
    return node.rebuild([_renamed(operand, by) for operand in node.operands])


def time_of(name: str) -> int | None:
    """The step of time in a plain name.

    >>> time_of("dL/dz_f,2"), time_of("dL/dW_f")
    (2, None)
    """
    found = INDEX.search(name)
    return int(found[0]) if found else None


class Plan(NamedTuple):
    """How a written working is carried on.

    Attributes:
        last: the number of steps of time.
        shown: those of them that are printed.
        timeless: works a written step that has no index, such as a sum over time.
    """

    last: int
    shown: frozenset[int]
    timeless: Callable[[Step], None]


def carry_on(sheet: Worksheet, written: Sequence[Step], plan: Plan) -> None:
    """Work the written steps on a sheet with numbers, those between as often as there are steps of time."""
    before = 0
    for (_, time), block in groupby(written, key=lambda step: (step.part, time_of(step.name))):
        steps = list(block)
        if time is None:
            for step in steps:
                plan.timeless(step)
            continue
        if time == 0:  # before the first step
            for step in steps:
                sheet.work(at_time(step, 0))
            continue
        if time == 2:
            between = range(2, plan.last)
            for at in between if before <= 1 else reversed(between):
                _work(sheet, steps, at - 2, at, plan)
        else:
            by = 0 if time == 1 else plan.last - WRITTEN
            _work(sheet, steps, by, time + by, plan)
        before = time


def _work(sheet: Worksheet, steps: Sequence[Step], by: int, at: int, plan: Plan) -> None:
    """One block at one step of time: printed, or only evaluated."""
    for step in steps:
        made = at_time(step, by)
        if at in plan.shown or at > plan.last:
            sheet.work(in_words(made) if by else made)
        else:
            sheet.hide(made)


def at_time(step: Step, by: int) -> Step:
    """A written step at another step of time, with its words."""
    name = moved(step.name, by)
    written = step.symbol.word if by == 0 or step.symbol.word.key != step.name else None
    symbol = Symbol(name, step.symbol.shape, written)
    if by == 0:
        return Step(symbol, step.expression, step.title, step.why, step.part, None, chain=step.chain, local=step.local)
    expression = Instance(step.expression, by)
    return Step(symbol, expression, step.title, step.why, moved_text(step.part, by), None, local=step.local)


def in_words(step: Step) -> Step:
    """A step that was only evaluated, made ready to be printed."""
    assert isinstance(step.expression, Instance)
    by = step.expression.by
    return Step(step.symbol, step.expression.formula, _said(step.title, by), _said(step.why, by), step.part, step.value)


def _said(prose: Prose, by: int) -> Prose:
    return tuple(moved_text(part, by) if isinstance(part, str) else _word(part, by) for part in prose)


def _word(part: Notation, by: int) -> Notation:
    return word(moved(part.key, by)) if isinstance(part, Word) and part.key else part


def moved_text(text: str, by: int) -> str:
    """A text that names its step of time, at another one."""
    return re.sub(r"(?<=\bstep )\d+", lambda found: str(int(found[0]) + by), text)
