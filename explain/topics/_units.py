"""Bytes in the units that people read."""

from __future__ import annotations

from explain.engine.rounding import tidy

UNITS = ((2**40, "TiB", "2⁴⁰"), (2**30, "GiB", "2³⁰"), (2**20, "MiB", "2²⁰"), (2**10, "KiB", "2¹⁰"))


def in_units(size: int) -> str:
    """A number of bytes as a sentence; nothing for less than 1 KiB.

    >>> in_units(1688872)
    '1688872 bytes ≈ 1.61 MiB (2²⁰ bytes each)'
    """
    for unit, name, power in UNITS:
        if size >= unit:
            sign = "=" if size % unit == 0 else "≈"
            return f"{size} bytes {sign} {tidy(size / unit, 2)} {name} ({power} bytes each)"
    return ""
