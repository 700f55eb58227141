"""Shared by all tests: the switch that rewrites golden files."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """`pytest tests/test_golden.py --rewrite-golden` writes what is printed now; read the diff as prose."""
    parser.addoption("--rewrite-golden", action="store_true", help="write the golden files anew")
