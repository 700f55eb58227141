"""Which of several models in a file is meant: the last one that is whole, or the one that is asked for."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from explain.code import classes
from explain.code.models import model_of
from explain.code.objects import Container, Functional
from explain.code.parts import Model, Remark
from explain.code.program import Class, Function, Instance, Model_
from explain.code.reading import Reading
from explain.errors import InputError, shown


def candidates_of(reading: Reading) -> list[Any]:
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
    loaded = {
        node.id
        for node in ast.walk(reading.source.tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    for name, function in list(reading.scope.names.items()):
        if name in loaded:
            continue
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
        inner = (
            list(each) if isinstance(each, (list, tuple)) else list(each.values()) if isinstance(each, dict) else [each]
        )
        found += [one for one in inner if isinstance(one, (Container, Instance, Functional))]
    return found


def _label(candidate: Any) -> str:
    if isinstance(candidate, Instance):
        return candidate.name or candidate.of.name
    return str(candidate.name)


def _names(candidate: Any) -> set[str]:
    """What a model may be asked for by."""
    return {candidate.name, candidate.of.name if isinstance(candidate, Instance) else ""} - {""}


def asked_for(reading: Reading, which: str, candidates: Sequence[Any]) -> Model:
    """The model of a name.

    Raises:
        InputError: there is none, or it has no layers; names those that there are.
    """
    every = [*reading.classes, *reading.models, *candidates]
    for each in reversed(every):
        if which in _names(each):
            if isinstance(each, Class) and any(isinstance(one, Instance) and one.of is each for one in every):
                continue  # an object of it, with its arguments, says more
            model = model_of(reading, each)
            if not model.calls:
                raise InputError(f"{{which}} is {shown(which)}: this model of line {each.line} has no layers")
            return model
    known = sorted({name for each in every for name in _names(each)})
    near = get_close_matches(which, known, 1)
    told = f"its models are {', '.join(known[:8])}" if known else "it has no models"
    told = f"did you mean {near[0]}?" if near else told
    raise InputError(f"{{which}} is {shown(which)}: the code has no model of this name; {told}")


def others_of(reading: Reading, candidates: Sequence[Any], chosen: Any) -> list[Any]:
    """The models beside the one that is worked that the file has names for."""
    found = {
        _label(each): each
        for each in candidates
        if isinstance(each, Class) or each in reading.uncalled or reading.scope.names.get(each.name) is each
    }
    return [each for label, each in found.items() if each is not chosen and label and label != _label(chosen)]


def beside(model: Model, others: Sequence[Any]) -> Remark:
    """Names the other models of the file."""
    told = ", ".join(f"{_label(each)} (line {each.line})" for each in others[-6:])
    return Remark(
        others[-1].line,
        f"of several models in the code the last one, {model.name}, is worked; for another give --which, of {told}",
    )
