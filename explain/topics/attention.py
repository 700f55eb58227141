"""Scaled dot-product attention."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.functions import SIGMOID
from explain.engine.names import word
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.notation import DOT, Row, Word, call, related
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.shapes import count, write
from explain.engine.values import Values, constant
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix, Scalar

MOST_WRITTEN_OUT = 6  # keys whose values are written one by one: z = a₁v₁ + a₂v₂ + …


@topic
def attention(
    scores: Annotated[Matrix | None, "scores q·k: one query's as 112,96, one row a query as 1,2;3,4"] = None,
    Q: Annotated[Matrix | None, "queries, one a row"] = None,
    K: Annotated[Matrix | None, "keys, one a row"] = None,
    V: Annotated[Matrix | None, "values, one a row; without them v₁, v₂, … stay symbols"] = None,
    d_k: Annotated[
        Scalar | None, "size of a key, whose root divides the scores; 64 with --scores, else K's width"
    ] = None,
    mask: Annotated[Literal["none", "causal"], "causal: a query sees no key after its own place"] = "none",
    dZ: Annotated[Matrix | None, "∂L/∂Z arriving from above: the gradients of Q, K and V are worked too"] = None,
) -> Answer:
    """Scaled dot-product attention: softmax(QKᵀ/√d_k) V.

    Scores are divided by √d_k, softmax turns each row into weights, and the output is the weighted average of the
    values. Start from the scores of one or more queries, or from Q (n×d_k), K (m×d_k) and V (m×d_v).

    Source: Vaswani et al. 2017, Attention Is All You Need, eq. 1

    Examples:
        explain attention --scores 112,96
        explain attention --scores 112,96 --V "1,0;0,1"
        explain attention --Q "1,0;0,2" --K "1,1;0,1" --V "2,0;0,4" --mask causal

    Raises:
        InputError: neither scores nor Q and K, shapes that do not meet, a d_k that is not K's width.
    """
    sheet = Worksheet("Scaled dot-product attention", attention.source)
    if scores is not None and (Q is not None or K is not None):
        raise InputError("{scores} and {Q}, {K} are both given: the scores follow from Q and K; leave one of them out")
    if scores is None and (Q is None or K is None):
        lone = "{K}" if Q is not None else "{Q}" if K is not None else "{scores}, or {Q} and {K},"
        raise InputError(f"{lone} is missing: attention starts from scores such as 112,96, or from queries and keys")
    single = scores is not None and 1 in (scores.shape[0], len(scores.shape)) and mask == "none" and dZ is None
    names = _names(single)
    raw, root = _scores(sheet, names, scores, d_k) if scores is not None else _products(sheet, Q, K, d_k)
    values = _values(sheet, V, raw, single)
    upstream = _upstream(sheet, dZ, raw, V)
    sheet.part("Forward pass" if dZ is not None else "")
    if scores is None:
        raw = _score_step(sheet, names, raw)
    scaled = sheet.define(
        names["scaled"],
        raw / sqrt(root),
        "Scaled scores",
        say(
            "each score is divided by {r}: a dot product of {d} terms grows like {r}, and large scores would push "
            "softmax to 0 and 1",
            r=sqrt(root),
            d=root,
        ),
    )
    if mask == "causal":
        scaled = _masked(sheet, names, scaled)
    weights = sheet.define(
        names["weights"],
        Softmax(scaled, 1),
        "Attention weights",
        say(
            "softmax of each row, e to the power of each score over the row's sum: the weights are positive and "
            "add up to 1" if not single else
            "softmax, e to the power of each score over the sum of these powers: the weights are positive and add "
            "up to 1"
        ),
    )  # fmt: skip
    outputs = _outputs(sheet, weights, values, single)
    if upstream is not None and isinstance(values, Symbol):
        sheet.part("Backward pass")
        symbols = {item.symbol.name: item.symbol for item in sheet.given_items}
        wanted = [symbols[name] for name in ("Q", "K", "V") if name in symbols] or [values]
        if scores is not None:
            wanted.append(raw)
        sheet.backward(outputs[0], wanted, seed=upstream, jacobians=False)
        outputs += [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
        _check_gradients(sheet, wanted, outputs[0], upstream)
    _check_weights(sheet, weights, scaled, single)
    return sheet.answer(*outputs)


def _names(single: bool) -> dict[str, str]:
    """Small letters for one query, capitals for a matrix of them (e would be read as the base of exp)."""
    if single:
        return {"scores": "s", "scaled": "u", "weights": "alpha"}
    return {"scores": "S", "scaled": "U", "masked": "U_m", "weights": "A"}


def _scores(sheet: Worksheet, names: dict[str, str], scores: Matrix, d_k: Scalar | None) -> tuple[Symbol, Symbol]:
    """The given scores, and d_k."""
    rows = scores.reshape((1, len(scores))) if len(scores.shape) == 1 else scores
    one = rows.shape[0] == 1
    dot = Row([word("q" if one else "q_i"), DOT, word("k_j")])
    meaning = "scores of the query against each key: {s}" if one else "scores of each query against each key: {s}"
    raw = sheet.given(
        names["scores"], rows, say(meaning, s=related(word(names["scores"], "j" if one else "ij"), "=", dot))
    )
    return raw, _root(sheet, d_k, Scalar((), ("64",)), "the width of a head in the original Transformer")


def _root(sheet: Worksheet, d_k: Scalar | None, usual: Values, why: str) -> Symbol:
    if d_k is not None and d_k.exact(()) <= 0:
        raise InputError(f"{{d_k}} is {d_k.text(())}: it must be positive, since the scores are divided by its root")
    root = sheet.given("d_k", d_k or usual, "size of a key, the number of terms in q·k")
    if d_k is None:
        sheet.convention(f"{{d}} = {usual.text(())} (default: {why})", d=root)
    return root


def _products(sheet: Worksheet, Q: Matrix | None, K: Matrix | None, d_k: Scalar | None) -> tuple[Symbol, Symbol]:
    """Q and K as given; their scores are the first step."""
    assert Q is not None
    assert K is not None
    queries, keys = _rows(Q), _rows(K)
    if queries.shape[1] != keys.shape[1]:
        raise InputError(
            f"{{K}} is {write(keys.shape)}, but {{Q}} is {write(queries.shape)}: it needs as many columns, "
            f"{queries.shape[1]}"
        )
    width = keys.shape[1]
    if d_k is not None and d_k.exact(()) != width:
        raise InputError(
            f"{{d_k}} is {d_k.text(())}, but {{K}} has {width} columns: leave {{d_k}} out, or make it {width}"
        )
    q = sheet.given("Q", queries, "queries, one a row")
    sheet.given("K", keys, "keys, one a row")
    return q, _root(sheet, d_k, Values((), (str(width),)), "the width of K")


def _score_step(sheet: Worksheet, names: dict[str, str], q: Symbol) -> Symbol:
    k = next(item.symbol for item in sheet.given_items if item.symbol.name == "K")
    return sheet.define(
        names["scores"],
        q @ k.T,
        "Scores",
        say("entry (i, j) is the dot product of query i and key j: large where they point the same way"),
    )


def _rows(given: Values) -> Values:
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def _values(sheet: Worksheet, V: Matrix | None, raw: Symbol, single: bool) -> Symbol | list[Symbol]:
    """The values: one matrix, or for one query each row by itself."""
    keys = raw.shape[1] if raw.name != "Q" else sheet.given_items[1].symbol.shape[0]
    if V is not None:
        given = V.reshape((len(V), 1)) if len(V.shape) == 1 and keys != 1 else _rows(V)
        if given.shape[0] != keys:
            raise InputError(f"{{V}} is {write(given.shape)}, but there are {keys} keys: {{V}} needs {keys} rows")
        if not single or int(keys) > MOST_WRITTEN_OUT:
            return sheet.given("V", given, "values, one a row")
        return [
            sheet.given(f"v_{at + 1}", given.row(at), f"value of key {at + 1}: what it passes on")
            for at in range(int(keys))
        ]
    sheet.convention(
        "no values are given: {v} stay symbols" if int(keys) > 1 else "no value is given: {v} stays a symbol",
        v="v₁" if int(keys) == 1 else f"v₁ … v{str(keys).translate(_LOWERED)}" if int(keys) > 2 else "v₁, v₂",
    )
    if int(keys) > MOST_WRITTEN_OUT:
        return sheet.given("V", None, "values, one a row", shape=(keys, "d_v"))
    return [sheet.given(f"v_{at + 1}", None, f"value of key {at + 1}: what it passes on") for at in range(int(keys))]


_LOWERED = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _upstream(sheet: Worksheet, dZ: Matrix | None, raw: Symbol, V: Matrix | None) -> Symbol | None:
    if dZ is None:
        return None
    if V is None:
        raise InputError("{dZ} is given, but {V} is missing: the gradients need the values")
    rows = raw.shape[0]
    width = _rows(V).shape[1] if len(V.shape) == 2 else 1
    given = _rows(dZ)
    if given.shape != (rows, width):
        raise InputError(f"{{dZ}} is {write(given.shape)}, but Z is {write((rows, width))}: it needs the shape of Z")
    return sheet.given("dL/dZ", given, "gradient arriving from above")


def _masked(sheet: Worksheet, names: dict[str, str], scaled: Symbol) -> Symbol:
    """Scores of later keys are set to −∞, which softmax turns into a weight of 0."""
    rows, columns = int(scaled.shape[0]), int(scaled.shape[1])
    if count(scaled.shape) > 10**6:
        raise InputError(f"{{mask}} is causal with {write(scaled.shape)} scores: at most 10^6 scores can be masked")
    hidden = [["0" if column <= row else "-∞" for column in range(columns)] for row in range(rows)]
    mask = sheet.given("M", constant(hidden), "causal mask: 0 where key j ≤ query i, -∞ where the key comes later")
    return sheet.define(
        names["masked"],
        scaled + mask,
        "Masked scores",
        say("-∞ is added where a query must not look, because e to the power of -∞ is 0; the other scores stay"),
    )


def _outputs(sheet: Worksheet, weights: Symbol, values: Symbol | list[Symbol], single: bool) -> list[Symbol]:
    """The weighted averages of the values."""
    if isinstance(values, Symbol):
        return [
            sheet.define(
                "z_1" if single else "Z",
                weights @ values,
                "Output",
                say(
                    "each row is the average of the values in {V}, weighted by that query's row of {A}",
                    V=values,
                    A=weights,
                ),
            )
        ]
    outputs = []
    for row in range(int(weights.shape[0])):
        terms: list[Node] = [weights[row, at] * value for at, value in enumerate(values)]
        total = terms[0]
        for term in terms[1:]:
            total = total + term
        outputs.append(
            sheet.define(
                f"z_{row + 1}",
                total,
                "Output" if single else f"Output of query {row + 1}",
                say("the query takes from each value the share that its weight in {A} says", A=weights)
                if single
                else say(f"row {row + 1} of {{A}} says which share of each value the query takes", A=weights),
            )
        )
    return outputs


def _check_weights(sheet: Worksheet, weights: Symbol, scaled: Symbol, single: bool) -> None:
    """The weights sum to one; with two keys they are a sigmoid."""
    import numpy as np

    value = sheet.values[weights.name]
    off = float(np.abs(value.sum(axis=1) - 1).max())
    rows = "the weights" if value.shape[0] == 1 else f"each of the {value.shape[0]} rows of weights"
    sheet.check(off < 1e-12, [weights], say(f"{rows} in {{A}} sum{'' if value.shape[0] == 1 else 's'} to 1", A=weights))
    if single and value.shape[1] == 2:
        gap = float(sheet.values[scaled.name][0] @ [1, -1])
        first = float(1 / (1 + np.exp(-gap))) if gap > -700 else 0.0
        sheet.check(
            abs(first - float(value[0, 0])) < 1e-12,
            [weights],
            say(
                "with two keys softmax is a sigmoid of the difference: {a}",
                a=related(word(weights.name, "1"), "=", call(SIGMOID.word, Word(tidy(gap))), "≈", Word(tidy(first))),
            ),
        )


def _check_gradients(sheet: Worksheet, wanted: list[Symbol], output: Symbol, upstream: Symbol) -> None:
    """A directional finite difference of the sum of Z ⊙ ∂L/∂Z."""
    total = Sum(output * upstream)
    finite_difference(sheet, total, wanted, total)
