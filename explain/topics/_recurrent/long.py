"""A long sequence: its first two steps and the last in full, the rest in a table by the same formulas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine import wording
from explain.engine.answer import Cell, Column, Step, Table
from explain.engine.evaluate import symbols
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Add, sqrt
from explain.engine.nodes.base import Node, Symbol, Textbook
from explain.engine.nodes.linear import MatMul, Sum
from explain.engine.prose import say
from explain.engine.repeat import INDEX, WRITTEN, Instance, Plan, at_time, carry_on, in_words, moved, time_of
from explain.engine.worksheet import Worksheet
from explain.topics._recurrent.unrolled import Unrolled

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

MOST_STATES, MOST_COLUMNS = 2, 4
MOST_NUMBERS = 3  # of a quantity that stands in the table itself
MOST_IN_A_ROW = 6
LONGEST_DIFFERENCES = 24  # steps; each gradient of a longer sequence has no finite difference of its own
LONGEST_IN_FULL = 6  # steps; sequences up to this length are worked in full
COLUMNS = ("dL/dh", "dL/dc", "h", "c", "y", "L", "dL/dz", "dL/da")  # of the table


class Long(Unrolled):
    """A network over many steps, worked from the same network over three: the first, the second and the last."""

    def write(self) -> None:
        """Every step worked, three of them in sight."""
        network, count = self.network, len(self.network.x)
        goals = network.targets[:WRITTEN] if network.loss_on == "every" else network.targets
        small = network._replace(x=network.x[:WRITTEN], targets=goals)
        written = Unrolled(Worksheet("", ""), small, symbolic=True, steps=self.steps)
        written.write()
        shown = frozenset({1, 2, count})
        self.givens(shown)
        self.sheet.convention(
            f"steps 3 to {count - 1} repeat step 2 with the next index: their values stand in the table, and each is "
            "worked in full when it is asked for by its name"
        )
        carry_on(self.sheet, written.sheet.steps, Plan(count, shown, self._timeless))
        self._tables(written)
        end = count - WRITTEN
        self.tops = [
            state.at(lambda name: moved(name, end)) if way == 0 else state for way, state in enumerate(written.tops)
        ]
        self.asked = [Symbol(moved(y.name, end), y.shape) for y in written.asked[-1:]]
        few = count <= LONGEST_DIFFERENCES
        self.moved = [*self.weights, *(self.inputs[t - 1] for t in sorted(shown))] if few else []

    def _timeless(self, step: Step) -> None:
        """The loss, and the gradients of the weights: sums over all steps."""
        count = len(self.network.x)
        self.sheet.part(step.part)
        if step.name == "L" and self.network.loss_on == "every":
            self.outputs.total([Symbol(f"L_{t}") for t in range(1, count + 1)])
        elif step.name == "L":
            self.sheet.work(in_words(at_time(step, count - WRITTEN)))
        else:
            self._gradient(step, count)

    def _gradient(self, step: Step, count: int) -> None:
        """The gradient of a weight: the sum of its terms over time."""
        written = step.expression
        terms = {
            time_of(_through(term)): term for term in (written.operands if isinstance(written, Add) else [written])
        }
        if len(terms) == 1:  # only the last step uses it
            self.sheet.work(in_words(at_time(step, count - WRITTEN)))
            return
        times = range(1, count + 1) if next(iter(terms)) == 1 else range(count, 0, -1)
        parts, through = [], []
        for t in times:
            base = 1 if t == 1 else WRITTEN if t == count else 2
            parts.append(terms[base] if t == base else Instance(terms[base], t - base))
            through.append(moved(_through(terms[base]), t - base))
        weight = Symbol(step.name.partition("/d")[2])
        why = wording.shared(weight, through, terms[WRITTEN])
        self.sheet.define(step.name, _summed(Add(*parts), terms[2], through), step.title, why)

    def _tables(self, written: Unrolled) -> None:
        """The states, outputs and losses of every step, and the gradients on the way back."""
        layer = f"^{len(self.network.weights)}" if len(self.network.weights) > 1 else ""
        ends = (f"2{layer}", f"2{layer}b", f"2{layer or '^'}b")
        names = [
            step.name
            for step in written.sheet.steps
            if time_of(step.name) == 2 and step.name.endswith(ends) and re.split("[_,]", step.name)[0] in COLUMNS
        ]
        self._table("Every step", [name for name in names if "/d" not in name])
        back = [name for name in names if "/d" in name]
        states = [name for name in back if re.split("[_,]", name)[0] in COLUMNS[:MOST_STATES]]
        others = [name for name in back if name not in states]
        if len(back) > MOST_COLUMNS:
            self._table("Every step back: the states", states)
            self._table("Every step back: before the activations", others)
        elif back:
            self._table("Every step back", back)

    def _table(self, title: str, names: Sequence[str]) -> None:
        sizes = [self.sheet.values[name].size for name in names]
        self.most = MOST_NUMBERS if sum(sizes) <= MOST_IN_A_ROW else 1
        heads = [word(INDEX.sub("t", name)).text for name in names]
        columns = [Column("step", True)]
        columns += [
            Column(f"‖{head}‖" if size > self.most else head, size == 1 or size > self.most)
            for head, size in zip(heads, sizes, strict=True)
        ]
        rows: list[list[Cell]] = []
        for t in range(1, len(self.network.x) + 1):
            row: list[Cell] = [t, *(self._cell(moved(name, t - 2)) for name in names)]
            rows.append(row)
        note = say("‖·‖ is the root of the sum of the squared entries") if any(n > self.most for n in sizes) else ()
        self.sheet.tables.append(Table(title, columns, rows, note=note))

    def _cell(self, name: str) -> Cell:
        """A quantity in the table: its numbers where they are few, else its norm."""
        value = self.sheet.values.get(name)
        if value is None:
            return ("",)
        symbol = Symbol(name, value.shape)
        return symbol if value.size <= self.most else sqrt(Sum(symbol * symbol))


def _summed(printed: Add, term: Node, through: Sequence[str]) -> Node:
    """A sum over time, printed term by term and evaluated as one product of all steps side by side."""
    first, *rest = symbols(term).values()
    by = [(time_of(name) or 0) - 2 for name in through]
    read = [[Symbol(moved(symbol.name, at), symbol.shape) for at in by] for symbol in (first, *rest)]

    def evaluate(*values: Array) -> Array:
        import numpy as np

        together = [np.hstack(values[at * len(by) : (at + 1) * len(by)]) for at in range(len(read))]
        return np.asarray(together[0] @ together[1].T if rest else together[0].sum(axis=1, keepdims=True))

    usual = isinstance(term, MatMul) if rest else isinstance(term, Sum | Symbol)
    return Textbook(printed, [symbol for each in read for symbol in each], evaluate) if usual else printed


def _through(term: Node) -> str:
    """What a term of a gradient leads through: z_f,3 in ∂L/∂z_f,3 x_3ᵀ."""
    return next(name for name in symbols(term) if name.startswith("dL/d")).removeprefix("dL/d")
