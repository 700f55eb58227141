"""Counting parameters."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.nodes.base import Symbol
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.parameters import Count


@topic
def lstm_params(
    units: Annotated[Count, "number of units n: the width of the hidden state"],
    features: Annotated[Count, "number of features m of the input at one time step"],
) -> Answer:
    """Parameters of an LSTM layer.

    Four gates of the same shape read the input and the last hidden state; the count does not depend on the batch
    or on the number of time steps. Units and features may be symbols.

    Source: Gers, Schmidhuber and Cummins 2000, Learning to Forget; Goodfellow et al. 2016, eqs. 10.40-10.44

    Examples:
        explain lstm-params --units 30 --features 1
        explain lstm-params --units n --features m

    Raises:
        InputError: a size that is neither a whole number from 1 nor a symbol.
    """
    sheet = Worksheet("Parameters of an LSTM layer", lstm_params.source)
    n = sheet.given(_letter(units, "n", features), units.values, "units: the width of the hidden state", option="units")
    m = n if units.name and units.name == features.name else sheet.given(
        _letter(features, "m", units), features.values, "features of the input at one time step", option="features"
    )  # fmt: skip
    sheet.convention(
        "an LSTM has four gates with parameters of their own: forget, input, candidate and output gate; "
        "they are reused at every time step and for every sample"
    )

    sheet.part("")
    gate = sheet.define(
        "P_gate",
        n * m + n**2 + n,
        "One gate",
        say(
            "each of its {n} units has one weight for each of the {m} input features (W, {n}×{m}), one weight for each "
            "of the {n} entries of the last hidden state (U, {n}×{n}), and one bias (b, {n})",
            n=n,
            m=m,
        ),
        closed=factored,
    )
    total = sheet.define(
        "P",
        4 * gate,
        "Four gates",
        "the four gates have the same shape, so the count of one is taken four times",
        closed=factored,
    )
    _other_convention(sheet, n, total)
    _direct_count(sheet, n, m, total)
    return sheet.answer(total)


def _letter(size: Count, usual: str, other: Count) -> str:
    """The usual letter, the user's own for a symbol; never one that the other size has taken."""
    if size.name:
        return size.name
    return usual if other.name != usual else f"{usual}_0"


def _other_convention(sheet: Worksheet, n: Symbol, total: Symbol) -> None:
    """What PyTorch would count."""
    pytorch = "PyTorch keeps two bias vectors a gate and counts 4 {n} more"
    if n.name in sheet.values and total.name in sheet.values:
        count = int(sheet.values[total.name].item()) + 4 * int(sheet.values[n.name].item())
        sheet.convention(f"one bias vector a gate (Keras); {pytorch}: {count}", n=n)
    else:
        sheet.convention(f"one bias vector a gate (Keras); {pytorch}", n=n)


def _direct_count(sheet: Worksheet, n: Symbol, m: Symbol, total: Symbol) -> None:
    """The entries of the three arrays that Keras stores, counted from their shapes."""
    import sympy

    def size(symbol: Symbol) -> sympy.Expr:
        known = sheet.values.get(symbol.name)
        return sympy.Symbol(symbol.name) if known is None else sympy.Integer(int(known.item()))

    units, features = size(n), size(m)
    arrays = {"kernel": (features, 4 * units), "recurrent kernel": (units, 4 * units), "bias": (4 * units,)}
    counted = sympy.Add(*(sympy.Mul(*shape) for shape in arrays.values()))
    stated = sympy.Integer(int(sheet.values[total.name].item())) if total.name in sheet.values else sheet.closed(total)
    told = ", ".join(f"{name} {'×'.join(map(_plain, shape))}" for name, shape in arrays.items())
    difference = sympy.expand(counted - stated)
    sheet.check(
        difference == 0,
        [total],
        say(f"direct count of the arrays that Keras stores, {told}: together {_plain(sympy.expand(counted))}"),
    )


def _plain(size: object) -> str:
    """A size for a sentence: `4n`, `4n² + 4n`."""
    return str(size).replace("**2", "²").replace("*", "")
