"""The parts of a program that is read: scopes, functions, classes, objects, and the arguments of a call."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from explain.code.objects import Container, Functional, Made
from explain.layers.base import Framework


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
