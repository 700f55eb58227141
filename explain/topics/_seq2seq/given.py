"""What a question on attention between encoder and decoder gives: read and held against each other."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.shapes import count, write
from explain.engine.values import Values
from explain.errors import InputError, amount
from explain.tokens import Tokens, named, names_for

MOST = 10**7  # numbers in the largest array that is worked: pairs of a state and a token, times the width
NEEDED = {"dot": (), "general": ("W",), "additive": ("W", "U", "v")}
FORMULAS = {"dot": "sᵀh", "general": "sᵀW h", "additive": "vᵀ tanh(W s + U h)"}


class Names(NamedTuple):
    """What the quantities are called: small letters for one decoder state, capitals for several, one a row."""

    state: str
    query: str
    scores: str
    scaled: str
    weights: str
    context: str
    difference: str
    before: str
    attentional: str


ONE = Names("s", "q", "e", "u", "alpha", "c", "delta", "z", "htilde")
SEVERAL = Names("S", "Q", "E", "U", "A", "C", "D", "Z", "Htilde")


class Question(NamedTuple):
    """What is given, as matrices that fit: H (m×d_h), the decoder states (t×d), the weights of the score."""

    H: Values
    states: Values
    weights: dict[str, Values]
    W_c: Values | None
    upstream: Values | None
    tokens: Tokens | None
    outputs: Tokens | None

    @property
    def names(self) -> Names:
        """How its quantities are called."""
        return ONE if self.states.shape[0] == 1 else SEVERAL

    def token(self, at: int) -> str:
        """What a sentence calls an input token, counted from 0."""
        return named(self.tokens, at)

    def output(self, at: int) -> str:
        """What a sentence calls the output that a decoder state belongs to."""
        return named(self.outputs, at, "output")


def read(
    H: Values,
    s: Values,
    score: str,
    weights: dict[str, Values | None],
    W_c: Values | None,
    dC: Values | None,
    tokens: Tokens | None,
    outputs: Tokens | None,
) -> Question:
    """The question with all shapes held against each other.

    Raises:
        InputError: weights that the score has not, or lacks; shapes that do not meet; names that are not one a row.
    """
    _right_weights(score, weights)
    states = _row(s)
    d = int(states.shape[1])
    fitted: dict[str, Values] = {}
    if score == "additive":
        size = _length("v", weights["v"])
        fitted["W"] = _fit("W", weights["W"], (size, d), "v", "s")
        fitted["U"] = _fit("U", weights["U"], (size, None), "v", "")
        fitted["v"] = _given(weights["v"]).reshape((size, 1))
        inner = int(fitted["U"].shape[1])
    elif score == "general":
        fitted["W"] = _fit("W", weights["W"], (d, None), "s", "")
        inner = int(fitted["W"].shape[1])
    else:
        inner = d
    encoder = _encoder(H, inner, score, d)
    m, t = int(encoder.shape[0]), int(states.shape[0])
    width = len(fitted["v"]) if score == "additive" else 1
    if m * t * width > MOST:
        raise InputError(
            f"{{s}} has {amount(t, 'row')} and {{H}} {m}: at most {MOST} scores are worked; give fewer decoder states"
        )
    names_for("tokens", tokens, "H", m)
    names_for("output_tokens", outputs, "s", t)
    joined = None if W_c is None else _fit("W_c", W_c, (None, inner + d), "", "[c s]")
    return Question(encoder, states, fitted, joined, _upstream(dC, (t, inner)), tokens, outputs)


def _given(values: Values | None) -> Values:
    assert values is not None
    return values


def _right_weights(score: str, weights: dict[str, Values | None]) -> None:
    for name, values in weights.items():
        if values is not None and name not in NEEDED[score]:
            other = " or ".join(kind for kind, needed in NEEDED.items() if name in needed)
            raise InputError(
                f"{{{name}}} is given, but {{score}} is {score}, {FORMULAS[score]}, without it: leave it out, or make "
                f"{{score}} {other}"
            )
    for name in NEEDED[score]:
        if weights[name] is None:
            raise InputError(f"{{{name}}} is missing: {{score}} {score} is {FORMULAS[score]}; give {{{name}}} too")


def _row(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def _length(name: str, given: Values | None) -> int:
    """How many numbers a vector has."""
    values = _given(given)
    if len(values.shape) == 2 and 1 not in values.shape:
        raise InputError(f"{{{name}}} is {write(values.shape)}: it is a vector, such as 1,-1")
    return count(values.shape)


def _fit(name: str, given: Values | None, shape: tuple[int | None, int | None], above: str, beside: str) -> Values:
    """Weights of the wanted shape; a vector is a row or a column, whichever fits.

    Args:
        above, beside: what the numbers of rows and of columns come from.
    """
    values = _given(given)
    if len(values.shape) == 1:
        column = shape[0] == len(values) and (shape[1] in (1, None)) and len(values) != 1
        fitted = values.reshape((len(values), 1)) if column else _row(values)
    else:
        fitted = values
    for wanted, has, what, of in zip(shape, fitted.shape, ("row", "column"), (above, beside), strict=True):
        if wanted is not None and wanted != has:
            given_as = f"has {amount(len(values), 'number')}" if len(values.shape) == 1 else f"is {write(values.shape)}"
            source = {"v": "{v} has numbers", "s": "{s} has columns", "[c s]": "[c s] has numbers"}[of]
            raise InputError(f"{{{name}}} {given_as}, but it needs {amount(wanted, what)}, as many as {source}")
    return fitted


def _encoder(H: Values, inner: int, score: str, d: int) -> Values:
    """The encoder states, one a row; a vector is one state where its length fits, else one number a state."""
    rows = H
    if len(H.shape) == 1:
        rows = H.reshape((1, len(H))) if len(H) == inner else H.reshape((len(H), 1))
    if rows.shape[1] == inner:
        return rows
    has = f"{{H}} is {write(rows.shape)}"
    if score == "dot":
        raise InputError(
            f"{has}, but {{s}} has {amount(d, 'column')}: a dot product needs states of one width; {{score}} general "
            f"joins them with a {{W}} of {d}x{rows.shape[1]}"
        )
    name = "U" if score == "additive" else "W"
    raise InputError(f"{has}, but {{{name}}} has {amount(inner, 'column')}: one column a number of an encoder state")


def _upstream(dC: Values | None, shape: tuple[int, int]) -> Values | None:
    if dC is None:
        return None
    given = dC.reshape((len(dC), 1)) if len(dC.shape) == 1 and shape[1] == 1 and shape[0] != 1 else _row(dC)
    if given.shape != shape:
        has = f"has {amount(len(dC), 'number')}" if len(dC.shape) == 1 else f"is {write(dC.shape)}"
        raise InputError(f"{{dC}} {has}, but the context is {write(shape)}: it needs the shape of the context")
    return given
