"""The picture of one LSTM cell, for the pages that name its gates."""

from __future__ import annotations

INSIDE = [
    "cₜ₋₁ ──────→(×)─────────────→(+)────────────┬───────────→ cₜ",
    "             ↑                ↑             ↓",
    "             │               (×)           tanh",
    "             │                ↑             ↓",
    "             │             ┌──┴──┐         (×)──────────→ hₜ",
    "             │             │     │          ↑",
    "             fₜ            iₜ    c\u0303ₜ         oₜ",
    "             ↑             ↑     ↑          ↑",
    "             └─────────────┴──┬──┴──────────┘",
    "                         hₜ₋₁ and xₜ",
]
