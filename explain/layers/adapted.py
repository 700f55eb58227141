"""Normalisation with a mean and a variance that are taken from the data once."""

from __future__ import annotations

from collections.abc import Sequence

from explain.layers.base import Flow, Framework, Stored, Tensor
from explain.layers.simple import Normalisation


class AdaptedNormalisation(Normalisation):
    """Each feature less its mean, over its deviation; nothing of it is trained.

    Source: Keras Normalization, which keeps the number of samples beside mean and variance.
    """

    __slots__ = ()

    def __init__(self, word: str) -> None:
        super().__init__(True, word, scale=False, shift=False)

    def tensors(self, arrived: Flow) -> Sequence[Tensor]:
        count = (self.features(arrived),)
        return [
            Tensor("mu", "mean of the data: one for each feature, not trained", count, trainable=False),
            Tensor("v", "variance of the data: one for each feature, not trained", count, trainable=False),
            Tensor("k", "number of samples that they come from, not trained", (1,), trainable=False),
        ]

    def stored(self, arrived: Flow, framework: Framework) -> Sequence[Stored]:
        count = (self.features(arrived),)
        return [Stored("mean", count, False), Stored("variance", count, False), Stored("count", (1,), False)]
