"""Layers of matrices and vectors: dense, embedding, normalisation, and those without parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from explain.layers.base import (
    Flow,
    Framework,
    Kind,
    Layer,
    MisfitError,
    Size,
    Stored,
    Tensor,
    Window,
    divided,
    multiplied,
)


class Dense(Layer):
    """Every output is a weighted sum of all inputs; on a sequence, of the inputs of its own time step.

    Args:
        on: what it works on where maps arrive: nothing (they must be flattened first), at every place the channels
            (as in Keras), or the last axis (as in PyTorch).

    Source: Goodfellow et al. 2016, section 6.1; PyTorch torch.nn.Linear, Keras Dense.
    """

    __slots__ = ("bias", "on", "units")
    by_row = True

    def __init__(
        self, units: Size, bias: bool = True, word: str = "", on: Literal["", "channels", "last"] = ""
    ) -> None:
        self.units, self.bias, self.word, self.on = units, bias, word, on

    def features(self, arrived: Flow) -> Size:
        """How many inputs a unit has."""
        return arrived.sizes[0] if arrived.kind == "maps" and self.on == "channels" else arrived.sizes[-1]

    def output(self, arrived: Flow) -> Flow:
        if arrived.kind == "maps":
            if not self.on:
                raise MisfitError("{arrived} arrived, but a dense layer takes one row of numbers; flatten first")
            if self.on == "channels":
                return Flow((self.units, *arrived.sizes[1:]), "maps")
            return Flow((*arrived.sizes[:-1], self.units), "maps")
        return Flow((*arrived.sizes[:-1], self.units), "sequence" if len(arrived.sizes) > 1 else "vector")

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        sizes = (self.units, self.features(arrived))
        weights = Tensor("W", "weights: a row for each unit, an entry for each input", sizes)
        return [weights, *([Tensor("b", "bias: one for each unit", (self.units,))] if self.bias else [])]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        n, m = self.units, self.features(arrived)
        kernel = Stored("kernel", (m, n)) if framework == "keras" else Stored("weight", (n, m))
        return [kernel, *([Stored("bias", (n,))] if self.bias else [])]

    def multiply_adds(self, arrived: Flow, given: Flow) -> Size:
        return multiplied((*given.sizes, self.features(arrived)))

    def windows(self, arrived: Flow) -> Sequence[Window] | None:
        return None if len(arrived.sizes) == 1 else super().windows(arrived)


class Embedding(Layer):
    """A table with one row of numbers for each token.

    Source: Goodfellow et al. 2016, section 12.4.2; PyTorch torch.nn.Embedding, Keras Embedding.
    """

    __slots__ = ("vocabulary", "width")

    def __init__(self, vocabulary: Size, width: Size, word: str = "") -> None:
        self.vocabulary, self.width, self.word = vocabulary, width, word

    def output(self, arrived: Flow) -> Flow:
        if len(arrived.sizes) != 1:
            raise MisfitError("{arrived} arrived, but an embedding takes one row of token numbers, such as 200")
        return Flow((*arrived.sizes, self.width), "sequence")

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        return [Tensor("E", "table: a row for each token of the vocabulary", (self.vocabulary, self.width))]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        return [Stored("embeddings" if framework == "keras" else "weight", (self.vocabulary, self.width))]


Statistics = Literal["batch", "layer", "group", "instance"]


class Normalisation(Layer):
    """Batch normalisation (statistics over the batch, kept for inference) or one with the statistics of each sample.

    Args:
        batch: batch normalisation; else layer normalisation, unless `kind` says group or instance.
        scale, shift: whether gamma and beta are learned.
        kept: whether running averages are kept; batch normalisation keeps them unless told otherwise.
        shape: the sizes that layer normalisation is told to work over, as PyTorch's normalized_shape.
        places: whether layer normalisation takes maps too, each place by itself over its channels, as in Keras.

    Source: Ioffe and Szegedy 2015, algorithms 1 and 2; Ba, Kiros and Hinton 2016, eqs. 3 and 4; Ulyanov, Vedaldi and
    Lempitsky 2016, eq. 4 (instance); Wu and He 2018, eqs. 1-7 (groups).
    """

    __slots__ = ("batch", "groups", "kept", "kind", "places", "scale", "shape", "shift")
    by_row = True

    def __init__(
        self,
        batch: bool,
        word: str = "",
        *,
        kind: Statistics | None = None,
        scale: bool = True,
        shift: bool = True,
        kept: bool | None = None,
        groups: int = 1,
        shape: Sequence[Size] | None = None,
        places: bool = False,
    ) -> None:
        self.places = places
        self.batch, self.word, self.scale, self.shift, self.groups = batch, word, scale, shift, groups
        self.kind: Statistics = kind or ("batch" if batch else "layer")
        self.kept = batch if kept is None else kept
        self.shape = None if shape is None else tuple(shape)

    @property
    def suggests(self) -> Kind | None:
        return None if self.kind == "layer" else "maps"

    def output(self, arrived: Flow) -> Flow:
        if self.kind == "layer" and arrived.kind == "maps" and self.shape is None and not self.places:
            raise MisfitError(
                "{arrived} arrived, but layernorm works on the features of vectors and sequences; "
                "take batchnorm for maps, or flatten first"
            )
        channels = self.features(arrived)
        if self.kind == "group" and isinstance(channels, int) and channels % self.groups:
            raise MisfitError(f"{self.groups} groups do not divide the {channels} channels that arrived")
        return arrived

    def features(self, arrived: Flow) -> Size:
        """How many numbers get a scale and a shift of their own."""
        if self.shape is not None:
            return multiplied(self.shape)
        return arrived.sizes[0] if arrived.kind == "maps" else arrived.sizes[-1]

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        count = (self.features(arrived),)
        what = "feature" if self.kind == "layer" else "channel"
        inference = "kept for inference, not trained"
        found = [Tensor("gamma", f"scale: one for each {what}", count)] * self.scale
        found += [Tensor("beta", f"shift: one for each {what}", count)] * self.shift
        if self.kept:
            found.append(Tensor("mu", f"running mean, {inference}", count, trainable=False))
            found.append(Tensor("v", f"running variance, {inference}", count, trainable=False))
        return found

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        names = ("gamma", "beta", "moving_mean", "moving_variance")
        if framework == "pytorch":
            names = ("weight", "bias", "running_mean", "running_var")
        there = (self.scale, self.shift, self.kept, self.kept)
        sizes = self.shape if self.shape is not None else (self.features(arrived),)
        return [Stored(name, sizes, at < 2) for at, name in enumerate(names) if there[at]]


class Pointwise(Layer):
    """An activation or dropout: entry by entry, without parameters."""

    __slots__ = ()
    pointwise = True

    def __init__(self, word: str) -> None:
        self.word = word


class Slopes(Pointwise):
    """An activation with slopes that are learned.

    Args:
        count: how many; None: one for each entry of a sample.

    Source: He et al. 2015, Delving Deep into Rectifiers, eq. 1; PyTorch torch.nn.PReLU, Keras PReLU.
    """

    __slots__ = ("count",)

    def __init__(self, count: Size | None, word: str) -> None:
        self.count, self.word = count, word

    def output(self, arrived: Flow) -> Flow:
        first = arrived.sizes[0]
        if isinstance(self.count, int) and isinstance(first, int) and self.count not in (1, first):
            raise MisfitError(
                f"{{arrived}} arrived: it has {self.count} slopes, but {first} channels need as many, or 1"
            )
        return arrived

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        return [Tensor("alpha", "slopes for negative numbers", self._sizes(arrived))]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        return [Stored("alpha" if framework == "keras" else "weight", self._sizes(arrived))]

    def _sizes(self, arrived: Flow) -> tuple[Size, ...]:
        return arrived.sizes if self.count is None else (self.count,)


class Flatten(Layer):
    """All numbers in one row."""

    __slots__ = ()

    def __init__(self, word: str = "flatten") -> None:
        self.word = word

    def output(self, arrived: Flow) -> Flow:
        return Flow((multiplied(arrived.sizes),), "vector")


class MultiHead(Layer):
    """Multi-head attention: query, key and value projections for all heads, and the output projection.

    Args:
        width: of what enters and leaves, d_model.
        keys, values: columns of all heads together; d_model each, unless a head has a width of its own.

    Source: Vaswani et al. 2017, section 3.2.2; Keras MultiHeadAttention, PyTorch torch.nn.MultiheadAttention.
    """

    __slots__ = ("bias", "heads", "keys", "values", "width")

    def __init__(self, width: Size, heads: Size, keys: Size, values: Size, bias: bool = True, word: str = "") -> None:
        self.width, self.heads, self.keys, self.values, self.bias, self.word = width, heads, keys, values, bias, word

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        found = []
        for name, what, columns in (("Q", "query", self.keys), ("K", "key", self.keys), ("V", "value", self.values)):
            found.append(Tensor(f"W_{name}", f"{what} weights of all heads", (self.width, columns)))
            if self.bias:
                found.append(Tensor(f"b_{name}", f"{what} bias", (columns,)))
        found.append(Tensor("W_O", "output weights", (self.values, self.width)))
        return [*found, *([Tensor("b_O", "output bias", (self.width,))] if self.bias else [])]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        d, h = self.width, self.heads
        if framework == "pytorch":  # W_Q, W_K and W_V over each other; a head has d/h columns there
            arrays = [Stored("in_proj_weight", (3 * d, d)), Stored("in_proj_bias", (3 * d,))]
            arrays += [Stored("out_proj.weight", (d, d)), Stored("out_proj.bias", (d,))]
            return arrays if self.bias else arrays[::2]
        kept = []
        for name, columns in (("query", self.keys), ("key", self.keys), ("value", self.values)):
            kept.append(Stored(f"{name}/kernel", (d, h, divided(columns, h))))
            kept += [Stored(f"{name}/bias", (h, divided(columns, h)))] if self.bias else []
        kept.append(Stored("attention_output/kernel", (h, divided(self.values, h), d)))
        return [*kept, *([Stored("attention_output/bias", (d,))] if self.bias else [])]
