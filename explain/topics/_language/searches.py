"""What a search is given: its table of probabilities, its vocabulary, its sizes, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.values import Values
from explain.errors import InputError, amount, shown
from explain.parameters import Count, Matrix, Scalar
from explain.tokens import Tokens
from explain.topics._language.prefixes import ANY, START, Prefixes
from explain.topics._language.search import Model
from explain.topics._language.tables import as_rows, checked_rows, place_of, vocabulary_names

MOST_BEAM, MOST_STEPS = 50, 12
MOST_WORK = 1500  # candidates of a whole search
USUAL = 3  # steps


class Setting(NamedTuple):
    """The table, how many hypotheses are kept, how many tokens a sequence has at most, and the length penalty.

    Attributes:
        exact: whether every row of the table sums to one exactly.
    """

    model: Model
    beam: int
    steps: int
    alpha: float | None
    exact: bool


def read_setting(
    P: Matrix | None,
    after: Prefixes | None,
    vocabulary: Tokens | None,
    beam: Count,
    steps: Count | None,
    end: Tokens | None,
    alpha: Scalar | None,
) -> Setting:
    """All that a search is given, checked.

    Raises:
        InputError: names the option, its value, the rule and the mend.
    """
    if (P is None) == (after is None):
        told = "are both given: one table is searched; leave one of them out" if P is not None else "are missing"
        form = "" if P is not None else ": give {P} 0.6,0.4;0.5,0.5;0.1,0.9 or {after} 'start: 0.6,0.4 | A: 0.1,0.9'"
        raise InputError(f"{{P}} and {{after}} {told}{form}")
    option = "P" if P is not None else "after"
    table, keys = _table(P, after)
    size = int(table.shape[1])
    if size < 2:
        raise InputError(f"{{{option}}} has one column: with one token there is nothing to search; give two or more")
    given = vocabulary_names("vocabulary", vocabulary, size, f"{{{option}}}")
    names = given or tuple(map(str, range(size)))
    finish = _end(end, names)
    by_prefix, called = _rows(keys, names) if keys is not None else (None, _last(table, names, finish))
    exact = checked_rows(option, table)
    penalty = None if alpha is None else _penalty(alpha)
    width = _size("beam", beam, MOST_BEAM)
    longest = max((0, *(len(key.split()) for key in keys or () if key not in (START, ANY)))) + 1
    count = _size("steps", steps, MOST_STEPS) if steps is not None else longest if keys is not None else USUAL
    if width * size * count > MOST_WORK:
        raise InputError(
            f"{{beam}} {width}, {{steps}} {count} and {size} tokens make up to {width * size * count} candidates: "
            f"at most {MOST_WORK} are worked; give a smaller {{beam}}, or fewer {{steps}}"
        )
    return Setting(Model(table, called, names, by_prefix, finish), width, count, penalty, exact)


def _table(P: Matrix | None, after: Prefixes | None) -> tuple[Values, Sequence[str] | None]:
    """The rows of probabilities, and their prefixes where they have some."""
    if P is not None:
        return as_rows(P), None
    assert after is not None
    texts: list[str] = []
    for row in after.rows.values():
        texts += [row.text((0, at)) for at in range(len(row))]
    width = len(next(iter(after.rows.values())))
    return Values((len(after.rows), width), texts), list(after.rows)


def _rows(keys: Sequence[str], names: Sequence[str]) -> tuple[dict[str, int], Sequence[str]]:
    """The row of each prefix."""
    if START not in keys and ANY not in keys:
        raise InputError(f"{{after}} has no row {START}: the search begins with the probabilities of the first token")
    for key in keys:
        unknown = next((word for word in key.split() if word not in names), None)
        if key not in (START, ANY) and unknown is not None:
            raise InputError(
                f"{{after}} has the prefix {shown(key)}, but {shown(unknown)} is no token: the vocabulary is "
                f"{shown(', '.join(names))}"
            )
    return {key: at for at, key in enumerate(keys)}, ["otherwise" if key == ANY else key for key in keys]


def _last(table: Values, names: Sequence[str], end: int | None) -> Sequence[str]:
    """What the rows of a table by the last token are called; the row of an end token that comes last may be missing."""
    needed, rows = len(names) + 1, int(table.shape[0])
    if rows == needed or (rows == needed - 1 and end == len(names) - 1):
        return [START, *names][:rows]
    raise InputError(
        f"{{P}} has {amount(rows, 'row')} and {amount(len(names), 'column')}: it needs {needed} rows, one for the "
        f"start and one for each last token"
        + ("; that of the end token may be left out where it is the last" if end is not None else "")
    )


def _end(end: Tokens | None, names: Sequence[str]) -> int | None:
    if end is None:
        return None
    if len(end) != 1:
        raise InputError(f"{{end}} has {len(end)} names: one token ends a sequence")
    return place_of("end", end.items[0], names, len(names), "")


def _penalty(alpha: Scalar) -> float:
    value = alpha.exact(())
    if not 0 <= value <= 10:
        raise InputError(f"{{alpha}} is {alpha.text(())}: a length penalty is a number from 0 to 10, usually 0.75")
    return float(value)


def _size(name: str, count: Count, most: int) -> int:
    if count.number is None or count.number > most:
        told = shown(count.name or count.number)
        raise InputError(f"{{{name}}} is {told}: give a whole number from 1 to {most}")
    return count.number
