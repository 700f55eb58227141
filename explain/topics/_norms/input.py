"""What is normalised: its axes by name, scale and shift, ε, the gradient from above; each checked against the input."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from explain.engine.nodes.along import Along
from explain.engine.nodes.base import Symbol
from explain.engine.rounding import typed
from explain.engine.shapes import Shape, count, write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Scalar

NOUNS = {"N": "example", "D": "feature", "C": "channel", "H": "row", "W": "column", "L": "place", "T": "token"}
MEANINGS = {
    "ND": "input, one example a row, one feature a column (N×D)",
    "TD": "input, one token a row, one feature a column (T×D)",
    "CL": "input of one example, one channel a row (C×L)",
    "CHW": "feature maps of one example (C×H×W)",
    "NCL": "sequences with several channels (N×C×L)",
    "NTD": "tokens of each example, one a row (N×T×D)",
    "NCHW": "feature maps (N×C×H×W)",
}
LARGEST_EPSILON = 10**6


class Input(NamedTuple):
    """The numbers to be normalised and the letters of their axes."""

    values: Values
    letters: str

    @property
    def shape(self) -> Shape:
        """Its sizes."""
        return self.values.shape

    def size(self, letter: str) -> int:
        """The size of an axis."""
        return int(self.shape[self.letters.index(letter)])

    def along(self, over: Collection[str]) -> Along:
        """Along the axes `over`: what is one number for the others is a matrix, a row or a column."""
        axes = tuple(at for at, letter in enumerate(self.letters) if letter in over)
        kept = [
            (letter, int(size)) for letter, size in zip(self.letters, self.shape, strict=True) if letter not in over
        ]
        sizes = tuple(size for _, size in kept)
        if len(self.letters) == 2:
            shape: Shape = tuple(1 if at in axes else size for at, size in enumerate(self.shape))
        elif len(kept) == 1:
            shape = (sizes[0], 1) if kept[0][0] == "N" else (1, sizes[0])
        else:
            shape = sizes or (1, 1)
        return Along(self.shape, axes, shape, "ij" if len(self.letters) == 2 else self.letters.lower())

    def counted(self, over: Collection[str]) -> tuple[tuple[str, int, str], ...]:
        """The axes `over`, as the count of a mean tells them."""
        return tuple((letter, self.size(letter), NOUNS[letter]) for letter in self.letters if letter in over)


class Scale(NamedTuple):
    """Scale and shift, which set of places one number of them stands for, and what that is called."""

    gamma: Symbol
    beta: Symbol | None
    along: Along
    each: str


def read_input(X: Values, layout: str, flat: str = "ND") -> Input:
    """The input with its axes named.

    Args:
        layout: what three axes are, `CHW`, `NCL` or `NTD`.
        flat: what the two axes of a matrix are, `ND`, `CL` or `TD`.

    Raises:
        InputError: a layout for an input that has not three axes.
    """
    if len(X.shape) == 1:
        X = X.reshape((1, len(X)))
    letters = {2: flat, 3: layout, 4: "NCHW"}[len(X.shape)]
    if layout != "CHW" and len(X.shape) != 3:
        raise InputError(
            f"{{layout}} is {layout}, but {{X}} is {write(X.shape)}: it names the axes of an input with three; leave "
            'it out, or give {X} with | between its matrices, such as "1,2;3,4 | 0,1;1,2"'
        )
    return Input(X, letters)


def give_input(sheet: Worksheet, found: Input, rows: Sequence[str] | None = None, what: str = "input") -> Symbol:
    """X among the givens.

    Args:
        rows: the names of its rows.
        what: the first word of its meaning, where it is not the input.
    """
    meaning = MEANINGS[found.letters]
    if what != "input":
        meaning = f"{what}: {meaning.removeprefix('input, ').removeprefix('input of ')}"
    return sheet.given("X", found.values, meaning, option="X", rows=rows)


def give_scale(
    sheet: Worksheet,
    found: Input,
    over: Collection[str],
    gamma: Values | None,
    beta: Values | None,
    shifts: bool = True,
) -> Scale:
    """γ and β, one number for each place along the axes that are not in `over`; 1 and 0 where they are not given."""
    along = found.along(over)
    own = [letter for letter in found.letters if letter not in over]
    each = NOUNS[own[0]] if len(own) == 1 else "place of an example"
    symbols = []
    for name, typed_, usual, what in (("gamma", gamma, "1", "scale"), ("beta", beta, "0", "shift")):
        if shifts or name == "gamma":
            values = fitting(name, typed_, along, each, usual)
            symbols.append(sheet.given(name, values, f"{what}, one number for each {each}", option=name))
    untold = [(symbol, given) for symbol, given in zip(symbols, (gamma, beta), strict=False) if given is None]
    for symbol, _ in untold:
        usual = "1" if symbol.name == "gamma" else "0"
        sheet.convention(f"{{s}} is {usual} everywhere (default: what training starts from)", s=symbol)
    return Scale(symbols[0], symbols[1] if shifts else None, along, each)


def fitting(name: str, given: Values | None, along: Along, each: str, usual: str) -> Values:
    """The numbers of an option with the shape that is wanted, or the usual number everywhere.

    Raises:
        InputError: another number of them; a row or a column is the same to us.
    """
    shape = along.shape
    if given is None:
        return Values(shape, [usual] * count(shape))
    if given.shape == shape:
        return given
    line = sum(size != 1 for size in shape) <= 1
    if line and len(given) == count(shape) and sum(size != 1 for size in given.shape) <= 1:
        return given.reshape(shape)
    wanted = f"{amount(count(shape), 'number')}, one for each {each}" if line else f"the shape {write(shape)}"
    has = f"has {amount(len(given), 'number')}" if len(given.shape) == 1 else f"is {write(given.shape)}"
    of = amount(count(shape), each) if line else f"{write(shape)} numbers in each example"
    raise InputError(f"{{{name}}} {has}, but {{X}} has {of}: {{{name}}} needs {wanted}")


def give_epsilon(sheet: Worksheet, eps: Scalar | None, usual: str, why: str) -> Symbol:
    """ε, which must not be negative."""
    if eps is not None and eps.exact(()) < 0:
        raise InputError(f"{{eps}} is {eps.text(())}: it is added under a root and must not be negative; 1e-5 is usual")
    if eps is not None and eps.exact(()) > LARGEST_EPSILON:
        raise InputError(f"{{eps}} is {eps.text(())}: it is a small number beside the variance; 1e-5 is usual")
    epsilon = sheet.given(
        "epsilon", eps or Values((), (usual,)), "small number that keeps the root away from 0", option="eps"
    )
    if eps is None:
        sheet.convention(f"{{e}} = {typed(usual)} (default: {why})", e=epsilon)
    return epsilon


def refuse_flat(sheet: Worksheet, square: Symbol, each: str, what: str = "variance") -> None:
    """With ε = 0 no variance (or mean square, as `what` says) may be 0, because its root divides.

    Raises:
        InputError: one of them is 0.
    """
    if float(sheet.values["epsilon"]) == 0 and float(sheet.values[square.name].min()) == 0:
        raise InputError(
            f"{{eps}} is 0, but the {what} of one {each} is 0, and its root divides: give a positive {{eps}} such as "
            "1e-5"
        )


def give_upstream(
    sheet: Worksheet, dY: Values | None, found: Input, rows: Sequence[str] | None = None
) -> Symbol | None:
    """∂L/∂Y, of the shape of X; `rows` are the names of its rows."""
    if dY is None:
        return None
    given = in_shape("dY", dY, found, "Y")
    return sheet.given("dL/dY", given, "gradient of the loss L, arriving from above", option="dY", rows=rows)


def in_shape(option: str, values: Values, found: Input, of: str) -> Values:
    """Numbers of the shape of X; a single row or column fits however it was typed.

    Args:
        of: what has that shape, as an error names it.

    Raises:
        InputError: another shape.
    """
    given = values.reshape((1, len(values))) if len(values.shape) == 1 else values
    if (
        given.shape != found.shape
        and len(given.shape) == 2
        and count(given.shape) == count(found.shape) == max(found.shape)
    ):
        given = given.reshape(found.shape)
    if given.shape != found.shape:
        has = f"has {amount(len(values), 'number')}" if len(values.shape) == 1 else f"is {write(values.shape)}"
        raise InputError(f"{{{option}}} {has}, but {of} is {write(found.shape)}: it needs the shape of {of}")
    return given
