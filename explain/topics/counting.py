"""Counting parameters."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.lowering import factored
from explain.engine.names import word
from explain.engine.nodes.base import Symbol
from explain.engine.notation import product, sized
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
    width = "number of units, the width of the hidden state"
    n = sheet.given(_letter(units, "n", features), units.values, width, option="units")
    m = n
    if not units.name or units.name != features.name:
        told = "number of features of the input at one time step"
        m = sheet.given(_letter(features, "m", units), features.values, told, option="features")
    sheet.convention(
        "an LSTM has four gates with parameters of their own: forget, input, candidate and output gate; "
        "they are reused at every time step and for every sample"
    )

    sheet.part("")
    gate = sheet.define(
        "P_gate",
        n * m + n**2 + n,
        say("{g}, the parameters of one gate", g=word("P_gate")),
        say(
            "each of its {n} units has one weight for each of the {m} input features (W is {nm}), one weight for each "
            "of the {n} entries of the last hidden state (U is {nn}), and one bias (b has {n} entries)",
            n=n,
            m=m,
            nm=sized(n.word, m.word),
            nn=sized(n.word, n.word),
        ),
        closed=factored,
    )
    total = sheet.define(
        "P",
        4 * gate,
        say("{p}, the parameters of the layer", p=word("P")),
        "the four gates have the same shape, so the count of one is taken four times",
        closed=factored,
    )
    if m.name.endswith("_0") and not features.name:
        sheet.convention("{n} is the number of units here, so the number of features is called {m}", n=n, m=m)
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
    more = product([word("4"), n.word])
    pytorch = "one bias vector a gate (Keras); PyTorch keeps two and counts {more} more"
    if n.name in sheet.values and total.name in sheet.values:
        extra = 4 * int(sheet.values[n.name].item())
        count = int(sheet.values[total.name].item()) + extra
        sheet.convention(f"{pytorch} = {extra}, {count} in all", more=more)
    else:
        sheet.convention(pytorch, more=more)


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
    summed = " + ".join(_plain(sympy.Mul(*shape)) for shape in arrays.values())
    difference = sympy.expand(counted - stated)
    total_of = "" if counted.free_symbols else f" = {counted}"
    sheet.check(
        difference == 0,
        [total],
        say(f"direct count of the arrays that Keras stores, {told}: together {summed}{total_of}"),
    )


def _plain(size: object) -> str:
    """A size for a sentence: `4n`, `4n² + 4n`."""
    return str(size).replace("**2", "²").replace("*", "")
