"""The gates of an LSTM cell: what each does, its range, and a picture of the cell unfolded over a sequence."""

from __future__ import annotations

from typing import Annotated

from explain.declare import topic
from explain.engine.answer import Answer, Column, Table
from explain.engine.functions import EXP, SIGMOID, TANH, textbook
from explain.engine.lowering import to_sympy
from explain.engine.names import word
from explain.engine.nodes.base import Number, Symbol
from explain.engine.notation import Word, related
from explain.engine.paths import Definitions
from explain.engine.prose import SYMBOLIC, Prose, say
from explain.engine.values import Values, whole
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, amount
from explain.parameters import Matrix
from explain.topics._recurrent.cells import LSTM, Gate
from explain.topics._recurrent.in_symbols import (
    FewSteps,
    cell_lines,
    compared,
    entry_by_entry,
    introduced,
    put_in,
    sizes_named,
)
from explain.topics._recurrent.inside import INSIDE
from explain.topics._recurrent.products import folded

HALF = (1 + TANH(Symbol("z") / 2)) / 2  # σ by tanh
RANGES = ("s", "g")  # the steps that the tables go with
DRAWN = 4  # cells that fit on a page
ACTS_ON = {"f": "c_t", "i": "c_t", "o": "h_t"}  # what a gate decides about


class Inputs(FewSteps):
    """A number of inputs; of many, the picture shows the first and the last."""

    __slots__ = ()
    MOST = 200


@topic
def lstm_gates(
    steps: Annotated[Inputs, "number of inputs that the picture is unfolded over"] = Inputs(3),  # noqa: B008 - never changed
    z: Annotated[Matrix | None, "what goes into the forget, input and output gate of one unit; default 0,0,0"] = None,
) -> Answer:
    """The gates of an LSTM cell, and the cell unfolded over a sequence.

    Each gate with its symbol, its equation, its range and what it does at 0 and at 1; whether gates lie between 0 and 1
    and whether they sum to one; a picture of the cell, and of the network over several inputs that predicts one output.

    Field: Recurrent networks

    Source: Hochreiter and Schmidhuber 1997, Long Short-Term Memory; Gers, Schmidhuber and Cummins 2000, Learning to
    Forget; Goodfellow et al. 2016, eqs. 10.40-10.44

    Examples:
        explain lstm-gates
        explain lstm-gates --steps 5 --z 2,1,-1

    Raises:
        InputError: a number of inputs that is no number from 1 to 200; z that is not three numbers.
    """
    count = steps.number or 1
    typed = _typed(z)
    sheet = Worksheet(f"LSTM: its gates, and the cell unfolded over {amount(count, 'input')}", lstm_gates.source)
    sheet.given("T", whole(count), "number of inputs", option="steps")
    introduce = introduced(sheet)
    state, V, b = (
        introduce(f"h_{count}", f"state after input {count}, the last one", ("n", 1)),
        introduce("V", "output weights", ("k", "n")),
        introduce("b_y", "bias of the output", ("k", 1)),
    )
    any_z = introduce("z", "what goes into a gate or the candidate: any number", ())
    inputs = [
        sheet.given(
            f"z_{gate.letter}", value, f"counter-example: what goes into the {gate.name} of one unit", option="z"
        )
        for gate, value in zip(_gates(), typed, strict=True)
    ]
    _tables(sheet)
    shown = [Symbol("y")]  # the pictures are of the network, not of a counter-example
    sheet.drawing("Inside one cell", INSIDE, shown)
    sheet.drawing(f"The cell unfolded over {amount(count, 'input')}, one output", unfolded(count), shown)

    sheet.part("The output")
    output = sheet.define(
        "y",
        V @ state + b,
        "Output, once, after the last input",
        say(
            "{h} has seen all {T} inputs, so one output for the whole sequence is read from it alone"
            if count > 1
            else "{h} has seen the one input there is",
            h=state,
            T=count,
        ),
    )
    _ranges(sheet, any_z)
    total = _sum(sheet, inputs)
    _check(sheet, any_z, total)
    _verdicts(sheet, any_z, total)
    return sheet.answer(output, sheet.last("s"), sheet.last("g"), total)


def _gates() -> list[Gate]:
    """The three gates; the candidate is none."""
    return [gate for gate in LSTM if gate.letter in ACTS_ON]


def _typed(z: Matrix | None) -> list[Values]:
    """One number a gate."""
    given = z or Matrix.read("z", "0,0,0")
    if len(given) != len(ACTS_ON):
        raise InputError(f"{{z}} has {amount(len(given), 'number')}: give three, for the forget, input and output gate")
    row = given.reshape((3,))
    return [Values((), (row.text((at,)),)) for at in range(3)]


def _tables(sheet: Worksheet) -> None:
    """The gates with their equations, and what each does at 0 and at 1."""
    lines = cell_lines("lstm", "n", merged=True)
    for name in ("c_t", "h_t"):
        symbol, expression = lines[name]
        sheet.convention(
            "the new {w}: {f}",
            w="cell" if name == "c_t" else "state",
            f=related(symbol.word, "=", expression.write(SYMBOLIC)),
        )
    x, h = Symbol("x_t"), Symbol("h_t-1")
    sheet.convention_about(
        RANGES,
        "{x} is the input, {h} and {c} the state and the cell of the step before; W, U and b are the input weights, "
        "recurrent weights and bias of a gate; the candidate {g} is also written g or a",
        x=x, h=h, c=Symbol("c_t-1"), g=Symbol("ctilde_t"),
    )  # fmt: skip
    entry_by_entry(sheet)
    sizes_named(sheet, units="n", outputs="k")
    equations: list[tuple[Prose, Prose, Prose]] = []
    limits: list[tuple[Prose, Prose, Prose, Prose]] = []
    for gate in LSTM:
        symbol, expression = lines[f"{gate.base}_t"]
        called = say(f"{gate.name} {{g}}", g=symbol)
        opens = gate.letter in ACTS_ON
        equations.append((called, say("{e}", e=expression), say("(0, 1)" if opens else "(-1, 1)")))
        told = say(gate.meaning.partition(":")[0], x=x, h=h, c=Symbol("c_t-1"))
        limits.append((called, told, *(_limits(gate, lines) if opens else (say("no gate"), say("no gate")))))
    columns = [Column("name"), Column("equation"), Column("range")]
    sheet.tables.append(Table("The three gates and the candidate", columns, equations, needs=RANGES))
    headings = [Column("name"), Column("what it does"), Column("closed: all 0"), Column("open: all 1")]
    sheet.tables.append(Table("What each of them does", headings, limits, needs=RANGES))


def _limits(gate: Gate, lines: Definitions) -> tuple[Prose, Prose]:
    """What the cell or the state is where a gate is closed, and where it is open."""
    symbol, expression = lines[ACTS_ON[gate.letter]]
    ends = (folded(put_in(expression, {f"{gate.base}_t": Number(value, str(value))})) for value in (0, 1))
    closed, opened = ((related(symbol.word, "=", end.write(SYMBOLIC)),) for end in ends)
    return closed, opened


def _ranges(sheet: Worksheet, z: Symbol) -> None:
    """σ and tanh by their formulas."""
    sheet.part("Gates lie between 0 and 1")
    sheet.define(
        "s",
        textbook(SIGMOID(z)),
        say("A gate lies between 0 and 1"),
        say(
            "{e} is positive whatever {z} is, so the denominator is larger than 1: the quotient is positive and less "
            "than 1",
            e=EXP(-z), z=z,
        ),
        note=say(
            "every entry of a gate lies in (0, 1); 0 and 1 are limits, for {a} and {b}, never reached",
            a=compared(z, "→", Word("-∞", r"-\infty")), b=compared(z, "→", Word("∞", r"\infty")),
        ),
        written=Word("σ(z)", r"\sigma(z)", key="s"),
    )  # fmt: skip
    sheet.define(
        "g",
        textbook(TANH(z)),
        say("The candidate lies between -1 and 1"),
        say("both powers are positive, so their difference is smaller in size than their sum; it may be negative"),
        note=say("the candidate is no gate: it says what is written, and where it is negative it lowers the cell"),
        written=Word("tanh(z)", r"\tanh(z)", key="g"),
    )


def _sum(sheet: Worksheet, inputs: list[Symbol]) -> Symbol:
    """The gates of one unit added up."""
    sheet.part("Gates do not sum to one: a counter-example")
    gates = []
    for gate, z in zip(_gates(), inputs, strict=True):
        name = f"{gate.base}_1"
        gates.append(
            sheet.define(name, SIGMOID(z), gate.name.capitalize(), say("σ of its own {z}, of no other gate", z=z))
        )
    f, i, o = gates
    return sheet.define(
        "S",
        f + i + o,
        "The three gates added up",
        "each gate has weights of its own and its own σ, so nothing ties them together; softmax would, σ does not",
        note=_sum_told(sheet, f, i, o),
    )


def _verdicts(sheet: Worksheet, z: Symbol, total: Symbol) -> None:
    """Both questions that are asked of gates, answered; held up by the check of the limits and by the sum."""
    inside = "yes" if sheet.checks[0].passed else "no"
    apart = abs(float(sheet.values[total.name]) - 1) > 1e-6
    told = "{S} is not 1 in the counter-example" if apart else "{S} is 1 by chance only: nothing ties them together"
    sheet.tables.append(
        Table(
            "Asked of the gates",
            [Column("question"), Column("answer"), Column("because")],
            [
                (say("the gates lie in (0, 1)"), say(inside), say("{s} does, whatever {z} is", s=SIGMOID(z), z=z)),
                (
                    say("they sum to one"),
                    say("no"),
                    say(told, S=total),
                ),
            ],
            needs=("s", total.name),
        )
    )  # fmt: skip


def _sum_told(sheet: Worksheet, *gates: Symbol) -> Prose:
    """What the sum of the gates shows."""
    off = abs(sum(float(sheet.values[gate.name]) for gate in gates) - 1)
    seen = "not 1" if off > 1e-6 else "1 here by chance only"
    return say(
        f"{seen}: with other inputs to the gates it is any number between 0 and 3. So: the gates lie in (0, 1): yes; "
        "they sum to one: no"
    )


def _check(sheet: Worksheet, z: Symbol, total: Symbol) -> None:
    """Limits and slopes by SymPy."""
    import sympy

    real = sympy.Symbol("z", real=True)
    found = []
    for function in (SIGMOID, TANH):
        formula = to_sympy(textbook(function(z))).subs(sympy.Symbol("z"), real)
        ends = [sympy.limit(formula, real, end) for end in (-sympy.oo, sympy.oo)]
        rising = sympy.simplify(sympy.diff(formula, real)).is_positive
        found.append((*ends, bool(rising)))
    sheet.check(
        found == [(0, 1, True), (-1, 1, True)],
        [sheet.last("s"), sheet.last("g")],
        say(
            "SymPy: {s} rises everywhere, from its limit 0 to its limit 1, and {g} from -1 to 1",
            s=SIGMOID(z),
            g=TANH(z),
        ),
    )
    import numpy as np

    halves = sum(np.tanh(sheet.values[f"z_{gate.letter}"] / 2) for gate in _gates())
    sheet.check(
        abs((3 + float(halves)) / 2 - float(sheet.values[total.name])) < 1e-12,
        [total],
        say(
            "NumPy, with {e}, gives the same {S}",
            e=related(SIGMOID(z).write(SYMBOLIC), "=", HALF.write(SYMBOLIC)),
            S=total,
        ),
    )


def unfolded(count: int) -> list[str]:
    r"""The cells side by side: inputs from below, cell and state passed on, the output above the last one.

    >>> print("\n".join(unfolded(1)[-3:]))
                  ↑
                  │
                  x₁
    """
    places = list(range(1, count + 1)) if count <= DRAWN else [1, 2, 0, count]  # 0 stands for those left out
    arrow, blank = "───────→", " " * 8
    top, cells, name, states, bottom = " " * 10, "c₀ ──────→", " " * 10, "h₀ ──────→", " " * 10
    enter, stem, inputs = " " * 10, " " * 10, " " * 10
    for place in places:
        end = "" if place == count else arrow
        named = [word(f"{base}_{place}").text if place else "" for base in "chx"]
        top += ("┌──────┐" if place else blank) + named[0].center(8) * (place != count)
        cells += ("│      │" if place else "  ...   ") + end
        name += ("│ LSTM │" if place else blank) + blank
        states += ("│      │" if place else "  ...   ") + end
        bottom += ("└──────┘" if place else blank) + named[1].center(8) * (place != count)
        enter, stem = (row + ("    ↑   " if place else blank) + blank for row, blank in ((enter, blank), (stem, blank)))
        inputs += (" " * 4 + named[2]).ljust(16)
    middle = 10 + 16 * (len(places) - 1) + 4
    last = word(f"h_{count}").text
    above = [f"{'y':>{middle + 1}}", f"{'↑':>{middle + 1}}", f"{'V ' + last + ' + b_y':>{middle + 5}}"]
    above += [f"{'↑':>{middle + 1}}", f"{'│':>{middle + 1}} {last}"]
    rows = [*above, top, cells, name, states, bottom, enter, stem.replace("↑", "│"), inputs]
    return [row.rstrip() for row in rows]
