"""A derivation line by line: inner functions named, every part differentiated by one rule, the names put back.

Forward mode (see `explain.engine.rules`): a quantity that is a function of another one is differentiated by it, and
the chain rule multiplies the two. Each line is a step of the worksheet, so that it can be asked for by `--find`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from explain.engine.answer import Place
from explain.engine.evaluate import symbols
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Raise, SquareRoot, Times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.rewritten import Rewritten
from explain.engine.notation import Word
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.rules import Derivative, Inner, Rule, differentiate, moves
from explain.engine.worksheet import Worksheet
from explain.topics._derivative import words
from explain.topics._derivative.collecting import Between, Collected
from explain.topics._derivative.naming import Naming
from explain.topics._derivative.rule_words import label, reason

SHORT_TOP = 12  # characters of a product that stays on top of a quotient


class Derivation(Naming):
    """The lines of one derivation; see `Naming` for its arguments."""

    def __init__(
        self, sheet: Worksheet, known: Mapping[str, Symbol], decimals: bool, reserved: Collection[str] = ()
    ) -> None:
        super().__init__(sheet, known, decimals, reserved)
        self._along: dict[tuple[str, str], Symbol] = {}
        self._lines: dict[tuple[str, Any], Symbol] = {}
        self._again: dict[str, str] = {}
        self._count = 0
        self.stepwise = False  # whether a derivative that is asked for may take a line more
        self.between: dict[
            str, tuple[Between, Node]
        ] = {}  # of such a derivative: what is multiplied out, and its last form
        self._group = ""

    def along(
        self,
        name: str,
        wrt: str,
        *,
        top: str = "",
        written: Word | None = None,
        last: bool = False,
        direct: bool = False,
    ) -> Symbol:
        """∂name/∂wrt, with all lines that it needs before it.

        Args:
            top: the plain name of the derivative, where it is not `d{name}/d{wrt}`; `written` is how it is written.
            last: it is asked for: the names are put back in it.
            direct: by the rules even where one named quantity alone depends on `wrt`.
        """
        if (name, wrt) in self._along:
            return self._along[name, wrt]
        expression = self.definitions[name]
        active = [read for read in symbols(expression) if read in self.moving(wrt) | {wrt}]
        through = active[0] if len(active) == 1 and active[0] != wrt and not direct else None
        self._group = ""
        if through is not None:
            outer, inner = self._by_rules(name, through), self.along(through, wrt)
            self._group = ""
            found = Derivative(outer * inner, (Rule("chain rule", self.known[through]),))
            why = say(
                "chain rule: {f} depends on {w} only through {u}, so the two derivatives are multiplied",
                f=self.known[name], w=self.known[wrt], u=self.known[through],
            )  # fmt: skip
        else:
            found = self._differentiated(expression, wrt, self.moving(wrt))
            why = self._why(found, wrt)
        symbol = self._derivative(top or f"d{name}/d{wrt}", name, wrt, found.node, why, written, last)
        self._along[name, wrt] = symbol
        return symbol

    def once_more(self, last: Symbol, form: Node, wrt: str, top: str, written: Word) -> Symbol:
        """The derivative of a derivative, from what it came to; inner functions in it are named again.

        Args:
            last: the derivative to be differentiated, which came to `form`.
            top: the plain name of the result, and `written` how it is written.
        """
        if last.name not in self._again:
            self._again[last.name] = self._taken_up(last, self.short_top(self.named(form), SHORT_TOP))
        return self.along(self._again[last.name], wrt, top=top, written=written, last=True)

    def short_top(self, expression: Node, most: int) -> Node:
        """A quotient with a letter for its top, where that is a long product: its derivative stays short."""
        from explain.render.linear import linear

        if isinstance(expression, Negative):
            return expression.rebuild([self.short_top(expression.operands[0], most)])
        if not isinstance(expression, Divide) or not symbols(expression.operands[1]):
            return expression
        top, bottom = expression.operands
        if not isinstance(top, Times) or len(linear(SYMBOLIC.write(top))) <= most:
            return expression
        told = say("the top of {q} gets a name, so that the lines of the quotient rule stay short", q=expression)
        return Divide(self.quantity(self.fresh(), top, "The top of the quotient", told), bottom)

    def _taken_up(self, last: Symbol, expression: Node) -> str:
        """The name under which a derivative is differentiated: its own, or a letter where u and v are in it."""
        name = last.name
        self.known.setdefault(name, last)
        if any(read in self.definitions for read in symbols(expression)):
            name = self.fresh()
            self.known[name] = self.sheet.define(
                name,
                Rewritten(last, expression),
                say("{d} gets the name {g}", d=last, g=Symbol(name)),
                say("{d} is differentiated next; what stands inside its functions is named as before", d=last),
            )
        self.definitions[name] = expression
        return name

    def derived(self, name: str, wrt: Symbol) -> Node:
        """The derivative of a quantity in one line, everything but `wrt` held constant."""
        return differentiate(self.definitions[name], wrt).node

    def _by_rules(self, name: str, through: str) -> Symbol:
        """∂name/∂through of a quantity that reads nothing else that moves."""
        if (name, through) not in self._along:
            found = self._differentiated(self.definitions[name], through, set())
            made = self._derivative(
                f"d{name}/d{through}", name, through, found.node, self._why(found, through), None, False
            )
            self._along[name, through] = made
        return self._along[name, through]

    def _derivative(
        self, name: str, of: str, wrt: str, node: Node, why: Prose, written: Word | None, last: bool
    ) -> Symbol:
        found = self.collected(node)
        back = self.hidden(found.last)
        if last and back:
            put = [part for read in back for part in (", ", self.told(read))][1:]
            why = (*why, "; then ", *put, " is put back" if len(back) == 1 else " are put back")
            self.forms[name] = self._last(name, self.collected(self.sheet.inlined(self.resolved(node))))
        elif last:
            self.forms[name] = self._last(name, found)
        else:
            self.forms[name] = self.lettered(found.plain)
        self._group = ""
        said = say("Derivative of {f} with respect to {w}", f=self.known[of], w=self.known[wrt])
        symbol = self.sheet.define(
            name, node, said, why, written=written or self.word(of, wrt), closed=lambda _: self.forms[name]
        )
        self.known[name] = symbol
        return symbol

    def _last(self, name: str, found: Collected) -> Node:
        """What the line of a derivative comes to; `between` keeps the form that a line more brings it to."""
        if found.between is None or not self.stepwise:
            return found.last
        self.between[name] = found.between, found.last
        return found.between.first

    def _differentiated(self, whole: Node, wrt: str, moving: set[str]) -> Derivative:
        return differentiate(whole, self.known[wrt], self._inner(whole, wrt, moving), moving)

    def _inner(self, whole: Node, wrt: str, moving: set[str]) -> Inner:
        """How the parts of an expression are differentiated: on a line of their own, or within the line."""
        everything = moving | {wrt}
        apart = (
            isinstance(whole, Add)
            or (isinstance(whole, Times) and sum(moves(part, everything) for part in whole.operands) > 1)
            or (isinstance(whole, Divide) and moves(whole.operands[1], everything))
        )

        def inner(part: Node) -> Derivative:
            if isinstance(part, Symbol) and part.name in moving:
                return Derivative(self.along(part.name, wrt), ())
            if apart or not is_simple(part, everything):
                return Derivative(self._line(part, wrt, moving), ())
            return self._differentiated(part, wrt, moving)

        return inner

    def _line(self, part: Node, wrt: str, moving: set[str]) -> Symbol:
        """The derivative of a part, a step of its own."""
        key = (wrt, self.key(part))
        if key in self._lines:
            return self._lines[key]
        found = self._differentiated(part, wrt, moving)
        self._count += 1
        name = f"rule_{self._count}"
        simple = is_simple(part, moving | {wrt})
        self._group = (self._group or name) if simple else ""
        self.forms[name] = self.collected(found.node).plain
        title = say("Parts, differentiated one by one with respect to {w}", w=self.known[wrt]) if simple else say(
            "Derivative of {p} with respect to {w}", p=part, w=self.known[wrt]
        )  # fmt: skip
        symbol = self.sheet.define(
            name,
            found.node,
            title,
            self._why(found, wrt),
            written=words.of_part(self.sign, part, self.known[wrt].word, name),
            closed=lambda _: self.forms[name],
            place=Place(self._group, label(found.rules)) if simple else None,
        )
        self.known[name] = self._lines[key] = symbol
        return symbol

    def _why(self, found: Derivative, wrt: str) -> Prose:
        return reason(found.rules, self.known[wrt], self.sign)


def is_simple(part: Node, moving: set[str]) -> bool:
    """Whether one line is enough: constants times one function, power or variable."""
    active = [operand for operand in part.operands if moves(operand, moving)]
    if not part.operands or not active:
        return True
    if isinstance(part, Apply | Raise | SquareRoot):
        return all(isinstance(operand, Symbol | Number) for operand in part.operands) and len(active) == 1
    if isinstance(part, Negative | Times) or (isinstance(part, Divide) and not moves(part.operands[1], moving)):
        return len(active) == 1 and is_simple(active[0], moving)
    return False
