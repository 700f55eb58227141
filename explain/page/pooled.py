"""A window that is pooled, on paper: its entries as a matrix with the largest in a frame, and its index formula."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from explain.engine.nodes.base import Index, Symbol
from explain.engine.nodes.geometry import Line
from explain.engine.nodes.largest import LISTED
from explain.engine.nodes.pooling import Averaging, MaxBack, MaxPool, MeanPool, Pooling
from explain.engine.notation import DOTS, GAP, Fraction, Grid, Notation, Operator, Row, Word, call
from explain.page.figures import Figures, Numbers, corners
from explain.page.model import Equation

SIDE = 5  # rows and columns of a window that are drawn; of a larger one the corners
Forward = MaxPool | MeanPool


class Winner(NamedTuple):
    """The largest entry of a window: its place in the input, and how often that number stands in the window."""

    place: Index
    times: int


def winner(figures: Figures, found: Forward, index: Index) -> Winner | None:
    """The first of the largest entries in the window of an output; None where the input has no name."""
    import numpy as np

    operand = found.operands[0]
    if not isinstance(found, MaxPool) or not isinstance(operand, Symbol) or not figures.known(operand.name):
        return None
    layout = found.layout
    sample, channel, _ = layout.taken_apart(index)
    kept = [[at for at, _ in line if at is not None] for line in found.window(index)]
    seen = figures.answer.values[operand.name].reshape(max(1, layout.samples), layout.inputs, *_sizes(found))
    part = seen[sample, channel][np.ix_(*kept)]
    at = np.unravel_index(int(part.argmax()), part.shape)
    return Winner(tuple(line[int(a)] for line, a in zip(kept, at, strict=True)), int((part == part.max()).sum()))


def _sizes(found: Pooling) -> list[int]:
    return [axis.size for axis in found.layout.axes]


def winner_in_words(figures: Figures, found: Forward, index: Index) -> str:
    """`; the largest entry stands in row 1, column 2`, and that it is the first of several."""
    best = winner(figures, found, index)
    if best is None:
        return ""
    several = "the largest entry" if best.times == 1 else f"the first of {best.times} largest entries"
    return f"; {several} stands {in_words(found, best.place)}"


def in_words(found: Pooling, place: Sequence[int]) -> str:
    """`in row 1, column 2`; of a single row the column only."""
    if len(place) == 1:
        return f"at place {place[0] + 1}"
    row = f"row {place[0] + 1}, " if _sizes(found)[0] > 1 else ""
    return f"in {row}column {place[1] + 1}"


def front(figures: Figures, found: Forward, index: Index) -> list[tuple[str, Notation]]:
    """What an entry is taken of, as a matrix: `= max [1 3; 2 0]`; nothing for a single row that is listed anyway."""
    lines = found.window(index)
    if len(lines) == 1 or len(lines[0]) == 1:
        return []
    best = winner(figures, found, index)
    drawn = _grid(figures, found, index, lines, None if best is None else best.place)
    name = Word("max", r"\max") if isinstance(found, MaxPool) else Word("mean", r"\mathrm{mean}")
    return [("=", call(name, drawn))]


def is_listed(found: Forward, index: Index) -> bool:
    """Whether the numbers of a window are few enough to be written in a row."""
    return prod(sum(at is not None for at, _ in line) for line in found.window(index)) <= LISTED


def _grid(figures: Figures, found: Forward, index: Index, lines: Sequence[Line], framed: Index | None) -> Grid:
    """The window as a matrix."""
    style = Numbers(figures)
    layout = found.layout
    sample, channel, _ = layout.taken_apart(index)
    places = [_few(len(line)) for line in lines]
    _, _, window = layout.taken_apart(index)
    starts = [place * axis.stride - axis.before for place, axis in zip(window, layout.axes, strict=True)]
    cells: list[Sequence[Notation] | None] = []
    for down in places[0]:
        if down is None:
            cells.append(None)
            continue
        row: list[Notation] = []
        for across in places[1]:
            if across is None:
                row.append(DOTS)
                continue
            at = (lines[0][down][0], lines[1][across][0])
            if at[0] is None or at[1] is None:
                row.append(_outside(found, [starts[0] + down, starts[1] + across]))
                continue
            number = style.write(found.operands[0].entry(layout.place(sample, channel, [at[0], at[1]])))
            row.append(_framed(number) if at == framed else number)
        cells.append(row)
    return Grid(cells, places[1])


def _outside(found: Forward, positions: Sequence[int]) -> Word:
    """What stands at a place outside of the input; a mean has no dilation, so that places follow each other."""
    if isinstance(found, MaxPool):
        return Word("-∞", r"-\infty", number=True)
    return Word("0", number=True) if found.counts(positions) else Word("")


def _few(size: int) -> list[int | None]:
    shown = corners(size, SIDE)
    return shown if len(shown) == size else [0, 1, None, size - 1]


def _framed(number: Notation) -> Notation:
    """A number in a frame: `[3]`."""
    if isinstance(number, Word):
        return Word(f"[{number.text}]", rf"\boxed{{{number.latex}}}", key=number.key, number=True)
    return number


def pool_formula(
    symbol: Symbol, found: Pooling, joined: Sequence[str], letters: tuple[list[str], ...]
) -> Equation | None:
    """`Y[i,j] = max[u,v] X[2i+u-2, 2j+v-2]`, counted from 1.

    Args:
        joined: the input's places in the letters of output and window.
        letters: those of the entry, of the window, and of the outputs that are summed over.
    """
    outer, inner, places = letters
    layout, operand = found.layout, found.operands[0]
    lead = [*(["n"] if layout.samples else []), *(["c"] if layout.channels else [])]
    if not isinstance(operand, Symbol):
        return None
    summed, back = ",".join(inner), isinstance(found, MaxBack) or not isinstance(found, Forward)
    here, sums = ",".join(outer), ",".join(places)
    entry = entry_of(operand, [*lead, *(places if back else joined)])
    share = _share(found, sums if back else here)
    if all(axis.places == 1 and axis.kernel == axis.size for axis in layout.axes):  # the window is the whole map
        return _global(symbol, found, lead, outer, inner)
    at = f"({here})" if len(outer) > 1 else here
    if isinstance(found, MaxPool):
        sign = Operator(f"max[{summed}]", rf"\max_{{{summed}}}")
    elif isinstance(found, MeanPool):
        sign = Operator(f"Σ[{summed}]", rf"\sum_{{{summed}}}")
    elif isinstance(found, MaxBack):
        sign = Operator(f"Σ[{sums} won by {at}]", rf"\sum_{{{sums}\text{{ won by }}{at}}}")
    else:
        sign = Operator(f"Σ[{sums} holding {at}]", rf"\sum_{{{sums}\text{{ holding }}{at}}}")
    right: list[Notation] = [*share, sign, GAP, entry]
    if isinstance(found, Averaging) and back and found.uniform is None:
        right = [sign, GAP, *share, entry]
    return Equation(entry_of(symbol, [*lead, *outer]), [("=", Row(right))])


def _global(symbol: Symbol, found: Pooling, lead: list[str], outer: list[str], inner: list[str]) -> Equation | None:
    """The same where one window is the whole map: `Y[c,1,1] = max[u,v] X[c,u,v]`."""
    operand = found.operands[0]
    assert isinstance(operand, Symbol)
    alone = [*lead, *("1" for _ in outer)] if lead else []  # a map with one entry
    single, summed, share = _part(operand, alone), ",".join(inner), _share(found, "")
    if isinstance(found, MaxBack) or (isinstance(found, Averaging) and found.uniform is None):
        return None
    if not isinstance(found, Forward):
        return Equation(entry_of(symbol, [*lead, *outer]), [("=", Row([*share, single]))])
    sign = Operator(f"Σ[{summed}]", rf"\sum_{{{summed}}}")
    if isinstance(found, MaxPool):
        sign = Operator(f"max[{summed}]", rf"\max_{{{summed}}}")
    return Equation(_part(symbol, alone), [("=", Row([*share, sign, GAP, entry_of(operand, [*lead, *inner])]))])


def _part(symbol: Symbol, index: list[str]) -> Word:
    return entry_of(symbol, index) if index else symbol.word


def _share(found: Pooling, place: str) -> list[Notation]:
    """What a mean is divided by."""
    if not isinstance(found, Averaging) or found.uniform == 1:
        return []
    below = Word(f"n[{place}]", f"n_{{{place}}}") if found.uniform is None else Word(str(found.uniform), number=True)
    return [Fraction(Word("1", number=True), below), GAP]


def entry_of(symbol: Symbol, index: Sequence[str]) -> Word:
    """An entry with a long index: `X[i+u-1, j+v-1]`."""
    text = f"{symbol.word.text}[{', '.join(index)}]"
    return Word(text, rf"{{{symbol.word.latex}}}_{{{','.join(index)}}}", key=symbol.word.key)
