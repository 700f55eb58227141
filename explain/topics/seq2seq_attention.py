"""Attention between the encoder and the decoder of a sequence-to-sequence model."""

from __future__ import annotations

from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import TANH
from explain.engine.names import word
from explain.engine.nodes.along import along
from explain.engine.nodes.arithmetic import sqrt
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.beside import Beside
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.over import stretched
from explain.engine.nodes.row_of import RowOf
from explain.engine.prose import say
from explain.engine.shapes import count
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Matrix
from explain.tokens import Tokens
from explain.topics._attention.checks import check_weights
from explain.topics._differences import differences
from explain.topics._seq2seq.additive import additive
from explain.topics._seq2seq.given import ONE, Question, read
from explain.topics._seq2seq.sheeted import Sheeted, give
from explain.topics._seq2seq.words import compared, passed_over, say_conventions, shares

MOST_COMPARED = 60  # entries of the contexts whose difference is worked too


@topic
def seq2seq_attention(
    H: Annotated[Matrix, "encoder states (m×d_h), one input token a row"],
    s: Annotated[Matrix, "decoder state, such as 1,0; several one a row: 1,0;0,1"],
    score: Annotated[Literal["dot", "general", "additive"], "sᵀh, sᵀW h, or vᵀ tanh(W s + U h)"] = "dot",
    W: Annotated[Matrix | None, "general: W (d×d_h); additive: W (a×d), for the decoder state"] = None,
    U: Annotated[Matrix | None, "additive: U (a×d_h), for the encoder states"] = None,
    v: Annotated[Matrix | None, "additive: v, one number for each row of W"] = None,
    scaled: Annotated[Literal["no", "yes"], "dot: the scores are divided by √d"] = "no",
    W_c: Annotated[Matrix | None, "Luong's attentional vector tanh(W_c [c; s]): W_c (k×(d_h+d))"] = None,
    tokens: Annotated[Tokens | None, "names of the input tokens: Je,suis,ici"] = None,
    output_tokens: Annotated[Tokens | None, "names of the outputs, one a decoder state: I,am"] = None,
    dC: Annotated[Matrix | None, "∂L/∂c arriving at the context: the gradients are worked too"] = None,
) -> Answer:
    """Attention in a sequence-to-sequence model: scores, weights and context, with and without attention.

    The decoder state is scored against every encoder state, softmax turns the scores into weights, and the context is
    the weighted average of the encoder states. Beside it stands what a model without attention uses at every output
    step: the last encoder state alone.

    Field: Attention and transformers

    Source: Bahdanau, Cho and Bengio 2015, Neural Machine Translation by Jointly Learning to Align and Translate, eqs.
    5 and 6; Luong, Pham and Manning 2015, section 3.1 (scores), eqs. 5 and 7; without attention: Sutskever, Vinyals
    and Le 2014

    Examples:
        explain seq2seq-attention --H "1,0;0,1;1,1" --s 2,1 --tokens Je,suis,ici
        explain seq2seq-attention --H "1,0;0,1;1,1" --s "2,1;0,1" --output-tokens I,am --dC "1,0;0,1"
        explain seq2seq-attention --H "1,0;0,1" --s 1,2,0 --score general --W "1,0;0,1;1,1" --W-c "1,0,0,1,0"
        explain seq2seq-attention --H "1,0;0,1" --s 1,2 --score additive --W "1,0;0,1" --U "1,1;0,1" --v 1,-1 --dC 1,0
        explain seq2seq-attention --H "1;2" --s "1;0" --score additive --W 0.5 --U 1 --v 2

    Raises:
        InputError: weights that the score has not, or lacks; shapes that do not meet; names that are not one a row.
    """
    if scaled == "yes" and score != "dot":
        raise InputError(f"{{scaled}} is yes, but {{score}} is {score}: only dot products are divided by √d")
    asked = read(H, s, score, {"W": W, "U": U, "v": v}, W_c, dC, tokens, output_tokens)
    sheet = Worksheet("Sequence to sequence: with and without attention", seq2seq_attention.source)
    given = give(sheet, asked, score)
    say_conventions(sheet, given, score, scaled == "yes")

    sheet.part("With attention")
    raw = _scores(sheet, asked, given, score)
    weights = _weights(sheet, asked, raw, given.state if scaled == "yes" else None)
    context = _context(sheet, asked, given, weights)
    results = [context]
    if given.W_c is not None:
        results.append(_attentional(sheet, asked, context, given.state, given.W_c))
    sheet.part("Without attention")
    results += _without(sheet, asked, given.H, weights, context)
    if given.upstream is not None:
        sheet.part("Backward pass")
        wanted = [given.H, given.state, *given.weights.values()]
        sheet.backward(context, wanted, seed=given.upstream, jacobians=False)
        differences(sheet, Sum(context * given.upstream), wanted)
        results += [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
    check_weights(sheet, weights)
    return sheet.answer(*results)


def _scores(sheet: Worksheet, asked: Question, given: Sheeted, score: str) -> Symbol:
    """The scores of every decoder state (rows) against every encoder state (columns)."""
    names, H, state = asked.names, given.H, given.state
    if score == "additive":
        return additive(sheet, asked, given)
    query = state
    if score == "general":
        query = sheet.define(
            names.query,
            state @ given.weights["W"],
            "Decoder state, through W",
            say(
                "{W} turns the {d} numbers of a decoder state into {n}, as many as an encoder state has, so that dot "
                "products can be taken",
                W=given.weights["W"], d=int(state.shape[1]), n=int(H.shape[1]),
            ),
        )  # fmt: skip
    entry = "entry j" if names is ONE else "entry (i, j)"
    of = "{q}" if names is ONE else "row i of {q}"
    return sheet.define(
        names.scores,
        query @ H.T,
        "Scores",
        say(
            f"{entry} is the dot product of {of} with the state of input token j: large where the two point the same "
            "way",
            q=query,
        ),
    )


def _weights(sheet: Worksheet, asked: Question, raw: Symbol, divided: Symbol | None) -> Symbol:
    """Softmax over the input tokens, after a division by √d where it is asked for."""
    names = asked.names
    if divided is not None:
        width = Values((), (str(divided.shape[1]),))
        d = sheet.given("d", width, "width of a state, the number of terms of a dot product")
        raw = sheet.define(
            names.scaled,
            raw / sqrt(d),
            "Scaled scores",
            say("a dot product of {d} terms varies by about {r} times as much as one term; divided by it the scores "
                "keep a size at which softmax does not run into 0 and 1", d=d, r=sqrt(d)),
        )  # fmt: skip
    weights = sheet.define(
        names.weights,
        Softmax(raw, 1),
        "Attention weights",
        "softmax over the input tokens, e to the power of each score over the sum of these powers"
        + (": positive, and together 1" if names is ONE else " in its row: positive, and each row together 1"),
    )
    sheet.steps[-1].note = shares(asked, weights, sheet.values[weights.name])
    return weights


def _context(sheet: Worksheet, asked: Question, given: Sheeted, weights: Symbol) -> Symbol:
    """C = Σⱼ αⱼ hⱼ."""
    one = "the average of all encoder states, each weighted by its share in {A}: every input token can be seen"
    several = (
        "row i is the average of all encoder states, weighted by row i of {A}: each output has a context of its own, "
        "and can see every input token"
    )
    why = one if asked.names is ONE else several
    return sheet.define(asked.names.context, weights @ given.H, "Context", say(why, A=weights))


def _attentional(sheet: Worksheet, asked: Question, context: Symbol, state: Symbol, W_c: Symbol) -> Symbol:
    """Luong's h̃ = tanh(W_c [c; s])."""
    before = sheet.define(
        asked.names.before,
        Beside(context, state) @ W_c.T,
        "Context and decoder state together",
        say(
            "{c} and {s} stand side by side and are weighed by {W} (Luong et al. 2015, eq. 5)",
            c=context,
            s=state,
            W=W_c,
        ),
    )
    return sheet.define(
        asked.names.attentional,
        TANH(before),
        "Attentional vector",
        say("tanh takes each entry of {z} into (-1, 1); from this vector the next word is predicted", z=before),
    )


def _without(sheet: Worksheet, asked: Question, H: Symbol, weights: Symbol, context: Symbol) -> list[Symbol]:
    """The last encoder state alone, and how far the context is from it."""
    m = int(H.shape[0])
    last = sheet.define("c_last", RowOf(H, m - 1, word(f"h_{m}")), "Context without attention", passed_over(asked))
    compared(sheet, asked, weights, context, last)
    every = last if asked.names is ONE else stretched(last, along(context.shape, last.shape))
    _check_difference(sheet, H, weights, context, last)
    if count(context.shape) > MOST_COMPARED:
        return [last]
    difference = sheet.define(
        asked.names.difference,
        context - every,
        "Difference of the two contexts",
        say(
            "what attention changes: it is 0 where all weight lies on the last input token, and grows with the weight "
            "of others whose states differ from {h}",
            h=last,
        ),
    )
    if asked.outputs is None:
        sheet.labels.pop(difference.name, None)  # it is no state of a token
    return [last, difference]


def _check_difference(sheet: Worksheet, H: Symbol, weights: Symbol, context: Symbol, last: Symbol) -> None:
    """C - h_m is Σⱼ αⱼ (hⱼ - h_m), because the weights sum to 1."""
    import numpy as np

    states = sheet.values[H.name]
    found = sheet.values[context.name] - states[-1]
    moved = np.einsum("ij,jk->ik", sheet.values[weights.name], states - states[-1])
    room = 1e-12 * max(1.0, float(np.abs(states).max()))
    text = "{c} minus {h} is the sum of the weights times what each encoder state differs from the last one by"
    sheet.check(bool(np.abs(found - moved).max() <= room), [context, last], say(text, c=context, h=last))
