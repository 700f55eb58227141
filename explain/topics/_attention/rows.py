"""One row of an attention as a column of its own, and the derivative of one row by another: dz_1/dv_2, dz_1/dq_1.

Source: the chain rule along softmax(QKᵀ/√d_k) V of Vaswani et al. 2017, eq. 1; Jacobians as in Goodfellow, Bengio and
Courville 2016, section 6.5.2.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from explain.engine.answer import Answer
from explain.engine.jacobian import NoJacobianError, jacobian
from explain.engine.names import total, word
from explain.engine.nodes.arithmetic import Times, sqrt, times
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.blocks import Rows
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.identity import Identity
from explain.engine.notation import Word, related
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.pullback import pull
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, shown

ASKED = re.compile(r"d([zaus])_(\d{1,4})/d([vausqk])_(\d{1,4})")
MOST_KEYS = 64  # terms of a sum that is written out
MOST_IN_A_SENTENCE = 4
PART = "One row by another"


class Attended(NamedTuple):
    """The quantities of one attention on a sheet; queries and keys are None where the scores are given."""

    queries: Symbol | None
    keys: Symbol | None
    raw: Symbol
    root: Symbol
    mask: Symbol | None
    weights: Symbol
    values: Symbol | list[Symbol]


def worked_too(sheet: Worksheet, found: Attended, answer: Answer, name: str) -> Answer | None:
    """The answer with the derivative of one row by another; None where the name asks for no such thing.

    Raises:
        InputError: there is no such row, or it does not depend on the other one.
    """
    asked = ASKED.fullmatch(name)
    if asked is None:
        return None
    top, bottom = f"{asked[1]}_{asked[2]}", f"{asked[3]}_{asked[4]}"
    query, other = int(asked[2]) - 1, int(asked[4]) - 1
    if asked[3] == "k":
        raise InputError(
            f"{{find}} {shown(name)}: derivatives by one key are not worked; ask for d{top}/dq_{asked[2]} or "
            f"d{top}/ds_{asked[2]}, or give {{dZ}} for the gradient at K"
        )
    limit = int(found.weights.shape[1 if asked[3] == "v" else 0])
    if not 0 <= query < int(found.weights.shape[0]) or not 0 <= other < limit:
        raise InputError(
            f"{{find}} {shown(name)}: there are {found.weights.shape[0]} queries and {found.weights.shape[1]} keys"
        )
    if asked[3] != "v" and query != other:
        raise InputError(f"{{find}} {shown(name)}: {top} does not depend on {bottom}: every query is worked by itself")
    sheet.part(PART)
    if asked[3] == "v":
        if asked[1] != "z":
            raise InputError(f"{{find}} {shown(name)}: only the output z_{query + 1} depends on the values")
        _by_value(sheet, found, query, other)
    elif not _by_column(sheet, found, query, top, bottom):
        return None
    wider = sheet.answer(*(answer.symbol(result) for result in answer.results))
    wider.more = answer.more
    wider.conventions = [
        *answer.conventions,
        say("a straight d counts every path between the two rows; outputs are rows of it"),
    ]
    return wider


def _row(sheet: Worksheet, name: str, matrix: Symbol, at: int, what: str) -> Symbol:
    """Row `at` of a matrix as a column."""
    if sheet.definition(name) is not None:
        return sheet.last(name)
    return sheet.define(
        name, Rows(matrix, at, at + 1).T, f"{what} as a column", say(f"row {at + 1} of {{M}}", M=matrix)
    )


def _by_value(sheet: Worksheet, found: Attended, query: int, other: int) -> None:
    """z_i is a sum in which v_j has one factor: the weight of key j."""
    z, v = f"z_{query + 1}", f"v_{other + 1}"
    if isinstance(found.values, Symbol):
        if int(found.weights.shape[1]) > MOST_KEYS:
            raise InputError(
                f"{{find}} d{z}/d{v}: the sum over {found.weights.shape[1]} keys is too long to be written"
            )
        terms = [
            found.weights[query, at] * _row(sheet, f"v_{at + 1}", found.values, at, f"Value {at + 1}")
            for at in range(int(found.weights.shape[1]))
        ]
        summed = sum(terms[1:], terms[0])
        sheet.define(
            z,
            summed,
            f"Output of query {query + 1} as a sum",
            say("row {i} of {A} times {V}, term by term", i=query + 1, A=found.weights, V=found.values),
        )
    output = sheet.last(z)
    definition = sheet.definition(z)
    assert definition is not None
    factor = _factor(pull(definition, Symbol("seed", output.shape), output, {v})[v])
    if output.name in sheet.values:
        identity: Node = Identity(max(int(size) for size in output.shape))
    else:
        identity = sheet.given("I", None, "identity matrix, as wide as a value", shape=("d_v", "d_v"))
    sheet.define(
        f"d{z}/d{v}",
        times(factor, identity),
        say("How {z} depends on {v}", z=output, v=word(v)),
        _only_term(output, definition, word(v), factor),
        written=total(z, v),
    )


def _only_term(output: Symbol, definition: Node, v: Word, factor: Node) -> Prose:
    """Why a value has one factor in the output."""
    told = (
        "{v} stands in one term only, with the factor {f}: each entry of {v} moves the same entry of {z} by that much"
    )
    if len(definition.operands) > MOST_IN_A_SENTENCE:
        return say(told, v=v, f=factor, z=output)
    return say("in {s}, " + told, s=related(output.word, "=", SYMBOLIC.write(definition)), v=v, f=factor, z=output)


def _factor(pulled: Node) -> Node:
    """What stands beside the seed."""
    assert isinstance(pulled, Times)
    return next(part for part in pulled.operands if getattr(part, "name", "") != "seed")


def _by_column(sheet: Worksheet, found: Attended, query: int, top: str, bottom: str) -> bool:
    """The steps of one query as columns, and the Jacobian along them."""
    if bottom[0] == "q" and found.queries is None:
        raise InputError(
            f"{{find}} d{top}/d{bottom}: the scores are given; ask for d{top}/ds_{query + 1}, or give {{Q}} and {{K}}"
        )
    if not isinstance(found.values, Symbol) and top[0] == "z":
        if found.values[0].name not in sheet.values:
            raise InputError(
                f"{{find}} d{top}/d{bottom}: give {{V}}, one value a row: the derivative needs all of them"
            )
        raise InputError(
            f"{{find}} d{top}/d{bottom}: of one query the values are worked one by one; give {{Q}}, {{K}}, {{V}}, or "
            "the scores of two or more queries"
        )
    i = query + 1
    if found.queries is not None and found.keys is not None:
        q = _row(sheet, f"q_{i}", found.queries, query, f"Query {i}")
        s = sheet.define(
            f"s_{i}",
            found.keys @ q,
            f"Scores of query {i}",
            say("every key, a row of {K}, times {q}", K=found.keys, q=q),
        )
    else:
        s = _row(sheet, f"s_{i}", found.raw, query, f"Scores of query {i}")
    u = sheet.define(
        f"u_{i}", s / sqrt(found.root), f"Scaled scores of query {i}", say("divided by {r}", r=sqrt(found.root))
    )
    if found.mask is not None:
        hidden = Rows(found.mask, query, i).T
        u = sheet.define(
            f"w_{i}", u + hidden, f"Masked scores of query {i}", say("row {i} of {M} is added", i=i, M=found.mask)
        )
    a = sheet.define(
        f"a_{i}", Softmax(u, 0), f"Weights of query {i}", say("row {i} of {A}, as a column", i=i, A=found.weights)
    )
    if isinstance(found.values, Symbol):
        sheet.define(
            f"z_{i}",
            found.values.T @ a,
            f"Output of query {i}",
            say("the values, columns of {V}, weighted by {a}", V=found.values.T, a=a),
        )
    try:
        jacobian(sheet, top, bottom)
    except NoJacobianError as error:
        raise InputError(f"{{find}} d{top}/d{bottom}: {error}") from error
    return True
