"""The sheet a topic writes its working on: given … define … backward … check … answer."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.answer import Again, Answer, Check, Drawing, Given, Local, Place, Step, Table
from explain.engine.evaluate import evaluate, largest_of, symbols
from explain.engine.labels import NONE, Labels, carried_on, labels
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.notation import Notation, Word
from explain.engine.proof import Proof
from explain.engine.prose import Prose, Telling, say
from explain.engine.values import Values
from explain.errors import InputError

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array, Index


CRUMB = 1e-13  # what cancellation leaves of terms of size 1
MOST_CRUMBS = 64
NOTHING = 1e-30  # what is smaller in forty digits, beside terms of size 1, is 0


class Worksheet:
    """Collects givens, conventions, steps and checks; every step is evaluated as it is defined."""

    def __init__(self, title: str, source: str) -> None:
        self.title = title
        self.source = source
        self.given_items: list[Given] = []
        self.conventions: list[Prose] = []
        self.steps: list[Step] = []
        self.checks: list[Check] = []
        self.spare: Callable[[], list[Check]] | None = None
        self.tables: list[Table] = []
        self.drawings: list[Drawing] = []
        self.values: dict[str, Array] = {}
        self.labels: dict[str, Labels] = {}
        self._part = ""
        self._options: dict[str, str] = {}

    def given(
        self,
        name: str,
        values: Values | None,
        meaning: str | Prose,
        *,
        option: str = "",
        shape: Sequence[int | str] = (),
        written: Word | None = None,
        hidden: bool = False,
        rows: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Symbol:
        """Introduce a quantity. Without numbers it stays a symbol of the given shape.

        Args:
            option: the parameter it was given by, for errors.
            written: how it is written, where its name does not say that.
            hidden: it is one of many alike, and is not printed.
            rows, columns: the names of its rows and columns.
        """
        self.keep_free(name)
        self._options[name] = option
        symbol = Symbol(name, tuple(shape) if values is None else values.shape, written)
        self.given_items.append(Given(symbol, values, say(meaning) if isinstance(meaning, str) else meaning, hidden))
        if values is not None:
            self.values[name] = values.array
        self.name_axes(symbol, rows, columns)
        return symbol

    def convention(self, template: str, **parts: Node | Notation | str | int) -> None:
        """State a convention or an assumption; all of them are printed."""
        self.conventions.append(say(template, **parts))

    def convention_about(self, kinds: Sequence[str], template: str, **parts: Node | Notation | str | int) -> None:
        """State a convention about some kinds of steps: `M` for M, M_1, M_known; it goes where none is asked for."""
        self.conventions.append(Telling(say(template, **parts), kinds))

    def part(self, heading: str) -> None:
        """Begin a part of the working."""
        self._part = heading

    def define(
        self,
        name: str,
        expression: Node,
        title: str | Prose,
        why: str | Prose,
        *,
        written: Word | None = None,
        chain: Notation | None = None,
        local: Local | None = None,
        closed: Callable[[Node], Node] | None = None,
        note: Prose = (),
        place: Place | None = None,
        entries: Sequence[Index] = (),
        rows: Sequence[str] | None = None,
        columns: Sequence[str] | None = None,
    ) -> Symbol:
        """Work one line: `name = expression`, evaluated here and nowhere else.

        Args:
            entries: those that are worked in sight.
            rows, columns: the names of its rows and columns, where the expression does not carry them on.
        """
        self.keep_free(name)
        symbol = Symbol(name, expression.shape, written or word(name))
        reads = symbols(expression)
        unknown = [read for read in reads if read not in self.values]
        value = None if unknown else self._evaluated(name, expression, reads)
        if value is not None:
            self.values[name] = value
        self.steps.append(
            Step(
                symbol,
                expression,
                say(title) if isinstance(title, str) else title,
                say(why) if isinstance(why, str) else why,
                self._part,
                value,
                closed(self.inlined(expression)) if unknown and closed else None,
                chain,
                local,
                note,
                place,
                entries=tuple(entries),
            )
        )
        self.name_axes(symbol, rows, columns, expression)
        return symbol

    def name_axes(
        self,
        symbol: Symbol,
        rows: Sequence[str] | None,
        columns: Sequence[str] | None,
        expression: Node | None = None,
    ) -> None:
        """Keep the names of the rows and columns of a quantity, those given before those its expression carries on."""
        carried = carried_on(symbol.name, expression, self.labels) if expression is not None and self.labels else NONE
        found = labels(rows, columns)
        found = Labels(found.rows or carried.rows, found.columns or carried.columns)
        if found != NONE:
            self.labels[symbol.name] = found

    def remark(self, symbol: Symbol, note: Prose) -> None:
        """Add what a step's value says, which is known only after it was worked."""
        next(step for step in self.steps if step.name == symbol.name).note = note

    def refer(self, symbol: Symbol, of: str, why: Prose) -> None:
        """Give a step a shorter reason for pages on which the step `of`, which it repeats, stands too."""
        next(step for step in self.steps if step.name == symbol.name).again = Again(of, why)

    def work(self, step: Step) -> None:
        """Work a step that was written elsewhere."""
        self.part(step.part)
        self.define(
            step.name, step.expression, step.title, step.why,
            written=step.symbol.word, chain=step.chain, local=step.local, note=step.note, place=step.place,
            entries=step.entries,
        )  # fmt: skip

    def hide(self, step: Step) -> None:
        """Evaluate a step that repeats another one, without printing it.

        Raises:
            InputError: the value leaves the range of double precision.
        """
        import numpy as np

        value = as_array(evaluate(step.expression, self.values))
        if not np.isfinite(value.sum()) and not np.isfinite(value).all():
            raise InputError(f"with these numbers {step.name} is beyond 1.8e308; give smaller ones")
        step.value, step.hidden = value, True
        self.values[step.name] = value
        self.steps.append(step)

    def keep_free(self, name: str) -> None:
        """Refuse a name that the user has given to a size and the answer needs itself."""
        if self._options.get(name):
            raise InputError(
                f"{{{self._options[name]}}} is {name}: the answer itself uses that name; choose another symbol"
            )

    def _evaluated(self, name: str, expression: Node, reads: Collection[str]) -> Array:
        """The value; NaN and infinity are no answer, but -∞ in a masked score is working.

        Raises:
            InputError: the value leaves the range of double precision.
        """
        import numpy as np

        with np.errstate(all="ignore"):
            value = as_array(evaluate(expression, self.values))
        if value.dtype == object or np.isfinite(value).all():
            return self._without_noise(name, expression, value, reads)
        floats = (self.values[read] for read in reads if self.values[read].dtype != object)
        masked = any(np.isneginf(array).any() for array in floats)
        if np.isnan(value).any() or np.isposinf(value).any() or not masked:
            options = ", ".join(f"{{{option}}}" for option in self._origins(expression))
            raise InputError(f"{options}: with these numbers {name} is beyond 1.8e308; give smaller ones")
        return value

    def _without_noise(self, name: str, expression: Node, value: Array, reads: Collection[str]) -> Array:
        """The value with 0 where terms cancel and floats leave a crumb: 0.1 + 0.2 - 0.3 decides a ReLU's slope."""
        import numpy as np

        if value.dtype == object or isinstance(expression, Symbol):
            return value
        largest = max([largest_of(self.values[read]) for read in reads], default=1.0)
        sizes = np.abs(value)
        if sizes.min(initial=largest) >= CRUMB * largest:
            return value
        crumbs = np.argwhere((value != 0) & (sizes < CRUMB * largest) & (sizes > CRUMB**2 * largest))
        if not 0 < len(crumbs) <= MOST_CRUMBS:
            return value
        proof = Proof(
            self._given_values(), {**{s.name: s.expression for s in self.steps if not s.hidden}, name: expression}
        )
        value = value.copy()
        for place in crumbs:
            index = tuple(int(at) for at in place)
            exact = proof.entry(name, index)
            if exact is not None and abs(exact) < NOTHING * largest:  # in forty digits terms leave 1e-41, or a 0.0
                value[index] = 0.0
        return value

    def _given_values(self) -> dict[str, Values]:
        return {item.symbol.name: item.values for item in self.given_items if item.values is not None}

    def _origins(self, expression: Node) -> list[str]:
        """The parameters that an expression comes from."""
        found: dict[str, None] = {}
        definitions = {step.name: step.expression for step in self.steps}
        waiting, seen = list(symbols(expression)), set()
        while waiting:
            name = waiting.pop(0)
            if name in seen:
                continue
            seen.add(name)
            if name in definitions:
                waiting += symbols(definitions[name])
            elif self._options.get(name):
                found[self._options[name]] = None
        return list(found)

    def definition(self, name: str) -> Node | None:
        """The expression that defines a name; None for what is given."""
        return next((step.expression for step in self.steps if step.name == name), None)

    def last(self, name: str) -> Symbol:
        """The symbol of a step."""
        return next(step.symbol for step in self.steps if step.name == name)

    def closed(self, symbol: Symbol) -> Any:
        """What a step with unknowns came to, in SymPy."""
        from explain.engine.lowering import to_sympy

        step = next(step for step in self.steps if step.name == symbol.name)
        return to_sympy(step.closed or step.expression)

    def backward(self, loss: Symbol, wrt: Sequence[Symbol], **options: Any) -> None:
        """The gradients of `loss`, by the chain rule in reverse over the named steps."""
        from explain.engine.chain import backward

        backward(self, loss, wrt, **options)

    def drawing(self, title: str, lines: Sequence[str], needs: Sequence[Symbol] = ()) -> None:
        """Add a picture in text, and the steps it shows."""
        self.drawings.append(Drawing(title, list(lines), tuple(symbol.name for symbol in needs)))

    def check(self, passed: bool, needs: Sequence[Symbol], text: Prose, spare: bool = False) -> None:
        """Record a check by a second route, and the steps it speaks of.

        Args:
            spare: it stands only where a single one of its steps is asked for.
        """
        self.checks.append(Check(text, passed, tuple(symbol.name for symbol in needs), spare))

    def run_from(self, given: dict[str, Array]) -> dict[str, Array]:
        """All quantities again from other givens; steps that are gradients are left alone."""
        values = dict(given)
        for step in self.steps:
            if step.value is not None and "/d" not in step.name:
                values[step.name] = evaluate(step.expression, values)
        return values

    def proof(self) -> Proof:
        """SymPy's numbers for the entries of all quantities that are shown."""
        return Proof(self._given_values(), {s.name: s.expression for s in self.steps if not s.hidden})

    def answer(self, *results: Symbol) -> Answer:
        """The finished answer."""
        proof = self.proof()
        names = [symbol.name for symbol in results]
        return Answer(
            self.title, self.source, list(self.given_items), list(self.conventions), list(self.steps), names,
            list(self.checks), self.values, proof, names, list(self.tables), list(self.drawings), labels=self.labels,
            spare=self.spare,
        )  # fmt: skip

    def inlined(self, expression: Node) -> Node:
        """The expression with the steps before it put in, so that only what is given stays."""
        if isinstance(expression, Symbol):
            definition = self.definition(expression.name)
            if definition is not None:
                return self.inlined(definition)
            given = next((item for item in self.given_items if item.symbol.name == expression.name), None)
            if given is not None and given.values is not None and not given.values.shape:
                return Number(given.values.exact(()), given.values.text(()))
            return expression
        if not expression.operands:
            return expression
        return expression.rebuild([self.inlined(operand) for operand in expression.operands])


def as_array(value: Any) -> Array:
    """A value as an array; a whole number of any size stays exact."""
    import numpy as np

    return np.array(value, dtype=object if isinstance(value, int) else None)
