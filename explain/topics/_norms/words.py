"""What a page on normalisation says beside the working: how it is to be read, and what comes out of any numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from explain.engine.names import word
from explain.engine.nodes.along import Along
from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word
from explain.engine.prose import Prose, say
from explain.engine.shapes import Shape, count
from explain.engine.worksheet import Worksheet
from explain.topics._norms.input import Input, Scale

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

WIDE = 1e3  # of a variance beside ε, so that two numbers are normalised to nearly -1 and 1


def say_slices(sheet: Worksheet, array: Symbol, along: Along) -> None:
    """How index sums are to be read, where a colon stands in one."""
    several = [at for at, size in enumerate(along.full) if size != 1]
    marks = [along.marks[at] if at in along.axes else ":" for at in several]
    if ":" not in marks or len(set(marks)) == 1:
        return
    if len(along.full) == 2:
        sheet.convention(
            "{a} is row i of {X}, {b} column j: a colon stands for a whole axis (Goodfellow et al. 2016, Notation)",
            a=word(array.name, "i,:"), b=word(array.name, ":,j"), X=array,
        )  # fmt: skip
    else:
        fixed = [mark for mark in marks if mark != ":"]
        listed = " and ".join([", ".join(fixed[:-1]), fixed[-1]] if len(fixed) > 1 else fixed)
        sheet.convention(
            f"{{a}} is the part of {{X}} at one {listed}: a colon stands for a whole axis (Goodfellow et al. 2016, "
            "Notation)",
            a=word(array.name, ",".join(marks)), X=array,
        )  # fmt: skip


def say_pairs(
    sheet: Worksheet, array: Symbol, along: Along, statistics: Sequence[str], scale: Scale, normal: str = "Xhat"
) -> None:
    """Which mean and which scale goes with an entry, where there are several and fewer than entries."""
    shifts = ("gamma",) if scale.beta is None else ("gamma", "beta")
    said = [
        (_entry(name, shared, shared.full), [_entry(other, shared, shared.kept) for other in others])
        for name, shared, others in ((array.name, along, statistics), (normal, scale.along, shifts))
        if shared.kept != shared.full and count(shared.kept) > 1
    ]
    parts, clauses = dict[str, Word](), []
    for at, (entry, others) in enumerate(said):
        parts |= {f"{at}": entry, **{f"{at}_{which}": other for which, other in enumerate(others)}}
        with_these = " and ".join(f"{{{at}_{which}}}" for which in range(len(others)))
        clauses.append(("entry " if at == 0 else "") + f"{{{at}}} {'is worked ' if at == 0 else ''}with {with_these}")
    if clauses:
        sheet.convention("broadcasting: " + ", ".join(clauses), **parts)


def _entry(name: str, along: Along, sizes: Shape) -> Word:
    """An array by its entry, with a letter for each axis that has more than one place."""
    marks = [mark for mark, size in zip(along.marks, sizes, strict=True) if size != 1]
    return word(name, ("" if len(along.full) == 2 else ",").join(marks))


def over_example(found: Input) -> str:
    """The axes of a mean in layer norm: all but the examples; of tokens, their features alone."""
    return "D" if "T" in found.letters else "".join(letter for letter in found.letters if letter != "N")


def say_over_example(sheet: Worksheet, found: Input) -> None:
    """What frameworks do with feature maps."""
    if "C" in found.letters:
        axes = ", ".join(over_example(found))
        sheet.convention(
            f"means are taken over all of {axes} of an example, as in PyTorch with normalized_shape ({axes}); Keras by "
            "default, and ConvNeXt, take the channels at each place alone"
        )


def degenerate(sheet: Worksheet, m: Symbol, variance: Symbol, epsilon: Symbol, normal: Word, distances: Array) -> Prose:
    """What comes out whatever the numbers are: of one number, of two, and of equal ones.

    Args:
        distances: the largest distance from each mean.
    """
    number = int(sheet.values[m.name])
    if number == 1:
        return say("a single number is its own mean: {x} is 0 whatever the number is", x=normal)
    told = []
    if number == 2 and float(sheet.values[variance.name].max()) >= WIDE * float(sheet.values[epsilon.name]):
        told.append(
            "two numbers lie equally far on both sides of their mean: {x} is nearly -1 and 1 whatever they are, so "
            "that hardly any gradient comes back to them"
        )
    if not distances.all():
        told.append("where {v} is 0 all {m} numbers are equal: {x} is 0, and {e} alone stands under the root")
    return say("; ".join(told), x=normal, v=variance, m=m, e=epsilon) if told else ()
