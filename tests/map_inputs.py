"""Variations of inputs for topics that take maps: more channels, filters and samples, and how a window moves."""

from __future__ import annotations

import re

from explain.errors import InputError
from explain.extents import Extent, Padding
from explain.maps import Maps
from explain.parameters import Count, Matrix

NUMBER = re.compile(r"-?\d+(?:\.\d*)?(?:/\d+)?")
MOST = 4  # matrices in one array: as many as a page shows


def takes_maps(topic):
    """Whether any parameter of a topic may have more than two axes."""
    return any(parameter.kind is Maps for parameter in topic.parameters)


def is_small(parameter):
    """Whether a parameter counts places or parts, of which there are few."""
    return isinstance(parameter.kind, type) and issubclass(parameter.kind, Extent | Count)


def varied(topic, given, chance):
    """The same question with one thing changed that only maps have."""
    return chance.choice((stacked, stacked, sized, moved, moved, one_each, arriving))(topic, given, chance)


def stacked(topic, given, chance):
    """Other numbers of channels, filters and samples; they go together more often than not."""
    samples, filters, channels = (chance.randint(1, 3) for _ in range(3))
    fronts = [[(channels,), (samples, channels)], [(filters, channels), (filters * channels,), (filters, 1)]]
    changed = dict(given)
    for at, parameter in enumerate(item for item in topic.parameters if item.kind is Maps):
        if parameter.name in given:
            front = chance.choice(fronts[at > 0])
            if chance.random() < 0.1:
                front = (chance.randint(1, 2), chance.randint(1, 2))
            count = front[0] * (front[1] if len(front) > 1 else 1)
            if count <= MOST:
                changed[parameter.name] = typed(_matrices(given[parameter.name], count), front)
    return changed


def sized(topic, given, chance):
    """Other rows and columns in every matrix of one array."""
    names = [item.name for item in topic.parameters if item.kind is Maps and item.name in given]
    if not names:
        return given
    name = chance.choice(names)
    marks = re.findall(r"\|+", given[name])
    matrices = _cut(NUMBER.findall(given[name]), len(marks) + 1, chance.randint(1, MOST), chance.randint(1, MOST))
    return {
        **given,
        name: "".join(f"{matrix} {mark} " for matrix, mark in zip(matrices, [*marks, ""], strict=True)).strip(),
    }


def moved(topic, given, chance):
    """How a window moves along its axes: by how much, from where; or how many parts there are."""
    chosen = [parameter for parameter in topic.parameters if is_small(parameter)]
    if not chosen:
        return given
    parameter = chance.choice(chosen)
    if parameter.kind is Count:
        text = str(chance.randint(1, 3))
    elif parameter.kind is Padding and chance.random() < 0.3:
        text = chance.choice(("same", "valid"))
    else:
        text = ",".join(str(chance.randint(parameter.kind.LEAST, 2)) for _ in range(chance.randint(1, 3)))
    return {**given, parameter.name: text}


def one_each(topic, given, chance):
    """A vector that was not there, such as one number a channel."""
    absent = [item for item in topic.parameters if item.kind is Matrix and item.name not in given]
    if not absent:
        return given
    numbers = ["0.5", "-1", "0.25", "2"][: chance.randint(1, 4)]
    return {**given, chance.choice(absent).name: ",".join(numbers)}


def arriving(topic, given, chance):
    """An array that was not there, in the shape of the result, as the gradient of a result has it."""
    absent = [item for item in topic.parameters if item.kind is Maps and item.name not in given and not item.required]
    if not absent:
        return given
    try:
        answer = topic(**given)
    except InputError:
        return given
    shape = answer[answer.results[0]].value.shape
    *front, rows, columns = (1,) * (2 - len(shape)) + shape
    count = len(answer[answer.results[0]].value.reshape(-1, rows, columns))
    if count > MOST:
        return given
    numbers = [str(chance.randint(-3, 3)) for _ in range(count * rows * columns)]
    return {**given, chance.choice(absent).name: typed(_cut(numbers, count, rows, columns), front)}


def typed(matrices, front):
    """Matrices with bars between them: `|` between channels, `||` between samples or filters."""
    if len(front) < 2:
        return " | ".join(matrices)
    each = front[-1]
    return " || ".join(" | ".join(matrices[at : at + each]) for at in range(0, len(matrices), each))


def _matrices(text, count):
    """As many matrices of the size that is there, from the numbers that are there."""
    parts = re.split(r"\|+", text)
    rows = parts[0].split(";")
    return _cut(NUMBER.findall(text), count, len(rows), len(NUMBER.findall(rows[0])))


def _cut(numbers, count, rows, columns):
    flat = [numbers[at % len(numbers)] for at in range(count * rows * columns)]
    lines = [",".join(flat[at : at + columns]) for at in range(0, len(flat), columns)]
    return [";".join(lines[at : at + rows]) for at in range(0, len(lines), rows)]
