"""Targets and predictions: read, brought to rows of examples, introduced on the sheet."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.shapes import count, write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix


class Pair(NamedTuple):
    """Targets and predictions of one shape: a row an example, a column an output."""

    y: Values
    yhat: Values
    flat: bool

    @property
    def examples(self) -> int:
        """How many rows there are."""
        return int(self.y.shape[0])

    @property
    def outputs(self) -> int:
        """How many columns there are."""
        return int(self.y.shape[1])

    @property
    def entries(self) -> int:
        """How many numbers are compared."""
        return len(self.y)


def read_pair(y: Matrix, yhat: Matrix) -> Pair:
    """Both as rows of examples; a vector holds one number an example, and becomes a column.

    Raises:
        InputError: their shapes differ.
    """
    if len(y) != len(yhat) or (len(y.shape) == len(yhat.shape) == 2 and y.shape != yhat.shape):
        if len(y.shape) == len(yhat.shape) == 1:
            raise InputError(
                f"{{y}} has {amount(len(y), 'number')}, but {{yhat}} has {len(yhat)}: every target needs its "
                "prediction; give both of one length"
            )
        hint = "; its transpose fits" if y.shape == yhat.shape[::-1] else "; give both of one shape"
        raise InputError(
            f"{{yhat}} is {write(yhat.shape)}, but {{y}} is {write(y.shape)}: every target needs its prediction{hint}"
        )
    flat = len(y.shape) == len(yhat.shape) == 1
    shape = next((given.shape for given in (y, yhat) if len(given.shape) == 2), (len(y), 1))
    return Pair(y.reshape(shape), yhat.reshape(shape), flat)


def introduced(sheet: Worksheet, pair: Pair) -> tuple[Symbol, Symbol]:
    """Y and ŷ as givens, and what their rows and columns are."""
    ending = "s" if pair.entries > 1 else ""
    y = sheet.given("y", pair.y, f"target{ending}", option="y")
    yhat = sheet.given("yhat", pair.yhat, f"prediction{ending}", option="yhat")
    if pair.outputs > 1:
        sheet.convention("a row is an example, a column an output")
    elif pair.flat and pair.examples > 1:
        sheet.convention("a vector holds one number an example; it stands as a column")
    return y, yhat


def residuals(sheet: Worksheet, y: Symbol, yhat: Symbol) -> Symbol:
    """r = ŷ - y."""  # noqa: D403 - a symbol
    several = count(y.shape) > 1
    which = "each prediction in {p} less its target in {y}" if several else "the prediction {p} less the target {y}"
    told = which + ": positive where the prediction is too large, negative where it is too small"
    return sheet.define("r", yhat - y, "Residuals" if several else "Residual", say(told, p=yhat, y=y))


def counted(sheet: Worksheet, pair: Pair, over: str) -> Symbol:
    """The number that a mean divides by: of examples N, or of all entries n."""
    if over == "examples" or pair.outputs == 1:
        return sheet.given("N", Values((), (str(pair.examples),)), "number of examples")
    told = f"number of entries, {amount(pair.examples, 'example')} of {amount(pair.outputs, 'output')} each"
    return sheet.given("n", Values((), (str(pair.entries),)), told)
