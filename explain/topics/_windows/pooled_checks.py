"""A pooling confirmed by a second route, and what is told of ties: each window as a whole, sums the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.engine.nodes.base import Index, Node, Symbol, entry_place
from explain.engine.nodes.pooling import MaxBack, MeanPool
from explain.engine.prose import say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import amount
from explain.topics._windows.pooled import Pooled, last_place

LARGEST_COMPARED = 5 * 10**7  # numbers in all windows that the second route goes through


def told_ties(sheet: Worksheet, given: Pooled, x: Symbol, y: Symbol) -> None:
    """Where the largest entry of a window stands in it more than once, which of them wins."""
    import numpy as np

    from explain.engine.pooling_numpy import winners

    layout, array = given.layout, sheet.values[x.name]
    first, last = (winners(layout, array, last) for last in (False, True))
    tied = np.any([one != other for one, other in zip(first, last, strict=True)], axis=0).reshape(
        [int(size) for size in y.shape]
    )
    places = np.argwhere(tied)
    if not len(places):
        return
    where = ""
    if tied.size > 1:
        first_place = entry_place(tuple(int(at) for at in places[0]), y.shape)
        where = (
            f" of entry {first_place}" if len(places) == 1 else f"s of {len(places)} entries, the first {first_place},"
        )
    sheet.convention(
        f"a tie: in the window{where} the largest number stands more than once; the first in reading order wins and "
        "receives the whole gradient, as in PyTorch"
    )


def check_maximum(sheet: Worksheet, given: Pooled, x: Symbol, y: Symbol) -> None:
    """Every window looked at as a whole: nothing in it is larger than its output, and the output stands in it."""
    import numpy as np

    seen = _all_windows(given, sheet.values[x.name], -np.inf)
    if seen is None:
        return
    axes = len(given.layout.axes)
    found = sheet.values[y.name].reshape(-1, *(axis.places for axis in given.layout.axes))
    whole = tuple(range(-axes, 0))
    below = bool(np.all(seen <= found.reshape(*found.shape, *(1,) * axes)))
    met = bool(np.all(seen.max(axis=whole) == found))
    numbers = amount(int(np.isfinite(seen).sum()), "number")
    sheet.check(
        below and met,
        [y],
        say(f"each window read through as a whole ({numbers} in all): none is larger than the entry of {{y}}, and that "
            "entry is one of them", y=y),
    )  # fmt: skip


def _all_windows(given: Pooled, x: Any, outside: float) -> Any:
    """All windows beside each other; None where they would be too many."""
    import numpy as np

    layout = given.layout
    kernel = int(np.prod([axis.kernel for axis in layout.axes]))
    maps = x.reshape(-1, *x.shape[x.ndim - len(layout.axes) :])
    if len(maps) * kernel * int(np.prod([axis.places for axis in layout.axes])) > LARGEST_COMPARED:
        return None
    padding = [(axis.before, max(0, last_place(axis) - axis.size)) for axis in layout.axes]
    padded = np.pad(maps, [(0, 0), *padding], constant_values=outside)
    covers = tuple((axis.kernel - 1) * axis.dilation + 1 for axis in layout.axes)
    axes = tuple(range(1, 1 + len(layout.axes)))
    seen = np.lib.stride_tricks.sliding_window_view(padded, covers, axis=axes)
    at = tuple(slice(None, (axis.places - 1) * axis.stride + 1, axis.stride) for axis in layout.axes)
    return seen[(slice(None), *at, *(slice(None, None, axis.dilation) for axis in layout.axes))]


def check_mean(sheet: Worksheet, given: Pooled, x: Symbol, y: Symbol) -> None:
    """The sum of all means, added up entry by entry of the input instead of window by window."""
    import numpy as np

    from explain.engine.pooling_numpy import spread_evenly

    met = np.ones(sheet.values[y.name].shape)
    weights = spread_evenly(given.layout, met, given.ends)
    array = sheet.values[x.name]
    total, found = float((weights * array).sum()), float(sheet.values[y.name].sum())
    scale = float(np.abs(weights * array).sum()) + 1e-300
    same = np.ptp(weights) <= 1e-12 * weights.max()
    told = (
        f"every entry of {{x}} counts {tidy(float(weights.flat[0]))} in all windows together, so that often their sum "
        f"{tidy(float(array.sum()))} is {tidy(total) if total else 0}"
        if same
        else "added up entry by entry of {x}, each times its shares in all windows that hold it: "
        f"{tidy(total) if total else 0}"
    )
    sheet.check(abs(total - found) <= 1e-12 * scale, [y], say(told + ", the sum of the entries of {y}", x=x, y=y))


def check_gradient(sheet: Worksheet, given: Pooled, arriving: Symbol, gradient: Symbol) -> None:
    """What arrives and what is handed on, added up."""
    import numpy as np

    seed, found = sheet.values[arriving.name], sheet.values[gradient.name]
    scale = float(np.abs(seed).sum()) + 1e-300
    if given.ends is not None and given.reaches_out and not _is_max(sheet, gradient):
        return  # shares of the padding are lost
    total, sent = float(seed.sum()), float(found.sum())
    sheet.check(
        abs(total - sent) <= 1e-12 * scale,
        [gradient],
        say(f"nothing gets lost: the entries of {{g}} add up to {tidy(total) if total else 0}, those of {{d}} too",
            g=arriving, d=gradient),
    )  # fmt: skip


def _is_max(sheet: Worksheet, gradient: Symbol) -> bool:
    return isinstance(sheet.definition(gradient.name), MaxBack)


def is_even(node: Node) -> bool:
    """Whether the windows of a mean all have the same number of entries that count."""
    return isinstance(node, MeanPool) and node.uniform is not None


def winner_of(sheet: Worksheet, given: Pooled, x: Symbol, entries: Sequence[Index]) -> Any:
    """For a picture: where the largest entry of a window stands, from the place of the output, on the map it shows."""
    front = given.layout.taken_apart(entries[0])[:2] if entries else (0, 0)

    def found(place: Index) -> Index | None:
        cells = [
            (float(sheet.values[x.name][given.layout.place(*front, [a, b])]), -a, -b)
            for a, _ in given.layout.axes[0].seen(place[0]) if a is not None
            for b, _ in given.layout.axes[1].seen(place[1]) if b is not None
        ]  # fmt: skip
        _, row, column = max(cells)
        return -row, -column

    return found
