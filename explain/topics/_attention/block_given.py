"""What a transformer block is made of: attentions, a feed-forward network, normalisations; read and put on a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.masks import Mask
from explain.parameters import Count, Matrix
from explain.tokens import Tokens, names_for
from explain.topics._attention.add_norm import NormWeights
from explain.topics._attention.block import Sublayer, attending, feeding
from explain.topics._attention.checks import check_heads
from explain.topics._attention.feed_forward import FeedWeights, say_activation
from explain.topics._attention.layouts import Layout, Raw, Weights, read_second, read_weights
from explain.topics._attention.masked import give_mask
from explain.topics._attention.multi import OnSheet, give_weights
from explain.topics._attention.naming import Naming
from explain.topics._attention.sequences import Sequences
from explain.topics._tokens.encoding import encoding_of


class Norms(NamedTuple):
    """The normalisations of a block, first to last."""

    weights: list[NormWeights]

    @property
    def all(self) -> list[Symbol]:
        """Every γ and β that is given."""
        return [symbol for norm in self.weights for symbol in norm.all]


def give_norms(
    sheet: Worksheet, given: Mapping[str, Values | None], count: int, width: int, epsilon: Symbol, more: str
) -> Norms:
    """γ_1, β_1, … for `count` normalisations.

    Args:
        more: what would give the block one more sublayer, as an error says it.

    Raises:
        InputError: one for a normalisation that the block has not, or of another length than a token.
    """
    for name, values in given.items():
        if values is None:
            continue
        if int(name[-1]) > count:
            raise InputError(
                f"{{{name}}} is given, but this block has {amount(count, 'normalisation')}, one a sublayer: leave it "
                f"out, or {more}"
            )
        if len(values) != width:
            raise InputError(
                f"{{{name}}} has {amount(len(values), 'number')}, but {{X}} has {amount(width, 'column')}: one number "
                "a column is needed"
            )
    found = []
    for at in range(1, count + 1):
        gamma, beta = (
            _row(sheet, f"{letter}_{at}", given[f"{letter}_{at}"], f"{what} of normalisation {at}", width)
            for letter, what in (("gamma", "scale"), ("beta", "shift"))
        )
        if beta is not None and gamma is None:
            gamma = _row(sheet, f"gamma_{at}", Values((1, width), ["1"] * width), f"scale of normalisation {at}", width)
        found.append(NormWeights(gamma, beta, epsilon))
    _left_out(sheet, found)
    return Norms(found)


def _left_out(sheet: Worksheet, norms: list[NormWeights]) -> None:
    """Which scales and shifts are not given."""
    bare = [at for at, norm in enumerate(norms, 1) if norm.gamma is None]
    rest = "they are 1 and 0, as where training starts, and left out"
    if len(bare) == len(norms):
        sheet.convention(f"no scale γ and no shift β are given: {rest}")
    elif bare:
        which = f"normalisation {bare[0]}" if len(bare) == 1 else f"normalisations {bare[0]} and {bare[1]}"
        sheet.convention(f"{which}: no scale γ and no shift β are given; {rest}")


def _row(sheet: Worksheet, name: str, values: Values | None, meaning: str, width: int) -> Symbol | None:
    return None if values is None else sheet.given(name, values.reshape((1, width)), meaning, option=name)


def give_feed(sheet: Worksheet, given: Mapping[str, Values | None], width: int, transposed: bool) -> FeedWeights | None:
    """W_1, b_1, W_2, b_2 of the feed-forward network; None where there are no weights.

    Raises:
        InputError: one of the weights is missing or does not meet the width of a token.
    """
    W_1, W_2 = given["W_1"], given["W_2"]
    if W_1 is None or W_2 is None:
        for name, values in given.items():
            if values is not None:
                missing = "{W_2}" if W_1 is not None else "{W_1}"
                raise InputError(
                    f"{missing} is missing, but {{{name}}} is given: the feed-forward network needs both weights"
                )
        return None
    inner = len(W_1) // width if len(W_1) % width == 0 else 0
    how = ", one output a row" if transposed else ""
    first = _matrix("W_1", W_1, (width, inner), f"{{X}} is {width} wide", transposed)
    second = _matrix("W_2", W_2, (inner, width), f"{{W_1}} makes {amount(inner, 'hidden unit')}", transposed)
    W1 = sheet.given("W_1", first, f"weights into the hidden layer{how}", option="W_1")
    b1 = _bias(sheet, "b_1", given["b_1"], inner, "bias of the hidden layer", "hidden unit")
    W2 = sheet.given("W_2", second, f"weights out of the hidden layer{how}", option="W_2")
    b2 = _bias(sheet, "b_2", given["b_2"], width, "bias of the feed-forward output", "column of {X}")
    return FeedWeights(W1, b1, W2, b2, transposed)


def _matrix(name: str, values: Values, shape: tuple[int, int], because: str, transposed: bool) -> Values:
    """A weight matrix of the feed-forward network in its shape; a vector where one side is 1."""
    needed = shape[::-1] if transposed else shape
    line = len(values.shape) == 1 and 1 in needed and len(values) == needed[0] * needed[1]
    fitted = values.reshape(needed) if line else values
    if fitted.shape != needed or 0 in needed:
        first, second = ("column", "row") if transposed else ("row", "column")
        both = "" if name == "W_1" else f" and {amount(shape[1], second)}"
        has = f"is {write(values.shape)}" if len(values.shape) > 1 else f"has {amount(len(values), 'number')}"
        turned = "; its transpose fits" if 0 not in needed and values.shape == needed[::-1] else ""
        raise InputError(f"{{{name}}} {has}, but {because}: it needs {amount(shape[0], first)}{both}{turned}")
    return fitted


def _bias(sheet: Worksheet, name: str, values: Values | None, width: int, meaning: str, each: str) -> Symbol | None:
    if values is None:
        return None
    if len(values) != width:
        raise InputError(f"{{{name}}} has {amount(len(values), 'number')}: it needs {width}, one for each {each}")
    return sheet.given(name, values.reshape((1, width)), meaning, option=name)


class Block:
    """A block as it is put on a sheet: its tokens, its sublayers in order, and what has a gradient."""

    def __init__(
        self,
        sheet: Worksheet,
        X: Values,
        heads: Count | None,
        layout: Layout,
        names: tuple[str, ...] | None,
        encoded: bool,
    ) -> None:
        self.sheet, self.heads, self.layout, self.names = sheet, heads, layout, names
        self.values = X
        self.width = int(X.shape[1])
        self.X = sheet.given(
            "E" if encoded else "X",
            X,
            "embeddings of the tokens, one a row" if encoded else "tokens that go in, one a row",
            option="X",
            rows=names,
        )
        self.wanted = [self.X]
        self.sublayers: list[Sublayer] = []
        self.root: Symbol | None = None
        self.checked: list[tuple[int, Naming]] = []

    def encode(self) -> None:
        """X = E + PE: the sinusoidal encoding of positions 0, 1, … is added to the embeddings."""
        self.sheet.part("Positional encoding")
        encoding = encoding_of(self.sheet, int(self.values.shape[0]), self.width, self.names)
        why = "without {P} attention would not see the order of the tokens; {P} is a constant, nothing in it is learned"
        self.sheet.convention(
            "the embeddings are taken as they are given; in the paper they are multiplied by √d first (section 3.4)"
        )
        self.X = self.sheet.define("X", self.X + encoding, "What goes into the block", say(why, P=encoding))

    def attention(self, raw: Raw, mask: Mask | None, padding: Matrix | None) -> None:
        """Self-attention.

        Raises:
            InputError: weights, a mask or a padding that do not meet X.
        """
        found = read_weights(raw, self.heads, self.layout, self.values, self.values, "X")
        _fits_residual(found, self.width)
        naming = Naming()
        weights = self._weights(found, naming, "")
        tokens = int(self.values.shape[0])
        names = Sequences(self.names, self.names, True)
        hidden = give_mask(self.sheet, mask, padding, (tokens, tokens), names, naming)
        self.sublayers.append(attending(self.sheet, weights, hidden, names, naming, None))

    def cross_attention(self, raw: Raw, memory: Values, names: Tokens | None, padding: Matrix | None) -> None:
        """Attention to the memory; its quantities are marked ⁽²⁾.

        Raises:
            InputError: weights, names or a padding that do not meet the memory.
        """
        found = read_second(raw, self.heads, self.layout, self.values, memory)
        _fits_residual(found, self.width, "_2")
        shape = (int(self.values.shape[0]), int(memory.shape[0]))
        both = Sequences(self.names, names_for("memory_tokens", names, "memory", shape[1]), False)
        naming = Naming(place="2")
        meaning = "memory: output of the encoder, one token a row"
        other = self.sheet.given("X_m", memory, meaning, option="memory", rows=both.keys)
        self.wanted.append(other)
        weights = self._weights(found, naming, "_2")
        options = ("memory_padding", "memory_padding")
        hidden = give_mask(self.sheet, None, padding, shape, both, naming, options)
        self.sheet.convention(
            "symbols with (2) belong to the cross-attention: {W} makes its queries from the block's own tokens; its "
            "keys and values are made from the memory {M}",
            W=weights.roles["Q"][0].W,
            M=other,
        )
        self.sublayers.append(attending(self.sheet, weights, hidden, both, naming, other))

    def _weights(self, found: Weights, naming: Naming, suffix: str) -> OnSheet:
        weights = give_weights(self.sheet, found, naming, self.root, suffix)
        self.root = weights.root
        self.wanted += weights.all
        self.checked.append((found.heads, naming))
        return weights

    def feed_forward(self, given: Mapping[str, Values | None], activation: str) -> None:
        """The feed-forward network, where its weights are given."""
        weights = give_feed(self.sheet, given, self.width, self.layout == "pytorch")
        if weights is not None:
            say_activation(self.sheet, activation)
            self.wanted += weights.all
            self.sublayers.append(feeding(self.sheet, weights, activation, Sequences(self.names, self.names, True)))

    def check(self) -> None:
        """The attention weights sum to one."""
        for heads, naming in self.checked:
            check_heads(self.sheet, heads, naming)


def _fits_residual(found: Weights, width: int, suffix: str = "") -> None:
    """The output of an attention is added to what went in, so it must be as wide."""
    if found.width != width:
        option = f"{{W_O{suffix}}}" if found.output[0] is not None else f"{{W_V{suffix}}}"
        mend = "" if found.output[0] is not None else f"; or give {{W_O{suffix}}}, which brings them to {width}"
        raise InputError(
            f"{option} makes {amount(found.width, 'column')}, but {{X}} is {width} wide: the residual connection adds "
            f"the two, so they must be equal{mend}"
        )
