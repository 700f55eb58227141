"""Sliding windows the other way round: which kernel, padding, stride or input gives an output of a wanted size."""

from __future__ import annotations

from explain.engine.answer import Answer
from explain.engine.nodes.base import Symbol
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.extents import Extent, Padding, Sides, Wanted
from explain.topics._windows.axes import AXES
from explain.topics._windows.keeping import keeping
from explain.topics._windows.solved_axis import OPTIONS, TITLES, Problem, SolvedAxis


def found(
    kind: str,
    input: Extent | None,
    kernel: Sides | None,
    stride: Extent | None,
    padding: Padding | None,
    dilation: Extent | None,
    output: Wanted,
    source: str,
) -> Answer:
    """The answer for whichever of kernel, input, padding and stride is left out.

    Raises:
        InputError: nothing is left out, or no number gives the wanted output.
    """
    given = {"k": kernel, "i": input, "p": padding, "s": stride}
    unknown = next((letter for letter, value in given.items() if value is None), None)
    if unknown is None:
        raise InputError(
            "{output_size} is given, but nothing is left out: leave out {kernel}, {input}, {padding} or {stride}"
        )
    if padding is not None and padding.word:
        raise InputError(
            f"{{padding}} is {padding.word}: with {{output_size}} it must be a number from 0, or be left out"
        )
    if output.word == "same" and input is None and kernel is not None:
        return keeping(kind, kernel, stride, padding, dilation, source)
    if output.word == "same" and input is None:
        raise InputError("{output_size} is same, but {input} and {kernel} are missing: give {kernel}")
    if unknown == "k" and input is None:
        raise InputError("{input} and {kernel} are missing: with {output_size} one of them is found from the other")
    extents = {"i": input, "s": stride, "p": padding, "d": dilation}
    if kernel is not None:
        extents["k"] = Extent(kernel.along("kernel", len(kernel.counts)))
    numbers = {letter: extent for letter, extent in extents.items() if extent is not None}
    problems = _problems(numbers, unknown, output, kind == "pooling")
    sheet = Worksheet(f"{TITLES[unknown]} of a {kind} layer from its shapes", source)
    several = len({str(problem) for problem in problems.values()}) > 1
    results: list[Symbol] = []
    for axis, problem in problems.items() if several else [("", next(iter(problems.values())))]:
        results += SolvedAxis(sheet, axis, problem).solved()
    return sheet.answer(*results)


def _problems(given: dict[str, Extent], unknown: str, output: Wanted, pooling: bool) -> dict[str, Problem]:
    """One problem for each axis; the sizes stand without channels and batch."""
    everything = {**given, "o": Extent(output.sizes or given["i"].sizes)}
    rank = max(len(extent.sizes) for extent in everything.values())
    if rank > 3:
        longest = next(OPTIONS[letter] for letter, extent in everything.items() if len(extent.sizes) == rank)
        raise InputError(
            f"{{{longest}}} has {rank} sizes: a window slides along 1 to 3 axes; leave the batch and the channels out"
        )
    known = {letter: extent.along(OPTIONS[letter], rank) for letter, extent in everything.items()}
    return {
        axis: Problem({letter: values[at] for letter, values in known.items()}, unknown, pooling)
        for at, axis in enumerate(AXES[rank])
    }
