"""The state of one reading: the code, its remarks, how far it went, and what it has made."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

from explain.code.objects import Container, Functional, Made, Used
from explain.code.parts import Remark, Unknown, carried
from explain.code.program import Class, Instance, Model_, Scope
from explain.code.source import Source
from explain.errors import InputError, printable
from explain.layers.base import Flow, Framework

MOST_STEPS = 80_000  # half a second; DenseNet-121 takes 20 000
MOST_IDLE = 3_000  # steps of a loop that makes no layer
MOST_IN_ONE = 10_000  # of one statement at the top of the file that makes none
MOST_LAYERS = 12_000  # made, and used
MOST_SYMBOLS = 40  # names without a value, of which some are sizes
DEEPEST_CALL = 25  # functions that call each other
KERAS_CLASS = {
    "MaxPool": "MaxPooling", "AvgPool": "AveragePooling", "Convolution": "Conv", "GlobalMaxPool": "GlobalMaxPooling",
    "GlobalAvgPool": "GlobalAveragePooling",
}  # fmt: skip


class NotFollowedError(Exception):
    """A forward pass that goes on in a way that only running it would tell."""

    def __init__(self, unknown: Unknown) -> None:
        self.unknown = unknown
        super().__init__(unknown.why)


class TooLongError(Exception):
    """A statement that goes on without making a layer."""


class Reading:
    """What is known while code is read from its first line to its last.

    Args:
        framework: whose layers a bare name such as `LSTM` means.
        let: variables that the user supplies.
    """

    def __init__(self, source: Source, framework: Framework, let: Mapping[str, Any]) -> None:
        self.source, self.framework, self.let = source, framework, let
        self.scope = Scope({"__name__": "__main__"})
        self.asked: dict[str, Unknown] = {}  # names without a value
        self.symbols: dict[str, str] = {}  # names that stand for a size, and what tells that it is the same
        self.taken: set[str] = set()  # names of `let` that were of use
        self.remarks: dict[Remark, None] = dict.fromkeys(source.remarks)
        self.models: list[Model_] = []
        self.uncalled: list[Model_] = []  # made by functions that nothing calls
        self.classes: list[Class] = []
        self.loose: list[Made] = []  # layers by themselves, in no model
        self.steps = self.made = self.uses = self.calls = 0
        self.limit, self.made_before = MOST_STEPS, 0
        self.flows: dict[int, Flow | None] = {}  # what uses of layers give, where that was asked for
        self.too_long = 0  # line of a statement that was left
        self.forward = 0  # forward passes that are being read, one within the other
        self.counters: dict[str, int] = {}

    def step(self, node: ast.AST, count: int = 1) -> None:
        """Counts a step, or as much work as some steps.

        Raises:
            InputError: there are too many.
            TooLongError: there are too many for one statement that makes no layer.
        """
        self.steps += count
        if self.steps > self.limit and self.made == self.made_before:
            raise TooLongError
        if self.steps > MOST_STEPS:
            raise InputError(
                f"line {getattr(node, 'lineno', 0)}: after {MOST_STEPS} steps the code is not read to its end; "
                "shorten the loop, or give the model alone"
            )

    def begins(self) -> None:
        """A statement at the top of the file begins."""
        self.limit, self.made_before = self.steps + MOST_IN_ONE, self.made

    def unknown(self, node: ast.expr, why: str | Unknown) -> Unknown:
        """An expression that has no value here: why, or what it needs that has none."""
        if isinstance(why, Unknown):
            told = why.why if why.why.startswith("it needs ") else f"it needs {why.text}, and {why.why}"
            return Unknown(self.written(node), node.lineno, told, why.lacking)
        return Unknown(self.written(node), node.lineno, why)

    def written(self, node: ast.expr, most: int = 400) -> str:
        """An expression as the code has it, on one line."""
        text = printable(self.source.written(node))
        return text if len(text) <= most else text[: most - 2] + " …"

    def remark(self, line: int, text: str) -> None:
        """Tells something about a line, once."""
        self.remarks.setdefault(Remark(line, text))

    def use(self, made: Made, sources: list[Used], needs: list[Used] | None = None) -> Used:
        """A place in the graph."""
        self.uses += 1
        self.makes(made.line)
        reached = made.kind == "Input" or any(each.reached for each in sources)
        return Used(made, sources, needs or [], self.uses, reached)

    def open(self, found: Unknown, name: str) -> Unknown:
        """A value that is not known under the name by which the user can supply it."""
        found = found._replace(lacking=name, symbol=found.symbol or self._symbol(name, ""))
        self.asked.setdefault(name, found)
        return found

    def makes(self, line: int) -> None:
        """Counts a layer, or a use of one.

        Raises:
            InputError: there are too many.
        """
        self.made += 1
        self.steps += 8
        if self.made > MOST_LAYERS:
            raise InputError(f"line {line}: the code makes more than {MOST_LAYERS} layers: that many are not read")

    def supplied(self, name: str) -> Any:
        """A value that the user gave for a name that the code does not set; Unknown without one."""
        self.taken.add(name)
        return self.let[name]

    def lacking(self, name: str, line: int, why: str, written: str = "", key: str = "") -> Any:
        """The value of a name that the code does not set.

        Args:
            written: where more than the name stands there.
            key: the same wherever the same value is meant; without one the name is no symbol.
        """
        if name in self.let:
            return self.supplied(name)
        found = Unknown(written or name, line, why, name, symbol=self._symbol(name, key) if key else "")
        self.asked.setdefault(name, found)
        return found

    def _symbol(self, name: str, key: str) -> str:
        """The name as a symbol; not where it has already stood for another value."""
        first = name not in self.symbols
        known = self.symbols.setdefault(name, key)
        if not carried(name) or list(self.symbols).index(name) >= MOST_SYMBOLS:
            return ""
        return name if first or (key and known == key) else ""

    def knows(self, name: str) -> bool:
        """Whether a layer of the framework has this name."""
        from explain.code import keras_layers, torch_layers

        return name in (keras_layers.KINDS if self.framework == "keras" else torch_layers.KINDS)

    def number(self, kind: str) -> str:
        """The name that Keras gives a layer: its class in small letters, numbered from the second on.

        Source: keras.src.utils.naming, auto_name.
        """
        for short, long in KERAS_CLASS.items():
            if re.match(short + r"(\d|$)", kind) or re.match(short + r"\dDTranspose", kind):
                kind = long + kind[len(short) :]
        name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", kind)
        name = re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
        seen = self.counters.get(name, 0)
        self.counters[name] = seen + 1
        return f"{name}_{seen}" if seen else name

    def named(self, value: Any, name: str, scope: Scope) -> None:
        """A model or layer gets the name of its variable; that of the file wins over that of a function."""
        if isinstance(value, (Instance, Container, Functional)) and (scope is self.scope or not value.name):
            value.name = name
        elif isinstance(value, Made) and scope is self.scope:
            if not value.name:
                value.name = name
            if value not in self.loose:
                self.loose.append(value)
