"""The JSON Schema of what `--format json` prints, one file a version of the document."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, cast


def load() -> dict[str, Any]:
    """The schema of the present version, for a validator.

    >>> load()["$id"]
    'urn:explain:answer:1'
    """
    text = resources.files(__name__).joinpath("answer-1.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))
