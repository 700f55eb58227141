"""The right tokens of a text as they are typed: their places in a table, padding, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from explain.engine.values import Values
from explain.errors import InputError, amount, shown
from explain.parameters import Matrix, Scalar, as_column
from explain.tokens import Tokens, names_for
from explain.topics._language.tables import checked_rows, place_of, token_name


class Text(NamedTuple):
    """Row and column of each right token that counts, what each is called, and how many rows there are with padding."""

    places: Sequence[tuple[int, int]]
    names: Sequence[str]
    rows: int

    @property
    def padding(self) -> int:
        """How many positions do not count."""
        return self.rows - len(self.places)


def chosen_start(given: Mapping[str, Any]) -> str:
    """What the question starts from: `p`, `P`, `logits`, or nothing but symbols.

    Raises:
        InputError: two starts, or a parameter that belongs to another one.
    """
    starts = [name for name in ("p", "P", "logits") if given[name] is not None]
    if len(starts) > 1:
        both = " and ".join(f"{{{name}}}" for name in starts)
        raise InputError(f"{both} are given: the loss is worked from one of them; leave the others out")
    kind = starts[0] if starts else ""
    for name in ("targets", "vocabulary", "ignore"):
        if given[name] is not None and kind not in ("P", "logits"):
            raise InputError(f"{{{name}}} is given, but neither {{P}} nor {{logits}} is: it speaks of their columns")
    if kind in ("P", "logits") and given["targets"] is None:
        raise InputError(f"{{targets}} is missing: the right token of each row of {{{kind}}}, such as 2,0,1")
    if given["tokens"] is not None and kind in ("P", "logits"):
        raise InputError(f"{{tokens}} is given beside {{{kind}}}: there {{targets}} and {{vocabulary}} name the tokens")
    if given["length"] is not None and (kind or given["tokens"] is not None):
        other = f"{{{kind or 'tokens'}}}"
        raise InputError(f"{{length}} is given beside {other}, which has a length of its own; leave {{length}} out")
    return kind


def checked_column(p: Matrix, tokens: Tokens | None) -> tuple[Values, Sequence[str] | None]:
    """The probabilities of the right tokens as a column, and the names of the tokens.

    Raises:
        InputError: a number that is no probability or 0, more or fewer names than numbers.
    """
    column = as_column("p", p)
    names = names_for("tokens", tokens, "p", len(column), "number")
    for at, value in enumerate(column.array[:, 0]):
        if not 0 < value <= 1:
            _refuse("p", column.text((at, 0)), at, float(value), names[at] if names else "")
    return column, names


def check_table(table: Values, text: Text) -> bool:
    """Whether the rows of probabilities sum to one exactly; none may be 0 for a right token.

    Raises:
        InputError: says the row and its sum, or the position whose loss would be infinite.
    """
    exact = checked_rows("P", table, "; scores before softmax are given as {logits}")
    for (row, column), name in zip(text.places, text.names, strict=True):
        if not table.array[row, column] > 0:
            _refuse("P", table.text((row, column)), row, 0.0, name)
    return exact


def _refuse(option: str, text: str, at: int, value: float, name: str) -> None:
    where = f"position {at + 1}" + (f" ({shown(name)})" if name else "")
    if value == 0:
        raise InputError(
            f"{{{option}}} is {shown(text)} for the right token of {where}: log 0 is -∞, so the loss is infinite; "
            "give the token a probability above 0 (smoothing), or start from {logits}: softmax never gives 0"
        )
    raise InputError(f"{{{option}}} is {shown(text)} at {where}: a probability lies above 0 and is at most 1")


def right_tokens(kind: str, targets: Tokens, names: Sequence[str] | None, table: Values, padding: int | None) -> Text:
    """Where the right tokens stand in the table; padding is left out.

    Args:
        kind: the parameter that gives the table.
        names: those of the vocabulary.
        padding: the number that marks it.

    Raises:
        InputError: more or fewer targets than rows, one that is no token, or none that counts.
    """
    rows, size = int(table.shape[0]), int(table.shape[1])
    if len(targets) != rows:
        told = f"{{targets}} has {amount(len(targets), 'token')}, but {{{kind}}} has {amount(rows, 'row')}"
        raise InputError(f"{told}: one right token a row")
    places = []
    for row, text in enumerate(targets.items):
        if _is_negative(text) and padding is None:
            raise InputError(
                f"{{targets}} is {shown(text)} in position {row + 1}: tokens are counted from 0; "
                f"if it marks padding, add {{ignore}} {shown(text)}"
            )
        if padding is None or text != str(padding):
            places.append((row, place_of("targets", text, names, size, f" in position {row + 1}")))
    if not places:
        raise InputError(f"{{ignore}} is {padding}, and so is every target: no position counts; give a right token")
    return Text(places, [token_name(names, column) for _, column in places], rows)


def _is_negative(text: str) -> bool:
    return text.startswith("-") and text[1:].isdigit()


def padding_mark(ignore: Scalar | None) -> int | None:
    """The number that marks padding.

    Raises:
        InputError: it is no whole number.
    """
    if ignore is None:
        return None
    number = ignore.exact(())
    if number.denominator != 1 or abs(number) >= 10**9:
        raise InputError(f"{{ignore}} is {ignore.text(())}: it marks padding by a whole number, such as -100")
    return int(number)


def columns_of(text: Text, padding: int | None) -> Values:
    """The columns of the right tokens, counted from 0, with the mark of padding between them."""
    numbers = dict(text.places)
    return Values((text.rows, 1), [str(numbers.get(row, padding)) for row in range(text.rows)])


def row_names(text: Text) -> list[str]:
    """What each row is called by its right token."""
    names = {row: name for (row, _), name in zip(text.places, text.names, strict=True)}
    return [names.get(row, "padding") for row in range(text.rows)]
