"""The position-wise feed-forward network of a transformer: Y = f(X W₁ + b₁) W₂ + b₂, one token a row.

Source: Vaswani et al. 2017, Attention Is All You Need, section 3.3, eq. 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from explain.engine.functions import ACTIVATIONS, textbook
from explain.engine.nodes.along import along
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.over import stretched
from explain.engine.notation import related
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.topics._activations.tables import brought_along
from explain.topics._effects import EFFECT

Activation = Literal[
    "relu", "gelu", "gelu-tanh", "silu", "sigmoid", "tanh", "leaky-relu", "elu", "selu", "mish", "softplus", "softsign",
    "hard-sigmoid", "hardtanh", "relu6", "hard-swish",
]  # fmt: skip
MOST_TOKENS, MOST_UNITS = 4, 3  # that a sentence names one by one


class FeedWeights(NamedTuple):
    """The weights: W₁ (d×d_ff), b₁ (1×d_ff), W₂ (d_ff×d), b₂ (1×d); a bias that is None is left out.

    With `transposed` the rows of W₁ and W₂ are outputs, as PyTorch keeps them.
    """

    W_1: Symbol
    b_1: Symbol | None
    W_2: Symbol
    b_2: Symbol | None
    transposed: bool = False

    @property
    def all(self) -> list[Symbol]:
        """Those that are there, in the order of the formula."""
        return [symbol for symbol in self if isinstance(symbol, Symbol)]

    @property
    def matrices(self) -> tuple[Node, Node]:
        """W₁ and W₂ as they stand in the formula."""
        return (self.W_1.T, self.W_2.T) if self.transposed else (self.W_1, self.W_2)


class FeedNames(NamedTuple):
    """What the steps are called: the hidden layer before and after the activation, and the output."""

    before: str = "F"
    after: str = "H"
    output: str = "Y"


def feed(
    sheet: Worksheet,
    x: Symbol,
    weights: FeedWeights,
    activation: str = "relu",
    names: FeedNames = FeedNames(),  # noqa: B008 - it never changes
    tokens: Sequence[str] | None = None,
) -> Symbol:
    """Work the network for x (n×d), one token a row, in three steps; the output (n×d).

    Args:
        names: of the three steps, so that several networks stand on one sheet.
        tokens: the names of the rows, for sentences.

    >>> sheet = Worksheet("", "")
    >>> X, W_1, W_2 = (sheet.given(n, None, "", shape=s) for n, s in (("X", (2, 3)), ("W_1", (3, 4)), ("W_2", (4, 3))))
    >>> feed(sheet, X, FeedWeights(W_1, None, W_2, None)).shape, [step.name for step in sheet.steps]
    ((2, 3), ['F', 'H', 'Y'])
    """
    before = sheet.define(
        names.before,
        _affine(x, weights.matrices[0], weights.b_1),
        "Hidden layer, before the activation",
        _widened(x, weights),
    )
    after = sheet.define(
        names.after,
        ACTIVATIONS[activation](before),
        "Hidden layer, after the activation",
        say(
            EFFECT[activation] + "; without an activation the two layers would be a single one with the weights {W}",
            z=before, W=weights.matrices[0] @ weights.matrices[1],
        ),
        note=_silent(sheet, before, tokens) if activation == "relu" else (),
    )  # fmt: skip
    return sheet.define(
        names.output,
        _affine(after, weights.matrices[1], weights.b_2),
        "Output of the feed-forward network",
        _brought_back(x, after, weights),
    )


def say_activation(sheet: Worksheet, activation: str) -> None:
    """The formula of the activation, and of what it is made of, among the conventions."""
    z = Symbol("z")
    applied = ACTIVATIONS[activation](z)
    sheet.convention("{f}", f=related(applied.write(SYMBOLIC), "=", textbook(applied).write(SYMBOLIC)))
    brought_along(sheet, [ACTIVATIONS[activation]], z)


def _affine(x: Symbol, weight: Node, bias: Symbol | None) -> Node:
    """Each row times the weights, plus the bias in every row."""
    product = x @ weight
    return product if bias is None else product + stretched(bias, along(product.shape, bias.shape))


def _widened(x: Symbol, weights: FeedWeights) -> Prose:
    inner, outer = x.shape[1], weights.matrices[0].shape[1]
    rows = "each token, a row of {x}, is" if x.shape[0] != 1 else "the one token, the row {x}, is"
    added = "" if weights.b_1 is None else ", and {b} is added to it"
    alone = "; the same weights for every token, and none looks at another one" if x.shape[0] != 1 else ""
    return say(
        f"{rows} taken from {_amount(inner, 'number')} to {outer} by the weights {{W}}{added}{alone}",
        x=x, W=weights.W_1, b=weights.b_1 or weights.W_1,
    )  # fmt: skip


def _brought_back(x: Symbol, after: Symbol, weights: FeedWeights) -> Prose:
    wide, narrow = weights.matrices[1].shape
    again = narrow == x.shape[1]
    back = ", as many as went in, so that a residual connection can add the two" if again else ""
    added = "" if weights.b_2 is None else "; {b} is added to each row"
    return say(
        f"{{W}} takes the {_amount(wide, 'hidden unit')} of each row of {{h}} {'back ' if again else ''}to "
        f"{_amount(narrow, 'number')}{back}{added}",
        W=weights.W_2, h=after, b=weights.b_2 or weights.W_2,
    )  # fmt: skip


def _amount(size: int | str, what: str) -> str:
    """A size with its noun, which may be a letter."""
    return amount(size, what) if isinstance(size, int) else f"{size} {what}s"


def _silent(sheet: Worksheet, before: Symbol, tokens: Sequence[str] | None) -> Prose:
    """How many units ReLU leaves on for each token, and which are off for all of them."""
    if before.name not in sheet.values:
        return ()
    on = sheet.values[before.name] > 0
    rows, units = on.shape
    told = []
    if rows <= MOST_TOKENS and not on.all():
        names = tokens or [f"token {at}" for at in range(1, rows + 1)]
        counts = [f"{int(row.sum())} of {units} for {name}" for name, row in zip(names, on, strict=True)]
        told.append(f"hidden units above 0: {', '.join(counts)}")
    off = [at for at in range(1, units + 1) if not on[:, at - 1].any()]
    if off and rows > 1:
        which = f"{'unit' if len(off) == 1 else 'units'} {', '.join(map(str, off))}"
        which = which if len(off) <= MOST_UNITS else amount(len(off), "unit")
        told.append(f"{which} {'is' if len(off) == 1 else 'are'} 0 for every token: no gradient comes back there")
    return say("; ".join(told)) if told else ()
