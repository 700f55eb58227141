"""What a search looks for: words, and whether texts have them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from explain.errors import InputError, shown

MOST = 20  # words of a search


def words_of(sought: str) -> list[str]:
    """The words of a search, in small letters.

    >>> words_of("LSTM-gates, Forget")
    ['lstm', 'gates', 'forget']

    Raises:
        InputError: there is none, or there are too many.
    """
    words = [word for word in re.split(r"[\W_]+", sought.lower()) if word]
    if not words or len(words) > MOST:
        raise InputError(
            f"{{search}} is {shown(sought)}: give {'a word' if not words else f'at most {MOST} words'}, such as gate"
        )
    return words


def has(words: Iterable[str], *texts: str) -> bool:
    """Whether every word begins a word of the texts; gates finds gate."""
    text = " ".join(texts).lower()
    stems = (word[:-1] if re.fullmatch(r"\w\w+[^\Ws]s", word) else word for word in words)
    return all(re.search(rf"(?<![^\W_]){re.escape(stem)}", text) for stem in stems)
