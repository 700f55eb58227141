"""The JSON Schema of what `--format json` prints, one file a version of the document."""

from __future__ import annotations

import json
from importlib import resources
from typing import Any, cast

# Of each document; a version rises with every change of the fields: its schema admits no others.
VERSIONS = {"answer": 3, "paper": 4, "concept": 1}


def load(document: str = "answer") -> dict[str, Any]:
    """The schema of the present version of an `answer`, of a solved `paper` or of a `concept`, for a validator.

    >>> load()["$id"], load("paper")["$id"]
    ('urn:explain:answer:3', 'urn:explain:paper:4')
    """
    text = resources.files(__name__).joinpath(f"{document}-{VERSIONS[document]}.json").read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))
