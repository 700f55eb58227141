"""The simple recurrent network, step by step through time."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.functions import ACTIVATIONS, textbook
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.functions import Softmax
from explain.engine.notation import PLUS, Notation, Word, product, related
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.shapes import write
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.layers.base import Flow, whole_number
from explain.layers.recurrent import Recurrent
from explain.layers.simple import Dense
from explain.parameters import Matrix

Activation = Literal["tanh", "sigmoid", "relu", "leaky-relu", "identity"]
OutputActivation = Literal["identity", "sigmoid", "tanh", "relu", "leaky-relu", "softmax"]
MOST_STEPS = 200


@topic
def rnn(
    x: Annotated[Matrix, "inputs: 2,3 for two steps of one number, ; between steps of several: 1,2;3,4"],
    U: Annotated[Matrix, "input weights, one row a unit"],
    W: Annotated[Matrix, "recurrent weights, units×units; they fix the number of units"],
    b_h: Annotated[Matrix | None, "bias of the hidden units"] = None,
    V: Annotated[Matrix | None, "output weights, one row an output; without them only the states are worked"] = None,
    b_y: Annotated[Matrix | None, "bias of the outputs"] = None,
    h_0: Annotated[Matrix | None, "initial state; zeros if not given"] = None,
    activation: Annotated[Activation, "activation of the hidden units"] = "tanh",
    output_activation: Annotated[OutputActivation, "activation of the outputs"] = "identity",
) -> Answer:
    """Simple recurrent network: the state and the output of every time step.

    h_t = f(U x_t + W h_{t-1} + b_h), y_t = g(V h_t + b_y). Shapes: x_t (d×1), U (n×d), W (n×n), h_t (n×1), V (k×n).
    W fixes the number of units n, so that U's shape says whether 2,3 is two time steps or one step of two features.

    Source: Elman 1990, Finding Structure in Time; Goodfellow et al. 2016, eqs. 10.8-10.11

    Examples:
        explain rnn --x 2,3 --U 0.5,0.6 --W "0.1,0.2;0.3,0.4" --b-h 0.1,-0.1 --V 1,2 --b-y 0.1
        explain rnn --x "1,2;3,4" --U "0.5,-0.5" --W 0.9 --activation relu

    Raises:
        InputError: shapes that do not meet; more than 200 time steps; b_y without V.
    """
    layer = _checked(x, U, W, b_h, V, b_y, h_0, output_activation)
    steps, units = len(layer.x), int(layer.W.shape[0])
    sheet = Worksheet(f"Simple recurrent network: {amount(steps, 'time step')}, {amount(units, 'unit')}", rnn.source)
    inputs = [sheet.given(f"x_{t}", value, f"input of time step {t}", option="x") for t, value in enumerate(layer.x, 1)]
    weights = {"U": layer.U, "W": layer.W, "b_h": layer.b_h, "V": layer.V, "b_y": layer.b_y}
    told = {
        "U": "input weights", "W": "recurrent weights, the same in every step", "b_h": "bias of the hidden units",
        "V": "output weights", "b_y": "bias of the outputs",
    }  # fmt: skip
    known = {
        name: sheet.given(name, value, told[name], option=name) for name, value in weights.items() if value is not None
    }
    state = sheet.given("h_0", layer.h_0, "state before the first step", option="h_0")
    _conventions(sheet, known, activation, output_activation, h_0 is None)
    results = []
    for t, entry in enumerate(inputs, 1):
        sheet.part(f"Time step {t}")
        state = _state(sheet, t, entry, state, known, activation)
        results.append(_output(sheet, t, state, known, output_activation) if "V" in known else state)
    _check_stacked(sheet, steps, activation)
    return sheet.answer(*results)


class _Layer(NamedTuple):
    """The checked arrays: inputs and vectors as columns."""

    x: list[Values]
    U: Values
    W: Values
    b_h: Values | None
    V: Values | None
    b_y: Values | None
    h_0: Values


def _state(sheet: Worksheet, t: int, x: Symbol, h: Symbol, known: dict[str, Symbol], activation: Activation) -> Symbol:
    """z_t and h_t."""
    affine: Node = known["U"] @ x + known["W"] @ h
    if "b_h" in known:
        affine = affine + known["b_h"]
    z = sheet.define(
        f"z_{t}",
        affine,
        f"State of step {t}, before the activation",
        say(
            "what {x} brings in through {U} is added to what {h} keeps through {W}",
            x=x,
            h=h,
            U=known["U"],
            W=known["W"],
        )
        if t == 1
        else say("the same weights as in step 1, now with {x} and the state {h}", x=x, h=h),
    )
    return sheet.define(f"h_{t}", _applied(activation, z), f"State of step {t}", _effect(activation, z, t))


def _output(sheet: Worksheet, t: int, h: Symbol, known: dict[str, Symbol], activation: OutputActivation) -> Symbol:
    """y_t, with its pre-activation where there is an activation."""
    affine: Node = known["V"] @ h
    if "b_y" in known:
        affine = affine + known["b_y"]
    why = say("the output reads the state {h}, never the input itself", h=h) if t == 1 else say("read from {h}", h=h)
    if activation == "identity":
        return sheet.define(f"y_{t}", affine, f"Output of step {t}", why)
    o = sheet.define(f"o_{t}", affine, f"Output of step {t}, before the activation", why)
    return sheet.define(f"y_{t}", _applied(activation, o), f"Output of step {t}", _effect(activation, o, t))


def _applied(activation: str, z: Symbol) -> Node:
    if activation == "identity":
        return z
    return Softmax(z, 0) if activation == "softmax" else ACTIVATIONS[activation](z)


EFFECT = {
    "tanh": "tanh takes each entry of {z} into (-1, 1), so that the state cannot grow without bound",
    "sigmoid": "σ takes each entry of {z} into (0, 1)",
    "relu": "ReLU keeps what is positive in {z} and sets the rest to 0",
    "leaky-relu": "LeakyReLU keeps what is positive in {z} and takes a hundredth of the rest",
    "identity": "the activation is the identity: {z} passes as it is",
    "softmax": "softmax makes the entries of {z} positive and lets them sum to 1",
}


def _effect(activation: str, z: Symbol, t: int) -> Prose:
    """What an activation does, said in the first step only."""
    return say(EFFECT[activation], z=z) if t == 1 else say("the activation of {z}", z=z)


def _conventions(sheet: Worksheet, known: dict[str, Symbol], activation: str, output: str, zero: bool) -> None:
    if zero:
        sheet.convention("{h} = 0 (default): nothing is remembered before the first step", h=Symbol("h_0"))
    state: list[Notation] = [product([Symbol("U").word, Symbol("x_t").word]), PLUS]
    state.append(product([Symbol("W").word, Word("h_{t-1}", "h_{t-1}")]))
    if "b_h" in known:
        state += [PLUS, Symbol("b_h").word]
    sheet.convention("vectors are columns: {f}", f=related(Symbol("z_t").word, "=", *state))
    told = "the state is {h}" + (
        "; the output reads the state: {v}" if "V" in known else "; no V, so there are no outputs"
    )
    read = [product([Symbol("V").word, Symbol("h_t").word]), *([PLUS, Symbol("b_y").word] if "b_y" in known else [])]
    linear = output == "identity"
    sheet.convention(
        told + ("" if linear or "V" not in known else ", {y}"),
        h=related(Symbol("h_t").word, "=", SYMBOLIC.write(_applied(activation, Symbol("z_t")))),
        v=related(Symbol("y_t" if linear else "o_t").word, "=", *read),
        y=related(Symbol("y_t").word, "=", SYMBOLIC.write(_applied(output, Symbol("o_t")))),
    )
    z = Symbol("z")
    for name in dict.fromkeys([activation, output] if "V" in known else [activation]):
        if name in ACTIVATIONS:
            applied = ACTIVATIONS[name](z)
            sheet.convention("{f}", f=related(applied.write(SYMBOLIC), "=", textbook(applied).write(SYMBOLIC)))
        if name == "softmax":
            sheet.convention(
                "softmax divides e to the power of each entry by the sum of these powers; it gives {y}", y=Symbol("y_t")
            )


def _check_stacked(sheet: Worksheet, steps: int, activation: str) -> None:
    """The states again with [U W] side by side and x over h: one product a step."""
    import numpy as np

    values = sheet.values
    weights = np.hstack([values["U"], values["W"]])
    state = values["h_0"]
    for t in range(1, steps + 1):
        total = weights @ np.vstack([values[f"x_{t}"], state]) + values.get("b_h", 0.0)
        state = total if activation == "identity" else ACTIVATIONS[activation].numpy(total)
    last = sheet.last(f"h_{steps}")
    off = float(np.abs(state - values[last.name]).max())
    sheet.check(
        off <= 1e-12 * max(1.0, float(np.abs(state).max())),
        [last],
        say("worked again with U and W as one matrix and the input stacked on the state, {h} is the same", h=last),
    )


def _checked(
    x: Values,
    U: Values,
    W: Values,
    b_h: Values | None,
    V: Values | None,
    b_y: Values | None,
    h_0: Values | None,
    output_activation: str,
) -> _Layer:
    """All shapes against W, which fixes the number of units."""
    recurrent = W.reshape((1, 1)) if len(W) == 1 else W
    if len(recurrent.shape) != 2 or recurrent.shape[0] != recurrent.shape[1]:
        shape = write(W.shape) if len(W.shape) == 2 else amount(len(W), "number")
        raise InputError(f"{{W}} is {shape}: it joins every unit with every unit, so it needs as many rows as columns")
    units = int(recurrent.shape[0])
    entry = U if len(U.shape) == 2 else U.reshape((len(U), 1) if len(U) == units else (1, len(U)))
    shapes = [tensor.shape for tensor in Recurrent("rnn", units, 1).gate(int(entry.shape[1]))]
    if entry.shape != shapes[0]:
        raise InputError(f"{{U}} is {write(entry.shape)}, but {{W}} has {amount(units, 'unit')}: it needs {units} rows")
    output = None
    if V is not None:
        output = V if len(V.shape) == 2 else V.reshape((1, len(V)) if len(V) == units else (len(V), 1))
        reads = Dense(int(output.shape[0])).tensors(Flow((units,), "vector"))[0]
        if output.shape != reads.shape:
            raise InputError(
                f"{{V}} is {write(output.shape)}, but {{W}} has {amount(units, 'unit')}: it needs {units} columns"
            )
    elif output_activation != "identity":
        raise InputError(
            f"{{output_activation}} is {output_activation}, but {{V}} is missing: there are no outputs without {{V}}"
        )
    elif b_y is not None:
        raise InputError("{b_y} is given, but {V} is missing: the bias belongs to the outputs that {V} makes")
    return _Layer(
        _time_steps(x, int(entry.shape[1])),
        entry,
        recurrent,
        _vector("b_h", b_h, whole_number(shapes[2][0]), "unit"),
        output,
        None if output is None else _vector("b_y", b_y, int(output.shape[0]), "output"),
        _vector("h_0", h_0, units, "unit") or Values((units, 1), ["0"] * units),
    )


def _vector(name: str, given: Values | None, size: int, noun: str) -> Values | None:
    if given is None:
        return None
    if len(given) != size or (len(given.shape) == 2 and 1 not in given.shape):
        raise InputError(
            f"{{{name}}} has {amount(len(given), 'number')}, but there {'is' if size == 1 else 'are'} "
            f"{amount(size, noun)}: it needs {amount(size, 'number')}"
        )
    return given.reshape((size, 1))


def _time_steps(x: Values, features: int) -> list[Values]:
    """One column a time step."""
    rows = x
    if len(x.shape) == 1 or (1 in x.shape and features == 1):
        rows = x.reshape((len(x) // features, features)) if features in (1, len(x)) else x.reshape((1, len(x)))
    if rows.shape[1] != features:
        raise InputError(
            f"{{x}} has {amount(int(rows.shape[1]), 'number')} a step, but {{U}} has {amount(features, 'column')}: "
            f"each time step needs {amount(features, 'number')}; separate the steps with ;"
        )
    if int(rows.shape[0]) > MOST_STEPS:
        raise InputError(f"{{x}} has {rows.shape[0]} time steps: at most {MOST_STEPS} are worked; give fewer")
    return [rows.row(at).reshape((features, 1)) for at in range(int(rows.shape[0]))]
