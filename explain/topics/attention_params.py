"""Parameters of multi-head attention."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.names import word
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.sizes import Quotient
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.layers.base import Flow, Framework, as_node, counted
from explain.layers.simple import Dense, MultiHead
from explain.parameters import Count
from explain.topics._counting import Asked, direct_count, introduced, number_of, tensors_table

YesNo = Literal["yes", "no"]


@topic
def attention_params(
    d_model: Annotated[Count, "width of the tokens, d_model"],
    heads: Annotated[Count, "number of heads h"],
    key_dim: Annotated[Count | None, "width of a query and key in one head (Keras' key_dim); default d_model/h"] = None,
    value_dim: Annotated[Count | None, "width of a value in one head; default key_dim"] = None,
    bias: Annotated[YesNo, "whether the four projections have biases"] = "yes",
    framework: Annotated[Framework, "whose arrays are counted for the check"] = "keras",
) -> Answer:
    """Parameters of multi-head attention.

    Projections to queries, keys and values for all heads, and one back to the width of the tokens. The length of the
    sequence does not matter; without key_dim neither does the number of heads.

    Field: Counting

    Source: Vaswani et al. 2017, Attention Is All You Need, section 3.2.2; Keras documentation, MultiHeadAttention;
    PyTorch documentation, torch.nn.MultiheadAttention

    Examples:
        explain attention-params --d-model 512 --heads 8
        explain attention-params --d-model d --heads h --key-dim k
        explain attention-params --d-model 512 --heads 8 --key-dim 512

    Raises:
        InputError: heads that do not divide the width, where key_dim is not given; PyTorch with a key_dim of its own.
    """
    _check_heads(d_model, heads, key_dim, value_dim, framework)
    sheet = Worksheet("Parameters of multi-head attention", attention_params.source)
    asked = [
        Asked("d_model", d_model, "d", "width of a token: what enters and leaves"),
        Asked("heads", heads, "h", "number of heads"),
    ]
    if key_dim is not None:
        asked.append(Asked("key_dim", key_dim, "d_k", "width of a query and of a key in one head"))
    if value_dim is not None:
        asked.append(Asked("value_dim", value_dim, "d_v", "width of a value in one head"))
    d, h, *widths = introduced(sheet, asked)
    keys: Node = h * widths[0] if key_dim is not None else d
    values: Node = h * widths[-1] if value_dim is not None else keys
    biased = bias == "yes"
    layer = MultiHead(d, h, keys, values, biased)
    _widths_told(sheet, layer, key_dim is None, framework)
    query = _projection(sheet, "P_Q", keys, layer, "query")
    total: Node = 3 * query
    same = "queries, keys and values have projections of the same shape"
    if value_dim is not None:
        total = 2 * query + _projection(sheet, "P_V", values, layer, "value")
        same = "queries and keys have projections of the same shape"
    out = sheet.define(
        "P_O",
        as_node(counted(layer.tensors(Flow((1, d), "sequence"))[-2 if biased else -1 :])),
        say("{p}, the output projection", p=word("P_O")),
        say(
            "the outputs of all {h} heads stand side by side, {v} numbers a token; one matrix takes them back to {d}"
            + (", and there is a bias" if biased else ""),
            h=h,
            v=values,
            d=d,
        ),
        closed=factored,
    )
    result = sheet.define("P", total + out, "Parameters of the layer", same, closed=factored)
    tensors_table(sheet, layer.tensors(Flow((1, d), "sequence")), result)
    arrays = layer.stored(Flow((1, d), "sequence"), framework)
    direct_count(sheet, result, [(1, array) for array in arrays], framework)
    return sheet.answer(result)


def _check_heads(
    d_model: Count, heads: Count, key_dim: Count | None, value_dim: Count | None, framework: Framework
) -> None:
    if key_dim is None and value_dim is not None:
        raise InputError("{value_dim} is given, but {key_dim} is missing: give both, or neither")
    if framework == "pytorch" and key_dim is not None:
        raise InputError("{framework} is pytorch, where a head always has d_model/h columns: leave {key_dim} out")
    if key_dim is None and d_model.number and heads.number and d_model.number % heads.number:
        raise InputError(
            f"{{heads}} is {heads.number}, which does not divide {{d_model}} {d_model.number}: all heads have the same "
            "width, so take a divisor, or give {key_dim}"
        )


def _widths_told(sheet: Worksheet, layer: MultiHead, usual: bool, framework: Framework) -> None:
    """How wide a head is, what Keras' key_dim means, and what the original has no biases for."""
    d, h = as_node(layer.width), as_node(layer.heads)
    same = isinstance(d, Symbol) and isinstance(h, Symbol) and d.name == h.name
    if usual and not same:
        sheet.convention(
            "a head is {w} wide (default), so that all heads together are as wide as a token: {h} does not change the "
            "count",
            w=Quotient(d, h),
            h=h,
        )
    elif usual:
        sheet.convention("a head is one number wide, so that all heads together are as wide as a token")
    else:
        told = "queries and keys have {k} columns for all heads together, values {v}"
        sheet.convention(told, k=as_node(layer.keys), v=as_node(layer.values))
    if framework == "keras":
        _key_dim_told(sheet, layer, usual)
    if layer.bias:
        plain = MultiHead(d, h, layer.keys, layer.values, bias=False)
        count = as_node(counted(plain.tensors(Flow((1, d), "sequence"))))
        known = number_of(sheet, count)
        told = "with biases (Keras and PyTorch by default); Vaswani et al. 2017 have none: {n}"
        sheet.convention(told + (f" = {known}" if known else ""), n=factored(count))


def _key_dim_told(sheet: Worksheet, layer: MultiHead, usual: bool) -> None:
    """Keras' key_dim is easily taken for the width of all heads."""
    d, h = as_node(layer.width), as_node(layer.heads)
    width, heads = number_of(sheet, d), number_of(sheet, h)
    if not usual or width is None or heads is None or heads == 1:
        sheet.convention("Keras' key_dim is the width of one head, not of all of them together")
        return
    wrong = MultiHead(d, h, h * d, h * d, layer.bias)
    known = number_of(sheet, counted(wrong.tensors(Flow((1, d), "sequence"))))
    sheet.convention(
        f"Keras' key_dim is the width of one head, {width // heads} here, not of all of them together: with key_dim = "
        f"{width} there would be {known} parameters"
    )


def _projection(sheet: Worksheet, name: str, columns: Node, layer: MultiHead, what: str) -> Symbol:
    """The weights that make the queries, keys or values of all heads."""
    tensors = Dense(columns, layer.bias).tensors(Flow((layer.width,), "vector"))
    swapped = [tensors[0]._replace(shape=(layer.width, columns)), *tensors[1:]]  # rows are tokens: X W
    return sheet.define(
        name,
        as_node(counted(swapped)),
        say("{p}, one projection", p=word(name)),
        say(
            f"each of the {{d}} numbers of a token has one weight for each of the {{c}} {what} columns"
            + (", and each column has one bias" if layer.bias else ""),
            d=as_node(layer.width),
            c=columns,
        ),
        closed=factored,
    )
