"""Blocks of which is not known whether, or how often, they run: left out, and what they would set is unknown."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Any

from explain.code.expressions import value
from explain.code.graph import unread
from explain.code.objects import Container, Outside, Tensor
from explain.code.parts import Unknown
from explain.code.program import Method, Scope
from explain.code.reading import NotFollowedError, Reading

FILLS = {"add", "append", "extend", "insert", "add_module", "register_module", "pop"}  # methods that change containers
NOT_KNOWN = (Unknown, Tensor, Method, Outside)  # as conditions


def doubt_of(reading: Reading, node: ast.expr, found: Any, word: str) -> Unknown:
    """Why it is not known whether, or how often, a block runs."""
    written = reading.written(node, 60)
    if isinstance(found, Unknown):
        why = f"{found.text}: {found.why}" if found.text != written else found.why
        return Unknown(f"{word} {written}", node.lineno, why, found.lacking)
    return Unknown(f"{word} {written}", node.lineno, "it depends on the numbers that pass")


def skipped(reading: Reading, scope: Scope, body: Sequence[ast.stmt], doubt: Unknown) -> Unknown | None:
    """Leaves a block out of which is not known whether it runs."""
    harmless = _idle(body) or (doubt.text.startswith("if ") and _weightless(body))
    if reading.forward and not harmless:
        raise NotFollowedError(doubt)
    reading.step(body[0] if body else ast.Pass(), sum(1 for _ in _inside(body)) // 4)
    for name in set_in(body):
        here = scope.find(name)
        old = here.names[name] if here else None
        if isinstance(old, Tensor):
            found = unread(reading, doubt.text, [old], doubt)
            found.used.made.weightless = _weightless(body)
            scope.names[name] = found
        else:
            scope.names[name] = Unknown(name, doubt.line, f"it depends on `{doubt.text}`, {doubt.why}")
    for filled in _filled_in(body):
        container = value(reading, scope, filled)
        if isinstance(container, Container):
            container.children[str(len(container.children))] = doubt
        elif isinstance(container, list):
            container.append(doubt)
    leaves = any(isinstance(each, (ast.Return, ast.Break)) for each in _inside(body))
    return doubt if leaves and scope is not reading.scope else None


def _idle(body: Sequence[ast.stmt]) -> bool:
    """Whether a block only prints or refuses."""
    quiet = (ast.Raise, ast.Pass, ast.Assert)
    for statement in body:
        call = statement.value if isinstance(statement, ast.Expr) else None
        prints = isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "print"
        if not isinstance(statement, quiet) and not prints:
            return False
    return True


def _weightless(body: Sequence[ast.stmt]) -> bool:
    """Whether a block only gives names new values, by functions of modules and methods of tensors."""
    for node in _inside(body):
        if isinstance(node, ast.stmt) and not isinstance(node, (ast.Assign, ast.AugAssign, ast.Pass)):
            return False
        if isinstance(node, ast.Call):
            owner = node.func.value if isinstance(node.func, ast.Attribute) else None
            if not isinstance(owner, ast.Name) or owner.id == "self":
                return False
    return True


def _inside(body: Sequence[ast.stmt]) -> Iterator[ast.AST]:
    """All nodes of a block but those of functions and classes in it."""
    waiting: list[ast.AST] = list(body)
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)


def set_in(body: Sequence[ast.stmt]) -> list[str]:
    """The names that a block sets, each once."""
    found = [node.id for node in _inside(body) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(found))


def _filled_in(body: Sequence[ast.stmt]) -> list[ast.expr]:
    """What a block adds to: the `model` of model.add(…)."""
    found: dict[str, ast.expr] = {}
    for node in _inside(body):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FILLS:
            target = node.func.value
            if isinstance(target, ast.Name) or (
                isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name)
            ):
                found.setdefault(ast.unparse(target), target)
    return list(found.values())
