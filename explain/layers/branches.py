"""Skip connections in a chain: what arrives at `skip` is kept, and `add` adds it to what arrives there.

Source: He, Zhang, Ren and Sun 2016, Deep Residual Learning for Image Recognition, eqs. 1 and 2.
"""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Framework, Layer, MisfitError, Size, Stored, Tensor, written
from explain.layers.convolution import Convolution
from explain.layers.simple import Pointwise


class Skip(Pointwise):
    """Keeps what arrives for the next `add`, and passes it on."""

    __slots__ = ()


class Add(Layer):
    """Adds what the last `skip` has kept, brought to the same shape by a projection where there is one.

    Args:
        projection: a convolution on the skip; None: what was kept is added as it is.
        around: the shape that was kept; `at` tells it.
    """

    __slots__ = ("around", "projection")

    def __init__(self, projection: Convolution | None, word: str, around: Flow | None = None) -> None:
        self.projection, self.word, self.around = projection, word, around

    def at(self, around: Flow) -> Add:
        """The same, with what has come around the layers between."""
        return Add(self.projection, self.word, around)

    @property
    def kept(self) -> Flow:
        """What the skip has kept."""
        assert self.around is not None, "at() comes first"
        return self.around

    def output(self, arrived: Flow) -> Flow:
        """The shape that arrived.

        Raises:
            MisfitError: what comes around has another one.
        """
        added = self.kept if self.projection is None else self.projection.output(self.kept)
        if added == arrived or any(not isinstance(size, int) for size in arrived.sizes):
            return arrived
        how = "" if self.projection is None else ", projected"
        raise MisfitError(
            f"{{arrived}} arrived, but the skip brings {written(added.sizes)}{how}: both must have the same shape"
            + ("; project it, as in add 16 1x1 stride 2" if self.projection is None and added.kind == "maps" else "")
        )

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        return () if self.projection is None else self.projection.tensors(self.kept)

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        return () if self.projection is None else self.projection.stored(self.kept, framework)

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        return 0 if self.projection is None else self.projection.multiply_adds(self.kept, given)


def joined(layers: Sequence[Layer]) -> str:
    """What is wrong with the skips and adds of a chain; empty where each skip has its add."""
    open_ = 0
    for at, layer in enumerate(layers, 1):
        open_ += isinstance(layer, Skip)
        if isinstance(layer, Add):
            open_ -= 1
            if open_ < 0:
                return f"layer {at}, {layer.word}: nothing was kept; put skip where the way divides"
    return "a skip has no add after it: put add where the two ways meet" if open_ else ""
