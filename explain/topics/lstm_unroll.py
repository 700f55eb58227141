"""The cell of an LSTM written out over several steps, and the error that comes back through it."""

from __future__ import annotations

from functools import reduce
from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer, Column, Table
from explain.engine.names import total, word
from explain.engine.nodes.base import Node, Number, Symbol
from explain.engine.notation import Word, product, related
from explain.engine.paths import Definitions, along, paths, pulled_along
from explain.engine.prose import SYMBOLIC, say
from explain.engine.values import Values
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Count, Matrix, Scalar
from explain.topics._recurrent.cells import LSTM, At
from explain.topics._recurrent.in_symbols import (
    FewSteps,
    Size,
    cell_lines,
    close,
    drawn,
    entry_in_sympy,
    free,
    introduced,
    put_in,
    size_of,
    sizes_named,
    sizes_told,
    slopes,
    steps_worked,
    worked,
)
from explain.topics._recurrent.path_steps import all_paths, stated
from explain.topics._recurrent.products import distributed, folded

FULL = ("dc", "dh", "total")  # how the steps of the full derivative begin


@topic
def lstm_unroll(
    steps: Annotated[FewSteps | None, "how many steps are written out; default 2, or as many as f has numbers"] = None,
    f: Annotated[Matrix | None, "forget gates of one unit, the last step first: 0.9,0.8"] = None,
    delta: Annotated[Scalar | None, "with f: the error that arrives at the last cell; default 1"] = None,
    units: Annotated[Count, "number of units n"] = Count(None, "n"),  # noqa: B008 - never changed
) -> Answer:
    """LSTM cell written out over several steps, and the error along it.

    c_t in terms of c_t-2 (or further back); the error along the cell path, with the gates held constant; and what that
    leaves out: the full derivative of c_t by c_t-1, path by path. With the forget gates in numbers, the product.

    Field: Recurrent networks

    Source: Hochreiter and Schmidhuber 1997, Long Short-Term Memory, section 3 (constant error carousel); Gers,
    Schmidhuber and Cummins 2000, Learning to Forget; Goodfellow et al. 2016, eqs. 10.40-10.44 and 6.49

    Examples:
        explain lstm-unroll --steps 2
        explain lstm-unroll --f 0.9,0.8

    Raises:
        InputError: steps that are no number from 1 to 8, forget gates that are outside 0 to 1 or not one a step, delta
            without f, units with f.
    """
    gates = _gates(f, delta, units)
    count = _count(steps, gates)
    n = size_of(units)
    sheet = Worksheet(f"LSTM: the cell written out over {amount(count, 'step')}", lstm_unroll.source)
    shape: tuple[Size, ...] = () if gates else (n, 1)
    cells = _cells(sheet, count, n, shape, gates)
    arriving = sheet.given(
        "deltaC_t",
        (delta or Scalar.read("delta", 1)) if gates else None,
        say("error at the last cell, {e}, with E the loss", e=Symbol("dE/dc_t")),
        option="delta",
        shape=shape,
        written=_delta("t"),
    )
    last = _written_out(sheet, cells, bool(gates))
    _remembered(sheet, cells, count)
    error = _carousel(sheet, cells, count, arriving)
    _check_path(sheet, cells, count, last, error, arriving)
    sheet.convention_about(
        ["deltaC"],
        "along the cell path: the gates are held constant, as if they did not depend on the state"
        + ("; with symbols in place of the numbers the page also works what that leaves out" if gates else ""),
    )
    if not gates:
        sizes_named(sheet, units=n)
    if gates:
        return sheet.answer(last, error)
    return sheet.answer(last, error, _full(sheet, n))


def _gates(f: Matrix | None, delta: Scalar | None, units: Count) -> list[str]:
    """The forget gates as typed, the last step first."""
    if f is None:
        if delta is not None:
            raise InputError("{delta} is given, but {f} is missing: an error in numbers needs the gates in numbers")
        return []
    if units.number != 1 and units.name != "n":
        raise InputError("{units} is given with {f}: numbers for the gates are those of one unit; leave {units} out")
    if len(f.shape) == 2 and 1 not in f.shape:
        raise InputError("{f} has rows and columns: give the gates of one unit in one row, such as 0.9,0.8")
    texts = [f.reshape((len(f),)).text((at,)) for at in range(min(len(f), FewSteps.MOST + 1))]
    for text in texts:
        if not 0 <= Values((), (text,)).exact(()) <= 1:
            raise InputError(f"{{f}} has {text}: a forget gate lies between 0 and 1")
    return texts


def _count(steps: Count | None, gates: list[str]) -> int:
    """How many steps are written out."""
    count = steps.number if steps is not None and steps.number else len(gates) or 2
    if count > FewSteps.MOST:
        raise InputError(f"{{f}} asks for more than {FewSteps.MOST} steps: at most that many are written out")
    if gates and len(gates) != count:
        raise InputError(f"{{f}} has {amount(len(gates), 'number')} for {amount(count, 'step')}: give one a step")
    return count


def _place(back: int) -> str:
    return f"t-{back}" if back else "t"


def _delta(place: str) -> Word:
    cell = word(f"C_{place}")
    return Word(f"δ{cell.text}", rf"\delta {cell.latex}", key=f"deltaC_{place}")


def _cells(sheet: Worksheet, count: int, n: Size, shape: tuple[Size, ...], gates: list[str]) -> Definitions:
    """The cell of every step from the one before it: the line of the cell, its gates introduced as symbols."""
    sheet.given(f"c_{_place(count)}", None, f"cell {amount(count, 'step')} before step t", shape=shape)
    cells = {}
    for back in range(count - 1, -1, -1):
        place = _place(back)
        for gate in LSTM[:3]:
            typed = Values((), (gates[back],)) if gates and gate.base == "f" else None
            option = "f" if typed else ""
            sheet.given(f"{gate.base}_{place}", typed, f"{gate.name} of step {place}", shape=shape, option=option)
        symbol, line = cell_lines("lstm", n, at=At(place, _place(back + 1)))[f"c_{place}"]
        cells[symbol.name] = (Symbol(symbol.name, shape), _reshaped(line, shape))
    return cells


def _reshaped(node: Node, shape: tuple[Size, ...]) -> Node:
    """The same formula with quantities of this shape: of one unit, each is a number."""
    if isinstance(node, Symbol):
        return Symbol(node.name, shape)
    return node.rebuild([_reshaped(operand, shape) for operand in node.operands])


def _written_out(sheet: Worksheet, cells: Definitions, numbers: bool) -> Symbol:
    """Each cell with the one before it put in; the last one multiplied out."""
    sheet.part("The cell written out")
    known: dict[str, Node] = {}
    for name, (symbol, line) in cells.items():
        place = name.removeprefix("c_")
        first, old = not known, _before(line)
        known[name] = put_in(line, known)
        sheet.define(
            name,
            known[name],
            say("{c}, the cell of step " + place, c=symbol),
            say("what {f} keeps of {c}, plus what {i} lets in of the candidate {g}", c=old, **_parts(place))
            if first
            else say(
                "{c} is replaced by what it is, in brackets, and {f} multiplies each part", c=old, f=_parts(place)["f"]
            ),
            chain=None if first else line.write(SYMBOLIC),
            closed=folded if numbers else distributed if symbol.name == "c_t" else None,
        )
    return sheet.last("c_t")


def _before(line: Node) -> Node:
    """The old cell in the line of a cell."""
    return line.operands[0].operands[1]


def _parts(place: str) -> dict[str, Symbol]:
    return {"f": Symbol(f"f_{place}"), "i": Symbol(f"i_{place}"), "g": Symbol(f"ctilde_{place}")}


def _remembered(sheet: Worksheet, cells: Definitions, count: int) -> None:
    """What the part of each earlier step is multiplied by: the forget gates since then."""
    rows = []
    for back in range(count, -1, -1):
        start = Symbol(f"c_{_place(back)}", cells["c_t"][0].shape)
        path = tuple(Symbol(f"c_{_place(at)}", start.shape) for at in range(back, -1, -1))
        kept = pulled_along(cells, path, Number(1, "1"))
        new = start if back == count else cells[start.name][1].operands[1]
        told = "the cell that it began with" if back == count else f"written in step {_place(back)}"
        rows.append((say("{w}", w=new), say(told), say("{k}", k=kept)))
    sheet.tables.append(
        Table(
            "What the cell of step t holds",
            [Column("part"), Column("what it is"), Column("multiplied by")],
            rows,
            note=say("one forget gate for each step since then: after k steps, the product of the last k forget gates"),
            needs=("c_t",),
        )
    )


def _carousel(sheet: Worksheet, cells: Definitions, count: int, error: Symbol) -> Symbol:
    """The error of each earlier cell, along the cell path."""
    sheet.part("The error along the cell path, gates held constant")
    for back in range(count):
        later, earlier = (Symbol(f"c_{_place(at)}", error.shape) for at in (back, back + 1))
        line = related(later.word, "=", cells[later.name][1].write(SYMBOLIC))
        told = "chain rule: with the gates held constant, {c} stands in {e} only once, beside {f}"
        error = sheet.define(
            f"deltaC_{_place(back + 1)}",
            pulled_along(cells, (earlier, later), error),
            say("Error at {c}", c=earlier),
            say(told, c=earlier, e=line, f=Symbol(f"f_{_place(back)}")),
            chain=product([error.word, word(f"d{later.name}/d{earlier.name}")]),
            closed=distributed,
            written=_delta(_place(back + 1)),
        )
    return error


def _check_path(
    sheet: Worksheet, cells: Definitions, count: int, last: Symbol, error: Symbol, arriving: Symbol
) -> None:
    """The steps run one by one with drawn numbers; SymPy's derivative of the cell written out."""
    import sympy

    leaves = [item.symbol for item in sheet.given_items]
    values = {**drawn(leaves), **sheet.values}
    printed, again = steps_worked(sheet, values)[last.name], worked(cells, values)[last.name]
    told = (
        "the step run with numbers drawn at random gives the same {c}" if count == 1
        else f"the {count} steps run one after the other, with numbers drawn at random, give the same {{c}}"
    )  # fmt: skip
    sheet.check(close(printed, again), [last], say(told, c=last))
    old = Symbol(f"c_{_place(count)}", last.shape)
    cell, start, back, top = (entry_in_sympy(sheet.inlined(symbol)) for symbol in (last, old, error, arriving))
    sheet.check(
        sympy.expand(sympy.diff(cell, start) * top - back) == 0,
        [error],
        say(
            "SymPy differentiates {c} as written out by {o}, gates as constants: times {d} that is {e}",
            c=last, o=old, d=arriving, e=error,
        ),
    )  # fmt: skip


def _full(sheet: Worksheet, n: Size) -> Symbol:
    """∂c_t/∂c_{t-1} with nothing held constant: the cell path, and the paths through the state and each gate."""
    definitions = stated(sheet, n, before=True, only=FULL)
    sheet.convention_about(FULL, "∂ holds everything but the one path constant, a straight d nothing")
    old, state, cell = Symbol("c_t-1", (n, 1)), definitions["h_t-1"][0], definitions["c_t"][0]
    introduce = introduced(sheet)
    introduce("o_t-1", "output gate of step t-1", (n, 1))
    for gate in LSTM[:3]:
        introduce(f"U_{gate.letter}", f"recurrent weights of the {gate.name}", (n, n))
    sheet.part("Nothing held constant: every path from one cell to the next")
    direct = sheet.define(
        "dc_t/dc_t-1",
        along(definitions, (old, cell)),
        say("Cell path {a} → {b}", a=old, b=cell),
        say(
            "the path of the part above: {f} multiplies entry by entry, so the Jacobian is diagonal", f=_parts("t")["f"]
        ),
    )
    shown = sheet.define(
        "dh_t-1/dc_t-1",
        along(definitions, (old, state)),
        say("How the state of step t-1 depends on its cell"),
        say("{h} shows {c} entry by entry, {o} its factor; tanh′ = 1 - tanh²", h=state, c=old, o=Symbol("o_t-1")),
    )
    gated = all_paths(sheet, definitions, cell, state)
    each = [along(definitions, path) @ shown for path in paths(definitions, cell, state)]
    full = sheet.define(
        "total",
        direct + gated @ shown,
        say("From {a} to {b}, nothing held constant", a=old, b=cell),
        say(
            "sum over all paths: the cell path, and what goes through {h} and then a gate; with the gates held "
            "constant only the first term is left",
            h=state,
        ),
        written=total(cell.name, old.name, "total"),
        closed=lambda _: reduce(lambda total, path: total + path, each, along(definitions, (old, cell))),
    )
    leaves = free(definitions)
    values = worked(definitions, drawn(leaves))
    ours = steps_worked(sheet, values)
    sheet.check(
        close(ours[full.name], slopes(definitions, values, cell.name, old.name)),
        [full],
        say(
            "finite differences with numbers drawn at random{n}: {a} moved a little up and down "
            "changes {b} as {J} says",
            a=old, b=cell, J=full, n=sizes_told(leaves),
        ),
    )  # fmt: skip
    return full
