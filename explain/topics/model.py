"""A model read from its code: the summary of its framework, and how each number in it comes about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from explain.bindings import Binding, Name
from explain.declare import topic
from explain.engine.answer import Answer
from explain.errors import InputError
from explain.extents import Extent
from explain.scripts import Code, Script

if TYPE_CHECKING:
    from explain.code.parts import Model


@topic
def model(
    code: Annotated[Code, "a Python file, - for standard input, or the code itself; it is read, never run"],
    input: Annotated[
        tuple[Extent, ...],
        "shape of one sample, where the code leaves it open: 50x8 (time x features), 28x28x1 for Keras, 1x28x28 for "
        "PyTorch; once for each input",
    ] = (),
    let: Annotated[tuple[Binding, ...], "a value that the code does not set, such as n_steps=3; may be repeated"] = (),
    which: Annotated[Name | None, "name of the model, where the code has several (default: the last one)"] = None,
    against: Annotated[Script | None, "another model, to be compared layer by layer"] = None,
) -> Answer:
    """A model as its code stands: shapes, parameters, multiply-adds of every layer.

    A Keras Sequential or functional script, or a PyTorch nn.Sequential or nn.Module, becomes the table of the
    framework's summary, and each number in it is worked. The code is read statically: nothing is imported or run, so
    that neither framework needs to be installed. What only running it would tell is said, with its line.

    Field: Counting

    Source: Keras documentation, Model.summary and the layers; PyTorch documentation, torch.nn; Dumoulin and Visin 2016,
    A guide to convolution arithmetic for deep learning

    Examples:
        explain model "Sequential([LSTM(30, return_sequences=True, input_shape=(3, 1)), LSTM(30), Dense(1)])"
        explain model "nn.Sequential(nn.Conv2d(3, 6, 5), nn.ReLU(), nn.Flatten(), nn.Linear(4704, 10))" --input 3x32x32
        explain model "Sequential([Embedding(1000, 16), LSTM(units), Dense(1)])" --input 200 --let units=32
        explain model "Sequential([Dense(8), Dense(1)])" --input 4 --against "Sequential([Dense(4), Dense(1)])"

    Raises:
        InputError: code that Python refuses, no model in it, or a layer that does not fit what arrives, with its line.
    """
    from explain.topics._layers.models import Question, answered

    values = {name: value for binding in let for name, value in binding.values.items()}
    named = which.text if which else ""
    if against is None:
        return answered(Question(_read(code, values, named), input, code.name, text=_typed(code)), model.source)
    first, used = _as_needed(code, values, named)
    try:
        other, used_there = _as_needed(against, values, "")
    except InputError as error:
        raise InputError(f"{{against}}, {error.message}") from error
    if used.keys() | used_there.keys() != values.keys():
        _read(code, values, named)  # says which name neither of them needs
    texts = _typed(code), _typed(against)
    return answered(Question(first, input, code.name, other, against.name, *texts), model.source)


def _typed(code: Code) -> str:
    """Code that the page prints: a file stands in the user's editor."""
    return "" if code.name else code.text


def _read(code: Code, values: Mapping[str, Any], which: str) -> Model:
    from explain.code.read import read_model

    return read_model(code.text, values, code.name, which)


def _as_needed(code: Code, values: Mapping[str, Any], which: str) -> tuple[Model, dict[str, Any]]:
    """A model read with those values that it needs: what one of two models leaves open the other may set."""
    left = dict(values)
    while True:
        try:
            return _read(code, left, which), left
        except InputError as error:
            refused = next((name for name in left if error.message.startswith(f"{{let}} {name}:")), None)
            if refused is None:
                raise
            del left[refused]
