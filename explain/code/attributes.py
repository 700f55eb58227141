"""Attributes and items: `self.fc1`, `x.shape[0]`, `layers[-1]`, `out[:, -1, :]`."""

from __future__ import annotations

import ast
import math
import string
from typing import Any

from explain.code.objects import AxisSize, Container, Functional, Made, Numbers, Outside, Shape, Tensor
from explain.code.options import Options
from explain.code.parts import Unknown
from explain.code.program import Above, Class, Function, Instance, Method, Scope
from explain.code.reading import Reading
from explain.code.values import NoValueError, key

CONSTANTS: dict[str, Any] = {
    **{
        f"string.{name}": getattr(string, name)
        for name in ("ascii_letters", "ascii_lowercase", "ascii_uppercase", "digits", "punctuation", "printable")
    },
    "math.pi": math.pi,
    "math.e": math.e,
    "numpy.pi": math.pi,
    "numpy.newaxis": None,
    "tensorflow.newaxis": None,
}
# what PyTorch's layers keep under the names of their arguments, by the place of the argument
KEPT = {
    "in_features": 0, "out_features": 1, "in_channels": 0, "out_channels": 1, "kernel_size": 2, "input_size": 0,
    "hidden_size": 1, "num_embeddings": 0, "embedding_dim": 1, "num_features": 0, "num_layers": 2, "units": 0,
    "filters": 0,
}  # fmt: skip


def attribute(reading: Reading, scope: Scope, node: ast.Attribute) -> Any:
    """`owner.name`."""
    from explain.code.expressions import value

    owner = value(reading, scope, node.value)
    found = of(reading, owner, node.attr, node)
    if not isinstance(found, Unknown) or isinstance(found, AxisSize) or not isinstance(owner, (Unknown, Instance)):
        return found
    if node.attr in ("shape", "size", "dtype", "T"):
        return found
    return reading.lacking(node.attr, node.lineno, found.why, reading.written(node))


def of(reading: Reading, owner: Any, name: str, node: ast.expr) -> Any:
    """An attribute of any value."""
    if isinstance(owner, Outside):
        path = f"{owner.path}.{name}"
        return CONSTANTS.get(path.replace("np.", "numpy.")) if path in CONSTANTS else Outside(path)
    if isinstance(owner, Instance):
        return _of_instance(reading, owner, name, node)
    if isinstance(owner, Above):
        found = owner.instance.of.member(name, after=owner.owner)
        return _bound(reading, found, owner.instance) if isinstance(found, Function) else Method(owner, name)
    if isinstance(owner, Class):
        found = owner.member(name)
        if isinstance(found, Function):
            return found.of(owner) if found.how == "classmethod" else found
        return Method(owner, name) if found is None else found
    if isinstance(owner, Tensor):
        return _of_tensor(owner, name)
    if isinstance(owner, (Container, Functional)):
        return _of_container(reading, owner, name)
    if isinstance(owner, Options):
        return owner.value(reading, name, node)
    if isinstance(owner, Numbers):
        return tuple(owner.shape) if name == "shape" else Method(owner, name)
    if isinstance(owner, Made) and name in KEPT:
        given = list(owner.arguments.positional)
        otherwise = (
            given[KEPT[name]] if KEPT[name] < len(given) else Unknown(name, node.lineno, "the code has no value")
        )
        return owner.setting(name, otherwise)
    if isinstance(owner, Unknown):
        return Method(owner, name) if _is_method(name) else reading.unknown(node, owner)._replace(lacking="")
    return Method(owner, name)


def _is_method(name: str) -> bool:
    """What arrays have to call; of what is not known, the shape of the result may be."""
    return name in ("reshape", "size")


def _bound(reading: Reading, function: Function, owner: Instance) -> Any:
    if function.how == "staticmethod":
        return function
    bound = function.of(owner.of if function.how == "classmethod" else owner)
    if function.how == "property":
        from explain.code.classes import called

        return called(reading, bound, [], {}, owner.line)
    return bound


def _of_instance(reading: Reading, owner: Instance, name: str, node: ast.expr) -> Any:
    if name in owner.values:
        return owner.values[name]
    found = owner.of.member(name)
    if isinstance(found, Function):
        return _bound(reading, found, owner)
    if found is not None or any(name in each.members for each in owner.of.order()):
        return found
    if owner.of.framework is None:
        return reading.unknown(node, f"no value of {owner.of.name} has this name")
    if name == "training":
        return True  # as a module is made
    return Method(owner, name)


def _of_tensor(owner: Tensor, name: str) -> Any:
    if name == "shape":
        return Shape(owner)
    if name in ("data", "real"):
        return owner
    return Method(owner, name)


def _of_container(reading: Reading, owner: Container | Functional, name: str) -> Any:
    if isinstance(owner, Container) and name in owner.children and not name.isdigit():
        return owner.children[name]
    if isinstance(owner, Container) and name == "layers":
        return list(owner.children.values())
    if name in ("input", "output", "inputs", "outputs"):
        from explain.code.passing import graph_of

        whole = graph_of(reading, owner) if isinstance(owner, Container) else owner
        ends = [Tensor(used) for used in whole.inputs] if name.startswith("input") else whole.outputs
        return ends[0] if len(ends) == 1 and not name.endswith("s") else ends
    return Method(owner, name)


def subscript(reading: Reading, scope: Scope, node: ast.Subscript) -> Any:
    """`owner[at]`."""
    from explain.code.expressions import value

    owner, at = value(reading, scope, node.value), value(reading, scope, node.slice)
    if isinstance(owner, Tensor):
        from explain.code import indexing

        return indexing.taken(reading, owner, at, node)
    if isinstance(owner, Shape):
        return _of_shape(reading, owner, at, node)
    if isinstance(owner, Unknown):
        return reading.unknown(node, owner)
    if isinstance(owner, Container):
        return _child(owner, at)
    if isinstance(owner, dict):
        found = key(at)
        if found not in owner:
            raise NoValueError(f"the dict has no {found!r}"[:80])
        return owner[found]
    if isinstance(at, Unknown):
        return reading.unknown(node, at)
    if not isinstance(owner, (str, list, tuple, range)) or not _place(at):
        raise NoValueError("what stands there is not read")
    try:
        return owner[at]
    except (IndexError, TypeError, ValueError) as error:
        raise NoValueError(f"Python refuses it ({error})") from error


def _place(at: Any) -> bool:
    if isinstance(at, slice):
        return all(
            each is None or (isinstance(each, int) and abs(each) < 10**9) for each in (at.start, at.stop, at.step)
        )
    return isinstance(at, int) and abs(at) < 10**9


def _of_shape(reading: Reading, owner: Shape, at: Any, node: ast.Subscript) -> Any:
    from explain.code.tensors import axis_size

    if isinstance(at, slice) and isinstance(at.start, int) and at.start >= 0 and at.stop is None and at.step is None:
        return Shape(owner.tensor, owner.start + at.start)
    if isinstance(at, int) and not isinstance(at, bool):
        return axis_size(reading, owner.tensor, at if at < 0 else at + owner.start, node)
    return reading.unknown(node, "the sizes of data are known when it passes")


def _child(owner: Container, at: Any) -> Any:
    names = list(owner.children)
    if isinstance(at, str) and at in owner.children:
        return owner.children[at]
    if isinstance(at, int) and -len(names) <= at < len(names):
        return owner.children[names[at]]
    if isinstance(at, slice) and _place(at):
        taken = names[at]
        children = {str(place): owner.children[name] for place, name in enumerate(taken)}
        return Container(owner.kind, owner.framework, owner.line, children)
    raise NoValueError(f"the {owner.kind} has no such layer")
