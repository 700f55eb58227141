"""Statements read one after the other, without any effect outside the reading.

What depends on something unknown is not read: the names that it would set become unknown, and a container that it
would fill gets a place that is not known.
"""

# ruff: noqa: ARG001, ARG005 - the functions of a table have one interface
from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from explain.code import assignments, classes
from explain.code.expressions import items, value
from explain.code.objects import Made, Tensor
from explain.code.parts import Unknown
from explain.code.program import Scope
from explain.code.reading import MOST_IDLE, Reading
from explain.code.skipping import NOT_KNOWN, doubt_of, set_in, skipped
from explain.code.values import NoValueError


class Signal(NamedTuple):
    """A block that was left: by return, break, continue or raise; `lost` where that is not known."""

    how: str
    value: Any = None


def run(reading: Reading, scope: Scope, body: Sequence[ast.stmt]) -> Signal | None:
    """Reads a block."""
    for statement in body:
        reading.step(statement)
        read = STATEMENTS.get(type(statement))
        signal = read(reading, scope, statement) if read else None
        if signal is not None and (scope is not reading.scope or signal.how in ("break", "continue")):
            return signal  # at the top of a file a raise or an exit ends nothing
    return None


def _expression(reading: Reading, scope: Scope, node: ast.Expr) -> None:
    found = value(reading, scope, node.value)
    if scope is reading.scope and isinstance(found, Made):
        reading.loose.append(found)


def _return(reading: Reading, scope: Scope, node: ast.Return) -> Signal:
    return Signal("return", value(reading, scope, node.value) if node.value else None)


def _raise(reading: Reading, scope: Scope, node: ast.Raise) -> Signal:
    return Signal("raise", Unknown("raise", node.lineno, f"the code raises an error in line {node.lineno}"))


def _if(reading: Reading, scope: Scope, node: ast.If) -> Signal | None:
    condition = value(reading, scope, node.test)
    if isinstance(condition, NOT_KNOWN):
        if _raises(node.body):
            return run(reading, scope, node.orelse)
        if node.orelse and _raises(node.orelse):
            return run(reading, scope, node.body)
        return _left(reading, scope, [*node.body, *node.orelse], doubt_of(reading, node.test, condition, "if"))
    return run(reading, scope, node.body if condition else node.orelse)


def _left(reading: Reading, scope: Scope, body: Sequence[ast.stmt], doubt: Unknown) -> Signal | None:
    """Leaves a block out; whether the function ends in it is not known then."""
    lost = skipped(reading, scope, body, doubt)
    return Signal("lost", lost) if lost else None


def _raises(body: Sequence[ast.stmt]) -> bool:
    return bool(body) and isinstance(body[-1], ast.Raise)


def _for(reading: Reading, scope: Scope, node: ast.For) -> Signal | None:
    over = value(reading, scope, node.iter)
    try:
        every = items(over)
    except NoValueError as error:
        why = "how often it runs is known when data passes" if isinstance(over, Tensor) else str(error)
        unknown = over if isinstance(over, Unknown) else reading.unknown(node.iter, why)
        doubt = doubt_of(reading, node.iter, unknown, f"for {reading.written(node.target, 40)} in")
        return _left(reading, scope, node.body, doubt)

    def turns() -> Iterator[None]:
        for item in every:
            assignments.assign(reading, scope, node.target, item)
            yield

    return _loop(reading, scope, node, turns())


def _while(reading: Reading, scope: Scope, node: ast.While) -> Signal | None:
    first = value(reading, scope, node.test)
    if isinstance(first, NOT_KNOWN):
        return _left(reading, scope, node.body, doubt_of(reading, node.test, first, "while"))

    def turns() -> Iterator[None]:
        going = first
        while not isinstance(going, NOT_KNOWN) and going:
            yield
            going = value(reading, scope, node.test)

    return _loop(reading, scope, node, turns())


def _loop(reading: Reading, scope: Scope, node: ast.For | ast.While, turns: Iterator[None]) -> Signal | None:
    """Unrolls a loop; one that goes on without making any layer is a training loop, and left."""
    steps, made = reading.steps, reading.made
    for _ in turns:
        signal = run(reading, scope, node.body)
        if signal is not None and signal.how == "break":
            return None
        if signal is not None and signal.how != "continue":
            return signal
        if reading.steps - steps > MOST_IDLE and reading.made == made:
            for name in set_in(node.body):
                scope.names[name] = Unknown(name, node.lineno, "the loop that sets it is too long to be read")
            return None
    return run(reading, scope, node.orelse)


def _with(reading: Reading, scope: Scope, node: ast.With) -> Signal | None:
    for each in node.items:
        entered = value(reading, scope, each.context_expr)
        if each.optional_vars is not None:
            assignments.assign(reading, scope, each.optional_vars, entered)
    return run(reading, scope, node.body)


def _try(reading: Reading, scope: Scope, node: ast.Try) -> Signal | None:
    signal = run(reading, scope, node.body)
    if signal is not None and signal.how != "raise":
        return signal
    return run(reading, scope, [*([] if signal else node.orelse), *node.finalbody])


def _match(reading: Reading, scope: Scope, node: ast.Match) -> Signal | None:
    doubt = Unknown(f"match {reading.written(node.subject, 60)}", node.lineno, "a match is not read")
    return _left(reading, scope, [each for case in node.cases for each in case.body], doubt)


def _plain(how: str) -> Callable[[Reading, Scope, Any], Signal]:
    return lambda reading, scope, node: Signal(how)


STATEMENTS: dict[type[ast.stmt], Callable[[Reading, Scope, Any], Signal | None]] = {
    ast.Expr: _expression,
    ast.Assign: assignments.assigned,
    ast.AnnAssign: assignments.annotated,
    ast.AugAssign: assignments.augmented,
    ast.Import: assignments.imported,
    ast.ImportFrom: assignments.imported_from,
    ast.Global: assignments.shared,
    ast.FunctionDef: classes.function,
    ast.AsyncFunctionDef: classes.function,
    ast.ClassDef: classes.defined,
    ast.Return: _return,
    ast.Raise: _raise,
    ast.If: _if,
    ast.For: _for,
    ast.AsyncFor: _for,
    ast.While: _while,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Try: _try,
    ast.Match: _match,
    ast.Break: _plain("break"),
    ast.Continue: _plain("continue"),
}
