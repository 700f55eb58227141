"""The second routes of the page on positional encoding, and what another reading of the question would give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word
from explain.engine.prose import Prose, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

CLOSE = 1e-9
MOST_LISTED = 8  # numbers in one line


def check_encoding(
    sheet: Worksheet,
    encoding: Symbol,
    pairs: Sequence[int],
    start: int,
    base: float,
    layout: str,
    single: int | None,
) -> None:
    """The numbers as code computes them, the circle of each pair, and the turn from one position to the next."""
    import numpy as np

    found = sheet.values[encoding.name]
    count, width = found.shape[0], float(sheet.values["d"])
    speeds = np.exp(-2 * np.array(pairs) * np.log(base) / width)
    angles = (start + np.arange(count))[:, None] * speeds
    if single is not None:
        expected = np.sin(angles) if single % 2 == 0 else np.cos(angles)
    else:
        expected = encoded(angles, found.shape[1], layout == "halves")
    sheet.check(
        bool(np.abs(found - expected).max() < CLOSE),
        [encoding],
        say("as code computes it, with the frequencies as {f}: the same {P}",
            f=Word("exp(-2i log(base)/d)", r"\exp(-2i \log(\mathrm{base})/d)"), P=encoding),
    )  # fmt: skip
    if single is not None or found.shape[1] < 2:
        return
    full = found.shape[1] // 2  # pairs that have a cosine
    halves = layout == "halves"
    S, C = (found[:, : full + found.shape[1] % 2], found[:, -full:]) if halves else (found[:, 0::2], found[:, 1::2])
    off = float(np.abs(S[:, :full] ** 2 + C**2 - 1).max())
    sheet.check(
        off < CLOSE,
        [encoding],
        say("sin² + cos² = 1 for each pair at each position: a pair is a point on a circle of radius 1"),
    )
    if count < 2:
        return
    turn = sheet.values["omega"][0, :full]
    ahead = np.abs(S[:-1, :full] * np.cos(turn) + C[:-1] * np.sin(turn) - S[1:, :full]).max()
    across = np.abs(C[:-1] * np.cos(turn) - S[:-1, :full] * np.sin(turn) - C[1:]).max()
    sheet.check(
        float(max(ahead, across)) < CLOSE,
        [encoding],
        say("each pair turned by its frequency in {w} is the pair of the next position (addition theorems): a shift by "
            "one position is the same rotation everywhere", w=Symbol("omega")),
    )  # fmt: skip


def encoded(angles: Array, width: int, halves: bool) -> Array:
    """Sines and cosines of the angles of some positions, in a layout."""
    import numpy as np

    sines, cosines = np.sin(angles), np.cos(angles[:, : width // 2])
    if halves:
        return np.hstack([sines, cosines])
    merged = np.empty((len(angles), width))
    merged[:, 0::2], merged[:, 1::2] = sines, cosines
    return merged


def other_reading(sheet: Worksheet, single: int | None, x: Symbol, base: float) -> Prose:
    """Numbers given for one dimension, read as the numbers of one token instead."""
    import numpy as np

    numbers = sheet.values[x.name]
    width = len(numbers)
    if single is None or width < 2:
        return ()
    speeds = base ** (-2 * np.arange((width + 1) // 2) / width)
    where = sheet.values["pos"][0]
    total = numbers.T + encoded(where[:, None] * speeds, width, halves=False)
    shown = ", ".join(tidy(float(number)) for number in total[0][:MOST_LISTED])
    more = ", …" if width > MOST_LISTED else ""
    return say(
        f"read as the d = {width} numbers of one token at position {tidy(float(where[0]))}, as the paper has a row of "
        f"{{X}}, the sum would be {shown}{more}",
        X=x,
    )
