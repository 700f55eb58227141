"""What a sheet itself prints for a step, held against the answer, and the slip that gives a wrong number.

```toml
printed = { P = 83985 }
slip = { P = "P_1 + P_4: the first LSTM layer and the linear layer alone" }
```

`printed` has numbers by the names of steps, as `expect` has, of entries, `"A[0]"`, counted from 0, or of what several
steps make together, `"P_5 + P_7"`. A typed number is right when the value rounds to it. `slip` says before the colon how
the printed number came about: that must give it to its last digit, so that it is known and not supposed
(explain.relations); after the colon in words what went wrong.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from explain.engine.names import subscript, word
from explain.engine.nodes.base import entry_label
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
ONE_BY_ONE = 3  # wrong entries that are told one by one
LOWERED = str.maketrans("₀₁₂₃₄₅₆₇₈₉", "0123456789")
NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?")


@dataclass(slots=True)
class Printed:
    """A printed value: the name of the step, what is printed, whether it is right, what is said about it.

    `fits` is whether the slip gives what is printed (None: no slip is told).
    """

    name: str
    typed: Any
    right: bool
    said: Prose
    fits: bool | None = None
    failed: str = ""


def printed(part: Part, answers: Mapping[str, Answer], digits: int) -> list[Printed]:
    """Every value that the sheet prints for a question, told.

    Args:
        answers: the answer under the name "", calculations of a concept by their names.

    Raises:
        InputError: a name that is no step, words for numbers, a slip of what is not printed or is right.
    """
    where = f"{part.where}: printed"
    found = [_printed(name, value, answers, digits, f"{where} {shown(name)}") for name, value in part.printed.items()]
    for name, text in part.slip.items():
        _explain(found, name, text, answers, digits, part)
    return found


def _printed(name: str, value: Any, answers: Mapping[str, Answer], digits: int, where: str) -> Printed:
    if QUANTITY.fullmatch(name.strip()) is None:
        return _sum(name, value, answers, digits, where)
    quantity = Quantity.read(name, where)
    answer = answers.get(quantity.of)
    if answer is None or quantity.name not in answer.having(quantity.name).names or not _is_symbolic(answer, quantity):
        return _numbers(name, value, figure(quantity, answers, digits, where), where, digits)
    said = str(value)
    closed, right = _symbols(said, quantity.name, answer, digits)
    start = ("the sheet prints ", _formula(said), " for ", word(quantity.name))
    return Printed(name, value, right, (*start, ": right") if right else (*start, ", right is ", closed))


def _sum(name: str, value: Any, answers: Mapping[str, Answer], digits: int, where: str) -> Printed:
    """A number printed for what several steps make together, `"P_5 + P_7"`."""
    if isinstance(value, list):
        raise InputError(f"{where} has {len(value)} numbers where one belongs")
    (text,) = _flat(value, where)
    held, told = Relation.read(f"{name} = {text}", where).worked(answers, digits)
    return Printed(name, value, held, ("the sheet prints ", _typed(value), ": right, " if held else ": ", *told))


def _is_symbolic(answer: Answer, quantity: Quantity) -> bool:
    return answer[quantity.name].value is None


def _symbols(said: str, name: str, answer: Answer, digits: int) -> tuple[Notation, bool]:
    """What a step came to in symbols, and whether a typed formula is that, its numbers rounded."""
    from explain.page import page
    from explain.render.linear import linear

    asked = answer.find([name])
    closed, exactly = (page(asked, "brief", count).results[0].relations[-1][1] for count in (digits, EXACTLY))
    skeletons, numbers = [], []
    for text in (said, linear(exactly)):
        plain = re.sub(r"(?<=[A-Za-z])_(?=\d)|[\s*·]", "", text.translate(LOWERED))
        parts = NUMBER.findall(plain)
        numbers.append(parts)
        skeletons.append(NUMBER.sub("#", plain))
    same = skeletons[0] == skeletons[1] and len(numbers[0]) == len(numbers[1])
    return closed, same and all(holds(mine, float(theirs)) for mine, theirs in zip(*numbers, strict=True))


def _numbers(name: str, value: Any, found: Figure, where: str, digits: int) -> Printed:
    """Printed numbers against those of a step."""
    texts = _flat(value, where)
    values = [found.value] if found.number is not None else list(found.value.flat)
    start: Prose = ("the sheet prints ", _typed(value), " for ", found.symbol.word)
    if len(texts) != len(values):
        told = f", {amount(len(texts), 'number')}; right are {len(values)}: "
        return Printed(name, value, False, (*start, told, found.written))
    wrong = [at for at, (text, number) in enumerate(zip(texts, values, strict=True)) if not holds(text, number)]
    if not wrong:
        exact = found.number is not None and found.number.text == texts[0]
        rest: Prose = () if exact or found.number is None else (" (", number_word(found.number.text), ")")
        return Printed(name, value, True, (*start, ": right", *rest))
    if len(values) == 1:
        said: Prose = (*start, ", right is ", found.written)
    elif len(wrong) > ONE_BY_ONE:
        said = (*start, f": {len(wrong)} of {len(values)} numbers are wrong")
        said = (*said, ", right is ", found.written) if len(values) <= LISTED else said
    else:
        said = _one_by_one(texts, values, wrong, found, digits)
    if all(_is_cut(texts[at], values[at]) for at in wrong):
        said = (*said, ": cut off instead of rounded")
    return Printed(name, value, False, said)


def _flat(value: Any, where: str) -> list[str]:
    if isinstance(value, list):
        return [text for item in value for text in _flat(item, where)]
    text = str(value)
    if isinstance(value, bool) or not TYPED.fullmatch(text) or re.search("/0+$", text):
        raise InputError(f"{where} has {shown(value)} where a number belongs")
    return [text]


def _one_by_one(texts: Sequence[str], values: Sequence[Any], wrong: Sequence[int], found: Figure, digits: int) -> Prose:
    """Each wrong entry with the right number."""
    said: list[str | Notation] = ["the sheet prints "]
    for at in wrong:
        index = (at // found.value.shape[1], at % found.value.shape[1])
        name = Word(*_entry_word(found, index))
        number = str(values[at]) if isinstance(values[at], int) else tidy(float(values[at]), digits)
        said += ["; " if at != wrong[0] else "", number_word(typed(texts[at])), " for ", name, ", right is "]
        said.append(number_word(number))
    others = len(values) - len(wrong)
    return (*said, f"; the other {others} are right" if others > 1 else "; the other one is right" if others else "")


def _entry_word(found: Figure, index: tuple[int, int]) -> tuple[str, str]:
    """How an entry is written, where the quantity may itself be a row of another."""
    label = entry_label(index, found.value.shape)
    name, row = found.symbol.name, re.search(r"\[(\d+)\]$", found.symbol.name)
    if row is not None:
        place = (int(row[1]), index[1])
        name, label = name[: row.start()], entry_label(place, (place[0] + 2, found.value.shape[1]))
    written = word(name, label)
    return written.text, written.latex


def _typed(value: Any) -> Notation:
    """What is printed, rows of a matrix by semicolons."""
    if not isinstance(value, list):
        return number_word(typed(str(value)))
    rows = [", ".join(map(str, row)) if isinstance(row, list) else str(row) for row in value]
    text = ("; " if any(isinstance(row, list) for row in value) else ", ").join(rows)
    return Word(f"[{text}]", rf"\lbrack {text}\rbrack ", number=True)


def _formula(said: str) -> Notation:
    """A typed formula, its numbers below the line."""
    plain = re.sub(r"\s*[*·]\s*", " ", said)
    return Word(re.sub(r"_(\d+)", lambda match: subscript(match[1]), plain), plain)


def _decimals(text: str) -> int:
    return len(text.lower().partition("e")[0].partition(".")[2])


def _is_cut(text: str, value: Any) -> bool:
    """Whether digits were left out where they had to be rounded."""
    unit = Fraction(1, 10 ** _decimals(text))
    size = abs(Fraction(text))
    return "e" not in text.lower() and "/" not in text and size <= abs(Fraction(value)) < size + unit


def _explain(
    found: list[Printed], name: str, text: str, answers: Mapping[str, Answer], digits: int, part: Part
) -> None:
    """Add a slip to what is printed, and whether it gives that."""
    where = f"{part.where}: slip {shown(name)}"
    item, value = _spoken_of(found, name, where)
    if item.right:
        raise InputError(f"{where}: what the sheet prints for {shown(item.name)} is right: leave the slip out")
    formula, _, why = (piece.strip() for piece in text.partition(":"))
    relation = Relation.read(f"{value} = {formula}", where)
    held, told = relation.worked(answers, digits)
    sign = "; " if item.fits is not None else ": "
    item.said = (*item.said, sign if held else "; the slip does not give that: ", *told, f", {why}" if why else "")
    item.fits = held and item.fits is not False
    if not held:
        from explain.render.linear import sentence

        item.failed = f"slip {name}: {sentence(told)}"


def _spoken_of(found: Sequence[Printed], name: str, where: str) -> tuple[Printed, str]:
    """The printed value that a slip is about, and the one number of it."""
    same = next((item for item in found if item.name == name and not isinstance(item.typed, list)), None)
    if same is not None:
        return same, str(same.typed)
    quantity = Quantity.read(name, where)
    for item in found:
        if QUANTITY.fullmatch(item.name.strip()) is None:
            continue
        own = Quantity.read(item.name, where)
        value, rest = item.typed, quantity.entries[len(own.entries) :]
        if (own.of, own.name) != (quantity.of, quantity.name) or own.entries != quantity.entries[: len(own.entries)]:
            continue
        for at in rest:
            if not isinstance(value, list) or at >= len(value):
                raise InputError(f"{where}: this entry is not printed: entries are counted from 0")
            value = value[at]
        if isinstance(value, list):
            raise InputError(f"{where} is about several numbers: name one entry, such as {name}{'[0]'}")
        return item, str(value)
    raise InputError(f"{where}: nothing is printed for it: give printed = {{{{ {shown(name)} = … }}}} as well")
