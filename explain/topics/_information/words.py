"""What pages on information say alike: the names of outcomes, and 0 log 0."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.nodes.base import Symbol
from explain.engine.notation import Word
from explain.engine.prose import code, say
from explain.engine.rounding import tidy
from explain.engine.worksheet import Worksheet
from explain.errors import InputError, shown
from explain.tokens import Tokens, names_for
from explain.topics._probabilities import Logarithm

CRUMB = 1e-9  # below 0 by more is no rounding error of floats


def outcome_names(
    option: str, names: Tokens | None, of: str, count: int, what: str = "number"
) -> tuple[str, ...] | None:
    """The names of the outcomes, each once; None where there are none.

    Raises:
        InputError: more or fewer names than outcomes, or one of them twice.
    """
    found = names_for(option, names, of, count, what)
    twice = next((name for at, name in enumerate(found or ()) if name in (found or ())[:at]), None)
    if twice is not None:
        raise InputError(f"{{{option}}} has {shown(twice)} twice: each outcome has a name of its own")
    return found


def several_outcomes(option: str, count: int) -> None:
    """Refuse a distribution of a single outcome.

    Raises:
        InputError: there is one.
    """
    if count < 2:
        told = f"{{{option}}} has one number: with one outcome nothing is uncertain"
        raise InputError(f"{told}; give two or more probabilities, such as 0.7,0.3")


def say_zeros(
    sheet: Worksheet,
    distributions: Sequence[Symbol],
    names: Sequence[str] | None,
    log: Logarithm,
    rows: Sequence[str] | None = None,
) -> bool:
    """State what 0 log 0 counts as, where an outcome has probability 0; whether there is one."""
    import numpy as np

    told = []
    for p in distributions:
        for place in np.argwhere(sheet.values[p.name] == 0):
            told.append((p, _called([int(at) for at in place], sheet.values[p.name].shape, names, rows)))
    if not told:
        return False
    p, first = told[0]
    whose = f"{first} has probability 0 in {{p}}" if len(told) == 1 else f"probabilities of 0, such as {first} in {{p}}"
    sheet.convention(
        f"0 {{l}} 0 counts as 0: t {{l}} t goes to 0 as t goes to 0, although {{l}} t goes to -∞ ({whose}); such terms "
        "are left out of the sums",
        p=p, l=log.word,
    )  # fmt: skip
    return True


def _called(place: Sequence[int], shape: Sequence[int], names: Sequence[str] | None, rows: Sequence[str] | None) -> str:
    """What a sentence calls an outcome; of a table, a pair."""
    row, column = place
    if shape[0] == 1:
        return names[column] if names is not None else f"outcome {column + 1}"
    across = names[column] if names is not None else f"column {column + 1}"
    return f"{rows[row] if rows is not None else f'row {row + 1}'} with {across}"


def say_negative(sheet: Worksheet, found: Symbol) -> None:
    """Say of a divergence below 0 that rounded probabilities made it so."""
    value = float(sheet.values[found.name])
    if value < -CRUMB:
        step = next(step for step in sheet.steps if step.name == found.name)
        told = "below 0, which it never is of probabilities that sum to 1: these are rounded ({n} divides by the sum)"
        sheet.remark(found, (*step.note, *(("; ",) if step.note else ()), *say(told, n=code("--normalise yes"))))


class Pair(NamedTuple):
    """A divergence: the distribution whose mean is taken, the other one, and how it is written."""

    first: str
    second: str
    word: Word


def infinite_place(sheet: Worksheet, p: Symbol, q: Symbol) -> int | None:
    """The first outcome that has probability 0 in q but not in p; None where there is none."""
    import numpy as np

    places = np.argwhere((sheet.values[q.name] == 0) & (sheet.values[p.name] > 0))
    return int(places[0][-1]) if len(places) else None


def say_infinite(sheet: Worksheet, pair: Pair, log: Logarithm, names: Sequence[str] | None) -> None:
    """State why a divergence has no finite value."""
    first, second = (Symbol(name, sheet.values[name].shape) for name in (pair.first, pair.second))
    at = infinite_place(sheet, first, second)
    assert at is not None
    value = tidy(float(sheet.values[pair.first][0, at]))
    name = names[at] if names is not None else f"outcome {at + 1}"
    sheet.convention(
        f"{{D}} is infinite: {{q}} gives {name} probability 0, {{p}} gives it {value}, and as {{q}} goes to 0 there, "
        f"{value} {{l}}({value}/{{q}}) grows beyond all bounds; no number is worked for it (a little probability for "
        "every outcome, smoothing, makes it finite)",
        D=pair.word, p=first, q=second, l=log.word,
    )  # fmt: skip
