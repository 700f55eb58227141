"""A model as its framework's summary has it: one row a call, what is not known of it, and the totals."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from explain.code.parts import Call, Model
from explain.engine.answer import Cell, Column, Table
from explain.engine.evaluate import symbols
from explain.engine.nodes.base import Node, Symbol
from explain.engine.prose import SYMBOLIC
from explain.engine.worksheet import Worksheet
from explain.layers.base import Flow, Size
from explain.topics._layers.chain import Shapes
from explain.topics._layers.graph import Visit
from explain.topics._layers.misfits import called
from explain.topics._layers.open_sizes import open_sizes, told_layers
from explain.topics._layers.stations import weighs

LONGEST = 16  # characters of a count in a table
NARROW = 36  # characters of a call in a table; a section has all of it
MODULE = re.compile(r"(?<![\w.\"'])(?:[a-z_]\w*\.)+(?=[A-Z]\w*\()")  # layers.LSTM(30) is LSTM(30) in a table
ASIDE = ("activation", "input_shape", "name", "dtype", "inplace", "input_length")  # changes no count of its layer


def short(call: Call) -> str:
    """A call as it stands, without what makes it too long for a table: `LSTM(30, …)`."""
    name, opened, rest = MODULE.sub("", call.written).partition("(")
    name = name.rpartition(".")[2].strip()
    whole = name + opened + rest
    if len(whole) <= NARROW:
        return whole
    if not opened:
        return whole[: NARROW - 1] + "…"
    kept: list[str] = []
    for text in _arguments(MODULE.sub("", call.written)):
        if len(f"{name}({', '.join([*kept, text])}, …)") <= NARROW and not _is_aside(text):
            kept.append(text)
    return f"{name}({', '.join([*kept, '…'])})"


def _is_aside(text: str) -> bool:
    name, told, _ = text.partition("=")
    return bool(told) and (name in ASIDE or name.endswith(("_initializer", "_regularizer", "_constraint")))


def _arguments(written: str) -> list[str]:
    """The arguments of a call as they stand."""
    try:
        tree = ast.parse(written, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    if not isinstance(tree, ast.Call):
        return []
    named = [f"{word.arg}={ast.unparse(word.value)}" for word in tree.keywords if word.arg]
    return [ast.unparse(each) for each in tree.args] + named


def callee(call: Call) -> str:
    """What is called, without its module: `Conv2D`."""
    return call.written.partition("(")[0].rpartition(".")[2].strip()


def named(call: Call) -> str:
    """A call in a table, with its name where that is another."""
    return short(call) if call.name in ("", callee(call)) else called(call.name, short(call))


def summary(sheet: Worksheet, visits: Sequence[Visit], shapes: Shapes, results: Sequence[Symbol]) -> Table:
    """The table of all calls.

    Args:
        results: the totals: parameters, then multiply-adds where they are worked.
    """
    shaped = any(visit.given is not None for visit in visits)
    columns = [Column("", True), Column("layer"), Column("line", True)]
    columns += [Column("output")] * shaped
    columns += [Column("parameters", True, ("P",))]
    columns += [Column("multiply-adds", True, ("M",))] * shaped
    rows: list[list[Cell]] = []
    for visit in visits:
        row: list[Cell] = [visit.at, (named(visit.call),), visit.call.line]
        if shaped:
            row.append(("?",) if visit.given is None else (shapes.text(visit.given),))
        row.append(_parameters(sheet, visit))
        if shaped:
            row.append(_cell(sheet, f"M_{visit.at}", visit.multiply_adds))
        rows.append(row)
    totals = _totals(sheet, results, shaped)
    note = _note(visits, shaped)
    return Table("Layers", columns, [*rows, *totals], len(totals), note, needs=(results[0].name,))


def _parameters(sheet: Worksheet, visit: Visit) -> Cell:
    if visit.again and visit.layer is not None and weighs(visit.layer):
        return (f"as {visit.again}",)
    return _cell(sheet, f"P_{visit.at}", visit.parameters)


def _cell(sheet: Worksheet, name: str, size: Size | None) -> Cell:
    """A number; in symbols where it is not known, `?` where nothing is known."""
    if size is None:
        return ("?",)
    if isinstance(size, int):
        return size
    step = next((step for step in sheet.steps if step.name == name), None)
    if step is None:
        return size
    closed = step.closed or step.expression
    return _short_form(closed, step.symbol)


def _totals(sheet: Worksheet, results: Sequence[Symbol], shaped: bool) -> list[list[Cell]]:
    """The sums under the table."""
    named = {symbol.name: symbol for symbol in results}
    whole = "P" in named

    def row(label: str, parameters: Cell, work: Cell = ()) -> list[Cell]:
        return [(), (label,), (), *[()] * shaped, parameters, *[work] * shaped]

    work = next((named[name] for name in ("M", "M_known") if name in named), None)
    found = [row("total" if whole else "known", _sum(sheet, results[0]), () if work is None else _sum(sheet, work))]
    if "P_fixed" in named:
        found.append(row("trained", _sum(sheet, named["P_trainable"])))
        found.append(row("not trained", _sum(sheet, named["P_fixed"])))
    return found


def _sum(sheet: Worksheet, symbol: Symbol) -> Cell:
    step = next(step for step in sheet.steps if step.name == symbol.name)
    if step.value is not None:
        return int(step.value.item())
    closed: Node = step.closed or step.expression
    return _short_form(closed, symbol)


def _short_form(closed: Node, symbol: Symbol) -> Cell:
    """A count in symbols where a column has room for it; else what it is called, for the sections to tell."""
    from explain.render.linear import sentence

    brief = len(symbols(closed)) < 2 and len(sentence((SYMBOLIC.write(closed),))) <= LONGEST
    return closed if brief else (symbol.word,)


def _note(visits: Sequence[Visit], shaped: bool) -> tuple[str, ...]:
    told = []
    again = next((visit.again for visit in visits if visit.again and visit.layer and weighs(visit.layer)), 0)
    if again:
        told.append(f"as {again}: the weights of layer {again} again, counted there")
    if any(visit.parameters is None or (shaped and visit.given is None) for visit in visits):
        told.append("?: not known without running the code")
    if not any(visit.fixed for visit in visits):
        told.append("all parameters are trained")
    return ("; ".join(told),) if told else ()


def unknown(model: Model, visits: Sequence[Visit], inputs: Sequence[Flow | None]) -> Table | None:
    """What cannot be known from the text alone: layer by layer, with the line, why, and the mend."""
    rows: list[list[Cell]] = []
    for visit in visits:
        call = visit.call
        if call.layer is None:
            reason = call.unknown
            text, why = (reason.text, reason.why) if reason else (call.written, "this kind of layer is not read")
            rows.append([(call.name,), reason.line if reason else call.line, (text,), (_mended(text, why),)])
        elif visit.parameters is None:
            why = "what arrives is not known, and its weights depend on it"
            rows.append([(call.name,), call.line, (call.written,), (why,)])
    carried = open_sizes(model)
    for name, (open_, layers) in carried.items():
        why = f"{open_.why}: it stays a symbol; --let {name}=… gives it"
        rows.append([(told_layers(layers),), open_.line, (name,), (why,)])
    for arrival, flow in zip(model.inputs, inputs, strict=False):
        given = flow is not None and all(isinstance(size, int) for size in flow.sizes)
        for size in () if given else arrival.shape or ():
            if not isinstance(size, int) and size is not None and size.text != "None" and size.symbol not in carried:
                rows.append([(arrival.name or "input",), size.line, (size.text,), (_mended(size.text, size.why),)])
    if not rows:
        return None
    columns = [Column("layer"), Column("line", True), Column("code"), Column("why")]
    return Table("Not known without running the code", columns, rows)


def _mended(text: str, why: str) -> str:
    """Why something is not known, and how it is given where it is a name."""
    return f"{why}; --let {text}=… gives it" if text.isidentifier() and "--" not in why else why
