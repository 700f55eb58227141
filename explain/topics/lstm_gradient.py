"""How the state and the cell of an LSTM depend on those of the step before: every path through the gates."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer
from explain.engine.nodes.base import Symbol
from explain.engine.paths import Definitions, Path, along, paths
from explain.engine.prose import say
from explain.engine.worksheet import Worksheet
from explain.parameters import Count
from explain.topics._recurrent.cells import LSTM
from explain.topics._recurrent.in_symbols import (
    close,
    drawn,
    free,
    introduced,
    size_of,
    sizes_named,
    sizes_told,
    slopes,
    steps_worked,
    worked,
)
from explain.topics._recurrent.path_steps import all_paths, path_steps, stated


@topic
def lstm_gradient(
    units: Annotated[Count, "number of units n"] = Count(None, "n"),  # noqa: B008 - never changed
) -> Answer:
    """LSTM: the derivatives of one step, path by path.

    The Jacobians of h_t and c_t by h_t-1 and c_t-1: along the cell path c_t depends on c_t-1 through the forget gate
    alone; h_t depends on h_t-1 through every gate and the candidate, and its Jacobian is the sum over these paths.

    Field: Recurrent networks

    Source: Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Gers, Schmidhuber and Cummins 2000, Learning to
    Forget; Goodfellow et al. 2016, eqs. 10.40-10.44 and 6.49

    Examples:
        explain lstm-gradient
        explain lstm-gradient --units 64

    Raises:
        InputError: units that are neither a whole number from 1 nor a symbol.
    """
    n = size_of(units)
    sheet = Worksheet("LSTM: the derivatives of one step, path by path", lstm_gradient.source)
    introduce = introduced(sheet)
    old = introduce("c_t-1", "cell of step t-1", (n, 1))
    for gate in LSTM:
        introduce(f"{gate.base}_t", gate.name, (n, 1))
    cell = introduce("c_t", "cell of step t", (n, 1))
    for gate in LSTM:
        introduce(f"U_{gate.letter}", f"recurrent weights of the {gate.name}", (n, n))
    definitions = stated(sheet, n, before=False)
    before, state = Symbol("h_t-1", (n, 1)), definitions["h_t"][0]
    sizes_named(sheet, units=n)
    sheet.convention(
        "{h} and {c} are both handed on by step t-1: here each is held constant for the other", h=before, c=old
    )

    sheet.part("From cell to cell, and to what is shown of it")
    f, o = Symbol("f_t"), Symbol("o_t")
    kept = sheet.define(
        "dc_t/dc_t-1",
        along(definitions, (old, cell)),
        say("Cell path {a} → {b}", a=old, b=cell),
        say(
            "only {f} multiplies {a}, entry by entry: no weights and no slope of an activation stand on this path",
            a=old, f=f,
        ),
    )  # fmt: skip
    shown = sheet.define(
        "dh_t/dc_t",
        along(definitions, (cell, state)),
        say("How {h} shows {c}", h=state, c=cell),
        say("{o} is a factor beside tanh, whose slope at {c} is 1 - tanh²; entry by entry, so diagonal", o=o, c=cell),
    )
    both = sheet.define(
        "dh_t/dc_t-1",
        shown @ kept,
        say("From {a} to {h}", a=old, h=state),
        say("chain rule: {a} reaches {h} through {c} only, {g} held constant", a=old, h=state, c=cell, g=before),
        closed=lambda _: along(definitions, (old, cell, state)),
    )
    sheet.part("From the state, through each gate")
    gated = all_paths(sheet, definitions, cell, before)
    every = paths(definitions, state, before)
    (opened,) = path_steps(
        sheet, definitions, [path for path in every if cell.name not in {symbol.name for symbol in path}]
    )
    full = sheet.define(
        "dh_t/dh_t-1",
        opened + shown @ gated,
        say("From {a} to {h}, all paths", a=before, h=state),
        say(
            f"sum over {len(every)} paths: the one through {{o}} leads past the cell, the others through {{c}} and on "
            "to {h}",
            o=o, c=cell, h=state,
        ),
        closed=lambda _: reduce(lambda total, path: total + path, [along(definitions, path) for path in every]),
    )  # fmt: skip
    _check(sheet, definitions, [kept, both, gated, full], (cell, state), (old, before))
    return sheet.answer(kept, full)


def _check(sheet: Worksheet, definitions: Definitions, jacobians: Sequence[Symbol], ends: Path, starts: Path) -> None:
    """Every Jacobian against finite differences of the cell itself."""
    leaves = free(definitions)
    values = worked(definitions, drawn(leaves))
    ours = steps_worked(sheet, values)
    good = all(
        close(ours[f"d{end.name}/d{start.name}"], slopes(definitions, values, end.name, start.name))
        for end in ends
        for start in starts
    )
    told = (
        "finite differences with numbers drawn at random{n}: {h} and {c} moved a little up and down change {a} and {b} "
    )
    sheet.check(
        good,
        jacobians,
        say(
            told + "as the four Jacobians say",
            n=sizes_told(leaves), h=starts[1], c=starts[0], a=ends[1], b=ends[0],
        ),
    )  # fmt: skip
