"""What a positional encoding is asked for: the positions, the width and the embeddings, from what is given of them."""

from __future__ import annotations

from typing import NamedTuple

from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount, shown
from explain.parameters import Count, Matrix, Scalar
from explain.topics._tokens.ids import Ids

USUAL_BASE, USUAL_WIDTH = 10_000, 512
FURTHEST = 100_000  # position; beyond, an angle has lost digits that its sine needs
MOST_ENTRIES = 10**6
SMALL = 12  # rows or columns of a page with a step for the wavelengths, the sines and the cosines


class Asked(NamedTuple):
    """What is to be encoded: the positions from `start`, the width, and the one dimension where only one is wanted.

    `single` is that dimension; `row` holds where X is one token's numbers; `short` where other steps follow.
    """

    start: int
    places: int
    width: int
    single: int | None
    X: Values | None
    row: bool
    short: bool = False

    @property
    def large(self) -> bool:
        """Whether only corners of it are printed."""
        long = self.places > SMALL or self.width > SMALL
        return self.single is None and self.width > 1 and (long or self.short)

    @property
    def pairs(self) -> range:
        """The pairs of a sine and a cosine that are worked."""
        return range((self.width + 1) // 2) if self.single is None else range(self.single // 2, self.single // 2 + 1)


def asked_for(
    positions: Count | None,
    d: Count | None,
    X: Matrix | None,
    dimension: Ids | None,
    start: Ids | None,
    names: int | None,
) -> Asked:
    """The sizes, from what is given of them."""
    single, first = _one("dimension", dimension), _one("start", start) or 0
    count, width = _whole("positions", positions), _whole("d", d)
    row = X is not None and single is None and len(X.shape) == 1
    x: Values | None = X
    if X is not None:
        x = _as_column(X) if single is not None else X.reshape((1, len(X))) if row else X
        count = _agreed("positions", count, int(x.shape[0]), "row" if single is None else "number")
        if single is None:
            width = _agreed("d", width, int(x.shape[1]), "column")
    count = count or names
    if width is None and single is not None and single < 2:
        width = USUAL_WIDTH
    if count is None or width is None:
        lone = "{positions}" if count is None else "{d}"
        raise InputError(f"{lone} is missing: give {{positions}} and {{d}}, such as 3 and 4, or {{X}}, one token a row")
    if single is not None and single >= width:
        raise InputError(f"{{dimension}} is {single}, but {{d}} is {width}: dimensions run from 0 to {width - 1}")
    if first + count > FURTHEST:
        raise InputError(
            f"{{{'positions' if count > FURTHEST else 'start'}}} is {count if count > FURTHEST else first}: positions "
            f"up to {FURTHEST} are worked, beyond that an angle has lost digits; give a smaller one"
        )
    if count * (width if single is None else 1) > MOST_ENTRIES or width > FURTHEST:
        raise InputError(
            f"{{d}} is {width} with {amount(count, 'position')}: at most {MOST_ENTRIES} numbers, and {FURTHEST} a "
            "position, are worked"
        )
    return Asked(first, count, width, single, x, row)


def _as_column(X: Values) -> Values:
    """One number a position."""
    if len(X.shape) == 2 and 1 not in X.shape:
        raise InputError(
            f"{{X}} is {write(X.shape)}, but {{dimension}} is given: then {{X}} has one number a position; leave "
            "{dimension} out, or give one column of {X}"
        )
    return X.reshape((len(X), 1))


def _one(name: str, given: Ids | None) -> int | None:
    if given is None:
        return None
    if len(given) > 1:
        raise InputError(f"{{{name}}} has {len(given)} numbers: one whole number from 0 belongs here")
    text = given.text((0, 0))
    if len(text) > 9:
        raise InputError(f"{{{name}}} is {shown(text)}: at most {FURTHEST}")
    return int(text)


def _whole(name: str, given: Count | None) -> int | None:
    if given is not None and given.number is None:
        raise InputError(f"{{{name}}} is {given.name}: sines are worked with numbers; give a whole number such as 4")
    if given is not None and given.number is not None and given.number > MOST_ENTRIES:
        raise InputError(f"{{{name}}} is {shown(given.number)}: at most {FURTHEST} are worked; give a smaller number")
    return None if given is None else given.number


def _agreed(name: str, given: int | None, found: int, line: str) -> int:
    """A size that follows from X, and may be given too."""
    if given is not None and given != found:
        raise InputError(f"{{{name}}} is {given}, but {{X}} has {amount(found, line)}: leave {{{name}}} out")
    return found


def checked_base(base: Scalar | None) -> float:
    if base is not None and base.exact(()) < 1:
        raise InputError(f"{{base}} is {base.text(())}: it must be at least 1, such as {USUAL_BASE}")
    return float(USUAL_BASE if base is None else base.exact(()))
