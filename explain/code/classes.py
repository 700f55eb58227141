"""Functions and classes of the file: read where they are called."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from explain.code.expressions import named_outside, value
from explain.code.objects import Outside
from explain.code.parts import Unknown
from explain.code.program import Class, Function, Instance, Scope
from explain.code.reading import DEEPEST_CALL, NotFollowedError, Reading
from explain.layers.base import Framework

METHODS = {"staticmethod", "classmethod", "property"}
MODULE_BASES: dict[str, Framework] = {
    "Module": "pytorch", "LightningModule": "pytorch", "Sequential": "pytorch", "ModuleList": "pytorch",
    "ModuleDict": "pytorch",
    "Model": "keras", "Layer": "keras",
}  # fmt: skip


def function(reading: Reading, scope: Scope, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    """`def`: nothing of it is read before it is called."""
    how = next((each.id for each in node.decorator_list if isinstance(each, ast.Name) and each.id in METHODS), "")
    outer = scope
    while outer.of_class and outer.above is not None:
        outer = outer.above
    made = Function(node, outer, defaults(reading, scope, node.args), how=how)
    made.generator = any(isinstance(each, (ast.Yield, ast.YieldFrom)) for each in ast.walk(node))
    scope.names[node.name] = made


def defaults(reading: Reading, scope: Scope, names: ast.arguments) -> dict[str, Any]:
    """The values of parameters that have one."""
    plain = [*names.posonlyargs, *names.args]
    last = plain[len(plain) - len(names.defaults) :]
    found = {each.arg: value(reading, scope, given) for each, given in zip(last, names.defaults, strict=True)}
    for each, given in zip(names.kwonlyargs, names.kw_defaults, strict=True):
        if given is not None:
            found[each.arg] = value(reading, scope, given)
    return found


def defined(reading: Reading, scope: Scope, node: ast.ClassDef) -> None:
    """`class`: its body is read, its methods are not."""
    from explain.code.statements import run

    bases = [_base(reading, scope, base) for base in node.bases]
    inner = Scope({}, scope, of_class=True)
    run(reading, inner, node.body)
    made = Class(node.name, node.lineno, bases, inner.names, _framework(bases))
    made.fields = [
        each.target.id for each in node.body if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
    ]
    for member in inner.names.values():
        if isinstance(member, Function) and member.owner is None:
            member.owner = made
    scope.names[node.name] = made
    if made.framework:
        reading.classes.append(made)


def _base(reading: Reading, scope: Scope, node: ast.expr) -> Any:
    """What a class inherits from; a bare name such as Module needs no import."""
    if isinstance(node, ast.Name) and scope.find(node.id) is None and named_outside(node.id) is None:
        return Outside(node.id)
    return value(reading, scope, node)


def _framework(bases: Sequence[Any]) -> Framework | None:
    for base in bases:
        if isinstance(base, Class) and base.framework:
            return base.framework
        if isinstance(base, Outside) and base.last in MODULE_BASES:
            if base.path.startswith(("keras", "tensorflow", "tf_keras")):
                return "keras"
            return "pytorch" if base.path.startswith("torch") else MODULE_BASES[base.last]
    return None


def lacks(made: Class) -> bool:
    """Whether objects of a class need arguments without a default."""
    start = made.member("__init__")
    if not isinstance(start, Function):
        return False
    names = start.node.args
    return any(each.arg not in start.defaults for each in [*names.posonlyargs, *names.args, *names.kwonlyargs][1:])


def contains(made: Class, name: str) -> bool:
    """Whether a class inherits from a container of PyTorch, such as nn.Sequential."""
    return any(isinstance(base, Outside) and base.last == name for each in made.order() for base in each.bases)


def called(reading: Reading, what: Function, positional: Sequence[Any], named: Mapping[str, Any], line: int) -> Any:
    """What a function of the file gives back."""
    from explain.code.statements import run

    if what.generator:
        return Unknown(f"{what.name}(…)", line, "a generator is not read")
    reading.calls += 1
    try:
        if reading.calls > DEEPEST_CALL:
            return Unknown(f"{what.name}(…)", line, f"more than {DEEPEST_CALL} functions call each other")
        scope = Scope(_bound(reading, what, positional, named), what.scope)
        if what.owner is not None:
            scope.names["__class__"] = what.owner
        if isinstance(what.node, ast.Lambda):
            return value(reading, scope, what.node.body)
        signal = run(reading, scope, what.node.body)
    finally:
        reading.calls -= 1
    if signal is None or signal.how == "return":
        return signal.value if signal else None
    if reading.forward:
        raise NotFollowedError(signal.value)
    return Unknown(f"{what.name}(…)", line, f"{signal.value.text}: {signal.value.why}")


def _bound(reading: Reading, what: Function, positional: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """The values of the parameters; one that nothing gives may be supplied by the user."""
    names = what.node.args
    places = [each.arg for each in [*names.posonlyargs, *names.args]]
    given = [*([what.bound] if what.bound is not None else []), *positional]
    found: dict[str, Any] = {**what.defaults, **dict(zip(places, given, strict=False))}
    only = {each.arg for each in names.kwonlyargs}
    found.update({name: each for name, each in named.items() if name in only or name in places})
    if names.vararg:
        found[names.vararg.arg] = tuple(given[len(places) :])
    if names.kwarg:
        found[names.kwarg.arg] = {name: each for name, each in named.items() if name not in only and name not in places}
    for name in [*places, *only]:
        if type(found.get(name)) is Unknown and what.node.lineno and name != "self":
            found[name] = reading.open(found[name], name)
        if name not in found:
            of = what.owner.name if what.owner is not None and what.name == "__init__" else what.name
            why = f"nothing gives this argument of {of} a value"
            found[name] = reading.lacking(name, what.node.lineno, why, key=f"argument, line {what.node.lineno}")
    return found


def made(reading: Reading, what: Class, positional: Sequence[Any], named: Mapping[str, Any], line: int) -> Instance:
    """An object of a class: its `__init__` is read."""
    instance = Instance(what, line)
    start = what.member("__init__")
    forward, reading.forward = reading.forward, 0
    try:
        if isinstance(start, Function):
            called(reading, start.of(instance), positional, named, line)
        elif contains(what, "Sequential") or contains(what, "ModuleList"):
            filled(instance, positional)
        else:
            fields = [name for each in reversed(what.order()) for name in each.fields]
            instance.values.update(zip(fields, positional, strict=False))
            instance.values.update(named)
    finally:
        reading.forward = forward
    reading.made += 1
    if what.framework:
        reading.models.append(instance)
        if what.framework == "keras":
            given = named.get("name")
            instance.name = given if isinstance(given, str) else ""
    return instance


def filled(instance: Instance, positional: Sequence[Any]) -> None:
    """`super().__init__(*layers)` of a class that is a Sequential."""
    given = positional[0] if len(positional) == 1 and isinstance(positional[0], (dict, list)) else None
    if isinstance(given, dict):
        instance.values.update(given)
    else:
        instance.values.update({str(at): each for at, each in enumerate(given or positional)})
