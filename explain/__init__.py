"""Worked answers to deep-learning calculation questions.

>>> from explain import attention
>>> answer = attention(scores=[112, 96])
>>> answer["alpha"].value.round(4).tolist()
[[0.8808, 0.1192]]

Every topic of the command line is a function here: `lstm-params` is `explain.lstm_params`. It returns an
`WorkedAnswer`: `print(answer)` shows the page, `answer["alpha"]` is a step, `answer.to_markdown()` the
Markdown. `concept("lstm-gates")` returns a concept in the same way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from explain.errors import InputError

if TYPE_CHECKING:
    from explain.declare import Topic
    from explain.essay import WorkedConcept

__version__ = "0.1.0"
__all__ = ["InputError", "__version__", "concept"]


def concept(name: str) -> WorkedConcept:
    """A concept with its calculations worked: `print(concept("lstm-gates"))` shows the page.

    Raises:
        InputError: there is no such concept; the message names the nearest one.
    """
    from explain.essay import work

    return work(name)


def __getattr__(name: str) -> Topic:
    """A topic by its Python name; its file is loaded now, not before."""
    if not name.startswith("_"):
        from explain.topics import find_topic

        found = find_topic(name.replace("_", "-"))
        if found is not None:
            return found
    raise AttributeError(f"module 'explain' has no attribute {name!r}")
