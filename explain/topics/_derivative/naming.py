"""The names of a derivation: inner functions get letters, and what a derivative came to is put in for its name."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from explain.engine.evaluate import symbols
from explain.engine.lowering import to_named
from explain.engine.nodes.arithmetic import Raise, SquareRoot
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.notation import Notation, Word, related
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.rules import moves
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.topics._derivative import words
from explain.topics._derivative.collecting import Collected, collected

LETTERS = "uvqrstabcghkmnp"
MOST_OPERATIONS = 250  # of a derivative that is put in


class Naming:
    """The named quantities of a derivation, and the forms of its derivatives.

    Args:
        known: the symbols of the question, in the order of their appearance.
        decimals: whether the question has decimals, so that the answer keeps them.
        reserved: names that the question gives to its parts, which no letter may take.
    """

    def __init__(
        self, sheet: Worksheet, known: Mapping[str, Symbol], decimals: bool, reserved: Collection[str] = ()
    ) -> None:
        self.sheet = sheet
        self.known = dict(known)
        self.given = set(known)
        self.decimals = decimals
        self.sign = "∂" if len(known) > 1 else "d"
        self.definitions: dict[str, Node] = {}
        self.forms: dict[str, Node] = {}  # of every derivative: what it came to, with u and v in it
        self._named: dict[Any, Symbol] = {}
        self._letters: dict[Any, Symbol] = {}  # those that stand inside functions
        self._free = [letter for letter in LETTERS if letter not in self.known and letter not in reserved]

    def quantity(self, name: str, expression: Node, title: str | Prose, why: str | Prose) -> Symbol:
        """A named quantity, defined by one line; what stands inside a function in it is named first."""
        named = self.named(expression)
        symbol = self.sheet.define(name, named, title, why)
        self.definitions[name] = named
        self.known[name] = symbol
        self._named.setdefault(self.key(named), symbol)
        return symbol

    def named(self, expression: Node) -> Node:
        """The expression with every composite argument of a function, and every composite base, named."""
        return self.lettered(self._named_inside(expression))

    def lettered(self, expression: Node) -> Node:
        """The expression with a function that has a letter written by that letter everywhere."""
        if not expression.operands or not self._letters:
            return expression
        if isinstance(expression, Apply):
            letter = self._letters.get(self.key(expression))
            if letter is not None:
                return letter
        return expression.rebuild([self.lettered(operand) for operand in expression.operands])

    def _named_inside(self, expression: Node) -> Node:
        if not expression.operands:
            return expression
        operands = [self._named_inside(operand) for operand in expression.operands]
        if isinstance(expression, Apply | Raise | SquareRoot):
            operands = [self._name(expression, operand) for operand in operands]
        return expression.rebuild(operands)

    def _name(self, outer: Node, operand: Node) -> Node:
        if not operand.operands or not symbols(operand):
            return operand
        key = self.key(operand)
        if key not in self._named:
            name = self.fresh()
            what = "the exponent" if isinstance(outer, Apply) and outer.function.name == "exp" else (
                "what is raised to a power" if isinstance(outer, Raise) else "what stands inside the function"
            )  # fmt: skip
            self._named[key] = self.quantity(
                name,
                operand,
                say("Inner function {u}", u=Symbol(name)),
                say(f"{what} in {{f}} gets a name, so that the chain rule can be written", f=outer),
            )
        self._letters[key] = self._named[key]
        return self._named[key]

    def fresh(self) -> str:
        """A letter that nobody uses."""
        if not self._free:
            raise InputError("the formula has too many functions inside functions: give fewer, or work a part of it")
        return self._free.pop(0)

    def key(self, node: Node) -> Any:
        """Two expressions that say the same have the same key, with the names put back."""
        return to_named(self.sheet.inlined(node))

    def moving(self, wrt: str) -> set[str]:
        """The named quantities that depend on a variable."""
        found: set[str] = set()
        for name, expression in self.definitions.items():
            if moves(expression, found | {wrt}):
                found.add(name)
        return found

    def hidden(self, form: Node) -> list[str]:
        """The named quantities that an expression reads, directly or through others, the outermost first."""
        found: list[str] = []
        waiting = [name for name in symbols(form) if name in self.definitions]
        for name in waiting:
            if name not in found:
                found.append(name)
                waiting += [read for read in symbols(self.definitions[name]) if read in self.definitions]
        return found

    def told(self, name: str) -> Notation:
        return related(self.known[name].word, "=", SYMBOLIC.write(self.definitions[name]))

    def form(self, node: Node) -> Node:
        """The expression with the derivatives before it put in, collected."""
        return self.collected(node).last

    def collected(self, node: Node) -> Collected:
        """The same, with the line before it where one is needed.

        Raises:
            InputError: it is too long, or divides by 0.
        """
        resolved = self.resolved(node)
        if _size(resolved) > MOST_OPERATIONS:
            raise InputError(
                "formula: a derivative gets too long for a page; ask for a lower order, or for a part of it"
            )
        try:
            return collected(resolved, self._order(), self.decimals)
        except TypeError as error:
            raise InputError(
                "formula divides by 0 or takes the logarithm of 0, whatever its names stand for: change it"
            ) from error

    def resolved(self, node: Node) -> Node:
        """Derivatives replaced by what they came to; u and v stay."""
        if isinstance(node, Symbol):
            return self.forms.get(node.name, node)
        return node.rebuild([self.resolved(part) for part in node.operands]) if node.operands else node

    def _order(self) -> dict[str, Symbol]:
        return {name: symbol for name, symbol in self.known.items() if name not in self.forms}

    # How derivatives are written

    def word(self, of: str, wrt: str) -> Word:
        """∂f/∂w; with only one name in the formula df/dw."""
        return words.of_name(self.sign, self.known[of].word, self.known[wrt].word, f"d{of}/d{wrt}")

    def higher(self, of: str, wrt: Sequence[str]) -> Word:
        """∂²f/∂x², ∂²f/∂x∂y."""
        bottoms = [self.known[name].word for name in wrt]
        return words.higher(self.sign, self.known[of].word, bottoms, f"d{len(wrt)}{of}/{''.join(wrt)}")


def _size(node: Node) -> int:
    return bool(node.operands) + sum(map(_size, node.operands))
