"""A kind of layer as a framework has it: its signature, what builds it, and how a table of kinds is looked up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from typing import NamedTuple

from explain.code.arguments import Bound
from explain.code.parts import Arguments, NotReadError
from explain.errors import printable
from explain.layers.base import Framework, Layer
from explain.layers.simple import Pointwise

NAMES: dict[Framework, str] = {"keras": "Keras", "pytorch": "PyTorch"}


class Kind(NamedTuple):
    """A kind of layer.

    Args:
        signature: as the documentation of the framework prints it.
        build: from the bound arguments to the layer.
        arrives: the argument that says how many features or channels arrive; empty where none does.
    """

    signature: str
    build: Callable[[Bound], Layer]
    arrives: str = ""


def built(kinds: Mapping[str, Kind], arguments: Arguments, also: Collection[str], framework: Framework) -> Layer:
    """The layer that a call makes.

    Raises:
        NotReadError: a kind that is not read, an argument that is wrong or unknown.
    """
    kind = kinds.get(arguments.name)
    if kind is None:
        called = printable(arguments.name)[:40]
        near = get_close_matches(arguments.name, kinds, 1, 0.8)
        mend = f"did you mean {near[0]}?" if near else "its parameters and its output are not known here"
        raise NotReadError(f"{called} is no layer of {NAMES[framework]} that is read; {mend}")
    return kind.build(Bound(arguments, kind.signature, also))


def entrywise(word: str, _bound: Bound) -> Layer:
    """An activation, or what else changes neither shape nor counts, whatever its arguments."""
    return Pointwise(word)
