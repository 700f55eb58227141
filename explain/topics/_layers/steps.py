"""One step of working for each layer of a chain: what the layer does to the numbers that arrive."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from explain.engine.functions import ACTIVATIONS
from explain.engine.nodes.along import Along
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.channels import OnMaps
from explain.engine.nodes.flattened import Flattened
from explain.engine.nodes.functions import Softmax
from explain.engine.nodes.geometry import Axis, Layout
from explain.engine.nodes.over import Stretched
from explain.engine.nodes.pooling import MaxPool, MeanPool
from explain.engine.nodes.standard import OverRoot
from explain.engine.nodes.window import Spreading
from explain.engine.prose import say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, shown
from explain.layers.base import Layer, whole_number
from explain.layers.branches import Add, Skip
from explain.layers.convolution import Convolution, TransposedConvolution
from explain.layers.simple import Dense, Flatten, Normalisation, Pointwise
from explain.layers.sliding import GlobalPool, Pool, Slide
from explain.layers.words import plain_name
from explain.topics._effects import EFFECT
from explain.topics._layers import told
from explain.topics._layers.chain import Passed
from explain.topics._layers.weights import LayerWeights
from explain.topics._windows.convolved import NAMES, axis_of, convolution

SPELLED = {name.replace("-", ""): name for name in ACTIVATIONS} | {"swish": "silu"}


class LayerSteps:
    """Works a chain of layers on a worksheet, one sample.

    Attributes:
        logits: what goes into a last softmax or sigmoid, where the chain ends with one.
    """

    def __init__(self, sheet: Worksheet, weights: LayerWeights, entry: Symbol) -> None:
        self.sheet, self.weights = sheet, weights
        self.flow = self.logits = entry
        self.last = "identity"
        self.kept: list[Symbol] = []
        self.layouts: list[tuple[Symbol, Symbol, Symbol, Symbol | None, Layout]] = []

    def layer(self, at: int, item: Passed) -> None:
        """One layer.

        Raises:
            InputError: a layer whose values are not worked.
        """
        work = next((work for kind, work in self._kinds().items() if isinstance(item.layer, kind)), None)
        if work is None:
            raise InputError(
                f"layer {at}, {shown(item.layer.word, 60)}: values are worked for conv, transposed, the activations, "
                "pool, globalpool, batchnorm, flatten, dense, dropout, skip and add; explain network gives its shapes"
            )
        work(at, item)

    def _kinds(self) -> dict[type[Layer], Callable[[int, Passed], None]]:
        return {
            Skip: self._skip, Add: self._add, Convolution: self._convolution, Dense: self._dense,
            Flatten: self._flatten, Pointwise: self._pointwise, Pool: self._pool, GlobalPool: self._global,
            Normalisation: self._normalised, TransposedConvolution: self._transposed,
        }  # fmt: skip

    def _define(
        self, name: str, expression: Node, item: Passed, at: int, why: str, part: str = "", **parts: Node
    ) -> Symbol:
        """Work one line of a layer; `part` tells several lines of one layer apart."""
        title = f"Layer {at}: {told.shown(item.layer)}" + (f", {part}" if part else "")
        self.flow = self.sheet.define(f"{name}_{at}", expression, title, say(why, **parts))
        return self.flow

    def _convolution(self, at: int, item: Passed) -> None:
        layer = item.layer
        assert isinstance(layer, Convolution)
        self._slid("Z", at, item, layer, self.flow, item.arrived.sizes)

    def _slid(
        self, name: str, at: int, item: Passed, layer: Convolution, x: Symbol, sizes: Sequence[object], part: str = ""
    ) -> Symbol:
        """A convolution of what arrives, or of what a skip has kept."""
        kernel, bias = self.weights.of("W", at), self.weights.of("b", at)
        assert kernel is not None
        layout = _layout(layer, [int(str(size)) for size in sizes])
        zeros = "; outside there are zeros" if any(axis.before or axis.after for axis in layout.axes) else ""
        added = ", and the bias is added" if bias is not None else ""
        z = self._define(
            name, convolution(x, kernel, bias, layout), item, at,
            f"each filter of {{k}} is laid on {{x}} at every place; the products are added{added}{zeros}",
            part, k=kernel, x=x,
        )  # fmt: skip
        self.layouts.append((z, x, kernel, bias, layout))
        return z

    def _pool(self, at: int, item: Passed) -> None:
        layer = item.layer
        assert isinstance(layer, Pool)
        channels, *places = (whole_number(size) for size in item.arrived.sizes)
        layout = _windows(places, layer.along(item.arrived), channels, channels, channels, layer.ceil)
        if "avg" in layer.word or "mean" in layer.word or "average" in layer.word:
            padding = [slide.padding for slide in layer.along(item.arrived)]
            whole = [size + pad for size, pad in zip(places, padding, strict=True) if isinstance(pad, int)]
            pooled: Node = MeanPool(self.flow, layout, tuple(whole) if any(padding) and "same" not in padding else None)
            why = "the mean of every window, each channel by itself"
        else:
            pooled, why = MaxPool(self.flow, layout), "the largest entry of every window, each channel by itself"
        self._define("P", pooled, item, at, why)

    def _global(self, at: int, item: Passed) -> None:
        channels, *places = (whole_number(size) for size in item.arrived.sizes)
        layout = _windows(places, [Slide(size) for size in places], channels, channels, channels)
        largest = "max" in item.layer.word
        pooled = MaxPool(self.flow, layout) if largest else MeanPool(self.flow, layout)
        what = "the largest entry" if largest else "the mean"
        self._define("P", pooled, item, at, f"{what} of the whole map of each channel")
        if len(self.flow.shape) > 2:
            self._define("h", Flattened(self.flow), item, at, "the numbers of all channels in one column", "flattened")

    def _transposed(self, at: int, item: Passed) -> None:
        layer = item.layer
        assert isinstance(layer, TransposedConvolution)
        kernel, bias = self.weights.of("W", at), self.weights.of("b", at)
        assert kernel is not None
        arrived, given = ([whole_number(size) for size in flow.sizes] for flow in (item.arrived, item.given))
        slides = layer.along(item.arrived)
        axes = tuple(_stamping(*sizes) for sizes in zip(arrived[1:], given[1:], slides, strict=True))
        layout = Layout(axes, True, 0, given[0], arrived[0])  # of the convolution that it is backwards
        z: Node = Spreading(self.flow, kernel, layout)
        z = z if bias is None else z + OnMaps(bias, layout.input_shape, len(axes))
        self._define(
            "Z", z, item, at,
            "every entry of {x} stamps the kernels, multiplied by it; where stamps overlap they are added"
            + (", and the bias is added" if bias is not None else ""),
            x=self.flow,
        )  # fmt: skip

    def _normalised(self, at: int, item: Passed) -> None:
        """Batch normalisation as at inference: with the running averages that were kept."""
        layer = item.layer
        assert isinstance(layer, Normalisation)
        if not layer.batch:
            raise InputError(f"layer {at}, {shown(layer.word)}: explain layer-norm works it; a chain takes batchnorm")
        x = self.flow
        mu, v, gamma, beta = (
            self._for_each_channel(self.weights.of(name, at), x) for name in ("mu", "v", "gamma", "beta")
        )
        assert mu is not None, "LayerWeights has asked for it"
        assert v is not None, "LayerWeights has asked for it"
        known = {item.symbol.name: item.symbol for item in self.sheet.given_items}
        epsilon = known.get("epsilon") or self.sheet.given(
            "epsilon", Values((), ("0.00001",)), "keeps the roots of batch normalisation away from 0 (as in PyTorch)"
        )
        normal: Node = self._define(
            "Xhat", OverRoot(x - mu, v + epsilon), item, at,
            "as at inference: each number of {x} less the running mean of its channel, over the root of the running "
            "variance; neither depends on {x}", "normalised", x=x,
        )  # fmt: skip
        if gamma is None and beta is None:
            return
        normal = normal if gamma is None else gamma * normal
        self._define(
            "N", normal if beta is None else normal + beta, item, at,
            "with the learned numbers of each channel", "scaled and shifted",
        )  # fmt: skip

    @staticmethod
    def _for_each_channel(weight: Symbol | None, x: Symbol) -> Node | None:
        """A column with one number a channel, standing at every place of its map."""
        if weight is None or weight.shape == x.shape:
            return weight
        return Stretched(weight, Along(x.shape, tuple(range(1, len(x.shape))), weight.shape))

    def _pointwise(self, at: int, item: Passed) -> None:
        word = plain_name(item.layer.word.split()[0])
        if word.startswith("dropout") or word.startswith("spatialdropout"):
            return  # told once: at test time nothing is dropped
        z = self.flow
        if word == "identity":
            return
        if word == "softmax":
            if len(z.shape) > 2:
                raise InputError(f"layer {at}, softmax: maps arrive; softmax is worked over a column, flatten first")
            self._define("A", Softmax(z, 0), item, at, EFFECT["softmax"], z=z)
        else:
            name = SPELLED.get(word)
            if name is None:
                known = ", ".join(SPELLED)
                raise InputError(f"layer {at}, {shown(word)}: its values are not worked; there are {known}")
            self._define("A", ACTIVATIONS[name](z), item, at, EFFECT[name], z=z)
            word = name
        self.logits, self.last = z, word

    def _flatten(self, at: int, item: Passed) -> None:
        if len(self.flow.shape) == 2 and self.flow.shape[1] == 1:
            return
        why = "all numbers in one column, row by row" + (
            ", one channel after the other" if len(self.flow.shape) > 2 and self.flow.shape[0] != 1 else ""
        )
        self._define("h", Flattened(self.flow), item, at, why)

    def _dense(self, at: int, item: Passed) -> None:
        weight, bias = self.weights.of("W", at), self.weights.of("b", at)
        assert weight is not None
        added = " and its bias" if bias is not None else ""
        product = weight @ self.flow
        self._define(
            "Z", product if bias is None else product + bias, item, at,
            f"each unit multiplies the entries of {{x}} by its row of {{W}} and adds the products{added}",
            x=self.flow, W=weight,
        )  # fmt: skip
        self.logits, self.last = self.flow, "identity"

    def _skip(self, at: int, item: Passed) -> None:  # noqa: ARG002 - every layer is worked so
        self.kept.append(self.flow)

    def _add(self, at: int, item: Passed) -> None:
        layer = item.layer
        assert isinstance(layer, Add)
        arrived, carried = self.flow, self.kept.pop()
        why = "what went around is added, entry by entry: {s} skips the layers between"
        if layer.projection is not None:
            carried = self._slid("P", at, item, layer.projection, carried, layer.kept.sizes, "projection")
            why = "what went around is added, entry by entry, after its projection: {s} now has the shape of {z}"
        self._define("S", arrived + carried, item, at, why, s=carried, z=arrived)


def _stamping(places: int, size: int, slide: Slide) -> Axis:
    """A transposed window along one axis; same padding cuts the odd place off at the end."""
    kernel, stride, dilation = (whole_number(number) for number in (slide.kernel, slide.stride, slide.dilation))
    whole = (places - 1) * stride + (kernel - 1) * dilation + 1
    before = slide.padding if isinstance(slide.padding, int) else max(0, whole - size) // 2
    return Axis(size, kernel, places, stride, before, dilation)


def _layout(layer: Convolution, sizes: Sequence[int]) -> Layout:
    """A convolution layer on maps of these sizes: channels, then places."""
    channels, places = sizes[0], sizes[1:]
    slides = list(layer.slides) * len(places) if len(layer.slides) == 1 else layer.slides
    groups = channels if layer.depthwise else whole_number(layer.groups)
    return _windows(places, slides, channels, whole_number(layer.channels(channels)), groups)


def _windows(
    places: Sequence[int], slides: Sequence[Slide], channels: int, filters: int, groups: int, ceil: bool = False
) -> Layout:
    """A window that slides over maps, one sample.

    Raises:
        InputError: maps with three axes.
    """
    if len(places) not in NAMES:
        raise InputError(f"{{X}} has maps with {len(places)} axes: values are worked for 1 or 2")
    named = zip(places, slides, NAMES[len(places)], strict=True)
    axes = tuple(axis_of(size, slide, name, ceil) for size, slide, name in named)
    return Layout(axes, True, 0, channels, filters, groups)
