"""A chain of layers on paper: one section a layer, one line a quantity, each from the layer's own description."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.answer import Place
from explain.engine.evaluate import evaluate
from explain.engine.nodes.arithmetic import Times
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.prose import Prose
from explain.engine.values import whole
from explain.engine.worksheet import Worksheet
from explain.layers.base import Flow, Layer, Size, Tensor, as_node, counted, whole_number
from explain.layers.simple import Embedding
from explain.layers.sliding import Pool, Slide, Sliding
from explain.topics._layers import told
from explain.topics._layers.chain import AXES, Shapes, letters
from explain.topics._layers.counts import count
from explain.topics._layers.stations import Source, Station, weighs, with_features, with_ones
from explain.topics._windows.axes import listed

CALLED = {"C": "channels", "L": "length", "D": "depth", "H": "height", "W": "width", "T": "steps", "d": "features"}
CALLED["n"] = "numbers"
MOST = 60  # layers that are worked; the table and the totals have all


class Walk:
    """Writes the layers on a worksheet, one after the other.

    Args:
        wanted: which quantities are worked: `shape`, `parameters`, `work`, `field`.
        inputs: None: what arrives at the first layer.
        most: how many layers are worked.
        buffers: whether what is not trained is counted too.
    """

    def __init__(
        self,
        sheet: Worksheet,
        way: Sequence[Station],
        shapes: Shapes,
        wanted: Sequence[str],
        inputs: Sequence[Source] | None = None,
        most: int = MOST,
        buffers: bool = True,
    ) -> None:
        self.buffers = buffers
        self.sheet, self.way, self.shapes, self.wanted, self.most = sheet, way, shapes, wanted, most
        if inputs is None:
            inputs = [Source(way[0].arrived, tokens=isinstance(way[0].layer, Embedding))]
        self.flows = {-at: self._introduced(item) for at, item in enumerate(inputs)}
        flow = inputs[0].shape if inputs else Flow((), "vector")
        axes = AXES.get(len(flow.sizes) - 1, ()) if flow.kind == "maps" else ("T",)
        alike = all(len(set(item.field or ())) < 2 and len(set(item.jump)) < 2 for item in way)
        self.axes = ("",) if alike else axes  # the receptive field is worked once where it is the same along all axes
        self.fields: dict[str, Node] = dict.fromkeys(self.axes, Number(1, "1"))
        self.jumps: dict[str, Node] = dict.fromkeys(self.axes, Number(1, "1"))
        self.parameters: list[Symbol] = []
        self.fixed: list[Node] = []
        self.work: list[Symbol] = []
        self._group = self._caption = ""
        self._title: Prose = ()
        self._first: list[str] = []  # what is said of this layer alone, before the reason of its kind
        self._told: dict[tuple[str, str], str] = {}  # the step that gives a reason first

    def _introduced(self, source: Source) -> Flow:
        """The sizes of an input as given quantities; those that are not known stay symbols."""
        what = {"T": f"time steps of {source.called}", "d": f"features of {source.called} at one time step"}
        what["n"] = f"{'tokens' if source.tokens else 'numbers'} of {source.called}"
        sizes: list[Size] = []
        for letter, size in zip(letters(source.shape), source.shape.sizes, strict=True):
            values = None if isinstance(size, Node) else whole(whole_number(size))
            own = isinstance(size, Symbol) and not size.name.startswith(f"{letter}_0")  # the code has a name for it
            name = size.name if isinstance(size, Symbol) and own else f"{letter}_0{source.mark}"
            written = size.word if isinstance(size, Symbol) and own else None
            if any(item.symbol.name == name for item in self.sheet.given_items):
                sizes.append(size)
                continue
            meaning = what.get(letter, f"{CALLED.get(letter, 'places')} of {source.called}")
            meaning += "" if values else ", not known: it stays a symbol"
            sizes.append(self.sheet.given(name, values, meaning, option="input", written=written))
        return Flow(tuple(sizes), source.shape.kind)

    def layers(self) -> None:
        """Every layer that is worked."""
        for item in self.way:
            if item.at <= self.most:
                self.layer(item)

    def layer(self, item: Station) -> None:
        """One layer: its shape, its parameters, its work, what it sees."""
        self._group, self._first = "", []
        self._title = (item.title,)
        if not item.before:  # what arrives is not known: the parameters are counted from what the code says
            self._caption = ""
            known = Flow(tuple(map(as_node, item.arrived.sizes)), item.arrived.kind)
            self._parameters(item, item.layer, known)
            return
        flows = [self.shapes.entering(item.layer, self.flows[source]) for source in item.sources]
        if not weighs(item.layer):  # such layers look for axes of one place
            numbers = [self.shapes.entering(item.layer, before) for before in item.before]
            flows = [with_ones(one, other) for one, other in zip(flows, numbers, strict=True)]
        layer = item.layer.among(flows) if item.layer.several else item.layer
        arrived = flows[0] if item.features is None else with_features(layer, flows[0], item.features)
        self._first = [text for text in (self._as_read(item),) if text]
        arrive = dict(zip(item.sources, map(self.shapes.text, item.before), strict=True))  # each source once
        self._caption = f"{' and '.join(arrive.values())} → {self.shapes.text(item.given)}"
        given = self._shape(item, layer, layer.output(arrived))
        self.flows[item.at] = given
        if "parameters" in self.wanted and item.parameters:
            self._parameters(item, layer, arrived)
        if "work" in self.wanted and item.work:
            work = as_node(layer.multiply_adds(arrived, given))
            if item.again:
                self._first.append(f"the weights of layer {item.again} again, counted there")
            key = ("work", told.kind(layer))
            self.work.append(self._line(f"M_{item.at}", work, "multiply-adds", told.work(layer, arrived), key))
        if "field" in self.wanted and item.field:
            self._field(item)

    def _as_read(self, item: Station) -> str:
        """What is said where a layer takes the axes for something else than the one before."""
        pair = (item.before[0].kind, item.arrived.kind)
        if len(item.before) > 1 or pair not in (("sequence", "maps"), ("maps", "sequence")):
            return ""
        if not self.shapes.swaps:
            return "the rows, which were channels, are read as time steps here" if pair[1] == "sequence" else ""
        if pair[1] == "maps":
            return "the features of a time step are the channels here"
        return "the channels of a place are the features of a time step here"

    def _line(self, name: str, formula: Node, label: str, why: Prose = (), key: tuple[str, str] = ("", "")) -> Symbol:
        """One line of the section of a layer.

        Args:
            key: of the reason; where it was given before, it is repeated on pages only that do not show that step.
        """
        self._group = self._group or name
        place = Place(self._group, (label,), self._caption)
        own = "; ".join(self._first)
        whole = (*((own,) if own else ()), *(("; ",) if own and why else ()), *why)
        found = self.sheet.define(name, formula, self._title, whole, place=place, closed=closed_form)
        first = self._told.setdefault(key, name) if why else name
        if first != name:
            self.sheet.refer(found, first, (own,) if own else ())
        self._first = []
        return found

    def _shape(self, item: Station, layer: Layer, given: Flow) -> Flow:
        """The sizes after the layer: a line for each that is not what it was, or a number of the layer's own."""
        named = letters(given)
        found: list[Size] = []
        for place, (letter, size) in enumerate(zip(named, given.sizes, strict=True)):
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
            same = [other for other in range(place + 1, len(named)) if self._alike(item, place, other)]
            label = listed([CALLED.get(named[which], "places") for which in (place, *same)])
            how, why = told.size(layer)
            found.append(self._line(f"{letter}_{item.at}", formula, label, why, ("size", how)))
        return Flow(tuple(found), given.kind)

    def _twin(self, item: Station, place: int, found: Sequence[Size]) -> Size | None:
        """The size along an axis before, where this axis is the same in everything."""
        return next((found[other] for other in range(1, place) if self._alike(item, other, place)), None)

    @staticmethod
    def _alike(item: Station, first: int, second: int) -> bool:
        if not isinstance(item.layer, Sliding) or not first:
            return False
        slides = item.layer.along(item.arrived)
        one, other = slides[first - 1], slides[second - 1]
        return item.arrived.sizes[first] == item.arrived.sizes[second] and all(
            getattr(one, name) == getattr(other, name) for name in one.__slots__
        )

    def _rounded(self, item: Station, place: int, size: Node) -> Node:
        """A size rounded up may be one too many: the last window must begin inside."""
        if (
            isinstance(item.layer, Pool)
            and item.layer.ceil
            and isinstance(item.given.sizes[place], int)
            and int(evaluate(size, self.sheet.values)) != item.given.sizes[place]
        ):
            return size - 1
        return size

    def _parameters(self, item: Station, layer: Layer, arrived: Flow) -> None:
        tensors = [_noted(tensor) for tensor in layer.tensors(arrived) if tensor.trainable or self.buffers]
        why, key = count(layer, arrived, self.buffers), ("count", told.kind(layer))
        found = self._line(f"P_{item.at}", as_node(counted(tensors)), "parameters", why, key)
        self.parameters.append(found)
        if item.fixed:
            self.fixed.append(as_node(counted([tensor for tensor in tensors if not tensor.trainable])))

    def _field(self, item: Station) -> None:
        """The receptive field and the distance of two outputs along each axis, where the layer changes them."""
        windows = item.layer.windows(item.arrived) or ()
        if item.layer.pointwise or len(windows) != len(item.jump):
            return
        slides = item.layer.along(item.arrived) if isinstance(item.layer, Sliding) else ()
        for axis, slide, window in zip(self.axes, slides, windows, strict=False):
            suffix, jump = f"{axis}_{item.at}", self.jumps[axis]
            where = f", {CALLED[axis]}" if axis else ""
            if window.covers != 1:
                seen = self.fields[axis] + wider(slide, jump)
                self.fields[axis] = self._line(f"r{suffix}", seen, f"field{where}" if axis else "receptive field")
            if window.step != 1:
                self.jumps[axis] = self._line(f"j{suffix}", Times(jump, as_node(window.step)), f"jump{where}")


def closed_form(expression: Node) -> Node:
    """A count in the symbols of the input; itself where nothing is to be simplified."""
    from explain.engine.lowering import factored

    return factored(expression)


def wider(slide: Slide, jump: Node) -> Node:
    """What a window adds to the receptive field: (k - 1) j, with a dilation d (k - 1) j."""
    entries = as_node(slide.kernel) - 1
    return Times(entries, jump) if slide.dilation == 1 else Times(as_node(slide.dilation), entries, jump)


def _noted(tensor: Tensor) -> Tensor:
    """A tensor whose sizes are all expressions, so that its count is written as a product."""
    return tensor._replace(shape=tuple(map(as_node, tensor.shape)))
