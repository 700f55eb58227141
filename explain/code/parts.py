"""What is read from model code: calls of layers in the order in which data passes, and what cannot be known."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word
from explain.layers.base import Framework, Layer, Size

LONGEST_NAME = 40
TAKEN = re.compile(r"[PMAF]|[PMABDF]_\w*|[CHWLTDdnrj][LDHW]?_?\d\w*")  # totals, and quantities of layers


class Unknown(NamedTuple):
    """A value that only running the code would give: the text that stands there, its line, why it is not known.

    `lacking` is the name whose value would make it known, if `--let` gave it; a `slip` is what the framework refuses.
    `symbol` is the name that stands for it in counts, where one and the same value is meant by that name everywhere.
    """

    text: str
    line: int
    why: str
    lacking: str = ""
    slip: bool = False
    symbol: str = ""


class OpenSize(Symbol):
    """A size that the code names and does not say: it stays a symbol in what is counted.

    Args:
        line: where it is needed first; `why` it is not known.
    """

    __slots__ = ("line", "why")

    def __init__(self, name: str, line: int = 0, why: str = "") -> None:
        latex = name if len(name) == 1 else r"\mathrm{" + name.replace("_", r"\_") + "}"
        super().__init__(name, (), Word(name, latex, key=name))
        self.line, self.why = line, why

    def __str__(self) -> str:
        return self.name


def carried(name: str) -> bool:
    """Whether a name may stand in formulas: what the answer itself has names for may not."""
    return len(name) <= LONGEST_NAME and name.isascii() and not name.startswith("_") and not TAKEN.fullmatch(name)


class NotReadError(ValueError):
    """What stands in the code cannot be read without running it, or is a slip; the message is the rule and the mend."""


class SlipError(NotReadError):
    """What the framework itself refuses: an argument that is not there, a size that is none."""


@dataclass(slots=True)
class Arguments:
    """The arguments of one call in the code, each a plain value (number, text, bool, None, tuple, list) or Unknown."""

    name: str  # of what is called, as in `Conv2D`
    positional: Sequence[Any]
    named: Mapping[str, Any]
    line: int


class Remark(NamedTuple):
    """Something to tell about a line of the code: a slip, or what was left out of the reading."""

    line: int
    text: str


class Arrival(NamedTuple):
    """An input of the model: its name, the shape of one sample as the code has it (None: nowhere said), the line."""

    name: str
    shape: tuple[int | Unknown, ...] | None
    line: int


@dataclass(slots=True)
class Call:
    """One use of a layer.

    Args:
        name: of the layer: its variable or attribute (`fc1`, `features.0`), else as the framework numbers it.
        written: the call as it stands in the code, on one line: `LSTM(30, return_sequences=True)`.
        line: where it is made.
        layer: its description; None where an argument is unknown or the kind of layer is not read.
        unknown: why there is no description.
        sources: where its input comes from: indices of calls, or -1 for the first input of the model, -2 for the
            second and so on. Several for a merging layer. Empty where the order of the calls is not known,
            where the forward pass never calls it, and where no data of an input reaches it (a table of positions).
        again: index of the first call of the same layer, whose weights these are too.
        arrives: the features (or channels) that the code says arrive, as PyTorch's `in_features`; perhaps a symbol.
        used: False where a PyTorch module keeps the layer but its forward pass never calls it: its parameters are
            counted, no data passes through it, and it has no sources.
        put: what the names among its arguments stand for, as in `a = 784, b = 256`.
        weightless: whether it is sure to have no parameters where there is no description: a function of tensors.
    """

    name: str
    written: str
    line: int
    layer: Layer | None
    unknown: Unknown | None = None
    sources: tuple[int, ...] = ()
    again: int | None = None
    arrives: Size | None = None
    used: bool = True
    weightless: bool = False
    put: str = ""


@dataclass(slots=True)
class Model:
    """A model as its code describes it.

    Args:
        name: of the variable or class.
        outputs: indices of the calls whose results the model gives.
        ordered: False where the order of the layers cannot be known: a module without a forward pass that can be read.
    """

    framework: Framework
    name: str
    inputs: list[Arrival]
    calls: list[Call]
    outputs: tuple[int, ...]
    remarks: list[Remark] = field(default_factory=list)
    ordered: bool = True
