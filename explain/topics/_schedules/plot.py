"""A plot in text: numbers over time as marks in a frame of at most 76 columns."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.rounding import tidy

WIDTH = 56  # columns inside the frame, at most
HEIGHT = 9  # lines


def plotted(places: Sequence[float], curves: Sequence[tuple[str, Sequence[float]]], axis: str) -> list[str]:
    """The lines of a plot: one mark a number, later curves over earlier ones.

    Args:
        places: where on the horizontal axis each number stands, in rising order.
        curves: a mark and its numbers, one for each place.
        axis: what the horizontal axis counts.

    >>> for line in plotted([0, 1, 2], [("*", [2.0, 1.0, 1.0])], "epoch"):
    ...     print(line)  # doctest: +ELLIPSIS
    2 ┤*
    ...
    """
    numbers = [number for _, curve in curves for number in curve]
    low, high = min(numbers), max(numbers)
    if low > 0 and low < high / 2:
        low = 0.0  # a rate that falls is seen against 0
    span, length = high - low, places[-1] - places[0]
    width = WIDTH if length >= WIDTH or len(places) > WIDTH else max(1, len(places) * (WIDTH // len(places)))
    grid = [[" "] * width for _ in range(HEIGHT)]
    for mark, curve in curves:
        for place, number in zip(places, curve, strict=True):
            column = round((place - places[0]) / length * (width - 1)) if length else 0
            row = round((high - number) / span * (HEIGHT - 1)) if span else HEIGHT // 2
            grid[row][column] = mark
    return _framed(grid, low, high, places, axis)


def _framed(grid: list[list[str]], low: float, high: float, places: Sequence[float], axis: str) -> list[str]:
    """The marks with both axes: the largest and the smallest number, the first and the last place."""
    top, bottom = (tidy(number) for number in (high, low))
    labels = {HEIGHT // 2: top} if low == high else {0: top, HEIGHT - 1: bottom}
    left = max(len(label) for label in labels.values())
    lines = [
        f"{labels.get(at, ''):>{left}} {'┤' if at in labels else '│'}{''.join(row)}".rstrip()
        for at, row in enumerate(grid)
    ]
    first, last = f"{places[0]:g}", f"{places[-1]:g}"
    under = f"{first}{last:>{len(grid[0]) - len(first)}}" if len(places) > 1 else first
    return [*lines, f"{'':>{left}} └{'─' * len(grid[0])}", f"{'':>{left + 2}}{under}", f"{'':>{left + 2}}{axis}"]
