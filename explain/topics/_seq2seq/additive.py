"""Additive scores: vᵀ tanh(W s + U h), a network with one hidden layer on each pair of states.

Source: Bahdanau, Cho and Bengio 2015, Neural Machine Translation by Jointly Learning to Align and Translate, section
A.1.2.
"""

from __future__ import annotations

from explain.engine.functions import TANH
from explain.engine.nodes.along import along
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.over import stretched
from explain.engine.nodes.pairs import Pairs
from explain.engine.nodes.standard import Reshaped
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.topics._seq2seq.given import ONE, Question
from explain.topics._seq2seq.sheeted import Sheeted


def additive(sheet: Worksheet, asked: Question, given: Sheeted) -> Symbol:
    """The scores of a network with one hidden layer: vᵀ tanh(W s + U h)."""
    names, W, U, v = asked.names, *(given.weights[name] for name in ("W", "U", "v"))
    one = names is ONE
    query = sheet.define(
        names.query,
        given.state @ W.T,
        "The decoder's part",
        say("{W} {s} of the paper, as a row: what the decoder brings into the hidden layer", W=W, s=given.state)
        if one
        else say("{W} brings each decoder state, a row of {s}, into the hidden layer", W=W, s=given.state),
    )
    keys = sheet.define(
        "K",
        given.H @ U.T,
        "The encoder's part",
        say("{U} brings each encoder state into the same hidden layer; worked once for all output steps", U=U),
    )
    pairs = None if one or asked.tokens is None else _pair_names(asked)
    hidden: Node = stretched(query, along(keys.shape, query.shape)) + keys if one else Pairs(query, keys)
    before = sheet.define(
        "F",
        hidden,
        "Hidden layer, before tanh",
        say("row j adds the decoder's part {q} to row j of {K}, the part of input token j", q=query, K=keys)
        if one
        else say(
            "one row for each pair of a decoder state and an input token, the {m} pairs of the first decoder state "
            "first: the row of {q} plus the row of {K}",
            m=int(keys.shape[0]), q=query, K=keys,
        ),
        rows=pairs,
    )  # fmt: skip
    after = sheet.define(
        "G",
        TANH(before),
        "Hidden layer",
        say(
            "tanh takes each sum in {f} into (-1, 1); without it {q} would add one and the same number to all scores "
            + ("" if one else "in a row ") + "and drop out of softmax",
            f=before, q=query,
        ),
    )  # fmt: skip
    told = "{v} weighs the {a} hidden numbers of each row: large where the two states fit together"
    why = say(told, v=v, a=int(v.shape[0]))
    outputs, tokens = (None if found is None else found.items for found in (asked.outputs, asked.tokens))
    if one:
        return sheet.define(names.scores, v.T @ after.T, "Scores", why, rows=outputs, columns=tokens)
    column = sheet.define("e", after @ v, "Scores, one a pair", why)
    return sheet.define(
        names.scores,
        Reshaped(column, (int(query.shape[0]), int(keys.shape[0]))),
        "Scores",
        say("the same numbers with one decoder state a row and one input token a column"),
        rows=outputs,
        columns=tokens,
    )


def _pair_names(asked: Question) -> list[str]:
    """The names of all pairs of a decoder state and an input token."""
    t, m = int(asked.states.shape[0]), int(asked.H.shape[0])
    return [f"{asked.output(row)}, {asked.token(at)}" for row in range(t) for at in range(m)]
