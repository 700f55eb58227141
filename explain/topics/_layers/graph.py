"""The calls of a model in order: what arrives at each, what it gives, what it costs; what is not known stays open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.code.parts import Call, Model, OpenSize
from explain.engine.nodes.base import Symbol
from explain.errors import InputError, shown
from explain.layers.base import Flow, Layer, MisfitError, Size, Stored, Tensor, as_node, counted
from explain.layers.reshaping import Upsampling, ZeroPadding
from explain.layers.simple import Embedding, Normalisation, Pointwise
from explain.layers.sliding import Pool
from explain.topics._layers.chain import LARGEST, Shapes, letters
from explain.topics._layers.features import arriving, assumed, axis_of_weights, fits_axes, leaves
from explain.topics._layers.misfits import described, misfit, placed, unlike_below, wrong_features
from explain.topics._layers.named_axes import check_axes
from explain.topics._layers.open_sizes import solved
from explain.topics._layers.stations import with_features


class Visit(NamedTuple):
    """One call: what is known of it. What is None is not known.

    Args:
        before: what arrives, as the layers below gave it; nothing where that is not known.
        arrived: the same as the layer reads it; where it is not known, what the code says, for counting only.
        features: the features that arrive according to the code, where what arrives does not say it.
        again: the number of the layer whose weights these are; 0: they are its own.
        leaving: the features that it gives, where no more of its output is known.
    """

    at: int
    call: Call
    layer: Layer | None
    before: tuple[Flow, ...] = ()
    arrived: Flow | None = None
    given: Flow | None = None
    parameters: Size | None = None
    fixed: Size = 0
    multiply_adds: Size | None = None
    stored: Sequence[Stored] = ()
    features: Size | None = None
    again: int = 0
    leaving: Size | None = None


class Graph:
    """Runs shapes through a model.

    Args:
        inputs: their shapes; None where nothing is known of one.
    """

    def __init__(self, model: Model, inputs: Sequence[Flow | None], shapes: Shapes) -> None:
        self.model, self.inputs, self.shapes = model, inputs, shapes
        self.keras = model.framework == "keras"
        self.visits: list[Visit] = []
        self.defined: dict[str, Size] = {}  # what the symbols of the sizes stand for
        self.forced: list[str] = []  # what a size of the code must be, for what arrives to fit
        for at, call in enumerate(model.calls, 1):
            try:
                self.visits.append(self._visit(at, call))
            except MisfitError as error:
                flows = [flow for flow in map(self._flow, call.sources) if flow is not None]
                raise InputError(
                    misfit(call, str(error), " and ".join(map(shapes.text, flows)), self.visits)
                ) from error

    def _flow(self, source: int) -> Flow | None:
        """What a source gives."""
        if source >= 0:
            return self.visits[source].given if source < len(self.visits) else None
        return self.inputs[-1 - source] if -1 - source < len(self.inputs) else None

    def _visit(self, at: int, call: Call) -> Visit:
        layer = call.layer
        again = 0 if call.again is None else call.again + 1
        if layer is None:
            if call.unknown is not None and call.unknown.slip:
                raise InputError(f"{placed(call)}: {shown(call.unknown.why, 300)}")
            return Visit(at, call, None, parameters=0 if call.weightless else None, again=again)
        flows = [self._flow(source) for source in call.sources] if self.model.ordered else []
        known = [flow for flow in flows if flow is not None]
        if not known or len(known) < len(flows):
            return self._counted_only(at, call, layer, again)
        before = tuple(known)
        if not layer.several:
            check_axes(call, before[0], self.keras)
        entered = [self.shapes.entering(layer, flow) for flow in before]
        layer = layer.among(entered) if layer.several else layer
        arrived, features = entered[0], None
        told = None if isinstance(layer, Embedding) else call.arrives
        if told is not None and fits_axes(layer, arrived):
            there = arriving(layer, arrived)
            if isinstance(there, int) and not isinstance(told, int):
                self._forces(call, told, there)
            elif isinstance(there, int):
                if there != told:
                    raise InputError(wrong_features(call, layer, before[0], arrived, there, self.visits, self.shapes))
            else:
                if isinstance(told, int):
                    self._agrees(call, there, told)
                arrived, features = with_features(layer, arrived, told), told
        return self._worked(at, call, layer, before, arrived, features, again)

    def _worked(
        self,
        at: int,
        call: Call,
        layer: Layer,
        before: tuple[Flow, ...],
        arrived: Flow,
        features: Size | None,
        again: int,
    ) -> Visit:
        if isinstance(layer, Normalisation) and layer.shape is not None:
            self._fits_shape(layer, arrived)
        given = layer.output(arrived)
        tensors = self._counted(layer.tensors(arrived))
        work = layer.multiply_adds(arrived, given)
        sizes = (counted(tensors), work, given.entries)
        if max([size for size in sizes if isinstance(size, int)], default=0) > LARGEST:
            raise MisfitError("its numbers go beyond 10^30; make it smaller")
        if again:
            self._same_weights(again, sizes[0])
            tensors = []
        given = self._named(at, given)
        fixed = counted([tensor for tensor in tensors if not tensor.trainable])
        stored = [] if again else self._kept(layer.stored(arrived, self.model.framework))
        return Visit(
            at, call, layer, before, arrived, given, counted(tensors), fixed, work, stored, features, again
        )  # fmt: skip

    def _counted_only(self, at: int, call: Call, layer: Layer, again: int) -> Visit:
        """What arrives is not known; the parameters are where the code says how many features arrive, or none are."""
        work = 0 if type(layer).multiply_adds is Layer.multiply_adds else None
        features = call.arrives if call.arrives is not None else self._features(call)
        leaving = leaves(layer, features) if self.keras else self._leaving(call, layer)
        if again:
            return Visit(at, call, layer, parameters=0, multiply_adds=work, again=again, leaving=leaving)
        arrived = assumed(layer, call, features)
        if arrived is None:
            return Visit(at, call, layer, multiply_adds=work, leaving=leaving)
        tensors = self._counted(layer.tensors(arrived))
        fixed = counted([tensor for tensor in tensors if not tensor.trainable])
        stored = self._kept(layer.stored(arrived, self.model.framework))
        return Visit(
            at, call, layer, (), arrived, None, counted(tensors), fixed, work, stored, None, again, leaving
        )  # fmt: skip

    def _forces(self, call: Call, told: Size, there: int) -> None:
        self.forced.append(f"line {call.line}: {told} must be {there}, for so many arrive at {described(call)}")

    def _agrees(self, call: Call, there: Size, told: int) -> None:
        """What arrives has a symbol of the code in it, and the code says how much it must be.

        Raises:
            InputError: the symbol can be no whole number for that.
        """
        found = solved(self.inlined(there), told)
        if found is None:
            return
        name, least, each, value = found
        if value is None:
            arrive = f"{each} {name}" + (f" + {least}" if least else "")
            raise InputError(
                f"{placed(call)}: {arrive} arrive, it expects {told}: there is no whole number {name} for "
                f"that; write {arrive} there"
            )
        self.forced.append(f"line {call.line}: {name} must be {value}, for {described(call)} expects {told}")

    def inlined(self, size: Size) -> Size:
        """A size in the symbols of the code and the input, without those of the layers between."""
        if isinstance(size, int):
            return size
        if isinstance(size, Symbol):
            return self.inlined(self.defined[size.name]) if size.name in self.defined else size
        return size.rebuild([as_node(self.inlined(each)) for each in size.operands]) if size.operands else size

    def _features(self, call: Call) -> Size | None:
        """The features that arrive, where no more of a shape is known; in Keras they are always the last size."""
        if not self.keras or len(call.sources) != 1:
            return None
        flow = self._flow(call.sources[0])
        if flow is not None:
            last = self.shapes.shown(flow)[-1]
            return last if isinstance(last, int | OpenSize) else None
        return self.visits[call.sources[0]].leaving if 0 <= call.sources[0] < len(self.visits) else None

    def _leaving(self, call: Call, layer: Layer) -> Size | None:
        """The features that a layer of PyTorch gives where no shape is known; what it says arrives must be those.

        Raises:
            InputError: the layer below gives another number of features.
        """
        source = call.sources[0] if len(call.sources) == 1 and self.model.ordered else -1
        below = self.visits[source] if 0 <= source < len(self.visits) else None
        there = None if below is None or below.layer is None else below.leaving
        if isinstance(layer, Pointwise | Normalisation):
            return there
        if isinstance(layer, Pool | Upsampling | ZeroPadding):  # they keep the channels, and nothing else
            return there if below is not None and axis_of_weights(self._origin(below).layer) == "channels" else None
        axis = axis_of_weights(layer)
        if below is not None and isinstance(there, int) and isinstance(call.arrives, int) and call.arrives != there:
            origin = self._origin(below)
            if axis and origin.layer is not None and axis == axis_of_weights(origin.layer):
                raise InputError(unlike_below(call, origin.call, there))
        return leaves(layer, call.arrives) if axis else None

    def _origin(self, visit: Visit) -> Visit:
        """The layer whose features these are, below those that pass them on."""
        while visit.layer is not None and not axis_of_weights(visit.layer) and visit.call.sources:
            if visit.call.sources[0] < 0:
                break
            visit = self.visits[visit.call.sources[0]]
        return visit

    def _counted(self, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
        """Those that the framework counts as parameters: PyTorch's running averages are buffers."""
        return tensors if self.keras else [tensor for tensor in tensors if tensor.trainable]

    def _kept(self, arrays: Sequence[Stored]) -> Sequence[Stored]:
        return arrays if self.keras else [array for array in arrays if array.trainable]

    def _same_weights(self, again: int, count: Size) -> None:
        first = self.visits[again - 1]
        if isinstance(count, int) and isinstance(first.parameters, int) and count != first.parameters:
            raise MisfitError(
                f"it would need {count} weights for {{arrived}}, but it has the {first.parameters} of layer {again}; "
                "take a layer of its own"
            )

    def _fits_shape(self, layer: Normalisation, arrived: Flow) -> None:
        """Layer normalisation in PyTorch is told over which last sizes it works."""
        told = layer.shape or ()
        last = arrived.sizes[-len(told) :]
        pairs = zip(told, last, strict=False)
        if len(told) > len(arrived.sizes) or any(
            isinstance(one, int) and isinstance(other, int) and one != other for one, other in pairs
        ):
            raise MisfitError(
                f"{{arrived}} arrived, but it is told to normalise {'×'.join(map(str, told))}, the last sizes of what "
                "arrives"
            )

    def _named(self, at: int, given: Flow) -> Flow:
        """The shape with a symbol for each size that is an expression of what is not known."""
        sizes: list[Size] = []
        for letter, size in zip(letters(given), given.sizes, strict=True):
            name = f"{letter}_{at}"
            if not isinstance(size, int | Symbol):
                self.defined[name] = size
            sizes.append(size if isinstance(size, int | Symbol) else Symbol(name))
        return Flow(tuple(sizes), given.kind)
