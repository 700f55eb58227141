"""What papers ask, one file a family. A topic is any function marked `@topic` in a module of this package."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pathlib import Path
from types import ModuleType

from explain.declare import Topic

MARK = "\n@topic\ndef "


def declared() -> dict[str, tuple[str, str]]:
    """The title and the module of every topic by its command name, read from the files without loading them.

    A list of topics must not wait for all their files; a test holds what is read here against what is loaded.
    """
    return _declared(tuple(__path__))


@cache
def _declared(folders: tuple[str, ...]) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for folder in folders:
        for file in sorted(Path(folder).glob("[!_]*.py")):
            for text in file.read_text(encoding="utf-8").split(MARK)[1:]:
                title = text.partition('"""')[2].partition("\n")[0].rstrip(".")
                found[text.partition("(")[0].replace("_", "-")] = (title, file.stem)
    return found


def topics_of(module: ModuleType) -> list[Topic]:
    """The topics declared in a module, in their order."""
    return [value for value in vars(module).values() if isinstance(value, Topic)]


def all_topics() -> dict[str, Topic]:
    """Every topic by its command name."""
    modules = dict.fromkeys(module for _, module in declared().values())
    found = (topic for name in modules for topic in topics_of(import_module(f"{__name__}.{name}")))
    return {topic.name: topic for topic in found}


def find_topic(name: str) -> Topic | None:
    """One topic; only its own file is loaded."""
    if name not in declared():
        return None
    module = import_module(f"{__name__}.{declared()[name][1]}")
    return next(topic for topic in topics_of(module) if topic.name == name)
