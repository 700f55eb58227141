"""What a page on attention between encoder and decoder says: conventions, shares in words, the two contexts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.engine.answer import Cell, Column, Table
from explain.engine.functions import TANH
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.notation import Notation
from explain.engine.prose import SYMBOLIC, Prose, Quoted, say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.topics._seq2seq.given import ONE, Question
from explain.topics._seq2seq.sheeted import Sheeted

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

MOST_TOLD = 4  # outputs and input tokens that a sentence names one by one
MOST_COLUMNS, MOST_ROWS = 3, 12  # of the table of the two contexts

ABOUT = {
    "dot": "the score is the dot product {f} (Luong et al. 2015, section 3.1, dot), ",
    "general": "the score is {f} (Luong et al. 2015, section 3.1, general): {W} joins states of two kinds, and widths",
    "additive": "the score is {f} (Bahdanau et al. 2015, section A.1.2): a network with one hidden layer",
}


def _formula(score: str, rows: bool) -> Notation:
    """The score as the papers write it, of columns; or as it is worked here, of rows."""
    s, h, W, U, v = (Symbol(name, (2, 2)) for name in ("s", "h", "W", "U", "v"))
    if score == "dot":
        found = s @ h.T if rows else s.T @ h
    elif score == "general":
        found = s @ W @ h.T if rows else s.T @ W @ h
    else:
        found = TANH(s @ W.T + h @ U.T) @ v if rows else v.T @ TANH(W @ s + U @ h)
    return found.write(SYMBOLIC)


def say_conventions(sheet: Worksheet, given: Sheeted, score: str, scaled: bool) -> None:
    """How states are written, which score, and which decoder state is meant."""
    m = int(given.H.shape[0])
    last = word(f"h_{m}")
    rows = "{h} is the row" if m == 1 else "{a} and {h} are the rows" if m == 2 else "{a} to {h} are the rows"
    sheet.convention(f"states are rows: {rows} of {{H}}", a=word("h_1"), h=last, H=given.H)
    divided = "divided by the root of their width, as in the Transformer" if scaled else "not divided by a root"
    here = divided if score == "dot" else "; with states as rows it is {r}"
    sheet.convention(ABOUT[score] + here, f=_formula(score, False), r=_formula(score, True), W=Symbol("W"))
    sheet.convention(
        "{s} is the decoder state before the output (Bahdanau et al.) or of the same step (Luong et al.)",
        s=given.state,
    )
    if given.upstream is not None and score == "additive" and given.state.shape[0] != 1:
        sheet.convention("{f} is the row of decoder state i with input token j", f=word("F", "ij,:"))
    if given.upstream is not None:
        sheet.convention(
            "{g} arrives at the context; without attention it would arrive at {h} alone, and the other rows of {d} "
            "would get nothing from it",
            g=given.upstream, h=last, d=Symbol("dL/dH"),
        )  # fmt: skip


def shares(asked: Question, weights: Symbol, value: Array) -> Prose:
    """Who gets how much: `Je gets 0.6123 of the attention, suis 0.2, ici 0.1877`."""
    rows = min(len(value), MOST_TOLD) if value.shape[1] <= MOST_TOLD else 1
    told: list[str | Notation] = []
    for row in range(rows):
        told += ["; "] if row else []
        told += [f"for {asked.output(row)}: "] if len(value) > 1 or asked.outputs is not None else []
        told += _shares_of(asked, weights, value[row], row)
    return tuple(told)


def _shares_of(asked: Question, weights: Symbol, found: Array, row: int) -> list[str | Notation]:
    if len(found) == 1:
        return [f"{asked.token(0)} gets all of the attention"]
    if len(found) > MOST_TOLD:
        top = int(found.argmax())
        return [f"{asked.token(top)} gets the largest share of the attention, ", Quoted(weights.name, (row, top))]
    told: list[str | Notation] = []
    for at in range(len(found)):
        told += [
            ", " if at else "", asked.token(at), " " if at else " gets ", Quoted(weights.name, (row, at)),
            "" if at else " of the attention",
        ]  # fmt: skip
    return [part for part in told if part != ""]


def passed_over(asked: Question) -> Prose:
    """Why the last encoder state alone knows less: it has seen the other tokens only through the recurrence."""
    m, width = int(asked.H.shape[0]), int(asked.H.shape[1])
    numbers = amount(width, "number")
    if m == 1:
        return say("with one input token it is the only encoder state there is")
    last = asked.token(m - 1)
    before = [asked.token(at) for at in range(m - 1)]
    listed = " and ".join([", ".join(before[:-1]), before[-1]] if len(before) > 1 else before)
    earlier = listed if m - 1 <= MOST_TOLD else f"the {m - 1} tokens before it"
    return say(
        "an encoder-decoder without attention hands on the last encoder state alone, the same one at every output "
        f"step: that of {last}; of {earlier} only what the recurrence has kept in its {numbers} can be seen"
    )


def compared(sheet: Worksheet, asked: Question, weights: Symbol, context: Symbol, last: Symbol) -> None:
    """The share of each input token in the two contexts, and the contexts themselves, side by side."""
    t, m = (int(size) for size in weights.shape)
    width = int(context.shape[1])
    if t > MOST_COLUMNS or m + width > MOST_ROWS:
        return
    with_ = ["with attention"] if asked.names is ONE else [f"with, {asked.output(row)}" for row in range(t)]
    columns = [Column("of the context"), *(Column(title, True) for title in with_), Column("without", True)]
    rows: list[list[Cell]] = []
    for at in range(m):
        rows.append(
            [(f"share of {asked.token(at)}",), *(weights.entry((row, at)) for row in range(t)), int(at == m - 1)]
        )
    for at in range(width):
        numbers: list[Cell] = [context.entry((row, at)) for row in range(t)]
        rows.append([(f"entry {at + 1}",), *numbers, last.entry((0, at))])
    sheet.tables.append(
        Table("With and without attention", columns, rows, needs=(weights.name, context.name, last.name))
    )
