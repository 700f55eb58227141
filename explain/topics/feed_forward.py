"""The position-wise feed-forward network of a transformer."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.names import word
from explain.engine.nodes.along import along
from explain.engine.nodes.base import Symbol
from explain.engine.nodes.linear import Sum
from explain.engine.prose import SYMBOLIC, say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix
from explain.tokens import Tokens, names_for
from explain.topics._attention.feed_forward import Activation, FeedWeights, feed, say_activation
from explain.topics._differences import differences
from explain.topics._norms.words import say_slices


@topic
def feed_forward(
    X: Annotated[Matrix, "input X (n×d), one token a row"],
    W_1: Annotated[Matrix, "weights W₁ (d×d_ff) into the hidden layer, one column a unit"],
    W_2: Annotated[Matrix, "weights W₂ (d_ff×d) out of it, one row a unit"],
    b_1: Annotated[Matrix | None, "bias b₁, one number a hidden unit; without it none is added"] = None,
    b_2: Annotated[Matrix | None, "bias b₂, one number a column of the output; without it none is added"] = None,
    activation: Annotated[Activation, "activation f between the two layers"] = "relu",
    tokens: Annotated[Tokens | None, "names of the tokens, one a row: Thinking,Machines"] = None,
    dY: Annotated[Matrix | None, "∂L/∂Y arriving from above: the gradients are worked too"] = None,
) -> Answer:
    """Feed-forward network of a transformer: Y = f(X W₁ + b₁) W₂ + b₂.

    Two layers with an activation between them, applied to each token by itself: from width d to d_ff (in the paper 512
    to 2048) and back. The activation is ReLU in the paper, GELU in BERT and GPT-2. Shapes: X (n×d), W₁ (d×d_ff),
    b₁ (1×d_ff), W₂ (d_ff×d), b₂ (1×d), Y (n×d).

    Field: Attention and transformers

    Source: Vaswani et al. 2017, Attention Is All You Need, section 3.3, eq. 2

    Examples:
        explain feed-forward --X "1,2;0,-1" --W-1 "1,0,-1;0,1,1" --W-2 "1,0;0,1;1,1" --b-1 0,0.5,0 --b-2 0.1,-0.1
        explain feed-forward --X "1,0.5;-1,2" --W-1 "0.5,-1;1,0" --W-2 "1,2;-1,0.5" --activation gelu
        explain feed-forward --X "1,2;0,-1" --W-1 "1,0,-1;0,1,1" --W-2 "1,0;0,1;1,1" --b-1 0,0.5,0 --dY "1,0;0,1"
        explain feed-forward --X "1,2;0,-1" --W-1 "1,0;0,1" --W-2 "1;-1" --tokens Thinking,Machines

    Raises:
        InputError: shapes that do not meet, a bias of another length than its layer, names that are not one a row.
    """
    sheet = Worksheet("Feed-forward network", feed_forward.source)
    x = _rows(X)
    names = names_for("tokens", tokens, "X", int(x.shape[0]))
    first = _weights("W_1", W_1, int(x.shape[1]), "X", x)
    second = _weights("W_2", W_2, int(first.shape[1]), "W_1", first)
    entry = sheet.given("X", x, "input, one token a row", option="X", rows=names)
    weights = FeedWeights(
        sheet.given("W_1", first, "weights into the hidden layer, one column a unit", option="W_1"),
        _bias(sheet, "b_1", b_1, "W_1", first, "bias of the hidden layer"),
        sheet.given("W_2", second, "weights out of the hidden layer, one row a unit", option="W_2"),
        _bias(sheet, "b_2", b_2, "W_2", second, "bias of the output"),
    )
    upstream = _upstream(sheet, dY, (int(x.shape[0]), int(second.shape[1])), names)
    _conventions(sheet, entry, weights, activation, upstream is not None)

    sheet.part("Forward pass" if upstream else "")
    Y = feed(sheet, entry, weights, activation, tokens=names)
    _check_positions(sheet, entry, Y)
    if upstream is None:
        return sheet.answer(Y)
    sheet.part("Backward pass")
    wanted = [entry, *weights.all]
    sheet.backward(Y, wanted, seed=upstream, jacobians=False)
    differences(sheet, Sum(Y * upstream), wanted)
    return sheet.answer(Y, *(sheet.last(f"dL/d{symbol.name}") for symbol in wanted))


def _rows(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def _weights(name: str, given: Values, rows: int, before: str, left: Values) -> Values:
    """Weights that fit what stands on their left; a vector is a column where several rows are needed."""
    fitted = given.reshape((len(given), 1)) if len(given.shape) == 1 and rows != 1 else _rows(given)
    if fitted.shape[0] != rows:
        has = f"has {amount(len(given), 'number')}" if len(given.shape) == 1 else f"is {write(given.shape)}"
        raise InputError(
            f"{{{name}}} {has}, but {{{before}}} is {write(left.shape)}: {{{name}}} needs {amount(rows, 'row')}, as "
            f"many as {{{before}}} has columns"
        )
    return fitted


def _bias(
    sheet: Worksheet, name: str, given: Values | None, owner: str, weights: Values, meaning: str
) -> Symbol | None:
    """A bias as a row, one number for each column of its weights."""
    if given is None:
        return None
    units = int(weights.shape[1])
    if len(given.shape) == 1 or 1 in given.shape:
        row = given.reshape((1, len(given) if len(given.shape) == 1 else int(max(given.shape))))
        if row.shape[1] == units:
            return sheet.given(name, row, meaning, option=name)
    has = f"has {amount(len(given), 'number')}" if len(given.shape) == 1 else f"is {write(given.shape)}"
    columns = amount(units, "column")
    raise InputError(f"{{{name}}} {has}, but {{{owner}}} has {columns}: {{{name}}} needs one number a column, {units}")


def _upstream(
    sheet: Worksheet, dY: Values | None, shape: tuple[int, int], names: tuple[str, ...] | None
) -> Symbol | None:
    """∂L/∂Y, of the shape of Y."""
    if dY is None:
        return None
    given = dY.reshape((len(dY), 1)) if len(dY.shape) == 1 and shape[1] == 1 else _rows(dY)
    if given.shape != shape:
        has = f"has {amount(len(dY), 'number')}" if len(dY.shape) == 1 else f"is {write(dY.shape)}"
        raise InputError(f"{{dY}} {has}, but Y is {write(shape)}: it needs the shape of Y")
    return sheet.given("dL/dY", given, "gradient of the loss L, arriving from above", option="dY", rows=names)


def _conventions(sheet: Worksheet, entry: Symbol, weights: FeedWeights, activation: str, backward: bool) -> None:
    X, W = entry, weights.W_1
    sheet.convention(
        "one token a row, so the weights stand on its right: {r}; with one token a column it is {c}",
        r=(X @ W).write(SYMBOLIC), c=(W.T @ X.T).write(SYMBOLIC),
    )  # fmt: skip
    sheet.convention(
        "{d} = {n} numbers a token and {f} = {m} hidden units; in the paper 512 and 2048",
        d=word("d"), n=int(W.shape[0]), f=word("d_ff"), m=int(W.shape[1]),
    )  # fmt: skip
    missing = [name for name, bias in (("b_1", weights.b_1), ("b_2", weights.b_2)) if bias is None]
    if missing:
        told = "no {a} and no {z} are given: none is added" if len(missing) > 1 else "no {a} is given: none is added"
        sheet.convention(told, a=word(missing[0]), z=word(missing[-1]))
    say_activation(sheet, activation)
    if backward and len(missing) < 2:
        say_slices(sheet, entry, along(entry.shape, (1, entry.shape[1])))


def _check_positions(sheet: Worksheet, entry: Symbol, Y: Symbol) -> None:
    """Position-wise: with the tokens in another order the same rows come out, in that order."""
    import numpy as np

    if int(entry.shape[0]) == 1:
        return
    turned = {name: value for name, value in sheet.values.items() if sheet.definition(name) is None}
    turned[entry.name] = turned[entry.name][::-1]
    with np.errstate(all="ignore"):
        again = sheet.run_from(turned)[Y.name][::-1]
    value = sheet.values[Y.name]
    room = 1e-9 * max(1.0, float(np.abs(sheet.values["H"]).max()) * float(np.abs(sheet.values["W_2"]).max()))
    text = "position-wise: with the tokens in reverse order the rows of {Y} are the same ones, in reverse order"
    sheet.check(bool(np.abs(again - value).max() <= room), [Y], say(text, Y=Y))
