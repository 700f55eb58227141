"""The answer: plain data that was computed once. Renderers read it; nothing is computed from it but its layout."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from explain.engine.evaluate import symbols
from explain.engine.labels import Labels
from explain.engine.nodes.base import Node, Symbol
from explain.engine.notation import Notation
from explain.engine.proof import Proof
from explain.engine.prose import Prose, left, speaks
from explain.errors import InputError, shown

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array, Index
    from explain.engine.values import Values


@dataclass(slots=True)
class Given:
    """What the question gives: a symbol, its numbers (None: it stays a symbol) and what it is; printed or `hidden`."""

    symbol: Symbol
    values: Values | None
    meaning: Prose
    hidden: bool = False


@dataclass(slots=True)
class Local:
    """A local derivative ∂of/∂wrt: its form tells how a Jacobian is read off the step's value.

    `number`: one number. `matrix`: the Jacobian itself. `diagonal`: its diagonal, zeros elsewhere.
    `entries`: one number for each entry, where there are many samples.
    `slice`: ∂ofᵢ/∂wrtᵢⱼ is entry j of the value, zero for every other row.
    """

    form: Literal["number", "matrix", "diagonal", "entries", "slice"]
    of: Symbol
    wrt: Symbol


@dataclass(slots=True)
class Place:
    """Where a step stands that is one line of a section of several: `group` names the section's first step."""

    group: str
    label: Prose
    caption: str = ""


Cell = Prose | Node | int


@dataclass(slots=True)
class Table:
    """Facts side by side: a cell is text, a whole number, or an expression of the answer's quantities.

    `totals` counts the rows at the end that stand under a rule; `needs` are the steps the table speaks of.
    """

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    totals: int = 0
    note: Prose = ()
    needs: tuple[str, ...] = ()

    def left(self, names: Collection[str]) -> Table:
        """The table without the columns that are there for other steps than these."""
        kept = [at for at, column in enumerate(self.columns) if speaks(column.of, names)]
        if len(kept) == len(self.columns):
            return self
        rows = [[row[at] for at in kept] for row in self.rows]
        return replace(self, columns=[self.columns[at] for at in kept], rows=rows)


@dataclass(slots=True)
class Drawing:
    """A picture in text: lines of at most 76 characters, printed as they are; `needs` are the steps it shows."""

    title: str
    lines: Sequence[str]
    needs: tuple[str, ...] = ()


class Column(NamedTuple):
    """A column of a table: its heading, whether it holds numbers, and the kinds of steps it is there for.

    `of` is as in `Telling`: where something else is asked for, the column is left out.
    """

    title: str
    numbers: bool = False
    of: tuple[str, ...] = ()


class Again(NamedTuple):
    """A shorter reason for a page on which an earlier step, `of`, has given the whole one."""

    of: str
    why: Prose


@dataclass(slots=True)
class Step:
    """One line of working: the symbol it defines, the expression, and the value computed from that expression.

    A `hidden` one repeats another with a later index: it is not printed unless it is asked for. `entries` are those
    that are worked on the page, where the topic has chosen them.

    `value` is None where unknowns stay in it; `closed` is then the result in symbols.
    """

    symbol: Symbol
    expression: Node
    title: Prose
    why: Prose
    part: str
    value: Array | None
    closed: Node | None = None
    chain: Notation | None = None
    local: Local | None = None
    note: Prose = ()
    place: Place | None = None
    hidden: bool = False
    entries: tuple[Index, ...] = ()
    again: Again | None = None

    @property
    def name(self) -> str:
        """The plain name, as `--find` takes it."""
        return self.symbol.name

    @property
    def reads(self) -> list[str]:
        """The names of the quantities the expression reads."""
        return list(symbols(self.expression))

    @property
    def sympy(self) -> Any:
        """The expression in SymPy (a matrix by its entries)."""
        from explain.engine.lowering import to_sympy

        return to_sympy(self.expression)


@dataclass(slots=True)
class Check:
    """The result confirmed by a second route; `needs` are the steps it speaks of.

    A `spare` one says of a single step what another says of many: it is shown where only that step is asked for.
    """

    text: Prose
    passed: bool
    needs: tuple[str, ...] = ()
    spare: bool = False


@dataclass(slots=True)
class Answer:
    """A worked answer.

    `answer["z_1"]` is the step that defines z₁; its `value` is a NumPy array, its `sympy` the SymPy expression. `more`
    works steps that are not there yet, by their names, and `spare` the checks that only single steps ask for.
    """

    title: str
    source: str
    given: list[Given]
    conventions: list[Prose]
    steps: list[Step]
    results: list[str]
    checks: list[Check]
    values: Mapping[str, Array]
    proof: Proof
    asked: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    drawings: list[Drawing] = field(default_factory=list)
    more: Callable[[str], Answer | None] | None = None
    spare: Callable[[], list[Check]] | None = None
    labels: Mapping[str, Labels] = field(default_factory=dict)
    _by_sympy: list[Check] | None = None

    def __getitem__(self, name: str) -> Step:
        for step in self.having(name).steps:
            if step.name == name:
                return step
        raise KeyError(f"{name}: this answer has {', '.join(self.names)}")

    @property
    def names(self) -> list[str]:
        """The plain names of all steps, in order."""
        return [step.name for step in self.steps]

    @property
    def shown_steps(self) -> list[Step]:
        """The steps that are printed."""
        return [step for step in self.steps if not step.hidden]

    @property
    def shown_given(self) -> list[Given]:
        """The given quantities that are printed."""
        return [item for item in self.given if not item.hidden]

    @property
    def numbers(self) -> dict[str, int]:
        """The number of each step on the page; the lines of one section share theirs."""
        found: dict[str, int] = {}
        last, group = 0, ""
        for step in self.shown_steps:
            mine = step.place.group if step.place else step.name
            last += mine != group
            found[step.name], group = last, mine
        return found

    @property
    def all_checks(self) -> list[Check]:
        """The topic's checks, and SymPy's of the worked entries."""
        if self._by_sympy is None:
            from explain.engine.checks import sympy_check

            self._by_sympy = sympy_check(self)
        return [*(check for check in self.checks if not check.spare), *self._by_sympy]

    @property
    def passed(self) -> bool:
        """Whether every check holds."""
        return all(check.passed for check in self.all_checks)

    def symbol(self, name: str) -> Symbol:
        """The symbol of a given or computed quantity."""
        for given in self.given:
            if given.symbol.name == name:
                return given.symbol
        return self[name].symbol

    def having(self, name: str) -> Answer:
        """The answer with a step that is worked only when it is asked for; itself where there is none of that name."""
        found = self.more(name) if self.more is not None and name not in self.names else None
        return self if found is None else found

    def find(self, names: Sequence[str]) -> Answer:
        """The same answer with only the steps that lead to `names`.

        Raises:
            InputError: a name is not among the steps.
        """
        for name in names:
            wider = self.having(name)
            if wider is not self:
                return wider.find(names)
            if name not in self.names:
                told = f"{shown(name)} is not in this answer" if name.strip() else "is empty"
                raise InputError(f"{{find}} {told}: it has {', '.join(self.names)}")
        needed = set(names)
        for step in reversed(self.steps):
            if step.name in needed:
                needed.update(step.reads)
        kept = [name for name in self.names if name in needed]
        return replace(
            self,
            steps=self._unhidden([step for step in self.steps if step.name in needed], names),
            given=self._introduced(needed, names),
            checks=self._confirming(needed, names),
            conventions=[said for text in self.conventions if (said := left(text, kept))],
            tables=[table.left(kept) for table in self.tables if needed.issuperset(table.needs)],
            drawings=[drawing for drawing in self.drawings if needed.issuperset(drawing.needs)],
            results=list(names),
            asked=list(names),
            spare=None,
            _by_sympy=None,
        )

    def _confirming(self, needed: set[str], names: Sequence[str]) -> list[Check]:
        """The checks that speak of what is left; spare ones where nothing else speaks of a step that is asked for."""
        kept = [check for check in self.checks if not check.spare and needed.issuperset(check.needs)]
        told = {name for check in kept for name in check.needs}
        every = self.checks if self.spare is None or told.issuperset(names) else [*self.checks, *self.spare()]
        spare = [c for c in every if c.spare and set(c.needs) <= set(names) and not told.issuperset(c.needs)]
        return [*(replace(check, spare=False) for check in spare), *kept]

    def _unhidden(self, steps: list[Step], names: Sequence[str]) -> list[Step]:
        """The steps with those that are asked for, and what stands in the same part, made ready to be printed."""
        parts = self._asked_parts(names)
        if not parts:
            return steps
        from explain.engine.repeat import in_words

        return [in_words(step) if step.hidden and step.part in parts else step for step in steps]

    def _asked_parts(self, names: Sequence[str]) -> set[str]:
        """The parts of the working that are printed only because one of their steps is asked for."""
        return {step.part for step in self.steps if step.hidden and step.name in names}

    def _introduced(self, needed: set[str], names: Sequence[str]) -> list[Given]:
        """What is given among the names; printed too where a step reads it that is printed only now."""
        parts = self._asked_parts(names)
        read = {name for step in self.steps if step.part in parts for name in step.reads}
        return [
            replace(item, hidden=item.hidden and item.symbol.name not in read)
            for item in self.given
            if item.symbol.name in needed
        ]

    def worked_index(self, step: Step) -> Index:
        """The entry that is worked in full: the first one that is not zero, or the first that a mask hides."""
        import numpy as np

        if step.value is None or not step.value.shape:
            return ()
        if step.entries:
            return step.entries[0]
        if step.value.size == 1:
            return (0,) * step.value.ndim
        first = (0,) * step.value.ndim
        corner = step.value[tuple(slice(0, 8) for _ in step.value.shape)]
        if corner.size and corner[first] != 0 and corner.min() > float("-inf"):
            return first
        hidden = np.isneginf(corner) if corner.dtype != object else np.zeros(corner.shape, dtype=bool)
        places = np.argwhere(hidden if hidden.any() else corner != 0)  # where a mask works is what there is to see
        return tuple(int(at) for at in places[0]) if len(places) else first
