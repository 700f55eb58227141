"""Multi-head attention."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.linear import Sum
from explain.engine.shapes import write
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.maps import Maps
from explain.masks import Mask
from explain.parameters import Count, Matrix
from explain.tokens import Tokens
from explain.topics._attention.again import refer_back
from explain.topics._attention.checks import check_heads
from explain.topics._attention.layouts import Raw, read_weights
from explain.topics._attention.masked import give_mask
from explain.topics._attention.multi import Given, give_weights, multi_head
from explain.topics._attention.naming import Naming
from explain.topics._attention.sequences import sequences
from explain.topics._attention.source import as_rows, give_sequences, rows


@topic
def multi_head_attention(
    X: Annotated[Matrix, "tokens, one a row (n×d)"],
    W_Q: Annotated[Maps | None, "weights of the queries: d×(h·d_k), heads side by side, or | between heads"] = None,
    W_K: Annotated[Maps | None, "weights of the keys, likewise"] = None,
    W_V: Annotated[Maps | None, "weights of the values, likewise"] = None,
    W_O: Annotated[Maps | None, "output weights, one row a column of the heads side by side; left out: none"] = None,
    heads: Annotated[Count | None, "number of heads h; that of W_Q's matrices where | stands between them"] = None,
    b_Q: Annotated[Maps | None, "bias of the queries, all heads"] = None,
    b_K: Annotated[Maps | None, "bias of the keys"] = None,
    b_V: Annotated[Maps | None, "bias of the values"] = None,
    b_O: Annotated[Maps | None, "bias of the output"] = None,
    W_in: Annotated[Maps | None, "PyTorch's in_proj_weight, 3d×d: W_Q, W_K, W_V under each other"] = None,
    b_in: Annotated[Maps | None, "PyTorch's in_proj_bias, 3d numbers"] = None,
    layout: Annotated[
        Literal["paper", "pytorch", "keras"], "how the weights are kept; pytorch: outputs are rows; keras: d×h×d_k"
    ] = "paper",
    memory: Annotated[Matrix | None, "cross-attention: the tokens that keys and values are made from"] = None,
    mask: Annotated[Mask | None, "causal; or 1 where a query (row) may look at a key, 0 where not"] = None,
    padding: Annotated[Matrix | None, "1 for each key that is a token, 0 for padding, which nobody looks at"] = None,
    tokens: Annotated[Tokens | None, "names of the tokens: Thinking,Machines"] = None,
    memory_tokens: Annotated[Tokens | None, "names of the tokens of the memory"] = None,
    dZ: Annotated[Matrix | None, "∂L/∂Z arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Multi-head attention: split into heads, attend in each, put side by side, times W_O.

    Every head has queries, keys and values of its own, head_i = softmax(Q_i K_iᵀ/√d_k) V_i; the heads stand side by
    side and are mixed by W_O. Shapes: X (n×d), W_Q and W_K (d×h·d_k), W_V (d×h·d_v), W_O (h·d_v×d). There is no
    dropout, as at inference.

    Field: Attention and transformers

    Source: Vaswani et al. 2017, Attention Is All You Need, section 3.2.2

    Examples:
        explain multi-head-attention --X "1,0;0,1" --heads 2 --W-Q "1,2;0,1" --W-K "1,0;1,1" --W-V "2,0;0,3"
        explain multi-head-attention --X "1,0;0,1" --W-Q "1;0 | 2;1" --W-K "1;1 | 0;1" --W-V "2;0 | 0;3" --W-O "1,0;1,1"
        explain multi-head-attention --X "1;2" --heads 1 --layout pytorch --W-in "1;2;0.5" --dZ "1;0" --tokens a,b

    Raises:
        InputError: heads that do not divide the width, weights or biases of another shape, a mask that hides every
            key from a query, more or fewer names than tokens.
    """
    sheet = Worksheet("Multi-head attention", multi_head_attention.source)
    asking, other = rows(X), rows(X if memory is None else memory)
    shape = (int(asking.shape[0]), int(other.shape[0]))
    names = sequences(tokens, memory_tokens, ("X", shape[0]), ("memory", shape[1]), memory is not None)
    raw = Raw(
        {"Q": W_Q, "K": W_K, "V": W_V, "O": W_O, "in": W_in}, {"Q": b_Q, "K": b_K, "V": b_V, "O": b_O, "in": b_in}
    )
    found = read_weights(raw, heads, layout, asking, other, "X" if memory is None else "memory")
    x, y = give_sequences(sheet, asking, None if memory is None else other, names)
    weights = give_weights(sheet, found, Naming())
    hidden = give_mask(sheet, mask, padding, shape, names, Naming())
    upstream = None
    if dZ is not None:
        given, needed = as_rows(dZ, shape[0]), (shape[0], found.width)
        if given.shape != needed:
            raise InputError(f"{{dZ}} is {write(given.shape)}, but Z is {write(needed)}: it needs the shape of Z")
        meaning = "gradient of the loss L, arriving from above"
        upstream = sheet.given("dL/dZ", given, meaning, option="dZ", rows=names.queries)

    part = "Forward pass" if upstream is not None else ""
    output = multi_head(sheet, Given(x, y, weights, hidden, names), Naming(), "Z", part)
    results = [output]
    if upstream is not None:
        sheet.part("Backward pass")
        wanted = [x, *([] if y is x else [y]), *weights.all]
        forward = len(sheet.steps)
        sheet.backward(output, wanted, seed=upstream, jacobians=False)
        refer_back(sheet, forward)
        reached = Sum(output * upstream)
        finite_difference(sheet, reached, wanted, reached)
        results += [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
    check_heads(sheet, found.heads, Naming())
    return sheet.answer(*results)
