"""The grammar of formulas, read by precedence climbing (Pratt 1973, Top Down Operator Precedence).

    statements  = statement (";" statement)*
    statement   = [name "="] sum
    sum         = ["-"] product (("+" | "-") product)*
    product     = unary (("*" | "/" | "@") unary)*       from left to right, as in Python
    unary       = "-" unary | power
    power       = postfix ["^" unary]                    from right to left; -x^2 is -(x^2)
    postfix     = primary ("'" | ".T")*
    primary     = number | name | name "(" arguments ")" | "(" sum ")"

Nothing is evaluated: the result is a tree of plain data.
"""

from __future__ import annotations

from difflib import get_close_matches

from explain.errors import amount, shown
from explain.formulas.reader import Reader
from explain.formulas.tree import FUNCTIONS, OTHER_NAMES, Function, Statement, Tree, parts
from explain.formulas.words import Token, tokens

LONGEST_NUMBER = 25  # characters
LARGEST_EXPONENT = 300  # in 1e300
AXES = {"0": 0, "1": 1, "-1": 1, "-2": 0}


def parse(text: str, name: str = "formula") -> list[Statement]:
    """The statements of a formula; all but the last have a name.

    >>> [str(statement.tree) for statement in parse("z = W @ x + b; L = sum((z - y)^2)")]
    ['(+ (@ W x) b)', '(sum (^ (+ z -y) 2))']
    >>> str(parse("-x^2 * y'")[0].tree)
    '(neg (* (^ x 2) (transpose y)))'

    Args:
        name: what the formula is called in errors.

    Raises:
        InputError: the formula cannot be read; one line with the column of the mistake.
    """
    return _Parser(tokens(text, name), name).statements()


class _Parser(Reader):
    """One method for each line of the grammar."""

    def statements(self) -> list[Statement]:
        found: list[Statement] = []
        while self.next.kind != "end":
            if self.sees(";"):
                self.take()
                continue
            if found and not found[-1].target:
                self.wrong(found[-1].column, "a part before the last needs a name: z = x*y; f = z^2")
            found.append(self.statement(found))
        if not found:
            self.wrong(1, "nothing stands here: write a formula such as (x + y)*z")
        return found

    def statement(self, before: list[Statement]) -> Statement:
        first = self.next
        target = ""
        if first.kind == "name" and self.found[self.at + 1][:2] == ("sign", "="):
            target = self.take().text
            self.take()
            if target in FUNCTIONS or target in OTHER_NAMES:
                self.wrong(first.column, f"{target} is a function: choose another name for the result")
            if any(target == other.target or target in other.tree.names for other in before):
                self.wrong(first.column, f"{target} is used before: every part needs a name of its own")
        tree = self.sum()
        self.no_euler(tree, before)
        if target and target in tree.names:
            self.wrong(tree.names[target], f"{target} is defined by itself: give the result another name")
        if self.next.kind != "end" and not self.sees(";"):
            self.unexpected()
        return Statement(target, tree, first.column)

    def no_euler(self, tree: Tree, before: list[Statement]) -> None:
        """Refuse `e^x`, which would print like exp(x) and be something else; an `e` of the formula may be squared."""
        for part in parts(tree):
            if part.kind != "^" or (part.operands[0].kind, part.operands[0].text) != ("name", "e"):
                continue
            above = part.operands[1]
            if above.names or not any(statement.target == "e" for statement in before):
                mend = f"exp({above.text if not above.operands else '…'})"
                told = f"e is read as a name, not as Euler's number: write {mend}, or take another letter"
                self.wrong(part.operands[0].column, told)

    def sum(self) -> Tree:
        column = self.next.column
        terms, signs = [], []
        sign = self.sign()
        while True:
            terms.append(self.product())
            signs.append(sign)
            if not self.sees("+", "-"):
                break
            if len(terms) == 1:
                column = self.next.column
            sign = 1 if self.take().text == "+" else -1
        if len(terms) > 1:
            return self.made("+", *terms, column=column, signs=tuple(signs))
        return terms[0] if signs[0] > 0 else self.made("neg", terms[0], column=column)

    def sign(self) -> int:
        """The sign before the first term."""
        if self.sees("+", "-") and not (
            self.found[self.at + 1].kind == "sign" and self.found[self.at + 1].text in "+-"
        ):
            return 1 if self.take().text == "+" else -1
        return 1

    def product(self) -> Tree:
        left = self.unary()
        flat = False  # whether `left` is a product that grows
        while self.sees("*", "/", "@"):
            operator = self.take()
            right = self.unary()
            operands = (*left.operands, right) if operator.text == "*" and flat else (left, right)
            column = left.column if operator.text == "*" and flat else operator.column
            left = self.made(operator.text, *operands, column=column)
            flat = operator.text == "*"
        return left

    def unary(self) -> Tree:
        if not self.sees("-", "+"):
            return self.power()
        operator = self.take()
        self.enter(operator)
        inner = self.unary()
        self.open -= 1
        return inner if operator.text == "+" else self.made("neg", inner, column=operator.column)

    def power(self) -> Tree:
        base = self.postfix()
        if self.next.kind == "raised":
            small = self.take()
            return self.made("^", base, Tree("number", small.text, column=small.column), column=small.column)
        if not self.sees("^"):
            return base
        operator = self.take()
        self.enter(operator)
        exponent = self.unary()
        self.open -= 1
        if exponent.kind == "name" and exponent.text == "T":
            self.wrong(operator.column, "a transpose is written W' or W.T; as an exponent use another letter than T")
        return self.made("^", base, exponent, column=operator.column)

    def postfix(self) -> Tree:
        tree = self.primary()
        while self.sees("'"):
            mark = self.take()
            if tree.kind == "number":
                self.wrong(mark.column, "a number has no transpose: put parentheses around what is meant, (x^2)'")
            tree = tree.operands[0] if tree.kind == "transpose" else self.made("transpose", tree, column=mark.column)
        return tree

    def primary(self) -> Tree:
        token = self.next
        if token.kind == "number":
            return self.number()
        if token.kind == "name":
            self.take()
            if self.sees("("):
                return self.call(token)
            if token.text in FUNCTIONS:
                self.wrong(token.column, f"{token.text} is a function: write {token.text}(…)")
            return Tree("name", token.text, column=token.column)
        if self.sees("("):
            self.take()
            self.enter(token)
            tree = self.sum()
            self.close(token)
            return tree
        self.unexpected()

    def number(self) -> Tree:
        token = self.take()
        exponent = token.text.lower().partition("e")[2].lstrip("+-")
        if len(token.text) > LONGEST_NUMBER or (exponent and int(exponent) > LARGEST_EXPONENT):
            self.wrong(
                token.column, f"{shown(token.text)} is not read: at most {LONGEST_NUMBER} characters, up to 1e300"
            )
        return Tree("number", token.text, column=token.column)

    def call(self, token: Token) -> Tree:
        plain = OTHER_NAMES.get(token.text, token.text)
        if plain not in FUNCTIONS:
            near = get_close_matches(token.text.lower(), [*FUNCTIONS, *OTHER_NAMES], 1)
            mend = f"did you mean {near[0]}?" if near else f"for a product write {token.told}*(…); functions: "
            self.wrong(
                token.column, f"{token.told} is not a function here; " + mend + ("" if near else ", ".join(FUNCTIONS))
            )
        opened = self.take()
        self.enter(opened)
        operands, axis = self.arguments(plain, FUNCTIONS[plain])
        self.close(opened)
        self.count(token, plain, len(operands), axis)
        made = self.made("call", *operands, column=token.column, text=plain)
        return Tree("call", plain, made.operands, (), axis, token.column, made.depth)

    def arguments(self, name: str, function: Function) -> tuple[list[Tree], int | None]:
        operands: list[Tree] = []
        axis: int | None = None
        while not self.sees(")") or operands:
            key = self.next
            if key.kind == "name" and self.found[self.at + 1][:2] == ("sign", "="):
                if not function.axis or key.text not in ("axis", "dim") or axis is not None:
                    known = "axis=0 or axis=1, once" if function.axis else "nothing but its arguments"
                    self.wrong(key.column, f"{name} takes {known}, not {key.text}=")
                axis = self.axis()
            else:
                operands.append(self.sum())
            if not self.sees(","):
                break
            self.take()
        return operands, axis

    def axis(self) -> int:
        self.at += 2
        token = self.next
        sign = self.take().text if self.sees("-") else ""
        axis = AXES.get(sign + self.next.text)
        if axis is None:
            self.wrong(token.column, "an axis is 0 (down the rows) or 1 (along the columns)")
        self.take()
        return axis

    def count(self, token: Token, plain: str, count: int, axis: int | None) -> None:
        function = FUNCTIONS[plain]
        if function.least <= count <= (1 if axis is not None else function.most):
            return
        takes = amount(function.least, "argument") if function.most == 1 or axis is not None else "1 or 2 arguments"
        mend = f"; an axis is written {plain}(x, axis=0)" if function.axis and count == 2 else ""
        self.wrong(token.column, f"{token.text} takes {takes}, here are {count}{mend}")
