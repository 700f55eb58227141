"""What a question on attention between encoder and decoder gives, on the sheet."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.worksheet import Worksheet
from explain.topics._seq2seq.given import ONE, Question


class Sheeted(NamedTuple):
    """The symbols of a question; what is not given is None."""

    H: Symbol
    state: Symbol
    weights: dict[str, Symbol]
    W_c: Symbol | None
    upstream: Symbol | None


MEANINGS = {
    "general": {"W": "weights of the score, one row a number of the decoder state"},
    "additive": {
        "W": "weights of the decoder state in the score",
        "U": "weights of the encoder states in the score",
        "v": "weights of the hidden layer of the score, a column",
    },
}


def give(sheet: Worksheet, asked: Question, score: str) -> Sheeted:
    """Everything that is given, on the sheet."""
    tokens = None if asked.tokens is None else asked.tokens.items
    outputs = None if asked.outputs is None else asked.outputs.items
    names = asked.names
    H = sheet.given("H", asked.H, "encoder states, one input token a row", option="H", rows=tokens)
    told = "decoder state, a row" if names is ONE else "decoder states, one a row"
    state = sheet.given(names.state, asked.states, told, option="s", rows=outputs)
    weights = {
        name: sheet.given(name, values, MEANINGS[score][name], option=name) for name, values in asked.weights.items()
    }
    W_c = None
    if asked.W_c is not None:
        W_c = sheet.given("W_c", asked.W_c, "weights of the context and the decoder state, side by side", option="W_c")
    upstream = None
    if asked.upstream is not None:
        told = "gradient of the loss L at the context, arriving from above"
        upstream = sheet.given(f"dL/d{names.context}", asked.upstream, told, option="dC", rows=outputs)
    return Sheeted(H, state, weights, W_c, upstream)
