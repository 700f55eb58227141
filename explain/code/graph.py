"""Layers put to use: each use is a place in a graph, from the inputs of the model to its outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from explain.code.objects import Container, Function, Functional, Instance, Made, Shape, Tensor, Used
from explain.code.parts import Arguments, Unknown
from explain.code.reading import NotFollowedError, Reading
from explain.layers.base import Framework, Layer
from explain.layers.reshaping import Last

MIXES = {"MultiHeadAttention", "MultiheadAttention", "Attention", "AdditiveAttention", "Bilinear", "Transformer",
         "TransformerDecoder", "TransformerDecoderLayer", "Dot"}  # layers that read several tensors  # fmt: skip
STATES = {"LSTM": 2, "GRU": 1, "RNN": 1, "SimpleRNN": 1}  # states that come beside the output
PLACES = ("input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional")


def tensors_in(value: Any, deep: int = 0) -> list[Tensor]:
    """The tensors in lists, tuples and dicts, in order."""
    if isinstance(value, Tensor):
        return [value]
    if isinstance(value, (list, tuple)) and not isinstance(value, Unknown) and deep < 6:
        return [found for each in value[:1000] for found in tensors_in(each, deep + 1)]
    if isinstance(value, dict) and deep < 6:
        return [found for each in value.values() for found in tensors_in(each, deep + 1)]
    return []


def operation(
    reading: Reading, name: str, layer: Layer | None, sources: Sequence[Tensor], written: str, line: int,
    unknown: Unknown | None = None, needs: Sequence[Tensor] = (),
) -> Tensor:  # fmt: skip
    """What an operation of the forward pass gives; it has no weights."""
    framework = sources[0].used.made.framework if sources else reading.framework
    made = Made(framework, Arguments(name, [], {}, line), written, layer, unknown, operation=True)
    used = reading.use(made, [whole(reading, each) for each in sources], [each.used for each in needs])
    return Tensor(used, batch=sources[0].batch if sources else 0)


def unread(reading: Reading, written: str, sources: Sequence[Tensor], unknown: Unknown) -> Tensor:
    """A tensor of which only is known what it was made of."""
    name = unknown.text.split("(")[0].strip() or written
    return operation(reading, name.rsplit(".", 1)[-1], None, sources, written, unknown.line, unknown)


def whole(reading: Reading, tensor: Tensor) -> Used:
    """The place in the graph that gives a tensor; a state is the last step of all that a recurrent layer gives."""
    made = tensor.used.made
    if tensor.part == "output":
        return tensor.used
    every = made.framework == "pytorch" or bool(made.setting("return_sequences", False))
    plain = made.framework == "keras" or single(made)
    if not every:
        return tensor.used
    written, unknown = "the last state", None
    if not plain:
        unknown = Unknown(made.written, made.line, "the states of several layers or directions are not taken apart")
    layer = Last("last") if plain else None
    return operation(reading, "state", layer, [Tensor(tensor.used)], written, made.line, unknown).used


def recurrent(made: Made, name: str, otherwise: Any) -> Any:
    """A setting of one of PyTorch's recurrent layers, by its place or its name."""
    places = PLACES if made.kind != "RNN" else (*PLACES[:3], "nonlinearity", *PLACES[3:])
    at, given = places.index(name), made.arguments.positional
    return given[at] if at < len(given) else made.arguments.named.get(name, otherwise)


def single(made: Made) -> bool:
    """Whether a recurrent layer is one layer in one direction."""
    return recurrent(made, "num_layers", 1) == 1 and not recurrent(made, "bidirectional", False)


def applied(
    reading: Reading, what: Any, positional: Sequence[Any], named: Mapping[str, Any], line: int
) -> Any:
    """What a layer or a model gives for some tensors; Unknown where it is given none."""
    if isinstance(what, Made):
        return _layer(reading, what, positional, named, line)
    if isinstance(what, Instance):
        return _module(reading, what, positional, named, line)
    if isinstance(what, Unknown):
        return unread(reading, what.text, tensors_in([*positional, *named.values()]), what)
    found = tensors_in([*positional, *named.values()])
    if isinstance(what, Functional) and found:
        return _again(reading, what, found, line)
    if isinstance(what, Container) and what.kind == "Sequential" and found:
        return chained(reading, what, list(what.children.values()), positional[0] if positional else found[0], line)
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
    return _given(reading, made, used, sources[0].batch if sources else 0)


def _given(reading: Reading, made: Made, used: Used, batch: int) -> Any:
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


def chained(reading: Reading, owner: Container | Instance, layers: Sequence[Any], value: Any, line: int) -> Any:
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
            return chained(reading, module, layers, positional[0], line)
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


def ancestors(outputs: Sequence[Used]) -> list[Used]:
    """All that some places of the graph were made of, in the order of the code."""
    found: dict[int, Used] = {}
    waiting = list(outputs)
    while waiting:
        used = waiting.pop()
        if used.number not in found:
            found[used.number] = used
            waiting += [*used.sources, *used.needs]
    return [found[number] for number in sorted(found)]


def _again(reading: Reading, model: Functional, given: Sequence[Tensor], line: int) -> Any:
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


def entrance(reading: Reading, framework: Framework, name: str, line: int, shape: Any) -> Used:
    """An input of a model."""
    made = Made(framework, Arguments("Input", [], {}, line), name, None, name=name, shape=shape)
    return reading.use(made, [])


def graph_of(reading: Reading, container: Container) -> Functional:
    """A Sequential as a graph, from one input on."""
    layers = list(container.children.values())
    if container.graph is None or len(layers) != container.counted:
        first = layers[0] if layers else None
        shape, line = container.shape, container.line
        if shape is None and isinstance(first, Made) and first.shape is not None:
            shape, line = first.shape, first.line
        start = entrance(reading, container.framework, "input", line, shape)
        found = chained(reading, container, layers, Tensor(start), container.line)
        outputs = tensors_in(found)[: 1 if isinstance(found, tuple) else None]
        container.graph = Functional([start], outputs, container.line, container.name)
        container.counted = len(layers)
    return container.graph

