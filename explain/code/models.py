"""A model of the code as a `Model`: its graph from its inputs to its outputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from explain.code import classes, graph, passing
from explain.code.assemble import assembled, sizes, unordered
from explain.code.objects import Container, Functional, Numbers, Tensor, Used
from explain.code.parts import Model, Remark, Unknown
from explain.code.program import Class, Function, Instance
from explain.code.reading import NotFollowedError, Reading
from explain.layers.base import Framework


def model_of(reading: Reading, found: Any) -> Model:
    """A candidate as a model."""
    if isinstance(found, Class):
        name = found.name
        found = classes.made(reading, found, [], {}, found.line)
        found.name = found.name or name
    if isinstance(found, Functional):
        outputs = _ends(reading, found.outputs)
        return assembled(reading, "keras", found.name or reading.number("Functional"), found.inputs, outputs, None)
    if isinstance(found, Container):
        try:
            whole = passing.graph_of(reading, found)
        except NotFollowedError as stop:
            return _not_followed(found.framework, found, stop)
        ends = _ends(reading, whole.outputs)
        label = found.name or ("sequential" if found.framework == "keras" else "Sequential")
        model = assembled(reading, found.framework, label, whole.inputs, ends, found)
        _sampled(model, found)
        return model
    return _module(reading, found)


def _module(reading: Reading, module: Instance) -> Model:
    """A module of the file: its forward pass from inputs on."""
    framework: Framework = module.of.framework or reading.framework
    label = module.name or module.of.name
    forward = module.of.member("call" if framework == "keras" else "forward")
    inputs: list[Used] = []
    try:
        for name in _required(forward):
            inputs.append(graph.entrance(reading, framework, name, module.line, None))
        given = [Tensor(each) for each in inputs]
        if not given:
            given = [Tensor(graph.entrance(reading, framework, "input", module.line, None))]
            inputs = [given[0].used]
        result = passing.applied(reading, module, given, {}, module.line)
        outputs = _ends(reading, graph.tensors_in(result))
    except NotFollowedError as stop:
        return _not_followed(framework, module, stop)
    if not outputs:
        why = f"the forward pass of {module.of.name} gives nothing that comes from a layer"
        return _not_followed(framework, module, NotFollowedError(Unknown(label, module.line, why)))
    model = assembled(reading, framework, label, inputs, outputs, module)
    _sampled(model, module)
    return model


def _ends(reading: Reading, outputs: Sequence[Tensor]) -> list[Used]:
    """Where the outputs of a model come from; states that are given back beside them are left out."""
    told = [each for each in outputs if each.part == "output"] or outputs
    return [graph.whole(reading, each) for each in told]


def _required(forward: Any) -> list[str]:
    """The arguments of a forward pass that have no default: its inputs."""
    if not isinstance(forward, Function):
        return []
    names = forward.node.args
    places = [each.arg for each in [*names.posonlyargs, *names.args]][1:]
    return [name for name in places if name not in forward.defaults]


def _not_followed(framework: Framework, root: Any, stop: NotFollowedError) -> Model:
    """The layers without their order, and why."""
    label = root.name or (root.of.name if isinstance(root, Instance) else "")
    model = unordered(framework, label, root)
    unknown = stop.unknown
    told = f"{unknown.text}: {unknown.why}" if unknown.text not in unknown.why else unknown.why
    model.remarks.append(
        Remark(
            unknown.line,
            f"the forward pass is not read from line {unknown.line} on ({told}): the layers stand in the order in "
            "which they are made",
        )
    )
    return model


def _sampled(model: Model, root: Container | Instance) -> None:
    """The shapes of arrays that the code gives to the model are those of its inputs, after the batch."""
    for at, (entered, given) in enumerate(zip(model.inputs, root.samples or [], strict=False)):
        shape = sizes(given.shape[1:], root.line) if isinstance(given, Numbers) else None
        if entered.shape is None and shape:
            model.inputs[at] = entered._replace(shape=shape)
