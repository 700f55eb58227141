"""A chain of layers on paper: one section a layer, one line a quantity, each from the layer's own description."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.answer import Place
from explain.engine.evaluate import evaluate
from explain.engine.nodes.arithmetic import Add, Times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.prose import Prose
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.layers.base import Flow, Size, Tensor, as_node, counted, entering, whole_number
from explain.layers.simple import Embedding
from explain.layers.sliding import Pool, Slide, Sliding
from explain.topics._layers import told
from explain.topics._layers.chain import AXES, Passed, Shapes
from explain.topics._windows.axes import listed

CALLED = {"C": "channels", "L": "length", "D": "depth", "H": "height", "W": "width", "T": "steps", "d": "features"}
CALLED["n"] = "numbers"
MOST = 60  # layers that are worked; the table and the totals have all


class Walk:
    """Writes the layers on a worksheet, one after the other.

    Args:
        wanted: which quantities are worked: `shape`, `parameters`, `work`, `field`.
    """

    def __init__(self, sheet: Worksheet, chain: Sequence[Passed], shapes: Shapes, wanted: Sequence[str]) -> None:
        self.sheet, self.chain, self.shapes, self.wanted = sheet, chain, shapes, wanted
        self.flow = self._introduced()
        axes = AXES.get(len(self.flow.sizes) - 1, ()) if self.flow.kind == "maps" else ("T",)
        alike = all(len(set(item.field or ())) < 2 and len(set(item.jump)) < 2 for item in chain)
        self.axes = ("",) if alike else axes  # the receptive field is worked once where it is the same along all axes
        self.fields: dict[str, Node] = dict.fromkeys(self.axes, Number(1, "1"))
        self.jumps: dict[str, Node] = dict.fromkeys(self.axes, Number(1, "1"))
        self.parameters: list[Symbol] = []
        self.fixed: list[Node] = []
        self.work: list[Symbol] = []
        self._group = self._caption = ""
        self._title: Prose = ()
        self._turned = ""
        self._told: set[tuple[str, str]] = set()

    def _introduced(self) -> Flow:
        """The sizes of the input as given quantities."""
        first = self.chain[0].arrived
        what = {"T": "time steps of the input", "d": "features of the input at one time step"}
        what["n"] = "tokens of the input" if isinstance(self.chain[0].layer, Embedding) else "numbers of the input"
        sizes = []
        for letter, size in zip(self._letters(first), first.sizes, strict=True):
            meaning = what.get(letter, f"{CALLED[letter]} of the input")
            sizes.append(self.sheet.given(f"{letter}_0", whole(whole_number(size)), meaning, option="input"))
        return Flow(tuple(sizes), first.kind)

    @staticmethod
    def _letters(flow: Flow) -> Sequence[str]:
        """The letters of the sizes of a shape."""
        if flow.kind == "maps":
            return ("C", *AXES[len(flow.sizes) - 1])
        return ("T", "d") if flow.kind == "sequence" else ("n",)

    def layers(self) -> None:
        """Every layer that is worked."""
        for at, item in enumerate(self.chain[:MOST], 1):
            self.layer(at, item)

    def layer(self, at: int, item: Passed) -> None:
        """One layer: its shape, its parameters, its work, what it sees."""
        arrived = entering(item.layer, self.flow, self.shapes.channels_last)
        self._group = ""
        before = self.chain[at - 2].given if at > 1 else item.arrived
        turned = {("sequence", "maps"): "the features of a time step are the channels here"}
        turned["maps", "sequence"] = "the channels of a place are the features of a time step here"
        self._turned = turned.get((before.kind, item.arrived.kind), "")
        self._title = (f"Layer {at}: {told.shown(item.layer)}",)
        self._caption = f"{self.shapes.text(before)} → {self.shapes.text(item.given)}"
        self.flow = self._shape(at, item, item.layer.output(arrived))
        if "parameters" in self.wanted and item.parameters:
            self._parameters(at, item, arrived)
        if "work" in self.wanted and item.multiply_adds:
            work = as_node(item.layer.multiply_adds(arrived, self.flow))
            self.work.append(self._line(f"M_{at}", work, "multiply-adds", self._once("work", item, arrived)))
        if "field" in self.wanted and item.field:
            self._field(at, item)

    def _line(self, name: str, formula: Node, label: str, why: Prose) -> Symbol:
        """One line of the section of a layer."""
        self._group = self._group or name
        if self._turned:
            why = (self._turned, *(("; ", *why) if why else ()))
            self._turned = ""
        place = Place(self._group, (label,), self._caption)
        return self.sheet.define(name, formula, self._title, why, place=place)

    def _shape(self, at: int, item: Passed, given: Flow) -> Flow:
        """The sizes after the layer: a line for each that is not what it was, or a number of the layer's own."""
        letters = self._letters(given)
        found: list[Size] = []
        for place, (letter, size) in enumerate(zip(letters, given.sizes, strict=True)):
            if isinstance(size, int):
                found.append(Number(size, str(size)))
                continue
            if isinstance(size, Symbol | Number):
                found.append(size)
                continue
            twin = self._twin(item, place, found)
            if twin is not None:
                found.append(twin)
                continue
            formula = self._rounded(item, place, size)
            same = [other for other in range(place + 1, len(letters)) if self._alike(item, place, other)]
            label = listed([CALLED[letters[which]] for which in (place, *same)])
            found.append(self._line(f"{letter}_{at}", formula, label, told.size(item.layer, self._told)))
        return Flow(tuple(found), given.kind)

    def _twin(self, item: Passed, place: int, found: Sequence[Size]) -> Size | None:
        """The size along an axis before, where this axis is the same in everything."""
        return next((found[other] for other in range(1, place) if self._alike(item, other, place)), None)

    @staticmethod
    def _alike(item: Passed, first: int, second: int) -> bool:
        if not isinstance(item.layer, Sliding) or not first:
            return False
        slides = item.layer.along(item.arrived)
        one, other = slides[first - 1], slides[second - 1]
        return item.arrived.sizes[first] == item.arrived.sizes[second] and all(
            getattr(one, name) == getattr(other, name) for name in one.__slots__
        )

    def _rounded(self, item: Passed, place: int, size: Node) -> Node:
        """A size rounded up may be one too many: the last window must begin inside."""
        if (
            isinstance(item.layer, Pool)
            and item.layer.ceil
            and int(evaluate(size, self.sheet.values)) != item.given.sizes[place]
        ):
            return size - 1
        return size

    def _parameters(self, at: int, item: Passed, arrived: Flow) -> None:
        tensors = [_noted(tensor) for tensor in item.layer.tensors(arrived)]
        told = self._once("count", item, arrived)
        found = self._line(f"P_{at}", as_node(counted(tensors)), "parameters", told)
        self.parameters.append(found)
        if item.fixed:
            self.fixed.append(as_node(counted([tensor for tensor in tensors if not tensor.trainable])))

    def _field(self, at: int, item: Passed) -> None:
        """The receptive field and the distance of two outputs along each axis, where the layer changes them."""
        windows = item.layer.windows(item.arrived) or ()
        if item.layer.pointwise or len(windows) != len(item.jump):
            return
        slides = item.layer.along(item.arrived) if isinstance(item.layer, Sliding) else ()
        for axis, slide, window in zip(self.axes, slides, windows, strict=False):
            suffix, jump = f"{axis}_{at}", self.jumps[axis]
            where = f", {CALLED[axis]}" if axis else ""
            if window.covers != 1:
                seen = self.fields[axis] + wider(slide, jump)
                self.fields[axis] = self._line(f"r{suffix}", seen, f"field{where}" if axis else "receptive field", ())
            if window.step != 1:
                self.jumps[axis] = self._line(f"j{suffix}", Times(jump, as_node(window.step)), f"jump{where}", ())

    def _once(self, what: str, item: Passed, arrived: Flow) -> Prose:
        """Why, at the first layer of a kind."""
        key = (what, told.kind(item.layer))
        if key in self._told:
            return ()
        self._told.add(key)
        return told.count(item.layer, arrived) if what == "count" else told.work(item.layer, arrived)


def wider(slide: Slide, jump: Node) -> Node:
    """What a window adds to the receptive field: (k - 1) j, with a dilation d (k - 1) j."""
    entries = as_node(slide.kernel) - 1
    return Times(entries, jump) if slide.dilation == 1 else Times(as_node(slide.dilation), entries, jump)


def _noted(tensor: Tensor) -> Tensor:
    """A tensor whose sizes are all expressions, so that its count is written as a product."""
    return tensor._replace(shape=tuple(map(as_node, tensor.shape)))


def summed(sheet: Worksheet, name: str, worked: Sequence[Symbol], counts: Sequence[int], title: str) -> Symbol:
    """The sum over all layers.

    Args:
        worked: the steps of the layers that are worked.
        counts: the numbers of all layers; those that are not worked are added as they are.
    """
    terms: list[Node] = [*worked]
    rest = counts[MOST:]
    if any(rest):
        why = f"layers {MOST + 1} to {len(counts)}, worked like the others"
        terms.append(sheet.define(f"{name}_rest", total(numbers(rest)), title + ", the other layers", why))
    return sheet.define(name, total(terms), title, "all layers together")


def numbers(counts: Sequence[int]) -> list[Node]:
    """Counts as terms; those that are 0 are left out."""
    return [Number(count, str(count)) for count in counts if count]


def total(terms: Sequence[Node]) -> Node:
    """A sum of any number of terms."""
    if not terms:
        return Number(0, "0")
    return terms[0] if len(terms) == 1 else Add(*terms)
