"""A step as lines of working: formula, numbers put in, one entry worked, value."""

from __future__ import annotations

import re
from collections.abc import Sequence

from explain.engine.answer import Step
from explain.engine.evaluate import symbols
from explain.engine.names import word
from explain.engine.nodes.arithmetic import Add, Divide
from explain.engine.nodes.base import Index, Node, Number, Symbol, entry_place
from explain.engine.nodes.beside import Beside, Columns
from explain.engine.nodes.blocks import Stack
from explain.engine.nodes.entries import Entries
from explain.engine.nodes.linear import Transpose, is_leaf
from explain.engine.nodes.sizes import FloorQuotient, Sizes
from explain.engine.nodes.window import Sliding
from explain.engine.notation import Grid, Notation, Operator, Row, Word, call
from explain.engine.prose import SYMBOLIC, say
from explain.engine.rounding import number_word
from explain.engine.shapes import write
from explain.page.figures import COLUMNS, ROWS, Figures, Numbers, is_elided
from explain.page.index_formula import index_formula
from explain.page.model import Equation, Line
from explain.page.pooled import Forward, front, is_listed
from explain.page.slices import is_large, is_vast, leads, left_of
from explain.page.stages import stages
from explain.page.stamps import stamped
from explain.page.windows import Windowed, pictures, sliding_in, worked_entries

PARENTHESES = re.compile(r"^\w+\((-[\d.]+)\)")
NOISE = 1e-14  # a mean of numbers of size 1 that is smaller is what float64 leaves of 0
MOST_INTRODUCED = 12  # quantities in brief detail
FEW = 6  # terms; of a longer sum in a large matrix the first and the last are written
MOST_DRAWN = 36  # windows in full detail; of the entries after them the sums only
TOLD = (Word, Operator)  # a tuple: twice as quick as a union
Relations = list[tuple[str, Notation]]


class Working:
    """Lines of working for the steps of one answer, in one level of detail."""

    def __init__(self, figures: Figures, detail: str) -> None:
        self.figures = figures
        self.detail = detail
        self._named: set[str] = set()  # quantities that a page in brief has named already

    def lines(self, step: Step) -> list[Line]:
        """All lines of a step; where it is one line of a section, that line has its label."""
        lines = self._lines(step)
        if step.place is not None:
            for line in lines:
                if isinstance(line, Equation) and not line.label:
                    line.label, line.compact = step.place.label, True
        return lines

    def _lines(self, step: Step) -> list[Line]:
        lines: list[Line] = list(self._jacobian(step))
        head = self.head(step)
        lines += self._origins(step)
        if step.value is None:
            return [*lines, Equation(step.symbol.word, head + self._closed(step, head)), *self._with(step)]
        if step.local is not None and step.local.form == "slice" and self.detail != "brief":
            return [*lines, Equation(head[0][1], head[1:]), *self._slice(step), *self._unrounded(step)]
        if all(size == 1 for size in step.value.shape):
            head += self._scalar(step, head)
            return [*lines, Equation(step.symbol.word, head), *self._unrounded(step), *self._with(step)]
        stamps = [] if self.detail == "brief" else stamped(self.figures, step)
        lines += [Equation(step.symbol.word, head), *self._index_formula(step), *stamps, *self._entries(step)]
        value, exact = self.figures.labelled(step.symbol)
        if self._is_copy(step) and isinstance(value, Grid) and (value.row_names or value.column_names):
            head[-1] = (head[-1][0], value)  # what was put in is the value, and here it has names
        if not self._is_copy(step):
            left = left_of(step.symbol.word, value)
            lines.append(Equation(left, [(_sign(exact), value)], continued=left is step.symbol.word))
        return [*lines, *self._statistics(step), *self._unrounded(step), *self._with(step)]

    def head(self, step: Step) -> Relations:
        """Chain, formula and substitution."""
        relations: Relations = []
        formula = SYMBOLIC.write(step.expression)
        if step.chain is not None and self.detail != "brief" and _text(step.chain) != _text(formula):
            relations.append(("=", step.chain))
        relations.append(("=", formula))
        numbers = Numbers(self.figures)
        written = numbers.write(step.expression)
        whole = len(step.expression.shape) > 2 or numbers.partial or _slides_over_slices(step.expression)
        whole = whole or (is_vast(step.expression.shape) and isinstance(step.expression, Stack | Beside | Columns))
        if (
            numbers.used
            and not whole
            and not (isinstance(step.expression, Entries) and _text(written) == _text(formula))
        ):
            relations.append((_sign(numbers.exact), written))
        return relations

    def _closed(self, step: Step, head: Relations) -> Relations:
        """The simplified form, unless it already stands there."""
        if step.closed is None:
            return []
        closed, exact = self.figures.symbolic(step.closed)
        return [] if _text(closed) == _text(head[-1][1]) else [(_sign(exact), closed)]

    def _scalar(self, step: Step, head: Relations) -> Relations:
        """A single number: the lines between substitution and value, and the value."""
        assert step.value is not None
        value, exact = self.figures.figure(step.symbol)
        if is_leaf(step.expression) or isinstance(step.expression, Number):
            return []
        relations = [] if self.detail == "brief" else self._staged(step.expression, (0,) * step.value.ndim)
        if relations and _text(relations[0][1]) == _text(head[-1][1]):
            relations = relations[1:]
        if relations and _text(relations[-1][1]) == _text(value):
            relations.pop()
        if not relations and _text(head[-1][1]) == _text(value):
            return []  # what was put in is the value already
        return [*relations, (_sign(exact), value)]

    def _entries(self, step: Step) -> list[Line]:
        """The worked entry, or every shown entry in full detail."""
        if self.detail == "brief" or self._is_copy(step):
            return []
        sliding = sliding_in(step.expression)
        if self.detail != "full":
            if sliding is not None:
                return [line for at in worked_entries(step, sliding) for line in self._window(step, sliding, at)]
            chosen = self.figures.answer.worked_index(step)
            return self._entry(step, chosen, "first entry" if not any(chosen) else "")
        indices = list(dict.fromkeys([*step.entries, *self._shown_indices(step)]))
        drawn = [] if sliding is None else indices[:MOST_DRAWN]
        lines = [line for at in drawn if sliding is not None for line in self._window(step, sliding, at)]
        return lines + [line for at in indices[len(drawn) :] for line in self._entry(step, at, "")]

    @staticmethod
    def _shown_indices(step: Step) -> list[Index]:
        """The entries of the matrix, or of the slices, that are shown."""
        assert step.value is not None
        shape = step.value.shape
        rows, columns = (range(min(size, most)) for size, most in zip(shape[-2:], (ROWS, COLUMNS), strict=True))
        return [(*lead, row, column) for lead in leads(shape) for row in rows for column in columns]

    def _index_formula(self, step: Step) -> list[Line]:
        """What a sliding kernel adds up, by its indices."""
        sliding = None if self.detail == "brief" else sliding_in(step.expression)
        if sliding is None:
            return []
        terms = step.expression.operands if isinstance(step.expression, Add) else ()
        found = index_formula(step.symbol, sliding, [term for term in terms if term is not sliding])
        return [found] if found is not None else []

    def _window(self, step: Step, sliding: Windowed, index: Index) -> list[Line]:
        """What one entry is made of, drawn, and its sum; the products stand in the drawing."""
        lines = pictures(self.figures, step, sliding, index)
        if isinstance(sliding, Forward):
            taken = front(self.figures, sliding, index)
            return [*lines, *self._entry(step, index, "", bool(taken) and not is_listed(sliding, index), taken)]
        return [*lines, *self._entry(step, index, "", drawn=bool(lines) or is_large(step.symbol.shape))]

    def _entry(
        self, step: Step, index: Index, label: str, drawn: bool = False, front: Sequence[tuple[str, Notation]] = ()
    ) -> list[Line]:
        relations = self._staged(step.expression, index)
        if not relations:
            return []
        relations = relations[1:] if drawn and (len(relations) > 1 or front) else relations
        relations = [*front, *relations]
        shown, exact = self.figures.entry(step.name, index)
        if _text(relations[-1][1]) != shown:
            relations.append((_sign(exact), number_word(shown, step.name)))
        if len(relations) < 2 and not drawn:
            return []
        name = label if label else "entry " + entry_place(index, step.symbol.shape)
        return [Equation(None, relations, say(name))]

    def _staged(self, expression: Node, index: Index) -> Relations:
        """The working of one entry, from numbers put in to the line before the value."""
        entry = expression.entry(index if expression.shape else ())
        relations: Relations = []
        before = ""
        if self.detail != "full" and is_vast(expression.shape) and isinstance(entry, Add) and _terms(entry) > FEW:
            lines: Sequence[Node] = [_by_its_ends(entry)]
        else:
            lines = self._chosen(stages(entry, self.figures.answer.proof))
        for line in lines[:-1] if isinstance(lines[-1], Number) and len(lines) > 1 else lines:
            numbers = Numbers(self.figures)
            notation = numbers.write(line)
            text = _bare(_text(notation))
            if relations and text == before:
                relations[-1] = (relations[-1][0], notation)  # the same, or the same without parentheses in front
            else:
                relations.append((_sign(numbers.exact), notation))
            before = text
        return relations

    def _chosen(self, lines: Sequence[Node]) -> Sequence[Node]:
        """In exam detail two lines of reduction, and a quotient or a sum before the value; in full, every line."""
        if self.detail == "full" or len(lines) <= 4 or has_floor(lines[0]):
            return lines
        return [*lines[:3], *(lines[-2:] if isinstance(lines[-2], Divide | Add) else lines[-1:])]

    def _jacobian(self, step: Step) -> list[Line]:
        """How a local derivative is to be read."""
        local = step.local
        if local is None or self.detail == "brief":
            return []
        name = word(f"d{local.of.name}/d{local.wrt.name}")
        if local.form == "diagonal":
            diagonal = call(Word("diag", r"\mathrm{diag}"), step.symbol.word)
            return [Equation(name, [("=", diagonal)])]
        if local.form == "slice":
            factor = step.expression.operands[0] if isinstance(step.expression, Transpose) else step.expression
            assert isinstance(factor, Symbol)
            of, wrt = word(local.of.name, "i"), word(local.wrt.name, "ij")
            entry = Word(f"∂{of.text}/∂{wrt.text}", rf"\frac{{\partial {of.latex}}}{{\partial {wrt.latex}}}")
            return [Equation(entry, [("=", word(factor.name, "j"))])]
        return []

    def _slice(self, step: Step) -> list[Line]:
        """∂z₁,₁/∂W₁: one slice of the derivative of a vector with respect to a matrix."""
        local = step.local
        if local is None or local.form != "slice" or self.detail == "brief" or step.value is None:
            return []
        rows = int(local.wrt.shape[0])
        numbers, _ = self.figures.figure(step.symbol)
        if not isinstance(numbers, Grid):  # a single number
            numbers = Grid([[numbers]], [0])
        filled = numbers.rows[0]
        assert filled is not None
        zeros = [
            number_word("0") if column is not None else cell
            for column, cell in zip(numbers.columns, filled, strict=True)
        ]
        shown: list[Sequence[Notation] | None] = [filled, *[zeros] * (min(rows, 3) - 1)]
        if rows > 3:
            shown.append(None)
        of = word(local.of.name, "1")
        left = Word(
            f"∂{of.text}/∂{local.wrt.word.text}", rf"\frac{{\partial {of.latex}}}{{\partial {local.wrt.word.latex}}}"
        )
        return [Equation(left, [("=", Grid(shown, numbers.columns, step.name))], say("so for i = 1"))]

    def _statistics(self, step: Step) -> list[Line]:
        value = step.value
        if value is None or not is_elided(value.shape):
            return []
        seen = value if value.dtype == object or value.min() > float("-inf") else value[value > float("-inf")]
        least, most, average = (float(number) for number in (seen.min(), seen.max(), seen.mean()))
        average = 0.0 if abs(average) < NOISE * max(abs(least), abs(most)) else average
        low, high, mean = (self.figures.rounded(number, lambda: None).text for number in (least, most, average))
        hidden = f", {value.size - seen.size} of them hidden" if seen.size < value.size else ""
        return [say(f"{write(value.shape)} entries{hidden}, smallest {low}, largest {high}, mean {mean}")]

    def _with(self, step: Step) -> list[Line]:
        """In brief detail, the computed quantities that are read but not shown, then what those read in turn."""
        if self.detail != "brief":
            return []
        found = self._introduced(step)
        self._named.update(read.name for read in found)
        lines: list[Line] = []
        for read in found:
            formula: Relations = [("=", SYMBOLIC.write(read.expression))]
            if read.value is not None:
                value, exact = self.figures.figure(read.symbol)
                sliced = left_of(read.symbol.word, value) is not read.symbol.word  # its slices have names of their own
                formula += [(_sign(exact), value)] if not sliced and _text(formula[0][1]) != _text(value) else []
            lines.append(Equation(read.symbol.word, formula + self._closed(read, formula), say("with")))
        return lines

    def _introduced(self, step: Step) -> list[Step]:
        """What a page in brief introduces for a step; where that would be very much, only what it reads itself."""
        known = {other.name: other for other in self.figures.answer.shown_steps}
        skipped = {*self.figures.answer.asked, *self._named}
        direct = [known[name] for name in step.reads if name in known and name not in skipped]
        found = list(direct)
        for read in found:  # grows while it is walked
            seen = {other.name for other in found}
            found += [known[name] for name in read.reads if name in known and name not in skipped | seen]
            if len(found) > MOST_INTRODUCED:
                return direct
        return found

    def _origins(self, step: Step) -> list[Line]:
        """In full detail, where each quantity that is read comes from."""
        if self.detail != "full":
            return []
        numbers = {name: f" (step {at})" for name, at in self.figures.answer.numbers.items()}
        if not symbols(step.expression):
            return [say("from the numbers of the question alone")]
        told: list[str | Notation] = ["from "]
        for name, symbol in symbols(step.expression).items():
            told += [symbol.word, numbers.get(name, " (given)"), ", "]
        return [tuple(told[:-1])]

    def _unrounded(self, step: Step) -> list[Line]:
        """In full detail, the value that is carried on."""
        if self.detail != "full" or step.value is None:
            return []
        index = self.figures.answer.worked_index(step)
        if self.figures.entry(step.name, index).exact:
            return []
        where = (
            "" if all(size == 1 for size in step.value.shape) else f", entry {entry_place(index, step.symbol.shape)}"
        )
        return [say(f"carried on{where}: {float(step.value[index]):.10g}")]

    def _is_copy(self, step: Step) -> bool:
        """Whether the substitution is already the value; large arrays are never put in, nor those of more axes."""
        if len(step.symbol.shape) > 2 or is_vast(step.symbol.shape):
            return False
        expression = step.expression
        listed = isinstance(expression, Entries) and all(map(is_leaf, expression.operands))
        return is_leaf(expression) or isinstance(expression, Sizes | Stack | Beside | Columns) or listed


def _by_its_ends(long: Add) -> Add:
    """A sum by its first term and its last one."""
    return Add(long.operands[0], long.operands[-1], signs=(long.signs[0], long.signs[-1]), skipped=_terms(long) - 2)


def _terms(added: Add) -> int:
    """How many terms a sum has, those that are not written too."""
    return len(added.operands) + added.skipped


def _sign(exact: bool) -> str:
    return "=" if exact else "≈"


def _slides_over_slices(expression: Node) -> bool:
    """Whether a factor of a sliding product has more than two axes: then none is put in."""
    found = sliding_in(expression)
    return isinstance(found, Sliding) and any(
        len(part.shape) > 2 and any(size != 1 for size in part.shape) for part in found.operands
    )


def _bare(text: str) -> str:
    """A sum without the parentheses around a negative number in front."""
    return PARENTHESES.sub(r"\1", text)


def _text(notation: Notation) -> str:
    """A one-line form, for comparing."""
    if isinstance(notation, TOLD):
        return notation.text
    inner = "".join([_text(part) for part in notation.parts])
    return inner if isinstance(notation, Row) else f"{type(notation).__name__}({inner})"


def has_floor(node: Node) -> bool:
    """Whether a number is rounded down or up on the way: then no line is left out."""
    return isinstance(node, FloorQuotient) or any(map(has_floor, node.operands))
