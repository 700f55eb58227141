"""A sliding kernel on paper: for one entry the patch, the kernel, and their products entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from math import prod

from explain.engine.answer import Step
from explain.engine.nodes.arithmetic import Add, Times
from explain.engine.nodes.base import Index, Node, Number, entry_place
from explain.engine.nodes.geometry import Axis, Patch
from explain.engine.nodes.pooling import MaxBack, MaxPool, MeanBack, MeanPool
from explain.engine.nodes.window import Correlate, Gathering, Sliding, Spreading
from explain.engine.notation import DOTS, HADAMARD, Grid, Notation, Row
from explain.engine.prose import Prose, say
from explain.page.figures import Figures, Numbers, corners
from explain.page.model import Equation, Line
from explain.page.pooled import winner_in_words
from explain.page.stamps import is_transposed

SIDE = 5  # rows and columns of a patch that are drawn; of a larger one the corners
LARGE = 400  # entries; of a larger array one window is drawn, for its first channel
MOST_PATCHES = 3  # channels that are drawn; of more the first two and the last
ALL = 4  # outputs that are all worked; of more only the first few
Windowed = Sliding | MaxPool | MeanPool | MaxBack | MeanBack
FORWARD = Correlate | MaxPool | MeanPool


def sliding_in(expression: Node) -> Windowed | None:
    """The sliding product (or the pooling) that an expression is, or has as a term."""
    if isinstance(expression, Windowed):
        return expression
    if isinstance(expression, Add):
        return next((part for part in expression.operands if isinstance(part, Sliding)), None)
    return None


def worked_entries(step: Step, found: Windowed) -> list[Index]:
    """The entries that are worked in exam detail: those the topic has chosen, else the first few of the first map."""
    if step.entries:
        return list(step.entries)
    sizes = [int(size) for size in step.expression.shape]
    axes = len(found.layout.axes)
    lead = (0,) * (len(sizes) - axes)
    places = sizes[-axes:]
    if prod(sizes) > LARGE:
        early = [1 if size > 2 else 0 for size in places]
        if isinstance(found, Spreading | MeanBack):
            early = [_first_met(axis, at) for axis, at in zip(found.layout.axes, early, strict=True)]
        return [(*lead, *early)]
    inner = [range(size) for size in places]
    if isinstance(found, FORWARD) and prod(sizes) <= ALL:
        return list(product(*map(range, sizes)))
    if isinstance(found, FORWARD) and prod(places) <= ALL:
        return [*((*lead, *at) for at in product(*inner)), *_of_second_filter(found, len(sizes))]
    first = tuple(axis.entered if isinstance(found, FORWARD) else 0 for axis in found.layout.axes)
    if isinstance(found, MaxBack):
        return _won_and_lost(step)
    if isinstance(found, Spreading | MeanBack):  # a corner, and a place that more windows have covered
        slid = found.layout.axes
        chosen = [tuple(_first_met(axis, 0) for axis in slid), tuple(_most_met(axis) for axis in slid)]
    else:
        last = first[-1]
        chosen = [first, (*first[:-1], last + 1), (first[0] + 1, last) if axes == 2 else (last + 2,)]
        chosen = chosen if isinstance(found, FORWARD) else chosen[:2]
        if axes == 2 and places[0] == 1:
            chosen = [first, (0, last + 1), (0, last + 2)]
    kept = [at for at in dict.fromkeys(chosen) if all(a < size for a, size in zip(at, places, strict=True))]
    return [*((*lead, *at) for at in kept), *(_of_second_filter(found, len(sizes)) if len(lead) else [])]


def _first_met(axis: Axis, wanted: int) -> int:
    """The first place from the wanted one on that a window holds; with a stride or a dilation not every place is."""
    near = range(wanted, min(axis.size, wanted + axis.stride + axis.dilation))
    return next((at for at in near if axis.reached(at)), wanted)


def _most_met(axis: Axis) -> int:
    """Of the places that windows hold most often the one in the middle."""
    return max(range(axis.size), key=lambda at: (len(axis.reached(at)), -abs(at - axis.size // 2)))


def _of_second_filter(found: Windowed, axes: int) -> list[Index]:
    """The first entry that another filter gives; each filter has a kernel of its own."""
    if not isinstance(found, Correlate) or found.layout.filters == 1 or is_transposed(found):
        return []
    at = [0] * axes
    at[-1 - len(found.layout.axes)] = 1
    return [tuple(at)]


def _won_and_lost(step: Step) -> list[Index]:
    """For a maximum: the entry that receives most, and the first that receives nothing."""
    import numpy as np

    assert step.value is not None
    sizes = abs(step.value[(0,) * (step.value.ndim - 2)]) if step.value.ndim > 2 else abs(step.value)
    lead = (0,) * (step.value.ndim - sizes.ndim)
    places = [np.unravel_index(int(at), sizes.shape) for at in (sizes.argmax(), sizes.argmin())]
    return [(*lead, *(int(at) for at in place)) for place in dict.fromkeys(places)]


def pictures(figures: Figures, step: Step, found: Windowed, index: Index) -> list[Line]:
    """What one entry is the sum of: which window, and patch ⊙ kernel = products, one equation a channel."""
    terms = [part for part in step.expression.operands if isinstance(part, Sliding)]
    if len(terms) > 1:  # a quantity on two paths
        lead = [say("term with {g}: ", g=part.operands[0]) for part in terms]
        return [
            line for at, part in zip(lead, terms, strict=True) for line in _pictures(figures, step, part, index, at)
        ]
    return _pictures(figures, step, found, index, ())


def _pictures(figures: Figures, step: Step, found: Windowed, index: Index, lead: Prose) -> list[Line]:
    """The same for one term; `lead` tells which, where there are several."""
    place = entry_place(index, step.symbol.shape)
    if isinstance(found, MaxPool | MeanPool):
        under = _under(found, index)
        under = under.replace("padding", "outside") if isinstance(found, MaxPool) or found.ends is None else under
        return [say(f"window of entry {place}: {under}{winner_in_words(figures, found, index)}")]
    patches = found.patches(index)
    if prod([int(size) for size in found.shape]) > LARGE:
        patches = patches[:1]
        if isinstance(found, Gathering) and prod(len(line) for line in patches[0].lines) > LARGE:
            return []  # whole maps: the index formula and the sum say as much
    chosen = patches if len(patches) <= MOST_PATCHES else [*patches[:2], patches[-1]]
    several = len(found.patches(index)) > 1
    kept = [patch for patch in chosen if all(patch.lines)]
    if not kept:
        return []
    if len(kept) == 1:
        told = _told(found, index, place)
        which = _label(found, kept[0], several)
        return [(*lead, *told, *((" (", *which, ")") if which else ())), _drawn(figures, kept[0], ())]
    return [
        (*lead, *_told(found, index, place)),
        *(_drawn(figures, patch, _label(found, patch, several)) for patch in kept),
    ]


def _label(found: Windowed, patch: Patch, several: bool) -> Prose:
    """Which channel, filter or sample a patch belongs to, where there are several."""
    kinds: dict[type, str] = {Correlate: "channel", Spreading: "filter", Gathering: "sample"}
    kind = kinds.get(type(found), "")
    if kind != "sample" and isinstance(found, Sliding) and is_transposed(found):
        kind = {"channel": "filter", "filter": "channel"}[kind]
    return say(f"{kind} {patch.number + 1}") if several else ()


def _drawn(figures: Figures, patch: Patch, label: Prose) -> Equation:
    """Patch ⊙ kernel = products."""

    def multiplied(left: Node, right: Node) -> Node:
        worked = figures.answer.proof.number(Times(left, right))
        return Times(left, right) if worked is None else Number(worked)

    left, _ = _grid(figures, patch, lambda left, _: left)
    right, _ = _grid(figures, patch, lambda _, right: _known(figures, right))
    products, exact = _grid(figures, patch, multiplied)
    sign, factors = "=" if exact else "≈", Row([left, HADAMARD, right])
    if label:
        return Equation(None, [("=", factors), (sign, products)], label)
    return Equation(factors, [(sign, products)])


def _known(figures: Figures, factor: Node) -> Node:
    """A factor that is a condition, as the number it has."""
    worked = figures.answer.proof.number(factor) if factor.operands else None
    return factor if worked is None else Number(worked)


def _told(found: Windowed, index: Index, place: str) -> Prose:
    """Which window that is, in words."""
    if isinstance(found, Sliding) and is_transposed(found):
        return _told_of_stamps(found, index, place)
    if isinstance(found, Correlate):
        return say(f"window of entry {place}: {_under(found, index)}")
    if isinstance(found, MaxBack):
        return say(f"gradients of the windows that hold {place}, and 1 where it wins the window")
    if isinstance(found, MeanBack):
        return say(f"gradients of the windows that hold {place}, and its share in each")
    if isinstance(found, Spreading):
        return say(f"outputs whose windows hold {place}, and the weights that lay on it")
    return say(f"inputs that lay under weight {place}, and the gradients of their outputs")


def _told_of_stamps(found: Sliding, index: Index, place: str) -> Prose:
    """The same where the forward pass stamps."""
    first, second = found.operands
    if isinstance(found, Spreading):
        return say(
            f"entries of {{x}} whose stamps cover {place}, and the entries of {{k}} that lie there", x=first, k=second
        )
    if isinstance(found, Correlate):
        under = _under(found, index).replace("padding", "cut off")
        return say(f"{{g}} under the stamp of entry {place}: {under}", g=first)
    return say(f"{{g}} under entry {place} of every stamp, and the entries of {{x}} that stamped it", g=second, x=first)


def _under(found: Windowed, index: Index) -> str:
    """The rows and columns under the window, counted from 1: `rows 0 to 2, columns 1 to 3; row 0 is padding`."""
    layout = found.layout
    names = ["places"] if len(layout.axes) == 1 else ["rows", "columns"]
    told, outside = [], []
    for name, axis, place in zip(names, layout.axes, layout.taken_apart(index)[2], strict=True):
        if name == "rows" and axis.size == axis.kernel == 1:
            continue  # one row only
        under = [place * axis.stride + u * axis.dilation - axis.before + 1 for u in range(axis.kernel)]
        told.append(_span(name, under))
        padding = [at for at in under if not 1 <= at <= axis.size]
        outside += [_span(name, padding)] if padding else []
    is_or_are = "is" if len(outside) == 1 and " to " not in outside[0] and " and " not in outside[0] else "are"
    return ", ".join(told) + (f"; {' and '.join(outside)} {is_or_are} padding" if outside else "")


def _span(name: str, places: Sequence[int]) -> str:
    """Places in words: `row 2`, `columns 1 to 3`, `rows 1, 3 and 5`."""
    if len(places) == 1:
        return f"{name[:-1]} {places[0]}"
    if list(places) == list(range(places[0], places[-1] + 1)):
        return f"{name} {places[0]} to {places[-1]}"
    if len(places) > SIDE:
        return f"{name} {places[0]}, {places[1]}, …, {places[-1]}"
    return f"{name} {', '.join(map(str, places[:-1]))} and {places[-1]}"


def _grid(figures: Figures, patch: Patch, cell: Callable[[Node, Node], Node]) -> tuple[Notation, bool]:
    """One factor of a patch, or the products, as a matrix; whether every number of it is exact."""
    style = Numbers(figures)
    rows = patch.lines[0] if len(patch.lines) == 2 else [(0, 0)]
    columns = patch.lines[-1]
    across = corners(len(columns), SIDE)
    across = across if len(across) == len(columns) else [0, 1, None, len(columns) - 1]
    cells: list[Sequence[Notation] | None] = []
    downs = corners(len(rows), SIDE)
    for down in downs if len(downs) == len(rows) else [0, 1, None, len(rows) - 1]:
        if down is None:
            cells.append(None)
            continue
        row: list[Notation] = []
        for at in across:
            if at is None:
                row.append(DOTS)
                continue
            places = [rows[down], columns[at]] if len(patch.lines) == 2 else [columns[at]]
            row.append(style.write(cell(*patch.pair(places))))
        cells.append(row)
    return Grid(cells, across), style.exact
