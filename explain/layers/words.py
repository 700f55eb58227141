"""The words of one layer of a chain: sizes, options with values, flags; nothing is guessed and nothing evaluated."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from difflib import get_close_matches

LARGEST = 10**9 - 1
SIZES = re.compile(r"\d{1,30}(?:[x×]\d{1,30})*", re.ASCII)
SHORT = re.compile(r"([spdgk])=?(\d{1,10}(?:[x×]\d{1,10})*)", re.ASCII)
# every spelling of an option that is followed by its value
VALUED = {
    "stride": "stride", "strides": "stride", "pad": "padding", "padding": "padding", "dilation": "dilation",
    "dilationrate": "dilation", "groups": "groups", "kernel": "kernel", "kernelsize": "kernel", "size": "kernel",
    "multiplier": "multiplier", "depthmultiplier": "multiplier", "outputpadding": "output padding", "bias": "bias",
    "filters": "filters", "units": "units",
}  # fmt: skip
FLAGS = {
    "same": "same", "valid": "valid", "nobias": "no bias", "sequences": "sequences", "returnsequences": "sequences",
    "seq": "sequences", "last": "last", "bidirectional": "bidirectional", "bi": "bidirectional", "ceil": "ceil",
    "max": "max", "avg": "avg", "average": "avg",
}  # fmt: skip
CONTRADICTIONS = (
    ("same", "padding"), ("same", "valid"), ("valid", "padding"), ("bias", "no bias"), ("max", "avg"),
    ("sequences", "last"), ("same", "output padding"),
)  # fmt: skip
LETTERS = {"s": "stride", "p": "padding", "d": "dilation", "g": "groups", "k": "kernel"}


class WordError(ValueError):
    """A layer that cannot be read; the message says which word, the rule and the mend."""


class Words:
    """The words of one layer, sorted into sizes in their order, options with values, and flags.

    Args:
        layers: the names of layers, for what is said about one of them in the middle of another.
    """

    def __init__(self, text: str, layers: Collection[str] = ()) -> None:
        first, *rest = text.split()
        self.text = " ".join([first, *rest]).replace("×", "x")
        self.name, self.axes = plain_name(first), axes_of(first)
        self.layers = layers
        self.sizes: list[list[int]] = []
        self.options: dict[str, list[int] | str] = {}
        words = []
        for word in " ".join(rest).lower().split():
            words += [word] if SHORT.fullmatch(word) else word.replace("=", " ").split()
        while words:
            self._take(words)
        self._check()

    def _take(self, words: list[str]) -> None:
        """The next word, and its value where it has one."""
        word = words.pop(0)
        plain = re.sub(r"[-_]", "", word)
        short = SHORT.fullmatch(word)
        if SIZES.fullmatch(word):
            self.sizes.append(self._sizes(word, word))
        elif word.startswith("/") and SIZES.fullmatch(word[1:]):
            self._set("stride", self._sizes(word, word[1:]))
        elif short:
            self._set(LETTERS[short[1]], self._sizes(word, short[2]))
        elif plain in FLAGS:
            self._set(FLAGS[plain], "")
        elif plain == "no" and words[:1] == ["bias"]:
            words.pop(0)
            self._set("no bias", "")
        elif plain in VALUED:
            if not words:
                raise WordError(f"{word} has no value: write it like {word} 2")
            self._valued(word, VALUED[plain], words.pop(0))
        elif re.fullmatch(r"[-+−]?\d*[.,]?\d+", word):
            raise WordError(f"{word} is no size: sizes are whole numbers from 1 to {LARGEST}")
        elif plain_name(word) in self.layers:
            raise WordError(f"{word} is a layer of its own: put a comma before it")
        else:
            near = get_close_matches(plain, [*VALUED, *FLAGS], 1)
            raise WordError(f"{word} is not understood" + (f"; did you mean {near[0]}?" if near else ""))

    def _valued(self, word: str, option: str, value: str) -> None:
        if option == "padding" and value in ("same", "valid"):
            self._set(value, "")
        elif option == "bias":
            if value not in ("yes", "no", "true", "false"):
                raise WordError(f"bias is {value}: write bias yes or bias no")
            self._set("bias" if value in ("yes", "true") else "no bias", "")
        elif SIZES.fullmatch(value):
            self._set(option, self._sizes(f"{word} {value}", value))
        else:
            least = 0 if "padding" in option else 1
            raise WordError(
                f"{word} is {value}: whole numbers from {least} belong here, one for each axis as in 2x1 or one for all"
            )

    def _set(self, option: str, value: list[int] | str) -> None:
        if option in self.options:
            raise WordError(f"{option} is given twice: give it once")
        self.options[option] = value

    def _check(self) -> None:
        """Options that contradict each other."""
        for one, other in CONTRADICTIONS:
            if one in self.options and other in self.options:
                raise WordError(f"{one} and {other} are both given: take one of them")

    @staticmethod
    def _sizes(word: str, text: str) -> list[int]:
        sizes = [int(size) for size in re.split("[x×]", text)]
        if any(size > LARGEST for size in sizes):
            raise WordError(f"{word} is too large: sizes go up to {LARGEST}")
        if len(sizes) > 3:
            raise WordError(f"{word} has {len(sizes)} sizes: a window has 1 to 3, one for each axis")
        return sizes

    def number(self, what: str, given: Sequence[int]) -> int:
        """One whole number from 1."""
        if len(given) != 1 or given[0] < 1:
            raise WordError(f"{what} is {'x'.join(map(str, given))}: it must be one whole number from 1")
        return given[0]

    def has(self, option: str) -> bool:
        """Whether an option or flag is given."""
        return option in self.options

    def one(self, option: str, default: int, least: int = 1) -> int:
        """An option with one number."""
        given = self.options.get(option, [default])
        assert not isinstance(given, str)
        if len(given) != 1 or given[0] < least:
            raise WordError(f"{option} is {'x'.join(map(str, given))}: it must be one whole number from {least}")
        return given[0]

    def each(self, option: str, default: int, least: int = 1) -> list[int]:
        """An option with a number for each axis, or one for all."""
        given = self.options.get(option, [default])
        assert not isinstance(given, str)
        if min(given) < least:
            raise WordError(f"{option} is {'x'.join(map(str, given))}: it must be from {least}")
        return given


def plain_name(word: str) -> str:
    """A layer's name without what spellings differ in: `Conv2D`, `conv`; `max-pool`, `MaxPooling2D`.

    >>> plain_name("Conv2D"), plain_name("BatchNormalization"), plain_name("max_pool")
    ('conv', 'batchnorm', 'maxpool')
    """
    name = re.sub(r"[-_]|[123]d", "", word.lower())
    return re.sub(r"(?<=norm)ali[sz]ation$|(?<=pool)ing$", "", name).replace("average", "avg")


def axes_of(word: str) -> int | None:
    """How many axes a name says: `Conv1D`, 1."""
    found = re.search(r"([123])d", word.lower())
    return int(found[1]) if found else None
