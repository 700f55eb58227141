"""Named lines of algebra: σ found in a quotient, and σ′ and tanh′ brought from the quotient rule to their own terms.

Every line is checked by SymPy together with the derivative that it belongs to.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from explain.engine.functions import EXP, SIGMOID, TANH
from explain.engine.lowering import to_named
from explain.engine.nodes.arithmetic import Add, Divide, Negative, Times
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Apply
from explain.engine.nodes.rewritten import Rewritten
from explain.engine.prose import Prose, say
from explain.engine.reading import from_sympy, is_negative
from explain.engine.rules import ONE
from explain.engine.worksheet import Worksheet
from explain.topics._derivative.derivation import Derivation
from explain.topics._derivative.second_route import proved, real


def written_with_sigmoid(form: Node, known: dict[str, Symbol], decimals: bool) -> Node | None:
    """A product with powers of 1 + e^t below as one with σ; None where there is no such quotient."""
    named = to_named(form)
    found = _with_sigmoid(named)
    return None if found == named else from_sympy(found, known, decimals)


def _with_sigmoid(named: Any) -> Any:
    """e^t / (1 + e^t) is σ(t), and 1 / (1 + e^t) is σ(-t) = 1 - σ(t)."""
    import sympy

    if named.is_Add:
        return sympy.Add(*map(_with_sigmoid, named.args))
    sigmoid = sympy.Function("sigmoid")
    powers = named.as_powers_dict()
    for base, power in list(powers.items()):
        exponentials = [part for part in base.args if part.func.__name__ == "exp"] if base.is_Add else []
        if len(exponentials) != 1 or base != 1 + exponentials[0] or not (power.is_Integer and power < 0):
            continue
        above, below = powers.get(exponentials[0], sympy.Integer(0)), -power
        if not above.is_Integer or not 0 <= above <= below:
            continue
        (inside,) = exponentials[0].args
        rest = named * base**below / exponentials[0] ** above
        if below == 1:
            return rest * sigmoid(inside if above else -inside)
        flipped = is_negative(inside)
        one = sigmoid(-inside if flipped else inside)
        ups, downs = (below - above, above) if flipped else (above, below - above)
        return rest * one**ups * (1 - one) ** downs
    return named


class Algebra:
    """Lines `name = …` that only rewrite the one before."""

    def __init__(self, sheet: Worksheet, last: Symbol, name: str, count: int = 0) -> None:
        self.sheet, self.last, self.name = sheet, last, name
        self.count = count
        self.forms: list[Node] = []

    def line(self, after: Node, title: str | Prose, why: str | Prose) -> Symbol:
        """One more form of the same quantity."""
        self.count += 1
        self.forms.append(after)
        self.last = self.sheet.define(
            f"{self.name}_form{self.count}",
            Rewritten(self.last, after),
            title,
            why,
            written=self.last.word,
            closed=lambda _: after,
        )
        return self.last

    def check(self) -> None:
        """Every line is the same as the one after it, by SymPy."""
        forms = [real(self.sheet.inlined(form)) for form in self.forms]
        good = all(proved(before, after) for before, after in pairwise(forms))
        text = f"the {len(forms)} lines of algebra up to {{d}}: SymPy finds each the same as the one before"
        self.sheet.check(good, [self.last], say(text, d=self.forms[-1]))


def from_definition(work: Derivation, function: str, z: Symbol, name: str) -> tuple[Symbol, Node, Node]:
    """σ or tanh differentiated from its quotient of powers: the last step, the formula, and the last form.

    Source: Goodfellow et al. 2016, section 3.10 (σ′ = σ(1 - σ)) and section 6.3.2 (tanh z = 2σ(2z) - 1).
    """
    return _sigmoid(work, z, name) if function == "sigmoid" else _tanh(work, z, name)


def _sigmoid(work: Derivation, z: Symbol, name: str) -> tuple[Symbol, Node, Node]:
    sheet, wrt = work.sheet, z.name
    whole = SIGMOID(z).defined()
    work.quantity(
        name, whole, say("The function, by its definition"), say("{f} is short for {s}", f=Symbol(name), s=SIGMOID(z))
    )
    first = work.along(name, wrt, last=True)
    lines = Algebra(sheet, first, first.name)
    power = EXP(-z)
    below = 1 + power
    lines.line(
        Times(Divide(ONE, below), Divide(power, below)),
        "The square split",
        "a product over a product is a product of two quotients: one factor of the denominator stands under 1, the "
        "other under the rest",
    )
    lines.line(
        Times(Divide(ONE, below), Divide(Add(ONE, power, ONE, signs=(1, 1, -1)), below)),
        "1 added and taken away",
        say("the top of the second quotient is written {e}, so that the denominator {b} stands in it",
            e=Add(ONE, power, ONE, signs=(1, 1, -1)), b=below),
    )  # fmt: skip
    lines.line(
        Times(Divide(ONE, below), ONE - Divide(ONE, below)),
        "The second quotient split",
        say("{b} over itself is 1; the 1 that was taken away stays over {b}", b=below),
    )
    after = SIGMOID.derivatives[0]([z], SIGMOID(z))
    lines.line(
        after, "σ put in", say("{q} is {s} by its definition, in both places", q=Divide(ONE, below), s=SIGMOID(z))
    )
    lines.check()
    return lines.last, whole, after


def _tanh(work: Derivation, z: Symbol, name: str) -> tuple[Symbol, Node, Node]:
    sheet, wrt = work.sheet, z.name
    top, bottom = work.fresh(), work.fresh()
    up, down = EXP(z) - EXP(-z), EXP(z) + EXP(-z)
    a = work.quantity(
        top, up, "The top of the quotient", say("{t} is the quotient {q}; its top gets a name", t=TANH(z), q=up / down)
    )
    b = work.quantity(bottom, down, "The bottom of the quotient", "its bottom gets a name too")
    work.quantity(
        name, a / b, "The function, by its definition", say("{f} is short for {t}", f=Symbol(name), t=TANH(z))
    )
    da, db = work.along(top, wrt, last=True), work.along(bottom, wrt, last=True)
    first = work.along(name, wrt)
    lines = Algebra(sheet, first, first.name)
    lines.line(
        Divide(b**2 - a**2, b**2),
        "The two derivatives recognised",
        say("the derivative {da} = {down} is {b} itself, and {db} = {up} is {a}", a=a, b=b, da=da,
            db=db, down=down, up=up),
    )  # fmt: skip
    lines.line(
        ONE - Divide(a, b) ** 2,
        "The quotient split",
        say("{bb} over {q} is 1; {aa} over {q} is the square of {f}", bb=b**2, aa=a**2, q=b**2, f=a / b),
    )
    after = TANH.derivatives[0]([z], TANH(z))
    lines.line(after, "tanh put in", say("{q} is {t} by its definition", q=a / b, t=TANH(z)))
    lines.check()
    return lines.last, up / down, after


def sigmoid_line(work: Derivation, result: Symbol, form: Node, known: dict[str, Symbol]) -> tuple[Symbol, Node]:
    """One more line where the result is a quotient that σ is short for."""
    short = written_with_sigmoid(form, known, work.decimals)
    if short is None:
        return result, form
    inside = [part.operands[0] for part in _parts(short) if isinstance(part, Apply) and part.function is SIGMOID]
    rule = "{s} is 1/(1 + e^-t) = e^t/(1 + e^t), " + ("here with t = {t}" if inside else "so that the terms cancel")
    told = say(rule, s=SIGMOID(Symbol("t")), t=inside[0] if inside else ONE)
    name, _, count = result.name.partition("_form")
    lines = Algebra(work.sheet, result, name, int(count or 0))
    work.forms[f"{name}_form{lines.count + 1}"] = short
    return lines.line(short, "Written with σ", told), short


def multiplied_out(work: Derivation, result: Symbol) -> tuple[Symbol, Node]:
    """One more line where parentheses were left to be multiplied out."""
    form = work.forms[result.name]
    if result.name not in work.between:
        return result, form
    found, after = work.between[result.name]
    told = say(
        "{b} is {c}; common factors go in front, and those above and below the line are cancelled"
        if isinstance(after, Divide | Negative)
        else "{b} is {c}; common factors go in front",
        b=found.inside, c=found.expanded,
    )  # fmt: skip
    lines = Algebra(work.sheet, result, result.name)
    work.forms[f"{result.name}_form1"] = after
    return lines.line(after, "Multiplied out", told), after


def _parts(node: Node) -> list[Node]:
    return [node, *(part for operand in node.operands for part in _parts(operand))]


def is_defined_quotient(node: Node) -> str | None:
    """`sigmoid` or `tanh` where the formula is that function of a name and nothing else."""
    if isinstance(node, Apply) and node.function in (SIGMOID, TANH) and isinstance(node.operands[0], Symbol):
        return node.function.name
    return None
