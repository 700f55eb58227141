"""What a question on attention starts from: scores, queries and keys, or tokens and weight matrices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.notation import DOT, Row, product, related
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._attention.naming import Naming
from explain.topics._attention.projections import Projection, bias, fitting, give_projection
from explain.topics._attention.sequences import Sequences, sequences

Roles = Mapping[str, Matrix | None]


class Tokenwise(NamedTuple):
    """Tokens X on the sheet, what keys and values are made from (X again, or another sequence), and the weights."""

    X: Symbol
    memory: Symbol
    weights: dict[str, Projection]

    @property
    def value_width(self) -> int | None:
        """Columns of the values; None where there are no weights for them."""
        return self.weights["V"].width if "V" in self.weights else None


class Start(NamedTuple):
    """Where the working begins.

    Attributes:
        shape: queries × keys.
        raw: the scores, where they are given.
        pair: queries and keys, where they are given.
        tokens: X, what keys and values are made from, and the weights, where the question starts from tokens.
        wanted: what has a gradient, beside the values.
    """

    shape: tuple[int, int]
    root: Symbol
    names: Sequences
    raw: Symbol | None = None
    pair: tuple[Symbol, Symbol] | None = None
    tokens: Tokenwise | None = None

    @property
    def wanted(self) -> list[Symbol]:
        """What has a gradient, in the order of the page, the values apart."""
        if self.tokens is None:
            return [self.raw] if self.raw is not None else list(self.pair or ())
        x, other, weights = self.tokens
        sources = [x] if other is x else [x, other]
        return [*sources, *(symbol for projection in weights.values() for symbol in projection.all)]


def rows(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def as_rows(given: Values, count: int) -> Values:
    """Numbers with `count` rows: a vector is a column where there are several rows."""
    return given.reshape((len(given), 1)) if len(given.shape) == 1 and count != 1 else rows(given)


def from_scores(
    sheet: Worksheet,
    scores: Matrix,
    d_k: Scalar | None,
    tokens: Tokens | None,
    memory_tokens: Tokens | None,
    naming: Naming,
) -> Start:
    """The scores themselves: `s` of one query, `S` of several."""
    given = rows(scores)
    shape = (int(given.shape[0]), int(given.shape[1]))
    alone = naming.single and memory_tokens is None  # the names of the keys, of which the query is the first
    names = sequences(
        tokens, memory_tokens, ("scores", shape[1 if alone else 0]), ("scores", shape[1]),
        what=("column" if alone else "row", "column"),
    )  # fmt: skip
    entry, query = (word("s_j"), "q") if naming.single else (word("S", "ij"), "q_i")
    meaning = related(entry, "=", Row([word(query), DOT, word("k_j")]))
    whose = "the query" if naming.single else "each query"
    raw = sheet.given(
        naming.of("S"), given, say(f"scores of {whose} against each key: {{s}}", s=meaning), option="scores",
        rows=None if naming.single else names.queries, columns=names.keys,
    )  # fmt: skip
    return Start(shape, give_root(sheet, d_k, None, ""), names, raw=raw)


def from_pair(
    sheet: Worksheet,
    Q: Matrix | None,
    K: Matrix | None,
    d_k: Scalar | None,
    tokens: Tokens | None,
    memory_tokens: Tokens | None,
) -> Start:
    """Queries and keys, one a row.

    Raises:
        InputError: one of them is missing, or their widths differ.
    """
    if Q is None or K is None:
        lone = "{K}" if Q is not None else "{Q}" if K is not None else "{scores}, or {Q} and {K}, or {X} with weights,"
        raise InputError(f"{lone} is missing: attention starts from scores such as 112,96, or from queries and keys")
    queries, keys = rows(Q), rows(K)
    if queries.shape[1] != keys.shape[1]:
        raise InputError(
            f"{{K}} is {write(keys.shape)}, but {{Q}} is {write(queries.shape)}: {{K}} needs as many columns, "
            f"{queries.shape[1]}"
        )
    shape = (int(queries.shape[0]), int(keys.shape[0]))
    names = sequences(tokens, memory_tokens, ("Q", shape[0]), ("K", shape[1]))
    q = sheet.given("Q", queries, "queries, one a row", option="Q", rows=names.queries)
    k = sheet.given("K", keys, "keys, one a row", option="K", rows=names.keys)
    return Start(shape, give_root(sheet, d_k, int(keys.shape[1]), "K"), names, pair=(q, k))


def from_tokens(
    sheet: Worksheet,
    X: Matrix,
    memory: Matrix | None,
    weights: Roles,
    biases: Roles,
    d_k: Scalar | None,
    tokens: Tokens | None,
    memory_tokens: Tokens | None,
) -> Start:
    """X, the other sequence if there is one, W_Q, W_K, W_V and their biases.

    Raises:
        InputError: a weight matrix or a bias that does not meet what it multiplies.
    """
    asking, other = rows(X), rows(X if memory is None else memory)
    shape = (int(asking.shape[0]), int(other.shape[0]))
    names = sequences(tokens, memory_tokens, ("X", shape[0]), ("memory", shape[1]), memory is not None)
    for role, b in biases.items():
        if b is not None and weights[role] is None:
            raise InputError(
                f"{{b_{role}}} is given, but {{W_{role}}} is missing: a bias is added to a product with the weights"
            )
    fitted = _fitted(asking, other, weights, "X" if memory is None else "memory")
    x, y = give_sequences(sheet, asking, None if memory is None else other, names)
    given = {
        role: give_projection(sheet, role, W, bias(biases[role], f"b_{role}", int(W.shape[1]), f"W_{role}"), Naming())
        for role, W in fitted.items()
    }
    sheet.convention(
        "one token a row, so a row is multiplied by a weight matrix from the right: {q} = {x}",
        q=word("q_i"), x=product([word("x_i"), word("W_Q")]),
    )  # fmt: skip
    sheet.convention("no dropout of the attention weights, as at inference")
    root = give_root(sheet, d_k, int(fitted["K"].shape[1]), "W_K")
    return Start(shape, root, names, tokens=Tokenwise(x, y, given))


def give_sequences(sheet: Worksheet, X: Values, memory: Values | None, names: Sequences) -> tuple[Symbol, Symbol]:
    """X, and the other sequence or X again."""
    x = sheet.given("X", X, "tokens, one a row (embedding, with position)", option="X", rows=names.queries)
    if memory is None:
        return x, x
    meaning = "the other sequence (memory), which keys and values are made from"
    return x, sheet.given("X_m", memory, meaning, option="memory", rows=names.keys)


def _fitted(X: Values, other: Values, weights: Roles, option: str) -> dict[str, Values]:
    """The weight matrices, each with as many rows as its tokens have columns."""
    found: dict[str, Values] = {}
    for role, W in weights.items():
        if W is not None:
            of, source = (X, "X") if role == "Q" else (other, option)
            found[role] = fitting(W, f"W_{role}", int(of.shape[1]), source, of.shape)
        elif role != "V":
            raise InputError(
                f"{{W_{role}}} is missing: {{X}} needs the weights {{W_Q}} and {{W_K}}, and {{W_V}} for the output"
            )
    keys, queries = found["K"].shape, found["Q"].shape
    if queries[1] != keys[1]:
        raise InputError(
            f"{{W_K}} is {write(keys)}, but {{W_Q}} is {write(queries)}: a query meets a key in a dot product, so "
            f"{{W_K}} needs {amount(int(queries[1]), 'column')}"
        )
    return found


def give_root(sheet: Worksheet, d_k: Scalar | None, width: int | None, source: str) -> Symbol:
    """d_k: the width of the keys, or 64 where only scores are given.

    Raises:
        InputError: it is not positive, or contradicts the width.
    """
    if d_k is not None and d_k.exact(()) <= 0:
        raise InputError(f"{{d_k}} is {d_k.text(())}: it must be positive, since the scores are divided by its root")
    if width is not None and d_k is not None and d_k.exact(()) != width:
        raise InputError(
            f"{{d_k}} is {d_k.text(())}, but {{{source}}} has {amount(width, 'column')}: leave {{d_k}} out, or make it "
            f"{width}"
        )
    usual = Values((), (str(width or 64),))
    shown = d_k if d_k is not None and width is None else usual
    root = sheet.given("d_k", shown, "size of a key, the number of terms in q·k", option="d_k")
    if width is not None:
        sheet.convention(f"{{d}} = {width} (default: the width of {{w}})", d=root, w=word(source))
    elif d_k is None:
        sheet.convention("{d} = 64 (default: the width of a head in the original Transformer)", d=root)
    return root
