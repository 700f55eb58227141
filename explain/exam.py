"""Exam files: a paper in TOML (or JSON), loaded, checked, solved and held against what it expects.

```toml
title = "Midterm"

[[question]]
title = "One step of attention"
points = 10
topic = "attention"
scores = [112, 96]
expect = { alpha = [0.8808, 0.1192] }
```

Every key that is not one of the paper's own is a parameter of the topic. Parts (`[[question.part]]`) have a topic of
their own, or ask for more steps of the question's answer with `find`. A descriptive question is answered by a concept:
`concept = "lstm-gates"`, of which `show` names the calculations that are shown. `answer` says the answer in words, with
`{answer.P_1}` for a number of it, and stands first. What the sheet itself prints is held against the answer too
(explain.printed); `remark` says in words what else is to be said of the sheet.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from explain.errors import InputError, printable, shown
from explain.topics import declared, find_topic

if TYPE_CHECKING:
    from explain.declare import Topic
    from explain.engine.answer import Answer

LARGEST = 1_000_000  # bytes of a file
LONGEST_NUMBER = 10_000  # bits of a whole number
POINTS = re.compile(r"|[0-9]{1,6}(\.[0-9]{1,4})?")
OWN = {
    "title": str, "text": str, "points": (int, float, str), "topic": str, "concept": str, "find": (str, list),
    "expect": dict, "printed": dict, "slip": dict, "answer": str, "remark": str, "show": (str, list),
}  # fmt: skip


class TypedNumber(str):
    """A decimal of the file as it was typed: `0.30` stays `0.30`."""

    __slots__ = ()


@dataclass(slots=True)
class Part:
    """A question, or a part of one: what it asks, and what it expects."""

    label: str
    where: str = ""
    title: str = ""
    text: str = ""
    points: str = ""
    topic: Topic | None = None
    given: dict[str, Any] = field(default_factory=dict)
    find: list[str] = field(default_factory=list)
    expect: dict[str, Any] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)
    concept: str = ""
    printed: dict[str, Any] = field(default_factory=dict)
    slip: dict[str, str] = field(default_factory=dict)
    answer: str = ""
    remark: str = ""
    show: list[str] = field(default_factory=list)

    @property
    def shares(self) -> bool:
        """Whether a part is answered by its question's answer."""
        return self.topic is None and (not self.concept or bool(self.find))


@dataclass(slots=True)
class Exam:
    """A paper."""

    title: str
    text: str
    questions: list[Part]


def load(path: str) -> Exam:
    """Read and check an exam file.

    Raises:
        InputError: the file cannot be read, is no TOML, or has a key or value that does not belong; the message names
            file, question and the nearest right key.
    """
    raw, name = _parsed(path), shown(path, 200)
    _sane({key: value for key, value in raw.items() if key != "question"}, name)
    _known(raw, {"title", "text", "question"}, name)
    questions = raw.get("question")
    if not isinstance(questions, list) or not questions:
        raise InputError(f"{name}: no questions: each begins with a line [[question]]")
    exam = Exam(_text(raw, "title", name) or Path(path).stem, _text(raw, "text", name), [])
    seen: dict[str, str] = {}
    for at, table in enumerate(questions, 1):
        _sane(table, f"{name}: question {at}")
        question = _part(table, f"Question {at}", f"{name}: question {at}", Path(path).parent, None)
        twin = seen.setdefault(repr(table), f"question {at}")
        if twin != f"question {at}":
            raise InputError(f"{question.where} is the same as {twin}: leave one of them out, or change its numbers")
        exam.questions.append(question)
    return exam


def _parsed(path: str) -> dict[str, Any]:
    file, name = Path(path), shown(path, 200)
    try:
        if not file.is_file():
            reason = "no such file" if not file.exists() else "a folder" if file.is_dir() else "not a regular file"
            raise InputError(f"{name}: {reason}: give an exam file; explain new-exam prints one to start from")
        if file.stat().st_size > LARGEST:
            raise InputError(f"{name} has {file.stat().st_size} bytes: an exam file has at most {LARGEST}; split it")
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() == ".json":
            return _of_json(text, name)
        return tomllib.loads(text, parse_float=TypedNumber)
    except InputError:
        raise
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        reason = shown(" ".join(str(error).split()), 120)
        raise InputError(f"{name} is not TOML: {reason}; explain new-exam prints an example") from error
    except RecursionError as error:
        raise InputError(f"{name} is nested too deeply: lists of lists of numbers are deep enough") from error
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or "cannot be read").lower()
        raise InputError(f"{name}: {reason}: choose another file") from error


def _of_json(text: str, name: str) -> dict[str, Any]:
    """The same paper written as JSON: the tables are objects, `question` is a list of them."""
    import json

    try:
        found = json.loads(text, parse_float=TypedNumber, parse_constant=TypedNumber)
    except json.JSONDecodeError as error:
        raise InputError(
            f"{name} is not JSON: {shown(error, 100)}; a paper is one object with a list of questions"
        ) from error
    if not isinstance(found, dict):
        raise InputError(f"{name} holds {shown(found)}: a paper is one object with a title and a list of questions")
    return found


def _part(table: Any, label: str, where: str, folder: Path, above: Part | None) -> Part:
    if not isinstance(table, dict):
        raise InputError(f"{where} is {shown(table)}: write it as a table, [[question]] and its keys below")
    part = Part(label, where, _text(table, "title", where), _text(table, "text", where), _points(table, where))
    part.find, part.expect = _find(table, where), _expect(table, where)
    part.printed, part.slip = _printed(table, where), _slip(table, where)
    part.answer, part.remark = _text(table, "answer", where), _text(table, "remark", where)
    own = {*OWN, "part"} if above is None else set(OWN)
    rest = {key: value for key, value in table.items() if key not in own}
    part.topic, part.concept = _topic(table, where), _concept(table, where)
    part.show = _shown_of(table, part.concept, where)
    if part.topic is not None:
        names = {parameter.name for parameter in part.topic.parameters}
        given = {key.replace("-", "_"): value for key, value in rest.items()}
        twice = next((key for key in rest if "-" in key and key.replace("-", "_") in rest), None)
        if twice is not None:
            raise InputError(f"{where}: {shown(twice)} and {shown(twice.replace('-', '_'))} are the same: keep one")
        if part.topic.loose is None:  # else every other key is a name that the topic knows what to do with
            _known(given, own | names, where)
        part.given = {key: _located(value, folder) for key, value in given.items()}
    elif rest:
        _known(rest, own, f"{where} has no topic")
    parts = table.get("part", [])
    if not isinstance(parts, list):
        raise InputError(f"{where}: part is {shown(parts)}: each part begins with a line [[question.part]]")
    for at, inner in enumerate(parts):
        letter = chr(ord("a") + at) if at < 26 else str(at + 1)
        part.parts.append(_part(inner, f"{label} ({letter})", f"{where} ({letter})", folder, part))
    if part.topic is None and above is None and not part.parts and not part.text and not part.concept:
        raise InputError(f'{where} asks nothing: give it a topic, such as topic = "attention", a concept or a text')
    return part


def _sane(table: Any, name: str) -> None:
    """Nothing so deep or so long that it could not even be printed.

    Raises:
        InputError: lists in lists in lists, or a whole number of thousands of digits.
    """
    try:
        _short(table, name)
    except RecursionError as error:
        raise InputError(f"{name} is nested too deeply: lists of lists of numbers are deep enough") from error


def _short(value: Any, name: str) -> None:
    if isinstance(value, int) and value.bit_length() > LONGEST_NUMBER:
        raise InputError(
            f"{name} holds a whole number of {value.bit_length()} bits: at most {LONGEST_NUMBER} are accepted"
        )
    named = [(f"{name}: {shown(key)}", inner) for key, inner in value.items()] if isinstance(value, dict) else []
    listed = [(name, inner) for inner in value] if isinstance(value, list) else []
    for where, inner in (*named, *listed):
        _short(inner, where)


def _located(value: Any, folder: Path) -> Any:
    """A value; the path of an `@file` is taken from the folder of the exam file."""
    if isinstance(value, list):
        return [_located(item, folder) for item in value]
    if isinstance(value, dict):
        return {key: _located(item, folder) for key, item in value.items()}
    if isinstance(value, str) and value.startswith("@"):
        return f"@{folder / value[1:]}"
    return value


def _known(table: Mapping[str, Any], known: set[str], where: str) -> None:
    for key in table:
        if key not in known:
            near = get_close_matches(key, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
            raise InputError(f"{where}: {shown(key)} is not a key here: {hint}")


def _text(table: Mapping[str, Any], key: str, where: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str) or isinstance(value, TypedNumber):
        raise InputError(f"{where}: {key} is {shown(value)}: write a text in quotes")
    return printable(value)


def _points(table: Mapping[str, Any], where: str) -> str:
    value = table.get("points", "")
    if isinstance(value, bool) or not isinstance(value, int | str) or not POINTS.fullmatch(str(value)):
        raise InputError(f"{where}: points is {shown(value)}: write a number from 0, such as 10 or 2.5")
    return str(value)


def _topic(table: Mapping[str, Any], where: str) -> Topic | None:
    name = _text(table, "topic", where)
    if not name:
        return None
    topic = find_topic(name)
    if topic is None:
        near = get_close_matches(name, declared(), 1)
        hint = f"did you mean {near[0]}?" if near else f"explain topics lists the {len(declared())} there are"
        raise InputError(f"{where}: topic is {shown(name)}: {hint}")
    return topic


def _concept(table: Mapping[str, Any], where: str) -> str:
    name = _text(table, "concept", where)
    if not name:
        return ""
    from explain.concepts import known

    try:
        return known(name)
    except InputError as error:
        raise InputError(f"{where}: " + str(error).replace("{", "{{")) from error


def _shown_of(table: Mapping[str, Any], concept: str, where: str) -> list[str]:
    """The calculations of the concept that are shown; empty for all."""
    show = table.get("show", [])
    names = [show] if isinstance(show, str) else show
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f'{where}: show is {shown(show)}: write names of calculations, such as show = ["cell"]')
    if "show" in table and not names:
        raise InputError(f"{where}: show is empty: name a calculation, or leave show out to have all")
    if names and not concept:
        raise InputError(f"{where} has show, but no concept whose calculations it could name")
    if names:
        from explain.concepts import load as concept_of

        known = [item.name for item in concept_of(concept).calculations]
        wrong = next((name for name in names if name not in known), None)
        if wrong is not None:
            raise InputError(f"{where}: show has {shown(wrong)}: {concept} has {', '.join(known)}")
    return list(names)


def _find(table: Mapping[str, Any], where: str) -> list[str]:
    find = table.get("find", [])
    names = [find] if isinstance(find, str) else find
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError(f'{where}: find is {shown(find)}: write names of steps, such as find = ["z_1", "L"]')
    return names


def _expect(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    expect = table.get("expect", {})
    if not isinstance(expect, dict):
        raise InputError(f"{where}: expect is {shown(expect)}: write expect = {{{{ z_1 = 0.88 }}}}")
    return expect


def _printed(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    printed = table.get("printed", {})
    if not isinstance(printed, dict):
        raise InputError(f"{where}: printed is {shown(printed)}: write printed = {{{{ P = 83985 }}}}")
    return printed


def _slip(table: Mapping[str, Any], where: str) -> dict[str, str]:
    slip = table.get("slip", {})
    if not isinstance(slip, dict) or not all(type(text) is str and text.strip() for text in slip.values()):
        form = '{{ P = "P_1 + P_4: the middle layers are left out" }}'
        raise InputError(f"{where}: slip is {shown(slip)}: write slip = {form}")
    return {name: printable(text) for name, text in slip.items()}


def answers(exam: Exam) -> dict[str, Answer | None]:
    """The answer of every question and part by its label; a part without a topic shares its question's.

    Raises:
        InputError: what a question gives cannot be used; the message names file and question.
    """
    found: dict[str, Answer | None] = {}
    for question in exam.questions:
        shared = found[question.label] = _answer(question)
        for part in question.parts:
            found[part.label] = own = shared if part.shares else _answer(part)
            if own is None and (part.find or ((part.expect or part.printed) and not part.concept)):
                raise InputError(f"{part.where} asks for steps, but neither it nor its question has a topic")
        if shared is None and (question.find or ((question.expect or question.printed) and not question.concept)):
            raise InputError(f"{question.where} asks for steps, but has no topic")
    return found


def _answer(part: Part) -> Answer | None:
    if part.topic is None:
        return None
    try:
        return part.topic(**part.given)
    except InputError as error:
        raise InputError(f"{part.where}: " + str(error).replace("{", "{{")) from error
