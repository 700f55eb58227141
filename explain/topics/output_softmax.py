"""The output layer of a language model: hidden states, logits, probabilities, and the next token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import LOG
from explain.engine.losses import saturated
from explain.engine.names import word
from explain.engine.nodes.argmax import ArgMax
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.extremes import Extreme
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.linear import Sum
from explain.engine.nodes.log_loss import LogLoss
from explain.engine.nodes.onehot import OneHot
from explain.engine.nodes.picked import LogSoftmaxPicked
from explain.engine.notation import Word, related
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix, Scalar
from explain.tokens import Tokens, names_for
from explain.topics._activations.softmax_words import outcome, without_temperature
from explain.topics._tokens.ids import Targets, as_values, checked_vocabulary
from explain.topics._tokens.output_input import (
    Layer,
    checked_layer,
    layer_givens,
    target_ids,
    temperature_of,
    upstream_of,
)
from explain.topics._tokens.output_words import (
    check_error,
    check_rows,
    error_reason,
    next_tokens,
    rows_told,
    slope_again,
)


@topic
def output_softmax(
    H: Annotated[Matrix | None, "hidden states, one token a row: 1,0;0.5,-1"] = None,
    W: Annotated[Matrix | None, "weights of the output layer (d×V), one token of the vocabulary a column"] = None,
    b: Annotated[Matrix | None, "bias, one number a token of the vocabulary"] = None,
    tied: Annotated[Matrix | None, "embedding matrix E (V×d) in place of W: weight tying, W = Eᵀ"] = None,
    logits: Annotated[Matrix | None, "the logits themselves, in place of H and W"] = None,
    temperature: Annotated[Scalar | None, "divides the logits first"] = None,
    vocabulary: Annotated[Tokens | None, "names of the columns: a,learn,the"] = None,
    tokens: Annotated[Tokens | None, "names of the rows: Thinking,Machines"] = None,
    target: Annotated[Targets | None, "what really comes next, one a row: names, or ids from 0"] = None,
    reduction: Annotated[Literal["mean", "sum"], "mean or sum of the loss over the rows"] = "mean",
    dP: Annotated[Matrix | None, "∂L/∂P arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Output layer of a language model: logits, probabilities, next token.

    Z = H W + b, softmax of each row, and of each row the most probable token; with targets the loss, -log of the
    probability of each target, and every gradient. Shapes: H (n×d) one token a row, W (d×V) one token of the
    vocabulary a column, b (1×V), Z and P (n×V). Row i predicts the token after token i.

    Field: Language models

    Source: Vaswani et al. 2017, Attention Is All You Need, section 3.4; Press and Wolf 2017, Using the Output Embedding
    to Improve Language Models (weight tying); Hinton, Vinyals and Dean 2015, eq. 1 (temperature)

    Examples:
        explain output-softmax --H "1,0;0.5,-1" --W "0.2,0.5,-0.3;0.1,-0.4,0.6" --b 0.1,0,-0.1
        explain output-softmax --H "1,0;0.5,-1" --tied "0.2,0.1;0.5,-0.4;-0.3,0.6" --target 1,0
        explain output-softmax --logits "2,1,0.1;0,3,-1" --vocabulary a,learn,the --tokens Thinking,Machines
        explain output-softmax --logits "2,1,0.1;0,3,-1" --temperature 0.5 --dP "1,0,0;0,-1,0"

    Raises:
        InputError: neither logits nor hidden states and weights, sizes that do not meet, a temperature that is not
            positive, a target outside the vocabulary, a target and a gradient from above together.
    """
    layer = checked_layer(H, W, b, tied, logits)
    size, count = layer.size, layer.rows
    columns = checked_vocabulary(vocabulary, size, layer.option, layer.line)
    rows = names_for("tokens", tokens, "H" if logits is None else "logits", count)
    if target is not None and dP is not None:
        raise InputError("{target} and {dP} are both given: the loss of the target has its own gradient; leave one out")
    ids = target_ids(target, vocabulary, layer)
    sheet = Worksheet(f"Output layer: {amount(count, 'token')}, vocabulary of {size}", output_softmax.source)
    wanted = layer_givens(sheet, layer, rows, columns)
    T = temperature_of(sheet, temperature)
    upstream = upstream_of(sheet, dP, count, size, rows, columns)
    y = None
    if ids is not None:
        column = as_values(ids).reshape((count, 1))
        y = sheet.given("y", column, "targets, the id of what really comes next", option="target", rows=rows)
    _conventions(sheet, layer, y is not None, reduction)

    sheet.part("Forward pass" if y or upstream else "")
    scores = _scores(sheet, layer, wanted, T)
    P = sheet.define(
        "P",
        Softmax(scores, 1),
        "Probabilities of the next token",
        "softmax, e to the power of each logit over the sum of these powers in its row: row i gives every token of the "
        "vocabulary its probability of coming after token i",
    )
    check_rows(sheet, P)
    chosen = _chosen(sheet, P, rows, columns)
    if y is not None:
        loss, Y = _loss(sheet, scores, P, y, size, reduction, columns)
        averaged = reduction == "mean" and count > 1
        shared = f"; the mean shares it among the {count} rows" if averaged else ""
        gradients = _gradients(sheet, loss, None, wanted, shared)
        check_error(sheet, scores, P, Y, count if reduction == "mean" else 1)
        return sheet.answer(P, chosen, loss, *gradients)
    if upstream is not None:
        return sheet.answer(P, chosen, *_gradients(sheet, P, upstream, wanted))
    return sheet.answer(P, chosen)


def _conventions(sheet: Worksheet, layer: Layer, loss: bool, reduction: str) -> None:
    if layer.logits is None:
        affine = word("H").text
        sheet.convention(
            "one token a row: {f}, as in Vaswani et al. 2017"
            + (" (torch.nn.Linear keeps the transposed W)" if layer.tied is None else ""),
            f=related(word("Z"), "=", Word(affine + " W" + (" + b" if layer.b is not None else ""))),
        )
    sheet.convention("softmax divides e to the power of each entry by the sum of these powers in its row")
    sheet.convention("ids are counted from 0, as in PyTorch and Keras: id k is column k + 1 of {P}", P=Symbol("P"))
    if loss:
        entry = related(word("Y", "ij"), "=", Word("1[yᵢ = j - 1]", r"\mathbb{1}\left[y_i = j - 1\right]"))
        sheet.convention("onehot means {o}: 1 in the column of the target and 0 elsewhere", o=entry)
        other = "" if layer.rows == 1 else _other(reduction, layer.rows)
        sheet.convention("log is the natural logarithm" + other, L=Symbol("L"))


def _other(reduction: str, count: int) -> str:
    """What the other reduction would give."""
    other, way = ("sum", f"{count} times {{L}}") if reduction == "mean" else ("mean", f"{{L}} divided by {count}")
    return f"; {{L}} is the {reduction} over the {count} rows (the {other} would be {way})"


def _scores(sheet: Worksheet, layer: Layer, given: Sequence[Symbol], T: Symbol | None) -> Symbol:
    """The logits, divided by the temperature where there is one."""
    Z = given[0]
    if layer.logits is None:
        weights = given[1]
        if layer.tied is not None:
            weights = sheet.define(
                "W",
                given[1].T,
                "Weight tying",
                say("the output layer has no weights of its own: column j of {W} is the embedding of token j of the "
                    "vocabulary, row j of {E}", W=Symbol("W"), E=given[1]),
            )  # fmt: skip
        product: Node = given[0] @ weights
        b = given[2] if layer.b is not None else None
        Z = sheet.define(
            "Z",
            product if b is None else product + b,
            "Logits",
            say("entry (i, j) is the dot product of hidden state i and column j of {W}, how well token j of the "
                "vocabulary fits after token i" + (", plus its bias" if b is not None else ""), W=weights),
        )  # fmt: skip
    if T is None:
        return Z
    before = without_temperature(sheet, Z, T)
    return sheet.define(
        "U",
        Z / T,
        "Logits divided by the temperature",
        outcome(T, float(sheet.values[T.name])) + say("; their order stays, so the most probable token does too"),
        note=before,
    )


def _chosen(sheet: Worksheet, P: Symbol, rows: Sequence[str] | None, columns: Sequence[str] | None) -> Symbol:
    """The most probable token of each row."""
    last = int(P.shape[0]) > 1
    return sheet.define(
        "t",
        ArgMax(P),
        "Next token",
        say("the id of the largest probability in each row of {P} (greedy decoding)"
            + ("; the last row speaks of what comes after the whole text" if last else ""), P=P),
        note=next_tokens(sheet, P, rows, columns),
        rows=rows,
        entries=[(int(P.shape[0]) - 1, 0)],
    )  # fmt: skip


def _loss(
    sheet: Worksheet, scores: Symbol, P: Symbol, y: Symbol, size: int, reduction: str, columns: Sequence[str] | None
) -> tuple[Symbol, Symbol]:
    """The loss, from the probabilities of the targets, or where these are saturated from the logits."""
    Y = sheet.define(
        "Y",
        OneHot(y, size),
        "Targets as one-hot rows",
        say("row i has its 1 in the column of what really comes after token i: " + rows_told(sheet, y, columns)),
        columns=columns,
    )
    count = int(P.shape[0])
    ids = [int(number) for number in sheet.values[y.name][:, 0]]
    if saturated("cross-entropy", "softmax", sheet.values[P.name], sheet.values[Y.name], size):
        p = _logarithms(sheet, scores, P, Y, y, list(enumerate(ids)))
        logs: Node = p
    else:
        p = sheet.define(
            "p",
            Sum(P * Y, 1),
            "Probabilities of the targets",
            say("{Y} keeps of each row of {P} the one number of its target, and the sum is that number", P=P, Y=Y),
        )
        logs = LOG(p)
    averaged = reduction == "mean" and count > 1
    over = ", averaged over the rows" if averaged else ", summed over the rows" if count > 1 else ""
    told = (
        "the negative logarithm of the target's probability: 0 where the model was certain of it, and the larger the "
    )
    return sheet.define("L", LogLoss(scores, p, logs, P, Y, averaged), "Loss", told + "less probable it was" + over), Y


def _logarithms(
    sheet: Worksheet, scores: Symbol, P: Symbol, Y: Symbol, y: Symbol, places: Sequence[tuple[int, int]]
) -> Symbol:
    """The logarithms of the targets' probabilities from the scores, where a probability has lost its digits."""
    m = sheet.define(
        "m",
        Extreme(scores, 1),
        "Largest score of each row",
        say("taken off each score next, so that no power of e overflows: it is a common factor of softmax's numerator "
            "and denominator, and cancels"),
    )  # fmt: skip
    return sheet.define(
        "l",
        LogSoftmaxPicked([scores, m, y], places, P, Y, None),
        "Logarithms of the targets' probabilities",
        say("a target's probability in {P} is so close to 0 or 1 that its logarithm is unreliable (saturated). The "
            "logarithm of a quotient is a difference: the target's score minus the logarithm of the sum of powers",
            P=P),
    )  # fmt: skip


def _gradients(
    sheet: Worksheet, output: Symbol, upstream: Symbol | None, wanted: Sequence[Symbol], shared: str = ""
) -> list[Symbol]:
    """Every gradient, back from the loss or from what arrives at the probabilities."""
    sheet.part("Backward pass")
    before = len(sheet.steps)
    sheet.backward(output, wanted, seed=upstream, jacobians=False)
    first = sheet.steps[before]
    if upstream is None and first.name in ("dL/dU", "dL/dZ"):
        first.why = error_reason(Symbol("P"), Symbol("Y")) + say(shared)
    reached = output if upstream is None else Sum(output * upstream)
    slope_again(sheet, reached, wanted)
    return [sheet.last(f"dL/d{symbol.name}") for symbol in wanted]
