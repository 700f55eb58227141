"""What Keras code makes: layers, Sequential, functional models, inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from explain.code import graph, keras_layers, making, passing, tensors
from explain.code.objects import Container, Functional, Made, Outside, Tensor
from explain.code.parts import Unknown
from explain.code.program import Given, Method
from explain.code.reading import Reading

CREATE = {"zeros", "ones", "random_normal", "random_uniform", "normal", "uniform", "rand", "randn", "empty", "constant"}


def outside(reading: Reading, what: Outside, given: Given) -> Any:
    """A call of something that Keras or TensorFlow has."""
    build = MAKERS.get(what.last)
    if build is not None:
        return build(reading, given)
    if what.last[:1].isupper() or what.last == "LSTM":
        return layer(reading, what, given)
    if graph.tensors_in([*given.positional, *given.named.values()]):
        name = ALIASES.get(what.last, what.last)
        found = tensors.operate(reading, name, given.positional, given.named, given.node)
        return tensors.perhaps_weighted(what, found)
    if what.path.endswith("activations.get") and given.positional and isinstance(given.positional[0], (str, Outside)):
        found = given.positional[0]
        return Outside(f"keras.activations.{found}") if isinstance(found, str) else found
    if what.last in CREATE:
        return making.array(given)
    return reading.unknown(given.node, "nothing in the code sets it" if "." not in what.path else "it is not read")


def layer(reading: Reading, what: Outside, given: Given) -> Any:
    """A layer: its name is given, or numbered by its kind."""
    named = dict(given.named)
    name = named.pop("name", None)
    made = making.layer(reading, what.last, given.positional, named, given, keras_layers.build)
    made.framework = "keras"
    if named.get("trainable") is False:
        reading.remark(given.line, f"{what.last} is told trainable=False: its weights are counted among the trained")
    made.name = name if isinstance(name, str) and name else reading.number(what.last)
    made.shape = _shape(what.last, named)
    return made


def _shape(kind: str, named: dict[str, Any]) -> Any:
    """The shape of one sample, where a layer is told it."""
    for name in ("input_shape", "shape"):
        if named.get(name) is not None:
            found = named[name]
            return (found,) if isinstance(found, int) else found
    for name in ("batch_input_shape", "batch_shape"):
        if isinstance(named.get(name), (tuple, list)) and not isinstance(named[name], Unknown):
            return tuple(named[name][1:])
    if kind == "Embedding":
        length = named.get("input_length")
        return (length,) if length is not None else None
    if "input_dim" in named:
        length = named.get("input_length")
        return (named["input_dim"],) if "input_length" not in named else (length, named["input_dim"])
    return None


def _sequential(reading: Reading, given: Given) -> Container:
    """`Sequential([Dense(1)], name="net")`."""
    name = given.named.get("name")
    model = Container("Sequential", "keras", given.line)
    model.name = name if isinstance(name, str) else ""
    layers = given.get(0, "layers")
    if isinstance(layers, Unknown):
        model.children["0"] = layers
    elif isinstance(layers, (list, tuple)):
        for each in layers:
            added(reading, model, each, given.line)
    elif layers is not None:
        added(reading, model, layers, given.line)
    reading.models.append(model)
    reading.made += 1
    return model


def added(reading: Reading, model: Container, found: Any, line: int) -> None:
    """`model.add(layer)`; an input only tells the shape."""
    reading.made += 1
    if isinstance(found, Tensor) and found.used.made.kind == "Input":
        model.shape, model.line = found.used.made.shape, found.used.made.line
    elif isinstance(found, Made) and found.kind == "InputLayer":
        model.shape, model.line = found.shape, found.line
    elif isinstance(found, (Made, Container, Functional, Unknown)) or hasattr(found, "of"):
        model.children[str(len(model.children))] = found
    else:
        why = "what is added here is no layer that is read"
        text = found.path if isinstance(found, Outside) else "model.add" if found is None else type(found).__name__
        if isinstance(found, Outside):
            why = f"a class is added, not a layer; write {found.last}(…)"
        model.children[str(len(model.children))] = Unknown(text, line, why)


def _input(reading: Reading, given: Given) -> Tensor:
    """`Input(shape=(28, 28, 1))`."""
    named = dict(given.named)
    if given.positional:
        named.setdefault("shape", given.positional[0])
    name = named.get("name")
    told = name if isinstance(name, str) else reading.number("InputLayer")
    return Tensor(graph.entrance(reading, "keras", told, given.line, _shape("Input", named)))


def _model(reading: Reading, given: Given) -> Any:
    """`Model(inputs, outputs)`, in lists, dicts or alone."""
    inputs = graph.tensors_in([given.get(0, "inputs", given.named.get("input"))])
    outputs = graph.tensors_in([given.get(1, "outputs", given.named.get("output"))])
    if not inputs or not outputs:
        return reading.unknown(given.node, "its inputs and outputs are not known")
    name = given.named.get("name")
    found = Functional([each.used for each in inputs], outputs, given.line, name if isinstance(name, str) else "")
    reading.models.append(found)
    reading.made += 1
    return found


def method(reading: Reading, what: Method, given: Given) -> Any:
    """`model.add(layer)` and what else a model is told; `fit` and the like are left out."""
    model = what.of
    first = given.get(0, "layer", given.named.get("input_shape"))
    if isinstance(model, Container):
        if what.name == "add":
            added(reading, model, first, given.line)
        elif what.name == "pop" and model.children:
            model.children.popitem()
            reading.made += 1
        elif what.name == "build" and isinstance(first, (tuple, list)) and not isinstance(first, Unknown):
            model.shape = tuple(first[1:]) if model.shape is None else model.shape
    if what.name == "get_layer":
        return reading.unknown(given.node, "a layer asked for by its name is not read")
    if what.name == "call":
        return passing.applied(reading, model, given.positional, given.named, given.line)
    return None if what.name in QUIET else reading.unknown(given.node, "it is made of data")


QUIET = {"add", "pop", "build", "compile", "fit", "summary", "save", "load_weights", "evaluate", "trainable"}
MAKERS: dict[str, Callable[[Reading, Given], Any]] = {
    "Sequential": _sequential,
    "Model": _model,
    "Functional": _model,
    "Input": _input,
}
# functions of TensorFlow and of keras.ops by the names that operations have here
ALIASES = {
    "concat": "cat", "concatenate": "cat", "reduce_mean": "mean", "reduce_sum": "sum", "reduce_max": "amax",
    "max": "amax", "subtract": "sub", "transpose": "permute", "negative": "neg",
}  # fmt: skip
