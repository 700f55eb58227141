"""Inputs for any topic, derived from its declaration: no topic and no parameter is named here.

The examples of a topic's docstring are varied: other sizes, more layers, optional parameters added or left out,
other choices, other numbers. What the topic refuses is left out.
"""

from __future__ import annotations

import random
import re
import shlex
from decimal import Decimal
from functools import cache
from itertools import takewhile

from hypothesis import reject
from hypothesis import strategies as st
from map_inputs import is_small, takes_maps, varied

from explain.errors import InputError
from explain.tokens import Tokens

DETAILS = ("brief", "exam", "full")
NUMBER = re.compile(r"(?<![\w.])[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?!\w)")
NUMBERS = re.compile(rf"\s*{NUMBER.pattern}(?:\s*[,;\s]\s*{NUMBER.pattern})*\s*")
TRIALS = 600  # variations of the examples that are tried for one topic
TEMPLATES = 40  # variations that are kept
MOST = 4  # rows or columns

details = st.sampled_from(DETAILS)
digits = st.integers(2, 8)


def examples(topic):
    """The keyword arguments of each example in the topic's docstring."""
    return [keywords(topic, shlex.split(line)[2:]) for line in topic.examples]


def keywords(topic, words):
    """The keyword arguments of a command line; loose words are the value of the positional parameter."""
    parameters = {parameter.name: parameter for parameter in topic.parameters}
    words, given = list(words), {}
    loose = list(takewhile(lambda word: not word.startswith("--"), words))
    rest = words[len(loose) :]
    if topic.loose is not None:  # a formula, and values for its names
        loose, told = loose[:1], loose[1:]
        if told:
            given[topic.loose.name] = told
    if loose:
        given[next(name for name, parameter in parameters.items() if parameter.positional)] = " ".join(loose)
    for option, value in zip(rest[::2], rest[1::2], strict=True):
        name = option.removeprefix("--").replace("-", "_")
        if name in parameters and parameters[name].many:
            given.setdefault(name, []).append(value)
        elif name in parameters:
            given[name] = value
        elif topic.loose is not None:
            given.setdefault(topic.loose.name, []).append(f"{name}={value}")
    return given


@cache
def templates(topic):
    """The examples and accepted variations of them that differ in more than numbers."""
    chance = random.Random(topic.name)  # the same ones in every run
    kept = {_form(given): given for given in examples(topic)}
    changes = (_resized, _resized, _repeated, _added, _dropped)
    if takes_maps(topic):
        changes = (_resized, _dropped, varied, varied, varied)
    for _ in range(TRIALS):
        if len(kept) >= TEMPLATES:
            break
        given = chance.choice(list(kept.values()))
        for _ in range(chance.randint(1, 3)):
            given = chance.choice(changes)(topic, given, chance)
        if _form(given) not in kept and _accepted(topic, given):
            kept[_form(given)] = given
    return list(kept.values())


def invocations(topic):
    """Keyword arguments with which the topic can be called; some it may still refuse (see `answered`)."""
    return st.sampled_from(templates(topic)).flatmap(lambda given: _filled(topic, given))


def answered(topic, given):
    """The answer; an input that the topic refuses is no example."""
    try:
        return topic(**given)
    except InputError:
        reject()


def typed_numbers(topic, given):
    """The texts of all numbers that are given as quantities, as typed."""
    for parameter in topic.parameters:
        named = parameter.choices or parameter.kind is Tokens  # names are no quantities
        setting = named or (takes_maps(topic) and is_small(parameter))  # how a window moves
        for text in () if setting else _texts(given.get(parameter.name, [])):
            if all(map(NUMBERS.fullmatch, re.split(r"\|+", text) if takes_maps(topic) else [text])):
                yield from NUMBER.findall(text)


def _accepted(topic, given):
    try:
        topic(**given)
    except InputError:
        return False
    return True


def _form(given):
    """What stays of an invocation when the numbers are taken away."""
    return tuple((name, *(NUMBER.sub("0", text) for text in _texts(value))) for name, value in sorted(given.items()))


def _texts(value):
    return [value] if isinstance(value, str) else list(value)


def _each(value, change):
    return change(value) if isinstance(value, str) else [change(text) for text in value]


def _grid(text):
    return [row.split(",") for row in text.split(";")]


def _sizes(given):
    return sorted({size for value in given.values() for text in _texts(value) for size in _size(text)})


def _size(text):
    return (len(_grid(text)), len(_grid(text)[0])) if NUMBERS.fullmatch(text) else ()


def _cut(text, rows, columns):
    """The numbers of a text in another size, over and over where there are too few."""
    numbers = NUMBER.findall(text)
    return ";".join(
        ",".join(numbers[(row * columns + column) % len(numbers)] for column in range(columns)) for row in range(rows)
    )


def _resized(topic, given, chance):
    """One size replaced by another: wherever it stands, or in some of the places (which may be what fits)."""
    sizes = _sizes(given)
    if not sizes:
        return given
    old, new, share = chance.choice(sizes), chance.randint(1, MOST), chance.choice((0.5, 1))

    def other(size):
        return new if size == old and chance.random() < share else size

    def change(text):
        if not _size(text):
            return text
        rows, columns = _size(text)
        tall = rows > 1 or chance.random() < 0.4  # a single row may be a vector, which has no rows to change
        return _cut(text, other(rows) if tall else rows, other(columns))

    return {name: _each(value, change) for name, value in given.items()}


def _repeated(topic, given, chance):
    """What may be given several times, once more: its last item, in another size."""
    rows, columns = chance.randint(1, MOST), chance.randint(1, MOST)
    again = dict(given)
    for name, value in given.items():
        if isinstance(value, list) and chance.random() < 0.9:
            last = value[-1]
            fits = _size(last) and (len(_grid(last)), rows)[chance.random() < 0.5]
            again[name] = [*value, _cut(last, fits, chance.choice((columns, _size(last)[0]))) if fits else last]
    return again


def _added(topic, given, chance):
    """An optional parameter that is not there yet."""
    absent = [parameter for parameter in topic.parameters if parameter.name not in given]
    if not absent:
        return given
    parameter = chance.choice(absent)
    lengths = [len(value) for value in given.values() if isinstance(value, list)] or [1]

    def item():
        if parameter.choices:
            return chance.choice(parameter.choices)
        sizes = _sizes(given) or [1]
        return _cut("0.5,-0.25,1", chance.choice((1, *sizes)), chance.choice(sizes))

    return {**given, parameter.name: [item() for _ in range(chance.choice(lengths))] if parameter.many else item()}


def _dropped(topic, given, chance):
    """An optional parameter left out."""
    optional = [parameter.name for parameter in topic.parameters if parameter.name in given and not parameter.required]
    gone = chance.choice(optional) if optional and chance.random() < 0.3 else None
    return {name: value for name, value in given.items() if name != gone}


@st.composite
def _filled(draw, topic, given):
    """The same invocation with other numbers and choices."""
    filled = {}
    for parameter in topic.parameters:
        value = given.get(parameter.name)
        if value is None:
            continue
        if parameter.choices:
            filled[parameter.name] = _each(value, lambda old, new=parameter.choices: draw(_chosen(old, new)))
            continue
        if hasattr(parameter.kind, "WORDS"):  # names, several of them in one text
            filled[parameter.name] = draw(st.just(value) | _several(parameter.kind.WORDS))
            continue
        numbers = _numbers(parameter, value)
        if numbers is not None and takes_maps(topic) and is_small(parameter):
            numbers = st.sampled_from([None, None, st.integers(1, 3).map(str)])
        filled[parameter.name] = (
            value if numbers is None else _each(value, lambda text, n=numbers: _renumbered(draw, text, n))
        )
    return filled


def _several(words):
    return st.lists(st.sampled_from(words), min_size=1, max_size=MOST, unique=True).map(",".join)


def _chosen(old, choices):
    return st.just(old) | st.sampled_from(choices)


def _numbers(parameter, value):
    """The strategy for the numbers of one parameter: whole ones where decimals are refused."""
    try:
        parameter.read(_each(value, lambda text: NUMBER.sub("0.5", text)))
    except InputError:
        return st.sampled_from([None, st.integers(1, 60).map(str)])
    return st.sampled_from([None, UNIT, SMALL, WIDE])


def _renumbered(draw, text, kinds):
    numbers = draw(kinds)
    if numbers is None:
        return text
    return NUMBER.sub(lambda _: draw(numbers), text)


def _decimals(low, high):
    """Decimals with one to three places, zeros at the end kept as someone might type them."""
    return st.integers(1, 3).flatmap(
        lambda places: st.integers(low * 10**places, high * 10**places).map(
            lambda whole: str(Decimal(whole).scaleb(-places))
        )
    )


UNIT = _decimals(0, 1)
SMALL = _decimals(-3, 3)
WIDE = _decimals(-60, 60) | st.integers(-9, 9).map(str)
