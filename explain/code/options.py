"""Options of a command line as `argparse` declares them: their defaults are what a reader of the code takes."""

# ruff: noqa: ARG001 - the functions of a table have one interface
from __future__ import annotations

import ast
from dataclasses import dataclass, field
from typing import Any

from explain.code.parts import Unknown
from explain.code.program import Given, Method
from explain.code.reading import Reading

SWITCHES = {"store_true": False, "store_false": True}


@dataclass(slots=True, eq=False)
class Options:
    """A parser, and what it gives."""

    defaults: dict[str, tuple[Any, int]] = field(default_factory=dict)  # and the line

    def value(self, reading: Reading, name: str, node: ast.expr) -> Any:
        """`args.hidden`: the default, unless the user supplies another value."""
        if name in METHODS:
            return Method(self, name)
        if name in reading.let:
            return reading.supplied(name)
        if name not in self.defaults:
            return Unknown(reading.written(node), node.lineno, "no option of this name is declared")
        found, line = self.defaults[name]
        if found is None or isinstance(found, Unknown):
            return reading.lacking(name, line, "the option has no default", reading.written(node), "option")
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            reading.remark(line, f"{name} is taken to be its default, {found}; --let {name}=… gives another")
        return found


def parser(reading: Reading, given: Given) -> Options:
    """`argparse.ArgumentParser()`."""
    return Options()


def method(reading: Reading, of: Options, name: str, given: Given) -> Any:
    """`parser.add_argument("--hidden", type=int, default=128)`, `parser.parse_args()`."""
    if name in ("parse_args", "add_argument_group", "add_mutually_exclusive_group"):
        return of
    if name == "parse_known_args":
        return of, []
    if name == "add_argument":
        names = [each for each in given.positional if isinstance(each, str)]
        called = next((each for each in names if each.startswith("--")), names[0] if names else "")
        place = given.named.get("dest", called.lstrip("-").replace("-", "_"))
        action = given.named.get("action")
        default = given.named.get("default", SWITCHES.get(action) if isinstance(action, str) else None)
        if isinstance(place, str):
            of.defaults[place] = (default, given.line)
    return None


METHODS = {"add_argument", "parse_args", "parse_known_args", "add_argument_group", "add_mutually_exclusive_group",
           "print_help", "set_defaults", "error"}  # fmt: skip
