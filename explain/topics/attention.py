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
from explain.errors import InputError, amount
from explain.parameters import Matrix, Scalar

MOST_WRITTEN_OUT = 6  # keys whose values are written one by one: z = α₁v₁ + α₂v₂ + …
SHARES = {
    "none": "the weights are positive and each row adds up to 1",
    "causal": "a hidden key gets 0, and each row adds up to 1",
}
MOST_MASKED = 10**6  # scores that a mask is drawn up for


@topic
def attention(
    scores: Annotated[Matrix | None, "scores q·k: one query's as 112,96, one row a query as 1,2;3,4"] = None,
    Q: Annotated[Matrix | None, "queries, one a row"] = None,
    K: Annotated[Matrix | None, "keys, one a row"] = None,
    V: Annotated[Matrix | None, "values, one a row; without them v₁, v₂, … stay symbols"] = None,
    d_k: Annotated[Scalar | None, "size of a key, whose root divides the scores; 64 with --scores"] = None,
    mask: Annotated[Literal["none", "causal"], "causal: a query sees no key after its own place"] = "none",
    dZ: Annotated[Matrix | None, "∂L/∂Z arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Scaled dot-product attention: softmax(QKᵀ/√d_k) V.

    Scores are divided by √d_k, softmax turns each row into weights, and the output is the weighted average of the
    values. Start from the scores of one or more queries, or from Q (n×d_k), K (m×d_k) and V (m×d_v).

    Source: Vaswani et al. 2017, Attention Is All You Need, eq. 1

    Examples:
        explain attention --scores 112,96
        explain attention --scores 112,96 --V "1,0;0,1"
        explain attention --Q "1,0;0,2" --K "1,1;0,1" --V "2,0;0,4" --mask causal
        explain attention --Q "1,0;0,2" --K "1,1;0,1" --V "2,0;0,4" --dZ "1,0;0,1"

    Raises:
        InputError: neither scores nor Q and K, shapes that do not meet, a d_k that is not K's width.
    """
    sheet = Worksheet("Scaled dot-product attention", attention.source)
    single = scores is not None and len(scores) == scores.shape[-1] and mask == "none" and dZ is None
    given = _given_scores(sheet, scores, Q, K, single)
    if given is None:
        queries, keys, root = _given_products(sheet, Q, K, d_k)
        shape = (int(queries.shape[0]), int(keys.shape[0]))
    else:
        root = _root(sheet, d_k, Values((), ("64",)), "the width of a head in the original Transformer")
        shape = (int(given.shape[0]), int(given.shape[1]))
    V_ = _value_matrix(V, shape[1])
    values = _given_values(sheet, V_, shape[1], single)
    upstream = _upstream(sheet, dZ, V_, shape[0])

    sheet.part("Forward pass" if upstream else "")
    raw = given or sheet.define(
        "S",
        queries @ keys.T,
        "Scores",
        "entry (i, j) is the dot product of query i and key j: large where they point the same way",
    )
    weights = _weights(sheet, raw, root, mask, single)
    outputs = _outputs(sheet, weights, values, single)
    if upstream is not None and isinstance(values, Symbol):
        sheet.part("Backward pass")
        wanted = [raw, values] if given is not None else [queries, keys, values]
        sheet.backward(outputs[0], wanted, seed=upstream, jacobians=False)
        reached = Sum(outputs[0] * upstream)
        finite_difference(sheet, reached, wanted, reached)
        outputs += [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
    _check_weights(sheet, weights, single)
    return sheet.answer(*outputs)


def _given_scores(
    sheet: Worksheet, scores: Matrix | None, Q: Matrix | None, K: Matrix | None, single: bool
) -> Symbol | None:
    """The scores, where the question starts from them."""
    if scores is None:
        return None
    if Q is not None or K is not None:
        raise InputError("{scores} and {Q}, {K} are both given: scores follow from Q and K; leave one of them out")
    rows = _rows(scores)
    if single:
        meaning = related(word("s_j"), "=", Row([word("q"), DOT, word("k_j")]))
        return sheet.given("s", rows, say("scores of the query against each key: {s}", s=meaning), option="scores")
    meaning = related(word("S", "ij"), "=", Row([word("q_i"), DOT, word("k_j")]))
    return sheet.given("S", rows, say("scores of each query against each key: {s}", s=meaning), option="scores")


def _given_products(
    sheet: Worksheet, Q: Matrix | None, K: Matrix | None, d_k: Scalar | None
) -> tuple[Symbol, Symbol, Symbol]:
    """Q, K and d_k, which is K's width."""
    if Q is None or K is None:
        lone = "{K}" if Q is not None else "{Q}" if K is not None else "{scores}, or {Q} and {K},"
        raise InputError(f"{lone} is missing: attention starts from scores such as 112,96, or from queries and keys")
    queries, keys = _rows(Q), _rows(K)
    width = keys.shape[1]
    if queries.shape[1] != width:
        raise InputError(
            f"{{K}} is {write(keys.shape)}, but {{Q}} is {write(queries.shape)}: {{K}} needs as many columns, "
            f"{queries.shape[1]}"
        )
    if d_k is not None and d_k.exact(()) != width:
        columns = amount(int(width), "column")
        raise InputError(f"{{d_k}} is {d_k.text(())}, but {{K}} has {columns}: leave {{d_k}} out, or make it {width}")
    q = sheet.given("Q", queries, "queries, one a row", option="Q")
    k = sheet.given("K", keys, "keys, one a row", option="K")
    return q, k, _root(sheet, None, Values((), (str(width),)), "the width of K")


def _root(sheet: Worksheet, d_k: Scalar | None, usual: Values, why: str) -> Symbol:
    if d_k is not None and d_k.exact(()) <= 0:
        raise InputError(f"{{d_k}} is {d_k.text(())}: it must be positive, since the scores are divided by its root")
    root = sheet.given("d_k", d_k or usual, "size of a key, the number of terms in q·k", option="d_k")
    if d_k is None:
        sheet.convention(f"{{d}} = {usual.text(())} (default: {why})", d=root)
    return root


def _rows(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def _as_rows(given: Values, rows: int) -> Values:
    """Numbers with `rows` rows: a vector is a column where there are several rows."""
    return given.reshape((len(given), 1)) if len(given.shape) == 1 and rows != 1 else _rows(given)


def _value_matrix(V: Matrix | None, keys: int) -> Values | None:
    if V is None:
        return None
    given = _as_rows(V, keys)
    if given.shape[0] != keys:
        raise InputError(
            f"{{V}} is {write(given.shape)}, but there are {amount(keys, 'key')}: {{V}} needs {amount(keys, 'row')}"
        )
    return given


def _given_values(sheet: Worksheet, V: Values | None, keys: int, single: bool) -> Symbol | list[Symbol]:
    """The values: one matrix; for one query, or where they are unknown, each row by itself."""
    if V is None:
        first, last = word("v_1"), word(f"v_{keys}")
        between = "stays a symbol" if keys == 1 else "and {z} stay symbols" if keys == 2 else "to {z} stay symbols"
        sheet.convention("no values are given: {a} " + between, a=first, z=last)
    if keys > MOST_WRITTEN_OUT or (V is not None and not single):
        return sheet.given("V", V, "values, one a row", option="V", shape=(keys, "d_v"))
    rows = [None if V is None else V.row(at) for at in range(keys)]
    return [
        sheet.given(f"v_{at}", row, f"value of key {at}: what it passes on", option="V")
        for at, row in enumerate(rows, 1)
    ]


def _upstream(sheet: Worksheet, dZ: Matrix | None, V: Values | None, queries: int) -> Symbol | None:
    if dZ is None:
        return None
    if V is None:
        raise InputError("{dZ} is given, but {V} is missing: the gradients need the values")
    given, shape = _as_rows(dZ, queries), (queries, V.shape[1])
    if given.shape != shape:
        raise InputError(f"{{dZ}} is {write(given.shape)}, but Z is {write(shape)}: it needs the shape of Z")
    return sheet.given("dL/dZ", given, "gradient of the loss L, arriving from above", option="dZ")


def _weights(sheet: Worksheet, raw: Symbol, root: Symbol, mask: str, single: bool) -> Symbol:
    """Scaled, masked if wanted, and through softmax. Small letters for one query, capitals for a matrix of them."""
    scaled = sheet.define(
        "u" if single else "U",
        raw / sqrt(root),
        "Scaled scores",
        say(
            "if the entries of q and k vary independently by about 1, their dot product varies by about {r}; divided "
            "by {r} the scores keep a size at which softmax does not run into 0 and 1 ({d} terms in q·k)",
            r=sqrt(root),
            d=root,
        ),
    )
    if mask == "causal":
        scaled = _masked(sheet, scaled)
    return sheet.define(
        "alpha" if single else "A",
        Softmax(scaled, 1),
        "Attention weights",
        "softmax, e to the power of each score over the sum of these powers"
        + (": the weights are positive and add up to 1" if single else " in its row: " + SHARES[mask]),
    )


def _masked(sheet: Worksheet, scaled: Symbol) -> Symbol:
    """Scores of later keys are set to −∞, which softmax turns into a weight of 0."""
    rows, columns = int(scaled.shape[0]), int(scaled.shape[1])
    if count(scaled.shape) > MOST_MASKED:
        raise InputError(
            f"{{mask}} is causal with {write(scaled.shape)} scores: at most {MOST_MASKED} can be masked; leave it out"
        )
    hidden = [["0" if column <= row else "-∞" for column in range(columns)] for row in range(rows)]
    mask = sheet.given("M", constant(hidden), "causal mask: 0 where j ≤ i, -∞ where key j comes after query i")
    return sheet.define(
        "U_m",
        scaled + mask,
        "Masked scores",
        "-∞ is added where a query must not look, because e to the power of -∞ is 0; the other scores stay",
    )


def _outputs(sheet: Worksheet, weights: Symbol, values: Symbol | list[Symbol], single: bool) -> list[Symbol]:
    """The weighted averages of the values."""
    if isinstance(values, Symbol):
        why = say(
            "each row is the average of the rows of {V}, weighted by that query's row of {A}", V=values, A=weights
        )
        return [sheet.define("z_1" if single else "Z", weights @ values, "Output", why)]
    outputs = []
    for row in range(int(weights.shape[0])):
        total: Node = weights[row, 0] * values[0]
        for at, value in enumerate(values[1:], 1):
            total = total + weights[row, at] * value
        query = "the query" if single else f"query {row + 1}"
        why = say(f"{query} takes from each value the share that its weight in {{A}} says", A=weights)
        outputs.append(sheet.define(f"z_{row + 1}", total, "Output" if single else f"Output of query {row + 1}", why))
    return outputs


def _check_weights(sheet: Worksheet, weights: Symbol, single: bool) -> None:
    """The weights sum to one; with two keys they are a sigmoid."""
    import numpy as np

    value = sheet.values[weights.name]
    off = float(np.abs(value.sum(axis=1) - 1).max())
    rows = "the weights in {A} sum" if len(value) == 1 else f"each of the {len(value)} rows of weights in {{A}} sums"
    sheet.check(off < 1e-12, [weights], say(f"{rows} to 1", A=weights))
    if single and value.shape[1] == 2:
        gap = float(sheet.values["u"][0, 0] - sheet.values["u"][0, 1])
        first = float(SIGMOID.numpy(np.asarray(gap)))
        sigmoid = call(SIGMOID.word, Word(tidy(gap)))
        sheet.check(
            abs(first - float(value[0, 0])) < 1e-12,
            [weights],
            say(
                "with two keys softmax is a sigmoid of the difference: {a}",
                a=related(word(weights.name, "1"), "=", sigmoid, "≈", Word(tidy(first))),
            ),
        )
