"""The page as JSON: every printed line as LaTeX and as text, every value at full precision.

`explain/schema/answer-3.json` describes each field. The document holds what the page of the chosen detail holds, so
that another program can print the page again, and beside it the numbers that the page rounds.
JSON has no infinity: an entry -∞ of a mask is the text "-inf".
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from explain.engine.answer import Answer, Given, Step
from explain.engine.labels import NONE
from explain.engine.notation import Notation
from explain.engine.prose import SYMBOLIC, Prose
from explain.page.figures import Rounded
from explain.page.model import Equation, GivenLine, Line, Page, Section, Tabular
from explain.render.latex import latex
from explain.render.linear import linear, sentence
from explain.render.markdown import prose
from explain.schema import VERSIONS

if TYPE_CHECKING:
    from explain.engine.nodes.base import Array, Node
    from explain.engine.values import Values

SCHEMA = "explain-answer"
WIDTH = 110

Json = dict[str, Any]


def json_page(answer: Answer, page: Page, ascii_only: bool = False) -> str:
    """The whole page as the text of a JSON document."""
    return _written(document(answer, page), 0, ascii_only) + "\n"


def document(answer: Answer, page: Page) -> Json:
    """The page as dicts, lists, texts and numbers."""
    return {
        "schema": SCHEMA,
        "version": VERSIONS["answer"],
        "title": page.title,
        "source": page.source,
        "detail": page.detail,
        "digits": page.digits,
        "given": [_given(answer, item, line) for item, line in zip(answer.shown_given, page.given, strict=True)],
        "conventions": [_prose(text) for text in page.conventions],
        "find": [{"name": name, "symbol": _notation(word)} for name, word in zip(answer.asked, page.find, strict=True)],
        "steps": [
            _step(answer, answer[section.step], heading, section, page.digits)
            for heading, sections in page.parts
            for section in sections
        ],
        "tables": [_table(table) for table in page.tables],
        "drawings": [{"title": drawing.title, "lines": list(drawing.lines)} for drawing in page.drawings],
        "results": [
            {"name": name, **_sides(line), "value": _numbers(answer[name].value)}
            for name, line in zip(answer.results, page.results, strict=True)
        ],
        "checks": [{"passed": passed, **_prose(text)} for passed, text in page.checks],
    }


def _given(answer: Answer, item: Given, line: GivenLine) -> Json:
    return {
        "name": item.symbol.name,
        "symbol": _notation(line.symbol),
        "shape": list(item.symbol.shape),
        "names": _names(answer, item.symbol.name),
        "meaning": _prose(line.meaning),
        "typed": None if item.values is None else _typed(item.values),
        "value": None if item.values is None else _numbers(item.values.array),
        "printed": None if line.value is None else _notation(line.value),
    }


def _step(answer: Answer, step: Step, heading: str, section: Section, digits: int) -> Json:
    local = step.local
    return {
        "number": section.number,
        "name": step.name,
        "symbol": _notation(step.symbol.word),
        "part": heading,
        "title": _prose(section.title),
        "why": _prose(section.why),
        "shapes": section.shapes,
        "shape": list(step.symbol.shape),
        "names": _names(answer, step.name),
        "chain": None if step.chain is None else _notation(step.chain),
        "formula": _formula(step.expression),
        "reads": step.reads,
        "local": None if local is None else {"form": local.form, "of": local.of.name, "wrt": local.wrt.name},
        "lines": [_line(line) for line in section.lines],
        "value": _numbers(step.value),
        "exact": _is_exact(section),
        "closed": None if step.closed is None else _notation(Rounded(digits).write(step.closed)),
    }


def _names(answer: Answer, name: str) -> Json:
    """What the rows and the columns of a quantity are called."""
    found = answer.labels.get(name, NONE)
    return {"rows": found.rows and list(found.rows), "columns": found.columns and list(found.columns)}


def _table(table: Tabular) -> Json:
    return {
        "title": table.title,
        "columns": [{"title": column.title, "numbers": column.numbers} for column in table.columns],
        "rows": [[_prose(cell) for cell in row] for row in table.rows],
        "totals": table.totals,
        "note": _prose(table.note),
    }


def _line(line: Line) -> Json:
    if not isinstance(line, Equation):
        return _prose(line)
    label = _prose(line.label) if line.label else None
    return {"label": label, **_sides(line), "continued": line.continued, "compact": line.compact}


def _sides(line: Equation) -> Json:
    return {
        "left": None if line.left is None else _notation(line.left),
        "relations": [{"sign": sign, **_notation(right)} for sign, right in line.relations],
    }


def _is_exact(section: Section) -> bool:
    """Whether the last relation of the step itself is an equality; side work has a label."""
    signs = [line.relations[-1][0] for line in section.lines if isinstance(line, Equation) and not line.label]
    return signs[-1:] == ["="]


def _notation(part: Notation) -> Json:
    return {"text": linear(part), "latex": latex(part)}


def _formula(node: Node) -> Json:
    return _notation(SYMBOLIC.write(node))


def _prose(text: Prose) -> Json:
    return {"text": sentence(text), "markdown": prose(text)}


def _numbers(value: Array | None) -> Any:
    """Nested lists; a whole number stays one, a float keeps all its digits."""
    return None if value is None else _finite(value.tolist())


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(entry) for entry in value]
    return str(value) if isinstance(value, float) and math.isinf(value) else value


def _typed(values: Values) -> Any:
    """The texts of given numbers, nested as the numbers are."""
    sizes = [int(size) for size in values.shape]

    def nested(index: tuple[int, ...]) -> Any:
        if len(index) == len(sizes):
            return values.text(index)
        return [nested((*index, at)) for at in range(sizes[len(index)])]

    return nested(())


def _written(data: Any, indent: int, ascii_only: bool) -> str:
    """Text of JSON in which a line is broken only where it is long, and a row of numbers never."""
    items = list(_items(data, indent + 2, ascii_only))
    if not items:
        return json.dumps(data, ensure_ascii=ascii_only, allow_nan=False)
    first, last = "{}" if isinstance(data, dict) else "[]"
    flat = first + ", ".join(items) + last
    if "\n" not in flat and len(flat) <= WIDTH - indent:
        return flat
    margin = "\n" + " " * indent
    return first + ",".join(f"{margin}  {item}" for item in items) + margin + last


def _items(data: Any, indent: int, ascii_only: bool) -> Iterator[str]:
    """The members of an object or of a list of lists and objects, written."""
    if isinstance(data, dict):
        for name, value in data.items():
            yield f"{json.dumps(name)}: {_written(value, indent, ascii_only)}"
    elif isinstance(data, Sequence) and any(isinstance(value, list | dict) for value in data):
        for value in data:
            yield _written(value, indent, ascii_only)
