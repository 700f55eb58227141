"""The optimisers by name, each with the settings of PyTorch, for a page that puts some of them side by side."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches
from typing import Any, ClassVar, NamedTuple

from explain.errors import InputError, shown
from explain.parameters import Scalar
from explain.topics._optimizers.course import Rule
from explain.topics.adadelta import Adadelta
from explain.topics.adagrad import Adagrad
from explain.topics.adam import Adam
from explain.topics.adamax import Adamax
from explain.topics.adamw import AdamW
from explain.topics.rmsprop import RMSprop
from explain.topics.sgd import Sgd


class Known(NamedTuple):
    """How an optimiser is called, its usual rate and weight decay, and how its rule is made."""

    label: str
    rate: str
    make: Callable[[], Rule]
    decay: str = ""


def _momentum(nesterov: bool) -> Callable[[], Rule]:
    return lambda: Sgd(Scalar((), ("0.9",)), "rate-outside", nesterov, None)


KNOWN = {
    "sgd": Known("SGD", "0.001", lambda: Sgd(None, "rate-outside", False, None)),
    "momentum": Known("Momentum", "0.001", _momentum(False)),
    "nesterov": Known("Nesterov", "0.001", _momentum(True)),
    "adagrad": Known("Adagrad", "0.01", lambda: Adagrad(None, None, None)),
    "rmsprop": Known("RMSprop", "0.01", lambda: RMSprop(None, None, None, False)),
    "adadelta": Known("Adadelta", "1", lambda: Adadelta(None, None)),
    "adam": Known("Adam", "0.001", lambda: Adam(None, None, None)),
    "adamw": Known("AdamW", "0.001", lambda: AdamW(None, None, None), "0.01"),
    "adamax": Known("Adamax", "0.002", lambda: Adamax(None, None, None)),
}
MOST = 3
LONGEST = 200  # characters


class Optimizers:
    """Two or three names of optimisers."""

    __slots__ = ("names",)
    WORDS: ClassVar[Sequence[str]] = tuple(KNOWN)

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)

    @property
    def known(self) -> list[Known]:
        """What is known of each."""
        return [KNOWN[name] for name in self.names]

    @classmethod
    def read(cls, name: str, raw: Any) -> Optimizers:
        """Names from text, or a list of names.

        >>> Optimizers.read("use", "sgd, Adam").names
        ['sgd', 'adam']
        """
        if isinstance(raw, Optimizers):
            return raw
        text = ",".join(map(str, raw)) if isinstance(raw, list | tuple) else str(raw)
        words = [word.lower() for word in re.split(r"[\s,;|]+", text.strip()[:LONGEST]) if word]
        for word in words:
            if word not in KNOWN:
                near = get_close_matches(word, KNOWN, 1)
                hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(KNOWN)}"
                raise InputError(f"{{{name}}} has {shown(word)}: {hint}")
        names = list(dict.fromkeys(words))
        if not 2 <= len(names) <= MOST:
            raise InputError(f"{{{name}}} is {shown(text) or 'empty'}: name 2 or 3 different ones, such as sgd,adam")
        return cls(names)
