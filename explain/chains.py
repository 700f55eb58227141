"""A chain of layers as a parameter: `conv 32 3x3 same, relu, pool 2`, with commas or arrows between the layers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from explain.errors import InputError, amount, shown
from explain.layers.base import Layer
from explain.layers.vocabulary import Setting, layer
from explain.layers.words import WordError
from explain.parameters import PASTED

SEPARATOR = re.compile(r"\s*(?:[,;\n→]|=>|->|>)\s*")
MOST_LAYERS = 20_000
LONGEST = 1_000_000  # characters


class Chain:
    """The layers of a network, in order, as they were written."""

    __slots__ = ("items",)
    POSITIONAL: ClassVar[bool] = True  # it follows the command without an option

    def __init__(self, items: Sequence[str]) -> None:
        self.items = list(items)

    @classmethod
    def read(cls, name: str, raw: Any) -> Chain:  # noqa: ARG003 - every kind of parameter is read so
        """A chain from text, or from a list with one text a layer.

        >>> Chain.read("chain", "conv 8 3x3 -> relu, flatten").items
        ['conv 8 3x3', 'relu', 'flatten']
        """
        if isinstance(raw, Chain):
            return raw
        if not isinstance(raw, str) and isinstance(raw, Sequence):
            raw = ",".join(map(str, raw))
        text = str(raw).translate(PASTED).strip()
        if len(text) > LONGEST:
            raise InputError(f"the chain has {len(text)} characters: at most {LONGEST} are read")
        items = SEPARATOR.split(text)
        if len(items) > 1 and not items[-1]:
            items.pop()
        for at, item in enumerate(items, 1):
            if not item:
                where = (
                    f"layer {at} is empty: there is nothing between two separators"
                    if len(items) > 1
                    else ("the chain is empty: it has no layers")
                )
                raise InputError(f"{where}; write it like conv 32 3x3, relu, pool 2")
        if len(items) > MOST_LAYERS:
            raise InputError(f"the chain has {len(items)} layers: at most {MOST_LAYERS} are worked")
        return cls(items)

    def layers(self, setting: Setting) -> list[Layer]:
        """What the words build; equal words build one layer.

        Raises:
            InputError: names the layer, the word, the rule and the mend.
        """
        known: dict[str, Layer] = {}
        for at, item in enumerate(self.items, 1):
            if item in known:
                continue
            try:
                known[item] = layer(item, setting)
            except WordError as error:
                raise InputError(f"layer {at}, {shown(item, 60)}: " + shown(error, 200)) from error
        return [known[item] for item in self.items]

    def __str__(self) -> str:
        return amount(len(self.items), "layer")
