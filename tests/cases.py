"""Exam questions with known answers, as `cases.json` holds them, and the tests that work each of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

Test = TypeVar("Test", bound=Callable[..., None])

CASES: dict[str, Any] = {
    case["id"]: case for case in json.loads(Path(__file__).with_name("cases.json").read_text(encoding="utf-8"))
}
WORKED: dict[str, list[str]] = {}  # the tests of each case, by their names


def works(*names: str) -> Callable[[Test], Test]:
    """Say which cases a test works; a name that is no case is an error where the test is read."""

    def told(test: Test) -> Test:
        for name in names:
            WORKED.setdefault(CASES[name]["id"], []).append(test.__name__)
        return test

    return told
