"""What names stand for while model code is read: layers, containers, classes, and the tensors that pass."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any, Literal

from explain.code.parts import Arguments, Unknown
from explain.layers.base import Framework, Layer


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
    arrives: int | None = None
    inner: Made | None = None
    operation: bool = False
    shape: Any = None  # Keras' input_shape

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


@dataclass(slots=True, eq=False)
class Scope:
    """Names and their values; `above` is the scope of the file for those of a function."""

    names: dict[str, Any] = field(default_factory=dict)
    above: Scope | None = None
    outer: set[str] = field(default_factory=set)  # names that a function declared global
    of_class: bool = False

    def find(self, name: str) -> Scope | None:
        """Where a name is set."""
        scope: Scope | None = self
        while scope is not None and name not in scope.names:
            scope = scope.above
        return scope


@dataclass(slots=True, eq=False)
class Function:
    """A function of the file, a method or a lambda.

    Args:
        defaults: of its last parameters, and of those that are named only.
        owner: the class that it was written in.
    """

    node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
    scope: Scope
    defaults: dict[str, Any]
    owner: Class | None = None
    bound: Any = None
    how: str = ""  # property, staticmethod, classmethod
    generator: bool = False

    def of(self, owner: Any) -> Function:
        """The same as a method of an object."""
        return Function(self.node, self.scope, self.defaults, self.owner, owner, self.how, self.generator)

    @property
    def name(self) -> str:
        """As the code calls it."""
        return "lambda" if isinstance(self.node, ast.Lambda) else self.node.name


@dataclass(slots=True, eq=False)
class Class:
    """A class of the file; `framework` where it is a module or a layer of its own."""

    name: str
    line: int
    bases: list[Any]
    members: dict[str, Any]
    framework: Framework | None = None
    fields: list[str] = field(default_factory=list)  # annotated ones, of a dataclass

    def member(self, name: str, after: Class | None = None) -> Any:
        """A method or value of the class or of what it inherits from; None where there is none.

        Args:
            after: the class that asks through `super()`.
        """
        order = self.order()
        for each in order[order.index(after) + 1 :] if after in order else order:
            if name in each.members:
                return each.members[name]
        return None

    def order(self) -> list[Class]:
        """The class and those of the file that it inherits from, nearest first."""
        found: list[Class] = []
        waiting = [self]
        while waiting and len(found) < 100:
            each = waiting.pop(0)
            if each not in found:
                found.append(each)
                waiting = [base for base in each.bases if isinstance(base, Class)] + waiting
        return found


@dataclass(slots=True, eq=False)
class Instance:
    """An object of a class of the file."""

    of: Class
    line: int
    values: dict[str, Any] = field(default_factory=dict)
    name: str = ""
    written: str = ""
    samples: list[Any] | None = None
    built: bool = False  # Keras' build was read


@dataclass(slots=True, frozen=True, eq=False)
class Above:
    """`super()`: the same object, seen as what its class inherits from."""

    instance: Instance
    owner: Class


@dataclass(slots=True, frozen=True, eq=False)
class Method:
    """A method of something that is no object of the file: of a list, a text, a tensor, a container."""

    of: Any
    name: str


@dataclass(slots=True, frozen=True, eq=False)
class Partial:
    """A function with some arguments already given."""

    function: Any
    positional: list[Any]
    named: dict[str, Any]


Model_ = Container | Functional | Instance
MODULES = (Made, Container, Functional, Instance)


@dataclass(slots=True)
class Given:
    """The arguments of a call that is being read."""

    node: ast.Call
    positional: list[Any]
    named: dict[str, Any]

    @property
    def line(self) -> int:
        """Where it stands."""
        return self.node.lineno

    def get(self, at: int, name: str, otherwise: Any = None) -> Any:
        """An argument by its place or its name."""
        return self.positional[at] if at < len(self.positional) else self.named.get(name, otherwise)
