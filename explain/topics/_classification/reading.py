"""What a question on a classifier gives: probabilities or scores, targets as classes or as rows, names of classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from explain.engine.values import Values
from explain.errors import InputError, amount, shown
from explain.parameters import Matrix
from explain.tokens import Tokens
from explain.topics._language.tables import as_rows
from explain.topics._probabilities import read_probabilities

MOST = 10_000  # numbers in a table


class Targets(NamedTuple):
    """Targets as typed: class numbers (one a row) or rows of probabilities, and the class of each row if it has one."""

    ids: Sequence[int] | None
    rows: Values | None
    hard: bool


def table_of(p: Matrix | None, logits: Matrix | None) -> tuple[str, Values]:
    """Which of the two is given, one example a row.

    Raises:
        InputError: both or neither, one column, or too many numbers.
    """
    if (p is None) == (logits is None):
        told = "{p} and {logits} are both given" if p is not None else "{p} is missing, and so is {logits}"
        mend = "leave one out" if p is not None else "give one: probabilities as {p} or scores as {logits}"
        raise InputError(f"{told}: the loss is worked from one of them; {mend}")
    option = "p" if p is not None else "logits"
    given = p if p is not None else logits
    assert given is not None
    table = as_rows(given)
    if len(table) > MOST:
        raise InputError(f"{{{option}}} has {len(table)} numbers: at most {MOST} are worked; give fewer examples")
    if table.shape[1] == 1:
        raise InputError(
            f"{{{option}}} has one class: two or more belong in each row; one probability an example is the topic bce"
        )
    return option, table


def class_names(names: Tokens | None, option: str, size: int) -> tuple[str, ...] | None:
    """The names of the classes, each once.

    Raises:
        InputError: more or fewer than there are classes, or one twice.
    """
    if names is None:
        return None
    if len(names) != size:
        has = amount(len(names), "name")
        raise InputError(
            f"{{names}} has {has}, but {{{option}}} has {amount(size, 'column')}: one name a class, one class a column"
        )
    twice = next((name for at, name in enumerate(names.items) if name in names.items[:at]), None)
    if twice is not None:
        raise InputError(f"{{names}} has {shown(twice)} twice: each class has a name of its own")
    return names.items


def class_ids(classes: Tokens, names: Sequence[str] | None, option: str, shape: tuple[int, int]) -> list[int]:
    """The class of each row, from its number (counted from 0) or its name.

    Raises:
        InputError: more or fewer than rows, or one that is no class.
    """
    rows, size = shape
    if len(classes) != rows:
        has = amount(len(classes), "class").replace("classs", "classes")
        raise InputError(f"{{classes}} has {has}, but {{{option}}} has {amount(rows, 'row')}: one class a row")
    found = []
    for at, text in enumerate(classes.items):
        if names is not None and text in names:
            found.append(names.index(text))
        elif text.isascii() and text.isdigit() and len(text) < 10 and int(text) < size:
            found.append(int(text))
        else:
            known = f" or a name such as {shown(names[0])}" if names is not None else " (or a name, with {names})"
            raise InputError(
                f"{{classes}} is {shown(text)} in position {at + 1}: a class is a whole number from 0 to {size - 1}"
                f"{known}, counted from 0 as in PyTorch"
            )
    return found


def read_targets(
    classes: Tokens | None, y: Matrix | None, names: Sequence[str] | None, option: str, table: Values, normalise: str
) -> Targets:
    """The targets of a table of predictions, from one of the two ways to give them.

    Raises:
        InputError: both or neither, another shape than the table's, rows that do not sum to 1.
    """
    shape = int(table.shape[0]), int(table.shape[1])
    if (classes is None) == (y is None):
        told = "{classes} and {y} are both given" if y is not None else "{classes} is missing, and so is {y}"
        mend = "leave one out" if y is not None else "give classes such as 0,2,1, or rows as {y} 1,0,0"
        raise InputError(f"{told}: the targets are given in one way; {mend}")
    if classes is not None:
        return Targets(class_ids(classes, names, option, shape), None, True)
    assert y is not None
    rows = as_rows(y)
    if rows.shape != table.shape:
        sizes = "{}x{}".format(*rows.shape), "{}x{}".format(*shape)
        raise InputError(
            f"{{y}} is {sizes[0]}, but {{{option}}} is {sizes[1]}: one target a class and example; "
            "the numbers of the classes are given as {classes}"
        )
    read = read_probabilities("y", rows, normalise, "rows", each="class")
    if read.off and option == "logits" and normalise == "no":
        raise InputError(
            f"{{y}} sums to {read.off}: the gradient at {{logits}} needs rows that sum to 1 exactly; give fractions "
            "such as 1/3, or add {normalise} yes"
        )
    return Targets(None, rows, bool(((rows.array > 0).sum(axis=1) == 1).all()))
