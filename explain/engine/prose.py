"""Sentences with symbols in them, so that each output can write the symbols its own way."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from explain.engine.nodes.base import Node, Style
from explain.engine.notation import Notation, Word
from explain.engine.shapes import Shape

Prose = tuple[str | Notation, ...]


class Telling(tuple[str | Notation, ...]):
    """A sentence about some kinds of steps: where none of them is asked for, it is not printed.

    Args:
        of: how their names begin: `M` for M, M_1 and M_known.
        again: words it for the names of the steps that are left, where it speaks of several kinds.
    """

    of: tuple[str, ...]
    again: Callable[[Collection[str]], Prose] | None

    def __new__(
        cls, text: Prose, of: Sequence[str], again: Callable[[Collection[str]], Prose] | None = None
    ) -> Telling:
        """The sentence, which is a tuple like any other."""
        made = super().__new__(cls, text)
        made.of, made.again = tuple(of), again
        return made


def speaks(of: Sequence[str], names: Collection[str]) -> bool:
    """Whether one of the names is of these kinds; of no kind in particular: always.

    >>> speaks(("M",), ["P_1", "M_known"]), speaks(("M",), ["P", "MSE_1"]), speaks((), ["P"])
    (True, False, True)
    """
    return not of or any(name.partition("_")[0] in of for name in names)


def left(text: Prose, names: Collection[str]) -> Prose:
    """A sentence as it stands beside these steps; empty where it speaks of none of them."""
    if not isinstance(text, Telling):
        return text
    if not speaks(text.of, names):
        return ()
    return text if text.again is None else text.again(names)


class Symbolic:
    """The style of a formula: every leaf by its symbol."""

    numbers = False
    entries = False

    def write(self, node: Node) -> Notation:
        """The node written with symbols."""
        return node.write(self)

    def indexed(self, index: str) -> Style:
        """Arrays by their entry, `ŷᵢ`."""
        return Indexed(index)


class Indexed(Symbolic):
    """The style of an index formula: every array by one entry of it."""

    entries = True

    def __init__(self, index: str) -> None:
        self.index = index

    def write(self, node: Node) -> Notation:
        """The node with its arrays as entries."""
        from explain.engine.names import word
        from explain.engine.nodes.base import Symbol

        if isinstance(node, Symbol) and any(size != 1 for size in node.shape):
            return word(node.name, index_for(self.index, node.shape))
        return node.write(self)


def index_for(index: str, shape: Shape) -> str:
    """The part of an index that an array of this shape needs: a column needs no second letter."""
    if len(index) != len(shape):
        return index
    return "".join(mark for mark, size in zip(index, shape, strict=True) if size != 1)


SYMBOLIC = Symbolic()


def keep_symbols(style: Style) -> None:
    """Tell a style that puts numbers in that a part is written with symbols nevertheless."""
    keep: Callable[[], None] | None = getattr(style, "keep_symbols", None)
    if keep is not None:
        keep()


class Quoted(Notation):
    """One number of a quantity in a sentence: the page puts in what it shows of it."""

    __slots__ = ("index", "name")

    def __init__(self, name: str, index: tuple[int, ...]) -> None:
        self.name = name
        self.index = index


def say(template: str, **parts: Node | Notation | str | int) -> Prose:
    """A sentence: `say("chain rule: {L} depends on {W} only through {z}", L=loss, W=weights, z=z)`."""
    said: list[str | Notation] = []
    pieces = template.split("{")
    said.append(pieces[0])
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}")
        part = parts[name]
        if isinstance(part, Node):
            said.append(part.write(SYMBOLIC))
        elif isinstance(part, Notation):
            said.append(part)
        else:
            said.append(str(part))
        said.append(rest)
    return tuple(piece for piece in said if piece != "")


def code(text: str) -> Word:
    """A word to be set as typed, such as an option."""
    return Word(text, rf"\texttt{{{text}}}")
