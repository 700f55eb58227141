"""The index formula of a sliding kernel: which entries of which arrays make up entry (i, j)."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.channels import OnMaps
from explain.engine.nodes.geometry import Axis
from explain.engine.nodes.pooling import Pooling
from explain.engine.nodes.window import Correlate, Gathering, Sliding, Spreading
from explain.engine.notation import GAP, Notation, Operator, Row, Word
from explain.page.model import Equation
from explain.page.pooled import entry_of, pool_formula
from explain.page.stamps import is_transposed

OUTER = {1: "i", 2: "ij"}  # the entry that is worked
INNER = {1: "u", 2: "uv"}  # the entries of the kernel
PLACES = {1: "p", 2: "pq"}  # the entries of the output, where they are summed over


def index_formula(symbol: Symbol, found: Sliding | Pooling, rest: Sequence[Node]) -> Equation | None:
    """`Z[i,j] = Σ X[i+u-1, j+v-1] K[u,v] + b`, counted from 1; None where it would say less than the words.

    Args:
        rest: what is added to the sliding product.
    """
    if isinstance(found, Pooling):
        return _pooled(symbol, found)
    layout = found.layout
    names = [operand for operand in found.operands if isinstance(operand, Symbol)]
    spreads = isinstance(found, Spreading)
    if len(names) < 2 or layout.groups > 1 or (spreads and any(axis.dilation > 1 for axis in layout.axes)):
        return None
    axes = len(layout.axes)
    outer = list(OUTER[axes])
    rows = [at for at, axis in enumerate(layout.axes) if not axis.size == axis.kernel == axis.places == 1] or [axes - 1]
    chosen = [layout.axes[at] for at in rows]
    outer = [OUTER[axes][-1]] if len(rows) == 1 else outer
    left, terms, summed = _terms(found, chosen, outer)
    if is_transposed(found):  # the channels of its input are what a convolution calls filters
        left, summed = _exchanged(left), _exchanged(summed)
        terms = [(at, _exchanged(index)) for at, index in terms]
    left = ["n", *left] if layout.samples and not isinstance(found, Gathering) else left
    formula: list[Notation] = [
        Word(f"Σ[{','.join(summed)}]", rf"\sum_{{{','.join(summed)}}}"),
        GAP,
        entry_of(names[terms[0][0]], terms[0][1]),
        GAP,
        entry_of(names[terms[1][0]], terms[1][1]),
    ]
    for part in rest:
        biased = part.operands[0] if isinstance(part, OnMaps) else part
        if not isinstance(biased, Symbol):
            return None
        formula += [Operator(" + ", " + ", True), _beside(biased, left, found, part)]
    return Equation(entry_of(symbol, left), [("=", Row(formula))])


def _beside(added: Symbol, left: Sequence[str], found: Sliding, part: Node) -> Word:
    """The entry of what is added: one number, one a channel, or one for every entry."""
    if part is not added:
        return entry_of(added, left[1:2] if found.layout.samples else left[:1])
    return entry_of(added, left) if added.shape == found.shape and added.shape else added.word


def _pooled(symbol: Symbol, found: Pooling) -> Equation | None:
    """The index formula of a pooling, or of its way back."""
    axes = list(found.layout.axes)
    if len(axes) == 2 and axes[0].size == axes[0].kernel == 1 and not found.layout.channels:
        axes = axes[1:]  # a row of numbers
    count = len(axes)
    letters = [list(names[2][-count:]) for names in (OUTER, INNER, PLACES)]
    if count == 1:
        letters = [["i" if len(found.layout.axes) == 1 else "j"], ["u"], ["p"]]
    joined = [_joined(axis, p, u) for axis, p, u in zip(axes, letters[0], letters[1], strict=True)]
    return pool_formula(symbol, found, joined, (letters[0], letters[1], letters[2]))


Term = tuple[int, list[str]]  # which operand, and its index


def _terms(found: Sliding, axes: Sequence[Axis], outer: list[str]) -> tuple[list[str], list[Term], list[str]]:
    """The index of the entry, those of the two factors, and what is summed over."""
    layout, count = found.layout, len(axes)
    inner, places = list(INNER[2][-count:]), list(PLACES[2][-count:])
    if len(axes) == 1:
        inner, places = ["u"], ["p"]
    channels, samples = layout.channels, bool(layout.samples)
    front = ["n"] if samples else []
    several = channels and layout.inputs > 1
    flipped = layout.flipped

    def weight(letters: list[str]) -> list[str]:
        return [f"{axis.kernel + 1}-{at}" for axis, at in zip(axes, letters, strict=True)] if flipped else letters

    if isinstance(found, Correlate):
        seen = [_joined(axis, p, u) for axis, p, u in zip(axes, outer, inner, strict=True)]
        c = "c" if several else "1"  # one channel is not summed over
        x = [*front, *([c] if channels else []), *seen]
        k = [*(["f", c] if channels else []), *weight(inner)]
        return [*(["f"] if channels else []), *outer], [(0, x), (1, k)], [*(["c"] if several else []), *inner]
    if isinstance(found, Spreading):
        reached = [_back(axis, at, p, flipped) for axis, at, p in zip(axes, outer, places, strict=True)]
        f = "f" if layout.filters > 1 else "1"
        g = [*front, *([f] if channels else []), *places]
        k = [*([f, "c"] if channels else []), *reached]
        summed = [*(["f"] if channels and layout.filters > 1 else []), *places]
        return [*(["c"] if channels else []), *outer], [(0, g), (1, k)], summed
    seen = [_joined(axis, p, u, flipped) for axis, p, u in zip(axes, places, inner, strict=True)]
    x = [*front, *(["c"] if channels else []), *seen]
    g = [*front, *(["f"] if channels else []), *places]
    summed = [*(["n"] if samples else []), *places]
    return [*(["f", "c"] if channels else []), *inner], [(1, x), (0, g)], summed


def _exchanged(letters: list[str]) -> list[str]:
    return [{"c": "f", "f": "c"}.get(letter, letter) for letter in letters]


def _joined(axis: Axis, place: str, u: str, flipped: bool = False) -> str:
    """The input's place, counted from 1: s·(i - 1) + d·(u - 1) + 1 - padding; a turned kernel from its end."""
    first = place if axis.stride == 1 else f"{axis.stride}{place}"
    second = u if axis.dilation == 1 else f"{axis.dilation}{u}"
    constant = 1 - axis.stride - axis.dilation - axis.before
    if flipped:
        return f"{first}-{second}" + _constant(constant + axis.dilation * (axis.kernel + 1))
    return f"{first}+{second}" + _constant(constant)


def _back(axis: Axis, at: str, place: str, flipped: bool) -> str:
    """The kernel's place, counted from 1: i + padding - s·(p - 1), for a dilation of 1; if turned, from its end."""
    step = place if axis.stride == 1 else f"{axis.stride}{place}"
    if flipped:
        return f"{step}-{at}" + _constant(axis.kernel + 1 - axis.before - axis.stride)
    return f"{at}-{step}" + _constant(axis.before + axis.stride)


def _constant(number: int) -> str:
    return f"{number:+d}" if number else ""
