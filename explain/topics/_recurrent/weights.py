"""The weights of recurrent layers, read in the ways they come: one matrix a gate, or all gates in one as frameworks do.

Whatever form they come in, each layer and direction ends with one matrix a gate: W (units×inputs), U (units×units) and
b (units×1), or W (units×(units + inputs)) where a gate reads the state stacked upon the input.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from explain.engine.shapes import write
from explain.engine.values import Values
from explain.errors import InputError, amount
from explain.matrices import Matrices
from explain.topics._recurrent.cells import GATES, Kind, tensors

Framework = Literal["keras", "pytorch"]
ORDER: Mapping[tuple[Kind, str], str] = {
    ("lstm", "keras"): "ifco",
    ("lstm", "pytorch"): "ifco",
    ("gru", "keras"): "zrh",
    ("gru", "pytorch"): "rzh",
}
JOINED = ("W", "U", "b", "b_U")  # all gates in one
Given = Mapping[str, Matrices | None]
Tensors = dict[str, Values]


class Layers(NamedTuple):
    """The tensors of every layer and direction, how many units and inputs each layer has, and their form."""

    tensors: list[list[Tensors]]
    units: list[int]
    inputs: list[int]
    stacked: bool
    joined: bool  # whether all gates came in one matrix


def layers(kind: Kind, given: Given, directions: int, framework: Framework) -> Layers:
    """The weights of all layers, every shape against the others.

    Raises:
        InputError: a gate without weights, a number of matrices that fits no layer, shapes that do not meet.
    """
    present: dict[str, Sequence[Values]] = {
        name: matrices.items for name, matrices in given.items() if matrices is not None
    }
    if framework == "keras" and kind == "gru" and "b" in present and "b_U" not in present:
        present |= _keras_biases(present["b"])
    joined = kind != "rnn" and any(name in present for name in JOINED)
    if joined:
        _only_joined(present)
    gates = [] if joined else _complete(kind, present)
    first = "W" if joined or kind == "rnn" else tensors(kind, gates[0])[0]
    present = _rows_of_biases(present, len(present[first]))
    count = _count(present, first, directions)
    stacked = not joined and not any(_recurrent(kind, letter) in present for letter in gates)
    second = next((name for name in present if name.startswith("b_U")), None)
    if stacked and second is not None:
        raise InputError(
            f"{{{second}}} stands beside recurrent weights, but without U the weights read the state stacked upon the "
            "input: leave it out, or give W and U apart"
        )
    found: list[list[Tensors]] = []
    units: list[int] = []
    inputs: list[int] = []
    for at in range(count):
        each = []
        for way in range(directions):
            place = at * directions + way
            mine = {name: items[place] for name, items in present.items()}
            width = None if at == 0 else directions * units[at - 1]
            where = _where(at, way, count, directions)
            n, m, arrays = (
                _joined(kind, mine, framework, where) if joined else _apart(kind, mine, gates, stacked, where)
            )
            reads = "U" if kind == "rnn" and not stacked else first
            _same(reads, where, n, m, units[at:], inputs[at:], width)
            units[at:], inputs[at:] = [n], [m]
            each.append(arrays)
        found.append(each)
    return Layers(found, units, inputs, stacked, joined)


def _rows_of_biases(present: dict[str, Sequence[Values]], count: int) -> dict[str, Sequence[Values]]:
    """A bias given as one matrix with a row for each layer and direction, taken apart."""
    found = dict(present)
    for name, items in present.items():
        shape = items[0].shape
        if name.startswith("b") and len(items) == 1 < count and len(shape) == 2 and shape[0] == count:
            found[name] = [items[0].row(at) for at in range(count)]
    return found


def _keras_biases(given: Sequence[Values]) -> dict[str, Sequence[Values]]:
    """Keras keeps both biases of a GRU in one array of two rows: the first beside W, the second beside U."""
    if not all(len(b.shape) == 2 and b.shape[0] == 2 for b in given):
        return {}
    return {"b": [b.row(0) for b in given], "b_U": [b.row(1) for b in given]}


def _only_joined(present: Mapping[str, Sequence[Values]]) -> None:
    """All gates in one matrix, or one matrix a gate; not both."""
    single = next((name for name in present if name not in JOINED), None)
    if single is not None:
        both = next(name for name in present if name in JOINED)
        raise InputError(
            f"{{{single}}} is for one gate, but {{{both}}} holds all gates: give every gate its own, or all in one"
        )
    for name in ("W", "U"):
        if name not in present:
            raise InputError(f"{{{name}}} is missing: all gates in one matrix need {{W}} (inputs) and {{U}} (states)")


def _complete(kind: Kind, present: Mapping[str, Sequence[Values]]) -> list[str]:
    """The letters of the gates; every gate needs its weights, and all of them in the same form."""
    letters = [gate.letter for gate in GATES[kind]]
    if kind == "rnn":
        if "W" not in present:
            raise InputError("{W} is missing: recurrent weights, units×units; for example --W 0.9")
        return letters
    for letter in letters:
        name = tensors(kind, letter)[0]
        if name not in present:
            others = f"{{{name}}} is missing: every gate needs its input weights"
            raise InputError(others + "; or give all gates in one matrix with {W}, {U} and {b}")
    for part in (1, 2):
        names = [tensors(kind, letter)[part] for letter in letters]
        there = [name for name in names if name in present]
        if there and len(there) < len(names):
            missing = next(name for name in names if name not in present)
            raise InputError(
                f"{{{missing}}} is missing, but {{{there[0]}}} is given: give it for every gate, or for none"
            )
    return letters


def _recurrent(kind: Kind, letter: str) -> str:
    return "U" if kind == "rnn" else tensors(kind, letter)[1]


def _count(present: Mapping[str, Sequence[Values]], first: str, directions: int) -> int:
    """How many layers there are; every parameter is given as often."""
    total = len(present[first])
    for name, items in present.items():
        if len(items) != total:
            raise InputError(
                f"{{{name}}} has {amount(len(items), 'matrix')}, but {{{first}}} has {total}: give one a layer"
                + (" and direction" if directions > 1 else "")
                + ", with | between them"
            )
    if total % directions:
        raise InputError(
            f"{{{first}}} has {amount(total, 'matrix')}: a bidirectional layer needs two, forward | backward"
        )
    return total // directions


def _where(at: int, way: int, count: int, directions: int) -> str:
    """Which layer an error speaks of."""
    named = f" of layer {at + 1}" if count > 1 else ""
    return named + (("", " (backward)")[way] if directions > 1 else "")


def _same(
    first: str, where: str, n: int, m: int, units: Sequence[int], inputs: Sequence[int], width: int | None
) -> None:
    """Both directions agree, and a layer reads what the one before it gives."""
    if units and (n, m) != (units[0], inputs[0]):
        raise InputError(
            f"{{{first}}}{where} is for {amount(n, 'unit')} and {amount(m, 'input')}, the forward direction for "
            f"{units[0]} and {inputs[0]}: both need the same"
        )
    if width is not None and m != width:
        raise InputError(
            f"{{{first}}}{where} reads {amount(m, 'input')}, but the layer before gives {width}: it "
            f"needs {width} columns"
        )


def _apart(
    kind: Kind, mine: Mapping[str, Values], gates: Sequence[str], stacked: bool, where: str
) -> tuple[int, int, Tensors]:
    """One matrix a gate: W and U apart, or W on the stacked state and input."""
    found: Tensors = {}
    n = m = 0
    for letter in gates:
        entry, recurrent, b, b_U = tensors(kind, letter)
        if stacked:
            name = "W" if kind == "rnn" else entry
            whole = mine[name]
            rows = int(whole.shape[0]) if len(whole.shape) == 2 else 1
            n = n or rows
            m = m or len(whole) // rows - rows
            if m < 1:
                raise InputError(
                    f"{{{name}}}{where} is {_shown(whole)}: without {{{_recurrent(kind, letter)}}} it reads the state "
                    f"stacked upon the input, so it needs more than {amount(rows, 'column')}"
                )
            found[name] = _fitted(name, whole, n, n + m, where, "units × (units + inputs)")
        else:
            n = n or _side(recurrent, mine[recurrent], where)
            given = mine[entry]
            m = m or (int(given.shape[1]) if len(given.shape) == 2 else max(1, len(given) // n))
            found[entry] = _fitted(entry, given, n, m, where, "units × inputs")
            found[recurrent] = _fitted(recurrent, mine[recurrent], n, n, where, "units × units")
        found.update(
            {name: _fitted(name, mine[name], n, 1, where, "one number a unit") for name in (b, b_U) if name in mine}
        )
    return n, m, found


def _side(name: str, square: Values, where: str) -> int:
    """The number of units, from the recurrent weights."""
    if len(square.shape) == 2 and square.shape[0] == square.shape[1]:
        return int(square.shape[0])
    if len(square) == 1:
        return 1
    shape = write(square.shape) if len(square.shape) == 2 else amount(len(square), "number")
    raise InputError(
        f"{{{name}}}{where} is {shape}: it joins every unit with every unit, so it needs as many rows as columns"
    )


def _joined(kind: Kind, mine: Mapping[str, Values], framework: Framework, where: str) -> tuple[int, int, Tensors]:
    """All gates in one matrix, in the order and the orientation of a framework."""
    order = ORDER[kind, framework]
    wide, keras = len(order), framework == "keras"
    units = _wide_units(mine["U"], wide, keras, where)
    given = mine["W"]
    m = (int(given.shape[0 if keras else 1])) if len(given.shape) == 2 else max(1, len(given) // (wide * units))
    found: Tensors = {}
    for name, size in (("W", m), ("U", units), ("b", 1), ("b_U", 1)):
        if name not in mine:
            continue
        told = f"{framework} keeps {wide} gates of {amount(units, 'unit')} in it"
        if name.startswith("b"):
            whole = _fitted(name, mine[name], wide * units, 1, where, told)
        elif keras:
            whole = _fitted(name, mine[name], size, wide * units, where, told).transposed()
        else:
            whole = _fitted(name, mine[name], wide * units, size, where, told)
        for at, letter in enumerate(order):
            part = dict(zip(("W", "U", "b", "b_U"), tensors(kind, letter), strict=True))[name]
            found[part] = whole.block(range(at * units, (at + 1) * units), range(size))
    return units, m, found


def _wide_units(given: Values, wide: int, keras: bool, where: str) -> int:
    """The number of units, from the recurrent weights of all gates side by side."""
    rows, columns = (int(size) for size in given.shape) if len(given.shape) == 2 else (0, 0)
    small, large = (rows, columns) if keras else (columns, rows)
    if len(given.shape) == 1 and len(given) == wide:
        return 1
    if not small or large != wide * small:
        shape = f"units × {wide}·units" if keras else f"{wide}·units × units"
        raise InputError(f"{{U}}{where} is {_shown(given)}: it needs the shape {shape} for {wide} gates")
    return small


def _fitted(name: str, given: Values, rows: int, columns: int, where: str, told: str) -> Values:
    """An array of this shape; a list of numbers may stand for one row or one column."""
    vector = len(given.shape) == 1 or 1 in given.shape
    if given.shape == (rows, columns):
        return given
    if vector and 1 in (rows, columns) and len(given) == rows * columns:
        return given.reshape((rows, columns))
    wanted = amount(rows, "number") if columns == 1 and name.startswith("b") else write((rows, columns))
    raise InputError(f"{{{name}}}{where} is {_shown(given)}: it needs {wanted} ({told})")


def _shown(given: Values) -> str:
    return write(given.shape) if len(given.shape) == 2 else amount(len(given), "number")
