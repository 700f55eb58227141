"""The description of a layer, which counting, shapes, forward and backward share.

A size is a whole number or an expression with symbols: the same description counts a network of thousands of layers
in plain numbers and writes `4 n (n + m + 1)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import ClassVar, Literal, NamedTuple

from explain.engine.nodes.arithmetic import Times
from explain.engine.nodes.base import Node, Symbol
from explain.engine.nodes.sizes import CeilingQuotient, FloorQuotient, Quotient

Size = int | Node
Framework = Literal["keras", "pytorch"]
Kind = Literal["vector", "sequence", "maps"]


class Tensor(NamedTuple):
    """One tensor of a layer, as formulas have it: `copies` of the shape, one for each gate or direction."""

    name: str
    meaning: str
    shape: tuple[Size, ...]
    copies: Size = 1
    trainable: bool = True

    @property
    def entries(self) -> Size:
        """How many numbers it holds."""
        return times(self.copies, multiplied(self.shape))


class Stored(NamedTuple):
    """An array as a framework keeps it: its name there and its shape."""

    name: str
    shape: tuple[Size, ...]
    trainable: bool = True


class Flow(NamedTuple):
    """The shape between two layers, without the batch.

    A `vector` is (n,), a `sequence` (time, features), `maps` are (channels, sizes…) whatever the layout in memory.
    """

    sizes: tuple[Size, ...]
    kind: Kind

    @property
    def entries(self) -> Size:
        """How many numbers pass."""
        return multiplied(self.sizes)


class MisfitError(ValueError):
    """What arrived does not fit a layer; the message is the rule and the mend, with `{arrived}` for the shape."""


class Layer:
    """A kind of layer with its settings. `word` is how it is written in a chain."""

    __slots__ = ("word",)
    word: str
    pointwise: ClassVar[bool] = False  # whether it works entry by entry, so that neither shape nor reach changes
    reads: ClassVar[Kind | None] = None  # what it takes the axes of its input for
    by_row: ClassVar[bool] = False  # whether it works on the last axis of what is in memory
    several: ClassVar[bool] = False  # whether it takes several flows; `among` then tells it which

    @property
    def suggests(self) -> Kind | None:
        """What an input of two sizes is taken for where this is the first layer that cares."""
        return self.reads

    def output(self, arrived: Flow) -> Flow:
        """The shape it gives.

        Raises:
            MisfitError: the shape that arrived does not fit.
        """
        return arrived

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        """Its tensors, as formulas have them."""
        return ()

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        """Its arrays as a framework keeps them."""
        return ()

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        """Multiplications, each with its addition, for one sample."""
        return 0

    def among(self, flows: Sequence[Flow]) -> Layer:
        """The same layer, with all that arrives, where it takes several flows."""
        return self

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        """What one output sees along each axis; None where it sees everything, nothing where that is not worked."""
        return [Window(1, 1)] * max(1, len(arrived.sizes) - 1)


def entering(layer: Layer, arrived: Flow, channels_last: bool = False) -> Flow:
    """What arrived as the layer reads it: the features of a sequence are the channels of a convolution, and back."""
    sizes = arrived.sizes
    rows = layer.reads == "sequence" or (layer.by_row and channels_last)
    if layer.reads == "maps" and arrived.kind == "sequence":
        return Flow((sizes[1], sizes[0]), "maps")
    if rows and arrived.kind == "maps" and len(sizes) == 2:
        return Flow((sizes[1], sizes[0]), "sequence")
    return arrived


class Window(NamedTuple):
    """How far a layer looks along an axis: the places its window covers, and its step."""

    covers: Size
    step: Size


def counted(tensors: Sequence[Tensor | Stored]) -> Size:
    """The numbers in some tensors together; what they have several copies of is counted once and multiplied."""
    terms: list[tuple[Size, Size]] = []  # copies, entries of one
    for tensor in tensors:
        copies = tensor.copies if isinstance(tensor, Tensor) else 1
        entries = multiplied(tensor.shape)
        if terms and _same(terms[-1][0], copies):
            terms[-1] = (copies, terms[-1][1] + entries)
        else:
            terms.append((copies, entries))
    total: Size = 0
    for copies, entries in terms:
        term = times(copies, entries)
        total = term if isinstance(total, int) and total == 0 else total + term
    return total


def multiplied(sizes: Sequence[Size]) -> Size:
    """The product of sizes, in their order; a symbol that stands twice gets a power.

    >>> multiplied((2, 3, 4))
    24
    """
    if all(isinstance(size, int) for size in sizes):
        return prod(size for size in sizes if isinstance(size, int))
    powers: list[tuple[Node, int]] = []
    for size in map(as_node, sizes):
        if powers and _same(powers[-1][0], size) and isinstance(size, Symbol):
            powers[-1] = (size, powers[-1][1] + 1)
        else:
            powers.append((size, 1))
    total: Size = 1
    for size, power in powers:
        total = times(total, size if power == 1 else size**power)
    return total


def times(first: Size, second: Size) -> Size:
    """A product; factors of 1 are not written."""
    if isinstance(first, int) and first == 1:
        return second
    if isinstance(first, Node) and isinstance(second, Node):
        return Times(*_factors(first), *_factors(second))  # factors of 1 stand where a size is 1
    return first * second


def _factors(size: Node) -> Sequence[Node]:
    return size.operands if isinstance(size, Times) else (size,)


def divided(size: Size, by: Size) -> Size:
    """A quotient that is known to be whole."""
    if isinstance(size, int) and isinstance(by, int):
        return size // by
    return size if isinstance(by, int) and by == 1 else Quotient(as_node(size), as_node(by))


def rounded_down(size: Size, by: Size) -> Size:
    """A quotient rounded down; nothing is divided by 1."""
    if isinstance(by, int) and by == 1:
        return size
    return size // by if isinstance(size, int) and isinstance(by, int) else FloorQuotient(as_node(size), as_node(by))


def rounded_up(size: Size, by: Size) -> Size:
    """A quotient rounded up."""
    if isinstance(by, int) and by == 1:
        return size
    return (
        -(-size // by) if isinstance(size, int) and isinstance(by, int) else CeilingQuotient(as_node(size), as_node(by))
    )


def whole_number(size: Size | str) -> int:
    """A size that has no symbols."""
    assert isinstance(size, int)
    return size


def as_node(size: Size) -> Node:
    """A size as an expression."""
    from explain.engine.nodes.base import node

    return node(size)


def written(sizes: Sequence[Size]) -> str:
    """Known sizes for a sentence: `64×6×6`."""
    return "×".join(map(str, sizes))


def alike(first: Size, second: Size) -> bool:
    """Whether two sizes may be the same: only two numbers are known to differ."""
    return not (isinstance(first, int) and isinstance(second, int)) or first == second


def _same(first: Size, second: Size) -> bool:
    if first is second:
        return True
    if isinstance(first, Symbol) and isinstance(second, Symbol):
        return first.name == second.name
    return isinstance(first, int) and isinstance(second, int) and first == second
