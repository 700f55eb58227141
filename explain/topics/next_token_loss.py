"""The training objective of a language model such as GPT: negative log-likelihood, mean, perplexity, gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer, Place
from explain.engine.functions import EXP, LOG
from explain.engine.names import word
from explain.engine.nodes.base import Number, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.picked import Picked
from explain.engine.nodes.products import Product
from explain.engine.notation import Word
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count, Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._language import targets as right
from explain.topics._language.formulas import in_symbols
from explain.topics._language.from_logits import given_mask, gradient, logarithms
from explain.topics._language.objective import objective_conventions
from explain.topics._language.tables import as_rows, vocabulary_names
from explain.topics._language.targets import Text
from explain.topics._language.words import joint

LISTED = 6  # positions that are named one by one
OVERFLOW = 709.0  # e to the power of more leaves double precision
SMALLEST = 690.0  # negative logarithm of a probability that is too small to be worked as a product


@topic
def next_token_loss(
    p: Annotated[Matrix | None, "probability that the model gave to the right token, one a position: 0.5,0.25"] = None,
    P: Annotated[Matrix | None, "probabilities of all tokens: one position a row, one token a column"] = None,
    logits: Annotated[Matrix | None, "scores before softmax, in place of P: the gradient is worked too"] = None,
    targets: Annotated[Tokens | None, "right token of each row, counted from 0 (2,0,1), or by its name"] = None,
    vocabulary: Annotated[Tokens | None, "names of the tokens, one a column of P or logits"] = None,
    tokens: Annotated[Tokens | None, "names of the right tokens beside p; alone: the formulas with these names"] = None,
    ignore: Annotated[Scalar | None, "target that marks padding, which does not count; in PyTorch -100"] = None,
    reduction: Annotated[Literal["mean", "sum"], "mean or sum of the loss over the positions"] = "mean",
    length: Annotated[Count | None, "without numbers: tokens of the sequence, such as 3 or n"] = None,
) -> Answer:
    """Training objective of GPT: next-token loss and perplexity.

    From the probabilities of the right tokens, from a table of probabilities, or from logits: the logarithms, their
    negative sum (negative log-likelihood), the mean, the perplexity e^mean, and the probability of the whole sequence.
    From logits the gradient too. Without numbers, the formulas. Shapes: p (n×1), P and logits (n×V), V tokens in the
    vocabulary.

    Field: Language models

    Source: Radford et al. 2018, Improving Language Understanding by Generative Pre-Training, eq. 1; perplexity:
    Jurafsky and Martin, Speech and Language Processing, 3rd edition draft, chapter on n-gram language models

    Examples:
        explain next-token-loss --p 0.5,0.25,0.8
        explain next-token-loss --P "0.1,0.2,0.7;0.6,0.3,0.1" --targets 2,0 --vocabulary the,cat,sat
        explain next-token-loss --logits "2,1,0.1;0,3,-1" --targets 0,2
        explain next-token-loss --length n
        explain next-token-loss --tokens the,cat,sat

    Raises:
        InputError: a probability that is not above 0 and at most 1, a row of P that does not sum to 1, a target that is
            no token of the vocabulary, lengths that differ, no position that counts.
    """
    start = right.chosen_start(
        {"p": p, "P": P, "logits": logits, "targets": targets, "vocabulary": vocabulary, "tokens": tokens,
         "ignore": ignore, "length": length}
    )  # fmt: skip
    sheet = Worksheet("Training objective of GPT: next-token loss", next_token_loss.source)
    if not start:
        return in_symbols(sheet, tokens, length)
    if p is not None:
        column, called = right.checked_column(p, tokens)
        told = "probability that the model gave to the right token of each position, all tokens before it known"
        told += f": {called[0]}" if called and len(called) == 1 else ""  # a single number has no row to be named
        mine = sheet.given("p", column, told, option="p", rows=called)
        n = _counted(sheet, len(column), 0)
        objective_conventions(sheet, reduction)
        return sheet.answer(*_worked(sheet, mine, _logarithms(sheet, mine), n))

    given = P if P is not None else logits
    assert given is not None
    assert targets is not None
    table, padding = as_rows(given), right.padding_mark(ignore)
    names = vocabulary_names("vocabulary", vocabulary, int(table.shape[1]), f"{{{start}}}")
    text = right.right_tokens(start, targets, names, table, padding)
    if start == "P":
        if not right.check_table(table, text):
            sheet.convention(
                "the probabilities of {P} are rounded, so that a row may sum to a little less or more than 1",
                P=word("P"),
            )
        scores, y = _givens(sheet, "P", "probabilities of the model", table, text, names, padding)
        n = _counted(sheet, len(text.places), text.padding)
        objective_conventions(sheet, reduction)
        mine = _picked(sheet, scores, y, text)
        return sheet.answer(*_worked(sheet, mine, _logarithms(sheet, mine), n))
    if table.shape[1] == 1:
        raise InputError("{logits} has one column: a vocabulary of one token leaves no choice; give two or more")
    scores, y = _givens(sheet, "Z", "logits of the model, scores before softmax", table, text, names, padding)
    c = given_mask(sheet, text)
    n = _counted(sheet, len(text.places), text.padding)
    objective_conventions(sheet, reduction)
    sheet.part("Forward pass")
    why = "softmax: e to the power of each score over the sum of these powers in its row, so that each row sums to 1"
    every = sheet.define("P", Softmax(scores, 1), "Probabilities of all tokens", why)
    mine = _picked(sheet, every, y, text)
    size = int(table.shape[1])
    logs = logarithms(sheet, scores, every, mine, y, c, text)
    results = _worked(sheet, mine, logs, n, size)
    sheet.part("Backward pass")
    hidden = padding if padding is not None and 0 <= padding < size else None
    return sheet.answer(*results, gradient(sheet, sheet.last(f"L_{reduction}"), logs, scores, every, y, hidden))


def _givens(
    sheet: Worksheet,
    name: str,
    told: str,
    table: Values,
    text: Text,
    names: Sequence[str] | None,
    padding: int | None,
) -> tuple[Symbol, Symbol]:
    """The table, and the columns of the right tokens."""
    option = "P" if name == "P" else "logits"
    meaning = f"{told}: one position a row, one token of the vocabulary a column"
    given = sheet.given(name, table, meaning, option=option, columns=names)
    rows = right.row_names(text) if names is not None else None
    marks = f" ({text.names[0]})" if rows and len(rows) == 1 else ""
    marks += "" if padding is None else f"; {padding} marks padding, which does not count"
    ids = right.columns_of(text, padding)
    y = sheet.given("y", ids, f"targets, the id of the right token of each row{marks}", option="targets", rows=rows)
    picked = Word("P[i, yᵢ]", r"P_{i, y_i}")
    sheet.convention(
        "ids are counted from 0, as in PyTorch and Keras, rows and columns from 1: id k is column k + 1 of {P}, and "
        "{p} is the number in row i in the column of id {y}",
        P=word("P"), p=picked, y=word("y", "i"),
    )  # fmt: skip
    return given, y


def _counted(sheet: Worksheet, count: int, padding: int) -> Symbol:
    told = f"positions that count; {padding} of padding left out" if padding else "positions, one right token each"
    return sheet.given("n", Values((), (str(count),)), told)


def _picked(sheet: Worksheet, P: Symbol, y: Symbol, text: Text) -> Symbol:
    """Of each row of probabilities that of the right token."""
    why = "each row is the model's prediction for one position; of it the loss reads the right token's number only"
    if len(text.places) <= LISTED:
        named = zip(text.places, text.names, strict=True)
        why += ": " + ", ".join(f"row {row + 1} column {column + 1} ({name})" for (row, column), name in named)
    return sheet.define("p", Picked(P, y, text.places), "Probabilities of the right tokens", why, rows=text.names)


def _logarithms(sheet: Worksheet, p: Symbol) -> Symbol:
    why = say(
        "entry by entry: log 1 = 0 for a token of which the model was certain, and the smaller the probability in {p}, "
        "the further below 0",
        p=p,
    )
    return sheet.define("l", LOG(p), "Logarithms", why)


def _worked(sheet: Worksheet, p: Symbol, logs: Symbol, n: Symbol, size: int = 0) -> list[Symbol]:
    """Sum, mean, perplexity, and the probability of the sequence, which gives the perplexity again."""
    added = say(
        "log of a product is the sum of the logs, so {l} is added up; the minus sign makes a loss of it", l=logs
    )
    total = sheet.define("L_sum", -Sum(logs), "Negative log-likelihood of the text", added)
    each = say("{L} shared among the {n} positions, so that texts of different length can be compared", L=total, n=n)
    mean = sheet.define("L_mean", total / n, "Mean loss per token", each, place=Place("L_mean", ("in nats, base e",)))
    bits = mean / LOG(Number(2, "2"))
    sheet.define("b", bits, "", "", place=Place("L_mean", ("in bits, base 2",)))
    results = [total, mean]
    value = float(sheet.values["L_mean"])
    if value < OVERFLOW:
        results.append(_perplexity(sheet, mean, value, size))
    else:
        sheet.convention(f"the perplexity, e to the power of {tidy(value)}, is beyond 1.8e308 and left out")
    if float(sheet.values["L_sum"]) < SMALLEST:
        results.append(_sequence(sheet, p, total))
    else:
        sheet.convention(
            f"the probability of the whole text, e to the power of -{tidy(float(sheet.values['L_sum']))}, is too small "
            "for floating point: one reason why logarithms are added, and probabilities not multiplied"
        )
    return results


def _perplexity(sheet: Worksheet, mean: Symbol, value: float, size: int) -> Symbol:
    k = tidy(math.exp(value))
    reading = f"read as: at each token the model was as uncertain as a fair choice among {k} tokens"
    if size:
        reading += f"; a model that knows nothing, 1/{size} for every token, has perplexity {size}"
    found = sheet.define(
        "PPL",
        EXP(mean),
        "Perplexity",
        say("e to the power of {L}: a fair choice among k tokens gives each 1/k, a loss of log k, and e^(log k) = k",
            L=mean),
        note=say(reading),
    )  # fmt: skip
    again = 2.0 ** float(sheet.values["b"])
    text = say("2 to the power of {b} bits is the perplexity too", b=Word(tidy(float(sheet.values["b"]))))
    sheet.check(math.isclose(again, float(sheet.values["PPL"]), rel_tol=1e-9), [found, sheet.last("b")], text)
    return found


def _sequence(sheet: Worksheet, p: Symbol, total: Symbol) -> Symbol:
    count = int(sheet.values["n"])
    found = sheet.define(
        "P_text",
        Product(p),
        "Probability of the whole text",
        say("chain rule of probability: the factors in {p} are multiplied, each given the tokens before it", p=p),
        written=joint(count, key="P_text"),
    )
    whole = float(sheet.values["P_text"])
    sheet.check(
        math.isclose(-math.log(whole), float(sheet.values["L_sum"]), rel_tol=1e-9, abs_tol=1e-12),
        [total, found],
        say("{L} is -log of that product, -log {q}", L=total, q=Word(tidy(whole))),
    )
    if "PPL" in sheet.values:
        again = whole ** (-1 / count)
        sheet.check(
            math.isclose(again, float(sheet.values["PPL"]), rel_tol=1e-9),
            [found, sheet.last("PPL")],
            say(f"the perplexity by its other definition, {tidy(whole)} to the power of -1/{count}, is {tidy(again)}"),
        )
    return found
