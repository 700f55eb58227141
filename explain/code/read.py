"""Model code read from its text: what it describes as a `Model`, without anything of it being run."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from explain.code import classes, graph
from explain.code.assemble import assembled, sizes, unordered
from explain.code.objects import Class, Container, Function, Functional, Instance, Model_, Numbers, Used
from explain.code.parts import Model, Remark, Unknown
from explain.code.reading import NotFollowedError, Reading
from explain.code.source import parse
from explain.code.statements import run
from explain.errors import InputError, shown
from explain.layers.base import Framework

TORCH = re.compile(
    r"\b(?:torch|nn\.\w+|Linear|Conv[123]d|BatchNorm[123]d|MaxPool[123]d|def forward|in_features|batch_first|F\.\w+)\b"
)
KERAS = re.compile(
    r"\b(?:keras|tensorflow|tf|Dense|Conv[123]D|MaxPooling[123]D|return_sequences|input_shape|activation|layers\.\w+"
    r"|\.add|Input|units|filters)\b"
)
IMPORT = re.compile(r"^[ \t]*(?:from|import)[ \t]+(torch|keras|tensorflow|tf_keras)\b", re.MULTILINE)


def read_model(text: str, let: Mapping[str, Any], name: str = "", which: str = "") -> Model:
    """The model that some code describes; the last one, unless another is asked for.

    Args:
        text: of a file, or a part of one; it is parsed, and nothing of it is imported or run.
        let: values of variables that the code does not set.
        name: of the model where the code gives it none.
        which: the variable or class of the model.

    >>> model = read_model("Sequential([LSTM(30, input_shape=(3, 1)), Dense(1)])", {})
    >>> [(call.name, call.written) for call in model.calls]
    [('lstm', 'LSTM(30, input_shape=(3, 1))'), ('dense', 'Dense(1)')]

    Raises:
        InputError: no Python, no model, or more than is read; names the line, the rule and the mend.
    """
    source = parse(text)
    reading = Reading(source, framework_of(text), let)
    try:
        run(reading, reading.scope, source.tree.body)
        found = _read(reading, which)
    except RecursionError as error:
        raise InputError("the code is nested too deeply to be read: write it in shorter expressions") from error
    found.name = found.name or name
    _check_let(reading)
    found.remarks = sorted({*reading.remarks, *found.remarks})
    return found


def framework_of(text: str) -> Framework:
    """Whose layers a name such as LSTM means: of what is imported, else of the names that are used."""
    imported = IMPORT.findall(text)
    if imported and len({name == "torch" for name in imported}) == 1:
        return "pytorch" if imported[0] == "torch" else "keras"
    torch, keras = len(TORCH.findall(text)), len(KERAS.findall(text))
    return "pytorch" if torch > keras else "keras"


def _read(reading: Reading, which: str) -> Model:
    """The model that is asked for, or else the last one that has layers."""
    candidates = _candidates(reading)
    if which:
        return _asked(reading, which, candidates)
    for at in reversed(range(len(candidates))):
        model = _model(reading, candidates[at])
        if model.calls:
            if candidates[at] in reading.uncalled:
                told = f"{model.name} is not called in the code: it is read as if it were, with its defaults"
                model.remarks.append(Remark(candidates[at].line, told))
            others = _others(reading, candidates, candidates[at])
            if others:
                model.remarks.append(_beside(model, others))
            return model
    loose = [made for made in reading.loose if made.layer is not None or made.unknown is not None]
    if loose:
        root = Container("ModuleList", reading.framework, loose[0].line)
        root.children = {made.name or made.kind.lower(): made for made in loose}
        model = unordered(reading, loose[0].framework, "", root)
        model.remarks.append(Remark(loose[0].line, "the code makes layers, but no model of them: each is read by itself"))
        return model
    raise InputError(_nothing(reading, candidates))


def _nothing(reading: Reading, candidates: Sequence[Any]) -> str:
    if candidates:
        line = candidates[-1].line
        return f"line {line}: the model has no layers; add them, as in model.add(Dense(10))"
    return (
        "the code makes no model that is read: write a Keras Sequential or Model, or a PyTorch nn.Sequential or "
        "nn.Module, such as Sequential([Dense(10), Dense(1)])"
    )


def _candidates(reading: Reading) -> list[Any]:
    """All models of the file in the order in which they were finished; without any, what its functions would make."""
    whole = _outermost(reading.models)
    made = {each.of.name for each in reading.models if isinstance(each, Instance)}
    unmade = [each for each in reading.classes if each.name not in made and _last_of_its_kind(reading, each)]
    whole = [each for each in whole if not _is_layer(each)] or whole
    if whole or (unmade and not classes.lacks(unmade[-1])):
        return [*unmade, *whole]
    return _by_functions(reading) or unmade


def _by_functions(reading: Reading) -> list[Any]:
    """What the functions of the file would make, if they were called with their defaults."""
    for name, function in list(reading.scope.names.items()):
        if isinstance(function, Function) and not isinstance(function.node, ast.Lambda) and _gives(function):
            before = len(reading.models)
            found = classes.called(reading, function, [], {}, function.node.lineno)
            if isinstance(found, (Container, Functional, Instance)) and found in reading.models[before:]:
                found.name = name
                reading.uncalled.append(found)
    return _outermost(reading.uncalled)


def _is_layer(model: Any) -> bool:
    """Whether it is a layer of its own, of a class that inherits from Keras' Layer."""
    return isinstance(model, Instance) and classes.contains(model.of, "Layer")


def _last_of_its_kind(reading: Reading, made: Class) -> bool:
    """Whether a class is one of the file that others do not inherit from."""
    return not any(made in other.bases for other in reading.classes)


def _gives(function: Function) -> bool:
    """Whether a function gives something back."""
    return any(isinstance(each, ast.Return) and each.value is not None for each in ast.walk(function.node))


def _outermost(models: Sequence[Model_]) -> list[Model_]:
    """Without those that are parts of others."""
    parts: set[int] = set()
    for model in models:
        waiting = list(_parts(model))
        while waiting:
            each = waiting.pop()
            if id(each) not in parts:
                parts.add(id(each))
                waiting += _parts(each)
    return [each for each in models if id(each) not in parts]


def _parts(model: Any) -> list[Any]:
    if isinstance(model, Container):
        return [each for each in model.children.values() if isinstance(each, (Container, Instance, Functional))]
    found: list[Any] = []
    for each in model.values.values() if isinstance(model, Instance) else []:
        inner = list(each) if isinstance(each, (list, tuple)) else list(each.values()) if isinstance(each, dict) else [each]
        found += [one for one in inner if isinstance(one, (Container, Instance, Functional))]
    return found


def _label(candidate: Any) -> str:
    if isinstance(candidate, Instance):
        return candidate.name or candidate.of.name
    return str(candidate.name)


def _names(candidate: Any) -> set[str]:
    """What a model may be asked for by."""
    return {candidate.name, candidate.of.name if isinstance(candidate, Instance) else ""} - {""}


def _asked(reading: Reading, which: str, candidates: Sequence[Any]) -> Model:
    every = [*reading.classes, *reading.models, *candidates]
    for each in reversed(every):
        if which in _names(each):
            model = _model(reading, each)
            if not model.calls:
                raise InputError(f"{{which}} is {shown(which)}: this model of line {each.line} has no layers")
            return model
    known = sorted({name for each in every for name in _names(each)})
    near = get_close_matches(which, known, 1)
    told = f"did you mean {near[0]}?" if near else f"its models are {', '.join(known[:8])}" if known else "it has no models"
    raise InputError(f"{{which}} is {shown(which)}: the code has no model of this name; {told}")


def _others(reading: Reading, candidates: Sequence[Any], chosen: Any) -> list[Any]:
    return [each for each in candidates if each is not chosen and _label(each) and _label(each) != _label(chosen)]


def _beside(model: Model, others: Sequence[Any]) -> Remark:
    told = ", ".join(f"{_label(each)} (line {each.line})" for each in others[-6:])
    return Remark(
        others[-1].line,
        f"of several models in the code the last one, {model.name}, is worked; for another give --which, of {told}",
    )


def _model(reading: Reading, found: Any) -> Model:
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
            whole = graph.graph_of(reading, found)
        except NotFollowedError as stop:
            return _not_followed(reading, found.framework, found, stop)
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
        given = [graph.Tensor(each) for each in inputs]
        if not given:
            given = [graph.Tensor(graph.entrance(reading, framework, "input", module.line, None))]
            inputs = [given[0].used]
        result = graph.applied(reading, module, given, {}, module.line)
        outputs = _ends(reading, graph.tensors_in(result))
    except NotFollowedError as stop:
        return _not_followed(reading, framework, module, stop)
    if not outputs:
        why = f"the forward pass of {module.of.name} gives nothing that comes from a layer"
        return _not_followed(reading, framework, module, NotFollowedError(Unknown(label, module.line, why)))
    model = assembled(reading, framework, label, inputs, outputs, module)
    _sampled(model, module)
    return model


def _ends(reading: Reading, outputs: Sequence[graph.Tensor]) -> list[Used]:
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


def _not_followed(reading: Reading, framework: Framework, root: Any, stop: NotFollowedError) -> Model:
    """The layers without their order, and why."""
    label = root.name or (root.of.name if isinstance(root, Instance) else "")
    model = unordered(reading, framework, label, root)
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


def _check_let(reading: Reading) -> None:
    """Refuses a supplied value that nothing asks for."""
    for name in reading.let:
        if name not in reading.taken:
            known = [each for each in reading.asked if each not in reading.let]
            near = get_close_matches(name, known, 1)
            told = f"did you mean {near[0]}?" if near else "leave it out"
            if known and not near:
                told = f"what it needs is {', '.join(known[:6])}"
            raise InputError(f"{{let}} {shown(name)}: the code has no variable of this name that lacks a value; {told}")


