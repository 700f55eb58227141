"""The weights of a chain of layers: given by name, brought to the shapes that the layers need."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explain.engine.nodes.base import Symbol
from explain.engine.shapes import count, write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, shown
from explain.formulas.inputs import Inputs
from explain.layers.base import Layer, Tensor, whole_number
from explain.layers.convolution import Convolution
from explain.maps import Maps
from explain.topics._layers.chain import Passed

OPTIONAL = ("b", "gamma", "beta")


class Weights(Inputs):
    """Weights by their names: `W_1` and `b_1` are those of layer 1."""

    __slots__ = ()

    @staticmethod
    def value(name: str, raw: Any) -> Values:
        """Numbers with one to four axes."""
        return Maps.read(name, raw)


class LayerWeights:
    """The weights that the layers of a chain need, put on a worksheet.

    Raises:
        InputError: one is missing, has another shape, or belongs to no layer.
    """

    def __init__(self, sheet: Worksheet, passed: Sequence[Passed], given: Mapping[str, Values]) -> None:
        self.sheet, self.given = sheet, given
        self.known: dict[str, Symbol] = {}
        self.unbiased: list[int] = []
        self.trained: list[Symbol] = []
        needed = {
            f"{tensor.name}_{at}": (at, item.layer, tensor)
            for at, item in enumerate(passed, 1)
            for tensor in item.layer.tensors(item.arrived)
        }
        for name in given:
            if name not in needed:
                listed = ", ".join(needed) or "none, because no layer has weights"
                raise InputError(f"{{{name}}} belongs to no layer of the chain: there are {listed}")
        for name, (at, layer, tensor) in needed.items():
            self._take(name, at, layer, tensor)

    def _take(self, name: str, at: int, layer: Layer, tensor: Tensor) -> None:
        values = self.given.get(name)
        if values is None and tensor.name in OPTIONAL:
            self.unbiased += [at] if tensor.name == "b" else []
            return
        shape = tuple(whole_number(size) for size in tensor.shape)
        needs = f"layer {at}, {shown(layer.word, 60)}, needs {write(shape)} ({tensor.meaning})"
        if values is None:
            raise InputError(f"{{{name}}} is missing: {needs}")
        if not _fits(values.shape, shape):
            raise InputError(f"{{{name}}} is {write(values.shape)}, but {needs}")
        column = (*shape, 1) if len(shape) == 1 else shape
        if isinstance(layer, Convolution) and layer.depthwise and tensor.name == "W":
            column = (shape[0], 1, *shape[1:])  # each filter sees one channel
        meaning = f"layer {at}: {tensor.meaning.partition(':')[0]}"
        self.known[name] = self.sheet.given(name, values.reshape(column), meaning, option=name)
        self.trained += [self.known[name]] if tensor.trainable else []

    def of(self, name: str, at: int) -> Symbol | None:
        """A weight of a layer; None where it was left out."""
        return self.known.get(f"{name}_{at}")


def _fits(given: Sequence[int | str], needed: tuple[int, ...]) -> bool:
    """Whether the same sizes stand in the same order; axes of size 1 may be left out."""
    sizes = [int(size) for size in given if size != 1]
    return sizes == [size for size in needed if size != 1] and count(tuple(given)) == count(needed)
