"""What papers ask, one file a family. A topic is any function marked `@topic` in a module of this package."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from explain.declare import Topic


def module_names() -> list[str]:
    """The files of this package."""
    return sorted(module.name for module in iter_modules(__path__))


def topics_of(module: ModuleType) -> list[Topic]:
    """The topics declared in a module, in their order."""
    return [value for value in vars(module).values() if isinstance(value, Topic)]


def all_topics() -> dict[str, Topic]:
    """Every topic by its command name."""
    found = (topic for name in module_names() for topic in topics_of(import_module(f"{__name__}.{name}")))
    return {topic.name: topic for topic in found}


def find_topic(name: str) -> Topic | None:
    """One topic. Its own file is tried first, so that the others need not be loaded."""
    plain = name.replace("-", "_")
    if plain in module_names():
        for topic in topics_of(import_module(f"{__name__}.{plain}")):
            if topic.name == name:
                return topic
    return all_topics().get(name)
