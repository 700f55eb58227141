"""What papers ask, one file a family. A topic is any function marked `@topic` in a module of this package."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from explain.declare import Topic, paragraph

MARK = "\n@topic\ndef "
FIELDS = (
    "Networks and gradients",
    "Losses",
    "Information",
    "Regularisation and normalisation",
    "Optimisers",
    "Convolution",
    "Recurrent networks",
    "Attention and transformers",
    "Language models",
    "Generative models",
    "Counting",
)  # in the order of a course


class Entry(NamedTuple):
    """What is known of a topic without loading it: its title, module, field, source, and the text of its docstring."""

    title: str
    module: str
    field: str
    source: str
    text: str


def declared() -> dict[str, Entry]:
    """What every topic declares by its command name, read from the files without loading them.

    A list of topics must not wait for all their files; a test holds what is read here against what is loaded.
    """
    return _declared(tuple(__path__))


@cache
def _declared(folders: tuple[str, ...]) -> dict[str, Entry]:
    found: dict[str, Entry] = {}
    for folder in folders:
        for file in sorted(Path(folder).glob("[!_]*.py")):
            for text in file.read_text(encoding="utf-8").split(MARK)[1:]:
                doc = text.split('"""', 2)[1]
                title = doc.partition("\n")[0].rstrip(".")
                own = Entry(title, file.stem, paragraph(doc, "Field"), paragraph(doc, "Source"), doc)
                found[text.partition("(")[0].replace("_", "-")] = own
    return found


def topics_of(module: ModuleType) -> list[Topic]:
    """The topics declared in a module, in their order."""
    return [value for value in vars(module).values() if isinstance(value, Topic)]


def all_topics() -> dict[str, Topic]:
    """Every topic by its command name."""
    modules = dict.fromkeys(entry.module for entry in declared().values())
    found = (topic for name in modules for topic in topics_of(import_module(f"{__name__}.{name}")))
    return {topic.name: topic for topic in found}


def find_topic(name: str) -> Topic | None:
    """One topic; only its own file is loaded."""
    if name not in declared():
        return None
    module = import_module(f"{__name__}.{declared()[name].module}")
    return next(topic for topic in topics_of(module) if topic.name == name)
