"""Mutual information of two variables from their joint table: what one tells about the other."""

from __future__ import annotations

import math
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix
from explain.tokens import Tokens
from explain.topics._information.second_route import mean_information
from explain.topics._information.sums import divergence_of, entropy_of
from explain.topics._information.words import outcome_names, say_negative, say_zeros
from explain.topics._probabilities import (
    Logarithm,
    as_shape,
    given_probabilities,
    in_other_units,
    log_convention,
    logarithm,
)

CLOSE = 1e-9
SAME = 1e-12  # how near P is to the product of its marginals where X and Y are independent
LONG = 56  # characters of the longest bar

MUTUAL = Word("I(X; Y)", "I(X; Y)", key="I")
H_X, H_Y, H_XY = (Word(f"H({of})", f"H({of})", key=key) for of, key in (("X", "H_X"), ("Y", "H_Y"), ("X, Y", "H_XY")))
LEFT_X = Word("H(X|Y)", r"H(X \mid Y)", key="H_XgivenY")
LEFT_Y = Word("H(Y|X)", r"H(Y \mid X)", key="H_YgivenX")


@topic
def mutual_information(
    P: Annotated[Matrix, "joint probabilities: one value of X a row, one value of Y a column"],
    base: Annotated[Literal["natural", "2", "10"], "base of the logarithm: nats, bits or hartleys"] = "natural",
    rows: Annotated[Tokens | None, "names of the values of X, one a row: sun,rain"] = None,
    columns: Annotated[Tokens | None, "names of the values of Y, one a column"] = None,
    normalise: Annotated[Literal["no", "yes"], "yes: divide P by its sum first, so that counts may be given"] = "no",
) -> Answer:
    """Mutual information of a joint table.

    The marginal distributions of X and Y, the table that independence would give, I(X; Y) as the divergence from it,
    and the entropies H(X), H(Y), H(X, Y), H(X|Y) and H(Y|X), from which it follows a second time. Shapes: P (m×n),
    p_x is a column (m×1), p_y a row (1×n).

    Field: Information

    Source: Cover and Thomas 2006, Elements of Information Theory, 2nd edition, eqs. 2.28 (definition) and 2.43 to 2.45
    (entropies); Goodfellow, Bengio and Courville 2016, Deep Learning, eq. 3.3 (marginals)

    Examples:
        explain mutual-information --P "0.4,0.1;0.2,0.3" --base 2 --rows sun,rain --columns walk,bus
        explain mutual-information --P "0.25,0,0.125;0.25,0.30,0.075"
        explain mutual-information --P "30,10;5,15" --normalise yes --base 10

    Raises:
        InputError: fewer than two rows or columns, a negative probability, one above 1, a table that does not sum to
            1, more or fewer names than rows or columns.
    """
    log = logarithm(base)
    sheet = Worksheet("Mutual information", mutual_information.source)
    sheet.part("Marginal distributions")
    table = _several(P)
    of_x = outcome_names("rows", rows, "P", int(table.shape[0]), "row")
    of_y = outcome_names("columns", columns, "P", int(table.shape[1]), "column")
    told = "joint probabilities: values of X down, values of Y across"
    joint = given_probabilities(sheet, "P", "P", P, told, normalise, "table", each="pair", rows=of_x, columns=of_y)
    log_convention(sheet, log)
    say_zeros(sheet, [joint], of_y, log, of_x)

    why = say("a value of X happens together with some value of Y: the probabilities in its row of {P} add up", P=joint)
    p_x = sheet.define("p_x", Sum(joint, 1), "Distribution of X", why)
    why = say("a value of Y happens together with some value of X: the columns of {P} add up", P=joint)
    p_y = sheet.define("p_y", Sum(joint, 0), "Distribution of Y", why)
    sheet.part("Mutual information")
    mutual = _mutual(sheet, joint, p_x, p_y, log)
    sheet.part("Entropies")
    left = _entropies(sheet, joint, p_x, p_y, mutual, log)
    _bars(sheet)
    return sheet.answer(mutual, *left)


def _several(P: Matrix) -> Values:
    """The table, of two rows and two columns at least.

    Raises:
        InputError: a variable has one value only.
    """
    table = as_shape("P", P, "table")
    for axis, (line, name) in enumerate((("row", "X"), ("column", "Y"))):
        if table.shape[axis] == 1:
            told = f"{{P}} has one {line}, so {name} has one value and nothing to tell"
            raise InputError(f"{told}; give the joint table with a {line} for each value, such as 0.4,0.1;0.2,0.3")
    return table


def _mutual(sheet: Worksheet, joint: Symbol, p_x: Symbol, p_y: Symbol, log: Logarithm) -> Symbol:
    """The divergence of the joint table from the product of its marginals."""
    import numpy as np

    why = say("if X and Y were independent, each entry of {P} would be the product of its two marginals", P=joint)
    alone = sheet.define("Q", p_x @ p_y, "Table of independent X and Y", why)
    why = say(
        "the mean of {l}({P}/{Q}) under {P}: the KL divergence of the joint table from the one of independence",
        l=log.word, P=joint, Q=alone,
    )  # fmt: skip
    found = sheet.define("I", divergence_of(sheet, joint, alone, log), "Mutual information", why, written=MUTUAL)
    say_negative(sheet, found)
    in_other_units(sheet, found, log)
    if float(np.abs(sheet.values["P"] - sheet.values["Q"]).max()) < SAME:
        sheet.remark(
            found, say("{P} equals {Q}: X and Y are independent, so neither tells of the other", P=joint, Q=alone)
        )
    return found


def _entropies(
    sheet: Worksheet, joint: Symbol, p_x: Symbol, p_y: Symbol, mutual: Symbol, log: Logarithm
) -> list[Symbol]:
    """Entropies of X, of Y and of the pair; what is left of one when the other is known."""
    why = say("the mean information -{l} {p} of a value of X", l=log.word, p=word("p_x", "i"))
    x = sheet.define("H_X", entropy_of(sheet, p_x, log), "Entropy of X", why, written=H_X)
    why = say("the mean information -{l} {p} of a value of Y", l=log.word, p=word("p_y", "j"))
    y = sheet.define("H_Y", entropy_of(sheet, p_y, log), "Entropy of Y", why, written=H_Y)
    why = say(
        "the mean information -{l} {p} of a pair, taken over the whole table {P}",
        l=log.word,
        p=word("P", "ij"),
        P=joint,
    )
    both = sheet.define("H_XY", entropy_of(sheet, joint, log), "Joint entropy", why, written=H_XY)
    why = say("chain rule of entropy: the pair costs {y} for Y and then what Y leaves open of X", y=y)
    left_x = sheet.define("H_XgivenY", both - y, "Conditional entropy of X given Y", why, written=LEFT_X)
    why = say("chain rule of entropy: the pair costs {x} for X and then what X leaves open of Y", x=x)
    left_y = sheet.define("H_YgivenX", both - x, "Conditional entropy of Y given X", why, written=LEFT_Y)
    _check(sheet, mutual, [x, y, both])
    _check_columns(sheet, left_x, x, mutual, log)
    return [left_x, left_y]


def _check(sheet: Worksheet, mutual: Symbol, entropies: list[Symbol]) -> None:
    """I(X; Y) = H(X) + H(Y) - H(X, Y). Source: Cover and Thomas 2006, eq. 2.45."""
    x, y, both = (float(sheet.values[symbol.name]) for symbol in entropies)
    found = float(sheet.values["I"])
    sheet.check(
        math.isclose(x + y - both, found, rel_tol=CLOSE, abs_tol=CLOSE),
        [mutual, *entropies],
        say(
            f"{{x}} + {{y}} - {{b}} = {tidy(x)} + {tidy(y)} - {tidy(both)} = {tidy(x + y - both)} is {{I}} too",
            x=entropies[0], y=entropies[1], b=entropies[2], I=mutual,
        ),
    )  # fmt: skip


def _check_columns(sheet: Worksheet, left: Symbol, x: Symbol, mutual: Symbol, log: Logarithm) -> None:
    """H(X|Y) = Σ p(y) H(X|Y=y). Source: Cover and Thomas 2006, eq. 2.10."""
    P = sheet.values["P"]
    columns = [P[:, at] / P[:, at].sum() for at in range(P.shape[1]) if P[:, at].sum() > 0]
    weights = [float(total) for total in P.sum(axis=0) if total > 0]
    pieces = [mean_information(column, column, log) for column in columns]
    again = math.fsum(weight * piece for weight, piece in zip(weights, pieces, strict=True))
    rest = float(sheet.values["H_X"]) - again
    agrees = math.isclose(again, float(sheet.values[left.name]), rel_tol=CLOSE, abs_tol=CLOSE)
    agrees = agrees and math.isclose(rest, float(sheet.values["I"]), rel_tol=CLOSE, abs_tol=CLOSE)
    listed = " + ".join(f"{tidy(w)}·{tidy(h)}" for w, h in zip(weights, pieces, strict=True))
    shown = f"{listed} = {tidy(again)}" if len(pieces) < 4 else tidy(again)
    text = f"entropies of X within each column of {{P}}, weighted by {{p}}: {shown} is {{L}}; {{x}} less that is {{I}}"
    sheet.check(agrees, [left, x, mutual], say(text, P=word("P"), p=word("p_y"), L=left, x=x, I=mutual))


def _bars(sheet: Worksheet) -> None:
    """The entropies as bars, laid so that what X and Y share stands below both."""
    names = ["I", "H_X", "H_Y", "H_XY", "H_XgivenY", "H_YgivenX"]
    values = {name: max(0.0, float(sheet.values[name])) for name in names}
    if values["H_XY"] < CLOSE:
        return

    def bar(label: str, start: float, length: float) -> str:
        first, last = (round(LONG * at / values["H_XY"]) for at in (start, start + length))
        return f"{label:<8}{' ' * first}|{'=' * max(0, last - first - 1)}{'|' if last > first else ''}".rstrip()

    left, shared = values["H_XgivenY"], values["I"]
    lines = [
        bar("H(X, Y)", 0.0, values["H_XY"]), bar("H(X)", 0.0, values["H_X"]), bar("H(Y)", left, values["H_Y"]),
        bar("H(X|Y)", 0.0, left), bar("I(X; Y)", left, shared), bar("H(Y|X)", left + shared, values["H_YgivenX"]),
    ]  # fmt: skip
    sheet.drawing("What X and Y share, to scale", lines, [Symbol(name) for name in names])
