"""The update equations of an LSTM or GRU cell in the naming a paper asks for; what is left of them without input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.evaluate import symbols
from explain.engine.functions import ACTIVATIONS
from explain.engine.nodes.arithmetic import Add
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.nodes.blocks import Stack
from explain.engine.nodes.linear import MatMul
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError
from explain.parameters import Count
from explain.topics._recurrent.cells import GATES, At, Cell, State, shares, tensors
from explain.topics._recurrent.in_symbols import (
    NOW,
    Naming,
    close,
    compared,
    drawn,
    functions,
    introduced,
    put_in,
    size_of,
    sizes_named,
    sizes_told,
    steps_worked,
    weights_of,
)
from explain.topics._recurrent.inside import INSIDE

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array

YesNo = Literal["yes", "no"]
Named = Annotated[
    Naming, "W_i for W_i x + U_i h; W_ix for W_ix x + W_ih h; stacked for one matrix on the state upon the input"
]
Zero = Annotated[YesNo, "whether x_t = 0 is put in, and whether then h_t = h_t-1"]
Units = Annotated[Count, "number of units n, the size of the state"]
Features = Annotated[Count, "number of features m of the input"]
ZERO = Number(0, "0")
EXAMPLE = {"x_1": "0", "h_0": "0.5", "c_0": "0.6", "w": "1", "u": "1"}


@topic
def lstm_equations(
    naming: Named = "W_i",
    zero_input: Zero = "no",
    units: Units = Count(None, "n"),  # noqa: B008 - never changed
    features: Features = Count(None, "m"),  # noqa: B008
) -> Answer:
    """Update equations of an LSTM cell.

    The forget, input and output gates, the candidate, the cell c_t and the state h_t, with the shape of every array,
    in the naming that is asked for; with x_t = 0 put in, what is left of them, and whether the state then stays.

    Field: Recurrent networks

    Source: Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Gers, Schmidhuber and Cummins 2000, Learning to
    Forget; Goodfellow et al. 2016, eqs. 10.40-10.44

    Examples:
        explain lstm-equations --naming W_ix
        explain lstm-equations --zero-input yes
        explain lstm-equations --naming stacked --units 30 --features 1

    Raises:
        InputError: zero-input with the stacked naming; a size that is neither a whole number from 1 nor a symbol.
    """
    cell = Cell("lstm", stacked=naming == "stacked", merged=True)
    return _equations(cell, naming, zero_input == "yes", units, features, lstm_equations.source)


@topic
def gru_equations(
    naming: Named = "W_i",
    zero_input: Zero = "no",
    reset_after: Annotated[
        YesNo | None, "yes: r multiplies U h + b (Keras, PyTorch); no: r multiplies h (Cho et al.); stacked: no"
    ] = None,
    update: Annotated[
        Literal["keeps", "renews"], "keeps: z h + (1 - z) h̃ (Cho et al., Keras, PyTorch); renews: (1 - z) h + z h̃"
    ] = "keeps",
    units: Units = Count(None, "n"),  # noqa: B008
    features: Features = Count(None, "m"),  # noqa: B008
) -> Answer:
    """Update equations of a GRU cell.

    The reset and update gates, the candidate and the state h_t, with the shape of every array, in the naming that is
    asked for; with x_t = 0 put in, what is left of them, and whether the state then stays.

    Field: Recurrent networks

    Source: Cho et al. 2014, Learning Phrase Representations, eqs. 5-8; Keras documentation, GRU (reset_after);
    Chung et al. 2014, Empirical Evaluation of Gated Recurrent Neural Networks, section 3.2 (the update gate
    that renews)

    Examples:
        explain gru-equations
        explain gru-equations --reset-after no --zero-input yes

    Raises:
        InputError: zero-input or reset-after with the stacked naming; a size that is neither a whole number from 1 nor
            a symbol.
    """
    if naming == "stacked" and reset_after == "yes":
        raise InputError("{reset_after} is yes, but {naming} stacked has no product of the old state alone: take W_i")
    cell = Cell(
        "gru",
        stacked=naming == "stacked",
        reset_after=reset_after != "no" and naming != "stacked",
        update_keeps=update == "keeps",
        merged=True,
    )
    return _equations(cell, naming, zero_input == "yes", units, features, gru_equations.source)


def _equations(cell: Cell, naming: Naming, zero: bool, units: Count, features: Count, source: str) -> Answer:
    """The equations, with the input or without it."""
    if zero and cell.stacked:
        raise InputError(
            "{zero_input} is yes, but {naming} stacked has no weights of the input alone: take W_i or W_ix"
        )
    n, m, kind = size_of(units), size_of(features), cell.kind.upper()
    sheet = Worksheet(f"{kind}: update equations" + (" with the input 0" if zero else ""), source)
    introduce = introduced(sheet)
    x = introduce("x_t", "input of step t" + (", all zeros here" if zero else ""), (m, 1))
    h = introduce("h_t-1", "state of step t-1", (n, 1))
    state = State(h, introduce("c_t-1", "cell of step t-1", (n, 1)) if kind == "LSTM" else None)
    second = "h" if kind == "GRU" and cell.reset_after else ""
    weights = weights_of(cell.kind, n, x, h, introduce, naming, second)
    sheet.convention("vectors are columns; the same weights are used at every step")
    functions(sheet, cell.gate_activation, cell.activation)
    sizes_named(sheet, units=n, inputs=m)
    _told(sheet, cell, "W_hh" if naming == "W_ix" else "U_h")

    sheet.part("The equations, xₜ = 0 put in" if zero else "The equations")

    def write(name: str, expression: Node, title: str | Prose, why: str | Prose) -> Symbol:
        left = at_zero(expression, x)
        if not zero or left is expression:
            full = _gates_put_in(sheet, expression) if zero and name in ("c_t", "h_t") else expression
            chain = None if full is expression else expression.write(SYMBOLIC)
            return sheet.define(name, full, title, why, chain=chain)
        W = next(symbol for symbol in symbols(expression).values() if symbol.name not in symbols(left))
        zeros = {"p": compared(W @ x, "=", ZERO), "x": compared(x, "=", ZERO)}
        gone = say("{p}, as {x}: what is left does not depend on the input", **zeros)
        return sheet.define(name, left, title, gone, chain=expression.write(SYMBOLIC))

    new = cell.step(write, NOW, x, state, weights)
    if kind == "LSTM" and not zero:
        sheet.drawing("Inside one cell", INSIDE, [Symbol(NOW.name(gate.base)) for gate in GATES["lstm"]])
    _check_joined(sheet, cell, weights, x, state, new)
    if not zero:
        return sheet.answer(*reversed(shares(new)))
    return sheet.answer(*reversed(shares(new)), _counter_example(sheet, cell))


def _gates_put_in(sheet: Worksheet, expression: Node) -> Node:
    """The gates of a state or cell put in; the new cell, and what a GRU resets, keep their names, for short lines."""
    return put_in(expression, {step.name: step.expression for step in sheet.steps if step.name != "c_t"})


def _told(sheet: Worksheet, cell: Cell, recurrent: str) -> None:
    """What other books write."""
    if cell.kind == "lstm":
        sheet.convention(
            "the candidate {g} is also written g or a; some books count it as a fourth gate", g=Symbol("ctilde_t")
        )
        return
    z, h, g = Symbol("z_t"), Symbol("h_t-1"), Symbol("htilde_t")
    does, other = ("keeps {h}", "renews it") if cell.update_keeps else ("renews {h}", "keeps it")
    books = ("Cho et al., Keras, PyTorch", "Chung et al.")
    here, there = books if cell.update_keeps else books[::-1]
    sheet.convention(
        f"the variant shown: {{z}} {does} ({here}); where {{z}} {other} ({there}), {{z}} and {{k}} are exchanged",
        z=z, h=h, k=1 - z,
    )  # fmt: skip
    after = "the product of {U} and {h}, with a bias of its own (Keras' default, PyTorch)"
    before = "{h} itself, before the product with {U} (Cho et al., textbooks)"
    mine, others = (after, before) if cell.reset_after else (before, after)
    if cell.stacked:
        mine, others = "{h} itself, before the product with the weights (Cho et al., textbooks)", after
    sheet.convention(
        f"the variant shown: in {{g}} the reset gate {{r}} multiplies {mine}; other variant: {others}",
        g=g, r=Symbol("r_t"), h=h, U=Symbol(recurrent),
    )  # fmt: skip


def at_zero(node: Node, zero: Symbol) -> Node:
    """An expression without the terms that are a product with a vector of zeros; the same node where there are none.

    >>> W, U, x, h = (Symbol(name, ("n", "n" if name in "WU" else 1)) for name in "WUxh")
    >>> list(symbols(at_zero(W @ x + U @ h, x)))
    ['U', 'h']
    """
    if isinstance(node, Symbol) or zero.name not in symbols(node):
        return node
    if isinstance(node, Add):
        kept = [operand for operand in node.operands if not _vanishes(operand, zero)]
        operands = [at_zero(operand, zero) for operand in kept]
        return operands[0] if len(operands) == 1 else Add(*operands)
    return node.rebuild([at_zero(operand, zero) for operand in node.operands])


def _vanishes(node: Node, zero: Symbol) -> bool:
    return isinstance(node, MatMul) and any(
        isinstance(part, Symbol) and part.name == zero.name for part in node.operands
    )


def _counter_example(sheet: Worksheet, cell: Cell) -> Symbol:
    """One unit in numbers: the state moves although the input is 0."""
    sheet.part("With xₜ = 0 the state does not stay: a counter-example")
    told = {
        "x_1": "counter-example: input of step 1", "h_0": "counter-example: state before it",
        "c_0": "counter-example: cell before it", "w": "counter-example: every input weight",
        "u": "counter-example: every recurrent weight; the biases are 0",
    }  # fmt: skip
    names = [name for name in EXAMPLE if cell.kind == "lstm" or name != "c_0"]
    x, h, *rest, w, u = (sheet.given(name, Values((1, 1), (EXAMPLE[name],)), told[name]) for name in names)
    weights: dict[str, Symbol] = {}
    for gate in GATES[cell.kind]:
        W, U, *_ = tensors(cell.kind, gate.letter)
        weights |= {W: w, U: u}

    def write(name: str, expression: Node, title: str | Prose, why: str | Prose) -> Symbol:  # noqa: ARG001
        return sheet.define(name, expression, title, "the same equation, one unit, in numbers")

    new = cell.step(sheet.define, At("1", "0"), x, State(h, *rest), weights)
    return sheet.define(
        "d",
        new.h - h,
        say("{a} is not {b}", a=new.h, b=h),
        say("were the state to stay whenever the input is 0, this difference would be 0"),
        note=say(
            f"false: with the input 0 the {cell.kind.upper()} does not keep its state. {{x}} takes away the products "
            "with the input only: the gates still read {h} and their biases, keep a part of what was there and add a "
            "candidate; so {s} is not {h} in general",
            x=compared(Symbol("x_t"), "=", ZERO), h=Symbol("h_t-1"), s=Symbol("h_t"),
        ),
    )  # fmt: skip


def _check_joined(
    sheet: Worksheet, cell: Cell, weights: Mapping[str, Symbol], x: Symbol, state: State, new: State
) -> None:
    """The printed equations against all gates in one product, as frameworks work them."""
    leaves = [item.symbol for item in sheet.given_items]
    n, m = state.h.shape[0], x.shape[0]
    sums = {Stack(state.h, x).shape[0]: (n, m)} if cell.stacked else {}
    values = drawn(leaves, sums)
    if x.name not in {name for step in sheet.steps for name in step.reads}:  # it was put in as 0
        values[x.name] = 0 * values[x.name]
    ours = steps_worked(sheet, values)
    known = {name: values[symbol.name] for name, symbol in weights.items()}
    found = _joined(cell, known, values[x.name], *(values[symbol.name] for symbol in shares(state)))
    sheet.check(
        all(close(ours[symbol.name], theirs) for symbol, theirs in zip(shares(new), found, strict=True)),
        [new.h],
        say(
            "NumPy with all gates in one product, as frameworks work them, and numbers drawn at random{n}, gives the "
            "same {h}",
            n=sizes_told(leaves, sums), h=new.h,
        ),
    )  # fmt: skip
    if values[x.name].any():
        return
    resting = {**values, **{name: 0 * values[name] for name in values if name.startswith(("h_", "c_", "b_"))}}
    sheet.check(
        not steps_worked(sheet, resting)[new.h.name].any(),
        [new.h],
        say("it can stay all the same: from a state of zeros without biases, {h} is 0 again", h=new.h),
    )


def _joined(cell: Cell, weights: Mapping[str, Array], x: Array, h: Array, *c: Array) -> list[Array]:
    """The new state (and cell) with one matrix product for all gates, cut into gates afterwards."""
    import numpy as np

    squash, gate = (ACTIVATIONS[name].numpy for name in (cell.activation, cell.gate_activation))
    names = [tensors(cell.kind, each.letter) for each in GATES[cell.kind]]
    both = [weights[W] if cell.stacked else np.hstack([weights[U], weights[W]]) for W, U, *_ in names]
    total = np.vstack(both) @ np.vstack([h, x]) + np.vstack([weights[b] for _, _, b, _ in names])
    parts = np.split(total, len(names))
    if cell.kind == "lstm":
        forget, write, shown = (gate(parts[at]) for at in (0, 1, 3))
        kept = forget * c[0] + write * squash(parts[2])
        return [shown * squash(kept), kept]
    reset, update = gate(parts[0]), gate(parts[1])
    b_U = names[2][3]
    recurrent = both[2][:, : len(h)]
    inside = reset * (recurrent @ h + weights[b_U]) if cell.reset_after else recurrent @ (reset * h)
    candidate = squash(parts[2] - recurrent @ h + inside)
    keep = update if cell.update_keeps else 1 - update
    return [keep * h + (1 - keep) * candidate]
