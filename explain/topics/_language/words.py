"""How the probabilities of a text are written: `P(x₂ | x₁; θ)`, `P(x₁, …, xₙ)`."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.names import latex_name, subscript
from explain.engine.notation import Notation, Operator, Row, Word

LISTED = 3  # tokens before another one that are written
GIVEN = (" | ", r" \mid ")


def token(at: int | str, names: Sequence[str] | None = None) -> tuple[str, str]:
    """Token number `at`, counted from 1, as text and in LaTeX: x₂, or its name."""
    if names is not None and isinstance(at, int):
        return names[at - 1], latex_name(names[at - 1])
    return "xₙ" if at == "n" else f"x{subscript(str(at))}", f"x_{{{at}}}"


def conditional(at: int, names: Sequence[str] | None = None, key: str = "") -> Word:
    """The probability of token `at` given all before it: `P(x₃ | x₁, x₂; θ)`."""
    own, before = token(at, names), [token(place, names) for place in range(1, at)]
    if len(before) > LISTED:
        before = [before[0], ("…", r"\dots"), before[-1]]
    texts, latexes = (", ".join(part[side] for part in before) for side in (0, 1))
    if not before:
        return Word(f"P({own[0]}; θ)", rf"P({own[1]}; \theta)", key=key)
    return Word(f"P({own[0]}{GIVEN[0]}{texts}; θ)", rf"P({own[1]}{GIVEN[1]}{latexes}; \theta)", key=key)


def general() -> Word:
    """The probability of one token given all before it: `P(xᵢ | x₁, …, xᵢ₋₁; θ)`."""
    return Word("P(xᵢ | x₁, …, xᵢ₋₁; θ)", r"P(x_i \mid x_1, \dots, x_{i-1}; \theta)")


def joint(count: int | str, names: Sequence[str] | None = None, key: str = "") -> Word:
    """The probability of the whole sequence: `P(x₁, …, x₃; θ)`; of a short one every token."""
    first, last = token(1, names), token(count, names)
    if count == 1:
        inner = first
    elif count == 2 or names is not None:
        listed = [token(at, names) for at in range(1, int(count) + 1)]
        inner = ", ".join(part[0] for part in listed), ", ".join(part[1] for part in listed)
    else:
        inner = f"{first[0]}, …, {last[0]}", rf"{first[1]}, \dots, {last[1]}"
    return Word(f"P({inner[0]}; θ)", rf"P({inner[1]}; \theta)", key=key)


def over(sign: str, command: str, inner: Notation) -> Row:
    """A sum or product over the positions: `Σᵢ …`."""
    return Row([Operator(f"{sign}ᵢ ", rf"{command}_{{i}} "), inner])
