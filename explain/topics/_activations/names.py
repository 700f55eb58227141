"""The names of activation functions as a parameter: `relu,sigmoid`, or `all`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, ClassVar

from explain.engine.activations import ACTIVATIONS, IDENTITY
from explain.engine.nodes.functions import ScalarFunction
from explain.engine.primitives import EXP
from explain.errors import InputError, shown

KNOWN: dict[str, ScalarFunction] = {**ACTIVATIONS, "exponential": EXP, "identity": IDENTITY}
OTHER_NAMES = {
    "swish": "silu", "logistic": "sigmoid", "exp": "exponential", "linear": "identity", "hardsilu": "hard-swish",
    "gelutanh": "gelu-tanh", "gelunew": "gelu-tanh", "lrelu": "leaky-relu",
}  # fmt: skip
PLAIN = {name.replace("-", ""): name for name in KNOWN} | OTHER_NAMES
LONGEST = 400  # characters


class Functions:
    """One or more activation functions, each once, in the order asked for."""

    __slots__ = ("names",)
    POSITIONAL: ClassVar[bool] = True  # they follow the command without an option
    WORDS: ClassVar[Sequence[str]] = tuple(KNOWN)

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)

    @classmethod
    def read(cls, name: str, raw: Any) -> Functions:
        """Names from text, with commas or spaces between them, or from a list of names.

        >>> Functions.read("function", "ReLU, leaky_relu swish").names
        ['relu', 'leaky-relu', 'silu']
        """
        if isinstance(raw, Functions):
            return raw
        if not isinstance(raw, str) and isinstance(raw, Sequence):
            raw = ",".join(map(str, raw))
        text = str(raw).strip()
        words = [word for word in re.split(r"[\s,;]+", text[: LONGEST + 1]) if word]
        if not words or len(text) > LONGEST:
            told = f"has {len(text)} characters" if words else f"is {shown(text) or 'empty'}"
            raise InputError(f"{name.upper()} {told}: name activation functions such as relu,sigmoid, or all")
        if words == ["all"]:
            return cls(tuple(KNOWN))
        return cls(list(dict.fromkeys(_known(name, word) for word in words)))


def _known(name: str, word: str) -> str:
    """The name of a function from what was typed for it."""
    plain = re.sub(r"[-_]", "", word.lower())
    if plain in PLAIN:
        return PLAIN[plain]
    near = get_close_matches(plain, PLAIN, 1)
    hint = f"did you mean {PLAIN[near[0]]}?" if near else f"choose {', '.join(KNOWN)} or all"
    raise InputError(f"{name.upper()} has {shown(word)}, which is no activation function here: {hint}")
