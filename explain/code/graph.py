"""Layers put to use: each use is a place in a graph, from the inputs of the model to its outputs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from explain.code.objects import Made, Tensor, Used
from explain.code.parts import Arguments, Unknown
from explain.code.reading import Reading
from explain.layers.base import Framework, Layer
from explain.layers.reshaping import Last

MIXES = {"MultiHeadAttention", "MultiheadAttention", "Attention", "AdditiveAttention", "Bilinear", "Transformer",
         "TransformerDecoder", "TransformerDecoderLayer", "Dot"}  # layers that read several tensors  # fmt: skip
KERAS_NAMES = {"cat": "concatenate", "sub": "subtract", "amax": "max", "permute": "transpose"}
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
    if framework == "keras":
        made.name = reading.number(KERAS_NAMES.get(name, name))
    used = reading.use(made, [whole(reading, each) for each in sources], [each.used for each in needs])
    return Tensor(used, batch=sources[0].batch if sources else 0)


def unread(reading: Reading, written: str, sources: Sequence[Tensor], unknown: Unknown) -> Tensor:
    """A tensor of which only is known what it was made of."""
    name = re.split(r"[ (,]", unknown.text)[0]
    name = name if name.rsplit(".", 1)[-1].isidentifier() and name != "_" else "part"
    return operation(reading, name.rsplit(".", 1)[-1] or "part", None, sources, written, unknown.line, unknown)


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
    state = operation(reading, "state", layer, [Tensor(tensor.used)], written, made.line, unknown).used
    state.made.weightless = True
    return state


def recurrent(made: Made, name: str, otherwise: Any) -> Any:
    """A setting of one of PyTorch's recurrent layers, by its place or its name."""
    places = PLACES if made.kind != "RNN" else (*PLACES[:3], "nonlinearity", *PLACES[3:])
    at, given = places.index(name), made.arguments.positional
    return given[at] if at < len(given) else made.arguments.named.get(name, otherwise)


def single(made: Made) -> bool:
    """Whether a recurrent layer is one layer in one direction."""
    return recurrent(made, "num_layers", 1) == 1 and not recurrent(made, "bidirectional", False)


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


def entrance(reading: Reading, framework: Framework, name: str, line: int, shape: Any) -> Used:
    """An input of a model."""
    made = Made(framework, Arguments("Input", [], {}, line), name, None, name=name, shape=shape)
    return reading.use(made, [])
