"""Scaled dot-product attention."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.shapes import write
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.masks import Mask
from explain.parameters import Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._attention.checks import check_weights
from explain.topics._attention.equation import say_equation
from explain.topics._attention.heads import Setting, attention_weights, scores_of
from explain.topics._attention.masked import give_mask
from explain.topics._attention.naming import Naming
from explain.topics._attention.projections import project
from explain.topics._attention.rows import Attended, worked_too
from explain.topics._attention.source import Start, Tokenwise, as_rows, from_pair, from_scores, from_tokens
from explain.topics._attention.values import give_values, outputs


@topic
def attention(
    scores: Annotated[Matrix | None, "scores q·k: one query's as 112,96, one row a query as 1,2;3,4"] = None,
    Q: Annotated[Matrix | None, "queries, one a row"] = None,
    K: Annotated[Matrix | None, "keys, one a row"] = None,
    V: Annotated[Matrix | None, "values, one a row; without them v₁, v₂, … stay symbols"] = None,
    X: Annotated[Matrix | None, "tokens, one a row: queries, keys and values are made from them"] = None,
    memory: Annotated[Matrix | None, "cross-attention: the tokens that keys and values are made from"] = None,
    W_Q: Annotated[Matrix | None, "weights of the queries, as many rows as X has columns"] = None,
    W_K: Annotated[Matrix | None, "weights of the keys"] = None,
    W_V: Annotated[Matrix | None, "weights of the values; without them v₁, v₂, … stay symbols"] = None,
    b_Q: Annotated[Matrix | None, "bias of the queries"] = None,
    b_K: Annotated[Matrix | None, "bias of the keys"] = None,
    b_V: Annotated[Matrix | None, "bias of the values"] = None,
    d_k: Annotated[Scalar | None, "size of a key, whose root divides the scores; 64 with --scores"] = None,
    mask: Annotated[Mask | None, "causal; or 1 where a query (row) may look at a key, 0 where not"] = None,
    padding: Annotated[Matrix | None, "1 for each key that is a token, 0 for padding, which nobody looks at"] = None,
    tokens: Annotated[Tokens | None, "names of the tokens, one a query: Thinking,Machines"] = None,
    memory_tokens: Annotated[Tokens | None, "names of the keys, where they are other tokens"] = None,
    dZ: Annotated[Matrix | None, "∂L/∂Z arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Scaled dot-product attention: softmax(QKᵀ/√d_k) V.

    Scores are divided by √d_k, softmax turns each row into weights, and the output is the weighted average of the
    values. Start from the scores of one or more queries, from Q (n×d_k), K (m×d_k) and V (m×d_v), or from tokens X
    (n×d) and the weights W_Q (d×d_k), W_K (d×d_k), W_V (d×d_v). `--find dz_1/dv_2` (or dz_1/dq_1, dz_1/ds_1) works the
    derivative of one row by another. There is no dropout, as at inference.

    Field: Attention and transformers

    Source: Vaswani et al. 2017, Attention Is All You Need, eq. 1; masks: section 3.2.3

    Examples:
        explain attention --scores 112,96
        explain attention --scores 112,96 --V "1,0;0,1" --tokens Thinking,Machines
        explain attention --Q "1,0;0,2" --K "1,1;0,1" --V "2,0;0,4" --mask causal
        explain attention --Q "1,0;0,2" --K "1,1;0,1" --V "2,0;0,4" --dZ "1,0;0,1"
        explain attention --X "1,0;0,1" --W-Q "1,2;0,1" --W-K "1,0;1,1" --W-V "2,0;0,3" --tokens Thinking,Machines
        explain attention --X "1,2" --memory "1,0;0,1;1,1" --W-Q "1;0" --W-K "0;1" --W-V "1,0;0,1" --padding 1,1,0

    Raises:
        InputError: neither scores, nor Q and K, nor X; shapes that do not meet, a d_k that is not the keys' width, a
            mask that hides every key from a query, more or fewer names than tokens.
    """
    sheet = Worksheet("Scaled dot-product attention", attention.source)
    several = dZ is not None or (mask is not None and mask.name == "causal")
    naming = Naming(single=scores is not None and len(scores) == scores.shape[-1] and not several)
    if X is not None:
        _left_out("X", "queries, keys and values are made from {X}", scores=scores, Q=Q, K=K, V=V)
        weights, biases = {"Q": W_Q, "K": W_K, "V": W_V}, {"Q": b_Q, "K": b_K, "V": b_V}
        start = from_tokens(sheet, X, memory, weights, biases, d_k, tokens, memory_tokens)
    else:
        _needs_tokens(memory=memory, W_Q=W_Q, W_K=W_K, W_V=W_V, b_Q=b_Q, b_K=b_K, b_V=b_V)
        if scores is not None:
            _left_out("scores", "scores are made from {Q} and {K}", Q=Q, K=K)
            start = from_scores(sheet, scores, d_k, tokens, memory_tokens, naming)
        else:
            start = from_pair(sheet, Q, K, d_k, tokens, memory_tokens)
    values = None if W_V is not None else give_values(sheet, V, start.shape[1], naming, start.names)
    hidden = give_mask(sheet, mask, padding, start.shape, start.names, naming)
    upstream = None if dZ is None else _upstream(sheet, dZ, values, start)

    sheet.part("Forward pass" if upstream else "")
    raw, pair = start.raw, start.pair
    if start.tokens is not None:
        pair, made = _projected(sheet, start.tokens, naming)
        values = made or values
    if raw is None:
        assert pair is not None
        raw = scores_of(sheet, *pair, naming)
    assert values is not None
    weighted = attention_weights(sheet, raw, Setting(start.root, hidden, start.names), naming)
    results = outputs(sheet, weighted, values, naming, start.names)
    if isinstance(values, Symbol) and scores is None:
        say_equation(sheet, results[0], [naming.of(base) for base in ("S", "U", "U_m", "A")])
    if upstream is not None:
        sheet.part("Backward pass")
        wanted = [*start.wanted, *([values] if X is None and isinstance(values, Symbol) else [])]
        sheet.backward(results[0], wanted, seed=upstream, jacobians=False)
        reached = Sum(results[0] * upstream)
        finite_difference(sheet, reached, wanted, reached)
        results += [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
    check_weights(sheet, weighted, naming.of("U_m" if hidden else "U") if naming.single else "")
    answer = sheet.answer(*results)
    q, k = pair or (None, None)
    attended = Attended(q, k, raw, start.root, hidden.symbol if hidden else None, weighted, values)
    answer.more = lambda name: worked_too(sheet, attended, answer, name)
    return answer


def _left_out(given: str, why: str, **others: object) -> None:
    """Refuse what follows from something else that is given."""
    for name, other in others.items():
        if other is not None:
            raise InputError(f"{{{given}}} and {{{name}}} are both given: {why}; leave one of them out")


def _needs_tokens(**others: object) -> None:
    """Refuse weights without tokens to multiply."""
    for name, other in others.items():
        if other is not None:
            raise InputError(
                f"{{{name}}} is given, but {{X}} is missing: weights make queries, keys and values from tokens; give "
                f"{{X}}, or leave {{{name}}} out"
            )


def _upstream(sheet: Worksheet, dZ: Matrix, values: Symbol | list[Symbol] | None, start: Start) -> Symbol:
    """∂L/∂Z, of the shape of Z."""
    width = start.tokens.value_width if start.tokens else values.shape[1] if isinstance(values, Symbol) else None
    if not isinstance(width, int):
        missing = "{W_V}" if start.tokens else "{V}"
        raise InputError(f"{{dZ}} is given, but {missing} is missing: the gradients need the values")
    given, shape = as_rows(dZ, start.shape[0]), (start.shape[0], width)
    if given.shape != shape:
        raise InputError(f"{{dZ}} is {write(given.shape)}, but Z is {write(shape)}: it needs the shape of Z")
    meaning = "gradient of the loss L, arriving from above"
    return sheet.given("dL/dZ", given, meaning, option="dZ", rows=start.names.queries)


def _projected(sheet: Worksheet, tokens: Tokenwise, naming: Naming) -> tuple[tuple[Symbol, Symbol], Symbol | None]:
    """Queries and keys, and values, made from the tokens."""
    q = project(sheet, "Q", tokens.X, tokens.weights["Q"], naming)
    k = project(sheet, "K", tokens.memory, tokens.weights["K"], naming)
    if "V" not in tokens.weights:
        return (q, k), None
    return (q, k), project(sheet, "V", tokens.memory, tokens.weights["V"], naming)
