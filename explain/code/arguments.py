"""The arguments of a call, put to the names of a signature as the framework documents it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from difflib import get_close_matches
from typing import Any

from explain.code.parts import Arguments, NotReadError, OpenSize, SlipError, Unknown
from explain.code.signatures import ANYTHING, REQUIRED, signature
from explain.errors import printable
from explain.layers.base import Layer, Size
from explain.layers.words import LARGEST

MOST, DEEPEST = 64, 5  # entries of a list of sizes, and lists in each other


class Bound:
    """Arguments by name. Values are looked at when a layer asks for them: an initializer may well be unknown.

    Args:
        arguments: the call.
        text: the signature.
        also: names that every layer of the framework takes, such as `name`; nobody reads them here.

    Raises:
        NotReadError: an argument that the layer does not have, one given twice, or too many.
    """

    def __init__(self, arguments: Arguments, text: str, also: Collection[str] = ()) -> None:
        self.called, self.line = arguments.name, arguments.line
        self.rest = list(arguments.positional)
        if text == ANYTHING:
            return
        parameters = signature(text)
        places = [each.name for each in parameters if not each.named_only]
        if len(arguments.positional) > len(places):
            raise SlipError(
                f"{self.called} has {len(arguments.positional)} arguments without a name, but takes {len(places)}"
                + (f": {', '.join(places[:6])}" if places else ": leave them out")
            )
        self._defaults = {each.name: each.default for each in parameters}
        self._given = dict(zip(places, arguments.positional, strict=False))
        for name, value in arguments.named.items():
            if name in self._given:
                raise SlipError(f"{self.called} is given {name} twice: by its place and by its name; give it once")
            if name not in self._defaults and name not in also:
                near = get_close_matches(name, self._defaults, 1)
                raise SlipError(
                    f"{self.called} has no argument {printable(name)[:40]}"
                    + (f"; did you mean {near[0]}?" if near else f"; it has {', '.join(list(self._defaults)[:8])}")
                )
            self._given[name] = value

    def has(self, name: str) -> bool:
        """Whether the signature has it."""
        return name in self._defaults

    def given(self, name: str) -> bool:
        """Whether it stands in the code."""
        return name in self._given

    def raw(self, name: str) -> Any:
        """What is given, or the default; it may be Unknown.

        Raises:
            NotReadError: it is missing and has no default.
        """
        value = self._given.get(name, self._defaults[name])
        if value is REQUIRED:
            raise SlipError(f"{self.called} needs {name}: write {self.called}({name}=…)")
        return value

    def value(self, name: str) -> Any:
        """What is given, or the default.

        Raises:
            NotReadError: it is missing or cannot be known.
        """
        return self.known(name, self.raw(name))

    def known(self, name: str, value: Any) -> Any:
        """A value, which only what is not known cannot be."""
        if isinstance(value, (tuple, list)) and len(value) > MOST:
            raise NotReadError(f"{self.called} has {name} with {len(value)} entries: at most {MOST} are read")
        unknown = first_unknown(value)
        if unknown is not None:
            raise NotReadError(self._not_known(name, unknown))
        return value

    def _not_known(self, name: str, unknown: Unknown) -> str:
        text = printable(unknown.text)[:60]
        mend = f"give --let {text}=…" if text.isidentifier() else "write the value in its place"
        at = f" in line {unknown.line}" if unknown.line != self.line else ""
        return f"{self.called} has {name} = {text}{at}: {unknown.why or 'only running the code gives it'}; {mend}"

    def flag(self, name: str) -> bool:
        """A yes or no."""
        return bool(self.value(name))

    def size(self, name: str, least: int = 1) -> int:
        """A whole number."""
        return self.whole(name, self.value(name), least)

    def extent(self, name: str) -> Size:
        """A whole number; where the code has a name without a value, that name as a symbol."""
        return self.as_extent(name, self.raw(name))

    def as_extent(self, name: str, value: Any) -> Size:
        """A value as a whole number from 1, or as a symbol."""
        if isinstance(value, Unknown) and value.symbol:
            return OpenSize(value.symbol, value.line, value.why)
        return self.whole(name, self.known(name, value), 1)

    def whole(self, name: str, value: Any, least: int) -> int:
        """A value as a whole number from the least."""
        rule = f"it must be a whole number from {least}"
        if isinstance(value, float) and value.is_integer() and least <= value <= LARGEST:
            raise SlipError(
                f"{self.called} has {name} = {value}: {rule}; write {int(value)}, and // in place of / in a division"
            )
        if isinstance(value, bool) or not isinstance(value, int):
            raise SlipError(f"{self.called} has {name} = {short(value)}: {rule}")
        if not least <= value <= LARGEST:
            up = f"{rule} to {LARGEST}" if value > LARGEST else rule
            raise SlipError(f"{self.called} has {name} = {short(value)}: {up}")
        return value

    def sizes(self, name: str, axes: int, least: int = 1) -> list[int]:
        """A whole number for each axis; one number stands for all."""
        value = self.value(name)
        if not isinstance(value, (tuple, list)):
            return [self.whole(name, value, least)] * axes
        if len(value) == 1 and axes == 1:
            return [self.whole(name, value[0], least)]
        if len(value) != axes:
            raise SlipError(
                f"{self.called} has {name} = {short(value)}: it needs one number"
                + (f", or {axes}, one for each axis" if axes > 1 else "")
            )
        return [self.whole(name, each, least) for each in value]

    def pairs(self, name: str, axes: int) -> list[tuple[int, int]]:
        """What is put before and after, for each axis: Keras' `1`, `(1, 2)` or `((1, 1), (2, 2))`."""
        value = self.value(name)
        if axes == 1 and isinstance(value, (tuple, list)) and len(value) == 2:
            return [(self.whole(name, value[0], 0), self.whole(name, value[1], 0))]
        if not isinstance(value, (tuple, list)) or not any(isinstance(each, (tuple, list)) for each in value):
            return [(size, size) for size in self.sizes(name, axes, 0)]
        if len(value) != axes or any(not isinstance(each, (tuple, list)) or len(each) != 2 for each in value):
            raise SlipError(
                f"{self.called} has {name} = {short(value)}: it needs one number, one for each of its {axes} axes, "
                "or a pair for each"
            )
        return [(self.whole(name, first, 0), self.whole(name, last, 0)) for first, last in value]

    def one_of(self, name: str, allowed: Sequence[str]) -> str:
        """A word out of some, in small letters."""
        value = self.value(name)
        if not isinstance(value, str) or value.lower() not in allowed:
            raise SlipError(f"{self.called} has {name} = {short(value)}: it is one of {', '.join(allowed)}")
        return value.lower()

    def only(self, name: str, allowed: Collection[Any], why: str) -> None:
        """Refuses a setting that is not worked here."""
        value = self.value(name)
        if value not in allowed:
            raise NotReadError(f"{self.called} has {name} = {short(value)}: {why}")


def first_unknown(value: Any, deep: int = 0) -> Unknown | None:
    """What is not known in a value; None where all of it is."""
    if isinstance(value, Unknown):
        return value
    parts = value if isinstance(value, (tuple, list)) and deep < DEEPEST else ()
    return next((found for found in (first_unknown(part, deep + 1) for part in parts) if found is not None), None)


def short(value: Any, deep: int = 0) -> str:
    """A value for a message; a whole number of thousands of digits cannot be written."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 10**40:
        return f"a number of about {int(value.bit_length() * 0.30103)} digits"
    if isinstance(value, (tuple, list)):
        if deep >= DEEPEST:
            return "(…)"
        return f"({', '.join(short(each, deep + 1) for each in value[:6])}{', …' if len(value) > 6 else ''})"
    if isinstance(value, Layer):
        return f"a layer, {value.word}"
    text = printable(repr(value) if isinstance(value, str) else str(value))
    return text if len(text) <= 40 else text[:36] + "…"
