"""The characters to draw with: Unicode, or ASCII where the locale has no UTF-8."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

_ASCII = {
    "σ": "sigma", "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "eps", "η": "eta", "θ": "theta",
    "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ρ": "rho", "τ": "tau", "φ": "phi", "ψ": "psi", "ω": "omega",
    "χ": "chi", "Σ": "Sum", "∇": "grad ", "∂": "d", "ŷ": "yhat", "·": "*", "⊙": "(*)", "≈": "~=", "√": "sqrt ",
    "⊘": "(/)", "⋆": "<*>", "°": " degrees", "∞": "inf", "′": "'", "π": "pi", "Φ": "Phi", "Π": "Prod", "Δ": "Delta ",
    "⋯": "...", "⋮": ":", "⋱": ":",
    "⌊": "[_", "⌋": "_]", "⌈": "[-", "⌉": "-]", "×": "x", "→": "->", "≤": "<=", "≥": ">=", "≠": "!=", "−": "-",
    "ᵀ": "^T", "…": "...",    "‖": "||", "✓": "ok", "✗": "FAILED", "±": "+-", "—": "-", "–": "-", "∈": "in", "↪": ">",
    "\u0302": "hat", "\u0303": "tilde", "\u0304": "bar",
    **dict(zip("─│┌┐└┘├┤┬┴┼←↑↓", "-|+++++++++<^v", strict=True)), "“": '"', "”": '"', "’": "'",
}  # fmt: skip
_RULES = str.maketrans("─│┌┐└┘├┤┬┴┼→←↑↓", "-|+++++++++><^v")
_PIECES = re.compile(r" +|-+|[^ -]+")  # blanks, rules, and what stands between them
_SUPER = dict(zip("0123456789-+()nzxb", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺⁽⁾ⁿᶻˣᵇ", strict=True))  # no T: ᵀ is the transposed
_SUPER["ᵀ"] = "ᵀ"
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉ᵢⱼₖₗₘₙₜ₊₋", "0123456789ijklmnt+-", strict=True))
_RAISED = {value: key for key, value in _SUPER.items()}


class Glyphs(NamedTuple):
    """A set of drawing characters; brackets as one-line pair, then left and right top, middle and bottom."""

    square: Sequence[str]
    round: Sequence[str]
    floor: Sequence[str]
    ceiling: Sequence[str]
    line: str
    rule: str
    root: str
    bullet: str
    superscripts: bool
    ascii: bool

    def plain(self, text: str) -> str:
        """Text in these characters."""
        return to_ascii(text) if self.ascii else text

    def drawn(self, line: str) -> str:
        """A line of a picture; each of its rules stays one character wide and in its column.

        A word that is longer in ASCII, `h_t-1` for hₜ₋₁, takes the blanks or the rule behind it.
        """
        if not self.ascii:
            return line
        out, owed = "", 0
        for piece in _PIECES.findall(line.translate(_RULES)):
            if piece[0] in " -" and len(set(piece)) == 1:
                kept = max(1, len(piece) - owed)
                owed -= len(piece) - kept
                out += piece[0] * kept
            else:
                plain = to_ascii(piece)
                owed += len(plain) - width_of(piece)
                out += plain
        return out


UNICODE = Glyphs("[]⎡⎢⎣⎤⎥⎦", "()⎛⎜⎝⎞⎟⎠", "⌊⌋⎢⎢⎣⎥⎥⎦", "⌈⌉⎡⎢⎢⎤⎥⎥", "─", "═", "√", "•", True, False)
ASCII = Glyphs(
    "[][[[]]]",
    "()((()))",
    ("floor(", ")", "|", "|", "[_", "|", "|", "_]"),
    ("ceil(", ")", "[-", "|", "|", "-]", "|", "|"),
    "-",
    "=",
    "sqrt ",
    "-",
    False,
    True,
)


def to_ascii(text: str) -> str:
    """Mathematics in ASCII: `∂L/∂W₁` as `dL/dW_1`, `10⁻⁵` as `10^-5`."""
    if text.isascii():
        return text
    text = text.replace("─→", "─>")  # an arrow in a picture stays one character wide
    out: list[str] = []
    previous = ""
    for mark in unicodedata.normalize("NFC", text):
        if mark.isascii():
            out.append(mark)
            previous = ""
        elif mark in _ASCII:
            out.append(_ASCII[mark])
            previous = ""
        elif mark in _RAISED:
            out.append(("" if previous == "raised" else "^") + _RAISED[mark])
            previous = "raised"
        elif mark in _LOWERED:
            out.append(("" if previous == "lowered" else "_") + _LOWERED[mark])
            previous = "lowered"
        else:
            plain = unicodedata.normalize("NFKD", mark).encode("ascii", "ignore").decode()
            out.append(plain or "?")
            previous = ""
    return "".join(out)


def superscript(text: str) -> str | None:
    """The text raised in Unicode, or None where a character has no raised form."""
    if all(mark in _SUPER for mark in text):
        return "".join(_SUPER[mark] for mark in text)
    return None


@lru_cache(maxsize=4096)
def width_of(text: str) -> int:
    """How many terminal cells a text takes; combining marks take none."""
    if text.isascii():
        return len(text)
    width = 0
    for mark in text:
        if unicodedata.combining(mark):
            continue
        width += 2 if unicodedata.east_asian_width(mark) in "WF" else 1
    return width
