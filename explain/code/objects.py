"""What names stand for while model code is read: layers, containers, classes, and the tensors that pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from explain.code.parts import Arguments, Unknown
from explain.layers.base import Framework, Layer, Size

WEIGHTS = "weights"  # the kind of weights that belong to no layer


@dataclass(slots=True, frozen=True)
class Outside:
    """A name of another module, as in `torch.nn.Linear`; nothing of it is imported."""

    path: str

    @property
    def last(self) -> str:
        """What follows the last point."""
        return self.path.rsplit(".", 1)[-1]


@dataclass(slots=True, eq=False)
class Made:
    """A layer that the code makes, or an operation that it writes down; its weights are one and the same wherever it
    is used.

    Args:
        name: given by the code, or as the framework numbers it; PyTorch's come from attributes, later.
        inner: the layer that this one wraps.
        operation: it stands in the forward pass, and belongs to no object.
    """

    framework: Framework
    arguments: Arguments
    written: str
    layer: Layer | None
    unknown: Unknown | None = None
    name: str = ""
    arrives: Size | None = None
    inner: Made | None = None
    operation: bool = False
    shape: Any = None  # Keras' input_shape
    weightless: bool = False  # nothing is known of it but that it has no parameters
    put: str = ""  # what the names among its arguments stand for

    @property
    def kind(self) -> str:
        """The name of its class."""
        return self.arguments.name

    @property
    def line(self) -> int:
        """Where it stands."""
        return self.arguments.line

    def setting(self, name: str, otherwise: Any = None) -> Any:
        """An argument that it was given by name, or that what it wraps was given."""
        if name in self.arguments.named or self.inner is None:
            return self.arguments.named.get(name, otherwise)
        return self.inner.setting(name, otherwise)


@dataclass(slots=True, eq=False)
class Used:
    """One use of a layer: a place in the graph; without sources it is an input of the model.

    Args:
        needs: what else must have been worked out before, as the states of an encoder.
    """

    made: Made
    sources: list[Used]
    needs: list[Used] = field(default_factory=list)
    number: int = 0  # in the order of the code
    reached: bool = False  # by an input of the model


@dataclass(slots=True, eq=False)
class Tensor:
    """What a use of a layer gives.

    Args:
        part: `state` for the state that a recurrent layer gives beside its output.
        batch: the axis of the batch; 1 where time comes first, as PyTorch's recurrent layers have it.
    """

    used: Used
    part: Literal["output", "state", "all states"] = "output"
    batch: int = 0


class AxisSize(Unknown):
    """How long an axis of a tensor is: not known, but two of one axis are the same."""

    tensor: Tensor
    axis: int


class Entries(Unknown):
    """How many numbers a sample has at a tensor: the product of its sizes."""

    tensor: Tensor


@dataclass(slots=True, eq=False)
class Shape:
    """The shape of a tensor, from axis `start`."""

    tensor: Tensor
    start: int = 0


@dataclass(slots=True, eq=False)
class Numbers:
    """An array that the code makes, of which nothing but its shape is known."""

    shape: tuple[Any, ...]


@dataclass(slots=True, eq=False)
class Container:
    """Layers in order: Sequential, ModuleList, ModuleDict.

    Args:
        shape: of the input, without the batch, where the code says it.
        samples: the arrays that were given to it, or what stood in their place.
    """

    kind: Literal["Sequential", "ModuleList", "ModuleDict"]
    framework: Framework
    line: int
    children: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    shape: Any = None
    samples: list[Any] | None = None
    graph: Functional | None = None  # of its first `counted` layers
    counted: int = 0


@dataclass(slots=True, eq=False)
class Functional:
    """A Keras model made of its inputs and outputs."""

    inputs: list[Used]
    outputs: list[Tensor]
    line: int
    name: str = ""
