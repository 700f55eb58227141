"""A topic is declared once: the annotated signature of its function and its docstring.

From them come the command and its options, the keys of an exam file, the Python signature and the listing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from explain.errors import InputError, shown

if TYPE_CHECKING:
    from explain.engine.answer import Answer
    from explain.interface import WorkedAnswer

REQUIRED = inspect.Parameter.empty


class Parameter:
    """One parameter of a topic: name, kind, default, help; `many` where it may be given several times."""

    __slots__ = ("choices", "default", "help", "kind", "many", "name")

    def __init__(self, name: str, annotation: Any, default: Any) -> None:
        kind, self.help = get_args(annotation)[:2]
        self.name = name
        self.default = default
        options = [part for part in get_args(kind) if part is not type(None)] if type(None) in get_args(kind) else []
        kind = options[0] if options else kind
        self.many = get_origin(kind) is tuple
        self.kind = get_args(kind)[0] if self.many else kind
        self.choices: tuple[str, ...] = get_args(self.kind) if get_origin(self.kind) is Literal else ()

    @property
    def offered(self) -> tuple[str, ...]:
        """The words that completion offers: all choices, or those that a kind knows beside its numbers."""
        return self.choices or getattr(self.kind, "WORDS", ())

    @property
    def positional(self) -> bool:
        """Whether the value follows the command without an option."""
        return getattr(self.kind, "POSITIONAL", False)

    @property
    def loose(self) -> bool:
        """Whether it holds all the names that the topic does not declare: the inputs of a formula."""
        return getattr(self.kind, "LOOSE", False)

    @property
    def required(self) -> bool:
        """Whether a value must be given."""
        return self.default is REQUIRED

    def read(self, raw: Any) -> Any:
        """The parsed value.

        Raises:
            InputError: names the parameter, the value, the rule and the mend.
        """
        if not self.many:
            return self._one(raw)
        single = isinstance(raw, str) or not isinstance(raw, Sequence)
        items = [raw] if single else list(raw)
        if not items:
            raise InputError(f"{{{self.name}}} is an empty list: give at least one")
        return tuple(self._one(item) for item in items)

    def _one(self, raw: Any) -> Any:
        if not self.choices:
            return self.kind.read(self.name, raw)
        if isinstance(raw, str | int) and str(raw) in self.choices:
            return str(raw)
        near = get_close_matches(str(raw).lower().replace("_", "-"), self.choices, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise InputError(f"{{{self.name}}} is {shown(raw)}: choose {', '.join(self.choices)}{hint}")


class Topic:
    """A kind of question that can be answered: call it with its parameters, by name."""

    def __init__(self, function: Callable[..., Answer]) -> None:
        self.function = function
        self.name = function.__name__.replace("_", "-")
        self.__name__ = function.__name__
        self.__doc__ = function.__doc__
        self.__signature__ = inspect.signature(function)
        doc = inspect.cleandoc(function.__doc__ or "").split("\n")
        self.title = doc[0].rstrip(".")
        self.field = paragraph(self.__doc__ or "", "Field")
        self.source = paragraph(self.__doc__ or "", "Source")
        self.examples = [line.strip() for line in doc if line.strip().startswith("explain ")]

    @cached_property
    def parameters(self) -> list[Parameter]:
        """What the topic can be given, in the order of its signature."""
        hints = get_type_hints(self.function, include_extras=True)
        signature = inspect.signature(self.function)
        return [Parameter(name, hints[name], item.default) for name, item in signature.parameters.items()]

    @cached_property
    def loose(self) -> Parameter | None:
        """The parameter that takes the names which are not declared, where there is one."""
        return next((parameter for parameter in self.parameters if parameter.loose), None)

    def __call__(self, *first: Any, find: str | Sequence[str] = (), **given: Any) -> WorkedAnswer:
        """The worked answer.

        Args:
            first: the value that follows the command without an option, for a topic that has one: a formula, a chain.
            find: names of the steps that are asked for; only what leads there is kept.
            given: the topic's parameters, as text, numbers, nested lists or NumPy arrays.

        Raises:
            InputError: a parameter is missing, unknown or unusable.
        """
        from explain.interface import WorkedAnswer

        answer = self.function(**self.read({**self._first(first), **given}))
        names = [find] if isinstance(find, str) else list(dict.fromkeys(find))
        return WorkedAnswer.of(answer.find(names) if names else answer)

    def read(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters parsed; what is left out keeps its default."""
        known = {parameter.name: parameter for parameter in self.parameters}
        given = self._gathered(given)
        for name in given:
            if name not in known:
                near = get_close_matches(name, known, 1)
                hint = f"did you mean {{{near[0]}}}?" if near else f"{self.name} takes {', '.join(known)}"
                raise InputError(f"{{{name}}} is not a parameter of {self.name}: {hint}")
        values: dict[str, Any] = {}
        for name, parameter in known.items():
            raw = given.get(name)
            if (raw is not None and (not parameter.many or isinstance(raw, str) or not _empty(raw))) or (
                raw is not None and not isinstance(raw, tuple)
            ):
                values[name] = parameter.read(raw)
            elif parameter.required:
                example = f"; for example: {self.examples[0]}" if self.examples else ""
                called = name.upper() if parameter.positional else f"{{{name}}}"
                raise InputError(f"{called} is missing: {parameter.help}{example}")
        return values

    def _first(self, values: Sequence[Any]) -> dict[str, Any]:
        """The value given without a name."""
        names = [parameter.name for parameter in self.parameters if parameter.positional]
        if len(values) > len(names):
            raise TypeError(
                f"{self.__name__}() takes {', '.join(names) or 'no value'} without a name, and all else by name"
            )
        return dict(zip(names, values, strict=False))

    def _gathered(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """What is given, the names that are not declared under the loose parameter."""
        declared = {parameter.name for parameter in self.parameters}
        others = {name: raw for name, raw in given.items() if name not in declared and raw is not None}
        if self.loose is None or not others:
            return given
        own = given.get(self.loose.name)
        joined = self.loose.kind.joined(own, others)
        return {**{name: given[name] for name in given if name in declared}, self.loose.name: joined}


def _empty(raw: Any) -> bool:
    return isinstance(raw, Sequence) and not len(raw)


def paragraph(doc: str, name: str) -> str:
    """A paragraph of a docstring that begins with a name and a colon.

    >>> paragraph("Adam. Source: Kingma and Ba 2015", "Source")
    'Kingma and Ba 2015'
    """
    return " ".join(doc.partition(f"{name}: ")[2].partition("\n\n")[0].split())


def topic(function: Callable[..., Answer]) -> Topic:
    """Declare a topic; its module needs no other registration."""
    return Topic(function)
