"""What an output layer is given: hidden states with weights, or the logits themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._tokens.ids import Targets


class Layer(NamedTuple):
    """Hidden states, weights (or the embedding they are tied to) and bias; or the logits, and nothing else."""

    H: Values | None = None
    W: Values | None = None
    b: Values | None = None
    tied: Values | None = None
    logits: Values | None = None

    @property
    def rows(self) -> int:
        """How many tokens there are."""
        given = self.logits or self.H
        assert given is not None
        return int(given.shape[0])

    @property
    def size(self) -> int:
        """How many tokens the vocabulary has."""
        if self.tied is not None:
            return int(self.tied.shape[0])
        given = self.logits or self.W
        assert given is not None
        return int(given.shape[1])

    @property
    def option(self) -> str:
        """What says how large the vocabulary is."""
        return "logits" if self.logits is not None else "W" if self.tied is None else "tied"

    @property
    def line(self) -> str:
        """What of it belongs to one token of the vocabulary."""
        return "row" if self.tied is not None else "column"


def checked_layer(
    H: Matrix | None, W: Matrix | None, b: Matrix | None, tied: Matrix | None, logits: Matrix | None
) -> Layer:
    """The layer, with shapes that meet.

    Raises:
        InputError: something is missing, given twice, or of another size.
    """
    if logits is not None:
        others = {"H": H, "W": W, "b": b, "tied": tied}
        extra = next((name for name, given in others.items() if given is not None), None)
        if extra is not None:
            raise InputError(f"{{logits}} and {{{extra}}} are both given: logits follow from H and W; leave one out")
        given = _rows(logits)
        _refuse_one("logits", int(given.shape[1]), "column")
        return Layer(logits=given)
    if H is None:
        lone = "{H}" if W is not None or tied is not None else "{logits}, or {H} and {W},"
        raise InputError(f"{lone} is missing: the output layer starts from hidden states and weights, or from logits")
    if W is not None and tied is not None:
        raise InputError("{W} and {tied} are both given: with weight tying W is the transposed {tied}; leave one out")
    states = _rows(H)
    width = int(states.shape[1])
    if tied is not None:
        rows = tied.reshape((len(tied), 1)) if len(tied.shape) == 1 and width == 1 else _rows(tied)
        if rows.shape[1] != width:
            raise InputError(
                f"{{tied}} is {write(rows.shape)}, but {{H}} is {write(states.shape)}: an embedding is as wide as a "
                f"hidden state, {amount(width, 'column')}"
            )
        _refuse_one("tied", int(rows.shape[0]), "row")
        return Layer(H=states, tied=rows, b=_bias(b, int(rows.shape[0])))
    if W is None:
        raise InputError("{W} is missing: {H} times {W} gives the logits; give {W}, or {tied} for weight tying")
    weights = _rows(W)
    if weights.shape[0] != width:
        turned = " (transposed it would fit)" if weights.shape[1] == width else ""
        raise InputError(
            f"{{W}} is {write(weights.shape)}, but {{H}} is {write(states.shape)}: {{W}} needs {amount(width, 'row')}, "
            f"one a number of a hidden state{turned}"
        )
    _refuse_one("W", int(weights.shape[1]), "column")
    return Layer(H=states, W=weights, b=_bias(b, int(weights.shape[1])))


def layer_givens(
    sheet: Worksheet, layer: Layer, rows: Sequence[str] | None, columns: Sequence[str] | None
) -> list[Symbol]:
    """Hidden states, weights and bias; or the logits."""
    if layer.logits is not None:
        meaning = "logits, one token a row, one token of the vocabulary a column"
        return [sheet.given("Z", layer.logits, meaning, option="logits", rows=rows, columns=columns)]
    found = [sheet.given("H", layer.H, "hidden states after the last layer, one token a row", option="H", rows=rows)]
    if layer.tied is not None:
        told = "embedding matrix (V×d), one token of the vocabulary a row"
        found.append(sheet.given("E", layer.tied, told, option="tied", rows=columns))
    else:
        told = "weights of the output layer (d×V), one token of the vocabulary a column"
        found.append(sheet.given("W", layer.W, told, option="W", columns=columns))
    if layer.b is not None:
        found.append(
            sheet.given("b", layer.b, "bias, one number a token of the vocabulary", option="b", columns=columns)
        )
    return found


def temperature_of(sheet: Worksheet, temperature: Scalar | None) -> Symbol | None:
    """The temperature.

    Raises:
        InputError: it is not positive.
    """
    if temperature is None:
        return None
    if temperature.exact(()) <= 0:
        raise InputError(f"{{temperature}} is {temperature.text(())}: it must be positive, since it divides the logits")
    return sheet.given("T", temperature, "temperature, which divides the logits", option="temperature")


def target_ids(target: Targets | None, vocabulary: Tokens | None, layer: Layer) -> list[int] | None:
    """The ids of the targets, one a row.

    Raises:
        InputError: more or fewer targets than rows, or one that is not in the vocabulary.
    """
    if target is None:
        return None
    if len(target.items) != layer.rows:
        raise InputError(
            f"{{target}} has {amount(len(target.items), 'token')}, but {{{'logits' if layer.logits else 'H'}}} has "
            f"{amount(layer.rows, 'row')}: each row has one token that comes next"
        )
    return target.ids("target", vocabulary, layer.size, layer.option, layer.line)


def upstream_of(
    sheet: Worksheet,
    dP: Matrix | None,
    count: int,
    size: int,
    rows: Sequence[str] | None,
    columns: Sequence[str] | None,
) -> Symbol | None:
    """The gradient that arrives at the probabilities.

    Raises:
        InputError: it has another shape.
    """
    if dP is None:
        return None
    given = _rows(dP)
    if given.shape != (count, size):
        raise InputError(f"{{dP}} is {write(given.shape)}, but P is {write((count, size))}: it needs the shape of P")
    meaning = "gradient of the loss L, arriving from above"
    return sheet.given("dL/dP", given, meaning, option="dP", rows=rows, columns=columns)


def _rows(given: Values) -> Values:
    """A vector as a matrix of one row."""
    return given.reshape((1, len(given))) if len(given.shape) == 1 else given


def _bias(b: Matrix | None, size: int) -> Values | None:
    """One number a token of the vocabulary, in a row."""
    if b is None:
        return None
    if len(b) != size or (len(b.shape) == 2 and 1 not in b.shape):
        has = write(b.shape) if len(b.shape) == 2 else amount(len(b), "number")
        raise InputError(f"{{b}} has {has}: one number a token of the vocabulary belongs here, {size}")
    return b.reshape((1, size))


def _refuse_one(name: str, size: int, line: str) -> None:
    if size < 2:
        raise InputError(f"{{{name}}} has one {line}: a vocabulary of one token leaves no choice; give two or more")
