"""Tensors passed through layers and models: what each gives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explain.code.graph import MIXES, STATES, ancestors, entrance, recurrent, tensors_in, unread, whole
from explain.code.objects import Container, Functional, Made, Shape, Tensor, Used
from explain.code.parts import Unknown
from explain.code.program import Function, Instance
from explain.code.reading import NotFollowedError, Reading


def applied(reading: Reading, what: Any, positional: Sequence[Any], named: Mapping[str, Any], line: int) -> Any:
    """What a layer or a model gives for some tensors; Unknown where it is given none."""
    if isinstance(what, Made):
        return _layer(reading, what, positional, named, line)
    if isinstance(what, Instance):
        return _module(reading, what, positional, named, line)
    if isinstance(what, Unknown):
        return unread(reading, what.text, tensors_in([*positional, *named.values()]), what)
    found = tensors_in([*positional, *named.values()])
    if isinstance(what, Functional) and found:
        return _again(reading, what, found)
    if isinstance(what, Container) and what.kind == "Sequential" and found:
        return chained(reading, list(what.children.values()), positional[0] if positional else found[0], line)
    return Unknown(f"{getattr(what, 'name', '')}(…)", line, "it is made of data")


def _layer(reading: Reading, made: Made, positional: Sequence[Any], named: Mapping[str, Any], line: int) -> Any:
    mixes = made.kind in MIXES or (made.layer is None and made.kind not in STATES)
    first = tensors_in(positional[0]) if positional else []
    every = tensors_in([*positional, *named.values()])
    sources = every if mixes or not first else first
    if not every and not reading.forward:
        return Unknown(f"{made.written}(…)", line, "it is given data")
    used = reading.use(made, [whole(reading, each) for each in sources])
    used.needs = list({each.used.number: each.used for each in every if each not in sources}.values())
    return _given(made, used, sources[0].batch if sources else 0)


def _given(made: Made, used: Used, batch: int) -> Any:
    """The tensors that one use of a layer gives."""
    output = Tensor(used, batch=batch)
    count = STATES.get(made.kind, 0)
    if made.framework == "pytorch":
        if count:
            output.batch = 0 if recurrent(made, "batch_first", False) is True else 1
            states = [Tensor(used, "all states", output.batch) for _ in range(count)]
            return output, tuple(states) if count > 1 else states[0]
        if made.kind == "LSTMCell":
            return output, Tensor(used)
        if made.kind == "MultiheadAttention":
            return output, Unknown("attention weights", made.line, "they are made of data")
        return output
    wrapped = made.inner if made.kind == "Bidirectional" and made.inner else made
    if wrapped.setting("return_state", False) is True and wrapped.kind in STATES:
        count = STATES[wrapped.kind] * (1 if wrapped is made else 2)
        return [output, *(Tensor(used, "state") for _ in range(count))]
    return output


def chained(reading: Reading, layers: Sequence[Any], value: Any, line: int) -> Any:
    """The layers of a Sequential, one after the other."""
    for each in layers:
        if isinstance(each, Unknown):
            value = unread(reading, each.text, tensors_in(value), each)
            continue
        if isinstance(value, (tuple, list)) and value and isinstance(value[0], Tensor) and not _several(each):
            told = value[0].used.made
            if told.framework == "pytorch":
                reading.remark(
                    told.line,
                    f"{told.written} gives its output and its states, and nn.Sequential passes both on as one: this "
                    "stops with an error; write a module that takes the output alone",
                )
            value = value[0]
        value = applied(reading, each, [value], {}, line)
    return value


def _several(layer: Any) -> bool:
    """Whether a layer takes a list of tensors."""
    return isinstance(layer, (Instance, Functional)) or getattr(getattr(layer, "layer", None), "several", False)


def _module(reading: Reading, module: Instance, positional: Sequence[Any], named: Mapping[str, Any], line: int) -> Any:
    """The forward pass of a module of the file."""
    from explain.code.classes import called, contains

    keras = module.of.framework == "keras"
    if not tensors_in([*positional, *named.values()]):
        return Unknown(f"{module.name or module.of.name}(…)", line, "it is made of data")
    forward = module.of.member("call" if keras else "forward")
    if not isinstance(forward, Function):
        layers = [each for each in module.values.values() if isinstance(each, (Made, Container, Instance, Unknown))]
        if contains(module.of, "Sequential"):
            return chained(reading, layers, positional[0], line)
        why = f"{module.of.name} has no method {'call' if keras else 'forward'}"
        raise NotFollowedError(Unknown(module.of.name, module.of.line, why))
    reading.forward += 1
    try:
        build = module.of.member("build")
        if keras and isinstance(build, Function) and not module.built:
            module.built = True
            shape = [Shape(each) for each in tensors_in(list(positional))[:1]]
            called(reading, build.of(module), shape, {}, line)
        return called(reading, forward.of(module), positional, named, line)
    finally:
        reading.forward -= 1


def _again(reading: Reading, model: Functional, given: Sequence[Tensor]) -> Any:
    """A functional model used as a layer: its graph once more, from other tensors on."""
    places = {used.number: whole(reading, each) for used, each in zip(model.inputs, given, strict=False)}
    for used in ancestors([each.used for each in model.outputs]):
        if used.number not in places:
            if not used.sources and used.made.kind == "Input":
                places[used.number] = used
                continue
            sources = [places[each.number] for each in used.sources]
            places[used.number] = reading.use(used.made, sources, [places[each.number] for each in used.needs])
    found = [Tensor(places[each.used.number], each.part, each.batch) for each in model.outputs]
    return found[0] if len(found) == 1 else found


def _told(container: Container, deep: int = 0) -> tuple[Any, int]:
    """The shape of the input of a Sequential, which its first layer may be told, and the line."""
    first = next(iter(container.children.values()), None)
    if container.shape is None and isinstance(first, Made) and first.shape is not None:
        return first.shape, first.line
    if container.shape is None and isinstance(first, Container) and deep < 10:
        return _told(first, deep + 1)
    return container.shape, container.line


def graph_of(reading: Reading, container: Container) -> Functional:
    """A Sequential as a graph, from one input on."""
    layers = list(container.children.values())
    if container.graph is None or len(layers) != container.counted:
        shape, line = _told(container)
        start = entrance(reading, container.framework, "input", line, shape)
        found = chained(reading, layers, Tensor(start), container.line)
        outputs = tensors_in(found)[: 1 if isinstance(found, tuple) else None]
        container.graph = Functional([start], outputs, container.line, container.name)
        container.counted = len(layers)
    return container.graph
