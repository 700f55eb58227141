"""Model code read from its text: what it describes as a `Model`, without anything of it being run."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from explain.code.assemble import unordered
from explain.code.choosing import asked_for, beside, candidates_of, others_of
from explain.code.models import model_of
from explain.code.objects import Container
from explain.code.parts import Model, Remark, Unknown
from explain.code.reading import MOST_STEPS, Reading, TooLongError
from explain.code.skipping import set_in
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
        for statement in source.tree.body:
            _statement(reading, statement)
        found = _read(reading, which)
    except RecursionError as error:
        raise InputError("the code is nested too deeply to be read: write it in shorter expressions") from error
    found.name = found.name or name
    _check_let(reading)
    found.remarks = sorted({*reading.remarks, *found.remarks})
    return found


def _statement(reading: Reading, statement: ast.stmt) -> None:
    """A statement at the top of the file; one that goes on without making a layer is left, and what it sets unknown."""
    reading.begins()
    try:
        run(reading, reading.scope, [statement])
    except TooLongError:
        reading.too_long = reading.too_long or statement.lineno
        for name in set_in([statement]):
            reading.scope.names[name] = Unknown(name, statement.lineno, "what sets it goes on too long to be read")
    reading.limit = MOST_STEPS


def framework_of(text: str) -> Framework:
    """Whose layers a name such as LSTM means: of what is imported, else of the names that are used."""
    imported = IMPORT.findall(text)
    if imported and len({name == "torch" for name in imported}) == 1:
        return "pytorch" if imported[0] == "torch" else "keras"
    torch, keras = len(TORCH.findall(text)), len(KERAS.findall(text))
    return "pytorch" if torch > keras else "keras"


def _read(reading: Reading, which: str) -> Model:
    """The model that is asked for, or else the last one that has layers."""
    candidates = candidates_of(reading)
    if which:
        return asked_for(reading, which, candidates)
    for at in reversed(range(len(candidates))):
        model = model_of(reading, candidates[at])
        if model.calls:
            if candidates[at] in reading.uncalled:
                told = f"{model.name} is not called in the code: it is read as if it were, with its defaults"
                model.remarks.append(Remark(candidates[at].line, told))
            others = others_of(reading, candidates, candidates[at])
            if others:
                model.remarks.append(beside(model, others))
            return model
    loose = [made for made in reading.loose if made.layer is not None or made.unknown is not None]
    if loose:
        root = Container("ModuleList", reading.framework, loose[0].line)
        root.children = {made.name or made.kind.lower(): made for made in loose}
        model = unordered(loose[0].framework, "", root)
        model.remarks.append(
            Remark(loose[0].line, "the code makes layers, but no model of them: each is read by itself")
        )
        return model
    raise InputError(_nothing(reading, candidates))


def _nothing(reading: Reading, candidates: Sequence[Any]) -> str:
    """Why there is no model."""
    if reading.too_long:
        return f"line {reading.too_long}: what stands here goes on too long to be read; leave it out, or shorten it"
    if candidates:
        line = candidates[-1].line
        return f"line {line}: the model has no layers; add them, as in model.add(Dense(10))"
    return (
        "the code makes no model that is read: write a Keras Sequential or Model, or a PyTorch nn.Sequential or "
        "nn.Module, such as Sequential([Dense(10), Dense(1)])"
    )


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
