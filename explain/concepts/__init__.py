"""Concepts: short texts that answer a descriptive question, one TOML file each, beside the calculations that show it.

`explain concept lstm-gates` reads `lstm-gates.toml`:

```toml
title = "The gates of an LSTM"                     # the first line, so that the list need not read the whole file
field = "Recurrent networks"                       # under which the list shows it
words = ["forget gate", "input gate"]              # what it is searched by, beside its name, title and text
source = "Gers, Schmidhuber and Cummins 2000"
text = '''
Paragraphs, and items that begin with a hyphen. A number of a calculation is quoted, {cell.f_1}, or with its name before
it, {cell.f_1=}; explain/quoting.py has all forms.
'''

[[statement]]                                      # true or false, and why
says = "The gates sum to one."
true = false
because = "they add up to {cell.S}"
relation = "cell.f_1 + cell.i_1 + cell.o_1 != 1"   # it holds: that makes the verdict right

[[holds]]                                          # what must hold for the text to be true: printed as a check
relation = "cell.f_1 < 1"

[[calculation]]                                    # its name, topic, parameters as on the command line, steps shown
name = "cell"
topic = "lstm-gates"
title = "Three gates with nothing put in"
text = "what it shows"
find = ["S"]
```
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from explain.errors import InputError, amount, shown
from explain.exam import TypedNumber
from explain.finding import has, words_of
from explain.topics import FIELDS

FOLDER = Path(__file__).parent
ENDING = ".toml"
FRONT = re.compile(r'title = "(?P<title>[^"]+)"\nfield = "(?P<field>[^"]+)"\n')
SPLIT = re.compile(r"[\s,;_-]+")
# keys of a calculation; the others are parameters of its topic
OWN = ("name", "topic", "title", "text", "find", "detail", "pictures")


class Listed(NamedTuple):
    """A concept in the list: its name, the field it belongs to, its title."""

    name: str
    field: str
    title: str


@dataclass(frozen=True, slots=True)
class Calculation:
    """A calculation of a concept: the topic with its parameters, and the steps that the page shows.

    `detail` is how it is worked where the page as a whole is in exam detail; without `pictures` it has no drawings.
    """

    name: str
    topic: str
    title: str
    text: str
    given: Mapping[str, Any]
    find: Sequence[str] = ()
    detail: str = "exam"
    pictures: bool = True


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence that is true or false, why, and the relation between computed numbers that shows it."""

    says: str
    true: bool
    because: str
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Concept:
    """A concept as its file holds it."""

    name: str
    title: str
    field: str
    source: str
    words: Sequence[str]
    text: str
    calculations: Sequence[Calculation]
    holds: Sequence[str] = ()
    statements: Sequence[Statement] = ()


def listed() -> list[Listed]:
    """Every concept, in the order of the fields and then of the names; of a file only the first lines are looked at."""
    found = []
    for name, text in _files().items():
        front = FRONT.match(text)
        assert front is not None, name
        found.append(Listed(name, front["field"], front["title"]))
    return sorted(found, key=lambda item: (FIELDS.index(item.field), item.name))


@cache
def _files() -> dict[str, str]:
    """The text of every file by its concept's name."""
    return {path.name.removesuffix(ENDING): path.read_text("utf-8") for path in sorted(FOLDER.glob(f"*{ENDING}"))}


def search(wanted: str) -> list[Listed]:
    """The concepts that speak of all these words: those first that have them in name or title, then in their words.

    >>> [item.name for item in search("ChatGPT human feedback")]
    ['elmo-bert-gpt-instructgpt']

    Raises:
        InputError: no concept speaks of it.
    """
    words = words_of(wanted)
    found: list[tuple[int, int, Listed]] = []
    for at, item in enumerate(listed()):
        text = _files()[item.name].lower()
        keys, _, body = text.partition("\ntext =")
        places = (f"{item.name} {item.title.lower()}", keys.partition("\nwords =")[2].partition("\nsource =")[0])
        body = body.partition("\n[[calculation]]")[0]
        told = (*places, body)
        first = [next((rank for rank, part in enumerate(told) if has([word], part)), len(told)) for word in words]
        if max(first) < len(told):
            found.append((max(first), at, item))
    if not found:
        raise InputError(f"{{search}} is {shown(wanted)}: no concept speaks of that; explain concept lists all")
    return [item for _, _, item in sorted(found)]


def known(name: str) -> str:
    """The name of a concept as it is written, whatever its case, and spaces or underscores for its hyphens.

    >>> known("LSTM gates")
    'lstm-gates'

    Raises:
        InputError: there is no such concept; the message names the nearest one, or those that speak of it.
    """
    plain = "-".join(word for word in SPLIT.split(name.lower()) if word)
    if plain in _files():
        return plain
    near = get_close_matches(plain, _files(), 1, 0.7)
    if near:
        raise InputError(f"{shown(name)} is not a concept: did you mean {near[0]}?")
    try:
        spoken = [item.name for item in search(name)][:3]
    except InputError:
        count = amount(len(_files()), "concept")
        raise InputError(f"{shown(name)} is not a concept: explain concept lists the {count}") from None
    verb = "speaks" if len(spoken) == 1 else "speak"
    raise InputError(f"{shown(name)} is not a concept: {', '.join(spoken)} {verb} of it")


def load(name: str) -> Concept:
    """A concept by its name.

    Raises:
        InputError: there is no such concept; the message names the nearest one.
    """
    name = known(name)
    return read(name, tomllib.loads(_files()[name], parse_float=TypedNumber))


def read(name: str, raw: Mapping[str, Any]) -> Concept:
    """A concept from the tables of its file."""
    return Concept(
        name,
        raw["title"],
        raw["field"],
        raw["source"],
        raw["words"],
        raw["text"].strip(),
        [_calculation(table) for table in raw["calculation"]],
        [table["relation"] for table in raw.get("holds", [])],
        [Statement(**table) for table in raw.get("statement", [])],
    )


def _calculation(table: Mapping[str, Any]) -> Calculation:
    given = {key: value for key, value in table.items() if key not in OWN}
    own = {key: table[key] for key in OWN if key in table}
    return Calculation(given=given, **own)
