"""The gradient that a recurrent network passes back from one state to the state before it, in symbols."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Annotated, Literal

from explain.declare import topic
from explain.engine import shapes
from explain.engine.answer import Answer, Cell, Column, Table
from explain.engine.functions import ACTIVATIONS
from explain.engine.names import word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.notation import PLUS, SUM, Notation, Row, Word, product, related
from explain.engine.paths import Definitions, along, pulled_along
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.pullback import joined, pull
from explain.engine.shapes import ShapeError, write
from explain.engine.wording import RULES, primed
from explain.engine.worksheet import Worksheet
from explain.parameters import Count
from explain.topics._recurrent.cells import At, State
from explain.topics._recurrent.cells import Cell as RecurrentCell
from explain.topics._recurrent.in_symbols import (
    Lines,
    Size,
    close,
    drawn,
    free,
    functions,
    introduced,
    put_in,
    size_of,
    sizes_named,
    sizes_told,
    slopes,
    steps_worked,
    worked,
)

Activation = Literal["sigmoid", "tanh", "relu", "leaky-relu"]
YesNo = Literal["yes", "no"]


@topic
def rnn_gradient(
    activation: Annotated[Activation, "activation of the state"] = "sigmoid",
    bias: Annotated[YesNo, "whether there is a bias"] = "yes",
    units: Annotated[Count, "number of units n, the size of the state"] = Count(None, "n"),  # noqa: B008 - never changed
    features: Annotated[Count, "number of features m of the input"] = Count(None, "m"),  # noqa: B008
    outputs: Annotated[Count | None, "number of outputs k, where y_t = V h_t adds to the loss of step t"] = None,
) -> Answer:
    """Recurrent network: the gradient passed back from one state to the one before.

    From h_t+1 = f(z_t), z_t = W h_t + U x_t + b and the gradient at h_t+1, the gradient at h_t: the chain, why the
    transposed W stands on the left, and the check of the dimensions. Vectors are columns.

    Field: Recurrent networks

    Source: Goodfellow, Bengio and Courville 2016, Deep Learning, section 10.2.2, eqs. 10.20-10.21; Werbos 1990,
    Backpropagation Through Time

    Examples:
        explain rnn-gradient
        explain rnn-gradient --activation tanh --outputs k
        explain rnn-gradient --units 64 --features 32

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    n, m = size_of(units), size_of(features)
    sheet = Worksheet("Recurrent network: the gradient passed back one step", rnn_gradient.source)
    definitions = _forward(sheet, activation, n, m, bias == "yes")
    if outputs is not None:
        definitions |= _read_out(sheet, n, size_of(outputs), bias == "yes")
    arriving = _arriving(sheet, definitions)
    _conventions(sheet, activation)
    sizes_named(sheet, units=n, inputs=m, **({} if outputs is None else {"outputs": size_of(outputs)}))

    sheet.part("Forward")
    z, h, state = definitions["z_t"][0], definitions["h_t+1"][0], Symbol("h_t", (n, 1))
    for name, (_, expression) in definitions.items():
        sheet.define(name, expression, *FORWARD[name])
    sheet.part("Backward")
    slope = sheet.define(
        "dh_t+1/dz_t",
        pulled_along(definitions, (z, h), Number(1, "1")),
        say("Slope of the activation at {z}", z=z),
        say(RULES[activation] + "; entry i of {h} depends on entry i of {z} only", h=h, z=z),
        written=primed(ACTIVATIONS[activation], z),
    )
    hz = {"h": state, "z": z}
    before = sheet.define(
        "dL/dz_t",
        arriving[h.name] * slope,
        say("Gradient at {z}", z=z),
        say("chain rule, entry by entry, because the activation works entry by entry: no sum, no matrix"),
        chain=product([arriving[h.name].word, word("dh_t+1/dz_t")]),
    )
    sheet.define(
        "dz_t/dh_t",
        along(definitions, (state, z)),
        say("How {z} depends on {h}", z=z, h=state),
        say("{e}: the weight with which entry j of {h} enters entry i of {z}; outputs are rows", e=_entry(), **hz),
    )
    result = _result(sheet, definitions, {**arriving, z.name: before}, state, {before.name: arriving[h.name] * slope})
    _dimensions(sheet, definitions, before, result)
    _check(sheet, definitions, arriving, state, result)
    return sheet.answer(result)


FORWARD = {
    "z_t": ("Before the activation", "what the input brings in and what the state keeps are added up"),
    "h_t+1": ("State of step t+1", "the activation, entry by entry"),
    "y_t": ("Output of step t", "read from the same state: a second way to the loss"),
}


def _forward(sheet: Worksheet, activation: str, n: Size, m: Size, bias: bool) -> dict[str, tuple[Symbol, Node]]:
    """The two lines of the step, the cell's own: what goes into the activation is called z_t here."""
    introduce = introduced(sheet)
    x, state = introduce("x_t", "input", (m, 1)), introduce("h_t", "state of step t", (n, 1))
    weights = {"U": introduce("U", "input weights", (n, m)), "W": introduce("W", "recurrent weights", (n, n))}
    if bias:
        weights["b_h"] = introduce("b", "bias", (n, 1))
    lines = Lines()
    RecurrentCell("rnn", activation=activation).step(lines, At("t+1", "t"), x, State(state), weights)
    z = Symbol("z_t", (n, 1))
    (_, affine), (h, applied) = lines.found.values()
    return {"z_t": (z, affine), h.name: (h, put_in(applied, {"z_t+1": z}))}


def _read_out(sheet: Worksheet, n: Size, k: Size, bias: bool) -> dict[str, tuple[Symbol, Node]]:
    """The output of step t."""
    introduce = introduced(sheet)
    read = introduce("V", "output weights", (k, n)) @ Symbol("h_t", (n, 1))
    return {"y_t": (Symbol("y_t", (k, 1)), read + introduce("b_y", "bias of the output", (k, 1)) if bias else read)}


def _arriving(sheet: Worksheet, definitions: Definitions) -> dict[str, Symbol]:
    """The gradients that arrive from outside."""
    told = {"h_t+1": "gradient that arrives from step t+1", "y_t": "gradient that arrives at the output of step t"}
    return {
        name: sheet.given(f"dL/d{name}", None, meaning, shape=definitions[name][0].shape)
        for name, meaning in told.items()
        if name in definitions
    }


def _conventions(sheet: Worksheet, activation: str) -> None:
    sheet.convention("vectors are columns, and a gradient has the shape of what it belongs to")
    functions(sheet, activation)
    row, W, U = Symbol("h_t", (1, "n")), Symbol("W", ("n", "n")), Symbol("dL/dz_t", (1, "n"))
    turned = pull(row @ W, U, Symbol("z_t", (1, "n")), {"h_t"})["h_t"]
    sheet.convention(
        "in books with vectors as rows, {z} + …, the same gradient is {g}: W on the other side, transposed too",
        z=related(word("z_t"), "=", (row @ W).write(SYMBOLIC)), g=turned,
    )  # fmt: skip


def _entry() -> Notation:
    """∂zᵢ/∂hⱼ = Wᵢⱼ."""
    return related(word("dz_i/dh_j"), "=", word("W", "ij"))


def _result(
    sheet: Worksheet,
    definitions: Definitions,
    seeds: Mapping[str, Symbol],
    state: Symbol,
    known: Mapping[str, Node],
) -> Symbol:
    """∂L/∂h_t: what comes back through z_t, and through y_t where there is an output."""
    z = definitions["z_t"][0]
    reached = [name for name in ("y_t", "z_t") if name in definitions]
    pieces = [pull(definitions[name][1], seeds[name], definitions[name][0], {"h_t"})["h_t"] for name in reached]
    total = pieces[0] if len(pieces) == 1 else joined(*pieces)
    told = (
        "chain rule: entry j of {h} enters every entry i of {z}, so what comes back is a sum over i, {s}; that is "
        "column j of {W}, row j of {T}, times {g}"
    )
    told += "; the output is a second path, and the paths are added" if len(pieces) > 1 else ""
    terms = Row([Word("Σᵢ ", r"\sum_{i} "), product([word("W", "ij"), word("dL/dz_i")])])
    s = related(word("dL/dh_j"), "=", terms)
    chains = [product([word(f"dL/d{name}"), word(f"d{name}/d{state.name}")]) for name in reached]
    return sheet.define(
        f"dL/d{state.name}",
        total,
        say("Gradient at {h}", h=state),
        say(told, h=state, z=z, s=s, W=Symbol("W"), T=Symbol("W", ("n", "n")).T, g=seeds["z_t"]),
        chain=chains[0] if len(chains) == 1 else Row([chains[0], PLUS, chains[1]], SUM),
        closed=lambda _: put_in(total, known),
    )


def _dimensions(sheet: Worksheet, definitions: Definitions, before: Symbol, result: Symbol) -> None:
    """Which products of W and the gradient fit, and which of them is right."""
    W = next(item.symbol for item in sheet.given_items if item.symbol.name == "W")
    U = next(item.symbol for item in sheet.given_items if item.symbol.name == "U")
    x = Symbol("x_t", (U.shape[1], 1))
    turned = pull(definitions["z_t"][1], before, definitions["z_t"][0], {"x_t"})["x_t"]
    h = Symbol("h_t")
    rows: list[Sequence[Cell]] = [
        (say("{e}", e=W.T @ before), *_fits(W.T, before), say("right: the shape of {h}", h=h)),
        (
            _beside(before, W.T),
            *_fits(before, W.T),
            _verdict(before, W.T, "wrong order", "the same here, as n is 1"),
        ),
        (_beside(W, before), *_fits(W, before), _verdict(W, before, "", "wrong, and fits only because {W} is square")),
        (say("{e}", e=turned), *_fits(U.T, before), say("right for the input: the shape of {x}", x=x)),
        (_beside(U, before), *_fits(U, before), _verdict(U, before, "wrong", "wrong, and fits only by chance")),
    ]
    sheet.tables.append(
        Table(
            "Dimension check of the last step",
            [Column("product"), Column("shapes"), Column("gives"), Column("verdict")],
            rows,
            needs=(result.name,),
        )
    )


def _beside(first: Node, second: Node) -> Prose:
    """A product that need not fit."""
    return (product([first.write(SYMBOLIC), second.write(SYMBOLIC)]),)


def _fits(first: Node, second: Node) -> tuple[Prose, Prose]:
    """The shapes of a product, and the shape that it has, if it has one."""
    both = say(f"({write(first.shape)})({write(second.shape)})")
    try:
        return both, say(f"({write(shapes.matmul(first.shape, second.shape))})")
    except ShapeError:
        return both, say(f"nothing: {first.shape[1]} is not {second.shape[0]}")


def _verdict(first: Node, second: Node, misfit: str, fitting: str) -> Prose:
    """What the shapes of a product tell."""
    return say(fitting if first.shape[1] == second.shape[0] else misfit, W=Symbol("W"))


def _check(
    sheet: Worksheet, definitions: Definitions, arriving: Mapping[str, Symbol], state: Symbol, result: Symbol
) -> None:
    """The printed gradient against finite differences of the forward pass, with drawn numbers."""
    leaves = [*free(definitions), *arriving.values()]
    values = worked(definitions, drawn(leaves))
    ours = steps_worked(sheet, values)[result.name]
    backward = (slopes(definitions, values, name, state.name).T @ values[seed.name] for name, seed in arriving.items())
    theirs = reduce(lambda total, path: total + path, backward)
    sheet.check(
        close(ours, theirs),
        [result],
        say(
            "finite differences with numbers drawn at random{n}: {h} moved a little up and down changes the loss as "
            "{g} says",
            n=sizes_told(leaves), h=state, g=result,
        ),
    )  # fmt: skip
