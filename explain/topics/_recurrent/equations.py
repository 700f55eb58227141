"""What a recurrent answer states before it begins: its conventions, and the equations of a step from the cell."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.functions import ACTIVATIONS, textbook
from explain.engine.losses import told
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.blocks import Stack
from explain.engine.nodes.functions import Softmax
from explain.engine.notation import Notation, related
from explain.engine.prose import SYMBOLIC, Prose
from explain.engine.worksheet import Worksheet
from explain.topics._recurrent.cells import At, State, activated
from explain.topics._recurrent.sequence_network import Network

FRAMEWORKS = {"keras": "Keras", "pytorch": "PyTorch"}
ORDERS = {
    ("lstm", "keras"): "i, f, c, o", ("lstm", "pytorch"): "i, f, c, o (PyTorch writes g for c)",
    ("gru", "keras"): "z, r, h", ("gru", "pytorch"): "r, z, h (PyTorch writes n for h)",
}  # fmt: skip


def conventions(sheet: Worksheet, network: Network, zeros: tuple[bool, bool], joined: str) -> None:
    """State the conventions.

    Args:
        zeros: whether h_0 and c_0 are zeros because they were not given.
        joined: the framework whose matrices of all gates were given; empty where each gate has its own.
    """
    cell = network.cell
    states = ("{h}", "{c}") if cell.kind == "lstm" else ("{h}",)
    names = [name for name, zero in zip(states, zeros, strict=False) if zero]
    if names and (network.both or len(network.weights) > 1):
        sheet.convention("every first state is 0 (default): nothing is remembered before the first step")
    elif names:
        text = " = 0 and ".join(names) + " = 0 (default): nothing is remembered before the first step"
        sheet.convention(text, h=Symbol("h_0"), c=Symbol("c_0"))
    samples = f"; each of the {network.samples} columns is a sample" if network.samples > 1 else ""
    sheet.convention(f"vectors are columns{samples}; the weights are the same in every step")
    for name, equation in [*equations(network), *_outputs(network)]:
        sheet.convention(f"{name}: {{e}}", e=equation)
    if cell.kind == "gru":
        _variants(sheet, network)
    if joined:
        text = f"all gates came in one matrix, in the order of {FRAMEWORKS[joined]}: {ORDERS[cell.kind, joined]}"
        sheet.convention(text)
    if network.both:
        sheet.convention(
            "⁽ᵇ⁾ marks the direction that reads the sequence from its end, with the same equations and t+1 for t-1"
        )
    if len(network.weights) > 1:
        sheet.convention(
            "⁽¹⁾ and ⁽²⁾ mark the layer, left out in the equations; a layer reads the states of the one before it"
        )
    _functions(sheet, network)
    if network.loss is not None:
        log = "; log is the natural logarithm" if "cross" in network.loss else ""
        outputs = int(network.targets[0].shape[0])
        each = "of every step" if network.loss_on == "every" else "of the last step only"
        over = f", the {network.reduction} over them" if len(network.targets) > 1 else ""
        batch = f", the {network.reduction} over the samples" if network.samples > 1 else ""
        sheet.convention(
            "a gradient has the shape of what it belongs to; a gradient step first names the chain of derivatives, "
            "each of one formula with all else in it held constant, then writes it in the order and with the "
            "transposes that fit"
        )
        sheet.convention(f"loss {each}{over}{batch}: {told(network.loss, outputs)}{log}")


PLAIN = "the old state itself"
PRODUCT = "the product of the recurrent weights and the old state"


def _variants(sheet: Worksheet, network: Network) -> None:
    """Which of the two resets and which of the two update gates of a GRU the equations have."""
    after = network.cell.reset_after and not network.cell.stacked
    first, other = (PRODUCT, PLAIN) if after else (PLAIN, PRODUCT)
    books = ("Keras and PyTorch", "Cho et al. 2014")
    sheet.convention(
        f"the reset gate multiplies {first}, as in {books[not after]}; in {books[after]} it multiplies {other}"
    )
    keeps = network.cell.update_keeps
    does, these = (
        ("keeps the old", "Cho et al., Keras and PyTorch") if keeps else ("lets in the new", "Chung et al. 2014")
    )
    those = "Chung et al. 2014" if keeps else "Cho et al., Keras and PyTorch"
    sheet.convention(f"{{z}} {does} state, as in {these}; {those} exchange {{z}} and 1 - {{z}}", z=Symbol("z_t"))


def _functions(sheet: Worksheet, network: Network) -> None:
    """The activations by their formulas."""
    cell, z = network.cell, Symbol("z")
    names = [cell.activation, *([cell.gate_activation] if cell.kind != "rnn" else [])]
    names += [network.output_activation] if network.V is not None else []
    for name in dict.fromkeys(names):
        if name in ACTIVATIONS:
            applied = ACTIVATIONS[name](z)
            sheet.convention("{f}", f=related(applied.write(SYMBOLIC), "=", textbook(applied).write(SYMBOLIC)))
        if name == "softmax":
            sheet.convention("softmax divides e to the power of each entry by the sum of these powers")


def equations(network: Network) -> Sequence[tuple[str, Notation]]:
    """The equations of one time step in symbols, each with its name, from the cell itself."""
    found: list[tuple[str, Notation]] = []

    def write(name: str, expression: Node, title: str | Prose, why: str | Prose) -> Symbol:  # noqa: ARG001
        symbol = Symbol(name, expression.shape)
        called = str(title).replace(" of step t", "").lower()
        found.append((called, related(symbol.word, "=", SYMBOLIC.write(expression))))
        return symbol

    weights = {name: Symbol(name, values.shape) for name, values in network.weights[0][0].items()}
    x, h = Symbol("x_t", network.x[0].shape), Symbol("h_t-1", (network.units[0], network.samples))
    state = State(h, Symbol("c_t-1", h.shape) if network.cell.kind == "lstm" else None)
    network.cell._replace(merged=True).step(write, At("t", "t-1"), x, state, weights)
    return found


def _outputs(network: Network) -> Sequence[tuple[str, Notation]]:
    """The equations of the output."""
    if network.V is None and not network.both:
        return []
    if network.both:
        states = Stack(*(Symbol(name, (network.units[-1], network.samples)) for name in ("h_t", "h_t^b")))
        joined = [("both directions", related(Symbol("s_t").word, "=", SYMBOLIC.write(states)))]
        return joined if network.V is None else [*joined, *_output_layer(network)]
    return _output_layer(network)


def _output_layer(network: Network) -> Sequence[tuple[str, Notation]]:
    """The equations of the output layer."""
    assert network.V is not None
    width = int(network.V.shape[1])
    h = Symbol("s_t" if network.both else "h_t", (width, network.samples))
    affine: Node = Symbol("V", network.V.shape) @ h
    if network.b_y is not None:
        affine = affine + Symbol("b_y", network.b_y.shape)
    name = network.output_activation
    if name == "identity":
        return [("output", related(Symbol("y_t").word, "=", SYMBOLIC.write(affine)))]
    o = Symbol("u_t" if network.cell.kind == "lstm" else "o_t", affine.shape)
    applied: Node = Softmax(o, 0) if name == "softmax" else activated(name, o)
    return [
        ("output, before the activation", related(o.word, "=", SYMBOLIC.write(affine))),
        ("output", related(Symbol("y_t").word, "=", SYMBOLIC.write(applied))),
    ]
