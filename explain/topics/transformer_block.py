"""A transformer block: encoder or decoder, forward and backward."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.checks import finite_difference
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.maps import Maps
from explain.masks import Mask
from explain.parameters import Count, Matrix, Scalar
from explain.tokens import Tokens, names_for
from explain.topics._attention.again import refer_back
from explain.topics._attention.block import run
from explain.topics._attention.block_given import Block, give_norms
from explain.topics._attention.feed_forward import Activation
from explain.topics._attention.layouts import Raw
from explain.topics._attention.source import as_rows, rows
from explain.topics._norms.input import give_epsilon

EPSILON = ("1e-5", "PyTorch; Keras takes 1e-3, the paper says nothing")


@topic
def transformer_block(
    X: Annotated[Matrix, "tokens that go in, one a row (n×d)"],
    encoding: Annotated[
        Literal["none", "sinusoidal"], "sinusoidal: X are embeddings, to which sines and cosines of the place are added"
    ] = "none",
    kind: Annotated[Literal["encoder", "decoder"], "decoder: masked self-attention, then cross-attention"] = "encoder",
    norm: Annotated[Literal["post", "pre"], "normalise after the sum (the paper), or before the sublayer"] = "post",
    heads: Annotated[Count | None, "number of heads h; that of W_Q's matrices where | stands between them"] = None,
    W_Q: Annotated[Maps | None, "weights of the queries: d×(h·d_k), heads side by side, or | between heads"] = None,
    W_K: Annotated[Maps | None, "weights of the keys, likewise"] = None,
    W_V: Annotated[Maps | None, "weights of the values, likewise"] = None,
    W_O: Annotated[Maps | None, "output weights of the attention"] = None,
    b_Q: Annotated[Maps | None, "bias of the queries"] = None,
    b_K: Annotated[Maps | None, "bias of the keys"] = None,
    b_V: Annotated[Maps | None, "bias of the values"] = None,
    b_O: Annotated[Maps | None, "bias of the attention's output"] = None,
    W_in: Annotated[Maps | None, "PyTorch's in_proj_weight, 3d×d"] = None,
    b_in: Annotated[Maps | None, "PyTorch's in_proj_bias, 3d numbers"] = None,
    layout: Annotated[
        Literal["paper", "pytorch", "keras"], "how the weights are kept; pytorch: outputs are rows; keras: d×h×d_k"
    ] = "paper",
    memory: Annotated[Matrix | None, "decoder: output of the encoder, one token a row"] = None,
    W_Q_2: Annotated[Maps | None, "decoder: weights of the cross-attention's queries"] = None,
    W_K_2: Annotated[Maps | None, "decoder: of its keys"] = None,
    W_V_2: Annotated[Maps | None, "decoder: of its values"] = None,
    W_O_2: Annotated[Maps | None, "decoder: of its output"] = None,
    b_Q_2: Annotated[Maps | None, "decoder: bias of the cross-attention's queries"] = None,
    b_K_2: Annotated[Maps | None, "decoder: of its keys"] = None,
    b_V_2: Annotated[Maps | None, "decoder: of its values"] = None,
    b_O_2: Annotated[Maps | None, "decoder: of its output"] = None,
    W_in_2: Annotated[Maps | None, "decoder: in_proj_weight of the cross-attention"] = None,
    b_in_2: Annotated[Maps | None, "decoder: in_proj_bias of the cross-attention"] = None,
    W_1: Annotated[
        Matrix | None, "feed-forward weights d×d_ff; without them the block ends after the attention"
    ] = None,
    b_1: Annotated[Matrix | None, "their bias"] = None,
    W_2: Annotated[Matrix | None, "feed-forward weights d_ff×d"] = None,
    b_2: Annotated[Matrix | None, "their bias"] = None,
    activation: Annotated[Activation, "activation of the feed-forward network"] = "relu",
    gamma_1: Annotated[Matrix | None, "scale of the first normalisation; 1 where it is not given"] = None,
    beta_1: Annotated[Matrix | None, "its shift; 0 where it is not given"] = None,
    gamma_2: Annotated[Matrix | None, "scale of the second normalisation"] = None,
    beta_2: Annotated[Matrix | None, "its shift"] = None,
    gamma_3: Annotated[Matrix | None, "scale of the third normalisation (decoder)"] = None,
    beta_3: Annotated[Matrix | None, "its shift"] = None,
    eps: Annotated[Scalar | None, "ε under the root of the normalisations; default 1e-5"] = None,
    mask: Annotated[Mask | None, "of the self-attention: none, causal (default in a decoder), or 1 and 0"] = None,
    padding: Annotated[Matrix | None, "1 for each token, 0 for padding, which nobody looks at"] = None,
    memory_padding: Annotated[Matrix | None, "the same for the memory"] = None,
    tokens: Annotated[Tokens | None, "names of the tokens: Thinking,Machines"] = None,
    memory_tokens: Annotated[Tokens | None, "names of the memory's tokens"] = None,
    dY: Annotated[Matrix | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Transformer block: attention, Add & Norm, feed-forward network, Add & Norm.

    An encoder block is self-attention and a feed-forward network; a decoder block has cross-attention to the memory
    between them, and a causal mask. Each of these sublayers has a residual connection and a layer normalisation, after
    the sum (post-norm) or in front of the sublayer (pre-norm). Shapes: X and Y (n×d), the weights as in
    multi-head-attention and feed-forward. There is no dropout, as at inference.

    Field: Attention and transformers

    Source: Vaswani et al. 2017, Attention Is All You Need, sections 3.1 to 3.3; pre-norm: Xiong et al. 2020, table 1

    Examples:
        explain transformer-block --X "1,0;0,2" --heads 1 --W-Q "1,0;0,1" --W-K "1,1;0,1" --W-V "1,0;0,1"
        explain transformer-block --X "1;3" --layout pytorch --heads 1 --W-in "1;2;1" --W-1 "1;-1" --W-2 1,2 --norm pre
        explain transformer-block --X "1,0;0,2" --encoding sinusoidal --W-Q "1;0|0;1" --W-K "1;1|0;1" --W-V "1;0|1;1"
        explain transformer-block --X "1,2" --heads 1 --W-Q "1;0" --W-K "1;1" --W-V "1,2;0,1" --norm pre --dY 1,-1

    Raises:
        InputError: weights, biases, masks or names that do not meet; a decoder without memory, or memory without one.
    """
    sheet = Worksheet(f"Transformer {kind} block", transformer_block.source)
    asking = rows(X)
    own = Raw(
        {"Q": W_Q, "K": W_K, "V": W_V, "O": W_O, "in": W_in}, {"Q": b_Q, "K": b_K, "V": b_V, "O": b_O, "in": b_in}
    )
    crossed = Raw(
        {"Q": W_Q_2, "K": W_K_2, "V": W_V_2, "O": W_O_2, "in": W_in_2},
        {"Q": b_Q_2, "K": b_K_2, "V": b_V_2, "O": b_O_2, "in": b_in_2},
    )
    other = _memory(kind, memory, crossed, memory_tokens, memory_padding)
    names = names_for("tokens", tokens, "X", int(asking.shape[0]))
    block = Block(sheet, asking, heads, layout, names, encoding != "none")
    block.attention(own, mask or (Mask("causal") if kind == "decoder" else None), padding)
    if other is not None:
        block.cross_attention(crossed, other, memory_tokens, memory_padding)
    block.feed_forward({"W_1": W_1, "b_1": b_1, "W_2": W_2, "b_2": b_2}, activation)
    epsilon = give_epsilon(sheet, eps, *EPSILON)
    scales = {
        "gamma_1": gamma_1,
        "beta_1": beta_1,
        "gamma_2": gamma_2,
        "beta_2": beta_2,
        "gamma_3": gamma_3,
        "beta_3": beta_3,
    }
    more = "give {W_1} and {W_2}" if W_1 is None else "choose {kind} decoder"
    norms = give_norms(sheet, scales, len(block.sublayers), block.width, epsilon, more)
    upstream = None if dY is None else _upstream(sheet, dY, asking, names)
    _conventions(sheet, kind, norm, mask, W_1 is None)
    if encoding == "sinusoidal":
        block.encode()

    Y = run(sheet, block.X, block.sublayers, norms.weights, norm == "pre")
    results = [Y]
    if upstream is not None:
        sheet.part("Backward pass")
        wanted = [*block.wanted, *norms.all]
        forward = len(sheet.steps)
        sheet.backward(Y, wanted, seed=upstream, jacobians=False)
        refer_back(sheet, forward)
        reached = Sum(Y * upstream)
        finite_difference(sheet, reached, wanted, reached)
        results += [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
    block.check()
    return sheet.answer(*results)


def _memory(
    kind: str, memory: Matrix | None, crossed: Raw, names: Tokens | None, padding: Matrix | None
) -> Values | None:
    """What a decoder block looks at; an encoder block has no such thing.

    Raises:
        InputError: a decoder without memory, or what belongs to a decoder in an encoder.
    """
    if kind == "decoder":
        if memory is None:
            raise InputError(
                "{memory} is missing: a decoder block attends to the encoder's output; without it choose {kind} encoder"
            )
        return rows(memory)
    second = {f"W_{role}_2": W for role, W in crossed.weights.items()}
    second |= {f"b_{role}_2": b for role, b in crossed.biases.items()}
    for name, given in {"memory": memory, "memory_tokens": names, "memory_padding": padding, **second}.items():
        if given is not None:
            raise InputError(
                f"{{{name}}} is given, but {{kind}} is encoder: only a decoder block looks at a memory; choose decoder "
                f"or leave {{{name}}} out"
            )
    return None


def _upstream(sheet: Worksheet, dY: Matrix, X: Values, names: tuple[str, ...] | None) -> Symbol:
    """∂L/∂Y, of the shape of X."""
    given = as_rows(dY, int(X.shape[0]))
    if given.shape != X.shape:
        has = f"is {write(dY.shape)}" if len(dY.shape) > 1 else f"has {amount(len(dY), 'number')}"
        raise InputError(f"{{dY}} {has}, but Y is {write(X.shape)}: it needs the shape of Y")
    return sheet.given("dL/dY", given, "gradient of the loss L, arriving from above", option="dY", rows=names)


def _conventions(sheet: Worksheet, kind: str, norm: str, mask: Mask | None, short: bool) -> None:
    if norm == "post":
        sheet.convention(
            "post-norm, as in the paper: what goes into a sublayer is added to its output, and the sum is normalised"
        )
    else:
        sheet.convention(
            "pre-norm, as in GPT-2: a sublayer works on its normalised input, and its output is added to the input "
            "itself, which goes up past all normalisations; so a stack of such blocks ends with one more of them"
        )
    if kind == "decoder" and mask is None:
        sheet.convention(
            "the self-attention of a decoder is masked (default: causal): no token looks at a later one, which at "
            "inference is not written yet"
        )
    if short:
        sheet.convention("no feed-forward weights are given: the block is worked up to the end of its attention")
