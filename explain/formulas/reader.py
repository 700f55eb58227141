"""Reads the words of a formula one after the other, and says what is wrong with the next one."""

from __future__ import annotations

from typing import NoReturn

from explain.errors import shown
from explain.formulas.tree import Tree
from explain.formulas.words import Token, wrong

DEEPEST = 50
OPENING, CLOSING = "([{", ")]}"


class Reader:
    """The words of a formula; `at` is the next one, `open` how many brackets and signs are not ended yet."""

    def __init__(self, found: list[Token], name: str) -> None:
        self.found = found
        self.name = name
        self.at = 0
        self.open = 0  # how deep the reading is

    @property
    def next(self) -> Token:
        """The word that comes next."""
        return self.found[self.at]

    def take(self) -> Token:
        """Go on by one word."""
        self.at += 1
        return self.found[self.at - 1]

    def sees(self, *signs: str) -> bool:
        """Whether one of these signs comes next."""
        return self.next.kind == "sign" and self.next.text in signs

    def wrong(self, column: int, message: str) -> NoReturn:
        """Refuse the formula at a column."""
        wrong(self.name, column, message)

    def made(self, kind: str, *operands: Tree, column: int, text: str = "", signs: tuple[int, ...] = ()) -> Tree:
        """A tree over others, unless it is too deep."""
        depth = 1 + max(operand.depth for operand in operands)
        if depth > DEEPEST + 1:
            self.too_deep(column)
        return Tree(kind, text, operands, signs, None, column, depth)

    def too_deep(self, column: int) -> NoReturn:
        """Refuse what is nested without end."""
        self.wrong(column, f"nested more than {DEEPEST} deep: give the inner parts names, such as u = x*y; f = u^2")

    def enter(self, token: Token) -> None:
        """Begin something that must not be nested without end."""
        self.open += 1
        if self.open > DEEPEST:
            self.too_deep(token.column)

    def close(self, opened: Token) -> None:
        """End a bracket that was opened at a word."""
        self.open -= 1
        if self.sees(")"):
            self.take()
        elif self.next.kind == "end" or self.sees(";"):
            self.wrong(self.next.column, f"a ) is missing: the ( of column {opened.column} is still open")
        else:
            self.unexpected()

    def unexpected(self) -> NoReturn:
        """Say what is wrong with the word that comes next."""
        token, last = self.next, self.found[max(0, self.at - 1)]
        text = shown(token.told)
        ended = self.at and (last.kind in ("number", "name", "raised") or last.text in (")", "'"))
        if ended and (token.kind in ("number", "name") or token.text == "("):
            self.wrong(token.column, f"a sign is missing before {text}: a product is written {last.told}*{text}")
        if token.kind == "end":
            self.wrong(token.column, "the formula ends too early: a number, a name or ( belongs here")
        if (token.text in CLOSING and token.text != ")") or token.text in OPENING[1:]:
            self.wrong(token.column, f"{text} is not read: only round brackets are; numbers are given as W=1,2;3,4")
        if token.text == ")":
            self.wrong(token.column, "this ) closes nothing" if not self.open else "something is missing before this )")
        if token.text in ("=", "=="):
            self.wrong(token.column, f"{text} is not read here: a name stands on its left, once, as in f = x*y")
        self.wrong(token.column, f"{text} is not expected here: a sign, a number, a name or ( belongs here")
