"""A graph of uses as a `Model`: calls in order, with the names that the framework gives them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from explain.code.graph import ancestors
from explain.code.objects import WEIGHTS, Container, Functional, Made, Tensor, Used
from explain.code.parts import Arrival, Call, Model, Remark, Unknown
from explain.code.program import Instance
from explain.code.reading import Reading
from explain.errors import printable
from explain.layers.base import Framework

MOST_AXES = 8


def kept(root: Any, path: str = "", seen: set[int] | None = None) -> Iterator[tuple[str, Made | Unknown]]:
    """The layers that a PyTorch module keeps, each once, with their paths: `layer1.0.conv1`."""
    seen = set() if seen is None else seen
    seen.add(id(root))
    parts: Mapping[str, Any] = root.values if isinstance(root, Instance) else root.children
    for name, part in parts.items():
        inner = f"{path}.{name}" if path else str(name)
        each = part.used.made if isinstance(part, Tensor) and part.used.made.kind == WEIGHTS else part
        if id(each) in seen:
            continue
        if isinstance(each, Made) or (isinstance(each, Unknown) and isinstance(root, Container)):
            seen.add(id(each))
            yield inner, each
        elif isinstance(each, (Instance, Container)):
            yield from kept(each, inner, seen)
        elif isinstance(each, Functional):
            yield from _inside(each, seen)


def _inside(model: Functional, seen: set[int]) -> Iterator[tuple[str, Made | Unknown]]:
    """The layers of a functional model."""
    for used in ancestors([each.used for each in model.outputs]):
        made = used.made
        if id(made) not in seen and made.kind != "Input" and not made.operation:
            seen.add(id(made))
            yield made.name, made


def unordered(framework: Framework, name: str, root: Any) -> Model:
    """The layers as they were made: their order in the forward pass is not known."""
    calls: list[Call] = []
    for path, each in kept(root):
        if isinstance(each, Unknown):
            calls.append(Call(path, each.text, each.line, None, each))
            continue
        calls.append(_call(each, each.name if framework == "keras" and each.name else path))
    return Model(framework, name, [], calls, (), [], ordered=False)


def _call(made: Made, name: str) -> Call:
    unknown = made.unknown
    if made.layer is None and unknown is None:
        unknown = Unknown(made.written, made.line, "it is not read")
    weightless = made.weightless and made.layer is None
    return Call(
        printable(name), made.written, made.line, made.layer, unknown, (), None, made.arrives, weightless=weightless,
        put=made.put,
    )  # fmt: skip


def assembled(
    reading: Reading, framework: Framework, name: str, inputs: Sequence[Used], outputs: Sequence[Used], root: Any
) -> Model:
    """The calls from the inputs to the outputs, numbered in the order of the code."""
    entered = list(inputs)
    order = ancestors(outputs)
    entered += [used for used in order if used.made.kind == "Input" and used not in entered]
    places = {used.number: -1 - at for at, used in enumerate(entered)}
    names = _names(reading, framework, root, order)
    calls: list[Call] = []
    first: dict[int, int] = {}
    for used in order:
        if used.number in places:
            continue
        call = _call(used.made, names[used.number])
        call.sources = tuple(places[each.number] for each in used.sources)
        if id(used.made) in first:
            call.again = first[id(used.made)]
        first.setdefault(id(used.made), len(calls))
        places[used.number] = len(calls)
        calls.append(call)
    model = Model(framework, name, [_arrival(each.made) for each in entered], calls, _ends(outputs, places))
    _unused(model, framework, root, first)
    return model


def _ends(outputs: Sequence[Used], places: Mapping[int, int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(places[each.number] for each in outputs))


def _names(reading: Reading, framework: Framework, root: Any, order: Sequence[Used]) -> dict[int, str]:
    """A name for each use: of the layer, or of the operation with a number."""
    paths = {id(each): path for path, each in kept(root)} if framework == "pytorch" and root is not None else {}
    counts: dict[str, int] = {}
    found: dict[int, str] = {}
    for used in order:
        made = used.made
        name = paths.get(id(made)) or made.name
        if not name and not made.operation:
            name = made.kind.lower()
            if framework == "pytorch" and isinstance(root, Instance):
                reading.remark(
                    made.line,
                    f"{made.written} is no attribute of the module, so that PyTorch does not train it: keep it in "
                    "self, a plain list as nn.ModuleList",
                )
        if not name:
            seen = counts[made.kind] = counts.get(made.kind, -1) + 1
            name = f"{made.kind}_{seen}" if seen else made.kind
        found[used.number] = name
    return found


def _unused(model: Model, framework: Framework, root: Any, used: Mapping[int, int]) -> None:
    """Layers that a PyTorch module keeps and never calls; PyTorch counts their parameters all the same."""
    if framework != "pytorch":
        return
    seen = set(used)
    for path, each in kept(root):
        if isinstance(each, Made) and id(each) not in seen:
            seen.add(id(each))
            model.calls.append(_call(each, path))
            if each.kind != WEIGHTS:
                model.calls[-1].used = False
                model.remarks.append(
                    Remark(
                        each.line,
                        f"{path} is made, but the forward pass never calls it; PyTorch counts it all the same",
                    )
                )


def _arrival(made: Made) -> Arrival:
    return Arrival(printable(made.name), sizes(made.shape, made.line), made.line)


def sizes(shape: Any, line: int) -> tuple[int | Unknown, ...] | None:
    """A shape as the code has it: whole numbers, and what is not known; None where it is no shape."""
    if isinstance(shape, Unknown) or not isinstance(shape, (tuple, list)) or len(shape) > MOST_AXES:
        return None
    found: list[int | Unknown] = []
    for size in shape:
        if size is None:
            found.append(Unknown("None", line, "any length"))
        elif isinstance(size, Unknown) or (isinstance(size, int) and not isinstance(size, bool) and size > 0):
            found.append(size)
        else:
            return None
    return tuple(found)
