"""Calls: of functions and classes of the file, of layers on tensors, of methods, and of what other modules have."""

from __future__ import annotations

import ast
from typing import Any

from explain.code import builtin, classes, graph, keras_calls, methods, passing, tensors, torch_calls
from explain.code.expressions import items, named_outside, several, slip_error, value
from explain.code.objects import Container, Numbers, Outside, Shape, Tensor
from explain.code.parts import Unknown
from explain.code.program import MODULES, Above, Class, Function, Given, Instance, Method, Partial, Scope
from explain.code.reading import NotFollowedError, Reading
from explain.code.values import MOST_ITEMS

ELSEWHERE = {
    "optimizers", "losses", "callbacks", "datasets", "metrics", "initializers", "regularizers", "constraints", "utils",
    "data", "optim", "distribute", "schedules", "mixed_precision", "autograd", "cuda", "backends",
    "distributed", "transforms", "init",
}  # parts of the frameworks that hold no layers  # fmt: skip


def called(reading: Reading, scope: Scope, node: ast.Call) -> Any:
    """What a call gives."""
    what = _callee(reading, scope, node)
    given = _given(reading, scope, node)
    if isinstance(what, Outside) and what.path == "super":
        return _above(scope, given)
    slip = reading.source.thousands(node)
    if slip and isinstance(what, (Outside, Class)) and what_builds(what):
        raise slip_error(reading, node, slip)
    return call(reading, what, given)


def what_builds(what: Outside | Class) -> bool:
    """Whether a call makes an object, as names with a capital letter do."""
    return isinstance(what, Class) or what.last[:1].isupper()


def _callee(reading: Reading, scope: Scope, node: ast.Call) -> Any:
    """What is called; a bare name with a capital letter is a layer of the framework, imported or not."""
    name = node.func
    if not isinstance(name, ast.Name) or scope.find(name.id) or named_outside(name.id) or name.id in reading.let:
        return value(reading, scope, name)
    return Outside(name.id)


def _given(reading: Reading, scope: Scope, node: ast.Call) -> Given:
    positional = several(reading, scope, list(node.args))
    named: dict[str, Any] = {}
    for each in node.keywords:
        found = value(reading, scope, each.value)
        if each.arg is not None:
            named[each.arg] = found
        elif isinstance(found, dict):
            named.update({key: inner for key, inner in found.items() if isinstance(key, str)})
        elif isinstance(found, Unknown):
            named["**"] = found
    return Given(node, positional, named)


def _above(scope: Scope, given: Given) -> Any:
    """`super()` or `super(Net, self)`."""
    here = scope.find("self")
    instance = given.positional[1] if len(given.positional) > 1 else here.names["self"] if here else None
    owner = given.positional[0] if given.positional else scope.names.get("__class__")
    if isinstance(instance, Instance):
        return Above(instance, owner if isinstance(owner, Class) else instance.of)
    return Unknown("super()", given.line, "it stands outside of a class")


def call(reading: Reading, what: Any, given: Given) -> Any:
    """What a call of any value gives."""
    if isinstance(what, Function):
        return classes.called(reading, what, given.positional, given.named, given.line)
    if isinstance(what, Class):
        made = classes.made(reading, what, given.positional, given.named, given.line)
        made.written = reading.written(given.node)
        return made
    if isinstance(what, Partial):
        return call(
            reading, what.function,
            Given(given.node, [*what.positional, *given.positional], {**what.named, **given.named}),
        )  # fmt: skip
    if isinstance(what, MODULES):
        return _used(reading, what, given)
    if isinstance(what, Method):
        return methods.called(reading, what, given)
    if isinstance(what, Outside):
        return outside(reading, what, given)
    found = graph.tensors_in([*given.positional, *given.named.values()])
    why = what.why if isinstance(what, Unknown) else "what is called is not known"
    if found:
        name = given.node.func
        called_ = name.attr if isinstance(name, ast.Attribute) else getattr(name, "id", "call")
        return tensors.doubtful(reading, called_, found, given.node, why, weightless=False)
    return reading.unknown(given.node, why)


def _used(reading: Reading, what: Any, given: Given) -> Any:
    """A layer or model called; an array that the code makes tells the shape of the input."""
    if isinstance(what, (Container, Instance)) and any(isinstance(each, Numbers) for each in given.positional):
        what.samples = what.samples or given.positional
    try:
        found = passing.applied(reading, what, given.positional, given.named, given.line)
    except NotFollowedError as stop:
        if reading.forward:  # of a module around it
            raise
        sources = graph.tensors_in([*given.positional, *given.named.values()])
        found = graph.unread(reading, stop.unknown.text, sources, stop.unknown)
    if given.named.get("return_attention_scores") is True and isinstance(found, Tensor):
        return found, Unknown("attention scores", given.line, "they are made of data")
    return found


def outside(reading: Reading, what: Outside, given: Given) -> Any:
    """A call of something that another module has: a layer, a function of tensors, or what is not read."""
    from explain.code.python_calls import SPECIAL, length

    special = SPECIAL.get(
        what.last if what.path.startswith(("functools.", "collections.", "itertools.")) else what.path
    )
    if special is not None:
        return special(reading, given)
    if what.path == "len" and given.positional and isinstance(given.positional[0], (Container, Shape, Tensor)):
        return length(reading, given)
    plain = builtin.function(what.path)
    found = graph.tensors_in([*given.positional, *given.named.values()])
    if plain is not None and not found:
        listed = [items(each) if isinstance(each, Container) else each for each in given.positional]
        sizes = [len(each) for each in listed if isinstance(each, (list, tuple, range, dict))]
        reading.step(given.node, min(MOST_ITEMS, sum(sizes)) // 10)
        return builtin.called(plain, listed, given.named)
    parts = what.path.split(".")
    if len(parts) > 1 and ELSEWHERE.intersection(parts[:-1]) and not found:
        return reading.unknown(given.node, "it is no layer")
    framework = framework_of(reading, what)
    if framework is None:
        if found:
            return tensors.doubtful(reading, what.last, found, given.node, f"{what.path} is not read", False)
        return reading.unknown(given.node, f"{what.path} is not read")
    build = keras_calls.outside if framework == "keras" else torch_calls.outside
    return build(reading, what, given)


def framework_of(reading: Reading, what: Outside) -> Any:
    """Whose layer or function a name is; of a bare name, the one whose code this is."""
    head = what.path.split(".")[0]
    if head in ("torch", "pl", "pytorch_lightning", "lightning", "torchvision"):
        return "pytorch"
    if head in ("keras", "tensorflow", "tf_keras", "keras_core"):
        return "keras"
    return reading.framework if "." not in what.path else None
