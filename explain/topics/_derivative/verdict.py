"""What the signs of the eigenvalues say of a Hessian, and of a point where the gradient is 0."""

from __future__ import annotations

from collections.abc import Sequence

from explain.engine.nodes.base import Symbol
from explain.engine.notation import Notation
from explain.engine.prose import Prose

POINTS = {
    "positive definite": "a strict minimum",
    "negative definite": "a strict maximum",
    "indefinite": "a saddle point",
}


def verdict(found: Sequence[Symbol], signs: Sequence[int], still: Prose) -> Prose:
    """The sentence with every eigenvalue and its sign, the definiteness, and what the point is.

    Args:
        still: whether, and where, the gradient is 0; ends before the kind of point, unless there is none.

    Source: Goodfellow et al. 2016, section 4.3.1 (second derivative test).
    """
    kind = definiteness(signs)
    told: list[str | Notation] = []
    for symbol, sign in zip(found, signs, strict=True):
        told += [" and " if told else "", symbol.word, (" = 0", " > 0", " < 0")[sign]]
    no_point = "neither" in str(still[0])
    ending = () if no_point else (POINTS.get(kind, "undecided by the second derivatives"),)
    return (*told, f": the Hessian is {kind}; ", *still, *ending)


def undecided(found: Sequence[Symbol], names: Sequence[Symbol]) -> Prose:
    """The sentence for eigenvalues that depend on letters; `found` are those that were worked."""
    listed = [part for symbol in found for part in (" and ", symbol.word)][1:]
    letters = [part for name in names for part in (", ", name.word)][1:]
    return (
        *(listed or ["the eigenvalues"]),
        " depends on " if len(found) == 1 else " depend on ",
        *letters,
        ": the signs, and so the definiteness, may change from place to place; --at settles them at a point",
    )


def definiteness(signs: Sequence[int]) -> str:
    """The name of a definiteness from the signs 1, 0 and -1 of the eigenvalues."""
    if 1 in signs and -1 in signs:
        return "indefinite"
    if 0 not in signs:
        return "positive definite" if 1 in signs else "negative definite"
    return "positive semidefinite" if 1 in signs else "negative semidefinite" if -1 in signs else "zero"
