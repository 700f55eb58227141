"""The mask of an attention: what each query may look at, as 0 and -∞ to be added to the scores."""

from __future__ import annotations

from typing import Any, NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount, shown
from explain.masks import Mask
from explain.parameters import Matrix
from explain.topics._attention.naming import Naming
from explain.topics._attention.sequences import Sequences

Visible = Any  # an array of booleans, queries × keys: NumPy must not be imported here
MOST_MASKED = 4 * 10**6  # scores that a mask is drawn up for


class Hidden(NamedTuple):
    """A mask on the sheet, and what it does in words."""

    symbol: Symbol
    meaning: str


def give_mask(
    sheet: Worksheet,
    mask: Mask | None,
    padding: Matrix | None,
    shape: tuple[int, int],
    names: Sequences,
    naming: Naming,
    options: tuple[str, str] = ("mask", "padding"),
) -> Hidden | None:
    """Put the mask on the sheet; None where every query may look at every key.

    Args:
        shape: queries × keys.
        options: the names of the parameters `mask` and `padding`.

    Raises:
        InputError: a mask of another shape than the scores, one that hides every key from a query.
    """
    import numpy as np

    option, padded = options
    if (mask is None or mask.name == "none") and padding is None:
        return None
    if shape[0] * shape[1] > MOST_MASKED:
        used = padded if mask is None or mask.name == "none" else option
        raise InputError(f"{{{used}}} is given with {write(shape)} scores: at most {MOST_MASKED} can be masked")
    visible = np.ones(shape, dtype=bool)
    told = []
    if mask is not None and mask.name == "causal":
        visible &= np.tri(*shape, dtype=bool)
        told.append("key j comes after query i (causal)")
    elif mask is not None and mask.name == "given":
        visible &= _given(mask, shape, option)
        told.append("the question hides key j from query i")
    if padding is not None:
        visible &= _padding(padding, shape[1], padded)
        told.append("key j is padding")
    givers = [name for name, there in ((option, mask and mask.name != "none"), (padded, padding is not None)) if there]
    _each_sees_one(visible, names, givers)
    texts = None if visible.size > 10**4 else ["0" if seen else "-∞" for seen in visible.ravel()]
    values = Values(shape, texts, np.where(visible, 0.0, -np.inf))
    meaning = "mask: -∞ where " + " or ".join(told) + ", else 0"
    symbol = sheet.given(naming.whole.of("M"), values, meaning, option=option, rows=names.queries, columns=names.keys)
    return Hidden(symbol, " and ".join(told))


def _given(mask: Mask, shape: tuple[int, int], option: str) -> Visible:
    """A mask as it is given: one row serves every query."""
    visible = mask.visible
    if visible.ndim == 1:
        visible = visible.reshape(1, -1)
    if visible.shape != shape and not (visible.shape == (1, shape[1])):
        raise InputError(
            f"{{{option}}} is {write(visible.shape)}, but the scores are {write(shape)}, a row for each query and a "
            f"column for each key: it needs that shape, or one row of {shape[1]} for every query"
        )
    return visible


def _padding(padding: Matrix, keys: int, option: str) -> Visible:
    array = padding.array.ravel()
    if len(padding.shape) == 2 and 1 not in padding.shape:
        raise InputError(
            f"{{{option}}} is {write(padding.shape)}: it has one row, a number for each of the {amount(keys, 'key')}"
        )
    if len(array) != keys:
        raise InputError(
            f"{{{option}}} has {amount(len(array), 'number')}, but there are {amount(keys, 'key')}: it needs one "
            "number a key"
        )
    for at, value in enumerate(array):
        if value not in (0, 1):
            text = padding.reshape((len(array),)).text((at,))
            raise InputError(f"{{{option}}} has {text}: it holds 1 for a token and 0 for padding")
    return array == 1


def _each_sees_one(visible: Visible, names: Sequences, options: list[str]) -> None:
    """A query that sees nothing has no weights: softmax of -∞ alone is 0/0."""
    blind = (~visible.any(axis=1)).nonzero()[0]
    if len(blind):
        who = " and ".join(f"{{{option}}}" for option in options) + (" hide" if len(options) > 1 else " hides")
        raise InputError(
            f"{who} every key from {shown(names.query(int(blind[0])))}: softmax of -∞ alone is 0/0, which PyTorch "
            "returns as NaN; let each query see one key at least"
        )
