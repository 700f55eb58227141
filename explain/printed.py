"""What a sheet itself prints for a step, held against the answer, and the slip that gives a wrong number.

```toml
printed = { P = 83985 }
slip = { P = "P_1 + P_4: the first LSTM layer and the linear layer alone" }
```

`printed` has numbers by the names of steps, as `expect` has, of entries, `"A[0]"`, counted from 0, or of what several
steps make together, `"P_5 + P_7"`. A typed number is right when the value rounds to it. `slip` says before the colon
how the printed number came about: that must give it to its last digit, so that it is known and not supposed
(explain.relations); after the colon in words what went wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from explain.engine.names import subscript, word
from explain.engine.nodes.base import Index, entry_label
from explain.engine.notation import Notation, Word
from explain.engine.prose import Prose
from explain.engine.rounding import number_word, tidy, typed
from explain.errors import InputError, amount, shown
from explain.expectations import holds
from explain.parameters import NUMBER as TYPED
from explain.quantities import LISTED, QUANTITY, Figure, Quantity, figure
from explain.relations import Relation

if TYPE_CHECKING:
    from explain.engine.answer import Answer
    from explain.exam import Part

EXACTLY = 12  # decimals to which a formula is worked before its typed numbers are compared
ONE_BY_ONE = 4  # wrong entries that are told one by one
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


class Printed(NamedTuple):
    """A printed value: the name of the step, what is printed, whether it is right, what is said about it.

    `fits` is whether the slips give what is printed (None: none is told), `failed` what a slip gives instead.
    """

    name: str
    typed: Any
    right: bool
    said: Prose
    fits: bool | None = None
    failed: str = ""


@dataclass(slots=True)
class Slip:
    """How a printed number came about: whether it gives that number, worked, and as it is told, with words."""

    name: str
    holds: bool
    worked: Prose
    said: Prose
    used: bool = False


@dataclass(slots=True)
class _Item:
    """A printed value while it is told: the answers it is held against, and its slips by the entry they are about."""

    name: str
    value: Any
    answers: Mapping[str, Answer]
    digits: int
    where: str
    slips: dict[Index, Slip]

    def told(self, right: bool, said: Prose) -> Printed:
        """The value with what is said of it, and with the slips that are not told yet."""
        slips = self.slips.values()
        if right and slips:
            raise InputError(f"{self.where}: what the sheet prints is right: leave the slip out")
        for slip in slips:
            said = said if slip.used else (*said, *slip.said)
        from explain.render.linear import sentence

        failed = "; ".join(f"slip {slip.name}: {sentence(slip.worked)}" for slip in slips if not slip.holds)
        return Printed(self.name, self.value, right, said, not failed if slips else None, failed)


def printed(part: Part, answers: Mapping[str, Answer], digits: int) -> list[Printed]:
    """Every value that the sheet prints for a question, told.

    Args:
        answers: the answer under the name "", calculations of a concept by their names.

    Raises:
        InputError: a name that is no step, words for numbers, a slip of what is not printed or is right.
    """
    where = f"{part.where}: printed"
    items = [_Item(name, value, answers, digits, f"{where} {shown(name)}", {}) for name, value in part.printed.items()]
    for name, text in part.slip.items():
        _explain(items, name, text, f"{part.where}: slip {shown(name)}")
    return [_told(item) for item in items]


def _told(item: _Item) -> Printed:
    if QUANTITY.fullmatch(item.name.strip()) is None:
        return _sum(item)
    quantity = Quantity.read(item.name, item.where)
    answer = item.answers.get(quantity.of)
    known = answer is not None and quantity.name in answer.having(quantity.name).names
    if answer is None or not known or answer[quantity.name].value is not None:
        return _numbers(item, quantity)
    closed, right = _symbols(str(item.value), quantity.name, answer, item.digits)
    said: Prose = ("the sheet prints ", _formula(str(item.value)), " for ", word(quantity.name))
    return item.told(right, (*said, ": right") if right else (*said, ", right is ", closed))


def _sum(item: _Item) -> Printed:
    """A number printed for what several steps make together, `"P_5 + P_7"`."""
    if isinstance(item.value, list):
        raise InputError(f"{item.where} has {len(item.value)} numbers where one belongs")
    (text,) = _flat(item.value, item.where)
    held, worked = Relation.read(f"{item.name} = {text}", item.where).worked(item.answers, item.digits)
    return item.told(held, ("the sheet prints ", _typed(item.value), ": right, " if held else ": ", *worked))


def _symbols(said: str, name: str, answer: Answer, digits: int) -> tuple[Notation, bool]:
    """What a step came to in symbols, and whether a typed formula is that, its numbers rounded."""
    from explain.page import page
    from explain.render.linear import linear

    asked = answer.find([name])
    closed, exactly = (page(asked, "brief", count).results[0].relations[-1][1] for count in (digits, EXACTLY))
    skeletons, numbers = [], []
    for text in (said, linear(exactly)):
        plain = re.sub(r"(?<=[A-Za-z])_(?=\d)|[\s*·]", "", text.translate(LOWERED))
        numbers.append(NUMBER.findall(plain))
        skeletons.append(NUMBER.sub("#", plain))
    same = skeletons[0] == skeletons[1] and len(numbers[0]) == len(numbers[1])
    return closed, same and all(holds(mine, float(theirs)) for mine, theirs in zip(*numbers, strict=True))


def _formula(said: str) -> Notation | str:
    """A typed formula, its numbers below the line; one with signs that no keyboard has stays a text."""
    if not said.isascii():
        return said
    plain = re.sub(r"\s*[*·]\s*", " ", said)
    return Word(re.sub(r"_(\d+)", lambda match: subscript(match[1]), plain), plain)


def _numbers(item: _Item, quantity: Quantity) -> Printed:
    """Printed numbers against those of a step."""
    found = figure(quantity, item.answers, item.digits, item.where)
    texts = _flat(item.value, item.where)
    values = [found.value] if found.number is not None else list(found.value.flat)
    start: Prose = ("the sheet prints ", _typed(item.value), " for ", *_name(found, quantity))
    if len(texts) != len(values):
        told = f", {amount(len(texts), 'number')}; right are {len(values)}: "
        if isinstance(item.value, list) and isinstance(item.value[0], list) and found.number is None:
            told = (
                f", {len(item.value)}×{len(item.value[0])}; right is a {'×'.join(map(str, found.value.shape))} matrix, "
            )
        said: Prose = (*start, told, found.written)
        return item.told(False, said)
    wrong = [at for at, (text, number) in enumerate(zip(texts, values, strict=True)) if not holds(text, number)]
    if not wrong:
        plain = found.number is None or Fraction(texts[0]) == found.exact
        return item.told(True, (*start, ": right", *(() if plain else (" (", found.written, ")"))))
    if found.number is not None:
        said = (*start, ", cut off from " if _is_cut(texts[0], values[0]) else ", right is ", found.written)
    elif len(wrong) > ONE_BY_ONE:
        said = (*start, f": {len(wrong)} of {len(values)} numbers are wrong")
        said = (*said, ", right is ", found.written) if len(values) <= LISTED else said
    else:
        said = _one_by_one(item, texts, values, wrong, found)
    return item.told(False, said)


def _one_by_one(item: _Item, texts: Sequence[str], values: Sequence[Any], wrong: Sequence[int], found: Figure) -> Prose:
    """Each wrong entry with the right number, and with its slip."""
    said: list[str | Notation] = ["the sheet prints "]
    rows, columns = found.value.shape
    for at in wrong:
        index = (at // columns, at % columns)
        number = str(values[at]) if isinstance(values[at], int) else tidy(float(values[at]), item.digits)
        told = ", cut off from " if _is_cut(texts[at], values[at]) else ", right is "
        said += ["; " if at != wrong[0] else "", number_word(typed(texts[at])), " for ", _entry_word(found, index)]
        said += [told, number_word(number)]
        slip = item.slips.get(tuple(place for place, size in zip(index, (rows, columns), strict=True) if size > 1))
        if slip is not None and not slip.used:
            slip.used = True
            said += slip.said
    others = len(values) - len(wrong)
    return (*said, f"; the other {others} are right" if others > 1 else "; the other one is right" if others else "")


def _name(found: Figure, quantity: Quantity) -> Prose:
    """How a quantity is called: `row 5 of S` where it is that."""
    if found.number is None and len(quantity.entries) == 1:
        return f"row {quantity.entries[0] + 1} of ", word(quantity.name)
    return (found.symbol.word,)


def _entry_word(found: Figure, index: tuple[int, int]) -> Word:
    """How an entry is written, where the quantity may itself be a row of another."""
    name, row = found.symbol.name, re.search(r"\[(\d+)\]$", found.symbol.name)
    if row is None:
        return word(name, entry_label(index, found.value.shape))
    place = (int(row[1]), index[1])
    return word(name[: row.start()], entry_label(place, (place[0] + 2, found.value.shape[1])))


def _flat(value: Any, where: str) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _flat(item, where)]
    text = str(value)
    if isinstance(value, bool) or not TYPED.fullmatch(text) or re.search("/0+$", text):
        raise InputError(f"{where} has {shown(value)} where a number belongs")
    return [text]


def _typed(value: Any) -> Notation:
    """What is printed, rows of a matrix by semicolons."""
    if not isinstance(value, list):
        return number_word(typed(str(value)))
    rows = [", ".join(map(str, row)) if isinstance(row, list) else str(row) for row in value]
    text = ("; " if any(isinstance(row, list) for row in value) else ", ").join(rows)
    return Word(f"[{text}]", rf"\lbrack {text}\rbrack ", number=True)


def _is_cut(text: str, value: Any) -> bool:
    """Whether digits were left out where they had to be rounded."""
    unit = Fraction(1, 10 ** len(text.lower().partition("e")[0].partition(".")[2]))
    size = abs(Fraction(text))
    same = (Fraction(text) < 0) == (value < 0)
    return same and "e" not in text.lower() and "/" not in text and size <= abs(Fraction(value)) < size + unit


def _explain(items: Sequence[_Item], name: str, text: str, where: str) -> None:
    """Work a slip, and give it to the printed value that it is about."""
    item, index, value = _spoken_of(items, name, where)
    formula, _, why = (piece.strip() for piece in text.partition(":"))
    held, worked = Relation.read(f"{value} = {formula}", where).worked(item.answers, item.digits)
    start = ": " if held else ", but its slip gives something else: "
    item.slips[index] = Slip(name, held, worked, (start, *worked, f", {why}" if why else ""))


def _spoken_of(items: Sequence[_Item], name: str, where: str) -> tuple[_Item, Index, str]:
    """The printed value that a slip is about, the entry of it, and the one number that stands there."""
    for item in items:
        if item.name == name and not isinstance(item.value, list):
            return item, (), str(item.value)
    quantity = Quantity.read(name, where)
    for item in items:
        if QUANTITY.fullmatch(item.name.strip()) is None:
            continue
        own = Quantity.read(item.name, where)
        value, rest = item.value, quantity.entries[len(own.entries) :]
        if (own.of, own.name) != (quantity.of, quantity.name) or own.entries != quantity.entries[: len(own.entries)]:
            continue
        for at in rest:
            if not isinstance(value, list) or at >= len(value):
                raise InputError(f"{where}: this entry is not printed: entries are counted from 0")
            value = value[at]
        if isinstance(value, list):
            raise InputError(f"{where} is about several numbers: name one entry, such as {name}{'[0]'}")
        return item, rest, str(value)
    raise InputError(f"{where}: nothing is printed for it: give printed = {{{{ {shown(name)} = … }}}} as well")
