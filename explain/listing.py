"""The list of topics: by field with the source of each, and what a search finds."""

from __future__ import annotations

import os
import re
import shutil
import sys
import textwrap
from collections.abc import Iterable, Mapping
from difflib import get_close_matches

import click

from explain.errors import InputError, shown
from explain.finding import has, words_of
from explain.topics import FIELDS, Entry

WIDEST = 100
Listing = Mapping[str, Entry]


def by_field(found: Listing) -> dict[str, dict[str, Entry]]:
    """The topics of each field, the fields in the order of a course, then new ones; the topics by name."""
    order = dict.fromkeys([*FIELDS, *sorted(entry.field for entry in found.values())])
    fields = {field: {name: found[name] for name in sorted(found) if found[name].field == field} for field in order}
    fields["Other"] = fields.pop("", {})
    return {field: topics for field, topics in fields.items() if topics}


def listed(found: Listing) -> str:
    """Every field with its topics: name and title on one line, the source on the next."""
    width = max(map(len, found))
    blocks = [[_heading(field), *_rows(topics, width)] for field, topics in by_field(found).items()]
    return "\n\n".join("\n".join(block) for block in blocks)


def searched(found: Listing, sought: str) -> str:
    """The topics that have all the words, first those that are named so, and the concepts that do.

    Raises:
        InputError: nothing has them; the nearest word that something has is told.
    """
    words = words_of(sought)
    named = {name: entry for name, entry in found.items() if has(words, name, entry.title)}
    spoken = {name: entry for name, entry in found.items() if name not in named and has(words, name, *entry)}
    told = _concepts(sought)
    if not named and not spoken and not told:
        raise InputError(f"{{search}} is {shown(sought)}: no topic speaks of it; {_near(found, words)}")
    width = max(map(len, [*named, *spoken]), default=0)
    blocks = [_rows(named, width)] if named else []
    if spoken:
        blocks.append([_heading("Also speak of it" if named else "Speak of it"), *_rows(spoken, width)])
    if told:
        width = max(map(len, told))
        lines = [f"  {name:{width}}  {title}" for name, title in told.items()]
        blocks.append([_heading("In words: explain concept NAME"), *lines])
    return "\n\n".join("\n".join(block) for block in blocks)


def short(source: str) -> str:
    """A source without its titles: who and when.

    >>> short("Kingma and Ba 2015, Adam: a Method, algorithm 1; gradients: as Ba et al. 2016, section 8; Keras")
    'Kingma and Ba 2015; Ba et al. 2016; Keras'
    """
    parts = [re.sub(r"^[a-z][a-z ]*: ", "", part.strip()).removeprefix("as ") for part in source.split(";")]
    found = (re.match(r".*?\b(?:1[89]|20)\d\d\b|[^,:(]+", part) for part in parts)
    return "; ".join(dict.fromkeys(part[0].strip() for part in found if part))


def _concepts(sought: str) -> dict[str, str]:
    """The titles of the concepts that speak of it, by their names."""
    from explain.concepts import search

    try:
        return {item.name: item.title for item in search(sought)}
    except InputError:
        return {}


def _near(found: Listing, words: Iterable[str]) -> str:
    every = {
        word for name, entry in found.items() for word in re.findall(r"[a-z]{3,}", f"{name} {entry.title}".lower())
    }
    near = [match for word in words for match in get_close_matches(word, every, 1)]
    return f"did you mean {' '.join(near)}?" if near else f"explain topics lists the {len(found)} there are"


def _heading(text: str) -> str:
    return click.style(text, bold=True) if _coloured() else text


def _rows(topics: Listing, width: int) -> list[str]:
    """Two lines a topic, more where the terminal is narrow."""
    columns = max(40, min(shutil.get_terminal_size((WIDEST, 24)).columns, WIDEST))
    gap = " " * (width + 4)
    lines = []
    for name, entry in sorted(topics.items()):
        about = _wrapped(entry.title, columns, gap)
        told = _wrapped(short(entry.source), columns, gap)
        about[0] = f"  {name:{width}}  {about[0][len(gap) :]}"
        lines += about + [click.style(line, dim=True) if _coloured() else line for line in told]
    return lines


def _wrapped(text: str, columns: int, gap: str) -> list[str]:
    return textwrap.wrap(text, columns, initial_indent=gap, subsequent_indent=gap, break_on_hyphens=False)


def _coloured() -> bool:
    """Whether standard output is a terminal that takes colour."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
